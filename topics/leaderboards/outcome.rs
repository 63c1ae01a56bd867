//! What an accepted command answers, and what is said about it.

use super::command::ShardClosed;
use super::definition::{Definition, Window, Windows};
use super::league::{InLeague, League, LeagueDefinition, TierChanged};
use super::rejection::Rejection;
use crate::codec::{Decode, Encode};
use crate::contract::Refusal as _;
use crate::time::Time;
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The board was created.
    Defined(Box<Board>),
    /// The board was there, with the same definition.
    WasDefined(Box<Board>),
    /// The score counts.
    Submitted(Submitted),
    /// Each score of a batch counts, or is refused.
    Batch(BatchOutcome),
    /// The owner is off the board.
    Deleted(Deleted),
    /// The epoch has ended.
    Closed(Box<EpochClosed>),
    /// The submission does not count.
    Voided(Voided),
    /// The owner takes part.
    Joined(Joined),
    /// The owner is hidden, or shown, in this partition.
    Owner(OwnerState),
    /// The owner is forgotten in this partition.
    Erased,
    /// The shard is there.
    ShardOpen,
    /// The score counts, on a shard.
    InShard(Box<InShard>),
    /// The epoch ends on each shard.
    Closing(HandClose),
    /// The epoch of a shard has ended.
    ShardClosed(Box<ShardClosed>),
    /// What has a part of its own in another partition, or had it before.
    SentOn,
}

/// What a submission brought on a shard: the ranks are not known there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct InShard {
    /// Without ranks.
    #[serde(flatten)]
    pub submitted: Submitted,
    /// Where the owner stands now, window by window.
    #[serde(skip)]
    pub moves: Vec<Move>,
}

/// Where a submission put an owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Move {
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// The key in the order now; none for a hidden owner.
    pub key: Option<Vec<u8>>,
    /// The key before, if there was one.
    pub prev_key: Option<Vec<u8>>,
}

/// An epoch of a spread board that ends because someone asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HandClose {
    /// The window.
    pub window: Window,
    /// From 1: how often that was asked.
    pub nth: u32,
    /// When.
    pub at: Time,
}

/// A submission that does not count any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Voided)]
pub struct Voided {
    /// The board.
    pub board: String,
    /// Whose submission it was.
    pub owner: String,
    /// The windows in which it counted until now.
    pub windows: Vec<VoidedIn>,
    /// The windows that do not keep it: their epoch in which it counted has ended, or too many came after it.
    pub not_kept: Vec<Window>,
}

/// What the end of a submission changed in one window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::VoidedIn)]
pub struct VoidedIn {
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// The place now, if there is one.
    pub rank: Option<u64>,
    /// The place before.
    pub prev_rank: Option<u64>,
    /// The score now, if anything is left that counts.
    pub score: Option<i64>,
    /// The score before.
    pub prev_score: Option<i64>,
}

/// An owner who takes part in a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Joined)]
pub struct Joined {
    /// The board.
    pub board: String,
    /// The owner.
    pub owner: String,
    /// The epoch of the window `all`.
    pub epoch: u32,
}

/// Whether an owner takes part in the order of boards.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::OwnerState)]
pub struct OwnerState {
    /// The owner.
    pub owner: String,
    /// True if it does not.
    pub hidden: bool,
}

/// An owner who left the order of a board, or came back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OwnerHidden {
    /// The board.
    pub board: String,
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// The owner.
    pub owner: String,
    /// True if it left.
    pub hidden: bool,
}

/// An owner who is forgotten on a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OwnerErased {
    /// The board.
    pub board: String,
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// What stands in its place, if the epoch has ended.
    pub pseudonym: String,
}

/// A board as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Board)]
pub struct Board {
    /// What it is.
    #[serde(flatten)]
    pub definition: Definition,
    /// How its window `all` is a league, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub league: Option<League>,
    /// Which epoch of `all` is open; the first is 0.
    pub epoch: u32,
    /// How many owners have a score in it.
    pub members: u64,
    /// When the board was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// The open epoch of each window.
    pub open: Vec<Epoch>,
}

/// An epoch of a window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Epoch)]
pub struct Epoch {
    /// The window.
    pub window: Window,
    /// The epoch; the first is 0.
    pub epoch: u32,
    /// How many owners have a score in it.
    pub members: u64,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it will end by itself, if it will.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closes_at: Option<Time>,
    /// When it ended, if it has.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Time>,
    /// A hash of its whole ranking, once it has ended: 32 hexadecimal digits.
    pub hash: Option<String>,
}

/// Which of the board's windows have a new best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewBest {
    /// The windows of the board.
    pub of: Windows,
    /// Those in which the score is the owner's first or better than the one before.
    pub better: Windows,
}

impl Serialize for NewBest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.of.iter().map(|window| (window.name(), self.better.has(window))))
    }
}

