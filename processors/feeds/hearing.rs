//! What an account's partition hears from others. Nothing of it can be refused: it has happened.

use crate::feeds::notices::{self, About};
use crate::feeds::tables::{
    BLOCKED_BY, FOLLOWS, FollowRow, LINKS, LinkRow, MENTIONS, MUTES, OWN_REACTIONS, OWN_VOTES, POSTS, REPOSTERS,
};
use crate::feeds::transition::{Cx, count, count_for};
use crate::feeds::{edges, erasure, polls, reactions, taste};
use millrace_state::key::Desc;
use millrace_topics::feeds::{
    Edge, Following, Hearing, Link, News, NoticeKind, Outcome, PostId, PostRef, Reacting, Reaction,
};

/// Takes news in. News for an account that is not there are passed over.
pub fn hear(cx: &mut Cx<'_>, hearing: Hearing) -> Outcome {
    let Hearing { user, news, at: _ } = hearing;
    if cx.engine.is_erased(&user) {
        erasure::leave_behind(cx, &user, news);
        return Outcome::Done;
    }
    if cx.engine.get(&user).is_none() {
        return Outcome::Done;
    }
    match news {
        News::Follow { target, state } => follow(cx, user, target, state),
        News::Blocked { by } => {
            cx.put(BLOCKED_BY, &(user.clone(), by.clone()), &());
            cx.engine.of(&user).blocked_by.insert(by.clone());
            edges::drop_follower(cx, &Edge { user: by, target: user });
        }
        News::Unblocked { by } => {
            cx.engine.of(&user).blocked_by.remove(&by);
            cx.delete(BLOCKED_BY, &(user, by));
        }
        News::Linked { how, post, by } => link(cx, &user, how, post, by),
        News::Unlinked { how, post, by } => unlink(cx, &user, how, post, &by),
        News::Mentioned { by } => mention(cx, user, by),
        News::Unmentioned { by } => unmention(cx, user, &by),
        News::Reacted { to, kind } => {
            taste::familiar(cx, &user, &to.author, true);
            cx.put(OWN_REACTIONS, &reaction(user, &to, kind), &to.author);
        }
        News::Voted { to } => cx.put(OWN_VOTES, &(user, to.id.0), &to.author),
        News::PollEnded { of } => {
            if cx.get(OWN_VOTES, &(user.clone(), of.id.0)).is_some() {
                polls::notify_of_end(cx, &user, &of);
            }
        }
        News::Left { by } => edges::drop_follower(cx, &Edge { user: by, target: user }),
        News::ReactionLeft { post, kind, by } => {
            reactions::leave(cx, &Reacting { author: user, post, user: by, kind });
        }
        News::VoteLeft { post, by } => polls::leave(cx, post, by),
        News::Unreacted { to, kind } => {
            taste::familiar(cx, &user, &to.author, false);
            cx.delete(OWN_REACTIONS, &reaction(user, &to, kind));
        }
    }
    Outcome::Done
}

fn reaction(user: String, to: &PostRef, kind: Reaction) -> (String, u8, Desc<u128>) {
    (user, kind as u8, Desc(to.id.0))
}

/// The same row, muted or not.
#[must_use]
pub fn muted(row: FollowRow, muted: bool) -> FollowRow {
    FollowRow { muted, ..row }
}

fn follow(cx: &mut Cx<'_>, user: String, target: String, state: Following) {
    cx.engine.of(&user).forget_sources();
    let key = (user, target);
    let before = cx.get(FOLLOWS, &key);
    let was = before.map_or(Following::No, |row| row.state);
    if state == Following::No {
        cx.delete(FOLLOWS, &key);
        notices::forget(cx, &key.0, before.map_or(0, |row| row.notice));
    } else {
        let muted = cx.get(MUTES, &key).is_some();
        let notice = match (was, state) {
            (Following::Requested, Following::Following) => {
                let about = About { kind: NoticeKind::FollowAccepted, from: key.1.clone(), post: None };
                notices::notify(cx, &key.0, about)
            }
            _ => 0,
        };
        cx.put(FOLLOWS, &key, &FollowRow { state, muted, notice });
    }
    match (was == Following::Following, state == Following::Following) {
        (false, true) => count(cx, &key.0, |tally| tally.following += 1),
        (true, false) => count(cx, &key.0, |tally| tally.following -= 1),
        _ => {}
    }
}

fn change(cx: &mut Cx<'_>, how: Link, post: PostId, change: impl FnOnce(&mut u64)) {
    count_for(cx, post, |counts| {
        change(match how {
            Link::Reply => &mut counts.replies,
            Link::Repost => &mut counts.reposts,
            Link::Quote => &mut counts.quotes,
        });
    });
}

fn link(cx: &mut Cx<'_>, user: &str, how: Link, post: PostId, by: PostRef) {
    if cx.get(POSTS, &post.0).is_none_or(|row| row.author != user) {
        return;
    }
    let (kind, meant) = match how {
        Link::Reply => (NoticeKind::Reply, by.clone()),
        Link::Quote => (NoticeKind::Quote, by.clone()),
        Link::Repost => (NoticeKind::Repost, PostRef { id: post, author: user.to_owned() }),
    };
    let notice = notices::notify(cx, user, About { kind, from: by.author.clone(), post: Some(meant) });
    if how == Link::Repost {
        cx.put(REPOSTERS, &(post.0, by.author.clone()), &by.id);
    }
    cx.put(LINKS, &(post.0, how as u8, by.id.0), &LinkRow { author: by.author, notice });
    change(cx, how, post, |count| *count += 1);
}

fn unlink(cx: &mut Cx<'_>, user: &str, how: Link, post: PostId, by: &PostRef) {
    let key = (post.0, how as u8, by.id.0);
    // A foreign producer may have written about what is not there: then there is nothing to end.
    let Some(row) = cx.get(LINKS, &key) else { return };
    cx.delete(LINKS, &key);
    if how == Link::Repost {
        cx.delete(REPOSTERS, &(post.0, by.author.clone()));
    }
    notices::forget(cx, user, row.notice);
    change(cx, how, post, |count| *count -= 1);
}

fn mention(cx: &mut Cx<'_>, user: String, by: PostRef) {
    let about = About { kind: NoticeKind::Mention, from: by.author.clone(), post: Some(by.clone()) };
    let notice = notices::notify(cx, &user, about);
    cx.put(MENTIONS, &(user, by.id.0), &notice);
}

fn unmention(cx: &mut Cx<'_>, user: String, by: &PostRef) {
    let key = (user, by.id.0);
    if let Some(notice) = cx.get(MENTIONS, &key) {
        cx.delete(MENTIONS, &key);
        notices::forget(cx, &key.0, notice);
    }
}
