//! What is kept in memory of the boards: how many members stand where, and a sum over each ranking. Derived from the
//! tables, counted again by one walk when a partition is opened, and changed only by transitions.
//!
//! The sum of a ranking is the sum, modulo 2^128, of the XXH3-128 of each member's bytes in the order: rungs, stamp
//! and owner. It does not depend on the order of adding, so it follows each change at once, and the sum of a spread
//! board is the sum of its shards'.

use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::ranks::Ranks;
use crate::leaderboards::shard::shared_from;
use crate::leaderboards::tables::{ORDER, SCORES};
use crate::runtime::system::Engine;
use millrace_state::store::Store;
use std::collections::BTreeMap;

/// The counts and sums of every board of a partition.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    /// The members of each ranking.
    pub ranks: Ranks,
    /// The distinct scores of each ranking of boards with dense ranks.
    pub scores: Ranks,
    sums: BTreeMap<String, BTreeMap<u32, u128>>,
}

impl Standings {
    /// The sum over a ranking.
    #[must_use]
    pub fn sum(&self, ladder: &Ladder) -> u128 {
        self.sums.get(&ladder.board).and_then(|runs| runs.get(&ladder.run)).copied().unwrap_or_default()
    }

    /// Adds a row of the order.
    pub fn sum_up(&mut self, ladder: &Ladder, raw: &[u8]) {
        self.change(ladder, |sum| sum.wrapping_add(hash(&ladder.board, raw)));
    }

    /// Takes a row of the order back.
    pub fn take_back(&mut self, ladder: &Ladder, raw: &[u8]) {
        self.change(ladder, |sum| sum.wrapping_sub(hash(&ladder.board, raw)));
    }

    /// Forgets a ranking.
    pub fn forget(&mut self, board: &str, run: u32) {
        self.ranks.forget(board, run);
        self.scores.forget(board, run);
        if let Some(runs) = self.sums.get_mut(board) {
            runs.remove(&run);
        }
    }

    fn change(&mut self, ladder: &Ladder, by: impl FnOnce(u128) -> u128) {
        if !self.sums.contains_key(&ladder.board) {
            self.sums.insert(ladder.board.clone(), BTreeMap::new());
        }
        let runs = self.sums.get_mut(&ladder.board).expect("it was just put in");
        let sum = runs.entry(ladder.run).or_default();
        *sum = by(*sum);
    }
}

/// The hash of a row without the table, the board and the run, which differ between shards.
fn hash(board: &str, raw: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(&raw[shared_from(board)..])
}

impl Engine for Standings {
    fn rebuild(store: &Store) -> Self {
        let mut sums: BTreeMap<String, BTreeMap<u32, u128>> = BTreeMap::new();
        let rows = store.range(&ORDER.all()).map(|(raw, _)| {
            let (board, run, ..) = ORDER.key_of(&raw);
            if !sums.contains_key(&board) {
                sums.insert(board.clone(), BTreeMap::new());
            }
            let sum = sums.get_mut(&board).expect("it was just put in").entry(run).or_default();
            *sum = sum.wrapping_add(hash(&board, &raw));
            (board, run, raw)
        });
        let ranks = Ranks::of_rows(rows);
        let scores = Ranks::of_rows(store.range(&SCORES.all()).map(|(raw, _)| {
            let (board, run, _) = SCORES.key_of(&raw);
            (board, run, raw)
        }));
        Self { ranks, scores, sums }
    }
}
