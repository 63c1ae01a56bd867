//! Nodes share the keys of addresses: each opens what another has sealed, and what one erases is closed for all.

use super::nodes::{Nodes, settle};
use crate::broker;
use crate::clicks::{batch, judged, one, prepare, what_if};
use crate::support::{eventually, text};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

#[test]
fn what_one_node_erases_is_closed_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Nodes::new(broker::shared().cluster("addresses"), folder.path(), 2, &[]);
    let (zero, other) = (pair.start(0), pair.start(1));
    settle(&[&zero, &other]);
    let before = Time(Time::now().0 - 1000);
    prepare(&zero);
    // The same address through both: equal hashes make the second one double.
    batch(&zero, &[one("a1", "banner1", "v1", "198.51.100.9", 5), one("a2", "banner1", "v2", "198.51.100.10", 5)]);
    judged(&zero, "a1");
    batch(&other, &[one("a3", "banner1", "v3", "198.51.100.9", 6)]);
    judged(&other, "a3");
    let end = Time::now();
    let set = json!({"name":"data centers","datacenters":["198.51.100.0/24"],"address_per_minute":1});
    assert_eq!(zero.post("/v1/clicks/rulesets", &set).status, 201);
    let tried = |server| what_if(server, 2, before, end);
    let is_open = |found: &Value, unopened: u32| {
        contains(found, &json!({"now":{"valid":3},"unopened":unopened}))
            && contains(found, &json!({"then":{"reasons":{"datacenter":3 - unopened}}}))
    };
    for server in [&zero, &other] {
        let found = tried(server);
        assert!(is_open(&found, 0), "{found}");
    }
    let case = json!({"case_id":"f1","reason":"r","filter":{"ip":"198.51.100.9"}});
    let voided = other.post("/v1/clicks:invalidate", &case);
    assert_eq!(voided.body["voided"], 2, "both nodes have hashed it alike: {voided:?}");

    let erased = zero.post("/v1/clicks/visitors:erase", &json!({"visitor":"v2"}));
    assert!(erased.body["days"].as_u64().is_some_and(|days| days > 0), "{erased:?}");
    eventually("the other node knows of it", || {
        let found = tried(&other);
        (found["unopened"] == 1).then_some(())
    });
    // Nothing of the keys before is left in the topic, and nobody is shown those that are.
    let cli = |server, args: &[&str]| pair.cluster.cli(server, &[args, &["--keys", &pair.keys()]].concat());
    let topics = zero.get("/v1/log").body;
    let keys = topics.as_array().unwrap().iter().find(|line| line["topic"] == "millrace.addresses").unwrap().clone();
    assert_eq!(keys["end"].as_u64().unwrap() - keys["start"].as_u64().unwrap(), 1, "{keys}");
    let shown = cli(&zero, &["log", "tail", "millrace.addresses"]);
    let shown = text(&shown.stdout);
    assert!(shown.contains("bytes") && !shown.contains("hex"), "{shown}");
    for server in [&zero, &other] {
        assert!(cli(server, &["verify", "clicks"]).status.success());
    }
}
