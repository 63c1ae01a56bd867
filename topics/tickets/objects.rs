//! Places one by one, as box offices that know no orders change them: held under a token, booked, or free again. Beside that
//! the time of such tokens, the list of events, and the list of what became of places.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::tickets::command::{Area, Best};
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// The categories without seats of which places have become something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaView>,
}

/// The same as [`Seating`], of places without seats too.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Placing {
    /// What they are to become, and which seats do, too.
    #[serde(flatten)]
    pub seating: Seating,
    /// So many places of these categories; what is noted of one has the category's name.
    pub areas: Vec<Area>,
}

/// A category without seats.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AreaView {
    /// Its id.
    pub category: String,
    /// How many places it has; none if as many as anybody wants.
    pub capacity: Option<u32>,
    /// How many are free; none if as many as anybody wants.
    pub free: Option<u32>,
    /// How many are held, or belong to an order that is not paid.
    pub held: u32,
    /// How many are sold.
    pub booked: u32,
}

/// Until when a token of a box office is good, if not as long as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct TokenTime {
    /// The hash of the token.
    pub token: TokenHash,
    /// The key that it is kept under: its hash in digits behind a `~`, which is no event's id.
    pub key: String,
    /// Until then.
    pub until: Time,
    /// Until when it is good by what it says itself.
    pub says: Time,
}

/// Places that are held under a token until another time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Retiming {
    /// The event.
    pub event: String,
    /// The hash of the token.
    pub token: TokenHash,
    /// Until then.
    pub until: Time,
}

/// An event in a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::ListedEvent)]
pub struct ListedEvent {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How many places it has, but for those of which there are as many as anybody wants.
    pub capacity: u32,
    /// What can be bought.
    pub categories: Vec<String>,
    /// True if it has seats.
    pub has_seats: bool,
    /// Nothing can be held before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opens_at: Option<Time>,
    /// Nothing can be held from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closes_at: Option<Time>,
    /// Since when it is on sale.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Time,
}

/// Why places are something else than before. Variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Cause)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A hold has taken them.
    Held,
    /// A hold has given them back.
    Released,
    /// The time of a hold was over.
    Expired,
    /// Their order is paid.
    Paid,
    /// Their order was not paid in time.
    OrderExpired,
    /// Their order, or their tickets alone, were taken back.
    Revoked,
    /// Their hold is for tickets that were given back for it.
    Exchanged,
}

/// Places that have become something else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::PlaceChange)]
pub struct PlaceChange {
    /// Its number: 1, 2, 3, … of an event.
    pub number: u64,
    /// The offset of the record that did it in the log of the event's partition.
    pub offset: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Why.
    pub cause: Cause,
    /// The number of the hold.
    pub hold: u32,
    /// The seats, by name.
    pub seats: Vec<String>,
    /// The places without seats.
    pub areas: Vec<Area>,
}
