//! Reading at any offset: a few consumers of their own, so that no read disturbs a follower.

use super::client::{self, Consumer, Context};
use super::follow::record;
use super::options::KafkaOptions;
use crate::log::{Chunk, LogError, LogRecord};
use parking_lot::{Condvar, Mutex};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Bytes that a reader fetches ahead of what was asked for.
const READ_AHEAD: usize = 1 << 20;
/// After how long a reader that nobody went on with stops to fetch.
const REST: Duration = Duration::from_secs(1);

/// The consumers that read at random.
pub(super) struct Readers {
    config: ClientConfig,
    limit: usize,
    timeout: Duration,
    pool: Arc<Mutex<Pool>>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Reader>,
    busy: usize,
}

/// Lets readers rest until the pool is gone.
fn attend(pool: &Weak<Mutex<Pool>>) {
    while let Some(pool) = pool.upgrade() {
        pool.lock().idle.iter_mut().for_each(Reader::rest);
        drop(pool);
        std::thread::sleep(REST);
    }
}

impl Readers {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, LogError> {
        let mut options = options.clone();
        // A reader that goes elsewhere waits until its fetch under way has ended.
        options.settings.entry("fetch.wait.max.ms".to_owned()).or_insert_with(|| "5".to_owned());
        let pool = Arc::default();
        let weak = Arc::downgrade(&pool);
        let thread = std::thread::Builder::new().name("kafka-readers".to_owned());
        thread.spawn(move || attend(&weak)).map_err(|error| LogError::Open(format!("no thread for Kafka: {error}")))?;
        Ok(Self {
            config: client::consumer_config(&options, READ_AHEAD),
            limit: options.readers,
            timeout: options.request_timeout,
            pool,
            freed: Condvar::new(),
        })
    }

    /// Reads from `from`, which is below `end`.
    pub(super) fn read(&self, name: &str, partition: i32, from: u64, max: usize, end: u64) -> KafkaResult<Chunk> {
        let deadline = Instant::now() + self.timeout;
        let place = Place { name: name.to_owned(), partition, next: from };
        let mut lease = self.lease(&place, deadline)?;
        let mut reader = match lease.reader.take() {
            Some(reader) => reader,
            None => Reader::new(&self.config)?,
        };
        let chunk = reader.read(place, max, end, deadline)?;
        // Only a reader that did well is used again.
        lease.reader = Some(reader);
        Ok(chunk)
    }

    /// The right to read, and an idle reader if there is one: the one that stands there already, else any.
    fn lease(&self, place: &Place, deadline: Instant) -> KafkaResult<Lease<'_>> {
        let mut pool = self.pool.lock();
        while pool.busy >= self.limit {
            if self.freed.wait_until(&mut pool, deadline).timed_out() {
                return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
            }
        }
        pool.busy += 1;
        let there = pool.idle.iter().position(|reader| reader.at.as_ref() == Some(place));
        // Below the limit a read at random leaves the readers alone that others may go on with.
        let any = (pool.idle.len() + pool.busy > self.limit).then_some(0);
        let reader = there.or(any).map(|index| pool.idle.remove(index));
        Ok(Lease { readers: self, reader })
    }
}

/// One of the reads that may run at a time.
struct Lease<'a> {
    readers: &'a Readers,
    reader: Option<Reader>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool.lock();
        pool.busy -= 1;
        pool.idle.extend(self.reader.take());
        drop(pool);
        self.readers.freed.notify_one();
    }
}

/// Where a reader stands.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    name: String,
    partition: i32,
    next: u64,
}

struct Reader {
    consumer: Consumer,
    at: Option<Place>,
    /// A record that was taken only to see whether there is one.
    ahead: Option<LogRecord>,
    asked: HashSet<String>,
    /// True once this read has gone to its place itself: only then is an end that Kafka reports as late as the read.
    /// A reader that goes on where it stood may find one that it was told before.
    fresh: bool,
    used: Instant,
}

