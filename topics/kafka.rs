//! The log on Apache Kafka. Offsets, times and durability are Kafka's own; this only says them in Millrace's words.
//!
//! An append goes through one idempotent producer (`acks=all`) and completes from its delivery reports. Followed
//! partitions share a consumer that is assigned at numeric offsets, never a group; reads at random have consumers of
//! their own. When the broker goes away everything waits, says so, and goes on by itself afterwards.

mod admin;
mod append;
mod client;
mod follow;
mod member;
mod native;
mod options;
mod read;
#[cfg(test)]
mod tests;

pub use follow::KafkaFollower;
pub use member::KafkaMember;
pub use options::KafkaOptions;

use crate::log::{AppendError, Chunk, Done, LogError, NewRecord, TopicInfo, Wake};
use crate::time::Time;
use admin::{Admin, Kept, Stamp, Topic};
use append::Appender;
use client::Consumer;
use follow::Hubs;
use rdkafka::consumer::Consumer as _;
use rdkafka::metadata::MetadataTopic;
use rdkafka::{Offset, TopicPartitionList};
use read::Readers;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A log on Apache Kafka.
pub struct KafkaLog {
    options: KafkaOptions,
    appender: Appender,
    admin: Admin,
    hubs: Hubs,
    readers: Readers,
}

impl KafkaLog {
    /// Connects to the cluster; it has answered when this returns.
    ///
    /// # Errors
    /// [`LogError::Open`] for settings that librdkafka or Millrace refuses, by name; [`LogError::Unavailable`] if no
    /// broker answers within the request timeout.
    pub fn connect(options: KafkaOptions) -> Result<Arc<Self>, LogError> {
        options.check()?;
        let hubs = Hubs::new(&options)?;
        let asked = hubs.asker().fetch_metadata(None, options.request_timeout);
        // A wrong password and a certificate that nobody trusts are seen only by the connection.
        let why = |error| hubs.last_error().unwrap_or_else(|| format!("{error}"));
        asked.map_err(|error| LogError::Unavailable(format!("{}: {}", options.servers, why(error))))?;
        Ok(Arc::new(Self {
            appender: Appender::new(&options)?,
            admin: Admin::new(&options)?,
            readers: Readers::new(&options)?,
            hubs,
            options,
        }))
    }

    fn name(&self, topic: &str) -> String {
        format!("{}{topic}", self.options.prefix)
    }

