//! What can be set about the log on Kafka, and what cannot.

use crate::log::LogError;
use std::collections::BTreeMap;
use std::time::Duration;

/// Settings that the promises of the log rest on: given from outside they are refused.
const OURS: [&str; 22] = [
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "check.crcs",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.protocol",
    "isolation.level",
    "log.queue",
    "message.timeout.ms",
    "metadata.broker.list",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queued.max.messages.kbytes",
    "request.required.acks",
    "transactional.id",
];

/// How to reach a Kafka cluster and how much to wait and hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaOptions {
    /// `kafka.servers`: brokers to ask first, `HOST:PORT`, separated by commas. No default.
    pub servers: String,
    /// `kafka.topic_prefix`: what the names of this cluster's topics begin with. Positions and
    /// [`crate::log::TopicInfo`] do not show it. Default: empty.
    pub prefix: String,
    /// `kafka.copies`: copies of the topics that are created, on as many brokers; from three on an append waits for two.
    /// Default: as many as there are brokers when a topic is created, at most three.
    pub copies: Option<usize>,
    /// `kafka.settings`: settings of librdkafka by their own names (TLS, SASL, compression, …), passed through as
    /// they are. Those that the log's promises rest on are refused by name. Default: none.
    pub settings: BTreeMap<String, String>,
    /// `kafka.append_timeout`: how long an append may take before it fails, as refused if nothing was sent, else as
    /// unknown. Other appends that are under way then fail with it, so that a broker that went away is not waited for
    /// by each in turn. Default: 10 s.
    pub append_timeout: Duration,
    /// `kafka.request_timeout`: how long a question (offsets, metadata, a read) may take. Default: 5 s.
    pub request_timeout: Duration,
    /// `kafka.admin_timeout`: how long creating, altering or trimming a topic may take. Default: 30 s.
    pub admin_timeout: Duration,
    /// `kafka.queue_records`: appended records that may wait for Kafka; one more is refused. Default: 200,000.
    pub queue_records: usize,
    /// `kafka.queue_bytes`: bytes of keys, values and headers that may wait for Kafka. Default: 64 MiB.
    pub queue_bytes: usize,
    /// `kafka.follow_bytes`: bytes read ahead for each followed partition, exceeded by at most one fetch. Default:
    /// 1 MiB.
    pub follow_bytes: usize,
    /// `kafka.readers`: reads that run at the same time, each with a connection; more of them wait. Default: 4.
    pub readers: usize,
}

impl KafkaOptions {
    /// The defaults for a cluster.
    #[must_use]
    pub fn new(servers: impl Into<String>) -> Self {
        Self {
            servers: servers.into(),
            prefix: String::new(),
            copies: None,
            settings: BTreeMap::new(),
            append_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(5),
            admin_timeout: Duration::from_secs(30),
            queue_records: 200_000,
            queue_bytes: 64 << 20,
            follow_bytes: 1 << 20,
            readers: 4,
        }
    }

    pub(super) fn check(&self) -> Result<(), LogError> {
        if self.servers.trim().is_empty() {
            return Err(LogError::Open("kafka.servers is empty: give HOST:PORT of a broker".to_owned()));
        }
        let zero = [
            ("kafka.append_timeout", self.append_timeout.as_millis() == 0),
            ("kafka.request_timeout", self.request_timeout.as_millis() == 0),
            ("kafka.admin_timeout", self.admin_timeout.as_millis() == 0),
            ("kafka.queue_records", self.queue_records == 0),
            ("kafka.queue_bytes", self.queue_bytes == 0),
            ("kafka.follow_bytes", self.follow_bytes == 0),
            ("kafka.readers", self.readers == 0),
        ];
        if let Some((name, _)) = zero.iter().find(|(_, zero)| *zero) {
            return Err(LogError::Open(format!("{name} is 0: it must be greater")));
        }
        match OURS.iter().find(|name| self.settings.contains_key(**name)) {
            Some(name) => {
                Err(LogError::Open(format!("kafka.settings: `{name}` cannot be set: Millrace relies on its own")))
            }
            None => Ok(()),
        }
    }
}
