//! Mastodon's paths of accounts and relationships.

use crate::feeds::Feeding;
use crate::feeds::edges::routes::{change, check_follow, decide, standing};
use crate::feeds::home::author;
use crate::feeds::home::reader::Reader;
use crate::feeds::mastodon::given::{Credentials, WhichAccounts, WhichPage};
use crate::feeds::mastodon::routes::{Failure, Given, Guest, Queried, Who, is_yes, not_found, user};
use crate::feeds::mastodon::shown::{Account, ErrorBody, Relationship, Status};
use crate::feeds::mastodon::timelines::routes::{linked, page_wish};
use crate::feeds::routes::found;
use crate::runtime::door::{Door, Read};
use crate::runtime::routes::Segments;
use axum::Json;
use axum::response::Response;
use futures_util::future::join_all;
use millrace_topics::feeds::{Answer, Circle, Command, Edge, Profile, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(verify))
        .routes(routes!(update))
        .routes(routes!(lookup))
        .routes(routes!(search))
        .routes(routes!(relationships))
        .routes(routes!(show))
        .routes(routes!(statuses))
        .routes(routes!(followers))
        .routes(routes!(following))
        .routes(routes!(act))
        .routes(routes!(requests))
        .routes(routes!(answer_request))
        .routes(routes!(blocks))
        .routes(routes!(mutes))
}

/// Shows the account of the token.
#[utoipa::path(get, path = "/api/v1/accounts/verify_credentials", operation_id = "mastodon.verify", tag = "mastodon",
    security(()), responses(
    (status = 200, description = "The account", body = Account), (status = "default", description = "An error", body = ErrorBody),
))]
async fn verify(Who(who): Who) -> Result<Json<Account>, Failure> {
    let user = who.user().to_owned();
    Ok(Json(who.account(&user).await?))
}

/// Changes the account of the token.
#[utoipa::path(patch, path = "/api/v1/accounts/update_credentials", operation_id = "mastodon.update", tag = "mastodon",
    security(()), request_body = Credentials, responses(
    (status = 200, description = "The account", body = Account), (status = "default", description = "An error", body = ErrorBody),
))]
async fn update(Who(who): Who, Given(new): Given<Credentials>) -> Result<Json<Account>, Failure> {
    let user = who.user().to_owned();
    let query = Query::User { user: user.clone(), viewer: user.clone() };
    let Answer::User(before) = who.door.ask::<Feeding>(&who.asked, &query).await?.answer else {
        unreachable!("an account was asked for")
    };
    let locked = new.locked.as_ref().map(is_yes);
    let profile = Profile {
        user: user.clone(),
        name: new.display_name.unwrap_or(before.name),
        about: new.note.unwrap_or(before.about),
        private: locked.unwrap_or(before.private),
    };
    who.door.submit::<Feeding>(&who.asked, &Command::SetUser(profile)).await?;
    Ok(Json(who.account(&user).await?))
}

/// Finds an account by its name.
#[utoipa::path(get, path = "/api/v1/accounts/lookup", operation_id = "mastodon.lookup", tag = "mastodon", security(()),
    params(WhichAccounts), responses(
    (status = 200, description = "The account", body = Account), (status = "default", description = "An error", body = ErrorBody),
))]
async fn lookup(guest: Guest, Queried(which): Queried<WhichAccounts>) -> Result<Json<Account>, Failure> {
    let name = which.acct.unwrap_or_default();
    Ok(Json(guest.account(name.trim_start_matches('@')).await?))
}

/// Finds accounts whose names begin so.
#[utoipa::path(get, path = "/api/v1/accounts/search", operation_id = "mastodon.search_accounts", tag = "mastodon",
    security(()), params(WhichAccounts), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn search(Who(who): Who, Queried(which): Queried<WhichAccounts>) -> Result<Json<Vec<Account>>, Failure> {
    let limit = which.limit.unwrap_or(40).clamp(1, 80);
    let prefix = which.q.unwrap_or_default().trim_start_matches('@').to_owned();
    let found = found(&who.door, &who.asked, prefix, limit).await?.answer;
    Ok(Json(who.accounts(&found).await))
}

/// Shows how the account of the token stands to others.
#[utoipa::path(get, path = "/api/v1/accounts/relationships", operation_id = "mastodon.relationships", tag = "mastodon",
    security(()), params(WhichAccounts), responses(
    (status = 200, description = "How it stands", body = [Relationship]),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn relationships(
    Who(who): Who,
    Queried(which): Queried<WhichAccounts>,
) -> Result<Json<Vec<Relationship>>, Failure> {
    let mut found = Vec::new();
    for id in which.id {
        let target = user(&id)?;
        let Read { answer, .. } = standing(&who.door, &who.asked, who.user(), &target).await?;
        found.push(Relationship::of(&target, answer));
    }
    Ok(Json(found))
}

/// Shows an account.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", operation_id = "mastodon.account", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The account")), responses(
    (status = 200, description = "The account", body = Account), (status = "default", description = "An error", body = ErrorBody),
))]
async fn show(guest: Guest, Segments(id): Segments<String>) -> Result<Json<Account>, Failure> {
    Ok(Json(guest.account(&user(&id)?).await?))
}

