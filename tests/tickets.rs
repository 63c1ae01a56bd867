//! Tickets over HTTP, as a newcomer meets them: from the plan of a hall to tickets and back, the box office, the door, what
//! is refused, the waiting room, the waitlist, and an on-sale storm, also with kill -9 in the middle of it.

mod bad;
mod buyers;
mod flights;
mod lists;
mod packages;
mod queue;
mod quotas;
mod resale;
mod sale;
mod seatsio;
mod waitlist;

use crate::support::{Answer, Server, text};
use crate::walk::contains;
use serde_json::{Value, json};
use std::process::Command;

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
    assert_eq!(
        late.body["reported"],
        json!({"payment":"p2","state":"refund_due","amount":15000,"refund":15000,"refunded":0})
    );
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
    for (path, body, status, code) in [
        ("/v1/tickets/events", other, 409, "event_exists"),
        ("/v1/tickets/events", json!({"id":"x","categories":[],"stage":1}), 400, "bad_body"),
        ("/v1/tickets/events", json!({"id":"x","categories":[]}), 422, "bad_plan"),
        ("/v1/tickets/events/none/holds", json!({"buyer":"b","best":{"number":1}}), 404, "unknown_event"),
        (holds, json!({"buyer":"b","best":{"number":9}}), 422, "limit_exceeded"),
        (holds, json!({"buyer":"b","hold":"1.x","best":{"number":1}}), 404, "unknown_hold"),
        (holds, json!({"buyer":"b","hold":"what","best":{"number":1}}), 404, "unknown_hold"),
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
    // A keyed request that is repeated gets the same hold, secret and all.
    let body = json!({"buyer":"b1","best":{"number":2}});
    let held = server.post_keyed(holds, "k1", &body);
    let again = server.post_keyed(holds, "k1", &body);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &held.body));
}

/// Holds seats, orders and pays them: the order's path, and its tickets.
fn buy(server: &Server, buyer: &str, seats: &Value) -> (String, Vec<Value>) {
    let held = server.post("/v1/tickets/events/gig/holds", &json!({"buyer":buyer,"seats":seats}));
    assert_eq!(held.status, 201, "{held:?}");
    let ordered = server.post("/v1/tickets/orders", &json!({"event":"gig","hold":held.body["hold"],"buyer":buyer}));
    let path = format!("/v1/tickets/orders/{}", field(&ordered.body, "order"));
    let amount = &ordered.body["total"]["amount"];
    let paid = server.post(&format!("{path}/payments"), &json!({"type":"captured","payment":"p","amount":amount}));
    assert_eq!(paid.body["state"], "paid", "{paid:?}");
    (path, paid.body["tickets"].as_array().expect("a list").clone())
}

