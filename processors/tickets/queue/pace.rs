//! How many may be let in now: no more than may be in at a time, and no more than the rate allows. What the rate allows
//! and nobody uses is lost after a second, so that a crowd that comes late is not let in all at once.

use crate::tickets::queue::tables::RoomRow;
use millrace_topics::tickets::RoomMode;
use millrace_topics::time::Time;

/// What letting one in uses up: the milliseconds of a minute, so that a rate a minute is what comes back in one.
pub const ONE: u64 = 60_000;

/// The most that are let in, drawn or ended in one step, before others get their turn.
pub const STEP: u32 = 1000;

/// How many may be let in now.
pub fn allowed(room: &mut RoomRow, now: Time) -> u32 {
    if room.terms.mode == RoomMode::Passthrough {
        return STEP;
    }
    let grown = room.allowance + now.since(room.counted) * u64::from(room.terms.admit_per_minute);
    room.allowance = grown.min(full(room));
    room.counted = now;
    let by_rate = u32::try_from(room.allowance / ONE).unwrap_or(u32::MAX);
    by_rate.min(room.terms.max_active.saturating_sub(room.active)).min(STEP)
}

/// Counts one who was let in.
pub fn count(room: &mut RoomRow) {
    room.active += 1;
    room.allowance = room.allowance.saturating_sub(ONE);
}

/// The most that the rate may allow at once: what it does in a second, and one at least.
#[must_use]
pub fn full(room: &RoomRow) -> u64 {
    ONE.max(u64::from(room.terms.admit_per_minute) * 1000)
}

/// When the next may be let in, as far as it is known now: none if nobody waits, or somebody must leave before. They are
/// let in by the second where many are, since a step for each would cost more than they do.
#[must_use]
pub fn next(room: &RoomRow, now: Time) -> Option<Time> {
    let is_through = room.terms.mode == RoomMode::Passthrough;
    if room.waiting == 0 || (room.active >= room.terms.max_active && !is_through) {
        return None;
    }
    let wanted = full(room).min(u64::from(room.waiting) * ONE);
    let missing = if is_through { 0 } else { wanted.saturating_sub(room.allowance) };
    Some(now.plus(missing.div_ceil(u64::from(room.terms.admit_per_minute))))
}
