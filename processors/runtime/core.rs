//! A partition apart from its machine's types: its rows, where it stands, what it owes; how a record's effects become
//! state, all of them or none.

use crate::runtime::cx::{Effects, Moment};
use crate::runtime::digest::Trace;
use crate::runtime::history::History;
use crate::runtime::idempotency::{self, KeyLimits, KeyQueue, Seen};
use crate::runtime::outbox::Sender;
use crate::runtime::reply::{Output, Reply, Verdict};
use crate::runtime::tables::{Keyed, LINKS, META, Meta, ORIGIN, OUTBOX, Origin, RECEIVED, STATE_FORMAT};
use crate::runtime::timers::TimerQueue;
use millrace_state::store::{Damaged, Frozen, Store};
use millrace_topics::codec;
use millrace_topics::log::LogRecord;
use millrace_topics::position::Position;
use millrace_topics::record::{Caller, Provenance, Record, Stamp};
use millrace_topics::time::Time;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Limits that decide outcomes: fixed for the life of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of kept outcomes of idempotency keys.
    pub keys: KeyLimits,
    /// For how many offsets of a partition outcomes can be asked for by position.
    pub outcomes_kept: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { keys: KeyLimits::default(), outcomes_kept: 65_536 }
    }
}

/// Which partition of what this is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The machine.
    pub machine: &'static str,
    /// The partition.
    pub partition: u32,
    /// How many partitions every machine has.
    pub partitions: u32,
    /// The id of the topic.
    pub topic_id: String,
    /// Limits that decide outcomes.
    pub limits: Limits,
    /// Offsets that an operator has skipped.
    pub skips: Arc<BTreeSet<u64>>,
}

/// Why a partition does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// A record, the rules or the state come from a newer build.
    #[error("{position}: {what}; a newer build goes on from here")]
    TooNew {
        /// Where.
        position: Position,
        /// What is too new.
        what: String,
    },
    /// A transition hit an assertion. It was rolled back.
    #[error("{position}: the transition failed: {message}; `millrace dead skip {position}` passes it over")]
    Failed {
        /// The record.
        position: Position,
        /// What the assertion says.
        message: String,
    },
    /// The state on disk cannot be read.
    #[error("{0}; `millrace replay` rebuilds it from the log")]
    Damaged(String),
    /// The state does not belong to this log.
    #[error("{0}")]
    Foreign(String),
    /// The state cannot be written.
    #[error("the state cannot be written: {0}")]
    Unwritable(String),
}

/// The hash by which a record is known again.
#[must_use]
pub fn record_hash(record: &LogRecord) -> u64 {
    let place = [record.offset.to_le_bytes(), record.time.0.to_le_bytes()];
    let hash = [place.as_flattened(), &record.key, &record.value];
    hash.into_iter().fold(0, |seed, part| xxhash_rust::xxh3::xxh3_64_with_seed(part, seed))
}

/// For [`Core::unheard`]: no event is published.
pub const NOTHING_HEARD: Option<(u64, u32)> = Some((u64::MAX, u32::MAX));

/// What a partition is apart from its machine's types.
pub struct Core {
    /// Which partition of what.
    pub place: Place,
    /// Its rows.
    pub store: Store,
    /// Where it stands.
    pub meta: Meta,
    /// The sender of its outbox.
    pub sender: Sender,
    /// Up to this offset and ordinal, events are chained into the digest and not made: nobody publishes them.
    pub unheard: Option<(u64, u32)>,
    pub(crate) timers: TimerQueue,
    keys: KeyQueue,
    history: History,
    /// The trace of the next record: the same memory for all.
    pub(crate) trace: Trace,
    pub(crate) stopped: Option<StopReason>,
    pub(crate) changed: bool,
    /// Where it stood when the open record or timer began.
    before: Meta,
}

