//! Polls: a post's author has the set of who voted for what, and the counts are its sizes.

pub mod routes;

use crate::feeds::notices::{self, About};
use crate::feeds::sight::{self, Reads};
use crate::feeds::tables::{ENDINGS, POLLS, PollRow, VOTES};
use crate::feeds::text;
use crate::feeds::transition::{Cx, check_acts_for, tell};
use millrace_topics::feeds::{
    Event, NewPoll, News, NoticeKind, OnPost, Outcome, PollOption, PollView, PostId, PostRef, Rejection, Timer, Voting,
};
use millrace_topics::time::Time;
use std::collections::BTreeSet;

/// How few options a poll may have.
pub const OPTIONS_LEAST: usize = 2;

/// How many options a poll may have.
pub const OPTIONS_LIMIT: usize = 4;

/// How many of those who have voted are told of its end before others get their turn. Few in tests, so that it takes several
/// steps.
pub const QUANTUM: usize = if cfg!(test) { 3 } else { 100 };

/// For how long a poll may be open, in milliseconds.
pub const OPEN_FOR: u64 = 31 * 86_400_000;

/// What holds for every poll, whoever wrote the command.
///
/// # Errors
/// The refusal.
pub fn check(poll: &NewPoll, now: Time) -> Result<(), Rejection> {
    let bad = |why: String| Err(Rejection::BadPoll(why));
    if !(OPTIONS_LEAST..=OPTIONS_LIMIT).contains(&poll.options.len()) {
        return bad(format!("a poll has {OPTIONS_LEAST} to {OPTIONS_LIMIT} options"));
    }
    poll.options.iter().try_for_each(|option| text::check_option(option))?;
    if poll.options.iter().collect::<BTreeSet<_>>().len() < poll.options.len() {
        return bad("no two options of a poll say the same".to_owned());
    }
    if poll.ends_at <= now || poll.ends_at > now.plus(OPEN_FOR) {
        return bad("a poll ends within 31 days, and not before now".to_owned());
    }
    Ok(())
}

/// Opens a poll that was checked.
pub fn open(cx: &mut Cx<'_>, id: PostId, author: &str, poll: NewPoll) {
    let NewPoll { options, multiple, ends_at } = poll;
    cx.set_timer(ends_at, &end_of(id, author));
    let row = PollRow { votes: vec![0; options.len()], options, multiple, ends_at, voters: 0 };
    cx.put(POLLS, &id.0, &row);
}

fn end_of(post: PostId, author: &str) -> Timer {
    Timer::EndPoll(OnPost { author: author.to_owned(), post })
}

/// A poll goes with its post.
pub fn close(cx: &mut Cx<'_>, id: PostId, author: &str) {
    if let Some(row) = cx.get(POLLS, &id.0) {
        cx.cancel_timer(row.ends_at, &end_of(id, author));
    }
    cx.delete(POLLS, &id.0);
    cx.delete(ENDINGS, &id.0);
}

/// A poll is over: its author knows at once, and those who have voted are told some at a time, so that one in which a million
/// have voted keeps nobody waiting.
pub fn end(cx: &mut Cx<'_>, on: OnPost) {
    let OnPost { author, post } = on;
    if cx.get(POLLS, &post.0).is_none() || cx.engine.is_erased(&author) {
        return;
    }
    let of = PostRef { id: post, author };
    let told = cx.get(ENDINGS, &post.0);
    let mut rows = VOTES.under(&(post.0,));
    match told {
        Some(last) => rows = rows.beyond(&VOTES.raw_key(&(post.0, last))),
        None => {
            notify_of_end(cx, &of.author, &of);
        }
    }
    let voters: Vec<String> = cx.scan(VOTES, &rows).take(QUANTUM).map(|((_, voter), _)| voter).collect();
    for voter in &voters {
        tell(cx, voter, News::PollEnded { of: of.clone() });
    }
    match voters.last().filter(|_| voters.len() == QUANTUM) {
        Some(last) => {
            cx.put(ENDINGS, &post.0, last);
            // A millisecond later: what waits for the partition gets its turn between two steps.
            cx.set_timer(cx.now().plus(1), &end_of(post, &of.author));
        }
        None => cx.delete(ENDINGS, &post.0),
    }
}

