//! Many buyers at once, under seeded interleavings: what must hold whoever comes first, however late an answer is.

use super::{add, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::{Shown, race};
use std::collections::BTreeMap;

const SEEDS: u64 = 40;

/// The numbers of a row that is shown as Rust, by their names.
fn numbers(row: &str, name: &str) -> u64 {
    let rest = row.split(&format!("{name}: ")).nth(1).unwrap_or_else(|| panic!("no {name} in {row}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

pub(super) fn rows<'a>(shown: &'a Shown, table: &'a str) -> impl Iterator<Item = &'a String> {
    shown.rows.iter().filter(move |row| row.starts_with(table))
}

/// Item → on hand, reserved, committed.
fn counts(shown: &Shown) -> BTreeMap<String, (u64, u64, u64)> {
    let of = |row: &String| (numbers(row, "on_hand"), numbers(row, "reserved"), numbers(row, "committed"));
    let name = |row: &String| row.split('"').nth(1).unwrap().to_owned();
    rows(shown, "carts.stock counts").map(|row| (name(row), of(row))).collect()
}

/// What holds of every end, when nothing is under way any more: no reservation is left without a cart that is checked
/// out, and money that was taken is an order's or is to be given back.
pub(super) fn settled(shown: &Shown) {
    assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
    for (sku, (on_hand, reserved, committed)) in counts(shown) {
        assert!(on_hand >= reserved + committed, "{sku}: {on_hand} {reserved} {committed}");
    }
    let carts: Vec<&String> = rows(shown, "carts carts").collect();
    let open = carts.iter().filter(|row| row.contains("stage: Trial")).count();
    let holds = rows(shown, "carts.stock holds").count();
    assert!(open > 0 || holds == 0, "{holds} reservations are left over");
    for payment in rows(shown, "carts payments").filter(|row| row.contains("state: Captured")) {
        let mut words = payment.split('"');
        let (cart, id) = (words.nth(1).unwrap(), words.nth(1).unwrap());
        let is_of = |row: &&&String| row.starts_with(&format!("carts carts \"{cart}\" "));
        let cart = carts.iter().find(is_of).unwrap();
        assert!(cart.contains(&format!("Ordered(Some(\"{id}\")")), "{payment} is taken for nothing: {cart}");
    }
}

pub(super) fn orders(shown: &Shown) -> usize {
    rows(shown, "carts carts").filter(|row| row.contains("stage: Ordered")).count()
}

fn racing(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("| {line}\n")).collect()
}

#[test]
fn of_five_buyers_two_get_the_last_two() {
    let mut script = item("tee", 2) + "\n";
    let buyers = ["a", "b", "c", "d", "e"];
    script.extend(buyers.iter().flat_map(|cart| [open(cart) + "\n", add(cart, "tee", 1) + "\n"]));
    let steps = |cart: &&str| {
        [of("checkout", cart), pay(cart, "p", "captured", 1999), of("complete", cart), of("complete", cart)]
    };
    script += &racing(buyers.iter().flat_map(steps));
    race(SYSTEM.machines, &script, SEEDS, &|shown| {
        settled(shown);
        assert_eq!(orders(shown), 2, "{:?}", shown.rows);
        assert_eq!(counts(shown)["tee"], (2, 0, 2));
    });
}

#[test]
fn bundles_and_lines_that_share_an_item_never_sell_it_twice() {
    let set = r#"@carts.stock {"type":"define","sku":"set","price":{"amount":2500,"currency":"EUR"},"parts":[{"sku":"tee","quantity":2},{"sku":"cap","quantity":1}]}"#;
    let bundle = |cart: &str| {
        format!(
            r#"{{"type":"add_line","cart":"{cart}","quantity":1,"offer":{{"sku":"set","price":{{"amount":2500,"currency":"EUR"}},"parts":[{{"sku":"tee","quantity":2}},{{"sku":"cap","quantity":1}}]}}}}"#
        )
    };
    // Each wants three tees: two in the set and one beside it. There are five.
    let mut script = format!("{}\n{}\n{set}\n", item("tee", 5), item("cap", 5));
    for cart in ["a", "b"] {
        script += &format!("{}\n{}\n{}\n", open(cart), bundle(cart), add(cart, "tee", 1));
    }
    let steps = |cart: &str| [of("checkout", cart), pay(cart, "p", "captured", 4499), of("complete", cart)];
    script += &racing(["a", "b"].into_iter().flat_map(steps));
    race(SYSTEM.machines, &script, SEEDS, &|shown| {
        settled(shown);
        assert_eq!(orders(shown), 1);
        let counts = counts(shown);
        assert_eq!((counts["tee"], counts["cap"]), ((5, 0, 3), (5, 0, 1)));
    });
}

#[test]
fn an_answer_that_comes_behind_the_deadline_reserves_nothing() {
    let mut script = format!(
        "{}\n{}\n{}\n{}\n{}\n",
        item("tee", 2),
        item("cap", 1),
        open("a"),
        add("a", "tee", 1),
        add("a", "cap", 1)
    );
    // The lines race: answers of stock may be read when the time is over already, or the money may be there first.
    let steps = [
        of("checkout", "a"),
        format!("+16m {}", pay("a", "p", "captured", 3998)),
        of("complete", "a"),
        "+16m".to_owned() + &add("b", "tee", 1),
    ];
    script += &racing(steps);
    script += "+1h\n";
    race(SYSTEM.machines, &script, SEEDS, &|shown| {
        settled(shown);
        assert_eq!(rows(shown, "carts.stock holds").count(), 0, "{:?}", shown.rows);
        let counts = counts(shown);
        let sold = u64::try_from(orders(shown)).unwrap();
        assert_eq!((counts["tee"], counts["cap"]), ((2, 0, sold), (1, 0, sold)));
    });
}

#[test]
fn a_checkout_that_is_cancelled_and_begun_again_meanwhile_holds_its_stock_once() {
    let mut script = format!("{}\n{}\n{}\n", item("tee", 2), open("a"), add("a", "tee", 2));
    let round = [of("checkout", "a"), of("cancel", "a")];
    script += &racing(round.iter().cycle().take(9).cloned());
    race(SYSTEM.machines, &script, SEEDS, &|shown| {
        settled(shown);
        assert_eq!(counts(shown)["tee"], (2, 2, 0), "{:?}", shown.rows);
    });
}
