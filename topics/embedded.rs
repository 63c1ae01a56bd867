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
//! was never acknowledged, and is dropped; what is damaged before it is not taken for that (`wal.rs`).
//!
//! **Trimming** deletes index entries and leaves the batches: a file of them goes as a whole once no partition keeps
//! anything that is as old. Deleting single batches would make compaction rewrite all files between old and new.

mod batch;
mod commit;
mod open;
mod read;
mod store;
#[cfg(test)]
mod tests;
mod wal;

use crate::codec;
use crate::log::{AppendError, Chunk, Done, LogError, LogRecord, NewRecord, TopicInfo, Wake};
use crate::time::Time;
use commit::{Committer, Queue, Waiting};
use parking_lot::{Condvar, Mutex, RwLock};
use rocksdb::{DB, WriteBatch};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use store::{
    BATCHES, CHECKED_KEY, CheckedRow, INDEX, START_PREFIX, StartRow, TOPIC_PREFIX, TRIMMED_KEY, TopicRow, TrimmedRow,
};

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
    /// [`LogError::Corrupt`] where something that was acknowledged is missing or damaged; [`LogError::Unavailable`]
    /// where the disk cannot be read.
    pub fn open(path: impl AsRef<Path>, options: EmbeddedOptions) -> Result<Arc<Self>, LogError> {
        let (shared, next_sequence) = Shared::open(path.as_ref(), options)?;
        let shared = Arc::new(shared);
        let mut committer = Committer::new(shared.clone(), next_sequence);
        let spawned = thread::Builder::new().name("log-committer".to_owned()).spawn(move || committer.run());
        let handle = spawned.map_err(|error| LogError::Open(format!("the log's thread cannot be started: {error}")))?;
        Ok(Arc::new(Self { shared, committer: Mutex::new(Some(handle)) }))
    }

    /// The format of the folder that this build writes, and the newest that it reads.
    pub const FORMAT: u32 = store::FORMAT;

    /// Links and copies the log as it is now into a folder that is not there yet, while appends go on. Everything
    /// that was acknowledged before the call is in it, and it opens as a log of its own.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] where the folder cannot be made.
    pub fn checkpoint(&self, folder: &Path) -> Result<(), LogError> {
        let fail = |error: rocksdb::Error| LogError::Unavailable(format!("{}: {error}", folder.display()));
        let checkpoint = rocksdb::checkpoint::Checkpoint::new(&self.shared.db).map_err(fail)?;
        checkpoint.create_checkpoint(folder).map_err(fail)
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
        self.write(write)?;
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
        self.write(write)?;
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
            self.write(write)?;
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
