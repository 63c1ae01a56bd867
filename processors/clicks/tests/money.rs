//! Budgets and invoices: what is lent, spent, billed and credited.

use super::{ad, click, run};
use crate::clicks::SYSTEM;
use crate::runtime::check;
use expect_test::{Expect, expect};

/// What the clicks led to, and the rows about money.
#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check_money(script: &[String], expected: Expect) {
    let hidden = [
        "clicks ",
        "clicks.ads ads",
        "clicks.ads clicks",
        "clicks.ads counted",
        "clicks.ads places",
        "clicks.ads rollup (0",
        "clicks.ads rollup (2",
        "clicks.ads adjustments (0",
        "clicks.ads adjustments (2",
        "clicks.ads visitors",
        "clicks.ads swept",
        "clicks.ads timers",
        "clicks.ads complete",
        "clicks.ads cases",
        "clicks.campaigns campaigns",
    ];
    let shown = run(&script.join("\n"), &hidden);
    // What was asked stands above.
    let answers =
        shown.lines().filter(|line| line.starts_with("  said") || line.starts_with("clicks") || line.contains(": "));
    let text: String = answers.map(|line| format!("{}\n", line.trim())).collect();
    expected.assert_eq(&text);
}

fn campaign(budget: u64) -> String {
    format!(
        r#"@clicks.campaigns {{"type":"define","id":"spring","currency":"EUR","price_micros":250000,"budget_micros":{budget}}}"#
    )
}

fn register(ad: &str) -> String {
    format!(r#"@clicks.campaigns {{"type":"register","campaign":"spring","ad":"{ad}","shards":1}}"#)
}

fn paid_ad(id: &str, budget: u64) -> String {
    ad(id, &format!(r#""budget_micros":{budget},"#))
}

/// How much the ads have spent at the end of a run.
fn spent(rows: &[String]) -> i64 {
    let spends = rows.iter().filter(|row| row.starts_with("clicks.ads spends"));
    let each =
        spends.map(|row| row.split("spent: ").nth(1).unwrap().split(',').next().unwrap().parse::<i64>().unwrap());
    each.sum()
}

#[test]
fn ads_spend_the_budget_to_its_end_and_no_further_and_more_may_come() {
    let budget = 1_000_000;
    let mut script = vec![campaign(budget), register("a"), register("b"), paid_ad("a", budget), paid_ad("b", budget)];
    script.extend((1..=5).map(|visitor| click(&format!("a{visitor}"), "a", visitor, "")));
    script.push(click("b1", "b", 1, ""));
    script.push(campaign(1_500_000));
    script.extend((6..=9).map(|visitor| click(&format!("b{visitor}"), "b", visitor, "")));
    check_money(
        &script,
        expect![[r#"
            said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":1000000,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"a","key":"a","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a1","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a2","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a3","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a4","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a5","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b1","price_micros":0,"reasons":["budget"]}]}
            said clicks.campaigns CampaignChanged {"ads":2,"budget_micros":1500000,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":2}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b6","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b7","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b8","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b9","price_micros":0,"reasons":["budget"]}]}
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 5, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 16629034431890738719, 23130, 0) → Counts { gross: 5, valid: 4, micros: 1000000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads spends 6294355645245719615 → Spend { lent: 500000, spent: 500000, low: 0, short: false, asked: false, exhausted_since: Some(Time(1704067200000)) }
            clicks.ads spends 16629034431890738719 → Spend { lent: 1000000, spent: 1000000, low: 125000, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 10, valid: 6, micros: 1500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 10, valid: 6, micros: 1500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 6294355645245719615) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0])
            clicks.ads reasons (473352, 16629034431890738719) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
            clicks.campaigns members ("spring", "a") → 1
            clicks.campaigns members ("spring", "b") → 1
            clicks.campaigns purses "spring" → Purse { lent: 1500000, recalls: 0, waiting: [] }
            clicks.campaigns leases ("spring", "a") → Lease { lent: 1000000 }
            clicks.campaigns leases ("spring", "b") → Lease { lent: 500000 }
        "#]],
    );
}

#[test]
fn an_ad_that_was_refused_asks_again_and_gets_what_another_gave_up() {
    let budget = 500_000;
    let void = r#"@clicks.ads {"type":"void","case_id":"f1","reason":"fraud","filter":{"ad":"a"}}"#;
    let script = vec![
        campaign(budget),
        register("a"),
        register("b"),
        paid_ad("a", budget),
        paid_ad("b", budget),
        click("a1", "a", 1, ""),
        click("a2", "a", 2, ""),
        click("b1", "b", 1, ""),
        void.to_owned(),
        click("b2", "b", 2, ""),
        format!("+1m {}", click("b3", "b", 3, "")),
        click("b4", "b", 4, ""),
    ];
    check_money(
        &script,
        expect![[r#"
            said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":500000,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"a","key":"a","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a1","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"a2","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b1","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksInvalidated {"ad":"a","campaign":"spring","case_id":"f1","credit_micros":500000,"voided":2}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b2","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b3","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"b4","price_micros":250000,"reasons":[]}]}
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 4, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 16629034431890738719, 23130, 0) → Counts { gross: 2, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads credits ("f1", 16629034431890738719) → (2, 500000)
            clicks.ads spends 6294355645245719615 → Spend { lent: 500000, spent: 250000, low: 125000, short: false, asked: false, exhausted_since: None }
            clicks.ads spends 16629034431890738719 → Spend { lent: 0, spent: 0, low: 0, short: false, asked: false, exhausted_since: Some(Time(1704067200000)) }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 6, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 6, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 6294355645245719615) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0])
            clicks.ads reasons (473352, 16629034431890738719) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0])
            clicks.campaigns members ("spring", "a") → 1
            clicks.campaigns members ("spring", "b") → 1
            clicks.campaigns purses "spring" → Purse { lent: 500000, recalls: 0, waiting: [] }
            clicks.campaigns leases ("spring", "a") → Lease { lent: 0 }
            clicks.campaigns leases ("spring", "b") → Lease { lent: 500000 }
        "#]],
    );
}

