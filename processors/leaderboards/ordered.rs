//! Keys in order, with the number of keys before each: a tree of two levels over leaves of packed keys.
//!
//! A rank costs two sums over numbers that lie side by side and three binary searches over the first 16 bytes of keys,
//! kept as one number each. The rest of a key is looked at only where those are equal: where two submissions reached
//! one score in one microsecond.

use std::cmp::Ordering;

/// The most keys of a leaf. A search of a leaf waits for memory at almost every step, so leaves are small.
const LEAF: usize = 64;

/// The most leaves of a block, whose heads are few enough to stay in the cache. With these two, ten million keys are some
/// 1,200 blocks: few enough to sum.
const BLOCK: usize = 256;

/// A key: its first 16 bytes as a number, filled up with zeros, and the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Split<'a> {
    head: u128,
    tail: &'a [u8],
}

impl<'a> Split<'a> {
    fn of(key: &'a [u8]) -> Self {
        if let Some((head, tail)) = key.split_first_chunk::<16>() {
            return Self { head: u128::from_be_bytes(*head), tail };
        }
        let mut head = [0; 16];
        head[..key.len()].copy_from_slice(key);
        Self { head: u128::from_be_bytes(head), tail: &[] }
    }

    fn is_before(self, head: u128, tail: &[u8]) -> bool {
        (self.head, self.tail) < (head, tail)
    }
}

/// A set of keys. Those of fewer than 16 bytes all have one length, and are only counted.
#[derive(Clone, Debug, Default)]
pub struct OrderedKeys {
    blocks: Vec<Block>,
    /// The head of the first key of each block.
    firsts: Vec<u128>,
    /// Keys of each block.
    sizes: Vec<u32>,
    len: u64,
}

#[derive(Clone, Debug, Default)]
struct Block {
    /// The head of the first key of each leaf.
    firsts: Vec<u128>,
    /// Keys of each leaf.
    sizes: Vec<u32>,
    leaves: Vec<Leaf>,
}

#[derive(Clone, Debug, Default)]
struct Leaf {
    heads: Vec<u128>,
    /// Where each tail ends in `tails`.
    ends: Vec<u32>,
    tails: Vec<u8>,
}

/// A place between keys: the block, the leaf in it, and how many keys of the leaf stand before.
#[derive(Clone, Copy)]
struct At {
    block: usize,
    leaf: usize,
    key: usize,
}

impl OrderedKeys {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many keys are smaller than this one, which may be shorter than 16 bytes.
    #[must_use]
    pub fn before(&self, key: &[u8]) -> u64 {
        self.find(Split::of(key)).map_or(0, |at| self.count(at))
    }

