//! Ads, and the clicks that are judged under them.

use super::campaign::Terms;
use super::case::{DaysVoiding, Voided, Voiding};
use super::click::{Country, Device, Hashed, Identity, Keeping, Marks, Sealed};
use super::conversion::{Attributing, Visit};
use super::hour::{Alert, AlertsAsk, AlertsPage, ClosedHour, InvalidPage};
use super::policy::Policy;
use super::reason::{Reason, Reasons};
use super::report::{Live, ReportAsk, ReportPage};
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AdsCommand {
    /// Creates an ad or a shard of one, or gives it another target.
    Define(Box<AdDefinition>),
    /// Clicks with what speaks against them: sent by `clicks`.
    #[serde(skip_deserializing)]
    Seen(Seen),
    /// Other terms of the campaign: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Terms(Box<TermsChange>),
    /// An hour is over in a partition of `clicks`: sent by it.
    #[serde(skip_deserializing)]
    Watermark(Watermark),
    /// Makes clicks of the partition where the record stands invalid.
    Void(Voiding),
    /// Counts impressions of an ad.
    Show(Showing),
    /// The campaign lends an ad what it may spend: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Grant(Grant),
    /// The campaign wants back what an ad has not spent: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Recall(Recall),
    /// Sums an ad's hours for an invoice and closes them: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Bill(Billing),
    /// Changes how long clicks are kept in the partition where the record stands.
    Keep(Keeping),
    /// The campaign says something else beside its terms: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Policy(PolicyChange),
    /// Finds out whether an order counts for a click: sent by `clicks.campaigns`.
    #[serde(skip_deserializing)]
    Attribute(Box<Attributing>),
    /// Clicks with what speaks against them and their addresses: sent by `clicks`.
    #[serde(skip_deserializing)]
    Sealed(SealedSeen),
    /// Makes clicks of the partition where the record stands invalid, by their address among others: only routes write it.
    #[serde(skip_deserializing)]
    VoidByDays(Box<DaysVoiding>),
}

/// What a campaign says beside its terms, for one of its ads.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PolicyChange {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// The version of the campaign that says it.
    pub version: u32,
    /// What it says.
    pub policy: Policy,
}

/// What a campaign lends to an ad.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Grant {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// How much more it may spend, in millionths of the currency.
    pub amount_micros: u64,
    /// True if there is nothing left to lend.
    pub exhausted: bool,
}

/// What a campaign wants back from an ad.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Recall {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// True for all that is not spent, else half of it.
    pub all: bool,
}

/// Hours of an ad that an invoice is to have.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Billing {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// The number of the invoice.
    pub number: u32,
    /// The end of the last hour.
    pub until: Time,
}

/// Impressions of an ad.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Showing {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The impressions: never none.
    pub impressions: Vec<Impression>,
}

/// An impression of an ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Impression {
    /// When it was shown, if who reports it says so.
    pub time: Option<Time>,
    /// Where.
    #[serde(default, deserialize_with = "or_default")]
    pub country: Country,
    /// On what.
    #[serde(default, deserialize_with = "or_default")]
    pub device: Device,
}

/// An ad, or one of its shards.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AdDefinition {
    /// The routing key: the ad's id, with `#` and the shard's number where there are several.
    pub key: String,
    /// The ad.
    pub ad: String,
    /// The campaign that pays.
    pub campaign: String,
    /// Where it is shown.
    pub placement: String,
    /// Where a click leads.
    pub target: String,
    /// Over how many shards it is spread.
    #[serde(default = "one")]
    pub shards: u16,
    /// What the campaign says.
    pub terms: Terms,
}

fn one() -> u16 {
    1
}

/// Clicks on their way to the ads of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Seen {
    /// The routing key of the first click's ad: all belong to its partition.
    pub key: String,
    /// In the order in which they came; never none.
    pub clicks: Vec<Evidence>,
}

/// Clicks on their way to the ads of one partition, with their addresses.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SealedSeen {
    /// The routing key of the first click's ad: all belong to its partition.
    pub key: String,
    /// In the order in which they came; never none.
    pub clicks: Vec<Evidence>,
    /// The address of each, where it has one.
    pub sealed: Vec<Option<Sealed>>,
}

