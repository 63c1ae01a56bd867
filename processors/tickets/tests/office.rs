//! What the box office does: channels, codes, refunds, exchanges, and another plan.

use super::{after, best, cancel, check, hold, on_hold, order, pay, publish, seats};
use expect_test::expect;
use serde_json::{Value, json};

fn by(buyer: &str, what: Value) -> String {
    let mut holding: Value = serde_json::from_str(&hold(buyer, &what)).expect("it is JSON");
    holding["type"] = json!("hold_by");
    holding.to_string()
}

fn assign(what: Value) -> String {
    let mut assigning = json!({"type":"assign","event":"gig"});
    assigning.as_object_mut().expect("it is one").extend(what.as_object().expect("more fields").clone());
    assigning.to_string()
}

fn code(what: Value) -> String {
    let mut terms = json!({"type":"set_code","event":"gig","code":"EARLY"});
    terms.as_object_mut().expect("it is one").extend(what.as_object().expect("more fields").clone());
    terms.to_string()
}

#[test]
fn seats_of_a_channel_are_sold_to_it_alone_and_come_back_to_it() {
    check(
        &[
            publish(&[4], &json!({})),
            seats("a", &["A-1-2"]),
            assign(json!({"seats":["A-1-1","A-1-2"],"channel":"box"})),
            assign(json!({"seats":["A-1-3","A-1-3"],"blocked":true})),
            best("b", 1),
            best("b", 1),
            on_hold("release", 1),
            seats("b", &["A-1-2"]),
            by("b", json!({"seats":["A-1-2","A-1-3"],"channels":["box"]})),
            format!("user:b {}", by("b", json!({"seats":["A-1-2"],"channels":["box"]}))),
            by("b", json!({"seats":["A-1-2"],"channels":["press"]})),
            by("b", json!({"best":{"number":2},"channels":["box"]})),
            order(3, "b"),
            after("10m", &best("c", 1)),
            pay(1, "p", "captured", 10000),
            assign(json!({"seats":["A"]})),
            best("c", 1),
            cancel(1),
            best("c", 2),
            assign(json!({"seats":["A-2","B","A-1-5"]})),
            assign(json!({"seats":["A"],"channel":"Box"})),
            assign(json!({"seats":["A"],"channel":"box","blocked":true})),
            format!("user:b {}", assign(json!({"seats":["A"]}))),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"buyer":"a","seats":["A-1-2"],"type":"hold"}
              → hold 1 open [A-1-2] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"channel":"box","seats":["A-1-1","A-1-2"],"type":"assign"}
              → {"blocked":false,"channel":"box","event":"gig","owned":1,"seats":2}
              said ChannelChanged
            {"blocked":true,"seats":["A-1-3","A-1-3"],"type":"assign"}
              → {"blocked":true,"channel":null,"event":"gig","owned":0,"seats":1}
              said ChannelChanged
            {"best":{"number":1},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-4] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"best":{"number":1},"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"hold":1,"type":"release"}
              → hold 1 released [A-1-2] adjacent 5000 until 2024-01-01T00:15:00Z
              said HoldReleased 1
            {"buyer":"b","seats":["A-1-2"],"type":"hold"}
              → 409 seat_taken: some of the seats are not free
            {"buyer":"b","channels":["box"],"seats":["A-1-2","A-1-3"],"type":"hold_by"}
              → 409 seat_taken: some of the seats are not free
            user:b {"buyer":"b","channels":["box"],"seats":["A-1-2"],"type":"hold_by"}
              → 403 role_required: this needs the role `server` or `operator`
            {"buyer":"b","channels":["press"],"seats":["A-1-2"],"type":"hold_by"}
              → 422 unknown_channel: the event has no such channel
            {"best":{"number":2},"buyer":"b","channels":["box"],"type":"hold_by"}
              → hold 3 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"buyer":"b","hold":3,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 10000
              said OrderPlaced "gig~1"
            +10m {"best":{"number":1},"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
              said OrderExpired "gig~1"
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 10000; payment captured 0
              said PaymentReported "gig~1" 10000
              said OrderPaid "gig~1"
            {"seats":["A"],"type":"assign"}
              → {"blocked":false,"channel":null,"event":"gig","owned":3,"seats":4}
              said ChannelChanged
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 5 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:25:00Z
              said SeatsHeld 5
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked] 10000
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 10000
            {"best":{"number":2},"buyer":"c","type":"hold"}
              → hold 6 open [A-1-1 A-1-2] step 1 1000 adjacent 10000 until 2024-01-01T00:25:00Z
              said SeatsHeld 6
            {"seats":["A-2","B","A-1-5"],"type":"assign"}
              → 422 unknown_seats: the event has no such seats
            {"channel":"Box","seats":["A"],"type":"assign"}
              → 422 bad_id: an id must match [a-z0-9][a-z0-9._-]{0,63} and is no word of the paths
            {"blocked":true,"channel":"box","seats":["A"],"type":"assign"}
              → 422 bad_request: seats are a channel's or nobody's
            user:b {"seats":["A"],"type":"assign"}
              → 403 role_required: this needs the role `server` or `operator`
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704067800000) }
        "#]],
    );
}

