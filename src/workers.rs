//! The threads that turn partitions: a fixed set of workers, and one that writes what they flush. Tokio does I/O only.

use crate::slot::{Slot, Write};
use crate::slots::Slots;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often every slot is tended: what a retry, a Tick, a note or a flush by age may be late.
const TEND_EVERY: Duration = Duration::from_millis(50);

/// What wakes the workers; made before the slots, which are made before the threads.
pub struct Wakers {
    senders: Vec<Sender<usize>>,
    receivers: Vec<Receiver<usize>>,
    writes: Sender<Write>,
    written: Receiver<Write>,
}

/// The running threads, until [`Workers::stop`] is called.
pub struct Workers {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<OnceLock<()>>,
}

impl Wakers {
    /// Room for so many workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let (senders, receivers) = (0..workers).map(|_| channel()).unzip();
        let (writes, written) = channel();
        Self { senders, receivers, writes, written }
    }

    /// Asks the worker of a slot to turn it.
    #[must_use]
    pub fn wake(&self) -> Arc<dyn Fn(usize) + Send + Sync> {
        let senders = self.senders.clone();
        // A worker that is gone has stopped with the program.
        Arc::new(move |slot| {
            let _ = senders[slot % senders.len()].send(slot);
        })
    }

    /// Hands a frozen layer to the writing thread.
    #[must_use]
    pub fn write(&self) -> Arc<dyn Fn(Write) + Send + Sync> {
        let writes = self.writes.clone();
        Arc::new(move |write| drop(writes.send(write)))
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// Where the machine gives no thread.
    pub fn start(self, slots: &Arc<Slots>) -> std::io::Result<Workers> {
        let stop: Arc<OnceLock<()>> = Arc::default();
        let mut threads = Vec::new();
        for (number, receiver) in self.receivers.into_iter().enumerate() {
            let (slots, stop, workers) = (slots.clone(), stop.clone(), self.senders.len());
            let own = move |slot: &Slot| slot.number % workers == number;
            let builder = std::thread::Builder::new().name(format!("worker-{number}"));
            threads.push(builder.spawn(move || work(&slots, own, &receiver, &stop))?);
        }
        let (written, stopping) = (self.written, stop.clone());
        let builder = std::thread::Builder::new().name("flush".to_owned());
        threads.push(builder.spawn(move || write(&written, &stopping))?);
        Ok(Workers { threads, stop })
    }
}

impl Workers {
    /// Ends the threads after what they are doing.
    pub fn stop(self) {
        self.stop.get_or_init(|| ());
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker had panicked");
            }
        }
    }
}

fn work(slots: &Slots, own: impl Fn(&Slot) -> bool, receiver: &Receiver<usize>, stop: &OnceLock<()>) {
    let mut tended = Instant::now();
    // Slots that have something to publish, and when it is due.
    let mut owing: BTreeMap<usize, Instant> = BTreeMap::new();
    while stop.get().is_none() {
        let due = owing.values().copied().min().unwrap_or(tended + TEND_EVERY).min(tended + TEND_EVERY);
        match receiver.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(number) => {
                // One that is not there any more was closed meanwhile.
                if let Some(slot) = slots.numbered(number) {
                    guarded(&slot, Slot::turn);
                    owing.extend(slot.publish_due().map(|due| (number, due)));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        for (number, _) in owing.extract_if(.., |_, due| *due <= now) {
            if let Some(slot) = slots.numbered(number) {
                guarded(&slot, Slot::publish);
            }
        }
        if tended.elapsed() >= TEND_EVERY {
            slots.all().iter().filter(|slot| own(slot)).for_each(|slot| guarded(slot, Slot::tend));
            tended = Instant::now();
        }
    }
}

fn write(written: &Receiver<Write>, stop: &OnceLock<()>) {
    while stop.get().is_none() {
        match written.recv_timeout(TEND_EVERY) {
            Ok(write) => {
                let slot = write.slot.clone();
                guarded(&slot, |slot| slot.write(write));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// An assertion that fails stops its partition, not the thread and with it all others.
fn guarded(slot: &Slot, act: impl FnOnce(&Slot)) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| act(slot))) {
        slot.fail(payload.as_ref());
    }
}
