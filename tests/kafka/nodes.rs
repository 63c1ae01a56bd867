//! Two nodes with fixed shards: either takes any request, and both answer alike.

use super::{await_ranking, entries, fill, ranking, submit};
use crate::broker::{self, Cluster, free_port};
use crate::streams::Client;
use crate::support::{Answer, Server, eventually};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Two nodes that know each other's addresses before they start. `daily` and `monthly` lie on node 1, `weekly` on 0.
struct Pair<'a> {
    cluster: Cluster<'a>,
    folder: PathBuf,
    addresses: [String; 2],
}

impl<'a> Pair<'a> {
    fn new(cluster: Cluster<'a>, folder: &Path) -> Self {
        let keys = format!("format = 1\nsecret = \"{}\"\n", "5a".repeat(32));
        std::fs::write(folder.join("keys"), keys).unwrap();
        let addresses = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        Self { cluster, folder: folder.to_owned(), addresses }
    }

    fn start(&self, node: usize) -> Server {
        let (keys, nodes, number) = (self.folder.join("keys"), self.addresses.join(","), node.to_string());
        let keys = keys.to_str().unwrap();
        let more = ["--keys", keys, "--nodes", &nodes, "--node", &number, "--listen", &self.addresses[node]];
        Server::start(&self.folder.join(format!("node{node}")), &self.cluster.with(&more))
    }
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
    let pair = Pair::new(broker::shared().cluster("pair"), folder.path());
    let nodes = [pair.start(0), pair.start(1)];
    let [zero, one] = &nodes;
    let held = |server: &Server| {
        let lines = server.get("/v1/cluster").body;
        let lines = lines.as_array().unwrap().iter().filter(|line| line["machine"] == "leaderboards");
        lines.map(|line| line["partition"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((held(zero), held(one)), (vec![0, 2, 4, 6], vec![1, 3, 5, 7]));

    // Each board through the node that does not hold it.
    fill(zero, "daily", &[("ada", 5)]);
    fill(one, "weekly", &[("ada", 5)]);
    let score = json!({ "owner": "bob", "score": 9 });
    let first = zero.post_keyed("/v1/leaderboards/daily/scores", "k1", &score);
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
        let output =
            pair.cluster.cli(node, &["verify", "leaderboards", "--keys", folder.path().join("keys").to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(super::out(&output).lines().count(), 4);
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
    let pair = Pair::new(broker::shared().cluster("live"), folder.path());
    let nodes = [pair.start(0), pair.start(1)];
    let [zero, one] = &nodes;
    let path = "/v1/leaderboards/daily/entries?limit=5";
    fill(one, "daily", &[("ada", 5), ("eve", 4)]);
    // Node 1 holds the board, and node 0 is asked.
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

#[test]
fn without_the_other_node_commands_are_durable_and_its_queries_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::new(broker::shared().cluster("alone"), folder.path());
    let zero = pair.start(0);
    // The other one was never there: its commands wait in the log.
    let made = zero.post("/v1/leaderboards", &json!({ "id": "daily" }));
    assert_eq!(made.status, 202, "{made:?}");
    let one = pair.start(1);
    eventually("the board", || (entries(&zero, "daily").status == 200).then_some(()));
    assert_eq!(submit(&zero, "daily", "ada", 5).status, 200);
    fill(&zero, "weekly", &[("ada", 5)]);

    one.kill();
    let query = entries(&zero, "daily");
    assert_eq!((query.status, query.code()), (503, "node_unreachable"), "{query:?}");
    assert!(query.header("retry-after").is_some());
    let accepted = submit(&zero, "daily", "bob", 6);
    assert_eq!((accepted.status, position(&accepted)), (202, "leaderboards/1@2"), "{accepted:?}");
    let outcome = accepted.header("location").unwrap_or_default().to_owned();
    assert_eq!(outcome, "/v1/outcomes/leaderboards/1@2");
    assert_eq!(zero.get(&outcome).code(), "node_unreachable");
    assert_eq!(submit(&zero, "weekly", "bob", 6).status, 200);
    await_ranking(&zero, "weekly", &[("bob", 6), ("ada", 5)]);

    let one = pair.start(1);
    let expected = [("bob", 6), ("ada", 5)];
    await_ranking(&zero, "daily", &expected);
    let done = zero.get(&outcome);
    assert_eq!((done.status, &done.body["owner"], &done.body["rank"]), (200, &json!("bob"), &json!(1)));
    assert_eq!(ranking(&entries(&one, "daily")).len(), expected.len());
}
