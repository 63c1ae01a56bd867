//! The contract of clicks: three machines on the way of a click from its log record to the bill.
//!
//! `clicks` sees a click first, under the prefix of its address: it drops what it has seen and gathers what speaks
//! against a click. `clicks.ads` judges it under its ad, prices it and counts it. `clicks.campaigns` knows what a
//! campaign pays and by which rules.
//!
//! Outcomes, events and answers are untagged as JSON, as those of leaderboards are.

mod ads;
mod campaign;
mod case;
mod click;
mod conversion;
mod hour;
mod policy;
mod reason;
mod rejection;
mod report;

pub use ads::{
    Ad, AdDefinition, AdEvent, AdsAnswer, AdsCommand, AdsOutcome, AdsQuery, AdsTimer, Billing, Changed, ClickView,
    Evidence, Grant, Impression, Invalidated, Judged, JudgedClick, Listing, Match, PolicyChange, Recall, Rolled,
    SealedSeen, Seen, Showing, TermsChange, VerdictChange, Watermark,
};
pub use campaign::{
    Adoption, Bill, Billed, Campaign, CampaignDefinition, CampaignEvent, CampaignPlan, CampaignsAnswer,
    CampaignsCommand, CampaignsOutcome, CampaignsQuery, CampaignsTimer, Closing, Invoice, NewRules, Registered,
    Registration, Return, RuleSet, Rules, Terms, Want,
};
pub use case::{DayHashes, DaysVoiding, Filter, Voided, Voiding};
pub use click::{
    Answer, Batch, CLICK_ID_LIMIT, Click, Command, Country, Device, Event, Hashed, Identity, Keeping, Marks, Opening,
    Outcome, Query, Raw, RawHour, Sealed, SealedBatch, Taken, Timer, USER_AGENT_LIMIT,
};
pub use conversion::{Attributed, Attributing, Conversion, Order, OrderStatus, Visit};
pub use hour::{Alert, AlertKind, AlertPlace, AlertsAsk, AlertsPage, ByReason, ClosedHour, InvalidPage};
pub use policy::{Alerts, Attribution, MILLION, Model, Pacing, Policy};
pub use reason::{REASONS, Reason, Reasons};
pub use rejection::Rejection;
pub use report::{Counts, Dimension, Grain, Group, GroupKey, Live, ReportAsk, ReportPage, Version};

use crate::contract::Contract;

/// The machine `clicks`. Its key is the keyed hash of a click's address prefix, under the key of its day.
pub enum Clicks {}

/// The machine `clicks.ads`. Its key is the ad's id, or that of one of its shards: `banner1#3`.
pub enum ClicksAds {}

/// The machine `clicks.campaigns`. Its key is the campaign's id; rule sets have the key [`RULE_SETS`].
pub enum ClicksCampaigns {}

/// The routing key of rule sets: no campaign has such an id.
pub const RULE_SETS: &str = "#rulesets";

/// The routing key of a shard of an ad: the ad's own id where it has one shard.
#[must_use]
pub fn shard_key(ad: &str, shards: u16, shard: u16) -> String {
    if shards <= 1 { ad.to_owned() } else { format!("{ad}#{shard}") }
}

/// The number by which rows name a shard of an ad, from its routing key.
#[must_use]
pub fn ad_number(shard_key: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(shard_key.as_bytes())
}

/// The number by which rows name a click, from its id.
#[must_use]
pub fn click_number(click_id: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(click_id.as_bytes())
}

impl Contract for Clicks {
    const MACHINE: &'static str = "clicks";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Event;
    type Query = Query;
    type Answer = Answer;
    type Timer = Timer;

    fn key(command: &Command) -> Option<&[u8]> {
        match command {
            Command::Click(click) => Some(&click.prefix.0),
            Command::Clicks(batch) => batch.clicks.first().map(|click| click.prefix.0.as_slice()),
            Command::Sealed(batch) => batch.clicks.first().map(|click| click.prefix.0.as_slice()),
            Command::Open(opening) => Some(opening.key.as_bytes()),
            Command::Keep(_) => None,
        }
    }

