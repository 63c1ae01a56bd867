//! The paths of seats.io: a request becomes the commands and queries of the own paths.

use super::given::{Change, NewEvent, NewHoldToken, Object, WhichObjects, WhichPage};
use super::refusal::ErrorBody;
use super::shown::{
    BestBody, CHANGES_OF_HOLD, Changed, EventBody, HoldToken, Note, ObjectBody, StatusChanges, changes,
};
use super::token;
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Facade, Gate, ReadingNow, Segments, facade_error, facade_json, facade_query, facade_routes, facade_undone,
    not_covered,
};
use crate::runtime::tokens::hash;
use crate::tickets::Ticketing;
use crate::tickets::seats::SEATS_LIMIT;
use axum::Json;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use millrace_topics::record::Role;
use millrace_topics::tickets::{
    Answer, Best, Command, EventPlan, Outcome, Published, Query, Rejection, SeatHistory, SeatStatus, Seated, Seating,
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The façade. The secret key is an API key.
pub const FACADE: Facade =
    Facade { name: "seatsio", gate: Gate::BasicKey, routes, problem: |problem| Failure(problem).into_response() };

/// The calls that are covered, as a client that makes another one is told.
pub const COVERED: [&str; 8] = [
    "POST /hold-tokens",
    "GET /hold-tokens/{token}",
    "POST /events",
    "GET /events/{key}",
    "POST /events/groups/actions/change-object-status",
    "POST /events/{key}/actions/change-object-status",
    "GET /events/{key}/objects",
    "GET /events/{key}/objects/{label}/status-changes",
];

/// How long a hold token is good unless said, and at most, in minutes.
const MINUTES: u64 = 15;
const MINUTES_LIMIT: u64 = 1440;

/// How many changes are given unless another number is asked for, and at most.
const LISTED: u32 = 20;
const LISTED_LIMIT: u32 = 100;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    let covered = OpenApiRouter::new()
        .routes(routes!(create_hold_token))
        .routes(routes!(hold_token))
        .routes(routes!(create_event))
        .routes(routes!(event))
        .routes(routes!(change_objects))
        .routes(routes!(change_best))
        .routes(routes!(objects))
        .routes(routes!(status_changes));
    let beyond =
        ["/events/{key}/{*rest}", "/hold-tokens/{token}/{*rest}", "/charts", "/charts/{*rest}", "/reports/{*rest}"];
    facade_routes(covered, &beyond, uncovered)
}

async fn uncovered() -> Failure {
    Failure(not_covered(&COVERED))
}

/// A problem in the dialect of seats.io.
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
        let (status, body) = ErrorBody::of(&self.0);
        facade_error(status, body, self.0.retry_after)
    }
}

fn refused(rejection: &Rejection) -> Failure {
    Failure(Problem::refusal(rejection))
}

/// JSON whatever the content type says; unknown fields are ignored, and no body is an empty one.
struct Given<T>(T);

impl<T: DeserializeOwned> FromRequest<Door> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Failure> {
        facade_json(request, door).await.map(Self).map_err(|fault| Failure(Problem::bad_request("bad_body", fault)))
    }
}

/// Parameters of the query string; unknown ones are ignored.
struct Queried<T>(T);

impl<T: DeserializeOwned> FromRequestParts<Door> for Queried<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Failure> {
        facade_query(parts).map(Self).map_err(|fault| Failure(Problem::bad_request("bad_parameter", fault)))
    }
}

/// Who asks: a box office.
struct Office(Asked);

impl FromRequestParts<Door> for Office {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let ReadingNow(asked) = parts.extract_with_state(door).await?;
        if asked.caller.role == Role::User {
            return Err(refused(&Rejection::RoleRequired));
        }
        Ok(Self(asked))
    }
}

/// Makes a hold token.
#[utoipa::path(post, path = "/hold-tokens", tag = "seatsio", request_body = NewHoldToken, responses(
    (status = 201, description = "The token", body = HoldToken),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn create_hold_token(
    State(door): State<Door>,
    Office(asked): Office,
    Given(new): Given<NewHoldToken>,
) -> Result<(StatusCode, Json<HoldToken>), Failure> {
    let minutes = new.expires_in_minutes.unwrap_or(MINUTES);
    if !(1..=MINUTES_LIMIT).contains(&minutes) {
        let fault = format!("expiresInMinutes is 1 to {MINUTES_LIMIT}");
        return Err(Failure(Problem::bad_request("bad_body", fault)));
    }
    let token = token::make(&door, &asked, door.now().plus(minutes * 60_000));
    Ok((StatusCode::CREATED, Json(show_token(&door, token)?)))
}

/// Shows a hold token.
#[utoipa::path(get, path = "/hold-tokens/{token}", tag = "seatsio",
    params(("token" = String, Path, description = "The token")), responses(
    (status = 200, description = "The token", body = HoldToken),
    (status = 404, description = "An error", body = ErrorBody)))]
