//! Commands to boards that may be spread: each goes to the shard of its owner, and what needs all shards is asked of
//! all, so that the answer comes when it is done everywhere. The home tells the shards the same over its links: what a
//! request that is cut off leaves undone is done without it.

use super::{Spread, ask, fact, shards_of};
use crate::leaderboards::{Boards, shard};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use millrace_topics::leaderboards::{
    Answer, Batch, Closing, Command, Definition, InShard, Move, NewEntry, Outcome, Query, Ranking, ShardClosed,
    ShardClosing, ShardOpening, Submitted,
};
use millrace_topics::position::Positions;
use std::collections::BTreeMap;

/// Submits a command that was checked, and waits for its outcome.
///
/// # Errors
/// As [`Door::submit`].
pub async fn submit(door: &Door, asked: &Asked, command: Command) -> Result<Done<Outcome>, Undone> {
    match command {
        Command::Define(definition) => Box::pin(define(door, asked, definition)).await,
        Command::CloseEpoch(closing) => Box::pin(close(door, asked, closing)).await,
        other => {
            let aimed = aim(door, asked, other).await?;
            let done = door.submit::<Boards>(asked, &aimed).await;
            complete(door, asked, done).await
        }
    }
}

/// Submits commands about owners as the parts of one request.
///
/// # Errors
/// What went wrong before the first was submitted.
pub async fn submit_all(
    door: &Door,
    asked: &Asked,
    commands: Vec<Command>,
) -> Result<Vec<Result<Done<Outcome>, Undone>>, Problem> {
    let mut aimed = Vec::with_capacity(commands.len());
    for command in commands {
        aimed.push(aim(door, asked, command).await?);
    }
    let mut parts = Vec::with_capacity(aimed.len());
    for done in door.submit_all::<Boards>(asked, &aimed).await {
        parts.push(complete(door, asked, done).await);
    }
    Ok(parts)
}

/// The batches of a spread board's shards, each with the places of its entries in the whole. Stamps go up in the
/// order of the whole, as they would on one shard.
#[must_use]
pub fn split(door: &Door, board: &str, entries: Vec<NewEntry>, shards: u32) -> (Vec<Command>, Vec<Vec<usize>>) {
    let whole = Batch { board: board.to_owned(), entries: Vec::new(), stamps: Vec::new() };
    let first = door.stamps(u32::try_from(entries.len()).expect("a batch is short"));
    let mut parts: BTreeMap<u32, (Batch, Vec<usize>)> = BTreeMap::new();
    for ((place, entry), item) in entries.into_iter().enumerate().zip(0..) {
        let at = shard::of_owner(&entry.owner, shards);
        let new = || (Batch { board: shard::id(board, at), ..whole.clone() }, Vec::new());
        let (batch, places) = parts.entry(at).or_insert_with(new);
        batch.stamps.push(whole.stamp(item, first));
        batch.entries.push(entry);
        places.push(place);
    }
    parts.into_values().map(|(batch, places)| (Command::SubmitScores(batch), places)).unzip()
}

/// The command, to the shard of its owner.
async fn aim(door: &Door, asked: &Asked, mut command: Command) -> Result<Command, Problem> {
    let (board, owner) = match &mut command {
        Command::SubmitScore(submission) => (&mut submission.board, &submission.entry.owner),
        Command::DeleteOwner(deletion) => (&mut deletion.board, &deletion.owner),
        Command::VoidSubmission(voiding) => (&mut voiding.board, &voiding.owner),
        Command::Join(joining) => (&mut joining.board, &joining.owner),
        _ => return Ok(command),
    };
    let shards = shards_of(door, asked, board).await?;
    if shards > 1 {
        *board = shard::id(board, shard::of_owner(owner, shards));
    }
    Ok(command)
}

/// An outcome as it would be of one shard.
async fn complete(door: &Door, asked: &Asked, done: Result<Done<Outcome>, Undone>) -> Result<Done<Outcome>, Undone> {
    let Done { outcome, positions, replayed } = done?;
    let outcome = match outcome {
        Outcome::InShard(in_shard) => Outcome::Submitted(Box::pin(ranked(door, asked, *in_shard, &positions)).await),
        Outcome::SentOn => return Err(Undone::Accepted(positions)),
        other => other,
    };
    Ok(Done { outcome, positions, replayed })
}

