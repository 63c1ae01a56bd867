//! Posts: writing, changing, showing again and taking back. All of it lies with the author; who is meant by a post is told.

pub mod routes;

use crate::feeds::tables::{BY_AUTHOR, DIRECTS, OWN_REPOSTS, PINS, POSTS, PostRow};
use crate::feeds::text;
use crate::feeds::transition::{Cx, check_acts_for, check_is_user, count, tell};
use crate::feeds::{polls, sight, taste, transition};
use millrace_state::key::Desc;
use millrace_topics::feeds::{
    Editing, Event, FeedsTags, Link, NewPoll, NewPost, News, OnPost, Outcome, PollPost, PostId, PostNote, PostRef,
    Rejection, Reposting, Said, TagCommand, Tagging, Visibility,
};
use millrace_topics::time::Time;
use std::collections::BTreeSet;

/// Writes a post.
///
/// # Errors
/// The refusal, before anything was written.
pub fn post(cx: &mut Cx<'_>, new: NewPost) -> Result<Outcome, Rejection> {
    let NewPost { author, said, reply_to, quote_of, visibility } = new;
    check_is_user(cx, &author)?;
    let said = check(said)?;
    // The line: nothing below can be refused.
    let id = PostId::new(cx.stamp(), &author);
    let now = cx.now();
    let row = write(cx, id, NewPost { author, said, reply_to, quote_of, visibility }, None, now);
    Ok(Outcome::Post(Box::new(sight::show_new(id, row))))
}

/// Writes a post that asks something.
///
/// # Errors
/// The refusal, before anything was written.
pub fn ask(cx: &mut Cx<'_>, asking: PollPost) -> Result<Outcome, Rejection> {
    let PollPost { new, poll } = asking;
    check_is_user(cx, &new.author)?;
    let said = check(new.said.clone())?;
    polls::check(&poll, cx.now())?;
    // The line: nothing below can be refused.
    let id = PostId::new(cx.stamp(), &new.author);
    let (author, now) = (new.author.clone(), cx.now());
    let row = write(cx, id, NewPost { said, ..new }, Some(poll), now);
    Ok(Outcome::Post(Box::new(sight::show(cx, id, row, &author))))
}

/// Writes a post that was checked.
pub fn write(cx: &mut Cx<'_>, id: PostId, new: NewPost, poll: Option<NewPoll>, created_at: Time) -> PostRow {
    let NewPost { author, said, reply_to, quote_of, visibility } = new;
    let row = PostRow {
        author,
        text: said.text,
        tags: said.tags,
        mentions: said.mentions,
        reply_to,
        repost_of: None,
        quote_of,
        visibility,
        created_at,
        edited_at: None,
        deleted: false,
        has_poll: poll.is_some(),
        is_counted: false,
    };
    if let Some(poll) = poll {
        polls::open(cx, id, &row.author, poll);
    }
    publish(cx, id, &row);
    cx.say(&Event::Posted(note(id, &row)));
    row
}

/// What is said, if it may be said.
///
/// # Errors
/// The refusal.
pub fn check(said: Said) -> Result<Said, Rejection> {
    text::check(&said.text)?;
    if said.tags.len() > text::TAGS_LIMIT || said.mentions.len() > text::MENTIONS_LIMIT {
        let most = format!("a post has at most {} tags and {} mentions", text::TAGS_LIMIT, text::MENTIONS_LIMIT);
        return Err(Rejection::TooMuch(most));
    }
    let long = |text: &String| text.is_empty() || text.len() > crate::runtime::ids::SUBJECT_LIMIT;
    if said.tags.iter().chain(&said.mentions).any(long) {
        return Err(Rejection::TooMuch("a tag or a mention has 1 to 256 bytes".to_owned()));
    }
    Ok(Said { tags: once(said.tags), mentions: once(said.mentions), ..said })
}

/// Each of them once, in their order.
fn once(list: Vec<String>) -> Vec<String> {
    if list.len() < 2 {
        return list;
    }
    let mut seen = BTreeSet::new();
    list.into_iter().filter(|one| seen.insert(one.clone())).collect()
}

/// Writes the rows of a new post or repost, and tells who is meant by it.
fn publish(cx: &mut Cx<'_>, id: PostId, row: &PostRow) {
    cx.put(POSTS, &id.0, row);
    count(cx, &row.author, |tally| tally.posts += 1);
    if row.visibility != Visibility::Mentioned {
        let entry = row.entry(id);
        cx.put(BY_AUTHOR, &(row.author.clone(), Desc(id.0)), &entry);
        cx.engine.show(&row.author, entry);
    } else {
        cx.put(DIRECTS, &(row.author.clone(), id.0), &());
    }
    for (how, target) in targets(row) {
        let by = PostRef { id, author: row.author.clone() };
        taste::familiar(cx, &row.author, &target.author, true);
        tell(cx, &target.author, News::Linked { how, post: target.id, by });
    }
    tell_tags(cx, id, row, &row.tags, true);
    tell_mentions(cx, id, row, &row.mentions, true);
}

/// The posts that a post is about.
fn targets(row: &PostRow) -> impl Iterator<Item = (Link, &PostRef)> {
    let all = [(Link::Reply, &row.reply_to), (Link::Repost, &row.repost_of), (Link::Quote, &row.quote_of)];
    all.into_iter().filter_map(|(how, target)| target.as_ref().map(|target| (how, target)))
}

fn tell_tags(cx: &mut Cx<'_>, id: PostId, row: &PostRow, tags: &[String], has: bool) {
    if row.visibility != Visibility::Public {
        return;
    }
    for tag in tags {
        let tagging = Tagging { tag: tag.clone(), post: PostRef { id, author: row.author.clone() } };
        cx.send::<FeedsTags>(&if has { TagCommand::Tag(tagging) } else { TagCommand::Untag(tagging) });
    }
}

