//! What can be asked of the boards: plain functions on one partition's view.
//!
//! No answer walks more than the thousand rows that it shows and the next one on either side; ranks and statistics are
//! counted in memory.

pub mod shards;
mod stats;

use crate::leaderboards::Boards;
use crate::leaderboards::fold::Standing;
use crate::leaderboards::ladder::{Ladder, Rungs, rung};
use crate::leaderboards::shard;
use crate::leaderboards::tables::{
    BOARDS, BoardRow, DEFINITIONS, EPOCHS, MEMBERS, MemberRow, ORDER, OrderKey, SCORES, run,
};
use crate::runtime::system::Partitions;
use millrace_state::key;
use millrace_state::table::Range;
use millrace_topics::leaderboards::{
    Answer, Board, Bounds, Entry, Epoch, KeptSubmission, OwnEntry, Page, Place, Query, Ranking, Rejection, Seek, Sort,
    Tie, Window,
};

type View<'a> = crate::runtime::view::View<'a, Boards>;

/// Which partitions a query concerns: the board's.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let board = match query {
        Query::Board { board } => board,
        Query::Entries { of, .. }
        | Query::Among { of, .. }
        | Query::Owner { of, .. }
        | Query::Around { of, .. }
        | Query::Rank { of, .. }
        | Query::Stats { of, .. }
        | Query::History { of, .. }
        | Query::Epochs { of, .. }
        | Query::Shard { of, .. } => &of.board,
    };
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
/// That there is no such board, window, epoch, owner or rank.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    match query {
        Query::Board { board } => board_of(view, &board).map(|board| Answer::Board(Box::new(board))),
        Query::Entries { of, seek, limit, scores, top_percent } => {
            let asked = Asked::find(view, &of)?;
            let rows = asked.with_scores(scores);
            let last_rank = top_percent.map_or(u64::MAX, |part| (asked.members() * u64::from(part)).div_ceil(100));
            Ok(Answer::Page(asked.entries(&List { rows, last_rank }, &seek, limit)))
        }
        Query::Among { of, owners } => Ok(Answer::Page(Asked::find(view, &of)?.among(owners))),
        Query::Owner { of, owner } => Asked::find(view, &of)?.owner(&owner).map(Answer::Entry),
        Query::Around { of, owner, limit } => Asked::find(view, &of)?.around(&owner, limit).map(Answer::Page),
        Query::Rank { of, rank } => Asked::find(view, &of)?.at_rank(rank).map(Answer::Entry),
        Query::Stats { of, ranks, bars } => Ok(Answer::Stats(Asked::find(view, &of)?.stats(&ranks, bars))),
        Query::History { of, owner } => Asked::find(view, &of)?.history(&owner).map(Answer::History),
        Query::Shard { of, ask } => Ok(Answer::Shard(Asked::find(view, &of)?.shard(ask))),
        Query::Epochs { of, below, limit } => epochs(view, &of, below, limit).map(Answer::Epochs),
    }
}

fn find(view: &View<'_>, board: &String) -> Result<BoardRow, Rejection> {
    view.get(BOARDS, board).ok_or(Rejection::UnknownBoard)
}

fn board_of(view: &View<'_>, board: &String) -> Result<Board, Rejection> {
    let row = find(view, board)?;
    let (definition, created_at) = view.get(DEFINITIONS, board).expect("a board that is there is defined");
    let open: Vec<Epoch> =
        row.windows.iter().filter_map(|window| epoch(view, board, window, row.epoch(window))).collect();
    let definition = definition.without_rules();
    Ok(Board { epoch: row.epoch(Window::All), members: open[0].members, created_at, open, definition })
}

fn epoch(view: &View<'_>, board: &str, window: Window, epoch: u32) -> Option<Epoch> {
    let row = view.get(EPOCHS, &(board.to_owned(), window as u8, epoch))?;
    Some(row.show(window, epoch, view.engine.ranks.members(board, run(window, epoch))))
}

fn epochs(view: &View<'_>, of: &Ranking, below: Option<u32>, limit: u32) -> Result<Vec<Epoch>, Rejection> {
    let row = find(view, &of.board)?;
    if !row.windows.has(of.window) {
        return Err(Rejection::UnknownWindow(of.window));
    }
    let mut rows = EPOCHS.under(&(of.board.clone(), of.window as u8)).reversed();
    if let Some(below) = below {
        rows = rows.beyond(&EPOCHS.raw_key(&(of.board.clone(), of.window as u8, below)));
    }
    let found = view.scan(EPOCHS, &rows).take(limit as usize).map(|((.., number), row)| {
        row.show(of.window, number, view.engine.ranks.members(&of.board, run(of.window, number)))
    });
    Ok(found.collect())
}

/// Which rows belong to a list.
struct List {
    rows: Range,
    last_rank: u64,
}

/// A ranking that is asked about.
struct Asked<'a> {
    view: &'a View<'a>,
    ladder: Ladder,
    tie: Tie,
}

