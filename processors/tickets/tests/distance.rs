//! Distance: between two parties in a row so many places stay empty, and nobody is refused who would be far enough.

use super::{after, best, check, on_hold, order, pay, publish, seats};
use crate::runtime::alone::Alone;
use crate::tickets::Ticketing;
use crate::tickets::tables::{Fate, HOLDS, Spot};
use expect_test::expect;
use millrace_topics::tickets::Command;
use proptest::prelude::*;
use serde_json::{Value, json};

fn event(rows: &[u32], places: u8) -> String {
    let mut plan: Value = serde_json::from_str(&publish(rows, &json!({}))).expect("it is JSON");
    plan["type"] = json!("publish_by");
    plan["rules"] = json!([{"rule":"distance","places":places}]);
    plan.to_string()
}

#[test]
fn parties_sit_apart_and_what_stands_empty_for_that_comes_back_with_them() {
    let script = [
        event(&[9], 0),
        event(&[9], 11),
        event(&[9], 2),
        seats("ada", &["A-1-4", "A-1-5"]),
        seats("bob", &["A-1-7"]),
        seats("bob", &["A-1-8"]),
        seats("bob", &["A-1-1", "A-1-3"]),
        best("eve", 1),
        best("zoe", 1),
        order(1, "ada"),
        pay(1, "p1", "captured", 10000),
        on_hold("release", 2),
        best("zoe", 2),
        // What comes late gets no seat beside somebody who sits there by now.
        order(3, "eve"),
        after("601s", &seats("max", &["A-1-1"])),
        pay(2, "p2", "captured", 5000),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"places":0,"rule":"distance"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":9}]}],"type":"publish_by"}
          → 422 bad_rules: 1 to 10 places stay empty
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"places":11,"rule":"distance"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":9}]}],"type":"publish_by"}
          → 422 bad_rules: 1 to 10 places stay empty
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"places":2,"rule":"distance"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":9}]}],"type":"publish_by"}
          → event gig with 9 places and [{"places":2,"rule":"distance"}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-4","A-1-5"],"type":"hold"}
          → hold 1 open [A-1-4 A-1-5] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"bob","seats":["A-1-7"],"type":"hold"}
          → 409 too_near: some of the seats are too near to those of others
        {"buyer":"bob","seats":["A-1-8"],"type":"hold"}
          → hold 2 open [A-1-8] adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"buyer":"bob","seats":["A-1-1","A-1-3"],"type":"hold"}
          → 409 too_near: some of the seats are too near to those of others
        {"best":{"number":1},"buyer":"eve","type":"hold"}
          → hold 3 open [A-1-1] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"best":{"number":1},"buyer":"zoe","type":"hold"}
          → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-4 waiting, A-1-5 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-4 valid, A-1-5 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"hold":2,"type":"release"}
          → hold 2 released [A-1-8] adjacent 5000 until 2024-01-01T00:15:00Z
          said HoldReleased 2
        {"best":{"number":2},"buyer":"zoe","type":"hold"}
          → hold 4 open [A-1-8 A-1-9] step 1 1000 adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"buyer":"eve","hold":3,"type":"order"}
          → order gig~2 pending [A-1-1 waiting] 5000
          said OrderPlaced "gig~2"
        +601s {"buyer":"max","seats":["A-1-1"],"type":"hold"}
          → hold 5 open [A-1-1] adjacent 5000 until 2024-01-01T00:25:01Z
          said OrderExpired "gig~2"
          said SeatsHeld 5
        {"amount":5000,"kind":"captured","order":2,"payment":"p2","type":"pay"}
          → order gig~2 expired [A-1-1 waiting] 5000; payment refund_due 5000
          said PaymentReported "gig~2" 5000
          said RefundDue "gig~2" 5000
        tickets timers (Time(1704068100000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 10000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
        tickets payments ("gig", 2, "p2") → PaymentRow { state: RefundDue, amount: 5000, refund: 5000, refunded: 0, changed_at: Time(1704067801000) }
    "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_two_parties_are_near_and_who_would_be_far_enough_is_not_refused(
        acts in prop::collection::vec((0u8..3, 1u32..4, 1u32..3, 1u32..10), 1..30), places in 1u8..4,
    ) {
        let mut world = Alone::<Ticketing>::default();
        let say = |world: &mut Alone<Ticketing>, line: &str| {
            let command: Command = serde_json::from_str(line).expect("it is a command");
            world.tell(&command).map(drop)
        };
        let rows = [9u32, 6];
        say(&mut world, &event(&rows, places)).unwrap();
        for (act, number, row, seat) in acts {
            let open = |world: &Alone<Ticketing>| -> Vec<(u32, Vec<Spot>)> {
                let rows = world.rows(HOLDS).into_iter().filter(|(_, row)| row.fate == Fate::Open);
                rows.map(|((_, hold), row)| (hold, row.seats.iter().map(|taken| taken.spot).collect())).collect()
            };
            let before = open(&world);
            let is_far = |spot: Spot| {
                let others = before.iter().flat_map(|(_, spots)| spots).filter(|other| other.row == spot.row);
                others.into_iter().all(|other| other.place.abs_diff(spot.place) > u16::from(places))
            };
            let fits = (0u16..).zip(rows).any(|(row, seats)| {
                let last = (seats + 1).saturating_sub(number);
                (0..last).any(|start| {
                    let mut run = (start..start + number).map(|place| Spot { row, place: u16::try_from(place).unwrap() });
                    run.all(is_far)
                })
            });
            match act {
                0 => {
                    let said = say(&mut world, &best("ada", number));
                    // More than one may be told apart, by halves and pairs.
                    prop_assert!(said.is_ok() == fits || (number > 1 && said.is_ok()), "{:?}", said);
                }
                1 => {
                    let spot = Spot { row: u16::try_from(row - 1).unwrap(), place: u16::try_from(seat - 1).unwrap() };
                    let is_there = seat <= rows[usize::from(spot.row)];
                    let said = say(&mut world, &seats("bob", &[&format!("A-{row}-{seat}")]));
                    prop_assert_eq!(said.is_ok(), is_there && is_far(spot));
                }
                _ => drop(before.first().map(|(hold, _)| say(&mut world, &on_hold("release", *hold)))),
            }
            let held = open(&world);
            for (hold, spots) in &held {
                for (_, others) in held.iter().filter(|(other, _)| other > hold) {
                    let near = |one: &Spot, other: &Spot| {
                        one.row == other.row && one.place.abs_diff(other.place) <= u16::from(places)
                    };
                    prop_assert!(!spots.iter().any(|one| others.iter().any(|other| near(one, other))));
                }
            }
        }
    }
}
