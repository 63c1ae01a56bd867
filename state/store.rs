//! The store of one partition: a write-back cache above RocksDB (or above memory, for tests).
//!
//! Writes go into the *active* layer. A flush freezes it, writes the frozen layer as one batch or one file, and lands
//! it. There is no write-ahead log: what is lost in a crash is applied again from the log, from the offset that the
//! last landed layer holds. Reads look through active, frozen, what is kept in memory of the base, and the base, in
//! this order.

use crate::ahead::Ahead;
use crate::env::{Env, RowMemory};
use crate::kept::{Found, Kept};
use crate::layer::{Hashed, Layer, Row, Tables, Walk, Walked, Walks, bounds, tables_of};
use crate::table::{Range, TableDef};
use rocksdb::{
    DB, Direction, IngestExternalFileOptions, IteratorMode, ReadOptions, SstFileWriter, WriteBatch, WriteOptions,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows as they stand in memory.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// How many rows of a landed layer settle at a time.
const SETTLED: usize = 2048;

/// How many rows of the disk are looked at at a time, after a start: while they are, queries wait.
const WARMED: usize = 128;

/// A layer of so many bytes lands as a file of its own instead of through RocksDB's write buffer: less work for each
/// row, but more for each layer.
const FILE_BYTES: usize = 1 << 20;

/// The state on disk is damaged or cannot be read. Thrown as a panic's payload: no transition or query can go on
/// without its rows, and whoever runs them catches it, stops the partition and says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state in {path} cannot be read: {reason}")]
pub struct Damaged {
    /// The store's folder.
    pub path: PathBuf,
    /// What RocksDB says.
    pub reason: String,
}

/// Why a store could not be opened or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state in {path}: {reason}")]
pub struct StoreError {
    /// The store's folder.
    pub path: PathBuf,
    /// What RocksDB says.
    pub reason: String,
}

#[derive(Clone)]
enum Base {
    Memory(Arc<Rows>),
    /// The folder does not exist before the first layer lands: a partition without records has none.
    Rocks {
        env: Env,
        path: PathBuf,
        db: Option<Arc<DB>>,
    },
}

/// The state of one partition.
pub struct Store {
    base: Base,
    /// What the base has too.
    kept: RefCell<Kept>,
    /// Rows on disk before this key have been looked at since the start; none once all have, or there is no room.
    warming: Option<Vec<u8>>,
    frozen: Option<Arc<Layer>>,
    active: Layer,
    /// The tables that were often walked above dirty rows since the last freeze.
    walked: Cell<Tables>,
    walks: RefCell<Walks>,
    undo: Option<Vec<Before>>,
}

/// What a key of the active layer was set to before.
enum Before {
    Row(Row),
    Nothing(Box<[u8]>),
}

/// A frozen layer on its way to disk. [`Frozen::write`] is slow and needs no hold of the store.
pub struct Frozen {
    base: Base,
    layer: Arc<Layer>,
}

/// A frozen layer that has been written.
pub struct Landed(Base);

/// Layers that a store needs no more. To drop them takes long enough to do it where nobody waits.
#[must_use = "drop it where nobody waits for the store"]
pub struct Retired(#[allow(dead_code, reason = "it is held to be dropped")] Vec<Layer>);

impl Store {
    /// A store above rows in memory.
    #[must_use]
    pub fn memory(rows: Arc<Rows>) -> Self {
        Self::above(Base::Memory(rows), Arc::new(RowMemory::new(usize::MAX)))
    }

    /// The store in this folder; empty, and without a folder, until its first layer lands.
    ///
    /// # Errors
    /// [`StoreError`] where the folder holds something that RocksDB does not open.
    pub fn open(env: &Env, path: &Path) -> Result<Self, StoreError> {
        let exists = path.join("CURRENT").exists();
        let db = if exists { Some(open_db(env, path)?) } else { None };
        Ok(Self::above(Base::Rocks { env: env.clone(), path: path.to_owned(), db }, env.rows()))
    }

    fn above(base: Base, memory: Arc<RowMemory>) -> Self {
        let is_empty = matches!(base, Base::Rocks { db: None, .. });
        let kept = RefCell::new(Kept::new(memory, is_empty));
        let warming = matches!(base, Base::Rocks { db: Some(_), .. }).then(Vec::new);
        let (walked, active, walks) = (Cell::default(), Layer::default(), RefCell::default());
        Self { base, kept, warming, frozen: None, active, walked, walks, undo: None }
    }

    /// Says which tables there are: rows of cold ones do not stay in memory once they have landed.
    pub fn know(&mut self, tables: &[TableDef]) {
        let cold = tables.iter().filter(|table| table.is_cold).map(|table| table.id);
        self.kept.get_mut().set_cold(Tables::of(cold));
    }

    /// The rows below both layers, if this store is in memory.
    #[must_use]
    pub fn memory_rows(&self) -> Option<Arc<Rows>> {
        match &self.base {
            Base::Memory(rows) => Some(rows.clone()),
            Base::Rocks { .. } => None,
        }
    }

    /// The value of a key, as it stands in the store.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.read(key, <[u8]>::to_vec)
    }

    /// What `read` makes of the value of a key, without a copy of it.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    pub fn read<T>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let hashed = Hashed::of(key);
        let mut layers = [Some(&self.active), self.frozen.as_deref()].into_iter().flatten();
        if let Some(found) = layers.find_map(|layer| layer.get(hashed)) {
            return found.value().map(read);
        }
        match self.kept.borrow_mut().find(hashed) {
            Found::Row(row) => return row.value().map(read),
            Found::Absent => return None,
            Found::Unknown => {}
        }
        match &self.base {
            Base::Memory(rows) => rows.get(key).map(|value| read(value)),
            Base::Rocks { db: None, .. } => None,
            Base::Rocks { db: Some(db), path, .. } => {
                let value = db.get_pinned(key).unwrap_or_else(|error| damaged(path, &error))?;
                self.kept.borrow_mut().take_up(key, &value);
                Some(read(&value))
            }
        }
    }

    /// Writes a row; `None` deletes it.
    pub fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let Some(value) = value else { return self.set_row(Row::deleted(key)) };
        let (length, mut row) = (key.len(), key);
        row.extend_from_slice(&value);
        self.put(row, length);
    }

    /// Writes a row that is one piece already: its key, of `key` bytes, and behind it its value.
    pub fn put(&mut self, row: Vec<u8>, key: usize) {
        self.set_row(Row::new(row, key));
    }

    fn set_row(&mut self, row: Row) {
        self.active.order(self.walked.get());
        let Some(undo) = &mut self.undo else {
            self.active.insert(row);
            return;
        };
        let known = self.active.get(row.hashed()).is_some();
        let new = (!known).then(|| Before::Nothing(row.key().into()));
        let before = self.active.insert(row).map(Before::Row);
        undo.extend(before.or(new));
    }

    /// Takes a row back that was written once, by this store, and never before: nothing of it is left where it has not
    /// been frozen yet, else it is deleted.
    pub fn unset(&mut self, key: Vec<u8>) {
        match self.active.take(Hashed::of(&key)) {
            None => self.set(key, None),
            Some(row) => {
                if let Some(undo) = &mut self.undo {
                    undo.push(Before::Row(row));
                }
            }
        }
    }

    /// From here on writes can be taken back by [`Store::rollback`], until [`Store::keep`].
    pub fn begin(&mut self) {
        assert!(self.undo.is_none(), "a record is applied inside another");
        self.undo = Some(Vec::new());
    }

    /// Keeps what was written since [`Store::begin`].
    pub fn keep(&mut self) {
        self.undo = None;
    }

    /// Takes back what was written since [`Store::begin`].
    pub fn rollback(&mut self) {
        for before in self.undo.take().unwrap_or_default().into_iter().rev() {
            match before {
                Before::Row(row) => drop(self.active.insert(row)),
                Before::Nothing(key) => drop(self.active.take(Hashed::of(&key))),
            }
        }
    }

    /// Walks rows as they stand in the store.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    #[must_use]
    pub fn range(&self, range: &Range) -> RangeIter<'_> {
        if range.from >= range.to {
            return RangeIter { sources: Vec::new(), reverse: range.reverse };
        }
        if !self.active.is_empty() {
            let mut walked = self.walked.get();
            walked.add(self.walks.borrow_mut().count(range));
            self.walked.set(walked);
        }
        let layers = [Some(&self.active), self.frozen.as_deref()].into_iter().flatten();
        let layers = layers.filter(|layer| !layer.is_empty()).map(|layer| layer.walk(range));
        let sources = layers.chain([self.base.walk(range)]).map(Iterator::peekable).collect();
        RangeIter { sources, reverse: range.reverse }
    }

    /// Walks rows as [`Store::range`] does, and keeps those in memory that are on disk, while there is room: for what is
    /// read once at the start and needed again. Of a table that was walked whole it is known then what is not there.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    pub fn load(&self, range: &Range) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let is_on_disk = matches!(self.base, Base::Rocks { .. }) && self.active.is_empty() && self.frozen.is_none();
        let has_all = range.from.len() == 1 && range.to.len() == 1;
        let (mut is_whole, tables) = (is_on_disk && has_all, Tables::of(tables_of(range)));
        let mut rows: Box<dyn Iterator<Item = (Vec<u8>, Vec<u8>)>> = match &self.base {
            Base::Rocks { db: Some(db), path, .. } if is_on_disk => {
                Box::new(Ahead::new(db.clone(), path, range.clone()))
            }
            _ => Box::new(self.range(range)),
        };
        std::iter::from_fn(move || {
            let row = rows.next();
            match &row {
                Some((key, value)) if is_on_disk => is_whole &= self.kept.borrow_mut().take_up(key, value),
                Some(_) => {}
                None if is_whole => self.kept.borrow_mut().add_whole(tables),
                None => {}
            }
            row
        })
    }

    /// Bytes in the active layer, with what they cost around them.
    #[must_use]
    pub fn dirty_bytes(&self) -> usize {
        self.active.bytes()
    }

    /// True while a frozen layer has not landed.
    #[must_use]
    pub fn is_flushing(&self) -> bool {
        self.frozen.is_some()
    }

    /// Freezes the active layer to be written; `None` if it is empty or another one is still on its way.
    pub fn freeze(&mut self) -> Option<Frozen> {
        assert!(self.undo.is_none(), "a flush lies between records");
        if self.frozen.is_some() || self.active.is_empty() {
            return None;
        }
        let next = Layer::after(&self.active, self.walked.take());
        self.walks.take();
        let layer = Arc::new(std::mem::replace(&mut self.active, next));
        self.frozen = Some(layer.clone());
        Some(Frozen { base: self.base.clone(), layer })
    }

    /// Takes the written layer as the new base.
    pub fn land(&mut self, landed: Landed) -> Retired {
        self.base = landed.0;
        let Some(layer) = self.frozen.take() else { return Retired(Vec::new()) };
        // Nobody else has it any more: whoever wrote it has let go.
        let retired = self.kept.get_mut().land(Arc::into_inner(layer).unwrap_or_default());
        if !retired.is_empty() {
            // Rows that it took up may be gone again.
            self.warming = None;
        }
        Retired(retired)
    }

    /// Goes on with what a landing or a start has left to do: a little at a time, often.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    pub fn settle(&mut self) {
        if !self.kept.get_mut().settle(SETTLED) {
            self.warm();
        }
    }

    /// Takes up some more of the rows that were on disk at the start. A miss costs more than any row that is there, and
    /// there is none where a table is here as a whole.
    fn warm(&mut self) {
        let (Some(from), Base::Rocks { db: Some(db), path, .. }) = (self.warming.take(), &self.base) else { return };
        let kept = self.kept.get_mut();
        let table = from.first().copied().unwrap_or_default();
        let Some(next) = table.checked_add(1) else { return };
        if kept.is_cold(table) || kept.is_whole(table) {
            self.warming = Some(vec![next]);
            return;
        }
        let range = Range { from: from.max(vec![table]), to: vec![next], reverse: false };
        let mut last = None;
        let mut rows = walk_db(db, path, &range);
        for (key, value) in rows.by_ref().take(WARMED) {
            let value = value.expect("the disk has no row without a value");
            if matches!(kept.find(Hashed::of(&key)), Found::Unknown) && !kept.take_up(&key, &value) {
                return;
            }
            last = Some(key.into_owned());
        }
        self.warming = match last {
            Some(mut last) if rows.next().is_some() => {
                last.push(0);
                Some(last)
            }
            _ => {
                kept.add_whole(Tables::of(std::iter::once(table)));
                Some(vec![next])
            }
        };
    }

    /// Freezes, writes and lands in one call, for those who may wait.
    ///
    /// # Errors
    /// [`StoreError`] where RocksDB cannot write.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if let Some(frozen) = self.freeze() {
            let landed = frozen.write()?;
            drop(self.land(landed));
        }
        Ok(())
    }

    /// The database below, if anything has landed.
    #[must_use]
    pub fn db(&self) -> Option<Arc<DB>> {
        match &self.base {
            Base::Memory(_) => None,
            Base::Rocks { db, .. } => db.clone(),
        }
    }
}

