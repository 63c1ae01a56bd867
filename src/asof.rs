//! As-of reads: a query asked of the state that a partition had at a moment of the past.
//!
//! A past view is a state machine of its own in a scratch folder: it starts as links to the newest checkpoint at or
//! before the moment, and the log's tail is replayed up to it. What it brings forth goes nowhere. A view is kept for a
//! while, so that the pages of one list are read from one view; whoever asks for one that is being built waits for the
//! same build.

use crate::backend::{log_problem, not_here, query_problem};
use crate::checkpoints;
use crate::node::Node;
use crate::open::open_part;
use crate::rebuild::{Progress, Rebuild};
use crate::slot::Slot;
use millrace_processors::runtime::peer::Moment;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::runner::{Place, Processor, StopReason};
use millrace_state::checkpoint;
use millrace_topics::log::Log;
use millrace_topics::position::{Position, Positions};
use millrace_topics::time::Time;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// How often it is looked for views that nobody has asked for a while.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How many states of all partitions are compared with each other at most.
const COMPARED: u32 = 3;

/// How many past states of partitions may be open at the same time. A query of all partitions needs one of each.
#[must_use]
pub fn views_limit(node: &Node) -> u32 {
    let partitions = node.fixed.partitions;
    node.settings.asof_views.unwrap_or(COMPARED * partitions).max(partitions)
}

/// Seconds after which it is worth asking again for a view that is being built.
const RETRY_AFTER: u64 = 1;

/// The past views of a node.
pub struct AsOfReads {
    node: Arc<Node>,
    root: PathBuf,
    views: Mutex<BTreeMap<Key, Held>>,
    builds: Arc<Semaphore>,
    folders: AtomicU64,
    /// True once the program stops: no rebuild is worth waiting for.
    closed: AtomicBool,
}

/// Machine, partition, the offset before which the state stands, the time up to which timers have fired, and what is
/// supposed.
type Key = (&'static str, u32, u64, Option<Time>, Option<Supposed>);

/// From where on something else holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Supposed {
    /// Before this offset and at the end of this millisecond everything is as it was.
    from: (u64, Time),
    what: Arc<[u8]>,
}

/// A view that is there or will be.
struct Held {
    built: watch::Receiver<Option<Built>>,
    used: Instant,
    far: Arc<Far>,
}

/// How far the build of a view is.
#[derive(Default)]
struct Far {
    /// Where it begins.
    from: u64,
    /// The next offset to apply.
    next: AtomicU64,
    /// Where it ends.
    end: u64,
}

type Built = Result<Arc<PastView>, Problem>;

/// A state of the past, and its folder, which goes with it.
struct PastView {
    part: Mutex<Box<dyn Processor>>,
    _folder: Scratch,
}

