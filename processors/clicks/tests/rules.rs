//! The rules by which a click counts, each as a script.

use super::{ad, check, check_verdicts, click};
use expect_test::expect;

#[test]
fn of_several_reasons_the_first_by_precedence_is_primary() {
    let script = [
        ad("b", r#""paused":true,"#),
        click("all", "b", 1, r#","user_agent":"curl/8","marks":{"test":true,"prefetch":true,"bad_token":true},"datacenter_of":[1,7],"time":"2023-12-31T23:00:00Z""#)
            .replacen(r#""user_agent":"Mozilla/5.0 (X11; Linux x86_64)","#, "", 1),
        click("token", "b", 2, r#","marks":{"prefetch":true,"bad_token":true}"#),
        click("prefetch", "b", 3, r#","marks":{"prefetch":true},"datacenter_of":[1]"#),
        click("datacenter", "b", 4, r#","datacenter_of":[1]"#),
        click("other_datacenter", "b", 5, r#","datacenter_of":[2]"#),
        format!("+1s {}", click("paused", "b", 5, "")),
    ];
    check_verdicts(
        &script.join("\n"),
        expect![[r#"
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"paused":true,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        {"type":"click","click_id":"all","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"curl/8","marks":{"test":true,"prefetch":true,"bad_token":true},"datacenter_of":[1,7],"time":"2023-12-31T23:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"all","price_micros":0,"reasons":["test","bad_token","prefetch","bot","datacenter","ended"]}]}
        {"type":"click","click_id":"token","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","marks":{"prefetch":true,"bad_token":true}}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"token","price_micros":0,"reasons":["bad_token","prefetch","ended"]}]}
        {"type":"click","click_id":"prefetch","ad":"b","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","marks":{"prefetch":true},"datacenter_of":[1]}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"prefetch","price_micros":0,"reasons":["prefetch","datacenter","ended"]}]}
        {"type":"click","click_id":"datacenter","ad":"b","prefix":"4","address":"4","visitor":"4","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","datacenter_of":[1]}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"datacenter","price_micros":0,"reasons":["datacenter","ended"]}]}
        {"type":"click","click_id":"other_datacenter","ad":"b","prefix":"5","address":"5","visitor":"5","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","datacenter_of":[2]}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"other_datacenter","price_micros":0,"reasons":["ended"]}]}
        +1s {"type":"click","click_id":"paused","ad":"b","prefix":"5","address":"5","visitor":"5","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"paused","price_micros":0,"reasons":["double_click","dedupe","ended"]}]}
    "#]],
    );
}

