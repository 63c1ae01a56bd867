//! A rule set that was tried is adopted: from a point in the log on, by some campaigns or by all.

use super::{batch, judged, one, put, serve, what_if};
use crate::support::{Server, eventually};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

fn adopt(server: &Server, number: &str, body: &Value) -> crate::support::Answer {
    server.post(&format!("/v1/clicks/rulesets/{number}:adopt"), body)
}

#[test]
fn a_rule_set_is_adopted_by_some_campaigns_or_by_all_from_a_point_in_the_log_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let other = json!({"currency":"EUR","price_micros":1,"dedupe_seconds":7200});
    assert_eq!(put(&server, "/v1/clicks/campaigns/autumn", &other).status, 201);
    for name in ["no windows", "strict"] {
        let set = json!({"name":name,"double_click_ms":0,"dedupe_seconds":0,"visitor_per_minute":0});
        assert_eq!(server.post("/v1/clicks/rulesets", &set).status, 201);
    }
    let ruleset = |campaign: &str| server.get(&format!("/v1/clicks/campaigns/{campaign}")).body["ruleset"].clone();
    let answer = adopt(&server, "2", &json!({"campaigns":["spring"]}));
    assert_eq!((answer.status, &answer.body["ruleset"]), (200, &json!(2)), "{answer:?}");
    assert!(answer.header("millrace-position").is_some_and(|at| at.starts_with("clicks.campaigns/")), "{answer:?}");
    assert_eq!((ruleset("spring"), ruleset("autumn")), (json!(2), json!(1)));
    // What the campaign says itself stays, and the rest is the rule set's.
    let shown = server.get("/v1/clicks/campaigns/spring").body;
    assert!(
        contains(&shown, &json!({"dedupe_seconds":3600,"rules":{"dedupe_seconds":0,"double_click_ms":0}})),
        "{shown}"
    );
    eventually("the ads have it", || (server.get("/v1/clicks/ads/wide").body["ruleset"] == 2).then_some(()));
    batch(&server, &[one("c1", "banner1", "v1", "203.0.113.8", 5)]);
    assert_eq!(judged(&server, "c1")["ruleset"], 2);

    assert_eq!(adopt(&server, "3", &json!({"all":true})).status, 200);
    eventually("all campaigns have it", || (ruleset("spring") == 3 && ruleset("autumn") == 3).then_some(()));
    // Twice is once.
    let before = server.get("/v1/clicks/campaigns/spring").body;
    assert_eq!(adopt(&server, "3", &json!({"campaigns":["spring"]})).status, 200);
    assert_eq!(server.get("/v1/clicks/campaigns/spring").body, before);

    let soon = Time::now().plus(1500);
    let answer = adopt(&server, "1", &json!({"campaigns":["spring"],"from":soon}));
    assert_eq!((answer.status, &answer.body["adopted_from"]), (200, &json!(soon)), "{answer:?}");
    let seen = eventually("its time has come", || (ruleset("spring") == 1).then(Time::now));
    assert!(seen >= soon, "{seen} is before {soon}");
    assert_eq!(ruleset("autumn"), 3);
    for (number, body, status, code) in [
        ("9", json!({"all":true}), 422, "unknown_rule_set"),
        ("x", json!({"all":true}), 400, "bad_request"),
        ("2", json!({}), 422, "bad_definition"),
        ("2", json!({"all":true,"campaigns":["spring"]}), 422, "bad_definition"),
        ("2", json!({"campaigns":["none"]}), 404, "unknown_campaign"),
        ("2", json!({"all":true,"from":"2020-01-01T00:00:00Z"}), 422, "bad_definition"),
    ] {
        let answer = adopt(&server, number, &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{number} {body}");
    }
}

#[test]
fn a_budget_that_runs_out_gives_the_bill_that_was_under_the_rules_that_were() {
    let folder = tempfile::tempdir().unwrap();
    let before = Time(Time::now().0 - 1000);
    let server = serve(&folder.path().join("data"));
    let small = json!({"currency":"EUR","price_micros":300_000,"budget_micros":1_000_000});
    assert_eq!(put(&server, "/v1/clicks/campaigns/small", &small).status, 201);
    for ad in ["small1", "small2"] {
        let body = json!({"campaign":"small","placement":"home","target":"https://shop.example/"});
        assert_eq!(put(&server, &format!("/v1/clicks/ads/{ad}"), &body).status, 201);
    }
    let click = |number: u32, name: &str| {
        let (id, ad) = (format!("{name}{number}"), format!("small{}", number % 2 + 1));
        one(&id, &ad, &format!("{name}{}", number % 6), &format!("203.0.{number}.8"), 5 + u64::from(number))
    };
    let send = |name: &str| {
        for number in 0..8 {
            batch(&server, &[click(number, name)]);
            judged(&server, &format!("{name}{number}"));
        }
    };
    send("a");
    let middle = Time::now();
    eventually("a millisecond is over", || (Time::now() > middle).then_some(()));
    send("b");
    let end = Time::now();
    for from in [before, middle] {
        let same = what_if(&server, 1, from, end);
        assert_eq!(same["now"], same["then"], "{same}");
        assert!(contains(&same, &json!({"difference":[],"examples":[],"unopened":0})), "{same}");
        assert!(same["now"]["reasons"]["budget"].as_i64().is_some_and(|count| count > 0), "{same}");
    }
}
