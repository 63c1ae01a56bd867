//! Places without seats, one by one, as box offices change them: each is a hold of its own, as a seat is.

use crate::tickets::hall::Hall;
use crate::tickets::seats::{Step, cancel};
use crate::tickets::tables::{Fate, HOLDS, HoldRow, NOTES};
use crate::tickets::transition::Cx;
use millrace_topics::tickets::{Area, AreaView, Rejection, SeatStatus, Seating};

/// The most places without seats at once.
pub const PLACES_LIMIT: u32 = 100;

/// The categories that are meant, and how many places of each.
///
/// # Errors
/// The refusal.
pub fn find(hall: &Hall, areas: &[Area]) -> Result<Vec<(u16, u32)>, Rejection> {
    let mut found: Vec<(u16, u32)> = Vec::new();
    for Area { category, quantity } in areas {
        let number = hall.category(category).filter(|number| hall.is_area(*number));
        let number = number.ok_or_else(|| Rejection::UnknownSeats(vec![category.clone()]))?;
        if found.iter().any(|(other, _)| *other == number) {
            return Err(Rejection::BadRequest("a category is named twice".to_owned()));
        }
        found.push((number, *quantity));
    }
    let all: u64 = found.iter().map(|(_, many)| u64::from(*many)).sum();
    if found.iter().any(|(_, many)| *many == 0) || all > u64::from(PLACES_LIMIT) {
        return Err(Rejection::BadRequest(format!("1 to {PLACES_LIMIT} places are named")));
    }
    Ok(found)
}

/// What is to be done with so many places of a category; none if that cannot be.
#[must_use]
pub fn steps(cx: &Cx<'_>, seating: &Seating, category: u16, many: u32) -> Option<Vec<Step>> {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let mut steps: Vec<Step> = match (seating.to, seating.token) {
        (SeatStatus::Held, _) => Vec::new(),
        (SeatStatus::Booked, _) => own(cx, seating, category, many).map(|(hold, row)| Step::Order(hold, row)).collect(),
        (SeatStatus::Free, Some(_)) => {
            own(cx, seating, category, many).map(|(hold, row)| Step::Release(hold, row)).collect()
        }
        (SeatStatus::Free, None) => booked(cx, seating, category, many),
    };
    let rest = many as usize - steps.len();
    let may_take = seating.to != SeatStatus::Free && hall.counts(category).free() as usize >= rest;
    if rest > 0 && !may_take {
        return None;
    }
    steps.extend((0..rest).map(|_| Step::Take));
    Some(steps)
}

/// The holds of single places of a category under the token.
fn own<'a>(
    cx: &'a Cx<'_>,
    seating: &'a Seating,
    category: u16,
    many: u32,
) -> impl Iterator<Item = (u32, HoldRow)> + 'a {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let holds = seating.token.into_iter().flat_map(|token| hall.held_under(token));
    let rows = holds.map(|hold| (hold, cx.get(HOLDS, &(seating.event.clone(), hold)).expect("what is held is there")));
    rows.filter(move |(_, row)| row.seats.is_empty() && row.lines[0].category == category).take(many as usize)
}

/// What takes back places of a category that the box office has booked, at most so many.
fn booked(cx: &Cx<'_>, seating: &Seating, category: u16, many: u32) -> Vec<Step> {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let prefix = format!("{}~", hall.plan.categories[usize::from(category)].id);
    let range = NOTES.under(&(seating.event.clone(),)).beyond(&NOTES.raw_key(&(seating.event.clone(), prefix.clone())));
    let notes = cx.scan(NOTES, &range).take_while(|((_, name), _)| name.starts_with(&prefix));
    let steps = notes.filter_map(|(_, note)| {
        let row = cx.get(HOLDS, &(seating.event.clone(), note.hold)).expect("a place was held");
        match row.fate {
            Fate::Ordered(order, _) => cancel(cx, seating, order),
            _ => None,
        }
    });
    steps.take(many as usize).collect()
}

/// The name that a note of a place without a seat is kept under: in the order of the holds.
#[must_use]
pub fn note_name(hall: &Hall, category: u16, hold: u32) -> String {
    format!("{}~{hold:010}", hall.plan.categories[usize::from(category)].id)
}

/// A category without seats as people see it.
#[must_use]
pub fn show(hall: &Hall, category: u16) -> AreaView {
    let (counts, is_unlimited) = (hall.counts(category), hall.is_unlimited(category));
    AreaView {
        category: hall.plan.categories[usize::from(category)].id.clone(),
        capacity: (!is_unlimited).then_some(counts.capacity),
        free: (!is_unlimited).then(|| counts.free()),
        held: counts.held,
        booked: counts.sold,
    }
}
