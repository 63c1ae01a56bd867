//! Holds: places that are somebody's for a while, all of those asked for or none.

use crate::runtime::ids;
use crate::tickets::finding::{Places, Way, find};
use crate::tickets::hall::build::HOLD_LIMIT;
use crate::tickets::hall::legs::Legs;
use crate::tickets::hall::{Deadline, Hall, Place};
use crate::tickets::halls::{quantity, turn_hold, turn_lines, turn_seats};
use crate::tickets::rules::{self, Terms};
use crate::tickets::tables::{Fate, HOLDS, HoldRow, KINDS, Kind, NOTES, Priced, Spot};
use crate::tickets::transition::{Cx, arm, check_acts_for, hall, rearm};
use crate::tickets::{admission, areas, channels, codes, lists, resale};
use millrace_topics::money::Money;
use millrace_topics::record::{Caller, Role};
use millrace_topics::tickets::{
    Area, Cause, Event, HoldState, HoldView, Holding, HoldingBy, HoldingWith, Journey, Line, OnHold, Outcome,
    Rejection, SeatsNote, order_id,
};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

/// A hold that is to be made, or added to, of places that are free.
pub struct Taking {
    /// Whose it is.
    pub holding: Holding,
    /// The presale code that it is made with.
    pub code: Option<String>,
    /// The open hold that the places are added to.
    pub known: Option<HoldRow>,
    /// The places.
    pub places: Places,
    /// How many they are.
    pub asked: u32,
    /// When it ends by itself, if it is new.
    pub expires: Time,
    /// On which legs, if the event has some.
    pub legs: Option<Legs>,
    /// For which package, if it is for one.
    pub parcel: Option<Parcel>,
}

/// What a package says of a hold that is to be made for it.
pub struct Parcel {
    /// The package.
    pub package: String,
    /// The number of its hold.
    pub number: u32,
}

/// Holds places.
///
/// # Errors
/// The refusal, before anything was written.
pub fn hold(cx: &mut Cx<'_>, holding: Holding) -> Result<Outcome, Rejection> {
    hold_by(cx, HoldingBy { holding, code: None, channels: Vec::new() })
}

/// The same with a presale code, or out of channels.
///
/// # Errors
/// The refusal, before anything was written.
pub fn hold_by(cx: &mut Cx<'_>, by: HoldingBy) -> Result<Outcome, Rejection> {
    hold_with(cx, HoldingWith { by, terms: Vec::new() })
}

/// The same with what the event's rules want, or of tickets that are sold on.
///
/// # Errors
/// The refusal, before anything was written.
pub fn hold_with(cx: &mut Cx<'_>, with: HoldingWith) -> Result<Outcome, Rejection> {
    let HoldingWith { by: HoldingBy { holding, code, channels }, terms } = with;
    let terms = Terms::of(&terms);
    if !terms.tickets.is_empty() {
        if code.is_some() || !channels.is_empty() {
            return Err(Rejection::BadRequest("tickets that are sold on need no code and no channel".to_owned()));
        }
        return resale::hold(cx, holding, &terms);
    }
    let hall = hall(cx, &holding.event)?;
    check_acts_for(cx.caller(), &holding.buyer)?;
    check_buyer(&holding.buyer)?;
    rules::check(cx, hall, &holding.buyer, &terms)?;
    let code = code.map(|code| codes::usable(cx, &holding.event, code, holding.into.is_some())).transpose()?;
    check_is_on_sale(hall, cx.now(), code.as_ref().is_some_and(|code| code.terms.early))?;
    admission::check(cx, &holding.event, &holding.buyer)?;
    let channels = channels::of(cx, hall, &channels, code.as_ref())?;
    let household = terms.household.filter(|_| hall.rules.household.is_some());
    let known = match holding.into {
        Some(number) if hall.kinds.contains_key(&number) || hall.household(number) != household => {
            return Err(Rejection::BadRequest(
                "nothing can be added to this hold, or not for this household".to_owned(),
            ));
        }
        Some(number) => Some(open_hold(cx, &on(&holding, number), &holding.buyer)?),
        None => None,
    };
    let held = known.as_ref().map_or(0, |row| quantity(&row.lines));
    let asked = count(hall, &holding, held)?;
    check_limit(hall, &holding.buyer, asked)?;
    rules::check_household(hall, household, asked)?;
    let legs = rules::legs(hall, &terms)?;
    let way = Way { now: cx.now(), channels, named: channels, legs: legs.as_ref() };
    let mut places = find(hall, &holding, &way)?;
    if let Some(code) = &code {
        places.lines = codes::reduce(places.lines, code.price);
    }
    let expires = cx.now().plus(u64::from(hall.plan.hold_seconds) * 1000);
    // The line: nothing below can be refused.
    let code = code.map(|code| codes::use_once(cx, code));
    if known.is_none() {
        rules::note_household(cx, &holding.event, household);
    }
    Ok(Outcome::Held(Box::new(take(cx, Taking { holding, code, known, places, asked, expires, legs, parcel: None }))))
}

