//! Clicks through the harness: every rule as a script, with crashes, repeats and other numbers of partitions behind it.

mod adopt;
mod forget;
mod hours;
mod money;
mod orders;
mod rules;
mod sums;

use crate::clicks::SYSTEM;
use crate::runtime::check;
use expect_test::{Expect, expect};

/// Rows that say nothing that a test is about: they are compared between the runs all the same.
const HIDDEN: [&str; 7] = [
    "clicks rings",
    "clicks ids",
    "clicks swept",
    "clicks timers",
    "clicks.ads swept",
    "clicks.ads timers",
    "clicks.ads places",
];

#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&run(script, &HIDDEN));
}

/// The same without what the clicks add up to.
#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check_verdicts(script: &str, expected: Expect) {
    expected.assert_eq(&run(script, &["clicks ", "clicks.ads ", "clicks.campaigns "]));
}

fn run(script: &str, hidden: &[&str]) -> String {
    let shown = check::run(SYSTEM.machines, script);
    let is_shown = |line: &&str| !hidden.iter().any(|start| line.starts_with(start));
    shown.lines().filter(is_shown).map(|line| format!("{line}\n")).collect()
}

/// The line that defines an ad with these terms.
fn ad(id: &str, terms: &str) -> String {
    format!(
        r#"@clicks.ads {{"type":"define","key":"{id}","ad":"{id}","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{{"version":1,"price_micros":250000,"ruleset":1,{terms}"rules":{{"visitor_per_minute":0}}}}}}"#
    )
}

/// The line of a click by a visitor who is known by a cookie and has an address of its own.
fn click(id: &str, ad: &str, visitor: u32, more: &str) -> String {
    format!(
        r#"{{"type":"click","click_id":"{id}","ad":"{ad}","prefix":"{visitor:x}","address":"{visitor:x}","visitor":"{visitor:x}","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"{more}}}"#
    )
}

