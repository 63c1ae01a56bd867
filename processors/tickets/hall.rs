//! A hall in memory: which seats are free, held, sold and kept from sale, as bits, and its rows in the order in which
//! they are offered. Derived from the tables, and changed only by transitions.

pub mod best;
pub mod bits;
pub mod build;
pub mod change;
pub mod legs;
pub mod look;
pub mod owners;
pub mod quotas;
pub mod season;
pub mod tree;

use crate::tickets::rules::Rules;
use crate::tickets::tables::{Kind, Spot, Taken};
use bits::Bits;
use legs::{Leg, Legs};
use millrace_topics::tickets::{CategorySales, EventPlan, UNLIMITED};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;
use owners::Owners;
use quotas::Quotas;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use tree::RunTree;

/// What a place is. One that is kept from sale is so only while nobody has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It can be held.
    Free,
    /// A hold has it, or an order that is not paid.
    Held,
    /// It is sold.
    Sold,
    /// It is kept from sale.
    Blocked,
}

/// The mark of a seat that is nobody's.
pub const NOBODY: u8 = u8::MAX;

/// The most channels of an event.
pub const CHANNEL_LIMIT: usize = 64;

/// How many places a category has of each kind; what is neither is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub capacity: u32,
    /// Those that a hold has, or an order that is not paid.
    pub held: u32,
    /// Those that are sold.
    pub sold: u32,
    /// Those that are kept from sale.
    pub blocked: u32,
}

impl Counts {
    /// How many can be held.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.capacity - self.held - self.sold - self.blocked
    }

    /// How many are held or sold.
    #[must_use]
    pub fn gone(&self) -> u32 {
        self.held + self.sold
    }

    fn of(&mut self, place: Place) -> Option<&mut u32> {
        match place {
            Place::Free => None,
            Place::Held => Some(&mut self.held),
            Place::Sold => Some(&mut self.sold),
            Place::Blocked => Some(&mut self.blocked),
        }
    }

    fn change(&mut self, from: Place, to: Place, many: u32) {
        if let Some(count) = self.of(from) {
            *count = count.checked_sub(many).expect("what a category has less of was there");
        }
        if let Some(count) = self.of(to) {
            *count += many;
        }
    }
}

/// Rows in the order in which they are offered, the nearest to where everybody looks first.
#[derive(Clone, Debug, Default)]
struct Pool {
    rows: Vec<u16>,
    tree: RunTree,
}

/// Who had a seat last.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    hold: u32,
    turn: u32,
}

/// A row of seats.
#[derive(Clone, Debug)]
struct Row {
    section: u16,
    /// Which of its section.
    index: u16,
    category: u16,
    /// What the names of its seats begin with.
    prefix: String,
    /// How many places it has, with aisles.
    places: u16,
    /// Its leaves in the pools of all, of its category and of its section.
    leaves: [usize; 3],
    /// Where it begins, to tell what is behind what.
    column: i32,
    /// Where everybody looks, in halves of a place.
    middle: i64,
    seats: Bits,
    held: Bits,
    sold: Bits,
    blocked: Bits,
    accessible: Bits,
    companion: Bits,
    restricted: Bits,
    /// For each place whose it is: 0 everybody's, [`NOBODY`]'s, else the channel's number; empty where all are everybody's.
    marks: Vec<u8>,
    last: Vec<Last>,
    /// Who has what on each leg, where the event has some.
    legs: Vec<Leg>,
    /// How many places on both sides of a party stay empty.
    distance: u8,
    /// How many seats anybody may have, and how many pairs of them beside one another.
    open: u32,
    pairs: u32,
}

impl Row {
    fn free(&self) -> Bits {
        self.free_on(None)
    }

    fn free_on(&self, legs: Option<&Legs>) -> Bits {
        let (held, sold) = self.gone(legs);
        self.apart(&held, &sold).without(&self.blocked)
    }

