//! What a shard answers to those who put the answers of all shards together.

use super::Asked;
use crate::leaderboards::shard;
use crate::leaderboards::tables::{ORDER, OrderKey};
use millrace_topics::leaderboards::{Entry, ShardAnswer, ShardAsk};

/// The most keys that one question may name.
pub const POINTS: usize = 15;

impl Asked<'_> {
    pub(super) fn shard(&self, ask: ShardAsk) -> ShardAnswer {
        match ask {
            ShardAsk::Count(keys) => {
                let counts = keys.iter().take(POINTS).map(|key| self.before(&self.raw(key)));
                ShardAnswer::Counts(counts.collect(), self.members())
            }
            ShardAsk::Rows { from, to, last, limit } => {
                let mut rows = self.everyone();
                rows.from = rows.from.max(self.raw(&from));
                if let Some(to) = to {
                    rows.to = rows.to.min(self.raw(&to));
                }
                if rows.from >= rows.to {
                    return ShardAnswer::Rows(Vec::new());
                }
                let rows = if last { rows.reversed() } else { rows };
                ShardAnswer::Rows(self.walk(&rows, limit as usize).into_iter().map(|key| self.row(key)).collect())
            }
            ShardAsk::Owners(owners) => {
                let places = owners.iter().filter_map(|owner| self.place(owner).ok());
                ShardAnswer::Rows(places.map(|place| self.row(self.ladder.order_key(&place))).collect())
            }
            ShardAsk::Cuts { from, to, points } => {
                let (points, width) = (u64::from(points).min(POINTS as u64), to.saturating_sub(from));
                let at = |point: u64| from + 1 + width * point / (points + 1);
                let keys = (1..=points).filter_map(|point| self.select(at(point)));
                let mut keys: Vec<Vec<u8>> = keys.map(|key| self.shared(&key)).collect();
                keys.dedup();
                ShardAnswer::Cuts(keys)
            }
        }
    }

    fn raw(&self, key: &[u8]) -> Vec<u8> {
        let mut raw = ORDER.raw_prefix(&(self.ladder.board.clone(), self.ladder.run));
        raw.extend_from_slice(key);
        raw
    }

    fn shared(&self, key: &OrderKey) -> Vec<u8> {
        ORDER.raw_key(key).split_off(shard::shared_from(&self.ladder.board))
    }

    fn row(&self, key: OrderKey) -> (Vec<u8>, Entry) {
        (self.shared(&key), self.entry(self.ladder.place(key), 0))
    }
}
