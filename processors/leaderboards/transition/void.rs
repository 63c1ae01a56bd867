//! A submission that does not count any more: what was kept is folded again without it.

use super::{check_may_rule, check_owner, find};
use crate::leaderboards::fold::{Entry, Standing, step};
use crate::leaderboards::kept::Kept;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::shard::home_of;
use crate::leaderboards::tables::{BoardRow, MemberRow};
use crate::leaderboards::{Boards, order};
use millrace_topics::leaderboards::{Event, Outcome, Rejection, Voided, VoidedIn, Voiding, Window};

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// A window in which the submission is kept.
struct Found {
    window: Window,
    ladder: Ladder,
    member: MemberRow,
    kept: Kept,
    /// What counts without it.
    standing: Option<Standing>,
    was_voided: bool,
}

pub(super) fn check(voiding: &Voiding) -> Result<(), Rejection> {
    check_owner(&voiding.owner)
}

/// Voids a submission in every window whose open epoch keeps it. Twice is once.
pub(super) fn void(cx: &mut Cx<'_>, voiding: Voiding) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let row = find(cx, &voiding.board)?;
    let Voiding { board, owner, stamp } = voiding;
    let mut found = Vec::new();
    let mut not_kept = Vec::new();
    for window in row.windows.iter() {
        let mut ladder = Ladder::new(&board, &row, window, row.epoch(window));
        let Some(member) = order::get(cx, &ladder, &owner) else {
            not_kept.push(window);
            continue;
        };
        ladder.within(member.seat);
        let mut entries = member.kept.entries();
        let Some(entry) = entries.iter_mut().find(|entry| entry.stamp == stamp) else {
            not_kept.push(window);
            continue;
        };
        let was_voided = std::mem::replace(&mut entry.voided, true);
        let standing = fold(&row, member.base.clone(), &entries)?;
        found.push(Found { window, ladder, member, kept: Kept::of(&entries), standing, was_voided });
    }
    if found.is_empty() {
        return Err(Rejection::NotKept);
    }
    // The line: nothing below can be refused.
    let is_new = found.iter().any(|found| !found.was_voided);
    let changes = found.into_iter().filter(|found| !found.was_voided);
    let windows = changes.map(|found| carry_out(cx, &row, &owner, found)).collect();
    let voided = Voided { board: home_of(&board).to_owned(), owner, windows, not_kept };
    if is_new {
        cx.say(&Event::SubmissionVoided(voided.clone()));
    }
    Ok(Outcome::Voided(voided))
}

/// What counts of these submissions.
fn fold(row: &BoardRow, base: Option<Standing>, entries: &[Entry]) -> Result<Option<Standing>, Rejection> {
    let mut counting = entries.iter().filter(|entry| !entry.voided);
    counting.try_fold(base, |standing, entry| step(row, standing.as_ref(), entry).map(Some))
}

fn carry_out(cx: &mut Cx<'_>, row: &BoardRow, owner: &str, found: Found) -> VoidedIn {
    let Found { window, ladder, member, kept, standing, .. } = found;
    let ranked = !member.hidden && row.shards == 1;
    let key = |standing: &Option<Standing>| standing.as_ref().map(|standing| ladder.key(standing, owner));
    let (from, to) = (key(&member.standing), key(&standing));
    let prev_rank = from.as_ref().filter(|_| ranked).map(|key| order::rank(cx, &ladder, key));
    if from != to && !member.hidden {
        if let Some(from) = &from {
            order::leave(cx, &ladder, from);
        }
        if let Some(to) = &to {
            order::enter(cx, &ladder, to);
        }
    }
    let rank = to.as_ref().filter(|_| ranked).map(|key| order::rank(cx, &ladder, key));
    let (score, prev_score) = (standing.as_ref().map(|now| now.score), member.standing.as_ref().map(|was| was.score));
    order::put(cx, &ladder, owner, &MemberRow { standing, kept, ..member });
    VoidedIn { window, epoch: ladder.run >> 2, rank, prev_rank, score, prev_score }
}
