//! Leagues: boards whose members compete in buckets of a few, and go up and down between tiers.

use super::definition::Definition;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most members of a bucket: it is looked at as a whole when its epoch has ended.
pub const BUCKET_SIZE_LIMIT: u32 = 200;
/// The most tiers.
pub const TIERS_LIMIT: usize = 32;
/// The longest name of a tier, in bytes.
pub const TIER_NAME_LIMIT: usize = 64;

/// How the window `all` of a board is a league. Whoever plays in an epoch is put into a bucket of its tier with the
/// first submission; when the epoch has ended, the first of each bucket go up a tier and the last go down.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::League)]
pub struct League {
    /// The most members of a bucket: 2 to 200.
    pub bucket_size: u32,
    /// The names of the tiers, the lowest first: 1 to 32, all different, of 1 to 64 bytes each.
    pub tiers: Vec<String>,
    /// How many of the first of a bucket go up.
    #[serde(default, deserialize_with = "or_default")]
    pub promote: u32,
    /// How many of the last of a bucket go down; who is among the first too does not. Together with `promote` at most
    /// `bucket_size`.
    #[serde(default, deserialize_with = "or_default")]
    pub relegate: u32,
}

/// A board that is a league.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(from = "Said")]
pub struct LeagueDefinition {
    /// What it is beside that. Its `top` is 0 and it has no prizes: there is one order a bucket.
    #[serde(flatten)]
    pub definition: Definition,
    /// The league.
    pub league: League,
}

/// How JSON says it: who does not name a `top` means the only one that there can be.
#[derive(Deserialize)]
struct Said {
    league: League,
    top: Option<u32>,
    #[serde(flatten)]
    definition: Definition,
}

impl From<Said> for LeagueDefinition {
    fn from(said: Said) -> Self {
        Self { definition: Definition { top: said.top.unwrap_or(0), ..said.definition }, league: said.league }
    }
}

/// Where an owner plays in an epoch of a league.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::InLeague)]
pub struct InLeague {
    /// The tier.
    pub tier: String,
    /// The bucket; those of an epoch are numbered from 0.
    pub bucket: u32,
}

/// An owner who goes up or down a tier for how it stood when an epoch ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TierChanged {
    /// The board.
    pub board: String,
    /// The owner.
    pub owner: String,
    /// The epoch that ended.
    pub epoch: u32,
    /// The tier in which it played there.
    pub from: String,
    /// The tier in which it plays next.
    pub to: String,
    /// Its rank in its bucket.
    pub rank: u64,
}