    fn shown<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.options.prefix).unwrap_or(name)
    }

    fn asker(&self) -> &Consumer {
        self.hubs.asker()
    }

    pub(crate) fn create(&self, topic: &str, partitions: u32) -> Result<TopicInfo, LogError> {
        let (found, configs) = self.ensure(topic, partitions, Stamp::LogAppendTime, Kept::All)?;
        configs.check(topic, Stamp::LogAppendTime)?;
        Ok(self.info(&found))
    }

    /// Creates a topic of one partition that keeps only the last record of each key, or checks one that exists.
    ///
    /// # Errors
    /// [`LogError::Settings`] names what is wrong with an existing topic.
    pub fn create_latest(&self, topic: &str) -> Result<TopicInfo, LogError> {
        let (found, configs) = self.ensure(topic, 1, Stamp::LogAppendTime, Kept::Latest)?;
        configs.check_latest(topic)?;
        Ok(self.info(&found))
    }

    /// Creates a topic of one partition of which the brokers' disks soon have no more than was not trimmed, or checks one
    /// that exists. "Soon" is up to ten minutes and Kafka's own pauses behind the next append.
    ///
    /// # Errors
    /// [`LogError::Settings`] names what is wrong with an existing topic.
    pub fn create_untrimmed(&self, topic: &str) -> Result<TopicInfo, LogError> {
        let (found, configs) = self.ensure(topic, 1, Stamp::LogAppendTime, Kept::Untrimmed)?;
        configs.check(topic, Stamp::LogAppendTime)?;
        Ok(self.info(&found))
    }

    /// Becomes a member of this cluster's group, which spreads the partitions of a topic over its members.
    ///
    /// `name` is the member's own and stays the same over restarts; a member of whom nothing was heard for `session`
    /// is gone.
    ///
    /// # Errors
    /// [`LogError::Open`] for settings that librdkafka refuses.
    pub fn join(&self, topic: &str, name: &str, session: Duration) -> Result<KafkaMember, LogError> {
        KafkaMember::join(&self.options, self.name(topic), name, session)
    }

    /// Creates a topic whose records keep the times that they are appended with, or takes one that a copy was
    /// interrupted in, or an empty one. [`KafkaLog::finish_copy`] makes it a topic like the others; until then
    /// [`crate::log::Log::create`] refuses it. True if appended records keep their times; false for a topic that has
    /// records and stamps new ones itself.
    ///
    /// # Errors
    /// [`LogError::Settings`] names what is wrong with an existing topic.
    pub fn create_for_copy(&self, topic: &str, partitions: u32) -> Result<bool, LogError> {
        let (_, configs) = self.ensure(topic, partitions, Stamp::CreateTime, Kept::All)?;
        if configs.stamp() == Some(Stamp::CreateTime) {
            configs.check(topic, Stamp::CreateTime)?;
            return Ok(true);
        }
        configs.check(topic, Stamp::LogAppendTime)?;
        for partition in 0..partitions {
            if self.end(topic, partition)? > 0 {
                return Ok(false);
            }
        }
        self.admin.set_stamp(&self.name(topic), Stamp::CreateTime)?;
        Ok(true)
    }

    /// Lets Kafka stamp the records of a copied topic from now on; those in it keep their times.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub fn finish_copy(&self, topic: &str) -> Result<(), LogError> {
        self.admin.set_stamp(&self.name(topic), Stamp::LogAppendTime)
    }

    fn ensure(
        &self,
        topic: &str,
        partitions: u32,
        stamp: Stamp,
        kept: Kept,
    ) -> Result<(Topic, admin::Configs), LogError> {
        let name = self.name(topic);
        let found = match self.admin.describe(&[&name])?.pop() {
            Some(found) => found,
            None => self.make(&name, partitions, stamp, kept)?,
        };
        if found.partitions != partitions {
            let reason = format!("it has {} partitions, {partitions} are asked for", found.partitions);
            return Err(LogError::Settings { topic: topic.to_owned(), reason });
        }
        let configs = self.admin.configs(&name)?;
        Ok((found, configs))
    }

    fn make(&self, name: &str, partitions: u32, stamp: Stamp, kept: Kept) -> Result<Topic, LogError> {
        let copies = self.options.copies.map_or_else(|| self.usual_copies(), Ok)?;
        self.admin.create(name, partitions, copies, stamp, kept)?;
        self.appender.forget(name);
        self.wait_until_led(name, partitions)
    }

    /// A copy on each broker, but no more than three.
    fn usual_copies(&self) -> Result<usize, LogError> {
        let cluster = self.asker().fetch_metadata(None, self.options.request_timeout);
        let brokers = cluster.map_err(|error| LogError::Unavailable(error.to_string()))?.brokers().len();
        Ok(brokers.clamp(1, 3))
    }

    /// A topic that was just created is not known to every broker at once.
    fn wait_until_led(&self, name: &str, partitions: u32) -> Result<Topic, LogError> {
        let deadline = Instant::now() + self.options.admin_timeout;
        loop {
            let found = self.admin.describe(&[name])?.pop().filter(|topic| topic.partitions >= partitions);
            if let Some(found) = found.filter(|_| self.led(name, partitions)) {
                return Ok(found);
            }
            if Instant::now() >= deadline {
                return Err(LogError::Unavailable(format!("topic {name} was created but has no leaders yet")));
            }
            std::thread::sleep(client::ASK_AGAIN);
        }
    }

    fn led(&self, name: &str, partitions: u32) -> bool {
        (0..partitions).all(|partition| self.marks(self.shown(name), partition).is_ok())
    }

    fn info(&self, topic: &Topic) -> TopicInfo {
        TopicInfo { name: self.shown(&topic.name).to_owned(), partitions: topic.partitions, id: topic.id.clone() }
    }

    pub(crate) fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        let cluster = self.asker().fetch_metadata(None, self.options.request_timeout);
        let cluster = cluster.map_err(|error| LogError::Unavailable(error.to_string()))?;
        // Kafka's own topics begin with two underscores.
        let ours = |name: &&str| name.starts_with(&self.options.prefix) && !name.starts_with("__");
        let names: Vec<_> = cluster.topics().iter().map(MetadataTopic::name).filter(ours).collect();
        let mut all: Vec<_> = self.admin.describe(&names)?.iter().map(|topic| self.info(topic)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    pub(crate) fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>, done: Done) {
        match i32::try_from(partition) {
            Ok(partition) => self.appender.append(&self.name(topic), partition, records, done),
            Err(_) => done(Err(AppendError::Refused(LogError::Unknown(topic.to_owned(), partition).to_string()))),
        }
    }

    pub(crate) fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Chunk, LogError> {
        let end = self.in_range(topic, partition, from)?;
        if from == end || max == 0 {
            return Ok(Chunk { records: Vec::new(), at_end: from == end, next: from });
        }
        let number = number(topic, partition)?;
        let read = self.readers.read(&self.name(topic), number, from, max, end);
        read.map_err(|error| client::log_error(&error, topic, partition))
    }

    pub(crate) fn follow(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        wake: Wake,
    ) -> Result<KafkaFollower, LogError> {
        let end = self.in_range(topic, partition, from)?;
        let place = follow::Place {
            topic: topic.to_owned(),
            name: self.name(topic),
            partition,
            number: number(topic, partition)?,
        };
        let lane = self.appender.lane(&place.name, place.number);
        self.hubs.follow(place, from, from == end, lane, wake)
    }

    /// The end, if `from` is a place to read from.
    fn in_range(&self, topic: &str, partition: u32, from: u64) -> Result<u64, LogError> {
        let (start, end) = self.marks(topic, partition)?;
        if from < start || from > end {
            return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, asked: from, start, end });
        }
        Ok(end)
    }

    fn marks(&self, topic: &str, partition: u32) -> Result<(u64, u64), LogError> {
        let number = number(topic, partition)?;
        client::marks(self.asker(), &self.name(topic), number, self.options.request_timeout)
            .map_err(|error| client::log_error(&error, topic, partition))
    }

    pub(crate) fn start(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        Ok(self.marks(topic, partition)?.0)
    }

    pub(crate) fn end(&self, topic: &str, partition: u32) -> Result<u64, LogError> {
        Ok(self.marks(topic, partition)?.1)
    }

    pub(crate) fn offset_at(&self, topic: &str, partition: u32, time: Time) -> Result<Option<u64>, LogError> {
        let failed = |error| client::log_error(&error, topic, partition);
        // Asking for the offset of a time waits for a topic to appear; asking for the marks does not.
        self.marks(topic, partition)?;
        let mut asked = TopicPartitionList::new();
        let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
        asked
            .add_partition_offset(&self.name(topic), number(topic, partition)?, Offset::Offset(millis))
            .map_err(failed)?;
        let found = self.asker().offsets_for_times(asked, self.options.request_timeout).map_err(failed)?;
        let Some(found) = found.elements().pop() else {
            return Err(LogError::Unavailable(format!("no answer for the time {time} in {topic}/{partition}")));
        };
        found.error().map_err(failed)?;
        match found.offset() {
            Offset::Offset(offset) => Ok(u64::try_from(offset).ok()),
            _ => Ok(None),
        }
    }

    pub(crate) fn trim(&self, topic: &str, partition: u32, before: u64) -> Result<(), LogError> {
        let (start, end) = self.marks(topic, partition)?;
        if before > end {
            return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, asked: before, start, end });
        }
        if before <= start {
            return Ok(());
        }
        let removed = self.admin.delete_before(&self.name(topic), number(topic, partition)?, before);
        removed.map_err(|error| client::log_error(&error, topic, partition))
    }
}

/// Kafka's partition numbers are signed.
fn number(topic: &str, partition: u32) -> Result<i32, LogError> {
    i32::try_from(partition).map_err(|_| LogError::Unknown(topic.to_owned(), partition))
}
