//! What may be asked of the tables of boards, and what they answer.

use super::command::Metadata;
use super::definition::{Bounds, Operator, Tie, Window};
use super::league::InLeague;
use super::outcome::{Board, Epoch};
use crate::codec::{Decode, Encode};
use crate::record::Stamp;
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// Which ranking of a board is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Ranking {
    /// The board.
    pub board: String,
    /// The window.
    pub window: Window,
    /// The epoch; without one that which is open.
    pub epoch: Option<u32>,
    /// What rank equal scores share; without it what the board says.
    pub tie: Option<Tie>,
    /// The bucket, where the ranking is a league and no owner says it.
    pub bucket: Option<u32>,
}

impl Ranking {
    /// What a board shows to those who ask for nothing else.
    #[must_use]
    pub fn of(board: &str) -> Self {
        Self { board: board.to_owned(), ..Self::default() }
    }
}

/// What may be asked of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// A board.
    Board {
        /// Its id.
        board: String,
    },
    /// A page of the ranking.
    Entries {
        /// Which ranking.
        of: Ranking,
        /// Where the page lies.
        seek: Seek,
        /// The most entries: 1 to 1,000.
        limit: u32,
        /// Only entries with scores inside.
        scores: Bounds,
        /// Only the best so many of a hundred members, rounded up.
        top_percent: Option<u32>,
    },
    /// The ranking of these owners among themselves.
    Among {
        /// Which ranking.
        of: Ranking,
        /// At most 1,000; those without a score are left out.
        owners: Vec<String>,
    },
    /// An owner's entry.
    Owner {
        /// Which ranking.
        of: Ranking,
        /// The owner.
        owner: String,
    },
    /// The entries around an owner, filled up at both edges of the board.
    Around {
        /// Which ranking.
        of: Ranking,
        /// The owner.
        owner: String,
        /// How many, its own among them: 1 to 1,000.
        limit: u32,
    },
    /// The entry at a rank.
    Rank {
        /// Which ranking.
        of: Ranking,
        /// From 1.
        rank: u64,
    },
    /// How the scores are spread.
    Stats {
        /// Which ranking.
        of: Ranking,
        /// Ranks whose scores are asked for: at most [`STATS_RANKS`].
        ranks: Vec<u64>,
        /// Of how many bars the histogram is: 1 to [`STATS_BARS`].
        bars: u32,
    },
    /// The last submissions of an owner.
    History {
        /// Which ranking.
        of: Ranking,
        /// The owner.
        owner: String,
    },
    /// The epochs of a window, the newest first.
    Epochs {
        /// Which ranking; without an epoch.
        of: Ranking,
        /// Only epochs below this one.
        below: Option<u32>,
        /// The most: 1 to 1,000.
        limit: u32,
    },
    /// Something that only a shard is asked.
    Shard {
        /// Which ranking; its board is the shard.
        of: Ranking,
        /// What.
        ask: ShardAsk,
    },
}

/// What a shard is asked. A key is what the order sorts by: scores, stamp and owner, or the beginning of that. All
/// shards of a board sort by the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ShardAsk {
    /// How many stand before each of these keys, and how many there are.
    Count(Vec<Vec<u8>>),
    /// Rows in order.
    Rows {
        /// From this key on.
        from: Vec<u8>,
        /// And before this one, if it is said.
        to: Option<Vec<u8>>,
        /// True for the last of them instead of the first.
        last: bool,
        /// The most: 1 to 1,000.
        limit: u32,
    },
    /// The rows of these owners, at most 1,000.
    Owners(Vec<String>),
    /// So many keys that lie evenly behind the first `from` rows and within the first `to`: at most 15.
    Cuts {
        /// How many rows lie before.
        from: u64,
        /// How many rows lie before the end.
        to: u64,
        /// How many keys.
        points: u32,
    },
    /// How many of the distinct scores that belong to the shard stand before each of these, at most 15.
    Scores(Vec<Vec<u8>>),
}

/// What a shard answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ShardAnswer {
    /// How many stand before each key; how many there are.
    Counts(Vec<u64>, u64),
    /// Keys and entries; the rank in an entry means nothing.
    Rows(Vec<(Vec<u8>, Entry)>),
    /// Keys.
    Cuts(Vec<Vec<u8>>),
}

