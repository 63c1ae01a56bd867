//! Tickets that go from one buyer to another. One that is given away, or sold on, is a ticket of another order from then on;
//! the codes that it had are good no more. Until somebody has paid for a ticket that is offered, it is whose it was.
//!
//! A place that goes on stays sold all the while: what was sold counts it once, with what it cost first. What was paid for it
//! since is between buyers, and said ([`Event::TicketResold`]).

pub mod routes;

use crate::tickets::hall::{Deadline, Hall};
use crate::tickets::holds::{self, check_buyer, check_limit};
use crate::tickets::orders::check_alone;
use crate::tickets::rules::{self, Terms};
use crate::tickets::tables::{
    Fate, HOLDS, HoldRow, Item, KINDS, Kind, LISTINGS, ListingRow, NO_TOKEN, ORDERS, OrderRow, Priced, Stage, Ware,
};
use crate::tickets::transition::{Cx, check_acts_for, hall};
use crate::tickets::{admission, changes};
use millrace_topics::money::Money;
use millrace_topics::tickets::{
    Event, Holding, ItemState, Listing, Moved, OnTicket, Outcome, Rejection, Relisting, Transferring, order_id,
    ticket_id,
};

type Key = (String, u32);

/// Gives a ticket to somebody else.
///
/// # Errors
/// The refusal, before anything was written.
pub fn transfer(cx: &mut Cx<'_>, transferring: Transferring) -> Result<Outcome, Rejection> {
    let Transferring { ticket: OnTicket { on, ticket }, to } = transferring;
    check_buyer(&to)?;
    let (key, row) = changes::paid(cx, on)?;
    check_alone(hall(cx, &key.0)?, &row)?;
    changes::check_good(&key, &row, &[ticket])?;
    if hall(cx, &key.0)?.all_legs().is_some() {
        return Err(Rejection::BadRequest("a seat that is sold leg by leg is not given away".to_owned()));
    }
    if to == row.buyer {
        return Err(Rejection::BadRequest("the ticket is the buyer's already".to_owned()));
    }
    check_limit(hall(cx, &key.0)?, &to, 1)?;
    // The line: nothing below can be refused.
    let moved = hand_over(cx, &key, ticket, &to);
    cx.say(&Event::TicketTransferred(moved.clone()));
    Ok(Outcome::Moved(moved))
}

/// Makes a ticket one of a new order, which is paid and costs nothing.
fn hand_over(cx: &mut Cx<'_>, key: &Key, ticket: u32, to: &str) -> Moved {
    let now = cx.now();
    let mut row = cx.get(ORDERS, key).expect("it was there");
    let worth = worth(cx.engine.of(&key.0), row.hold, ticket, item_of(&row, ticket));
    let item = part_with(cx, key, &mut row, ticket, ItemState::Transferred);
    let from = row.buyer.clone();
    cx.put(ORDERS, key, &row);
    let hall = cx.engine.of(&key.0);
    hall.holds += 1;
    hall.orders += 1;
    let (hold, order) = ((key.0.clone(), hall.holds), (key.0.clone(), hall.orders));
    let kind = Kind::Gift { order: key.1, ticket, worth };
    hall.kinds.insert(hold.1, kind.clone());
    hall.give(to, hold.1, 1);
    hall.count_sale(item.category, item.price, item.fee);
    let Item { category, tier, channels, .. } = item;
    let lines = vec![Priced { category, quantity: 1, price: 0, fee: 0, tier, channels }];
    let seats = item.spot.map(|spot| hall.note(spot, hold.1)).into_iter().collect();
    let held = HoldRow {
        buyer: to.to_owned(),
        token: NO_TOKEN,
        at: now,
        expires: now,
        extended: 0,
        step: 0,
        quality: 0,
        code: None,
        fate: Fate::Ordered(order.1, now),
        lines,
        seats,
    };
    let bought = OrderRow {
        hold: hold.1,
        buyer: to.to_owned(),
        code: None,
        placed: now,
        deadline: now,
        total: 0,
        stage: Stage::Paid(now),
        paid: Some(now),
        payment: None,
        items: vec![item],
    };
    cx.put(KINDS, &hold, &kind);
    cx.put(HOLDS, &hold, &held);
    cx.put(ORDERS, &order, &bought);
    moved(key, ticket, from, to, (order.1, 1), None)
}

