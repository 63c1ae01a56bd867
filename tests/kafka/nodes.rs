//! Several nodes: any of them takes any request, all answer alike, and others take over from one that is gone.

use super::{await_ranking, entries, fill, ranking, submit};
use crate::broker::{self, Broker, Cluster, free_port};
use crate::streams::Client;
use crate::support::{Answer, Server, eventually, signal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The partitions of boards: `daily` is 1, `weekly` 4.
pub const DAILY: u64 = 1;
const WEEKLY: u64 = 4;

/// After how long a silent node is gone in these tests.
const SESSION: &str = "2s";

/// Nodes that share their keys, each with an address of its own.
pub struct Nodes<'a> {
    pub cluster: Cluster<'a>,
    folder: PathBuf,
    addresses: Vec<String>,
    more: Vec<&'static str>,
}

impl<'a> Nodes<'a> {
    pub fn new(cluster: Cluster<'a>, folder: &Path, count: usize, more: &[&'static str]) -> Self {
        let keys = format!("format = 1\nsecret = \"{}\"\n", "5a".repeat(32));
        std::fs::write(folder.join("keys"), keys).unwrap();
        let addresses = (0..count).map(|_| format!("127.0.0.1:{}", free_port())).collect();
        Self { cluster, folder: folder.to_owned(), addresses, more: more.to_vec() }
    }

    pub fn keys(&self) -> String {
        self.folder.join("keys").to_str().unwrap().to_owned()
    }

    pub fn address(&self, node: usize) -> &str {
        &self.addresses[node]
    }

    pub fn start(&self, node: usize) -> Server {
        self.try_start(node, &[]).unwrap_or_else(|said| panic!("node {node} did not start: {said}"))
    }

    pub fn try_start(&self, node: usize, more: &[&str]) -> Result<Server, String> {
        let (keys, address) = (self.keys(), self.addresses[node].as_str());
        let mut all = vec!["--keys", &keys, "--session-timeout", SESSION, "--listen", address, "--partitions", "8"];
        if !more.contains(&"--advertise") {
            all.extend(["--advertise", address]);
        }
        all.extend(&self.more);
        all.extend(more);
        Server::try_start(&self.folder.join(format!("node{node}")), &self.cluster.with(&all))
    }
}

/// The partitions of leaderboards for which a node answers.
pub fn held(server: &Server) -> Vec<u64> {
    let lines = server.get("/v1/cluster").body;
    let own = |line: &&Value| line["machine"] == "leaderboards" && line["holds"] == true;
    let lines = lines.as_array().unwrap().iter().filter(own);
    lines.map(|line| line["partition"].as_u64().unwrap()).collect()
}

/// Waits until each partition is held by one of the nodes, and each of them holds its part. Asked of each node itself, and
/// then of one for all: they must agree.
pub fn settle(nodes: &[&Server]) {
    let least = 8 / nodes.len();
    let mut seen = Vec::new();
    eventually(&format!("each holds its part, of {seen:?}"), || {
        seen = nodes.iter().map(|node| held(node)).collect::<Vec<_>>();
        let mut all = seen.concat();
        all.sort_unstable();
        (all == (0..8).collect::<Vec<_>>() && seen.iter().all(|own| own.len() >= least)).then_some(())
    });
    // A node knows of itself first: the others agree a moment later.
    eventually("every node says the same of all", || nodes.iter().all(|node| agrees(node, nodes)).then_some(()));
}

fn agrees(asked: &Server, nodes: &[&Server]) -> bool {
    let status = asked.get("/v1/cluster/nodes").body;
    nodes.iter().all(|node| {
        let name = node.url.split_once("://").unwrap().1;
        let shards = status["shards"].as_array().unwrap().iter().filter(|shard| shard["holder"] == name);
        shards.map(|shard| shard["shard"].as_u64().unwrap()).collect::<Vec<_>>() == held(node)
    })
}

/// The node that holds a partition, and one that does not.
pub fn near_and_far<'s>(nodes: &[&'s Server], partition: u64) -> (&'s Server, &'s Server) {
    let near = nodes.iter().find(|node| held(node).contains(&partition)).expect("somebody holds it");
    let far = nodes.iter().find(|node| node.url != near.url).expect("there are two");
    (near, far)
}

fn position(answer: &Answer) -> &str {
    answer.header("millrace-position").unwrap_or_else(|| panic!("{answer:?} has no position"))
}

