//! What may be done with tickets that are paid: taken back one by one, exchanged for other places, and given a name.

pub mod routes;

use crate::tickets::hall::{Deadline, Place};
use crate::tickets::halls::turn_hold;
use crate::tickets::holds::{open_hold, total};
use crate::tickets::orders::{check_alone, end, items, load, revoke, show};
use crate::tickets::tables::{Fate, HOLDS, HoldRow, ORDERS, OrderRow, Stage};
use crate::tickets::transition::{Cx, arm, check_is_server, hall};
use crate::tickets::{codes, lists, payments};
use millrace_topics::tickets::{
    Cause, Event, Exchanging, ItemState, OnHold, OnOrder, OnTickets, Outcome, Rejection, Renaming, TicketNote,
    order_id, ticket_id,
};

/// The most places that an order has ever had: exchanges add to them.
pub const ITEM_LIMIT: usize = 1000;

/// The longest name on a ticket, in bytes.
pub const HOLDER_LIMIT: usize = 256;

/// Takes some tickets of an order back. With the last of them the order ends.
///
/// # Errors
/// The refusal, before anything was written.
pub fn refund(cx: &mut Cx<'_>, asked: OnTickets) -> Result<Outcome, Rejection> {
    check_is_server(cx.caller())?;
    let (key, mut row) = paid(cx, asked.on)?;
    check_alone(hall(cx, &key.0)?, &row)?;
    check_good(&key, &row, &asked.tickets)?;
    // The line: nothing below can be refused.
    let back = revoke(cx, &key, &mut row, &asked.tickets, Place::Sold);
    say(cx, &key, &row, &asked.tickets, &[], Event::TicketsRefunded);
    if !row.items.iter().any(|item| item.state.is_kept()) {
        end(cx, &key, &mut row);
    }
    Ok(keep(cx, &key, &row, back))
}

/// Gives some tickets of an order back for the places of a hold. What those cost less is to be given back.
///
/// # Errors
/// The refusal, before anything was written.
pub fn exchange(cx: &mut Cx<'_>, exchanging: Exchanging) -> Result<Outcome, Rejection> {
    let Exchanging { on: OnTickets { on, tickets }, hold, token } = exchanging;
    let (key, mut row) = paid(cx, on)?;
    check_alone(hall(cx, &key.0)?, &row)?;
    check_good(&key, &row, &tickets)?;
    let held = open_hold(cx, &OnHold { event: key.0.clone(), hold, token }, &row.buyer)?;
    let hall = hall(cx, &key.0)?;
    if [row.hold, hold].iter().any(|hold| hall.kinds.contains_key(hold)) {
        let fault = "tickets that were sold on, given away or are for some legs are not exchanged".to_owned();
        return Err(Rejection::BadRequest(fault));
    }
    if hall.household(row.hold) != hall.household(hold) {
        return Err(Rejection::BadRequest("the hold is for another household than the order".to_owned()));
    }
    let old: u64 = picked(&row, &tickets).map(|item| item.price + item.fee).sum();
    let new = total(&held.lines);
    if new > old {
        return Err(Rejection::CostsMore(new - old));
    }
    let others = items(hall, &held, ItemState::Valid);
    if row.items.len() + others.len() > ITEM_LIMIT {
        return Err(Rejection::BadRequest(format!("an order has at most {ITEM_LIMIT} places, with those given back")));
    }
    // The line: nothing below can be refused.
    let now = cx.now();
    revoke(cx, &key, &mut row, &tickets, Place::Sold);
    let hall = cx.engine.of(&key.0);
    hall.deadlines.remove(&(held.expires, Deadline::Hold(hold)));
    hall.tokens.remove(&(held.token, hold));
    turn_hold(hall, hold, &held, Place::Held, Place::Sold);
    others.iter().for_each(|item| hall.count_sale(item.category, item.price, item.fee));
    match (&row.code, &held.code) {
        // An order has one use at most.
        (Some(_), Some(_)) => codes::give_back(cx, &key.0, held.code.as_ref()),
        (None, Some(_)) => row.code.clone_from(&held.code),
        (_, None) => {}
    }
    lists::note(cx, &key.0, hold, Cause::Exchanged, |hall| lists::of_hold(hall, &held));
    cx.put(HOLDS, &(key.0.clone(), hold), &HoldRow { fate: Fate::Ordered(key.1, now), ..held });
    let first = u32::try_from(row.items.len()).expect("an order has few places") + 1;
    let numbers: Vec<u32> = (first..).take(others.len()).collect();
    row.items.extend(others);
    say(cx, &key, &row, &tickets, &numbers, Event::TicketsExchanged);
    arm(cx, &key.0);
    Ok(keep(cx, &key, &row, old - new))
}

