//! Trimming the log: verify and replay start at a checkpoint from then on, and the answers stay.

use crate::support::Server;
use serde_json::json;

fn output(server: &Server, args: &[&str]) -> (Option<i32>, String) {
    let output = server.cli(args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn a_trimmed_log_is_verified_and_replayed_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--partitions", "1"]);
    let boards = "/v1/leaderboards";
    assert_eq!(server.post(boards, &json!({"id": "b", "sort": "desc", "operator": "best"})).status, 201);
    for score in 0..50 {
        let submitted =
            server.post(&format!("{boards}/b/scores"), &json!({"owner": format!("o{score}"), "score": score}));
        assert_eq!(submitted.status, 200);
    }
    let entries = server.get(&format!("{boards}/b/entries")).body;

    let (code, text) = output(&server, &["log", "trim", "leaderboards/0@900"]);
    assert!(code == Some(2) && text.contains("not applied yet"), "{text}");
    let (code, text) = output(&server, &["log", "trim", "leaderboards/0@30"]);
    assert_eq!(code, Some(0), "{text}");
    let (_, topics) = output(&server, &["log", "topics"]);
    assert!(topics.lines().any(|line| line.starts_with("leaderboards/0 ") && line.ends_with("30..51")), "{topics}");
    let below = server.get("/v1/log/leaderboards/0?from=3");
    assert_eq!((below.status, below.code()), (400, "unknown_position"));

    assert_eq!(server.post(&format!("{boards}/b/scores"), &json!({"owner": "o0", "score": 0})).status, 200);
    let (code, text) = output(&server, &["verify"]);
    assert!(code == Some(0) && text.contains("from the checkpoint at 51 on"), "{text}");

    // Without its state the partition stops, for the log alone cannot rebuild it; a replay starts at the checkpoint.
    server.kill();
    std::fs::remove_dir_all(data.join("state")).unwrap();
    let server = Server::start(&data, &["--partitions", "1"]);
    let stopped = server.get(&format!("{boards}/b/entries"));
    assert_eq!((stopped.status, stopped.code()), (503, "stopped"));
    let (code, text) = output(&server, &["replay"]);
    assert_eq!(code, Some(0), "{text}");
    let after = server.get(&format!("{boards}/b/entries")).body;
    let owners = |body: &serde_json::Value| {
        let rows = body["entries"].as_array().unwrap().iter();
        rows.map(|row| (row["rank"].clone(), row["owner"].clone(), row["score"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(owners(&after), owners(&entries));
    let (code, text) = output(&server, &["verify"]);
    assert_eq!(code, Some(0), "{text}");
}
