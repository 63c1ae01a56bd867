//! Boards against a sorted list.

use crate::leaderboards::Boards;
use crate::runtime::alone::Alone;
use millrace_topics::leaderboards::{
    Answer, Bounds, Command, Definition, Deletion, NewEntry, Operator, Outcome, OwnEntry, Page, Query, Ranking,
    Rejection, Seek, Sort, Stats, Submission, Tie,
};
use millrace_topics::record::Stamp;
use proptest::prelude::*;

/// One partition with one board, and what must be on it: (rung, stamp that reached it, owner), from the top.
struct Model {
    alone: Alone<Boards>,
    sort: Sort,
    list: Vec<(i64, Stamp, String)>,
}

/// The ranking in which no two share a rank.
fn weekly() -> Ranking {
    Ranking { tie: Some(Tie::Unique), ..Ranking::of("weekly") }
}

impl Model {
    fn new(sort: Sort, operator: Operator) -> Self {
        Self::with(sort, operator, Tie::Unique)
    }

    fn with(sort: Sort, operator: Operator, tie: Tie) -> Self {
        let mut model = Self { alone: Alone::default(), sort, list: Vec::new() };
        let definition = Definition { sort, operator, tie, ..Definition::new("weekly".to_owned()) };
        model.tell(Stamp::default(), &Command::Define(Box::new(definition))).unwrap();
        model
    }

    fn tell(&mut self, stamp: Stamp, command: &Command) -> Result<Outcome, Rejection> {
        self.alone.now = self.alone.now.plus(1);
        self.alone.tell_at(stamp, command)
    }

    fn ask(&self, query: &Query) -> Result<Answer, Rejection> {
        self.alone.ask(query)
    }

    fn page(&self, query: &Query) -> Page {
        match self.ask(query) {
            Ok(Answer::Page(page)) => page,
            other => panic!("{other:?}"),
        }
    }

    fn entry(&self, query: &Query) -> OwnEntry {
        match self.ask(query) {
            Ok(Answer::Entry(entry)) => entry,
            other => panic!("{other:?}"),
        }
    }

    fn rank(&self, owner: &str) -> Option<u64> {
        self.list.iter().position(|(.., other)| other == owner).map(|index| index as u64 + 1)
    }

    /// Hands in a score with the operator `set`, and compares what it brought.
    fn set(&mut self, stamp: Stamp, owner: &str, score: i64) {
        let prev_rank = self.rank(owner);
        let rung = if self.sort == Sort::Desc { -score } else { score };
        let before = prev_rank.map(|rank| self.list.remove(usize::try_from(rank).unwrap() - 1));
        let reached = before.as_ref().filter(|before| before.0 == rung).map_or(stamp, |before| before.1);
        self.list.push((rung, reached, owner.to_owned()));
        self.list.sort();
        let (board, owner) = ("weekly".to_owned(), owner.to_owned());
        let operator = Some(Operator::Set);
        let entry = NewEntry { owner: owner.clone(), score, subscores: Vec::new(), operator, metadata: None };
        let submission = Submission { board, entry };
        let outcome = self.tell(stamp, &Command::SubmitScore(submission)).unwrap();
        let Outcome::Submitted(submitted) = outcome else { panic!("{outcome:?}") };
        assert_eq!((submitted.rank, submitted.prev_rank), (self.rank(&owner), prev_rank));
        assert_eq!(submitted.improved, before.is_none_or(|before| rung < before.0));
    }

    fn delete(&mut self, stamp: Stamp, owner: &str) {
        let rank = self.rank(owner);
        self.list.retain(|(.., other)| other != owner);
        let (board, owner) = ("weekly".to_owned(), owner.to_owned());
        let outcome = self.tell(stamp, &Command::DeleteOwner(Deletion { board, owner }));
        match (outcome, rank) {
            (Ok(Outcome::Deleted(deleted)), Some(rank)) => assert_eq!(deleted.rank, Some(rank)),
            (Err(Rejection::UnknownOwner), None) => {}
            other => panic!("{other:?}"),
        }
    }