    /// The seats that are far enough from those that are held and sold.
    fn apart(&self, held: &Bits, sold: &Bits) -> Bits {
        self.seats.without(&held.or(sold).around(self.distance))
    }

    /// Those that anybody may have.
    fn open(&self) -> Bits {
        self.free().without(&self.special()).without(&self.restricted)
    }

    /// Those that are for wheelchairs, and for who comes with them.
    fn special(&self) -> Bits {
        self.accessible.or(&self.companion)
    }

    /// Those that can be held by who may take them out of these channels.
    fn free_in(&self, channels: u64, legs: Option<&Legs>) -> Bits {
        let mut free = self.free_on(legs);
        if channels != 0 && !self.marks.is_empty() {
            let (held, sold) = self.gone(legs);
            let all = self.apart(&held, &sold);
            all.and(&self.blocked)
                .iter()
                .filter(|place| self.is_in(*place, channels))
                .for_each(|place| free.set(place, true));
        }
        free
    }

    /// True if a place is one of these channels'.
    fn is_in(&self, place: u16, channels: u64) -> bool {
        let mark = self.marks.get(usize::from(place)).copied().unwrap_or(0);
        mark.checked_sub(1).is_some_and(|number| channels.checked_shr(number.into()).unwrap_or(0) & 1 == 1)
    }

    fn place(&self, place: u16) -> Place {
        if self.sold.has(place) {
            Place::Sold
        } else if self.held.has(place) {
            Place::Held
        } else if self.blocked.has(place) {
            Place::Blocked
        } else {
            Place::Free
        }
    }
}

/// A section of the hall.
#[derive(Clone, Debug)]
struct Section {
    rows: Range<u16>,
    pool: Pool,
    /// How many seats anybody may have, and how many pairs of them beside one another.
    open: u32,
    pairs: u32,
}

/// A category.
#[derive(Clone, Debug)]
struct Category {
    counts: Counts,
    sales: CategorySales,
    pool: Pool,
}

/// What ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deadline {
    /// The hold of this number.
    Hold(u32),
    /// The order of this number.
    Order(u32),
    /// Those who wait are to be asked: not what ends, but what has ended.
    Offer,
}

/// A hall, and what is going on in it.
#[derive(Clone, Debug)]
pub struct Hall {
    /// What it is.
    pub plan: Arc<EventPlan>,
    /// Since when it is on sale.
    pub published_at: Time,
    rows: Vec<Row>,
    sections: Vec<Section>,
    categories: Vec<Category>,
    all: Pool,
    section_numbers: BTreeMap<String, u16>,
    /// Its channels: the first has number 1.
    pub channels: Vec<String>,
    /// The number of the last hold.
    pub holds: u32,
    /// The number of the last order.
    pub orders: u32,
    /// How many tickets were shown by two.
    pub conflicts: u32,
    /// True if nobody holds anything whom the waiting room has not let in.
    pub is_gated: bool,
    /// Those who wait for places, by number.
    pub waiters: BTreeMap<u32, String>,
    /// True if places have come back since those who wait were told.
    pub has_come_back: bool,
    /// What ends by itself, and when.
    pub deadlines: BTreeSet<(Time, Deadline)>,
    /// Holds of packages, which say when they end, and when they do at the earliest.
    pub promised: BTreeSet<(Time, u32)>,
    /// What the event's timer is set for.
    pub armed: Option<Time>,
    /// What else holds.
    pub rules: Rules,
    /// Holds that are not of places which nobody had.
    pub kinds: BTreeMap<u32, Kind>,
    /// Who has how many places.
    owners: Owners,
    /// What is drawn together.
    quotas: Quotas,
    /// The number of the last change of places that was listed.
    pub changes: u64,
    /// What box offices hold, by token.
    pub tokens: BTreeSet<(TokenHash, u32)>,
}

impl Hall {
    /// The number of a category.
    #[must_use]
    pub fn category(&self, id: &str) -> Option<u16> {
        (0..).zip(&self.plan.categories).find(|(_, category)| category.id == id).map(|(number, _)| number)
    }

