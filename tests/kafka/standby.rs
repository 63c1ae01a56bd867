//! Standbys: a copy that is up to date takes over at once, and answers meanwhile whoever allows some staleness.

use super::nodes::{DAILY, Nodes, held, near_and_far, settle, works};
use super::{entries, fill, ranking, submit};
use crate::broker;
use crate::support::{Answer, Server, eventually, number_of, send_within, signal};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The session's time of these tests, and what comes on top: announcements, and a request.
const SESSION: Duration = Duration::from_secs(2);
const GOAL: Duration = Duration::from_secs(3);

/// Waits until each node has a live copy of so many shards.
pub fn await_copies(nodes: &[&Server], count: usize) {
    eventually("all copies are up to date", || {
        let status = nodes[0].get("/v1/cluster/nodes").body;
        let live = |shard: &Value| {
            shard["copies"].as_array().unwrap().iter().filter(|copy| copy["live"] == true).count() == count
        };
        status["shards"].as_array().unwrap().iter().all(live).then_some(())
    });
}

fn daily(node: &Server, headers: &[(&str, &str)]) -> Answer {
    let url = format!("{}/v1/leaderboards/daily/entries?limit=10", node.url);
    send_within(Duration::from_secs(30), &url, "GET", headers, Vec::new()).unwrap()
}

fn queries(node: &Server) -> u64 {
    let text = node.get("/metrics").body;
    let name = "millrace_queries_total{machine=\"leaderboards\"} ";
    let line = text.as_str().unwrap().lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn a_standby_answers_who_allows_staleness_and_takes_over_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("standby"), folder.path(), 2, &["--standbys", "1"]);
    let nodes = [pair.start(0), pair.start(1)];
    settle(&[&nodes[0], &nodes[1]]);
    await_copies(&[&nodes[0], &nodes[1]], 2);
    let (near, far) = near_and_far(&[&nodes[0], &nodes[1]], DAILY);
    fill(far, "daily", &[("ada", 5)]);
    let expected = vec![("ada".to_owned(), 5)];

    // Over how many shards the board is spread is asked for once, and not again at each read.
    assert_eq!(daily(far, &[]).status, 200);
    // A plain read goes to the holder, one that allows staleness is answered where it is asked.
    for (headers, asks_far) in
        [(&[][..], false), (&[("millrace-read", "latest")], false), (&[("millrace-max-staleness", "60")], true)]
    {
        let before = (queries(near), queries(far));
        let answer = daily(far, headers);
        assert_eq!((answer.status, ranking(&answer)), (200, expected.clone()), "{headers:?}: {answer:?}");
        assert!(answer.header("millrace-position").is_some(), "{answer:?}");
        let asked = (queries(near) - before.0, queries(far) - before.1);
        assert_eq!(asked, if asks_far { (0, 1) } else { (1, 0) }, "{headers:?}");
    }
    for n in 0..20 {
        assert_eq!(submit(near, "daily", "eve", n).status, 200);
        let latest = daily(far, &[("millrace-read", "latest")]);
        assert!(ranking(&latest).contains(&("eve".to_owned(), n)), "{n}: {latest:?}");
    }

    // While nobody answers for the partition, the standby does for those who allow it, and says where it is.
    signal(near.pid(), "STOP");
    let began = Instant::now();
    let stale = daily(far, &[("millrace-max-staleness", "60")]);
    assert_eq!(stale.status, 200, "{stale:?}");
    assert!(began.elapsed() < SESSION, "{:?}", began.elapsed());
    works(&[far], "daily", "bob", 90);
    println!("a node that hangs was taken over from in {:?}", began.elapsed());
    signal(near.pid(), "CONT");
    settle(&[near, far]);
}

#[test]
fn who_stops_gracefully_hands_over_before() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("handover"), folder.path(), 2, &["--standbys", "1"]);
    let mut nodes = vec![pair.start(0), pair.start(1)];
    settle(&nodes.iter().collect::<Vec<_>>());
    fill(&nodes[0], "daily", &[("ada", 5)]);
    await_copies(&nodes.iter().collect::<Vec<_>>(), 2);
    let lost = nodes.iter().position(|node| held(node).contains(&DAILY)).expect("somebody holds it");
    let lost = nodes.remove(lost);
    let left = &nodes[0];
    let began = Instant::now();
    assert_eq!(lost.stop(), Some(0));
    works(&[left], "daily", "bob", 9);
    let took = began.elapsed();
    assert!(took < SESSION, "{took:?}: it was not waited until the node was missed");
    assert_eq!(entries(left, "daily").status, 200);
    println!("handed over in {took:?}");
}

/// After kill -9 of the holder: the time until a command that goes to another node has its outcome. `TAKEOVERS` says how
/// often (2), `TAKEOVER_MEMBERS` how large the board is (none beside those that are asked for).
fn take_overs(name: &str, standbys: &'static str) -> Vec<Duration> {
    let rounds = number_of("TAKEOVERS").unwrap_or(2);
    let folder = tempfile::tempdir().unwrap();
    let trio = Nodes::new(broker::shared().cluster(name), folder.path(), 3, &["--standbys", standbys]);
    let mut nodes: Vec<_> = (0..3).map(|node| trio.start(node)).collect();
    settle(&nodes.iter().collect::<Vec<_>>());
    fill(&nodes[0], "daily", &[("ada", 5)]);
    grow(&nodes[0], number_of("TAKEOVER_MEMBERS").unwrap_or(0));
    let mut took = Vec::new();
    for round in 0..rounds {
        await_copies(&nodes.iter().collect::<Vec<_>>(), 1 + usize::from(standbys != "0"));
        let lost = nodes.iter().position(|node| held(node).contains(&DAILY)).expect("somebody holds it");
        nodes.remove(lost).kill();
        let began = Instant::now();
        let left: Vec<_> = nodes.iter().collect();
        works(&left, "daily", &format!("r{round}"), 10);
        took.push(began.elapsed());
        let number = (0..3).find(|node| left.iter().all(|other| !other.url.ends_with(trio.address(*node))));
        nodes.push(trio.start(number.expect("one is missing")));
        settle(&nodes.iter().collect::<Vec<_>>());
    }
    took.sort();
    println!(
        "{standbys} standbys: {rounds} take-overs, median {:?}, max {:?}",
        took[took.len() / 2],
        took[took.len() - 1]
    );
    took
}

/// Gives the board so many more members, several hundred a request.
fn grow(node: &Server, members: u64) {
    const BATCH: u64 = 500;
    for first in (0..members).step_by(usize::try_from(BATCH).unwrap()) {
        let one = |n: u64| json!({ "owner": format!("m{n}"), "score": -1 });
        let all: Vec<_> = (first..members.min(first + BATCH)).map(one).collect();
        let answer = node.post("/v1/leaderboards/daily/scores:batch", &json!({ "scores": all }));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[test]
fn with_a_standby_a_node_that_died_is_missed_no_longer_than_its_session() {
    let took = take_overs("warm", "1");
    assert!(took.iter().all(|took| *took < GOAL), "{took:?}");
}

#[test]
fn without_a_standby_a_node_that_died_is_taken_over_from_all_the_same() {
    take_overs("cold", "0");
}
