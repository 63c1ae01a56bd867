//! What the machine keeps in memory of its waiting rooms: whose session ends next, and the drawn order.

use crate::runtime::system::Engine;
use crate::tickets::queue::draw::rank;
use crate::tickets::queue::tables::{ENTRIES, PLACES, ROOMS};
use millrace_state::store::Store;
use millrace_topics::tickets::Drawn;
use millrace_topics::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Every waiting room of a partition.
#[derive(Clone, Debug, Default)]
pub struct Rooms(BTreeMap<String, Room>);

/// A waiting room in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// When sessions end, and the numbers of their places.
    pub ends: BTreeSet<(Time, u32)>,
    /// Those who have their lot, in their order once all have.
    pub drawn: Vec<Drawn>,
}

impl Rooms {
    /// A waiting room, empty if it is not known.
    pub fn of(&mut self, event: &str) -> &mut Room {
        if !self.0.contains_key(event) {
            self.0.insert(event.to_owned(), Room::default());
        }
        self.0.get_mut(event).expect("it was put there")
    }

    /// A waiting room, if it is known.
    #[must_use]
    pub fn get(&self, event: &str) -> Option<&Room> {
        self.0.get(event)
    }
}

impl Room {
    /// Where a drawn place is in the order, from 1.
    #[must_use]
    pub fn position(&self, drawn: Drawn) -> Option<u32> {
        position(&self.drawn, drawn)
    }
}

/// Where a place is in the drawn order, from 1.
#[must_use]
pub fn position(order: &[Drawn], drawn: Drawn) -> Option<u32> {
    let before = order.binary_search(&drawn).ok()?;
    u32::try_from(before).ok().map(|before| before + 1)
}

impl Engine for Rooms {
    fn rebuild(store: &Store) -> Self {
        let mut rooms = Self::default();
        for (key, value) in store.range(&ROOMS.all()) {
            let (event, row) = (ROOMS.key_of(&key), ROOMS.value_of(&value));
            if let Some(seed) = &row.seed {
                let room = rooms.of(&event);
                let entries = store.range(&ENTRIES.under(&(event.clone(),))).take(row.drawn as usize);
                room.drawn = entries
                    .map(|(key, value)| {
                        let buyer = ENTRIES.value_of(&value).buyer;
                        (rank(seed, &event, &buyer), ENTRIES.key_of(&key).1)
                    })
                    .collect();
                if row.drawn == row.in_draw {
                    room.drawn.sort_unstable();
                }
            }
        }
        for (key, value) in store.range(&PLACES.all()) {
            let ((event, _), row) = (PLACES.key_of(&key), PLACES.value_of(&value));
            if let Some(until) = row.until {
                rooms.of(&event).ends.insert((until, row.number));
            }
        }
        rooms
    }
}
