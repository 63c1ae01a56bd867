//! The paths of feeds: the home of whoever asks, and what one author wrote.

use crate::feeds::bodies::{Mode, PageBody, WhichFeed, WhichPage};
use crate::feeds::home::{Cursor, Wish, author, latest};
use crate::feeds::routes::{PAGE, PAGE_LIMIT, page_limit};
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Params, ProblemBody, Reading, Segments, answer};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(feed)).routes(routes!(by_author))
}

fn wish(door: &Door, scope: &str, limit: Option<u32>, cursor: Option<&String>) -> Result<Wish, Problem> {
    let from = cursor.map(|cursor| door.open_cursor::<Cursor>(scope, cursor)).transpose()?;
    let limit = page_limit(limit, PAGE, PAGE_LIMIT)?;
    Ok(Wish { limit, from: from.unwrap_or_default(), ..Wish::default() })
}

fn scope(list: &str, asked: &Asked) -> String {
    format!("feeds/{list}/{}", asked.caller.id)
}

/// Reads the feed of whoever asks: what those write whom it follows. A page is never empty while something is left.
#[utoipa::path(get, path = "/v1/feeds", tag = "feeds", params(WhichFeed), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn feed(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(which): Params<WhichFeed>,
) -> Result<Response, Problem> {
    let (Mode::Latest, own) = (which.mode.unwrap_or(Mode::Latest), which.own.unwrap_or_default());
    let scope = scope(if own { "home-own" } else { "home" }, &asked);
    let wish = Wish { own, ..wish(&door, &scope, which.limit, which.cursor.as_ref())? };
    let read = latest(&door, &asked, &wish).await?;
    Ok(answer(read, |page| PageBody::of(&door, &scope, page)))
}

/// Lists what an author wrote, the newest first, as far as who asks may see it.
#[utoipa::path(get, path = "/v1/feeds/users/{user}/posts", tag = "feeds",
    params(("user" = String, Path, description = "The author"), WhichPage), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn by_author(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(user): Segments<String>,
    Params(which): Params<WhichPage>,
) -> Result<Response, Problem> {
    let scope = scope(&format!("by/{user}"), &asked);
    let wish = wish(&door, &scope, which.limit, which.cursor.as_ref())?;
    let read = author(&door, &asked, user, &wish).await?;
    Ok(answer(read, |page| PageBody::of(&door, &scope, page)))
}
