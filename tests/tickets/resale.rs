//! Tickets that go on from buyer to buyer, and who may buy at all, over HTTP.

use super::{act, buy, field, gig};
use crate::support::{Answer, Server, text};
use crate::walk::contains;
use serde_json::{Value, json};

const HOLDS: &str = "/v1/tickets/events/gig/holds";

/// The event of the examples, with these rules.
fn with(rules: &Value) -> Value {
    let mut event = gig();
    event.as_object_mut().expect("it is one").extend(rules.as_object().expect("it is one").clone());
    event
}

fn hold(server: &Server, body: &Value) -> Answer {
    server.post(HOLDS, body)
}

/// Orders and pays what is held: the tickets.
fn pay_for(server: &Server, held: &Answer, amount: u64) -> Value {
    assert_eq!(held.status, 201, "{held:?}");
    let asked = json!({"event":"gig","hold":held.body["hold"],"buyer":held.body["buyer"]});
    let ordered = server.post("/v1/tickets/orders", &asked);
    let path = format!("/v1/tickets/orders/{}/payments", field(&ordered.body, "order"));
    let paid = server.post(&path, &json!({"type":"captured","payment":"q","amount":amount}));
    assert_eq!((&paid.body["state"], &paid.body["total"]["amount"]), (&json!("paid"), &json!(amount)), "{paid:?}");
    paid.body["tickets"].clone()
}

