//! From a plan to a hall in which everything is free, or what is wrong with the plan.

use super::bits::{Bits, PLACES};
use super::owners::Owners;
use super::quotas::Quotas;
use super::tree::RunTree;
use super::{Category, Counts, Hall, Last, NOBODY, Pool, Row, Section};
use crate::tickets::rules::Rules;
use millrace_topics::money::AMOUNT_LIMIT;
use millrace_topics::tickets::{self as contract, CategorySales, EventPlan, Point, UNLIMITED};
use millrace_topics::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most rows of a hall.
pub const ROWS: usize = 10_000;

/// The most sections, and the most categories.
pub const PARTS: usize = 1000;

/// The most tiers of a category.
pub const TIERS: usize = 32;

/// The most places of a hall.
pub const CAPACITY: u32 = 1_000_000;

/// The farthest that anything is from the origin of a plan.
pub const FARTHEST: i32 = 1_000_000;

/// The longest id of a category, a section, a row or a seat, in bytes.
pub const NAME_LIMIT: usize = 32;

/// The longest title, in bytes.
pub const TITLE_LIMIT: usize = 256;

/// The most places of a hold that an event may allow.
pub const HOLD_LIMIT: u32 = 60;

/// The most that a place may cost, and its fee, in minor units.
pub const PRICE_LIMIT: u64 = AMOUNT_LIMIT / (2 * HOLD_LIMIT as u64);

/// The longest that a hold or an unpaid order lasts, in seconds.
pub const SECONDS_LIMIT: u32 = 30 * 86_400;

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let is_bad = |letter: char| letter.is_control() || letter.is_whitespace() || "-/:~".contains(letter);
    if name.is_empty() || name.len() > NAME_LIMIT || name.contains(is_bad) {
        return Err(format!("the id of a {what} has 1 to {NAME_LIMIT} bytes without spaces, `-`, `/`, `:` and `~`"));
    }
    Ok(())
}

/// Refuses names that cannot be, and two of the same.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn check_unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        check_name(what, name)?;
        if !seen.insert(name) {
            return Err(format!("there are two {what}s `{name}`"));
        }
    }
    Ok(())
}

fn check_rules(plan: &EventPlan) -> Result<(), String> {
    if plan.title.len() > TITLE_LIMIT {
        return Err(format!("`title` has at most {TITLE_LIMIT} bytes"));
    }
    for (name, seconds) in [("hold_seconds", plan.hold_seconds), ("order_seconds", plan.order_seconds)] {
        if !(1..=SECONDS_LIMIT).contains(&seconds) {
            return Err(format!("`{name}` is 1 to {SECONDS_LIMIT}"));
        }
    }
    if !(1..=HOLD_LIMIT).contains(&plan.max_per_order) {
        return Err(format!("`max_per_order` is 1 to {HOLD_LIMIT}"));
    }
    if !(1..=plan.max_per_order).contains(&plan.min_per_order) {
        return Err("`min_per_order` is 1 to `max_per_order`".to_owned());
    }
    if plan.opens_at.zip(plan.closes_at).is_some_and(|(opens, closes)| opens >= closes) {
        return Err("a sale closes after it has opened".to_owned());
    }
    if plan.categories.is_empty() || plan.categories.len() > PARTS || plan.sections.len() > PARTS {
        return Err(format!("an event has 1 to {PARTS} categories and at most {PARTS} sections"));
    }
    check_unique("category", plan.categories.iter().map(|category| &category.id))?;
    check_unique("section", plan.sections.iter().map(|section| &section.id))?;
    for category in &plan.categories {
        let prices = category.tiers.iter().map(|tier| tier.price).chain([category.price, category.fee]);
        if prices.into_iter().any(|price| price > PRICE_LIMIT) {
            return Err(format!("a price of `{}` is too high", category.id));
        }
        if category.tiers.len() > TIERS {
            return Err(format!("a category has at most {TIERS} tiers"));
        }
    }
    let points = plan.sections.iter().map(|section| section.at).chain(plan.focal);
    if points.into_iter().any(|Point { x, y }| !is_near(x) || !is_near(y)) {
        return Err(format!("a point is at most {FARTHEST} steps away"));
    }
    Ok(())
}

