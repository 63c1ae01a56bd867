//! The HTTP paths of feeds: a request becomes commands and queries, and nothing else happens here. Those of accounts, and
//! what the others share.

use crate::feeds::bodies::{ErasedBody, NewUser, UsersBody, WhichUsers};
use crate::feeds::home::reader::Reader;
use crate::feeds::{Feeding, edges, home, notices, polls, posts, schedule, shelves, stream, tags, taste, words};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, Params, ProblemBody, Reading, Segments, Writing, answer, respond};
use crate::runtime::system::{Answer as AnswerOf, Command as CommandOf, Outcome as OutcomeOf};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Command, Erasing, Outcome, PostId, Profile, Query, Rejection, UserView};
use millrace_topics::record::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most items of a page.
pub(super) const PAGE_LIMIT: u32 = 200;

/// How many items a page has unless another number is asked for.
pub(super) const PAGE: u32 = 20;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(user, set_user, erase))
        .routes(routes!(search))
        .merge(edges::routes::routes())
        .merge(posts::routes::routes())
        .merge(polls::routes::routes())
        .merge(home::routes::routes())
        .merge(notices::routes::routes())
        .merge(tags::routes::routes())
        .merge(taste::routes::routes())
        .merge(schedule::routes::routes())
        .merge(shelves::routes::routes())
        .merge(stream::routes::routes())
        .merge(words::routes::routes())
}

/// Submits a command, and waits until a query answers as it should: until another partition has heard of it. If that does
/// not come in time, it is done all the same.
pub(super) async fn submit_and_see(
    door: &Door,
    asked: &Asked,
    command: &CommandOf<Feeding>,
    seen: impl FnOnce(&OutcomeOf<Feeding>) -> Option<Query>,
    is_seen: impl Fn(&AnswerOf<Feeding>, &OutcomeOf<Feeding>) -> bool,
) -> Result<Done<Outcome>, Undone> {
    let mut done = door.submit::<Feeding>(asked, command).await?;
    let Some(query) = seen(&done.outcome) else { return Ok(done) };
    let reading = Asked { min_position: Default::default(), ..asked.clone() };
    let outcome = done.outcome.clone();
    if let Ok(Some(read)) = door.ask_until::<Feeding>(&reading, &query, |answer| is_seen(answer, &outcome)).await {
        done.positions.merge(&read.positions);
    }
    Ok(done)
}

/// The limit of a page of posts.
pub(super) fn page_limit(limit: Option<u32>, default: u32, most: u32) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(default);
    if (1..=most).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(Problem::bad_request("bad_limit", format!("`limit` is 1 to {most}, not {limit}")))
}

/// Reads the id of a post: what is none is no post's.
pub(super) fn post_id(text: &str) -> Result<PostId, Problem> {
    PostId::read(text).ok_or_else(|| Problem::refusal(&Rejection::UnknownPost))
}

/// Refuses users who look for somebody else.
pub(super) fn check_looks_for(asked: &Asked, user: &str) -> Result<(), Problem> {
    let is_other = asked.caller.role == Role::User && asked.caller.id != user;
    if is_other { Err(Problem::refusal(&Rejection::NotYourself)) } else { Ok(()) }
}

/// Makes an account, or changes it.
#[utoipa::path(put, path = "/v1/feeds/users/{user}", tag = "feeds", request_body = NewUser,
    params(("user" = String, Path, description = "The account: any text of 1 to 256 bytes")), responses(
    (status = 200, description = "The account", body = UserView),
    ProblemBody,
))]
async fn set_user(
    State(door): State<Door>,
    Segments(user): Segments<String>,
    Body(asked, new): Body<NewUser>,
) -> Result<Response, Undone> {
    let profile = Profile {
        name: new.name.unwrap_or_else(|| user.clone()),
        user,
        about: new.about.unwrap_or_default(),
        private: new.private.unwrap_or_default(),
    };
    let done = door.submit::<Feeding>(&asked, &Command::SetUser(profile)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::User(view) => view,
        _ => unreachable!("an account was set"),
    }))
}

/// Erases an account with all that it wrote and did. It is there for nobody from this position on, and what it counted for is
/// taken back step by step. Nobody gets its id.
#[utoipa::path(delete, path = "/v1/feeds/users/{user}", tag = "feeds",
    params(("user" = String, Path, description = "The account")), responses(
    (status = 200, description = "It is erased", body = ErasedBody),
    ProblemBody,
))]
async fn erase(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(user): Segments<String>,
) -> Result<Response, Undone> {
    let done = door.submit::<Feeding>(&asked, &Command::Erase(Erasing { user: user.clone() })).await?;
    Ok(respond(StatusCode::OK, done, |_| ErasedBody { id: user, erased: true }))
}

/// Shows an account.
#[utoipa::path(get, path = "/v1/feeds/users/{user}", tag = "feeds",
    params(("user" = String, Path, description = "The account")), responses(
    (status = 200, description = "The account", body = UserView),
    ProblemBody,
))]
async fn user(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
) -> Result<Response, Problem> {
    let query = Query::User { user, viewer: asked.caller.id.clone() };
    let read = door.ask::<Feeding>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::User(view) => view,
        _ => unreachable!("an account was asked for"),
    }))
}

/// Lists accounts whose ids begin so, in their order: without those that whoever asks must not see, or does not want to.
#[utoipa::path(get, path = "/v1/feeds/users", tag = "feeds", params(WhichUsers), responses(
    (status = 200, description = "Accounts", body = UsersBody),
    ProblemBody,
))]
async fn search(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(which): Params<WhichUsers>,
) -> Result<Response, Problem> {
    let limit = u32::try_from(page_limit(which.limit, PAGE, PAGE_LIMIT)?).expect("a page is short");
    let read = found(&door, &asked, which.q, limit).await?;
    Ok(answer(read, |users| UsersBody { users, cursor: None }))
}

/// The accounts whose ids begin so, for who asks.
pub(super) async fn found(
    door: &Door,
    asked: &Asked,
    prefix: String,
    limit: u32,
) -> Result<Read<Vec<String>>, Problem> {
    let mut reader = Reader::new(door, asked);
    let query = Query::Search { prefix, viewer: reader.viewer.clone(), limit };
    let Answer::Names(found, _) = reader.ask(&query).await? else { unreachable!("names were asked for") };
    let hidden = reader.hidden(found.iter().cloned().collect()).await?;
    let users = found.into_iter().filter(|name| !hidden.contains(name)).collect();
    Ok(Read { answer: users, positions: reader.positions })
}
