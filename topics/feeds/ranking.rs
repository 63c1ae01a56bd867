//! What a ranked feed weighs, and what an account's own partition knows for it.

use crate::codec::{Decode, Encode};
use crate::feeds::id::PostId;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What each kind of attention counts, in thousandths. The defaults are those that X has published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = feeds::Weights)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// A like.
    pub likes: u32,
    /// A repost.
    pub reposts: u32,
    /// A reply.
    pub replies: u32,
    /// A quote.
    pub quotes: u32,
    /// A share.
    pub shares: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { likes: 500, reposts: 1000, replies: 5000, quotes: 5000, shares: 2000 }
    }
}

/// Weights that an account wants for its own feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Configuring {
    /// The account.
    pub user: String,
    /// Its weights; the defaults if none.
    pub weights: Option<Weights>,
}

/// Posts that somebody has seen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Impressions {
    /// Who.
    pub user: String,
    /// The posts: of a repost the one that it shows.
    pub posts: Vec<PostId>,
}

/// What an account's own partition knows for its ranked feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Taste {
    /// For each author that was asked for, how often the account has reacted to, answered or reposted him.
    pub affinities: Vec<u64>,
    /// Which of the posts that were asked for it has seen.
    pub seen: Vec<PostId>,
    /// Its weights.
    pub weights: Weights,
    /// Their version: 1 are the defaults, and each change is one more.
    pub version: u32,
    /// The clock of the partition.
    pub now: Time,
}
