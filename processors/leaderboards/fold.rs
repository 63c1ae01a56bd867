//! How submissions become a score: pure, so that the same submissions without a voided one give what would have been.

use crate::leaderboards::ladder::rung;
use crate::leaderboards::tables::BoardRow;
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::leaderboards::{Metadata, Operator, Place, Rejection};
use millrace_topics::position::Position;
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;
use std::fmt;

/// What counts of a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Standing {
    /// Its score.
    pub score: i64,
    /// Its subscores.
    pub subscores: Vec<i64>,
    /// The submission that reached them: of equal scores the first stands higher.
    pub reached: Stamp,
    /// How many submissions counted.
    pub attempts: u64,
    /// What came with the score.
    pub metadata: Option<Metadata>,
    /// When the last submission counted.
    pub updated: Time,
}

/// The name of a submission: where it was applied.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct At {
    /// The partition.
    pub partition: u32,
    /// The offset in it.
    pub offset: u64,
    /// Which entry of a batch.
    pub item: Option<u32>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.partition, self.offset)?;
        self.item.map_or(Ok(()), |item| write!(f, ".{item}"))
    }
}

/// As a position, so that whoever compares rows over other numbers of partitions knows it as one.
impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at/{self}")
    }
}

impl At {
    /// The entry `item` of the record at a position.
    #[must_use]
    pub fn new(position: &Position, item: Option<u32>) -> Self {
        Self { partition: position.partition, offset: position.offset, item }
    }
}

/// A submission that counted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Its name.
    pub at: At,
    /// Its stamp.
    pub stamp: Stamp,
    /// When it counted.
    pub time: Time,
    /// What it did.
    pub operator: Operator,
    /// The score, or the difference to it.
    pub score: i64,
    /// The subscores, or the differences to them.
    pub subscores: Vec<i64>,
    /// What came with it.
    pub metadata: Option<Metadata>,
    /// The rank that it led to, if it was known.
    pub rank: Option<u64>,
    /// True if it does not count any more.
    pub voided: bool,
}

impl Standing {
    /// The place of an owner that stands so.
    #[must_use]
    pub fn place(&self, owner: &str) -> Place {
        let Self { score, subscores, reached, .. } = self;
        Place { score: *score, subscores: subscores.clone(), reached: *reached, owner: owner.to_owned() }
    }

    /// True if it stands higher than `other` by its scores alone.
    #[must_use]
    pub fn is_better(&self, board: &BoardRow, other: &Self) -> bool {
        is_better(board, (self.score, &self.subscores), (other.score, &other.subscores))
    }
}

fn is_better(board: &BoardRow, one: (i64, &[i64]), other: (i64, &[i64])) -> bool {
    let rungs = |(score, subscores): (i64, &[i64])| {
        let columns = board.columns.iter().zip(subscores.to_vec()).map(|(sort, score)| rung(*sort, score));
        (rung(board.sort, score), columns.collect::<Vec<_>>())
    };
    rungs(one) < rungs(other)
}

/// What a submission makes of what counted before it.
///
/// # Errors
/// That a sum would be too large.
pub fn step(board: &BoardRow, before: Option<&Standing>, entry: &Entry) -> Result<Standing, Rejection> {
    let (score, subscores) = offered(before, entry)?;
    let updated = entry.time;
    let Some(before) = before else {
        let metadata = entry.metadata.clone();
        return Ok(Standing { score, subscores, reached: entry.stamp, attempts: 1, metadata, updated });
    };
    let attempts = before.attempts + 1;
    let stays =
        entry.operator == Operator::Best && !is_better(board, (score, &subscores), (before.score, &before.subscores));
    if stays {
        return Ok(Standing { attempts, updated, ..before.clone() });
    }
    // Who stays at a score keeps the place among those who have it.
    let same = score == before.score && subscores == before.subscores;
    let reached = if same { before.reached } else { entry.stamp };
    let metadata = entry.metadata.clone().or_else(|| before.metadata.clone());
    Ok(Standing { score, subscores, reached, attempts, metadata, updated })
}

/// The scores that a submission asks for.
fn offered(before: Option<&Standing>, entry: &Entry) -> Result<(i64, Vec<i64>), Rejection> {
    let combine: fn(i64, i64) -> Option<i64> = match entry.operator {
        Operator::Best | Operator::Set => return Ok((entry.score, entry.subscores.clone())),
        Operator::Incr => i64::checked_add,
        Operator::Decr => i64::checked_sub,
    };
    let from = |column: usize| before.map_or(0, |before| before.subscores[column]);
    let score = combine(before.map_or(0, |before| before.score), entry.score);
    let columns = entry.subscores.iter().enumerate().map(|(column, change)| combine(from(column), *change));
    let columns: Option<Vec<i64>> = columns.collect();
    score.zip(columns).ok_or(Rejection::ScoreOverflow)
}
