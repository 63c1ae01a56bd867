//! Cases: clicks that are found invalid afterwards.

use super::click::Hashed;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Clicks that were found invalid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Voiding {
    /// Names the case: the same case again changes nothing.
    pub case_id: String,
    /// Why.
    pub reason: String,
    /// Which clicks.
    pub filter: Filter,
}

/// Which clicks are meant: those that have everything that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Filter {
    /// Of this ad.
    pub ad: Option<String>,
    /// Of this campaign.
    pub campaign: Option<String>,
    /// From this /24 or /64.
    pub prefix: Option<Hashed>,
    /// From this address.
    pub address: Option<Hashed>,
    /// Of this visitor.
    pub visitor: Option<Hashed>,
    /// That happened at this time or later.
    pub from: Option<Time>,
    /// That happened before this time.
    pub to: Option<Time>,
    /// With one of these ids; none is any.
    #[serde(default, deserialize_with = "or_default")]
    pub click_ids: Vec<String>,
}

/// Clicks that were found invalid, some of them by an address: its hash is another one each day.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DaysVoiding {
    /// The case, with everything but the address.
    pub voiding: Voiding,
    /// The address or its prefix, under the key of each day that has one.
    pub days: Vec<DayHashes>,
}

/// An address, its prefix, or both, under the key of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DayHashes {
    /// The day, counted from the epoch.
    pub day: u64,
    /// The /24 or /64.
    pub prefix: Option<Hashed>,
    /// The address.
    pub address: Option<Hashed>,
}

/// What a case has made invalid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Voided)]
pub struct Voided {
    /// The case.
    pub case_id: String,
    /// So many clicks that counted do not any more.
    pub voided: u64,
    /// What they had cost, in millionths of the currency.
    pub credit_micros: u64,
    /// False while it still walks the clicks.
    pub complete: bool,
}
