//! Scores that are handed in, one or many.

use super::{check_owner, find, league};
use crate::leaderboards::fold::{At, Entry, Standing, step};
use crate::leaderboards::kept::Kept;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::shard::home_of;
use crate::leaderboards::tables::{BoardRow, HIDDEN, MemberRow, Seat};
use crate::leaderboards::{Boards, order};
use millrace_topics::leaderboards::{
    BATCH_LIMIT, Batch, BatchOutcome, Bounds, Event, InShard, InWindow, Item, Metadata, Move, NewBest, NewEntry,
    Operator, Outcome, Rejection, Submission, Submitted, Tournament, Window, Windows,
};
use millrace_topics::record::{Role, Stamp};

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// The most metadata of a member, in bytes as compact JSON.
pub const METADATA_LIMIT: usize = 4096;

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(super) fn check_entry(entry: &NewEntry) -> Result<(), Rejection> {
    check_owner(&entry.owner)?;
    let found = entry.metadata.as_ref().map_or(0, |Metadata(text)| text.len());
    if found > METADATA_LIMIT {
        return Err(Rejection::MetadataTooLarge { limit: number(METADATA_LIMIT), found: number(found) });
    }
    Ok(())
}

pub(super) fn check_batch(batch: &Batch) -> Result<(), Rejection> {
    let found = batch.entries.len();
    if !(1..=BATCH_LIMIT).contains(&found) {
        return Err(Rejection::BadBatch { limit: number(BATCH_LIMIT), found: number(found) });
    }
    Ok(())
}

/// Hands in one score.
pub(super) fn one(cx: &mut Cx<'_>, submission: Submission) -> Result<Outcome, Rejection> {
    let Submission { board, entry } = submission;
    check_caller(cx, &entry)?;
    let row = find(cx, &board)?;
    let (at, stamp) = (At::new(cx.position(), None), cx.stamp());
    let changes = plan(cx, &board, &row, &entry, at, stamp)?;
    // The line: nothing below can be refused.
    if row.shards == 1 {
        return Ok(Outcome::Submitted(carry_out(cx, board, &row, entry.owner, changes)));
    }
    let hidden = cx.get(HIDDEN, &entry.owner).is_some();
    let moves = changes.iter().map(|change| change.place(&entry.owner, hidden)).collect();
    let submitted = carry_out(cx, board, &row, entry.owner, changes);
    Ok(Outcome::InShard(Box::new(InShard { submitted, moves })))
}

/// Hands in scores of many owners: each counts or is refused for itself, in the order of the batch.
pub(super) fn many(cx: &mut Cx<'_>, batch: Batch) -> Result<Outcome, Rejection> {
    let row = find(cx, &batch.board)?;
    let stamps: Vec<Stamp> = (0..).zip(&batch.entries).map(|(item, _)| batch.stamp(item, cx.stamp())).collect();
    let Batch { board, entries, .. } = batch;
    // The line: the batch as a whole is accepted, whatever becomes of its entries.
    let mut results = Vec::with_capacity(entries.len());
    for (item, (entry, stamp)) in (0..).zip(entries.into_iter().zip(stamps)) {
        let at = At::new(cx.position(), Some(item));
        let checked = check_entry(&entry).and_then(|()| check_caller(cx, &entry));
        let changes = checked.and_then(|()| plan(cx, &board, &row, &entry, at, stamp));
        results.push(match changes {
            Ok(changes) => Item::Submitted(carry_out(cx, board.clone(), &row, entry.owner, changes)),
            Err(refusal) => Item::Refused(refusal),
        });
    }
    Ok(Outcome::Batch(BatchOutcome { results }))
}

pub(super) fn check_caller(cx: &Cx<'_>, entry: &NewEntry) -> Result<(), Rejection> {
    let is_other = cx.caller().role == Role::User && cx.caller().id != entry.owner;
    if is_other { Err(Rejection::NotYourself) } else { Ok(()) }
}

/// What a submission changes in one window.
struct Change {
    window: Window,
    ladder: Ladder,
    before: Option<MemberRow>,
    entry: Entry,
    /// None if it changes nothing.
    after: Option<Standing>,
}

