//! The HTTP paths of leaderboards: a request becomes a command or a query, and nothing else happens here.

use crate::leaderboards::bodies::{
    Counted, Cursor, Entries, EpochCursor, Epochs, HowMany, ItemResult, NewBoard, NewClosing, NewScore, NewScores, Of,
    OfBucket, OwnerScores, Results, Which, WhichEpochs, WhichStats, submission_name,
};
use crate::leaderboards::{Boards, moderation, spread, stream, transition};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, LIST_LIMIT, Params, ProblemBody, Reading, Segments, Writing, answer, created, limit, respond, respond_many,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::contract::Refusal as _;
use millrace_topics::leaderboards::{
    Answer, Batch, Board, Bounds, Closing, Command, Deleted, Deletion, EpochClosed, Item, ItemProblem, Outcome,
    OwnEntry, Place, Query, Ranking, Rejection, STATS_BARS, STATS_RANKS, Seek, Stats, Submission,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(define))
        .routes(routes!(board))
        .routes(routes!(submit))
        .routes(routes!(submit_many))
        .routes(routes!(submit_everywhere))
        .routes(routes!(entries))
        .routes(routes!(owner, delete))
        .routes(routes!(around))
        .routes(routes!(at_rank))
        .routes(routes!(stats))
        .routes(routes!(epochs))
        .routes(routes!(close_epoch))
        .merge(moderation::routes::routes())
        .merge(stream::routes::routes())
}

/// How many entries a list gives unless it is asked for another number.
const ENTRIES: u32 = 100;
/// The same for the entries around an owner.
const AROUND: u32 = 11;
/// The most boards that one request submits to.
const BOARDS_LIMIT: usize = 100;

/// Creates a board.
#[utoipa::path(post, path = "/v1/leaderboards", tag = "leaderboards", request_body = NewBoard, responses(
    (status = 201, description = "Created", body = Board),
    (status = 200, description = "It was there, with the same definition", body = Board),
    ProblemBody,
))]
async fn define(State(door): State<Door>, Body(asked, new): Body<NewBoard>) -> Result<Response, Undone> {
    let location = format!("/v1/leaderboards/{}", new.id);
    let done = tell(&door, &asked, new.command()).await?;
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
    ProblemBody,
))]
async fn board(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(board): Segments<String>,
) -> Result<Response, Problem> {
    let read = spread::ask(&door, &asked, Query::Board { board }).await?;
    Ok(show(&door, "", read))
}

/// Hands in a score.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/scores", tag = "leaderboards", request_body = NewScore,
    params(("board" = String, Path, description = "The board")), responses(
    (status = 200, description = "It counts", body = Counted),
    ProblemBody,
))]
async fn submit(
    State(door): State<Door>,
    Segments(board): Segments<String>,
    Body(asked, new): Body<NewScore>,
) -> Result<Response, Undone> {
    let done = tell(&door, &asked, Command::SubmitScore(Submission { board, entry: new.entry() })).await?;
    let submission = submission_name(&done.positions);
    Ok(respond(StatusCode::OK, done, |outcome| Counted { submission, outcome }))
}

/// Hands in scores of many owners. Each counts or is refused for itself.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/scores:batch", tag = "leaderboards", request_body = NewScores,
    params(("board" = String, Path, description = "The board")), responses(
    (status = 200, description = "What became of each", body = Results),
    ProblemBody,
))]
async fn submit_many(
    State(door): State<Door>,
    Segments(board): Segments<String>,
    Body(asked, new): Body<NewScores>,
) -> Result<Response, Undone> {
    let entries = new.scores.into_iter().map(NewScore::entry).collect();
    let batch = Batch { board, entries, stamps: Vec::new() };
    let shards = spread::shards_of(&door, &asked, &batch.board).await?;
    if shards > 1 {
        return submit_spread(&door, &asked, batch, shards).await;
    }
    let done = tell(&door, &asked, Command::SubmitScores(batch)).await?;
    let name = submission_name(&done.positions);
    Ok(respond(StatusCode::OK, done, |outcome| Results { results: results(outcome, &name) }))
}

