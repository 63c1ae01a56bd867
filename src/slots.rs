//! The slots of a node, which are opened and closed while it runs: found by their place, and by the number that workers
//! know them by.

use crate::slot::Slot;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The partitions that a node has open.
#[derive(Default)]
pub struct Slots {
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    by_place: BTreeMap<(&'static str, u32), Arc<Slot>>,
    by_number: BTreeMap<usize, Arc<Slot>>,
    /// Numbers are never given twice: what is on its way to a slot that is gone does not reach another.
    next: usize,
}

impl Slots {
    /// Opens a slot under a number of its own.
    ///
    /// # Panics
    /// If there is a slot of this place already: its state cannot be opened twice.
    pub fn open(&self, open: impl FnOnce(usize) -> Arc<Slot>) -> Arc<Slot> {
        let number = {
            let mut table = self.table.write();
            table.next += 1;
            table.next - 1
        };
        // Not under the lock: it takes its time.
        let slot = open(number);
        let mut table = self.table.write();
        let other = table.by_place.insert((slot.def.name, slot.partition), slot.clone());
        assert!(other.is_none(), "{}/{} is open already", slot.def.name, slot.partition);
        table.by_number.insert(number, slot.clone());
        drop(table);
        slot.rouse();
        slot
    }

    /// Takes the slots of one shard out: partition `shard` of every machine.
    pub fn take(&self, shard: u32) -> Vec<Arc<Slot>> {
        let mut table = self.table.write();
        let taken: Vec<_> = table.by_place.extract_if(.., |(_, partition), _| *partition == shard).collect();
        for (_, slot) in &taken {
            table.by_number.remove(&slot.number);
        }
        taken.into_iter().map(|(_, slot)| slot).collect()
    }

    /// The slot of a partition, if this node has it open.
    #[must_use]
    pub fn get(&self, machine: &str, partition: u32) -> Option<Arc<Slot>> {
        let table = self.table.read();
        // The keys' lifetime shrinks to that of `machine`.
        let by_place: &BTreeMap<(&str, u32), Arc<Slot>> = &table.by_place;
        by_place.get(&(machine, partition)).cloned()
    }

    /// The slot with this number, if it is still open.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Option<Arc<Slot>> {
        self.table.read().by_number.get(&number).cloned()
    }

    /// All of them, by machine and partition.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Slot>> {
        self.table.read().by_place.values().cloned().collect()
    }

    /// Those of one shard.
    #[must_use]
    pub fn of_shard(&self, shard: u32) -> Vec<Arc<Slot>> {
        self.table.read().by_place.values().filter(|slot| slot.partition == shard).cloned().collect()
    }
}
