//! The checkout: a saga between a cart, the stock items that it needs and the promotions that it uses. Its state is the
//! cart's row.
//!
//! One question goes to each stock item, however many lines and bundles need it, and to each bundle for its price. A
//! checkout in line asks one item after the other, in the order of their ids: whoever waits for an item holds only items
//! with lower ids, so no two carts wait for each other, however many lines they stand in. The
//! cart's partition alone ends what it began: by an order, by the buyer's will, by a refusal or by the deadline. So a
//! reservation ends once, and `complete` can never meet one that stock has given away.

use crate::carts::discounts::Taken;
use crate::carts::tables::{CARTS, Cart, Lapsed, Part, Stage, Trial};
use crate::carts::transition::{Cx, keep, load, load_current, load_open, note};
use crate::carts::{codes, holds, lines, payments};
use crate::runtime::saga::{Answered, Saga};
use millrace_topics::carts::{
    Begun, CartsPromo, CartsStock, Change, Checkout, CodeHold, Completed, Hold, On, Outcome, PromoCommand, PromoSaid,
    Rejection, Reserve, StockCommand, StockRefusal, StockSaid, Timer, Use, order_of,
};
use millrace_topics::money::Money;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// How long a checkout holds its stock unless it says otherwise, in seconds.
pub const CHECKOUT_SECONDS: u32 = 900;

/// The longest that it may ask for at once, in seconds.
pub const CHECKOUT_SECONDS_LIMIT: u32 = 86_400;

/// How often it may be given more time.
pub const EXTENSIONS: u8 = 3;

/// What is asked of each stock item: how many, and the price if the cart sells it by itself.
pub type Needs = BTreeMap<String, (u32, Option<Money>)>;

/// What a cart needs of each stock item, for all its lines together.
#[must_use]
pub fn needs(cart: &Cart) -> Needs {
    let mut needs = Needs::new();
    for line in &cart.lines {
        let own = needs.entry(line.sku.clone()).or_default();
        own.1 = Some(Money { amount: line.price, currency: cart.currency });
        if line.parts.is_empty() {
            own.0 += line.quantity;
        }
        for part in &line.parts {
            needs.entry(part.sku.clone()).or_default().0 += line.quantity * part.quantity;
        }
    }
    needs
}

fn deadline(now: Time, seconds: Option<u32>) -> Result<Time, Rejection> {
    let seconds = seconds.unwrap_or(CHECKOUT_SECONDS);
    if !(1..=CHECKOUT_SECONDS_LIMIT).contains(&seconds) {
        return Err(Rejection::BadRequest(format!("`seconds` is 1 to {CHECKOUT_SECONDS_LIMIT}, not {seconds}")));
    }
    Ok(now.plus(u64::from(seconds) * 1000))
}

/// Locks the lines and asks for their stock.
///
/// # Errors
/// The refusal, before anything was written.
pub fn begin(cx: &mut Cx<'_>, asked: Checkout, in_line: bool) -> Result<Outcome, Rejection> {
    let deadline = deadline(cx.now(), asked.seconds)?;
    let mut cart = load_open(cx, &asked.on)?;
    if cart.lines.is_empty() {
        return Err(Rejection::EmptyCart);
    }
    if let Some(kind) = cart.stale_quote() {
        return Err(Rejection::QuoteStale(kind));
    }
    // The line: nothing below can be refused.
    let attempt = ask(cx, &asked.on.cart, &mut cart, asked.on.device, deadline, None, in_line);
    let Outcome::Cart(view) = keep(cx, &asked.on.cart, &cart, Vec::new()) else { unreachable!("a cart was kept") };
    Ok(Outcome::Begun(Begun { attempt, cart: view }))
}

