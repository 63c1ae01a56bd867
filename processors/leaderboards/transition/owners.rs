//! What concerns an owner on every board of the partition, and joining one.

use super::{PAUSE_MS, check_may_rule, find, league, remove};
use crate::leaderboards::fold::Standing;
use crate::leaderboards::kept::Kept;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::shard::home_of;
use crate::leaderboards::tables::{BoardRow, HIDDEN, MEMBERS, MemberRow, SWEEPS, SweepRow};
use crate::leaderboards::{Boards, order};
use millrace_topics::leaderboards::{
    Erasure, Event, Joined, Joining, Outcome, OwnerErased, OwnerHidden, OwnerState, Rejection, Timer, Window,
};
use millrace_topics::record::Role;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// On how many boards, each epoch and window for itself, an owner is hidden, shown or erased in one go. The others
/// follow.
pub const SWEEP_ROWS: usize = 500;

/// Joins the open epochs of a tournament.
pub(super) fn join(cx: &mut Cx<'_>, joining: Joining) -> Result<Outcome, Rejection> {
    if cx.caller().role == Role::User && cx.caller().id != joining.owner {
        return Err(Rejection::NotYourself);
    }
    let row = find(cx, &joining.board)?;
    let tournament = row.tournament.ok_or(Rejection::NoTournament)?;
    if tournament.ends_at.is_some_and(|ends| cx.now() >= ends) {
        return Err(Rejection::Ended);
    }
    let Joining { board, owner } = joining;
    let ladders = row.windows.iter().map(|window| Ladder::new(&board, &row, window, row.epoch(window)));
    let ladders: Vec<Ladder> = ladders.filter(|ladder| order::get(cx, ladder, &owner).is_none()).collect();
    if let Some(limit) = tournament.max_size
        && ladders.iter().any(|ladder| order::joined(cx, ladder) >= limit)
    {
        return Err(Rejection::Full(limit));
    }
    // The line: nothing below can be refused.
    let hidden = cx.get(HIDDEN, &owner).is_some();
    let member = MemberRow { standing: None, hidden, seat: None, base: None, kept: Kept::default() };
    ladders.iter().for_each(|ladder| order::put(cx, ladder, &owner, &member));
    let joined = Joined { board: home_of(&board).to_owned(), owner, epoch: row.epoch(Window::All) };
    if !ladders.is_empty() {
        cx.say(&Event::OwnerJoined(joined.clone()));
    }
    Ok(Outcome::Joined(joined))
}

/// Takes an owner out of the order of every board, or puts it back in at its place. Epochs that have ended stay.
pub(super) fn set_hidden(cx: &mut Cx<'_>, owner: String, hidden: bool) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    // The line: nothing below can be refused.
    let outcome = Outcome::Owner(OwnerState { owner: owner.clone(), hidden });
    if cx.get(HIDDEN, &owner).is_some() == hidden {
        return Ok(outcome);
    }
    if hidden {
        cx.put(HIDDEN, &owner, &());
    } else {
        cx.delete(HIDDEN, &owner);
    }
    sweep(cx, owner, None);
    Ok(outcome)
}

/// Forgets who an owner was: it leaves what goes on, and what has ended shows its pseudonym at its place.
pub(super) fn erase(cx: &mut Cx<'_>, erasure: Erasure) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let Erasure { owner, pseudonym } = erasure;
    let seed = format!("{}\n{owner}", cx.stamp());
    let pseudonym =
        pseudonym.unwrap_or_else(|| format!("erased-{:032x}", xxhash_rust::xxh3::xxh3_128(seed.as_bytes())));
    // The line: nothing below can be refused.
    cx.delete(HIDDEN, &owner);
    sweep(cx, owner, Some(pseudonym));
    Ok(Outcome::Erased)
}

/// Does to an owner's memberships what was asked for: the first of them now, and the others when those that wait have
/// had their turn. What was under way begins anew with it.
fn sweep(cx: &mut Cx<'_>, owner: String, pseudonym: Option<String>) {
    let under_way = cx.get(SWEEPS, &owner);
    let waits = under_way.is_some();
    let pseudonym = pseudonym.or_else(|| under_way.and_then(|sweep| sweep.pseudonym));
    let sweep = SweepRow { pseudonym, done: Vec::new() };
    if waits {
        cx.put(SWEEPS, &owner, &sweep);
    } else {
        step(cx, owner, sweep);
    }
}

