//! Clicks over HTTP, as a newcomer meets them: a campaign, clicks in batches, the report, a fraud case, reconciliation;
//! and the same after kill -9, with verify and replay.

mod adopt;
mod bad_input;
mod bots;
mod conversions;
mod day;
mod keeping;
mod oracle;
mod privacy;
mod progress;
mod watch;

use crate::support::{Answer, Server, eventually, text};
use crate::walk::contains;
use millrace_topics::time::Time;
use serde_json::{Value, json};

const HOUR: u64 = 3_600_000;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// The beginning of the hour before this one: clicks of it are believed, whenever the test runs.
fn last_hour() -> Time {
    Time(Time::now().0 / HOUR * HOUR - HOUR)
}

fn at(minutes: u64) -> String {
    last_hour().plus(minutes * 60_000).to_string()
}

fn put(server: &Server, path: &str, body: &Value) -> Answer {
    server.send("PUT", path, &[], body.to_string().into_bytes()).expect("the server answers")
}

/// A server with the campaign and the ads of the examples.
fn serve(folder: &std::path::Path) -> Server {
    let server = Server::start(folder, &[]);
    prepare(&server);
    server
}

/// Defines the campaign and the ads of the examples.
pub fn prepare(server: &Server) {
    let spring = json!({"currency":"EUR","price_micros":250_000,"budget_micros":500_000_000,"dedupe_seconds":3600});
    assert_eq!(put(server, "/v1/clicks/campaigns/spring", &spring).status, 201);
    assert_eq!(put(server, "/v1/clicks/campaigns/spring", &spring).status, 200);
    let banner = json!({"campaign":"spring","placement":"home","target":"https://shop.example/x?a=1"});
    assert_eq!(put(server, "/v1/clicks/ads/banner1", &banner).status, 201);
    assert_eq!(put(server, "/v1/clicks/ads/banner1", &banner).status, 200);
    let wide = json!({"campaign":"spring","placement":"foot","target":"https://shop.example/","shards":8});
    assert_eq!(put(server, "/v1/clicks/ads/wide", &wide).status, 201);
}

pub fn one(id: &str, ad: &str, visitor: &str, ip: &str, minutes: u64) -> Value {
    json!({"click_id":id,"ad":ad,"visitor":visitor,"ip":ip,"user_agent":BROWSER,"time":at(minutes)})
}

pub fn batch(server: &Server, clicks: &[Value]) -> Vec<(String, String)> {
    let answer = server.post("/v1/clicks:batch", &json!({ "clicks": clicks }));
    assert_eq!(answer.status, 202, "{answer:?}");
    let results = answer.body["results"].as_array().expect("a list").clone();
    let of = |result: &Value, name: &str| result[name].as_str().unwrap_or_default().to_owned();
    results.iter().map(|result| (of(result, "click_id"), of(result, "status"))).collect()
}

/// The click, once it is judged.
pub fn judged(server: &Server, id: &str) -> Value {
    eventually("the click is judged", || {
        let answer = server.get(&format!("/v1/clicks/{id}"));
        (answer.status == 200).then_some(answer.body)
    })
}

fn report(server: &Server, more: &str) -> Vec<Value> {
    let answer = server.get(&format!("/v1/clicks/reports?from={}&to={}&{more}", at(0), at(60)));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["rows"].as_array().expect("a list").clone()
}