    /// The same partition after a restart: the counts are made from the rows.
    fn reopen(&mut self) {
        self.alone.reopen();
    }

    fn entries(&self, seek: Seek, limit: u32, scores: Bounds) -> Page {
        self.page(&Query::Entries { of: weekly(), seek, limit, scores, top_percent: None })
    }

    fn check_pages(&self, limit: u32) {
        let mut down = Vec::new();
        let mut seek = Some(Seek::Top);
        let mut last = None;
        while let Some(at) = seek.take() {
            let page = self.entries(at, limit, Bounds::default());
            assert_eq!(page.prev.is_some(), !down.is_empty());
            down.extend(page.entries.iter().map(|entry| (entry.rank, entry.owner.clone())));
            seek = page.next.clone().map(Seek::After);
            last = Some(page);
        }
        let expected: Vec<_> = (1..).zip(self.list.iter().map(|(.., owner)| owner.clone())).collect();
        assert_eq!(down, expected);
        let mut up: Vec<_> = last.iter().flat_map(|page| &page.entries).map(|entry| entry.rank).collect();
        let mut seek = last.and_then(|page| page.prev).map(Seek::Before);
        while let Some(at) = seek.take() {
            let page = self.entries(at, limit, Bounds::default());
            assert!(page.next.is_some());
            up.splice(0..0, page.entries.iter().map(|entry| entry.rank));
            seek = page.prev.map(Seek::Before);
        }
        assert!(up.iter().copied().eq(1..=self.list.len() as u64), "{up:?}");
    }

    fn check_owners(&self, limit: u32) {
        let ranks = |page: &Page| page.entries.iter().map(|entry| entry.rank).collect::<Vec<_>>();
        for (rank, (rung, _, owner)) in (1u64..).zip(&self.list) {
            let entry = self.entry(&Query::Owner { of: weekly(), owner: owner.clone() });
            assert_eq!(
                (entry.entry.rank, entry.entry.score),
                (rank, if self.sort == Sort::Desc { -rung } else { *rung })
            );
            assert_eq!(self.entry(&Query::Rank { of: weekly(), rank }), entry);
            let around = self.page(&Query::Around { of: weekly(), owner: owner.clone(), limit });
            assert_eq!(around.entries.len(), self.list.len().min(limit as usize));
            assert!(ranks(&around).contains(&rank));
            let slice = self.entries(Seek::Rank(around.entries[0].rank), limit, Bounds::default());
            assert_eq!(around, slice, "what is around an owner is a slice of the walk");
        }
        let rank = self.list.len() as u64 + 1;
        let refused = self.ask(&Query::Rank { of: weekly(), rank });
        assert_eq!(refused, Err(Rejection::UnknownRank { rank, members: rank - 1 }));
    }

    /// Ranks that equal scores share, in a walk of pages and owner by owner, against counting.
    fn check_ties(&self, limit: u32) {
        let rungs: Vec<i64> = self.list.iter().map(|(rung, ..)| *rung).collect();
        let distinct = |rungs: &[i64]| rungs.iter().collect::<std::collections::BTreeSet<_>>().len() as u64;
        for tie in [Tie::Unique, Tie::Competition, Tie::Dense] {
            let of = Ranking { tie: Some(tie), ..weekly() };
            let expected = |at: usize| match tie {
                Tie::Unique => at as u64 + 1,
                Tie::Competition => rungs.partition_point(|rung| *rung < rungs[at]) as u64 + 1,
                Tie::Dense => distinct(&rungs[..rungs.partition_point(|rung| *rung < rungs[at])]) + 1,
            };
            let mut seek = Some(Seek::Top);
            let mut walked = Vec::new();
            while let Some(at) = seek.take() {
                let (of, scores, top_percent) = (of.clone(), Bounds::default(), None);
                let page = self.page(&Query::Entries { of, seek: at, limit, scores, top_percent });
                walked.extend(page.entries.iter().map(|entry| entry.rank));
                seek = page.next.map(Seek::After);
            }
            assert_eq!(walked, (0..rungs.len()).map(expected).collect::<Vec<_>>(), "{tie:?}");
            for (at, (.., owner)) in self.list.iter().enumerate() {
                let entry = self.entry(&Query::Owner { of: of.clone(), owner: owner.clone() });
                assert_eq!(entry.entry.rank, expected(at), "{tie:?} {owner}");
                let below = (rungs.len() - at - 1) * 100;
                let percentile = below.checked_div(rungs.len() - 1).unwrap_or(100);
                assert_eq!((entry.members, entry.percentile as usize), (rungs.len() as u64, percentile));
            }
        }
    }

