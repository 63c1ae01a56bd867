//! Topics: making them with the settings that Millrace needs, and refusing others by name.

use super::client::{self, open_error};
use super::native;
use super::options::KafkaOptions;
use crate::log::LogError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

const STAMP: &str = "message.timestamp.type";
/// How far a record's time may be ahead of the broker's clock. A copy keeps times whatever they are.
const AHEAD: &str = "message.timestamp.after.max.ms";

/// What every topic must be set to, and what is wrong otherwise.
const NEEDED: [(&str, &str, &str); 4] = [
    ("retention.ms", "-1", "Kafka would delete records by age"),
    ("retention.bytes", "-1", "Kafka would delete records by size"),
    ("cleanup.policy", "delete", "Kafka would drop records whose key comes again"),
    ("unclean.leader.election.enable", "false", "Kafka could lose acknowledged records"),
];

/// What a topic must be set to in which only the last record of each key matters.
const LATEST: [(&str, &str); 4] = [
    ("cleanup.policy", "compact"),
    // What is not needed any more is dropped from closed segments alone, so they are closed soon.
    ("segment.ms", "600000"),
    ("min.cleanable.dirty.ratio", "0.1"),
    ("unclean.leader.election.enable", "false"),
];

/// Kafka drops what was trimmed from closed segments alone, so they are closed soon.
const TRIMMED: [(&str, &str); 1] = [("segment.ms", "600000")];

/// Which records a topic keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    /// Those that are not trimmed, and the others leave the brokers' disks soon.
    Untrimmed,
    /// The last one of each key.
    Latest,
}

/// Who says what time a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    LogAppendTime,
    CreateTime,
}

impl Stamp {
    fn value(self) -> &'static str {
        match self {
            Self::LogAppendTime => "LogAppendTime",
            Self::CreateTime => "CreateTime",
        }
    }
}

/// A topic as Kafka describes it.
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) partitions: u32,
    pub(super) id: String,
}

/// A topic's settings.
pub(super) struct Configs(HashMap<String, String>);

impl Configs {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("unset", String::as_str)
    }

    pub(super) fn stamp(&self) -> Option<Stamp> {
        [Stamp::LogAppendTime, Stamp::CreateTime].into_iter().find(|stamp| stamp.value() == self.get(STAMP))
    }

    /// Refuses the first setting that is not what it must be.
    pub(super) fn check(&self, topic: &str, stamp: Stamp) -> Result<(), LogError> {
        let refused = |reason: String| Err(LogError::Settings { topic: topic.to_owned(), reason });
        for (name, needed, otherwise) in NEEDED {
            let is = self.get(name);
            if is != needed {
                return refused(format!("{name} is {is}, it must be {needed}: {otherwise}"));
            }
        }
        self.check_stamp(topic, stamp)
    }

    /// The same for a topic that keeps the last record of each key.
    pub(super) fn check_latest(&self, topic: &str) -> Result<(), LogError> {
        let is = self.get("cleanup.policy");
        if is != "compact" {
            let reason = format!("cleanup.policy is {is}, it must be compact: it would grow for ever");
            return Err(LogError::Settings { topic: topic.to_owned(), reason });
        }
        self.check_stamp(topic, Stamp::LogAppendTime)
    }

    fn check_stamp(&self, topic: &str, stamp: Stamp) -> Result<(), LogError> {
        if self.stamp() != Some(stamp) {
            let otherwise = match stamp {
                Stamp::LogAppendTime => "a producer's clock would be believed, or a copy into it was not finished",
                Stamp::CreateTime => "the times of a copy would be lost",
            };
            let reason = format!("{STAMP} is {}, it must be {}: {otherwise}", self.get(STAMP), stamp.value());
            return Err(LogError::Settings { topic: topic.to_owned(), reason });
        }
        Ok(())
    }
}

/// What is asked of the cluster's controller.
pub(super) struct Admin {
    client: AdminClient<client::Context>,
    timeout: Duration,
}

