//! What can be asked of one partition: accounts and who stands around them, posts, the newest of some authors, and what an
//! account should know.

use crate::feeds::accounts::Account;
use crate::feeds::newest::newest;
use crate::feeds::tables::{BLOCKS, FOLLOWERS, FOLLOWS, LINKS, MUTES, OWN_REACTIONS, REACTORS, Tally, USERS};
use crate::feeds::{Feeding, notices, schedule, shelves, sight, stream, taste, transition, words};
use crate::runtime::system::Partitions;
use millrace_state::key::Desc;
use millrace_state::table::{Range, Table};
use millrace_topics::codec::{self, Body};
use millrace_topics::feeds::{
    Answer, Circle, Following, Link, MutedWord, PostId, PostRef, Query, Reaction, Rejection, Shelf, Standing,
};

pub(super) type View<'a> = crate::runtime::view::View<'a, Feeding>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let key = match query {
        Query::User { user, .. }
        | Query::Standing { user, .. }
        | Query::Sources { user, .. }
        | Query::Hidden { user, .. }
        | Query::Around { user, .. }
        | Query::Shelf { user, .. }
        | Query::Notices { user, .. }
        | Query::Taste { user, .. }
        | Query::Lists { user, .. }
        | Query::Pins { user }
        | Query::Scheduled { user }
        | Query::Words { user } => user,
        Query::Search { .. } => return Partitions::All,
        Query::Head(head) => {
            let all = head.authors.iter().chain([&head.viewer]);
            return Partitions::Some(all.map(|name| name.as_bytes().to_vec()).collect());
        }
        Query::Newest(asked) => &asked.key,
        Query::Posts { key, .. }
        | Query::Post { key, .. }
        | Query::Linked { key, .. }
        | Query::Reactors { key, .. } => key,
    };
    Partitions::One(key.as_bytes().to_vec())
}

/// The answer of the one partition that was asked, or the head of all.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(query: &Query, answers: Vec<Answer>) -> Answer {
    if let Query::Head(head) = query {
        return stream::merge(head, answers);
    }
    if let Query::Search { limit, .. } = query {
        return found(answers, *limit);
    }
    answers.into_iter().next().expect("one partition was asked")
}

/// The first names of all partitions.
fn found(answers: Vec<Answer>, limit: u32) -> Answer {
    let of = |answer| match answer {
        Answer::Names(names, _) => names,
        _ => unreachable!("names were asked for"),
    };
    let mut all: Vec<String> = answers.into_iter().flat_map(of).collect();
    all.sort_unstable();
    all.truncate(limit as usize);
    Answer::Names(all, None)
}

