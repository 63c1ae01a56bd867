//! What can be asked of the boards: plain functions on one partition's view.
//!
//! No answer walks more than the thousand rows that it shows and the next one on either side; ranks and statistics are
//! counted in memory.

pub mod shards;
mod stats;

use crate::leaderboards::Boards;
use crate::leaderboards::fold::Standing;
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::shard;
use crate::leaderboards::standings::Ranking as Order;
use crate::leaderboards::tables::{BUCKETS, BoardRow, DEFINITIONS, EPOCHS, MEMBERS, MemberRow, Seat, run};
use crate::runtime::system::Partitions;
use millrace_state::key;
use millrace_topics::leaderboards::{
    Answer, Board, Bounds, Entry, Epoch, InLeague, KeptSubmission, OwnEntry, Page, Place, Query, Ranking, Rejection,
    Seek, Sort, Tie, Window,
};
use std::ops::Range;
use std::sync::Arc;

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
            let asked = Asked::find(view, &of)?.in_bucket(of.bucket)?;
            let mut list = asked.with_scores(scores);
            if let Some(part) = top_percent {
                list.end = list.end.min((asked.members() * u64::from(part)).div_ceil(100));
            }
            Ok(Answer::Page(asked.entries(&list, &seek, limit)))
        }
        Query::Among { of, owners } => Ok(Answer::Page(Asked::find(view, &of)?.among(owners))),
        Query::Owner { of, owner } => Asked::find(view, &of)?.of_owner(&owner)?.owner(&owner).map(Answer::Entry),
        Query::Around { of, owner, limit } => {
            Asked::find(view, &of)?.of_owner(&owner)?.around(&owner, limit).map(Answer::Page)
        }
        Query::Rank { of, rank } => Asked::find(view, &of)?.in_bucket(of.bucket)?.at_rank(rank).map(Answer::Entry),
        Query::Stats { of, ranks, bars } => {
            Ok(Answer::Stats(Asked::find(view, &of)?.in_bucket(of.bucket)?.stats(&ranks, bars)))
        }
        Query::History { of, owner } => Asked::find(view, &of)?.history(&owner).map(Answer::History),
        Query::Shard { of, ask } => Ok(Answer::Shard(Asked::find(view, &of)?.shard(ask))),
        Query::Epochs { of, below, limit } => epochs(view, &of, below, limit).map(Answer::Epochs),
    }
}

fn find(view: &View<'_>, board: &str) -> Result<Arc<BoardRow>, Rejection> {
    view.engine.board(board).cloned().ok_or(Rejection::UnknownBoard)
}

fn board_of(view: &View<'_>, board: &String) -> Result<Board, Rejection> {
    let row = find(view, board)?;
    let (definition, created_at) = view.get(DEFINITIONS, board).expect("a board that is there is defined");
    let open: Vec<Epoch> =
        row.windows.iter().filter_map(|window| epoch(view, board, window, row.epoch(window))).collect();
    let (definition, league) = (definition.without_rules(), row.league.clone());
    Ok(Board { league, epoch: row.epoch(Window::All), members: open[0].members, created_at, open, definition })
}

fn epoch(view: &View<'_>, board: &str, window: Window, epoch: u32) -> Option<Epoch> {
    let row = view.get(EPOCHS, &(board.to_owned(), window as u8, epoch))?;
    Some(row.show(window, epoch, view.engine.members(board, run(window, epoch))))
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
    let found = view
        .scan(EPOCHS, &rows)
        .take(limit as usize)
        .map(|((.., number), row)| row.show(of.window, number, view.engine.members(&of.board, run(of.window, number))));
    Ok(found.collect())
}

/// Which members belong to a list: those before whom so many stand.
type List = Range<u64>;

