//! What the paths of clicks take and give as JSON, beside what the contract shows itself.

use crate::clicks::report::Reconciled;
use crate::clicks::sketch;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{
    CampaignDefinition, ClickView, Country, Counts, Device, Dimension, Grain, GroupKey, NewRules, Reason, Rules, Taken,
    Version,
};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A campaign as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewCampaign)]
pub(super) struct NewCampaign {
    /// ISO 4217, three capital letters.
    currency: String,
    /// The price of a click that counts, in millionths of the currency.
    price_micros: u64,
    /// The most that all clicks may cost together, in millionths of the currency; no limit unless said.
    budget_micros: Option<u64>,
    /// A visitor's further click on the same ad counts only so many seconds later, at most 86,400; the rule set's
    /// unless said.
    dedupe_seconds: Option<u32>,
    /// Two clicks of a visitor on the same ad within so many milliseconds are one double click; the rule set's unless
    /// said.
    double_click_ms: Option<u32>,
    /// A click counts in its own hour for so many seconds after that, at most 86,400; the rule set's unless said.
    lateness_seconds: Option<u32>,
    /// Clicks before count nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Time>,
    /// Clicks from then on count nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Time>,
    /// True while clicks count nothing.
    paused: Option<bool>,
    /// The number of the rule set: 1 unless said.
    pub(super) ruleset: Option<u32>,
}

impl NewCampaign {
    /// The definition that this asks for, under the rules of its rule set.
    pub(super) fn definition(self, id: String, rules: Rules) -> CampaignDefinition {
        CampaignDefinition {
            id,
            currency: self.currency,
            price_micros: self.price_micros,
            budget_micros: self.budget_micros,
            dedupe_seconds: self.dedupe_seconds,
            double_click_ms: self.double_click_ms,
            lateness_seconds: self.lateness_seconds,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            paused: self.paused.unwrap_or_default(),
            ruleset: self.ruleset.unwrap_or(1),
            rules,
        }
    }
}

/// An ad as it is to be. Campaign, placement and shards are for good.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewAd)]
pub(super) struct NewAd {
    /// The campaign that pays.
    pub(super) campaign: String,
    /// Where it is shown: 1 to 256 bytes.
    pub(super) placement: String,
    /// Where a click leads: an http or https address of at most 2,048 bytes.
    pub(super) target: String,
    /// Over how many shards it is spread, 1 to 64: 1 unless said. An ad that one core cannot carry needs several.
    pub(super) shards: Option<u16>,
}

/// A rule set to be published. A limit of 0 is none; what is left out is as in rule set 1.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewRuleSet)]
pub(super) struct NewRuleSet {
    /// What people call it: 1 to 256 bytes.
    name: String,
    /// The version of the crawlers' patterns; 0 looks at no User-Agent.
    bots: Option<u32>,
    /// The most clicks of one address in a minute.
    address_per_minute: Option<u32>,
    /// The most clicks of one address in an hour.
    address_per_hour: Option<u32>,
    /// The most clicks of one /24 or /64 in a minute.
    prefix_per_minute: Option<u32>,
    /// The most clicks of one /24 or /64 in an hour.
    prefix_per_hour: Option<u32>,
    /// The most clicks of one visitor in a minute, on all ads together.
    visitor_per_minute: Option<u32>,
    /// The most clicks of one visitor in an hour, on all ads together.
    visitor_per_hour: Option<u32>,
    /// So many clicks of one visitor at the same pace are a machine's.
    cadence: Option<u32>,
    /// A visitor's further click on the same ad counts only so many seconds later.
    dedupe_seconds: Option<u32>,
    /// Two clicks of a visitor on the same ad within so many milliseconds are one double click.
    double_click_ms: Option<u32>,
    /// A click counts in its own hour for so many seconds after that.
    lateness_seconds: Option<u32>,
    /// True if a click without a good impression token does not count.
    require_token: Option<bool>,
    /// The address ranges of data centers, as `198.51.100.0/24`: at most 1,000.
    datacenters: Option<Vec<String>>,
}

