//! Posts that are to be written later. Their ids are of that moment, so they stand where they come.

pub mod routes;

use crate::feeds::posts;
use crate::feeds::queries::View;
use crate::feeds::tables::SCHEDULED;
use crate::feeds::transition::{Cx, check_is_user};
use millrace_topics::feeds::{Answer, NewPost, OnPost, Outcome, PostId, Rejection, ScheduledView, Scheduling, Timer};
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;

/// The most posts that an account has scheduled.
pub const SCHEDULED_LIMIT: usize = 300;

/// How far ahead a post can be scheduled, in milliseconds.
pub const AHEAD: u64 = 366 * 86_400_000;

/// Writes a post later.
///
/// # Errors
/// The refusal, before anything was written.
pub fn schedule(cx: &mut Cx<'_>, scheduling: Scheduling) -> Result<Outcome, Rejection> {
    let Scheduling { new, publish_at } = scheduling;
    check_is_user(cx, &new.author)?;
    let said = posts::check(new.said.clone())?;
    if publish_at <= cx.now() || publish_at > cx.now().plus(AHEAD) {
        return Err(Rejection::BadMoment);
    }
    let rows = SCHEDULED.under(&(new.author.clone(),));
    if cx.scan(SCHEDULED, &rows).count() >= SCHEDULED_LIMIT {
        return Err(Rejection::TooMuch(format!("an account has at most {SCHEDULED_LIMIT} posts to come")));
    }
    // The line: nothing below can be refused.
    let id = PostId::new(stamp_at(cx.stamp(), publish_at), &new.author);
    let row = Scheduling { new: NewPost { said, ..new }, publish_at };
    let view = show(id, &row);
    let on = OnPost { author: row.new.author.clone(), post: id };
    cx.put(SCHEDULED, &(on.author.clone(), id.0), &row);
    cx.set_timer(publish_at, &Timer::Publish(on));
    Ok(Outcome::Scheduled(view))
}

/// The stamp of what is written then: a derived one, which no command has that comes in the same microsecond, and another
/// for each that asked for the same moment.
#[must_use]
pub fn stamp_at(asked: Stamp, publish_at: Time) -> Stamp {
    let low = u32::try_from(asked.micros & u64::from(u32::MAX)).expect("32 bits fit");
    Stamp { micros: publish_at.0 * 1000 + asked.micros % 1000, ..asked.derived(low) }
}

/// Does not write it after all.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unschedule(cx: &mut Cx<'_>, on: OnPost) -> Result<Outcome, Rejection> {
    check_is_user(cx, &on.author)?;
    let key = (on.author.clone(), on.post.0);
    let row = cx.get(SCHEDULED, &key).ok_or(Rejection::UnknownScheduled)?;
    // The line: nothing below can be refused.
    cx.delete(SCHEDULED, &key);
    cx.cancel_timer(row.publish_at, &Timer::Publish(on.clone()));
    Ok(Outcome::Deleted(on.post))
}

/// Writes a post whose time has come.
pub fn publish(cx: &mut Cx<'_>, on: OnPost) {
    let key = (on.author, on.post.0);
    let row = cx.get(SCHEDULED, &key).expect("who takes a post back takes its timer back");
    cx.delete(SCHEDULED, &key);
    if cx.engine.is_erased(&row.new.author) {
        return;
    }
    posts::write(cx, on.post, row.new, None, row.publish_at);
}

fn show(id: PostId, row: &Scheduling) -> ScheduledView {
    let Scheduling { new, publish_at } = row;
    let (author, text) = (new.author.clone(), new.said.text.clone());
    ScheduledView { id, author, text, publish_at: *publish_at, visibility: new.visibility }
}

/// The posts that an account will write, the next first.
#[must_use]
pub fn list(view: &View<'_>, user: &str) -> Answer {
    let rows = SCHEDULED.under(&(user.to_owned(),));
    Answer::Scheduled(view.scan(SCHEDULED, &rows).map(|((_, id), row)| show(PostId(id), &row)).collect())
}
