//! What a campaign says beside its terms: how conversions are attributed, how its budget is spread over time, and what
//! its people are told of.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One in millionths.
pub const MILLION: u32 = 1_000_000;

/// What a campaign says beside its terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Policy)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Which click a conversion belongs to.
    #[serde(deserialize_with = "or_default")]
    pub attribution: Attribution,
    /// How the budget is spread over time.
    #[serde(deserialize_with = "or_default")]
    pub pacing: Pacing,
    /// When an ad's hour is worth an alert.
    #[serde(deserialize_with = "or_default")]
    pub alerts: Alerts,
}

/// Which click a conversion belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Attribution)]
#[serde(default, deny_unknown_fields)]
pub struct Attribution {
    /// By which rule.
    pub model: Model,
    /// A click longer ago than this is no reason for a conversion.
    pub look_back_seconds: u32,
}

impl Default for Attribution {
    fn default() -> Self {
        Self { model: Model::Click, look_back_seconds: 30 * 86_400 }
    }
}

/// By which rule a conversion finds its click.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Model)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The click that it names.
    #[default]
    Click,
    /// The visitor's first click of the campaign that counts, within the look-back.
    FirstClick,
    /// The visitor's last one.
    LastClick,
}

/// How a budget is spread over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Pacing)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// It is spent as clicks come.
    #[default]
    Asap,
    /// Between `starts_at` and `ends_at` no more of it is spent than the share of that time that is over, and a tenth of
    /// an hour.
    Even,
}

/// When an ad's hour is worth an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Alerts)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Hours with fewer clicks are never.
    pub min_clicks: u32,
    /// More clicks that count for each impression than this, in millionths.
    pub ctr_millionths: u32,
    /// A share of clicks that do not count that is higher by more than this, in millionths, than over the 24 hours
    /// before.
    pub invalid_rise_millionths: u32,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { min_clicks: 100, ctr_millionths: MILLION, invalid_rise_millionths: 300_000 }
    }
}
