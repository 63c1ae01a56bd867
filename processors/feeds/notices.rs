//! Notifications: what others did that an account should know. What is taken back takes its notification with it.

pub mod routes;

use crate::feeds::queries::View;
use crate::feeds::sight;
use crate::feeds::tables::{MARKERS, MUTES, NOTICES, NoticeRow, POSTS, Place};
use crate::feeds::transition::{Cx, check_is_user, count};
use millrace_state::key::Desc;
use millrace_topics::feeds::{Answer, Marking, Notice, NoticeKind, Notices, Outcome, PostRef, Rejection, UNSEEN_LIMIT};

/// The most notifications that are looked at for a page.
const LOOKED_AT: usize = 500;

/// What a notification tells of.
pub struct About {
    /// What happened.
    pub kind: NoticeKind,
    /// Who did it.
    pub from: String,
    /// With which post, or to which.
    pub post: Option<PostRef>,
}

/// Notifies an account that is there, and answers with the number of the notification; 0 if it does not want to know.
pub fn notify(cx: &mut Cx<'_>, user: &str, about: About) -> u64 {
    // What others do to an account it should know, and of what it does itself only that the time of a poll is over.
    let own = about.from == user && about.kind != NoticeKind::PollEnded;
    if own || !sight::meets(cx, user, &about.from) || cx.get(MUTES, &(user.to_owned(), about.from.clone())).is_some() {
        return 0;
    }
    let About { kind, from, post } = about;
    let row = NoticeRow { kind, from, post, at: cx.now(), place: Place::from(cx.position()) };
    count(cx, user, |tally| tally.notices += 1);
    let number = cx.engine.of(user).tally.notices;
    cx.put(NOTICES, &(user.to_owned(), Desc(number)), &row);
    number
}

/// Takes a notification back.
pub fn forget(cx: &mut Cx<'_>, user: &str, number: u64) {
    if number > 0 {
        cx.delete(NOTICES, &(user.to_owned(), Desc(number)));
    }
}

/// Notes how far an account has read. The marker never goes back: of two devices the one that has read more counts.
///
/// # Errors
/// The refusal, before anything was written.
pub fn mark(cx: &mut Cx<'_>, marking: Marking) -> Result<Outcome, Rejection> {
    check_is_user(cx, &marking.user)?;
    let before = cx.get(MARKERS, &marking.user);
    let offset = before.map_or(marking.offset, |before| before.max(marking.offset));
    // The line: nothing below can be refused.
    if before != Some(offset) {
        cx.put(MARKERS, &marking.user, &offset);
    }
    Ok(Outcome::Marked(offset))
}

/// Lists notifications of who is not blocked or muted, about posts that are there.
#[must_use]
pub fn list(view: &View<'_>, user: &str, below: Option<u64>, limit: u32) -> Answer {
    let marker = view.get(MARKERS, &user.to_owned());
    let mut rows = NOTICES.under(&(user.to_owned(),));
    if let Some(below) = below {
        rows = rows.beyond(&NOTICES.raw_key(&(user.to_owned(), Desc(below))));
    }
    let mut found = Notices { items: Vec::new(), unseen: unseen(view, user, marker), marker, goes_on: false };
    for (looked, ((_, Desc(number)), row)) in view.scan(NOTICES, &rows).enumerate() {
        if found.items.len() == limit as usize || looked == LOOKED_AT {
            found.goes_on = true;
            break;
        }
        if is_wanted(view, user, &row) {
            let NoticeRow { kind, from, post, at, place } = row;
            found.items.push(Notice { number, kind, from, post, at, offset: place.offset });
        }
    }
    Answer::Notices(found)
}

fn unseen(view: &View<'_>, user: &str, marker: Option<u64>) -> u32 {
    let is_new = |row: &NoticeRow| marker.is_none_or(|marker| row.place.offset > marker);
    let rows = NOTICES.under(&(user.to_owned(),));
    let rows = view.scan(NOTICES, &rows).take(LOOKED_AT).map(|(_, row)| row).take_while(is_new);
    let count = rows.filter(|row| is_wanted(view, user, row)).take(UNSEEN_LIMIT as usize).count();
    u32::try_from(count).expect("it is small")
}

fn is_wanted(view: &View<'_>, user: &str, row: &NoticeRow) -> bool {
    let own = row.post.as_ref().filter(|post| post.author == user);
    let is_gone = own.is_some_and(|post| view.get(POSTS, &post.id.0).is_none_or(|row| row.deleted));
    !is_gone && sight::meets(view, user, &row.from) && view.get(MUTES, &(user.to_owned(), row.from.clone())).is_none()
}
