//! The ranks of several boards side by side, and after they were opened again.

use super::*;
use crate::leaderboards::ladder::Rungs;
use crate::leaderboards::tables::ORDER;
use std::collections::BTreeSet;

fn key(board: &str, epoch: u32, number: i64) -> Vec<u8> {
    let rungs = Rungs(number / 3, vec![-number]);
    ORDER.raw_key(&(board.to_owned(), epoch, rungs, (number.unsigned_abs(), 0), "ada".to_owned()))
}

const PLACES: [(&str, u32); 4] = [("weekl", 1), ("weekly", 0), ("weekly", 1), ("weekly2", 1)];

fn check(ranks: &Ranks) {
    for (at, (board, epoch)) in PLACES.into_iter().enumerate() {
        let count = 300 + at as u64;
        assert_eq!(ranks.members(board, epoch), count);
        for rank in [1, 2, 150, count] {
            let key = key(board, epoch, i64::try_from(rank).unwrap() * 3);
            assert_eq!(ranks.before(board, epoch, &key), rank - 1);
            assert_eq!(ranks.select(board, epoch, rank), Some(key));
        }
        assert_eq!((ranks.select(board, epoch, 0), ranks.select(board, epoch, count + 1)), (None, None));
    }
    assert_eq!((ranks.members("weekly", 2), ranks.members("other", 1)), (0, 0));
}

#[test]
fn boards_and_epochs_are_ranked_apart_also_after_a_restart() {
    let (mut ranks, mut rows) = (Ranks::default(), BTreeSet::new());
    for (at, (board, epoch)) in PLACES.into_iter().enumerate() {
        for number in (1..=300 + i64::try_from(at).unwrap()).rev() {
            ranks.add(board, epoch, &key(board, epoch, number * 3));
            rows.insert((board.to_owned(), epoch, key(board, epoch, number * 3)));
        }
    }
    check(&ranks);
    ranks.add("weekly", 1, &key("weekly", 1, 3000));
    ranks.remove("weekly", 1, &key("weekly", 1, 3000));
    check(&ranks);
    check(&Ranks::of_rows(rows.into_iter()));
    ranks.forget("weekly", 1);
    assert_eq!((ranks.members("weekly", 1), ranks.members("weekly", 0)), (0, 301));
}
