//! Visitors who click on ads, some of them crawlers, and a few who buy.

use super::scenario::{Dice, Look, Request, Scenario};
use millrace_topics::time::Time;
use serde_json::{Value, json};

const ADS: [&str; 5] = ["demo-banner", "demo-footer", "demo-mail", "demo-video", "demo-wide"];
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

const HOUR: u64 = 60 * 60 * 1000;

/// The visitors.
pub struct Visitors {
    dice: Dice,
    people: usize,
}

impl Visitors {
    /// So many visitors who have seen no ad yet.
    #[must_use]
    pub fn new(people: usize, dice: Dice) -> Self {
        Self { dice, people }
    }

    fn click(&mut self) -> Value {
        let visitor = self.dice.place(self.people);
        let agent = if self.dice.percent(8) { CRAWLER } else { BROWSER };
        json!({ "click_id": self.dice.fresh("demo"), "ad": self.dice.one_of(&ADS), "visitor": format!("v{visitor}"),
            "ip": address(visitor), "user_agent": agent })
    }
}

/// Out of the range for measurements (RFC 2544), so wide that no limit for a network is met.
fn address(visitor: usize) -> String {
    format!("198.{}.{}.{}", 18 + visitor % 2, visitor / 2 % 250, visitor / 500 % 250)
}

impl Scenario for Visitors {
    fn system(&self) -> &'static str {
        "clicks"
    }

    fn prepare(&mut self) -> Vec<Request> {
        let terms = json!({ "currency": "EUR", "price_micros": 250_000, "dedupe_seconds": 60 });
        let campaign = Request::put("a campaign", "/v1/clicks/campaigns/demo", terms);
        let ad = |id: &&str| {
            let body =
                json!({ "campaign": "demo", "placement": "home", "target": format!("https://shop.example/{id}") });
            Request::put("an ad", format!("/v1/clicks/ads/{id}"), body)
        };
        [campaign].into_iter().chain(ADS.iter().map(ad)).collect()
    }

    fn next(&mut self) -> Request {
        let clicks: Vec<Value> = (0..5).map(|_| self.click()).collect();
        let bought = self.dice.percent(20).then(|| {
            let (order, cents) = (self.dice.fresh("order"), self.dice.between(500, 9000));
            json!({ "click_id": clicks[0]["click_id"], "order_id": order, "value_micros": cents * 10_000 })
        });
        let batch = Request::post("a batch of clicks", "/v1/clicks:batch", json!({ "clicks": clicks }));
        let Some(order) = bought else { return batch };
        let order = Request::post("an order of a click", "/v1/clicks/conversions", json!({ "conversions": [order] }));
        batch.then(|_| vec![order.or_refused()])
    }

    fn read(&mut self) -> Request {
        Request::get("a report", report())
    }

    fn looks(&self) -> Vec<Look> {
        let lines = |report: &Value| {
            let rows = report["rows"].as_array().into_iter().flatten();
            rows.map(|row| {
                format!("{}: {} clicks, {} valid, {} micros", row["ad"], row["gross"], row["valid"], row["cost_micros"])
            })
            .collect()
        };
        vec![Look { title: "campaign demo, this hour".to_owned(), path: report(), lines }]
    }
}

/// Where the figures of this hour are.
fn report() -> String {
    let from = Time(Time::now().0 / HOUR * HOUR);
    format!("/v1/clicks/reports?from={from}&to={}&group_by=ad&metrics=gross,valid,invalid,cost", from.plus(HOUR))
}
