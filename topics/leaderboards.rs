//! The contract of leaderboards: boards that rank their members by score.
//!
//! Outcomes, events and answers are untagged as JSON: what a route answers, what `/v1/outcomes` shows and what
//! stands as the data of an event is the struct inside the variant.

use crate::codec::{Decode, Encode};
use crate::contract::{Contract, NoTimer, Refusal, RefusalKind, or_default};
use crate::record::Stamp;
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The machine `leaderboards`. Its key is the board's id.
pub enum Leaderboards {}

/// What may be asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Creates a board. The same definition again changes nothing.
    Define(Definition),
    /// Hands in a score.
    SubmitScore(Submission),
    /// Takes an owner and its score off a board.
    DeleteOwner(Deletion),
}

/// Which end of the scores is the top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = leaderboards::Sort)]
pub enum Sort {
    /// The highest score is the best.
    #[default]
    Desc,
    /// The lowest score is the best.
    Asc,
}

/// How a submission and the score that is there become the new score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = leaderboards::Operator)]
pub enum Operator {
    /// The better of the two, by the board's sort.
    #[default]
    Best,
    /// The submitted one.
    Set,
    /// The sum; an owner that has none starts at 0.
    Incr,
    /// The difference; an owner that has none starts at 0.
    Decr,
}

/// The scores that a board takes: both ends belong to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = leaderboards::Bounds)]
pub struct Bounds {
    /// The lowest, if there is one.
    pub min: Option<i64>,
    /// The highest, if there is one.
    pub max: Option<i64>,
}

/// What a board is. Fixed once it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = leaderboards::Definition)]
pub struct Definition {
    /// `[a-z0-9][a-z0-9._-]{0,63}`, and no reserved word.
    pub id: String,
    /// Which end is the top.
    #[serde(default, deserialize_with = "or_default")]
    pub sort: Sort,
    /// What a submission does unless it says otherwise.
    #[serde(default, deserialize_with = "or_default")]
    pub operator: Operator,
    /// The scores that it takes.
    #[serde(default, deserialize_with = "or_default")]
    pub bounds: Bounds,
    /// True if only servers and operators may submit.
    #[serde(default, deserialize_with = "or_default")]
    pub authoritative: bool,
}

/// A score on its way to a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Submission {
    /// The board.
    pub board: String,
    /// Whose score it is: 1 to 256 bytes.
    pub owner: String,
    /// The score, or the difference to it.
    pub score: i64,
    /// Instead of the board's own.
    pub operator: Option<Operator>,
    /// What the owner wants to be shown with the score; without it the old one stays.
    pub metadata: Option<Metadata>,
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

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The board was created.
    Defined(Board),
    /// The board was there, with the same definition.
    WasDefined(Board),
    /// The score counts.
    Submitted(Submitted),
    /// The owner is off the board.
    Deleted(Deleted),
}

/// A board as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Board)]
pub struct Board {
    /// Its id.
    pub id: String,
    /// Which end is the top.
    pub sort: Sort,
    /// What a submission does unless it says otherwise.
    pub operator: Operator,
    /// The scores that it takes.
    pub bounds: Bounds,
    /// True if only servers and operators may submit.
    pub authoritative: bool,
    /// Which run of the board is open; the first is 0.
    pub epoch: u32,
    /// How many owners have a score in it.
    pub members: u64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// What a submission brought.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Submitted)]
pub struct Submitted {
    /// The board.
    pub board: String,
    /// The run of it that the score counts in.
    pub epoch: u32,
    /// Whose score it is.
    pub owner: String,
    /// The place from the top, from 1.
    pub rank: u64,
    /// The place before this submission.
    pub prev_rank: Option<u64>,
    /// The score.
    pub score: i64,
    /// The score before this submission.
    pub prev_score: Option<i64>,
    /// True if it is the owner's first score, or better than the one before.
    pub improved: bool,
    /// How many submissions counted so far.
    pub attempts: u64,
}

/// An owner that is off the board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Deleted)]
pub struct Deleted {
    /// The board.
    pub board: String,
    /// The run of it.
    pub epoch: u32,
    /// The owner.
    pub owner: String,
    /// The place that it had.
    pub rank: u64,
    /// The score that it had.
    pub score: i64,
}

/// Why a command or a query is refused.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Rejection {
    /// The id of a new board.
    #[error("the id of a board must match [a-z0-9][a-z0-9._-]{{0,63}}")]
    BadId,
    /// The id of a new board is a word of the paths.
    #[error("`{0}` is a reserved word: choose another id")]
    ReservedId(String),
    /// The bounds of a new board.
    #[error("bounds.min {min} is above bounds.max {max}: no score would do")]
    BadBounds {
        /// The lowest score.
        min: i64,
        /// The highest score.
        max: i64,
    },
    /// An owner that can have no score.
    #[error("an owner has 1 to 256 bytes")]
    BadOwner,
    /// Too much beside a score.
    #[error("metadata has at most {limit} bytes as compact JSON, not {found}")]
    MetadataTooLarge {
        /// The most.
        limit: u32,
        /// What was submitted.
        found: u32,
    },
    /// Only for servers and operators.
    #[error("this needs the role `server` or `operator`")]
    RoleRequired,
    /// A user may act for itself only.
    #[error("a user may submit scores of its own only")]
    NotYourself,
    /// The board takes no scores from users.
    #[error("the board is authoritative: it takes scores from servers and operators only")]
    Authoritative,
    /// No such board.
    #[error("there is no board of this id")]
    UnknownBoard,
    /// No such owner.
    #[error("this owner has no score on the board")]
    UnknownOwner,
    /// No such rank.
    #[error("there is no rank {rank}: the board has {members} members")]
    UnknownRank {
        /// What was asked for.
        rank: u64,
        /// How many there are.
        members: u64,
    },
    /// The id is taken.
    #[error("there is a board of this id with another definition")]
    BoardExists,
    /// The board does not take this score.
    #[error("the score would be {0}, which is outside of the bounds of the board")]
    OutOfBounds(i64),
    /// The sum is too large for a score.
    #[error("the score would overflow 64 bits")]
    ScoreOverflow,
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::BadId => "bad_id",
            Self::ReservedId(_) => "reserved_id",
            Self::BadBounds { .. } => "bad_bounds",
            Self::BadOwner => "bad_owner",
            Self::MetadataTooLarge { .. } => "metadata_too_large",
            Self::RoleRequired => "role_required",
            Self::NotYourself => "not_yourself",
            Self::Authoritative => "authoritative",
            Self::UnknownBoard => "unknown_board",
            Self::UnknownOwner => "unknown_owner",
            Self::UnknownRank { .. } => "unknown_rank",
            Self::BoardExists => "board_exists",
            Self::OutOfBounds(_) => "out_of_bounds",
            Self::ScoreOverflow => "score_overflow",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::RoleRequired | Self::NotYourself | Self::Authoritative => RefusalKind::Forbidden,
            Self::UnknownBoard | Self::UnknownOwner | Self::UnknownRank { .. } => RefusalKind::NotFound,
            Self::BoardExists => RefusalKind::Conflict,
            Self::BadId
            | Self::ReservedId(_)
            | Self::BadBounds { .. }
            | Self::BadOwner
            | Self::MetadataTooLarge { .. }
            | Self::OutOfBounds(_)
            | Self::ScoreOverflow => RefusalKind::Unprocessable,
        }
    }
}

