//! The store of one partition: a write-back cache of two layers above RocksDB (or above memory, for tests).
//!
//! Writes go into the *active* layer. A flush freezes it, writes the frozen layer as one batch, and drops it when it
//! has landed. There is no write-ahead log: what is lost in a crash is applied again from the log, from the offset
//! that the last landed layer holds. Reads look through active, frozen and base, in this order.

use crate::env::Env;
use crate::table::Range;
use rocksdb::{DB, Direction, IteratorMode, ReadOptions, WriteBatch, WriteOptions};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows as they stand in memory.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Writes since some moment; `None` deletes the row.
type Layer = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

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
    frozen: Option<Arc<Layer>>,
    active: Layer,
    dirty_bytes: usize,
    undo: Option<Vec<(Vec<u8>, Option<Option<Vec<u8>>>)>>,
}

/// A frozen layer on its way to disk. [`Frozen::write`] is slow and needs no hold of the store.
pub struct Frozen {
    base: Base,
    layer: Arc<Layer>,
}

/// A frozen layer that has been written.
pub struct Landed(Base);

impl Store {
    /// A store above rows in memory.
    #[must_use]
    pub fn memory(rows: Arc<Rows>) -> Self {
        Self::above(Base::Memory(rows))
    }

    /// The store in this folder; empty, and without a folder, until its first layer lands.
    ///
    /// # Errors
    /// [`StoreError`] where the folder holds something that RocksDB does not open.
    pub fn open(env: &Env, path: &Path) -> Result<Self, StoreError> {
        let exists = path.join("CURRENT").exists();
        let db = if exists { Some(open_db(env, path)?) } else { None };
        Ok(Self::above(Base::Rocks { env: env.clone(), path: path.to_owned(), db }))
    }

    fn above(base: Base) -> Self {
        Self { base, frozen: None, active: Layer::new(), dirty_bytes: 0, undo: None }
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
        let layers = [Some(&self.active), self.frozen.as_deref()];
        if let Some(found) = layers.into_iter().flatten().find_map(|layer| layer.get(key)) {
            return found.clone();
        }
        match &self.base {
            Base::Memory(rows) => rows.get(key).cloned(),
            Base::Rocks { db: None, .. } => None,
            Base::Rocks { db: Some(db), path, .. } => db.get(key).unwrap_or_else(|error| damaged(path, &error)),
        }
    }

    /// Writes a row; `None` deletes it.
    pub fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.dirty_bytes += key.len() + value.as_ref().map_or(0, Vec::len) + 64;
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
                None => drop(self.active.remove(&key)),
            }
        }
    }

    /// Walks rows as they stand in the store.
    ///
    /// # Panics
    /// With [`Damaged`] where the disk's rows cannot be read.
    #[must_use]
    pub fn range(&self, range: &Range) -> RangeIter<'_> {
        let empty = || Box::new(std::iter::empty()) as Source<'_>;
        let active = walk_layer(&self.active, range);
        let frozen = self.frozen.as_deref().map_or_else(empty, |layer| walk_layer(layer, range));
        let sources = [active.peekable(), frozen.peekable(), self.base.walk(range).peekable()];
        RangeIter { sources, reverse: range.reverse }
    }

    /// Bytes in the active layer, with what they cost around them.
    #[must_use]
    pub fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
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
        let layer = Arc::new(std::mem::take(&mut self.active));
        self.dirty_bytes = 0;
        self.frozen = Some(layer.clone());
        Some(Frozen { base: self.base.clone(), layer })
    }

    /// Takes the written layer as the new base.
    pub fn land(&mut self, landed: Landed) {
        self.base = landed.0;
        self.frozen = None;
    }

    /// Freezes, writes and lands in one call, for those who may wait.
    ///
    /// # Errors
    /// [`StoreError`] where RocksDB cannot write.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if let Some(frozen) = self.freeze() {
            let landed = frozen.write()?;
            self.land(landed);
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

fn walk_layer<'a>(layer: &'a Layer, range: &Range) -> Source<'a> {
    if range.from >= range.to {
        return Box::new(std::iter::empty());
    }
    let rows = layer.range::<Vec<u8>, _>(&range.from..&range.to).map(|(key, value)| (key.clone(), value.clone()));
    if range.reverse { Box::new(rows.rev()) } else { Box::new(rows) }
}

fn damaged(path: &Path, error: &rocksdb::Error) -> ! {
    std::panic::panic_any(Damaged { path: path.to_owned(), reason: error.to_string() })
}

fn open_db(env: &Env, path: &Path) -> Result<Arc<DB>, StoreError> {
    let fail = |reason: String| StoreError { path: path.to_owned(), reason };
    std::fs::create_dir_all(path).map_err(|error| fail(error.to_string()))?;
    DB::open(&env.options(), path).map(Arc::new).map_err(|error| fail(error.to_string()))
}

type Source<'a> = Box<dyn Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> + 'a>;

