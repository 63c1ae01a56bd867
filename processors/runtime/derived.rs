//! What a machine writes of derived tables apart from its transitions.
//!
//! A row that every record changes is read, decoded, encoded and written for each, though nobody may look at it before
//! the next thousand records. What follows from the primary rows can wait in the engine and be written when somebody
//! looks: before a flush, before a query, and where a transition walks such a table. How much waited makes no
//! difference to what stands there afterwards.

use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::{Kind, Table};
use millrace_topics::codec::{self, Body};
use std::fmt::Debug;

/// The derived rows of a partition.
pub struct Derived<'a>(&'a mut Store);

impl<'a> Derived<'a> {
    pub(crate) fn of(store: &'a mut Store) -> Self {
        Self(store)
    }

    /// Changes a row; one that is not there begins as its type's default.
    ///
    /// # Panics
    /// If the table is a primary one, whose rows only transitions change: the digest has them.
    pub fn change<K: Key + Debug, V: Body + Default>(
        &mut self,
        table: Table<K, V>,
        key: &K,
        change: impl FnOnce(&mut V),
    ) {
        assert!(table.kind() == Kind::Derived, "{} is no derived table", table.def().name);
        let mut row = table.raw_key(key);
        let length = row.len();
        let mut value = self.0.read(&row, |raw| table.value_of(raw)).unwrap_or_default();
        change(&mut value);
        codec::encode_into(&value, &mut row);
        self.0.put(row, length);
    }
}
