//! Conversions: what a click led to, an order most often, once for each order of a campaign.

use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A conversion, with the click that it belongs to by the campaign's rule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Conversion {
    /// The campaign.
    pub campaign: String,
    /// Names the order in the campaign: the same again is the same order.
    pub order_id: String,
    /// The click that was named.
    pub named: String,
    /// The click that it belongs to.
    pub click_id: String,
    /// The routing key of the shard of the ad where that was judged.
    pub key: String,
    /// What the order is worth, in millionths of the campaign's currency.
    pub value_micros: u64,
    /// When it happened, if who reports it says so.
    pub time: Option<Time>,
}

/// A conversion on its way to the ad of its click.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Attributing {
    /// The routing key of the ad's shard.
    pub key: String,
    /// The campaign.
    pub campaign: String,
    /// The order.
    pub order_id: String,
    /// The click.
    pub click_id: String,
    /// What the order is worth, in millionths of the currency.
    pub value_micros: u64,
    /// When it happened.
    pub time: Time,
    /// A click longer ago than this is no reason for it.
    pub look_back_seconds: u32,
}

/// What became of a conversion at the ad of its click.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Attributed {
    /// The campaign.
    pub campaign: String,
    /// The order.
    pub order_id: String,
    /// What became of it.
    pub status: OrderStatus,
}

/// What became of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::OrderStatus)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// It is on its way to the ad.
    Pending,
    /// It counts for its click.
    Attributed,
    /// Its click is not there, or not kept any more.
    UnknownClick,
    /// Its click does not count, or does not any more.
    InvalidClick,
    /// Its click comes after it, or is longer ago than the campaign looks back.
    OutsideLookBack,
}

/// An order of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = clicks::Order)]
pub struct Order {
    /// The campaign.
    pub campaign: String,
    /// The order.
    pub order_id: String,
    /// The click that was named.
    pub named: String,
    /// The click that it belongs to by the campaign's rule.
    pub click_id: String,
    /// What it is worth, in millionths of the campaign's currency.
    pub value_micros: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// What became of it.
    pub status: OrderStatus,
}

/// A click of a visitor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Visit {
    /// When it happened.
    pub time: Time,
    /// The click.
    pub click_id: String,
    /// The routing key of the shard of the ad where it was judged.
    pub key: String,
}
