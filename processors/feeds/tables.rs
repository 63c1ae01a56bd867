//! The tables of feeds. What an account writes and what it sees lies in its own partition; of others there is only what
//! their partitions told.

use millrace_state::key::Desc;
use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::feeds::{Counts, Entry, Following, NoticeKind, PostId, PostRef, Scheduling, Visibility, Weights};
use millrace_topics::position::Position;
use millrace_topics::time::Time;
use std::fmt;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UserRow {
    /// What people call it.
    pub name: String,
    /// What it says of itself.
    pub about: String,
    /// True if it says who may follow it.
    pub private: bool,
    /// Since when it is there.
    pub created_at: Time,
}

/// What is counted of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Tally {
    /// Its posts and reposts.
    pub posts: u64,
    /// Who follows it.
    pub followers: u64,
    /// Whom it follows.
    pub following: u64,
    /// The notifications that it ever had: the number of the last one.
    pub notices: u64,
}

/// A post, or a repost. One that was taken back stays as its id, so that who asks for it can be told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PostRow {
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The accounts that it mentions.
    pub mentions: Vec<String>,
    /// The post that it answers.
    pub reply_to: Option<PostRef>,
    /// The post that it shows again.
    pub repost_of: Option<PostRef>,
    /// The post that it speaks about.
    pub quote_of: Option<PostRef>,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was written.
    pub created_at: Time,
    /// When its text was changed last.
    pub edited_at: Option<Time>,
    /// True if it was taken back.
    pub deleted: bool,
    /// True if it asks something.
    pub has_poll: bool,
    /// True once something was done to it: of others nobody looks for counts.
    pub is_counted: bool,
}

impl PostRow {
    /// What a list must know of it.
    #[must_use]
    pub fn entry(&self, id: PostId) -> Entry {
        let (reply_to, repost_of) = (self.reply_to.clone(), self.repost_of.clone());
        Entry { id, visibility: self.visibility, reply_to, repost_of }
    }
}

/// A post or repost that is about a post.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LinkRow {
    /// Who wrote it.
    pub author: String,
    /// The number of the notification that its coming was; 0 if nobody was told.
    pub notice: u64,
}

/// Somebody who follows an account, or has asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FollowerRow {
    /// Which of both.
    pub state: Following,
    /// Since when.
    pub since: Time,
    /// The number of the notification that this was; 0 if there is none.
    pub notice: u64,
}

/// Somebody whom an account follows, or has asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FollowRow {
    /// Which of both.
    pub state: Following,
    /// True if the account has muted it.
    pub muted: bool,
    /// The number of the notification that it has said yes; 0 if there is none.
    pub notice: u64,
}

/// The offset of a record in the partition of its row. It shows as a position does, because it is another one over another
/// number of partitions.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    partition: u32,
    /// The offset.
    pub offset: u64,
}

impl From<&Position> for Place {
    fn from(position: &Position) -> Self {
        Self { partition: position.partition, offset: position.offset }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "feeds/{}@{}", self.partition, self.offset)
    }
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NoticeRow {
    /// What happened.
    pub kind: NoticeKind,
    /// Who did it.
    pub from: String,
    /// The post with which it was done, or to which.
    pub post: Option<PostRef>,
    /// When.
    pub at: Time,
    /// The record that brought it.
    pub place: Place,
}

/// What attention counts in an account's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WeightsRow {
    /// The weights.
    pub weights: Weights,
    /// 1 for the defaults, and one more for each change.
    pub version: u32,
}

/// What a post asks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PollRow {
    /// What can be voted for.
    pub options: Vec<String>,
    /// True if one may vote for several.
    pub multiple: bool,
    /// From when on nobody votes any more.
    pub ends_at: Time,
    /// How many have voted for each option.
    pub votes: Vec<u64>,
    /// How many have voted.
    pub voters: u64,
}

/// An account that is erased, for ever: nobody gets its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ErasedRow {
    /// True if it said who may follow it.
    pub private: bool,
    /// How many of its tables are empty.
    pub stage: u8,
    /// The last key of the next one that was looked at; nothing before the first.
    pub after: Vec<u8>,
}

/// How a word is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WordRow {
    /// True if it is not meant as a part of other words.
    pub whole: bool,
    /// Until when; for ever if nothing is said.
    pub until: Option<Time>,
}

/// A list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListRow {
    /// What people call it.
    pub name: String,
    /// The accounts, by id.
    pub members: Vec<String>,
}

