//! Promotions: what codes take off, who gets a use, and that uses are never more than there are.

use super::{add, check, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::race;
use expect_test::expect;

/// The line that defines a promotion, or gives it other terms.
pub(super) fn promo(code: &str, basis_points: u32, more: &str) -> String {
    format!(
        r#"@carts.promo {{"type":"define","code":"{code}","discount":{{"kind":"percent","basis_points":{basis_points}}}{more}}}"#
    )
}

/// The line that gives a cart a code, by terms of this version.
pub(super) fn apply(cart: &str, code: &str, basis_points: u32, more: &str) -> String {
    format!(
        r#"{{"type":"apply_code","cart":"{cart}","terms":{{"code":"{code}","version":1,"discount":{{"kind":"percent","basis_points":{basis_points}}}{more}}}}}"#
    )
}

#[test]
fn a_use_is_reserved_at_the_checkout_and_is_the_orders_or_given_back() {
    let script = [
        promo("ten", 1000, r#","max_uses":1"#),
        promo("ten", 1000, r#","max_uses":1"#),
        item("tee", 9),
        open("a"),
        add("a", "tee", 3),
        apply("a", "ten", 1000, ""),
        apply("a", "ten", 1000, ""),
        open("b"),
        add("b", "tee", 1),
        apply("b", "ten", 1000, ""),
        of("checkout", "a"),
        of("checkout", "b"),
        of("cancel", "a"),
        of("checkout", "b"),
        pay("b", "p", "captured", 1799),
        of("checkout", "a"),
        r#"{"type":"remove_code","cart":"a","code":"ten"}"#.to_owned(),
        r#"{"type":"remove_code","cart":"a","code":"ten"}"#.to_owned(),
        of("checkout", "a"),
        "+16m".to_owned(),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.promo {"type":"define","code":"ten","discount":{"kind":"percent","basis_points":1000},"max_uses":1}
              → {"budget":null,"code":"ten","discount":{"basis_points":1000,"kind":"percent"},"ends_at":null,"max_uses":1,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":false,"starts_at":null,"used":0,"version":1}
              said carts.promo PromotionChanged
            @carts.promo {"type":"define","code":"ten","discount":{"kind":"percent","basis_points":1000},"max_uses":1}
              → {"budget":null,"code":"ten","discount":{"basis_points":1000,"kind":"percent"},"ends_at":null,"max_uses":1,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":false,"starts_at":null,"used":0,"version":1}
            @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":3,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [3×"tee"] 5997
              said carts LineAdded
            {"type":"apply_code","cart":"a","terms":{"code":"ten","version":1,"discount":{"kind":"percent","basis_points":1000}}}
              → active 3 [3×"tee"] 5397
              said carts PromoApplied
            {"type":"apply_code","cart":"a","terms":{"code":"ten","version":1,"discount":{"kind":"percent","basis_points":1000}}}
              → active 3 [3×"tee"] 5397
            {"type":"open","cart":"b","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"b","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"apply_code","cart":"b","terms":{"code":"ten","version":1,"discount":{"kind":"percent","basis_points":1000}}}
              → active 3 [1×"tee"] 1799
              said carts PromoApplied
            {"type":"checkout","cart":"a"}
              → reserving 4 [3×"tee"] 5397
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"checkout","cart":"b"}
              → reserving 4 [1×"tee"] 1799
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"cancel","cart":"a"}
              → active 6 [3×"tee"] 5397
              said carts CheckoutCancelled
              said carts.stock ItemReleased
            {"type":"checkout","cart":"b"}
              → reserving 6 [1×"tee"] 1799
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"b","payment":"p","kind":"captured","amount":1799}
              → payment "p" "captured" "o_b"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
              said carts.promo PromotionUsed
            {"type":"checkout","cart":"a"}
              → reserving 7 [3×"tee"] 5397
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"remove_code","cart":"a","code":"ten"}
              → active 9 [3×"tee"] 5997
              said carts PromoRemoved
            {"type":"remove_code","cart":"a","code":"ten"}
              → 422 unknown_code: there is no promotion with the code `ten`
            {"type":"checkout","cart":"a"}
              → reserving 10 [3×"tee"] 5997
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            +16m
              said carts CheckoutExpired
              said carts.stock ItemReleased
            carts payments ("b", "p") → PaymentRow { state: Captured, amount: 1799, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 1, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn codes_stack_where_both_allow_it_and_only_while_they_count() {
    let both = r#","stackable":true"#;
    let budget = r#","budget":100"#;
    let customers = r#","max_uses_per_customer":1"#;
    let until = r#","ends_at":"2024-01-01T00:10:00Z""#;
    let fixed = r#"{"type":"apply_code","cart":"a","terms":{"code":"yen","version":1,"discount":{"kind":"fixed","amount":5,"currency":"JPY"}}}"#;
    let bought = |user: &str| {
        let open = format!(r#"{{"type":"open_for","cart":"user:{user}","user":"{user}","currency":"EUR"}}"#);
        let cart = format!("user:{user}");
        [
            open,
            add(&cart, "tee", 1),
            apply(&cart, "once", 5000, ""),
            of("checkout", &cart),
            pay(&cart, "p", "captured", 999),
        ]
    };
    let mut script = vec![
        item("tee", 9),
        promo("small", 100, budget),
        promo("once", 5000, customers),
        promo("soon", 1000, until),
        promo("half", 5000, both),
        promo("none", 0, ""),
        open("a"),
        add("a", "tee", 1),
        fixed.to_owned(),
        apply("a", "half", 5000, both),
        apply("a", "more", 5000, both),
        apply("a", "alone", 5000, ""),
        of("checkout", "a"),
        r#"{"type":"remove_code","cart":"a","code":"more"}"#.to_owned(),
        promo("half", 2500, both),
        of("checkout", "a"),
        of("checkout", "a"),
        of("cancel", "a"),
        r#"{"type":"remove_code","cart":"a","code":"half"}"#.to_owned(),
        apply("a", "once", 5000, ""),
        of("checkout", "a"),
        r#"{"type":"remove_code","cart":"a","code":"once"}"#.to_owned(),
        apply("a", "soon", 1000, ""),
        format!("+10m {}", of("checkout", "a")),
    ];
    script.extend(bought("u1"));
    script.extend(bought("u1"));
    script.extend(bought("u2"));
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.promo {"type":"define","code":"small","discount":{"kind":"percent","basis_points":100},"budget":100}
              → {"budget":100,"code":"small","discount":{"basis_points":100,"kind":"percent"},"ends_at":null,"max_uses":null,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":false,"starts_at":null,"used":0,"version":1}
              said carts.promo PromotionChanged
            @carts.promo {"type":"define","code":"once","discount":{"kind":"percent","basis_points":5000},"max_uses_per_customer":1}
              → {"budget":null,"code":"once","discount":{"basis_points":5000,"kind":"percent"},"ends_at":null,"max_uses":null,"max_uses_per_customer":1,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":false,"starts_at":null,"used":0,"version":1}
              said carts.promo PromotionChanged
            @carts.promo {"type":"define","code":"soon","discount":{"kind":"percent","basis_points":1000},"ends_at":"2024-01-01T00:10:00Z"}
              → {"budget":null,"code":"soon","discount":{"basis_points":1000,"kind":"percent"},"ends_at":"2024-01-01T00:10:00Z","max_uses":null,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":false,"starts_at":null,"used":0,"version":1}
              said carts.promo PromotionChanged
            @carts.promo {"type":"define","code":"half","discount":{"kind":"percent","basis_points":5000},"stackable":true}
              → {"budget":null,"code":"half","discount":{"basis_points":5000,"kind":"percent"},"ends_at":null,"max_uses":null,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":true,"starts_at":null,"used":0,"version":1}
              said carts.promo PromotionChanged
            @carts.promo {"type":"define","code":"none","discount":{"kind":"percent","basis_points":0}}
              → 422 bad_request: `basis_points` is 1 to 10000
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"apply_code","cart":"a","terms":{"code":"yen","version":1,"discount":{"kind":"fixed","amount":5,"currency":"JPY"}}}
              → 422 currency_mismatch: the cart has another currency
            {"type":"apply_code","cart":"a","terms":{"code":"half","version":1,"discount":{"kind":"percent","basis_points":5000},"stackable":true}}
              → active 3 [1×"tee"] 999
              said carts PromoApplied
            {"type":"apply_code","cart":"a","terms":{"code":"more","version":1,"discount":{"kind":"percent","basis_points":5000},"stackable":true}}
              → active 4 [1×"tee"] 499
              said carts PromoApplied
            {"type":"apply_code","cart":"a","terms":{"code":"alone","version":1,"discount":{"kind":"percent","basis_points":5000}}}
              → 422 not_stackable: the codes cannot be used together
            {"type":"checkout","cart":"a"}
              → reserving 5 [1×"tee"] 499
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"remove_code","cart":"a","code":"more"}
              → active 7 [1×"tee"] 999
              said carts PromoRemoved
            @carts.promo {"type":"define","code":"half","discount":{"kind":"percent","basis_points":2500},"stackable":true}
              → {"budget":null,"code":"half","discount":{"basis_points":2500,"kind":"percent"},"ends_at":null,"max_uses":null,"max_uses_per_customer":null,"priority":0,"reserved":0,"skus":[],"spent":0,"stackable":true,"starts_at":null,"used":0,"version":2}
              said carts.promo PromotionChanged
            {"type":"checkout","cart":"a"}
              → reserving 8 [1×"tee"] 999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"checkout","cart":"a"}
              → reserving 10 [1×"tee"] 1499
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"cancel","cart":"a"}
              → active 12 [1×"tee"] 1499
              said carts CheckoutCancelled
              said carts.stock ItemReleased
            {"type":"remove_code","cart":"a","code":"half"}
              → active 13 [1×"tee"] 1999
              said carts PromoRemoved
            {"type":"apply_code","cart":"a","terms":{"code":"once","version":1,"discount":{"kind":"percent","basis_points":5000}}}
              → active 14 [1×"tee"] 999
              said carts PromoApplied
            {"type":"checkout","cart":"a"}
              → reserving 15 [1×"tee"] 999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"remove_code","cart":"a","code":"once"}
              → active 17 [1×"tee"] 1999
              said carts PromoRemoved
            {"type":"apply_code","cart":"a","terms":{"code":"soon","version":1,"discount":{"kind":"percent","basis_points":1000}}}
              → active 18 [1×"tee"] 1799
              said carts PromoApplied
            +10m {"type":"checkout","cart":"a"}
              → reserving 19 [1×"tee"] 1799
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"apply_code","cart":"user:u1","terms":{"code":"once","version":1,"discount":{"kind":"percent","basis_points":5000}}}
              → active 3 [1×"tee"] 999
              said carts PromoApplied
            {"type":"checkout","cart":"user:u1"}
              → reserving 4 [1×"tee"] 999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"user:u1","payment":"p","kind":"captured","amount":999}
              → payment "p" "captured" "o_user:u1~1"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
              said carts.promo PromotionUsed
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"apply_code","cart":"user:u1","terms":{"code":"once","version":1,"discount":{"kind":"percent","basis_points":5000}}}
              → active 3 [1×"tee"] 999
              said carts PromoApplied
            {"type":"checkout","cart":"user:u1"}
              → reserving 4 [1×"tee"] 999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockRefused
              said carts.stock ItemReleased
            {"type":"pay","cart":"user:u1","payment":"p","kind":"captured","amount":999}
              → payment "p" "refund_due" null
              said carts PaymentCaptured
              said carts RefundDue
            {"type":"open_for","cart":"user:u2","user":"u2","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u2","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"apply_code","cart":"user:u2","terms":{"code":"once","version":1,"discount":{"kind":"percent","basis_points":5000}}}
              → active 3 [1×"tee"] 999
              said carts PromoApplied
            {"type":"checkout","cart":"user:u2"}
              → reserving 4 [1×"tee"] 999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"user:u2","payment":"p","kind":"captured","amount":999}
              → payment "p" "captured" "o_user:u2~1"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
              said carts.promo PromotionUsed
            carts payments ("user:u1~1", "p") → PaymentRow { state: Captured, amount: 999, changed_at: Time(1704067800000) }
            carts payments ("user:u1~2", "p") → PaymentRow { state: RefundDue, amount: 999, changed_at: Time(1704067800000) }
            carts payments ("user:u2~1", "p") → PaymentRow { state: Captured, amount: 999, changed_at: Time(1704067800000) }
            carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn uses_are_never_more_than_there_are() {
    check_uses(r#","max_uses":2,"budget":5000"#);
}

#[test]
fn a_budget_is_never_overspent() {
    check_uses(r#","max_uses":9,"budget":500"#);
}

/// Five buyers race for a promotion that two of them can use.
fn check_uses(limits: &str) {
    let mut script = format!("{}\n{}\n", item("tee", 9), promo("ten", 1000, limits));
    let buyers = ["a", "b", "c", "d", "e"];
    for cart in buyers {
        script += &format!("{}\n{}\n{}\n", open(cart), add(cart, "tee", 1), apply(cart, "ten", 1000, ""));
    }
    for cart in buyers {
        for line in [of("checkout", cart), pay(cart, "p", "captured", 1799), of("complete", cart)] {
            script += &format!("| {line}\n");
        }
    }
    race(SYSTEM.machines, &script, 40, &|shown| {
        assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
        let of = |start: &str| shown.rows.iter().filter(|row| row.starts_with(start)).collect::<Vec<_>>();
        let orders = of("carts carts").iter().filter(|row| row.contains("stage: Ordered")).count();
        assert_eq!(orders, 2);
        assert!(of("carts.promo uses")[0].ends_with("Uses { reserved: 0, used: 2, spent: 400 }"), "{:?}", shown.rows);
        assert!(of("carts.promo held").is_empty() && of("carts.stock holds").is_empty());
        assert!(of("carts.stock counts")[0].contains("reserved: 0, committed: 2"), "{:?}", shown.rows);
    });
}
