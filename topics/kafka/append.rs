//! Appending: one idempotent producer, and for each append one slot that completes it from the delivery reports.
//!
//! A record is in the log once or not at all. librdkafka alone does not promise that: when one message times out, it
//! takes a new epoch and sends again under it what may be there already (seen on a broker that was killed: the same
//! record twice). So messages do not time out there. When an append is too old, its producer is retired: all that it
//! holds fails at once, as refused or as unknown, is never sent again, and another producer takes its place.

use super::client::{self, open_error};
use super::native;
use super::options::KafkaOptions;
use crate::log::{AppendError, Done, LogError, NewRecord};
use parking_lot::{Mutex, RwLock};
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long one look for delivery reports waits; also how long closing takes at most.
const LOOK: Duration = Duration::from_millis(100);
/// The same while a retired producer is emptied beside the new one.
const SHORT_LOOK: Duration = Duration::from_millis(5);
/// How finely the age of appends is known: in this part of the time that they have.
const AGE_STEPS: u32 = 32;
/// Ages that are told apart, enough for appends that are too old while the thread that looks was late.
const AGES: usize = 64;

type Producer = BaseProducer<Deliveries>;

/// What is known about appending to one partition.
#[derive(Default)]
pub(super) struct Lane {
    /// Held while the records of one append are handed over, so that no others come between them.
    sending: Mutex<()>,
    /// The offset behind the last record that this process was told is durable.
    acked: AtomicU64,
}

impl Lane {
    pub(super) fn acked(&self) -> u64 {
        self.acked.load(Ordering::Acquire)
    }
}

/// What waits for Kafka.
#[derive(Default)]
struct Queued {
    records: AtomicUsize,
    bytes: AtomicUsize,
}

