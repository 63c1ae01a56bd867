//! The sender of a partition's outbox: go-back-N for each receiving partition. Decides; appends nothing itself.

use crate::runtime::tables::{LINKS, Link, OUTBOX};
use millrace_state::store::Store;
use millrace_topics::log::NewRecord;
use millrace_topics::record::{Header, Payload, Record};
use std::collections::BTreeMap;

/// How many records may be on their way to one receiver at a time.
pub const WINDOW: u64 = 4096;

/// How many records go into one append.
pub const BATCH: u64 = 512;

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

impl Flight {
    /// A flight that begins behind what is noted.
    fn behind(link: &Link) -> Self {
        Self { next: link.gone + 1, acked: link.gone, noted: link.gone, ..Self::default() }
    }

    fn ship(&mut self, store: &Store, to: &(String, u32)) -> Option<Shipment> {
        if self.broken && self.in_flight == 0 {
            self.broken = false;
            self.next = self.acked + 1;
        }
        let link = store.read(&LINKS.raw_key(to), |raw| LINKS.value_of(raw)).unwrap_or_default();
        // While a partition catches up it reads the notes of the time before.
        self.acked = self.acked.max(link.gone);
        self.noted = self.noted.max(link.gone);
        self.next = self.next.max(self.acked + 1);
        if self.broken || self.next > link.sent || self.next - self.acked > WINDOW {
            return None;
        }
        let last = link.sent.min(self.next + BATCH - 1);
        let records = (self.next..=last).map(|n| record(store, to, n)).collect();
        self.next = last + 1;
        self.in_flight += 1;
        Some(Shipment { machine: to.0.clone(), partition: to.1, last, records })
    }
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
    /// The sender of the outbox that is in this store.
    #[must_use]
    pub fn open(store: &Store) -> Self {
        let mut sender = Self::default();
        for (key, raw) in store.range(&LINKS.all()) {
            sender.flights.insert(LINKS.key_of(&key), Flight::behind(&LINKS.value_of(&raw)));
        }
        sender
    }

    /// There is something to send to this receiver.
    pub fn learn(&mut self, to: (String, u32)) {
        self.flights.entry(to).or_insert_with(|| Flight::behind(&Link::default()));
    }

    /// There may be something to send to every receiver that another sender knows.
    pub fn learn_all(&mut self, other: &Self) {
        other.flights.keys().for_each(|to| self.learn(to.clone()));
    }

    /// What to append next. Every shipment must come back through [`Sender::done`].
    pub fn ship(&mut self, store: &Store) -> Vec<Shipment> {
        self.flights.iter_mut().filter_map(|(to, flight)| flight.ship(store, to)).collect()
    }

    /// A shipment came back: the receiver's log surely has it, or not surely.
    pub fn done(&mut self, machine: &str, partition: u32, last: u64, arrived: bool) {
        let flight = self.flights.get_mut(&(machine.to_owned(), partition)).expect("what comes back was sent");
        flight.in_flight -= 1;
        if arrived && !flight.broken {
            // Another node may have noted more meanwhile, when it sent for this partition.
            flight.acked = flight.acked.max(last);
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

fn record(store: &Store, to: &(String, u32), n: u64) -> NewRecord {
    let row = store.read(&OUTBOX.raw_key(&(to.0.clone(), to.1, n)), |raw| OUTBOX.value_of(raw));
    let (key, value) = row.unwrap_or_else(|| panic!("the outbox lost record {n} to {}/{}", to.0, to.1));
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
        let store = store(1200);
        let mut sender = Sender::open(&store);
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
        let store = store(3);
        let mut sender = Sender::open(&store);
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
