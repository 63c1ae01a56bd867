//! The HTTP paths of what concerns an owner everywhere, and of submissions that are voided.

use crate::leaderboards::Boards;
use crate::leaderboards::bodies::submission_name;
use crate::leaderboards::moderation::{OwnerAnswer, PartAnswer};
use crate::leaderboards::shard::home_of;
use crate::leaderboards::spread;
use crate::leaderboards::transition;
use crate::runtime::door::{Asked, Done, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Params, ProblemBody, Reading, Segments, Writing, action, answer, respond, respond_many, unknown_action,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::contract;
use millrace_topics::leaderboards::{
    Answer, Command, Erasure, Joined, Joining, KeptSubmission, Leaderboards, Outcome, Owner, Query, Ranking, Voided,
    Voiding, Window,
};
use millrace_topics::position::Position;
use millrace_topics::record::{Record, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(void))
        .routes(routes!(owner_history))
        .routes(routes!(join))
        .routes(routes!(owner_action, erase))
}

/// Which ranking's history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichHistory {
    /// `all` unless said.
    window: Option<Window>,
    /// The open one unless said.
    epoch: Option<u32>,
}

/// The last submissions of an owner.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::History)]
struct History {
    /// The newest first; as many as the board keeps.
    submissions: Vec<KeptSubmission>,
}

/// `…:void` makes a submission not count any more, in every window whose open epoch keeps it: what is left is what
/// would be without it. Twice is once.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/submissions/{submission}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"),
        ("submission" = String, Path, description = "Its name and what to do: partition@offset:void, in a batch partition@offset.item:void")),
    responses(
    (status = 200, description = "It does not count; what that changed", body = Voided),
    ProblemBody,
))]
async fn void(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((board, named)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (name, verb) = action(&named)?;
    if verb != "void" {
        return Err(unknown_action(verb).into());
    }
    let (owner, stamp) = find(&door, &board, name).await?;
    let done = tell(&door, &asked, Command::VoidSubmission(Voiding { board, owner, stamp })).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Whose submission it is, and its stamp: the log is the index.
async fn find(door: &Door, board: &str, name: &str) -> Result<(String, Stamp), Problem> {
    let unknown = || Problem::new(404, "unknown_submission", format!("{name} is no submission to this board"));
    let (place, item) = match name.split_once('.') {
        Some((place, item)) => (place, Some(item.parse::<u32>().map_err(|_| unknown())?)),
        None => (name, None),
    };
    let position: Position = format!("leaderboards/{place}").parse().map_err(|_| unknown())?;
    let raw = door.record(&position).await?.ok_or_else(unknown)?;
    let record = Record::read(&raw, position.partition).map_err(|_| unknown())?;
    let stamp = record.header.stamp;
    match (contract::command::<Leaderboards>(&record).map_err(|_| unknown())?, item) {
        (Command::SubmitScore(submission), None) if home_of(&submission.board) == board => {
            Ok((submission.entry.owner, stamp))
        }
        (Command::SubmitScores(batch), Some(item)) if home_of(&batch.board) == board => {
            let stamp = batch.stamp(item, stamp);
            let entry = batch.entries.into_iter().nth(item as usize).ok_or_else(unknown)?;
            Ok((entry.owner, stamp))
        }
        _ => Err(unknown()),
    }
}

/// Lists the last submissions of an owner to a board.
#[utoipa::path(get, path = "/v1/leaderboards/{board}/owners/{owner}/history", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner"),
        WhichHistory), responses(
    (status = 200, description = "The submissions", body = History),
    ProblemBody,
))]
async fn owner_history(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((board, owner)): Segments<(String, String)>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let of = Ranking { board, window: which.window.unwrap_or_default(), epoch: which.epoch, tie: None, bucket: None };
    let read = spread::ask(&door, &asked, Query::History { of, owner }).await?;
    Ok(answer(read, |found| match found {
        Answer::History(entries) => History { submissions: entries },
        _ => History { submissions: Vec::new() },
    }))
}

