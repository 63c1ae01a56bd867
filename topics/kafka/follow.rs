//! Following: many partitions on one consumer, each with a queue of its own that wakes its follower.

use super::append::Lane;
use super::client::{self, Consumer, Context, Link, open_error};
use super::native;
use super::options::KafkaOptions;
use crate::log::{Chunk, LogError, LogRecord, Wake};
use crate::time::Time;
use parking_lot::Mutex;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::Consumer as _;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long one look at what a consumer says beside records waits.
const LOOK: Duration = Duration::from_millis(100);
/// How long a cluster that was gone is asked each time whether it is back.
const PROBE: Duration = Duration::from_secs(1);

/// One partition of one topic, in Millrace's words and in Kafka's.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) topic: String,
    pub(super) name: String,
    pub(super) partition: u32,
    pub(super) number: i32,
}

/// All consumers that are followed on, and one that answers questions: behind the fetch of a follower, which waits at
/// the broker for something new, every question on the same connection would wait too.
pub(super) struct Hubs {
    options: KafkaOptions,
    asker: Arc<Hub>,
    /// One is enough unless a partition has several followers: a consumer has each partition at most once.
    hubs: Mutex<Vec<Arc<Hub>>>,
}

impl Hubs {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, LogError> {
        Ok(Self { asker: Hub::start(options)?, options: options.clone(), hubs: Mutex::default() })
    }

    /// The consumer that answers questions about offsets and topics.
    pub(super) fn asker(&self) -> &Consumer {
        &self.asker.consumer
    }

    /// What the connection of that one said last.
    pub(super) fn last_error(&self) -> Option<String> {
        self.asker.link.last()
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.hubs.lock().len()
    }

    pub(super) fn follow(
        &self,
        place: Place,
        from: u64,
        at_end: bool,
        lane: Arc<Lane>,
        wake: Wake,
    ) -> Result<KafkaFollower, LogError> {
        let hub = self.hub_for(&place, &wake)?;
        // From here on a failure drops the seat, which frees the partition on the hub.
        let seat = Seat { hub, place, assigned: false };
        let follower = seat.follow(&self.options, from, at_end, lane, wake.clone())?;
        wake();
        Ok(follower)
    }

    fn hub_for(&self, place: &Place, wake: &Wake) -> Result<Arc<Hub>, LogError> {
        let mut hubs = self.hubs.lock();
        if let Some(hub) = hubs.iter().find(|hub| hub.take(place, wake)) {
            return Ok(hub.clone());
        }
        let hub = Hub::start(&self.options)?;
        hub.take(place, wake);
        hubs.push(hub.clone());
        Ok(hub)
    }
}

/// A consumer and what is followed on it.
struct Hub {
    consumer: Arc<Consumer>,
    link: Arc<Link>,
    followed: Mutex<HashMap<(String, i32), Wake>>,
}

impl Hub {
    fn start(options: &KafkaOptions) -> Result<Arc<Self>, LogError> {
        let context = Context::default();
        let link = context.link.clone();
        let config = client::consumer_config(options, options.follow_bytes);
        let consumer = Consumer::from_config_and_context(&config, context).map_err(|error| open_error(&error))?;
        let hub = Arc::new(Self { consumer: Arc::new(consumer), link, followed: Mutex::default() });
        let weak = Arc::downgrade(&hub);
        let thread = std::thread::Builder::new().name("kafka-events".to_owned());
        thread.spawn(move || attend(&weak)).map_err(|error| LogError::Open(format!("no thread for Kafka: {error}")))?;
        Ok(hub)
    }

    /// True if nobody followed the partition here; from now on somebody does.
    fn take(&self, place: &Place, wake: &Wake) -> bool {
        let mut followed = self.followed.lock();
        let key = (place.name.clone(), place.number);
        if followed.contains_key(&key) {
            return false;
        }
        followed.insert(key, wake.clone());
        true
    }

    fn wake_all(&self) {
        let wakes: Vec<_> = self.followed.lock().values().cloned().collect();
        wakes.iter().for_each(|wake| wake());
    }

    /// Serves what is not a record. Errors of the whole client reach its [`Context`].
    fn look(&self) {
        match self.consumer.poll(LOOK) {
            None => {}
            Some(Ok(message)) => tracing::error!("kafka: a record of {} that nobody follows", message.topic()),
            Some(Err(error)) => tracing::debug!("kafka: {error}"),
        }
    }

    /// True if the cluster answers again. Nothing else says so to a follower that waits at the end.
    fn answers(&self) -> bool {
        let any = self.followed.lock().keys().next().map(|(name, _)| name.clone());
        any.is_none_or(|name| self.consumer.fetch_metadata(Some(&name), PROBE).is_ok())
    }
}

/// Attends to a hub until nobody has it any more.
fn attend(hub: &Weak<Hub>) {
    let mut told = false;
    while let Some(hub) = hub.upgrade() {
        hub.look();
        if hub.link.down().is_none() {
            continue;
        }
        if !told {
            hub.wake_all();
            told = true;
        }
        if hub.answers() {
            hub.link.set_up();
            hub.wake_all();
            told = false;
        }
    }
}

/// A partition's place on a hub, given back when dropped.
struct Seat {
    hub: Arc<Hub>,
    place: Place,
    assigned: bool,
}

