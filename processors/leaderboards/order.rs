//! Members entering and leaving the order of their board, and their rows: the one place where both change.

use crate::leaderboards::Boards;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::standings::Ranking;
use crate::leaderboards::tables::{MEMBERS, MemberRow};

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// Puts a member where it belongs, and says its rank.
pub fn enter(cx: &mut Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    cx.engine.enter(ladder, key) + 1
}

/// Takes a member from its place, and says the rank that it had.
pub fn leave(cx: &mut Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    cx.engine.leave(ladder, key) + 1
}

/// The rank of a member that stands in the order.
#[must_use]
pub fn rank(cx: &Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    cx.engine.ranking(ladder).map_or(0, |ranking| ranking.before(key)) + 1
}

/// A member's row.
#[must_use]
pub fn get(cx: &Cx<'_>, ladder: &Ladder, owner: &str) -> Option<MemberRow> {
    cx.get_raw(MEMBERS, &ladder.member(owner))
}

/// Writes a member's row.
pub fn put(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str, member: &MemberRow) {
    cx.put_raw(MEMBERS, ladder.member(owner), member);
    cx.engine.set_unplaced(ladder, owner, member.hidden || member.standing.is_none());
}

/// Deletes a member's row.
pub fn forget(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str) {
    cx.delete_raw(MEMBERS, ladder.member(owner));
    cx.engine.set_unplaced(ladder, owner, false);
}

/// How many members a board has, with a place or without.
#[must_use]
pub fn joined(cx: &Cx<'_>, ladder: &Ladder) -> u64 {
    cx.engine.ranking(ladder).map_or(0, Ranking::joined)
}
