//! News of a SKU for the carts that have it: it costs less, or is there again. Each partition knows which of its carts may
//! have a SKU; the stock item tells every partition once, and a step tells some carts, so that one SKU that everybody has
//! keeps nobody waiting.

use crate::carts::lines;
use crate::carts::tables::{CARTS, Cart, HOLDERS, Stage};
use crate::carts::transition::{Cx, note};
use millrace_topics::carts::{Change, Line, News, Notice, Outcome, Timer};
use millrace_topics::money::Money;

/// How many carts are told before others get their turn.
pub const QUANTUM: usize = 100;

/// Remembers that a cart may have a SKU. It is forgotten when news find that it has not.
pub fn watch(cx: &mut Cx<'_>, id: &str, sku: &str) {
    cx.put(HOLDERS, &(sku.to_owned(), id.to_owned()), &());
}

/// The same for all that a cart has.
pub fn watch_all(cx: &mut Cx<'_>, id: &str, cart: &Cart) {
    cart.lines.iter().chain(&cart.saved).for_each(|line| watch(cx, id, &line.sku));
}

/// A stock item has news.
pub fn hear(cx: &mut Cx<'_>, notice: Notice) -> Outcome {
    tell(cx, notice.sku, notice.news, None);
    Outcome::Noted
}

/// Tells some carts, behind this one if it is not the beginning.
pub fn tell(cx: &mut Cx<'_>, sku: String, news: News, after: Option<String>) {
    let mut rows = HOLDERS.under(&(sku.clone(),));
    if let Some(after) = after {
        rows = rows.beyond(&HOLDERS.raw_key(&(sku.clone(), after)));
    }
    let carts: Vec<String> = cx.scan(HOLDERS, &rows).take(QUANTUM).map(|((_, cart), ())| cart).collect();
    for id in &carts {
        tell_one(cx, &sku, news, id);
    }
    if carts.len() == QUANTUM {
        // A millisecond later: what waits for the partition gets its turn between two steps.
        let due = cx.now().plus(1);
        cx.set_timer(due, &Timer::News { sku, news, after: carts.into_iter().next_back() });
    }
}

fn tell_one(cx: &mut Cx<'_>, sku: &str, news: News, id: &String) {
    let known = cx.get(CARTS, id).filter(|cart| may_have(cart, sku));
    let Some(mut cart) = known else {
        cx.delete(HOLDERS, &(sku.to_owned(), id.clone()));
        return;
    };
    let change = match news {
        News::PriceDropped(price) => drop_price(&mut cart, sku, price),
        News::BackInStock(available) => Some(Change::BackInStock { sku: sku.to_owned(), available }),
    };
    // What is checked out stands still, and its checkout finds out what holds.
    let Some(change) = change.filter(|_| cart.stage == Stage::Active) else { return };
    // Nobody has touched the cart: it is left alone as it was.
    let (changed_at, abandoned) = (cart.changed_at, cart.abandoned);
    note(cx, id, &mut cart, None, change, None);
    (cart.changed_at, cart.abandoned) = (changed_at, abandoned);
    cx.put(CARTS, id, &cart);
}

/// True for a cart with such a line that somebody may still buy.
fn may_have(cart: &Cart, sku: &str) -> bool {
    let is_open = matches!(cart.stage, Stage::Active | Stage::Trial(_) | Stage::Merging(_));
    is_open && cart.lines.iter().chain(&cart.saved).any(|line| line.sku == sku)
}

/// Gives lines a lower price; none if it is not lower for any.
fn drop_price(cart: &mut Cart, sku: &str, price: Money) -> Option<Change> {
    let is_dearer = |line: &&Line| line.sku == sku && line.price > price.amount;
    let was = cart.lines.iter().chain(&cart.saved).find(is_dearer)?.price;
    if price.currency != cart.currency {
        return None;
    }
    lines::reprice(cart, sku, price.amount);
    cart.saved.iter_mut().filter(|line| line.sku == sku).for_each(|line| line.price = price.amount);
    Some(Change::PriceDropped { sku: sku.to_owned(), was, now: price.amount })
}
