//! Membership: what a node announces of itself, what it hears of others, and which shards it is to have.
//!
//! The consumer group says for which shards a node is to answer, and finds out who is gone. It orders nothing: for a shard
//! answers whoever the announcements say ([`super::table`]), and two nodes that both believe to be the one say the same.

use super::copies::{self, Copies};
use super::directory::Directory;
use super::seed::Peers;
use super::show;
use super::table::Announcement;
use crate::node::{Node, number_of};
use crate::slot::Slot;
use millrace_topics::kafka::KafkaMember;
use millrace_topics::log::{AppendError, Done, Follower, Log, LogError, NewRecord};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The topic over whose partitions the group is spread: partition i stands for shard i. It has no records.
const SHARDS: &str = "millrace.shards";

/// The topic of the announcements.
const NODES: &str = "millrace.nodes";

/// How often it is looked whether something is to be done.
const LOOK: Duration = Duration::from_millis(50);

/// How many announcements fit into the time without one after which a node is gone.
const ANNOUNCEMENTS: u32 = 12;

/// How long the own first announcement may take to come back, and the last one to be durable.
const PATIENCE: Duration = Duration::from_secs(30);
const FAREWELL: Duration = Duration::from_secs(2);

/// How often whoever catches up looks whether it has.
const CATCH_UP_LOOK: Duration = Duration::from_millis(20);

/// How many announcements are read at once.
const READ: usize = 256;

/// The running membership of a node, which leaves when it is dropped.
pub struct Membership {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What happens to a member.
enum Event {
    /// There may be new announcements.
    Heard,
    /// The log has the last announcement, or not.
    Announced(Result<u64, AppendError>),
    /// Something was done to a copy.
    Copied(copies::Done),
    /// Everything is applied that the log had at this moment.
    CaughtUp(Instant),
}

/// What the thread of the membership has.
struct Member {
    node: Arc<Node>,
    directory: Arc<Directory>,
    group: Option<KafkaMember>,
    follower: Follower,
    copies: Copies,
    stop: Arc<AtomicBool>,
    /// The last announcement, and when it was given to the log.
    said: Announcement,
    said_at: Instant,
    on_its_way: bool,
    /// What the group gave to this node, and how it claims it.
    claims: BTreeMap<u32, u64>,
    joined: bool,
    catching_up: bool,
    events: Sender<Event>,
    happened: Receiver<Event>,
}

impl Membership {
    /// Announces the node, hears of the others, and joins the group. `run` tells the runs of the node apart, `secret` the
    /// clusters.
    ///
    /// # Errors
    /// A sentence: the log's, or why the node cannot be one of this cluster.
    pub fn start(
        node: Arc<Node>,
        directory: Arc<Directory>,
        peers: Peers,
        run: String,
        secret: String,
    ) -> Result<Self, String> {
        let text = |error: LogError| error.to_string();
        let stop: Arc<AtomicBool> = Arc::default();
        let mut member = Member::new(node, directory, peers, stop.clone(), run, secret).map_err(text)?;
        member.introduce()?;
        let thread = std::thread::Builder::new().name("cluster".to_owned());
        let thread = thread.spawn(move || member.run()).map_err(|error| format!("no thread: {error}"))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Announces that the node leaves: whoever has a copy of what it answers for takes over at once.
    pub fn leave(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the cluster had panicked");
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end();
    }
}

impl Member {
    fn new(
        node: Arc<Node>,
        directory: Arc<Directory>,
        peers: Peers,
        stop: Arc<AtomicBool>,
        run: String,
        secret: String,
    ) -> Result<Self, LogError> {
        let Log::Kafka(kafka) = &node.log else {
            return Err(LogError::Open("several nodes need a log on Kafka".to_owned()));
        };
        kafka.create_latest(NODES)?;
        node.log.create(SHARDS, node.fixed.partitions)?;
        node.contact.lose();
        let (events, happened) = channel();
        let heard = events.clone();
        let start = node.log.start(NODES, 0)?;
        let follower = node.log.follow(NODES, 0, start, Arc::new(move || drop(heard.send(Event::Heard))))?;
        let copied = events.clone();
        let copies = Copies::new(node.clone(), peers, Arc::new(move |done| drop(copied.send(Event::Copied(done)))));
        let (build, tls) = (env!("CARGO_PKG_VERSION").to_owned(), node.settings.tls_cert.is_some());
        Ok(Self {
            said: Announcement { name: node.name.clone(), run, build, secret, tls, ..Announcement::default() },
            node,
            directory,
            group: None,
            follower,
            copies,
            stop,
            said_at: Instant::now(),
            on_its_way: false,
            claims: BTreeMap::new(),
            joined: false,
            catching_up: false,
            events,
            happened,
        })
    }

