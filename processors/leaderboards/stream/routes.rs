//! The HTTP path of a board's streams.

use crate::leaderboards::stream::{Own, OwnRank, Top, TopChange, TopSnapshot};
use crate::leaderboards::{Boards, spread};
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, Params, ProblemBody, Segments, follow, limit};
use crate::runtime::streams::Shown;
use axum::extract::State;
use axum::response::Response;
use millrace_topics::leaderboards::{Bounds, Query, Ranking, Seek, Tie, Window};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route and its description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// How many entries from the top are followed unless it is said.
const TOP: u32 = 100;

/// What is followed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct What {
    /// The first so many entries: 1 to 1,000; 100 unless said.
    top: Option<u32>,
    /// Instead of the top this owner's entry.
    owner: Option<String>,
    /// `all` unless said. The open epoch is followed, into the next one when it ends.
    window: Option<Window>,
    /// What rank equal scores share: what the board says unless said.
    tie: Option<Tie>,
    /// Which bucket of a league the top is of; it is empty until it opens, and in each epoch again.
    bucket: Option<u32>,
}

/// The data of the events of these streams.
#[derive(ToSchema)]
#[schema(as = leaderboards::StreamData)]
#[expect(dead_code, reason = "it is there for its description alone")]
#[serde(untagged)]
enum Data {
    /// Of `snapshot`, of the top.
    Snapshot(TopSnapshot),
    /// Of `change`, of the top.
    Change(TopChange),
    /// Of `snapshot` and `rank`, of an owner.
    Rank(OwnRank),
}

/// Follows the top of a board, or one owner, as server-sent events.
///
/// First `snapshot`, then `change` (of the top) or `rank` (of an owner) as they come. The id of an event is the position
/// at which it holds; who comes back with it as `Last-Event-ID` gets what it has missed, or `reset` and a `snapshot`
/// where that is not kept any more. Who reads too slowly gets that too, or is cut off. `end` carries a problem where
/// there is nothing left to follow.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/stream", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), What,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses(
    (status = 200, description = "Events", body = Data, content_type = "text/event-stream"),
    ProblemBody,
))]
async fn stream(
    State(door): State<Door>,
    Following(asked): Following,
    Segments(board): Segments<String>,
    Params(what): Params<What>,
) -> Result<Response, Problem> {
    let of =
        Ranking { board, window: what.window.unwrap_or_default(), epoch: None, tie: what.tie, bucket: what.bucket };
    match what {
        What { top: Some(_), owner: Some(_), .. } => {
            Err(Problem::bad_request("bad_parameter", "`top` does not go together with owner"))
        }
        What { bucket: Some(_), owner: Some(_), .. } => {
            Err(Problem::bad_request("bad_parameter", "`bucket` does not go together with owner"))
        }
        What { owner: Some(owner), .. } => {
            let query = Query::Owner { of: of.clone(), owner };
            subscribe::<Own>(&door, &asked, query, &of).await
        }
        What { top, owner: None, .. } => {
            let (limit, scores) = (limit(top, TOP)?, Bounds::default());
            let query = Query::Entries { of: of.clone(), seek: Seek::Top, limit, scores, top_percent: None };
            subscribe::<Top>(&door, &asked, query, &of).await
        }
    }
}

async fn subscribe<S: Shown<Machine = Boards>>(
    door: &Door,
    asked: &Asked,
    query: Query,
    of: &Ranking,
) -> Result<Response, Problem> {
    let events = match spread::shards_of(door, asked, &of.board).await? {
        1 => door.subscribe::<S>(asked, &query).await?,
        shards => spread::subscribe::<S>(door, asked, query, of, shards).await?,
    };
    Ok(follow(events))
}