/// A ranking that is asked about.
struct Asked<'a> {
    view: &'a View<'a>,
    row: Arc<BoardRow>,
    ladder: Ladder,
    tie: Tie,
    /// Where its members stand: all, or in a league those of the bucket that is meant.
    span: Range<u64>,
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
        let ladder = Ladder::new(&of.board, &row, of.window, epoch);
        let span = 0..view.engine.ranking(&ladder).map_or(0, Order::len);
        Ok(Self { view, row, ladder, tie, span })
    }

    /// The same of the bucket that the question says; it says one in a league, and nowhere else.
    fn in_bucket(self, bucket: Option<u32>) -> Result<Self, Rejection> {
        let Some(bucket) = bucket else {
            return if self.ladder.bucket.is_none() { Ok(self) } else { Err(Rejection::BucketRequired) };
        };
        if self.ladder.bucket.is_none() {
            return Err(Rejection::NoLeague);
        }
        let buckets = self.view.get(BUCKETS, &(self.ladder.board.clone(), self.ladder.run >> 2));
        if buckets.is_none_or(|buckets| buckets.opened <= bucket) {
            return Err(Rejection::UnknownBucket(bucket));
        }
        Ok(self.within(bucket))
    }

    /// The same of the bucket of an owner.
    fn of_owner(self, owner: &str) -> Result<Self, Rejection> {
        if self.ladder.bucket.is_none() {
            return Ok(self);
        }
        let seat = self.seat(owner).ok_or(Rejection::UnknownOwner)?;
        Ok(self.within(seat.bucket))
    }

    fn within(mut self, bucket: u32) -> Self {
        self.ladder.bucket = Some(bucket);
        self.span = self.order().map_or(0..0, |order| order.span(&self.ladder));
        self
    }

    /// The members in order; `None` while nobody ever was there.
    fn order(&self) -> Option<&Order> {
        self.view.engine.ranking(&self.ladder)
    }

    fn members(&self) -> u64 {
        self.span.end - self.span.start
    }

    fn member(&self, owner: &str) -> Option<MemberRow> {
        self.view.get(MEMBERS, &(owner.to_owned(), self.ladder.board.clone(), self.ladder.run))
    }

    /// Where an owner plays, in a league.
    fn seat(&self, owner: &str) -> Option<Seat> {
        self.ladder.bucket?;
        self.member(owner)?.seat
    }

    /// The same as people see it.
    fn in_league(&self, owner: &str) -> Option<InLeague> {
        self.seat(owner).map(|seat| self.row.show(seat))
    }

    /// What counts of an owner that has a place.
    fn standing(&self, owner: &str) -> Result<Standing, Rejection> {
        let member = self.member(owner).filter(|member| !member.hidden);
        member.and_then(|member| member.standing).ok_or(Rejection::UnknownOwner)
    }

    /// The key of an owner that has a place.
    fn key(&self, owner: &str) -> Result<Vec<u8>, Rejection> {
        self.standing(owner).map(|standing| self.ladder.key(&standing, owner))
    }

    /// How many of those who are meant stand before a key of the order.
    fn before(&self, key: &[u8]) -> u64 {
        let before = self.order().map_or(0, |order| order.before(key));
        before.clamp(self.span.start, self.span.end) - self.span.start
    }

    /// The rank that is shown for a key which stands at `rank`.
    fn shown_rank(&self, key: &[u8], rank: u64) -> u64 {
        let scores = self.ladder.scores_of(key);
        match self.tie {
            Tie::Unique => rank,
            Tie::Competition => self.before(scores) + 1,
            Tie::Dense => self.order().map_or(0, |order| order.scores_before(scores)) + 1,
        }
    }

    fn all(&self) -> List {
        0..self.members()
    }

    /// Those whose scores lie inside.
    fn with_scores(&self, scores: Bounds) -> List {
        let (best, worst) = match self.ladder.sort {
            Sort::Asc => (scores.min, scores.max),
            Sort::Desc => (scores.max, scores.min),
        };
        let start = best.map_or(0, |best| self.before(&self.ladder.with_score(best)));
        let behind = worst.and_then(|worst| key::after_prefix(&self.ladder.with_score(worst)));
        start..behind.map_or(self.members(), |behind| self.before(&behind))
    }

    fn entry(&self, place: Place, rank: u64) -> Entry {
        let member = self.member(&place.owner).expect("who stands in the order is a member");
        let standing = member.standing.expect("who stands in the order has a score");
        let Standing { score, subscores, attempts, metadata, updated, .. } = standing;
        Entry { rank, owner: place.owner, score, subscores, attempts, metadata, updated_at: updated }
    }

    /// An entry by itself; `rank` is its place in the order.
    fn own_entry(&self, key: &[u8], rank: u64) -> OwnEntry {
        let members = self.members();
        let below = (members - rank).saturating_mul(100).checked_div(members - 1).unwrap_or(100);
        let percentile = u32::try_from(below).expect("at most a hundred");
        let shown = self.shown_rank(key, rank);
        let place = self.ladder.place(key);
        let league = self.in_league(&place.owner);
        OwnEntry { entry: self.entry(place, shown), members, percentile, league }
    }

    fn owner(&self, owner: &str) -> Result<OwnEntry, Rejection> {
        let key = self.key(owner)?;
        let rank = self.before(&key) + 1;
        Ok(self.own_entry(&key, rank))
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
        let limit = u64::from(limit);
        let first = |start: u64| start.max(list.start)..start.max(list.start).saturating_add(limit);
        match seek {
            Seek::Top => self.page(list, first(0)),
            Seek::After(place) => {
                // Behind the key itself, whether it is still there or not.
                let behind = [&*self.ladder.key_at(place), &[0]].concat();
                self.page(list, first(self.before(&behind)))
            }
            Seek::Before(place) => {
                let end = self.before(&self.ladder.key_at(place)).min(list.end);
                self.page(list, end.saturating_sub(limit).max(list.start)..end)
            }
            Seek::Rank(rank) => {
                let Some(start) = rank.checked_sub(1) else { return Page::default() };
                self.page(&self.all(), start..start.saturating_add(limit))
            }
        }
    }

    /// The keys of these members.
    fn walk(&self, rows: Range<u64>) -> Vec<Vec<u8>> {
        let count = usize::try_from(rows.end.saturating_sub(rows.start)).expect("a page is short");
        let keys = self.order().into_iter().flat_map(|order| order.from(self.span.start + rows.start));
        let keys: Vec<Vec<u8>> = keys.take(count).collect();
        self.view.walk(keys.len(), "the order");
        keys
    }

    /// A page of these neighbours in the order, as far as the list goes.
    fn page(&self, list: &List, rows: Range<u64>) -> Page {
        let keys = self.walk(rows.start..rows.end.min(list.end));
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Page::default() };
        let end = rows.start + keys.len() as u64;
        let next = (end < list.end).then(|| self.ladder.place(last));
        let prev = (rows.start > list.start).then(|| self.ladder.place(first));
        let league = self.in_league(&self.ladder.place(first).owner);
        Page { next, prev, league, entries: self.show((rows.start + 1..).zip(keys).collect()) }
    }

    /// Neighbours in the order, under the ranks that are shown: only the first one's is looked up.
    fn show(&self, ranked: Vec<(u64, Vec<u8>)>) -> Vec<Entry> {
        let mut shown = 0;
        let mut above: Option<Vec<u8>> = None;
        let entry = |(rank, key): (u64, Vec<u8>)| {
            let scores = self.ladder.scores_of(&key);
            shown = match &above {
                None => self.shown_rank(&key, rank),
                Some(above) if *above == scores && self.tie != Tie::Unique => shown,
                Some(_) if self.tie == Tie::Dense => shown + 1,
                Some(_) => rank,
            };
            above = Some(scores.to_vec());
            self.entry(self.ladder.place(&key), shown)
        };
        ranked.into_iter().map(entry).collect()
    }

    /// Owners of several buckets are compared by their scores alone.
    fn among(&self, owners: Vec<String>) -> Page {
        let ladder = Ladder { bucket: None, ..self.ladder.clone() };
        let standings = owners.iter().filter_map(|owner| self.standing(owner).ok().map(|standing| (owner, standing)));
        let mut keys: Vec<Vec<u8>> = standings.map(|(owner, standing)| ladder.key(&standing, owner)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut entries = Vec::with_capacity(keys.len());
        let (mut shown, mut above): (u64, Option<Vec<u8>>) = (0, None);
        for (rank, key) in (1..).zip(keys) {
            let scores = ladder.scores_of(&key);
            shown = match (self.tie, above.as_deref() == Some(scores)) {
                (Tie::Competition | Tie::Dense, true) => shown,
                (Tie::Dense, false) => shown + 1,
                _ => rank,
            };
            above = Some(scores.to_vec());
            entries.push(self.entry(ladder.place(&key), shown));
        }
        Page { entries, ..Page::default() }
    }

    /// The window that has as many members above the owner as below, moved so that it does not hang over an edge.
    fn around(&self, owner: &str, limit: u32) -> Result<Page, Rejection> {
        let above = self.before(&self.key(owner)?);
        let (limit, members) = (u64::from(limit), self.members());
        let start = (above + 1).saturating_sub(limit / 2).saturating_sub(1).min(members.saturating_sub(limit));
        Ok(self.page(&self.all(), start..start + limit))
    }

    fn at_rank(&self, rank: u64) -> Result<OwnEntry, Rejection> {
        let key = self.select(rank).ok_or_else(|| Rejection::UnknownRank { rank, members: self.members() })?;
        Ok(self.own_entry(&key, rank))
    }

    /// The key at a rank.
    fn select(&self, rank: u64) -> Option<Vec<u8>> {
        let skip = rank.checked_sub(1).filter(|skip| *skip < self.members())?;
        self.order()?.from(self.span.start + skip).next()
    }
}
