//! The tables of leaderboards: boards, their epochs and their members. The order of the members is kept in memory.

use crate::leaderboards::fold::Standing;
use crate::leaderboards::kept::Kept;
use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::leaderboards::{
    Bounds, Definition, InLeague, League, Operator, ShardClosed, Sort, Tie, Tournament, Window, Windows,
};
use millrace_topics::time::Time;

/// What a submission must know of a board, in one small row: it is read for each.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BoardRow {
    /// Which end of the scores is the top.
    pub sort: Sort,
    /// The same for each subscore.
    pub columns: Vec<Sort>,
    /// What a submission does unless it says otherwise.
    pub operator: Operator,
    /// The scores that it takes.
    pub bounds: Bounds,
    /// True if only servers and operators may submit.
    pub authoritative: bool,
    /// Its windows.
    pub windows: Windows,
    /// What rank equal scores share. With `dense` distinct scores are counted.
    pub tie: Tie,
    /// Over how many shards its members are spread.
    pub shards: u32,
    /// How many submissions of a member are kept.
    pub keep: u32,
    /// Its limits of time and number.
    pub tournament: Option<Tournament>,
    /// How its window `all` is a league, if it is one.
    pub league: Option<League>,
    /// The open epoch of each window, by the window's number.
    pub open: [u32; 3],
}

/// An epoch of a window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochRow {
    /// When it began.
    pub opened: Time,
    /// When it will end by itself, if it will.
    pub closes: Option<Time>,
    /// How it ended, once it has.
    pub closed: Option<Closed>,
}

/// How an epoch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Closed {
    /// When.
    pub at: Time,
    /// How many members it had.
    pub members: u64,
    /// The hash of the whole ranking: see [`crate::leaderboards::standings`].
    pub hash: u128,
}

/// A member of a board in one epoch of one window. What decides its place comes first, so that it can be read alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberRow {
    /// What counts; none if every submission was voided.
    pub standing: Option<Standing>,
    /// True if it takes no place in the order.
    pub hidden: bool,
    /// Where it plays, in a league: taken with its first submission.
    pub seat: Option<Seat>,
    /// What had come of the submissions before those that are kept.
    pub base: Option<Standing>,
    /// The last submissions.
    pub kept: Kept,
}

/// A place in a bucket of a league.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Seat {
    /// The tier, from 0 for the lowest.
    pub tier: u32,
    /// The bucket; those of an epoch are numbered from 0.
    pub bucket: u32,
}

/// Which tier of a league an owner is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TierRow {
    /// The tier, from 0 for the lowest.
    pub tier: u32,
    /// The epoch in which it played last.
    pub epoch: u32,
}

/// The buckets of an epoch of a league.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct BucketsRow {
    /// How many there are.
    pub opened: u32,
    /// In how many of them, from the first on, members went up and down after the epoch had ended.
    pub settled: u32,
    /// The last bucket of each tier, if it has one.
    pub latest: Vec<Option<Latest>>,
}

/// A bucket that takes members while it is not full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Latest {
    /// Its number.
    pub bucket: u32,
    /// How many seats are taken.
    pub members: u32,
}

impl BucketsRow {
    /// Takes a seat in the last bucket of a tier, or in a new one if that is full.
    pub fn take(&mut self, tier: u32, size: u32) -> Seat {
        let at = tier as usize;
        if self.latest.len() <= at {
            self.latest.resize(at + 1, None);
        }
        let room = self.latest[at].filter(|latest| latest.members < size);
        let latest = room.unwrap_or_else(|| {
            self.opened += 1;
            Latest { bucket: self.opened - 1, members: 0 }
        });
        self.latest[at] = Some(Latest { members: latest.members + 1, ..latest });
        Seat { tier, bucket: latest.bucket }
    }

    /// Gives a seat back. Only the last bucket of a tier can be filled up again.
    pub fn give_back(&mut self, seat: Seat) {
        if let Some(Some(latest)) = self.latest.get_mut(seat.tier as usize)
            && latest.bucket == seat.bucket
        {
            latest.members -= 1;
        }
    }
}