    /// Announces the node, waits until it has heard that, and with it all others, and joins the group.
    fn introduce(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        self.announce();
        while !self.has_heard_itself() {
            if Instant::now() > until {
                return Err(format!("{NODES}: what this node announced did not come back within {PATIENCE:?}"));
            }
            self.wait();
        }
        // What it heard of itself was written just now.
        self.node.around.clock.trust();
        let checked = self.directory.look(|table| table.check(&self.said, number_of));
        if let Err(reason) = checked {
            self.say_farewell();
            return Err(reason);
        }
        let Log::Kafka(kafka) = &self.node.log else { return Ok(()) };
        let joined = kafka.join(SHARDS, &self.node.name, self.node.settings.session_timeout);
        self.group = Some(joined.map_err(|error| error.to_string())?);
        Ok(())
    }

    fn has_heard_itself(&self) -> bool {
        let own = |known: &super::table::Known| known.said.run == self.said.run;
        self.directory.look(|table| table.nodes().any(|(known, _)| own(known)))
    }

    fn run(mut self) {
        while !self.stop.load(Ordering::Acquire) {
            self.wait();
            self.follow_group();
            let wanted = self.wanted();
            self.copies.arrange(&wanted, &self.directory);
            self.consider_announcing();
            self.consider_ready();
        }
        self.say_farewell();
    }

