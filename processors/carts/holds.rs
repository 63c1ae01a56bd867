//! What a cart holds before it is checked out: of SKUs that are reserved when they are put into it.
//!
//! A saga of one part for each stock item, beside lines that are never locked. A change of lines tells the item how many
//! they need now, under the number of an attempt, and the item holds as many as there are. Only the answer to the last
//! attempt counts: lines that were changed since the first go back as far as there are not enough. The cart's partition
//! alone ends a hold: when no line needs it, by its deadline, or in a checkout, which takes it over and gives it back if it
//! comes to nothing.

use crate::carts::checkout::{self, EXTENSIONS, Needs, needs};
use crate::carts::tables::{CARTS, Cart, HoldRow, Short, Stage, line_name};
use crate::carts::transition::{Cx, keep, note};
use millrace_topics::carts::{
    Begun, CartsStock, Change, Checkout, GoingHold, Hold, HoldSaid, HoldUpTo, Line, Offer, On, Outcome, Rejection,
    StockCommand, StockRefusal, Timer, Warning,
};
use millrace_topics::time::Time;

/// True if a cart holds some of an item, or has asked for it.
#[must_use]
pub fn is_held(cart: &Cart, sku: &str) -> bool {
    cart.holds.iter().any(|hold| hold.sku == sku)
}

/// True if a cart holds some of what is offered: then a hint does not say how many the cart may have.
#[must_use]
pub fn holds_some(cart: &Cart, sku: &str, offer: &Offer) -> bool {
    is_held(cart, sku) || offer.parts.iter().any(|part| is_held(cart, &part.sku))
}

/// How many of an item one of a line needs.
fn each(line: &Line, sku: &str) -> u32 {
    let own = u32::from(line.sku == sku && line.parts.is_empty());
    own + line.parts.iter().filter(|part| part.sku == sku).map(|part| part.quantity).sum::<u32>()
}

fn timer(id: &str, sku: &str) -> Timer {
    Timer::HoldEnds { cart: id.to_owned(), sku: sku.to_owned() }
}

fn release(cx: &mut Cx<'_>, id: &str, attempt: u32, sku: &str) {
    cx.send::<CartsStock>(&StockCommand::Release(Hold { sku: sku.to_owned(), cart: id.to_owned(), attempt }));
}

/// Begins to hold what a line needs, for so many seconds.
pub fn begin(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, line: u64, seconds: u32) {
    let Some(line) = cart.lines.iter().find(|known| known.id == line) else { return };
    let own = std::iter::once(&line.sku).filter(|_| line.parts.is_empty());
    let items: Vec<String> = own.chain(line.parts.iter().map(|part| &part.sku)).cloned().collect();
    let ends_at = cx.now().plus(u64::from(seconds) * 1000);
    for sku in items {
        open(cx, id, cart, GoingHold { sku, seconds, ends_at });
    }
}

/// Begins a hold that ends then, unless there is one.
fn open(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, hold: GoingHold) {
    let GoingHold { sku, seconds, ends_at } = hold;
    if is_held(cart, &sku) {
        return;
    }
    cx.set_timer(ends_at, &timer(id, &sku));
    let (wanted, held, asked, touched, extended) = (0, 0, None, Vec::new(), 0);
    cart.holds.push(HoldRow { sku, wanted, held, asked, touched, seconds, ends_at, extended });
    cart.holds.sort_by(|one, other| one.sku.cmp(&other.sku));
}

