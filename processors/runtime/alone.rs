//! One partition of a machine that is told commands one by one: for property tests, which hold what it does against a
//! model. Scripts have [`check`](crate::runtime::check).

use crate::runtime::reply::{Output, Said, Verdict};
use crate::runtime::runner::{Limits, Partition, Place, Processor, Step};
use crate::runtime::system::{Answer, Command, Machine, Outcome, Query, Rejection};
use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::Table;
use millrace_topics::codec::{self, Body};
use millrace_topics::contract::Contract;
use millrace_topics::log::LogRecord;
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use millrace_topics::time::Time;
use std::fmt::Debug;
use std::sync::Arc;

/// A partition, the only one of its machine.
pub struct Alone<M: Machine> {
    /// The partition.
    pub partition: Partition<M>,
    /// What the last command said.
    pub said: Vec<Said>,
    /// The time of the next record.
    pub now: Time,
    next: u64,
}

impl<M: Machine> Default for Alone<M> {
    fn default() -> Self {
        Self { partition: Self::open(Store::memory(Arc::default())), said: Vec::new(), now: Time(1000), next: 0 }
    }
}

impl<M: Machine> Alone<M> {
    /// A partition over these rows.
    ///
    /// # Panics
    /// If it does not open.
    #[must_use]
    pub fn open(store: Store) -> Partition<M> {
        let place = Place {
            machine: M::Contract::MACHINE,
            partition: 0,
            partitions: 1,
            topic_id: "t".to_owned(),
            limits: Limits::default(),
            skips: Arc::default(),
        };
        Partition::open(store, place).expect("it opens")
    }

    /// Tells a command, and hears its outcome.
    ///
    /// # Errors
    /// The machine's refusal.
    pub fn tell(&mut self, command: &Command<M>) -> Result<Outcome<M>, Rejection<M>> {
        self.tell_at(Stamp { micros: self.next, node: 1 }, command)
    }

    /// The same with a stamp.
    ///
    /// # Errors
    /// The machine's refusal.
    ///
    /// # Panics
    /// If the partition stops.
    pub fn tell_at(&mut self, stamp: Stamp, command: &Command<M>) -> Result<Outcome<M>, Rejection<M>> {
        let out = self.append(stamp, Payload::Command(codec::encode(command)), M::Contract::key(command));
        let Verdict::Outcome(outcome) = &out.replies[0].verdict else { panic!("{:?}", out.replies) };
        codec::decode(outcome).expect("an outcome can be read")
    }

    /// Lets time pass, in milliseconds: what is due by then happens.
    pub fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.append(Stamp { micros: self.next, node: 1 }, Payload::Tick, None);
    }

    fn append(&mut self, stamp: Stamp, payload: Payload, key: Option<&[u8]>) -> Output {
        let caller = Caller { id: "shop".to_owned(), role: Role::Server };
        let header = Header { schema: M::Contract::SCHEMA, stamp, caller, ..Header::default() };
        let value = Record { header, payload }.encode();
        let key = key.unwrap_or_default().to_vec();
        let record = LogRecord { offset: self.next, time: self.now, key, value, headers: Vec::new() };
        let mut out = Output::default();
        while self.partition.step(&record, &mut out) == Step::TimersLeft {}
        assert_eq!(self.partition.core().stopped(), None);
        self.next += 1;
        self.said = std::mem::take(&mut out.said);
        out
    }

    /// Asks a query.
    ///
    /// # Errors
    /// The machine's refusal.
    ///
    /// # Panics
    /// If the partition has stopped.
    pub fn ask(&self, query: &Query<M>) -> Result<Answer<M>, Rejection<M>> {
        let answer = self.partition.query(&codec::encode(query)).expect("the partition answers");
        codec::decode(&answer).expect("an answer can be read")
    }

    /// All rows of a table.
    #[must_use]
    pub fn rows<K: Key + Debug, V: Body>(&self, table: Table<K, V>) -> Vec<(K, V)> {
        let rows = self.partition.core().store.range(&table.all());
        rows.map(|(key, value)| (table.key_of(&key), table.value_of(&value))).collect()
    }

    /// Lets the rows land, and opens another partition over them.
    ///
    /// # Panics
    /// If it does not open.
    pub fn reopen(&mut self) {
        if let Some(frozen) = self.partition.freeze() {
            let landed = frozen.write().expect("memory takes everything");
            drop(self.partition.core_mut().store.land(landed));
        }
        let rows = self.partition.core().store.memory_rows().expect("it lies in memory");
        self.partition = Self::open(Store::memory(rows));
    }
}