impl<'a> Asked<'a> {
    fn find(view: &'a View<'a>, of: &Ranking) -> Result<Self, Rejection> {
        let row = find(view, &of.board)?;
        if row.shards > 1 && !shard::is_shard(&of.board) {
            return Err(Rejection::Spread(row.shards));
        }
        if !row.windows.has(of.window) {
            return Err(Rejection::UnknownWindow(of.window));
        }
        let epoch = of.epoch.unwrap_or_else(|| row.epoch(of.window));
        if view.get(EPOCHS, &(of.board.clone(), of.window as u8, epoch)).is_none() {
            return Err(Rejection::UnknownEpoch { window: of.window, epoch });
        }
        let tie = of.tie.unwrap_or(row.tie);
        if tie == Tie::Dense && row.tie != Tie::Dense {
            return Err(Rejection::NotDense);
        }
        Ok(Self { view, ladder: Ladder::new(&of.board, &row, of.window, epoch), tie })
    }

    fn members(&self) -> u64 {
        self.view.engine.ranks.members(&self.ladder.board, self.ladder.run)
    }

    fn member(&self, owner: &str) -> Option<MemberRow> {
        self.view.get(MEMBERS, &self.ladder.member_key(owner))
    }

    /// The place of an owner that has one.
    fn place(&self, owner: &str) -> Result<Place, Rejection> {
        let member = self.member(owner).filter(|member| !member.hidden);
        let standing = member.and_then(|member| member.standing).ok_or(Rejection::UnknownOwner)?;
        Ok(standing.place(owner))
    }

    /// How many stand before a key of the order.
    fn before(&self, key: &[u8]) -> u64 {
        self.view.engine.ranks.before(&self.ladder.board, self.ladder.run, key)
    }

    fn rank(&self, place: &Place) -> u64 {
        self.before(&self.ladder.raw(place)) + 1
    }

    /// The rank that is shown for a place which stands at `rank`.
    fn shown_rank(&self, place: &Place, rank: u64) -> u64 {
        match self.tie {
            Tie::Unique => rank,
            Tie::Competition => self.before(&ORDER.raw_prefix(&self.ladder.score_key(place))) + 1,
            Tie::Dense => {
                let key = SCORES.raw_key(&self.ladder.score_key(place));
                self.view.engine.scores.before(&self.ladder.board, self.ladder.run, &key) + 1
            }
        }
    }

    fn everyone(&self) -> Range {
        ORDER.under(&(self.ladder.board.clone(), self.ladder.run))
    }

    fn all(&self) -> List {
        List { rows: self.everyone(), last_rank: u64::MAX }
    }

    /// Where those with this score begin, as it stands in the store.
    fn score_prefix(&self, score: i64) -> Vec<u8> {
        ORDER.raw_prefix(&(self.ladder.board.clone(), self.ladder.run, rung(self.ladder.sort, score)))
    }

    /// The rows whose scores lie inside.
    fn with_scores(&self, scores: Bounds) -> Range {
        let (best, worst) = match self.ladder.sort {
            Sort::Asc => (scores.min, scores.max),
            Sort::Desc => (scores.max, scores.min),
        };
        let mut rows = self.everyone();
        if let Some(best) = best {
            rows.from = self.score_prefix(best);
        }
        if let Some(worst) = worst {
            rows.to = key::after_prefix(&self.score_prefix(worst)).expect("a table's number is below 255");
        }
        rows
    }

    fn entry(&self, place: Place, rank: u64) -> Entry {
        let member = self.member(&place.owner).expect("who stands in the order is a member");
        let standing = member.standing.expect("who stands in the order has a score");
        let Standing { score, subscores, attempts, metadata, updated, .. } = standing;
        Entry { rank, owner: place.owner, score, subscores, attempts, metadata, updated_at: updated }
    }

    /// An entry by itself; `rank` is its place in the order.
    fn own_entry(&self, place: Place, rank: u64) -> OwnEntry {
        let members = self.members();
        let below = (members - rank).saturating_mul(100).checked_div(members - 1).unwrap_or(100);
        let percentile = u32::try_from(below).expect("at most a hundred");
        let shown = self.shown_rank(&place, rank);
        OwnEntry { entry: self.entry(place, shown), members, percentile }
    }

    fn owner(&self, owner: &str) -> Result<OwnEntry, Rejection> {
        let place = self.place(owner)?;
        let rank = self.rank(&place);
        Ok(self.own_entry(place, rank))
    }

    fn history(&self, owner: &str) -> Result<Vec<KeptSubmission>, Rejection> {
        let member = self.member(owner).ok_or(Rejection::UnknownOwner)?;
        let shown = member.kept.entries().into_iter().rev().map(|kept| KeptSubmission {
            submission: kept.at.to_string(),
            time: kept.time,
            operator: kept.operator,
            score: kept.score,
            subscores: kept.subscores,
            metadata: kept.metadata,
            rank: kept.rank,
            voided: kept.voided,
        });
        Ok(shown.collect())
    }

