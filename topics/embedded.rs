//! The embedded log: topics in one RocksDB of this machine, durable by one group-committed `fdatasync`.
//!
//! **Writing.** [`Log::append`](crate::log::Log::append) puts records into a bounded queue. One committer thread
//! drains what waits there for all partitions, stamps times, assigns offsets, and writes everything as one synced
//! `WriteBatch`; only then is anyone told. A failed write leaves unknown what the disk holds, so it ends the log.
//!
//! **Layout.** What grows is written in ascending order and never changed, so that compaction moves whole files:
//!
//! | column family | key | value |
//! |---|---|---|
//! | `batches` | the batch's number in the whole log (u64, big-endian) | CRC-32C, format, header, records (LZ4) |
//! | `index` | topic's number, partition, base offset (big-endian) | batch's number, count, highest time so far |
//! | `default` | `format`, `topic/NAME`, `start/…`, `trimmed`, `checked` | what is known of the log and its topics |
//!
//! **Damage.** Each batch carries a checksum over its records and over the place where it belongs. At open every
//! partition's index must be without a gap, and the batches of the whole log must be numbered without one: the
//! first finds a loss inside a partition, the second one at its end. So that open does not take longer the longer the
//! log is, it looks only at what RocksDB may still have had in its write-ahead log alone. What was being written when the power failed
//! was never acknowledged, and is dropped.
//!
//! **Trimming** deletes index entries and leaves the batches: a file of them goes as a whole once no partition keeps
//! anything that is as old. Deleting single batches would make compaction rewrite all files between old and new.

mod batch;

use crate::codec::{self, Decode, Encode};
use crate::log::{AppendError, Chunk, Done, LogError, LogRecord, NewRecord, TopicInfo, Wake};
use crate::time::Time;
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBPinnableSlice,
    DBRawIterator, DBRecoveryMode, ErrorKind, LogLevel, Options, WriteBatch, WriteOptions,
};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// The format of the folder that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

const BATCHES: &str = "batches";
const INDEX: &str = "index";
const DEFAULT: &str = "default";

const FORMAT_KEY: &[u8] = b"format";
const TRIMMED_KEY: &[u8] = b"trimmed";
const CHECKED_KEY: &[u8] = b"checked";
const TOPIC_PREFIX: &[u8] = b"topic/";
const START_PREFIX: &[u8] = b"start/";

/// How often RocksDB's whole write-ahead log is filled before it is noted where the log stands. That counts only at
/// the note behind, when RocksDB has long had to put into files what was written before.
const NOTE_AFTER: u64 = 2;

/// How many index entries one write of a trim deletes, which bounds its memory.
const TRIM_STEP: usize = 4096;

/// Called once, with the reason, when the log has failed and takes nothing more. Runs on the log's own thread.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// The limits of an [`EmbeddedLog`].
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// Bytes of batches that RocksDB collects in memory before it writes a file. Up to twice as much is in use, and
    /// up to four times as much is read again at the next open. Default 16 MiB.
    pub write_buffer_bytes: usize,
    /// Bytes of RocksDB's cache of blocks. Default 8 MiB.
    pub block_cache_bytes: usize,
    /// How many files RocksDB keeps open. Default 64.
    pub max_open_files: u16,
    /// Bytes of records that may wait for the committer; an append beyond is refused. Default 32 MiB.
    pub max_waiting_bytes: usize,
    /// How many appends may wait for the committer; one more is refused. Default 65,536.
    pub max_waiting_appends: usize,
    /// Bytes of records that one commit takes; an append that is larger is committed alone. Default 4 MiB.
    pub max_commit_bytes: usize,
    /// The largest record, in bytes of key, value and headers; one beyond is refused. Default 1 MiB, which is below
    /// Kafka's own default, so that a log can be copied there.
    pub max_record_bytes: usize,
    /// Bytes of records behind which a stored batch is full and the next one starts. Default 256 KiB.
    pub batch_bytes: usize,
    /// Bytes of memory for the newest records of all partitions together, which followers read without touching
    /// RocksDB. Default 16 MiB.
    pub tail_bytes: usize,
    /// Bytes of records behind which a read returns what it has. Default 4 MiB.
    pub max_read_bytes: usize,
    /// What the program does when the log has failed; it should end, and start again. Default nothing.
    pub on_fatal: Option<OnFatal>,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            write_buffer_bytes: 16 << 20,
            block_cache_bytes: 8 << 20,
            max_open_files: 64,
            max_waiting_bytes: 32 << 20,
            max_waiting_appends: 65_536,
            max_commit_bytes: 4 << 20,
            max_record_bytes: 1 << 20,
            batch_bytes: 256 << 10,
            tail_bytes: 16 << 20,
            max_read_bytes: 4 << 20,
            on_fatal: None,
        }
    }
}

/// What `topic/NAME` holds.
#[derive(Encode, Decode)]
struct TopicRow {
    number: u32,
    partitions: u32,
    id: [u8; 16],
}

/// What `start/…` holds once a partition was trimmed.
#[derive(Encode, Decode)]
struct StartRow {
    start: u64,
    /// The highest time before the start: what is appended to an emptied partition is not older.
    highest: Time,
}

/// What `trimmed` holds: what the numbering of batches must know about those that the index no longer names.
#[derive(Clone, Copy, Default, Encode, Decode)]
struct TrimmedRow {
    /// How many batches were trimmed.
    batches: u64,
    /// One more than the highest number among them.
    above: u64,
}

