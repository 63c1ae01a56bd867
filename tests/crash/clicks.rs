//! The crash test of clicks: batches and redirects while the program is killed with -9; every click that was acknowledged
//! is counted exactly once, and raw log, rollups and lists agree.

use super::{Chance, kill_while_it_starts, load_and_kill, start_with, verify};
use crate::support::{Answer, Server, eventually, number_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const CLIENTS: u64 = 4;

/// One of them is spread over shards.
const ADS: [(&str, u16); 3] = [("north", 1), ("south", 8), ("west", 1)];

const TARGET: &str = "https://shop.example/";

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";

struct Client {
    chance: Chance,
    number: u64,
    sent: u64,
    /// Clicks without an answer: they go again, under their ids.
    pending: Option<Vec<Value>>,
    acknowledged: BTreeSet<String>,
    /// Redirects without an answer: each may be in the log, under an id that nobody knows.
    unknown: u64,
}

impl Client {
    fn new(seed: u64, number: u64) -> Self {
        let chance = Chance(seed ^ (number + 77) << 32);
        Self { chance, number, sent: 0, pending: None, acknowledged: BTreeSet::new(), unknown: 0 }
    }

    fn ad(&mut self) -> &'static str {
        ADS[usize::try_from(self.chance.below(ADS.len() as u64)).unwrap()].0
    }

    fn invent(&mut self) -> Vec<Value> {
        let count = 1 + self.chance.below(12);
        let click = |_| {
            self.sent += 1;
            json!({
                "click_id": format!("k{}-{}", self.number, self.sent), "ad": self.ad(),
                "visitor": format!("v{}", self.chance.below(50)), "ip": format!("10.0.{}.1", self.chance.below(40)),
                "user_agent": BROWSER,
            })
        };
        (0..count).map(click).collect()
    }

    /// Sends until the server is gone.
    fn load(&mut self, server: &Server, killed: &AtomicBool) {
        loop {
            let went =
                if self.pending.is_none() && self.chance.one_in(3) { self.follow(server) } else { self.send(server) };
            if let Err(error) = went {
                assert!(killed.load(Ordering::Acquire), "the server was alive, but: {error}");
                return;
            }
        }
    }

    /// Sends a batch, the one without an answer first. Some of those with an answer go again.
    fn send(&mut self, server: &Server) -> Result<(), String> {
        let clicks = self.pending.take().unwrap_or_else(|| self.invent());
        let answer = server.send("POST", "/v1/clicks:batch", &[], json!({ "clicks": clicks }).to_string().into_bytes());
        let results = match &answer {
            Ok(Answer { status: 202, body, .. }) => body["results"].as_array().expect("one for each").clone(),
            Ok(Answer { status: 503 | 504 | 429, .. }) | Err(_) => Vec::new(),
            Ok(answer) => panic!("{answer:?}"),
        };
        let is_taken = |result: &Value| ["accepted", "duplicate"].contains(&result["status"].as_str().unwrap());
        let taken = results.iter().filter(|result| is_taken(result)).map(|result| result["click_id"].as_str().unwrap());
        self.acknowledged.extend(taken.map(str::to_owned));
        let is_whole = !results.is_empty() && results.iter().all(is_taken);
        self.pending = (!is_whole || self.chance.one_in(10)).then_some(clicks);
        answer.map(drop)
    }

    fn follow(&mut self, server: &Server) -> Result<(), String> {
        let (ad, cookie) = (self.ad(), format!("millrace_visitor=r{}", self.chance.below(1000)));
        let address = format!("10.1.{}.1", self.chance.below(40));
        let headers = [("user-agent", BROWSER), ("cookie", &cookie), ("x-forwarded-for", &address)];
        let answer = server.send("GET", &format!("/c/{ad}"), &headers, Vec::new());
        let Ok(answer) = &answer else {
            self.unknown += 1;
            return answer.map(drop);
        };
        assert_eq!(answer.status, 302, "{answer:?}");
        // Without an id it is not recorded, surely or perhaps.
        match answer.header("location").unwrap().strip_prefix(TARGET).and_then(|rest| rest.strip_prefix("?click_id=")) {
            Some(id) => drop(self.acknowledged.insert(id.to_owned())),
            None => self.unknown += 1,
        }
        Ok(())
    }
}

