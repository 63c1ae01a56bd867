//! Writing the embedded log: the queue of appends, and the one thread that commits them in groups.

use super::store::{BATCHES, INDEX, IndexRow, max_wal_bytes};
use super::{Partition, RECORD_OVERHEAD, Shared, batch, bytes_of};
use crate::codec;
use crate::log::{AppendError, Done, LogRecord, NewRecord, Wake};
use crate::time::Time;
use rocksdb::WriteBatch;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How often RocksDB's whole write-ahead log is filled before it is noted where the log stands. That counts only at
/// the note behind, when RocksDB has long had to put into files what was written before.
const NOTE_AFTER: u64 = 2;

/// An append that waits for the committer.
pub(super) struct Waiting {
    pub partition: Arc<Partition>,
    pub records: Vec<NewRecord>,
    pub bytes: usize,
    pub done: Done,
}

#[derive(Default)]
pub(super) struct Queue {
    pub waiting: VecDeque<Waiting>,
    pub bytes: usize,
    /// Why nothing more is taken.
    pub closed: Option<String>,
}

impl Shared {
    /// Finds the partition, and what the records weigh; else says why they are refused.
    pub(super) fn admit(
        &self,
        topic: &str,
        partition: u32,
        records: &[NewRecord],
    ) -> Result<(Arc<Partition>, usize), String> {
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
    pub(super) fn enqueue(&self, waiting: Waiting) -> Option<(Done, String)> {
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
pub(super) struct Committer {
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
    pub(super) fn new(shared: Arc<Shared>, next_sequence: u64) -> Self {
        Self { shared, next_sequence, kept: VecDeque::new(), kept_bytes: 0, since_note: 0 }
    }

    pub(super) fn run(&mut self) {
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
        let written = self.shared.write(write);
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
