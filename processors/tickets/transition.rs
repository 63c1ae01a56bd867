//! What a command does to an event: checks by precedence, the line, then only writes.

use crate::runtime::ids;
use crate::tickets::hall::{Deadline, Hall};
use crate::tickets::rules::{self, Rules};
use crate::tickets::tables::{EVENTS, EventRow, HOLDS, MARKS, ORDERS, RULES};
use crate::tickets::{
    Ticketing, admission, changes, channels, codes, holds, orders, parts, payments, resale, scans, seats, tokens,
    waitlist,
};
use millrace_topics::record::{Caller, Role};
use millrace_topics::tickets::{
    Command, Event, EventPlan, Outcome, Placing, Pricing, Published, Rejection, Rule, Timer, Voucher,
};
use millrace_topics::time::Time;
use std::collections::BTreeSet;

pub(super) type Cx<'a> = crate::runtime::cx::Cx<'a, Ticketing>;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    if let Command::SetToken(time) = command {
        return tokens::set(cx, time);
    }
    let event = command.event().to_owned();
    let outcome = change_hall(cx, command)?;
    // After every command, whichever it was: what has come back is known in memory alone, and must not wait there.
    waitlist::wake(cx, &event);
    Ok(outcome)
}

fn change_hall(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    match command {
        Command::Publish(plan) => publish(cx, *plan, Vec::new()),
        Command::Hold(holding) => holds::hold(cx, *holding),
        Command::Extend(on) => holds::extend(cx, on),
        Command::Release(on) => holds::release(cx, on),
        Command::Order(buying) => orders::place(cx, buying),
        Command::Pay(paying) => payments::pay(cx, paying),
        Command::Cancel(on) => orders::cancel(cx, on),
        Command::HoldBy(by) => holds::hold_by(cx, *by),
        Command::Assign(assigning) => channels::assign(cx, *assigning),
        Command::SetCode(terms) => codes::set(cx, Voucher { terms, price: Pricing::Regular, until: None }),
        Command::SetVoucher(voucher) => codes::set(cx, voucher),
        Command::Refund(asked) => changes::refund(cx, asked),
        Command::Exchange(exchanging) => changes::exchange(cx, exchanging),
        Command::Rename(renaming) => changes::rename(cx, renaming),
        Command::Change(plan) => change(cx, *plan, Vec::new()),
        Command::CheckIn(scanning) => scans::check_in(cx, *scanning),
        Command::SetRoom(terms) => admission::set_room(cx, terms),
        Command::Admit(admitting) => Ok(admission::admit(cx, admitting)),
        Command::EndSessions(ending) => Ok(admission::end(cx, ending)),
        Command::Wait(wish) => waitlist::join(cx, *wish),
        Command::LeaveWaitlist(on) => waitlist::leave(cx, on),
        Command::SetWaitlist(terms) => waitlist::set(cx, terms),
        Command::Seat(seating) => seats::change(cx, Placing { seating: *seating, areas: Vec::new() }),
        Command::Place(placing) => seats::change(cx, *placing),
        Command::SetToken(_) => unreachable!("it is of no event"),
        Command::Retime(retiming) => tokens::retime(cx, retiming),
        Command::PublishBy(ruled) => publish(cx, ruled.plan, ruled.rules),
        Command::ChangeBy(ruled) => change(cx, ruled.plan, ruled.rules),
        Command::HoldWith(with) => holds::hold_with(cx, *with),
        Command::Transfer(transferring) => resale::transfer(cx, transferring),
        Command::Relist(relisting) => resale::relist(cx, relisting),
        Command::Unlist(ticket) => resale::unlist(cx, ticket),
        Command::Verify(verifying) => rules::verify(cx, *verifying),
        Command::HoldPart(asked) => Ok(parts::hold(cx, *asked)),
        Command::TurnPart(turn) => Ok(parts::turn(cx, turn)),
    }
}

/// Does what a timer was set for: ends the first that is out of time. What else is has the timer again at once, so that
/// a thousand holds that end together end in as many steps as the runner lets others wait for.
pub fn on_timer(cx: &mut Cx<'_>, timer: Timer) {
    let event = match timer {
        Timer::Due { event } => event,
        Timer::Token { token } => return tokens::forget(cx, token),
    };
    let now = cx.now();
    cx.engine.of(&event).armed = None;
    match take_due(cx.engine.of(&event), now) {
        Some(Deadline::Hold(number)) => {
            let key = (event.clone(), number);
            let row = cx.get(HOLDS, &key).expect("a hold with a deadline is there");
            holds::expire(cx, &key, row);
        }
        Some(Deadline::Order(number)) => {
            let key = (event.clone(), number);
            let row = cx.get(ORDERS, &key).expect("an order with a deadline is there");
            orders::expire(cx, &key, row);
        }
        Some(Deadline::Offer) => waitlist::offer(cx, &event),
        None => {}
    }
    waitlist::wake(cx, &event);
    arm(cx, &event);
}

fn take_due(hall: &mut Hall, now: Time) -> Option<Deadline> {
    let first = hall.deadlines.first().copied().filter(|(due, _)| *due <= now)?;
    hall.deadlines.remove(&first);
    Some(first.1)
}

/// Sets the event's one timer for what ends next, unless it is set for something earlier.
pub fn arm(cx: &mut Cx<'_>, event: &str) {
    if let Some(change) = cx.engine.of(event).arm() {
        rearm(cx, event, change);
    }
}

