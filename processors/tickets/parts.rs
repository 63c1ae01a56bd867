//! What packages have of an event: its part of a saga whose state lies in `tickets.packages`. The event says yes or no, and
//! keeps what it said yes to until it is told what becomes of it: it has no clock for it.

use crate::tickets::admission;
use crate::tickets::channels::{self, ANY_CHANNEL};
use crate::tickets::finding::{self, Places, Way};
use crate::tickets::hall::{Hall, Place};
use crate::tickets::holds::{self, Parcel, Taking};
use crate::tickets::rules::{self, Terms};
use crate::tickets::tables::{HOLDS, NO_TOKEN, ORDERS, OrderRow, PARTS, PartRow, Priced};
use crate::tickets::transition::{Cx, arm, hall};
use crate::tickets::{codes, orders};
use millrace_topics::tickets::{
    HoldView, Holding, Line, Outcome, PackageCommand, PartAnswer, PartHolding, PartOf, PartSaid, PartStep, PartTurn,
    PartView, Rejection, SeatMap, TicketsPackages,
};

/// The most rows of a hall of which it says which seats cannot be taken: what a record holds.
const ROWS_LIMIT: usize = 15_000;

/// What is to be held for a package.
struct Found {
    holding: Holding,
    places: Places,
    many: u32,
}

/// Holds what a package wants of the event, and says yes; or says no, and why.
pub fn hold(cx: &mut Cx<'_>, asked: PartHolding) -> Outcome {
    let said = match find(cx, &asked) {
        Ok(found) => take(cx, &asked, found),
        Err(why) => PartAnswer::Refused(Box::new(why.clone()), map(cx, &asked, &why)),
    };
    answer(cx, asked.part, said);
    Outcome::Noted
}

fn answer(cx: &mut Cx<'_>, part: PartOf, said: PartAnswer) {
    cx.send::<TicketsPackages>(&PackageCommand::Said(PartSaid { part, said }));
}

/// The places that are asked for, and what they cost.
fn find(cx: &mut Cx<'_>, asked: &PartHolding) -> Result<Found, Rejection> {
    // What was held before and is paid meanwhile is bought, whatever holds for a sale.
    let is_again = !asked.lines.is_empty();
    let hall = hall(cx, &asked.part.event)?;
    if hall.all_legs().is_some() {
        return Err(Rejection::BadRequest("seats that are sold leg by leg are in no package".to_owned()));
    }
    if !is_again {
        rules::check(cx, hall, &asked.buyer, &Terms::default())?;
        holds::check_is_on_sale(hall, cx.now(), false)?;
        admission::check(cx, &asked.part.event, &asked.buyer)?;
    }
    let named = channels::of(cx, hall, &asked.channels, None)?;
    let channels = if is_again { ANY_CHANNEL } else { named };
    let way = Way { now: cx.now(), channels, named, legs: None };
    let holding = holding(asked);
    let many = holds::count(hall, &holding, 0)?;
    if many < hall.plan.min_per_order {
        return Err(Rejection::TooFew(hall.plan.min_per_order));
    }
    holds::check_limit(hall, &asked.buyer, many)?;
    let places = find_places(cx, asked, &holding, &way)?;
    let hall = self::hall(cx, &asked.part.event)?;
    let lines = if is_again {
        price_again(hall, places.lines, &asked.lines)?
    } else {
        codes::reduce(places.lines, asked.price)
    };
    Ok(Found { holding, places: Places { lines, ..places }, many })
}

fn find_places(cx: &mut Cx<'_>, asked: &PartHolding, holding: &Holding, way: &Way<'_>) -> Result<Places, Rejection> {
    let hall = cx.engine.of(&asked.part.event);
    match &asked.besides {
        None => finding::find(hall, holding, way),
        Some(map) if map.layout != hall.layout() => Err(Rejection::OtherPlan),
        // What another event does not have may come back there: it is not this one that is sold out.
        Some(map) => {
            hall.look_without(map, |hall| finding::find(hall, holding, way)).map_err(|_| Rejection::NoCommonSeats)
        }
    }
}

fn holding(asked: &PartHolding) -> Holding {
    Holding {
        event: asked.part.event.clone(),
        buyer: asked.buyer.clone(),
        token: NO_TOKEN,
        into: None,
        seats: asked.wish.seats.clone(),
        best: asked.wish.best.clone(),
        areas: asked.wish.areas.clone(),
    }
}

/// Which seats cannot be taken, where others will be looked for.
fn map(cx: &Cx<'_>, asked: &PartHolding, why: &Rejection) -> Option<SeatMap> {
    if !asked.map || !matches!(why, Rejection::SeatTaken(_) | Rejection::TooNear(_)) {
        return None;
    }
    let hall = hall(cx, &asked.part.event).ok().filter(|hall| hall.rows() <= ROWS_LIMIT)?;
    let channels = channels::of(cx, hall, &asked.channels, None).ok()?;
    Some(hall.map_of_gone(channels))
}

