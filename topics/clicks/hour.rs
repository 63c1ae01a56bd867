//! What is said of an ad's hour when it is over, and what is worth an alert.

use super::reason::{REASONS, Reason};
use super::report::Counts;
use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// An ad's hour, or one of a shard of it, that is closed: what comes later is an adjustment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ClosedHour {
    /// The ad.
    pub ad: String,
    /// Which of its shards.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// When the hour began.
    pub hour: Time,
    /// All clicks.
    pub gross: i64,
    /// Those that count.
    pub valid: i64,
    /// Those that do not.
    pub invalid: i64,
    /// Those that do not, by primary reason.
    pub reasons: ByReason,
    /// What those that count cost, in millionths of the currency.
    pub cost_micros: i64,
    /// How often the ad was shown.
    pub impressions: i64,
}

impl ClosedHour {
    /// What an ad's hour adds up to.
    #[must_use]
    pub fn new(ad: String, key: String, campaign: String, hour: Time, counts: &Counts) -> Self {
        let Counts { gross, valid, micros: cost_micros, invalid: reasons, impressions, .. } = *counts;
        let (invalid, reasons) = (counts.invalid_sum(), ByReason(reasons));
        Self { ad, key, campaign, hour, gross, valid, invalid, reasons, cost_micros, impressions }
    }
}

/// Counts by reason, as JSON only those that are not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ByReason(pub [i64; REASONS]);

impl ByReason {
    /// Each reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, i64)> {
        Reason::ALL.into_iter().map(|reason| (reason, self.0[reason as usize])).filter(|(_, count)| *count != 0)
    }
}

impl Serialize for ByReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (reason, count) in self.iter() {
            map.serialize_entry(reason.name(), &count)?;
        }
        map.end()
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::AlertKind)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// More clicks that count for each impression than can be.
    Ctr,
    /// The share of clicks that do not count rose suddenly.
    InvalidShare,
}

/// An ad's hour that is worth a look. A shard of a spread ad speaks for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Alert)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// The ad.
    pub ad: String,
    /// Which of its shards.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// When the hour began.
    #[schema(value_type = String, format = DateTime)]
    pub hour: Time,
    /// What was found, in millionths.
    pub found_millionths: i64,
    /// What it should not be above, in millionths.
    pub limit_millionths: i64,
    /// All clicks of the hour.
    pub gross: i64,
    /// Those that count.
    pub valid: i64,
    /// How often the ad was shown.
    pub impressions: i64,
}

/// Where an alert stands: hour, number of the ad's shard, kind.
pub type AlertPlace = (u32, u64, u8);

/// Which alerts are listed, the latest hour first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct AlertsAsk {
    /// Of this hour on, in hours since the epoch.
    pub from: u32,
    /// Before this hour.
    pub to: u32,
    /// Only of this ad.
    pub ad: Option<String>,
    /// Only of this campaign.
    pub campaign: Option<String>,
    /// Only those behind this place.
    pub after: Option<AlertPlace>,
    /// How many at most.
    pub limit: u32,
}

/// Some alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct AlertsPage {
    /// Each with its place.
    pub alerts: Vec<(AlertPlace, Alert)>,
    /// Where the list goes on, if it may.
    pub next: Option<AlertPlace>,
}

/// Some sums of an hour's clicks that do not count, by every reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct InvalidPage {
    /// By what is told apart; the same group may come again in the next part.
    pub groups: Vec<(super::report::GroupKey, ByReason)>,
    /// Where the walk goes on, if it does: a key as it stands in the store.
    pub next: Option<Vec<u8>>,
}
