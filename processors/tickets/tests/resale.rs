//! Tickets that go from one buyer to another: given away or sold on. The old code is good no more at once, a place is sold
//! once all the while, and what is given back goes to who paid last.

use super::{after, check, order, pay, publish, seats};
use crate::tickets::tests::{TOKEN, cancel};
use expect_test::expect;
use serde_json::{Value, json};

/// An event of one row whose tickets are sold on for the one and a half of what they cost at most.
fn event(more: &Value) -> String {
    let plan: Value = serde_json::from_str(&publish(&[6], more)).expect("it is JSON");
    let mut plan = plan;
    plan["type"] = json!("publish_by");
    plan["rules"] = json!([{"rule":"resale","cap_percent":150}]);
    plan.to_string()
}

fn transfer(order: u32, ticket: u32, to: &str) -> String {
    json!({"type":"transfer","event":"gig","order":order,"ticket":ticket,"to":to}).to_string()
}

fn relist(order: u32, ticket: u32, price: u64) -> String {
    json!({"type":"relist","event":"gig","order":order,"ticket":ticket,"price":price}).to_string()
}

fn unlist(order: u32, ticket: u32) -> String {
    json!({"type":"unlist","event":"gig","order":order,"ticket":ticket}).to_string()
}

/// The line with which a buyer holds tickets that are offered.
fn hold_offered(buyer: &str, tickets: &[(u32, u32)]) -> String {
    let terms: Vec<Value> =
        tickets.iter().map(|(order, ticket)| json!({"term":"resale","order":order,"ticket":ticket})).collect();
    json!({"type":"hold_with","event":"gig","buyer":buyer,"token":TOKEN,"terms":terms}).to_string()
}

fn scan(order: u32, ticket: u32, issue: Option<u32>, nonce: &str) -> String {
    let scan = json!({"scanner":"s1","nonce":nonce,"time":"2026-01-01T00:00:00Z"});
    json!({"type":"check_in","event":"gig","order":order,"ticket":ticket,"issue":issue,"scan":scan}).to_string()
}

/// Two seats that ada has bought.
fn bought(more: &Value) -> Vec<String> {
    vec![event(more), seats("ada", &["A-1-1", "A-1-2"]), order(1, "ada"), pay(1, "p1", "captured", 10000)]
}

fn and(mut lines: Vec<String>, more: &[String]) -> Vec<String> {
    lines.extend_from_slice(more);
    lines
}