/// Tells stock items what lines need now, where that has changed; which attempt waits for an answer.
pub fn follow(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, touched: Option<(u64, u32)>) -> Option<u32> {
    if cart.holds.is_empty() {
        return None;
    }
    let (needs, attempt) = (needs(cart), cart.attempts + 1);
    let need_of = |sku: &str| needs.get(sku).map_or(0, |need| need.0);
    let (gone, mut holds): (Vec<HoldRow>, Vec<HoldRow>) =
        std::mem::take(&mut cart.holds).into_iter().partition(|hold| need_of(&hold.sku) == 0);
    for hold in &gone {
        cx.cancel_timer(hold.ends_at, &timer(id, &hold.sku));
        release(cx, id, attempt, &hold.sku);
    }
    let mut is_sent = !gone.is_empty();
    for hold in holds.iter_mut().filter(|hold| hold.wanted != need_of(&hold.sku)) {
        hold.wanted = need_of(&hold.sku);
        if hold.asked.is_none() && hold.wanted <= hold.held {
            hold.held = hold.wanted;
        } else {
            hold.touched.extend(touched);
            hold.asked = Some((hold.asked.map_or(attempt, |(first, _)| first), attempt));
        }
        ask(cx, id, attempt, hold, None);
        is_sent = true;
    }
    cart.holds = holds;
    if is_sent {
        cart.attempts = attempt;
    }
    cart.holds.iter().any(|hold| hold.asked.is_some_and(|(_, last)| last == attempt)).then_some(attempt)
}

fn ask(cx: &mut Cx<'_>, id: &str, attempt: u32, hold: &HoldRow, from: Option<String>) {
    let (sku, cart, quantity) = (hold.sku.clone(), id.to_owned(), hold.wanted);
    cx.send::<CartsStock>(&StockCommand::HoldUpTo(HoldUpTo { sku, cart, attempt, quantity, from }));
}

/// Writes a cart whose lines have changed, and shows it; where it asks for stock how that went is asked for.
pub fn keep_and_follow(
    cx: &mut Cx<'_>,
    on: &On,
    mut cart: Cart,
    touched: Option<(u64, u32)>,
    warnings: Vec<Warning>,
) -> Outcome {
    let asked = follow(cx, &on.cart, &mut cart, touched);
    match (keep(cx, &on.cart, &cart, warnings), asked) {
        (Outcome::Cart(cart), Some(attempt)) => Outcome::Begun(Begun { attempt, cart }),
        (outcome, _) => outcome,
    }
}

/// A stock item says how many it holds.
///
/// # Panics
/// If there is no such cart: it asked.
pub fn hear(cx: &mut Cx<'_>, said: HoldSaid) -> Outcome {
    let HoldSaid { cart: id, attempt, sku, held, refusal } = said;
    let mut cart = cx.get(CARTS, &id).expect("a cart that has asked is there");
    let is_meant = |hold: &&mut HoldRow| hold.sku == sku && hold.asked.is_some_and(|(_, last)| last == attempt);
    let Some(hold) = cart.holds.iter_mut().find(is_meant) else { return Outcome::Noted };
    let attempts = hold.asked.take().expect("it is meant");
    let touched = std::mem::take(&mut hold.touched);
    let before = std::mem::replace(&mut hold.held, held);
    let (expires_at, over) = (hold.ends_at, hold.wanted - held);
    // Lines that are locked stay as they are: when the checkout or the claim has come to nothing it is asked again.
    if cart.stage == Stage::Active {
        if held != before && held > 0 {
            note(cx, &id, &mut cart, None, Change::ItemHeld { sku: sku.clone(), quantity: held, expires_at }, None);
        }
        if over > 0 {
            cut(cx, &id, &mut cart, (&sku, over), touched, attempts, refusal);
        }
        drop_empty(cx, &id, &mut cart, &sku, before);
    }
    cx.put(CARTS, &id, &cart);
    Outcome::Noted
}

/// A hold of nothing is none.
fn drop_empty(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, sku: &str, before: u32) {
    let is_empty = |hold: &HoldRow| hold.sku == sku && hold.held == 0 && hold.asked.is_none();
    let Some(at) = cart.holds.iter().position(is_empty) else { return };
    let hold = cart.holds.remove(at);
    cx.cancel_timer(hold.ends_at, &timer(id, sku));
    if before > 0 {
        note(cx, id, cart, None, Change::HoldExpired { sku: hold.sku, quantity: before }, None);
    }
}