/// A batch needs one place for each partition.
fn start(data: &Path, chance: &mut Chance) -> Server {
    start_with(data, ["40", "65536"], chance)
}

fn define(server: &Server) {
    let put = |path: &str, body: Value| {
        let answer = eventually("it is defined", || {
            let answer = server.send("PUT", path, &[], body.to_string().into_bytes()).unwrap();
            (![429, 503].contains(&answer.status)).then_some(answer)
        });
        assert!([200, 201].contains(&answer.status), "{answer:?}");
    };
    put("/v1/clicks/campaigns/kills", json!({"currency":"EUR","price_micros":10,"dedupe_seconds":60}));
    for (ad, shards) in ADS {
        put(
            &format!("/v1/clicks/ads/{ad}"),
            json!({"campaign":"kills","placement":"p","target":TARGET,"shards":shards}),
        );
    }
}

#[test]
fn every_acknowledged_click_is_counted_once_in_a_crash() {
    let kills = number_of("KILLS").unwrap_or(50) / 3;
    let seed = number_of("SEED").unwrap_or(11);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut chance = Chance(seed);
    let mut clients: Vec<_> = (0..CLIENTS).map(|number| Client::new(seed, number)).collect();
    let began = millrace_topics::time::Time::now().0;
    define(&start(&data, &mut chance));
    for _ in 0..kills {
        if chance.one_in(5) {
            kill_while_it_starts(&data, chance.millis(1, 60));
            continue;
        }
        load_and_kill(start(&data, &mut chance), &mut clients, Client::load, &mut chance);
    }
    let server = start(&data, &mut chance);
    for client in &mut clients {
        while client.pending.is_some() {
            client.send(&server).unwrap();
        }
    }
    compare(&server, &clients, began);
    drop(server);
    verify(&data, "clicks", &mut chance);
}

/// Holds what the clients were told against lists, rollups and the raw log.
fn compare(server: &Server, clients: &[Client], began: u64) {
    const HOUR: u64 = 3_600_000;
    let hours: Vec<_> = (began / HOUR..=millrace_topics::time::Time::now().0 / HOUR).map(|hour| hour * HOUR).collect();
    let mut listed = BTreeSet::new();
    for (ad, _) in ADS {
        for hour in hours.iter().map(|hour| millrace_topics::time::Time(*hour)) {
            let reconciled = eventually("nothing is on its way any more", || {
                let answer = server.get(&format!("/v1/clicks/reconcile?ad={ad}&hour={hour}"));
                assert_eq!(answer.status, 200, "{answer:?}");
                assert_eq!(answer.body["difference"], 0, "{answer:?}");
                (answer.body["in_flight"] == 0).then_some(answer.body)
            });
            let clicks = server.pages(&format!("/v1/clicks?ad={ad}&hour={hour}&limit=1000"), "clicks");
            assert_eq!(reconciled["rolled_up"], clicks.len(), "{ad} {hour}: {reconciled}");
            for click in clicks {
                let id = click["click_id"].as_str().unwrap().to_owned();
                assert!(listed.insert(id.clone()), "{id} is there twice");
            }
        }
    }
    let acknowledged: BTreeSet<String> =
        clients.iter().flat_map(|client| client.acknowledged.iter().cloned()).collect();
    let lost: Vec<_> = acknowledged.difference(&listed).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let unknown: u64 = clients.iter().map(|client| client.unknown).sum();
    let strangers: Vec<_> = listed.difference(&acknowledged).collect();
    assert!(strangers.len() as u64 <= unknown, "{unknown} redirects had no answer, but nobody knows {strangers:?}");
    println!(
        "{} clicks were acknowledged, {} are counted, {unknown} redirects had no answer",
        acknowledged.len(),
        listed.len()
    );
    assert!(acknowledged.len() > 100, "too little was asked to show anything");
}
