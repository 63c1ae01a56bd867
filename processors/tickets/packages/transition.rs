//! What a command does to a package: checks by precedence, the line, then only writes.

use crate::runtime::ids;
use crate::tickets::hall::CHANNEL_LIMIT;
use crate::tickets::holds::check_buyer;
use crate::tickets::packages::tables::{HOLDS, HoldRow, PACKAGES, PackageRow, PartRow, Stage};
use crate::tickets::packages::{Packages, asking, money, returning};
use millrace_topics::money::{AMOUNT_LIMIT, Money};
use millrace_topics::record::{Caller, Role};
use millrace_topics::tickets::{
    OnPackageHold, OnPackageOrder, PackageBuying, PackageCommand, PackageEvent, PackageHoldView, PackageHolding,
    PackageNote, PackageOutcome, PackageState, PackageTerms, PackageTimer, PartAnswer, PartNote, PartSaid, PartStep,
    PartWish, Pricing, Rejection,
};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;
use std::collections::BTreeSet;

pub(super) type Cx<'a> = crate::runtime::cx::Cx<'a, Packages>;

/// A package, and the number of a hold.
pub type Key = (String, u32);

/// The most events of a package.
pub const EVENTS_LIMIT: usize = 100;

/// The most seconds of a package's times: 30 days.
pub const SECONDS_LIMIT: u32 = 2_592_000;

/// The longest that is waited for answers of events, in seconds.
pub const ANSWER_LIMIT: u32 = 300;

/// The most seats that are named for one event.
pub const SEATS_LIMIT: usize = 100;

/// The longest name of a seat, a section, a category or a package, in bytes.
pub const NAME_LIMIT: usize = 256;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: PackageCommand) -> Result<PackageOutcome, Rejection> {
    match command {
        PackageCommand::Define(terms) => define(cx, *terms),
        PackageCommand::Hold(holding) => hold(cx, *holding),
        PackageCommand::Extend(on) => extend(cx, on),
        PackageCommand::Release(on) => release(cx, on),
        PackageCommand::Order(buying) => order(cx, buying),
        PackageCommand::Pay(paying) => money::pay(cx, paying),
        PackageCommand::Cancel(on) => cancel(cx, on),
        PackageCommand::Said(said) => Ok(hear(cx, said)),
    }
}

/// Ends what is out of time.
///
/// # Panics
/// If there is no such hold: it has a timer.
pub fn on_timer(cx: &mut Cx<'_>, package: String, number: u32) {
    let key = (package, number);
    let mut row = cx.get(HOLDS, &key).expect("a hold that has a timer is there");
    row.due = None;
    let now = cx.now();
    match row.stage {
        Stage::Asking(_) | Stage::Retaking(..) => asking::fail(cx, &key, &mut row, None, Rejection::NotAnswered),
        Stage::Returning(_) => returning::keep(cx, &key, &mut row, None, Rejection::NotAnswered),
        Stage::Held => end(cx, &key, &mut row, Stage::Lapsed(now), PackageEvent::PackageExpired),
        Stage::Pending => end(cx, &key, &mut row, Stage::Expired(now), PackageEvent::PackageExpired),
        _ => unreachable!("what has ended has no timer"),
    }
    cx.put(HOLDS, &key, &row);
}

fn define(cx: &mut Cx<'_>, terms: PackageTerms) -> Result<PackageOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    if !ids::is_id(&terms.package) || ids::is_reserved(&terms.package) {
        return Err(Rejection::BadId);
    }
    if let Some(known) = cx.get(PACKAGES, &terms.package) {
        let is_same = known.terms == terms;
        return if is_same { Ok(PackageOutcome::WasDefined(Box::new(terms))) } else { Err(Rejection::PackageExists) };
    }
    check_terms(&terms).map_err(Rejection::BadPackage)?;
    // The line: nothing below can be refused.
    cx.put(PACKAGES, &terms.package, &PackageRow { terms: terms.clone(), last: 0 });
    cx.say(&PackageEvent::PackageDefined(Box::new(terms.clone())));
    Ok(PackageOutcome::Defined(Box::new(terms)))
}

