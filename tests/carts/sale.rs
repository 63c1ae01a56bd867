//! A flash sale: many buyers for a few units, each of whom opens a cart, checks out, pays and completes, as fast as the
//! server lets them. Whoever is refused goes home; whoever is not gets an order. `BUYERS` says how many come.

use crate::support::{Answer, DEADLINE, Server, number_of, send};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How many buyers ask at the same time.
const AT_ONCE: usize = 32;

/// For so many buyers there is one unit.
const A_UNIT_FOR: usize = 10;

/// But there are no more than these.
const MOST_UNITS: usize = 100;

/// How one buyer fared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ordered,
    SoldOut,
}

struct Sale {
    url: String,
    next: AtomicUsize,
    buyers: usize,
    fates: Mutex<Vec<(Fate, Duration)>>,
}

impl Sale {
    /// Asks until there is a final answer: under its key, so that it takes effect once whatever happens meanwhile.
    fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let until = Instant::now() + DEADLINE;
        loop {
            let headers = [("idempotency-key", key)];
            let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            let answer = send(&format!("{}{path}", self.url), "POST", &headers, body);
            match answer {
                Ok(answer) if ![202, 429, 503, 504].contains(&answer.status) => return answer,
                other => assert!(Instant::now() < until, "{path}: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn buy(&self, buyer: usize) -> Fate {
        let step = |name: &str, path: &str, body: &Value| self.post(path, &format!("{name}-{buyer}"), body);
        let opened = step("open", "/v1/carts", &json!({"currency":"EUR"}));
        assert_eq!(opened.status, 201, "{opened:?}");
        let cart = opened.body["id"].as_str().expect("an id");
        let path = |end: &str| format!("/v1/carts/{cart}/{end}");
        let added = step("add", &path("line-items"), &json!({"sku":"tee","quantity":1}));
        if added.code() == "insufficient_stock" {
            return Fate::SoldOut;
        }
        assert_eq!(added.status, 200, "{added:?}");
        let checked_out = step("checkout", &path("checkout"), &json!({}));
        if checked_out.code() == "insufficient_stock" {
            return Fate::SoldOut;
        }
        assert_eq!(checked_out.status, 200, "{checked_out:?}");
        // The provider says it twice, as providers do.
        for name in ["pay", "pay-again"] {
            let body = json!({"cart":cart,"type":"captured","amount":1999});
            let paid = step(name, &format!("/v1/carts/payments/p{buyer}/events"), &body);
            assert_eq!((paid.status, &paid.body["state"]), (200, &json!("captured")), "{paid:?}");
        }
        let completed = step("complete", &path("complete"), &Value::Null);
        assert_eq!((completed.status, &completed.body["type"]), (200, &json!("order")), "{completed:?}");
        Fate::Ordered
    }

    fn work(&self) {
        loop {
            let buyer = self.next.fetch_add(1, Ordering::Relaxed);
            if buyer >= self.buyers {
                return;
            }
            let began = Instant::now();
            let fate = self.buy(buyer);
            self.fates.lock().expect("nobody has failed").push((fate, began.elapsed()));
        }
    }
}

/// A port that nobody listens on.
pub(super) fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").to_string()
}

/// Runs a sale; `kills` says how often the server is killed meanwhile.
fn sell(buyers: usize, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = (folder.path().join("data"), free_address());
    let start = || Server::start(&data, &["--listen", &address]);
    let server = start();
    let units = (buyers / A_UNIT_FOR).min(MOST_UNITS);
    let tee = json!({"on_hand":units,"price":{"amount":1999,"currency":"EUR"}});
    let made = server.send("PUT", "/v1/carts/skus/tee", &[], tee.to_string().into_bytes());
    assert_eq!(made.expect("the server answers").status, 201);
    let sale = Sale { url: server.url.clone(), next: AtomicUsize::new(0), buyers, fates: Mutex::default() };
    let began = Instant::now();
    let server = std::thread::scope(|scope| {
        let mut server = server;
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| sale.work())).collect();
        for kill in 1..=kills {
            // In the middle of it: units are being reserved, paid and ordered.
            let after = (buyers * kill / (kills + 1)).min(units * kill / kills);
            while sale.next.load(Ordering::Relaxed) < after && !workers.iter().any(ScopedJoinHandle::is_finished) {
                std::thread::sleep(Duration::from_millis(1));
            }
            server.kill();
            server = start();
        }
        workers.into_iter().for_each(|worker| worker.join().expect("a buyer is served"));
        server
    });
    let took = began.elapsed();
    let mut fates = sale.fates.into_inner().expect("nobody has failed");
    let ordered = fates.iter().filter(|(fate, _)| *fate == Fate::Ordered).count();
    assert_eq!((fates.len(), ordered), (buyers, units), "none is oversold, none is left over");
    super::stock_is(&server, "tee", &json!({"on_hand":units,"available":0,"reserved":0,"committed":units}));
    let verified = server.cli(&["verify", "carts"]);
    assert!(verified.status.success(), "{}", crate::support::text(&verified.stderr));
    fates.sort_by_key(|(_, took)| *took);
    let at = |percent: usize| fates[(fates.len() - 1) * percent / 100].1;
    println!("{buyers} buyers, {units} units, {kills} kills: {took:?}; a buyer p50 {:?}, p99 {:?}", at(50), at(99));
}

pub(super) fn buyers() -> usize {
    number_of("BUYERS").map_or(300, |buyers| usize::try_from(buyers).expect("it fits"))
}

#[test]
fn a_flash_sale_sells_every_unit_once() {
    sell(buyers(), 0);
}

#[test]
fn a_flash_sale_sells_every_unit_once_though_the_server_is_killed() {
    sell(buyers(), 2);
}
