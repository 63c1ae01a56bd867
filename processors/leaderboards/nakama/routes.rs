//! Nakama's paths for leaderboards: a request becomes the commands and queries of the own paths.

use super::bodies::{
    Account, Called, Empty, ErrorBody, NewRecord, Record, Records, Renewal, Session, Which, apart, long, named,
};
use super::session::{self, Claims, REFRESH_SECONDS, SESSION_SECONDS, Use};
use crate::leaderboards::{spread, transition};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Facade, Gate, LIST_LIMIT, ReadingNow, Segments, ServerKey, facade_error, facade_json, facade_query, facade_routes,
    facade_undone, not_covered,
};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestPartsExt as _};
use millrace_topics::leaderboards::{
    Answer, Board, Bounds, Command, Deletion, Entry, Epoch, NewEntry, Outcome, Page, Place, Query, Ranking, Seek,
    Submission, Submitted, Window,
};
use millrace_topics::position::Positions;
use millrace_topics::record::{Caller, Role};
use millrace_topics::time::Time;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The façade.
pub const FACADE: Facade =
    Facade { name: "nakama", gate: Gate::ServerKey, routes, problem: |problem| Failure(problem).into_response() };

/// The calls that are covered, as a client that makes another one is told.
pub const COVERED: [&str; 7] = [
    "POST /v2/account/authenticate/custom",
    "POST /v2/account/authenticate/device",
    "POST /v2/account/session/refresh",
    "DELETE /v2/leaderboard/{id}",
    "GET /v2/leaderboard/{id}",
    "POST /v2/leaderboard/{id}",
    "GET /v2/leaderboard/{id}/owner/{owner}",
];

/// The most records around an owner.
const AROUND_LIMIT: u32 = 100;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    let covered = OpenApiRouter::new()
        .routes(routes!(authenticate_device))
        .routes(routes!(authenticate_custom))
        .routes(routes!(refresh))
        .routes(routes!(list, write, delete))
        .routes(routes!(around));
    facade_routes(covered, &["/v2/{*rest}", "/healthcheck", "/ws"], uncovered)
}

async fn uncovered() -> Failure {
    Failure(not_covered(&COVERED))
}

/// A problem in Nakama's dialect.
struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        Self(facade_undone(undone))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = dialect(self.0.status);
        let Problem { detail, retry_after, .. } = self.0;
        facade_error(status, ErrorBody { code, error: detail.clone(), message: detail }, retry_after)
    }
}

/// The status and the code of gRPC that a problem's status becomes: Nakama has no other pairs.
pub(super) fn dialect(status: u16) -> (u16, u8) {
    match status {
        401 => (401, 16),
        403 => (403, 7),
        404 | 410 => (404, 5),
        409 => (409, 10),
        429 => (429, 8),
        501 => (501, 12),
        503 | 507 => (503, 14),
        408 | 504 => (504, 4),
        400..=499 => (400, 3),
        _ => (500, 13),
    }
}

fn invalid(detail: impl Into<String>) -> Failure {
    Failure(Problem::bad_request("invalid_argument", detail))
}

fn confused() -> Failure {
    Failure(Problem::new(500, "internal", "the board answered what was not asked"))
}

/// JSON whatever the content type says; unknown fields are ignored.
struct Given<T>(T);

impl<T: DeserializeOwned> FromRequest<Door> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Failure> {
        facade_json(request, door).await.map(Self).map_err(invalid)
    }
}

/// Parameters of the query string; unknown ones are ignored.
struct Queried<T>(T);

impl<T: DeserializeOwned> FromRequestParts<Door> for Queried<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Failure> {
        facade_query(parts).map(Self).map_err(invalid)
    }
}

fn authorization(parts: &Parts) -> &str {
    parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A client that knows the server key.
struct Client;

impl FromRequestParts<Door> for Client {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let key = parts.extensions.get::<ServerKey>();
        let known = key.is_some_and(|key| session::knows(door, &key.0, authorization(parts)));
        known.then_some(Self).ok_or_else(|| Failure(Problem::new(401, "bad_server_key", "Server key invalid")))
    }
}

/// A user with a session, and what it asks.
struct Player {
    asked: Asked,
    name: String,
}