async fn hold_token(
    State(door): State<Door>,
    Office(_): Office,
    Segments(token): Segments<String>,
) -> Result<Json<HoldToken>, Failure> {
    show_token(&door, token).map(Json)
}

fn show_token(door: &Door, token: String) -> Result<HoldToken, Failure> {
    let expires_at = token::until(door, &token).ok_or_else(unknown_token)?;
    let expires_in_seconds = expires_at.since(door.now()) / 1000;
    Ok(HoldToken { hold_token: token, expires_at, expires_in_seconds, workspace_key: "millrace" })
}

fn unknown_token() -> Failure {
    Failure(Problem::new(404, "unknown_hold_token", "there is no such hold token".to_owned()))
}

async fn published(door: &Door, asked: &Asked, event: String) -> Result<Published, Failure> {
    match door.ask::<Ticketing>(asked, &Query::Event { event }).await?.answer {
        Answer::Event(published) | Answer::EventBy(published, _) => Ok(*published),
        _ => unreachable!("an event was asked for"),
    }
}

/// Makes an event with the plan of another.
#[utoipa::path(post, path = "/events", tag = "seatsio", request_body = NewEvent, responses(
    (status = 201, description = "The event", body = EventBody),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn create_event(
    State(door): State<Door>,
    Office(asked): Office,
    Given(new): Given<NewEvent>,
) -> Result<(StatusCode, Json<EventBody>), Failure> {
    let chart = published(&door, &asked, new.chart_key).await?.plan;
    let plan = EventPlan { event: new.event_key, title: new.name.unwrap_or_default(), ..chart };
    let done = door.submit::<Ticketing>(&asked, &Command::Publish(Box::new(plan))).await?;
    match done.outcome {
        Outcome::Published(published) => Ok((StatusCode::CREATED, Json(EventBody::of(*published)))),
        _ => Err(refused(&Rejection::EventExists)),
    }
}

/// Shows an event.
#[utoipa::path(get, path = "/events/{key}", tag = "seatsio",
    params(("key" = String, Path, description = "The event")), responses(
    (status = 200, description = "The event", body = EventBody),
    (status = 404, description = "An error", body = ErrorBody)))]
async fn event(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(key): Segments<String>,
) -> Result<Json<EventBody>, Failure> {
    published(&door, &asked, key).await.map(EventBody::of).map(Json)
}

