//! The tables of `tickets.queue`.

use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::tickets::{RoomStage, RoomTerms, RoomView};
use millrace_topics::time::Time;

/// The most that a number of a waiting room may be: how many a minute, how many at a time, how many seconds.
pub const COUNT_LIMIT: u32 = 10_000_000;

/// Where somebody stands in line: those who were drawn before the others, by rank, then by number.
pub type Lot = (bool, u64);

/// The lot of who was not drawn: they stand behind those who were, by their numbers.
pub const LATER: Lot = (true, 0);

/// A waiting room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomRow {
    /// What it is to be.
    pub terms: RoomTerms,
    /// How far it is.
    pub stage: RoomStage,
    /// Since when it lets people in.
    pub opened: Option<Time>,
    /// The seed of the draw, once it was said.
    pub seed: Option<String>,
    /// How many have come: the number of the last.
    pub joined: u32,
    /// How many of them take part in the draw.
    pub in_draw: u32,
    /// How many of those have their lot.
    pub drawn: u32,
    /// How many stand in line.
    pub waiting: u32,
    /// How many are in.
    pub active: u32,
    /// How many were passed in line: let in, or gone by then.
    pub passed: u32,
    /// Whom the line was passed up to.
    pub head: (Lot, u32),
    /// What may be used up before the rate lets nobody in: [`ONE`](crate::tickets::queue::pace::ONE) a person.
    pub allowance: u64,
    /// When that was counted.
    pub counted: Time,
    /// When the room's timer is due.
    pub armed: Option<Time>,
}

impl RoomRow {
    /// The room as people see it.
    #[must_use]
    pub fn show(self) -> RoomView {
        let RoomTerms { event, mode, opens_at, admit_per_minute, max_active, session_seconds, seed_hash, revision } =
            self.terms;
        RoomView {
            event,
            mode,
            stage: self.stage,
            opens_at,
            opened_at: self.opened,
            admit_per_minute,
            max_active,
            session_seconds,
            joined: self.joined,
            waiting: self.waiting,
            admitted_up_to: self.passed,
            active: self.active,
            drawn: self.drawn,
            seed_hash,
            seed: self.seed,
            revision,
        }
    }
}

/// Somebody who has come.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EntryRow {
    /// Who.
    pub buyer: String,
    /// True if whoever it was has left before being let in.
    pub left: bool,
}

/// Somebody's place, as long as it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PlaceRow {
    /// Its number.
    pub number: u32,
    /// Where it is in line.
    pub lot: Lot,
    /// Until when whoever has it is in.
    pub until: Option<Time>,
}

/// Event → its waiting room.
pub const ROOMS: Table<String, RoomRow> = Table::primary(16, "rooms");
/// (event, number) → who came with it.
pub const ENTRIES: Table<(String, u32), EntryRow> = Table::primary(17, "entries");
/// (event, buyer) → the buyer's place.
pub const PLACES: Table<(String, String), PlaceRow> = Table::primary(18, "places");
/// (event, lot, number) → who is to be let in when it is this one's turn; none has left.
pub const LINE: Table<(String, bool, u64, u32), Option<String>> = Table::primary(19, "line");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![ROOMS.def(), ENTRIES.def(), PLACES.def(), LINE.def()]
}
