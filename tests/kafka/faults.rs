//! A broker that dies and one that hangs: nothing that was refused took effect, reads go on, and it recovers by itself.

use super::{entries, fill, ranking};
use crate::broker::Broker;
use crate::support::{Answer, Server, eventually};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// How many clients write at the same time.
const CLIENTS: usize = 8;
/// How long an append may take before it is given up, and what comes on top.
const APPEND: Duration = Duration::from_secs(15);

/// What became of each owner's only score.
type Outcomes = BTreeMap<String, Answer>;

/// Writes from several clients while `during` runs, each owner once.
fn under_load(server: &Server, name: &str, during: impl FnOnce(&mpsc::Receiver<Answer>)) -> Outcomes {
    let (stop, outcomes) = (AtomicBool::new(false), Mutex::new(Outcomes::new()));
    let (sender, answers) = mpsc::channel();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (stop, outcomes, sender) = (&stop, &outcomes, sender.clone());
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let owner = format!("{name}-{client}-{n}");
                    let began = Instant::now();
                    let answer = super::submit(server, "weekly", &owner, 1);
                    assert!(began.elapsed() < APPEND, "{answer:?} took {:?}", began.elapsed());
                    drop(sender.send(answer.clone()));
                    outcomes.lock().unwrap().insert(owner, answer);
                }
            });
        }
        // Also where `during` fails the clients must end.
        let end = Ending(&stop);
        during(&answers);
        drop(end);
    });
    outcomes.into_inner().unwrap()
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits for so many answers of this status, whatever comes between.
fn await_status(answers: &mpsc::Receiver<Answer>, status: &[u16], mut count: usize) {
    while count > 0 {
        let answer = answers.recv_timeout(crate::support::DEADLINE);
        let answer = answer.unwrap_or_else(|_| panic!("no answer with {status:?}"));
        count -= usize::from(status.contains(&answer.status));
    }
}

fn reads_go_on(server: &Server) {
    let began = Instant::now();
    let answer = entries(server, "weekly");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(ranking(&answer).contains(&("ada".to_owned(), 5)));
    let at = answer.header("millrace-position").unwrap();
    let again = server.send("GET", "/v1/leaderboards/weekly", &[("millrace-min-position", at)], Vec::new()).unwrap();
    assert_eq!(again.status, 200, "{again:?}");
    assert!(began.elapsed() < Duration::from_secs(2), "reads took {:?}", began.elapsed());
}

/// 200 and 202 are there, 503 is not, 504 may be; and there is nothing else.
fn check(server: &Server, outcomes: &Outcomes) {
    let mut counts = BTreeMap::new();
    for (owner, answer) in outcomes {
        let found = server.get(&format!("/v1/leaderboards/weekly/owners/{owner}")).status;
        match (answer.status, answer.code(), found) {
            (200 | 202, _, 200) | (503, "unavailable" | "overloaded", 404) | (504, "outcome_unknown", 200 | 404) => {}
            wrong => panic!("{owner}: {wrong:?} after {answer:?}"),
        }
        *counts.entry((answer.status, found)).or_insert(0) += 1;
    }
    println!("(answer, read afterwards): how many: {counts:?}");
}

#[test]
fn a_broker_that_dies_or_hangs_loses_nothing_and_all_goes_on() {
    let broker = Broker::start("faults");
    let cluster = broker.cluster("faults");
    let folder = tempfile::tempdir().unwrap();
    let server = cluster.serve(&folder.path().join("data"));
    fill(&server, "weekly", &[("ada", 5)]);

    let outcomes = under_load(&server, "dead", |answers| {
        await_status(answers, &[200], 50);
        broker.act("kill");
        reads_go_on(&server);
        await_status(answers, &[503, 504], CLIENTS);
        reads_go_on(&server);
        assert_eq!(server.get("/health/live").status, 200);
        broker.act("restart");
        await_status(answers, &[200], 50);
    });
    check(&server, &outcomes);

    // Some 10 s long: until appends that were on their way have been given up.
    let outcomes = under_load(&server, "hung", |answers| {
        await_status(answers, &[200], 50);
        broker.act("pause");
        reads_go_on(&server);
        await_status(answers, &[503, 504], CLIENTS);
        reads_go_on(&server);
        broker.act("resume");
        await_status(answers, &[200], 50);
    });
    check(&server, &outcomes);
    super::verify(&cluster, &server);
    let said = eventually("every event", || {
        let all = cluster.read("leaderboards.events");
        let ids: std::collections::BTreeSet<_> = all.iter().map(|seen| seen.value["id"].to_string()).collect();
        (ids.len() as u64 == super::counter(&server, "accepted")).then_some(ids.len())
    });
    assert!(said > 200, "{said}");
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "daily" })).status, 201);
}