    /// The keys from the one on before which `skip` others stand; those of fewer than 16 bytes come filled up with
    /// zeros.
    pub fn from(&self, skip: u64) -> impl Iterator<Item = Vec<u8>> + '_ {
        let found = holding(&self.sizes, skip).and_then(|(block, skip)| {
            let (leaf, skip) = holding(&self.blocks[block].sizes, skip)?;
            Some((block, leaf, usize::try_from(skip).expect("less than a leaf")))
        });
        let (block, leaf, key) = found.unwrap_or((self.blocks.len(), 0, 0));
        let leaves = self.blocks.iter().skip(block).flat_map(|block| &block.leaves).skip(leaf);
        leaves.flat_map(|leaf| (0..leaf.heads.len()).map(|key| leaf.key(key))).skip(key)
    }

    /// Adds a key that is not there, and says how many stand before it.
    pub fn insert(&mut self, key: &[u8]) -> u64 {
        let key = Split::of(key);
        let Some(at) = self.find(key) else {
            self.push_first(key);
            return 0;
        };
        let before = self.count(at);
        let block = &mut self.blocks[at.block];
        block.leaves[at.leaf].insert(at.key, key);
        block.sizes[at.leaf] += 1;
        block.firsts[at.leaf] = block.leaves[at.leaf].heads[0];
        self.firsts[at.block] = block.firsts[0];
        self.sizes[at.block] += 1;
        self.len += 1;
        if block.leaves[at.leaf].heads.len() > LEAF {
            block.split_leaf(at.leaf);
            self.split_block(at.block);
        }
        before
    }

    fn push_first(&mut self, key: Split<'_>) {
        let mut leaf = Leaf::default();
        leaf.insert(0, key);
        self.blocks.push(Block { firsts: vec![key.head], sizes: vec![1], leaves: vec![leaf] });
        self.firsts.push(key.head);
        self.sizes.push(1);
        self.len = 1;
    }

    /// Removes a key, and says how many stood before it; `None` if it is not there.
    pub fn remove(&mut self, key: &[u8]) -> Option<u64> {
        let key = Split::of(key);
        let at = self.find(key)?;
        let leaf = &self.blocks[at.block].leaves[at.leaf];
        if leaf.heads.get(at.key) != Some(&key.head) || leaf.tail(at.key) != key.tail {
            return None;
        }
        let before = self.count(at);
        let block = &mut self.blocks[at.block];
        block.leaves[at.leaf].remove(at.key);
        block.sizes[at.leaf] -= 1;
        self.sizes[at.block] -= 1;
        self.len -= 1;
        block.shrink(at.leaf);
        self.shrink(at.block);
        Some(before)
    }

    /// How many keys stand before a place.
    fn count(&self, at: At) -> u64 {
        sum(&self.sizes[..at.block]) + sum(&self.blocks[at.block].sizes[..at.leaf]) + at.key as u64
    }

    /// The place of the first key that is not smaller; behind the last one there is none, and the place is the end of
    /// the last leaf. `None` if there are no keys at all.
    fn find(&self, key: Split<'_>) -> Option<At> {
        let last = self.blocks.len().checked_sub(1)?;
        let block = self.firsts.partition_point(|first| *first < key.head).saturating_sub(1);
        let firsts = &self.blocks[block].firsts;
        let mut at = At { block, leaf: firsts.partition_point(|first| *first < key.head).saturating_sub(1), key: 0 };
        loop {
            let leaves = &self.blocks[at.block].leaves;
            at.key = leaves[at.leaf].lower_bound(key);
            let is_last_leaf = at.leaf + 1 == leaves.len();
            if at.key < leaves[at.leaf].heads.len() || (is_last_leaf && at.block == last) {
                return Some(at);
            }
            // Equal heads may go on in the next leaf.
            let next = if is_last_leaf { (at.block + 1, 0) } else { (at.block, at.leaf + 1) };
            let leaf = &self.blocks[next.0].leaves[next.1];
            if key.is_before(leaf.heads[0], leaf.tail(0)) {
                return Some(at);
            }
            (at.block, at.leaf) = next;
        }
    }

    fn split_block(&mut self, at: usize) {
        let block = &mut self.blocks[at];
        if block.leaves.len() <= BLOCK {
            return;
        }
        let half = BLOCK / 2;
        let right = Block {
            firsts: block.firsts.split_off(half),
            sizes: block.sizes.split_off(half),
            leaves: block.leaves.split_off(half),
        };
        let moved = u32::try_from(sum(&right.sizes)).expect("a block has few keys");
        self.sizes[at] -= moved;
        self.sizes.insert(at + 1, moved);
        self.firsts.insert(at + 1, right.firsts[0]);
        self.blocks.insert(at + 1, right);
    }

    /// Drops an empty block, and joins a small one with a neighbour. Only far below the size at which blocks are split:
    /// else two keys that come and go would split and join for ever.
    fn shrink(&mut self, at: usize) {
        let Some(first) = self.blocks[at].firsts.first() else {
            self.blocks.remove(at);
            self.firsts.remove(at);
            self.sizes.remove(at);
            return;
        };
        self.firsts[at] = *first;
        let fits = |left: &usize| {
            let pair = self.blocks.get(*left..left + 2);
            pair.is_some_and(|pair| pair[0].leaves.len() + pair[1].leaves.len() <= BLOCK / 4)
        };
        if let Some(at) = [Some(at), at.checked_sub(1)].into_iter().flatten().find(fits) {
            let right = self.blocks.remove(at + 1);
            self.firsts.remove(at + 1);
            self.sizes[at] += self.sizes.remove(at + 1);
            let left = &mut self.blocks[at];
            left.firsts.extend(right.firsts);
            left.sizes.extend(right.sizes);
            left.leaves.extend(right.leaves);
        }
    }
}

impl Block {
    fn split_leaf(&mut self, at: usize) {
        let right = self.leaves[at].split_off(LEAF / 2);
        let moved = u32::try_from(right.heads.len()).expect("a leaf has few keys");
        self.sizes[at] -= moved;
        self.sizes.insert(at + 1, moved);
        self.firsts.insert(at + 1, right.heads[0]);
        self.leaves.insert(at + 1, right);
    }

    fn shrink(&mut self, at: usize) {
        if let Some(first) = self.leaves[at].heads.first() {
            self.firsts[at] = *first;
        } else {
            self.firsts.remove(at);
            self.sizes.remove(at);
            self.leaves.remove(at);
            return;
        }
        let fits = |left: &usize| {
            let pair = self.leaves.get(*left..left + 2);
            pair.is_some_and(|pair| pair[0].heads.len() + pair[1].heads.len() <= LEAF / 4)
        };
        if let Some(at) = [Some(at), at.checked_sub(1)].into_iter().flatten().find(fits) {
            let right = self.leaves.remove(at + 1);
            self.firsts.remove(at + 1);
            self.sizes[at] += self.sizes.remove(at + 1);
            self.leaves[at].append(&right);
        }
    }
}

