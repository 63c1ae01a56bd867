//! Names on tickets, and tickets at the door.

use super::{best, cancel, check, order, pay, publish};
use expect_test::expect;
use serde_json::json;

fn scan(ticket: u32, issue: Option<u32>, scanner: &str, nonce: &str) -> String {
    let scan = json!({"scanner":scanner,"nonce":nonce,"time":"2020-02-02T00:00:00Z"});
    json!({"type":"check_in","event":"gig","order":1,"ticket":ticket,"issue":issue,"scan":scan}).to_string()
}

#[test]
fn a_ticket_lets_somebody_in_once() {
    let rename = |ticket: u32, holder: &str| {
        json!({"type":"rename","event":"gig","order":1,"ticket":ticket,"holder":holder}).to_string()
    };
    let refund = |ticket: u32| json!({"type":"refund","event":"gig","order":1,"tickets":[ticket]}).to_string();
    check(
        &[
            publish(&[4], &json!({})),
            best("a", 4),
            order(1, "a"),
            scan(1, None, "s1", "n1"),
            rename(1, "Ada"),
            pay(1, "p", "captured", 20000),
            scan(9, None, "s1", "n1"),
            scan(1, Some(1), "s1", "n1"),
            scan(1, Some(1), "s1", "n1"),
            scan(1, Some(1), "s2", "n1"),
            scan(1, Some(1), "s1", "n2"),
            scan(1, Some(1), "s2", "n1"),
            rename(1, "Ada"),
            refund(1),
            cancel(1),
            format!("user:eve {}", rename(2, "Eve")),
            format!("user:a {}", rename(2, "Ada")),
            rename(2, "Ada"),
            rename(2, ""),
            scan(2, Some(1), "s1", "n3"),
            scan(2, Some(2), "s1", "n4"),
            refund(3),
            scan(3, Some(1), "s1", "n5"),
            format!("user:a {}", scan(4, None, "s1", "n6")),
            scan(4, None, "", "n6"),
        ],
        expect![[r#""#]],
    );
}
