//! Why a command or a query about feeds is refused.

use crate::codec::{Decode, Encode};
use crate::contract::{Refusal, RefusalKind};

/// Why a command or a query is refused. Variants are only appended: kept outcomes hold them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Rejection {
    /// No such account, or not for who asks: nobody learns which.
    #[error("there is no account of this id")]
    UnknownUser,
    /// No such post, or not for who asks: nobody learns which.
    #[error("there is no post of this id")]
    UnknownPost,
    /// A post that was there.
    #[error("the post was taken back")]
    PostDeleted,
    /// The id of an account.
    #[error("the id of an account is 1 to 256 bytes")]
    BadUser,
    /// Users act for themselves.
    #[error("a user may act and look for nobody else")]
    NotYourself,
    /// Following, blocking or muting oneself.
    #[error("nobody follows, blocks or mutes himself")]
    Yourself,
    /// A text of nothing that anybody could see.
    #[error("a post says something")]
    EmptyText,
    /// A text beyond its limit.
    #[error("a text has at most {0}")]
    TextTooLong(String),
    /// More than a post may have.
    #[error("{0}")]
    TooMuch(String),
    /// Of a repost there is nothing to be changed, answered, quoted, liked or reposted.
    #[error("this is a repost: what it shows is meant by its own id")]
    Reposted,
    /// What is not for everybody is shown again by nobody else.
    #[error("what is not for everybody cannot be reposted or quoted")]
    NotForAll,
    /// Nobody has asked.
    #[error("this account has not asked to follow")]
    NotAsked,
    /// More than an account may follow.
    #[error("an account follows at most {0} others")]
    FollowsTooMany(u32),
    /// The id of a list.
    #[error("the id of a list must match [a-z0-9][a-z0-9._-]{{0,63}}")]
    BadList,
    /// No such list.
    #[error("there is no list of this id")]
    UnknownList,
    /// The accounts that one follows are others than a moment ago.
    #[error("you follow others than when this began: begin anew")]
    FollowsChanged,
    /// Not a moment for a post.
    #[error("a post can be written within a year, and not before now")]
    BadMoment,
    /// No such post is to come.
    #[error("no such post is to come")]
    UnknownScheduled,
    /// A poll that cannot be.
    #[error("{0}")]
    BadPoll(String),
    /// A post that asks nothing.
    #[error("the post has no poll")]
    UnknownPoll,
    /// Too late to vote.
    #[error("the poll has ended")]
    PollEnded,
    /// A vote for nothing that there is.
    #[error("{0}")]
    BadChoice(String),
    /// Another vote of the same account.
    #[error("you have voted for something else")]
    AlreadyVoted,
    /// A vote of who asks.
    #[error("nobody votes in his own poll")]
    OwnPoll,
    /// A word that cannot be muted.
    #[error("a muted word has 1 to {0} bytes, in small letters and without blanks around it")]
    BadWord(u32),
    /// An id that was an account's.
    #[error("the account of this id was erased, and nobody gets its id")]
    UserErased,
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::UnknownPost => "unknown_post",
            Self::PostDeleted => "post_deleted",
            Self::BadUser => "bad_user",
            Self::NotYourself => "not_yourself",
            Self::Yourself => "yourself",
            Self::EmptyText => "empty_text",
            Self::TextTooLong(_) => "text_too_long",
            Self::TooMuch(_) => "too_much",
            Self::Reposted => "is_a_repost",
            Self::NotForAll => "not_for_all",
            Self::NotAsked => "not_asked",
            Self::FollowsTooMany(_) => "follows_too_many",
            Self::BadList => "bad_list",
            Self::UnknownList => "unknown_list",
            Self::FollowsChanged => "follows_changed",
            Self::BadMoment => "bad_moment",
            Self::UnknownScheduled => "unknown_scheduled",
            Self::BadPoll(_) => "bad_poll",
            Self::UnknownPoll => "unknown_poll",
            Self::PollEnded => "poll_ended",
            Self::BadChoice(_) => "bad_choice",
            Self::AlreadyVoted => "already_voted",
            Self::OwnPoll => "own_poll",
            Self::BadWord(_) => "bad_word",
            Self::UserErased => "user_erased",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::UnknownUser
            | Self::UnknownPost
            | Self::NotAsked
            | Self::UnknownList
            | Self::UnknownScheduled
            | Self::UnknownPoll => RefusalKind::NotFound,
            Self::PostDeleted | Self::UserErased => RefusalKind::Gone,
            Self::NotYourself => RefusalKind::Forbidden,
            Self::Yourself | Self::FollowsChanged | Self::AlreadyVoted => RefusalKind::Conflict,
            Self::BadUser
            | Self::EmptyText
            | Self::TextTooLong(_)
            | Self::TooMuch(_)
            | Self::Reposted
            | Self::NotForAll
            | Self::FollowsTooMany(_)
            | Self::BadList
            | Self::BadMoment
            | Self::BadPoll(_)
            | Self::PollEnded
            | Self::BadChoice(_)
            | Self::OwnPoll
            | Self::BadWord(_) => RefusalKind::Unprocessable,
        }
    }
}
