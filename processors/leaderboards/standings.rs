//! What is kept in memory of the boards: their rows, the members of each ranking in order, and a sum over each ranking.
//! Derived from the tables, computed again by one walk when a partition is opened, and changed only by transitions.
//!
//! The sum of a ranking is the sum, modulo 2^128, of the XXH3-128 of each member's bytes in the order: in a league the
//! bucket, then rungs, stamp and owner. It does not depend on the order of adding, so it follows each change at once, and the sum of a spread
//! board is the sum of its shards'.

use crate::leaderboards::fold::Standing;
use crate::leaderboards::ladder::{Distinct, Ladder};
use crate::leaderboards::ordered::OrderedKeys;
use crate::leaderboards::tables::{BOARDS, BoardRow, MEMBERS, SHARED, Seat};
use crate::runtime::system::Engine;
use millrace_state::store::Store;
use millrace_topics::codec;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

/// So many members are sorted before they are put in their places, when a partition is opened: neighbours are put
/// where the cache still is, and more at once would need the memory of a second order.
const SORTED: usize = 1 << 18;

/// How many such lots wait to be put in at most.
const HANDED_OVER: usize = 2;

/// Every board of a partition.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    boards: BTreeMap<String, OfBoard>,
    /// The scores that belong to a shard, by shard and run, on spread boards that count distinct ones: a shard may hear
    /// of them before it hears that it is one.
    shared: BTreeMap<(String, u32), OrderedKeys>,
}

/// A board: its row, and the ranking of each of its runs.
#[derive(Clone, Debug)]
struct OfBoard {
    row: Arc<BoardRow>,
    rankings: BTreeMap<u32, Ranking>,
}

/// The members of a board in one of its runs.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    /// The keys of those who have a place.
    members: OrderedKeys,
    /// The distinct scores among them, on boards that count those.
    scores: OrderedKeys,
    /// The owners that are members and have no place: hidden ones, and those without a score.
    unplaced: BTreeSet<String>,
    sum: u128,
}

impl Ranking {
    /// How many have a place.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.members.len()
    }

    /// True if nobody has a place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many are members, with a place or without.
    #[must_use]
    pub fn joined(&self) -> u64 {
        self.members.len() + self.unplaced.len() as u64
    }

    /// How many stand before a key, or before all keys that start so.
    #[must_use]
    pub fn before(&self, key: &[u8]) -> u64 {
        self.members.before(key)
    }

    /// Where those stand who are meant: all, or in a league those of one bucket.
    #[must_use]
    pub fn span(&self, ladder: &Ladder) -> Range<u64> {
        let Some(bucket) = ladder.bucket else { return 0..self.len() };
        let next = bucket.checked_add(1).expect("fewer buckets than there are numbers");
        self.before(&bucket.to_be_bytes())..self.before(&next.to_be_bytes())
    }

    /// How many distinct scores stand before this one, on boards that count those.
    #[must_use]
    pub fn scores_before(&self, score: &[u8]) -> u64 {
        self.scores.before(score)
    }

    /// The keys from the one on before which `skip` others stand.
    pub fn from(&self, skip: u64) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.members.from(skip)
    }

    /// Owners of the ranking, whoever is found first: those without a place, then the best.
    pub fn owners<'a>(&'a self, ladder: &'a Ladder) -> impl Iterator<Item = String> + 'a {
        self.unplaced.iter().cloned().chain(self.from(0).map(|key| ladder.place(&key).owner))
    }

    /// The sum over it.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Gives a place to someone who has none, and says how many stand before.
    fn enter(&mut self, ladder: &Ladder, key: &[u8]) -> u64 {
        if ladder.distinct == Distinct::Here && self.sharing(ladder, key) == 0 {
            self.scores.insert(ladder.scores_of(key));
        }
        self.sum = self.sum.wrapping_add(hash(key));
        self.members.insert(key)
    }

    /// Takes a place away, and says how many stood before.
    fn leave(&mut self, ladder: &Ladder, key: &[u8]) -> u64 {
        let before = self.members.remove(key).expect("a member that leaves was there");
        self.sum = self.sum.wrapping_sub(hash(key));
        if ladder.distinct == Distinct::Here && self.sharing(ladder, key) == 0 {
            self.scores.remove(ladder.scores_of(key)).expect("a score that someone had is counted");
        }
        before
    }

    /// How many have the scores that a key says.
    #[must_use]
    pub fn sharing(&self, ladder: &Ladder, key: &[u8]) -> u64 {
        let scores = ladder.scores_of(key);
        let behind = millrace_state::key::after_prefix(scores).expect("the number of subscores is below 255");
        self.before(&behind) - self.before(scores)
    }
}