impl FromRequestParts<Door> for Player {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let bad = || Failure(Problem::new(401, "bad_session", "Auth token invalid"));
        let (scheme, token) = authorization(parts).split_once(' ').ok_or_else(bad)?;
        let claims = session::read(&Use::Session.key(door), token.trim(), seconds(door.now()));
        let claims = claims.filter(|_| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(bad)?;
        let ReadingNow(asked) = parts.extract().await?;
        let caller = Caller { id: claims.uid, role: Role::User };
        Ok(Self { asked: Asked { caller, wait: None, ..asked }, name: claims.usn })
    }
}

fn seconds(time: Time) -> u64 {
    time.0 / 1000
}

/// Opens a session for who knows the id of a device.
#[utoipa::path(post, path = "/v2/account/authenticate/device", operation_id = "nakama.authenticate_device", tag = "nakama",
    security(("nakama_server_key" = [])), params(Called), request_body = Account, responses(
    (status = 200, description = "The session", body = Session), (status = "default", description = "An error", body = ErrorBody),
))]
async fn authenticate_device(
    _: Client,
    State(door): State<Door>,
    Queried(called): Queried<Called>,
    Given(account): Given<Account>,
) -> Result<Json<Session>, Failure> {
    check_text("Device ID", &account.id, 10)?;
    authenticate(&door, "device", &account.id, called.username)
}

/// Opens a session for who knows a custom id.
#[utoipa::path(post, path = "/v2/account/authenticate/custom", operation_id = "nakama.authenticate_custom", tag = "nakama",
    security(("nakama_server_key" = [])), params(Called), request_body = Account, responses(
    (status = 200, description = "The session", body = Session), (status = "default", description = "An error", body = ErrorBody),
))]
async fn authenticate_custom(
    _: Client,
    State(door): State<Door>,
    Queried(called): Queried<Called>,
    Given(account): Given<Account>,
) -> Result<Json<Session>, Failure> {
    check_text("Custom ID", &account.id, 6)?;
    authenticate(&door, "custom", &account.id, called.username)
}

/// Renews a session.
#[utoipa::path(post, path = "/v2/account/session/refresh", operation_id = "nakama.refresh_session", tag = "nakama",
    security(("nakama_server_key" = [])), request_body = Renewal, responses(
    (status = 200, description = "The session", body = Session), (status = "default", description = "An error", body = ErrorBody),
))]
async fn refresh(
    _: Client,
    State(door): State<Door>,
    Given(renewal): Given<Renewal>,
) -> Result<Json<Session>, Failure> {
    let claims = session::read(&Use::Refresh.key(&door), &renewal.token, seconds(door.now()));
    let bad = || Failure(Problem::new(401, "bad_session", "Refresh token invalid or expired."));
    let Claims { uid, usn, .. } = claims.ok_or_else(bad)?;
    Ok(open(&door, &uid, &usn))
}

/// What Nakama asks of ids and names.
fn check_text(what: &str, text: &str, least: usize) -> Result<(), Failure> {
    if !(least..=128).contains(&text.len()) {
        return Err(invalid(format!("{what} invalid, must be {least}-128 bytes.")));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(invalid(format!("{what} invalid, no spaces or control characters allowed.")));
    }
    Ok(())
}

fn authenticate(door: &Door, kind: &str, id: &str, name: Option<String>) -> Result<Json<Session>, Failure> {
    let user = session::user_id(door, kind, id);
    let name = match name.filter(|name| !name.is_empty()) {
        Some(name) => check_text("Username", &name, 1).map(|()| name)?,
        None => session::default_name(door, &user),
    };
    Ok(open(door, &user, &name))
}

fn open(door: &Door, user: &str, name: &str) -> Json<Session> {
    let now = seconds(door.now());
    let token = |of: Use, seconds: u64| {
        session::token(&of.key(door), &Claims { exp: now + seconds, uid: user.to_owned(), usn: name.to_owned() })
    };
    let (token, refresh_token) = (token(Use::Session, SESSION_SECONDS), token(Use::Refresh, REFRESH_SECONDS));
    Json(Session { token, refresh_token })
}

