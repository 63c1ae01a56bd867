//! What a partition keeps in memory of its accounts: the newest posts of each, whom it blocks, and what is counted. A feed
//! is read out of these rings; what is older lies in the tables.

use crate::feeds::inboxes::Inboxes;
use crate::feeds::tables::{BLOCKED_BY, BLOCKS, BY_AUTHOR, ERASED, TALLIES, Tally, USERS};
use crate::runtime::derived::Derived;
use crate::runtime::system::Engine;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use millrace_state::store::Store;
use millrace_topics::feeds::{Entry, PostId};
use parking_lot::{Mutex, MutexGuard};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::OnceLock;

/// How many of the newest posts of an account are kept in memory.
pub const RING: usize = if cfg!(test) { 8 } else { 64 };

/// An account.
#[derive(Debug, Default)]
pub struct Account {
    /// Its id.
    pub name: String,
    /// What stands for its id.
    handle: u128,
    /// True if it says who may follow it.
    pub private: bool,
    /// True if it is erased: then it is there for nobody.
    pub erased: bool,
    /// What is counted of it.
    pub tally: Tally,
    /// True if its row says something else.
    is_recounted: bool,
    /// Whom it blocks.
    pub blocks: BTreeSet<String>,
    /// Who blocks it, as far as it was told.
    pub blocked_by: BTreeSet<String>,
    /// What stands for whom it follows and the words that it has muted, since somebody asked; see [`Account::forget_sources`].
    pub sources: OnceLock<u128>,
    /// The newest posts, in the order of their ids.
    ring: VecDeque<Entry>,
    /// True if there are older ones in the table.
    deeper: bool,
}

impl Account {
    /// The newest posts, in the order of their ids.
    #[must_use]
    pub fn recent(&self) -> &VecDeque<Entry> {
        &self.ring
    }

    /// True if the table has older ones.
    #[must_use]
    pub fn goes_deeper(&self) -> bool {
        self.deeper
    }

    /// True if neither of both blocks the other, as far as this one knows.
    #[must_use]
    pub fn meets(&self, other: &str) -> bool {
        !self.blocks.contains(other) && !self.blocked_by.contains(other)
    }

    /// Whom it follows or what it has muted is to change.
    pub fn forget_sources(&mut self) {
        self.sources = OnceLock::new();
    }

    /// A post of those in memory.
    #[must_use]
    pub fn find(&self, id: PostId) -> Option<&Entry> {
        self.ring.binary_search_by_key(&id, |entry| entry.id).ok().map(|at| &self.ring[at])
    }

    /// The post above which all of its posts are in memory; none if nothing is known of that.
    #[must_use]
    pub fn complete_above(&self) -> Option<PostId> {
        match self.ring.front() {
            _ if !self.deeper => Some(PostId(0)),
            oldest => oldest.map(|oldest| PostId(oldest.id.0 - 1)),
        }
    }

    /// Takes a post in, unless it is so old that only the table has it: then false. Gateways' clocks differ a little, so it may
    /// be an older one than the last.
    pub fn show(&mut self, entry: Entry) -> bool {
        let at = match self.ring.back() {
            Some(newest) if newest.id < entry.id => self.ring.len(),
            _ => self.ring.partition_point(|known| known.id < entry.id),
        };
        if at == 0 && self.deeper {
            return false;
        }
        self.ring.insert(at, entry);
        if self.ring.len() > RING {
            self.ring.pop_front();
            self.deeper = true;
        }
        true
    }

    /// Lets a post go. The ring is not filled up again: the table has the others.
    pub fn hide(&mut self, id: PostId) {
        self.ring.retain(|entry| entry.id != id);
    }
}

/// What stands for the name of an account in questions: the first half of its SHA-256, so that nobody finds two names with the
/// same.
#[must_use]
pub fn handle(name: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(name).into();
    u128::from_be_bytes(*digest.first_chunk().expect("it is half of it"))
}

/// The accounts of a partition. They are found by hash and never walked: the order of the tables below is nobody's.
#[derive(Debug, Default)]
pub struct Accounts {
    /// In the order in which they came; none goes.
    all: Vec<Account>,
    by_name: HashTable<u32>,
    by_handle: HashTable<u32>,
    /// Those whose rows say something else than what is counted.
    recounted: Vec<u32>,
    /// Clients choose names.
    hasher: RandomState,
    /// Inboxes of readers, beside the rings. A question reads and fills them.
    inboxes: Mutex<Inboxes>,
}

impl Accounts {
    fn place(&self, id: &str) -> Option<usize> {
        let found = self.by_name.find(self.hasher.hash_one(id), |place| self.all[*place as usize].name == id);
        found.map(|place| *place as usize)
    }