/// Answers a query.
///
/// # Errors
/// That there is no such thing for who asks.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    match query {
        Query::User { user, viewer } => {
            let row = view.get(USERS, &user).filter(|_| user == viewer || sight::meets(view, &user, &viewer));
            let row = row.ok_or(Rejection::UnknownUser)?;
            Ok(Answer::User(transition::show(&user, &row, tally(view, &user))))
        }
        Query::Standing { user, target } => Ok(Answer::Standing(standing(view, user, target))),
        Query::Sources { user, known, after, limit } => {
            let account = view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            match account.sources.get() {
                Some(sources) if known == Some(*sources) => Ok(Answer::SourcesAsKnown),
                _ => Ok(sources(view, account, after, limit)),
            }
        }
        Query::Hidden { user, others } => {
            let is_hidden = |other: &String| {
                !sight::meets(view, &user, other) || view.get(MUTES, &(user.clone(), other.clone())).is_some()
            };
            Ok(Answer::Hidden(others.into_iter().filter(is_hidden).collect()))
        }
        Query::Newest(asked) => Ok(newest(view, &asked)),
        Query::Posts { posts, viewer, .. } => {
            let shown = posts.into_iter().map(|id| {
                view.walk(1, "posts");
                sight::post(view, id, &viewer).ok().map(|row| Box::new(sight::show(view, id, row, &viewer)))
            });
            Ok(Answer::Posts(shown.collect()))
        }
        Query::Post { post, viewer, .. } => {
            let row = sight::post(view, post, &viewer)?;
            Ok(Answer::Post(Box::new(sight::show(view, post, row, &viewer))))
        }
        Query::Linked { post, how, viewer, after, limit, .. } => {
            sight::post(view, post, &viewer)?;
            Ok(linked(view, post, how, after, limit))
        }
        Query::Reactors { post, kind, viewer, after, limit, .. } => {
            sight::post(view, post, &viewer)?;
            let after = after.map(|name| REACTORS.raw_key(&(post.0, kind as u8, name)));
            let rows = beyond(REACTORS.under(&(post.0, kind as u8)), after);
            Ok(names(page(view.scan(REACTORS, &rows).map(|((_, _, name), _)| (name, true)), limit)))
        }
        Query::Around { user, which, viewer, after, limit } => around(view, user, which, &viewer, after, limit),
        Query::Shelf { user, which: Shelf::Likes, below, limit } => Ok(likes(view, user, below, limit)),
        Query::Shelf { user, which: Shelf::Bookmarks, below, limit } => {
            Ok(shelves::bookmarks(view, &user, below, limit))
        }
        Query::Taste { user, authors, posts } => {
            view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            Ok(taste::taste(view, &user, authors, &posts))
        }
        Query::Lists { user, list } => {
            view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            shelves::lists(view, user, list)
        }
        Query::Pins { user } => Ok(shelves::pins(view, &user)),
        Query::Scheduled { user } => {
            view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            Ok(schedule::list(view, &user))
        }
        Query::Words { user } => {
            view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            Ok(Answer::Words(words::list(view, &user)))
        }
        Query::Head(head) => Ok(stream::part(view, &head)),
        Query::Search { prefix, viewer, limit } => {
            let rows = USERS.all().starting(&USERS.raw_key(&prefix));
            let names = view.scan(USERS, &rows).map(|(name, _)| name).take(LOOKED_AT);
            let names = names.take_while(|name| name.starts_with(&prefix));
            let seen = names.filter(|name| *name == viewer || sight::meets(view, name, &viewer));
            Ok(Answer::Names(seen.take(limit as usize).collect(), None))
        }
        Query::Notices { user, below, limit } => {
            view.engine.get(&user).ok_or(Rejection::UnknownUser)?;
            Ok(notices::list(view, &user, below, limit))
        }
    }
}

fn tally(view: &View<'_>, user: &str) -> Tally {
    view.engine.get(user).map(|account| account.tally).unwrap_or_default()
}

fn beyond(range: Range, raw: Option<Vec<u8>>) -> Range {
    match raw {
        Some(raw) => range.beyond(&raw),
        None => range,
    }
}

fn standing(view: &View<'_>, user: String, target: String) -> Standing {
    let account = view.engine.get(&user);
    let key = (user, target);
    Standing {
        exists: account.is_some(),
        follows: account.map_or(0, |account| account.tally.following),
        following: view.get(FOLLOWS, &key).map(|row| row.state).unwrap_or_default(),
        blocking: view.get(BLOCKS, &key).is_some(),
        muting: view.get(MUTES, &key).is_some(),
        followed_by: view.get(FOLLOWERS, &key).map(|row| row.state).unwrap_or_default(),
    }
}

fn sources(view: &View<'_>, account: &Account, after: Option<String>, limit: u32) -> Answer {
    let user = &account.name;
    let is_first = after.is_none();
    let rows = behind(FOLLOWS, user.clone(), after);
    let rows = view.scan(FOLLOWS, &rows);
    let rows = rows.map(|((_, name), row)| (name, row.state == Following::Following && !row.muted));
    let words = words::list(view, user);
    let (names, next) = page(rows, limit);
    if is_first && next.is_none() {
        account.sources.get_or_init(|| sum_of(&names, &words));
    }
    Answer::Sources(names, next, words)
}

