//! What can be asked about events: what there is, who holds what, orders, and who has had a seat.

use crate::runtime::system::Partitions;
use crate::tickets::Ticketing;
use crate::tickets::hall::Hall;
use crate::tickets::hall::legs::Legs;
use crate::tickets::tables::{
    ADMITTED, CODES, CONFLICTS, Fate, HOLDS, HoldRow, LISTINGS, ListingRow, NOTES, ORDERS, RULES, TOKENS,
};
use crate::tickets::{areas, codes, holds, lists, orders, resale, seats, tokens, transition, waitlist};
use millrace_topics::record::Role;
use millrace_topics::tickets::{
    Answer, Availability, CategoryAvailability, HoldState, OnWaiter, Ownership, Query, Rejection, RowView, Sales,
    SeatHistory, order_id,
};

pub(super) type View<'a> = crate::runtime::view::View<'a, Ticketing>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let event = match query {
        Query::Events { .. } | Query::HeldUnder { .. } => return Partitions::All,
        Query::Token { token } => &tokens::key(*token),
        Query::Event { event }
        | Query::Availability { event }
        | Query::Seats { event, .. }
        | Query::Hold { event, .. }
        | Query::Order { event, .. }
        | Query::SeatHistory { event, .. }
        | Query::Code { event, .. }
        | Query::Conflicts { event, .. }
        | Query::Sales { event, .. }
        | Query::Admission { event, .. }
        | Query::Seen { event, .. }
        | Query::Listings { event, .. }
        | Query::AvailabilityOn { event, .. }
        | Query::SeatsOn { event, .. }
        | Query::Changes { event, .. }
        | Query::Waiter(OnWaiter { event, .. }) => event,
    };
    Partitions::One(event.as_bytes().to_vec())
}

/// The answer of the one partition that was asked, or what those of all are together.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(query: &Query, answers: Vec<Answer>) -> Answer {
    match query {
        Query::Events { limit, .. } => lists::merge_events(*limit, answers),
        Query::HeldUnder { .. } => {
            let events = answers.into_iter().flat_map(|answer| match answer {
                Answer::HeldUnder(events) => events,
                _ => unreachable!("events were asked for"),
            });
            Answer::HeldUnder(events.collect())
        }
        _ => answers.into_iter().next().expect("one partition was asked"),
    }
}

