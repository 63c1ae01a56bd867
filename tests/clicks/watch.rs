//! What people watch: the present hour as it grows, what does not count and why, and alerts.

use super::{BROWSER, HOUR, at, batch, judged, last_hour, one, put, serve};
use crate::streams::Client;
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

/// A click of this moment.
fn fresh(id: &str, ad: &str, visitor: &str) -> Value {
    json!({"click_id":id,"ad":ad,"visitor":visitor,"ip":"203.0.113.8","user_agent":BROWSER})
}

#[test]
fn the_present_hour_is_followed_and_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let mut of_campaign = Client::follow(&server.url, "/v1/clicks/live?campaign=spring", None).unwrap();
    let mut of_ad = Client::follow(&server.url, "/v1/clicks/live?ad=wide", None).unwrap();
    for client in [&mut of_campaign, &mut of_ad] {
        let event = client.event();
        assert!(event.name == "snapshot" && contains(&event.data, &json!({"hour":{"gross":0}})), "{event:?}");
    }
    // Around a full hour the first click may fall into the hour before.
    let grow = |client: &mut Client, gross: i64| loop {
        let event = client.event();
        assert_eq!(event.name, "change", "{event:?}");
        if event.data["hour"]["gross"] == gross || (gross > 1 && event.data["hour"]["gross"] == gross - 1) {
            return event.data;
        }
    };
    batch(&server, &[fresh("n1", "banner1", "v1")]);
    let seen = grow(&mut of_campaign, 1);
    assert!(contains(&seen, &json!({"day":{"valid":1,"cost_micros":250_000}})), "{seen}");
    batch(&server, &[fresh("n2", "wide", "v2")]);
    let seen = grow(&mut of_ad, 1);
    assert!(contains(&seen, &json!({"hour":{"valid":1,"invalid":0,"reasons":{}}})) && seen["day"].is_null(), "{seen}");
    grow(&mut of_campaign, 2);
    let mut again = Client::follow(&server.url, "/v1/clicks/live?campaign=spring", Some(&of_campaign)).unwrap();
    batch(&server, &[fresh("n3", "banner1", "v3")]);
    let event = again.event();
    assert!(event.name == "change" && contains(&event.data, &json!({"day":{"gross":3}})), "{event:?}");
    for (path, status, code) in [
        ("/v1/clicks/live", 400, "bad_parameter"),
        ("/v1/clicks/live?campaign=spring&ad=wide", 400, "bad_parameter"),
        ("/v1/clicks/live?campaign=none", 404, "unknown_campaign"),
        ("/v1/clicks/live?ad=none", 404, "unknown_ad"),
    ] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.code()), (status, code), "{path}");
    }
}

#[test]
fn what_does_not_count_is_added_up_by_its_first_reason_and_by_any() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let mut crawler = one("k2", "banner1", "v1", "203.0.113.8", 6);
    crawler["user_agent"] = json!("Googlebot/2.1");
    let mut test = one("k3", "wide", "v1", "203.0.113.8", 7);
    test["test"] = json!(true);
    test["user_agent"] = json!("Googlebot/2.1");
    let clicks = [one("k1", "banner1", "v1", "203.0.113.8", 5), crawler, test];
    batch(&server, &clicks);
    clicks.iter().for_each(|click| drop(judged(&server, click["click_id"].as_str().unwrap())));
    let path = format!("/v1/clicks/invalid?from={}&to={}", at(0), at(60));
    let rows = |more: &str| server.get(&format!("{path}{more}")).body["rows"].clone();
    let of_all = json!([
        {"reason":"test","primary":1,"any":1},
        {"reason":"bot","primary":1,"any":2},
        {"reason":"dedupe","primary":0,"any":1},
    ]);
    assert_eq!(rows(""), of_all);
    let of_ads =
        json!([{"campaign":"spring","ad":"banner1","primary":1},{"campaign":"spring","ad":"wide","primary":1}]);
    assert_eq!(rows("&group_by=campaign,ad"), of_ads);
    let of_wide = json!([{"placement":"foot","reason":"test","primary":1,"any":1},{"placement":"foot","reason":"bot","primary":0,"any":1}]);
    assert_eq!(rows("&group_by=reason,placement&ad=wide"), of_wide);
    let case = json!({"case_id":"f1","reason":"fraud_ring","filter":{"click_ids":["k1"]}});
    assert_eq!(server.post("/v1/clicks:invalidate", &case).body["voided"], 1);
    let first = server.get(&format!("{path}&limit=3")).body;
    let cursor = first["cursor"].as_str().expect("there is more").to_owned();
    let second = server.get(&format!("{path}&limit=3&cursor={cursor}")).body;
    assert_eq!(second["rows"], json!([{"reason":"voided","primary":1,"any":1}]));
    // The sums of a campaign are those of its ads, whichever rows answer.
    let report = |more: &str| {
        let path = format!("/v1/clicks/reports?from={}&to={}&metrics=gross,valid,invalid,cost", at(0), at(60));
        server.get(&format!("{path}{more}")).body["rows"].clone()
    };
    let by_campaign = report("&group_by=campaign");
    assert_eq!(
        by_campaign,
        json!([{"time":at(0),"campaign":"spring","gross":3,"valid":0,"invalid":3,"cost_micros":0}])
    );
    let minutes = report("&group_by=campaign&granularity=minute");
    let sum: i64 = minutes.as_array().unwrap().iter().map(|row| row["gross"].as_i64().unwrap()).sum();
    assert_eq!(sum, 3, "{minutes}");
    for more in ["&group_by=colour", &format!("&cursor={cursor}&group_by=ad")] {
        assert_eq!(server.get(&format!("{path}{more}")).status, 400, "{more}");
    }
    assert_eq!(server.get(&format!("/v1/clicks/invalid?from={}&to={}", at(1), at(60))).code(), "bad_parameter");
}

#[test]
fn a_campaign_says_what_is_worth_an_alert_and_none_is_listed_before_an_hour_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let policy = json!({"alerts":{"min_clicks":5,"invalid_rise_millionths":100_000},"pacing":"even"});
    let campaign = |more: Value| {
        let mut body = json!({"currency":"EUR","price_micros":1,"policy":policy});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        put(&server, "/v1/clicks/campaigns/paced", &body)
    };
    assert_eq!((campaign(json!({})).status, campaign(json!({})).code()), (422, "bad_definition"));
    let (starts, ends) = (last_hour(), Time(last_hour().0 + 48 * HOUR));
    let made = campaign(json!({"budget_micros":100,"starts_at":starts,"ends_at":ends}));
    let expected = json!({"pacing":"even","attribution":{"model":"click","look_back_seconds":2_592_000},
        "alerts":{"min_clicks":5,"ctr_millionths":1_000_000,"invalid_rise_millionths":100_000}});
    assert_eq!((made.status, &made.body["policy"]), (201, &expected), "{made:?}");
    let listed = server.get(&format!("/v1/clicks/alerts?from={starts}&to={ends}&campaign=paced&limit=1"));
    assert_eq!((listed.status, &listed.body), (200, &json!({"alerts":[],"cursor":null})), "{listed:?}");
    assert_eq!(server.get("/v1/clicks/alerts?limit=1001").status, 400);
}
