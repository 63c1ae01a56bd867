//! The harness: runs a script of commands on real partitions over a log in memory, and runs it again in every way in
//! which a crash, a repeat or another number of partitions could show.
//!
//! A script has a line a command. Before the JSON stand the time that has passed, who asks, a key and the machine,
//! each only where it differs from what is usual:
//!
//! ```text
//! # time   who        key      machine   command
//!                                        {"type":"define","id":"weekly"}
//! +5s      user:ada   key=k1             {"type":"submit_score","board":"weekly","owner":"ada","score":120}
//! +1h
//!                              @carts.stock {"type":"reserve","sku":"tee"}
//! ```
//!
//! What only machines and routes say is written by [`said`].
//!
//! [`run`] answers with what each line led to and the tables at the end, as text to compare with a snapshot. Before
//! it answers it has run the script:
//!
//! - with a crash after each step that drops everything behind each earlier flush, with the outbox's last append not
//!   done, done, and done twice (every pair of crash and flush up to [`ALL_PAIRS`] steps, [`SAMPLES`] seeded ones
//!   above);
//! - with every record given twice, and with every keyed line and every record between machines appended twice;
//! - over 1 and 8 partitions, and once on a real RocksDB;
//! - and after each run every partition was rebuilt from its log and compared, digest and rows.

mod shown;
mod trouble;

pub use crate::runtime::script::said;
pub use shown::Shown;
pub use trouble::{Watch, race_watched, troubled};

use crate::runtime::reply::{Output, Reply, Verdict};
use crate::runtime::runner::{Limits, Place, Processor, Step};
use crate::runtime::script::{Line, parse};
use crate::runtime::system::MachineDef;
use crate::runtime::tables::{FIRST_OF_MACHINE, META, TIMERS};
use millrace_state::compare::first_difference;
use millrace_state::env::Env;
use millrace_state::store::{Rows, Store};
use millrace_state::table::{Range, TableDef};
use millrace_topics::log::{Log, LogRecord, NewRecord};
use millrace_topics::memory::MemoryLog;
use millrace_topics::partition::partition_of;
use millrace_topics::record::{Header, Payload, Record, Stamp};
use millrace_topics::time::Time;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trouble::Trouble;

/// Up to so many steps every pair of crash and flush is tried.
pub const ALL_PAIRS: usize = 64;

/// How many pairs are tried in longer scripts.
pub const SAMPLES: usize = 300;

/// The time at which every script begins: 2024-01-01T00:00:00Z.
pub const BEGIN: Time = Time(1_704_067_200_000);

/// What the outbox had done when a crash came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outbox {
    /// Nothing since the step.
    Idle,
    /// Appended, and nobody knows.
    Appended,
    /// Appended twice, and nobody knows.
    AppendedTwice,
}

/// One way to run a script.
#[derive(Clone, Debug)]
struct Plan {
    partitions: u32,
    /// Flush everything after this step, crash after that one.
    crash: Option<(usize, usize, Outbox)>,
    read_twice: bool,
    append_twice: bool,
    rocks: bool,
    /// Seed of a random order in which partitions get their turn; else they go in order, each as far as it can.
    race: Option<u64>,
    /// The record between machines, by its number, that does not simply arrive.
    trouble: Option<(usize, Trouble)>,
}

const PLAIN: Plan = Plan {
    partitions: 1,
    crash: None,
    read_twice: false,
    append_twice: false,
    rocks: false,
    race: None,
    trouble: None,
};

