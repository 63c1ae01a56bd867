//! What may be asked of feeds, and what partitions tell each other.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::feeds::id::PostId;
use crate::feeds::ranking::{Configuring, Impressions};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// An account as it is to be.
    SetUser(Profile),
    /// Writes a post.
    Post(Box<NewPost>),
    /// Changes the text of a post.
    Edit(Box<Editing>),
    /// Takes a post or a repost back.
    Delete(OnPost),
    /// Shows the post of another to who follows.
    Repost(Reposting),
    /// Reacts to a post. Once more is the same.
    React(Reacting),
    /// Takes a reaction back.
    Unreact(Reacting),
    /// Follows an account, or asks to if it is private.
    Follow(Edge),
    /// Follows it no more.
    Unfollow(Edge),
    /// Says yes or no to who asked to follow.
    Decide(Deciding),
    /// Blocks an account: neither sees the other.
    Block(Edge),
    /// Blocks it no more.
    Unblock(Edge),
    /// Hides an account from oneself.
    Mute(Edge),
    /// Hides it no more.
    Unmute(Edge),
    /// Has read all notifications up to a place of the log.
    Mark(Marking),
    /// Another account's partition has news for this one.
    #[serde(skip_deserializing)]
    Hear(Hearing),
    /// Has seen posts.
    See(Impressions),
    /// Sets what attention counts in an account's ranked feed.
    Configure(Configuring),
    /// A list as it is to be.
    SetList(Box<Listing>),
    /// Lets a list go.
    DropList(ListOf),
    /// Puts a post aside.
    Bookmark(Bookmarking),
    /// Lets it go.
    Unbookmark(Bookmarking),
    /// Pins a post to its author's page.
    Pin(OnPost),
    /// Lets it go.
    Unpin(OnPost),
    /// Writes a post later.
    Schedule(Box<Scheduling>),
    /// Does not write it after all.
    Unschedule(OnPost),
    /// Writes a post that asks something.
    PostPoll(Box<PollPost>),
    /// Votes in the poll of a post.
    Vote(Voting),
    /// Hides from an account what has a word.
    MuteWord(WordMuting),
    /// Hides it no more.
    UnmuteWord(WordOf),
    /// Erases an account.
    Erase(Erasing),
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Profile {
    /// Its id.
    pub user: String,
    /// What people call it.
    pub name: String,
    /// What it says of itself.
    #[serde(default, deserialize_with = "or_default")]
    pub about: String,
    /// True if only those whom it accepts may follow it, and only they see what it writes.
    #[serde(default, deserialize_with = "or_default")]
    pub private: bool,
}

/// A post and its author.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = feeds::PostRef)]
pub struct PostRef {
    /// The post.
    #[schema(value_type = String)]
    pub id: PostId,
    /// Who wrote it.
    pub author: String,
}

/// Who may see a post.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema,
)]
#[schema(as = feeds::Visibility)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody, also under its tags.
    #[default]
    Public,
    /// Everybody, but not under its tags.
    Unlisted,
    /// Who follows its author, and whom it mentions.
    Followers,
    /// Whom it mentions.
    Mentioned,
}

/// A post that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct NewPost {
    /// Who writes it.
    pub author: String,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
    /// The post that it answers.
    pub reply_to: Option<PostRef>,
    /// The post that it speaks about.
    pub quote_of: Option<PostRef>,
    /// Who may see it.
    #[serde(default, deserialize_with = "or_default")]
    pub visibility: Visibility,
}

/// A post that is to be written later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Scheduling {
    /// The post.
    #[serde(flatten)]
    pub new: NewPost,
    /// When.
    pub publish_at: Time,
}

/// A post that asks something.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PollPost {
    /// The post.
    #[serde(flatten)]
    pub new: NewPost,
    /// What it asks.
    pub poll: NewPoll,
}

/// A poll that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct NewPoll {
    /// What can be voted for.
    pub options: Vec<String>,
    /// True if one may vote for several.
    #[serde(default, deserialize_with = "or_default")]
    pub multiple: bool,
    /// From when on nobody votes any more.
    pub ends_at: Time,
}

/// A vote in a poll.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Voting {
    /// The author of the post.
    pub author: String,
    /// The post.
    pub post: PostId,
    /// Who votes.
    pub user: String,
    /// For what: the places of the options, from 0.
    pub choices: Vec<u32>,
}

/// A word of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct WordOf {
    /// The account.
    pub user: String,
    /// The word, or several, in small letters.
    pub word: String,
}

/// A word that an account does not want to read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct WordMuting {
    /// Which.
    #[serde(flatten)]
    pub of: WordOf,
    /// True if it is not meant as a part of other words.
    #[serde(default, deserialize_with = "or_default")]
    pub whole: bool,
    /// Until when; for ever if nothing is said.
    pub until: Option<Time>,
}

/// An account that is to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Erasing {
    /// The account.
    pub user: String,
}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// A post is to be written.
    Publish(OnPost),
    /// A word is to be muted no more.
    Unmute(WordOf),
    /// An account is to be erased further.
    Erase(Erasing),
    /// A poll is over, or those who voted are to be told further.
    EndPoll(OnPost),
}

