//! Bad input, item by item: each is refused by name, leaves everything as it was, and none of it is a fault of the server's.

use super::{act, buy, field, gig};
use crate::support::{Answer, Server, eventually, text};
use serde_json::{Value, json};

/// A second event, in another hall, whose holds last a second.
fn brief() -> Value {
    json!({"id":"brief","hold_seconds":1,"categories":[{"id":"floor","price":{"amount":5000,"currency":"EUR"}}],
        "sections":[{"id":"B","category":"floor","rows":[{"id":"1","seats":9}]}]})
}

const HOLDS: &str = "/v1/tickets/events/gig/holds";

/// What an answer says: its problem, what became of a scan, or of a payment.
fn said(answer: &Answer) -> String {
    let found = [&answer.body["code"], &answer.body["result"], &answer.body["reported"]["state"]];
    found.iter().find_map(|value| value.as_str()).unwrap_or("accepted").to_owned()
}

/// Everything that there is of the event.
fn everything(server: &Server) -> [Value; 3] {
    ["", "/availability", "/seats"].map(|path| server.get(&format!("/v1/tickets/events/gig{path}")).body)
}

/// One thing that somebody does wrong: what it is called, the path, the body, and what is answered.
type Case<'a> = (&'a str, String, Value, u16, &'a str);

