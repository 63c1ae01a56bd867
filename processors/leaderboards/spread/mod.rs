//! What a board of several shards answers, put together from what its shards answer: exactly what it would answer as
//! one. Nothing here has a state; each answer is read from the shards' views, at positions that it names.
//!
//! All shards sort by the same bytes, so a rank is a sum of counts, a page is the first rows of all shards' pages, and
//! a rank far down is found by counting a few keys of each shard, again and again, until only one page is left.

mod read;
pub mod write;

use crate::leaderboards::ladder::{Distinct, Ladder};
use crate::leaderboards::tables::run;
use crate::leaderboards::{Boards, shard};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use crate::runtime::streams::{Events, Shown};
use crate::runtime::system::Partitions;
use futures_util::future::join_all;
use millrace_state::key;
use millrace_topics::leaderboards::{
    Answer, Board, Bounds, Definition, Entry, Epoch, Query, Ranking, Rejection, ShardAnswer, ShardAsk, Sort, Tie,
};
use millrace_topics::position::Positions;

/// The key of a row in the order, and what stands there.
type Row = (Vec<u8>, Entry);

/// Asks a query, of the shards where the board has several.
///
/// # Errors
/// The refusal as a problem, or what went wrong on the way.
pub async fn ask(door: &Door, asked: &Asked, query: Query) -> Result<Read<Answer>, Problem> {
    let board = match &query {
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
    match shards_of(door, asked, board).await? {
        1 => door.ask::<Boards>(asked, &query).await,
        shards => Box::pin(read::answer(door, asked, query, shards)).await,
    }
}

/// Follows a query of a board of so many shards.
///
/// # Errors
/// As [`Door::subscribe`].
pub async fn subscribe<S: Shown<Machine = Boards>>(
    door: &Door,
    asked: &Asked,
    query: Query,
    of: &Ranking,
    shards: u32,
) -> Result<Events, Problem> {
    let keys = (0..shards).map(|at| shard::id(&of.board, at).into_bytes()).collect();
    let (here, gathered) = (door.clone(), query.clone());
    let gather = move |asked: Asked| {
        let (door, query) = (here.clone(), gathered.clone());
        async move { read::look(&door, &asked, query, shards).await }
    };
    door.subscribe_gathered::<S, _>(asked, &query, Partitions::Some(keys), gather).await
}

/// Over how many shards a board is spread: fixed once it exists. 1 for a board that is not there.
///
/// # Errors
/// 404 for what is no board but a shard of one; what went wrong on the way.
pub async fn shards_of(door: &Door, asked: &Asked, board: &str) -> Result<u32, Problem> {
    if shard::is_shard(board) {
        return Err(Problem::refusal(&Rejection::UnknownBoard));
    }
    let name = fact(board);
    if let Some(shards) = door.recall(&name) {
        return Ok(shards);
    }
    let now = Asked { min_position: asked.min_position.clone(), caller: asked.caller.clone(), ..Asked::default() };
    match door.ask::<Boards>(&now, &Query::Board { board: board.to_owned() }).await {
        Ok(Read { answer: Answer::Board(found), .. }) => {
            door.remember(name, found.definition.shards);
            Ok(found.definition.shards)
        }
        Ok(_) => unreachable!("a board was asked for"),
        Err(problem) if problem.code == "unknown_board" => Ok(1),
        Err(problem) => Err(problem),
    }
}

/// Under which name the number of a board's shards is remembered.
fn fact(board: &str) -> String {
    format!("leaderboards/{board}/shards")
}

/// Where a list begins, where it ends, and the last rank that belongs to it.
struct List {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    last_rank: u64,
}

/// A ranking of a spread board.
struct Spread<'a> {
    door: &'a Door,
    asked: &'a Asked,
    ladder: Ladder,
    tie: Tie,
    of: Ranking,
    shards: u32,
    positions: Positions,
}

