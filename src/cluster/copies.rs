//! The copies of shards that a node has: opened where they are wanted, told to begin where the node answers for them,
//! closed where nobody needs them any more. What takes its time runs on threads of its own.

use super::directory::{Directory, Holder};
use super::seed::Peers;
use super::table::Copy;
use crate::checkpoints;
use crate::node::{Node, machines};
use crate::slot::Slot;
use millrace_processors::runtime::system::MachineDef;
use millrace_topics::log::LogError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many shards are opened or closed at the same time.
const BUSY: usize = 2;

/// How many machines of a shard are opened at the same time: each waits for the log.
const OPENERS: usize = 4;

/// How long to wait before something that the log refused is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a copy is kept that nobody needs: a node that is away for a moment wants it back.
const GRACE: Duration = Duration::from_secs(2);

/// What was done aside; it goes back to [`Copies::take`].
pub enum Done {
    /// A shard is open, or why not.
    Opened(u32, Result<(), LogError>),
    /// A shard is closed.
    Closed(u32),
    /// The slots of a shard were told that this node answers for it, or why they could not be.
    Begun(u32, Result<(), LogError>),
    /// What others have said was forgotten.
    Forgotten,
}

/// How far a shard is on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Open,
    /// Not before then it is tried again.
    Failed(Instant),
    Closing,
}

struct Shard {
    phase: Phase,
    /// Since when nobody needs it here.
    idle: Option<Instant>,
    /// Its slots are being told that this node answers for it, and not before then again.
    beginning: Option<Instant>,
}

/// The copies of a node.
pub struct Copies {
    node: Arc<Node>,
    peers: Peers,
    say: Arc<dyn Fn(Done) + Send + Sync>,
    shards: BTreeMap<u32, Shard>,
    /// When what others have said was forgotten last; `None` while that is being done.
    forgotten: Option<Instant>,
}

impl Copies {
    /// None yet. `say` brings what was done aside back to [`Copies::take`].
    #[must_use]
    pub fn new(node: Arc<Node>, peers: Peers, say: Arc<dyn Fn(Done) + Send + Sync>) -> Self {
        Self { node, peers, say, shards: BTreeMap::new(), forgotten: Some(Instant::now()) }
    }

    /// Takes note of what was done aside.
    pub fn take(&mut self, done: Done) {
        match done {
            Done::Opened(shard, Ok(())) => self.set(shard, Phase::Open),
            Done::Opened(shard, Err(error)) => {
                tracing::warn!("shard {shard} is not open yet: {error}");
                self.set(shard, Phase::Failed(Instant::now() + RETRY));
            }
            Done::Closed(shard) => drop(self.shards.remove(&shard)),
            Done::Begun(shard, result) => {
                let again = result.err().map(|error| {
                    tracing::warn!("what shard {shard} has to say waits: {error}");
                    Instant::now() + RETRY
                });
                if let Some(shard) = self.shards.get_mut(&shard) {
                    shard.beginning = again;
                }
            }
            Done::Forgotten => self.forgotten = Some(Instant::now()),
        }
    }

    fn set(&mut self, shard: u32, phase: Phase) {
        if let Some(shard) = self.shards.get_mut(&shard) {
            shard.phase = phase;
        }
    }

    /// Does what is to be done now, where these shards are wanted.
    pub fn arrange(&mut self, wanted: &BTreeSet<u32>, directory: &Directory) {
        for shard in wanted {
            self.shards.entry(*shard).or_insert(Shard {
                phase: Phase::Failed(Instant::now()),
                idle: None,
                beginning: None,
            });
        }
        let numbers: Vec<_> = self.shards.keys().copied().collect();
        for shard in numbers {
            let holder = directory.holder(shard);
            let phase = self.shards[&shard].phase;
            match phase {
                Phase::Opening | Phase::Closing => {}
                Phase::Failed(until) => self.consider_opening(shard, wanted.contains(&shard), until),
                Phase::Open if self.is_idle(shard, wanted.contains(&shard), &holder) => self.close(shard),
                Phase::Open => self.direct(shard, holder == Holder::Here),
            }
        }
        self.consider_forgetting();
    }

    fn is_busy(&self) -> bool {
        let busy = |shard: &&Shard| matches!(shard.phase, Phase::Opening | Phase::Closing);
        self.shards.values().filter(busy).count() >= BUSY
    }

    fn consider_opening(&mut self, shard: u32, wanted: bool, until: Instant) {
        if !wanted {
            // What of it may be open already is closed.
            self.close(shard);
        } else if Instant::now() >= until && !self.is_busy() {
            self.set(shard, Phase::Opening);
            let (node, peers) = (self.node.clone(), self.peers.clone());
            self.aside(move || Done::Opened(shard, open(&node, &peers, shard)));
        }
    }

