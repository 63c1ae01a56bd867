//! Mastodon's paths of filters: the muted words of the own API. What has one is left out by the server, in every context.

use crate::feeds::bodies::NewWord;
use crate::feeds::mastodon::given::NewFilter;
use crate::feeds::mastodon::ids::{account_id, user_of};
use crate::feeds::mastodon::routes::{Failure, Given, Guest, Who, is_yes, not_found};
use crate::feeds::mastodon::shown::{Empty, ErrorBody, Filter};
use crate::feeds::words::routes::{read_words, submit_unmute, submit_word};
use crate::runtime::door::Door;
use crate::runtime::routes::Segments;
use axum::Json;
use millrace_topics::feeds::MutedWord;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(filters, create)).routes(routes!(filter, change, drop_filter))
}

fn shown(word: MutedWord) -> Filter {
    let id = account_id(&word.word);
    let context = ["home", "notifications"];
    Filter { id, phrase: word.word, context, whole_word: word.whole, expires_at: word.until, irreversible: true }
}

async fn set(who: &Guest, new: NewFilter) -> Result<Json<Filter>, Failure> {
    let seconds = new.expires_in.and_then(|seconds| seconds.to_string().trim_matches('"').parse::<u64>().ok());
    let until = seconds.map(|seconds| who.door.now().plus(seconds.saturating_mul(1000)));
    let whole = new.whole_word.as_ref().is_some_and(is_yes);
    let phrase = new.phrase.unwrap_or_default();
    let done = submit_word(&who.door, &who.asked, &phrase, NewWord { whole: Some(whole), until }).await?;
    Ok(Json(shown(done.outcome)))
}

async fn one(who: &Guest, id: &str) -> Result<MutedWord, Failure> {
    let word = user_of(id).ok_or_else(not_found)?;
    let words = read_words(&who.door, &who.asked).await?.answer;
    words.into_iter().find(|muted| muted.word == word).ok_or_else(not_found)
}

/// Lists the filters of the account of the token.
#[utoipa::path(get, path = "/api/v1/filters", operation_id = "mastodon.filters", tag = "mastodon", security(()), responses(
    (status = 200, description = "Filters", body = [Filter]), (status = "default", description = "An error", body = ErrorBody),
))]
async fn filters(Who(who): Who) -> Result<Json<Vec<Filter>>, Failure> {
    let words = read_words(&who.door, &who.asked).await?.answer;
    Ok(Json(words.into_iter().map(shown).collect()))
}

/// Makes a filter.
#[utoipa::path(post, path = "/api/v1/filters", operation_id = "mastodon.create_filter", tag = "mastodon", security(()),
    request_body = NewFilter, responses(
    (status = 200, description = "The filter", body = Filter), (status = "default", description = "An error", body = ErrorBody),
))]
async fn create(Who(who): Who, Given(new): Given<NewFilter>) -> Result<Json<Filter>, Failure> {
    set(&who, new).await
}

/// Shows a filter.
#[utoipa::path(get, path = "/api/v1/filters/{id}", operation_id = "mastodon.filter", tag = "mastodon", security(()),
    params(("id" = String, Path, description = "The filter")), responses(
    (status = 200, description = "The filter", body = Filter), (status = "default", description = "An error", body = ErrorBody),
))]
async fn filter(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<Filter>, Failure> {
    Ok(Json(shown(one(&who, &id).await?)))
}

/// Changes a filter: with another phrase it has another id.
#[utoipa::path(put, path = "/api/v1/filters/{id}", operation_id = "mastodon.change_filter", tag = "mastodon", security(()),
    request_body = NewFilter, params(("id" = String, Path, description = "The filter")), responses(
    (status = 200, description = "The filter", body = Filter), (status = "default", description = "An error", body = ErrorBody),
))]
async fn change(
    Who(who): Who,
    Segments(id): Segments<String>,
    Given(new): Given<NewFilter>,
) -> Result<Json<Filter>, Failure> {
    let before = one(&who, &id).await?;
    let phrase = new.phrase.clone().unwrap_or_else(|| before.word.clone());
    let whole_word = new.whole_word.clone().or(Some(serde_json::Value::Bool(before.whole)));
    let set = set(&who, NewFilter { phrase: Some(phrase), whole_word, ..new }).await?;
    if set.0.id != id {
        submit_unmute(&who.door, &who.asked, &before.word).await?;
    }
    Ok(set)
}

/// Lets a filter go.
#[utoipa::path(delete, path = "/api/v1/filters/{id}", operation_id = "mastodon.drop_filter", tag = "mastodon",
    security(()), params(("id" = String, Path, description = "The filter")), responses(
    (status = 200, description = "It is gone", body = Empty), (status = "default", description = "An error", body = ErrorBody),
))]
async fn drop_filter(Who(who): Who, Segments(id): Segments<String>) -> Result<Json<Empty>, Failure> {
    let before = one(&who, &id).await?;
    submit_unmute(&who.door, &who.asked, &before.word).await?;
    Ok(Json(Empty {}))
}
