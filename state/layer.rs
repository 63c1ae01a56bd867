//! A layer: rows written since some moment. A row is found by its key in one step; rows are kept in order only in
//! tables that somebody walks.
//!
//! A search through an ordered map of a million rows compares some twenty keys, each in a place of its own in memory;
//! a hash map looks at one or two. Most tables are never walked while they change, and those that are show it by being
//! walked.

use crate::table::Range;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a row was set to; `None` deletes it.
pub(crate) type Value = Option<Box<[u8]>>;

/// A row as a walk shows it; without a value it is deleted.
pub(crate) type Row<'a> = (Cow<'a, [u8]>, Option<Cow<'a, [u8]>>);

/// Rows of a walk, in its direction.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = Row<'a>> + 'a>;

type Unordered = std::collections::HashMap<Box<[u8]>, Value, foldhash::fast::RandomState>;

/// What a row costs around its bytes: two allocations and a slot of a map.
const OVERHEAD: usize = 64;

/// A set of tables, by the first byte of their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables([u128; 2]);

impl Tables {
    /// Every table.
    pub(crate) fn all() -> Self {
        Self([u128::MAX; 2])
    }

    fn has(self, table: u8) -> bool {
        self.0[usize::from(table >> 7)] >> (table & 127) & 1 == 1
    }

    /// True if the key's table is in it.
    pub(crate) fn has_key(self, key: &[u8]) -> bool {
        key.first().is_some_and(|table| self.has(*table))
    }

    pub(crate) fn remove(&mut self, others: Self) {
        (0..2).for_each(|half| self.0[half] &= !others.0[half]);
    }

    fn add_key(&mut self, key: &[u8]) {
        if let Some(table) = key.first() {
            self.0[usize::from(table >> 7)] |= 1 << (table & 127);
        }
    }

    pub(crate) fn add(&mut self, others: Self) {
        (0..2).for_each(|half| self.0[half] |= others.0[half]);
    }

    pub(crate) fn of(tables: impl Iterator<Item = u8>) -> Self {
        let mut set = Self::default();
        tables.for_each(|table| set.0[usize::from(table >> 7)] |= 1 << (table & 127));
        set
    }

    /// True if all of `others` are in it.
    pub(crate) fn contains(self, others: Self) -> bool {
        (0..2).all(|half| others.0[half] & !self.0[half] == 0)
    }
}

/// The tables that a range touches.
pub(crate) fn tables_of(range: &Range) -> impl Iterator<Item = u8> + use<> {
    let first = range.from.first().copied().unwrap_or(0);
    // The key behind the last one may be the bare number of the next table.
    let last = match range.to.as_slice() {
        [] => None,
        [table] => Some(table.saturating_sub(1)),
        [table, ..] => Some(*table),
    };
    last.into_iter().flat_map(move |last| first..=last)
}

/// So many walks of a table make it one that is kept in order. A walk looks at every row of the layer where it is not;
/// to keep rows in order is paid for once for each, and again with each write, so a rare walk is not worth it.
pub(crate) const WALKS: u8 = 8;

/// How often each table was walked since some moment.
pub(crate) struct Walks([u8; 256]);

impl Default for Walks {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Walks {
    /// Counts a walk, and returns the tables that it makes worth being kept in order.
    pub(crate) fn count(&mut self, range: &Range) -> Tables {
        Tables::of(tables_of(range).filter(|table| {
            let count = &mut self.0[usize::from(*table)];
            *count = count.saturating_add(1);
            *count == WALKS
        }))
    }
}

/// Rows written since some moment.
#[derive(Default)]
pub(crate) struct Layer {
    unordered: Unordered,
    ordered: BTreeMap<Box<[u8]>, Value>,
    /// The tables whose rows are in `ordered`.
    walked: Tables,
    /// The tables that have rows here, or had.
    tables: Tables,
    bytes: usize,
}

impl Layer {
    /// An empty layer that keeps these tables in order, with room for as many rows as the one before it had: growing
    /// a map of a million rows moves each of them twice.
    pub(crate) fn after(before: &Self, walked: Tables) -> Self {
        let room = before.unordered.len();
        Self { walked, unordered: Unordered::with_capacity_and_hasher(room, Default::default()), ..Self::default() }
    }

    /// Bytes of the rows, with what they cost around them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unordered.is_empty() && self.ordered.is_empty()
    }

