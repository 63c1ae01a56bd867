//! Ways of sending: what they cost, and which one a cart has chosen. And what is bought again of an old order.

use crate::carts::cart::{Offer, On};
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::money::{Currency, Money};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The routing key of all ways of sending: they are few, and listed together.
pub const SHIPPING_KEY: &str = "shipping-options";

/// A way of sending as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ShippingDefinition {
    /// Its id.
    pub option: String,
    /// What people call it.
    pub label: String,
    /// What it costs, in each currency at most once; without any it is not offered any more.
    #[serde(default, deserialize_with = "or_default")]
    pub prices: Vec<Money>,
}

/// A way of sending as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::ShippingOption)]
pub struct ShippingOption {
    /// Its id.
    pub option: String,
    /// What people call it.
    pub label: String,
    /// What it costs: carts of other currencies cannot have it.
    pub prices: Vec<Money>,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

impl ShippingOption {
    /// What it costs in a currency, in minor units.
    #[must_use]
    pub fn price_in(&self, currency: Currency) -> Option<u64> {
        self.prices.iter().find(|price| price.currency == currency).map(|price| price.amount)
    }
}

/// A way of sending that a cart's buyer chooses.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Ship {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The way, found out by the route.
    pub option: ShippingOption,
}

/// What is bought again of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reorder {
    /// The cart that it goes into.
    #[serde(flatten)]
    pub on: On,
    /// The order.
    pub order: String,
    /// Its lines.
    pub lines: Vec<Again>,
}

/// A line that is bought again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Again {
    /// The SKU.
    pub sku: String,
    /// What it is sold as now; none if it is not sold any more.
    pub offer: Option<Offer>,
    /// How many.
    pub quantity: u32,
    /// As which variant, by name.
    pub options: Vec<(String, String)>,
}

/// What a stock item tells the carts of a partition that have it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Notice {
    /// A routing key of the partition.
    pub key: String,
    /// The SKU.
    pub sku: String,
    /// What has happened to it.
    pub news: News,
}

/// What has happened to a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It costs less.
    PriceDropped(Money),
    /// There were none, and so many are there again.
    BackInStock(u32),
}
