//! What a command does to the boards: checks by precedence, the line, then only writes.

use crate::leaderboards::Boards;
use crate::leaderboards::tables::{BOARDS, BoardRow, MEMBERS, MemberRow, ORDER, rung};
use crate::runtime::ids;
use millrace_topics::leaderboards::{
    Board, Bounds, Command, Definition, Deleted, Deletion, Event, Metadata, Operator, Outcome, Place, Rejection,
    Submission, Submitted,
};
use millrace_topics::record::Role;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// The most metadata of a member, in bytes as compact JSON.
pub const METADATA_LIMIT: usize = 4096;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    check(&command)?;
    match command {
        Command::Define(definition) => define(cx, definition),
        Command::SubmitScore(submission) => submit(cx, submission),
        Command::DeleteOwner(deletion) => delete(cx, deletion),
    }
}

/// What is wrong with a command whatever the state is. The routes ask it too, so that it does not reach the log; a
/// foreign producer passes them by.
///
/// # Errors
/// The refusal.
pub fn check(command: &Command) -> Result<(), Rejection> {
    match command {
        Command::Define(definition) => check_definition(definition),
        Command::SubmitScore(submission) => check_submission(submission),
        Command::DeleteOwner(deletion) => check_owner(&deletion.owner),
    }
}

fn check_definition(definition: &Definition) -> Result<(), Rejection> {
    if !ids::is_id(&definition.id) {
        return Err(Rejection::BadId);
    }
    if ids::is_reserved(&definition.id) {
        return Err(Rejection::ReservedId(definition.id.clone()));
    }
    match definition.bounds {
        Bounds { min: Some(min), max: Some(max) } if min > max => Err(Rejection::BadBounds { min, max }),
        _ => Ok(()),
    }
}

fn check_submission(submission: &Submission) -> Result<(), Rejection> {
    check_owner(&submission.owner)?;
    let found = submission.metadata.as_ref().map_or(0, |Metadata(text)| text.len());
    if found > METADATA_LIMIT {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        return Err(Rejection::MetadataTooLarge { limit: number(METADATA_LIMIT), found: number(found) });
    }
    Ok(())
}

fn check_owner(owner: &str) -> Result<(), Rejection> {
    if ids::is_subject(owner) { Ok(()) } else { Err(Rejection::BadOwner) }
}

fn define(cx: &mut Cx<'_>, definition: Definition) -> Result<Outcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    if let Some(row) = cx.get(BOARDS, &definition.id) {
        if row.definition != definition {
            return Err(Rejection::BoardExists);
        }
        let members = cx.engine.members(&definition.id, row.epoch);
        return Ok(Outcome::WasDefined(row.show(members)));
    }
    // The line: nothing below can be refused.
    let row = BoardRow { definition, epoch: 0, created: cx.now() };
    cx.put(BOARDS, &row.definition.id, &row);
    let shown = row.show(0);
    cx.say(&Event::BoardDefined(row.definition));
    Ok(Outcome::Defined(shown))
}

fn submit(cx: &mut Cx<'_>, submission: Submission) -> Result<Outcome, Rejection> {
    let by_user = cx.caller().role == Role::User;
    if by_user && cx.caller().id != submission.owner {
        return Err(Rejection::NotYourself);
    }
    let board = cx.get(BOARDS, &submission.board).ok_or(Rejection::UnknownBoard)?;
    if by_user && board.definition.authoritative {
        return Err(Rejection::Authoritative);
    }
    let before = cx.get(MEMBERS, &board.member_key(&submission.owner));
    let operator = submission.operator.unwrap_or(board.definition.operator);
    let offered = offered(operator, before.as_ref(), submission.score)?;
    if !takes(board.definition.bounds, offered) {
        return Err(Rejection::OutOfBounds(offered));
    }
    // The line: nothing below can be refused.
    let nothing = submission.score == 0 && matches!(operator, Operator::Incr | Operator::Decr);
    if nothing && let Some(before) = &before {
        return Ok(Outcome::Submitted(report(cx, &board, &submission.owner, Some(before), before)));
    }
    let prev_rank = before.as_ref().map(|before| rank(cx, &board, &before.place(&submission.owner)));
    let after = next(cx, &board, operator, before.as_ref(), offered, submission.metadata);
    put(cx, &board, &submission.owner, before.as_ref(), &after);
    let submitted = Submitted { prev_rank, ..report(cx, &board, &submission.owner, before.as_ref(), &after) };
    cx.say(&Event::ScoreSubmitted(submitted.clone()));
    Ok(Outcome::Submitted(submitted))
}

