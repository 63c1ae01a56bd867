//! One partition of one machine as this node holds it: the state machine, its reader, and what it still owes to the
//! log. A worker thread turns it; everybody else looks in between two batches.

mod flush;
mod say;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::open::open_part;
use crate::owed::Owed;
use crate::state_folder::StateFolder;
use crate::traces;
use millrace_processors::runtime::core::NOTHING_HEARD;
use millrace_processors::runtime::outbox::Shipment;
use millrace_processors::runtime::reply::{Output, Reply};
use millrace_processors::runtime::runner::{Place, Processor, Step, StopReason};
use millrace_processors::runtime::system::MachineDef;
use millrace_state::env::Env;
use millrace_state::store::Frozen;
use millrace_topics::log::{Follower, Log, LogError, LogRecord, Wake};
use millrace_topics::record::{Record, Stamp};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// How long a batch may hold its partition before queries get their turn.
const TURN: Duration = Duration::from_micros(200);

/// How many records are taken from the reader at once.
const POLL: usize = 512;

/// How long to wait before something that the log refused is tried again, and before a Tick is given up for lost.
const RETRY: Duration = Duration::from_secs(1);

/// How often a flush that is under way is asked after.
const FLUSH_POLL: Duration = Duration::from_millis(2);

/// More dirty bytes than this many times the flush size stop the reading until the flush has landed.
const DIRTY_FACTOR: usize = 4;

/// When changes are written to disk.
#[derive(Clone, Copy, Debug)]
pub struct FlushLimits {
    /// When they are this old.
    pub age: Duration,
    /// When they have this many bytes.
    pub bytes: usize,
}

/// What a slot needs of the node around it.
#[derive(Clone)]
pub struct Around {
    /// The log.
    pub log: Log,
    /// What time it is there.
    pub clock: Arc<Clock>,
    /// What all stores share.
    pub env: Env,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The disk of the data folder.
    pub disk: Arc<Disk>,
    /// When to flush.
    pub flush: FlushLimits,
    /// How long an event may wait for others before it is published.
    pub linger: Duration,
    /// The systems whose events are not published.
    pub silent: Arc<[String]>,
    /// Asks a worker to turn a slot.
    pub wake: Arc<dyn Fn(usize) + Send + Sync>,
    /// Hands a frozen layer to the thread that writes it.
    pub write: Arc<dyn Fn(Write) + Send + Sync>,
}

/// A frozen layer on its way to disk.
pub struct Write {
    /// The slot.
    pub slot: Arc<Slot>,
    /// Which of the states that the slot has held since the start.
    generation: u64,
    layer: Layer,
}

/// What was changed up to an offset.
struct Layer {
    frozen: Frozen,
    /// How many records must be published before it is written.
    owed: u64,
    /// The next offset after it.
    next: u64,
}

/// A partition.
pub struct Slot {
    /// Its number on this node.
    pub number: usize,
    /// Its machine.
    pub def: &'static MachineDef,
    /// Its partition.
    pub partition: u32,
    /// Where its state lives.
    pub folder: StateFolder,
    around: Around,
    me: Weak<Slot>,
    live: Mutex<Live>,
    waiters: Mutex<HashMap<Stamp, oneshot::Sender<Reply>>>,
    applied: watch::Sender<u64>,
    queued: AtomicBool,
    /// What the last turn found: whoever only wants to know whether to append need not wait until a batch is over.
    was_stopped: AtomicBool,
    owed: Mutex<Owed>,
    returned: Mutex<Returned>,
    /// This node answers for the partition.
    active: AtomicBool,
    /// The last turn found everything applied that the log had when the partition was opened.
    there: AtomicBool,
    closed: AtomicBool,
    /// When there was nothing in the log that was not applied, as far as its reader knew.
    at_end: Mutex<Instant>,
}

/// What changes with every turn.
pub struct Live {
    /// The state machine, or why there is none.
    pub part: Result<Box<dyn Processor>, StopReason>,
    /// Counts the states that the slot has held, so that a flush lands where it came from.
    generation: u64,
    /// Up to which of its events nothing is published.
    unheard: Option<(u64, u32)>,
    follower: Option<Follower>,
    pending: VecDeque<LogRecord>,
    /// Until the partition has come to the end that the log had when it was opened, it sends nothing and ticks not.
    catch_up_to: u64,
    /// The reader has come there,
    reached_end: bool,
    /// and everything that it read is applied.
    caught_up: bool,
    dirty_since: Option<Instant>,
    /// A frozen layer that waits until what was said below its offset is published.
    frozen: Option<Layer>,
    /// A layer is in the hands of the writing thread.
    writing: bool,
    /// The next offset of what is on disk.
    flushed: u64,
    /// The reader's last word: there was nothing behind what it gave.
    at_end: bool,
    tick_sent: Option<Instant>,
    retry_at: Option<Instant>,
}

