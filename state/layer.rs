//! A layer: rows written since some moment. A row is found by its key in one step; rows are kept in order only in
//! tables that somebody walks.
//!
//! A search through an ordered map of a million rows compares some twenty keys, each in a place of its own in memory;
//! a hash map looks at one or two. Most tables are never walked while they change, and those that are show it by being
//! walked.

use crate::table::Range;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// A row as a walk shows it; without a value it is deleted.
pub(crate) type Walked<'a> = (Cow<'a, [u8]>, Option<Cow<'a, [u8]>>);

/// Rows of a walk, in its direction.
pub(crate) type Walk<'a> = Box<dyn Iterator<Item = Walked<'a>> + 'a>;

/// What a row costs around its bytes: an allocation and a slot of a map.
const OVERHEAD: usize = 48;

/// One for all layers: a key is looked for in up to five of them, and hashed once. Clients choose keys, so it is drawn
/// at the start.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// A key and its hash.
#[derive(Clone, Copy)]
pub(crate) struct Hashed<'a> {
    key: &'a [u8],
    hash: u64,
}

impl<'a> Hashed<'a> {
    pub(crate) fn of(key: &'a [u8]) -> Self {
        Self { key, hash: HASHER.hash_one(key) }
    }

    /// The key.
    pub(crate) fn key(self) -> &'a [u8] {
        self.key
    }

    fn is(self, row: &Row) -> bool {
        self.hash == row.hash && self.key == row.key()
    }
}

/// What a row was set to, in one allocation: its key and behind it its value. Rows are ordered by their keys.
pub(crate) struct Row {
    bytes: Box<[u8]>,
    key: u32,
    is_deleted: bool,
    /// So that a row that moves is not hashed again, and a search need not look at the bytes of another row.
    hash: u64,
}

impl Row {
    /// A row whose first `key` bytes are its key.
    pub(crate) fn new(bytes: Vec<u8>, key: usize) -> Self {
        let hash = Hashed::of(&bytes[..key]).hash;
        let key = u32::try_from(key).expect("a key is short");
        Self { bytes: bytes.into_boxed_slice(), key, is_deleted: false, hash }
    }

    /// A row that says that there is none.
    pub(crate) fn deleted(key: Vec<u8>) -> Self {
        let length = key.len();
        Self { is_deleted: true, ..Self::new(key, length) }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[..self.key as usize]
    }

    /// The first bytes of the key as a number, which has the order of the keys where it differs.
    fn head(&self) -> u128 {
        let mut head = [0; 16];
        let length = self.key().len().min(head.len());
        head[..length].copy_from_slice(&self.key()[..length]);
        u128::from_be_bytes(head)
    }

    /// The value; none if it is deleted.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        (!self.is_deleted).then(|| &self.bytes[self.key as usize..])
    }

    pub(crate) fn hashed(&self) -> Hashed<'_> {
        Hashed { key: self.key(), hash: self.hash }
    }

    fn cost(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }

    fn walked(&self) -> Walked<'_> {
        (Cow::Borrowed(self.key()), self.value().map(Cow::Borrowed))
    }
}

impl Borrow<[u8]> for Row {
    fn borrow(&self) -> &[u8] {
        self.key()
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Row {}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

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
    unordered: HashTable<Row>,
    ordered: BTreeSet<Row>,
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
        Self { walked, unordered: HashTable::with_capacity(before.unordered.len()), ..Self::default() }
    }

    /// Bytes of the rows, with what they cost around them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unordered.is_empty() && self.ordered.is_empty()
    }

    /// What this layer says of a key, if it says anything.
    pub(crate) fn get(&self, key: Hashed<'_>) -> Option<&Row> {
        if self.is_walked(key.key) {
            return self.ordered.get(key.key);
        }
        self.unordered.find(key.hash, |row| key.is(row))
    }

    /// Sets a row, and returns what it was set to before.
    pub(crate) fn insert(&mut self, row: Row) -> Option<Row> {
        self.bytes += row.cost();
        self.tables.add_key(row.key());
        let before = if self.is_walked(row.key()) {
            self.ordered.replace(row)
        } else {
            let key = row.hashed();
            match self.unordered.entry(key.hash, |other| key.is(other), |other| other.hash) {
                Entry::Occupied(mut slot) => Some(std::mem::replace(slot.get_mut(), row)),
                Entry::Vacant(slot) => {
                    slot.insert(row);
                    None
                }
            }
        };
        self.bytes -= before.as_ref().map_or(0, Row::cost);
        before
    }

    /// Takes a row back, as if it had not been set; what it was set to.
    pub(crate) fn take(&mut self, key: Hashed<'_>) -> Option<Row> {
        let row = if self.is_walked(key.key) {
            self.ordered.take(key.key)
        } else {
            let found = self.unordered.find_entry(key.hash, |row| key.is(row));
            found.ok().map(|slot| slot.remove().0)
        }?;
        self.bytes -= row.cost();
        Some(row)
    }

    /// Takes some rows out, in no order.
    pub(crate) fn take_some(&mut self, rows: usize) -> Vec<Row> {
        let mut taken = Vec::with_capacity(rows.min(self.unordered.len() + self.ordered.len()));
        taken.extend(self.unordered.extract_if(|_| true).take(rows));
        while taken.len() < rows
            && let Some(row) = self.ordered.pop_first()
        {
            taken.push(row);
        }
        self.bytes -= taken.iter().map(Row::cost).sum::<usize>();
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
        self.ordered.extend(self.unordered.extract_if(|row| walked.has_key(row.key())));
    }

    /// Walks rows. Those of tables that nobody walked before are put in order for this one walk.
    pub(crate) fn walk(&self, range: &Range) -> Walk<'_> {
        let touched = Tables::of(tables_of(range));
        if self.walked.contains(touched) || self.unordered.is_empty() {
            let rows = self.ordered.range::<[u8], _>(bounds(range)).map(Row::walked);
            return if range.reverse { Box::new(rows.rev()) } else { Box::new(rows) };
        }
        let mut rows = self.sorted(|key| *range.from <= *key && *key < *range.to);
        if range.reverse {
            rows.reverse();
        }
        Box::new(rows.into_iter().map(Row::walked))
    }

    /// All rows, by key.
    pub(crate) fn all(&self) -> Vec<&Row> {
        self.sorted(|_| true)
    }

    fn sorted(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<&Row> {
        let rows = self.unordered.iter().chain(&self.ordered).filter(|row| wanted(row.key()));
        // Most comparisons end with the heads, which lie side by side; keys lie anywhere in memory.
        let mut rows: Vec<(u128, &Row)> = rows.map(|row| (row.head(), row)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// The bounds of a range for an ordered map. The caller has seen that it is not empty.
pub(crate) fn bounds(range: &Range) -> (std::ops::Bound<&[u8]>, std::ops::Bound<&[u8]>) {
    (std::ops::Bound::Included(&range.from), std::ops::Bound::Excluded(&range.to))
}
