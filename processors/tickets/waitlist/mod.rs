//! The waitlist: who wants places that are not there gets what comes back, in the order in which they came, before
//! anybody else. An offer is a hold like any other, under the waiter's own token; when nobody takes it, it comes back, and
//! goes to the next whom it suits.

pub mod routes;

use crate::tickets::finding::{self, Places, Way};
use crate::tickets::hall::{Deadline, Hall};
use crate::tickets::holds::{self, Taking};
use crate::tickets::queries;
use crate::tickets::rules;
use crate::tickets::tables::{Fate, HOLDS, WAITERS, WAITLISTS, WaiterRow, WaitlistRow, Wanting};
use crate::tickets::transition::{Cx, arm, check_acts_for, check_is_server, hall};
use millrace_topics::tickets::{
    Event, Holding, OnWaiter, Outcome, Rejection, WaiterNote, WaiterState, WaiterView, WaitlistTerms,
};
use millrace_topics::time::Time;

/// How long an offer lasts unless the event says otherwise, in seconds.
pub const OFFER_SECONDS: u32 = 3600;

/// The longest that an offer may last, in seconds: 30 days.
pub const OFFER_LIMIT: u32 = 2_592_000;

/// The most who wait for an event at a time.
pub const WAITERS_LIMIT: usize = 10_000;

/// How many are asked whether something suits them before others get their turn.
const ASKED: usize = 100;

/// Says how long offers last, from the next one on.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set(cx: &mut Cx<'_>, terms: WaitlistTerms) -> Result<Outcome, Rejection> {
    check_is_server(cx.caller())?;
    hall(cx, &terms.event)?;
    if !(1..=OFFER_LIMIT).contains(&terms.offer_seconds) {
        return Err(Rejection::BadRequest(format!("an offer lasts 1 to {OFFER_LIMIT} seconds")));
    }
    // The line: nothing below can be refused.
    let row = list(cx, &terms.event);
    cx.put(WAITLISTS, &terms.event, &WaitlistRow { offer_seconds: terms.offer_seconds, ..row });
    Ok(Outcome::WaitlistSet(terms))
}

fn list(cx: &Cx<'_>, event: &String) -> WaitlistRow {
    cx.get(WAITLISTS, event).unwrap_or(WaitlistRow { offer_seconds: OFFER_SECONDS, last: 0, offering: None })
}

/// Puts somebody on the list who wants what is not there.
///
/// # Errors
/// The refusal, before anything was written; 409 `not_sold_out` where it is there.
pub fn join(cx: &mut Cx<'_>, wish: Holding) -> Result<Outcome, Rejection> {
    let hall = hall(cx, &wish.event)?;
    check_acts_for(cx.caller(), &wish.buyer)?;
    if !wish.seats.is_empty() || wish.into.is_some() {
        return Err(Rejection::BadRequest("a waitlist is for the best and for places without seats".to_owned()));
    }
    holds::check_buyer(&wish.buyer)?;
    if hall.rules.want_terms() {
        return Err(Rejection::BadRequest(
            "an event with stops, or that wants households or proofs, has no waitlist".to_owned(),
        ));
    }
    rules::check(cx, hall, &wish.buyer, &rules::Terms::default())?;
    holds::check_is_on_sale(hall, cx.now(), false)?;
    let asked = holds::count(hall, &wish, 0)?;
    holds::check_limit(hall, &wish.buyer, asked)?;
    if hall.waiters.values().any(|buyer| *buyer == wish.buyer) {
        return Err(Rejection::AlreadyWaiting);
    }
    if hall.waiters.len() >= WAITERS_LIMIT {
        return Err(Rejection::WaitlistFull);
    }
    match finding::find(hall, &wish, &Way::plain(cx.now())) {
        Ok(_) => return Err(Rejection::NotSoldOut),
        Err(refusal) if !is_want_of_places(&refusal) => return Err(refusal),
        Err(_) => {}
    }
    // The line: nothing below can be refused.
    let row = list(cx, &wish.event);
    let number = row.last + 1;
    let event = wish.event.clone();
    cx.engine.of(&event).waiters.insert(number, wish.buyer.clone());
    cx.put(WAITLISTS, &event, &WaitlistRow { last: number, ..row });
    let row = WaiterRow { wish, joined: cx.now(), state: Wanting::Waits };
    cx.put(WAITERS, &(event.clone(), number), &row);
    say(cx, &event, number, &row, None, Event::WaitlistJoined);
    let ahead = cx.engine.of(&event).waiters.len() - 1;
    let view = without_offer(event, number, row, WaiterState::Waiting);
    Ok(Outcome::Waiter(Box::new(WaiterView { ahead: u32::try_from(ahead).ok(), ..view })))
}

fn without_offer(event: String, waiter: u32, row: WaiterRow, state: WaiterState) -> WaiterView {
    WaiterView { event, waiter, buyer: row.wish.buyer, state, ahead: None, hold: None, joined_at: row.joined }
}

/// True where it is places that are wanting, and not a wish that nobody could fulfil.
fn is_want_of_places(refusal: &Rejection) -> bool {
    matches!(
        refusal,
        Rejection::SoldOut | Rejection::AllHeld { .. } | Rejection::TooFewLeft { .. } | Rejection::NotAdjacent { .. }
    )
}

