//! The HTTP paths of leaderboards: a request becomes a command or a query, and nothing else happens here.

use crate::leaderboards::{Boards, stream, transition};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, LIST_LIMIT, Params, ProblemBody, Reading, Segments, Writing, answer, created, limit, respond,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::leaderboards::{
    Answer, Board, Bounds, Command, Definition, Deleted, Deletion, Entry, Metadata, Operator, Outcome, Place, Query,
    Rejection, Seek, Sort, Submission, Submitted,
};
use millrace_topics::position::Positions;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(define))
        .routes(routes!(board))
        .routes(routes!(submit))
        .routes(routes!(entries))
        .routes(routes!(owner, delete))
        .routes(routes!(around))
        .routes(routes!(at_rank))
        .merge(stream::routes::routes())
}

/// How many entries a list gives unless it is asked for another number.
const ENTRIES: u32 = 100;
/// The same for the entries around an owner.
const AROUND: u32 = 11;

/// A board to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewBoard)]
struct NewBoard {
    /// `[a-z0-9][a-z0-9._-]{0,63}`, and no reserved word.
    id: String,
    /// Which end is the top: `desc` unless said.
    sort: Option<Sort>,
    /// What a submission does unless it says otherwise: `best` unless said.
    operator: Option<Operator>,
    /// The scores that the board takes: all unless said.
    bounds: Option<NewBounds>,
    /// True if only servers and operators may submit.
    authoritative: Option<bool>,
}

/// The scores that a board takes: both ends belong to them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewBounds)]
struct NewBounds {
    /// The lowest, if there is one.
    min: Option<i64>,
    /// The highest, if there is one.
    max: Option<i64>,
}

/// A score to be handed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = leaderboards::NewScore)]
struct NewScore {
    /// Whose score it is: 1 to 256 bytes.
    owner: String,
    /// The score; with `incr` and `decr` the difference to the one that is there.
    score: i64,
    /// Instead of the board's own.
    operator: Option<Operator>,
    /// What is to be shown with the score, at most 4,096 bytes; without it the old one stays.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
}

/// Which entries of a board.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// 1 to 1,000; 100 unless said.
    limit: Option<u32>,
    /// `cursor` or `prev_cursor` of an earlier answer to the same question.
    cursor: Option<String>,
    /// From this rank on; alone.
    from_rank: Option<u64>,
    /// Only scores from here on.
    min_score: Option<i64>,
    /// Only scores up to here.
    max_score: Option<i64>,
    /// Only the best so many of a hundred members, rounded up: 1 to 100.
    top_percent: Option<u32>,
    /// Only these owners, at most 1,000, ranked among themselves; given once for each, and alone.
    #[serde(default)]
    owner_ids: Vec<String>,
}

/// How many entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HowMany {
    /// 1 to 1,000, the owner's own among them; 11 unless said.
    limit: Option<u32>,
}

/// Entries of a board, from the top.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::Entries)]
struct Entries {
    /// The entries.
    entries: Vec<Entry>,
    /// Where to go on; null at the end.
    cursor: Option<String>,
    /// Where to go back; null at the top.
    prev_cursor: Option<String>,
}

/// What a cursor says: the place, the direction, and the position that the client has seen.
type Cursor = (Place, bool, Positions);

/// Creates a board.
#[utoipa::path(post, path = "/v1/leaderboards", tag = "leaderboards", request_body = NewBoard, responses(
    (status = 201, description = "Created", body = Board),
    (status = 200, description = "It was there, with the same definition", body = Board),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn define(State(door): State<Door>, Body(asked, new): Body<NewBoard>) -> Result<Response, Undone> {
    let bounds = new.bounds.unwrap_or_default();
    let definition = Definition {
        id: new.id,
        sort: new.sort.unwrap_or_default(),
        operator: new.operator.unwrap_or_default(),
        bounds: Bounds { min: bounds.min, max: bounds.max },
        authoritative: new.authoritative.unwrap_or_default(),
    };
    let location = format!("/v1/leaderboards/{}", definition.id);
    let done = tell(&door, &asked, Command::Define(definition)).await?;
    let status = match &done.outcome {
        Outcome::WasDefined(_) => StatusCode::OK,
        _ => StatusCode::CREATED,
    };
    Ok(created(&location, status, done, |outcome| outcome))
}

/// Shows a board.
#[utoipa::path(get, path = "/v1/leaderboards/{board}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board")), responses(
    (status = 200, description = "The board", body = Board),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn board(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(board): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Boards>(&asked, &Query::Board { board }).await?;
    Ok(show(&door, "", read))
}

