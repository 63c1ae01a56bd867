//! Partitions in memory behind a door; links deliver before an answer is given.

use crate::feeds::SYSTEM;
use crate::runtime::door::{
    Answering, Ask, Asked, Backend, Door, Submission as Letter, Submitted as Fate, Subscription, To,
};
use crate::runtime::reply::{Output, Reply};
use crate::runtime::runner::{Limits, Place as Where, Processor, Step};
use crate::runtime::streams::Events;
use crate::runtime::system::Partitions;
use millrace_state::store::Store;
use millrace_topics::log::LogRecord;
use millrace_topics::partition::partition_of;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use millrace_topics::time::Time;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How many partitions each machine has.
pub const PARTITIONS: u32 = 5;

/// When a house is built, in milliseconds.
pub const BEGIN: u64 = 1_704_067_200_000;

pub struct House {
    inner: Mutex<Inner>,
}

struct Inner {
    /// By machine, as the system lists them, and by partition.
    parts: Vec<Vec<Box<dyn Processor>>>,
    now: u64,
    micros: u64,
}

fn open(machine: usize, partition: u32, store: Store) -> Box<dyn Processor> {
    let def = &SYSTEM.machines[machine];
    let place = Where {
        machine: def.name,
        partition,
        partitions: PARTITIONS,
        topic_id: "t".to_owned(),
        limits: Limits::default(),
        skips: Arc::default(),
    };
    (def.open)(store, place).expect("the partition opens")
}

fn machine(name: &str) -> usize {
    SYSTEM.machines.iter().position(|def| def.name == name).expect("feeds has it")
}

impl Inner {
    fn append(&mut self, machine: usize, partition: u32, key: Vec<u8>, value: Vec<u8>) -> Vec<Reply> {
        let part = &mut self.parts[machine][partition as usize];
        let offset = part.core().meta.next;
        let record = LogRecord { offset, time: Time(self.now), key, value, headers: Vec::new() };
        let mut out = Output::default();
        while part.step(&record, &mut out) == Step::TimersLeft {}
        assert_eq!(part.core().stopped().map(ToString::to_string), None);
        assert!(out.dead.is_empty(), "{:?}", out.dead);
        out.replies
    }

    fn settle(&mut self) {
        loop {
            let mut busy = false;
            for from in 0..self.parts.len() {
                for partition in 0..self.parts[from].len() {
                    let core = self.parts[from][partition].core_mut();
                    for ship in core.sender.ship(&core.store) {
                        busy = true;
                        for record in ship.records {
                            self.append(machine(&ship.machine), ship.partition, record.key, record.value);
                        }
                        let core = self.parts[from][partition].core_mut();
                        core.sender.done(&ship.machine, ship.partition, ship.last, true);
                    }
                }
            }
            if !busy {
                return;
            }
        }
    }
}

impl House {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// A house, and the door to it.
    pub fn build() -> (Arc<Self>, Door) {
        let part =
            |machine| move |partition| open(machine, partition, Store::memory(Arc::default())) as Box<dyn Processor>;
        let parts = (0..SYSTEM.machines.len()).map(|machine| (0..PARTITIONS).map(part(machine)).collect()).collect();
        let inner = Inner { parts, now: BEGIN, micros: BEGIN * 1000 };
        let house = Arc::new(Self { inner: Mutex::new(inner) });
        let door = Door::new(house.clone(), Duration::from_secs(1));
        (house, door)
    }

    /// Lets time pass.
    pub fn wait(&self, millis: u64) {
        let mut inner = self.inner();
        inner.now += millis;
        inner.micros = inner.micros.max(inner.now * 1000);
    }

    /// Fires what is due in every partition.
    pub fn tick(&self) {
        let mut inner = self.inner();
        let tick = Record { header: Header::default(), payload: Payload::Tick }.encode();
        for machine in 0..inner.parts.len() {
            for partition in 0..PARTITIONS {
                inner.append(machine, partition, Vec::new(), tick.clone());
            }
        }
        inner.settle();
    }

    /// Lets all rows land, and opens other partitions over them.
    pub fn reopen(&self) {
        let mut inner = self.inner();
        for (index, parts) in inner.parts.iter_mut().enumerate() {
            for (partition, part) in (0..).zip(parts) {
                if let Some(frozen) = part.freeze() {
                    let landed = frozen.write().unwrap();
                    drop(part.core_mut().store.land(landed));
                }
                let rows = part.core().store.memory_rows().unwrap();
                *part = open(index, partition, Store::memory(rows));
            }
        }
    }
}

impl Backend for House {
    fn stamps(&self, count: u32) -> Stamp {
        let mut inner = self.inner();
        let micros = inner.micros;
        inner.micros += u64::from(count);
        Stamp { micros, node: 1 }
    }

    fn submit(&self, letter: Letter) -> Answering<'_, Fate> {
        let mut inner = self.inner();
        let (partition, key) = match letter.to {
            To::Key(key) => (partition_of(&key, PARTITIONS), key),
            To::Partition(partition) => (partition, Vec::new()),
        };
        let stamp = letter.header.stamp;
        let record = Record { header: letter.header, payload: Payload::Command(letter.command) };
        let replies = inner.append(machine(letter.machine), partition, key, record.encode());
        let reply = replies.into_iter().find(|reply| reply.stamp == stamp).unwrap();
        inner.settle();
        Box::pin(std::future::ready(Ok(Fate::Done(reply))))
    }

    fn ask(&self, ask: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        let some = match &ask.partitions {
            Partitions::One(key) => vec![partition_of(key, PARTITIONS)],
            Partitions::Some(keys) => keys.iter().map(|key| partition_of(key, PARTITIONS)).collect(),
            Partitions::All => (0..PARTITIONS).collect(),
        };
        let (inner, mut answers, mut positions) = (self.inner(), Vec::new(), Positions::default());
        for partition in some {
            let part = &inner.parts[machine(ask.machine)][partition as usize];
            answers.push(part.query(&ask.query).unwrap());
            if let Some(offset) = part.core().meta.next.checked_sub(1) {
                positions.add(Position { machine: ask.machine.to_owned(), partition, offset });
            }
        }
        Box::pin(std::future::ready(Ok((answers, positions))))
    }

    fn subscribe(&self, _: Subscription) -> Answering<'_, Events> {
        unreachable!("nothing is followed here")
    }

    fn partitions(&self) -> u32 {
        PARTITIONS
    }

    fn record(&self, _: &Position) -> Answering<'_, Option<LogRecord>> {
        unreachable!("no record is asked for here")
    }

    fn secret(&self) -> &[u8] {
        b"secret"
    }
}

/// What this account asks.
pub fn by(user: &str) -> Asked {
    Asked { caller: Caller { id: user.to_owned(), role: Role::User }, ..Asked::default() }
}

/// Runs what never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return done;
            }
        }
    })
}