impl<'a> Spread<'a> {
    /// The ranking that is asked for. Without an epoch it is the newest that a shard has begun: one that has not come
    /// so far has nobody in it.
    async fn find(door: &'a Door, asked: &'a Asked, of: &Ranking, shards: u32) -> Result<Self, Problem> {
        let queries: Vec<Query> = (0..shards).map(|at| Query::Board { board: shard::id(&of.board, at) }).collect();
        let reads = join_all(queries.iter().map(|query| door.ask::<Boards>(asked, query))).await;
        let mut positions = Positions::default();
        let mut boards: Vec<Board> = Vec::with_capacity(reads.len());
        for read in reads {
            match read {
                Ok(Read { answer: Answer::Board(board), positions: at }) => {
                    positions.merge(&at);
                    boards.push(*board);
                }
                Ok(_) => unreachable!("a board was asked for"),
                Err(problem) if problem.code == "unknown_board" => {}
                Err(problem) => return Err(problem),
            }
        }
        let Some(definition) = boards.first().map(|board| board.definition.clone()) else {
            return Err(Problem::refusal(&Rejection::UnknownBoard));
        };
        let open = boards.iter().flat_map(|board| &board.open).filter(|epoch| epoch.window == of.window);
        let Some(newest) = open.map(|epoch| epoch.epoch).max() else {
            return Err(Problem::refusal(&Rejection::UnknownWindow(of.window)));
        };
        let epoch = of.epoch.unwrap_or(newest);
        let mut spread = Self::at(door, asked, of, &definition, epoch, positions);
        if spread.tie == Tie::Dense && definition.tie != Tie::Dense {
            return Err(Problem::refusal(&Rejection::NotDense));
        }
        if of.epoch.is_some() && spread.each(|_| Some(ShardAsk::Count(Vec::new()))).await?.is_empty() {
            return Err(Problem::refusal(&Rejection::UnknownEpoch { window: of.window, epoch }));
        }
        Ok(spread)
    }

    fn at(
        door: &'a Door,
        asked: &'a Asked,
        of: &Ranking,
        definition: &Definition,
        epoch: u32,
        positions: Positions,
    ) -> Self {
        let ladder = Ladder {
            board: of.board.clone(),
            run: run(of.window, epoch),
            sort: definition.sort,
            columns: definition.columns.clone(),
            distinct: Distinct::Nowhere,
            bucket: None,
        };
        let tie = of.tie.unwrap_or(definition.tie);
        let of = Ranking { epoch: Some(epoch), tie: None, ..of.clone() };
        Self { door, asked, ladder, tie, of, shards: definition.shards, positions }
    }

    fn of_shard(&self, at: u32) -> Ranking {
        Ranking { board: shard::id(&self.of.board, at), ..self.of.clone() }
    }

