//! How many of an item each customer has reserved and bought: for items of which one may have only so many.

use crate::carts::stock::tables::CUSTOMERS;
use crate::carts::stock::transition::Cx;
use millrace_topics::carts::{StockRefusal, routing_key};

/// The row of the customer whose cart it is; none for a cart without one.
fn row_of(sku: &str, cart: &str) -> Option<(String, String)> {
    cart.starts_with("user:").then(|| (sku.to_owned(), routing_key(cart).to_owned()))
}

/// Why a cart's customer cannot have so many of an item of which each may have `most`, in the place of `own` that the cart
/// holds.
#[must_use]
pub fn refusal(cx: &Cx<'_>, sku: &str, cart: &str, asked: u32, most: u32, own: u32) -> Option<StockRefusal> {
    let Some(key) = row_of(sku, cart) else { return Some(StockRefusal::NoCustomer) };
    let has = cx.get(CUSTOMERS, &key).unwrap_or_default();
    let left = most.saturating_sub(has.saturating_sub(own));
    (asked > left).then_some(StockRefusal::TooMany { asked, left })
}

/// A cart's customer has so many more.
pub fn take(cx: &mut Cx<'_>, sku: &str, cart: &str, quantity: u32) {
    let Some(key) = row_of(sku, cart).filter(|_| quantity > 0) else { return };
    let has = cx.get(CUSTOMERS, &key).unwrap_or_default();
    cx.put(CUSTOMERS, &key, &has.saturating_add(quantity));
}

/// A cart's customer has given so many back.
pub fn give_back(cx: &mut Cx<'_>, sku: &str, cart: &str, quantity: u32) {
    let Some(key) = row_of(sku, cart).filter(|_| quantity > 0) else { return };
    let has = cx.get(CUSTOMERS, &key).expect("what a customer holds is counted");
    match has - quantity {
        0 => cx.delete(CUSTOMERS, &key),
        left => cx.put(CUSTOMERS, &key, &left),
    }
}
