//! What box offices do beside seats: places without, tokens with another time, and the list of what became of places.

use super::{TOKEN, after, best, cancel, check, hold, on_hold, order, pay, publish};
use expect_test::expect;
use serde_json::{Value, json};

/// A row of seats and five standing places; what becomes of them is listed.
fn plan() -> String {
    plan_with(&json!([{"rule":"changes"}]))
}

fn plan_with(rules: &Value) -> String {
    publish(
        &[],
        &json!({"type":"publish_by","rules":rules,
        "categories":[{"id":"floor","price":50},{"id":"standing","price":20,"capacity":5}],
        "sections":[{"id":"A","category":"floor","rows":[{"id":"1","seats":6}]}]}),
    )
}

/// The line that makes standing places something else, under this token if there is one.
fn place(to: &str, many: u32, token: Option<char>, more: &Value) -> String {
    let areas = json!([{"category":"standing","quantity":many}]);
    let mut placing = json!({"type":"place","event":"gig","to":to,"areas":areas});
    if let Some(token) = token {
        placing["token"] = json!(token.to_string().repeat(32));
        placing["until"] = json!("2024-01-01T00:10:00Z");
    }
    placing.as_object_mut().expect("it is one").extend(more.as_object().expect("more fields").clone());
    placing.to_string()
}

#[test]
fn places_without_seats_are_held_booked_and_free_again_one_by_one() {
    let none = json!({});
    check(
        &[
            plan(),
            place("held", 3, Some('a'), &none),
            place("held", 3, Some('b'), &none),
            place("held", 1, Some('b'), &json!({"seats":["A-1-1"],"notes":[["standing","{}"]]})),
            // One is booked that was held, and one is given back; three are not held by anybody of this token.
            place("booked", 1, Some('a'), &json!({"reference":"o1"})),
            place("free", 3, Some('a'), &none),
            place("free", 1, Some('a'), &none),
            // Without a token it is one that was free.
            place("booked", 1, None, &none),
            place("booked", 2, None, &none),
            place("free", 3, None, &none),
            place("free", 2, None, &none),
            // What is held ends by itself.
            after("10m", &place("held", 5, Some('c'), &json!({"until":"2024-01-01T01:00:00Z"}))),
            place("held", 0, Some('c'), &none),
            json!({"type":"place","event":"gig","to":"booked","areas":[{"category":"floor","quantity":1}]}).to_string(),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50},{"capacity":5,"id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"changes"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
              → event gig with 11 places and [{"rule":"changes"}]
              said EventPublished
              said RulesChanged
            {"areas":[{"category":"standing","quantity":3}],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"place","until":"2024-01-01T00:10:00Z"}
              → standing: 2 free, 3 held, 0 booked
              said SeatsHeld 1
              said SeatsHeld 2
              said SeatsHeld 3
            {"areas":[{"category":"standing","quantity":3}],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"place","until":"2024-01-01T00:10:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"areas":[{"category":"standing","quantity":1}],"notes":[["standing","{}"]],"seats":["A-1-1"],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"place","until":"2024-01-01T00:10:00Z"}
              → A-1-1 held - - adjacent
              said SeatsHeld 4
              said SeatsHeld 5
            {"areas":[{"category":"standing","quantity":1}],"reference":"o1","to":"booked","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"place","until":"2024-01-01T00:10:00Z"}
              → standing: 1 free, 3 held, 1 booked
              said OrderPlaced "gig~1"
              said OrderPaid "gig~1"
            {"areas":[{"category":"standing","quantity":3}],"to":"free","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"place","until":"2024-01-01T00:10:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"areas":[{"category":"standing","quantity":1}],"to":"free","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"place","until":"2024-01-01T00:10:00Z"}
              → standing: 2 free, 2 held, 1 booked
              said HoldReleased 2
            {"areas":[{"category":"standing","quantity":1}],"to":"booked","type":"place"}
              → standing: 1 free, 2 held, 2 booked
              said SeatsHeld 6
              said OrderPlaced "gig~2"
              said OrderPaid "gig~2"
            {"areas":[{"category":"standing","quantity":2}],"to":"booked","type":"place"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"areas":[{"category":"standing","quantity":3}],"to":"free","type":"place"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"areas":[{"category":"standing","quantity":2}],"to":"free","type":"place"}
              → standing: 3 free, 2 held, 0 booked
              said OrderCancelled "gig~1"
              said OrderCancelled "gig~2"
            +10m {"areas":[{"category":"standing","quantity":5}],"to":"held","token":"cccccccccccccccccccccccccccccccc","type":"place","until":"2024-01-01T01:00:00Z"}
              → standing: 0 free, 5 held, 0 booked
              said HoldExpired 3
              said HoldExpired 4
              said HoldExpired 5
              said SeatsHeld 7
              said SeatsHeld 8
              said SeatsHeld 9
              said SeatsHeld 10
              said SeatsHeld 11
            {"areas":[{"category":"standing","quantity":0}],"to":"held","token":"cccccccccccccccccccccccccccccccc","type":"place","until":"2024-01-01T00:10:00Z"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:10:00Z
            {"areas":[{"category":"floor","quantity":1}],"to":"booked","type":"place"}
              → 422 unknown_seats: the event has no such seats
            tickets timers (Time(1704070800000), [0, 3, 103, 105, 103]) → ()
            tickets changes ("gig", 1) → ChangeRow { at: Time(1704067200000), offset: 1, cause: Held, hold: 1, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 2) → ChangeRow { at: Time(1704067200000), offset: 1, cause: Held, hold: 2, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 3) → ChangeRow { at: Time(1704067200000), offset: 1, cause: Held, hold: 3, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 4) → ChangeRow { at: Time(1704067200000), offset: 3, cause: Held, hold: 4, spots: [Spot { row: 0, place: 0 }], areas: [] }
            tickets changes ("gig", 5) → ChangeRow { at: Time(1704067200000), offset: 3, cause: Held, hold: 5, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 6) → ChangeRow { at: Time(1704067200000), offset: 4, cause: Paid, hold: 1, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 7) → ChangeRow { at: Time(1704067200000), offset: 6, cause: Released, hold: 2, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 8) → ChangeRow { at: Time(1704067200000), offset: 7, cause: Paid, hold: 6, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 9) → ChangeRow { at: Time(1704067200000), offset: 10, cause: Revoked, hold: 1, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 10) → ChangeRow { at: Time(1704067200000), offset: 10, cause: Revoked, hold: 6, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 11) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Expired, hold: 3, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 12) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Expired, hold: 4, spots: [Spot { row: 0, place: 0 }], areas: [] }
            tickets changes ("gig", 13) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Expired, hold: 5, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 14) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Held, hold: 7, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 15) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Held, hold: 8, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 16) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Held, hold: 9, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 17) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Held, hold: 10, spots: [], areas: [(1, 1)] }
            tickets changes ("gig", 18) → ChangeRow { at: Time(1704067800000), offset: 11, cause: Held, hold: 11, spots: [], areas: [(1, 1)] }
        "#]],
    );
}

