//! The paths of what may be done with paid tickets.

use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Segments};
use crate::tickets::bodies::{NewExchange, NewHolder, NewRefund, OrderBody};
use crate::tickets::routes::{change, on, on_order};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::tickets::{Command, Exchanging, OnTickets, Rejection, Renaming, read_ticket_id};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(refund)).routes(routes!(exchange)).routes(routes!(rename))
}

/// The tickets of an order that are named.
fn on_tickets(order: &str, tickets: &[String]) -> Result<OnTickets, Problem> {
    let on = on_order(order)?;
    let number = |id: &String| {
        let of = read_ticket_id(id).filter(|(event, order, _)| (*event, *order) == (on.event.as_str(), on.order));
        of.map(|(_, _, number)| number)
    };
    let unknown: Vec<String> = tickets.iter().filter(|id| number(id).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(Problem::refusal(&Rejection::BadTickets(unknown)));
    }
    let tickets = tickets.iter().filter_map(number).collect();
    Ok(OnTickets { on, tickets })
}

/// Takes some tickets of a paid order back: their places are free again, their codes good no more, and what they cost is
/// to be given back. With the last of them the order ends.
#[utoipa::path(post, path = "/v1/tickets/orders/{order}/refunds", tag = "tickets", request_body = NewRefund,
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn refund(
    State(door): State<Door>,
    Segments(order): Segments<String>,
    Body(asked, new): Body<NewRefund>,
) -> Result<Response, Undone> {
    let asked_for = on_tickets(&order, &new.tickets)?;
    change(&door, &asked, Command::Refund(asked_for)).await
}

/// Gives some tickets of a paid order back for the places of a hold, all in one step. Other places may cost less: then the
/// difference is to be given back.
#[utoipa::path(post, path = "/v1/tickets/orders/{order}/exchanges", tag = "tickets", request_body = NewExchange,
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn exchange(
    State(door): State<Door>,
    Segments(order): Segments<String>,
    Body(asked, new): Body<NewExchange>,
) -> Result<Response, Undone> {
    let tickets = on_tickets(&order, &new.tickets)?;
    let hold = on(tickets.on.event.clone(), &new.hold)?;
    let exchanging = Exchanging { on: tickets, hold: hold.hold, token: hold.token };
    change(&door, &asked, Command::Exchange(exchanging)).await
}

/// Puts a name on a ticket: it gets a new code, and the one that it had is good no more.
#[utoipa::path(post, path = "/v1/tickets/orders/{order}/holders", tag = "tickets", request_body = NewHolder,
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn rename(
    State(door): State<Door>,
    Segments(order): Segments<String>,
    Body(asked, new): Body<NewHolder>,
) -> Result<Response, Undone> {
    let OnTickets { on, tickets } = on_tickets(&order, &[new.ticket])?;
    let renaming = Renaming { on, ticket: tickets[0], holder: new.holder };
    change(&door, &asked, Command::Rename(renaming)).await
}
