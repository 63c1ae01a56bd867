//! Membership: one member of a consumer group that reads nothing. The group spreads the partitions of a topic over its
//! members, and finds out who is gone.

use super::client::{self, Context, open_error};
use super::options::KafkaOptions;
use crate::log::LogError;
use parking_lot::Mutex;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, RebalanceProtocol};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long one look at what the group says waits; also how late a new assignment is seen, and how long leaving takes.
const LOOK: Duration = Duration::from_millis(100);
/// How many heartbeats fit into the time without one after which a member is gone.
const HEARTBEATS: u32 = 4;

/// A member of a group, until it is dropped. It is static: one that comes back under its name within the session's
/// time finds what it had, and nothing moves.
pub struct KafkaMember {
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    assigned: Mutex<Option<BTreeSet<u32>>>,
    failed: Mutex<Option<String>>,
    leaving: AtomicBool,
}

impl KafkaMember {
    pub(super) fn join(options: &KafkaOptions, topic: String, name: &str, session: Duration) -> Result<Self, LogError> {
        let mut config = client::consumer_config(options, 1024);
        config
            .set("group.id", format!("{}millrace", options.prefix))
            // The group protocol of KIP-848 is not safe in librdkafka 2.12.
            .set("group.protocol", "classic")
            .set("group.instance.id", name)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.as_millis().to_string())
            .set("heartbeat.interval.ms", (session / HEARTBEATS).as_millis().to_string())
            // The topic has no records: where it is read from does not matter.
            .set("auto.offset.reset", "latest");
        let consumer: BaseConsumer<Context> =
            BaseConsumer::from_config_and_context(&config, Context::default()).map_err(|error| open_error(&error))?;
        consumer.subscribe(&[&topic]).map_err(|error| open_error(&error))?;
        let seen = Arc::<Seen>::default();
        let thread = std::thread::Builder::new().name("kafka-group".to_owned());
        let attending = seen.clone();
        let thread = thread.spawn(move || attend(&consumer, &attending));
        let thread = thread.map_err(|error| LogError::Open(format!("no thread for Kafka: {error}")))?;
        Ok(Self { seen, thread: Some(thread) })
    }

    /// The partitions that the group gives this member; `None` while it is not in the group.
    #[must_use]
    pub fn assigned(&self) -> Option<BTreeSet<u32>> {
        self.seen.assigned.lock().clone()
    }

    /// Why this member can never be in the group again: another one has joined under its name.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.seen.failed.lock().clone()
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        self.seen.leaving.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("kafka: the thread of the group had panicked");
        }
    }
}

fn attend(consumer: &BaseConsumer<Context>, seen: &Seen) {
    let mut joined = false;
    while !seen.leaving.load(Ordering::Relaxed) {
        if let Some(Err(error)) = consumer.poll(LOOK) {
            tracing::debug!("kafka: the group: {error}");
        }
        if let Some((code, reason)) = consumer.client().fatal_error() {
            *seen.failed.lock() = Some(format!("{code}: {reason}"));
            *seen.assigned.lock() = None;
            return;
        }
        let list = match consumer.assignment() {
            Ok(list) => list,
            Err(error) => {
                tracing::debug!("kafka: the group's assignment: {error}");
                continue;
            }
        };
        let held: BTreeSet<_> = list.elements().iter().filter_map(|one| u32::try_from(one.partition()).ok()).collect();
        // Before the first assignment there is none either: that is not the same as being given nothing.
        joined |= !matches!(consumer.rebalance_protocol(), RebalanceProtocol::None);
        *seen.assigned.lock() = joined.then_some(held);
    }
}
