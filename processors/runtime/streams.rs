//! Streams: a query that is asked again whenever its partitions have moved, and what a client is told of it: first the
//! whole answer, then only what changed. A client that folds the changes has what the query answers.

use crate::runtime::problem::Problem;
use crate::runtime::system::{Answer, Machine, Query, Rejection};
use bytes::Bytes;
use millrace_topics::codec;
use millrace_topics::position::Positions;
use serde::Serialize;
use std::pin::Pin;
use tokio_stream::Stream;

/// What a stream of a machine's answers shows. Plain functions: they see two answers and nothing else.
pub trait Shown: 'static {
    /// The machine that is asked.
    type Machine: Machine;
    /// What a client has after folding all that it was told.
    type Whole: Serialize;
    /// What makes a new whole of an old one.
    type Change: Serialize;
    /// The name of the events that carry a change.
    const EVENT: &'static str;

    /// What an answer shows.
    ///
    /// # Errors
    /// The refusal, where there is nothing to follow: it ends the stream.
    fn whole(
        answer: Result<Answer<Self::Machine>, Rejection<Self::Machine>>,
    ) -> Result<Self::Whole, Rejection<Self::Machine>>;

    /// What changed between two answers, `None` if nothing that is shown.
    fn change(before: Self::Whole, after: Self::Whole) -> Option<Self::Change>;
}

/// Shows an encoded query and the encoded answers of all partitions as JSON.
pub type ShowWhole = fn(&[u8], &[Vec<u8>]) -> Result<Vec<u8>, Problem>;

/// The same for what changed between two answers, `None` if nothing that is shown.
pub type ShowChange = fn(&[u8], &[Vec<u8>], &[Vec<u8>]) -> Result<Option<Vec<u8>>, Problem>;

/// A [`Shown`] without its types.
#[derive(Clone, Copy)]
pub struct Show {
    /// The name of the events that carry a change.
    pub event: &'static str,
    /// The whole answer.
    pub whole: ShowWhole,
    /// What changed between two answers.
    pub change: ShowChange,
}

impl Show {
    /// What `S` shows.
    #[must_use]
    pub const fn of<S: Shown>() -> Self {
        Self { event: S::EVENT, whole: whole::<S>, change: change::<S> }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("what is shown is plain data")
}

fn whole<S: Shown>(query: &[u8], answers: &[Vec<u8>]) -> Result<Vec<u8>, Problem> {
    read::<S>(query, answers).map(|whole| json(&whole))
}

fn change<S: Shown>(query: &[u8], before: &[Vec<u8>], after: &[Vec<u8>]) -> Result<Option<Vec<u8>>, Problem> {
    let (before, after) = (read::<S>(query, before)?, read::<S>(query, after)?);
    Ok(S::change(before, after).map(|change| json(&change)))
}

fn read<S: Shown>(query: &[u8], answers: &[Vec<u8>]) -> Result<S::Whole, Problem> {
    let merged = merge::<S::Machine>(query, answers)
        .map_err(|error| Problem::new(500, "undecodable", format!("an answer {error}")))?;
    S::whole(merged).map_err(|refusal| Problem::refusal(&refusal))
}

/// One answer of those of all partitions; the first refusal where there is one.
fn merge<M: Machine>(query: &[u8], answers: &[Vec<u8>]) -> Result<Result<Answer<M>, Rejection<M>>, codec::CodecError> {
    let query: Query<M> = codec::decode(query)?;
    let mut all = Vec::with_capacity(answers.len());
    for bytes in answers {
        let answer: Result<Answer<M>, Rejection<M>> = codec::decode(bytes)?;
        match answer {
            Ok(answer) => all.push(answer),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(M::merge(&query, all)))
}

/// What a client is sent, as it stands on the wire, until the stream ends.
pub struct Events {
    /// What the stream has seen when it begins.
    pub positions: Positions,
    /// Whole events.
    pub body: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
}