#[test]
fn a_budget_of_nothing_pays_nothing_and_a_click_that_is_voided_can_be_paid_again() {
    let void = r#"@clicks.ads {"type":"void","case_id":"f1","reason":"fraud","filter":{"click_ids":["c1"]}}"#;
    let script = vec![
        campaign(0),
        register("a"),
        paid_ad("a", 0),
        click("c0", "a", 1, ""),
        campaign(250_000),
        click("c1", "a", 2, ""),
        click("c2", "a", 3, ""),
        void.to_owned(),
        click("c3", "a", 4, ""),
        click("c4", "a", 5, ""),
    ];
    check_money(
        &script,
        expect![[r#"
            said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":0,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"a","key":"a","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c0","price_micros":0,"reasons":["budget"]}]}
            said clicks.campaigns CampaignChanged {"ads":1,"budget_micros":250000,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":2}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":0,"reasons":["budget"]}]}
            said clicks.ads ClicksInvalidated {"ad":"a","campaign":"spring","case_id":"f1","credit_micros":250000,"voided":1}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c3","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c4","price_micros":0,"reasons":["budget"]}]}
            clicks.ads rollup (1, 473352, 16629034431890738719, 23130, 0) → Counts { gross: 5, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads credits ("f1", 16629034431890738719) → (1, 250000)
            clicks.ads spends 16629034431890738719 → Spend { lent: 250000, spent: 250000, low: 0, short: false, asked: false, exhausted_since: Some(Time(1704067200000)) }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 5, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 5, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 16629034431890738719) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0])
            clicks.campaigns members ("spring", "a") → 1
            clicks.campaigns purses "spring" → Purse { lent: 250000, recalls: 0, waiting: [] }
            clicks.campaigns leases ("spring", "a") → Lease { lent: 250000 }
        "#]],
    );
}

#[test]
fn clicks_that_race_never_spend_more_than_the_budget() {
    let (budget, ads) = (2_000_000, ["a", "b", "c"]);
    let mut script = vec![campaign(budget)];
    script.extend(ads.iter().map(|ad| register(ad)));
    script.extend(ads.iter().map(|ad| paid_ad(ad, budget)));
    for visitor in 1..=8 {
        script.extend(ads.iter().map(|ad| format!("| {}", click(&format!("{ad}{visitor}"), ad, visitor, ""))));
    }
    script.push("+1s".to_owned());
    check::race(SYSTEM.machines, &script.join("\n"), 30, &|shown| {
        let spent = spent(&shown.rows);
        assert!(spent <= 2_000_000, "{spent}");
        // Where loans are on their way a click may find nothing, but not most of them.
        assert!(spent >= 1_000_000, "{spent}");
        assert_eq!(shown.stopped, Vec::<String>::new());
    });
}

