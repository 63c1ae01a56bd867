//! Members entering and leaving the order of their board, and their rows: the one place where both change.

use crate::leaderboards::Boards;
use crate::leaderboards::ladder::{Distinct, Ladder};
use crate::leaderboards::shard;
use crate::leaderboards::standings::Ranking;
use crate::leaderboards::tables::{MEMBERS, MemberRow};
use millrace_topics::leaderboards::{Command, Leaderboards, ScoreShared};
use std::ops::Range;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// Puts a member where it belongs, and says its rank.
pub fn enter(cx: &mut Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    let before = cx.engine.enter(ladder, key);
    share(cx, ladder, key, true);
    before + 1 - start(cx, ladder)
}

/// Takes a member from its place, and says the rank that it had.
pub fn leave(cx: &mut Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    let before = cx.engine.leave(ladder, key);
    share(cx, ladder, key, false);
    before + 1 - start(cx, ladder)
}

/// Tells the shard that a score belongs to, where shards count distinct ones together, that the first here has it or
/// that the last had it.
fn share(cx: &mut Cx<'_>, ladder: &Ladder, key: &[u8], entered: bool) {
    let Distinct::Spread(shards) = ladder.distinct else { return };
    let sharing = cx.engine.ranking(ladder).map_or(0, |ranking| ranking.sharing(ladder, key));
    if sharing != u64::from(entered) {
        return;
    }
    let scores = ladder.scores_of(key).to_vec();
    let shard = shard::of_scores(shard::home_of(&ladder.board), &scores, shards);
    cx.send::<Leaderboards>(&Command::ShareScore(ScoreShared { shard, run: ladder.run, scores, entered }));
}

/// The rank of a member that stands in the order.
#[must_use]
pub fn rank(cx: &Cx<'_>, ladder: &Ladder, key: &[u8]) -> u64 {
    let before = cx.engine.ranking(ladder).map_or(0, |ranking| ranking.before(key));
    before + 1 - start(cx, ladder)
}

/// How many stand before those who are ranked: in a league those in the buckets before.
fn start(cx: &Cx<'_>, ladder: &Ladder) -> u64 {
    if ladder.bucket.is_none() { 0 } else { span(cx, ladder).start }
}

/// Where those stand who are ranked.
#[must_use]
pub fn span(cx: &Cx<'_>, ladder: &Ladder) -> Range<u64> {
    cx.engine.ranking(ladder).map_or(0..0, |ranking| ranking.span(ladder))
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
