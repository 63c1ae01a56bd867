//! The best seats that there are: a ladder, whose first step that gives enough is the answer.
//!
//! 1. beside one another in one row, with no single seat left beside them;
//! 2. beside one another in one row;
//! 3. halves in two rows, one behind the other, that have a column in common;
//! 4. in one section, by twos; of an odd number one sits alone;
//! 5. anywhere, only if that is wanted.
//!
//! Within a step the row that is nearest to where everybody looks counts first, then the seats nearest to the middle, then
//! the lower number. On steps 1 and 2 the row is found in a tree, in as many steps as the number of rows has binary
//! digits; steps 3 to 5 walk rows, and come only when no row has so many beside one another.
//!
//! Seats for wheelchairs and for companions are given only to who asks for one. Such wishes, those for which seats will
//! do from which not all can be seen, those that may be out of channels, and those for some legs walk rows on every step:
//! trees know only of what anybody may have, and of seats as a whole.

use super::bits::{Bits, LONG_RUN};
use super::legs::Legs;
use super::quotas::Room;
use super::{Hall, Pool, Row};
use crate::tickets::tables::Spot;
use std::collections::BTreeMap;

/// The best quality: seats in the nearest row of the hall, on step 1.
pub const QUALITY: u32 = 1000;

/// What each step further down the ladder takes off the quality.
const STEP_COST: u32 = 100;

/// What is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// How many seats; fewer than [`LONG_RUN`] − 2.
    pub number: u16,
    /// Only of this category.
    pub category: Option<u16>,
    /// Only in this section.
    pub section: Option<u16>,
    /// How many of them must be for wheelchairs.
    pub accessible: u16,
    /// True if seats will do from which not all can be seen.
    pub restricted: bool,
    /// Channels out of which they may be, a bit each.
    pub channels: u64,
    /// True if only steps 1 and 2 will do.
    pub together: bool,
    /// True if step 5 will do.
    pub scattered: bool,
    /// From which stop to which, where the event has legs.
    pub legs: Option<(u8, u8)>,
}

impl Wish {
    fn on(&self) -> Option<Legs> {
        self.legs.map(|(from, to)| from..to)
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// On which step.
    pub step: u8,
    /// From [`QUALITY`] downwards: in permille, how many rows are no nearer than the farthest of these, less 100 for
    /// each step after the first.
    pub quality: u32,
    /// The seats, by row and place.
    pub spots: Vec<Spot>,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How many seats would suit, one by one.
    pub free: u32,
    /// How many that would suit are held.
    pub held: u32,
    /// How many are wanted.
    pub wanted: u32,
}

/// Runs of this length, or long enough that two at least are left over.
fn without_orphan(length: u16) -> u64 {
    1 << length | u64::MAX << (length + 2)
}

fn at_least(length: u16) -> u64 {
    u64::MAX << length
}

struct Search<'a> {
    hall: &'a Hall,
    wish: &'a Wish,
    pool: &'a Pool,
    /// True if the trees know what would suit.
    is_plain: bool,
    /// What quotas leave, where the event has some.
    room: Option<&'a Room<'a>>,
}

impl Hall {
    /// The best seats for a wish, if there are enough as they are wanted, and room for them.
    ///
    /// # Panics
    /// If it wants none, or so many that [`LONG_RUN`] cannot tell.
    #[must_use]
    pub fn best(&self, wish: &Wish, room: Option<&Room<'_>>) -> Option<Found> {
        assert!((1..LONG_RUN - 1).contains(&u32::from(wish.number)), "a wish is bounded where it is taken");
        let search = self.search(wish, room);
        let found = |step: u8, spots: Option<Vec<Spot>>| spots.map(|spots| (step, spots));
        let (step, mut spots) = found(1, search.in_one_row(true))
            .or_else(|| found(2, search.in_one_row(false)))
            .or_else(|| found(3, search.in_halves()))
            .or_else(|| found(4, search.in_pairs()))
            .or_else(|| found(5, search.anywhere()))?;
        spots.sort_unstable();
        Some(Found { step, quality: self.quality(step, &spots), spots })
    }

