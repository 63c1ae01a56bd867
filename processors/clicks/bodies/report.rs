//! What reports, lists and comparisons take and give as JSON.

use crate::clicks::report::Reconciled;
use crate::clicks::sketch;
use crate::clicks::what_if::Comparison;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{
    ClickView, Country, Counts, Device, Dimension, Grain, GroupKey, Reason, RuleSet, Version,
};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Which report is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::clicks) struct WhichReport {
    /// From this time on: a whole minute.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) from: Time,
    /// Before this time: a whole minute.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) to: Time,
    /// How long the buckets are: `hour` unless said.
    #[param(inline)]
    pub(in crate::clicks) granularity: Option<Grain>,
    /// What else is told apart: of campaign, ad, placement, country and device, separated by commas.
    pub(in crate::clicks) group_by: Option<String>,
    /// What is shown: of gross, valid, invalid, reasons, cost, uniques, impressions, ctr, conversions and
    /// conversion_value, separated by commas; the first three and cost unless said.
    pub(in crate::clicks) metrics: Option<String>,
    /// Only this ad.
    pub(in crate::clicks) ad: Option<String>,
    /// Only this campaign.
    pub(in crate::clicks) campaign: Option<String>,
    /// `known`: with what was found after an hour had been closed; `billed`: without. `known` unless said.
    #[param(inline)]
    pub(in crate::clicks) version: Option<Version>,
    /// How many rows at most, 1 to 1,000: 1,000 unless said.
    pub(in crate::clicks) limit: Option<u32>,
    /// Where an earlier page of the same report ended.
    pub(in crate::clicks) cursor: Option<String>,
}

/// What a report may show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::clicks) enum Metric {
    Gross,
    Valid,
    Invalid,
    Reasons,
    Cost,
    Uniques,
    Impressions,
    Ctr,
    Conversions,
    ConversionValue,
}

impl WhichReport {
    /// # Errors
    /// 400 `bad_parameter`.
    pub(in crate::clicks) fn dimensions(&self) -> Result<Vec<Dimension>, Problem> {
        let named = |name: &str| match name {
            "campaign" => Some(Dimension::Campaign),
            "ad" => Some(Dimension::Ad),
            "placement" => Some(Dimension::Placement),
            "country" => Some(Dimension::Country),
            "device" => Some(Dimension::Device),
            _ => None,
        };
        list("group_by", self.group_by.as_deref().unwrap_or_default(), named)
    }

    /// # Errors
    /// 400 `bad_parameter`.
    pub(in crate::clicks) fn metrics(&self) -> Result<Vec<Metric>, Problem> {
        let named = |name: &str| match name {
            "gross" => Some(Metric::Gross),
            "valid" => Some(Metric::Valid),
            "invalid" => Some(Metric::Invalid),
            "reasons" => Some(Metric::Reasons),
            "cost" => Some(Metric::Cost),
            "uniques" => Some(Metric::Uniques),
            "impressions" => Some(Metric::Impressions),
            "ctr" => Some(Metric::Ctr),
            "conversions" => Some(Metric::Conversions),
            "conversion_value" => Some(Metric::ConversionValue),
            _ => None,
        };
        list("metrics", self.metrics.as_deref().unwrap_or("gross,valid,invalid,cost"), named)
    }
}

fn list<T>(parameter: &str, text: &str, named: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Problem> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let bad = |name: &str| Problem::bad_request("bad_parameter", format!("`{parameter}` does not know `{name}`"));
    names.map(|name| named(name).ok_or_else(|| bad(name))).collect()
}

/// A report, or a page of it.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Report)]
pub(in crate::clicks) struct ReportBody {
    /// Up to here nothing is missing that was not late; null before the first hour is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::clicks) complete_until: Option<Time>,
    /// The rows, by time and then by what else is told apart.
    pub(in crate::clicks) rows: Vec<ReportRow>,
    /// Where the next page begins, if there is one.
    pub(in crate::clicks) cursor: Option<String>,
}

/// A row of a report: what was asked for, and nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::ReportRow)]
pub(in crate::clicks) struct ReportRow {
    /// When the bucket begins.
    #[schema(value_type = String, format = DateTime)]
    time: Time,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    /// The ad.
    #[serde(skip_serializing_if = "Option::is_none")]
    ad: Option<String>,
    /// Where the ad is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    placement: Option<String>,
    /// Where the clicks came from; `ZZ` is nowhere that is known.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Country>,
    /// What was clicked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Device>,
    /// All clicks.
    #[serde(skip_serializing_if = "Option::is_none")]
    gross: Option<i64>,
    /// Those that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<i64>,
    /// Those that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<i64>,
    /// Those that do not, by their first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<BTreeMap<&'static str, i64>>,
    /// What those that count cost, in millionths of the campaign's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_micros: Option<i64>,
    /// Different visitors whose clicks counted when they were judged: exact up to 128, beyond that within a few percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    uniques: Option<u64>,
    /// How often the ad was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    impressions: Option<i64>,
    /// Clicks that count for each impression, in millionths; absent without impressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    ctr_millionths: Option<i64>,
    /// Orders that clicks of the bucket led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversions: Option<i64>,
    /// What these are worth, in millionths of the currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion_value_micros: Option<i64>,
}

