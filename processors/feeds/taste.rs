//! What an account's own partition knows for its ranked feed: with whom it is familiar, what it has seen, and how it weighs.

pub mod routes;

use crate::feeds::queries::View;
use crate::feeds::tables::{AFFINITIES, SEEN, WEIGHTS, WeightsRow};
use crate::feeds::transition::{Cx, check_is_user};
use millrace_topics::feeds::{Answer, Configuring, Impressions, Outcome, PostId, Rejection, Taste, Weights};
use millrace_topics::time::Time;

/// The most posts that one request says to be seen.
pub const SEEN_AT_ONCE: usize = 1000;

/// For how long it is remembered that a post was seen, in milliseconds: older ones are not ranked.
pub const SEEN_FOR: u64 = 48 * 3_600_000;

/// How many posts that need not be remembered any more go with each request.
const FORGOTTEN_AT_ONCE: usize = 2000;

/// Notes that an account has reacted to, answered or reposted another, or has taken that back.
pub fn familiar(cx: &mut Cx<'_>, user: &str, other: &str, more: bool) {
    if user == other {
        return;
    }
    let key = (user.to_owned(), other.to_owned());
    let before = cx.get(AFFINITIES, &key).unwrap_or_default();
    match if more { before + 1 } else { before.saturating_sub(1) } {
        0 => cx.delete(AFFINITIES, &key),
        count => cx.put(AFFINITIES, &key, &count),
    }
}

/// Notes which posts an account has seen.
///
/// # Errors
/// The refusal, before anything was written.
pub fn see(cx: &mut Cx<'_>, impressions: Impressions) -> Result<Outcome, Rejection> {
    let Impressions { user, posts } = impressions;
    check_is_user(cx, &user)?;
    if posts.len() > SEEN_AT_ONCE {
        return Err(Rejection::TooMuch(format!("a request says at most {SEEN_AT_ONCE} posts to be seen")));
    }
    // The line: nothing below can be refused.
    let oldest = PostId::first_at(Time(cx.now().0.saturating_sub(SEEN_FOR)));
    let rows = SEEN.under(&(user.clone(),));
    let gone: Vec<u128> =
        cx.scan(SEEN, &rows).map(|((_, id), ())| id).take_while(|id| *id < oldest.0).take(FORGOTTEN_AT_ONCE).collect();
    gone.into_iter().for_each(|id| cx.delete(SEEN, &(user.clone(), id)));
    for post in posts.into_iter().filter(|post| *post >= oldest) {
        cx.put(SEEN, &(user.clone(), post.0), &());
    }
    Ok(Outcome::Done)
}

/// Sets the weights of an account's feed. The same once more is the same version.
///
/// # Errors
/// The refusal, before anything was written.
pub fn configure(cx: &mut Cx<'_>, configuring: Configuring) -> Result<Outcome, Rejection> {
    let Configuring { user, weights } = configuring;
    check_is_user(cx, &user)?;
    let before = cx.get(WEIGHTS, &user).unwrap_or_default();
    let weights = weights.unwrap_or_default();
    if before.weights == weights {
        return Ok(Outcome::Weights(weights, before.version));
    }
    // The line: nothing below can be refused.
    let row = WeightsRow { weights, version: before.version + 1 };
    cx.put(WEIGHTS, &user, &row);
    Ok(Outcome::Weights(weights, row.version))
}

/// What is known of these authors and posts.
#[must_use]
pub fn taste(view: &View<'_>, user: &str, authors: Vec<String>, posts: &[PostId]) -> Answer {
    let affinity = |author: String| view.get(AFFINITIES, &(user.to_owned(), author)).unwrap_or_default();
    let WeightsRow { weights, version } = view.get(WEIGHTS, &user.to_owned()).unwrap_or_default();
    let is_seen = |post: &&PostId| view.get(SEEN, &(user.to_owned(), post.0)).is_some();
    Answer::Taste(Taste {
        affinities: authors.into_iter().map(affinity).collect(),
        seen: posts.iter().filter(is_seen).copied().collect(),
        weights,
        version,
        now: view.now(),
    })
}

/// Unless an account says otherwise.
impl Default for WeightsRow {
    fn default() -> Self {
        Self { weights: Weights::default(), version: 1 }
    }
}