/// What came back from the log and waits for the next turn.
#[derive(Default)]
struct Returned {
    /// Shipments, and whether the receiver's log surely has them.
    shipments: Vec<(Shipment, bool)>,
    /// Notes that are not in the log.
    notes: Vec<Record>,
}

impl Slot {
    /// Opens the partition's state and begins to follow its topic. A state that cannot be used leaves a stopped slot,
    /// which says why. One that is not `active` follows the partition, and says nothing.
    #[must_use]
    pub fn open(
        number: usize,
        active: bool,
        def: &'static MachineDef,
        place: Place,
        folder: StateFolder,
        around: Around,
    ) -> Arc<Self> {
        let partition = place.partition;
        let owed = Owed::new(def, partition, around.linger);
        let slot = Arc::new_cyclic(|me| Self {
            number,
            def,
            partition,
            folder,
            around,
            me: me.clone(),
            live: Mutex::new(Live::closed()),
            waiters: Mutex::default(),
            applied: watch::Sender::new(0),
            queued: AtomicBool::new(false),
            was_stopped: AtomicBool::new(false),
            owed: Mutex::new(owed),
            returned: Mutex::default(),
            active: AtomicBool::new(active),
            there: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            at_end: Mutex::new(Instant::now()),
        });
        slot.reopen(place);
        slot
    }

    /// Opens the state again from disk, as after a restart.
    pub fn reopen(&self, place: Place) {
        let mut live = self.live.lock();
        let generation = self.shut(&mut live);
        if self.is_closed() {
            return;
        }
        *live = Live { generation, ..self.open_live(place) };
        self.note_state(&live);
        let next = live.part.as_ref().map_or(0, |part| part.core().meta.next);
        drop(live);
        // Not under the lock: whoever looks at the offset may take the lock after it.
        self.applied.send_replace(next);
        self.wake();
    }

    /// Closes the files of the state, and returns the number of the next one.
    fn shut(&self, live: &mut parking_lot::MutexGuard<'_, Live>) -> u64 {
        // They must be closed before they are opened again, also by a flush that is under way.
        while live.writing {
            parking_lot::MutexGuard::unlocked(live, || std::thread::sleep(FLUSH_POLL));
        }
        let generation = live.generation + 1;
        **live = Live { generation, ..Live::closed() };
        generation
    }

