//! What every client of Kafka shares: its configuration, where its logs go, what its errors mean.

use super::options::KafkaOptions;
use crate::log::LogError;
use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a question is asked again whose answer is not there yet.
pub(super) const ASK_AGAIN: Duration = Duration::from_millis(10);

pub(super) type Consumer = BaseConsumer<Context>;

/// Whether the cluster can be reached, as far as one client knows.
#[derive(Default)]
pub(super) struct Link {
    down: Mutex<Option<String>>,
    /// The last error of a single broker, which says more than that all are down.
    last: Mutex<Option<String>>,
}

impl Link {
    /// Why it cannot be reached.
    pub(super) fn down(&self) -> Option<String> {
        self.down.lock().clone()
    }

    /// What a broker, or the way to it, said last.
    pub(super) fn last(&self) -> Option<String> {
        self.last.lock().clone()
    }

    pub(super) fn set_up(&self) {
        *self.down.lock() = None;
    }

    fn set_down(&self, reason: &str) {
        *self.down.lock() = Some(reason.to_owned());
    }
}

/// Receives what a consumer has to say beside records.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub(super) link: Arc<Link>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match code(&error) {
            Some(RDKafkaErrorCode::PartitionEOF) => {}
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                tracing::warn!("kafka: {reason}");
                self.link.set_down(reason);
            }
            _ => {
                tracing::debug!("kafka: {error}: {reason}");
                *self.link.last.lock() = Some(reason.to_owned());
            }
        }
    }
}

impl ConsumerContext for Context {}

/// librdkafka calls a broker that is down for a moment an error; for Millrace it is at most a warning.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Debug => tracing::trace!("kafka: {facility} {message}"),
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice => tracing::debug!("kafka: {facility} {message}"),
        _ => tracing::warn!("kafka: {facility} {message}"),
    }
}

/// What all clients are configured with. What the user sets replaces it, except for what each client adds later.
pub(super) fn config(options: &KafkaOptions) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set_log_level(RDKafkaLogLevel::Info)
        .set("client.id", "millrace")
        .set("reconnect.backoff.ms", "50")
        // The default of 10 s is how long a broker that is back would go unnoticed.
        .set("reconnect.backoff.max.ms", "1000")
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", "10000")
        .set("log.connection.close", "false");
    for (name, value) in &options.settings {
        config.set(name, value);
    }
    config.set("bootstrap.servers", &options.servers).set("allow.auto.create.topics", "false");
    config
}

/// A consumer that reads where it is told and nowhere else. The group is never joined: librdkafka wants a name for
/// one before it assigns.
pub(super) fn consumer_config(options: &KafkaOptions, read_ahead: usize) -> ClientConfig {
    let mut defaults = options.clone();
    for (name, value) in [
        // The default of 1 s throttles catching up: a full queue is looked at again only after it.
        ("fetch.queue.backoff.ms", "10"),
        ("fetch.error.backoff.ms", "50"),
        // A partition that is added waits until the fetch under way has ended.
        ("fetch.wait.max.ms", "50"),
    ] {
        defaults.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let mut config = config(&defaults);
    config
        .set("group.id", "millrace-unused")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "true")
        .set("queued.max.messages.kbytes", (read_ahead.div_ceil(1024)).to_string());
    config
}

/// The first offset that is kept, and the one that the next record gets.
pub(super) fn marks(consumer: &Consumer, name: &str, partition: i32, timeout: Duration) -> KafkaResult<(u64, u64)> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match consumer.fetch_watermarks(name, partition, left).and_then(offsets) {
            Err(error) if leader_changes(&error) && Instant::now() + ASK_AGAIN < deadline => {
                std::thread::sleep(ASK_AGAIN);
            }
            done => return done,
        }
    }
}

fn offsets((start, end): (i64, i64)) -> KafkaResult<(u64, u64)> {
    match (u64::try_from(start), u64::try_from(end)) {
        (Ok(start), Ok(end)) => Ok((start, end)),
        _ => Err(KafkaError::OffsetFetch(RDKafkaErrorCode::OffsetNotAvailable)),
    }
}

/// True for what a partition answers for a moment when it was just created or gets another leader.
fn leader_changes(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code(error),
        Some(
            Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::OffsetNotAvailable
                | Code::FencedLeaderEpoch
                | Code::UnknownLeaderEpoch
        )
    )
}

/// The code of any error, where it has one.
pub(super) fn code(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

pub(super) fn log_error(error: &KafkaError, topic: &str, partition: u32) -> LogError {
    use RDKafkaErrorCode as Code;
    match code(error) {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
            LogError::Unknown(topic.to_owned(), partition)
        }
        Some(Code::BadMessage | Code::InvalidMessage) => LogError::Corrupt(format!("{topic}/{partition}: {error}")),
        _ => LogError::Unavailable(format!("{topic}/{partition}: {error}")),
    }
}

pub(super) fn open_error(error: &KafkaError) -> LogError {
    match error {
        KafkaError::ClientConfig(_, reason, name, value) => {
            LogError::Open(format!("kafka.settings: `{name}` = `{value}`: {reason}"))
        }
        other => LogError::Open(format!("Kafka's client cannot start: {other}")),
    }
}
