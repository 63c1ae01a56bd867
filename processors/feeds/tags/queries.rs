//! What can be asked about a tag.

use crate::feeds::tags::Tags;
use crate::feeds::tags::tables::TAGGED;
use crate::runtime::system::Partitions;
use millrace_state::key::Desc;
use millrace_topics::feeds::{PostId, PostRef, TagAnswer, TagQuery};

type View<'a> = crate::runtime::view::View<'a, Tags>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &TagQuery) -> Partitions {
    let TagQuery::Tagged { tag, .. } = query;
    Partitions::One(tag.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &TagQuery, answers: Vec<TagAnswer>) -> TagAnswer {
    answers.into_iter().next().expect("one partition was asked")
}

/// Answers a query.
#[must_use]
pub fn answer(view: &View<'_>, query: TagQuery) -> TagAnswer {
    let TagQuery::Tagged { tag, below, limit } = query;
    let mut rows = TAGGED.under(&(tag.clone(),));
    if let Some(below) = below {
        rows = rows.beyond(&TAGGED.raw_key(&(tag, Desc(below.0))));
    }
    let rows = view.scan(TAGGED, &rows).take(limit as usize + 1);
    let mut found: Vec<PostRef> = rows.map(|((_, Desc(id)), author)| PostRef { id: PostId(id), author }).collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    TagAnswer::Tagged(found, goes_on)
}
