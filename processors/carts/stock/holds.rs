//! What carts hold of an item before they are checked out, and how a checkout takes it over.

use crate::carts::stock::tables::{COUNTS, HOLDS};
use crate::carts::stock::transition::{Cx, judge, settle};
use crate::carts::stock::{customers, queue};
use millrace_topics::carts::{Carts, Command, Held, HoldSaid, HoldUpTo, Reserve, StockEvent, StockRefusal};

/// How many of an item a cart holds.
fn held(cx: &Cx<'_>, sku: &str, cart: &str) -> u32 {
    cx.get(HOLDS, &(sku.to_owned(), cart.to_owned())).map_or(0, |(_, quantity)| quantity)
}

/// Holds what a cart asks for, in the place of what it holds; where it is refused, that stays.
pub fn take(cx: &mut Cx<'_>, reserve: Reserve) {
    let counts = cx.get(COUNTS, &reserve.sku).unwrap_or_default();
    let own = held(cx, &reserve.sku, &reserve.cart);
    let refusal = judge(cx, &reserve, counts, own).err();
    settle(cx, reserve, counts, refusal, own);
}

/// Holds as many as there are for a cart, up to what it wishes, in the place of what it holds. It never loses any of that to
/// others, and gets nothing before those in line.
pub fn hold_up_to(cx: &mut Cx<'_>, wish: HoldUpTo) {
    let HoldUpTo { sku, cart, attempt, quantity, from } = wish;
    let key = (sku, cart);
    queue::leave(cx, &key, attempt);
    let inherited = from.map_or(0, |from| inherit(cx, &key, from));
    let own = held(cx, &key.0, &key.1);
    let (now, refusal) = granted(cx, &key, quantity, own);
    let mut counts = cx.get(COUNTS, &key.0).unwrap_or_default();
    counts.reserved = counts.reserved - own + now;
    customers::give_back(cx, &key.0, &key.1, own);
    customers::take(cx, &key.0, &key.1, now);
    cx.put(COUNTS, &key.0, &counts);
    if now > 0 {
        cx.put(HOLDS, &key, &(attempt, now));
    } else if own > 0 {
        cx.delete(HOLDS, &key);
    }
    let (sku, cart) = key;
    let said = HoldSaid { cart: cart.clone(), attempt, sku: sku.clone(), held: now, refusal };
    cx.send::<Carts>(&Command::HoldSaid(said));
    let before = own - inherited;
    let available = counts.available();
    if now > before {
        cx.say(&StockEvent::Reserved(Held { sku: sku.clone(), cart, quantity: now, available }));
    } else if now < before {
        cx.say(&StockEvent::Released(Held { sku: sku.clone(), cart, quantity: before - now, available }));
    }
    queue::serve(cx, &sku);
}

/// Makes what another cart holds this one's; how many that are.
fn inherit(cx: &mut Cx<'_>, key: &(String, String), from: String) -> u32 {
    let given = (key.0.clone(), from);
    let Some((_, quantity)) = cx.get(HOLDS, &given) else { return 0 };
    let own = cx.get(HOLDS, key).unwrap_or_default();
    cx.delete(HOLDS, &given);
    cx.put(HOLDS, key, &(own.0, own.1 + quantity));
    customers::give_back(cx, &given.0, &given.1, quantity);
    customers::take(cx, &key.0, &key.1, quantity);
    let available = cx.get(COUNTS, &key.0).unwrap_or_default().available();
    cx.say(&StockEvent::Released(Held { sku: given.0, cart: given.1, quantity, available }));
    quantity
}

/// How many a cart gets of those that it wishes, and why not all of them.
fn granted(cx: &Cx<'_>, key: &(String, String), quantity: u32, own: u32) -> (u32, Option<StockRefusal>) {
    let counts = cx.get(COUNTS, &key.0).unwrap_or_default();
    let (sku, cart) = key.clone();
    let mut wish = Reserve { sku, cart, attempt: 0, quantity, price: None };
    let mut first = None;
    // The first reason may be what the customer may have, and the second what there is of that.
    while let Err(refusal) = judge(cx, &wish, counts, own) {
        let most = match &refusal {
            StockRefusal::Insufficient { available, .. } => *available,
            StockRefusal::TooMany { left, .. } => *left,
            _ => 0,
        };
        first = first.or(Some(refusal));
        if most <= own {
            return (own.min(quantity), first);
        }
        wish.quantity = most;
    }
    (wish.quantity, first)
}