/// Sets the event's timer as its hall says.
pub fn rearm(cx: &mut Cx<'_>, event: &str, (due, later): (Time, Option<Time>)) {
    let timer = Timer::Due { event: event.to_owned() };
    if let Some(later) = later {
        cx.cancel_timer(later, &timer);
    }
    cx.set_timer(due, &timer);
}

/// The hall of an event.
///
/// # Errors
/// That there is no such event.
pub fn hall<'a>(cx: &'a Cx<'_>, event: &str) -> Result<&'a Hall, Rejection> {
    cx.engine.get(event).ok_or(Rejection::UnknownEvent)
}

/// Refuses whoever acts for somebody else, and may not.
///
/// # Errors
/// The refusal.
pub fn check_acts_for(caller: &Caller, buyer: &str) -> Result<(), Rejection> {
    let is_other = caller.role == Role::User && caller.id != buyer;
    if is_other { Err(Rejection::NotYourself) } else { Ok(()) }
}

/// Refuses users.
///
/// # Errors
/// The refusal.
pub fn check_is_server(caller: &Caller) -> Result<(), Rejection> {
    if caller.role == Role::User { Err(Rejection::RoleRequired) } else { Ok(()) }
}

fn publish(cx: &mut Cx<'_>, plan: EventPlan, rules: Vec<Rule>) -> Result<Outcome, Rejection> {
    check_is_server(cx.caller())?;
    if !ids::is_id(&plan.event) || ids::is_reserved(&plan.event) {
        return Err(Rejection::BadId);
    }
    if let Some(hall) = cx.engine.get(&plan.event) {
        let is_same = *hall.plan == plan && cx.get(RULES, &plan.event).unwrap_or_default() == rules;
        return if is_same { Ok(was_published(show(hall), rules)) } else { Err(Rejection::EventExists) };
    }
    let of = Rules::of(&rules).map_err(Rejection::BadRules)?;
    rules::check_fit(&plan, &of, None)?;
    let hall = Hall::build(plan, cx.now()).map_err(Rejection::BadPlan)?;
    // The line: nothing below can be refused.
    let published = show(&hall);
    let row = EventRow { plan: published.plan.clone(), published_at: cx.now() };
    let event = row.plan.event.clone();
    cx.put(EVENTS, &event, &row);
    cx.engine.put(event, hall);
    cx.say(&Event::EventPublished(Box::new(published.clone())));
    rules::set(cx, &published.plan.event, rules.clone());
    let published = Box::new(published);
    Ok(if rules.is_empty() { Outcome::Published(published) } else { Outcome::PublishedBy(published, rules) })
}

fn was_published(published: Published, rules: Vec<Rule>) -> Outcome {
    let published = Box::new(published);
    if rules.is_empty() { Outcome::WasPublished(published) } else { Outcome::WasPublishedBy(published, rules) }
}

/// Changes the plan of an event, but for what somebody has or had.
fn change(cx: &mut Cx<'_>, plan: EventPlan, rules: Vec<Rule>) -> Result<Outcome, Rejection> {
    check_is_server(cx.caller())?;
    let before = hall(cx, &plan.event)?;
    let of = Rules::of(&rules).map_err(Rejection::BadRules)?;
    rules::check_fit(&plan, &of, Some(&before.rules))?;
    let too_small = before.too_small(&of);
    if !too_small.is_empty() {
        return Err(Rejection::Owned(too_small));
    }
    if *before.plan == plan {
        // The line, where only the rules are others: nothing below can be refused.
        let published = show(before);
        rules::set(cx, &published.plan.event, rules.clone());
        return Ok(was_published(published, rules));
    }
    if before.plan.currency != plan.currency || before.plan.max_per_buyer.is_some() != plan.max_per_buyer.is_some() {
        let fault = "the currency stays, and a limit for buyers stays one or none".to_owned();
        return Err(Rejection::BadPlan(fault));
    }
    let range = MARKS.under(&(plan.event.clone(),));
    let rows = cx.scan(MARKS, &range);
    let (marked, plain): (Vec<_>, Vec<_>) = rows.partition(|(_, marks)| marks.iter().any(|mark| *mark != 0));
    let marked: BTreeSet<u16> = marked.into_iter().map(|((_, row), _)| row).collect();
    let mut hall = Hall::build(plan, before.published_at).map_err(Rejection::BadPlan)?;
    hall.take_over(before, &marked).map_err(Rejection::Owned)?;
    // The line: nothing below can be refused.
    let published = show(&hall);
    let row = EventRow { plan: published.plan.clone(), published_at: hall.published_at };
    let event = row.plan.event.clone();
    cx.put(EVENTS, &event, &row);
    // Rows whose seats are all everybody's are what the plan says.
    plain.into_iter().for_each(|(key, _)| cx.delete(MARKS, &key));
    cx.engine.put(event, hall);
    cx.say(&Event::PlanChanged(Box::new(published.clone())));
    rules::set(cx, &published.plan.event, rules.clone());
    Ok(was_published(published, rules))
}

/// An event as people see it.
#[must_use]
pub fn show(hall: &Hall) -> Published {
    Published { plan: (*hall.plan).clone(), capacity: hall.capacity(), published_at: hall.published_at }
}
