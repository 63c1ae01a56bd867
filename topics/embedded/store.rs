//! RocksDB as the embedded log uses it: its options, rows, index entries and errors.

use super::{EmbeddedOptions, Partition, Shared, batch, wal};
use crate::codec::{self, Decode, Encode};
use crate::log::{LogError, LogRecord};
use crate::time::Time;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBPinnableSlice,
    DBRawIterator, DBRecoveryMode, Direction, ErrorKind, IteratorMode, LogLevel, Options, WriteBatch, WriteOptions,
};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The format of the folder that this build writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

pub(super) const BATCHES: &str = "batches";
pub(super) const INDEX: &str = "index";
pub(super) const DEFAULT: &str = "default";

pub(super) const FORMAT_KEY: &[u8] = b"format";
pub(super) const TRIMMED_KEY: &[u8] = b"trimmed";
pub(super) const CHECKED_KEY: &[u8] = b"checked";
pub(super) const TOPIC_PREFIX: &[u8] = b"topic/";
pub(super) const START_PREFIX: &[u8] = b"start/";

/// What `topic/NAME` holds.
#[derive(Encode, Decode)]
pub(super) struct TopicRow {
    pub number: u32,
    pub partitions: u32,
    pub id: [u8; 16],
}

/// What `start/…` holds once a partition was trimmed.
#[derive(Encode, Decode)]
pub(super) struct StartRow {
    pub start: u64,
    /// The highest time before the start: what is appended to an emptied partition is not older.
    pub highest: Time,
}

/// What `trimmed` holds: what the numbering of batches must know about those that the index no longer names.
#[derive(Clone, Copy, Default, Encode, Decode)]
pub(super) struct TrimmedRow {
    /// How many batches were trimmed.
    pub batches: u64,
    /// One more than the highest number among them.
    pub above: u64,
}

/// What `checked` holds: where the log stood when nothing was missing and RocksDB had all of it in files, which it
/// guards itself. The next open begins there.
#[derive(Default, Encode, Decode)]
pub(super) struct CheckedRow {
    pub next_sequence: u64,
    /// Numbers of topic and partition, and the partition's end.
    pub ends: Vec<(u32, u32, u64)>,
}

/// What the index says of a batch.
#[derive(Encode, Decode)]
pub(super) struct IndexRow {
    pub sequence: u64,
    pub count: u32,
    /// The highest time in the partition up to the batch's end. Rises even where copied times do not, so a time can
    /// be looked up by bisection.
    pub highest: Time,
}

/// An entry of the index.
pub(super) struct Entry {
    pub base: u64,
    pub row: IndexRow,
}

impl Entry {
    pub(super) fn end(&self) -> u64 {
        self.base.saturating_add(u64::from(self.row.count))
    }

    pub(super) fn holds(&self, offset: u64) -> bool {
        self.base <= offset && offset < self.end()
    }
}

pub(super) type KeyAndValue = (Box<[u8]>, Box<[u8]>);

impl Shared {
    pub(super) fn family(&self, name: &str) -> &ColumnFamily {
        self.db.cf_handle(name).expect("it was opened with all of them")
    }

    /// Writes, durably: no write begins before the last one is on the disk, which [`super::wal`] relies on.
    pub(super) fn write(&self, write: WriteBatch) -> Result<(), LogError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(write, &options).map_err(|error| LogError::Unavailable(error.to_string()))
    }

    pub(super) fn row<T: Decode<()>>(&self, key: &[u8]) -> Result<Option<T>, LogError> {
        let value = self.db.get(key).map_err(unreadable)?;
        value.map(|value| decode_row(key, &value)).transpose()
    }

    pub(super) fn rows(&self, prefix: &[u8]) -> Result<Vec<KeyAndValue>, LogError> {
        let from = IteratorMode::From(prefix, Direction::Forward);
        let all: Result<Vec<_>, _> = self.db.iterator(from).collect();
        let mut all = all.map_err(unreadable)?;
        all.retain(|(key, _)| key.starts_with(prefix));
        Ok(all)
    }

    pub(super) fn entries<'a>(&'a self, partition: &'a Partition) -> Entries<'a> {
        Entries { iterator: self.db.raw_iterator_cf(self.family(INDEX)), partition }
    }

    pub(super) fn batch(&self, partition: &Partition, entry: &Entry) -> Result<Vec<LogRecord>, LogError> {
        let key = entry.row.sequence.to_be_bytes();
        let found: Option<DBPinnableSlice<'_>> =
            self.db.get_pinned_cf(self.family(BATCHES), key).map_err(|error| damaged(partition, entry.base, &error))?;
        let place = || partition.place(entry.base);
        let bytes = found.ok_or_else(|| LogError::Corrupt(format!("the batch of {} is missing", place())))?;
        let expected = partition.place_of(entry.base, entry.row.count);
        batch::decode(&expected, &bytes).map_err(|what| LogError::Corrupt(format!("{}: {what}", place())))
    }
}

/// The index entries of one partition, in the order of their offsets.
pub(super) struct Entries<'a> {
    iterator: DBRawIterator<'a>,
    partition: &'a Partition,
}