    fn check_stats(&self, bars: u32) {
        let query = Query::Stats { of: weekly(), ranks: vec![1, 3, 1000], bars };
        let Ok(Answer::Stats(stats)) = self.ask(&query) else { panic!("statistics are an answer") };
        let scores: Vec<i64> =
            self.list.iter().map(|(rung, ..)| if self.sort == Sort::Desc { -rung } else { *rung }).collect();
        let Stats { members, best, worst, percentiles, ranks, histogram } = stats;
        assert_eq!((members, best, worst), (scores.len() as u64, scores.first().copied(), scores.last().copied()));
        let at = |percent: u32| scores[(scores.len() * percent as usize).div_ceil(100) - 1];
        assert!(scores.is_empty() || percentiles.iter().all(|one| one.score == at(one.top_percent)), "{percentiles:?}");
        assert!(ranks.iter().all(|one| one.score == scores[usize::try_from(one.rank).unwrap() - 1]));
        assert_eq!(ranks.len(), [1, 3, 1000].iter().filter(|rank| **rank <= scores.len()).count());
        assert!(histogram.len() <= bars as usize);
        for bar in &histogram {
            let inside = scores.iter().filter(|score| (bar.from..=bar.to).contains(score)).count();
            assert_eq!(bar.members, inside as u64, "{histogram:?} of {scores:?}");
        }
        assert_eq!(histogram.iter().map(|bar| bar.members).sum::<u64>(), members);
    }

    fn check_scores(&self, scores: Bounds) {
        let page = self.entries(Seek::Top, 1000, scores);
        let inside = |rung: i64| {
            let score = if self.sort == Sort::Desc { -rung } else { rung };
            scores.min.is_none_or(|min| min <= score) && scores.max.is_none_or(|max| score <= max)
        };
        let expected = (1u64..).zip(&self.list).filter(|(_, (rung, ..))| inside(*rung));
        assert!(
            page.entries.iter().map(|entry| (entry.rank, &entry.owner)).eq(expected.map(|(rank, row)| (rank, &row.2)))
        );
        assert_eq!((page.next, page.prev), (None, None));
    }
}

#[derive(Clone, Debug)]
enum Act {
    Set(u8, i64, u64),
    Delete(u8),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (0u8..24, -4i64..4, 0u64..3).prop_map(|(owner, score, late)| Act::Set(owner, score, late)),
        2 => (0u8..24).prop_map(Act::Delete),
        1 => Just(Act::Reopen),
    ]
}

