//! Erasing an account. From the command on it is there for nobody; its rows go step by step, so that one whom a million
//! follow keeps nobody waiting. What it counted for is taken back wherever it counts. Ids stay: of its posts, so that they are
//! said to be gone, and its own, so that nobody takes its place.

use crate::feeds::tables::{
    AFFINITIES, BLOCKED_BY, BLOCKS, BOOKMARKS, BY_AUTHOR, DIRECTS, ERASED, ErasedRow, FOLLOWERS, FOLLOWS, LISTS,
    MARKERS, MENTIONS, MUTED_WORDS, MUTES, NOTICES, OWN_REACTIONS, OWN_VOTES, PINS, POSTS, SCHEDULED, SEEN, TALLIES,
    USERS, WEIGHTS,
};
use crate::feeds::transition::{Cx, check_acts_for, tell};
use crate::feeds::{edges, posts, words};
use millrace_state::key::{Desc, Key};
use millrace_state::table::Table;
use millrace_topics::codec::Body;
use millrace_topics::feeds::{
    Edge, ErasedNote, Erasing, Event, Following, News, OnPost, Outcome, PostId, Reaction, Rejection, Timer, WordOf,
};
use std::fmt::Debug;

/// How many rows go before others get their turn. Few in tests, so that an account of a few rows needs several steps.
pub const QUANTUM: usize = if cfg!(test) { 3 } else { 100 };

/// Erases an account. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn erase(cx: &mut Cx<'_>, erasing: Erasing) -> Result<Outcome, Rejection> {
    let Erasing { user } = erasing;
    check_acts_for(cx.caller(), &user)?;
    if cx.engine.is_erased(&user) {
        return Ok(Outcome::Done);
    }
    let private = cx.engine.get(&user).ok_or(Rejection::UnknownUser)?.private;
    // The line: nothing below can be refused.
    cx.engine.of(&user).erased = true;
    cx.delete(USERS, &user);
    cx.put(ERASED, &user, &ErasedRow { private, stage: 0, after: Vec::new() });
    cx.say(&Event::UserErased(ErasedNote { user: user.clone() }));
    go_on(cx, user);
    Ok(Outcome::Done)
}

fn go_on(cx: &mut Cx<'_>, user: String) {
    // A millisecond later: what waits for the partition gets its turn between two steps.
    let due = cx.now().plus(1);
    cx.set_timer(due, &Timer::Erase(Erasing { user }));
}

/// What has been erased in a step, and where it goes on.
struct Job<'a> {
    user: &'a str,
    row: ErasedRow,
    left: usize,
}

/// What takes the next rows of a table.
type Stage = fn(&mut Cx<'_>, &mut Job<'_>);

/// The tables of an account, in the order in which they go.
const STAGES: [Stage; 18] = [
    |cx, job| {
        job.each(cx, BY_AUTHOR, |cx, (_, Desc(id)), _| {
            let row = cx.get(POSTS, &id).expect("a post that is listed is there");
            posts::take_back(cx, PostId(id), row);
        });
    },
    |cx, job| {
        job.each(cx, DIRECTS, |cx, (_, id), ()| {
            let row = cx.get(POSTS, &id).expect("a post of an account is there");
            posts::take_back(cx, PostId(id), row);
        });
    },
    |cx, job| {
        job.each(cx, OWN_REACTIONS, |cx, key, author| {
            cx.delete(OWN_REACTIONS, &key);
            let (by, kind, Desc(post)) = key;
            take_reaction(cx, author, PostId(post), kind, by);
        });
    },
    |cx, job| {
        job.each(cx, OWN_VOTES, |cx, key, author| {
            cx.delete(OWN_VOTES, &key);
            tell(cx, &author, News::VoteLeft { post: PostId(key.1), by: key.0 });
        });
    },
    |cx, job| {
        job.each(cx, FOLLOWS, |cx, key, _| {
            cx.delete(FOLLOWS, &key);
            tell(cx, &key.1, News::Left { by: key.0 });
        });
    },
    |cx, job| {
        job.each(cx, FOLLOWERS, |cx, (target, user), _| edges::drop_follower(cx, &Edge { user, target }));
    },
    |cx, job| {
        job.each(cx, BLOCKS, |cx, key, ()| {
            cx.delete(BLOCKS, &key);
            cx.engine.of(&key.0).blocks.remove(&key.1);
            tell(cx, &key.1, News::Unblocked { by: key.0 });
        });
    },
    |cx, job| {
        job.each(cx, BLOCKED_BY, |cx, key, ()| {
            cx.delete(BLOCKED_BY, &key);
            cx.engine.of(&key.0).blocked_by.remove(&key.1);
        });
    },
    |cx, job| {
        job.each(cx, SCHEDULED, |cx, key, row| {
            cx.delete(SCHEDULED, &key);
            let (author, id) = key;
            cx.cancel_timer(row.publish_at, &Timer::Publish(OnPost { author, post: PostId(id) }));
        });
    },
    |cx, job| {
        job.each(cx, MUTED_WORDS, |cx, key, row| {
            cx.delete(MUTED_WORDS, &key);
            words::forget_end(cx, &WordOf { user: key.0, word: key.1 }, Some(row));
        });
    },
    |cx, job| job.drop_all(cx, MUTES),
    |cx, job| job.drop_all(cx, NOTICES),
    |cx, job| job.drop_all(cx, MENTIONS),
    |cx, job| job.drop_all(cx, AFFINITIES),
    |cx, job| job.drop_all(cx, SEEN),
    |cx, job| job.drop_all(cx, LISTS),
    |cx, job| job.drop_all(cx, BOOKMARKS),
    |cx, job| job.drop_all(cx, PINS),
];

