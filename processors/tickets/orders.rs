//! Orders: from a hold to tickets, and back again with everything that was counted.

use crate::tickets::hall::{Deadline, Hall, Place};
use crate::tickets::halls::{quantity, turn_items};
use crate::tickets::holds::{journey, open_hold, total};
use crate::tickets::tables::{Fate, HOLDS, HoldRow, Item, ORDERS, OrderRow, Priced, Stage};
use crate::tickets::transition::{Cx, arm, check_acts_for, check_is_server, hall};
use crate::tickets::{admission, codes, lists, payments, resale};
use millrace_topics::money::{AMOUNT_LIMIT, Money};
use millrace_topics::record::{Caller, Role};
use millrace_topics::tickets::{
    Area, Buying, Cause, Event, ItemState, ItemView, OnOrder, OrderNote, OrderState, OrderView, Outcome, Rejection,
    order_id, ticket_id,
};
use millrace_topics::time::Time;

/// Makes an order of a hold. What costs nothing is paid at once.
///
/// # Errors
/// The refusal, before anything was written.
pub fn place(cx: &mut Cx<'_>, buying: Buying) -> Result<Outcome, Rejection> {
    let Buying { on, buyer } = buying;
    hall(cx, &on.event)?;
    check_acts_for(cx.caller(), &buyer)?;
    let held = open_hold(cx, &on, &buyer)?;
    let total = total(&held.lines);
    let hall = hall(cx, &on.event)?;
    // Who sells a ticket on sells it by itself.
    let least = if resale::is_resale(hall, on.hold) { 1 } else { hall.plan.min_per_order };
    if quantity(&held.lines) < least {
        return Err(Rejection::TooFew(least));
    }
    if total > AMOUNT_LIMIT {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    // The line: nothing below can be refused.
    let (key, row) = make(cx, (on.event, on.hold), held, total == 0);
    admission::leave(cx, &key.0, &row.buyer);
    arm(cx, &key.0);
    Ok(Outcome::Ordered(Box::new(show(cx.engine.of(&key.0), &key, &row))))
}

/// An order of an open hold, which is paid at once if it costs nothing or the money is there.
pub fn make(cx: &mut Cx<'_>, of: (String, u32), held: HoldRow, is_paid: bool) -> ((String, u32), OrderRow) {
    let now = cx.now();
    let items = items(cx.engine.of(&of.0), &held, ItemState::Waiting);
    let items = resale::as_sold(cx, &of.0, of.1, items);
    let hall = cx.engine.of(&of.0);
    hall.orders += 1;
    let key = (of.0.clone(), hall.orders);
    let deadline = now.plus(u64::from(hall.plan.order_seconds) * 1000);
    hall.forget_hold(held.expires, of.1);
    hall.tokens.remove(&(held.token, of.1));
    if !is_paid {
        hall.deadlines.insert((deadline, Deadline::Order(key.1)));
    }
    let (total, stage, code) = (total(&held.lines), Stage::Pending, held.code.clone());
    let (hold, buyer) = (of.1, held.buyer.clone());
    let mut row = OrderRow { hold, buyer, code, placed: now, deadline, total, stage, paid: None, payment: None, items };
    cx.put(HOLDS, &of, &HoldRow { fate: Fate::Ordered(key.1, now), ..held });
    say(cx, &key, &row, Event::OrderPlaced);
    if is_paid {
        become_paid(cx, &key, &mut row, Place::Held, None);
    }
    cx.put(ORDERS, &key, &row);
    (key, row)
}

/// The places of a hold, one by one.
#[must_use]
pub fn items(hall: &Hall, held: &HoldRow, state: ItemState) -> Vec<Item> {
    let mut spots = held.seats.iter().map(|taken| taken.spot);
    let mut items = Vec::new();
    for Priced { category, quantity, price, fee, tier, channels } in held.lines.iter().copied() {
        for _ in 0..quantity {
            let spot = if hall.is_area(category) { None } else { spots.next() };
            items.push(Item {
                category,
                price,
                fee,
                tier,
                channels,
                spot,
                state,
                issue: 1,
                holder: None,
                scan: None,
                conflicts: Vec::new(),
            });
        }
    }
    items
}

/// The places of an order are sold, and its tickets are good.
pub fn become_paid(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow, from: Place, payment: Option<String>) {
    if resale::is_resale(cx.engine.of(&key.0), row.hold) {
        resale::settle(cx, key, row);
    } else {
        turn_items(cx.engine.of(&key.0), row.hold, &row.items, from, Place::Sold);
    }
    let now = cx.now();
    row.stage = Stage::Paid(now);
    row.paid = Some(now);
    let hall = cx.engine.of(&key.0);
    row.items.iter().for_each(|item| hall.count_sale(item.category, item.price, item.fee));
    row.payment = payment;
    row.items.iter_mut().for_each(|item| item.state = ItemState::Valid);
    if !resale::is_resale(cx.engine.of(&key.0), row.hold) {
        lists::note(cx, &key.0, row.hold, Cause::Paid, |_| lists::of_items(&row.items));
    }
    say(cx, key, row, Event::OrderPaid);
}

/// Ends an order that was not paid in time. Its places are remembered: a late payment may still get them.
pub fn expire(cx: &mut Cx<'_>, key: &(String, u32), mut row: OrderRow) {
    let hall = cx.engine.of(&key.0);
    let many = turn_items(hall, row.hold, &row.items, Place::Held, Place::Free);
    hall.take(&row.buyer, row.hold, many);
    resale::offer(cx, &key.0, row.hold, None);
    if !resale::is_resale(cx.engine.of(&key.0), row.hold) {
        lists::note(cx, &key.0, row.hold, Cause::OrderExpired, |_| lists::of_items(&row.items));
    }
    row.stage = Stage::Expired(cx.now());
    codes::give_back(cx, &key.0, row.code.as_ref());
    say(cx, key, &row, Event::OrderExpired);
    cx.put(ORDERS, key, &row);
}

/// Takes an order back.
///
/// # Errors
/// The refusal, before anything was written.
pub fn cancel(cx: &mut Cx<'_>, on: OnOrder) -> Result<Outcome, Rejection> {
    hall(cx, &on.event)?;
    let key = (on.event, on.order);
    let mut row = load(cx.get(ORDERS, &key), cx.caller())?;
    check_alone(hall(cx, &key.0)?, &row)?;
    let from = match row.stage {
        Stage::Pending => Place::Held,
        Stage::Paid(_) => Place::Sold,
        Stage::Expired(_) => return Err(Rejection::OrderEnded("expired".to_owned())),
        Stage::Cancelled(_) => return Err(Rejection::OrderEnded("cancelled".to_owned())),
    };
    if from == Place::Sold {
        check_is_server(cx.caller())?;
        let in_use = in_use(&key, &row);
        if !in_use.is_empty() {
            return Err(Rejection::Redeemed(in_use));
        }
        resale::check_not_held(cx, &key, &row)?;
    }
    // The line: nothing below can be refused.
    take_back(cx, &key, &mut row, from);
    Ok(Outcome::Order(Box::new(show(cx.engine.of(&key.0), &key, &row))))
}

/// The tickets of an order with which somebody has come in.
#[must_use]
pub fn in_use(key: &(String, u32), row: &OrderRow) -> Vec<String> {
    let scanned = kept(&row.items).filter(|(_, item)| item.scan.is_some());
    scanned.map(|(number, _)| ticket_id(&key.0, key.1, number)).collect()
}

/// Refuses what would give places of a package back in one of its events alone.
///
/// # Errors
/// The refusal.
pub fn check_alone(hall: &Hall, row: &OrderRow) -> Result<(), Rejection> {
    match hall.package_of(row.hold) {
        Some((package, _)) => Err(Rejection::PartOfPackage(package.clone())),
        None => Ok(()),
    }
}

/// Takes an order back, with everything that it counted for.
pub fn take_back(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow, from: Place) {
    if from == Place::Held {
        cx.engine.of(&key.0).deadlines.remove(&(row.deadline, Deadline::Order(key.1)));
    }
    let all: Vec<u32> = kept(&row.items).map(|(number, _)| number).collect();
    let back = revoke(cx, key, row, &all, from);
    end(cx, key, row);
    if from == Place::Sold {
        payments::give_back_for(cx, key, row, back);
    } else {
        resale::offer(cx, &key.0, row.hold, None);
    }
    cx.put(ORDERS, key, row);
}

/// The places of an order that were not given back, with their numbers from 1.
fn kept(items: &[Item]) -> impl Iterator<Item = (u32, &Item)> {
    (1..).zip(items).filter(|(_, item)| item.state.is_kept())
}

/// Takes places of an order back, by their numbers, and says what they cost.
pub fn revoke(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow, tickets: &[u32], from: Place) -> u64 {
    resale::forget(cx, key, &row.items, tickets);
    let of: Vec<(u32, Item)> =
        kept(&row.items).filter(|(number, _)| tickets.contains(number)).map(|(at, item)| (at, item.clone())).collect();
    let items: Vec<Item> = of.iter().map(|(_, item)| item.clone()).collect();
    let hall = cx.engine.of(&key.0);
    let many = turn_items(hall, row.hold, &items, from, Place::Free);
    hall.take(&row.buyer, row.hold, many);
    if from == Place::Sold {
        items.iter().for_each(|item| hall.count_refund(item.category, item.price, item.fee));
    }
    for (number, item) in (1..).zip(&mut row.items) {
        if tickets.contains(&number) && item.state.is_kept() {
            item.state = ItemState::Revoked;
        }
    }
    if from == Place::Sold || !resale::is_resale(hall, row.hold) {
        lists::note(cx, &key.0, row.hold, Cause::Revoked, |_| lists::of_items(&items));
    }
    let hall = cx.engine.of(&key.0);
    of.iter().map(|(number, item)| resale::worth(hall, row.hold, *number, item)).sum()
}

/// Ends an order of which nothing is left.
pub fn end(cx: &mut Cx<'_>, key: &(String, u32), row: &mut OrderRow) {
    row.stage = Stage::Cancelled(cx.now());
    codes::give_back(cx, &key.0, row.code.as_ref());
    say(cx, key, row, Event::OrderCancelled);
}

/// An order, for whom it is for and for servers.
///
/// # Errors
/// That there is none for who asks.
pub fn load(row: Option<OrderRow>, caller: &Caller) -> Result<OrderRow, Rejection> {
    let may_see = |row: &OrderRow| caller.role != Role::User || caller.id == row.buyer;
    row.filter(may_see).ok_or(Rejection::UnknownOrder)
}

fn say(cx: &mut Cx<'_>, key: &(String, u32), row: &OrderRow, event: fn(OrderNote) -> Event) {
    let hall = cx.engine.get(&key.0).expect("an event that has orders has a hall");
    let seats = row.items.iter().filter_map(|item| item.spot).map(|spot| hall.name(spot)).collect();
    let mut areas: Vec<Area> = Vec::new();
    for item in row.items.iter().filter(|item| item.spot.is_none()) {
        let id = &hall.plan.categories[usize::from(item.category)].id;
        match areas.iter_mut().find(|area| area.category == *id) {
            Some(area) => area.quantity += 1,
            None => areas.push(Area { category: id.clone(), quantity: 1 }),
        }
    }
    let note = OrderNote {
        event: key.0.clone(),
        order: order_id(&key.0, key.1),
        buyer: row.buyer.clone(),
        seats,
        areas,
        total: Money { amount: row.total, currency: hall.plan.currency },
        journey: journey(hall, row.hold),
    };
    cx.say(&event(note));
}

/// How far an order is, and since when.
#[must_use]
pub fn state(row: &OrderRow) -> (OrderState, Time) {
    match row.stage {
        Stage::Pending => (OrderState::Pending, row.placed),
        Stage::Paid(at) => (OrderState::Paid, at),
        Stage::Expired(at) => (OrderState::Expired, at),
        Stage::Cancelled(at) => (OrderState::Cancelled, at),
    }
}

/// An order as people see it.
#[must_use]
pub fn show(hall: &Hall, key: &(String, u32), row: &OrderRow) -> OrderView {
    let (event, number) = key;
    let item = |(nth, item): (u32, &Item)| ItemView {
        ticket: ticket_id(event, *number, nth),
        state: item.state,
        seat: item.spot.map(|spot| hall.name(spot)),
        category: hall.plan.categories[usize::from(item.category)].id.clone(),
        price: item.price,
        fee: item.fee,
        issue: item.issue,
        holder: item.holder.clone(),
        redeemed_at: item.scan.as_ref().map(|(_, at)| *at),
    };
    OrderView {
        order: order_id(event, *number),
        event: event.clone(),
        buyer: row.buyer.clone(),
        state: state(row).0,
        total: Money { amount: row.total, currency: hall.plan.currency },
        items: (1..).zip(&row.items).map(item).collect(),
        placed_at: row.placed,
        expires_at: (row.stage == Stage::Pending).then_some(row.deadline),
        paid_at: row.paid,
        payment: row.payment.clone(),
        journey: journey(hall, row.hold),
    }
}