/// A submission with the ranks that it led to, read after it was applied. Where they cannot be read they stay
/// unknown: the score counts all the same.
async fn ranked(door: &Door, asked: &Asked, in_shard: InShard, positions: &Positions) -> Submitted {
    let InShard { mut submitted, moves } = in_shard;
    let now = Asked { min_position: positions.clone(), caller: asked.caller.clone(), ..Asked::default() };
    for moved in moves {
        let Ok((rank, prev_rank)) = ranks(door, &now, &submitted.board, &moved).await else { continue };
        match submitted.windows.iter_mut().find(|one| one.window == moved.window) {
            Some(one) => (one.rank, one.prev_rank) = (rank, prev_rank),
            None => (submitted.rank, submitted.prev_rank) = (rank, prev_rank),
        }
    }
    submitted
}

/// The rank of the place now, and what that of the place before would be without it.
async fn ranks(door: &Door, now: &Asked, board: &str, moved: &Move) -> Result<(Option<u64>, Option<u64>), Problem> {
    let Some(key) = &moved.key else { return Ok((None, None)) };
    let of = Ranking { window: moved.window, epoch: Some(moved.epoch), ..Ranking::of(board) };
    let shards = shards_of(door, now, board).await?;
    let definition = Definition { shards, ..Definition::new(board.to_owned()) };
    let mut spread = Spread::at(door, now, &of, &definition, moved.epoch, Positions::default());
    let mut keys = vec![key.clone()];
    keys.extend(moved.prev_key.clone());
    let (counts, _) = spread.counts(keys).await?;
    let prev_rank = moved.prev_key.as_ref().map(|prev| counts[1] + 1 - u64::from(key < prev).min(counts[1]));
    Ok((Some(counts[0] + 1), prev_rank))
}

async fn define(door: &Door, asked: &Asked, definition: Box<Definition>) -> Result<Done<Outcome>, Undone> {
    let mut done = door.submit::<Boards>(asked, &Command::Define(definition.clone())).await?;
    if definition.shards == 1 {
        return Ok(done);
    }
    let (board, shards) = (definition.id.clone(), definition.shards);
    match &mut done.outcome {
        Outcome::Defined(created) => {
            let at = created.created_at;
            let openings = (0..shards).map(|index| {
                let definition = Definition { id: shard::id(&board, index), ..(*definition).clone() };
                Command::OpenShard(Box::new(ShardOpening { definition, at }))
            });
            let openings: Vec<Command> = openings.collect();
            for part in door.submit_all::<Boards>(asked, &openings).await {
                done.positions.merge(&part?.positions);
            }
        }
        Outcome::WasDefined(known) => {
            let now = Asked { min_position: done.positions.clone(), caller: asked.caller.clone(), ..Asked::default() };
            let read = ask(door, &now, Query::Board { board: board.clone() }).await?;
            if let Answer::Board(board) = read.answer {
                *known = board;
            }
        }
        _ => {}
    }
    door.remember(fact(&board), shards);
    Ok(done)
}

/// Ends an epoch by hand: at home, then on all shards, and then home hears how it ended on each.
async fn close(door: &Door, asked: &Asked, closing: Closing) -> Result<Done<Outcome>, Undone> {
    let board = closing.board.clone();
    let shards = shards_of(door, asked, &board).await?;
    let Done { outcome, mut positions, replayed } = door.submit::<Boards>(asked, &Command::CloseEpoch(closing)).await?;
    let Outcome::Closing(hand) = outcome else { return Ok(Done { outcome, positions, replayed }) };
    let tell = |index| {
        let shard = shard::id(&board, index);
        Command::CloseShard(ShardClosing { shard, window: hand.window, nth: hand.nth, at: hand.at })
    };
    let commands: Vec<Command> = (0..shards).map(tell).collect();
    let mut ended: Vec<ShardClosed> = Vec::with_capacity(commands.len());
    for part in door.submit_all::<Boards>(asked, &commands).await {
        let part = part?;
        positions.merge(&part.positions);
        if let Outcome::ShardClosed(closed) = part.outcome {
            ended.push(*closed);
        }
    }
    // It is not kept any more, or an earlier one is still under way: the event will say how it ended.
    let one = ended.first().map(|first| first.epoch);
    if ended.len() != commands.len() || ended.iter().any(|closed| Some(closed.epoch) != one) {
        return Err(Undone::Accepted(positions));
    }
    let told: Vec<Command> = ended.iter().map(|closed| Command::ShardClosed(Box::new(closed.clone()))).collect();
    for part in door.submit_all::<Boards>(asked, &told).await {
        positions.merge(&part?.positions);
    }
    let Read { answer, .. } = door
        .ask::<Boards>(
            &Asked { caller: asked.caller.clone(), ..Asked::default() },
            &Query::Board { board: board.clone() },
        )
        .await?;
    let Answer::Board(known) = answer else { unreachable!("a board was asked for") };
    let closed = shard::closed(&known.definition, &board, ended);
    Ok(Done { outcome: Outcome::Closed(Box::new(closed)), positions, replayed })
}
