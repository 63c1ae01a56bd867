//! The path of channels.

use crate::runtime::door::{Door, Undone};
use crate::runtime::routes::{Body, ProblemBody, Segments, respond};
use crate::tickets::Ticketing;
use crate::tickets::bodies::NewAssignment;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::tickets::{Assigned, Assigning, Command, Outcome};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(assign))
}

/// Gives seats to a channel, to nobody (`blocked`), or to everybody. Who has them keeps them; when they come back they are
/// the channel's.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/channels", tag = "tickets", request_body = NewAssignment,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "Whose they are", body = Assigned),
    ProblemBody,
))]
async fn assign(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewAssignment>,
) -> Result<Response, Undone> {
    let (seats, channel, blocked) = (new.seats, new.channel, new.blocked.unwrap_or_default());
    let command = Command::Assign(Box::new(Assigning { event, seats, channel, blocked }));
    let done = door.submit::<Ticketing>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Assigned(assigned) => assigned,
        _ => unreachable!("seats were assigned"),
    }))
}