#[test]
fn a_click_goes_from_its_prefix_to_its_ad_and_an_hour_later_it_is_complete() {
    let script = format!(
        "
            @clicks.campaigns {}
            {}
        +1s {}
        +1s {}
        +2h
        ",
        r#"{"type":"define","id":"spring","currency":"EUR","price_micros":250000}"#,
        ad("banner1", ""),
        click("c1", "banner1", 1, ""),
        click("c1", "banner1", 1, "")
    );
    check(
        &script,
        expect![[r#"
            @clicks.campaigns {"type":"define","id":"spring","currency":"EUR","price_micros":250000}
              → {"ads":0,"budget_micros":null,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
              said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":null,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":250000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            @clicks.ads {"type":"define","key":"banner1","ad":"banner1","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"banner1","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"banner1","key":"banner1","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            +1s {"type":"click","click_id":"c1","ad":"banner1","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            +1s {"type":"click","click_id":"c1","ad":"banner1","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["duplicate"]}
            +2h
            clicks raw (473352, 18134447909822105867, 4) → 1
            clicks hours () → Time(1704074400000)
            clicks.ads ads 18134447909822105867 → AdRow { key: "banner1", ad: "banner1", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473352, 18134447909822105867, 1) → [1000]
            clicks.ads clicks (473352, 18134447909822105867, 1000, 286879614915848969100893339040063510018) → ClickRow { click_id: "c1", arrived: Time(1704067201000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067201000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28401120, 18134447909822105867, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 18134447909822105867, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 18134447909822105867, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 18134447909822105867, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 18134447909822105867, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 18134447909822105867, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads complete () → Time(1704070800000)
            clicks.ads spends 18134447909822105867 → Spend { lent: 0, spent: 250000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 6) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 6) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads told 18134447909822105867 → Time(1703984400000)
            clicks.campaigns campaigns "spring" → Campaign { definition: CampaignDefinition { id: "spring", currency: "EUR", price_micros: 250000, budget_micros: None, dedupe_seconds: None, double_click_ms: None, lateness_seconds: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, policy: Policy { attribution: Attribution { model: Click, look_back_seconds: 2592000 }, pacing: Asap, alerts: Alerts { min_clicks: 100, ctr_millionths: 1000000, invalid_rise_millionths: 300000 } }, version: 1, ads: 0, created_at: Time(1704067200000), changed_at: Time(1704067200000) }
        "#]],
    );
}

#[test]
fn a_change_of_terms_reaches_every_shard_and_holds_from_then_on() {
    let spread = ad("wide", "").replace(r#""target""#, r#""shards":2,"target""#);
    let shard = |number: u32| spread.replace(r#""key":"wide""#, &format!(r#""key":"wide#{number}""#));
    let script = format!(
        "
            @clicks.campaigns {campaign}
            @clicks.campaigns {}
            @clicks.campaigns {}
            {spread}
            {}
            {}
        +1s {}
        +1s {}
            @clicks.campaigns {}
        +1s {}
        +1s {}
            @clicks.campaigns {campaign}
            @clicks.campaigns {campaign}
        ",
        r#"{"type":"register","campaign":"spring","ad":"wide","shards":2}"#,
        r#"{"type":"register","campaign":"autumn","ad":"wide","shards":2}"#,
        shard(0),
        shard(1),
        click("c1", "wide", 1, r#","shards":2"#),
        click("c2", "wide", 2, r#","shards":1"#),
        r#"{"type":"define","id":"spring","currency":"EUR","price_micros":400000,"dedupe_seconds":2}"#,
        click("c3", "wide", 1, r#","shards":2"#),
        click("c4", "wide", 2, ""),
        campaign = r#"{"type":"define","id":"spring","currency":"EUR","price_micros":300000}"#,
    );
    check(
        &script,
        expect![[r#"
            @clicks.campaigns {"type":"define","id":"spring","currency":"EUR","price_micros":300000}
              → {"ads":0,"budget_micros":null,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
              said clicks.campaigns CampaignChanged {"ads":0,"budget_micros":null,"changed_at":"2024-01-01T00:00:00Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}
            @clicks.campaigns {"type":"register","campaign":"spring","ad":"wide","shards":2}
              → {"ad":"wide","campaign":"spring","terms":{"budget_micros":null,"ends_at":null,"paused":false,"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":1}}
            @clicks.campaigns {"type":"register","campaign":"autumn","ad":"wide","shards":2}
              → 404 unknown_campaign: there is no campaign of this id
            @clicks.ads {"type":"define","key":"wide","ad":"wide","campaign":"spring","placement":"home","shards":2,"target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","key":"wide","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
            @clicks.ads {"type":"define","key":"wide#0","ad":"wide","campaign":"spring","placement":"home","shards":2,"target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","key":"wide#0","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
            @clicks.ads {"type":"define","key":"wide#1","ad":"wide","campaign":"spring","placement":"home","shards":2,"target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"wide","key":"wide#1","placement":"home","price_micros":250000,"ruleset":1,"shards":2,"target":"https://shop.example/"}
            +1s {"type":"click","click_id":"c1","ad":"wide","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","shards":2}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            +1s {"type":"click","click_id":"c2","ad":"wide","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","shards":1}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            @clicks.campaigns {"type":"define","id":"spring","currency":"EUR","price_micros":400000,"dedupe_seconds":2}
              → {"ads":3,"budget_micros":null,"changed_at":"2024-01-01T00:00:02Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":2,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":400000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":2}
              said clicks.campaigns CampaignChanged {"ads":3,"budget_micros":null,"changed_at":"2024-01-01T00:00:02Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":2,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":400000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":2}
            +1s {"type":"click","click_id":"c3","ad":"wide","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","shards":2}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c3","price_micros":400000,"reasons":[]}]}
            +1s {"type":"click","click_id":"c4","ad":"wide","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c4","price_micros":400000,"reasons":[]}]}
            @clicks.campaigns {"type":"define","id":"spring","currency":"EUR","price_micros":300000}
              → {"ads":3,"budget_micros":null,"changed_at":"2024-01-01T00:00:04Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":3}
              said clicks.campaigns CampaignChanged {"ads":3,"budget_micros":null,"changed_at":"2024-01-01T00:00:04Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":3}
            @clicks.campaigns {"type":"define","id":"spring","currency":"EUR","price_micros":300000}
              → {"ads":3,"budget_micros":null,"changed_at":"2024-01-01T00:00:04Z","created_at":"2024-01-01T00:00:00Z","currency":"EUR","dedupe_seconds":null,"double_click_ms":null,"ends_at":null,"id":"spring","lateness_seconds":null,"paused":false,"policy":{"alerts":{"ctr_millionths":1000000,"invalid_rise_millionths":300000,"min_clicks":100},"attribution":{"look_back_seconds":2592000,"model":"click"},"pacing":"asap"},"price_micros":300000,"rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":3600,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":1,"starts_at":null,"version":3}
            clicks raw (473352, 6516550255518496050, 4) → 2
            clicks raw (473352, 17124059393414466804, 4) → 2
            clicks hours () → Time(1704070800000)
            clicks.ads ads 1643621068407489704 → AdRow { key: "wide#0", ad: "wide", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 2, terms: Terms { version: 3, price_micros: 300000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(1703980804000), created_at: Time(1704067200000) }
            clicks.ads ads 6516550255518496050 → AdRow { key: "wide#1", ad: "wide", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 2, terms: Terms { version: 3, price_micros: 300000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(1703980804000), created_at: Time(1704067200000) }
            clicks.ads ads 17124059393414466804 → AdRow { key: "wide", ad: "wide", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 2, terms: Terms { version: 3, price_micros: 300000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(1703980804000), created_at: Time(1704067200000) }
            clicks.ads counted (473352, 1643621068407489704, 2) → [2000, 4000]
            clicks.ads counted (473352, 6516550255518496050, 1) → [1000, 3000]
            clicks.ads clicks (473352, 1643621068407489704, 2000, 237114399588614682166956832953564185301) → ClickRow { click_id: "c2", arrived: Time(1704067202000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704067202000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 1643621068407489704, 4000, 35605445780599618651172665344162849383) → ClickRow { click_id: "c4", arrived: Time(1704067204000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704067204000), reasons: Reasons(0), price_micros: 400000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6516550255518496050, 1000, 286879614915848969100893339040063510018) → ClickRow { click_id: "c1", arrived: Time(1704067201000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067201000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6516550255518496050, 3000, 158362392904095089292453257964914162622) → ClickRow { click_id: "c3", arrived: Time(1704067203000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067203000), reasons: Reasons(0), price_micros: 400000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28401120, 1643621068407489704, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28401120, 6516550255518496050, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 1643621068407489704, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6516550255518496050, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 1643621068407489704, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6516550255518496050, 23130, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 1643621068407489704, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28401120, 6516550255518496050, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 1643621068407489704, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6516550255518496050, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 1643621068407489704, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6516550255518496050, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads spends 1643621068407489704 → Spend { lent: 0, spent: 650000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads spends 6516550255518496050 → Spend { lent: 0, spent: 650000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 2) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 0) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 2) → Counts { gross: 2, valid: 2, micros: 650000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.campaigns campaigns "spring" → Campaign { definition: CampaignDefinition { id: "spring", currency: "EUR", price_micros: 300000, budget_micros: None, dedupe_seconds: None, double_click_ms: None, lateness_seconds: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, policy: Policy { attribution: Attribution { model: Click, look_back_seconds: 2592000 }, pacing: Asap, alerts: Alerts { min_clicks: 100, ctr_millionths: 1000000, invalid_rise_millionths: 300000 } }, version: 3, ads: 3, created_at: Time(1704067200000), changed_at: Time(1704067204000) }
            clicks.campaigns members ("spring", "wide") → 2
        "#]],
    );
}

#[test]
fn what_is_no_ad_and_no_campaign_is_refused() {
    let campaign = |more: &str| {
        format!(r#"@clicks.campaigns {{"type":"define","id":"a","currency":"EUR","price_micros":1{more}}}"#)
    };
    let lines = [
        campaign(r#","currency":"eur""#).replacen(r#""currency":"EUR","#, "", 1),
        campaign(r#","dedupe_seconds":86401"#),
        campaign(r#","lateness_seconds":86401"#),
        campaign(r#","starts_at":"2024-01-02T00:00:00Z","ends_at":"2024-01-02T00:00:00Z""#),
        campaign(r#","rules":{"bots":2}"#),
        campaign("").replace(r#""id":"a""#, r#""id":"A""#),
        campaign("").replace(r#""id":"a""#, r#""id":"reports""#),
        format!("user:eve {}", campaign("")),
        ad("b", "").replace("https:", "ftp:"),
        ad("b", "").replace("shop.example/", "shop.example/ x"),
        ad("b", "").replace(r#""key":"b""#, r#""key":"c""#),
        ad("b", ""),
        ad("b", ""),
        ad("b", "").replace("home", "foot"),
        format!("user:eve {}", click("c1", "b", 1, "")),
        click("", "b", 1, ""),
        click("reports", "b", 1, ""),
        r#"@clicks.campaigns {"type":"publish","name":"strict","rules":{"dedupe_seconds":7200},"datacenters":["198.51.100.0/24"]}"#.to_owned(),
        r#"@clicks.campaigns {"type":"publish","name":"","rules":{}}"#.to_owned(),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        @clicks.campaigns {"type":"define","id":"a","price_micros":1,"currency":"eur"}
          → 422 bad_definition: `currency` has three capital letters, as EUR
        @clicks.campaigns {"type":"define","id":"a","currency":"EUR","price_micros":1,"dedupe_seconds":86401}
          → 422 bad_definition: a window has at most 86400 seconds
        @clicks.campaigns {"type":"define","id":"a","currency":"EUR","price_micros":1,"lateness_seconds":86401}
          → 422 bad_definition: `lateness_seconds` is at most 86400, not 86401
        @clicks.campaigns {"type":"define","id":"a","currency":"EUR","price_micros":1,"starts_at":"2024-01-02T00:00:00Z","ends_at":"2024-01-02T00:00:00Z"}
          → 422 bad_definition: a campaign starts before it ends
        @clicks.campaigns {"type":"define","id":"a","currency":"EUR","price_micros":1,"rules":{"bots":2}}
          → 422 bad_definition: the newest version of the crawlers' patterns is 1
        @clicks.campaigns {"type":"define","id":"A","currency":"EUR","price_micros":1}
          → 422 bad_id: an id must match [a-z0-9][a-z0-9._-]{0,63}
        @clicks.campaigns {"type":"define","id":"reports","currency":"EUR","price_micros":1}
          → 422 reserved_id: `reports` is a reserved word: choose another id
        user:eve @clicks.campaigns {"type":"define","id":"a","currency":"EUR","price_micros":1}
          → 403 role_required: this needs the role `server` or `operator`
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"ftp://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → 422 bad_definition: `target` is an http or https address of at most 2048 bytes
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/ x","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → 422 bad_definition: `target` is percent-encoded: it has printable ASCII without spaces only
        @clicks.ads {"type":"define","key":"c","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → 422 bad_definition: `c` is no shard of `b`
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"foot","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → 409 ad_exists: there is an ad of this id with another campaign, placement or number of shards
        user:eve {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → 403 role_required: this needs the role `server` or `operator`
        {"type":"click","click_id":"","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → 422 bad_click_id: the id of a click has 1 to 128 bytes and is no word of the paths
        {"type":"click","click_id":"reports","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → 422 bad_click_id: the id of a click has 1 to 128 bytes and is no word of the paths
        @clicks.campaigns {"type":"publish","name":"strict","rules":{"dedupe_seconds":7200},"datacenters":["198.51.100.0/24"]}
          → {"datacenters":["198.51.100.0/24"],"name":"strict","published_at":"2024-01-01T00:00:00Z","rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":7200,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":2}
          said clicks.campaigns RulesetPublished {"datacenters":["198.51.100.0/24"],"name":"strict","published_at":"2024-01-01T00:00:00Z","rules":{"address_per_hour":200,"address_per_minute":20,"bots":1,"cadence":10,"dedupe_seconds":7200,"double_click_ms":2000,"lateness_seconds":86400,"prefix_per_hour":2000,"prefix_per_minute":200,"require_token":false,"visitor_per_hour":100,"visitor_per_minute":10},"ruleset":2}
        @clicks.campaigns {"type":"publish","name":"","rules":{}}
          → 422 bad_definition: the name of a rule set has 1 to 256 bytes
        clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
        clicks.campaigns rule_sets 2 → RuleSet { ruleset: 2, name: "strict", rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 7200, double_click_ms: 2000, lateness_seconds: 86400, require_token: false }, datacenters: ["198.51.100.0/24"], published_at: Time(1704067200000) }
    "#]],
    );
}
