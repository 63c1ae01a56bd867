//! Quotas: places that are counted together, over categories, tiers and channels.

use super::{after, best, cancel, check, hold, on_hold, order, pay, publish, seats};
use expect_test::expect;
use serde_json::{Value, json};

/// A row of seats at two prices and standing places, under these quotas.
fn plan(quotas: &Value, more: &Value) -> String {
    let mut plan = json!({
        "type":"publish_by",
        "rules":[{"rule":"quotas","quotas":quotas}],
        "categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},
            {"id":"standing","price":20,"capacity":"unlimited"}],
        "sections":[{"id":"A","category":"floor","rows":[{"id":"1","seats":6},{"id":"2","seats":6,"category":"balcony"}]}],
    });
    let fields = plan.as_object_mut().expect("it was made as one");
    fields.extend(more.as_object().expect("more fields").clone());
    publish(&[], &plan)
}

fn standing(buyer: &str, many: u32) -> String {
    hold(buyer, &json!({"areas":[{"category":"standing","quantity":many}]}))
}

fn by_channel(buyer: &str, what: &Value) -> String {
    let mut what = what.clone();
    what["type"] = json!("hold_by");
    what["channels"] = json!(["web"]);
    hold(buyer, &what)
}

/// The doors let seven in, wherever they sit or stand; three of them stand; everybody is counted.
fn doors() -> Value {
    json!([
        {"id":"doors","size":7,"of":[{"category":"floor","tier":1},{"category":"floor","tier":0},{"category":"standing"}]},
        {"id":"pit","size":3,"of":[{"category":"standing"}]},
        {"id":"all","of":[{}]},
    ])
}