impl NewRuleSet {
    pub(super) fn rules(self) -> NewRules {
        let plain = Rules::default();
        let rules = Rules {
            bots: self.bots.unwrap_or(plain.bots),
            address_per_minute: self.address_per_minute.unwrap_or(plain.address_per_minute),
            address_per_hour: self.address_per_hour.unwrap_or(plain.address_per_hour),
            prefix_per_minute: self.prefix_per_minute.unwrap_or(plain.prefix_per_minute),
            prefix_per_hour: self.prefix_per_hour.unwrap_or(plain.prefix_per_hour),
            visitor_per_minute: self.visitor_per_minute.unwrap_or(plain.visitor_per_minute),
            visitor_per_hour: self.visitor_per_hour.unwrap_or(plain.visitor_per_hour),
            cadence: self.cadence.unwrap_or(plain.cadence),
            dedupe_seconds: self.dedupe_seconds.unwrap_or(plain.dedupe_seconds),
            double_click_ms: self.double_click_ms.unwrap_or(plain.double_click_ms),
            lateness_seconds: self.lateness_seconds.unwrap_or(plain.lateness_seconds),
            require_token: self.require_token.unwrap_or(plain.require_token),
        };
        NewRules { name: self.name, rules, datacenters: self.datacenters.unwrap_or_default() }
    }
}

/// Clicks that someone else has recorded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewClicks)]
pub(super) struct NewClicks {
    /// At least one; each is taken or refused for itself.
    pub(super) clicks: Vec<NewClick>,
}

/// A click that someone else has recorded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewClick)]
pub(super) struct NewClick {
    /// Names the click for good: the same id again is the same click. 1 to 128 bytes.
    pub(super) click_id: String,
    /// The ad.
    pub(super) ad: String,
    /// A signed-in user, if there is one.
    pub(super) user: Option<String>,
    /// Whom a first-party cookie names, if there is one.
    pub(super) visitor: Option<String>,
    /// The address that it came from. Only hashes of it are kept.
    pub(super) ip: Option<String>,
    /// The User-Agent; the first 512 bytes count.
    pub(super) user_agent: Option<String>,
    /// When it happened: now unless said. What is more than 24 hours ago or 2 minutes ahead is not believed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) time: Option<Time>,
    /// Where from, by two letters.
    pub(super) country: Option<String>,
    /// On what; found out from the User-Agent unless said.
    pub(super) device: Option<Device>,
    /// True for a test of a link.
    pub(super) test: Option<bool>,
    /// True if a browser fetched it ahead.
    pub(super) prefetch: Option<bool>,
    /// The token of the impression that was clicked on.
    pub(super) token: Option<String>,
}

/// Ads that were shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewImpressions)]
pub(super) struct NewImpressions {
    /// At least one; each counts or is refused for itself.
    pub(super) impressions: Vec<NewImpression>,
}

/// An ad that was shown to someone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewImpression)]
pub(super) struct NewImpression {
    /// The ad.
    pub(super) ad: String,
    /// A signed-in user, if there is one.
    pub(super) user: Option<String>,
    /// Whom a first-party cookie names, if there is one.
    pub(super) visitor: Option<String>,
    /// The address that it was shown to. Only hashes of it are kept.
    pub(super) ip: Option<String>,
    /// The User-Agent; the first 512 bytes count.
    pub(super) user_agent: Option<String>,
    /// When it was shown: now unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) time: Option<Time>,
    /// Where, by two letters.
    pub(super) country: Option<String>,
    /// On what; found out from the User-Agent unless said.
    pub(super) device: Option<Device>,
}

/// What became of impressions.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::ImpressionResults)]
pub(super) struct ImpressionResults {
    /// One for each impression, in their order.
    pub(super) results: Vec<ImpressionResult>,
}

/// What became of one impression.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = clicks::ImpressionResult)]
pub(super) struct ImpressionResult {
    /// What became of it.
    pub(super) status: Status,
    /// What the ad's link says as `imp`: it is good for one click of this visitor on this ad, today and tomorrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<ItemProblem>,
}

/// What became of clicks.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Results)]
pub(super) struct Results {
    /// One for each click, in their order.
    pub(super) results: Vec<ItemResult>,
}

