//! A node: the log, the slots of the partitions that it holds, and what they share.

use crate::backup;
use crate::clock::Clock;
use crate::contact::Contact;
use crate::control::{self, Fixed};
use crate::disk::Disk;
use crate::health::Readiness;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::slot::{Around, FlushLimits, Slot};
use crate::slots::Slots;
use crate::state_folder::StateFolder;
use crate::workers::{Wakers, Workers};
use millrace_processors::ALL;
use millrace_processors::runtime::runner::Place;
use millrace_processors::runtime::system::MachineDef;
use millrace_state::env::Env;
use millrace_topics::embedded::{EmbeddedLog, EmbeddedOptions};
use millrace_topics::kafka::{KafkaLog, KafkaOptions};
use millrace_topics::log::{Log, LogError};
use millrace_topics::partition::murmur2;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How long a node waits for its views to catch up before it says again that it is not ready.
const READY_POLL: Duration = Duration::from_millis(20);

/// Everything that a running node holds.
pub struct Node {
    /// How it was started.
    pub settings: Settings,
    /// The log.
    pub log: Log,
    /// What was fixed when the data was made.
    pub fixed: Fixed,
    /// What slots need of the node.
    pub around: Around,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// How far it is.
    pub readiness: Arc<Readiness>,
    /// The partitions that it has open.
    pub slots: Arc<Slots>,
    /// Since when it may not have heard of the log.
    pub contact: Contact,
    /// What it is called: the address that others reach it at, empty where there are no others.
    pub name: String,
    /// Its number in stamps, made from its name; 0 where there are no others.
    pub number: u32,
    /// Held by the one backup that may be under way.
    pub backup: Mutex<()>,
    topic_ids: BTreeMap<&'static str, String>,
}

/// Every machine of every system, by name.
#[must_use]
pub fn machines() -> Vec<&'static MachineDef> {
    ALL.iter().flat_map(|system| system.machines).collect()
}

/// Opens the log that the settings name.
///
/// # Errors
/// The log's.
pub fn open_log(settings: &Settings) -> Result<Log, LogError> {
    match &settings.kafka {
        Some(servers) => {
            let options = KafkaOptions {
                prefix: settings.topic_prefix.clone(),
                settings: settings.kafka_set.iter().cloned().collect(),
                copies: settings.kafka_copies.map(|copies| copies as usize),
                ..KafkaOptions::new(servers.clone())
            };
            Ok(Log::Kafka(KafkaLog::connect(options)?))
        }
        None => open_embedded(settings),
    }
}

/// Opens the embedded log of the data folder.
///
/// # Errors
/// The log's.
pub fn open_embedded(settings: &Settings) -> Result<Log, LogError> {
    let options = EmbeddedOptions {
        max_waiting_appends: settings.append_queue as usize,
        // What waits cannot be told apart any more from what is lost: the process ends, and its start finds out.
        on_fatal: Some(Arc::new(|reason| {
            tracing::error!("the log has failed: {reason}");
            // Not `eprintln!`, which panics where this cannot be written: the disk may be full.
            drop(writeln!(std::io::stderr(), "error: the log has failed: {reason}"));
            std::process::exit(74);
        })),
        ..EmbeddedOptions::default()
    };
    backup::check_restored(&settings.data).map_err(LogError::Open)?;
    Ok(Log::Embedded(EmbeddedLog::open(settings.data.join("log"), options)?))
}

/// The limits that these settings ask for.
#[must_use]
pub fn asked_limits(settings: &Settings) -> Fixed {
    Fixed {
        partitions: settings.partitions,
        idempotency_window_ms: u64::try_from(settings.idempotency_window.as_millis()).unwrap_or(u64::MAX),
        idempotency_max_keys: settings.idempotency_max_keys,
        outcomes_kept: settings.outcomes_kept,
    }
}

