//! What holds for an event beside its plan, and what a hold brings for it.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::tickets::command::HoldingBy;
use crate::tickets::plan::EventPlan;
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rule of an event. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Rule {
    /// Tickets may be sold on.
    Resale {
        /// For so many percent at most of what they cost first, with fees.
        cap_percent: u32,
    },
    /// Holds say for which household they are.
    Household {
        /// The most places of one, with those of open holds.
        limit: u32,
    },
    /// Only buyers hold anything who were said to be verified.
    Verified,
    /// Only buyers hold anything who bring a proof that was made for them.
    Proof,
    /// Seats are sold leg by leg.
    Legs {
        /// Where it stops, in order: a leg is the way from one to the next.
        stops: Vec<String>,
    },
    /// Nobody sits near another party.
    Distance {
        /// So many places on both sides in the row stay empty.
        places: u8,
    },
    /// Places are drawn from quotas, whatever else there is of them.
    Quotas {
        /// The quotas: a place needs room in every one that it draws on.
        quotas: Vec<Quota>,
    },
    /// What becomes of its places is listed.
    Changes,
}

/// A number of places that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Quota)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Its id.
    pub id: String,
    /// How many places may be held or sold of it at a time. Left out: it is unlimited, and only counts.
    pub size: Option<u32>,
    /// Which places draw on it: those that one of these says.
    pub of: Vec<Drawing>,
}

/// Places that draw on a quota: those of which everything that is said here is so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Drawing)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    /// They are of this category.
    pub category: Option<String>,
    /// They have the price of this tier of the category, 1 being the first; 0: the price where no tier counts.
    pub tier: Option<u8>,
    /// Their hold named this channel, itself or by its code.
    pub channel: Option<String>,
}

/// An event as it is to be, with rules.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Ruled {
    /// The event.
    #[serde(flatten)]
    pub plan: EventPlan,
    /// Its rules, at most one of each kind.
    pub rules: Vec<Rule>,
}

/// What a hold brings. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "term")]
pub enum Term {
    /// It takes a ticket that is sold on.
    Resale {
        /// The order that the ticket is of.
        order: u32,
        /// The ticket's number in the order, from 1.
        ticket: u32,
    },
    /// It is for this household.
    Household {
        /// The hash of what the buyer calls it.
        household: TokenHash,
    },
    /// The buyer has brought a proof.
    Proof {
        /// It is good until then.
        until: Time,
    },
    /// It is for these legs.
    Legs {
        /// From this stop.
        from: String,
        /// To this one.
        to: String,
    },
}

/// The way from one stop to a later one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Journey)]
pub struct Journey {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
}

/// Places that are to be held, by what right, and what the hold brings for the event's rules.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HoldingWith {
    /// The places, and by what right.
    #[serde(flatten)]
    pub by: HoldingBy,
    /// What it brings.
    #[serde(default, deserialize_with = "or_default")]
    pub terms: Vec<Term>,
}

/// Buyers who are verified, or are not any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Verifying {
    /// The event.
    pub event: String,
    /// The buyers.
    pub buyers: Vec<String>,
    /// True if they are verified from now on.
    pub verified: bool,
}
