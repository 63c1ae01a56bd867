//! Addresses: the log has hashes and ciphertext of them, whose keys can be destroyed, and no line of the program's log
//! holds one.

use super::{BROWSER, at, batch, judged, one, prepare, put, report, what_if};
use crate::support::{Server, eventually, stderr, text};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(fs::read(path).unwrap()) }
    }
    all
}

/// True if a file below the folder has one of these texts.
fn has_any(folder: &Path, texts: &BTreeSet<Vec<u8>>) -> bool {
    let length = texts.first().unwrap().len();
    files(folder).iter().any(|bytes| bytes.windows(length).any(|window| texts.contains(window)))
}

/// Every 16 bytes of the keys' files that stand in no other place by chance.
fn keys(data: &Path) -> BTreeSet<Vec<u8>> {
    let all = files(&data.join("addresses"));
    let windows = all.iter().flat_map(|bytes| bytes.windows(16));
    windows.filter(|window| window.iter().collect::<BTreeSet<_>>().len() > 8).map(<[u8]>::to_vec).collect()
}

fn void(server: &Server, case: &str, ip: &str) -> Value {
    let case = json!({"case_id":case,"reason":"r","filter":{"ip":ip}});
    let answer = server.post("/v1/clicks:invalidate", &case);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["voided"].clone()
}

#[test]
fn an_address_is_opened_until_its_visitor_is_erased_or_the_keys_of_its_day_are_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let server = Server::start(&data, &[]);
    let before = Time(Time::now().0 - 1000);
    prepare(&server);
    let clicks = [
        one("a1", "banner1", "v1", "203.0.113.8", 5),
        one("a2", "banner1", "v2", "198.51.100.9", 5),
        one("a3", "wide", "v3", "::ffff:198.51.100.10", 5),
        one("a4", "banner1", "v4", "2001:db8::4", 5),
    ];
    batch(&server, &clicks);
    clicks.iter().for_each(|click| drop(judged(&server, click["click_id"].as_str().unwrap())));
    let end = Time::now();
    let set = json!({"name":"data centers","datacenters":["198.51.100.0/24","2001:db8::/32"]});
    assert_eq!(server.post("/v1/clicks/rulesets", &set).status, 201);
    let expected = |datacenter: u32, unopened: u32| json!({"now":{"valid":4},"then":{"valid":4 - datacenter,"reasons":{"datacenter":datacenter}},"unopened":unopened});
    let found = what_if(&server, 2, before, end);
    assert!(contains(&found, &expected(3, 0)), "{found}");

    let erase = |body: Value| server.post("/v1/clicks/visitors:erase", &body);
    let shown = judged(&server, "a4")["visitor"].clone();
    for body in [json!({"visitor":"v2"}), json!({"shown":shown})] {
        let days = |answer: crate::support::Answer| answer.body["days"].as_u64().unwrap();
        assert!(days(erase(body.clone())) >= 1);
        assert_eq!(days(erase(body)), 0, "twice is once");
    }
    for body in [json!({}), json!({"visitor":"v1","user":"u1"}), json!({"shown":"x"}), json!({"ip":"203.0.113.8"})] {
        assert_eq!(erase(body).status, 400);
    }
    let found = what_if(&server, 2, before, end);
    assert!(contains(&found, &expected(1, 2)), "{found}");
    // For the rest of the day his addresses are not kept; his clicks count as ever.
    batch(&server, &[one("a5", "banner1", "v2", "198.51.100.9", 6)]);
    assert_eq!(judged(&server, "a5")["primary"], "dedupe");

    // Whoever looks for an address finds its clicks as long as the day has its key, erased or not.
    assert_eq!(void(&server, "f1", "203.0.113.8"), 1);
    assert_eq!(void(&server, "f1", "203.0.113.8"), 1, "twice is once");
    let rows = report(&server, "group_by=ad&metrics=gross,valid,invalid,reasons,cost");
    assert!(server.cli(&["backup", backup.to_str().unwrap()]).status.success());
    let keys = keys(&data);
    assert!(keys.len() > 16 && has_any(&data, &keys));
    assert!(!has_any(&backup, &keys), "a backup has keys of addresses");
    assert_eq!(server.stop(), Some(0));

    // As it happens when their time has come.
    fs::remove_dir_all(data.join("addresses")).unwrap();
    assert!(!has_any(&data, &keys), "keys of addresses stand elsewhere too");
    let server = Server::start(&data, &[]);
    let found = what_if(&server, 2, before, end);
    assert!(contains(&found, &json!({"difference":[],"unopened":4})), "{found}");
    assert_eq!(void(&server, "f2", "198.51.100.10"), 0);
    assert_eq!(report(&server, "group_by=ad&metrics=gross,valid,invalid,reasons,cost"), rows);
    for command in ["verify", "replay"] {
        let done = server.cli(&[command, "clicks"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    assert_eq!(report(&server, "group_by=ad&metrics=gross,valid,invalid,reasons,cost"), rows);
    assert_eq!(server.stop(), Some(0));
    let addresses = ["203.0.113.8", "198.51.100.9", "198.51.100.1", "2001:db8::4"];
    for address in addresses {
        let texts = BTreeSet::from([address.as_bytes().to_vec()]);
        for place in [&data, &backup] {
            // The rule set says one range as text, and it is none of these.
            assert!(!has_any(place, &texts), "{address} stands in {}", place.display());
        }
    }
}

#[test]
fn no_address_stands_in_a_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let args = ["--log-format", "json", "--log-filter", "trace", "--trusted-proxies", "127.0.0.0/8"];
    let server = Server::start(&data, &args);
    prepare(&server);
    let bad = [
        one("p1", "banner1", "v1", "203.0.113.77", 5),
        one("p2", "banner1", "v1", "203.0.113.78.", 5),
        one("p3", "none", "v1", "2001:db8::77", 5),
    ];
    assert_eq!(server.post("/v1/clicks:batch", &json!({ "clicks": bad })).status, 202);
    let unreadable = json!({"clicks":[{"click_id":1,"ip":"203.0.113.79"}]});
    assert_eq!(server.post("/v1/clicks:batch", &unreadable).status, 400);
    let headers = [("user-agent", BROWSER), ("x-forwarded-for", "203.0.113.80")];
    assert_eq!(server.send("GET", "/c/banner1", &headers, Vec::new()).unwrap().status, 302);
    let case = |filter| json!({"case_id":"f1","reason":"r","filter":filter});
    assert_eq!(server.post("/v1/clicks:invalidate", &case(json!({"ip":"203.0.113.77"}))).status, 200);
    assert_eq!(server.post("/v1/clicks:invalidate", &case(json!({"ip_prefix":"203.0.113.0/16"}))).status, 422);
    let shown = json!({"impressions":[{"ad":"banner1","ip":"203.0.113.81","time":at(5)}]});
    assert_eq!(server.post("/v1/clicks/impressions:batch", &shown).status, 202);
    let set = json!({"currency":"EUR","price_micros":1});
    assert_eq!(put(&server, "/v1/clicks/campaigns/other", &set).status, 201);
    let found = eventually("the click is judged", || {
        let answer = server.get("/v1/clicks/p1");
        (answer.status == 200).then_some(answer.body)
    });
    assert!(!found.to_string().contains("203.0.113"), "{found}");
    assert_eq!(server.stop(), Some(0));
    let log = fs::read_to_string(stderr(&data)).unwrap();
    assert!(log.contains("answered"), "nothing was logged");
    for hidden in ["203.0.113.", "2001:db8:"] {
        assert!(!log.contains(hidden), "{hidden} stands in the log");
    }
}