fn damaged(path: &Path, error: &rocksdb::Error) -> ! {
    std::panic::panic_any(Damaged { path: path.to_owned(), reason: error.to_string() })
}

fn open_db(env: &Env, path: &Path) -> Result<Arc<DB>, StoreError> {
    let fail = |reason: String| StoreError { path: path.to_owned(), reason };
    std::fs::create_dir_all(path).map_err(|error| fail(error.to_string()))?;
    DB::open(&env.options(), path).map(Arc::new).map_err(|error| fail(error.to_string()))
}

impl Base {
    fn walk(&self, range: &Range) -> Walk<'_> {
        match self {
            Self::Memory(rows) => {
                let rows = rows.range::<[u8], _>(bounds(range));
                let rows = rows.map(|(key, value)| (Cow::Borrowed(&**key), Some(Cow::Borrowed(&**value))));
                if range.reverse { Box::new(rows.rev()) } else { Box::new(rows) }
            }
            Self::Rocks { db: None, .. } => Box::new(std::iter::empty()),
            Self::Rocks { db: Some(db), path, .. } => walk_db(db, path, range),
        }
    }
}

fn walk_db<'a>(db: &'a DB, path: &'a Path, range: &Range) -> Walk<'a> {
    Box::new(rows_on_disk(db, path, range).map(|(key, value)| (Cow::Owned(key), Some(Cow::Owned(value)))))
}

