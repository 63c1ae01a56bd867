//! What may become of a record between machines, one record after the other; and random orders that are watched step by
//! step.

use super::{PLAIN, Plan, Shown, World, execute, execute_watched};
use crate::runtime::outbox::Shipment;
use crate::runtime::script::parse;
use crate::runtime::system::MachineDef;
use millrace_state::store::Store;
use millrace_topics::log::NewRecord;

/// For how long a late record, and what its sender says behind it, is held back, in milliseconds.
pub const LATE: u64 = 20 * 60_000;

/// What becomes of a record between machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not arrive: its sender hears so, and sends it again.
    Dropped,
    /// It and what its sender says behind it arrives [`LATE`].
    Late,
    /// It arrives twice.
    Repeated,
}

/// All of them.
pub const TROUBLES: [Trouble; 3] = [Trouble::Dropped, Trouble::Late, Trouble::Repeated];

/// Who looks at a partition after each of its records: the machine's name, the partition's number, and its rows.
pub type Watch<'a> = &'a dyn Fn(&str, u32, &Store);

/// Runs a script for each record between machines and each thing that may become of it, and calls `invariant` with the
/// tables after each run. Answers with how many records there are.
///
/// # Panics
/// Where the invariant does, or a rebuild differs.
pub fn troubled(machines: &[MachineDef], script: &str, invariant: &dyn Fn(&Shown)) -> usize {
    let lines = parse(machines, script);
    let count = |partitions| {
        let plan = Plan { partitions, ..PLAIN };
        let mut world = World::new(machines, &plan);
        super::play(&mut world, &lines);
        world.carried
    };
    let records = count(1);
    for (number, trouble) in (1..=records).flat_map(|number| TROUBLES.map(|trouble| (number, trouble))) {
        for partitions in [1, 8] {
            let plan = Plan { partitions, trouble: Some((number, trouble)), ..PLAIN };
            invariant(&execute(machines, &lines, &plan).0);
        }
    }
    records
}

/// The same as [`race`](super::race), where `watch` looks at each partition after each of its records.
///
/// # Panics
/// Where `watch` or the invariant does, or a rebuild differs.
pub fn race_watched(machines: &[MachineDef], script: &str, seeds: u64, watch: Watch<'_>, invariant: &dyn Fn(&Shown)) {
    let lines = parse(machines, script);
    for seed in 1..=seeds {
        for partitions in [1, 8] {
            let plan = Plan { partitions, race: Some(seed), ..PLAIN };
            invariant(&execute_watched(machines, &lines, &plan, Some(watch)).0);
        }
    }
}

impl World<'_> {
    /// Appends what a partition says to another one, as the plan has it. False if not all of it surely arrived.
    pub(super) fn deliver(&mut self, place: (usize, u32), ship: Shipment) -> bool {
        for record in ship.records {
            self.carried += 1;
            let trouble = self.plan.trouble.filter(|(number, _)| *number == self.carried).map(|(_, trouble)| trouble);
            let copies = match trouble {
                Some(Trouble::Dropped) => return false,
                Some(Trouble::Late) => {
                    self.late = Some((place, self.now.plus(LATE)));
                    return false;
                }
                Some(Trouble::Repeated) => 2,
                None if self.plan.append_twice => 2,
                None => 1,
            };
            let copies: Vec<NewRecord> = vec![record; copies];
            self.append(&ship.machine, ship.partition, copies);
        }
        true
    }

    /// True while what a partition says is held back.
    pub(super) fn is_late(&self, place: (usize, u32)) -> bool {
        self.late.is_some_and(|(late, until)| late == place && self.now < until)
    }
}