    /// The number of a section.
    #[must_use]
    pub fn section(&self, id: &str) -> Option<u16> {
        self.section_numbers.get(id).copied()
    }

    /// The category of a seat.
    #[must_use]
    pub fn category_of(&self, spot: Spot) -> u16 {
        self.rows[usize::from(spot.row)].category
    }

    /// True if a category has places without seats.
    #[must_use]
    pub fn is_area(&self, category: u16) -> bool {
        self.plan.categories[usize::from(category)].capacity.is_some()
    }

    /// What there is of a category.
    #[must_use]
    pub fn counts(&self, category: u16) -> Counts {
        self.categories[usize::from(category)].counts
    }

    /// What was sold of each category.
    #[must_use]
    pub fn sales(&self) -> Vec<CategorySales> {
        let named = self.categories.iter().zip(&self.plan.categories);
        named.map(|(category, plan)| CategorySales { id: plan.id.clone(), ..category.sales.clone() }).collect()
    }

    /// Counts a place that is paid.
    pub fn count_sale(&mut self, category: u16, price: u64, fee: u64) {
        let sales = &mut self.categories[usize::from(category)].sales;
        sales.sold += 1;
        sales.revenue += price;
        sales.fees += fee;
    }

    /// Counts a paid place that is given back.
    pub fn count_refund(&mut self, category: u16, price: u64, fee: u64) {
        let sales = &mut self.categories[usize::from(category)].sales;
        sales.sold -= 1;
        sales.revenue -= price;
        sales.fees -= fee;
        sales.refunded += 1;
        sales.refunds += price + fee;
    }

    /// Counts a paid place no more that another order has now, which counts it.
    pub fn count_move(&mut self, category: u16, price: u64, fee: u64) {
        let sales = &mut self.categories[usize::from(category)].sales;
        sales.sold -= 1;
        sales.revenue -= price;
        sales.fees -= fee;
    }

