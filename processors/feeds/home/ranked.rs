//! The ranked home: what has found attention of those whom an account follows, and of what they repost.
//!
//! All that can be shown is ranked at the first page, and the order is frozen: the pages of one session neither repeat nor skip
//! while scores move. What may not be seen any more by then is left out. The order lies in the memory of the node that has
//! ranked; where it is lost the session starts anew, and says so. Nothing is kept of what a score is made of: it is computed
//! again out of the log at the position of the page.

use super::merge::Merge;
use super::reader::{AT_ONCE, Item, Reader, Wanted};
use super::score::{Candidate, Factor, HOURS, Ranked, rank};
use super::sources::Sources;
use super::{follows, is_shown};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::feeds::{Answer, Entry, PostId, PostRef, Query, Taste};
use millrace_topics::time::Time;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The most posts that are ranked.
pub const CANDIDATES: usize = 1200;

/// The most posts of a session.
pub const SESSION: usize = 750;

/// How many sessions a node keeps. The oldest goes for a new one.
pub const SESSIONS: usize = 2000;

/// How many posts are asked of a partition at a time.
const CHUNK: u32 = 200;

const HOUR: u64 = 3_600_000;

/// A frozen order.
struct Session {
    viewer: String,
    items: Vec<(Wanted, i64)>,
}

/// The sessions of a node.
#[derive(Default)]
pub struct Sessions {
    kept: Mutex<(BTreeMap<[u8; 8], Arc<Session>>, VecDeque<[u8; 8]>)>,
}

impl Sessions {
    fn find(&self, id: [u8; 8], viewer: &str) -> Option<Arc<Session>> {
        self.kept.lock().0.get(&id).filter(|session| session.viewer == viewer).cloned()
    }

    fn keep(&self, id: [u8; 8], session: Arc<Session>) {
        let mut kept = self.kept.lock();
        if kept.0.insert(id, session).is_none() {
            kept.1.push_back(id);
        }
        if kept.1.len() > SESSIONS {
            let oldest = kept.1.pop_front().expect("there are many");
            kept.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
impl Sessions {
    /// Lets as many others begin as a node keeps.
    pub fn fill_for_tests(&self) {
        for number in 0..SESSIONS as u64 {
            self.keep(number.to_be_bytes(), Arc::new(Session { viewer: String::new(), items: Vec::new() }));
        }
    }
}

/// Where a session goes on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// The session.
    pub session: [u8; 8],
    /// How many of its items were looked at.
    pub taken: u32,
}

/// A page of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The items with their frozen scores.
    pub items: Vec<(Item, i64)>,
    /// Where it goes on, if there is more.
    pub next: Option<Cursor>,
    /// True if the session of the cursor was lost: this is the first page of another one.
    pub restarted: bool,
}

/// What a ranking came to.
struct Ranking {
    ranked: Vec<(Ranked, Option<PostRef>)>,
    /// Why posts were left out.
    left_out: BTreeMap<PostId, &'static str>,
    version: u32,
}

/// Reads the ranked home of who asks.
///
/// # Errors
/// 404 `unknown_user`, or what went wrong on the way.
pub async fn ranked(door: &Door, asked: &Asked, from: Option<Cursor>, limit: usize) -> Result<Read<Page>, Problem> {
    let mut reader = Reader::new(door, asked);
    let sessions = door.beside::<Sessions>();
    let known = from.as_ref().and_then(|from| sessions.find(from.session, &reader.viewer));
    let restarted = from.is_some() && known.is_none();
    let (id, session, taken) = match (from, known) {
        (Some(from), Some(session)) => (from.session, session, from.taken as usize),
        _ => {
            let ranking = ranking(&mut reader).await?;
            let items = ranking
                .ranked
                .into_iter()
                .map(|(one, repost_of)| (Wanted { id: one.candidate.id, repost_of }, one.score));
            let session = Session { viewer: reader.viewer.clone(), items: items.collect() };
            let id: [u8; 8] = *door.draw(asked, "session").first_chunk().expect("a draw is longer");
            let session = Arc::new(session);
            sessions.keep(id, session.clone());
            (id, session, 0)
        }
    };
    reader.read_words().await?;
    let mut page = Page { restarted, ..Page::default() };
    let mut at = taken.min(session.items.len());
    while page.items.len() < limit && at < session.items.len() {
        let end = session.items.len().min(at + limit - page.items.len());
        let part = &session.items[at..end];
        let wanted: Vec<Wanted> = part.iter().map(|(wanted, _)| wanted.clone()).collect();
        let shown = reader.items(&wanted, true).await?;
        page.items.extend(shown.into_iter().zip(part).filter_map(|(item, (_, score))| {
            let item = item.filter(|item| !reader.is_muted(item))?;
            Some((item, *score))
        }));
        at = end;
    }
    let taken = u32::try_from(at).expect("a session is short");
    page.next = (at < session.items.len()).then_some(Cursor { session: id, taken });
    Ok(Read { answer: page, positions: reader.positions })
}

/// Why somebody sees a post, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its score, in thousandths, if it is in the feed.
    pub score: Option<i64>,
    /// Its place in the feed, from 1.
    pub place: Option<u64>,
    /// What the score is made of.
    pub factors: Vec<Factor>,
    /// The version of the weights.
    pub version: u32,
    /// Why it is not in the feed, if it is not.
    pub left_out: Option<&'static str>,
}

