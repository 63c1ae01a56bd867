//! A ladder: the order of a board in one epoch of one window, and the keys of its rows.

use crate::leaderboards::fold::Standing;
use crate::leaderboards::tables::{BoardRow, MEMBERS, MemberRow, Seat, run};
use millrace_state::key::{self, Key};
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

/// Where distinct scores are counted, for dense ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distinct {
    /// Nowhere: the board has no dense ranks.
    Nowhere,
    /// In the ranking itself.
    Here,
    /// At the shard that a score belongs to, of so many: what shards count apart cannot be added, because they share
    /// scores.
    Spread(u32),
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
    /// Where its distinct scores are counted.
    pub distinct: Distinct,
    /// In a league, where keys begin with the number of a bucket: the one that is meant. The first until
    /// [`Ladder::within`] says another.
    pub bucket: Option<u32>,
}

impl Ladder {
    /// The ladder of a board's epoch.
    #[must_use]
    pub fn new(board: &str, row: &BoardRow, window: Window, epoch: u32) -> Self {
        Self::of_run(board, row, run(window, epoch))
    }

    /// The ladder of a board's run.
    #[must_use]
    pub fn of_run(board: &str, row: &BoardRow, run: u32) -> Self {
        let (sort, columns) = (row.sort, row.columns.clone());
        let distinct = match (row.tie, row.shards) {
            (Tie::Dense, 1) => Distinct::Here,
            (Tie::Dense, shards) => Distinct::Spread(shards),
            _ => Distinct::Nowhere,
        };
        let bucket = row.league_in(Window::EACH[run as usize & 3]).map(|_| 0);
        Self { board: board.to_owned(), run, sort, columns, distinct, bucket }
    }

    /// Means the bucket of this seat. Nothing else changes that, so who has none leaves it as it was.
    pub fn within(&mut self, seat: Option<Seat>) {
        self.bucket = seat.map(|seat| seat.bucket).or(self.bucket);
    }

    /// The key of a member's row, as it stands in the store.
    #[must_use]
    pub fn member(&self, owner: &str) -> Vec<u8> {
        let mut key = MEMBERS.raw_prefix(&());
        key::write_text(owner, &mut key);
        key::write_text(&self.board, &mut key);
        self.run.write(&mut key);
        debug_assert_eq!(key, MEMBERS.raw_key(&(owner.to_owned(), self.board.clone(), self.run)));
        key
    }

    /// The key of an owner that stands so in the order: in a league the bucket, then rungs, the stamp at which they were
    /// reached, owner. The same for all shards of a board.
    #[must_use]
    pub fn key(&self, standing: &Standing, owner: &str) -> Vec<u8> {
        self.key_of(standing.score, &standing.subscores, standing.reached, owner)
    }

    /// The key of a member that has a score, in its own bucket.
    #[must_use]
    pub fn key_of_member(&self, member: &MemberRow, owner: &str) -> Option<Vec<u8>> {
        let standing = member.standing.as_ref()?;
        let bucket = member.seat.map(|seat| seat.bucket);
        Some(self.key_in(bucket, standing.score, &standing.subscores, standing.reached, owner))
    }

    /// The key of a place in the order.
    #[must_use]
    pub fn key_at(&self, place: &Place) -> Vec<u8> {
        self.key_of(place.score, &place.subscores, place.reached, &place.owner)
    }

    fn key_of(&self, score: i64, subscores: &[i64], reached: Stamp, owner: &str) -> Vec<u8> {
        self.key_in(self.bucket, score, subscores, reached, owner)
    }

    fn key_in(&self, bucket: Option<u32>, score: i64, subscores: &[i64], reached: Stamp, owner: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.scores_length() + 12 + owner.len() + 2);
        if let Some(bucket) = bucket {
            bucket.write(&mut key);
        }
        let columns = self.columns.iter().zip(subscores).map(|(sort, score)| rung(*sort, *score));
        Rungs(rung(self.sort, score), columns.collect()).write(&mut key);
        (reached.micros, reached.node).write(&mut key);
        key::write_text(owner, &mut key);
        key
    }

    /// What of a key in the order says the bucket, if it says one, and the scores.
    #[must_use]
    pub fn scores_of<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        &key[..self.scores_length()]
    }

    /// How many bytes of a key in the order say the bucket, if it says one, and the scores: the score, the number of
    /// subscores, and those.
    fn scores_length(&self) -> usize {
        self.bucket_length() + 8 + 1 + 8 * self.columns.len()
    }

    fn bucket_length(&self) -> usize {
        if self.bucket.is_some() { 4 } else { 0 }
    }

    /// How keys with a score begin, whatever their subscores are.
    #[must_use]
    pub fn with_score(&self, score: i64) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.bucket_length() + 8);
        if let Some(bucket) = self.bucket {
            bucket.write(&mut key);
        }
        rung(self.sort, score).write(&mut key);
        key
    }

    /// The place that a key in the order says.
    ///
    /// # Panics
    /// If it is no such key.
    #[must_use]
    pub fn place(&self, key: &[u8]) -> Place {
        let mut rest = &key[self.bucket_length()..];
        let (Rungs(score, columns), (micros, node), owner) =
            <(Rungs, (u64, u32), String)>::read(&mut rest).expect("a key in the order says a place");
        let subscores = self.columns.iter().zip(columns).map(|(sort, at)| rung(*sort, at)).collect();
        Place { score: rung(self.sort, score), subscores, reached: Stamp { micros, node }, owner }
    }
}