/// What is said on `leaderboards.events`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A board was created.
    BoardDefined(Definition),
    /// A submission counts, whether it changed the score or not.
    ScoreSubmitted(Submitted),
    /// An owner was taken off a board.
    OwnerDeleted(Deleted),
}

/// What may be asked of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// A board.
    Board {
        /// Its id.
        board: String,
    },
    /// A page of the ranking.
    Entries {
        /// The board.
        board: String,
        /// Where the page lies.
        seek: Seek,
        /// The most entries: 1 to 1,000.
        limit: u32,
        /// Only entries with scores inside.
        scores: Bounds,
        /// Only the best so many of a hundred members, rounded up.
        top_percent: Option<u32>,
    },
    /// The ranking of these owners among themselves.
    Among {
        /// The board.
        board: String,
        /// At most 1,000; those without a score are left out.
        owners: Vec<String>,
    },
    /// An owner's entry.
    Owner {
        /// The board.
        board: String,
        /// The owner.
        owner: String,
    },
    /// The entries around an owner, filled up at both edges of the board.
    Around {
        /// The board.
        board: String,
        /// The owner.
        owner: String,
        /// How many, its own among them: 1 to 1,000.
        limit: u32,
    },
    /// The entry at a rank.
    Rank {
        /// The board.
        board: String,
        /// From 1.
        rank: u64,
    },
}

/// Where a page lies.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Seek {
    /// At the top.
    Top,
    /// From this rank on, whatever else is said.
    Rank(u64),
    /// Behind this place.
    After(Place),
    /// Before this place.
    Before(Place),
}

/// A place in the order of a board. It stays meaningful when nobody stands there any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The score.
    pub score: i64,
    /// The submission that reached it.
    pub reached: Stamp,
    /// The owner.
    pub owner: String,
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// A board.
    Board(Board),
    /// Some entries.
    Page(Page),
    /// One entry.
    Entry(Entry),
}

/// Some entries in the order of the board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The last place, if there is more behind it.
    pub next: Option<Place>,
    /// The first place, if there is more before it.
    pub prev: Option<Place>,
}

/// An owner on a board.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = leaderboards::Entry)]
pub struct Entry {
    /// The place from the top, from 1; among owners that were asked for by name their place among themselves.
    pub rank: u64,
    /// The owner.
    pub owner: String,
    /// The score.
    pub score: i64,
    /// How many submissions counted so far.
    pub attempts: u64,
    /// What came with the score.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Metadata>,
    /// When the last submission counted.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl Contract for Leaderboards {
    const MACHINE: &'static str = "leaderboards";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Event;
    type Query = Query;
    type Answer = Answer;
    type Timer = NoTimer;

    fn key(command: &Command) -> &[u8] {
        match command {
            Command::Define(definition) => definition.id.as_bytes(),
            Command::SubmitScore(submission) => submission.board.as_bytes(),
            Command::DeleteOwner(deletion) => deletion.board.as_bytes(),
        }
    }

    fn event_type(event: &Event) -> &'static str {
        match event {
            Event::BoardDefined(_) => "BoardDefined",
            Event::ScoreSubmitted(_) => "ScoreSubmitted",
            Event::OwnerDeleted(_) => "OwnerDeleted",
        }
    }
}