fn check_terms(terms: &PackageTerms) -> Result<(), String> {
    if !(2..=EVENTS_LIMIT).contains(&terms.events.len()) {
        return Err(format!("a package has 2 to {EVENTS_LIMIT} events"));
    }
    let unique: BTreeSet<&String> = terms.events.iter().map(|part| &part.event).collect();
    if unique.len() < terms.events.len() || unique.iter().any(|event| !ids::is_id(event)) {
        return Err("each event of a package is named once, by its id".to_owned());
    }
    if terms.title.len() > NAME_LIMIT {
        return Err(format!("a title has at most {NAME_LIMIT} bytes"));
    }
    for part in &terms.events {
        if part.channels.len() > CHANNEL_LIMIT || part.channels.iter().any(|channel| !ids::is_id(channel)) {
            return Err(format!("at most {CHANNEL_LIMIT} channels are named, by their ids"));
        }
        match part.price {
            Pricing::Discount { percent } if percent > 100 => return Err("a discount is 0 to 100 percent".to_owned()),
            Pricing::Fixed { price } if price > AMOUNT_LIMIT / 1000 => {
                return Err(format!("a price is at most {} minor units", AMOUNT_LIMIT / 1000));
            }
            _ => {}
        }
    }
    let seconds = [terms.hold_seconds, terms.order_seconds];
    if seconds.iter().any(|seconds| !(1..=SECONDS_LIMIT).contains(seconds)) {
        return Err(format!("`hold_seconds` and `order_seconds` are 1 to {SECONDS_LIMIT}"));
    }
    if !(1..=ANSWER_LIMIT).contains(&terms.answer_seconds) {
        return Err(format!("`answer_seconds` is 1 to {ANSWER_LIMIT}"));
    }
    Ok(())
}

fn hold(cx: &mut Cx<'_>, holding: PackageHolding) -> Result<PackageOutcome, Rejection> {
    let PackageHolding { package, buyer, token, wishes } = holding;
    let known = cx.get(PACKAGES, &package).ok_or(Rejection::UnknownPackage)?;
    if cx.caller().role == Role::User && cx.caller().id != buyer {
        return Err(Rejection::NotYourself);
    }
    check_buyer(&buyer)?;
    check_wishes(&known.terms, &wishes)?;
    // The line: nothing below can be refused.
    let now = cx.now();
    let key = (package, known.last + 1);
    cx.put(PACKAGES, &key.0, &PackageRow { last: key.1, ..known.clone() });
    let mut events: Vec<String> = known.terms.events.iter().map(|part| part.event.clone()).collect();
    events.sort_unstable();
    let mut row = HoldRow {
        buyer,
        token,
        wishes,
        at: now,
        expires: now.plus(u64::from(known.terms.hold_seconds) * 1000),
        extended: 0,
        attempt: 0,
        tries: 0,
        besides: None,
        stage: Stage::Held,
        parts: events.into_iter().map(|event| PartRow { event, view: None, layout: 0 }).collect(),
        refused: None,
        due: None,
        ordered: None,
        paid: None,
        payment: None,
    };
    let deadline = row.expires.min(now.plus(u64::from(known.terms.answer_seconds) * 1000));
    asking::begin(cx, &key, &mut row, deadline, Stage::Asking);
    set_due(cx, &key, &mut row, Some(deadline));
    cx.put(HOLDS, &key, &row);
    Ok(PackageOutcome::Begun(Box::new(show(&key, &row))))
}

/// Refuses wishes of which some are for no event, or none for one.
fn check_wishes(terms: &PackageTerms, wishes: &[PartWish]) -> Result<(), Rejection> {
    let refused = |text: &str| Err(Rejection::BadRequest(text.to_owned()));
    let named: Vec<&String> = wishes.iter().filter_map(|wish| wish.event.as_ref()).collect();
    let unique: BTreeSet<&String> = named.iter().copied().collect();
    let has_rest = wishes.iter().filter(|wish| wish.event.is_none()).count();
    if unique.len() < named.len() || has_rest > 1 {
        return refused("something is wanted of each event once");
    }
    if named.iter().any(|event| terms.events.iter().all(|part| part.event != **event)) {
        return refused("something is wanted of an event that the package does not have");
    }
    if has_rest == 0 && named.len() < terms.events.len() {
        return refused("something is wanted of each event of the package");
    }
    if terms.season && !named.is_empty() {
        return refused("a season has the same seats in each of its events");
    }
    if wishes.iter().any(|wish| wish.seats.len() > SEATS_LIMIT || wish.areas.len() > SEATS_LIMIT) {
        return refused("at most 100 seats and areas of an event are named");
    }
    if wishes.iter().flat_map(names).any(|name| name.len() > NAME_LIMIT) {
        return refused("no seat, section or category has so long a name");
    }
    Ok(())
}

/// The names that a wish says.
fn names(wish: &PartWish) -> impl Iterator<Item = &String> {
    let best = wish.best.iter().flat_map(|best| best.category.iter().chain(&best.section));
    wish.seats.iter().chain(wish.areas.iter().map(|area| &area.category)).chain(best)
}

