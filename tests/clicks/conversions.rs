//! Conversions over HTTP: for the click that is named, or for its visitor's first or last one.

use super::{at, batch, judged, last_hour, one, put, report, serve};
use crate::support::{Server, eventually};
use crate::walk::contains;
use serde_json::{Value, json};

fn convert(server: &Server, conversions: &Value) -> Vec<Value> {
    let answer = server.post("/v1/clicks/conversions", &json!({ "conversions": conversions }));
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body["results"].as_array().expect("a list").clone()
}

/// The order, once it is known what became of it.
fn settled(server: &Server, campaign: &str, order: &str) -> Value {
    eventually("the order is settled", || {
        let answer = server.get(&format!("/v1/clicks/conversions/{campaign}/{order}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.body["status"] != "pending").then_some(answer.body)
    })
}

#[test]
fn an_order_counts_once_in_the_hour_of_its_click() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let clicks = [
        one("c1", "banner1", "v1", "203.0.113.8", 5),
        one("c2", "banner1", "v1", "203.0.113.8", 6),
        one("w1", "wide", "v2", "203.0.113.9", 7),
    ];
    batch(&server, &clicks);
    clicks.iter().for_each(|click| drop(judged(&server, click["click_id"].as_str().unwrap())));
    let order =
        |id: &str, click: &str| json!({"click_id":click,"order_id":id,"value_micros":40_000_000,"currency":"EUR"});
    let mut foreign = order("o4", "c1");
    foreign["currency"] = json!("USD");
    let results = convert(
        &server,
        &json!([
            order("o1", "c1"),
            order("o1", "w1"),
            order("o2", "c2"),
            order("o3", "none"),
            foreign,
            order("", "c1"),
            order("o5", "w1")
        ]),
    );
    let expected = json!([
        {"order_id":"o1","status":"accepted","campaign":"spring","click_id":"c1","verdict":"valid"},
        {"order_id":"o1","status":"duplicate","click_id":"c1"},
        {"order_id":"o2","status":"accepted","verdict":"invalid"},
        {"order_id":"o3","status":"refused","problem":{"code":"unknown_click"}},
        {"order_id":"o4","status":"refused","problem":{"code":"other_currency"}},
        {"status":"refused","problem":{"code":"bad_definition"}},
        {"order_id":"o5","status":"accepted","click_id":"w1"},
    ]);
    assert!(contains(&json!(results), &expected), "{results:?}");
    for (order, status) in [("o1", "attributed"), ("o2", "invalid_click"), ("o5", "attributed")] {
        assert_eq!(settled(&server, "spring", order)["status"], status, "{order}");
    }
    let metrics = "metrics=conversions,conversion_value";
    let row = |ad: &str| json!({"time":at(0),"ad":ad,"conversions":1,"conversion_value_micros":40_000_000});
    assert_eq!(report(&server, &format!("group_by=ad&{metrics}")), [row("banner1"), row("wide")]);
    let both = json!({"time":at(0),"campaign":"spring","conversions":2,"conversion_value_micros":80_000_000});
    assert_eq!(report(&server, &format!("group_by=campaign&{metrics}")), [both]);
    // Fraud that is found later takes its conversion with it.
    let case = json!({"case_id":"f1","reason":"fraud_ring","filter":{"click_ids":["c1"]}});
    assert_eq!(server.post("/v1/clicks:invalidate", &case).body["voided"], 1);
    eventually("the order is given back", || {
        (settled(&server, "spring", "o1")["status"] == "invalid_click").then_some(())
    });
    assert_eq!(report(&server, &format!("group_by=ad&ad=wide&{metrics}")), [row("wide")]);
    let gone = json!({"time":at(0),"ad":"banner1","conversions":0,"conversion_value_micros":0});
    assert_eq!(report(&server, &format!("group_by=ad&ad=banner1&{metrics}")), [gone]);
    assert_eq!(server.get("/v1/clicks/conversions/spring/none").code(), "unknown_order");
    let many: Vec<Value> = (0..1001).map(|number| order(&number.to_string(), "c1")).collect();
    assert_eq!(server.post("/v1/clicks/conversions", &json!({ "conversions": many })).status, 413);
    assert_eq!(server.post("/v1/clicks/conversions", &json!({"conversions":[]})).status, 400);
}

#[test]
fn a_campaign_says_that_orders_belong_to_a_visitors_first_or_last_click() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    for (model, expected) in [("first_click", "first-click-a0"), ("last_click", "last-click-c0")] {
        let id = model.replace('_', "-");
        let campaign = json!({"currency":"EUR","price_micros":1,"policy":{"attribution":{"model":model,"look_back_seconds":3000}}});
        assert_eq!(put(&server, &format!("/v1/clicks/campaigns/{id}"), &campaign).status, 201);
        // Over several ads, of which one is spread: their clicks are judged in different partitions.
        for (ad, shards) in [("x", 1), ("y", 4), ("z", 1)] {
            let ad_body = json!({"campaign":id,"placement":"p","target":"https://shop.example/","shards":shards});
            assert_eq!(put(&server, &format!("/v1/clicks/ads/{id}-{ad}"), &ad_body).status, 201);
        }
        // What the campaign asks for comes to its ads behind their definition: until then no click is remembered.
        let mut tries = 0;
        eventually("the ads know what the campaign asks for", || {
            tries += 1;
            let found = try_once(&server, &id, tries);
            (found == expected.replace('0', &tries.to_string())).then_some(())
        });
    }
}

/// The click to which an order at minute 59 belongs that names a visitor's first click ever.
fn try_once(server: &Server, campaign: &str, number: u32) -> String {
    let visitor = format!("v{number}");
    let click = |name: &str, ad: &str, minutes| {
        let (id, ad) = (format!("{campaign}-{name}{number}"), format!("{campaign}-{ad}"));
        one(&id, &ad, &visitor, &format!("203.0.{number}.8"), minutes)
    };
    // `old` is behind the look-back, and `again` does not count.
    let clicks = [click("old", "x", 2), click("a", "y", 20), click("again", "y", 58), click("c", "z", 50)];
    batch(server, &clicks);
    clicks.iter().for_each(|click| drop(judged(server, click["click_id"].as_str().unwrap())));
    let (named, order) = (format!("{campaign}-old{number}"), format!("o{number}"));
    let time = last_hour().plus(59 * 60_000);
    let results = convert(server, &json!([{"click_id":named,"order_id":order,"value_micros":5,"time":time}]));
    assert_eq!(settled(server, campaign, &order)["named"], named.as_str());
    results[0]["click_id"].as_str().unwrap_or_default().to_owned()
}