/// The most ranks that a question for statistics may name.
pub const STATS_RANKS: usize = 5;
/// The most bars of a histogram.
pub const STATS_BARS: u32 = 10;
/// The percentiles that statistics show.
pub const STATS_PERCENTILES: [u32; 7] = [1, 10, 25, 50, 75, 90, 99];

/// Where a page lies.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Seek {
    /// At the top.
    Top,
    /// From this rank on, whatever else is said.
    Rank(u64),
    /// Behind this place.
    After(Place),
    /// Before this place.
    Before(Place),
}

/// A place in the order of a board. It stays meaningful when nobody stands there any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The score.
    pub score: i64,
    /// The subscores.
    pub subscores: Vec<i64>,
    /// The submission that reached it.
    pub reached: Stamp,
    /// The owner.
    pub owner: String,
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// A board.
    Board(Box<Board>),
    /// Some entries.
    Page(Page),
    /// One entry.
    Entry(OwnEntry),
    /// How the scores are spread.
    Stats(Stats),
    /// Some epochs.
    Epochs(Vec<Epoch>),
    /// Submissions, the newest first.
    History(Vec<KeptSubmission>),
    /// What a shard says.
    Shard(ShardAnswer),
}

/// A submission that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::KeptSubmission)]
pub struct KeptSubmission {
    /// Its name, under which it can be voided.
    pub submission: String,
    /// When it counted.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// What it did.
    pub operator: Operator,
    /// The score, or the difference to it.
    pub score: i64,
    /// The subscores, if the board has columns for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscores: Vec<i64>,
    /// What came with it.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Metadata>,
    /// The rank that it led to.
    pub rank: Option<u64>,
    /// True if it does not count any more.
    pub voided: bool,
}

/// Some entries in the order of the board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The last place, if there is more behind it.
    pub next: Option<Place>,
    /// The first place, if there is more before it.
    pub prev: Option<Place>,
    /// Where those who are on it play, if that is one bucket of a league.
    pub league: Option<InLeague>,
}

/// An owner on a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Entry)]
pub struct Entry {
    /// The place from the top, from 1; among owners that were asked for by name their place among themselves.
    pub rank: u64,
    /// The owner.
    pub owner: String,
    /// The score.
    pub score: i64,
    /// The subscores, if the board has columns for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscores: Vec<i64>,
    /// How many submissions counted so far.
    pub attempts: u64,
    /// What came with the score.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Metadata>,
    /// When the last submission counted.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// One entry, and how it stands among all.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::OwnEntry)]
pub struct OwnEntry {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// How many members the ranking has.
    pub members: u64,
    /// Of a hundred other members so many stand below, rounded down; 100 where there is no other.
    pub percentile: u32,
    /// Where it plays, if the ranking is a league: rank, members and percentile are those in the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub league: Option<InLeague>,
}

/// How the scores of a ranking are spread.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Stats)]
pub struct Stats {
    /// How many members it has.
    pub members: u64,
    /// The score at the top.
    pub best: Option<i64>,
    /// The score at the bottom.
    pub worst: Option<i64>,
    /// The scores of the best so many of a hundred members: the worst score among those, their number rounded up.
    pub percentiles: Vec<AtPercent>,
    /// The scores needed for the ranks that were asked for; those beyond the last member are left out.
    pub ranks: Vec<AtRank>,
    /// From the lowest to the highest score, in bars of equal width.
    pub histogram: Vec<Bar>,
}

/// The score that ends the best so many of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::AtPercent)]
pub struct AtPercent {
    /// So many of a hundred members.
    pub top_percent: u32,
    /// The score.
    pub score: i64,
}

/// The score at a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::AtRank)]
pub struct AtRank {
    /// The rank.
    pub rank: u64,
    /// The score.
    pub score: i64,
}

/// A bar of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Bar)]
pub struct Bar {
    /// The lowest score.
    pub from: i64,
    /// The highest score.
    pub to: i64,
    /// How many members have one of these.
    pub members: u64,
}