impl Entries<'_> {
    /// Goes to the batch that holds `offset`: the last one that starts at or before it, else the first one.
    pub(super) fn seek(&mut self, offset: u64) {
        self.iterator.seek_for_prev(self.partition.index_key(offset));
        if !self.on_partition() {
            self.iterator.seek(self.partition.index_key(0));
        }
    }

    fn on_partition(&self) -> bool {
        self.iterator.key().is_some_and(|key| key.starts_with(&self.partition.index_key(0)[..8]))
    }

    /// The entry that this stands on; goes on to the one behind it.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, LogError> {
        self.iterator.status().map_err(|error| damaged(self.partition, 0, &error))?;
        if !self.on_partition() {
            return Ok(None);
        }
        let Some((key, value)) = self.iterator.item() else { return Ok(None) };
        let base = key[8..].try_into().map(u64::from_be_bytes);
        let base = base.map_err(|_| LogError::Corrupt(format!("index of {}", self.partition.place(0))))?;
        let row = decode_row(key, value)
            .map_err(|_| LogError::Corrupt(format!("index entry of {}", self.partition.place(base))))?;
        self.iterator.next();
        Ok(Some(Entry { base, row }))
    }

    /// [`Entries::next`], which must hold `offset`.
    pub(super) fn next_holding(&mut self, offset: u64) -> Result<Entry, LogError> {
        let entry = self.next()?.filter(|entry| entry.holds(offset));
        entry.ok_or_else(|| LogError::Corrupt(format!("{} is missing", self.partition.place(offset))))
    }
}

pub(super) fn open_database(path: &Path, options: &EmbeddedOptions) -> Result<DB, LogError> {
    let mut database = Options::default();
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    // RocksDB's own default drops everything behind a damaged place without a word; see also [`super::wal`].
    database.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    database.set_track_and_verify_wals_in_manifest(true);
    database.set_max_total_wal_size(max_wal_bytes(options));
    database.set_max_open_files(i32::from(options.max_open_files));
    database.set_max_background_jobs(2);
    database.set_log_level(LogLevel::Warn);
    database.set_keep_log_file_num(2);
    make_folder(path).map_err(|error| LogError::Open(format!("{} cannot be made: {error}", path.display())))?;
    if path.join("CURRENT").exists() {
        check_families(path, &database)?;
        wal::check(path)?;
    }
    let opened = DB::open_cf_descriptors(&database, path, families(options));
    opened.map_err(|error| not_opened(path, &error))
}

/// Bytes of write-ahead log above which RocksDB writes files, so that it can let go of the oldest of it.
pub(super) fn max_wal_bytes(options: &EmbeddedOptions) -> u64 {
    4 * options.write_buffer_bytes as u64
}

/// Makes the folder if it is not there, and its name durable.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    let parent = path.canonicalize()?.parent().map(Path::to_owned);
    parent.map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// RocksDB opens nothing that has a column family which it is not told of; only a later format adds one.
fn check_families(path: &Path, database: &Options) -> Result<(), LogError> {
    let found = DB::list_cf(database, path).map_err(|error| not_opened(path, &error))?;
    let unknown = found.iter().find(|name| ![BATCHES, INDEX, DEFAULT].contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(newer(path, &format!("column family {name}"))))
}

fn families(options: &EmbeddedOptions) -> [ColumnFamilyDescriptor; 3] {
    let cache = Cache::new_lru_cache(options.block_cache_bytes);
    let family = |name, write_buffer, block| {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&cache);
        blocks.set_block_size(block);
        let mut family = Options::default();
        family.set_block_based_table_factory(&blocks);
        family.set_write_buffer_size(write_buffer);
        // Of batches because they are compressed already; of all because a file whose level asks for another
        // compression is rewritten instead of moved.
        family.set_compression_type(DBCompressionType::None);
        ColumnFamilyDescriptor::new(name, family)
    };
    [
        family(BATCHES, options.write_buffer_bytes, 16 << 10),
        family(INDEX, options.write_buffer_bytes / 4, 4 << 10),
        family(DEFAULT, 1 << 20, 4 << 10),
    ]
}

fn not_opened(path: &Path, error: &rocksdb::Error) -> LogError {
    let (place, text) = (path.display(), error.to_string());
    if error.kind() == ErrorKind::Corruption {
        return LogError::Corrupt(format!("{place}: {text}"));
    }
    if text.contains("While lock file") || text.contains("lock hold by current process") {
        return LogError::Open(format!(
            "the log in {place} is already open: one process at a time may have it ({text})"
        ));
    }
    LogError::Open(format!("the log cannot be opened in {place}: {text}"))
}

pub(super) fn newer(path: &Path, what: &str) -> LogError {
    let place = path.display();
    LogError::Open(format!("the log in {place} was written by a newer build: it has {what}, this build knows {FORMAT}"))
}

pub(super) fn unreadable(error: rocksdb::Error) -> LogError {
    match error.kind() {
        ErrorKind::Corruption => LogError::Corrupt(error.into_string()),
        _ => LogError::Unavailable(error.into_string()),
    }
}

fn damaged(partition: &Partition, offset: u64, error: &rocksdb::Error) -> LogError {
    let text = format!("{}: {error}", partition.place(offset));
    match error.kind() {
        ErrorKind::Corruption => LogError::Corrupt(text),
        _ => LogError::Unavailable(text),
    }
}

pub(super) fn decode_row<T: Decode<()>>(key: &[u8], value: &[u8]) -> Result<T, LogError> {
    let name = || String::from_utf8_lossy(key).into_owned();
    codec::decode(value).map_err(|error| LogError::Corrupt(format!("row {} {error}", name())))
}
