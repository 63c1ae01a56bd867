//! What may be done to a cart by whom, and what is refused.

use super::{TOKEN, add, check, item, of, open};
use expect_test::expect;

#[test]
fn lines_add_up_are_cut_and_come_back_only_by_undo() {
    let line = super::line_of;
    let set = |more: &str| format!(r#"{{"type":"set_line","cart":"c","line":"{}",{more}}}"#, line("tee"));
    let offer = |more: &str| {
        format!(
            r#"{{"type":"add_line","cart":"c","quantity":8,"offer":{{"sku":"tee","price":{{"amount":2500,"currency":"EUR"}},{more}}}}}"#
        )
    };
    let script = [
        open("c"),
        add("c", "tee", 2),
        add("c", "tee", 1),
        add("c", "tee", 1).replace(r#""quantity""#, r#""options":[["size","L"]],"quantity""#),
        set(r#""quantity":5,"base":2"#),
        set(r#""quantity":1,"base":2"#),
        offer(r#""max_per_line":10"#),
        offer(r#""available":7"#),
        offer(r#""available":0"#),
        set(r#""quantity":0"#),
        set(r#""quantity":1"#),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
        of("undo", "c"),
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
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [3×"tee"] 5997
          said carts LineChanged
        {"type":"add_line","cart":"c","options":[["size","L"]],"quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 4 [3×"tee" 1×"tee"] 7996
          said carts LineAdded
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":5,"base":2}
          → active 5 [6×"tee" 1×"tee"] 13993
          said carts LineChanged
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":1,"base":2}
          → active 6 [5×"tee" 1×"tee"] 11994
          said carts LineChanged
        {"type":"add_line","cart":"c","quantity":8,"offer":{"sku":"tee","price":{"amount":2500,"currency":"EUR"},"max_per_line":10}}
          → active 7 [10×"tee" 1×"tee"] 27500 "reduced_to_max_per_line" 10
          said carts LineChanged
        {"type":"add_line","cart":"c","quantity":8,"offer":{"sku":"tee","price":{"amount":2500,"currency":"EUR"},"available":7}}
          → active 8 [10×"tee" 1×"tee"] 27500 "reduced_to_stock" 10
          said carts LineChanged
        {"type":"add_line","cart":"c","quantity":8,"offer":{"sku":"tee","price":{"amount":2500,"currency":"EUR"},"available":0}}
          → 422 insufficient_stock: there are not enough of `tee`
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":0}
          → active 9 [1×"tee"] 2500
          said carts LineRemoved
        {"type":"set_line","cart":"c","line":"77db0fda86ebc662","quantity":1}
          → 404 unknown_line: the cart has no such line
        {"type":"undo","cart":"c"}
          → active 10 [1×"tee" 10×"tee"] 27500
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 11 [1×"tee" 10×"tee"] 27500
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 12 [1×"tee" 5×"tee"] 15000
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 13 [1×"tee" 6×"tee"] 17500
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 14 [1×"tee" 3×"tee"] 10000
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 15 [3×"tee"] 7500
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 16 [2×"tee"] 5000
          said carts Undone
        {"type":"undo","cart":"c"}
          → active 17 [] 0
          said carts Undone
        {"type":"undo","cart":"c"}
          → 409 nothing_to_undo: there is no change that could be taken back
    "#]],
    );
}

#[test]
fn only_the_right_token_the_owner_and_servers_see_a_cart() {
    let with = |token: &str| add("c", "tee", 1).replace(r#""quantity""#, &format!(r#""token":"{token}","quantity""#));
    let script = [
        open("c"),
        open("c"),
        format!("user:eve {}", add("c", "tee", 1)),
        format!("user:eve {}", with(TOKEN)),
        with(&"f".repeat(32)),
        add("none", "tee", 1),
        format!("user:eve {}", super::pay("c", "p", "captured", 1)),
        format!("user:eve {}", item("tee", 1)),
        format!(r#"user:eve {{"type":"quote","cart":"c","token":"{TOKEN}","kind":"tax","amount":0}}"#),
        add("c", "tee", 1).replace(r#""quantity""#, r#""if_match":1,"quantity""#),
        add("c", "tee", 1).replace(r#""quantity""#, r#""version":1,"quantity""#),
        add("c", "tee", 1).replace(r#""quantity""#, r#""version":2,"if_match":2,"quantity""#),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → 409 cart_exists: there is a cart of this id
        user:eve {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 404 unknown_cart: there is no cart of this id for this token
        user:eve {"type":"add_line","cart":"c","token":"0123456789abcdef0123456789abcdef","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"tee"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"c","token":"ffffffffffffffffffffffffffffffff","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 404 unknown_cart: there is no cart of this id for this token
        {"type":"add_line","cart":"none","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 404 unknown_cart: there is no cart of this id for this token
        user:eve {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":1}
          → 403 role_required: this needs the role `server` or `operator`
        user:eve @carts.stock {"type":"define","sku":"tee","on_hand":1,"price":{"amount":1999,"currency":"EUR"}}
          → 403 role_required: this needs the role `server` or `operator`
        user:eve {"type":"quote","cart":"c","token":"0123456789abcdef0123456789abcdef","kind":"tax","amount":0}
          → 403 role_required: this needs the role `server` or `operator`
        {"type":"add_line","cart":"c","if_match":1,"quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 412 stale_version: the cart has version 2
        {"type":"add_line","cart":"c","version":1,"quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 409 version_conflict: the cart has version 2
        {"type":"add_line","cart":"c","version":2,"if_match":2,"quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"tee"] 3998
          said carts LineChanged
    "#]],
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let plain = add("c", "tee", 1);
    let options = (0..17).map(|n| format!(r#"["o{n:02}","x"]"#)).collect::<Vec<_>>().join(",");
    let with = |more: &str| plain.replace(r#""quantity":1"#, &format!(r#""quantity":1,{more}"#));
    let script = [
        open("c"),
        add("c", "tee", 0),
        add("c", "tee", 10_001),
        plain.replace("EUR", "JPY"),
        plain.replace("1999", "1000000000000001"),
        with(&format!(r#""options":[{options}]"#)),
        with(r#""options":[["a",""]]"#),
        with(r#""options":[["a","x"],["a","y"]]"#),
        with(&format!(r#""device":"{}""#, "d".repeat(65))),
        plain.replace("1999", "900000000000000"),
        plain.replace("1999", "900000000000000"),
        format!(r#"{{"type":"quote","cart":"c","kind":"shipping","amount":{}}}"#, 200_000_000_000_000u64),
        format!(r#"{{"type":"quote","cart":"c","kind":"shipping","amount":{}}}"#, 50_000_000_000_000u64),
        of("extend", "c"),
        of("cancel", "c"),
        of("complete", "c"),
        r#"{"type":"checkout","cart":"c","seconds":0}"#.to_owned(),
        r#"{"type":"set_line","cart":"c","line":"nine","quantity":1}"#.to_owned(),
        r#"{"type":"pay","cart":"c","payment":"","kind":"captured","amount":1}"#.to_owned(),
        open("empty"),
        of("checkout", "empty"),
        of("undo", "empty"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
        {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"c","quantity":0,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_quantity: a quantity is 1 to 10000
        {"type":"add_line","cart":"c","quantity":10001,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_quantity: a quantity is 1 to 10000
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"JPY"}}}
          → 422 currency_mismatch: the cart has another currency
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1000000000000001,"currency":"EUR"}}}
          → 422 total_too_large: the total would be over 1000000000000000 minor units
        {"type":"add_line","cart":"c","quantity":1,"options":[["o00","x"],["o01","x"],["o02","x"],["o03","x"],["o04","x"],["o05","x"],["o06","x"],["o07","x"],["o08","x"],["o09","x"],["o10","x"],["o11","x"],["o12","x"],["o13","x"],["o14","x"],["o15","x"],["o16","x"]],"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_request: a line has at most 16 options
        {"type":"add_line","cart":"c","quantity":1,"options":[["a",""]],"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_request: names and values of options have 1 to 64 bytes
        {"type":"add_line","cart":"c","quantity":1,"options":[["a","x"],["a","y"]],"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_request: an option is said once
        {"type":"add_line","cart":"c","quantity":1,"device":"ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
          → 422 bad_request: the name of a device has at most 64 bytes
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":900000000000000,"currency":"EUR"}}}
          → active 2 [1×"tee"] 900000000000000
          said carts LineAdded
        {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":900000000000000,"currency":"EUR"}}}
          → 422 total_too_large: the total would be over 1000000000000000 minor units
        {"type":"quote","cart":"c","kind":"shipping","amount":200000000000000}
          → 422 total_too_large: the total would be over 1000000000000000 minor units
        {"type":"quote","cart":"c","kind":"shipping","amount":50000000000000}
          → active 3 [1×"tee"] 950000000000000
          said carts QuoteRecorded
        {"type":"extend","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        {"type":"cancel","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        {"type":"complete","cart":"c"}
          → 409 not_checking_out: the cart is not being checked out
        {"type":"checkout","cart":"c","seconds":0}
          → 422 bad_request: `seconds` is 1 to 86400, not 0
        {"type":"set_line","cart":"c","line":"nine","quantity":1}
          → 404 unknown_line: the cart has no such line
        {"type":"pay","cart":"c","payment":"","kind":"captured","amount":1}
          → 422 bad_request: the id of a payment has 1 to 128 bytes
        {"type":"open","cart":"empty","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"checkout","cart":"empty"}
          → 422 empty_cart: the cart has no lines
        {"type":"undo","cart":"empty"}
          → 409 nothing_to_undo: there is no change that could be taken back
    "#]],
    );
}

#[test]
fn stock_is_counted_and_never_below_what_is_held() {
    let adjust = |more: &str| format!(r#"@carts.stock {{"type":"adjust","sku":"tee",{more}}}"#);
    let script = [
        adjust(r#""delta":1"#),
        item("tee", 3),
        item("tee", 3),
        item("Tee", 3),
        item("skus", 3),
        open("c"),
        add("c", "tee", 2),
        of("checkout", "c"),
        adjust(r#""delta":-2"#),
        adjust(r#""delta":-1"#),
        item("tee", 1),
        item("tee", 2),
        r#"@carts.stock {"type":"define","sku":"tee","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"cap","quantity":1}]}"#.to_owned(),
        r#"@carts.stock {"type":"define","sku":"tee","on_hand":1000000001,"price":{"amount":1,"currency":"EUR"}}"#.to_owned(),
        r#"@carts.stock {"type":"define","sku":"set","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"set","quantity":1}]}"#.to_owned(),
        r#"@carts.stock {"type":"define","sku":"set","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"a","quantity":1},{"sku":"a","quantity":1}]}"#.to_owned(),
        super::pay("c", "p", "captured", 3998),
        adjust(r#""shipped":3"#),
        adjust(r#""shipped":2"#),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"adjust","sku":"tee","delta":1}
              → 404 unknown_sku: there is no SKU of this id
            @carts.stock {"type":"define","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 3, [3, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 3, [3, 0, 0], 0 wait
            @carts.stock {"type":"define","sku":"Tee","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
              → 422 bad_id: an id must match [a-z0-9][a-z0-9._-]{0,63} and is no word of the paths
            @carts.stock {"type":"define","sku":"skus","on_hand":3,"price":{"amount":1999,"currency":"EUR"}}
              → 422 bad_id: an id must match [a-z0-9][a-z0-9._-]{0,63} and is no word of the paths
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
            @carts.stock {"type":"adjust","sku":"tee","delta":-2}
              → 422 stock_held: carts and orders hold 2: there cannot be fewer
            @carts.stock {"type":"adjust","sku":"tee","delta":-1}
              → "tee" has 2, [0, 2, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"tee","on_hand":1,"price":{"amount":1999,"currency":"EUR"}}
              → 422 stock_held: carts and orders hold 2: there cannot be fewer
            @carts.stock {"type":"define","sku":"tee","on_hand":2,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 2, [0, 2, 0], 0 wait
            @carts.stock {"type":"define","sku":"tee","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"cap","quantity":1}]}
              → 422 stock_held: carts and orders hold 2: there cannot be fewer
            @carts.stock {"type":"define","sku":"tee","on_hand":1000000001,"price":{"amount":1,"currency":"EUR"}}
              → 422 bad_request: `on_hand` is at most 1000000000
            @carts.stock {"type":"define","sku":"set","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"set","quantity":1}]}
              → 422 bad_request: a bundle is no part of itself
            @carts.stock {"type":"define","sku":"set","price":{"amount":1,"currency":"EUR"},"parts":[{"sku":"a","quantity":1},{"sku":"a","quantity":1}]}
              → 422 bad_request: a bundle names each part once
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            @carts.stock {"type":"adjust","sku":"tee","shipped":3}
              → 422 bad_request: 2 are committed: no more can be shipped
            @carts.stock {"type":"adjust","sku":"tee","shipped":2}
              → "tee" has 0, [0, 0, 0], 0 wait
              said carts.stock SkuChanged
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 0, reserved: 0, committed: 0, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn a_cart_that_nobody_touches_for_a_day_is_said_to_be_left_alone_once() {
    let script = [
        open("c"),
        open("empty"),
        format!("+20h {}", add("c", "tee", 2)),
        "+5h".to_owned(),
        "+20h".to_owned(),
        "+48h".to_owned(),
        add("c", "tee", 1),
        "+25h".to_owned(),
        item("tee", 9),
        of("checkout", "c"),
        super::pay("c", "p", "captured", 5997),
        "+72h".to_owned(),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            {"type":"open","cart":"c","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"open","cart":"empty","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            +20h {"type":"add_line","cart":"c","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            +5h
            +20h
              said carts CartAbandoned
            +48h
            {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 4 [3×"tee"] 5997
              said carts LineChanged
            +25h
              said carts CartAbandoned
            @carts.stock {"type":"define","sku":"tee","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"checkout","cart":"c"}
              → reserving 6 [3×"tee"] 5997
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":5997}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            +72h
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 5997, changed_at: Time(1704492000000) }
            carts.stock counts "tee" → Counts { on_hand: 9, reserved: 0, committed: 3, waiting: 0, last: 0 }
        "#]],
    );
}