#[test]
fn a_ticket_that_is_given_away_is_one_of_another_order_and_its_old_code_is_dead() {
    let script = and(
        bought(&json!({"max_per_buyer":2})),
        &[
            transfer(1, 1, "ada"),
            transfer(1, 3, "eve"),
            format!("user:eve {}", transfer(1, 1, "eve")),
            transfer(1, 1, "eve"),
            transfer(1, 1, "bob"),
            scan(1, 1, Some(1), "n1"),
            scan(2, 1, Some(1), "n2"),
            transfer(2, 1, "bob"),
            seats("eve", &["A-1-3", "A-1-4"]),
            seats("eve", &["A-1-3"]),
            transfer(1, 2, "eve"),
            seats("ada", &["A-1-4"]),
            json!({"type":"refund","event":"gig","order":1,"tickets":[2]}).to_string(),
            cancel(2),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":2,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"order":1,"ticket":1,"to":"ada","type":"transfer"}
          → 422 bad_request: the ticket is the buyer's already
        {"order":1,"ticket":3,"to":"eve","type":"transfer"}
          → 422 bad_tickets: some of the tickets are not good
        user:eve {"order":1,"ticket":1,"to":"eve","type":"transfer"}
          → 404 unknown_order: there is no order of this id
        {"order":1,"ticket":1,"to":"eve","type":"transfer"}
          → gig~1.1 of ada became gig~2.1 of eve
          said TicketTransferred gig~1.1 of ada became gig~2.1 of eve
        {"order":1,"ticket":1,"to":"bob","type":"transfer"}
          → 422 bad_tickets: some of the tickets are not good
        {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 revoked null
          said TicketScanned
        {"issue":1,"order":2,"scan":{"nonce":"n2","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~2.1 ok A-1-1 first s1
          said TicketScanned
        {"order":2,"ticket":1,"to":"bob","type":"transfer"}
          → 409 already_redeemed: somebody has come in with some of the tickets
        {"buyer":"eve","seats":["A-1-3","A-1-4"],"type":"hold"}
          → 422 limit_exceeded: a buyer has at most 2 places: this one has 1
        {"buyer":"eve","seats":["A-1-3"],"type":"hold"}
          → hold 3 open [A-1-3] adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"order":1,"ticket":2,"to":"eve","type":"transfer"}
          → 422 limit_exceeded: a buyer has at most 2 places: this one has 2
        {"buyer":"ada","seats":["A-1-4"],"type":"hold"}
          → hold 4 open [A-1-4] adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"order":1,"tickets":[2],"type":"refund"}
          → order gig~1 cancelled [A-1-1 transferred, A-1-2 revoked] 10000
          said TicketsRefunded "gig~1"
          said OrderCancelled "gig~1"
          said RefundDue "gig~1" 5000
        {"order":2,"type":"cancel"}
          → 409 already_redeemed: somebody has come in with some of the tickets
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 10000, refund: 5000, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

#[test]
fn what_a_ticket_that_was_given_away_cost_goes_back_to_who_paid() {
    let script =
        and(bought(&json!({})), &[transfer(1, 1, "eve"), transfer(2, 1, "bob"), cancel(3), cancel(1), cancel(2)]);
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"order":1,"ticket":1,"to":"eve","type":"transfer"}
          → gig~1.1 of ada became gig~2.1 of eve
          said TicketTransferred gig~1.1 of ada became gig~2.1 of eve
        {"order":2,"ticket":1,"to":"bob","type":"transfer"}
          → gig~2.1 of eve became gig~3.1 of bob
          said TicketTransferred gig~2.1 of eve became gig~3.1 of bob
        {"order":3,"type":"cancel"}
          → order gig~3 cancelled [A-1-1 revoked] 0
          said OrderCancelled "gig~3"
          said RefundDue "gig~1" 5000
        {"order":1,"type":"cancel"}
          → order gig~1 cancelled [A-1-1 transferred, A-1-2 revoked] 10000
          said OrderCancelled "gig~1"
          said RefundDue "gig~1" 10000
        {"order":2,"type":"cancel"}
          → order gig~2 cancelled [A-1-1 transferred] 0
          said OrderCancelled "gig~2"
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

#[test]
fn a_ticket_is_sold_on_like_a_seat_and_is_the_sellers_until_it_is_paid() {
    let script = and(
        bought(&json!({"max_per_buyer":2})),
        &[
            hold_offered("eve", &[(1, 1)]),
            relist(1, 1, 7501),
            format!("user:eve {}", relist(1, 1, 6000)),
            format!("user:ada {}", relist(1, 1, 6000)),
            relist(1, 1, 7500),
            scan(1, 1, Some(1), "n1"),
            scan(1, 1, Some(2), "n1"),
            transfer(1, 1, "eve"),
            hold_offered("ada", &[(1, 1)]),
            hold_offered("eve", &[(1, 1), (1, 1)]),
            hold_offered("eve", &[(1, 2)]),
            hold_offered("eve", &[(1, 1)]),
            hold_offered("bob", &[(1, 1)]),
            unlist(1, 1),
            cancel(1),
            order(2, "eve"),
            pay(2, "p2", "captured", 7500),
            scan(1, 1, Some(2), "n2"),
            scan(2, 1, Some(1), "n3"),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":2,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 422 bad_tickets: some of the tickets are not good
        {"order":1,"price":7501,"ticket":1,"type":"relist"}
          → 422 price_too_high: the ticket is sold on for 7500 minor units at most
        user:eve {"order":1,"price":6000,"ticket":1,"type":"relist"}
          → 404 unknown_order: there is no order of this id
        user:ada {"order":1,"price":6000,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 6000, held false
          said TicketRelisted gig~1.1 is offered for 6000, held false
        {"order":1,"price":7500,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 7500, held false
          said TicketRelisted gig~1.1 is offered for 7500, held false
        {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 revoked null
          said TicketScanned
        {"issue":2,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 revoked null
          said TicketScanned
        {"order":1,"ticket":1,"to":"eve","type":"transfer"}
          → 422 bad_tickets: some of the tickets are not good
        {"buyer":"ada","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 422 bad_request: nobody buys the own ticket
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1},{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 422 bad_tickets: some of the tickets are not good
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":2}],"type":"hold_with"}
          → 422 bad_tickets: some of the tickets are not good
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 2 open [A-1-1] adjacent 7500 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"buyer":"bob","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 409 seat_taken: some of the seats are not free
        {"order":1,"ticket":1,"type":"unlist"}
          → 409 being_resold: somebody holds some of the tickets, which are offered to others
        {"order":1,"type":"cancel"}
          → 409 being_resold: somebody holds some of the tickets, which are offered to others
        {"buyer":"eve","hold":2,"type":"order"}
          → order gig~2 pending [A-1-1 waiting] 7500
          said OrderPlaced "gig~2"
        {"amount":7500,"kind":"captured","order":2,"payment":"p2","type":"pay"}
          → order gig~2 paid [A-1-1 valid] 7500; payment captured 0
          said PaymentReported "gig~2" 7500
          said TicketResold gig~1.1 of ada became gig~2.1 of eve for 7500
          said OrderPaid "gig~2"
        {"issue":2,"order":1,"scan":{"nonce":"n2","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 revoked null
          said TicketScanned
        {"issue":1,"order":2,"scan":{"nonce":"n3","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~2.1 ok A-1-1 first s1
          said TicketScanned
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        tickets payments ("gig", 2, "p2") → PaymentRow { state: Captured, amount: 7500, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

#[test]
fn a_ticket_that_nobody_pays_for_is_offered_on() {
    let script = and(
        bought(&json!({})),
        &[
            relist(1, 1, 6000),
            hold_offered("eve", &[(1, 1)]),
            after("901s", &hold_offered("bob", &[(1, 1)])),
            order(3, "bob"),
            after("601s", &hold_offered("eve", &[(1, 1)])),
            json!({"type":"release","event":"gig","hold":4,"token":TOKEN}).to_string(),
            // What comes late gets the ticket all the same, while it is offered for the same price.
            pay(2, "p2", "captured", 6000),
            hold_offered("eve", &[(1, 1)]),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"order":1,"price":6000,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 6000, held false
          said TicketRelisted gig~1.1 is offered for 6000, held false
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 2 open [A-1-1] adjacent 6000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        +901s {"buyer":"bob","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 3 open [A-1-1] adjacent 6000 until 2024-01-01T00:30:01Z
          said HoldExpired 2
          said SeatsHeld 3
        {"buyer":"bob","hold":3,"type":"order"}
          → order gig~2 pending [A-1-1 waiting] 6000
          said OrderPlaced "gig~2"
        +601s {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 4 open [A-1-1] adjacent 6000 until 2024-01-01T00:40:02Z
          said OrderExpired "gig~2"
          said SeatsHeld 4
        {"hold":4,"type":"release"}
          → hold 4 released [A-1-1] adjacent 6000 until 2024-01-01T00:40:02Z
          said HoldReleased 4
        {"amount":6000,"kind":"captured","order":2,"payment":"p2","type":"pay"}
          → order gig~2 paid [A-1-1 valid] 6000; payment captured 0
          said PaymentReported "gig~2" 6000
          said TicketResold gig~1.1 of ada became gig~2.1 of bob for 6000
          said OrderPaid "gig~2"
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 422 bad_tickets: some of the tickets are not good
        tickets timers (Time(1704069602000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        tickets payments ("gig", 2, "p2") → PaymentRow { state: Captured, amount: 6000, refund: 0, refunded: 0, changed_at: Time(1704068702000) }
    "#]],
    );
}

#[test]
fn late_money_for_a_ticket_that_is_offered_no_more_is_given_back() {
    let script = and(
        bought(&json!({})),
        &[
            relist(1, 1, 6000),
            hold_offered("eve", &[(1, 1)]),
            order(2, "eve"),
            after("601s", &relist(1, 1, 5500)),
            pay(2, "p2", "captured", 6000),
            unlist(1, 1),
            scan(1, 1, Some(1), "n1"),
            scan(1, 1, Some(2), "n2"),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"order":1,"price":6000,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 6000, held false
          said TicketRelisted gig~1.1 is offered for 6000, held false
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 2 open [A-1-1] adjacent 6000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"buyer":"eve","hold":2,"type":"order"}
          → order gig~2 pending [A-1-1 waiting] 6000
          said OrderPlaced "gig~2"
        +601s {"order":1,"price":5500,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 5500, held false
          said OrderExpired "gig~2"
          said TicketRelisted gig~1.1 is offered for 5500, held false
        {"amount":6000,"kind":"captured","order":2,"payment":"p2","type":"pay"}
          → order gig~2 expired [A-1-1 waiting] 6000; payment refund_due 6000
          said PaymentReported "gig~2" 6000
          said RefundDue "gig~2" 6000
        {"order":1,"ticket":1,"type":"unlist"}
          → gig~1.1 is offered for 5500, held false
          said TicketUnlisted gig~1.1 is offered for 5500, held false
        {"issue":1,"order":1,"scan":{"nonce":"n1","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 revoked null
          said TicketScanned
        {"issue":2,"order":1,"scan":{"nonce":"n2","scanner":"s1","time":"2026-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
          → gig~1.1 ok A-1-1 first s1
          said TicketScanned
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        tickets payments ("gig", 2, "p2") → PaymentRow { state: RefundDue, amount: 6000, refund: 6000, refunded: 0, changed_at: Time(1704067801000) }
    "#]],
    );
}

#[test]
fn a_resale_that_is_cancelled_frees_the_seat_and_gives_its_own_price_back() {
    let script = and(
        bought(&json!({})),
        &[
            relist(1, 1, 6000),
            hold_offered("eve", &[(1, 1)]),
            order(2, "eve"),
            cancel(2),
            hold_offered("bob", &[(1, 1)]),
            order(3, "bob"),
            pay(3, "p3", "captured", 6000),
            cancel(3),
            seats("eve", &["A-1-1"]),
            cancel(1),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":150,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
          → event gig with 6 places and [{"cap_percent":150,"rule":"resale"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1","A-1-2"],"type":"hold"}
          → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"order":1,"price":6000,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 6000, held false
          said TicketRelisted gig~1.1 is offered for 6000, held false
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 2 open [A-1-1] adjacent 6000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"buyer":"eve","hold":2,"type":"order"}
          → order gig~2 pending [A-1-1 waiting] 6000
          said OrderPlaced "gig~2"
        {"order":2,"type":"cancel"}
          → order gig~2 cancelled [A-1-1 revoked] 6000
          said OrderCancelled "gig~2"
        {"buyer":"bob","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → hold 3 open [A-1-1] adjacent 6000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"buyer":"bob","hold":3,"type":"order"}
          → order gig~3 pending [A-1-1 waiting] 6000
          said OrderPlaced "gig~3"
        {"amount":6000,"kind":"captured","order":3,"payment":"p3","type":"pay"}
          → order gig~3 paid [A-1-1 valid] 6000; payment captured 0
          said PaymentReported "gig~3" 6000
          said TicketResold gig~1.1 of ada became gig~3.1 of bob for 6000
          said OrderPaid "gig~3"
        {"order":3,"type":"cancel"}
          → order gig~3 cancelled [A-1-1 revoked] 6000
          said OrderCancelled "gig~3"
          said RefundDue "gig~3" 6000
        {"buyer":"eve","seats":["A-1-1"],"type":"hold"}
          → hold 4 open [A-1-1] adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"order":1,"type":"cancel"}
          → order gig~1 cancelled [A-1-1 resold, A-1-2 revoked] 10000
          said OrderCancelled "gig~1"
          said RefundDue "gig~1" 5000
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 10000, refund: 5000, refunded: 0, changed_at: Time(1704067200000) }
        tickets payments ("gig", 3, "p3") → PaymentRow { state: RefundDue, amount: 6000, refund: 6000, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

#[test]
fn nothing_is_sold_on_where_the_event_does_not_say_so_and_rules_are_checked() {
    let no_rules =
        [publish(&[6], &json!({})), seats("ada", &["A-1-1"]), order(1, "ada"), pay(1, "p1", "captured", 5000)];
    let rules = |rules: Value| {
        let mut plan: Value = serde_json::from_str(&event(&json!({}))).expect("it is JSON");
        plan["type"] = json!("change_by");
        plan["rules"] = rules;
        plan.to_string()
    };
    let resale = json!({"rule":"resale","cap_percent":100});
    let script = and(
        no_rules.to_vec(),
        &[
            relist(1, 1, 1),
            rules(json!([{"rule":"resale","cap_percent":0}])),
            rules(json!([resale, resale])),
            rules(json!([{"rule":"household","limit":0}])),
            format!("user:ada {}", rules(json!([resale]))),
            rules(json!([resale])),
            rules(json!([resale])),
            relist(1, 1, 5000),
            publish(&[6], &json!({"type":"change"})),
            hold_offered("eve", &[(1, 1)]),
        ],
    );
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
          → event gig with 6 places
          said EventPublished
        {"buyer":"ada","seats":["A-1-1"],"type":"hold"}
          → hold 1 open [A-1-1] adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting] 5000
          said OrderPlaced "gig~1"
        {"amount":5000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid] 5000; payment captured 0
          said PaymentReported "gig~1" 5000
          said OrderPaid "gig~1"
        {"order":1,"price":1,"ticket":1,"type":"relist"}
          → 422 no_resale: tickets of this event are not sold on
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":0,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → 422 bad_rules: tickets are sold on for 1 to 1000 percent of what they cost
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":100,"rule":"resale"},{"cap_percent":100,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → 422 bad_rules: an event has one rule of a kind
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"limit":0,"rule":"household"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → 422 bad_rules: a household may have one place at least
        user:ada {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":100,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → 403 role_required: this needs the role `server` or `operator`
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":100,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → event gig with 6 places and [{"cap_percent":100,"rule":"resale"}]
          said RulesChanged
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":100,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change_by"}
          → event gig with 6 places and [{"cap_percent":100,"rule":"resale"}]
        {"order":1,"price":5000,"ticket":1,"type":"relist"}
          → gig~1.1 is offered for 5000, held false
          said TicketRelisted gig~1.1 is offered for 5000, held false
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"change"}
          → event gig with 6 places
          said RulesChanged
        {"buyer":"eve","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
          → 422 no_resale: tickets of this event are not sold on
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 5000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}