fn delete(cx: &mut Cx<'_>, deletion: Deletion) -> Result<Outcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    let board = cx.get(BOARDS, &deletion.board).ok_or(Rejection::UnknownBoard)?;
    let key = board.member_key(&deletion.owner);
    let member = cx.get(MEMBERS, &key).ok_or(Rejection::UnknownOwner)?;
    // The line: nothing below can be refused.
    let place = member.place(&deletion.owner);
    let rank = rank(cx, &board, &place);
    leave(cx, &board, &place);
    cx.delete(MEMBERS, &key);
    let Deletion { board: id, owner } = deletion;
    let deleted = Deleted { board: id, epoch: board.epoch, owner, rank, score: member.score };
    cx.say(&Event::OwnerDeleted(deleted.clone()));
    Ok(Outcome::Deleted(deleted))
}

/// The score that a submission asks for.
fn offered(operator: Operator, before: Option<&MemberRow>, score: i64) -> Result<i64, Rejection> {
    let from = before.map_or(0, |before| before.score);
    let offered = match operator {
        Operator::Best | Operator::Set => Some(score),
        Operator::Incr => from.checked_add(score),
        Operator::Decr => from.checked_sub(score),
    };
    offered.ok_or(Rejection::ScoreOverflow)
}

fn takes(bounds: Bounds, score: i64) -> bool {
    bounds.min.is_none_or(|min| min <= score) && bounds.max.is_none_or(|max| score <= max)
}

fn is_better(board: &BoardRow, score: i64, than: i64) -> bool {
    let sort = board.definition.sort;
    rung(sort, score) < rung(sort, than)
}

/// The member after a submission that counts.
fn next(
    cx: &Cx<'_>,
    board: &BoardRow,
    operator: Operator,
    before: Option<&MemberRow>,
    offered: i64,
    metadata: Option<Metadata>,
) -> MemberRow {
    let updated = cx.now();
    let Some(before) = before else {
        return MemberRow { score: offered, reached: cx.stamp(), attempts: 1, metadata, updated };
    };
    let attempts = before.attempts + 1;
    if operator == Operator::Best && !is_better(board, offered, before.score) {
        return MemberRow { attempts, updated, ..before.clone() };
    }
    // Who stays at a score keeps the place among those who have it.
    let reached = if offered == before.score { before.reached } else { cx.stamp() };
    let metadata = metadata.or_else(|| before.metadata.clone());
    MemberRow { score: offered, reached, attempts, metadata, updated }
}

/// Writes a member, and moves it in the order if its place is another one.
fn put(cx: &mut Cx<'_>, board: &BoardRow, owner: &str, before: Option<&MemberRow>, after: &MemberRow) {
    cx.put(MEMBERS, &board.member_key(owner), after);
    let (from, to) = (before.map(|before| before.place(owner)), after.place(owner));
    if from.as_ref() == Some(&to) {
        return;
    }
    if let Some(from) = from {
        leave(cx, board, &from);
    }
    enter(cx, board, &to);
}

fn enter(cx: &mut Cx<'_>, board: &BoardRow, place: &Place) {
    let key = board.order_key(place);
    cx.put(ORDER, &key, &());
    cx.engine.add(&board.definition.id, board.epoch, &ORDER.raw_key(&key));
}

fn leave(cx: &mut Cx<'_>, board: &BoardRow, place: &Place) {
    let key = board.order_key(place);
    cx.delete(ORDER, &key);
    cx.engine.remove(&board.definition.id, board.epoch, &ORDER.raw_key(&key));
}

fn rank(cx: &Cx<'_>, board: &BoardRow, place: &Place) -> u64 {
    let key = ORDER.raw_key(&board.order_key(place));
    cx.engine.before(&board.definition.id, board.epoch, &key) + 1
}

/// What is told of a member after a submission; its rank before it is taken to be the same.
fn report(cx: &Cx<'_>, board: &BoardRow, owner: &str, before: Option<&MemberRow>, after: &MemberRow) -> Submitted {
    let rank = rank(cx, board, &after.place(owner));
    Submitted {
        board: board.definition.id.clone(),
        epoch: board.epoch,
        owner: owner.to_owned(),
        rank,
        prev_rank: before.map(|_| rank),
        score: after.score,
        prev_score: before.map(|before| before.score),
        improved: before.is_none_or(|before| is_better(board, after.score, before.score)),
        attempts: after.attempts,
    }
}

impl BoardRow {
    /// The board as people see it.
    #[must_use]
    pub fn show(&self, members: u64) -> Board {
        let Definition { id, sort, operator, bounds, authoritative } = self.definition.clone();
        Board { id, sort, operator, bounds, authoritative, epoch: self.epoch, members, created_at: self.created }
    }
}
