//! Quotas: numbers of places that are counted together, whatever else there is of them. What was drawn is kept by kind of
//! place, so that a quota that comes later, or is changed, counts what was held and sold before.

use super::{Hall, Place};
use crate::tickets::rules::Rules;
use millrace_topics::tickets::{Drawing, EventPlan, Quota, QuotaAvailability};
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// What a place is to quotas: noted when it is held, and the same until it is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draw {
    /// The category, by its number in the plan.
    pub category: u16,
    /// The tier whose price it has, from 1; 0 if it has the price where none counts.
    pub tier: u8,
    /// The channels that its hold named, a bit each.
    pub channels: u64,
}

/// How many places are held and sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Drawn {
    held: u32,
    sold: u32,
}

impl Drawn {
    fn of(&mut self, place: Place) -> Option<&mut u32> {
        match place {
            Place::Held => Some(&mut self.held),
            Place::Sold => Some(&mut self.sold),
            Place::Free | Place::Blocked => None,
        }
    }

    fn change(&mut self, from: Place, to: Place, many: u32) {
        if let Some(count) = self.of(from) {
            *count = count.checked_sub(many).expect("what a quota has less of was drawn");
        }
        if let Some(count) = self.of(to) {
            *count += many;
        }
    }
}

/// Which places draw, with the category by number.
#[derive(Clone, Debug)]
struct Source {
    category: Option<u16>,
    tier: Option<u8>,
    channel: Option<String>,
}

impl Source {
    fn of(plan: &EventPlan, drawing: &Drawing) -> Self {
        let number = |id: &String| {
            let found = (0..).zip(&plan.categories).find(|(_, category)| category.id == *id);
            // A quota may know of a category before the plan does: nothing is of it yet.
            found.map_or(u16::MAX, |(number, _)| number)
        };
        let Drawing { category, tier, channel } = drawing.clone();
        Self { category: category.as_ref().map(number), tier, channel }
    }

    fn is_of(&self, draw: &Draw, channels: &[String]) -> bool {
        let names = |id: &String| {
            let mut named = channels.iter().enumerate().filter(|(at, _)| draw.channels >> at & 1 == 1);
            named.any(|(_, channel)| channel == id)
        };
        self.category.is_none_or(|category| category == draw.category)
            && self.tier.is_none_or(|tier| tier == draw.tier)
            && self.channel.as_ref().is_none_or(names)
    }
}

/// A quota, and what is drawn of it.
#[derive(Clone, Debug)]
struct Pot {
    size: Option<u32>,
    of: Vec<Source>,
    drawn: Drawn,
}

impl Pot {
    fn of(plan: &EventPlan, quota: &Quota) -> Self {
        let of = quota.of.iter().map(|drawing| Source::of(plan, drawing)).collect();
        Self { size: quota.size, of, drawn: Drawn::default() }
    }

    fn has_part_in(&self, draw: &Draw, channels: &[String]) -> bool {
        self.of.iter().any(|source| source.is_of(draw, channels))
    }
}

/// The quotas of an event, and every kind of place that is held or sold of it.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    pots: Vec<Pot>,
    kinds: BTreeMap<Draw, Drawn>,
}

fn pots(hall: &Hall, rules: &Rules) -> Vec<Pot> {
    let mut pots: Vec<Pot> = rules.quotas.iter().map(|quota| Pot::of(&hall.plan, quota)).collect();
    for (draw, drawn) in &hall.quotas.kinds {
        for pot in pots.iter_mut().filter(|pot| pot.has_part_in(draw, &hall.channels)) {
            pot.drawn.held += drawn.held;
            pot.drawn.sold += drawn.sold;
        }
    }
    pots
}

impl Hall {
    /// Counts places of a kind as something else than what they were.
    ///
    /// # Panics
    /// If fewer are what they are said to be.
    pub fn draw(&mut self, draw: Draw, many: u32, from: Place, to: Place) {
        if many == 0 {
            return;
        }
        let drawn = self.quotas.kinds.entry(draw).or_default();
        drawn.change(from, to, many);
        if *drawn == Drawn::default() {
            self.quotas.kinds.remove(&draw);
        }
        for pot in &mut self.quotas.pots {
            if pot.has_part_in(&draw, &self.channels) {
                pot.drawn.change(from, to, many);
            }
        }
    }

    /// Counts again what is drawn of the quotas of its rules.
    pub(super) fn count_quotas(&mut self) {
        self.quotas.pots = pots(self, &self.rules);
    }

    /// Takes over what was drawn in a hall with an earlier plan.
    pub(super) fn take_over_quotas(&mut self, before: &Self) {
        self.quotas.kinds.clone_from(&before.quotas.kinds);
    }

    /// The quotas of other rules that would be smaller than what is held and sold of them.
    #[must_use]
    pub fn too_small(&self, rules: &Rules) -> Vec<String> {
        let pots = pots(self, rules);
        let over = |pot: &Pot| pot.size.is_some_and(|size| size < pot.drawn.held + pot.drawn.sold);
        let named = rules.quotas.iter().zip(pots).filter(|(_, pot)| over(pot));
        named.map(|(quota, _)| quota.id.clone()).collect()
    }

