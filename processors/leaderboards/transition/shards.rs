//! What a board's home and its shards tell each other, and what becomes of a command that stands at the wrong one.

use super::{check_may_rule, create, epochs, find, submit};
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::tables::{BoardRow, CLOSINGS, Closed, DEFINITIONS, EPOCHS, EpochRow, SHARED, SUMMARIES};
use crate::leaderboards::{Boards, shard};
use millrace_topics::leaderboards::{
    Batch, Closing, Command, Definition, Event, HandClose, Leaderboards, Outcome, Rejection, ScoreShared, ShardClosed,
    ShardClosing, ShardOpening, Window,
};
use millrace_topics::record::Role;
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// The command, if it belongs here. What names a spread board and comes from one who does not know its shards is sent
/// on to the right one; what names another shard than its owner's has no board.
///
/// # Errors
/// The refusal, before anything was written.
pub(super) fn own(cx: &mut Cx<'_>, command: Command) -> Result<Option<Command>, Rejection> {
    let (board, owner) = match &command {
        Command::SubmitScore(submission) => (&submission.board, &submission.entry.owner),
        Command::DeleteOwner(deletion) => (&deletion.board, &deletion.owner),
        Command::VoidSubmission(voiding) => (&voiding.board, &voiding.owner),
        Command::Join(joining) => (&joining.board, &joining.owner),
        // A shard ends its epochs when its home says so.
        Command::CloseEpoch(closing) if shard::is_shard(&closing.board) => return Err(Rejection::UnknownBoard),
        Command::SubmitScores(batch) => return own_batch(cx, batch).map(|()| Some(command)),
        _ => return Ok(Some(command)),
    };
    let Some(row) = cx.engine.board(board).filter(|row| row.shards > 1) else { return Ok(Some(command)) };
    let (right, authoritative) = (shard::of_owner(owner, row.shards), row.authoritative);
    if let Some(index) = shard::index_of(board) {
        return if index == right { Ok(Some(command)) } else { Err(Rejection::UnknownBoard) };
    }
    let to = shard::id(board, right);
    let sent = match command {
        Command::SubmitScore(submission) => {
            submit::check_caller(cx, &submission.entry)?;
            if authoritative && cx.caller().role == Role::User {
                return Err(Rejection::Authoritative);
            }
            Command::SubmitScores(Batch { board: to, entries: vec![submission.entry], stamps: vec![cx.stamp()] })
        }
        Command::Join(mut joining) => {
            if cx.caller().role == Role::User && cx.caller().id != joining.owner {
                return Err(Rejection::NotYourself);
            }
            joining.board = to;
            Command::Join(joining)
        }
        Command::DeleteOwner(mut deletion) => {
            check_may_rule(cx)?;
            deletion.board = to;
            Command::DeleteOwner(deletion)
        }
        Command::VoidSubmission(mut voiding) => {
            check_may_rule(cx)?;
            voiding.board = to;
            Command::VoidSubmission(voiding)
        }
        _ => unreachable!("no other command has an owner and a board"),
    };
    // The line: nothing below can be refused.
    cx.send::<Leaderboards>(&sent);
    Ok(None)
}

/// A batch may be too large to be sent on, and holds owners of many shards.
fn own_batch(cx: &Cx<'_>, batch: &Batch) -> Result<(), Rejection> {
    let Some(row) = cx.engine.board(&batch.board).filter(|row| row.shards > 1) else { return Ok(()) };
    let Some(index) = shard::index_of(&batch.board) else { return Err(Rejection::Spread(row.shards)) };
    let all = batch.entries.iter().all(|entry| shard::of_owner(&entry.owner, row.shards) == index);
    if all { Ok(()) } else { Err(Rejection::UnknownBoard) }
}

/// Tells the shards of a new board what they are.
pub(super) fn send_openings(cx: &mut Cx<'_>, definition: &Definition, at: Time) {
    if definition.shards > 1 {
        (0..definition.shards).for_each(|index| cx.send::<Leaderboards>(&opening(definition, index, at)));
    }
}

/// What opens a shard.
fn opening(definition: &Definition, index: u32, at: Time) -> Command {
    let definition = Definition { id: shard::id(&definition.id, index), ..definition.clone() };
    Command::OpenShard(Box::new(ShardOpening { definition, at }))
}

/// Opens a shard, if it is not open.
pub(super) fn open(cx: &mut Cx<'_>, opening: ShardOpening) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    if cx.engine.board(&opening.definition.id).is_none() {
        create(cx, &opening.definition, None, opening.at);
    }
    Ok(Outcome::ShardOpen)
}

/// Tells the shards to end an epoch.
pub(super) fn send_closings(cx: &mut Cx<'_>, closing: &Closing, shards: u32, at: Time) -> HandClose {
    let key = (closing.board.clone(), closing.window as u8);
    let nth = cx.get(CLOSINGS, &key).map_or(0, |(nth, _)| nth) + 1;
    cx.put(CLOSINGS, &key, &(nth, 0));
    for index in 0..shards {
        let shard = shard::id(&closing.board, index);
        cx.send::<Leaderboards>(&Command::CloseShard(ShardClosing { shard, window: closing.window, nth, at }));
    }
    HandClose { window: closing.window, nth, at }
}

