//! What keeps the state bounded: rows whose keys begin with their hour, or day, go from the front of their table.
//!
//! The front is remembered in memory alone: without it each walk would pass over all rows that were deleted before, and
//! with it or without, the same rows go.

use crate::runtime::cx::Cx;
use crate::runtime::system::Machine;
use millrace_state::key::Key;
use millrace_state::table::{Range, Table};
use millrace_topics::clicks::{Keeping, Rejection};
use millrace_topics::codec::{Body, Decode, Encode};
use millrace_topics::time::Time;
use std::fmt::Debug;

/// How many rows of a table are deleted before others get their turn.
pub const SWEEP_ROWS: usize = 1000;

/// How long clicks are kept, and what had gone before that was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Kept {
    /// What holds.
    pub keeping: Keeping,
    /// Hours below this one had gone under what held before.
    gone: u32,
}

impl Kept {
    /// The first hour whose clicks are there at a time of the log.
    #[must_use]
    pub fn first_hour(self, now: Time) -> u32 {
        self.keeping.first_hour(now).max(self.gone)
    }

    /// The same with something else from now on.
    #[must_use]
    pub fn with(self, keeping: Keeping, now: Time) -> Self {
        Self { keeping, gone: self.first_hour(now) }
    }
}

/// What is wrong with how long clicks are to be kept.
///
/// # Errors
/// The refusal.
pub fn check(keeping: Keeping) -> Result<(), Rejection> {
    let (least, most) = (Keeping::LEAST, Keeping::MOST);
    if (least..=most).contains(&keeping.click_days) {
        return Ok(());
    }
    Err(Rejection::BadDefinition(format!("`click_days` is {least} to {most}, not {}", keeping.click_days)))
}

/// The first rows of a range that are not below `low`, as many as one step deletes. `low` is then behind them.
pub fn front<M: Machine, K: Key + Debug, V: Body>(
    cx: &Cx<'_, M>,
    table: Table<K, V>,
    range: Range,
    low: &mut Vec<u8>,
) -> Vec<(K, V)> {
    let range = if *low > range.from && *low < range.to { range.starting(low) } else { range };
    let rows: Vec<(K, V)> = cx.scan(table, &range).take(SWEEP_ROWS).collect();
    // What comes later comes behind what has gone: nothing is written for an hour that is over for good.
    *low = rows.last().map_or(range.from, |(key, _)| table.raw_key(key));
    rows
}

/// The rows below a first part of their keys.
pub fn below<K: Key + Debug, V: Body>(table: Table<K, V>, first: &impl Key) -> Range {
    Range { to: table.raw_prefix(first), ..table.all() }
}
