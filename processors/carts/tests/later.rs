//! What comes of a cart later: it is left alone, closed and restored, it hears news of what it has, and what it ordered is
//! bought again.

use super::{TOKEN, add, check, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::carts::news::QUANTUM;
use crate::runtime::check::race;
use expect_test::expect;

/// The line that gives an item another price, in cents, and stock.
fn priced(sku: &str, amount: u32, on_hand: u32) -> String {
    format!(
        r#"@carts.stock {{"type":"define","sku":"{sku}","on_hand":{on_hand},"price":{{"amount":{amount},"currency":"EUR"}}}}"#
    )
}

#[test]
fn a_cart_that_nobody_comes_back_to_is_closed_and_can_be_restored() {
    let as_buyer = |kind: &str| format!(r#"user: {{"type":"{kind}","cart":"c","token":"{TOKEN}"}}"#);
    let script = [
        open("c"),
        add("c", "tee", 2),
        "+25h".to_owned(),
        as_buyer("restore"),
        as_buyer("restore"),
        "+25h".to_owned(),
        "+29d".to_owned(),
        "+2d".to_owned(),
        add("c", "tee", 1),
        of("checkout", "c"),
        r#"user: {"type":"restore","cart":"c"}"#.to_owned(),
        as_buyer("restore"),
        add("c", "tee", 1),
        // A customer has one cart, which stays.
        r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#.to_owned(),
        add("user:u1", "tee", 1),
        "+40d".to_owned(),
        of("restore", "user:u1"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"tee"] 3998
          said carts LineAdded
        +25h
          said carts CartAbandoned
        user: {"type":"restore","cart":"c","token":"0123456789abcdef0123456789abcdef"}
          → active 4 [2×"tee"] 3998
          said carts CartRestored
        user: {"type":"restore","cart":"c","token":"0123456789abcdef0123456789abcdef"}
          → active 4 [2×"tee"] 3998
        +25h
          said carts CartAbandoned
        +29d
        +2d
          said carts CartExpired
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 410 cart_expired: the cart was left alone for too long: restore it first
        {"type":"checkout","cart":"c"}
          → 410 cart_expired: the cart was left alone for too long: restore it first
        user: {"type":"restore","cart":"c"}
          → 404 unknown_cart: there is no cart of this id for this token
        user: {"type":"restore","cart":"c","token":"0123456789abcdef0123456789abcdef"}
          → active 7 [2×"tee"] 3998
          said carts CartRestored
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 8 [3×"tee"] 5997
          said carts LineChanged
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        +40d
          said carts CartAbandoned
          said carts CartAbandoned
          said carts CartExpired
        {"type":"restore","cart":"user:u1"}
          → active 4 [1×"tee"] 1999
          said carts CartRestored
    "#]],
    );
}

#[test]
fn who_has_something_hears_that_it_costs_less_or_is_there_again() {
    let script = [
        item("tee", 0),
        open("c"),
        add("c", "tee", 2),
        open("other"),
        add("other", "cap", 1),
        open("gone"),
        add("gone", "tee", 1),
        format!(r#"{{"type":"set_line","cart":"gone","line":"{}","quantity":0}}"#, super::line_of("tee")),
        open("aside"),
        add("aside", "tee", 1),
        format!(r#"{{"type":"save_line","cart":"aside","line":"{}"}}"#, super::line_of("tee")),
        // There again; more of it is no news.
        priced("tee", 1999, 5),
        r#"@carts.stock {"type":"adjust","sku":"tee","delta":1}"#.to_owned(),
        // Dearer, and what it was before, is no news; cheaper is.
        priced("tee", 2500, 6),
        priced("tee", 1999, 6),
        priced("tee", 1500, 6),
        of("describe", "c"),
        // What is checked out stands still.
        of("checkout", "c"),
        priced("tee", 1000, 6),
        pay("c", "p", "captured", 3000),
        priced("tee", 900, 6),
        of("undo", "gone"),
        priced("tee", 800, 6),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":0,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 0, [0, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"open","cart":"other","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"other","quantity":1,"offer":{"sku":"cap","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"cap"] 1999
              said carts LineAdded
            {"type":"open","cart":"gone","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"gone","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"set_line","cart":"gone","line":"77db0fda86ebc662","quantity":0}
              → active 3 [] 0
              said carts LineRemoved
            {"type":"open","cart":"aside","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"aside","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            {"type":"save_line","cart":"aside","line":"77db0fda86ebc662"}
              → active 3 [] 0
              said carts LineSaved
            @carts.stock {"type":"define","sku":"tee","on_hand":5,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 5, [5, 0, 0], 0 wait
              said carts.stock SkuChanged
              said carts BackInStock
              said carts BackInStock
            @carts.stock {"type":"adjust","sku":"tee","delta":1}
              → "tee" has 6, [6, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":2500,"currency":"EUR"}}
              → "tee" has 6, [6, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 6, [6, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":1500,"currency":"EUR"}}
              → "tee" has 6, [6, 0, 0], 0 wait
              said carts.stock SkuChanged
              said carts PriceDropped
              said carts PriceDropped
            {"type":"describe","cart":"c"}
              → active 5 [2×"tee"] 3000
              said carts CartDescribed
            {"type":"checkout","cart":"c"}
              → reserving 6 [2×"tee"] 3000
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":1000,"currency":"EUR"}}
              → "tee" has 6, [4, 2, 0], 0 wait
              said carts.stock SkuChanged
              said carts PriceDropped
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3000}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":900,"currency":"EUR"}}
              → "tee" has 6, [4, 0, 2], 0 wait
              said carts.stock SkuChanged
              said carts PriceDropped
            {"type":"undo","cart":"gone"}
              → active 4 [1×"tee"] 1999
              said carts Undone
            @carts.stock {"type":"define","sku":"tee","on_hand":6,"price":{"amount":800,"currency":"EUR"}}
              → "tee" has 6, [4, 0, 2], 0 wait
              said carts.stock SkuChanged
              said carts PriceDropped
              said carts PriceDropped
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3000, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 6, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn news_do_not_make_a_cart_less_left_alone() {
    let script = [
        item("tee", 9),
        open("c"),
        add("c", "tee", 1),
        "+25h".to_owned(),
        "+29d".to_owned(),
        priced("tee", 1500, 9),
        "+2d".to_owned(),
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
            +25h
              said carts CartAbandoned
            +29d
            @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1500,"currency":"EUR"}}
              → "tee" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
              said carts PriceDropped
            +2d
              said carts CartExpired
            carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn news_reach_every_cart_once_though_a_step_tells_only_some() {
    let carts: Vec<String> = (0..2 * QUANTUM + 10).map(|number| format!("c{number}")).collect();
    let mut script = item("tee", 9) + "\n";
    script.extend(carts.iter().flat_map(|cart| [open(cart) + "\n", add(cart, "tee", 1) + "\n"]));
    script += &format!("| {}\n| {}\n+1s\n", priced("tee", 1500, 9), of("describe", "c7"));
    race(SYSTEM.machines, &script, 3, &|shown| {
        let is_told = |row: &&String| row.starts_with("carts history") && row.contains("PriceDropped");
        assert_eq!(shown.rows.iter().filter(is_told).count(), carts.len());
        let is_dear = |row: &&String| row.starts_with("carts carts") && row.contains(", price: 1999,");
        assert_eq!(shown.rows.iter().find(is_dear), None);
    });
}

#[test]
fn what_was_ordered_is_bought_again_as_far_as_it_is_there() {
    let again =
        |cart: &str, lines: &str| format!(r#"{{"type":"reorder","cart":"{cart}","order":"o_old","lines":[{lines}]}}"#);
    let line = |sku: &str, quantity: u32, offer: &str| {
        format!(r#"{{"sku":"{sku}","quantity":{quantity},"options":[],"offer":{offer}}}"#)
    };
    let offer = |sku: &str, amount: u32, available: u32| {
        format!(
            r#"{{"sku":"{sku}","price":{{"amount":{amount},"currency":"EUR"}},"available":{available},"max_per_line":4}}"#
        )
    };
    let all = [
        line("tee", 3, &offer("tee", 2100, 9)),
        line("cap", 9, &offer("cap", 500, 9)),
        line("out", 1, &offer("out", 1, 0)),
        line("old", 2, "null"),
    ];
    let script = [
        open("c"),
        add("c", "tee", 1),
        again("c", &all.join(",")),
        of("undo", "c"),
        again("c", &all[2..].join(",")),
        again("c", &line("yen", 1, &offer("yen", 1, 1).replace("EUR", "JPY"))),
        again("none", ""),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"reorder","cart":"c","order":"o_old","lines":[{"sku":"tee","quantity":3,"options":[],"offer":{"sku":"tee","price":{"amount":2100,"currency":"EUR"},"available":9,"max_per_line":4}},{"sku":"cap","quantity":9,"options":[],"offer":{"sku":"cap","price":{"amount":500,"currency":"EUR"},"available":9,"max_per_line":4}},{"sku":"out","quantity":1,"options":[],"offer":{"sku":"out","price":{"amount":1,"currency":"EUR"},"available":0,"max_per_line":4}},{"sku":"old","quantity":2,"options":[],"offer":null}]}
          → active 3 [4×"tee" 4×"cap"] 10400 "reduced_to_max_per_line" 4 "not_available" 0 "not_available" 0
          said carts Reordered
        {"type":"undo","cart":"c"}
          → active 4 [1×"tee"] 1999
          said carts Undone
        {"type":"reorder","cart":"c","order":"o_old","lines":[{"sku":"out","quantity":1,"options":[],"offer":{"sku":"out","price":{"amount":1,"currency":"EUR"},"available":0,"max_per_line":4}},{"sku":"old","quantity":2,"options":[],"offer":null}]}
          → active 4 [1×"tee"] 1999 "not_available" 0 "not_available" 0
        {"type":"reorder","cart":"c","order":"o_old","lines":[{"sku":"yen","quantity":1,"options":[],"offer":{"sku":"yen","price":{"amount":1,"currency":"JPY"},"available":1,"max_per_line":4}}]}
          → 422 currency_mismatch: the cart has another currency
        {"type":"reorder","cart":"none","order":"o_old","lines":[]}
          → 404 unknown_cart: there is no cart of this id for this token
    "#]],
    );
}

#[test]
fn a_customer_says_who_they_are_and_is_forgotten() {
    let say = |who: &str, cart: &str, profile: &str| {
        format!(r#"{who} {{"type":"describe_customer","cart":"{cart}","customer":"u1","profile":{profile}}}"#)
    };
    let script = [
        say("user:u1", "user:u1", r#""{\"first_name\":\"Ada\"}""#),
        say("user:u2", "user:u1", r#""{}""#),
        say("server:shop", "user:u2", r#""{}""#),
        say("server:shop", "user:u1", r#""{\"first_name\":\"Eve\"}""#),
        "+1m".to_owned(),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        user:u1 {"type":"describe_customer","cart":"user:u1","customer":"u1","profile":"{\"first_name\":\"Ada\"}"}
          → null
        user:u2 {"type":"describe_customer","cart":"user:u1","customer":"u1","profile":"{}"}
          → 403 role_required: this needs the role `server` or `operator`
        server:shop {"type":"describe_customer","cart":"user:u2","customer":"u1","profile":"{}"}
          → 422 bad_request: the carts of this user are `user:u1`
        server:shop {"type":"describe_customer","cart":"user:u1","customer":"u1","profile":"{\"first_name\":\"Eve\"}"}
          → null
        +1m
        carts profiles "user:u1" → ("{\"first_name\":\"Eve\"}", Time(1704067200000))
    "#]],
    );
    check(
        &[say("user:u1", "user:u1", r#""{}""#), say("user:u1", "user:u1", "null")].join("\n"),
        expect![[r#"
        user:u1 {"type":"describe_customer","cart":"user:u1","customer":"u1","profile":"{}"}
          → null
        user:u1 {"type":"describe_customer","cart":"user:u1","customer":"u1","profile":null}
          → null
    "#]],
    );
}
