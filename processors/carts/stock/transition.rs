//! What a command does to stock: checks by precedence, the line, then only writes.

use crate::carts::stock::news::Before;
use crate::carts::stock::tables::{COUNTS, Counts, HOLDS, SKUS, SkuRow};
use crate::carts::stock::{Stock, customers, holds, news, queue, shipping};
use crate::runtime::ids;
use millrace_topics::carts::{
    Adjustment, BundlePart, Carts, Command, Held, Hold, Rejection, Reserve, ReserveAt, SkuDefinition, SkuPolicy,
    SkuTerms, StockCommand, StockEvent, StockOutcome, StockRefusal, StockSaid,
};
use millrace_topics::money::{AMOUNT_LIMIT, Money};
use millrace_topics::record::Role;

pub(super) type Cx<'a> = crate::runtime::cx::Cx<'a, Stock>;

/// The most of an item that there can be: three of it still fit into 32 bits.
pub const STOCK_LIMIT: u32 = 1_000_000_000;

/// The most parts of a bundle.
pub const PARTS_LIMIT: usize = 20;

/// The most of an item in one bundle.
pub const PART_QUANTITY_LIMIT: u32 = 1000;

/// The most currencies that a SKU has a price in beside its first.
pub const PRICES_LIMIT: usize = 50;

/// The longest that a SKU is held which is reserved when it is put into a cart, in seconds.
pub const HOLD_SECONDS_LIMIT: u32 = 86_400;

/// For how long it is unless it says so, in seconds.
pub const HOLD_SECONDS: u32 = 900;

/// The longest title, in bytes.
pub const TITLE_LIMIT: usize = 256;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: StockCommand) -> Result<StockOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    match command {
        StockCommand::Define(definition) => define(cx, SkuTerms::from(*definition).into()),
        StockCommand::DefineTerms(terms) => define(cx, (*terms).into()),
        StockCommand::DefineSku(policy) => define(cx, *policy),
        StockCommand::Adjust(adjustment) => adjust(cx, &adjustment),
        StockCommand::DefineShipping(definition) => shipping::define(cx, definition),
        StockCommand::Reserve(reserve) => {
            reserve_or_refuse(cx, reserve);
            Ok(StockOutcome::Noted)
        }
        StockCommand::Queue(reserve) => {
            queue::reserve_or_wait(cx, reserve);
            Ok(StockOutcome::Noted)
        }
        StockCommand::Take(reserve) => {
            holds::take(cx, reserve);
            Ok(StockOutcome::Noted)
        }
        StockCommand::HoldUpTo(wish) => {
            holds::hold_up_to(cx, wish);
            Ok(StockOutcome::Noted)
        }
        StockCommand::Release(hold) => {
            release(cx, hold);
            Ok(StockOutcome::Noted)
        }
        StockCommand::Commit(hold) => {
            commit(cx, hold);
            Ok(StockOutcome::Noted)
        }
    }
}

/// What is wrong with the definition of a SKU whatever the state is. The routes ask it too.
///
/// # Errors
/// The refusal.
pub fn check(policy: &SkuPolicy) -> Result<(), Rejection> {
    let SkuPolicy { terms: SkuTerms { definition, prices, min_per_cart, max_per_customer }, reserve } = policy;
    let SkuDefinition { sku, on_hand, price, title, max_per_line, parts } = definition;
    if !ids::is_id(sku) || ids::is_reserved(sku) {
        return Err(Rejection::BadId);
    }
    let bad = |what: String| Err(Rejection::BadRequest(what));
    check_prices(price, prices)?;
    if title.len() > TITLE_LIMIT {
        return bad(format!("`title` has at most {TITLE_LIMIT} bytes"));
    }
    let limits =
        [("max_per_line", max_per_line), ("min_per_cart", min_per_cart), ("max_per_customer", max_per_customer)];
    if let Some((name, _)) = limits.iter().find(|(_, limit)| **limit == Some(0)) {
        return bad(format!("`{name}` is at least 1"));
    }
    if !parts.is_empty() && (min_per_cart.is_some() || max_per_customer.is_some()) {
        return bad("a bundle has the limits of its parts: leave `min_per_cart` and `max_per_customer` out".to_owned());
    }
    if on_hand.is_some_and(|on_hand| on_hand > STOCK_LIMIT) {
        return bad(format!("`on_hand` is at most {STOCK_LIMIT}"));
    }
    if !parts.is_empty() && on_hand.is_some() {
        return bad("a bundle has the stock of its parts: leave `on_hand` out".to_owned());
    }
    if let ReserveAt::Add { seconds } = reserve
        && !(1..=HOLD_SECONDS_LIMIT).contains(seconds)
    {
        return bad(format!("`reserve.seconds` is 1 to {HOLD_SECONDS_LIMIT}, not {seconds}"));
    }
    if !parts.is_empty() && *reserve == ReserveAt::Order {
        return bad("a bundle is reserved as its parts are: leave `order` to them".to_owned());
    }
    if parts.iter().any(|part| part.sku == *sku) {
        return bad("a bundle is no part of itself".to_owned());
    }
    check_parts(parts)
}