    /// Asks shards; those that do not have the epoch yet have nothing to say.
    async fn each(&mut self, ask: impl Fn(u32) -> Option<ShardAsk>) -> Result<Vec<(u32, ShardAnswer)>, Problem> {
        let asks = (0..self.shards).filter_map(|at| Some((at, Query::Shard { of: self.of_shard(at), ask: ask(at)? })));
        let asks: Vec<(u32, Query)> = asks.collect();
        let reads = join_all(asks.iter().map(|(_, query)| self.door.ask::<Boards>(self.asked, query))).await;
        let mut answers = Vec::with_capacity(reads.len());
        for ((at, _), read) in asks.into_iter().zip(reads) {
            match read {
                Ok(Read { answer: Answer::Shard(answer), positions }) => {
                    self.positions.merge(&positions);
                    answers.push((at, answer));
                }
                Ok(_) => unreachable!("a shard answers as one"),
                Err(problem) if matches!(&*problem.code, "unknown_epoch" | "unknown_board") => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(answers)
    }

    /// How many stand before each key, by shard, and how many members each has.
    async fn counts_by_shard(&mut self, keys: Vec<Vec<u8>>) -> Result<Vec<(u32, Vec<u64>, u64)>, Problem> {
        let answers = self.each(|_| Some(ShardAsk::Count(keys.clone()))).await?;
        let counts = answers.into_iter().filter_map(|(at, answer)| match answer {
            ShardAnswer::Counts(before, members) => Some((at, before, members)),
            _ => None,
        });
        Ok(counts.collect())
    }

    /// How many stand before each key, and how many members there are.
    async fn counts(&mut self, keys: Vec<Vec<u8>>) -> Result<(Vec<u64>, u64), Problem> {
        let mut sums = vec![0; keys.len()];
        let mut all = 0;
        for (_, before, members) in self.counts_by_shard(keys).await? {
            sums.iter_mut().zip(before).for_each(|(sum, before)| *sum += before);
            all += members;
        }
        Ok((sums, all))
    }

    /// The dense rank of a key: the shards that scores belong to count the distinct ones.
    async fn dense_rank(&mut self, key: &[u8]) -> Result<u64, Problem> {
        let scores = self.scores(key).to_vec();
        let answers = self.each(|_| Some(ShardAsk::Scores(vec![scores.clone()]))).await?;
        let counts = answers.into_iter().filter_map(|(_, answer)| match answer {
            ShardAnswer::Counts(before, _) => Some(before[0]),
            _ => None,
        });
        Ok(counts.sum::<u64>() + 1)
    }

    /// The first rows, or the last ones, between two keys, in order.
    async fn rows(&mut self, from: &[u8], to: Option<&Vec<u8>>, last: bool, limit: usize) -> Result<Vec<Row>, Problem> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let wanted = u32::try_from(limit).expect("a page is short");
        let ask = ShardAsk::Rows { from: from.to_vec(), to: to.cloned(), last, limit: wanted };
        let mut rows = sorted(self.each(|_| Some(ask.clone())).await?);
        if last {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// The row of an owner.
    async fn row_of(&mut self, owner: &str) -> Result<Row, Problem> {
        self.find_row(owner).await?.ok_or_else(|| Problem::refusal(&Rejection::UnknownOwner))
    }

    /// The row of an owner that may have none.
    async fn find_row(&mut self, owner: &str) -> Result<Option<Row>, Problem> {
        let at = shard::of_owner(owner, self.shards);
        let ask = ShardAsk::Owners(vec![owner.to_owned()]);
        let rows = sorted(self.each(|shard| (shard == at).then(|| ask.clone())).await?);
        Ok(rows.into_iter().next())
    }

    /// How many bytes of a key say the scores.
    fn scores<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        self.ladder.scores_of(key)
    }

    /// The list of all.
    fn all() -> List {
        List { from: Vec::new(), to: None, last_rank: u64::MAX }
    }

    /// The list of those whose scores lie inside.
    fn with_scores(&self, scores: Bounds) -> List {
        let (best, worst) = match self.ladder.sort {
            Sort::Asc => (scores.min, scores.max),
            Sort::Desc => (scores.max, scores.min),
        };
        let from = best.map_or_else(Vec::new, |best| self.ladder.with_score(best));
        let to = worst.and_then(|worst| key::after_prefix(&self.ladder.with_score(worst)));
        List { from, to, last_rank: u64::MAX }
    }

    fn score_of(&self, key: &[u8]) -> i64 {
        self.place(key).score
    }

    fn place(&self, key: &[u8]) -> millrace_topics::leaderboards::Place {
        self.ladder.place(key)
    }

    /// An epoch with the members of all shards.
    async fn fill(&mut self, mut epoch: Epoch) -> Result<Epoch, Problem> {
        if epoch.closed_at.is_none() {
            self.of = Ranking { window: epoch.window, epoch: Some(epoch.epoch), ..self.of.clone() };
            epoch.members = self.counts(Vec::new()).await?.1;
        }
        Ok(epoch)
    }
}

/// The rows of all shards, in order, each once.
fn sorted(answers: Vec<(u32, ShardAnswer)>) -> Vec<Row> {
    let rows = answers.into_iter().filter_map(|(_, answer)| match answer {
        ShardAnswer::Rows(rows) => Some(rows),
        _ => None,
    });
    let mut rows: Vec<Row> = rows.flatten().collect();
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows.dedup_by(|(one, _), (other, _)| one == other);
    rows
}
