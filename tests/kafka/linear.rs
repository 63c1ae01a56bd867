//! What single keys promise, from recorded histories while nodes die: commands, and reads with `Millrace-Read: latest`, are
//! linearisable, and a plain read is the state at the position that it names. An existing checker (porcupine) judges.
//!
//! `LINEAR_SECONDS` says how long (10), `SEED` repeats what is asked.

use super::nodes::{Nodes, settle};
use crate::broker;
use crate::crash::Chance;
use crate::support::{Answer, Server, number_of, send_within, signal};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 6;
const KEYS: u64 = 3;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(3);

/// How long a command is tried under its key until it is left open.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the clients saw.
#[derive(Default)]
struct History {
    /// For the checker.
    operations: Vec<Value>,
    /// Additions: key and offset.
    additions: Vec<(String, u64)>,
    /// Plain reads: key, offset of the answer and what it was.
    plain: Vec<(String, u64, u64)>,
}

struct Client<'a> {
    urls: &'a [String],
    number: u64,
    chance: Chance,
    start: Instant,
    history: &'a Mutex<History>,
}

impl Client<'_> {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap() + 1
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Option<Answer> {
        let url = &self.urls[usize::try_from(self.chance.next() % self.urls.len() as u64).unwrap()];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = send_within(TRY, &format!("{url}{path}"), method, headers, body).ok()?;
        (answer.status != 503 && answer.status != 504 && answer.status != 202).then_some(answer)
    }

    fn add(&mut self, n: u64) {
        let key = self.key();
        let idempotency = format!("{}-{n}", self.number);
        let call = self.now();
        let until = Instant::now() + PATIENCE;
        let answer = loop {
            let body = json!({ "owner": key, "score": 1 });
            match self.ask("POST", "/v1/leaderboards/lin/scores", &[("idempotency-key", &idempotency)], &body) {
                Some(answer) => break answer,
                None => assert!(Instant::now() < until, "{idempotency} has no answer"),
            }
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        let (score, offset) = (answer.body["score"].as_u64().unwrap(), offset(&answer));
        let done = self.now();
        let operation =
            json!({"Client":self.number,"Key":key,"Add":true,"Value":1,"Result":score,"Call":call,"Return":done});
        let mut history = self.history.lock().unwrap();
        history.operations.push(operation);
        history.additions.push((key, offset));
    }

    fn read(&mut self, latest: bool) {
        let key = self.key();
        let headers: &[(&str, &str)] = if latest { &[("millrace-read", "latest")] } else { &[] };
        let call = self.now();
        let Some(answer) = self.ask("GET", &format!("/v1/leaderboards/lin/owners/{key}"), headers, &Value::Null) else {
            return;
        };
        let done = self.now();
        // Who has no score yet is not on the board; that answer names no position.
        let score = if answer.status == 404 { 0 } else { answer.body["score"].as_u64().unwrap() };
        let mut history = self.history.lock().unwrap();
        if latest {
            let operation = json!({"Client":self.number,"Key":key,"Result":score,"Call":call,"Return":done});
            history.operations.push(operation);
        } else if answer.status == 200 {
            history.plain.push((key, offset(&answer), score));
        }
    }

    fn key(&mut self) -> String {
        format!("k{}", self.chance.next() % KEYS)
    }
}

fn offset(answer: &Answer) -> u64 {
    let position = answer.header("millrace-position").expect("it names its position");
    position.rsplit_once('@').expect("an offset").1.parse().expect("a number")
}

/// Kills, puts to sleep and starts the nodes in turn until the time is over.
fn strike(nodes: &Nodes<'_>, running: &mut [Option<Server>], chance: &mut Chance, until: Instant) {
    while Instant::now() < until {
        let node = usize::try_from(chance.next() % running.len() as u64).unwrap();
        let rest = Duration::from_millis(2500 + chance.next() % 1500);
        if chance.next().is_multiple_of(2) {
            running[node].take().expect("it runs").kill();
            std::thread::sleep(rest);
            running[node] = Some(nodes.start(node));
        } else {
            let pid = running[node].as_ref().expect("it runs").pid();
            signal(pid, "STOP");
            std::thread::sleep(rest);
            signal(pid, "CONT");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

#[test]
fn single_keys_are_linearisable_while_nodes_die() {
    let seed = number_of("SEED").unwrap_or(1);
    let seconds = number_of("LINEAR_SECONDS").unwrap_or(10);
    let folder = tempfile::tempdir().unwrap();
    let nodes = Nodes::new(broker::shared().cluster("linear"), folder.path(), 3, &["--standbys", "1"]);
    let mut running: Vec<_> = (0..3).map(|node| Some(nodes.start(node))).collect();
    settle(&running.iter().flatten().collect::<Vec<_>>());
    let urls: Vec<_> = running.iter().flatten().map(|server| server.url.clone()).collect();
    let made = running[0].as_ref().unwrap().post("/v1/leaderboards", &json!({ "id": "lin", "operator": "incr" }));
    assert_eq!(made.status, 201, "{made:?}");
    let (stop, history, start) = (AtomicBool::new(false), Mutex::default(), Instant::now());
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (urls, stop, history) = (&urls, &stop, &history);
            scope.spawn(move || {
                let chance = Chance(seed ^ (number + 1) << 32);
                let mut client = Client { urls, number, chance, start, history };
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    match client.chance.next() % 4 {
                        0 => client.add(n),
                        1 => client.read(false),
                        _ => client.read(true),
                    }
                    std::thread::sleep(Duration::from_millis(client.chance.next() % 20));
                }
            });
        }
        let end = Ending(&stop);
        strike(&nodes, &mut running, &mut Chance(seed), Instant::now() + Duration::from_secs(seconds));
        drop(end);
    });
    let history = history.into_inner().unwrap();
    plain_reads_are_prefixes(&history);
    judge(&history);
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A plain read has exactly what was added up to the position that it names.
fn plain_reads_are_prefixes(history: &History) {
    for (key, offset, score) in &history.plain {
        let added = history.additions.iter().filter(|(other, at)| other == key && at <= offset).count();
        assert_eq!(*score, added as u64, "{key} read at {offset}");
    }
    println!("{} plain reads are prefixes of {} additions", history.plain.len(), history.additions.len());
}

fn judge(history: &History) {
    let folder = format!("{}/tests/kafka/linear", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let mut go = Command::new("go");
    go.args(["run", "."]).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut checker = go.spawn().expect("go is missing; on Debian: sudo apt-get install golang-go");
    let mut input = checker.stdin.take().expect("it is piped");
    for operation in &history.operations {
        writeln!(input, "{operation}").unwrap();
    }
    drop(input);
    let judged = checker.wait_with_output().unwrap();
    println!("{}", String::from_utf8_lossy(&judged.stdout));
    assert!(judged.status.success(), "the history is not linearisable");
}
