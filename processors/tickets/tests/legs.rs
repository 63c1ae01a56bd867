//! Seats that are sold leg by leg: on each leg a seat has one owner at most, and what is free from one stop to another is what
//! nobody has on any leg between them.

use super::{after, check, on_hold, order, pay, publish};
use crate::runtime::alone::Alone;
use crate::tickets::Ticketing;
use crate::tickets::tables::{Fate, HOLDS, KINDS, Kind, ORDERS, Spot, Stage};
use crate::tickets::tests::{TOKEN, cancel};
use expect_test::expect;
use millrace_topics::tickets::{Answer, Availability, Command, Query, Rejection};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const STOPS: [&str; 5] = ["A", "B", "C", "D", "E"];

fn train(rows: &[u32], more: &Value) -> String {
    let mut plan: Value = serde_json::from_str(&publish(rows, more)).expect("it is JSON");
    plan["type"] = json!("publish_by");
    plan["rules"] = json!([{"rule":"legs","stops":STOPS}]);
    plan.to_string()
}

fn hold_on(buyer: &str, way: Option<(&str, &str)>, what: &Value) -> String {
    let terms: Vec<Value> = way.iter().map(|(from, to)| json!({"term":"legs","from":from,"to":to})).collect();
    let mut holding = json!({"type":"hold_with","event":"gig","buyer":buyer,"token":TOKEN,"terms":terms});
    let fields = holding.as_object_mut().expect("it was made as one");
    fields.extend(what.as_object().expect("more fields").clone());
    holding.to_string()
}

fn seat(name: &str) -> Value {
    json!({ "seats": [name] })
}

fn best(number: u32) -> Value {
    json!({"best":{"number":number}})
}

