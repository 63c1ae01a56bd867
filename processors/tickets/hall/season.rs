//! What the events of a season say to each other of their seats: which cannot be taken, as bits.

use crate::tickets::hall::Hall;
use crate::tickets::hall::bits::Bits;
use millrace_topics::codec;
use millrace_topics::tickets::{EventPlan, SeatMap};

/// A hash of the sections, rows and seats of a plan.
#[must_use]
pub fn layout(plan: &EventPlan) -> u64 {
    let mut words = Vec::new();
    for section in &plan.sections {
        words.extend(codec::encode(&(&section.id, section.rows.len() as u64)));
        for row in &section.rows {
            words.extend(codec::encode(&(&row.id, row.seats, row.first, &row.labels, &row.aisles)));
        }
    }
    xxhash_rust::xxh3::xxh3_64(&words)
}

impl Hall {
    /// A hash of the sections, rows and seats: events of which it is the same have the same seats at the same places.
    #[must_use]
    pub fn layout(&self) -> u64 {
        layout(&self.plan)
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The seats that nobody can take who may take them out of these channels.
    #[must_use]
    pub fn map_of_gone(&self, channels: u64) -> SeatMap {
        let gone = self.rows.iter().map(|row| row.seats.without(&row.free_in(channels, None)));
        let rows = (0..).zip(gone).filter(|(_, gone)| !gone.is_empty()).map(|(row, gone)| (row, gone.words()));
        SeatMap { layout: self.layout(), rows: rows.collect() }
    }

    /// Looks at the hall as if it did not have these seats.
    pub fn look_without<T>(&mut self, map: &SeatMap, look: impl FnOnce(&Self) -> T) -> T {
        let mut before = Vec::with_capacity(map.rows.len());
        for (number, words) in &map.rows {
            let row = &mut self.rows[usize::from(*number)];
            before.push((*number, row.seats));
            row.seats = row.seats.without(&Bits::of(*words));
            self.refresh(*number);
        }
        let seen = look(self);
        for (number, seats) in before {
            self.rows[usize::from(number)].seats = seats;
            self.refresh(number);
        }
        seen
    }
}
