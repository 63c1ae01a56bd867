//! The runner: one partition of one machine as a state machine over the records of its log. It has no thread and no
//! clock; whoever holds it feeds it records and carries away what comes out.
//!
//! A step either takes a record whole or leaves everything as it was. What must not happen stops the partition with a
//! reason, at the record where it happened; everything before stays applied.

pub use crate::runtime::core::{Core, Limits, Place, StopReason, record_hash};

use crate::runtime::core::{panic_message, position, stop_reason};
use crate::runtime::cx::{Cx, Effects, Moment, post};
use crate::runtime::derived::Derived;
use crate::runtime::digest::Mark;
use crate::runtime::idempotency::Seen;
use crate::runtime::reply::{DeadLetter, Output, Reply, Verdict};
use crate::runtime::system::{Command, Engine, Machine, Outcome, Query, Rejection, Timer};
use crate::runtime::tables::{self, TIMERS};
use crate::runtime::timers::TIMERS_PER_COMMIT;
use crate::runtime::view::View;
use millrace_state::store::{Damaged, Frozen, Store};
use millrace_topics::codec;
use millrace_topics::contract::{self, Contract, Refusal};
use millrace_topics::log::LogRecord;
use millrace_topics::partition::partition_of;
use millrace_topics::record::{Caller, Payload, Record, Role, Stamp, Unreadable};
use millrace_topics::time::Time;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is in the state.
    Applied,
    /// More timers are due before it: it must be given again.
    TimersLeft,
    /// The partition has stopped.
    Stopped,
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFailure {
    /// The partition has stopped.
    #[error("{0}")]
    Stopped(StopReason),
    /// The query cannot be read, or failed: an error in this program or in the node that asked.
    #[error("the query failed: {0}")]
    Failed(String),
}

/// A partition without its machine's types.
pub trait Processor: Send {
    /// Applies a record. A repeat of one that is in the state does nothing.
    fn step(&mut self, record: &LogRecord, out: &mut Output) -> Step;

    /// Lets time pass without a record: fires what is due. For states of the past, which no log will be held against.
    fn advance(&mut self, now: Time);

    /// Begins a sandbox, in which something else holds from here on. No log will be held against it.
    fn suppose(&mut self, what: &[u8]);

    /// Answers an encoded query with an encoded `Result<Answer, Rejection>`, from what the rows say: see
    /// [`Processor::derive`].
    ///
    /// # Errors
    /// [`QueryFailure`] where there is no answer at all.
    fn query(&self, query: &[u8]) -> Result<Vec<u8>, QueryFailure>;

    /// Has the rows of derived tables say all that they should: before somebody looks at the store.
    fn derive(&mut self);

    /// Freezes what changed since the last time to be written; none if nothing did, if the last is on its way, and where
    /// a transition was broken off.
    fn freeze(&mut self) -> Option<Frozen>;

    /// What it is apart from its machine's types.
    fn core(&self) -> &Core;

    /// The same, to change.
    fn core_mut(&mut self) -> &mut Core;
}

/// One partition of machine `M`.
pub struct Partition<M: Machine> {
    core: Core,
    engine: M::Engine,
}

impl<M: Machine> Partition<M> {
    /// Opens the partition over its store.
    ///
    /// # Errors
    /// [`StopReason`] where the state is damaged, too new, or belongs to another log.
    pub fn open(mut store: Store, place: Place) -> Result<Self, StopReason> {
        let at = position(&place, 0);
        store.know(&[tables::all(), M::tables()].concat());
        let core = Core::open(store, place, M::RULES)?;
        let engine = catch_unwind(AssertUnwindSafe(|| M::Engine::rebuild(&core.store)))
            .map_err(|payload| stop_reason(payload.as_ref(), &at))?;
        Ok(Self { core, engine })
    }

    /// What the machine keeps in memory.
    #[must_use]
    pub fn engine(&self) -> &M::Engine {
        &self.engine
    }

