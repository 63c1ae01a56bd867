//! Who follows, blocks and mutes whom. Who is followed decides, so that is where it stands; who follows is told, over one
//! link, so that both know the same in the end. A block or a mute stands with who says it.

pub mod pace;
pub mod routes;

use crate::feeds::notices::{self, About};
use crate::feeds::tables::{BLOCKS, FOLLOWERS, FOLLOWS, FollowerRow, MUTES};
use crate::feeds::transition::{Cx, check_acts_for, check_is_user, count, tell};
use crate::feeds::{hearing, sight};
use millrace_topics::feeds::{Deciding, Edge, EdgeNote, Event, Following, News, NoticeKind, Outcome, Rejection};

fn check_others(edge: &Edge) -> Result<(), Rejection> {
    if edge.user == edge.target { Err(Rejection::Yourself) } else { Ok(()) }
}

fn note(user: &str, target: &str) -> EdgeNote {
    EdgeNote { user: user.to_owned(), target: target.to_owned() }
}

/// Follows an account, or asks to. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn follow(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    check_acts_for(cx.caller(), &edge.user)?;
    check_others(&edge)?;
    let is_private = cx.engine.get(&edge.target).ok_or(Rejection::UnknownUser)?.private;
    if !sight::meets(cx, &edge.target, &edge.user) {
        return Err(Rejection::UnknownUser);
    }
    if let Some(row) = cx.get(FOLLOWERS, &key(&edge)) {
        return Ok(Outcome::Following(row.state));
    }
    // The line: nothing below can be refused.
    let (state, kind) = match is_private {
        true => (Following::Requested, NoticeKind::FollowRequest),
        false => (Following::Following, NoticeKind::Follow),
    };
    stand(cx, &edge, state, kind);
    cx.say(&match state {
        Following::Requested => Event::FollowRequested(note(&edge.user, &edge.target)),
        _ => Event::Followed(note(&edge.user, &edge.target)),
    });
    Ok(Outcome::Following(state))
}

fn key(edge: &Edge) -> (String, String) {
    (edge.target.clone(), edge.user.clone())
}

/// Writes how one stands to an account, and tells him.
fn stand(cx: &mut Cx<'_>, edge: &Edge, state: Following, kind: NoticeKind) {
    let notice = notices::notify(cx, &edge.target, About { kind, from: edge.user.clone(), post: None });
    cx.put(FOLLOWERS, &key(edge), &FollowerRow { state, since: cx.now(), notice });
    if state == Following::Following {
        count(cx, &edge.target, |tally| tally.followers += 1);
    }
    tell(cx, &edge.user, News::Follow { target: edge.target.clone(), state });
}

/// Follows an account no more. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unfollow(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    check_acts_for(cx.caller(), &edge.user)?;
    check_others(&edge)?;
    // The line: nothing below can be refused.
    drop_follower(cx, &edge);
    Ok(Outcome::Following(Following::No))
}

/// Ends that one follows an account, or has asked to, if he does or has.
pub fn drop_follower(cx: &mut Cx<'_>, edge: &Edge) {
    let Some(row) = cx.get(FOLLOWERS, &key(edge)) else { return };
    cx.delete(FOLLOWERS, &key(edge));
    notices::forget(cx, &edge.target, row.notice);
    if row.state == Following::Following {
        count(cx, &edge.target, |tally| tally.followers -= 1);
    }
    tell(cx, &edge.user, News::Follow { target: edge.target.clone(), state: Following::No });
    cx.say(&Event::Unfollowed(note(&edge.user, &edge.target)));
}

/// Says yes or no to who asked to follow. Yes to who follows is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn decide(cx: &mut Cx<'_>, deciding: Deciding) -> Result<Outcome, Rejection> {
    check_is_user(cx, &deciding.user)?;
    let edge = Edge { user: deciding.follower, target: deciding.user };
    let row = cx.get(FOLLOWERS, &key(&edge)).ok_or(Rejection::NotAsked)?;
    match (row.state, deciding.accept) {
        (Following::Following, true) => return Ok(Outcome::Following(Following::Following)),
        (Following::Following, false) => return Err(Rejection::NotAsked),
        _ => {}
    }
    // The line: nothing below can be refused.
    if !deciding.accept {
        drop_follower(cx, &edge);
        return Ok(Outcome::Following(Following::No));
    }
    notices::forget(cx, &edge.target, row.notice);
    stand(cx, &edge, Following::Following, NoticeKind::Follow);
    cx.say(&Event::FollowAccepted(note(&edge.user, &edge.target)));
    Ok(Outcome::Following(Following::Following))
}

/// Blocks an account: from here on neither follows nor sees the other.
///
/// # Errors
/// The refusal, before anything was written.
pub fn block(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    check_is_user(cx, &edge.user)?;
    check_others(&edge)?;
    if cx.engine.of(&edge.user).blocks.contains(&edge.target) {
        return Ok(Outcome::Done);
    }
    // The line: nothing below can be refused.
    cx.put(BLOCKS, &(edge.user.clone(), edge.target.clone()), &());
    cx.engine.of(&edge.user).blocks.insert(edge.target.clone());
    drop_follower(cx, &Edge { user: edge.target.clone(), target: edge.user.clone() });
    tell(cx, &edge.target, News::Blocked { by: edge.user.clone() });
    cx.say(&Event::Blocked(note(&edge.user, &edge.target)));
    Ok(Outcome::Done)
}

/// Blocks an account no more.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unblock(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    check_is_user(cx, &edge.user)?;
    if !cx.engine.of(&edge.user).blocks.contains(&edge.target) {
        return Ok(Outcome::Done);
    }
    // The line: nothing below can be refused.
    cx.delete(BLOCKS, &(edge.user.clone(), edge.target.clone()));
    cx.engine.of(&edge.user).blocks.remove(&edge.target);
    tell(cx, &edge.target, News::Unblocked { by: edge.user.clone() });
    cx.say(&Event::Unblocked(note(&edge.user, &edge.target)));
    Ok(Outcome::Done)
}

/// Hides an account from oneself.
///
/// # Errors
/// The refusal, before anything was written.
pub fn mute(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    set_muted(cx, edge, true)
}

/// Hides it no more.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unmute(cx: &mut Cx<'_>, edge: Edge) -> Result<Outcome, Rejection> {
    set_muted(cx, edge, false)
}

fn set_muted(cx: &mut Cx<'_>, edge: Edge, muted: bool) -> Result<Outcome, Rejection> {
    check_is_user(cx, &edge.user)?;
    check_others(&edge)?;
    let key = (edge.user, edge.target);
    if cx.get(MUTES, &key).is_some() == muted {
        return Ok(Outcome::Done);
    }
    // The line: nothing below can be refused.
    match muted {
        true => cx.put(MUTES, &key, &()),
        false => cx.delete(MUTES, &key),
    }
    if let Some(row) = cx.get(FOLLOWS, &key) {
        cx.engine.of(&key.0).forget_sources();
        cx.put(FOLLOWS, &key, &hearing::muted(row, muted));
    }
    let said = note(&key.0, &key.1);
    cx.say(&if muted { Event::Muted(said) } else { Event::Unmuted(said) });
    Ok(Outcome::Done)
}
