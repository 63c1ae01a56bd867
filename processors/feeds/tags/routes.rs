//! The paths of tags.

use crate::feeds::bodies::{HowMany, PageBody, TrendsBody, WhichPage};
use crate::feeds::home::reader::{Reader, Wanted};
use crate::feeds::home::{Cursor, Page};
use crate::feeds::routes::{PAGE, PAGE_LIMIT, page_limit};
use crate::feeds::tags::Tags;
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Params, ProblemBody, Reading, Segments, answer};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::feeds::{TagAnswer, TagQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(tagged)).routes(routes!(trends))
}

/// Lists the posts under a tag, the newest first.
#[utoipa::path(get, path = "/v1/feeds/tags/{tag}", tag = "feeds",
    params(("tag" = String, Path, description = "The tag, without `#`"), WhichPage), responses(
    (status = 200, description = "A page", body = PageBody),
    ProblemBody,
))]
async fn tagged(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(tag): Segments<String>,
    Params(which): Params<WhichPage>,
) -> Result<Response, Problem> {
    let tag = tag.to_lowercase();
    let scope = format!("feeds/tag/{tag}/{}", asked.caller.id);
    let from = which.cursor.map(|cursor| door.open_cursor::<Cursor>(&scope, &cursor)).transpose()?;
    let limit = page_limit(which.limit, PAGE, PAGE_LIMIT)?;
    let read = page(&door, &asked, &tag, from.unwrap_or_default(), limit).await?;
    Ok(answer(read, |page| PageBody::of(&door, &scope, page)))
}

/// Reads a page of a tag: until it is full, or there is no more.
pub(in crate::feeds) async fn page(
    door: &Door,
    asked: &Asked,
    tag: &str,
    from: Cursor,
    limit: usize,
) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let (mut page, mut below) = (Page::default(), from.below);
    loop {
        let left = u32::try_from(limit - page.items.len()).expect("a page is short");
        let query = TagQuery::Tagged { tag: tag.to_owned(), below, limit: left };
        let Read { answer, positions } = door.ask::<Tags>(asked, &query).await?;
        reader.positions.merge(&positions);
        let TagAnswer::Tagged(found, goes_on) = answer else { unreachable!("posts were asked for") };
        below = found.last().map(|post| post.id);
        let wanted: Vec<Wanted> = found.into_iter().map(|post| Wanted { id: post.id, repost_of: None }).collect();
        // An edit holds at once, also before the tag's partition has heard of it.
        let items = reader.items(&wanted, true).await?.into_iter().flatten();
        page.items.extend(items.filter(|item| item.post.tags.iter().any(|has| has == tag)));
        if !goes_on || page.items.len() == limit {
            page.next = below.filter(|_| goes_on).map(|below| Cursor { below: Some(below), recent: Vec::new() });
            return Ok(Read { answer: page, positions: reader.positions });
        }
    }
}

/// Lists the tags that most public posts of the last 24 hours have.
#[utoipa::path(get, path = "/v1/feeds/trends", tag = "feeds", params(HowMany), responses(
    (status = 200, description = "Tags", body = TrendsBody),
    ProblemBody,
))]
async fn trends(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(many): Params<HowMany>,
) -> Result<Response, Problem> {
    let limit = u32::try_from(page_limit(many.limit, 10, 100)?).expect("a page is short");
    let read = door.ask::<Tags>(&asked, &TagQuery::Trends { limit }).await?;
    Ok(answer(read, |found| match found {
        TagAnswer::Trends(tags) => TrendsBody { tags },
        TagAnswer::Tagged(..) => unreachable!("trends were asked for"),
    }))
}