/// Runs a script in every way and answers with what the plain run shows.
///
/// # Panics
/// Where a run differs from the plain one, with the way it was run; and where a line of the script cannot be read.
#[must_use]
pub fn run(machines: &[MachineDef], script: &str) -> String {
    let lines = parse(machines, script);
    let (plain, steps) = execute(machines, &lines, &PLAIN);
    let mut plans = vec![
        Plan { partitions: 8, ..PLAIN },
        Plan { read_twice: true, ..PLAIN },
        Plan { append_twice: true, ..PLAIN },
        Plan { partitions: 8, read_twice: true, append_twice: true, ..PLAIN },
        Plan { rocks: true, crash: Some((steps / 2, steps, Outbox::Idle)), ..PLAIN },
    ];
    for pair in crash_pairs(steps) {
        for outbox in [Outbox::Idle, Outbox::Appended, Outbox::AppendedTwice] {
            plans.push(Plan { crash: Some((pair.0, pair.1, outbox)), ..PLAIN });
        }
    }
    for plan in plans {
        let (shown, _) = execute(machines, &lines, &plan);
        assert!(shown.masked() == plain.masked(), "{}", plain.difference(&shown, &plan));
    }
    plain.text()
}

/// Runs the lines that begin with `|` in a random order of partitions and records for each seed, and calls
/// `invariant` with the tables after each run. Lines without `|` wait until everything before them is done.
///
/// # Panics
/// Where the invariant does, or a rebuild differs.
pub fn race(machines: &[MachineDef], script: &str, seeds: u64, invariant: &dyn Fn(&Shown)) {
    let lines = parse(machines, script);
    for seed in 1..=seeds {
        for partitions in [1, 8] {
            let (shown, _) = execute(machines, &lines, &Plan { partitions, race: Some(seed), ..PLAIN });
            invariant(&shown);
        }
    }
}

fn crash_pairs(steps: usize) -> Vec<(usize, usize)> {
    if steps <= ALL_PAIRS {
        return (1..=steps).flat_map(|crash| (0..=crash).map(move |flush| (flush, crash))).collect();
    }
    let mut random = Random(steps as u64);
    let mut pair = || {
        let crash = 1 + random.below(steps);
        (random.below(crash + 1), crash)
    };
    (0..SAMPLES).map(|_| pair()).collect()
}

/// A small seeded generator (xorshift64*): a failing run must be the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value % bound as u64).expect("it is below a usize")
    }
}

/// A folder of its own for a run on a real RocksDB.
struct Folder(PathBuf);

