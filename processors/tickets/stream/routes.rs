//! The path of the stream of a hall.

use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, Params, ProblemBody, Segments, follow};
use crate::tickets::bodies::WhichSeats;
use crate::tickets::stream::{Rows, SeatMap};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::tickets::Query;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Follows the seats of a hall, or of a section, as server-sent events: `snapshot` with all rows, then `change` with those
/// that are as they were not; each takes the place of the row of the same section and id. Ids are positions: with
/// `Last-Event-ID` a client goes on where it was, or gets `reset` and all rows. `end` carries a problem where there is
/// nothing left to follow.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/seats/stream", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichSeats,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses(
    (status = 200, description = "Events", body = Rows, content_type = "text/event-stream"),
    ProblemBody,
))]
async fn stream(
    State(door): State<Door>,
    Following(asked): Following,
    Segments(event): Segments<String>,
    Params(which): Params<WhichSeats>,
) -> Result<Response, Problem> {
    Ok(follow(door.subscribe::<SeatMap>(&asked, &Query::Seats { event, section: which.section }).await?))
}