/// What `checked` holds: where the log stood when nothing was missing and RocksDB had all of it in files, which it
/// guards itself. The next open begins there.
#[derive(Default, Encode, Decode)]
struct CheckedRow {
    next_sequence: u64,
    /// Numbers of topic and partition, and the partition's end.
    ends: Vec<(u32, u32, u64)>,
}

/// What the index says of a batch.
#[derive(Encode, Decode)]
struct IndexRow {
    sequence: u64,
    count: u32,
    /// The highest time in the partition up to the batch's end. Rises even where copied times do not, so a time can
    /// be looked up by bisection.
    highest: Time,
}

/// An entry of the index.
struct Entry {
    base: u64,
    row: IndexRow,
}

impl Entry {
    fn end(&self) -> u64 {
        self.base.saturating_add(u64::from(self.row.count))
    }

    fn holds(&self, offset: u64) -> bool {
        self.base <= offset && offset < self.end()
    }
}

struct Topic {
    id: [u8; 16],
    partitions: Vec<Arc<Partition>>,
}

impl Topic {
    fn new(name: &str, row: &TopicRow) -> Self {
        let partition = |number| Partition {
            topic: name.to_owned(),
            topic_number: row.number,
            topic_id: row.id,
            number,
            state: Mutex::new(State::default()),
        };
        let partitions = (0..row.partitions).map(|number| Arc::new(partition(number))).collect();
        Self { id: row.id, partitions }
    }

    fn info(&self, name: &str) -> TopicInfo {
        let id = self.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let partitions = u32::try_from(self.partitions.len()).expect("it was created with a u32");
        TopicInfo { name: name.to_owned(), partitions, id }
    }
}

struct Partition {
    topic: String,
    topic_number: u32,
    topic_id: [u8; 16],
    number: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    start: u64,
    /// The offset that the next record gets; everything below is durable.
    end: u64,
    highest: Time,
    /// The newest batches, oldest first. Reaches up to `end`, unless it is empty.
    tail: VecDeque<Arc<Vec<LogRecord>>>,
    wakes: Vec<(u64, Wake)>,
    next_wake: u64,
}

impl State {
    /// What memory holds from `from` on, at most `max` records and what remains of their batch; nothing if the
    /// tail starts behind `from`.
    fn recent(&self, from: u64, max: usize) -> Option<Vec<Arc<Vec<LogRecord>>>> {
        if from == self.end {
            return Some(Vec::new());
        }
        let first = |batch: &Arc<Vec<LogRecord>>| batch.first().map_or(u64::MAX, |record| record.offset);
        let behind = self.tail.partition_point(|batch| first(batch) <= from);
        let mut found = Vec::new();
        let mut records = 0;
        for batch in self.tail.iter().skip(behind.checked_sub(1)?) {
            if records >= max {
                break;
            }
            // The first batch gives only what is behind `from`, which may be as little as one record.
            records += if found.is_empty() { 1 } else { batch.len() };
            found.push(batch.clone());
        }
        Some(found)
    }
}

impl Partition {
    fn key(&self) -> (u32, u32) {
        (self.topic_number, self.number)
    }

    fn place(&self, offset: u64) -> String {
        format!("{}/{}@{offset}", self.topic, self.number)
    }

    fn place_of(&self, base: u64, count: u32) -> batch::Place {
        batch::Place { topic: self.topic_id, partition: self.number, base, count }
    }

    fn check_range(&self, state: &State, asked: u64) -> Result<(), LogError> {
        if (state.start..=state.end).contains(&asked) {
            return Ok(());
        }
        let (topic, partition) = (self.topic.clone(), self.number);
        Err(LogError::OutOfRange { topic, partition, asked, start: state.start, end: state.end })
    }

    fn index_key(&self, base: u64) -> [u8; 16] {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&self.topic_number.to_be_bytes());
        key[4..8].copy_from_slice(&self.number.to_be_bytes());
        key[8..].copy_from_slice(&base.to_be_bytes());
        key
    }

    fn start_key(&self) -> Vec<u8> {
        [START_PREFIX, &self.index_key(0)[..8]].concat()
    }
}

/// What a record takes in memory beside its bytes.
const RECORD_OVERHEAD: usize = size_of::<LogRecord>() + 32;

/// An append that waits for the committer.
struct Waiting {
    partition: Arc<Partition>,
    records: Vec<NewRecord>,
    bytes: usize,
    done: Done,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// Why nothing more is taken.
    closed: Option<String>,
}

/// What only one thread at a time may change: the topics and what is kept of them.
struct Admin {
    next_topic: u32,
    trimmed: TrimmedRow,
    /// Where the log stood some time ago: what `checked` says next.
    noted: Option<CheckedRow>,
}

struct Shared {
    db: DB,
    options: EmbeddedOptions,
    topics: RwLock<BTreeMap<String, Arc<Topic>>>,
    queue: Mutex<Queue>,
    arrived: Condvar,
    admin: Mutex<Admin>,
}