/// Hands in a batch to the shards of its owners.
async fn submit_spread(door: &Door, asked: &Asked, batch: Batch, shards: u32) -> Result<Response, Undone> {
    let whole = batch.entries.len();
    let command = Command::SubmitScores(batch);
    check(&command)?;
    let Command::SubmitScores(Batch { board, entries, .. }) = command else { unreachable!("it was just made") };
    let (commands, places) = spread::write::split(door, &board, entries, shards);
    let parts = door.submit_all::<Boards>(asked, &commands).await;
    Ok(respond_many(StatusCode::OK, parts, |parts| {
        let results = places.into_iter().zip(parts).flat_map(|(places, part)| {
            let results = batch_part(part, places.len());
            places.into_iter().zip(results)
        });
        let by_place: std::collections::BTreeMap<usize, ItemResult> = results.collect();
        debug_assert_eq!(by_place.len(), whole, "each entry went to one shard");
        Results { results: by_place.into_values().collect() }
    }))
}

/// What became of so many entries of a batch in one shard.
fn batch_part(part: Result<Done<Outcome>, Undone>, entries: usize) -> Vec<ItemResult> {
    match part {
        Ok(done) => results(done.outcome, &submission_name(&done.positions)),
        Err(undone) => {
            let lost = self::part(Err(undone));
            (0..entries)
                .map(|_| ItemResult {
                    status: lost.status,
                    submission: None,
                    result: None,
                    problem: lost.problem.clone(),
                })
                .collect()
        }
    }
}

/// What became of the entries of a batch with this name.
fn results(outcome: Outcome, name: &str) -> Vec<ItemResult> {
    let Outcome::Batch(batch) = outcome else { return Vec::new() };
    let named = |(index, item)| match item {
        Item::Submitted(submitted) => {
            let submission = Some(format!("{name}.{index}"));
            ItemResult { status: 200, submission, result: Some(submitted), problem: None }
        }
        Item::Refused(refusal) => {
            let (code, detail) = (refusal.code().to_owned(), refusal.to_string());
            ItemResult::problem(refusal.kind().status(), None, ItemProblem { code, detail })
        }
    };
    (0..).zip(batch.results).map(|(index, item): (u32, Item)| named((index, item))).collect()
}

/// Hands in scores of one owner for many boards. Each counts or is refused for itself, and can be retried for itself
/// under the same key.
#[utoipa::path(put, path = "/v1/leaderboards/owners/{owner}/scores", tag = "leaderboards", request_body = OwnerScores,
    params(("owner" = String, Path, description = "The owner")), responses(
    (status = 200, description = "What became of each", body = Results),
    ProblemBody,
))]
async fn submit_everywhere(
    State(door): State<Door>,
    Segments(owner): Segments<String>,
    Body(asked, new): Body<OwnerScores>,
) -> Result<Response, Undone> {
    let found = new.scores.len();
    if !(1..=BOARDS_LIMIT).contains(&found) {
        return Err(bad(format!("`scores` has 1 to {BOARDS_LIMIT} entries, not {found}")).into());
    }
    let commands = new.scores.into_iter().map(|score| {
        let board = score.board.clone();
        Command::SubmitScore(Submission { board, entry: score.entry(owner.clone()) })
    });
    let commands: Vec<Command> = commands.collect();
    for command in &commands {
        check(command)?;
    }
    let parts = spread::write::submit_all(&door, &asked, commands).await?;
    Ok(respond_many(StatusCode::OK, parts, |parts| Results { results: parts.into_iter().map(part).collect() }))
}

/// What became of one of many scores.
fn part(part: Result<Done<Outcome>, Undone>) -> ItemResult {
    match part {
        Ok(Done { outcome: Outcome::Submitted(submitted), positions, .. }) => {
            let submission = Some(submission_name(&positions));
            ItemResult { status: 200, submission, result: Some(submitted), problem: None }
        }
        Ok(_) => ItemResult::lost(&Problem::new(500, "internal", "a score brought what no score brings")),
        Err(Undone::Problem(problem)) => ItemResult::lost(&problem),
        Err(Undone::Accepted(positions)) => {
            let detail = format!("it is durable and not applied yet: ask /v1/outcomes/{positions}");
            let problem = ItemProblem { code: "accepted".to_owned(), detail };
            ItemResult::problem(202, Some(submission_name(&positions)), problem)
        }
    }
}

