//! What must hold whatever the clicks are: counts add up over reasons, grains and partitions, clicks that count keep
//! their distance, and a spread ad counts what one shard counts.

use super::{ad, click};
use crate::clicks::SYSTEM;
use crate::runtime::check;
use std::collections::BTreeMap;

/// A small seeded generator: a failing run must be the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A click of a random script.
#[derive(Clone, Debug)]
struct Said {
    visitor: u32,
    ad: u64,
    minutes: u64,
    bot: bool,
}

fn random_clicks(seed: u64, count: usize) -> Vec<Said> {
    let mut random = Random(seed * 7919 + 17);
    let mut one = || Said {
        visitor: u32::try_from(1 + random.below(4)).expect("it is small"),
        ad: random.below(2),
        minutes: random.below(300),
        bot: random.below(6) == 0,
    };
    (0..count).map(|_| one()).collect()
}

fn script(clicks: &[Said], shards: u32) -> String {
    let mut lines = vec!["+6h".to_owned()];
    for id in ["a0", "a1"] {
        let wide = ad(id, "").replace(r#""target""#, &format!(r#""shards":{shards},"target""#));
        lines.push(wide.clone());
        let each = (0..shards).filter(|_| shards > 1);
        lines.extend(each.map(|shard| wide.replace(&format!(r#""key":"{id}""#), &format!(r#""key":"{id}#{shard}""#))));
    }
    for (number, said) in clicks.iter().enumerate() {
        let (hour, minute) = (said.minutes / 60, said.minutes % 60);
        let more = format!(r#","shards":{shards},"time":"2024-01-01T{hour:02}:{minute:02}:00Z""#);
        let line = click(&format!("c{number}"), &format!("a{}", said.ad), said.visitor, &more);
        lines.push(if said.bot { line.replace("Mozilla/5.0 (X11; Linux x86_64)", "Googlebot/2.1") } else { line });
    }
    lines.join("\n")
}

/// What the rule says, the long way: a click counts if no earlier one of the log that counts is too near.
fn expected(clicks: &[Said]) -> Vec<bool> {
    let mut counted: Vec<Said> = Vec::new();
    let counts = |click: &Said| {
        let is_near = |other: &Said| {
            (other.visitor, other.ad) == (click.visitor, click.ad) && other.minutes.abs_diff(click.minutes) < 60
        };
        if click.bot || counted.iter().any(is_near) {
            return false;
        }
        counted.push(click.clone());
        true
    };
    clicks.iter().map(counts).collect()
}

/// The verdicts in an output of the harness, by click.
fn verdicts(shown: &str) -> BTreeMap<String, bool> {
    let said = shown.lines().filter_map(|line| line.trim().strip_prefix("said clicks.ads ClicksJudged "));
    let judged = said.flat_map(|json| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let clicks = value["clicks"].as_array().unwrap().clone();
        clicks
            .into_iter()
            .map(|click| (click["click_id"].as_str().unwrap().to_owned(), click["reasons"] == serde_json::json!([])))
    });
    judged.collect()
}

/// (grain, ad's shard) → gross, valid, invalid, micros, of the rollup rows in an output of the harness.
fn sums(shown: &str) -> BTreeMap<(u8, u64), [i64; 4]> {
    let mut all = BTreeMap::new();
    for row in shown.lines().filter_map(|line| line.strip_prefix("clicks.ads rollup (")) {
        let (key, counts) = row.split_once(") → ").unwrap();
        let key: Vec<u64> = key.split(", ").map(|part| part.parse().unwrap()).collect();
        let numbers: Vec<i64> = counts
            .split(|letter: char| !letter.is_ascii_digit() && letter != '-')
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().unwrap())
            .collect();
        let sum = all.entry((u8::try_from(key[0]).unwrap(), key[2])).or_insert([0; 4]);
        sum[0] += numbers[0];
        sum[1] += numbers[1];
        sum[2] += numbers[3..].iter().sum::<i64>();
        sum[3] += numbers[2];
    }
    all
}

#[test]
fn clicks_that_count_keep_their_distance_and_everything_adds_up() {
    for seed in 1..=3 {
        let clicks = random_clicks(seed, 30);
        let shown = check::run(SYSTEM.machines, &script(&clicks, 1));
        let verdicts = verdicts(&shown);
        let found: Vec<bool> = (0..clicks.len()).map(|number| verdicts[&format!("c{number}")]).collect();
        assert_eq!(found, expected(&clicks), "seed {seed}");
        let sums = sums(&shown);
        for ((grain, ad), sum @ [gross, valid, invalid, micros]) in &sums {
            assert_eq!(*gross, valid + invalid, "seed {seed}");
            assert_eq!(*micros, valid * 250_000, "seed {seed}");
            assert_eq!(sum, &sums[&(0, *ad)], "seed {seed}: grain {grain} and the minutes");
        }
        let gross: i64 = sums.iter().filter(|((grain, _), _)| *grain == 2).map(|(_, sum)| sum[0]).sum();
        assert_eq!(gross, 30, "seed {seed}");
    }
}

#[test]
fn eight_shards_count_what_one_counts() {
    for seed in 1..=3 {
        let clicks = random_clicks(seed, 30);
        let [one, eight] = [1, 8].map(|shards| check::run(SYSTEM.machines, &script(&clicks, shards)));
        assert_eq!(verdicts(&one), verdicts(&eight), "seed {seed}");
        let total = |shown: &str| {
            let mut total = [0; 4];
            let days = sums(shown).into_iter().filter(|((grain, _), _)| *grain == 2);
            days.for_each(|(_, sum)| total.iter_mut().zip(sum).for_each(|(total, more)| *total += more));
            total
        };
        assert_eq!(total(&one), total(&eight), "seed {seed}");
    }
}