/// A hold, for who shows its token.
///
/// # Errors
/// That there is none of this token.
pub fn load(row: Option<HoldRow>, token: TokenHash, caller: &Caller) -> Result<HoldRow, Rejection> {
    let is_own = |row: &HoldRow| row.token.is(&token) && (caller.role != Role::User || caller.id == row.buyer);
    row.filter(is_own).ok_or(Rejection::UnknownHold)
}

/// A hold that nothing has become of yet.
fn open(cx: &Cx<'_>, on: OnPackageHold) -> Result<(Key, HoldRow), Rejection> {
    if cx.get(PACKAGES, &on.package).is_none() {
        return Err(Rejection::UnknownPackage);
    }
    let key = (on.package, on.hold);
    let row = load(cx.get(HOLDS, &key), on.token, cx.caller())?;
    match &row.stage {
        Stage::Held => Ok((key, row)),
        Stage::Asking(_) => Err(Rejection::NotAnswered),
        Stage::Refused(_) => Err(row.refused.map_or(Rejection::NotAnswered, |(_, why)| *why)),
        Stage::Released(_) => Err(Rejection::HoldReleased),
        Stage::Lapsed(at) => Err(Rejection::HoldExpired(*at)),
        _ => Err(Rejection::HoldOrdered { order: key.1.to_string() }),
    }
}

fn extend(cx: &mut Cx<'_>, on: OnPackageHold) -> Result<PackageOutcome, Rejection> {
    let (key, mut row) = open(cx, on)?;
    let terms = asking::terms(cx, &key.0);
    if row.extended >= terms.extensions {
        return Err(Rejection::ExtendedTooOften(terms.extensions));
    }
    // The line: nothing below can be refused.
    row.extended += 1;
    let expires = cx.now().plus(u64::from(terms.hold_seconds) * 1000);
    row.expires = expires;
    set_due(cx, &key, &mut row, Some(expires));
    note(cx, &key, &row, PackageEvent::PackageExtended);
    Ok(keep(cx, &key, &row))
}

fn release(cx: &mut Cx<'_>, on: OnPackageHold) -> Result<PackageOutcome, Rejection> {
    let (key, mut row) = open(cx, on)?;
    // The line: nothing below can be refused.
    let released = Stage::Released(cx.now());
    end(cx, &key, &mut row, released, PackageEvent::PackageReleased);
    Ok(keep(cx, &key, &row))
}