impl Seat {
    fn follow(
        mut self,
        options: &KafkaOptions,
        from: u64,
        at_end: bool,
        lane: Arc<Lane>,
        wake: Wake,
    ) -> Result<KafkaFollower, LogError> {
        let failed = |error: &KafkaError, place: &Place| client::log_error(error, &place.topic, place.partition);
        let consumer = self.hub.consumer.clone();
        // Assigned without knowing the leader, the first fetch waits for librdkafka's next look at the metadata.
        let known = consumer.fetch_metadata(Some(&self.place.name), options.request_timeout);
        known.map_err(|error| failed(&error, &self.place))?;
        let mut queue = consumer
            .split_partition_queue(&self.place.name, self.place.number)
            .ok_or_else(|| LogError::Unknown(self.place.topic.clone(), self.place.partition))?;
        queue.set_nonempty_callback(move || wake());
        consumer.incremental_assign(&self.list(from)?).map_err(|error| failed(&error, &self.place))?;
        self.assigned = true;
        Ok(KafkaFollower {
            queue,
            seat: self,
            lane,
            timeout: options.request_timeout,
            next: from,
            at_end,
            read: false,
            untold: None,
            failed: None,
        })
    }

    fn list(&self, from: u64) -> Result<TopicPartitionList, LogError> {
        let Place { topic, name, partition, number } = &self.place;
        let mut list = TopicPartitionList::new();
        let offset = i64::try_from(from).map_or(Offset::Invalid, Offset::Offset);
        let added = list.add_partition_offset(name, *number, offset);
        added.map_err(|error| client::log_error(&error, topic, *partition))?;
        Ok(list)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.assigned {
            let mut list = TopicPartitionList::new();
            list.add_partition(&self.place.name, self.place.number);
            if let Err(error) = self.hub.consumer.incremental_unassign(&list) {
                tracing::error!("kafka: {}/{} is still fetched: {error}", self.place.topic, self.place.partition);
                // Still taken: another follower of the partition must not share its queue.
                return;
            }
        }
        self.hub.followed.lock().remove(&(self.place.name.clone(), self.place.number));
    }
}

/// A reader of one partition of a [`super::KafkaLog`].
pub struct KafkaFollower {
    // Before the seat: the queue is gone when the partition becomes free for another follower.
    queue: PartitionQueue<Context>,
    seat: Seat,
    lane: Arc<Lane>,
    timeout: Duration,
    next: u64,
    /// What Kafka said last.
    at_end: bool,
    /// True once a record was read: before that, what the client knows about the end may be of an earlier follower.
    read: bool,
    /// An error that came behind records: the next poll says it.
    untold: Option<LogError>,
    /// An error that stays.
    failed: Option<LogError>,
}

impl KafkaFollower {
    pub(crate) fn poll(&mut self, max: usize) -> Result<Chunk, LogError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if let Some(error) = self.untold.take() {
            return Err(error);
        }
        let mut records = Vec::new();
        while records.len() < max {
            match self.queue.poll(Duration::ZERO).map(|message| message.and_then(|message| record(&message))) {
                None => break,
                Some(Ok(record)) => {
                    self.next = record.offset + 1;
                    self.at_end = false;
                    self.read = true;
                    records.push(record);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.at_end = true,
                Some(Err(error)) => {
                    let error = self.note(&error);
                    if records.is_empty() {
                        return Err(error);
                    }
                    self.untold = Some(error);
                    break;
                }
            }
        }
        if let (true, Some(reason)) = (records.is_empty() && max > 0, self.seat.hub.link.down()) {
            return Err(LogError::Unavailable(reason));
        }
        Ok(Chunk { at_end: self.caught_up(), next: self.next, records })
    }

    /// Kafka says that a partition ended with a later fetch than the one that brought its last record; the mark that
    /// came with that one is known at once. What this process appended is there even if no fetch has seen it yet.
    fn caught_up(&self) -> bool {
        let place = &self.seat.place;
        let ended = self.at_end
            || self.read
                && native::fetched_end(self.seat.hub.consumer.client(), &place.name, place.number) <= Some(self.next);
        ended && self.next >= self.lane.acked()
    }

    /// The error in Millrace's words, remembered where it will not pass.
    fn note(&mut self, error: &KafkaError) -> LogError {
        let Place { topic, partition, .. } = &self.seat.place;
        let found = match client::code(error) {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => self.out_of_range(),
            Some(RDKafkaErrorCode::LogTruncation) => {
                LogError::Corrupt(format!("{topic}/{partition} was cut off below offset {}", self.next))
            }
            _ => client::log_error(error, topic, *partition),
        };
        if matches!(found, LogError::OutOfRange { .. } | LogError::Corrupt(_)) {
            self.failed = Some(found.clone());
        }
        found
    }

    fn out_of_range(&self) -> LogError {
        let Place { topic, name, partition, number } = &self.seat.place;
        match client::marks(&self.seat.hub.consumer, name, *number, self.timeout) {
            Ok((start, end)) if self.next < start || self.next > end => {
                LogError::OutOfRange { topic: topic.clone(), partition: *partition, asked: self.next, start, end }
            }
            Ok(_) => LogError::Corrupt(format!("{topic}/{partition} had no offset {} a moment ago", self.next)),
            Err(error) => client::log_error(&error, topic, *partition),
        }
    }
}

/// A record as the log says it. What Kafka has as null is empty here.
pub(super) fn record(message: &BorrowedMessage<'_>) -> Result<LogRecord, KafkaError> {
    let offset =
        u64::try_from(message.offset()).map_err(|_| KafkaError::MessageConsumption(RDKafkaErrorCode::BadMessage))?;
    Ok(LogRecord {
        offset,
        time: Time(message.timestamp().to_millis().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0)),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().unwrap_or_default().to_vec(),
        headers: native::headers(message)?,
    })
}
