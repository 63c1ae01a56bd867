//! Legs: a seat of an event with stops is sold for each way between two that follow one another by itself, at most once. A hold
//! has its seats from a stop to a later one. What a seat is as a whole, counts and maps say: sold if it is on some leg, else
//! held if it is on some leg.

use super::bits::Bits;
use super::{Counts, Hall, Place, Row};
use crate::tickets::rules::Rules;
use crate::tickets::tables::{Kind, Spot};
use std::ops::Range;

/// Who has the seats of a row on one leg.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leg {
    held: Bits,
    sold: Bits,
}

/// Legs that follow one another, the first counted from 0.
pub type Legs = Range<u8>;

impl Row {
    /// What is held and what is sold, on some of these legs.
    pub(super) fn gone(&self, legs: Option<&Legs>) -> (Bits, Bits) {
        let Some(legs) = legs else { return (self.held, self.sold) };
        let these = &self.legs[usize::from(legs.start)..usize::from(legs.end)];
        these.iter().fold(Default::default(), |(held, sold), leg| (leg.held.or(&held), leg.sold.or(&sold)))
    }

    /// What a place is on these legs.
    pub(super) fn place_on(&self, place: u16, legs: &Legs) -> Place {
        let (held, sold) = self.gone(Some(legs));
        match () {
            () if sold.has(place) => Place::Sold,
            () if held.has(place) => Place::Held,
            () if self.blocked.has(place) => Place::Blocked,
            () => Place::Free,
        }
    }

    /// A place is what it is on its legs together.
    fn unite(&mut self, place: u16) {
        let on_some = |of: fn(&Leg) -> &Bits| self.legs.iter().any(|leg| of(leg).has(place));
        let (held, sold) = (on_some(|leg| &leg.held), on_some(|leg| &leg.sold));
        self.held.set(place, held);
        self.sold.set(place, sold);
    }
}

impl Hall {
    /// Puts rules into force: seats have as many legs as there are ways between stops, and parties their distance.
    pub fn set_rules(&mut self, rules: Rules) {
        let legs = rules.stops.len().saturating_sub(1);
        for row in &mut self.rows {
            row.legs.resize(legs, Leg::default());
            row.distance = rules.distance;
        }
        if rules.distance != self.rules.distance {
            self.has_come_back = true;
            (0..self.rows.len()).for_each(|row| self.refresh(u16::try_from(row).expect("rows are bounded")));
        }
        self.has_come_back |= rules.quotas != self.rules.quotas;
        self.rules = rules;
        self.count_quotas();
    }

    /// All legs, if the event has some.
    #[must_use]
    pub fn all_legs(&self) -> Option<Legs> {
        let legs = self.rules.stops.len().checked_sub(1)?;
        Some(0..u8::try_from(legs).expect("rules with more stops are refused"))
    }

    /// The legs from one stop to another; all where none are named. None if the event has no such legs.
    #[must_use]
    pub fn legs(&self, named: Option<(&str, &str)>) -> Option<Option<Legs>> {
        let Some((from, to)) = named else { return Some(self.all_legs()) };
        let number = |name: &str| self.rules.stops.iter().position(|stop| stop == name);
        let (from, to) = (number(from)?, number(to)?);
        let number = |stop: usize| u8::try_from(stop).expect("rules with more stops are refused");
        (from < to).then(|| Some(number(from)..number(to)))
    }

    /// The legs of a hold, if its event has some.
    #[must_use]
    pub fn legs_of(&self, hold: u32) -> Option<Legs> {
        match self.kinds.get(&hold) {
            Some(Kind::Legs { from, to }) => Some(*from..*to),
            _ => None,
        }
    }

    /// The names of the stops between which legs are.
    #[must_use]
    pub fn stops(&self, legs: &Legs) -> (String, String) {
        let name = |stop: u8| self.rules.stops[usize::from(stop)].clone();
        (name(legs.start), name(legs.end))
    }

    /// Makes these seats something else than what they are on these legs.
    ///
    /// # Panics
    /// If one of them is not what it is said to be: a seat has one owner on a leg.
    pub(in crate::tickets) fn turn_on(
        &mut self,
        legs: &Legs,
        spots: impl Iterator<Item = Spot>,
        from: Place,
        to: Place,
    ) {
        self.has_come_back |= to == Place::Free;
        for spot in spots {
            let row = &mut self.rows[usize::from(spot.row)];
            let before = row.place(spot.place);
            for leg in &mut row.legs[usize::from(legs.start)..usize::from(legs.end)] {
                let known = match (leg.held.has(spot.place), leg.sold.has(spot.place)) {
                    (false, false) => Place::Free,
                    (true, _) => Place::Held,
                    (false, true) => Place::Sold,
                };
                assert_eq!(known, from, "{spot:?} is what its owner knows it as");
                leg.held.set(spot.place, to == Place::Held);
                leg.sold.set(spot.place, to == Place::Sold);
            }
            row.unite(spot.place);
            let after = row.place(spot.place);
            let category = usize::from(row.category);
            self.categories[category].counts.change(before, after, 1);
            self.refresh(spot.row);
        }
    }

    /// Takes over what a seat is on each leg from a hall with an earlier plan.
    pub(super) fn take_over_legs(&mut self, spot: Spot, before: &Row) {
        let row = &mut self.rows[usize::from(spot.row)];
        let was = row.place(spot.place);
        for (leg, old) in row.legs.iter_mut().zip(&before.legs) {
            leg.held.set(spot.place, old.held.has(spot.place));
            leg.sold.set(spot.place, old.sold.has(spot.place));
        }
        row.unite(spot.place);
        let after = row.place(spot.place);
        let category = usize::from(row.category);
        self.categories[category].counts.change(was, after, 1);
        self.refresh(spot.row);
    }

    /// What there is of a category on these legs: seats that are held or sold on some of them are.
    #[must_use]
    pub fn counts_on(&self, category: u16, legs: Option<&Legs>) -> Counts {
        let Some(legs) = legs else { return self.counts(category) };
        let mut counts = Counts { capacity: self.counts(category).capacity, ..Counts::default() };
        for row in self.rows.iter().filter(|row| row.category == category) {
            let (held, sold) = row.gone(Some(legs));
            counts.sold += sold.count();
            counts.held += held.without(&sold).count();
            counts.blocked += row.blocked.without(&held).without(&sold).count();
        }
        counts
    }

    /// How many of a category's seats that anybody may have on these legs are beside one another at most.
    #[must_use]
    pub fn longest_run_on(&self, category: u16, legs: Option<&Legs>) -> u32 {
        if legs.is_none() {
            return self.longest_run(category);
        }
        let rows = self.rows.iter().filter(|row| row.category == category);
        let open = rows.flat_map(|row| row.free_on(legs).without(&row.special()).without(&row.restricted).runs());
        open.map(|(_, length)| u32::from(length)).max().unwrap_or(0)
    }
}
