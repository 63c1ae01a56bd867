//! Queries on their way: to the partitions that they concern, here or on other nodes, now or in the past.

use crate::asof::AsOfReads;
use crate::backend::local_query;
use crate::cluster::Cluster;
use crate::cluster::directory::Holder;
use crate::node::Node;
use futures_util::future::join_all;
use millrace_processors::runtime::door::{AsOf, Ask};
use millrace_processors::runtime::peer::{Freshness, Moment};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::system::Partitions;
use millrace_topics::partition::partition_of;
use millrace_topics::position::Positions;
use std::sync::Arc;

/// Asks partitions, wherever they are.
pub struct Queries {
    node: Arc<Node>,
    cluster: Arc<Cluster>,
    past: Arc<AsOfReads>,
}

impl Queries {
    /// The queries that this node is asked.
    #[must_use]
    pub fn new(node: Arc<Node>, cluster: Arc<Cluster>, past: Arc<AsOfReads>) -> Self {
        Self { node, cluster, past }
    }

    /// The encoded answers of all partitions that are asked, in order, with the position of each. All are asked at once, so
    /// that an answer of several nodes takes as long as the slowest.
    ///
    /// # Errors
    /// The first problem of a partition.
    pub async fn ask(&self, ask: &Ask) -> Result<(Vec<Vec<u8>>, Positions), Problem> {
        let mut answers = Vec::new();
        let mut positions = Positions::default();
        let partitions = self.partitions(&ask.partitions);
        let asked = partitions.into_iter().map(|partition| self.ask_partition(ask, partition));
        for answered in join_all(asked).await {
            let (answer, position) = answered?;
            answers.push(answer);
            positions.merge(&position);
        }
        Ok((answers, positions))
    }

    /// The partitions that are meant, by number.
    #[must_use]
    pub fn partitions(&self, asked: &Partitions) -> Vec<u32> {
        let all = self.node.fixed.partitions;
        match asked {
            Partitions::One(key) => vec![partition_of(key, all)],
            Partitions::Some(keys) => {
                let mut some: Vec<_> = keys.iter().map(|key| partition_of(key, all)).collect();
                some.sort_unstable();
                some.dedup();
                some
            }
            Partitions::All => (0..all).collect(),
        }
    }

    async fn ask_partition(&self, ask: &Ask, partition: u32) -> Result<(Vec<u8>, Positions), Problem> {
        let min = ask.min_position.of(ask.machine, partition);
        if let Some(moment) = moment(ask, partition)? {
            return self.ask_past(ask, partition, moment).await;
        }
        let (machine, query, fresh) = (ask.machine, &ask.query, ask.fresh);
        if matches!(fresh, Freshness::Within(_)) && !self.cluster.is_here(partition) {
            // A standby that is fresh enough; where it is not, whoever answers for the partition is asked.
            if let Ok(answer) = local_query(&self.node, machine, partition, query, min, fresh).await {
                return Ok(answer);
            }
        }
        self.cluster
            .at_holder(partition, |holder| async move {
                match holder {
                    Holder::At(node) => self.cluster.query(&node, machine, partition, query, min, fresh).await,
                    _ => local_query(&self.node, machine, partition, query, min, fresh).await,
                }
            })
            .await
    }

    async fn ask_past(&self, ask: &Ask, partition: u32, moment: Moment) -> Result<(Vec<u8>, Positions), Problem> {
        let (machine, query, wait) = (ask.machine, &ask.query, self.node.settings.asof_max_wait);
        let moment = &moment;
        self.cluster
            .at_holder(partition, |holder| async move {
                match holder {
                    Holder::At(node) => self.cluster.past(&node, machine, partition, query, moment.clone(), wait).await,
                    _ => self.past.read(machine, partition, query, moment.clone(), wait).await,
                }
            })
            .await
    }

    /// True if this node answers for a shard.
    #[must_use]
    pub fn is_here(&self, shard: u32) -> bool {
        self.cluster.is_here(shard)
    }
}

/// The moment at which a partition is asked; `None` for the present.
fn moment(ask: &Ask, partition: u32) -> Result<Option<Moment>, Problem> {
    let bad = |detail: String| Err(Problem::bad_request("bad_position", detail));
    let named = |positions: &Positions| positions.of(ask.machine, partition);
    let place = format!("{}/{partition}", ask.machine);
    match &ask.as_of {
        AsOf::Now => Ok(None),
        AsOf::Time(time) => Ok(Some(Moment::End(*time))),
        AsOf::Supposed { from, to, what } => Ok(Some(Moment::Supposed { from: *from, to: *to, what: what.clone() })),
        AsOf::Position(at) => match (named(at), named(&ask.min_position)) {
            (Some(at), Some(min)) if min > at => bad(format!("{place}@{at} has not seen {place}@{min}")),
            (Some(at), _) => Ok(Some(Moment::Before(at.saturating_add(1)))),
            // An answer names every partition that it read, apart from those that had no record.
            (None, None) if !at.is_empty() && ask.partitions == Partitions::All => Ok(Some(Moment::Before(0))),
            (None, _) => bad(format!("`at={at}` names no position in {place}, where the answer lies")),
        },
    }
}
