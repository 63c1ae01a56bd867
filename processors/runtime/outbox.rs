//! The sender of a partition's outbox: go-back-N for each receiving partition. Decides; appends nothing itself.

use crate::runtime::tables::{LINKS, Link, OUTBOX};
use millrace_state::store::Store;
use millrace_topics::log::NewRecord;
use millrace_topics::record::{Header, Payload, Record};
use std::collections::BTreeMap;

/// How many records may be on their way to one receiver at a time.
pub const WINDOW: u64 = 4096;

/// How many records go into one append.
pub const BATCH: usize = 512;

/// After so many acknowledged records, or a second, the sender notes on its own topic how far it has come.
pub const NOTE_EVERY: u64 = 10_000;

/// The least time between two notes for one receiver, in milliseconds.
pub const NOTE_AFTER_MS: u64 = 1000;

#[derive(Clone, Debug, Default)]
struct Flight {
    /// The next record to send.
    next: u64,
    /// The receiver's log has everything up to this one.
    acked: u64,
    /// What has been noted, or is being noted.
    noted: u64,
    noted_at_ms: u64,
    /// Appends that were given out and have not come back.
    in_flight: u32,
    /// An append failed: nothing more is sent until all have come back, then everything after `acked` again.
    broken: bool,
}

/// Rows to append to a receiver's partition, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// The receiving machine.
    pub machine: String,
    /// Its partition.
    pub partition: u32,
    /// The number of the last record.
    pub last: u64,
    /// The records.
    pub records: Vec<NewRecord>,
}

/// What is on its way from one sending partition. Lives in memory alone: after a restart everything that was not
/// noted is sent again, and the receivers drop what they know.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    flights: BTreeMap<(String, u32), Flight>,
}

impl Sender {
    /// What to append next. Every shipment must come back through [`Sender::done`].
    pub fn ship(&mut self, store: &Store) -> Vec<Shipment> {
        let links: Vec<_> = store.range(&LINKS.all()).collect();
        links
            .into_iter()
            .filter_map(|(key, raw)| self.ship_to(store, LINKS.key_of(&key), LINKS.value_of(&raw)))
            .collect()
    }

    fn ship_to(&mut self, store: &Store, to: (String, u32), link: Link) -> Option<Shipment> {
        let flight = self.flights.entry(to.clone()).or_insert_with(|| Flight {
            next: link.gone + 1,
            acked: link.gone,
            noted: link.gone,
            ..Flight::default()
        });
        if flight.broken && flight.in_flight == 0 {
            flight.broken = false;
            flight.next = flight.acked + 1;
        }
        if flight.broken || flight.next > link.sent || flight.next - flight.acked > WINDOW {
            return None;
        }
        let rows = OUTBOX.under(&(to.0.clone(), to.1)).starting(&OUTBOX.raw_key(&(to.0.clone(), to.1, flight.next)));
        let records: Vec<_> = store.range(&rows).take(BATCH).map(|(_, raw)| record(&raw)).collect();
        assert!(!records.is_empty(), "the outbox lost record {} to {}/{}", flight.next, to.0, to.1);
        let last = flight.next + records.len() as u64 - 1;
        flight.next = last + 1;
        flight.in_flight += 1;
        Some(Shipment { machine: to.0, partition: to.1, last, records })
    }

    /// A shipment came back: the receiver's log surely has it, or not surely.
    pub fn done(&mut self, machine: &str, partition: u32, last: u64, arrived: bool) {
        let flight = self.flights.get_mut(&(machine.to_owned(), partition)).expect("what comes back was sent");
        flight.in_flight -= 1;
        if arrived && !flight.broken {
            flight.acked = last;
        }
        flight.broken |= !arrived;
    }

    /// Notes for the sender's own topic that are due: applying one deletes the rows that it speaks of.
    pub fn notes(&mut self, now_ms: u64) -> Vec<Record> {
        let mut notes = Vec::new();
        for ((machine, partition), flight) in &mut self.flights {
            let due = now_ms.saturating_sub(flight.noted_at_ms) >= NOTE_AFTER_MS;
            let many = flight.acked - flight.noted >= NOTE_EVERY;
            if flight.acked == flight.noted || !(due || many) {
                continue;
            }
            flight.noted = flight.acked;
            flight.noted_at_ms = now_ms;
            let payload = Payload::Sent { machine: machine.clone(), partition: *partition, up_to: flight.acked };
            notes.push(Record { header: Header::default(), payload });
        }
        notes
    }

    /// True if something is on its way or not yet noted.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.flights.values().any(|flight| flight.in_flight > 0 || flight.broken || flight.acked != flight.noted)
    }

    /// A note could not be appended: it is given out again.
    pub fn note_failed(&mut self, machine: &str, partition: u32, gone: u64) {
        if let Some(flight) = self.flights.get_mut(&(machine.to_owned(), partition)) {
            flight.noted = gone.min(flight.noted);
        }
    }
}

fn record(raw: &[u8]) -> NewRecord {
    let (key, value) = OUTBOX.value_of(raw);
    NewRecord { key, value, ..NewRecord::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::codec;
    use std::sync::Arc;

    fn store(sent: u64) -> Store {
        let mut store = Store::memory(Arc::default());
        let to = ("b".to_owned(), 0);
        store.set(LINKS.raw_key(&to), Some(codec::encode(&Link { sent, gone: 0 })));
        for n in 1..=sent {
            let row = (Vec::<u8>::new(), n.to_le_bytes().to_vec());
            store.set(OUTBOX.raw_key(&("b".to_owned(), 0, n)), Some(codec::encode(&row)));
        }
        store
    }

    fn lasts(shipments: &[Shipment]) -> Vec<u64> {
        shipments.iter().map(|shipment| shipment.last).collect()
    }

    #[test]
    fn after_a_failure_everything_behind_it_goes_again() {
        let (store, mut sender) = (store(1200), Sender::default());
        assert_eq!(lasts(&sender.ship(&store)), [512]);
        assert_eq!(lasts(&sender.ship(&store)), [1024]);
        assert_eq!(lasts(&sender.ship(&store)), [1200]);
        assert!(lasts(&sender.ship(&store)).is_empty());
        sender.done("b", 0, 512, true);
        sender.done("b", 0, 1024, false);
        assert!(lasts(&sender.ship(&store)).is_empty(), "nothing may pass what failed");
        sender.done("b", 0, 1200, true);
        let again = sender.ship(&store);
        assert_eq!(lasts(&again), [1024]);
        assert_eq!(again[0].records[0].value, 513u64.to_le_bytes());
    }

    #[test]
    fn notes_come_once_a_second() {
        let (store, mut sender) = (store(3), Sender::default());
        sender.ship(&store);
        assert!(sender.notes(5000).is_empty());
        sender.done("b", 0, 3, true);
        assert_eq!(sender.notes(5000).len(), 1);
        assert!(sender.notes(9000).is_empty(), "there is nothing new to note");
        sender.note_failed("b", 0, 0);
        assert!(sender.notes(5500).is_empty());
        assert_eq!(sender.notes(6000).len(), 1);
    }
}
