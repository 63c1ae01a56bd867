//! The queries of a spread board.

use super::{List, Row, Spread};
use crate::leaderboards::queries::shards::POINTS;
use crate::leaderboards::{Boards, shard};
use crate::runtime::door::{Asked, Door, Gathered, Read};
use crate::runtime::problem::Problem;
use millrace_state::key;
use millrace_topics::leaderboards::{
    Answer, AtPercent, AtRank, Bar, Entry, OwnEntry, Page, Query, Ranking, Rejection, STATS_PERCENTILES, Seek,
    ShardAnswer, ShardAsk, Sort, Stats, Tie,
};

/// So many rows are few enough to be looked through.
const FEW: u64 = 100;
/// How often a rank is looked for before that is given up: the board moves while it is counted.
const ROUNDS: usize = 64;

/// Answers a query of a board of so many shards.
pub(super) async fn answer(door: &Door, asked: &Asked, query: Query, shards: u32) -> Result<Read<Answer>, Problem> {
    match query {
        Query::Board { board } => return whole(door, asked, board, shards).await,
        Query::Epochs { of, below, limit } => return epochs(door, asked, of, (below, limit), shards).await,
        _ => {}
    }
    let of = match &query {
        Query::Entries { of, .. }
        | Query::Among { of, .. }
        | Query::Owner { of, .. }
        | Query::Around { of, .. }
        | Query::Rank { of, .. }
        | Query::Stats { of, .. }
        | Query::History { of, .. } => of,
        Query::Shard { .. } | Query::Board { .. } | Query::Epochs { .. } => {
            unreachable!("no route asks a shard, and the others were answered")
        }
    };
    let mut spread = Spread::find(door, asked, of, shards).await?;
    let answer = match query {
        Query::Entries { seek, limit, scores, top_percent, .. } => {
            let mut list = spread.with_scores(scores);
            if let Some(part) = top_percent {
                list.last_rank = (spread.counts(Vec::new()).await?.1 * u64::from(part)).div_ceil(100);
            }
            Answer::Page(spread.entries(&list, &seek, limit as usize).await?)
        }
        Query::Among { owners, .. } => Answer::Page(spread.among(owners).await?),
        Query::Owner { owner, .. } => {
            let row = spread.row_of(&owner).await?;
            Answer::Entry(spread.own_entry(row).await?)
        }
        Query::Around { owner, limit, .. } => Answer::Page(spread.around(&owner, limit).await?),
        Query::Rank { rank, .. } => Answer::Entry(spread.at_rank(rank).await?),
        Query::Stats { ranks, bars, .. } => Answer::Stats(spread.stats(&ranks, bars).await?),
        Query::History { owner, .. } => {
            let at = spread.of_shard(shard::of_owner(&owner, shards));
            return door.ask::<Boards>(asked, &Query::History { of: at, owner }).await;
        }
        Query::Shard { .. } | Query::Board { .. } | Query::Epochs { .. } => unreachable!("these were answered"),
    };
    Ok(Read { answer, positions: spread.positions })
}

/// The same for a stream: that an owner has no entry is an answer too, with its positions.
pub(super) async fn look(
    door: &Door,
    asked: &Asked,
    query: Query,
    shards: u32,
) -> Result<Read<Gathered<Boards>>, Problem> {
    let Query::Owner { of, owner } = &query else {
        let Read { answer, positions } = answer(door, asked, query, shards).await?;
        return Ok(Read { answer: Ok(answer), positions });
    };
    let mut spread = Spread::find(door, asked, of, shards).await?;
    let answer = match spread.find_row(owner).await? {
        Some(row) => Ok(Answer::Entry(spread.own_entry(row).await?)),
        None => Err(Rejection::UnknownOwner),
    };
    Ok(Read { answer, positions: spread.positions })
}

