//! The history of a partition: the digest after each record and the outcomes of the last ones, in blocks of 1,024.

use crate::runtime::tables::{DIGESTS, DigestBlock, OUTCOMES, OutcomeBlock};
use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::Table;
use millrace_topics::codec::{self, Body};
use std::fmt::Debug;

/// Offsets a block.
pub const BLOCK: u64 = 1024;

/// For this many blocks (10 million offsets) 32 bits are kept for each record; older ones keep one whole digest.
pub const FINE_BLOCKS: u64 = 9766;

/// The open blocks, which are written when the store is frozen or the block is full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    block: u64,
    digests: DigestBlock,
    outcomes: OutcomeBlock,
    /// For how many offsets outcomes are kept.
    kept: u64,
}

impl History {
    /// The open blocks of a partition whose next offset is `next`.
    #[must_use]
    pub fn open(store: &Store, next: u64, kept: u64) -> Self {
        let block = next.saturating_sub(1) / BLOCK;
        let digests = row(store, DIGESTS, &block).unwrap_or_default();
        let outcomes = row(store, OUTCOMES, &block).unwrap_or_default();
        Self { block, digests, outcomes, kept }
    }

    /// Adds a record: the head of the chain after it, and its outcome if it is a command that has one.
    pub fn add(&mut self, store: &mut Store, offset: u64, digest: u128, outcome: Option<Vec<u8>>) {
        if offset / BLOCK != self.block {
            self.write(store);
            self.turn(store, offset / BLOCK);
        }
        let low = u16::try_from(offset % BLOCK).expect("a block has 1,024 offsets");
        self.digests.digest = digest;
        self.digests.records.push((low, low32(digest)));
        if let Some(outcome) = outcome {
            self.outcomes.outcomes.push((low, outcome));
        }
    }

    /// Writes the open blocks.
    pub fn write(&self, store: &mut Store) {
        store.set(DIGESTS.raw_key(&self.block), Some(codec::encode(&self.digests)));
        store.set(OUTCOMES.raw_key(&self.block), Some(codec::encode(&self.outcomes)));
    }

    /// Opens the next block, and thins out what is old. Blocks without a record have no row, so a hole in the
    /// offsets leaves nothing to thin out.
    fn turn(&mut self, store: &mut Store, block: u64) {
        for passed in self.block..block {
            if let Some(old) = passed.checked_sub(FINE_BLOCKS)
                && let Some(fine) = row(store, DIGESTS, &old)
            {
                let coarse = DigestBlock { digest: fine.digest, records: Vec::new() };
                store.set(DIGESTS.raw_key(&old), Some(codec::encode(&coarse)));
            }
            if let Some(old) = passed.checked_sub(self.kept.div_ceil(BLOCK)) {
                store.set(OUTCOMES.raw_key(&old), None);
            }
        }
        self.block = block;
        self.digests = DigestBlock::default();
        self.outcomes = OutcomeBlock::default();
    }

    /// The kept outcome of the record at `offset`.
    #[must_use]
    pub fn outcome(&self, store: &Store, offset: u64) -> Option<Vec<u8>> {
        let low = u16::try_from(offset % BLOCK).expect("a block has 1,024 offsets");
        let find = |block: &OutcomeBlock| {
            let at = block.outcomes.binary_search_by_key(&low, |(at, _)| *at).ok()?;
            Some(block.outcomes[at].1.clone())
        };
        if offset / BLOCK == self.block {
            return find(&self.outcomes);
        }
        find(&row(store, OUTCOMES, &(offset / BLOCK))?)
    }
}

/// 32 bits of a digest: enough to name the first record that differs.
#[must_use]
pub fn low32(digest: u128) -> u32 {
    u32::try_from(digest & 0xffff_ffff).expect("32 bits fit")
}

/// The first offset after which two histories differ: the digests of both are compared block by block.
#[must_use]
pub fn first_difference(left: &Store, right: &Store) -> Option<u64> {
    let mut rights = right.range(&DIGESTS.all());
    for (key, raw) in left.range(&DIGESTS.all()) {
        let block = DIGESTS.key_of(&key);
        let Some((other_key, other_raw)) = rights.next() else { return Some(block * BLOCK) };
        let other = DIGESTS.key_of(&other_key);
        if other != block {
            return Some(block.min(other) * BLOCK);
        }
        if let Some(low) = first_in_block(&DIGESTS.value_of(&raw), &DIGESTS.value_of(&other_raw)) {
            return Some(block * BLOCK + low);
        }
    }
    rights.next().map(|(key, _)| DIGESTS.key_of(&key) * BLOCK)
}

fn first_in_block(left: &DigestBlock, right: &DigestBlock) -> Option<u64> {
    if left.records == right.records && left.digest == right.digest {
        return None;
    }
    let pairs = left.records.iter().zip(&right.records);
    let differing = pairs.clone().find(|(left, right)| left != right).map(|(left, right)| left.0.min(right.0));
    let longer = left.records.get(pairs.len()).or_else(|| right.records.get(pairs.len())).map(|(low, _)| *low);
    Some(differing.or(longer).map_or(0, u64::from))
}

fn row<K: Key + Debug, V: Body>(store: &Store, table: Table<K, V>, key: &K) -> Option<V> {
    store.get(&table.raw_key(key)).map(|raw| table.value_of(&raw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn filled(offsets: impl Iterator<Item = u64>, spoil: Option<u64>) -> Store {
        let mut store = Store::memory(Arc::default());
        let mut history = History::open(&store, 0, 2048);
        for offset in offsets {
            let digest = u128::from(offset) + if spoil.is_some_and(|at| offset >= at) { 1 } else { 0 };
            history.add(&mut store, offset, digest, Some(vec![1]));
        }
        history.write(&mut store);
        store
    }

    #[test]
    fn the_first_offset_that_differs_is_named() {
        let base = filled(0..5000, None);
        assert_eq!(first_difference(&base, &filled(0..5000, None)), None);
        for at in [0, 1, 1023, 1024, 3333, 4999] {
            assert_eq!(first_difference(&base, &filled(0..5000, Some(at))), Some(at));
        }
        assert_eq!(first_difference(&base, &filled(0..4990, None)), Some(4990));
    }

    #[test]
    fn outcomes_are_kept_for_a_while_and_holes_do_no_harm() {
        let mut store = filled((0..5000).filter(|offset| !(1500..3500).contains(offset)), None);
        let history = History::open(&store, 5000, 2048);
        assert_eq!(history.outcome(&store, 4999), Some(vec![1]));
        assert_eq!(history.outcome(&store, 3600), Some(vec![1]));
        assert_eq!(history.outcome(&store, 2000), None);
        assert_eq!(history.outcome(&store, 3), None, "older than what is kept");
        let mut again = history.clone();
        again.add(&mut store, 5000, 7, None);
        assert_eq!(again.outcome(&store, 5000), None);
    }
}
