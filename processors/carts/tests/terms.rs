//! Terms of SKUs: prices in several currencies, how many a cart must have, and how many a customer may have.

use super::{add, check, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::race;
use expect_test::expect;

/// The line that defines an item with these terms beside a price of 19.99.
fn define(sku: &str, more: &str) -> String {
    format!(
        r#"@carts.stock {{"type":"define_terms","sku":"{sku}","on_hand":9,"price":{{"amount":1999,"currency":"EUR"}}{more}}}"#
    )
}

const YEN: &str = r#","prices":[{"amount":3000,"currency":"JPY"}]"#;

fn in_yen(line: &str, amount: u32) -> String {
    line.replace("EUR", "JPY").replace("1999", &amount.to_string())
}

#[test]
fn a_cart_has_the_price_of_its_own_currency() {
    let script = [
        define("tee", &YEN.replace("JPY", "EUR")),
        define("tee", YEN),
        define("tee", YEN),
        in_yen(&open("c"), 0),
        in_yen(&add("c", "tee", 2), 3000),
        of("checkout", "c"),
        pay("c", "p", "captured", 6000),
        // Cheaper in yen alone: only carts in yen hear of it.
        in_yen(&open("yen"), 0),
        in_yen(&add("yen", "tee", 1), 3000),
        open("eur"),
        add("eur", "tee", 1),
        define("tee", &YEN.replace("3000", "2500")),
        of("checkout", "eur"),
        of("checkout", "yen"),
        // Dearer, and then there is no price in yen any more.
        of("cancel", "yen"),
        define("tee", &YEN.replace("3000", "2800")),
        of("checkout", "yen"),
        define("tee", ""),
        of("checkout", "yen"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"prices":[{"amount":3000,"currency":"EUR"}]}
          → 422 bad_request: `price` and `prices` name each currency once
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"prices":[{"amount":3000,"currency":"JPY"}]}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"prices":[{"amount":3000,"currency":"JPY"}]}
          → "tee" has 9, [9, 0, 0], 0 wait
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"JPY"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":3000,"currency":"JPY"}}}
          → active 2 [2×"tee"] 6000
          said carts LineAdded
        {"type":"checkout","cart":"c"}
          → reserving 3 [2×"tee"] 6000
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":6000}
          → payment "p" "captured" "o_c"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
        {"type":"open","cart":"yen","token":"0123456789abcdef0123456789abcdef","currency":"JPY"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"yen","quantity":1,"offer":{"sku":"tee","price":{"amount":3000,"currency":"JPY"}}}
          → active 2 [1×"tee"] 3000
          said carts LineAdded
        {"type":"open","cart":"eur","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"eur","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"prices":[{"amount":2500,"currency":"JPY"}]}
          → "tee" has 9, [7, 0, 2], 0 wait
          said carts.stock SkuChanged
          said carts PriceDropped
        {"type":"checkout","cart":"eur"}
          → reserving 3 [1×"tee"] 1999
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"checkout","cart":"yen"}
          → reserving 4 [1×"tee"] 2500
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"cancel","cart":"yen"}
          → active 6 [1×"tee"] 2500
          said carts CheckoutCancelled
          said carts.stock ItemReleased
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"prices":[{"amount":2800,"currency":"JPY"}]}
          → "tee" has 9, [6, 1, 2], 0 wait
          said carts.stock SkuChanged
        {"type":"checkout","cart":"yen"}
          → reserving 7 [1×"tee"] 2500
          said carts CheckoutStarted
          said carts.stock ItemRefused
          said carts StockRefused
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 9, [6, 1, 2], 0 wait
          said carts.stock SkuChanged
        {"type":"checkout","cart":"yen"}
          → reserving 9 [1×"tee"] 2800
          said carts CheckoutStarted
          said carts.stock ItemRefused
          said carts StockRefused
        carts timers (Time(1704068100000), [0, 3, 101, 117, 114, 1]) → ()
        carts payments ("c", "p") → PaymentRow { state: Captured, amount: 6000, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 1, committed: 2, waiting: 0, last: 0 }
        carts.stock holds ("tee", "eur") → (1, 1)
    "#]],
    );
}

