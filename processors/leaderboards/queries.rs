//! What can be asked of the boards: plain functions on one partition's view.
//!
//! No answer walks more than one leaf, the thousand rows that it shows and the next one on either side.

use crate::leaderboards::Boards;
use crate::leaderboards::tables::{BOARDS, BoardRow, MEMBERS, ORDER, OrderKey, rung};
use crate::runtime::system::Partitions;
use millrace_state::key;
use millrace_state::table::Range;
use millrace_topics::leaderboards::{Answer, Bounds, Entry, Page, Place, Query, Rejection, Seek, Sort};

type View<'a> = crate::runtime::view::View<'a, Boards>;

/// Which partitions a query concerns: the board's.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let (Query::Board { board }
    | Query::Entries { board, .. }
    | Query::Among { board, .. }
    | Query::Owner { board, .. }
    | Query::Around { board, .. }
    | Query::Rank { board, .. }) = query;
    Partitions::One(board.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &Query, answers: Vec<Answer>) -> Answer {
    answers.into_iter().next().expect("the partition of a board was asked")
}

/// Answers a query.
///
/// # Errors
/// That there is no such board, owner or rank.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    match query {
        Query::Board { board } => {
            let row = find(view, &board)?;
            Ok(Answer::Board(row.show(members(view, &row))))
        }
        Query::Entries { board, seek, limit, scores, top_percent } => {
            let row = find(view, &board)?;
            let rows = with_scores(&row, scores);
            let last_rank = top_percent.map_or(u64::MAX, |part| (members(view, &row) * u64::from(part)).div_ceil(100));
            Ok(Answer::Page(entries(view, &row, &List { rows, last_rank }, &seek, limit)))
        }
        Query::Among { board, owners } => {
            let row = find(view, &board)?;
            Ok(Answer::Page(among(view, &row, owners)))
        }
        Query::Owner { board, owner } => {
            let row = find(view, &board)?;
            let place = place(view, &row, &owner)?;
            let rank = rank(view, &row, &place);
            Ok(Answer::Entry(entry(view, &row, place, rank)))
        }
        Query::Around { board, owner, limit } => {
            let row = find(view, &board)?;
            Ok(Answer::Page(around(view, &row, &owner, limit)?))
        }
        Query::Rank { board, rank } => {
            let row = find(view, &board)?;
            at_rank(view, &row, rank).map(Answer::Entry)
        }
    }
}

fn find(view: &View<'_>, board: &str) -> Result<BoardRow, Rejection> {
    view.get(BOARDS, &board.to_owned()).ok_or(Rejection::UnknownBoard)
}

fn members(view: &View<'_>, board: &BoardRow) -> u64 {
    view.engine.members(&board.definition.id, board.epoch)
}

fn place(view: &View<'_>, board: &BoardRow, owner: &str) -> Result<Place, Rejection> {
    let member = view.get(MEMBERS, &board.member_key(owner)).ok_or(Rejection::UnknownOwner)?;
    Ok(member.place(owner))
}

fn rank(view: &View<'_>, board: &BoardRow, place: &Place) -> u64 {
    view.engine.before(&board.definition.id, board.epoch, &raw(board, place)) + 1
}

/// The key of a place as it stands in the store.
fn raw(board: &BoardRow, place: &Place) -> Vec<u8> {
    ORDER.raw_key(&board.order_key(place))
}

fn everyone(board: &BoardRow) -> Range {
    ORDER.under(&(board.definition.id.clone(), board.epoch))
}

/// The rows whose scores lie inside.
fn with_scores(board: &BoardRow, scores: Bounds) -> Range {
    let (best, worst) = match board.definition.sort {
        Sort::Asc => (scores.min, scores.max),
        Sort::Desc => (scores.max, scores.min),
    };
    let prefix = |score: i64| {
        let rung = rung(board.definition.sort, score);
        ORDER.raw_prefix(&(board.definition.id.clone(), board.epoch, rung))
    };
    let mut rows = everyone(board);
    if let Some(best) = best {
        rows.from = prefix(best);
    }
    if let Some(worst) = worst {
        rows.to = key::after_prefix(&prefix(worst)).expect("a table's number is below 255");
    }
    rows
}

fn entry(view: &View<'_>, board: &BoardRow, place: Place, rank: u64) -> Entry {
    let member = view.get(MEMBERS, &board.member_key(&place.owner)).expect("who stands in the order is a member");
    Entry {
        rank,
        owner: place.owner,
        score: member.score,
        attempts: member.attempts,
        metadata: member.metadata,
        updated_at: member.updated,
    }
}