    fn cx<'a>(&'a mut self, effects: &'a mut Effects, moment: &'a Moment) -> Cx<'a, M> {
        let Core { store, timers, .. } = &mut self.core;
        Cx { store, timers, effects, moment, engine: &mut self.engine }
    }

    /// True where a transition was broken off: what it left in memory is not what the rows should say.
    fn has_failed(&self) -> bool {
        matches!(self.core.stopped, Some(StopReason::Failed { .. } | StopReason::Damaged(_)))
    }

    fn take(&mut self, raw: &LogRecord, out: &mut Output) -> Step {
        let now = self.core.meta.clock.max(raw.time);
        self.core.meta.timers_left = !self.fire_timers(raw, now, out);
        if self.core.meta.timers_left {
            return Step::TimersLeft;
        }
        self.core.begin();
        if self.core.place.skips.contains(&raw.offset) {
            return self.bury(raw, now, "skipped by an operator".to_owned(), out);
        }
        match Record::read(raw, self.core.place.partition) {
            Ok(record) => self.take_record(raw, record, now, out),
            Err(unreadable) => self.unreadable(raw, now, unreadable, out),
        }
    }

    fn take_record(&mut self, raw: &LogRecord, record: Record, now: Time, out: &mut Output) -> Step {
        match &record.payload {
            Payload::Command(_) | Payload::Json(_) => self.take_command(raw, record, now, out),
            Payload::Tick => self.done(raw, now, out),
            Payload::Sent { machine, partition, up_to } => {
                self.core.forget_sent(machine, *partition, *up_to);
                self.done(raw, now, out)
            }
            Payload::Switch(rules) if *rules > M::RULES => {
                let what = format!("rules version {rules}, this build knows up to {}", M::RULES);
                self.stop(StopReason::TooNew { position: position(&self.core.place, raw.offset), what })
            }
            Payload::Switch(rules) => {
                let mut effects = Effects::default();
                effects.trace.add(Mark::Switched, &rules.to_le_bytes(), &[]);
                self.core.meta.rules = self.core.meta.rules.max(*rules);
                self.core.finish(raw, now, effects, None, out);
                Step::Applied
            }
        }
    }

    fn take_command(&mut self, raw: &LogRecord, record: Record, now: Time, out: &mut Output) -> Step {
        let command = match contract::command::<M::Contract>(&record) {
            Ok(command) => command,
            Err(unreadable) => return self.unreadable(raw, now, unreadable, out),
        };
        if matches!(record.payload, Payload::Json(_)) && M::Contract::foreign_since(&command) > self.core.meta.rules {
            return self.bury(raw, now, "this type of command is not switched on yet".to_owned(), out);
        }
        if let Some(from) = &record.header.provenance
            && !self.core.receive(from, out)
        {
            return self.done(raw, now, out);
        }
        let key = M::Contract::key(&command).map(<[u8]>::to_vec);
        if let Some(key) = &key
            && partition_of(key, self.core.place.partitions) != self.core.place.partition
        {
            return self.forward(raw, record, key.clone(), &command, now, out);
        }
        let (scope, seen) = self.core.look_up(&record, &key.unwrap_or_default()).unzip();
        let reply = |verdict, offset, replayed, place: &Place| Reply {
            stamp: record.header.stamp,
            verdict,
            position: position(place, offset),
            replayed,
        };
        match seen {
            Some(Seen::Before(kept)) => {
                self.core.meta.counters.repeated += 1;
                let reply = reply(Verdict::Outcome(kept.outcome), kept.offset, true, &self.core.place);
                self.core.finish(raw, now, Effects::default(), Some(reply), out);
            }
            Some(Seen::Other) => {
                let reply = reply(Verdict::KeyReused, raw.offset, false, &self.core.place);
                self.core.finish(raw, now, Effects::default(), Some(reply), out);
            }
            Some(Seen::New) | None => {
                let (effects, outcome) = self.apply(raw, &record, command, now);
                if let Some(scope) = scope {
                    self.core.keep_outcome(scope, &record, raw.offset, &outcome, now);
                }
                let reply = reply(Verdict::Outcome(outcome), raw.offset, false, &self.core.place);
                self.core.finish(raw, now, effects, Some(reply), out);
            }
        }
        Step::Applied
    }

    fn apply(&mut self, raw: &LogRecord, record: &Record, command: Command<M>, now: Time) -> (Effects, Vec<u8>) {
        let moment = Moment {
            stamp: record.header.stamp,
            caller: record.header.caller.clone(),
            trace_parent: record.header.trace_parent,
            ..self.core.moment(raw, now)
        };
        let trace = std::mem::take(&mut self.core.trace);
        let mut effects = Effects { trace, ..self.core.effects() };
        let result: Result<Outcome<M>, Rejection<M>> = M::apply(&mut self.cx(&mut effects, &moment), command);
        match &result {
            Ok(_) => self.core.meta.counters.accepted += 1,
            Err(refusal) => {
                assert!(effects.writes == 0 && effects.said_count == 0, "refused after a write: {refusal:?}");
                self.core.meta.counters.refused += 1;
                if record.header.caller.is_foreign() {
                    effects.say(&moment, "CommandRefused", || {
                        serde_json::json!({ "code": refusal.code(), "detail": refusal.to_string() }).to_string()
                    });
                }
            }
        }
        let outcome = codec::encode(&result);
        effects.trace.add(Mark::Outcome, &outcome, &[]);
        (effects, outcome)
    }

    /// Sends a record that landed in the wrong partition to its own.
    fn forward(
        &mut self,
        raw: &LogRecord,
        record: Record,
        key: Vec<u8>,
        command: &Command<M>,
        now: Time,
        out: &mut Output,
    ) -> Step {
        let moment = self.core.moment(raw, now);
        let mut effects = Effects::default();
        let mut header = record.header;
        header.schema = M::Contract::SCHEMA;
        let forwarded = Record { header, payload: Payload::Command(codec::encode(command)) };
        post(&mut self.core.store, &mut effects, &moment, M::Contract::MACHINE, key, forwarded);
        self.core.meta.counters.misrouted += 1;
        self.core.finish(raw, now, effects, None, out);
        Step::Applied
    }

    fn unreadable(&mut self, raw: &LogRecord, now: Time, unreadable: Unreadable, out: &mut Output) -> Step {
        match unreadable {
            Unreadable::TooNew { .. } => {
                let (position, what) = (position(&self.core.place, raw.offset), unreadable.to_string());
                self.stop(StopReason::TooNew { position, what })
            }
            Unreadable::Bad(reason) => self.bury(raw, now, reason, out),
        }
    }

    /// Dead-letters a record. One with a provenance counts as received, else its sender would stand still for ever.
    fn bury(&mut self, raw: &LogRecord, now: Time, reason: String, out: &mut Output) -> Step {
        if let Some(from) = Record::provenance_of(raw)
            && !self.core.receive(&from, out)
        {
            return self.done(raw, now, out);
        }
        let mut effects = Effects::default();
        // Without the reason, whose words may change with the build.
        effects.trace.add(Mark::Dead, &[], &[]);
        self.core.meta.counters.dead += 1;
        let stamp = Record::read(raw, self.core.place.partition).map(|record| record.header.stamp);
        let reply = stamp.ok().map(|stamp| Reply {
            stamp,
            verdict: Verdict::Dead,
            position: position(&self.core.place, raw.offset),
            replayed: false,
        });
        self.core.finish(raw, now, effects, reply, out);
        out.dead.push(DeadLetter { record: raw.clone(), reason });
        Step::Applied
    }

    /// A record that did nothing but take its offset and its time.
    fn done(&mut self, raw: &LogRecord, now: Time, out: &mut Output) -> Step {
        self.core.finish(raw, now, Effects::default(), None, out);
        Step::Applied
    }

    fn stop(&mut self, reason: StopReason) -> Step {
        self.core.rollback();
        self.core.stop(reason);
        Step::Stopped
    }

    /// Fires what is due; false if there is more than fits into one commit.
    fn fire_timers(&mut self, raw: &LogRecord, now: Time, out: &mut Output) -> bool {
        for _ in 0..TIMERS_PER_COMMIT {
            if self.core.timers.due(&self.core.store).is_none_or(|due| due > now) {
                return true;
            }
            if let Some((due, id)) = self.core.timers.first(&self.core.store) {
                self.fire(raw, due, id, out);
            }
        }
        self.core.timers.due(&self.core.store).is_none_or(|due| due > now)
    }

    fn fire(&mut self, raw: &LogRecord, due: Time, id: Vec<u8>, out: &mut Output) {
        let timer: Timer<M> =
            codec::decode(&id).unwrap_or_else(|error| panic!("table {}: a timer {error}", TIMERS.def().name));
        // A timer's clock is the time it was due at, or what the partition saw since: not the record's that made it
        // fire, which would differ with the number of partitions.
        let now = self.core.meta.clock.max(due);
        let hash = xxhash_rust::xxh3::xxh3_64(&id);
        let node = 1 << 31 | u32::try_from(hash >> 33).expect("31 bits fit");
        let moment = Moment {
            stamp: Stamp { micros: due.0.saturating_mul(1000), node },
            caller: Caller { id: M::Contract::MACHINE.to_owned(), role: Role::Server },
            ..self.core.moment(raw, now)
        };
        self.core.begin();
        let mut effects = self.core.effects();
        effects.trace.add(Mark::TimerGone, &due.0.to_le_bytes(), &id);
        self.core.timers.cancel(&mut self.core.store, due, id);
        M::on_timer(&mut self.cx(&mut effects, &moment), timer);
        self.core.meta.digest = effects.trace.chain(self.core.meta.digest, raw.offset);
        self.core.meta.clock = now;
        self.core.meta.counters.timers += 1;
        self.core.meta.said += effects.said_count;
        self.core.changed = true;
        self.core.store.keep();
        self.core.emit(effects, out);
    }
}