/// The rows of a range, in its direction. Throws [`Damaged`] where they cannot be read.
pub(crate) fn rows_on_disk<'a>(
    db: &'a DB,
    path: &'a Path,
    range: &Range,
) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + use<'a> {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.from.clone());
    options.set_iterate_upper_bound(range.to.clone());
    let mode = if range.reverse { IteratorMode::End } else { IteratorMode::From(&range.from, Direction::Forward) };
    db.iterator_opt(mode, options).map(move |row| {
        let (key, value) = row.unwrap_or_else(|error| damaged(path, &error));
        (key.into_vec(), value.into_vec())
    })
}

/// Rows of all layers in order, the newest value of each.
pub struct RangeIter<'a> {
    /// The newest first.
    sources: Vec<Peekable<Walk<'a>>>,
    reverse: bool,
}

impl<'a> RangeIter<'a> {
    /// The next row of any source, in the newest that has it; the older ones pass over it.
    fn next_of_any(&mut self) -> Option<Walked<'a>> {
        let mut first: Option<(usize, &[u8])> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            let Some((key, _)) = source.peek() else { continue };
            let comes_first = match first {
                None => true,
                Some((_, other)) if self.reverse => **key > *other,
                Some((_, other)) => **key < *other,
            };
            if comes_first {
                first = Some((at, key));
            }
        }
        let (at, _) = first?;
        let row = self.sources[at].next()?;
        for source in &mut self.sources[at + 1..] {
            source.next_if(|(key, _)| *key == row.0);
        }
        Some(row)
    }
}