fn read_at(server: &Server, path: &str, position: &str) -> Answer {
    server.send("GET", path, &[("millrace-min-position", position)], Vec::new()).unwrap()
}

#[test]
fn either_node_takes_any_request_and_both_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("pair"), folder.path(), 2, &[]);
    let nodes = [pair.start(0), pair.start(1)];
    let [zero, one] = &nodes;
    settle(&[zero, one]);

    // Each board through the node that does not hold it.
    let (_, far) = near_and_far(&[zero, one], DAILY);
    fill(far, "daily", &[("ada", 5)]);
    fill(near_and_far(&[zero, one], WEEKLY).1, "weekly", &[("ada", 5)]);
    let score = json!({ "owner": "bob", "score": 9 });
    let first = far.post_keyed("/v1/leaderboards/daily/scores", "k1", &score);
    assert_eq!((first.status, position(&first), &first.body["rank"]), (200, "leaderboards/1@2", &json!(1)));
    assert_eq!(first.header("idempotent-replayed"), None);
    for node in &nodes {
        let again = node.post_keyed("/v1/leaderboards/daily/scores", "k1", &score);
        assert_eq!((again.status, position(&again), &again.body), (200, "leaderboards/1@2", &first.body));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        let other = node.post_keyed("/v1/leaderboards/daily/scores", "k1", &json!({ "owner": "bob", "score": 1 }));
        assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
        assert_eq!(submit(node, "daily", "", 1).code(), "bad_owner");
        let mut outcome = node.get("/v1/outcomes/leaderboards/1@2");
        // The route names the submission by its position; the outcome does not repeat where it was asked for.
        outcome.body["submission"] = "1@2".into();
        assert_eq!((outcome.status, &outcome.body), (200, &first.body));
        assert_eq!(node.get("/v1/outcomes/leaderboards/1@99").code(), "unknown_position");
    }
    for path in ["daily/entries?limit=5", "weekly/entries", "daily/owners/bob/around", "daily/ranks/1", "monthly"] {
        let [left, right] = [zero, one].map(|node| node.get(&format!("/v1/leaderboards/{path}")));
        assert_eq!((left.status, &left.body), (right.status, &right.body), "{path}");
        assert_eq!(left.header("millrace-position"), right.header("millrace-position"), "{path}");
    }
    reads_see_writes_of_the_other(&nodes);
    for node in &nodes {
        let output = pair.cluster.cli(node, &["verify", "leaderboards", "--keys", &pair.keys()]);
        assert!(output.status.success(), "{output:?}");
        assert!(super::out(&output).lines().count() >= held(node).len());
    }
    // What nodes ask one another is not for others.
    assert_eq!(zero.post("/internal/ask", &Value::Null).status, 403);
}

fn reads_see_writes_of_the_other(nodes: &[Server; 2]) {
    for n in 0..40 {
        let (writer, reader) = (&nodes[n % 2], &nodes[(n + 1) % 2]);
        let (board, score) = (["daily", "weekly"][n / 2 % 2], i64::try_from(n).unwrap() + 100);
        let written = submit(writer, board, "eve", score);
        assert_eq!(written.status, 200, "{written:?}");
        let read = read_at(reader, &format!("/v1/leaderboards/{board}/owners/eve"), position(&written));
        assert_eq!((read.status, &read.body["score"]), (200, &json!(score)), "{read:?}");
    }
    for node in nodes {
        let beyond = read_at(node, "/v1/leaderboards/daily/entries", "leaderboards/1@9999");
        assert_eq!((beyond.status, beyond.code()), (400, "unknown_position"));
    }
}