/// Hands in a score.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/scores", tag = "leaderboards", request_body = NewScore,
    params(("board" = String, Path, description = "The board")), responses(
    (status = 200, description = "It counts", body = Submitted),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn submit(
    State(door): State<Door>,
    Segments(board): Segments<String>,
    Body(asked, new): Body<NewScore>,
) -> Result<Response, Undone> {
    let NewScore { owner, score, operator, metadata } = new;
    let submission = Submission { board, owner, score, operator, metadata };
    let done = tell(&door, &asked, Command::SubmitScore(submission)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Lists entries from the top.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/entries", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), Which), responses(
    (status = 200, description = "The entries", body = Entries),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn entries(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Segments(board): Segments<String>,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    if !which.owner_ids.is_empty() {
        let read = door.ask::<Boards>(&asked, &among(board, which)?).await?;
        return Ok(show(&door, "", read));
    }
    let scores = Bounds { min: which.min_score, max: which.max_score };
    let top_percent = which.top_percent;
    if top_percent.is_some_and(|part| !(1..=100).contains(&part)) {
        return Err(bad("`top_percent` is 1 to 100"));
    }
    let list = list(&board, scores, top_percent);
    let seek = seek(&door, &list, &which, &mut asked)?;
    let query = Query::Entries { board, seek, limit: limit(which.limit, ENTRIES)?, scores, top_percent };
    let read = door.ask::<Boards>(&asked, &query).await?;
    Ok(show(&door, &list, read))
}

/// Shows an owner's entry.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/owners/{owner}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner")),
    responses(
    (status = 200, description = "The entry", body = Entry),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn owner(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, owner)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let read = door.ask::<Boards>(&asked, &Query::Owner { board, owner }).await?;
    Ok(show(&door, "", read))
}

/// Takes an owner off a board.
#[utoipa::path(delete, path = "/v1/leaderboards/{board}/owners/{owner}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner")),
    responses(
    (status = 200, description = "It is off the board; the place and the score that it had", body = Deleted),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn delete(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((board, owner)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let done = tell(&door, &asked, Command::DeleteOwner(Deletion { board, owner })).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Lists the entries around an owner, filled up at both edges of the board.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/owners/{owner}/around", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner"),
        HowMany),
    responses(
    (status = 200, description = "The entries; the cursors go on in the list of all", body = Entries),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn around(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, owner)): Segments<(String, String)>,
    Params(many): Params<HowMany>,
) -> Result<Response, Problem> {
    let list = list(&board, Bounds::default(), None);
    let query = Query::Around { board, owner, limit: limit(many.limit, AROUND)? };
    let read = door.ask::<Boards>(&asked, &query).await?;
    Ok(show(&door, &list, read))
}

/// Shows the entry at a rank.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/ranks/{rank}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("rank" = u64, Path, description = "From 1")),
    responses(
    (status = 200, description = "The entry", body = Entry),
    (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn at_rank(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, rank)): Segments<(String, u64)>,
) -> Result<Response, Problem> {
    let read = door.ask::<Boards>(&asked, &Query::Rank { board, rank }).await?;
    Ok(show(&door, "", read))
}

/// Submits a command, unless it is wrong whatever the state is: that is not for the log to keep.
async fn tell(door: &Door, asked: &Asked, command: Command) -> Result<Done<Outcome>, Undone> {
    transition::check(&command).map_err(|refusal: Rejection| Problem::refusal(&refusal))?;
    door.submit::<Boards>(asked, &command).await
}

/// The name of a list, which its cursors are bound to.
fn list(board: &str, scores: Bounds, top_percent: Option<u32>) -> String {
    format!("leaderboards/{board}/entries {:?} {:?} {top_percent:?}", scores.min, scores.max)
}

fn among(board: String, which: Which) -> Result<Query, Problem> {
    let with = [
        ("limit", which.limit.is_some()),
        ("cursor", which.cursor.is_some()),
        ("from_rank", which.from_rank.is_some()),
    ];
    alone("owner_ids", &[&with, &filters(&which)[..]].concat())?;
    if which.owner_ids.len() > LIST_LIMIT as usize {
        return Err(bad(format!("`owner_ids` names at most {LIST_LIMIT} owners")));
    }
    Ok(Query::Among { board, owners: which.owner_ids })
}

fn filters(which: &Which) -> [(&'static str, bool); 3] {
    [
        ("min_score", which.min_score.is_some()),
        ("max_score", which.max_score.is_some()),
        ("top_percent", which.top_percent.is_some()),
    ]
}

/// Where the page lies that is asked for. The next page is not read from an older view than the one before.
fn seek(door: &Door, list: &str, which: &Which, asked: &mut Asked) -> Result<Seek, Problem> {
    if let Some(rank) = which.from_rank {
        alone("from_rank", &[&[("cursor", which.cursor.is_some())], &filters(which)[..]].concat())?;
        return if rank > 0 { Ok(Seek::Rank(rank)) } else { Err(bad("`from_rank` counts from 1")) };
    }
    let Some(cursor) = &which.cursor else { return Ok(Seek::Top) };
    let (place, back, seen): Cursor = door.open_cursor(list, cursor)?;
    asked.min_position.merge(&seen);
    Ok(if back { Seek::Before(place) } else { Seek::After(place) })
}

fn alone(name: &str, others: &[(&str, bool)]) -> Result<(), Problem> {
    match others.iter().find(|(_, given)| *given) {
        Some((other, _)) => Err(bad(format!("`{name}` does not go together with {other}"))),
        None => Ok(()),
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::bad_request("bad_parameter", detail)
}

/// An answer as a response; `list` names the list that a page's cursors belong to.
fn show(door: &Door, list: &str, read: Read<Answer>) -> Response {
    let seen = read.positions.clone();
    let seal = |place: Place, back: bool| door.seal_cursor::<Cursor>(list, &(place, back, seen.clone()));
    match read.answer {
        Answer::Board(board) => answer(Read { answer: board, positions: read.positions }, |board| board),
        Answer::Entry(entry) => answer(Read { answer: entry, positions: read.positions }, |entry| entry),
        Answer::Page(page) => answer(Read { answer: page, positions: seen.clone() }, |page| Entries {
            entries: page.entries,
            cursor: page.next.map(|place| seal(place, false)),
            prev_cursor: page.prev.map(|place| seal(place, true)),
        }),
    }
}
