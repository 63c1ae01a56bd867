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
    check(&script.join("\n"), expect![[r#""#]]);
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