fn reconciled(server: &Server, ad: &str) -> Value {
    let answer = server.get(&format!("/v1/clicks/reconcile?ad={ad}&hour={}", at(0)));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[test]
fn the_way_of_a_click_from_a_batch_to_the_bill_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = serve(&data);
    let c1 = one("c1", "banner1", "v1", "203.0.113.8", 5);
    assert_eq!(batch(&server, std::slice::from_ref(&c1)), [("c1".to_owned(), "accepted".to_owned())]);
    assert_eq!(batch(&server, &[c1]), [("c1".to_owned(), "duplicate".to_owned())]);
    let mut crawler = one("c3", "banner1", "v3", "198.51.100.1", 7);
    crawler["user_agent"] = json!("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)");
    let mixed = [
        one("c2", "banner1", "v2", "::ffff:203.0.113.9", 6),
        crawler,
        one("c4", "nowhere", "v4", "203.0.113.10", 6),
        one("c5", "banner1", "v5", "no address", 6),
        one("reports", "banner1", "v5", "203.0.113.10", 6),
        one("w1", "wide", "v1", "203.0.113.8", 5),
        one("w2", "wide", "v2", "203.0.113.9", 5),
        one("w3", "wide", "v1", "203.0.113.8", 6),
    ];
    let statuses: Vec<String> = batch(&server, &mixed).into_iter().map(|(_, status)| status).collect();
    let expected = ["accepted", "accepted", "refused", "refused", "refused", "accepted", "accepted", "accepted"];
    assert_eq!(statuses, expected);

    let shown = judged(&server, "c1");
    let expected = json!({"click_id":"c1","ad":"banner1","campaign":"spring","placement":"home","verdict":"valid",
        "reasons":[],"price_micros":250_000,"ruleset":1,"identity":"cookie","device":"desktop"});
    assert!(contains(&shown, &expected), "{shown}");
    assert!(contains(&judged(&server, "c3"), &json!({"verdict":"invalid","primary":"bot","price_micros":0})));
    let repeat = judged(&server, "w3");
    assert!(contains(&repeat, &json!({"verdict":"invalid","primary":"dedupe","reasons":["dedupe"]})), "{repeat}");
    judged(&server, "c2");
    judged(&server, "w1");
    judged(&server, "w2");

    check_answers(&server);
    let case = json!({"case_id":"f1","reason":"fraud_ring","filter":{"ad":"banner1","ip_prefix":"203.0.113.0/24"}});
    for _ in 0..2 {
        let answer = server.post("/v1/clicks:invalidate", &case);
        let expected = json!({"voided":2,"credit_micros":500_000,"complete":true});
        assert!(answer.status == 200 && contains(&answer.body, &expected), "{answer:?}");
    }
    assert!(contains(&server.get("/v1/clicks/cases/f1").body, &json!({"case_id":"f1","voided":2})));
    check_voided(&server);
    server.kill();

    let server = Server::start(&data, &[]);
    check_voided(&server);
    let verified = server.cli(&["verify", "clicks"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let replayed = server.cli(&["replay", "clicks"]);
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));
    check_voided(&server);
}

/// What reports, lists and reconciliation say before the case.
fn check_answers(server: &Server) {
    let rows =
        report(server, "granularity=hour&group_by=ad,placement&metrics=gross,valid,invalid,reasons,cost,uniques");
    let banner = json!({"time":at(0),"ad":"banner1","placement":"home","gross":3,"valid":2,"invalid":1,
        "reasons":{"bot":1},"cost_micros":500_000,"uniques":2});
    let wide = json!({"time":at(0),"ad":"wide","placement":"foot","gross":3,"valid":2,"invalid":1,
        "reasons":{"dedupe":1},"cost_micros":500_000,"uniques":2});
    assert_eq!(rows, [banner, wide]);
    let minutes = report(server, "granularity=minute&group_by=device&ad=banner1&metrics=gross");
    let minute = |minutes, device| json!({"time":at(minutes),"device":device,"gross":1});
    assert_eq!(minutes, [minute(5, "desktop"), minute(6, "desktop"), minute(7, "other")]);
    for ad in ["banner1", "wide"] {
        let expected = json!({"raw":3,"rolled_up":3,"in_flight":0,"dead":0,"duplicates":0,"difference":0});
        assert_eq!(reconciled(server, ad), expected, "{ad}");
    }
    check_pages(server);
}