/// Takes as much off the lines that were changed as there is too little of an item.
fn cut(
    cx: &mut Cx<'_>,
    id: &str,
    cart: &mut Cart,
    (sku, mut over): (&String, u32),
    touched: Vec<(u64, u32)>,
    attempts: (u32, u32),
    refusal: Option<StockRefusal>,
) {
    let code = match refusal {
        Some(StockRefusal::TooMany { .. } | StockRefusal::NoCustomer) => "reduced_to_max_per_customer",
        _ => "reduced_to_stock",
    };
    let (mut warnings, mut is_all) = (Vec::new(), true);
    for (line, floor) in touched.into_iter().rev() {
        let Some(at) = cart.lines.iter().position(|known| known.id == line && each(known, sku) > 0) else { continue };
        let known = &mut cart.lines[at];
        let (was, one) = (known.quantity, each(known, sku));
        let less = over.div_ceil(one).min(was.saturating_sub(floor));
        if less == 0 {
            continue;
        }
        known.quantity -= less;
        over = over.saturating_sub(less * one);
        let (quantity, name, of) = (known.quantity, line_name(line), known.sku.clone());
        is_all &= quantity == floor;
        warnings.push(Warning { code: code.to_owned(), sku: of.clone(), asked: was, quantity });
        let change = if quantity == 0 {
            cart.lines.remove(at);
            Change::LineRemoved { line: name, sku: of, was }
        } else {
            Change::LineChanged { line: name, sku: of, was, quantity }
        };
        cart.content += 1;
        note(cx, id, cart, None, change, None);
    }
    if warnings.is_empty() {
        return;
    }
    let refusal = refusal.filter(|_| is_all).map(|refusal| checkout::stock_reason(cart, sku.clone(), refusal));
    cart.short = Some(Short { attempts, refusal, warnings });
    // What the lines need now and do not have is not asked for again.
    let need = needs(cart).get(sku).map_or(0, |need| need.0);
    if let Some(hold) = cart.holds.iter_mut().find(|hold| hold.sku == *sku && hold.held <= need) {
        hold.wanted = need;
    }
    follow(cx, id, cart, None);
}

/// The time is over for which a cart holds an item. While it is checked out the checkout's deadline counts.
pub fn expire(cx: &mut Cx<'_>, id: &String, sku: &str) {
    let Some(mut cart) = cx.get(CARTS, id) else { return };
    if matches!(cart.stage, Stage::Active | Stage::Merging(_)) {
        end(cx, id, &mut cart, |hold, now| hold.sku == sku && hold.ends_at <= now);
        cx.put(CARTS, id, &cart);
    }
}

/// Ends holds whose time is over. Nobody has touched the cart: it is left alone as it was.
fn end(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, is_over: impl Fn(&HoldRow, Time) -> bool) {
    let now = cx.now();
    let (over, left): (Vec<HoldRow>, Vec<HoldRow>) =
        std::mem::take(&mut cart.holds).into_iter().partition(|hold| is_over(hold, now));
    cart.holds = left;
    for HoldRow { sku, held: quantity, .. } in over {
        release(cx, id, cart.attempts, &sku);
        let (changed_at, abandoned) = (cart.changed_at, cart.abandoned);
        note(cx, id, cart, None, Change::HoldExpired { sku, quantity }, None);
        (cart.changed_at, cart.abandoned) = (changed_at, abandoned);
    }
}

/// A checkout or a claim has come to nothing: what it took over is the cart's again, where its time is not over.
pub fn resume(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    end(cx, id, cart, |hold, now| hold.ends_at <= now);
    if cart.holds.is_empty() {
        return;
    }
    cart.attempts += 1;
    let attempt = cart.attempts;
    for hold in &mut cart.holds {
        hold.asked = Some((attempt, attempt));
        ask(cx, id, attempt, hold, None);
    }
}

