//! The halls of a partition, made again of events, holds, orders and timers when it opens.

use crate::runtime::system::Engine;
use crate::runtime::tables::TIMERS;
use crate::tickets::admission::is_gated;
use crate::tickets::hall::{Deadline, Hall, Place};
use crate::tickets::tables::{
    CHANNELS, CONFLICTS, EVENTS, Fate, HOLDS, HoldRow, Item, MARKS, ORDERS, OrderRow, Priced, ROOMS, Stage, WAITERS,
    WAITLISTS, Wanting,
};
use millrace_state::store::Store;
use millrace_topics::codec;
use millrace_topics::tickets::{ItemState, Timer};
use std::collections::BTreeMap;

/// Every hall of a partition.
#[derive(Clone, Debug, Default)]
pub struct Halls {
    by_event: BTreeMap<String, Box<Hall>>,
}

impl Halls {
    /// The hall of an event.
    #[must_use]
    pub fn get(&self, event: &str) -> Option<&Hall> {
        self.by_event.get(event).map(|hall| &**hall)
    }

    /// The same to be changed, of an event that is there.
    ///
    /// # Panics
    /// If it is not.
    pub fn of(&mut self, event: &str) -> &mut Hall {
        self.by_event.get_mut(event).expect("an event that has a hall keeps it")
    }

    /// Takes a hall in.
    pub fn put(&mut self, event: String, hall: Hall) {
        self.by_event.insert(event, Box::new(hall));
    }
}

impl Engine for Halls {
    fn rebuild(store: &Store) -> Self {
        let mut halls = Self::default();
        for (key, value) in store.range(&EVENTS.all()) {
            let (event, row) = (EVENTS.key_of(&key), EVENTS.value_of(&value));
            let hall = Hall::build(row.plan, row.published_at).expect("a plan that cannot be was refused");
            halls.put(event, hall);
        }
        for (key, value) in store.range(&CHANNELS.all()) {
            halls.of(&CHANNELS.key_of(&key)).channels = CHANNELS.value_of(&value);
        }
        for (key, value) in store.range(&MARKS.all()) {
            let (event, row) = MARKS.key_of(&key);
            halls.of(&event).recall_marks(row, &MARKS.value_of(&value));
        }
        for (key, _) in store.range(&CONFLICTS.all()) {
            let (event, number) = CONFLICTS.key_of(&key);
            halls.of(&event).conflicts = number;
        }
        for (key, value) in store.range(&ROOMS.all()) {
            halls.of(&ROOMS.key_of(&key)).is_gated = is_gated(&ROOMS.value_of(&value));
        }
        for (key, value) in store.range(&WAITERS.all()) {
            let ((event, number), row) = (WAITERS.key_of(&key), WAITERS.value_of(&value));
            if row.state == Wanting::Waits {
                halls.of(&event).waiters.insert(number, row.wish.buyer);
            }
        }
        for (key, value) in store.range(&WAITLISTS.all()) {
            if let Some((since, _)) = WAITLISTS.value_of(&value).offering {
                halls.of(&WAITLISTS.key_of(&key)).deadlines.insert((since, Deadline::Offer));
            }
        }
        for (key, value) in store.range(&HOLDS.all()) {
            let (event, number) = HOLDS.key_of(&key);
            let hall = halls.of(&event);
            hall.holds = number;
            recall_hold(hall, number, &HOLDS.value_of(&value));
        }
        for (key, value) in store.range(&ORDERS.all()) {
            let (event, number) = ORDERS.key_of(&key);
            let hall = halls.of(&event);
            hall.orders = number;
            recall_order(hall, number, &ORDERS.value_of(&value));
        }
        for (key, _) in store.range(&TIMERS.all()) {
            let (due, id) = TIMERS.key_of(&key);
            let Timer::Due { event } = codec::decode(&id).expect("a timer was set by this machine");
            halls.of(&event).armed = Some(due);
        }
        // What was made again has not come back.
        halls.by_event.values_mut().for_each(|hall| hall.has_come_back = false);
        halls
    }
}

fn recall_hold(hall: &mut Hall, number: u32, row: &HoldRow) {
    row.seats.iter().for_each(|taken| hall.recall(taken, number));
    if row.fate == Fate::Open {
        hall.turn(row.seats.iter().map(|taken| taken.spot), Place::Free, Place::Held);
        turn_areas(hall, &row.lines, Place::Free, Place::Held);
        hall.deadlines.insert((row.expires, Deadline::Hold(number)));
        hall.give(&row.buyer, quantity(&row.lines));
    }
}

fn recall_order(hall: &mut Hall, number: u32, row: &OrderRow) {
    for item in row.items.iter().filter(|_| row.paid.is_some()) {
        hall.count_sale(item.category, item.price, item.fee);
        if item.state == ItemState::Revoked {
            hall.count_refund(item.category, item.price, item.fee);
        }
    }
    let to = match row.stage {
        Stage::Pending => Place::Held,
        Stage::Paid(_) => Place::Sold,
        Stage::Expired(_) | Stage::Cancelled(_) => return,
    };
    if row.stage == Stage::Pending {
        hall.deadlines.insert((row.deadline, Deadline::Order(number)));
    }
    let many = turn_items(hall, &row.items, Place::Free, to);
    hall.give(&row.buyer, many);
}

/// How many places lines are.
#[must_use]
pub fn quantity(lines: &[Priced]) -> u32 {
    lines.iter().map(|line| line.quantity).sum()
}

/// Makes what lines say of places without seats something else.
pub fn turn_areas(hall: &mut Hall, lines: &[Priced], from: Place, to: Place) {
    for line in lines {
        if hall.is_area(line.category) {
            hall.turn_area(line.category, line.quantity, from, to);
        }
    }
}

/// Makes the places of an order that are not given back something else, and says how many they are.
pub fn turn_items(hall: &mut Hall, items: &[Item], from: Place, to: Place) -> u32 {
    let kept = || items.iter().filter(|item| item.state != ItemState::Revoked);
    hall.turn(kept().filter_map(|item| item.spot), from, to);
    kept().filter(|item| item.spot.is_none()).for_each(|item| hall.turn_area(item.category, 1, from, to));
    u32::try_from(kept().count()).expect("an order has few places")
}
