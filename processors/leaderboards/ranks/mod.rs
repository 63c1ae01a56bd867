//! How many members stand in each stretch of a board's order: what makes a rank a sum and a short walk.
//!
//! The order of a board is cut into *leaves* of at most [`LEAF`] rows. This remembers the first key and the number of
//! rows of each; the rows themselves are in the table. It holds no truth: it is counted again by one walk of the
//! table whenever a partition is opened, and only transitions change it.

#[cfg(test)]
mod tests;

use millrace_state::table::Range;
use std::collections::BTreeMap;

/// The most rows of a leaf. A walk inside of one is the cost of a rank, apart from a sum over the leaves: with 512 a
/// move took three times as long, and ten million members still make only 200,000 leaves of some 100 bytes.
pub const LEAF: u32 = 64;

/// The leaves of every board of a partition.
#[derive(Clone, Debug, Default)]
pub struct Ranks {
    boards: BTreeMap<String, BTreeMap<u32, Leaves>>,
}

/// Where a walk to a rank starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Rows before the walk.
    pub before: u64,
    /// Where the walk starts; as it stands in the store.
    pub from: Vec<u8>,
}

impl Ranks {
    /// Counts rows that come in the order of their keys: (board, epoch, key as it stands in the store).
    #[must_use]
    pub fn count(rows: impl Iterator<Item = (String, u32, Vec<u8>)>) -> Self {
        let mut ranks = Self::default();
        for (board, epoch, raw) in rows {
            ranks.boards.entry(board).or_default().entry(epoch).or_default().push(raw);
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
        self.leaves(board, epoch).map_or(0, |leaves| leaves.counts.total())
    }

    /// The rows to walk to learn how many stand before `key`, and how many stand before those.
    #[must_use]
    pub fn before(&self, board: &str, epoch: u32, key: &[u8]) -> (u64, Range) {
        let Some(leaves) = self.leaves(board, epoch) else { return (0, rows(key, key)) };
        let leaf = leaves.of(key);
        (leaves.counts.before(leaf), rows(&leaves.firsts[leaf], key))
    }

    /// Where to walk from to come to the row of this rank; `None` if there is none.
    #[must_use]
    pub fn select(&self, board: &str, epoch: u32, rank: u64) -> Option<Start> {
        let leaves = self.leaves(board, epoch)?;
        let (leaf, before) = leaves.counts.holding(rank.checked_sub(1)?)?;
        Some(Start { before, from: leaves.firsts[leaf].clone() })
    }

    /// Counts a row that was put into the order. If its leaf has become too large, the first key of the leaf comes
    /// back: the caller looks for the key of row `LEAF / 2` from there and calls [`Ranks::split`] with it.
    #[must_use]
    pub fn add(&mut self, board: &str, epoch: u32, key: &[u8]) -> Option<Vec<u8>> {
        if !self.boards.contains_key(board) {
            self.boards.insert(board.to_owned(), BTreeMap::new());
        }
        self.boards.get_mut(board)?.entry(epoch).or_default().add(key)
    }

    /// Cuts the leaf that `middle` lies in, which has `LEAF / 2` rows before it.
    pub fn split(&mut self, board: &str, epoch: u32, middle: Vec<u8>) {
        let leaves = self.leaves_mut(board, epoch).expect("a leaf that is too large is there");
        leaves.split(middle);
    }

    /// Counts a row out that was taken from the order.
    pub fn remove(&mut self, board: &str, epoch: u32, key: &[u8]) {
        self.leaves_mut(board, epoch).expect("a row that is there was counted").remove(key);
    }

    fn leaves(&self, board: &str, epoch: u32) -> Option<&Leaves> {
        self.boards.get(board)?.get(&epoch).filter(|leaves| !leaves.firsts.is_empty())
    }

    fn leaves_mut(&mut self, board: &str, epoch: u32) -> Option<&mut Leaves> {
        self.boards.get_mut(board)?.get_mut(&epoch)
    }
}

fn rows(from: &[u8], to: &[u8]) -> Range {
    Range { from: from.to_vec(), to: to.to_vec(), reverse: false }
}

/// The leaves of one board in one run, in order. Side by side, because a rank sums many counts and looks at few keys.
#[derive(Clone, Debug, Default)]
struct Leaves {
    /// No row of a leaf stands before its first key, which need not be there itself any more.
    firsts: Vec<Vec<u8>>,
    counts: Counts,
}

impl Leaves {
    /// The leaf that a key belongs to.
    fn of(&self, key: &[u8]) -> usize {
        self.firsts.partition_point(|first| first.as_slice() <= key).saturating_sub(1)
    }

    /// Counts a row behind all others. Leaves stay half full, so that the next rows do not cut every one of them.
    fn push(&mut self, key: Vec<u8>) {
        if self.counts.0.last().is_none_or(|count| *count >= LEAF / 2) {
            self.firsts.push(key);
            self.counts.0.push(0);
        }
        self.counts.add(self.firsts.len() - 1);
    }

    fn add(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        if self.firsts.is_empty() {
            self.push(key.to_vec());
            return None;
        }
        let leaf = self.of(key);
        if key < self.firsts[leaf].as_slice() {
            self.firsts[leaf] = key.to_vec();
        }
        self.counts.add(leaf);
        (self.counts.0[leaf] > LEAF).then(|| self.firsts[leaf].clone())
    }

    fn split(&mut self, middle: Vec<u8>) {
        let leaf = self.of(&middle);
        self.firsts.insert(leaf + 1, middle);
        self.counts.split(leaf, LEAF / 2);
    }

    fn remove(&mut self, key: &[u8]) {
        let leaf = self.of(key);
        self.counts.take(leaf);
        // Only far below the size at which a leaf is cut: else two members that come and go would cut and join for
        // ever.
        let joined = [leaf.checked_sub(1), Some(leaf)].into_iter().flatten().find(|left| self.counts.fit(*left));
        if let Some(left) = joined {
            self.firsts.remove(left + 1);
            self.counts.join(left);
        }
        if self.counts.0 == [0] {
            *self = Self::default();
        }
    }
}

/// The numbers of rows of the leaves. What sums them stands behind this, so that a tree can take its place.
#[derive(Clone, Debug, Default)]
struct Counts(Vec<u32>);

impl Counts {
    fn total(&self) -> u64 {
        self.before(self.0.len())
    }

    /// The rows of all leaves before this one.
    fn before(&self, leaf: usize) -> u64 {
        self.0[..leaf].iter().copied().map(u64::from).sum()
    }

    /// The leaf that the row after `skip` rows lies in, and the rows before that leaf.
    fn holding(&self, skip: u64) -> Option<(usize, u64)> {
        let mut before = 0;
        for (leaf, count) in self.0.iter().enumerate() {
            let behind = before + u64::from(*count);
            if skip < behind {
                return Some((leaf, before));
            }
            before = behind;
        }
        None
    }

    fn add(&mut self, leaf: usize) {
        self.0[leaf] += 1;
    }

    fn take(&mut self, leaf: usize) {
        self.0[leaf] -= 1;
    }

    fn split(&mut self, leaf: usize, kept: u32) {
        let moved = self.0[leaf] - kept;
        self.0[leaf] = kept;
        self.0.insert(leaf + 1, moved);
    }

    /// True if this leaf and the next one are small enough together to be one.
    fn fit(&self, left: usize) -> bool {
        self.0.get(left + 1).is_some_and(|right| self.0[left] + right <= LEAF / 2)
    }

    fn join(&mut self, left: usize) {
        let right = self.0.remove(left + 1);
        self.0[left] += right;
    }
}
