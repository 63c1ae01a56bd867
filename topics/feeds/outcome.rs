//! What commands about feeds lead to, and what is said of it.

use crate::codec::{Decode, Encode};
use crate::feeds::command::{Following, PostRef, Reaction, Visibility};
use crate::feeds::id::PostId;
use crate::feeds::ranking::Weights;
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What an accepted command answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The account as it is.
    User(UserView),
    /// The post as it is.
    Post(Box<PostView>),
    /// The post that is gone.
    Deleted(PostId),
    /// The repost, and true if it was there before.
    Reposted(PostId, bool),
    /// The reactions of the post as they are.
    Counts(Counts),
    /// How it stands with the other account.
    Following(Following),
    /// The offset up to which the account has read its notifications.
    Marked(u64),
    /// It is so.
    Done,
    /// What attention counts, and the version of that.
    Weights(Weights, u32),
    /// The list as it is.
    List(ListView),
    /// The post as it is to be.
    Scheduled(ScheduledView),
    /// The poll as it is.
    Voted(PollView),
    /// The word as it is muted.
    Word(MutedWord),
}

/// An account as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::User)]
pub struct UserView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it says of itself.
    pub about: String,
    /// True if only those whom it accepts may follow it, and only they see what it writes.
    pub private: bool,
    /// Since when it is there.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// How many posts and reposts it has.
    pub posts: u64,
    /// How many follow it.
    pub followers: u64,
    /// How many it follows.
    pub following: u64,
}

/// How often something was done to a post: always the size of the set of those who did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Counts)]
pub struct Counts {
    /// How many like it.
    pub likes: u64,
    /// How many have passed it on to somebody outside.
    pub shares: u64,
    /// How many have reposted it.
    pub reposts: u64,
    /// How many posts answer it.
    pub replies: u64,
    /// How many posts quote it.
    pub quotes: u64,
}

/// A post as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PostView {
    /// Its id.
    pub id: PostId,
    /// Who wrote it.
    pub author: String,
    /// What it says; nothing for a repost.
    pub text: String,
    /// When it was written.
    pub created_at: Time,
    /// When its text was changed last.
    pub edited_at: Option<Time>,
    /// Who may see it.
    pub visibility: Visibility,
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
    /// What was done to it.
    pub counts: Counts,
    /// What the one who looks has done to it.
    pub own: Own,
    /// What it asks.
    pub poll: Option<PollView>,
}

/// A poll as somebody sees it: counts are always the sizes of the sets of those who voted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Poll)]
pub struct PollView {
    /// What can be voted for.
    pub options: Vec<PollOption>,
    /// True if one may vote for several.
    pub multiple: bool,
    /// From when on nobody votes any more.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Time,
    /// How many have voted.
    pub voters: u64,
    /// What the one who looks has voted for: the places of the options, from 0.
    pub own: Vec<u32>,
}

/// What can be voted for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::PollOption)]
pub struct PollOption {
    /// What it says.
    pub title: String,
    /// How many have voted for it.
    pub votes: u64,
}

/// A post that is to be written later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Scheduled)]
pub struct ScheduledView {
    /// The id that it will have.
    #[schema(value_type = String)]
    pub id: PostId,
    /// Who writes it.
    pub author: String,
    /// What it says.
    pub text: String,
    /// When it is written.
    #[schema(value_type = String, format = DateTime)]
    pub publish_at: Time,
    /// Who may see it.
    pub visibility: Visibility,
}

/// A word that an account does not want to read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::MutedWord)]
pub struct MutedWord {
    /// The word, or several, in small letters.
    pub word: String,
    /// True if it is not meant as a part of other words.
    pub whole: bool,
    /// Until when; for ever if null.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
}

/// A list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ListView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The accounts that are on it, by id.
    pub members: Vec<String>,
}

/// What somebody has done to a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = feeds::Own)]
pub struct Own {
    /// The reactions.
    pub reactions: Vec<Reaction>,
    /// The repost.
    #[schema(value_type = Option<String>)]
    pub repost: Option<PostId>,
}

/// What is said on `feeds.events`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// An account is there, or is another than before.
    UserChanged(UserView),
    /// Somebody wrote a post.
    Posted(PostNote),
    /// Somebody changed one.
    PostEdited(PostNote),
    /// Somebody took one back, or a repost.
    PostDeleted(PostRef),
    /// Somebody reposted one.
    Reposted(PostNote),
    /// Somebody reacted to one.
    Reacted(ReactionNote),
    /// Somebody took that back.
    Unreacted(ReactionNote),
    /// Somebody follows somebody.
    Followed(EdgeNote),
    /// Somebody has asked to.
    FollowRequested(EdgeNote),
    /// Somebody said yes to that.
    FollowAccepted(EdgeNote),
    /// Somebody does not follow somebody any more, or may not.
    Unfollowed(EdgeNote),
    /// Somebody blocks somebody.
    Blocked(EdgeNote),
    /// And does so no more.
    Unblocked(EdgeNote),
    /// Somebody mutes somebody.
    Muted(EdgeNote),
    /// And does so no more.
    Unmuted(EdgeNote),
    /// Somebody voted in the poll of a post.
    Voted(PostRef),
    /// An account is erased: the first of what goes has gone.
    UserErased(ErasedNote),
}

/// What is said of an account that is erased.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ErasedNote {
    /// The account.
    pub user: String,
}

/// What is said of a post.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PostNote {
    /// The post.
    pub id: PostId,
    /// Who wrote it.
    pub author: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// The post that it answers.
    pub reply_to: Option<PostId>,
    /// The post that it shows again.
    pub repost_of: Option<PostId>,
    /// The post that it speaks about.
    pub quote_of: Option<PostId>,
}

/// What is said of a reaction.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ReactionNote {
    /// The post.
    pub post: PostId,
    /// Its author.
    pub author: String,
    /// Who reacts.
    pub user: String,
    /// How.
    pub kind: Reaction,
}

/// What is said of two accounts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EdgeNote {
    /// The one.
    pub user: String,
    /// The other.
    pub target: String,
}
