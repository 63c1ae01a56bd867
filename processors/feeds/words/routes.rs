//! The paths of words that whoever asks does not want to read.

use crate::feeds::Feeding;
use crate::feeds::bodies::{NewWord, WordsBody};
use crate::feeds::posts::routes::now;
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, Writing, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Command, MutedWord, Outcome, Query, WordMuting, WordOf};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(words)).routes(routes!(mute_word, unmute_word))
}

/// The words that who asks has muted.
pub(in crate::feeds) async fn read_words(door: &Door, asked: &Asked) -> Result<Read<Vec<MutedWord>>, Problem> {
    let query = Query::Words { user: asked.caller.id.clone() };
    let Read { answer, positions } = door.ask::<Feeding>(asked, &query).await?;
    let Answer::Words(words) = answer else { unreachable!("words were asked for") };
    Ok(Read { answer: words, positions })
}

fn word_of(asked: &Asked, word: &str) -> WordOf {
    WordOf { user: asked.caller.id.clone(), word: word.trim().to_lowercase() }
}

/// Mutes a word for who asks.
pub(in crate::feeds) async fn submit_word(
    door: &Door,
    asked: &Asked,
    word: &str,
    new: NewWord,
) -> Result<Done<MutedWord>, Undone> {
    let muting = WordMuting { of: word_of(asked, word), whole: new.whole.unwrap_or(true), until: new.until };
    let done = door.submit::<Feeding>(asked, &Command::MuteWord(muting)).await?;
    let Outcome::Word(word) = done.outcome else { unreachable!("a word was muted") };
    Ok(Done { outcome: word, positions: done.positions, replayed: done.replayed })
}

/// Mutes a word no more for who asks.
pub(in crate::feeds) async fn submit_unmute(door: &Door, asked: &Asked, word: &str) -> Result<Done<Outcome>, Undone> {
    door.submit::<Feeding>(asked, &Command::UnmuteWord(word_of(asked, word))).await
}

/// Lists the words that whoever asks has muted: what says one of them is in no home, list, ranked feed, notification or
/// stream.
#[utoipa::path(get, path = "/v1/feeds/muted-words", tag = "feeds", responses(
    (status = 200, description = "Words", body = WordsBody),
    ProblemBody,
))]
async fn words(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    Ok(answer(read_words(&door, &asked).await?, |words| WordsBody { words }))
}

/// Mutes a word for whoever asks.
#[utoipa::path(put, path = "/v1/feeds/muted-words/{word}", tag = "feeds", request_body = NewWord,
    params(("word" = String, Path, description = "The word, or several; capitals and small letters are the same")),
    responses((status = 200, description = "The word", body = MutedWord), ProblemBody))]
async fn mute_word(
    State(door): State<Door>,
    Segments(word): Segments<String>,
    Body(asked, new): Body<NewWord>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_word(&door, &asked, &word, new).await?, |word| word))
}

/// Mutes a word no more.
#[utoipa::path(delete, path = "/v1/feeds/muted-words/{word}", tag = "feeds",
    params(("word" = String, Path, description = "The word")),
    responses((status = 200, description = "The words that are left", body = WordsBody), ProblemBody))]
async fn unmute_word(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(word): Segments<String>,
) -> Result<Response, Undone> {
    let done = submit_unmute(&door, &asked, &word).await?;
    let done = done.showing(read_words(&door, &now(&asked)).await?);
    Ok(respond(StatusCode::OK, done, |words| WordsBody { words }))
}