#[test]
fn a_seat_is_sold_once_on_each_leg_and_costs_so_much_on_each() {
    let script = [
        train(&[2], &json!({"max_per_buyer":4})),
        hold_on("ada", Some(("A", "C")), &seat("A-1-1")),
        hold_on("bob", Some(("B", "D")), &seat("A-1-1")),
        hold_on("bob", Some(("C", "E")), &seat("A-1-1")),
        hold_on("eve", Some(("A", "E")), &best(1)),
        hold_on("zoe", Some(("D", "E")), &best(1)),
        hold_on("zoe", None, &best(1)),
        order(1, "ada"),
        pay(1, "p1", "captured", 10000),
        on_hold("release", 2),
        hold_on("zoe", Some(("C", "D")), &best(1)),
        cancel(1),
        hold_on("zoe", Some(("A", "C")), &seat("A-1-1")),
        after("901s", &hold_on("max", None, &best(2))),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_buyer":4,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B","C","D","E"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → event gig with 2 places and [{"rule":"legs","stops":["A","B","C","D","E"]}]
          said EventPublished
          said RulesChanged
        {"buyer":"ada","seats":["A-1-1"],"terms":[{"from":"A","term":"legs","to":"C"}],"type":"hold_with"}
          → hold 1 open [A-1-1] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"buyer":"bob","seats":["A-1-1"],"terms":[{"from":"B","term":"legs","to":"D"}],"type":"hold_with"}
          → 409 seat_taken: some of the seats are not free
        {"buyer":"bob","seats":["A-1-1"],"terms":[{"from":"C","term":"legs","to":"E"}],"type":"hold_with"}
          → hold 2 open [A-1-1] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"best":{"number":1},"buyer":"eve","terms":[{"from":"A","term":"legs","to":"E"}],"type":"hold_with"}
          → hold 3 open [A-1-2] step 1 1000 adjacent 20000 until 2024-01-01T00:15:00Z
          said SeatsHeld 3
        {"best":{"number":1},"buyer":"zoe","terms":[{"from":"D","term":"legs","to":"E"}],"type":"hold_with"}
          → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
        {"best":{"number":1},"buyer":"zoe","terms":[],"type":"hold_with"}
          → 409 all_held: all that are left are held: some may come back at 2024-01-01T00:15:00Z or later
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting] 10000
          said OrderPlaced "gig~1"
        {"amount":10000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid] 10000; payment captured 0
          said PaymentReported "gig~1" 10000
          said OrderPaid "gig~1"
        {"hold":2,"type":"release"}
          → hold 2 released [A-1-1] adjacent 10000 until 2024-01-01T00:15:00Z
          said HoldReleased 2
        {"best":{"number":1},"buyer":"zoe","terms":[{"from":"C","term":"legs","to":"D"}],"type":"hold_with"}
          → hold 4 open [A-1-1] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 4
        {"order":1,"type":"cancel"}
          → order gig~1 cancelled [A-1-1 revoked] 10000
          said OrderCancelled "gig~1"
          said RefundDue "gig~1" 10000
        {"buyer":"zoe","seats":["A-1-1"],"terms":[{"from":"A","term":"legs","to":"C"}],"type":"hold_with"}
          → hold 5 open [A-1-1] adjacent 10000 until 2024-01-01T00:15:00Z
          said SeatsHeld 5
        +901s {"best":{"number":2},"buyer":"max","terms":[],"type":"hold_with"}
          → hold 6 open [A-1-1 A-1-2] step 1 1000 adjacent 40000 until 2024-01-01T00:30:01Z
          said HoldExpired 3
          said HoldExpired 4
          said HoldExpired 5
          said SeatsHeld 6
        tickets timers (Time(1704069001000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: RefundDue, amount: 10000, refund: 10000, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

#[test]
fn legs_that_are_none_are_refused_and_what_is_sold_by_legs_goes_no_other_way() {
    let rules = |rules: Value, more: &Value| {
        let mut plan: Value = serde_json::from_str(&train(&[2], more)).expect("it is JSON");
        plan["rules"] = rules;
        plan.to_string()
    };
    let legs = |stops: &[&str]| json!([{"rule":"legs","stops":stops}]);
    let script = [
        rules(legs(&["A"]), &json!({})),
        rules(legs(&["A", "B", "A"]), &json!({})),
        rules(legs(&["A", "B B"]), &json!({})),
        rules(json!([{"rule":"legs","stops":["A","B"]},{"rule":"resale","cap_percent":100}]), &json!({})),
        rules(
            legs(&["A", "B"]),
            &json!({"categories":[{"id":"floor","price":1},{"id":"deck","price":1,"capacity":9}]}),
        ),
        train(&[2], &json!({})),
        train(&[2], &json!({"title":"x"})).replace("publish_by", "change_by").replace(r#""D","#, ""),
        hold_on("ada", Some(("C", "B")), &best(1)),
        hold_on("ada", Some(("B", "B")), &best(1)),
        hold_on("ada", Some(("B", "X")), &best(1)),
        hold_on("ada", Some(("A", "B")), &best(1)),
        hold_on("ada", Some(("B", "C")), &json!({"best":{"number":1},"into":1})),
        order(1, "ada"),
        pay(1, "p1", "captured", 5000),
        json!({"type":"transfer","event":"gig","order":1,"ticket":1,"to":"bob"}).to_string(),
        hold_on("ada", Some(("B", "C")), &best(1)),
        json!({"type":"exchange","event":"gig","order":1,"tickets":[1],"hold":2,"token":TOKEN}).to_string(),
        json!({"type":"seat","event":"gig","seats":["A-1-1"],"to":"booked"}).to_string(),
        json!({"type":"wait","event":"gig","buyer":"zoe","token":TOKEN,"best":{"number":2}}).to_string(),
        train(&[3], &json!({})).replace("publish_by", "change_by"),
        hold_on("eve", Some(("A", "B")), &best(3)),
    ];
    check(
        &script,
        expect![[r#"
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → 422 bad_rules: an event with stops has 2 to 64
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B","A"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → 422 bad_rules: there are two stops `A`
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B B"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → 422 bad_rules: the id of a stop has 1 to 32 bytes without spaces, `-`, `/`, `:` and `~`
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B"]},{"cap_percent":100,"rule":"resale"}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → 422 bad_rules: seats that are sold leg by leg are not sold on
        {"categories":[{"id":"floor","price":1},{"capacity":9,"id":"deck","price":1}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → 422 bad_rules: an event with stops has seats alone
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B","C","D","E"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"type":"publish_by"}
          → event gig with 2 places and [{"rule":"legs","stops":["A","B","C","D","E"]}]
          said EventPublished
          said RulesChanged
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B","C","E"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":2}]}],"title":"x","type":"change_by"}
          → 422 bad_rules: the stops of an event stay as they are
        {"best":{"number":1},"buyer":"ada","terms":[{"from":"C","term":"legs","to":"B"}],"type":"hold_with"}
          → 422 unknown_legs: the event does not go from `C` to `B`
        {"best":{"number":1},"buyer":"ada","terms":[{"from":"B","term":"legs","to":"B"}],"type":"hold_with"}
          → 422 unknown_legs: the event does not go from `B` to `B`
        {"best":{"number":1},"buyer":"ada","terms":[{"from":"B","term":"legs","to":"X"}],"type":"hold_with"}
          → 422 unknown_legs: the event does not go from `B` to `X`
        {"best":{"number":1},"buyer":"ada","terms":[{"from":"A","term":"legs","to":"B"}],"type":"hold_with"}
          → hold 1 open [A-1-1] step 2 900 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 1
        {"best":{"number":1},"buyer":"ada","into":1,"terms":[{"from":"B","term":"legs","to":"C"}],"type":"hold_with"}
          → 422 bad_request: nothing can be added to this hold, or not for this household
        {"buyer":"ada","hold":1,"type":"order"}
          → order gig~1 pending [A-1-1 waiting] 5000
          said OrderPlaced "gig~1"
        {"amount":5000,"kind":"captured","order":1,"payment":"p1","type":"pay"}
          → order gig~1 paid [A-1-1 valid] 5000; payment captured 0
          said PaymentReported "gig~1" 5000
          said OrderPaid "gig~1"
        {"order":1,"ticket":1,"to":"bob","type":"transfer"}
          → 422 bad_request: a seat that is sold leg by leg is not given away
        {"best":{"number":1},"buyer":"ada","terms":[{"from":"B","term":"legs","to":"C"}],"type":"hold_with"}
          → hold 2 open [A-1-1] step 2 900 adjacent 5000 until 2024-01-01T00:15:00Z
          said SeatsHeld 2
        {"hold":2,"order":1,"tickets":[1],"type":"exchange"}
          → 422 bad_request: tickets that were sold on, given away or are for some legs are not exchanged
        {"seats":["A-1-1"],"to":"booked","type":"seat"}
          → 422 bad_request: seats that are sold leg by leg are held and ordered
        {"best":{"number":2},"buyer":"zoe","type":"wait"}
          → 422 bad_request: an event with stops, or that wants households or proofs, has no waitlist
        {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"rules":[{"rule":"legs","stops":["A","B","C","D","E"]}],"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":3}]}],"type":"change_by"}
          → event gig with 3 places and [{"rule":"legs","stops":["A","B","C","D","E"]}]
          said PlanChanged
        {"best":{"number":3},"buyer":"eve","terms":[{"from":"A","term":"legs","to":"B"}],"type":"hold_with"}
          → 409 too_few_left: only 2 are free and 0 are held
        tickets timers (Time(1704067800000), [0, 3, 103, 105, 103]) → ()
        tickets payments ("gig", 1, "p1") → PaymentRow { state: Captured, amount: 5000, refund: 0, refunded: 0, changed_at: Time(1704067200000) }
    "#]],
    );
}