/// What became of one click.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = clicks::ItemResult)]
pub(super) struct ItemResult {
    /// The click.
    pub(super) click_id: String,
    /// What became of it.
    pub(super) status: Status,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<ItemProblem>,
}

/// What became of one click.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = clicks::Status)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// It is on its way to be judged.
    Accepted,
    /// Its id was taken before: it is the same click.
    Duplicate,
    /// It is durable; whether its id was taken before is not known yet.
    Queued,
    /// It was not taken, and will not be.
    Refused,
    /// It may not have been taken: to be sent again.
    Failed,
}

/// Why a click was not taken.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = clicks::ItemProblem)]
pub(super) struct ItemProblem {
    /// The stable code.
    pub(super) code: String,
    /// The sentence for people.
    pub(super) detail: String,
}

impl ImpressionResult {
    pub(super) fn refused(problem: &Problem) -> Self {
        let ItemResult { status, problem, .. } = ItemResult::refused(String::new(), problem);
        Self { status, token: None, problem }
    }
}

impl ItemResult {
    pub(super) fn taken(click_id: String, taken: Taken) -> Self {
        let status = match taken {
            Taken::Accepted => Status::Accepted,
            Taken::Duplicate => Status::Duplicate,
        };
        Self { click_id, status, problem: None }
    }

    pub(super) fn refused(click_id: String, problem: &Problem) -> Self {
        // What is only not there now can be sent again.
        let status = if problem.status < 500 { Status::Refused } else { Status::Failed };
        let problem = Some(ItemProblem { code: problem.code.clone(), detail: problem.detail.clone() });
        Self { click_id, status, problem }
    }
}

/// Clicks that were found invalid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewCase)]
pub(super) struct NewCase {
    /// Names the case: the same case again changes nothing. 1 to 256 bytes.
    pub(super) case_id: String,
    /// Why: 1 to 256 bytes.
    pub(super) reason: String,
    /// Which clicks: those that have everything that is said.
    pub(super) filter: NewFilter,
    /// Must be true for a filter that says nothing, which means every click.
    pub(super) confirm: Option<bool>,
}

/// Which clicks are meant: those that have everything that is said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewFilter)]
pub(super) struct NewFilter {
    /// Of this ad.
    pub(super) ad: Option<String>,
    /// Of this campaign.
    pub(super) campaign: Option<String>,
    /// From this /24 of IPv4 or /64 of IPv6.
    pub(super) ip_prefix: Option<String>,
    /// From this address.
    pub(super) ip: Option<String>,
    /// Of the visitor whom a cookie names so.
    pub(super) visitor: Option<String>,
    /// Of this signed-in user.
    pub(super) user: Option<String>,
    /// That happened at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) from: Option<Time>,
    /// That happened before this time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) to: Option<Time>,
    /// With one of these ids, at most 1,000.
    pub(super) click_ids: Option<Vec<String>>,
}

/// Which report is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichReport {
    /// From this time on: a whole minute.
    #[param(value_type = String, format = DateTime)]
    pub(super) from: Time,
    /// Before this time: a whole minute.
    #[param(value_type = String, format = DateTime)]
    pub(super) to: Time,
    /// How long the buckets are: `hour` unless said.
    #[param(inline)]
    pub(super) granularity: Option<Grain>,
    /// What else is told apart: of campaign, ad, placement, country and device, separated by commas.
    pub(super) group_by: Option<String>,
    /// What is shown: of gross, valid, invalid, reasons, cost, uniques, impressions and ctr, separated by commas; the
    /// first three and cost unless said.
    pub(super) metrics: Option<String>,
    /// Only this ad.
    pub(super) ad: Option<String>,
    /// Only this campaign.
    pub(super) campaign: Option<String>,
    /// `known`: with what was found after an hour had been closed; `billed`: without. `known` unless said.
    #[param(inline)]
    pub(super) version: Option<Version>,
    /// How many rows at most, 1 to 1,000: 1,000 unless said.
    pub(super) limit: Option<u32>,
    /// Where an earlier page of the same report ended.
    pub(super) cursor: Option<String>,
}

/// What a report may show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    Gross,
    Valid,
    Invalid,
    Reasons,
    Cost,
    Uniques,
    Impressions,
    Ctr,
}

