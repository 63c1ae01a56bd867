//! What a board is: fixed once it exists.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// How many submissions of a member are kept unless a definition says otherwise.
pub const KEEP_SUBMISSIONS: u32 = 8;
/// The most that a definition may ask for: they stand in the member's row, which each submission reads.
pub const KEEP_SUBMISSIONS_LIMIT: u32 = 64;
/// How many closed epochs of each window are kept unless a definition says otherwise.
pub const KEEP_EPOCHS: u32 = 10;
/// The most that a definition may ask for.
pub const KEEP_EPOCHS_LIMIT: u32 = 10_000;
/// How many owners the event of a closed epoch names unless a definition says otherwise.
pub const TOP: u32 = 10;
/// The most that a definition may ask for: the event must fit into a record.
pub const TOP_LIMIT: u32 = 100;
/// The most columns: the score and four subscores.
pub const COLUMNS_LIMIT: usize = 5;
/// The most shards.
pub const SHARDS_LIMIT: u32 = 64;
/// The most steps of a list of prizes.
pub const PRIZES_LIMIT: usize = 100;
/// The last rank that can win one: the event of a closed epoch names all who do.
pub const PRIZE_RANKS_LIMIT: u32 = 1000;

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
    /// The better of the two, by the board's sort; of equal scores the one with the better subscores.
    #[default]
    Best,
    /// The submitted one.
    Set,
    /// The sum, of each column; an owner that has none starts at 0.
    Incr,
    /// The difference, of each column; an owner that has none starts at 0.
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

/// A span of time over which a board ranks. Each has its own epochs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = leaderboards::Window)]
pub enum Window {
    /// Until the board is reset, by hand or by its `reset_cron`.
    #[default]
    All,
    /// From midnight to midnight in the board's time zone.
    Daily,
    /// From Monday's midnight to the next in the board's time zone.
    Weekly,
}

impl Window {
    /// All of them, in order.
    pub const EACH: [Self; 3] = [Self::All, Self::Daily, Self::Weekly];

    /// Its name, as JSON and paths write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// Its number among [`Window::EACH`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A set of windows; `all` belongs to each board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Windows(u8);

impl Default for Windows {
    fn default() -> Self {
        Self::of(&[Window::All])
    }
}

impl Windows {
    /// The set of these.
    #[must_use]
    pub fn of(windows: &[Window]) -> Self {
        Self(windows.iter().fold(0, |set, window| set | 1 << window.index()))
    }

    /// True if the window is one of them.
    #[must_use]
    pub fn has(self, window: Window) -> bool {
        self.0 & 1 << window.index() != 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Window> {
        Window::EACH.into_iter().filter(move |window| self.has(*window))
    }
}

impl Serialize for Windows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Windows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Window>::deserialize(deserializer).map(|windows| Self::of(&windows))
    }
}

/// What rank equal scores share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = leaderboards::Tie)]
pub enum Tie {
    /// None: the first to reach it stands higher. 1, 2, 3.
    #[default]
    Unique,
    /// The number of better ones and 1. 1, 1, 3.
    Competition,
    /// The number of better scores and 1. 1, 1, 2.
    Dense,
}

/// A time zone: its name, and its rules as they were when the board was defined.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Zone {
    /// `UTC`, `Europe/Berlin`.
    pub name: String,
    /// The rules, as TZif. Empty for UTC alone. The route puts them here, so that they stand in the log and every
    /// replay finds the same midnights. JSON shows the name only.
    pub rules: Vec<u8>,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), rules: Vec::new() }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self { name, rules: Vec::new() })
    }
}

/// What those up to a rank win when an epoch ends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::Prize)]
pub struct Prize {
    /// The last rank that wins it; the first one is behind the prize before.
    pub to_rank: u32,
    /// What it is: 1 to 256 bytes that mean nothing to the board.
    pub prize: String,
}

/// A board that is open for a while, perhaps only to those who joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = leaderboards::Tournament)]
pub struct Tournament {
    /// Scores count from here on; from the beginning unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Time>,
    /// Scores count until shortly before this; for ever unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Time>,
    /// True if an owner must have joined before a score of it counts.
    pub join_required: bool,
    /// The most members of an epoch, if there is a limit.
    pub max_size: Option<u64>,
    /// The most submissions of a member in an epoch, if there is a limit.
    pub max_attempts: Option<u64>,
}