impl Admin {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, LogError> {
        let mut config = client::config(options);
        // Nobody takes this client's log lines from their queue; what fails is said by the answers.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let client = AdminClient::from_config_and_context(&config, client::Context::default());
        Ok(Self { client: client.map_err(|error| open_error(&error))?, timeout: options.admin_timeout })
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.timeout)).operation_timeout(Some(self.timeout))
    }

    /// Those of the topics that exist.
    pub(super) fn describe(&self, names: &[&str]) -> Result<Vec<Topic>, LogError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        native::describe(self.client.inner(), names, self.timeout).map_err(|error| unavailable("topics", &error))
    }

    pub(super) fn create(
        &self,
        name: &str,
        partitions: u32,
        copies: usize,
        stamp: Stamp,
        kept: Kept,
    ) -> Result<(), LogError> {
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        let in_sync = if copies >= 3 { "2" } else { "1" };
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(i32::try_from(copies).unwrap_or(1)))
            .set("min.insync.replicas", in_sync)
            .set(STAMP, stamp.value());
        let needed = NEEDED.map(|(name, needed, _)| (name, needed));
        let settings = match kept {
            Kept::All => needed.to_vec(),
            Kept::Untrimmed => [&needed[..], &TRIMMED].concat(),
            Kept::Latest => LATEST.to_vec(),
        };
        for (name, needed) in settings {
            topic = topic.set(name, needed);
        }
        if stamp == Stamp::CreateTime {
            topic = topic.set(AHEAD, ANY_TIME);
        }
        let made =
            wait(self.client.create_topics([&topic], &self.options())).map_err(|error| unavailable(name, &error))?;
        match made.into_iter().next() {
            // Another node was faster; what it made is checked like any other.
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, code @ (RDKafkaErrorCode::RequestTimedOut | RDKafkaErrorCode::OperationTimedOut)))) => {
                Err(LogError::Unavailable(format!("{name}: {code}")))
            }
            Some(Err((_, code))) => {
                let reason = format!("Kafka does not create it with {copies} copies: {code}");
                Err(LogError::Settings { topic: name.to_owned(), reason })
            }
            None => Err(LogError::Unavailable(format!("{name}: no answer to its creation"))),
        }
    }

    pub(super) fn configs(&self, name: &str) -> Result<Configs, LogError> {
        let asked = wait(self.client.describe_configs([&ResourceSpecifier::Topic(name)], &self.options()));
        let answer = asked.map_err(|error| unavailable(name, &error))?.into_iter().next();
        let topic = answer.ok_or_else(|| LogError::Unavailable(format!("{name}: no answer about its settings")))?;
        let topic = topic.map_err(|code| LogError::Unavailable(format!("{name}: its settings: {code}")))?;
        Ok(Configs(topic.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()))
    }

    pub(super) fn set_stamp(&self, name: &str, stamp: Stamp) -> Result<(), LogError> {
        let ahead = (stamp == Stamp::CreateTime).then_some(ANY_TIME);
        let settings = [(STAMP, Some(stamp.value())), (AHEAD, ahead)];
        native::alter(self.client.inner(), name, &settings, self.timeout).map_err(|error| unavailable(name, &error))
    }

    pub(super) fn delete_before(&self, name: &str, partition: i32, before: u64) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        let offset = i64::try_from(before).map_or(Offset::Invalid, Offset::Offset);
        list.add_partition_offset(name, partition, offset)?;
        let left = wait(self.client.delete_records(&list, &self.options()))?;
        left.elements().iter().try_for_each(TopicPartitionListElem::error)
    }

    #[cfg(test)]
    pub(super) fn delete_topic(&self, name: &str) {
        let deleted = wait(self.client.delete_topics(&[name], &self.options())).unwrap();
        assert!(deleted[0].is_ok(), "{deleted:?}");
    }

    #[cfg(test)]
    pub(super) fn set(&self, name: &str, setting: &str, value: &str) {
        native::alter(self.client.inner(), name, &[(setting, Some(value))], self.timeout).unwrap();
    }
}

/// The largest value that Kafka takes.
const ANY_TIME: &str = "9223372036854775807";

fn unavailable(what: &str, error: &KafkaError) -> LogError {
    LogError::Unavailable(format!("{what}: {error}"))
}

/// Waits for one of the admin client's futures; each ends with its request's timeout at the latest.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