/// What stands for whom an account follows and the words that it has muted. It is compared with what the account's own readers
/// remember, so who finds two with the same deceives himself.
#[must_use]
pub fn sum_of(names: &[impl AsRef<str>], words: &[MutedWord]) -> u128 {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    xxhash_rust::xxh3::xxh3_128(&codec::encode(&(names, words.to_vec())))
}

/// The most rows of people that are looked at for a page.
const LOOKED_AT: usize = 1000;

/// A page of those names that are wanted, and the last that was looked at, if there are more.
fn page(rows: impl Iterator<Item = (String, bool)>, limit: u32) -> (Vec<String>, Option<String>) {
    let (mut found, mut last) = (Vec::new(), None);
    for (looked, (name, is_wanted)) in rows.enumerate() {
        if found.len() == limit as usize || looked == LOOKED_AT {
            return (found, last);
        }
        if is_wanted {
            found.push(name.clone());
        }
        last = Some(name);
    }
    (found, None)
}

fn names((names, next): (Vec<String>, Option<String>)) -> Answer {
    Answer::Names(names, next)
}

fn around(
    view: &View<'_>,
    user: String,
    which: Circle,
    viewer: &str,
    after: Option<String>,
    limit: u32,
) -> Result<Answer, Rejection> {
    let is_own = user == viewer;
    let may_see = match which {
        Circle::Followers | Circle::Following => sight::sees_account(view, &user, viewer),
        Circle::Requests | Circle::Blocks | Circle::Mutes => is_own && view.engine.get(&user).is_some(),
    };
    if !may_see {
        return Err(Rejection::UnknownUser);
    }
    let wanted = if which == Circle::Requests { Following::Requested } else { Following::Following };
    let is_wanted = |state: Following| state == wanted;
    Ok(names(match which {
        Circle::Followers | Circle::Requests => {
            let rows = behind(FOLLOWERS, user, after);
            page(view.scan(FOLLOWERS, &rows).map(|((_, name), row)| (name, is_wanted(row.state))), limit)
        }
        Circle::Following => {
            let rows = behind(FOLLOWS, user, after);
            page(view.scan(FOLLOWS, &rows).map(|((_, name), row)| (name, is_wanted(row.state))), limit)
        }
        Circle::Blocks => {
            let rows = behind(BLOCKS, user, after);
            page(view.scan(BLOCKS, &rows).map(|((_, name), ())| (name, true)), limit)
        }
        Circle::Mutes => {
            let rows = behind(MUTES, user, after);
            page(view.scan(MUTES, &rows).map(|((_, name), ())| (name, true)), limit)
        }
    }))
}

/// The rows of a table of pairs whose first is this account, behind a name.
fn behind<V: Body>(table: Table<(String, String), V>, user: String, after: Option<String>) -> Range {
    let range = table.under(&(user.clone(),));
    beyond(range, after.map(|after| table.raw_key(&(user, after))))
}

fn linked(view: &View<'_>, post: PostId, how: Link, after: Option<PostId>, limit: u32) -> Answer {
    let after = after.map(|after| LINKS.raw_key(&(post.0, how as u8, after.0)));
    let rows = beyond(LINKS.under(&(post.0, how as u8)), after);
    let mut found: Vec<PostRef> = view
        .scan(LINKS, &rows)
        .take(limit as usize + 1)
        .map(|((_, _, id), row)| PostRef { id: PostId(id), author: row.author })
        .collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    Answer::Linked(found, goes_on)
}

fn likes(view: &View<'_>, user: String, below: Option<PostId>, limit: u32) -> Answer {
    let kind = Reaction::Like;
    let key = |below: PostId| OWN_REACTIONS.raw_key(&(user.clone(), kind as u8, Desc(below.0)));
    let rows = beyond(OWN_REACTIONS.under(&(user.clone(), kind as u8)), below.map(key));
    let rows = view.scan(OWN_REACTIONS, &rows).take(limit as usize + 1);
    let mut found: Vec<PostRef> = rows.map(|((_, _, Desc(id)), author)| PostRef { id: PostId(id), author }).collect();
    let goes_on = found.len() > limit as usize;
    found.truncate(limit as usize);
    Answer::Linked(found, goes_on)
}