/// Writes a score of the user.
#[utoipa::path(post, path = "/v2/leaderboard/{id}", operation_id = "nakama.write_record", tag = "nakama",
    security(("nakama_session" = [])), request_body = NewRecord,
    params(("id" = String, Path, description = "The board")), responses(
    (status = 200, description = "The record", body = Record), (status = "default", description = "An error", body = ErrorBody),
))]
async fn write(
    Player { mut asked, name }: Player,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(new): Given<NewRecord>,
) -> Result<Json<Record>, Failure> {
    let board = board(&door, &asked, &id).await?;
    let of = Ranking::of(&id);
    let owner = asked.caller.id.clone();
    let given = match new.metadata.filter(|text| !text.is_empty()) {
        Some(text) => text,
        // What is not written again stays, and the name goes into it.
        None => apart(entry(&door, &asked, &of, &owner).await?.and_then(|entry| entry.metadata).as_ref()).1,
    };
    let metadata = named(&given, &name).ok_or_else(|| invalid("Metadata value must be JSON, if provided."))?;
    let subscores = subscores(new.subscore.0, board.definition.columns.len());
    let metadata = Some(metadata);
    let new = NewEntry { owner: owner.clone(), score: new.score.0, subscores, operator: new.operator, metadata };
    let done = tell(&door, &asked, Command::SubmitScore(Submission { board: id.clone(), entry: new })).await?;
    asked.min_position.merge(&done.positions);
    let Outcome::Submitted(submitted) = done.outcome else { return Err(confused()) };
    let record = match entry(&door, &asked, &of, &owner).await? {
        Some(entry) => Record::of(&id, entry),
        // Who is hidden has no place, and is not told so.
        None => unplaced(submitted, name),
    };
    let season = Season::open(&board);
    Ok(Json(season.dated(record, &board)))
}

/// A board has any number of subscores, a client of Nakama knows one.
pub(super) fn subscores(subscore: i64, columns: usize) -> Vec<i64> {
    let mut subscores = vec![0; columns];
    match subscores.first_mut() {
        Some(first) => *first = subscore,
        // The board refuses it.
        None if subscore != 0 => subscores.push(subscore),
        None => {}
    }
    subscores
}

fn unplaced(submitted: Submitted, name: String) -> Record {
    Record {
        leaderboard_id: submitted.board,
        owner_id: submitted.owner,
        username: Some(name),
        score: long(submitted.score),
        subscore: long(submitted.subscores.first().copied().unwrap_or_default()),
        num_score: submitted.attempts,
        metadata: "{}".to_owned(),
        ..Record::default()
    }
}

/// Deletes the record of the user.
#[utoipa::path(delete, path = "/v2/leaderboard/{id}", operation_id = "nakama.delete_record", tag = "nakama",
    security(("nakama_session" = [])),
    params(("id" = String, Path, description = "The board")), responses(
    (status = 200, description = "It is not there", body = Empty), (status = "default", description = "An error", body = ErrorBody),
))]
async fn delete(
    Player { mut asked, .. }: Player,
    State(door): State<Door>,
    Segments(id): Segments<String>,
) -> Result<Json<Empty>, Failure> {
    if board(&door, &asked, &id).await?.definition.authoritative {
        let detail = "Leaderboard only allows authoritative score deletions.";
        return Err(Failure(Problem::new(403, "authoritative", detail)));
    }
    let owner = asked.caller.id.clone();
    // On the own paths only servers delete. This is one, and it deletes what is the user's own.
    asked.caller.role = Role::Server;
    match tell(&door, &asked, Command::DeleteOwner(Deletion { board: id, owner })).await {
        Err(Failure(problem)) if problem.code == "unknown_owner" => Ok(Json(Empty {})),
        deleted => deleted.map(|_| Json(Empty {})),
    }
}

