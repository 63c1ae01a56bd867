//! What can be asked about feeds, and what that is answered with.
//!
//! `key` is a routing key of the partition that is asked, where no account names it. `viewer` is who looks.

use crate::codec::{Decode, Encode};
use crate::feeds::command::{Following, Link, PostRef, Reaction, Visibility};
use crate::feeds::id::PostId;
use crate::feeds::outcome::{ListView, MutedWord, PostView, ScheduledView, UserView};
use crate::feeds::ranking::Taste;
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What may be asked of the tables. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// An account.
    User {
        /// Its id.
        user: String,
        /// Who looks.
        viewer: String,
    },
    /// How an account stands to another, by its own partition.
    Standing {
        /// The account.
        user: String,
        /// The other.
        target: String,
    },
    /// Whom an account follows and has not muted: what its home is made of.
    Sources {
        /// The account.
        user: String,
        /// What stands for those that who asks knows already, and for the words that the account has muted.
        known: Option<u128>,
        /// Only those behind this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Which of these accounts an account does not want to see.
    Hidden {
        /// The account.
        user: String,
        /// The others.
        others: Vec<String>,
    },
    /// The newest posts of these authors of one partition.
    Newest(Newest),
    /// These posts of one partition.
    Posts {
        /// Which partition.
        key: String,
        /// The posts.
        posts: Vec<PostId>,
        /// Who looks.
        viewer: String,
    },
    /// A post.
    Post {
        /// Which partition.
        key: String,
        /// The post.
        post: PostId,
        /// Who looks.
        viewer: String,
    },
    /// What answers, reposts or quotes a post.
    Linked {
        /// Which partition.
        key: String,
        /// The post.
        post: PostId,
        /// How.
        how: Link,
        /// Who looks.
        viewer: String,
        /// Only those behind this one.
        after: Option<PostId>,
        /// At most so many.
        limit: u32,
    },
    /// Who has reacted to a post.
    Reactors {
        /// Which partition.
        key: String,
        /// The post.
        post: PostId,
        /// How.
        kind: Reaction,
        /// Who looks.
        viewer: String,
        /// Only those behind this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Accounts around an account.
    Around {
        /// The account.
        user: String,
        /// Which.
        which: Circle,
        /// Who looks.
        viewer: String,
        /// Only those behind this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// What an account has put aside, the newest posts first.
    Shelf {
        /// The account.
        user: String,
        /// Where.
        which: Shelf,
        /// Only older ones.
        below: Option<PostId>,
        /// At most so many.
        limit: u32,
    },
    /// The notifications of an account, the newest first.
    Notices {
        /// The account.
        user: String,
        /// Only those before this one.
        below: Option<u64>,
        /// At most so many.
        limit: u32,
    },
    /// What an account's own partition knows for its ranked feed.
    Taste {
        /// The account.
        user: String,
        /// These authors.
        authors: Vec<String>,
        /// These posts.
        posts: Vec<PostId>,
    },
    /// The lists of an account.
    Lists {
        /// The account.
        user: String,
        /// Only this one.
        list: Option<String>,
    },
    /// The posts that an account has pinned.
    Pins {
        /// The account.
        user: String,
    },
    /// The newest of a home, of all partitions that it lies in.
    Head(Head),
    /// The posts that an account will write, the next first.
    Scheduled {
        /// The account.
        user: String,
    },
    /// The accounts whose ids begin so.
    Search {
        /// The beginning.
        prefix: String,
        /// Who looks.
        viewer: String,
        /// At most so many.
        limit: u32,
    },
    /// The words that an account has muted.
    Words {
        /// The account.
        user: String,
    },
}

/// Where an account has put posts aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Shelf {
    /// What it likes.
    Likes,
    /// Its bookmarks.
    Bookmarks,
}

/// The newest of a home.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// Whose home.
    pub viewer: String,
    /// Whom he follows.
    pub authors: Vec<String>,
    /// A number that stands for just these.
    pub fingerprint: u64,
}

/// What a partition has of the newest of a home.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeadPart {
    /// The newest first.
    pub posts: Vec<PostView>,
    /// What the reader's own partition says.
    pub own: Option<OwnPart>,
}

/// What the reader's own partition says of the newest of a home.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnPart {
    /// True if he follows just those who were named.
    pub same: bool,
    /// Whom he does not want to see, or must not.
    pub hidden: Vec<String>,
    /// True if these are all.
    pub all: bool,
    /// The words that he has muted.
    pub words: Vec<MutedWord>,
}

/// Which accounts around an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Circle {
    /// Who follows it.
    Followers,
    /// Whom it follows.
    Following,
    /// Who has asked to follow it.
    Requests,
    /// Whom it blocks.
    Blocks,
    /// Whom it mutes.
    Mutes,
}