    /// How many places the event has, but for those of which there are as many as anybody wants.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        let all = self.categories.iter().map(|category| category.counts.capacity);
        all.filter(|capacity| *capacity != UNLIMITED).sum()
    }

    /// True if a category has as many places as anybody wants.
    #[must_use]
    pub fn is_unlimited(&self, category: u16) -> bool {
        self.counts(category).capacity == UNLIMITED
    }

    /// What a seat is.
    #[must_use]
    pub fn place(&self, spot: Spot) -> Place {
        self.rows[usize::from(spot.row)].place(spot.place)
    }

    /// The seat of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Spot> {
        let mut parts = name.splitn(3, '-');
        let (section, row, seat) = (parts.next()?, parts.next()?, parts.next()?);
        let number = self.section(section)?;
        let rows = &self.plan.sections[usize::from(number)].rows;
        let index = rows.iter().position(|other| other.id == row)?;
        let of = &rows[index];
        let nth = match of.labels.as_slice() {
            [] => {
                let digits: u32 = seat.parse().ok()?;
                // `01` and `+1` are no names of seat 1.
                digits.checked_sub(of.first).filter(|_| digits.to_string() == seat)?
            }
            labels => u32::try_from(labels.iter().position(|label| label == seat)?).ok()?,
        };
        let row = self.sections[usize::from(number)].rows.start + u16::try_from(index).ok()?;
        let place = self.rows[usize::from(row)].seats.nth(nth)?;
        Some(Spot { row, place })
    }

    /// The name of a seat.
    #[must_use]
    pub fn name(&self, spot: Spot) -> String {
        let row = &self.rows[usize::from(spot.row)];
        let of = &self.plan.sections[usize::from(row.section)].rows[usize::from(row.index)];
        let nth = row.seats.before(spot.place);
        let mut name = String::with_capacity(row.prefix.len() + 4);
        name.push_str(&row.prefix);
        match of.labels.get(nth as usize) {
            Some(label) => name.push_str(label),
            None => push_number(&mut name, of.first + nth),
        }
        name
    }

    /// True if these seats are beside one another in one row.
    #[must_use]
    pub fn is_adjacent(&self, spots: &[Spot]) -> bool {
        let mut places: Vec<Spot> = spots.to_vec();
        places.sort_unstable();
        places.windows(2).all(|pair| pair[0].row == pair[1].row && pair[0].place + 1 == pair[1].place)
    }

    /// True if a seat can be held, on these legs, by who may take it out of these channels.
    #[must_use]
    pub fn may_take(&self, spot: Spot, channels: u64, legs: Option<&Legs>) -> bool {
        let row = &self.rows[usize::from(spot.row)];
        match legs.map_or_else(|| row.place(spot.place), |legs| row.place_on(spot.place, legs)) {
            Place::Free => true,
            Place::Blocked => row.is_in(spot.place, channels),
            Place::Held | Place::Sold => false,
        }
    }

    /// Makes these seats something else than what they are. What is kept from sale is free to who may take it.
    ///
    /// # Panics
    /// If one of them is not what it is said to be: a seat has one owner.
    pub fn turn(&mut self, spots: impl Iterator<Item = Spot>, from: Place, to: Place) {
        self.has_come_back |= to == Place::Free;
        let mut changed = None;
        for spot in spots {
            let row = &mut self.rows[usize::from(spot.row)];
            let before = row.place(spot.place);
            let known = if before == Place::Blocked { Place::Free } else { before };
            assert_eq!(known, from, "{spot:?} is what its owner knows it as");
            row.held.set(spot.place, to == Place::Held);
            row.sold.set(spot.place, to == Place::Sold);
            let after = row.place(spot.place);
            let category = usize::from(row.category);
            self.categories[category].counts.change(before, after, 1);
            if changed.is_some_and(|changed| changed != spot.row) {
                self.refresh(changed.expect("it is some"));
            }
            changed = Some(spot.row);
        }
        if let Some(row) = changed {
            self.refresh(row);
        }
    }

    /// The same for places without seats.
    ///
    /// # Panics
    /// If fewer are what they are said to be.
    pub fn turn_area(&mut self, category: u16, many: u32, from: Place, to: Place) {
        self.has_come_back |= to == Place::Free;
        let counts = &mut self.categories[usize::from(category)].counts;
        assert!(from != Place::Free || counts.free() >= many, "no more than are free are taken");
        counts.change(from, to, many);
    }

    /// Notes that a hold has a seat now, and who had it before.
    pub fn note(&mut self, spot: Spot, hold: u32) -> Taken {
        let last = &mut self.rows[usize::from(spot.row)].last[usize::from(spot.place)];
        let taken = Taken { spot, before: last.hold, turn: last.turn + 1 };
        *last = Last { hold, turn: taken.turn };
        taken
    }

    /// The hold that had a seat last; 0 if none had.
    #[must_use]
    pub fn last(&self, spot: Spot) -> u32 {
        self.rows[usize::from(spot.row)].last[usize::from(spot.place)].hold
    }

    /// Notes what a row of a hold says, in whatever order they are read.
    pub(super) fn recall(&mut self, taken: &Taken, hold: u32) {
        let last = &mut self.rows[usize::from(taken.spot.row)].last[usize::from(taken.spot.place)];
        if taken.turn > last.turn {
            *last = Last { hold, turn: taken.turn };
        }
    }

    /// When the next hold or unpaid order ends by itself.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Time> {
        let ends = |(_, deadline): &&(Time, Deadline)| *deadline != Deadline::Offer;
        let own = self.deadlines.iter().find(ends).map(|(due, _)| *due);
        own.into_iter().chain(self.promised.first().map(|(due, _)| *due)).min()
    }

    /// Notes that a hold does not end by itself any more, which would have ended then.
    pub fn forget_hold(&mut self, expires: Time, hold: u32) {
        self.deadlines.remove(&(expires, Deadline::Hold(hold)));
        self.promised.remove(&(expires, hold));
    }

    /// The holds that a box office has under a token.
    pub fn held_under(&self, token: TokenHash) -> impl Iterator<Item = u32> + '_ {
        self.tokens.range((token, 0)..=(token, u32::MAX)).map(|(_, hold)| *hold)
    }

    /// The package that has the places of a hold.
    #[must_use]
    pub fn package_of(&self, hold: u32) -> Option<(&String, u32)> {
        match self.kinds.get(&hold) {
            Some(Kind::Package { package, number }) => Some((package, *number)),
            _ => None,
        }
    }

    /// True if anything is free.
    #[must_use]
    pub fn has_free(&self) -> bool {
        self.categories.iter().any(|category| category.counts.free() > 0)
    }

    /// Notes what the timer is to be set for, if that is something else: its new time, and the old one, if it was set.
    pub fn arm(&mut self) -> Option<(Time, Option<Time>)> {
        let due = self.deadlines.first()?.0;
        let armed = self.armed;
        if armed.is_some_and(|armed| armed <= due) {
            return None;
        }
        self.armed = Some(due);
        Some((due, armed))
    }

    /// How many of a category's seats that anybody may have are beside one another at most.
    #[must_use]
    pub fn longest_run(&self, category: u16) -> u32 {
        let pool = &self.categories[usize::from(category)].pool;
        if pool.rows.is_empty() {
            return 0;
        }
        let lengths = pool.tree.all();
        let longest = lengths.checked_ilog2().unwrap_or(0);
        if longest < bits::LONG_RUN {
            return longest;
        }
        let rows = pool.rows.iter().flat_map(|row| self.rows[usize::from(*row)].open().runs());
        rows.map(|(_, length)| u32::from(length)).max().unwrap_or(0)
    }

    /// True if a seat is far enough from those of others.
    #[must_use]
    pub fn is_apart(&self, spot: Spot) -> bool {
        let row = &self.rows[usize::from(spot.row)];
        row.apart(&row.held, &row.sold).has(spot.place)
    }

    /// The rows of a section, or of all, with a letter a place, as they are on these legs.
    pub fn letters(
        &self,
        section: Option<u16>,
        legs: Option<Legs>,
    ) -> impl Iterator<Item = (u16, u16, u16, String)> + '_ {
        let rows = self.rows.iter().filter(move |row| section.is_none_or(|section| row.section == section));
        rows.map(move |row| {
            let place_of = |place| legs.as_ref().map_or_else(|| row.place(place), |legs| row.place_on(place, legs));
            let letter = |place: u16| match place_of(place) {
                _ if !row.seats.has(place) => '_',
                Place::Free => 'f',
                Place::Held => 'h',
                Place::Sold => 's',
                Place::Blocked => 'b',
            };
            (row.section, row.index, row.category, (0..row.places).map(letter).collect())
        })
    }

    /// Puts a row where it belongs after its seats have changed.
    fn refresh(&mut self, number: u16) {
        let row = &mut self.rows[usize::from(number)];
        let open = row.open();
        let lengths = open.run_lengths();
        let (before, pairs_before) = (row.open, row.pairs);
        row.open = open.count();
        row.pairs = open.runs().map(|(_, length)| u32::from(length / 2)).sum();
        let (now, pairs_now, leaves) = (row.open, row.pairs, row.leaves);
        let section = &mut self.sections[usize::from(row.section)];
        section.open = section.open + now - before;
        section.pairs = section.pairs + pairs_now - pairs_before;
        let category = &mut self.categories[usize::from(row.category)];
        let trees = [&mut self.all.tree, &mut category.pool.tree, &mut section.pool.tree];
        trees.into_iter().zip(leaves).for_each(|(tree, leaf)| tree.set(leaf, lengths));
    }
}

fn push_number(out: &mut String, number: u32) {
    let mut digits = [0; 10];
    let (mut at, mut rest) = (digits.len(), number);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&digits[at..]).expect("digits are text"));
}
