//! What a query sees: the tables and the engine of one partition at the boundary of a batch, and how much it read.

use crate::runtime::system::Machine;
use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::{Range, Table};
use millrace_topics::codec::Body;
use millrace_topics::time::Time;
use std::cell::Cell;
use std::fmt::Debug;

/// The most rows that one query may walk. A list has at most 1,000 rows; finding where it starts and whether it goes on
/// may cost some more.
pub const SCAN_LIMIT: usize = 1600;

/// A read-only view of one partition.
pub struct View<'a, M: Machine> {
    store: &'a Store,
    /// What the machine keeps in memory.
    pub engine: &'a M::Engine,
    now: Time,
    walked: Cell<usize>,
}

impl<'a, M: Machine> View<'a, M> {
    /// A view at a batch's boundary.
    #[must_use]
    pub fn new(store: &'a Store, engine: &'a M::Engine, now: Time) -> Self {
        Self { store, engine, now, walked: Cell::new(0) }
    }

    /// The partition's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The value of a row.
    #[must_use]
    pub fn get<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &K) -> Option<V> {
        self.store.read(&table.raw_key(key), |raw| table.value_of(raw))
    }

    /// Walks rows of a table.
    ///
    /// # Panics
    /// Beyond [`SCAN_LIMIT`] rows in one query: it would hold the partition for too long.
    pub fn scan<K: Key + Debug, V: Body>(&self, table: Table<K, V>, range: &Range) -> impl Iterator<Item = (K, V)> {
        self.store.range(range).map(move |(key, value)| {
            self.walk(1, table.def().name);
            (table.key_of(&key), table.value_of(&value))
        })
    }

    /// Counts rows that are walked in the engine, as those of tables are.
    ///
    /// # Panics
    /// As [`View::scan`] does.
    pub fn walk(&self, rows: usize, of: &str) {
        self.walked.set(self.walked.get() + rows);
        assert!(self.walked.get() <= SCAN_LIMIT, "a query walked more than {SCAN_LIMIT} rows of {of}");
    }

    /// How many rows were walked so far.
    #[must_use]
    pub fn walked(&self) -> usize {
        self.walked.get()
    }
}
