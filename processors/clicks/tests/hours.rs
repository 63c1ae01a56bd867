//! The ends of hours: what is said once, what is worth an alert, and a budget that grows with time.

use super::{ad, click, run};
use expect_test::{Expect, expect};

/// What was said of hours, alerts and verdicts, and their rows.
#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check_hours(script: &[String], expected: Expect) {
    let shown = run(&script.join("\n"), &[]);
    let words =
        ["HourClosed", "AlertRaised", "ads told", "ads alerts", "ads reasons", "campaign_sums (1", "ads policies"];
    let is_shown = |line: &&str| words.iter().any(|word| line.contains(word)) || line.contains(": `");
    let text: String = shown.lines().filter(is_shown).map(|line| format!("{}\n", line.trim())).collect();
    expected.assert_eq(&text);
}

fn plan(policy: &str, more: &str) -> String {
    format!(
        r#"@clicks.campaigns {{"type":"plan","id":"spring","currency":"EUR","price_micros":250000,"policy":{policy}{more}}}"#
    )
}

fn register(ad: &str) -> String {
    format!(r#"@clicks.campaigns {{"type":"register","campaign":"spring","ad":"{ad}","shards":1}}"#)
}

fn short(id: &str) -> String {
    ad(id, "").replace(r#""visitor_per_minute":0"#, r#""visitor_per_minute":0,"lateness_seconds":3600"#)
}

fn bot(id: &str, ad: &str, visitor: u32) -> String {
    click(id, ad, visitor, "").replace("Mozilla/5.0 (X11; Linux x86_64)", "Googlebot/2.1")
}

const SHOWN: &str = r#"@clicks.ads {"type":"show","key":"b","impressions":[{"time":"2024-01-01T00:00:01Z"}]}"#;

#[test]
fn an_hour_is_said_once_when_it_is_closed_and_what_comes_later_does_not_change_it() {
    let script = [
        plan("{}", ""),
        short("b"),
        SHOWN.to_owned(),
        click("c1", "b", 1, ""),
        bot("c2", "b", 2),
        "+110m".to_owned(),
        click("in_time", "b", 3, r#","time":"2024-01-01T00:30:00Z""#),
        "+2h".to_owned(),
        SHOWN.to_owned(),
        click("late", "b", 4, r#","time":"2024-01-01T00:30:00Z""#),
        "+2h".to_owned(),
    ];
    check_hours(
        &script,
        expect![[r#"
            said clicks.ads HourClosed {"ad":"b","campaign":"spring","cost_micros":500000,"gross":3,"hour":"2024-01-01T00:00:00Z","impressions":1,"invalid":1,"key":"b","reasons":{"bot":1},"valid":2}
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 4, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], impressions: 2, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473352, 6294355645245719615) → ByReason([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
            clicks.ads told 6294355645245719615 → Time(1704081600000)
        "#]],
    );
}

#[test]
fn more_clicks_than_impressions_and_a_sudden_share_of_invalid_ones_are_alerts() {
    let mut script =
        vec![plan(r#"{"alerts":{"min_clicks":3}}"#, ""), register("b"), short("b"), SHOWN.to_owned(), SHOWN.to_owned()];
    script.extend((1..=3).map(|visitor| click(&format!("a{visitor}"), "b", visitor, "")));
    script.push("+2h".to_owned());
    script.extend((1..=3).map(|visitor| bot(&format!("b{visitor}"), "b", visitor)));
    script.push("+2h".to_owned());
    script.extend((1..=3).map(|visitor| bot(&format!("c{visitor}"), "b", visitor)));
    script.push("+2h".to_owned());
    // Too few for an alert.
    script.extend((1..=2).map(|visitor| bot(&format!("d{visitor}"), "b", visitor)));
    script.push("+2h".to_owned());
    check_hours(
        &script,
        expect![[r#"
            said clicks.ads AlertRaised {"ad":"b","campaign":"spring","found_millionths":1500000,"gross":3,"hour":"2024-01-01T00:00:00Z","impressions":2,"key":"b","kind":"ctr","limit_millionths":1000000,"valid":3}
            said clicks.ads HourClosed {"ad":"b","campaign":"spring","cost_micros":750000,"gross":3,"hour":"2024-01-01T00:00:00Z","impressions":2,"invalid":0,"key":"b","reasons":{},"valid":3}
            said clicks.ads AlertRaised {"ad":"b","campaign":"spring","found_millionths":1000000,"gross":3,"hour":"2024-01-01T02:00:00Z","impressions":0,"key":"b","kind":"invalid_share","limit_millionths":300000,"valid":0}
            said clicks.ads HourClosed {"ad":"b","campaign":"spring","cost_micros":0,"gross":3,"hour":"2024-01-01T02:00:00Z","impressions":0,"invalid":3,"key":"b","reasons":{"bot":3},"valid":0}
            said clicks.ads AlertRaised {"ad":"b","campaign":"spring","found_millionths":1000000,"gross":3,"hour":"2024-01-01T04:00:00Z","impressions":0,"key":"b","kind":"invalid_share","limit_millionths":800000,"valid":0}
            said clicks.ads HourClosed {"ad":"b","campaign":"spring","cost_micros":0,"gross":3,"hour":"2024-01-01T04:00:00Z","impressions":0,"invalid":3,"key":"b","reasons":{"bot":3},"valid":0}
            clicks.ads policies 6294355645245719615 → PolicyRow { campaign: "spring", version: 1, policy: Policy { attribution: Attribution { model: Click, look_back_seconds: 2592000 }, pacing: Asap, alerts: Alerts { min_clicks: 3, ctr_millionths: 1000000, invalid_rise_millionths: 300000 } } }
            clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 3, valid: 3, micros: 750000, invalid: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 2, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473354, 4530822953412005819, 4) → Counts { gross: 3, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473356, 4530822953412005819, 4) → Counts { gross: 3, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads campaign_sums (1, 473358, 4530822953412005819, 4) → Counts { gross: 2, valid: 0, micros: 0, invalid: [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 0, conversion_micros: 0 }
            clicks.ads reasons (473354, 6294355645245719615) → ByReason([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            clicks.ads reasons (473356, 6294355645245719615) → ByReason([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            clicks.ads reasons (473358, 6294355645245719615) → ByReason([0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            clicks.ads alerts (473352, 6294355645245719615, 0) → Alert { kind: Ctr, ad: "b", key: "b", campaign: "spring", hour: Time(1704067200000), found_millionths: 1500000, limit_millionths: 1000000, gross: 3, valid: 3, impressions: 2 }
            clicks.ads alerts (473354, 6294355645245719615, 1) → Alert { kind: InvalidShare, ad: "b", key: "b", campaign: "spring", hour: Time(1704074400000), found_millionths: 1000000, limit_millionths: 300000, gross: 3, valid: 0, impressions: 0 }
            clicks.ads alerts (473356, 6294355645245719615, 1) → Alert { kind: InvalidShare, ad: "b", key: "b", campaign: "spring", hour: Time(1704081600000), found_millionths: 1000000, limit_millionths: 800000, gross: 3, valid: 0, impressions: 0 }
            clicks.ads told 6294355645245719615 → Time(1704088800000)
        "#]],
    );
}

#[test]
fn an_even_budget_is_lent_as_its_time_goes_by() {
    let more = r#","budget_micros":2500000,"starts_at":"2024-01-01T00:00:00Z","ends_at":"2024-01-01T10:00:00Z""#;
    let mut script = vec![
        plan(r#"{"pacing":"even"}"#, ""),
        plan(r#"{"attribution":{"look_back_seconds":7776001}}"#, ""),
        plan(r#"{"pacing":"even"}"#, more),
        register("b"),
        ad("b", r#""budget_micros":2500000,"#),
    ];
    for hour in 0..4 {
        script.push(format!("+1h {}", click(&format!("a{hour}"), "b", 1 + hour * 4, "")));
        script.extend(
            (1..=3).map(|more| format!("+61s {}", click(&format!("b{hour}{more}"), "b", 1 + hour * 4 + more, ""))),
        );
    }
    let shown = run(&script.join("\n"), &[]);
    let verdicts = shown
        .lines()
        .filter(|line| line.contains("ClicksJudged") || line.contains(": `") || line.contains("even pacing"));
    let text: String = verdicts.map(|line| format!("{}\n", line.trim())).collect();
    expect![[r#"
        → 422 bad_definition: even pacing is between `starts_at` and `ends_at`
        → 422 bad_definition: `look_back_seconds` is at most 7776000
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"a0","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b01","price_micros":250000,"reasons":[]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b02","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b03","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"a1","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b11","price_micros":250000,"reasons":[]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b12","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b13","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"a2","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b21","price_micros":250000,"reasons":[]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b22","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b23","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"a3","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b31","price_micros":250000,"reasons":[]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b32","price_micros":0,"reasons":["budget"]}]}
        said clicks.ads ClicksJudged {"clicks":[{"click_id":"b33","price_micros":0,"reasons":["budget"]}]}
    "#]]
    .assert_eq(&text);
}
