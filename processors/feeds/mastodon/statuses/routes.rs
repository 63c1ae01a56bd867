//! Mastodon's paths of statuses.

use crate::feeds::Feeding;
use crate::feeds::bodies::{NewPoll, NewPost};
use crate::feeds::home::reader::Reader;
use crate::feeds::home::threads;
use crate::feeds::mastodon::given::{Choice, NewStatus, Votes, WhichPage};
use crate::feeds::mastodon::routes::{Failure, Given, Guest, Queried, Who, not_found, post};
use crate::feeds::mastodon::shown::{Account, Context, ErrorBody, Poll, Status};
use crate::feeds::polls::routes::submit_vote;
use crate::feeds::posts::routes::{
    find, item, submit_delete, submit_edit, submit_post, submit_reaction, submit_repost, submit_unrepost,
};
use crate::feeds::shelves::routes::{submit_bookmark, submit_pin};
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::routes::Segments;
use axum::Json;
use millrace_topics::feeds::{Answer, Link, PostView, Query, Reaction, Visibility};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(write))
        .routes(routes!(show, edit, delete))
        .routes(routes!(context))
        .routes(routes!(favourited_by))
        .routes(routes!(reblogged_by))
        .routes(routes!(act))
        .routes(routes!(poll))
        .routes(routes!(vote))
}

fn visibility(text: &str) -> Result<Visibility, Failure> {
    match text {
        "public" => Ok(Visibility::Public),
        "unlisted" => Ok(Visibility::Unlisted),
        "private" => Ok(Visibility::Followers),
        "direct" => Ok(Visibility::Mentioned),
        other => Err(Failure(Problem::new(422, "invalid", format!("Validation failed: no visibility {other}")))),
    }
}

/// Writes a status as the account of the token.
#[utoipa::path(post, path = "/api/v1/statuses", operation_id = "mastodon.post_status", tag = "mastodon", security(()),
    request_body = NewStatus, responses(
    (status = 200, description = "The status", body = Status), (status = "default", description = "An error", body = ErrorBody),
))]
async fn write(Who(who): Who, Given(new): Given<NewStatus>) -> Result<Json<Status>, Failure> {
    let asked = who.keyed(&new);
    let visibility = new.visibility.as_deref().map(visibility).transpose()?;
    let now = who.door.now();
    let poll = new.poll.map(|poll| NewPoll {
        options: poll.options,
        multiple: poll.multiple,
        ends_at: now.plus(poll.expires_in.unwrap_or_default().saturating_mul(1000)),
    });
    let new = NewPost {
        text: new.status.unwrap_or_default(),
        reply_to: new.in_reply_to_id,
        quote_of: new.quoted_status_id,
        visibility,
        poll,
        publish_at: None,
    };
    who.changed(submit_post(&who.door, &asked, new).await?).await
}

/// Shows a status.
#[utoipa::path(get, path = "/api/v1/statuses/{id}", operation_id = "mastodon.status", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "The status", body = Status), (status = "default", description = "An error", body = ErrorBody),
))]
async fn show(guest: Guest, Segments(id): Segments<String>) -> Result<Json<Status>, Failure> {
    let read = item(&guest.door, &guest.asked, post(&id)?).await?;
    guest.statuses(vec![read.answer]).await.into_iter().next().map(Json).ok_or_else(not_found)
}

/// Changes what a status says.
#[utoipa::path(put, path = "/api/v1/statuses/{id}", operation_id = "mastodon.edit_status", tag = "mastodon", security(()),
    request_body = NewStatus, params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "The status", body = Status), (status = "default", description = "An error", body = ErrorBody),
))]
async fn edit(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(new): Given<NewStatus>,
) -> Result<Json<Status>, Failure> {
    let done = submit_edit(&who.door, &who.asked, post(&id)?, new.status.unwrap_or_default()).await?;
    who.changed(done).await
}

/// Takes a status back, and shows it for the last time.
#[utoipa::path(delete, path = "/api/v1/statuses/{id}", operation_id = "mastodon.delete_status", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "The status", body = Status), (status = "default", description = "An error", body = ErrorBody),
))]
async fn delete(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<Status>, Failure> {
    let id = post(&id)?;
    let last = item(&who.door, &who.asked, id).await?.answer;
    let shown = who.statuses(vec![last]).await.into_iter().next().ok_or_else(not_found)?;
    submit_delete(&who.door, &who.asked, id).await?;
    Ok(Json(shown))
}

/// Shows what a status answers, and what answers it.
#[utoipa::path(get, path = "/api/v1/statuses/{id}/context", operation_id = "mastodon.status_context", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "What is around it", body = Context),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn context(guest: Guest, Segments(id): Segments<String>) -> Result<Json<Context>, Failure> {
    let around = threads::context(&guest.door, &guest.asked, post(&id)?).await?.answer;
    let (ancestors, descendants) = (guest.statuses(around.above).await, guest.statuses(around.below).await);
    Ok(Json(Context { ancestors, descendants }))
}

