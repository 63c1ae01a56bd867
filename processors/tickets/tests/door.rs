//! Names on tickets, and tickets at the door.

use super::{best, cancel, check, order, pay, publish};
use crate::runtime::alone::Alone;
use crate::tickets::Ticketing;
use expect_test::expect;
use millrace_topics::tickets::{Answer, Command, Outcome, Query, ScanResult};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting] 20000
              said OrderPlaced "gig~1"
            {"issue":null,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 invalid null
              said TicketScanned
            {"holder":"Ada","order":1,"ticket":1,"type":"rename"}
              → 409 not_paid: the order is not paid
            {"amount":20000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid] 20000; payment captured 0
              said PaymentReported "gig~1" 20000
              said OrderPaid "gig~1"
            {"issue":null,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":9,"type":"check_in"}
              → gig~1.9 invalid null
              said TicketScanned
            {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 ok A-1-1 first s1
              said TicketScanned
            {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 ok A-1-1 first s1
              said TicketScanned
            {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s2","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 already_redeemed A-1-1 first s1
              said TicketScanned
            {"issue":1,"order":1,"scan":{"nonce":"n2","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 already_redeemed A-1-1 first s1
              said TicketScanned
            {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s2","time":"2020-02-02T00:00:00Z"},"ticket":1,"type":"check_in"}
              → gig~1.1 already_redeemed A-1-1 first s1
              said TicketScanned
            {"holder":"Ada","order":1,"ticket":1,"type":"rename"}
              → 409 already_redeemed: somebody has come in with some of the tickets
            {"order":1,"tickets":[1],"type":"refund"}
              → 409 already_redeemed: somebody has come in with some of the tickets
            {"order":1,"type":"cancel"}
              → 409 already_redeemed: somebody has come in with some of the tickets
            user:eve {"holder":"Eve","order":1,"ticket":2,"type":"rename"}
              → 404 unknown_order: there is no order of this id
            user:a {"holder":"Ada","order":1,"ticket":2,"type":"rename"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid] 20000
              said TicketRenamed "gig~1"
            {"holder":"Ada","order":1,"ticket":2,"type":"rename"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid] 20000
            {"holder":"","order":1,"ticket":2,"type":"rename"}
              → 422 bad_request: a name has 1 to 256 bytes
            {"issue":1,"order":1,"scan":{"nonce":"n3","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":2,"type":"check_in"}
              → gig~1.2 revoked null
              said TicketScanned
            {"issue":2,"order":1,"scan":{"nonce":"n4","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":2,"type":"check_in"}
              → gig~1.2 ok A-1-2 first s1
              said TicketScanned
            {"order":1,"tickets":[3],"type":"refund"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 revoked, A-1-4 valid] 20000
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 5000
            {"issue":1,"order":1,"scan":{"nonce":"n5","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":3,"type":"check_in"}
              → gig~1.3 revoked null
              said TicketScanned
            user:a {"issue":null,"order":1,"scan":{"nonce":"n6","scanner":"s1","time":"2020-02-02T00:00:00Z"},"ticket":4,"type":"check_in"}
              → 403 role_required: this needs the role `server` or `operator`
            {"issue":null,"order":1,"scan":{"nonce":"n6","scanner":"","time":"2020-02-02T00:00:00Z"},"ticket":4,"type":"check_in"}
              → 422 bad_request: `scanner` and `nonce` have 1 to 64 bytes
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 20000, refund: 5000, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Scanners without a connection bring what they saw in whatever order, and some of it twice.
    #[test]
    fn whatever_order_scans_come_in_a_ticket_lets_one_in_and_lists_the_others(
        scans in prop::collection::vec((1u32..4, 0u8..3, 0u8..3), 1..30),
    ) {
        let mut gate = Alone::<Ticketing>::default();
        let tell = |gate: &mut Alone<Ticketing>, line: &str| {
            gate.tell(&serde_json::from_str::<Command>(line).unwrap()).unwrap()
        };
        for line in [publish(&[3], &json!({})), best("a", 3), order(1, "a"), pay(1, "p", "captured", 15000)] {
            tell(&mut gate, &line);
        }
        let mut firsts: BTreeMap<u32, (u8, u8)> = BTreeMap::new();
        let mut later: BTreeSet<(u32, u8, u8)> = BTreeSet::new();
        for (ticket, scanner, nonce) in scans {
            let first = *firsts.entry(ticket).or_insert((scanner, nonce));
            let line = scan(ticket, Some(1), &format!("s{scanner}"), &format!("n{nonce}"));
            let Outcome::Scanned(view) = tell(&mut gate, &line) else { panic!("a ticket was shown") };
            let is_first = first == (scanner, nonce);
            prop_assert_eq!(view.result == ScanResult::Ok, is_first);
            let known = view.first.unwrap();
            prop_assert_eq!((known.scanner, known.nonce), (format!("s{}", first.0), format!("n{}", first.1)));
            if !is_first {
                later.insert((ticket, scanner, nonce));
            }
        }
        let asked = Query::Conflicts { event: "gig".to_owned(), limit: 100, after: 0 };
        let Ok(Answer::Conflicts(conflicts, None)) = gate.ask(&asked) else { panic!("conflicts were asked for") };
        let listed: BTreeSet<(String, String, String)> =
            conflicts.iter().map(|one| (one.ticket.clone(), one.later.scanner.clone(), one.later.nonce.clone())).collect();
        let expected: BTreeSet<(String, String, String)> =
            later.iter().map(|(ticket, s, n)| (format!("gig~1.{ticket}"), format!("s{s}"), format!("n{n}"))).collect();
        prop_assert_eq!((conflicts.len(), listed), (expected.len(), expected));
    }
}
