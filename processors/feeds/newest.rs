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

/// Merges the newest posts that who looks may see. Of each author only as many are looked at as are taken, and the next one.
#[must_use]
pub fn newest(view: &View<'_>, asked: &Newest) -> Answer {
    let mut sources: Vec<Source<'_>> = Vec::with_capacity(asked.authors.len());
    for (by, handle) in (0..).zip(asked.authors.iter().take(AUTHORS_LIMIT)) {
        let Some(account) = view.engine.get_by(*handle) else { continue };
        // The author's own word, so it holds at once.
        if account.blocks.contains(&asked.viewer) {
            continue;
        }
        sources.push(Source::new(by, account, asked.below));
    }
    let mut budget = MORE_ROWS;
    let first = |(index, source): (usize, &mut Source<'_>)| {
        source.look(view, asked, asked.below, &mut budget).map(|id| (id, index))
    };
    let mut heads: BinaryHeap<(PostId, usize)> = sources.iter_mut().enumerate().filter_map(first).collect();
    let limit = asked.limit as usize;
    let mut found: Vec<Listed> = Vec::with_capacity(limit);
    while let Some((id, index)) = heads.pop() {
        let source = &mut sources[index];
        if source.is_spent {
            return Answer::Newest(found, Some(id));
        }
        // Whatever is above was given.
        if found.len() == limit {
            return goes_on(found);
        }
        found.extend(source.take(view, asked).map(|entry| Listed { by: source.by, entry }));
        heads.extend(source.look(view, asked, Some(id), &mut budget).map(|id| (id, index)));
    }
    Answer::Newest(found, None)
}

fn goes_on(found: Vec<Listed>) -> Answer {
    let last = found.last().map(|listed| listed.entry.id);
    Answer::Newest(found, last)
}

/// An author, and what was read of his older posts.
struct Source<'a> {
    by: u32,
    account: &'a Account,
    /// Rows of the table, the newest last.
    rows: Vec<Entry>,
    /// Where the ring is read next, from its end.
    from: usize,
    /// Whether who looks follows him, once it was asked.
    follows: Option<bool>,
    /// True if rows of it were read.
    has_read: bool,
    /// True if so many rows were read that others must get their turn: it goes on below the id that it says.
    is_spent: bool,
}

impl<'a> Source<'a> {
    fn new(by: u32, account: &'a Account, below: Option<PostId>) -> Self {
        let ring = account.recent();
        let from = match below {
            Some(below) => ring.partition_point(|entry| entry.id < below),
            None => ring.len(),
        };
        Self { by, account, rows: Vec::new(), from, follows: None, has_read: false, is_spent: false }
    }

    /// The id of what comes next below `below`, unless there is nothing.
    fn look(
        &mut self,
        view: &View<'_>,
        asked: &Newest,
        below: Option<PostId>,
        budget: &mut usize,
    ) -> Option<PostId> {
        if self.next().is_none() && self.account.goes_deeper() {
            self.is_spent = !self.fill(view, below, budget);
        }
        let id = if self.is_spent { below } else { self.next().map(|entry| entry.id) };
        id.filter(|id| asked.above.is_none_or(|above| *id > above))
    }

    fn next(&self) -> Option<&Entry> {
        match self.from {
            0 => self.rows.last(),
            from => self.account.recent().get(from - 1),
        }
    }

    /// Reads the next rows of the table; false if that would cost too much now.
    fn fill(&mut self, view: &View<'_>, below: Option<PostId>, budget: &mut usize) -> bool {
        // The first rows of each are read in any case, so that there is a place where it goes on.
        if std::mem::replace(&mut self.has_read, true) {
            if *budget < CHUNK {
                return false;
            }
            *budget -= CHUNK;
        }
        let author = &self.account.name;
        let mut rows = BY_AUTHOR.under(&(author.clone(),));
        if let Some(below) = below {
            rows = rows.beyond(&BY_AUTHOR.raw_key(&(author.clone(), Desc(below.0))));
        }
        self.rows = view.scan(BY_AUTHOR, &rows).take(CHUNK).map(|(_, entry)| entry).collect();
        self.rows.reverse();
        true
    }

    /// Takes what comes next, if it may be seen.
    fn take(&mut self, view: &View<'_>, asked: &Newest) -> Option<Entry> {
        let entry = match self.from {
            0 => self.rows.pop(),
            from => {
                self.from -= 1;
                self.account.recent().get(from - 1).cloned()
            }
        };
        entry.filter(|entry| self.may_see(view, asked, entry))
    }

    fn may_see(&mut self, view: &View<'_>, asked: &Newest, entry: &Entry) -> bool {
        if self.account.name == asked.viewer {
            return true;
        }
        if !self.account.private && entry.visibility != Visibility::Followers {
            return true;
        }
        *self.follows.get_or_insert_with(|| sight::is_follower(view, &self.account.name, &asked.viewer))
    }
}