/// Takes somebody off the list.
///
/// # Errors
/// The refusal, before anything was written.
pub fn leave(cx: &mut Cx<'_>, on: OnWaiter) -> Result<Outcome, Rejection> {
    hall(cx, &on.event)?;
    let key = (on.event, on.waiter);
    let row = cx.get(WAITERS, &key).filter(|row| row.wish.token.is(&on.token)).ok_or(Rejection::UnknownWaiter)?;
    if row.state != Wanting::Waits {
        return Err(Rejection::NotWaiting);
    }
    // The line: nothing below can be refused.
    let row = WaiterRow { state: Wanting::Left, ..row };
    cx.engine.of(&key.0).waiters.remove(&key.1);
    cx.put(WAITERS, &key, &row);
    say(cx, &key.0, key.1, &row, None, Event::WaitlistLeft);
    Ok(Outcome::Waiter(Box::new(without_offer(key.0, key.1, row, WaiterState::Left))))
}

fn say(cx: &mut Cx<'_>, event: &str, waiter: u32, row: &WaiterRow, hold: Option<u32>, kind: fn(WaiterNote) -> Event) {
    cx.say(&kind(WaiterNote { event: event.to_owned(), waiter, buyer: row.wish.buyer.clone(), hold }));
}

/// Has those asked who wait, if places have come back: before the next record, so that nobody overtakes them.
pub fn wake(cx: &mut Cx<'_>, event: &String) {
    let now = cx.now();
    let hall = cx.engine.of(event);
    if !std::mem::take(&mut hall.has_come_back) || hall.waiters.is_empty() {
        return;
    }
    let row = list(cx, event);
    if let Some((since, _)) = row.offering {
        cx.engine.of(event).deadlines.remove(&(since, Deadline::Offer));
    }
    cx.put(WAITLISTS, event, &WaitlistRow { offering: Some((now, 0)), ..row });
    cx.engine.of(event).deadlines.insert((now, Deadline::Offer));
    arm(cx, event);
}

/// Asks some of those who wait, and holds for each what suits.
pub fn offer(cx: &mut Cx<'_>, event: &String) {
    let row = list(cx, event);
    let (since, mut last) = row.offering.expect("somebody is to be asked");
    let behind = (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded);
    let waiters = cx.engine.of(event).waiters.range(behind);
    let asked: Vec<u32> = waiters.map(|(number, _)| *number).take(ASKED).collect();
    let goes_on = asked.len() == ASKED;
    for number in asked {
        if !cx.engine.of(event).has_free() {
            cx.put(WAITLISTS, event, &WaitlistRow { offering: None, ..row });
            return;
        }
        ask(cx, event, number, row.offer_seconds);
        last = number;
    }
    let offering = goes_on.then_some((since, last));
    cx.put(WAITLISTS, event, &WaitlistRow { offering, ..row });
    if goes_on {
        cx.engine.of(event).deadlines.insert((since, Deadline::Offer));
    }
}

fn ask(cx: &mut Cx<'_>, event: &str, number: u32, seconds: u32) {
    let (key, now) = ((event.to_owned(), number), cx.now());
    let row = cx.get(WAITERS, &key).expect("whoever waits is on the list");
    let hall = cx.engine.of(event);
    let Ok((asked, places)) = suits(hall, &row.wish, now) else { return };
    let holding = row.wish.clone();
    let expires = now.plus(u64::from(seconds) * 1000);
    let view =
        holds::take(cx, Taking { holding, code: None, known: None, places, asked, expires, legs: None, parcel: None });
    let row = WaiterRow { state: Wanting::Offered(view.number), ..row };
    cx.engine.of(event).waiters.remove(&number);
    cx.put(WAITERS, &key, &row);
    say(cx, event, number, &row, Some(view.number), Event::WaitlistOffered);
}

/// What a waiter may have now.
///
/// # Errors
/// Why nothing.
pub fn suits(hall: &Hall, wish: &Holding, now: Time) -> Result<(u32, Places), Rejection> {
    holds::check_is_on_sale(hall, now, false)?;
    let asked = holds::count(hall, wish, 0)?;
    holds::check_limit(hall, &wish.buyer, asked)?;
    Ok((asked, finding::find(hall, wish, &Way::plain(now))?))
}

/// A waiter, for who shows the token.
///
/// # Errors
/// That there is none of this token.
pub fn show(view: &queries::View<'_>, on: &OnWaiter) -> Result<WaiterView, Rejection> {
    let hall = view.engine.get(&on.event).ok_or(Rejection::UnknownEvent)?;
    let row = view.get(WAITERS, &(on.event.clone(), on.waiter)).filter(|row| row.wish.token.is(&on.token));
    let WaiterRow { wish, joined, state } = row.ok_or(Rejection::UnknownWaiter)?;
    let held = match state {
        Wanting::Offered(number) => {
            let row = view.get(HOLDS, &(on.event.clone(), number)).expect("what was offered was held");
            Some((holds::show(hall, &on.event, number, &row), row.fate))
        }
        Wanting::Waits | Wanting::Left => None,
    };
    let state = match (&held, state) {
        (Some((_, Fate::Open)), _) => WaiterState::Offered,
        (Some((_, Fate::Ordered(..))), _) => WaiterState::Ordered,
        (Some((_, Fate::Released(_) | Fate::Expired(_))), _) => WaiterState::Passed,
        (None, Wanting::Left) => WaiterState::Left,
        (None, _) => WaiterState::Waiting,
    };
    let ahead = (state == WaiterState::Waiting).then(|| hall.waiters.range(..on.waiter).count());
    Ok(WaiterView {
        event: on.event.clone(),
        waiter: on.waiter,
        buyer: wish.buyer,
        state,
        ahead: ahead.and_then(|ahead| u32::try_from(ahead).ok()),
        hold: held.map(|(view, _)| view),
        joined_at: joined,
    })
}
