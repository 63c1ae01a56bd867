//! Tickets over HTTP, as a newcomer meets them: from the plan of a hall to tickets and back, and what is refused.

use crate::support::{Answer, Server, text};
use crate::walk::contains;
use serde_json::{Value, json};

/// The event of the examples: two rows of twenty seats.
fn gig() -> Value {
    json!({"id":"gig","hold_seconds":900,"categories":[{"id":"floor","price":{"amount":5000,"currency":"EUR"}}],
        "sections":[{"id":"A","category":"floor","rows":[{"id":"1","seats":20},{"id":"2","seats":20}]}],"max_per_buyer":8})
}

fn field<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {body}"))
}

/// A POST without a body.
fn act(server: &Server, path: &str) -> Answer {
    server.send("POST", path, &[], Vec::new()).expect("the server answers")
}

fn availability(server: &Server) -> Value {
    server.get("/v1/tickets/events/gig/availability").body["categories"][0].clone()
}

#[test]
fn the_way_from_a_plan_to_tickets_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let published = server.post("/v1/tickets/events", &gig());
    assert_eq!((published.status, &published.body["capacity"]), (201, &json!(40)), "{published:?}");
    assert_eq!(server.post("/v1/tickets/events", &gig()).status, 200);
    let shown = server.get("/v1/tickets/events/gig");
    assert_eq!(shown.body, published.body);
    let before = availability(&server);

    let holds = "/v1/tickets/events/gig/holds";
    let held = server.post(holds, &json!({"buyer":"b1","best":{"number":3}}));
    let expected = json!({"seats":["A-1-9","A-1-10","A-1-11"],"adjacent":true,"step":1});
    assert!(held.status == 201 && contains(&held.body, &expected), "{held:?}");
    assert!(held.body["expires_at"].is_string());
    let taken = server.post(holds, &json!({"buyer":"b2","seats":["A-1-9"]}));
    assert_eq!((taken.status, taken.code(), &taken.body["taken"]), (409, "seat_taken", &json!(["A-1-9"])));
    let hold = field(&held.body, "hold");
    assert_eq!(server.get(held.header("location").expect("a place")).body, held.body);

    let asked = json!({"event":"gig","hold":hold,"buyer":"b1"});
    let ordered = server.post("/v1/tickets/orders", &asked);
    let expected = json!({"state":"pending","total":{"amount":15000,"currency":"EUR"}});
    assert!(ordered.status == 201 && contains(&ordered.body, &expected), "{ordered:?}");
    let order = format!("/v1/tickets/orders/{}", field(&ordered.body, "order"));
    let paid = server.post(&format!("{order}/payments"), &json!({"type":"captured","payment":"p1","amount":15000}));
    assert_eq!((paid.status, &paid.body["state"]), (200, &json!("paid")), "{paid:?}");
    let tickets = paid.body["tickets"].as_array().expect("a list");
    assert_eq!(tickets.iter().map(|ticket| field(ticket, "seat")).collect::<Vec<_>>(), ["A-1-9", "A-1-10", "A-1-11"]);
    assert!(tickets.iter().all(|ticket| !field(ticket, "id").is_empty() && !field(ticket, "code").is_empty()));
    let expected = json!({"id":"floor","capacity":40,"free":37,"held":0,"sold":3,"blocked":0,"longest_run":20});
    assert!(contains(&availability(&server), &expected), "{}", availability(&server));
    let rows = server.get("/v1/tickets/events/gig/seats?section=A").body["rows"].clone();
    assert_eq!((&rows[0]["seats"], &rows[1]["seats"]), (&json!("ffffffffsssfffffffff"), &json!("f".repeat(20))));
    let then = paid.header("millrace-position").expect("a position").to_owned();
    server.kill();

    let server = Server::start(&data, &[]);
    let again = server.get(&order);
    assert_eq!(again.body["tickets"], paid.body["tickets"], "codes stay what they were");
    let cancelled = act(&server, &format!("{order}:cancel"));
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{cancelled:?}");
    assert_eq!(availability(&server), before, "every counter is as before");
    let late = server.post(&format!("{order}/payments"), &json!({"type":"captured","payment":"p2","amount":15000}));
    assert_eq!(late.body["reported"], json!({"payment":"p2","state":"refund_due","amount":15000,"refund":15000}));
    let past = server.get(&format!("/v1/tickets/events/gig/availability?at={then}"));
    assert_eq!(past.body["categories"][0]["sold"], 3, "the map at a past moment: {past:?}");

    let held = server.post(holds, &json!({"buyer":"b2","seats":["A-1-9"]}));
    let path = format!("{holds}/{}", field(&held.body, "hold"));
    assert_eq!(act(&server, &format!("{path}:extend")).status, 200);
    assert_eq!(act(&server, &format!("{path}:extend")).code(), "extended_too_often");
    assert_eq!(act(&server, &format!("{path}:release")).body["state"], "released");
    assert_eq!(act(&server, &format!("{path}:release")).code(), "hold_released");
    assert_eq!(act(&server, &format!("{path}:keep")).code(), "unknown_action");
    let history = server.pages("/v1/tickets/events/gig/seats/A-1-9/history?limit=1", "owners");
    let owners: Vec<_> =
        history.iter().map(|owner| (&owner["buyer"], &owner["state"], &owner["order_state"])).collect();
    let (ordered, cancelled) = (json!("ordered"), json!("cancelled"));
    assert_eq!(owners, [(&json!("b2"), &json!("released"), &Value::Null), (&json!("b1"), &ordered, &cancelled)]);
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    assert_eq!(server.post("/v1/tickets/events", &gig()).status, 201);
    let mut other = gig();
    other["sections"][0]["rows"][0]["seats"] = json!(21);
    let holds = "/v1/tickets/events/gig/holds";
    let seats: Vec<String> = (0..10_000).map(|seat| format!("A-1-{seat}")).collect();
    for (path, body, status, code) in [
        ("/v1/tickets/events", other, 409, "event_exists"),
        ("/v1/tickets/events", json!({"id":"x","categories":[],"stage":1}), 400, "bad_body"),
        ("/v1/tickets/events", json!({"id":"x","categories":[]}), 422, "bad_plan"),
        ("/v1/tickets/events/none/holds", json!({"buyer":"b","best":{"number":1}}), 404, "unknown_event"),
        (holds, json!({"buyer":"b","seats":[]}), 422, "bad_number"),
        (holds, json!({"buyer":"b","seats":seats}), 422, "bad_number"),
        (holds, json!({"buyer":"b","seats":["A-1-1","B-1-1"]}), 422, "unknown_seats"),
        (holds, json!({"buyer":"b","best":{"number":9}}), 422, "limit_exceeded"),
        (holds, json!({"buyer":"b","hold":"1.x","best":{"number":1}}), 404, "unknown_hold"),
        (holds, json!({"buyer":"b","hold":"what","best":{"number":1}}), 404, "unknown_hold"),
        ("/v1/tickets/orders", json!({"event":"gig","hold":"1.x","buyer":"b"}), 404, "unknown_hold"),
        (
            "/v1/tickets/orders/gig~1/payments",
            json!({"type":"captured","payment":"p","amount":1}),
            404,
            "unknown_order",
        ),
        ("/v1/tickets/orders/gig/payments", json!({"type":"captured","payment":"p","amount":1}), 404, "unknown_order"),
    ] {
        let answer = server.post(path, &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {answer:?}");
    }
    // A keyed request that is repeated gets the same hold, secret and all; a stranger's token is none.
    let body = json!({"buyer":"b1","best":{"number":2}});
    let held = server.post_keyed(holds, "k1", &body);
    let again = server.post_keyed(holds, "k1", &body);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &held.body));
    let foreign = format!("{}x", field(&held.body, "hold"));
    let stolen = server.post("/v1/tickets/orders", &json!({"event":"gig","hold":foreign,"buyer":"b1"}));
    assert_eq!(stolen.code(), "unknown_hold");
    let wrong = server.post("/v1/tickets/orders", &json!({"event":"gig","hold":held.body["hold"],"buyer":"b2"}));
    assert_eq!((wrong.status, wrong.code()), (403, "wrong_buyer"));
}
