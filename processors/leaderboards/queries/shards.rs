//! What a shard answers to those who put the answers of all shards together.

use super::Asked;
use crate::leaderboards::ladder::Ladder;
use millrace_topics::leaderboards::{Entry, ShardAnswer, ShardAsk};

/// The most keys that one question may name.
pub const POINTS: usize = 15;

impl Asked<'_> {
    pub(super) fn shard(&self, ask: ShardAsk) -> ShardAnswer {
        match ask {
            ShardAsk::Count(keys) => {
                let counts = keys.iter().take(POINTS).map(|key| self.before(key));
                ShardAnswer::Counts(counts.collect(), self.members())
            }
            ShardAsk::Rows { from, to, last, limit } => {
                let (start, end) = (self.before(&from), to.map_or(self.members(), |to| self.before(&to)));
                let limit = u64::from(limit);
                let rows = if last { start.max(end.saturating_sub(limit))..end } else { start..end.min(start + limit) };
                ShardAnswer::Rows(self.walk(rows).into_iter().map(|key| self.row(key)).collect())
            }
            ShardAsk::Owners(owners) => {
                let keys = owners.iter().filter_map(|owner| self.key(owner).ok());
                ShardAnswer::Rows(keys.map(|key| self.row(key)).collect())
            }
            ShardAsk::Scores(scores) => {
                let Ladder { board, run, .. } = &self.ladder;
                let counts = scores.iter().take(POINTS).map(|at| self.view.engine.shared_before(board, *run, at));
                ShardAnswer::Counts(counts.collect(), self.members())
            }
            ShardAsk::Cuts { from, to, points } => {
                let (points, width) = (u64::from(points).min(POINTS as u64), to.saturating_sub(from));
                let at = |point: u64| from + 1 + width * point / (points + 1);
                let keys = (1..=points).filter_map(|point| self.select(at(point)));
                let mut keys: Vec<Vec<u8>> = keys.collect();
                keys.dedup();
                ShardAnswer::Cuts(keys)
            }
        }
    }

    fn row(&self, key: Vec<u8>) -> (Vec<u8>, Entry) {
        let entry = self.entry(self.ladder.place(&key), 0);
        (key, entry)
    }
}
