//! The two steps of a payment, in every order: before and after the buyer says `complete`, twice, late, and never.

use super::{add, check, item, of, open, pay};
use expect_test::{Expect, expect};

/// A cart with two of an item of which there are `on_hand`, checked out.
fn checked_out(on_hand: u32, then: &[String]) -> String {
    let mut script = vec![item("tee", on_hand), open("c"), add("c", "tee", 2), of("checkout", "c")];
    script.extend_from_slice(then);
    script.join("\n")
}

/// Another buyer, who takes what is there and pays.
fn rival(wait: &str) -> Vec<String> {
    let first = format!("{wait} {}", open("d"));
    vec![first, add("d", "tee", 2), of("checkout", "d"), pay("d", "q", "captured", 3998)]
}

fn late(line: &str) -> String {
    format!("+16m {line}")
}

#[track_caller]
fn check_paid(on_hand: u32, then: &[String], expected: Expect) {
    check(&checked_out(on_hand, then), expected);
}

#[test]
fn the_money_comes_before_the_buyer_is_ready_or_behind_or_the_buyer_never_comes_back() {
    check_paid(
        2,
        &[
            of("complete", "c"),
            pay("c", "p", "authorized", 3998),
            pay("c", "p", "authorized", 3998),
            of("complete", "c"),
        ],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"complete","cart":"c"}
              → paying 5 [2×"tee"] 3998
              said carts PaymentAwaited
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" "o_c"
              said carts PaymentAuthorized
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" "o_c"
            {"type":"complete","cart":"c"}
              → order "o_c" 3998
            carts payments ("c", "p") → PaymentRow { state: Authorized, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
    check_paid(
        2,
        &[pay("c", "p", "captured", 3998)],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
    check_paid(
        2,
        &[pay("c", "p", "authorized", 3998), late("")],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" null
              said carts PaymentAuthorized
            +16m
              said carts CheckoutExpired
              said carts VoidDue
              said carts.stock ItemReleased
            carts payments ("c", "p") → PaymentRow { state: VoidDue, amount: 3998, changed_at: Time(1704068100000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn no_money_frees_the_stock() {
    check_paid(
        2,
        &[pay("c", "p", "failed", 3998), of("complete", "c"), pay("c", "q", "failed", 3998), of("complete", "c")],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"failed","amount":3998}
              → payment "p" "failed" null
              said carts PaymentFailed
            {"type":"complete","cart":"c"}
              → paying 6 [2×"tee"] 3998
              said carts PaymentAwaited
            {"type":"pay","cart":"c","payment":"q","kind":"failed","amount":3998}
              → payment "q" "failed" null
              said carts PaymentFailed
              said carts.stock ItemReleased
            {"type":"complete","cart":"c"}
              → 409 not_checking_out: the cart is not being checked out
            carts payments ("c", "p") → PaymentRow { state: Failed, amount: 3998, changed_at: Time(1704067200000) }
            carts payments ("c", "q") → PaymentRow { state: Failed, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
    check_paid(
        2,
        &[of("complete", "c"), late("")],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"complete","cart":"c"}
              → paying 5 [2×"tee"] 3998
              said carts PaymentAwaited
            +16m
              said carts CheckoutExpired
              said carts.stock ItemReleased
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
    check_paid(
        2,
        &[pay("c", "p", "authorized", 3998), of("cancel", "c"), of("cancel", "c")],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" null
              said carts PaymentAuthorized
            {"type":"cancel","cart":"c"}
              → active 7 [2×"tee"] 3998
              said carts CheckoutCancelled
              said carts VoidDue
              said carts.stock ItemReleased
            {"type":"cancel","cart":"c"}
              → 409 not_checking_out: the cart is not being checked out
            carts payments ("c", "p") → PaymentRow { state: VoidDue, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn money_that_comes_late_tries_again_and_is_given_back_where_the_stock_is_gone() {
    check_paid(
        2,
        &[late(&pay("c", "p", "captured", 3998))],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            +16m {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" null
              said carts CheckoutExpired
              said carts PaymentCaptured
              said carts CheckoutStarted
              said carts.stock ItemReleased
              said carts.stock ItemReserved
              said carts StockReserved
              said carts OrderPlaced
              said carts.stock ItemCommitted
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704068160000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
    let mut gone = rival("+16m");
    gone.push(pay("c", "p", "captured", 3998));
    gone.push(pay("c", "p", "captured", 3998));
    gone.push(pay("c", "p", "refunded", 3998));
    check_paid(
        2,
        &gone,
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            +16m {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CheckoutExpired
              said carts CartOpened
              said carts.stock ItemReleased
            {"type":"add_line","cart":"d","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"d"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"d","payment":"q","kind":"captured","amount":3998}
              → payment "q" "captured" "o_d"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" null
              said carts PaymentCaptured
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
              said carts RefundDue
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "refund_due" null
            {"type":"pay","cart":"c","payment":"p","kind":"refunded","amount":3998}
              → payment "p" "refunded" null
              said carts PaymentRefunded
            carts payments ("c", "p") → PaymentRow { state: Refunded, amount: 3998, changed_at: Time(1704068160000) }
            carts payments ("d", "q") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704068160000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
    let mut ready = vec![of("complete", "c")];
    ready.extend(rival("+16m"));
    ready.push(pay("c", "p", "authorized", 3998));
    check_paid(
        2,
        &ready,
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"complete","cart":"c"}
              → paying 5 [2×"tee"] 3998
              said carts PaymentAwaited
            +16m {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CheckoutExpired
              said carts CartOpened
              said carts.stock ItemReleased
            {"type":"add_line","cart":"d","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"d"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"d","payment":"q","kind":"captured","amount":3998}
              → payment "q" "captured" "o_d"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" null
              said carts PaymentAuthorized
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
              said carts VoidDue
            carts payments ("c", "p") → PaymentRow { state: VoidDue, amount: 3998, changed_at: Time(1704068160000) }
            carts payments ("d", "q") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704068160000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn money_for_something_else_is_given_back() {
    check_paid(
        4,
        &[pay("c", "p", "captured", 3997), pay("c", "q", "authorized", 1)],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":4,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 4, [4, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3997}
              → payment "p" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            {"type":"pay","cart":"c","payment":"q","kind":"authorized","amount":1}
              → payment "q" "void_due" null
              said carts PaymentAuthorized
              said carts VoidDue
            carts timers (Time(1704068100000), [0, 1, 99, 1]) → ()
            carts payments ("c", "p") → PaymentRow { state: RefundDue, amount: 3997, changed_at: Time(1704067200000) }
            carts payments ("c", "q") → PaymentRow { state: VoidDue, amount: 1, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 4, reserved: 2, committed: 0, waiting: 0, last: 0 }
            carts.stock holds ("tee", "c") → (1, 2)
        "#]],
    );
    check_paid(
        4,
        &[
            pay("c", "p", "captured", 3998),
            pay("c", "q", "captured", 3998),
            pay("c", "r", "authorized", 3998),
            pay("c", "r", "captured", 3998),
        ],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":4,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 4, [4, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"pay","cart":"c","payment":"q","kind":"captured","amount":3998}
              → payment "q" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            {"type":"pay","cart":"c","payment":"r","kind":"authorized","amount":3998}
              → payment "r" "void_due" null
              said carts PaymentAuthorized
              said carts VoidDue
            {"type":"pay","cart":"c","payment":"r","kind":"captured","amount":3998}
              → payment "r" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
            carts payments ("c", "q") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704067200000) }
            carts payments ("c", "r") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 4, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
    check_paid(
        4,
        &[late(&add("c", "tee", 1)), pay("c", "p", "captured", 3998), pay("c", "q", "captured", 5997)],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":4,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 4, [4, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            +16m {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 6 [3×"tee"] 5997
              said carts CheckoutExpired
              said carts LineChanged
              said carts.stock ItemReleased
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            {"type":"pay","cart":"c","payment":"q","kind":"captured","amount":5997}
              → payment "q" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            carts payments ("c", "p") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704068160000) }
            carts payments ("c", "q") → PaymentRow { state: RefundDue, amount: 5997, changed_at: Time(1704068160000) }
            carts.stock counts "tee" → Counts { on_hand: 4, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn more_time_is_given_three_times_and_never_less() {
    let extend = |seconds: u32| format!(r#"{{"type":"extend","cart":"c","seconds":{seconds}}}"#);
    check_paid(
        2,
        &[extend(60), "+2m".to_owned(), extend(1200), format!("+15m {}", extend(60)), extend(60), "+6m".to_owned()],
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"extend","cart":"c","seconds":60}
              → checking_out 5 [2×"tee"] 3998
              said carts CheckoutExtended
            +2m
            {"type":"extend","cart":"c","seconds":1200}
              → checking_out 6 [2×"tee"] 3998
              said carts CheckoutExtended
            +15m {"type":"extend","cart":"c","seconds":60}
              → checking_out 7 [2×"tee"] 3998
              said carts CheckoutExtended
            {"type":"extend","cart":"c","seconds":60}
              → 422 extended_too_often: a checkout is extended at most 3 times
            +6m
              said carts CheckoutExpired
              said carts.stock ItemReleased
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn a_price_that_has_changed_is_shown_before_it_is_paid() {
    let dearer = item("tee", 2).replace("1999", "2500");
    check(
        &[
            item("tee", 2),
            open("c"),
            add("c", "tee", 2),
            dearer,
            of("checkout", "c"),
            of("checkout", "c"),
            pay("c", "p", "captured", 3998),
            pay("c", "q", "captured", 5000),
        ]
        .join("\n"),
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":2500,"currency":"EUR"}}
              → "tee" has 2, [2, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"checkout","cart":"c"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"checkout","cart":"c"}
              → reserving 5 [2×"tee"] 5000
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            {"type":"pay","cart":"c","payment":"q","kind":"captured","amount":5000}
              → payment "q" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            carts payments ("c", "p") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704067200000) }
            carts payments ("c", "q") → PaymentRow { state: Captured, amount: 5000, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 2, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}