    fn event_type(event: &Event) -> &'static str {
        match *event {}
    }
}

impl Contract for ClicksAds {
    const MACHINE: &'static str = "clicks.ads";
    const SCHEMA: u16 = 1;
    type Command = AdsCommand;
    type Outcome = AdsOutcome;
    type Rejection = Rejection;
    type Event = AdEvent;
    type Query = AdsQuery;
    type Answer = AdsAnswer;
    type Timer = AdsTimer;

    fn key(command: &AdsCommand) -> Option<&[u8]> {
        match command {
            AdsCommand::Define(definition) => Some(definition.key.as_bytes()),
            AdsCommand::Seen(seen) => Some(seen.key.as_bytes()),
            AdsCommand::Sealed(seen) => Some(seen.key.as_bytes()),
            AdsCommand::Terms(change) => Some(change.key.as_bytes()),
            AdsCommand::Watermark(mark) => Some(mark.key.as_bytes()),
            AdsCommand::Show(showing) => Some(showing.key.as_bytes()),
            AdsCommand::Grant(grant) => Some(grant.key.as_bytes()),
            AdsCommand::Recall(recall) => Some(recall.key.as_bytes()),
            AdsCommand::Bill(billing) => Some(billing.key.as_bytes()),
            AdsCommand::Policy(change) => Some(change.key.as_bytes()),
            AdsCommand::Attribute(asked) => Some(asked.key.as_bytes()),
            AdsCommand::Void(_) | AdsCommand::VoidByDays(_) | AdsCommand::Keep(_) => None,
        }
    }

    fn event_type(event: &AdEvent) -> &'static str {
        match event {
            AdEvent::Defined(_) => "AdDefined",
            AdEvent::Judged(_) => "ClicksJudged",
            AdEvent::Invalidated(_) => "ClicksInvalidated",
            AdEvent::HourClosed(_) => "HourClosed",
            AdEvent::Alerted(_) => "AlertRaised",
        }
    }
}

impl Contract for ClicksCampaigns {
    const MACHINE: &'static str = "clicks.campaigns";
    const SCHEMA: u16 = 1;
    type Command = CampaignsCommand;
    type Outcome = CampaignsOutcome;
    type Rejection = Rejection;
    type Event = CampaignEvent;
    type Query = CampaignsQuery;
    type Answer = CampaignsAnswer;
    type Timer = CampaignsTimer;

    fn key(command: &CampaignsCommand) -> Option<&[u8]> {
        let key = match command {
            CampaignsCommand::Adopt(adoption) => return adoption.campaign.as_deref().map(str::as_bytes),
            CampaignsCommand::Define(definition) => &definition.id,
            CampaignsCommand::Plan(plan) => &plan.definition.id,
            CampaignsCommand::Convert(conversion) => &conversion.campaign,
            CampaignsCommand::Attributed(attributed) => &attributed.campaign,
            CampaignsCommand::Register(registration) => &registration.campaign,
            CampaignsCommand::Publish(_) => RULE_SETS,
            CampaignsCommand::Want(want) => &want.campaign,
            CampaignsCommand::Return(back) => &back.campaign,
            CampaignsCommand::CloseInvoice(closing) => &closing.campaign,
            CampaignsCommand::Billed(billed) => &billed.campaign,
        };
        Some(key.as_bytes())
    }

    fn event_type(event: &CampaignEvent) -> &'static str {
        match event {
            CampaignEvent::Changed(_) => "CampaignChanged",
            CampaignEvent::Published(_) => "RulesetPublished",
            CampaignEvent::Invoiced(_) => "InvoiceClosed",
            CampaignEvent::Converted(_) => "ConversionReported",
        }
    }
}