/// A board as its home knows it, with the members of its shards.
async fn whole(door: &Door, asked: &Asked, board: String, shards: u32) -> Result<Read<Answer>, Problem> {
    let Read { answer, positions } = door.ask::<Boards>(asked, &Query::Board { board: board.clone() }).await?;
    let Answer::Board(mut board_now) = answer else { unreachable!("a board was asked for") };
    let mut spread = Spread::find(door, asked, &Ranking::of(&board), shards).await?;
    spread.positions.merge(&positions);
    for epoch in &mut board_now.open {
        *epoch = spread.fill(epoch.clone()).await?;
    }
    board_now.members = board_now.open[0].members;
    Ok(Read { answer: Answer::Board(board_now), positions: spread.positions })
}

async fn epochs(
    door: &Door,
    asked: &Asked,
    of: Ranking,
    (below, limit): (Option<u32>, u32),
    shards: u32,
) -> Result<Read<Answer>, Problem> {
    let Read { answer, positions } = door.ask::<Boards>(asked, &Query::Epochs { of: of.clone(), below, limit }).await?;
    let Answer::Epochs(mut epochs) = answer else { unreachable!("epochs were asked for") };
    let mut spread = Spread::find(door, asked, &Ranking { epoch: None, ..of }, shards).await?;
    spread.positions.merge(&positions);
    for epoch in &mut epochs {
        *epoch = spread.fill(epoch.clone()).await?;
    }
    Ok(Read { answer: Answer::Epochs(epochs), positions: spread.positions })
}

