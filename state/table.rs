//! Tables: a number, a name and the types of key and value, over the one ordered space of a store's keys.

use crate::key::{self, Key};
use millrace_topics::codec::{self, Body};
use std::fmt::Debug;
use std::marker::PhantomData;

/// Whether a table's rows stand in the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the log says: every write is chained into the digest.
    Primary,
    /// What can be computed from primary rows: compared by content only.
    Derived,
}

/// What is known of a table without its types.
#[derive(Clone, Copy, Debug)]
pub struct TableDef {
    /// The first byte of its keys. Once used in a release it is never used for another table.
    pub id: u8,
    /// What people see.
    pub name: &'static str,
    /// Whether its rows stand in the digest.
    pub kind: Kind,
    /// True if its rows do not stay in memory once they are on disk.
    pub is_cold: bool,
    show_key: fn(&[u8]) -> String,
    show_value: fn(&[u8]) -> String,
}

impl TableDef {
    /// A key of this table for people; `raw` is as it stands in the store.
    #[must_use]
    pub fn show_key(&self, raw: &[u8]) -> String {
        (self.show_key)(raw)
    }

    /// A value of this table for people.
    #[must_use]
    pub fn show_value(&self, raw: &[u8]) -> String {
        (self.show_value)(raw)
    }
}

/// A table with keys `K` and values `V`.
///
/// ```
/// # use millrace_state::table::Table;
/// const SCORES: Table<(String, u32), i64> = Table::primary(16, "scores");
/// ```
pub struct Table<K, V> {
    id: u8,
    name: &'static str,
    kind: Kind,
    is_cold: bool,
    types: PhantomData<fn(K) -> V>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: Key + Debug, V: Body> Table<K, V> {
    /// A table whose writes stand in the digest.
    #[must_use]
    pub const fn primary(id: u8, name: &'static str) -> Self {
        Self { id, name, kind: Kind::Primary, is_cold: false, types: PhantomData }
    }

    /// A table that can be computed from primary ones.
    #[must_use]
    pub const fn derived(id: u8, name: &'static str) -> Self {
        Self { id, name, kind: Kind::Derived, is_cold: false, types: PhantomData }
    }

    /// The same table, whose rows are written and seldom read: they do not stay in memory once they are on disk.
    #[must_use]
    pub const fn cold(self) -> Self {
        Self { is_cold: true, ..self }
    }

    /// What is known of it without its types.
    #[must_use]
    pub const fn def(&self) -> TableDef {
        let (id, name, kind, is_cold) = (self.id, self.name, self.kind, self.is_cold);
        TableDef { id, name, kind, is_cold, show_key: show_key::<K>, show_value: show_value::<V> }
    }

    /// Whether its rows stand in the digest.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The key as it stands in the store.
    #[must_use]
    pub fn raw_key(&self, key: &K) -> Vec<u8> {
        self.raw_prefix(key)
    }

    /// The start of the keys whose first parts are `prefix`.
    #[must_use]
    pub fn raw_prefix<P: Key>(&self, prefix: &P) -> Vec<u8> {
        let mut raw = Vec::with_capacity(48);
        raw.push(self.id);
        prefix.write(&mut raw);
        raw
    }

    /// Reads a key of this table back.
    ///
    /// # Panics
    /// If the bytes are no key of this table: the store is damaged or the table's type was changed.
    #[must_use]
    pub fn key_of(&self, raw: &[u8]) -> K {
        read_key(raw).unwrap_or_else(|| panic!("table {}: {raw:02x?} is not one of its keys", self.name))
    }

    /// Reads a value of this table back.
    ///
    /// # Panics
    /// If the bytes are no value of this table: the store is damaged or the table's type was changed.
    #[must_use]
    pub fn value_of(&self, raw: &[u8]) -> V {
        codec::decode(raw).unwrap_or_else(|error| panic!("table {}: a value {error}", self.name))
    }
}

fn read_key<K: Key>(raw: &[u8]) -> Option<K> {
    let mut rest = raw.get(1..)?;
    let key = K::read(&mut rest)?;
    rest.is_empty().then_some(key)
}

fn show_key<K: Key + Debug>(raw: &[u8]) -> String {
    read_key::<K>(raw).map_or_else(|| format!("damaged key {raw:02x?}"), |key| format!("{key:?}"))
}

fn show_value<V: Body>(raw: &[u8]) -> String {
    codec::decode::<V>(raw)
        .map_or_else(|error| format!("damaged value {raw:02x?}: {error}"), |value| format!("{value:?}"))
}

/// Which rows of a table to walk, and in which direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first key, as it stands in the store.
    pub from: Vec<u8>,
    /// The key behind the last one.
    pub to: Vec<u8>,
    /// True to walk from the last to the first.
    pub reverse: bool,
}

impl<K: Key + Debug, V: Body> Table<K, V> {
    /// All rows.
    #[must_use]
    pub fn all(&self) -> Range {
        self.under(&())
    }

    /// The rows whose keys start with these parts.
    #[must_use]
    pub fn under<P: Key>(&self, prefix: &P) -> Range {
        let from = self.raw_prefix(prefix);
        let to = key::after_prefix(&from).expect("a table's id is below 255");
        Range { from, to, reverse: false }
    }
}

impl Range {
    /// The same rows from the last to the first.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.reverse = !self.reverse;
        self
    }

    /// Only the rows behind this key, in the direction of the walk; the key as it stands in the store.
    #[must_use]
    pub fn beyond(mut self, raw: &[u8]) -> Self {
        if self.reverse {
            self.to = self.to.min(raw.to_vec());
            return self;
        }
        let mut next = raw.to_vec();
        next.push(0);
        self.from = self.from.max(next);
        self
    }

    /// Only the rows from this key on, it included, in the direction of the walk; as it stands in the store.
    #[must_use]
    pub fn starting(mut self, raw: &[u8]) -> Self {
        if self.reverse {
            let mut next = raw.to_vec();
            next.push(0);
            self.to = self.to.min(next);
            return self;
        }
        self.from = self.from.max(raw.to_vec());
        self
    }
}
