//! How the scores of a ranking are spread, from a few points of it.

use super::Asked;
use millrace_topics::leaderboards::{AtPercent, AtRank, Bar, Bounds, STATS_PERCENTILES, Sort, Stats};

impl Asked<'_> {
    pub(super) fn stats(&self, ranks: &[u64], bars: u32) -> Stats {
        let members = self.members();
        let score = |rank: u64| self.select(rank).map(|key| self.ladder.place(&key).score);
        let (best, worst) = (score(1), score(members));
        let percentiles = STATS_PERCENTILES.into_iter().filter_map(|top_percent| {
            let rank = (members * u64::from(top_percent)).div_ceil(100);
            score(rank).map(|score| AtPercent { top_percent, score })
        });
        let ranks = ranks.iter().filter_map(|rank| score(*rank).map(|score| AtRank { rank: *rank, score }));
        let histogram = best.zip(worst).map_or_else(Vec::new, |(best, worst)| self.histogram(best, worst, bars));
        Stats { members, best, worst, percentiles: percentiles.collect(), ranks: ranks.collect(), histogram }
    }

    /// Bars of equal width from the lowest to the highest score; the last one may be narrower.
    fn histogram(&self, best: i64, worst: i64, bars: u32) -> Vec<Bar> {
        let (low, high) = (i128::from(best.min(worst)), i128::from(best.max(worst)));
        let width = (high - low + 1 + i128::from(bars) - 1) / i128::from(bars);
        let mut shown = Vec::new();
        let mut below = 0;
        let mut from = low;
        while from <= high {
            let to = (from + width - 1).min(high);
            let score = |score: i128| i64::try_from(score).expect("it lies between two scores");
            let up_to = if to == high { self.members() } else { self.up_to(score(to)) };
            shown.push(Bar { from: score(from), to: score(to), members: up_to - below });
            below = up_to;
            from = to + 1;
        }
        shown
    }

    /// How many members have this score or a lower one.
    fn up_to(&self, score: i64) -> u64 {
        match self.ladder.sort {
            Sort::Asc => self.with_scores(Bounds { min: None, max: Some(score) }).end,
            Sort::Desc => self.members() - self.with_scores(Bounds { min: None, max: Some(score) }).start,
        }
    }
}
