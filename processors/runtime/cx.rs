//! What a transition sees and does: the record's time, id and caller; the machine's tables; timers, sending, saying.

use crate::runtime::derived::Derived;
use crate::runtime::digest::{Mark, Trace};
use crate::runtime::reply::Said;
use crate::runtime::system::{Engine, Machine, Timer};
use crate::runtime::tables::{LINKS, OUTBOX};
use crate::runtime::timers::TimerQueue;
use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::{Kind, Range, Table};
use millrace_topics::codec::{self, Body};
use millrace_topics::contract::Contract;
use millrace_topics::partition::partition_of;
use millrace_topics::position::Position;
use millrace_topics::record::{Caller, Header, Payload, Provenance, Record, Role, Stamp};
use millrace_topics::time::Time;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// The largest record that a machine may send, in bytes: below Kafka's default message limit of 1 MB.
pub const SEND_LIMIT: usize = 900_000;

/// What is known about the record that is being applied.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The partition's clock.
    pub now: Time,
    /// The command's id.
    pub stamp: Stamp,
    /// Who asked.
    pub caller: Caller,
    /// Where it stands.
    pub position: Position,
    /// How many partitions each machine has.
    pub partitions: u32,
    /// The version of the rules in force.
    pub rules: u32,
    /// The trace that it belongs to.
    pub trace_parent: Option<[u8; 26]>,
}

/// Most events are shorter as JSON, in bytes.
const EVENT_BYTES: usize = 384;

/// What a record did besides writing rows.
#[derive(Default)]
pub struct Effects {
    pub(crate) trace: Trace,
    /// Events that somebody publishes.
    pub(crate) said: Vec<Said>,
    /// How many events were said, those that nobody publishes among them.
    pub(crate) said_count: u32,
    /// See [`crate::runtime::core::Core::unheard`].
    pub(crate) unheard: Option<(u64, u32)>,
    /// Receivers that have something new in the outbox.
    pub(crate) sent_to: BTreeSet<(String, u32)>,
    /// How many records this one has sent.
    pub(crate) ordinal: u32,
    /// How many events were said before at the same offset.
    pub(crate) said_before: u32,
    pub(crate) writes: u64,
}

impl Effects {
    /// Says an event; its data is only made if somebody publishes it.
    pub(crate) fn say(&mut self, moment: &Moment, kind: &'static str, data: impl FnOnce() -> String) {
        let (offset, ordinal) = (moment.position.offset, self.said_before + self.said_count);
        self.said_count += 1;
        if Some((offset, ordinal)) > self.unheard {
            self.said.push(Said { offset, ordinal, kind, time: moment.now, data: data() });
        }
    }
}

/// The one argument of a transition.
pub struct Cx<'a, M: Machine> {
    pub(crate) store: &'a mut Store,
    pub(crate) timers: &'a mut TimerQueue,
    pub(crate) effects: &'a mut Effects,
    pub(crate) moment: &'a Moment,
    /// What the machine keeps in memory.
    pub engine: &'a mut M::Engine,
}