/// What chance does next.
#[derive(Clone, Debug)]
enum Act {
    Best(usize, usize, u32),
    Seat(usize, usize, u32, u32),
    Release(prop::sample::Index),
    Order(prop::sample::Index),
    Pay(prop::sample::Index),
    Cancel(prop::sample::Index),
    Wait(u64),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let index = any::<prop::sample::Index>;
    let way = || (0usize..4, 1usize..5).prop_map(|(from, length)| (from, (from + length).min(4)));
    prop_oneof![
        5 => (way(), 1u32..4).prop_map(|((from, to), number)| Act::Best(from, to, number)),
        2 => (way(), 1u32..3, 1u32..5).prop_map(|((from, to), row, seat)| Act::Seat(from, to, row, seat)),
        1 => index().prop_map(Act::Release),
        3 => index().prop_map(Act::Order),
        3 => index().prop_map(Act::Pay),
        1 => index().prop_map(Act::Cancel),
        1 => (0u64..700_000).prop_map(Act::Wait),
        1 => Just(Act::Reopen),
    ]
}

struct Train(Alone<Ticketing>);

impl Train {
    fn say(&mut self, line: &str) -> Result<(), Rejection> {
        let command: Command = serde_json::from_str(line).expect("it is a command");
        self.0.tell(&command).map(drop)
    }

    fn availability(&self, from: usize, to: usize) -> Availability {
        let (event, from, to) = ("gig".to_owned(), STOPS[from].to_owned(), STOPS[to].to_owned());
        match self.0.ask(&Query::AvailabilityOn { event, from, to }) {
            Ok(Answer::Availability(availability)) => availability,
            other => panic!("{other:?}"),
        }
    }

