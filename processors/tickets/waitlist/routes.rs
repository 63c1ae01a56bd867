//! The HTTP paths of waitlists.

use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, Writing, answer, created, respond};
use crate::runtime::tokens::hash;
use crate::tickets::Ticketing;
use crate::tickets::bodies::waitlist::{NewWaiter, WaiterBody, WaitlistBody};
use crate::tickets::routes::secret;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::tickets::{Answer, Command, Holding, OnWaiter, Outcome, Query, Rejection, WaitlistTerms};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(set_waitlist, wait)).routes(routes!(waiter, stop_waiting))
}

/// Says how long offers of an event's waitlist last, from the next one on.
#[utoipa::path(put, path = "/v1/tickets/events/{event}/waitlist", tag = "tickets", request_body = WaitlistBody,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "How long offers last", body = WaitlistBody),
    ProblemBody,
))]
async fn set_waitlist(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<WaitlistBody>,
) -> Result<Response, Undone> {
    let terms = WaitlistTerms { event, offer_seconds: new.offer_seconds };
    let done = door.submit::<Ticketing>(&asked, &Command::SetWaitlist(terms)).await?;
    Ok(respond(StatusCode::OK, done, |_| new))
}

/// Waits for what is not there. As soon as it comes back it is held, in the order in which they came who wait, and before
/// anybody else can have it.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/waitlist", tag = "tickets", request_body = NewWaiter,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 201, description = "The waiter", body = WaiterBody),
    ProblemBody,
))]
async fn wait(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewWaiter>,
) -> Result<Response, Undone> {
    let secret = secret(&door, &asked);
    let wish = Holding {
        event: event.clone(),
        buyer: new.buyer,
        token: hash(&secret),
        into: None,
        seats: Vec::new(),
        best: new.best,
        areas: new.areas.unwrap_or_default(),
    };
    let done = door.submit::<Ticketing>(&asked, &Command::Wait(Box::new(wish))).await?;
    let Outcome::Waiter(view) = done.outcome.clone() else { unreachable!("somebody waits") };
    let body = WaiterBody::of(*view, &secret);
    let place = format!("/v1/tickets/events/{event}/waitlist/{}", body.waiter);
    Ok(created(&place, StatusCode::CREATED, done, |_| body))
}

/// Which waiter a token is for: its number stands before its secret.
fn on(event: String, token: &str) -> Result<(OnWaiter, &str), Problem> {
    let unknown = || Problem::refusal(&Rejection::UnknownWaiter);
    let (number, secret) = token.split_once('.').ok_or_else(unknown)?;
    let waiter = number.parse().map_err(|_| unknown())?;
    Ok((OnWaiter { event, waiter, token: hash(secret) }, secret))
}

/// Shows somebody who waits, and what is offered: a hold, to be ordered like any other.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/waitlist/{waiter}", tag = "tickets",
    params(("event" = String, Path, description = "The event"), ("waiter" = String, Path, description = "The waiter")),
    responses(
    (status = 200, description = "The waiter", body = WaiterBody),
    ProblemBody,
))]
async fn waiter(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((event, token)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let (on, secret) = on(event, &token)?;
    let read = door.ask::<Ticketing>(&asked, &Query::Waiter(on)).await?;
    Ok(answer(read, |found| match found {
        Answer::Waiter(view) => WaiterBody::of(*view, secret),
        _ => unreachable!("a waiter was asked for"),
    }))
}

/// Waits no more.
#[utoipa::path(delete, path = "/v1/tickets/events/{event}/waitlist/{waiter}", tag = "tickets",
    params(("event" = String, Path, description = "The event"), ("waiter" = String, Path, description = "The waiter")),
    responses(
    (status = 200, description = "The waiter", body = WaiterBody),
    ProblemBody,
))]
async fn stop_waiting(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((event, token)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (on, secret) = on(event, &token)?;
    let done = door.submit::<Ticketing>(&asked, &Command::LeaveWaitlist(on)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Waiter(view) => WaiterBody::of(*view, secret),
        _ => unreachable!("somebody waits no more"),
    }))
}