    /// True if places may be short though there are some.
    #[must_use]
    pub fn has_quotas(&self) -> bool {
        !self.quotas.pots.is_empty()
    }

    /// What there is of each quota.
    #[must_use]
    pub fn quotas(&self) -> Vec<QuotaAvailability> {
        let show = |(quota, pot): (&Quota, &Pot)| QuotaAvailability {
            id: quota.id.clone(),
            size: pot.size,
            held: pot.drawn.held,
            sold: pot.drawn.sold,
            left: pot.size.map(|size| size - pot.drawn.held - pot.drawn.sold),
        };
        self.rules.quotas.iter().zip(&self.quotas.pots).map(show).collect()
    }

    /// What the quotas leave to who names these channels, a bit each.
    #[must_use]
    pub fn room(&self, now: Time, channels: u64) -> Room<'_> {
        Room::new(self, now, channels, |drawn| drawn.held + drawn.sold)
    }

    /// The same if everything came back that is held.
    #[must_use]
    pub fn room_at_most(&self, now: Time, channels: u64) -> Room<'_> {
        Room::new(self, now, channels, |drawn| drawn.sold)
    }
}

/// What quotas leave while somebody looks for places: each that is taken leaves less for the next.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    hall: &'a Hall,
    now: Time,
    channels: u64,
    /// Of each quota.
    left: Vec<u32>,
    /// How many of a category were taken out of it.
    taken: Vec<(u16, u32)>,
}

/// Places of one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The tier whose price they have, from 1; 0 if they have the price where none counts.
    pub tier: u8,
    /// What one costs.
    pub price: u64,
    /// How many.
    pub many: u32,
}

impl<'a> Room<'a> {
    fn new(hall: &'a Hall, now: Time, channels: u64, gone: impl Fn(&Drawn) -> u32) -> Self {
        let left = |pot: &Pot| pot.size.map_or(u32::MAX, |size| size - gone(&pot.drawn));
        let left = hall.quotas.pots.iter().map(left).collect();
        Self { hall, now, channels, left, taken: Vec::new() }
    }

    /// Takes places of a category at the first price that counts, at most so many; none if there is no more room. A tier
    /// whose quotas have no room does not count.
    pub fn take(&mut self, category: u16, most: u32) -> Option<Portion> {
        let plan = &self.hall.plan.categories[usize::from(category)];
        let taken: u32 = self.taken.iter().filter(|(of, _)| *of == category).map(|(_, many)| many).sum();
        let gone = self.hall.counts(category).gone() + taken;
        let now = self.now;
        let counts = |until: Option<Time>| until.is_none_or(|until| now < until);
        let tiers = (1..).zip(&plan.tiers).filter(|(_, tier)| counts(tier.until));
        let tiers =
            tiers.map(|(tier, of)| (tier, of.price, of.first.map_or(u32::MAX, |first| first.saturating_sub(gone))));
        for (tier, price, first) in tiers.chain([(0, plan.price, u32::MAX)]) {
            let draw = Draw { category, tier, channels: self.channels };
            let many = self.left(&draw).min(first).min(most);
            if many > 0 {
                self.draw(&draw, many);
                return Some(Portion { tier, price, many });
            }
        }
        None
    }

    fn left(&self, draw: &Draw) -> u32 {
        let pots = self.hall.quotas.pots.iter().zip(&self.left);
        let of = pots.filter(|(pot, _)| pot.has_part_in(draw, &self.hall.channels));
        of.map(|(_, left)| *left).min().unwrap_or(u32::MAX)
    }

    fn draw(&mut self, draw: &Draw, many: u32) {
        for (pot, left) in self.hall.quotas.pots.iter().zip(&mut self.left) {
            if pot.size.is_some() && pot.has_part_in(draw, &self.hall.channels) {
                *left -= many;
            }
        }
        match self.taken.iter_mut().find(|(of, _)| *of == draw.category) {
            Some((_, taken)) => *taken += many,
            None => self.taken.push((draw.category, many)),
        }
    }

    /// Takes a place of just this kind; false if there is no room for it.
    pub fn take_one(&mut self, draw: &Draw) -> bool {
        let has_room = self.left(draw) > 0;
        if has_room {
            self.draw(draw, 1);
        }
        has_room
    }

    /// Takes as many places of a category as there is room for, at most so many, and says how many.
    pub fn take_all(&mut self, category: u16, most: u32) -> u32 {
        let mut all = 0;
        while all < most
            && let Some(portion) = self.take(category, most - all)
        {
            all += portion.many;
        }
        all
    }

    /// True if there is room for so many of a category.
    #[must_use]
    pub fn has(&self, category: u16, many: u32) -> bool {
        self.clone().take_all(category, many) == many
    }
}
