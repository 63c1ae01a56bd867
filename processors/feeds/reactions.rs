//! Reactions: the post's author has the set of who reacted, and its size is the count.

use crate::feeds::notices::{self, About};
use crate::feeds::sight;
use crate::feeds::tables::{COUNTS, REACTORS};
use crate::feeds::transition::{Cx, check_acts_for, count_for, tell};
use millrace_topics::feeds::{
    Counts, Event, News, NoticeKind, Outcome, PostRef, Reacting, Reaction, ReactionNote, Rejection,
};

/// Reacts to a post. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn react(cx: &mut Cx<'_>, reacting: Reacting) -> Result<Outcome, Rejection> {
    check_acts_for(cx.caller(), &reacting.user)?;
    let row = sight::post(cx, reacting.post, &reacting.user)?;
    if row.author != reacting.author {
        return Err(Rejection::UnknownPost);
    }
    if row.repost_of.is_some() {
        return Err(Rejection::Reposted);
    }
    let key = key(&reacting);
    if cx.get(REACTORS, &key).is_some() {
        return Ok(Outcome::Counts(cx.get(COUNTS, &reacting.post.0).unwrap_or_default()));
    }
    // The line: nothing below can be refused.
    let post = PostRef { id: reacting.post, author: reacting.author.clone() };
    let notice = match reacting.kind {
        Reaction::Like => {
            let about = About { kind: NoticeKind::Like, from: reacting.user.clone(), post: Some(post.clone()) };
            notices::notify(cx, &reacting.author, about)
        }
        Reaction::Share => 0,
    };
    cx.put(REACTORS, &key, &notice);
    let counts = count(cx, &reacting, |count| *count += 1);
    tell(cx, &reacting.user, News::Reacted { to: post, kind: reacting.kind });
    cx.say(&Event::Reacted(note(&reacting)));
    Ok(Outcome::Counts(counts))
}

/// Takes a reaction back, also from a post that cannot be seen any more.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unreact(cx: &mut Cx<'_>, reacting: Reacting) -> Result<Outcome, Rejection> {
    check_acts_for(cx.caller(), &reacting.user)?;
    let key = key(&reacting);
    let Some(notice) = cx.get(REACTORS, &key) else {
        sight::post(cx, reacting.post, &reacting.user)?;
        return Ok(Outcome::Counts(cx.get(COUNTS, &reacting.post.0).unwrap_or_default()));
    };
    // The line: nothing below can be refused.
    let counts = take_back(cx, &reacting, notice);
    let to = PostRef { id: reacting.post, author: reacting.author.clone() };
    tell(cx, &reacting.user, News::Unreacted { to, kind: reacting.kind });
    Ok(Outcome::Counts(counts))
}

fn take_back(cx: &mut Cx<'_>, reacting: &Reacting, notice: u64) -> Counts {
    cx.delete(REACTORS, &key(reacting));
    notices::forget(cx, &reacting.author, notice);
    let counts = count(cx, reacting, |count| *count -= 1);
    cx.say(&Event::Unreacted(note(reacting)));
    counts
}

/// Takes back the reaction of somebody who is erased, if it counts.
pub fn leave(cx: &mut Cx<'_>, reacting: &Reacting) {
    if let Some(notice) = cx.get(REACTORS, &key(reacting)) {
        take_back(cx, reacting, notice);
    }
}

fn key(reacting: &Reacting) -> (u128, u8, String) {
    (reacting.post.0, reacting.kind as u8, reacting.user.clone())
}

fn count(cx: &mut Cx<'_>, reacting: &Reacting, change: impl FnOnce(&mut u64)) -> Counts {
    count_for(cx, reacting.post, |counts| {
        change(match reacting.kind {
            Reaction::Like => &mut counts.likes,
            Reaction::Share => &mut counts.shares,
        });
    })
}

fn note(reacting: &Reacting) -> ReactionNote {
    let Reacting { author, post, user, kind } = reacting.clone();
    ReactionNote { post, author, user, kind }
}