impl Node {
    /// Opens log and views; the workers are running when this returns. A node that others know opens its views when it
    /// is told which ones.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn open(
        settings: Settings,
        metrics: Arc<Metrics>,
        readiness: Arc<Readiness>,
    ) -> Result<(Self, Workers), String> {
        millrace_processors::feeds::inboxes::set_pushes(settings.feeds_pushes);
        let log = open_log(&settings).map_err(|error| error.to_string())?;
        let fixed = asked_limits(&settings);
        control::open(&log, fixed).map_err(|error| error.to_string())?;
        let topic_ids = create_topics(&log, fixed.partitions).map_err(|error| error.to_string())?;
        let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let wakers = Wakers::new(workers);
        let memory = usize::try_from(settings.memory()).unwrap_or(usize::MAX);
        let clock = Arc::new(if settings.advertise.is_some() { Clock::of_the_log() } else { Clock::own() });
        let around = Around {
            log: log.clone(),
            clock,
            env: Env::new(memory / 2),
            metrics: metrics.clone(),
            disk: Arc::new(Disk::new(&settings, metrics.clone())),
            flush: flush_limits(&settings, memory),
            linger: settings.events_linger,
            silent: settings.without_events.clone().into(),
            wake: wakers.wake(),
            write: wakers.write(),
        };
        let name = settings.advertise.clone().unwrap_or_default();
        let node = Self {
            contact: Contact::new(settings.staleness_max),
            number: number_of(&name),
            name,
            settings,
            log,
            fixed,
            around,
            metrics,
            readiness,
            slots: Arc::default(),
            backup: Mutex::new(()),
            topic_ids,
        };
        let workers = wakers.start(&node.slots).map_err(|error| format!("no thread for a worker: {error}"))?;
        if !node.is_one_of_many() {
            for def in machines() {
                for partition in 0..node.fixed.partitions {
                    node.open_slot(def, partition, true).map_err(|error| error.to_string())?;
                }
            }
        }
        Ok((node, workers))
    }

    /// True if there may be other nodes, which know this one by its name.
    #[must_use]
    pub fn is_one_of_many(&self) -> bool {
        !self.name.is_empty()
    }

    /// Opens a partition of a machine. One that is not `active` says and sends nothing.
    ///
    /// # Errors
    /// The log's. A state that cannot be used is no error, but a slot that has stopped.
    pub fn open_slot(&self, def: &'static MachineDef, partition: u32, active: bool) -> Result<Arc<Slot>, LogError> {
        // Where the log cannot be asked, a state could not be checked against it.
        self.log.end(def.name, partition)?;
        let folder = StateFolder::new(&self.settings.data, def.name, partition);
        if let Err(error) = folder.clean() {
            tracing::warn!("old states of {}/{partition} cannot be removed: {error}", def.name);
        }
        let place = self.place(def, partition)?;
        let open = |number| Slot::open(number, active, def, place, folder, self.around.clone());
        Ok(self.slots.open(open))
    }

    /// Closes every partition of a shard.
    pub fn close_shard(&self, shard: u32) {
        for slot in self.slots.take(shard) {
            slot.close();
            self.readiness.forget(slot.def.name, shard);
            // It was never set where the node was not ready yet.
            drop(self.metrics.applied_offset.remove_label_values(&[slot.def.name, &shard.to_string()]));
        }
    }

    /// Where a partition stands, as the runner wants to know it.
    ///
    /// # Errors
    /// The log's.
    pub fn place(&self, def: &'static MachineDef, partition: u32) -> Result<Place, LogError> {
        place(&self.log, def, partition, self.fixed, &self.topic_ids[def.name])
    }

    /// The slot of a partition, if this node has it open.
    #[must_use]
    pub fn slot(&self, machine: &str, partition: u32) -> Option<Arc<Slot>> {
        self.slots.get(machine, partition)
    }

    /// The slots of one system, or all.
    #[must_use]
    pub fn slots_of(&self, system: Option<&str>) -> Vec<Arc<Slot>> {
        let mut all = self.slots.all();
        all.retain(|slot| system.is_none_or(|name| name == slot.def.system));
        all
    }

    /// Waits until every view has come to the end that the log had at the start.
    pub async fn catch_up(&self) {
        loop {
            let behind = self.slots.all().iter().filter(|slot| !slot.is_caught_up()).count();
            self.note_progress();
            if behind == 0 {
                return;
            }
            tokio::time::sleep(READY_POLL).await;
        }
    }

    /// Notes in `/health/ready` and `/metrics` how far the slots are.
    pub fn note_progress(&self) {
        let mut count = 0;
        for slot in self.slots.all() {
            // Two statements: the borrow must have ended before the slot is locked, as a reopening locks the other way.
            let next = *slot.applied().borrow();
            let end = slot.catch_up_to();
            let (there, stopped) = slot.look(|live| (live.is_caught_up(), live.stopped().is_some()));
            // What is left below the end of one that is caught up are holes.
            self.readiness.progress(slot.def.name, slot.partition, next, if there { next } else { end.max(next) });
            count += i64::from(stopped);
            let labels = [slot.def.name, &slot.partition.to_string()];
            self.metrics.applied_offset.with_label_values(&labels).set(i64::try_from(next).unwrap_or(i64::MAX));
        }
        self.metrics.stopped.set(count);
        self.readiness.set_disk(self.around.disk.room());
    }

    /// Writes what can be written, so that the next start has little to apply again.
    pub fn flush_all(&self, deadline: Duration) {
        if self.around.disk.is_full() {
            return;
        }
        let until = std::time::Instant::now() + deadline;
        for slot in self.slots.all() {
            while !slot.look(|live| slot.flush_now(live)) && std::time::Instant::now() < until {
                if slot.look(|live| live.stopped().is_some()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// The number that stands in the stamps of a node: of several, each has another, or they refuse one another.
#[must_use]
pub fn number_of(name: &str) -> u32 {
    if name.is_empty() { 0 } else { murmur2(name.as_bytes()) }
}

/// Where a partition stands, for those who have no node.
///
/// # Errors
/// The log's.
pub fn place(
    log: &Log,
    def: &'static MachineDef,
    partition: u32,
    fixed: Fixed,
    topic_id: &str,
) -> Result<Place, LogError> {
    Ok(Place {
        machine: def.name,
        partition,
        partitions: fixed.partitions,
        topic_id: topic_id.to_owned(),
        limits: fixed.limits(),
        skips: control::skips(log, def.name, partition)?,
    })
}

fn flush_limits(settings: &Settings, memory: usize) -> FlushLimits {
    const SHARE: usize = 64;
    let bytes = settings.flush_bytes.map_or(memory / SHARE, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    FlushLimits { age: settings.flush_age, bytes }
}

/// Creates the topics of all machines and systems, and returns the id of each machine's.
fn create_topics(log: &Log, partitions: u32) -> Result<BTreeMap<&'static str, String>, LogError> {
    let mut ids = BTreeMap::new();
    for system in ALL {
        log.create(&format!("{}.events", system.name), partitions)?;
        for def in system.machines {
            log.create(&format!("{}.dead", def.name), partitions)?;
            ids.insert(def.name, log.create(def.name, partitions)?.id);
        }
    }
    Ok(ids)
}
