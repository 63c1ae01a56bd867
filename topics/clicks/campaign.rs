//! Campaigns and rule sets: what is paid for a click, and by which rules it counts.

use super::conversion::{Attributed, Conversion, Order};
use super::policy::Policy;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CampaignsCommand {
    /// Creates a campaign, or gives it other terms from now on.
    Define(Box<CampaignDefinition>),
    /// Tells a campaign of an ad of it: all terms to come go there.
    Register(Registration),
    /// Publishes a rule set under the next number.
    Publish(Box<NewRules>),
    /// An ad has little left to spend: sent by `clicks.ads`.
    #[serde(skip_deserializing)]
    Want(Want),
    /// An ad gives back what it has not spent: sent by `clicks.ads`.
    #[serde(skip_deserializing)]
    Return(Return),
    /// Bills a campaign's clicks up to the end of an hour.
    CloseInvoice(Closing),
    /// What an ad's clicks of an invoice cost: sent by `clicks.ads`.
    #[serde(skip_deserializing)]
    Billed(Billed),
    /// Creates a campaign, or gives it other terms from now on, with what it says beside them.
    Plan(Box<CampaignPlan>),
    /// Takes an order that a click led to.
    Convert(Box<Conversion>),
    /// What became of an order: sent by `clicks.ads`.
    #[serde(skip_deserializing)]
    Attributed(Attributed),
    /// Lets a campaign, or all of the partition where the record stands, judge by another rule set from now on.
    Adopt(Box<Adoption>),
}

/// A rule set that is adopted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Adoption {
    /// By this campaign, or by all of the partition.
    pub campaign: Option<String>,
    /// The number of the rule set.
    pub ruleset: u32,
    /// What it says: put in by the route.
    #[serde(default, deserialize_with = "or_default")]
    pub rules: Rules,
    /// From then on; at once unless said.
    pub from: Option<Time>,
}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CampaignsTimer {
    /// A rule set is adopted.
    Adopt {
        /// By this campaign, or by all.
        campaign: Option<String>,
        /// The number of the rule set.
        ruleset: u32,
        /// What it says.
        rules: Rules,
        /// The last campaign that has adopted it.
        after: Option<String>,
    },
}

/// A campaign's terms, and what it says beside them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CampaignPlan {
    /// The terms.
    #[serde(flatten)]
    pub definition: CampaignDefinition,
    /// What it says beside them.
    #[serde(default, deserialize_with = "or_default")]
    pub policy: Policy,
}

/// An ad that has little left to spend.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Want {
    /// The campaign.
    pub campaign: String,
    /// The routing key of the ad's shard.
    pub key: String,
}

/// What an ad gives back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Return {
    /// The campaign.
    pub campaign: String,
    /// The routing key of the ad's shard.
    pub key: String,
    /// How much, in millionths of the currency; below 0 if it has spent more than it was lent.
    pub amount_micros: i64,
    /// True if the campaign wanted it back.
    pub recalled: bool,
}

/// A campaign that is to be billed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Closing {
    /// The campaign.
    pub campaign: String,
    /// The end of the last hour.
    pub until: Time,
}

/// What an ad's clicks of an invoice cost.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Billed {
    /// The campaign.
    pub campaign: String,
    /// The number of the invoice.
    pub number: u32,
    /// The routing key of the ad's shard.
    pub key: String,
    /// What they cost.
    pub bill: Bill,
}

/// What clicks cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Bill {
    /// Clicks that count.
    pub clicks: i64,
    /// What they cost, in millionths of the currency.
    pub micros: i64,
    /// Clicks of hours that an earlier invoice has, which counted only afterwards; below 0 for those that do not any more.
    pub credit_clicks: i64,
    /// What these cost; below 0 for a credit.
    pub credit_micros: i64,
}