    /// What this layer says of a key, if it says anything.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Value> {
        if self.is_walked(key) { self.ordered.get(key) } else { self.unordered.get(key) }
    }

    /// Sets a row, and returns what it was set to before.
    pub(crate) fn insert(&mut self, key: Box<[u8]>, value: Value) -> Option<Value> {
        self.bytes += cost(&key, &value);
        self.tables.add_key(&key);
        let key_bytes = key.len();
        let before =
            if self.is_walked(&key) { self.ordered.insert(key, value) } else { self.unordered.insert(key, value) };
        if let Some(before) = &before {
            self.bytes -= key_bytes + OVERHEAD + before.as_ref().map_or(0, |value| value.len());
        }
        before
    }

    /// Takes a row back, as if it had not been set; what it was set to.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        self.take(key).map(|(_, value)| value)
    }

    /// The same, with its key.
    pub(crate) fn take(&mut self, key: &[u8]) -> Option<(Box<[u8]>, Value)> {
        if self.is_empty() {
            return None;
        }
        let walked = self.is_walked(key);
        let row = if walked { self.ordered.remove_entry(key) } else { self.unordered.remove_entry(key) }?;
        self.bytes -= cost(&row.0, &row.1);
        Some(row)
    }

    /// Takes some rows out, in no order.
    pub(crate) fn take_some(&mut self, rows: usize) -> Vec<(Box<[u8]>, Value)> {
        let mut taken = Vec::with_capacity(rows.min(self.unordered.len() + self.ordered.len()));
        #[allow(clippy::iter_over_hash_type, reason = "they go into another map")]
        taken.extend(self.unordered.extract_if(|_, _| true).take(rows));
        while taken.len() < rows
            && let Some(row) = self.ordered.pop_first()
        {
            taken.push(row);
        }
        self.bytes -= taken.iter().map(|(key, value)| cost(key, value)).sum::<usize>();
        taken
    }

    /// The tables that have rows here, or had.
    pub(crate) fn tables(&self) -> Tables {
        self.tables
    }

    fn is_walked(&self, key: &[u8]) -> bool {
        self.walked.has_key(key)
    }

    /// Keeps these tables in order from here on.
    pub(crate) fn order(&mut self, tables: Tables) {
        if self.walked.contains(tables) {
            return;
        }
        self.walked.add(tables);
        let walked = self.walked;
        self.ordered.extend(self.unordered.extract_if(|key, _| walked.has_key(key)));
    }

    /// Walks rows. Those of tables that nobody walked before are put in order for this one walk.
    pub(crate) fn walk(&self, range: &Range) -> Rows<'_> {
        let touched = Tables::of(tables_of(range));
        if self.walked.contains(touched) || self.unordered.is_empty() {
            let rows = self.ordered.range::<[u8], _>(bounds(range)).map(|(key, value)| row(key, value));
            return if range.reverse { Box::new(rows.rev()) } else { Box::new(rows) };
        }
        let mut rows = self.sorted(|key| *range.from <= *key && *key < *range.to);
        if range.reverse {
            rows.reverse();
        }
        Box::new(rows.into_iter().map(|(key, value)| row(key, value)))
    }

    /// All rows, by key.
    pub(crate) fn all(&self) -> Vec<(&[u8], &Value)> {
        self.sorted(|_| true)
    }

    fn sorted(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<(&[u8], &Value)> {
        #[allow(clippy::iter_over_hash_type, reason = "they are sorted before anybody sees them")]
        let unordered = self.unordered.iter();
        let rows = unordered.chain(&self.ordered).map(|(key, value)| (&**key, value));
        let mut rows: Vec<_> = rows.filter(|(key, _)| wanted(key)).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows
    }
}

fn cost(key: &[u8], value: &Value) -> usize {
    key.len() + value.as_ref().map_or(0, |value| value.len()) + OVERHEAD
}

fn row<'a>(key: &'a [u8], value: &'a Value) -> Row<'a> {
    (Cow::Borrowed(key), value.as_deref().map(Cow::Borrowed))
}

/// The bounds of a range for an ordered map. The caller has seen that it is not empty.
pub(crate) fn bounds(range: &Range) -> (std::ops::Bound<&[u8]>, std::ops::Bound<&[u8]>) {
    (std::ops::Bound::Included(&range.from), std::ops::Bound::Excluded(&range.to))
}
