//! The paths of follows, requests, blocks and mutes.

use crate::feeds::Feeding;
use crate::feeds::bodies::{EdgeBody, UsersBody, WhichNames};
use crate::feeds::edges::pace::Pace;
use crate::feeds::home::reader::Reader;
use crate::feeds::routes::{check_looks_for, page_limit, submit_and_see};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Params, ProblemBody, Reading, Segments, Writing, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Circle, Command, Deciding, Edge, Following, Outcome, Query, Rejection, Standing};
use std::collections::BTreeSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most accounts that one may follow.
pub(in crate::feeds) const FOLLOWS_LIMIT: u32 = 10_000;

/// The most names of a page.
const NAMES_LIMIT: u32 = 500;

/// How many names a page has unless another number is asked for.
const NAMES: u32 = 100;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(standing_of, follow, unfollow))
        .routes(routes!(block, unblock))
        .routes(routes!(mute, unmute))
        .routes(routes!(accept, reject))
        .routes(routes!(followers))
        .routes(routes!(following))
        .routes(routes!(requests))
        .routes(routes!(blocks))
        .routes(routes!(mutes))
}

/// How an account stands to another, as both partitions know it.
pub(in crate::feeds) async fn standing(
    door: &Door,
    asked: &Asked,
    user: &str,
    target: &str,
) -> Result<Read<Standing>, Problem> {
    let query = Query::Standing { user: user.to_owned(), target: target.to_owned() };
    let Read { answer, positions } = door.ask::<Feeding>(asked, &query).await?;
    let Answer::Standing(standing) = answer else { unreachable!("a standing was asked for") };
    Ok(Read { answer: standing, positions })
}

fn body(user: String, target: String, standing: Standing) -> EdgeBody {
    let Standing { following, blocking, muting, followed_by, .. } = standing;
    EdgeBody { user, target, following, blocking, muting, followed_by }
}

/// Submits what changes how one stands to another, waits until the other one's partition knows it, and shows it.
pub(in crate::feeds) async fn change(
    door: &Door,
    asked: &Asked,
    command: Command,
    edge: Edge,
) -> Result<Done<EdgeBody>, Undone> {
    let Edge { user, target } = edge;
    // Follows are decided by who is followed, blocks by who blocks: the other partition is the one that must hear of it.
    let blocked = matches!(command, Command::Block(_)) && standing(door, asked, &target, &user).await?.answer.exists;
    let seen = |outcome: &Outcome| match outcome {
        Outcome::Following(_) => Some(Query::Standing { user: user.clone(), target: target.clone() }),
        _ if blocked => Some(Query::Hidden { user: target.clone(), others: vec![user.clone()] }),
        _ => None,
    };
    let is_seen = |answer: &Answer, outcome: &Outcome| match (answer, outcome) {
        (Answer::Standing(standing), Outcome::Following(state)) => standing.following == *state,
        (Answer::Hidden(hidden), _) => !hidden.is_empty(),
        _ => true,
    };
    let Done { positions, replayed, .. } = submit_and_see(door, asked, &command, seen, is_seen).await?;
    let Read { answer: standing, positions: at } = standing(door, asked, &user, &target).await?;
    let mut all = positions;
    all.merge(&at);
    Ok(Done { outcome: body(user, target, standing), positions: all, replayed })
}

/// Refuses a wish to follow that makes no sense, or comes too often.
pub(in crate::feeds) async fn check_follow(door: &Door, asked: &Asked, edge: &Edge) -> Result<(), Problem> {
    check_looks_for(asked, &edge.user)?;
    door.beside::<Pace>().take(&edge.user, door.now())?;
    let Standing { exists, blocking, follows, .. } = standing(door, asked, &edge.user, &edge.target).await?.answer;
    if !exists || blocking {
        return Err(Problem::refusal(&Rejection::UnknownUser));
    }
    if follows >= u64::from(FOLLOWS_LIMIT) {
        return Err(Problem::refusal(&Rejection::FollowsTooMany(FOLLOWS_LIMIT)));
    }
    Ok(())
}

async fn changed(door: &Door, asked: &Asked, command: Command, edge: Edge) -> Result<Response, Undone> {
    let done = change(door, asked, command, edge).await?;
    Ok(respond(StatusCode::OK, done, |body| body))
}

/// Shows how an account stands to another.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/follows/{target}", tag = "feeds",
    params(("user" = String, Path, description = "The account"), ("target" = String, Path, description = "The other")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn standing_of(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    check_looks_for(&asked, &user)?;
    let read = standing(&door, &asked, &user, &target).await?;
    if !read.answer.exists {
        return Err(Problem::refusal(&Rejection::UnknownUser));
    }
    Ok(answer(read, |standing| body(user, target, standing)))
}

/// Follows an account, or asks to if it is private.
#[utoipa::path(put, path = "/v1/feeds/users/{user}/follows/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who follows"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn follow(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    check_follow(&door, &asked, &edge).await?;
    changed(&door, &asked, Command::Follow(edge.clone()), edge).await
}

/// Follows an account no more.
#[utoipa::path(delete, path = "/v1/feeds/users/{user}/follows/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who follows"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn unfollow(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    changed(&door, &asked, Command::Unfollow(edge.clone()), edge).await
}

/// Blocks an account: from here on neither follows nor sees the other.
#[utoipa::path(put, path = "/v1/feeds/users/{user}/blocks/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who blocks"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn block(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    changed(&door, &asked, Command::Block(edge.clone()), edge).await
}