/// Refuses what is the name of nobody.
///
/// # Errors
/// The refusal.
pub fn check_buyer(buyer: &str) -> Result<(), Rejection> {
    let fault = || Rejection::BadRequest(format!("a buyer has 1 to {} bytes", ids::SUBJECT_LIMIT));
    if ids::is_subject(buyer) { Ok(()) } else { Err(fault()) }
}

/// Refuses more than one buyer may have.
///
/// # Errors
/// The refusal.
pub fn check_limit(hall: &Hall, buyer: &str, asked: u32) -> Result<(), Rejection> {
    let (limit, has) = (hall.plan.max_per_buyer.unwrap_or(u32::MAX), hall.has(buyer));
    if u64::from(has) + u64::from(asked) > u64::from(limit) {
        return Err(Rejection::LimitExceeded { limit, has });
    }
    Ok(())
}

fn on(holding: &Holding, hold: u32) -> OnHold {
    OnHold { event: holding.event.clone(), hold, token: holding.token }
}

/// Refuses what comes too early or too late.
///
/// # Errors
/// The refusal.
pub fn check_is_on_sale(hall: &Hall, now: Time, early: bool) -> Result<(), Rejection> {
    match (hall.plan.opens_at, hall.plan.closes_at) {
        (Some(opens), _) if now < opens && !early => Err(Rejection::SaleNotOpen(opens)),
        (_, Some(closes)) if now >= closes => Err(Rejection::SaleClosed(closes)),
        _ => Ok(()),
    }
}

/// How many places are asked for, if that is a number that a hold may have.
///
/// # Errors
/// The refusal.
pub fn count(hall: &Hall, holding: &Holding, held: u32) -> Result<u32, Rejection> {
    let limit = hall.plan.max_per_order;
    if holding.best.is_some() && !holding.seats.is_empty() {
        return Err(Rejection::BadRequest("either `seats` or `best` says which seats".to_owned()));
    }
    let seats = holding.seats.len() as u64 + holding.best.as_ref().map_or(0, |best| best.number.into());
    let areas = holding.areas.iter().map(|area| u64::from(area.quantity));
    if holding.areas.len() > HOLD_LIMIT as usize || holding.areas.iter().any(|area| area.quantity == 0) {
        return Err(Rejection::BadNumber(limit));
    }
    let all = seats + areas.sum::<u64>();
    let is_fine = all > 0 && holding.best.as_ref().is_none_or(|best| best.number > 0);
    let fits = u32::try_from(all).ok().filter(|all| is_fine && all.saturating_add(held) <= limit);
    fits.ok_or(Rejection::BadNumber(limit))
}

/// Takes places that were found free.
pub fn take(cx: &mut Cx<'_>, taking: Taking) -> HoldView {
    let Taking { holding, code, known, places, asked, expires, legs, parcel } = taking;
    let Holding { event, buyer, token, into, .. } = holding;
    let now = cx.now();
    let hall = cx.engine.of(&event);
    let number = into.unwrap_or(hall.holds + 1);
    hall.holds = hall.holds.max(number);
    let ends_by_itself = parcel.is_none();
    let kind = match parcel {
        Some(Parcel { package, number }) => Some(Kind::Package { package, number }),
        None => legs.as_ref().map(|legs| Kind::Legs { from: legs.start, to: legs.end }),
    };
    if let Some(kind) = &kind {
        hall.kinds.insert(number, kind.clone());
    }
    let (spots, areas, lines) = (places.spots, places.areas, places.lines);
    turn_seats(hall, number, spots.iter().copied(), Place::Free, Place::Held);
    turn_lines(hall, &lines, Place::Free, Place::Held);
    hall.give(&buyer, number, asked);
    let taken = spots.iter().map(|spot| hall.note(*spot, number)).collect();
    let is_new = known.is_none();
    let row = match known {
        None => HoldRow {
            buyer,
            token,
            at: now,
            expires,
            extended: 0,
            step: places.step,
            quality: places.quality,
            code,
            fate: Fate::Open,
            lines,
            seats: taken,
        },
        Some(mut row) => {
            row.lines.extend(lines);
            row.seats.extend(taken);
            row.step = row.step.max(places.step);
            row.quality = row.quality.min(places.quality);
            row
        }
    };
    if is_new && ends_by_itself {
        hall.deadlines.insert((row.expires, Deadline::Hold(number)));
    } else if is_new {
        hall.promised.insert((row.expires, number));
    }
    let change = hall.arm();
    let view = show(hall, &event, number, &row);
    let key = (event, number);
    cx.put(HOLDS, &key, &row);
    if let Some(kind) = kind {
        cx.put(KINDS, &key, &kind);
    }
    if let Some(change) = change {
        rearm(cx, &key.0, change);
    }
    lists::note(cx, &key.0, key.1, Cause::Held, |_| (spots, areas));
    say(cx, view, Event::SeatsHeld)
}