/// Which rows belong to a list.
struct List {
    rows: Range,
    last_rank: u64,
}

fn all(board: &BoardRow) -> List {
    List { rows: everyone(board), last_rank: u64::MAX }
}

fn entries(view: &View<'_>, board: &BoardRow, list: &List, seek: &Seek, limit: u32) -> Page {
    let limit = limit as usize;
    let keys = match seek {
        Seek::Top => walk(view, &list.rows, limit),
        Seek::After(place) => walk(view, &list.rows.clone().beyond(&raw(board, place)), limit),
        Seek::Before(place) => walk_up(view, &list.rows, &raw(board, place), limit),
        Seek::Rank(rank) => return from_rank(view, board, *rank, limit),
    };
    let first = keys.first().map_or(1, |key| rank(view, board, &board.place(key.clone())));
    page(view, board, list, keys, first)
}

fn from_rank(view: &View<'_>, board: &BoardRow, rank: u64, limit: usize) -> Page {
    let Some(first) = select(view, board, rank) else { return Page::default() };
    let list = all(board);
    let keys = walk(view, &list.rows.clone().starting(&ORDER.raw_key(&first)), limit);
    page(view, board, &list, keys, rank)
}

fn walk(view: &View<'_>, rows: &Range, limit: usize) -> Vec<OrderKey> {
    view.scan(ORDER, rows).take(limit).map(|(key, ())| key).collect()
}

/// The last rows before a key, in order.
fn walk_up(view: &View<'_>, rows: &Range, before: &[u8], limit: usize) -> Vec<OrderKey> {
    let mut keys = walk(view, &rows.clone().reversed().beyond(before), limit);
    keys.reverse();
    keys
}

/// A page of these neighbours in the order, the first of which has this rank.
fn page(view: &View<'_>, board: &BoardRow, list: &List, keys: Vec<OrderKey>, first_rank: u64) -> Page {
    let ranked = (first_rank..=list.last_rank).zip(keys);
    let places: Vec<(u64, Place)> = ranked.map(|(rank, key)| (rank, board.place(key))).collect();
    let (Some((_, first)), Some((last_rank, last))) = (places.first().cloned(), places.last().cloned()) else {
        return Page::default();
    };
    let is_more = |rows: Range| view.scan(ORDER, &rows).next().is_some();
    let more_behind = last_rank < list.last_rank && is_more(list.rows.clone().beyond(&raw(board, &last)));
    let more_before = is_more(list.rows.clone().reversed().beyond(&raw(board, &first)));
    let entries = places.into_iter().map(|(rank, place)| entry(view, board, place, rank)).collect();
    Page { entries, next: more_behind.then_some(last), prev: more_before.then_some(first) }
}

fn among(view: &View<'_>, board: &BoardRow, owners: Vec<String>) -> Page {
    let mut keys: Vec<OrderKey> =
        owners.iter().filter_map(|owner| place(view, board, owner).ok()).map(|place| board.order_key(&place)).collect();
    keys.sort_unstable();
    keys.dedup();
    let places = keys.into_iter().map(|key| board.place(key));
    let entries = (1..).zip(places).map(|(rank, place)| entry(view, board, place, rank)).collect();
    Page { entries, next: None, prev: None }
}

/// The window that has as many members above the owner as below, moved so that it does not hang over an edge.
fn around(view: &View<'_>, board: &BoardRow, owner: &str, limit: u32) -> Result<Page, Rejection> {
    let place = place(view, board, owner)?;
    let (limit, members) = (u64::from(limit), members(view, board));
    let rank = rank(view, board, &place);
    let highest_start = members.saturating_sub(limit) + 1;
    let start = rank.saturating_sub(limit / 2).clamp(1, highest_start);
    let above = usize::try_from(rank - start).expect("less than the limit");
    let limit = usize::try_from(limit).expect("a limit is small");
    let list = all(board);
    let own = raw(board, &place);
    let mut keys = walk_up(view, &list.rows, &own, above);
    keys.extend(walk(view, &list.rows.clone().starting(&own), limit - above));
    Ok(page(view, board, &list, keys, start))
}

fn at_rank(view: &View<'_>, board: &BoardRow, rank: u64) -> Result<Entry, Rejection> {
    let key = select(view, board, rank);
    let key = key.ok_or_else(|| Rejection::UnknownRank { rank, members: members(view, board) })?;
    Ok(entry(view, board, board.place(key), rank))
}

/// The key at a rank.
fn select(view: &View<'_>, board: &BoardRow, rank: u64) -> Option<OrderKey> {
    view.engine.select(&board.definition.id, board.epoch, rank).map(|raw| ORDER.key_of(&raw))
}
