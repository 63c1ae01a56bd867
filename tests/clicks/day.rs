//! A day of clicks, made from a seed: people, and everything that is wrong with clicks in practice.

use crate::crash::Chance;
use millrace_topics::time::Time;
use serde_json::{Value, json};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// How many ads a campaign has; the first one is spread over eight shards.
const ADS: u64 = 4;

const BROWSERS: [&str; 6] = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
];

const CRAWLERS: [&str; 3] = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "curl/8.5.0",
];

const COUNTRIES: [&str; 5] = ["DE", "FR", "US", "JP", "BR"];

/// Rule sets beside the first one: their numbers are 2 and 3.
pub fn rule_sets() -> [Value; 2] {
    [
        json!({"name":"data centers","datacenters":["198.51.100.0/24"],"dedupe_seconds":600,"lateness_seconds":3600}),
        json!({"name":"tokens","require_token":true,"cadence":0,"address_per_minute":5,"prefix_per_hour":50}),
    ]
}

/// The campaigns of a day: id and definition.
pub fn campaigns(count: u64, now: Time) -> Vec<(String, Value)> {
    let campaign = |number: u64| {
        let mut definition = json!({"currency":"EUR","price_micros":50_000 + 1000 * number,"ruleset":1});
        match number % 10 {
            1 => definition["ruleset"] = json!(2),
            2 => definition["ruleset"] = json!(3),
            3 => definition["dedupe_seconds"] = json!(0),
            4 => definition["ends_at"] = json!(Time(now.0 - 8 * HOUR)),
            5 => definition["starts_at"] = json!(Time(now.0 - 15 * HOUR)),
            6 => definition["lateness_seconds"] = json!(6 * 3600),
            7 if number == 7 => definition["paused"] = json!(true),
            8 => definition["double_click_ms"] = json!(0),
            _ => {}
        }
        (format!("campaign-{number}"), definition)
    };
    (0..count).map(campaign).collect()
}

/// The ads of a day: id and definition.
pub fn ads(campaigns: u64) -> Vec<(String, Value)> {
    let ad = |number: u64| {
        let (campaign, place) = (number / ADS, number % ADS);
        let shards = if place == 0 { 8 } else { 1 };
        let target = format!("https://shop.example/{number}");
        let placement = ["home", "foot", "side", "mail"][usize::try_from(place).unwrap()];
        let body =
            json!({"campaign":format!("campaign-{campaign}"),"placement":placement,"target":target,"shards":shards});
        (format!("ad-{number}"), body)
    };
    (0..campaigns * ADS).map(ad).collect()
}

/// Makes clicks, roughly in the order of their time.
pub struct Day {
    chance: Chance,
    campaigns: u64,
    begin: Time,
    end: Time,
    made: u64,
    /// Good tokens: ad, visitor, token.
    tokens: Vec<(String, String, String)>,
}

impl Day {
    /// The clicks of the hours before `end`. `tokens` are those of impressions.
    pub fn new(seed: u64, campaigns: u64, end: Time, tokens: Vec<(String, String, String)>) -> Self {
        Self { chance: Chance(seed), campaigns, begin: Time(end.0 - 23 * HOUR), end, made: 0, tokens }
    }

    /// About `count` clicks, as the JSON of a batch has them.
    pub fn clicks(&mut self, count: u64) -> Vec<Value> {
        let mut clicks: Vec<(u64, Value)> = Vec::new();
        while (clicks.len() as u64) < count {
            let at = self.begin.0 + self.chance.next() % (self.end.0 - self.begin.0);
            let first = clicks.len();
            match self.chance.next() % 1000 {
                0..1 => self.botnet(at, &mut clicks),
                1..5 => self.machine(at, &mut clicks),
                5..7 => self.office(at, &mut clicks),
                7..60 => self.double_click(at, &mut clicks),
                60..100 => self.crawler(at, &mut clicks),
                100..130 => self.wrong_clock(at, &mut clicks),
                130..180 => self.marked(at, &mut clicks),
                180..220 => self.again(at, &mut clicks),
                220..300 => self.shown(at, &mut clicks),
                300..330 => self.datacenter(at, &mut clicks),
                _ => clicks.push((at, self.person(at))),
            }
            self.delay(&mut clicks[first..]);
        }
        clicks.sort_by_key(|(at, _)| *at);
        clicks.into_iter().map(|(_, click)| click).collect()
    }