/// Says what happened to a hold. What is said is lent by the view: a hold is the hot path.
pub fn say(cx: &mut Cx<'_>, view: HoldView, event: fn(SeatsNote) -> Event) -> HoldView {
    let HoldView { event: of, number: hold, buyer, seats, areas, expires_at, journey, .. } = view;
    let said = event(SeatsNote { event: of, hold, buyer, seats, areas, expires_at, journey });
    cx.say(&said);
    let (Event::SeatsHeld(note) | Event::HoldExtended(note) | Event::HoldReleased(note) | Event::HoldExpired(note)) =
        said
    else {
        unreachable!("it was made just now")
    };
    let SeatsNote { event, buyer, seats, areas, journey, .. } = note;
    HoldView { event, buyer, seats, areas, journey, ..view }
}

/// A hold that is open, for who shows its token.
///
/// # Errors
/// That there is none, or how it ended.
pub fn open_hold(cx: &Cx<'_>, on: &OnHold, buyer: &str) -> Result<HoldRow, Rejection> {
    let row = load(cx.get(HOLDS, &(on.event.clone(), on.hold)), on.token, cx.caller())?;
    if row.buyer != buyer {
        return Err(Rejection::WrongBuyer);
    }
    check_open(&on.event, &row)?;
    Ok(row)
}

/// A hold, for who shows its token.
///
/// # Errors
/// That there is none of this token.
pub fn load(row: Option<HoldRow>, token: TokenHash, caller: &Caller) -> Result<HoldRow, Rejection> {
    let is_own = |row: &HoldRow| row.token.is(&token) && (caller.role != Role::User || caller.id == row.buyer);
    row.filter(is_own).ok_or(Rejection::UnknownHold)
}

fn check_open(event: &str, row: &HoldRow) -> Result<(), Rejection> {
    match row.fate {
        Fate::Open => Ok(()),
        Fate::Ordered(order, _) => Err(Rejection::HoldOrdered { order: order_id(event, order) }),
        Fate::Released(_) => Err(Rejection::HoldReleased),
        Fate::Expired(at) => Err(Rejection::HoldExpired(at)),
    }
}

/// Gives a hold its time once more.
///
/// # Errors
/// The refusal, before anything was written.
pub fn extend(cx: &mut Cx<'_>, on: OnHold) -> Result<Outcome, Rejection> {
    let limit = hall(cx, &on.event)?.plan.extensions;
    let mut row = load(cx.get(HOLDS, &(on.event.clone(), on.hold)), on.token, cx.caller())?;
    check_open(&on.event, &row)?;
    if row.extended >= limit {
        return Err(Rejection::ExtendedTooOften(limit));
    }
    // The line: nothing below can be refused.
    let now = cx.now();
    let hall = cx.engine.of(&on.event);
    hall.deadlines.remove(&(row.expires, Deadline::Hold(on.hold)));
    row.expires = now.plus(u64::from(hall.plan.hold_seconds) * 1000);
    row.extended += 1;
    hall.deadlines.insert((row.expires, Deadline::Hold(on.hold)));
    let view = show(hall, &on.event, on.hold, &row);
    cx.put(HOLDS, &(on.event, on.hold), &row);
    arm(cx, &view.event);
    Ok(Outcome::Hold(Box::new(say(cx, view, Event::HoldExtended))))
}

/// Gives what is held back.
///
/// # Errors
/// The refusal, before anything was written.
pub fn release(cx: &mut Cx<'_>, on: OnHold) -> Result<Outcome, Rejection> {
    hall(cx, &on.event)?;
    let row = load(cx.get(HOLDS, &(on.event.clone(), on.hold)), on.token, cx.caller())?;
    check_open(&on.event, &row)?;
    // The line: nothing below can be refused.
    Ok(Outcome::Hold(Box::new(let_go(cx, (on.event, on.hold), row))))
}

