//! Tickets that go from one buyer to another: given away, or sold on for a price that is capped.

use crate::codec::{Decode, Encode};
use crate::money::Money;
use crate::tickets::command::OnOrder;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which ticket is meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnTicket {
    /// The order.
    #[serde(flatten)]
    pub on: OnOrder,
    /// The ticket's number in the order, from 1.
    pub ticket: u32,
}

/// A ticket that is given to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Transferring {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: OnTicket,
    /// Who gets it.
    pub to: String,
}

/// A ticket that is offered to others.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Relisting {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: OnTicket,
    /// What it is to cost, in minor units.
    pub price: u64,
}

/// A ticket that somebody else has now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Moved)]
pub struct Moved {
    /// The event.
    pub event: String,
    /// The ticket's id until now: its codes are good no more.
    pub ticket: String,
    /// Who had it.
    pub from: String,
    /// Who has it now.
    pub to: String,
    /// The order that it is of now.
    pub order: String,
    /// The ticket's id from now on.
    pub became: String,
    /// What was paid for it, in minor units, if it was sold on: what is owed to who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<u64>,
}

/// A ticket that is offered to others.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Listing)]
pub struct Listing {
    /// The event.
    pub event: String,
    /// The ticket.
    pub ticket: String,
    /// The seat, by name; none for a place without one.
    pub seat: Option<String>,
    /// The category.
    pub category: String,
    /// What it costs.
    pub price: Money,
    /// Since when it is offered for that.
    #[schema(value_type = String, format = DateTime)]
    pub listed_at: Time,
    /// True while somebody holds it.
    pub held: bool,
}
