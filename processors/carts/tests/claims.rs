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
    check_claim(&[claim("a", "max", "")], expect![[r#""#]]);
    check_claim(&[claim("a", "sum", "")], expect![[r#""#]]);
    check_claim(&[claim("a", "replace", "")], expect![[r#""#]]);
    check_claim(&[claim("a", "keep", "")], expect![[r#""#]]);
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
        expect![[r#""#]],
    );
}

#[test]
fn what_the_users_cart_cannot_take_stays_where_it_is() {
    check_claim(
        &[super::item("a", 9), super::item("c", 9), of("checkout", "user:u1"), claim("a", "sum", "")],
        expect![[r#""#]],
    );
    let yen = [
        open("j").replace("EUR", "JPY"),
        add("j", "a", 1).replace("EUR", "JPY"),
        claim("j", "sum", ""),
        claim("j", "max", "").replace("u1", "u2"),
        claim("a", "max", "").replace("u1", "u2"),
    ];
    check_claim(&yen, expect![[r#""#]]);
}

#[test]
fn lines_are_cut_to_what_there_is_with_a_warning_and_what_is_aside_is_joined() {
    let line = |sku: &str| format!("{:016x}", crate::carts::lines::line_id(sku, &[]));
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
        expect![[r#""#]],
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
    check(&script.join("\n"), expect![[r#""#]]);
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