    /// Who reports clicks does so a little late, and now and then not in order.
    fn delay(&mut self, clicks: &mut [(u64, Value)]) {
        let (lag, is_mixed) = (self.below(20 * MINUTE), self.below(4) == 0);
        for (at, _) in clicks {
            *at += if is_mixed { self.below(20 * MINUTE) } else { lag };
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.chance.next() % end
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    fn ad(&mut self) -> String {
        format!("ad-{}", self.below(self.campaigns * ADS))
    }

    /// A click of this moment.
    fn click(&mut self, at: u64, ad: &str, visitor: Option<&str>, ip: &str, user_agent: &str) -> Value {
        self.made += 1;
        json!({
            "click_id": format!("c{}", self.made), "ad": ad, "visitor": visitor, "ip": ip, "user_agent": user_agent,
            "time": Time(at), "country": self.one_of(&COUNTRIES),
        })
    }

    fn person(&mut self, at: u64) -> Value {
        // Few enough people that some click again on what they have clicked on.
        let (ad, person) = (self.ad(), self.chance.next() % 2000);
        let ip = format!("10.{}.{}.7", person / 250, person % 250);
        let user_agent = BROWSERS[usize::try_from(person).unwrap() % BROWSERS.len()];
        let visitor = format!("v{person}");
        let mut click =
            self.click(at, &ad, Some(&visitor).filter(|_| person % 3 == 0).map(String::as_str), &ip, user_agent);
        if person % 3 == 1 {
            click["user"] = json!(visitor);
        }
        click
    }

    /// Many addresses of one network, on one ad, within a minute.
    fn botnet(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let (ad, network) = (self.ad(), self.below(20));
        for _ in 0..100 + self.below(200) {
            let (at, host) = (at + self.below(MINUTE), self.below(60));
            let user_agent = self.one_of(&BROWSERS);
            clicks.push((at, self.click(at, &ad, None, &format!("172.16.{network}.{host}"), user_agent)));
        }
    }

    /// A click every few seconds, never earlier and never later.
    fn machine(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let (pause, ip) = (3000 + self.below(20) * SECOND, format!("2001:db8:{:x}::1", self.below(5000)));
        for turn in 0..12 + self.below(10) {
            let (at, ad) = (at + turn * pause + self.below(30), self.ad());
            clicks.push((at, self.click(at, &ad, Some("machine"), &ip, BROWSERS[0])));
        }
    }

    /// Many people behind one address.
    fn office(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let ip = format!("192.0.2.{}", self.below(10));
        for person in 0..20 + self.below(30) {
            let (at, ad) = (at + self.below(10 * MINUTE), self.ad());
            let (visitor, user_agent) = (format!("clerk-{person}"), self.one_of(&BROWSERS));
            clicks.push((at, self.click(at, &ad, Some(&visitor), &ip, user_agent)));
        }
    }

    fn double_click(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let first = self.person(at);
        let again = at + self.below(4 * SECOND);
        self.made += 1;
        let mut second = first.clone();
        (second["click_id"], second["time"]) = (json!(format!("c{}", self.made)), json!(Time(again)));
        clicks.extend([(at, first), (again, second)]);
    }

    fn crawler(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let (ad, user_agent, host) = (self.ad(), self.one_of(&CRAWLERS), self.below(250));
        clicks.push((at, self.click(at, &ad, None, &format!("66.249.{host}.1"), user_agent)));
    }

    /// Times that are late, too late, ahead, or none.
    fn wrong_clock(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let mut click = self.person(at);
        click["time"] = match self.below(5) {
            0 => json!(Time(self.end.0 + HOUR)),
            1 => json!(Time(self.end.0 - 365 * 24 * HOUR)),
            2 => json!(Time(self.begin.0 + self.below(HOUR))),
            // Near to where belief ends, but not so near that the moment of the test decides.
            3 => json!(Time(self.begin.0 - 50 * MINUTE)),
            _ => Value::Null,
        };
        clicks.push((at, click));
    }

    fn marked(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let mut click = self.person(at);
        let mark = self.one_of(&["test", "prefetch", "token"]);
        click[mark] = if mark == "token" { json!("forged") } else { json!(true) };
        clicks.push((at, click));
    }

    /// The same click twice: by the same way, or from another network.
    fn again(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let click = self.person(at);
        let mut again = click.clone();
        if again["visitor"].is_string() && self.below(2) == 0 {
            again["ip"] = json!("100.64.0.1");
        }
        let later = at + self.below(HOUR);
        clicks.extend([(at, click), (later, again)]);
    }

    /// A click with the token of an impression, some of them used before, some stolen.
    fn shown(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let index = usize::try_from(self.below(self.tokens.len() as u64)).unwrap();
        let (ad, visitor, token) = self.tokens[index].clone();
        let thief = self.below(10) == 0;
        let visitor = if thief { "thief" } else { visitor.as_str() };
        let host = self.below(250);
        let mut click = self.click(at, &ad, Some(visitor), &format!("10.200.{host}.1"), BROWSERS[1]);
        click["token"] = json!(token);
        clicks.push((at, click));
    }

    fn datacenter(&mut self, at: u64, clicks: &mut Vec<(u64, Value)>) {
        let (ad, host, visitor) = (self.ad(), self.below(250), self.below(500));
        let click = self.click(at, &ad, Some(&format!("d{visitor}")), &format!("198.51.100.{host}"), BROWSERS[2]);
        clicks.push((at, click));
    }
}
