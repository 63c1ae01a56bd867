//! Where a copy begins on a node that is new: with the state of another, not with the first record of the log.

use super::nodes::{DAILY, Nodes, held, near_and_far, settle, works};
use super::standby::await_copies;
use super::{fill, out, submit};
use crate::broker;
use crate::support::Server;

const RECORDS: u64 = 200;

fn applied(node: &Server) -> u64 {
    let text = node.get("/metrics").body;
    let name = "millrace_applied_records_total{machine=\"leaderboards\"} ";
    let line = text.as_str().unwrap().lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn a_node_that_joins_begins_with_the_state_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let trio = Nodes::new(broker::shared().cluster("seed"), folder.path(), 2, &["--standbys", "1"]);
    let zero = trio.start(0);
    fill(&zero, "daily", &[("ada", 5)]);
    for n in 0..RECORDS {
        assert_eq!(submit(&zero, "daily", &format!("o{n}"), 1).status, 200);
    }
    let one = trio.start(1);
    await_copies(&[&zero, &one], 2);
    settle(&[&zero, &one]);
    let replayed = applied(&one);
    assert!(replayed < RECORDS, "{replayed} records were applied again");
    println!("{replayed} records were applied by the node that joined, of {RECORDS}");
    works(&[&one, &zero], "daily", "bob", 9);

    // Of a log whose beginning is gone nothing else would lead to the state.
    one.kill();
    std::fs::remove_dir_all(folder.path().join("node1")).unwrap();
    eventually_holds_all(&zero);
    let trimmed =
        trio.cluster.cli(&zero, &["log", "trim", &format!("leaderboards/{DAILY}@{RECORDS}"), "--keys", &trio.keys()]);
    assert!(trimmed.status.success(), "{trimmed:?}");
    let one = trio.start(1);
    await_copies(&[&zero, &one], 2);
    settle(&[&zero, &one]);
    works(&[&one, &zero], "daily", "eve", 8);
    let (near, far) = near_and_far(&[&zero, &one], DAILY);
    for node in [near, far] {
        let verified = trio.cluster.cli(node, &["verify", "leaderboards", "--keys", &trio.keys()]);
        assert!(verified.status.success(), "{}", out(&verified));
    }
}

fn eventually_holds_all(node: &Server) {
    crate::support::eventually("one node holds all", || (held(node).len() == 8).then_some(()));
}
