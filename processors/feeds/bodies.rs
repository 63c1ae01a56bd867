//! What the paths of feeds take and give as JSON, beside what the contract shows itself.

use crate::feeds::home::Page;
use crate::feeds::home::ranked::{self, Explained};
use crate::feeds::home::reader::Item;
use crate::feeds::home::score::Factor;
use crate::feeds::home::threads::Context;
use crate::runtime::door::Door;
use millrace_topics::feeds::{
    Counts, Following, ListView, MutedWord, NoticeKind, Own, PollView, PostRef, PostView, ScheduledView, Trend,
    Visibility, Weights,
};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An account as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewUser)]
pub(super) struct NewUser {
    /// What people call it; its id if none is given.
    pub(super) name: Option<String>,
    /// What it says of itself.
    pub(super) about: Option<String>,
    /// True if only those whom it accepts may follow it, and only they see what it writes.
    pub(super) private: Option<bool>,
}

/// A post that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewPost)]
pub(super) struct NewPost {
    /// What it says: at most 500 letters, as people count them. It is kept as it is sent; `#tags` and `@mentions` are found
    /// in it.
    pub(super) text: String,
    /// The id of the post that it answers.
    pub(super) reply_to: Option<String>,
    /// The id of the post that it speaks about.
    pub(super) quote_of: Option<String>,
    /// Who may see it: `public` if nothing is said.
    pub(super) visibility: Option<Visibility>,
    /// What it asks; not together with `publish_at`.
    pub(super) poll: Option<NewPoll>,
    /// When it is to be written, within a year: at once if nothing is said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) publish_at: Option<Time>,
}

/// A poll that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewPoll)]
pub(super) struct NewPoll {
    /// What can be voted for: 2 to 4, of at most 50 letters each.
    pub(super) options: Vec<String>,
    /// True if one may vote for several.
    pub(super) multiple: Option<bool>,
    /// From when on nobody votes any more: within 31 days.
    #[schema(value_type = String, format = DateTime)]
    pub(super) ends_at: Time,
}

/// A vote.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewVote)]
pub(super) struct NewVote {
    /// For what: the places of the options, from 0.
    pub(super) choices: Vec<u32>,
}

/// Posts that are to come.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::ScheduledPosts)]
pub(super) struct ScheduledBody {
    /// The next first.
    pub(super) posts: Vec<ScheduledView>,
}

/// Tags that many use.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Trends)]
pub(super) struct TrendsBody {
    /// Those with most posts of the last 24 hours first.
    pub(super) tags: Vec<Trend>,
}

/// How many are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowMany {
    /// How many: 1 to 100, 10 if nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u32>,
}

/// Whom one might follow.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Suggestions)]
pub(super) struct SuggestionsBody {
    /// Those whom most of those follow whom one follows first.
    pub(super) users: Vec<SuggestionBody>,
}

/// Somebody whom one might follow.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Suggestion)]
pub(super) struct SuggestionBody {
    pub(super) user: String,
    /// How many of those who were asked follow it.
    pub(super) followed_by: u64,
}

/// What a post is to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::PostChange)]
pub(super) struct PostChange {
    /// What it says from now on.
    pub(super) text: String,
}

/// A post as somebody sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Post)]
pub(super) struct PostBody {
    /// Its id. Ids rise with time, as numbers and as texts.
    pub(super) id: String,
    pub(super) author: String,
    /// What it says; nothing for a repost.
    pub(super) text: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Time,
    /// When its text was changed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) edited_at: Option<Time>,
    pub(super) visibility: Visibility,
    pub(super) tags: Vec<String>,
    pub(super) mentions: Vec<String>,
    /// The post that it answers.
    pub(super) reply_to: Option<PostRef>,
    /// The post that it shows again.
    pub(super) repost_of: Option<PostRef>,
    /// The post that it speaks about.
    pub(super) quote_of: Option<PostRef>,
    pub(super) counts: Counts,
    /// What the one who looks has done to it.
    pub(super) own: Own,
    /// What it asks.
    pub(super) poll: Option<PollView>,
}

impl PostBody {
    pub(super) fn of(post: PostView) -> Self {
        Self {
            id: post.id.to_string(),
            author: post.author,
            text: post.text,
            created_at: post.created_at,
            edited_at: post.edited_at,
            visibility: post.visibility,
            tags: post.tags,
            mentions: post.mentions,
            reply_to: post.reply_to,
            repost_of: post.repost_of,
            quote_of: post.quote_of,
            counts: post.counts,
            own: post.own,
            poll: post.poll,
        }
    }
}

