//! Payments: what a provider says of them, in whatever order and however often, and what an order makes of it.
//!
//! A payment whose money was taken pays its order, or it is to be given back, and that is said. One that comes when the
//! order's time is over gets the order's places all the same, if every one of them is still free.

use crate::tickets::channels::ANY_CHANNEL;
use crate::tickets::hall::{Deadline, Hall, Place};
use crate::tickets::holds::check_limit;
use crate::tickets::orders::{become_paid, show};
use crate::tickets::tables::{Fate, HOLDS, HoldRow, ORDERS, OrderRow, PAYMENTS, PaymentRow, Stage};
use crate::tickets::transition::{Cx, check_is_server, hall};
use crate::tickets::{codes, resale, rules};
use millrace_topics::money::AMOUNT_LIMIT;
use millrace_topics::tickets::{
    Event, Outcome, Paying, PaymentKind, PaymentNote, PaymentState, PaymentView, Rejection, order_id,
};
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// The longest id of a payment, in bytes.
pub const PAYMENT_ID_LIMIT: usize = 128;

/// Takes what a provider says.
///
/// # Errors
/// The refusal, before anything was written.
pub fn pay(cx: &mut Cx<'_>, paying: Paying) -> Result<Outcome, Rejection> {
    let Paying { on, payment, kind, amount } = paying;
    check_is_server(cx.caller())?;
    hall(cx, &on.event)?;
    check(&payment, amount)?;
    let key = (on.event, on.order);
    let mut row = cx.get(ORDERS, &key).ok_or(Rejection::UnknownOrder)?;
    let known = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone()));
    if let Some(known) = known.as_ref().filter(|known| !is_news(known, kind, amount)) {
        let order = show(hall(cx, &key.0)?, &key, &row);
        return Ok(Outcome::Paid(Box::new(order), view(payment, known)));
    }
    // The line: nothing below can be refused.
    let reported = reported(known, kind, amount, cx.now());
    put(cx, &key, payment.clone(), reported, amount, Event::PaymentReported);
    if kind == PaymentKind::Captured && !accept(cx, &key, &mut row, &payment, amount) {
        give_back(cx, &key, payment.clone(), amount);
    }
    let paid = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone())).expect("it was put just now");
    let order = show(cx.engine.of(&key.0), &key, &row);
    Ok(Outcome::Paid(Box::new(order), view(payment, &paid)))
}

/// Refuses what names no payment, or too much.
///
/// # Errors
/// The refusal.
pub fn check(payment: &str, amount: u64) -> Result<(), Rejection> {
    if payment.is_empty() || payment.len() > PAYMENT_ID_LIMIT {
        return Err(Rejection::BadRequest(format!("the id of a payment has 1 to {PAYMENT_ID_LIMIT} bytes")));
    }
    if amount > AMOUNT_LIMIT { Err(Rejection::TotalTooLarge(AMOUNT_LIMIT)) } else { Ok(()) }
}

/// A payment as it is by what a provider says. What came to nothing says no other amount.
#[must_use]
pub fn reported(known: Option<PaymentRow>, said: PaymentKind, amount: u64, now: Time) -> PaymentRow {
    let none = PaymentRow { state: PaymentState::Failed, amount, refund: 0, refunded: 0, changed_at: now };
    let known = known.unwrap_or(none);
    match said {
        PaymentKind::Captured => PaymentRow { state: PaymentState::Captured, amount, ..known },
        PaymentKind::Failed => known,
        // A provider may give back what nobody has asked for.
        PaymentKind::Refunded => owed(PaymentRow { refunded: amount, ..known }),
    }
}

/// True if what a provider says is not known already, or overtaken.
#[must_use]
pub fn is_news(known: &PaymentRow, said: PaymentKind, amount: u64) -> bool {
    match (known.state, said) {
        (_, PaymentKind::Refunded) => amount > known.refunded,
        (PaymentState::Failed, PaymentKind::Captured) => true,
        _ => false,
    }
}

/// A payment of which some is to be given back, or was.
#[must_use]
pub fn owed(row: PaymentRow) -> PaymentRow {
    let state = if row.refund > row.refunded { PaymentState::RefundDue } else { PaymentState::Refunded };
    PaymentRow { state, ..row }
}

/// There is money: it pays the order, or false if it is too much, too little or too late.
fn accept(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow, payment: &str, amount: u64) -> bool {
    if amount != row.total {
        return false;
    }
    let from = match row.stage {
        Stage::Pending => {
            cx.engine.of(&key.0).deadlines.remove(&(row.deadline, Deadline::Order(key.1)));
            Place::Held
        }
        Stage::Expired(_) if can_take_again(cx, &key.0, row) => {
            take_again(cx, key, row);
            Place::Free
        }
        Stage::Expired(_) | Stage::Paid(_) | Stage::Cancelled(_) => return false,
    };
    become_paid(cx, key, row, from, Some(payment.to_owned()));
    cx.put(ORDERS, key, row);
    true
}