impl WhichReport {
    /// # Errors
    /// 400 `bad_parameter`.
    pub(super) fn dimensions(&self) -> Result<Vec<Dimension>, Problem> {
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
    pub(super) fn metrics(&self) -> Result<Vec<Metric>, Problem> {
        let named = |name: &str| match name {
            "gross" => Some(Metric::Gross),
            "valid" => Some(Metric::Valid),
            "invalid" => Some(Metric::Invalid),
            "reasons" => Some(Metric::Reasons),
            "cost" => Some(Metric::Cost),
            "uniques" => Some(Metric::Uniques),
            "impressions" => Some(Metric::Impressions),
            "ctr" => Some(Metric::Ctr),
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
pub(super) struct ReportBody {
    /// Up to here nothing is missing that was not late; null before the first hour is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) complete_until: Option<Time>,
    /// The rows, by time and then by what else is told apart.
    pub(super) rows: Vec<ReportRow>,
    /// Where the next page begins, if there is one.
    pub(super) cursor: Option<String>,
}

/// A row of a report: what was asked for, and nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::ReportRow)]
pub(super) struct ReportRow {
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
}

impl ReportRow {
    pub(super) fn new(grain: Grain, key: &GroupKey, counts: &Counts, visitors: &[u8], metrics: &[Metric]) -> Self {
        let shown = |metric: Metric, value: i64| metrics.contains(&metric).then_some(value);
        let reasons = || {
            let each = Reason::ALL.into_iter().map(|reason| (reason.name(), counts.invalid[reason as usize]));
            each.filter(|(_, count)| *count != 0).collect()
        };
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
            reasons: metrics.contains(&Metric::Reasons).then(reasons),
            cost_micros: shown(Metric::Cost, counts.micros),
            uniques: metrics.contains(&Metric::Uniques).then(|| sketch::estimate(visitors)),
            impressions: shown(Metric::Impressions, counts.impressions),
            ctr_millionths: metrics.contains(&Metric::Ctr).then(|| ctr(counts)).flatten(),
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
pub(super) struct WhichHour {
    /// The ad.
    pub(super) ad: String,
    /// A time in the hour.
    #[param(value_type = String, format = DateTime)]
    pub(super) hour: Time,
}

/// What the log, the rollups and what is between them say of an ad's hour. The difference is 0.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Reconciled)]
pub(super) struct ReconciledBody {
    /// Clicks that were taken from the log, without repeats.
    raw: u64,
    /// Clicks in the rollups.
    rolled_up: i64,
    /// Clicks on their way from the one to the other.
    in_flight: u64,
    /// Clicks of an ad that was not known.
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
pub(super) struct WhichClicks {
    /// Of this ad.
    pub(super) ad: String,
    /// Of the hour of this time.
    #[param(value_type = String, format = DateTime)]
    pub(super) hour: Time,
    /// `valid` or `invalid`; both unless said.
    #[param(inline)]
    pub(super) verdict: Option<Verdict>,
    /// Only those with this reason.
    #[param(inline)]
    pub(super) reason: Option<Reason>,
    /// How many at most, 1 to 1,000: 100 unless said.
    pub(super) limit: Option<u32>,
    /// Where an earlier page of the same list ended.
    pub(super) cursor: Option<String>,
}

/// Whether a click counts.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = clicks::Verdict)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It does.
    Valid,
    /// It does not.
    Invalid,
}

/// Clicks in the order of their time.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Clicks)]
pub(super) struct ClicksBody {
    /// The clicks; a page may have fewer than asked for, and still a next one.
    pub(super) clicks: Vec<ClickView>,
    /// Where the next page begins, if there may be one.
    pub(super) cursor: Option<String>,
}

/// Which rule sets are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichRuleSets {
    /// How many at most, 1 to 1,000: 100 unless said.
    pub(super) limit: Option<u32>,
    /// Only those with a lower number.
    pub(super) below: Option<u32>,
}

/// Rule sets, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::RuleSets)]
pub(super) struct RuleSetsBody {
    /// The rule sets.
    pub(super) rulesets: Vec<millrace_topics::clicks::RuleSet>,
}
