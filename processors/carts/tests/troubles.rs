//! Every record between a cart, its stock items and its codes may be dropped, come late (behind the deadline), or come twice:
//! on each path of a checkout nothing is left over, and money that was taken has an order or is to be given back.

use super::holds::{AT_ONCE, define, hold};
use super::promos::{apply, promo};
use super::races::{orders, rows, settled};
use super::{add, item, of, open, pay};
use crate::carts::SYSTEM;
use crate::runtime::check::{Shown, troubled};

/// What one of the two that are bought costs, with a tenth off.
const TOTAL: u64 = 3598;

/// A cart with two items and a code, and then this; in the end all time is over.
fn script(then: &[String]) -> String {
    let mut lines = vec![item("tee", 1), item("cap", 1), promo("ten", 1000, r#","max_uses":1"#), open("c")];
    lines.extend([add("c", "tee", 1), add("c", "cap", 1), apply("c", "ten", 1000, "")]);
    lines.extend_from_slice(then);
    lines.extend(["+1h", "+1h", "+1h"].map(str::to_owned));
    lines.join("\n")
}

/// Nothing is reserved any more, and what is sold and used is what orders have.
fn is_whole(shown: &Shown) {
    settled(shown);
    for table in ["carts.stock holds", "carts.stock line", "carts.promo held", "carts.stock numbers"] {
        assert_eq!(rows(shown, table).count(), 0, "{table}: {:?}", shown.rows);
    }
    let sold = orders(shown);
    for row in rows(shown, "carts.stock counts") {
        assert!(row.contains(&format!("reserved: 0, committed: {sold}, waiting: 0")), "{sold} orders: {row}");
    }
    for row in rows(shown, "carts.promo uses") {
        assert!(row.contains(&format!("reserved: 0, used: {sold}")), "{sold} orders: {row}");
    }
    let trials = rows(shown, "carts carts").filter(|row| row.contains("stage: Trial")).count();
    assert_eq!(trials, 0, "{:?}", shown.rows);
}

/// Runs a path with every trouble; `also` must hold at the end of each, beside what always does.
fn check(then: &[String], also: &dyn Fn(&Shown)) {
    let records = troubled(SYSTEM.machines, &script(then), &|shown| {
        is_whole(shown);
        also(shown);
    });
    assert!(records >= 6, "a question and an answer of each part: {records}");
}

fn payment_is(shown: &Shown, states: &[&str]) {
    let row = rows(shown, "carts payments").next().expect("there is one");
    assert!(states.iter().any(|state| row.contains(&format!("state: {state},"))), "{states:?}: {row}");
}

#[test]
fn a_payment_that_comes_before_the_browser_or_behind_it_once_or_twice() {
    let captured = || pay("c", "p", "captured", TOTAL);
    let authorized = || pay("c", "p", "authorized", TOTAL);
    let complete = || of("complete", "c");
    for then in [
        vec![captured()],
        vec![captured(), complete()],
        vec![complete(), captured()],
        vec![complete(), authorized(), complete()],
        vec![authorized(), complete(), captured(), captured()],
        vec![authorized(), authorized(), complete(), complete()],
    ] {
        let then = [vec![of("checkout", "c")], then].concat();
        // Whatever happens to the records, money that was taken bought the cart or is given back.
        check(&then, &|shown| {
            let expected = if orders(shown) == 1 { ["Captured", "Authorized"] } else { ["RefundDue", "VoidDue"] };
            payment_is(shown, &expected);
        });
    }
}

#[test]
fn a_payment_that_never_comes_or_comes_to_nothing() {
    check(&[of("checkout", "c"), of("complete", "c")], &|shown| assert_eq!(orders(shown), 0));
    let failed = [of("checkout", "c"), of("complete", "c"), pay("c", "p", "failed", 0)];
    check(&failed, &|shown| {
        assert_eq!(orders(shown), 0);
        payment_is(shown, &["Failed"]);
    });
    check(&[of("checkout", "c"), of("cancel", "c")], &|shown| assert_eq!(orders(shown), 0));
    check(&[of("checkout", "c"), of("extend", "c")], &|shown| assert_eq!(orders(shown), 0));
}

#[test]
fn a_payment_that_comes_late_buys_again_or_is_given_back() {
    let late = [of("checkout", "c"), format!("+16m {}", pay("c", "p", "captured", TOTAL))];
    check(&late, &|shown| payment_is(shown, if orders(shown) == 1 { &["Captured"] } else { &["RefundDue"] }));
    // Another one has bought the last one meanwhile.
    let gone = [
        of("checkout", "c"),
        format!("+16m {}", open("d")),
        add("d", "tee", 1),
        of("checkout", "d"),
        pay("d", "q", "captured", 1999),
        pay("c", "p", "captured", TOTAL),
    ];
    let mut script = script(&gone);
    script += "\n+1h";
    troubled(SYSTEM.machines, &script, &|shown| {
        settled(shown);
        assert_eq!(rows(shown, "carts.stock holds").count(), 0, "{:?}", shown.rows);
        let of_c = rows(shown, "carts payments").find(|row| row.contains(r#"("c", "p")"#)).expect("it was said");
        let is_bought = rows(shown, "carts carts").any(|row| row.contains(r#"Ordered(Some("p")"#));
        assert!(of_c.contains(if is_bought { "state: Captured" } else { "state: RefundDue" }), "{of_c}");
    });
}

#[test]
fn a_refusal_by_stock_or_by_a_code_gives_everything_back() {
    let sold_out = [item("cap", 0), of("checkout", "c"), pay("c", "p", "captured", TOTAL)];
    check(&sold_out, &|shown| {
        assert_eq!(orders(shown), 0);
        payment_is(shown, &["RefundDue"]);
    });
    let used = [promo("ten", 1000, r#","max_uses":0"#), of("checkout", "c")];
    check(&used, &|shown| assert_eq!(orders(shown), 0));
}

#[test]
fn a_checkout_in_line_leaves_it_whatever_happens() {
    let rival = |then: &str| {
        vec![open("d"), add("d", "tee", 1), of("checkout", "d"), of("checkout_in_line", "c"), of(then, "d")]
    };
    for then in [rival("cancel"), [rival("complete"), vec![pay("d", "q", "captured", 1999)]].concat()] {
        let then = [then, vec![pay("c", "p", "captured", TOTAL)]].concat();
        troubled(SYSTEM.machines, &script(&then), &|shown| {
            settled(shown);
            for table in ["carts.stock holds", "carts.stock line", "carts.promo held", "carts.stock numbers"] {
                assert_eq!(rows(shown, table).count(), 0, "{table}: {:?}", shown.rows);
            }
        });
    }
}

#[test]
fn a_claim_gives_its_lines_to_the_customer_once() {
    let claim = [
        r#"{"type":"open_for","cart":"user:u1","user":"u1","currency":"EUR"}"#.to_owned(),
        add("user:u1", "tee", 1),
        r#"{"type":"claim","cart":"c","customer":"u1","mode":"sum"}"#.to_owned(),
    ];
    let records = troubled(SYSTEM.machines, &script(&claim), &|shown| {
        settled(shown);
        let cart =
            rows(shown, "carts carts").find(|row| row.starts_with(r#"carts carts "user:u1~1""#)).expect("it is there");
        assert!(cart.contains("quantity: 2") && cart.contains("\"ten\""), "both tees and the code: {cart}");
        let merged = rows(shown, "carts carts").filter(|row| row.contains("stage: Merged")).count();
        assert_eq!(merged, 1);
    });
    assert_eq!(records, 3, "the lines, the answer and the code");
}

/// A cart that holds its tee at once, and whose cap is reserved only for the order.
fn held(then: &[String]) -> String {
    let mut lines = vec![define("tee", 1, AT_ONCE), define("cap", 1, r#"{"at":"order"}"#), open("c")];
    lines.extend([hold("c", "tee", 1), add("c", "cap", 1)]);
    lines.extend_from_slice(then);
    lines.extend(["+1h", "+1h", "+1h"].map(str::to_owned));
    lines.join("\n")
}

#[test]
fn what_is_held_at_once_or_reserved_for_an_order_is_sold_or_given_back() {
    let captured = || pay("c", "p", "captured", 3998);
    let gone = r#"@carts.stock {"type":"adjust","sku":"cap","delta":-1}"#.to_owned();
    for then in [
        Vec::new(),
        vec!["+9m".to_owned(), of("extend", "c")],
        vec![of("undo", "c"), of("undo", "c")],
        vec![hold("c", "tee", 1), of("undo", "c")],
        vec![of("checkout", "c"), of("cancel", "c")],
        vec![of("checkout", "c"), captured()],
        vec![of("checkout", "c"), of("complete", "c"), captured(), of("complete", "c")],
        vec![of("checkout", "c"), gone, captured()],
        vec![of("checkout_in_line", "c"), of("complete", "c"), pay("c", "p", "authorized", 3998)],
        vec![of("checkout", "c"), format!("+16m {}", captured())],
    ] {
        let is_paid = then.iter().any(|line| line.contains("3998"));
        let records = troubled(SYSTEM.machines, &held(&then), &|shown| {
            is_whole(shown);
            let holds = rows(shown, "carts carts").filter(|row| !row.contains("holds: []")).count();
            assert_eq!(holds, 0, "{:?}", shown.rows);
            if is_paid {
                let bought = orders(shown) == 1;
                payment_is(shown, if bought { &["Captured", "Authorized"] } else { &["RefundDue", "VoidDue"] });
            }
        });
        assert!(records >= 2, "a question and an answer at least: {records}");
    }
}

#[test]
fn what_a_claimed_cart_holds_is_its_customers_or_nobodys() {
    let claim = r#"{"type":"claim","cart":"c","customer":"u1","mode":"sum"}"#.to_owned();
    let then = [claim, of("checkout", "user:u1"), pay("user:u1", "p", "captured", 3998)];
    let records = troubled(SYSTEM.machines, &held(&then), &|shown| {
        is_whole(shown);
        let holds = rows(shown, "carts carts").filter(|row| !row.contains("holds: []")).count();
        assert_eq!(holds, 0, "{:?}", shown.rows);
    });
    assert!(records >= 6, "the lines and their answer, holds of both: {records}");
}