    /// Takes in what has happened; returns soon also where nothing has.
    fn wait(&mut self) {
        let mut next = self.happened.recv_timeout(LOOK);
        let mut heard = false;
        while let Ok(event) = next {
            match event {
                Event::Heard => heard = true,
                Event::Announced(Ok(_)) => {
                    self.on_its_way = false;
                    self.note_contact();
                }
                Event::Announced(Err(error)) => {
                    tracing::warn!("this node cannot announce itself: {error}");
                    self.on_its_way = false;
                }
                Event::Copied(done) => self.copies.take(done),
                Event::CaughtUp(at) => {
                    self.catching_up = false;
                    self.node.contact.regain(at);
                }
            }
            next = self.happened.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        if heard {
            self.hear();
        }
    }

    /// Reads what was announced.
    fn hear(&mut self) {
        loop {
            let chunk = match self.follower.poll(READ) {
                Ok(chunk) => chunk,
                Err(error) => return tracing::debug!("{NODES}: {error}"),
            };
            if chunk.records.is_empty() {
                return;
            }
            self.directory.change(|table| {
                let mut changed = false;
                for record in &chunk.records {
                    self.node.around.clock.hear(record.time);
                    match serde_json::from_slice::<Announcement>(&record.value) {
                        Ok(said) => changed |= table.take(said, record.time.0),
                        Err(error) => tracing::warn!("{NODES}/0@{} is no announcement: {error}", record.offset),
                    }
                }
                changed
            });
        }
    }

    /// The log has the last announcement: when that was said, or later, the log was in reach.
    fn note_contact(&mut self) {
        let at = self.said_at;
        if self.node.contact.note(at) || self.catching_up {
            return;
        }
        self.catching_up = true;
        let (node, events, stop) = (self.node.clone(), self.events.clone(), self.stop.clone());
        let catch_up = move || {
            let mut behind = node.slots.all();
            let mut ends = BTreeMap::new();
            while !behind.is_empty() && !stop.load(Ordering::Acquire) {
                behind.retain(|slot| !has_come_to(&node.log, slot, &mut ends));
                std::thread::sleep(CATCH_UP_LOOK);
            }
            drop(events.send(Event::CaughtUp(at)));
        };
        std::thread::Builder::new().name("catch-up".to_owned()).spawn(catch_up).expect("the machine gives threads");
    }

    /// Notes what the group has given to this node.
    fn follow_group(&mut self) {
        let Some(group) = &self.group else { return };
        if let Some(reason) = group.failed() {
            let name = &self.node.name;
            tracing::error!("--advertise {name} belongs to another process too: {reason}");
            drop(writeln!(std::io::stderr(), "error: --advertise {name} belongs to another process too: {reason}"));
            std::process::exit(74);
        }
        let Some(assigned) = group.assigned() else { return };
        self.joined = true;
        self.claims.retain(|shard, _| assigned.contains(shard));
        for shard in assigned {
            let claim = || self.directory.look(|table| table.last_claim(shard)) + 1;
            self.claims.entry(shard).or_insert_with(claim);
        }
    }

    /// The shards of which this node is to have a copy.
    fn wanted(&self) -> BTreeSet<u32> {
        let count = self.node.settings.standbys as usize;
        let name = self.node.name.as_str();
        let mut wanted: BTreeSet<_> = self.claims.keys().copied().collect();
        if count > 0 {
            let shards = 0..self.node.fixed.partitions;
            self.directory.look(|table| {
                wanted.extend(shards.filter(|shard| table.standbys(*shard, count).contains(name)));
            });
        }
        wanted
    }

    /// Announces the node where something has changed, and at an interval.
    fn consider_announcing(&mut self) {
        let mut shards = self.copies.show();
        for (shard, copy) in &mut shards {
            copy.claim = self.claims.get(shard).copied().unwrap_or(0);
        }
        let now = Announcement { shards, ..self.said.clone() };
        let due = self.said_at.elapsed() >= self.node.settings.session_timeout / ANNOUNCEMENTS;
        if !self.on_its_way && (due || !now.is_like(&self.said)) {
            self.said = now;
            self.announce();
            show::note_figures(&self.node, &self.directory);
        }
    }

    fn announce(&mut self) {
        self.on_its_way = true;
        self.said_at = Instant::now();
        let events = self.events.clone();
        self.append(Box::new(move |result| drop(events.send(Event::Announced(result)))));
    }

    fn append(&self, done: Done) {
        let value = serde_json::to_vec(&self.said).expect("an announcement is plain data");
        let record = NewRecord { key: self.said.name.clone().into_bytes(), value, ..NewRecord::default() };
        self.node.log.append(NODES, 0, vec![record], done);
    }

    fn say_farewell(&mut self) {
        self.said.leaving = true;
        let (sender, receiver) = channel();
        self.append(Box::new(move |result| drop(sender.send(result))));
        if !matches!(receiver.recv_timeout(FAREWELL), Ok(Ok(_))) {
            tracing::warn!("the others will notice later that this node has left");
        }
    }

    /// Ready is who has all that the group gave it, in a cluster in which every shard is answered for.
    fn consider_ready(&mut self) {
        if self.directory.is_ready() || !self.joined {
            return;
        }
        let live = self.claims.keys().all(|shard| self.said.shards.get(shard).is_some_and(|copy| copy.live));
        if live && (0..self.node.fixed.partitions).all(|shard| self.directory.is_held(shard)) {
            self.directory.set_ready();
        }
    }
}

/// True if a partition has applied everything that the log had when it was asked first, or never will.
fn has_come_to(log: &Log, slot: &Slot, ends: &mut BTreeMap<usize, u64>) -> bool {
    if slot.is_closed() || slot.was_stopped() {
        return true;
    }
    let (topic, partition, next) = (slot.def.name, slot.partition, slot.next());
    let end = match ends.entry(slot.number) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unknown) => {
            let Ok(end) = log.end(topic, partition) else { return false };
            *unknown.insert(end)
        }
    };
    // What is left below the end may be holes: only looking tells.
    let nothing_left = || log.read(topic, partition, next, 1).map(|chunk| chunk.records.is_empty());
    next >= end || nothing_left().unwrap_or(false)
}