fn hash(key: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(key)
}

impl Standings {
    /// What a submission must know of a board.
    #[must_use]
    pub fn board(&self, board: &str) -> Option<&Arc<BoardRow>> {
        self.boards.get(board).map(|board| &board.row)
    }

    /// The ranking of a ladder; `None` while nobody ever was in it.
    #[must_use]
    pub fn ranking(&self, ladder: &Ladder) -> Option<&Ranking> {
        self.boards.get(&ladder.board)?.rankings.get(&ladder.run)
    }

    /// How many have a place in a run of a board.
    #[must_use]
    pub fn members(&self, board: &str, run: u32) -> u64 {
        self.boards.get(board).and_then(|board| board.rankings.get(&run)).map_or(0, Ranking::len)
    }

    /// Takes a board's row.
    pub(super) fn set_board(&mut self, board: &str, row: &BoardRow) {
        let row = Arc::new(row.clone());
        match self.boards.get_mut(board) {
            Some(known) => known.row = row,
            None => drop(self.boards.insert(board.to_owned(), OfBoard { row, rankings: BTreeMap::new() })),
        }
    }

    /// Gives a place to someone who has none, and says how many stand before.
    pub(super) fn enter(&mut self, ladder: &Ladder, key: &[u8]) -> u64 {
        self.open(ladder).enter(ladder, key)
    }

    /// Takes a place away, and says how many stood before.
    pub(super) fn leave(&mut self, ladder: &Ladder, key: &[u8]) -> u64 {
        self.open(ladder).leave(ladder, key)
    }

    /// How many of the distinct scores that belong to a shard stand before this one.
    #[must_use]
    pub fn shared_before(&self, shard: &str, run: u32, scores: &[u8]) -> u64 {
        self.shared.get(&(shard.to_owned(), run)).map_or(0, |shared| shared.before(scores))
    }

    /// Notes that a score which belongs to a shard is somewhere, or is nowhere any more.
    pub(super) fn set_shared(&mut self, shard: &str, run: u32, scores: &[u8], there: bool) {
        let key = (shard.to_owned(), run);
        let shared = self.shared.entry(key.clone()).or_default();
        if there {
            shared.insert(scores);
        } else {
            shared.remove(scores).expect("a score that was somewhere is counted");
        }
        if shared.is_empty() {
            self.shared.remove(&key);
        }
    }

    /// Notes whether an owner is a member without a place.
    pub(super) fn set_unplaced(&mut self, ladder: &Ladder, owner: &str, unplaced: bool) {
        let ranking = self.open(ladder);
        if unplaced {
            ranking.unplaced.insert(owner.to_owned());
        } else if !ranking.unplaced.is_empty() {
            ranking.unplaced.remove(owner);
        }
    }

    /// Forgets a ranking.
    pub(super) fn forget(&mut self, ladder: &Ladder) {
        if let Some(board) = self.boards.get_mut(&ladder.board) {
            board.rankings.remove(&ladder.run);
        }
    }

    fn open(&mut self, ladder: &Ladder) -> &mut Ranking {
        let board = self.boards.get_mut(&ladder.board).expect("a board with members is there");
        board.rankings.entry(ladder.run).or_default()
    }
}