/// What places cost that have their price from before.
fn price_again(hall: &Hall, now: Vec<Priced>, lines: &[Line]) -> Result<Vec<Priced>, Rejection> {
    let mut left: Vec<Line> = lines.to_vec();
    let mut priced = Vec::new();
    for one in now.into_iter().flat_map(|line| (0..line.quantity).map(move |_| Priced { quantity: 1, ..line })) {
        let id = &hall.plan.categories[usize::from(one.category)].id;
        let line =
            left.iter_mut().find(|line| line.category == *id && line.quantity > 0).ok_or(Rejection::OtherPlan)?;
        line.quantity -= 1;
        priced.push(Priced { price: line.price, fee: line.fee, ..one });
    }
    Ok(priced)
}

fn take(cx: &mut Cx<'_>, asked: &PartHolding, found: Found) -> PartAnswer {
    let Found { holding, places, many } = found;
    let PartOf { event, package, number, attempt } = asked.part.clone();
    let parcel = Some(Parcel { package: package.clone(), number });
    let expires = asked.until;
    let taking = Taking { holding, code: None, known: None, places, asked: many, expires, legs: None, parcel };
    let view = holds::take(cx, taking);
    let row = PartRow { attempt, hold: view.number, order: None, returning: false };
    cx.put(PARTS, &(event.clone(), package, number), &row);
    let layout = if asked.map { cx.engine.of(&event).layout() } else { 0 };
    PartAnswer::Held(Box::new(show(view)), layout)
}

fn show(view: HoldView) -> PartView {
    let HoldView { event, seats, areas, adjacent, step, quality, lines, total, .. } = view;
    PartView { event, seats, areas, adjacent, step, quality, lines, total, order: None }
}

/// Does with a part what the package says.
///
/// # Panics
/// If the package says what cannot be: it decides alone, and its words come in order.
pub fn turn(cx: &mut Cx<'_>, turn: PartTurn) -> Outcome {
    let PartTurn { part, to } = turn;
    let key = (part.event.clone(), part.package.clone(), part.number);
    // It may have said no: then there is nothing to give back.
    let Some(row) = cx.get(PARTS, &key) else { return Outcome::Noted };
    match to {
        PartStep::Release => release(cx, &key, row, part.attempt),
        PartStep::Pay => pay(cx, &key, row, part),
        PartStep::AskBack => ask_back(cx, &key, row, part),
        PartStep::TakeBack => take_back(cx, &key, row),
        PartStep::Keep => cx.put(PARTS, &key, &PartRow { returning: false, ..row }),
    }
    Outcome::Noted
}

type Key = (String, String, u32);

fn release(cx: &mut Cx<'_>, key: &Key, row: PartRow, attempt: u32) {
    assert_eq!((row.attempt, row.order), (attempt, None), "what is given back is held by this attempt");
    let hold = (key.0.clone(), row.hold);
    let held = cx.get(HOLDS, &hold).expect("a part has a hold");
    holds::let_go(cx, hold, held);
    cx.delete(PARTS, key);
}

fn pay(cx: &mut Cx<'_>, key: &Key, row: PartRow, part: PartOf) {
    let hold = (key.0.clone(), row.hold);
    let held = cx.get(HOLDS, &hold).expect("a part has a hold");
    let (order, made) = orders::make(cx, hold, held, true);
    admission::leave(cx, &key.0, &made.buyer);
    cx.put(PARTS, key, &PartRow { order: Some(order.1), ..row });
    arm(cx, &key.0);
    answer(cx, part, PartAnswer::Ordered(order.1));
}

fn ask_back(cx: &mut Cx<'_>, key: &Key, row: PartRow, part: PartOf) {
    let (order, made) = order(cx, key, row);
    let in_use = orders::in_use(&order, &made);
    let said = if in_use.is_empty() {
        cx.put(PARTS, key, &PartRow { returning: true, ..row });
        PartAnswer::MayGo
    } else {
        PartAnswer::MayNotGo(Box::new(Rejection::Redeemed(in_use)))
    };
    answer(cx, part, said);
}

fn take_back(cx: &mut Cx<'_>, key: &Key, row: PartRow) {
    let (order, mut made) = order(cx, key, row);
    orders::take_back(cx, &order, &mut made, Place::Sold);
    cx.delete(PARTS, key);
}

fn order(cx: &Cx<'_>, key: &Key, row: PartRow) -> ((String, u32), OrderRow) {
    let order = (key.0.clone(), row.order.expect("only what is paid is taken back"));
    let made = cx.get(ORDERS, &order).expect("a part that is paid has an order");
    (order, made)
}

/// True while a package asks its events whether the places of this hold may be taken back.
#[must_use]
pub fn is_returning(cx: &Cx<'_>, event: &str, hold: u32) -> bool {
    let Some((package, number)) = cx.engine.get(event).and_then(|hall| hall.package_of(hold)) else { return false };
    cx.get(PARTS, &(event.to_owned(), package.clone(), number)).is_some_and(|row| row.returning)
}
