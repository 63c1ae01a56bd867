//! Seats one by one, and places without ([`areas`]), for box offices that know no orders: each is a hold of its own, and an order of one ticket where it is
//! booked, which the box office has the money for. So a seat's history, counts and sales are what they are for everybody.

use crate::runtime::ids;
use crate::tickets::finding::{self, Places, Way};
use crate::tickets::hall::{Hall, NOBODY, Place};
use crate::tickets::holds::{self, Taking};
use crate::tickets::orders;
use crate::tickets::tables::{
    Fate, HOLDS, HoldRow, Item, NO_TOKEN, NOTES, NoteRow, ORDERS, OrderRow, Priced, Spot, Stage,
};
use crate::tickets::transition::{Cx, check_is_server, hall};
use crate::tickets::{areas, channels};
use millrace_topics::tickets::{
    Holding, ItemState, Outcome, Placing, Rejection, SeatStatus, SeatView, Seated, Seating,
};

/// The most seats at once.
pub const SEATS_LIMIT: usize = 100;

/// The longest note of a seat, in bytes.
pub const NOTE_LIMIT: usize = 2048;

/// Whose a seat is that is booked without a token and without a name.
const OFFICE: &str = "box office";

/// What is to be done with a seat.
pub enum Step {
    /// Nothing: it is as it is to be.
    Stay,
    /// It is free: a hold takes it, and an order if it is to be booked.
    Take,
    /// This hold has it, and becomes an order.
    Order(u32, HoldRow),
    /// This hold has it, and gives it back.
    Release(u32, HoldRow),
    /// This order has it, and is taken back.
    Cancel(u32, OrderRow),
}

/// Makes seats something else: all, or none.
///
/// # Errors
/// The refusal, before anything was written.
pub fn change(cx: &mut Cx<'_>, placing: Placing) -> Result<Outcome, Rejection> {
    let Placing { seating, areas } = placing;
    check_is_server(cx.caller())?;
    let hall = hall(cx, &seating.event)?;
    check_words(&seating, areas.is_empty())?;
    if hall.all_legs().is_some() {
        return Err(Rejection::BadRequest("seats that are sold leg by leg are held and ordered".to_owned()));
    }
    if let Some(until) = seating.until.filter(|until| *until <= cx.now()) {
        return Err(Rejection::HoldExpired(until));
    }
    let named = channels::of(cx, hall, &seating.channels, None)?;
    let channels = if seating.any_channel { u64::MAX } else { named };
    let way = Way { now: cx.now(), channels, named, legs: None };
    let spots = find(hall, &seating, &way)?;
    let steps: Vec<Option<Step>> = spots.iter().map(|spot| step(cx, &seating, *spot, channels)).collect();
    let wrong = spots.iter().zip(&steps).filter(|(_, step)| step.is_none());
    let wrong: Vec<String> = wrong.map(|(spot, _)| hall.name(*spot)).collect();
    if !wrong.is_empty() {
        return Err(Rejection::WrongStatus(wrong));
    }
    let areas = areas::find(hall, &areas)?;
    let mut without: Vec<(u16, Step)> = Vec::new();
    for (category, many) in areas.iter().copied() {
        let name = || hall.plan.categories[usize::from(category)].id.clone();
        let steps = areas::steps(cx, &seating, category, many).ok_or_else(|| Rejection::WrongStatus(vec![name()]))?;
        without.extend(steps.into_iter().map(|step| (category, step)));
    }
    let new = spots.iter().zip(&steps).filter(|(_, step)| matches!(step, Some(Step::Take)));
    let new: Vec<Spot> = new.map(|(spot, _)| *spot).collect();
    let new_areas: Vec<(u16, u32)> =
        without.iter().filter(|(_, step)| matches!(step, Step::Take)).map(|(category, _)| (*category, 1)).collect();
    let lines = finding::price(hall, &new, &new_areas, &way)?;
    // The line: nothing below can be refused.
    let mut lines = lines.into_iter().flat_map(|line| (0..line.quantity).map(move |_| Priced { quantity: 1, ..line }));
    for (spot, step) in spots.iter().zip(steps.into_iter().flatten()) {
        go(cx, &seating, Whose::Seat(*spot), step, &mut lines);
        note(cx, &seating, *spot);
    }
    for (category, step) in without {
        let hold = go(cx, &seating, Whose::Area(category), step, &mut lines);
        note_area(cx, &seating, category, hold);
    }
    let hall = cx.engine.get(&seating.event).expect("it was there");
    let seats = spots.iter().map(|spot| show(hall, *spot, |key| cx.get(NOTES, key))).collect();
    let areas = areas.iter().map(|(category, _)| areas::show(hall, *category)).collect();
    Ok(Outcome::Seated(Seated { seats, adjacent: !spots.is_empty() && hall.is_adjacent(&spots), areas }))
}

