//! The waiting room over HTTP: nobody holds anything without having been let in, the next is let in when somebody has
//! ordered, and a draw is what a program computes that knows nothing of Millrace but its answers.

use super::{field, gig};
use crate::support::{Answer, Server, eventually, send, text};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};
use std::process::Command;

const QUEUE: &str = "/v1/tickets/events/gig/queue";
const HOLDS: &str = "/v1/tickets/events/gig/holds";

fn put(server: &Server, path: &str, body: &Value) -> Answer {
    server.send("PUT", path, &[], body.to_string().into_bytes()).expect("the server answers")
}

fn join(server: &Server, buyer: &str) -> Value {
    let joined = server.post(QUEUE, &json!({"buyer":buyer}));
    assert_eq!(joined.status, 201, "{joined:?}");
    joined.body
}

fn look(server: &Server, place: &Value) -> Value {
    let looked = server.get(&format!("/v1/tickets/queue/{}", field(place, "place")));
    assert_eq!(looked.status, 200, "{looked:?}");
    looked.body
}

/// Waits until a place is in this state.
fn until(server: &Server, place: &Value, state: &str) -> Value {
    eventually(&format!("{} is {state}", field(place, "buyer")), || {
        Some(look(server, place)).filter(|looked| looked["state"] == state)
    })
}

fn best(server: &Server, buyer: &str) -> Answer {
    server.post(HOLDS, &json!({"buyer":buyer,"best":{"number":1}}))
}

