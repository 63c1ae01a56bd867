//! A ladder: the order of a board in one epoch of one window, and the keys of its rows.

use crate::leaderboards::tables::{BoardRow, MemberKey, ORDER, OrderKey, ScoreKey, run};
use millrace_state::key::Key;
use millrace_topics::leaderboards::{Place, Sort, Tie, Window};
use millrace_topics::record::Stamp;

/// How far from the top a score stands, and each subscore: better ones are lower. The same number of them for all
/// members of a board, so that their bytes keep the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rungs(pub i64, pub Vec<i64>);

impl Key for Rungs {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        out.push(u8::try_from(self.1.len()).expect("a board has few columns"));
        self.1.iter().for_each(|rung| rung.write(out));
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let score = i64::read(input)?;
        let (columns, rest) = input.split_first()?;
        *input = rest;
        let rungs: Option<Vec<i64>> = (0..*columns).map(|_| i64::read(input)).collect();
        Some(Self(score, rungs?))
    }
}

/// Where a score stands from the top: a better score has a lower rung. Its own inverse.
#[must_use]
pub fn rung(sort: Sort, score: i64) -> i64 {
    match sort {
        Sort::Asc => score,
        // Not the negative, which the lowest score has none of.
        Sort::Desc => !score,
    }
}

/// The order of a board in one epoch of one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The board.
    pub board: String,
    /// The number of the epoch: see [`run`].
    pub run: u32,
    /// Which end of the scores is the top.
    pub sort: Sort,
    /// The same for each subscore.
    pub columns: Vec<Sort>,
    /// True if distinct scores are counted.
    pub dense: bool,
    /// True if members are counted whether they stand in the order or not.
    pub sized: bool,
}

impl Ladder {
    /// The ladder of a board's epoch.
    #[must_use]
    pub fn new(board: &str, row: &BoardRow, window: Window, epoch: u32) -> Self {
        Self {
            board: board.to_owned(),
            run: run(window, epoch),
            sort: row.sort,
            columns: row.columns.clone(),
            dense: row.tie == Tie::Dense,
            sized: row.tournament.is_some_and(|tournament| tournament.max_size.is_some()),
        }
    }

    /// How far from the top these scores stand.
    #[must_use]
    pub fn rungs(&self, score: i64, subscores: &[i64]) -> Rungs {
        let columns = self.columns.iter().zip(subscores).map(|(sort, score)| rung(*sort, *score));
        Rungs(rung(self.sort, score), columns.collect())
    }

    /// The key of a member.
    #[must_use]
    pub fn member_key(&self, owner: &str) -> MemberKey {
        (self.board.clone(), self.run, owner.to_owned())
    }

    /// The key of a place in the order.
    #[must_use]
    pub fn order_key(&self, place: &Place) -> OrderKey {
        let Stamp { micros, node } = place.reached;
        let rungs = self.rungs(place.score, &place.subscores);
        (self.board.clone(), self.run, rungs, (micros, node), place.owner.clone())
    }

    /// The key of a place as it stands in the store.
    #[must_use]
    pub fn raw(&self, place: &Place) -> Vec<u8> {
        ORDER.raw_key(&self.order_key(place))
    }

    /// The key of those who share a place.
    #[must_use]
    pub fn score_key(&self, place: &Place) -> ScoreKey {
        (self.board.clone(), self.run, self.rungs(place.score, &place.subscores))
    }

    /// The place that a key in the order says.
    #[must_use]
    pub fn place(&self, key: OrderKey) -> Place {
        let (_, _, Rungs(score, columns), (micros, node), owner) = key;
        let subscores = self.columns.iter().zip(columns).map(|(sort, at)| rung(*sort, at)).collect();
        Place { score: rung(self.sort, score), subscores, reached: Stamp { micros, node }, owner }
    }
}
