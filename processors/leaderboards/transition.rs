//! What a command does to the boards: checks by precedence, the line, then only writes.

mod epochs;
mod league;
mod owners;
mod shards;
mod submit;
mod void;

pub use league::SETTLE_MEMBERS;
pub use owners::SWEEP_ROWS;
pub use submit::METADATA_LIMIT;

use crate::leaderboards::calendar::{self, Cron};
use crate::leaderboards::fold::Standing;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::shard::home_of;
use crate::leaderboards::tables::{BOARDS, BoardRow, DEFINITIONS, EPOCHS, run};
use crate::leaderboards::{Boards, order};
use crate::runtime::ids;
use millrace_topics::leaderboards::{
    Board, Bounds, COLUMNS_LIMIT, Command, Definition, Deleted, Deletion, Epoch, Event, KEEP_EPOCHS_LIMIT,
    KEEP_SUBMISSIONS_LIMIT, League, LeagueDefinition, Outcome, Owner, PRIZE_RANKS_LIMIT, PRIZES_LIMIT, Rejection,
    SHARDS_LIMIT, TOP_LIMIT, Timer, Window,
};
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// How long the partition has for others between two goes of a long job, in milliseconds.
const PAUSE_MS: u64 = 100;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    check(&command)?;
    let Some(command) = shards::own(cx, command)? else { return Ok(Outcome::SentOn) };
    match command {
        Command::Define(definition) => define(cx, *definition, None),
        Command::DefineLeague(new) => define(cx, new.definition, Some(new.league)),
        Command::SubmitScore(submission) => submit::one(cx, submission),
        Command::SubmitScores(batch) => submit::many(cx, batch),
        Command::DeleteOwner(deletion) => delete(cx, deletion),
        Command::CloseEpoch(closing) => epochs::close_by_hand(cx, &closing),
        Command::VoidSubmission(voiding) => void::void(cx, voiding),
        Command::Join(joining) => owners::join(cx, joining),
        Command::HideOwner(hidden) => owners::set_hidden(cx, hidden.owner, true),
        Command::ShowOwner(shown) => owners::set_hidden(cx, shown.owner, false),
        Command::EraseOwner(erasure) => owners::erase(cx, erasure),
        Command::OpenShard(opening) => shards::open(cx, *opening),
        Command::CloseShard(closing) => shards::close(cx, &closing),
        Command::ShardClosed(closed) => shards::gather(cx, *closed),
        Command::ShareScore(shared) => shards::share(cx, shared),
        Command::DefineV1(_) | Command::SubmitScoreV1(_) => unreachable!("reading a record makes it current"),
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, timer: Timer) {
    match timer {
        Timer::Close { board, window } => epochs::close_on_time(cx, &board, window),
        Timer::Drop { board, window, epoch } => epochs::drop_rows(cx, board, window, epoch),
        Timer::Settle { board, epoch } => league::settle(cx, board, epoch),
        Timer::Sweep { owner } => owners::sweep_on(cx, owner),
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
        Command::DefineLeague(new) => check_definition(&new.definition).and_then(|()| league::check(new)),
        Command::SubmitScore(submission) => submit::check_entry(&submission.entry),
        Command::SubmitScores(batch) => submit::check_batch(batch),
        Command::DeleteOwner(deletion) => check_owner(&deletion.owner),
        Command::CloseEpoch(_)
        | Command::OpenShard(_)
        | Command::CloseShard(_)
        | Command::ShardClosed(_)
        | Command::ShareScore(_) => Ok(()),
        Command::VoidSubmission(voiding) => void::check(voiding),
        Command::Join(joining) => check_owner(&joining.owner),
        Command::HideOwner(Owner { owner }) | Command::ShowOwner(Owner { owner }) => check_owner(owner),
        Command::EraseOwner(erasure) => {
            check_owner(&erasure.owner)?;
            erasure.pseudonym.as_deref().map_or(Ok(()), check_owner)
        }
        Command::DefineV1(_) | Command::SubmitScoreV1(_) => unreachable!("reading a record makes it current"),
    }
}