    /// True if somebody else answers for a shard, and has for a while.
    fn is_idle(&mut self, shard: u32, wanted: bool, holder: &Holder) -> bool {
        let Some(found) = self.shards.get_mut(&shard) else { return false };
        if wanted || !matches!(holder, Holder::At(_)) {
            found.idle = None;
            return false;
        }
        found.idle.get_or_insert_with(Instant::now).elapsed() > GRACE
    }

    fn close(&mut self, shard: u32) {
        tracing::info!("shard {shard} is not needed here any more");
        self.set(shard, Phase::Closing);
        let node = self.node.clone();
        self.aside(move || {
            node.close_shard(shard);
            Done::Closed(shard)
        });
    }

    /// Tells the slots of a shard whether this node answers for it.
    fn direct(&mut self, shard: u32, here: bool) {
        let slots = self.node.slots.of_shard(shard);
        if !here {
            slots.iter().filter(|slot| slot.is_active()).for_each(|slot| slot.rest());
            return;
        }
        let Some(found) = self.shards.get_mut(&shard) else { return };
        let waits = found.beginning.is_some_and(|until| Instant::now() < until);
        if waits || slots.iter().all(|slot| slot.is_active()) {
            return;
        }
        // Until it comes back; if it never did, it would be tried again.
        found.beginning = Some(Instant::now() + RETRY * 60);
        tracing::info!("this node answers for shard {shard}");
        self.node.metrics.takeovers.inc();
        self.aside(move || Done::Begun(shard, slots.iter().try_for_each(|slot| slot.begin())));
    }

    fn consider_forgetting(&mut self) {
        if self.forgotten.is_none_or(|at| at.elapsed() < self.node.settings.flush_age) {
            return;
        }
        self.forgotten = None;
        let node = self.node.clone();
        self.aside(move || {
            let slots = node.slots.all();
            for slot in slots.iter().filter(|slot| slot.was_stopped()) {
                if let Err(error) = go_on(&node, slot) {
                    tracing::debug!("{}/{} stays stopped: {error}", slot.def.name, slot.partition);
                }
            }
            for slot in slots.iter().filter(|slot| !slot.is_active()) {
                if let Err(error) = slot.forget_said() {
                    tracing::debug!("{}/{} keeps what it said: {error}", slot.def.name, slot.partition);
                }
            }
            Done::Forgotten
        });
    }

    fn aside(&self, work: impl FnOnce() -> Done + Send + 'static) {
        let say = self.say.clone();
        let thread = std::thread::Builder::new().name("shard".to_owned());
        thread.spawn(move || say(work())).expect("the machine gives threads");
    }

    /// The copies as they are announced, without claims.
    #[must_use]
    pub fn show(&self) -> BTreeMap<u32, Copy> {
        let mut all: BTreeMap<u32, Copy> = BTreeMap::new();
        for (number, shard) in &self.shards {
            let open = shard.phase == Phase::Open;
            all.insert(*number, Copy { live: open, ..Copy::default() });
        }
        for slot in self.node.slots.all() {
            if let Some(copy) = all.get_mut(&slot.partition) {
                copy.live &= slot.was_there() || slot.was_stopped();
                copy.stopped += u32::from(slot.was_stopped());
                copy.next += slot.next();
            }
        }
        all
    }
}

/// Opens a partition again that has stopped at a record which an operator passes over, whichever node was told so.
fn go_on(node: &Node, slot: &Slot) -> Result<(), LogError> {
    let place = node.place(slot.def, slot.partition)?;
    if place.skips.contains(&slot.next()) {
        slot.reopen(place);
    }
    Ok(())
}

/// Opens every partition of a shard that is not open yet.
fn open(node: &Arc<Node>, peers: &Peers, shard: u32) -> Result<(), LogError> {
    let began = Instant::now();
    let missing: Vec<_> = machines().into_iter().filter(|def| node.slot(def.name, shard).is_none()).collect();
    let each = missing.len().div_ceil(OPENERS).max(1);
    let open = |defs: &[&'static MachineDef]| defs.iter().try_for_each(|def| open_one(node, peers, def, shard));
    let opened: Result<(), LogError> = std::thread::scope(|scope| {
        let threads: Vec<_> = missing.chunks(each).map(|defs| scope.spawn(move || open(defs))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("opening does not panic"))
    });
    tracing::info!("shard {shard} was opened in {:?}", began.elapsed());
    opened
}

fn open_one(node: &Arc<Node>, peers: &Peers, def: &'static MachineDef, shard: u32) -> Result<(), LogError> {
    let arrived = peers.begin(node, def, shard);
    let slot = node.open_slot(def, shard, false)?;
    if arrived {
        // Kept as a checkpoint of its own: where the log's beginning is gone, a rebuild needs one.
        let node = node.clone();
        let keep = move || drop(checkpoints::make(&node, &slot));
        std::thread::Builder::new().name("checkpoint".to_owned()).spawn(keep).expect("the machine gives threads");
    }
    Ok(())
}