impl Folder {
    #[expect(clippy::disallowed_methods, reason = "only names a folder that no other process uses")]
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("millrace-check-{}-{number}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of a test's folder does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Partitions, log and time of one run.
struct World<'a> {
    machines: &'a [MachineDef],
    plan: &'a Plan,
    log: Log,
    memory: Arc<MemoryLog>,
    parts: BTreeMap<(usize, u32), Box<dyn Processor>>,
    folder: Option<(Env, Folder)>,
    /// Up to where a partition reads after a crash before it sends anything, as a node does.
    behind: BTreeMap<(usize, u32), u64>,
    now: Time,
    steps: usize,
    events: BTreeMap<(usize, u32, u64, u32), String>,
    fresh_events: Vec<String>,
    replies: BTreeMap<Stamp, String>,
    dead: BTreeMap<(usize, u32, u64), String>,
    random: Random,
    /// How many records between machines were appended, or were to be.
    carried: usize,
    /// Whose records are held back, and until when.
    late: Option<((usize, u32), Time)>,
    watch: Option<Watch<'a>>,
}

fn execute(machines: &[MachineDef], lines: &[Line], plan: &Plan) -> (Shown, usize) {
    execute_watched(machines, lines, plan, None)
}

fn execute_watched(machines: &[MachineDef], lines: &[Line], plan: &Plan, watch: Option<Watch<'_>>) -> (Shown, usize) {
    let mut world = World::new(machines, plan);
    world.watch = watch;
    let shown = play(&mut world, lines);
    (shown, world.steps)
}

fn play(world: &mut World<'_>, lines: &[Line]) -> Shown {
    let (machines, plan) = (world.machines, world.plan);
    let mut shown = Shown::default();
    for (index, line) in lines.iter().enumerate() {
        world.now = world.now.plus(line.wait_ms);
        world.memory.set_clock(world.now);
        if let Some((machine, key, record)) = &line.command {
            let keyed = record.header.idempotency.is_some();
            let value = record.encode();
            let new = NewRecord { key: key.clone().unwrap_or_default(), value, ..NewRecord::default() };
            let copies = if keyed && plan.append_twice { 2 } else { 1 };
            let partitions = match key {
                Some(key) => vec![partition_of(key, plan.partitions)],
                None => (0..plan.partitions).collect(),
            };
            for partition in partitions {
                world.append(machines[*machine].name, partition, vec![new.clone(); copies]);
            }
        }
        let more_racing = lines.get(index + 1).is_some_and(|next| next.racing);
        if !(line.racing && more_racing && plan.race.is_some()) {
            world.settle();
        }
        let events = std::mem::take(&mut world.fresh_events);
        shown.lines.push((line.text.clone(), None, events));
    }
    for (line, shown_line) in lines.iter().zip(&mut shown.lines) {
        let stamp = line.command.as_ref().map(|(_, _, record)| record.header.stamp);
        shown_line.1 = stamp.and_then(|stamp| world.replies.get(&stamp).cloned());
    }
    world.prove_rebuild();
    shown.rows = world.rows();
    shown.dead = world.dead.values().cloned().collect();
    let stopped = world.parts.values().filter_map(|part| part.core().stopped().map(ToString::to_string));
    shown.stopped = stopped.collect();
    shown
}

impl<'a> World<'a> {
    fn new(machines: &'a [MachineDef], plan: &'a Plan) -> Self {
        let memory = Arc::new(MemoryLog::new());
        let log = Log::Memory(memory.clone());
        for def in machines {
            log.create(def.name, plan.partitions).expect("a new log takes any topic");
        }
        let folder = plan.rocks.then(|| (Env::new(8 << 20), Folder::new()));
        let mut world = Self {
            machines,
            plan,
            log,
            memory,
            parts: BTreeMap::new(),
            folder,
            behind: BTreeMap::new(),
            now: BEGIN,
            steps: 0,
            events: BTreeMap::new(),
            fresh_events: Vec::new(),
            replies: BTreeMap::new(),
            dead: BTreeMap::new(),
            random: Random(plan.race.unwrap_or(1)),
            carried: 0,
            late: None,
            watch: None,
        };
        for machine in 0..machines.len() {
            for partition in 0..plan.partitions {
                let store = world.store(machine, partition, Arc::default());
                world.open(machine, partition, store);
            }
        }
        world
    }

    fn store(&self, machine: usize, partition: u32, rows: Arc<Rows>) -> Store {
        match &self.folder {
            Some((env, folder)) => {
                let path = folder.0.join(self.machines[machine].name).join(partition.to_string());
                Store::open(env, &path).expect("the state opens")
            }
            None => Store::memory(rows),
        }
    }

    fn place(&self, machine: usize, partition: u32) -> Place {
        Place {
            machine: self.machines[machine].name,
            partition,
            partitions: self.plan.partitions,
            topic_id: "check".to_owned(),
            limits: Limits::default(),
            skips: Arc::default(),
        }
    }

    fn open(&mut self, machine: usize, partition: u32, store: Store) {
        let part = (self.machines[machine].open)(store, self.place(machine, partition)).expect("the partition opens");
        self.parts.insert((machine, partition), part);
    }

    fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>) {
        self.log.append_wait(topic, partition, records).expect("the log in memory takes everything");
    }

    /// Runs until nothing is left to do.
    fn settle(&mut self) {
        while self.turn() {}
    }

    /// Gives each partition a turn; false if none had anything to do.
    fn turn(&mut self) -> bool {
        let mut places: Vec<_> = self.parts.keys().copied().collect();
        if self.plan.race.is_some() {
            let first = self.random.below(places.len());
            places.rotate_left(first);
        }
        let mut busy = false;
        for place in places {
            busy |= self.step_partition(place);
            busy |= self.send(place);
            busy |= self.tick(place);
        }
        busy
    }

