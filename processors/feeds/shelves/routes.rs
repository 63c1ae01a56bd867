//! The paths of lists, bookmarks and pins.

use crate::feeds::Feeding;
use crate::feeds::bodies::{ListBody, ListsBody, NewList, PageBody, PostBody, WhichPage};
use crate::feeds::home::reader::{Reader, Wanted};
use crate::feeds::home::{Cursor, Page, Wish, of_list};
use crate::feeds::posts::routes::find;
use crate::feeds::routes::{PAGE, PAGE_LIMIT, page_limit, post_id};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, Params, ProblemBody, Reading, Segments, Writing, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{
    Answer, Bookmarking, Command, ListOf, ListView, Listing, OnPost, Outcome, PostId, PostRef, PostView, Query, Shelf,
};
use millrace_topics::position::Positions;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(lists))
        .routes(routes!(list, set_list, drop_list))
        .routes(routes!(list_posts))
        .routes(routes!(bookmark, unbookmark))
        .routes(routes!(bookmarks))
        .routes(routes!(pin, unpin))
        .routes(routes!(pins))
        .routes(routes!(liked))
}

fn list_of(asked: &Asked, list: String) -> ListOf {
    ListOf { user: asked.caller.id.clone(), list }
}

/// The lists of who asks, or one of them.
pub(in crate::feeds) async fn read_lists(
    door: &Door,
    asked: &Asked,
    list: Option<String>,
) -> Result<Read<Vec<ListView>>, Problem> {
    let query = Query::Lists { user: asked.caller.id.clone(), list };
    let Read { answer, positions } = door.ask::<Feeding>(asked, &query).await?;
    let Answer::Lists(lists) = answer else { unreachable!("lists were asked for") };
    Ok(Read { answer: lists, positions })
}

/// Sets a list of who asks.
pub(in crate::feeds) async fn submit_list(
    door: &Door,
    asked: &Asked,
    list: String,
    new: NewList,
) -> Result<Done<ListView>, Undone> {
    let listing = Listing { of: list_of(asked, list), name: new.name, members: new.members.unwrap_or_default() };
    let done = door.submit::<Feeding>(asked, &Command::SetList(Box::new(listing))).await?;
    let Outcome::List(list) = done.outcome else { unreachable!("a list was set") };
    Ok(Done { outcome: list, positions: done.positions, replayed: done.replayed })
}

/// Lets a list of who asks go.
pub(in crate::feeds) async fn submit_drop(door: &Door, asked: &Asked, list: String) -> Result<Done<Outcome>, Undone> {
    door.submit::<Feeding>(asked, &Command::DropList(list_of(asked, list))).await
}

/// Lists the lists of whoever asks.
#[utoipa::path(get, path = "/v1/feeds/lists", tag = "feeds", responses(
    (status = 200, description = "Lists", body = ListsBody),
    ProblemBody,
))]
async fn lists(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    let read = read_lists(&door, &asked, None).await?;
    Ok(answer(read, |lists| ListsBody { lists: lists.into_iter().map(ListBody::of).collect() }))
}

/// Shows a list of whoever asks.
#[utoipa::path(get, path = "/v1/feeds/lists/{list}", tag = "feeds",
    params(("list" = String, Path, description = "The list")), responses(
    (status = 200, description = "The list", body = ListBody),
    ProblemBody,
))]
async fn list(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(list): Segments<String>,
) -> Result<Response, Problem> {
    let read = read_lists(&door, &asked, Some(list)).await?;
    Ok(answer(read, |lists| ListBody::of(lists.into_iter().next().expect("one was asked for"))))
}

/// Makes a list, or changes it.
#[utoipa::path(put, path = "/v1/feeds/lists/{list}", tag = "feeds", request_body = NewList,
    params(("list" = String, Path, description = "The list: [a-z0-9][a-z0-9._-]{0,63}")), responses(
    (status = 200, description = "The list", body = ListBody),
    ProblemBody,
))]
async fn set_list(
    State(door): State<Door>,
    Segments(list): Segments<String>,
    Body(asked, new): Body<NewList>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_list(&door, &asked, list, new).await?, ListBody::of))
}

/// Lets a list go.
#[utoipa::path(delete, path = "/v1/feeds/lists/{list}", tag = "feeds",
    params(("list" = String, Path, description = "The list")), responses(
    (status = 200, description = "The lists that are left", body = ListsBody),
    ProblemBody,
))]
async fn drop_list(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(list): Segments<String>,
) -> Result<Response, Undone> {
    let done = submit_drop(&door, &asked, list).await?;
    let done = done.showing(read_lists(&door, &now(&asked), None).await?);
    Ok(respond(StatusCode::OK, done, |lists| ListsBody { lists: lists.into_iter().map(ListBody::of).collect() }))
}

fn now(asked: &Asked) -> Asked {
    Asked { min_position: Positions::default(), ..asked.clone() }
}

/// Reads what the accounts of a list wrote, the newest first.
#[utoipa::path(get, path = "/v1/feeds/lists/{list}/posts", tag = "feeds",
    params(("list" = String, Path, description = "The list"), WhichPage), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn list_posts(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(list): Segments<String>,
    Params(which): Params<WhichPage>,
) -> Result<Response, Problem> {
    let scope = format!("feeds/list/{}/{list}", asked.caller.id);
    let from = which.cursor.map(|cursor| door.open_cursor::<Cursor>(&scope, &cursor)).transpose()?;
    let limit = page_limit(which.limit, PAGE, PAGE_LIMIT)?;
    let wish = Wish { limit, from: from.unwrap_or_default(), ..Wish::default() };
    let read = of_list(&door, &asked, list, &wish).await?;
    Ok(answer(read, |page| PageBody::of(&door, &scope, page)))
}

