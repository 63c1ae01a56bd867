//! What a rule set would have changed: the real log, replayed in a sandbox under other rules, beside the bill that was.
//!
//! The sandbox starts from the checkpoint at or before the range, so that windows are warm, and takes the records of
//! `clicks.ads` in the order in which they are in the log. What speaks against a click stands in them: the first machine
//! gathers it whatever the rules are, so only verdicts are made anew. Addresses, which stand sealed in the log, are opened
//! where their keys are still there, and held against the rule set's data centers. Nothing leaves the sandbox.

pub mod routes;

use crate::clicks::ads::Ads;
use crate::clicks::ads::suppose::Supposition;
use crate::clicks::campaigns::Campaigns;
use crate::clicks::report::{self, Report};
use crate::clicks::targets::rule_set;
use crate::clicks::token::DAY;
use crate::clicks::transition::{FUTURE_LIMIT, PAST_LIMIT};
use crate::runtime::door::{AsOf, Asked, Door, Read};
use crate::runtime::keys::key_of;
use crate::runtime::problem::Problem;
use crate::runtime::vault::DayKeys;
use millrace_topics::clicks::{
    AdsAnswer, AdsQuery, CampaignsAnswer, CampaignsQuery, ClickView, Counts, Dimension, Grain, GroupKey, Listing,
    ReportAsk, Rules, Version, shard_key,
};
use millrace_topics::codec;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// How many clicks are shown whose verdict would have been another one.
pub const EXAMPLES: usize = 20;

/// How many states are needed: that before the range, that behind it, and that behind it under the rule set.
const STEPS: u32 = 3;

/// In how many hours of ads such clicks are looked for.
const LOOKED_INTO: usize = 20;

/// What a rule set would have changed.
pub struct Comparison {
    /// What the clicks of the range added up to.
    pub now: Counts,
    /// What they would have added up to.
    pub then: Counts,
    /// What would have been more, or with a minus less, by campaign and ad; those that stay the same are left out.
    pub difference: BTreeMap<(String, String), Counts>,
    /// Clicks whose verdict would have been another one: as it is, and as it would have been.
    pub examples: Vec<(ClickView, ClickView)>,
    /// Clicks of which nobody knows whether their address lies in the rule set's data centers: its key is destroyed.
    pub unopened: u64,
}

/// Replays the log from one time to another under a rule set.
///
/// # Errors
/// 202 `as_of_pending` while the states are being rebuilt, with how far that is, 422 `unknown_rule_set`, 400 for times
/// that cannot be, 503 `too_few_views` where the states cannot be open together, or what went wrong on the way.
pub async fn compare(
    door: &Door,
    asked: &Asked,
    ruleset: u32,
    from: Time,
    to: Time,
) -> Result<Read<Comparison>, Problem> {
    if from >= to {
        return Err(Problem::bad_request("bad_parameter", "`from` is before `to`"));
    }
    // With room for fewer it would close again what it needs, and never come to an end.
    if door.past_states() < STEPS {
        let needed = STEPS * door.partitions();
        let detail = format!("it compares {STEPS} states of all partitions: `--asof-views` must be {needed} at least");
        return Err(Problem::new(503, "too_few_views", detail));
    }
    let what = codec::encode(&supposition(door, asked, ruleset, (from, to)).await?);
    let before = Asked { as_of: AsOf::Time(from), ..asked.clone() };
    let after = Asked { as_of: AsOf::Time(to), ..asked.clone() };
    let supposed = Asked { as_of: AsOf::Supposed { from, to, what }, ..asked.clone() };
    let ask = question(from, to);
    let was = report::read(door, &before, &ask).await.map_err(|problem| at_step(problem, 1))?.answer;
    let real = report::read(door, &after, &ask).await.map_err(|problem| at_step(problem, 2))?;
    let Read { answer: real, positions } = real;
    let other = report::read(door, &supposed, &ask).await.map_err(|problem| at_step(problem, 3))?.answer;
    let (now, then) = (minus(sum(&real), &sum(&was)), minus(sum(&other), &sum(&was)));
    let changed = changed(&real, &other);
    let examples = examples(door, &after, &supposed, &changed).await?;
    let unopened = unopened(door, &supposed).await?;
    let mut difference: BTreeMap<(String, String), Counts> = BTreeMap::new();
    for (key, counts) in changed {
        let names = (key.campaign.unwrap_or_default(), key.ad.unwrap_or_default());
        difference.entry(names).or_default().add(&counts);
    }
    difference.retain(|_, counts| *counts != Counts::default());
    Ok(Read { answer: Comparison { now, then, difference, examples, unopened }, positions })
}

fn at_step(problem: Problem, step: u32) -> Problem {
    if problem.status != 202 {
        return problem;
    }
    problem.with("step", step).with("steps", STEPS)
}