impl Change {
    /// Where it puts the owner.
    fn place(&self, owner: &str, hidden: bool) -> Move {
        let was = self.before.as_ref().and_then(|before| before.standing.as_ref());
        let key = |standing: &Standing| self.ladder.key(standing, owner);
        Move {
            window: self.window,
            epoch: self.ladder.run >> 2,
            key: self.after.as_ref().or(was).filter(|_| !hidden).map(key),
            prev_key: was.map(key),
        }
    }
}

/// What a submission changes in each window, or why it is refused.
fn plan(
    cx: &Cx<'_>,
    board: &str,
    row: &BoardRow,
    new: &NewEntry,
    at: At,
    stamp: Stamp,
) -> Result<Vec<Change>, Rejection> {
    if row.authoritative && cx.caller().role == Role::User {
        return Err(Rejection::Authoritative);
    }
    if new.subscores.len() != row.columns.len() {
        let (columns, found) = (number(row.columns.len()), number(new.subscores.len()));
        return Err(Rejection::BadSubscores { columns, found });
    }
    if let Some(tournament) = &row.tournament {
        check_time(cx, tournament)?;
    }
    let operator = new.operator.unwrap_or(row.operator);
    let entry = Entry {
        at,
        stamp,
        time: cx.now(),
        operator,
        score: new.score,
        subscores: new.subscores.clone(),
        metadata: new.metadata.clone(),
        rank: None,
        voided: false,
    };
    let sums = matches!(operator, Operator::Incr | Operator::Decr);
    let nothing = sums && new.score == 0 && new.subscores.iter().all(|change| *change == 0);
    let changes = row.windows.iter().map(|window| {
        let mut ladder = Ladder::new(board, row, window, row.epoch(window));
        let before = order::get(cx, &ladder, &new.owner);
        ladder.within(before.as_ref().and_then(|before| before.seat));
        let standing = before.as_ref().and_then(|before| before.standing.as_ref());
        if let Some(tournament) = &row.tournament {
            check_member(cx, tournament, &ladder, before.as_ref())?;
        }
        let after = step(row, standing, &entry)?;
        if !takes(row.bounds, &entry, after.score) {
            return Err(Rejection::OutOfBounds(asked(&entry, after.score)));
        }
        let after = if nothing && standing.is_some() { None } else { Some(after) };
        Ok(Change { window, ladder, before, entry: entry.clone(), after })
    });
    changes.collect()
}

/// The score that must lie in the bounds: with `best` also one that does not become the owner's.
fn asked(entry: &Entry, after: i64) -> i64 {
    match entry.operator {
        Operator::Best | Operator::Set => entry.score,
        Operator::Incr | Operator::Decr => after,
    }
}

fn takes(bounds: Bounds, entry: &Entry, after: i64) -> bool {
    let score = asked(entry, after);
    bounds.min.is_none_or(|min| min <= score) && bounds.max.is_none_or(|max| score <= max)
}

fn check_time(cx: &Cx<'_>, tournament: &Tournament) -> Result<(), Rejection> {
    if tournament.starts_at.is_some_and(|starts| cx.now() < starts) {
        return Err(Rejection::NotStarted);
    }
    if tournament.ends_at.is_some_and(|ends| cx.now() >= ends) {
        return Err(Rejection::Ended);
    }
    Ok(())
}

fn check_member(
    cx: &Cx<'_>,
    tournament: &Tournament,
    ladder: &Ladder,
    member: Option<&MemberRow>,
) -> Result<(), Rejection> {
    if tournament.join_required && member.is_none() {
        return Err(Rejection::NotJoined);
    }
    let attempts = member.and_then(|member| member.standing.as_ref()).map_or(0, |standing| standing.attempts);
    if let Some(limit) = tournament.max_attempts
        && attempts >= limit
    {
        return Err(Rejection::AttemptsUsed(limit));
    }
    match tournament.max_size {
        Some(limit) if member.is_none() && order::joined(cx, ladder) >= limit => Err(Rejection::Full(limit)),
        _ => Ok(()),
    }
}