/// A click and what the first machine knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Evidence {
    /// Its id.
    pub click_id: String,
    /// The number of the ad's shard.
    pub ad: u64,
    /// When it happened: what was said, unless that cannot be.
    pub time: Time,
    /// True if what was said about its time cannot be, and the log's time stands there.
    pub skewed: bool,
    /// When the log got it.
    pub arrived: Time,
    /// Who clicked.
    pub visitor: Hashed,
    /// How the visitor is known.
    pub identity: Identity,
    /// The /24 or /64.
    pub prefix: Hashed,
    /// The address.
    pub address: Hashed,
    /// Where from.
    pub country: Country,
    /// On what.
    pub device: Device,
    /// What was said about it.
    pub marks: Marks,
    /// Bit n is set where version n + 1 of the crawlers' patterns has its User-Agent.
    pub bots: u32,
    /// Clicks of the address in the minute and in the hour up to this one, itself among them.
    pub address_rate: (u32, u32),
    /// The same of the /24 or /64.
    pub prefix_rate: (u32, u32),
    /// The same of the visitor within it.
    pub visitor_rate: (u32, u32),
    /// So many clicks of the visitor, up to this one, came at the same pace.
    pub cadence: u32,
    /// The impression that its token names.
    pub impression: Option<Hashed>,
    /// The rule sets whose data centers its address belongs to.
    pub datacenter_of: Vec<u32>,
}

/// Other terms of a campaign for one of its ads.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TermsChange {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// What it says.
    pub terms: Terms,
}

/// An hour that is over in one partition of `clicks`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Watermark {
    /// A key that belongs to the receiving partition.
    pub key: String,
    /// The hour's end: what happened before and was not late has been sent.
    pub end: Time,
}

/// An ad as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Ad)]
pub struct Ad {
    /// The ad.
    pub id: String,
    /// The campaign that pays.
    pub campaign: String,
    /// Where it is shown.
    pub placement: String,
    /// Where a click leads.
    pub target: String,
    /// Over how many shards it is spread.
    pub shards: u16,
    /// The price of a click that counts, in millionths of the campaign's currency.
    pub price_micros: u64,
    /// The number of the rule set by which clicks are judged.
    pub ruleset: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// An ad that changed, for those who follow what is said.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Changed {
    /// As it is now.
    #[serde(flatten)]
    pub ad: Ad,
    /// Which of its shards.
    pub key: String,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum AdsOutcome {
    /// The ad, or its shard, was created.
    Created(Box<Ad>),
    /// It was there.
    Changed(Box<Ad>),
    /// The clicks are judged, or sent on to their shards.
    Judged,
    /// The ad has the terms.
    Agreed,
    /// The hour is noted.
    Noted,
    /// The case has begun, or had before.
    Begun,
    /// The impressions count.
    Shown,
    /// Clicks are kept so long from now on.
    Kept(Keeping),
}

/// What the machine says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum AdEvent {
    /// An ad, or a shard of it, was created or has another target.
    Defined(Box<Changed>),
    /// Clicks were judged.
    Judged(Judged),
    /// Clicks of an ad were found invalid.
    Invalidated(Invalidated),
    /// An ad's hour is closed.
    HourClosed(Box<ClosedHour>),
    /// An ad's hour is worth a look.
    Alerted(Box<Alert>),
}

/// Clicks of an ad that were found invalid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Invalidated {
    /// The case.
    pub case_id: String,
    /// The ad.
    pub ad: String,
    /// The campaign.
    pub campaign: String,
    /// How many.
    pub voided: u64,
    /// What they had cost, in millionths of the currency.
    pub credit_micros: u64,
}

/// Clicks that were judged together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Judged {
    /// In the order in which they came.
    pub clicks: Vec<JudgedClick>,
}