fn is_near(step: i32) -> bool {
    step.unsigned_abs() <= FARTHEST.unsigned_abs()
}

/// Which seat of a row has this name.
fn seat_of(row: &contract::Row, name: &str) -> Option<u32> {
    let nth = match row.labels.as_slice() {
        [] => name.parse::<u32>().ok()?.checked_sub(row.first)?,
        labels => u32::try_from(labels.iter().position(|label| label == name)?).ok()?,
    };
    (nth < row.seats).then_some(nth)
}

struct Laid {
    places: u16,
    seats: Bits,
    at: Vec<u16>,
}

/// Where the seats of a row are, with aisles between them.
fn lay(row: &contract::Row) -> Result<Laid, String> {
    let fault = || format!("row `{}` has 1 to {PLACES} seats and aisles", row.id);
    if row.seats == 0 || row.seats > PLACES.into() || row.first.checked_add(row.seats).is_none() {
        return Err(fault());
    }
    if !row.labels.is_empty() {
        if row.labels.len() != row.seats as usize {
            return Err(format!("row `{}` has {} seats and {} labels", row.id, row.seats, row.labels.len()));
        }
        check_unique("seat", row.labels.iter())?;
    }
    let mut aisles = BTreeSet::new();
    for name in &row.aisles {
        aisles.insert(seat_of(row, name).ok_or_else(|| format!("row `{}` has no seat `{name}`", row.id))?);
    }
    let mut laid = Laid { places: 0, seats: Bits::default(), at: Vec::new() };
    for seat in 0..row.seats {
        if laid.places >= PLACES {
            return Err(fault());
        }
        laid.seats.set(laid.places, true);
        laid.at.push(laid.places);
        laid.places += 1 + u16::from(aisles.contains(&seat) && seat + 1 < row.seats);
    }
    Ok(laid)
}

/// The places of these seats.
fn marked(row: &contract::Row, laid: &Laid, names: &[String]) -> Result<Bits, String> {
    let mut bits = Bits::default();
    for name in names {
        let seat = seat_of(row, name).ok_or_else(|| format!("row `{}` has no seat `{name}`", row.id))?;
        bits.set(laid.at[seat as usize], true);
    }
    Ok(bits)
}

impl Hall {
    /// The hall of a plan, in which nobody has anything.
    ///
    /// # Errors
    /// What is wrong with the plan, as a sentence.
    pub fn build(plan: EventPlan, published_at: Time) -> Result<Self, String> {
        check_rules(&plan)?;
        let of =
            |category: &contract::Category| Counts { capacity: category.capacity.unwrap_or(0), ..Counts::default() };
        let categories = plan.categories.iter().map(|one| Category {
            counts: of(one),
            sales: CategorySales::default(),
            pool: Pool::default(),
        });
        let mut hall = Self {
            published_at,
            rows: Vec::new(),
            sections: Vec::new(),
            categories: categories.collect(),
            all: Pool::default(),
            section_numbers: BTreeMap::new(),
            channels: Vec::new(),
            holds: 0,
            orders: 0,
            conflicts: 0,
            is_gated: false,
            waiters: BTreeMap::new(),
            has_come_back: false,
            deadlines: BTreeSet::new(),
            armed: None,
            rules: Rules::default(),
            promised: BTreeSet::new(),
            kinds: BTreeMap::new(),
            owners: Owners::default(),
            quotas: Quotas::default(),
            changes: 0,
            tokens: BTreeSet::new(),
            plan: Arc::new(plan),
        };
        let plan = hall.plan.clone();
        let mut distances = Vec::new();
        for (number, section) in (0..).zip(&plan.sections) {
            check_unique("row", section.rows.iter().map(|row| &row.id))?;
            let first = hall.rows.len();
            if section.rows.is_empty() || first + section.rows.len() > ROWS {
                return Err(format!("a section has rows, and an event at most {ROWS} of them"));
            }
            for (index, row) in (0..).zip(&section.rows) {
                distances.push(hall.add(number, index, section, row)?);
            }
            let rows = to_number(first)..to_number(hall.rows.len());
            hall.sections.push(Section { rows, pool: Pool::default(), open: 0, pairs: 0 });
            hall.section_numbers.insert(section.id.clone(), number);
        }
        let all = hall.categories.iter().map(|category| category.counts.capacity);
        let capacity: u64 = all.clone().filter(|capacity| *capacity != UNLIMITED).map(u64::from).sum();
        let least = u64::from(!all.clone().any(|capacity| capacity == UNLIMITED));
        if !(least..=u64::from(CAPACITY)).contains(&capacity) {
            return Err(format!("an event has 1 to {CAPACITY} places"));
        }
        hall.order(&distances);
        Ok(hall)
    }