#[test]
fn who_waits_is_let_in_when_somebody_has_ordered_or_left() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    server.post("/v1/tickets/events", &gig());
    assert_eq!(server.get(QUEUE).code(), "unknown_room");
    let room = put(&server, QUEUE, &json!({"mode":"fifo","max_active":1,"admit_per_minute":6000}));
    let expected = json!({"mode":"fifo","stage":"open","max_active":1,"session_seconds":600,"joined":0,"revision":1});
    assert!(room.status == 200 && contains(&room.body, &expected), "{room:?}");
    assert_eq!(server.get(QUEUE).body, room.body);

    let refused = best(&server, "b1");
    assert_eq!((refused.status, refused.code()), (403, "not_admitted"));
    let first = join(&server, "b1");
    assert!(contains(&first, &json!({"state":"admitted","position":1,"buyer":"b1"})), "{first}");
    let held = best(&server, "b1");
    assert_eq!(held.status, 201, "who is told to be in is in: {held:?}");
    let second = join(&server, "b2");
    assert!(contains(&second, &json!({"state":"waiting","position":2})), "{second}");
    let third = join(&server, "b3");
    assert_eq!(join(&server, "b3")["place"], third["place"], "each buyer has one place");
    let waits = until(&server, &third, "waiting");
    assert!(waits["ahead"] == 2 && waits["estimated_wait_seconds"].is_u64() && waits["poll_after_seconds"].is_u64());
    assert_eq!(best(&server, "b2").code(), "not_admitted");

    let order = json!({"event":"gig","hold":field(&held.body, "hold"),"buyer":"b1"});
    assert_eq!(server.post("/v1/tickets/orders", &order).status, 201);
    until(&server, &first, "ended");
    assert!(until(&server, &second, "admitted")["session_ends_at"].is_string());
    assert_eq!((best(&server, "b1").code(), best(&server, "b2").status), ("not_admitted", 201));
    server.kill();

    let server = Server::start(&data, &[]);
    until(&server, &second, "admitted");
    let path = format!("/v1/tickets/queue/{}", field(&second, "place"));
    let left = server.send("DELETE", &path, &[], Vec::new()).expect("the server answers");
    assert!(left.status == 200 && left.body["state"] == "ended", "{left:?}");
    until(&server, &third, "admitted");
    let again = server.send("DELETE", &path, &[], Vec::new()).expect("the server answers");
    assert_eq!((again.status, again.code()), (404, "unknown_place"));

    let forged = field(&third, "place").replace("gig~3", "gig~1");
    assert_eq!(server.get(&format!("/v1/tickets/queue/{forged}")).code(), "unknown_place");
    for (body, status, code) in [
        (json!({"mode":"lottery"}), 400, "bad_body"),
        (json!({"mode":"fifo","max_active":0}), 422, "bad_room"),
        (json!({"mode":"random"}), 409, "room_opened"),
    ] {
        let refused = put(&server, QUEUE, &body);
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    assert_eq!(put(&server, QUEUE, &json!({"mode":"passthrough"})).status, 200);
    assert_eq!(best(&server, "b9").status, 201, "nobody needs to be let in any more");
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn a_draw_is_what_anybody_computes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.post("/v1/tickets/events", &gig());
    let opens = Time::now().plus(1500);
    let asked = json!({"mode":"random","opens_at":opens,"max_active":3,"admit_per_minute":600_000});
    let room = put(&server, QUEUE, &asked).body;
    assert!(contains(&room, &json!({"stage":"prequeue","seed":null})), "{room}");
    let buyers: Vec<String> = (0..40).map(|buyer| format!("fan{buyer}")).collect();
    let places: Vec<Value> = buyers.iter().map(|buyer| join(&server, buyer)).collect();
    assert!(Time::now() < opens, "everybody came in time");
    assert!(places.iter().all(|place| place["state"] == "prequeue" && place["position"].is_null()));
    let before = server.pages(&format!("{QUEUE}/entries?limit=7"), "entries");
    assert_eq!(before.len(), 40);

    // Whoever asks after it is time has the places drawn.
    let drawn: Vec<Value> = places
        .iter()
        .map(|place| {
            eventually("places are drawn", || Some(look(&server, place)).filter(|looked| looked["position"].is_u64()))
        })
        .collect();
    let late = join(&server, "late");
    assert_eq!(late["position"], 41);
    let opened = server.get(QUEUE).body;
    assert_eq!((&opened["seed_hash"], &opened["drawn"]), (&room["seed_hash"], &json!(40)));
    let script = format!("{}/scripts/verify-draw", env!("CARGO_MANIFEST_DIR"));
    let computed = Command::new(script).args([&server.url, "gig"]).output().expect("python3 is there");
    assert!(computed.status.success(), "{}", text(&computed.stderr));
    let mut positions: Vec<u64> = Vec::new();
    for line in text(&computed.stdout).lines().take(40) {
        let [position, number] = line.split(' ').take(2).map(|word| word.parse().unwrap()).collect::<Vec<u64>>()[..]
        else {
            panic!("{line}")
        };
        let place = &drawn[usize::try_from(number).unwrap() - 1];
        assert_eq!(place["position"], position, "the computed place of {}", place["buyer"]);
        positions.push(number);
    }
    assert_ne!(positions, (1..=40).collect::<Vec<_>>(), "a draw is no line");
    let is_in = |place: &&Value| look(&server, place)["state"] == "admitted";
    let inside = eventually("three are in", || {
        let inside: Vec<&Value> = drawn.iter().filter(is_in).collect();
        (inside.len() == 3).then_some(inside)
    });
    assert!(inside.iter().all(|place| place["position"].as_u64().is_some_and(|position| position <= 3)));
}

#[test]
fn to_ask_for_ones_turn_costs_no_partition_anything() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.post("/v1/tickets/events", &gig());
    put(&server, QUEUE, &json!({"mode":"fifo","max_active":1}));
    join(&server, "b1");
    let place = join(&server, "b2");
    let url = format!("{}/v1/tickets/queue/{}", server.url, field(&place, "place"));
    let queries = || server.metric("millrace_queries_total{machine=\"tickets.queue\"}");
    let (before, begun) = (queries(), std::time::Instant::now());
    for _ in 0..300 {
        assert_eq!(send(&url, "GET", &[], Vec::new()).expect("the server answers").body["state"], "waiting");
    }
    let seconds = begun.elapsed().as_secs();
    assert!(queries() - before <= seconds + 2, "once a second the node asks, whoever asks it");
}
