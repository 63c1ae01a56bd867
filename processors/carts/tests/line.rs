//! The line for what is sold out for the moment: fair, and short.

use super::{add, check, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::race;
use expect_test::expect;

#[test]
fn whoever_stands_first_gets_what_comes_back() {
    let mut script = vec![item("tee", 3)];
    for (cart, quantity) in [("a", 2), ("b", 2), ("c", 1), ("d", 1), ("e", 3)] {
        script.extend([open(cart), add(cart, "tee", quantity)]);
    }
    script.extend([
        of("checkout_in_line", "a"),
        of("checkout_in_line", "b"),
        // One is there, but it is not c's turn; and nobody who does not wait overtakes.
        of("checkout_in_line", "c"),
        of("checkout", "d"),
        of("checkout_in_line", "d"),
        of("cancel", "c"),
        of("cancel", "a"),
        pay("b", "p", "captured", 3998),
        // Three cannot come any more: two are sold.
        of("checkout_in_line", "e"),
        of("checkout_in_line", "a"),
        of("checkout_in_line", "c"),
        r#"@carts.stock {"type":"adjust","sku":"tee","delta":1}"#.to_owned(),
        pay("d", "p", "captured", 1999),
        pay("c", "p", "captured", 1999),
        "+16m".to_owned(),
    ]);
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 3, [3, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"open","cart":"b","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"b","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"open","cart":"d","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"d","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"open","cart":"e","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"e","quantity":3,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [3×"tee"] 5997
              said carts LineAdded
            {"type":"checkout_in_line","cart":"a"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"checkout_in_line","cart":"b"}
              → reserving 3 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemQueued
            {"type":"checkout_in_line","cart":"c"}
              → reserving 3 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemQueued
            {"type":"checkout","cart":"d"}
              → reserving 3 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"checkout_in_line","cart":"d"}
              → reserving 5 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemQueued
            {"type":"cancel","cart":"c"}
              → active 4 [1×"tee"] 1999
              said carts CheckoutCancelled
            {"type":"cancel","cart":"a"}
              → active 5 [2×"tee"] 3998
              said carts CheckoutCancelled
              said carts.stock ItemReleased
              said carts.stock ItemReserved
              said carts.stock ItemReserved
              said carts StockReserved
              said carts StockReserved
            {"type":"pay","cart":"b","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" "o_b"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"checkout_in_line","cart":"e"}
              → reserving 3 [3×"tee"] 5997
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"checkout_in_line","cart":"a"}
              → reserving 6 [2×"tee"] 3998
              said carts CheckoutStarted
              said carts.stock ItemRefused
              said carts StockRefused
            {"type":"checkout_in_line","cart":"c"}
              → reserving 5 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemQueued
            @carts.stock {"type":"adjust","sku":"tee","delta":1}
              → "tee" has 4, [1, 1, 2], 1 wait
              said carts.stock SkuChanged
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"d","payment":"p","kind":"captured","amount":1999}
              → payment "p" "captured" "o_d"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":1999}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            +16m
            carts payments ("b", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 1999, changed_at: Time(1704067200000) }
            carts payments ("d", "p") → PaymentRow { state: Captured, amount: 1999, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 4, reserved: 0, committed: 4, waiting: 0, last: 4 }
        "#]],
    );
}

#[test]
fn a_sale_in_line_sells_all_and_nobody_is_left_standing() {
    let mut script = item("tee", 2) + "\n";
    let buyers = ["a", "b", "c", "d", "e"];
    for cart in buyers {
        script += &format!("{}\n{}\n", open(cart), add(cart, "tee", 1));
    }
    // Two give up what they hold, two pay, one comes last.
    for (cart, then) in buyers.iter().zip(["cancel", "pay", "cancel", "pay", "pay"]) {
        let then = if then == "pay" { pay(cart, "p", "captured", 1999) } else { of(then, cart) };
        script += &format!("| {}\n| {then}\n", of("checkout_in_line", cart));
    }
    script += "+1h\n";
    race(SYSTEM.machines, &script, 40, &|shown| {
        assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
        let of = |start: &str| shown.rows.iter().filter(|row| row.starts_with(start)).collect::<Vec<_>>();
        let orders = of("carts carts").iter().filter(|row| row.contains("stage: Ordered")).count();
        assert_eq!(orders, 2, "{:?}", shown.rows);
        assert!(of("carts.stock line").is_empty() && of("carts.stock numbers").is_empty());
        assert!(of("carts.stock counts")[0].contains("reserved: 0, committed: 2, waiting: 0"), "{:?}", shown.rows);
    });
}

/// vendure#4930, django-oscar#4594: two checkouts locked the same items in different orders, and neither went on.
#[test]
fn two_carts_that_want_the_same_two_items_crosswise_do_not_wait_for_each_other() {
    for (first, second) in [(["tee", "cap"], ["cap", "tee"]), (["cap", "tee"], ["cap", "tee"])] {
        let mut script = format!("{}\n{}\n", item("tee", 1), item("cap", 1));
        for (cart, skus) in [("a", first), ("b", second)] {
            script += &format!("{}\n{}\n{}\n", open(cart), add(cart, skus[0], 1), add(cart, skus[1], 1));
        }
        let steps = |cart: &str| [of("checkout_in_line", cart), pay(cart, "p", "captured", 3998)];
        script.extend(["a", "b"].iter().flat_map(|cart| steps(cart)).map(|line| format!("| {line}\n")));
        // No time passes: nobody's deadline helps.
        race(SYSTEM.machines, &script, 40, &|shown| {
            let of = |start: &str| shown.rows.iter().filter(|row| row.starts_with(start)).collect::<Vec<_>>();
            let waiting = of("carts carts").iter().filter(|row| row.contains("stage: Trial")).count();
            let orders = of("carts carts").iter().filter(|row| row.contains("stage: Ordered")).count();
            assert_eq!((orders, waiting), (1, 0), "{:?}", shown.rows);
            assert!(of("carts.stock line").is_empty() && of("carts.stock holds").is_empty(), "{:?}", shown.rows);
        });
    }
}