fn sort() -> impl Strategy<Value = Sort> {
    prop_oneof![Just(Sort::Desc), Just(Sort::Asc)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Few scores and many owners: most places are decided by who reached the score first, and stamps may come late.
    #[test]
    fn a_board_is_a_sorted_list(sort in sort(), acts in proptest::collection::vec(act(), 1..80), limit in 1u32..12) {
        let mut model = Model::with(sort, Operator::Best, Tie::Dense);
        for (index, act) in acts.into_iter().enumerate() {
            let stamp = |late: u64| Stamp { micros: 1_000_000 + 10 * index as u64 - 15 * late, node: 1 };
            match act {
                Act::Set(owner, score, late) => model.set(stamp(late), &format!("o{owner}"), score),
                Act::Delete(owner) => model.delete(stamp(0), &format!("o{owner}")),
                Act::Reopen => model.reopen(),
            }
        }
        model.check_pages(limit);
        model.check_owners(limit);
        model.check_ties(limit);
        model.check_stats(limit.min(10));
        model.check_scores(Bounds::default());
        model.check_scores(Bounds { min: Some(-1), max: None });
        model.check_scores(Bounds { min: Some(-2), max: Some(2) });
        model.check_scores(Bounds { min: Some(2), max: Some(-2) });
    }
}

/// The longest answers stay below the number of rows that a query may walk, wherever they start.
#[test]
fn a_long_board_is_read_in_bounded_steps() {
    let mut model = Model::new(Sort::Desc, Operator::Set);
    let members = 2500;
    for number in 0..members {
        let score = i64::try_from(number * 7919 % 1000).unwrap();
        model.set(Stamp { micros: number, node: 1 }, &format!("o{number}"), score);
    }
    model.check_pages(1000);
    model.reopen();
    model.check_pages(999);
    for rank in (1..=members).step_by(101) {
        let page = model.entries(Seek::Rank(rank), 1000, Bounds::default());
        let owner = page.entries[0].owner.clone();
        assert_eq!((page.entries[0].rank, model.rank(&owner)), (rank, Some(rank)));
        let around = model.page(&Query::Around { of: weekly(), owner: owner.clone(), limit: 1000 });
        assert_eq!(around.entries.len(), 1000);
        assert_eq!(model.entry(&Query::Owner { of: weekly(), owner }).entry.rank, rank);
    }
    let owners = (0..1000).map(|number| format!("o{}", number * 2)).chain(["nobody".to_owned()]).collect();
    let friends = model.page(&Query::Among { of: weekly(), owners });
    assert_eq!(friends.entries.len(), 1000);
    assert!(friends.entries.is_sorted_by_key(|entry| -entry.score));
    assert!(friends.entries.iter().map(|entry| entry.rank).eq(1..=1000));
}

#[test]
fn the_best_percents_are_rounded_up_and_paged() {
    let mut model = Model::new(Sort::Desc, Operator::Set);
    (1u64..=11).for_each(|n| model.set(Stamp { micros: n, node: 1 }, &format!("o{n}"), 0));
    for (part, last) in [(1, 1), (10, 2), (50, 6), (100, 11)] {
        let mut ranks = Vec::new();
        let mut seek = Some(Seek::Top);
        while let Some(at) = seek.take() {
            let (scores, top_percent) = (Bounds::default(), Some(part));
            let page = model.page(&Query::Entries { of: weekly(), seek: at, limit: 2, scores, top_percent });
            ranks.extend(page.entries.iter().map(|entry| entry.rank));
            seek = page.next.map(Seek::After);
        }
        assert!(ranks.iter().copied().eq(1..=last), "{part}: {ranks:?}");
    }
}

/// The windows that another product once had wrong by one.
#[test]
fn around_is_filled_up_at_the_edges() {
    let mut model = Model::new(Sort::Asc, Operator::Set);
    (1u64..=10).for_each(|n| model.set(Stamp { micros: n, node: 1 }, &format!("o{n}"), i64::try_from(n).unwrap()));
    for (owner, limit, first, last) in [
        ("o2", 4, 1, 4),
        ("o10", 4, 7, 10),
        ("o1", 1, 1, 1),
        ("o10", 1, 10, 10),
        ("o5", 5, 3, 7),
        ("o5", 4, 3, 6),
        ("o9", 100, 1, 10),
    ] {
        let owner = owner.to_owned();
        let page = model.page(&Query::Around { of: weekly(), owner: owner.clone(), limit });
        assert!(page.entries.iter().map(|entry| entry.rank).eq(first..=last), "{owner} {limit}: {page:?}");
    }
}
