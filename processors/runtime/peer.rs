//! What nodes ask one another: outcomes and answers of partitions that the other holds.

use crate::runtime::problem::Problem;
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
        /// How fresh the answer must be.
        fresh: Freshness,
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
    /// Which run of which node is this?
    Who,
}

/// How fresh the answer to a query must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Freshness {
    /// As fresh as the node is that answers for the partition.
    #[default]
    Usual,
    /// It has seen everything that the log had when it was asked.
    Latest,
    /// At most so old, in milliseconds: a standby may answer too.
    Within(u64),
}

impl Freshness {
    /// Out of the headers `Millrace-Read` and `Millrace-Max-Staleness`.
    ///
    /// # Errors
    /// 400 `bad_header`.
    pub fn read(read: Option<&str>, max_staleness: Option<&str>) -> Result<Self, Problem> {
        let bad = |why: &str| Err(Problem::bad_request("bad_header", why));
        match (read, max_staleness) {
            (None, None) => Ok(Self::Usual),
            (Some("latest"), None) => Ok(Self::Latest),
            (Some(_), None) => bad("millrace-read is `latest`, or is not given"),
            (None, Some(seconds)) => match seconds.parse::<u32>() {
                Ok(seconds) => Ok(Self::Within(u64::from(seconds) * 1000)),
                Err(_) => bad("millrace-max-staleness is a whole number of seconds"),
            },
            (Some(_), Some(_)) => bad("millrace-read and millrace-max-staleness exclude each other"),
        }
    }
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
    /// The run of the node.
    Run(String),
}