/// Puts a name on a ticket. The code that it had is good no more.
///
/// # Errors
/// The refusal, before anything was written.
pub fn rename(cx: &mut Cx<'_>, renaming: Renaming) -> Result<Outcome, Rejection> {
    let Renaming { on, ticket, holder } = renaming;
    if holder.is_empty() || holder.len() > HOLDER_LIMIT {
        return Err(Rejection::BadRequest(format!("a name has 1 to {HOLDER_LIMIT} bytes")));
    }
    let (key, mut row) = paid(cx, on)?;
    check_good(&key, &row, &[ticket])?;
    // The line: nothing below can be refused.
    let item = row.items.get_mut(ticket as usize - 1).expect("it is good");
    if item.holder.as_ref() != Some(&holder) {
        item.holder = Some(holder);
        item.issue += 1;
        say(cx, &key, &row, &[ticket], &[], Event::TicketRenamed);
    }
    Ok(keep(cx, &key, &row, 0))
}

/// A paid order, for whom it is for and for servers.
///
/// # Errors
/// That there is none for who asks, or that it is not paid.
pub fn paid(cx: &Cx<'_>, on: OnOrder) -> Result<((String, u32), OrderRow), Rejection> {
    hall(cx, &on.event)?;
    let key = (on.event, on.order);
    let row = load(cx.get(ORDERS, &key), cx.caller())?;
    if matches!(row.stage, Stage::Paid(_)) { Ok((key, row)) } else { Err(Rejection::NotPaid) }
}

fn picked<'a>(row: &'a OrderRow, tickets: &'a [u32]) -> impl Iterator<Item = &'a crate::tickets::tables::Item> {
    (1..).zip(&row.items).filter(|(number, _)| tickets.contains(number)).map(|(_, item)| item)
}

/// Refuses tickets that are not there, named twice, given back, or in use.
///
/// # Errors
/// The refusal, with the tickets.
pub fn check_good(key: &(String, u32), row: &OrderRow, tickets: &[u32]) -> Result<(), Rejection> {
    if tickets.is_empty() || tickets.len() > ITEM_LIMIT {
        return Err(Rejection::BadRequest(format!("1 to {ITEM_LIMIT} tickets are named")));
    }
    let item = |number: u32| number.checked_sub(1).and_then(|at| row.items.get(at as usize));
    let named = |which: &dyn Fn(&(usize, u32)) -> bool| -> Vec<String> {
        let found = tickets.iter().copied().enumerate().filter(which);
        found.map(|(_, number)| ticket_id(&key.0, key.1, number)).collect()
    };
    let bad = named(&|(at, number)| {
        tickets[..*at].contains(number) || item(*number).is_none_or(|item| item.state != ItemState::Valid)
    });
    if !bad.is_empty() {
        return Err(Rejection::BadTickets(bad));
    }
    let in_use = named(&|(_, number)| item(*number).is_some_and(|item| item.scan.is_some()));
    if in_use.is_empty() { Ok(()) } else { Err(Rejection::Redeemed(in_use)) }
}

fn say(
    cx: &mut Cx<'_>,
    key: &(String, u32),
    row: &OrderRow,
    tickets: &[u32],
    others: &[u32],
    event: fn(TicketNote) -> Event,
) {
    let ids = |numbers: &[u32]| numbers.iter().map(|number| ticket_id(&key.0, key.1, *number)).collect();
    let (event_id, order, buyer) = (key.0.clone(), order_id(&key.0, key.1), row.buyer.clone());
    cx.say(&event(TicketNote { event: event_id, order, buyer, tickets: ids(tickets), others: ids(others) }));
}

/// Keeps an order of which so much is to be given back.
fn keep(cx: &mut Cx<'_>, key: &(String, u32), row: &OrderRow, back: u64) -> Outcome {
    payments::give_back_for(cx, key, row, back);
    cx.put(ORDERS, key, row);
    Outcome::Order(Box::new(show(cx.engine.of(&key.0), key, row)))
}
