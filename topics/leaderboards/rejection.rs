//! Why a command or a query about boards is refused.

use super::definition::Window;
use crate::codec::{Decode, Encode};
use crate::contract::{Refusal, RefusalKind};

/// Why a command or a query is refused. Variants are only appended: kept outcomes hold them.
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
    /// Something else about a new board.
    #[error("{0}")]
    BadDefinition(String),
    /// Another number of subscores than the board has columns.
    #[error("the board has {columns} subscores, not {found}")]
    BadSubscores {
        /// What the board has.
        columns: u32,
        /// What was submitted.
        found: u32,
    },
    /// Nothing in a batch, or too much.
    #[error("a batch has 1 to {limit} entries, not {found}")]
    BadBatch {
        /// The most.
        limit: u32,
        /// What was submitted.
        found: u32,
    },
    /// The board does not have this window.
    #[error("the board has no window `{}`", .0.name())]
    UnknownWindow(Window),
    /// The window has no such epoch, or it is not kept any more.
    #[error("the window `{}` has no epoch {epoch}, or it is not kept any more", .window.name())]
    UnknownEpoch {
        /// The window.
        window: Window,
        /// The epoch that was asked for.
        epoch: u32,
    },
    /// The board does not count distinct scores.
    #[error("only a board whose definition says `\"tie\":\"dense\"` has dense ranks")]
    NotDense,
    /// The tournament has not begun.
    #[error("the tournament has not started yet")]
    NotStarted,
    /// The tournament is over.
    #[error("the tournament has ended")]
    Ended,
    /// The tournament is for those who joined.
    #[error("the owner has not joined this epoch of the tournament")]
    NotJoined,
    /// The tournament has no room.
    #[error("the tournament is full: it has {0} members")]
    Full(u64),
    /// The member may not submit any more.
    #[error("all {0} attempts of this epoch are used")]
    AttemptsUsed(u64),
    /// The submission cannot be voided.
    #[error("no open epoch keeps this submission of the owner: it has ended, or too many came after it")]
    NotKept,
    /// There is nothing to join.
    #[error("the board is no tournament: nobody needs to join it")]
    NoTournament,
    /// What a board of several shards does not do.
    #[error("the board is spread over {0} shards: this does not work there")]
    Spread(u32),
    /// A ranking of all does not exist.
    #[error("the board is a league, which ranks bucket by bucket: say a bucket")]
    BucketRequired,
    /// There are no buckets.
    #[error("this ranking is no league: it has no buckets")]
    NoLeague,
    /// No such bucket.
    #[error("the epoch has no bucket {0}")]
    UnknownBucket(u32),
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
            Self::BadDefinition(_) => "bad_definition",
            Self::BadSubscores { .. } => "bad_subscores",
            Self::BadBatch { .. } => "bad_batch",
            Self::UnknownWindow(_) => "unknown_window",
            Self::UnknownEpoch { .. } => "unknown_epoch",
            Self::NotDense => "not_dense",
            Self::NotStarted => "not_started",
            Self::Ended => "ended",
            Self::NotJoined => "not_joined",
            Self::Full(_) => "full",
            Self::AttemptsUsed(_) => "attempts_used",
            Self::NotKept => "not_kept",
            Self::NoTournament => "no_tournament",
            Self::Spread(_) => "spread",
            Self::BucketRequired => "bucket_required",
            Self::NoLeague => "no_league",
            Self::UnknownBucket(_) => "unknown_bucket",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::RoleRequired | Self::NotYourself | Self::Authoritative => RefusalKind::Forbidden,
            Self::UnknownBoard
            | Self::UnknownOwner
            | Self::UnknownRank { .. }
            | Self::UnknownWindow(_)
            | Self::UnknownEpoch { .. }
            | Self::UnknownBucket(_) => RefusalKind::NotFound,
            Self::BoardExists
            | Self::NotStarted
            | Self::Ended
            | Self::NotJoined
            | Self::Full(_)
            | Self::AttemptsUsed(_)
            | Self::NotKept => RefusalKind::Conflict,
            Self::BadId
            | Self::ReservedId(_)
            | Self::BadBounds { .. }
            | Self::BadOwner
            | Self::MetadataTooLarge { .. }
            | Self::OutOfBounds(_)
            | Self::ScoreOverflow
            | Self::BadDefinition(_)
            | Self::BadSubscores { .. }
            | Self::BadBatch { .. }
            | Self::NotDense
            | Self::NoTournament
            | Self::Spread(_)
            | Self::BucketRequired
            | Self::NoLeague => RefusalKind::Unprocessable,
        }
    }
}