impl<M: Machine> Cx<'_, M> {
    /// The partition's clock: the record's time, or a later one that it saw before.
    #[must_use]
    pub fn now(&self) -> Time {
        self.moment.now
    }

    /// The command's id and tie-breaker.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.moment.stamp
    }

    /// Who asked.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.moment.caller
    }

    /// Where the record stands. Only for names that people see: an outcome that depended on it would change with the
    /// number of partitions.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.moment.position
    }

    /// The version of the machine's rules in force: logic that changes outcomes asks it.
    #[must_use]
    pub fn rules(&self) -> u32 {
        self.moment.rules
    }

    /// The value of a row.
    #[must_use]
    pub fn get<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &K) -> Option<V> {
        self.get_raw(table, &table.raw_key(key))
    }

    /// The value of a row whose key is as it stands in the store.
    #[must_use]
    pub fn get_raw<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &[u8]) -> Option<V> {
        self.store.read(key, |raw| table.value_of(raw))
    }

    /// Walks rows of a table.
    pub fn scan<K: Key + Debug, V: Body>(&self, table: Table<K, V>, range: &Range) -> impl Iterator<Item = (K, V)> {
        self.store.range(range).map(move |(key, value)| (table.key_of(&key), table.value_of(&value)))
    }

    /// Writes a row.
    pub fn put<K: Key + Debug, V: Body>(&mut self, table: Table<K, V>, key: &K, value: &V) {
        self.put_raw(table, table.raw_key(key), value);
    }

    /// Writes a row whose key is as it stands in the store.
    pub fn put_raw<K: Key + Debug, V: Body>(&mut self, table: Table<K, V>, key: Vec<u8>, value: &V) {
        let (length, mut row) = (key.len(), key);
        codec::encode_into(value, &mut row);
        self.effects.writes += 1;
        if table.kind() == Kind::Primary {
            let (key, value) = row.split_at(length);
            self.effects.trace.add(Mark::Write, key, value);
        }
        self.store.put(row, length);
    }

    /// Deletes a row, if it is there.
    pub fn delete<K: Key + Debug, V: Body>(&mut self, table: Table<K, V>, key: &K) {
        self.delete_raw(table, table.raw_key(key));
    }

    /// Deletes a row, if it is there, whose key is as it stands in the store.
    pub fn delete_raw<K: Key + Debug, V: Body>(&mut self, table: Table<K, V>, key: Vec<u8>) {
        self.effects.writes += 1;
        if table.kind() == Kind::Primary {
            self.effects.trace.add(Mark::Delete, &key, &[]);
        }
        self.store.set(key, None);
    }

    /// Has the rows of derived tables say all that they should: before they are read here.
    pub fn derive(&mut self) {
        self.engine.derive(&mut Derived::of(self.store));
    }

    /// Asks to be called with this timer when the partition's clock passes `due`. The same timer at the same time is
    /// one timer.
    pub fn set_timer(&mut self, due: Time, timer: &Timer<M>) {
        self.effects.writes += 1;
        let id = codec::encode(timer);
        self.effects.trace.add(Mark::TimerSet, &due.0.to_le_bytes(), &id);
        self.timers.set(self.store, due, id);
    }

    /// Takes back a timer that was set for `due`.
    pub fn cancel_timer(&mut self, due: Time, timer: &Timer<M>) {
        self.effects.writes += 1;
        let id = codec::encode(timer);
        self.effects.trace.add(Mark::TimerGone, &due.0.to_le_bytes(), &id);
        self.timers.cancel(self.store, due, id);
    }

    /// Says an event on `<system>.events`.
    pub fn say(&mut self, event: &<M::Contract as Contract>::Event) {
        self.effects.trace.add_value(Mark::Said, event);
        self.effects.say(self.moment, M::Contract::event_type(event), || {
            // A text that grows as it is written would move a few times.
            let mut data = Vec::with_capacity(EVENT_BYTES);
            serde_json::to_writer(&mut data, event).expect("an event is plain data");
            String::from_utf8(data).expect("JSON is text")
        });
    }

    /// True if the command fits into one record: asked above *the line*.
    #[must_use]
    pub fn can_send<C: Contract>(&self, command: &C::Command) -> bool {
        codec::encode(command).len() <= SEND_LIMIT
    }

    /// Sends a command to another machine. It arrives exactly once, after everything that this partition sent to
    /// the same one before.
    ///
    /// # Panics
    /// If it is larger than [`SEND_LIMIT`]: a transition asks [`Cx::can_send`] first.
    pub fn send<C: Contract>(&mut self, command: &C::Command) {
        assert!(self.can_send::<C>(command), "a command to {} is larger than {SEND_LIMIT} bytes", C::MACHINE);
        let stamp = self.moment.stamp.derived(self.effects.ordinal);
        self.effects.ordinal += 1;
        let header = Header {
            schema: C::SCHEMA,
            stamp,
            caller: Caller { id: M::Contract::MACHINE.to_owned(), role: Role::Server },
            trace_parent: self.moment.trace_parent,
            ..Header::default()
        };
        let key = C::key(command).expect("what a machine sends has a partition").to_vec();
        let payload = Payload::Command(codec::encode(command));
        post(self.store, self.effects, self.moment, C::MACHINE, key, Record { header, payload });
        self.effects.writes += 1;
    }
}

/// Puts a record into the outbox, with the next number of its link.
pub(crate) fn post(
    store: &mut Store,
    effects: &mut Effects,
    moment: &Moment,
    machine: &str,
    key: Vec<u8>,
    mut record: Record,
) {
    let partition = partition_of(&key, moment.partitions);
    let to = (machine.to_owned(), partition);
    let raw_link = LINKS.raw_key(&to);
    let mut link = store.get(&raw_link).map(|raw| LINKS.value_of(&raw)).unwrap_or_default();
    link.sent += 1;
    let from = &moment.position;
    record.header.provenance =
        Some(Provenance { machine: from.machine.clone(), partition: from.partition, n: link.sent });
    let value = record.encode();
    effects.trace.add(Mark::Sent, &raw_link, &value);
    store.set(raw_link, Some(codec::encode(&link)));
    let row = OUTBOX.raw_key(&(to.0.clone(), partition, link.sent));
    store.set(row, Some(codec::encode(&(key, value))));
    effects.sent_to.insert(to);
}
