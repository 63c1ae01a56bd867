//! Lists over HTTP: the events, and what became of the places of one.

use super::{act, buy, field, gig};
use crate::support::Server;
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

#[test]
fn events_are_listed_and_so_is_what_became_of_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let mut event = gig();
    event["keep_changes"] = json!(true);
    let published = server.post("/v1/tickets/events", &event);
    assert_eq!((published.status, &published.body["keep_changes"]), (201, &json!(true)), "{published:?}");
    for id in ["b", "c", "d"] {
        let mut other = gig();
        other["id"] = json!(id);
        assert_eq!(server.post("/v1/tickets/events", &other).status, 201);
    }
    let listed = server.pages("/v1/tickets/events?limit=1", "events");
    // As texts "…46Z" and "…461Z" would not be in order.
    let time = |event: &Value| -> Time { serde_json::from_value(event["published_at"].clone()).unwrap() };
    let times: Vec<Time> = listed.iter().map(time).collect();
    assert!(listed.len() == 4 && times.is_sorted_by(|one, other| one >= other), "{listed:?}");
    let mut ids: Vec<&str> = listed.iter().map(|event| field(event, "id")).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["b", "c", "d", "gig"]);
    let shown = listed.iter().find(|event| event["id"] == "gig").unwrap();
    assert!(contains(shown, &json!({"capacity":40,"categories":["floor"],"has_seats":true})), "{shown}");

    let (order, tickets) = buy(&server, "ada", &json!(["A-1-1", "A-1-2"]));
    let refund = json!({"tickets":[field(&tickets[1], "id")]});
    assert_eq!(server.post(&format!("{order}/refunds"), &refund).status, 200);
    assert_eq!(act(&server, &format!("{order}:cancel")).status, 200);
    let changes = server.pages("/v1/tickets/events/gig/changes?limit=1", "changes");
    let expected = json!([
        {"number":4,"cause":"revoked","hold":1,"seats":["A-1-1"]},
        {"number":3,"cause":"revoked","hold":1,"seats":["A-1-2"]},
        {"number":2,"cause":"paid","hold":1,"seats":["A-1-1","A-1-2"],"areas":[]},
        {"number":1,"cause":"held","hold":1,"seats":["A-1-1","A-1-2"],"areas":[]},
    ]);
    assert!(contains(&Value::Array(changes.clone()), &expected), "{changes:?}");
    let offsets: Vec<u64> = changes.iter().map(|change| change["offset"].as_u64().unwrap()).collect();
    assert!(offsets.is_sorted_by(|one, other| one > other), "{offsets:?}");
    let kept = server.get("/v1/tickets/events/b/changes");
    assert_eq!((kept.status, kept.code()), (404, "changes_not_kept"), "{kept:?}");
    assert_eq!(server.get("/v1/tickets/events?cursor=x").status, 400);

    // Who has the map is not sent it again while the seats are what they were.
    let map = |known: &[(&str, &str)]| {
        server.send("GET", "/v1/tickets/events/gig/seats", known, Vec::new()).expect("the server answers")
    };
    let first = map(&[]);
    let tag = first.header("etag").expect("a tag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    let again = map(&known);
    assert_eq!((first.status, again.status, again.header("etag"), &again.body), (200, 304, Some(&*tag), &json!("")));
    buy(&server, "bob", &json!(["A-1-1"]));
    let other = map(&known);
    assert!(other.status == 200 && other.header("etag") != Some(&*tag), "{other:?}");
}
