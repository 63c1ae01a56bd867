//! How fast records become views: leaderboards from a filled log, with everything on that runs in production, and
//! verified afterwards.

use crate::bench::figures::{Mark, Thousands, resident};
use crate::cli::ApplyLoad;
use crate::health::Readiness;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::node::{self, Node};
use crate::settings::Settings;
use crate::verify;
use crate::workers::Workers;
use millrace_topics::codec;
use millrace_topics::contract::Contract as _;
use millrace_topics::leaderboards::{Command, Leaderboards, NewEntry, Submission};
use millrace_topics::log::{Log, NewRecord};
use millrace_topics::partition::partition_of;
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How many records go into one append.
const BATCH: usize = 1000;

/// How often the progress is looked at.
const POLL: Duration = Duration::from_millis(2);

/// How long the last flush may take.
const FLUSH: Duration = Duration::from_secs(60);

/// Runs it: first every member submits once, then members at random.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &ApplyLoad, settings: &Settings) -> Result<(), String> {
    println!("leaderboards: {} members on {} boards, operator best", Thousands(load.members.into()), load.boards);
    // Before anything is in the folder: one that is in use and has no keys is not served.
    Keys::open(settings).map_err(|error| error.to_string())?;
    let mut makers = Makers::new(load);
    phase("every member for the first time", settings, |out| makers.first(out))?;
    phase("members at random", settings, |out| makers.more(out))?;
    println!("{} of 100 submissions at random were improvements", makers.improved * 100 / load.records.max(1));
    let (node, workers) = open(settings)?;
    let start = Mark::now();
    let found: Vec<_> = node.slots.iter().map(|slot| verify::verify_slot(&node, slot)).collect();
    let spent = start.spent();
    close(node, workers);
    if let Some(differing) = found.iter().find(|found| found.difference.is_some()) {
        return Err(differing.line());
    }
    let records = found.iter().map(|found| found.to - found.from).sum();
    println!("verified, every partition is equal to its rebuild: {}", spent.rate(records));
    Ok(())
}

fn phase(name: &str, settings: &Settings, fill: impl FnOnce(&mut Filler)) -> Result<(), String> {
    let count = {
        let log = node::open_embedded(settings).map_err(|error| error.to_string())?;
        let mut filler = Filler {
            log: log.clone(),
            partitions: settings.partitions,
            waiting: BTreeMap::new(),
            count: 0,
            failed: None,
        };
        log.create("leaderboards", settings.partitions).map_err(|error| error.to_string())?;
        fill(&mut filler);
        filler.finish()?;
        if let Log::Embedded(log) = &log {
            log.close();
        }
        filler.count
    };
    let (node, workers) = open(settings)?;
    let start = Mark::now();
    while !node.slots.iter().all(|slot| slot.is_caught_up() && slot.is_published()) {
        std::thread::sleep(POLL);
    }
    node.flush_all(FLUSH);
    let spent = start.spent();
    println!(
        "{name}: {} records, {}, {} bytes written a record, {} MiB resident",
        Thousands(count.into()),
        spent.rate(count),
        spent.written / count.max(1),
        resident() >> 20
    );
    close(node, workers);
    Ok(())
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

/// Fills the log as the gateway does, only in larger appends.
struct Filler {
    log: Log,
    partitions: u32,
    waiting: BTreeMap<u32, Vec<NewRecord>>,
    count: u64,
    /// Why an append failed, if one did.
    failed: Option<String>,
}

impl Filler {
    fn add(&mut self, command: &Command) {
        self.count += 1;
        let key = Leaderboards::key(command).expect("each of them names a board").to_vec();
        let header = Header {
            schema: Leaderboards::SCHEMA,
            stamp: Stamp { micros: 1_700_000_000_000_000 + self.count, node: 0 },
            caller: Caller { id: "bench".to_owned(), role: Role::Server },
            ..Header::default()
        };
        let record = Record { header, payload: Payload::Command(codec::encode(command)) };
        let partition = partition_of(&key, self.partitions);
        let waiting = self.waiting.entry(partition).or_default();
        waiting.push(NewRecord { key, value: record.encode(), ..NewRecord::default() });
        if waiting.len() == BATCH {
            let records = std::mem::take(waiting);
            self.append(partition, records);
        }
    }

    /// Waits for each append: a log that is asked for too many at once refuses some.
    fn append(&mut self, partition: u32, records: Vec<NewRecord>) {
        if let Err(error) = self.log.append_wait("leaderboards", partition, records) {
            self.failed.get_or_insert_with(|| error.to_string());
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        for (partition, records) in std::mem::take(&mut self.waiting) {
            self.append(partition, records);
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// Makes the submissions, and remembers every member's best.
struct Makers {
    load: ApplyLoad,
    best: Vec<i64>,
    chance: u64,
    improved: u64,
}

impl Makers {
    fn new(load: &ApplyLoad) -> Self {
        let members = usize::try_from(load.members).expect("members fit into memory");
        Self { load: load.clone(), best: vec![i64::MIN; members], chance: load.seed, improved: 0 }
    }

    fn first(&mut self, out: &mut Filler) {
        for board in 0..self.load.boards {
            let define = serde_json::json!({ "type": "define", "id": board_id(board) });
            out.add(&serde_json::from_value(define).expect("a definition needs no more than its id"));
        }
        (0..self.load.members).for_each(|member| self.submit(member, out));
        self.improved = 0;
    }

    fn more(&mut self, out: &mut Filler) {
        for _ in 0..self.load.records {
            let member = self.random() % self.load.members;
            self.submit(member, out);
        }
    }

    fn submit(&mut self, member: u64, out: &mut Filler) {
        let score = i64::try_from(self.random() % 1_000_000_000).expect("it is small");
        let best = &mut self.best[usize::try_from(member).expect("a member fits")];
        self.improved += u64::from(score > *best);
        *best = score.max(*best);
        let (board, owner) = (board_id(member % self.load.boards), format!("player-{member:08}"));
        let entry = NewEntry { owner, score, subscores: Vec::new(), operator: None, metadata: None };
        out.add(&Command::SubmitScore(Submission { board, entry }));
    }

    /// SplitMix64: the same numbers for the same seed on every machine.
    fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn board_id(number: u64) -> String {
    format!("board-{number}")
}
