//! Promotions: what a code takes off, how often, for whom, and how much of its budget is left.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::money::Currency;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PromoCommand {
    /// Creates a promotion, or gives it other terms from now on.
    Define(Box<PromoDefinition>),
    /// A cart that is checked out asks for a use: sent by `carts`.
    #[serde(skip_deserializing)]
    Reserve(Use),
    /// A cart gives a use back, or may have one: sent by `carts`.
    #[serde(skip_deserializing)]
    Release(CodeHold),
    /// What a cart reserved is used: sent by `carts`.
    #[serde(skip_deserializing)]
    Commit(CodeHold),
}

/// What a code takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::Discount)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PromoKind {
    /// A part of what the lines cost.
    Percent {
        /// In hundredths of a percent: 1 to 10,000.
        basis_points: u32,
    },
    /// An amount, at most what the lines cost.
    Fixed {
        /// In minor units.
        amount: u64,
        /// Of this currency: other carts cannot have it.
        #[schema(value_type = String)]
        currency: Currency,
    },
    /// Of so many and so many units the cheapest are free.
    BuyGet {
        /// So many are paid.
        buy: u32,
        /// For so many that are not.
        get: u32,
    },
}

/// What a cart must know of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PromoTerms {
    /// The code.
    pub code: String,
    /// Rises with each change of the terms.
    #[serde(default, deserialize_with = "or_default")]
    pub version: u32,
    /// What it takes off.
    pub discount: PromoKind,
    /// The SKUs that it is for; empty is all.
    #[serde(default, deserialize_with = "or_default")]
    pub skus: Vec<String>,
    /// Of several, the lower one counts first, each on what the ones before have left.
    #[serde(default, deserialize_with = "or_default")]
    pub priority: u32,
    /// False if a cart with it can have no other.
    #[serde(default, deserialize_with = "or_default")]
    pub stackable: bool,
}

/// A promotion as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PromoDefinition {
    /// What a cart must know; its version is not looked at.
    #[serde(flatten)]
    pub terms: PromoTerms,
    /// The most orders with it.
    pub max_uses: Option<u32>,
    /// The most orders with it of one customer: others cannot use it.
    pub max_uses_per_customer: Option<u32>,
    /// The most that it takes off all orders together, in minor units.
    pub budget: Option<u64>,
    /// It counts from then on.
    pub starts_at: Option<Time>,
    /// It does not count any more from then on.
    pub ends_at: Option<Time>,
}

/// A use that a cart asks for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Use {
    /// The code.
    pub code: String,
    /// The cart.
    pub cart: String,
    /// Which of the cart's checkouts it is for.
    pub attempt: u32,
    /// The customer, if the cart has one.
    pub customer: Option<String>,
    /// The version of the terms that the cart has.
    pub version: u32,
    /// How much it takes off.
    pub amount: u64,
}

/// A use that a cart holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CodeHold {
    /// The code.
    pub code: String,
    /// The cart.
    pub cart: String,
    /// Which of the cart's checkouts it was for.
    pub attempt: u32,
}

/// A promotion as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Promotion)]
pub struct Promotion {
    /// The code.
    pub code: String,
    /// Rises with each change of the terms.
    pub version: u32,
    /// What it takes off.
    pub discount: PromoKind,
    /// The SKUs that it is for; empty is all.
    pub skus: Vec<String>,
    /// Of several, the lower one counts first.
    pub priority: u32,
    /// False if a cart with it can have no other.
    pub stackable: bool,
    /// The most orders with it.
    pub max_uses: Option<u32>,
    /// The most orders with it of one customer.
    pub max_uses_per_customer: Option<u32>,
    /// The most that it takes off all orders together, in minor units.
    pub budget: Option<u64>,
    /// It counts from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Time>,
    /// It does not count any more from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Time>,
    /// How many carts hold a use that are being checked out.
    pub reserved: u32,
    /// How many orders have it.
    pub used: u32,
    /// What these take off together, in minor units, with what is reserved.
    pub spent: u64,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum PromoOutcome {
    /// The promotion was created.
    Created(Box<Promotion>),
    /// The promotion was there, and is so now.
    Changed(Box<Promotion>),
    /// A cart's question is answered over the log.
    Noted,
}

/// What the machine says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum PromoEvent {
    /// A promotion was created, or is otherwise now.
    Changed(Box<Promotion>),
    /// An order has used it.
    Used(CodeHold),
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PromoQuery {
    /// A promotion.
    Promotion {
        /// Its code.
        code: String,
    },
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PromoAnswer {
    /// A promotion.
    Promotion(Box<Promotion>),
}