/// An invoice as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Invoice)]
pub struct Invoice {
    /// Its id: the campaign and the number.
    pub id: String,
    /// The campaign.
    pub campaign: String,
    /// From 1 for each campaign.
    pub number: u32,
    /// `closing` while ads are asked, then `closed`: from then on it never changes.
    pub status: String,
    /// The first hour begins here; null in a campaign's first invoice, which has everything before too.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    /// The last hour ends here.
    #[schema(value_type = String, format = DateTime)]
    pub until: Time,
    /// ISO 4217.
    pub currency: String,
    /// Clicks that count.
    pub clicks: i64,
    /// What they cost, in millionths of the currency.
    pub amount_micros: i64,
    /// Clicks of hours of earlier invoices that counted only afterwards; below 0 for those that do not any more.
    pub credit_clicks: i64,
    /// What these cost; below 0 for a credit.
    pub credit_micros: i64,
    /// What is to be paid: both together.
    pub total_micros: i64,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Time>,
}

/// A campaign: what its clicks cost and by which rules they count.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::CampaignDefinition)]
pub struct CampaignDefinition {
    /// The campaign.
    pub id: String,
    /// ISO 4217, three letters.
    pub currency: String,
    /// The price of a click that counts, in millionths of the currency.
    pub price_micros: u64,
    /// The most that all clicks may cost together, in millionths of the currency; none is no limit.
    pub budget_micros: Option<u64>,
    /// A visitor's further click on the same ad counts only so many seconds later; the rule set's unless said.
    pub dedupe_seconds: Option<u32>,
    /// The same for the second click of a double click, in milliseconds.
    pub double_click_ms: Option<u32>,
    /// A click counts in its own hour for so many seconds after that; the rule set's unless said.
    pub lateness_seconds: Option<u32>,
    /// Clicks before count nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Time>,
    /// Clicks from then on count nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Time>,
    /// True while clicks count nothing.
    #[serde(default, deserialize_with = "or_default")]
    pub paused: bool,
    /// The number of the rule set.
    #[serde(default = "first")]
    pub ruleset: u32,
    /// What the rule set says: put in by the route, so that every ad has it with the campaign.
    #[serde(default, deserialize_with = "or_default")]
    pub rules: Rules,
}

fn first() -> u32 {
    1
}

impl CampaignDefinition {
    /// What its ads must know.
    #[must_use]
    pub fn terms(&self, version: u32) -> Terms {
        let rules = Rules {
            dedupe_seconds: self.dedupe_seconds.unwrap_or(self.rules.dedupe_seconds),
            double_click_ms: self.double_click_ms.unwrap_or(self.rules.double_click_ms),
            lateness_seconds: self.lateness_seconds.unwrap_or(self.rules.lateness_seconds),
            ..self.rules
        };
        Terms {
            version,
            price_micros: self.price_micros,
            budget_micros: self.budget_micros,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            paused: self.paused,
            ruleset: self.ruleset,
            rules,
        }
    }
}

/// The numbers of a rule set. A limit of 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Rules)]
#[serde(default)]
pub struct Rules {
    /// The version of the crawlers' patterns, from 1; 0 looks at no User-Agent.
    pub bots: u32,
    /// The most clicks of one address in a minute.
    pub address_per_minute: u32,
    /// The most clicks of one address in an hour.
    pub address_per_hour: u32,
    /// The most clicks of one /24 or /64 in a minute.
    pub prefix_per_minute: u32,
    /// The most clicks of one /24 or /64 in an hour.
    pub prefix_per_hour: u32,
    /// The most clicks of one visitor in a minute, on all ads together.
    pub visitor_per_minute: u32,
    /// The most clicks of one visitor in an hour, on all ads together.
    pub visitor_per_hour: u32,
    /// So many clicks of one visitor at the same pace are a machine's.
    pub cadence: u32,
    /// A visitor's further click on the same ad counts only so many seconds later.
    pub dedupe_seconds: u32,
    /// Two clicks of a visitor on the same ad within so many milliseconds are one double click.
    pub double_click_ms: u32,
    /// A click counts in its own hour for so many seconds after that.
    pub lateness_seconds: u32,
    /// True if a click without a good impression token does not count.
    pub require_token: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            bots: 1,
            address_per_minute: 20,
            address_per_hour: 200,
            prefix_per_minute: 200,
            prefix_per_hour: 2000,
            visitor_per_minute: 10,
            visitor_per_hour: 100,
            cadence: 10,
            dedupe_seconds: 3600,
            double_click_ms: 2000,
            lateness_seconds: 86_400,
            require_token: false,
        }
    }
}