fn moved(key: &Key, ticket: u32, from: String, to: &str, (order, number): (u32, u32), price: Option<u64>) -> Moved {
    Moved {
        event: key.0.clone(),
        ticket: ticket_id(&key.0, key.1, ticket),
        from,
        to: to.to_owned(),
        order: order_id(&key.0, order),
        became: ticket_id(&key.0, order, number),
        price,
    }
}

fn item_of(row: &OrderRow, ticket: u32) -> &Item {
    &row.items[ticket as usize - 1]
}

/// Takes a ticket out of what its order has, and returns it as it is in another.
fn part_with(cx: &mut Cx<'_>, key: &Key, row: &mut OrderRow, ticket: u32, state: ItemState) -> Item {
    let item = &mut row.items[ticket as usize - 1];
    item.state = state;
    let item = item.clone();
    let hall = cx.engine.of(&key.0);
    hall.take(&row.buyer, row.hold, 1);
    hall.count_move(item.category, item.price, item.fee);
    Item { state: ItemState::Valid, issue: 1, holder: None, scan: None, conflicts: Vec::new(), ..item }
}

/// What is given back for a ticket: what was paid for it last.
#[must_use]
pub fn worth(hall: &Hall, hold: u32, ticket: u32, item: &Item) -> u64 {
    match hall.kinds.get(&hold) {
        Some(Kind::Resale(wares)) => wares[ticket as usize - 1].price,
        Some(Kind::Gift { worth, .. }) => *worth,
        Some(Kind::Legs { .. } | Kind::Package { .. }) | None => item.price + item.fee,
    }
}

/// The order whose payment is given back for tickets of this one: of a ticket that was given away, that which it was bought
/// with.
#[must_use]
pub fn payer(cx: &Cx<'_>, key: &Key, row: &OrderRow) -> Option<(Key, String)> {
    let (mut order, mut payment, mut hold) = (key.1, row.payment.clone(), row.hold);
    while let Some(Kind::Gift { order: earlier, .. }) = cx.engine.get(&key.0)?.kinds.get(&hold) {
        let row = cx.get(ORDERS, &(key.0.clone(), *earlier)).expect("a ticket that was given away was somebody's");
        (order, payment, hold) = (*earlier, row.payment, row.hold);
    }
    payment.map(|payment| ((key.0.clone(), order), payment))
}

/// Offers a ticket to others, or for another price. It has no good code meanwhile.
///
/// # Errors
/// The refusal, before anything was written.
pub fn relist(cx: &mut Cx<'_>, relisting: Relisting) -> Result<Outcome, Rejection> {
    let Relisting { ticket: OnTicket { on, ticket }, price } = relisting;
    let cap = hall(cx, &on.event)?.rules.resale.ok_or(Rejection::NoResale)?;
    let (key, mut row) = changes::paid(cx, on)?;
    check_alone(hall(cx, &key.0)?, &row)?;
    let known = listing(cx, &key, ticket);
    match &known {
        Some(known) => check_is_not_held(&key, ticket, known)?,
        None => changes::check_good(&key, &row, &[ticket])?,
    }
    let item = item_of(&row, ticket);
    let most = (item.price + item.fee) * u64::from(cap) / 100;
    if price > most {
        return Err(Rejection::PriceTooHigh(most));
    }
    // The line: nothing below can be refused.
    let offered = ListingRow { price, at: cx.now(), hold: None };
    let view = show(hall(cx, &key.0)?, &key, ticket, item, &offered);
    if known.as_ref().is_some_and(|known| known.price == price) {
        return Ok(Outcome::Listed(Listing { listed_at: known.expect("it is known").at, ..view }));
    }
    if known.is_none() {
        let item = &mut row.items[ticket as usize - 1];
        item.state = ItemState::Listed;
        item.issue += 1;
        cx.put(ORDERS, &key, &row);
    }
    cx.put(LISTINGS, &(key.0, key.1, ticket), &offered);
    cx.say(&Event::TicketRelisted(view.clone()));
    Ok(Outcome::Listed(view))
}

