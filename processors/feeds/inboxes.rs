//! Inboxes: what the authors of this partition wrote last, merged for a reader before he asks again.
//!
//! An inbox is a cache and nothing more. It lies in memory, beside the rings that it is made of, and is filled by a reader's first
//! question; from then on each post of one of its authors is pushed into it in the same step that shows it, and each that is
//! taken back is taken out. So it is never behind, no record or row is written for it, and after a start there is none. What may
//! be seen is decided at each read, as it is without one ([`crate::feeds::newest`]).
//!
//! **When it pays.** To push a post costs little, but it is done for nothing where nobody reads. So an inbox goes when more posts
//! were pushed into it than it saves since it was read last: who stays away costs nothing. An author whose posts go into
//! many inboxes is asked for at each read instead ([`AUTHOR_LIMIT`]), so his posts delay nobody.

use crate::feeds::accounts::{Account, RING};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use millrace_topics::feeds::PostId;
use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// Into how many inboxes an author's posts go; of more readers he is asked for at each read.
pub const AUTHOR_LIMIT: usize = if cfg!(test) { 3 } else { 500 };

/// How many inboxes a partition has; the oldest goes for a new one.
pub const INBOXES: usize = if cfg!(test) { 20 } else { 20_000 };

/// How many posts may be pushed into an inbox between two reads unless something else is said. None: a page costs little more
/// without one.
pub const PUSHES: u32 = if cfg!(test) { 8 } else { 0 };

static MOST_PUSHES: AtomicU32 = AtomicU32::new(PUSHES);

/// Says how many posts may be pushed into an inbox between two reads of it, before it goes; with 0 there are no inboxes.
pub fn set_pushes(most: u32) {
    MOST_PUSHES.store(most, Ordering::Relaxed);
}

/// How many posts may be pushed into an inbox between two reads of it.
fn most_pushes() -> u32 {
    MOST_PUSHES.load(Ordering::Relaxed)
}

/// Of a reader, who asks for these authors.
#[derive(Clone, Debug)]
pub struct Inbox {
    viewer: String,
    /// What stands for the names of the authors, in the order in which they are asked for.
    handles: Box<[u128]>,
    /// The places of the authors whose posts are pushed, each with its place in the question.
    pushed: Vec<(u32, u32)>,
    /// The places in the question of those who are asked for at each read.
    pub pulled: Vec<u32>,
    /// The newest posts of those who are pushed, in the order of their ids, with the author's place in the question.
    pub posts: VecDeque<(PostId, u32)>,
    /// All posts of those above this one are there.
    pub floor: PostId,
    /// How many were pushed since it was read.
    unread: u32,
}

/// The inboxes of a partition.
#[derive(Clone, Debug, Default)]
pub struct Inboxes {
    all: Vec<Option<Inbox>>,
    by_reader: HashTable<u32>,
    /// The oldest first.
    order: VecDeque<u32>,
    free: Vec<u32>,
    /// Into which inboxes an author's posts go, by his place.
    of_author: Vec<Vec<u32>>,
    hasher: RandomState,
}

impl Inboxes {
    /// The inbox of a reader for these authors, which is being read.
    pub fn read(&mut self, viewer: &str, handles: &[u128]) -> Option<&Inbox> {
        let is = |place: &u32| self.all[*place as usize].as_ref().is_some_and(|inbox| inbox.is_of(viewer, handles));
        let place = *self.by_reader.find(self.hasher.hash_one((viewer, handles)), is)?;
        let inbox = self.all[place as usize].as_mut()?;
        inbox.unread = 0;
        Some(inbox)
    }

    /// Fills an inbox for a reader who has asked for these authors; `places` are their places among `accounts`, where they are
    /// there.
    pub fn fill(&mut self, viewer: &str, handles: &[u128], places: &[Option<u32>], accounts: &[Account]) {
        if most_pushes() == 0 {
            return;
        }
        if self.order.len() == INBOXES {
            let oldest = self.order.pop_front().expect("there are many");
            self.drop_inbox(oldest);
        }
        self.of_author.resize_with(accounts.len(), Vec::new);
        let mut inbox = Inbox {
            viewer: viewer.to_owned(),
            handles: handles.into(),
            pushed: Vec::new(),
            pulled: Vec::new(),
            posts: VecDeque::new(),
            floor: PostId(0),
            unread: 0,
        };
        let mut posts: Vec<(PostId, u32)> = Vec::new();
        for (by, place) in (0..).zip(places) {
            let fitting = place.filter(|place| self.of_author[*place as usize].len() < AUTHOR_LIMIT);
            match fitting.map(|place| (place, accounts[place as usize].complete_above())) {
                Some((place, Some(floor))) => {
                    inbox.pushed.push((place, by));
                    inbox.floor = inbox.floor.max(floor);
                    posts.extend(accounts[place as usize].recent().iter().map(|entry| (entry.id, by)));
                }
                _ => inbox.pulled.push(by),
            }
        }
        if posts.len() > RING {
            let last = posts.len() - RING - 1;
            let (_, (newest, _), _) = posts.select_nth_unstable(last);
            inbox.floor = inbox.floor.max(*newest);
            posts.drain(..=last);
        }
        posts.retain(|(id, _)| *id > inbox.floor);
        posts.sort_unstable();
        inbox.posts = posts.into();
        inbox.posts.shrink_to(RING + 1);
        self.keep(inbox);
    }

