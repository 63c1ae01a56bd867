//! Mastodon's paths of timelines, notifications and lists.

use crate::feeds::bodies::NewList as Listed;
use crate::feeds::home::reader::Item;
use crate::feeds::home::{Cursor, Page, Wish, latest, of_list};
use crate::feeds::mastodon::given::{Members, NewList, WhichPage};
use crate::feeds::mastodon::routes::{Failure, Given, Guest, Queried, Who, post, user};
use crate::feeds::mastodon::shown::{Account, Empty, ErrorBody, List, Notification, Status};
use crate::feeds::notices;
use crate::feeds::shelves::routes::{read_lists, shelf, submit_drop, submit_list};
use crate::feeds::tags;
use crate::runtime::door::{Door, Read};
use crate::runtime::problem::Problem;
use crate::runtime::routes::Segments;
use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use millrace_topics::feeds::{ListView, Shelf};
use serde::Serialize;
use std::future::Future;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many statuses a page has unless another number is asked for.
const PAGE: u32 = 20;

/// The most statuses of a page.
const PAGE_LIMIT: u32 = 80;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(home))
        .routes(routes!(tag))
        .routes(routes!(list_timeline))
        .routes(routes!(favourites))
        .routes(routes!(bookmarks))
        .routes(routes!(notifications))
        .routes(routes!(lists, create_list))
        .routes(routes!(list, change_list, drop_list))
        .routes(routes!(members, add_members, remove_members))
}

fn limit(which: &WhichPage) -> usize {
    which.limit.unwrap_or(PAGE).clamp(1, PAGE_LIMIT) as usize
}

/// Reads the page of a timeline that a client of Mastodon means.
pub(in crate::feeds::mastodon) async fn page_wish<F: Future<Output = Result<Read<Page>, Problem>>>(
    which: &WhichPage,
    read: impl Fn(Wish) -> F,
) -> Result<Vec<Item>, Failure> {
    let id = |text: &Option<String>| text.as_deref().map(post).transpose();
    let (below, since, min) = (id(&which.max_id)?, id(&which.since_id)?, id(&which.min_id)?);
    let limit = limit(which);
    let mut wish = Wish { limit, from: Cursor { below, recent: Vec::new() }, above: min.or(since), own: true };
    let mut page = read(wish.clone()).await?.answer;
    if min.is_none() {
        return Ok(page.items);
    }
    // Those that follow at once are the last of all that are newer.
    let mut items = std::mem::take(&mut page.items);
    while let Some(next) = page.next.take() {
        wish.from = next;
        page = read(wish.clone()).await?.answer;
        items.append(&mut page.items);
        items.drain(..items.len().saturating_sub(limit));
    }
    Ok(items)
}

