//! The contract of leaderboards: boards that rank their members by score.
//!
//! Outcomes, events and answers are untagged as JSON: what a route answers, what `/v1/outcomes` shows and what
//! stands as the data of an event is the struct inside the variant.

mod command;
mod definition;
mod league;
mod outcome;
mod query;
mod rejection;

pub use command::{
    BATCH_LIMIT, Batch, Closing, Command, Deletion, Erasure, Joining, Metadata, NewEntry, Owner, ScoreShared,
    ShardClosed, ShardClosing, ShardOpening, Submission, SubmissionV1, Voiding,
};
pub use definition::{
    Bounds, COLUMNS_LIMIT, Definition, DefinitionV1, KEEP_EPOCHS, KEEP_EPOCHS_LIMIT, KEEP_SUBMISSIONS,
    KEEP_SUBMISSIONS_LIMIT, Operator, PRIZE_RANKS_LIMIT, PRIZES_LIMIT, Prize, SHARDS_LIMIT, Sort, TOP, TOP_LIMIT, Tie,
    Tournament, Window, Windows, Zone,
};
pub use league::{BUCKET_SIZE_LIMIT, InLeague, League, LeagueDefinition, TIER_NAME_LIMIT, TIERS_LIMIT, TierChanged};
pub use outcome::{
    BatchOutcome, Board, Deleted, Epoch, EpochClosed, Event, HandClose, InShard, InWindow, Item, ItemProblem, Joined,
    Move, NewBest, Outcome, OwnerErased, OwnerHidden, OwnerState, Ranked, Submitted, Voided, VoidedIn, Won,
};
pub use query::{
    Answer, AtPercent, AtRank, Bar, Entry, KeptSubmission, OwnEntry, Page, Place, Query, Ranking, STATS_BARS,
    STATS_PERCENTILES, STATS_RANKS, Seek, ShardAnswer, ShardAsk, Stats,
};
pub use rejection::Rejection;

use crate::codec::{Decode, Encode};
use crate::contract::Contract;

/// The machine `leaderboards`. Its key is the board's id, or that of one of its shards: `board#3`.
pub enum Leaderboards {}

/// What a board has to do by itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// The open epoch of a window ends.
    Close {
        /// The board.
        board: String,
        /// The window.
        window: Window,
    },
    /// Rows of an epoch that is not kept any more go.
    Drop {
        /// The board.
        board: String,
        /// The window.
        window: Window,
        /// The epoch.
        epoch: u32,
    },
    /// Members of an ended epoch of a league go up and down.
    Settle {
        /// The board.
        board: String,
        /// The epoch.
        epoch: u32,
    },
    /// An owner is hidden, shown or erased on more of its boards.
    Sweep {
        /// The owner.
        owner: String,
    },
}

impl Contract for Leaderboards {
    const MACHINE: &'static str = "leaderboards";
    const SCHEMA: u16 = 2;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Event;
    type Query = Query;
    type Answer = Answer;
    type Timer = Timer;

    fn current(command: Command) -> Command {
        command.current()
    }

    fn key(command: &Command) -> Option<&[u8]> {
        let board = match command {
            Command::Define(definition) => &definition.id,
            Command::DefineLeague(league) => &league.definition.id,
            Command::SubmitScore(submission) => &submission.board,
            Command::SubmitScores(batch) => &batch.board,
            Command::DeleteOwner(deletion) => &deletion.board,
            Command::CloseEpoch(closing) => &closing.board,
            Command::VoidSubmission(voiding) => &voiding.board,
            Command::Join(joining) => &joining.board,
            Command::OpenShard(opening) => &opening.definition.id,
            Command::CloseShard(closing) => &closing.shard,
            Command::ShardClosed(closed) => &closed.board,
            Command::ShareScore(shared) => &shared.shard,
            Command::HideOwner(_) | Command::ShowOwner(_) | Command::EraseOwner(_) => return None,
            Command::DefineV1(_) | Command::SubmitScoreV1(_) => unreachable!("reading a record makes it current"),
        };
        Some(board.as_bytes())
    }

    fn stamps(command: &Command) -> u32 {
        match command {
            Command::SubmitScores(batch) => u32::try_from(batch.entries.len()).unwrap_or(1).clamp(1, 1 << 16),
            _ => 1,
        }
    }

    fn event_type(event: &Event) -> &'static str {
        event.name()
    }
}