    fn quality(&self, step: u8, spots: &[Spot]) -> u32 {
        let rows = u32::try_from(self.rows.len()).expect("rows are bounded");
        let leaf = |spot: &Spot| u32::try_from(self.rows[usize::from(spot.row)].leaves[0]).expect("rows are bounded");
        let farthest = spots.iter().map(leaf).max().unwrap_or(0);
        (QUALITY * (rows - farthest) / rows).saturating_sub(STEP_COST * u32::from(step - 1))
    }

    /// How many seats there are for a wish that nothing was found for; `rooms` is what quotas leave, and what they would if
    /// everything came back that is held.
    #[must_use]
    pub fn left(&self, wish: &Wish, rooms: Option<(Room<'_>, Room<'_>)>) -> Left {
        let (search, legs) = (self.search(wish, None), wish.on());
        let held = |row: &Row| row.gone(legs.as_ref()).0.without(&row.blocked);
        let of = |bits: &dyn Fn(&Row) -> Bits| -> BTreeMap<u16, u32> {
            let mut counts = BTreeMap::new();
            for row in search.rows().map(|number| &self.rows[usize::from(number)]) {
                *counts.entry(row.category).or_default() += bits(row).count();
            }
            counts
        };
        let left = |free: BTreeMap<u16, u32>, held: BTreeMap<u16, u32>, wanted: u16| {
            let (free, held) = within(free, held, rooms.clone());
            Left { free, held, wanted: wanted.into() }
        };
        let all = left(
            of(&|row| search.suiting(row, &row.free_in(wish.channels, legs.as_ref()))),
            of(&|row| search.suiting(row, &held(row))),
            wish.number,
        );
        let special = left(
            of(&|row| search.suiting(row, &row.free_in(wish.channels, legs.as_ref())).and(&row.accessible)),
            of(&|row| search.suiting(row, &held(row)).and(&row.accessible)),
            wish.accessible,
        );
        if special.free < special.wanted { special } else { all }
    }

    fn search<'a>(&'a self, wish: &'a Wish, room: Option<&'a Room<'a>>) -> Search<'a> {
        let pool = match (wish.section, wish.category) {
            (Some(section), _) => &self.sections[usize::from(section)].pool,
            (None, Some(category)) => &self.categories[usize::from(category)].pool,
            (None, None) => &self.all,
        };
        Search {
            hall: self,
            wish,
            pool,
            is_plain: wish.accessible == 0 && !wish.restricted && wish.channels == 0 && wish.legs.is_none(),
            room,
        }
    }
}

/// How many of these seats of each category there is room for, and for how many more if all that are held came back.
fn within(free: BTreeMap<u16, u32>, held: BTreeMap<u16, u32>, rooms: Option<(Room<'_>, Room<'_>)>) -> (u32, u32) {
    let Some((mut now, mut most)) = rooms else { return (free.values().sum(), held.values().sum()) };
    let has_room: u32 = free.iter().map(|(category, many)| now.take_all(*category, *many)).sum();
    let all = held.iter().map(|(category, many)| most.take_all(*category, many + free[category]));
    (has_room, all.sum::<u32>().saturating_sub(has_room))
}