/// A list with Mastodon's headers for the pages before and behind it.
pub(in crate::feeds::mastodon) fn linked<T: Serialize + HasId>(
    guest: &Guest,
    path: &str,
    which: &WhichPage,
    found: Vec<T>,
) -> Response {
    let link = found.first().zip(found.last()).map(|(first, last)| {
        let (base, limit) = (&guest.base, limit(which));
        let (first, last) = (first.id(), last.id());
        format!(
            "<{base}{path}?limit={limit}&max_id={last}>; rel=\"next\", <{base}{path}?limit={limit}&min_id={first}>; rel=\"prev\""
        )
    });
    let mut response = Json(found).into_response();
    if let Some(value) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// What stands in a list that goes on.
pub(in crate::feeds::mastodon) trait HasId {
    /// Where it stands.
    fn id(&self) -> &str;
}

impl HasId for Status {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for Notification {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads the home of the account of the token, with its own statuses.
#[utoipa::path(get, path = "/api/v1/timelines/home", operation_id = "mastodon.home", tag = "mastodon", security(()),
    params(WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn home(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Response, Failure> {
    let items = page_wish(&which, |wish| {
        let (door, asked) = (&who.door, &who.asked);
        async move { latest(door, asked, &wish).await }
    })
    .await?;
    Ok(linked(&who, "/api/v1/timelines/home", &which, who.statuses(items).await))
}

/// Lists the statuses under a tag.
#[utoipa::path(get, path = "/api/v1/timelines/tag/{tag}", operation_id = "mastodon.tag", tag = "mastodon", security(()),
    params(("tag" = String, Path, description = "The tag"), WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn tag(
    guest: Guest,
    Segments(tag): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Response, Failure> {
    let tag = tag.to_lowercase();
    let below = which.max_id.as_deref().map(post).transpose()?;
    let from = Cursor { below, recent: Vec::new() };
    let page = tags::routes::page(&guest.door, &guest.asked, &tag, from, limit(&which)).await?.answer;
    let above = which.since_id.as_ref().or(which.min_id.as_ref()).map(|id| post(id)).transpose()?;
    let items = page.items.into_iter().filter(|item| above.is_none_or(|above| item.post.id > above)).collect();
    Ok(linked(&guest, &format!("/api/v1/timelines/tag/{tag}"), &which, guest.statuses(items).await))
}

/// Reads what the accounts of a list wrote.
#[utoipa::path(get, path = "/api/v1/timelines/list/{id}", operation_id = "mastodon.list_timeline", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The list"), WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn list_timeline(
    Who(who): Who,
    Segments(id): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Response, Failure> {
    let items = page_wish(&which, |wish| {
        let id = id.clone();
        let (door, asked) = (&who.door, &who.asked);
        async move { of_list(door, asked, id, &wish).await }
    })
    .await?;
    Ok(linked(&who, &format!("/api/v1/timelines/list/{id}"), &which, who.statuses(items).await))
}

async fn put_aside(who: &Guest, path: &str, which: &WhichPage, of: Shelf) -> Result<Response, Failure> {
    let below = which.max_id.as_deref().map(post).transpose()?;
    let page = shelf(&who.door, &who.asked, of, below, limit(which)).await?.answer;
    Ok(linked(who, path, which, who.statuses(page.items).await))
}

/// Lists what the account of the token likes.
#[utoipa::path(get, path = "/api/v1/favourites", operation_id = "mastodon.favourites", tag = "mastodon", security(()),
    params(WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn favourites(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Response, Failure> {
    put_aside(&who, "/api/v1/favourites", &which, Shelf::Likes).await
}

/// Lists the bookmarks of the account of the token.
#[utoipa::path(get, path = "/api/v1/bookmarks", operation_id = "mastodon.bookmarks", tag = "mastodon", security(()),
    params(WhichPage), responses(
    (status = 200, description = "Statuses", body = [Status]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn bookmarks(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Response, Failure> {
    put_aside(&who, "/api/v1/bookmarks", &which, Shelf::Bookmarks).await
}

/// Lists the notifications of the account of the token.
#[utoipa::path(get, path = "/api/v1/notifications", operation_id = "mastodon.notifications", tag = "mastodon",
    security(()), params(WhichPage), responses(
    (status = 200, description = "Notifications", body = [Notification]),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn notifications(Who(who): Who, Queried(which): Queried<WhichPage>) -> Result<Response, Failure> {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u64>().ok());
    let above = number(&which.min_id).or(number(&which.since_id)).unwrap_or(0);
    let read = notices::routes::read(&who.door, &who.asked, number(&which.max_id), limit(&which)).await?;
    let shown: Vec<_> = read.answer.shown.into_iter().filter(|(notice, _)| notice.number > above).collect();
    let items: Vec<Item> = shown.iter().filter_map(|(_, item)| item.clone()).collect();
    let scene = who.scene(&items, shown.iter().map(|(notice, _)| notice.from.clone())).await;
    let found = shown.into_iter().filter_map(|(notice, item)| Notification::of(&scene, &notice, item)).collect();
    Ok(linked(&who, "/api/v1/notifications", &which, found))
}

fn shown(list: ListView) -> List {
    List { id: list.id, title: list.name, replies_policy: "list", exclusive: false }
}

async fn one(who: &Guest, id: String) -> Result<ListView, Failure> {
    let lists = read_lists(&who.door, &who.asked, Some(id)).await?.answer;
    Ok(lists.into_iter().next().expect("one was asked for"))
}

/// Lists the lists of the account of the token.
#[utoipa::path(get, path = "/api/v1/lists", operation_id = "mastodon.lists", tag = "mastodon", security(()), responses(
    (status = 200, description = "Lists", body = [List]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn lists(Who(who): Who) -> Result<Json<Vec<List>>, Failure> {
    let lists = read_lists(&who.door, &who.asked, None).await?.answer;
    Ok(Json(lists.into_iter().map(shown).collect()))
}

/// Makes a list.
#[utoipa::path(post, path = "/api/v1/lists", operation_id = "mastodon.create_list", tag = "mastodon", security(()),
    request_body = NewList, responses(
    (status = 200, description = "The list", body = List), (status = "default", description = "An error", body = ErrorBody),
))]
async fn create_list(Who(who): Who, Given(new): Given<NewList>) -> Result<Json<List>, Failure> {
    let id = who.door.stamps(1).micros.to_string();
    let new = Listed { name: new.title.unwrap_or_default(), members: None };
    Ok(Json(shown(submit_list(&who.door, &who.asked, id, new).await?.outcome)))
}

/// Shows a list.
#[utoipa::path(get, path = "/api/v1/lists/{id}", operation_id = "mastodon.list", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "The list", body = List), (status = "default", description = "An error", body = ErrorBody),
))]
async fn list(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<List>, Failure> {
    Ok(Json(shown(one(&who, id).await?)))
}

/// Gives a list another name.
#[utoipa::path(put, path = "/api/v1/lists/{id}", operation_id = "mastodon.change_list", tag = "mastodon", security(()),
    request_body = NewList, params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "The list", body = List), (status = "default", description = "An error", body = ErrorBody),
))]
async fn change_list(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(new): Given<NewList>,
) -> Result<Json<List>, Failure> {
    let before = one(&who, id.clone()).await?;
    let new = Listed { name: new.title.unwrap_or(before.name), members: Some(before.members) };
    Ok(Json(shown(submit_list(&who.door, &who.asked, id, new).await?.outcome)))
}

/// Lets a list go.
#[utoipa::path(delete, path = "/api/v1/lists/{id}", operation_id = "mastodon.drop_list", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "It is gone", body = Empty), (status = "default", description = "An error", body = ErrorBody),
))]
async fn drop_list(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<Empty>, Failure> {
    submit_drop(&who.door, &who.asked, id).await?;
    Ok(Json(Empty {}))
}

/// Lists the accounts of a list.
#[utoipa::path(get, path = "/api/v1/lists/{id}/accounts", operation_id = "mastodon.list_accounts", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "Accounts", body = [Account]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn members(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<Vec<Account>>, Failure> {
    let list = one(&who, id).await?;
    Ok(Json(who.accounts(&list.members).await))
}

async fn change_members(who: &Guest, id: String, given: Members, has: bool) -> Result<Json<Empty>, Failure> {
    let mut list = one(who, id.clone()).await?;
    let named: Vec<String> = given.account_ids.iter().map(|id| user(id)).collect::<Result<_, _>>()?;
    list.members.retain(|member| !named.contains(member));
    if has {
        list.members.extend(named);
    }
    submit_list(&who.door, &who.asked, id, Listed { name: list.name, members: Some(list.members) }).await?;
    Ok(Json(Empty {}))
}

/// Puts accounts on a list.
#[utoipa::path(post, path = "/api/v1/lists/{id}/accounts", operation_id = "mastodon.add_to_list", tag = "mastodon",
    security(()), request_body = Members, params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "They are on it", body = Empty), (status = "default", description = "An error", body = ErrorBody),
))]
async fn add_members(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(given): Given<Members>,
) -> Result<Json<Empty>, Failure> {
    change_members(&who, id, given, true).await
}

/// Takes accounts off a list.
#[utoipa::path(delete, path = "/api/v1/lists/{id}/accounts", operation_id = "mastodon.remove_from_list", tag = "mastodon",
    security(()), request_body = Members, params(("id" = String, Path, description = "The list")), responses(
    (status = 200, description = "They are not on it", body = Empty),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn remove_members(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(given): Given<Members>,
) -> Result<Json<Empty>, Failure> {
    change_members(&who, id, given, false).await
}
