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