/// A folder that is removed when nobody needs it any more.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind is removed at the next start.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl AsOfReads {
    /// The past views of this node, of which there are none yet: what an earlier run has left is removed.
    #[must_use]
    pub fn new(node: Arc<Node>) -> Arc<Self> {
        let root = node.settings.data.join("asof");
        match std::fs::remove_dir_all(&root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("old past views cannot be removed: {error}");
            }
            _ => {}
        }
        let builds = Arc::new(Semaphore::new(node.settings.asof_builds as usize));
        let (views, folders, closed) = (Mutex::default(), AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Self { node, root, views, builds, folders, closed })
    }

    /// Gives up what is being rebuilt, because the program stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Closes views that nobody has asked for a while, for as long as the program runs.
    pub async fn sweep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            let idle = self.node.settings.asof_idle;
            let mut views = self.views.lock();
            let old = views.extract_if(.., |_, held| held.is_built() && held.used.elapsed() > idle);
            let old: Vec<_> = old.collect();
            self.count(&views);
            drop(views);
            close(old);
        }
    }

    /// Answers an encoded query as a partition of this node would have at a moment, with the position of the answer.
    /// Waits for the view to be rebuilt, for at most `wait`.
    ///
    /// # Errors
    /// 202 `as_of_pending` where the view is still being built, 400 `unknown_position` beyond the end of the log, 410
    /// `trimmed` where nothing is kept that leads to it, 503 `overloaded` where too many are being built.
    pub async fn read(
        self: &Arc<Self>,
        machine: &str,
        partition: u32,
        query: &[u8],
        moment: Moment,
        wait: Duration,
    ) -> Result<(Vec<u8>, Positions), Problem> {
        let slot = self.node.slot(machine, partition).ok_or_else(|| not_here(machine, partition))?;
        let log = self.node.log.clone();
        let found = slot.clone();
        let now = self.node.around.clock.now();
        let key = blocking(move || find(&log, &found, moment, now)).await?;
        let mut built = self.view(slot, key.clone())?;
        let Ok(Ok(built)) = tokio::time::timeout(wait, built.wait_for(Option::is_some))
            .await
            .map(|built| built.map(|built| built.clone().expect("that is what was waited for")))
        else {
            let detail = format!("the state of {machine}/{partition} at that moment is being rebuilt");
            let (replayed, records) = self.how_far(&key);
            let pending = Problem::pending("as_of_pending", detail, RETRY_AFTER);
            return Err(pending.with("replayed", replayed).with("records", records));
        };
        let view = built?;
        let mut part = view.part.lock();
        part.derive();
        let answer = part.query(query).map_err(query_problem)?;
        let position = |offset| Position { machine: machine.to_owned(), partition, offset };
        let seen = part.core().meta.next.checked_sub(1);
        Ok((answer, seen.map(|offset| Positions::one(position(offset))).unwrap_or_default()))
    }

    /// So many records of so many are replayed for the views of a moment that this node has been asked for.
    fn how_far(&self, (machine, _, _, time, supposed): &Key) -> (u64, u64) {
        let views = self.views.lock();
        let alike = views.iter().filter(|((name, _, _, at, what), _)| (name, at, what) == (machine, time, supposed));
        alike.fold((0, 0), |(replayed, records), (_, Held { far, .. })| {
            let next = far.next.load(Ordering::Relaxed).clamp(far.from, far.end);
            (replayed + next - far.from, records + far.end - far.from)
        })
    }

    /// The view of a moment: the one that is there, or one whose build begins now.
    fn view(self: &Arc<Self>, slot: Arc<Slot>, key: Key) -> Result<watch::Receiver<Option<Built>>, Problem> {
        let mut views = self.views.lock();
        if let Some(held) = views.get_mut(&key) {
            held.used = Instant::now();
            return Ok(held.built.clone());
        }
        let gone = self.make_room(&mut views)?;
        let (sender, built) = watch::channel(None);
        let from = self.begins_at(&slot, &key);
        let far = Arc::new(Far { from, next: AtomicU64::new(from), end: key.2 });
        views.insert(key.clone(), Held { built: built.clone(), used: Instant::now(), far: far.clone() });
        self.count(&views);
        drop(views);
        close(gone);
        tokio::spawn(self.clone().build_in_turn(slot, key, far, sender));
        Ok(built)
    }

    /// Takes out the view that was asked for the longest time ago, where there are as many as there may be.
    fn make_room(&self, views: &mut BTreeMap<Key, Held>) -> Result<Option<(Key, Held)>, Problem> {
        if views.len() < views_limit(&self.node) as usize {
            return Ok(None);
        }
        let oldest = views.iter().filter(|(_, held)| held.is_built()).min_by_key(|(_, held)| held.used);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return Err(Problem::unavailable("overloaded", "too many past states are being rebuilt", RETRY_AFTER));
        };
        Ok(views.remove_entry(&key))
    }

    fn count(&self, views: &BTreeMap<Key, Held>) {
        self.node.metrics.asof_views.set(i64::try_from(views.len()).unwrap_or(i64::MAX));
    }

    async fn build_in_turn(
        self: Arc<Self>,
        slot: Arc<Slot>,
        key: Key,
        far: Arc<Far>,
        sender: watch::Sender<Option<Built>>,
    ) {
        let turn = self.builds.clone().acquire_owned().await.expect("the semaphore is never closed");
        let me = self.clone();
        let what = key.clone();
        let built = blocking(move || me.build(&slot, what, &far)).await.map(Arc::new);
        drop(turn);
        if let Err(problem) = &built {
            tracing::debug!("{}/{} before {}: no past view: {}", key.0, key.1, key.2, problem.detail);
            self.views.lock().remove(&key);
        }
        // Whoever asked may be gone.
        sender.send_replace(Some(built));
    }

    /// Where the build of a view begins, if the checkpoint for it is whole.
    fn begins_at(&self, slot: &Slot, (_, _, until, _, supposed): &Key) -> u64 {
        let warm = supposed.as_ref().map_or(*until, |supposed| supposed.from.0);
        let kept = self.checkpoints(slot).into_iter().map(|(next, _)| next);
        kept.filter(|next| *next <= warm).max().unwrap_or_default()
    }

    fn build(
        &self,
        slot: &Slot,
        (machine, partition, until, time, supposed): Key,
        far: &Far,
    ) -> Result<PastView, Problem> {
        let began = Instant::now();
        let internal = |error: String| Problem::unavailable("unavailable", error, RETRY_AFTER);
        let place = self.node.place(slot.def, partition).map_err(log_problem)?;
        let start = self.node.log.start(machine, partition).map_err(log_problem)?;
        let folder = Scratch(self.root.join(self.folders.fetch_add(1, Ordering::Relaxed).to_string()));
        let warm = supposed.as_ref().map_or(until, |supposed| supposed.from.0);
        let part = self.base(slot, &folder.0, &place, start, warm)?;
        let from = part.core().meta.next;
        let mut rebuild = Rebuild::over(&self.node, slot.def, partition, part);
        let mut goes_on = |progress: Progress| {
            far.next.store(progress.next, Ordering::Relaxed);
            !self.closed.load(Ordering::Relaxed)
        };
        if let Some(Supposed { from: (before, time), what }) = &supposed {
            rebuild.run(&self.node.log, *before, &mut goes_on).map_err(internal)?;
            rebuild.part.advance(*time);
            rebuild.part.suppose(what);
        }
        rebuild.run(&self.node.log, until, &mut goes_on).map_err(internal)?;
        if self.closed.load(Ordering::Relaxed) {
            return Err(internal("the program stops".to_owned()));
        }
        let mut part = rebuild.part;
        if let Some(time) = time {
            // The log's start may stand for records that are gone and were later than the moment.
            if part.core().meta.clock > time {
                return Err(self.trimmed(slot, start));
            }
            part.advance(time);
        }
        if let Some(reason) = part.core().stopped() {
            return Err(Problem::unavailable("stopped", reason.to_string(), 30));
        }
        far.next.store(until, Ordering::Relaxed);
        let replayed = part.core().meta.next - from;
        let took = began.elapsed();
        tracing::info!(
            "{machine}/{partition} as of before {until}: {replayed} records replayed from {from} in {took:?}"
        );
        self.node.metrics.asof_replayed.inc_by(replayed);
        self.node.metrics.asof_build_seconds.observe(took.as_secs_f64());
        Ok(PastView { part: Mutex::new(part), _folder: folder })
    }

    /// The state to start from: the newest checkpoint at or before the moment that can be opened, else nothing at all
    /// where the log still has its first record.
    fn base(
        &self,
        slot: &Slot,
        scratch: &Path,
        place: &Place,
        start: u64,
        until: u64,
    ) -> Result<Box<dyn Processor>, Problem> {
        let kept = self.checkpoints(slot).into_iter().rev();
        for (next, kept) in kept.filter(|(next, _)| *next <= until && (*next >= start || *next == until)) {
            match self.open(slot, &kept, scratch, place) {
                Ok(part) => return Ok(part),
                // It may have been thinned out just now, or be of another build: an older one costs more time only.
                Err(reason) => tracing::warn!("the checkpoint at {next} is no base for a past view: {reason}"),
            }
        }
        if start > 0 {
            return Err(self.trimmed(slot, start));
        }
        let opened = open_part(slot.def, &self.node.around, &scratch.join("0"), place.clone());
        opened.map_err(|reason| Problem::unavailable("stopped", reason.to_string(), 30))
    }

    fn open(&self, slot: &Slot, kept: &Path, scratch: &Path, place: &Place) -> Result<Box<dyn Processor>, StopReason> {
        let folder = scratch.join(kept.file_name().unwrap_or_default());
        link(kept, &folder).map_err(|error| StopReason::Damaged(error.to_string()))?;
        open_part(slot.def, &self.node.around, &folder, place.clone())
    }

    fn checkpoints(&self, slot: &Slot) -> Vec<(u64, PathBuf)> {
        checkpoint::list(&checkpoints::folder(&self.node.settings.data, slot.def.name, slot.partition))
    }

    fn trimmed(&self, slot: &Slot, start: u64) -> Problem {
        let (machine, partition) = (slot.def.name, slot.partition);
        let oldest = self.checkpoints(slot).into_iter().map(|(next, _)| next).find(|next| *next >= start.max(1));
        let Some(oldest) = oldest else {
            let detail = format!("the log of {machine}/{partition} starts at {start}, and nothing older is kept");
            return Problem::new(410, "trimmed", detail);
        };
        let oldest = Position { machine: machine.to_owned(), partition, offset: oldest - 1 }.to_string();
        Problem::new(410, "trimmed", format!("the oldest state that can be rebuilt is the one at {oldest}"))
            .with("oldest", oldest)
    }
}

