//! The traits: what a system is, what a machine is, and what the runtime may ask of each.

use crate::runtime::cx::Cx;
use crate::runtime::derived::Derived;
use crate::runtime::problem::Problem;
use crate::runtime::runner::{Partition, Place, Processor, StopReason};
use crate::runtime::view::View;
use millrace_state::store::Store;
use millrace_state::table::TableDef;
use millrace_topics::codec;
use millrace_topics::contract::{self, Contract};
use millrace_topics::record::{Record, Unreadable};
use serde_json::Value;

/// Shorthands for a machine's types.
pub type Command<M> = <<M as Machine>::Contract as Contract>::Command;
/// What an accepted command answers.
pub type Outcome<M> = <<M as Machine>::Contract as Contract>::Outcome;
/// What a refused command answers.
pub type Rejection<M> = <<M as Machine>::Contract as Contract>::Rejection;
/// What may be asked of a machine's tables.
pub type Query<M> = <<M as Machine>::Contract as Contract>::Query;
/// What a query answers.
pub type Answer<M> = <<M as Machine>::Contract as Contract>::Answer;
/// A timer that a machine sets for itself.
pub type Timer<M> = <<M as Machine>::Contract as Contract>::Timer;

/// A deterministic state machine over one topic. It sees no clock, no chance, no I/O, no hash order and no floats.
pub trait Machine: Sized + Send + 'static {
    /// What may stand in its topic.
    type Contract: Contract;

    /// What it keeps in memory beside its tables: derived, rebuilt at open, changed only by transitions; and what rows
    /// of derived tables do not say yet. `()` if nothing.
    type Engine: Engine;

    /// The newest version of its rules that this build knows; a machine starts at 1.
    const RULES: u32 = 1;

    /// Its tables, by number.
    fn tables() -> Vec<TableDef>;

    /// Applies a command: a ladder of checks by precedence, *the line*, then only writes.
    ///
    /// # Errors
    /// The refusal, before anything was written. A refusal after a write is an error in the machine and stops the
    /// partition.
    fn apply(cx: &mut Cx<'_, Self>, command: Command<Self>) -> Result<Outcome<Self>, Rejection<Self>>;

    /// Begins a sandbox, in which something else holds from here on: `what` is the machine's own. Never called in a
    /// state that the log is held against.
    fn suppose(_cx: &mut Cx<'_, Self>, _what: &[u8]) {}

    /// A timer that this machine set is due.
    fn on_timer(cx: &mut Cx<'_, Self>, timer: Timer<Self>);

    /// Which partitions a query must be asked of.
    fn partitions(query: &Query<Self>) -> Partitions;

    /// Answers a query from one partition's view.
    ///
    /// # Errors
    /// The refusal; most often that there is no such thing.
    fn answer(view: &View<'_, Self>, query: Query<Self>) -> Result<Answer<Self>, Rejection<Self>>;

    /// Makes one answer of those of all asked partitions, which are never none.
    fn merge(query: &Query<Self>, answers: Vec<Answer<Self>>) -> Answer<Self>;
}

/// What a machine keeps in memory beside its tables.
pub trait Engine: Send + Sized {
    /// Computes it from the tables.
    fn rebuild(store: &Store) -> Self;

    /// Writes what waits in memory for rows of derived tables: all of it.
    fn derive(&mut self, _rows: &mut Derived<'_>) {}
}

impl Engine for () {
    fn rebuild(_: &Store) -> Self {}
}

/// Which partitions of a machine a query concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partitions {
    /// The one of this routing key.
    One(Vec<u8>),
    /// Those of these routing keys.
    Some(Vec<Vec<u8>>),
    /// Every one.
    All,
}

/// Makes routes and their description.
pub type Routes = fn() -> utoipa_axum::router::OpenApiRouter<crate::runtime::door::Door>;

/// One entry of the registry: a system as the program sees it.
pub struct System {
    /// Its name: the first segment of its paths and the name of its first machine.
    pub name: &'static str,
    /// Its machines, by name.
    pub machines: &'static [MachineDef],
    /// Its routes and their description.
    pub routes: Routes,
    /// Routes that are for everybody, whoever asks: the gate lets requests to them in without an API key.
    pub public: Option<Routes>,
    /// The clients of others that it speaks with in their own dialect.
    pub facades: &'static [crate::runtime::routes::Facade],
}

/// A machine without its types.
#[derive(Clone, Copy)]
pub struct MachineDef {
    /// Its name, which is its topic.
    pub name: &'static str,
    /// The system whose `.events` topic it speaks on.
    pub system: &'static str,
    /// Its tables.
    pub tables: fn() -> Vec<TableDef>,
    /// Opens the machine over a store.
    pub open: fn(Store, Place) -> Result<Box<dyn Processor>, StopReason>,
    /// Reads a command from JSON.
    pub parse: fn(&str) -> Result<ParsedCommand, String>,
    /// A record's command as JSON.
    pub show_command: fn(&Record) -> Result<Value, Unreadable>,
    /// An encoded `Result<Outcome, Rejection>` as JSON, or the refusal.
    pub show_outcome: fn(&[u8]) -> Result<Value, Problem>,
}

/// A command without its machine's types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCommand {
    /// The routing key; none if it belongs to the partition where it stands.
    pub key: Option<Vec<u8>>,
    /// The version of the contract that it is encoded in.
    pub schema: u16,
    /// The encoded command.
    pub body: Vec<u8>,
}

impl MachineDef {
    /// The entry of machine `M` of `system`.
    #[must_use]
    pub const fn of<M: Machine>(system: &'static str) -> Self {
        Self {
            name: M::Contract::MACHINE,
            system,
            tables: M::tables,
            open: open::<M>,
            parse: parse::<M>,
            show_command: show_command::<M>,
            show_outcome: show_outcome::<M>,
        }
    }
}

fn open<M: Machine>(store: Store, place: Place) -> Result<Box<dyn Processor>, StopReason> {
    Ok(Box::new(Partition::<M>::open(store, place)?))
}

fn parse<M: Machine>(json: &str) -> Result<ParsedCommand, String> {
    let command: Command<M> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let key = M::Contract::key(&command).map(<[u8]>::to_vec);
    Ok(ParsedCommand { key, schema: M::Contract::SCHEMA, body: codec::encode(&command) })
}

fn show_command<M: Machine>(record: &Record) -> Result<Value, Unreadable> {
    let command = contract::command::<M::Contract>(record)?;
    Ok(serde_json::to_value(command).expect("a command is plain data"))
}

fn show_outcome<M: Machine>(outcome: &[u8]) -> Result<Value, Problem> {
    let result: Result<Outcome<M>, Rejection<M>> =
        codec::decode(outcome).map_err(|error| Problem::new(500, "undecodable", format!("the outcome {error}")))?;
    match result {
        Ok(outcome) => Ok(serde_json::to_value(outcome).expect("an outcome is plain data")),
        Err(refusal) => Err(Problem::refusal(&refusal)),
    }
}
