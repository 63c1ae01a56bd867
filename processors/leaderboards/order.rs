//! Members entering and leaving the order, with everything that is counted along it, and their ranks.

use crate::leaderboards::Boards;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::tables::{JOINED, MEMBERS, MemberRow, ORDER, OWNED, SCORES};
use millrace_topics::leaderboards::Place;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// Puts a member where it belongs.
pub fn enter(cx: &mut Cx<'_>, ladder: &Ladder, place: &Place) {
    let key = ladder.order_key(place);
    let raw = ORDER.raw_key(&key);
    cx.put(ORDER, &key, &());
    cx.engine.sum_up(ladder, &raw);
    cx.engine.ranks.add(&ladder.board, ladder.run, &raw);
    if ladder.dense {
        count_score(cx, ladder, place);
    }
}

/// Takes a member from its place.
pub fn leave(cx: &mut Cx<'_>, ladder: &Ladder, place: &Place) {
    let key = ladder.order_key(place);
    let raw = ORDER.raw_key(&key);
    cx.delete(ORDER, &key);
    cx.engine.take_back(ladder, &raw);
    cx.engine.ranks.remove(&ladder.board, ladder.run, &raw);
    if ladder.dense {
        uncount_score(cx, ladder, place);
    }
}

/// Writes a member's row.
pub fn put(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str, member: &MemberRow, is_new: bool) {
    cx.put(MEMBERS, &ladder.member_key(owner), member);
    if !is_new {
        return;
    }
    cx.put(OWNED, &(owner.to_owned(), ladder.board.clone(), ladder.run), &());
    if ladder.sized {
        let joined = joined(cx, ladder);
        cx.put(JOINED, &(ladder.board.clone(), ladder.run), &(joined + 1));
    }
}

/// Deletes a member's row.
pub fn forget(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str) {
    cx.delete(MEMBERS, &ladder.member_key(owner));
    cx.delete(OWNED, &(owner.to_owned(), ladder.board.clone(), ladder.run));
    if ladder.sized {
        let joined = joined(cx, ladder);
        cx.put(JOINED, &(ladder.board.clone(), ladder.run), &(joined - 1));
    }
}

/// How many members a board with a limit has.
#[must_use]
pub fn joined(cx: &Cx<'_>, ladder: &Ladder) -> u64 {
    cx.get(JOINED, &(ladder.board.clone(), ladder.run)).unwrap_or(0)
}

/// The rank of a member that stands in the order.
#[must_use]
pub fn rank(cx: &Cx<'_>, ladder: &Ladder, place: &Place) -> u64 {
    cx.engine.ranks.before(&ladder.board, ladder.run, &ladder.raw(place)) + 1
}

fn count_score(cx: &mut Cx<'_>, ladder: &Ladder, place: &Place) {
    let key = ladder.score_key(place);
    let sharing = cx.get(SCORES, &key).unwrap_or(0);
    cx.put(SCORES, &key, &(sharing + 1));
    if sharing == 0 {
        cx.engine.scores.add(&ladder.board, ladder.run, &SCORES.raw_key(&key));
    }
}

fn uncount_score(cx: &mut Cx<'_>, ladder: &Ladder, place: &Place) {
    let key = ladder.score_key(place);
    let sharing = cx.get(SCORES, &key).expect("a score that someone has is counted");
    if sharing > 1 {
        cx.put(SCORES, &key, &(sharing - 1));
        return;
    }
    cx.delete(SCORES, &key);
    cx.engine.scores.remove(&ladder.board, ladder.run, &SCORES.raw_key(&key));
}
