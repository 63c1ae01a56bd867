//! What an event is: its hall, its prices and its rules.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::money::Currency;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As many places without seats as anybody wants: quotas alone limit them.
pub const UNLIMITED: u32 = u32::MAX;

/// An event as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct EventPlan {
    /// Its id.
    pub event: String,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// What everything is counted in.
    pub currency: Currency,
    /// Nothing can be held before.
    pub opens_at: Option<Time>,
    /// Nothing can be held from then on.
    pub closes_at: Option<Time>,
    /// How long a hold lasts, in seconds.
    pub hold_seconds: u32,
    /// How long an order waits for its payment, in seconds.
    pub order_seconds: u32,
    /// How often a hold may be extended.
    pub extensions: u8,
    /// The fewest places of an order.
    pub min_per_order: u32,
    /// The most places of a hold, and so of an order.
    pub max_per_order: u32,
    /// The most places of one buyer, with those of open holds.
    pub max_per_buyer: Option<u32>,
    /// Where everybody looks; each row's own middle unless said.
    pub focal: Option<Point>,
    /// What can be bought.
    pub categories: Vec<Category>,
    /// Where the seats are.
    #[serde(default, deserialize_with = "or_default")]
    pub sections: Vec<Section>,
}

/// A point of the plan, in steps of a seat and of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Point)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Away from the stage.
    pub y: i32,
}

/// A category: seats of one price, or a number of places without seats.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Category {
    /// Its id.
    pub id: String,
    /// What a place costs where no tier counts, in minor units.
    pub price: u64,
    /// What is added to each place, in minor units.
    #[serde(default, deserialize_with = "or_default")]
    pub fee: u64,
    /// Other prices for the first or the early; the first that counts holds.
    #[serde(default, deserialize_with = "or_default")]
    pub tiers: Vec<Tier>,
    /// How many places without seats there are, or [`UNLIMITED`]. None: its places are seats of the plan.
    #[serde(default, with = "capacity")]
    pub capacity: Option<u32>,
}

/// A capacity as JSON: a number, or the word `unlimited`.
mod capacity {
    use super::UNLIMITED;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    const WORD: &str = "unlimited";

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Number(u32),
        Word(String),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(capacity: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        match capacity {
            Some(UNLIMITED) => WORD.serialize(serializer),
            other => other.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
        match Option::<Said>::deserialize(deserializer)? {
            None => Ok(None),
            Some(Said::Number(number)) => Ok(Some(number)),
            Some(Said::Word(word)) if word == WORD => Ok(Some(UNLIMITED)),
            Some(Said::Word(word)) => Err(D::Error::custom(format!("`{word}` is no number of places"))),
        }
    }
}

/// A price that counts for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Tier {
    /// What a place costs, in minor units.
    pub price: u64,
    /// It counts until then.
    pub until: Option<Time>,
    /// It counts for the first so many places that are held or sold.
    pub first: Option<u32>,
}

/// A section of the hall.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Section {
    /// Its id, the first part of the name of a seat.
    pub id: String,
    /// The category of its rows, unless they say another.
    pub category: String,
    /// Where it begins.
    #[serde(default, deserialize_with = "or_default")]
    pub at: Point,
    /// Its rows: one after the other are neighbours.
    pub rows: Vec<Row>,
}

fn one() -> u32 {
    1
}

/// A row of seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Row {
    /// Its id, the second part of the name of a seat.
    pub id: String,
    /// How many seats it has, from left to right.
    pub seats: u32,
    /// The number of the first; the others count on.
    #[serde(default = "one")]
    pub first: u32,
    /// The names of all seats, where they are no such numbers.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<String>,
    /// Its category, if it is not that of the section.
    pub category: Option<String>,
    /// How far to the right it begins within the section.
    #[serde(default, deserialize_with = "or_default")]
    pub x: i32,
    /// How far from the beginning of the section it is; as many as rows are before it and one, unless said.
    pub y: Option<i32>,
    /// There is an aisle behind each of these seats.
    #[serde(default, deserialize_with = "or_default")]
    pub aisles: Vec<String>,
    /// Seats for wheelchairs.
    #[serde(default, deserialize_with = "or_default")]
    pub accessible: Vec<String>,
    /// Seats for who comes with somebody in a wheelchair.
    #[serde(default, deserialize_with = "or_default")]
    pub companion: Vec<String>,
    /// Seats from which not all can be seen.
    #[serde(default, deserialize_with = "or_default")]
    pub restricted_view: Vec<String>,
    /// Seats that cannot be bought.
    #[serde(default, deserialize_with = "or_default")]
    pub blocked: Vec<String>,
}