/// What a post says, and what the gateway found in it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Said {
    /// The text, as it was sent.
    pub text: String,
    /// Its tags, in small letters and without `#`.
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
    /// The accounts that it mentions.
    #[serde(default, deserialize_with = "or_default")]
    pub mentions: Vec<String>,
}

/// A post that is to say something else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Editing {
    /// The post.
    #[serde(flatten)]
    pub on: OnPost,
    /// What it says from now on.
    #[serde(flatten)]
    pub said: Said,
}

/// A post that its author means.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnPost {
    /// Who wrote it.
    pub author: String,
    /// The post.
    pub post: PostId,
}

/// A repost that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reposting {
    /// Who reposts.
    pub author: String,
    /// What.
    pub of: PostRef,
}

/// A reaction to a post.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reacting {
    /// The author of the post.
    pub author: String,
    /// The post.
    pub post: PostId,
    /// Who reacts.
    pub user: String,
    /// How.
    pub kind: Reaction,
}

/// How one reacts to a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = feeds::Reaction)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// One likes it.
    Like,
    /// One has passed it on to somebody outside.
    Share,
}

/// An account and another one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Edge {
    /// Who follows, blocks or mutes.
    pub user: String,
    /// Whom.
    pub target: String,
}

/// An answer to who asked to follow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Deciding {
    /// Who was asked.
    pub user: String,
    /// Who asked.
    pub follower: String,
    /// Yes or no.
    pub accept: bool,
}

/// How far an account has read its notifications.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Marking {
    /// The account.
    pub user: String,
    /// The offset of the last record whose notifications it has read, in its own partition.
    pub offset: u64,
}

/// A list of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ListOf {
    /// The account.
    pub user: String,
    /// The list.
    pub list: String,
}

/// A list that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Listing {
    /// Which.
    #[serde(flatten)]
    pub of: ListOf,
    /// What people call it.
    pub name: String,
    /// The accounts that are on it.
    #[serde(default, deserialize_with = "or_default")]
    pub members: Vec<String>,
}

/// A post that an account puts aside.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Bookmarking {
    /// The account.
    pub user: String,
    /// The post.
    pub post: PostRef,
}

/// News for an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Hearing {
    /// The account.
    pub user: String,
    /// What happened.
    pub news: News,
    /// When it did, by the clock of the partition where it did.
    pub at: Time,
}

/// What partitions tell each other. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// How it stands with somebody whom it wanted to follow.
    Follow {
        /// Whom.
        target: String,
        /// How.
        state: Following,
    },
    /// Somebody blocks it.
    Blocked {
        /// Who.
        by: String,
    },
    /// And does so no more.
    Unblocked {
        /// Who.
        by: String,
    },
    /// A post of it is answered, quoted or reposted by another one.
    Linked {
        /// How.
        how: Link,
        /// Its post.
        post: PostId,
        /// The other one.
        by: PostRef,
    },
    /// And is no more.
    Unlinked {
        /// How it was.
        how: Link,
        /// Its post.
        post: PostId,
        /// The other one.
        by: PostRef,
    },
    /// A post mentions it.
    Mentioned {
        /// The post.
        by: PostRef,
    },
    /// And does so no more.
    Unmentioned {
        /// The post.
        by: PostRef,
    },
    /// A reaction of it counts.
    Reacted {
        /// To what.
        to: PostRef,
        /// How.
        kind: Reaction,
    },
    /// And does so no more.
    Unreacted {
        /// To what.
        to: PostRef,
        /// How.
        kind: Reaction,
    },
    /// A vote of it counts.
    Voted {
        /// In the poll of which post.
        to: PostRef,
    },
    /// Somebody who is erased does not follow it any more.
    Left {
        /// Who.
        by: String,
    },
    /// A reaction of somebody who is erased counts no more.
    ReactionLeft {
        /// To which post of it.
        post: PostId,
        /// How.
        kind: Reaction,
        /// Whose.
        by: String,
    },
    /// A vote of somebody who is erased counts no more.
    VoteLeft {
        /// In the poll of which post of it.
        post: PostId,
        /// Whose.
        by: String,
    },
    /// A poll is over in which it has voted.
    PollEnded {
        /// Of which post.
        of: PostRef,
    },
}

/// How one post is about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It answers it.
    Reply,
    /// It shows it again.
    Repost,
    /// It speaks about it.
    Quote,
}

/// How an account stands to one that it wanted to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Following)]
#[serde(rename_all = "snake_case")]
pub enum Following {
    /// It does not follow it.
    #[default]
    No,
    /// It has asked to.
    Requested,
    /// It follows it.
    Following,
}

/// What may be asked of the machine of tags. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TagCommand {
    /// A post has the tag.
    #[serde(skip_deserializing)]
    Tag(Tagging),
    /// And has it no more.
    #[serde(skip_deserializing)]
    Untag(Tagging),
}

/// A post under a tag.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Tagging {
    /// The tag.
    pub tag: String,
    /// The post.
    pub post: PostRef,
}
