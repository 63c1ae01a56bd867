//! What may be asked of an event.

use crate::carts::TokenHash;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::tickets::plan::EventPlan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Puts an event on sale.
    Publish(Box<EventPlan>),
    /// Holds places for a while: all that are asked for, or none.
    Hold(Box<Holding>),
    /// Gives a hold its time once more, from now on.
    Extend(OnHold),
    /// Gives what is held back.
    Release(OnHold),
    /// Makes an order of a hold.
    Order(Buying),
    /// What a payment provider says.
    Pay(Paying),
    /// Takes an order back, with everything that it counted for.
    Cancel(OnOrder),
}

/// Places that are to be held.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Holding {
    /// The event.
    pub event: String,
    /// Who they are for.
    pub buyer: String,
    /// The hash of the token that the hold can be used with.
    pub token: TokenHash,
    /// The hold of this token that they are added to; a new one if none.
    pub into: Option<u32>,
    /// These seats, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub seats: Vec<String>,
    /// The best that there are.
    pub best: Option<Best>,
    /// Places without seats.
    #[serde(default, deserialize_with = "or_default")]
    pub areas: Vec<Area>,
}

/// What "the best" means to a buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Best)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// How many seats.
    pub number: u32,
    /// Only of this category.
    pub category: Option<String>,
    /// Only in this section.
    pub section: Option<String>,
    /// How many of them are for wheelchairs. Such seats, and those beside them for companions, are given to nobody else.
    #[serde(default, deserialize_with = "or_default")]
    pub accessible: u32,
    /// True if seats will do from which not all can be seen.
    #[serde(default, deserialize_with = "or_default")]
    pub restricted_view: bool,
    /// True if they must be beside one another in one row: steps 1 and 2 alone.
    #[serde(default, deserialize_with = "or_default")]
    pub together: bool,
    /// True if they may be anywhere: step 5 too.
    #[serde(default, deserialize_with = "or_default")]
    pub allow_scattered: bool,
}

/// Places of a category without seats.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Area)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The category.
    pub category: String,
    /// How many.
    pub quantity: u32,
}

/// Which hold is meant, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnHold {
    /// The event.
    pub event: String,
    /// Its number.
    pub hold: u32,
    /// The hash of the token that is shown.
    pub token: TokenHash,
}

/// A hold that becomes an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Buying {
    /// The hold.
    #[serde(flatten)]
    pub on: OnHold,
    /// Who buys: whoever it is held for.
    pub buyer: String,
}

/// Which order is meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnOrder {
    /// The event.
    pub event: String,
    /// Its number.
    pub order: u32,
}

/// What a payment provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Paying {
    /// The order that was to be paid.
    #[serde(flatten)]
    pub on: OnOrder,
    /// The payment, by the provider's id.
    pub payment: String,
    /// What became of it.
    pub kind: PaymentKind,
    /// How much, in minor units.
    pub amount: u64,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::PaymentKind)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// The money was taken.
    Captured,
    /// There is no money.
    Failed,
    /// The money was given back.
    Refunded,
}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// A hold or an order of the event is out of time. There is one timer an event at most.
    Due {
        /// The event.
        event: String,
    },
}
