//! Leagues against a slow model that settles a whole epoch at its end.

use crate::leaderboards::Boards;
use crate::leaderboards::tables::{BUCKETS, MEMBERS, TIERS};
use crate::leaderboards::transition::SETTLE_MEMBERS;
use crate::runtime::alone::Alone;
use millrace_topics::leaderboards::{
    Answer, Batch, Bounds, Closing, Command, Definition, Deletion, Erasure, InLeague, League, LeagueDefinition,
    NewEntry, Operator, Outcome, OwnEntry, Owner, Page, Query, Ranking, Rejection, Seek, Stats, Submission, Submitted,
    Window,
};
use millrace_topics::record::Stamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Who goes from where to where, for which rank of which epoch.
type Change = (u32, String, String, String, u64);

/// A partition with one league.
struct Arena {
    alone: Alone<Boards>,
    told: u64,
    said: Vec<Change>,
}

fn of(epoch: Option<u32>, bucket: Option<u32>) -> Ranking {
    Ranking { epoch, bucket, ..Ranking::of("b") }
}

impl Arena {
    fn new(league: League, keep_epochs: u32) -> Self {
        let mut arena = Self { alone: Alone::default(), told: 0, said: Vec::new() };
        let plain = Definition::new("b".to_owned());
        let definition = Definition { top: 0, operator: Operator::Set, keep_epochs, ..plain };
        arena.tell(&Command::DefineLeague(Box::new(LeagueDefinition { definition, league }))).unwrap();
        arena
    }

    /// The stamp of the next command.
    fn stamp(&self) -> Stamp {
        Stamp { micros: 10_000 * (self.told + 1), node: 1 }
    }

    fn tell(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let told = self.alone.tell_at(self.stamp(), command);
        self.told += 1;
        self.hear();
        told
    }

    /// Lets time pass.
    fn wait(&mut self, millis: u64) {
        self.alone.wait(millis);
        self.hear();
    }

    fn hear(&mut self) {
        for said in self.alone.said.iter().filter(|said| said.kind == "TierChanged") {
            let said: serde_json::Value = serde_json::from_str(&said.data).unwrap();
            let text = |name: &str| said[name].as_str().unwrap().to_owned();
            let epoch = u32::try_from(said["epoch"].as_u64().unwrap()).unwrap();
            self.said.push((epoch, text("owner"), text("from"), text("to"), said["rank"].as_u64().unwrap()));
        }
    }

    fn submit(&mut self, owner: &str, score: i64) -> Submitted {
        let entry = entry(owner, score);
        match self.tell(&Command::SubmitScore(Submission { board: "b".to_owned(), entry })) {
            Ok(Outcome::Submitted(submitted)) => submitted,
            other => panic!("{other:?}"),
        }
    }

    fn close(&mut self) {
        self.tell(&Command::CloseEpoch(Closing { board: "b".to_owned(), window: Window::All })).unwrap();
    }

    fn ask(&self, query: &Query) -> Result<Answer, Rejection> {
        self.alone.ask(query)
    }

    fn page(&self, of: Ranking, seek: Seek, limit: u32) -> Result<Page, Rejection> {
        let query = Query::Entries { of, seek, limit, scores: Bounds::default(), top_percent: None };
        match self.ask(&query)? {
            Answer::Page(page) => Ok(page),
            other => panic!("{other:?}"),
        }
    }

    fn entry(&self, query: &Query) -> Result<OwnEntry, Rejection> {
        match self.ask(query)? {
            Answer::Entry(entry) => Ok(entry),
            other => panic!("{other:?}"),
        }
    }

    fn tiers(&self) -> BTreeMap<String, u32> {
        self.alone.rows(TIERS).into_iter().map(|((owner, ..), row)| (owner, row.tier)).collect()
    }

    fn settled(&self, epoch: u32) -> Option<(u32, u32)> {
        let rows = self.alone.rows(BUCKETS);
        let row = rows.into_iter().find(|(key, _)| *key == ("b".to_owned(), epoch));
        row.map(|(_, row)| (row.settled, row.opened))
    }
}

fn entry(owner: &str, score: i64) -> NewEntry {
    NewEntry { owner: owner.to_owned(), score, subscores: Vec::new(), operator: None, metadata: None }
}

/// A bucket: its tier, who has a seat, and how many seats are taken for good.
#[derive(Clone, Debug, Default)]
struct Bucket {
    tier: u32,
    seats: BTreeSet<String>,
    taken: u32,
}

/// What must be in an arena.
struct Model {
    league: League,
    epoch: u32,
    tiers: BTreeMap<String, u32>,
    hidden: BTreeSet<String>,
    buckets: Vec<Bucket>,
    /// The score of each and its stamp: lower is better.
    scores: BTreeMap<String, (i64, Stamp)>,
    /// Changes that are not said yet, by owner, and when they will be.
    waiting: BTreeMap<String, (u64, Change, u32)>,
    said: Vec<Change>,
    /// The owners of each bucket of the last epoch, from the top.
    ended: Vec<Vec<String>>,
}