impl Leaf {
    fn start(&self, key: usize) -> usize {
        key.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    fn tail(&self, key: usize) -> &[u8] {
        &self.tails[self.start(key)..self.ends[key] as usize]
    }

    fn key(&self, key: usize) -> Vec<u8> {
        [&self.heads[key].to_be_bytes(), self.tail(key)].concat()
    }

    /// How many keys are smaller.
    fn lower_bound(&self, key: Split<'_>) -> usize {
        let mut at = self.heads.partition_point(|head| *head < key.head);
        while self.heads.get(at) == Some(&key.head) && self.tail(at).cmp(key.tail) == Ordering::Less {
            at += 1;
        }
        at
    }

    fn insert(&mut self, at: usize, key: Split<'_>) {
        let start = self.start(at);
        let length = u32::try_from(key.tail.len()).expect("a key is short");
        self.heads.insert(at, key.head);
        self.tails.splice(start..start, key.tail.iter().copied());
        self.ends.insert(at, u32::try_from(start).expect("a leaf is small"));
        self.ends[at..].iter_mut().for_each(|end| *end += length);
    }

    fn remove(&mut self, at: usize) {
        let (start, end) = (self.start(at), self.ends[at] as usize);
        let length = u32::try_from(end - start).expect("a key is short");
        self.heads.remove(at);
        self.tails.drain(start..end);
        self.ends.remove(at);
        self.ends[at..].iter_mut().for_each(|end| *end -= length);
    }

    fn split_off(&mut self, at: usize) -> Self {
        let start = self.start(at);
        let base = u32::try_from(start).expect("a leaf is small");
        let ends = self.ends.split_off(at).into_iter().map(|end| end - base).collect();
        Self { heads: self.heads.split_off(at), ends, tails: self.tails.split_off(start) }
    }

    fn append(&mut self, right: &Self) {
        let base = u32::try_from(self.tails.len()).expect("a leaf is small");
        self.heads.extend(&right.heads);
        self.ends.extend(right.ends.iter().map(|end| end + base));
        self.tails.extend(&right.tails);
    }
}

fn sum(sizes: &[u32]) -> u64 {
    // In blocks of u32 the compiler adds 16 at a time, and no sum of so few sizes overflows them.
    sizes.chunks(1024).map(|chunk| u64::from(chunk.iter().sum::<u32>())).sum()
}

/// Which of these parts holds what `skip` others stand before, and how many stand before it in there.
fn holding(sizes: &[u32], mut skip: u64) -> Option<(usize, u64)> {
    for (at, size) in sizes.iter().enumerate() {
        let size = u64::from(*size);
        if skip < size {
            return Some((at, skip));
        }
        skip -= size;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn key(head: u8, tail: u16) -> Vec<u8> {
        // Few heads, so that many keys differ in their tails alone, across leaves and blocks.
        let mut key = vec![0; 15];
        key.push(head);
        key.extend_from_slice(&tail.to_be_bytes());
        key.resize(key.len() + usize::from(tail % 3), 7);
        key
    }

    fn check(keys: &OrderedKeys, model: &BTreeSet<Vec<u8>>) {
        assert_eq!(keys.len(), model.len() as u64);
        for (rank, key) in model.iter().enumerate() {
            assert_eq!(keys.before(key), rank as u64);
        }
        for skip in [0, 1, model.len() / 2, model.len()] {
            assert!(keys.from(skip as u64).eq(model.iter().skip(skip).cloned()), "those behind {skip}");
        }
        for head in 0..6 {
            let prefix = &key(head, 0)[..16];
            assert_eq!(keys.before(prefix), model.range(..prefix.to_vec()).count() as u64);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn they_are_a_sorted_set(
            bulk in proptest::collection::btree_set((0u8..6, 0u16..30_000), 0..3000),
            changes in proptest::collection::vec((0u8..6, 0u16..30_000), 0..3000),
            gone in 0usize..4000,
        ) {
            let mut model: BTreeSet<_> = bulk.into_iter().map(|(head, tail)| key(head, tail)).collect();
            let mut keys = OrderedKeys::default();
            for key in &model {
                keys.insert(key);
            }
            check(&keys, &model);
            for (head, tail) in changes {
                let key = key(head, tail);
                let before = keys.before(&key);
                if model.insert(key.clone()) {
                    assert_eq!(keys.insert(&key), before);
                } else {
                    assert_eq!((keys.remove(&key), keys.remove(&key)), (Some(before), None));
                    model.remove(&key);
                }
            }
            check(&keys, &model);
            for key in model.clone().into_iter().take(gone) {
                assert_eq!(keys.remove(&key), Some(0));
                model.remove(&key);
            }
            check(&keys, &model);
        }
    }

    #[test]
    fn a_hundred_thousand_keys_in_any_order() {
        let mut keys = OrderedKeys::default();
        let number = |n: u64| [[0; 8], n.to_be_bytes(), n.to_be_bytes()].concat();
        for n in 0..100_000 {
            keys.insert(&number(n * 7919 % 100_000));
        }
        let blocks = keys.blocks.len();
        assert!(blocks > 4, "blocks were split");
        for n in (0..100_000).step_by(997) {
            assert_eq!((keys.before(&number(n)), keys.from(n).next()), (n, Some(number(n))));
        }
        (0..100_000).filter(|n| n % 50 != 0).for_each(|n| assert!(keys.remove(&number(n)).is_some()));
        for n in 0..2000 {
            assert_eq!((keys.before(&number(n * 50)), keys.from(n).next()), (n, Some(number(n * 50))));
        }
        assert!(keys.blocks.len() < blocks, "{} blocks were joined to {}", blocks, keys.blocks.len());
    }
}
