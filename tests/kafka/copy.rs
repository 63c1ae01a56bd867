//! `millrace log copy`: a grown embedded log becomes topics on Kafka, and the views rebuilt from them are equal.

use super::{entries, fill, out, submit};
use crate::broker::{self, Cluster};
use crate::support::{Server, cli};
use serde_json::{Value, json};
use std::path::Path;

const BOARDS: [&str; 5] = ["weekly", "daily", "monthly", "a", "b"];

/// A few hundred commands: accepted, repeated and refused ones.
fn grow(server: &Server) {
    for board in BOARDS {
        fill(server, board, &[("ada", 5)]);
    }
    std::thread::scope(|scope| {
        for (index, board) in BOARDS.iter().enumerate() {
            scope.spawn(move || {
                let path = format!("/v1/leaderboards/{board}/scores");
                for n in 0..60 {
                    let score = json!({ "owner": format!("owner-{}", n % 25), "score": n * 7 % 31 });
                    let answer = server.post_keyed(&path, &format!("{index}-{}", n % 50), &score);
                    assert!([200, 422].contains(&answer.status), "{answer:?}");
                }
                assert_eq!(submit(server, board, "", 1).status, 422);
            });
        }
    });
}

fn answers(server: &Server) -> Vec<Value> {
    let owner = |board: &&str| server.get(&format!("/v1/leaderboards/{board}/owners/owner-3/around")).body;
    BOARDS.iter().map(|board| entries(server, board).body).chain(BOARDS.iter().map(owner)).collect()
}

/// The lines of `status --json`: next offset, end, digest and counters of each partition among it.
fn status(data: &Path, flags: &[&str]) -> Vec<Value> {
    let output = cli(data, &[&["status", "--json"], flags].concat());
    assert!(output.status.success(), "{output:?}");
    let mut lines: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // When a view goes to disk is a matter of time alone.
    lines.iter_mut().for_each(|line| drop(line["flushed"].take()));
    lines
}

fn copy(cluster: &Cluster<'_>, data: &Path) -> Result<String, String> {
    let output = cli(data, &cluster.with(&["log", "copy"]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(out(&output)) } else { Err(said) }
}

#[test]
fn a_copied_log_gives_equal_views_digest_for_digest() {
    let cluster = broker::shared().cluster("copied");
    let folder = tempfile::tempdir().unwrap();
    let (embedded, fresh) = (folder.path().join("embedded"), folder.path().join("fresh"));
    let server = Server::start(&embedded, &[]);
    grow(&server);
    let expected = answers(&server);
    let running = copy(&cluster, &embedded).unwrap_err();
    assert!(running.contains("belongs to a running server"), "{running}");
    assert_eq!(server.stop(), Some(0));
    let lines = status(&embedded, &[]);
    let records: u64 = lines.iter().map(|line| line["end"].as_u64().unwrap()).sum();
    assert!(records > 300, "{records}");

    let said = copy(&cluster, &embedded).unwrap();
    assert!(said.starts_with("copied "), "{said}");
    // The same secrets, so that cursors stay what they were.
    let keys = embedded.join("keys");
    let flags = cluster.with(&["--keys", keys.to_str().unwrap()]);
    let server = Server::start(&fresh, &flags);
    assert_eq!(status(&fresh, &flags), lines);
    assert_eq!(answers(&server), expected);
    let verified = cli(&fresh, &[&["verify"], flags.as_slice()].concat());
    assert!(verified.status.success(), "{verified:?}");

    // From here on it is a log like any other: it grows, and no copy goes into it any more.
    assert_eq!(submit(&server, "weekly", "late", 1).status, 200);
    let refused = copy(&cluster, &embedded).unwrap_err();
    assert!(refused.contains("cannot be copied"), "{refused}");
}
