//! The stream of a home: the newest posts, and each that comes or goes. What a client folds is what the query answers.
//!
//! The query names the authors, so all of their partitions are asked together, and again when one has moved. The reader's own
//! partition says whether he still follows just these: if not, the stream ends, and who comes back follows the others.

pub mod routes;

#[cfg(test)]
mod tests;

use crate::feeds::home::is_shown;
use crate::feeds::queries::View;
use crate::feeds::tables::{BLOCKED_BY, BLOCKS, FOLLOWS, MUTES};
use crate::feeds::{Feeding, sight, words};
use crate::runtime::streams::Shown;
use millrace_topics::feeds::{
    Answer, Entry, Following, Head, HeadPart, OwnPart, PostId, PostRef, PostView, Rejection, Visibility,
};
use millrace_topics::time::Time;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How many posts a stream shows.
pub const HEAD: usize = 40;

/// The most accounts that one may follow to have a stream.
pub const FOLLOWS_LIMIT: usize = 1000;

/// The most accounts that are blocked, block or are muted which are looked through, of each. Who has more is not shown reposts
/// of whom he does not follow.
const HIDDEN_LIMIT: usize = 150;

/// The home of an account.
pub struct Home;

/// A post as a stream shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = feeds::StreamItem)]
pub struct StreamItem {
    /// Its id.
    #[schema(value_type = String)]
    pub id: PostId,
    /// Who wrote it.
    pub author: String,
    /// What it says; nothing for a repost.
    pub text: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When its text was changed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub edited_at: Option<Time>,
    /// The post that it answers.
    pub reply_to: Option<PostRef>,
    /// The post that it shows again.
    pub repost_of: Option<PostRef>,
    /// The post that it speaks about.
    pub quote_of: Option<PostRef>,
}

/// The event `snapshot`: the newest posts. The event `change`: those that came or were edited, each in the place of one of the
/// same id, in the order of their ids, the newest first; of more than 40 the oldest go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = feeds::StreamItems)]
pub struct Items {
    /// The newest first.
    pub items: Vec<StreamItem>,
    /// Posts that are not to be seen any more: only in a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub gone: Vec<PostId>,
}

impl StreamItem {
    fn of(post: PostView) -> Self {
        let PostView { id, author, text, created_at, edited_at, reply_to, repost_of, quote_of, .. } = post;
        Self { id, author, text, created_at, edited_at, reply_to, repost_of, quote_of }
    }
}

impl Shown for Home {
    type Machine = Feeding;
    type Whole = Items;
    type Change = Items;
    const EVENT: &'static str = "change";

    fn whole(answer: Result<Answer, Rejection>) -> Result<Items, Rejection> {
        match answer? {
            Answer::Head(HeadPart { own: None, .. }) => Err(Rejection::UnknownUser),
            Answer::Head(HeadPart { own: Some(OwnPart { same: false, .. }), .. }) => Err(Rejection::FollowsChanged),
            Answer::Head(part) => {
                Ok(Items { items: part.posts.into_iter().map(StreamItem::of).collect(), gone: Vec::new() })
            }
            _ => unreachable!("the newest of a home were asked for"),
        }
    }

    fn change(before: Items, after: Items) -> Option<Items> {
        // What only made room is not gone.
        let oldest = after.items.last().map(|item| item.id).filter(|_| after.items.len() >= HEAD);
        let there: BTreeSet<PostId> = after.items.iter().map(|item| item.id).collect();
        let known: BTreeMap<PostId, StreamItem> = before.items.into_iter().map(|item| (item.id, item)).collect();
        let is_gone = |id: &&PostId| !there.contains(id) && oldest.is_none_or(|oldest| **id > oldest);
        let gone: Vec<PostId> = known.keys().filter(is_gone).copied().collect();
        let items: Vec<StreamItem> = after.items.into_iter().filter(|item| known.get(&item.id) != Some(item)).collect();
        (!items.is_empty() || !gone.is_empty()).then_some(Items { items, gone })
    }
}