#[test]
fn the_box_office_and_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    assert_eq!(server.post("/v1/tickets/events", &gig()).status, 201);
    let put = |path: &str, body: &Value| {
        server.send("PUT", path, &[], body.to_string().into_bytes()).expect("the server answers")
    };
    let event = "/v1/tickets/events/gig";
    let (order, tickets) = buy(&server, "ada", &json!(["A-1-1", "A-1-2", "A-1-3"]));
    let ids: Vec<&str> = tickets.iter().map(|ticket| field(ticket, "id")).collect();
    let before = availability(&server);

    let assigned = server.post(&format!("{event}/channels"), &json!({"seats":["A-2","A-1-1"],"channel":"box"}));
    assert!(contains(&assigned.body, &json!({"seats":21,"owned":1})), "{assigned:?}");
    let code = put(&format!("{event}/codes/FRIENDS"), &json!({"channel":"box"}));
    assert!(contains(&code.body, &json!({"max_uses":1,"uses":0})), "{code:?}");
    let holds = format!("{event}/holds");
    assert_eq!(server.post(&holds, &json!({"buyer":"eve","seats":["A-2-1"]})).code(), "seat_taken");
    let by = json!({"buyer":"eve","seats":["A-2-1"],"code":"FRIENDS"});
    let held = server.post(&holds, &by);
    assert_eq!(held.status, 201, "{held:?}");
    assert_eq!(server.post(&holds, &by).code(), "code_used");
    assert_eq!(server.get(&format!("{event}/codes/FRIENDS")).body["uses"], 1);
    act(&server, &format!("{holds}/{}:release", field(&held.body, "hold")));
    assert_eq!(server.get(&format!("{event}/codes/FRIENDS")).body["uses"], 0);
    assert_eq!(server.post(&holds, &json!({"buyer":"eve","seats":["A-2-1"],"channels":["box"]})).status, 201);
    server.post(&format!("{event}/channels"), &json!({"seats":["A"]}));
    let mut smaller = gig();
    smaller["sections"][0]["rows"][0]["seats"] = json!(2);
    let refused = put(event, &smaller);
    assert_eq!((refused.code(), &refused.body["seats"]), ("seats_owned", &json!(["A-1-3"])), "{refused:?}");
    let mut larger = gig();
    larger["sections"][0]["rows"].as_array_mut().expect("a list").push(json!({"id":"3","seats":2}));
    assert_eq!(put(event, &larger).body["capacity"], 42);
    assert_eq!(put("/v1/tickets/events/other", &larger).code(), "bad_plan");

    let renamed = server.post(&format!("{order}/holders"), &json!({"ticket":ids[0],"holder":"Ada"}));
    let code = field(&renamed.body["tickets"][0], "code");
    let old = field(&tickets[0], "code");
    assert!(renamed.body["tickets"][0]["holder"] == "Ada" && code != old, "{renamed:?}");
    let scan =
        |code: &str, nonce: &str| json!({"scanner":"s1","nonce":nonce,"time":"2026-01-01T20:00:00Z","code":code});
    let shows = |ticket: &str, body: &Value| {
        let answer = server.post(&format!("/v1/tickets/{ticket}:checkin"), body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let mut forged = code.to_owned();
    forged.replace_range(forged.len() - 4.., "AAAA");
    let mut scanner = Command::new("node");
    scanner.arg(format!("{}/tests/tickets/gate.mjs", std::env::var("CARGO_MANIFEST_DIR").unwrap()));
    let said = scanner.args([&server.url, code, &forged, old]).output().expect("node is there");
    assert_eq!(text(&said.stdout), "good\nforged\ngood\n", "without a connection: {}", text(&said.stderr));
    for (code, nonce, result) in [
        (forged.as_str(), "n0", "invalid"),
        (field(&tickets[1], "code"), "n0", "invalid"),
        (old, "n1", "revoked"),
        (code, "n2", "ok"),
        (code, "n2", "ok"),
        (code, "n3", "already_redeemed"),
    ] {
        let shown = shows(ids[0], &scan(code, nonce));
        assert_eq!(shown["result"], result, "{shown}");
    }
    let by_hand = json!({"scanner":"s2","nonce":"n1","time":"2026-01-01T20:00:00Z"});
    assert_eq!(shows(ids[1], &by_hand)["result"], "ok");
    // A scanner that had no connection, and whose clock is a day off, brings what it saw.
    let later = |code: &str, nonce: &str| json!({"code":code,"nonce":nonce,"time":"2025-12-31T20:00:00Z"});
    let scans = json!({"scanner":"s3","scans":[later(code, "n1"), later(field(&tickets[2], "code"), "n2"), later("what", "n3")]});
    for _ in 0..2 {
        let brought = server.post("/v1/tickets/scans", &scans);
        let results: Vec<&Value> =
            brought.body["results"].as_array().expect("a list").iter().map(|one| &one["scanned"]["result"]).collect();
        assert_eq!(results, [&json!("already_redeemed"), &json!("ok"), &json!("invalid")], "{brought:?}");
    }
    let conflicts = server.pages(&format!("{event}/conflicts?limit=1"), "conflicts");
    let by: Vec<_> = conflicts.iter().map(|one| (&one["first"]["scanner"], &one["later"]["scanner"])).collect();
    let (s1, s3) = (json!("s1"), json!("s3"));
    assert_eq!(by, [(&s1, &s1), (&s1, &s3)], "a scan that is brought again is no other one");
    assert_eq!(act(&server, &format!("{order}:cancel")).code(), "already_redeemed");

    let (order, tickets) = buy(&server, "bob", &json!(["A-1-10", "A-1-11"]));
    let ids: Vec<&str> = tickets.iter().map(|ticket| field(ticket, "id")).collect();
    let held = server.post(&holds, &json!({"buyer":"bob","seats":["A-1-20"]}));
    let asked = json!({"tickets":[ids[0]],"hold":held.body["hold"]});
    let exchanged = server.post(&format!("{order}/exchanges"), &asked);
    let seats: Vec<_> = exchanged.body["tickets"].as_array().expect("a list").iter().map(|one| &one["state"]).collect();
    assert_eq!(seats, ["revoked", "valid", "valid"], "{exchanged:?}");
    assert_eq!(server.post(&format!("{order}/refunds"), &json!({"tickets":["gig~1.1"]})).code(), "bad_tickets");
    let new = field(&exchanged.body["tickets"][2], "id");
    let refunded = server.post(&format!("{order}/refunds"), &json!({"tickets":[ids[1], new]}));
    assert_eq!(refunded.body["state"], "cancelled", "{refunded:?}");
    let last = server.post(&format!("{order}/payments"), &json!({"type":"refunded","payment":"p","amount":10000}));
    assert_eq!(
        last.body["reported"],
        json!({"payment":"p","state":"refunded","amount":10000,"refund":10000,"refunded":10000})
    );
    // Eve's hold out of the channel, and two seats more.
    let after = availability(&server);
    assert_eq!((&after["sold"], &after["held"]), (&before["sold"], &json!(1)), "{after}");
    let sales = server.get(&format!("{event}/sales"));
    let expected = json!({"sold":3,"revenue":15000,"fees":0,"refunded":3,"refunds":15000});
    assert!(contains(&sales.body["categories"][0], &expected), "{sales:?}");
    let path = format!("{event}/seats/stream?section=A");
    let mut follower = crate::streams::Client::follow(&server.url, &path, None).expect("it is followed");
    let whole = follower.event();
    assert_eq!((whole.name.as_str(), whole.data["rows"].as_array().map(Vec::len)), ("snapshot", Some(3)));
    let held = server.post(&holds, &json!({"buyer":"eve","seats":["A-3-2"]}));
    let change = follower.event();
    let expected = json!({"rows":[{"section":"A","row":"3","seats":"fh"}]});
    assert!(change.name == "change" && contains(&change.data, &expected), "{:?}", change.data);
    act(&server, &format!("{holds}/{}:release", field(&held.body, "hold")));
    server.kill();

    let server = Server::start(&data, &[]);
    assert_eq!(server.get(&format!("{event}/sales")).body, sales.body);
    assert_eq!(availability(&server), after, "what is made again of the rows is what was there");
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn a_hall_that_was_drawn_with_pretix_is_sold() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let plan: Value = serde_json::from_str(include_str!("tickets/pretix.json")).unwrap();
    let price = |amount: u32| json!({"amount":amount,"currency":"EUR"});
    let new = |id: &str, prices: Value| json!({"id":id,"pretix":plan,"prices":prices});
    let prices = json!({"Front":price(4000),"Stalls":price(2500)});
    let made = server.post("/v1/tickets/events:import", &new("gig", prices.clone()));
    assert_eq!((made.status, &made.body["capacity"]), (201, &json!(46)), "{made:?}");
    assert_eq!(server.post("/v1/tickets/events:import", &new("gig", prices)).status, 200);
    let shown = server.get("/v1/tickets/events/gig/availability").body;
    let expected = json!([{"id":"front","free":24,"longest_run":6},{"id":"stalls","free":22,"longest_run":8}]);
    assert!(contains(&shown["categories"], &expected), "{shown}");
    // Nobody sits across the aisle from their friends where six sit together elsewhere.
    let held = server.post("/v1/tickets/events/gig/holds", &json!({"buyer":"b","best":{"number":6}}));
    let seats: Vec<String> = (1..=6).map(|seat| format!("main-1-{seat}")).collect();
    assert_eq!(held.body["seats"], json!(seats), "{held:?}");
    for (prices, code) in [
        (json!({"Front":price(1)}), "bad_plan"),
        (json!({"Front":price(1),"Stalls":{"amount":1,"currency":"USD"}}), "bad_plan"),
    ] {
        assert_eq!(server.post("/v1/tickets/events:import", &new("other", prices)).code(), code);
    }
}
