//! The waitlist over HTTP: what one gives back is held for the first who waits, whoever asks meanwhile.

use super::{act, field, gig};
use crate::support::{Server, eventually, text};
use crate::walk::contains;
use serde_json::{Value, json};

const HOLDS: &str = "/v1/tickets/events/gig/holds";
const LIST: &str = "/v1/tickets/events/gig/waitlist";

#[test]
fn what_comes_back_is_held_for_who_waits() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let mut small = gig();
    small["sections"][0]["rows"] = json!([{"id":"1","seats":2}]);
    server.post("/v1/tickets/events", &small);
    let wish = |buyer: &str| json!({"buyer":buyer,"best":{"number":2}});
    let early = server.post(LIST, &wish("b2"));
    assert_eq!((early.status, early.code()), (409, "not_sold_out"));
    let held = server.post(HOLDS, &wish("b1"));
    let order = json!({"event":"gig","hold":field(&held.body, "hold"),"buyer":"b1"});
    let ordered = server.post("/v1/tickets/orders", &order);
    assert_eq!(server.post(HOLDS, &wish("b2")).code(), "all_held");

    let terms = json!({"offer_seconds":600});
    let set = server.send("PUT", LIST, &[], terms.to_string().into_bytes()).expect("the server answers");
    assert_eq!((set.status, &set.body), (200, &terms));
    let first = server.post(LIST, &wish("b2"));
    assert!(first.status == 201 && contains(&first.body, &json!({"state":"waiting","ahead":0})), "{first:?}");
    let place = first.header("location").expect("a place").to_owned();
    assert_eq!(server.get(&place).body, first.body);
    let second = server.post(LIST, &wish("b3"));
    assert_eq!(second.body["ahead"], 1);
    assert_eq!(server.post(LIST, &wish("b3")).code(), "already_waiting");
    server.kill();

    let server = Server::start(&data, &[]);
    act(&server, &format!("/v1/tickets/orders/{}:cancel", field(&ordered.body, "order")));
    assert_eq!(server.post(HOLDS, &wish("b4")).code(), "all_held", "nobody overtakes");
    let offered = server.get(&place).body;
    assert!(contains(&offered, &json!({"state":"offered","ahead":null})), "{offered}");
    let offer = &offered["offer"];
    assert_eq!(offer["seats"], json!(["A-1-1", "A-1-2"]));
    let order = json!({"event":"gig","hold":field(offer, "hold"),"buyer":"b2"});
    let bought = server.post("/v1/tickets/orders", &order);
    assert_eq!(bought.status, 201, "{bought:?}");
    assert_eq!(server.get(&place).body["state"], "ordered");

    let delete = |place: &str| server.send("DELETE", place, &[], Vec::new()).expect("the server answers");
    let other = second.header("location").expect("a place");
    assert_eq!(delete(other).body["state"], "left");
    assert_eq!((delete(other).code(), delete(&place).code()), ("not_waiting", "not_waiting"));
    assert_eq!(server.get(&format!("{LIST}/1.guessed")).code(), "unknown_waiter");

    // An idle event gives back by itself, and offers by itself.
    let third = server.post(LIST, &wish("b5"));
    act(&server, &format!("/v1/tickets/orders/{}:cancel", field(&bought.body, "order")));
    let place = third.header("location").expect("a place");
    let is_offered = |body: &Value| body["state"] == "offered";
    eventually("an offer", || Some(server.get(place).body).filter(is_offered));
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
