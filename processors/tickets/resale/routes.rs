//! The paths of single tickets: check-in, transfer and resale.

use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    MaybeBody, Params, ProblemBody, Reading, Segments, action, answer, limit, respond, unknown_action,
};
use crate::tickets::Ticketing;
use crate::tickets::bodies::{ListingsBody, NewOwner, NewPrice, TicketAction, TicketAnswer, WhichHistory};
use crate::tickets::scans::routes::check_in;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::tickets::{
    Answer, Command, OnOrder, OnTicket, Outcome, Query, Rejection, Relisting, Transferring, read_ticket_id,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(act)).routes(routes!(listings))
}

/// How many offers are given unless another number is asked for.
const LISTED: u32 = 100;

/// `…:checkin` lets somebody in once. The result says whether: `ok`, `already_redeemed` with the scan that was first,
/// `revoked`, or `invalid`. The same scan said again is one. A code that the cluster has not signed leaves no trace.
/// `…:transfer` gives a ticket to another buyer, `…:relist` offers it to others for at most what the event allows, `…:unlist`
/// offers it no more. The codes that it had are good no more, whichever of these it was.
#[utoipa::path(post, path = "/v1/tickets/{ticket}", tag = "tickets", request_body = Option<TicketAction>,
    params(("ticket" = String, Path, description = "ticket:checkin, ticket:transfer, ticket:relist or ticket:unlist")),
    responses(
    (status = 200, description = "What becomes of it", body = TicketAnswer),
    ProblemBody,
))]
async fn act(
    State(door): State<Door>,
    Segments(named): Segments<String>,
    MaybeBody(asked, body): MaybeBody<Value>,
) -> Result<Response, Undone> {
    let (id, verb) = action(&named)?;
    match verb {
        "checkin" => check_in(&door, &asked, id, read(body)?).await,
        "transfer" => {
            let NewOwner { to } = read(body)?;
            change(&door, &asked, Command::Transfer(Transferring { ticket: on_ticket(id)?, to })).await
        }
        "relist" => {
            let NewPrice { price } = read(body)?;
            change(&door, &asked, Command::Relist(Relisting { ticket: on_ticket(id)?, price })).await
        }
        "unlist" if body.is_null() => change(&door, &asked, Command::Unlist(on_ticket(id)?)).await,
        "unlist" => Err(Problem::bad_request("bad_body", "`unlist` has no body").into()),
        other => Err(unknown_action(other).into()),
    }
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Problem> {
    serde_json::from_value(body).map_err(|error| Problem::bad_request("bad_body", error.to_string()))
}

/// The ticket of an id.
fn on_ticket(id: &str) -> Result<OnTicket, Problem> {
    let bad = || Problem::refusal(&Rejection::BadTickets(vec![id.to_owned()]));
    let (event, order, ticket) = read_ticket_id(id).ok_or_else(bad)?;
    Ok(OnTicket { on: OnOrder { event: event.to_owned(), order }, ticket })
}

async fn change(door: &Door, asked: &Asked, command: Command) -> Result<Response, Undone> {
    let done = door.submit::<Ticketing>(asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Moved(moved) => TicketAnswer::Moved(moved),
        Outcome::Listed(listing) => TicketAnswer::Listed(listing),
        _ => unreachable!("a ticket went on, or was offered"),
    }))
}

/// Lists the tickets that are offered to others, in the order in which they were bought.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/resale", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichHistory), responses(
    (status = 200, description = "What is offered", body = ListingsBody),
    ProblemBody,
))]
async fn listings(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let scope = format!("tickets/{event}/resale");
    let after = which.cursor.map(|cursor| door.open_cursor::<(u32, u32)>(&scope, &cursor)).transpose()?;
    let query = Query::Listings { event, limit: limit(which.limit, LISTED)?, after: after.unwrap_or_default() };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Listings(listings, next) => {
            ListingsBody { listings, cursor: next.map(|next| door.seal_cursor(&scope, &next)) }
        }
        _ => unreachable!("offers were asked for"),
    }))
}