    fn keep(&mut self, inbox: Inbox) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            u32::try_from(self.all.len() - 1).expect("there are fewer")
        });
        for (author, _) in &inbox.pushed {
            self.of_author[*author as usize].push(place);
        }
        let Self { all, by_reader, hasher, order, .. } = self;
        let hash = hasher.hash_one((inbox.viewer.as_str(), &*inbox.handles));
        all[place as usize] = Some(inbox);
        by_reader.insert_unique(hash, place, |other| {
            let other = all[*other as usize].as_ref().expect("an inbox that is found is there");
            hasher.hash_one((other.viewer.as_str(), &*other.handles))
        });
        order.push_back(place);
    }

    fn drop_inbox(&mut self, place: u32) {
        let Some(inbox) = self.all[place as usize].take() else { return };
        for (author, _) in &inbox.pushed {
            self.of_author[*author as usize].retain(|other| *other != place);
        }
        let hash = self.hasher.hash_one((inbox.viewer.as_str(), &*inbox.handles));
        if let Ok(found) = self.by_reader.find_entry(hash, |other| *other == place) {
            found.remove();
        }
        self.order.retain(|other| *other != place);
        self.free.push(place);
    }

    /// An author has written a post.
    pub fn push(&mut self, author: usize, id: PostId) {
        let (most, mut gone) = (most_pushes(), Vec::new());
        for place in self.of_author.get(author).into_iter().flatten() {
            let inbox = self.all[*place as usize].as_mut().expect("an inbox that an author knows is there");
            if inbox.unread >= most {
                gone.push(*place);
                continue;
            }
            inbox.push(author, id);
        }
        gone.into_iter().for_each(|place| self.drop_inbox(place));
    }

    /// An author has written a post that is so old that no ring has it.
    pub fn pass_over(&mut self, author: usize, id: PostId) {
        for place in self.of_author.get(author).into_iter().flatten() {
            let inbox = self.all[*place as usize].as_mut().expect("an inbox that an author knows is there");
            inbox.floor = inbox.floor.max(id);
            inbox.posts.retain(|(known, _)| *known > id);
        }
    }

    /// An author has taken one back.
    pub fn take_out(&mut self, author: usize, id: PostId) {
        for place in self.of_author.get(author).into_iter().flatten() {
            let inbox = self.all[*place as usize].as_mut().expect("an inbox that an author knows is there");
            if let Ok(at) = inbox.posts.binary_search_by_key(&id, |(id, _)| *id) {
                inbox.posts.remove(at);
            }
        }
    }
}

impl Inbox {
    fn is_of(&self, viewer: &str, handles: &[u128]) -> bool {
        self.viewer == viewer && *self.handles == *handles
    }

    fn push(&mut self, author: usize, id: PostId) {
        self.unread += 1;
        if id <= self.floor {
            return;
        }
        let by = self.pushed.iter().find(|(place, _)| *place as usize == author).expect("it is pushed").1;
        match self.posts.back() {
            Some((newest, _)) if *newest > id => {
                let at = self.posts.partition_point(|(known, _)| *known < id);
                self.posts.insert(at, (id, by));
            }
            _ => self.posts.push_back((id, by)),
        }
        self.trim();
    }