fn check_prices(price: &Money, others: &[Money]) -> Result<(), Rejection> {
    let bad = |what: String| Err(Rejection::BadRequest(what));
    if others.len() > PRICES_LIMIT {
        return bad(format!("`prices` has at most {PRICES_LIMIT}"));
    }
    let all: Vec<&Money> = std::iter::once(price).chain(others).collect();
    if all.iter().any(|price| price.amount > AMOUNT_LIMIT) {
        return bad(format!("a price is at most {AMOUNT_LIMIT} minor units"));
    }
    let is_twice = |at: usize| all[..at].iter().any(|price| price.currency == all[at].currency);
    if (0..all.len()).any(is_twice) {
        return bad("`price` and `prices` name each currency once".to_owned());
    }
    Ok(())
}

/// What is wrong with the parts of a bundle.
///
/// # Errors
/// The refusal.
pub fn check_parts(parts: &[BundlePart]) -> Result<(), Rejection> {
    let bad = |what: String| Err(Rejection::BadRequest(what));
    if parts.len() > PARTS_LIMIT {
        return bad(format!("a bundle has at most {PARTS_LIMIT} parts"));
    }
    if !parts.iter().all(|part| (1..=PART_QUANTITY_LIMIT).contains(&part.quantity)) {
        return bad(format!("a bundle has 1 to {PART_QUANTITY_LIMIT} of each part"));
    }
    let is_twice = |at: usize| parts[..at].iter().any(|part| part.sku == parts[at].sku);
    if (0..parts.len()).any(is_twice) {
        return bad("a bundle names each part once".to_owned());
    }
    Ok(())
}

fn define(cx: &mut Cx<'_>, policy: SkuPolicy) -> Result<StockOutcome, Rejection> {
    check(&policy)?;
    let SkuPolicy { terms: SkuTerms { definition, prices, min_per_cart, max_per_customer }, reserve } = policy;
    let SkuDefinition { sku, on_hand, price, title, max_per_line, parts } = definition;
    let known = cx.get(SKUS, &sku);
    let before = cx.get(COUNTS, &sku).unwrap_or_default();
    let is_other_kind = known.as_ref().is_some_and(|row| row.parts.is_empty() != parts.is_empty());
    let on_hand = if parts.is_empty() { on_hand.unwrap_or(before.on_hand) } else { 0 };
    if on_hand < before.held() || (is_other_kind && before.held() > 0) {
        return Err(Rejection::StockHeld { held: before.held() });
    }
    let counts = Counts { on_hand, ..before };
    let changed_at = cx.now();
    let row = SkuRow { title, price, prices, max_per_line, min_per_cart, max_per_customer, parts, reserve, changed_at };
    if let Some(known) = &known
        && known.is_as(&row)
        && counts == before
    {
        return Ok(StockOutcome::Changed(Box::new(known.show(&sku, counts))));
    }
    // The line: nothing below can be refused.
    cx.put(SKUS, &sku, &row);
    cx.put(COUNTS, &sku, &counts);
    let shown = Box::new(row.show(&sku, counts));
    cx.say(&StockEvent::Changed(shown.clone()));
    queue::serve(cx, &sku);
    let before = Before { available: before.available(), row: known.clone() };
    news::spread(cx, &sku, &before, &row);
    Ok(if known.is_none() { StockOutcome::Created(shown) } else { StockOutcome::Changed(shown) })
}

fn adjust(cx: &mut Cx<'_>, adjustment: &Adjustment) -> Result<StockOutcome, Rejection> {
    let Adjustment { sku, delta, shipped } = adjustment;
    let row = cx.get(SKUS, sku).ok_or(Rejection::UnknownSku)?;
    if !row.parts.is_empty() {
        return Err(Rejection::BadRequest("a bundle has the stock of its parts".to_owned()));
    }
    let mut counts = cx.get(COUNTS, sku).unwrap_or_default();
    let before = Before { available: counts.available(), row: Some(row.clone()) };
    if *shipped > counts.committed {
        return Err(Rejection::BadRequest(format!("{} are committed: no more can be shipped", counts.committed)));
    }
    counts.committed -= shipped;
    counts.on_hand -= shipped;
    let on_hand = i64::from(counts.on_hand).saturating_add(*delta);
    counts.on_hand = match u32::try_from(on_hand) {
        Ok(on_hand) if on_hand > STOCK_LIMIT => {
            return Err(Rejection::BadRequest(format!("`on_hand` is at most {STOCK_LIMIT}")));
        }
        Ok(on_hand) if on_hand >= counts.held() => on_hand,
        _ => return Err(Rejection::StockHeld { held: counts.held() }),
    };
    // The line: nothing below can be refused.
    let row = SkuRow { changed_at: cx.now(), ..row };
    cx.put(SKUS, sku, &row);
    cx.put(COUNTS, sku, &counts);
    let shown = Box::new(row.show(sku, counts));
    cx.say(&StockEvent::Changed(shown.clone()));
    queue::serve(cx, sku);
    news::spread(cx, sku, &before, &row);
    Ok(StockOutcome::Changed(shown))
}

