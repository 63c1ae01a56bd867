//! The rules of holds and of the ladder.

use super::{after, best, check, hold, on_hold, order, pay, publish, seats};
use expect_test::expect;
use serde_json::json;

#[test]
fn the_best_are_held_whole_and_nobody_else_gets_them() {
    check(
        &[
            publish(&[20, 20], &json!({"max_per_buyer":8})),
            publish(&[20, 20], &json!({"max_per_buyer":8})),
            publish(&[20, 21], &json!({})),
            best("b1", 3),
            seats("b2", &["A-1-9", "A-1-8"]),
            order(1, "b1"),
            pay(1, "p1", "captured", 15000),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":8,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":20},{"id":"2","seats":20}]}],"type":"publish"}
              → event gig with 40 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":8,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":20},{"id":"2","seats":20}]}],"type":"publish"}
              → event gig with 40 places
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":20},{"id":"2","seats":21}]}],"type":"publish"}
              → 409 event_exists: there is an event of this id with another plan
            {"best":{"number":3},"buyer":"b1","type":"hold"}
              → hold 1 open [A-1-9 A-1-10 A-1-11] step 1 1000 adjacent 15000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"b2","seats":["A-1-9","A-1-8"],"type":"hold"}
              → 409 seat_taken: some of the seats are not free
            {"buyer":"b1","hold":1,"type":"order"}
              → order gig~1 pending [A-1-9 waiting, A-1-10 waiting, A-1-11 waiting] 15000
              said OrderPlaced "gig~1"
            {"amount":15000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
              → order gig~1 paid [A-1-9 valid, A-1-10 valid, A-1-11 valid] 15000; payment captured 0
              said PaymentReported "gig~1" 15000
              said OrderPaid "gig~1"
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 15000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn the_ladder_goes_down_one_step_after_the_other() {
    let scattered = json!({"best":{"number":3,"allow_scattered":true}});
    let plan = publish(&[5, 4, 4], &json!({}));
    let script = [
        plan,
        // Step 1: three of five leave two, four of four leave none.
        best("a", 3),
        best("b", 4),
        // Step 2: three of four leave one, and there is nothing else.
        best("c", 3),
        // Step 3: halves behind one another.
        on_hold("release", 1),
        on_hold("release", 2),
        on_hold("release", 3),
        seats("d", &["A-1-2", "A-1-5", "A-2-1", "A-2-4", "A-3-1", "A-3-2", "A-3-3", "A-3-4"]),
        best("e", 4),
        on_hold("release", 5),
        hold("f", &json!({"best":{"number":4,"together":true}})),
        // Step 4: by twos in one section, where rows are no neighbours.
        on_hold("release", 4),
        seats("g", &["A-1-3", "A-1-4", "A-1-5", "A-2-1", "A-2-2", "A-2-3", "A-2-4", "A-3-1", "A-3-2"]),
        best("h", 4),
        on_hold("release", 7),
        // Step 5: anywhere, only if that is wanted.
        seats("i", &["A-1-2", "A-3-3"]),
        best("j", 2),
        hold("k", &json!({"best":{"number":2,"allow_scattered":true}})),
        hold("l", &scattered),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":5},{"id":"2","seats":4},{"id":"3","seats":4}]}],"type":"publish"}
          → event gig with 13 places
          said EventPublished
        {"best":{"number":3},"buyer":"a","type":"hold"}
          → hold 1 open [A-1-1 A-1-2 A-1-3] step 1 1000 adjacent 15000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"best":{"number":4},"buyer":"b","type":"hold"}
          → hold 2 open [A-2-1 A-2-2 A-2-3 A-2-4] step 1 666 adjacent 20000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"best":{"number":3},"buyer":"c","type":"hold"}
          → hold 3 open [A-3-1 A-3-2 A-3-3] step 2 233 adjacent 15000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"hold":1,"type":"release"}
          → hold 1 released [A-1-1 A-1-2 A-1-3] step 1 1000 adjacent 15000 until 2024-01-01T00:15:00Z
          said HoldReleased 1
        {"hold":2,"type":"release"}
          → hold 2 released [A-2-1 A-2-2 A-2-3 A-2-4] step 1 666 adjacent 20000 until 2024-01-01T00:15:00Z
          said HoldReleased 2
        {"hold":3,"type":"release"}
          → hold 3 released [A-3-1 A-3-2 A-3-3] step 2 233 adjacent 15000 until 2024-01-01T00:15:00Z
          said HoldReleased 3
        {"buyer":"d","seats":["A-1-2","A-1-5","A-2-1","A-2-4","A-3-1","A-3-2","A-3-3","A-3-4"],"type":"hold"}
          → hold 4 open [A-1-2 A-1-5 A-2-1 A-2-4 A-3-1 A-3-2 A-3-3 A-3-4] 40000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"best":{"number":4},"buyer":"e","type":"hold"}
          → hold 5 open [A-1-3 A-1-4 A-2-2 A-2-3] step 3 466 20000 until 2024-01-01T00:15:00Z
          said SeatsHeld 5
        {"hold":5,"type":"release"}
          → hold 5 released [A-1-3 A-1-4 A-2-2 A-2-3] step 3 466 20000 until 2024-01-01T00:15:00Z
          said HoldReleased 5
        {"best":{"number":4,"together":true},"buyer":"f","type":"hold"}
          → 422 not_adjacent: 5 are free, but not beside one another as they are wanted
        {"hold":4,"type":"release"}
          → hold 4 released [A-1-2 A-1-5 A-2-1 A-2-4 A-3-1 A-3-2 A-3-3 A-3-4] 40000 until 2024-01-01T00:15:00Z
          said HoldReleased 4
        {"buyer":"g","seats":["A-1-3","A-1-4","A-1-5","A-2-1","A-2-2","A-2-3","A-2-4","A-3-1","A-3-2"],"type":"hold"}
          → hold 6 open [A-1-3 A-1-4 A-1-5 A-2-1 A-2-2 A-2-3 A-2-4 A-3-1 A-3-2] 45000 until 2024-01-01T00:15:00Z
          said SeatsHeld 6
        {"best":{"number":4},"buyer":"h","type":"hold"}
          → hold 7 open [A-1-1 A-1-2 A-3-3 A-3-4] step 4 33 20000 until 2024-01-01T00:15:00Z
          said SeatsHeld 7
        {"hold":7,"type":"release"}
          → hold 7 released [A-1-1 A-1-2 A-3-3 A-3-4] step 4 33 20000 until 2024-01-01T00:15:00Z
          said HoldReleased 7
        {"buyer":"i","seats":["A-1-2","A-3-3"],"type":"hold"}
          → hold 8 open [A-1-2 A-3-3] 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 8
        {"best":{"number":2},"buyer":"j","type":"hold"}
          → 422 not_adjacent: 2 are free, but not beside one another as they are wanted
        {"best":{"allow_scattered":true,"number":2},"buyer":"k","type":"hold"}
          → hold 9 open [A-1-1 A-3-4] step 5 0 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 9
        {"best":{"allow_scattered":true,"number":3},"buyer":"l","type":"hold"}
          → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
        tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
    "#]],
    );
}