/// A log in a folder of this machine, which one process at a time may open.
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl EmbeddedLog {
    /// Opens the log in the folder `path`, or makes an empty one there.
    ///
    /// # Errors
    /// [`LogError::Open`] where the folder is in use, cannot be written or has a newer format;
    /// [`LogError::Corrupt`] where something that was acknowledged is missing or damaged.
    pub fn open(path: impl AsRef<Path>, options: EmbeddedOptions) -> Result<Arc<Self>, LogError> {
        let (shared, next_sequence) = Shared::open(path.as_ref(), options)?;
        let shared = Arc::new(shared);
        let mut committer = Committer::new(shared.clone(), next_sequence);
        let spawned = thread::Builder::new().name("log-committer".to_owned()).spawn(move || committer.run());
        let handle = spawned.map_err(|error| LogError::Open(format!("the log's thread cannot be started: {error}")))?;
        Ok(Arc::new(Self { shared, committer: Mutex::new(Some(handle)) }))
    }

    /// Commits what waits, and takes nothing more; reads go on. The folder is free for another process when the log
    /// and its followers are dropped. Dropping the log closes it.
    pub fn close(&self) {
        self.shared.queue.lock().closed.get_or_insert_with(|| "the log is closed".to_owned());
        self.shared.arrived.notify_one();
        let Some(handle) = self.committer.lock().take() else { return };
        // The last handle on a log may be dropped in what an append calls when it is done.
        if handle.thread().id() == thread::current().id() {
            return;
        }
        if handle.join().is_err() {
            tracing::error!("the thread of the embedded log has panicked");
        }
    }

    pub(crate) fn create(&self, topic: &str, partitions: u32) -> Result<TopicInfo, LogError> {
        self.shared.create(topic, partitions)
    }

    pub(crate) fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        Ok(self.shared.topics.read().iter().map(|(name, topic)| topic.info(name)).collect())
    }

    pub(crate) fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>, done: Done) {
        let admitted = self.shared.admit(topic, partition, &records);
        let refused = match admitted {
            Ok((partition, bytes)) => self.shared.enqueue(Waiting { partition, records, bytes, done }),
            Err(reason) => Some((done, reason)),
        };
        if let Some((done, reason)) = refused {
            done(Err(AppendError::Refused(reason)));
        }
    }

    pub(crate) fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Chunk, LogError> {
        let partition = self.shared.partition(topic, partition)?;
        self.shared.read(&partition, from, max, &mut VecDeque::new())
    }

    pub(crate) fn follow(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        wake: Wake,
    ) -> Result<EmbeddedFollower, LogError> {
        let partition = self.shared.partition(topic, partition)?;
        let wake_id = {
            let mut state = partition.state.lock();
            partition.check_range(&state, from)?;
            state.next_wake += 1;
            let id = state.next_wake;
            state.wakes.push((id, wake.clone()));
            id
        };
        wake();
        Ok(EmbeddedFollower { log: self.clone(), partition, wake_id, next: from, decoded: VecDeque::new() })
    }

    pub(crate) fn start(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        Ok(self.shared.partition(topic, partition)?.state.lock().start)
    }

    pub(crate) fn end(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        Ok(self.shared.partition(topic, partition)?.state.lock().end)
    }

    pub(crate) fn offset_at(&self, topic: &str, partition: u32, time: Time) -> Result<Option<u64>, LogError> {
        let partition = self.shared.partition(topic, partition)?;
        self.shared.offset_at(&partition, time)
    }

    pub(crate) fn trim(&self, topic: &str, partition: u32, before: u64) -> Result<(), LogError> {
        let partition = self.shared.partition(topic, partition)?;
        self.shared.trim(&partition, before)
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// A reader of one partition of an [`EmbeddedLog`].
pub struct EmbeddedFollower {
    log: Arc<EmbeddedLog>,
    partition: Arc<Partition>,
    wake_id: u64,
    next: u64,
    /// The rest of a batch that was read and decoded, so that a small `max` does not decode it again.
    decoded: VecDeque<LogRecord>,
}

impl EmbeddedFollower {
    pub(crate) fn poll(&mut self, max: usize) -> Result<Chunk, LogError> {
        let chunk = self.log.shared.read(&self.partition, self.next, max, &mut self.decoded)?;
        self.next = chunk.next;
        Ok(chunk)
    }
}

impl Drop for EmbeddedFollower {
    fn drop(&mut self) {
        self.partition.state.lock().wakes.retain(|(id, _)| *id != self.wake_id);
    }
}

/// Opening: what must be true of a folder before anything is served from it.
impl Shared {
    fn open(path: &Path, options: EmbeddedOptions) -> Result<(Self, u64), LogError> {
        let db = open_database(path, &options)?;
        let shared = Self {
            db,
            options,
            topics: RwLock::default(),
            queue: Mutex::default(),
            arrived: Condvar::new(),
            admin: Mutex::new(Admin { next_topic: 0, trimmed: TrimmedRow::default(), noted: None }),
        };
        shared.check_format(path)?;
        shared.load_topics()?;
        let next_sequence = shared.check_partitions()?;
        Ok((shared, next_sequence))
    }

    fn check_format(&self, path: &Path) -> Result<(), LogError> {
        if let Some(found) = self.row::<u32>(FORMAT_KEY)? {
            return if found <= FORMAT { Ok(()) } else { Err(newer(path, &format!("format {found}"))) };
        }
        // A folder without a format is one that was never finished, unless something is in it.
        if self.last_batch()?.is_some() || !self.rows(TOPIC_PREFIX)?.is_empty() {
            return Err(LogError::Corrupt(format!("{} holds records but no format", path.display())));
        }
        let mut write = WriteBatch::default();
        write.put(FORMAT_KEY, codec::encode(&FORMAT));
        self.write(write, true)
    }

    fn load_topics(&self) -> Result<(), LogError> {
        let mut admin = self.admin.lock();
        admin.trimmed = self.row(TRIMMED_KEY)?.unwrap_or_default();
        for (key, value) in self.rows(TOPIC_PREFIX)? {
            let name = String::from_utf8_lossy(&key[TOPIC_PREFIX.len()..]).into_owned();
            let row = decode_row::<TopicRow>(&key, &value)?;
            admin.next_topic = admin.next_topic.max(row.number + 1);
            self.topics.write().insert(name.clone(), Arc::new(Topic::new(&name, &row)));
        }
        Ok(())
    }

    /// Checks that nothing is missing, and returns the number of the next batch.
    fn check_partitions(&self) -> Result<u64, LogError> {
        let mut admin = self.admin.lock();
        let checked: Option<CheckedRow> = self.row(CHECKED_KEY)?;
        let ends = checked.iter().flat_map(|row| &row.ends);
        let ends: BTreeMap<_, _> = ends.map(|(topic, partition, end)| ((*topic, *partition), *end)).collect();
        let mut counted = 0;
        let mut next = self.last_batch()?.map_or(0, |sequence| sequence.saturating_add(1));
        for partition in self.all_partitions() {
            if let Some(row) = self.row::<StartRow>(&partition.start_key())? {
                let mut state = partition.state.lock();
                (state.start, state.end, state.highest) = (row.start, row.start, row.highest);
            }
            self.drop_entries(&partition, &mut admin)?;
            let from = ends.get(&partition.key()).copied().unwrap_or_default();
            let (batches, above) = self.check_partition(&partition, from)?;
            counted += batches;
            next = next.max(above);
        }
        // What was trimmed since a row `checked` is not known, so a trim deletes that row.
        let known = checked.map_or(admin.trimmed.batches, |row| row.next_sequence);
        next = next.max(admin.trimmed.above).max(known);
        if known + counted != next {
            return Err(LogError::Corrupt(self.name_gap(next)?));
        }
        // By now RocksDB has written all that it recovered into files.
        let mut write = WriteBatch::default();
        write.put(CHECKED_KEY, codec::encode(&self.standing(next)));
        self.write(write, false)?;
        Ok(next)
    }

    /// Checks what one partition has from `from` on, sets its end, and returns how many batches were looked at, and
    /// one more than the highest of their numbers.
    fn check_partition(&self, partition: &Partition, from: u64) -> Result<(u64, u64), LogError> {
        let mut state = partition.state.lock();
        let mut last: Option<Entry> = None;
        let (mut batches, mut above) = (0, 0);
        let mut entries = self.entries(partition);
        entries.seek(from.saturating_sub(1));
        if from > state.start {
            let entry = entries.next_holding(from - 1)?;
            state.end = entry.end();
            last = Some(entry);
        }
        while let Some(entry) = entries.next()? {
            let follows = if last.is_none() { entry.base <= state.start } else { entry.base == state.end };
            if !follows {
                let place = partition.place(state.end);
                return Err(LogError::Corrupt(format!("{place} is missing, {} is there", partition.place(entry.base))));
            }
            state.end = entry.end();
            batches += 1;
            above = above.max(entry.row.sequence.saturating_add(1));
            last = Some(entry);
        }
        if let Some(last) = last {
            state.highest = state.highest.max(last.row.highest);
            self.batch(partition, &last)?;
        }
        Ok((batches, above))
    }

    /// Where the log stands, for `checked`.
    fn standing(&self, next_sequence: u64) -> CheckedRow {
        let end = |partition: Arc<Partition>| (partition.topic_number, partition.number, partition.state.lock().end);
        CheckedRow { next_sequence, ends: self.all_partitions().into_iter().map(end).collect() }
    }

    /// Adds to a commit where the log stood at the note before this one, and notes where it stands now. Nothing
    /// must be trimmed until that is written, so it is left for later if something is being trimmed.
    fn note(&self, next_sequence: u64, write: &mut WriteBatch) -> Option<MutexGuard<'_, Admin>> {
        let mut admin = self.admin.try_lock()?;
        if let Some(before) = admin.noted.replace(self.standing(next_sequence)) {
            write.put(CHECKED_KEY, codec::encode(&before));
        }
        Some(admin)
    }

    /// Says which batch is missing from the numbering, as exactly as what is left allows.
    fn name_gap(&self, next: u64) -> Result<String, LogError> {
        let mut all = Vec::new();
        for partition in self.all_partitions() {
            let mut entries = self.entries(&partition);
            entries.seek(0);
            while let Some(entry) = entries.next()? {
                all.push((entry.row.sequence, partition.clone(), entry.end()));
            }
        }
        all.sort_by_key(|(sequence, ..)| *sequence);
        // The newest gap: older ones may be what was trimmed.
        let ends = all.iter().skip(1).map(|(sequence, ..)| *sequence).chain([next]);
        let gaps = all.iter().zip(ends).filter(|((sequence, ..), end)| sequence + 1 < *end);
        let Some(((sequence, partition, end), _)) = gaps.last() else {
            return Ok(format!("the log's first batches are missing, below number {next}"));
        };
        let missing = sequence + 1;
        if let Some(place) = self.place_of(missing)? {
            return Ok(format!("{place} is missing from the index (batch {missing})"));
        }
        let neighbour = partition.place(end - 1);
        Ok(format!("batch {missing} is missing, which was written right behind {neighbour}"))
    }

    /// Where the batch of this number says that it belongs.
    fn place_of(&self, sequence: u64) -> Result<Option<String>, LogError> {
        let value = self.db.get_cf(self.family(BATCHES), sequence.to_be_bytes()).map_err(unreadable)?;
        let Some(place) = value.and_then(|stored| batch::place(&stored).ok()) else { return Ok(None) };
        let topics = self.topics.read();
        let topic = topics.iter().find(|(_, topic)| topic.id == place.topic);
        Ok(topic.map(|(name, _)| format!("{name}/{}@{}", place.partition, place.base)))
    }

    fn last_batch(&self) -> Result<Option<u64>, LogError> {
        let mut iterator = self.db.raw_iterator_cf(self.family(BATCHES));
        iterator.seek_to_last();
        iterator.status().map_err(unreadable)?;
        let Some(key) = iterator.key() else { return Ok(None) };
        let key = key.try_into().map_err(|_| LogError::Corrupt("the last batch has no number".to_owned()))?;
        Ok(Some(u64::from_be_bytes(key)))
    }

    fn all_partitions(&self) -> Vec<Arc<Partition>> {
        self.topics.read().values().flat_map(|topic| topic.partitions.iter().cloned()).collect()
    }
}

