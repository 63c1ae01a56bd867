//! Writing a partition's changes to disk: by age, by size, and now.

use super::{FLUSH_POLL, Layer, Live, Slot, Write};
use millrace_processors::runtime::runner::{Processor, StopReason};
use std::time::{Duration, Instant};

impl Slot {
    /// Freezes what is old or large enough, and hands it out to be written once what it said is published.
    pub(super) fn consider_flush(&self, live: &mut Live) {
        // On a full disk it would fail, and what fails stops its partition.
        if self.around.disk.is_full() {
            return;
        }
        let Ok(part) = &mut live.part else { return };
        let old = live.dirty_since.is_some_and(|since| since.elapsed() >= self.around.flush.age);
        let large = part.core().store.dirty_bytes() >= self.around.flush.bytes;
        if live.frozen.is_none() && (old || large) {
            let owed = self.owed.lock().added();
            let next = part.core().meta.next;
            live.frozen = part.freeze().map(|frozen| Layer { frozen, owed, next });
            live.dirty_since = None;
        }
        let published = self.owed.lock().published();
        if let Some(layer) = live.frozen.take_if(|layer| layer.owed <= published) {
            live.writing = true;
            let slot = self.me.upgrade().expect("whoever calls holds it");
            (self.around.write)(Write { slot, generation: live.generation, layer });
        }
    }

    /// Writes a frozen layer; the thread for that calls it.
    pub fn write(&self, write: Write) {
        let timer = self.around.metrics.flush_seconds.start_timer();
        let written = write.layer.frozen.write();
        timer.observe_duration();
        let mut live = self.live.lock();
        if live.generation != write.generation {
            return;
        }
        live.writing = false;
        let mut retired = None;
        match (written, &mut live.part) {
            (Ok(landed), Ok(part)) => {
                retired = Some(part.core_mut().store.land(landed));
                live.flushed = write.layer.next;
            }
            (Ok(_), Err(_)) => {}
            (Err(error), _) => {
                tracing::error!("{}/{} has stopped: {error}", self.def.name, self.partition);
                self.around.disk.note_failure(&error.to_string());
                live.stop(StopReason::Unwritable(error.to_string()));
            }
        }
        drop(live);
        self.wake();
        drop(retired);
    }

    /// Writes everything that can be written now, and waits for it: at a graceful stop, and before a checkpoint.
    /// False where something that was said is not published yet, or a flush is under way.
    pub fn flush_now(&self, live: &mut Live) -> bool {
        if live.frozen.is_some() || !self.is_published() || self.around.disk.is_full() {
            return false;
        }
        let Ok(part) = &mut live.part else { return false };
        if part.core().store.is_flushing() {
            return false;
        }
        let Some(frozen) = part.freeze() else { return true };
        let core = part.core_mut();
        let next = core.meta.next;
        match frozen.write() {
            Ok(landed) => {
                drop(core.store.land(landed));
                live.flushed = next;
            }
            Err(error) => {
                self.around.disk.note_failure(&error.to_string());
                core.stop(StopReason::Unwritable(error.to_string()));
            }
        }
        live.dirty_since = None;
        true
    }

    /// Looks at a partition in a moment between two records in which everything that it holds is on disk.
    ///
    /// # Errors
    /// A sentence, where the partition has stopped or no such moment came within `patience`.
    pub fn look_flushed<T>(&self, patience: Duration, look: impl Fn(&dyn Processor) -> T) -> Result<T, String> {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            let looked = self.look(|live| {
                if let Some(reason) = live.stopped() {
                    return Some(Err(format!("the partition has stopped: {reason}")));
                }
                let flushed = self.flush_now(live);
                let part = live.part.as_ref().ok().filter(|part| flushed && !part.core().meta.timers_left)?;
                Some(Ok(look(part.as_ref())))
            });
            match looked {
                Some(result) => return result,
                None => std::thread::sleep(FLUSH_POLL),
            }
        }
        let full = self.around.disk.is_full();
        let why = if full { "the disk is full" } else { "what it said could not be published" };
        Err(format!("the view could not be written: {why}"))
    }
}