/// What a submission brought. What is said beside `windows` is about the window `all`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Submitted)]
pub struct Submitted {
    /// The board.
    pub board: String,
    /// The epoch that the score counts in.
    pub epoch: u32,
    /// Whose score it is.
    pub owner: String,
    /// The place from the top, from 1; in a league that in the bucket. None for a hidden owner. On a board of several shards it is read after the score
    /// was applied, and not known to events and batches.
    pub rank: Option<u64>,
    /// The place before this submission.
    pub prev_rank: Option<u64>,
    /// The score.
    pub score: i64,
    /// The subscores, if the board has columns for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscores: Vec<i64>,
    /// The score before this submission.
    pub prev_score: Option<i64>,
    /// True if it is the owner's first score, or better than the one before.
    pub improved: bool,
    /// How many submissions counted so far.
    pub attempts: u64,
    /// Where it plays, if the board is a league.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub league: Option<InLeague>,
    /// For each window whether it is the owner's first score in it, or better than the one before.
    #[schema(value_type = Object)]
    pub new_best: NewBest,
    /// The same for the windows beside `all`, by name.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "by_window")]
    #[schema(value_type = Object)]
    pub windows: Vec<InWindow>,
}

/// What a submission brought in one window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::InWindow)]
pub struct InWindow {
    /// The window.
    #[serde(skip)]
    pub window: Window,
    /// The epoch that the score counts in.
    pub epoch: u32,
    /// The place from the top, from 1.
    pub rank: Option<u64>,
    /// The place before this submission.
    pub prev_rank: Option<u64>,
    /// The score.
    pub score: i64,
    /// The score before this submission.
    pub prev_score: Option<i64>,
}

fn by_window<S: Serializer>(windows: &[InWindow], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(windows.len()))?;
    for one in windows {
        map.serialize_entry(one.window.name(), one)?;
    }
    map.end()
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct BatchOutcome {
    /// What became of each entry, in the order of the batch.
    pub results: Vec<Item>,
}

/// What became of one entry of a batch, as `{"status":200,"result":…}` or `{"status":422,"problem":…}`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// The score counts.
    Submitted(Submitted),
    /// It does not.
    Refused(Rejection),
}

/// A refusal inside of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = leaderboards::ItemProblem)]
pub struct ItemProblem {
    /// The stable code that programs may rely on.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_struct("Item", 2)?;
        match self {
            Self::Submitted(submitted) => {
                item.serialize_field("status", &200)?;
                item.serialize_field("result", submitted)?;
            }
            Self::Refused(refusal) => {
                item.serialize_field("status", &refusal.kind().status())?;
                let (code, detail) = (refusal.code().to_owned(), refusal.to_string());
                item.serialize_field("problem", &ItemProblem { code, detail })?;
            }
        }
        item.end()
    }
}

/// An owner that is off the board. The rank and the score are those in the window `all`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Deleted)]
pub struct Deleted {
    /// The board.
    pub board: String,
    /// The epoch.
    pub epoch: u32,
    /// The owner.
    pub owner: String,
    /// The place that it had; none if it was hidden, or if the board has several shards.
    pub rank: Option<u64>,
    /// The score that it had, if it had one.
    pub score: Option<i64>,
}

/// An epoch that has ended, as it was just before. There is exactly one for each epoch of each window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::EpochClosed)]
pub struct EpochClosed {
    /// The board.
    pub board: String,
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it ended: what came at this time or later counts in the next one.
    #[schema(value_type = String, format = DateTime)]
    pub closed_at: Time,
    /// How many members had a rank.
    pub members: u64,
    /// A hash of the whole ranking: 32 hexadecimal digits.
    pub hash: String,
    /// The best, from the top. None in a league, where each bucket has an order of its own.
    pub top: Vec<Ranked>,
    /// Who won what, from the top.
    pub prizes: Vec<Won>,
}

/// An owner at its rank.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Ranked)]
pub struct Ranked {
    /// The rank.
    pub rank: u64,
    /// The owner.
    pub owner: String,
    /// The score.
    pub score: i64,
    /// The subscores, if the board has columns for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscores: Vec<i64>,
}

/// A prize and who won it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Won)]
pub struct Won {
    /// The rank.
    pub rank: u64,
    /// The owner.
    pub owner: String,
    /// The prize.
    pub prize: String,
}

/// What is said on `leaderboards.events`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A board was created.
    BoardDefined(Box<Definition>),
    /// A submission counts, whether it changed the score or not.
    ScoreSubmitted(Submitted),
    /// An owner was taken off a board.
    OwnerDeleted(Deleted),
    /// An epoch has ended.
    EpochClosed(Box<EpochClosed>),
    /// A submission does not count any more.
    SubmissionVoided(Voided),
    /// An owner takes part in a tournament.
    OwnerJoined(Joined),
    /// An owner left the order of a board, or came back.
    OwnerHidden(OwnerHidden),
    /// An owner is forgotten.
    OwnerErased(OwnerErased),
    /// A board was created that is a league.
    LeagueDefined(Box<LeagueDefinition>),
    /// An owner goes up or down a tier.
    TierChanged(TierChanged),
}

impl Event {
    /// Its CloudEvents `type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BoardDefined(_) | Self::LeagueDefined(_) => "BoardDefined",
            Self::ScoreSubmitted(_) => "ScoreSubmitted",
            Self::OwnerDeleted(_) => "OwnerDeleted",
            Self::EpochClosed(_) => "EpochClosed",
            Self::SubmissionVoided(_) => "SubmissionVoided",
            Self::OwnerJoined(_) => "OwnerJoined",
            Self::OwnerHidden(OwnerHidden { hidden: true, .. }) => "OwnerHidden",
            Self::OwnerHidden(_) => "OwnerShown",
            Self::OwnerErased(_) => "OwnerErased",
            Self::TierChanged(_) => "TierChanged",
        }
    }
}
