//! The halls of a partition, made again of events, holds, orders and timers when it opens.

use crate::runtime::system::Engine;
use crate::runtime::tables::TIMERS;
use crate::tickets::admission::is_gated;
use crate::tickets::hall::{Deadline, Hall, Place};
use crate::tickets::resale::is_resale;
use crate::tickets::rules::Rules;
use crate::tickets::tables::{
    CHANGES, CHANNELS, CONFLICTS, EVENTS, Fate, HOLDS, HOUSEHOLDS, HoldRow, Item, KINDS, MARKS, NOTES, ORDERS,
    OrderRow, Priced, ROOMS, RULES, Spot, Stage, WAITERS, WAITLISTS, Wanting,
};
use millrace_state::store::Store;
use millrace_topics::codec;
use millrace_topics::tickets::{ItemState, Timer};
use millrace_topics::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Every hall of a partition.
#[derive(Clone, Debug, Default)]
pub struct Halls {
    by_event: BTreeMap<String, Box<Hall>>,
    by_time: BTreeSet<(Time, String)>,
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

    /// Every hall.
    pub fn all(&self) -> impl Iterator<Item = &Hall> {
        self.by_event.values().map(|hall| &**hall)
    }

    /// The events, the newest first: those that were published before this one.
    pub fn newest<'a>(&'a self, before: Option<&(Time, String)>) -> impl Iterator<Item = &'a String> + use<'a> {
        let end = before.map_or(Bound::Unbounded, |before| Bound::Excluded(before.clone()));
        self.by_time.range((Bound::Unbounded, end)).rev().map(|(_, event)| event)
    }

    /// Takes a hall in.
    pub fn put(&mut self, event: String, hall: Hall) {
        self.by_time.insert((hall.published_at, event.clone()));
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
        for (key, value) in store.range(&RULES.all()) {
            let rules = Rules::of(&RULES.value_of(&value)).expect("rules that cannot be were refused");
            halls.of(&RULES.key_of(&key)).set_rules(rules);
        }
        for (key, value) in store.range(&KINDS.all()) {
            let (event, hold) = KINDS.key_of(&key);
            halls.of(&event).kinds.insert(hold, KINDS.value_of(&value));
        }
        for (key, value) in store.range(&HOUSEHOLDS.all()) {
            let (event, hold) = HOUSEHOLDS.key_of(&key);
            halls.of(&event).set_household(hold, HOUSEHOLDS.value_of(&value));
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
        for (key, _) in store.range(&CHANGES.all()) {
            let (event, number) = CHANGES.key_of(&key);
            halls.of(&event).changes = number;
        }
        // A box office notes something of whatever it holds.
        let mut noted: BTreeSet<(String, u32)> = BTreeSet::new();
        for (key, value) in store.range(&NOTES.all()) {
            noted.insert((NOTES.key_of(&key).0, NOTES.value_of(&value).hold));
        }
        for (key, value) in store.range(&HOLDS.all()) {
            let (event, number) = HOLDS.key_of(&key);
            let row = HOLDS.value_of(&value);
            let hall = halls.of(&event);
            hall.holds = number;
            recall_hold(hall, number, &row);
            if row.fate == Fate::Open && noted.contains(&(event, number)) {
                hall.tokens.insert((row.token, number));
            }
        }
        for (key, value) in store.range(&ORDERS.all()) {
            let (event, number) = ORDERS.key_of(&key);
            let hall = halls.of(&event);
            hall.orders = number;
            recall_order(hall, number, &ORDERS.value_of(&value));
        }
        for (key, _) in store.range(&TIMERS.all()) {
            let (due, id) = TIMERS.key_of(&key);
            if let Timer::Due { event } = codec::decode(&id).expect("a timer was set by this machine") {
                halls.of(&event).armed = Some(due);
            }
        }
        // What was made again has not come back.
        halls.by_event.values_mut().for_each(|hall| hall.has_come_back = false);
        halls
    }
}

fn recall_hold(hall: &mut Hall, number: u32, row: &HoldRow) {
    row.seats.iter().for_each(|taken| hall.recall(taken, number));
    if row.fate == Fate::Open {
        turn_hold(hall, number, row, Place::Free, Place::Held);
        if hall.package_of(number).is_some() {
            hall.promised.insert((row.expires, number));
        } else {
            hall.deadlines.insert((row.expires, Deadline::Hold(number)));
        }
        hall.give(&row.buyer, number, quantity(&row.lines));
    }
}

fn recall_order(hall: &mut Hall, number: u32, row: &OrderRow) {
    for item in row.items.iter().filter(|_| row.paid.is_some()) {
        hall.count_sale(item.category, item.price, item.fee);
        if item.state == ItemState::Revoked {
            hall.count_refund(item.category, item.price, item.fee);
        } else if item.state.has_moved() {
            hall.count_move(item.category, item.price, item.fee);
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
    let many = turn_items(hall, row.hold, &row.items, Place::Free, to);
    hall.give(&row.buyer, row.hold, many);
}

/// How many places lines are.
#[must_use]
pub fn quantity(lines: &[Priced]) -> u32 {
    lines.iter().map(|line| line.quantity).sum()
}

/// Makes what lines say of places without seats something else, and of what they draw on.
pub fn turn_lines(hall: &mut Hall, lines: &[Priced], from: Place, to: Place) {
    for line in lines {
        hall.draw(line.draw(), line.quantity, from, to);
        if hall.is_area(line.category) {
            hall.turn_area(line.category, line.quantity, from, to);
        }
    }
}

/// Makes the places of a hold something else. Those of tickets that are sold on are sold all the while.
pub fn turn_hold(hall: &mut Hall, number: u32, row: &HoldRow, from: Place, to: Place) {
    if is_resale(hall, number) {
        return;
    }
    turn_seats(hall, number, row.seats.iter().map(|taken| taken.spot), from, to);
    turn_lines(hall, &row.lines, from, to);
}

/// Makes the seats of a hold something else, on its legs if it is for some.
pub fn turn_seats(hall: &mut Hall, hold: u32, spots: impl Iterator<Item = Spot>, from: Place, to: Place) {
    match hall.legs_of(hold) {
        Some(legs) => hall.turn_on(&legs, spots, from, to),
        None => hall.turn(spots, from, to),
    }
}

/// Makes the places that an order of this hold has something else, and says how many they are. Those of tickets that are
/// sold on are sold while somebody holds them.
pub fn turn_items(hall: &mut Hall, hold: u32, items: &[Item], from: Place, to: Place) -> u32 {
    let kept = || items.iter().filter(|item| item.state.is_kept());
    let many = u32::try_from(kept().count()).expect("an order has few places");
    if is_resale(hall, hold) && [from, to].contains(&Place::Held) {
        return many;
    }
    turn_seats(hall, hold, kept().filter_map(|item| item.spot), from, to);
    kept().filter(|item| item.spot.is_none()).for_each(|item| hall.turn_area(item.category, 1, from, to));
    kept().for_each(|item| hall.draw(item.draw(), 1, from, to));
    many
}
