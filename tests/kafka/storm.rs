//! The cluster test: the systems under load on three nodes and one broker, while nodes are killed, put to sleep and started
//! again and the broker dies, as a seed says. In the end every acknowledged command is in the views once, and what several
//! nodes have of a partition is the same.
//!
//! `STORM_SECONDS` says how long (20), `SEED` repeats a schedule. What the scheduler does is not in the seed.

use super::nodes::{Nodes, settle};
use crate::broker::Broker;
use crate::crash::Chance;
use crate::support::{Answer, Server, eventually, number_of, send_within, signal};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many nodes there are.
const NODES: usize = 3;

/// How long one try of a command may take before it is sent to another node, under the same key.
const TRY: Duration = Duration::from_secs(4);

/// How long a command may be tried.
const PATIENCE: Duration = Duration::from_secs(120);

/// The nodes of the storm; a node that is down has no server.
struct Fleet<'a> {
    nodes: &'a Nodes<'a>,
    running: Vec<Option<Server>>,
}

impl Fleet<'_> {
    fn start(&mut self, node: usize) {
        self.running[node] = Some(self.nodes.start(node));
    }

    fn up(&self) -> Vec<&Server> {
        self.running.iter().flatten().collect()
    }
}

/// One who sends commands to whichever node answers.
struct Sender<'a> {
    urls: &'a [String],
    name: &'a str,
    chance: Chance,
    /// The longest that a command took from its first try to its answer.
    longest: Duration,
    tries: u64,
}