/// Gives back what an open hold has.
pub fn let_go(cx: &mut Cx<'_>, key: (String, u32), row: HoldRow) -> HoldView {
    cx.engine.of(&key.0).forget_hold(row.expires, key.1);
    let row = HoldRow { fate: Fate::Released(cx.now()), ..row };
    let view = give_back(cx, &key, &row);
    say(cx, view, Event::HoldReleased)
}

/// Ends a hold whose time is over.
pub fn expire(cx: &mut Cx<'_>, key: &(String, u32), row: HoldRow) {
    let row = HoldRow { fate: Fate::Expired(cx.now()), ..row };
    let view = give_back(cx, key, &row);
    say(cx, view, Event::HoldExpired);
}

fn give_back(cx: &mut Cx<'_>, key: &(String, u32), row: &HoldRow) -> HoldView {
    let cause = if matches!(row.fate, Fate::Released(_)) { Cause::Released } else { Cause::Expired };
    if !resale::is_resale(cx.engine.of(&key.0), key.1) {
        lists::note(cx, &key.0, key.1, cause, |hall| lists::of_hold(hall, row));
    }
    if cx.engine.of(&key.0).tokens.remove(&(row.token, key.1)) && row.seats.is_empty() {
        let note = areas::note_name(cx.engine.of(&key.0), row.lines[0].category, key.1);
        cx.delete(NOTES, &(key.0.clone(), note));
    }
    codes::give_back(cx, &key.0, row.code.as_ref());
    let hall = cx.engine.of(&key.0);
    turn_hold(hall, key.1, row, Place::Held, Place::Free);
    hall.take(&row.buyer, key.1, quantity(&row.lines));
    resale::offer(cx, &key.0, key.1, None);
    let hall = cx.engine.of(&key.0);
    let view = show(hall, &key.0, key.1, row);
    cx.put(HOLDS, key, row);
    view
}

/// A hold as people see it.
#[must_use]
pub fn show(hall: &Hall, event: &str, number: u32, row: &HoldRow) -> HoldView {
    let spots: Vec<Spot> = row.seats.iter().map(|taken| taken.spot).collect();
    let is_best = row.step > 0;
    HoldView {
        event: event.to_owned(),
        number,
        buyer: row.buyer.clone(),
        state: match row.fate {
            Fate::Open => HoldState::Open,
            Fate::Ordered(..) => HoldState::Ordered,
            Fate::Released(_) => HoldState::Released,
            Fate::Expired(_) => HoldState::Expired,
        },
        adjacent: !spots.is_empty() && hall.is_adjacent(&spots),
        seats: spots.iter().map(|spot| hall.name(*spot)).collect(),
        areas: areas_of(hall, &row.lines),
        step: is_best.then_some(row.step),
        quality: is_best.then_some(row.quality),
        lines: row.lines.iter().map(|line| show_line(hall, line)).collect(),
        total: Money { amount: total(&row.lines), currency: hall.plan.currency },
        expires_at: row.expires,
        order: match row.fate {
            Fate::Ordered(order, _) => Some(order),
            _ => None,
        },
        journey: journey(hall, number),
    }
}

/// From where to where a hold is, if its event has legs.
#[must_use]
pub fn journey(hall: &Hall, hold: u32) -> Option<Journey> {
    let (from, to) = hall.stops(&hall.legs_of(hold)?);
    Some(Journey { from, to })
}

fn areas_of(hall: &Hall, lines: &[Priced]) -> Vec<Area> {
    let mut found: Vec<Area> = Vec::new();
    for line in lines.iter().filter(|line| hall.is_area(line.category)) {
        let id = &hall.plan.categories[usize::from(line.category)].id;
        match found.iter_mut().find(|area| area.category == *id) {
            Some(area) => area.quantity += line.quantity,
            None => found.push(Area { category: id.clone(), quantity: line.quantity }),
        }
    }
    found
}

fn show_line(hall: &Hall, line: &Priced) -> Line {
    let Priced { category, quantity, price, fee, .. } = *line;
    Line { category: hall.plan.categories[usize::from(category)].id.clone(), quantity, price, fee }
}

/// What places cost together.
#[must_use]
pub fn total(lines: &[Priced]) -> u64 {
    lines.iter().map(|line| (line.price + line.fee) * u64::from(line.quantity)).sum()
}