#[test]
fn bad_input_is_refused_by_name_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    for event in [gig(), brief()] {
        assert_eq!(server.post("/v1/tickets/events", &event).status, 201);
    }
    let hold = |event: &str, buyer: &str, what: Value| {
        let mut body = what;
        body["buyer"] = json!(buyer);
        let held = server.post(&format!("/v1/tickets/events/{event}/holds"), &body);
        assert_eq!(held.status, 201, "{held:?}");
        held.body
    };
    let order = |event: &str, hold: &Value, buyer: &str| json!({"event":event,"hold":hold,"buyer":buyer});

    // What others have, had and lost.
    let (sold, tickets) = buy(&server, "ada", &json!(["A-1-1", "A-1-2", "A-1-3"]));
    let open = hold("gig", "bob", json!({"seats":["A-2-1"]}));
    let token = field(&open, "hold").to_owned();
    let over = hold("brief", "bob", json!({"seats":["B-1-1"]}));
    eventually("a hold is out of time", || {
        let path = format!("/v1/tickets/events/brief/holds/{}", field(&over, "hold"));
        (server.get(&path).body["state"] == "expired").then_some(())
    });
    let extended = hold("gig", "eve", json!({"seats":["A-2-5"]}));
    let extension = format!("{HOLDS}/{}:extend", field(&extended, "hold"));
    assert_eq!(act(&server, &extension).status, 200);
    let put = |path: &str, body: &Value| {
        server.send("PUT", path, &[], body.to_string().into_bytes()).expect("the server answers")
    };
    assert_eq!(put("/v1/tickets/events/gig/codes/ONCE", &json!({})).status, 200);
    hold("gig", "zoe", json!({"seats":["A-2-10"],"code":"ONCE"}));
    let gone = hold("gig", "max", json!({"seats":["A-2-15"]}));
    let gone = server.post("/v1/tickets/orders", &order("gig", &gone["hold"], "max"));
    let cancelled = format!("/v1/tickets/orders/{}", field(&gone.body, "order"));
    assert_eq!(act(&server, &format!("{cancelled}:cancel")).status, 200);
    let ids: Vec<&str> = tickets.iter().map(|ticket| field(ticket, "id")).collect();
    let codes: Vec<&str> = tickets.iter().map(|ticket| field(ticket, "code")).collect();
    assert_eq!(server.post(&format!("{sold}/holders"), &json!({"ticket":ids[1],"holder":"Ada"})).status, 200);
    let scan = |code: &str, scanner: &str, time: &str| json!({"scanner":scanner,"nonce":"n1","time":time,"code":code});
    let (now, yesterday) = ("2026-01-02T20:00:00Z", "2026-01-01T20:00:00Z");
    let checkin = |ticket: &str| format!("/v1/tickets/{ticket}:checkin");
    assert_eq!(said(&server.post(&checkin(ids[0]), &scan(codes[0], "south", now))), "ok");
    let before = everything(&server);

    let mut forged = codes[0].to_owned();
    forged.replace_range(forged.len() - 4.., "AAAA");
    let altered = codes[0].replacen(ids[0], ids[2], 1);
    let many: Vec<String> = (0..10_000).map(|seat| format!("A-1-{seat}")).collect();
    let payment = json!({"type":"captured","payment":"late","amount":5000});
    let holds = || HOLDS.to_owned();
    let orders = || "/v1/tickets/orders".to_owned();
    let cases: Vec<Case<'_>> = vec![
        ("a seat that does not exist", holds(), json!({"buyer":"b","seats":["A-1-99"]}), 422, "unknown_seats"),
        ("a row that does not exist", holds(), json!({"buyer":"b","seats":["A-9-1"]}), 422, "unknown_seats"),
        (
            "seats of two events in one hold",
            holds(),
            json!({"buyer":"b","seats":["A-1-9","B-1-1"]}),
            422,
            "unknown_seats",
        ),
        ("no seats", holds(), json!({"buyer":"b","seats":[]}), 422, "bad_number"),
        ("the best no seats", holds(), json!({"buyer":"b","best":{"number":0}}), 422, "bad_number"),
        ("10,000 seats", holds(), json!({"buyer":"b","seats":many}), 422, "bad_number"),
        ("the best 10,000 seats", holds(), json!({"buyer":"b","best":{"number":10_000}}), 422, "bad_number"),
        ("an expired token", orders(), order("brief", &over["hold"], "bob"), 410, "hold_expired"),
        ("a foreign token", orders(), order("gig", &json!("1.guessed"), "bob"), 404, "unknown_hold"),
        ("a token of another event", orders(), order("brief", &json!(token), "bob"), 404, "unknown_hold"),
        ("somebody else's token", orders(), order("gig", &json!(token), "eve"), 403, "wrong_buyer"),
        ("extending beyond the limit", extension, Value::Null, 422, "extended_too_often"),
        ("a code used twice", holds(), json!({"buyer":"b","seats":["A-2-12"],"code":"ONCE"}), 409, "code_used"),
        ("a code that is none", holds(), json!({"buyer":"b","seats":["A-2-12"],"code":"TWICE"}), 404, "unknown_code"),
        ("a QR forged", checkin(ids[0]), scan(&forged, "south", now), 200, "invalid"),
        ("a QR altered", checkin(ids[2]), scan(&altered, "south", now), 200, "invalid"),
        ("a QR of another ticket", checkin(ids[2]), scan(codes[0], "south", now), 200, "invalid"),
        ("a QR revoked", checkin(ids[1]), scan(codes[1], "south", now), 200, "revoked"),
        ("a QR scanned twice in two places", checkin(ids[0]), scan(codes[0], "north", now), 200, "already_redeemed"),
        ("a payment for a cancelled order", format!("{cancelled}/payments"), payment, 200, "refund_due"),
        ("cancelling it again", format!("{cancelled}:cancel"), Value::Null, 409, "order_ended"),
    ];
    for (name, path, body, status, code) in cases {
        let answer = if body.is_null() { act(&server, &path) } else { server.post(&path, &body) };
        assert_eq!((answer.status, said(&answer).as_str()), (status, code), "{name}: {answer:?}");
    }
    let mut smaller = gig();
    smaller["sections"][0]["rows"][0]["seats"] = json!(2);
    let mut dearer = gig();
    dearer["categories"][0]["id"] = json!("stalls");
    dearer["sections"][0]["category"] = json!("stalls");
    for (name, plan) in [("without a seat that is sold", smaller), ("with another category for it", dearer)] {
        let refused = put("/v1/tickets/events/gig", &plan);
        assert_eq!((refused.status, refused.code()), (409, "seats_owned"), "a plan {name}: {refused:?}");
    }
    assert_eq!(everything(&server), before, "what is refused changes nothing");

    // A scanner's clock a day off decides nothing, and what it says is kept.
    let early = server.post(&checkin(ids[2]), &scan(codes[2], "west", yesterday));
    assert_eq!((said(&early).as_str(), &early.body["first"]["time"]), ("ok", &json!(yesterday)), "{early:?}");
    let again = server.post(&checkin(ids[2]), &scan(codes[2], "east", now));
    assert_eq!((said(&again).as_str(), &again.body["first"]["scanner"]), ("already_redeemed", &json!("west")));
    // What touches nothing that is sold changes the plan.
    let mut larger = gig();
    larger["sections"][0]["rows"].as_array_mut().expect("a list").push(json!({"id":"3","seats":2}));
    assert_eq!(put("/v1/tickets/events/gig", &larger).body["capacity"], 42);
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