impl Model {
    fn bucket_of(&self, owner: &str) -> Option<usize> {
        self.buckets.iter().position(|bucket| bucket.seats.contains(owner))
    }

    /// The owners that have a rank in a bucket, from the top.
    fn order(&self, bucket: usize) -> Vec<String> {
        let seats = self.buckets[bucket].seats.iter().filter(|owner| !self.hidden.contains(*owner));
        let mut placed: Vec<_> = seats.map(|owner| (self.scores[owner], owner.clone())).collect();
        placed.sort();
        placed.into_iter().map(|(_, owner)| owner).collect()
    }

    fn rank(&self, owner: &str) -> Option<u64> {
        let order = self.order(self.bucket_of(owner)?);
        order.iter().position(|other| other == owner).map(|at| at as u64 + 1)
    }

    fn say(&mut self, owner: &str) {
        if let Some((_, change, tier)) = self.waiting.remove(owner) {
            self.tiers.insert(owner.to_owned(), tier);
            self.said.push(change);
        }
    }

    fn pass(&mut self, now: u64) {
        let due = self.waiting.iter().filter(|(_, (due, ..))| *due <= now).map(|(owner, _)| owner.clone());
        due.collect::<Vec<_>>().iter().for_each(|owner| self.say(owner));
    }

    fn submit(&mut self, owner: &str, score: i64, stamp: Stamp) {
        if self.bucket_of(owner).is_none() {
            self.say(owner);
            let tier = *self.tiers.entry(owner.to_owned()).or_insert(0);
            let last = self.buckets.iter().rposition(|bucket| bucket.tier == tier);
            let open = last.filter(|at| self.buckets[*at].taken < self.league.bucket_size);
            let at = open.unwrap_or_else(|| {
                self.buckets.push(Bucket { tier, ..Bucket::default() });
                self.buckets.len() - 1
            });
            self.buckets[at].seats.insert(owner.to_owned());
            self.buckets[at].taken += 1;
        }
        let before = self.scores.get(owner).filter(|before| before.0 == -score).map(|before| before.1);
        self.scores.insert(owner.to_owned(), (-score, before.unwrap_or(stamp)));
    }

    /// Takes an owner out of everything, and says whether it was in anything.
    fn forget(&mut self, owner: &str) -> bool {
        self.waiting.remove(owner);
        self.scores.remove(owner);
        if let Some(at) = self.bucket_of(owner) {
            let tier = self.buckets[at].tier;
            let is_last = self.buckets.iter().rposition(|bucket| bucket.tier == tier) == Some(at);
            self.buckets[at].seats.remove(owner);
            self.buckets[at].taken -= u32::from(is_last);
        }
        self.tiers.remove(owner).is_some()
    }

    fn close(&mut self, now: u64) {
        let top = u32::try_from(self.league.tiers.len()).unwrap() - 1;
        self.ended = (0..self.buckets.len()).map(|bucket| self.order(bucket)).collect();
        for (bucket, order) in self.buckets.iter().zip(&self.ended) {
            let (promote, relegate) = (self.league.promote as usize, self.league.relegate as usize);
            let (up, rest) = order.split_at(promote.min(order.len()));
            let down = &rest[rest.len().saturating_sub(relegate)..];
            let name = |tier: u32| self.league.tiers[tier as usize].clone();
            for (rank, owner) in (1..).zip(order) {
                let tier = match (up.contains(owner), down.contains(owner)) {
                    (true, _) if bucket.tier < top => bucket.tier + 1,
                    (_, true) if bucket.tier > 0 => bucket.tier - 1,
                    _ => continue,
                };
                let change = (self.epoch, owner.clone(), name(bucket.tier), name(tier), rank);
                assert_eq!(self.waiting.insert(owner.clone(), (now + 100, change, tier)), None);
            }
        }
        self.buckets.clear();
        self.scores.clear();
        self.epoch += 1;
    }
}

#[derive(Clone, Debug)]
enum Act {
    Submit(u8, i64),
    Delete(u8),
    Erase(u8),
    Hide(u8, bool),
    Close,
    Wait(u64),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let owner = || 0u8..14;
    prop_oneof![
        14 => (owner(), -4i64..4).prop_map(|(owner, score)| Act::Submit(owner, score)),
        2 => owner().prop_map(Act::Delete),
        1 => owner().prop_map(Act::Erase),
        2 => (owner(), any::<bool>()).prop_map(|(owner, hidden)| Act::Hide(owner, hidden)),
        2 => Just(Act::Close),
        2 => (1u64..200).prop_map(Act::Wait),
        1 => Just(Act::Reopen),
    ]
}

