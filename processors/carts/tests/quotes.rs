//! Quotes: what tax and shipping cost a cart counts for what it was worked out for, and nothing is bought without it.

use super::{add, check, item, line_of, of, open, pay};
use crate::runtime::check::said;
use expect_test::expect;
use millrace_topics::carts::{Carts, Command, On, Ship, ShippingOption};
use millrace_topics::money::{Currency, Money};
use millrace_topics::time::Time;

/// The line that records what tax or shipping costs.
fn quote(kind: &str, amount: u32) -> String {
    format!(r#"{{"type":"quote","cart":"c","kind":"{kind}","amount":{amount}}}"#)
}

fn set(sku: &str, quantity: u32) -> String {
    format!(r#"{{"type":"set_line","cart":"c","line":"{}","quantity":{quantity}}}"#, line_of(sku))
}

/// The line by which a buyer chooses a way of sending that costs so many cents, and as many yen.
fn ship(option: &str, amount: u64) -> String {
    let price = |currency| Money { amount, currency: Currency(currency) };
    let option = ShippingOption {
        option: option.to_owned(),
        label: option.to_owned(),
        prices: vec![price(*b"EUR"), price(*b"JPY")],
        changed_at: Time(0),
    };
    let on = On { cart: "c".to_owned(), ..On::default() };
    said::<Carts>(&Command::Ship(Box::new(Ship { on, option })))
}

#[test]
fn a_quote_for_other_lines_counts_nothing_and_stops_the_checkout() {
    let tenth = r#"{"type":"apply_code","cart":"c","terms":{"code":"tenth","version":1,"discount":{"kind":"percent","basis_points":1000}}}"#;
    let script = [
        item("tee", 9),
        open("c"),
        add("c", "tee", 2),
        quote("tax", 760),
        // Other lines, and the same again.
        add("c", "tee", 1),
        of("checkout", "c"),
        of("undo", "c"),
        set("tee", 5),
        set("tee", 2),
        // Another discount.
        tenth.to_owned(),
        of("checkout", "c"),
        r#"{"type":"remove_code","cart":"c","code":"tenth"}"#.to_owned(),
        // Who may not quote does not get rid of it by removing what it was for.
        set("tee", 0),
        add("c", "tee", 1),
        of("checkout", "c"),
        quote("tax", 380),
        of("checkout", "c"),
        pay("c", "p", "captured", 2379),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998
          said carts LineAdded
        {"type":"quote","cart":"c","kind":"tax","amount":760}
          → active 3 [2×"tee"] 4758
          said carts QuoteRecorded
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 4 [3×"tee"] 5997
          said carts LineChanged
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what tax costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"undo","cart":"c"}
          → active 5 [2×"tee"] 4758
          said carts Undone
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":5}
          → active 6 [5×"tee"] 9995
          said carts LineChanged
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":2}
          → active 7 [2×"tee"] 4758
          said carts LineChanged
        {"type":"apply_code","cart":"c","terms":{"code":"tenth","version":1,"discount":{"kind":"percent","basis_points":1000}}}
          → active 8 [2×"tee"] 3598
          said carts PromoApplied
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what tax costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"remove_code","cart":"c","code":"tenth"}
          → active 9 [2×"tee"] 4758
          said carts PromoRemoved
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":0}
          → active 10 [] 0
          said carts LineRemoved
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 11 [1×"tee"] 1999
          said carts LineAdded
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what tax costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"quote","cart":"c","kind":"tax","amount":380}
          → active 12 [1×"tee"] 2379
          said carts QuoteRecorded
        {"type":"checkout","cart":"c"}
          → reserving 13 [1×"tee"] 2379
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":2379}
          → payment "p" "captured" "o_c"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
        carts payments ("c", "p") → PaymentRow { state: Captured, amount: 2379, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 1, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn a_price_that_falls_or_was_another_one_at_the_checkout_makes_a_quote_stale() {
    let priced = |amount: u32| {
        format!(
            r#"@carts.stock {{"type":"define","sku":"tee","on_hand":9,"price":{{"amount":{amount},"currency":"EUR"}}}}"#
        )
    };
    let script = [
        priced(1999),
        open("c"),
        add("c", "tee", 1),
        quote("tax", 380),
        priced(1500),
        of("checkout", "c"),
        quote("tax", 285),
        // Dearer, of which nobody is told: the stock item has the last word.
        priced(1700),
        of("checkout", "c"),
        of("checkout", "c"),
        quote("tax", 0),
        of("checkout", "c"),
        pay("c", "p", "captured", 1700),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"quote","cart":"c","kind":"tax","amount":380}
          → active 3 [1×"tee"] 2379
          said carts QuoteRecorded
        @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1500,"currency":"EUR"}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
          said carts PriceDropped
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what tax costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"quote","cart":"c","kind":"tax","amount":285}
          → active 5 [1×"tee"] 1785
          said carts QuoteRecorded
        @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1700,"currency":"EUR"}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"checkout","cart":"c"}
          → reserving 6 [1×"tee"] 1785
          said carts CheckoutStarted
          said carts.stock ItemRefused
          said carts StockRefused
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what tax costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"quote","cart":"c","kind":"tax","amount":0}
          → active 8 [1×"tee"] 1700
          said carts QuoteRecorded
        {"type":"checkout","cart":"c"}
          → reserving 9 [1×"tee"] 1700
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":1700}
          → payment "p" "captured" "o_c"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
        carts payments ("c", "p") → PaymentRow { state: Captured, amount: 1700, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 1, waiting: 0, last: 0 }
    "#]],
    );
}

