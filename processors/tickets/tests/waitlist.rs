//! The waitlist: who comes first is offered first what suits, nobody overtakes, and what nobody takes goes on to the next.

use super::{after, cancel, check, hold, on_hold, order, pay, publish, seats};
use expect_test::expect;
use serde_json::{Value, json};

/// The line that puts a buyer on the waitlist for the best of so many seats, or for something else.
fn wait(buyer: &str, what: &Value) -> String {
    let mut wish: Value = serde_json::from_str(&hold(buyer, what)).expect("it is JSON");
    wish["type"] = json!("wait");
    wish.to_string()
}

fn best(number: u32) -> Value {
    json!({"best":{"number":number}})
}

fn leave(waiter: u32) -> String {
    json!({"type":"leave_waitlist","event":"gig","waiter":waiter,"token":super::TOKEN}).to_string()
}

fn offers(seconds: u32) -> String {
    json!({"type":"set_waitlist","event":"gig","offer_seconds":seconds}).to_string()
}

#[test]
fn what_comes_back_is_offered_in_turn_to_whom_it_suits() {
    check(
        &[
            publish(&[4], &json!({"max_per_buyer":4})),
            wait("b", &best(2)),
            hold("a", &best(4)),
            order(1, "a"),
            pay(1, "p", "captured", 20000),
            wait("b", &best(2)),
            wait("c", &best(1)),
            wait("d", &best(1)),
            wait("b", &best(1)),
            offers(60),
            json!({"type":"refund","event":"gig","order":1,"tickets":[2]}).to_string(),
            hold("e", &best(1)),
            json!({"type":"refund","event":"gig","order":1,"tickets":[1]}).to_string(),
            leave(1),
            leave(2),
            order(2, "c"),
            wait("e", &best(2)),
            after("61s", &hold("f", &best(1))),
            cancel(2),
            hold("f", &best(1)),
            leave(4),
            hold("f", &best(1)),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":2},"buyer":"b","type":"wait"}
              → 409 not_sold_out: what is wanted is there: it can be held
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting] 20000
              said OrderPlaced "gig~1"
            {"amount":20000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid] 20000; payment captured 0
              said PaymentReported "gig~1" 20000
              said OrderPaid "gig~1"
            {"best":{"number":2},"buyer":"b","type":"wait"}
              → waiter 1 b waiting behind 0
              said WaitlistJoined null
            {"best":{"number":1},"buyer":"c","type":"wait"}
              → waiter 2 c waiting behind 1
              said WaitlistJoined null
            {"best":{"number":1},"buyer":"d","type":"wait"}
              → waiter 3 d waiting behind 2
              said WaitlistJoined null
            {"best":{"number":1},"buyer":"b","type":"wait"}
              → 409 already_waiting: the buyer is on the waitlist already
            {"offer_seconds":60,"type":"set_waitlist"}
              → {"event":"gig","offer_seconds":60}
            {"order":1,"tickets":[2],"type":"refund"}
              → order gig~1 paid [A-1-1 valid, A-1-2 revoked, A-1-3 valid, A-1-4 valid] 20000
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 5000
              said SeatsHeld 2
              said WaitlistOffered 2
            {"best":{"number":1},"buyer":"e","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:01:00Z or later
            {"order":1,"tickets":[1],"type":"refund"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 revoked, A-1-3 valid, A-1-4 valid] 20000
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 10000
              said SeatsHeld 3
              said WaitlistOffered 3
            {"type":"leave_waitlist","waiter":1}
              → waiter 1 b left behind null
              said WaitlistLeft null
            {"type":"leave_waitlist","waiter":2}
              → 409 not_waiting: whoever it was does not wait any more
            {"buyer":"c","hold":2,"type":"order"}
              → order gig~2 pending [A-1-2 waiting] 5000
              said OrderPlaced "gig~2"
            {"best":{"number":2},"buyer":"e","type":"wait"}
              → waiter 4 e waiting behind 0
              said WaitlistJoined null
            +61s {"best":{"number":1},"buyer":"f","type":"hold"}
              → hold 4 open [A-1-1] step 1 1000 adjacent 5000 until 2024-01-01T00:16:01Z
              said HoldExpired 3
              said SeatsHeld 4
            {"order":2,"type":"cancel"}
              → order gig~2 cancelled [A-1-2 revoked] 5000
              said OrderCancelled "gig~2"
            {"best":{"number":1},"buyer":"f","type":"hold"}
              → hold 5 open [A-1-2] step 1 1000 adjacent 5000 until 2024-01-01T00:16:01Z
              said SeatsHeld 5
            {"type":"leave_waitlist","waiter":4}
              → waiter 4 e left behind null
              said WaitlistLeft null
            {"best":{"number":1},"buyer":"f","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:16:01Z or later
            tickets timers (Time(1704068161000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 20000, refund: 10000, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn seats_that_are_given_to_everybody_go_to_who_waits() {
    check(
        &[
            publish(&[2], &json!({})),
            json!({"type":"assign","event":"gig","seats":["A"],"blocked":true}).to_string(),
            wait("a", &best(2)),
            json!({"type":"assign","event":"gig","seats":["A-1-1"]}).to_string(),
            json!({"type":"assign","event":"gig","seats":["A-1-2"]}).to_string(),
            on_hold("release", 1),
            seats("b", &["A-1-1"]),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish"}
              → event gig with 2 places
              said EventPublished
            {"blocked":true,"seats":["A"],"type":"assign"}
              → {"blocked":true,"channel":null,"event":"gig","owned":0,"seats":2}
              said ChannelChanged
            {"best":{"number":2},"buyer":"a","type":"wait"}
              → waiter 1 a waiting behind 0
              said WaitlistJoined null
            {"seats":["A-1-1"],"type":"assign"}
              → {"blocked":false,"channel":null,"event":"gig","owned":0,"seats":1}
              said ChannelChanged
            {"seats":["A-1-2"],"type":"assign"}
              → {"blocked":false,"channel":null,"event":"gig","owned":0,"seats":1}
              said ChannelChanged
              said SeatsHeld 1
              said WaitlistOffered 1
            {"hold":1,"type":"release"}
              → hold 1 released [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T01:00:00Z
              said HoldReleased 1
            {"buyer":"b","seats":["A-1-1"],"type":"hold"}
              → hold 2 open [A-1-1] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    check(
        &[
            wait("a", &best(1)),
            publish(&[2], &json!({"max_per_buyer":2,"closes_at":"2024-01-01T01:00:00Z"})),
            wait("a", &best(2)),
            hold("a", &best(2)),
            wait("b", &json!({"seats":["A-1-1"]})),
            wait("b", &best(0)),
            wait("b", &best(3)),
            wait("b", &json!({"best":{"number":1,"section":"B"}})),
            wait("a", &best(1)),
            wait("", &best(1)),
            format!("user:c {}", wait("b", &best(1))),
            format!("user:c {}", offers(60)),
            offers(0),
            leave(1),
            wait("b", &best(1)),
            leave(1),
            leave(1),
            after("1h", &wait("b", &best(1))),
        ],
        expect![[r#"
            {"best":{"number":1},"buyer":"a","type":"wait"}
              → 404 unknown_event: there is no event of this id
            {"categories":[{"id":"floor","price":5000}],"closes_at":"2024-01-01T01:00:00Z","currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":2,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish"}
              → event gig with 2 places
              said EventPublished
            {"best":{"number":2},"buyer":"a","type":"wait"}
              → 409 not_sold_out: what is wanted is there: it can be held
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"b","seats":["A-1-1"],"type":"wait"}
              → 422 bad_request: a waitlist is for the best and for places without seats
            {"best":{"number":0},"buyer":"b","type":"wait"}
              → 422 bad_number: a hold has 1 to 10 places
            {"best":{"number":3},"buyer":"b","type":"wait"}
              → 422 limit_exceeded: a buyer has at most 2 places: this one has 0
            {"best":{"number":1,"section":"B"},"buyer":"b","type":"wait"}
              → 422 unknown_section: the event has no such section
            {"best":{"number":1},"buyer":"a","type":"wait"}
              → 422 limit_exceeded: a buyer has at most 2 places: this one has 2
            {"best":{"number":1},"buyer":"","type":"wait"}
              → 422 bad_request: a buyer has 1 to 256 bytes
            user:c {"best":{"number":1},"buyer":"b","type":"wait"}
              → 403 not_yourself: a user may hold, order and look for nobody else
            user:c {"offer_seconds":60,"type":"set_waitlist"}
              → 403 role_required: this needs the role `server` or `operator`
            {"offer_seconds":0,"type":"set_waitlist"}
              → 422 bad_request: an offer lasts 1 to 2592000 seconds
            {"type":"leave_waitlist","waiter":1}
              → 404 unknown_waiter: there is nobody of this token on the waitlist
            {"best":{"number":1},"buyer":"b","type":"wait"}
              → waiter 1 b waiting behind 0
              said WaitlistJoined null
            {"type":"leave_waitlist","waiter":1}
              → waiter 1 b left behind null
              said WaitlistLeft null
            {"type":"leave_waitlist","waiter":1}
              → 409 not_waiting: whoever it was does not wait any more
            +1h {"best":{"number":1},"buyer":"b","type":"wait"}
              → 410 sale_closed: the sale has ended at 2024-01-01T01:00:00Z
              said HoldExpired 1
        "#]],
    );
}