#[test]
fn a_code_has_its_uses_and_gets_them_back() {
    let closed = json!({"opens_at":"2024-01-01T01:00:00Z","hold_seconds":60});
    let with = |buyer: &str| by(buyer, json!({"best":{"number":1},"code":"EARLY"}));
    check(
        &[
            publish(&[6], &closed),
            with("a"),
            code(json!({"max_uses":1,"channel":"box"})),
            assign(json!({"seats":["A-1-1","A-1-2"],"channel":"box"})),
            code(json!({"max_uses":1})),
            with("a"),
            code(json!({"max_uses":1,"channel":"box","early":true})),
            format!("user:a {}", by("a", json!({"seats":["A-1-1"],"code":"EARLY"}))),
            with("b"),
            by("a", json!({"into":1,"best":{"number":1},"code":"EARLY"})),
            after("1m", &with("b")),
            on_hold("release", 2),
            with("b"),
            order(3, "b"),
            with("c"),
            after("10m", &with("c")),
            pay(1, "p", "captured", 5000),
            on_hold("release", 4),
            pay(1, "q", "captured", 5000),
            with("c"),
            cancel(1),
            with("c"),
            code(json!({"code":"no good","max_uses":1})),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":60,"max_per_order":10,"min_per_order":1,"opens_at":"2024-01-01T01:00:00Z","order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event gig with 6 places
              said EventPublished
            {"best":{"number":1},"buyer":"a","code":"EARLY","type":"hold_by"}
              → 404 unknown_code: the event has no such code
            {"channel":"box","code":"EARLY","max_uses":1,"type":"set_code"}
              → 422 unknown_channel: the event has no such channel
            {"channel":"box","seats":["A-1-1","A-1-2"],"type":"assign"}
              → {"blocked":false,"channel":"box","event":"gig","owned":0,"seats":2}
              said ChannelChanged
            {"code":"EARLY","max_uses":1,"type":"set_code"}
              → {"channel":null,"code":"EARLY","discount_percent":null,"early":false,"event":"gig","max_uses":1,"price":null,"until":null,"uses":0}
              said CodeChanged
            {"best":{"number":1},"buyer":"a","code":"EARLY","type":"hold_by"}
              → 425 sale_not_open: the sale is not open before 2024-01-01T01:00:00Z
            {"channel":"box","code":"EARLY","early":true,"max_uses":1,"type":"set_code"}
              → {"channel":"box","code":"EARLY","discount_percent":null,"early":true,"event":"gig","max_uses":1,"price":null,"until":null,"uses":0}
              said CodeChanged
            user:a {"buyer":"a","code":"EARLY","seats":["A-1-1"],"type":"hold_by"}
              → hold 1 open [A-1-1] adjacent 5000 until 2024-01-01T00:01:00Z
              said SeatsHeld 1
            {"best":{"number":1},"buyer":"b","code":"EARLY","type":"hold_by"}
              → 409 code_used: the code was used 1 times
            {"best":{"number":1},"buyer":"a","code":"EARLY","into":1,"type":"hold_by"}
              → 422 bad_request: a code is given when a hold is made
            +1m {"best":{"number":1},"buyer":"b","code":"EARLY","type":"hold_by"}
              → hold 2 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:02:00Z
              said HoldExpired 1
              said SeatsHeld 2
            {"hold":2,"type":"release"}
              → hold 2 released [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:02:00Z
              said HoldReleased 2
            {"best":{"number":1},"buyer":"b","code":"EARLY","type":"hold_by"}
              → hold 3 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:02:00Z
              said SeatsHeld 3
            {"buyer":"b","hold":3,"type":"order"}
              → order gig~1 pending [A-1-3 waiting] 5000
              said OrderPlaced "gig~1"
            {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → 409 code_used: the code was used 1 times
            +10m {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → hold 4 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:12:00Z
              said OrderExpired "gig~1"
              said SeatsHeld 4
            {"amount":5000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 expired [A-1-3 waiting] 5000; payment refund_due 5000
              said PaymentReported "gig~1" 5000
              said RefundDue "gig~1" 5000
            {"hold":4,"type":"release"}
              → hold 4 released [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:12:00Z
              said HoldReleased 4
            {"amount":5000,"kind":"captured","order":1,"payment":"q","type":"pay"}
              → order gig~1 paid [A-1-3 valid] 5000; payment captured 0
              said PaymentReported "gig~1" 5000
              said OrderPaid "gig~1"
            {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → 409 code_used: the code was used 1 times
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-3 revoked] 5000
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 5000
            {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → hold 6 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:12:00Z
              said SeatsHeld 6
            {"code":"no good","max_uses":1,"type":"set_code"}
              → 422 bad_request: a code has 1 to 64 bytes without spaces
            tickets timers (Time(1704067920000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 5000, refund: 5000, refunded: 0, changed_at: Time(1704067860000) }
            tickets payments ("gig", 1, "q") → PaymentRow { state: RefundDue, amount: 5000, refund: 5000, refunded: 0, changed_at: Time(1704067860000) }
        "#]],
    );
}

#[test]
fn a_voucher_has_its_price_and_its_end() {
    let voucher =
        |price: Value, until: Value| code(json!({"type":"set_voucher","max_uses":3,"price":price,"until":until}));
    let with = |buyer: &str, many: u32| by(buyer, json!({"best":{"number":many},"code":"EARLY"}));
    let end = json!("2024-01-01T00:30:00Z");
    check(
        &[
            publish(&[8], &json!({"categories":[{"id":"floor","price":5000,"fee":100}]})),
            voucher(json!({"as":"discount","percent":101}), Value::Null),
            voucher(json!({"as":"fixed","price":u64::MAX}), Value::Null),
            voucher(json!({"as":"discount","percent":25}), end.clone()),
            with("a", 2),
            // What was held has its price, whatever becomes of the code.
            voucher(json!({"as":"fixed","price":1000}), end.clone()),
            with("b", 1),
            order(1, "a"),
            pay(1, "p", "captured", 7700),
            order(2, "b"),
            json!({"type":"refund","event":"gig","order":1,"tickets":[1]}).to_string(),
            after("30m", &with("c", 1)),
            // Its time was over, and so is the code's: the money goes back.
            pay(2, "q", "captured", 1100),
            voucher(json!({"as":"regular"}), Value::Null),
            with("c", 1),
        ],
        expect![[r#"
            {"categories":[{"fee":100,"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":8}]}],"type":"publish"}
              → event gig with 8 places
              said EventPublished
            {"code":"EARLY","max_uses":3,"price":{"as":"discount","percent":101},"type":"set_voucher","until":null}
              → 422 bad_request: a code takes 0 to 100 percent off, or costs at most 8333333333333
            {"code":"EARLY","max_uses":3,"price":{"as":"fixed","price":18446744073709551615},"type":"set_voucher","until":null}
              → 422 bad_request: a code takes 0 to 100 percent off, or costs at most 8333333333333
            {"code":"EARLY","max_uses":3,"price":{"as":"discount","percent":25},"type":"set_voucher","until":"2024-01-01T00:30:00Z"}
              → {"channel":null,"code":"EARLY","discount_percent":25,"early":false,"event":"gig","max_uses":3,"price":null,"until":"2024-01-01T00:30:00Z","uses":0}
              said CodeChanged
            {"best":{"number":2},"buyer":"a","code":"EARLY","type":"hold_by"}
              → hold 1 open [A-1-4 A-1-5] step 1 1000 adjacent 7700 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"code":"EARLY","max_uses":3,"price":{"as":"fixed","price":1000},"type":"set_voucher","until":"2024-01-01T00:30:00Z"}
              → {"channel":null,"code":"EARLY","discount_percent":null,"early":false,"event":"gig","max_uses":3,"price":1000,"until":"2024-01-01T00:30:00Z","uses":1}
              said CodeChanged
            {"best":{"number":1},"buyer":"b","code":"EARLY","type":"hold_by"}
              → hold 2 open [A-1-3] step 1 1000 adjacent 1100 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-4 waiting, A-1-5 waiting] 7700
              said OrderPlaced "gig~1"
            {"amount":7700,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-4 valid, A-1-5 valid] 7700; payment captured 0
              said PaymentReported "gig~1" 7700
              said OrderPaid "gig~1"
            {"buyer":"b","hold":2,"type":"order"}
              → order gig~2 pending [A-1-3 waiting] 1100
              said OrderPlaced "gig~2"
            {"order":1,"tickets":[1],"type":"refund"}
              → order gig~1 paid [A-1-4 revoked, A-1-5 valid] 7700
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 3850
            +30m {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → 410 code_ended: the code could be used until 2024-01-01T00:30:00Z
              said OrderExpired "gig~2"
            {"amount":1100,"kind":"captured","order":2,"payment":"q","type":"pay"}
              → order gig~2 expired [A-1-3 waiting] 1100; payment refund_due 1100
              said PaymentReported "gig~2" 1100
              said RefundDue "gig~2" 1100
            {"code":"EARLY","max_uses":3,"price":{"as":"regular"},"type":"set_voucher","until":null}
              → {"channel":null,"code":"EARLY","discount_percent":null,"early":false,"event":"gig","max_uses":3,"price":null,"until":null,"uses":1}
              said CodeChanged
            {"best":{"number":1},"buyer":"c","code":"EARLY","type":"hold_by"}
              → hold 3 open [A-1-4] step 1 1000 adjacent 5100 until 2024-01-01T00:45:00Z
              said SeatsHeld 3
            tickets timers (Time(1704069900000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 7700, refund: 3850, refunded: 0, changed_at: Time(1704067200000) }
            tickets payments ("gig", 2, "q") → PaymentRow { state: RefundDue, amount: 1100, refund: 1100, refunded: 0, changed_at: Time(1704069000000) }
        "#]],
    );
}

#[test]
fn tickets_are_taken_back_one_by_one_and_exchanged() {
    let plan =
        json!({"max_per_buyer":4,"categories":[{"id":"floor","price":5000},{"id":"cheap","price":3000,"capacity":9}]});
    let tickets =
        |kind: &str, tickets: &[u32]| json!({"type":kind,"event":"gig","order":1,"tickets":tickets}).to_string();
    let exchange = |hold: u32, tickets: &[u32]| {
        json!({"type":"exchange","event":"gig","order":1,"tickets":tickets,"hold":hold,"token":super::TOKEN})
            .to_string()
    };
    let cheap = hold("a", &json!({"areas":[{"category":"cheap","quantity":1}]}));
    check(
        &[
            publish(&[6], &plan),
            best("a", 3),
            order(1, "a"),
            tickets("refund", &[1]),
            pay(1, "p", "captured", 15000),
            tickets("refund", &[]),
            tickets("refund", &[0, 4, 1, 1]),
            format!("user:a {}", tickets("refund", &[1])),
            tickets("refund", &[1]),
            tickets("refund", &[1]),
            best("a", 2),
            cheap.clone(),
            exchange(2, &[2]),
            format!("user:a {}", exchange(2, &[2, 3])),
            exchange(2, &[4]),
            cheap,
            best("b", 1),
            exchange(4, &[4]),
            exchange(3, &[4]),
            pay(1, "p", "refunded", 12000),
            pay(1, "p", "refunded", 7000),
            tickets("refund", &[5, 6]),
            pay(1, "p", "refunded", 15000),
            best("c", 6),
            after("15m", &best("c", 6)),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000},{"capacity":9,"id":"cheap","price":3000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6}]}],"type":"publish"}
              → event gig with 15 places
              said EventPublished
            {"best":{"number":3},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-1 A-1-2 A-1-3] step 1 1000 adjacent 15000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting] 15000
              said OrderPlaced "gig~1"
            {"order":1,"tickets":[1],"type":"refund"}
              → 409 not_paid: the order is not paid
            {"amount":15000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid] 15000; payment captured 0
              said PaymentReported "gig~1" 15000
              said OrderPaid "gig~1"
            {"order":1,"tickets":[],"type":"refund"}
              → 422 bad_request: 1 to 1000 tickets are named
            {"order":1,"tickets":[0,4,1,1],"type":"refund"}
              → 422 bad_tickets: some of the tickets are not good
            user:a {"order":1,"tickets":[1],"type":"refund"}
              → 403 role_required: this needs the role `server` or `operator`
            {"order":1,"tickets":[1],"type":"refund"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 valid, A-1-3 valid] 15000
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 5000
            {"order":1,"tickets":[1],"type":"refund"}
              → 422 bad_tickets: some of the tickets are not good
            {"best":{"number":2},"buyer":"a","type":"hold"}
              → hold 2 open [A-1-4 A-1-5] step 2 900 adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"areas":[{"category":"cheap","quantity":1}],"buyer":"a","type":"hold"}
              → 422 limit_exceeded: a buyer has at most 4 places: this one has 4
            {"hold":2,"order":1,"tickets":[2],"type":"exchange"}
              → 422 costs_more: the other places cost 5000 more: buy them, and have the tickets refunded
            user:a {"hold":2,"order":1,"tickets":[2,3],"type":"exchange"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 valid, A-1-5 valid] 15000
              said TicketsExchanged "gig~1"
            {"hold":2,"order":1,"tickets":[4],"type":"exchange"}
              → 410 hold_ordered: the hold has become an order
            {"areas":[{"category":"cheap","quantity":1}],"buyer":"a","type":"hold"}
              → hold 3 open [] 1×cheap 3000 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"best":{"number":1},"buyer":"b","type":"hold"}
              → hold 4 open [A-1-3] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            {"hold":4,"order":1,"tickets":[4],"type":"exchange"}
              → 403 wrong_buyer: the hold is another buyer's
            {"hold":3,"order":1,"tickets":[4],"type":"exchange"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 valid, null valid] 15000
              said TicketsExchanged "gig~1"
              said RefundDue "gig~1" 7000
            {"amount":12000,"kind":"refunded","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 valid, null valid] 15000; payment refunded 7000
              said PaymentReported "gig~1" 12000
            {"amount":7000,"kind":"refunded","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 valid, null valid] 15000; payment refunded 7000
            {"order":1,"tickets":[5,6],"type":"refund"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 revoked, null revoked] 15000
              said TicketsRefunded "gig~1"
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 3000
            {"amount":15000,"kind":"refunded","order":1,"payment":"p","type":"pay"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 revoked, null revoked] 15000; payment refunded 15000
              said PaymentReported "gig~1" 15000
            {"best":{"number":6},"buyer":"c","type":"hold"}
              → 422 limit_exceeded: a buyer has at most 4 places: this one has 0
            +15m {"best":{"number":6},"buyer":"c","type":"hold"}
              → 422 limit_exceeded: a buyer has at most 4 places: this one has 0
              said HoldExpired 4
            tickets payments ("gig", 1, "p") → PaymentRow { state: Refunded, amount: 15000, refund: 15000, refunded: 15000, changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn a_plan_changes_but_for_what_somebody_has_or_had() {
    let change = |rows: &[u32], more: Value| {
        let mut plan: Value = serde_json::from_str(&publish(rows, &more)).expect("it is JSON");
        plan["type"] = json!("change");
        plan.to_string()
    };
    let other = json!({"categories":[{"id":"floor","price":6000},{"id":"vip","price":9000}]});
    let renamed = json!({"categories":[{"id":"vip","price":9000},{"id":"floor","price":5000}]});
    check(
        &[
            change(&[4, 4], json!({})),
            publish(&[4, 4], &json!({})),
            seats("a", &["A-1-3", "A-1-4"]),
            order(1, "a"),
            pay(1, "p", "captured", 10000),
            seats("b", &["A-2-1"]),
            on_hold("release", 2),
            change(&[4, 4], json!({})),
            change(&[3, 4], json!({})),
            change(&[4], json!({})),
            change(&[4, 4], renamed),
            change(&[4, 4], json!({"max_per_buyer":4})),
            change(&[4, 4], json!({"currency":"USD"})),
            format!("user:a {}", change(&[4, 6, 2], other.clone())),
            change(&[4, 6, 2], other),
            hold("c", &json!({"seats":["A-2-6","A-3-1"]})),
            seats("c", &["A-1-3"]),
            cancel(1),
            best("d", 4),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"change"}
              → 404 unknown_event: there is no event of this id
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"publish"}
              → event gig with 8 places
              said EventPublished
            {"buyer":"a","seats":["A-1-3","A-1-4"],"type":"hold"}
              → hold 1 open [A-1-3 A-1-4] adjacent 10000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-3 waiting, A-1-4 waiting] 10000
              said OrderPlaced "gig~1"
            {"amount":10000,"kind":"captured","order":1,"payment":"p","type":"pay"}
              → order gig~1 paid [A-1-3 valid, A-1-4 valid] 10000; payment captured 0
              said PaymentReported "gig~1" 10000
              said OrderPaid "gig~1"
            {"buyer":"b","seats":["A-2-1"],"type":"hold"}
              → hold 2 open [A-2-1] adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"hold":2,"type":"release"}
              → hold 2 released [A-2-1] adjacent 5000 until 2024-01-01T00:15:00Z
              said HoldReleased 2
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"change"}
              → event gig with 8 places
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3},{"id":"2","seats":4}]}],"type":"change"}
              → 409 seats_owned: the plan would change what somebody has or had
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"change"}
              → 409 seats_owned: the plan would change what somebody has or had
            {"categories":[{"id":"vip","price":9000},{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"change"}
              → 409 seats_owned: the plan would change what somebody has or had
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"change"}
              → 422 bad_plan: the currency stays, and a limit for buyers stays one or none
            {"categories":[{"id":"floor","price":5000}],"currency":"USD","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":4}]}],"type":"change"}
              → 422 bad_plan: the currency stays, and a limit for buyers stays one or none
            user:a {"categories":[{"id":"floor","price":6000},{"id":"vip","price":9000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":6},{"id":"3","seats":2}]}],"type":"change"}
              → 403 role_required: this needs the role `server` or `operator`
            {"categories":[{"id":"floor","price":6000},{"id":"vip","price":9000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4},{"id":"2","seats":6},{"id":"3","seats":2}]}],"type":"change"}
              → event gig with 12 places
              said PlanChanged
            {"buyer":"c","seats":["A-2-6","A-3-1"],"type":"hold"}
              → hold 3 open [A-2-6 A-3-1] 12000 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"buyer":"c","seats":["A-1-3"],"type":"hold"}
              → 409 seat_taken: some of the seats are not free
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-3 revoked, A-1-4 revoked] 10000
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 10000
            {"best":{"number":4},"buyer":"d","type":"hold"}
              → hold 4 open [A-1-1 A-1-2 A-1-3 A-1-4] step 1 1000 adjacent 24000 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}