fn any_league() -> impl Strategy<Value = League> {
    (2u32..6, 1usize..4, 0u32..6, 0u32..6).prop_map(|(bucket_size, tiers, promote, relegate)| {
        let tiers = ["bronze", "silver", "gold"][..tiers].iter().map(ToString::to_string).collect();
        let promote = promote.min(bucket_size);
        League { bucket_size, tiers, promote, relegate: relegate.min(bucket_size - promote) }
    })
}

fn play(arena: &mut Arena, model: &mut Model, act: Act) {
    let board = || "b".to_owned();
    match act {
        Act::Submit(owner, score) => {
            let owner = format!("o{owner}");
            let prev_rank = model.rank(&owner);
            model.submit(&owner, score, arena.stamp());
            let submitted = arena.submit(&owner, score);
            let bucket = model.bucket_of(&owner).unwrap();
            let tier = model.league.tiers[model.buckets[bucket].tier as usize].clone();
            let league = InLeague { tier, bucket: u32::try_from(bucket).unwrap() };
            assert_eq!((submitted.epoch, submitted.league), (model.epoch, Some(league)));
            assert_eq!((submitted.prev_rank, submitted.rank), (prev_rank, model.rank(&owner)));
        }
        Act::Delete(owner) => {
            let owner = format!("o{owner}");
            let rank = model.rank(&owner);
            let deleted = arena.tell(&Command::DeleteOwner(Deletion { board: board(), owner: owner.clone() }));
            match (deleted, model.forget(&owner)) {
                (Ok(Outcome::Deleted(deleted)), true) => assert_eq!(deleted.rank, rank),
                (Err(Rejection::UnknownOwner), false) => {}
                other => panic!("{other:?}"),
            }
        }
        Act::Erase(owner) => {
            let owner = format!("o{owner}");
            let pseudonym = format!("x-{owner}");
            model.forget(&owner);
            model.hidden.remove(&owner);
            for name in model.ended.iter_mut().flatten().filter(|name| **name == owner) {
                name.clone_from(&pseudonym);
            }
            arena.tell(&Command::EraseOwner(Erasure { owner, pseudonym: Some(pseudonym) })).unwrap();
        }
        Act::Hide(owner, hidden) => {
            let owner = format!("o{owner}");
            let command = if hidden { Command::HideOwner } else { Command::ShowOwner };
            arena.tell(&command(Owner { owner: owner.clone() })).unwrap();
            if hidden {
                model.hidden.insert(owner)
            } else {
                model.hidden.remove(&owner)
            };
        }
        Act::Close => {
            model.close(arena.alone.now.0);
            arena.close();
        }
        Act::Wait(millis) => {
            arena.wait(millis);
            model.pass(arena.alone.now.0);
        }
        Act::Reopen => arena.alone.reopen(),
    }
}