/// Offers a ticket no more: it has a new code.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unlist(cx: &mut Cx<'_>, OnTicket { on, ticket }: OnTicket) -> Result<Outcome, Rejection> {
    let (key, mut row) = changes::paid(cx, on)?;
    let bad = || Rejection::BadTickets(vec![ticket_id(&key.0, key.1, ticket)]);
    let known = listing(cx, &key, ticket).ok_or_else(bad)?;
    check_is_not_held(&key, ticket, &known)?;
    // The line: nothing below can be refused.
    let view = show(hall(cx, &key.0)?, &key, ticket, item_of(&row, ticket), &known);
    row.items[ticket as usize - 1].state = ItemState::Valid;
    cx.put(ORDERS, &key, &row);
    cx.delete(LISTINGS, &(key.0, key.1, ticket));
    cx.say(&Event::TicketUnlisted(view.clone()));
    Ok(Outcome::Listed(view))
}

fn listing(cx: &Cx<'_>, key: &Key, ticket: u32) -> Option<ListingRow> {
    cx.get(LISTINGS, &(key.0.clone(), key.1, ticket))
}

fn check_is_not_held(key: &Key, ticket: u32, known: &ListingRow) -> Result<(), Rejection> {
    match known.hold {
        Some(_) => Err(Rejection::BeingResold(vec![ticket_id(&key.0, key.1, ticket)])),
        None => Ok(()),
    }
}

/// Refuses to end an order while somebody holds one of its tickets.
///
/// # Errors
/// The refusal, with the tickets.
pub fn check_not_held(cx: &Cx<'_>, key: &Key, row: &OrderRow) -> Result<(), Rejection> {
    let is_held = |ticket: &u32| listing(cx, key, *ticket).is_some_and(|listing| listing.hold.is_some());
    let held = listed(&row.items).filter(is_held);
    let held: Vec<String> = held.map(|ticket| ticket_id(&key.0, key.1, ticket)).collect();
    if held.is_empty() { Ok(()) } else { Err(Rejection::BeingResold(held)) }
}

fn listed(items: &[Item]) -> impl Iterator<Item = u32> {
    (1..).zip(items).filter(|(_, item)| item.state == ItemState::Listed).map(|(number, _)| number)
}

/// Offers tickets no more that are taken back.
pub fn forget(cx: &mut Cx<'_>, key: &Key, items: &[Item], tickets: &[u32]) {
    for ticket in listed(items).filter(|ticket| tickets.contains(ticket)) {
        cx.delete(LISTINGS, &(key.0.clone(), key.1, ticket));
    }
}

/// A ticket that is offered, as people see it.
#[must_use]
pub fn show(hall: &Hall, key: &Key, ticket: u32, item: &Item, row: &ListingRow) -> Listing {
    Listing {
        event: key.0.clone(),
        ticket: ticket_id(&key.0, key.1, ticket),
        seat: item.spot.map(|spot| hall.name(spot)),
        category: hall.plan.categories[usize::from(item.category)].id.clone(),
        price: Money { amount: row.price, currency: hall.plan.currency },
        listed_at: row.at,
        held: row.hold.is_some(),
    }
}

