//! Tests of the differences between two answers: folding them gives the second one.

use super::{Own, OwnRank, Placed, Top, TopChange, TopSnapshot};
use crate::runtime::streams::Shown;
use millrace_topics::leaderboards::{Answer, Entry, OwnEntry, Page, Rejection};
use millrace_topics::time::Time;
use proptest::prelude::*;

fn entry(rank: u64, owner: &str, score: i64) -> Entry {
    Entry {
        rank,
        owner: owner.to_owned(),
        score,
        subscores: Vec::new(),
        attempts: 1,
        metadata: None,
        updated_at: Time(7),
    }
}

fn rank(entry: Option<Entry>) -> OwnRank {
    OwnRank { entry, league: None }
}

/// What a client does, as [`TopChange`] says.
fn fold(mut list: Vec<Entry>, change: TopChange) -> Vec<Entry> {
    let out = |owner: &str| {
        change.left.iter().any(|left| left == owner) || change.entries.iter().any(|placed| placed.entry.owner == owner)
    };
    list.retain(|entry| !out(&entry.owner));
    for Placed { place, entry } in change.entries {
        list.insert(place - 1, entry);
    }
    let counted = (1..=list.len() as u64).collect();
    for (entry, rank) in list.iter_mut().zip(change.ranks.unwrap_or(counted)) {
        entry.rank = rank;
    }
    list
}

fn change(before: &[Entry], after: &[Entry]) -> Option<TopChange> {
    let whole = |entries: &[Entry]| TopSnapshot { entries: entries.to_vec() };
    Top::change(whole(before), whole(after))
}

/// A list in which owners may be anywhere and ranks may be shared.
fn list() -> impl Strategy<Value = Vec<Entry>> {
    let rows = proptest::collection::btree_map("[a-f]", (0i64..3, 1u64..3), 0..6);
    (rows.prop_map(|rows| rows.into_iter().collect::<Vec<_>>()).prop_shuffle(), any::<bool>()).prop_map(
        |(rows, shared)| {
            let rank = |place: u64| if shared { place / 2 + 1 } else { place };
            let entries = (1..)
                .zip(rows)
                .map(|(place, (owner, (score, attempts)))| Entry { attempts, ..entry(rank(place), &owner, score) });
            entries.collect()
        },
    )
}

proptest! {
    #[test]
    fn a_folded_change_is_the_next_answer(before in list(), after in list()) {
        match change(&before, &after) {
            Some(change) => prop_assert_eq!(fold(before, change), after),
            None => prop_assert_eq!(before, after),
        }
    }
}

#[test]
fn who_only_moves_down_is_not_sent_again() {
    let before = [entry(1, "ada", 9), entry(2, "eve", 8), entry(3, "kim", 7)];
    let after = [entry(1, "kim", 10), entry(2, "ada", 9), entry(3, "eve", 8)];
    let placed = vec![Placed { place: 1, entry: entry(1, "kim", 10) }];
    assert_eq!(change(&before, &after), Some(TopChange { left: Vec::new(), entries: placed, ranks: None }));
    assert_eq!(change(&before, &before), None);
}

#[test]
fn an_owner_without_an_entry_is_followed_and_a_board_that_is_not_there_is_not() {
    let ada = || entry(1, "ada", 9);
    assert_eq!(Own::whole(Err(Rejection::UnknownOwner)), Ok(rank(None)));
    assert_eq!(
        Own::whole(Ok(Answer::Entry(OwnEntry { entry: ada(), members: 1, percentile: 100, league: None }))),
        Ok(rank(Some(ada())))
    );
    assert_eq!(Own::whole(Err(Rejection::UnknownBoard)), Err(Rejection::UnknownBoard));
    let (none, some) = (rank(None), rank(Some(ada())));
    assert_eq!(Own::change(none.clone(), some.clone()), Some(some.clone()));
    assert_eq!(Own::change(some.clone(), some), None);
    assert_eq!(Top::whole(Ok(Answer::Page(Page::default()))), Ok(TopSnapshot::default()));
    assert_eq!(Top::whole(Err(Rejection::UnknownBucket(7))), Ok(TopSnapshot::default()));
    assert_eq!(Top::whole(Err(Rejection::BucketRequired)), Err(Rejection::BucketRequired));
}