    /// An account that is there.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Account> {
        self.known(id).filter(|account| !account.erased)
    }

    /// An account that is there, by what stands for its name.
    #[must_use]
    pub fn get_by(&self, handle: u128) -> Option<&Account> {
        self.place_by(handle).map(|place| &self.all[place as usize]).filter(|account| !account.erased)
    }

    fn place_by(&self, handle: u128) -> Option<u32> {
        let is = |place: &u32| self.all[*place as usize].handle == handle;
        self.by_handle.find(self.hasher.hash_one(handle), is).copied()
    }

    /// What readers' inboxes have, for a question.
    pub fn inboxes(&self) -> MutexGuard<'_, Inboxes> {
        self.inboxes.lock()
    }

    /// Fills an inbox for a reader who has asked for these authors.
    pub fn fill_inbox(&self, viewer: &str, handles: &[u128]) {
        let places: Vec<Option<u32>> = handles.iter().map(|handle| self.place_by(*handle)).collect();
        self.inboxes().fill(viewer, handles, &places, &self.all);
    }

    /// Changes what is counted of an account.
    pub fn count(&mut self, id: &str, change: impl FnOnce(&mut Tally)) {
        let place = self.place(id).expect("an account that is there stays");
        let account = &mut self.all[place];
        change(&mut account.tally);
        if !std::mem::replace(&mut account.is_recounted, true) {
            self.recounted.push(u32::try_from(place).expect("a partition has fewer accounts"));
        }
    }

    /// Nothing is counted of an account any more, and its row goes.
    pub fn uncount(&mut self, id: &str) {
        let place = self.place(id).expect("an account that is there stays");
        let account = &mut self.all[place];
        (account.tally, account.is_recounted) = (Tally::default(), false);
        self.recounted.retain(|other| *other as usize != place);
    }

    /// An account shows a post.
    pub fn show(&mut self, author: &str, entry: Entry) {
        let place = self.place(author).expect("an account that is there stays");
        let id = entry.id;
        match self.all[place].show(entry) {
            true => self.inboxes.get_mut().push(place, id),
            false => self.inboxes.get_mut().pass_over(place, id),
        }
    }

    /// An account shows a post no more.
    pub fn hide(&mut self, author: &str, id: PostId) {
        let place = self.place(author).expect("an account that is there stays");
        self.all[place].hide(id);
        self.inboxes.get_mut().take_out(place, id);
    }

    /// An account that is there or was.
    #[must_use]
    pub fn known(&self, id: &str) -> Option<&Account> {
        self.place(id).map(|place| &self.all[place])
    }

    /// True of an account that was there and is erased.
    #[must_use]
    pub fn is_erased(&self, id: &str) -> bool {
        self.known(id).is_some_and(|account| account.erased)
    }

    /// The same, to be changed, of an account that is there or was.
    ///
    /// # Panics
    /// If it is not.
    pub fn of(&mut self, id: &str) -> &mut Account {
        let place = self.place(id).expect("an account that is there stays");
        &mut self.all[place]
    }

    /// The account of this id, a new one if there is none.
    pub fn of_new(&mut self, id: &str) -> &mut Account {
        let place = self.place(id).unwrap_or_else(|| self.add(id));
        &mut self.all[place]
    }

    fn add(&mut self, id: &str) -> usize {
        let (at, handle) = (self.all.len(), handle(id));
        let place = u32::try_from(at).expect("a partition has fewer accounts");
        self.all.push(Account { name: id.to_owned(), handle, ..Account::default() });
        let Self { all, by_name, by_handle, hasher, .. } = self;
        by_name.insert_unique(hasher.hash_one(id), place, |other| hasher.hash_one(all[*other as usize].name.as_str()));
        by_handle.insert_unique(hasher.hash_one(handle), place, |other| hasher.hash_one(all[*other as usize].handle));
        at
    }
}

impl Engine for Accounts {
    fn rebuild(store: &Store) -> Self {
        let mut accounts = Self::default();
        for (key, value) in store.range(&USERS.all()) {
            accounts.of_new(&USERS.key_of(&key)).private = USERS.value_of(&value).private;
        }
        for (key, value) in store.range(&ERASED.all()) {
            let account = accounts.of_new(&ERASED.key_of(&key));
            (account.erased, account.private) = (true, ERASED.value_of(&value).private);
        }
        for (key, value) in store.range(&TALLIES.all()) {
            accounts.of(&TALLIES.key_of(&key)).tally = TALLIES.value_of(&value);
        }
        for (key, _) in store.range(&BLOCKS.all()) {
            let (user, target) = BLOCKS.key_of(&key);
            accounts.of(&user).blocks.insert(target);
        }
        for (key, _) in store.range(&BLOCKED_BY.all()) {
            let (user, by) = BLOCKED_BY.key_of(&key);
            accounts.of(&user).blocked_by.insert(by);
        }
        for (key, value) in store.range(&BY_AUTHOR.all()) {
            let (author, _) = BY_AUTHOR.key_of(&key);
            let account = accounts.of(&author);
            match account.ring.len() {
                RING => account.deeper = true,
                _ => account.ring.push_front(BY_AUTHOR.value_of(&value)),
            }
        }
        accounts
    }

    fn derive(&mut self, rows: &mut Derived<'_>) {
        for place in self.recounted.drain(..) {
            let account = &mut self.all[place as usize];
            account.is_recounted = false;
            rows.change(TALLIES, &account.name, |tally| *tally = account.tally);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::feeds::Visibility;
    use proptest::prelude::*;

    fn entry(id: u128) -> Entry {
        Entry { id: PostId(id), visibility: Visibility::Public, reply_to: None, repost_of: None }
    }

    proptest! {
        #[test]
        fn a_ring_has_the_newest_without_a_gap(acts in prop::collection::vec((0u128..300, any::<bool>()), 1..400)) {
            let (mut account, mut all) = (Account::default(), BTreeSet::new());
            for (id, shows) in acts {
                if shows && all.insert(id) {
                    account.show(entry(id));
                } else if !shows && all.remove(&id) {
                    account.hide(PostId(id));
                }
                let ring: Vec<u128> = account.ring.iter().map(|entry| entry.id.0).collect();
                let newest: Vec<u128> = all.iter().rev().take(ring.len()).rev().copied().collect();
                prop_assert_eq!(&ring, &newest);
                prop_assert!(ring.len() <= RING && (account.deeper || ring.len() == all.len()));
            }
        }
    }
}