/// Account → what it says of itself.
pub const USERS: Table<String, UserRow> = Table::primary(16, "users");
/// Account → what is counted of it. Every post changes it, so it waits in memory until somebody looks.
pub const TALLIES: Table<String, Tally> = Table::derived(17, "tallies");
/// Post → what it is.
pub const POSTS: Table<u128, PostRow> = Table::primary(18, "posts");
/// Post → what was done to it, if anything was.
pub const COUNTS: Table<u128, Counts> = Table::primary(19, "counts");
/// (author, post, the newest first) → what a list must know of it.
pub const BY_AUTHOR: Table<(String, Desc<u128>), Entry> = Table::primary(20, "by_author");
/// (post, how one is about it, the other one) → the other one. Reposts have a row of their own: there is one an account.
pub const LINKS: Table<(u128, u8, u128), LinkRow> = Table::primary(21, "links");
/// (post, account) → the account's repost of it.
pub const REPOSTERS: Table<(u128, String), PostId> = Table::primary(22, "reposters");
/// (account, post) → its own repost of it.
pub const OWN_REPOSTS: Table<(String, u128), PostId> = Table::primary(23, "own_reposts");
/// (post, reaction, account) → the number of the notification that it was; 0 if nobody was told.
pub const REACTORS: Table<(u128, u8, String), u64> = Table::primary(24, "reactors");
/// (account, reaction, post, the newest first) → the author of the post.
pub const OWN_REACTIONS: Table<(String, u8, Desc<u128>), String> = Table::primary(25, "own_reactions");
/// (account, who follows it or has asked to) → since when.
pub const FOLLOWERS: Table<(String, String), FollowerRow> = Table::primary(26, "followers");
/// (account, whom it follows or has asked to) → how.
pub const FOLLOWS: Table<(String, String), FollowRow> = Table::primary(27, "follows");
/// (account, whom it blocks).
pub const BLOCKS: Table<(String, String), ()> = Table::primary(28, "blocks");
/// (account, who blocks it), as that one's partition told.
pub const BLOCKED_BY: Table<(String, String), ()> = Table::primary(29, "blocked_by");
/// (account, whom it has muted).
pub const MUTES: Table<(String, String), ()> = Table::primary(30, "mutes");
/// (account, number, the newest first) → a notification.
pub const NOTICES: Table<(String, Desc<u64>), NoticeRow> = Table::primary(31, "notices");
/// (account, post that mentions it) → the number of the notification that this was; 0 if nobody was told.
pub const MENTIONS: Table<(String, u128), u64> = Table::primary(32, "mentions");
/// Account → the offset up to which it has read its notifications.
pub const MARKERS: Table<String, u64> = Table::primary(33, "markers");

/// (account, other) → how often it has reacted to, answered or reposted him.
pub const AFFINITIES: Table<(String, String), u64> = Table::primary(34, "affinities");
/// (account, post that it has seen).
pub const SEEN: Table<(String, u128), ()> = Table::primary(35, "seen");
/// Account → what attention counts for it.
pub const WEIGHTS: Table<String, WeightsRow> = Table::primary(36, "weights");
/// (account, list) → who is on it.
pub const LISTS: Table<(String, String), ListRow> = Table::primary(37, "lists");
/// (account, post that it has put aside, the newest first) → its author.
pub const BOOKMARKS: Table<(String, Desc<u128>), String> = Table::primary(38, "bookmarks");
/// (account, own post that it has pinned, the newest first).
pub const PINS: Table<(String, Desc<u128>), ()> = Table::primary(39, "pins");

/// (account, post that it will write) → the post.
pub const SCHEDULED: Table<(String, u128), Scheduling> = Table::primary(40, "scheduled");

/// Post → what it asks.
pub const POLLS: Table<u128, PollRow> = Table::primary(41, "polls");
/// (post, account) → what it has voted for.
pub const VOTES: Table<(u128, String), Vec<u32>> = Table::primary(42, "votes");
/// (account, post that it has voted on) → the author of the post.
pub const OWN_VOTES: Table<(String, u128), String> = Table::primary(43, "own_votes");
/// Post whose poll is over → who was told of that last, until all are.
pub const ENDINGS: Table<u128, String> = Table::primary(47, "endings");
/// (account, word that it has muted) → how.
pub const MUTED_WORDS: Table<(String, String), WordRow> = Table::primary(44, "muted_words");
/// (account, post of it that no list has).
pub const DIRECTS: Table<(String, u128), ()> = Table::primary(45, "directs");
/// Account that is erased → how far.
pub const ERASED: Table<String, ErasedRow> = Table::primary(46, "erased");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![
        USERS.def(),
        TALLIES.def(),
        POSTS.def(),
        COUNTS.def(),
        BY_AUTHOR.def(),
        LINKS.def(),
        REPOSTERS.def(),
        OWN_REPOSTS.def(),
        REACTORS.def(),
        OWN_REACTIONS.def(),
        FOLLOWERS.def(),
        FOLLOWS.def(),
        BLOCKS.def(),
        BLOCKED_BY.def(),
        MUTES.def(),
        NOTICES.def(),
        MENTIONS.def(),
        MARKERS.def(),
        AFFINITIES.def(),
        SEEN.def(),
        WEIGHTS.def(),
        LISTS.def(),
        BOOKMARKS.def(),
        PINS.def(),
        SCHEDULED.def(),
        POLLS.def(),
        VOTES.def(),
        OWN_VOTES.def(),
        MUTED_WORDS.def(),
        DIRECTS.def(),
        ERASED.def(),
        ENDINGS.def(),
    ]
}
