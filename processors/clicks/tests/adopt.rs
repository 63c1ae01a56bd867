//! Rule sets that are adopted: by one campaign, by all, and when a time has come.

use super::run;
use expect_test::expect;

#[test]
fn a_rule_set_is_adopted_at_once_or_when_its_time_has_come() {
    let mut script: Vec<String> = (0..12)
        .map(|number| {
            let more = if number == 3 { r#","dedupe_seconds":5"# } else { "" };
            format!(r#"@clicks.campaigns {{"type":"define","id":"s{number}","currency":"EUR","price_micros":1{more}}}"#)
        })
        .collect();
    let adopt = |more: &str| {
        format!(
            r#"@clicks.campaigns {{"type":"adopt","rules":{{"dedupe_seconds":60,"lateness_seconds":7200}},{more}}}"#
        )
    };
    script.extend([
        r#"@clicks.campaigns {"type":"register","campaign":"s3","ad":"b","shards":1}"#.to_owned(),
        super::ad("b", "").replace("spring", "s3"),
        format!("+1s {}", adopt(r#""campaign":"s3","ruleset":2"#)),
        adopt(r#""campaign":"s3","ruleset":2"#),
        adopt(r#""campaign":"none","ruleset":2"#),
        adopt(r#""ruleset":4,"from":"2024-01-01T00:00:00Z""#),
        format!("user:eve {}", adopt(r#""ruleset":4"#)),
        adopt(r#""ruleset":5,"from":"2024-01-01T00:30:00Z""#),
        adopt(r#""ruleset":3"#),
        "+1s".to_owned(),
        "+1h".to_owned(),
    ]);
    let shown = run(&script.join("\n"), &[]);
    let mut text = String::new();
    for line in shown.lines() {
        let change =
            line.split("CampaignChanged ").nth(1).map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
        if let Some(change) = change.filter(|change| change["ruleset"] != 1) {
            let of = |name: &str| change[name].to_string();
            let window = change["rules"]["dedupe_seconds"].to_string();
            text += &format!(
                "{} ruleset {} version {} at {}: {window}\n",
                of("id"),
                of("ruleset"),
                of("version"),
                of("changed_at")
            );
        } else if line.contains(r#"{"type":"adopt""#)
            || line.contains(r#""ruleset":"#) && line.contains("→ {\"from\"")
            || line.contains(": ") && line.contains("→ 4")
        {
            text += &format!("{}\n", line.trim());
        } else if line.contains("clicks.ads ads") {
            let terms = line.split("terms: ").nth(1).unwrap();
            text += &format!("the ad: {terms}\n");
        }
    }
    expect![[r#"
        +1s @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"campaign":"s3","ruleset":2}
        → {"from":"2024-01-01T00:00:01Z","ruleset":2}
        "s3" ruleset 2 version 2 at "2024-01-01T00:00:01Z": 60
        @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"campaign":"s3","ruleset":2}
        → {"from":"2024-01-01T00:00:01Z","ruleset":2}
        @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"campaign":"none","ruleset":2}
        → 404 unknown_campaign: there is no campaign of this id
        @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"ruleset":4,"from":"2024-01-01T00:00:00Z"}
        → 422 bad_definition: `from` is over: without it a rule set is adopted at once
        user:eve @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"ruleset":4}
        → 403 role_required: this needs the role `server` or `operator`
        @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"ruleset":5,"from":"2024-01-01T00:30:00Z"}
        → {"from":"2024-01-01T00:30:00Z","ruleset":5}
        @clicks.campaigns {"type":"adopt","rules":{"dedupe_seconds":60,"lateness_seconds":7200},"ruleset":3}
        → {"from":"2024-01-01T00:00:01Z","ruleset":3}
        "s0" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s1" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s10" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s11" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s2" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s3" ruleset 3 version 3 at "2024-01-01T00:00:01Z": 60
        "s4" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s5" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s6" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s7" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s8" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s9" ruleset 3 version 2 at "2024-01-01T00:00:01Z": 60
        "s0" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s1" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s10" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s11" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s2" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s3" ruleset 5 version 4 at "2024-01-01T00:30:00Z": 60
        "s4" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s5" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s6" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s7" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s8" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        "s9" ruleset 5 version 3 at "2024-01-01T00:30:00Z": 60
        the ad: Terms { version: 4, price_micros: 1, budget_micros: None, starts_at: None, ends_at: None, paused: false, ruleset: 5, rules: Rules { bots: 1, address_per_minute: 20, address_per_hour: 200, prefix_per_minute: 200, prefix_per_hour: 2000, visitor_per_minute: 10, visitor_per_hour: 100, cadence: 10, dedupe_seconds: 5, double_click_ms: 2000, lateness_seconds: 7200, require_token: false } }, closed: Time(1704063602000), created_at: Time(1704067200000) }
    "#]].assert_eq(&text);
}