fn check_pages(server: &Server) {
    let path = format!("/v1/clicks/reports?from={}&to={}&granularity=minute&group_by=ad&limit=", at(0), at(60));
    let (each, all) = (server.pages(&format!("{path}1"), "rows"), server.pages(&format!("{path}1000"), "rows"));
    assert_eq!((each.len(), &each), (5, &all));
    for (ad, ids) in [("banner1", ["c1", "c2", "c3"]), ("wide", ["w1", "w2", "w3"])] {
        let path = format!("/v1/clicks?ad={ad}&hour={}&limit=", at(59));
        let (each, all) = (server.pages(&format!("{path}1"), "clicks"), server.pages(&format!("{path}1000"), "clicks"));
        assert_eq!(each, all);
        let mut found: Vec<&str> = all.iter().filter_map(|click| click["click_id"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ids);
    }
    let path = format!("/v1/clicks?ad=banner1&hour={}", at(0));
    for (more, ids) in [("verdict=valid", vec!["c1", "c2"]), ("reason=bot", vec!["c3"]), ("reason=test", vec![])] {
        let clicks = server.get(&format!("{path}&{more}")).body["clicks"].clone();
        let found: Vec<&str> =
            clicks.as_array().expect("a list").iter().filter_map(|click| click["click_id"].as_str()).collect();
        assert_eq!(found, ids, "{more}");
    }
}

/// What they say behind it.
fn check_voided(server: &Server) {
    let shown = judged(server, "c1");
    let expected = json!({"verdict":"invalid","primary":"voided","price_micros":0,
        "history":[{"reasons":[],"price_micros":250_000,"case_id":null},{"reasons":["voided"],"case_id":"f1"}]});
    assert!(contains(&shown, &expected), "{shown}");
    let rows = report(server, "group_by=ad&metrics=gross,valid,invalid,reasons,cost");
    let row = json!({"time":at(0),"ad":"banner1","gross":3,"valid":0,"invalid":3,"reasons":{"bot":1,"voided":2},"cost_micros":0});
    assert!(rows.contains(&row), "{rows:?}");
    assert_eq!(reconciled(server, "banner1")["difference"], 0);
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let campaign = |body: Value| put(&server, "/v1/clicks/campaigns/c", &body);
    let ad = |id: &str, body: Value| put(&server, &format!("/v1/clicks/ads/{id}"), &body);
    let good = json!({"campaign":"spring","placement":"home","target":"https://shop.example/"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let click = one("c1", "banner1", "v1", "203.0.113.8", 1);
    let many = |count: usize| json!({ "clicks": vec![click.clone(); count] });
    let case =
        |filter: Value| server.post("/v1/clicks:invalidate", &json!({"case_id":"f","reason":"r","filter":filter}));
    let reports = |query: &str| server.get(&format!("/v1/clicks/reports?{query}"));
    let hour = at(0);
    for (answer, status, code) in [
        (campaign(json!({"currency":"EUR","price_micros":-1})), 400, "bad_body"),
        (campaign(json!({"currency":"EUR","price_micros":1,"colour":1})), 400, "bad_body"),
        (campaign(json!({"currency":"euro","price_micros":1})), 422, "bad_definition"),
        (campaign(json!({"currency":"EUR","price_micros":1,"ruleset":9})), 422, "unknown_rule_set"),
        (ad("a", with("campaign", json!("none"))), 404, "unknown_campaign"),
        (ad("a", with("target", json!("javascript:x"))), 422, "bad_definition"),
        (ad("a", with("shards", json!(65))), 422, "bad_definition"),
        (ad("A", good.clone()), 422, "bad_id"),
        (ad("banner1", with("placement", json!("other"))), 409, "ad_exists"),
        (server.get("/v1/clicks/campaigns/none"), 404, "unknown_campaign"),
        (server.get("/v1/clicks/ads/none"), 404, "unknown_ad"),
        (server.get("/v1/clicks/none"), 404, "unknown_click"),
        (server.get("/v1/clicks/cases/none"), 404, "unknown_case"),
        (server.get("/v1/clicks/rulesets/9"), 422, "unknown_rule_set"),
        (server.post("/v1/clicks:batch", &json!({"clicks":[]})), 400, "bad_request"),
        (server.post("/v1/clicks:batch", &many(5001)), 413, "body_too_large"),
        (server.post("/v1/clicks:batch", &json!({"clicks":[{"click_id":"x"}]})), 400, "bad_body"),
        (case(json!({})), 422, "confirm_required"),
        (case(json!({"ip_prefix":"203.0.113.0/16"})), 422, "bad_address"),
        (case(json!({"ip_prefix":"203.0.113.1/24"})), 422, "bad_address"),
        (case(json!({"ip":"somewhere"})), 422, "bad_address"),
        (case(json!({"user":"a","visitor":"b"})), 400, "bad_request"),
        (reports(&format!("from={hour}")), 400, "bad_parameter"),
        (reports(&format!("from={hour}&to=2020-01-01T00:00:30Z")), 400, "bad_request"),
        (reports(&format!("from={hour}&to={hour}&group_by=colour")), 400, "bad_parameter"),
        (reports(&format!("from={hour}&to={hour}&cursor=x")), 400, "bad_cursor"),
        (server.get(&format!("/v1/clicks/reconcile?ad=none&hour={hour}")), 404, "unknown_ad"),
        (server.get(&format!("/v1/clicks?ad=none&hour={hour}")), 404, "unknown_ad"),
    ] {
        assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    }
    // Small clicks, so that their number is the limit and not their bytes.
    let small: Vec<Value> = (0..5001).map(|number| json!({"click_id":number.to_string(),"ad":"banner1"})).collect();
    let answer = server.post("/v1/clicks:batch", &json!({ "clicks": small }));
    assert_eq!((answer.status, answer.code()), (413, "batch_too_large"), "{answer:?}");
}

#[test]
fn rule_sets_have_numbers_and_campaigns_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let strict = json!({"name":"strict","dedupe_seconds":7200,"datacenters":["198.51.100.0/24"]});
    let answer = server.post("/v1/clicks/rulesets", &strict);
    assert_eq!((answer.status, answer.header("location")), (201, Some("/v1/clicks/rulesets/2")), "{answer:?}");
    assert_eq!(server.get("/v1/clicks/rulesets/2").body, answer.body);
    let listed = server.get("/v1/clicks/rulesets").body;
    let expected = json!({"rulesets":[{"ruleset":2,"name":"strict"},{"ruleset":1,"rules":{"dedupe_seconds":3600}}]});
    assert!(contains(&listed, &expected), "{listed}");
    let bad = server.post("/v1/clicks/rulesets", &json!({"name":"x","datacenters":["198.51.100.0/33"]}));
    assert_eq!((bad.status, bad.code()), (422, "bad_address"));

    let spring = json!({"currency":"EUR","price_micros":250_000,"ruleset":2});
    assert_eq!(put(&server, "/v1/clicks/campaigns/spring", &spring).status, 200);
    eventually("the ad has the rule set", || (server.get("/v1/clicks/ads/banner1").body["ruleset"] == 2).then_some(()));
    // What this node knows of the ad may be a second old.
    let found = eventually("a click of a data center is seen", || {
        let id = format!("d{}", Time::now().0);
        batch(&server, &[one(&id, "banner1", &id, "198.51.100.77", 1)]);
        let click = judged(&server, &id);
        (click["primary"] == "datacenter").then_some(click)
    });
    assert_eq!(found["ruleset"], 2);
    let outside = one("outside", "banner1", "v9", "198.51.101.77", 1);
    batch(&server, &[outside]);
    assert_eq!(judged(&server, "outside")["verdict"], "valid");
}

/// Follows an ad's link as this browser from this address; the answer's status and where it leads.
fn follow(server: &Server, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let answer = server.send("GET", path, headers, Vec::new()).expect("the server answers");
    let location = answer.header("location").unwrap_or_default().to_owned();
    (answer.status, location)
}

const TARGET: &str = "https://shop.example/x?a=1";

/// The id in a location.
fn id_of(location: &str) -> &str {
    location.strip_prefix(TARGET).and_then(|rest| rest.strip_prefix("&click_id=")).expect("the target with an id")
}

#[test]
fn a_link_leads_to_the_target_with_an_id_and_what_only_looks_is_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let began = Time::now();
    let browser = [("user-agent", BROWSER), ("x-forwarded-for", "203.0.113.7")];
    let (status, location) = follow(&server, "/c/banner1", &browser);
    assert_eq!(status, 302, "{location}");
    let click = judged(&server, id_of(&location));
    let expected = json!({"verdict":"valid","price_micros":250_000,"identity":"derived","device":"desktop"});
    assert!(contains(&click, &expected), "{click}");

    for (method, name, value) in [
        ("HEAD", "x-forwarded-for", "203.0.113.20"),
        ("GET", "sec-purpose", "prefetch;prerender"),
        ("GET", "purpose", "prefetch"),
        ("GET", "x-moz", "prefetch"),
        ("GET", "user-agent", "facebookexternalhit/1.1"),
    ] {
        let answer = server.send(method, "/c/banner1", &[(name, value)], Vec::new()).unwrap();
        assert_eq!((answer.status, answer.header("location")), (302, Some(TARGET)), "{method} {name}");
    }
    let crawler = [("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")];
    let (_, location) = follow(&server, "/c/banner1", &crawler);
    let click = judged(&server, id_of(&location));
    assert!(contains(&click, &json!({"verdict":"invalid","primary":"bot"})), "{click}");
    let (status, _) = follow(&server, "/c/nowhere", &browser);
    assert_eq!(status, 404);

    // A second of the same visitor, known by its address and browser; a cookie makes it another one.
    let (_, location) = follow(&server, "/c/banner1", &browser);
    let click = judged(&server, id_of(&location));
    assert_eq!(click["verdict"], "invalid", "{click}");
    let with_cookie = [browser.as_slice(), &[("cookie", "a=1; millrace_visitor=v7")]].concat();
    let (_, location) = follow(&server, "/c/banner1", &with_cookie);
    let click = judged(&server, id_of(&location));
    assert!(contains(&click, &json!({"verdict":"valid","identity":"cookie"})), "{click}");

    let day = began.0 / (24 * HOUR) * 24 * HOUR;
    let path = format!("/v1/clicks/reports?from={}&to={}&granularity=day", Time(day), Time(day + 48 * HOUR));
    let rows = server.get(&path).body["rows"].clone();
    let sum = |name: &str| -> i64 { rows.as_array().unwrap().iter().filter_map(|row| row[name].as_i64()).sum() };
    assert_eq!((sum("gross"), sum("valid"), sum("invalid"), sum("cost_micros")), (4, 2, 2, 500_000), "{rows}");
}

#[test]
fn an_impression_gives_a_token_for_one_click_of_its_visitor() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let shown = |ad: &str| json!({"ad":ad,"visitor":"v1","time":at(10),"country":"DE"});
    let body = json!({"impressions":[shown("banner1"),shown("wide"),shown("banner1"),shown("nowhere")]});
    let answer = server.post("/v1/clicks/impressions:batch", &body);
    assert_eq!(answer.status, 202, "{answer:?}");
    let results = answer.body["results"].as_array().unwrap().clone();
    let statuses: Vec<&str> = results.iter().filter_map(|result| result["status"].as_str()).collect();
    assert_eq!(statuses, ["accepted", "accepted", "accepted", "refused"]);
    let token = results[0]["token"].as_str().unwrap();

    let cookie = |visitor: &str| format!("millrace_visitor={visitor}");
    for (visitor, token, expected) in [
        ("v1", token, json!({"verdict":"valid"})),
        ("v1", token, json!({"verdict":"invalid","primary":"bad_token"})),
        ("v2", results[2]["token"].as_str().unwrap(), json!({"primary":"bad_token"})),
        ("v3", "forged", json!({"primary":"bad_token"})),
    ] {
        let cookie = cookie(visitor);
        let headers = [("user-agent", BROWSER), ("cookie", cookie.as_str())];
        let (_, location) = follow(&server, &format!("/c/banner1?imp={token}"), &headers);
        let click = judged(&server, id_of(&location));
        assert!(contains(&click, &expected), "{expected} {click}");
    }
    let rows = report(&server, "group_by=ad,country&metrics=impressions,ctr");
    let row = |ad: &str, impressions| json!({"time":at(0),"ad":ad,"country":"DE","impressions":impressions,"ctr_millionths":0});
    assert_eq!(rows, [row("banner1", 2), row("wide", 1)]);
}