fn check_words(seating: &Seating, is_of_seats: bool) -> Result<(), Rejection> {
    let refused = |text: String| Err(Rejection::BadRequest(text));
    let named = seating.seats.len() + usize::from(seating.best.is_some());
    if (named == 0 && is_of_seats)
        || seating.seats.len() > SEATS_LIMIT
        || (seating.best.is_some() && !seating.seats.is_empty())
    {
        return refused(format!("1 to {SEATS_LIMIT} seats are named, or `best` says which"));
    }
    if seating.to == SeatStatus::Held && (seating.token.is_none() || seating.until.is_none()) {
        return refused("seats are held under a token, until a time".to_owned());
    }
    if seating.to == SeatStatus::Free && seating.best.is_some() {
        return refused("what is given back is named".to_owned());
    }
    if seating.reference.as_ref().is_some_and(|name| !ids::is_subject(name)) {
        return refused(format!("the name of an order has 1 to {} bytes", ids::SUBJECT_LIMIT));
    }
    if seating.notes.len() > SEATS_LIMIT || seating.notes.iter().any(|(_, note)| note.len() > NOTE_LIMIT) {
        return refused(format!("a note has at most {NOTE_LIMIT} bytes"));
    }
    Ok(())
}

/// The seats that are meant.
fn find(hall: &Hall, seating: &Seating, way: &Way<'_>) -> Result<Vec<Spot>, Rejection> {
    if seating.best.is_some() {
        return Ok(finding::find(hall, &holding(seating), way)?.spots);
    }
    let found: Vec<Option<Spot>> = seating.seats.iter().map(|name| hall.find(name)).collect();
    let unknown = seating.seats.iter().zip(&found).filter(|(_, spot)| spot.is_none());
    let unknown: Vec<String> = unknown.map(|(name, _)| name.clone()).collect();
    if !unknown.is_empty() {
        return Err(Rejection::UnknownSeats(unknown));
    }
    let spots: Vec<Spot> = found.into_iter().flatten().collect();
    let is_double = |at: usize| spots[..at].contains(&spots[at]);
    if (0..spots.len()).any(is_double) {
        return Err(Rejection::BadRequest("a seat is named twice".to_owned()));
    }
    Ok(spots)
}

/// What a hold of some of them is made of.
fn holding(seating: &Seating) -> Holding {
    let token = seating.token.map(|token| format!("token {}", token.hex()));
    Holding {
        event: seating.event.clone(),
        buyer: seating.reference.clone().or(token).unwrap_or_else(|| OFFICE.to_owned()),
        token: seating.token.unwrap_or(NO_TOKEN),
        into: None,
        seats: Vec::new(),
        best: seating.best.clone(),
        areas: Vec::new(),
    }
}

/// What is to be done with a seat; none if that cannot be.
fn step(cx: &Cx<'_>, seating: &Seating, spot: Spot, channels: u64) -> Option<Step> {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let to = seating.to;
    let (Place::Held | Place::Sold) = hall.place(spot) else {
        let may_take = to != SeatStatus::Free && (seating.any_channel || hall.may_take(spot, channels, None));
        return if to == SeatStatus::Free { Some(Step::Stay) } else { may_take.then_some(Step::Take) };
    };
    let (number, row) = owner(cx, hall, spot);
    // What holds several seats is no box office's that knows each alone.
    let is_alone = row.seats.len() == 1 && row.lines.iter().map(|line| line.quantity).sum::<u32>() == 1;
    let is_alone = is_alone && hall.package_of(number).is_none();
    let is_own = is_alone && seating.token.is_some_and(|token| row.token.is(&token));
    match (row.fate, to) {
        (Fate::Open, SeatStatus::Held) if is_own => Some(Step::Stay),
        (Fate::Open, SeatStatus::Booked) if is_own => Some(Step::Order(number, row)),
        (Fate::Open, SeatStatus::Free) if is_own => Some(Step::Release(number, row)),
        (Fate::Ordered(order, _), SeatStatus::Free) if is_alone => cancel(cx, seating, order),
        _ => None,
    }
}

/// The hold by which somebody has a seat: not one that wanted to buy it of who has it, and did not.
fn owner(cx: &Cx<'_>, hall: &Hall, spot: Spot) -> (u32, HoldRow) {
    let mut number = hall.last(spot);
    loop {
        let row = cx.get(HOLDS, &(hall.plan.event.clone(), number)).expect("who has a seat has it by a hold");
        if matches!(row.fate, Fate::Open | Fate::Ordered(..)) {
            return (number, row);
        }
        let taken = row.seats.iter().find(|taken| taken.spot == spot);
        number = taken.expect("a hold that had a seat says so").before;
    }
}

/// What takes back an order of one place that the box office has made; none if it is no such order.
#[must_use]
pub fn cancel(cx: &Cx<'_>, seating: &Seating, order: u32) -> Option<Step> {
    let row = cx.get(ORDERS, &(seating.event.clone(), order)).expect("a hold knows its order");
    let is_paid_here = matches!(row.stage, Stage::Paid(_)) && row.payment.is_none();
    let is_good = |item: &Item| item.scan.is_none() && item.state == ItemState::Valid;
    let is_alone = row.items.len() == 1 && row.items.iter().all(is_good);
    (is_paid_here && is_alone).then_some(Step::Cancel(order, row))
}

