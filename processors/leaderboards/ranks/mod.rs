//! The members of every board in order, in memory: what makes a rank two sums and three short searches.
//!
//! It holds no truth: it is made again by one walk of the table whenever a partition is opened, and only transitions
//! change it. Measured on ten million members: 62 bytes a member.

mod ordered;

#[cfg(test)]
mod tests;

use crate::leaderboards::tables::ORDER;
use crate::runtime::system::Engine;
use millrace_state::store::Store;
use ordered::OrderedKeys;
use std::collections::BTreeMap;

/// The members of every board of a partition. A member is its key in the table of the order, as it stands in the store.
#[derive(Clone, Debug, Default)]
pub struct Ranks {
    boards: BTreeMap<String, BTreeMap<u32, Members>>,
}

/// The members of one board in one of its runs. What their keys have in common is kept once.
#[derive(Clone, Debug, Default)]
struct Members {
    common: Vec<u8>,
    keys: OrderedKeys,
}

impl Ranks {
    /// How many members a board has.
    #[must_use]
    pub fn members(&self, board: &str, epoch: u32) -> u64 {
        self.of(board, epoch).map_or(0, |members| members.keys.len())
    }

    /// How many members stand before a key, or before all keys that start so.
    #[must_use]
    pub fn before(&self, board: &str, epoch: u32, key: &[u8]) -> u64 {
        self.of(board, epoch).map_or(0, |members| members.keys.before(members.rest(key)))
    }

    /// The key of the member of this rank, counted from 1.
    #[must_use]
    pub fn select(&self, board: &str, epoch: u32, rank: u64) -> Option<Vec<u8>> {
        let members = self.of(board, epoch)?;
        let rest = members.keys.nth(rank.checked_sub(1)?)?;
        Some([members.common.clone(), rest].concat())
    }

    /// Adds a member.
    pub fn add(&mut self, board: &str, epoch: u32, key: &[u8]) {
        let members = self.open(board, epoch, key);
        members.keys.insert(&key[members.common.len()..]);
    }

    /// Removes a member.
    ///
    /// # Panics
    /// If it is not there.
    pub fn remove(&mut self, board: &str, epoch: u32, key: &[u8]) {
        let members = self.boards.get_mut(board).and_then(|epochs| epochs.get_mut(&epoch));
        let removed = members.is_some_and(|members| members.keys.remove(&key[members.common.len()..]));
        assert!(removed, "a member that leaves was there");
    }

    fn of(&self, board: &str, epoch: u32) -> Option<&Members> {
        self.boards.get(board)?.get(&epoch)
    }

    fn open(&mut self, board: &str, epoch: u32, key: &[u8]) -> &mut Members {
        if !self.boards.contains_key(board) {
            self.boards.insert(board.to_owned(), BTreeMap::new());
        }
        let epochs = self.boards.get_mut(board).expect("it was put there");
        epochs.entry(epoch).or_insert_with(|| {
            let common = ORDER.raw_prefix(&(board.to_owned(), epoch));
            assert!(key.starts_with(&common), "a key of another board");
            Members { common, keys: OrderedKeys::default() }
        })
    }
}

impl Members {
    /// What of a key is not common to all.
    fn rest<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        debug_assert!(key.starts_with(&self.common), "a key of another board");
        &key[self.common.len()..]
    }
}

impl Engine for Ranks {
    fn rebuild(store: &Store) -> Self {
        let mut ranks = Self::default();
        for (raw, _) in store.range(&ORDER.all()) {
            let (board, epoch, ..) = ORDER.key_of(&raw);
            let members = ranks.open(&board, epoch, &raw);
            members.keys.push(&raw[members.common.len()..]);
        }
        ranks
    }
}