fn tell_mentions(cx: &mut Cx<'_>, id: PostId, row: &PostRow, mentions: &[String], has: bool) {
    // Who is answered hears of that alone.
    let answered = row.reply_to.as_ref().map(|target| &target.author);
    for user in mentions.iter().filter(|user| Some(*user) != answered && **user != row.author) {
        let by = PostRef { id, author: row.author.clone() };
        tell(cx, user, if has { News::Mentioned { by } } else { News::Unmentioned { by } });
    }
}

fn note(id: PostId, row: &PostRow) -> PostNote {
    let of = |target: &Option<PostRef>| target.as_ref().map(|target| target.id);
    PostNote {
        id,
        author: row.author.clone(),
        visibility: row.visibility,
        reply_to: of(&row.reply_to),
        repost_of: of(&row.repost_of),
        quote_of: of(&row.quote_of),
    }
}

/// A post of its author's own.
fn own(cx: &Cx<'_>, on: &OnPost) -> Result<PostRow, Rejection> {
    check_acts_for(cx.caller(), &on.author)?;
    let row = cx.get(POSTS, &on.post.0).filter(|row| row.author == on.author).ok_or(Rejection::UnknownPost)?;
    if row.deleted { Err(Rejection::PostDeleted) } else { Ok(row) }
}

/// Changes what a post says. What it answers or quotes stays, so quotes never go round in a circle.
///
/// # Errors
/// The refusal, before anything was written.
pub fn edit(cx: &mut Cx<'_>, editing: Editing) -> Result<Outcome, Rejection> {
    let Editing { on, said } = editing;
    let mut row = own(cx, &on)?;
    if row.repost_of.is_some() {
        return Err(Rejection::Reposted);
    }
    let said = check(said)?;
    // The line: nothing below can be refused.
    let less = |old: &[String], new: &[String]| -> Vec<String> {
        old.iter().filter(|one| !new.contains(one)).cloned().collect()
    };
    tell_tags(cx, on.post, &row, &less(&row.tags, &said.tags), false);
    tell_tags(cx, on.post, &row, &less(&said.tags, &row.tags), true);
    tell_mentions(cx, on.post, &row, &less(&row.mentions, &said.mentions), false);
    tell_mentions(cx, on.post, &row, &less(&said.mentions, &row.mentions), true);
    (row.text, row.tags, row.mentions) = (said.text, said.tags, said.mentions);
    row.edited_at = Some(cx.now());
    cx.put(POSTS, &on.post.0, &row);
    cx.say(&Event::PostEdited(note(on.post, &row)));
    Ok(Outcome::Post(Box::new(sight::show(cx, on.post, row, &on.author))))
}

/// Takes a post or a repost back, with everything that it counted for.
///
/// # Errors
/// The refusal, before anything was written.
pub fn delete(cx: &mut Cx<'_>, on: OnPost) -> Result<Outcome, Rejection> {
    let row = own(cx, &on)?;
    // The line: nothing below can be refused.
    take_back(cx, on.post, row);
    Ok(Outcome::Deleted(on.post))
}

/// Takes back what a post counted for, and leaves its id.
pub fn take_back(cx: &mut Cx<'_>, id: PostId, row: PostRow) {
    for (how, target) in targets(&row) {
        let by = PostRef { id, author: row.author.clone() };
        taste::familiar(cx, &row.author, &target.author, false);
        tell(cx, &target.author, News::Unlinked { how, post: target.id, by });
    }
    tell_tags(cx, id, &row, &row.tags, false);
    tell_mentions(cx, id, &row, &row.mentions, false);
    if let Some(target) = &row.repost_of {
        cx.delete(OWN_REPOSTS, &(row.author.clone(), target.id.0));
    }
    cx.delete(PINS, &(row.author.clone(), Desc(id.0)));
    if row.has_poll {
        polls::close(cx, id, &row.author);
    }
    if row.visibility != Visibility::Mentioned {
        cx.delete(BY_AUTHOR, &(row.author.clone(), Desc(id.0)));
        cx.engine.hide(&row.author, id);
    } else {
        cx.delete(DIRECTS, &(row.author.clone(), id.0));
    }
    transition::count(cx, &row.author, |tally| tally.posts -= 1);
    let gone = PostRow {
        text: String::new(),
        tags: Vec::new(),
        mentions: Vec::new(),
        reply_to: row.reply_to,
        repost_of: row.repost_of,
        quote_of: None,
        deleted: true,
        has_poll: false,
        ..row
    };
    cx.put(POSTS, &id.0, &gone);
    cx.say(&Event::PostDeleted(PostRef { id, author: gone.author }));
}

/// Shows the post of another to who follows. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn repost(cx: &mut Cx<'_>, reposting: Reposting) -> Result<Outcome, Rejection> {
    let Reposting { author, of } = reposting;
    check_is_user(cx, &author)?;
    if let Some(known) = cx.get(OWN_REPOSTS, &(author.clone(), of.id.0)) {
        return Ok(Outcome::Reposted(known, true));
    }
    // The line: nothing below can be refused.
    let id = PostId::new(cx.stamp(), &author);
    cx.put(OWN_REPOSTS, &(author.clone(), of.id.0), &id);
    let row = PostRow {
        author,
        text: String::new(),
        tags: Vec::new(),
        mentions: Vec::new(),
        reply_to: None,
        repost_of: Some(of),
        quote_of: None,
        visibility: Visibility::Public,
        created_at: cx.now(),
        edited_at: None,
        deleted: false,
        has_poll: false,
        is_counted: false,
    };
    publish(cx, id, &row);
    cx.say(&Event::Reposted(note(id, &row)));
    Ok(Outcome::Reposted(id, false))
}
