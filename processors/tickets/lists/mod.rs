//! Lists: the events that there are, and what became of the places of one, in the order in which it did. The second is kept
//! for events whose rules want it: it is a row for each change.

pub mod routes;

use crate::tickets::hall::Hall;
use crate::tickets::queries::View;
use crate::tickets::tables::{CHANGES, ChangeRow, HoldRow, Item, Spot};
use crate::tickets::transition::Cx;
use millrace_topics::tickets::{Answer, Area, Cause, ListedEvent, PlaceChange, Rejection};
use millrace_topics::time::Time;

/// Places, as a change names them: seats, and how many of each category without.
pub type Which = (Vec<Spot>, Vec<(u16, u32)>);

/// Those of a hold.
#[must_use]
pub fn of_hold(hall: &Hall, row: &HoldRow) -> Which {
    let lines = row.lines.iter().filter(|line| hall.is_area(line.category));
    let areas = sums(lines.map(|line| (line.category, line.quantity)));
    (row.seats.iter().map(|taken| taken.spot).collect(), areas)
}

/// Those of tickets.
#[must_use]
pub fn of_items(items: &[Item]) -> Which {
    let areas = sums(items.iter().filter(|item| item.spot.is_none()).map(|item| (item.category, 1)));
    (items.iter().filter_map(|item| item.spot).collect(), areas)
}

fn sums(all: impl Iterator<Item = (u16, u32)>) -> Vec<(u16, u32)> {
    let mut sums: Vec<(u16, u32)> = Vec::new();
    for (category, many) in all {
        match sums.iter_mut().find(|(of, _)| *of == category) {
            Some((_, sum)) => *sum += many,
            None => sums.push((category, many)),
        }
    }
    sums
}

/// Notes what became of places, if the event wants that.
pub fn note(cx: &mut Cx<'_>, event: &str, hold: u32, cause: Cause, which: impl FnOnce(&Hall) -> Which) {
    let hall = cx.engine.of(event);
    if !hall.rules.changes {
        return;
    }
    let (spots, areas) = which(hall);
    let last = (event.to_owned(), hall.changes);
    let row = ChangeRow { at: cx.now(), offset: cx.position().offset, cause, hold, spots, areas };
    // What one record holds and sells was never held.
    let is_same = |known: &ChangeRow| (known.offset, known.hold, known.cause) == (row.offset, hold, Cause::Held);
    if cause == Cause::Paid && cx.get(CHANGES, &last).is_some_and(|known| is_same(&known)) {
        return cx.put(CHANGES, &last, &row);
    }
    cx.engine.of(event).changes += 1;
    cx.put(CHANGES, &(last.0, last.1 + 1), &row);
}

/// What became of places of an event, the newest first.
///
/// # Errors
/// That the event does not keep it.
pub fn changes(view: &View<'_>, hall: &Hall, limit: u32, before: Option<u64>) -> Result<Answer, Rejection> {
    if !hall.rules.changes {
        return Err(Rejection::ChangesNotKept);
    }
    let event = &hall.plan.event;
    let first = before.unwrap_or(u64::MAX);
    let rows = CHANGES.under(&(event.clone(),)).reversed().beyond(&CHANGES.raw_key(&(event.clone(), first)));
    let mut found: Vec<_> = view.scan(CHANGES, &rows).take(limit as usize + 1).collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| goes_on).map(|((_, number), _)| *number);
    Ok(Answer::Changes(found.into_iter().map(|((_, number), row)| show(hall, number, row)).collect(), next))
}

fn show(hall: &Hall, number: u64, row: ChangeRow) -> PlaceChange {
    let ChangeRow { at, offset, cause, hold, spots, areas } = row;
    let area = |(category, quantity): (u16, u32)| Area {
        category: hall.plan.categories[usize::from(category)].id.clone(),
        quantity,
    };
    PlaceChange {
        number,
        offset,
        at,
        cause,
        hold,
        seats: spots.into_iter().map(|spot| hall.name(spot)).collect(),
        areas: areas.into_iter().map(area).collect(),
    }
}

/// An event in a list.
#[must_use]
pub fn listed(hall: &Hall) -> ListedEvent {
    let plan = &hall.plan;
    ListedEvent {
        id: plan.event.clone(),
        title: plan.title.clone(),
        capacity: hall.capacity(),
        categories: plan.categories.iter().map(|category| category.id.clone()).collect(),
        has_seats: !plan.sections.is_empty(),
        opens_at: plan.opens_at,
        closes_at: plan.closes_at,
        published_at: hall.published_at,
    }
}

/// The events of a partition, the newest first.
#[must_use]
pub fn events(view: &View<'_>, limit: u32, before: Option<&(Time, String)>) -> Answer {
    let all = view.engine.newest(before).map(|event| listed(view.engine.get(event).expect("it is there")));
    first_of(all, limit)
}

/// The events of all partitions, the newest first.
#[must_use]
pub fn merge_events(limit: u32, answers: Vec<Answer>) -> Answer {
    let (mut all, mut goes_on) = (Vec::new(), false);
    for answer in answers {
        let Answer::Events(events, more) = answer else { unreachable!("events were asked for") };
        all.extend(events);
        goes_on |= more;
    }
    all.sort_by(|one, other| (other.published_at, &other.id).cmp(&(one.published_at, &one.id)));
    let Answer::Events(events, more) = first_of(all.into_iter(), limit) else { unreachable!("it is made so") };
    Answer::Events(events, goes_on || more)
}

/// The first of them, and those of the same moment as the last: a page that ends with a moment can be gone on from by it.
fn first_of(all: impl Iterator<Item = ListedEvent>, limit: u32) -> Answer {
    let mut all = all.peekable();
    let mut events: Vec<ListedEvent> = Vec::new();
    while let Some(event) = all.next_if(|event| {
        let is_same = events.last().is_some_and(|last| last.published_at == event.published_at);
        events.len() < limit as usize || is_same
    }) {
        events.push(event);
    }
    Answer::Events(events, all.peek().is_some())
}