#[test]
fn a_visitors_next_click_counts_one_window_later_whatever_comes_first() {
    let at = |time: &str| format!(r#","time":"2024-01-01T{time}Z""#);
    let script = [
        format!("+3h {}", ad("b", "")),
        ad("other", ""),
        click("first", "b", 1, &at("02:00:00")),
        click("double", "b", 1, &at("02:00:01.999")),
        click("too_near", "b", 1, &at("02:59:59.999")),
        click("far_enough", "b", 1, &at("03:00:00")),
        click("before_too_near", "b", 1, &at("01:00:00.001")),
        click("before_far_enough", "b", 1, &at("01:00:00")),
        click("between", "b", 1, &at("01:30:00")),
        click("elsewhere", "other", 1, &at("02:00:00")),
        click("someone_else", "b", 2, &at("02:00:00")),
    ];
    check_verdicts(
        &script.join("\n"),
        expect![[r#"
        +3h @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T03:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T03:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        @clicks.ads {"type":"define","key":"other","ad":"other","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T03:00:00Z","id":"other","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T03:00:00Z","id":"other","key":"other","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        {"type":"click","click_id":"first","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T02:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"first","price_micros":250000,"reasons":[]}]}
        {"type":"click","click_id":"double","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T02:00:01.999Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"double","price_micros":0,"reasons":["double_click","dedupe"]}]}
        {"type":"click","click_id":"too_near","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T02:59:59.999Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"too_near","price_micros":0,"reasons":["dedupe"]}]}
        {"type":"click","click_id":"far_enough","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T03:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"far_enough","price_micros":250000,"reasons":[]}]}
        {"type":"click","click_id":"before_too_near","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T01:00:00.001Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"before_too_near","price_micros":0,"reasons":["dedupe"]}]}
        {"type":"click","click_id":"before_far_enough","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T01:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"before_far_enough","price_micros":250000,"reasons":[]}]}
        {"type":"click","click_id":"between","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T01:30:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"between","price_micros":0,"reasons":["dedupe"]}]}
        {"type":"click","click_id":"elsewhere","ad":"other","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T02:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"elsewhere","price_micros":250000,"reasons":[]}]}
        {"type":"click","click_id":"someone_else","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T02:00:00Z"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"someone_else","price_micros":250000,"reasons":[]}]}
    "#]],
    );
}

#[test]
fn clicks_that_do_not_count_do_not_keep_later_ones_from_counting() {
    let script = [
        ad("b", ""),
        click("bot", "b", 1, "").replace("Mozilla/5.0 (X11; Linux x86_64)", "Googlebot/2.1"),
        format!("+1s {}", click("counts", "b", 1, "")),
        format!("+1s {}", click("double", "b", 1, "")),
    ];
    check_verdicts(
        &script.join("\n"),
        expect![[r#"
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        {"type":"click","click_id":"bot","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Googlebot/2.1"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"bot","price_micros":0,"reasons":["bot"]}]}
        +1s {"type":"click","click_id":"counts","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"counts","price_micros":250000,"reasons":[]}]}
        +1s {"type":"click","click_id":"double","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"double","price_micros":0,"reasons":["double_click","dedupe"]}]}
    "#]],
    );
}

#[test]
fn more_than_the_limit_of_a_minute_is_too_fast_and_a_fixed_pace_too() {
    let limits = r#""address_per_minute":3,"cadence":4,"visitor_per_minute":0,"dedupe_seconds":0,"double_click_ms":0"#;
    let with_limits = ad("b", "").replace(r#""visitor_per_minute":0"#, limits);
    let mut script = vec![with_limits];
    for (number, pause) in [1300, 7100, 2200, 4100, 61_000].into_iter().enumerate() {
        script.push(format!("+{pause}ms {}", click(&format!("fast{number}"), "b", 1, "")));
    }
    for number in 0..5 {
        script.push(format!("+60010ms {}", click(&format!("pace{number}"), "b", 2, "")));
    }
    check_verdicts(
        &script.join("\n"),
        expect![[r#"
        @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"address_per_minute":3,"cadence":4,"visitor_per_minute":0,"dedupe_seconds":0,"double_click_ms":0}}}
          → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
          said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
        +1300ms {"type":"click","click_id":"fast0","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"fast0","price_micros":250000,"reasons":[]}]}
        +7100ms {"type":"click","click_id":"fast1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"fast1","price_micros":250000,"reasons":[]}]}
        +2200ms {"type":"click","click_id":"fast2","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"fast2","price_micros":250000,"reasons":[]}]}
        +4100ms {"type":"click","click_id":"fast3","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"fast3","price_micros":0,"reasons":["velocity"]}]}
        +61000ms {"type":"click","click_id":"fast4","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"fast4","price_micros":250000,"reasons":[]}]}
        +60010ms {"type":"click","click_id":"pace0","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"pace0","price_micros":250000,"reasons":[]}]}
        +60010ms {"type":"click","click_id":"pace1","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"pace1","price_micros":250000,"reasons":[]}]}
        +60010ms {"type":"click","click_id":"pace2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"pace2","price_micros":250000,"reasons":[]}]}
        +60010ms {"type":"click","click_id":"pace3","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"pace3","price_micros":0,"reasons":["velocity"]}]}
        +60010ms {"type":"click","click_id":"pace4","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
          → {"results":["accepted"]}
          said clicks.ads ClicksJudged {"clicks":[{"click_id":"pace4","price_micros":0,"reasons":["velocity"]}]}
    "#]],
    );
}

#[test]
fn a_time_that_cannot_be_is_the_logs() {
    let at = |time: &str| format!(r#","time":"{time}""#);
    let script = [
        ad("b", ""),
        click("yesterday", "b", 1, &at("2023-12-31T00:00:00Z")),
        click("too_old", "b", 2, &at("2023-12-30T23:59:59.999Z")),
        click("ahead", "b", 3, &at("2024-01-01T00:02:00Z")),
        click("too_far_ahead", "b", 4, &at("2024-01-01T00:02:00.001Z")),
        click("a_year_off", "b", 5, &at("2025-01-01T00:00:00Z")),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            {"type":"click","click_id":"yesterday","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2023-12-31T00:00:00Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"yesterday","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"too_old","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2023-12-30T23:59:59.999Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"too_old","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"ahead","ad":"b","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T00:02:00Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"ahead","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"too_far_ahead","ad":"b","prefix":"4","address":"4","visitor":"4","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T00:02:00.001Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"too_far_ahead","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"a_year_off","ad":"b","prefix":"5","address":"5","visitor":"5","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2025-01-01T00:00:00Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"a_year_off","price_micros":250000,"reasons":[]}]}
            clicks raw (473328, 6294355645245719615, 4) → 1
            clicks raw (473352, 6294355645245719615, 0) → 2
            clicks raw (473352, 6294355645245719615, 4) → 1
            clicks raw (473352, 6294355645245719615, 7) → 1
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473328, 6294355645245719615, 1) → [0]
            clicks.ads counted (473352, 6294355645245719615, 2) → [0]
            clicks.ads counted (473352, 6294355645245719615, 3) → [120000]
            clicks.ads counted (473352, 6294355645245719615, 4) → [0]
            clicks.ads counted (473352, 6294355645245719615, 5) → [0]
            clicks.ads clicks (473328, 6294355645245719615, 0, 296631185123062079519269223135711538668) → ClickRow { click_id: "yesterday", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 0, 104076724989503679508726557218372153593) → ClickRow { click_id: "too_far_ahead", arrived: Time(1704067200000), skewed: true, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 4]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 4]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 4]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 0, 110020875957771257568826702248857983133) → ClickRow { click_id: "a_year_off", arrived: Time(1704067200000), skewed: true, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 5]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 5]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 5]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 0, 261147897641798517404760611100122004460) → ClickRow { click_id: "too_old", arrived: Time(1704067200000), skewed: true, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 120000, 231139435008306351622036118829087801266) → ClickRow { click_id: "ahead", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28399680, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 3, valid: 3, micros: 750000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28401122, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473328, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 4, valid: 4, micros: 1000000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19722, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 4, valid: 4, micros: 1000000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28399680, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28401120, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28401122, 6294355645245719615, 23130, 0) → [0, 3, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473328, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19722, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 1250000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473328, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 4, valid: 4, micros: 1000000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19722, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 4, valid: 4, micros: 1000000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
        "#]],
    );
}

#[test]
fn an_id_is_one_click_wherever_it_comes_from_and_whoever_says_it() {
    let script = [
        ad("b", ""),
        click("c1", "b", 1, ""),
        format!("+1s key=k {}", click("c2", "b", 2, "")),
        format!("key=k {}", click("c2", "b", 2, "")),
        format!("+47h {}", click("c1", "b", 1, "")),
        click("c1", "b", 3, ""),
        format!("+2h {}", click("c1", "b", 1, "")),
        click("lost", "nowhere", 1, ""),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            +1s key=k {"type":"click","click_id":"c2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            key=k {"type":"click","click_id":"c2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]} (replayed)
            +47h {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["duplicate"]}
            {"type":"click","click_id":"c1","ad":"b","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
            +2h {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
            {"type":"click","click_id":"lost","ad":"nowhere","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
            clicks raw (473352, 6294355645245719615, 4) → 2
            clicks raw (473399, 6294355645245719615, 7) → 1
            clicks raw (473401, 6294355645245719615, 4) → 1
            clicks raw (473401, 10254759019609851659, 4) → 1
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473352, 6294355645245719615, 1) → [0]
            clicks.ads counted (473352, 6294355645245719615, 2) → [1000]
            clicks.ads clicks (473352, 6294355645245719615, 0, 286879614915848969100893339040063510018) → ClickRow { click_id: "c1", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 1000, 237114399588614682166956832953564185301) → ClickRow { click_id: "c2", arrived: Time(1704067201000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704067201000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads uncounted (473399, 6294355645245719615) → (1, 0)
            clicks.ads uncounted (473401, 6294355645245719615) → (1, 0)
            clicks.ads uncounted (473401, 10254759019609851659) → (0, 1)
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 500000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
        "#]],
    );
}

#[test]
fn a_click_behind_the_lateness_does_not_count_and_is_an_adjustment() {
    let script = [
        ad("b", "").replace(r#""visitor_per_minute":0"#, r#""lateness_seconds":7200"#),
        format!("+10799999ms {}", click("in_time", "b", 1, r#","time":"2024-01-01T00:30:00Z""#)),
        format!("+1ms {}", click("late", "b", 2, r#","time":"2024-01-01T00:30:00Z""#)),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"lateness_seconds":7200}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            +10799999ms {"type":"click","click_id":"in_time","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T00:30:00Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"in_time","price_micros":250000,"reasons":[]}]}
            +1ms {"type":"click","click_id":"late","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","time":"2024-01-01T00:30:00Z"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"late","price_micros":0,"reasons":["late"]}]}
            clicks raw (473352, 6294355645245719615, 4) → 2
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 7200, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473352, 6294355645245719615, 1) → [1800000]
            clicks.ads counted (473352, 6294355645245719615, 2) → [1800000]
            clicks.ads clicks (473352, 6294355645245719615, 1800000, 95086481905933240405168247173223333699) → ClickRow { click_id: "late", arrived: Time(1704078000000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704078000000), reasons: Reasons(2048), price_micros: 0, ruleset: 1, changes: [] }
            clicks.ads clicks (473352, 6294355645245719615, 1800000, 243739963566291297720774366295029202322) → ClickRow { click_id: "in_time", arrived: Time(1704077999999), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704077999999), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28401150, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (0, 28401150, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401150, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 250000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 2, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 2, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 6294355645245719615) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
        "#]],
    );
}

#[test]
fn a_case_makes_clicks_invalid_once_and_leaves_closed_hours_as_they_are() {
    let void = |case: &str, filter: &str| {
        format!(r#"@clicks.ads {{"type":"void","case_id":"{case}","reason":"fraud_ring","filter":{filter}}}"#)
    };
    let script = [
        ad("b", "").replace(r#""visitor_per_minute":0"#, r#""lateness_seconds":3600"#),
        click("c1", "b", 1, ""),
        click("c2", "b", 2, ""),
        format!("+3h {}", click("c3", "b", 3, "")),
        void("f1", r#"{"prefix":"1"}"#),
        void("f1", r#"{"prefix":"1"}"#),
        void("f1", r#"{"prefix":"2"}"#),
        void("f2", r#"{"ad":"b","from":"2024-01-01T02:00:00Z"}"#),
        void("f3", r#"{"ad":"other"}"#),
        void("f4", r#"{"click_ids":["c1","c2"]}"#),
    ];
    check(
        &script.join("\n"),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"lateness_seconds":3600}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"c2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            +3h {"type":"click","click_id":"c3","ad":"b","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c3","price_micros":250000,"reasons":[]}]}
            @clicks.ads {"type":"void","case_id":"f1","reason":"fraud_ring","filter":{"prefix":"1"}}
              → null
              said clicks.ads ClicksInvalidated {"ad":"b","campaign":"spring","case_id":"f1","credit_micros":250000,"voided":1}
            @clicks.ads {"type":"void","case_id":"f1","reason":"fraud_ring","filter":{"prefix":"1"}}
              → null
            @clicks.ads {"type":"void","case_id":"f1","reason":"fraud_ring","filter":{"prefix":"2"}}
              → 409 case_exists: the case `f1` was opened with another filter or reason
            @clicks.ads {"type":"void","case_id":"f2","reason":"fraud_ring","filter":{"ad":"b","from":"2024-01-01T02:00:00Z"}}
              → null
              said clicks.ads ClicksInvalidated {"ad":"b","campaign":"spring","case_id":"f2","credit_micros":250000,"voided":1}
            @clicks.ads {"type":"void","case_id":"f3","reason":"fraud_ring","filter":{"ad":"other"}}
              → null
            @clicks.ads {"type":"void","case_id":"f4","reason":"fraud_ring","filter":{"click_ids":["c1","c2"]}}
              → null
              said clicks.ads ClicksInvalidated {"ad":"b","campaign":"spring","case_id":"f4","credit_micros":250000,"voided":1}
            clicks raw (473352, 6294355645245719615, 4) → 2
            clicks raw (473355, 6294355645245719615, 7) → 1
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 3600, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473352, 6294355645245719615, 1) → [0]
            clicks.ads counted (473352, 6294355645245719615, 2) → [0]
            clicks.ads counted (473355, 6294355645245719615, 3) → [0]
            clicks.ads clicks (473352, 6294355645245719615, 0, 237114399588614682166956832953564185301) → ClickRow { click_id: "c2", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [VerdictChange { at: Time(1704078000000), reasons: Reasons(4096), price_micros: 0, case_id: Some("f4") }] }
            clicks.ads clicks (473352, 6294355645245719615, 0, 286879614915848969100893339040063510018) → ClickRow { click_id: "c1", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [VerdictChange { at: Time(1704078000000), reasons: Reasons(4096), price_micros: 0, case_id: Some("f1") }] }
            clicks.ads clicks (473355, 6294355645245719615, 0, 158362392904095089292453257964914162622) → ClickRow { click_id: "c3", arrived: Time(1704078000000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 3]), country: Country([90, 90]), device: Other, judged: Time(1704078000000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [VerdictChange { at: Time(1704078000000), reasons: Reasons(4096), price_micros: 0, case_id: Some("f2") }] }
            clicks.ads rollup (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28401300, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 2, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473355, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 3, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 0, valid: -2, micros: -500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 0, valid: -2, micros: -500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads adjustments (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 0, valid: -2, micros: -500000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28401300, 6294355645245719615, 23130, 0) → [0, 3, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473355, 6294355645245719615, 23130, 0) → [0, 3, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads cases "f1" → CaseRow { voiding: Voiding { case_id: "f1", reason: "fraud_ring", filter: Filter { ad: None, campaign: None, prefix: Some(Hashed([0, 0, 0, 0, 0, 0, 0, 1])), address: None, visitor: None, from: None, to: None, click_ids: [] } }, days: None, complete: true, begun: Time(1704078000000) }
            clicks.ads cases "f2" → CaseRow { voiding: Voiding { case_id: "f2", reason: "fraud_ring", filter: Filter { ad: Some("b"), campaign: None, prefix: None, address: None, visitor: None, from: Some(Time(1704074400000)), to: None, click_ids: [] } }, days: None, complete: true, begun: Time(1704078000000) }
            clicks.ads cases "f3" → CaseRow { voiding: Voiding { case_id: "f3", reason: "fraud_ring", filter: Filter { ad: Some("other"), campaign: None, prefix: None, address: None, visitor: None, from: None, to: None, click_ids: [] } }, days: None, complete: true, begun: Time(1704078000000) }
            clicks.ads cases "f4" → CaseRow { voiding: Voiding { case_id: "f4", reason: "fraud_ring", filter: Filter { ad: None, campaign: None, prefix: None, address: None, visitor: None, from: None, to: None, click_ids: ["c1", "c2"] } }, days: None, complete: true, begun: Time(1704078000000) }
            clicks.ads credits ("f1", 6294355645245719615) → (1, 250000)
            clicks.ads credits ("f2", 6294355645245719615) → (1, 250000)
            clicks.ads credits ("f4", 6294355645245719615) → (1, 250000)
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 0, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 2, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473355, 4530822953412005819, 4) → Counts { gross: 1, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 3, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 6294355645245719615) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0])
            clicks.ads reasons (473355, 6294355645245719615) → ByReason([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
        "#]],
    );
}
