//! An on-sale storm: many buyers in groups of one to six for too few seats. Some pay, some payments fail first, some buyers
//! vanish with what they hold and some with what they ordered. Whoever is told to wait waits; whoever is told that it is
//! sold out goes home. `BUYERS` says how many come.

use crate::support::{Answer, DEADLINE, Server, eventually, number_of, send};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How many buyers ask at the same time.
const AT_ONCE: usize = 32;

/// How many seats a row has.
const ROW: usize = 50;

/// For five buyers there are three seats.
fn rows(buyers: usize) -> usize {
    (buyers * 3 / 5).div_ceil(ROW)
}

/// How long a hold and an unpaid order last, in seconds: long enough to pay, short enough to wait for.
const SECONDS: u64 = 3;

/// How one buyer fared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// With these seats.
    Bought(Vec<String>),
    /// Without a word.
    Vanished,
    /// Told that it is sold out, at this position.
    SoldOut(String),
}

#[derive(Default)]
struct Sale {
    url: String,
    next: AtomicUsize,
    buyers: usize,
    fates: Mutex<Vec<Fate>>,
    /// How long each hold took that was given.
    holds: Mutex<Vec<Duration>>,
    sampled: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// The same number for the same buyer, whatever happens (SplitMix64).
fn chance(buyer: usize, of: u64) -> u64 {
    let mut z = (buyer as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ of;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % of
}

impl Sale {
    /// Asks until there is a final answer: under its key, so that it takes effect once whatever happens meanwhile.
    fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let until = Instant::now() + DEADLINE;
        loop {
            let headers = [("idempotency-key", key)];
            match send(&format!("{}{path}", self.url), "POST", &headers, body.to_string().into_bytes()) {
                Ok(answer) if ![202, 429, 503, 504].contains(&answer.status) => return answer,
                other => assert!(Instant::now() < until, "{path}: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Holds seats for as many of a group as there can be.
    fn hold(&self, buyer: usize) -> Result<Answer, Fate> {
        let mut number = 1 + chance(buyer, 6);
        let until = Instant::now() + DEADLINE;
        for attempt in 0.. {
            let began = Instant::now();
            let body = json!({"buyer":format!("b{buyer}"),"best":{"number":number}});
            let held = self.post("/v1/tickets/events/gig/holds", &format!("hold-{buyer}-{attempt}"), &body);
            match held.code() {
                "" => {
                    assert_eq!(
                        (held.status, held.body["seats"].as_array().map(Vec::len)),
                        (201, Some(usize::try_from(number).expect("a few thousand")))
                    );
                    self.holds.lock().expect("nobody has failed").push(began.elapsed());
                    return Ok(held);
                }
                "sold_out" => return Err(Fate::SoldOut(held.header("millrace-position").expect("one").to_owned())),
                "too_few_left" | "not_adjacent" if number > 1 => number -= 1,
                "all_held" => std::thread::sleep(Duration::from_millis(50)),
                other => panic!("{other}: {held:?}"),
            }
            assert!(Instant::now() < until, "{held:?}");
        }
        unreachable!("it is tried until the deadline")
    }

    /// True for one of ten, but for the last quarter: else nobody might be left who wants what comes back.
    fn vanishes(&self, buyer: usize, of: u64) -> bool {
        buyer < self.buyers * 3 / 4 && chance(buyer, of) == 0
    }

    fn buy(&self, buyer: usize) -> Fate {
        let held = match self.hold(buyer) {
            Ok(held) => held,
            Err(fate) => return fate,
        };
        if self.vanishes(buyer, 10) {
            return Fate::Vanished;
        }
        let step = |name: &str, path: &str, body: &Value| self.post(path, &format!("{name}-{buyer}"), body);
        let asked = json!({"event":"gig","hold":held.body["hold"],"buyer":held.body["buyer"]});
        let ordered = step("order", "/v1/tickets/orders", &asked);
        if ordered.code() == "hold_expired" {
            // The server was dead for longer than the hold lasts.
            return Fate::Vanished;
        }
        assert_eq!(ordered.status, 201, "{ordered:?}");
        if self.vanishes(buyer, 11) {
            return Fate::Vanished;
        }
        let path = format!("/v1/tickets/orders/{}/payments", ordered.body["order"].as_str().expect("an id"));
        let amount = &ordered.body["total"]["amount"];
        let pay = |kind: &str, payment: &str| json!({"type":kind,"payment":payment,"amount":amount});
        if chance(buyer, 7) == 0 {
            let failed = step("fail", &path, &pay("failed", "first"));
            assert_eq!((failed.status, &failed.body["reported"]["state"]), (200, &json!("failed")), "{failed:?}");
        }
        // The provider says it twice, as providers do.
        let paid = step("pay", &path, &pay("captured", "second"));
        let again = step("pay-again", &path, &pay("captured", "second"));
        assert_eq!((paid.status, &paid.body["reported"]), (200, &again.body["reported"]), "{paid:?} {again:?}");
        match paid.body["state"].as_str() {
            Some("paid") => {
                let tickets = paid.body["tickets"].as_array().expect("a list").iter();
                Fate::Bought(tickets.map(|ticket| ticket["seat"].as_str().expect("a seat").to_owned()).collect())
            }
            _ => {
                assert_eq!(paid.body["reported"]["state"], "refund_due", "{paid:?}");
                Fate::Vanished
            }
        }
    }

    fn work(&self) {
        loop {
            let buyer = self.next.fetch_add(1, Ordering::Relaxed);
            if buyer >= self.buyers {
                return;
            }
            let fate = self.buy(buyer);
            self.fates.lock().expect("nobody has failed").push(fate);
        }
    }

    /// Looks again and again whether everything adds up.
    fn watch(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let path = "/v1/tickets/events/gig/availability";
            let answer = send(&format!("{}{path}", self.url), "GET", &[], Vec::new());
            if let Ok(answer) = answer
                .as_ref()
                .map_err(String::as_str)
                .and_then(|answer| if answer.status == 200 { Ok(answer) } else { Err("not now") })
            {
                adds_up(&answer.body);
                let position = answer.header("millrace-position").expect("a position").to_owned();
                self.sampled.lock().expect("nobody has failed").push(position);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Holds what there is against the capacity, and says how many are sold.
fn adds_up(availability: &Value) -> u64 {
    let of = |name: &str| availability["categories"][0][name].as_u64().expect("a number");
    assert_eq!(of("free") + of("held") + of("sold") + of("blocked"), of("capacity"), "{availability}");
    of("sold")
}

/// A port that nobody listens on.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").to_string()
}

/// Runs a sale; `kills` says how often the server is killed meanwhile.
fn sell(buyers: usize, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = (folder.path().join("data"), free_address());
    let start = || Server::start(&data, &["--listen", &address]);
    let server = start();
    let rows: Vec<Value> = (1..=rows(buyers)).map(|row| json!({"id":row.to_string(),"seats":ROW})).collect();
    let seats = rows.len() * ROW;
    let plan = json!({"id":"gig","hold_seconds":SECONDS,"order_seconds":SECONDS,"max_per_buyer":6,
        "categories":[{"id":"floor","price":{"amount":5000,"currency":"EUR"}}],
        "sections":[{"id":"A","category":"floor","rows":rows}]});
    assert_eq!(server.post("/v1/tickets/events", &plan).status, 201);
    let sale = Sale { url: server.url.clone(), buyers, ..Sale::default() };
    let began = Instant::now();
    let server = std::thread::scope(|scope| {
        let mut server = server;
        let watcher = scope.spawn(|| sale.watch());
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| sale.work())).collect();
        for kill in 1..=kills {
            // In the middle of it: seats are being held, ordered and paid.
            let after = seats / 4 * kill / (kills + 1);
            while sale.next.load(Ordering::Relaxed) < after && !workers.iter().any(ScopedJoinHandle::is_finished) {
                std::thread::sleep(Duration::from_millis(1));
            }
            server.kill();
            server = start();
        }
        workers.into_iter().for_each(|worker| worker.join().expect("a buyer is served"));
        sale.is_over.store(true, Ordering::Relaxed);
        watcher.join().expect("it adds up");
        server
    });
    let took = began.elapsed();
    let fates = sale.fates.into_inner().expect("nobody has failed");
    let mut sold = BTreeSet::new();
    let mut bought = 0;
    for fate in &fates {
        if let Fate::Bought(seats) = fate {
            bought += seats.len();
            sold.extend(seats.iter().cloned());
        }
    }
    assert_eq!((fates.len(), bought, sold.len()), (buyers, seats, seats), "none is sold twice, none is left over");
    let shown = server.get("/v1/tickets/events/gig/availability").body;
    assert_eq!(adds_up(&shown), seats as u64, "{shown}");
    // Whoever was told first that it is sold out was told the truth at that place of the log.
    let offset = |position: &String| position.rsplit_once('@').and_then(|(_, at)| at.parse::<u64>().ok()).expect("one");
    let refused = fates.iter().filter_map(|fate| match fate {
        Fate::SoldOut(position) => Some(position),
        _ => None,
    });
    let first = refused.min_by_key(|position| offset(position)).expect("more come than there are seats").clone();
    assert_eq!(adds_up(&then(&server, &first)), seats as u64, "sold out at {first}");
    let sampled = sale.sampled.into_inner().expect("nobody has failed");
    for position in sampled.iter().step_by((sampled.len() / 3).max(1)) {
        adds_up(&then(&server, position));
    }
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", crate::support::text(&verified.stderr));
    let mut holds = sale.holds.into_inner().expect("nobody has failed");
    holds.sort_unstable();
    let at = |percent: usize| holds[(holds.len() - 1) * percent / 100];
    println!(
        "{buyers} buyers, {seats} seats, {kills} kills: sold out in {took:?}, {} holds, p50 {:?}, p99 {:?}; {} samples",
        holds.len(),
        at(50),
        at(99),
        sampled.len()
    );
}

/// What there was at a position.
fn then(server: &Server, position: &str) -> Value {
    eventually("the past state is there", || {
        let answer = server.get(&format!("/v1/tickets/events/gig/availability?at={position}"));
        (answer.status == 200).then_some(answer.body)
    })
}

fn buyers() -> usize {
    number_of("BUYERS").map_or(400, |buyers| usize::try_from(buyers).expect("it fits"))
}

#[test]
fn an_on_sale_storm_sells_every_seat_once() {
    sell(buyers(), 0);
}

#[test]
fn an_on_sale_storm_sells_every_seat_once_though_the_server_is_killed() {
    sell(buyers(), 2);
}
