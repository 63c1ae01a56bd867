//! The streams of a board: its top, and one owner's entry. What a client folds is exactly what the queries answer.

pub mod routes;

#[cfg(test)]
mod tests;

use crate::leaderboards::Boards;
use crate::runtime::streams::Shown;
use millrace_topics::leaderboards::{Answer, Entry, InLeague, Rejection};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The first entries of a board.
pub struct Top;

/// The event `snapshot` of the top: all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = leaderboards::TopSnapshot)]
pub struct TopSnapshot {
    /// The entries, from the top.
    pub entries: Vec<Entry>,
}

/// The event `change` of the top. To fold it: take those out that are in `left` or in `entries`; put each of `entries`
/// in at its place, from the first on; then number the entries from 1, or rank them as `ranks` says.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = leaderboards::TopChange)]
pub struct TopChange {
    /// Owners who are not in the list any more.
    pub left: Vec<String>,
    /// Entries that are new in the list, or that say something else than before, apart from their rank.
    pub entries: Vec<Placed>,
    /// The ranks of the whole list; absent where they are 1, 2, 3, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<Vec<u64>>,
}

/// An entry and where it stands in the list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = leaderboards::Placed)]
pub struct Placed {
    /// From 1.
    pub place: usize,
    /// The entry.
    pub entry: Entry,
}

impl Shown for Top {
    type Machine = Boards;
    type Whole = TopSnapshot;
    type Change = TopChange;
    const EVENT: &'static str = "change";

    fn whole(answer: Result<Answer, Rejection>) -> Result<TopSnapshot, Rejection> {
        match answer {
            Ok(Answer::Page(page)) => Ok(TopSnapshot { entries: page.entries }),
            // Buckets open one after the other, in each epoch again.
            Err(Rejection::UnknownBucket(_)) => Ok(TopSnapshot::default()),
            Err(refusal) => Err(refusal),
            Ok(_) => unreachable!("a page was asked for"),
        }
    }

    fn change(before: TopSnapshot, after: TopSnapshot) -> Option<TopChange> {
        let (before, after) = (before.entries, after.entries);
        (before != after).then(|| difference(&before, after))
    }
}

fn difference(before: &[Entry], after: Vec<Entry>) -> TopChange {
    let old: BTreeMap<&str, &Entry> = before.iter().map(|entry| (entry.owner.as_str(), entry)).collect();
    let new: BTreeMap<&str, &Entry> = after.iter().map(|entry| (entry.owner.as_str(), entry)).collect();
    let same = |entry: &Entry| {
        let (old, new) = (old.get(entry.owner.as_str()), new.get(entry.owner.as_str()));
        old.zip(new).is_some_and(|(old, new)| **old == Entry { rank: old.rank, ..(*new).clone() })
    };
    let order = |list: &[Entry]| -> Vec<String> {
        list.iter().filter(|entry| same(entry)).map(|entry| entry.owner.clone()).collect()
    };
    // What stays is not sent, so it must stand in the order in which it stood.
    let stay = if order(before) == order(&after) { order(&after) } else { Vec::new() };
    let left = before.iter().filter(|entry| !new.contains_key(entry.owner.as_str()));
    let left = left.map(|entry| entry.owner.clone()).collect();
    let counted = (1..).zip(&after).all(|(place, entry)| entry.rank == place);
    let ranks = (!counted).then(|| after.iter().map(|entry| entry.rank).collect());
    let mut stay = stay.into_iter().peekable();
    let placed = (1..).zip(after).map(|(place, entry)| Placed { place, entry });
    let entries = placed.filter(|placed| stay.next_if(|owner| *owner == placed.entry.owner).is_none()).collect();
    TopChange { left, entries, ranks }
}

/// An owner's entry.
pub struct Own;

/// The events `snapshot` and `rank` of an owner's stream: the entry as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = leaderboards::OwnRank)]
pub struct OwnRank {
    /// Null while the owner has none. Without what changes with every other member: how many there are.
    pub entry: Option<Entry>,
    /// Where it plays, if the board is a league.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub league: Option<InLeague>,
}

impl Shown for Own {
    type Machine = Boards;
    type Whole = OwnRank;
    type Change = OwnRank;
    const EVENT: &'static str = "rank";

    fn whole(answer: Result<Answer, Rejection>) -> Result<OwnRank, Rejection> {
        match answer {
            Ok(Answer::Entry(own)) => Ok(OwnRank { entry: Some(own.entry), league: own.league }),
            Err(Rejection::UnknownOwner) => Ok(OwnRank { entry: None, league: None }),
            Err(refusal) => Err(refusal),
            Ok(_) => unreachable!("an entry was asked for"),
        }
    }

    fn change(before: OwnRank, after: OwnRank) -> Option<OwnRank> {
        (before != after).then_some(after)
    }
}
