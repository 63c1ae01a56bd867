//! The tables of the machine `clicks`: ids that it knows, rates, and how much it took.

use crate::clicks::forget::Kept;
use crate::clicks::rings::Ring;
use millrace_state::table::{Table, TableDef};
use millrace_topics::time::Time;

/// (what is counted, its hash) → its counters.
pub const RINGS: Table<(u8, u64), Ring> = Table::primary(16, "rings");

/// (prefix, number of a click whose id a client made) → when it was taken. With the prefix: an id that comes from
/// elsewhere too may come to another partition, so its ad finds it out.
pub const IDS: Table<(u64, u128), Time> = Table::primary(17, "ids");

/// In how many parts what was taken is counted: so that rows are the same over 1, 2, 4 and 8 partitions.
pub const SLICES: u8 = 8;

/// (hour, number of the ad's shard, slice of the prefix) → clicks that were taken, without repeats.
pub const RAW: Table<(u32, u64, u8), u64> = Table::primary(18, "raw");

/// The end of the hour that is to be closed next; none before the first campaign.
pub const HOURS: Table<(), Time> = Table::primary(19, "hours");

/// The number of a table in which rows wait for their end → there is a timer for it.
pub const SWEPT: Table<u8, ()> = Table::primary(20, "swept");

/// How long clicks are kept, where it was said.
pub const KEEPING: Table<(), Kept> = Table::primary(21, "keeping");

/// What a ring counts: the first part of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Clicks of one address.
    Address = 0,
    /// Clicks of one /24 or /64.
    Prefix = 1,
    /// Clicks of one visitor within it.
    Visitor = 2,
}

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![RINGS.def(), IDS.def(), RAW.def(), HOURS.def(), SWEPT.def(), KEEPING.def()]
}
