//! Packages: places in several events, in all of them or in none, whatever is dropped, late or repeated.

use super::{TOKEN, after, check, on_hold, publish};
use crate::runtime::check::{Shown, race};
use crate::tickets::SYSTEM;
use expect_test::expect;
use serde_json::{Value, json};

/// The line that puts an event on sale.
fn event(id: &str, rows: &[u32], more: &Value) -> String {
    let mut fields = json!({"event":id});
    fields.as_object_mut().expect("it is one").extend(more.as_object().expect("more fields").clone());
    publish(rows, &fields)
}

/// The line of a command for a package.
fn of(package: &str, kind: &str, what: &Value) -> String {
    let mut command = json!({"type":kind,"package":package});
    command.as_object_mut().expect("it is one").extend(what.as_object().expect("more fields").clone());
    format!("@tickets.packages {command}")
}

/// The line that puts a package of these events on sale.
fn define(package: &str, events: &[&str], more: &Value) -> String {
    let part = |event: &&str| json!({"event":event,"price":{"as":"regular"}});
    let events: Vec<Value> = events.iter().map(part).collect();
    let mut terms = json!({"events":events,"hold_seconds":900,"order_seconds":600,"answer_seconds":10,"extensions":1});
    terms.as_object_mut().expect("it is one").extend(more.as_object().expect("more fields").clone());
    of(package, "define", &terms)
}

fn hold(package: &str, buyer: &str, wishes: &Value) -> String {
    of(package, "hold", &json!({"buyer":buyer,"token":TOKEN,"wishes":wishes}))
}

fn best(package: &str, buyer: &str, number: u32) -> String {
    hold(package, buyer, &json!([{"best":{"number":number}}]))
}

fn order(package: &str, hold: u32, buyer: &str) -> String {
    of(package, "order", &json!({"hold":hold,"token":TOKEN,"buyer":buyer}))
}

fn pay(package: &str, order: u32, payment: &str, amount: u64) -> String {
    of(package, "pay", &json!({"order":order,"payment":payment,"kind":"captured","amount":amount}))
}

fn cancel(package: &str, order: u32) -> String {
    of(package, "cancel", &json!({"order":order}))
}

fn single(event: &str, buyer: &str, seats: &[&str]) -> String {
    super::hold(buyer, &json!({"event":event,"seats":seats}))
}

/// The line that holds all four seats of an event: only if every counter is as at the beginning.
fn all_four(event: &str) -> String {
    super::hold("last", &json!({"event":event,"best":{"number":4}}))
}