fn check_definition(definition: &Definition) -> Result<(), Rejection> {
    if !ids::is_id(&definition.id) {
        return Err(Rejection::BadId);
    }
    if ids::is_reserved(&definition.id) {
        return Err(Rejection::ReservedId(definition.id.clone()));
    }
    if let Bounds { min: Some(min), max: Some(max) } = definition.bounds
        && min > max
    {
        return Err(Rejection::BadBounds { min, max });
    }
    fault(definition).map_or(Ok(()), |fault| Err(Rejection::BadDefinition(fault)))
}

/// What else is wrong with a definition.
fn fault(definition: &Definition) -> Option<String> {
    let Definition { columns, windows, shards, tz, reset_cron, keep_epochs, keep_submissions, top, .. } = definition;
    let in_range = |name: &str, found: u32, least: u32, most: u32| {
        (!(least..=most).contains(&found)).then(|| format!("`{name}` is {least} to {most}, not {found}"))
    };
    if columns.len() >= COLUMNS_LIMIT {
        return Some(format!("`columns` names at most {} subscores, not {}", COLUMNS_LIMIT - 1, columns.len()));
    }
    if !windows.has(Window::All) {
        return Some("`windows` names `all`, and may name `daily` and `weekly`".to_owned());
    }
    in_range("shards", *shards, 1, SHARDS_LIMIT)
        .or_else(|| in_range("keep_epochs", *keep_epochs, 0, KEEP_EPOCHS_LIMIT))
        .or_else(|| in_range("keep_submissions", *keep_submissions, 0, KEEP_SUBMISSIONS_LIMIT))
        .or_else(|| in_range("top", *top, 0, TOP_LIMIT))
        .or_else(|| fault_of_prizes(definition))
        .or_else(|| fault_of_tournament(definition))
        .or_else(|| calendar::zone(tz).err())
        .or_else(|| reset_cron.as_deref().and_then(|line| Cron::parse(line).err()))
}

fn fault_of_prizes(Definition { prizes, .. }: &Definition) -> Option<String> {
    if prizes.len() > PRIZES_LIMIT {
        return Some(format!("`prizes` has at most {PRIZES_LIMIT} steps, not {}", prizes.len()));
    }
    if !prizes.is_sorted_by(|one, next| one.to_rank < next.to_rank) || prizes.iter().any(|prize| prize.to_rank == 0) {
        return Some("`prizes` go down from the top: each `to_rank` is above the one before".to_owned());
    }
    if prizes.last().is_some_and(|last| last.to_rank > PRIZE_RANKS_LIMIT) {
        return Some(format!("`prizes` end at rank {PRIZE_RANKS_LIMIT} at the latest"));
    }
    let bad = prizes.iter().any(|prize| !ids::is_subject(&prize.prize));
    bad.then(|| "a prize has 1 to 256 bytes".to_owned())
}

fn fault_of_tournament(definition: &Definition) -> Option<String> {
    let tournament = definition.tournament?;
    let counts = tournament.join_required || tournament.max_size.is_some();
    if definition.shards > 1 && counts {
        return Some(
            "members are not counted over several shards: no `max_size` and no `join_required` there".to_owned(),
        );
    }
    if let (Some(starts), Some(ends)) = (tournament.starts_at, tournament.ends_at)
        && starts >= ends
    {
        return Some("a tournament starts before it ends".to_owned());
    }
    None
}

fn check_owner(owner: &str) -> Result<(), Rejection> {
    if ids::is_subject(owner) { Ok(()) } else { Err(Rejection::BadOwner) }
}

fn check_may_rule(cx: &Cx<'_>) -> Result<(), Rejection> {
    if cx.caller().role == Role::User { Err(Rejection::RoleRequired) } else { Ok(()) }
}

fn find(cx: &Cx<'_>, board: &str) -> Result<Arc<BoardRow>, Rejection> {
    cx.engine.board(board).cloned().ok_or(Rejection::UnknownBoard)
}

/// Writes what a submission must know of a board.
fn put_board(cx: &mut Cx<'_>, board: &String, row: &BoardRow) {
    cx.put(BOARDS, board, row);
    cx.engine.set_board(board, row);
}