#[test]
fn a_place_needs_room_in_all_of_its_quotas_and_gives_it_back() {
    check(
        &[
            plan(&doors(), &json!({})),
            standing("a", 4),
            standing("a", 2),
            // The pit has one left, and all that is wanting is held.
            standing("b", 2),
            best("b", 5),
            // The doors are full: one can neither stand nor sit on the floor, though floor and pit are free.
            standing("c", 1),
            seats("c", &["A-1-6"]),
            hold("c", &json!({"best":{"number":1,"category":"floor"}})),
            // The balcony has its own way in: who wants the best gets it.
            best("c", 1),
            // What is given back is there at once, and no more than that.
            on_hold("release", 1),
            standing("d", 3),
            standing("d", 2),
            order(2, "b"),
            pay(1, "p1", "captured", 150),
            // Five are sold and two held: what is held may come back, and it does by itself.
            seats("e", &["A-1-6"]),
            after("15m", &seats("e", &["A-1-6"])),
            order(5, "e"),
            pay(2, "p2", "captured", 30),
            standing("e", 1),
            order(6, "e"),
            pay(3, "p3", "captured", 20),
            // Seven are sold: nothing comes back by itself.
            standing("f", 1),
            json!({"type":"refund","event":"gig","order":1,"tickets":[2]}).to_string(),
            standing("f", 2),
            standing("f", 1),
            cancel(1),
            standing("g", 1),
            best("g", 4),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"doors","of":[{"category":"floor","tier":1},{"category":"floor","tier":0},{"category":"standing"}],"size":7},{"id":"pit","of":[{"category":"standing"}],"size":3},{"id":"all","of":[{}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"publish_by"}
              → event gig with 12 places and [{"quotas":[{"id":"doors","of":[{"category":"floor","channel":null,"tier":1},{"category":"floor","channel":null,"tier":0},{"category":"standing","channel":null,"tier":null}],"size":7},{"id":"pit","of":[{"category":"standing","channel":null,"tier":null}],"size":3},{"id":"all","of":[{"category":null,"channel":null,"tier":null}],"size":null}],"rule":"quotas"}]
              said EventPublished
              said RulesChanged
            {"areas":[{"category":"standing","quantity":4}],"buyer":"a","type":"hold"}
              → 409 too_few_left: only 3 are free and 0 are held
            {"areas":[{"category":"standing","quantity":2}],"buyer":"a","type":"hold"}
              → hold 1 open [] 2×standing 40 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"areas":[{"category":"standing","quantity":2}],"buyer":"b","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"best":{"number":5},"buyer":"b","type":"hold"}
              → hold 2 open [A-1-1 A-1-2 A-1-3 A-1-4 A-1-5] step 2 900 adjacent 150 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"areas":[{"category":"standing","quantity":1}],"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"buyer":"c","seats":["A-1-6"],"type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"best":{"category":"floor","number":1},"buyer":"c","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 3 open [A-2-3] step 1 500 adjacent 40 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"hold":1,"type":"release"}
              → hold 1 released [] 2×standing 40 until 2024-01-01T00:15:00Z
              said HoldReleased 1
            {"areas":[{"category":"standing","quantity":3}],"buyer":"d","type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"areas":[{"category":"standing","quantity":2}],"buyer":"d","type":"hold"}
              → hold 4 open [] 2×standing 40 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            {"buyer":"b","hold":2,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting, A-1-3 waiting, A-1-4 waiting, A-1-5 waiting] 150
              said OrderPlaced "gig~1"
            {"amount":150,"kind":"captured","order":1,"payment":"p1","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid, A-1-3 valid, A-1-4 valid, A-1-5 valid] 150; payment captured 0
              said PaymentReported "gig~1" 150
              said OrderPaid "gig~1"
            {"buyer":"e","seats":["A-1-6"],"type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            +15m {"buyer":"e","seats":["A-1-6"],"type":"hold"}
              → hold 5 open [A-1-6] adjacent 30 until 2024-01-01T00:30:00Z
              said HoldExpired 3
              said HoldExpired 4
              said SeatsHeld 5
            {"buyer":"e","hold":5,"type":"order"}
              → order gig~2 pending [A-1-6 waiting] 30
              said OrderPlaced "gig~2"
            {"amount":30,"kind":"captured","order":2,"payment":"p2","type":"pay"}
              → order gig~2 paid [A-1-6 valid] 30; payment captured 0
              said PaymentReported "gig~2" 30
              said OrderPaid "gig~2"
            {"areas":[{"category":"standing","quantity":1}],"buyer":"e","type":"hold"}
              → hold 6 open [] 1×standing 20 until 2024-01-01T00:30:00Z
              said SeatsHeld 6
            {"buyer":"e","hold":6,"type":"order"}
              → order gig~3 pending [null waiting] 20
              said OrderPlaced "gig~3"
            {"amount":20,"kind":"captured","order":3,"payment":"p3","type":"pay"}
              → order gig~3 paid [null valid] 20; payment captured 0
              said PaymentReported "gig~3" 20
              said OrderPaid "gig~3"
            {"areas":[{"category":"standing","quantity":1}],"buyer":"f","type":"hold"}
              → 409 sold_out: sold out
            {"order":1,"tickets":[2],"type":"refund"}
              → order gig~1 paid [A-1-1 valid, A-1-2 revoked, A-1-3 valid, A-1-4 valid, A-1-5 valid] 150
              said TicketsRefunded "gig~1"
              said RefundDue "gig~1" 30
            {"areas":[{"category":"standing","quantity":2}],"buyer":"f","type":"hold"}
              → 409 too_few_left: only 1 are free and 0 are held
            {"areas":[{"category":"standing","quantity":1}],"buyer":"f","type":"hold"}
              → hold 7 open [] 1×standing 20 until 2024-01-01T00:30:00Z
              said SeatsHeld 7
            {"order":1,"type":"cancel"}
              → order gig~1 cancelled [A-1-1 revoked, A-1-2 revoked, A-1-3 revoked, A-1-4 revoked, A-1-5 revoked] 150
              said OrderCancelled "gig~1"
              said RefundDue "gig~1" 150
            {"areas":[{"category":"standing","quantity":1}],"buyer":"g","type":"hold"}
              → hold 8 open [] 1×standing 20 until 2024-01-01T00:30:00Z
              said SeatsHeld 8
            {"best":{"number":4},"buyer":"g","type":"hold"}
              → hold 9 open [A-2-1 A-2-2 A-2-3 A-2-4] step 1 500 adjacent 160 until 2024-01-01T00:30:00Z
              said SeatsHeld 9
            tickets timers (Time(1704068700000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 150, refund: 150, refunded: 0, changed_at: Time(1704068100000) }
            tickets payments ("gig", 2, "p2") → PaymentRow { state: Captured, amount: 30, refund: 0, refunded: 0, changed_at: Time(1704068100000) }
            tickets payments ("gig", 3, "p3") → PaymentRow { state: Captured, amount: 20, refund: 0, refunded: 0, changed_at: Time(1704068100000) }
        "#]],
    );
}

#[test]
fn a_tier_counts_until_its_quota_is_full_and_a_channel_has_its_share() {
    let quotas = json!([
        {"id":"early","size":2,"of":[{"category":"floor","tier":1}]},
        {"id":"web","size":3,"of":[{"channel":"web"}]},
    ]);
    check(
        &[
            plan(&quotas, &json!({})),
            by_channel("a", &json!({"best":{"number":1}})),
            json!({"type":"assign","event":"gig","seats":["A-1-1"],"channel":"web"}).to_string(),
            // Two are early, the third is not.
            by_channel("a", &json!({"best":{"number":3,"category":"floor"}})),
            by_channel("b", &json!({"areas":[{"category":"standing","quantity":1}]})),
            standing("b", 1),
            // The early ones come back with the hold.
            on_hold("release", 1),
            best("c", 1),
            by_channel("c", &json!({"best":{"number":4}})),
            by_channel("c", &json!({"areas":[{"category":"standing","quantity":2}],"best":{"number":1}})),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"early","of":[{"category":"floor","tier":1}],"size":2},{"id":"web","of":[{"channel":"web"}],"size":3}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"publish_by"}
              → event gig with 12 places and [{"quotas":[{"id":"early","of":[{"category":"floor","channel":null,"tier":1}],"size":2},{"id":"web","of":[{"category":null,"channel":"web","tier":null}],"size":3}],"rule":"quotas"}]
              said EventPublished
              said RulesChanged
            {"best":{"number":1},"buyer":"a","channels":["web"],"type":"hold_by"}
              → 422 unknown_channel: the event has no such channel
            {"channel":"web","seats":["A-1-1"],"type":"assign"}
              → {"blocked":false,"channel":"web","event":"gig","owned":0,"seats":1}
              said ChannelChanged
            {"best":{"category":"floor","number":3},"buyer":"a","channels":["web"],"type":"hold_by"}
              → hold 1 open [A-1-1 A-1-2 A-1-3] step 1 1000 adjacent 110 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"areas":[{"category":"standing","quantity":1}],"buyer":"b","channels":["web"],"type":"hold_by"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
            {"areas":[{"category":"standing","quantity":1}],"buyer":"b","type":"hold"}
              → hold 2 open [] 1×standing 20 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            {"hold":1,"type":"release"}
              → hold 1 released [A-1-1 A-1-2 A-1-3] step 1 1000 adjacent 110 until 2024-01-01T00:15:00Z
              said HoldReleased 1
            {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 3 open [A-1-4] step 1 1000 adjacent 30 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"best":{"number":4},"buyer":"c","channels":["web"],"type":"hold_by"}
              → 409 too_few_left: only 3 are free and 0 are held
            {"areas":[{"category":"standing","quantity":2}],"best":{"number":1},"buyer":"c","channels":["web"],"type":"hold_by"}
              → hold 4 open [A-1-3] 2×standing step 1 1000 adjacent 70 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        "#]],
    );
}

#[test]
fn a_quota_that_comes_later_counts_what_was_there_and_late_money_needs_room() {
    let change = |quotas: Value| plan(&quotas, &json!({"type":"change_by"}));
    let floor = |size: u32| json!([{"id":"floor","size":size,"of":[{"category":"floor"}]}]);
    check(
        &[
            plan(&json!([{"id":"all","of":[{}]}]), &json!({})),
            seats("a", &["A-1-1", "A-1-2"]),
            order(1, "a"),
            change(floor(1)),
            change(floor(2)),
            seats("b", &["A-1-3"]),
            // Both are free again, and somebody else has one of the two.
            after("10m", &seats("b", &["A-1-3"])),
            pay(1, "late", "captured", 60),
            on_hold("release", 2),
            pay(1, "later", "captured", 60),
            seats("b", &["A-1-3"]),
            // Whoever waits gets what a larger quota lets in.
            json!({"type":"wait","event":"gig","buyer":"w","token":super::TOKEN,"best":{"number":1,"category":"floor"}})
                .to_string(),
            change(floor(3)),
            change(json!([{"id":"x","of":[{"category":"vip"}]}])),
            change(json!([{"id":"x","of":[{"category":"floor","tier":2}]}])),
            change(json!([{"id":"x","of":[{"tier":1}]}])),
            change(json!([{"id":"x","of":[]}])),
            change(json!([{"id":"x","of":[{}]},{"id":"x","of":[{}]}])),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"all","of":[{}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"publish_by"}
              → event gig with 12 places and [{"quotas":[{"id":"all","of":[{"category":null,"channel":null,"tier":null}],"size":null}],"rule":"quotas"}]
              said EventPublished
              said RulesChanged
            {"buyer":"a","seats":["A-1-1","A-1-2"],"type":"hold"}
              → hold 1 open [A-1-1 A-1-2] adjacent 60 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 60
              said OrderPlaced "gig~1"
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"floor","of":[{"category":"floor"}],"size":1}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 409 seats_owned: the plan would change what somebody has or had
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"floor","of":[{"category":"floor"}],"size":2}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → event gig with 12 places and [{"quotas":[{"id":"floor","of":[{"category":"floor","channel":null,"tier":null}],"size":2}],"rule":"quotas"}]
              said RulesChanged
            {"buyer":"b","seats":["A-1-3"],"type":"hold"}
              → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:10:00Z or later
            +10m {"buyer":"b","seats":["A-1-3"],"type":"hold"}
              → hold 2 open [A-1-3] adjacent 30 until 2024-01-01T00:25:00Z
              said OrderExpired "gig~1"
              said SeatsHeld 2
            {"amount":60,"kind":"captured","order":1,"payment":"late","type":"pay"}
              → order gig~1 expired [A-1-1 waiting, A-1-2 waiting] 60; payment refund_due 60
              said PaymentReported "gig~1" 60
              said RefundDue "gig~1" 60
            {"hold":2,"type":"release"}
              → hold 2 released [A-1-3] adjacent 30 until 2024-01-01T00:25:00Z
              said HoldReleased 2
            {"amount":60,"kind":"captured","order":1,"payment":"later","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 60; payment captured 0
              said PaymentReported "gig~1" 60
              said OrderPaid "gig~1"
            {"buyer":"b","seats":["A-1-3"],"type":"hold"}
              → 409 sold_out: sold out
            {"best":{"category":"floor","number":1},"buyer":"w","type":"wait"}
              → waiter 1 w waiting behind 0
              said WaitlistJoined null
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"floor","of":[{"category":"floor"}],"size":3}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → event gig with 12 places and [{"quotas":[{"id":"floor","of":[{"category":"floor","channel":null,"tier":null}],"size":3}],"rule":"quotas"}]
              said RulesChanged
              said SeatsHeld 4
              said WaitlistOffered 4
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"x","of":[{"category":"vip"}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 422 unknown_category: the event has no such category
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"x","of":[{"category":"floor","tier":2}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 422 bad_rules: category `floor` has no such tier
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"x","of":[{"tier":1}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 422 bad_rules: a tier is one of a category
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"x","of":[]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 422 bad_rules: 1 to 100 kinds of places draw on a quota
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"quotas":[{"id":"x","of":[{}]},{"id":"x","of":[{}]}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"change_by"}
              → 422 bad_rules: there are two quotas `x`
            tickets timers (Time(1704071400000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "late") → PaymentRow { state: RefundDue, amount: 60, refund: 60, refunded: 0, changed_at: Time(1704067800000) }
            tickets payments ("gig", 1, "later") → PaymentRow { state: Captured, amount: 60, refund: 0, refunded: 0, changed_at: Time(1704067800000) }
        "#]],
    );
}

#[test]
fn tickets_that_are_exchanged_or_go_on_keep_what_they_draw() {
    let rules = json!([{"rule":"resale","cap_percent":100},{"rule":"quotas","quotas":[
        {"id":"floor","size":2,"of":[{"category":"floor"}]},
        {"id":"balcony","size":2,"of":[{"category":"balcony"}]},
    ]}]);
    let hold_offered = json!({"type":"hold_with","terms":[{"term":"resale","order":1,"ticket":1}]});
    check(
        &[
            plan(&json!([]), &json!({"rules":rules})),
            seats("a", &["A-1-1", "A-1-2"]),
            order(1, "a"),
            pay(1, "p1", "captured", 60),
            json!({"type":"transfer","event":"gig","order":1,"ticket":2,"to":"b"}).to_string(),
            seats("c", &["A-1-3"]),
            json!({"type":"relist","event":"gig","order":1,"ticket":1,"price":30}).to_string(),
            hold("c", &hold_offered),
            order(3, "c"),
            pay(3, "p3", "captured", 30),
            seats("c", &["A-1-3"]),
            // What was given away is taken back: there is room on the floor.
            cancel(2),
            seats("d", &["A-1-3"]),
            seats("d", &["A-2-1", "A-2-2"]),
            order(5, "d"),
            pay(4, "p4", "captured", 80),
            json!({"type":"exchange","event":"gig","order":4,"tickets":[1],"hold":4,"token":super::TOKEN}).to_string(),
            // A place on the balcony has come back with it, and none on the floor.
            seats("e", &["A-1-4"]),
            seats("e", &["A-2-3"]),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":50,"tiers":[{"price":30}]},{"id":"balcony","price":40},{"capacity":"unlimited","id":"standing","price":20}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"cap_percent":100,"rule":"resale"},{"quotas":[{"id":"floor","of":[{"category":"floor"}],"size":2},{"id":"balcony","of":[{"category":"balcony"}],"size":2}],"rule":"quotas"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":6},{"category":"balcony","id":"2","seats":6}]}],"type":"publish_by"}
              → event gig with 12 places and [{"cap_percent":100,"rule":"resale"},{"quotas":[{"id":"floor","of":[{"category":"floor","channel":null,"tier":null}],"size":2},{"id":"balcony","of":[{"category":"balcony","channel":null,"tier":null}],"size":2}],"rule":"quotas"}]
              said EventPublished
              said RulesChanged
            {"buyer":"a","seats":["A-1-1","A-1-2"],"type":"hold"}
              → hold 1 open [A-1-1 A-1-2] adjacent 60 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"buyer":"a","hold":1,"type":"order"}
              → order gig~1 pending [A-1-1 waiting, A-1-2 waiting] 60
              said OrderPlaced "gig~1"
            {"amount":60,"kind":"captured","order":1,"payment":"p1","type":"pay"}
              → order gig~1 paid [A-1-1 valid, A-1-2 valid] 60; payment captured 0
              said PaymentReported "gig~1" 60
              said OrderPaid "gig~1"
            {"order":1,"ticket":2,"to":"b","type":"transfer"}
              → gig~1.2 of a became gig~2.1 of b
              said TicketTransferred gig~1.2 of a became gig~2.1 of b
            {"buyer":"c","seats":["A-1-3"],"type":"hold"}
              → 409 sold_out: sold out
            {"order":1,"price":30,"ticket":1,"type":"relist"}
              → gig~1.1 is offered for 30, held false
              said TicketRelisted gig~1.1 is offered for 30, held false
            {"buyer":"c","terms":[{"order":1,"term":"resale","ticket":1}],"type":"hold_with"}
              → hold 3 open [A-1-1] adjacent 30 until 2024-01-01T00:15:00Z
              said SeatsHeld 3
            {"buyer":"c","hold":3,"type":"order"}
              → order gig~3 pending [A-1-1 waiting] 30
              said OrderPlaced "gig~3"
            {"amount":30,"kind":"captured","order":3,"payment":"p3","type":"pay"}
              → order gig~3 paid [A-1-1 valid] 30; payment captured 0
              said PaymentReported "gig~3" 30
              said TicketResold gig~1.1 of a became gig~3.1 of c for 30
              said OrderPaid "gig~3"
            {"buyer":"c","seats":["A-1-3"],"type":"hold"}
              → 409 sold_out: sold out
            {"order":2,"type":"cancel"}
              → order gig~2 cancelled [A-1-2 revoked] 0
              said OrderCancelled "gig~2"
              said RefundDue "gig~1" 30
            {"buyer":"d","seats":["A-1-3"],"type":"hold"}
              → hold 4 open [A-1-3] adjacent 30 until 2024-01-01T00:15:00Z
              said SeatsHeld 4
            {"buyer":"d","seats":["A-2-1","A-2-2"],"type":"hold"}
              → hold 5 open [A-2-1 A-2-2] adjacent 80 until 2024-01-01T00:15:00Z
              said SeatsHeld 5
            {"buyer":"d","hold":5,"type":"order"}
              → order gig~4 pending [A-2-1 waiting, A-2-2 waiting] 80
              said OrderPlaced "gig~4"
            {"amount":80,"kind":"captured","order":4,"payment":"p4","type":"pay"}
              → order gig~4 paid [A-2-1 valid, A-2-2 valid] 80; payment captured 0
              said PaymentReported "gig~4" 80
              said OrderPaid "gig~4"
            {"hold":4,"order":4,"tickets":[1],"type":"exchange"}
              → order gig~4 paid [A-2-1 revoked, A-2-2 valid, A-1-3 valid] 80
              said TicketsExchanged "gig~4"
              said RefundDue "gig~4" 10
            {"buyer":"e","seats":["A-1-4"],"type":"hold"}
              → 409 sold_out: sold out
            {"buyer":"e","seats":["A-2-3"],"type":"hold"}
              → hold 6 open [A-2-3] adjacent 40 until 2024-01-01T00:15:00Z
              said SeatsHeld 6
            tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
            tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 60, refund: 30, refunded: 0, changed_at: Time(1704067200000) }
            tickets payments ("gig", 3, "p3") → PaymentRow { state: Captured, amount: 30, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
            tickets payments ("gig", 4, "p4") → PaymentRow { state: RefundDue, amount: 80, refund: 10, refunded: 0, changed_at: Time(1704067200000) }
        "#]],
    );
}