/// Answers a query.
///
/// # Errors
/// That there is no such thing for who asks.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    match query {
        Query::Event { event } => {
            let published = Box::new(transition::show(hall(view, &event)?));
            let rules = view.get(RULES, &event).filter(|rules| !rules.is_empty());
            Ok(rules
                .map_or_else(|| Answer::Event(published.clone()), |rules| Answer::EventBy(published.clone(), rules)))
        }
        Query::Availability { event } => Ok(Answer::Availability(availability(view, hall(view, &event)?, None))),
        Query::AvailabilityOn { event, from, to } => {
            let hall = hall(view, &event)?;
            let legs = legs(hall, from, to)?;
            Ok(Answer::Availability(availability(view, hall, Some(&legs))))
        }
        Query::Seats { event, section } => rows(hall(view, &event)?, section, None),
        Query::SeatsOn { event, section, from, to } => {
            let hall = hall(view, &event)?;
            let legs = legs(hall, from, to)?;
            rows(hall, section, Some(legs))
        }
        Query::Hold { event, hold: number, token } => {
            let hall = hall(view, &event)?;
            let row = view.get(HOLDS, &(event.clone(), number)).filter(|row| row.token.is(&token));
            let row = row.ok_or(Rejection::UnknownHold)?;
            Ok(Answer::Hold(Box::new(holds::show(hall, &event, number, &row))))
        }
        Query::Order { event, order, reader } => {
            let hall = hall(view, &event)?;
            let key = (event, order);
            let row = orders::load(view.get(ORDERS, &key), &reader)?;
            Ok(Answer::Order(Box::new(orders::show(hall, &key, &row))))
        }
        Query::SeatHistory { event, seat, limit, before, reader } => {
            if reader.role == Role::User {
                return Err(Rejection::RoleRequired);
            }
            history(view, &event, seat, limit, before)
        }
        Query::Code { event, code } => {
            hall(view, &event)?;
            let row = view.get(CODES, &(event, code.clone())).ok_or(Rejection::UnknownCode(code))?;
            Ok(Answer::Code(codes::show(&row)))
        }
        Query::Sales { event, reader } => {
            if reader.role == Role::User {
                return Err(Rejection::RoleRequired);
            }
            let hall = hall(view, &event)?;
            Ok(Answer::Sales(Sales { currency: hall.plan.currency, categories: hall.sales() }))
        }
        Query::Admission { event, buyer } => {
            let session = view.get(ADMITTED, &(event, buyer)).filter(|session| view.now() < session.until);
            Ok(Answer::Admission(session.map(|session| session.until)))
        }
        Query::Seen { event, seats: names } => {
            let hall = hall(view, &event)?;
            let names = || names.iter().take(seats::SEATS_LIMIT);
            let seats = names().filter_map(|name| hall.find(name));
            let seats = seats.map(|spot| seats::show(hall, spot, |key| view.get(NOTES, key))).collect();
            let areas = names().filter_map(|name| hall.category(name)).filter(|number| hall.is_area(*number));
            Ok(Answer::Seen(seats, areas.map(|number| areas::show(hall, number)).collect()))
        }
        Query::Events { limit, before } => Ok(lists::events(view, limit, before.as_ref())),
        Query::Token { token } => Ok(Answer::Token(view.get(TOKENS, &tokens::key(token)).map(|row| row.until))),
        Query::HeldUnder { token } => Ok(Answer::HeldUnder(tokens::events(view, token))),
        Query::Changes { event, limit, before, reader } => {
            if reader.role == Role::User {
                return Err(Rejection::RoleRequired);
            }
            lists::changes(view, hall(view, &event)?, limit, before)
        }
        Query::Listings { event, limit, after } => listings(view, &event, limit, after),
        Query::Waiter(on) => Ok(Answer::Waiter(Box::new(waitlist::show(view, &on)?))),
        Query::Conflicts { event, limit, after } => {
            hall(view, &event)?;
            let rows = CONFLICTS.under(&(event.clone(),)).beyond(&CONFLICTS.raw_key(&(event, after)));
            let rows = view.scan(CONFLICTS, &rows).take(limit as usize + 1);
            let mut found: Vec<_> = rows.map(|(_, conflict)| conflict).collect();
            let goes_on = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| goes_on).map(|conflict| conflict.number);
            Ok(Answer::Conflicts(found, next))
        }
    }
}

fn listings(view: &View<'_>, event: &str, limit: u32, after: (u32, u32)) -> Result<Answer, Rejection> {
    let hall = hall(view, event)?;
    let rows = LISTINGS.under(&(event.to_owned(),)).beyond(&LISTINGS.raw_key(&(event.to_owned(), after.0, after.1)));
    let mut found: Vec<_> = view.scan(LISTINGS, &rows).take(limit as usize + 1).collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| goes_on).map(|((_, order, ticket), _)| (*order, *ticket));
    let show = |((event, order, ticket), row): ((String, u32, u32), ListingRow)| {
        let key = (event, order);
        let of = view.get(ORDERS, &key).expect("what is offered is somebody's");
        resale::show(hall, &key, ticket, &of.items[ticket as usize - 1], &row)
    };
    Ok(Answer::Listings(found.into_iter().map(show).collect(), next))
}

fn hall<'a>(view: &View<'a>, event: &str) -> Result<&'a Hall, Rejection> {
    view.engine.get(event).ok_or(Rejection::UnknownEvent)
}

/// The legs from one stop to another.
fn legs(hall: &Hall, from: String, to: String) -> Result<Legs, Rejection> {
    hall.legs(Some((&from, &to))).flatten().ok_or(Rejection::UnknownLegs(from, to))
}