/// What became of a click.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct JudgedClick {
    /// Its id.
    pub click_id: String,
    /// Why it does not count; nothing for one that does.
    pub reasons: Reasons,
    /// What it costs, in millionths of the currency.
    pub price_micros: u64,
}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AdsTimer {
    /// A case goes on.
    Void {
        /// The case.
        case_id: String,
        /// Where the walk goes on, as the key stands in the store.
        from: Vec<u8>,
    },
    /// Rows that nobody needs any more go: looked for once an hour, and then in steps.
    Sweep,
    /// An hour is complete: its ads are looked at, some at a time.
    Hours {
        /// In hours since the epoch.
        hour: u32,
        /// The number of the last ad that was looked at.
        after: Option<u64>,
    },
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AdsQuery {
    /// An ad.
    Ad {
        /// Its id.
        id: String,
    },
    /// A click.
    Click {
        /// Its id.
        click_id: String,
    },
    /// Clicks in the order of their time.
    Clicks(Listing),
    /// A part of a report.
    Report(Box<ReportAsk>),
    /// What an ad's hour counts in one partition.
    Rolled {
        /// The routing key of a shard of it.
        key: String,
        /// The hour, in hours since the epoch.
        hour: u32,
        /// How many partitions every machine has.
        partitions: u32,
    },
    /// What a case has made invalid.
    Case {
        /// The case.
        case_id: String,
    },
    /// Of how many clicks a sandbox does not know whether they came from a data center.
    Unopened {
        /// A key of the partition that is meant.
        key: String,
    },
    /// How long clicks are kept.
    Keeping {
        /// A key of the partition that is meant.
        key: String,
    },
    /// A part of the sums of clicks that do not count, by every reason.
    Invalid(Box<ReportAsk>),
    /// Alerts, the latest hour first.
    Alerts(AlertsAsk),
    /// The first or the last click of a visitor that counts, where the campaign asks for it.
    Visit {
        /// The campaign.
        campaign: String,
        /// The visitor's number.
        visitor: u64,
        /// From this time on.
        from: Time,
        /// Up to this time.
        to: Time,
        /// True for the first one.
        first: bool,
    },
    /// What the present hour adds up to, of a campaign or else of an ad.
    Live {
        /// This campaign.
        campaign: Option<String>,
        /// This ad.
        ad: Option<String>,
    },
}

/// Which clicks are listed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listing {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The hour, in hours since the epoch.
    pub hour: u32,
    /// Those that count, or those that do not.
    pub valid: Option<bool>,
    /// Those with this reason.
    pub reason: Option<Reason>,
    /// Only those behind this place: milliseconds of the hour and number.
    pub after: Option<(u32, u128)>,
    /// How many at most.
    pub limit: u32,
}

/// Some clicks of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Match {
    /// Each with its place.
    pub clicks: Vec<((u32, u128), ClickView)>,
    /// Where the list goes on, if it may.
    pub next: Option<(u32, u128)>,
}

/// What an ad's hour counts in one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Rolled {
    /// Clicks in its rows.
    pub rolled_up: i64,
    /// Clicks whose id another one had.
    pub duplicates: u64,
    /// Clicks of an ad that is not known here.
    pub dead: u64,
    /// How many records of each partition of `clicks` it has received.
    pub received: Vec<u64>,
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AdsAnswer {
    /// An ad.
    Ad(Box<Ad>),
    /// A click, if this partition has it.
    Click(Option<Box<ClickView>>),
    /// Some clicks.
    Clicks(Match),
    /// A part of a report.
    Report(Box<ReportPage>),
    /// What an ad's hour counts.
    Rolled(Rolled),
    /// What a case has made invalid, if it was here.
    Case(Option<Voided>),
    /// Of how many clicks a sandbox does not know whether they came from a data center.
    Unopened(u64),
    /// How long clicks are kept.
    Keeping(Keeping),
    /// A part of the sums of clicks that do not count.
    Invalid(Box<InvalidPage>),
    /// Some alerts.
    Alerts(AlertsPage),
    /// A visitor's click, if there is one.
    Visit(Option<Visit>),
    /// What the present hour adds up to.
    Live(Box<Live>),
}

/// A click as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Click)]
pub struct ClickView {
    /// Its id.
    pub click_id: String,
    /// The ad.
    pub ad: String,
    /// The campaign that pays.
    pub campaign: String,
    /// Where it was shown.
    pub placement: String,
    /// `valid` or `invalid`.
    pub verdict: String,
    /// The first reason by precedence, if it does not count.
    pub primary: Option<Reason>,
    /// Every reason, by precedence.
    #[schema(value_type = Vec<Reason>)]
    pub reasons: Reasons,
    /// What it costs, in millionths of the campaign's currency.
    pub price_micros: u64,
    /// The number of the rule set that judged it.
    pub ruleset: u32,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// True if what was said about its time cannot be, and the log's time stands there.
    pub skewed: bool,
    /// When the log got it.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Time,
    /// Who clicked, as a hash.
    #[schema(value_type = String)]
    pub visitor: Hashed,
    /// How the visitor is known.
    pub identity: Identity,
    /// Where from; `ZZ` is nowhere that is known.
    #[schema(value_type = String)]
    pub country: Country,
    /// On what.
    pub device: Device,
    /// Its verdicts, the first one first.
    pub history: Vec<VerdictChange>,
}

/// A verdict on a click.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::VerdictChange)]
pub struct VerdictChange {
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Why the click does not count from then on; nothing where it does.
    #[schema(value_type = Vec<Reason>)]
    pub reasons: Reasons,
    /// What it costs from then on.
    pub price_micros: u64,
    /// The case that changed it.
    pub case_id: Option<String>,
}