/// Begins the next attempt of a cart, which may wait in line; `late` is a payment that a former one did not live to see.
pub fn ask(
    cx: &mut Cx<'_>,
    id: &str,
    cart: &mut Cart,
    device: Option<String>,
    deadline: Time,
    late: Option<(String, bool)>,
    in_line: bool,
) -> u32 {
    let (needs, uses) = (needs(cart), cart.discounts().codes);
    cart.attempts += 1;
    let (attempt, total) = (cart.attempts, cart.total());
    let items = needs.keys().cloned().map(Part::Item);
    let parts = items.chain(uses.iter().map(|taken| Part::Code(taken.code.clone()))).collect();
    let saga = Saga::begin(attempt, deadline, parts);
    let ready = late.is_some();
    let later = if in_line { needs.keys().cloned().collect() } else { Vec::new() };
    let (unheld, ordering) = (Vec::new(), false);
    let trial = Trial { saga, later, unheld, ordering, total, ready, extended: 0, payment: late };
    cart.stage = Stage::Trial(Box::new(trial));
    (cart.lapsed, cart.refused) = (None, None);
    if in_line {
        holds::keep_first(cx, id, cart, &needs);
        ask_next(cx, id, cart);
    } else {
        for need in needs {
            let is_held = holds::is_held(cart, &need.0);
            let question = question(id, attempt, need);
            let asked = if is_held { StockCommand::Take(question) } else { StockCommand::Reserve(question) };
            cx.send::<CartsStock>(&asked);
        }
    }
    for Taken { code, amount } in uses {
        let version = cart.codes.iter().find(|terms| terms.code == code).map_or(0, |terms| terms.version);
        let (cart, customer) = (id.to_owned(), cart.owner.clone());
        cx.send::<CartsPromo>(&PromoCommand::Reserve(Use { code, cart, attempt, customer, version, amount }));
    }
    cx.set_timer(deadline, &Timer::Deadline { cart: id.to_owned(), attempt });
    note(cx, id, cart, device, Change::CheckoutStarted { attempt, total, expires_at: deadline }, None);
    attempt
}

/// What a stock item is asked.
fn question(id: &str, attempt: u32, (sku, (quantity, price)): (String, (u32, Option<Money>))) -> Reserve {
    Reserve { sku, cart: id.to_owned(), attempt, quantity, price }
}

/// Asks the next stock item of a checkout in line; whatever the cart holds of it already is not waited for.
fn ask_next(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    let mut needs = needs(cart);
    let Stage::Trial(trial) = &mut cart.stage else { unreachable!("only an attempt that is under way asks") };
    if trial.later.is_empty() {
        return;
    }
    let need = needs.remove_entry(&trial.later.remove(0)).expect("lines are locked: what they need stays");
    let attempt = trial.saga.attempt;
    let is_held = holds::is_held(cart, &need.0);
    let question = question(id, attempt, need);
    let asked = if is_held { StockCommand::Take(question) } else { StockCommand::Queue(question) };
    cx.send::<CartsStock>(&asked);
}

/// A stock item has answered.
pub fn hear(cx: &mut Cx<'_>, said: StockSaid) -> Outcome {
    let StockSaid { cart, attempt, sku, refusal } = said;
    let reason = |cart: &mut Cart, refusal| stock_reason(cart, sku.clone(), refusal);
    decide(cx, &cart, attempt, &Part::Item(sku.clone()), refusal, reason)
}

/// A stock item has enough, and is reserved only for the order.
pub fn see(cx: &mut Cx<'_>, said: StockSaid) -> Outcome {
    if let Some(mut cart) = cx.get(CARTS, &said.cart)
        && let Stage::Trial(trial) = &mut cart.stage
        && trial.saga.waits_for(said.attempt, &Part::Item(said.sku.clone()))
    {
        trial.unheld.push(said.sku.clone());
        cx.put(CARTS, &said.cart, &cart);
    }
    hear(cx, said)
}

/// A promotion has answered.
pub fn hear_promo(cx: &mut Cx<'_>, said: PromoSaid) -> Outcome {
    let PromoSaid { cart, attempt, code, refusal } = said;
    let reason = |cart: &mut Cart, refusal| codes::reason(cart, code.clone(), refusal);
    decide(cx, &cart, attempt, &Part::Code(code.clone()), refusal, reason)
}

/// A part has answered: the attempt goes on, is agreed, or comes to nothing.
///
/// # Panics
/// If there is no such cart: it asked.
fn decide<R>(
    cx: &mut Cx<'_>,
    id: &String,
    attempt: u32,
    part: &Part,
    refusal: Option<R>,
    reason: impl FnOnce(&mut Cart, R) -> Rejection,
) -> Outcome {
    let mut cart = cx.get(CARTS, id).expect("a cart that has asked is there");
    let Stage::Trial(trial) = &mut cart.stage else { return Outcome::Noted };
    if !trial.saga.waits_for(attempt, part) {
        return Outcome::Noted;
    }
    if let Some(refusal) = refusal {
        let (Part::Item(name) | Part::Code(name)) = part;
        note(cx, id, &mut cart, None, Change::StockRefused { attempt, part: name.clone() }, None);
        end(cx, id, &mut cart, Some(part));
        let reason = reason(&mut cart, refusal);
        cart.refused = Some((attempt, reason));
    } else if trial.saga.agree(attempt, part) == Answered::Agreed {
        note(cx, id, &mut cart, None, Change::StockReserved { attempt }, None);
        place_if_paid(cx, id, &mut cart);
    } else if matches!(part, Part::Item(_)) {
        ask_next(cx, id, &mut cart);
    }
    cx.put(CARTS, id, &cart);
    Outcome::Noted
}