impl Engine for Standings {
    #[expect(clippy::disallowed_methods, reason = "the second thread does its half in the order in which it is given")]
    fn rebuild(store: &Store) -> Self {
        let mut standings = Self::default();
        for (key, value) in store.range(&BOARDS.all()) {
            standings.set_board(&BOARDS.key_of(&key), &BOARDS.value_of(&value));
        }
        for (key, _) in store.load(&SHARED.all()) {
            let (shard, run, scores) = SHARED.key_of(&key);
            standings.set_shared(&shard, run, &scores, true);
        }
        let rows = standings.boards.iter().map(|(id, board)| (id.clone(), board.row.clone())).collect();
        std::thread::scope(|scope| {
            let (hand_over, found) = sync_channel(HANDED_OVER);
            let ordering = scope.spawn(move || {
                found.into_iter().for_each(|found| standings.put(found));
                standings
            });
            let give = |found| hand_over.send(found).expect("they are put in until there are no more");
            find_members(store, &rows, &give);
            drop(hand_over);
            ordering.join().unwrap_or_else(|thrown| resume_unwind(thrown))
        })
    }
}

/// Members as their rows say them, when a partition is opened.
enum Found {
    /// The keys of those who have a place.
    Placed(Ladder, Vec<Vec<u8>>),
    /// The owners of those who have none.
    Unplaced(Ladder, Vec<String>),
}

/// Reads all members. Whoever gets them puts them in their places meanwhile: half of the work, and there are two cores.
fn find_members(store: &Store, rows: &BTreeMap<String, Arc<BoardRow>>, give: &dyn Fn(Found)) {
    let mut waiting: BTreeMap<String, BTreeMap<u32, Waiting>> = BTreeMap::new();
    for (key, value) in store.load(&MEMBERS.all()) {
        let (owner, board, run) = MEMBERS.key_of(&key);
        if !waiting.contains_key(&board) {
            waiting.insert(board.clone(), BTreeMap::new());
        }
        let runs = waiting.get_mut(&board).expect("it was just made");
        let waiting = runs.entry(run).or_insert_with(|| {
            let row = rows.get(&board).expect("a board with members is there");
            Waiting { ladder: Ladder::of_run(&board, row, run), placed: Vec::new(), unplaced: Vec::new() }
        });
        // The kept submissions behind them are not looked at.
        let ((standing, hidden, seat), _): ((Option<Standing>, bool, Option<Seat>), _) =
            codec::decode_prefix(&value).expect("a member's row starts so");
        waiting.ladder.within(seat);
        match standing {
            Some(standing) if !hidden => waiting.placed.push(waiting.ladder.key(&standing, &owner)),
            _ => waiting.unplaced.push(owner),
        }
        if waiting.placed.len() == SORTED {
            give(Found::Placed(waiting.ladder.clone(), std::mem::take(&mut waiting.placed)));
        }
    }
    for Waiting { ladder, placed, unplaced } in waiting.into_values().flat_map(BTreeMap::into_values) {
        give(Found::Placed(ladder.clone(), placed));
        give(Found::Unplaced(ladder, unplaced));
    }
}

/// Members of a run that were found and not given yet.
struct Waiting {
    ladder: Ladder,
    placed: Vec<Vec<u8>>,
    unplaced: Vec<String>,
}

impl Standings {
    fn put(&mut self, found: Found) {
        match found {
            Found::Placed(ladder, keys) => self.enter_all(&ladder, keys),
            Found::Unplaced(ladder, owners) => {
                owners.iter().for_each(|owner| self.set_unplaced(&ladder, owner, true));
            }
        }
    }

    fn enter_all(&mut self, ladder: &Ladder, mut keys: Vec<Vec<u8>>) {
        keys.sort_unstable();
        let ranking = self.open(ladder);
        for key in keys {
            ranking.enter(ladder, &key);
        }
    }
}