/// A post with what it shows.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Item)]
pub(super) struct ItemBody {
    /// Its id. Ids rise with time, as numbers and as texts.
    id: String,
    author: String,
    /// What it says; nothing for a repost.
    text: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When its text was changed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Time>,
    visibility: Visibility,
    tags: Vec<String>,
    mentions: Vec<String>,
    /// The post that it answers.
    reply_to: Option<PostRef>,
    /// The post that it shows again.
    repost_of: Option<PostRef>,
    /// The post that it speaks about.
    quote_of: Option<PostRef>,
    counts: Counts,
    /// What the one who looks has done to it.
    own: Own,
    /// What it asks.
    poll: Option<PollView>,
    /// The post that a repost shows.
    repost: Option<PostBody>,
    /// The post that it speaks about, or the reposted one, if that may be seen.
    quote: Option<PostBody>,
    /// Its score in a ranked feed, in thousandths.
    score: Option<i64>,
}

impl ItemBody {
    pub(super) fn of(item: Item) -> Self {
        let PostBody {
            id,
            author,
            text,
            created_at,
            edited_at,
            visibility,
            tags,
            mentions,
            reply_to,
            repost_of,
            quote_of,
            counts,
            own,
            poll,
        } = PostBody::of(*item.post);
        Self {
            id,
            author,
            text,
            created_at,
            edited_at,
            visibility,
            tags,
            mentions,
            reply_to,
            repost_of,
            quote_of,
            counts,
            own,
            poll,
            repost: item.repost.map(|post| PostBody::of(*post)),
            quote: item.quote.map(|post| PostBody::of(*post)),
            score: None,
        }
    }
}

/// A page of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Page)]
pub(super) struct PageBody {
    /// The newest first.
    items: Vec<ItemBody>,
    /// Where it goes on; null if there is no more.
    cursor: Option<String>,
    /// True if the session of a ranked feed was lost: this is the first page of another one.
    restarted: bool,
}

impl PageBody {
    /// A page of a ranked feed.
    pub(super) fn ranked(door: &Door, scope: &str, page: ranked::Page) -> Self {
        let item = |(item, score)| ItemBody { score: Some(score), ..ItemBody::of(item) };
        Self {
            items: page.items.into_iter().map(item).collect(),
            cursor: page.next.map(|next| door.seal_cursor(scope, &next)),
            restarted: page.restarted,
        }
    }

    /// A page; `scope` names the list that its cursor belongs to.
    pub(super) fn of(door: &Door, scope: &str, page: Page) -> Self {
        let cursor = page.next.map(|next| door.seal_cursor(scope, &next));
        Self { items: page.items.into_iter().map(ItemBody::of).collect(), cursor, restarted: false }
    }
}

/// What is around a post.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Context)]
pub(super) struct ContextBody {
    /// What it answers, the first one first.
    above: Vec<ItemBody>,
    /// What answers it, each behind what it answers.
    below: Vec<ItemBody>,
}

impl ContextBody {
    pub(super) fn of(context: Context) -> Self {
        let bodies = |items: Vec<Item>| items.into_iter().map(ItemBody::of).collect();
        Self { above: bodies(context.above), below: bodies(context.below) }
    }
}

/// A post that is gone.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Gone)]
pub(super) struct GoneBody {
    pub(super) id: String,
    /// True.
    pub(super) deleted: bool,
}

/// An account that is erased.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Erased)]
pub(super) struct ErasedBody {
    pub(super) id: String,
    /// True.
    pub(super) erased: bool,
}

/// How an account stands to another.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Edge)]
pub(super) struct EdgeBody {
    pub(super) user: String,
    pub(super) target: String,
    /// Whether it follows the other.
    pub(super) following: Following,
    /// True if it blocks the other.
    pub(super) blocking: bool,
    /// True if it mutes the other.
    pub(super) muting: bool,
    /// Whether the other follows it.
    pub(super) followed_by: Following,
}

/// Names of accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Users)]
pub(super) struct UsersBody {
    /// Their ids.
    pub(super) users: Vec<String>,
    /// Where it goes on; null if there is no more.
    pub(super) cursor: Option<String>,
}

/// Notifications of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Notices)]
pub(super) struct NoticesBody {
    /// The newest first.
    pub(super) items: Vec<NoticeBody>,
    /// How many came behind the marker, at most 100.
    pub(super) unseen: u32,
    /// The position up to which all are read.
    pub(super) marker: Option<String>,
    /// Where it goes on; null if there is no more.
    pub(super) cursor: Option<String>,
}

