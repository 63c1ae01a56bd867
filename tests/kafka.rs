//! `millrace serve --kafka` on a real broker: the first walk, and what its tests share.

mod addresses;
mod copy;
mod crash;
mod faults;
mod foreign;
mod linear;
pub mod nodes;
mod refused;
mod secure;
mod seed;
mod standby;
mod storm;
mod tls;

use crate::broker::{self, Cluster};
use crate::support::{Answer, Server, eventually};
use serde_json::{Value, json};
use std::process::Output;

/// A board with the scores of `owners`, best first.
fn fill(server: &Server, board: &str, owners: &[(&str, i64)]) {
    let made = server.post("/v1/leaderboards", &json!({ "id": board }));
    assert_eq!(made.status, 201, "{made:?}");
    for (owner, score) in owners {
        let answer = submit(server, board, owner, *score);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn submit(server: &Server, board: &str, owner: &str, score: i64) -> Answer {
    server.post(&format!("/v1/leaderboards/{board}/scores"), &json!({ "owner": owner, "score": score }))
}

fn entries(server: &Server, board: &str) -> Answer {
    server.get(&format!("/v1/leaderboards/{board}/entries?limit=1000"))
}

/// Owners and scores in the order of their ranks; empty where there is no answer.
fn ranking(answer: &Answer) -> Vec<(String, i64)> {
    let entries = answer.body["entries"].as_array().cloned().unwrap_or_default();
    let one = |entry: &Value| Some((entry["owner"].as_str()?.to_owned(), entry["score"].as_i64()?));
    entries.iter().filter_map(one).collect()
}

/// Waits until a board has these scores, and no others.
fn await_ranking(server: &Server, board: &str, expected: &[(&str, i64)]) {
    let expected: Vec<_> = expected.iter().map(|(owner, score)| ((*owner).to_owned(), *score)).collect();
    let mut last = Vec::new();
    eventually(&format!("{expected:?} on {board}, where there was {last:?}"), || {
        last = ranking(&entries(server, board));
        (last == expected).then_some(())
    });
}

/// The line of one partition in `/v1/cluster`.
fn status(server: &Server, partition: u64) -> Value {
    let lines = server.get("/v1/cluster").body;
    let lines = lines.as_array().expect("a list").iter();
    lines
        .clone()
        .find(|line| line["machine"] == "leaderboards" && line["partition"] == partition)
        .expect("a line a partition")
        .clone()
}

/// A counter of `/v1/cluster`, summed over the partitions.
fn counter(server: &Server, name: &str) -> u64 {
    let lines = server.get("/v1/cluster").body;
    lines.as_array().expect("a list").iter().filter_map(|line| line["counters"][name].as_u64()).sum()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `millrace verify` finds every partition equal.
fn verify(cluster: &Cluster<'_>, server: &Server) {
    let output = cluster.cli(server, &["verify"]);
    let lines = out(&output);
    assert!(output.status.success() && lines.lines().all(|line| line.starts_with("ok ")), "{output:?}");
    assert!(lines.contains("leaderboards/7"), "{lines}");
}

#[test]
fn the_transcript_works_on_kafka_and_through_a_kill() {
    let cluster = broker::shared().cluster("transcript");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    let board = json!({ "id": "weekly", "sort": "desc", "operator": "best" });
    let made = server.post("/v1/leaderboards", &board);
    assert_eq!((made.status, made.header("location")), (201, Some("/v1/leaderboards/weekly")));
    let score = json!({ "owner": "ada", "score": 120 });
    let first = server.post_keyed("/v1/leaderboards/weekly/scores", "k1", &score);
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.header("millrace-position"), Some("leaderboards/4@1"));
    assert_eq!(
        (&first.body["rank"], &first.body["prev_rank"], &first.body["score"]),
        (&json!(1), &Value::Null, &json!(120))
    );
    submit(&server, "weekly", "bob", 90);

    let paths = [
        "/v1/leaderboards/weekly/entries?limit=10",
        "/v1/leaderboards/weekly/owners/ada",
        "/v1/leaderboards/weekly/owners/ada/around?limit=5",
        "/v1/leaderboards/weekly/ranks/1",
        "/v1/outcomes/leaderboards/4@1",
    ];
    let ask = |server: &Server| paths.map(|path| server.get(path)).map(|answer| (answer.status, answer.body));
    let before = ask(&server);
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    assert_eq!(before[0].1["entries"][0]["owner"], "ada");

    server.kill();
    let server = cluster.serve(&data.path().join("data"));
    assert_eq!(ask(&server), before);
    let again = server.post_keyed("/v1/leaderboards/weekly/scores", "k1", &score);
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (200, &first.body, Some("true")));
    let other = server.post_keyed("/v1/leaderboards/weekly/scores", "k1", &json!({ "owner": "ada", "score": 121 }));
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));

    verify(&cluster, &server);
    let replayed = cluster.cli(&server, &["replay", "leaderboards"]);
    assert!(replayed.status.success() && out(&replayed).contains("ok     leaderboards/4"), "{replayed:?}");
    assert_eq!(ask(&server), before);

    // The same without the server, and after a graceful stop.
    let folder = server.data().to_owned();
    assert_eq!(server.stop(), Some(0));
    let checked = crate::support::cli(&folder, &cluster.with(&["verify"]));
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(ask(&cluster.serve(&folder)), before);
}
