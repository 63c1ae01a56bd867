//! What nodes ask one another: outcomes and answers of partitions that the other holds.

use crate::runtime::reply::Reply;
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::position::{Position, Positions};
use millrace_topics::time::Time;

/// A question of one node to another.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Question {
    /// How did the command at this position end?
    Outcome {
        /// Where it stands.
        position: Position,
        /// How long to wait for it, in milliseconds.
        wait_ms: u64,
    },
    /// What does a partition answer to this query?
    Query {
        /// The machine.
        machine: String,
        /// The partition.
        partition: u32,
        /// The encoded query.
        query: Vec<u8>,
        /// The offset that the answer must have seen.
        min: Option<u64>,
    },
    /// What did a partition answer to this query at a moment of the past?
    Past {
        /// The machine.
        machine: String,
        /// The partition.
        partition: u32,
        /// The encoded query.
        query: Vec<u8>,
        /// The moment.
        moment: Moment,
        /// How long to wait until the past state is rebuilt, in milliseconds.
        wait_ms: u64,
    },
}

/// A moment in the life of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Moment {
    /// Right before the record at this offset.
    Before(u64),
    /// The end of this millisecond.
    End(Time),
    /// The end of `to`, if something else had held from the end of `from` on.
    Supposed {
        /// Up to here everything is as it was.
        from: Time,
        /// The moment that is asked about.
        to: Time,
        /// What holds from then on.
        what: Vec<u8>,
    },
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Said {
    /// The outcome; `None` if it did not come in time.
    Outcome(Option<Reply>),
    /// The encoded answer, with its position.
    Answer(Vec<u8>, Positions),
    /// Why there is neither.
    Problem {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The sentence for people.
        detail: String,
        /// After so many seconds it is worth trying again.
        retry_after: Option<u64>,
    },
}
