//! The counts against a plain sorted set, through leaves that are cut and joined.

use super::*;
use crate::leaderboards::ladder::Rungs;
use crate::leaderboards::tables::ORDER;
use proptest::prelude::*;
use std::collections::BTreeSet;

const BOARD: &str = "weekly";

/// The counts with the rows that they count.
#[derive(Default)]
struct Counted {
    ranks: Ranks,
    rows: BTreeSet<Vec<u8>>,
}

fn key(number: i64) -> Vec<u8> {
    // Others stand on both sides, whose rows must never be counted.
    ORDER.raw_key(&(BOARD.to_owned(), 1, Rungs(number / 3, Vec::new()), (number.unsigned_abs(), 0), "ada".to_owned()))
}

impl Counted {
    fn put(&mut self, number: i64) {
        if !self.rows.insert(key(number)) {
            return;
        }
        if let Some(from) = self.ranks.add(BOARD, 1, &key(number)) {
            let middle = self.rows.range(from..).nth(LEAF as usize / 2).unwrap().clone();
            self.ranks.split(BOARD, 1, middle);
        }
    }

    fn take(&mut self, number: i64) {
        if self.rows.remove(&key(number)) {
            self.ranks.remove(BOARD, 1, &key(number));
        }
    }

    fn check(&self) {
        assert_eq!(self.ranks.members(BOARD, 1), self.rows.len() as u64);
        let sizes = self.ranks.leaves(BOARD, 1).map_or(&[][..], |leaves| &leaves.counts.0);
        assert!(sizes.iter().all(|size| *size <= LEAF), "{sizes:?}");
        for (index, row) in self.rows.iter().enumerate().step_by(41) {
            let (before, walk) = self.ranks.before(BOARD, 1, row);
            assert_eq!(before + self.rows.range(walk.from..walk.to).count() as u64, index as u64);
            let start = self.ranks.select(BOARD, 1, index as u64 + 1).unwrap();
            let skip = index - usize::try_from(start.before).unwrap();
            assert!(skip < LEAF as usize);
            assert_eq!(self.rows.range(start.from..).nth(skip), Some(row));
        }
        assert_eq!(self.ranks.select(BOARD, 1, self.rows.len() as u64 + 1), None);
        assert_eq!(self.ranks.select(BOARD, 1, 0), None);
    }

    fn reopened(&self) -> Self {
        let mut rows: BTreeSet<Vec<u8>> = self.rows.clone();
        for (board, epoch) in [("weekly", 0), ("weekly", 2), ("weekl", 1), ("weekly2", 1)] {
            rows.insert(ORDER.raw_key(&(board.to_owned(), epoch, Rungs(5, Vec::new()), (1, 0), "eve".to_owned())));
        }
        let ranks = Ranks::count(rows.into_iter().map(|raw| {
            let (board, epoch, ..) = ORDER.key_of(&raw);
            (board, epoch, raw)
        }));
        Self { ranks, rows: self.rows.clone() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ranks_are_those_of_a_sorted_set(
        runs in proptest::collection::vec((any::<bool>(), -1000i64..1000, 1i64..900, 1i64..5), 1..14),
    ) {
        let mut counted = Counted::default();
        for (put, from, length, step) in runs {
            for number in (0..length).map(|index| from + index * step % 997) {
                if put { counted.put(number) } else { counted.take(number) }
            }
            counted.check();
        }
        counted.reopened().check();
    }
}

#[test]
fn leaves_are_cut_and_joined() {
    let mut counted = Counted::default();
    let leaves = |counted: &Counted| counted.ranks.leaves(BOARD, 1).map_or(0, |leaves| leaves.firsts.len());
    assert_eq!(leaves(&counted), 0);
    let leaf = i64::from(LEAF);
    (0..leaf).rev().for_each(|number| counted.put(number));
    (leaf..10 * leaf).for_each(|number| counted.put(number));
    assert!((10..=20).contains(&leaves(&counted)), "{}", leaves(&counted));
    (0..10 * leaf - 20).for_each(|number| counted.take(number));
    assert_eq!(leaves(&counted), 1);
    counted.check();
    (10 * leaf - 20..10 * leaf).for_each(|number| counted.take(number));
    assert_eq!(leaves(&counted), 0, "an empty board leaves nothing behind");
    counted.check();
}