type KeyAndValue = (Box<[u8]>, Box<[u8]>);

/// RocksDB, as the log uses it.
impl Shared {
    fn family(&self, name: &str) -> &ColumnFamily {
        self.db.cf_handle(name).expect("it was opened with all of them")
    }

    fn write(&self, write: WriteBatch, sync: bool) -> Result<(), LogError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.db.write_opt(write, &options).map_err(|error| LogError::Unavailable(error.to_string()))
    }

    fn row<T: Decode<()>>(&self, key: &[u8]) -> Result<Option<T>, LogError> {
        let value = self.db.get(key).map_err(unreadable)?;
        value.map(|value| decode_row(key, &value)).transpose()
    }

    fn rows(&self, prefix: &[u8]) -> Result<Vec<KeyAndValue>, LogError> {
        let from = rocksdb::IteratorMode::From(prefix, rocksdb::Direction::Forward);
        let all: Result<Vec<_>, _> = self.db.iterator(from).collect();
        let mut all = all.map_err(unreadable)?;
        all.retain(|(key, _)| key.starts_with(prefix));
        Ok(all)
    }

    fn entries<'a>(&'a self, partition: &'a Partition) -> Entries<'a> {
        Entries { iterator: self.db.raw_iterator_cf(self.family(INDEX)), partition }
    }

    fn batch(&self, partition: &Partition, entry: &Entry) -> Result<Vec<LogRecord>, LogError> {
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
struct Entries<'a> {
    iterator: DBRawIterator<'a>,
    partition: &'a Partition,
}

