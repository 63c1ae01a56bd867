//! Quotas over HTTP: places that are counted together, whatever else there is of them.

use super::{act, buy, field};
use crate::support::Server;
use crate::walk::contains;
use serde_json::{Value, json};

const GIG: &str = "/v1/tickets/events/gig";

/// A hall with seats, standing places and a stream of which anybody may have one.
fn gig(doors: u32) -> Value {
    let eur = |amount: u32| json!({"amount":amount,"currency":"EUR"});
    json!({"id":"gig","max_per_buyer":8,"categories":[
            {"id":"floor","price":eur(5000),"tiers":[{"price":4000}]},
            {"id":"standing","price":eur(2000),"capacity":100},
            {"id":"online","price":eur(500),"unlimited":true}],
        "sections":[{"id":"A","category":"floor","rows":[{"id":"1","seats":20}]}],
        "quotas":[
            {"id":"doors","size":doors,"of":[{"category":"floor"},{"category":"standing"}]},
            {"id":"early","size":2,"of":[{"category":"floor","tier":1}]},
            {"id":"web","size":3,"of":[{"channel":"web"}]},
            {"id":"all","of":[{}]}]})
}

#[test]
fn an_item_needs_room_in_all_of_its_quotas() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let published = server.post("/v1/tickets/events", &gig(6));
    assert_eq!((published.status, &published.body["capacity"]), (201, &json!(120)), "{published:?}");
    assert!(contains(&published.body["quotas"], &gig(6)["quotas"]), "{published:?}");
    assert_eq!(published.body["categories"][2]["unlimited"], true);
    assert_eq!(server.post("/v1/tickets/events", &gig(6)).status, 200);
    let shown = |server: &Server| server.get(&format!("{GIG}/availability")).body;
    let before = shown(&server);
    let expected = json!([{"id":"floor","free":20,"available":6,"price":4000},{"id":"standing","free":100,"available":6},
        {"id":"online","capacity":null,"free":null,"available":null}]);
    assert!(contains(&before["categories"], &expected), "{before}");
    assert_eq!(before["quotas"][3], json!({"id":"all","size":null,"held":0,"sold":0,"left":null}));

    let holds = format!("{GIG}/holds");
    let standing = |buyer: &str, many: u32| json!({"buyer":buyer,"areas":[{"category":"standing","quantity":many},{"category":"online","quantity":1}]});
    let seats = json!(["A-1-1", "A-1-2", "A-1-3"]);
    let (order, tickets) = buy(&server, "ada", &seats);
    assert_eq!(tickets.iter().map(|ticket| &ticket["price"]).collect::<Vec<_>>(), [4000, 4000, 5000]);
    let held = server.post(&holds, &standing("bob", 2));
    assert_eq!(held.status, 201, "{held:?}");
    // One is left for both: two are held that may come back, and four can be nobody's any more.
    let late = server.post(&holds, &standing("eve", 2));
    assert_eq!((late.status, late.code()), (409, "all_held"), "{late:?}");
    assert!(contains(&late.body, &json!({"free":1,"held":2})), "{late:?}");
    let late = server.post(&holds, &json!({"buyer":"eve","best":{"number":4}}));
    assert_eq!((late.status, late.code()), (409, "too_few_left"), "{late:?}");
    let online = json!({"buyer":"eve","areas":[{"category":"online","quantity":8}]});
    assert_eq!(server.post(&holds, &online).status, 201);

    server.kill();
    let server = Server::start(&data, &[]);
    let put = |event: &Value| server.send("PUT", GIG, &[], event.to_string().into_bytes()).expect("the server answers");
    let quotas = shown(&server)["quotas"].clone();
    let expected = json!([{"id":"doors","held":2,"sold":3,"left":1},{"id":"early","sold":2,"left":0},
        {"id":"web","left":3},{"id":"all","held":11,"sold":3,"left":null}]);
    assert!(contains(&quotas, &expected), "{quotas}");
    // A quota is never smaller than what is gone of it; a larger one lets in who was refused.
    let smaller = put(&gig(4));
    assert_eq!((smaller.status, &smaller.body["seats"]), (409, &json!(["doors"])), "{smaller:?}");
    assert_eq!(put(&gig(7)).status, 200);
    assert_eq!(server.post(&holds, &standing("zoe", 2)).status, 201);

    let refunds = format!("{order}/refunds");
    let refunded = server.post(&refunds, &json!({"tickets":[field(&tickets[0], "id")]}));
    assert_eq!(refunded.status, 200, "{refunded:?}");
    let doors_and_early = |expected: [Value; 2]| {
        let quotas = shown(&server)["quotas"].clone();
        assert!((0..2).all(|nth| contains(&quotas[nth], &expected[nth])), "{quotas}");
    };
    doors_and_early([json!({"held":4,"sold":2,"left":1}), json!({"sold":1,"left":1})]);
    assert_eq!(act(&server, &format!("{order}:cancel")).status, 200);
    doors_and_early([json!({"held":4,"sold":0,"left":3}), json!({"sold":0,"left":2})]);

    for (quotas, code) in [
        (json!([{"id":"x","of":[{"category":"vip"}]}]), "unknown_category"),
        (json!([{"id":"x","of":[{"category":"floor","tier":2}]}]), "bad_rules"),
        (json!([{"id":"x","of":[]}]), "bad_rules"),
        (json!([{"id":"x","of":[{"tier":1}]}]), "bad_rules"),
        (json!([{"id":"x","of":[{"seat":"A-1-1"}]}]), "bad_body"),
    ] {
        let mut event = gig(6);
        event["quotas"] = quotas;
        let refused = put(&event);
        assert_eq!(refused.code(), code, "{refused:?}");
    }
    let mut event = gig(6);
    event["categories"][2]["capacity"] = json!(5);
    assert_eq!(put(&event).code(), "bad_plan");
}
