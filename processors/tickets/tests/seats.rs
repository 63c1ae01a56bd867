//! Seats one by one: held under a token, booked and free again, all that are named or none.

use super::{after, best, check, order, pay, publish};
use expect_test::expect;
use serde_json::{Value, json};

/// The line that makes seats something else.
fn seat(to: &str, what: &Value) -> String {
    let mut seating = json!({"type":"seat","event":"gig","to":to});
    seating.as_object_mut().expect("it is one").extend(what.as_object().expect("more fields").clone());
    seating.to_string()
}

/// Seats under the first token or another.
fn under(token: char, seats: &[&str]) -> Value {
    json!({"seats":seats,"token":token.to_string().repeat(32),"until":"2024-01-01T00:10:00Z"})
}

fn with(mut what: Value, more: &Value) -> Value {
    what.as_object_mut().expect("it is one").extend(more.as_object().expect("more fields").clone());
    what
}

#[test]
fn seats_are_held_booked_and_free_again_each_for_itself() {
    let noted = with(under('a', &["A-1-1"]), &json!({"reference":"o1","notes":[["A-1-1","{\"extraData\":1}"]]}));
    check(
        &[
            publish(&[6], &json!({"max_per_buyer":1})),
            seat("held", &under('a', &["A-1-1", "A-1-2", "A-1-3"])),
            seat("held", &under('b', &["A-1-3", "A-1-4"])),
            seat("held", &under('a', &["A-1-3"])),
            seat("booked", &under('b', &["A-1-1"])),
            seat("booked", &json!({"seats":["A-1-1"]})),
            seat("booked", &noted),
            seat("held", &with(json!({"best":{"number":2}}), &under('b', &[]))),
            seat("free", &under('b', &["A-1-2"])),
            seat("free", &under('a', &["A-1-2"])),
            seat("free", &json!({"seats":["A-1-1","A-1-2"]})),
            seat("booked", &json!({"seats":["A-1-1","A-1-2"],"reference":"o2"})),
            after("11m", &best("c", 1)),
            order(9, "c"),
            seat("free", &json!({"seats":["A-1-3"]})),
            pay(1, "p", "captured", 5000),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":1,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event gig with 6 places
              said EventPublished
            {"seats":["A-1-1","A-1-2","A-1-3"],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-1 held - -, A-1-2 held - -, A-1-3 held - - adjacent
              said SeatsHeld 1
              said SeatsHeld 2
              said SeatsHeld 3
            {"seats":["A-1-3","A-1-4"],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"seat","until":"2024-01-01T00:10:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"seats":["A-1-3"],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-3 held - - adjacent
            {"seats":["A-1-1"],"to":"booked","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"seat","until":"2024-01-01T00:10:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"seats":["A-1-1"],"to":"booked","type":"seat"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"notes":[["A-1-1","{\"extraData\":1}"]],"reference":"o1","seats":["A-1-1"],"to":"booked","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-1 booked o1 {"extraData":1} adjacent
              said OrderPlaced "gig~1"
              said OrderPaid "gig~1"
            {"best":{"number":2},"seats":[],"to":"held","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-4 held - -, A-1-5 held - - adjacent
              said SeatsHeld 4
              said SeatsHeld 5
            {"seats":["A-1-2"],"to":"free","token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","type":"seat","until":"2024-01-01T00:10:00Z"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"seats":["A-1-2"],"to":"free","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → A-1-2 free - - adjacent
              said HoldReleased 2
            {"seats":["A-1-1","A-1-2"],"to":"free","type":"seat"}
              → A-1-1 free - -, A-1-2 free - - adjacent
              said OrderCancelled "gig~1"
            {"reference":"o2","seats":["A-1-1","A-1-2"],"to":"booked","type":"seat"}
              → A-1-1 booked o2 -, A-1-2 booked o2 - adjacent
              said SeatsHeld 6
              said OrderPlaced "gig~2"
              said OrderPaid "gig~2"
              said SeatsHeld 7
              said OrderPlaced "gig~3"
              said OrderPaid "gig~3"
            +11m {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 8 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:26:00Z
              said HoldExpired 3
              said HoldExpired 4
              said HoldExpired 5
              said SeatsHeld 8
            {"buyer":"c","hold":9,"type":"order"}
              → 404 unknown_hold: there is no hold of this token
            {"seats":["A-1-3"],"to":"free","type":"seat"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"amount":5000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 cancelled [A-1-1 revoked] 5000; payment refund_due 5000
              said PaymentReported "gig~1" 5000
              said RefundDue "gig~1" 5000
            tickets timers (Time(1704068760000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 5000, refund: 5000, refunded: 0, changed_at: Time(1704067860000) }
        "#]],
    );
}

#[test]
fn what_seats_cannot_become_is_refused() {
    check(
        &[
            seat("free", &json!({"seats":["A-1-1"]})),
            publish(&[4], &json!({})),
            best("c", 2),
            seat("booked", &json!({})),
            seat("booked", &json!({"seats":["A-1-1"],"best":{"number":1}})),
            seat("booked", &json!({"seats":["A-1-1","A-1-1"]})),
            seat("booked", &json!({"seats":["A-1-1","A-9-9"]})),
            seat("booked", &json!({"seats":["A-1-2"]})),
            seat("held", &json!({"seats":["A-1-1"]})),
            seat("free", &json!({"best":{"number":1}})),
            seat("free", &json!({"seats":["A-1-2"],"token":super::TOKEN})),
            seat("booked", &json!({"best":{"number":5}})),
            seat("booked", &json!({"best":{"number":3}})),
            seat("booked", &json!({"seats":["A-1-1"],"reference":""})),
            format!("user:c {}", seat("booked", &json!({"seats":["A-1-1"]}))),
            after("11m", &seat("held", &under('a', &["A-1-1"]))),
        ],
        expect![[r#"
            {"seats":["A-1-1"],"to":"free","type":"seat"}
              → 404 unknown_event: there is no event of this id
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"best":{"number":2},"buyer":"c","type":"hold"}
              → hold 1 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"to":"booked","type":"seat"}
              → 422 bad_request: 1 to 100 seats are named, or `best` says which
            {"best":{"number":1},"seats":["A-1-1"],"to":"booked","type":"seat"}
              → 422 bad_request: 1 to 100 seats are named, or `best` says which
            {"seats":["A-1-1","A-1-1"],"to":"booked","type":"seat"}
              → 422 bad_request: a seat is named twice
            {"seats":["A-1-1","A-9-9"],"to":"booked","type":"seat"}
              → 422 unknown_seats: the event has no such seats
            {"seats":["A-1-2"],"to":"booked","type":"seat"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"seats":["A-1-1"],"to":"held","type":"seat"}
              → 422 bad_request: seats are held under a token, until a time
            {"best":{"number":1},"to":"free","type":"seat"}
              → 422 bad_request: what is given back is named
            {"seats":["A-1-2"],"to":"free","type":"seat"}
              → 409 wrong_status: some of the seats are not what they would have to be, or not for this token
            {"best":{"number":5},"to":"booked","type":"seat"}
              → 409 too_few_left: only 2 are free and 2 are held
            {"best":{"number":3},"to":"booked","type":"seat"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"reference":"","seats":["A-1-1"],"to":"booked","type":"seat"}
              → 422 bad_request: the name of an order has 1 to 256 bytes
            user:c {"seats":["A-1-1"],"to":"booked","type":"seat"}
              → 403 role_required: this needs the role `server` or `operator`
            +11m {"seats":["A-1-1"],"to":"held","token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","type":"seat","until":"2024-01-01T00:10:00Z"}
              → 410 hold_expired: the hold ended at 2024-01-01T00:10:00Z
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}