#[test]
fn a_way_of_sending_is_chosen_again_after_a_change() {
    let script = [
        item("tee", 9),
        open("c"),
        ship("post", 490),
        add("c", "tee", 1),
        of("checkout", "c"),
        ship("post", 490),
        ship("dear", 2000),
        ship("much", 1_000_000_000_000_000),
        quote("tax", 100),
        of("checkout", "c"),
        ship("post", 490),
        pay("c", "p", "captured", 4099),
        ship("post", 490),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
          → "tee" has 9, [9, 0, 0], 0 wait
          said carts.stock SkuChanged
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"post","label":"post","prices":[{"amount":490,"currency":"EUR"},{"amount":490,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → active 2 [] 490
          said carts QuoteRecorded
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"tee"] 1999
          said carts LineAdded
        {"type":"checkout","cart":"c"}
          → 409 quote_stale: what shipping costs was quoted for other lines or prices: it must be quoted or chosen again
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"post","label":"post","prices":[{"amount":490,"currency":"EUR"},{"amount":490,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → active 4 [1×"tee"] 2489
          said carts QuoteRecorded
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"dear","label":"dear","prices":[{"amount":2000,"currency":"EUR"},{"amount":2000,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → active 5 [1×"tee"] 3999
          said carts QuoteRecorded
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"much","label":"much","prices":[{"amount":1000000000000000,"currency":"EUR"},{"amount":1000000000000000,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → 422 total_too_large: the total would be over 1000000000000000 minor units
        {"type":"quote","cart":"c","kind":"tax","amount":100}
          → active 6 [1×"tee"] 4099
          said carts QuoteRecorded
        {"type":"checkout","cart":"c"}
          → reserving 7 [1×"tee"] 4099
          said carts CheckoutStarted
          said carts.stock ItemReserved
          said carts StockReserved
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"post","label":"post","prices":[{"amount":490,"currency":"EUR"},{"amount":490,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → 409 checking_out: the cart is being checked out: cancel the checkout first
        {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":4099}
          → payment "p" "captured" "o_c"
          said carts PaymentCaptured
          said carts OrderPlaced
          said carts.stock ItemCommitted
        {"type":"ship","cart":"c","token":null,"device":null,"if_match":null,"version":null,"option":{"option":"post","label":"post","prices":[{"amount":490,"currency":"EUR"},{"amount":490,"currency":"JPY"}],"changed_at":"1970-01-01T00:00:00Z"}}
          → 410 cart_ordered: the cart has become an order
        carts payments ("c", "p") → PaymentRow { state: Captured, amount: 4099, changed_at: Time(1704067200000) }
        carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 1, waiting: 0, last: 0 }
    "#]],
    );
}
