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
    match query {
        TagQuery::Tagged { tag, .. } => Partitions::One(tag.as_bytes().to_vec()),
        TagQuery::Trends { .. } => Partitions::All,
    }
}

/// The answer of the one partition that was asked, or the trends of all.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(query: &TagQuery, answers: Vec<TagAnswer>) -> TagAnswer {
    let TagQuery::Trends { limit } = query else {
        return answers.into_iter().next().expect("one partition was asked");
    };
    let of = |answer| match answer {
        TagAnswer::Trends(trends) => trends,
        TagAnswer::Tagged(..) => unreachable!("trends were asked for"),
    };
    let mut all: Vec<_> = answers.into_iter().flat_map(of).collect();
    all.sort_unstable_by(|one, other| (other.posts, &other.tag).cmp(&(one.posts, &one.tag)));
    all.truncate(*limit as usize);
    TagAnswer::Trends(all)
}

/// Answers a query.
#[must_use]
pub fn answer(view: &View<'_>, query: TagQuery) -> TagAnswer {
    let (tag, below, limit) = match query {
        TagQuery::Tagged { tag, below, limit } => (tag, below, limit),
        TagQuery::Trends { limit } => return TagAnswer::Trends(view.engine.top(view.now(), limit as usize)),
    };
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