impl Core {
    pub(crate) fn open(store: Store, place: Place, newest_rules: u32) -> Result<Self, StopReason> {
        let read = || {
            let origin = store.get(&ORIGIN.raw_key(&())).map(|raw| ORIGIN.value_of(&raw));
            let meta = store.get(&META.raw_key(&())).map(|raw| META.value_of(&raw));
            (origin, meta, Sender::open(&store))
        };
        let (origin, meta, sender) = catch_unwind(AssertUnwindSafe(read))
            .map_err(|payload| stop_reason(payload.as_ref(), &position(&place, 0)))?;
        let meta = meta.unwrap_or(Meta { rules: 1, ..Meta::default() });
        if let Some(origin) = origin {
            check_origin(&origin, &meta, &place, newest_rules)?;
        }
        let history = History::open(&store, meta.next, place.limits.outcomes_kept);
        let (timers, keys) = (TimerQueue::default(), KeyQueue::default());
        Ok(Self {
            place,
            store,
            meta,
            sender,
            unheard: None,
            timers,
            keys,
            history,
            trace: Trace::default(),
            stopped: None,
            changed: false,
            before: meta,
        })
    }

    /// Begins a record or a timer: until [`Store::keep`] everything can be taken back.
    pub(crate) fn begin(&mut self) {
        self.store.begin();
        self.before = self.meta;
    }

    pub(crate) fn rollback(&mut self) {
        self.store.rollback();
        self.meta = self.before;
    }

    /// Why the partition has stopped, if it has.
    #[must_use]
    pub fn stopped(&self) -> Option<&StopReason> {
        self.stopped.as_ref()
    }

    /// Stops the partition; the first reason stays.
    pub fn stop(&mut self, reason: StopReason) {
        self.stopped.get_or_insert(reason);
    }

    /// What a failed assertion at the next record means for the partition.
    #[must_use]
    pub fn stop_reason(&self, payload: &(dyn Any + Send)) -> StopReason {
        stop_reason(payload, &position(&self.place, self.meta.next))
    }

    /// When the next timer is due.
    pub fn next_due(&mut self) -> Option<Time> {
        self.timers.due(&self.store)
    }

    /// The outcome of the record at `offset`, if it is kept.
    #[must_use]
    pub fn outcome_at(&self, offset: u64) -> Option<Reply> {
        let (verdict, at): (Verdict, u64) = codec::decode(&self.history.outcome(&self.store, offset)?).ok()?;
        let position = position(&self.place, at);
        Some(Reply { stamp: Stamp::default(), verdict, position, replayed: at != offset })
    }

    /// Freezes what changed since the last time to be written, with the offset that it holds.
    pub(crate) fn freeze(&mut self) -> Option<Frozen> {
        if !self.changed || self.store.is_flushing() {
            return None;
        }
        self.history.write(&mut self.store);
        let Place { topic_id, partitions, .. } = self.place.clone();
        let origin = Origin { format: STATE_FORMAT, topic_id, partitions };
        self.store.set(ORIGIN.raw_key(&()), Some(codec::encode(&origin)));
        self.store.set(META.raw_key(&()), Some(codec::encode(&self.meta)));
        self.changed = false;
        self.store.freeze()
    }

