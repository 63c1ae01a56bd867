//! The contracts of feeds: `feeds`, whose key is the account, and `feeds.tags`, whose key is the tag.
//!
//! An account's partition has what it writes and what it sees. Accounts of different partitions meet only by [`News`] over
//! links. Outcomes and events are untagged as JSON, as those of the other systems are.

mod command;
mod id;
mod outcome;
mod query;
mod ranking;
mod rejection;

pub use command::{
    Bookmarking, Command, Deciding, Edge, Editing, Erasing, Following, Hearing, Link, ListOf, Listing, Marking,
    NewPoll, NewPost, News, OnPost, PollPost, PostRef, Profile, Reacting, Reaction, Reposting, Said, Scheduling,
    TagCommand, Tagging, Timer, Visibility, Voting, WordMuting, WordOf,
};
pub use id::PostId;
pub use outcome::{
    Counts, EdgeNote, ErasedNote, Event, ListView, MutedWord, Outcome, Own, PollOption, PollView, PostNote, PostView,
    ReactionNote, ScheduledView, UserView,
};
pub use query::{
    Answer, Circle, Entry, Head, HeadPart, Listed, Newest, Notice, NoticeKind, Notices, OwnPart, Query, Shelf,
    Standing, TagAnswer, TagQuery, Trend, UNSEEN_LIMIT,
};
pub use ranking::{Configuring, Impressions, Taste, Weights};
pub use rejection::Rejection;

use crate::codec::{Decode, Encode};
use crate::contract::{Contract, NoTimer};
use serde::Serialize;

/// The machine `feeds`. Its key is the account: of a reaction and of a wish to follow, the account that it is for.
pub enum Feeds {}

impl Contract for Feeds {
    const MACHINE: &'static str = "feeds";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Event;
    type Query = Query;
    type Answer = Answer;
    type Timer = Timer;

    fn key(command: &Command) -> Option<&[u8]> {
        let user = match command {
            Command::SetUser(profile) => &profile.user,
            Command::Post(new) => &new.author,
            Command::Edit(editing) => &editing.on.author,
            Command::Delete(on) => &on.author,
            Command::Repost(reposting) => &reposting.author,
            Command::React(reacting) | Command::Unreact(reacting) => &reacting.author,
            Command::Follow(edge) | Command::Unfollow(edge) => &edge.target,
            Command::Decide(deciding) => &deciding.user,
            Command::Block(edge) | Command::Unblock(edge) | Command::Mute(edge) | Command::Unmute(edge) => &edge.user,
            Command::Mark(marking) => &marking.user,
            Command::Hear(hearing) => &hearing.user,
            Command::See(impressions) => &impressions.user,
            Command::Configure(configuring) => &configuring.user,
            Command::SetList(listing) => &listing.of.user,
            Command::DropList(of) => &of.user,
            Command::Bookmark(bookmarking) | Command::Unbookmark(bookmarking) => &bookmarking.user,
            Command::Pin(on) | Command::Unpin(on) | Command::Unschedule(on) => &on.author,
            Command::Schedule(scheduling) => &scheduling.new.author,
            Command::PostPoll(asking) => &asking.new.author,
            Command::Vote(voting) => &voting.author,
            Command::MuteWord(muting) => &muting.of.user,
            Command::UnmuteWord(of) => &of.user,
            Command::Erase(erasing) => &erasing.user,
        };
        Some(user.as_bytes())
    }

    fn event_type(event: &Event) -> &'static str {
        match event {
            Event::UserChanged(_) => "UserChanged",
            Event::Posted(_) => "Posted",
            Event::PostEdited(_) => "PostEdited",
            Event::PostDeleted(_) => "PostDeleted",
            Event::Reposted(_) => "Reposted",
            Event::Reacted(_) => "Reacted",
            Event::Unreacted(_) => "Unreacted",
            Event::Followed(_) => "Followed",
            Event::FollowRequested(_) => "FollowRequested",
            Event::FollowAccepted(_) => "FollowAccepted",
            Event::Unfollowed(_) => "Unfollowed",
            Event::Blocked(_) => "Blocked",
            Event::Unblocked(_) => "Unblocked",
            Event::Muted(_) => "Muted",
            Event::Unmuted(_) => "Unmuted",
            Event::Voted(_) => "Voted",
            Event::UserErased(_) => "UserErased",
        }
    }
}

/// The machine `feeds.tags`. Its key is the tag.
pub enum FeedsTags {}

/// What the machine of tags answers: that it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TagNoted;

/// What the machine of tags says: nothing, so there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub enum TagEvent {}

impl Contract for FeedsTags {
    const MACHINE: &'static str = "feeds.tags";
    const SCHEMA: u16 = 1;
    type Command = TagCommand;
    type Outcome = TagNoted;
    type Rejection = Rejection;
    type Event = TagEvent;
    type Query = TagQuery;
    type Answer = TagAnswer;
    type Timer = NoTimer;

    fn key(command: &TagCommand) -> Option<&[u8]> {
        let (TagCommand::Tag(tagging) | TagCommand::Untag(tagging)) = command;
        Some(tagging.tag.as_bytes())
    }

    fn event_type(event: &TagEvent) -> &'static str {
        match *event {}
    }
}