fn availability(view: &View<'_>, hall: &Hall, legs: Option<&Legs>) -> Availability {
    let of = |(number, category): (u16, &millrace_topics::tickets::Category)| {
        let counts = hall.counts_on(number, legs);
        let mut room = hall.room(view.now(), 0);
        let price = room.clone().take(number, 1).map_or(category.price, |portion| portion.price);
        let available = room.take_all(number, counts.free());
        let is_unlimited = hall.is_unlimited(number);
        CategoryAvailability {
            id: category.id.clone(),
            capacity: (!is_unlimited).then_some(counts.capacity),
            free: (!is_unlimited).then(|| counts.free()),
            available: (!is_unlimited || available < counts.free()).then_some(available),
            held: counts.held,
            sold: counts.sold,
            blocked: counts.blocked,
            longest_run: hall.longest_run_on(number, legs),
            price,
        }
    };
    Availability {
        categories: (0..).zip(&hall.plan.categories).map(of).collect(),
        quotas: hall.quotas(),
        next_expiry: hall.next_expiry(),
    }
}

fn rows(hall: &Hall, section: Option<String>, legs: Option<Legs>) -> Result<Answer, Rejection> {
    let number = section.map(|id| hall.section(&id).ok_or(Rejection::UnknownSection(id))).transpose()?;
    let rows = hall.letters(number, legs).map(|(section, row, category, seats)| {
        let of = &hall.plan.sections[usize::from(section)];
        let row = &of.rows[usize::from(row)];
        RowView {
            section: of.id.clone(),
            row: row.id.clone(),
            category: hall.plan.categories[usize::from(category)].id.clone(),
            first: row.first,
            labels: row.labels.clone(),
            seats,
        }
    });
    Ok(Answer::Seats(rows.collect()))
}

/// Follows a seat from the hold that had it last to those before.
fn history(view: &View<'_>, event: &str, seat: String, limit: u32, before: Option<u32>) -> Result<Answer, Rejection> {
    let hall = hall(view, event)?;
    let spot = hall.find(&seat).ok_or_else(|| Rejection::UnknownSeats(vec![seat]))?;
    let of = |number: u32| -> Option<(HoldRow, u32)> {
        view.walk(1, "holds");
        let row = view.get(HOLDS, &(event.to_owned(), number))?;
        let earlier = row.seats.iter().find(|taken| taken.spot == spot)?.before;
        Some((row, earlier))
    };
    let mut next = match before {
        None => hall.last(spot),
        Some(number) => of(number).ok_or(Rejection::UnknownHold)?.1,
    };
    let mut owners = Vec::new();
    while next != 0 && owners.len() < limit as usize {
        let (row, earlier) = of(next).expect("who had a seat says who had it before");
        owners.push(ownership(view, event, next, row));
        next = earlier;
    }
    let last = owners.last().filter(|_| next != 0).map(|owner: &Ownership| owner.hold);
    Ok(Answer::SeatHistory(SeatHistory { owners, next: last }))
}

fn ownership(view: &View<'_>, event: &str, hold: u32, row: HoldRow) -> Ownership {
    let (state, ended_at, order) = match row.fate {
        Fate::Open => (HoldState::Open, None, None),
        Fate::Ordered(order, at) => (HoldState::Ordered, Some(at), Some(order)),
        Fate::Released(at) => (HoldState::Released, Some(at), None),
        Fate::Expired(at) => (HoldState::Expired, Some(at), None),
    };
    let bought = order.and_then(|number| view.get(ORDERS, &(event.to_owned(), number)));
    let (order_state, order_changed_at) = bought.as_ref().map(orders::state).unzip();
    Ownership {
        hold,
        buyer: row.buyer,
        held_at: row.at,
        state,
        ended_at,
        order: order.map(|number| order_id(event, number)),
        order_state,
        order_changed_at,
    }
}
