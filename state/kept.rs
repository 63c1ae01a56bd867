//! Rows in memory that are on disk too: those that were written or read lately, in two generations. A read from RocksDB
//! costs several microseconds, also from its cache, and most of all for a row that is not there.
//!
//! A landed layer becomes part of the younger generation bit by bit, so that nobody waits for a million rows to move.
//! When there is no room any more the older generation goes as a whole, and the younger one becomes the older one; a
//! row that is read in the older one moves to the younger one. Of a table whose rows are all here it is known without
//! the disk that a row is not there.

use crate::env::RowMemory;
use crate::layer::{Hashed, Layer, Row, Tables};
use std::sync::Arc;

/// What is known of a row without the disk.
pub(crate) enum Found<'a> {
    /// It, or that it was deleted.
    Row(&'a Row),
    /// It is not there.
    Absent,
    /// The disk must be asked.
    Unknown,
}

/// The rows of one store.
pub(crate) struct Kept {
    /// The last landed layer, as far as it has not become part of `younger`. Newer than both.
    settling: Layer,
    younger: Layer,
    older: Layer,
    /// The tables whose rows are all here, but for those that are not there.
    whole: Tables,
    /// Tables that are written and seldom read: their rows do not stay.
    cold: Tables,
    memory: Arc<RowMemory>,
    used: usize,
}

impl Kept {
    /// Nothing yet; `is_all` if there is nothing on disk either.
    pub(crate) fn new(memory: Arc<RowMemory>, is_all: bool) -> Self {
        let whole = if is_all { Tables::all() } else { Tables::default() };
        let (settling, younger, older) = Default::default();
        Self { settling, younger, older, whole, cold: Tables::default(), memory, used: 0 }
    }

    /// Rows of these tables do not stay from here on.
    pub(crate) fn set_cold(&mut self, cold: Tables) {
        self.cold = cold;
        self.whole.remove(cold);
    }

    /// Looks for a row.
    pub(crate) fn find(&mut self, key: Hashed<'_>) -> Found<'_> {
        if let Some(row) = self.settling.get(key) {
            return Found::Row(row);
        }
        if self.younger.get(key).is_none()
            && let Some(row) = self.older.take(key)
        {
            self.younger.insert(row);
        }
        match self.younger.get(key) {
            Some(row) => Found::Row(row),
            None if self.whole.has_key(key.key()) => Found::Absent,
            None => Found::Unknown,
        }
    }

    /// Keeps a row that was read from disk, while there is room; false if there is none.
    pub(crate) fn take_up(&mut self, key: &[u8], value: &[u8]) -> bool {
        if self.cold.has_key(key) || !self.memory.has_room() {
            return false;
        }
        self.younger.insert(Row::new([key, value].concat(), key.len()));
        self.count();
        true
    }

    /// True if rows of this table do not stay.
    pub(crate) fn is_cold(&self, table: u8) -> bool {
        self.cold.has_key(&[table])
    }

    /// True if all rows of this table that are on disk are here.
    pub(crate) fn is_whole(&self, table: u8) -> bool {
        self.whole.has_key(&[table])
    }

    /// All rows of these tables that are on disk are here now.
    pub(crate) fn add_whole(&mut self, tables: Tables) {
        self.whole.add(tables);
    }

    /// Takes a layer that has landed. What comes back is needed no more.
    pub(crate) fn land(&mut self, layer: Layer) -> Vec<Layer> {
        self.settle(usize::MAX);
        self.settling = layer;
        self.count();
        let mut retired = Vec::new();
        if !self.memory.has_room() {
            let younger = std::mem::take(&mut self.younger);
            retired.push(self.drop_older(younger));
        }
        if !self.memory.has_room() {
            retired.push(self.drop_older(Layer::default()));
        }
        retired
    }

    fn drop_older(&mut self, next: Layer) -> Layer {
        let dropped = std::mem::replace(&mut self.older, next);
        self.whole.remove(dropped.tables());
        self.count();
        dropped
    }

    /// Makes some rows of the last landed layer part of the younger generation; true if there are more.
    pub(crate) fn settle(&mut self, rows: usize) -> bool {
        if self.settling.is_empty() {
            return false;
        }
        for row in self.settling.take_some(rows) {
            self.older.take(row.hashed());
            let key = row.key();
            if self.cold.has_key(key) || (row.value().is_none() && self.whole.has_key(key)) {
                self.younger.take(row.hashed());
            } else {
                self.younger.insert(row);
            }
        }
        if self.settling.is_empty() {
            // The memory of a map that was emptied row by row is still there.
            self.settling = Layer::default();
        }
        self.count();
        !self.settling.is_empty()
    }

    /// Bytes of all rows.
    pub(crate) fn bytes(&self) -> usize {
        self.settling.bytes() + self.younger.bytes() + self.older.bytes()
    }

    fn count(&mut self) {
        let used = self.bytes();
        self.memory.change(std::mem::replace(&mut self.used, used), used);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.memory.change(self.used, 0);
    }
}