    /// True if something changed since the last freeze.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.changed
    }

    pub(crate) fn moment(&self, raw: &LogRecord, now: Time) -> Moment {
        Moment {
            now,
            stamp: Stamp::default(),
            caller: Caller::default(),
            position: position(&self.place, raw.offset),
            partitions: self.place.partitions,
            rules: self.meta.rules,
            trace_parent: None,
        }
    }

    /// Puts a record's effects into the state and into `out`, and goes on to the next offset.
    pub(crate) fn finish(
        &mut self,
        raw: &LogRecord,
        now: Time,
        mut effects: Effects,
        reply: Option<Reply>,
        out: &mut Output,
    ) {
        let kept = reply.as_ref().map(|reply| codec::encode(&(&reply.verdict, reply.position.offset)));
        self.meta.digest = effects.trace.chain(self.meta.digest, raw.offset);
        self.trace = std::mem::take(&mut effects.trace);
        self.history.add(&mut self.store, raw.offset, self.meta.digest, kept);
        self.meta.next = raw.offset + 1;
        self.meta.last = Some((raw.offset, record_hash(raw)));
        self.meta.said = 0;
        self.meta.clock = now;
        self.changed = true;
        self.store.keep();
        self.emit(effects, out);
        out.replies.extend(reply);
    }

    /// What the next record or timer does, before it does anything.
    pub(crate) fn effects(&self) -> Effects {
        Effects { said_before: self.meta.said, unheard: self.unheard, ..Effects::default() }
    }

    pub(crate) fn emit(&mut self, effects: Effects, out: &mut Output) {
        out.said.extend(effects.said);
        out.sent |= !effects.sent_to.is_empty();
        effects.sent_to.into_iter().for_each(|to| self.sender.learn(to));
    }

    /// Takes a record between machines only in its turn.
    pub(crate) fn receive(&mut self, from: &Provenance, out: &mut Output) -> bool {
        let key = RECEIVED.raw_key(&(from.machine.clone(), from.partition));
        let last = self.store.get(&key).map_or(0, |raw| RECEIVED.value_of(&raw));
        if from.n <= last {
            self.meta.counters.dropped += 1;
            return false;
        }
        if from.n > last + 1 {
            self.meta.counters.gaps += 1;
            let (here, partition) = (self.place.machine, self.place.partition);
            out.alarms.push(format!(
                "{here}/{partition} got record {} from {}/{}, but has only {last}: it waits for those between",
                from.n, from.machine, from.partition
            ));
            return false;
        }
        self.store.set(key, Some(codec::encode(&from.n)));
        true
    }

    pub(crate) fn forget_sent(&mut self, machine: &str, partition: u32, up_to: u64) {
        let to = (machine.to_owned(), partition);
        let key = LINKS.raw_key(&to);
        let Some(mut link) = self.store.get(&key).map(|raw| LINKS.value_of(&raw)) else { return };
        let up_to = up_to.min(link.sent);
        for n in link.gone + 1..=up_to {
            self.store.unset(OUTBOX.raw_key(&(to.0.clone(), to.1, n)));
        }
        link.gone = link.gone.max(up_to);
        self.store.set(key, Some(codec::encode(&link)));
    }

    pub(crate) fn look_up(&self, record: &Record, routing_key: &[u8]) -> Option<(u128, Seen)> {
        let asked = record.header.idempotency.as_ref()?;
        let scope = idempotency::scope(&record.header.caller, routing_key, &asked.key);
        Some((scope, idempotency::look_up(&self.store, scope, asked)))
    }

    pub(crate) fn keep_outcome(&mut self, scope: u128, record: &Record, offset: u64, outcome: &[u8], now: Time) {
        let Some(asked) = &record.header.idempotency else { return };
        let keyed = Keyed { body_hash: asked.body_hash, offset, outcome: outcome.to_vec() };
        let limits = self.place.limits.keys;
        self.meta.keyed = self.keys.keep(&mut self.store, scope, &keyed, now, self.meta.keyed, limits);
    }
}

pub(crate) fn position(place: &Place, offset: u64) -> Position {
    Position { machine: place.machine.to_owned(), partition: place.partition, offset }
}

fn check_origin(origin: &Origin, meta: &Meta, place: &Place, newest_rules: u32) -> Result<(), StopReason> {
    let at = position(place, meta.next);
    if origin.format > STATE_FORMAT {
        let what = format!("state format {}, this build reads up to {STATE_FORMAT}", origin.format);
        return Err(StopReason::TooNew { position: at, what });
    }
    if meta.rules > newest_rules {
        let what = format!("rules version {}, this build knows up to {newest_rules}", meta.rules);
        return Err(StopReason::TooNew { position: at, what });
    }
    if origin.topic_id != place.topic_id {
        let reason = format!(
            "the state of {}/{} was made from topic id {}, but the topic now has id {}: it was recreated, or this is another cluster's data",
            place.machine, place.partition, origin.topic_id, place.topic_id
        );
        return Err(StopReason::Foreign(reason));
    }
    if origin.partitions != place.partitions {
        let reason = format!(
            "the state of {}/{} was made with {} partitions, but there are {}",
            place.machine, place.partition, origin.partitions, place.partitions
        );
        return Err(StopReason::Foreign(reason));
    }
    Ok(())
}

pub(crate) fn stop_reason(payload: &(dyn Any + Send), at: &Position) -> StopReason {
    if let Some(damaged) = payload.downcast_ref::<Damaged>() {
        return StopReason::Damaged(damaged.to_string());
    }
    StopReason::Failed { position: at.clone(), message: panic_message(payload) }
}

pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "an assertion without a message".to_owned())
}
