//! Where shards are: what requests ask before they go somewhere.

use super::table::Table;
use parking_lot::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Who answers for a shard, as far as this node knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This node.
    Here,
    /// The node at this address.
    At(String),
    /// There is no live copy that anybody knows of.
    Nobody,
}

/// What is known of all nodes. The membership writes it, requests read it.
pub struct Directory {
    name: String,
    table: RwLock<Table>,
    ready: AtomicBool,
    changed: watch::Sender<u64>,
}

impl Directory {
    /// The directory of the node with this name, in which nobody is yet.
    #[must_use]
    pub fn new(name: String, session_ms: u64) -> Self {
        let (table, ready) = (RwLock::new(Table::new(session_ms)), AtomicBool::new(false));
        Self { name, table, ready, changed: watch::Sender::new(0) }
    }

    /// Who answers for a shard.
    #[must_use]
    pub fn holder(&self, shard: u32) -> Holder {
        match self.table.read().holder(shard) {
            Some(name) if name == self.name => Holder::Here,
            Some(name) => Holder::At(name.to_owned()),
            None => Holder::Nobody,
        }
    }

    /// True if a node answers for a shard that is there.
    #[must_use]
    pub fn is_held(&self, shard: u32) -> bool {
        match self.holder(shard) {
            Holder::Here => true,
            Holder::At(name) => self.table.read().has(&name),
            Holder::Nobody => false,
        }
    }

    /// Looks at all that is known.
    pub fn look<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.table.read())
    }

    /// Changes it by a function that says whether anything but positions has changed; then those who wait hear of it.
    pub fn change(&self, change: impl FnOnce(&mut Table) -> bool) -> bool {
        let changed = change(&mut self.table.write());
        if changed {
            self.changed.send_modify(|number| *number += 1);
        }
        changed
    }

    /// Changes of the directory.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// True once everything that the group gave to this node is live here, and every shard is held by somebody.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Says that it is so.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}