/// What a rule set would have changed between two times of the log, once both are over.
pub fn what_if(server: &Server, ruleset: u32, from: Time, to: Time) -> Value {
    eventually("the log is replayed", || {
        let path = format!("/v1/clicks/rulesets/{ruleset}:replay?from={from}&to={to}");
        let answer = server.send("POST", &path, &[], Vec::new()).expect("the server answers");
        assert!([200, 202].contains(&answer.status) || answer.code() == "unknown_position", "{answer:?}");
        (answer.status == 200).then_some(answer.body)
    })
}

#[test]
fn a_rule_set_is_tried_over_the_log_and_the_present_one_gives_the_bill_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let before = Time(Time::now().0 - 1000);
    let server = serve(&folder.path().join("data"));
    let early = [
        one("a1", "banner1", "v1", "203.0.113.8", 5),
        one("a2", "banner1", "v2", "203.0.113.9", 5),
        one("a3", "wide", "v1", "203.0.113.8", 5),
        one("a4", "banner1", "v1", "203.0.113.8", 16),
    ];
    batch(&server, &early);
    early.iter().for_each(|click| drop(judged(&server, click["click_id"].as_str().unwrap())));
    let middle = Time::now();
    // What comes next must be behind the middle.
    eventually("a millisecond is over", || (Time::now() > middle).then_some(()));
    let late = [
        one("b1", "banner1", "v2", "203.0.113.9", 20),
        one("b2", "wide", "v1", "203.0.113.8", 8),
        one("b3", "banner1", "v3", "198.51.100.9", 20),
    ];
    batch(&server, &late);
    late.iter().for_each(|click| drop(judged(&server, click["click_id"].as_str().unwrap())));
    let end = Time::now();
    let short = json!({"name":"ten minutes","dedupe_seconds":600});
    assert_eq!(server.post("/v1/clicks/rulesets", &short).status, 201);
    let other = json!({"name":"data centers","datacenters":["198.51.100.0/24"]});
    assert_eq!(server.post("/v1/clicks/rulesets", &other).status, 201);

    let rows = report(&server, "granularity=hour&metrics=gross,valid,invalid,reasons,cost");
    let same = what_if(&server, 1, before, end);
    for sum in ["now", "then"] {
        assert!(contains(&rows[0], &same[sum]), "{same} {rows:?}");
    }
    assert!(contains(&same, &json!({"difference":[],"examples":[],"unopened":0})), "{same}");

    let whole = what_if(&server, 2, before, end);
    let expected = json!({
        "ruleset":2,
        "now":{"gross":7,"valid":4,"invalid":3,"cost_micros":1_000_000,"reasons":{"dedupe":3}},
        "then":{"gross":7,"valid":6,"invalid":1,"cost_micros":1_500_000,"reasons":{"dedupe":1}},
        "difference":[{"campaign":"spring","ad":"banner1","gross":0,"valid":2,"invalid":-2,"cost_micros":500_000,"reasons":{"dedupe":-2}}],
        "examples":[
            {"now":{"click_id":"a4","verdict":"invalid","primary":"dedupe","ruleset":1},"then":{"click_id":"a4","verdict":"valid","price_micros":250_000,"ruleset":2}},
            {"now":{"click_id":"b1","verdict":"invalid"},"then":{"click_id":"b1","verdict":"valid"}},
        ],
    });
    assert!(contains(&whole, &expected), "{whole}");
    // From the middle on, windows are warm with what was counted before, and what was judged before stays.
    let half = what_if(&server, 2, middle, end);
    let expected = json!({"now":{"gross":3,"valid":1},"then":{"gross":3,"valid":2},"difference":[{"ad":"banner1","valid":1}],
        "examples":[{"now":{"click_id":"b1"}}]});
    assert!(contains(&half, &expected), "{half}");
    // No click's address was held against these ranges when it came: they are opened now.
    let opened = what_if(&server, 3, before, end);
    let expected = json!({"difference":[{"ad":"banner1","gross":0,"valid":-1,"reasons":{"datacenter":1}}],
        "examples":[{"then":{"click_id":"b3","primary":"datacenter"}}],"unopened":0});
    assert!(contains(&opened, &expected), "{opened}");

    // The same under the link that a client is given who does not wait for it.
    let path = format!("/v1/clicks/rulesets/2/replay?from={before}&to={end}");
    assert_eq!(server.get(&path).body, whole);

    // Nothing of it is left: the live bill is what it was.
    assert_eq!(report(&server, "granularity=hour&metrics=gross,valid,invalid,reasons,cost"), rows);
    for (what, from, to, code) in [
        ("1:dance", before, end, "unknown_action"),
        ("x:replay", before, end, "bad_request"),
        ("9:replay", before, end, "unknown_rule_set"),
        ("1:replay", end, before, "bad_parameter"),
    ] {
        let path = format!("/v1/clicks/rulesets/{what}?from={from}&to={to}");
        let answer = server.send("POST", &path, &[], Vec::new()).expect("the server answers");
        assert_eq!(answer.code(), code, "{answer:?}");
    }
}