/// Of what something is to be done.
#[derive(Clone, Copy)]
enum Whose {
    Seat(Spot),
    Area(u16),
}

/// Does what is to be done with a place, and says by which hold; one that is taken costs what the next of `lines` says.
fn go(cx: &mut Cx<'_>, seating: &Seating, whose: Whose, step: Step, lines: &mut impl Iterator<Item = Priced>) -> u32 {
    let event = &seating.event;
    match step {
        Step::Stay => 0,
        Step::Take => {
            let lines = lines.next().into_iter().collect();
            let (spots, areas) = match whose {
                Whose::Seat(spot) => (vec![spot], Vec::new()),
                Whose::Area(category) => (Vec::new(), vec![(category, 1)]),
            };
            let places = Places { spots, areas, lines, step: 0, quality: 0 };
            let hold_seconds = cx.engine.of(event).plan.hold_seconds;
            let expires = seating.until.unwrap_or(cx.now().plus(u64::from(hold_seconds) * 1000));
            let holding = Holding { best: None, ..holding(seating) };
            let view = holds::take(
                cx,
                Taking { holding, code: None, known: None, places, asked: 1, expires, legs: None, parcel: None },
            );
            if seating.to == SeatStatus::Booked {
                let row = cx.get(HOLDS, &(event.clone(), view.number)).expect("it was put there");
                orders::make(cx, (event.clone(), view.number), row, true);
            } else if let Some(token) = seating.token {
                cx.engine.of(event).tokens.insert((token, view.number));
            }
            view.number
        }
        Step::Order(number, row) => {
            orders::make(cx, (event.clone(), number), row, true);
            number
        }
        Step::Release(number, row) => {
            holds::let_go(cx, (event.clone(), number), row);
            number
        }
        Step::Cancel(order, mut row) => {
            orders::take_back(cx, &(event.clone(), order), &mut row, Place::Sold);
            row.hold
        }
    }
}

/// Keeps what the box office notes of a seat, for as long as somebody has it.
fn note(cx: &mut Cx<'_>, seating: &Seating, spot: Spot) {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let (name, hold) = (hall.name(spot), hall.last(spot));
    keep(cx, seating, &name.clone(), name, hold);
}

/// The same of a place without a seat.
fn note_area(cx: &mut Cx<'_>, seating: &Seating, category: u16, hold: u32) {
    let hall = cx.engine.get(&seating.event).expect("it is there");
    let label = hall.plan.categories[usize::from(category)].id.clone();
    keep(cx, seating, &label, areas::note_name(hall, category, hold), hold);
}

fn keep(cx: &mut Cx<'_>, seating: &Seating, label: &str, name: String, hold: u32) {
    let key = (seating.event.clone(), name);
    let known = cx.get(NOTES, &key);
    if seating.to == SeatStatus::Free {
        if known.is_some() {
            cx.delete(NOTES, &key);
        }
        return;
    }
    let said = seating.notes.iter().find(|(noted, _)| noted == label).map(|(_, note)| note.clone());
    let kept = known.as_ref().filter(|_| seating.keep_notes).and_then(|row| row.note.clone());
    let row = NoteRow { hold, reference: seating.reference.clone(), note: said.or(kept) };
    if known.as_ref() != Some(&row) {
        cx.put(NOTES, &key, &row);
    }
}

/// A seat as people see it.
#[must_use]
pub fn show(hall: &Hall, spot: Spot, note: impl Fn(&(String, String)) -> Option<NoteRow>) -> SeatView {
    let (seat, look) = (hall.name(spot), hall.look(spot));
    let status = match hall.place(spot) {
        Place::Held => SeatStatus::Held,
        Place::Sold => SeatStatus::Booked,
        Place::Free | Place::Blocked => SeatStatus::Free,
    };
    let note = note(&(hall.plan.event.clone(), seat.clone()));
    let note = note.filter(|note| status != SeatStatus::Free && note.hold == hall.last(spot));
    let last = seat.strip_prefix(&format!("{}-{}-", look.section, look.row)).expect("a name has three parts");
    let channel = (look.mark != 0 && look.mark != NOBODY).then(|| hall.channels[usize::from(look.mark) - 1].clone());
    SeatView {
        parts: [look.section.to_owned(), look.row.to_owned(), last.to_owned()],
        category: hall.plan.categories[usize::from(hall.category_of(spot))].id.clone(),
        status,
        reference: note.as_ref().and_then(|note| note.reference.clone()),
        note: note.and_then(|note| note.note),
        channel,
        blocked: look.mark == NOBODY,
        accessible: look.accessible,
        companion: look.companion,
        restricted_view: look.restricted,
        seat,
    }
}
