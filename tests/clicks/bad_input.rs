//! Bad input of clicks, item by item: each is refused by name, or taken as what it must be taken for.

use super::{BROWSER, HOUR, batch, follow, judged, last_hour, one, put, serve};
use crate::support::{Server, eventually};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

/// The answer's status and its code.
fn refused(answer: &crate::support::Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

/// A click like any other, apart from some fields.
fn odd(id: &str, fields: &Value) -> Value {
    let mut click = one(id, "banner1", id, "203.0.113.8", 5);
    click.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    click
}

#[test]
fn every_item_of_bad_input_has_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    definitions(&server);
    let token = token_of(&server, "o3");
    // One item of a batch is bad, the others count.
    let year_ago = Time(Time::now().0 - 365 * 24 * HOUR);
    let items = [
        (odd("o1", &json!({"ad":"nowhere"})), "unknown_ad", json!(null)),
        (odd("o2", &json!({"token":"no token"})), "", json!({"verdict":"invalid","primary":"bad_token"})),
        (odd("o3", &json!({"token":token,"time":null})), "", json!({"verdict":"valid"})),
        (odd("o4", &json!({"visitor":"o3","token":token,"time":null})), "", json!({"primary":"bad_token"})),
        (odd("o5", &json!({"time":year_ago})), "", json!({"verdict":"valid","skewed":true})),
        (odd("o6", &json!({"time":Time(year_ago.0 + 730 * 24 * HOUR)})), "", json!({"skewed":true})),
        (odd("o7", &json!({"ip":"203.0.113.256"})), "bad_address", json!(null)),
        (odd("o8", &json!({"country":"Germany"})), "bad_click", json!(null)),
        (odd("o9", &json!({"visitor":""})), "bad_click", json!(null)),
        (odd("", &json!({"visitor":"v"})), "bad_click_id", json!(null)),
        (odd("o10", &json!({"ad":"penniless"})), "", json!({"primary":"budget","price_micros":0})),
        (odd("o11", &json!({})), "", json!({"verdict":"valid"})),
    ];
    let clicks: Vec<Value> = items.iter().map(|(click, ..)| click.clone()).collect();
    let answer = server.post("/v1/clicks:batch", &json!({ "clicks": clicks }));
    assert_eq!(answer.status, 202, "{answer:?}");
    for ((click, code, verdict), result) in items.iter().zip(answer.body["results"].as_array().unwrap()) {
        let id = click["click_id"].as_str().unwrap();
        let status = if code.is_empty() { "accepted" } else { "refused" };
        assert_eq!(result["status"], status, "{id}: {result}");
        assert_eq!(result["problem"]["code"].as_str().unwrap_or_default(), *code, "{id}");
        if code.is_empty() {
            let found = judged(&server, id);
            assert!(contains(&found, verdict), "{id}: {found}");
        }
    }
    let skewed = judged(&server, "o5");
    assert_eq!(skewed["time"], skewed["received_at"]);
    let browser = [("user-agent", BROWSER), ("x-forwarded-for", "203.0.113.7")];
    assert_eq!(follow(&server, "/c/nowhere", &browser).0, 404);
    assert_eq!(follow(&server, "/c/penniless", &browser).0, 302, "a spent budget still leads there");

    forms_of_one_address(&server);
    twice_is_once(&server);
}

fn definitions(server: &Server) {
    let campaign = |body: Value| put(server, "/v1/clicks/campaigns/empty", &body);
    assert_eq!(refused(&campaign(json!({"currency":"EUR","price_micros":-1}))), (400, "bad_body"));
    assert_eq!(campaign(json!({"currency":"EUR","price_micros":10,"budget_micros":0})).status, 201);
    let ad = json!({"campaign":"empty","placement":"home","target":"https://shop.example/"});
    assert_eq!(put(server, "/v1/clicks/ads/penniless", &ad).status, 201);
    let many = |count: u32| {
        let clicks: Vec<Value> = (0..count).map(|id| json!({"click_id":id.to_string(),"ad":"banner1"})).collect();
        server.post("/v1/clicks:batch", &json!({ "clicks": clicks }))
    };
    assert_eq!(refused(&many(100_000)), (413, "body_too_large"));
    let answer = many(5001);
    assert_eq!(refused(&answer), (413, "batch_too_large"));
    assert!(answer.body["detail"].as_str().unwrap().contains("5000"), "the limit is named: {answer:?}");
}

fn token_of(server: &Server, visitor: &str) -> String {
    let shown = json!({"impressions":[{"ad":"banner1","visitor":visitor}]});
    let answer = server.post("/v1/clicks/impressions:batch", &shown);
    answer.body["results"][0]["token"].as_str().unwrap().to_owned()
}

/// A visitor without a cookie is known by his address, however it is written.
fn forms_of_one_address(server: &Server) {
    for (name, forms) in [
        ("four", vec!["198.51.100.50", "::ffff:198.51.100.50", "::FFFF:C633:6432"]),
        ("six", vec!["2001:db8::1", "2001:DB8:0:0:0:0:0:1"]),
    ] {
        let seen = forms.iter().enumerate().map(|(number, form)| {
            let id = format!("{name}{number}");
            let mut click = one(&id, "banner1", "", form, 30);
            click.as_object_mut().unwrap().remove("visitor");
            batch(server, &[click]);
            judged(server, &id)
        });
        let seen: Vec<Value> = seen.collect();
        assert!(seen.iter().all(|click| click["visitor"] == seen[0]["visitor"]), "{seen:?}");
        assert_eq!(seen[0]["verdict"], "valid");
        assert!(seen[1..].iter().all(|click| click["primary"] == "double_click"), "{seen:?}");
    }
}

fn twice_is_once(server: &Server) {
    let everything = |confirm: Value| {
        let case = json!({"case_id":"all","reason":"r","filter":{},"confirm":confirm});
        server.post("/v1/clicks:invalidate", &case)
    };
    assert_eq!(refused(&everything(json!(null))), (422, "confirm_required"));
    assert_eq!(refused(&everything(json!(false))), (422, "confirm_required"));
    let first = everything(json!(true));
    assert!(first.status == 200 && first.body["voided"].as_u64().unwrap() > 0, "{first:?}");
    assert_eq!(everything(json!(true)).body, first.body);
    let other = json!({"case_id":"all","reason":"r","filter":{"ad":"banner1"}});
    assert_eq!(refused(&server.post("/v1/clicks:invalidate", &other)), (409, "case_exists"));

    let closing = json!({"campaign":"spring","until":last_hour()});
    assert_eq!(server.post("/v1/clicks/invoices:close", &closing).status, 200);
    let closed = eventually("the invoice is closed", || {
        let answer = server.get("/v1/clicks/invoices/spring-1");
        (answer.body["status"] == "closed").then_some(answer.body)
    });
    assert_eq!(server.post("/v1/clicks/invoices:close", &closing).body, closed);
    assert_eq!(server.get("/v1/clicks/invoices/spring-2").code(), "unknown_invoice");
}