#[test]
fn a_budget_ends_and_an_invoice_is_what_its_clicks_cost() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let small = json!({"currency":"EUR","price_micros":300_000,"budget_micros":1_000_000});
    assert_eq!(put(&server, "/v1/clicks/campaigns/small", &small).status, 201);
    let ad = json!({"campaign":"small","placement":"home","target":"https://shop.example/"});
    assert_eq!(put(&server, "/v1/clicks/ads/small1", &ad).status, 201);
    // Half an hour before the last hour began: that hour is over by more than the grace.
    let time = Time(last_hour().0 - HOUR / 2).to_string();
    let clicks: Vec<Value> = (0..5)
        .map(|number| {
            let mut click =
                one(&format!("s{number}"), "small1", &format!("v{number}"), &format!("203.0.{number}.8"), 0);
            click["time"] = json!(time);
            click
        })
        .collect();
    let mut verdicts = Vec::new();
    for click in &clicks {
        batch(&server, std::slice::from_ref(click));
        verdicts.push(judged(&server, click["click_id"].as_str().unwrap())["primary"].clone());
    }
    assert_eq!(json!(verdicts), json!([null, null, null, "budget", "budget"]));

    let closing = json!({"campaign":"small","until":last_hour()});
    let begun = server.post("/v1/clicks/invoices:close", &closing);
    assert_eq!(begun.status, 200, "{begun:?}");
    let closed = eventually("the invoice is closed", || {
        let answer = server.get("/v1/clicks/invoices/small-1");
        (answer.body["status"] == "closed").then_some(answer.body)
    });
    let expected = json!({"id":"small-1","clicks":3,"amount_micros":900_000,"credit_micros":0,"total_micros":900_000,"currency":"EUR"});
    assert!(contains(&closed, &expected), "{closed}");
    let case = json!({"case_id":"f9","reason":"fraud_ring","filter":{"click_ids":["s1"]}});
    assert_eq!(server.post("/v1/clicks:invalidate", &case).body["credit_micros"], 300_000);
    assert_eq!(server.post("/v1/clicks/invoices:close", &closing).body, closed, "twice is once");
    assert_eq!(server.get("/v1/clicks/invoices/small-1").body, closed, "it never changes");
    // What was billed and what is known now are two questions.
    let path = format!("/v1/clicks/reports?from={}&to={}&ad=small1", Time(last_hour().0 - HOUR), last_hour());
    for (version, cost) in [("billed", 900_000), ("known", 600_000)] {
        let rows = server.get(&format!("{path}&version={version}")).body["rows"].clone();
        assert_eq!(rows[0]["cost_micros"], cost, "{version}: {rows}");
    }
    for (body, code) in [
        (json!({"campaign":"small","until":Time(last_hour().0 - HOUR)}), "closed_hour"),
        (json!({"campaign":"small","until":Time(last_hour().0 + 24 * HOUR)}), "open_hour"),
        (json!({"campaign":"none","until":last_hour()}), "unknown_campaign"),
    ] {
        assert_eq!(server.post("/v1/clicks/invoices:close", &body).code(), code);
    }
    for id in ["small-2", "small", "none-1"] {
        assert_eq!(server.get(&format!("/v1/clicks/invoices/{id}")).code(), "unknown_invoice", "{id}");
    }
}