/// Ends the open epoch of a shard by hand, once for each time that this was asked of the home.
pub(super) fn close(cx: &mut Cx<'_>, closing: &ShardClosing) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let row = find(cx, &closing.shard)?;
    let key = (closing.shard.clone(), closing.window as u8);
    let (done, last) = cx.get(CLOSINGS, &key).unwrap_or_default();
    if closing.nth == done {
        let ended = ended(cx, &closing.shard, &row, closing.window, last);
        return Ok(ended.map_or(Outcome::SentOn, |closed| Outcome::ShardClosed(Box::new(closed))));
    }
    // An earlier one is still on its way from the home, and this one with it.
    if closing.nth != done + 1 {
        return Ok(Outcome::SentOn);
    }
    // The line: nothing below can be refused.
    let epoch = row.epoch(closing.window);
    let open = cx.get(EPOCHS, &(closing.shard.clone(), closing.window as u8, epoch));
    let opened = open.expect("the open epoch of a window is there").opened;
    cx.put(CLOSINGS, &key, &(closing.nth, epoch));
    let closed = close_one(cx, &closing.shard, (*row).clone(), closing.window, closing.at.max(opened));
    Ok(Outcome::ShardClosed(Box::new(closed)))
}

/// How an epoch ended, if it is kept.
fn ended(cx: &Cx<'_>, board: &String, row: &BoardRow, window: Window, epoch: u32) -> Option<ShardClosed> {
    let (definition, _) = cx.get(DEFINITIONS, board)?;
    let state = cx.get(EPOCHS, &(board.clone(), window as u8, epoch))?;
    let closed = state.closed?;
    Some(epochs::state(cx, &definition, &Ladder::new(board, row, window, epoch), &state, closed))
}

/// Ends the open epoch of a shard, begins the next, and tells the home.
pub(super) fn close_one(cx: &mut Cx<'_>, board: &String, mut row: BoardRow, window: Window, at: Time) -> ShardClosed {
    let (definition, _) = cx.get(DEFINITIONS, board).expect("a shard that is there is defined");
    let closed = epochs::freeze_state(cx, &definition, &row, window, at);
    epochs::go_on(cx, &definition, &mut row, window, at);
    cx.send::<Leaderboards>(&Command::ShardClosed(Box::new(closed.clone())));
    closed
}

/// Takes what a shard tells, and says the end of an epoch when all have told theirs.
pub(super) fn gather(cx: &mut Cx<'_>, told: ShardClosed) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let mut row = (*find(cx, &told.board)?).clone();
    let (board, window) = (told.board.clone(), told.window);
    if told.epoch < row.epoch(window) {
        return Ok(Outcome::SentOn);
    }
    // The line: nothing below can be refused.
    cx.put(SUMMARIES, &(board.clone(), window as u8, told.epoch, told.shard), &told);
    while let Some(parts) = complete(cx, &board, &row, window) {
        finish(cx, &board, &mut row, window, parts);
    }
    Ok(Outcome::SentOn)
}

/// What all shards told of the epoch that is open at the home.
fn complete(cx: &Cx<'_>, board: &str, row: &BoardRow, window: Window) -> Option<Vec<ShardClosed>> {
    let rows = SUMMARIES.under(&(board.to_owned(), window as u8, row.epoch(window)));
    let parts: Vec<ShardClosed> = cx.scan(SUMMARIES, &rows).map(|(_, told)| told).collect();
    (parts.len() == row.shards as usize).then_some(parts)
}

/// Counts a score that belongs to a shard, once however many shards have it.
pub(super) fn share(cx: &mut Cx<'_>, told: ScoreShared) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    // The line: nothing below can be refused.
    let ScoreShared { shard, run, scores, entered } = told;
    let key = (shard, run, scores);
    let was = cx.get(SHARED, &key).unwrap_or(0);
    let now = if entered { was + 1 } else { was.checked_sub(1).expect("what a shard takes back it has told") };
    if now == 0 {
        cx.delete(SHARED, &key);
    } else {
        cx.put(SHARED, &key, &now);
    }
    if (was == 0) != (now == 0) {
        cx.engine.set_shared(&key.0, run, &key.2, entered);
    }
    Ok(Outcome::SentOn)
}

fn finish(cx: &mut Cx<'_>, board: &String, row: &mut BoardRow, window: Window, parts: Vec<ShardClosed>) {
    let (definition, _) = cx.get(DEFINITIONS, board).expect("a board that is there is defined");
    let epoch = row.epoch(window);
    let hash = parts.iter().fold(0u128, |sum, part| sum.wrapping_add(part.sum));
    for index in 0..row.shards {
        cx.delete(SUMMARIES, &(board.clone(), window as u8, epoch, index));
    }
    let event = shard::closed(&definition, board, parts);
    let key = (board.clone(), window as u8, epoch);
    let was = cx.get(EPOCHS, &key).expect("the open epoch of a window is there");
    let closed = Closed { at: event.closed_at, members: event.members, hash };
    cx.put(EPOCHS, &key, &EpochRow { closed: Some(closed), ..was });
    epochs::go_on(cx, &definition, row, window, event.closed_at);
    cx.say(&Event::EpochClosed(Box::new(event)));
}