    /// Who has which seat on which leg, by the rows alone: true if it is paid.
    fn owned(&self) -> BTreeMap<(Spot, u8), bool> {
        let kinds: BTreeMap<u32, Kind> = self.0.rows(KINDS).into_iter().map(|((_, hold), kind)| (hold, kind)).collect();
        let mut owned = BTreeMap::new();
        let mut take = |hold: u32, spots: Vec<Spot>, is_paid: bool| {
            let Some(Kind::Legs { from, to }) = kinds.get(&hold) else { panic!("{hold} is for some legs") };
            for (spot, leg) in spots.into_iter().flat_map(|spot| (*from..*to).map(move |leg| (spot, leg))) {
                assert!(owned.insert((spot, leg), is_paid).is_none(), "{spot:?} has one owner on leg {leg}");
            }
        };
        for ((_, number), row) in self.0.rows(HOLDS).into_iter().filter(|(_, row)| row.fate == Fate::Open) {
            take(number, row.seats.iter().map(|taken| taken.spot).collect(), false);
        }
        for (_, row) in self.0.rows(ORDERS) {
            let is_paid = matches!(row.stage, Stage::Paid(_));
            if is_paid || row.stage == Stage::Pending {
                let kept = row.items.iter().filter(|item| item.state.is_kept());
                take(row.hold, kept.filter_map(|item| item.spot).collect(), is_paid);
            }
        }
        owned
    }

    fn check(&self) {
        let owned = self.owned();
        for (from, to) in (0..4).flat_map(|from| (from + 1..5).map(move |to| (from, to))) {
            let legs = u8::try_from(from).unwrap()..u8::try_from(to).unwrap();
            let on: Vec<_> = owned.iter().filter(|((_, leg), _)| legs.contains(leg)).collect();
            let seats = |paid: bool| -> BTreeSet<Spot> {
                on.iter().filter(|(_, is_paid)| **is_paid == paid).map(|((spot, _), _)| *spot).collect()
            };
            let sold = seats(true);
            let held = seats(false).difference(&sold).count();
            let shown = &self.availability(from, to).categories[0];
            let counted = (shown.sold as usize, shown.held as usize, shown.free.unwrap() as usize);
            assert_eq!(counted, (sold.len(), held, 7 - sold.len() - held), "from {from} to {to}");
        }
    }

    fn act(&mut self, act: &Act) {
        let holds: Vec<(u32, String)> =
            self.0.rows(HOLDS).into_iter().map(|((_, number), row)| (number, row.buyer)).collect();
        let orders: Vec<(u32, u64)> =
            self.0.rows(ORDERS).into_iter().map(|((_, number), row)| (number, row.total)).collect();
        let hold = |index: &prop::sample::Index| (!holds.is_empty()).then(|| holds[index.index(holds.len())].clone());
        let bought = |index: &prop::sample::Index| (!orders.is_empty()).then(|| orders[index.index(orders.len())]);
        let line = match act {
            Act::Best(from, to, number) => {
                let before = self.availability(*from, *to).categories[0].clone();
                let said = self.say(&hold_on("ada", Some((STOPS[*from], STOPS[*to])), &best(*number)));
                let fits = before.longest_run >= *number;
                assert!(!fits || said.is_ok(), "{number} are free beside one another: {said:?}");
                assert!(before.free >= Some(*number) || said.is_err(), "{before:?}");
                None
            }
            Act::Seat(from, to, row, number) => {
                let name = format!("A-{row}-{number}");
                Some(hold_on("bob", Some((STOPS[*from], STOPS[*to])), &seat(&name)))
            }
            Act::Release(index) => hold(index).map(|(number, _)| on_hold("release", number)),
            Act::Order(index) => hold(index).map(|(number, buyer)| order(number, &buyer)),
            Act::Pay(index) => bought(index).map(|(number, total)| pay(number, "p", "captured", total)),
            Act::Cancel(index) => bought(index).map(|(number, _)| cancel(number)),
            Act::Wait(millis) => {
                self.0.now = self.0.now.plus(*millis);
                Some(train(&[4, 3], &json!({})))
            }
            Act::Reopen => {
                self.0.reopen();
                None
            }
        };
        drop(line.map(|line| self.say(&line)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn on_each_leg_a_seat_has_one_owner(acts in prop::collection::vec(act(), 1..60)) {
        let mut world = Train(Alone::default());
        world.say(&train(&[4, 3], &json!({}))).unwrap();
        for act in &acts {
            world.act(act);
            world.check();
        }
        for ((_, number), _) in world.0.rows(HOLDS) {
            drop(world.say(&on_hold("release", number)));
        }
        for ((_, number), _) in world.0.rows(ORDERS) {
            drop(world.say(&cancel(number)));
        }
        world.check();
        prop_assert_eq!(world.availability(0, 4).categories[0].free, Some(7));
        let everything = hold_on("eve", None, &json!({"best":{"number":7,"allow_scattered":true}}));
        prop_assert!(world.say(&everything).is_ok());
    }
}