/// What a consumer gives.
enum Found {
    Record(LogRecord),
    End,
}

impl Reader {
    fn new(config: &ClientConfig) -> KafkaResult<Self> {
        let consumer = Consumer::from_config_and_context(config, Context::default())?;
        Ok(Self { consumer, at: None, ahead: None, asked: HashSet::new(), fresh: false, used: Instant::now() })
    }

    /// Serves the client's events, and stops to fetch what nobody asks for any more.
    fn rest(&mut self) {
        if self.used.elapsed() < REST {
            return;
        }
        if self.at.take().is_some() {
            self.ahead = None;
            self.unassign();
        }
        // With nothing assigned these are log lines and errors of the connection, which the next read meets itself.
        while self.consumer.poll(Duration::ZERO).is_some() {}
    }

    fn unassign(&self) {
        if let Err(error) = self.consumer.unassign() {
            tracing::warn!("kafka: a reader fetches on: {error}");
        }
    }

    fn read(&mut self, mut place: Place, max: usize, end: u64, deadline: Instant) -> KafkaResult<Chunk> {
        self.fresh = false;
        if self.at.take().as_ref() != Some(&place) {
            self.go_to(&place, deadline)?;
        }
        let mut records = Vec::new();
        let mut at_end = false;
        while records.len() < max && !at_end {
            match self.next(&place, deadline) {
                Ok(Found::Record(record)) => {
                    place.next = record.offset + 1;
                    at_end = place.next >= end;
                    records.push(record);
                }
                Ok(Found::End) => {
                    at_end = true;
                    place.next = place.next.max(end);
                }
                // The partition's own bound for waiting: what was read is good.
                Err(_) if !records.is_empty() && Instant::now() >= deadline => break,
                Err(error) => return Err(error),
            }
        }
        // Below the end there may be a hole and no record: only looking tells.
        if records.len() == max && !at_end {
            at_end = self.nothing_behind(&place, deadline)?;
        }
        let next = place.next;
        // At the end its last word is taken: a read that went on from here could wait for one that does not come.
        self.at = (!at_end).then_some(place);
        if at_end {
            self.unassign();
        }
        self.used = Instant::now();
        Ok(Chunk { records, at_end, next })
    }

    fn nothing_behind(&mut self, place: &Place, deadline: Instant) -> KafkaResult<bool> {
        match self.next(place, deadline)? {
            Found::Record(record) => {
                self.ahead = Some(record);
                Ok(false)
            }
            Found::End => Ok(true),
        }
    }

    /// The record at `place`, which is below the end, or the next one, or an end that is not older than the read.
    fn next(&mut self, place: &Place, deadline: Instant) -> KafkaResult<Found> {
        loop {
            match self.take(deadline)? {
                Found::End if !self.fresh => self.go_to(place, deadline)?,
                found => return Ok(found),
            }
        }
    }

    fn take(&mut self, deadline: Instant) -> KafkaResult<Found> {
        if let Some(record) = self.ahead.take() {
            return Ok(Found::Record(record));
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.consumer.poll(left) {
                Some(Ok(message)) => return Ok(Found::Record(record(&message)?)),
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(Found::End),
                // News, and maybe old ones: librdkafka connects again by itself.
                Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown))) if !left.is_zero() => {}
                Some(Err(error)) => return Err(error),
                None => return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut)),
            }
        }
    }

    fn go_to(&mut self, place: &Place, deadline: Instant) -> KafkaResult<()> {
        self.ahead = None;
        if !self.asked.contains(&place.name) {
            let left = deadline.saturating_duration_since(Instant::now());
            self.consumer.fetch_metadata(Some(&place.name), left)?;
            self.asked.insert(place.name.clone());
        }
        let mut list = TopicPartitionList::new();
        let offset = i64::try_from(place.next).map_or(Offset::Invalid, Offset::Offset);
        list.add_partition_offset(&place.name, place.partition, offset)?;
        self.consumer.assign(&list)?;
        self.fresh = true;
        Ok(())
    }
}