/// Holds tickets that are offered: all that are named, or none.
///
/// # Errors
/// The refusal, before anything was written.
pub fn hold(cx: &mut Cx<'_>, holding: Holding, terms: &Terms) -> Result<Outcome, Rejection> {
    let hall = hall(cx, &holding.event)?;
    check_acts_for(cx.caller(), &holding.buyer)?;
    check_buyer(&holding.buyer)?;
    rules::check(cx, hall, &holding.buyer, terms)?;
    holds::check_is_on_sale(hall, cx.now(), false)?;
    admission::check(cx, &holding.event, &holding.buyer)?;
    hall.rules.resale.ok_or(Rejection::NoResale)?;
    let limit = hall.plan.max_per_order;
    let is_mixed = holding.into.is_some() || holding.best.is_some();
    if is_mixed || !holding.seats.is_empty() || !holding.areas.is_empty() {
        return Err(Rejection::BadRequest("tickets that are sold on are held for themselves".to_owned()));
    }
    let asked = u32::try_from(terms.tickets.len()).ok().filter(|asked| (1..=limit).contains(asked));
    let asked = asked.ok_or(Rejection::BadNumber(limit))?;
    let wares = find(cx, &holding, &terms.tickets)?;
    check_limit(hall, &holding.buyer, asked)?;
    rules::check_household(hall, terms.household, asked)?;
    // The line: nothing below can be refused.
    rules::note_household(cx, &holding.event, terms.household);
    Ok(take(cx, holding, wares))
}

/// The tickets that are meant, if all of them are offered.
fn find(cx: &Cx<'_>, holding: &Holding, tickets: &[(u32, u32)]) -> Result<Vec<(Ware, Item)>, Rejection> {
    let id = |(order, ticket): &(u32, u32)| ticket_id(&holding.event, *order, *ticket);
    let of = |(order, ticket): &(u32, u32)| -> Option<(ListingRow, OrderRow)> {
        let key = (holding.event.clone(), *order);
        Some((listing(cx, &key, *ticket)?, cx.get(ORDERS, &key)?))
    };
    let found: Vec<_> = tickets.iter().map(of).collect();
    let is_double = |at: usize| tickets[..at].contains(&tickets[at]);
    let bad = |at: &usize| found[*at].is_none() || is_double(*at);
    let bad: Vec<String> = (0..tickets.len()).filter(bad).map(|at| id(&tickets[at])).collect();
    if !bad.is_empty() {
        return Err(Rejection::BadTickets(bad));
    }
    let all = || tickets.iter().zip(found.iter().flatten());
    if all().any(|(_, (_, row))| row.buyer == holding.buyer) {
        return Err(Rejection::BadRequest("nobody buys the own ticket".to_owned()));
    }
    let taken = all().filter(|(_, (listing, _))| listing.hold.is_some());
    let taken: Vec<String> = taken.map(|(ticket, _)| id(ticket)).collect();
    if !taken.is_empty() {
        return Err(Rejection::SeatTaken(taken));
    }
    let ware = |((order, ticket), (listing, row)): (&(u32, u32), &(ListingRow, OrderRow))| {
        (Ware { order: *order, ticket: *ticket, price: listing.price }, item_of(row, *ticket).clone())
    };
    Ok(all().map(ware).collect())
}

fn take(cx: &mut Cx<'_>, holding: Holding, wares: Vec<(Ware, Item)>) -> Outcome {
    let Holding { event, buyer, token, .. } = holding;
    let now = cx.now();
    let hall = cx.engine.of(&event);
    hall.holds += 1;
    let number = hall.holds;
    let expires = now.plus(u64::from(hall.plan.hold_seconds) * 1000);
    hall.give(&buyer, number, u32::try_from(wares.len()).expect("a hold has few places"));
    let line = |(ware, item): &(Ware, Item)| {
        let Item { category, tier, channels, .. } = *item;
        Priced { category, quantity: 1, price: ware.price, fee: 0, tier, channels }
    };
    let lines = wares.iter().map(line).collect();
    let seats = wares.iter().filter_map(|(_, item)| item.spot).map(|spot| hall.note(spot, number)).collect();
    hall.deadlines.insert((expires, Deadline::Hold(number)));
    let kind = Kind::Resale(wares.into_iter().map(|(ware, _)| ware).collect());
    hall.kinds.insert(number, kind.clone());
    let row = HoldRow {
        buyer,
        token,
        at: now,
        expires,
        extended: 0,
        step: 0,
        quality: 0,
        code: None,
        fate: Fate::Open,
        lines,
        seats,
    };
    offer(cx, &event, number, Some(number));
    let key = (event, number);
    cx.put(KINDS, &key, &kind);
    cx.put(HOLDS, &key, &row);
    crate::tickets::transition::arm(cx, &key.0);
    let view = holds::show(cx.engine.of(&key.0), &key.0, number, &row);
    Outcome::Held(Box::new(holds::say(cx, view, Event::SeatsHeld)))
}

