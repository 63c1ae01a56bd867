//! Filling a log as the gateway does, only in larger appends, and driving everything that follows from it to its end.

use crate::admin::unsent;
use crate::asof::AsOfReads;
use crate::backend::NodeBackend;
use crate::bench::figures::{Mark, Thousands, resident};
use crate::cluster::Cluster;
use crate::health::Readiness;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::node::{self, Node};
use crate::queries::Queries;
use crate::settings::Settings;
use crate::slot::Slot;
use crate::streams::Streams;
use crate::vault::{self, Vault};
use crate::verify;
use crate::workers::Workers;
use millrace_processors::runtime::door::Door;
use millrace_topics::codec;
use millrace_topics::contract::Contract;
use millrace_topics::log::{Log, NewRecord};
use millrace_topics::partition::partition_of;
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use millrace_topics::time::Time;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many records go into one append.
const BATCH: usize = 1000;

/// Before the stamp of the first record, in microseconds since 1970.
const FIRST_STAMP: u64 = 1_700_000_000_000_000;

/// How often the progress is looked at.
const POLL: Duration = Duration::from_millis(10);

/// How long the last flush may take.
const FLUSH: Duration = Duration::from_secs(60);

/// Fills the log, then measures until every view of it is there, published and flushed; `of` says what was counted.
///
/// # Errors
/// A sentence for the operator.
pub fn phase(name: &str, of: &str, settings: &Settings, fill: impl FnOnce(&mut Filler)) -> Result<(), String> {
    let count = {
        let log = node::open_embedded(settings).map_err(|error| error.to_string())?;
        let mut filler = Filler::new(log.clone(), settings.partitions);
        fill(&mut filler);
        filler.finish()?;
        if let Log::Embedded(log) = &log {
            log.close();
        }
        filler.count
    };
    let (node, workers) = open(settings)?;
    let start = Mark::now();
    while !is_done(&node)? {
        std::thread::sleep(POLL);
    }
    node.flush_all(FLUSH);
    let spent = start.spent();
    println!(
        "{name}: {} {of}, {}, {} bytes written each, {} MiB resident",
        Thousands(count.into()),
        spent.rate(count),
        spent.written / count.max(1),
        resident() >> 20
    );
    close(node, workers);
    Ok(())
}

/// Rebuilds every partition aside, compares all rows, and says how fast.
///
/// # Errors
/// The first difference.
pub fn verify_all(settings: &Settings) -> Result<(), String> {
    let (node, workers) = open(settings)?;
    let start = Mark::now();
    let found: Vec<_> = node.slots.all().iter().map(|slot| verify::verify_slot(&node, slot)).collect();
    let spent = start.spent();
    close(node, workers);
    if let Some(differing) = found.iter().find(|found| found.difference.is_some()) {
        return Err(differing.line());
    }
    let records = found.iter().map(|found| found.to - found.from).sum();
    println!("verified, every partition is equal to its rebuild: {}", spent.rate(records));
    Ok(())
}

/// Reads so many times, one after the other, through all that a request passes behind HTTP, and says how fast.
///
/// # Errors
/// A sentence for the operator: what a read says.
pub fn read_all<F: Future<Output = Result<(), String>>>(
    name: &str,
    of: &str,
    settings: &Settings,
    count: u64,
    read: impl Fn(u64, Door) -> F,
) -> Result<(), String> {
    let opened = Opened::new(settings)?;
    let read = opened.read(name, of, count, read);
    opened.close();
    read.map(drop)
}

/// A node with a door to it.
pub struct Opened {
    runtime: tokio::runtime::Runtime,
    node: Arc<Node>,
    workers: Workers,
    door: Door,
}

