//! Public events of a running server: a system that nobody listens to says nothing, and is the same all the same.

use crate::support::{Server, eventually, text};
use serde_json::{Value, json};

/// What the events' topic of the only partition has.
fn events(server: &Server) -> Vec<Value> {
    let records = server.get("/v1/log/leaderboards.events/0?from=0&count=1000");
    assert_eq!(records.status, 200, "{records:?}");
    records.body.as_array().expect("a list").iter().map(|record| record["says"].clone()).collect()
}

fn submit(server: &Server, score: i64) {
    let answer = server.post("/v1/leaderboards/b/scores", &json!({"owner": "ada", "score": score}));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_silent_system_says_nothing_until_it_is_heard_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let silent = ["--partitions", "1", "--without-events", "leaderboards"];
    let server = Server::start(&data, &silent);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    (0..5).for_each(|score| submit(&server, score));
    // With its events published a stop waits for them, so what is not there now was never meant to be.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&data, &silent[..2]);
    assert_eq!(events(&server), Vec::<Value>::new());
    submit(&server, 7);
    let said = eventually("its event", || Some(events(&server)).filter(|events| !events.is_empty()));
    assert_eq!((said.len(), &said[0]["data"]["score"]), (1, &json!(7)), "{said:?}");
    assert_eq!(server.get("/v1/leaderboards/b/owners/ada").body["attempts"], 6);
    let verified = server.cli(&["verify", "leaderboards"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stdout));
}
