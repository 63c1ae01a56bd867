//! The home of an account: what those write whom it follows, newest first.
//!
//! Nothing was delivered before. The reader's partition says whom he follows; each partition of authors is asked once for the
//! newest of all of its authors; what is found is merged, filtered, and shown as it is now. It goes on until the page is full
//! or every author has no more, so there is no empty page while something is left.

mod merge;
pub mod ranked;
pub mod reader;
pub mod routes;
pub mod score;
pub mod sources;
pub mod suggest;
pub mod threads;

use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use merge::Merge;
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::feeds::{Answer, Entry, PostId, Query};
use reader::{Item, Reader, Wanted};
use sources::{Group, Sources, groups};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Of a post and its reposts one is shown among so many items.
pub const APART: usize = 40;

/// How many follows are asked for at a time.
const FOLLOWS_AT_ONCE: u32 = 1000;

/// Where a feed goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// Below this post.
    pub below: Option<PostId>,
    /// What was shown last, the newest first: of a repost the post that it shows.
    pub recent: Vec<PostId>,
}

/// What is wanted of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// How many items.
    pub limit: usize,
    /// Where it goes on.
    pub from: Cursor,
    /// Only posts behind this one.
    pub above: Option<PostId>,
    /// True if the reader's own posts belong to it.
    pub own: bool,
}

/// A page of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub items: Vec<Item>,
    /// Where it goes on, if there is more.
    pub next: Option<Cursor>,
}

/// Reads the home of who asks.
///
/// # Errors
/// 404 `unknown_user`, or what went wrong on the way.
pub async fn latest(door: &Door, asked: &Asked, wish: &Wish) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let follows = follows(&mut reader).await?;
    let viewer = reader.viewer.clone();
    let groups = follows.groups(wish.own.then_some(&viewer), reader.partitions());
    let rule = |author: &str, entry: &Entry| is_shown(author, entry, &viewer, &|name| follows.contains(name));
    let page = page(&mut reader, groups, wish, &rule).await?;
    Ok(Read { answer: page, positions: reader.positions })
}

/// Reads what one author wrote, as far as who asks may see it.
///
/// # Errors
/// 404 `unknown_user`, or what went wrong on the way.
pub async fn author(door: &Door, asked: &Asked, author: String, wish: &Wish) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let viewer = reader.viewer.clone();
    reader.ask(&Query::User { user: author.clone(), viewer }).await?;
    let groups = groups([author.into()], reader.partitions());
    let page = page(&mut reader, groups, wish, &|_, _| true).await?;
    Ok(Read { answer: page, positions: reader.positions })
}

/// Reads what the accounts of a list of who asks wrote.
///
/// # Errors
/// 404 `unknown_list`, or what went wrong on the way.
pub async fn of_list(door: &Door, asked: &Asked, list: String, wish: &Wish) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let query = Query::Lists { user: reader.viewer.clone(), list: Some(list) };
    let Answer::Lists(lists) = reader.ask(&query).await? else { unreachable!("a list was asked for") };
    let members: BTreeSet<String> = lists.into_iter().flat_map(|list| list.members).collect();
    reader.read_words().await?;
    let hidden = reader.hidden(members.clone()).await?;
    let authors = members.difference(&hidden).map(|name| name.as_str().into());
    let groups = groups(authors, reader.partitions());
    let page = page(&mut reader, groups, wish, &|_, _| true).await?;
    Ok(Read { answer: page, positions: reader.positions })
}

/// Whom the reader follows and has not muted.
///
/// # Errors
/// 404 `unknown_user`, or what went wrong on the way.
pub async fn follows(reader: &mut Reader<'_>) -> Result<Arc<Sources>, Problem> {
    let remembered = reader.remembered();
    let known = remembered.find(&reader.viewer);
    let (mut found, mut after, mut asked) = (Vec::new(), None, 0);
    let words = loop {
        asked += 1;
        let (user, known_sum) = (reader.viewer.clone(), known.as_ref().map(|known| known.sum));
        let query = Query::Sources { user, known: known_sum, after, limit: FOLLOWS_AT_ONCE };
        match (reader.ask(&query).await?, &known) {
            (Answer::SourcesAsKnown, Some(known)) => {
                reader.words.clone_from(&known.words);
                return Ok(known.clone());
            }
            (Answer::Sources(names, next, words), _) => {
                found.extend(names);
                after = next;
                if after.is_none() {
                    break words;
                }
            }
            (answer, _) => unreachable!("sources were asked for, not {answer:?}"),
        }
    };
    reader.words.clone_from(&words);
    let sources = Arc::new(Sources::of(found, words, reader.partitions()));
    // Of more the partition does not say in one answer whether they are the same.
    if asked == 1 {
        remembered.keep(&reader.viewer, sources.clone());
    }
    Ok(sources)
}

/// True for what belongs into a home: of replies those to oneself, to the author himself, and among those whom one follows.
#[must_use]
pub fn is_shown(author: &str, entry: &Entry, viewer: &str, follows: &dyn Fn(&str) -> bool) -> bool {
    let Some(answered) = &entry.reply_to else { return true };
    answered.author == viewer || answered.author == author || follows(&answered.author)
}

/// Reads a page of what these authors wrote and `rule` lets through.
async fn page(
    reader: &mut Reader<'_>,
    groups: Vec<Arc<Group>>,
    wish: &Wish,
    rule: &(dyn Fn(&str, &Entry) -> bool + Sync),
) -> Result<Page, Problem> {
    // One more than the page has, to know whether there is more.
    let limit = wish.limit + 1;
    let chunk = u32::try_from(limit).expect("a page is short");
    let mut merge = Merge::new(groups, (wish.above, wish.from.below), chunk);
    let mut recent: VecDeque<PostId> = wish.from.recent.iter().copied().collect();
    let mut page = Page::default();
    while page.items.len() < limit {
        let mut wanted = Vec::new();
        while wanted.len() < limit - page.items.len() {
            let Some((author, entry)) = merge.next(reader).await? else { break };
            if rule(&author, &entry) {
                wanted.push(Wanted { id: entry.id, repost_of: entry.repost_of });
            }
        }
        if wanted.is_empty() {
            return Ok(page);
        }
        for item in reader.items(&wanted, false).await?.into_iter().flatten() {
            let shows = item.repost.as_ref().map_or(item.post.id, |post| post.id);
            if recent.contains(&shows) || reader.is_muted(&item) {
                continue;
            }
            if page.items.len() == wish.limit {
                let below = page.items.last().map(|item| item.post.id);
                page.next = Some(Cursor { below, recent: recent.into() });
                return Ok(page);
            }
            recent.push_front(shows);
            recent.truncate(APART);
            page.items.push(item);
        }
    }
    Ok(page)
}