/// Makes the changes of a submission and says what it brought.
fn carry_out(cx: &mut Cx<'_>, board: String, row: &BoardRow, owner: String, changes: Vec<Change>) -> Submitted {
    let mut better = Vec::with_capacity(changes.len());
    let mut brought = Vec::with_capacity(changes.len());
    let mut counts = false;
    for change in changes {
        counts |= change.after.is_some();
        let one = carry_out_one(cx, row, &owner, change);
        if one.is_better {
            better.push(one.shown.window);
        }
        brought.push(one);
    }
    let new_best = NewBest { of: row.windows, better: Windows::of(&better) };
    let windows = brought.split_off(1);
    let Brought { shown: in_all, standing, seat, .. } = brought.pop().expect("every board has the window `all`");
    let submitted = Submitted {
        board: home_of(&board).to_owned(),
        epoch: in_all.epoch,
        owner,
        rank: in_all.rank,
        prev_rank: in_all.prev_rank,
        score: in_all.score,
        subscores: standing.subscores,
        prev_score: in_all.prev_score,
        improved: new_best.better.has(Window::All),
        attempts: standing.attempts,
        league: seat.map(|seat| row.show(seat)),
        new_best,
        windows: windows.into_iter().map(|one| one.shown).collect(),
    };
    // A sum of nothing leaves no trace.
    if !counts {
        return submitted;
    }
    let event = Event::ScoreSubmitted(submitted);
    cx.say(&event);
    let Event::ScoreSubmitted(submitted) = event else { unreachable!("it was made just now") };
    submitted
}

/// What a submission brought in one window.
struct Brought {
    shown: InWindow,
    standing: Standing,
    seat: Option<Seat>,
    is_better: bool,
}

fn carry_out_one(cx: &mut Cx<'_>, row: &BoardRow, owner: &str, change: Change) -> Brought {
    let Change { window, mut ladder, before, mut entry, after } = change;
    let hidden = match &before {
        Some(before) => before.hidden,
        None => cx.get(HIDDEN, &owner.to_owned()).is_some(),
    };
    let mut seat = before.as_ref().and_then(|before| before.seat);
    if let Some(league) = row.league_in(window).filter(|_| seat.is_none()) {
        seat = Some(league::take_seat(cx, row, league, &ladder, owner));
        ladder.within(seat);
    }
    let was = before.as_ref().and_then(|before| before.standing.as_ref());
    let now = after.as_ref().or(was).expect("what changes nothing stands already").clone();
    let (prev_rank, rank) = if hidden { (None, None) } else { go(cx, &ladder, owner, was, &now) };
    let ranked = |rank: Option<u64>| rank.filter(|_| row.shards == 1);
    let (prev_rank, rank) = (ranked(prev_rank), ranked(rank));
    let is_better = was.is_none_or(|was| now.is_better(row, was));
    let prev_score = was.map(|was| was.score);
    if let Some(after) = after {
        entry.rank = rank;
        let before = before.unwrap_or(MemberRow { standing: None, hidden, seat, base: None, kept: Kept::default() });
        order::put(cx, &ladder, owner, &keep(row, MemberRow { seat, ..before }, &entry, after));
    }
    let epoch = ladder.run >> 2;
    let shown = InWindow { window, epoch, rank, prev_rank, score: now.score, prev_score };
    Brought { shown, standing: now, seat, is_better }
}

/// Moves an owner in the order from where it stood, if it did, to where it stands now: the ranks before and after.
fn go(
    cx: &mut Cx<'_>,
    ladder: &Ladder,
    owner: &str,
    was: Option<&Standing>,
    now: &Standing,
) -> (Option<u64>, Option<u64>) {
    let key = ladder.key(now, owner);
    let Some(was) = was else { return (None, Some(order::enter(cx, ladder, &key))) };
    let from = ladder.key(was, owner);
    if from == key {
        let rank = order::rank(cx, ladder, &key);
        return (Some(rank), Some(rank));
    }
    (Some(order::leave(cx, ladder, &from)), Some(order::enter(cx, ladder, &key)))
}

/// The member's row with a submission more.
fn keep(row: &BoardRow, before: MemberRow, entry: &Entry, after: Standing) -> MemberRow {
    let MemberRow { hidden, seat, mut base, mut kept, .. } = before;
    if row.keep > 0 {
        kept.push(entry);
    }
    while kept.count() > row.keep {
        let oldest = kept.pop().expect("it is not empty");
        if !oldest.voided {
            base = Some(step(row, base.as_ref(), &oldest).expect("it counted before"));
        }
    }
    MemberRow { standing: Some(after), hidden, seat, base, kept }
}