/// A number that stands for a set of accounts.
#[must_use]
pub fn fingerprint<'a>(names: impl IntoIterator<Item = &'a String>) -> u64 {
    let all = names.into_iter().flat_map(|name| [name.as_bytes(), b"\0"]).collect::<Vec<_>>().concat();
    xxhash_rust::xxh3::xxh3_64(&all)
}

/// What one partition has of a head.
#[must_use]
pub fn part(view: &View<'_>, head: &Head) -> Answer {
    let mut entries: Vec<Entry> = Vec::new();
    for author in &head.authors {
        let Some(account) = view.engine.get(author) else { continue };
        if account.blocks.contains(&head.viewer) {
            continue;
        }
        entries.extend(account.recent().iter().rev().take(HEAD).cloned());
    }
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.id));
    let listed = entries.into_iter().filter(|entry| entry.visibility != Visibility::Mentioned);
    let posts = listed.filter_map(|entry| {
        let row = sight::post(view, entry.id, &head.viewer).ok()?;
        Some(sight::show(view, entry.id, row, &head.viewer))
    });
    let posts = posts.take(HEAD).collect();
    Answer::Head(HeadPart { posts, own: view.engine.get(&head.viewer).map(|_| own(view, head)) })
}

/// What the reader's own partition says.
fn own(view: &View<'_>, head: &Head) -> OwnPart {
    let user = &head.viewer;
    let rows = FOLLOWS.under(&(user.clone(),));
    let rows = view.scan(FOLLOWS, &rows).take(FOLLOWS_LIMIT + 1);
    let follows = rows.filter(|(_, row)| row.state == Following::Following && !row.muted);
    let follows: Vec<String> = follows.map(|((_, name), _)| name).collect();
    let mut hidden = Vec::new();
    let mut all = true;
    for table in [BLOCKS, BLOCKED_BY, MUTES] {
        let rows = table.under(&(user.clone(),));
        let names: Vec<String> = view.scan(table, &rows).take(HIDDEN_LIMIT).map(|((_, name), ())| name).collect();
        all &= names.len() < HIDDEN_LIMIT;
        hidden.extend(names);
    }
    OwnPart { same: fingerprint(&follows) == head.fingerprint, hidden, all, words: words::list(view, user) }
}

/// Makes one head of those of all partitions.
#[must_use]
pub fn merge(head: &Head, answers: Vec<Answer>) -> Answer {
    let (mut posts, mut own) = (Vec::new(), None);
    for answer in answers {
        let Answer::Head(part) = answer else { unreachable!("the newest of a home were asked for") };
        posts.extend(part.posts);
        own = own.or(part.own);
    }
    posts.sort_unstable_by_key(|post: &PostView| std::cmp::Reverse(post.id));
    posts.dedup_by_key(|post| post.id);
    let follows: BTreeSet<String> = head.authors.iter().cloned().collect();
    posts.retain(|post| is_wanted(post, head, &follows, own.as_ref()));
    posts.truncate(HEAD);
    Answer::Head(HeadPart { posts, own })
}

fn is_wanted(post: &PostView, head: &Head, follows: &BTreeSet<String>, own: Option<&OwnPart>) -> bool {
    let (reply_to, repost_of) = (post.reply_to.clone(), post.repost_of.clone());
    let entry = Entry { id: post.id, visibility: post.visibility, reply_to, repost_of };
    let may_repost = |original: &PostRef| {
        follows.contains(&original.author) || own.is_some_and(|own| own.all && !own.hidden.contains(&original.author))
    };
    let is_muted = own.is_some_and(|own| words::hides(&own.words, post, &head.viewer));
    let is_followed = |name: &str| follows.contains(name);
    !is_muted
        && is_shown(&post.author, &entry, &head.viewer, &is_followed)
        && post.repost_of.as_ref().is_none_or(may_repost)
}