impl Search<'_> {
    fn row(&self, number: u16) -> &Row {
        &self.hall.rows[usize::from(number)]
    }

    fn is_wanted(&self, row: &Row) -> bool {
        self.wish.category.is_none_or(|category| category == row.category)
            && self.wish.section.is_none_or(|section| section == row.section)
    }

    /// True if there is room for so many seats of each of these rows.
    fn has_room(&self, rows: &[(u16, u16)]) -> bool {
        let Some(mut room) = self.room.cloned() else { return true };
        rows.iter().all(|(row, many)| {
            let many = u32::from(*many);
            room.take_all(self.row(*row).category, many) == many
        })
    }

    /// Takes so many seats of a row out of the room there is, if there is enough.
    fn takes(&self, room: &mut Option<Room<'_>>, row: u16, many: u32) -> bool {
        let Some(room) = room else { return true };
        let category = self.row(row).category;
        let has = room.has(category, many);
        if has {
            room.take_all(category, many);
        }
        has
    }

    /// Those of these seats that would suit.
    fn suiting(&self, row: &Row, seats: &Bits) -> Bits {
        let seats = if self.wish.accessible > 0 { *seats } else { seats.without(&row.special()) };
        if self.wish.restricted { seats } else { seats.without(&row.restricted) }
    }

    /// The free seats of a row that would suit.
    fn bits(&self, number: u16) -> Bits {
        let row = self.row(number);
        self.suiting(row, &row.free_in(self.wish.channels, self.wish.on().as_ref()))
    }

    /// All rows that would suit, in order.
    fn rows(&self) -> impl Iterator<Item = u16> + '_ {
        self.pool.rows.iter().copied().filter(|row| self.is_wanted(self.row(*row)))
    }

    /// The first row, from this leaf on, that has a run of one of these lengths, and room for so many.
    fn next(&self, lengths: u64, number: u16, mut from: usize) -> Option<(usize, u16)> {
        loop {
            let leaf = if self.is_plain {
                self.pool.tree.first(lengths, from)?
            } else {
                let fits = |leaf: &usize| self.bits(self.pool.rows[*leaf]).run_lengths() & lengths != 0;
                (from..self.pool.rows.len()).find(fits)?
            };
            let row = self.pool.rows[leaf];
            if self.is_wanted(self.row(row)) && self.has_room(&[(row, number)]) {
                return Some((leaf, row));
            }
            from = leaf + 1;
        }
    }

    fn in_one_row(&self, no_orphan: bool) -> Option<Vec<Spot>> {
        let length = self.wish.number;
        let lengths = if no_orphan { without_orphan(length) } else { at_least(length) };
        let mut from = 0;
        while let Some((leaf, number)) = self.next(lengths, length, from) {
            let (row, bits) = (self.row(number), self.bits(number));
            let mut starts = if no_orphan { bits.starts_without_orphan(length) } else { bits.starts(length) };
            if self.wish.accessible > 0 {
                let all = starts;
                let enough = |start: &u16| self.has_accessible(row, *start, length);
                all.iter().filter(|start| !enough(start)).for_each(|start| starts.set(start, false));
            }
            if let Some(start) = starts.nearest(length, row.middle) {
                return Some(run(number, start, length).collect());
            }
            from = leaf + 1;
        }
        None
    }

    fn has_accessible(&self, row: &Row, start: u16, length: u16) -> bool {
        let these = row.accessible.before(start + length) - row.accessible.before(start);
        these >= u32::from(self.wish.accessible)
    }

    fn in_halves(&self) -> Option<Vec<Spot>> {
        let (larger, smaller) = (self.wish.number.div_ceil(2), self.wish.number / 2);
        if smaller == 0 || self.wish.together || self.wish.accessible > 0 {
            return None;
        }
        let mut from = 0;
        while let Some((leaf, number)) = self.next(at_least(larger), larger, from) {
            for other in self.neighbours(number) {
                if !self.has_room(&[(number, larger), (other, smaller)]) {
                    continue;
                }
                let found = self.halves(number, larger, other, smaller);
                if found.is_some() {
                    return found;
                }
            }
            from = leaf + 1;
        }
        None
    }

    /// The rows before and behind one, the nearer first.
    fn neighbours(&self, number: u16) -> impl Iterator<Item = u16> {
        let rows = &self.hall.sections[usize::from(self.row(number).section)].rows;
        let before = number.checked_sub(1).filter(|row| rows.contains(row));
        let behind = Some(number + 1).filter(|row| rows.contains(row));
        let mut found: Vec<u16> =
            before.into_iter().chain(behind).filter(|row| self.is_wanted(self.row(*row))).collect();
        found.sort_by_key(|row| self.row(*row).leaves[0]);
        found.into_iter()
    }

    /// So many in one row and so many in the other that have a column in common.
    fn halves(&self, one: u16, larger: u16, other: u16, smaller: u16) -> Option<Vec<Spot>> {
        let (first, second) = (self.row(one), self.row(other));
        let (mut starts, others) = (self.bits(one).starts(larger), self.bits(other).starts(smaller));
        while let Some(start) = starts.nearest(larger, first.middle) {
            let begins = i64::from(start) + i64::from(first.column) - i64::from(second.column);
            let shares = |place: &u16| {
                let place = i64::from(*place);
                begins < place + i64::from(smaller) && place < begins + i64::from(larger)
            };
            let mut sharing = Bits::default();
            others.iter().filter(shares).for_each(|place| sharing.set(place, true));
            if let Some(behind) = sharing.nearest(smaller, second.middle) {
                return Some(run(one, start, larger).chain(run(other, behind, smaller)).collect());
            }
            starts.set(start, false);
        }
        None
    }

    fn in_pairs(&self) -> Option<Vec<Spot>> {
        if self.wish.number < 3 || self.wish.together || self.wish.accessible > 0 {
            return None;
        }
        let mut seen = vec![false; self.hall.sections.len()];
        let sections: Vec<u16> = self.rows().map(|row| self.row(row).section).collect();
        sections.into_iter().find_map(|section| {
            let is_new = !std::mem::replace(&mut seen[usize::from(section)], true);
            if is_new && self.may_seat_pairs(section) { self.pairs_of(section) } else { None }
        })
    }

    /// False if what is known of a section says that it has too few.
    fn may_seat_pairs(&self, section: u16) -> bool {
        let section = &self.hall.sections[usize::from(section)];
        let number = u32::from(self.wish.number);
        !self.is_plain || (section.pairs >= number / 2 && section.open >= number)
    }

    fn pairs_of(&self, section: u16) -> Option<Vec<Spot>> {
        let rows = &self.hall.sections[usize::from(section)].pool.rows;
        let rows = || rows.iter().copied().filter(|row| self.is_wanted(self.row(*row)));
        let mut found = Vec::new();
        let mut room = self.room.cloned();
        let mut pairs = self.wish.number / 2;
        for number in rows() {
            // Pairs from the start of each run on: one from its middle could leave two single seats.
            let mut starts = Bits::default();
            for (start, length) in self.bits(number).runs() {
                (0..length / 2).for_each(|pair| starts.set(start + 2 * pair, true));
            }
            while pairs > 0
                && let Some(start) = starts.nearest(2, self.row(number).middle)
                && self.takes(&mut room, number, 2)
            {
                found.extend(run(number, start, 2));
                starts.set(start, false);
                pairs -= 1;
            }
        }
        if pairs > 0 {
            return None;
        }
        if self.wish.number % 2 == 1 {
            let single = rows().find_map(|number| {
                let mut bits = self.bits(number);
                found.iter().filter(|spot| spot.row == number).for_each(|spot| bits.set(spot.place, false));
                let place = bits.nearest(1, self.row(number).middle)?;
                self.takes(&mut room, number, 1).then_some(Spot { row: number, place })
            });
            found.push(single?);
        }
        Some(found)
    }

    fn anywhere(&self) -> Option<Vec<Spot>> {
        if !self.wish.scattered || self.wish.accessible > 0 {
            return None;
        }
        let number = usize::from(self.wish.number);
        let mut found = Vec::with_capacity(number);
        let mut room = self.room.cloned();
        for row in self.rows() {
            let mut bits = self.bits(row);
            while found.len() < number
                && let Some(place) = bits.nearest(1, self.row(row).middle)
                && self.takes(&mut room, row, 1)
            {
                found.push(Spot { row, place });
                bits.set(place, false);
            }
        }
        (found.len() == number).then_some(found)
    }
}

fn run(row: u16, start: u16, length: u16) -> impl Iterator<Item = Spot> {
    (start..start + length).map(move |place| Spot { row, place })
}