fn order(cx: &mut Cx<'_>, buying: PackageBuying) -> Result<PackageOutcome, Rejection> {
    let (key, mut row) = open(cx, buying.on)?;
    if row.buyer != buying.buyer {
        return Err(Rejection::WrongBuyer);
    }
    if row.total() > AMOUNT_LIMIT {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    // The line: nothing below can be refused.
    let now = cx.now();
    row.ordered = Some(now);
    row.stage = Stage::Pending;
    let expires = now.plus(u64::from(asking::terms(cx, &key.0).order_seconds) * 1000);
    row.expires = expires;
    set_due(cx, &key, &mut row, Some(expires));
    note(cx, &key, &row, PackageEvent::PackageOrdered);
    if row.total() == 0 {
        money::become_paid(cx, &key, &mut row, None);
    }
    Ok(keep(cx, &key, &row))
}

/// An order, for whom it is for and for servers.
///
/// # Errors
/// That there is none for who asks.
pub fn load_order(cx: &Cx<'_>, on: OnPackageOrder) -> Result<(Key, HoldRow), Rejection> {
    let key = (on.package, on.order);
    let row = may_see(cx.get(HOLDS, &key), cx.caller())?;
    Ok((key, row))
}

/// The same of a row.
///
/// # Errors
/// That there is none for who asks.
pub fn may_see(row: Option<HoldRow>, caller: &Caller) -> Result<HoldRow, Rejection> {
    let may_see = |row: &HoldRow| row.ordered.is_some() && (caller.role != Role::User || caller.id == row.buyer);
    row.filter(may_see).ok_or(Rejection::UnknownOrder)
}

fn cancel(cx: &mut Cx<'_>, on: OnPackageOrder) -> Result<PackageOutcome, Rejection> {
    let (key, mut row) = load_order(cx, on)?;
    match row.stage {
        Stage::Pending => {}
        Stage::Paid(_) if cx.caller().role == Role::User => return Err(Rejection::RoleRequired),
        Stage::Paid(_) => {}
        Stage::Expired(_) => return Err(Rejection::OrderEnded("expired".to_owned())),
        Stage::Cancelled(_) => return Err(Rejection::OrderEnded("cancelled".to_owned())),
        _ => return Err(Rejection::NotAnswered),
    }
    // The line: nothing below can be refused.
    if row.stage == Stage::Pending {
        let cancelled = Stage::Cancelled(cx.now());
        end(cx, &key, &mut row, cancelled, PackageEvent::PackageCancelled);
        return Ok(keep(cx, &key, &row));
    }
    returning::begin(cx, &key, &mut row);
    cx.put(HOLDS, &key, &row);
    Ok(PackageOutcome::Begun(Box::new(show(&key, &row))))
}

/// An event has answered.
///
/// # Panics
/// If there is no such hold: it has asked.
fn hear(cx: &mut Cx<'_>, said: PartSaid) -> PackageOutcome {
    let PartSaid { part, said } = said;
    let key = (part.package.clone(), part.number);
    let mut row = cx.get(HOLDS, &key).expect("a hold that has asked is there");
    match said {
        PartAnswer::Held(view, layout) => asking::held(cx, &key, &mut row, &part, *view, layout),
        PartAnswer::Refused(why, map) => asking::refused(cx, &key, &mut row, &part, *why, map),
        PartAnswer::Ordered(order) => {
            let of = row.parts.iter_mut().find(|of| of.event == part.event).expect("it is one of its events");
            of.view.as_mut().expect("what is ordered was held").order = Some(order);
        }
        PartAnswer::MayGo => returning::may_go(cx, &key, &mut row, &part),
        PartAnswer::MayNotGo(why) => {
            let why = Rejection::InPackage { event: part.event.clone(), why };
            returning::keep(cx, &key, &mut row, Some(&part), why);
        }
    }
    cx.put(HOLDS, &key, &row);
    PackageOutcome::Noted
}

/// Ends what is held or waits for its payment: every event gives its part back.
fn end(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, stage: Stage, event: fn(PackageNote) -> PackageEvent) {
    let events: Vec<String> = row.parts.iter().map(|part| part.event.clone()).collect();
    events.iter().for_each(|of| asking::tell(cx, key, row, of, PartStep::Release));
    row.stage = stage;
    set_due(cx, key, row, None);
    note(cx, key, row, event);
}

/// Sets the one timer of a hold.
pub fn set_due(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, due: Option<Time>) {
    let timer = PackageTimer::Due { package: key.0.clone(), number: key.1 };
    if let Some(before) = std::mem::replace(&mut row.due, due) {
        cx.cancel_timer(before, &timer);
    }
    if let Some(due) = due {
        cx.set_timer(due, &timer);
    }
}

fn keep(cx: &mut Cx<'_>, key: &Key, row: &HoldRow) -> PackageOutcome {
    cx.put(HOLDS, key, row);
    PackageOutcome::Changed(Box::new(show(key, row)))
}

/// Says what happened to a hold or an order.
pub fn note(cx: &mut Cx<'_>, key: &Key, row: &HoldRow, event: fn(PackageNote) -> PackageEvent) {
    let views = row.parts.iter().filter_map(|part| part.view.as_ref());
    let part = |view: &millrace_topics::tickets::PartView| PartNote {
        event: view.event.clone(),
        seats: view.seats.clone(),
        areas: view.areas.clone(),
    };
    let note = PackageNote {
        package: key.0.clone(),
        number: key.1,
        buyer: row.buyer.clone(),
        events: views.map(part).collect(),
        total: total(row).expect("what is said of it happens when all events hold it"),
        expires_at: row.expires,
    };
    cx.say(&event(note));
}

fn total(row: &HoldRow) -> Option<Money> {
    let first = row.parts[0].view.as_ref()?;
    let is_whole = row.parts.iter().all(|part| part.view.is_some());
    is_whole.then(|| Money { amount: row.total(), currency: first.total.currency })
}

/// A hold or an order as people see it.
#[must_use]
pub fn show(key: &Key, row: &HoldRow) -> PackageHoldView {
    PackageHoldView {
        package: key.0.clone(),
        number: key.1,
        attempt: row.attempt,
        buyer: row.buyer.clone(),
        state: match row.stage {
            Stage::Asking(_) => PackageState::Asking,
            Stage::Held => PackageState::Held,
            Stage::Refused(_) => PackageState::Refused,
            Stage::Released(_) => PackageState::Released,
            Stage::Lapsed(_) => PackageState::Lapsed,
            Stage::Pending => PackageState::Pending,
            Stage::Expired(_) => PackageState::Expired,
            Stage::Retaking(..) => PackageState::Retaking,
            Stage::Paid(_) => PackageState::Paid,
            Stage::Returning(_) => PackageState::Returning,
            Stage::Cancelled(_) => PackageState::Cancelled,
        },
        parts: row.parts.iter().filter_map(|part| part.view.clone()).collect(),
        total: total(row),
        expires_at: row.expires,
        ordered: row.ordered.is_some(),
        paid_at: row.paid,
        payment: row.payment.clone(),
        refused: row.refused.clone(),
    }
}
