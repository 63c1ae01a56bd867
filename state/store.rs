//! The store of one partition: a write-back cache above RocksDB (or above memory, for tests).
//!
//! Writes go into the *active* layer. A flush freezes it, writes the frozen layer as one batch or one file, and lands
//! it. There is no write-ahead log: what is lost in a crash is applied again from the log, from the offset that the
//! last landed layer holds. Reads look through active, frozen and base, in this order; the last landed layers stay in
//! memory for a while, because what was written lately is what is read next, and so do rows that were read from disk:
//! a read from RocksDB costs several microseconds, also from its cache.

use crate::env::{Env, RowMemory};
use crate::layer::{Layer, Row, Rows as Walk, Tables, Value, Walks, bounds};
use crate::table::Range;
use rocksdb::{
    DB, Direction, IngestExternalFileOptions, IteratorMode, ReadOptions, SstFileWriter, WriteBatch, WriteOptions,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows as they stand in memory.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// How many landed layers stay in memory at most: each costs a look at every read of a row that is in none.
const LANDED: usize = 8;

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
    /// What the base has too, the newest first. The newest takes up rows that are read from the base: they are in no
    /// other layer, or they had been found there.
    landed: VecDeque<RefCell<Layer>>,
    /// What landed layers may use.
    memory: Arc<RowMemory>,
    /// What those of this store do use.
    used: Cell<usize>,
    frozen: Option<Arc<Layer>>,
    active: Layer,
    /// The tables that were often walked above dirty rows since the last freeze.
    walked: Cell<Tables>,
    walks: RefCell<Walks>,
    undo: Option<Vec<(Box<[u8]>, Option<Value>)>>,
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
pub struct Retired(#[allow(dead_code, reason = "it is held to be dropped")] Vec<RefCell<Layer>>);

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
        let (landed, walked) = (VecDeque::from([RefCell::default()]), Cell::default());
        let (used, active, walks) = (Cell::default(), Layer::default(), RefCell::default());
        Self { base, landed, memory, used, frozen: None, active, walked, walks, undo: None }
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
        let mut layers = [Some(&self.active), self.frozen.as_deref()].into_iter().flatten();
        if let Some(found) = layers.find_map(|layer| layer.get(key)) {
            return found.as_deref().map(read);
        }
        for layer in &self.landed {
            if let Some(found) = layer.borrow().get(key) {
                return found.as_deref().map(read);
            }
        }
        match &self.base {
            Base::Memory(rows) => rows.get(key).map(|value| read(value)),
            Base::Rocks { db: None, .. } => None,
            Base::Rocks { db: Some(db), path, .. } => {
                let value = db.get_pinned(key).unwrap_or_else(|error| damaged(path, &error))?;
                self.take_up(key, &value);
                Some(read(&value))
            }
        }
    }

    /// Keeps a row that was read from the base, while there is room.
    fn take_up(&self, key: &[u8], value: &[u8]) {
        if self.memory.has_room() {
            let mut newest = self.landed[0].borrow_mut();
            let before = newest.bytes();
            newest.insert(key.into(), Some(value.into()));
            self.set_used(self.used.get() + newest.bytes() - before);
        }
    }

    fn set_used(&self, used: usize) {
        self.memory.change(self.used.replace(used), used);
    }

    /// Writes a row; `None` deletes it.
    pub fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.active.order(self.walked.get());
        let (key, value) = (key.into_boxed_slice(), value.map(Vec::into_boxed_slice));
        match &mut self.undo {
            None => drop(self.active.insert(key, value)),
            Some(undo) => {
                let before = self.active.insert(key.clone(), value);
                undo.push((key, before));
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
        for (key, before) in self.undo.take().unwrap_or_default().into_iter().rev() {
            match before {
                Some(value) => drop(self.active.insert(key, value)),
                None => self.active.remove(&key),
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

    /// Walks rows as [`Store::range`] does, and keeps those in memory that are on disk, while there is room: for what
    /// is read once at the start and needed again.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    pub fn load(&self, range: &Range) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let is_on_disk = matches!(self.base, Base::Rocks { .. }) && self.active.is_empty() && self.frozen.is_none();
        self.range(range).inspect(move |(key, value)| {
            if is_on_disk {
                self.take_up(key, value);
            }
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
        if let Some(layer) = self.frozen.take() {
            // Nobody else has it any more: whoever wrote it has let go.
            self.landed.push_front(RefCell::new(Arc::into_inner(layer).unwrap_or_default()));
        }
        let mut retired = Vec::new();
        self.count_landed();
        while self.landed.len() > 1 && (self.landed.len() > LANDED || !self.memory.has_room()) {
            retired.extend(self.landed.pop_back());
            self.count_landed();
        }
        Retired(retired)
    }

    fn count_landed(&self) {
        self.set_used(self.landed.iter().map(|layer| layer.borrow().bytes()).sum());
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

impl Drop for Store {
    fn drop(&mut self) {
        self.set_used(0);
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
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.from.clone());
    options.set_iterate_upper_bound(range.to.clone());
    let mode = if range.reverse { IteratorMode::End } else { IteratorMode::From(&range.from, Direction::Forward) };
    Box::new(db.iterator_opt(mode, options).map(move |row| {
        let (key, value) = row.unwrap_or_else(|error| damaged(path, &error));
        (Cow::Owned(key.into_vec()), Some(Cow::Owned(value.into_vec())))
    }))
}

/// Rows of all layers in order, the newest value of each.
pub struct RangeIter<'a> {
    /// The newest first.
    sources: Vec<Peekable<Walk<'a>>>,
    reverse: bool,
}

impl<'a> RangeIter<'a> {
    /// The next row of any source, in the newest that has it; the older ones pass over it.
    fn next_of_any(&mut self) -> Option<Row<'a>> {
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
    for (key, value) in layer.all() {
        match value {
            Some(value) => drop(rows.insert(key.to_vec(), value.to_vec())),
            None => drop(rows.remove(key)),
        }
    }
    rows
}

fn write_batch(db: &DB, layer: &Layer) -> Result<(), rocksdb::Error> {
    let mut batch = WriteBatch::default();
    for (key, value) in layer.all() {
        match value {
            Some(value) => batch.put(key, value),
            None => batch.delete(key),
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
    for (key, value) in layer.all() {
        match value {
            Some(value) => writer.put(key, value)?,
            None => writer.delete(key)?,
        }
    }
    writer.finish()?;
    let mut taking = IngestExternalFileOptions::default();
    taking.set_move_files(true);
    db.ingest_external_file_opts(&taking, vec![&file])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::WALKS;
    use proptest::prelude::*;

    /// Keys are (table, number): a table that is seldom walked is found by key alone, others are kept in order too.
    type Short = (u8, u8);

    #[derive(Clone, Debug)]
    enum Step {
        Set(Short, Option<u8>),
        Walk(Short, Short),
        Freeze,
        Land,
        Undone(Vec<(Short, Option<u8>)>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = || (1u8..4, 0u8..6);
        let row = move || (key(), proptest::option::of(any::<u8>()));
        prop_oneof![
            12 => row().prop_map(|(key, value)| Step::Set(key, value)),
            2 => (key(), key()).prop_map(|(from, to)| Step::Walk(from, to)),
            2 => Just(Step::Freeze),
            2 => Just(Step::Land),
            1 => proptest::collection::vec(row(), 0..4).prop_map(Step::Undone),
        ]
    }

    fn raw((table, number): Short) -> Vec<u8> {
        vec![table, number]
    }

    fn check_walk(store: &Store, model: &Rows, from: Vec<u8>, to: Vec<u8>) {
        let range = Range { from: from.clone(), to: to.clone(), reverse: false };
        let inside = |key: &Vec<u8>| from <= *key && *key < to;
        let expected: Vec<_> =
            model.iter().filter(|(key, _)| inside(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        assert_eq!(store.range(&range).collect::<Vec<_>>(), expected);
        let mut backwards: Vec<_> = store.range(&range.reversed()).collect();
        backwards.reverse();
        assert_eq!(backwards, expected);
    }

    /// Runs the steps on a store and on a plain map, and compares what both hold after each.
    fn check(mut store: Store, steps: Vec<Step>) {
        let mut model = Rows::new();
        let mut flying: Option<Frozen> = None;
        for step in steps {
            match step {
                Step::Set(key, value) => {
                    store.set(raw(key), value.map(|value| vec![value]));
                    match value {
                        Some(value) => drop(model.insert(raw(key), vec![value])),
                        None => drop(model.remove(&raw(key))),
                    }
                }
                // Often enough, with the way back, that the tables are kept in order from here on.
                Step::Walk(from, to) => {
                    (0..1 + from.1 % 2 * WALKS / 2).for_each(|_| check_walk(&store, &model, raw(from), raw(to)))
                }
                Step::Freeze => flying = store.freeze().or(flying),
                Step::Land => {
                    if let Some(frozen) = flying.take() {
                        let landed = frozen.write().unwrap();
                        drop(store.land(landed));
                    }
                }
                Step::Undone(rows) => {
                    let bytes = store.dirty_bytes();
                    store.begin();
                    rows.into_iter().for_each(|(key, value)| store.set(raw(key), value.map(|value| vec![value])));
                    store.rollback();
                    assert_eq!(store.dirty_bytes(), bytes);
                }
            }
            for key in (1..4).flat_map(|table| (0..6).map(move |number| vec![table, number])) {
                assert_eq!(store.get(&key), model.get(&key).cloned());
            }
        }
        check_walk(&store, &model, vec![1], vec![3]);
        check_walk(&store, &model, vec![1], vec![4]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_store_is_a_map_in_memory(steps in proptest::collection::vec(step(), 0..60)) {
            check(Store::memory(Arc::default()), steps);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn a_store_is_a_map_on_disk(steps in proptest::collection::vec(step(), 0..60)) {
            let folder = tempfile::tempdir().unwrap();
            check(Store::open(&Env::new(8 << 20), &folder.path().join("s")).unwrap(), steps);
        }
    }

    #[test]
    fn a_large_layer_lands_as_a_file_above_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
        let mut store = Store::open(&env, &path).unwrap();
        let mut model = Rows::new();
        for round in 1..4u8 {
            for number in (0..20_000u32).filter(|number| number % u32::from(round) == 0) {
                let key = [&[1], &number.to_be_bytes()[..]].concat();
                let value = (number % 7 != u32::from(round)).then(|| vec![round; 60]);
                store.set(key.clone(), value.clone());
                match value {
                    Some(value) => drop(model.insert(key, value)),
                    None => drop(model.remove(&key)),
                }
            }
            let is_large = store.dirty_bytes() > FILE_BYTES;
            store.flush().unwrap();
            assert!(is_large || round == 3, "the last round is small, and goes through the write buffer");
            check_walk(&store, &model, vec![1], vec![2]);
        }
        drop(store);
        let reopened = Store::open(&env, &path).unwrap();
        check_walk(&reopened, &model, vec![1], vec![2]);
        assert_eq!(reopened.get(&[1, 0, 0, 0, 1]), model.get(&[1, 0, 0, 0, 1][..]).cloned());
    }

    #[test]
    fn a_landed_layer_is_there_after_a_crash_and_later_writes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (env, path, copy) = (Env::new(8 << 20), folder.path().join("s"), folder.path().join("copy"));
        let mut store = Store::open(&env, &path).unwrap();
        assert!(!path.exists(), "a store without rows has no folder");
        store.set(vec![1], Some(vec![1]));
        store.flush().unwrap();
        store.set(vec![2], Some(vec![2]));
        // What a kill leaves behind is what stands in the folder now.
        std::fs::create_dir(&copy).unwrap();
        for entry in std::fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
        let reopened = Store::open(&env, &copy).unwrap();
        assert_eq!((reopened.get(&[1]), reopened.get(&[2])), (Some(vec![1]), None));
    }

    #[test]
    fn a_row_that_was_read_from_disk_is_kept_until_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
        (0..20u8).for_each(|key| store.set(vec![1, key], Some(vec![key])));
        store.flush().unwrap();
        drop(store);
        let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
        assert_eq!((store.get(&[1, 7]), store.get(&[1, 77])), (Some(vec![7]), None));
        assert!(store.landed[0].borrow().get(&[1, 7]).is_some(), "a row that is there");
        assert!(store.landed[0].borrow().get(&[1, 77]).is_none(), "of what is not there nothing is kept");
        assert_eq!(store.load(&Range { from: vec![1, 3], to: vec![1, 5], reverse: false }).count(), 2);
        let is_loaded = |key: u8| store.landed[0].borrow().get(&[1, key]).is_some();
        assert_eq!((2..6).map(is_loaded).collect::<Vec<_>>(), [false, true, true, false]);
        for round in 0..2 * LANDED {
            store.set(vec![1, 7], Some(vec![100, round as u8]));
            assert_eq!(store.get(&[1, 7]), Some(vec![100, round as u8]));
            store.flush().unwrap();
            assert_eq!((store.get(&[1, 7]), store.get(&[1, 8])), (Some(vec![100, round as u8]), Some(vec![8])));
        }
    }

    #[test]
    fn all_stores_together_keep_no_more_than_they_may() {
        let folder = tempfile::tempdir().unwrap();
        let limit = 64 << 10;
        let env = Env::new(2 * limit);
        let used = || env.rows().used();
        let mut stores: Vec<Store> =
            (0..3).map(|number| Store::open(&env, &folder.path().join(number.to_string())).unwrap()).collect();
        for round in 0..LANDED as u8 {
            for store in &mut stores {
                (0..100u8).for_each(|key| store.set(vec![1, key, round], Some(vec![key; 100])));
                store.flush().unwrap();
                let landed: usize = store.landed.iter().map(|layer| layer.borrow().bytes()).sum();
                assert_eq!(store.used.get(), landed);
            }
        }
        let newest = stores[0].landed[0].borrow().bytes();
        assert!((limit / 2..limit + 3 * newest).contains(&used()), "{} of {limit}", used());
        (0..100u8).for_each(|key| assert_eq!(stores[0].get(&[1, key, 0]), Some(vec![key; 100])));
        assert!(used() < limit + 3 * newest, "what is read finds no room either: {}", used());
        drop(stores);
        assert_eq!(used(), 0);
    }

    #[test]
    fn a_damaged_file_is_named_and_not_served() {
        let folder = tempfile::tempdir().unwrap();
        let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
        let mut store = Store::open(&env, &path).unwrap();
        (0..200u8).for_each(|key| store.set(vec![1, key], Some(vec![key; 100])));
        store.flush().unwrap();
        drop(store);
        let files = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
        let table = files.into_iter().find(|file| file.extension().is_some_and(|kind| kind == "sst")).unwrap();
        let mut bytes = std::fs::read(&table).unwrap();
        bytes[200] ^= 0xff;
        std::fs::write(&table, bytes).unwrap();
        let error = std::panic::catch_unwind(|| {
            let store = Store::open(&env, &path).unwrap();
            store.get(&[1, 7])
        })
        .unwrap_err();
        let damaged = error.downcast_ref::<Damaged>().expect("the panic says what is damaged");
        assert_eq!(damaged.path, path);
        assert!(damaged.reason.contains("Corruption"), "{}", damaged.reason);
    }
}
