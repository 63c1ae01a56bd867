//! What a command does to an account: checks by precedence, the line, then only writes.

use crate::feeds::tables::{COUNTS, POSTS, PostRow, Tally, USERS, UserRow};
use crate::feeds::{
    Feeding, edges, erasure, hearing, notices, polls, posts, reactions, schedule, shelves, taste, words,
};
use crate::runtime::ids;
use millrace_topics::feeds::{
    Command, Counts, Event, Feeds, Hearing, News, Outcome, PostId, Profile, Rejection, Timer, UserView,
};
use millrace_topics::record::{Caller, Role};

pub(super) type Cx<'a> = crate::runtime::cx::Cx<'a, Feeding>;

/// The longest name of an account, in bytes.
pub const NAME_LIMIT: usize = 200;

/// The longest text that an account says of itself, in bytes.
pub const ABOUT_LIMIT: usize = 4000;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    match command {
        Command::SetUser(profile) => set_user(cx, profile),
        Command::Post(new) => posts::post(cx, *new),
        Command::Edit(editing) => posts::edit(cx, *editing),
        Command::Delete(on) => posts::delete(cx, on),
        Command::Repost(reposting) => posts::repost(cx, reposting),
        Command::React(reacting) => reactions::react(cx, reacting),
        Command::Unreact(reacting) => reactions::unreact(cx, reacting),
        Command::Follow(edge) => edges::follow(cx, edge),
        Command::Unfollow(edge) => edges::unfollow(cx, edge),
        Command::Decide(deciding) => edges::decide(cx, deciding),
        Command::Block(edge) => edges::block(cx, edge),
        Command::Unblock(edge) => edges::unblock(cx, edge),
        Command::Mute(edge) => edges::mute(cx, edge),
        Command::Unmute(edge) => edges::unmute(cx, edge),
        Command::Mark(marking) => notices::mark(cx, marking),
        Command::Hear(hearing) => Ok(hearing::hear(cx, hearing)),
        Command::See(impressions) => taste::see(cx, impressions),
        Command::Configure(configuring) => taste::configure(cx, configuring),
        Command::SetList(listing) => shelves::set_list(cx, *listing),
        Command::DropList(of) => shelves::drop_list(cx, of),
        Command::Bookmark(bookmarking) => shelves::bookmark(cx, bookmarking, true),
        Command::Unbookmark(bookmarking) => shelves::bookmark(cx, bookmarking, false),
        Command::Pin(on) => shelves::pin(cx, on, true),
        Command::Unpin(on) => shelves::pin(cx, on, false),
        Command::Schedule(scheduling) => schedule::schedule(cx, *scheduling),
        Command::Unschedule(on) => schedule::unschedule(cx, on),
        Command::PostPoll(asking) => posts::ask(cx, *asking),
        Command::Vote(voting) => polls::vote(cx, voting),
        Command::MuteWord(muting) => words::mute(cx, muting),
        Command::UnmuteWord(of) => words::unmute(cx, of),
        Command::Erase(erasing) => erasure::erase(cx, erasing),
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, timer: Timer) {
    match timer {
        Timer::Publish(on) => schedule::publish(cx, on),
        Timer::Unmute(of) => words::end(cx, &of),
        Timer::Erase(erasing) => erasure::step(cx, &erasing.user),
        Timer::EndPoll(on) => polls::end(cx, on),
    }
}

/// Refuses who acts for somebody else, and may not.
///
/// # Errors
/// The refusal.
pub fn check_acts_for(caller: &Caller, user: &str) -> Result<(), Rejection> {
    let is_other = caller.role == Role::User && caller.id != user;
    if is_other { Err(Rejection::NotYourself) } else { Ok(()) }
}

/// Refuses who acts for somebody else, or for an account that is not there.
///
/// # Errors
/// The refusal.
pub fn check_is_user(cx: &Cx<'_>, user: &str) -> Result<(), Rejection> {
    check_acts_for(cx.caller(), user)?;
    cx.engine.get(user).map(|_| ()).ok_or(Rejection::UnknownUser)
}

/// Changes what is counted of an account.
pub fn count(cx: &mut Cx<'_>, user: &str, change: impl FnOnce(&mut Tally)) {
    cx.engine.count(user, change);
}

/// Changes what was done to a post, as it is counted.
pub fn count_for(cx: &mut Cx<'_>, post: PostId, change: impl FnOnce(&mut Counts)) -> Counts {
    let before = cx.get(COUNTS, &post.0);
    if before.is_none()
        && let Some(row) = cx.get(POSTS, &post.0).filter(|row| !row.is_counted)
    {
        cx.put(POSTS, &post.0, &PostRow { is_counted: true, ..row });
    }
    let mut counts = before.unwrap_or_default();
    change(&mut counts);
    match counts == Counts::default() {
        true => cx.delete(COUNTS, &post.0),
        false => cx.put(COUNTS, &post.0, &counts),
    }
    counts
}

/// Tells an account's partition of something that happened here.
pub fn tell(cx: &mut Cx<'_>, user: &str, news: News) {
    let hearing = Hearing { user: user.to_owned(), news, at: cx.now() };
    cx.send::<Feeds>(&Command::Hear(hearing));
}

fn set_user(cx: &mut Cx<'_>, profile: Profile) -> Result<Outcome, Rejection> {
    check_acts_for(cx.caller(), &profile.user)?;
    if !ids::is_subject(&profile.user) {
        return Err(Rejection::BadUser);
    }
    if cx.engine.is_erased(&profile.user) {
        return Err(Rejection::UserErased);
    }
    if profile.name.len() > NAME_LIMIT || profile.about.len() > ABOUT_LIMIT {
        return Err(Rejection::TextTooLong(format!("{NAME_LIMIT} bytes as a name, {ABOUT_LIMIT} as `about`")));
    }
    let before = cx.get(USERS, &profile.user);
    let created_at = before.as_ref().map_or(cx.now(), |row| row.created_at);
    let Profile { user, name, about, private } = profile;
    let row = UserRow { name, about, private, created_at };
    // The line: nothing below can be refused.
    cx.engine.of_new(&user).private = row.private;
    let view = show(&user, &row, cx.engine.of(&user).tally);
    if before.as_ref() != Some(&row) {
        cx.put(USERS, &user, &row);
        cx.say(&Event::UserChanged(view.clone()));
    }
    Ok(Outcome::User(view))
}

/// An account as people see it.
#[must_use]
pub fn show(user: &str, row: &UserRow, tally: Tally) -> UserView {
    UserView {
        id: user.to_owned(),
        name: row.name.clone(),
        about: row.about.clone(),
        private: row.private,
        created_at: row.created_at,
        posts: tally.posts,
        followers: tally.followers,
        following: tally.following,
    }
}
