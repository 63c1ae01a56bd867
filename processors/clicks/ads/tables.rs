//! The tables of the machine `clicks.ads`: ads, the clicks that count, every click, and what they add up to.

use crate::clicks::forget::Kept;
use millrace_state::table::{Table, TableDef};
use millrace_topics::clicks::{
    Ad, Alert, AlertPlace, ByReason, ClickView, Country, Counts, DayHashes, Device, Grain, Hashed, Identity, Policy,
    Reasons, Terms, VerdictChange, Voiding,
};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::time::Time;

/// An ad, or one of its shards.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AdRow {
    /// The routing key.
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
    pub shards: u16,
    /// What the campaign says.
    pub terms: Terms,
    /// Hours that end here or earlier are closed, whatever the terms say now.
    pub closed: Time,
    /// When it was created.
    pub created_at: Time,
}

impl AdRow {
    /// The ad as people see it.
    #[must_use]
    pub fn show(&self) -> Ad {
        Ad {
            id: self.ad.clone(),
            campaign: self.campaign.clone(),
            placement: self.placement.clone(),
            target: self.target.clone(),
            shards: self.shards,
            price_micros: self.terms.price_micros,
            ruleset: self.terms.ruleset,
            created_at: self.created_at,
        }
    }

    /// True if a click's hour is closed at a time of the log: its rows are not edited any more.
    #[must_use]
    pub fn is_closed(&self, click: Time, now: Time) -> bool {
        let end = Grain::Hour.begin(Grain::Hour.bucket(click) + 1);
        end <= self.closed || end.plus(u64::from(self.terms.rules.lateness_seconds) * 1000) <= now
    }
}

/// A click that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClickRow {
    /// Its id.
    pub click_id: String,
    /// When the log got it.
    pub arrived: Time,
    /// True if what was said about its time cannot be.
    pub skewed: bool,
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
    /// When it was judged first.
    pub judged: Time,
    /// Why it did not count when it was judged first; nothing if it did.
    pub reasons: Reasons,
    /// What it cost then.
    pub price_micros: u64,
    /// The number of the rule set that judged it.
    pub ruleset: u32,
    /// Later verdicts.
    pub changes: Vec<VerdictChange>,
}

impl ClickRow {
    /// Why it does not count now, and what it costs.
    #[must_use]
    pub fn now(&self) -> (Reasons, u64) {
        self.changes.last().map_or((self.reasons, self.price_micros), |last| (last.reasons, last.price_micros))
    }

    /// The click as people see it.
    #[must_use]
    pub fn show(&self, ad: &AdRow, time: Time) -> ClickView {
        let (reasons, price_micros) = self.now();
        let first =
            VerdictChange { at: self.judged, reasons: self.reasons, price_micros: self.price_micros, case_id: None };
        ClickView {
            click_id: self.click_id.clone(),
            ad: ad.ad.clone(),
            campaign: ad.campaign.clone(),
            placement: ad.placement.clone(),
            verdict: if reasons.primary().is_none() { "valid" } else { "invalid" }.to_owned(),
            primary: reasons.primary(),
            reasons,
            price_micros,
            ruleset: self.ruleset,
            time,
            skewed: self.skewed,
            received_at: self.arrived,
            visitor: self.visitor,
            identity: self.identity,
            country: self.country,
            device: self.device,
            history: [first].into_iter().chain(self.changes.iter().cloned()).collect(),
        }
    }
}

/// A case, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CaseRow {
    /// What it asks for.
    pub voiding: Voiding,
    /// An address that its clicks came from, as it stands in the clicks of each day; none if any will do.
    pub days: Option<Vec<DayHashes>>,
    /// False while it still walks the clicks.
    pub complete: bool,
    /// When it began: clicks that were judged later are none of its business.
    pub begun: Time,
}

/// (grain, bucket, number of the ad's shard, country, device).
pub type RollupKey = (u8, u32, u64, u16, u8);

/// (hour, number of the ad's shard, milliseconds of the hour, number of the click).
pub type ClickKey = (u32, u64, u32, u128);

/// Number → the ad, or its shard.
pub const ADS: Table<u64, AdRow> = Table::primary(16, "ads");

/// (hour, number of the ad's shard, visitor) → at which milliseconds of the hour clicks counted.
pub const COUNTED: Table<(u32, u64, u64), Vec<u32>> = Table::primary(17, "counted");

/// Every click.
pub const CLICKS: Table<ClickKey, ClickRow> = Table::primary(18, "clicks").cold();

/// Number of a click → where it stands in [`CLICKS`].
pub const PLACES: Table<u128, (u32, u64, u32)> = Table::primary(19, "places");

/// What clicks add up to.
pub const ROLLUP: Table<RollupKey, Counts> = Table::derived(20, "rollup");

/// What came later for hours that had been closed, with its sign.
pub const ADJUSTMENTS: Table<RollupKey, Counts> = Table::primary(21, "adjustments");