impl Job<'_> {
    /// Does something to the next rows of a table, which must take them away.
    fn each<K: Key + Debug, V: Body>(&mut self, cx: &mut Cx<'_>, table: Table<K, V>, undo: impl Fn(&mut Cx<'_>, K, V)) {
        let mut rows = table.under(&(self.user.to_owned(),));
        if !self.row.after.is_empty() {
            // Not from the beginning: rows that have gone cost as much to pass over as others.
            rows = rows.beyond(&self.row.after);
        }
        let found: Vec<(K, V)> = cx.scan(table, &rows).take(self.left).collect();
        let is_last = found.len() < self.left;
        self.left -= found.len();
        for (key, value) in found {
            self.row.after = table.raw_key(&key);
            undo(cx, key, value);
        }
        if is_last {
            self.row.stage += 1;
            self.row.after.clear();
        }
    }

    fn drop_all<K: Key + Debug, V: Body>(&mut self, cx: &mut Cx<'_>, table: Table<K, V>) {
        self.each(cx, table, |cx, key, _| cx.delete(table, &key));
    }
}

/// Erases the next rows of an account.
pub fn step(cx: &mut Cx<'_>, user: &str) {
    let key = user.to_owned();
    let row = cx.get(ERASED, &key).expect("an account that is erased stays so");
    let mut job = Job { user, row, left: QUANTUM };
    while job.left > 0 {
        let Some(stage) = STAGES.get(usize::from(job.row.stage)) else { break };
        stage(cx, &mut job);
    }
    cx.put(ERASED, &key, &job.row);
    if usize::from(job.row.stage) < STAGES.len() {
        go_on(cx, key);
        return;
    }
    cx.delete(MARKERS, &key);
    cx.delete(WEIGHTS, &key);
    cx.delete(TALLIES, &key);
    cx.engine.uncount(user);
}

fn take_reaction(cx: &mut Cx<'_>, author: String, post: PostId, kind: u8, by: String) {
    let kind = if kind == Reaction::Like as u8 { Reaction::Like } else { Reaction::Share };
    tell(cx, &author, News::ReactionLeft { post, kind, by });
}

/// What an account did before it was erased counts elsewhere, and its own partition hears of that too late: it is taken back.
pub fn leave_behind(cx: &mut Cx<'_>, user: &str, news: News) {
    let by = user.to_owned();
    match news {
        News::Follow { target, state: Following::Requested | Following::Following } => {
            tell(cx, &target, News::Left { by });
        }
        News::Reacted { to, kind } => tell(cx, &to.author, News::ReactionLeft { post: to.id, kind, by }),
        News::Voted { to } => tell(cx, &to.author, News::VoteLeft { post: to.id, by }),
        _ => {}
    }
}
