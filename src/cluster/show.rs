//! The cluster as operators see it: nodes, shards, and who has which copy.

use super::directory::Directory;
use super::table::{Known, Table};
use crate::node::Node;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All nodes and shards, as one node knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterStatus {
    /// The node that was asked; empty where there is only one.
    pub node: String,
    /// The nodes that were ever heard of.
    pub nodes: Vec<NodeStatus>,
    /// The shards: shard i is partition i of every machine.
    pub shards: Vec<ShardStatus>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    /// Where others reach it.
    pub name: String,
    /// Its build.
    pub build: String,
    /// False for one that has left, or of whom nothing was heard for the session's time.
    pub there: bool,
    /// Milliseconds, by the log's clock, since it was heard of.
    pub silent_ms: u64,
    /// For how many shards it answers.
    pub holds: u32,
    /// Of how many others it has a copy that is up to date.
    pub standbys: u32,
    /// How many copies are not up to date yet.
    pub warming: u32,
    /// How many partitions have stopped there.
    pub stopped: u32,
}

/// A shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShardStatus {
    /// Its number.
    pub shard: u32,
    /// The node that answers for it.
    pub holder: Option<String>,
    /// All copies.
    pub copies: Vec<CopyStatus>,
}

/// A node's copy of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CopyStatus {
    /// The node.
    pub node: String,
    /// True if it had come to the end of the log.
    pub live: bool,
    /// How many records it was behind the furthest copy when it was announced.
    pub behind: u64,
    /// True if the group gave the shard to this node.
    pub assigned: bool,
}

impl ClusterStatus {
    /// True if for every shard a node answers that is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let there = |name: &String| self.nodes.iter().any(|node| node.there && node.name == *name);
        self.shards.iter().all(|shard| shard.holder.as_ref().is_some_and(there))
    }
}

/// The status as people read it: a line a node, and a line a shard.
#[must_use]
pub fn lines(status: &ClusterStatus) -> Vec<String> {
    let named = |name: &str| if name.is_empty() { "this node".to_owned() } else { name.to_owned() };
    let nodes = status.nodes.iter().map(|node| {
        let NodeStatus { name, build, there, silent_ms, holds, standbys, warming, stopped } = node;
        let gone = if *there { String::new() } else { format!("  GONE, silent for {silent_ms} ms") };
        let name = named(name);
        format!("node {name:<24} build {build}  holds {holds}, standby {standbys}, warming {warming}, stopped {stopped}{gone}")
    });
    let shards = status.shards.iter().map(|shard| {
        let holder = shard.holder.as_deref().map_or_else(|| "NOBODY".to_owned(), named);
        let others = shard.copies.iter().filter(|copy| Some(&copy.node) != shard.holder.as_ref());
        let others: Vec<_> = others
            .map(|copy| {
                format!("{} {}, {} behind", copy.node, if copy.live { "standby" } else { "warming" }, copy.behind)
            })
            .collect();
        format!("shard {:<4} {holder}  {}", shard.shard, others.join("; ")).trim_end().to_owned()
    });
    nodes.chain(shards).collect()
}

/// What a node knows of its cluster; of a node that is alone, itself.
#[must_use]
pub fn status(node: &Node, directory: Option<&Directory>) -> ClusterStatus {
    let shards = 0..node.fixed.partitions;
    if let Some(directory) = directory {
        return directory.look(|table| ClusterStatus {
            node: node.name.clone(),
            nodes: table.nodes().map(|(known, there)| node_status(table, known, there)).collect(),
            shards: shards.map(|shard| shard_status(table, shard)).collect(),
        });
    }
    let alone = NodeStatus {
        name: String::new(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        there: true,
        silent_ms: 0,
        holds: node.fixed.partitions,
        standbys: 0,
        warming: 0,
        stopped: u32::try_from(node.slots.all().iter().filter(|slot| slot.was_stopped()).count()).unwrap_or(u32::MAX),
    };
    let here = |shard| ShardStatus { shard, holder: Some(String::new()), copies: Vec::new() };
    ClusterStatus { node: String::new(), nodes: vec![alone], shards: shards.map(here).collect() }
}

fn node_status(table: &Table, known: &Known, there: bool) -> NodeStatus {
    let said = &known.said;
    let holds = |shard: u32| table.holder(shard) == Some(&said.name);
    let count = |which: &dyn Fn(u32, bool) -> bool| {
        let found = said.shards.iter().filter(|(shard, copy)| which(**shard, copy.live)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    NodeStatus {
        name: said.name.clone(),
        build: said.build.clone(),
        there,
        silent_ms: table.silence(known),
        holds: count(&|shard, _| holds(shard)),
        standbys: count(&|shard, live| live && !holds(shard)),
        warming: count(&|_, live| !live),
        stopped: said.shards.values().map(|copy| copy.stopped).sum(),
    }
}

fn shard_status(table: &Table, shard: u32) -> ShardStatus {
    let copies = || table.nodes().filter_map(|(known, there)| Some((known, known.said.shards.get(&shard)?, there)));
    let furthest = copies().map(|(_, copy, _)| copy.next).max().unwrap_or(0);
    let show = |(known, copy, _): (&Known, &super::table::Copy, bool)| CopyStatus {
        node: known.said.name.clone(),
        live: copy.live,
        behind: furthest - copy.next,
        assigned: copy.claim > 0,
    };
    let holder = table.holder(shard).map(str::to_owned);
    ShardStatus { shard, holder, copies: copies().filter(|(_, _, there)| *there).map(show).collect() }
}

/// Notes the figures of the cluster.
pub fn note_figures(node: &Node, directory: &Directory) {
    let metrics = &node.metrics;
    let status = status(node, Some(directory));
    let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    metrics.nodes.set(signed(status.nodes.iter().filter(|node| node.there).count()));
    if let Some(own) = status.nodes.iter().find(|known| known.name == node.name) {
        for (state, count) in [("holds", own.holds), ("standby", own.standbys), ("warming", own.warming)] {
            metrics.shards.with_label_values(&[state]).set(count.into());
        }
    }
    let unheld = (0..node.fixed.partitions).filter(|shard| !directory.is_held(*shard));
    metrics.shards_unheld.set(signed(unheld.count()));
    let age = node.contact.age().map_or(-1, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    metrics.log_contact_ms.set(age);
}
