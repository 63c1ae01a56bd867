//! The newest posts of some authors of one partition, merged: out of the rings in memory, and out of the table where somebody
//! has scrolled below them.

use crate::feeds::accounts::Account;
use crate::feeds::inboxes::Inbox;
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

/// Finds the newest posts that who looks may see: in his inbox, if he has one that goes so far, else with the authors.
#[must_use]
pub fn newest(view: &View<'_>, asked: &Newest) -> Answer {
    let authors = &asked.authors[..asked.authors.len().min(AUTHORS_LIMIT)];
    let mut inboxes = view.engine.inboxes();
    let inbox = inboxes.read(&asked.viewer, authors);
    if let Some(inbox) = inbox.filter(|inbox| asked.below.is_none_or(|below| below.0 > inbox.floor.0 + 1)) {
        let pulled: Vec<(u32, u128)> = inbox.pulled.iter().map(|by| (*by, authors[*by as usize])).collect();
        return Merge::new(view, asked, &pulled, Some(inbox)).run();
    }
    let has_one = inbox.is_some();
    drop(inboxes);
    let pulled: Vec<(u32, u128)> = (0..).zip(authors.iter().copied()).collect();
    let answer = Merge::new(view, asked, &pulled, None).run();
    if !has_one && asked.below.is_none() {
        view.engine.fill_inbox(&asked.viewer, authors);
    }
    answer
}

/// Stands for the inbox among the sources of a merge.
const INBOX: usize = usize::MAX;

/// A merge of authors, and perhaps of an inbox. Of each author only as many posts are looked at as are taken, and the next one.
struct Merge<'a> {
    view: &'a View<'a>,
    asked: &'a Newest,
    sources: Vec<Source<'a>>,
    inbox: Option<&'a Inbox>,
    /// Where the inbox is read next, from its end.
    from: usize,
    heads: BinaryHeap<(PostId, usize)>,
    budget: usize,
}

impl<'a> Merge<'a> {
    fn new(view: &'a View<'a>, asked: &'a Newest, pulled: &[(u32, u128)], inbox: Option<&'a Inbox>) -> Self {
        let mut sources: Vec<Source<'_>> = Vec::with_capacity(pulled.len());
        for (by, handle) in pulled {
            let Some(account) = view.engine.get_by(*handle) else { continue };
            // The author's own word, so it holds at once.
            if !account.blocks.contains(&asked.viewer) {
                sources.push(Source::new(*by, account, asked.below));
            }
        }
        let from = inbox.map_or(0, |inbox| match asked.below {
            Some(below) => inbox.posts.partition_point(|(id, _)| *id < below),
            None => inbox.posts.len(),
        });
        let heads = BinaryHeap::with_capacity(sources.len() + 1);
        Self { view, asked, sources, inbox, from, heads, budget: MORE_ROWS }
    }

    fn run(mut self) -> Answer {
        let first = |(index, source): (usize, &mut Source<'_>)| {
            source.look(self.view, self.asked, self.asked.below, &mut self.budget).map(|id| (id, index))
        };
        self.heads = self.sources.iter_mut().enumerate().filter_map(first).collect();
        self.look_into_inbox();
        let limit = self.asked.limit as usize;
        let mut found: Vec<Listed> = Vec::with_capacity(limit);
        while let Some((id, index)) = self.heads.pop() {
            if let Some(below) = self.ends_at(id, index) {
                return Answer::Newest(found, Some(below));
            }
            // Whatever is above was given.
            if found.len() == limit {
                return goes_on(found);
            }
            found.extend(if index == INBOX { self.take_of_inbox() } else { self.take(id, index) });
        }
        Answer::Newest(found, None)
    }

    /// Below which id it goes on with another question, if a source gives nothing more.
    fn ends_at(&self, id: PostId, index: usize) -> Option<PostId> {
        if index == INBOX {
            return (self.from == 0).then_some(PostId(id.0 + 1));
        }
        self.sources[index].is_spent.then_some(id)
    }

    fn take(&mut self, id: PostId, index: usize) -> Option<Listed> {
        let source = &mut self.sources[index];
        let entry = source.take(self.view, self.asked);
        let next = source.look(self.view, self.asked, Some(id), &mut self.budget);
        self.heads.extend(next.map(|id| (id, index)));
        entry.map(|entry| Listed { by: self.sources[index].by, entry })
    }

    /// Adds what comes next of the inbox; below its floor it goes on with the authors.
    fn look_into_inbox(&mut self) {
        let Some(inbox) = self.inbox else { return };
        let next = match self.from {
            0 => Some(inbox.floor).filter(|floor| floor.0 > 0),
            from => inbox.posts.get(from - 1).map(|(id, _)| *id),
        };
        let wanted = next.filter(|id| self.asked.above.is_none_or(|above| *id > above));
        self.heads.extend(wanted.map(|id| (id, INBOX)));
    }

    fn take_of_inbox(&mut self) -> Option<Listed> {
        self.from -= 1;
        let (id, by) = *self.inbox?.posts.get(self.from)?;
        self.look_into_inbox();
        let account = self.view.engine.get_by(self.asked.authors[by as usize])?;
        if account.blocks.contains(&self.asked.viewer) {
            return None;
        }
        let entry = account.find(id).expect("what an inbox has is in its author's ring").clone();
        may_see(self.view, self.asked, account, &entry, &mut None).then_some(Listed { by, entry })
    }
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
    fn look(&mut self, view: &View<'_>, asked: &Newest, below: Option<PostId>, budget: &mut usize) -> Option<PostId> {
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
        entry.filter(|entry| may_see(view, asked, self.account, entry, &mut self.follows))
    }
}

/// True if who looks may see a post; `follows`: whether he follows the author, once it was asked.
fn may_see(view: &View<'_>, asked: &Newest, author: &Account, entry: &Entry, follows: &mut Option<bool>) -> bool {
    if author.name == asked.viewer || !author.private && entry.visibility != Visibility::Followers {
        return true;
    }
    *follows.get_or_insert_with(|| sight::is_follower(view, &author.name, &asked.viewer))
}
