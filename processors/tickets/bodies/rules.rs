//! What single tickets, rules, verified buyers and proofs are as JSON.

use super::NewScan;
use millrace_topics::tickets::{Listing, Moved, ScanView};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be done with a ticket: each action has its own fields, `unlist` none.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = tickets::TicketAction)]
#[expect(dead_code, reason = "it says what there is; which of them is meant stands in the path")]
pub(in crate::tickets) enum TicketAction {
    CheckIn(NewScan),
    Transfer(NewOwner),
    Relist(NewPrice),
}

/// What became of a ticket.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = tickets::TicketAnswer)]
pub(in crate::tickets) enum TicketAnswer {
    Scanned(ScanView),
    Moved(Moved),
    Listed(Listing),
}

/// Who gets a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewOwner)]
pub(in crate::tickets) struct NewOwner {
    /// The buyer: 1 to 256 bytes.
    pub(in crate::tickets) to: String,
}

/// What a ticket is offered for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPrice)]
pub(in crate::tickets) struct NewPrice {
    /// In minor units.
    pub(in crate::tickets) price: u64,
}

/// Tickets that are offered to others.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Listings)]
pub(in crate::tickets) struct ListingsBody {
    pub(in crate::tickets) listings: Vec<Listing>,
    /// Where it goes on, if it does.
    pub(in crate::tickets) cursor: Option<String>,
}

/// Whether tickets may be sold on.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Resale)]
pub(in crate::tickets) struct ResaleBody {
    /// For so many percent at most of what they cost first, with fees: 1 to 1000.
    pub(in crate::tickets) cap_percent: u32,
}

/// Buyers who are verified, or are not any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewVerified)]
pub(in crate::tickets) struct NewVerified {
    /// 1 to 1000 buyers of 1 to 256 bytes.
    pub(in crate::tickets) buyers: Vec<String>,
    /// True unless said.
    pub(in crate::tickets) verified: Option<bool>,
}

/// How many buyers are something else than before.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Verified)]
pub(in crate::tickets) struct VerifiedBody {
    pub(in crate::tickets) changed: u32,
}

/// For whom a proof is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewProof)]
pub(in crate::tickets) struct NewProof {
    /// The buyer.
    pub(in crate::tickets) buyer: String,
    /// How long it is good, in seconds: 900 unless said, 30 days at most.
    pub(in crate::tickets) seconds: Option<u32>,
}

/// A proof.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Proof)]
pub(in crate::tickets) struct ProofBody {
    /// What a hold of the buyer brings.
    pub(in crate::tickets) proof: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::tickets) expires_at: Time,
}
