//! The members of every board in order, in memory: what makes a rank two sums and three short searches.
//!
//! It holds no truth: it is made again by one walk of the table whenever a partition is opened, and only transitions
//! change it.

mod ordered;

#[cfg(test)]
mod tests;

use ordered::OrderedKeys;
use std::collections::BTreeMap;

/// Rows of every board of a partition, each as its key in a table that starts with board and epoch.
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
    /// The ranks of rows that come in the order of their keys: (board, epoch, key as it stands in the store).
    #[must_use]
    pub fn of_rows(rows: impl Iterator<Item = (String, u32, Vec<u8>)>) -> Self {
        let mut ranks = Self::default();
        for (board, epoch, key) in rows {
            let members = ranks.open(&board, epoch, &key);
            members.keys.push(&key[members.common.len()..]);
        }
        ranks
    }

    /// Forgets a board's epoch.
    pub fn forget(&mut self, board: &str, epoch: u32) {
        if let Some(epochs) = self.boards.get_mut(board) {
            epochs.remove(&epoch);
        }
    }

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
            // The table; the board's id, which holds no zero byte, and the two bytes that end it; the epoch.
            let common = key[..1 + board.len() + 2 + 4].to_vec();
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