/// Goes on where the last step ended.
pub(super) fn sweep_on(cx: &mut Cx<'_>, owner: String) {
    let sweep = cx.get(SWEEPS, &owner).expect("a sweep whose timer is set is under way");
    step(cx, owner, sweep);
}

fn step(cx: &mut Cx<'_>, owner: String, mut sweep: SweepRow) {
    let found = memberships(cx, &owner, &sweep.done);
    let more = found.len() == SWEEP_ROWS;
    if let Some((board, run, ..)) = found.last() {
        sweep.done = MEMBERS.raw_key(&(owner.clone(), board.clone(), *run));
    }
    let hidden = cx.get(HIDDEN, &owner).is_some();
    for membership in found {
        match &sweep.pseudonym {
            Some(pseudonym) => erase_one(cx, &owner, membership, pseudonym),
            None => hide_one(cx, &owner, membership, hidden),
        }
    }
    let tiers_left = !more && sweep.pseudonym.is_some() && league::forget_everywhere(cx, &owner, SWEEP_ROWS);
    if more || tiers_left {
        cx.put(SWEEPS, &owner, &sweep);
        cx.set_timer(cx.now().plus(PAUSE_MS), &Timer::Sweep { owner });
    } else {
        cx.delete(SWEEPS, &owner);
    }
}

fn hide_one(cx: &mut Cx<'_>, owner: &str, (board, run, row, member): Membership, hidden: bool) {
    let (window, epoch) = epoch_of(run);
    if row.epoch(window) != epoch || member.hidden == hidden {
        return;
    }
    let ladder = Ladder::new(&board, &row, window, epoch);
    let key = ladder.key_of_member(&member, owner);
    match &key {
        Some(key) if hidden => drop(order::leave(cx, &ladder, key)),
        Some(key) => drop(order::enter(cx, &ladder, key)),
        None => {}
    }
    order::put(cx, &ladder, owner, &MemberRow { hidden, ..member });
    let board = home_of(&board).to_owned();
    cx.say(&Event::OwnerHidden(OwnerHidden { board, window, epoch, owner: owner.to_owned(), hidden }));
}

fn erase_one(cx: &mut Cx<'_>, owner: &str, (board, run, row, member): Membership, pseudonym: &str) {
    let (window, epoch) = epoch_of(run);
    let ladder = Ladder::new(&board, &row, window, epoch);
    if row.epoch(window) == epoch {
        remove(cx, &ladder, owner);
        league::give_back(cx, &board, epoch, member.seat);
    } else {
        rename(cx, &ladder, owner, member, pseudonym);
    }
    let board = home_of(&board).to_owned();
    cx.say(&Event::OwnerErased(OwnerErased { board, window, epoch, pseudonym: pseudonym.to_owned() }));
}

fn rename(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str, member: MemberRow, pseudonym: &str) {
    remove(cx, ladder, owner);
    let standing = member.standing.clone().map(|standing| Standing { metadata: None, ..standing });
    let row = MemberRow { standing, base: None, kept: Kept::default(), ..member };
    if let Some(key) = ladder.key_of_member(&row, pseudonym).filter(|_| !row.hidden) {
        order::enter(cx, ladder, &key);
    }
    order::put(cx, ladder, pseudonym, &row);
}

/// Where an owner is a member: board, run, the board's row and the member's.
type Membership = (String, u32, Arc<BoardRow>, MemberRow);

/// The memberships of an owner behind a key, as many as one step does.
fn memberships(cx: &Cx<'_>, owner: &str, done: &[u8]) -> Vec<Membership> {
    let mut range = MEMBERS.under(&(owner.to_owned(),));
    if !done.is_empty() {
        range = range.beyond(done);
    }
    let with_row = cx.scan(MEMBERS, &range).map(|((_, board, run), member)| {
        let row = cx.engine.board(&board).expect("a board with members is there").clone();
        (board, run, row, member)
    });
    with_row.take(SWEEP_ROWS).collect()
}

/// The window and the epoch of a run.
fn epoch_of(run: u32) -> (Window, u32) {
    (Window::EACH[run as usize & 3], run >> 2)
}