impl Entries<'_> {
    /// Goes to the batch that holds `offset`: the last one that starts at or before it, else the first one.
    fn seek(&mut self, offset: u64) {
        self.iterator.seek_for_prev(self.partition.index_key(offset));
        if !self.on_partition() {
            self.iterator.seek(self.partition.index_key(0));
        }
    }

    fn on_partition(&self) -> bool {
        self.iterator.key().is_some_and(|key| key.starts_with(&self.partition.index_key(0)[..8]))
    }

    /// The entry that this stands on; goes on to the one behind it.
    fn next(&mut self) -> Result<Option<Entry>, LogError> {
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
    fn next_holding(&mut self, offset: u64) -> Result<Entry, LogError> {
        let entry = self.next()?.filter(|entry| entry.holds(offset));
        entry.ok_or_else(|| LogError::Corrupt(format!("{} is missing", self.partition.place(offset))))
    }
}

/// Topics and trimming.
impl Shared {
    fn check_open(&self) -> Result<(), LogError> {
        let closed = self.queue.lock().closed.clone();
        closed.map_or(Ok(()), |reason| Err(LogError::Unavailable(reason)))
    }

    fn create(&self, name: &str, partitions: u32) -> Result<TopicInfo, LogError> {
        let settings = |reason: String| LogError::Settings { topic: name.to_owned(), reason };
        self.check_open()?;
        let mut admin = self.admin.lock();
        if let Some(topic) = self.topics.read().get(name) {
            let info = topic.info(name);
            if info.partitions != partitions {
                let reason = format!("it has {} partitions, {partitions} are asked for", info.partitions);
                return Err(settings(reason));
            }
            return Ok(info);
        }
        if name.is_empty() || partitions == 0 {
            return Err(settings("a topic has a name and at least one partition".to_owned()));
        }
        let row = TopicRow { number: admin.next_topic, partitions, id: random_id() };
        let mut write = WriteBatch::default();
        write.put([TOPIC_PREFIX, name.as_bytes()].concat(), codec::encode(&row));
        self.write(write, true)?;
        admin.next_topic += 1;
        let topic = Arc::new(Topic::new(name, &row));
        let info = topic.info(name);
        self.topics.write().insert(name.to_owned(), topic);
        Ok(info)
    }

    fn partition(&self, topic: &str, partition: u32) -> Result<Arc<Partition>, LogError> {
        let topics = self.topics.read();
        let found = topics.get(topic).and_then(|topic| topic.partitions.get(partition as usize));
        found.cloned().ok_or_else(|| LogError::Unknown(topic.to_owned(), partition))
    }

    fn trim(&self, partition: &Partition, before: u64) -> Result<(), LogError> {
        self.check_open()?;
        let mut admin = self.admin.lock();
        let highest = {
            let state = partition.state.lock();
            if before > state.end {
                partition.check_range(&state, before)?;
            }
            if before <= state.start {
                return Ok(());
            }
            state.highest
        };
        let mut write = WriteBatch::default();
        write.put(partition.start_key(), codec::encode(&StartRow { start: before, highest }));
        // How much of what is trimmed lies behind it is not known, so the next open looks at everything.
        write.delete(CHECKED_KEY);
        admin.noted = None;
        self.write(write, true)?;
        // From here on readers are told that it is gone, so no one misses what is deleted below.
        partition.state.lock().start = before;
        self.drop_entries(partition, &mut admin)?;
        self.drop_files(&admin)
    }