/// What a board is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = leaderboards::Definition)]
pub struct Definition {
    /// `[a-z0-9][a-z0-9._-]{0,63}`, and no reserved word.
    pub id: String,
    /// Which end is the top.
    #[serde(default, deserialize_with = "or_default")]
    pub sort: Sort,
    /// Which end is the top of each subscore: they decide in turn between equal scores.
    #[serde(default, deserialize_with = "or_default")]
    pub columns: Vec<Sort>,
    /// What a submission does unless it says otherwise.
    #[serde(default, deserialize_with = "or_default")]
    pub operator: Operator,
    /// The scores that it takes.
    #[serde(default, deserialize_with = "or_default")]
    pub bounds: Bounds,
    /// True if only servers and operators may submit.
    #[serde(default, deserialize_with = "or_default")]
    pub authoritative: bool,
    /// The spans of time over which it ranks.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = Vec<Window>)]
    pub windows: Windows,
    /// What rank equal scores share unless a reader asks otherwise. Only a board that says `dense` can be asked for
    /// dense ranks.
    #[serde(default, deserialize_with = "or_default")]
    pub tie: Tie,
    /// Over how many parts its members are spread: 1 to [`SHARDS_LIMIT`].
    #[serde(default = "one", deserialize_with = "or_one")]
    pub shards: u32,
    /// The time zone in which days, weeks and `reset_cron` are meant.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(value_type = String)]
    pub tz: Zone,
    /// When the window `all` begins anew: minute, hour, day of the month, month, day of the week.
    pub reset_cron: Option<String>,
    /// How many closed epochs of each window can be read.
    #[serde(default = "keep_epochs", deserialize_with = "or_keep_epochs")]
    pub keep_epochs: u32,
    /// How many submissions of each member can be voided.
    #[serde(default = "keep_submissions", deserialize_with = "or_keep_submissions")]
    pub keep_submissions: u32,
    /// How many owners the event of a closed epoch names.
    #[serde(default = "top", deserialize_with = "or_top")]
    pub top: u32,
    /// What is to be won at the end of an epoch of `all`, by rank from the top.
    #[serde(default, deserialize_with = "or_default")]
    pub prizes: Vec<Prize>,
    /// Limits of time and number, if it has any.
    pub tournament: Option<Tournament>,
}

impl Definition {
    /// The same without what need not be repeated to mean the same board: the rules of its time zone.
    #[must_use]
    pub fn without_rules(&self) -> Self {
        Self { tz: Zone { name: self.tz.name.clone(), rules: Vec::new() }, ..self.clone() }
    }
}

fn one() -> u32 {
    1
}

fn keep_epochs() -> u32 {
    KEEP_EPOCHS
}

fn keep_submissions() -> u32 {
    KEEP_SUBMISSIONS
}

fn top() -> u32 {
    TOP
}

fn or_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(one))
}

fn or_keep_epochs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(keep_epochs))
}

fn or_keep_submissions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(keep_submissions))
}

fn or_top<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(top))
}

/// A definition as schema 1 wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DefinitionV1 {
    id: String,
    sort: Sort,
    operator: Operator,
    bounds: Bounds,
    authoritative: bool,
}

impl From<DefinitionV1> for Definition {
    fn from(old: DefinitionV1) -> Self {
        let DefinitionV1 { id, sort, operator, bounds, authoritative } = old;
        Self { sort, operator, bounds, authoritative, ..Self::new(id) }
    }
}

impl Definition {
    /// The board of this id that says nothing else.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            sort: Sort::default(),
            columns: Vec::new(),
            operator: Operator::default(),
            bounds: Bounds::default(),
            authoritative: false,
            windows: Windows::default(),
            tie: Tie::default(),
            shards: 1,
            tz: Zone::default(),
            reset_cron: None,
            keep_epochs: KEEP_EPOCHS,
            keep_submissions: KEEP_SUBMISSIONS,
            top: TOP,
            prizes: Vec::new(),
            tournament: None,
        }
    }
}