/// Notes who holds the tickets of a resale, or that nobody does any more.
pub fn offer(cx: &mut Cx<'_>, event: &str, hold: u32, to: Option<u32>) {
    let Some(Kind::Resale(wares)) = cx.engine.of(event).kinds.get(&hold).cloned() else { return };
    for Ware { order, ticket, .. } in wares {
        let key = (event.to_owned(), order, ticket);
        let row = cx.get(LISTINGS, &key).expect("what is held, or was, is still offered");
        cx.put(LISTINGS, &key, &ListingRow { hold: to, ..row });
    }
}

/// True if a hold is of tickets that are sold on.
#[must_use]
pub fn is_resale(hall: &Hall, hold: u32) -> bool {
    matches!(hall.kinds.get(&hold), Some(Kind::Resale(_)))
}

/// The places of a resale's order, as they were first sold.
#[must_use]
pub fn as_sold(cx: &Cx<'_>, event: &str, hold: u32, items: Vec<Item>) -> Vec<Item> {
    let Some(Kind::Resale(wares)) = cx.engine.get(event).and_then(|hall| hall.kinds.get(&hold)) else { return items };
    let of = |(ware, item): (&Ware, Item)| {
        let row = cx.get(ORDERS, &(event.to_owned(), ware.order)).expect("what is offered is somebody's");
        let first = item_of(&row, ware.ticket);
        Item { price: first.price, fee: first.fee, spot: first.spot, ..item }
    };
    wares.iter().zip(items).map(of).collect()
}

/// Tickets that are paid go from who offered them to this order.
pub fn settle(cx: &mut Cx<'_>, key: &Key, row: &OrderRow) {
    let Some(Kind::Resale(wares)) = cx.engine.of(&key.0).kinds.get(&row.hold).cloned() else { return };
    for (number, Ware { order, ticket, price }) in (1..).zip(wares) {
        let of = (key.0.clone(), order);
        let mut seller = cx.get(ORDERS, &of).expect("what is offered is somebody's");
        part_with(cx, &of, &mut seller, ticket, ItemState::Resold);
        cx.put(ORDERS, &of, &seller);
        cx.delete(LISTINGS, &(of.0.clone(), order, ticket));
        let moved = moved(&of, ticket, seller.buyer, &row.buyer, (key.1, number), Some(price));
        cx.say(&Event::TicketResold(moved));
    }
}

/// True if the tickets of a resale that is out of time are offered as they were.
#[must_use]
pub fn can_take_again(cx: &Cx<'_>, event: &str, hold: u32) -> bool {
    let Some(Kind::Resale(wares)) = cx.engine.get(event).and_then(|hall| hall.kinds.get(&hold)) else { return true };
    wares.iter().all(|ware| {
        let known = cx.get(LISTINGS, &(event.to_owned(), ware.order, ware.ticket));
        known.is_some_and(|known| known.hold.is_none() && known.price == ware.price)
    })
}

/// A hold that takes the place of one whose time was over is of the same kind, and for the same household.
pub fn go_on(cx: &mut Cx<'_>, event: &str, from: u32, to: u32) {
    let hall = cx.engine.of(event);
    let (kind, household) = (hall.kinds.get(&from).cloned(), hall.household(from));
    if let Some(household) = household {
        hall.set_household(to, household);
        cx.put(crate::tickets::tables::HOUSEHOLDS, &(event.to_owned(), to), &household);
    }
    if let Some(kind) = kind {
        cx.engine.of(event).kinds.insert(to, kind.clone());
        cx.put(KINDS, &(event.to_owned(), to), &kind);
        offer(cx, event, to, Some(to));
    }
}
