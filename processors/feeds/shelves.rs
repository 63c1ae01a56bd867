//! What an account puts aside for itself: lists of accounts, bookmarks, and the posts that it pins to its own page.

pub mod routes;

use crate::feeds::queries::View;
use crate::feeds::tables::{BOOKMARKS, LISTS, ListRow, PINS, POSTS};
use crate::feeds::transition::{Cx, check_is_user};
use crate::runtime::ids;
use millrace_state::key::Desc;
use millrace_topics::feeds::{
    Answer, Bookmarking, ListOf, ListView, Listing, OnPost, Outcome, PostId, PostRef, Rejection,
};
use std::collections::BTreeSet;

/// The most lists of an account.
pub const LISTS_LIMIT: usize = 50;

/// The most accounts of a list.
pub const MEMBERS_LIMIT: usize = 500;

/// The most posts that an account pins.
pub const PINS_LIMIT: usize = 5;

/// Makes a list, or changes it.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set_list(cx: &mut Cx<'_>, listing: Listing) -> Result<Outcome, Rejection> {
    let Listing { of, name, members } = listing;
    check_is_user(cx, &of.user)?;
    if !ids::is_id(&of.list) {
        return Err(Rejection::BadList);
    }
    let long = |text: &String| text.is_empty() || text.len() > ids::SUBJECT_LIMIT;
    if members.len() > MEMBERS_LIMIT || long(&name) || members.iter().any(long) {
        return Err(Rejection::TooMuch(format!("a list has a name and at most {MEMBERS_LIMIT} accounts")));
    }
    let key = (of.user, of.list);
    let rows = LISTS.under(&(key.0.clone(),));
    if cx.get(LISTS, &key).is_none() && cx.scan(LISTS, &rows).count() >= LISTS_LIMIT {
        return Err(Rejection::TooMuch(format!("an account has at most {LISTS_LIMIT} lists")));
    }
    // The line: nothing below can be refused.
    let members: BTreeSet<String> = members.into_iter().collect();
    let row = ListRow { name, members: members.into_iter().collect() };
    cx.put(LISTS, &key, &row);
    Ok(Outcome::List(show(key.1, row)))
}

fn show(id: String, row: ListRow) -> ListView {
    ListView { id, name: row.name, members: row.members }
}

/// Lets a list go. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn drop_list(cx: &mut Cx<'_>, of: ListOf) -> Result<Outcome, Rejection> {
    check_is_user(cx, &of.user)?;
    // The line: nothing below can be refused.
    cx.delete(LISTS, &(of.user, of.list));
    Ok(Outcome::Done)
}

/// Puts a post aside, or lets it go. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn bookmark(cx: &mut Cx<'_>, bookmarking: Bookmarking, has: bool) -> Result<Outcome, Rejection> {
    let Bookmarking { user, post } = bookmarking;
    check_is_user(cx, &user)?;
    // The line: nothing below can be refused.
    let key = (user, Desc(post.id.0));
    match has {
        true => cx.put(BOOKMARKS, &key, &post.author),
        false => cx.delete(BOOKMARKS, &key),
    }
    Ok(Outcome::Done)
}

/// Pins a post to its author's page, or lets it go. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn pin(cx: &mut Cx<'_>, on: OnPost, has: bool) -> Result<Outcome, Rejection> {
    check_is_user(cx, &on.author)?;
    let row = cx.get(POSTS, &on.post.0).filter(|row| row.author == on.author).ok_or(Rejection::UnknownPost)?;
    if row.deleted {
        return Err(Rejection::PostDeleted);
    }
    if row.repost_of.is_some() {
        return Err(Rejection::Reposted);
    }
    let key = (on.author, Desc(on.post.0));
    let is_pinned = cx.get(PINS, &key).is_some();
    let rows = PINS.under(&(key.0.clone(),));
    if has && !is_pinned && cx.scan(PINS, &rows).count() >= PINS_LIMIT {
        return Err(Rejection::TooMuch(format!("an account pins at most {PINS_LIMIT} posts")));
    }
    // The line: nothing below can be refused.
    match has {
        true => cx.put(PINS, &key, &()),
        false => cx.delete(PINS, &key),
    }
    Ok(Outcome::Done)
}

/// The lists of an account, or one of them.
///
/// # Errors
/// That there is no such list.
pub fn lists(view: &View<'_>, user: String, list: Option<String>) -> Result<Answer, Rejection> {
    if let Some(list) = list {
        let row = view.get(LISTS, &(user, list.clone())).ok_or(Rejection::UnknownList)?;
        return Ok(Answer::Lists(vec![show(list, row)]));
    }
    let rows = LISTS.under(&(user,));
    Ok(Answer::Lists(view.scan(LISTS, &rows).map(|((_, id), row)| show(id, row)).collect()))
}

/// The bookmarks of an account, the newest posts first.
#[must_use]
pub fn bookmarks(view: &View<'_>, user: &str, below: Option<PostId>, limit: u32) -> Answer {
    let mut rows = BOOKMARKS.under(&(user.to_owned(),));
    if let Some(below) = below {
        rows = rows.beyond(&BOOKMARKS.raw_key(&(user.to_owned(), Desc(below.0))));
    }
    let rows = view.scan(BOOKMARKS, &rows).take(limit as usize + 1);
    let mut found: Vec<PostRef> = rows.map(|((_, Desc(id)), author)| PostRef { id: PostId(id), author }).collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    Answer::Linked(found, goes_on)
}

/// The posts that an account has pinned, the newest first.
#[must_use]
pub fn pins(view: &View<'_>, user: &str) -> Answer {
    let rows = PINS.under(&(user.to_owned(),));
    let of = |((author, Desc(id)), ()): ((String, Desc<u128>), ())| PostRef { id: PostId(id), author };
    Answer::Linked(view.scan(PINS, &rows).map(of).collect(), false)
}
