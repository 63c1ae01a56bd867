//! What a machine's contract is: the types that may stand in its topic, be asked of it and be said by it.

use crate::codec::{self, Body};
use crate::record::{Payload, Record, Unreadable};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// The contract of one machine. Each machine's is one type in its system's file in this crate, so that any system
/// may send to any machine without knowing how it works.
pub trait Contract: Send + Sync + 'static {
    /// The machine's name, which is its topic: `carts`, `carts.stock`.
    const MACHINE: &'static str;
    /// The newest version of the bodies below that this build writes and reads; 1 at first.
    const SCHEMA: u16;
    /// What may be asked of the machine to do. As JSON it is tagged: `{"type":"submit_score",…}`.
    type Command: Body + Serialize + DeserializeOwned;
    /// What an accepted command answers.
    type Outcome: Body + Serialize;
    /// What a refused command answers: a domain noun a variant.
    type Rejection: Body + Refusal;
    /// What is said on `<system>.events`, as the `data` of a CloudEvent whose `type` is [`Self::event_type`].
    type Event: Body + Serialize;
    /// What may be asked of the machine's tables.
    type Query: Body;
    /// What a query answers.
    type Answer: Body;
    /// A timer that the machine sets for itself; use [`NoTimer`] where it sets none.
    type Timer: Body;

    /// The command in its newest shape: a published one never changes, so what came later is a variant of its own. Done
    /// to each command that is read, so that nobody else meets an old shape.
    #[must_use]
    fn current(command: Self::Command) -> Self::Command {
        command
    }

    /// How many stamps a command needs: the record's own, and those behind it for what it holds. 1 to 65,536.
    #[must_use]
    fn stamps(_command: &Self::Command) -> u32 {
        1
    }

    /// The routing key of a command: it chooses the partition. None for a command that belongs to the partition where
    /// it stands: who means all says it to each.
    fn key(command: &Self::Command) -> Option<&[u8]>;

    /// The version of the machine's rules from which on a foreign producer may say this command. JSON has no schema
    /// number: what an older build buried as an unknown type, a replay by a newer one must bury too, until a record in
    /// the log switches it on. Variants of the first release say 1.
    #[must_use]
    fn foreign_since(_command: &Self::Command) -> u32 {
        1
    }

    /// The CloudEvents `type` of an event.
    fn event_type(event: &Self::Event) -> &'static str;
}

/// The timer of a machine that sets none: it has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, codec::Encode, codec::Decode)]
pub enum NoTimer {}

/// What kind of "no" a refusal is; decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 403: this caller may not.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 409: in conflict with the state.
    Conflict,
    /// 410: it was there and is gone.
    Gone,
    /// 412: another version than the caller's `If-Match`.
    Stale,
    /// 422: understood, but against a value's bounds or a rule.
    Unprocessable,
    /// 425: it will be possible at a time that is known.
    TooEarly,
}

impl RefusalKind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::Stale => 412,
            Self::Unprocessable => 422,
            Self::TooEarly => 425,
        }
    }
}

/// A refusal by a business rule. Its `Display` is the sentence for people.
pub trait Refusal: std::fmt::Display {
    /// The stable snake_case code that programs may rely on.
    fn code(&self) -> &'static str;
    /// What kind of "no" it is.
    fn kind(&self) -> RefusalKind;
    /// What a program needs to know of it beside the code, by name.
    fn members(&self) -> Vec<(&'static str, serde_json::Value)> {
        Vec::new()
    }
}

/// Reads a field that may be left out: null means the same as absent.
///
/// # Errors
/// What is wrong with a value that is there.
pub fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads the command of a record under a contract.
///
/// # Errors
/// [`Unreadable`]; also for payloads that are no command, which is the caller's mistake.
pub fn command<C: Contract>(record: &Record) -> Result<C::Command, Unreadable> {
    if record.header.schema > C::SCHEMA {
        let (found, known) = (record.header.schema.into(), C::SCHEMA.into());
        return Err(Unreadable::TooNew { what: "contract schema", found, known });
    }
    let command = match &record.payload {
        Payload::Command(body) => codec::decode(body).map_err(|error| Unreadable::Bad(format!("the command {error}"))),
        Payload::Json(text) => {
            serde_json::from_slice(text).map_err(|error| Unreadable::Bad(format!("not a command: {error}")))
        }
        other => Err(Unreadable::Bad(format!("{other:?} is not a command"))),
    };
    command.map(C::current)
}
