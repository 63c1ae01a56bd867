//! Rebuilding a partition aside from its log: what verify and replay have in common.

use crate::checkpoints;
use crate::node::Node;
use millrace_processors::runtime::core::NOTHING_HEARD;
use millrace_processors::runtime::reply::Output;
use millrace_processors::runtime::runner::{Place, Processor, Step};
use millrace_processors::runtime::system::MachineDef;
use millrace_state::store::Store;
use millrace_topics::log::Log;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many records are read at once.
const READ: usize = 4096;

/// A replay writes what it has at least so often: a kill costs no more.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

/// How far a rebuild is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The next offset to apply.
    pub next: u64,
    /// Where it will end.
    pub end: u64,
}

/// A partition that is being rebuilt. What it brings forth goes nowhere: it was all said and sent before.
pub struct Rebuild {
    /// The state machine.
    pub part: Box<dyn Processor>,
    topic: &'static str,
    partition: u32,
    flush_bytes: usize,
    flushed: Instant,
    watch: Option<Watch>,
}

/// A row that is watched, and the last record that changed it.
struct Watch {
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    changed_at: Option<u64>,
}

impl Rebuild {
    /// A rebuild into a folder; it goes on where an earlier one stopped.
    ///
    /// # Errors
    /// A sentence.
    pub fn open(node: &Node, def: &'static MachineDef, folder: &Path, place: Place) -> Result<Self, String> {
        let partition = place.partition;
        let start = node.log.start(def.name, partition).map_err(|error| error.to_string())?;
        if start > 0 && !folder.exists() {
            let seeded = checkpoints::seed(&node.settings.data, def.name, partition, start, folder);
            if !seeded.map_err(|error| error.to_string())? {
                let place = format!("{}/{partition}", def.name);
                return Err(format!("the log of {place} starts at {start}, and there is no checkpoint to start from"));
            }
        }
        let store = Store::open(&node.around.env, folder).map_err(|error| error.to_string())?;
        let part = (def.open)(store, place).map_err(|error| error.to_string())?;
        Ok(Self::over(node, def, partition, part))
    }

    /// A rebuild that goes on from a state.
    #[must_use]
    pub fn over(node: &Node, def: &'static MachineDef, partition: u32, mut part: Box<dyn Processor>) -> Self {
        part.core_mut().unheard = NOTHING_HEARD;
        let flush_bytes = node.around.flush.bytes;
        Self { part, topic: def.name, partition, flush_bytes, flushed: Instant::now(), watch: None }
    }

    /// Applies records from the log up to before `end`; false if the log has no more. Calls `progress` between
    /// chunks, which may end the rebuild by returning false.
    ///
    /// # Errors
    /// A sentence that names the offset: the log cannot be read there, or the partition stops.
    pub fn run(&mut self, log: &Log, end: u64, progress: &mut dyn FnMut(Progress) -> bool) -> Result<bool, String> {
        let mut out = Output::default();
        while self.part.core().meta.next < end {
            let next = self.part.core().meta.next;
            let chunk = log.read(self.topic, self.partition, next, READ);
            let chunk = chunk.map_err(|error| format!("{}/{}@{next}: {error}", self.topic, self.partition))?;
            for record in chunk.records.iter().filter(|record| record.offset < end) {
                while self.part.step(record, &mut out) == Step::TimersLeft {}
                if let Some(reason) = self.part.core().stopped() {
                    return Err(reason.to_string());
                }
                self.observe(record.offset);
            }
            out = Output::default();
            self.maybe_flush()?;
            let next = self.part.core().meta.next;
            if chunk.records.last().is_some_and(|record| record.offset >= end) {
                // What stands between here and `end` is a hole.
                return Ok(true);
            }
            if !progress(Progress { next, end }) || (chunk.at_end && chunk.records.is_empty()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From now on remembers which record changes this row.
    pub fn watch(&mut self, key: &[u8]) {
        self.watch = Some(Watch { key: key.to_vec(), value: None, changed_at: None });
    }

    /// The last record that changed the watched row.
    #[must_use]
    pub fn changed_at(&self) -> Option<u64> {
        self.watch.as_ref().and_then(|watch| watch.changed_at)
    }

    fn observe(&mut self, offset: u64) {
        let Some(watch) = &mut self.watch else { return };
        self.part.derive();
        let value = self.part.core().store.get(&watch.key);
        if value != watch.value {
            (watch.value, watch.changed_at) = (value, Some(offset));
        }
    }

    fn maybe_flush(&mut self) -> Result<(), String> {
        let large = self.part.core().store.dirty_bytes() >= self.flush_bytes;
        if large || self.flushed.elapsed() >= FLUSH_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was rebuilt so far.
    ///
    /// # Errors
    /// A sentence.
    pub fn flush(&mut self) -> Result<(), String> {
        self.flushed = Instant::now();
        let Some(frozen) = self.part.freeze() else { return Ok(()) };
        drop(self.part.core_mut().store.land(frozen.write().map_err(|error| error.to_string())?));
        Ok(())
    }
}
