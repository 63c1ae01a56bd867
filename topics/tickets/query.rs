//! What can be asked about events, and what that is answered with.

use crate::carts::TokenHash;
use crate::codec::{Decode, Encode};
use crate::record::Caller;
use crate::tickets::outcome::{HoldState, HoldView, OrderState, OrderView, Published};
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What may be asked of the tables. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// An event.
    Event {
        /// Its id.
        event: String,
    },
    /// What there is of each category.
    Availability {
        /// The event.
        event: String,
    },
    /// The seats of an event, row by row.
    Seats {
        /// The event.
        event: String,
        /// Only those of this section.
        section: Option<String>,
    },
    /// A hold.
    Hold {
        /// The event.
        event: String,
        /// Its number.
        hold: u32,
        /// The hash of the token that is shown.
        token: TokenHash,
    },
    /// An order.
    Order {
        /// The event.
        event: String,
        /// Its number.
        order: u32,
        /// Who asks.
        reader: Caller,
    },
    /// Who has had a seat.
    SeatHistory {
        /// The event.
        event: String,
        /// The seat, by name.
        seat: String,
        /// At most so many, the newest first.
        limit: u32,
        /// Only holds before this one.
        before: Option<u32>,
        /// Who asks.
        reader: Caller,
    },
}

/// What a query answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An event.
    Event(Box<Published>),
    /// What there is.
    Availability(Availability),
    /// Seats, row by row.
    Seats(Vec<RowView>),
    /// A hold.
    Hold(Box<HoldView>),
    /// An order.
    Order(Box<OrderView>),
    /// Who has had a seat.
    SeatHistory(SeatHistory),
}

/// What there is of an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Availability)]
pub struct Availability {
    /// Category by category, in the order of the plan.
    pub categories: Vec<CategoryAvailability>,
    /// When the first hold or unpaid order ends by itself, if there is one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_expiry: Option<Time>,
}

/// What there is of a category: capacity is the sum of the other four.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::CategoryAvailability)]
pub struct CategoryAvailability {
    /// The category.
    pub id: String,
    /// How many places it has.
    pub capacity: u32,
    /// How many can be held.
    pub free: u32,
    /// How many are held, or belong to an order that is not paid.
    pub held: u32,
    /// How many are sold.
    pub sold: u32,
    /// How many are kept from sale.
    pub blocked: u32,
    /// How many of the seats that anybody may have are beside one another at most.
    pub longest_run: u32,
    /// What a place costs now, in minor units.
    pub price: u64,
}

/// A row of seats as it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::RowOfSeats)]
pub struct RowView {
    /// The section.
    pub section: String,
    /// The row.
    pub row: String,
    /// The category.
    pub category: String,
    /// The names of its seats: a row's are numbers that count on from this one, unless they are listed.
    pub first: u32,
    /// All names, where they are no such numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A letter a seat: `f` free, `h` held, `s` sold, `b` blocked; `_` is an aisle.
    pub seats: String,
}

/// Who has had a seat.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::SeatHistory)]
pub struct SeatHistory {
    /// The newest first.
    pub owners: Vec<Ownership>,
    /// Where it goes on: the number of the last hold, if there are more.
    #[serde(skip)]
    pub next: Option<u32>,
}

/// Somebody who has had a seat, and how that ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Ownership)]
pub struct Ownership {
    /// The number of the hold that took it.
    pub hold: u32,
    /// Who it was for.
    pub buyer: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub held_at: Time,
    /// What became of the hold.
    pub state: HoldState,
    /// When it ended, if it has.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
    /// The order that it became.
    pub order: Option<String>,
    /// What became of the order.
    pub order_state: Option<OrderState>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub order_changed_at: Option<Time>,
}