/// Blocks an account no more.
#[utoipa::path(delete, path = "/v1/feeds/users/{user}/blocks/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who blocks"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn unblock(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    changed(&door, &asked, Command::Unblock(edge.clone()), edge).await
}

/// Hides an account from oneself.
#[utoipa::path(put, path = "/v1/feeds/users/{user}/mutes/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who mutes"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn mute(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    changed(&door, &asked, Command::Mute(edge.clone()), edge).await
}

/// Hides an account no more.
#[utoipa::path(delete, path = "/v1/feeds/users/{user}/mutes/{target}", tag = "feeds",
    params(("user" = String, Path, description = "Who mutes"), ("target" = String, Path, description = "Whom")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn unmute(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((user, target)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let edge = Edge { user, target };
    changed(&door, &asked, Command::Unmute(edge.clone()), edge).await
}

/// Says yes or no to who asked to follow, and waits until his partition knows it.
pub(in crate::feeds) async fn decide(
    door: &Door,
    asked: &Asked,
    (user, follower): (String, String),
    accept: bool,
) -> Result<Done<EdgeBody>, Undone> {
    let deciding = Deciding { user: user.clone(), follower: follower.clone(), accept };
    let wanted = if accept { Following::Following } else { Following::No };
    let seen = |_: &Outcome| Some(Query::Standing { user: follower.clone(), target: user.clone() });
    let is_seen = |answer: &Answer, _: &Outcome| match answer {
        Answer::Standing(standing) => standing.following == wanted,
        _ => true,
    };
    let done = submit_and_see(door, asked, &Command::Decide(deciding), seen, is_seen).await?;
    let Read { answer, positions } = standing(door, asked, &user, &follower).await?;
    Ok(done.showing(Read { answer: body(user, follower, answer), positions }))
}

/// Lets somebody follow who has asked to.
#[utoipa::path(put, path = "/v1/feeds/users/{user}/requests/{follower}", tag = "feeds",
    params(("user" = String, Path, description = "Who was asked"), ("follower" = String, Path, description = "Who asked")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn accept(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(who): Segments<(String, String)>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, decide(&door, &asked, who, true).await?, |body| body))
}

/// Does not let somebody follow who has asked to.
#[utoipa::path(delete, path = "/v1/feeds/users/{user}/requests/{follower}", tag = "feeds",
    params(("user" = String, Path, description = "Who was asked"), ("follower" = String, Path, description = "Who asked")),
    responses((status = 200, description = "How it stands", body = EdgeBody), ProblemBody))]
async fn reject(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(who): Segments<(String, String)>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, decide(&door, &asked, who, false).await?, |body| body))
}

/// A page of names, without those that who looks does not want to see, or may not.
pub(in crate::feeds) async fn names(
    door: &Door,
    asked: &Asked,
    scope: &str,
    which: WhichNames,
    query: impl FnOnce(Option<String>, u32) -> Query,
) -> Result<Read<UsersBody>, Problem> {
    let after = which.cursor.map(|cursor| door.open_cursor::<String>(scope, &cursor)).transpose()?;
    let limit = page_limit(which.limit, NAMES, NAMES_LIMIT)?;
    let mut reader = Reader::new(door, asked);
    let query = query(after, u32::try_from(limit).expect("a page is short"));
    let is_own = matches!(&query, Query::Around { which: Circle::Blocks | Circle::Mutes, .. });
    let Answer::Names(found, next) = reader.ask(&query).await? else { unreachable!("names were asked for") };
    let hidden = if is_own { BTreeSet::new() } else { reader.hidden(found.iter().cloned().collect()).await? };
    let users = found.into_iter().filter(|name| !hidden.contains(name)).collect();
    let cursor = next.map(|next| door.seal_cursor(scope, &next));
    Ok(Read { answer: UsersBody { users, cursor }, positions: reader.positions })
}

async fn circle(
    door: &Door,
    asked: &Asked,
    user: String,
    which: Circle,
    page: WhichNames,
) -> Result<Response, Problem> {
    let viewer = asked.caller.id.clone();
    let scope = format!("feeds/{which:?}/{viewer}/{user}");
    let query = |after, limit| Query::Around { user, which, viewer, after, limit };
    Ok(answer(names(door, asked, &scope, page, query).await?, |body| body))
}

/// Lists who follows an account.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/followers", tag = "feeds",
    params(("user" = String, Path, description = "The account"), WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn followers(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(page): Params<WhichNames>,
) -> Result<Response, Problem> {
    circle(&door, &asked, user, Circle::Followers, page).await
}

/// Lists whom an account follows.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/following", tag = "feeds",
    params(("user" = String, Path, description = "The account"), WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn following(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(page): Params<WhichNames>,
) -> Result<Response, Problem> {
    circle(&door, &asked, user, Circle::Following, page).await
}

/// Lists who has asked to follow an account: only for itself.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/requests", tag = "feeds",
    params(("user" = String, Path, description = "The account"), WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn requests(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(page): Params<WhichNames>,
) -> Result<Response, Problem> {
    circle(&door, &asked, user, Circle::Requests, page).await
}

/// Lists whom an account blocks: only for itself.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/blocks", tag = "feeds",
    params(("user" = String, Path, description = "The account"), WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn blocks(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(page): Params<WhichNames>,
) -> Result<Response, Problem> {
    circle(&door, &asked, user, Circle::Blocks, page).await
}

/// Lists whom an account mutes: only for itself.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/mutes", tag = "feeds",
    params(("user" = String, Path, description = "The account"), WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn mutes(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(page): Params<WhichNames>,
) -> Result<Response, Problem> {
    circle(&door, &asked, user, Circle::Mutes, page).await
}