    fn step_partition(&mut self, place: (usize, u32)) -> bool {
        let topic = self.machines[place.0].name;
        let next = self.parts[&place].core().meta.next;
        let max = if self.plan.race.is_some() { 1 } else { usize::MAX };
        let chunk = self.log.read(topic, place.1, next, max).expect("the log in memory holds everything");
        let mut busy = false;
        for record in &chunk.records {
            if self.take(place, record) == Step::Stopped {
                return busy;
            }
            busy = true;
            if let Some(watch) = self.watch {
                watch(topic, place.1, &self.parts[&place].core().store);
            }
            if self.maybe_crash(place) {
                return true;
            }
        }
        busy
    }

    fn take(&mut self, place: (usize, u32), record: &LogRecord) -> Step {
        let mut out = Output::default();
        let part = self.parts.get_mut(&place).expect("every partition is open");
        let step = loop {
            let step = part.step(record, &mut out);
            if step != Step::TimersLeft {
                break step;
            }
        };
        if self.plan.read_twice && step == Step::Applied {
            part.step(record, &mut out);
        }
        self.steps += 1;
        self.carry(place, out);
        step
    }

    fn carry(&mut self, place: (usize, u32), out: Output) {
        let def = &self.machines[place.0];
        for said in out.said {
            let data: serde_json::Value = serde_json::from_str(&said.data).expect("what is said is JSON");
            let text = format!("{} {} {data}", def.name, said.kind);
            let id = (place.0, place.1, said.offset, said.ordinal);
            if let Some(before) = self.events.insert(id, text.clone()) {
                assert_eq!(before, text, "an event that is said again is the same");
                continue;
            }
            self.fresh_events.push(text);
        }
        for reply in out.replies {
            let text = show_reply(def, &reply);
            let first = self.replies.entry(reply.stamp).or_insert_with(|| text.clone());
            let repeats = reply.replayed || *first == text;
            assert!(repeats, "a command that is applied again answers the same: {first}, then {text}");
        }
        for letter in out.dead {
            self.dead.insert((place.0, place.1, letter.record.offset), format!("{} {}", def.name, letter.reason));
        }
    }

    /// Flushes or crashes, if the plan says so after this step.
    fn maybe_crash(&mut self, place: (usize, u32)) -> bool {
        let Some((flush, crash, outbox)) = self.plan.crash else { return false };
        if self.steps == flush {
            self.flush_all();
        }
        if self.steps != crash {
            return false;
        }
        for _ in 0..match outbox {
            Outbox::Idle => 0,
            Outbox::Appended => 1,
            Outbox::AppendedTwice => 2,
        } {
            let part = self.parts.get_mut(&place).expect("every partition is open").core_mut();
            let shipments = part.sender.clone().ship(&part.store);
            shipments.into_iter().for_each(|ship| self.append(&ship.machine, ship.partition, ship.records));
        }
        for ((machine, partition), part) in std::mem::take(&mut self.parts) {
            let rows = part.core().store.memory_rows().unwrap_or_default();
            drop(part);
            let end = self.log.end(self.machines[machine].name, partition).expect("every topic is there");
            self.behind.insert((machine, partition), end);
            let store = self.store(machine, partition, rows);
            self.open(machine, partition, store);
        }
        true
    }

    fn flush_all(&mut self) {
        for part in self.parts.values_mut() {
            let Some(frozen) = part.freeze() else { continue };
            let landed = frozen.write().expect("the state can be written");
            drop(part.core_mut().store.land(landed));
        }
    }

    fn send(&mut self, place: (usize, u32)) -> bool {
        let is_late = self.is_late(place);
        let core = self.parts.get_mut(&place).expect("every partition is open").core_mut();
        if self.behind.get(&place).is_some_and(|end| core.meta.next < *end) || is_late {
            return false;
        }
        let shipments = core.sender.ship(&core.store);
        let busy = !shipments.is_empty();
        for ship in shipments {
            let (to, partition, last) = (ship.machine.clone(), ship.partition, ship.last);
            let arrived = self.deliver(place, ship);
            let core = self.parts.get_mut(&place).expect("every partition is open").core_mut();
            core.sender.done(&to, partition, last, arrived);
        }
        let core = self.parts.get_mut(&place).expect("every partition is open").core_mut();
        let notes = core.sender.notes(self.now.0);
        let topic = self.machines[place.0].name;
        for note in &notes {
            self.append(topic, place.1, vec![NewRecord { value: note.encode(), ..NewRecord::default() }]);
        }
        busy || !notes.is_empty()
    }