    /// Deletes the index entries below the start. Open repeats what a crash has cut short.
    fn drop_entries(&self, partition: &Partition, admin: &mut Admin) -> Result<(), LogError> {
        let start = partition.state.lock().start;
        loop {
            let mut write = WriteBatch::default();
            let mut trimmed = admin.trimmed;
            let mut entries = self.entries(partition);
            entries.seek(0);
            while let Some(entry) = entries.next()? {
                if entry.end() > start || write.len() >= TRIM_STEP {
                    break;
                }
                write.delete_cf(self.family(INDEX), partition.index_key(entry.base));
                trimmed.batches += 1;
                trimmed.above = trimmed.above.max(entry.row.sequence.saturating_add(1));
            }
            if write.is_empty() {
                return Ok(());
            }
            write.put(TRIMMED_KEY, codec::encode(&trimmed));
            self.write(write, false)?;
            admin.trimmed = trimmed;
        }
    }

    /// Deletes the files whose batches are all older than what any partition keeps.
    fn drop_files(&self, admin: &Admin) -> Result<(), LogError> {
        // Not beyond what was trimmed: what is being appended meanwhile has higher numbers.
        let mut kept = admin.trimmed.above;
        for partition in self.all_partitions() {
            let mut entries = self.entries(&partition);
            entries.seek(0);
            if let Some(entry) = entries.next()? {
                kept = kept.min(entry.row.sequence);
            }
        }
        let Some(last) = kept.checked_sub(1) else { return Ok(()) };
        let deleted = self.db.delete_file_in_range_cf(self.family(BATCHES), 0u64.to_be_bytes(), last.to_be_bytes());
        deleted.map_err(|error| LogError::Unavailable(error.to_string()))
    }
}

/// Reading.
impl Shared {
    fn read(
        &self,
        partition: &Partition,
        from: u64,
        max: usize,
        decoded: &mut VecDeque<LogRecord>,
    ) -> Result<Chunk, LogError> {
        let (end, recent) = {
            let state = partition.state.lock();
            partition.check_range(&state, from)?;
            (state.end, state.recent(from, max))
        };
        let mut taken = Taken::new(from, max, self.options.max_read_bytes);
        match recent {
            Some(batches) => {
                decoded.clear();
                batches.iter().for_each(|batch| taken.copy(batch));
            }
            None => self.read_stored(partition, end, decoded, &mut taken)?,
        }
        Ok(Chunk { at_end: taken.next == end, next: taken.next, records: taken.records })
    }

    fn read_stored(
        &self,
        partition: &Partition,
        end: u64,
        decoded: &mut VecDeque<LogRecord>,
        taken: &mut Taken,
    ) -> Result<(), LogError> {
        if decoded.front().is_none_or(|record| record.offset != taken.next) {
            decoded.clear();
        }
        taken.drain(decoded);
        if taken.is_full() || taken.next >= end {
            return Ok(());
        }
        let mut entries = self.entries(partition);
        entries.seek(taken.next);
        while !taken.is_full() && taken.next < end {
            match self.next_batch(partition, &mut entries, taken.next) {
                Ok(batch) => *decoded = batch.into(),
                // What stands before the damage is good; the next read starts at it.
                Err(_) if !taken.records.is_empty() => return Ok(()),
                Err(error) => {
                    partition.check_range(&partition.state.lock(), taken.next)?;
                    return Err(error);
                }
            }
            taken.drain(decoded);
        }
        Ok(())
    }

    fn next_batch(
        &self,
        partition: &Partition,
        entries: &mut Entries<'_>,
        offset: u64,
    ) -> Result<Vec<LogRecord>, LogError> {
        let entry = entries.next_holding(offset)?;
        self.batch(partition, &entry)
    }

    fn offset_at(&self, partition: &Partition, time: Time) -> Result<Option<u64>, LogError> {
        loop {
            let (start, end) = {
                let state = partition.state.lock();
                (state.start, state.end)
            };
            let found = self.search(partition, start, end, time);
            // What is missing may have been trimmed meanwhile.
            if found.is_ok() || partition.state.lock().start == start {
                return found;
            }
        }
    }

    fn search(&self, partition: &Partition, start: u64, end: u64, time: Time) -> Result<Option<u64>, LogError> {
        let mut entries = self.entries(partition);
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = low + (high - low) / 2;
            entries.seek(middle);
            let entry = entries.next_holding(middle)?;
            if entry.row.highest < time {
                low = entry.end();
            } else {
                high = entry.base;
            }
        }
        // The batch at `low` is the first one that reaches `time`. What reached it may be trimmed, so look on.
        let mut offset = low;
        entries.seek(offset);
        while offset < end {
            let batch = self.next_batch(partition, &mut entries, offset)?;
            if let Some(found) = batch.iter().find(|record| record.offset >= start && record.time >= time) {
                return Ok(Some(found.offset));
            }
            offset = batch.last().map_or(end, |record| record.offset + 1);
        }
        Ok(None)
    }
}

/// The records that a read has collected.
struct Taken {
    records: Vec<LogRecord>,
    next: u64,
    max: usize,
    room: usize,
}

impl Taken {
    fn new(next: u64, max: usize, room: usize) -> Self {
        Self { records: Vec::new(), next, max, room }
    }

    fn is_full(&self) -> bool {
        self.records.len() >= self.max || self.room == 0
    }

    fn push(&mut self, record: LogRecord) {
        self.room = self.room.saturating_sub(bytes_of(&record.key, &record.value, &record.headers) + RECORD_OVERHEAD);
        self.next = record.offset + 1;
        self.records.push(record);
    }

