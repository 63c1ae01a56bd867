//! Who may hold: households with a limit of their own, verified buyers, and buyers with a proof.

use super::{after, best, check, on_hold, order, pay, publish};
use crate::tickets::tests::{TOKEN, cancel};
use expect_test::expect;
use serde_json::{Value, json};

fn event(rules: &Value) -> String {
    let mut plan: Value = serde_json::from_str(&publish(&[8], &json!({}))).expect("it is JSON");
    plan["type"] = json!("publish_by");
    plan["rules"] = rules.clone();
    plan.to_string()
}

/// The line with which a buyer holds the best, and brings this.
fn hold_with(buyer: &str, number: u32, terms: &Value) -> String {
    json!({"type":"hold_with","event":"gig","buyer":buyer,"token":TOKEN,"best":{"number":number},"terms":terms})
        .to_string()
}

/// The term of a household, of one letter.
fn of_house(letter: char) -> Value {
    json!([{"term":"household","household":letter.to_string().repeat(32)}])
}

#[test]
fn a_household_has_its_limit_whoever_of_it_buys() {
    let exchange = |hold: u32| {
        json!({"type":"exchange","event":"gig","order":1,"tickets":[1],"hold":hold,"token":TOKEN}).to_string()
    };
    let script = [
        event(&json!([{"rule":"household","limit":3}])),
        best("ada", 1),
        hold_with("ada", 2, &of_house('a')),
        hold_with("bob", 2, &of_house('a')),
        hold_with("bob", 1, &of_house('a')),
        hold_with("eve", 2, &of_house('b')),
        on_hold("release", 2),
        order(1, "ada"),
        pay(1, "p1", "captured", 10000),
        hold_with("ada", 1, &of_house('b')),
        exchange(4),
        hold_with("ada", 1, &of_house('a')),
        exchange(5),
        hold_with("bob", 2, &of_house('a')),
        after("901s", &hold_with("bob", 2, &of_house('b'))),
        cancel(1),
        hold_with("ada", 3, &of_house('a')),
        json!({"type":"wait","event":"gig","buyer":"zoe","token":TOKEN,"best":{"number":8}}).to_string(),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"limit":3,"rule":"household"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":8}]}],"type":"publish_by"}
          → event gig with 8 places and [{"limit":3,"rule":"household"}]
          said EventPublished
          said RulesChanged
        {"best":{"number":1},"buyer":"ada","type":"hold"}
          → 422 household_required: the event wants a household
        {"best":{"number":2},"buyer":"ada","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → hold 1 open [A-1-4 A-1-5] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"best":{"number":2},"buyer":"bob","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → 422 household_limit: a household has at most 3 places: this one has 2
        {"best":{"number":1},"buyer":"bob","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → hold 2 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"best":{"number":2},"buyer":"eve","terms":[{"household":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","term":"household"}],"type":"hold_with"}
          → hold 3 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"hold":2,"type":"release"}
          → hold 2 released [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said HoldReleased 2
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-4 waiting, A-1-5 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-4 valid, A-1-5 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"best":{"number":1},"buyer":"ada","terms":[{"household":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","term":"household"}],"type":"hold_with"}
          → hold 4 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"hold":4,"order":1,"tickets":[1],"type":"exchange"}
          → 422 bad_request: the hold is for another household than the order
        {"best":{"number":1},"buyer":"ada","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → hold 5 open [A-1-6] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 5
        {"hold":5,"order":1,"tickets":[1],"type":"exchange"}
          → order gig~1 paid [A-1-4 revoked, A-1-5 valid, A-1-6 valid] 10000
          said TicketsExchanged "gig~1"
        {"best":{"number":2},"buyer":"bob","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → 422 household_limit: a household has at most 3 places: this one has 2
        +901s {"best":{"number":2},"buyer":"bob","terms":[{"household":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","term":"household"}],"type":"hold_with"}
          → hold 6 open [A-1-3 A-1-4] step 1 1000 adjacent 10000 until 2024-01-01T00:30:01Z
          said HoldExpired 3
          said HoldExpired 4
          said SeatsHeld 6
        {"order":1,"type":"cancel"}
          → order gig~1 cancelled [A-1-4 revoked, A-1-5 revoked, A-1-6 revoked] 10000
          said OrderCancelled "gig~1"
          said RefundDue "gig~1" 10000
        {"best":{"number":3},"buyer":"ada","terms":[{"household":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","term":"household"}],"type":"hold_with"}
          → hold 7 open [A-1-5 A-1-6 A-1-7] step 2 900 adjacent 15000 until 2024-01-01T00:30:01Z
          said SeatsHeld 7
        {"best":{"number":8},"buyer":"zoe","type":"wait"}
          → 422 bad_request: an event with stops, or that wants households or proofs, has no waitlist
        tickets timers (Time(1704069001000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704068101000) }
    "#]],
    );
}

#[test]
fn only_verified_buyers_hold_where_the_event_is_for_them() {
    let verify = |buyers: &[&str], verified: bool| {
        json!({"type":"verify","event":"gig","buyers":buyers,"verified":verified}).to_string()
    };
    let script = [
        event(&json!([{"rule":"verified"}])),
        best("ada", 1),
        format!("user:ada {}", verify(&["ada"], true)),
        verify(&[], true),
        verify(&["ada", "bob"], true),
        verify(&["ada"], true),
        best("ada", 1),
        best("eve", 1),
        verify(&["ada"], false),
        best("ada", 1),
        order(1, "ada"),
        json!({"type":"wait","event":"gig","buyer":"eve","token":TOKEN,"best":{"number":8}}).to_string(),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"verified"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":8}]}],"type":"publish_by"}
          → event gig with 8 places and [{"rule":"verified"}]
          said EventPublished
          said RulesChanged
        {"best":{"number":1},"buyer":"ada","type":"hold"}
          → 403 not_verified: the event is for verified buyers
        user:ada {"buyers":["ada"],"type":"verify","verified":true}
          → 403 role_required: this needs the role `server` or `operator`
        {"buyers":[],"type":"verify","verified":true}
          → 422 bad_request: 1 to 1000 buyers of 1 to 256 bytes are named
        {"buyers":["ada","bob"],"type":"verify","verified":true}
          → 2
        {"buyers":["ada"],"type":"verify","verified":true}
          → 0
        {"best":{"number":1},"buyer":"ada","type":"hold"}
          → hold 1 open [A-1-4] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"best":{"number":1},"buyer":"eve","type":"hold"}
          → 403 not_verified: the event is for verified buyers
        {"buyers":["ada"],"type":"verify","verified":false}
          → 1
        {"best":{"number":1},"buyer":"ada","type":"hold"}
          → 403 not_verified: the event is for verified buyers
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-4 waiting] 5000
          said OrderPlaced "gig~1"
        {"best":{"number":8},"buyer":"eve","type":"wait"}
          → 403 not_verified: the event is for verified buyers
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
    "#]],
    );
}

#[test]
fn a_proof_counts_until_its_time_by_the_log() {
    let proof = json!([{"term":"proof","until":"2024-01-01T00:10:00Z"}]);
    let script = [
        event(&json!([{"rule":"proof"}])),
        best("ada", 1),
        hold_with("ada", 1, &proof),
        after("599s", &hold_with("ada", 1, &proof)),
        after("1s", &hold_with("ada", 1, &proof)),
    ];
    check(
        &script,
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"proof"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":8}]}],"type":"publish_by"}
              → event gig with 8 places and [{"rule":"proof"}]
              said EventPublished
              said RulesChanged
            {"best":{"number":1},"buyer":"ada","type":"hold"}
              → 403 proof_required: the event wants a proof that is good now
            {"best":{"number":1},"buyer":"ada","terms":[{"term":"proof","until":"2024-01-01T00:10:00Z"}],"type":"hold_with"}
              → hold 1 open [A-1-4] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            +599s {"best":{"number":1},"buyer":"ada","terms":[{"term":"proof","until":"2024-01-01T00:10:00Z"}],"type":"hold_with"}
              → hold 2 open [A-1-5] step 1 1000 adjacent 5000 until 2024-01-01T00:24:59Z
              said SeatsHeld 2
            +1s {"best":{"number":1},"buyer":"ada","terms":[{"term":"proof","until":"2024-01-01T00:10:00Z"}],"type":"hold_with"}
              → 403 proof_required: the event wants a proof that is good now
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}
