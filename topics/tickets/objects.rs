//! Seats one by one, as box offices that know no orders change them: held under a token, booked, or free again.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::tickets::command::Best;
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};

/// What a seat is, seen alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// Nobody has it.
    Free,
    /// A hold has it, or an order that is not paid.
    Held,
    /// It is sold.
    Booked,
}

/// Seats that are to become something else: all of them, or none. Each is a hold of its own, and an order where it is booked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Seating {
    /// The event.
    pub event: String,
    /// These seats, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub seats: Vec<String>,
    /// The best that there are.
    pub best: Option<Best>,
    /// What they are to become.
    pub to: SeatStatus,
    /// The hash of the token that they are held under, or are to be.
    pub token: Option<TokenHash>,
    /// Until when what is held under it is.
    pub until: Option<Time>,
    /// What the box office calls the order.
    pub reference: Option<String>,
    /// What the box office notes of a seat: its name, and JSON.
    #[serde(default, deserialize_with = "or_default")]
    pub notes: Vec<(String, String)>,
    /// True if notes that are there stay where nothing else is said.
    #[serde(default, deserialize_with = "or_default")]
    pub keep_notes: bool,
    /// Channels out of which seats may be taken, too.
    #[serde(default, deserialize_with = "or_default")]
    pub channels: Vec<String>,
    /// True if whose they are does not matter.
    #[serde(default, deserialize_with = "or_default")]
    pub any_channel: bool,
}

/// A seat.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SeatView {
    /// Its name.
    pub seat: String,
    /// The three parts of it: section, row and seat.
    pub parts: [String; 3],
    /// The category.
    pub category: String,
    /// What it is.
    pub status: SeatStatus,
    /// What the box office calls the order.
    pub reference: Option<String>,
    /// What the box office notes of it, as JSON.
    pub note: Option<String>,
    /// The channel whose it is.
    pub channel: Option<String>,
    /// True if it is nobody's.
    pub blocked: bool,
    /// For wheelchairs.
    pub accessible: bool,
    /// For who comes with somebody in a wheelchair.
    pub companion: bool,
    /// Not all can be seen from it.
    pub restricted_view: bool,
}

/// Seats that have become something else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Seated {
    /// The seats as they are now.
    pub seats: Vec<SeatView>,
    /// True if they are beside one another in one row.
    pub adjacent: bool,
}
