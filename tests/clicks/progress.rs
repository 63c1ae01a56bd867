//! A what-if over a long part of the log says how far it is.

use super::{batch, one, put, serve};
use crate::support::{Server, eventually};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

/// Enough for a replay that takes longer than a request waits for it here.
const CLICKS: usize = 20_000;

#[test]
fn a_what_if_says_how_far_it_is_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = serve(&data);
    let before = Time(Time::now().0 - 60_000);
    let all: Vec<Value> = (0..CLICKS)
        .map(|number| {
            let ip = format!("198.51.{}.{}", number / 250 % 250, number % 250);
            one(&format!("c{number}"), "banner1", &format!("v{number}"), &ip, 5)
        })
        .collect();
    for clicks in all.chunks(2000) {
        batch(&server, clicks);
    }
    let gross = || {
        let path = format!("/v1/clicks/reports?from={}&to={}&metrics=gross", super::at(0), super::at(60));
        server.get(&path).body["rows"][0]["gross"].clone()
    };
    eventually("all are judged", || (gross() == CLICKS).then_some(()));
    let end = Time::now();
    assert_eq!(server.post("/v1/clicks/rulesets", &json!({"name":"none","address_per_minute":1})).status, 201);
    assert_eq!(server.stop(), Some(0));

    let server = Server::start(&data, &["--asof-max-wait", "1ms"]);
    let path = format!("/v1/clicks/rulesets/2:replay?from={before}&to={end}");
    let began = eventually("the moment is over", || {
        let answer = server.send("POST", &path, &[], Vec::new()).expect("the server answers");
        (answer.code() != "unknown_position").then_some(answer)
    });
    assert_eq!(began.status, 202, "{began:?}");
    let link = began.header("location").expect("a link").to_owned();
    assert_eq!(link, format!("/v1/clicks/rulesets/2/replay?from={before}&to={end}"));
    let mut steps: Vec<(u64, u64, u64)> = Vec::new();
    let found = eventually("the what-if is done", || {
        let answer = server.get(&link);
        if answer.status == 200 {
            return Some(answer.body);
        }
        assert!(answer.status == 202 && contains(&answer.body, &json!({"pending":true,"steps":3})), "{answer:?}");
        let number = |name: &str| answer.body[name].as_u64().unwrap();
        steps.push((number("step"), number("replayed"), number("records")));
        None
    });
    assert!(contains(&found, &json!({"now":{"gross":CLICKS},"then":{"gross":CLICKS}})), "{found}");
    assert!(steps.is_sorted_by_key(|(step, ..)| *step), "{steps:?}");
    assert!(steps.iter().all(|(_, replayed, records)| replayed <= records), "{steps:?}");
    assert!(steps.iter().any(|(step, _, records)| *step == 3 && *records > 0), "{steps:?}");
    let unknown = put(&server, "/v1/clicks/rulesets/2/replay", &json!({}));
    assert_eq!(unknown.status, 405);
}

#[test]
fn where_the_states_cannot_be_open_together_it_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--partitions", "2", "--asof-views", "5"]);
    let (from, to) = (Time(Time::now().0 - 60_000), Time::now());
    let path = format!("/v1/clicks/rulesets/1:replay?from={from}&to={to}");
    let answer = server.send("POST", &path, &[], Vec::new()).expect("the server answers");
    assert_eq!((answer.status, answer.code()), (503, "too_few_views"), "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains("`--asof-views` must be 6 at least"), "{answer:?}");
}
