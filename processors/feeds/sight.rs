//! Who may see what. Asked of the partition of the author, who alone decides: whom it blocks, who may follow it, and which
//! posts are there. So a block, a change of privacy and a delete hold at once, also for what was delivered before.

use crate::feeds::accounts::Accounts;
use crate::feeds::tables::{COUNTS, FOLLOWERS, POSTS, PostRow, REACTORS, REPOSTERS};
use crate::feeds::transition::Cx;
use crate::feeds::{polls, queries};
use millrace_state::key::Key;
use millrace_state::table::Table;
use millrace_topics::codec::Body;
use millrace_topics::feeds::{Counts, Following, Own, PostId, PostView, Reaction, Rejection, Visibility};
use std::fmt::Debug;

/// What transitions and queries both can read.
pub trait Reads {
    /// The value of a row.
    fn row<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &K) -> Option<V>;
    /// The accounts of the partition.
    fn accounts(&self) -> &Accounts;
}

impl Reads for Cx<'_> {
    fn row<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &K) -> Option<V> {
        self.get(table, key)
    }
    fn accounts(&self) -> &Accounts {
        self.engine
    }
}

impl Reads for queries::View<'_> {
    fn row<K: Key + Debug, V: Body>(&self, table: Table<K, V>, key: &K) -> Option<V> {
        self.get(table, key)
    }
    fn accounts(&self) -> &Accounts {
        self.engine
    }
}

/// True if neither of two accounts blocks the other, as far as the partition of `user` knows.
#[must_use]
pub fn meets(reads: &impl Reads, user: &str, other: &str) -> bool {
    reads.accounts().known(user).is_none_or(|account| account.meets(other))
}

/// True if the author lets this account follow.
#[must_use]
pub fn is_follower(reads: &impl Reads, author: &str, viewer: &str) -> bool {
    let row = reads.row(FOLLOWERS, &(author.to_owned(), viewer.to_owned()));
    row.is_some_and(|row| row.state == Following::Following)
}

/// True if an account may see what this one writes for all who may see it.
#[must_use]
pub fn sees_account(reads: &impl Reads, author: &str, viewer: &str) -> bool {
    let Some(account) = reads.accounts().get(author) else { return false };
    author == viewer || meets(reads, author, viewer) && (!account.private || is_follower(reads, author, viewer))
}

/// True if an account may see a post, or could before it was taken back.
#[must_use]
pub fn sees(reads: &impl Reads, row: &PostRow, viewer: &str) -> bool {
    if row.author == viewer {
        return true;
    }
    let account = reads.accounts().known(&row.author);
    if account.is_some_and(|account| !account.meets(viewer)) {
        return false;
    }
    if row.mentions.iter().any(|mentioned| mentioned == viewer) {
        return true;
    }
    let is_private = account.is_none_or(|account| account.private);
    match row.visibility {
        Visibility::Mentioned => false,
        Visibility::Followers => is_follower(reads, &row.author, viewer),
        Visibility::Public | Visibility::Unlisted => !is_private || is_follower(reads, &row.author, viewer),
    }
}

/// A post that is there, for who may see it.
///
/// # Errors
/// That there is none for who looks, or that it was taken back.
pub fn post(reads: &impl Reads, id: PostId, viewer: &str) -> Result<PostRow, Rejection> {
    // Who could not see it does not learn that it was there.
    let row = reads.row(POSTS, &id.0).filter(|row| sees(reads, row, viewer)).ok_or(Rejection::UnknownPost)?;
    // Of who is erased everything is gone at once, though it takes a while to go.
    let is_gone = row.deleted || reads.accounts().is_erased(&row.author);
    if is_gone { Err(Rejection::PostDeleted) } else { Ok(row) }
}

/// A post as somebody sees it.
#[must_use]
pub fn show(reads: &impl Reads, id: PostId, row: PostRow, viewer: &str) -> PostView {
    let counts = row.is_counted.then(|| reads.row(COUNTS, &id.0)).flatten().unwrap_or_default();
    let own = if counts == Counts::default() { Own::default() } else { own(reads, id, viewer) };
    let poll = if row.has_poll { polls::show(reads, id, viewer) } else { None };
    PostView { counts, own, poll, ..show_new(id, row) }
}

/// A post to which nobody has done anything.
#[must_use]
pub fn show_new(id: PostId, row: PostRow) -> PostView {
    PostView {
        id,
        author: row.author,
        text: row.text,
        created_at: row.created_at,
        edited_at: row.edited_at,
        visibility: row.visibility,
        tags: row.tags,
        mentions: row.mentions,
        reply_to: row.reply_to,
        repost_of: row.repost_of,
        quote_of: row.quote_of,
        counts: Counts::default(),
        own: Own::default(),
        poll: None,
    }
}

fn own(reads: &impl Reads, id: PostId, viewer: &str) -> Own {
    let has = |kind: &Reaction| reads.row(REACTORS, &(id.0, *kind as u8, viewer.to_owned())).is_some();
    let reactions = [Reaction::Like, Reaction::Share].into_iter().filter(has).collect();
    Own { reactions, repost: reads.row(REPOSTERS, &(id.0, viewer.to_owned())) }
}