/// Lists records from the top, and those of owners.
#[utoipa::path(get, path = "/v2/leaderboard/{id}", operation_id = "nakama.list_records", tag = "nakama",
    security(("nakama_session" = [])),
    params(("id" = String, Path, description = "The board"), Which), responses(
    (status = 200, description = "The records", body = Records), (status = "default", description = "An error", body = ErrorBody),
))]
async fn list(
    Player { mut asked, .. }: Player,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Queried(which): Queried<Which>,
) -> Result<Json<Records>, Failure> {
    let listed =
        which.owner_ids.is_empty() || said(which.limit.as_ref()).is_some() || said(which.cursor.as_ref()).is_some();
    let limit = limit(which.limit.as_ref(), LIST_LIMIT)?;
    let board = board(&door, &asked, &id).await?;
    let Some(season) = Season::find(&door, &asked, &board, which.expiry.as_ref()).await? else {
        return Ok(Json(Records::default()));
    };
    let mut records = season.records();
    for entry in owners(&door, &asked, &season.of, which.owner_ids).await? {
        records.owner_records.push(season.record(&board, entry));
    }
    if listed {
        season.fill(&door, &mut asked, &board, which.cursor.as_ref(), limit, &mut records).await?;
    }
    Ok(Json(records))
}

/// Lists the records around an owner.
#[utoipa::path(get, path = "/v2/leaderboard/{id}/owner/{owner}", operation_id = "nakama.list_around", tag = "nakama",
    security(("nakama_session" = [])),
    params(("id" = String, Path, description = "The board"), ("owner" = String, Path, description = "The owner"), Which),
    responses(
    (status = 200, description = "The records", body = Records), (status = "default", description = "An error", body = ErrorBody),
))]
async fn around(
    Player { mut asked, .. }: Player,
    State(door): State<Door>,
    Segments((id, owner)): Segments<(String, String)>,
    Queried(which): Queried<Which>,
) -> Result<Json<Records>, Failure> {
    let limit = limit(which.limit.as_ref(), AROUND_LIMIT)?;
    let board = board(&door, &asked, &id).await?;
    let Some(season) = Season::find(&door, &asked, &board, which.expiry.as_ref()).await? else {
        return Ok(Json(Records::default()));
    };
    let mut records = season.records();
    if said(which.cursor.as_ref()).is_some() {
        season.fill(&door, &mut asked, &board, which.cursor.as_ref(), limit, &mut records).await?;
        return Ok(Json(records));
    }
    match spread::ask(&door, &asked, Query::Around { of: season.of.clone(), owner, limit }).await {
        Ok(Read { answer: Answer::Page(page), positions }) => {
            season.show(&door, &board, page, &positions, &mut records);
        }
        // Nakama has nothing around who is not there.
        Err(problem) if problem.code == "unknown_owner" => {}
        Ok(_) => return Err(confused()),
        Err(problem) => return Err(problem.into()),
    }
    Ok(Json(records))
}

fn said(parameter: Option<&String>) -> Option<&str> {
    parameter.map(String::as_str).filter(|text| !text.is_empty())
}

/// How many records are asked for: one unless said, as Nakama has it.
fn limit(asked: Option<&String>, most: u32) -> Result<u32, Failure> {
    let Some(text) = said(asked) else { return Ok(1) };
    let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| invalid(format!("Invalid limit - limit must be between 1 and {most}.")))
}

/// An epoch of a board's window `all`.
struct Season {
    of: Ranking,
    members: u64,
    ends: Option<Time>,
}

impl Season {
    fn of(board: &Board, epoch: &Epoch) -> Self {
        let of = Ranking { epoch: Some(epoch.epoch), ..Ranking::of(&board.definition.id) };
        Self { of, members: epoch.members, ends: epoch.closed_at.or(epoch.closes_at) }
    }

    fn open(board: &Board) -> Self {
        let all = board.open.iter().find(|epoch| epoch.window == Window::All);
        Self::of(board, all.expect("each board has the window `all`"))
    }

    /// The open one, or that which ended in the second that is asked for.
    async fn find(door: &Door, asked: &Asked, board: &Board, expiry: Option<&String>) -> Result<Option<Self>, Failure> {
        let open = Self::open(board);
        let Some(text) = said(expiry).filter(|text| *text != "0") else { return Ok(Some(open)) };
        let second: u64 = text.parse().map_err(|_| invalid("Invalid expiry - it is a second since 1970."))?;
        if open.ends.map(seconds) == Some(second) {
            return Ok(Some(open));
        }
        let of = Ranking::of(&board.definition.id);
        let read = spread::ask(door, asked, Query::Epochs { of, below: None, limit: LIST_LIMIT }).await?;
        let Answer::Epochs(epochs) = read.answer else { return Err(confused()) };
        let ended = epochs.iter().find(|epoch| epoch.closed_at.map(seconds) == Some(second));
        Ok(ended.map(|epoch| Self::of(board, epoch)))
    }