#[test]
fn an_invoice_never_changes_and_what_comes_later_is_a_credit_of_the_next() {
    let close = |until: &str| {
        format!(r#"@clicks.campaigns {{"type":"close_invoice","campaign":"spring","until":"2024-01-01T{until}Z"}}"#)
    };
    let void = r#"@clicks.ads {"type":"void","case_id":"f1","reason":"fraud","filter":{"click_ids":["c1"]}}"#;
    let script = vec![
        campaign(10_000_000),
        register("a"),
        register("b"),
        paid_ad("a", 10_000_000),
        paid_ad("b", 10_000_000),
        click("c1", "a", 1, ""),
        click("c2", "b", 1, ""),
        click("c3", "a", 1, ""),
        close("01:00:00"),
        format!("+2h {}", click("c4", "a", 4, "")),
        close("01:30:00"),
        close("01:00:00"),
        close("01:00:00"),
        close("00:00:00"),
        void.to_owned(),
        click("c5", "a", 5, r#","time":"2024-01-01T00:30:00Z""#),
        format!("+2h {}", close("03:00:00")),
        close("03:00:00"),
        r#"@clicks.campaigns {"type":"close_invoice","campaign":"none","until":"2024-01-01T01:00:00Z"}"#.to_owned(),
    ];
    check_money(
        &script,
        expect![[r#"
            said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":10000000,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"a","key":"a","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c3","price_micros":0,"reasons":["double_click","dedupe"]}]}
            → 422 open_hour: an invoice ends with an hour that is over by ten minutes at least
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c4","price_micros":250000,"reasons":[]}]}
            → 422 open_hour: an invoice ends with an hour that is over by ten minutes at least
            said clicks.campaigns InvoiceClosed {"amount_micros":500000,"campaign":"spring","clicks":2,"closed_at":"2024-01-01T02:00:00Z","credit_clicks":0,"credit_micros":0,"currency":"EUR","from":null,"id":"spring-1","number":1,"status":"closed","total_micros":500000,"until":"2024-01-01T01:00:00Z"}
            → 409 closed_hour: an invoice has this hour already, or the one before it is not closed yet
            said clicks.ads ClicksInvalidated {"ad":"a","campaign":"spring","case_id":"f1","credit_micros":250000,"voided":1}
            said clicks.ads ClicksJudged {"clicks":[{"click_id":"c5","price_micros":0,"reasons":["late"]}]}
            said clicks.campaigns InvoiceClosed {"amount_micros":250000,"campaign":"spring","clicks":1,"closed_at":"2024-01-01T04:00:00Z","credit_clicks":-1,"credit_micros":-250000,"currency":"EUR","from":"2024-01-01T01:00:00Z","id":"spring-2","number":2,"status":"closed","total_micros":0,"until":"2024-01-01T03:00:00Z"}
            → 404 unknown_campaign: there is no campaign of this id
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 16629034431890738719, 23130, 0) → Counts { gross: 2, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473354, 16629034431890738719, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (1, 473352, 16629034431890738719, 23130, 0) → Counts { gross: 1, valid: -1, micros: -250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads credits ("f1", 16629034431890738719) → (1, 250000)
            clicks.ads spends 6294355645245719615 → Spend { lent: 6125000, spent: 250000, low: 1812500, short: false, asked: false, exhausted_since: None }
            clicks.ads spends 16629034431890738719 → Spend { lent: 3875000, spent: 250000, low: 1250000, short: false, asked: false, exhausted_since: None }
            clicks.ads billed 6294355645245719615 → BilledRow { until: Time(1704078000000), credit_clicks: 0, credit_micros: 0 }
            clicks.ads billed 16629034431890738719 → BilledRow { until: Time(1704078000000), credit_clicks: 0, credit_micros: 0 }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 4, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473354, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 5, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 16629034431890738719) → ByReason([0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0])
            clicks.ads told 6294355645245719615 → Time(1703991600000)
            clicks.ads told 16629034431890738719 → Time(1703991600000)
            clicks.campaigns members ("spring", "a") → 1
            clicks.campaigns members ("spring", "b") → 1
            clicks.campaigns purses "spring" → Purse { lent: 10000000, recalls: 0, waiting: [] }
            clicks.campaigns leases ("spring", "a") → Lease { lent: 3875000 }
            clicks.campaigns leases ("spring", "b") → Lease { lent: 6125000 }
            clicks.campaigns invoices ("spring", 1) → InvoiceRow { number: 1, from: Time(0), until: Time(1704070800000), waiting: 0, bill: Bill { clicks: 2, micros: 500000, credit_clicks: 0, credit_micros: 0 }, closed_at: Some(Time(1704074400000)) }
            clicks.campaigns invoices ("spring", 2) → InvoiceRow { number: 2, from: Time(1704070800000), until: Time(1704078000000), waiting: 0, bill: Bill { clicks: 1, micros: 250000, credit_clicks: -1, credit_micros: -250000 }, closed_at: Some(Time(1704081600000)) }
        "#]],
    );
}
