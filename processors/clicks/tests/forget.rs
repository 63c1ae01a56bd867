//! What goes when its time has come, and what stays.

use super::{ad, check, click};
use expect_test::expect;

const KEEP: [&str; 2] = [r#"{"type":"keep","click_days":3}"#, r#"@clicks.ads {"type":"keep","click_days":3}"#];

/// Two clicks of different days, of which the second shows a token, and one on an ad that is not there.
fn script(more: &[&str]) -> String {
    let mut script = vec![ad("b", "")];
    script.extend(KEEP.map(str::to_owned));
    script.push(click("c1", "b", 1, r#","impression":"0b00000000000001""#));
    script.push(format!("+24h {}", click("c2", "b", 2, r#","impression":"0c00000000000002""#)));
    script.push(click("c3", "nowhere", 3, ""));
    script.extend(more.iter().map(|line| (*line).to_owned()));
    script.join("\n")
}

#[test]
fn what_no_window_reaches_goes_and_clicks_stay_as_long_as_was_said() {
    check(
        &script(&["+47h"]),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            {"type":"keep","click_days":3}
              → {"click_days":3}
            @clicks.ads {"type":"keep","click_days":3}
              → {"click_days":3}
            {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","impression":"0b00000000000001"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            +24h {"type":"click","click_id":"c2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","impression":"0c00000000000002"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"c3","ad":"nowhere","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
            +47h
            clicks raw (473352, 6294355645245719615, 4) → 1
            clicks raw (473376, 6294355645245719615, 4) → 1
            clicks raw (473376, 10254759019609851659, 7) → 1
            clicks keeping () → Kept { keeping: Keeping { click_days: 3 }, gone: 471192 }
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads counted (473376, 6294355645245719615, 2) → [0]
            clicks.ads clicks (473352, 6294355645245719615, 0, 286879614915848969100893339040063510018) → ClickRow { click_id: "c1", arrived: Time(1704067200000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 1]), country: Country([90, 90]), device: Other, judged: Time(1704067200000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads clicks (473376, 6294355645245719615, 0, 237114399588614682166956832953564185301) → ClickRow { click_id: "c2", arrived: Time(1704153600000), skewed: false, visitor: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), identity: Cookie, prefix: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), address: Hashed([0, 0, 0, 0, 0, 0, 0, 2]), country: Country([90, 90]), device: Other, judged: Time(1704153600000), reasons: Reasons(0), price_micros: 250000, ruleset: 1, changes: [] }
            clicks.ads rollup (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28402560, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473376, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19724, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28402560, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473376, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19724, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads uncounted (473376, 10254759019609851659) → (0, 1)
            clicks.ads used 864691128455135234 → 237114399588614682166956832953564185301
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 500000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads keeping () → Kept { keeping: Keeping { click_days: 3 }, gone: 471192 }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473376, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19724, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
        "#]],
    );
}

#[test]
fn clicks_go_with_their_hour_for_good_and_what_they_add_up_to_stays() {
    check(
        &script(&[
            "+73h",
            r#"@clicks.ads {"type":"keep","click_days":90}"#,
            r#"{"type":"keep","click_days":90}"#,
            r#"{"type":"keep","click_days":2}"#,
            r#"user:eve @clicks.ads {"type":"keep","click_days":30}"#,
        ]),
        expect![[r#"
            @clicks.ads {"type":"define","key":"b","ad":"b","campaign":"spring","placement":"home","target":"https://shop.example/","terms":{"version":1,"price_micros":250000,"ruleset":1,"rules":{"visitor_per_minute":0}}}
              → {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
              said clicks.ads AdDefined {"campaign":"spring","created_at":"2024-01-01T00:00:00Z","id":"b","key":"b","placement":"home","price_micros":250000,"ruleset":1,"shards":1,"target":"https://shop.example/"}
            {"type":"keep","click_days":3}
              → {"click_days":3}
            @clicks.ads {"type":"keep","click_days":3}
              → {"click_days":3}
            {"type":"click","click_id":"c1","ad":"b","prefix":"1","address":"1","visitor":"1","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","impression":"0b00000000000001"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c1","price_micros":250000,"reasons":[]}]}
            +24h {"type":"click","click_id":"c2","ad":"b","prefix":"2","address":"2","visitor":"2","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","impression":"0c00000000000002"}
              → {"results":["accepted"]}
              said clicks.ads ClicksJudged {"clicks":[{"click_id":"c2","price_micros":250000,"reasons":[]}]}
            {"type":"click","click_id":"c3","ad":"nowhere","prefix":"3","address":"3","visitor":"3","identity":"cookie","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}
              → {"results":["accepted"]}
            +73h
            @clicks.ads {"type":"keep","click_days":90}
              → {"click_days":90}
            {"type":"keep","click_days":90}
              → {"click_days":90}
            {"type":"keep","click_days":2}
              → 422 bad_definition: `click_days` is 3 to 3650, not 2
            user:eve @clicks.ads {"type":"keep","click_days":30}
              → 403 role_required: this needs the role `server` or `operator`
            clicks keeping () → Kept { keeping: Keeping { click_days: 90 }, gone: 473377 }
            clicks.ads ads 6294355645245719615 → AdRow { key: "b", ad: "b", campaign: "spring", placement: "home", target: "https://shop.example/", shards: 1, terms: Terms { version: 1, price_micros: 250000, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 1, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 0, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 3600, double_click_ms: 2000, lateness_seconds: 86400, require_token: false } }, closed: Time(0), created_at: Time(1704067200000) }
            clicks.ads rollup (0, 28401120, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (0, 28402560, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473352, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (1, 473376, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19723, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads rollup (2, 19724, 6294355645245719615, 23130, 0) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads visitors (0, 28401120, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (0, 28402560, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473352, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (1, 473376, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19723, 6294355645245719615, 23130, 0) → [0, 1, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads visitors (2, 19724, 6294355645245719615, 23130, 0) → [0, 2, 0, 0, 0, 0, 0, 0, 0]
            clicks.ads spends 6294355645245719615 → Spend { lent: 0, spent: 500000, low: 0, short: false, asked: false, exhausted_since: None }
            clicks.ads keeping () → Kept { keeping: Keeping { click_days: 90 }, gone: 473377 }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473376, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19723, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (2, 19724, 4530822953412005819, 4) → Counts { gross: 1, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
        "#]],
    );
}