impl Opened {
    /// Opens the node of these settings.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let inside = runtime.enter();
        let keys = Keys::open(settings).map_err(|error| error.to_string())?;
        let (node, workers) = open(settings)?;
        let node = Arc::new(node);
        let cluster = Arc::new(Cluster::new(&node, None, keys.node_token())?);
        let queries = Arc::new(Queries::new(node.clone(), cluster.clone(), AsOfReads::new(node.clone())));
        let streams = Streams::new(node.clone(), queries.clone());
        let vault = Vault::in_folder(
            settings.data.join(vault::FOLDER),
            settings.address_days.into(),
            node.around.clock.clone(),
        );
        let vault = vault.map(Arc::new).map_err(|error| format!("the keys of addresses: {error}"))?;
        let backend = NodeBackend::new(node.clone(), cluster, queries, streams, *keys.secret(), vault);
        let door = Door::new(Arc::new(backend), settings.wait);
        drop(inside);
        Ok(Self { runtime, node, workers, door })
    }

    /// Reads so many times, one after the other, says how fast, and answers with the CPU time of each in microseconds.
    ///
    /// # Errors
    /// What a read says.
    pub fn read<F: Future<Output = Result<(), String>>>(
        &self,
        name: &str,
        of: &str,
        count: u64,
        read: impl Fn(u64, Door) -> F,
    ) -> Result<f64, String> {
        let start = Mark::now();
        let reading = async {
            for number in 0..count {
                read(number, self.door.clone()).await?;
            }
            Ok::<(), String>(())
        };
        self.runtime.block_on(reading)?;
        let spent = start.spent();
        println!("{name}: {} {of}, {}, {} MiB resident", Thousands(count.into()), spent.rate(count), resident() >> 20);
        Ok(spent.each(count))
    }

    /// Fills the log while every view follows it, says how fast all of that is done, and answers as [`Opened::read`].
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn write(&self, name: &str, of: &str, fill: impl FnOnce(&mut Filler)) -> Result<f64, String> {
        let mut filler = Filler::new(self.node.log.clone(), self.node.fixed.partitions);
        // Behind whatever there is.
        filler.stamped = Time::now().0 * 1000 - FIRST_STAMP;
        let start = Mark::now();
        fill(&mut filler);
        filler.finish()?;
        while !is_done(&self.node)? {
            std::thread::sleep(POLL);
        }
        self.node.flush_all(FLUSH);
        let spent = start.spent();
        let count = filler.count;
        println!("{name}: {} {of}, {}", Thousands(count.into()), spent.rate(count));
        Ok(spent.each(count))
    }

    /// Closes it.
    pub fn close(self) {
        self.node.flush_all(FLUSH);
        self.workers.stop();
        if let Log::Embedded(log) = &self.node.log {
            log.close();
        }
    }
}

/// How many bytes the state of a machine has on disk.
///
/// # Errors
/// A folder that cannot be read.
pub fn state_bytes(settings: &Settings, machine: &str) -> Result<u64, String> {
    let folder = settings.data.join("state").join(machine);
    size_of(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn size_of(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        size += if found.is_dir() { size_of(&entry.path())? } else { found.len() };
    }
    Ok(size)
}

/// True if nothing waits: no record, no message between machines, no public event.
fn is_done(node: &Node) -> Result<bool, String> {
    for slot in node.slots.all() {
        if !is_slot_done(node, &slot)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_slot_done(node: &Node, slot: &Slot) -> Result<bool, String> {
    let end = node.log.end(slot.def.name, slot.partition).map_err(|error| error.to_string())?;
    let (next, unsent) = slot.look(|live| match &live.part {
        Ok(part) => Ok((part.core().meta.next, unsent(&part.core().store))),
        Err(reason) => Err(reason.to_string()),
    })?;
    Ok(next >= end && unsent == 0 && slot.is_published())
}

fn open(settings: &Settings) -> Result<(Node, Workers), String> {
    Node::open(settings.clone(), Arc::new(Metrics::new()), Arc::new(Readiness::default()))
}

fn close(node: Node, workers: Workers) {
    node.flush_all(FLUSH);
    workers.stop();
    if let Log::Embedded(log) = &node.log {
        log.close();
    }
}

/// Fills the log.
pub struct Filler {
    log: Log,
    partitions: u32,
    waiting: BTreeMap<(&'static str, u32), Vec<NewRecord>>,
    stamped: u64,
    count: u64,
    /// Why an append failed, if one did.
    failed: Option<String>,
}

impl Filler {
    fn new(log: Log, partitions: u32) -> Self {
        Self { log, partitions, waiting: BTreeMap::new(), stamped: 0, count: 0, failed: None }
    }

    /// Adds a command that is no part of what is measured.
    pub fn prepare<C: Contract>(&mut self, command: &C::Command) {
        let key = C::key(command).expect("each of them has a key").to_vec();
        self.stamped += 1;
        let header = Header {
            schema: C::SCHEMA,
            stamp: Stamp { micros: FIRST_STAMP + self.stamped, node: 0 },
            caller: Caller { id: "bench".to_owned(), role: Role::Server },
            ..Header::default()
        };
        let record = Record { header, payload: Payload::Command(codec::encode(command)) };
        let partition = partition_of(&key, self.partitions);
        let waiting = self.waiting.entry((C::MACHINE, partition)).or_default();
        waiting.push(NewRecord { key, value: record.encode(), ..NewRecord::default() });
        if waiting.len() == BATCH {
            let records = std::mem::take(waiting);
            self.append(C::MACHINE, partition, records);
        }
    }

    /// Adds a command that stands for `count` of what is measured.
    pub fn add<C: Contract>(&mut self, command: &C::Command, count: u64) {
        self.prepare::<C>(command);
        self.count += count;
    }

    /// Waits for each append: a log that is asked for too many at once refuses some.
    fn append(&mut self, machine: &'static str, partition: u32, records: Vec<NewRecord>) {
        let created = self.log.create(machine, self.partitions).map_err(|error| error.to_string());
        let append = |_| self.log.append_wait(machine, partition, records).map_err(|error| error.to_string());
        if let Err(error) = created.and_then(append) {
            self.failed.get_or_insert(error);
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        for ((machine, partition), records) in std::mem::take(&mut self.waiting) {
            self.append(machine, partition, records);
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
