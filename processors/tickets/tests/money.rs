//! Prices, payments and what is given back.

use super::{after, best, cancel, check, hold, on_hold, order, pay, publish, seats};
use expect_test::expect;
use serde_json::json;

#[test]
fn a_late_payment_gets_its_seats_if_all_are_free_and_else_its_money() {
    check(
        &[
            publish(&[4], &json!({})),
            best("a", 2),
            order(1, "a"),
            after("10m", &seats("b", &["A-1-2"])),
            pay(1, "p", "captured", 10000),
            on_hold("release", 2),
            pay(1, "p", "captured", 10000),
            pay(1, "q", "captured", 9999),
            pay(1, "r", "captured", 10000),
            pay(1, "s", "captured", 10000),
            pay(1, "p", "refunded", 10000),
            seats("b", &["A-1-3"]),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
              said OrderPlaced "gig~1"
            +10m {"buyer":"b","seats":["A-1-2"],"type":"hold"}
              → hold 2 open [A-1-2] adjacent 5000 until 2024-01-01T00:25:00Z
              said OrderExpired "gig~1"
              said SeatsHeld 2
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 expired [A-1-1 waiting, A-1-2 waiting] 10000; payment refund_due 10000
              said PaymentReported "gig~1" 10000
              said RefundDue "gig~1" 10000
            {"hold":2,"type":"release"}
              → hold 2 released [A-1-2] adjacent 5000 until 2024-01-01T00:25:00Z
              said HoldReleased 2
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 expired [A-1-1 waiting, A-1-2 waiting] 10000; payment refund_due 10000
            {"amount":9999,"kind":"captured","order":1,"payment":"q","type":"pay"}
              → order gig~1 expired [A-1-1 waiting, A-1-2 waiting] 10000; payment refund_due 9999
              said PaymentReported "gig~1" 9999
              said RefundDue "gig~1" 9999
            {"amount":10000,"kind":"captured","order":1,"payment":"r","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
              said PaymentReported "gig~1" 10000
              said OrderPaid "gig~1"
            {"amount":10000,"kind":"captured","order":1,"payment":"s","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment refund_due 10000
              said PaymentReported "gig~1" 10000
              said RefundDue "gig~1" 10000
            {"amount":10000,"kind":"refunded","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment refunded 10000
              said PaymentReported "gig~1" 10000
            {"buyer":"b","seats":["A-1-3"],"type":"hold"}
              → hold 4 open [A-1-3] adjacent 5000 until 2024-01-01T00:25:00Z
              said SeatsHeld 4
            tickets timers (Time(1704068700000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: Refunded, amount: 10000, refund: 10000, refunded: 10000, changed_at: Time(1704067800000) }
            tickets payments ("gig", 1, "q") → PaymentRow { state: RefundDue, amount: 9999, refund: 9999, refunded: 0, changed_at: Time(1704067800000) }
            tickets payments ("gig", 1, "r") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067800000) }
            tickets payments ("gig", 1, "s") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704067800000) }
        "#]],
    );
}

#[test]
fn webhooks_come_twice_late_and_in_any_order() {
    check(
        &[
            publish(&[4], &json!({})),
            best("a", 2),
            order(1, "a"),
            pay(1, "p", "failed", 10000),
            pay(1, "p", "captured", 10000),
            pay(1, "p", "failed", 10000),
            format!("key=k {}", pay(1, "p", "captured", 10000)),
            format!("key=k {}", pay(1, "p", "captured", 10000)),
            pay(2, "p", "captured", 10000),
            after("10m", &best("b", 2)),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
              said OrderPlaced "gig~1"
            {"amount":10000,"kind":"failed","order":1,"payment":"p","type":"pay"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000; payment failed 0
              said PaymentReported "gig~1" 10000
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
              said PaymentReported "gig~1" 10000
              said OrderPaid "gig~1"
            {"amount":10000,"kind":"failed","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
            key=k {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
            key=k {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
            {"amount":10000,"kind":"captured","order":2,"payment":"p","type":"pay"}
              → 404 unknown_order: there is no order of this id
            +10m {"best":{"number":2},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-3 A-1-4] step 1 1000 adjacent 10000 until 2024-01-01T00:25:00Z
              said SeatsHeld 2
            tickets timers (Time(1704068700000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn who_cancels_gives_everything_back() {
    check(
        &[
            publish(&[4], &json!({"max_per_buyer":4})),
            best("a", 4),
            order(1, "a"),
            cancel(1),
            cancel(1),
            pay(1, "late", "captured", 20000),
            best("a", 4),
            order(2, "a"),
            pay(2, "p", "captured", 20000),
            format!("user:eve {}", cancel(2)),
            format!("user:a {}", cancel(2)),
            cancel(2),
            pay(2, "p", "refunded", 20000),
            pay(2, "p", "refunded", 20000),
            best("a", 4),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting] 20000
              said OrderPlaced "gig~1"
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked] 20000
              said OrderCancelled "gig~1"
            {"order":1,"type":"cancel"}
              → 409 order_ended: the order is cancelled
            {"amount":20000,"kind":"captured","order":1,"payment":"late","type":"pay"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked] 20000; payment refund_due 20000
              said PaymentReported "gig~1" 20000
              said RefundDue "gig~1" 20000
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"buyer":"a","hold":2,"type":"order"}
              → order gig~2 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting] 20000
              said OrderPlaced "gig~2"
            {"amount":20000,"kind":"captured","order":2,"payment":"p","type":"pay"}
              → order gig~2 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid] 20000; payment captured 0
              said PaymentReported "gig~2" 20000
              said OrderPaid "gig~2"
            user:eve {"order":2,"type":"cancel"}
              → 404 unknown_order: there is no order of this id
            user:a {"order":2,"type":"cancel"}
              → 403 role_required: this needs the role `server` or `operator`
            {"order":2,"type":"cancel"}
              → order gig~2 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked] 20000
              said OrderCancelled "gig~2"
              said RefundDue "gig~2" 20000
            {"amount":20000,"kind":"refunded","order":2,"payment":"p","type":"pay"}
              → order gig~2 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked] 20000; payment refunded 20000
              said PaymentReported "gig~2" 20000
            {"amount":20000,"kind":"refunded","order":2,"payment":"p","type":"pay"}
              → order gig~2 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked] 20000; payment refunded 20000
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 3 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "late") → PaymentRow { state: RefundDue, amount: 20000, refund: 20000, refunded: 0, changed_at: Time(1704067200000) }
            tickets payments ("gig", 2, "p") → PaymentRow { state: Refunded, amount: 20000, refund: 20000, refunded: 20000, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn early_and_first_places_cost_less_and_places_without_seats_are_counted() {
    let categories = json!([
        {"id":"floor","price":5000,"fee":100,"tiers":[
            {"price":3000,"first":3},{"price":4000,"until":"2024-01-01T01:00:00Z"}]},
        {"id":"standing","price":1000,"capacity":5},
    ]);
    let mixed = json!({"best":{"number":2},"areas":[{"category":"standing","quantity":3}]});
    check(
        &[
            publish(&[8], &json!({"categories":categories})),
            hold("a", &mixed),
            hold("b", &mixed),
            hold("b", &json!({"areas":[{"category":"standing","quantity":2}]})),
            best("c", 2),
            order(1, "a"),
            pay(1, "p", "captured", 9200),
            after("1h", &best("d", 2)),
            hold("d", &json!({"areas":[{"category":"standing","quantity":3}]})),
            cancel(1),
            hold("d", &json!({"areas":[{"category":"standing","quantity":5}]})),
        ],
        expect![[r#"
            {"categories":[{"fee":100,"id":"floor","price":5000,"tiers":[{"first":3,"price":3000},{"price":4000,"until":"2024-01-01T01:00:00Z"}]},{"capacity":5,"id":"standing","price":1000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":8}]}],"type":"publish"}
              → event gig with 13 places
              said EventPublished
            {"areas":[{"category":"standing","quantity":3}],"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-4 A-1-5] 3×standing step 1 1000 adjacent 9200 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"areas":[{"category":"standing","quantity":3}],"best":{"number":2},"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"areas":[{"category":"standing","quantity":2}],"buyer":"b","type":"hold"}
              → hold 2 open [] 2×standing 2000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"best":{"number":2},"buyer":"c","type":"hold"}
              → hold 3 open [A-1-2 A-1-3] step 2 900 adjacent 7200 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-4 waiting, A-1-5 waiting, null waiting, null waiting, null waiting] 9200
              said OrderPlaced "gig~1"
            {"amount":9200,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-4 valid, A-1-5 valid, null valid, null valid, null valid] 9200; payment captured 0
              said PaymentReported "gig~1" 9200
              said OrderPaid "gig~1"
            +1h {"best":{"number":2},"buyer":"d","type":"hold"}
              → hold 4 open [A-1-2 A-1-3] step 2 900 adjacent 8200 until 2024-01-01T01:15:00Z
              said HoldExpired 2
              said HoldExpired 3
              said SeatsHeld 4
            {"areas":[{"category":"standing","quantity":3}],"buyer":"d","type":"hold"}
              → 409 too_few_left: only 2 are free and 0 are held
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-4 revoked, A-1-5 revoked, null revoked, null revoked, null revoked] 9200
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 9200
            {"areas":[{"category":"standing","quantity":5}],"buyer":"d","type":"hold"}
              → hold 5 open [] 5×standing 5000 until 2024-01-01T01:15:00Z
              said SeatsHeld 5
            tickets timers (Time(1704071700000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 9200, refund: 9200, refunded: 0, changed_at: Time(1704070800000) }
        "#]],
    );
}

#[test]
fn what_costs_nothing_is_paid_at_once_and_an_order_has_its_least_size() {
    let free = json!({"categories":[{"id":"floor","price":0}],"min_per_order":2});
    check(
        &[publish(&[4], &free), best("a", 1), order(1, "a"), best("b", 2), order(2, "b"), after("10m", &best("c", 2))],
        expect![[r#"
            {"categories":[{"id":"floor","price":0}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":2,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1] step 1 1000 adjacent 0 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → 422 too_few: an order has 2 places at least
            {"best":{"number":2},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-2 A-1-3] step 2 900 adjacent 0 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"buyer":"b","hold":2,"type":"order"}
              → order gig~1 paid [A-1-2 valid, A-1-3 valid] 0
              said OrderPlaced "gig~1"
              said OrderPaid "gig~1"
            +10m {"best":{"number":2},"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}