#[test]
fn one_order_and_one_payment_have_places_in_all_events_and_give_all_of_them_back() {
    let priced = json!({"events":[
        {"event":"b","price":{"as":"discount","percent":10}},
        {"event":"a","price":{"as":"fixed","price":3000}},
    ]});
    check(
        &[
            event("a", &[4], &json!({})),
            event("b", &[4], &json!({})),
            define("tour", &[], &priced),
            define("tour", &[], &priced),
            best("tour", "ann", 2),
            order("tour", 1, "ann"),
            pay("tour", 1, "p1", 15000),
            pay("tour", 1, "p1", 15000),
            r#"{"type":"cancel","event":"a","order":1}"#.to_owned(),
            r#"{"type":"refund","event":"b","order":1,"tickets":[1]}"#.to_owned(),
            r#"{"type":"transfer","event":"b","order":1,"ticket":1,"to":"eve"}"#.to_owned(),
            cancel("tour", 1),
            all_four("a"),
            all_four("b"),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event a with 4 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event b with 4 places
              said EventPublished
            @tickets.packages {"answer_seconds":10,"events":[{"event":"b","price":{"as":"discount","percent":10}},{"event":"a","price":{"as":"fixed","price":3000}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
              said PackageDefined "tour"
            @tickets.packages {"answer_seconds":10,"events":[{"event":"b","price":{"as":"discount","percent":10}},{"event":"a","price":{"as":"fixed","price":3000}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":2}}]}
              → package tour 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said SeatsHeld 1
              said PackageHeld 1
            @tickets.packages {"buyer":"ann","hold":1,"package":"tour","type":"order"}
              → package tour 1 pending a [A-1-1 A-1-2] 6000 b [A-1-1 A-1-2] 9000 until 2024-01-01T00:10:00Z
              said PackageOrdered 1
            @tickets.packages {"amount":15000,"kind":"captured","order":1,"package":"tour","payment":"p1","type":"pay"}
              → package tour 1 paid a [A-1-1 A-1-2] 6000 b [A-1-1 A-1-2] 9000 until 2024-01-01T00:10:00Z; payment captured 0
              said PackagePaymentReported 1 15000
              said PackagePaid 1
              said OrderPlaced "a~1"
              said OrderPaid "a~1"
              said OrderPlaced "b~1"
              said OrderPaid "b~1"
            @tickets.packages {"amount":15000,"kind":"captured","order":1,"package":"tour","payment":"p1","type":"pay"}
              → package tour 1 paid a [A-1-1 A-1-2] 6000 order 1 b [A-1-1 A-1-2] 9000 order 1 until 2024-01-01T00:10:00Z; payment captured 0
            {"type":"cancel","event":"a","order":1}
              → 409 part_of_package: package `tour` has these places: it gives them back in all its events, or in none
            {"type":"refund","event":"b","order":1,"tickets":[1]}
              → 409 part_of_package: package `tour` has these places: it gives them back in all its events, or in none
            {"type":"transfer","event":"b","order":1,"ticket":1,"to":"eve"}
              → 409 part_of_package: package `tour` has these places: it gives them back in all its events, or in none
            @tickets.packages {"order":1,"package":"tour","type":"cancel"}
              → package tour 1 returning a [A-1-1 A-1-2] 6000 order 1 b [A-1-1 A-1-2] 9000 order 1 until 2024-01-01T00:10:00Z
              said PackageCancelled 1
              said PackageRefundDue 1 15000
              said OrderCancelled "a~1"
              said OrderCancelled "b~1"
            {"best":{"number":4},"buyer":"last","event":"a","type":"hold"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"best":{"number":4},"buyer":"last","event":"b","type":"hold"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            tickets timers (Time(1704068100000), [0, 1, 97]) → ()
            tickets timers (Time(1704068100000), [0, 1, 98]) → ()
            tickets.packages payments ("tour", 1, "p1") → PaymentRow { state: RefundDue, amount: 15000, refund: 15000, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn what_one_event_refuses_is_held_in_none() {
    check(
        &[
            event("a", &[4], &json!({})),
            event("b", &[4], &json!({"max_per_buyer":2})),
            define("tour", &["a", "b"], &json!({})),
            single("b", "eve", &["A-1-2"]),
            hold("tour", "ann", &json!([{"seats":["A-1-1","A-1-2"]}])),
            best("tour", "ann", 3),
            hold("tour", "ann", &json!([{"event":"a","best":{"number":4}},{"event":"b","seats":["A-1-1"]}])),
            of("tour", "release", &json!({"hold":3,"token":TOKEN})),
            of("tour", "release", &json!({"hold":3,"token":TOKEN})),
            all_four("a"),
            hold("tour", "ann", &json!([{"event":"a","best":{"number":1}}])),
            hold("tour", "ann", &json!([{"event":"c","best":{"number":1}},{"best":{"number":1}}])),
            hold("other", "ann", &json!([{"best":{"number":1}}])),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event a with 4 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_buyer":2,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event b with 4 places
              said EventPublished
            @tickets.packages {"answer_seconds":10,"events":[{"event":"a","price":{"as":"regular"}},{"event":"b","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
              said PackageDefined "tour"
            {"buyer":"eve","event":"b","seats":["A-1-2"],"type":"hold"}
              → hold 1 open [A-1-2] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"seats":["A-1-1","A-1-2"]}]}
              → package tour 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said HoldReleased 1
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":3}}]}
              → package tour 2 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 2
              said HoldReleased 2
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":4},"event":"a"},{"event":"b","seats":["A-1-1"]}]}
              → package tour 3 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 3
              said SeatsHeld 2
              said PackageHeld 3
            @tickets.packages {"hold":3,"package":"tour","type":"release"}
              → package tour 3 released a [A-1-1 A-1-2 A-1-3 A-1-4] 20000 b [A-1-1] 5000 until 2024-01-01T00:15:00Z
              said PackageReleased 3
              said HoldReleased 3
              said HoldReleased 2
            @tickets.packages {"hold":3,"package":"tour","type":"release"}
              → 410 hold_released: the hold was released
            {"best":{"number":4},"buyer":"last","event":"a","type":"hold"}
              → hold 4 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":1},"event":"a"}]}
              → 422 bad_request: something is wanted of each event of the package
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":1},"event":"c"},{"best":{"number":1}}]}
              → 422 bad_request: something is wanted of an event that the package does not have
            @tickets.packages {"buyer":"ann","package":"other","type":"hold","wishes":[{"best":{"number":1}}]}
              → 404 unknown_package: there is no package of this id
            tickets timers (Time(1704068100000), [0, 1, 97]) → ()
            tickets timers (Time(1704068100000), [0, 1, 98]) → ()
        "#]],
    );
}

#[test]
fn a_season_has_the_same_seats_in_each_of_its_events() {
    check(
        &[
            event("a", &[6], &json!({})),
            event("b", &[6], &json!({})),
            event("c", &[6], &json!({})),
            event("d", &[5], &json!({})),
            single("b", "eve", &["A-1-3"]),
            single("c", "eve", &["A-1-6"]),
            define("year", &["c", "b", "a"], &json!({"season":true})),
            best("year", "ann", 2),
            best("year", "bob", 2),
            best("year", "cid", 1),
            define("odd", &["a", "d"], &json!({"season":true})),
            best("odd", "dan", 1),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event a with 6 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event b with 6 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"c","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event c with 6 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"d","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":5}]}],"type":"publish"}
              → event d with 5 places
              said EventPublished
            {"buyer":"eve","event":"b","seats":["A-1-3"],"type":"hold"}
              → hold 1 open [A-1-3] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"eve","event":"c","seats":["A-1-6"],"type":"hold"}
              → hold 1 open [A-1-6] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            @tickets.packages {"answer_seconds":10,"events":[{"event":"c","price":{"as":"regular"}},{"event":"b","price":{"as":"regular"}},{"event":"a","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"year","season":true,"type":"define"}
              → package year is defined
              said PackageDefined "year"
            @tickets.packages {"buyer":"ann","package":"year","type":"hold","wishes":[{"best":{"number":2}}]}
              → package year 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said HoldReleased 1
              said SeatsHeld 2
              said SeatsHeld 2
              said SeatsHeld 2
              said PackageHeld 1
            @tickets.packages {"buyer":"bob","package":"year","type":"hold","wishes":[{"best":{"number":2}}]}
              → package year 2 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 3
              said HoldReleased 3
              said SeatsHeld 4
              said SeatsHeld 3
              said SeatsHeld 3
              said PackageHeld 2
            @tickets.packages {"buyer":"cid","package":"year","type":"hold","wishes":[{"best":{"number":1}}]}
              → package year 3 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 5
              said HoldReleased 5
              said SeatsHeld 6
              said SeatsHeld 4
              said HoldReleased 6
              said HoldReleased 4
            @tickets.packages {"answer_seconds":10,"events":[{"event":"a","price":{"as":"regular"}},{"event":"d","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"odd","season":true,"type":"define"}
              → package odd is defined
              said PackageDefined "odd"
            @tickets.packages {"buyer":"dan","package":"odd","type":"hold","wishes":[{"best":{"number":1}}]}
              → package odd 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 7
              said SeatsHeld 1
              said HoldReleased 7
              said HoldReleased 1
            tickets timers (Time(1704068100000), [0, 1, 98]) → ()
            tickets timers (Time(1704068100000), [0, 1, 99]) → ()
            tickets parts ("a", "year", 1) → PartRow { attempt: 2, hold: 2, order: None, returning: false }
            tickets parts ("a", "year", 2) → PartRow { attempt: 2, hold: 4, order: None, returning: false }
            tickets parts ("b", "year", 1) → PartRow { attempt: 2, hold: 2, order: None, returning: false }
            tickets parts ("b", "year", 2) → PartRow { attempt: 2, hold: 3, order: None, returning: false }
            tickets parts ("c", "year", 1) → PartRow { attempt: 2, hold: 2, order: None, returning: false }
            tickets parts ("c", "year", 2) → PartRow { attempt: 2, hold: 3, order: None, returning: false }
        "#]],
    );
}

#[test]
fn money_that_comes_late_gets_the_same_places_in_all_events_or_goes_back() {
    check(
        &[
            event("a", &[4], &json!({})),
            event("b", &[4], &json!({})),
            define("tour", &["a", "b"], &json!({})),
            best("tour", "ann", 2),
            of("tour", "extend", &json!({"hold":1,"token":TOKEN})),
            of("tour", "extend", &json!({"hold":1,"token":TOKEN})),
            order("tour", 1, "ann"),
            after("11m", &pay("tour", 1, "p1", 20000)),
            best("tour", "bob", 2),
            order("tour", 2, "bob"),
            after("11m", &single("b", "eve", &["A-1-3"])),
            single("b", "eve", &["A-1-3"]),
            pay("tour", 2, "p2", 20000),
            best("tour", "cid", 1),
            after("16m", &order("tour", 3, "cid")),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event a with 4 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event b with 4 places
              said EventPublished
            @tickets.packages {"answer_seconds":10,"events":[{"event":"a","price":{"as":"regular"}},{"event":"b","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
              said PackageDefined "tour"
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":2}}]}
              → package tour 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said SeatsHeld 1
              said PackageHeld 1
            @tickets.packages {"hold":1,"package":"tour","type":"extend"}
              → package tour 1 held a [A-1-1 A-1-2] 10000 b [A-1-1 A-1-2] 10000 until 2024-01-01T00:15:00Z
              said PackageExtended 1
            @tickets.packages {"hold":1,"package":"tour","type":"extend"}
              → 422 extended_too_often: a hold is extended at most 1 times
            @tickets.packages {"buyer":"ann","hold":1,"package":"tour","type":"order"}
              → package tour 1 pending a [A-1-1 A-1-2] 10000 b [A-1-1 A-1-2] 10000 until 2024-01-01T00:10:00Z
              said PackageOrdered 1
            +11m @tickets.packages {"amount":20000,"kind":"captured","order":1,"package":"tour","payment":"p1","type":"pay"}
              → package tour 1 retaking a [A-1-1 A-1-2] 10000 b [A-1-1 A-1-2] 10000 until 2024-01-01T00:11:10Z; payment captured 0
              said PackageExpired 1
              said PackagePaymentReported 1 20000
              said HoldReleased 1
              said HoldReleased 1
              said SeatsHeld 2
              said SeatsHeld 2
              said PackagePaid 1
              said OrderPlaced "a~1"
              said OrderPaid "a~1"
              said OrderPlaced "b~1"
              said OrderPaid "b~1"
            @tickets.packages {"buyer":"bob","package":"tour","type":"hold","wishes":[{"best":{"number":2}}]}
              → package tour 2 asking until 2024-01-01T00:26:00Z
              said SeatsHeld 3
              said SeatsHeld 3
              said PackageHeld 2
            @tickets.packages {"buyer":"bob","hold":2,"package":"tour","type":"order"}
              → package tour 2 pending a [A-1-3 A-1-4] 10000 b [A-1-3 A-1-4] 10000 until 2024-01-01T00:21:00Z
              said PackageOrdered 2
            +11m {"buyer":"eve","event":"b","seats":["A-1-3"],"type":"hold"}
              → 409 seat_taken: some of the seats are not free
              said PackageExpired 2
              said HoldReleased 3
              said HoldReleased 3
            {"buyer":"eve","event":"b","seats":["A-1-3"],"type":"hold"}
              → hold 4 open [A-1-3] adjacent 5000 until 2024-01-01T00:37:00Z
              said SeatsHeld 4
            @tickets.packages {"amount":20000,"kind":"captured","order":2,"package":"tour","payment":"p2","type":"pay"}
              → package tour 2 retaking a [A-1-3 A-1-4] 10000 b [A-1-3 A-1-4] 10000 until 2024-01-01T00:22:10Z; payment captured 0
              said PackagePaymentReported 2 20000
              said SeatsHeld 4
              said PackageRefundDue 2 20000
              said HoldReleased 4
            @tickets.packages {"buyer":"cid","package":"tour","type":"hold","wishes":[{"best":{"number":1}}]}
              → package tour 3 asking until 2024-01-01T00:37:00Z
              said SeatsHeld 5
              said SeatsHeld 5
              said PackageHeld 3
            +16m @tickets.packages {"buyer":"cid","hold":3,"package":"tour","type":"order"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:37:00Z
              said PackageExpired 3
              said HoldExpired 4
              said HoldReleased 5
              said HoldReleased 5
            tickets parts ("a", "tour", 1) → PartRow { attempt: 2, hold: 2, order: Some(1), returning: false }
            tickets parts ("b", "tour", 1) → PartRow { attempt: 2, hold: 2, order: Some(1), returning: false }
            tickets.packages payments ("tour", 1, "p1") → PaymentRow { state: Captured, amount: 20000, refund: 0, refunded: 0, changed_at: Time(1704067860000) }
            tickets.packages payments ("tour", 2, "p2") → PaymentRow { state: RefundDue, amount: 20000, refund: 20000, refunded: 0, changed_at: Time(1704068520000) }
        "#]],
    );
}

#[test]
fn an_order_with_whose_tickets_somebody_came_in_stays_in_all_events() {
    let scan = |event: &str, nonce: &str| {
        json!({"type":"check_in","event":event,"order":1,"ticket":1,"issue":1,
            "scan":{"scanner":"s","nonce":nonce,"time":"2024-01-01T00:00:00Z"}})
        .to_string()
    };
    check(
        &[
            event("a", &[4], &json!({})),
            event("b", &[4], &json!({})),
            define("tour", &["a", "b"], &json!({})),
            best("tour", "ann", 1),
            order("tour", 1, "ann"),
            pay("tour", 1, "p1", 10000),
            scan("b", "1"),
            cancel("tour", 1),
            scan("a", "2"),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event a with 4 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event b with 4 places
              said EventPublished
            @tickets.packages {"answer_seconds":10,"events":[{"event":"a","price":{"as":"regular"}},{"event":"b","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
              said PackageDefined "tour"
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":1}}]}
              → package tour 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said SeatsHeld 1
              said PackageHeld 1
            @tickets.packages {"buyer":"ann","hold":1,"package":"tour","type":"order"}
              → package tour 1 pending a [A-1-1] 5000 b [A-1-1] 5000 until 2024-01-01T00:10:00Z
              said PackageOrdered 1
            @tickets.packages {"amount":10000,"kind":"captured","order":1,"package":"tour","payment":"p1","type":"pay"}
              → package tour 1 paid a [A-1-1] 5000 b [A-1-1] 5000 until 2024-01-01T00:10:00Z; payment captured 0
              said PackagePaymentReported 1 10000
              said PackagePaid 1
              said OrderPlaced "a~1"
              said OrderPaid "a~1"
              said OrderPlaced "b~1"
              said OrderPaid "b~1"
            {"event":"b","issue":1,"order":1,"scan":{"nonce":"1","scanner":"s","time":"2024-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
              → b~1.1 ok A-1-1 first s
              said TicketScanned
            @tickets.packages {"order":1,"package":"tour","type":"cancel"}
              → package tour 1 returning a [A-1-1] 5000 order 1 b [A-1-1] 5000 order 1 until 2024-01-01T00:10:00Z
            {"event":"a","issue":1,"order":1,"scan":{"nonce":"2","scanner":"s","time":"2024-01-01T00:00:00Z"},"ticket":1,"type":"check_in"}
              → a~1.1 ok A-1-1 first s
              said TicketScanned
            tickets parts ("a", "tour", 1) → PartRow { attempt: 1, hold: 1, order: Some(1), returning: false }
            tickets parts ("b", "tour", 1) → PartRow { attempt: 1, hold: 1, order: Some(1), returning: false }
            tickets.packages payments ("tour", 1, "p1") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}

/// The rows of a table.
fn rows<'a>(shown: &'a Shown, table: &'a str) -> impl Iterator<Item = &'a String> {
    shown.rows.iter().filter(move |row| row.starts_with(table))
}

/// What holds when nothing is under way: a hold or an order of a package has its places in all events or in none, and money
/// that was taken pays an order or is to be given back.
fn settled(shown: &Shown, events: &[(&str, &[&str])]) {
    assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
    for row in rows(shown, "tickets.packages holds") {
        let under_way =
            ["Asking", "Retaking", "Returning"].iter().any(|stage| row.contains(&format!("stage: {stage}")));
        assert!(!under_way, "it is decided: {row}");
        let has = ["Held", "Pending", "Paid"].iter().any(|stage| row.contains(&format!("stage: {stage}")));
        let key = row.split_once(" → ").expect("a row has a value").0.rsplit_once("holds ").expect("a key").1;
        let (package, number) = key.trim_matches(['(', ')']).split_once(", ").expect("two parts");
        let (_, of) = events.iter().find(|(name, _)| format!("{name:?}") == package).expect("it was defined");
        let parts = of.iter().filter(|event| {
            let part = format!("tickets parts ({event:?}, {package}, {number})");
            rows(shown, &part).next().is_some()
        });
        assert_eq!(parts.count(), if has { of.len() } else { 0 }, "all events or none: {row}\n{:?}", shown.rows);
    }
    for row in rows(shown, "tickets.packages payments").filter(|row| row.contains("state: Captured")) {
        let key = row.split_once(" → ").expect("a row has a value").0.rsplit_once("payments (").expect("a key").1;
        let (order, payment) = key.trim_end_matches(')').rsplit_once(", ").expect("three parts");
        let mut of = shown.rows.iter().filter(|row| row.starts_with(&format!("tickets.packages holds ({order}) ")));
        let pays = |row: &String| row.contains(&format!("payment: Some({payment})")) && row.contains("stage: Paid");
        assert!(of.any(pays), "{row} is taken for nothing");
    }
}

fn racing(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("| {line}\n")).collect()
}

const TOURS: [(&str, &[&str]); 3] = [("ab", &["a", "b"]), ("bc", &["b", "c"]), ("year", &["a", "b", "c"])];

fn tours() -> String {
    let events = ["a", "b", "c"].map(|id| event(id, &[4], &json!({})));
    let packages = TOURS.map(|(id, of)| define(id, of, &json!({"season":id == "year"})));
    events.into_iter().chain(packages).map(|line| line + "\n").collect()
}

#[test]
fn of_packages_that_race_for_the_same_seats_each_has_them_in_all_events_or_in_none() {
    let steps = |package: &str, buyer: &str, number: u32, amount: u64| {
        [
            best(package, buyer, 2),
            order(package, number, buyer),
            pay(package, number, "p", amount),
            cancel(package, number),
        ]
    };
    let mut script = tours();
    script += &racing(
        steps("ab", "ann", 1, 20000)
            .into_iter()
            .chain(steps("bc", "bob", 1, 20000))
            .chain(steps("year", "cid", 1, 30000))
            .chain([single("b", "eve", &["A-1-2", "A-1-3"])])
            .chain(steps("ab", "dan", 2, 20000).into_iter().take(3)),
    );
    race(SYSTEM.machines, &script, 40, &|shown| settled(shown, &TOURS));
}

#[test]
fn answers_that_come_behind_the_deadline_and_late_money_leave_nothing_over() {
    let mut script = tours();
    script += &racing([
        best("ab", "ann", 2),
        after("11s", &best("year", "bob", 2)),
        after("11s", &order("ab", 1, "ann")),
        after("11m", &pay("ab", 1, "p", 20000)),
        after("11s", &order("year", 1, "bob")),
        after("11m", &pay("year", 1, "p", 30000)),
        after("11s", &best("bc", "cid", 3)),
        after("16m", &pay("ab", 1, "q", 20000)),
    ]);
    race(SYSTEM.machines, &(script.clone() + "+1h\n"), 40, &|shown| settled(shown, &TOURS));
    // Whatever has become of them: when all is taken back, every seat of every event is free again.
    script += "+1h\n";
    for package in ["ab", "year"] {
        script += &(cancel(package, 1) + "\n");
    }
    script += &["a", "b", "c"].map(|event| all_four(event) + "\n").concat();
    race(SYSTEM.machines, &script, 40, &|shown| {
        settled(shown, &TOURS);
        let last = shown.lines.iter().rev().take(3);
        let is_held = |reply: &Option<String>| reply.as_ref().is_some_and(|reply| reply.contains(r#""state":"open""#));
        assert!(last.clone().all(|(_, reply, _)| is_held(reply)), "every counter is as before: {:?}", shown.lines);
    });
}

#[test]
fn a_hold_of_a_package_cannot_be_used_in_one_event_alone() {
    check(
        &[
            event("a", &[4], &json!({})),
            event("b", &[4], &json!({})),
            define("tour", &["a", "b"], &json!({})),
            best("tour", "ann", 4),
            super::hold("eve", &json!({"event":"a","best":{"number":1}})),
            on_hold("release", 1).replace("gig", "a"),
            after("16m", &all_four("a")),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"a","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event a with 4 places
              said EventPublished
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","event":"b","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event b with 4 places
              said EventPublished
            @tickets.packages {"answer_seconds":10,"events":[{"event":"a","price":{"as":"regular"}},{"event":"b","price":{"as":"regular"}}],"extensions":1,"hold_seconds":900,"order_seconds":600,"package":"tour","type":"define"}
              → package tour is defined
              said PackageDefined "tour"
            @tickets.packages {"buyer":"ann","package":"tour","type":"hold","wishes":[{"best":{"number":4}}]}
              → package tour 1 asking until 2024-01-01T00:15:00Z
              said SeatsHeld 1
              said SeatsHeld 1
              said PackageHeld 1
            {"best":{"number":1},"buyer":"eve","event":"a","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"event":"a","hold":1,"type":"release"}
              → 404 unknown_hold: there is no hold of this token
            +16m {"best":{"number":4},"buyer":"last","event":"a","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
              said PackageExpired 1
              said HoldReleased 1
              said HoldReleased 1
        "#]],
    );
}
