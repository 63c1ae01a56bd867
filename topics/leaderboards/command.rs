//! What may be asked of the boards, in every shape that was ever written.

use super::definition::{Definition, DefinitionV1, Operator, Window};
use super::league::LeagueDefinition;
use super::outcome::Ranked;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::record::Stamp;
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most submissions of one batch.
pub const BATCH_LIMIT: usize = 1000;

/// What may be asked of the machine. Variants are only appended; an old shape keeps its variant, which
/// [`Command::current`] turns into the one of today. JSON knows the shapes of today alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// What schema 1 wrote for [`Command::Define`].
    #[serde(skip)]
    DefineV1(DefinitionV1),
    /// What schema 1 wrote for [`Command::SubmitScore`].
    #[serde(skip)]
    SubmitScoreV1(SubmissionV1),
    /// Takes an owner and its score off a board.
    DeleteOwner(Deletion),
    /// Creates a board. The same definition again changes nothing.
    Define(Box<Definition>),
    /// Hands in a score.
    SubmitScore(Submission),
    /// Hands in scores of many owners.
    SubmitScores(Batch),
    /// Ends the open epoch of a window now.
    CloseEpoch(Closing),
    /// Makes a submission not count any more.
    VoidSubmission(Voiding),
    /// Lets an owner take part in a tournament.
    Join(Joining),
    /// Takes an owner out of the order of every board of the partition where the record stands.
    HideOwner(Owner),
    /// Puts it back.
    ShowOwner(Owner),
    /// Forgets who an owner was on every board of the partition where the record stands.
    EraseOwner(Erasure),
    /// Opens a shard: sent by the board's home.
    #[serde(skip_deserializing)]
    OpenShard(Box<ShardOpening>),
    /// Ends the open epoch of a shard because someone asked the board's home to.
    #[serde(skip_deserializing)]
    CloseShard(ShardClosing),
    /// Tells the board's home how an epoch of a shard has ended.
    #[serde(skip_deserializing)]
    ShardClosed(Box<ShardClosed>),
    /// Creates a board that is a league. The same definition again changes nothing.
    DefineLeague(Box<LeagueDefinition>),
    /// Tells the shard that a score belongs to where it is: sent by the shards of a board with dense ranks.
    #[serde(skip_deserializing)]
    ShareScore(ScoreShared),
}

impl Command {
    /// The command in the shape of today.
    #[must_use]
    pub fn current(self) -> Self {
        match self {
            Self::DefineV1(old) => Self::Define(Box::new(old.into())),
            Self::SubmitScoreV1(old) => Self::SubmitScore(old.into()),
            current => current,
        }
    }
}

/// A score on its way to a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Submission {
    /// The board.
    pub board: String,
    /// What is handed in.
    #[serde(flatten)]
    pub entry: NewEntry,
}

/// What is handed in for an owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct NewEntry {
    /// Whose score it is: 1 to 256 bytes.
    pub owner: String,
    /// The score, or the difference to it.
    pub score: i64,
    /// The subscores, or the differences to them: as many as the board has columns for.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub subscores: Vec<i64>,
    /// Instead of the board's own.
    pub operator: Option<Operator>,
    /// What the owner wants to be shown with the score; without it the old one stays.
    pub metadata: Option<Metadata>,
}

/// A submission as schema 1 wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SubmissionV1 {
    board: String,
    owner: String,
    score: i64,
    operator: Option<Operator>,
    metadata: Option<Metadata>,
}

impl From<SubmissionV1> for Submission {
    fn from(old: SubmissionV1) -> Self {
        let SubmissionV1 { board, owner, score, operator, metadata } = old;
        Self { board, entry: NewEntry { owner, score, subscores: Vec::new(), operator, metadata } }
    }
}

/// Scores of many owners on their way to one board. Each counts or is refused for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Batch {
    /// The board.
    pub board: String,
    /// 1 to [`BATCH_LIMIT`].
    pub entries: Vec<NewEntry>,
    /// The stamp of each entry, where the route has spread a batch over shards. Else the first has the record's, and
    /// each other the one after that before it.
    #[serde(skip)]
    pub stamps: Vec<Stamp>,
}