#[test]
fn a_cart_has_so_many_at_least_and_a_customer_so_many_at_most() {
    let mine =
        |number: u32| format!(r#"{{"type":"open_for","cart":"user:u{number}","user":"u{number}","currency":"EUR"}}"#);
    let limits = r#","min_per_cart":2,"max_per_customer":3"#;
    let buy = |cart: &str, quantity: u64| {
        [
            mine(1),
            add(cart, "tee", u32::try_from(quantity).unwrap()),
            of("checkout", cart),
            pay(cart, "p", "captured", 1999 * quantity),
        ]
    };
    let mut script = vec![
        define("tee", r#","min_per_cart":0"#),
        define("tee", limits),
        open("c"),
        add("c", "tee", 2),
        of("checkout", "c"),
        mine(1),
        add("user:u1", "tee", 1),
        of("checkout", "user:u1"),
        add("user:u1", "tee", 1),
        of("checkout", "user:u1"),
        of("cancel", "user:u1"),
        of("checkout", "user:u1"),
        pay("user:u1", "p", "captured", 3998),
    ];
    // The second order of the same customer.
    script.extend(buy("user:u1", 2));
    script.push(define("tee", &limits.replace('3', "4")));
    script.push(of("checkout", "user:u1"));
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"min_per_cart":0}
          → 422 bad_request: `min_per_cart` is at least 1
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"min_per_cart":2,"max_per_customer":3}
          → "tee" has 9, [9, 0, 0], 0 wait
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
          said carts.stock ItemRefused
          said carts StockRefused
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"checkout","cart":"user:u1"}
          → reserving 3 [1×"tee"] 1999
          said carts CheckoutStarted
          said carts.stock ItemRefused
          said carts StockRefused
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 5 [2×"tee"] 3998
          said carts LineChanged
        {"type":"checkout","cart":"user:u1"}
          → reserving 6 [2×"tee"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"cancel","cart":"user:u1"}
          → active 8 [2×"tee"] 3998
          said carts CheckoutCancelled
          said carts.stock ItemReleased
        {"type":"checkout","cart":"user:u1"}
          → reserving 9 [2×"tee"] 3998
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
        {"type":"add_line","cart":"user:u1","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998
          said carts LineAdded
        {"type":"checkout","cart":"user:u1"}
          → reserving 3 [2×"tee"] 3998
          said carts CheckoutStarted
          said carts.stock ItemRefused
          said carts StockRefused
        {"type":"pay","cart":"user:u1","payment":"p","kind":"captured","amount":3998}
          → payment "p" "refund_due" null
          said carts PaymentCaptured
          said carts RefundDue
        @carts.stock {"type":"define_terms","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"},"min_per_cart":2,"max_per_customer":4}
          → "tee" has 9, [7, 0, 2], 0 wait
          said carts.stock SkuChanged
        {"type":"checkout","cart":"user:u1"}
          → reserving 7 [2×"tee"] 3998
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        carts timers (Time(1704068100000), [0, 9, 117, 115, 101, 114, 58, 117, 49, 126, 50, 2]) → ()
        carts payments ("user:u1~1", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
        carts payments ("user:u1~2", "p") → PaymentRow { state: RefundDue, amount: 3998, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 2, committed: 2, waiting: 0, last: 0 }
        carts.stock holds ("tee", "user:u1~2") → (2, 2)
    "#]],
    );
}

#[test]
fn a_customer_never_has_more_than_one_may_have_however_carts_race() {
    let mut script = format!("{}\n", define("tee", r#","max_per_customer":2"#));
    script += "{\"type\":\"open_for\",\"cart\":\"user:u1\",\"user\":\"u1\",\"currency\":\"EUR\"}\n";
    for _ in 0..4 {
        for line in [
            add("user:u1", "tee", 1),
            of("checkout", "user:u1"),
            pay("user:u1", "p", "captured", 1999),
            r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#.to_owned(),
        ] {
            script += &format!("| {line}\n");
        }
    }
    script += "+1h\n";
    race(SYSTEM.machines, &script, 20, &|shown| {
        assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
        let of = |start: &str| shown.rows.iter().find(|row| row.starts_with(start)).cloned().unwrap_or_default();
        let committed = of("carts.stock counts");
        let has = of("carts.stock customers").rsplit(' ').next().and_then(|last| last.parse::<u32>().ok()).unwrap_or(0);
        assert!(has <= 2 && committed.contains(&format!("reserved: 0, committed: {has},")), "{has} {committed}");
    });
}