#[test]
fn time_is_over_exactly_when_the_log_says_so() {
    check(
        &[
            publish(&[4], &json!({"hold_seconds":60})),
            best("a", 4),
            after("59s", &best("b", 4)),
            after("999ms", &best("b", 4)),
            after("1ms", &best("b", 4)),
            order(1, "a"),
            on_hold("extend", 1),
            on_hold("release", 1),
            after("30s", &on_hold("extend", 2)),
            after("59s", &on_hold("extend", 2)),
            after("999ms", &order(2, "c")),
            order(2, "b"),
            order(2, "b"),
            on_hold("release", 2),
            after("10m", &best("c", 1)),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":60,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:01:00Z
              said SeatsHeld 1
            +59s {"best":{"number":4},"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:01:00Z or later
            +999ms {"best":{"number":4},"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:01:00Z or later
            +1ms {"best":{"number":4},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:02:00Z
              said HoldExpired 1
              said SeatsHeld 2
            {"buyer":"a","hold":1,"type":"order"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:01:00Z
            {"hold":1,"type":"extend"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:01:00Z
            {"hold":1,"type":"release"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:01:00Z
            +30s {"hold":2,"type":"extend"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:02:30Z
              said HoldExtended 2
            +59s {"hold":2,"type":"extend"}
              → 422 extended_too_often: a hold is extended at most 1 times
            +999ms {"buyer":"c","hold":2,"type":"order"}
              → 403 wrong_buyer: the hold is another buyer's
            {"buyer":"b","hold":2,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting] 20000
              said OrderPlaced "gig~1"
            {"buyer":"b","hold":2,"type":"order"}
              → 410 hold_ordered: the hold has become an order
            {"hold":2,"type":"release"}
              → 410 hold_ordered: the hold has become an order
            +10m {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 3 open [A-1-1] step 1 1000 adjacent 5000 until 2024-01-01T00:13:29.999Z
              said OrderExpired "gig~1"
              said SeatsHeld 3
            tickets timers (Time(1704068009999), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn a_hold_takes_more_and_keeps_its_time() {
    check(
        &[
            publish(&[6], &json!({"hold_seconds":60,"max_per_order":4})),
            seats("a", &["A-1-1"]),
            after("30s", &hold("a", &json!({"into":1,"seats":["A-1-2"]}))),
            hold("b", &json!({"into":1,"seats":["A-1-3"]})),
            hold("a", &json!({"into":9,"seats":["A-1-3"]})),
            hold("a", &json!({"into":1,"best":{"number":3}})),
            hold("a", &json!({"into":1,"token":"0123456789abcdef0123456789abcdee","seats":["A-1-3"]})),
            seats("b", &["A-1-2"]),
            after("30s", &seats("b", &["A-1-2", "A-1-1"])),
            hold("a", &json!({"into":1,"seats":["A-1-3"]})),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":60,"max_per_order":4,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event gig with 6 places
              said EventPublished
            {"buyer":"a","seats":["A-1-1"],"type":"hold"}
              → hold 1 open [A-1-1] adjacent 5000 until 2024-01-01T00:01:00Z
              said SeatsHeld 1
            +30s {"buyer":"a","into":1,"seats":["A-1-2"],"type":"hold"}
              → hold 1 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:01:00Z
              said SeatsHeld 1
            {"buyer":"b","into":1,"seats":["A-1-3"],"type":"hold"}
              → 403 wrong_buyer: the hold is another buyer's
            {"buyer":"a","into":9,"seats":["A-1-3"],"type":"hold"}
              → 404 unknown_hold: there is no hold of this token
            {"best":{"number":3},"buyer":"a","into":1,"type":"hold"}
              → 422 bad_number: a hold has 1 to 4 places
            {"buyer":"a","into":1,"seats":["A-1-3"],"token":"0123456789abcdef0123456789abcdee","type":"hold"}
              → 404 unknown_hold: there is no hold of this token
            {"buyer":"b","seats":["A-1-2"],"type":"hold"}
              → 409 seat_taken: some of the seats are not free
            +30s {"buyer":"b","seats":["A-1-2","A-1-1"],"type":"hold"}
              → hold 2 open [A-1-1 A-1-2] adjacent 10000 until 2024-01-01T00:02:00Z
              said HoldExpired 1
              said SeatsHeld 2
            {"buyer":"a","into":1,"seats":["A-1-3"],"type":"hold"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:01:00Z
            tickets timers (Time(1704067320000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn sold_out_is_something_else_than_all_held() {
    check(
        &[
            publish(&[3], &json!({})),
            best("a", 2),
            best("b", 2),
            order(1, "a"),
            pay(1, "p", "captured", 10000),
            best("b", 2),
            best("b", 1),
            best("c", 1),
            order(2, "b"),
            best("c", 1),
            pay(2, "q", "captured", 5000),
            best("c", 1),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"publish"}
              → event gig with 3 places
              said EventPublished
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2] step 2 900 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"best":{"number":2},"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
              said OrderPlaced "gig~1"
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
              said PaymentReported "gig~1" 10000
              said OrderPaid "gig~1"
            {"best":{"number":2},"buyer":"b","type":"hold"}
              → 409 too_few_left: only 1 are free and 0 are held
            {"best":{"number":1},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"buyer":"b","hold":2,"type":"order"}
              → order gig~2 pending [A-1-3 waiting] 5000
              said OrderPlaced "gig~2"
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:10:00Z or later
            {"amount":5000,"kind":"captured","order":2,"payment":"q","type":"pay"}
              → order gig~2 paid [A-1-3 valid] 5000; payment captured 0
              said PaymentReported "gig~2" 5000
              said OrderPaid "gig~2"
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → 409 sold_out: sold out
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
            tickets payments ("gig", 2, "q") → PaymentRow { state: Captured, amount: 5000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn a_buyer_has_no_more_than_the_limit_whatever_it_is_in() {
    check(
        &[
            publish(&[9], &json!({"max_per_buyer":4})),
            best("a", 3),
            best("a", 2),
            best("a", 1),
            on_hold("release", 2),
            order(1, "a"),
            best("a", 2),
            after("10m", &best("a", 4)),
            best("b", 4),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":9}]}],"type":"publish"}
              → event gig with 9 places
              said EventPublished
            {"best":{"number":3},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-4 A-1-5 A-1-6] step 1 1000 adjacent 15000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → 422 limit_exceeded: a buyer has at most 4 places: this one has 3
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → hold 2 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"hold":2,"type":"release"}
              → hold 2 released [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said HoldReleased 2
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-4 waiting, A-1-5 waiting, A-1-6 waiting] 15000
              said OrderPlaced "gig~1"
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → 422 limit_exceeded: a buyer has at most 4 places: this one has 3
            +10m {"best":{"number":4},"buyer":"a","type":"hold"}
              → hold 3 open [A-1-3 A-1-4 A-1-5 A-1-6] step 1 1000 adjacent 20000 until 2024-01-01T00:25:00Z
              said OrderExpired "gig~1"
              said SeatsHeld 3
            {"best":{"number":4},"buyer":"b","type":"hold"}
              → hold 4 open [A-1-1 A-1-2 A-1-7 A-1-8] step 4 700 20000 until 2024-01-01T00:25:00Z
              said SeatsHeld 4
            tickets timers (Time(1704068700000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn a_sale_has_its_time_and_users_act_for_themselves() {
    let sale = json!({"opens_at":"2024-01-01T00:01:00Z","closes_at":"2024-01-01T00:02:00Z"});
    check(
        &[
            format!("user:ada {}", publish(&[3], &sale)),
            publish(&[3], &sale),
            best("ada", 1),
            after("1m", &format!("user:ada {}", best("ada", 1))),
            format!("user:eve {}", best("ada", 1)),
            format!("user:eve {}", on_hold("release", 1)),
            format!("user:eve {}", order(1, "ada")),
            format!("user:eve {}", pay(1, "p", "captured", 5000)),
            after("1m", &best("ada", 1)),
            order(1, "ada"),
        ],
        expect![[r#"
            user:ada {"categories":[{"id":"floor","price":5000}],"closes_at":"2024-01-01T00:02:00Z","currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"opens_at":"2024-01-01T00:01:00Z","order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"publish"}
              → 403 role_required: this needs the role `server` or `operator`
            {"categories":[{"id":"floor","price":5000}],"closes_at":"2024-01-01T00:02:00Z","currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"opens_at":"2024-01-01T00:01:00Z","order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"publish"}
              → event gig with 3 places
              said EventPublished
            {"best":{"number":1},"buyer":"ada","type":"hold"}
              → 425 sale_not_open: the sale is not open before 2024-01-01T00:01:00Z
            +1m user:ada {"best":{"number":1},"buyer":"ada","type":"hold"}
              → hold 1 open [A-1-1] step 1 1000 adjacent 5000 until 2024-01-01T00:16:00Z
              said SeatsHeld 1
            user:eve {"best":{"number":1},"buyer":"ada","type":"hold"}
              → 403 not_yourself: a user may hold, order and look for nobody else
            user:eve {"hold":1,"type":"release"}
              → 404 unknown_hold: there is no hold of this token
            user:eve {"buyer":"ada","hold":1,"type":"order"}
              → 403 not_yourself: a user may hold, order and look for nobody else
            user:eve {"amount":5000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → 403 role_required: this needs the role `server` or `operator`
            +1m {"best":{"number":1},"buyer":"ada","type":"hold"}
              → 410 sale_closed: the sale has ended at 2024-01-01T00:02:00Z
            {"buyer":"ada","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting] 5000
              said OrderPlaced "gig~1"
            tickets timers (Time(1704067920000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let wish = |best: serde_json::Value| hold("a", &json!({ "best": best }));
    check(
        &[
            best("a", 1),
            publish(&[3, 2], &json!({"event":"events"})),
            publish(&[0], &json!({})),
            publish(&[257], &json!({})),
            publish(&[3], &json!({"categories":[{"id":"other","price":1}]})),
            publish(&[3], &json!({"max_per_order":61})),
            publish(&[], &json!({})),
            publish(&[3, 2], &json!({})),
            best("", 1),
            best("a", 0),
            best("a", 10_000),
            hold("a", &json!({})),
            seats("a", &["A-1-4", "A-1-01", "B-1-1", "A-1", "x", "A-1-1"]),
            seats("a", &["A-1-1", "A-1-1"]),
            hold("a", &json!({"seats":["A-1-1"],"best":{"number":1}})),
            hold("a", &json!({"areas":[{"category":"floor","quantity":1}]})),
            wish(json!({"number":1,"category":"vip"})),
            wish(json!({"number":1,"section":"B"})),
            wish(json!({"number":1,"accessible":2})),
            wish(json!({"number":1,"accessible":1})),
            on_hold("extend", 1),
            order(1, "a"),
            pay(1, "p", "captured", 1),
            super::cancel(1),
        ],
        expect![[r#"
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → 404 unknown_event: there is no event of this id
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"events","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3},{"id":"2","seats":2}]}],"type":"publish"}
              → 422 bad_id: an id must match [a-z0-9][a-z0-9._-]{0,63} and is no word of the paths
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":0}]}],"type":"publish"}
              → 422 bad_plan: row `1` has 1 to 256 seats and aisles
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":257}]}],"type":"publish"}
              → 422 bad_plan: row `1` has 1 to 256 seats and aisles
            {"categories":[{"id":"other","price":1}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"publish"}
              → 422 bad_plan: there is no category `floor`
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":61,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"publish"}
              → 422 bad_plan: `max_per_order` is 1 to 60
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[],"type":"publish"}
              → 422 bad_plan: an event has 1 to 1000000 places
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3},{"id":"2","seats":2}]}],"type":"publish"}
              → event gig with 5 places
              said EventPublished
            {"best":{"number":1},"buyer":"","type":"hold"}
              → 422 bad_request: a buyer has 1 to 256 bytes
            {"best":{"number":0},"buyer":"a","type":"hold"}
              → 422 bad_number: a hold has 1 to 10 places
            {"best":{"number":10000},"buyer":"a","type":"hold"}
              → 422 bad_number: a hold has 1 to 10 places
            {"buyer":"a","type":"hold"}
              → 422 bad_number: a hold has 1 to 10 places
            {"buyer":"a","seats":["A-1-4","A-1-01","B-1-1","A-1","x","A-1-1"],"type":"hold"}
              → 422 unknown_seats: the event has no such seats
            {"buyer":"a","seats":["A-1-1","A-1-1"],"type":"hold"}
              → 422 bad_request: a seat is asked for twice
            {"best":{"number":1},"buyer":"a","seats":["A-1-1"],"type":"hold"}
              → 422 bad_request: either `seats` or `best` says which seats
            {"areas":[{"category":"floor","quantity":1}],"buyer":"a","type":"hold"}
              → 422 unknown_category: the event has no such category
            {"best":{"category":"vip","number":1},"buyer":"a","type":"hold"}
              → 422 unknown_category: the event has no such category
            {"best":{"number":1,"section":"B"},"buyer":"a","type":"hold"}
              → 422 unknown_section: the event has no such section
            {"best":{"accessible":2,"number":1},"buyer":"a","type":"hold"}
              → 422 bad_request: more seats for wheelchairs than seats are asked for
            {"best":{"accessible":1,"number":1},"buyer":"a","type":"hold"}
              → 409 sold_out: sold out
            {"hold":1,"type":"extend"}
              → 404 unknown_hold: there is no hold of this token
            {"buyer":"a","hold":1,"type":"order"}
              → 404 unknown_hold: there is no hold of this token
            {"amount":1,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → 404 unknown_order: there is no order of this id
            {"order":1,"type":"cancel"}
              → 404 unknown_order: there is no order of this id
        "#]],
    );
}
