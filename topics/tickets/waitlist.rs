//! The waitlist of an event: what is asked of it, and how it is seen.

use crate::codec::{Decode, Encode};
use crate::tickets::outcome::HoldView;
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A waitlist as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct WaitlistTerms {
    /// The event.
    pub event: String,
    /// How long an offer lasts, in seconds.
    pub offer_seconds: u32,
}

/// Which waiter is meant, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnWaiter {
    /// The event.
    pub event: String,
    /// The waiter's number.
    pub waiter: u32,
    /// The hash of the token that is shown.
    pub token: TokenHash,
}

/// How far a waiter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::WaiterState)]
#[serde(rename_all = "snake_case")]
pub enum WaiterState {
    /// Nothing that would suit has come back.
    Waiting,
    /// Something has, and is held.
    Offered,
    /// What was held is ordered.
    Ordered,
    /// What was held went to others, by time or given back.
    Passed,
    /// Whoever it was does not wait any more.
    Left,
}

/// Somebody who waits, or has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct WaiterView {
    /// The event.
    pub event: String,
    /// From 1.
    pub waiter: u32,
    /// Who.
    pub buyer: String,
    /// How far.
    pub state: WaiterState,
    /// How many wait in front.
    pub ahead: Option<u32>,
    /// What is offered, or was.
    pub hold: Option<HoldView>,
    /// Since when.
    pub joined_at: Time,
}

/// What is said of a waiter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct WaiterNote {
    /// The event.
    pub event: String,
    /// The waiter's number.
    pub waiter: u32,
    /// Who.
    pub buyer: String,
    /// The hold that is offered.
    pub hold: Option<u32>,
}