/// Why a stock item reserves nothing. What it says of its price is believed.
pub fn stock_reason(cart: &mut Cart, sku: String, refusal: StockRefusal) -> Rejection {
    match refusal {
        StockRefusal::Insufficient { asked, available } => Rejection::InsufficientStock { sku, asked, available },
        StockRefusal::Unknown => Rejection::UnsoldSku(sku),
        StockRefusal::TooFew { asked, least } => Rejection::BelowMinimum { sku, asked, least },
        StockRefusal::TooMany { asked, left } => Rejection::OverCustomerLimit { sku, asked, left },
        StockRefusal::NoCustomer => Rejection::SkuNeedsCustomer(sku),
        StockRefusal::Price { now } if now.currency != cart.currency => {
            let (cart, price) = (cart.currency.code().to_owned(), now.currency.code().to_owned());
            Rejection::CurrencyMismatch { cart, price }
        }
        StockRefusal::Price { now } => {
            let was = lines::reprice(cart, &sku, now.amount);
            Rejection::PriceChanged { sku, was, now: now.amount }
        }
    }
}

/// Ends the attempt without an order: what is reserved is given back, and so is what was paid.
fn end(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, refuser: Option<&Part>) {
    let stage = std::mem::replace(&mut cart.stage, Stage::Active);
    let Stage::Trial(trial) = stage else { unreachable!("only an attempt that is under way ends") };
    let attempt = trial.saga.attempt;
    let is_kept = |part: &Part| matches!(part, Part::Item(sku) if holds::is_held(cart, sku));
    for part in trial.saga.held_without(refuser).filter(|part| !is_kept(part)) {
        tell(cx, id, attempt, part, StockCommand::Release, PromoCommand::Release);
    }
    holds::resume(cx, id, cart);
    cx.cancel_timer(trial.saga.deadline, &Timer::Deadline { cart: id.to_owned(), attempt });
    if let Some((payment, _)) = &trial.payment {
        payments::give_back(cx, id, cart, payment);
    }
}

/// Tells a part what becomes of what it holds.
fn tell(
    cx: &mut Cx<'_>,
    id: &str,
    attempt: u32,
    part: &Part,
    of_item: fn(Hold) -> StockCommand,
    of_code: fn(CodeHold) -> PromoCommand,
) {
    let cart = id.to_owned();
    match part {
        Part::Item(sku) => cx.send::<CartsStock>(&of_item(Hold { sku: sku.clone(), cart, attempt })),
        Part::Code(code) => cx.send::<CartsPromo>(&of_code(CodeHold { code: code.clone(), cart, attempt })),
    }
}

/// The time of an attempt is over.
pub fn expire(cx: &mut Cx<'_>, id: &str, attempt: u32) {
    let Some(mut cart) = cx.get(CARTS, &id.to_owned()) else { return };
    let Stage::Trial(trial) = &cart.stage else { return };
    if trial.saga.attempt != attempt {
        return;
    }
    // Money that was taken while stock was being asked is given back already: nothing is left to come late.
    let may_come = trial.payment.is_none() || trial.saga.is_agreed();
    let lapsed = Lapsed { total: trial.total, content: cart.content, ready: trial.ready };
    note(cx, id, &mut cart, None, Change::CheckoutExpired, None);
    end(cx, id, &mut cart, None);
    cart.lapsed = may_come.then_some(lapsed);
    cart.refused = Some((attempt, Rejection::CheckoutExpired));
    cx.put(CARTS, &id.to_owned(), &cart);
}

