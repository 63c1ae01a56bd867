//! The paths of feeds: the home of whoever asks, and what one author wrote.

use crate::feeds::bodies::{
    ExplainedBody, HowMany, Mode, PageBody, SuggestionBody, SuggestionsBody, WhichFeed, WhichPage,
};
use crate::feeds::home::ranked::{self, explain, ranked};
use crate::feeds::home::suggest::suggest;
use crate::feeds::home::{Cursor, Wish, author, latest};
use crate::feeds::routes::{PAGE, PAGE_LIMIT, page_limit, post_id};
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Params, ProblemBody, Reading, Segments, action, answer, unknown_action};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(feed))
        .routes(routes!(by_author))
        .routes(routes!(explained))
        .routes(routes!(suggestions))
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
    let own = which.own.unwrap_or_default();
    if which.mode == Some(Mode::Ranked) {
        let scope = scope("ranked", &asked);
        let from = which.cursor.map(|cursor| door.open_cursor::<ranked::Cursor>(&scope, &cursor)).transpose()?;
        let read = ranked(&door, &asked, from, page_limit(which.limit, PAGE, PAGE_LIMIT)?).await?;
        return Ok(answer(read, |page| PageBody::ranked(&door, &scope, page)));
    }
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

/// `…:explain` says why whoever asks sees a post in the ranked feed, or does not: every factor of its score, and its place.
/// With `?at=` and the `position` of an answer it says the same again later.
#[utoipa::path(get, path = "/v1/feeds/{item}", tag = "feeds",
    params(("item" = String, Path, description = "item:explain")), responses(
    (status = 200, description = "Why", body = ExplainedBody),
    ProblemBody,
))]
async fn explained(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(named): Segments<String>,
) -> Result<Response, Problem> {
    let (id, verb) = action(&named)?;
    if verb != "explain" {
        return Err(unknown_action(verb));
    }
    let item = post_id(id)?;
    let read = explain(&door, &asked, item).await?;
    let position = read.positions.to_string();
    Ok(answer(read, |explained| ExplainedBody::of(id.to_owned(), position, explained)))
}

/// Lists whom those follow whom whoever asks follows, of 50 of them, and who is not followed yet.
#[utoipa::path(get, path = "/v1/feeds/suggestions", tag = "feeds", params(HowMany), responses(
    (status = 200, description = "Accounts", body = SuggestionsBody),
    ProblemBody,
))]
async fn suggestions(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(many): Params<HowMany>,
) -> Result<Response, Problem> {
    let read = suggest(&door, &asked, page_limit(many.limit, 10, 100)?).await?;
    let body = |(user, followed_by)| SuggestionBody { user, followed_by };
    Ok(answer(read, |found| SuggestionsBody { users: found.into_iter().map(body).collect() }))
}