fn define(cx: &mut Cx<'_>, definition: Definition, league: Option<League>) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    if let Some((known, created)) = cx.get(DEFINITIONS, &definition.id) {
        let row = find(cx, &definition.id).expect("a board that is defined has its row");
        if known.without_rules() != definition.without_rules() || row.league != league {
            return Err(Rejection::BoardExists);
        }
        return Ok(Outcome::WasDefined(Box::new(show(cx, known, created, &row))));
    }
    // The line: nothing below can be refused.
    let (row, now) = (create(cx, &definition, league.clone(), cx.now()), cx.now());
    shards::send_openings(cx, &definition, now);
    let said = definition.clone();
    cx.say(&match league {
        None => Event::BoardDefined(Box::new(said)),
        Some(league) => Event::LeagueDefined(Box::new(LeagueDefinition { definition: said, league })),
    });
    Ok(Outcome::Defined(Box::new(show(cx, definition, now, &row))))
}

/// Writes the rows of a board, or of a shard.
fn create(cx: &mut Cx<'_>, definition: &Definition, league: Option<League>, at: Time) -> BoardRow {
    let row = BoardRow::new(definition, league);
    put_board(cx, &definition.id, &row);
    cx.put(DEFINITIONS, &definition.id, &(definition.clone(), at));
    for window in definition.windows.iter() {
        epochs::open(cx, definition, window, 0, at);
    }
    row
}

/// A board as people see it.
fn show(cx: &Cx<'_>, definition: Definition, created_at: Time, row: &BoardRow) -> Board {
    let open = definition.windows.iter().map(|window| {
        let epoch = row.epoch(window);
        let key = (definition.id.clone(), window as u8, epoch);
        let state = cx.get(EPOCHS, &key).expect("the open epoch of a window is there");
        state.show(window, epoch, cx.engine.members(&definition.id, run(window, epoch)))
    });
    let open: Vec<Epoch> = open.collect();
    Board {
        epoch: row.epoch(Window::All),
        members: open[0].members,
        created_at,
        open,
        definition: definition.without_rules(),
        league: row.league.clone(),
    }
}

fn delete(cx: &mut Cx<'_>, deletion: Deletion) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let row = find(cx, &deletion.board)?;
    let Deletion { board, owner } = deletion;
    let epoch = row.epoch(Window::All);
    let mut in_all = Ladder::new(&board, &row, Window::All, epoch);
    let member = order::get(cx, &in_all, &owner);
    if member.is_none() && !league::has_tier(cx, &row, &board, &owner) {
        return Err(Rejection::UnknownOwner);
    }
    // The line: nothing below can be refused.
    let seat = member.as_ref().and_then(|member| member.seat);
    in_all.within(seat);
    let placed = member.as_ref().filter(|member| !member.hidden && row.shards == 1);
    let ranked = placed.and_then(|member| member.standing.as_ref());
    let rank = ranked.map(|standing| order::rank(cx, &in_all, &in_all.key(standing, &owner)));
    for window in row.windows.iter() {
        remove(cx, &Ladder::new(&board, &row, window, row.epoch(window)), &owner);
    }
    if row.league.is_some() {
        league::give_back(cx, &board, epoch, seat);
        league::forget(cx, &board, &owner);
    }
    let score = member.and_then(|member| member.standing).map(|Standing { score, .. }| score);
    let deleted = Deleted { board: home_of(&board).to_owned(), epoch, owner, rank, score };
    cx.say(&Event::OwnerDeleted(deleted.clone()));
    Ok(Outcome::Deleted(deleted))
}

/// Removes a member, if it is there, as if it had never been.
fn remove(cx: &mut Cx<'_>, ladder: &Ladder, owner: &str) {
    let Some(member) = order::get(cx, ladder, owner) else { return };
    if let Some(key) = ladder.key_of_member(&member, owner).filter(|_| !member.hidden) {
        order::leave(cx, ladder, &key);
    }
    order::forget(cx, ladder, owner);
}