/// The visitors whose clicks count, as sketches.
pub const VISITORS: Table<RollupKey, Vec<u8>> = Table::derived(22, "visitors");

/// (hour, number of the ad's shard) → clicks whose id another one had, and clicks of an ad that is not known.
pub const UNCOUNTED: Table<(u32, u64), (u64, u64)> = Table::primary(23, "uncounted");

/// The end of an hour → how many partitions of `clicks` have not said yet that it is over.
pub const WAITING: Table<Time, u32> = Table::primary(24, "waiting");

/// Up to here hours are complete.
pub const COMPLETE: Table<(), Time> = Table::primary(25, "complete");

/// Cases, by their id.
pub const CASES: Table<String, CaseRow> = Table::primary(26, "cases");

/// (case, number of the ad's shard) → clicks that it made invalid, and what they had cost.
pub const CREDITS: Table<(String, u64), (u64, u64)> = Table::primary(28, "credits");

/// There is a timer that looks for rows whose end has come.
pub const SWEPT: Table<(), ()> = Table::primary(27, "swept");

/// An impression whose token was used → by which click.
pub const USED: Table<u64, u128> = Table::primary(29, "used");

/// What an ad may spend, in millionths of its campaign's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Spend {
    /// What its campaign has lent it.
    pub lent: i64,
    /// What its clicks cost.
    pub spent: i64,
    /// With less than this left it asks for more.
    pub low: i64,
    /// True if a click was not covered, until that is written.
    pub short: bool,
    /// True if it has asked for more.
    pub asked: bool,
    /// Since when the campaign has had nothing left to lend.
    pub exhausted_since: Option<Time>,
}

/// Up to where an ad is billed, and what came afterwards for hours before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct BilledRow {
    /// The end of the last hour that an invoice has.
    pub until: Time,
    /// Clicks that counted only afterwards; below 0 for those that do not any more.
    pub credit_clicks: i64,
    /// What these cost; below 0 for a credit.
    pub credit_micros: i64,
}

/// Number of the ad's shard → what it may spend.
pub const SPENDS: Table<u64, Spend> = Table::primary(30, "spends");

/// Number of the ad's shard → up to where it is billed.
pub const BILLED: Table<u64, BilledRow> = Table::primary(31, "billed");

/// How long clicks are kept, where it was said.
pub const KEEPING: Table<(), Kept> = Table::primary(32, "keeping");

/// What a campaign says beside its terms.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PolicyRow {
    /// The campaign.
    pub campaign: String,
    /// Its version.
    pub version: u32,
    /// What it says.
    pub policy: Policy,
}

/// Number of the ad's shard → what its campaign says beside its terms, where that is not what is usual.
pub const POLICIES: Table<u64, PolicyRow> = Table::primary(33, "policies");

/// (grain: hour or day, bucket, number of the campaign, slice of its ads) → what its clicks add up to, with what came
/// later.
pub type CampaignKey = (u8, u32, u64, u8);

/// The sums of campaigns. Each has its ads in a few slices, so that rows are the same over 1, 2, 4 and 8 partitions.
pub const CAMPAIGN_SUMS: Table<CampaignKey, Counts> = Table::derived(34, "campaign_sums");

/// (hour, number of the ad's shard) → clicks that do not count, by every reason that they have.
pub const REASONS: Table<(u32, u64), ByReason> = Table::derived(35, "reasons");

/// Alerts, by the hour that they are about.
pub const ALERTS: Table<AlertPlace, Alert> = Table::primary(36, "alerts");

/// Number of the ad's shard → hours before this time are closed, and their sums have been said.
pub const TOLD: Table<u64, Time> = Table::primary(37, "told");

/// (number of the campaign, visitor, time, number of a click that counts) → number of the ad's shard; of campaigns whose
/// conversions belong to a visitor's first or last click.
pub const VISITS: Table<(u64, u64, Time, u128), u64> = Table::primary(38, "visits");

/// (number of a click, order that it led to) → what that is worth, in millionths of the currency.
pub const CONVERSIONS: Table<(u128, String), u64> = Table::primary(39, "conversions");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![
        ADS.def(),
        COUNTED.def(),
        CLICKS.def(),
        PLACES.def(),
        ROLLUP.def(),
        ADJUSTMENTS.def(),
        VISITORS.def(),
        UNCOUNTED.def(),
        WAITING.def(),
        COMPLETE.def(),
        CASES.def(),
        SWEPT.def(),
        CREDITS.def(),
        USED.def(),
        SPENDS.def(),
        BILLED.def(),
        KEEPING.def(),
        POLICIES.def(),
        CAMPAIGN_SUMS.def(),
        REASONS.def(),
        ALERTS.def(),
        TOLD.def(),
        VISITS.def(),
        CONVERSIONS.def(),
    ]
}