impl<M: Machine> Processor for Partition<M> {
    fn step(&mut self, record: &LogRecord, out: &mut Output) -> Step {
        if self.core.stopped.is_some() {
            return Step::Stopped;
        }
        if record.offset < self.core.meta.next {
            return Step::Applied;
        }
        let result = catch_unwind(AssertUnwindSafe(|| self.take(record, out)));
        result.unwrap_or_else(|payload| {
            self.stop(stop_reason(payload.as_ref(), &position(&self.core.place, record.offset)))
        })
    }

    fn advance(&mut self, now: Time) {
        let raw = LogRecord { offset: self.core.meta.next, time: now, ..LogRecord::default() };
        let clock = self.core.meta.clock.max(now);
        let fire = AssertUnwindSafe(|| while !self.fire_timers(&raw, clock, &mut Output::default()) {});
        match catch_unwind(fire) {
            Ok(()) => self.core.meta.clock = clock,
            Err(payload) => drop(self.stop(stop_reason(payload.as_ref(), &position(&self.core.place, raw.offset)))),
        }
    }

    fn suppose(&mut self, what: &[u8]) {
        let raw = LogRecord { offset: self.core.meta.next, time: self.core.meta.clock, ..LogRecord::default() };
        let (moment, mut effects) = (self.core.moment(&raw, raw.time), Effects::default());
        M::suppose(&mut self.cx(&mut effects, &moment), what);
    }

    fn query(&self, query: &[u8]) -> Result<Vec<u8>, QueryFailure> {
        if let Some(reason) = &self.core.stopped {
            return Err(QueryFailure::Stopped(reason.clone()));
        }
        let query: Query<M> = codec::decode(query).map_err(|error| QueryFailure::Failed(error.to_string()))?;
        let view = View::<M>::new(&self.core.store, &self.engine, self.core.meta.clock);
        let answer = catch_unwind(AssertUnwindSafe(|| codec::encode(&M::answer(&view, query))));
        answer.map_err(|payload| match payload.downcast_ref::<Damaged>() {
            Some(damaged) => QueryFailure::Stopped(StopReason::Damaged(damaged.to_string())),
            None => QueryFailure::Failed(panic_message(payload.as_ref())),
        })
    }

    fn derive(&mut self) {
        if !self.has_failed() {
            self.engine.derive(&mut Derived::of(&mut self.core.store));
        }
    }

    fn freeze(&mut self) -> Option<Frozen> {
        if self.has_failed() {
            return None;
        }
        self.derive();
        self.core.freeze()
    }

    fn core(&self) -> &Core {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }
}
