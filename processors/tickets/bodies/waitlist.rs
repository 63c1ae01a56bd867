//! Waitlists as JSON.

use super::HoldBody;
use millrace_topics::tickets::{Area, Best, WaiterState, WaiterView};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A waitlist.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Waitlist)]
pub(in crate::tickets) struct WaitlistBody {
    /// How long an offer lasts, in seconds: 1 to 2592000; 3600 where nobody has said.
    pub(in crate::tickets) offer_seconds: u32,
}

/// Somebody who wants what is not there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewWaiter)]
pub(in crate::tickets) struct NewWaiter {
    /// Who: 1 to 256 bytes. Users wait for themselves alone.
    pub(in crate::tickets) buyer: String,
    /// The best that there are.
    pub(in crate::tickets) best: Option<Best>,
    /// Places of categories without seats.
    pub(in crate::tickets) areas: Option<Vec<Area>>,
}

/// Somebody who waits, or has.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Waiter)]
pub(in crate::tickets) struct WaiterBody {
    /// Whoever knows this may ask, and take whoever it is off the list.
    pub(in crate::tickets) waiter: String,
    event: String,
    buyer: String,
    state: WaiterState,
    /// How many wait in front.
    ahead: Option<u32>,
    /// What is offered, or was: a hold.
    offer: Option<HoldBody>,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Time,
}

impl WaiterBody {
    /// `secret` is that of waiter and offer alike.
    pub(in crate::tickets) fn of(view: WaiterView, secret: &str) -> Self {
        let offer = |hold: millrace_topics::tickets::HoldView| {
            let token = format!("{}.{secret}", hold.number);
            HoldBody::of(hold, token)
        };
        Self {
            waiter: format!("{}.{secret}", view.waiter),
            event: view.event,
            buyer: view.buyer,
            state: view.state,
            ahead: view.ahead,
            offer: view.hold.map(offer),
            joined_at: view.joined_at,
        }
    }
}