    /// Ends the partition on this node for good; who waits here hears nothing more. The slot must not be found any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.rest();
        let mut live = self.live.lock();
        // What cannot be written now is applied again from the log.
        self.flush_now(&mut live);
        self.shut(&mut live);
        drop(live);
        self.waiters.lock().clear();
        // Whoever waits for an offset looks, and finds nobody here.
        self.applied.send_replace(u64::MAX);
    }

    /// True once the slot was closed: the partition may be somewhere else.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn note_state(&self, live: &Live) {
        self.there.store(live.caught_up, Ordering::Release);
        self.was_stopped.store(live.stopped().is_some(), Ordering::Release);
        if live.is_at_end() {
            *self.at_end.lock() = Instant::now();
        }
    }

    /// For how long there has been something in the log that is not applied.
    #[must_use]
    pub fn behind(&self) -> Duration {
        self.at_end.lock().elapsed()
    }

    /// True if the partition had come to the end of the log after its last turn. Never waits.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.there.load(Ordering::Acquire)
    }

    /// True if the partition had stopped after its last turn. Never waits.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.was_stopped.load(Ordering::Acquire)
    }

    fn open_live(&self, place: Place) -> Live {
        let part = open_part(self.def, &self.around, &self.folder.live(), place);
        let mut live = Live { part, ..Live::closed() };
        let next = live.part.as_ref().map_or(0, |part| part.core().meta.next);
        live.unheard = self.find_unheard();
        if let Ok(part) = &mut live.part {
            part.core_mut().unheard = live.unheard;
        }
        let followed = self.follow(next);
        match followed {
            Ok((follower, end)) => (live.follower, live.catch_up_to) = (Some(follower), end),
            Err(reason) => live.part = live.part.and(Err(reason)),
        }
        live.caught_up = next >= live.catch_up_to;
        live.flushed = next;
        live
    }

    /// Up to which of its events nothing is published: those that the log has, or all.
    fn find_unheard(&self) -> Option<(u64, u32)> {
        if self.around.silent.iter().any(|system| system == self.def.system) {
            return NOTHING_HEARD;
        }
        self.owed.lock().find_last_event(&self.around.log)
    }

    fn follow(&self, next: u64) -> Result<(Follower, u64), StopReason> {
        let (log, topic) = (&self.around.log, self.def.name);
        let foreign = |error: LogError| StopReason::Foreign(error.to_string());
        let end = log.end(topic, self.partition).map_err(foreign)?;
        let me = self.me.clone();
        let wake: Wake = Arc::new(move || {
            if let Some(slot) = me.upgrade() {
                slot.wake();
            }
        });
        Ok((log.follow(topic, self.partition, next, wake).map_err(foreign)?, end))
    }

    /// Looks at the partition between two batches.
    pub fn look<T>(&self, look: impl FnOnce(&mut Live) -> T) -> T {
        look(&mut self.live.lock())
    }

    /// Registers for the reply to a command before it is appended.
    pub fn wait_for(&self, stamp: Stamp) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.waiters.lock().insert(stamp, sender);
        receiver
    }

    /// Why no commands are taken, if the partition has stopped.
    #[must_use]
    pub fn stopped(&self) -> Option<String> {
        let look = || self.look(|live| live.stopped().map(ToString::to_string));
        self.was_stopped().then(look).flatten()
    }

    /// Gives up waiting for a reply: whoever waits learns that there will be none.
    pub fn give_up(&self, stamp: Stamp) {
        self.waiters.lock().remove(&stamp);
    }

    /// The next offset to apply, and its changes.
    #[must_use]
    pub fn applied(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// The next offset to apply.
    #[must_use]
    pub fn next(&self) -> u64 {
        *self.applied.borrow()
    }

    /// True once the partition has come to the end that the log had when it was opened, or has stopped.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        let live = self.live.lock();
        live.caught_up || live.stopped().is_some()
    }

    /// The end of the log when the partition was opened.
    #[must_use]
    pub fn catch_up_to(&self) -> u64 {
        self.live.lock().catch_up_to
    }

    /// Asks a worker for a turn.
    pub fn wake(&self) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            (self.around.wake)(self.number);
        }
    }

    /// Asks a worker for a turn, whatever was asked before: it may have been asked before it could find the slot.
    pub fn rouse(&self) {
        (self.around.wake)(self.number);
    }

    /// Takes records for a short while. A worker calls it.
    pub fn turn(&self) {
        self.queued.store(false, Ordering::Release);
        let mut out = Output::default();
        let mut live = self.live.lock();
        self.take_acks(&mut live);
        let more = self.apply(&mut live, &mut out);
        self.ship(&mut live, out.sent);
        live.settle();
        self.owed.lock().add(&mut out);
        self.consider_flush(&mut live);
        let next = live.part.as_ref().ok().map(|part| part.core().meta.next);
        let stopped = live.stopped().is_some();
        self.note_state(&live);
        drop(live);
        if self.is_closed() {
            return;
        }
        if stopped {
            // What waits is in the log, and is not applied before somebody mends the partition: 202 says just that.
            self.waiters.lock().clear();
        }
        if let Some(next) = next {
            self.applied.send_if_modified(|applied| std::mem::replace(applied, next) != next);
        }
        self.answer(out);
        self.publish();
        if more {
            self.wake();
        }
    }

    /// What time brings: retries, Ticks, notes, flushes by age. A worker calls it some ten times a second.
    pub fn tend(&self) {
        let mut live = self.live.lock();
        if live.retry_at.is_some_and(|at| at <= Instant::now()) {
            live.retry_at = None;
            drop(live);
            self.wake();
            return;
        }
        if self.is_active() && !self.around.disk.is_full() {
            self.ship(&mut live, true);
            self.note(&mut live);
            self.tick(&mut live);
        }
        live.settle();
        self.consider_flush(&mut live);
        self.note_state(&live);
        drop(live);
        self.publish();
    }

    fn apply(&self, live: &mut Live, out: &mut Output) -> bool {
        let began = Instant::now();
        let Live { part: Ok(part), follower: Some(follower), pending, at_end, caught_up, .. } = live else {
            return false;
        };
        if part.core().stopped().is_some() || part.core().store.dirty_bytes() > self.around.flush.bytes * DIRTY_FACTOR {
            return false;
        }
        if pending.is_empty() {
            match follower.poll(POLL) {
                Ok(chunk) => {
                    // No arithmetic: what stands before the end may be a hole, which no record brings past. The end
                    // was asked for before the reader began, so what it finds is not below it.
                    live.reached_end |= chunk.at_end;
                    *at_end = chunk.at_end;
                    pending.extend(chunk.records);
                }
                Err(error) => return self.unreadable(live, error),
            }
        }
        let mut taken = 0;
        while let Some(record) = pending.front() {
            // What is applied again after a start was traced before.
            let _span = caught_up.then(|| traces::apply(self.def.name, self.partition, record));
            match part.step(record, out) {
                Step::Applied => drop(pending.pop_front()),
                Step::TimersLeft => break,
                Step::Stopped => break,
            }
            taken += 1;
            if began.elapsed() > TURN {
                break;
            }
        }
        if let Some(reason) = part.core().stopped() {
            tracing::error!("{}/{} has stopped: {reason}", self.def.name, self.partition);
            return false;
        }
        self.around.metrics.applied.with_label_values(&[self.def.name]).inc_by(taken);
        if taken > 0 {
            self.around.metrics.apply_seconds.observe(began.elapsed().as_secs_f64());
        }
        live.caught_up |= live.reached_end && pending.is_empty();
        live.dirty_since = live.dirty_since.or_else(|| part.core().is_dirty().then_some(began));
        taken > 0 || !pending.is_empty()
    }

    fn unreadable(&self, live: &mut Live, error: LogError) -> bool {
        if let LogError::Unavailable(reason) = error {
            tracing::debug!("{}/{} waits for the log: {reason}", self.def.name, self.partition);
            live.retry_at = Some(Instant::now() + RETRY);
            return false;
        }
        tracing::error!("{}/{} cannot read its log: {error}", self.def.name, self.partition);
        live.stop(StopReason::Foreign(error.to_string()));
        false
    }

    fn answer(&self, out: Output) {
        for alarm in &out.alarms {
            tracing::warn!("{alarm}");
        }
        if out.replies.is_empty() {
            return;
        }
        let mut waiters = self.waiters.lock();
        for reply in out.replies {
            if let Some(waiter) = waiters.remove(&reply.stamp) {
                // Whoever waited may be gone.
                drop(waiter.send(reply));
            }
        }
    }

    /// Stops the partition because of an assertion that failed outside a transition.
    pub fn fail(&self, payload: &(dyn Any + Send)) {
        let mut live = self.live.lock();
        let Ok(part) = &mut live.part else { return };
        let core = part.core_mut();
        let reason = core.stop_reason(payload);
        tracing::error!("{}/{} has stopped: {reason}", self.def.name, self.partition);
        core.stop(reason);
        drop(live);
        self.wake();
    }
}