/// Explains a post to who asks: the whole feed is ranked as it was at the position that is asked about.
///
/// # Errors
/// 404 `unknown_post` where there is none to see, or what went wrong on the way.
pub async fn explain(door: &Door, asked: &Asked, id: PostId) -> Result<Read<Explained>, Problem> {
    let mut reader = Reader::new(door, asked);
    let query = Query::Post { key: reader.key_of(id), post: id, viewer: reader.viewer.clone() };
    let Answer::Post(post) = reader.ask(&query).await? else { unreachable!("a post was asked for") };
    let shows = post.repost_of.as_ref().map_or(id, |original| original.id);
    let ranking = ranking(&mut reader).await?;
    let version = ranking.version;
    let mut found = (1..).zip(ranking.ranked).filter(|(_, (one, _))| one.candidate.shows == shows);
    let explained = match found.next() {
        Some((place, (one, _))) => {
            let (score, place) = (Some(one.score), Some(place));
            Explained { score, place, factors: one.factors, version, left_out: None }
        }
        None => {
            let why = ranking.left_out.get(&shows).copied().unwrap_or("not_among_the_candidates");
            Explained { score: None, place: None, factors: Vec::new(), version, left_out: Some(why) }
        }
    };
    Ok(Read { answer: explained, positions: reader.positions })
}

/// Ranks what may be shown to the reader.
async fn ranking(reader: &mut Reader<'_>) -> Result<Ranking, Problem> {
    let follows = follows(reader).await?;
    let Taste { now, weights, version, .. } = taste(reader, &[], &[]).await?;
    let wanted = candidates(reader, &follows, now).await?;
    let items = reader.items(&wanted, false).await?;
    let shown: Vec<(Wanted, Item)> =
        wanted.into_iter().zip(items).filter_map(|(wanted, item)| Some((wanted, item?))).collect();
    let post = |item: &Item| item.repost.clone().unwrap_or_else(|| item.post.clone());
    let authors: BTreeSet<String> = shown.iter().map(|(_, item)| post(item).author).collect();
    let authors: Vec<String> = authors.into_iter().collect();
    let posts: Vec<PostId> = shown.iter().map(|(_, item)| post(item).id).collect();
    let taste = taste(reader, &authors, &posts).await?;
    let affinity = |author: &String| {
        let place = authors.binary_search(author).expect("every author was asked for");
        taste.affinities[place]
    };
    let seen: BTreeSet<PostId> = taste.seen.iter().copied().collect();
    // A partition on which nothing happens has a clock that stands: no post is younger than nothing.
    let newest = shown.iter().map(|(_, item)| item.post.created_at).max();
    let now = newest.map_or(now, |newest| newest.max(now));
    let (mut left_out, mut candidates, mut reposts) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    for (wanted, item) in &shown {
        let post = post(item);
        let hours = now.since(post.created_at) / HOUR;
        let why = match () {
            () if post.author == reader.viewer => Some("own"),
            () if hours >= HOURS => Some("too_old"),
            () if seen.contains(&post.id) => Some("seen"),
            () if reader.is_muted(item) => Some("muted_word"),
            () => None,
        };
        if let Some(why) = why {
            left_out.insert(post.id, why);
            continue;
        }
        reposts.insert(wanted.id, wanted.repost_of.clone());
        let (followed, affinity) = (follows.contains(&post.author), affinity(&post.author));
        let (id, shows, author, counts) = (wanted.id, post.id, post.author, post.counts);
        candidates.push(Candidate { id, shows, author, counts, followed, affinity, hours });
    }
    let mut ranked = rank(candidates, &weights);
    ranked.truncate(SESSION);
    let with_repost = |one: Ranked| {
        let repost_of = reposts.get(&one.candidate.id).cloned().flatten();
        (one, repost_of)
    };
    Ok(Ranking { ranked: ranked.into_iter().map(with_repost).collect(), left_out, version })
}

/// The newest posts that follow the rules of a home, each once: of a post and its reposts the newest.
async fn candidates(reader: &mut Reader<'_>, follows: &Sources, now: Time) -> Result<Vec<Wanted>, Problem> {
    let above = PostId::first_at(Time(now.0.saturating_sub(HOURS * HOUR)));
    let mut merge = Merge::new(follows.groups(None, reader.partitions()), (Some(above), None), CHUNK);
    let (mut found, mut shown) = (Vec::new(), BTreeSet::new());
    let viewer = reader.viewer.clone();
    while found.len() < CANDIDATES {
        let Some((author, entry)) = merge.next(reader).await? else { break };
        let Entry { id, repost_of, .. } = &entry;
        let shows = repost_of.as_ref().map_or(*id, |original| original.id);
        if is_shown(&author, &entry, &viewer, &|name| follows.contains(name)) && shown.insert(shows) {
            found.push(Wanted { id: entry.id, repost_of: entry.repost_of });
        }
    }
    Ok(found)
}

/// What the reader's own partition knows of these authors and posts.
async fn taste(reader: &mut Reader<'_>, authors: &[String], posts: &[PostId]) -> Result<Taste, Problem> {
    let user = reader.viewer.clone();
    let questions = authors.len().max(posts.len()).div_ceil(AT_ONCE).max(1);
    let part = |index: usize, len: usize| (index * AT_ONCE).min(len)..((index + 1) * AT_ONCE).min(len);
    let queries: Vec<Query> = (0..questions)
        .map(|index| Query::Taste {
            user: user.clone(),
            authors: authors[part(index, authors.len())].to_vec(),
            posts: posts[part(index, posts.len())].to_vec(),
        })
        .collect();
    let mut all: Option<Taste> = None;
    for answer in reader.ask_all(&queries).await? {
        let Answer::Taste(taste) = answer else { unreachable!("a taste was asked for") };
        match &mut all {
            None => all = Some(taste),
            Some(all) => {
                all.affinities.extend(taste.affinities);
                all.seen.extend(taste.seen);
            }
        }
    }
    Ok(all.expect("at least one question was asked"))
}
