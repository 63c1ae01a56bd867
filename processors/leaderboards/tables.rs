//! The tables of leaderboards: boards, their members, and the members in order.

use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::leaderboards::{Definition, Metadata, Place, Sort};
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;

/// A board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BoardRow {
    /// What it is.
    pub definition: Definition,
    /// Which run is open.
    pub epoch: u32,
    /// When it was created.
    pub created: Time,
}

/// A member of a board in one of its runs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberRow {
    /// Its score.
    pub score: i64,
    /// The submission that reached it: of equal scores the first stands higher.
    pub reached: Stamp,
    /// How many submissions counted.
    pub attempts: u64,
    /// What came with the score.
    pub metadata: Option<Metadata>,
    /// When the last submission counted.
    pub updated: Time,
}

/// A member's key: (board, epoch, owner).
pub type MemberKey = (String, u32, String);

/// A member's key in the order: (board, epoch, rung, stamp at which the score was reached, owner). The stamp is
/// (micros, node).
pub type OrderKey = (String, u32, i64, (u64, u32), String);

/// Board → what it is.
pub const BOARDS: Table<String, BoardRow> = Table::primary(16, "boards");
/// (board, epoch, owner) → its score and how it came to it.
pub const MEMBERS: Table<MemberKey, MemberRow> = Table::primary(17, "members");
/// The members in the order of their board. Computed from `members`.
pub const ORDER: Table<OrderKey, ()> = Table::derived(18, "order");

/// The tables, by number. No number is retired yet.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![BOARDS.def(), MEMBERS.def(), ORDER.def()]
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

impl BoardRow {
    /// The key of a place in the order of the open run.
    #[must_use]
    pub fn order_key(&self, place: &Place) -> OrderKey {
        let Definition { id, sort, .. } = &self.definition;
        let Stamp { micros, node } = place.reached;
        (id.clone(), self.epoch, rung(*sort, place.score), (micros, node), place.owner.clone())
    }

    /// The place that a key in the order says.
    #[must_use]
    pub fn place(&self, key: OrderKey) -> Place {
        let (_, _, at, (micros, node), owner) = key;
        Place { score: rung(self.definition.sort, at), reached: Stamp { micros, node }, owner }
    }

    /// The key of a member of the open run.
    #[must_use]
    pub fn member_key(&self, owner: &str) -> MemberKey {
        (self.definition.id.clone(), self.epoch, owner.to_owned())
    }
}

impl MemberRow {
    /// Its place in the order.
    #[must_use]
    pub fn place(&self, owner: &str) -> Place {
        Place { score: self.score, reached: self.reached, owner: owner.to_owned() }
    }
}