    /// Copies what is wanted of a batch in memory.
    fn copy(&mut self, batch: &[LogRecord]) {
        let before = batch.partition_point(|record| record.offset < self.next);
        for record in &batch[before..] {
            if self.is_full() {
                return;
            }
            self.push(record.clone());
        }
    }

    /// Takes what is wanted of a decoded batch, and leaves the rest.
    fn drain(&mut self, batch: &mut VecDeque<LogRecord>) {
        while !self.is_full() {
            let Some(record) = batch.pop_front() else { return };
            if record.offset >= self.next {
                self.push(record);
            }
        }
    }
}

/// Taking appends in.
impl Shared {
    /// Finds the partition, and what the records weigh; else says why they are refused.
    fn admit(&self, topic: &str, partition: u32, records: &[NewRecord]) -> Result<(Arc<Partition>, usize), String> {
        let partition = self.partition(topic, partition).map_err(|error| error.to_string())?;
        let limit = self.options.max_record_bytes;
        let mut total = 0;
        for record in records {
            let bytes = bytes_of(&record.key, &record.value, &record.headers);
            if bytes > limit {
                return Err(format!("a record has {bytes} bytes, the limit is {limit}"));
            }
            total += bytes + RECORD_OVERHEAD;
        }
        Ok((partition, total))
    }

    /// Gives back what cannot wait, with the reason.
    fn enqueue(&self, waiting: Waiting) -> Option<(Done, String)> {
        let mut queue = self.queue.lock();
        if let Some(reason) = &queue.closed {
            return Some((waiting.done, reason.clone()));
        }
        let full = queue.waiting.len() >= self.options.max_waiting_appends
            || queue.bytes + waiting.bytes > self.options.max_waiting_bytes;
        if full {
            return Some((waiting.done, "too much waits to be written".to_owned()));
        }
        queue.bytes += waiting.bytes;
        queue.waiting.push_back(waiting);
        drop(queue);
        self.arrived.notify_one();
        None
    }

    /// Waits for appends and takes as many as one commit may hold; nothing once the log is closed and drained.
    fn next_group(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock();
        while queue.waiting.is_empty() {
            if queue.closed.is_some() {
                return None;
            }
            self.arrived.wait(&mut queue);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(next) = queue.waiting.front() {
            if !group.is_empty() && bytes + next.bytes > self.options.max_commit_bytes {
                break;
            }
            bytes += next.bytes;
            group.extend(queue.waiting.pop_front());
        }
        queue.bytes -= bytes;
        Some(group)
    }

    /// Ends the log: what a failed write or sync has left on the disk cannot be known.
    fn fail(&self, reason: &str) {
        let waiting = {
            let mut queue = self.queue.lock();
            queue.closed = Some(format!("the log has failed: {reason}"));
            queue.bytes = 0;
            std::mem::take(&mut queue.waiting)
        };
        for waiting in waiting {
            tell(waiting.done, Err(AppendError::Unknown(reason.to_owned())));
        }
        if let Some(hook) = &self.options.on_fatal {
            hook(reason);
        }
    }
}

/// The one thread that writes batches: what it alone knows.
struct Committer {
    shared: Arc<Shared>,
    next_sequence: u64,
    /// The batches that the partitions keep in memory, oldest first, with their bytes.
    kept: VecDeque<(Arc<Partition>, usize)>,
    kept_bytes: usize,
    /// Bytes that were written since the last note of where the log stands.
    since_note: u64,
}

/// A batch that is being filled.
struct Filling {
    partition: Arc<Partition>,
    base: u64,
    highest: Time,
    records: Vec<LogRecord>,
    bytes: usize,
}

impl Filling {
    fn first(partition: &Arc<Partition>) -> Self {
        let (base, highest) = {
            let state = partition.state.lock();
            (state.end, state.highest)
        };
        Self { partition: partition.clone(), base, highest, records: Vec::new(), bytes: 0 }
    }

    fn following(&self) -> Self {
        let partition = self.partition.clone();
        Self { partition, base: self.end(), highest: self.highest, records: Vec::new(), bytes: 0 }
    }

    fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    fn push(&mut self, record: NewRecord, now: Time) {
        let offset = self.end();
        let time = record.time.unwrap_or_else(|| now.max(self.highest));
        self.highest = self.highest.max(time);
        self.bytes += bytes_of(&record.key, &record.value, &record.headers) + RECORD_OVERHEAD;
        let NewRecord { key, value, headers, .. } = record;
        self.records.push(LogRecord { offset, time, key, value, headers });
    }
}

/// The batches of one commit.
struct Plan {
    batches: Vec<Filling>,
    /// The batch that a partition's next records go to, by the numbers of topic and partition.
    open: BTreeMap<(u32, u32), usize>,
    now: Time,
    full_at: usize,
}

impl Plan {
    /// Adds an append, and returns the offset of its first record.
    fn add(&mut self, partition: &Arc<Partition>, records: Vec<NewRecord>) -> u64 {
        let key = partition.key();
        let mut at = *self.open.entry(key).or_insert_with(|| {
            self.batches.push(Filling::first(partition));
            self.batches.len() - 1
        });
        let base = self.batches[at].end();
        for record in records {
            if self.batches[at].bytes >= self.full_at {
                self.batches.push(self.batches[at].following());
                at = self.batches.len() - 1;
                self.open.insert(key, at);
            }
            self.batches[at].push(record, self.now);
        }
        base
    }
}

impl Committer {
    fn new(shared: Arc<Shared>, next_sequence: u64) -> Self {
        Self { shared, next_sequence, kept: VecDeque::new(), kept_bytes: 0, since_note: 0 }
    }

