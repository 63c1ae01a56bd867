//! Stock that is reserved before the checkout, when a SKU is put into a cart: what holds, checkouts and claims do with it.

use super::{add, check, item, line_of, of, open, pay};
use expect_test::expect;

/// The line that defines an item which costs 19.99, and when it is reserved.
pub(super) fn define(sku: &str, on_hand: u32, reserve: &str) -> String {
    format!(
        r#"@carts.stock {{"type":"define_sku","sku":"{sku}","on_hand":{on_hand},"price":{{"amount":1999,"currency":"EUR"}},"reserve":{reserve}}}"#
    )
}

/// At once, for ten minutes.
pub(super) const AT_ONCE: &str = r#"{"at":"add","seconds":600}"#;

/// The line that puts some of an item into a cart which is to hold them.
pub(super) fn hold(cart: &str, sku: &str, quantity: u32) -> String {
    add(cart, sku, quantity).replace(r#""add_line""#, r#""add_held","seconds":600"#)
}

pub(super) fn set(cart: &str, sku: &str, quantity: u32, more: &str) -> String {
    format!(r#"{{"type":"set_hinted","cart":"{cart}","line":"{}","quantity":{quantity}{more}}}"#, line_of(sku))
}

#[test]
fn what_is_added_is_held_until_its_time_is_over_to_the_millisecond() {
    let script = [
        define("tee", 3, AT_ONCE),
        open("c"),
        open("d"),
        hold("c", "tee", 2),
        // One is left: that is what d gets of two, and then there is none.
        hold("d", "tee", 2),
        hold("d", "tee", 1),
        // More of what one holds, fewer, and none.
        format!("+1m {}", set("c", "tee", 3, r#","seconds":600"#)),
        set("d", "tee", 0, ""),
        set("c", "tee", 3, r#","seconds":600,"available":0"#),
        set("c", "tee", 2, ""),
        // The time counts from the first: it is over at ten minutes, and not before.
        format!("+539999ms {}", of("complete", "c")),
        format!("+1ms {}", of("complete", "c")),
        // The line stays, and the next change begins anew.
        hold("c", "tee", 1),
        of("undo", "c"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "tee" has 3, [3, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"add_held","seconds":600,"cart":"d","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts LineChanged
        {"type":"add_held","seconds":600,"cart":"d","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 5 [2×"tee"] 3998 1×"tee" held
          said carts LineChanged
          said carts LineChanged
        +1m {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":3,"seconds":600}
          → active 4 [3×"tee"] 5997 2×"tee" held
          said carts LineChanged
          said carts LineChanged
        {"type":"set_hinted","cart":"d","line":"77db0fda86ebc662","quantity":0}
          → active 7 [] 0
          said carts LineRemoved
          said carts.stock ItemReleased
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":3,"seconds":600,"available":0}
          → active 6 [3×"tee"] 5997 2×"tee" held
          said carts LineChanged
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":2}
          → active 8 [2×"tee"] 3998 2×"tee" held
          said carts LineChanged
          said carts.stock ItemReleased
        +539999ms {"type":"complete","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        +1ms {"type":"complete","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
          said carts HoldExpired
          said carts.stock ItemReleased
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 10 [3×"tee"] 5997 0×"tee" held
          said carts LineChanged
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"undo","cart":"c"}
          → active 12 [2×"tee"] 3998 2×"tee" held
          said carts Undone
          said carts.stock ItemReleased
        carts timers (Time(1704068400000), [3, 1, 99, 3, 116, 101, 101]) → ()
        carts.stock counts "tee" → Counts { on_hand: 3, reserved: 2, committed: 0, waiting: 0, last: 0 }
        carts.stock holds ("tee", "c") → (6, 2)
    "#]],
    );
}

#[test]
fn a_checkout_takes_over_what_is_held_and_gives_it_back_to_the_cart() {
    let script = [
        define("tee", 2, AT_ONCE),
        item("cap", 1),
        open("c"),
        open("d"),
        hold("c", "tee", 2),
        add("c", "cap", 1),
        add("d", "tee", 1),
        of("checkout", "d"),
        // Nobody has the cap any more: the tees are the cart's as they were.
        item("cap", 0),
        of("checkout", "c"),
        of("checkout", "d"),
        item("cap", 1),
        of("checkout", "c"),
        of("checkout", "d"),
        of("cancel", "c"),
        of("checkout", "d"),
        // What the tees cost has changed: they are refused, and still held.
        define("tee", 2, AT_ONCE).replace("1999", "2099"),
        of("checkout", "c"),
        of("checkout", "d"),
        // The time of the hold ends while the cart is checked out, and is over when that comes to nothing.
        of("checkout", "c"),
        "+11m".to_owned(),
        of("cancel", "c"),
        of("checkout", "d"),
        of("cancel", "d"),
        // Held again, and bought.
        hold("c", "tee", 1).replace(r#""amount":1999"#, r#""amount":2099"#),
        of("checkout", "c"),
        pay("c", "p", "captured", 6197),
        "+1h".to_owned(),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"define_sku","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"cap","on_hand":1,"price":{"amount":1999,"currency":"EUR"}}
              → "cap" has 1, [1, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998 0×"tee" held
              said carts LineAdded
              said carts.stock ItemReserved
              said carts ItemHeld
            {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"cap","price":{"amount":1999,"currency":"EUR"}}}
              → active 4 [2×"tee" 1×"cap"] 5997 2×"tee" held
              said carts LineAdded
            {"type":"add_line","cart":"d","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"checkout","cart":"d"}
              → reserving 3 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            @carts.stock {"type":"define","sku":"cap","on_hand":0,"price":{"amount":1999,"currency":"EUR"}}
              → "cap" has 0, [0, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"checkout","cart":"c"}
              → reserving 5 [2×"tee" 1×"cap"] 5997 2×"tee" held
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts.stock ItemReserved
              said carts StockRefused
            {"type":"checkout","cart":"d"}
              → reserving 5 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            @carts.stock {"type":"define","sku":"cap","on_hand":1,"price":{"amount":1999,"currency":"EUR"}}
              → "cap" has 1, [1, 0, 0], 0 wait
              said carts.stock SkuChanged
              said carts BackInStock
            {"type":"checkout","cart":"c"}
              → reserving 8 [2×"tee" 1×"cap"] 5997 2×"tee" held
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"checkout","cart":"d"}
              → reserving 7 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"cancel","cart":"c"}
              → active 10 [2×"tee" 1×"cap"] 5997 2×"tee" held
              said carts CheckoutCancelled
              said carts.stock ItemReleased
            {"type":"checkout","cart":"d"}
              → reserving 9 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            @carts.stock {"type":"define_sku","sku":"tee","on_hand":2,"price":{"amount":2099,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
              → "tee" has 2, [0, 2, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"checkout","cart":"c"}
              → reserving 11 [2×"tee" 1×"cap"] 5997 2×"tee" held
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts.stock ItemRefused
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"checkout","cart":"d"}
              → reserving 11 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"checkout","cart":"c"}
              → reserving 13 [2×"tee" 1×"cap"] 6197 2×"tee" held
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts.stock ItemReserved
              said carts StockReserved
            +11m
            {"type":"cancel","cart":"c"}
              → active 16 [2×"tee" 1×"cap"] 6197
              said carts CheckoutCancelled
              said carts HoldExpired
              said carts.stock ItemReleased
              said carts.stock ItemReleased
            {"type":"checkout","cart":"d"}
              → reserving 13 [1×"tee"] 2099
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"cancel","cart":"d"}
              → active 15 [1×"tee"] 2099
              said carts CheckoutCancelled
              said carts.stock ItemReleased
            {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":2099,"currency":"EUR"}}}
              → active 17 [3×"tee" 1×"cap"] 8296 0×"tee" held
              said carts LineChanged
              said carts.stock ItemReserved
              said carts ItemHeld
              said carts LineChanged
            {"type":"checkout","cart":"c"}
              → reserving 20 [2×"tee" 1×"cap"] 6197 2×"tee" held
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":6197}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
              said carts.stock ItemCommitted
            +1h
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 6197, changed_at: Time(1704067860000) }
            carts.stock counts "cap" → Counts { on_hand: 1, reserved: 0, committed: 1, waiting: 0, last: 0 }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn lines_and_bundles_hold_an_item_once_and_go_back_by_whole_bundles() {
    let parts = r#","parts":[{"sku":"cap","quantity":1},{"sku":"tee","quantity":2}]"#;
    let set_of = |line: &str| line.replace(r#""EUR"}"#, &format!(r#""EUR"}}{parts}"#));
    let script = [
        item("tee", 7),
        item("cap", 9),
        set_of(&define("set", 0, AT_ONCE)).replace(r#""on_hand":0,"#, ""),
        open("c"),
        hold("c", "tee", 2),
        set_of(&hold("c", "set", 2)),
        // Eight tees are wanted and seven there: one bundle less, and the cap that it would have needed is free.
        set_of(&hold("c", "set", 1)),
        hold("c", "tee", 5),
        set("c", "set", 1, ""),
        of("undo", "c"),
        of("checkout", "c"),
        pay("c", "p", "captured", 9995),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define","sku":"tee","on_hand":7,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 7, [7, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define","sku":"cap","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
          → "cap" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define_sku","sku":"set","price":{"amount":1999,"currency":"EUR"},"parts":[{"sku":"cap","quantity":1},{"sku":"tee","quantity":2}],"reserve":{"at":"add","seconds":600}}
          → {"changed_at":"2024-01-01T00:00:00Z","max_per_customer":null,"max_per_line":null,"min_per_cart":null,"parts":[{"quantity":1,"sku":"cap"},{"quantity":2,"sku":"tee"}],"price":{"amount":1999,"currency":"EUR"},"prices":[],"reserve":{"at":"add","seconds":600},"sku":"set","stock":null,"title":""}
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"set","price":{"amount":1999,"currency":"EUR"},"parts":[{"sku":"cap","quantity":1},{"sku":"tee","quantity":2}]}}
          → active 4 [2×"tee" 2×"set"] 7996 0×"cap" held 2×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts ItemHeld
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"set","price":{"amount":1999,"currency":"EUR"},"parts":[{"sku":"cap","quantity":1},{"sku":"tee","quantity":2}]}}
          → active 7 [2×"tee" 3×"set"] 9995 2×"cap" held 6×"tee" held
          said carts LineChanged
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts ItemHeld
          said carts LineChanged
          said carts.stock ItemReleased
          said carts.stock ItemReleased
        {"type":"add_held","seconds":600,"cart":"c","quantity":5,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 11 [7×"tee" 2×"set"] 17991 2×"cap" held 6×"tee" held
          said carts LineChanged
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts LineChanged
        {"type":"set_hinted","cart":"c","line":"3407997acc57df88","quantity":1}
          → active 14 [3×"tee" 1×"set"] 7996 1×"cap" held 5×"tee" held
          said carts LineChanged
          said carts.stock ItemReleased
          said carts.stock ItemReleased
        {"type":"undo","cart":"c"}
          → active 15 [3×"tee" 2×"set"] 9995 1×"cap" held 5×"tee" held
          said carts Undone
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts ItemHeld
        {"type":"checkout","cart":"c"}
          → reserving 18 [3×"tee" 2×"set"] 9995 2×"cap" held 7×"tee" held
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":9995}
          → payment "p" "captured" "o_c"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
          said carts.stock ItemCommitted
          said carts.stock ItemCommitted
        carts payments ("c", "p") → PaymentRow { state: Captured, amount: 9995, changed_at: Time(1704067200000) }
        carts.stock counts "cap" → Counts { on_hand: 9, reserved: 0, committed: 2, waiting: 0, last: 0 }
        carts.stock counts "set" → Counts { on_hand: 0, reserved: 0, committed: 0, waiting: 0, last: 0 }
        carts.stock counts "tee" → Counts { on_hand: 7, reserved: 0, committed: 7, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn what_a_claimed_cart_holds_is_its_customers() {
    let claim = |mode: &str| format!(r#"{{"type":"claim","cart":"c","customer":"u1","mode":"{mode}"}}"#);
    let open_for = r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#;
    let script = [
        define("tee", 3, AT_ONCE),
        define("cap", 2, AT_ONCE),
        open_for.to_owned(),
        hold("user:u1", "tee", 1),
        open("c"),
        hold("c", "tee", 2),
        hold("c", "cap", 1),
        // The customer is checking out: the claim comes to nothing, and the cart holds what it held.
        of("checkout", "user:u1"),
        claim("sum"),
        of("cancel", "user:u1"),
        claim("sum"),
        of("undo", "user:u1"),
        "+1h".to_owned(),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "tee" has 3, [3, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define_sku","sku":"cap","on_hand":2,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "cap" has 2, [2, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"cap","price":{"amount":1999,"currency":"EUR"}}}
          → active 4 [2×"tee" 1×"cap"] 5997 0×"cap" held 2×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"checkout","cart":"user:u1"}
          → reserving 4 [1×"tee"] 1999 1×"tee" held
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"claim","cart":"c","customer":"u1","mode":"sum"}
          → merging 6 [2×"tee" 1×"cap"] 5997 1×"cap" held 2×"tee" held
          said carts CartClaimed
          said carts MergeRefused
        {"type":"cancel","cart":"user:u1"}
          → active 6 [1×"tee"] 1999 1×"tee" held
          said carts CheckoutCancelled
        {"type":"claim","cart":"c","customer":"u1","mode":"sum"}
          → merging 8 [2×"tee" 1×"cap"] 5997 1×"cap" held 2×"tee" held
          said carts CartClaimed
          said carts LinesMerged
          said carts.stock ItemReleased
          said carts.stock ItemReserved
          said carts.stock ItemReleased
          said carts.stock ItemReserved
          said carts CartMerged
          said carts ItemHeld
          said carts ItemHeld
        {"type":"undo","cart":"user:u1"}
          → active 10 [1×"tee"] 1999 1×"tee" held
          said carts Undone
          said carts.stock ItemReleased
          said carts.stock ItemReleased
        +1h
          said carts HoldExpired
          said carts.stock ItemReleased
        carts.stock counts "cap" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        carts.stock counts "tee" → Counts { on_hand: 3, reserved: 0, committed: 0, waiting: 0, last: 0 }
    "#]],
    );
    let kept = [
        define("tee", 3, AT_ONCE),
        open_for.to_owned(),
        open("c"),
        hold("c", "tee", 2),
        claim("keep"),
        hold("user:u1", "tee", 3),
    ];
    check(
        &kept.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "tee" has 3, [3, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"claim","cart":"c","customer":"u1","mode":"keep"}
          → merging 4 [2×"tee"] 3998 2×"tee" held
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
          said carts.stock ItemReleased
        {"type":"add_held","seconds":600,"cart":"user:u1","quantity":3,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [3×"tee"] 5997 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        carts timers (Time(1704067800000), [3, 9, 117, 115, 101, 114, 58, 117, 49, 126, 49, 3, 116, 101, 101]) → ()
        carts.stock counts "tee" → Counts { on_hand: 3, reserved: 3, committed: 0, waiting: 0, last: 0 }
        carts.stock holds ("tee", "user:u1~1") → (1, 3)
    "#]],
    );
}