/// What an ad must know of its campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Rises with each change.
    pub version: u32,
    /// The price of a click that counts.
    pub price_micros: u64,
    /// The most that all clicks may cost together.
    pub budget_micros: Option<u64>,
    /// Clicks before count nothing.
    pub starts_at: Option<Time>,
    /// Clicks from then on count nothing.
    pub ends_at: Option<Time>,
    /// True while clicks count nothing.
    pub paused: bool,
    /// The number of the rule set.
    pub ruleset: u32,
    /// What it says, with what the campaign says instead.
    pub rules: Rules,
}

/// An ad of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Registration {
    /// The campaign.
    pub campaign: String,
    /// The ad.
    pub ad: String,
    /// Over how many shards it is spread.
    pub shards: u16,
}

/// A rule set to be published.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct NewRules {
    /// What people call it.
    pub name: String,
    /// Its numbers.
    #[serde(default, deserialize_with = "or_default")]
    pub rules: Rules,
    /// The address ranges of data centers, as `198.51.100.0/24`.
    #[serde(default, deserialize_with = "or_default")]
    pub datacenters: Vec<String>,
}

/// A published rule set. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::RuleSet)]
pub struct RuleSet {
    /// Its number.
    pub ruleset: u32,
    /// What people call it.
    pub name: String,
    /// Its numbers.
    pub rules: Rules,
    /// The address ranges of data centers.
    pub datacenters: Vec<String>,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Time,
}

/// A campaign as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Campaign)]
pub struct Campaign {
    /// What it is.
    #[serde(flatten)]
    pub definition: CampaignDefinition,
    /// What it says beside its terms.
    pub policy: Policy,
    /// Rises with each change.
    pub version: u32,
    /// How many ads it has.
    pub ads: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

/// What a campaign tells of itself to an ad that is being defined.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Registered {
    /// The campaign.
    pub campaign: String,
    /// The ad.
    pub ad: String,
    /// What the ad must know.
    pub terms: Terms,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum CampaignsOutcome {
    /// The campaign was created.
    Created(Box<Campaign>),
    /// The campaign was there: it has these terms now.
    Changed(Box<Campaign>),
    /// The ad belongs to the campaign.
    Registered(Box<Registered>),
    /// The rule set has its number.
    Published(Box<RuleSet>),
    /// What is lent and billed is noted.
    Shared,
    /// The invoice, as far as it is.
    Invoice(Box<Invoice>),
    /// The order was taken.
    Order(Box<Order>),
    /// The order had been taken before.
    KnownOrder(Box<Order>),
    /// The rule set is, or will be, what campaigns judge by.
    Adopted {
        /// Its number.
        ruleset: u32,
        /// From then on.
        from: Time,
    },
}

/// What the machine says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum CampaignEvent {
    /// A campaign was created, or has other terms.
    Changed(Box<Campaign>),
    /// There is a new rule set.
    Published(Box<RuleSet>),
    /// An invoice is closed.
    Invoiced(Box<Invoice>),
    /// What became of an order.
    Converted(Box<Order>),
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CampaignsQuery {
    /// A campaign.
    Campaign {
        /// Its id.
        id: String,
    },
    /// A rule set.
    RuleSet {
        /// Its number.
        number: u32,
    },
    /// The rule sets, the newest first.
    RuleSets {
        /// How many at most.
        limit: u32,
        /// Only those with a lower number.
        below: Option<u32>,
    },
    /// An invoice.
    Invoice {
        /// The campaign.
        campaign: String,
        /// Its number.
        number: u32,
    },
    /// An order.
    Order {
        /// The campaign.
        campaign: String,
        /// The order.
        order_id: String,
    },
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CampaignsAnswer {
    /// A campaign.
    Campaign(Box<Campaign>),
    /// A rule set.
    RuleSet(Box<RuleSet>),
    /// Some rule sets.
    RuleSets(Vec<RuleSet>),
    /// An invoice.
    Invoice(Box<Invoice>),
    /// An order.
    Order(Box<Order>),
}