/// Notifies an account that a poll is over.
pub fn notify_of_end(cx: &mut Cx<'_>, user: &str, of: &PostRef) -> u64 {
    let about = About { kind: NoticeKind::PollEnded, from: of.author.clone(), post: Some(of.clone()) };
    notices::notify(cx, user, about)
}

/// Votes in a poll. The same once more is the same; nobody votes again for something else.
///
/// # Errors
/// The refusal, before anything was written.
pub fn vote(cx: &mut Cx<'_>, voting: Voting) -> Result<Outcome, Rejection> {
    let Voting { author, post, user, choices } = voting;
    check_acts_for(cx.caller(), &user)?;
    if sight::post(cx, post, &user)?.author != author {
        return Err(Rejection::UnknownPost);
    }
    let row = cx.get(POLLS, &post.0).ok_or(Rejection::UnknownPoll)?;
    let choices = chosen(&row, choices)?;
    if author == user {
        return Err(Rejection::OwnPoll);
    }
    let key = (post.0, user.clone());
    match cx.get(VOTES, &key) {
        Some(before) if before == choices => return Ok(Outcome::Voted(view(row, choices))),
        Some(_) => return Err(Rejection::AlreadyVoted),
        None => {}
    }
    if cx.now() >= row.ends_at {
        return Err(Rejection::PollEnded);
    }
    // The line: nothing below can be refused.
    cx.put(VOTES, &key, &choices);
    let row = count(cx, post, row, &choices, |count| *count += 1);
    let to = PostRef { id: post, author };
    tell(cx, &user, News::Voted { to: to.clone() });
    cx.say(&Event::Voted(to));
    Ok(Outcome::Voted(view(row, choices)))
}

/// What is voted for, in the order of the options.
fn chosen(row: &PollRow, choices: Vec<u32>) -> Result<Vec<u32>, Rejection> {
    let all: BTreeSet<u32> = choices.into_iter().collect();
    let bad = |why: String| Err(Rejection::BadChoice(why));
    if all.is_empty() {
        return bad("a vote is for something".to_owned());
    }
    if let Some(beyond) = all.iter().find(|choice| **choice as usize >= row.options.len()) {
        return bad(format!("there is no option {beyond}: they are counted from 0"));
    }
    if all.len() > 1 && !row.multiple {
        return bad("one votes for one option here".to_owned());
    }
    Ok(all.into_iter().collect())
}

fn count(cx: &mut Cx<'_>, post: PostId, mut row: PollRow, choices: &[u32], change: fn(&mut u64)) -> PollRow {
    change(&mut row.voters);
    choices.iter().for_each(|choice| change(&mut row.votes[*choice as usize]));
    cx.put(POLLS, &post.0, &row);
    row
}

/// Takes back the vote of somebody who is erased, if it counts. The poll may have gone with its post.
pub fn leave(cx: &mut Cx<'_>, post: PostId, user: String) {
    let key = (post.0, user);
    let Some(choices) = cx.get(VOTES, &key) else { return };
    cx.delete(VOTES, &key);
    if let Some(row) = cx.get(POLLS, &post.0) {
        count(cx, post, row, &choices, |count| *count -= 1);
    }
}

fn view(row: PollRow, own: Vec<u32>) -> PollView {
    let PollRow { options, multiple, ends_at, votes, voters } = row;
    let options = options.into_iter().zip(votes).map(|(title, votes)| PollOption { title, votes }).collect();
    PollView { options, multiple, ends_at, voters, own }
}

/// The poll of a post as somebody sees it.
#[must_use]
pub fn show(reads: &impl Reads, post: PostId, viewer: &str) -> Option<PollView> {
    let row = reads.row(POLLS, &post.0)?;
    Some(view(row, reads.row(VOTES, &(post.0, viewer.to_owned())).unwrap_or_default()))
}
