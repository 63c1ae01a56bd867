//! The path of the stream of a home.

use crate::feeds::Feeding;
use crate::feeds::home::follows;
use crate::feeds::home::reader::Reader;
use crate::feeds::stream::{FOLLOWS_LIMIT, Home, Items, fingerprint};
use crate::feeds::words::hides;
use crate::runtime::door::{Asked, Door, Gathered, Read};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, ProblemBody, follow};
use crate::runtime::streams::Events;
use crate::runtime::system::Machine as _;
use axum::extract::State;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Head, PostId, Query, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Follows the home of who asks.
///
/// # Errors
/// 404 `unknown_user`, 409 `follows_changed`, 422 `too_many_follows`, or what went wrong on the way.
pub(in crate::feeds) async fn follow_home(door: &Door, asked: &Asked) -> Result<Events, Problem> {
    let query = head(door, asked).await?;
    let partitions = Feeding::partitions(&query);
    let (inside, question) = (door.clone(), query.clone());
    let gather = move |asked| {
        let (door, query) = (inside.clone(), question.clone());
        async move { gather(&door, &asked, &query).await }
    };
    door.subscribe_gathered::<Home, _>(asked, &query, partitions, gather).await
}

/// The newest of a home, without reposts of what cannot be seen or says a muted word: only its author's partition has it.
pub(in crate::feeds) async fn gather(
    door: &Door,
    asked: &Asked,
    query: &Query,
) -> Result<Read<Gathered<Feeding>>, Problem> {
    let mut reader = Reader::new(door, asked);
    let Answer::Head(mut part) = reader.ask(query).await? else { unreachable!("the newest of a home were asked for") };
    let originals = part.posts.iter().filter_map(|post| post.repost_of.as_ref()).map(|original| original.id);
    let originals: Vec<PostId> = originals.collect();
    let mut shown = reader.posts(&originals).await?.into_iter();
    let words = part.own.as_ref().map(|own| own.words.clone()).unwrap_or_default();
    part.posts.retain(|post| {
        let original = post.repost_of.as_ref().map(|_| shown.next().expect("each was asked for"));
        original.is_none_or(|original| original.is_some_and(|original| !hides(&words, &original, &reader.viewer)))
    });
    Ok(Read { answer: Ok(Answer::Head(part)), positions: reader.positions })
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
    Ok(follow(follow_home(&door, &asked).await?))
}