/// A page of posts that somebody has put aside.
pub(in crate::feeds) async fn shelf(
    door: &Door,
    asked: &Asked,
    which: Shelf,
    from: Option<PostId>,
    limit: usize,
) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let (mut page, mut below) = (Page::default(), from);
    loop {
        let left = u32::try_from(limit - page.items.len()).expect("a page is short");
        let query = Query::Shelf { user: reader.viewer.clone(), which, below, limit: left };
        let Answer::Linked(found, goes_on) = reader.ask(&query).await? else { unreachable!("posts were asked for") };
        below = found.last().map(|post| post.id);
        let wanted: Vec<Wanted> = found.into_iter().map(|post| Wanted { id: post.id, repost_of: None }).collect();
        page.items.extend(reader.items(&wanted, false).await?.into_iter().flatten());
        if !goes_on || page.items.len() == limit {
            page.next = below.filter(|_| goes_on).map(|below| Cursor { below: Some(below), recent: Vec::new() });
            return Ok(Read { answer: page, positions: reader.positions });
        }
    }
}

async fn put_aside(door: &Door, asked: &Asked, which: Shelf, page: WhichPage) -> Result<Response, Problem> {
    let scope = format!("feeds/{which:?}/{}", asked.caller.id);
    let from = page.cursor.map(|cursor| door.open_cursor::<Cursor>(&scope, &cursor)).transpose()?;
    let limit = page_limit(page.limit, PAGE, PAGE_LIMIT)?;
    let read = shelf(door, asked, which, from.and_then(|from| from.below), limit).await?;
    Ok(answer(read, |page| PageBody::of(door, &scope, page)))
}

/// Lists the bookmarks of whoever asks, the newest posts first.
#[utoipa::path(get, path = "/v1/feeds/bookmarks", tag = "feeds", params(WhichPage), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn bookmarks(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(page): Params<WhichPage>,
) -> Result<Response, Problem> {
    put_aside(&door, &asked, Shelf::Bookmarks, page).await
}

/// Lists what whoever asks likes, the newest posts first.
#[utoipa::path(get, path = "/v1/feeds/likes", tag = "feeds", params(WhichPage), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn liked(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(page): Params<WhichPage>,
) -> Result<Response, Problem> {
    put_aside(&door, &asked, Shelf::Likes, page).await
}

/// Puts a post aside for who asks, or lets it go.
pub(in crate::feeds) async fn submit_bookmark(
    door: &Door,
    asked: &Asked,
    id: PostId,
    has: bool,
) -> Result<Done<PostView>, Undone> {
    let Read { answer: post, .. } = find(door, &now(asked), id).await?;
    let of = PostRef { id, author: post.author.clone() };
    let bookmarking = Bookmarking { user: asked.caller.id.clone(), post: of };
    let command = if has { Command::Bookmark(bookmarking) } else { Command::Unbookmark(bookmarking) };
    let done = door.submit::<Feeding>(asked, &command).await?;
    Ok(Done { outcome: post, positions: done.positions, replayed: done.replayed })
}

/// Puts a post aside for whoever asks.
#[utoipa::path(put, path = "/v1/feeds/posts/{post}/bookmark", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn bookmark(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_bookmark(&door, &asked, post_id(&id)?, true).await?, PostBody::of))
}

/// Lets a bookmark go.
#[utoipa::path(delete, path = "/v1/feeds/posts/{post}/bookmark", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn unbookmark(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_bookmark(&door, &asked, post_id(&id)?, false).await?, PostBody::of))
}

/// Pins a post to the page of who asks, or lets it go.
pub(in crate::feeds) async fn submit_pin(
    door: &Door,
    asked: &Asked,
    id: PostId,
    has: bool,
) -> Result<Done<PostView>, Undone> {
    let on = OnPost { author: asked.caller.id.clone(), post: id };
    let command = if has { Command::Pin(on) } else { Command::Unpin(on) };
    let done = door.submit::<Feeding>(asked, &command).await?;
    Ok(done.showing(find(door, &now(asked), id).await?))
}

/// Pins a post of whoever asks to its own page.
#[utoipa::path(put, path = "/v1/feeds/posts/{post}/pin", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn pin(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_pin(&door, &asked, post_id(&id)?, true).await?, PostBody::of))
}

/// Lets a pin go.
#[utoipa::path(delete, path = "/v1/feeds/posts/{post}/pin", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn unpin(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_pin(&door, &asked, post_id(&id)?, false).await?, PostBody::of))
}

/// The posts that an account has pinned to its page.
pub(in crate::feeds) async fn read_pins(door: &Door, asked: &Asked, user: String) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let viewer = reader.viewer.clone();
    reader.ask(&Query::User { user: user.clone(), viewer }).await?;
    let Answer::Linked(found, _) = reader.ask(&Query::Pins { user }).await? else {
        unreachable!("pins were asked for")
    };
    let wanted: Vec<Wanted> = found.into_iter().map(|post| Wanted { id: post.id, repost_of: None }).collect();
    let items = reader.items(&wanted, false).await?.into_iter().flatten().collect();
    Ok(Read { answer: Page { items, next: None }, positions: reader.positions })
}

/// Lists the posts that an account has pinned to its page.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/pins", tag = "feeds",
    params(("user" = String, Path, description = "The account")), responses(
    (status = 200, description = "Posts", body = PageBody),
    ProblemBody,
))]
async fn pins(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
) -> Result<Response, Problem> {
    let read = read_pins(&door, &asked, user).await?;
    Ok(answer(read, |page| PageBody::of(&door, "feeds/pins", page)))
}