    /// As many as a ring has: so each of them is in its author's.
    fn trim(&mut self) {
        while self.posts.len() > RING {
            let (oldest, _) = self.posts.pop_front().expect("there are many");
            self.floor = self.floor.max(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::accounts::{Accounts, handle};
    use millrace_topics::feeds::{Entry as Post, Visibility};
    use proptest::prelude::*;
    use std::collections::btree_map::Entry;
    use std::collections::{BTreeMap, BTreeSet};

    fn entry(id: u128) -> Post {
        Post { id: PostId(id), visibility: Visibility::Public, reply_to: None, repost_of: None }
    }

    fn accounts(count: usize) -> Accounts {
        let mut accounts = Accounts::default();
        for number in 0..count {
            accounts.of_new(&number.to_string());
        }
        accounts
    }

    fn handles(authors: &[usize]) -> Vec<u128> {
        authors.iter().map(|author| handle(&author.to_string())).collect()
    }

    fn found(accounts: &Accounts, viewer: &str, handles: &[u128]) -> Option<Inbox> {
        accounts.inboxes().read(viewer, handles).cloned()
    }

    proptest! {
        #[test]
        fn an_inbox_has_all_above_its_floor(
            acts in prop::collection::vec((0u8..8, 0usize..4, 1u128..20), 1..300),
        ) {
            let mut accounts = accounts(4);
            let mut all: BTreeMap<u128, usize> = BTreeMap::new();
            let circles: [&[usize]; 3] = [&[0, 1], &[2, 1, 0], &[3]];
            for (kind, author, id) in acts {
                let circle = &circles[author % circles.len()];
                match kind {
                    0 => if found(&accounts, "ada", &handles(circle)).is_none() {
                        accounts.fill_inbox("ada", &handles(circle));
                    },
                    1 => if let Some(id) = all.keys().nth(id as usize % all.len().max(1)).copied() {
                        let author = all.remove(&id).unwrap();
                        accounts.hide(&author.to_string(), PostId(id));
                    },
                    // The newest, as a rule.
                    2..6 => {
                        let next = all.keys().next_back().copied().unwrap_or_default().max(500) + 1;
                        all.insert(next, author);
                        accounts.show(&author.to_string(), entry(next));
                    },
                    _ => {
                        let late = all.keys().next_back().copied().unwrap_or_default().max(500) - id;
                        if let Entry::Vacant(place) = all.entry(late) {
                            place.insert(author);
                            accounts.show(&author.to_string(), entry(late));
                        }
                    },
                }
                for circle in circles {
                    let Some(inbox) = found(&accounts, "ada", &handles(circle)) else { continue };
                    let of: BTreeSet<usize> = inbox.pushed.iter().map(|(_, by)| circle[*by as usize]).collect();
                    let above = all.range(inbox.floor.0 + 1..).filter(|(_, author)| of.contains(author));
                    let expected: Vec<(PostId, usize)> = above.map(|(id, author)| (PostId(*id), *author)).collect();
                    let has: Vec<(PostId, usize)> =
                        inbox.posts.iter().map(|(id, by)| (*id, circle[*by as usize])).collect();
                    prop_assert_eq!(&has, &expected);
                    for (id, author) in has {
                        prop_assert!(accounts.get(&author.to_string()).unwrap().find(id).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn an_inbox_that_nobody_reads_goes() {
        let mut accounts = accounts(1);
        let handles = handles(&[0]);
        accounts.fill_inbox("ada", &handles);
        for id in 1..=u128::from(PUSHES) {
            accounts.show("0", entry(id));
        }
        assert_eq!(found(&accounts, "ada", &handles).map(|inbox| inbox.posts.len()), Some(RING));
        for id in 1..=u128::from(PUSHES) + 1 {
            accounts.show("0", entry(1000 + id));
        }
        assert!(found(&accounts, "ada", &handles).is_none());
    }

    #[test]
    fn an_author_of_many_inboxes_is_pulled_and_the_oldest_inbox_goes() {
        let accounts = accounts(2);
        let reader = |number: usize| format!("reader-{number}");
        for number in 0..AUTHOR_LIMIT {
            accounts.fill_inbox(&reader(number), &handles(&[0]));
        }
        accounts.fill_inbox("ada", &handles(&[0, 1]));
        let inbox = found(&accounts, "ada", &handles(&[0, 1])).expect("it was filled");
        assert_eq!((inbox.pushed, inbox.pulled), (vec![(1, 1)], vec![0]));
        for number in 0..INBOXES - 1 {
            accounts.fill_inbox(&reader(number), &handles(&[1]));
        }
        assert!((0..AUTHOR_LIMIT).all(|number| found(&accounts, &reader(number), &handles(&[0])).is_none()));
        assert!(found(&accounts, "ada", &handles(&[0, 1])).is_some());
        accounts.fill_inbox("bob", &handles(&[0]));
        assert!(found(&accounts, "ada", &handles(&[0, 1])).is_none());
        let inbox = found(&accounts, "bob", &handles(&[0])).expect("it was filled");
        assert_eq!(inbox.pulled, Vec::<u32>::new(), "what has gone has left room with its authors");
    }
}
