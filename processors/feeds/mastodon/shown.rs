//! What clients of Mastodon are shown.

use super::ids::account_id;
use crate::feeds::home::reader::Item;
use millrace_topics::feeds::{
    Following, Notice, NoticeKind, PollView, PostId, PostRef, PostView, Reaction, Standing, UserView, Visibility,
};
use millrace_topics::time::Time;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A picture of one transparent point: accounts have none of their own.
const PICTURE: &str = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/// An error as Mastodon writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Error)]
pub(super) struct ErrorBody {
    pub(super) error: String,
}

/// An app.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::App)]
pub(super) struct App {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) redirect_uri: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Token)]
pub(super) struct Token {
    pub(super) access_token: String,
    pub(super) token_type: &'static str,
    pub(super) scope: String,
    pub(super) created_at: u64,
    pub(super) expires_in: u64,
}

/// What clients ask of a server before they begin.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Instance)]
pub(super) struct Instance {
    pub(super) uri: String,
    pub(super) domain: String,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// The version of Mastodon's API that is meant, and what speaks it.
    pub(super) version: &'static str,
    #[schema(value_type = Object)]
    pub(super) urls: BTreeMap<&'static str, String>,
    #[schema(value_type = Object)]
    pub(super) configuration: serde_json::Value,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::Account)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) acct: String,
    pub(super) display_name: String,
    pub(super) locked: bool,
    pub(super) bot: bool,
    pub(super) group: bool,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Time,
    pub(super) note: String,
    pub(super) url: String,
    pub(super) uri: String,
    pub(super) avatar: &'static str,
    pub(super) avatar_static: &'static str,
    pub(super) header: &'static str,
    pub(super) header_static: &'static str,
    pub(super) followers_count: u64,
    pub(super) following_count: u64,
    pub(super) statuses_count: u64,
    pub(super) emojis: [u8; 0],
    pub(super) fields: [u8; 0],
}

impl Account {
    /// An account on the server at `base`.
    pub(super) fn of(view: UserView, base: &str) -> Self {
        let url = format!("{base}/@{}", view.id);
        Self {
            id: account_id(&view.id),
            username: view.id.clone(),
            acct: view.id,
            display_name: view.name,
            locked: view.private,
            bot: false,
            group: false,
            created_at: view.created_at,
            note: html(&view.about),
            uri: url.clone(),
            url,
            avatar: PICTURE,
            avatar_static: PICTURE,
            header: PICTURE,
            header_static: PICTURE,
            followers_count: view.followers,
            following_count: view.following,
            statuses_count: view.posts,
            emojis: [],
            fields: [],
        }
    }
}

/// Somebody who is mentioned.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::Mention)]
pub(super) struct Mention {
    id: String,
    username: String,
    acct: String,
    url: String,
}

/// A tag of a status.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::Tag)]
pub(super) struct Tag {
    name: String,
    url: String,
}

/// A status.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::Status)]
pub(super) struct Status {
    pub(super) id: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Time>,
    in_reply_to_id: Option<String>,
    in_reply_to_account_id: Option<String>,
    sensitive: bool,
    spoiler_text: &'static str,
    visibility: &'static str,
    uri: String,
    url: String,
    replies_count: u64,
    reblogs_count: u64,
    favourites_count: u64,
    quotes_count: u64,
    favourited: bool,
    reblogged: bool,
    muted: bool,
    /// Only where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bookmarked: Option<bool>,
    /// Only where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pinned: Option<bool>,
    content: String,
    /// The text as it was written.
    text: String,
    #[schema(no_recursion)]
    reblog: Option<Box<Self>>,
    account: Account,
    media_attachments: [u8; 0],
    mentions: Vec<Mention>,
    tags: Vec<Tag>,
    emojis: [u8; 0],
    poll: Option<Poll>,
}

/// What a status asks.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::Poll)]
pub(super) struct Poll {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    expired: bool,
    multiple: bool,
    votes_count: u64,
    voters_count: u64,
    voted: bool,
    own_votes: Vec<u32>,
    options: Vec<PollOption>,
    emojis: [u8; 0],
}

/// What can be voted for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = mastodon::PollOption)]
pub(super) struct PollOption {
    title: String,
    votes_count: u64,
}

impl Poll {
    /// The poll of a post at this moment.
    pub(super) fn of(post: PostId, poll: PollView, now: Time) -> Self {
        let PollView { options, multiple, ends_at, voters, own } = poll;
        Self {
            id: post.to_string(),
            expires_at: ends_at,
            expired: now >= ends_at,
            multiple,
            votes_count: options.iter().map(|option| option.votes).sum(),
            voters_count: voters,
            voted: !own.is_empty(),
            own_votes: own,
            options: options.into_iter().map(|one| PollOption { title: one.title, votes_count: one.votes }).collect(),
            emojis: [],
        }
    }
}

/// What stands around statuses: the accounts of their authors, and where the server is.
pub(super) struct Scene {
    pub(super) base: String,
    pub(super) now: Time,
    pub(super) accounts: BTreeMap<String, Account>,
}