    fn dated(&self, record: Record, board: &Board) -> Record {
        let max_num_score = board.definition.tournament.and_then(|tournament| tournament.max_attempts);
        Record { expiry_time: self.ends, max_num_score, ..record }
    }

    fn record(&self, board: &Board, entry: Entry) -> Record {
        self.dated(Record::of(&board.definition.id, entry), board)
    }

    fn records(&self) -> Records {
        Records { rank_count: long(self.members.try_into().unwrap_or(i64::MAX)), ..Records::default() }
    }

    /// The name of the list, which its cursors are bound to.
    fn list(&self) -> String {
        format!("nakama/records {:?}", self.of)
    }

    /// Fills in a page of the list.
    async fn fill(
        &self,
        door: &Door,
        asked: &mut Asked,
        board: &Board,
        cursor: Option<&String>,
        limit: u32,
        records: &mut Records,
    ) -> Result<(), Failure> {
        let mut seek = Seek::Top;
        if let Some(cursor) = said(cursor) {
            let opened = door.open_cursor::<(Place, bool, Positions)>(&self.list(), cursor);
            let (place, back, seen) = opened.map_err(|_| invalid("Cursor is invalid or expired."))?;
            asked.min_position.merge(&seen);
            seek = if back { Seek::Before(place) } else { Seek::After(place) };
        }
        let query = Query::Entries { of: self.of.clone(), seek, limit, scores: Bounds::default(), top_percent: None };
        let read = spread::ask(door, asked, query).await?;
        let Answer::Page(page) = read.answer else { return Err(confused()) };
        self.show(door, board, page, &read.positions, records);
        Ok(())
    }

    fn show(&self, door: &Door, board: &Board, page: Page, positions: &Positions, records: &mut Records) {
        let seal = |place: Place, back: bool| door.seal_cursor(&self.list(), &(place, back, positions.clone()));
        records.next_cursor = page.next.map(|place| seal(place, false));
        records.prev_cursor = page.prev.map(|place| seal(place, true));
        records.records = page.entries.into_iter().map(|entry| self.record(board, entry)).collect();
    }
}

async fn board(door: &Door, asked: &Asked, id: &str) -> Result<Board, Failure> {
    match spread::ask(door, asked, Query::Board { board: id.to_owned() }).await {
        Ok(Read { answer: Answer::Board(board), .. }) => Ok(*board),
        Ok(_) => Err(confused()),
        Err(problem) if problem.code == "unknown_board" => {
            Err(Failure(Problem { detail: "Leaderboard not found.".to_owned(), ..problem }))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The entry of an owner, if it has one that is seen.
async fn entry(door: &Door, asked: &Asked, of: &Ranking, owner: &str) -> Result<Option<Entry>, Failure> {
    match spread::ask(door, asked, Query::Owner { of: of.clone(), owner: owner.to_owned() }).await {
        Ok(Read { answer: Answer::Entry(own), .. }) => Ok(Some(own.entry)),
        Ok(_) => Err(confused()),
        Err(problem) if problem.code == "unknown_owner" => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// The entries of owners, by rank among all.
async fn owners(door: &Door, asked: &Asked, of: &Ranking, ids: Vec<String>) -> Result<Vec<Entry>, Failure> {
    if ids.len() > LIST_LIMIT as usize {
        return Err(invalid(format!("Invalid owner IDs - at most {LIST_LIMIT} are allowed.")));
    }
    let ids: BTreeSet<String> = ids.into_iter().collect();
    let found = ids.iter().map(|id| entry(door, asked, of, id));
    let found: Result<Vec<_>, _> = futures_util::future::join_all(found).await.into_iter().collect();
    let mut entries: Vec<Entry> = found?.into_iter().flatten().collect();
    entries.sort_by_key(|entry| entry.rank);
    Ok(entries)
}

/// Submits a command, unless it is wrong whatever the state is.
async fn tell(door: &Door, asked: &Asked, command: Command) -> Result<Done<Outcome>, Failure> {
    transition::check(&command).map_err(|refusal| Problem::refusal(&refusal))?;
    Ok(spread::write::submit(door, asked, command).await?)
}