/// A notification, or several of one kind about one post.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Notice)]
pub(super) struct NoticeBody {
    pub(super) id: String,
    pub(super) kind: NoticeKind,
    /// Who did it last.
    pub(super) from: String,
    /// All who did it, with `grouped=true`; the last one first.
    pub(super) names: Vec<String>,
    /// The post with which it was done, or to which.
    pub(super) post: Option<ItemBody>,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Time,
    /// The record that brought it: what a marker may be set to.
    pub(super) position: String,
}

/// How far notifications are read.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::Marker)]
pub(super) struct MarkerBody {
    /// A position, as a notification or an answer has it: everything up to it is read.
    pub(super) position: String,
}

/// Which feed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichFeed {
    /// `latest`: the newest first, which is so if nothing is said. `ranked`: what has found most attention of the last 48
    /// hours; the order is frozen with the first page.
    #[param(inline)]
    pub(super) mode: Option<Mode>,
    /// How many: 1 to 200, 20 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
    /// Where it goes on.
    pub(super) cursor: Option<String>,
    /// True if one's own posts belong to it: only `latest`.
    pub(super) own: Option<bool>,
}

/// In which order a feed is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = feeds::Mode)]
pub(super) enum Mode {
    /// The newest first.
    Latest,
    /// What has found most attention.
    Ranked,
}

/// Which page of posts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichPage {
    /// How many: 1 to 200, 20 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
    /// Where it goes on.
    pub(super) cursor: Option<String>,
}

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichUsers {
    /// What their ids begin with.
    pub(super) q: String,
    /// How many: 1 to 200, 20 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
}

/// Which names.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichNames {
    /// How many: 1 to 500, 100 if nothing is said.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<u32>,
    /// Where it goes on.
    pub(super) cursor: Option<String>,
}

/// Which notifications.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichNotices {
    /// How many: 1 to 200, 40 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
    /// Where it goes on.
    pub(super) cursor: Option<String>,
    /// True if those of one kind about one post that follow one another are to be one.
    pub(super) grouped: Option<bool>,
}

/// Why somebody sees a post in his ranked feed, or does not.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Explained)]
pub(super) struct ExplainedBody {
    item: String,
    /// Its score, in thousandths; null if it is not in the feed.
    score: Option<i64>,
    /// Its place in the feed, from 1.
    place: Option<u64>,
    /// What the score is made of: `points` of attention are added, then the sum is multiplied by each other `weight`, all in
    /// thousandths and rounded down each time.
    factors: Vec<Factor>,
    weights_version: u32,
    /// Why it is not in the feed: `own`, `too_old`, `seen`, `muted_word` or `not_among_the_candidates`.
    left_out: Option<String>,
    /// Where all of this was read.
    position: String,
}

impl ExplainedBody {
    pub(super) fn of(item: String, position: String, explained: Explained) -> Self {
        let Explained { score, place, factors, version, left_out } = explained;
        let left_out = left_out.map(str::to_owned);
        Self { item, score, place, factors, weights_version: version, left_out, position }
    }
}

/// Posts that were seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewImpressions)]
pub(super) struct NewImpressions {
    /// Their ids, at most 1,000: of a repost that of the post that it shows.
    pub(super) posts: Vec<String>,
}

/// How many posts were noted as seen.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Seen)]
pub(super) struct SeenBody {
    pub(super) seen: usize,
}

/// What attention is to count.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewConfig)]
pub(super) struct NewConfig {
    /// In thousandths; the defaults if null.
    pub(super) weights: Option<Weights>,
}

/// What attention counts.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Config)]
pub(super) struct ConfigBody {
    /// In thousandths.
    pub(super) weights: Weights,
    /// 1 for the defaults, and one more for each change.
    pub(super) weights_version: u32,
}

/// A list as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewList)]
pub(super) struct NewList {
    /// What people call it.
    pub(super) name: String,
    /// The accounts that are on it, at most 500.
    pub(super) members: Option<Vec<String>>,
}

/// A list.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::List)]
pub(super) struct ListBody {
    id: String,
    name: String,
    /// The accounts that are on it.
    members: Vec<String>,
}

impl ListBody {
    pub(super) fn of(list: ListView) -> Self {
        Self { id: list.id, name: list.name, members: list.members }
    }
}

/// A word that is to be muted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = feeds::NewWord)]
pub(super) struct NewWord {
    /// True if it is not meant as a part of other words, as it is if nothing is said.
    pub(super) whole: Option<bool>,
    /// Until when; for ever if nothing is said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) until: Option<Time>,
}

/// Words that are muted.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::MutedWords)]
pub(super) struct WordsBody {
    pub(super) words: Vec<MutedWord>,
}

/// Lists.
#[derive(Serialize, ToSchema)]
#[schema(as = feeds::Lists)]
pub(super) struct ListsBody {
    pub(super) lists: Vec<ListBody>,
}