#[test]
fn a_ticket_goes_from_hand_to_hand_and_only_its_last_code_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let event = with(&json!({"resale":{"cap_percent":120}}));
    let published = server.post("/v1/tickets/events", &event);
    assert_eq!((published.status, &published.body["resale"]), (201, &json!({"cap_percent":120})), "{published:?}");
    assert_eq!(server.post("/v1/tickets/events", &event).status, 200);
    assert_eq!(server.post("/v1/tickets/events", &gig()).code(), "event_exists");
    assert_eq!(server.get("/v1/tickets/events/gig").body, published.body);
    let (order, tickets) = buy(&server, "ada", &json!(["A-1-1", "A-1-2"]));
    let (first, second) = (field(&tickets[0], "id"), field(&tickets[1], "id"));
    let at = |ticket: &str, verb: &str, body: &Value| server.post(&format!("/v1/tickets/{ticket}:{verb}"), body);

    let moved = at(first, "transfer", &json!({"to":"bob"}));
    let expected = json!({"ticket":first,"from":"ada","to":"bob"});
    assert!(moved.status == 200 && contains(&moved.body, &expected), "{moved:?}");
    let others = server.get(&format!("/v1/tickets/orders/{}", field(&moved.body, "order")));
    assert!(contains(&others.body, &json!({"buyer":"bob","state":"paid","total":{"amount":0}})), "{others:?}");
    let given = &others.body["tickets"][0];
    let own = server.get(&order).body["tickets"][0].clone();
    assert!(contains(&own, &json!({"state":"transferred","code":null})), "{own}");

    let dear = at(second, "relist", &json!({"price":6001}));
    assert_eq!((dear.status, dear.code(), &dear.body["most"]), (422, "price_too_high", &json!(6000)));
    let listed = at(second, "relist", &json!({"price":6000}));
    assert!(contains(&listed.body, &json!({"seat":"A-1-2","price":{"amount":6000},"held":false})), "{listed:?}");
    assert_eq!(server.pages("/v1/tickets/events/gig/resale?limit=1", "listings"), std::slice::from_ref(&listed.body));
    let held = hold(&server, &json!({"buyer":"eve","resale":[second]}));
    assert!(contains(&held.body, &json!({"seats":["A-1-2"],"total":{"amount":6000}})), "{held:?}");
    let late = hold(&server, &json!({"buyer":"zoe","resale":[second]}));
    assert_eq!((late.status, late.code(), &late.body["taken"]), (409, "seat_taken", &json!([second])));
    assert_eq!(act(&server, &format!("/v1/tickets/{second}:unlist")).code(), "being_resold");
    assert_eq!(act(&server, &format!("{order}:cancel")).code(), "being_resold");
    let sold = pay_for(&server, &held, 6000);
    assert!(server.pages("/v1/tickets/events/gig/resale", "listings").is_empty());

    for (ticket, code, result) in [
        (first, &tickets[0]["code"], "revoked"),
        (second, &tickets[1]["code"], "revoked"),
        (field(given, "id"), &given["code"], "ok"),
        (field(&sold[0], "id"), &sold[0]["code"], "ok"),
    ] {
        let body = json!({"scanner":"s1","nonce":ticket,"time":"2026-01-01T20:00:00Z","code":code});
        assert_eq!(at(ticket, "checkin", &body).body["result"], result, "{ticket}");
    }
    let shown = server.get("/v1/tickets/events/gig/availability").body;
    assert!(contains(&shown["categories"][0], &json!({"free":38,"held":0,"sold":2})), "{shown}");
    for (path, body, status, code) in [
        (format!("{first}:transfer"), json!({"to":"eve"}), 422, "bad_tickets"),
        ("gig~9.1:transfer".to_owned(), json!({"to":"eve"}), 404, "unknown_order"),
        ("gig:transfer".to_owned(), json!({"to":"eve"}), 422, "bad_tickets"),
        (format!("{first}:transfer"), json!({"price":1}), 400, "bad_body"),
        (format!("{first}:transfer"), json!({"to":""}), 422, "bad_request"),
        (format!("{first}:unlist"), json!({"to":"eve"}), 400, "bad_body"),
        (format!("{first}:give"), json!({"to":"eve"}), 404, "unknown_action"),
    ] {
        let answer = server.post(&format!("/v1/tickets/{path}"), &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {answer:?}");
    }
    server.kill();
    let server = Server::start(&data, &[]);
    assert_eq!(server.get("/v1/tickets/events/gig/availability").body, shown);
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn households_verified_buyers_and_proofs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let event = with(&json!({"max_per_household":3,"verified_buyers":true,"proof_required":true}));
    let published = server.post("/v1/tickets/events", &event);
    assert!(contains(&published.body, &json!({"max_per_household":3,"verified_buyers":true})), "{published:?}");
    let at = |path: &str, body: &Value| server.post(&format!("/v1/tickets/events/gig/{path}"), body);
    let best = |number: u32| json!({"number":number});
    assert_eq!(hold(&server, &json!({"buyer":"ada","best":best(1)})).code(), "not_verified");
    assert_eq!(at("verified", &json!({"buyers":["ada","bob"]})).body, json!({"changed":2}));
    assert_eq!(at("verified", &json!({"buyers":[]})).code(), "bad_request");
    assert_eq!(hold(&server, &json!({"buyer":"ada","best":best(1)})).code(), "proof_required");
    let proof = |buyer: &str| {
        let made = at("proofs", &json!({"buyer":buyer,"seconds":60}));
        assert!(made.status == 200 && made.body["expires_at"].is_string(), "{made:?}");
        field(&made.body, "proof").to_owned()
    };
    let (ada, bob) = (proof("ada"), proof("bob"));
    assert_eq!(at("proofs", &json!({"buyer":"ada","seconds":0})).code(), "bad_request");
    let later = ada.replacen(ada.split_once('.').expect("two parts").0, "99999999999999", 1);
    let home = "1 Mill Lane";
    for (body, code) in [
        (json!({"buyer":"ada","best":best(1),"household":home,"proof":bob}), "proof_required"),
        (json!({"buyer":"ada","best":best(1),"household":home,"proof":later}), "proof_required"),
        (json!({"buyer":"ada","best":best(1),"household":home,"proof":"what"}), "proof_required"),
        (json!({"buyer":"ada","best":best(1),"proof":ada}), "household_required"),
        (json!({"buyer":"ada","best":best(2),"household":home,"proof":ada}), ""),
        (json!({"buyer":"bob","best":best(2),"household":home,"proof":bob}), "household_limit"),
        (json!({"buyer":"bob","best":best(2),"household":"2 Mill Lane","proof":bob}), ""),
    ] {
        let held = hold(&server, &body);
        assert_eq!(held.code(), code, "{body}: {held:?}");
    }
}
