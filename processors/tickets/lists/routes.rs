//! The paths of lists.

use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Params, ProblemBody, Reading, Segments, answer, limit};
use crate::tickets::Ticketing;
use crate::tickets::bodies::{ChangesBody, EventsBody, WhichHistory};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::tickets::{Answer, Query};
use millrace_topics::time::Time;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(events)).routes(routes!(changes))
}

/// How many are given unless another number is asked for.
const LISTED: u32 = 100;

/// What cursors of the list of events are for.
const EVENTS: &str = "tickets";

/// Lists the events, the newest first.
#[utoipa::path(get, path = "/v1/tickets/events", tag = "tickets", params(WhichHistory), responses(
    (status = 200, description = "The events; those of one moment are not parted", body = EventsBody),
    ProblemBody,
))]
async fn events(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let before = which.cursor.map(|cursor| door.open_cursor::<(Time, String)>(EVENTS, &cursor)).transpose()?;
    let query = Query::Events { limit: limit(which.limit, LISTED)?, before };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Events(events, goes_on) => {
            let last = events.last().filter(|_| goes_on).map(|event| (event.published_at, event.id.clone()));
            EventsBody { cursor: last.map(|last| door.seal_cursor(EVENTS, &last)), events }
        }
        _ => unreachable!("events were asked for"),
    }))
}

/// Lists what became of places of an event, the newest first: each change with its cause, and the offset of the record that
/// did it. Only events with `keep_changes` have it.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/changes", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichHistory), responses(
    (status = 200, description = "The changes", body = ChangesBody),
    ProblemBody,
))]
async fn changes(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let scope = format!("tickets/{event}/changes");
    let before = which.cursor.map(|cursor| door.open_cursor::<u64>(&scope, &cursor)).transpose()?;
    let (limit, reader) = (limit(which.limit, LISTED)?, asked.caller.clone());
    let read = door.ask::<Ticketing>(&asked, &Query::Changes { event, limit, before, reader }).await?;
    Ok(answer(read, |found| match found {
        Answer::Changes(changes, next) => {
            ChangesBody { changes, cursor: next.map(|next| door.seal_cursor(&scope, &next)) }
        }
        _ => unreachable!("changes were asked for"),
    }))
}
