//! What comes out of a partition: replies to requests, events to say, letters that are dead.

use millrace_topics::codec::{Decode, Encode};
use millrace_topics::log::LogRecord;
use millrace_topics::position::Position;
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;
use std::fmt::Write as _;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// Applied; the encoded `Result<Outcome, Rejection>` of its machine.
    Outcome(Vec<u8>),
    /// Its idempotency key was used before with another body.
    KeyReused,
    /// It was dead-lettered. The reason stands in the letter alone: its words may change with the build, and what is
    /// kept must be the same in every replay.
    Dead,
}

/// The reply to a command.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reply {
    /// The command's id.
    pub stamp: Stamp,
    /// How it ended.
    pub verdict: Verdict,
    /// Where it took effect: for a repeat the place of the first one.
    pub position: Position,
    /// True if this is a kept outcome of an earlier request.
    pub replayed: bool,
}

/// An event to publish on `<system>.events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The record that said it.
    pub offset: u64,
    /// Which of that record's events it is.
    pub ordinal: u32,
    /// Its CloudEvents `type`.
    pub kind: &'static str,
    /// The partition's clock.
    pub time: Time,
    /// Its data, as JSON.
    pub data: String,
}

/// What stands around an event's data, in bytes, and some room.
const ENVELOPE_BYTES: usize = 256;

impl Said {
    /// The event as CloudEvents JSON. Said again, by a replay of the same record, it has the same id and bytes.
    #[must_use]
    pub fn cloud_event(&self, machine: &str, partition: u32) -> Vec<u8> {
        // Written out, since it is done for each record: no part of it needs an escape, and the data is JSON already.
        let Self { offset, ordinal, kind, time, data } = self;
        let mut text = String::with_capacity(ENVELOPE_BYTES + data.len());
        write!(
            text,
            r#"{{"specversion":"1.0","id":"{machine}/{partition}@{offset}#{ordinal}","source":"/{machine}","type":"{kind}","#
        )
        .and_then(|()| write!(text, r#""time":"{time}","datacontenttype":"application/json","data":{data}}}"#))
        .expect("a text takes everything");
        text.into_bytes()
    }
}

/// A record that cannot be applied, for `<topic>.dead`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The record as it stands in the log.
    pub record: LogRecord,
    /// Why.
    pub reason: String,
}

/// What the steps of a batch brought forth.
#[derive(Default)]
pub struct Output {
    /// Replies to whoever waits.
    pub replies: Vec<Reply>,
    /// Events, in order.
    pub said: Vec<Said>,
    /// Dead letters, in order.
    pub dead: Vec<DeadLetter>,
    /// True if the outbox has new rows.
    pub sent: bool,
    /// What an operator must hear about.
    pub alarms: Vec<String>,
}