impl Scene {
    /// A status, if its author is known.
    pub(super) fn status(&self, item: Item) -> Option<Status> {
        let reblog = match item.repost {
            Some(original) => Some(Box::new(self.plain(*original)?)),
            None => None,
        };
        let mut status = self.plain(*item.post)?;
        if let Some(original) = &reblog {
            status.content.clone_from(&original.content);
            status.reblogged = original.reblogged;
            status.favourited = original.favourited;
        }
        Some(Status { reblog, ..status })
    }

    fn plain(&self, post: PostView) -> Option<Status> {
        let account = self.accounts.get(&post.author)?.clone();
        let url = format!("{}/@{}/{}", self.base, post.author, post.id);
        let mention = |user: &String| Mention {
            id: account_id(user),
            username: user.clone(),
            acct: user.clone(),
            url: format!("{}/@{user}", self.base),
        };
        let tag = |name: &String| Tag { name: name.clone(), url: format!("{}/tags/{name}", self.base) };
        let answered = |of: fn(&PostRef) -> String| post.reply_to.as_ref().map(of);
        Some(Status {
            id: post.id.to_string(),
            created_at: post.created_at,
            edited_at: post.edited_at,
            in_reply_to_id: answered(|post| post.id.to_string()),
            in_reply_to_account_id: answered(|post| account_id(&post.author)),
            sensitive: false,
            spoiler_text: "",
            visibility: visibility(post.visibility),
            uri: url.clone(),
            url,
            replies_count: post.counts.replies,
            reblogs_count: post.counts.reposts,
            favourites_count: post.counts.likes,
            quotes_count: post.counts.quotes,
            favourited: post.own.reactions.contains(&Reaction::Like),
            reblogged: post.own.repost.is_some(),
            muted: false,
            bookmarked: None,
            pinned: None,
            content: html(&post.text),
            text: post.text,
            reblog: None,
            account,
            media_attachments: [],
            mentions: post.mentions.iter().map(mention).collect(),
            tags: post.tags.iter().map(tag).collect(),
            emojis: [],
            poll: post.poll.map(|poll| Poll::of(post.id, poll, self.now)),
        })
    }
}

/// What stands around a status.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Context)]
pub(super) struct Context {
    pub(super) ancestors: Vec<Status>,
    pub(super) descendants: Vec<Status>,
}

/// How the one who asks stands to an account.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Relationship)]
pub(super) struct Relationship {
    id: String,
    following: bool,
    requested: bool,
    followed_by: bool,
    requested_by: bool,
    blocking: bool,
    muting: bool,
    muting_notifications: bool,
    showing_reblogs: bool,
    notifying: bool,
    domain_blocking: bool,
    endorsed: bool,
    note: &'static str,
}

impl Relationship {
    pub(super) fn of(user: &str, standing: Standing) -> Self {
        Self {
            id: account_id(user),
            following: standing.following == Following::Following,
            requested: standing.following == Following::Requested,
            followed_by: standing.followed_by == Following::Following,
            requested_by: standing.followed_by == Following::Requested,
            blocking: standing.blocking,
            muting: standing.muting,
            muting_notifications: standing.muting,
            showing_reblogs: standing.following == Following::Following,
            notifying: false,
            domain_blocking: false,
            endorsed: false,
            note: "",
        }
    }
}

/// A notification.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Notification)]
pub(super) struct Notification {
    pub(super) id: String,
    r#type: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    account: Account,
    status: Option<Status>,
}

impl Notification {
    /// A notification, if Mastodon has such a one and who did it is known.
    pub(super) fn of(scene: &Scene, notice: &Notice, item: Option<Item>) -> Option<Self> {
        let kind = match notice.kind {
            NoticeKind::Follow => "follow",
            NoticeKind::FollowRequest => "follow_request",
            NoticeKind::FollowAccepted => return None,
            NoticeKind::Like => "favourite",
            NoticeKind::Repost => "reblog",
            NoticeKind::Reply | NoticeKind::Mention => "mention",
            NoticeKind::Quote => "quote",
            NoticeKind::PollEnded => "poll",
        };
        let account = scene.accounts.get(&notice.from)?.clone();
        let status = item.and_then(|item| scene.status(item));
        Some(Self { id: notice.number.to_string(), r#type: kind, created_at: notice.at, account, status })
    }
}

/// A list.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::List)]
pub(super) struct List {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) replies_policy: &'static str,
    pub(super) exclusive: bool,
}

/// A filter.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Filter)]
pub(super) struct Filter {
    pub(super) id: String,
    pub(super) phrase: String,
    pub(super) context: [&'static str; 2],
    pub(super) whole_word: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Time>,
    /// What has the phrase is left out by the server.
    pub(super) irreversible: bool,
}

/// Nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = mastodon::Empty)]
pub(super) struct Empty {}

/// A visibility in the words of Mastodon.
pub(super) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Unlisted => "unlisted",
        Visibility::Followers => "private",
        Visibility::Mentioned => "direct",
    }
}

/// A text as HTML: paragraphs and lines stay what they are, and no mark means anything.
pub(super) fn html(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let lines = escaped.replace("\r\n", "\n").replace("\n\n", "</p><p>").replace('\n', "<br />");
    format!("<p>{lines}</p>")
}

/// A message over a WebSocket.
#[derive(Serialize)]
pub(super) struct Frame {
    pub(super) stream: [&'static str; 1],
    pub(super) event: &'static str,
    /// A status as JSON in a text, or an id.
    pub(super) payload: String,
}