/// How far an owner is hidden, shown or erased: [`HIDDEN`] says which of the first two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct SweepRow {
    /// What stands for it where it is erased, if it is to be.
    pub pseudonym: Option<String>,
    /// The key of the last membership that was done; none of the owner's has been if it is empty.
    pub done: Vec<u8>,
}

/// The number of an epoch among those of all windows of a board: the window is in the low bits.
#[must_use]
pub fn run(window: Window, epoch: u32) -> u32 {
    epoch << 2 | u32::try_from(window.index()).expect("there are three windows")
}

/// Board → its definition and when it was created.
pub const DEFINITIONS: Table<String, (Definition, Time)> = Table::primary(19, "definitions");
/// Board → what a submission must know of it.
pub const BOARDS: Table<String, BoardRow> = Table::primary(20, "boards");
/// (board, number of the window, epoch) → how long it is open.
pub const EPOCHS: Table<(String, u8, u32), EpochRow> = Table::primary(21, "epochs");
/// Owners that are hidden everywhere.
pub const HIDDEN: Table<String, ()> = Table::primary(25, "hidden");
/// (board, number of the window, epoch, shard) → how the shard's epoch ended, until all have.
pub const SUMMARIES: Table<(String, u8, u32, u32), ShardClosed> = Table::primary(28, "summaries");
/// (board or shard, number of the window) → how often an epoch ended by hand, and on a shard the last that did.
pub const CLOSINGS: Table<(String, u8), (u32, u32)> = Table::primary(29, "closings");

/// (owner, board, run) → its score and how it came to it. By owner, to find everything that one has; who is in a
/// ranking is known in memory.
pub const MEMBERS: Table<(String, String, u32), MemberRow> = Table::primary(30, "members");

/// (owner, board) → the tier of a league that it is in. By owner, as [`MEMBERS`].
pub const TIERS: Table<(String, String), TierRow> = Table::primary(31, "tiers");
/// (board, epoch of `all`) → the buckets of a league.
pub const BUCKETS: Table<(String, u32), BucketsRow> = Table::primary(32, "buckets");

/// (shard, run, scores as they begin a key of the order) → on how many shards somebody has them. The scores that belong
/// to a shard, whoever has them.
pub const SHARED: Table<(String, u32, Vec<u8>), u32> = Table::primary(33, "shared");

/// Owners that are hidden, shown or erased on some of their boards already, and how far that has come.
pub const SWEEPS: Table<String, SweepRow> = Table::primary(34, "sweeps");

/// The tables, by number. The numbers 16 to 18, 22 to 24, 26 and 27 are retired.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![
        DEFINITIONS.def(),
        BOARDS.def(),
        EPOCHS.def(),
        HIDDEN.def(),
        SUMMARIES.def(),
        CLOSINGS.def(),
        MEMBERS.def(),
        TIERS.def(),
        BUCKETS.def(),
        SHARED.def(),
        SWEEPS.def(),
    ]
}

impl BoardRow {
    /// What a submission must know of this definition; every window's epoch 0 is open.
    #[must_use]
    pub fn new(definition: &Definition, league: Option<League>) -> Self {
        Self {
            sort: definition.sort,
            columns: definition.columns.clone(),
            operator: definition.operator,
            bounds: definition.bounds,
            authoritative: definition.authoritative,
            windows: definition.windows,
            tie: definition.tie,
            shards: definition.shards,
            keep: definition.keep_submissions,
            tournament: definition.tournament,
            league,
            open: [0; 3],
        }
    }

    /// The open epoch of a window.
    #[must_use]
    pub fn epoch(&self, window: Window) -> u32 {
        self.open[window.index()]
    }

    /// The league that a window is, if it is one.
    #[must_use]
    pub fn league_in(&self, window: Window) -> Option<&League> {
        self.league.as_ref().filter(|_| window == Window::All)
    }

    /// A seat as people see it.
    ///
    /// # Panics
    /// If it is none of this board.
    #[must_use]
    pub fn show(&self, seat: Seat) -> InLeague {
        let league = self.league.as_ref().expect("only a league has seats");
        InLeague { tier: league.tiers[seat.tier as usize].clone(), bucket: seat.bucket }
    }
}
