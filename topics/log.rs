//! The log: topics of partitions of records, durable when an append returns. One interface over three logs.
//!
//! Offsets of a partition rise but may have holes. "Caught up" is what a reader is told ([`Chunk::at_end`]), never
//! arithmetic on offsets.

use crate::embedded::{EmbeddedFollower, EmbeddedLog};
use crate::kafka::{KafkaFollower, KafkaLog};
use crate::memory::{MemoryFollower, MemoryLog};
use crate::time::Time;
use std::sync::Arc;

/// A record that stands in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRecord {
    /// Its offset in the partition.
    pub offset: u64,
    /// When it was appended, by the log's own clock.
    pub time: Time,
    /// The routing key; empty for records that need none.
    pub key: Vec<u8>,
    /// What it says; see [`crate::record`].
    pub value: Vec<u8>,
    /// Names and values beside the record, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A record to append.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// The routing key.
    pub key: Vec<u8>,
    /// What it says.
    pub value: Vec<u8>,
    /// Names and values beside the record, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Set only when a log is copied: the time that the record had in the other log. The log stamps all others.
    pub time: Option<Time>,
}

/// Why an append did not return an offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The records are surely not in the log: the caller may try again.
    #[error("not appended: {0}")]
    Refused(String),
    /// The records may or may not be in the log.
    #[error("it is not known whether the log has it: {0}")]
    Unknown(String),
}

/// Why the log could not be read or set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// No topic of this name, or no such partition in it.
    #[error("there is no partition {1} of topic {0}")]
    Unknown(String, u32),
    /// The offset is below what is kept or beyond the end.
    #[error("{topic}/{partition} has no offset {asked}: it holds {start} up to before {end}")]
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// What was asked for.
        asked: u64,
        /// The first offset that is kept.
        start: u64,
        /// The offset that the next record gets.
        end: u64,
    },
    /// The log is damaged: what it names must not be served.
    #[error("the log is damaged: {0}")]
    Corrupt(String),
    /// A topic exists with settings that Millrace refuses.
    #[error("topic {topic} cannot be used: {reason}")]
    Settings {
        /// The topic.
        topic: String,
        /// Which setting, what it is, and what it must be.
        reason: String,
    },
    /// The log cannot be reached now; it may be later.
    #[error("the log cannot be reached: {0}")]
    Unavailable(String),
    /// The log cannot be opened in this place.
    #[error("{0}")]
    Open(String),
}

/// One topic of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name, without the cluster's prefix.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// The id that the log gave it when it was created; a recreated topic has another.
    pub id: String,
}

/// What one read returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Records in the order of their offsets.
    pub records: Vec<LogRecord>,
    /// True if the partition had nothing behind them at that moment.
    pub at_end: bool,
    /// The offset to go on from: behind the last record, or behind a hole that was passed.
    pub next: u64,
}

/// Called once when an append is durable (with the offset of its first record) or has failed. Runs on the log's own
/// thread: it hands over and returns.
pub type Done = Box<dyn FnOnce(Result<u64, AppendError>) + Send>;

/// Called when a followed partition may have something new. Runs on the log's own thread: it hands over and returns.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A log. The methods block for no longer than the log's own bounded waits, so what must not wait is called from a
/// thread that may; only [`Log::append`] never blocks.
#[derive(Clone)]
pub enum Log {
    /// In memory, for tests.
    Memory(Arc<MemoryLog>),
    /// In a folder of this machine.
    Embedded(Arc<EmbeddedLog>),
    /// On Apache Kafka.
    Kafka(Arc<KafkaLog>),
}

macro_rules! each {
    ($log:expr, $it:ident => $call:expr) => {
        match $log {
            Log::Memory($it) => $call,
            Log::Embedded($it) => $call,
            Log::Kafka($it) => $call,
        }
    };
}

impl Log {
    /// Creates a topic, or checks one that exists: its partition count and settings must be what Millrace needs.
    ///
    /// # Errors
    /// [`LogError::Settings`] names what is wrong with an existing topic.
    pub fn create(&self, topic: &str, partitions: u32) -> Result<TopicInfo, LogError> {
        each!(self, log => log.create(topic, partitions))
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        each!(self, log => log.topics())
    }

    /// Appends the records to one partition, in order and without others between them; `done` is called once when
    /// they are durable or that has failed. Appends to one partition are done in the order of the calls.
    pub fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>, done: Done) {
        each!(self, log => log.append(topic, partition, records, done));
    }

    /// [`Log::append`], waited for.
    ///
    /// # Errors
    /// [`AppendError`] says whether the records may be in the log.
    pub fn append_wait(&self, topic: &str, partition: u32, records: Vec<NewRecord>) -> Result<u64, AppendError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.append(topic, partition, records, Box::new(move |result| drop(sender.send(result))));
        receiver.recv().unwrap_or_else(|_| Err(AppendError::Unknown("the log was closed".to_owned())))
    }

    /// Reads at most `max` records from `from` on: at least one if there is one.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if `from` is below the start or beyond the end.
    pub fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Chunk, LogError> {
        each!(self, log => log.read(topic, partition, from, max))
    }

    /// Follows a partition from `from` on; `wake` is called whenever there may be something new, and once at first.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if `from` is below the start or beyond the end.
    pub fn follow(&self, topic: &str, partition: u32, from: u64, wake: Wake) -> Result<Follower, LogError> {
        Ok(match self {
            Self::Memory(log) => Follower::Memory(log.follow(topic, partition, from, wake)?),
            Self::Embedded(log) => Follower::Embedded(log.follow(topic, partition, from, wake)?),
            Self::Kafka(log) => Follower::Kafka(log.follow(topic, partition, from, wake)?),
        })
    }

    /// The first offset that is kept.
    ///
    /// # Errors
    /// [`LogError::Unknown`], [`LogError::Unavailable`].
    pub fn start(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        each!(self, log => log.start(topic, partition))
    }

    /// The offset that the next record gets. Everything acknowledged before the call is below it.
    ///
    /// # Errors
    /// [`LogError::Unknown`], [`LogError::Unavailable`].
    pub fn end(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        each!(self, log => log.end(topic, partition))
    }

    /// The first offset whose record has this time or a later one, if there is one.
    ///
    /// # Errors
    /// [`LogError::Unknown`], [`LogError::Unavailable`].
    pub fn offset_at(&self, topic: &str, partition: u32, time: Time) -> Result<Option<u64>, LogError> {
        each!(self, log => log.offset_at(topic, partition, time))
    }

    /// Drops everything below `before`, which becomes the start.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] beyond the end.
    pub fn trim(&self, topic: &str, partition: u32, before: u64) -> Result<(), LogError> {
        each!(self, log => log.trim(topic, partition, before))
    }
}

/// A reader of one partition that remembers where it is.
pub enum Follower {
    /// Of the log in memory.
    Memory(MemoryFollower),
    /// Of the embedded log.
    Embedded(EmbeddedFollower),
    /// Of Kafka.
    Kafka(KafkaFollower),
}

impl Follower {
    /// The next records, at most `max` of them, without waiting for any.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] where what is there must not be served, [`LogError::Unavailable`] where a later call
    /// may succeed, [`LogError::OutOfRange`] where the partition was trimmed past this reader.
    pub fn poll(&mut self, max: usize) -> Result<Chunk, LogError> {
        match self {
            Self::Memory(follower) => follower.poll(max),
            Self::Embedded(follower) => follower.poll(max),
            Self::Kafka(follower) => follower.poll(max),
        }
    }
}