impl Live {
    fn closed() -> Self {
        Self {
            part: Err(StopReason::Foreign("the partition is not open".to_owned())),
            generation: 0,
            unheard: None,
            follower: None,
            pending: VecDeque::new(),
            catch_up_to: 0,
            reached_end: false,
            caught_up: false,
            dirty_since: None,
            frozen: None,
            writing: false,
            flushed: 0,
            at_end: false,
            tick_sent: None,
            retry_at: None,
        }
    }

    /// True once everything is applied that the log had when the partition was opened.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// The next offset of what is on disk.
    #[must_use]
    pub fn flushed(&self) -> u64 {
        self.flushed
    }

    /// True if the reader found nothing behind what is applied when it looked last.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at_end && self.pending.is_empty()
    }

    /// Why the partition does not go on, if it does not.
    #[must_use]
    pub fn stopped(&self) -> Option<&StopReason> {
        match &self.part {
            Ok(part) => part.core().stopped(),
            Err(reason) => Some(reason),
        }
    }

    fn stop(&mut self, reason: StopReason) {
        if let Ok(part) = &mut self.part {
            part.core_mut().stop(reason);
        }
    }

    /// Goes on with what the last flush has left to do in memory.
    fn settle(&mut self) {
        if let Ok(part) = &mut self.part {
            part.core_mut().store.settle();
        }
    }

    /// Puts a rebuilt state in the place of the present one. The sender stays: what is on its way comes back to it.
    pub fn swap(&mut self, mut rebuilt: Box<dyn Processor>) {
        if let Ok(part) = &mut self.part {
            std::mem::swap(&mut part.core_mut().sender, &mut rebuilt.core_mut().sender);
            rebuilt.core_mut().sender.learn_all(&part.core().sender);
        }
        rebuilt.core_mut().unheard = self.unheard;
        self.flushed = rebuilt.core().meta.next;
        self.part = Ok(rebuilt);
        self.generation += 1;
        self.writing = false;
        self.frozen = None;
    }
}