impl ReportRow {
    pub(in crate::clicks) fn new(
        grain: Grain,
        key: &GroupKey,
        counts: &Counts,
        visitors: &[u8],
        metrics: &[Metric],
    ) -> Self {
        let shown = |metric: Metric, value: i64| metrics.contains(&metric).then_some(value);
        let key = key.clone();
        Self {
            time: grain.begin(key.bucket),
            campaign: key.campaign,
            ad: key.ad,
            placement: key.placement,
            country: key.country,
            device: key.device,
            gross: shown(Metric::Gross, counts.gross),
            valid: shown(Metric::Valid, counts.valid),
            invalid: shown(Metric::Invalid, counts.invalid_sum()),
            reasons: metrics.contains(&Metric::Reasons).then(|| by_reason(counts)),
            cost_micros: shown(Metric::Cost, counts.micros),
            uniques: metrics.contains(&Metric::Uniques).then(|| sketch::estimate(visitors)),
            impressions: shown(Metric::Impressions, counts.impressions),
            ctr_millionths: metrics.contains(&Metric::Ctr).then(|| ctr(counts)).flatten(),
            conversions: shown(Metric::Conversions, counts.conversions),
            conversion_value_micros: shown(Metric::ConversionValue, counts.conversion_micros),
        }
    }
}

/// Clicks that count for each impression, in millionths.
fn ctr(counts: &Counts) -> Option<i64> {
    (counts.impressions > 0).then(|| counts.valid.saturating_mul(1_000_000) / counts.impressions)
}

/// Which hour of which ad is compared.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::clicks) struct WhichHour {
    /// The ad.
    pub(in crate::clicks) ad: String,
    /// A time in the hour.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) hour: Time,
}

/// What the log, the rollups and what is between them say of an ad's hour. The difference is 0.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Reconciled)]
pub(in crate::clicks) struct ReconciledBody {
    /// Clicks that were taken from the log, without repeats.
    raw: u64,
    /// Clicks in the rollups.
    rolled_up: i64,
    /// Clicks on their way from the one to the other.
    in_flight: u64,
    /// Clicks of an ad that was not known. A record that no build can read says no ad and no hour: it is neither here nor in
    /// `raw`, but among the dead letters of `clicks`.
    dead: u64,
    /// Clicks whose id another visitor's click had: they are that click.
    duplicates: u64,
    /// What is missing.
    difference: i64,
}

impl From<Reconciled> for ReconciledBody {
    fn from(found: Reconciled) -> Self {
        let difference = found.difference();
        let Reconciled { raw, rolled_up, in_flight, dead, duplicates } = found;
        Self { raw, rolled_up, in_flight, dead, duplicates, difference }
    }
}

/// Which clicks are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::clicks) struct WhichClicks {
    /// Of this ad.
    pub(in crate::clicks) ad: String,
    /// Of the hour of this time.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) hour: Time,
    /// `valid` or `invalid`; both unless said.
    #[param(inline)]
    pub(in crate::clicks) verdict: Option<Verdict>,
    /// Only those with this reason.
    #[param(inline)]
    pub(in crate::clicks) reason: Option<Reason>,
    /// How many at most, 1 to 1,000: 100 unless said.
    pub(in crate::clicks) limit: Option<u32>,
    /// Where an earlier page of the same list ended.
    pub(in crate::clicks) cursor: Option<String>,
}

/// Whether a click counts.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = clicks::Verdict)]
#[serde(rename_all = "snake_case")]
pub(in crate::clicks) enum Verdict {
    /// It does.
    Valid,
    /// It does not.
    Invalid,
}

/// Clicks in the order of their time.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Clicks)]
pub(in crate::clicks) struct ClicksBody {
    /// The clicks; a page may have fewer than asked for, and still a next one.
    pub(in crate::clicks) clicks: Vec<ClickView>,
    /// Where the next page begins, if there may be one.
    pub(in crate::clicks) cursor: Option<String>,
}

/// Over which part of the log a rule set is tried.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::clicks) struct WhichRange {
    /// Behind the end of this millisecond of the log.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) from: Time,
    /// Up to the end of this one.
    #[param(value_type = String, format = DateTime)]
    pub(in crate::clicks) to: Time,
}

/// What a rule set would have changed.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::WhatIf)]
pub(in crate::clicks) struct WhatIfBody {
    /// The rule set.
    pub(in crate::clicks) ruleset: u32,
    /// Behind the end of this millisecond of the log.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::clicks) from: Time,
    /// Up to the end of this one.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::clicks) to: Time,
    /// What the clicks of the range add up to.
    now: SumBody,
    /// What they would have added up to.
    then: SumBody,
    /// What would have been more, or with a minus less, by campaign and ad; what stays the same is left out.
    difference: Vec<DifferenceBody>,
    /// Some clicks whose verdict would have been another one.
    examples: Vec<ExampleBody>,
    /// Clicks of which nobody knows whether they came from the rule set's data centers: their addresses were held against
    /// another rule set's, and what opened them is destroyed.
    unopened: u64,
}