impl Spread<'_> {
    async fn entries(&mut self, list: &List, seek: &Seek, limit: usize) -> Result<Page, Problem> {
        let rows = match seek {
            Seek::Top => self.rows(&list.from, list.to.as_ref(), false, limit).await?,
            Seek::After(place) => {
                let mut from = self.ladder.key_at(place);
                from.push(0);
                self.rows(&from.max(list.from.clone()), list.to.as_ref(), false, limit).await?
            }
            Seek::Before(place) => {
                let key = self.ladder.key_at(place);
                let to = list.to.clone().map_or(key.clone(), |to| to.min(key));
                self.rows(&list.from, Some(&to), true, limit).await?
            }
            Seek::Rank(rank) => {
                let Some((key, _)) = self.select(*rank).await? else { return Ok(Page::default()) };
                let list = Self::all();
                let rows = self.rows(&key, None, false, limit).await?;
                return self.page(&list, rows).await;
            }
        };
        self.page(list, rows).await
    }

    /// A page of these neighbours in the order.
    async fn page(&mut self, list: &List, rows: Vec<Row>) -> Result<Page, Problem> {
        let Some((first, _)) = rows.first() else { return Ok(Page::default()) };
        let mut keys = vec![first.clone(), self.scores(first).to_vec(), list.from.clone()];
        keys.extend(list.to.clone());
        let (counts, members) = self.counts(keys).await?;
        let (before, sharing, begin, end) =
            (counts[0], counts[1], counts[2], counts.get(3).copied().unwrap_or(members));
        let shared = if self.tie == Tie::Dense { self.dense_rank(first).await? } else { sharing + 1 };
        let ranked: Vec<(u64, Row)> = (before + 1..=list.last_rank).zip(rows).collect();
        let (Some((_, (first, _))), Some((last_rank, (last, _)))) = (ranked.first(), ranked.last()) else {
            return Ok(Page::default());
        };
        let next = (*last_rank < list.last_rank && *last_rank < end).then(|| self.place(last));
        let prev = (before > begin).then(|| self.place(first));
        Ok(Page { entries: self.show(ranked, shared), next, prev, league: None })
    }

    /// Rows under the ranks that are shown; `shared` is the best rank of those who have the first one's scores.
    fn show(&self, ranked: Vec<(u64, Row)>, shared: u64) -> Vec<Entry> {
        let mut shown = shared;
        let mut above: Option<Vec<u8>> = None;
        let entry = |(rank, (key, entry)): (u64, Row)| {
            let scores = self.scores(&key).to_vec();
            shown = match (self.tie, &above) {
                (Tie::Unique, _) => rank,
                (_, None) => shown,
                (_, Some(above)) if *above == scores => shown,
                (Tie::Dense, _) => shown + 1,
                _ => rank,
            };
            above = Some(scores);
            Entry { rank: shown, ..entry }
        };
        ranked.into_iter().map(entry).collect()
    }

    async fn own_entry(&mut self, (key, entry): Row) -> Result<OwnEntry, Problem> {
        let (counts, members) = self.counts(vec![key.clone(), self.scores(&key).to_vec()]).await?;
        let rank = counts[0] + 1;
        let below = members.saturating_sub(rank).saturating_mul(100).checked_div(members.saturating_sub(1));
        let percentile = u32::try_from(below.unwrap_or(100)).unwrap_or(100);
        let shown = match self.tie {
            Tie::Unique => rank,
            Tie::Competition => counts[1] + 1,
            Tie::Dense => self.dense_rank(&key).await?,
        };
        Ok(OwnEntry { entry: Entry { rank: shown, ..entry }, members, percentile, league: None })
    }

    async fn at_rank(&mut self, rank: u64) -> Result<OwnEntry, Problem> {
        match self.select(rank).await? {
            Some(row) => self.own_entry(row).await,
            None => {
                let (_, members) = self.counts(Vec::new()).await?;
                Err(Problem::refusal(&Rejection::UnknownRank { rank, members }))
            }
        }
    }

    async fn around(&mut self, owner: &str, limit: u32) -> Result<Page, Problem> {
        let (own, _) = self.row_of(owner).await?;
        let (counts, members) = self.counts(vec![own.clone()]).await?;
        let (rank, limit) = (counts[0] + 1, u64::from(limit));
        let start = rank.saturating_sub(limit / 2).clamp(1, members.saturating_sub(limit) + 1).min(rank);
        let above = usize::try_from(rank - start).expect("less than the limit");
        let limit = usize::try_from(limit).expect("a limit is small");
        let mut rows = self.rows(&[], Some(&own), true, above).await?;
        rows.extend(self.rows(&own, None, false, limit - above).await?);
        self.page(&Self::all(), rows).await
    }

    async fn among(&mut self, owners: Vec<String>) -> Result<Page, Problem> {
        let shards = self.shards;
        let of = |at: u32| {
            let own: Vec<String> =
                owners.iter().filter(|owner| shard::of_owner(owner, shards) == at).cloned().collect();
            (!own.is_empty()).then_some(ShardAsk::Owners(own))
        };
        let rows = super::sorted(self.each(of).await?);
        Ok(Page { entries: self.show((1..).zip(rows).collect(), 1), ..Page::default() })
    }

    async fn stats(&mut self, ranks: &[u64], bars: u32) -> Result<Stats, Problem> {
        let (_, members) = self.counts(Vec::new()).await?;
        let (best, worst) = (self.score_at(1).await?, self.score_at(members).await?);
        let mut percentiles = Vec::new();
        for top_percent in STATS_PERCENTILES {
            let score = self.score_at((members * u64::from(top_percent)).div_ceil(100)).await?;
            percentiles.extend(score.map(|score| AtPercent { top_percent, score }));
        }
        let mut at_ranks = Vec::new();
        for rank in ranks {
            at_ranks.extend(self.score_at(*rank).await?.map(|score| AtRank { rank: *rank, score }));
        }
        let histogram = match best.zip(worst) {
            Some((best, worst)) => self.histogram(best, worst, bars, members).await?,
            None => Vec::new(),
        };
        Ok(Stats { members, best, worst, percentiles, ranks: at_ranks, histogram })
    }

    async fn score_at(&mut self, rank: u64) -> Result<Option<i64>, Problem> {
        Ok(self.select(rank).await?.map(|(key, _)| self.score_of(&key)))
    }

    /// Bars of equal width from the lowest to the highest score; the last one may be narrower.
    async fn histogram(&mut self, best: i64, worst: i64, bars: u32, members: u64) -> Result<Vec<Bar>, Problem> {
        let (low, high) = (i128::from(best.min(worst)), i128::from(best.max(worst)));
        let width = (high - low + 1 + i128::from(bars) - 1) / i128::from(bars);
        let score = |score: i128| i64::try_from(score).expect("it lies between two scores");
        let (mut shown, mut below, mut from) = (Vec::new(), 0, low);
        while from <= high {
            let to = (from + width - 1).min(high);
            let up_to = if to == high { members } else { self.up_to(score(to), members).await? };
            shown.push(Bar { from: score(from), to: score(to), members: up_to.saturating_sub(below) });
            below = up_to;
            from = to + 1;
        }
        Ok(shown)
    }

    /// How many members have this score or a lower one.
    async fn up_to(&mut self, score: i64, members: u64) -> Result<u64, Problem> {
        let from = self.ladder.with_score(score);
        let to = key::after_prefix(&from);
        match self.ladder.sort {
            Sort::Asc => match to {
                Some(to) => Ok(self.counts(vec![to]).await?.0[0]),
                None => Ok(members),
            },
            Sort::Desc => Ok(members.saturating_sub(self.counts(vec![from]).await?.0[0])),
        }
    }

    /// The row at a rank: keys of all shards are counted until few rows lie between two of them.
    async fn select(&mut self, rank: u64) -> Result<Option<Row>, Problem> {
        let (mut from, mut to): (Vec<u8>, Option<Vec<u8>>) = (Vec::new(), None);
        for _ in 0..ROUNDS {
            let mut keys = vec![from.clone()];
            keys.extend(to.clone());
            let by_shard = self.counts_by_shard(keys).await?;
            let spans: Vec<(u32, u64, u64)> = by_shard
                .into_iter()
                .map(|(at, before, members)| (at, before[0], before.get(1).copied().unwrap_or(members)))
                .collect();
            let (below, upto) = spans.iter().fold((0, 0), |sum, span| (sum.0 + span.1, sum.1 + span.2));
            if rank <= below || rank > upto {
                if from.is_empty() && to.is_none() {
                    return Ok(None);
                }
                // The board has moved meanwhile.
                (from, to) = (Vec::new(), None);
                continue;
            }
            if upto - below <= FEW.max(2 * u64::from(self.shards)) {
                let wanted = usize::try_from(rank - below).expect("few rows");
                let rows = self.rows(&from, to.as_ref(), false, wanted).await?;
                if let Some(row) = rows.into_iter().nth(wanted - 1) {
                    return Ok(Some(row));
                }
                continue;
            }
            (from, to) = self.narrow(&spans, (from, to), rank).await?;
        }
        Err(Problem::unavailable("overloaded", "the board moves faster than a rank can be found", 1))
    }

    /// The two neighbours among some keys of the shards between which a rank lies.
    async fn narrow(
        &mut self,
        spans: &[(u32, u64, u64)],
        (mut from, mut to): (Vec<u8>, Option<Vec<u8>>),
        rank: u64,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), Problem> {
        let points = u32::try_from(POINTS).expect("few points");
        let cuts = self.each(|at| {
            let (_, from, to) = spans.iter().find(|span| span.0 == at).filter(|span| span.2 > span.1)?;
            Some(ShardAsk::Cuts { from: *from, to: *to, points })
        });
        let cuts = cuts.await?.into_iter().filter_map(|(at, answer)| match answer {
            ShardAnswer::Cuts(keys) => Some((at, keys)),
            _ => None,
        });
        // Each key stands for as many rows as lie between two of its shard.
        let mut weighed: Vec<(Vec<u8>, u64)> = Vec::new();
        for (at, keys) in cuts {
            let width = spans.iter().find(|span| span.0 == at).map_or(0, |span| span.2 - span.1);
            let weight = width / (keys.len() as u64 + 1) + 1;
            weighed.extend(keys.into_iter().map(|key| (key, weight)));
        }
        weighed.sort_unstable();
        let all: u64 = weighed.iter().map(|(_, weight)| weight).sum();
        let (mut pivots, mut sum) = (Vec::new(), 0);
        for (key, weight) in weighed {
            sum += weight;
            if sum * (POINTS as u64 + 1) / all.max(1) > pivots.len() as u64 && pivots.len() < POINTS {
                pivots.push(key);
            }
        }
        let (counts, _) = self.counts(pivots.clone()).await?;
        for (pivot, before) in pivots.into_iter().zip(counts) {
            if before < rank {
                from = from.max(pivot);
            } else {
                to = Some(to.map_or(pivot.clone(), |to| to.min(pivot)));
            }
        }
        Ok((from, to))
    }
}
