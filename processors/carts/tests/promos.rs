//! Promotions: what codes take off, who gets a use, and that uses are never more than there are.

use super::{add, check, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::race;
use expect_test::expect;

/// The line that defines a promotion, or gives it other terms.
fn promo(code: &str, basis_points: u32, more: &str) -> String {
    format!(
        r#"@carts.promo {{"type":"define","code":"{code}","discount":{{"kind":"percent","basis_points":{basis_points}}}{more}}}"#
    )
}

/// The line that gives a cart a code, by terms of this version.
fn apply(cart: &str, code: &str, basis_points: u32, more: &str) -> String {
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
    check(&script.join("\n"), expect![[r#""#]]);
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
            pay(&cart, "p", "captured", 1000),
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
    check(&script.join("\n"), expect![[r#""#]]);
}

#[test]
fn uses_are_never_more_than_there_are() {
    let mut script = format!("{}\n{}\n", item("tee", 9), promo("ten", 1000, r#","max_uses":2,"budget":500"#));
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
