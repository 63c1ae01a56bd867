//! What a partition says to others: events and dead letters, records to other partitions, notes and Ticks. Only the node
//! that answers for the partition says them; whoever follows it besides keeps them until it knows that they are said.

use super::{Live, RETRY, Slot};
use crate::owed;
use millrace_processors::runtime::outbox::Shipment;
use millrace_topics::log::{AppendError, LogError, NewRecord};
use millrace_topics::record::{Header, Payload, Record};
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Slot {
    /// True while this node answers for the partition.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// From now on another node answers for the partition.
    pub fn rest(&self) {
        self.active.store(false, Ordering::Release);
    }

    /// From now on this node answers for the partition. What the log lacks of what was said goes out; what it has, whoever
    /// answered before has said. Waits for the log.
    ///
    /// # Errors
    /// The log's: then nothing has changed.
    pub fn begin(&self) -> Result<(), LogError> {
        if !self.is_active() {
            self.forget_said()?;
            self.active.store(true, Ordering::Release);
            self.wake();
        }
        Ok(())
    }

    /// Forgets of what is owed what the log has, said by the node that answers for the partition: so what is kept does
    /// not grow, and can be flushed. Waits for the log.
    ///
    /// # Errors
    /// The log's.
    pub fn forget_said(&self) -> Result<(), LogError> {
        if !self.is_published() {
            let (event, letter) = owed::last_said(&self.around.log, self.def, self.partition)?;
            self.owed.lock().forget(event, letter);
        }
        Ok(())
    }

    /// When something that is owed should be published; `None` if nothing is, or it is on its way.
    #[must_use]
    pub fn publish_due(&self) -> Option<Instant> {
        self.owed.lock().due().filter(|_| self.is_active())
    }

    /// Appends what is owed and due: one append at a time, so that a failed one is not overtaken.
    pub fn publish(&self) {
        if !self.is_active() || self.around.disk.is_full() {
            return;
        }
        let Some((topic, records)) = self.owed.lock().next_batch() else { return };
        let (me, count) = (self.me.clone(), records.len());
        let done = move |result: Result<u64, AppendError>| {
            let Some(slot) = me.upgrade() else { return };
            slot.owed.lock().done(count, result.is_ok());
            match result {
                Ok(_) => slot.wake(),
                // It goes again with the next tending, under the same ids.
                Err(error) => tracing::warn!("{}/{} is not published yet: {error}", slot.def.name, slot.partition),
            }
        };
        self.around.log.append(&topic, self.partition, records, Box::new(done));
    }

    /// True if everything that was said is published.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.owed.lock().is_empty()
    }

    pub(super) fn take_acks(&self, live: &mut Live) {
        let (acks, lost) = {
            let mut returned = self.returned.lock();
            (std::mem::take(&mut returned.shipments), std::mem::take(&mut returned.notes))
        };
        let Ok(part) = &mut live.part else { return };
        let sender = &mut part.core_mut().sender;
        for (shipment, arrived) in acks {
            sender.done(&shipment.machine, shipment.partition, shipment.last, arrived);
        }
        for note in lost {
            if let Payload::Sent { machine, partition, .. } = note.payload {
                sender.note_failed(&machine, partition, 0);
            }
        }
    }

    pub(super) fn ship(&self, live: &mut Live, sent: bool) {
        let caught_up = live.caught_up;
        let Ok(part) = &mut live.part else { return };
        let core = part.core_mut();
        if !self.is_active() || !caught_up || !(sent || core.sender.is_busy()) || self.around.disk.is_full() {
            return;
        }
        for shipment in core.sender.ship(&core.store) {
            let me = self.me.clone();
            let Shipment { machine, partition, last, records } = shipment;
            let topic = machine.clone();
            self.around.log.append(
                &topic,
                partition,
                records,
                Box::new(move |result| {
                    let Some(slot) = me.upgrade() else { return };
                    let shipment = Shipment { machine, partition, last, records: Vec::new() };
                    slot.returned.lock().shipments.push((shipment, result.is_ok()));
                    slot.wake();
                }),
            );
        }
    }

    pub(super) fn note(&self, live: &mut Live) {
        let Ok(part) = &mut live.part else { return };
        for note in part.core_mut().sender.notes(self.around.clock.now().0) {
            let me = self.me.clone();
            let record = NewRecord { value: note.encode(), ..NewRecord::default() };
            self.around.log.append(
                self.def.name,
                self.partition,
                vec![record],
                Box::new(move |result| {
                    if let (Some(slot), Err(_)) = (me.upgrade(), result) {
                        slot.returned.lock().notes.push(note);
                    }
                }),
            );
        }
    }

    pub(super) fn tick(&self, live: &mut Live) {
        let waits = live.tick_sent.is_some_and(|sent| sent.elapsed() < RETRY);
        let Ok(part) = &mut live.part else { return };
        if !live.caught_up || waits || !live.pending.is_empty() || part.core().stopped().is_some() {
            return;
        }
        if part.core_mut().next_due().is_none_or(|due| due > self.around.clock.now()) {
            return;
        }
        live.tick_sent = Some(Instant::now());
        let tick = Record { header: Header::default(), payload: Payload::Tick };
        let record = NewRecord { value: tick.encode(), ..NewRecord::default() };
        // One that is lost is sent again after a while.
        self.around.log.append(self.def.name, self.partition, vec![record], Box::new(|_| ()));
    }
}