/// `…:join` lets an owner take part in a tournament.
#[utoipa::path(post, path = "/v1/leaderboards/{board}/owners/{owner}", tag = "leaderboards",
    params(("board" = String, Path, description = "The board"), ("owner" = String, Path, description = "owner:join")),
    responses(
    (status = 200, description = "It takes part", body = Joined),
    ProblemBody,
))]
async fn join(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((board, named)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (owner, verb) = action(&named)?;
    if verb != "join" {
        return Err(unknown_action(verb).into());
    }
    let done = tell(&door, &asked, Command::Join(Joining { board, owner: owner.to_owned() })).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// `…:hide` takes an owner out of every board, `…:show` puts it back at its place, `…:erase` forgets who it was.
#[utoipa::path(post, path = "/v1/leaderboards/owners/{owner}", tag = "leaderboards",
    params(("owner" = String, Path, description = "owner:hide, owner:show or owner:erase")),
    responses(
    (status = 200, description = "What became of it in each partition", body = OwnerAnswer),
    ProblemBody,
))]
async fn owner_action(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(named): Segments<String>,
) -> Result<Response, Undone> {
    let (owner, verb) = action(&named)?;
    let owner = owner.to_owned();
    let command = match verb {
        "hide" => Command::HideOwner(Owner { owner }),
        "show" => Command::ShowOwner(Owner { owner }),
        "erase" => return everywhere(&door, &asked, erasure(&door, owner)).await,
        other => return Err(unknown_action(other).into()),
    };
    everywhere(&door, &asked, command).await
}

/// Forgets who an owner was. What has ended keeps its place under a pseudonym; the log still has the name.
#[utoipa::path(delete, path = "/v1/leaderboards/owners/{owner}", tag = "leaderboards",
    params(("owner" = String, Path, description = "The owner")), responses(
    (status = 200, description = "What became of it in each partition", body = OwnerAnswer),
    ProblemBody,
))]
async fn erase(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(owner): Segments<String>,
) -> Result<Response, Undone> {
    let command = erasure(&door, owner);
    everywhere(&door, &asked, command).await
}

/// The same owner has the same pseudonym everywhere, and nobody without the cluster's secret can tell whose it is.
fn erasure(door: &Door, owner: String) -> Command {
    let digits: String =
        door.sign(&[b"erase", owner.as_bytes()])[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Command::EraseOwner(Erasure { owner, pseudonym: Some(format!("erased-{digits}")) })
}

/// Submits a command to every partition. Where all refuse it alike, that is the answer.
async fn everywhere(door: &Door, asked: &Asked, command: Command) -> Result<Response, Undone> {
    check(&command)?;
    let parts = door.submit_everywhere::<Boards>(asked, &command).await;
    let refused = |part: &Result<Done<Outcome>, Undone>| matches!(part, Err(Undone::Problem(_)));
    if parts.iter().all(refused) {
        let first = parts.into_iter().next().expect("there is a partition");
        return first.map(|done| respond(StatusCode::OK, done, |outcome| outcome));
    }
    Ok(respond_many(StatusCode::OK, parts, |parts| OwnerAnswer { partitions: (0..).zip(parts).map(part).collect() }))
}

fn part((partition, part): (u32, Result<Done<Outcome>, Undone>)) -> PartAnswer {
    let (status, code, position) = match part {
        Ok(done) => (200, None, Some(done.positions)),
        Err(Undone::Accepted(positions)) => (202, None, Some(positions)),
        Err(Undone::Problem(problem)) => (problem.status, Some(problem.code), None),
    };
    PartAnswer { partition, status, code, position: position.map(|at| submission_name(&at)) }
}

fn check(command: &Command) -> Result<(), Problem> {
    transition::check(command).map_err(|refusal| Problem::refusal(&refusal))
}

async fn tell(door: &Door, asked: &Asked, command: Command) -> Result<Done<Outcome>, Undone> {
    check(&command)?;
    spread::write::submit(door, asked, command).await
}
