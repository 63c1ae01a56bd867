//! Stock: what there is of an item, what carts have reserved of it and what orders have committed.

use crate::carts::shipping::{ShippingDefinition, ShippingOption};
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::money::{Currency, Money};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StockCommand {
    /// Creates a SKU, or gives it another price, title or stock.
    Define(Box<SkuDefinition>),
    /// Changes how many there are by a difference.
    Adjust(Adjustment),
    /// A cart that is checked out asks for stock: sent by `carts`.
    #[serde(skip_deserializing)]
    Reserve(Reserve),
    /// A cart gives back what it reserved, or may have: sent by `carts`.
    #[serde(skip_deserializing)]
    Release(Hold),
    /// What a cart reserved is sold: sent by `carts`.
    #[serde(skip_deserializing)]
    Commit(Hold),
    /// A cart asks for stock, and stands in line where there is none: sent by `carts`.
    #[serde(skip_deserializing)]
    Queue(Reserve),
    /// Creates a way of sending, or gives it other prices.
    DefineShipping(ShippingDefinition),
    /// Creates a SKU, or gives it other terms: prices in several currencies and limits beside what `Define` says.
    DefineTerms(Box<SkuTerms>),
    /// Creates a SKU, or gives it other terms, with when it is reserved.
    DefineSku(Box<SkuPolicy>),
    /// A cart that is not checked out asks for as many as there are, up to a number: sent by `carts`.
    #[serde(skip_deserializing)]
    HoldUpTo(HoldUpTo),
    /// The same as `Reserve`, in the place of what the cart holds already, and whenever the SKU is reserved: sent by
    /// `carts`.
    #[serde(skip_deserializing)]
    Take(Reserve),
}

/// A SKU as it is to be. One with parts is a bundle: it has no stock of its own, but that of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SkuDefinition {
    /// Its id.
    pub sku: String,
    /// How many there are, with those that are reserved and committed: as many as before unless said.
    pub on_hand: Option<u32>,
    /// What one costs.
    pub price: Money,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// The most of it in one line of a cart.
    pub max_per_line: Option<u32>,
    /// What a bundle consists of.
    #[serde(default, deserialize_with = "or_default")]
    pub parts: Vec<BundlePart>,
}

/// A SKU as it is to be, with what is said of it beside.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SkuTerms {
    /// The SKU.
    #[serde(flatten)]
    pub definition: SkuDefinition,
    /// What one costs in other currencies, in each at most once.
    #[serde(default, deserialize_with = "or_default")]
    pub prices: Vec<Money>,
    /// The fewest of it in a cart that is checked out, all its lines together.
    pub min_per_cart: Option<u32>,
    /// The most of it that one customer reserves and buys: carts without one cannot have it.
    pub max_per_customer: Option<u32>,
}

impl From<SkuDefinition> for SkuTerms {
    fn from(definition: SkuDefinition) -> Self {
        Self { definition, prices: Vec::new(), min_per_cart: None, max_per_customer: None }
    }
}

/// A SKU as it is to be, with when it is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SkuPolicy {
    /// The SKU.
    #[serde(flatten)]
    pub terms: SkuTerms,
    /// When it is reserved.
    #[serde(default, deserialize_with = "or_default")]
    pub reserve: ReserveAt,
}

impl From<SkuTerms> for SkuPolicy {
    fn from(terms: SkuTerms) -> Self {
        Self { terms, reserve: ReserveAt::Checkout }
    }
}

/// When a SKU is reserved for a cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::ReserveAt)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum ReserveAt {
    /// When the cart is checked out, until the checkout's time is over.
    #[default]
    Checkout,
    /// When it is put into the cart, for so long; and by the checkout after that.
    Add {
        /// For how many seconds.
        seconds: u32,
    },
    /// Not before the order is placed: the checkout only sees whether there are enough.
    Order,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::BundlePart)]
#[serde(deny_unknown_fields)]
pub struct BundlePart {
    /// The stock item.
    pub sku: String,
    /// How many of it are in one bundle.
    pub quantity: u32,
}

/// A change of how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Adjustment {
    /// The SKU.
    pub sku: String,
    /// So many more are there; below 0: fewer.
    #[serde(default, deserialize_with = "or_default")]
    pub delta: i64,
    /// So many of the committed have left the house.
    #[serde(default, deserialize_with = "or_default")]
    pub shipped: u32,
}