    fn run(&mut self) {
        while let Some(group) = self.shared.next_group() {
            if let Err(reason) = self.commit(group) {
                tracing::error!(reason, "the log cannot be written");
                self.shared.fail(&reason);
                return;
            }
        }
    }

    fn commit(&mut self, group: Vec<Waiting>) -> Result<(), String> {
        let full_at = self.shared.options.batch_bytes;
        let mut plan = Plan { batches: Vec::new(), open: BTreeMap::new(), now: Time::now(), full_at };
        let mut answers = Vec::with_capacity(group.len());
        for waiting in group {
            let base = plan.add(&waiting.partition, waiting.records);
            answers.push((waiting.done, base));
        }
        if let Err(reason) = self.write(&plan.batches) {
            for (done, _) in answers {
                tell(done, Err(AppendError::Unknown(reason.clone())));
            }
            return Err(reason);
        }
        let wakes = self.publish(plan);
        for (done, base) in answers {
            tell(done, Ok(base));
        }
        for wake in wakes {
            guard(|| wake());
        }
        Ok(())
    }

    fn write(&mut self, batches: &[Filling]) -> Result<(), String> {
        let mut write = WriteBatch::default();
        let first = self.next_sequence;
        for batch in batches.iter().filter(|batch| !batch.records.is_empty()) {
            let sequence = self.next_sequence;
            self.next_sequence += 1;
            let count = u32::try_from(batch.records.len()).expect("a batch is bounded in bytes");
            let stored = batch::encode(batch.partition.place_of(batch.base, count), &batch.records);
            write.put_cf(self.shared.family(BATCHES), sequence.to_be_bytes(), stored);
            let row = codec::encode(&IndexRow { sequence, count, highest: batch.highest });
            write.put_cf(self.shared.family(INDEX), batch.partition.index_key(batch.base), row);
        }
        if write.is_empty() {
            return Ok(());
        }
        let mut noted = None;
        self.since_note += write.size_in_bytes() as u64;
        if self.since_note >= NOTE_AFTER * max_wal_bytes(&self.shared.options) {
            noted = self.shared.note(first, &mut write);
        }
        if noted.is_some() {
            self.since_note = 0;
        }
        let written = self.shared.write(write, true);
        drop(noted);
        written.map_err(|error| error.to_string())
    }

    /// Shows readers what is durable now, and returns who follows it.
    fn publish(&mut self, plan: Plan) -> Vec<Wake> {
        let mut wakes = Vec::new();
        for (at, batch) in plan.batches.into_iter().enumerate() {
            let (end, highest) = (batch.end(), batch.highest);
            let mut state = batch.partition.state.lock();
            (state.end, state.highest) = (end, highest);
            if plan.open.get(&batch.partition.key()) == Some(&at) {
                wakes.extend(state.wakes.iter().map(|(_, wake)| wake.clone()));
            }
            if !batch.records.is_empty() {
                state.tail.push_back(Arc::new(batch.records));
                self.kept_bytes += batch.bytes;
                self.kept.push_back((batch.partition.clone(), batch.bytes));
            }
        }
        self.forget();
        wakes
    }

    /// Lets go of the oldest batches beyond the limit.
    fn forget(&mut self) {
        while self.kept_bytes > self.shared.options.tail_bytes {
            let Some((partition, bytes)) = self.kept.pop_front() else { return };
            self.kept_bytes -= bytes;
            partition.state.lock().tail.pop_front();
        }
    }
}

fn tell(done: Done, result: Result<u64, AppendError>) {
    guard(|| done(result));
}

/// Runs what others have handed over: if it panics, the log goes on for everyone else.
fn guard(call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("what was to be called behind an append has panicked");
    }
}

fn open_database(path: &Path, options: &EmbeddedOptions) -> Result<DB, LogError> {
    let mut database = Options::default();
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    // RocksDB's own default drops everything behind a damaged place without a word.
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
    }
    let opened = DB::open_cf_descriptors(&database, path, families(options));
    opened.map_err(|error| not_opened(path, &error))
}

/// Bytes of write-ahead log above which RocksDB writes files, so that it can let go of the oldest of it.
fn max_wal_bytes(options: &EmbeddedOptions) -> u64 {
    4 * options.write_buffer_bytes as u64
}

/// Makes the folder, and its name durable.
fn make_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    let parent = path.canonicalize()?.parent().map(Path::to_owned);
    parent.map_or(Ok(()), |parent| std::fs::File::open(parent)?.sync_all())
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

fn newer(path: &Path, what: &str) -> LogError {
    let place = path.display();
    LogError::Open(format!("the log in {place} was written by a newer build: it has {what}, this build knows {FORMAT}"))
}

fn unreadable(error: rocksdb::Error) -> LogError {
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

fn decode_row<T: Decode<()>>(key: &[u8], value: &[u8]) -> Result<T, LogError> {
    let name = || String::from_utf8_lossy(key).into_owned();
    codec::decode(value).map_err(|error| LogError::Corrupt(format!("row {} {error}", name())))
}

/// What a record takes in the queue, a batch or a read, in bytes.
fn bytes_of(key: &[u8], value: &[u8], headers: &[(String, Vec<u8>)]) -> usize {
    key.len() + value.len() + headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

/// 128 bits that no other topic has: the standard library seeds its hashers from the system's randomness.
fn random_id() -> [u8; 16] {
    let mut id = [0; 16];
    for half in id.chunks_exact_mut(8) {
        half.copy_from_slice(&RandomState::new().hash_one(Time::now()).to_be_bytes());
    }
    id
}

#[cfg(test)]
mod tests;