impl Sender<'_> {
    /// Sends until it is acknowledged; the answer.
    fn send(&mut self, method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let began = Instant::now();
        let headers = [&[("idempotency-key", key)], headers].concat();
        loop {
            let url = &self.urls[usize::try_from(self.chance.next() % self.urls.len() as u64).unwrap()];
            let answer = send_within(TRY, &format!("{url}{path}"), method, &headers, body.to_string().into_bytes());
            self.tries += 1;
            match answer {
                // Durable and not applied yet: asked again, it says what came of it. Clicks are acknowledged so.
                Ok(answer) if answer.status == 202 && !path.starts_with("/v1/clicks:") => {}
                Ok(answer) if answer.status < 300 => {
                    self.longest = self.longest.max(began.elapsed());
                    return answer;
                }
                Ok(answer) if [503, 504].contains(&answer.status) => {}
                Ok(answer) => panic!("{}: {method} {path} under {key} is answered with {answer:?}", self.name),
                Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE, "{}: {method} {path} has no answer", self.name);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Prepares a system, sends its commands until told to stop, and says what then must be there.
type Load = fn(&mut Sender<'_>, &AtomicBool, &AtomicU64) -> Check;

/// What must be there in the end: asks a node, and gives what it found and what it should.
type Check = Box<dyn Fn(&Server) -> (Value, Value) + Send>;

/// Sends numbered commands until told to stop; how many were acknowledged: all of them.
fn count(stop: &AtomicBool, sent: &AtomicU64, mut command: impl FnMut(u64)) -> u64 {
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        command(done);
        done += 1;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    done
}

fn leaderboards(sender: &mut Sender<'_>, stop: &AtomicBool, sent: &AtomicU64) -> Check {
    let boards: Vec<_> = (0..4).map(|n| format!("sum-{n}-{}", sender.name)).collect();
    for board in &boards {
        sender.send("POST", "/v1/leaderboards", board, &[], &json!({ "id": board, "operator": "incr" }));
    }
    let name = sender.name.to_owned();
    let mut sums = BTreeMap::new();
    count(stop, sent, |n| {
        let board = &boards[usize::try_from(n % 4).unwrap()];
        let path = format!("/v1/leaderboards/{board}/scores");
        sender.send("POST", &path, &format!("{name}-{n}"), &[], &json!({ "owner": "all", "score": 1 }));
        *sums.entry(board.clone()).or_insert(0) += 1;
    });
    Box::new(move |server| {
        let score = |board: &String| server.get(&format!("/v1/leaderboards/{board}/owners/all")).body["score"].clone();
        (sums.keys().map(score).collect(), sums.values().copied().collect())
    })
}

fn carts(sender: &mut Sender<'_>, stop: &AtomicBool, sent: &AtomicU64) -> Check {
    let name = sender.name.to_owned();
    let item =
        json!({"on_hand":1_000_000,"price":{"amount":1999,"currency":"EUR"},"title":"Tee","max_per_line":1_000_000});
    sender.send("PUT", "/v1/carts/skus/tee", &format!("{name}-sku"), &[], &item);
    let opened =
        sender.send("POST", "/v1/carts", &format!("{name}-{}", "0".repeat(32)), &[], &json!({"currency":"EUR"}));
    let (id, token) = (opened.body["id"].as_str().unwrap(), opened.body["token"].as_str().unwrap());
    let bearer = format!("Bearer {token}");
    let path = format!("/v1/carts/{id}");
    let own = [("authorization", bearer.as_str())];
    let lines = format!("{path}/line-items");
    let added = count(stop, sent, |n| {
        sender.send("POST", &lines, &format!("{name}-{n}"), &own, &json!({"sku":"tee","quantity":1}));
    });
    Box::new(move |server| {
        let cart = server.send("GET", &path, &[("authorization", &bearer)], Vec::new()).unwrap();
        (cart.body["lines"][0]["quantity"].clone(), json!(added))
    })
}

fn tickets(sender: &mut Sender<'_>, stop: &AtomicBool, sent: &AtomicU64) -> Check {
    let name = sender.name.to_owned();
    let gig = json!({"id":name,"hold_seconds":86_400,"max_per_buyer":100,
        "categories":[{"id":"floor","price":{"amount":5000,"currency":"EUR"}}],
        "sections":[{"id":"A","category":"floor","rows":(0..200).map(|row| json!({"id":row.to_string(),"seats":200})).collect::<Value>()}]});
    sender.send("POST", "/v1/tickets/events", &format!("{name}-event"), &[], &gig);
    let mut seats = BTreeSet::new();
    let path = format!("/v1/tickets/events/{name}/holds");
    let held = count(stop, sent, |n| {
        let wanted = json!({"buyer":format!("b{n}"),"best":{"number":1}});
        let hold = sender.send("POST", &path, &format!("{name}-{n}"), &[], &wanted);
        let seat = hold.body["seats"][0].as_str().expect("a seat").to_owned();
        assert!(seats.insert(seat), "{hold:?} is held twice");
    });
    Box::new(move |server| {
        let answer = server.get(&format!("/v1/tickets/events/{name}/availability"));
        (answer.body["categories"][0]["held"].clone(), json!(held))
    })
}

fn feeds(sender: &mut Sender<'_>, stop: &AtomicBool, sent: &AtomicU64) -> Check {
    let name = sender.name.to_owned();
    let own = [("millrace-subject", name.as_str())];
    sender.send("PUT", &format!("/v1/feeds/users/{name}"), &format!("{name}-user"), &[], &json!({ "name": name }));
    let mut ids = BTreeSet::new();
    count(stop, sent, |n| {
        let post = sender.send("POST", "/v1/feeds/posts", &format!("{name}-{n}"), &own, &json!({"text":n.to_string()}));
        ids.insert(post.body["id"].as_str().expect("an id").to_owned());
    });
    let all = name.clone();
    Box::new(move |server| {
        let posts = server.pages(&format!("/v1/feeds/users/{all}/posts?limit=100"), "items");
        let mut found: Vec<_> = posts.iter().map(|post| post["id"].as_str().expect("an id").to_owned()).collect();
        found.sort();
        (json!(found), json!(ids))
    })
}

fn clicks(sender: &mut Sender<'_>, stop: &AtomicBool, sent: &AtomicU64) -> Check {
    let name = sender.name.to_owned();
    let campaign = json!({"currency":"EUR","price_micros":250_000,"dedupe_seconds":1});
    sender.send("PUT", &format!("/v1/clicks/campaigns/{name}"), &format!("{name}-c"), &[], &campaign);
    let ad = json!({"campaign":name,"placement":"home","target":"https://shop.example/"});
    sender.send("PUT", &format!("/v1/clicks/ads/{name}"), &format!("{name}-a"), &[], &ad);
    let hour = millrace_topics::time::Time(millrace_topics::time::Time::now().0 / 3_600_000 * 3_600_000 - 3_600_000);
    let clicked = count(stop, sent, |n| {
        let ip = format!("10.{}.{}.7", n / 250 % 250, n % 250);
        let click = json!({"click_id":format!("{name}-{n}"),"ad":name,"visitor":format!("v{n}"),"ip":ip,
            "user_agent":"Mozilla/5.0","time":hour.plus(n * 10).to_string()});
        // A batch is answered item by item: one that failed, because its ad or its log was out of reach, is sent again.
        let (key, batch) = (format!("{name}-{n}"), json!({ "clicks": [click] }));
        let mut status = json!("failed");
        while status == "failed" {
            status = sender.send("POST", "/v1/clicks:batch", &key, &[], &batch).body["results"][0]["status"].take();
        }
        assert!(["accepted", "duplicate", "queued"].contains(&status.as_str().unwrap()), "{status}");
    });
    Box::new(move |server| {
        let path = format!("/v1/clicks/reconcile?ad={name}&hour={hour}");
        let found = server.get(&path);
        let figures = ["raw", "rolled_up", "in_flight", "difference"].map(|name| found.body[name].clone());
        (json!(figures), json!([clicked, clicked, 0, 0]))
    })
}

const LOADS: [(&str, Load); 5] =
    [("leaders", leaderboards), ("carts", carts), ("tickets", tickets), ("feeds", feeds), ("clicks", clicks)];

/// What is done to the cluster next.
fn strike(fleet: &mut Fleet<'_>, broker: &Broker, chance: &mut Chance) -> String {
    let node = usize::try_from(chance.next() % NODES as u64).unwrap();
    let rest = Duration::from_millis(500 + chance.next() % 2500);
    match chance.next() % 5 {
        0 | 1 => {
            fleet.running[node].take().expect("it runs").kill();
            std::thread::sleep(rest);
            fleet.start(node);
            format!("node {node} killed, started after {rest:?}")
        }
        2 => {
            let pid = fleet.running[node].as_ref().expect("it runs").pid();
            signal(pid, "STOP");
            std::thread::sleep(rest * 2);
            signal(pid, "CONT");
            format!("node {node} asleep for {:?}", rest * 2)
        }
        3 => {
            fleet.running[node].take().expect("it runs").stop();
            std::thread::sleep(rest);
            fleet.start(node);
            format!("node {node} stopped, started after {rest:?}")
        }
        _ => {
            broker.act("kill");
            std::thread::sleep(rest);
            broker.act("restart");
            format!("the broker killed, started after {rest:?}")
        }
    }
}

#[test]
fn whatever_dies_nothing_acknowledged_is_lost_or_done_twice() {
    let seconds = number_of("STORM_SECONDS").unwrap_or(20);
    let seed = number_of("SEED").unwrap_or(1);
    println!("seed {seed}");
    let broker = Broker::start("storm");
    let folder = tempfile::tempdir().unwrap();
    let nodes = Nodes::new(broker.cluster("storm"), folder.path(), NODES, &["--standbys", "1"]);
    let mut fleet = Fleet { nodes: &nodes, running: (0..NODES).map(|node| Some(nodes.start(node))).collect() };
    settle(&fleet.up());
    let urls: Vec<_> = fleet.up().iter().map(|server| server.url.clone()).collect();
    let (stop, sent, checks) = (AtomicBool::new(false), AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for (index, (name, load)) in LOADS.into_iter().enumerate() {
            let (urls, stop, sent, checks) = (&urls, &stop, &sent, &checks);
            scope.spawn(move || {
                let chance = Chance(seed ^ (index as u64 + 1) << 32);
                let mut sender = Sender { urls, name, chance, longest: Duration::ZERO, tries: 0 };
                let check = load(&mut sender, stop, sent);
                println!("{name}: {} tries, the longest command took {:?}", sender.tries, sender.longest);
                checks.lock().unwrap().push((name, check));
            });
        }
        let _end = Ending(&stop);
        let mut chance = Chance(seed);
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            let before = sent.load(Ordering::Relaxed);
            let struck = strike(&mut fleet, &broker, &mut chance);
            println!("{struck}; {} commands meanwhile", sent.load(Ordering::Relaxed) - before);
            std::thread::sleep(Duration::from_millis(chance.next() % 2000));
        }
    });
    println!("{} commands in all", sent.load(Ordering::Relaxed));
    let up = fleet.up();
    settle(&up);
    for (name, check) in checks.into_inner().unwrap() {
        for node in &up {
            let mut last = (Value::Null, Value::Null);
            eventually(&format!("{name}: what was acknowledged is there once"), || {
                let (found, wanted) = check(node);
                if last != (found.clone(), wanted.clone()) {
                    println!("{name}: {found} of {wanted}");
                    last = (found, wanted);
                }
                (last.0 == last.1).then_some(())
            });
        }
    }
    events_are_said(&nodes, &up);
    copies_are_equal(&up);
    for node in &up {
        let verified = nodes.cluster.cli(node, &["verify", "--keys", &nodes.keys()]);
        assert!(verified.status.success(), "{verified:?}");
    }
}

/// Every command that a partition accepted has its event, whoever answered for the partition when: none is lost where it
/// went from node to node. The same one may be there twice, under the same id.
fn events_are_said(nodes: &Nodes<'_>, up: &[&Server]) {
    let mut found = (0, 0, 0);
    eventually(&format!("an event for each accepted command, of {found:?}"), || {
        let accepted = up.iter().flat_map(|node| {
            let lines = node.get("/v1/cluster").body;
            let own = |line: &&Value| line["machine"] == "leaderboards" && line["holds"] == true;
            let lines = lines.as_array().unwrap().iter().filter(own);
            lines.map(|line| line["counters"]["accepted"].as_u64().unwrap()).collect::<Vec<_>>()
        });
        let accepted: u64 = accepted.sum();
        let all = nodes.cluster.read("leaderboards.events");
        let ids: BTreeSet<_> = all.iter().map(|seen| seen.value["id"].to_string()).collect();
        found = (accepted, ids.len() as u64, all.len() as u64);
        (found.0 == found.1).then_some(())
    });
    println!("{} events for {} commands, {} of them repeated", found.1, found.0, found.2 - found.1);
}

/// Ends the load, also where a strike fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What several nodes have of a partition at the same position has the same digest, and there is such a position.
fn copies_are_equal(nodes: &[&Server]) {
    let mut compared = BTreeSet::new();
    let mut seen: BTreeMap<(String, u64, u64), String> = BTreeMap::new();
    eventually("several copies of every partition at one position", || {
        for (index, node) in nodes.iter().enumerate() {
            let lines = node.get("/v1/cluster").body;
            for line in lines.as_array().expect("a list") {
                let place = (line["machine"].as_str().unwrap().to_owned(), line["partition"].as_u64().unwrap());
                let key = (place.0.clone(), place.1, line["next"].as_u64().unwrap());
                let digest = line["digest"].as_str().unwrap().to_owned();
                match seen.get(&key) {
                    Some(other) if other.ends_with(&format!(" {index}")) => {}
                    Some(other) => {
                        let other = other.split(' ').next().unwrap();
                        assert_eq!(other, digest, "{key:?} of {}", node.url);
                        compared.insert(place);
                    }
                    None => drop(seen.insert(key, format!("{digest} {index}"))),
                }
            }
        }
        let all: BTreeSet<_> = seen.keys().map(|(machine, partition, _)| (machine.clone(), *partition)).collect();
        (compared.len() == all.len()).then_some(())
    });
    println!("{} partitions have equal copies", compared.len());
}