/// What a cart asks of one stock item, for all its lines together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Reserve {
    /// The stock item.
    pub sku: String,
    /// The cart.
    pub cart: String,
    /// Which of the cart's checkouts it is for.
    pub attempt: u32,
    /// How many; 0 for a bundle, of which only the price is asked.
    pub quantity: u32,
    /// The price that the cart has, if it sells this SKU itself: it must be the one that holds.
    pub price: Option<Money>,
}

/// What a cart that is not checked out would like to hold of one stock item, for all its lines together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldUpTo {
    /// The stock item.
    pub sku: String,
    /// The cart.
    pub cart: String,
    /// Which of the cart's attempts it is: it takes the place of earlier ones.
    pub attempt: u32,
    /// How many; fewer where there are fewer.
    pub quantity: u32,
    /// A cart whose lines this one has now, with what it holds.
    pub from: Option<String>,
}

/// What a cart holds of one stock item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Hold {
    /// The stock item.
    pub sku: String,
    /// The cart.
    pub cart: String,
    /// Which of the cart's checkouts it was for.
    pub attempt: u32,
}

/// A SKU as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Sku)]
pub struct Sku {
    /// Its id.
    pub sku: String,
    /// What people call it.
    pub title: String,
    /// What one costs.
    pub price: Money,
    /// What one costs in other currencies: a cart takes the price of its own.
    pub prices: Vec<Money>,
    /// The most of it in one line of a cart; null is no limit of its own.
    pub max_per_line: Option<u32>,
    /// The fewest of it in a cart that is checked out; null is no limit of its own.
    pub min_per_cart: Option<u32>,
    /// The most of it that one customer reserves and buys: carts without one cannot have it. Null is no such limit.
    pub max_per_customer: Option<u32>,
    /// What a bundle consists of; empty for what is no bundle.
    pub parts: Vec<BundlePart>,
    /// When it is reserved.
    pub reserve: ReserveAt,
    /// What there is of it: null for a bundle, which has the stock of its parts.
    pub stock: Option<Availability>,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

impl Sku {
    /// What one costs in a currency.
    #[must_use]
    pub fn price_in(&self, currency: Currency) -> Option<Money> {
        std::iter::once(&self.price).chain(&self.prices).find(|price| price.currency == currency).copied()
    }
}

/// What there is of a stock item: `on_hand` is the sum of the other three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Availability)]
pub struct Availability {
    /// How many are in the house.
    pub on_hand: u32,
    /// How many can be reserved.
    pub available: u32,
    /// How many are held by carts.
    pub reserved: u32,
    /// How many are sold and still in the house.
    pub committed: u32,
    /// How many carts stand in line for some: whoever comes now stands behind them.
    pub waiting: u32,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum StockOutcome {
    /// The SKU was created.
    Created(Box<Sku>),
    /// The SKU was there, and is so now.
    Changed(Box<Sku>),
    /// A cart's question is answered over the log.
    Noted,
    /// The way of sending was created.
    ShippingCreated(Box<ShippingOption>),
    /// The way of sending was there, and is so now.
    Shipping(Box<ShippingOption>),
}

/// What the machine says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum StockEvent {
    /// A SKU was created, or is otherwise now.
    Changed(Box<Sku>),
    /// A cart has reserved some of an item.
    Reserved(Held),
    /// A cart was refused some of an item.
    Refused(Held),
    /// A cart has given some of an item back.
    Released(Held),
    /// Some of an item are sold.
    Committed(Held),
    /// A cart stands in line for some of an item.
    Queued(Held),
    /// A way of sending was created, or is otherwise now.
    ShippingChanged(Box<ShippingOption>),
}

/// What a cart did with an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Held {
    /// The stock item.
    pub sku: String,
    /// The cart.
    pub cart: String,
    /// How many.
    pub quantity: u32,
    /// How many can be reserved afterwards.
    pub available: u32,
}

/// A timer that the machine sets for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StockTimer {
    /// Others have had their turn: the line goes on.
    Serve {
        /// The item.
        sku: String,
    },
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StockQuery {
    /// A SKU.
    Sku {
        /// Its id.
        sku: String,
    },
    /// How many can be reserved of these stock items.
    Available {
        /// The items.
        skus: Vec<String>,
    },
    /// All ways of sending.
    Shipping,
    /// SKUs by id: the first ones behind this one.
    Skus {
        /// The last one that is known.
        after: Option<String>,
        /// How many at most.
        limit: u32,
    },
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StockAnswer {
    /// A SKU.
    Sku(Box<Sku>),
    /// Of each item that this partition has, how many can be reserved.
    Available(Vec<(String, u32)>),
    /// The ways of sending, by id.
    Shipping(Vec<ShippingOption>),
    /// SKUs, by id.
    Skus(Vec<Sku>),
}
