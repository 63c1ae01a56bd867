//! The path of the stream of a home.

use crate::feeds::home::follows;
use crate::feeds::home::reader::Reader;
use crate::feeds::stream::{FOLLOWS_LIMIT, Home, Items, fingerprint};
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, ProblemBody, follow};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::feeds::{Head, Query, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// The query whose answers the stream of who asks shows.
pub(in crate::feeds) async fn head(door: &Door, asked: &Asked) -> Result<Query, Problem> {
    let plain = Asked { last_seen: None, ..asked.clone() };
    let mut reader = Reader::new(door, &plain);
    let follows = follows(&mut reader).await?;
    if follows.names.len() > FOLLOWS_LIMIT {
        let most = u32::try_from(FOLLOWS_LIMIT).expect("it is small");
        return Err(Problem::refusal(&Rejection::FollowsTooMany(most)));
    }
    let authors: Vec<String> = follows.names.iter().map(ToString::to_string).collect();
    Ok(Query::Head(Head { viewer: reader.viewer.clone(), fingerprint: fingerprint(&authors), authors }))
}

/// Follows the home of whoever asks as server-sent events: `snapshot` with the newest posts, then `change` with those that came
/// or were edited, and the ids of those that are `gone`. Ids are positions: with `Last-Event-ID` a client goes on where it was,
/// or gets `reset` and all. When one follows others than before the stream ends: who comes back follows those.
#[utoipa::path(get, path = "/v1/feeds/stream", tag = "feeds",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses(
    (status = 200, description = "Events", body = Items, content_type = "text/event-stream"),
    ProblemBody,
))]
async fn stream(State(door): State<Door>, Following(asked): Following) -> Result<Response, Problem> {
    let query = head(&door, &asked).await?;
    Ok(follow(door.subscribe::<Home>(&asked, &query).await?))
}
