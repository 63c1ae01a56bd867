//! What the paths of clicks take and give as JSON, beside what the contract shows itself.

mod report;

pub(super) use report::{
    Adopted, ClicksBody, Metric, NewAdoption, ReconciledBody, ReportBody, ReportRow, RuleSetDone, RuleSetPending,
    RuleSetsBody, Verdict, WhatIfBody, WhichClicks, WhichHour, WhichRange, WhichReport, WhichRuleSets, by_reason,
};

use crate::runtime::problem::Problem;
use millrace_topics::clicks::{CampaignDefinition, CampaignPlan, Device, NewRules, Policy, Rules, Taken};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Which click a conversion belongs to, how the budget is spread over time, and what is worth an alert; what is left
    /// out is as usual.
    policy: Option<Policy>,
}

impl NewCampaign {
    /// What this asks for, under the rules of its rule set.
    pub(super) fn plan(self, id: String, rules: Rules) -> CampaignPlan {
        let policy = self.policy.unwrap_or_default();
        let definition = CampaignDefinition {
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
        };
        CampaignPlan { definition, policy }
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

/// A campaign that is to be billed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewInvoice)]
pub(super) struct NewInvoice {
    /// The campaign.
    pub(super) campaign: String,
    /// The end of the last hour that it has: over by ten minutes at least.
    #[schema(value_type = String, format = DateTime)]
    pub(super) until: Time,
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
