//! The line for an item that is sold out for the moment: whoever stands first gets what comes back, in the order in which
//! the item's log has them. Nobody overtakes, also not with a smaller wish. Where nothing can come back any more, because
//! all is sold, everybody in line is told so at once. A cart whose time is over leaves the line.

use crate::carts::stock::tables::{COUNTS, Counts, LINE, NUMBERS, Waiter};
use crate::carts::stock::transition::{Cx, judge, settle};
use millrace_topics::carts::{Held, Reserve, StockEvent, StockRefusal, StockTimer};

/// How many carts are served before others get their turn.
const SERVED: usize = 100;

/// Holds what a cart asks for; what is only not there now is waited for.
pub fn reserve_or_wait(cx: &mut Cx<'_>, reserve: Reserve) {
    let mut counts = cx.get(COUNTS, &reserve.sku).unwrap_or_default();
    let refusal = judge(cx, &reserve, counts, 0).err();
    let may_come = counts.reserved > 0 && reserve.quantity <= counts.on_hand - counts.committed;
    if !(may_come && matches!(refusal, Some(StockRefusal::Insufficient { .. }))) {
        settle(cx, reserve, counts, refusal, 0);
        return;
    }
    let Reserve { sku, cart, attempt, quantity, price } = reserve;
    counts.waiting += 1;
    counts.last += 1;
    cx.put(COUNTS, &sku, &counts);
    cx.put(NUMBERS, &(sku.clone(), cart.clone()), &counts.last);
    cx.put(LINE, &(sku.clone(), counts.last), &Waiter { cart: cart.clone(), attempt, quantity, price });
    cx.say(&StockEvent::Queued(Held { sku, cart, quantity, available: counts.available() }));
}

/// Takes a cart out of the line where this attempt or an earlier one stands. False if it does not stand there.
pub fn leave(cx: &mut Cx<'_>, key: &(String, String), attempt: u32) -> bool {
    let Some(number) = cx.get(NUMBERS, key) else { return false };
    let place = (key.0.clone(), number);
    if cx.get(LINE, &place).is_none_or(|waiter| waiter.attempt > attempt) {
        return false;
    }
    let mut counts = cx.get(COUNTS, &key.0).expect("an item with a line is counted");
    counts.waiting -= 1;
    cx.put(COUNTS, &key.0, &counts);
    cx.delete(LINE, &place);
    cx.delete(NUMBERS, key);
    // The one behind may want less.
    serve(cx, &key.0);
    true
}

/// Gives those in line what there is, in their order.
pub fn serve(cx: &mut Cx<'_>, sku: &String) {
    for _ in 0..SERVED {
        let counts = cx.get(COUNTS, sku).unwrap_or_default();
        if counts.waiting == 0 {
            return;
        }
        let first = cx.scan(LINE, &LINE.under(&(sku.clone(),))).next();
        let ((_, number), waiter) = first.expect("whoever waits stands in line");
        let may_come = counts.reserved > 0 && waiter.quantity <= counts.on_hand - counts.committed;
        if waiter.quantity > counts.available() && may_come {
            return;
        }
        let Waiter { cart, attempt, quantity, price } = waiter;
        cx.delete(LINE, &(sku.clone(), number));
        cx.delete(NUMBERS, &(sku.clone(), cart.clone()));
        let reserve = Reserve { sku: sku.clone(), cart, attempt, quantity, price };
        let counts = Counts { waiting: counts.waiting - 1, ..counts };
        cx.put(COUNTS, sku, &counts);
        // Whoever stands behind does not count against who is first.
        let refusal = judge(cx, &reserve, Counts { waiting: 0, ..counts }, 0).err();
        settle(cx, reserve, counts, refusal, 0);
    }
    let now = cx.now();
    cx.set_timer(now, &StockTimer::Serve { sku: sku.clone() });
}