/// Gives back what a cart would hold while it waits in line for an item with a lower id: so no two carts wait for each other.
pub fn keep_first(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, needs: &Needs) {
    let is_whole = |sku: &String, need: u32| {
        cart.holds.iter().any(|hold| hold.sku == *sku && hold.asked.is_none() && hold.held >= need)
    };
    let Some(first) = needs.iter().find(|(sku, (need, _))| *need > 0 && !is_whole(sku, *need)) else { return };
    let (given, kept): (Vec<HoldRow>, Vec<HoldRow>) =
        std::mem::take(&mut cart.holds).into_iter().partition(|hold| hold.sku >= *first.0);
    cart.holds = kept;
    for hold in given {
        cx.cancel_timer(hold.ends_at, &timer(id, &hold.sku));
        release(cx, id, cart.attempts, &hold.sku);
    }
}

/// Forgets what a cart holds: it is an order's, or another cart's.
pub fn forget(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    for hold in std::mem::take(&mut cart.holds) {
        cx.cancel_timer(hold.ends_at, &timer(id, &hold.sku));
    }
}

/// Gives back what a cart holds whose lines another one has.
pub fn give_back(cx: &mut Cx<'_>, id: &str, cart: &mut Cart) {
    cart.holds.iter().for_each(|hold| release(cx, id, cart.attempts, &hold.sku));
    forget(cx, id, cart);
}

/// What a claimed cart holds, as the other one hears of it.
#[must_use]
pub fn going(cart: &Cart) -> Vec<GoingHold> {
    let going = |hold: &HoldRow| GoingHold { sku: hold.sku.clone(), seconds: hold.seconds, ends_at: hold.ends_at };
    cart.holds.iter().map(going).collect()
}

/// Holds for a user's cart what a claimed one held, as far as it has taken its lines.
pub fn inherit(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, from: &str, going: Vec<GoingHold>) {
    let needs = needs(cart);
    let (now, is_needed) = (cx.now(), |sku: &String| needs.get(sku).is_some_and(|need| need.0 > 0));
    let going: Vec<GoingHold> = going.into_iter().filter(|hold| hold.ends_at > now && is_needed(&hold.sku)).collect();
    cart.attempts += u32::from(!going.is_empty());
    let attempt = cart.attempts;
    for given in going {
        let sku = given.sku.clone();
        open(cx, id, cart, given);
        let hold = cart.holds.iter_mut().find(|hold| hold.sku == sku).expect("it is there now");
        hold.wanted = needs[&sku].0;
        hold.asked = Some((hold.asked.map_or(attempt, |(first, _)| first), attempt));
        ask(cx, id, attempt, hold, Some(from.to_owned()));
    }
    follow(cx, id, cart, None);
}

/// Gives what a cart holds more time: at most as long as it is held at once, from now on.
///
/// # Errors
/// The refusal, before anything was written.
pub fn extend(cx: &mut Cx<'_>, mut cart: Cart, asked: Checkout) -> Result<Outcome, Rejection> {
    if cart.holds.iter().any(|hold| hold.extended >= EXTENSIONS) {
        return Err(Rejection::ExtendedTooOften(EXTENSIONS));
    }
    // The line: nothing below can be refused.
    let (id, now) = (asked.on.cart, cx.now());
    for hold in &mut cart.holds {
        hold.extended += 1;
        let seconds = asked.seconds.unwrap_or(hold.seconds).min(hold.seconds);
        let before = hold.ends_at;
        hold.ends_at = now.plus(u64::from(seconds) * 1000).max(before);
        cx.cancel_timer(before, &timer(&id, &hold.sku));
        cx.set_timer(hold.ends_at, &timer(&id, &hold.sku));
    }
    note(cx, &id, &mut cart, asked.on.device, Change::HoldsExtended, None);
    Ok(keep(cx, &id, &cart, Vec::new()))
}