/// Nobody is lost, nobody is twice, no bucket is too large, and ranks count within a bucket.
fn check(arena: &Arena, model: &Model, limit: u32) {
    let sorted = |mut changes: Vec<Change>| {
        changes.sort();
        changes
    };
    assert_eq!(sorted(arena.said.clone()), sorted(model.said.clone()));
    assert_eq!(arena.tiers(), model.tiers);
    for (number, bucket) in (0..).zip(&model.buckets) {
        assert!(bucket.seats.len() <= model.league.bucket_size as usize);
        let (of, order) = (of(None, Some(number)), model.order(number as usize));
        let (mut seek, mut found) = (Some(Seek::Top), Vec::new());
        while let Some(at) = seek.take() {
            let page = arena.page(of.clone(), at, limit).unwrap();
            found.extend(page.entries.iter().map(|entry| (entry.rank, entry.owner.clone())));
            seek = page.next.map(Seek::After);
        }
        assert!(found.iter().map(|(rank, _)| *rank).eq(1..=order.len() as u64), "{found:?}");
        assert!(found.iter().map(|(_, owner)| owner).eq(&order), "{found:?}");
        let members = order.len() as u64;
        for (rank, owner) in (1..).zip(&order) {
            let own = arena.entry(&Query::Owner { of: self::of(None, None), owner: owner.clone() }).unwrap();
            let tier = model.league.tiers[model.tiers[owner] as usize].clone();
            assert_eq!((own.entry.rank, own.members), (rank, members));
            assert_eq!(own.league, Some(InLeague { tier, bucket: number }));
            assert_eq!(arena.entry(&Query::Rank { of: of.clone(), rank }), Ok(own));
            let around = Query::Around { of: self::of(None, None), owner: owner.clone(), limit };
            let Ok(Answer::Page(around)) = arena.ask(&around) else { panic!("{owner} has others around it") };
            assert_eq!(around.entries.len(), order.len().min(limit as usize));
            let slice = arena.page(of.clone(), Seek::Rank(around.entries[0].rank), limit).unwrap();
            assert_eq!(around, slice, "what is around an owner is a slice of its bucket");
        }
        let refused = arena.entry(&Query::Rank { of: of.clone(), rank: members + 1 });
        assert_eq!(refused, Err(Rejection::UnknownRank { rank: members + 1, members }));
        let Ok(Answer::Stats(stats)) = arena.ask(&Query::Stats { of, ranks: Vec::new(), bars: 3 }) else {
            panic!("statistics are an answer")
        };
        let Stats { members: counted, best, worst, histogram, .. } = stats;
        let score = |owner: Option<&String>| owner.map(|owner| -model.scores[owner].0);
        assert_eq!((counted, best, worst), (members, score(order.first()), score(order.last())));
        assert_eq!(histogram.iter().map(|bar| bar.members).sum::<u64>(), members);
    }
    let behind = u32::try_from(model.buckets.len()).unwrap();
    assert_eq!(arena.page(of(None, Some(behind)), Seek::Top, 1), Err(Rejection::UnknownBucket(behind)));
    assert_eq!(arena.page(of(None, None), Seek::Top, 1), Err(Rejection::BucketRequired));
    for (number, order) in (0..).zip(&model.ended) {
        let page = arena.page(of(Some(model.epoch - 1), Some(number)), Seek::Top, 1000).unwrap();
        assert!(page.entries.iter().map(|entry| &entry.owner).eq(order), "{page:?} is not {order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_league_is_what_a_slow_one_would_be(
        league in any_league(),
        acts in proptest::collection::vec(act(), 1..90),
        limit in 1u32..5,
    ) {
        let mut arena = Arena::new(league.clone(), 1);
        let mut model = Model {
            league,
            epoch: 0,
            tiers: BTreeMap::new(),
            hidden: BTreeSet::new(),
            buckets: Vec::new(),
            scores: BTreeMap::new(),
            waiting: BTreeMap::new(),
            said: Vec::new(),
            ended: Vec::new(),
        };
        for act in acts {
            play(&mut arena, &mut model, act);
        }
        check(&arena, &model, limit);
        play(&mut arena, &mut model, Act::Wait(10_000));
        check(&arena, &model, limit);
        // What is not kept any more is gone.
        let rows = arena.alone.rows(MEMBERS).into_iter();
        let oldest = rows.map(|(key, _)| key.2 >> 2).min().unwrap_or(model.epoch);
        prop_assert!(oldest + 1 >= model.epoch, "{oldest}");
        prop_assert!((0..model.epoch.saturating_sub(1)).all(|epoch| arena.settled(epoch).is_none()));
    }
}

/// A large epoch is settled in goes of so many members, and who comes between two of them is where it belongs.
#[test]
fn a_large_epoch_is_settled_in_several_goes() {
    let tiers = ["bronze", "silver"].map(str::to_owned).to_vec();
    let mut arena = Arena::new(League { bucket_size: 200, tiers, promote: 10, relegate: 0 }, 0);
    let members = 2 * SETTLE_MEMBERS + 350;
    let names: Vec<String> = (0..members).map(|number| format!("o{number}")).collect();
    for names in names.chunks(1000) {
        // The first of a bucket is the best of it.
        let entries = (0i64..).zip(names).map(|(at, name)| entry(name, -at)).collect();
        let batch = Batch { board: "b".to_owned(), entries, stamps: Vec::new() };
        arena.tell(&Command::SubmitScores(batch)).unwrap();
    }
    arena.close();
    assert_eq!((arena.settled(0), arena.said.len()), (Some((0, 12)), 0));
    arena.wait(99);
    assert_eq!((arena.settled(0), arena.said.len()), (Some((0, 12)), 0));
    arena.wait(1);
    assert_eq!((arena.settled(0), arena.said.len()), (Some((5, 12)), 50));
    // Of a bucket that is settled, of one that is not: the first of it, and the eleventh.
    for (owner, tier, said) in [("o3", "silver", 50), ("o1200", "silver", 51), ("o1210", "bronze", 51)] {
        assert_eq!(arena.submit(owner, 1).league.map(|league| league.tier), Some(tier.to_owned()), "{owner}");
        assert_eq!(arena.said.len(), said);
    }
    arena.wait(100);
    assert_eq!((arena.settled(0), arena.said.len()), (Some((10, 12)), 100));
    arena.wait(100);
    assert_eq!(arena.said.len(), 120);
    arena.wait(1000);
    assert_eq!((arena.settled(0), arena.said.len()), (None, 120), "it is dropped then");
    let changed: BTreeSet<&String> = arena.said.iter().map(|change| &change.1).collect();
    assert_eq!(changed.len(), 120);
    let first = |change: &Change| change.1[1..].parse::<u64>().unwrap() % 200 < 10;
    assert!(arena.said.iter().all(first));
}