#[test]
fn a_token_has_another_time_and_so_has_what_is_held_under_it() {
    let hash = "a".repeat(32);
    let until = |minute: u32| format!("2024-01-01T00:{minute:02}:00Z");
    let set = |key: String, minute: u32| {
        json!({"type":"set_token","token":hash,"key":key,"until":until(minute),"says":until(10)}).to_string()
    };
    let retime = |minute: u32| json!({"type":"retime","event":"gig","token":hash,"until":until(minute)}).to_string();
    let seat = json!({"type":"seat","event":"gig","to":"held","seats":["A-1-1"],"token":hash,"until":until(10)});
    check(
        &[
            // Without a list: a token has its own partition, so the offsets in it would say how many there are.
            plan_with(&json!([])),
            seat.to_string(),
            place("held", 1, Some('a'), &json!({})),
            set(hash.clone(), 20),
            format!("user:ada {}", set(format!("~{hash}"), 20)),
            set(format!("~{hash}"), 20),
            format!("user:ada {}", retime(20)),
            retime(20),
            // They would have ended by now.
            after("11m", &place("held", 5, Some('b'), &json!({"until":"2024-01-01T01:00:00Z"}))),
            set(format!("~{hash}"), 15),
            retime(15),
            after("4m", &place("held", 5, Some('b'), &json!({"until":"2024-01-01T01:00:00Z"}))),
            retime(30),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50},{"capacity":5,"id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
              → event gig with 11 places
              said EventPublished
            {"seats":["A-1-1"],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-1 held - - adjacent
              said SeatsHeld 1
            {"areas":[{"category":"standing","quantity":1}],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"place","until":"2024-01-01T00:10:00Z"}
              → standing: 4 free, 1 held, 0 booked
              said SeatsHeld 2
            {"key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","says":"2024-01-01T00:10:00Z","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"set_token","until":"2024-01-01T00:20:00Z"}
              → 422 bad_request: a token is kept under its own key
            user:ada {"key":"~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","says":"2024-01-01T00:10:00Z","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"set_token","until":"2024-01-01T00:20:00Z"}
              → 403 role_required: this needs the role `server` or `operator`
            {"key":"~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","says":"2024-01-01T00:10:00Z","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"set_token","until":"2024-01-01T00:20:00Z"}
              → "2024-01-01T00:20:00Z"
            user:ada {"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"retime","until":"2024-01-01T00:20:00Z"}
              → 403 role_required: this needs the role `server` or `operator`
            {"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"retime","until":"2024-01-01T00:20:00Z"}
              → 2
              said HoldExtended 1
              said HoldExtended 2
            +11m {"areas":[{"category":"standing","quantity":5}],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"place","until":"2024-01-01T01:00:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"key":"~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","says":"2024-01-01T00:10:00Z","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"set_token","until":"2024-01-01T00:15:00Z"}
              → "2024-01-01T00:15:00Z"
            {"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"retime","until":"2024-01-01T00:15:00Z"}
              → 2
              said HoldExtended 1
              said HoldExtended 2
            +4m {"areas":[{"category":"standing","quantity":5}],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"place","until":"2024-01-01T01:00:00Z"}
              → standing: 0 free, 5 held, 0 booked
              said HoldExpired 1
              said HoldExpired 2
              said SeatsHeld 3
              said SeatsHeld 4
              said SeatsHeld 5
              said SeatsHeld 6
              said SeatsHeld 7
            {"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"retime","until":"2024-01-01T00:30:00Z"}
              → 0
            tickets timers (Time(1704070800000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn what_becomes_of_places_is_listed_with_its_cause() {
    check(
        &[
            plan(),
            best("a", 2),
            on_hold("release", 1),
            hold("a", &json!({"best":{"number":2},"areas":[{"category":"standing","quantity":2}]})),
            order(2, "a"),
            pay(1, "p1", "captured", 140),
            json!({"type":"refund","event":"gig","order":1,"tickets":[2,3]}).to_string(),
            best("b", 1),
            order(3, "b"),
            best("c", 1),
            best("a", 1),
            json!({"type":"exchange","event":"gig","order":1,"tickets":[1],"hold":5,"token":TOKEN}).to_string(),
            // An order and a hold are out of time; the money comes late.
            after("20m", &pay(2, "p2", "captured", 50)),
            cancel(1),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50},{"capacity":5,"id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"changes"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish_by"}
              → event gig with 11 places and [{"rule":"changes"}]
              said EventPublished
              said RulesChanged
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-3 A-1-4] step 1 1000 adjacent 100 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"hold":1,"type":"release"}
              → hold 1 released [A-1-3 A-1-4] step 1 1000 adjacent 100 until 2024-01-01T00:15:00Z
              said HoldReleased 1
            {"areas":[{"category":"standing","quantity":2}],"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 2 open [A-1-3 A-1-4] 2×standing step 1 1000 adjacent 140 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"buyer":"a","hold":2,"type":"order"}
              → order gig~1 pending [A-1-3 waiting, A-1-4 waiting, null waiting, null waiting] 140
              said OrderPlaced "gig~1"
            {"amount":140,"kind":"captured","order":1,"payment":"p1","type":"pay"}
              → order gig~1 paid [A-1-3 valid, A-1-4 valid, null valid, null valid] 140; payment captured 0
              said PaymentReported "gig~1" 140
              said OrderPaid "gig~1"
            {"order":1,"tickets":[2,3],"type":"refund"}
              → order gig~1 paid [A-1-3 valid, A-1-4 revoked, null revoked, null valid] 140
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 70
            {"best":{"number":1},"buyer":"b","type":"hold"}
              → hold 3 open [A-1-4] step 1 1000 adjacent 50 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"buyer":"b","hold":3,"type":"order"}
              → order gig~2 pending [A-1-4 waiting] 50
              said OrderPlaced "gig~2"
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 4 open [A-1-2] step 2 900 adjacent 50 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → hold 5 open [A-1-1] step 1 1000 adjacent 50 until 2024-01-01T00:15:00Z
              said SeatsHeld 5
            {"hold":5,"order":1,"tickets":[1],"type":"exchange"}
              → order gig~1 paid [A-1-3 revoked, A-1-4 revoked, null revoked, null valid, A-1-1 valid] 140
              said TicketsExchanged "gig~1"
            +20m {"amount":50,"kind":"captured","order":2,"payment":"p2","type":"pay"}
              → order gig~2 paid [A-1-4 valid] 50; payment captured 0
              said OrderExpired "gig~2"
              said HoldExpired 4
              said PaymentReported "gig~2" 50
              said OrderPaid "gig~2"
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-3 revoked, A-1-4 revoked, null revoked, null revoked, A-1-1 revoked] 140
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 140
            tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 140, refund: 140, refunded: 0, changed_at: Time(1704068400000) }
            tickets payments ("gig", 2, "p2") → PaymentRow { state: Captured, amount: 50, refund: 0, refunded: 0, changed_at: Time(1704068400000) }
            tickets changes ("gig", 1) → ChangeRow { at: Time(1704067200000), offset: 1, cause: Held, hold: 1, spots: [Spot { row: 0, place: 2 }, Spot { row: 0, place: 3 }], areas: [] }
            tickets changes ("gig", 2) → ChangeRow { at: Time(1704067200000), offset: 2, cause: Released, hold: 1, spots: [Spot { row: 0, place: 2 }, Spot { row: 0, place: 3 }], areas: [] }
            tickets changes ("gig", 3) → ChangeRow { at: Time(1704067200000), offset: 3, cause: Held, hold: 2, spots: [Spot { row: 0, place: 2 }, Spot { row: 0, place: 3 }], areas: [(1, 2)] }
            tickets changes ("gig", 4) → ChangeRow { at: Time(1704067200000), offset: 5, cause: Paid, hold: 2, spots: [Spot { row: 0, place: 2 }, Spot { row: 0, place: 3 }], areas: [(1, 2)] }
            tickets changes ("gig", 5) → ChangeRow { at: Time(1704067200000), offset: 6, cause: Revoked, hold: 2, spots: [Spot { row: 0, place: 3 }], areas: [(1, 1)] }
            tickets changes ("gig", 6) → ChangeRow { at: Time(1704067200000), offset: 7, cause: Held, hold: 3, spots: [Spot { row: 0, place: 3 }], areas: [] }
            tickets changes ("gig", 7) → ChangeRow { at: Time(1704067200000), offset: 9, cause: Held, hold: 4, spots: [Spot { row: 0, place: 1 }], areas: [] }
            tickets changes ("gig", 8) → ChangeRow { at: Time(1704067200000), offset: 10, cause: Held, hold: 5, spots: [Spot { row: 0, place: 0 }], areas: [] }
            tickets changes ("gig", 9) → ChangeRow { at: Time(1704067200000), offset: 11, cause: Revoked, hold: 2, spots: [Spot { row: 0, place: 2 }], areas: [] }
            tickets changes ("gig", 10) → ChangeRow { at: Time(1704067200000), offset: 11, cause: Exchanged, hold: 5, spots: [Spot { row: 0, place: 0 }], areas: [] }
            tickets changes ("gig", 11) → ChangeRow { at: Time(1704067800000), offset: 12, cause: OrderExpired, hold: 3, spots: [Spot { row: 0, place: 3 }], areas: [] }
            tickets changes ("gig", 12) → ChangeRow { at: Time(1704068100000), offset: 12, cause: Expired, hold: 4, spots: [Spot { row: 0, place: 1 }], areas: [] }
            tickets changes ("gig", 13) → ChangeRow { at: Time(1704068400000), offset: 12, cause: Paid, hold: 6, spots: [Spot { row: 0, place: 3 }], areas: [] }
            tickets changes ("gig", 14) → ChangeRow { at: Time(1704068400000), offset: 13, cause: Revoked, hold: 2, spots: [Spot { row: 0, place: 0 }], areas: [(1, 1)] }
        "#]],
    );
}