impl Batch {
    /// The stamp of an entry; `own` is the record's.
    #[must_use]
    pub fn stamp(&self, item: u32, own: Stamp) -> Stamp {
        let next = Stamp { micros: own.micros.saturating_add(item.into()), node: own.node };
        self.stamps.get(item as usize).copied().unwrap_or(next)
    }
}

/// A submission that is not to count any more. It is named by its stamp, which is the same over any number of
/// partitions; the route finds that in the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Voiding {
    /// The board.
    pub board: String,
    /// Whose submission it is.
    pub owner: String,
    /// Its stamp.
    #[serde(with = "stamp_text")]
    pub stamp: Stamp,
}

/// A stamp as it is written: microseconds and node in hexadecimal digits, `60a24181e4000-7`.
mod stamp_text {
    use super::Stamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(stamp: &Stamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(stamp)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = || {
            let (micros, node) = text.split_once('-')?;
            Some(Stamp { micros: u64::from_str_radix(micros, 16).ok()?, node: u32::from_str_radix(node, 16).ok()? })
        };
        read().ok_or_else(|| D::Error::custom(format!("`{text}` is no stamp")))
    }
}

/// An owner who wants to take part in a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Joining {
    /// The board.
    pub board: String,
    /// The owner.
    pub owner: String,
}

/// An owner, on every board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Owner {
    /// The owner.
    pub owner: String,
}

/// An owner whose name is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Erasure {
    /// The owner.
    pub owner: String,
    /// What stands in its place where it must stay; made from the owner and the record's stamp if it is not said.
    pub pseudonym: Option<String>,
}

/// A window whose open epoch is to end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Closing {
    /// The board.
    pub board: String,
    /// The window.
    #[serde(default, deserialize_with = "or_default")]
    pub window: Window,
}

/// A shard to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ShardOpening {
    /// The board's definition under the shard's id.
    pub definition: Definition,
    /// When the board was created.
    pub at: Time,
}

/// A shard's epoch that is to end by hand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ShardClosing {
    /// The shard's id.
    pub shard: String,
    /// The window.
    pub window: Window,
    /// From 1: how often the board's home was asked to end an epoch of this window. Each counts once.
    pub nth: u32,
    /// When the home was asked.
    pub at: Time,
}

/// How an epoch of a shard has ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ShardClosed {
    /// The board.
    pub board: String,
    /// The shard, from 0.
    pub shard: u32,
    /// The window.
    pub window: Window,
    /// The epoch.
    pub epoch: u32,
    /// When it began.
    pub opened: Time,
    /// When it ended.
    pub at: Time,
    /// How many members had a place.
    pub members: u64,
    /// The sum over its ranking.
    #[serde(serialize_with = "hexadecimal")]
    pub sum: u128,
    /// As many of the best as the board's event may name, each with its key in the order.
    pub best: Vec<(Vec<u8>, Ranked)>,
}

/// That a shard has a score which it did not have, or has no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ScoreShared {
    /// The shard that the score belongs to.
    pub shard: String,
    /// The epoch, with the number of its window in the two low bits.
    pub run: u32,
    /// The score and its subscores, as they begin a key of the order.
    pub scores: Vec<u8>,
    /// True for the first that has it, false for the last that had.
    pub entered: bool,
}

/// JSON has no numbers of 128 bits.
fn hexadecimal<S: Serializer>(sum: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{sum:032x}"))
}

/// An owner to be taken off a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Deletion {
    /// The board.
    pub board: String,
    /// The owner.
    pub owner: String,
}

/// A JSON object that means nothing to the board, as compact text with its names in order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Metadata(pub String);

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: serde_json::Value = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = serde_json::Map::deserialize(deserializer)?;
        serde_json::to_string(&object).map(Self).map_err(serde::de::Error::custom)
    }
}