impl Iterator for RangeIter<'_> {
    type Item = (Vec<u8>, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, value) = self.next_of_any()?;
            if let Some(value) = value {
                return Some((key.into_owned(), value.into_owned()));
            }
        }
    }
}

impl Frozen {
    /// Writes the layer so that after a crash it is there whole or not at all.
    ///
    /// # Errors
    /// [`StoreError`] where RocksDB cannot write.
    pub fn write(self) -> Result<Landed, StoreError> {
        match self.base {
            Base::Memory(rows) => Ok(Landed(Base::Memory(Arc::new(merged(&rows, &self.layer))))),
            Base::Rocks { env, path, db } => {
                let db = match db {
                    Some(db) => db,
                    None => open_db(&env, &path)?,
                };
                let is_large = self.layer.bytes() >= FILE_BYTES;
                let written =
                    if is_large { ingest(&db, &env, &path, &self.layer) } else { write_batch(&db, &self.layer) };
                written.map_err(|error| StoreError { path: path.clone(), reason: error.to_string() })?;
                Ok(Landed(Base::Rocks { env, path, db: Some(db) }))
            }
        }
    }
}

fn merged(rows: &Rows, layer: &Layer) -> Rows {
    let mut rows = rows.clone();
    for row in layer.all() {
        match row.value() {
            Some(value) => drop(rows.insert(row.key().to_vec(), value.to_vec())),
            None => drop(rows.remove(row.key())),
        }
    }
    rows
}

fn write_batch(db: &DB, layer: &Layer) -> Result<(), rocksdb::Error> {
    let mut batch = WriteBatch::default();
    for row in layer.all() {
        match row.value() {
            Some(value) => batch.put(row.key(), value),
            None => batch.delete(row.key()),
        }
    }
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    db.write_opt(batch, &options)?;
    // Without a write-ahead log the batch is durable only as a file.
    db.flush()
}

/// Writes the layer as a sorted file, and has RocksDB take it over in one step.
fn ingest(db: &DB, env: &Env, path: &Path, layer: &Layer) -> Result<(), rocksdb::Error> {
    // No name that RocksDB gives: what a crash leaves behind is written over by the next flush.
    let file = path.join("flush.tmp");
    let options = env.options();
    let mut writer = SstFileWriter::create(&options);
    writer.open(&file)?;
    for row in layer.all() {
        match row.value() {
            Some(value) => writer.put(row.key(), value)?,
            None => writer.delete(row.key())?,
        }
    }
    writer.finish()?;
    let mut taking = IngestExternalFileOptions::default();
    taking.set_move_files(true);
    db.ingest_external_file_opts(&taking, vec![&file])
}

#[cfg(test)]
mod tests;
