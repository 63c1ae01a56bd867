//! Topics that would lose records, and topics that are not the ones that the views were made from: refused by name.

use super::{entries, fill, out, submit};
use crate::broker::{self, Cluster, GOOD};
use crate::support::{Server, cli, eventually};
use serde_json::Value;
use std::path::Path;

/// What the server says when it does not start.
fn refusal(cluster: &Cluster<'_>, data: &Path, more: &[&str], names: &[&str]) {
    // The broker may know of a changed setting a moment later.
    eventually(&format!("a refusal that names {names:?}"), || {
        let said = Server::try_start(data, &cluster.with(more)).err()?;
        let line = said.lines().last().unwrap_or_default().to_owned();
        names.iter().all(|name| line.contains(name)).then_some(())
    });
}

fn topic_id(cluster: &Cluster<'_>, data: &Path) -> String {
    let output = cli(data, &cluster.with(&["log", "topics", "--json"]));
    let text = out(&output);
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.into_iter().find(|line| line["topic"] == "leaderboards");
    line.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn topics_that_would_lose_records_are_refused_by_name() {
    let cluster = broker::shared().cluster("lossy");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = cluster.serve(&data);
    fill(&server, "weekly", &[("ada", 5)]);
    assert_eq!(server.stop(), Some(0));
    for (topic, setting, bad, good) in [
        ("leaderboards", "retention.ms", "86400000", "-1"),
        ("leaderboards.events", "cleanup.policy", "compact", "delete"),
        ("leaderboards.dead", "retention.bytes", "1000000", "-1"),
    ] {
        cluster.set(topic, setting, bad);
        refusal(&cluster, &data, &[], &[topic, &format!("{setting} is {bad}, it must be {good}")]);
        cluster.set(topic, setting, good);
    }
    let sentence = "this data was made with other limits, which are fixed: partitions is 8, not 4";
    refusal(&cluster, &data, &["--partitions", "4"], &["millrace.control", sentence]);
    let server = eventually("a start", || Server::try_start(&data, &cluster.flags()).ok());
    assert_eq!(entries(&server, "weekly").body["entries"][0]["owner"], "ada");
}

#[test]
fn a_recreated_topic_is_refused_with_both_ids() {
    let cluster = broker::shared().cluster("recreated");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = cluster.serve(&data);
    fill(&server, "weekly", &[("ada", 5)]);
    assert_eq!(server.stop(), Some(0));
    let before = topic_id(&cluster, &data);

    cluster.delete("leaderboards");
    cluster.create("leaderboards", 4, GOOD);
    refusal(&cluster, &data, &[], &["leaderboards", "it has 4 partitions, 8 are asked for"]);
    cluster.delete("leaderboards");
    cluster.create("leaderboards", 8, GOOD);
    let server = cluster.serve(&data);
    let after = topic_id(&cluster, &data);
    assert_ne!(before, after);
    for answer in [entries(&server, "weekly"), submit(&server, "weekly", "ada", 6)] {
        assert_eq!((answer.status, answer.code()), (503, "stopped"), "{answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(&before) && detail.contains(&after), "{detail}");
    }
    // The rest of the view was never fed from the old one.
    assert_eq!(cluster.cli(&server, &["verify"]).status.code(), Some(1));
    fill(&server, "daily", &[("bob", 1)]);
}

#[test]
fn a_topic_that_is_deleted_underneath_stops_its_partitions_with_the_reason() {
    let cluster = broker::shared().cluster("deleted");
    let folder = tempfile::tempdir().unwrap();
    let server = cluster.serve(&folder.path().join("data"));
    fill(&server, "weekly", &[("ada", 5)]);
    cluster.delete("leaderboards");
    eventually("the status says so", || {
        let line = status(&server, 4)?;
        line["stopped"].as_str().filter(|reason| reason.contains("topic")).map(|_| ())
    });
    let reason = eventually("the partition stops", || {
        let answer = entries(&server, "weekly");
        (answer.code() == "stopped").then(|| answer.body["detail"].as_str().unwrap_or_default().to_owned())
    });
    assert!(reason.contains("there is no partition 4 of topic leaderboards"), "{reason}");
    // Others go on.
    assert_eq!(server.post("/v1/carts", &serde_json::json!({ "currency": "EUR" })).status, 201);
}

/// The line of a partition; `None` while the node cannot say how far its log is.
fn status(server: &Server, partition: u64) -> Option<Value> {
    let answer = server.get("/v1/cluster");
    let lines = answer.body.as_array()?.clone();
    lines.into_iter().find(|line| line["machine"] == "leaderboards" && line["partition"] == partition)
}

#[test]
fn a_log_that_begins_behind_the_state_is_refused_with_both_offsets() {
    let cluster = broker::shared().cluster("truncated");
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    let keys = old.join("keys").to_str().unwrap().to_owned();
    let server = cluster.serve(&old);
    fill(&server, "weekly", &[("ada", 5)]);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&new, &cluster.with(&["--keys", &keys]));
    for score in 10..16 {
        assert_eq!(submit(&server, "weekly", "bob", score).status, 200);
    }
    let trimmed = cluster.cli(&server, &["log", "trim", "leaderboards/4@7", "--keys", &keys]);
    assert!(trimmed.status.success(), "{trimmed:?}");
    assert_eq!(server.stop(), Some(0));

    let server = cluster.serve(&old);
    let answer = entries(&server, "weekly");
    assert_eq!((answer.status, answer.code()), (503, "stopped"), "{answer:?}");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("leaderboards/4 has no offset 2: it holds 7 up to before 8"), "{detail}");
    assert_eq!(server.stop(), Some(0));
    // A checkpoint that stands behind the cut leads on.
    let state = |data: &Path| data.join("state/leaderboards/4");
    let kept = new.join("checkpoints/leaderboards/4");
    let newest = std::fs::read_dir(kept).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(state(&old)).unwrap();
    std::fs::create_dir_all(state(&old)).unwrap();
    std::fs::rename(newest, state(&old).join("0")).unwrap();
    let server = cluster.serve(&old);
    assert_eq!(entries(&server, "weekly").body["entries"][0]["owner"], "bob");
}

#[test]
fn more_copies_than_brokers_are_refused() {
    let cluster = broker::shared().cluster("copies");
    let folder = tempfile::tempdir().unwrap();
    let flags = cluster.with(&["--kafka-copies", "3"]);
    let Err(said) = Server::try_start(&folder.path().join("data"), &flags) else { panic!("it started") };
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains("millrace.control") && last.contains("does not create it with 3 copies"), "{said}");
}