#[test]
fn a_past_state_and_a_stream_come_from_the_node_that_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("live"), folder.path(), 2, &[]);
    let nodes = [pair.start(0), pair.start(1)];
    settle(&[&nodes[0], &nodes[1]]);
    let (one, zero) = near_and_far(&[&nodes[0], &nodes[1]], DAILY);
    let path = "/v1/leaderboards/daily/entries?limit=5";
    fill(one, "daily", &[("ada", 5), ("eve", 4)]);
    // `one` holds the board, and `zero` is asked.
    let mut far = Client::follow(&zero.url, "/v1/leaderboards/daily/stream?top=5", None).unwrap();
    assert_eq!(far.event().name, "snapshot");
    let then = one.get(path);
    let at = position(&then).to_owned();
    let last = submit(zero, "daily", "kim", 9);
    let time = Instant::now();
    assert_eq!(far.event().name, "change");
    assert!(time.elapsed() < Duration::from_secs(10), "another node is asked at times");
    far.until(&one.get(path).body["entries"]);
    for node in &nodes {
        let past = eventually("the past state is rebuilt", || {
            Some(node.get(&format!("{path}&at={at}"))).filter(|answer| answer.status != 202)
        });
        assert_eq!((past.status, &past.body["entries"]), (200, &then.body["entries"]), "{past:?}");
        assert_eq!(position(&past), at);
        let beyond = node.get(&format!("{path}&at=leaderboards/1@9999"));
        assert_eq!((beyond.status, beyond.code()), (400, "unknown_position"));
    }
    let back = Client::follow(&one.url, "/v1/leaderboards/daily/stream?top=5", Some(&far));
    submit(zero, "daily", "kim", 10);
    let told = back.unwrap().event();
    assert_eq!((told.name.as_str(), &told.data["entries"][0]["entry"]["score"]), ("change", &json!(10)), "{last:?}");
}

/// A score through `node`, and that it is there through all.
pub fn works(nodes: &[&Server], board: &str, owner: &str, score: i64) {
    let written = submit(nodes[0], board, owner, score);
    assert_eq!(written.status, 200, "{written:?}");
    for node in nodes {
        let read = read_at(node, &format!("/v1/leaderboards/{board}/owners/{owner}"), position(&written));
        assert_eq!((read.status, &read.body["score"]), (200, &json!(score)), "{read:?}");
    }
}

#[test]
fn whoever_is_left_takes_over_and_who_comes_back_takes_its_part() {
    let folder = tempfile::tempdir().unwrap();
    let trio = Nodes::new(broker::shared().cluster("over"), folder.path(), 3, &[]);
    let mut nodes: Vec<_> = (0..3).map(|node| trio.start(node)).collect();
    settle(&nodes.iter().collect::<Vec<_>>());
    for board in ["daily", "weekly"] {
        fill(&nodes[0], board, &[("ada", 5)]);
    }
    for (round, board, partition) in [(1, "daily", DAILY), (2, "weekly", WEEKLY)] {
        let lost = nodes.iter().position(|node| held(node).contains(&partition)).expect("somebody holds it");
        nodes.remove(lost).kill();
        let left: Vec<_> = nodes.iter().collect();
        let began = Instant::now();
        // Nothing is refused: a command waits for its outcome and a query for an answer until another node has taken over.
        works(&left, board, "bob", round * 10);
        println!("{board} was taken over in {:?}", began.elapsed());
        settle(&left);
        let number = (0..3).find(|node| left.iter().all(|other| !other.url.ends_with(&trio.addresses[*node])));
        let back = trio.start(number.expect("one is missing"));
        nodes.push(back);
        let all: Vec<_> = nodes.iter().collect();
        settle(&all);
        all.iter().for_each(|node| await_ranking(node, board, &[("bob", round * 10), ("ada", 5)]));
        works(&all, board, "eve", round * 10 - 1);
    }
    for node in &nodes {
        let output = trio.cluster.cli(node, &["verify", "leaderboards", "--keys", &trio.keys()]);
        assert!(output.status.success(), "{output:?}");
    }
    let lost = nodes.pop().expect("there are three");
    let gone = lost.url.strip_prefix("http://").unwrap().to_owned();
    lost.kill();
    eventually("the others say that it is gone, and that all is answered for", || {
        let output = trio.cluster.cli(&nodes[0], &["cluster", "status", "--keys", &trio.keys()]);
        let lines = super::out(&output);
        let line = lines.lines().find(|line| line.starts_with("node ") && line.contains(&gone))?.to_owned();
        let whole = output.status.success() && !lines.contains("NOBODY");
        let figures = ["millrace_nodes", "millrace_shards_unheld", "millrace_shards{state=\"holds\"}"];
        let figures = figures.map(|name| nodes[0].metric(name));
        (whole && line.contains("GONE") && figures == [2, 0, held(&nodes[0]).len() as u64]).then_some(())
    });
}

