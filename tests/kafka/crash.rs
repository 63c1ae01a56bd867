//! A small crash test on Kafka: server and broker are killed under load, and every acknowledged command is looked up.

use super::{Value, json};
use crate::broker::{Broker, free_port};
use crate::support::{self, Answer, Server};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

const CLIENTS: usize = 4;

/// What a client knows about one command; each has an owner, a key and a score of its own.
#[derive(Debug)]
enum Told {
    /// 200, with the position and the body.
    Done(Answer),
    /// 503: it is surely not in the log.
    Refused,
    /// 202, 504, or no answer.
    Unknown,
}

struct Load {
    url: String,
    stop: AtomicBool,
    done: AtomicUsize,
    told: Mutex<BTreeMap<(usize, i64), Told>>,
}

impl Load {
    fn send(&self, client: usize, n: i64) -> Result<Answer, String> {
        let (key, owner) = (format!("key-{client}-{n}"), format!("owner-{client}-{n}"));
        let url = format!("{}/v1/leaderboards/weekly/scores", self.url);
        let body = json!({ "owner": owner, "score": n + 1 }).to_string().into_bytes();
        support::send(&url, "POST", &[("idempotency-key", &key)], body)
    }

    fn run(&self, client: usize) {
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let told = match self.send(client, n) {
                Ok(answer) if answer.status == 200 => Told::Done(answer),
                Ok(answer) if answer.status == 503 => Told::Refused,
                Ok(answer) if [202, 504].contains(&answer.status) => Told::Unknown,
                Ok(answer) => panic!("{client}-{n}: {answer:?}"),
                Err(_) => Told::Unknown,
            };
            match told {
                Told::Done(_) => _ = self.done.fetch_add(1, Ordering::Relaxed),
                // Nobody may be there for a while.
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
            self.told.lock().unwrap().insert((client, n), told);
        }
    }

    /// Waits until so many more commands are acknowledged.
    fn progress(&self, more: usize) {
        let from = self.done.load(Ordering::Relaxed);
        support::eventually("acknowledged commands", || {
            (self.done.load(Ordering::Relaxed) >= from + more).then_some(())
        });
    }
}

/// A random number generator that a printed seed repeats.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |since| since.as_secs());
        let given = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or(now);
        println!("SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Every owner's score, page by page.
fn scores(server: &Server) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    let mut path = "/v1/leaderboards/weekly/entries?limit=1000".to_owned();
    loop {
        let answer = server.get(&path);
        all.extend(super::ranking(&answer));
        match answer.body["cursor"].as_str() {
            Some(cursor) => path = format!("/v1/leaderboards/weekly/entries?limit=1000&cursor={cursor}"),
            None => return all,
        }
    }
}

/// Acknowledged once is there once, refused is not, and a retry with the key settles the rest.
fn check(server: &Server, load: &Load) {
    let told = load.told.lock().unwrap();
    let there = scores(server);
    let mut counts = [0; 3];
    for ((client, n), told) in told.iter() {
        let found = there.get(&format!("owner-{client}-{n}"));
        match told {
            Told::Done(_) => assert_eq!(found, Some(&(n + 1)), "{client}-{n} was acknowledged"),
            Told::Refused => assert_eq!(found, None, "{client}-{n} was refused with 503"),
            Told::Unknown => assert!(found.is_none_or(|score| *score == n + 1), "{client}-{n}: {found:?}"),
        }
        counts[usize::from(!matches!(told, Told::Done(_))) + usize::from(matches!(told, Told::Unknown))] += 1;
    }
    println!("{} acknowledged, {} refused, {} unknown", counts[0], counts[1], counts[2]);
    for ((client, n), told) in told.iter() {
        match told {
            Told::Done(first) if n % 10 == 0 => check_acknowledged(server, load, *client, *n, first),
            Told::Unknown => assert_eq!(load.send(*client, *n).unwrap().status, 200),
            Told::Done(_) | Told::Refused => {}
        }
    }
    let settled = scores(server);
    for ((client, n), told) in told.iter().filter(|(_, told)| matches!(told, Told::Unknown)) {
        assert_eq!(settled.get(&format!("owner-{client}-{n}")), Some(&(n + 1)), "{told:?}, and sent again");
    }
}

fn check_acknowledged(server: &Server, load: &Load, client: usize, n: i64, first: &Answer) {
    let again = load.send(client, n).unwrap();
    assert_eq!((again.status, &again.body), (200, &first.body), "{client}-{n}");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let position = first.header("millrace-position").unwrap();
    assert_eq!(again.header("millrace-position"), Some(position));
    let mut outcome: Value = server.get(&format!("/v1/outcomes/{position}")).body;
    // The route names the submission by its position; the outcome does not repeat where it was asked for.
    outcome["submission"] = position.trim_start_matches("leaderboards/").into();
    assert_eq!(outcome, first.body, "{position}");
}

#[test]
fn crash_kafka() {
    let broker = Broker::start("crash");
    let cluster = broker.cluster("crash");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let address = format!("127.0.0.1:{}", free_port());
    let start = || Server::start(&data, &cluster.with(&["--listen", &address]));
    let mut dice = Dice::new();
    let mut server = start();
    // Sums show what was applied twice.
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "weekly", "operator": "incr" })).status, 201);
    let load = Load {
        url: server.url.clone(),
        stop: AtomicBool::new(false),
        done: AtomicUsize::new(0),
        told: Mutex::default(),
    };
    let began = Instant::now();
    let server = std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let load = &load;
            scope.spawn(move || load.run(client));
        }
        // Where this fails the clients must end too.
        let end = Stopping(&load.stop);
        for round in 0..5 {
            load.progress(40 + usize::try_from(dice.below(200)).unwrap());
            match round {
                0 | 2 => {
                    server.kill();
                    server = start();
                }
                1 => {
                    broker.act("kill");
                    broker.act("restart");
                }
                3 => {
                    server.kill();
                    broker.act("kill");
                    broker.act("restart");
                    server = start();
                }
                _ => {}
            }
        }
        drop(end);
        server.kill();
        start()
    });
    println!("4 kills of the server and 2 of the broker in {:?}", began.elapsed());
    check(&server, &load);
    super::verify(&cluster, &server);
}

struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