    fn entries(&self, list: &List, seek: &Seek, limit: u32) -> Page {
        let limit = limit as usize;
        let keys = match seek {
            Seek::Top => self.walk(&list.rows, limit),
            Seek::After(place) => self.walk(&list.rows.clone().beyond(&self.ladder.raw(place)), limit),
            Seek::Before(place) => self.walk_up(&list.rows, &self.ladder.raw(place), limit),
            Seek::Rank(rank) => return self.page_from(*rank, limit),
        };
        let first = keys.first().map_or(1, |key| self.before(&ORDER.raw_key(key)) + 1);
        self.page(list, keys, first)
    }

    fn page_from(&self, rank: u64, limit: usize) -> Page {
        let Some(first) = self.select(rank) else { return Page::default() };
        let list = self.all();
        let keys = self.walk(&list.rows.clone().starting(&ORDER.raw_key(&first)), limit);
        self.page(&list, keys, rank)
    }

    fn walk(&self, rows: &Range, limit: usize) -> Vec<OrderKey> {
        self.view.scan(ORDER, rows).take(limit).map(|(key, ())| key).collect()
    }

    /// The last rows before a key, in order.
    fn walk_up(&self, rows: &Range, before: &[u8], limit: usize) -> Vec<OrderKey> {
        let mut keys = self.walk(&rows.clone().reversed().beyond(before), limit);
        keys.reverse();
        keys
    }

    /// A page of these neighbours in the order, the first of which has this rank.
    fn page(&self, list: &List, keys: Vec<OrderKey>, first_rank: u64) -> Page {
        let ranked: Vec<(u64, OrderKey)> = (first_rank..=list.last_rank).zip(keys).collect();
        let (Some((_, first)), Some((last_rank, last))) = (ranked.first().cloned(), ranked.last().cloned()) else {
            return Page::default();
        };
        let is_more = |rows: Range| self.view.scan(ORDER, &rows).next().is_some();
        let more_behind = last_rank < list.last_rank && is_more(list.rows.clone().beyond(&ORDER.raw_key(&last)));
        let more_before = is_more(list.rows.clone().reversed().beyond(&ORDER.raw_key(&first)));
        let (first, last) = (self.ladder.place(first), self.ladder.place(last));
        let entries = self.show(ranked);
        Page { entries, next: more_behind.then_some(last), prev: more_before.then_some(first) }
    }

    /// Neighbours in the order, under the ranks that are shown: only the first one's is looked up.
    fn show(&self, ranked: Vec<(u64, OrderKey)>) -> Vec<Entry> {
        let mut shown = 0;
        let mut above: Option<Rungs> = None;
        let entry = |(rank, key): (u64, OrderKey)| {
            let rungs = key.2.clone();
            let place = self.ladder.place(key);
            shown = match &above {
                None => self.shown_rank(&place, rank),
                Some(above) if *above == rungs && self.tie != Tie::Unique => shown,
                Some(_) if self.tie == Tie::Dense => shown + 1,
                Some(_) => rank,
            };
            above = Some(rungs);
            self.entry(place, shown)
        };
        ranked.into_iter().map(entry).collect()
    }

    fn among(&self, owners: Vec<String>) -> Page {
        let places = owners.iter().filter_map(|owner| self.place(owner).ok());
        let mut keys: Vec<OrderKey> = places.map(|place| self.ladder.order_key(&place)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut entries = Vec::with_capacity(keys.len());
        let (mut shown, mut above): (u64, Option<Rungs>) = (0, None);
        for (rank, key) in (1..).zip(keys) {
            let rungs = key.2.clone();
            shown = match (self.tie, above.as_ref() == Some(&rungs)) {
                (Tie::Competition | Tie::Dense, true) => shown,
                (Tie::Dense, false) => shown + 1,
                _ => rank,
            };
            above = Some(rungs);
            entries.push(self.entry(self.ladder.place(key), shown));
        }
        Page { entries, next: None, prev: None }
    }

    /// The window that has as many members above the owner as below, moved so that it does not hang over an edge.
    fn around(&self, owner: &str, limit: u32) -> Result<Page, Rejection> {
        let place = self.place(owner)?;
        let (limit, members) = (u64::from(limit), self.members());
        let rank = self.rank(&place);
        let highest_start = members.saturating_sub(limit) + 1;
        let start = rank.saturating_sub(limit / 2).clamp(1, highest_start);
        let above = usize::try_from(rank - start).expect("less than the limit");
        let limit = usize::try_from(limit).expect("a limit is small");
        let list = self.all();
        let own = self.ladder.raw(&place);
        let mut keys = self.walk_up(&list.rows, &own, above);
        keys.extend(self.walk(&list.rows.clone().starting(&own), limit - above));
        Ok(self.page(&list, keys, start))
    }

    fn at_rank(&self, rank: u64) -> Result<OwnEntry, Rejection> {
        let key = self.select(rank).ok_or_else(|| Rejection::UnknownRank { rank, members: self.members() })?;
        Ok(self.own_entry(self.ladder.place(key), rank))
    }

    /// The key at a rank.
    fn select(&self, rank: u64) -> Option<OrderKey> {
        let raw = self.view.engine.ranks.select(&self.ladder.board, self.ladder.run, rank)?;
        Some(ORDER.key_of(&raw))
    }
}
