//! Conversions: each order once, for a click that counts, as long as it does.

use super::{ad, click, run};
use expect_test::{Expect, expect};

/// What became of orders, and the rows about them.
#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check_orders(script: &[String], expected: Expect) {
    let shown = run(&script.join("\n"), &[]);
    let rows = ["campaigns orders", "ads visits", "ads conversions", "ads campaign_sums (1", "ads adjustments (1"];
    let mut of_order = false;
    let is_shown = |line: &&str| {
        let is_said = line.starts_with("  ");
        of_order = if is_said { of_order } else { line.contains(r#""convert""#) };
        let is_answer = of_order && is_said && line.contains('→');
        is_answer || line.contains("ConversionReported") || rows.iter().any(|row| line.contains(row))
    };
    let text: String = shown.lines().filter(is_shown).map(|line| format!("{}\n", line.trim())).collect();
    expected.assert_eq(&text);
}

fn plan(attribution: &str) -> String {
    format!(
        r#"@clicks.campaigns {{"type":"plan","id":"spring","currency":"EUR","price_micros":250000,"policy":{{"attribution":{attribution}}}}}"#
    )
}

fn register(ad: &str) -> String {
    format!(r#"@clicks.campaigns {{"type":"register","campaign":"spring","ad":"{ad}","shards":1}}"#)
}

fn convert(order: &str, click: &str, ad: &str, time: &str) -> String {
    let time = if time.is_empty() { String::new() } else { format!(r#","time":"2024-01-01T{time}Z""#) };
    format!(
        r#"@clicks.campaigns {{"type":"convert","campaign":"spring","order_id":"{order}","named":"{click}","click_id":"{click}","key":"{ad}","value_micros":7000000{time}}}"#
    )
}

fn void(click: &str) -> String {
    format!(
        r#"@clicks.ads {{"type":"void","case_id":"{click}","reason":"fraud","filter":{{"click_ids":["{click}"]}}}}"#
    )
}

#[test]
fn an_order_counts_once_for_a_click_that_counts_and_is_given_back_with_it() {
    let script = [
        plan(r#"{"look_back_seconds":3600}"#),
        register("b"),
        register("other"),
        ad("b", ""),
        ad("other", ""),
        format!("+1s {}", click("c1", "b", 1, "")),
        click("double", "b", 1, ""),
        click("c2", "b", 2, ""),
        convert("o1", "c1", "b", ""),
        convert("o1", "c2", "b", ""),
        convert("o2", "double", "b", ""),
        convert("o3", "nothing", "b", ""),
        convert("o4", "c1", "b", "00:00:00"),
        convert("o5", "c1", "other", ""),
        format!("+1h {}", convert("o6", "c2", "b", "01:00:01")),
        convert("o7", "c2", "b", "01:00:01.001"),
        format!("+1h {}", convert("o8", "c2", "b", "09:00:00")),
        convert("", "c2", "b", ""),
        void("c1"),
        convert("o9", "c1", "b", "00:30:00"),
        convert("o1", "c1", "b", "").replace("spring", "none"),
    ];
    check_orders(
        &script,
        expect![[r#"
        → {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o1","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o1","status":"attributed","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o1","status":"attributed","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"double","named":"double","order_id":"o2","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"double","named":"double","order_id":"o2","status":"invalid_click","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"nothing","named":"nothing","order_id":"o3","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"nothing","named":"nothing","order_id":"o3","status":"unknown_click","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o4","status":"pending","time":"2024-01-01T00:00:00Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o4","status":"outside_look_back","time":"2024-01-01T00:00:00Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o5","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o5","status":"unknown_click","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o6","status":"pending","time":"2024-01-01T01:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o6","status":"attributed","time":"2024-01-01T01:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o7","status":"pending","time":"2024-01-01T01:00:01.001Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o7","status":"outside_look_back","time":"2024-01-01T01:00:01.001Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o8","status":"pending","time":"2024-01-01T02:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c2","named":"c2","order_id":"o8","status":"outside_look_back","time":"2024-01-01T02:00:01Z","value_micros":7000000}
        → 422 bad_definition: `order_id` has 1 to 256 bytes
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o1","status":"invalid_click","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        → {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o9","status":"pending","time":"2024-01-01T00:30:00Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"c1","named":"c1","order_id":"o9","status":"invalid_click","time":"2024-01-01T00:30:00Z","value_micros":7000000}
        → 404 unknown_campaign: there is no campaign of this id
        clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 3, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 1, conversion_micros: 7000000 }
        clicks.ads conversions (237114399588614682166956832953564185301, "o6") → 7000000
        clicks.campaigns orders ("spring", "o1") → OrderRow { named: "c1", click_id: "c1", value_micros: 7000000, time: Time(1704067201000), status: InvalidClick }
        clicks.campaigns orders ("spring", "o2") → OrderRow { named: "double", click_id: "double", value_micros: 7000000, time: Time(1704067201000), status: InvalidClick }
        clicks.campaigns orders ("spring", "o3") → OrderRow { named: "nothing", click_id: "nothing", value_micros: 7000000, time: Time(1704067201000), status: UnknownClick }
        clicks.campaigns orders ("spring", "o4") → OrderRow { named: "c1", click_id: "c1", value_micros: 7000000, time: Time(1704067200000), status: OutsideLookBack }
        clicks.campaigns orders ("spring", "o5") → OrderRow { named: "c1", click_id: "c1", value_micros: 7000000, time: Time(1704067201000), status: UnknownClick }
        clicks.campaigns orders ("spring", "o6") → OrderRow { named: "c2", click_id: "c2", value_micros: 7000000, time: Time(1704070801000), status: Attributed }
        clicks.campaigns orders ("spring", "o7") → OrderRow { named: "c2", click_id: "c2", value_micros: 7000000, time: Time(1704070801001), status: OutsideLookBack }
        clicks.campaigns orders ("spring", "o8") → OrderRow { named: "c2", click_id: "c2", value_micros: 7000000, time: Time(1704074401000), status: OutsideLookBack }
        clicks.campaigns orders ("spring", "o9") → OrderRow { named: "c1", click_id: "c1", value_micros: 7000000, time: Time(1704069000000), status: InvalidClick }
    "#]],
    );
}

#[test]
fn a_visitors_clicks_are_remembered_where_the_campaign_asks_for_the_first_or_last_one() {
    let keep = r#"@clicks.ads {"type":"keep","click_days":3}"#;
    let script = |more: &[String]| {
        let mut script =
            vec![plan(r#"{"model":"last_click"}"#), register("a"), register("b"), ad("a", ""), ad("b", "")];
        script.extend([click("a1", "a", 1, ""), click("double", "a", 1, ""), keep.to_owned()]);
        script.push(format!("+1s {}", click("b1", "b", 1, "")));
        script.push(convert("o1", "b1", "b", ""));
        script.extend_from_slice(more);
        script
    };
    check_orders(
        &script(&[]),
        expect![[r#"
        → {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"attributed","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 3, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 1, conversion_micros: 7000000 }
        clicks.ads visits (4530822953412005819, 1, Time(1704067200000), 219057483054976051264310727089721218876) → 16629034431890738719
        clicks.ads visits (4530822953412005819, 1, Time(1704067201000), 277771839056165734702518002652814461298) → 6294355645245719615
        clicks.ads conversions (277771839056165734702518002652814461298, "o1") → 7000000
        clicks.campaigns orders ("spring", "o1") → OrderRow { named: "b1", click_id: "b1", value_micros: 7000000, time: Time(1704067201000), status: Attributed }
    "#]],
    );
    check_orders(
        &script(&[void("a1")]),
        expect![[r#"
        → {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"attributed","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 3, valid: 1, micros: 250000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0], impressions: 0, conversions: 1, conversion_micros: 7000000 }
        clicks.ads visits (4530822953412005819, 1, Time(1704067201000), 277771839056165734702518002652814461298) → 6294355645245719615
        clicks.ads conversions (277771839056165734702518002652814461298, "o1") → 7000000
        clicks.campaigns orders ("spring", "o1") → OrderRow { named: "b1", click_id: "b1", value_micros: 7000000, time: Time(1704067201000), status: Attributed }
    "#]],
    );
    check_orders(
        &script(&["+73h".to_owned()]),
        expect![[r#"
        → {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"pending","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        said clicks.campaigns ConversionReported {"campaign":"spring","click_id":"b1","named":"b1","order_id":"o1","status":"attributed","time":"2024-01-01T00:00:01Z","value_micros":7000000}
        clicks.ads campaign_sums (1, 473352, 4530822953412005819, 4) → Counts { gross: 3, valid: 2, micros: 500000, invalid: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], impressions: 0, conversions: 1, conversion_micros: 7000000 }
        clicks.campaigns orders ("spring", "o1") → OrderRow { named: "b1", click_id: "b1", value_micros: 7000000, time: Time(1704067201000), status: Attributed }
    "#]],
    );
}
