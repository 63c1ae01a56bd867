//! The paths of the door: tickets that are shown, scans that are brought later, and what was shown by two.

use crate::runtime::door::{Asked, Done, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, Params, ProblemBody, ReadingNow, Segments, answer, limit, respond, respond_many};
use crate::tickets::Ticketing;
use crate::tickets::bodies::{
    ConflictsBody, KeyBody, KeysBody, LaterScan, NewScan, NewScans, ScannedOne, ScansBody, TicketAnswer, WhichHistory,
};
use crate::tickets::scans::code;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::position::Positions;
use millrace_topics::record::Role;
use millrace_topics::tickets::{
    Answer, Command, OnOrder, Outcome, Query, Rejection, Scan, ScanResult, ScanView, Scanning, read_ticket_id,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(bring)).routes(routes!(conflicts))
}

/// Those for everybody.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(keys))
}

/// Says with which key codes of tickets can be checked without a connection: a JSON Web Key Set. A code is a ticket's id, its
/// issue and a signature (Ed25519, base64url), with dots between them; signed are `millrace ticket `, the id, a dot and the
/// issue.
#[utoipa::path(get, path = "/v1/tickets/keys", tag = "tickets", responses(
    (status = 200, description = "The keys", body = KeysBody),
    ProblemBody,
))]
async fn keys(State(door): State<Door>) -> axum::Json<KeysBody> {
    axum::Json(KeysBody { keys: vec![KeyBody::ed25519(code::public_key(&door))] })
}

/// The most scans that a scanner brings at once.
const SCANS_LIMIT: usize = 1000;

/// How many conflicts are given unless another number is asked for.
const LISTED: u32 = 100;

/// What was shown: a ticket that a code or its id names, or nothing that could be one.
fn shown(door: &Door, ticket: Option<&str>, code: Option<&str>, scan: Scan) -> Option<Scanning> {
    let (named, issue) = match code {
        Some(text) => code::read(door, text).map(|(id, issue)| (id, Some(issue)))?,
        None => (ticket?, None),
    };
    let is_other = ticket.is_some_and(|ticket| ticket != named);
    let (event, order, number) = read_ticket_id(named).filter(|_| !is_other)?;
    Some(Scanning { on: OnOrder { event: event.to_owned(), order }, ticket: number, issue, scan })
}

/// What is answered where nothing was shown that could be a ticket.
fn forged(ticket: String) -> ScanView {
    ScanView { ticket, result: ScanResult::Invalid, seat: None, holder: None, first: None, redeemed_at: None }
}

fn scanned(outcome: Outcome) -> ScanView {
    match outcome {
        Outcome::Scanned(view) => view,
        _ => unreachable!("a ticket was shown"),
    }
}

/// Lets somebody in, or says why not.
pub(in crate::tickets) async fn check_in(
    door: &Door,
    asked: &Asked,
    ticket: &str,
    new: NewScan,
) -> Result<Response, Undone> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired).into());
    }
    let scan = Scan { scanner: new.scanner, nonce: new.nonce, time: new.time };
    let Some(scanning) = shown(door, Some(ticket), new.code.as_deref(), scan) else {
        let done = Done { outcome: forged(ticket.to_owned()), positions: Positions::default(), replayed: false };
        return Ok(respond(StatusCode::OK, done, TicketAnswer::Scanned));
    };
    let done = door.submit::<Ticketing>(asked, &Command::CheckIn(Box::new(scanning))).await?;
    Ok(respond(StatusCode::OK, done, |outcome| TicketAnswer::Scanned(scanned(outcome))))
}

/// Takes scans that a scanner without a connection has made. Each is judged for itself, in the order in which the log has
/// them; brought twice they are one.
#[utoipa::path(post, path = "/v1/tickets/scans", tag = "tickets", request_body = NewScans, responses(
    (status = 200, description = "What becomes of each", body = ScansBody),
    ProblemBody,
))]
async fn bring(State(door): State<Door>, Body(asked, new): Body<NewScans>) -> Result<Response, Undone> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired).into());
    }
    if new.scans.is_empty() || new.scans.len() > SCANS_LIMIT {
        let detail = format!("1 to {SCANS_LIMIT} scans are brought at once");
        return Err(Problem::refusal(&Rejection::BadRequest(detail)).into());
    }
    let codes: Vec<String> = new.scans.iter().map(|one| one.code.clone()).collect();
    let found = new.scans.into_iter().map(|LaterScan { code, nonce, time }| {
        shown(&door, None, Some(&code), Scan { scanner: new.scanner.clone(), nonce, time })
    });
    let found: Vec<Option<Command>> =
        found.map(|scanning| scanning.map(|scanning| Command::CheckIn(Box::new(scanning)))).collect();
    let commands: Vec<Command> = found.iter().flatten().cloned().collect();
    let parts = door.submit_all::<Ticketing>(&asked, &commands).await;
    Ok(respond_many(StatusCode::OK, parts, |parts| {
        let mut parts = parts.into_iter();
        let results = found.into_iter().zip(codes).map(|(known, code)| match known.and_then(|_| parts.next()) {
            None => ScannedOne { scanned: Some(forged(code)), problem: None },
            Some(Ok(done)) => ScannedOne { scanned: Some(scanned(done.outcome)), problem: None },
            Some(Err(Undone::Problem(problem))) => ScannedOne { scanned: None, problem: Some(problem.code) },
            Some(Err(Undone::Accepted(_))) => ScannedOne { scanned: None, problem: Some("pending".to_owned()) },
        });
        ScansBody { results: results.collect() }
    }))
}

/// Lists tickets that were shown by two.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/conflicts", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichHistory), responses(
    (status = 200, description = "The conflicts, in the order of the log", body = ConflictsBody),
    ProblemBody,
))]
async fn conflicts(
    State(door): State<Door>,
    ReadingNow(asked): ReadingNow,
    Segments(event): Segments<String>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired));
    }
    let scope = format!("tickets/{event}/conflicts");
    let after = which.cursor.map(|cursor| door.open_cursor::<u32>(&scope, &cursor)).transpose()?.unwrap_or(0);
    let query = Query::Conflicts { event, limit: limit(which.limit, LISTED)?, after };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Conflicts(conflicts, next) => {
            ConflictsBody { conflicts, cursor: next.map(|next| door.seal_cursor(&scope, &next)) }
        }
        _ => unreachable!("conflicts were asked for"),
    }))
}
