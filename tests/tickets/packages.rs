//! Packages and seasons over HTTP: places in all of their events or in none, one payment, and everything back.

use super::{act, field, gig};
use crate::support::{Server, eventually, text};
use crate::walk::contains;
use serde_json::{Value, json};

const PACKAGES: &str = "/v1/tickets/packages";

/// The event of the examples under another id.
fn night(id: &str) -> Value {
    let mut event = gig();
    event["id"] = json!(id);
    event
}

fn counts(server: &Server, event: &str) -> Value {
    server.get(&format!("/v1/tickets/events/{event}/availability")).body
}

#[test]
fn a_season_is_sold_seat_by_seat_in_all_of_its_events_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let nights = ["n1", "n2", "n3"];
    for id in nights {
        assert_eq!(server.post("/v1/tickets/events", &night(id)).status, 201);
    }
    let before = nights.map(|id| counts(&server, id));
    let season = json!({"id":"season","season":true,"events":[
        {"event":"n1"},{"event":"n2","discount_percent":20},{"event":"n3","price":1000}]});
    let defined = server.post(PACKAGES, &season);
    assert!(defined.status == 201 && contains(&defined.body, &season), "{defined:?}");
    assert_eq!(server.post(PACKAGES, &season).status, 200);
    assert_eq!(server.get(&format!("{PACKAGES}/season")).body, defined.body);

    // One night does not have the seats that are the best of the others.
    let taken = server.post("/v1/tickets/events/n2/holds", &json!({"buyer":"eve","seats":["A-1-10"]}));
    let holds = format!("{PACKAGES}/season/holds");
    let held = server.post(&holds, &json!({"buyer":"ada","best":{"number":2}}));
    assert_eq!((held.status, &held.body["state"]), (201, &json!("held")), "{held:?}");
    assert_eq!(held.body["total"], json!({"amount":20000,"currency":"EUR"}));
    let events = held.body["events"].as_array().expect("a list");
    assert_eq!(events.len(), 3);
    let seats = &events[0]["seats"];
    assert!(events.iter().all(|event| event["seats"] == *seats), "the same in each: {held:?}");
    assert!(!seats.to_string().contains("\"A-1-10\""), "{seats}");
    let hold = field(&held.body, "hold");
    assert_eq!(server.get(held.header("location").expect("a place")).body, held.body);
    let refused = server.post(&holds, &json!({"buyer":"bob","seats":["A-1-10"]}));
    assert_eq!((refused.status, refused.code(), &refused.body["event"]), (409, "seat_taken", &json!("n2")));
    act(&server, &format!("/v1/tickets/events/n2/holds/{}:release", field(&taken.body, "hold")));

    let ordered = server.post(&format!("{PACKAGES}/season/orders"), &json!({"hold":hold,"buyer":"ada"}));
    assert_eq!((ordered.status, &ordered.body["state"]), (201, &json!("pending")), "{ordered:?}");
    let order = ordered.header("location").expect("a place").to_owned();
    server.kill();

    let server = Server::start(&data, &[]);
    let payment = json!({"type":"captured","payment":"p1","amount":20000});
    let paid = server.post(&format!("{order}/payments"), &payment);
    assert_eq!((paid.status, &paid.body["state"]), (200, &json!("paid")), "{paid:?}");
    let tickets: Vec<&Value> = paid.body["events"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|of| of["tickets"].as_array())
        .flatten()
        .collect();
    assert!(tickets.len() == 6 && tickets.iter().all(|ticket| !field(ticket, "code").is_empty()), "{paid:?}");
    let again = server.post(&format!("{order}/payments"), &payment);
    assert_eq!(again.body["reported"]["state"], "captured", "{again:?}");
    let single = field(&paid.body["events"][0], "order");
    let alone = act(&server, &format!("/v1/tickets/orders/{single}:cancel"));
    assert_eq!((alone.status, alone.code()), (409, "part_of_package"));

    let cancelled = act(&server, &format!("{order}:cancel"));
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{cancelled:?}");
    assert_eq!(nights.map(|id| counts(&server, id)), before, "every counter is as before");
    let scan = json!({"scanner":"s","nonce":"1","time":"2026-01-01T00:00:00Z","code":tickets[0]["code"]});
    let shown = server.post(&format!("/v1/tickets/{}:checkin", field(tickets[0], "id")), &scan);
    assert_eq!(shown.body["result"], "revoked", "{shown:?}");
    assert_eq!(act(&server, &format!("{order}:cancel")).code(), "order_ended");
    server.kill();

    let server = Server::start(&data, &[]);
    assert_eq!(nights.map(|id| counts(&server, id)), before);
    assert_eq!(server.get(&order).body, cancelled.body);
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn packages_that_cannot_be_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let mut dollars = night("usd");
    dollars["categories"][0]["price"]["currency"] = json!("USD");
    let mut small = night("small");
    small["sections"][0]["rows"] = json!([{"id":"1","seats":2}]);
    for event in [night("n1"), night("n2"), dollars, small] {
        assert_eq!(server.post("/v1/tickets/events", &event).status, 201);
    }
    let package = |events: Value| json!({"id":"p","events":events});
    let of = |ids: &[&str]| ids.iter().map(|id| json!({"event":id})).collect::<Value>();
    let mut season = package(of(&["n1", "small"]));
    season["season"] = json!(true);
    for (body, status, code) in [
        (package(of(&["n1"])), 422, "bad_package"),
        (package(of(&["n1", "n1"])), 422, "bad_package"),
        (package(of(&["n1", "none"])), 404, "unknown_event"),
        (package(of(&["n1", "usd"])), 422, "bad_package"),
        (package(json!([{"event":"n1","discount_percent":10,"price":5},{"event":"n2"}])), 422, "bad_package"),
        (package(json!([{"event":"n1","discount_percent":101},{"event":"n2"}])), 422, "bad_package"),
        (json!({"id":"P","events":of(&["n1", "n2"])}), 422, "bad_id"),
        (json!({"id":"p","events":of(&["n1", "n2"]),"answer_seconds":0}), 422, "bad_package"),
        (season, 422, "other_plan"),
    ] {
        let answer = server.post(PACKAGES, &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    }
    assert_eq!(server.post(PACKAGES, &package(of(&["n1", "small"]))).status, 201);
    assert_eq!(server.post(PACKAGES, &package(of(&["n1", "n2"]))).code(), "package_exists");
    let holds = format!("{PACKAGES}/p/holds");
    for (path, body, status, code) in [
        (holds.as_str(), json!({"buyer":"b"}), 422, "bad_request"),
        (&holds, json!({"buyer":"","best":{"number":1}}), 422, "bad_request"),
        (&holds, json!({"buyer":"b","best":{"number":0}}), 422, "bad_number"),
        (&holds, json!({"buyer":"b","seats":["A-2-1"]}), 422, "unknown_seats"),
        (&holds, json!({"buyer":"b","best":{"number":3}}), 409, "too_few_left"),
        (&holds, json!({"buyer":"b","events":[{"event":"n2","best":{"number":1}}]}), 422, "bad_request"),
        ("/v1/tickets/packages/none/holds", json!({"buyer":"b","best":{"number":1}}), 404, "unknown_package"),
        ("/v1/tickets/packages/p/orders", json!({"hold":"1.guessed","buyer":"b"}), 404, "unknown_hold"),
        (
            "/v1/tickets/packages/p/orders/1/payments",
            json!({"type":"failed","payment":"p","amount":1}),
            404,
            "unknown_order",
        ),
    ] {
        let answer = server.post(path, &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{path} {body} {answer:?}");
    }
    let free = |event: &str| counts(&server, event)["categories"][0]["free"].clone();
    eventually("what was refused leaves nothing held", || {
        ((free("n1"), free("small")) == (json!(40), json!(2))).then_some(())
    });

    let held = server.post(&holds, &json!({"buyer":"b","best":{"number":1}}));
    let hold = field(&held.body, "hold");
    let extended = act(&server, &format!("{holds}/{hold}:extend"));
    assert_eq!(extended.status, 200, "{extended:?}");
    assert_eq!(act(&server, &format!("{holds}/{hold}:extend")).code(), "extended_too_often");
    let released = act(&server, &format!("{holds}/{hold}:release"));
    assert_eq!(released.body["state"], "released", "{released:?}");
    let late = server.post(&format!("{PACKAGES}/p/orders"), &json!({"hold":hold,"buyer":"b"}));
    assert_eq!((late.status, late.code()), (410, "hold_released"));
}
