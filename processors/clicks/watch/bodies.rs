//! What these paths take and give as JSON.

use crate::clicks::bodies::by_reason;
use millrace_topics::clicks::{Alert, Counts, Grain, GroupKey, Live, Reason};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// What is followed: an ad or a campaign.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichLive {
    /// This campaign.
    pub campaign: Option<String>,
    /// This ad.
    pub ad: Option<String>,
}

/// The events `snapshot` and `change`: what the present hour adds up to, and of a campaign the present day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = clicks::Live)]
pub struct LiveBody {
    /// The present hour.
    pub hour: LiveSum,
    /// The present day, by UTC: of a campaign only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<LiveSum>,
}

/// What clicks add up to so far.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = clicks::LiveSum)]
pub struct LiveSum {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// All clicks.
    pub gross: i64,
    /// Those that count.
    pub valid: i64,
    /// Those that do not.
    pub invalid: i64,
    /// Those that do not, by their first reason.
    pub reasons: BTreeMap<&'static str, i64>,
    /// What those that count cost, in millionths of the currency.
    pub cost_micros: i64,
    /// How often ads were shown.
    pub impressions: i64,
}

impl LiveBody {
    /// What is shown of an answer.
    #[must_use]
    pub fn new(live: &Live) -> Self {
        let hour = Grain::Hour.begin(live.hour);
        let day = Grain::Day.begin(Grain::Day.bucket(hour));
        Self { hour: LiveSum::new(hour, &live.of_hour), day: live.of_day.as_ref().map(|sum| LiveSum::new(day, sum)) }
    }
}

impl LiveSum {
    fn new(time: Time, counts: &Counts) -> Self {
        let Counts { gross, valid, micros: cost_micros, impressions, .. } = *counts;
        let (invalid, reasons) = (counts.invalid_sum(), by_reason(counts));
        Self { time, gross, valid, invalid, reasons, cost_micros, impressions }
    }
}

/// Which clicks that do not count are added up.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichInvalid {
    /// From this time on: a whole hour.
    #[param(value_type = String, format = DateTime)]
    pub from: Time,
    /// Before this time: a whole hour.
    #[param(value_type = String, format = DateTime)]
    pub to: Time,
    /// What is told apart: of reason, campaign, ad and placement, separated by commas; `reason` unless said.
    pub group_by: Option<String>,
    /// Only this ad.
    pub ad: Option<String>,
    /// Only this campaign.
    pub campaign: Option<String>,
    /// How many rows at most, 1 to 1,000: 1,000 unless said.
    pub limit: Option<u32>,
    /// Where an earlier page of the same list ended.
    pub cursor: Option<String>,
}

/// Clicks that do not count, added up.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::InvalidReport)]
pub struct InvalidBody {
    /// Up to here nothing is missing that was not late; null before the first hour is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub complete_until: Option<Time>,
    /// The rows, by what is told apart.
    pub rows: Vec<InvalidRow>,
    /// Where the next page begins, if there is one.
    pub cursor: Option<String>,
}

/// Clicks of a group that do not count.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::InvalidRow)]
pub struct InvalidRow {
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    /// The ad.
    #[serde(skip_serializing_if = "Option::is_none")]
    ad: Option<String>,
    /// Where the ad is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    placement: Option<String>,
    /// Why they do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Clicks that have this as their first reason, or any where reasons are not told apart: these add up.
    primary: i64,
    /// Clicks that have this among their reasons; absent where reasons are not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<i64>,
}

impl InvalidRow {
    /// A row of one reason, or of all.
    #[must_use]
    pub fn new(key: GroupKey, reason: Option<Reason>, primary: i64, any: i64) -> Self {
        let GroupKey { campaign, ad, placement, .. } = key;
        Self { campaign, ad, placement, reason, primary, any: reason.map(|_| any) }
    }
}

/// Which alerts are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichAlerts {
    /// Of this hour or later; all that are kept unless said.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    /// Of hours before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Time>,
    /// Only of this ad.
    pub ad: Option<String>,
    /// Only of this campaign.
    pub campaign: Option<String>,
    /// How many at most, 1 to 1,000: 100 unless said.
    pub limit: Option<u32>,
    /// Where an earlier page of the same list ended.
    pub cursor: Option<String>,
}

/// Alerts, the latest hour first.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::AlertList)]
pub struct AlertsBody {
    /// The alerts; a page may have fewer than asked for, and still a next one.
    pub alerts: Vec<Alert>,
    /// Where the next page begins, if there may be one.
    pub cursor: Option<String>,
}
