//! The newest posts of some authors of one partition, merged: out of the rings in memory, and out of the table where somebody
//! has scrolled below them.

use crate::feeds::accounts::Account;
use crate::feeds::queries::View;
use crate::feeds::sight;
use crate::feeds::tables::BY_AUTHOR;
use millrace_state::key::Desc;
use millrace_topics::feeds::{Answer, Entry, Listed, Newest, PostId, Visibility};
use std::collections::BinaryHeap;

/// The most authors that one question may name: each may have to be looked for in the table.
pub const AUTHORS_LIMIT: usize = 100;

/// How many rows of an author are read from the table at a time.
const CHUNK: usize = 8;

/// How many rows are read from the table for a question beside the first of each author; what is missing then is asked for
/// again.
const MORE_ROWS: usize = 400;

/// Merges the newest posts that who looks may see.
#[must_use]
pub fn newest(view: &View<'_>, asked: &Newest) -> Answer {
    let mut sources: Vec<Source<'_>> = Vec::with_capacity(asked.authors.len());
    for (by, author) in (0..).zip(asked.authors.iter().take(AUTHORS_LIMIT)) {
        let Some(account) = view.engine.get(author) else { continue };
        // The author's own word, so it holds at once.
        if account.blocks.contains(&asked.viewer) {
            continue;
        }
        sources.push(Source {
            by,
            author,
            account,
            rows: Vec::new(),
            from: None,
            follows: None,
            has_read: false,
            head: None,
        });
    }
    let mut heads = BinaryHeap::with_capacity(sources.len());
    let mut budget = MORE_ROWS;
    for (index, source) in sources.iter_mut().enumerate() {
        heads.extend(source.advance(view, asked, asked.below, &mut budget).map(|id| (id, index)));
    }
    let mut found: Vec<Listed> = Vec::with_capacity(asked.limit as usize);
    while let Some((id, index)) = heads.pop() {
        let source = &mut sources[index];
        let entry = match source.head.take() {
            Some(Next::Post(entry)) if found.len() < asked.limit as usize => entry,
            // Whatever is above was given.
            Some(Next::Post(_)) => return goes_on(found),
            _ => return Answer::Newest(found, Some(id)),
        };
        found.push(Listed { by: source.by, entry });
        heads.extend(source.advance(view, asked, Some(id), &mut budget).map(|id| (id, index)));
    }
    Answer::Newest(found, None)
}

fn goes_on(found: Vec<Listed>) -> Answer {
    let last = found.last().map(|listed| listed.entry.id);
    Answer::Newest(found, last)
}

/// What comes next of a source.
enum Next {
    /// A post.
    Post(Entry),
    /// Nothing more now: so many rows were read that others must get their turn. It goes on below this id.
    Spent(PostId),
}

/// An author, and what was read of his older posts.
struct Source<'a> {
    by: u32,
    author: &'a str,
    account: &'a Account,
    /// Rows of the table, the newest last.
    rows: Vec<Entry>,
    /// Where the ring is read next, from its end; none before it was looked for.
    from: Option<usize>,
    /// Whether who looks follows him, once it was asked.
    follows: Option<bool>,
    /// True if rows of it were read.
    has_read: bool,
    /// What comes next.
    head: Option<Next>,
}

impl Source<'_> {
    /// Finds what comes next below `below`, and says its id, unless there is nothing.
    fn advance(
        &mut self,
        view: &View<'_>,
        asked: &Newest,
        below: Option<PostId>,
        budget: &mut usize,
    ) -> Option<PostId> {
        self.head = self.next(view, asked, below, budget);
        self.head.as_ref().map(|next| match next {
            Next::Post(entry) => entry.id,
            Next::Spent(at) => *at,
        })
    }

    /// The next post below `below` that may be seen, unless there is none.
    fn next(&mut self, view: &View<'_>, asked: &Newest, mut below: Option<PostId>, budget: &mut usize) -> Option<Next> {
        loop {
            if !self.fill(view, below, budget) {
                return Some(Next::Spent(below.expect("the first rows of an author are always read")));
            }
            let entry = self.take()?;
            if asked.above.is_some_and(|above| entry.id <= above) {
                return None;
            }
            if self.may_see(view, asked, &entry) {
                return Some(Next::Post(entry));
            }
            below = Some(entry.id);
        }
    }

    /// Sees to it that the next post can be taken, if there is one; false if that would cost too much now.
    fn fill(&mut self, view: &View<'_>, below: Option<PostId>, budget: &mut usize) -> bool {
        let ring = self.account.recent();
        let from = *self.from.get_or_insert_with(|| match below {
            Some(below) => ring.partition_point(|entry| entry.id < below),
            None => ring.len(),
        });
        if from > 0 || !self.rows.is_empty() || !self.account.goes_deeper() {
            return true;
        }
        // The first rows of each are read in any case, so that there is a place where it goes on.
        if std::mem::replace(&mut self.has_read, true) {
            if *budget < CHUNK {
                return false;
            }
            *budget -= CHUNK;
        }
        let mut rows = BY_AUTHOR.under(&(self.author.to_owned(),));
        if let Some(below) = below {
            rows = rows.beyond(&BY_AUTHOR.raw_key(&(self.author.to_owned(), Desc(below.0))));
        }
        self.rows = view.scan(BY_AUTHOR, &rows).take(CHUNK).map(|(_, entry)| entry).collect();
        self.rows.reverse();
        true
    }

    fn take(&mut self) -> Option<Entry> {
        let from = self.from.as_mut().filter(|from| **from > 0);
        let Some(from) = from else { return self.rows.pop() };
        *from -= 1;
        Some(self.account.recent()[*from].clone())
    }

    fn may_see(&mut self, view: &View<'_>, asked: &Newest, entry: &Entry) -> bool {
        if *self.author == *asked.viewer {
            return true;
        }
        if !self.account.private && entry.visibility != Visibility::Followers {
            return true;
        }
        *self.follows.get_or_insert_with(|| sight::is_follower(view, self.author, &asked.viewer))
    }
}
