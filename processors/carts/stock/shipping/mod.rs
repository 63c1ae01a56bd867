//! Ways of sending: few, made by operators, and listed together, so all of them lie in one partition.

pub mod routes;

use crate::carts::stock::tables::{SHIPPING, ShippingRow};
use crate::carts::stock::transition::Cx;
use crate::carts::tables::Cart;
use crate::carts::transition::{self as carts, LABEL_LIMIT, keep, load_open, note};
use crate::runtime::ids;
use millrace_topics::carts::{
    Change, Outcome, QuoteKind, Rejection, Ship, ShippingDefinition, ShippingOption, StockEvent, StockOutcome,
};
use millrace_topics::money::AMOUNT_LIMIT;

/// The most ways of sending.
pub const OPTIONS_LIMIT: u32 = 100;

/// The most currencies that one has a price in.
pub const PRICES_LIMIT: usize = 50;

fn check(definition: &ShippingDefinition) -> Result<(), Rejection> {
    let ShippingDefinition { option, label, prices } = definition;
    let bad = |what: String| Err(Rejection::BadRequest(what));
    if !ids::is_id(option) {
        return Err(Rejection::BadId);
    }
    if !(1..=LABEL_LIMIT).contains(&label.len()) {
        return bad(format!("`label` has 1 to {LABEL_LIMIT} bytes"));
    }
    if prices.len() > PRICES_LIMIT {
        return bad(format!("`prices` has at most {PRICES_LIMIT}"));
    }
    if prices.iter().any(|price| price.amount > AMOUNT_LIMIT) {
        return bad(format!("a price is at most {AMOUNT_LIMIT} minor units"));
    }
    let is_twice = |at: usize| prices[..at].iter().any(|price| price.currency == prices[at].currency);
    if (0..prices.len()).any(is_twice) {
        return bad("`prices` names each currency once".to_owned());
    }
    Ok(())
}

/// Creates a way of sending, gives it other prices, or takes it away.
///
/// # Errors
/// The refusal, before anything was written.
pub fn define(cx: &mut Cx<'_>, definition: ShippingDefinition) -> Result<StockOutcome, Rejection> {
    check(&definition)?;
    let ShippingDefinition { option, label, prices } = definition;
    let known = cx.get(SHIPPING, &option);
    let is_new = known.is_none();
    let shown = |row: &ShippingRow| Box::new(row.show(&option));
    if let Some(known) = known.filter(|known| (&known.label, &known.prices) == (&label, &prices)) {
        return Ok(StockOutcome::Shipping(shown(&known)));
    }
    if is_new && cx.scan(SHIPPING, &SHIPPING.all()).count() >= OPTIONS_LIMIT as usize {
        return Err(Rejection::TooManyShippings(OPTIONS_LIMIT));
    }
    // The line: nothing below can be refused.
    let row = ShippingRow { label, prices, changed_at: cx.now() };
    if row.prices.is_empty() {
        cx.delete(SHIPPING, &option);
    } else {
        cx.put(SHIPPING, &option, &row);
    }
    let shown = shown(&row);
    cx.say(&StockEvent::ShippingChanged(shown.clone()));
    Ok(if is_new { StockOutcome::ShippingCreated(shown) } else { StockOutcome::Shipping(shown) })
}

/// A cart's buyer chooses a way of sending: its price is a quote, as one that a server records.
///
/// # Errors
/// The refusal, before anything was written.
pub fn choose(cx: &mut carts::Cx<'_>, ship: Ship) -> Result<Outcome, Rejection> {
    let Ship { on, option } = ship;
    let mut cart = load_open(cx, &on)?;
    let amount = price(&cart, &option)?;
    let kind = QuoteKind::Shipping;
    cart.quote(kind, amount, option.label);
    carts::check_total(&cart)?;
    // The line: nothing below can be refused.
    cart.content += 1;
    note(cx, &on.cart, &mut cart, on.device, Change::QuoteRecorded { kind, amount }, None);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

fn price(cart: &Cart, option: &ShippingOption) -> Result<u64, Rejection> {
    option.price_in(cart.currency).ok_or_else(|| {
        let other = option.prices.first().map_or_else(String::new, |price| price.currency.code().to_owned());
        Rejection::CurrencyMismatch { cart: cart.currency.code().to_owned(), price: other }
    })
}