/// Lists entries from the top.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/entries", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), Which), responses(
    (status = 200, description = "The entries", body = Entries),
    ProblemBody,
))]
async fn entries(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Segments(board): Segments<String>,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    let of = Ranking { bucket: which.bucket, ..ranking(board, which.of()) };
    if !which.owner_ids.is_empty() {
        let read = spread::ask(&door, &asked, among(of, which)?).await?;
        return Ok(show(&door, "", read));
    }
    let scores = Bounds { min: which.min_score, max: which.max_score };
    let top_percent = which.top_percent;
    if top_percent.is_some_and(|part| !(1..=100).contains(&part)) {
        return Err(bad("`top_percent` is 1 to 100"));
    }
    let list = list(&of, scores, top_percent);
    let seek = seek(&door, &list, &which, &mut asked)?;
    let query = Query::Entries { of, seek, limit: limit(which.limit, ENTRIES)?, scores, top_percent };
    let read = spread::ask(&door, &asked, query).await?;
    Ok(show(&door, &list, read))
}

/// Shows an owner's entry.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/owners/{owner}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner"),
        Of), responses(
    (status = 200, description = "The entry", body = OwnEntry),
    ProblemBody,
))]
async fn owner(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, owner)): Segments<(String, String)>,
    Params(of): Params<Of>,
) -> Result<Response, Problem> {
    let read = spread::ask(&door, &asked, Query::Owner { of: ranking(board, of), owner }).await?;
    Ok(show(&door, "", read))
}

/// Takes an owner off a board: off the open epoch of each window.
#[utoipa::path(delete, path = "/v1/leaderboards/{board}/owners/{owner}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner")),
    responses(
    (status = 200, description = "It is off the board; the place and the score that it had", body = Deleted),
    ProblemBody,
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
    ProblemBody,
))]
async fn around(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, owner)): Segments<(String, String)>,
    Params(many): Params<HowMany>,
) -> Result<Response, Problem> {
    let mut of = ranking(board, many.of());
    let query = Query::Around { of: of.clone(), owner, limit: limit(many.limit, AROUND)? };
    let read = spread::ask(&door, &asked, query).await?;
    if let Answer::Page(page) = &read.answer {
        of.bucket = page.league.as_ref().map(|league| league.bucket);
    }
    let list = list(&of, Bounds::default(), None);
    Ok(show(&door, &list, read))
}

/// Shows the entry at a rank.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/ranks/{rank}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("rank" = u64, Path, description = "From 1"),
        OfBucket),
    responses(
    (status = 200, description = "The entry", body = OwnEntry),
    ProblemBody,
))]
async fn at_rank(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, rank)): Segments<(String, u64)>,
    Params(which): Params<OfBucket>,
) -> Result<Response, Problem> {
    let of = Ranking { bucket: which.bucket, ..ranking(board, which.of()) };
    let read = spread::ask(&door, &asked, Query::Rank { of, rank }).await?;
    Ok(show(&door, "", read))
}

/// Shows how the scores of a board are spread.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/stats", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), WhichStats), responses(
    (status = 200, description = "The statistics", body = Stats),
    ProblemBody,
))]
async fn stats(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(board): Segments<String>,
    Params(which): Params<WhichStats>,
) -> Result<Response, Problem> {
    let bars = which.bars.unwrap_or(STATS_BARS);
    if !(1..=STATS_BARS).contains(&bars) {
        return Err(bad(format!("`bars` is 1 to {STATS_BARS}, not {bars}")));
    }
    if which.ranks.len() > STATS_RANKS || which.ranks.contains(&0) {
        return Err(bad(format!("`ranks` names at most {STATS_RANKS} ranks, from 1")));
    }
    let of = ranking(board, Of { window: which.window, epoch: which.epoch, tie: None });
    let of = Ranking { bucket: which.bucket, ..of };
    let read = spread::ask(&door, &asked, Query::Stats { of, ranks: which.ranks, bars }).await?;
    Ok(show(&door, "", read))
}