impl Held {
    fn is_built(&self) -> bool {
        self.built.borrow().is_some()
    }
}

/// Closes views on a thread that may wait for the disk.
fn close(views: impl IntoIterator<Item = (Key, Held)> + Send + 'static) {
    tokio::task::spawn_blocking(move || views.into_iter().for_each(drop));
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Problem::new(500, "internal", error.to_string())))
}

/// Where a moment lies in the log, in which it is `now`, or a little later.
fn find(log: &Log, slot: &Slot, moment: Moment, now: Time) -> Result<Key, Problem> {
    let (machine, partition) = (slot.def.name, slot.partition);
    let end = log.end(machine, partition).map_err(log_problem)?;
    let unknown = |detail: String| Err(Problem::bad_request("unknown_position", detail));
    match moment {
        Moment::Before(until) if until > end => {
            unknown(format!("{machine}/{partition}@{} is beyond the end of the log", until - 1))
        }
        Moment::Before(until) => Ok((machine, partition, until, None, None)),
        Moment::End(time) if time >= now => unknown(format!("{time} is not over yet")),
        Moment::End(time) => {
            let after = log.offset_at(machine, partition, time.plus(1)).map_err(log_problem)?;
            Ok((machine, partition, after.unwrap_or(end), Some(time), None))
        }
        Moment::Supposed { from, to, what } => {
            let (_, _, before, time, _) = find(log, slot, Moment::End(from), now)?;
            let (_, _, until, to, _) = find(log, slot, Moment::End(to), now)?;
            let from = (before, time.unwrap_or(from));
            Ok((machine, partition, until, to, Some(Supposed { from, what: what.into() })))
        }
    }
}

/// Makes a checkpoint's files appear in a folder of their own: tables, which nobody ever changes, as links.
fn link(from: &Path, into: &Path) -> io::Result<()> {
    std::fs::create_dir_all(into)?;
    for entry in std::fs::read_dir(from)? {
        let (from, name) = {
            let entry = entry?;
            (entry.path(), entry.file_name())
        };
        let into = into.join(name);
        let is_table = from.extension().is_some_and(|kind| kind == "sst");
        if !is_table || std::fs::hard_link(&from, &into).is_err() {
            std::fs::copy(&from, &into)?;
        }
    }
    Ok(())
}