/// True if every place of an order that is out of time is free, and the buyer may have so many.
fn can_take_again(cx: &Cx<'_>, event: &str, row: &OrderRow) -> bool {
    let hall = cx.engine.get(event).expect("an event that has orders has a hall");
    let many = u32::try_from(row.items.len()).expect("an order has few places");
    let within = check_limit(hall, &row.buyer, many).is_ok();
    let within = within && rules::check_household(hall, hall.household(row.hold), many).is_ok();
    if resale::is_resale(hall, row.hold) {
        return within && resale::can_take_again(cx, event, row.hold);
    }
    let legs = hall.legs_of(row.hold);
    let mut areas: BTreeMap<u16, u32> = BTreeMap::new();
    row.items.iter().filter(|item| item.spot.is_none()).for_each(|item| *areas.entry(item.category).or_default() += 1);
    within
        && codes::can_use_again(cx, event, row.code.as_ref())
        && row.items.iter().filter_map(|item| item.spot).all(|spot| hall.may_take(spot, ANY_CHANNEL, legs.as_ref()))
        && (legs.is_some() || row.items.iter().filter_map(|item| item.spot).all(|spot| hall.is_apart(spot)))
        && areas.into_iter().all(|(category, many)| hall.counts(category).free() >= many)
        && has_room(hall, row)
}

/// True if quotas have room for every place of an order.
fn has_room(hall: &Hall, row: &OrderRow) -> bool {
    let mut room = hall.room(row.placed, 0);
    row.items.iter().all(|item| room.take_one(&item.draw()))
}

/// The places of an order are its own again, by a hold that nobody could use for anything else.
fn take_again(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow) {
    let first = cx.get(HOLDS, &(key.0.clone(), row.hold)).expect("an order was made of a hold");
    codes::use_again(cx, &key.0, row.code.as_ref());
    let now = cx.now();
    let hall = cx.engine.of(&key.0);
    hall.holds += 1;
    let (before, number) = (row.hold, hall.holds);
    row.hold = number;
    resale::go_on(cx, &key.0, before, number);
    let hall = cx.engine.of(&key.0);
    let seats = row.items.iter().filter_map(|item| item.spot).map(|spot| hall.note(spot, row.hold)).collect();
    hall.give(&row.buyer, row.hold, u32::try_from(row.items.len()).expect("an order has few places"));
    let hold = HoldRow { at: now, expires: now, extended: 0, fate: Fate::Ordered(key.1, now), seats, ..first };
    cx.put(HOLDS, &(key.0.clone(), row.hold), &hold);
}

/// Notes that so much is to be given back for tickets of an order, by whoever paid for them.
pub fn give_back_for(cx: &mut Cx<'_>, key: &(String, u32), row: &OrderRow, back: u64) {
    if let Some((of, payment)) = resale::payer(cx, key, row) {
        give_back(cx, &of, payment, back);
    }
}

/// Notes that so much more of a payment is to be given back, and says how much that is by now, if it was not already.
pub fn give_back(cx: &mut Cx<'_>, key: &(String, u32), payment: String, back: u64) {
    let known = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone())).expect("what is given back was paid");
    if back == 0 {
        return;
    }
    let row = owed(PaymentRow { refund: known.refund + back, ..known });
    let due = row.refund.saturating_sub(row.refunded);
    put(cx, key, payment, row, due, if due > 0 { Event::RefundDue } else { Event::PaymentReported });
}

fn put(
    cx: &mut Cx<'_>,
    key: &(String, u32),
    payment: String,
    row: PaymentRow,
    amount: u64,
    event: fn(PaymentNote) -> Event,
) {
    let row = PaymentRow { changed_at: cx.now(), ..row };
    let currency = cx.engine.of(&key.0).plan.currency;
    let note = PaymentNote {
        event: key.0.clone(),
        order: order_id(&key.0, key.1),
        payment: payment.clone(),
        state: row.state,
        amount,
        currency,
    };
    cx.put(PAYMENTS, &(key.0.clone(), key.1, payment), &row);
    cx.say(&event(note));
}

/// A payment as people see it.
#[must_use]
pub fn view(payment: String, row: &PaymentRow) -> PaymentView {
    let PaymentRow { state, amount, refund, refunded, .. } = *row;
    PaymentView { payment, state, amount, refund, refunded }
}
