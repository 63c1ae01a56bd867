//! The newest posts of many authors, wherever they lie: each partition is asked once for all of its authors, and what they
//! answer is merged by id.

use super::reader::Reader;
use super::sources::Group;
use crate::runtime::problem::Problem;
use millrace_topics::feeds::{Answer, Entry, Listed, Newest, PostId, Query};
use std::collections::VecDeque;
use std::sync::Arc;

/// The fewest posts that a partition is asked for.
const LEAST: u32 = 8;

/// Authors of one partition, and what was read of them.
struct Source {
    group: Arc<Group>,
    /// What was read and not taken yet, the newest first: the author's place, and the post.
    waiting: VecDeque<Listed>,
    /// Where it goes on: below this id, `None` if there is no more.
    next: Option<Option<PostId>>,
}

/// A merge that can be read on and on.
pub struct Merge {
    sources: Vec<Source>,
    above: Option<PostId>,
    /// How many posts are asked of a partition at a time.
    chunk: u32,
}

impl Merge {
    /// A merge of these authors below an id, of which about `chunk` posts will be read.
    pub fn new(groups: Vec<Arc<Group>>, (above, below): (Option<PostId>, Option<PostId>), chunk: u32) -> Self {
        let source = |group| Source { group, waiting: VecDeque::new(), next: Some(below) };
        let sources: Vec<Source> = groups.into_iter().map(source).collect();
        // Each of many has a small part of a page; who has more is asked again.
        let part = chunk.saturating_mul(2) / u32::try_from(sources.len()).unwrap_or(u32::MAX).max(1);
        Self { sources, above, chunk: part.clamp(LEAST, chunk.max(LEAST)) }
    }

    /// The next post with its author, `None` where every source is dry.
    ///
    /// # Errors
    /// As [`Reader::ask`].
    pub async fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<(Arc<str>, Entry)>, Problem> {
        self.fill(reader).await?;
        let newest = self.sources.iter_mut().max_by_key(|source| source.waiting.front().map(|listed| listed.entry.id));
        let taken = newest.and_then(|source| {
            let Listed { by, entry } = source.waiting.pop_front()?;
            Some((source.group.authors[by as usize].clone(), entry))
        });
        Ok(taken)
    }

    /// Asks every source of which nothing waits, until something does or it is dry.
    async fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Problem> {
        loop {
            let (above, limit) = (self.above, self.chunk);
            let empty = self.sources.iter_mut().filter(|source| source.waiting.is_empty());
            let mut empty: Vec<(&mut Source, Option<PostId>)> =
                empty.filter_map(|source| source.next.map(|below| (source, below))).collect();
            if empty.is_empty() {
                return Ok(());
            }
            let ask = |(source, below): &(&mut Source, Option<PostId>)| {
                let (key, viewer) = (reader.key(source.group.partition), reader.viewer.clone());
                Query::Newest(Newest {
                    key,
                    authors: source.group.handles.clone(),
                    viewer,
                    below: *below,
                    above,
                    limit,
                })
            };
            let queries: Vec<Query> = empty.iter().map(ask).collect();
            for ((source, _), answer) in empty.iter_mut().zip(reader.ask_all(&queries).await?) {
                let Answer::Newest(found, next) = answer else { unreachable!("the newest posts were asked for") };
                source.waiting = found.into();
                source.next = next.map(Some);
            }
        }
    }
}
