//! The log in memory, for tests: the same interface, a clock that tests set, nothing durable.

use crate::log::{AppendError, Chunk, Done, LogError, LogRecord, NewRecord, TopicInfo, Wake};
use crate::time::Time;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Default)]
struct Partition {
    start: u64,
    records: Vec<LogRecord>,
    wakes: Vec<Wake>,
}

impl Partition {
    fn end(&self) -> u64 {
        self.start + self.records.len() as u64
    }
}

#[derive(Default)]
struct Inner {
    topics: BTreeMap<String, Vec<Partition>>,
    clock: Option<Time>,
}

/// A log that lives as long as the process.
#[derive(Default)]
pub struct MemoryLog {
    inner: Mutex<Inner>,
}

impl MemoryLog {
    /// An empty log that stamps records with the machine's clock until [`MemoryLog::set_clock`] is called.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every record gets this time, until it is set again.
    pub fn set_clock(&self, now: Time) {
        self.inner.lock().clock = Some(now);
    }

    fn with<T>(
        &self,
        topic: &str,
        partition: u32,
        act: impl FnOnce(&mut Partition, Time) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut inner = self.inner.lock();
        let now = inner.clock.unwrap_or_else(Time::now);
        let found = inner.topics.get_mut(topic).and_then(|all| all.get_mut(partition as usize));
        act(found.ok_or_else(|| LogError::Unknown(topic.to_owned(), partition))?, now)
    }

    pub(crate) fn create(&self, topic: &str, partitions: u32) -> Result<TopicInfo, LogError> {
        let mut inner = self.inner.lock();
        let all =
            inner.topics.entry(topic.to_owned()).or_insert_with(|| vec![Partition::default(); partitions as usize]);
        if all.len() != partitions as usize {
            let reason = format!("it has {} partitions, {partitions} are asked for", all.len());
            return Err(LogError::Settings { topic: topic.to_owned(), reason });
        }
        Ok(TopicInfo { name: topic.to_owned(), partitions, id: topic.to_owned() })
    }

    pub(crate) fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        let inner = self.inner.lock();
        let info = |(name, all): (&String, &Vec<Partition>)| TopicInfo {
            name: name.clone(),
            partitions: u32::try_from(all.len()).expect("it was created with a u32"),
            id: name.clone(),
        };
        Ok(inner.topics.iter().map(info).collect())
    }

    pub(crate) fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>, done: Done) {
        let appended = self.with(topic, partition, |partition, now| {
            let base = partition.end();
            for (offset, record) in (base..).zip(records) {
                let time = record.time.unwrap_or(now);
                let NewRecord { key, value, headers, .. } = record;
                partition.records.push(LogRecord { offset, time, key, value, headers });
            }
            Ok((base, partition.wakes.clone()))
        });
        match appended {
            Ok((base, wakes)) => {
                wakes.iter().for_each(|wake| wake());
                done(Ok(base));
            }
            Err(error) => done(Err(AppendError::Refused(error.to_string()))),
        }
    }

    pub(crate) fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Chunk, LogError> {
        self.with(topic, partition, |found, _| {
            let (start, end) = (found.start, found.end());
            if from < start || from > end {
                return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, asked: from, start, end });
            }
            let skip = usize::try_from(from - start).expect("what is in memory fits");
            let records: Vec<_> = found.records.iter().skip(skip).take(max).cloned().collect();
            let next = from + records.len() as u64;
            Ok(Chunk { at_end: next == end, next, records })
        })
    }

    pub(crate) fn follow(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        wake: Wake,
    ) -> Result<MemoryFollower, LogError> {
        self.read(topic, partition, from, 0)?;
        self.with(topic, partition, |found, _| {
            found.wakes.push(wake.clone());
            Ok(())
        })?;
        wake();
        Ok(MemoryFollower { log: self.clone(), topic: topic.to_owned(), partition, next: from })
    }

    pub(crate) fn start(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        self.with(topic, partition, |found, _| Ok(found.start))
    }

    pub(crate) fn end(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        self.with(topic, partition, |found, _| Ok(found.end()))
    }

    pub(crate) fn offset_at(&self, topic: &str, partition: u32, time: Time) -> Result<Option<u64>, LogError> {
        self.with(topic, partition, |found, _| {
            Ok(found.records.iter().find(|record| record.time >= time).map(|record| record.offset))
        })
    }

    pub(crate) fn trim(&self, topic: &str, partition: u32, before: u64) -> Result<(), LogError> {
        self.with(topic, partition, |found, _| {
            let (start, end) = (found.start, found.end());
            if before > end {
                return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, asked: before, start, end });
            }
            found.records.retain(|record| record.offset >= before);
            found.start = before.max(start);
            Ok(())
        })
    }
}

/// A reader of one partition of a [`MemoryLog`].
pub struct MemoryFollower {
    log: Arc<MemoryLog>,
    topic: String,
    partition: u32,
    next: u64,
}

impl MemoryFollower {
    pub(crate) fn poll(&mut self, max: usize) -> Result<Chunk, LogError> {
        let chunk = self.log.read(&self.topic, self.partition, self.next, max)?;
        self.next = chunk.next;
        Ok(chunk)
    }
}