/// Holds what a cart asks for, or says why not. A bundle holds nothing, but has a row: every hold ends once.
pub(super) fn reserve_or_refuse(cx: &mut Cx<'_>, reserve: Reserve) {
    let counts = cx.get(COUNTS, &reserve.sku).unwrap_or_default();
    match judge(cx, &reserve, counts, 0) {
        Ok(ReserveAt::Order) => {
            let Reserve { sku, cart, attempt, .. } = reserve;
            cx.send::<Carts>(&Command::StockSeen(StockSaid { cart, attempt, sku, refusal: None }));
        }
        judged => settle(cx, reserve, counts, judged.err(), 0),
    }
}

/// When an item is reserved that a cart may have, in the place of `own` that it holds, or why it may not. Whoever comes when
/// others stand in line gets nothing before them.
pub(super) fn judge(cx: &Cx<'_>, reserve: &Reserve, counts: Counts, own: u32) -> Result<ReserveAt, StockRefusal> {
    let Reserve { sku, cart, quantity: asked, price, attempt: _ } = reserve;
    let (asked, available) = (*asked, own + if counts.waiting > 0 { 0 } else { counts.available() });
    let Some(row) = cx.get(SKUS, sku).filter(|row| row.parts.is_empty() || asked == 0) else {
        return Err(StockRefusal::Unknown);
    };
    if let Some(price) = price {
        let now = row.price_in(price.currency).unwrap_or(row.price);
        if now != *price {
            return Err(StockRefusal::Price { now });
        }
        if let Some(least) = row.min_per_cart.filter(|least| asked < *least) {
            return Err(StockRefusal::TooFew { asked, least });
        }
    }
    let too_many = row.max_per_customer.and_then(|most| customers::refusal(cx, sku, cart, asked, most, own));
    let refusal = too_many.or((asked > available).then_some(StockRefusal::Insufficient { asked, available }));
    refusal.map_or(Ok(row.reserve), Err)
}

/// Tells a cart whether it holds what it asks for, and keeps it for the cart if so, in the place of `own` that it holds.
pub(super) fn settle(cx: &mut Cx<'_>, reserve: Reserve, mut counts: Counts, refusal: Option<StockRefusal>, own: u32) {
    let Reserve { sku, cart, attempt, quantity, price: _ } = reserve;
    let is_refused = refusal.is_some();
    let said = StockSaid { cart: cart.clone(), attempt, sku: sku.clone(), refusal };
    cx.send::<Carts>(&Command::StockSaid(said));
    if is_refused {
        cx.say(&StockEvent::Refused(Held { sku, cart, quantity, available: counts.available() }));
        return;
    }
    counts.reserved = counts.reserved - own + quantity;
    customers::give_back(cx, &sku, &cart, own);
    customers::take(cx, &sku, &cart, quantity);
    let key = (sku, cart);
    cx.put(COUNTS, &key.0, &counts);
    cx.put(HOLDS, &key, &(attempt, quantity));
    let (sku, cart) = key;
    cx.say(&StockEvent::Reserved(Held { sku, cart, quantity, available: counts.available() }));
}

/// Gives back what a cart holds by this attempt or an earlier one. A cart says it to whom it has asked, whether it was
/// refused or not.
fn release(cx: &mut Cx<'_>, hold: Hold) {
    let Hold { sku, cart, attempt } = hold;
    let key = (sku, cart);
    if queue::leave(cx, &key, attempt) {
        return;
    }
    let Some((_, quantity)) = cx.get(HOLDS, &key).filter(|(held, _)| *held <= attempt) else { return };
    let mut counts = cx.get(COUNTS, &key.0).expect("what is held is counted");
    counts.reserved -= quantity;
    cx.put(COUNTS, &key.0, &counts);
    cx.delete(HOLDS, &key);
    customers::give_back(cx, &key.0, &key.1, quantity);
    let (sku, cart) = key;
    cx.say(&StockEvent::Released(Held { sku: sku.clone(), cart, quantity, available: counts.available() }));
    queue::serve(cx, &sku);
}

/// Sells what a cart holds.
fn commit(cx: &mut Cx<'_>, hold: Hold) {
    let Hold { sku, cart, attempt } = hold;
    let key = (sku, cart);
    let (held, quantity) = cx.get(HOLDS, &key).expect("a cart that orders holds what it orders");
    assert_eq!(held, attempt, "a cart orders what it holds");
    let mut counts = cx.get(COUNTS, &key.0).expect("what is held is counted");
    counts.reserved -= quantity;
    counts.committed += quantity;
    cx.put(COUNTS, &key.0, &counts);
    cx.delete(HOLDS, &key);
    let (sku, cart) = key;
    cx.say(&StockEvent::Committed(Held { sku: sku.clone(), cart, quantity, available: counts.available() }));
    queue::serve(cx, &sku);
}
