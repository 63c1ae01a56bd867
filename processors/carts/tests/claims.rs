//! Carts that a user claims: which quantities hold, what is cut, and that it happens once or not at all.

use super::{TOKEN, add, check, of, open};
use crate::carts::SYSTEM;
use crate::runtime::check::race;
use expect_test::{Expect, expect};

/// The line by which a user claims a cart.
fn claim(cart: &str, mode: &str, more: &str) -> String {
    format!(r#"{{"type":"claim","cart":"{cart}","customer":"u1","mode":"{mode}"{more}}}"#)
}

fn open_for(user: &str) -> String {
    format!(r#"{{"type":"open_for","cart":"user:{user}","user":"{user}","currency":"EUR"}}"#)
}

/// Two of A and one of B without an account, one of A and four of C with one.
fn two_carts(then: &[String]) -> String {
    let mut script = vec![open("a"), add("a", "a", 2), add("a", "b", 1)];
    script.extend([open_for("u1"), add("user:u1", "a", 1), add("user:u1", "c", 4)]);
    script.extend_from_slice(then);
    script.push(r#"{"type":"describe","cart":"user:u1"}"#.to_owned());
    script.join("\n")
}

#[track_caller]
fn check_claim(then: &[String], expected: Expect) {
    check(&two_carts(then), expected);
}

#[test]
fn the_mode_says_which_quantities_hold() {
    check_claim(
        &[claim("a", "max", "")],
        expect![[r#"
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"a"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"a" 1×"b"] 5997
          said carts LineAdded
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"a" 4×"c"] 9995
          said carts LineAdded
        {"type":"claim","cart":"a","customer":"u1","mode":"max"}
          → merging 4 [2×"a" 1×"b"] 5997
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
        {"type":"describe","cart":"user:u1"}
          → active 5 [2×"a" 4×"c" 1×"b"] 13993
          said carts CartDescribed
    "#]],
    );
    check_claim(
        &[claim("a", "sum", "")],
        expect![[r#"
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"a"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"a" 1×"b"] 5997
          said carts LineAdded
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"a" 4×"c"] 9995
          said carts LineAdded
        {"type":"claim","cart":"a","customer":"u1","mode":"sum"}
          → merging 4 [2×"a" 1×"b"] 5997
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
        {"type":"describe","cart":"user:u1"}
          → active 5 [3×"a" 4×"c" 1×"b"] 15992
          said carts CartDescribed
    "#]],
    );
    check_claim(
        &[claim("a", "replace", "")],
        expect![[r#"
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"a"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"a" 1×"b"] 5997
          said carts LineAdded
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"a" 4×"c"] 9995
          said carts LineAdded
        {"type":"claim","cart":"a","customer":"u1","mode":"replace"}
          → merging 4 [2×"a" 1×"b"] 5997
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
        {"type":"describe","cart":"user:u1"}
          → active 5 [2×"a" 1×"b"] 5997
          said carts CartDescribed
    "#]],
    );
    check_claim(
        &[claim("a", "keep", "")],
        expect![[r#"
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"a"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"a" 1×"b"] 5997
          said carts LineAdded
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"a" 4×"c"] 9995
          said carts LineAdded
        {"type":"claim","cart":"a","customer":"u1","mode":"keep"}
          → merging 4 [2×"a" 1×"b"] 5997
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
        {"type":"describe","cart":"user:u1"}
          → active 5 [1×"a" 4×"c"] 9995
          said carts CartDescribed
    "#]],
    );
}

#[test]
fn a_claimed_cart_is_closed_and_its_token_good_for_nothing() {
    let with_token = format!(r#"user:eve {{"type":"describe","cart":"a","token":"{TOKEN}"}}"#);
    check_claim(
        &[
            format!("user:eve {}", claim("a", "sum", &format!(r#","token":"{TOKEN}""#))),
            format!("user:u1 {}", claim("a", "sum", "")),
            format!("user:u1 {}", claim("a", "sum", &format!(r#","token":"{TOKEN}""#))),
            claim("a", "sum", ""),
            with_token,
            claim("user:u1", "sum", ""),
            of("undo", "user:u1"),
        ],
        expect![[r#"
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"a"] 3998
              said carts LineAdded
            {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [2×"a" 1×"b"] 5997
              said carts LineAdded
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"a"] 1999
              said carts LineAdded
            {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [1×"a" 4×"c"] 9995
              said carts LineAdded
            user:eve {"type":"claim","cart":"a","customer":"u1","mode":"sum","token":"0123456789abcdef0123456789abcdef"}
              → 403 role_required: this needs the role `server` or `operator`
            user:u1 {"type":"claim","cart":"a","customer":"u1","mode":"sum"}
              → 404 unknown_cart: there is no cart of this id for this token
            user:u1 {"type":"claim","cart":"a","customer":"u1","mode":"sum","token":"0123456789abcdef0123456789abcdef"}
              → merging 4 [2×"a" 1×"b"] 5997
              said carts CartClaimed
              said carts LinesMerged
              said carts CartMerged
            {"type":"claim","cart":"a","customer":"u1","mode":"sum"}
              → 410 cart_merged: the cart was merged into another one
            user:eve {"type":"describe","cart":"a","token":"0123456789abcdef0123456789abcdef"}
              → 410 cart_merged: the cart was merged into another one
            {"type":"claim","cart":"user:u1","customer":"u1","mode":"sum"}
              → 409 cart_owned: the cart belongs to a user already
            {"type":"undo","cart":"user:u1"}
              → active 5 [1×"a" 4×"c"] 9995
              said carts Undone
            {"type":"describe","cart":"user:u1"}
              → active 6 [1×"a" 4×"c"] 9995
              said carts CartDescribed
        "#]],
    );
}

#[test]
fn what_the_users_cart_cannot_take_stays_where_it_is() {
    check_claim(
        &[super::item("a", 9), super::item("c", 9), of("checkout", "user:u1"), claim("a", "sum", "")],
        expect![[r#"
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"a"] 3998
              said carts LineAdded
            {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [2×"a" 1×"b"] 5997
              said carts LineAdded
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"a"] 1999
              said carts LineAdded
            {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [1×"a" 4×"c"] 9995
              said carts LineAdded
            @carts.stock {"type":"define","sku":"a","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
              → "a" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
            @carts.stock {"type":"define","sku":"c","on_hand":9,"price":{"amount":1999,"currency":"EUR"}}
              → "c" has 9, [9, 0, 0], 0 wait
              said carts.stock SkuChanged
            {"type":"checkout","cart":"user:u1"}
              → reserving 4 [1×"a" 4×"c"] 9995
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"claim","cart":"a","customer":"u1","mode":"sum"}
              → merging 4 [2×"a" 1×"b"] 5997
              said carts CartClaimed
              said carts MergeRefused
            {"type":"describe","cart":"user:u1"}
              → 409 checking_out: the cart is being checked out: cancel the checkout first
            carts timers (Time(1704068100000), [0, 9, 117, 115, 101, 114, 58, 117, 49, 126, 49, 1]) → ()
            carts.stock counts "a" → Counts { on_hand: 9, reserved: 1, committed: 0, waiting: 0, last: 0 }
            carts.stock counts "c" → Counts { on_hand: 9, reserved: 4, committed: 0, waiting: 0, last: 0 }
            carts.stock holds ("a", "user:u1~1") → (1, 1)
            carts.stock holds ("c", "user:u1~1") → (1, 4)
        "#]],
    );
    let yen = [
        open("j").replace("EUR", "JPY"),
        add("j", "a", 1).replace("EUR", "JPY"),
        claim("j", "sum", ""),
        claim("j", "max", "").replace("u1", "u2"),
        claim("a", "max", "").replace("u1", "u2"),
    ];
    check_claim(
        &yen,
        expect![[r#"
        {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [2×"a"] 3998
          said carts LineAdded
        {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [2×"a" 1×"b"] 5997
          said carts LineAdded
        {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
          → active 3 [1×"a" 4×"c"] 9995
          said carts LineAdded
        {"type":"open","cart":"j","token":"0123456789abcdef0123456789abcdef","currency":"JPY"}
          → active 1 [] 0
          said carts CartOpened
        {"type":"add_line","cart":"j","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"JPY"}}}
          → active 2 [1×"a"] 1999
          said carts LineAdded
        {"type":"claim","cart":"j","customer":"u1","mode":"sum"}
          → merging 3 [1×"a"] 1999
          said carts CartClaimed
          said carts MergeRefused
        {"type":"claim","cart":"j","customer":"u2","mode":"max"}
          → merging 5 [1×"a"] 1999
          said carts CartClaimed
          said carts LinesMerged
          said carts CartMerged
        {"type":"claim","cart":"a","customer":"u2","mode":"max"}
          → merging 4 [2×"a" 1×"b"] 5997
          said carts CartClaimed
          said carts MergeRefused
        {"type":"describe","cart":"user:u1"}
          → active 4 [1×"a" 4×"c"] 9995
          said carts CartDescribed
    "#]],
    );
}

#[test]
fn lines_are_cut_to_what_there_is_with_a_warning_and_what_is_aside_is_joined() {
    let line = super::line_of;
    let aside =
        |cart: &str, kind: &str, sku: &str| format!(r#"{{"type":"{kind}","cart":"{cart}","line":"{}"}}"#, line(sku));
    check_claim(
        &[
            aside("a", "save_line", "b"),
            aside("a", "save_line", "b"),
            add("a", "c", 9),
            aside("user:u1", "save_line", "a"),
            claim("a", "sum", r#","hints":[{"sku":"c","available":5},{"sku":"a","available":0}]"#),
            aside("user:u1", "restore_line", "b"),
            aside("user:u1", "forget_line", "a"),
            aside("user:u1", "forget_line", "a"),
            of("undo", "user:u1"),
            of("undo", "user:u1"),
        ],
        expect![[r#"
            {"type":"open","cart":"a","token":"0123456789abcdef0123456789abcdef","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"a","quantity":2,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"a"] 3998
              said carts LineAdded
            {"type":"add_line","cart":"a","quantity":1,"offer":{"sku":"b","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [2×"a" 1×"b"] 5997
              said carts LineAdded
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"a","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"a"] 1999
              said carts LineAdded
            {"type":"add_line","cart":"user:u1","quantity":4,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
              → active 3 [1×"a" 4×"c"] 9995
              said carts LineAdded
            {"type":"save_line","cart":"a","line":"8172151ff72c5e52"}
              → active 4 [2×"a"] 3998
              said carts LineSaved
            {"type":"save_line","cart":"a","line":"8172151ff72c5e52"}
              → 404 unknown_line: the cart has no such line
            {"type":"add_line","cart":"a","quantity":9,"offer":{"sku":"c","price":{"amount":1999,"currency":"EUR"}}}
              → active 5 [2×"a" 9×"c"] 21989
              said carts LineAdded
            {"type":"save_line","cart":"user:u1","line":"13acce3537d6b799"}
              → active 4 [4×"c"] 7996
              said carts LineSaved
            {"type":"claim","cart":"a","customer":"u1","mode":"sum","hints":[{"sku":"c","available":5},{"sku":"a","available":0}]}
              → merging 6 [2×"a" 9×"c"] 21989
              said carts CartClaimed
              said carts LinesMerged
              said carts CartMerged
            {"type":"restore_line","cart":"user:u1","line":"8172151ff72c5e52"}
              → active 6 [5×"c" 1×"a" 1×"b"] 13993
              said carts LineRestored
            {"type":"forget_line","cart":"user:u1","line":"13acce3537d6b799"}
              → active 7 [5×"c" 1×"a" 1×"b"] 13993
              said carts SavedForgotten
            {"type":"forget_line","cart":"user:u1","line":"13acce3537d6b799"}
              → 404 unknown_line: the cart has no such line
            {"type":"undo","cart":"user:u1"}
              → active 8 [5×"c" 1×"a" 1×"b"] 13993
              said carts Undone
            {"type":"undo","cart":"user:u1"}
              → active 9 [5×"c" 1×"a"] 11994
              said carts Undone
            {"type":"describe","cart":"user:u1"}
              → active 10 [5×"c" 1×"a"] 11994
              said carts CartDescribed
        "#]],
    );
}

#[test]
fn a_user_has_one_cart_until_it_is_an_order() {
    let script = [
        format!("user:eve {}", open_for("u1")),
        open_for("u1").replace("user:u1", "user:u2"),
        format!("user:u1 {}", open_for("u1")),
        open_for("u1"),
        super::item("tee", 5),
        format!("user:u1 {}", add("user:u1", "tee", 1)),
        format!("user:eve {}", add("user:u1", "tee", 1)),
        of("checkout", "user:u1"),
        super::pay("user:u1", "p", "captured", 1999),
        of("complete", "user:u1"),
        add("user:u1", "tee", 1),
        open_for("u1"),
        add("user:u1", "tee", 2),
        of("complete", "user:u1~1"),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            user:eve {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → 403 role_required: this needs the role `server` or `operator`
            {"type":"open_for","cart":"user:u2","user":"u1","currency":"EUR"}
              → 422 bad_request: the carts of this user are `user:u1`
            user:u1 {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
            @carts.stock {"type":"define","sku":"tee","on_hand":5,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 5, [5, 0, 0], 0 wait
              said carts.stock SkuChanged
            user:u1 {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [1×"tee"] 1999
              said carts LineAdded
            user:eve {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → 404 unknown_cart: there is no cart of this id for this token
            {"type":"checkout","cart":"user:u1"}
              → reserving 3 [1×"tee"] 1999
              said carts CheckoutStarted
              said carts.stock ItemReserved
              said carts StockReserved
            {"type":"pay","cart":"user:u1","payment":"p","kind":"captured","amount":1999}
              → payment "p" "captured" "o_user:u1~1"
              said carts PaymentCaptured
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"complete","cart":"user:u1"}
              → order "o_user:u1~1" 1999
            {"type":"add_line","cart":"user:u1","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → 410 cart_ordered: the cart has become an order
            {"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}
              → active 1 [] 0
              said carts CartOpened
            {"type":"add_line","cart":"user:u1","quantity":2,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → active 2 [2×"tee"] 3998
              said carts LineAdded
            {"type":"complete","cart":"user:u1~1"}
              → order "o_user:u1~1" 1999
            carts payments ("user:u1~1", "p") → PaymentRow { state: Captured, amount: 1999, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 5, reserved: 0, committed: 1, waiting: 0, last: 0 }
        "#]],
    );
}

#[test]
fn of_claims_that_race_each_cart_is_taken_once() {
    let mut script = [open("a"), add("a", "a", 2), open("b"), add("b", "a", 3)].join("\n") + "\n";
    for cart in ["a", "b", "a", "b"] {
        script += &format!("| {}\n| {}\n", claim(cart, "sum", ""), add(cart, "a", 1));
    }
    race(SYSTEM.machines, &script, 40, &|shown| {
        assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
        let carts: Vec<_> = shown.rows.iter().filter(|row| row.starts_with("carts carts")).collect();
        assert_eq!(carts.iter().filter(|row| row.contains("stage: Merged(\"user:u1~1\"")).count(), 2, "{carts:?}");
        let quantity = |row: &str| {
            let text = row.split("quantity: ").nth(1).expect("it has a line").split(',').next().unwrap().to_owned();
            text.parse::<u32>().unwrap()
        };
        let of = |id: &str| carts.iter().find(|row| row.starts_with(&format!("carts carts \"{id}\""))).unwrap();
        // What was added before a cart was claimed has come along, and nothing twice.
        assert_eq!(quantity(of("user:u1~1")), quantity(of("a")) + quantity(of("b")));
    });
}