/// The newest posts of authors of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Newest {
    /// Which partition.
    pub key: String,
    /// What stands for the names of the authors.
    pub authors: Vec<u128>,
    /// Who looks.
    pub viewer: String,
    /// Only older ones.
    pub below: Option<PostId>,
    /// Only newer ones.
    pub above: Option<PostId>,
    /// At most so many.
    pub limit: u32,
}

/// What a query answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// An account.
    User(UserView),
    /// How an account stands to another.
    Standing(Standing),
    /// Whom an account follows, the last that was looked at, if there are more, and the words that it has muted.
    Sources(Vec<String>, Option<String>, Vec<MutedWord>),
    /// Which accounts are not to be seen.
    Hidden(Vec<String>),
    /// The newest posts, and the id below which it goes on, if it does: what is above was given.
    Newest(Vec<Listed>, Option<PostId>),
    /// Posts; none where there is nothing to see.
    Posts(Vec<Option<Box<PostView>>>),
    /// A post.
    Post(Box<PostView>),
    /// Posts in the order of their ids, and true if there are more.
    Linked(Vec<PostRef>, bool),
    /// Names of accounts in their order, and the last that was looked at, if there are more.
    Names(Vec<String>, Option<String>),
    /// Notifications.
    Notices(Notices),
    /// What is known for a ranked feed.
    Taste(Taste),
    /// Lists.
    Lists(Vec<ListView>),
    /// The newest of a home.
    Head(HeadPart),
    /// What will be written.
    Scheduled(Vec<ScheduledView>),
    /// Words that are muted.
    Words(Vec<MutedWord>),
    /// Whom the account follows is what who asks knows already.
    SourcesAsKnown,
}

/// How an account stands to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Standing)]
pub struct Standing {
    /// True if the account is there.
    #[serde(skip)]
    pub exists: bool,
    /// Whether it follows the other.
    pub following: Following,
    /// True if it blocks the other.
    pub blocking: bool,
    /// True if it mutes the other.
    pub muting: bool,
    /// Whether the other follows it.
    pub followed_by: Following,
    /// How many it follows.
    #[serde(skip)]
    pub follows: u64,
}

/// A post in a list: what must be known of it to say whether it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// The place of its author among those that were asked for.
    pub by: u32,
    /// The post.
    pub entry: Entry,
}

/// What a list must know of a post.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The post.
    pub id: PostId,
    /// Who may see it.
    pub visibility: Visibility,
    /// The post that it answers.
    pub reply_to: Option<PostRef>,
    /// The post that it shows again.
    pub repost_of: Option<PostRef>,
}

/// Notifications of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Notices {
    /// The newest first.
    pub items: Vec<Notice>,
    /// How many came behind the marker, at most [`UNSEEN_LIMIT`].
    pub unseen: u32,
    /// The offset up to which all are read.
    pub marker: Option<u64>,
    /// True if there are more.
    pub goes_on: bool,
}

/// The most notifications that are counted as unseen.
pub const UNSEEN_LIMIT: u32 = 100;

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Notice {
    /// Its number, from 1.
    pub number: u64,
    /// What happened.
    pub kind: NoticeKind,
    /// Who did it.
    pub from: String,
    /// The post with which it was done, or to which.
    pub post: Option<PostRef>,
    /// When.
    pub at: Time,
    /// The offset of the record that brought it.
    pub offset: u64,
}

/// What a notification tells of. Variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::NoticeKind)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Somebody follows the account.
    Follow,
    /// Somebody has asked to.
    FollowRequest,
    /// Somebody whom it asked has said yes.
    FollowAccepted,
    /// Somebody likes a post of it.
    Like,
    /// Somebody has reposted one.
    Repost,
    /// Somebody has answered one.
    Reply,
    /// Somebody has quoted one.
    Quote,
    /// Somebody mentions it.
    Mention,
    /// A poll of it, or one in which it has voted, is over.
    PollEnded,
}

/// What may be asked of a tag. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TagQuery {
    /// The posts under a tag, the newest first.
    Tagged {
        /// The tag.
        tag: String,
        /// Only older ones.
        below: Option<PostId>,
        /// At most so many.
        limit: u32,
    },
    /// The tags that most posts of the last day have.
    Trends {
        /// At most so many.
        limit: u32,
    },
}

/// A tag, and how many posts of the last day have it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Trend)]
pub struct Trend {
    /// The tag.
    pub tag: String,
    /// How many posts.
    pub posts: u64,
}

/// What that is answered with. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TagAnswer {
    /// Posts, and true if there are more.
    Tagged(Vec<PostRef>, bool),
    /// Tags, those with most posts first.
    Trends(Vec<Trend>),
}