    fn tick(&mut self, place: (usize, u32)) -> bool {
        let core = self.parts.get_mut(&place).expect("every partition is open").core_mut();
        let idle = self.log.end(self.machines[place.0].name, place.1) == Ok(core.meta.next);
        if !idle || core.stopped().is_some() || core.next_due().is_none_or(|due| due > self.now) {
            return false;
        }
        let tick = Record { header: Header::default(), payload: Payload::Tick };
        let topic = self.machines[place.0].name;
        self.append(topic, place.1, vec![NewRecord { value: tick.encode(), ..NewRecord::default() }]);
        true
    }

    /// Rebuilds every partition from its log, as far as it has come, and compares.
    fn prove_rebuild(&mut self) {
        self.parts.values_mut().for_each(|part| part.derive());
        for ((machine, partition), part) in &self.parts {
            let def = &self.machines[*machine];
            let store = Store::memory(Arc::default());
            let mut rebuilt = (def.open)(store, self.place(*machine, *partition)).expect("an empty partition opens");
            let chunk = self.log.read(def.name, *partition, 0, usize::MAX).expect("the log holds everything");
            let live = part.core();
            for record in chunk.records.iter().filter(|record| record.offset < live.meta.next) {
                while rebuilt.step(record, &mut Output::default()) == Step::TimersLeft {}
            }
            rebuilt.derive();
            let core = rebuilt.core();
            assert_eq!(core.meta, live.meta, "{}/{partition} rebuilt stands elsewhere ({:?})", def.name, self.plan);
            let skip = |key: &[u8]| key[0] < FIRST_OF_MACHINE && key[0] != TIMERS.def().id;
            let difference = first_difference(&live.store, &core.store, &skip);
            assert_eq!(difference, None, "{}/{partition} rebuilt differs ({:?})", def.name, self.plan);
        }
    }

    fn rows(&self) -> Vec<String> {
        let mut all = BTreeMap::new();
        for ((machine, _), part) in &self.parts {
            let def = &self.machines[*machine];
            let mut tables = (def.tables)();
            tables.push(TIMERS.def());
            let all_keys = Range { from: vec![META.def().id], to: vec![0xff], reverse: false };
            for (key, value) in part.core().store.range(&all_keys) {
                if let Some(row) = show_row(def, &tables, &key, &value) {
                    all.insert((*machine, key), row);
                }
            }
        }
        all.into_values().collect()
    }
}

fn show_row(def: &MachineDef, tables: &[TableDef], key: &[u8], value: &[u8]) -> Option<String> {
    let table = tables.iter().find(|table| table.id == key[0])?;
    Some(format!("{} {} {} → {}", def.name, table.name, table.show_key(key), table.show_value(value)))
}

fn show_reply(def: &MachineDef, reply: &Reply) -> String {
    let text = match &reply.verdict {
        Verdict::Outcome(outcome) => match (def.show_outcome)(outcome) {
            Ok(value) => value.to_string(),
            Err(problem) => format!("{} {}: {}", problem.status, problem.code, problem.detail),
        },
        Verdict::KeyReused => "key reused".to_owned(),
        Verdict::Dead => "dead".to_owned(),
    };
    if reply.replayed { format!("{text} (replayed)") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_scripts_try_every_pair() {
        assert_eq!(crash_pairs(2), [(0, 1), (1, 1), (0, 2), (1, 2), (2, 2)]);
        assert_eq!(crash_pairs(1000).len(), SAMPLES);
        assert!(crash_pairs(1000).iter().all(|(flush, crash)| flush <= crash && *crash <= 1000));
    }
}