/// Lists who likes a status.
#[utoipa::path(get, path = "/api/v1/statuses/{id}/favourited_by", operation_id = "mastodon.favourited_by",
    tag = "mastodon", security(()), params(("id" = String, Path, description = "The status"), WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn favourited_by(
    guest: Guest,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<Vec<Account>>, Failure> {
    let (id, limit, viewer) = (post(&id)?, which.limit.unwrap_or(40).clamp(1, 80), guest.user().to_owned());
    let key = Reader::new(&guest.door, &guest.asked).key_of(id);
    let query = Query::Reactors { key, post: id, kind: Reaction::Like, viewer, after: None, limit };
    let Answer::Names(found, _) = guest.door.ask::<Feeding>(&guest.asked, &query).await?.answer else {
        unreachable!("names were asked for")
    };
    named(&guest, found).await
}

/// Lists who has reblogged a status.
#[utoipa::path(get, path = "/api/v1/statuses/{id}/reblogged_by", operation_id = "mastodon.reblogged_by",
    tag = "mastodon", security(()), params(("id" = String, Path, description = "The status"), WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn reblogged_by(
    guest: Guest,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<Vec<Account>>, Failure> {
    let (id, limit, viewer) = (post(&id)?, which.limit.unwrap_or(40).clamp(1, 80), guest.user().to_owned());
    let key = Reader::new(&guest.door, &guest.asked).key_of(id);
    let query = Query::Linked { key, post: id, how: Link::Repost, viewer, after: None, limit };
    let Answer::Linked(found, _) = guest.door.ask::<Feeding>(&guest.asked, &query).await?.answer else {
        unreachable!("reposts were asked for")
    };
    named(&guest, found.into_iter().map(|post| post.author).collect()).await
}

/// Those of these accounts that the one who asks may see, and wants to.
async fn named(guest: &Guest, found: Vec<String>) -> Result<Json<Vec<Account>>, Failure> {
    let hidden = Reader::new(&guest.door, &guest.asked).hidden(found.iter().cloned().collect()).await?;
    let found: Vec<String> = found.into_iter().filter(|name| !hidden.contains(name)).collect();
    Ok(Json(guest.accounts(&found).await))
}

/// Likes, reblogs, bookmarks or pins a status, or does so no more.
#[utoipa::path(post, path = "/api/v1/statuses/{id}/{verb}", operation_id = "mastodon.act_on_status", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The status"), ("verb" = String, Path,
        description = "favourite, unfavourite, reblog, unreblog, bookmark, unbookmark, pin or unpin")), responses(
    (status = 200, description = "The status", body = Status), (status = "default", description = "An error", body = ErrorBody),
))]
async fn act(Who(who): Who, Segments((id, verb)): Segments<(String, String)>) -> Result<Json<Status>, Failure> {
    let (door, asked) = (&who.door, &who.asked);
    // What is done to a reblog is done to what it shows.
    let shown = find(door, asked, post(&id)?).await?.answer;
    let original = shown.repost_of.map_or(shown.id, |original| original.id);
    let text = original.to_string();
    match verb.as_str() {
        "favourite" => who.changed(submit_reaction(door, asked, (&text, Reaction::Like), true).await?).await,
        "unfavourite" => who.changed(submit_reaction(door, asked, (&text, Reaction::Like), false).await?).await,
        "reblog" => {
            let repost = submit_repost(door, asked, &text).await?.outcome;
            let item = item(door, asked, repost).await?.answer;
            who.statuses(vec![item]).await.into_iter().next().map(Json).ok_or_else(not_found)
        }
        "unreblog" => who.changed(submit_unrepost(door, asked, original).await?).await,
        "bookmark" | "unbookmark" => {
            let has = verb == "bookmark";
            let mut status = who.status(submit_bookmark(door, asked, original, has).await?.outcome).await?;
            status.bookmarked = Some(has);
            Ok(Json(status))
        }
        "pin" | "unpin" => {
            let has = verb == "pin";
            let mut status = who.status(submit_pin(door, asked, original, has).await?.outcome).await?;
            status.pinned = Some(has);
            Ok(Json(status))
        }
        _ => Err(not_found()),
    }
}

fn asked(guest: &Guest, post: PostView) -> Result<Json<Poll>, Failure> {
    let shown = post.poll.map(|poll| Poll::of(post.id, poll, guest.door.now()));
    shown.map(Json).ok_or_else(not_found)
}

/// Shows what a status asks.
#[utoipa::path(get, path = "/api/v1/polls/{id}", operation_id = "mastodon.poll", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "The poll", body = Poll), (status = "default", description = "An error", body = ErrorBody),
))]
async fn poll(guest: Guest, Segments(id): Segments<String>) -> Result<Json<Poll>, Failure> {
    let found = find(&guest.door, &guest.asked, post(&id)?).await?.answer;
    asked(&guest, found)
}

/// Votes in the poll of a status.
#[utoipa::path(post, path = "/api/v1/polls/{id}/votes", operation_id = "mastodon.vote", tag = "mastodon", security(()),
    request_body = Votes, params(("id" = String, Path, description = "The status")), responses(
    (status = 200, description = "The poll", body = Poll), (status = "default", description = "An error", body = ErrorBody),
))]
async fn vote(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(given): Given<Votes>,
) -> Result<Json<Poll>, Failure> {
    let bad = || Failure(Problem::new(422, "invalid", "Validation failed: a choice is a number".to_owned()));
    let choices = given.choices.iter().map(Choice::number).collect::<Option<Vec<u32>>>().ok_or_else(bad)?;
    let done = submit_vote(&who.door, &who.asked, &id, choices).await?;
    asked(&who, done.outcome)
}