/// Lists the epochs of a window that are open or kept, the newest first.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/epochs", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), WhichEpochs), responses(
    (status = 200, description = "The epochs", body = Epochs),
    ProblemBody,
))]
async fn epochs(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Segments(board): Segments<String>,
    Params(which): Params<WhichEpochs>,
) -> Result<Response, Problem> {
    let of = ranking(board, Of { window: which.window, epoch: None, tie: None });
    let list = format!("leaderboards/{}/epochs {}", of.board, of.window.name());
    let mut below = None;
    if let Some(cursor) = &which.cursor {
        let (number, seen): EpochCursor = door.open_cursor(&list, cursor)?;
        below = Some(number);
        asked.min_position.merge(&seen);
    }
    let limit = limit(which.limit, ENTRIES)?;
    let read = spread::ask(&door, &asked, Query::Epochs { of, below, limit }).await?;
    let seen = read.positions.clone();
    Ok(answer(read, |found| {
        let epochs = if let Answer::Epochs(epochs) = found { epochs } else { Vec::new() };
        let last = epochs.last().map(|last| last.epoch).filter(|last| *last > 0 && epochs.len() == limit as usize);
        let cursor = last.map(|last| door.seal_cursor::<EpochCursor>(&list, &(last, seen)));
        Epochs { epochs, cursor }
    }))
}

/// Ends the open epoch of a window now; the next one begins, empty.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/epochs:close", tag = "leaderboards", request_body = NewClosing,
    params(("board" = String, Path, description = "The board")), responses(
    (status = 200, description = "It has ended: how", body = EpochClosed),
    ProblemBody,
))]
async fn close_epoch(
    State(door): State<Door>,
    Segments(board): Segments<String>,
    Body(asked, new): Body<NewClosing>,
) -> Result<Response, Undone> {
    let closing = Closing { board, window: new.window.unwrap_or_default() };
    let done = tell(&door, &asked, Command::CloseEpoch(closing)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// What is wrong with a command whatever the state is, as a problem: that is not for the log to keep.
fn check(command: &Command) -> Result<(), Problem> {
    transition::check(command).map_err(|refusal: Rejection| Problem::refusal(&refusal))
}

/// Submits a command, unless it is wrong whatever the state is.
async fn tell(door: &Door, asked: &Asked, command: Command) -> Result<Done<Outcome>, Undone> {
    check(&command)?;
    spread::write::submit(door, asked, command).await
}

fn ranking(board: String, of: Of) -> Ranking {
    Ranking { board, window: of.window.unwrap_or_default(), epoch: of.epoch, tie: of.tie, bucket: None }
}

/// The name of a list, which its cursors are bound to.
fn list(of: &Ranking, scores: Bounds, top_percent: Option<u32>) -> String {
    format!("leaderboards/entries {of:?} {:?} {:?} {top_percent:?}", scores.min, scores.max)
}

fn among(of: Ranking, which: Which) -> Result<Query, Problem> {
    let with = [
        ("limit", which.limit.is_some()),
        ("cursor", which.cursor.is_some()),
        ("from_rank", which.from_rank.is_some()),
        ("bucket", which.bucket.is_some()),
    ];
    alone("owner_ids", &[&with, &filters(&which)[..]].concat())?;
    if which.owner_ids.len() > LIST_LIMIT as usize {
        return Err(bad(format!("`owner_ids` names at most {LIST_LIMIT} owners")));
    }
    Ok(Query::Among { of, owners: which.owner_ids })
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
    let Read { answer: found, positions } = read;
    let seal = |place: Place, back: bool| door.seal_cursor::<Cursor>(list, &(place, back, positions.clone()));
    match found {
        Answer::Board(board) => answer(Read { answer: board, positions }, |board| board),
        Answer::Entry(entry) => answer(Read { answer: entry, positions }, |entry| entry),
        Answer::Stats(stats) => answer(Read { answer: stats, positions }, |stats| stats),
        Answer::Epochs(epochs) => answer(Read { answer: epochs, positions }, |epochs| epochs),
        Answer::History(entries) => answer(Read { answer: entries, positions }, |entries| entries),
        Answer::Shard(_) => unreachable!("no path asks a shard"),
        Answer::Page(page) => {
            let cursor = page.next.map(|place| seal(place, false));
            let prev_cursor = page.prev.map(|place| seal(place, true));
            let league = page.league;
            answer(Read { answer: page.entries, positions }, |entries| Entries { entries, cursor, prev_cursor, league })
        }
    }
}
