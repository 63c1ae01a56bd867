//! The newest posts of many authors, wherever they lie: each partition is asked once for all of its authors, and what they
//! answer is merged by id.

use super::reader::Reader;
use crate::feeds::newest::AUTHORS_LIMIT;
use crate::runtime::problem::Problem;
use millrace_topics::feeds::{Answer, Entry, Newest, PostId, Query};
use millrace_topics::partition::partition_of;
use std::collections::{BTreeMap, VecDeque};

/// The fewest posts that a partition is asked for.
const LEAST: u32 = 8;

/// Authors of one partition, and what was read of them.
struct Source {
    key: String,
    authors: Vec<String>,
    /// What was read and not taken yet, the newest first: the author's place, and the post.
    waiting: VecDeque<(u32, Entry)>,
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
    pub fn new(
        reader: &mut Reader<'_>,
        authors: impl IntoIterator<Item = String>,
        (above, below): (Option<PostId>, Option<PostId>),
        chunk: u32,
    ) -> Self {
        let partitions = reader.partitions();
        let mut by_partition: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for author in authors {
            by_partition.entry(partition_of(author.as_bytes(), partitions)).or_default().push(author);
        }
        let mut sources = Vec::new();
        for (partition, authors) in by_partition {
            let key = reader.key(partition);
            sources.extend(authors.chunks(AUTHORS_LIMIT).map(|authors| Source {
                key: key.clone(),
                authors: authors.to_vec(),
                waiting: VecDeque::new(),
                next: Some(below),
            }));
        }
        // Each of many has a small part of a page; who has more is asked again.
        let part = chunk.saturating_mul(2) / u32::try_from(sources.len()).unwrap_or(u32::MAX).max(1);
        Self { sources, above, chunk: part.clamp(LEAST, chunk.max(LEAST)) }
    }

    /// The next post with its author, `None` where every source is dry.
    ///
    /// # Errors
    /// As [`Reader::ask`].
    pub async fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<(String, Entry)>, Problem> {
        self.fill(reader).await?;
        let newest = self.sources.iter_mut().max_by_key(|source| source.waiting.front().map(|(_, entry)| entry.id));
        let taken = newest.and_then(|source| {
            let (by, entry) = source.waiting.pop_front()?;
            Some((source.authors[by as usize].clone(), entry))
        });
        Ok(taken)
    }

    /// Asks every source of which nothing waits, until something does or it is dry.
    async fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Problem> {
        loop {
            let (above, limit, viewer) = (self.above, self.chunk, &reader.viewer);
            let empty = self.sources.iter_mut().filter(|source| source.waiting.is_empty());
            let mut empty: Vec<(&mut Source, Option<PostId>)> =
                empty.filter_map(|source| source.next.map(|below| (source, below))).collect();
            if empty.is_empty() {
                return Ok(());
            }
            let ask = |(source, below): &(&mut Source, Option<PostId>)| {
                let (key, authors, viewer) = (source.key.clone(), source.authors.clone(), viewer.clone());
                Query::Newest(Newest { key, authors, viewer, below: *below, above, limit })
            };
            let queries: Vec<Query> = empty.iter().map(ask).collect();
            for ((source, _), answer) in empty.iter_mut().zip(reader.ask_all(&queries).await?) {
                let Answer::Newest(found, next) = answer else { unreachable!("the newest posts were asked for") };
                source.waiting.extend(found.into_iter().map(|listed| (listed.by, listed.entry)));
                source.next = next.map(Some);
            }
        }
    }
}