/// Changes the status of objects: of all, or of none.
#[utoipa::path(post, path = "/events/groups/actions/change-object-status", tag = "seatsio", request_body = Change,
    responses(
    (status = 200, description = "The objects", body = Changed),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn change_objects(
    State(door): State<Door>,
    Office(asked): Office,
    Given(change): Given<Change>,
) -> Result<Json<Changed>, Failure> {
    let [event] = change.events.as_slice() else { return Err(no_cover("a change of one event is")) };
    let seating = seating(&door, event.clone(), change)?;
    let seated = seat(&door, &asked, seating).await?;
    Ok(Json(Changed { objects: ObjectBody::by_label(seated.seats) }))
}

/// Changes the status of the best objects that there are.
#[utoipa::path(post, path = "/events/{key}/actions/change-object-status", tag = "seatsio", request_body = Change,
    params(("key" = String, Path, description = "The event")), responses(
    (status = 200, description = "The objects", body = BestBody),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn change_best(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(key): Segments<String>,
    Given(change): Given<Change>,
) -> Result<Json<BestBody>, Failure> {
    if change.best_available.is_none() {
        return Err(Failure(Problem::bad_request("bad_body", "bestAvailable is missing")));
    }
    let Seated { seats, adjacent } = seat(&door, &asked, seating(&door, key, change)?).await?;
    let objects = seats.iter().map(|view| view.seat.clone()).collect();
    Ok(Json(BestBody { next_to_each_other: adjacent, objects, object_details: ObjectBody::by_label(seats) }))
}

async fn seat(door: &Door, asked: &Asked, seating: Seating) -> Result<Seated, Failure> {
    match door.submit::<Ticketing>(asked, &Command::Seat(Box::new(seating))).await?.outcome {
        Outcome::Seated(seated) => Ok(seated),
        _ => unreachable!("seats were changed"),
    }
}

fn no_cover(what: &str) -> Failure {
    Failure(Problem::new(501, "not_covered", format!("only {what} covered")))
}

/// A change as the machine knows it.
fn seating(door: &Door, event: String, change: Change) -> Result<Seating, Failure> {
    let conditions = [&change.allowed_previous_statuses, &change.rejected_previous_statuses, &change.resale_listing_id];
    if conditions.into_iter().any(Option::is_some) || change.objects.iter().any(|object| object.quantity.is_some()) {
        return Err(no_cover("changes without conditions, of seats, are"));
    }
    let to = match (change.r#type.as_deref(), change.status.as_deref()) {
        (Some("RELEASE"), _) | (_, Some("free")) => SeatStatus::Free,
        (_, Some("reservedByToken")) => SeatStatus::Held,
        (_, Some("booked")) => SeatStatus::Booked,
        _ => return Err(no_cover("the statuses free, reservedByToken and booked are")),
    };
    let until =
        change.hold_token.as_ref().map(|text| token::until(door, text).ok_or_else(unknown_token)).transpose()?;
    let note = |extra_data: Option<_>, ticket_type: Option<_>| {
        let is_said = extra_data.is_some() || ticket_type.is_some();
        let note = Note { extra_data, ticket_type };
        is_said.then(|| serde_json::to_string(&note).expect("a note is plain data"))
    };
    let mut seats = Vec::with_capacity(change.objects.len());
    let mut notes = Vec::new();
    for Object { object_id, extra_data, ticket_type, .. } in change.objects {
        notes.extend(note(extra_data, ticket_type).map(|note| (object_id.clone(), note)));
        seats.push(object_id);
    }
    let best = change.best_available.map(|best| {
        if best.zone.is_some() || best.categories.len() > 1 || best.sections.len() > 1 {
            return Err(no_cover("one category and one section at most are"));
        }
        if !best.extra_data.is_empty() || !best.ticket_types.is_empty() {
            return Err(no_cover("notes of named objects are"));
        }
        Ok(Best {
            number: best.number,
            category: best.categories.into_iter().next(),
            section: best.sections.into_iter().next(),
            accessible: best.accessible_seats.unwrap_or_default(),
            allow_scattered: true,
            ..Best::default()
        })
    });
    Ok(Seating {
        event,
        seats,
        best: best.transpose()?,
        to,
        token: change.hold_token.as_deref().map(hash),
        until,
        reference: change.order_id,
        notes,
        keep_notes: change.keep_extra_data.unwrap_or_default(),
        channels: change.channel_keys.unwrap_or_default(),
        any_channel: change.ignore_channels.unwrap_or_default(),
    })
}

/// Shows objects.
#[utoipa::path(get, path = "/events/{key}/objects", tag = "seatsio",
    params(("key" = String, Path, description = "The event"),
        ("label" = Vec<String>, Query, description = "The labels")), responses(
    (status = 200, description = "The objects by label", body = BTreeMap<String, ObjectBody>),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn objects(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(event): Segments<String>,
    Queried(which): Queried<WhichObjects>,
) -> Result<Json<BTreeMap<String, ObjectBody>>, Failure> {
    if !(1..=SEATS_LIMIT).contains(&which.label.len()) {
        let fault = format!("1 to {SEATS_LIMIT} labels are asked for");
        return Err(Failure(Problem::bad_request("bad_parameter", fault)));
    }
    match door.ask::<Ticketing>(&asked, &Query::Seen { event, seats: which.label.clone() }).await?.answer {
        Answer::Seen(seats) if seats.len() < which.label.len() => {
            let is_known = |label: &String| seats.iter().any(|view| view.seat == *label);
            let unknown = which.label.into_iter().filter(|label| !is_known(label)).collect();
            Err(refused(&Rejection::UnknownSeats(unknown)))
        }
        Answer::Seen(seats) => Ok(Json(ObjectBody::by_label(seats))),
        _ => unreachable!("seats were asked for"),
    }
}

/// Lists the changes of an object's status, the newest first: those of the own paths too.
#[utoipa::path(get, path = "/events/{key}/objects/{label}/status-changes", tag = "seatsio",
    params(("key" = String, Path, description = "The event"), ("label" = String, Path, description = "The object"),
        ("limit" = Option<u32>, Query, description = "About so many: 20 unless said"),
        ("start_after_id" = Option<u64>, Query, description = "The id that the part before ended with")), responses(
    (status = 200, description = "The changes", body = StatusChanges),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn status_changes(
    State(door): State<Door>,
    Office(asked): Office,
    Segments((event, seat)): Segments<(String, String)>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<StatusChanges>, Failure> {
    if which.end_before_id.is_some() {
        return Err(no_cover("lists from the newest on are"));
    }
    let limit = which.limit.unwrap_or(LISTED).clamp(1, LISTED_LIMIT);
    let before = which.start_after_id.and_then(|id| u32::try_from(id / CHANGES_OF_HOLD).ok());
    let query = Query::SeatHistory { event, seat: seat.clone(), limit, before, reader: asked.caller.clone() };
    let Answer::SeatHistory(SeatHistory { owners, next }) = door.ask::<Ticketing>(&asked, &query).await?.answer else {
        unreachable!("a history was asked for")
    };
    let items = owners.iter().flat_map(|owner| changes(&seat, owner)).collect();
    let next_page_starts_after = next.map(|hold| u64::from(hold) * CHANGES_OF_HOLD);
    Ok(Json(StatusChanges { items, next_page_starts_after }))
}
