//! When stock is reserved: what holds give way to, how long they may last, and what is reserved for orders alone.

use super::holds::{AT_ONCE, define, hold, set};
use super::{add, check, item, of, open, pay};
use expect_test::expect;

#[test]
fn whoever_waits_in_line_holds_nothing_behind_what_is_waited_for() {
    let script = [
        define("a", 1, AT_ONCE),
        define("b", 1, AT_ONCE),
        open("c"),
        open("d"),
        hold("c", "b", 1),
        add("c", "a", 1),
        hold("d", "a", 1),
        add("d", "b", 1),
        // c waits for a and has given b back; d has a and goes on to b.
        of("checkout_in_line", "c"),
        of("checkout_in_line", "d"),
        pay("d", "p", "captured", 3998),
        of("complete", "c"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"a","on_hand":1,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "a" has 1, [1, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define_sku","sku":"b","on_hand":1,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":600}}
          → "b" has 1, [1, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"b"] 1999 0×"b" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 4 [1×"b" 1×"a"] 3998 1×"b" held
          said carts LineAdded
        {"type":"add_held","seconds":600,"cart":"d","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999 0×"a" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        {"type":"add_line","cart":"d","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 4 [1×"a" 1×"b"] 3998 1×"a" held
          said carts LineAdded
        {"type":"checkout_in_line","cart":"c"}
          → reserving 5 [1×"b" 1×"a"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReleased
          said carts.stock ItemQueued
        {"type":"checkout_in_line","cart":"d"}
          → reserving 5 [1×"a" 1×"b"] 3998 1×"a" held
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"d","payment":"p","kind":"captured","amount":3998}
          → payment "p" "captured" "o_d"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
          said carts.stock ItemRefused
          said carts.stock ItemCommitted
          said carts StockRefused
        {"type":"complete","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        carts payments ("d", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
        carts.stock counts "a" → Counts { on_hand: 1, reserved: 0, committed: 1, waiting: 0, last: 1 }
        carts.stock counts "b" → Counts { on_hand: 1, reserved: 0, committed: 1, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn an_item_of_which_each_customer_may_have_so_many_is_held_so_far() {
    let limited = define("tee", 9, AT_ONCE).replace(r#","reserve""#, r#","max_per_customer":2,"reserve""#);
    let script = [
        limited,
        open("c"),
        hold("c", "tee", 1),
        r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#.to_owned(),
        hold("user:u1", "tee", 3),
        of("checkout", "user:u1"),
        pay("user:u1", "p", "captured", 3998),
        r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#.to_owned(),
        hold("user:u1", "tee", 1),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"max_per_customer":2,"reserve":{"at":"add","seconds":600}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999 0×"tee" held
          said carts LineAdded
          said carts LineRemoved
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"user:u1","quantity":3,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [3×"tee"] 5997 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
          said carts LineChanged
        {"type":"checkout","cart":"user:u1"}
          → reserving 5 [2×"tee"] 3998 2×"tee" held
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"user:u1","payment":"p","kind":"captured","amount":3998}
          → payment "p" "captured" "o_user:u1~1"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":600,"cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999 0×"tee" held
          said carts LineAdded
          said carts LineRemoved
        carts payments ("user:u1~1", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 2, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn what_is_held_gets_more_time_three_times() {
    let extend = |more: &str| format!(r#"{{"type":"extend","cart":"c"{more}}}"#);
    let script = [
        define("tee", 3, AT_ONCE),
        open("c"),
        extend(""),
        hold("c", "tee", 1),
        format!("+9m {}", extend("")),
        // Never longer at once than it is held at first.
        format!("+9m {}", extend(r#","seconds":86400"#)),
        format!("+9m {}", extend(r#","seconds":1"#)),
        extend(""),
        "+1m".to_owned(),
        of("checkout", "c"),
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
        {"type":"extend","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        {"type":"add_held","seconds":600,"cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999 0×"tee" held
          said carts LineAdded
          said carts.stock ItemReserved
          said carts ItemHeld
        +9m {"type":"extend","cart":"c"}
          → active 4 [1×"tee"] 1999 1×"tee" held
          said carts HoldsExtended
        +9m {"type":"extend","cart":"c","seconds":86400}
          → active 5 [1×"tee"] 1999 1×"tee" held
          said carts HoldsExtended
        +9m {"type":"extend","cart":"c","seconds":1}
          → active 6 [1×"tee"] 1999 1×"tee" held
          said carts HoldsExtended
        {"type":"extend","cart":"c"}
          → 422 extended_too_often: a checkout is extended at most 3 times
        +1m
          said carts HoldExpired
          said carts.stock ItemReleased
        {"type":"checkout","cart":"c"}
          → reserving 8 [1×"tee"] 1999
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        carts timers (Time(1704069780000), [0, 1, 99, 2]) → ()
        carts.stock counts "tee" → Counts { on_hand: 3, reserved: 1, committed: 0, waiting: 0, last: 0 }
        carts.stock holds ("tee", "c") → (2, 1)
    "#]],
    );
}

#[test]
fn what_is_reserved_for_orders_alone_goes_to_whoever_pays_first() {
    let script = [
        define("tee", 1, r#"{"at":"order"}"#),
        item("cap", 5),
        open("a"),
        open("b"),
        add("a", "tee", 1),
        add("a", "cap", 1),
        add("b", "tee", 1),
        of("checkout", "a"),
        of("checkout", "b"),
        pay("a", "p", "authorized", 3998),
        pay("b", "q", "authorized", 1999),
        // Both may pay; b is first.
        of("complete", "b"),
        of("complete", "b"),
        of("complete", "a"),
        // There are none: a checkout sees that.
        of("checkout", "a"),
        // Money that was taken orders by itself, and comes back where there is nothing.
        r#"@carts.stock {"type":"adjust","sku":"tee","delta":1}"#.to_owned(),
        of("checkout", "a"),
        pay("a", "r", "captured", 3998),
        define("two", 2, r#"{"at":"order"}"#),
        open("e"),
        add("e", "two", 2),
        of("checkout", "e"),
        r#"@carts.stock {"type":"adjust","sku":"two","delta":-1}"#.to_owned(),
        pay("e", "s", "captured", 3998),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":1,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"order"}}
          → "tee" has 1, [1, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define","sku":"cap","on_hand":5,"price":{"amount":1999,"currency":"EUR"}}
          → "cap" has 5, [5, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"open","cart":"b","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"cap","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"tee" 1×"cap"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"b","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"checkout","cart":"a"}
          → reserving 4 [1×"tee" 1×"cap"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"checkout","cart":"b"}
          → reserving 3 [1×"tee"] 1999
          said carts CheckoutStarted
          said carts StockReserved
        {"type":"pay","cart":"a","payment":"p","kind":"authorized","amount":3998}
          → payment "p" "authorized" null
          said carts PaymentAuthorized
        {"type":"pay","cart":"b","payment":"q","kind":"authorized","amount":1999}
          → payment "q" "authorized" null
          said carts PaymentAuthorized
        {"type":"complete","cart":"b"}
          → reserving 6 [1×"tee"] 1999
          said carts PaymentAwaited
          said carts.stock ItemReserved
          said carts StockReserved
          said carts OrderPlaced
          said carts.stock ItemCommitted
        {"type":"complete","cart":"b"}
          → order "o_b" 1999
        {"type":"complete","cart":"a"}
          → reserving 7 [1×"tee" 1×"cap"] 3998
          said carts PaymentAwaited
          said carts.stock ItemRefused
          said carts StockRefused
          said carts VoidDue
          said carts.stock ItemReleased
        {"type":"checkout","cart":"a"}
          → reserving 10 [1×"tee" 1×"cap"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts.stock ItemRefused
          said carts StockRefused
          said carts.stock ItemReleased
        @carts.stock {"type":"adjust","sku":"tee","delta":1}
          → "tee" has 2, [1, 0, 1], 0 wait
          said carts.stock SkuChanged
          said carts BackInStock
        {"type":"checkout","cart":"a"}
          → reserving 13 [1×"tee" 1×"cap"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"a","payment":"r","kind":"captured","amount":3998}
          → payment "r" "captured" null
          said carts PaymentCaptured
          said carts.stock ItemReserved
          said carts StockReserved
          said carts OrderPlaced
          said carts.stock ItemCommitted
          said carts.stock ItemCommitted
        @carts.stock {"type":"define_sku","sku":"two","on_hand":2,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"order"}}
          → "two" has 2, [2, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"e","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"e","quantity":2,"offer":{"sku":"two","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"two"] 3998
          said carts LineAdded
        {"type":"checkout","cart":"e"}
          → reserving 3 [2×"two"] 3998
          said carts CheckoutStarted
          said carts StockReserved
        @carts.stock {"type":"adjust","sku":"two","delta":-1}
          → "two" has 1, [1, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"pay","cart":"e","payment":"s","kind":"captured","amount":3998}
          → payment "s" "captured" null
          said carts PaymentCaptured
          said carts.stock ItemRefused
          said carts StockRefused
          said carts RefundDue
        carts payments ("a", "p") → PaymentRow { state: VoidDue, amount: 3998, changed_at: Time(1704067200000) }
        carts payments ("a", "r") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
        carts payments ("b", "q") → PaymentRow { state: Authorized, amount: 1999, changed_at: Time(1704067200000) }
        carts payments ("e", "s") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704067200000) }
        carts.stock counts "cap" → Counts { on_hand: 5, reserved: 0, committed: 1, waiting: 0, last: 0 }
        carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        carts.stock counts "two" → Counts { on_hand: 1, reserved: 0, committed: 0, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn when_a_sku_is_reserved_is_said_within_limits() {
    let bundle =
        define("set", 0, r#"{"at":"order"}"#).replace(r#""on_hand":0,"#, r#""parts":[{"sku":"tee","quantity":1}],"#);
    let script = [
        define("tee", 1, r#"{"at":"add","seconds":0}"#),
        define("tee", 1, r#"{"at":"add","seconds":86401}"#),
        bundle,
        open("c"),
        hold("c", "tee", 1).replace("600", "0"),
        add("c", "tee", 1),
        set("c", "tee", 2, r#","seconds":86401"#),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":1,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":0}}
          → 422 bad_request: `reserve.seconds` is 1 to 86400, not 0
        @carts.stock {"type":"define_sku","sku":"tee","on_hand":1,"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"add","seconds":86401}}
          → 422 bad_request: `reserve.seconds` is 1 to 86400, not 86401
        @carts.stock {"type":"define_sku","sku":"set","parts":[{"sku":"tee","quantity":1}],"price":{"amount":1999,"currency":"EUR"},"reserve":{"at":"order"}}
          → 422 bad_request: a bundle is reserved as its parts are: leave `order` to them
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_held","seconds":0,"cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_request: `seconds` is 1 to 86400
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":2,"seconds":86401}
          → 422 bad_request: `seconds` is 1 to 86400
    "#]],
    );
}

#[test]
fn a_quantity_that_is_set_is_cut_to_what_there_is() {
    let script = [
        item("tee", 3),
        open("c"),
        add("c", "tee", 2),
        set("c", "tee", 9, r#","available":3"#),
        // Never below what the line has, and fewer are always possible.
        set("c", "tee", 4, r#","available":1"#),
        set("c", "tee", 2, r#","available":0"#),
        set("c", "tee", 5, r#","base":4,"available":9"#),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 3, [3, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998
          said carts LineAdded
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":9,"available":3}
          → active 3 [3×"tee"] 5997 "reduced_to_stock" 3
          said carts LineChanged
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":4,"available":1}
          → active 4 [3×"tee"] 5997 "reduced_to_stock" 3
          said carts LineChanged
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":2,"available":0}
          → active 5 [2×"tee"] 3998
          said carts LineChanged
        {"type":"set_hinted","cart":"c","line":"77db0fda86ebc662","quantity":5,"base":4,"available":9}
          → active 6 [3×"tee"] 5997
          said carts LineChanged
        carts.stock counts "tee" → Counts { on_hand: 3, reserved: 0, committed: 0, waiting: 0, last: 0 }
    "#]],
    );
}