impl Queued {
    fn take(&self, records: usize, bytes: usize) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, records: usize, bytes: usize) {
        self.records.fetch_sub(records, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// How many appends of a producer are how old, in steps.
struct Ages {
    start: Instant,
    step: Duration,
    now: AtomicU64,
    pending: [AtomicUsize; AGES],
}

impl Ages {
    fn new(timeout: Duration) -> Self {
        let step = (timeout / AGE_STEPS).max(Duration::from_millis(1));
        Self {
            start: Instant::now(),
            step,
            now: AtomicU64::new(0),
            pending: std::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    fn at(&self, step: u64) -> &AtomicUsize {
        let slot = step % AGES as u64;
        &self.pending[usize::try_from(slot).expect("it is below AGES")]
    }

    /// Counts an append that begins, and returns the step that [`Ages::leave`] wants.
    fn enter(&self) -> u64 {
        let step = self.now.load(Ordering::Relaxed);
        self.at(step).fetch_add(1, Ordering::Relaxed);
        step
    }

    fn leave(&self, step: u64) {
        self.at(step).fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes the time. True if an append has had all of its own.
    fn too_old(&self) -> bool {
        let now = u64::try_from(self.start.elapsed().as_nanos() / self.step.as_nanos()).unwrap_or(u64::MAX);
        self.now.store(now, Ordering::Relaxed);
        let old = now.saturating_sub(AGES as u64 - 1)..now.saturating_sub(AGE_STEPS.into());
        old.into_iter().any(|step| self.at(step).load(Ordering::Relaxed) > 0)
    }
}

struct Shared {
    config: ClientConfig,
    timeout: Duration,
    producer: RwLock<Arc<Producer>>,
    closed: AtomicBool,
}

/// Appends to all partitions.
pub(super) struct Appender {
    shared: Arc<Shared>,
    lanes: RwLock<HashMap<String, HashMap<i32, Arc<Lane>>>>,
    queued: Arc<Queued>,
    max_records: usize,
    max_bytes: usize,
    max_record_bytes: usize,
    reports: Option<JoinHandle<()>>,
}

impl Appender {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, LogError> {
        let config = producer_config(options);
        let shared = Arc::new(Shared {
            producer: RwLock::new(new_producer(&config, options.append_timeout).map_err(|error| open_error(&error))?),
            timeout: options.append_timeout,
            closed: AtomicBool::new(false),
            config,
        });
        let thread = std::thread::Builder::new().name("kafka-reports".to_owned());
        let reports = thread.spawn({
            let shared = shared.clone();
            move || shared.take_reports()
        });
        Ok(Self {
            max_record_bytes: shared
                .config
                .get("message.max.bytes")
                .and_then(|text| text.parse().ok())
                .unwrap_or(1_000_000),
            max_records: options.queue_records,
            max_bytes: options.queue_bytes,
            lanes: RwLock::default(),
            queued: Arc::default(),
            reports: Some(reports.map_err(|error| LogError::Open(format!("no thread for Kafka's reports: {error}")))?),
            shared,
        })
    }

    pub(super) fn lane(&self, name: &str, partition: i32) -> Arc<Lane> {
        if let Some(lane) = self.lanes.read().get(name).and_then(|lanes| lanes.get(&partition)) {
            return lane.clone();
        }
        self.lanes.write().entry(name.to_owned()).or_default().entry(partition).or_default().clone()
    }

    /// Forgets what was acknowledged in a topic of this name: it is another one now.
    pub(super) fn forget(&self, name: &str) {
        self.lanes.write().remove(name);
    }

    pub(super) fn append(&self, name: &str, partition: i32, records: Vec<NewRecord>, done: Done) {
        let bytes = records.iter().map(size).sum();
        if let Err(reason) = self.admit(&records, bytes) {
            return done(Err(AppendError::Refused(reason)));
        }
        let lane = self.lane(name, partition);
        self.queued.take(records.len(), bytes);
        // One that is retired meanwhile still takes the records, and fails them.
        let producer = self.shared.producer.read().clone();
        let ages = producer.context().ages.clone();
        let slot = Arc::new(Slot::new(records.len(), bytes, lane.clone(), self.queued.clone(), ages, done));
        let sent = {
            let _alone = lane.sending.lock();
            send_all(&producer, name, partition, records, &slot)
        };
        if let Err((unsent, reason)) = sent {
            (0..unsent).for_each(|_| slot.settle(Outcome::Refused(reason.clone())));
        }
    }

    /// Refuses before the first record is handed over what would otherwise be refused in the middle.
    fn admit(&self, records: &[NewRecord], bytes: usize) -> Result<(), String> {
        if records.is_empty() {
            return Err("an append needs a record".to_owned());
        }
        for record in records {
            self.admit_record(record)?;
        }
        let waiting = self.queued.records.load(Ordering::Relaxed);
        if waiting + records.len() > self.max_records {
            return Err(format!("{waiting} records wait for Kafka, kafka.queue_records is {}", self.max_records));
        }
        let waiting = self.queued.bytes.load(Ordering::Relaxed);
        if waiting + bytes > self.max_bytes {
            return Err(format!("{waiting} bytes wait for Kafka, kafka.queue_bytes is {}", self.max_bytes));
        }
        Ok(())
    }

    fn admit_record(&self, record: &NewRecord) -> Result<(), String> {
        let size = size(record);
        if size > self.max_record_bytes {
            return Err(format!("a record has {size} bytes, message.max.bytes is {}", self.max_record_bytes));
        }
        if record.headers.iter().any(|(name, _)| name.contains('\0')) {
            return Err("a header's name has a NUL in it, which Kafka's client cuts off".to_owned());
        }
        if record.time.is_some_and(|time| time.0 == 0 || i64::try_from(time.0).is_err()) {
            return Err("a record's time is one that Kafka's client cannot carry".to_owned());
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn fail_producer(&self) {
        native::fail(self.shared.producer.read().client());
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        let Some(reports) = self.reports.take() else { return };
        // The last owner may be a completion, which runs on that thread: it ends by itself.
        if reports.thread().id() != std::thread::current().id() && reports.join().is_err() {
            tracing::error!("the thread for Kafka's delivery reports had panicked");
        }
    }
}

impl Shared {
    /// Runs until the log is closed. What is still in flight then is settled when the producers are dropped.
    fn take_reports(&self) {
        let mut retired: Vec<Arc<Producer>> = Vec::new();
        while !self.closed.load(Ordering::Acquire) {
            let current = self.producer.read().clone();
            current.poll(if retired.is_empty() { LOOK } else { SHORT_LOOK });
            if current.context().must_retire() {
                match self.replace() {
                    Some(producer) => retired.push(producer),
                    None => empty(&current),
                }
            }
            retired.iter().for_each(|producer| empty(producer));
            // While an append has its hands on one, it may put records in.
            retired.retain(|producer| producer.in_flight_count() > 0 || Arc::strong_count(producer) > 1);
        }
    }

    /// The producer that another one now stands in place of.
    fn replace(&self) -> Option<Arc<Producer>> {
        match new_producer(&self.config, self.timeout) {
            Ok(producer) => Some(std::mem::replace(&mut *self.producer.write(), producer)),
            Err(error) => {
                tracing::error!("kafka: no new producer in place of the one that is retired: {error}");
                None
            }
        }
    }
}

/// Fails all that a producer holds. What was on its way is unknown then, and is not sent again.
fn empty(producer: &Producer) {
    producer.purge(PurgeConfig::default().queue().inflight());
    producer.poll(SHORT_LOOK);
}

fn producer_config(options: &KafkaOptions) -> ClientConfig {
    let mut defaults = options.clone();
    // The default of 5 ms is the latency of a lonely append.
    defaults.settings.entry("linger.ms".to_owned()).or_insert_with(|| "0".to_owned());
    let mut config = client::config(&defaults);
    config
        .set("acks", "all")
        .set("enable.idempotence", "true")
        // Never, see above; and an error that would need a new epoch ends the producer instead.
        .set("message.timeout.ms", "0")
        .set("enable.gapless.guarantee", "true")
        // How long a topic that no broker knows is waited for before its records are refused.
        .set("topic.metadata.propagation.max.ms", "2000")
        // `admit` bounds the queue, so that no append is refused in its middle.
        .set("queue.buffering.max.messages", "0")
        .set("queue.buffering.max.kbytes", i32::MAX.to_string());
    config
}

fn new_producer(config: &ClientConfig, timeout: Duration) -> Result<Arc<Producer>, KafkaError> {
    let context = Deliveries { failed: AtomicBool::new(false), ages: Arc::new(Ages::new(timeout)) };
    BaseProducer::from_config_and_context(config, context).map(Arc::new)
}

fn size(record: &NewRecord) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    record.key.len() + record.value.len() + headers
}

/// Hands over all records, or says how many were not, and why.
fn send_all(
    producer: &Producer,
    name: &str,
    partition: i32,
    records: Vec<NewRecord>,
    slot: &Arc<Slot>,
) -> Result<(), (usize, String)> {
    let total = records.len();
    for (index, record) in records.into_iter().enumerate() {
        let mut message = BaseRecord::with_opaque_to(name, slot.clone()).partition(partition).payload(&record.value);
        message.key = Some(&record.key).filter(|key| !key.is_empty());
        message.timestamp = record.time.and_then(|time| i64::try_from(time.0).ok());
        message.headers = headers(&record);
        if let Err((error, _)) = producer.send(message) {
            if client::code(&error) == Some(RDKafkaErrorCode::Fatal) {
                producer.context().failed.store(true, Ordering::Release);
            }
            return Err((total - index, error.to_string()));
        }
    }
    Ok(())
}

fn headers(record: &NewRecord) -> Option<OwnedHeaders> {
    if record.headers.is_empty() {
        return None;
    }
    let all = OwnedHeaders::new_with_capacity(record.headers.len());
    Some(record.headers.iter().fold(all, |all, (key, value)| all.insert(Header { key, value: Some(value) })))
}

/// Receives the delivery reports.
pub(super) struct Deliveries {
    /// True once librdkafka has given the producer up.
    failed: AtomicBool,
    ages: Arc<Ages>,
}

impl Deliveries {
    fn must_retire(&self) -> bool {
        self.ages.too_old() || self.failed.load(Ordering::Acquire)
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if client::code(&error) == Some(RDKafkaErrorCode::Fatal) {
            tracing::warn!("kafka: the producer failed and is replaced: {reason}");
            self.failed.store(true, Ordering::Release);
            return;
        }
        tracing::debug!("kafka: {error}: {reason}");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Slot>;

    fn delivery(&self, result: &DeliveryResult<'_>, slot: Self::DeliveryOpaque) {
        slot.settle(match result {
            Ok(message) => u64::try_from(message.offset()).map_or_else(
                // A repeat that the broker dropped as one: it is there, but nobody says where.
                |_| Outcome::Unknown("Kafka has the record but did not say at which offset".to_owned()),
                Outcome::Delivered,
            ),
            Err((error, message)) if native::never_written(message) && says_not_written(error) => {
                Outcome::Refused(error.to_string())
            }
            Err((error, _)) => Outcome::Unknown(error.to_string()),
        });
    }
}

/// Errors that a broker or the client gives only instead of writing. With any other, librdkafka's belief that nothing
/// was written is not taken as certain.
fn says_not_written(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        client::code(error),
        Some(
            Code::PurgeQueue
                | Code::QueueFull
                | Code::Fatal
                | Code::MessageSizeTooLarge
                | Code::InvalidMessageSize
                | Code::InvalidRecord
                | Code::InvalidDifferentRecord
                | Code::InvalidTimestamp
                | Code::InvalidTopic
                | Code::PolicyViolation
                | Code::MessageBatchTooLarge
                | Code::NotEnoughReplicas
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::UnknownTopic
                | Code::UnknownPartition
                | Code::UnknownTopicOrPartition
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
        )
    )
}

/// What became of one record.
enum Outcome {
    Delivered(u64),
    Refused(String),
    Unknown(String),
}

/// One append that is under way: every record of it holds the slot, and the last report completes it.
pub(super) struct Slot(Mutex<Pending>);

struct Pending {
    total: usize,
    bytes: usize,
    left: usize,
    first: Option<u64>,
    delivered: u64,
    parted: bool,
    refused: Option<String>,
    unknown: Option<String>,
    lane: Arc<Lane>,
    queued: Arc<Queued>,
    ages: Arc<Ages>,
    step: u64,
    done: Option<Done>,
}

impl Slot {
    fn new(total: usize, bytes: usize, lane: Arc<Lane>, queued: Arc<Queued>, ages: Arc<Ages>, done: Done) -> Self {
        Self(Mutex::new(Pending {
            total,
            bytes,
            left: total,
            first: None,
            delivered: 0,
            parted: false,
            refused: None,
            unknown: None,
            lane,
            queued,
            step: ages.enter(),
            ages,
            done: Some(done),
        }))
    }

    fn settle(&self, outcome: Outcome) {
        let complete = {
            let mut pending = self.0.lock();
            pending.note(outcome);
            if pending.left > 0 {
                return;
            }
            pending.queued.give_back(pending.total, pending.bytes);
            pending.ages.leave(pending.step);
            pending.done.take().map(|done| (done, pending.result()))
        };
        if let Some((done, result)) = complete {
            done(result);
        }
    }
}

impl Pending {
    fn note(&mut self, outcome: Outcome) {
        self.left -= 1;
        match outcome {
            Outcome::Delivered(offset) => {
                let first = *self.first.get_or_insert(offset);
                self.parted |= offset != first + self.delivered;
                self.delivered += 1;
                self.lane.acked.fetch_max(offset + 1, Ordering::AcqRel);
            }
            Outcome::Refused(reason) => {
                self.refused.get_or_insert(reason);
            }
            Outcome::Unknown(reason) => {
                self.unknown.get_or_insert(reason);
            }
        }
    }

    fn result(&self) -> Result<u64, AppendError> {
        if let Some(reason) = &self.unknown {
            return Err(AppendError::Unknown(reason.clone()));
        }
        match (&self.refused, self.first) {
            (Some(reason), None) => Err(AppendError::Refused(reason.clone())),
            (Some(reason), Some(_)) => {
                let (some, all) = (self.delivered, self.total);
                Err(AppendError::Unknown(format!("{some} of {all} records are there, then: {reason}")))
            }
            (None, Some(_)) if self.parted => {
                Err(AppendError::Unknown("the records are there, with others between them".to_owned()))
            }
            (None, Some(first)) => Ok(first),
            (None, None) => Err(AppendError::Unknown("Kafka's client reported nothing".to_owned())),
        }
    }
}