async fn supposition(door: &Door, asked: &Asked, ruleset: u32, range: (Time, Time)) -> Result<Supposition, Problem> {
    let now = Asked { as_of: AsOf::Now, ..asked.clone() };
    let set = rule_set(door, &now, ruleset).await?;
    let query = CampaignsQuery::RuleSets { limit: 1000, below: None };
    let CampaignsAnswer::RuleSets(all) = door.ask::<Campaigns>(&now, &query).await?.answer else {
        unreachable!("rule sets were asked for")
    };
    let alike = all.iter().filter(|other| other.datacenters == set.datacenters).map(|other| other.ruleset).collect();
    let known: Vec<(u32, Rules)> = all.iter().map(|other| (other.ruleset, other.rules)).collect();
    let first = range.0.0.saturating_sub(PAST_LIMIT) / DAY;
    let last = range.1.plus(FUTURE_LIMIT).0 / DAY;
    let keys = door.all_day_keys().into_iter().filter(|keys| (first.saturating_sub(1)..=last).contains(&keys.day()));
    let keys = keys.map(|keys| DayKeys::clone(&keys)).collect();
    Ok(Supposition { ruleset, rules: set.rules, alike, known, datacenters: set.datacenters, keys })
}

/// Everything that a click of the range can be counted in.
fn question(from: Time, to: Time) -> ReportAsk {
    let first = Time(from.0.saturating_sub(PAST_LIMIT));
    ReportAsk {
        key: String::new(),
        from: Grain::Hour.bucket(first) * 60,
        to: (Grain::Hour.bucket(to.plus(FUTURE_LIMIT)) + 1) * 60,
        grain: Grain::Hour,
        by: vec![Dimension::Campaign, Dimension::Ad],
        ad: None,
        campaign: None,
        uniques: false,
        version: Version::Known,
        after: None,
    }
}

fn sum(report: &Report) -> Counts {
    let mut sum = Counts::default();
    report.groups.values().for_each(|(counts, _)| sum.add(counts));
    sum
}

fn minus(mut one: Counts, other: &Counts) -> Counts {
    let negative = Counts {
        gross: -other.gross,
        valid: -other.valid,
        micros: -other.micros,
        invalid: other.invalid.map(|count| -count),
        impressions: -other.impressions,
        conversions: -other.conversions,
        conversion_micros: -other.conversion_micros,
    };
    one.add(&negative);
    one
}

fn changed(real: &Report, other: &Report) -> BTreeMap<GroupKey, Counts> {
    let keys = real.groups.keys().chain(other.groups.keys());
    let of = |report: &Report, key: &GroupKey| report.groups.get(key).map(|(counts, _)| *counts).unwrap_or_default();
    let differences = keys.map(|key| (key.clone(), minus(of(other, key), &of(real, key))));
    differences.filter(|(_, counts)| *counts != Counts::default()).collect()
}

/// Clicks of hours that add up to something else whose verdict is another one.
async fn examples(
    door: &Door,
    real: &Asked,
    supposed: &Asked,
    changed: &BTreeMap<GroupKey, Counts>,
) -> Result<Vec<(ClickView, ClickView)>, Problem> {
    let mut found = Vec::new();
    for key in changed.keys().take(LOOKED_INTO) {
        let ad = key.ad.clone().unwrap_or_default();
        let (now, then) = (clicks(door, real, &ad, key.bucket).await?, clicks(door, supposed, &ad, key.bucket).await?);
        let pairs = now.into_iter().filter_map(|(id, now)| Some((now, then.get(&id)?.clone())));
        found
            .extend(pairs.filter(|(now, then)| (&now.reasons, now.price_micros) != (&then.reasons, then.price_micros)));
        if found.len() >= EXAMPLES {
            break;
        }
    }
    found.truncate(EXAMPLES);
    Ok(found)
}

async fn clicks(door: &Door, asked: &Asked, ad: &str, hour: u32) -> Result<BTreeMap<String, ClickView>, Problem> {
    let AdsAnswer::Ad(shown) = door.ask::<Ads>(asked, &AdsQuery::Ad { id: ad.to_owned() }).await?.answer else {
        unreachable!("an ad was asked for")
    };
    let mut all = BTreeMap::new();
    for shard in 0..shown.shards {
        let key = shard_key(ad, shown.shards, shard);
        let listing = Listing { key, hour, valid: None, reason: None, after: None, limit: 1000 };
        let AdsAnswer::Clicks(found) = door.ask::<Ads>(asked, &AdsQuery::Clicks(listing)).await?.answer else {
            unreachable!("clicks were asked for")
        };
        all.extend(found.clicks.into_iter().map(|(_, click)| (click.click_id.clone(), click)));
    }
    Ok(all)
}

async fn unopened(door: &Door, supposed: &Asked) -> Result<u64, Problem> {
    let (partitions, mut sum) = (door.partitions(), 0);
    for partition in 0..partitions {
        let query = AdsQuery::Unopened { key: key_of(partition, partitions) };
        match door.ask::<Ads>(supposed, &query).await?.answer {
            AdsAnswer::Unopened(count) => sum += count,
            _ => unreachable!("a count was asked for"),
        }
    }
    Ok(sum)
}