/// What clicks add up to.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Sum)]
pub(in crate::clicks) struct SumBody {
    /// All clicks.
    gross: i64,
    /// Those that count.
    valid: i64,
    /// Those that do not.
    invalid: i64,
    /// Those that do not, by their first reason.
    reasons: BTreeMap<&'static str, i64>,
    /// What those that count cost, in millionths of the campaigns' currencies.
    cost_micros: i64,
}

impl From<&Counts> for SumBody {
    fn from(counts: &Counts) -> Self {
        let (gross, valid, cost_micros) = (counts.gross, counts.valid, counts.micros);
        Self { gross, valid, invalid: counts.invalid_sum(), reasons: by_reason(counts), cost_micros }
    }
}

/// What would be more or less of an ad.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Difference)]
pub(in crate::clicks) struct DifferenceBody {
    /// The campaign.
    campaign: String,
    /// The ad.
    ad: String,
    /// How much.
    #[serde(flatten)]
    sum: SumBody,
}

/// A click whose verdict would have been another one.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Example)]
pub(in crate::clicks) struct ExampleBody {
    /// As it is.
    now: ClickView,
    /// As it would have been.
    then: ClickView,
}

impl WhatIfBody {
    pub(in crate::clicks) fn new(ruleset: u32, range: &WhichRange, found: Comparison) -> Self {
        let difference = found.difference.into_iter().map(|((campaign, ad), counts)| {
            let sum = SumBody::from(&counts);
            DifferenceBody { campaign, ad, sum }
        });
        Self {
            ruleset,
            from: range.from,
            to: range.to,
            now: SumBody::from(&found.now),
            then: SumBody::from(&found.then),
            difference: difference.collect(),
            examples: found.examples.into_iter().map(|(now, then)| ExampleBody { now, then }).collect(),
            unopened: found.unopened,
        }
    }
}

/// Those that do not count, by their first reason.
pub(in crate::clicks) fn by_reason(counts: &Counts) -> BTreeMap<&'static str, i64> {
    let each = Reason::ALL.into_iter().map(|reason| (reason.name(), counts.invalid[reason as usize]));
    each.filter(|(_, count)| *count != 0).collect()
}

/// Which rule sets are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::clicks) struct WhichRuleSets {
    /// How many at most, 1 to 1,000: 100 unless said.
    pub(in crate::clicks) limit: Option<u32>,
    /// Only those with a lower number.
    pub(in crate::clicks) below: Option<u32>,
}

/// Rule sets, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::RuleSets)]
pub(in crate::clicks) struct RuleSetsBody {
    /// The rule sets.
    pub(in crate::clicks) rulesets: Vec<RuleSet>,
}

/// Who adopts a rule set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewAdoption)]
pub(in crate::clicks) struct NewAdoption {
    /// These campaigns: at most 1,000.
    pub(in crate::clicks) campaigns: Option<Vec<String>>,
    /// True for all that there are.
    pub(in crate::clicks) all: Option<bool>,
    /// From then on: at once unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::clicks) from: Option<Time>,
}

/// A rule set that was adopted. The answer's position is where in the log.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Adopted)]
pub(in crate::clicks) struct Adopted {
    /// The rule set.
    pub(in crate::clicks) ruleset: u32,
    /// From then on.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::clicks) adopted_from: Time,
}

/// What was done with a rule set.
#[derive(ToSchema)]
#[schema(as = clicks::RuleSetDone)]
#[expect(dead_code, reason = "it is there for its description alone")]
#[serde(untagged)]
pub(in crate::clicks) enum RuleSetDone {
    /// It was tried.
    Tried(Box<WhatIfBody>),
    /// It was adopted.
    Adopted(Adopted),
}

/// What is not done with a rule set yet.
#[derive(ToSchema)]
#[schema(as = clicks::RuleSetPending)]
#[expect(dead_code, reason = "it is there for its description alone")]
#[serde(untagged)]
pub(in crate::clicks) enum RuleSetPending {
    /// The log is still being replayed: what was found will be at `Location`.
    Trying {
        /// Always true.
        pending: bool,
        /// What is being done.
        detail: String,
        /// So many records of this step have been replayed.
        replayed: Option<u64>,
        /// Of so many.
        records: Option<u64>,
        /// Which state is being made: 1 that before the range, 2 that behind it, 3 that behind it under the rule set.
        step: u32,
        /// How many there are.
        steps: u32,
    },
    /// The adoption is durable, and not applied yet: the outcome will be at `Location`.
    Adopting {
        /// Where it is in the log.
        position: String,
        /// Where its outcome will be.
        outcome: String,
    },
}