    /// Adds a row, and says how far it is from where everybody looks.
    fn add(
        &mut self,
        number: u16,
        index: u16,
        section: &contract::Section,
        row: &contract::Row,
    ) -> Result<u64, String> {
        let laid = lay(row)?;
        let id = row.category.as_ref().unwrap_or(&section.category);
        let category = self.category(id).ok_or_else(|| format!("there is no category `{id}`"))?;
        if self.is_area(category) {
            return Err(format!("category `{id}` has a capacity, and so no seats"));
        }
        let y = row.y.unwrap_or(i32::from(index) + 1);
        if !is_near(row.x) || !is_near(y) {
            return Err(format!("row `{}` is at most {FARTHEST} steps away", row.id));
        }
        let (x, y) = (section.at.x + row.x, i64::from(section.at.y) + i64::from(y));
        let width = i64::from(laid.places) - 1;
        let (aside, away, middle) = match self.plan.focal {
            None => (0, y, width),
            Some(focal) => {
                let at = i64::from(focal.x) - i64::from(x);
                (if at < 0 { -at } else { (at - width).max(0) }, y - i64::from(focal.y), 2 * at)
            }
        };
        let of = |names: &[String]| marked(row, &laid, names);
        let (accessible, companion) = (of(&row.accessible)?, of(&row.companion)?);
        let (restricted, blocked) = (of(&row.restricted_view)?, of(&row.blocked)?);
        let mut marks = if blocked.is_empty() { Vec::new() } else { vec![0; laid.places.into()] };
        blocked.iter().for_each(|place| marks[usize::from(place)] = NOBODY);
        let counts = &mut self.categories[usize::from(category)].counts;
        counts.capacity += row.seats;
        counts.blocked += blocked.count();
        self.rows.push(Row {
            section: number,
            index,
            category,
            prefix: format!("{}-{}-", section.id, row.id),
            places: laid.places,
            leaves: [0; 3],
            column: x,
            middle,
            seats: laid.seats,
            held: Bits::default(),
            sold: Bits::default(),
            blocked,
            accessible,
            companion,
            restricted,
            marks,
            last: vec![Last::default(); laid.places.into()],
            legs: Vec::new(),
            distance: 0,
            open: 0,
            pairs: 0,
        });
        Ok((aside * aside + away * away).unsigned_abs())
    }

    /// Puts the rows into their pools: the nearest first, and of those as near the first of the plan.
    fn order(&mut self, distances: &[u64]) {
        let mut order: Vec<u16> = (0..to_number(self.rows.len())).collect();
        order.sort_by_key(|row| (distances[usize::from(*row)], *row));
        for number in order {
            let row = &mut self.rows[usize::from(number)];
            let of_category = &mut self.categories[usize::from(row.category)].pool;
            let of_section = &mut self.sections[usize::from(row.section)].pool;
            let pools = [&mut self.all, of_category, of_section];
            for (leaf, pool) in row.leaves.iter_mut().zip(pools) {
                *leaf = pool.rows.len();
                pool.rows.push(number);
            }
        }
        let categories = self.categories.iter_mut().map(|category| &mut category.pool);
        let sections = self.sections.iter_mut().map(|section| &mut section.pool);
        for pool in categories.chain(sections).chain([&mut self.all]) {
            pool.tree = RunTree::new(pool.rows.len());
        }
        (0..to_number(self.rows.len())).for_each(|row| self.refresh(row));
    }
}

fn to_number(count: usize) -> u16 {
    u16::try_from(count).expect("a plan with more rows is refused")
}