/// Gives a checkout more time, or what a cart holds before it: never less than it had.
///
/// # Errors
/// The refusal, before anything was written.
pub fn extend(cx: &mut Cx<'_>, asked: Checkout) -> Result<Outcome, Rejection> {
    let wanted = deadline(cx.now(), asked.seconds)?;
    let mut cart = load_current(cx, &asked.on)?;
    if cart.stage == Stage::Active && !cart.holds.is_empty() {
        return holds::extend(cx, cart, asked);
    }
    let on = asked.on;
    let Stage::Trial(trial) = &mut cart.stage else { return Err(Rejection::NotCheckingOut) };
    if trial.extended >= EXTENSIONS {
        return Err(Rejection::ExtendedTooOften(EXTENSIONS));
    }
    // The line: nothing below can be refused.
    trial.extended += 1;
    let (before, expires_at) = (trial.saga.deadline, trial.saga.deadline.max(wanted));
    let timer = Timer::Deadline { cart: on.cart.clone(), attempt: trial.saga.attempt };
    trial.saga.deadline = expires_at;
    cx.cancel_timer(before, &timer);
    cx.set_timer(expires_at, &timer);
    note(cx, &on.cart, &mut cart, on.device, Change::CheckoutExtended { expires_at }, None);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// Ends a checkout: what is reserved is given back.
///
/// # Errors
/// The refusal, before anything was written.
pub fn cancel(cx: &mut Cx<'_>, on: On) -> Result<Outcome, Rejection> {
    let mut cart = load_current(cx, &on)?;
    if !matches!(cart.stage, Stage::Trial(_)) {
        return Err(Rejection::NotCheckingOut);
    }
    // The line: nothing below can be refused.
    note(cx, &on.cart, &mut cart, on.device, Change::CheckoutCancelled, None);
    give_up(cx, &on.cart, &mut cart);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// Ends the attempt that is under way, because the buyer or the payment provider says so.
pub fn give_up(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    let attempt = cart.attempts;
    end(cx, id, cart, None);
    cart.refused = Some((attempt, Rejection::NotCheckingOut));
}

/// Makes an order of a cart that is reserved and paid. Said again it answers the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn complete(cx: &mut Cx<'_>, on: On) -> Result<Outcome, Rejection> {
    let known = load(cx, &on)?;
    if let Some(order) = known.order(&on.cart) {
        return Ok(Outcome::Completed(Box::new(Completed::Order { order })));
    }
    let mut cart = load_current(cx, &on)?;
    let Stage::Trial(trial) = &mut cart.stage else { return Err(Rejection::NotCheckingOut) };
    // The line: nothing below can be refused.
    let was_ready = std::mem::replace(&mut trial.ready, true);
    let (is_agreed, attempt) = (trial.saga.is_agreed(), trial.saga.attempt);
    if !place_if_paid(cx, &on.cart, &mut cart) && !was_ready {
        note(cx, &on.cart, &mut cart, on.device, Change::PaymentAwaited, None);
    }
    cx.put(CARTS, &on.cart, &cart);
    if matches!(&cart.stage, Stage::Trial(trial) if trial.ordering) {
        return Ok(Outcome::Begun(Begun { attempt, cart: Box::new(cart.show(&on.cart, Vec::new())) }));
    }
    let completed = match cart.order(&on.cart) {
        Some(order) => Completed::Order { order },
        None => Completed::Cart {
            cart: cart.show(&on.cart, Vec::new()),
            missing: if is_agreed { "payment_pending" } else { "reservation_pending" }.to_owned(),
        },
    };
    Ok(Outcome::Completed(Box::new(completed)))
}

/// Places the order if everything is reserved, and the money was taken, or the buyer is ready and it is set aside or
/// there is nothing to pay. True if it did.
pub fn place_if_paid(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) -> bool {
    let Stage::Trial(trial) = &cart.stage else { return false };
    let is_paid = match &trial.payment {
        Some((_, captured)) => *captured || trial.ready,
        None => trial.ready && trial.total == 0,
    };
    if !(is_paid && trial.saga.is_agreed()) {
        return false;
    }
    if !trial.unheld.is_empty() {
        take_unheld(cx, id, cart);
        return false;
    }
    let trial = trial.clone();
    let attempt = trial.saga.attempt;
    cart.stage = Stage::Ordered(trial.payment.map(|(payment, _)| payment), cx.now());
    for part in &trial.saga.parts {
        tell(cx, id, attempt, part, StockCommand::Commit, PromoCommand::Commit);
    }
    cx.cancel_timer(trial.saga.deadline, &Timer::Deadline { cart: id.to_owned(), attempt });
    holds::forget(cx, id, cart);
    note(cx, id, cart, None, Change::OrderPlaced { order: order_of(id), total: trial.total }, None);
    true
}

/// Reserves what is reserved only for an order that is paid: all of it, or the payment is given back.
fn take_unheld(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    let mut needs = needs(cart);
    let Stage::Trial(trial) = &mut cart.stage else { unreachable!("only an attempt that is under way is paid") };
    trial.ordering = true;
    for sku in std::mem::take(&mut trial.unheld) {
        let need = needs.remove_entry(&sku).expect("lines are locked: what they need stays");
        trial.saga.ask_again(Part::Item(sku));
        cx.send::<CartsStock>(&StockCommand::Take(question(id, trial.saga.attempt, need)));
    }
}