/// Lists what an account wrote, the newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{id}/statuses", operation_id = "mastodon.account_statuses", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The account"), WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn statuses(
    guest: Guest,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Response, Failure> {
    let by = user(&id)?;
    let items = page_wish(&which, |wish| {
        let (door, asked, by) = (&guest.door, &guest.asked, by.clone());
        async move { author(door, asked, by, &wish).await }
    })
    .await?;
    Ok(linked(&guest, &format!("/api/v1/accounts/{id}/statuses"), &which, guest.statuses(items).await))
}

async fn circle(guest: &Guest, of: String, which: Circle, limit: Option<u32>) -> Result<Json<Vec<Account>>, Failure> {
    let mut reader = Reader::new(&guest.door, &guest.asked);
    let limit = limit.unwrap_or(40).clamp(1, 80);
    let query = Query::Around { user: of, which, viewer: guest.user().to_owned(), after: None, limit };
    let Answer::Names(found, _) = reader.ask(&query).await? else { unreachable!("names were asked for") };
    if matches!(which, Circle::Blocks | Circle::Mutes) {
        // Whoever blocks somebody may see whom.
        let asking = found.iter().map(|user| guest.account_for(user, user));
        return Ok(Json(join_all(asking).await.into_iter().filter_map(Result::ok).collect()));
    }
    let hidden = reader.hidden(found.iter().cloned().collect()).await?;
    let found: Vec<String> = found.into_iter().filter(|name| !hidden.contains(name)).collect();
    Ok(Json(guest.accounts(&found).await))
}

/// Lists who follows an account.
#[utoipa::path(get, path = "/api/v1/accounts/{id}/followers", operation_id = "mastodon.followers", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The account"), WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn followers(
    guest: Guest,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<Vec<Account>>, Failure> {
    circle(&guest, user(&id)?, Circle::Followers, which.limit).await
}

/// Lists whom an account follows.
#[utoipa::path(get, path = "/api/v1/accounts/{id}/following", operation_id = "mastodon.following", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The account"), WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn following(
    guest: Guest,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<Vec<Account>>, Failure> {
    circle(&guest, user(&id)?, Circle::Following, which.limit).await
}

/// Lists who has asked to follow the account of the token.
#[utoipa::path(get, path = "/api/v1/follow_requests", operation_id = "mastodon.follow_requests", tag = "mastodon",
    security(()), params(WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn requests(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Json<Vec<Account>>, Failure> {
    circle(&who, who.user().to_owned(), Circle::Requests, which.limit).await
}

/// Lists whom the account of the token blocks.
#[utoipa::path(get, path = "/api/v1/blocks", operation_id = "mastodon.blocks", tag = "mastodon", security(()),
    params(WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn blocks(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Json<Vec<Account>>, Failure> {
    circle(&who, who.user().to_owned(), Circle::Blocks, which.limit).await
}

/// Lists whom the account of the token mutes.
#[utoipa::path(get, path = "/api/v1/mutes", operation_id = "mastodon.mutes", tag = "mastodon", security(()),
    params(WhichPage), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn mutes(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Json<Vec<Account>>, Failure> {
    circle(&who, who.user().to_owned(), Circle::Mutes, which.limit).await
}

/// Follows, blocks or mutes an account, or does so no more.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/{verb}", operation_id = "mastodon.act_on_account", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The account"),
        ("verb" = String, Path, description = "follow, unfollow, block, unblock, mute or unmute")), responses(
    (status = 200, description = "How it stands", body = Relationship),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn act(Who(who): Who, Segments((id, verb)): Segments<(String, String)>) -> Result<Json<Relationship>, Failure> {
    let target = user(&id)?;
    let edge = Edge { user: who.user().to_owned(), target: target.clone() };
    let command = match verb.as_str() {
        "follow" => {
            check_follow(&who.door, &who.asked, &edge).await?;
            Command::Follow(edge.clone())
        }
        "unfollow" => Command::Unfollow(edge.clone()),
        "block" => Command::Block(edge.clone()),
        "unblock" => Command::Unblock(edge.clone()),
        "mute" => Command::Mute(edge.clone()),
        "unmute" => Command::Unmute(edge.clone()),
        _ => return Err(not_found()),
    };
    change(&who.door, &who.asked, command, edge.clone()).await?;
    let Read { answer, .. } = standing(&who.door, &who.asked, &edge.user, &target).await?;
    Ok(Json(Relationship::of(&target, answer)))
}

/// Says yes or no to who asked to follow the account of the token.
#[utoipa::path(post, path = "/api/v1/follow_requests/{id}/{verb}", operation_id = "mastodon.answer_request", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "Who asked"),
        ("verb" = String, Path, description = "authorize or reject")), responses(
    (status = 200, description = "How it stands", body = Relationship),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn answer_request(
    Who(who): Who,
    Segments((id, verb)): Segments<(String, String)>,
) -> Result<Json<Relationship>, Failure> {
    let follower = user(&id)?;
    let accept = match verb.as_str() {
        "authorize" => true,
        "reject" => false,
        _ => return Err(not_found()),
    };
    let both = (who.user().to_owned(), follower.clone());
    decide(&who.door, &who.asked, both, accept).await?;
    let Read { answer, .. } = standing(&who.door, &who.asked, who.user(), &follower).await?;
    Ok(Json(Relationship::of(&follower, answer)))
}
