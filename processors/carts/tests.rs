//! Carts through the harness: every rule as a script, with crashes, repeats and other numbers of partitions behind it.

mod claims;
mod holds;
mod later;
mod line;
mod merge;
mod money;
mod offsets;
mod promos;
mod quotes;
mod races;
mod reserves;
mod rules;
mod terms;
mod troubles;

use crate::carts::SYSTEM;
use crate::carts::lines::line_id;
use crate::carts::tables::line_name;
use crate::runtime::check;
use expect_test::{Expect, expect};
use serde_json::Value;

/// Rows that a snapshot shows; all of them are compared between the runs.
const SHOWN: [&str; 6] =
    ["carts payments", "carts profiles", "carts timers", "carts.stock counts", "carts.stock holds", "carts.stock line"];

#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check(script: &str, expected: Expect) {
    let shown = check::run(SYSTEM.machines, script);
    expected.assert_eq(&shown.lines().filter_map(brief).map(|line| format!("{line}\n")).collect::<String>());
}

/// A line of what a run shows, as short as it can be: of a cart how far it is, of an event its kind.
fn brief(line: &str) -> Option<String> {
    if let Some(reply) = line.strip_prefix("  → ") {
        let text = reply.strip_suffix(" (replayed)").unwrap_or(reply);
        return Some(format!("  → {}", serde_json::from_str(text).map_or(text.to_owned(), |value| brief_of(&value))));
    }
    if let Some(said) = line.strip_prefix("  said ") {
        let words: Vec<&str> = said.splitn(3, ' ').take(2).collect();
        return Some(format!("  said {}", words.join(" ")));
    }
    // Every cart has a timer that finds out whether it is used.
    let is_idle = line.starts_with("carts timers") && line.contains(", [1, ");
    if is_idle {
        return None;
    }
    let is_row = line.starts_with("carts");
    (!is_row || SHOWN.iter().any(|start| line.starts_with(start))).then(|| line.to_owned())
}

fn brief_of(value: &Value) -> String {
    let cart = if value["cart"].is_object() { &value["cart"] } else { value };
    if let Some(state) = cart["version"].as_u64().and(cart["state"].as_str()) {
        let lines = cart["lines"].as_array().into_iter().flatten();
        let lines: Vec<String> = lines.map(|line| format!("{}×{}", line["quantity"], line["sku"])).collect();
        let total = &cart["total"]["amount"];
        let warnings = cart["warnings"].as_array().into_iter().flatten();
        let warnings: Vec<String> = warnings.map(|one| format!(" {} {}", one["code"], one["quantity"])).collect();
        let holds = cart["holds"].as_array().into_iter().flatten();
        let holds: Vec<String> = holds.map(|one| format!(" {}×{} held", one["quantity"], one["sku"])).collect();
        let (lines, more) = (lines.join(" "), [holds.concat(), warnings.concat()].concat());
        return format!("{state} {} [{lines}] {total}{more}", cart["version"]);
    }
    if let Some(stock) = value["stock"].as_object() {
        let of = |name: &str| stock[name].as_u64().unwrap_or_default();
        let (on_hand, waiting) = (of("on_hand"), of("waiting"));
        let parts = ["available", "reserved", "committed"].map(of);
        return format!("{} has {on_hand}, {parts:?}, {waiting} wait", value["sku"]);
    }
    match value["order"].as_object() {
        Some(order) => format!("order {} {}", order["id"], order["total"]["amount"]),
        None if value["payment"].is_string() => {
            format!("payment {} {} {}", value["payment"], value["state"], value["order"])
        }
        None => value.to_string(),
    }
}

/// The line that defines an item which costs 19.99.
fn item(sku: &str, on_hand: u32) -> String {
    format!(
        r#"@carts.stock {{"type":"define","sku":"{sku}","on_hand":{on_hand},"price":{{"amount":1999,"currency":"EUR"}}}}"#
    )
}

/// The line that opens a cart, whose token has this hash.
fn open(cart: &str) -> String {
    format!(r#"{{"type":"open","cart":"{cart}","token":"{TOKEN}","currency":"EUR"}}"#)
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The line that puts some of an item which costs 19.99 into a cart.
fn add(cart: &str, sku: &str, quantity: u32) -> String {
    format!(
        r#"{{"type":"add_line","cart":"{cart}","quantity":{quantity},"offer":{{"sku":"{sku}","price":{{"amount":1999,"currency":"EUR"}}}}}}"#
    )
}

/// The id of a line of an item without options, as people see it.
fn line_of(sku: &str) -> String {
    line_name(line_id(sku, &[]))
}

/// The line of a command that says only which cart it means.
fn of(kind: &str, cart: &str) -> String {
    format!(r#"{{"type":"{kind}","cart":"{cart}"}}"#)
}

/// The line of what a payment provider says.
fn pay(cart: &str, payment: &str, kind: &str, amount: u64) -> String {
    format!(r#"{{"type":"pay","cart":"{cart}","payment":"{payment}","kind":"{kind}","amount":{amount}}}"#)
}

#[test]
fn a_cart_becomes_an_order_and_says_so_again() {
    let script = [
        item("tee", 100),
        open("c"),
        add("c", "tee", 2),
        of("checkout", "c"),
        pay("c", "p", "authorized", 3998),
        of("complete", "c"),
        of("complete", "c"),
        pay("c", "p", "captured", 3998),
        of("checkout", "c"),
        add("c", "tee", 1),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @carts.stock {"type":"define","sku":"tee","on_hand":100,"price":{"amount":1999,"currency":"EUR"}}
              → "tee" has 100, [100, 0, 0], 0 wait
              said carts.stock SkuChanged
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
            {"type":"pay","cart":"c","payment":"p","kind":"authorized","amount":3998}
              → payment "p" "authorized" null
              said carts PaymentAuthorized
            {"type":"complete","cart":"c"}
              → order "o_c" 3998
              said carts OrderPlaced
              said carts.stock ItemCommitted
            {"type":"complete","cart":"c"}
              → order "o_c" 3998
            {"type":"pay","cart":"c","payment":"p","kind":"captured","amount":3998}
              → payment "p" "captured" "o_c"
              said carts PaymentCaptured
            {"type":"checkout","cart":"c"}
              → 410 cart_ordered: the cart has become an order
            {"type":"add_line","cart":"c","quantity":1,"offer":{"sku":"tee","price":{"amount":1999,"currency":"EUR"}}}
              → 410 cart_ordered: the cart has become an order
            carts payments ("c", "p") → PaymentRow { state: Captured, amount: 3998, changed_at: Time(1704067200000) }
            carts.stock counts "tee" → Counts { on_hand: 100, reserved: 0, committed: 2, waiting: 0, last: 0 }
        "#]],
    );
}