impl Base {
    fn walk(&self, range: &Range) -> Source<'_> {
        if range.from >= range.to {
            return Box::new(std::iter::empty());
        }
        match self {
            Self::Memory(rows) => {
                let rows = rows
                    .range::<Vec<u8>, _>(&range.from..&range.to)
                    .map(|(key, value)| (key.clone(), Some(value.clone())));
                if range.reverse { Box::new(rows.rev()) } else { Box::new(rows) }
            }
            Self::Rocks { db: None, .. } => Box::new(std::iter::empty()),
            Self::Rocks { db: Some(db), path, .. } => walk_db(db, path, range),
        }
    }
}

fn walk_db<'a>(db: &'a DB, path: &'a Path, range: &Range) -> Source<'a> {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.from.clone());
    options.set_iterate_upper_bound(range.to.clone());
    let mode = if range.reverse { IteratorMode::End } else { IteratorMode::From(&range.from, Direction::Forward) };
    Box::new(db.iterator_opt(mode, options).map(move |row| {
        let (key, value) = row.unwrap_or_else(|error| damaged(path, &error));
        (key.into_vec(), Some(value.into_vec()))
    }))
}

/// Rows of all layers in order, the newest value of each.
pub struct RangeIter<'a> {
    sources: [Peekable<Source<'a>>; 3],
    reverse: bool,
}

impl Iterator for RangeIter<'_> {
    type Item = (Vec<u8>, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let reverse = self.reverse;
            let heads = self.sources.iter_mut().filter_map(|source| source.peek().map(|(key, _)| key.clone()));
            let key = if reverse { heads.max() } else { heads.min() }?;
            let mut newest = None;
            for source in &mut self.sources {
                let Some((_, value)) = source.next_if(|(head, _)| *head == key) else { continue };
                newest.get_or_insert(value);
            }
            if let Some(Some(value)) = newest {
                return Some((key, value));
            }
        }
    }
}

impl Frozen {
    /// Writes the layer as one batch, so that after a crash it is there whole or not at all.
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
                write_batch(&db, &self.layer)
                    .map_err(|error| StoreError { path: path.clone(), reason: error.to_string() })?;
                Ok(Landed(Base::Rocks { env, path, db: Some(db) }))
            }
        }
    }
}

fn merged(rows: &Rows, layer: &Layer) -> Rows {
    let mut rows = rows.clone();
    for (key, value) in layer {
        match value {
            Some(value) => drop(rows.insert(key.clone(), value.clone())),
            None => drop(rows.remove(key)),
        }
    }
    rows
}

fn write_batch(db: &DB, layer: &Layer) -> Result<(), rocksdb::Error> {
    let mut batch = WriteBatch::default();
    for (key, value) in layer {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u8, Option<u8>),
        Freeze,
        Land,
        Undone(Vec<(u8, Option<u8>)>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let row = || (0u8..6, proptest::option::of(any::<u8>()));
        prop_oneof![
            6 => row().prop_map(|(key, value)| Step::Set(key, value)),
            1 => Just(Step::Freeze),
            1 => Just(Step::Land),
            1 => proptest::collection::vec(row(), 0..4).prop_map(Step::Undone),
        ]
    }

    fn whole(reverse: bool) -> Range {
        Range { from: vec![1], to: vec![5], reverse }
    }

    /// Runs the steps on a store and on a plain map, and compares what both hold after each.
    fn check(mut store: Store, steps: Vec<Step>) {
        let mut model = Rows::new();
        let mut flying: Option<Frozen> = None;
        for step in steps {
            match step {
                Step::Set(key, value) => {
                    store.set(vec![key], value.map(|value| vec![value]));
                    match value {
                        Some(value) => drop(model.insert(vec![key], vec![value])),
                        None => drop(model.remove(&vec![key])),
                    }
                }
                Step::Freeze => flying = store.freeze().or(flying),
                Step::Land => {
                    if let Some(frozen) = flying.take() {
                        let landed = frozen.write().unwrap();
                        store.land(landed);
                    }
                }
                Step::Undone(rows) => {
                    store.begin();
                    rows.into_iter().for_each(|(key, value)| store.set(vec![key], value.map(|value| vec![value])));
                    store.rollback();
                }
            }
            let expected: Vec<_> = model.range(vec![1]..vec![5]).map(|(k, v)| (k.clone(), v.clone())).collect();
            assert_eq!(store.range(&whole(false)).collect::<Vec<_>>(), expected);
            let mut backwards: Vec<_> = store.range(&whole(true)).collect();
            backwards.reverse();
            assert_eq!(backwards, expected);
            (0..6).for_each(|key| assert_eq!(store.get(&[key]), model.get(&vec![key]).cloned()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_store_is_a_map_in_memory(steps in proptest::collection::vec(step(), 0..40)) {
            check(Store::memory(Arc::default()), steps);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn a_store_is_a_map_on_disk(steps in proptest::collection::vec(step(), 0..40)) {
            let folder = tempfile::tempdir().unwrap();
            check(Store::open(&Env::new(8 << 20), &folder.path().join("s")).unwrap(), steps);
        }
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