#[test]
fn a_node_that_slept_refuses_what_it_cannot_know() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("sleep"), folder.path(), 2, &["--staleness-max", "1s"]);
    let nodes = [pair.start(0), pair.start(1)];
    settle(&[&nodes[0], &nodes[1]]);
    let (near, far) = near_and_far(&[&nodes[0], &nodes[1]], DAILY);
    fill(far, "daily", &[("ada", 5)]);
    signal(near.pid(), "STOP");
    works(&[far], "daily", "bob", 9);
    eventually("all is taken over", || (held(far).len() == 8).then_some(()));
    signal(near.pid(), "CONT");
    // Whatever it answers from here on, it has seen what the other did meanwhile.
    let expected = vec![("bob".to_owned(), 9), ("ada".to_owned(), 5)];
    let mut answers = 0;
    let mut refused = 0;
    while answers < 20 {
        let answer = entries(near, "daily");
        match answer.status {
            200 => assert_eq!(ranking(&answer), expected),
            _ => assert_eq!((answer.status, answer.code()), (503, "stale"), "{answer:?}"),
        }
        answers += i32::from(answer.status == 200);
        refused += i32::from(answer.status == 503);
    }
    println!("refused {refused} times");
    settle(&[near, far]);
    works(&[near, far], "daily", "eve", 7);
}

#[test]
fn what_is_skipped_through_any_node_is_skipped_on_all() {
    let folder = tempfile::tempdir().unwrap();
    let pair =
        Nodes::new(broker::shared().cluster("skip"), folder.path(), 2, &["--standbys", "1", "--flush-age", "1s"]);
    let nodes = [pair.start(0), pair.start(1)];
    settle(&[&nodes[0], &nodes[1]]);
    fill(&nodes[0], "weekly", &[("ada", 5)]);
    pair.cluster.put("leaderboards", "weekly", b"\x02from a later format", &["-p", "4"]);
    let on_all = |what: &str, expected: &dyn Fn(&Value) -> bool| {
        for node in &nodes {
            eventually(what, || {
                let lines = node.get("/v1/cluster").body;
                let own = |line: &&Value| line["machine"] == "leaderboards" && line["partition"] == WEEKLY;
                lines.as_array().unwrap().iter().find(own).filter(|line| expected(line)).map(|_| ())
            });
        }
    };
    on_all("both copies stop at it", &|line| line["stopped"].is_string() && line["next"] == 2);
    let (_, far) = near_and_far(&[&nodes[0], &nodes[1]], WEEKLY);
    let skipped = pair.cluster.cli(far, &["dead", "skip", "leaderboards/4@2", "--keys", &pair.keys()]);
    assert!(skipped.status.success(), "{skipped:?}");
    on_all("both go on", &|line| line["stopped"].is_null() && line["next"] == 3);
    works(&[&nodes[0], &nodes[1]], "weekly", "bob", 9);
}

#[test]
fn a_node_that_does_not_reach_the_log_refuses_reads_but_those_that_allow_it() {
    let broker = Broker::start("stale");
    let folder = tempfile::tempdir().unwrap();
    let more = ["--staleness-max", "1s", "--takeover-wait", "100ms"];
    let nodes = Nodes::new(broker.cluster("stale"), folder.path(), 1, &more);
    let node = nodes.start(0);
    fill(&node, "daily", &[("ada", 5)]);
    let path = "/v1/leaderboards/daily/entries";
    let allowing = |seconds: &str| node.send("GET", path, &[("millrace-max-staleness", seconds)], Vec::new()).unwrap();
    assert_eq!(allowing("1").status, 200);
    broker.act("pause");
    eventually("a plain read is refused", || (entries(&node, "daily").code() == "stale").then_some(()));
    let allowed = allowing("60");
    assert_eq!((allowed.status, ranking(&allowed)), (200, vec![("ada".to_owned(), 5)]), "{allowed:?}");
    assert_eq!(allowing("1").code(), "stale");
    broker.act("resume");
    eventually("it goes on by itself", || (entries(&node, "daily").status == 200).then_some(()));
}

#[test]
fn who_cannot_be_one_of_the_cluster_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = Nodes::new(broker::shared().cluster("strangers"), folder.path(), 2, &[]);
    let _zero = nodes.start(0);
    let refused = |more: &[&str]| match nodes.try_start(1, more) {
        Ok(_) => panic!("it started with {more:?}"),
        Err(said) => said,
    };
    let elsewhere = format!("127.0.0.1:{}", free_port());
    let said = refused(&["--advertise", &elsewhere]);
    assert!(said.contains("exit 2") && said.contains("this node cannot be reached there"), "{said}");
    std::fs::write(folder.path().join("keys"), format!("format = 1\nsecret = \"{}\"\n", "b0".repeat(32))).unwrap();
    let said = refused(&[]);
    assert!(said.contains("has other --keys than this one"), "{said}");
}
