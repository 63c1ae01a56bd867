//! The paths of seats.io: a request becomes the commands and queries of the own paths.

use super::given::{Change, Changes, NewEvent, NewHoldToken, Object, WhichObjects, WhichPage};
use super::refusal::ErrorBody;
use super::shown::{
    BestBody, CHANGES_OF_HOLD, Changed, ChangedAll, EventBody, EventsBody, HoldToken, Note, ObjectBody,
    PLACES_OF_CHANGE, StatusChanges, changes, of_change,
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
use crate::tickets::tokens;
use axum::Json;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use millrace_topics::record::Role;
use millrace_topics::tickets::{
    Answer, Area, Best, Command, EventPlan, ListedEvent, Outcome, Placing, Published, Query, Rejection, Retiming, Rule,
    Ruled, SeatHistory, SeatStatus, Seated, Seating, TokenTime,
};
use millrace_topics::time::Time;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The façade. The secret key is an API key.
pub const FACADE: Facade =
    Facade { name: "seatsio", gate: Gate::BasicKey, routes, problem: |problem| Failure(problem).into_response() };

/// The calls that are covered, as a client that makes another one is told.
pub const COVERED: [&str; 12] = [
    "POST /hold-tokens",
    "GET /hold-tokens/{token}",
    "POST /hold-tokens/{token}",
    "POST /events",
    "GET /events",
    "GET /events/{key}",
    "POST /events/groups/actions/change-object-status",
    "POST /events/actions/change-object-status",
    "POST /events/{key}/actions/change-object-status",
    "GET /events/{key}/objects",
    "GET /events/{key}/objects/{label}/status-changes",
    "GET /events/{key}/status-changes",
];

/// How long a hold token is good unless said, and at most, in minutes.
const MINUTES: u64 = 15;
const MINUTES_LIMIT: u64 = 1440;

/// The most events that one call changes something in.
const EVENTS_LIMIT: usize = 50;

/// How many events or changes are given unless another number is asked for, and at most.
const LISTED: u32 = 20;
const LISTED_LIMIT: u32 = 100;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    let covered = OpenApiRouter::new()
        .routes(routes!(create_hold_token))
        .routes(routes!(hold_token))
        .routes(routes!(expire_hold_token))
        .routes(routes!(create_event))
        .routes(routes!(events))
        .routes(routes!(event))
        .routes(routes!(change_objects))
        .routes(routes!(change_in_turn))
        .routes(routes!(change_best))
        .routes(routes!(objects))
        .routes(routes!(status_changes))
        .routes(routes!(event_changes));
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

impl Failure {
    /// The same, with the event that it is of.
    fn of(mut self, event: &str) -> Self {
        self.0.detail = format!("event `{event}`: {}", self.0.detail);
        self
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
    let token = token::make(&door, &asked, until(&door, &new)?);
    Ok((StatusCode::CREATED, Json(show_token(&door, &asked, token).await?)))
}

/// Until when a token is to be good.
fn until(door: &Door, new: &NewHoldToken) -> Result<Time, Failure> {
    let minutes = new.expires_in_minutes.unwrap_or(MINUTES);
    if !(1..=MINUTES_LIMIT).contains(&minutes) {
        let fault = format!("expiresInMinutes is 1 to {MINUTES_LIMIT}");
        return Err(Failure(Problem::bad_request("bad_body", fault)));
    }
    Ok(door.now().plus(minutes * 60_000))
}

/// Gives a hold token another time, and what is held under it.
#[utoipa::path(post, path = "/hold-tokens/{token}", tag = "seatsio", request_body = NewHoldToken,
    params(("token" = String, Path, description = "The token")), responses(
    (status = 200, description = "The token", body = HoldToken),
    (status = 404, description = "An error", body = ErrorBody)))]
async fn expire_hold_token(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(text): Segments<String>,
    Given(new): Given<NewHoldToken>,
) -> Result<Json<HoldToken>, Failure> {
    let says = token::until(&door, &text).ok_or_else(unknown_token)?;
    let (token, until) = (hash(&text), until(&door, &new)?);
    let time = TokenTime { token, key: tokens::key(token), until, says };
    door.submit::<Ticketing>(&asked, &Command::SetToken(time)).await?;
    let Answer::HeldUnder(events) = door.ask::<Ticketing>(&asked, &Query::HeldUnder { token }).await?.answer else {
        unreachable!("events were asked for")
    };
    for event in events {
        door.submit::<Ticketing>(&asked, &Command::Retime(Retiming { event, token, until })).await?;
    }
    show_token(&door, &asked, text).await.map(Json)
}

/// Shows a hold token.
#[utoipa::path(get, path = "/hold-tokens/{token}", tag = "seatsio",
    params(("token" = String, Path, description = "The token")), responses(
    (status = 200, description = "The token", body = HoldToken),
    (status = 404, description = "An error", body = ErrorBody)))]
async fn hold_token(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(token): Segments<String>,
) -> Result<Json<HoldToken>, Failure> {
    show_token(&door, &asked, token).await.map(Json)
}

/// Until when a token is good: until another time than it says, if it was given one.
async fn good_until(door: &Door, asked: &Asked, token: &str) -> Result<Time, Failure> {
    let says = token::until(door, token).ok_or_else(unknown_token)?;
    match door.ask::<Ticketing>(asked, &Query::Token { token: hash(token) }).await?.answer {
        Answer::Token(until) => Ok(until.unwrap_or(says)),
        _ => unreachable!("a token was asked for"),
    }
}

async fn show_token(door: &Door, asked: &Asked, token: String) -> Result<HoldToken, Failure> {
    let expires_at = good_until(door, asked, &token).await?;
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
    let ruled = Ruled { plan, rules: vec![Rule::Changes] };
    let done = door.submit::<Ticketing>(&asked, &Command::PublishBy(Box::new(ruled))).await?;
    match done.outcome {
        Outcome::PublishedBy(published, _) => Ok((StatusCode::CREATED, Json(EventBody::of(listed(*published))))),
        _ => Err(refused(&Rejection::EventExists)),
    }
}

/// Lists the events, the newest first.
#[utoipa::path(get, path = "/events", tag = "seatsio",
    params(("limit" = Option<u32>, Query, description = "About so many: 20 unless said"),
        ("start_after_id" = Option<u64>, Query, description = "The id that the part before ended with")), responses(
    (status = 200, description = "The events", body = EventsBody),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn events(
    State(door): State<Door>,
    Office(asked): Office,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<EventsBody>, Failure> {
    let limit = page(&which)?;
    let before = which.start_after_id.map(|id| (Time(id), String::new()));
    let Answer::Events(events, goes_on) = door.ask::<Ticketing>(&asked, &Query::Events { limit, before }).await?.answer
    else {
        unreachable!("events were asked for")
    };
    let next_page_starts_after = events.last().filter(|_| goes_on).map(|event| event.published_at.0);
    Ok(Json(EventsBody { items: events.into_iter().map(EventBody::of).collect(), next_page_starts_after }))
}

/// How many are asked for, from the newest on.
fn page(which: &WhichPage) -> Result<u32, Failure> {
    let is_newest_first = which.sort.as_deref().is_none_or(|sort| sort == "date:desc");
    if which.end_before_id.is_some() || which.filter.is_some() || !is_newest_first {
        return Err(no_cover("whole lists from the newest on are"));
    }
    Ok(which.limit.unwrap_or(LISTED).clamp(1, LISTED_LIMIT))
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
    published(&door, &asked, key).await.map(|published| Json(EventBody::of(listed(published))))
}

fn listed(published: Published) -> ListedEvent {
    let Published { plan, capacity, published_at } = published;
    ListedEvent {
        id: plan.event,
        title: plan.title,
        capacity,
        categories: plan.categories.into_iter().map(|category| category.id).collect(),
        has_seats: !plan.sections.is_empty(),
        opens_at: plan.opens_at,
        closes_at: plan.closes_at,
        published_at,
    }
}

/// Changes the status of objects: in each event of all, or of none. Events are changed in the order in which they are named;
/// the first that refuses is named, and those behind it stay as they are.
#[utoipa::path(post, path = "/events/groups/actions/change-object-status", tag = "seatsio", request_body = Change,
    responses(
    (status = 200, description = "The objects", body = Changed),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn change_objects(
    State(door): State<Door>,
    Office(asked): Office,
    Given(change): Given<Change>,
) -> Result<Json<Changed>, Failure> {
    let events = change.events.clone();
    let mut last = None;
    check_number(events.len())?;
    for event in &events {
        let done = change_in(&door, &asked, event.clone(), change.clone()).await;
        last = Some(done.map_err(|fault| if events.len() > 1 { fault.of(event) } else { fault })?);
    }
    Ok(Json(Changed::of(last.expect("there is one"))))
}

fn check_number(of: usize) -> Result<(), Failure> {
    if (1..=EVENTS_LIMIT).contains(&of) {
        return Ok(());
    }
    Err(Failure(Problem::bad_request("bad_body", format!("1 to {EVENTS_LIMIT} events are changed at once"))))
}

/// Makes changes one after the other, each of which is made as a whole or not at all. The first that is refused ends it.
#[utoipa::path(post, path = "/events/actions/change-object-status", tag = "seatsio", request_body = Changes,
    responses(
    (status = 200, description = "The objects", body = ChangedAll),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn change_in_turn(
    State(door): State<Door>,
    Office(asked): Office,
    Given(Changes { status_changes }): Given<Changes>,
) -> Result<Json<ChangedAll>, Failure> {
    check_number(status_changes.len())?;
    let mut results = Vec::with_capacity(status_changes.len());
    for change in status_changes {
        let missing = || Failure(Problem::bad_request("bad_body", "event is missing"));
        let event = change.event.clone().ok_or_else(missing)?;
        let done = change_in(&door, &asked, event.clone(), change).await;
        results.push(Changed::of(done.map_err(|fault| fault.of(&event))?));
    }
    Ok(Json(ChangedAll { results }))
}

/// Makes a change in one event.
async fn change_in(door: &Door, asked: &Asked, event: String, change: Change) -> Result<Seated, Failure> {
    let placing = placing(door, asked, event, change).await?;
    place(door, asked, placing).await
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
    let Seated { seats, adjacent, .. } = change_in(&door, &asked, key, change).await?;
    let objects = seats.iter().map(|view| view.seat.clone()).collect();
    Ok(Json(BestBody {
        next_to_each_other: adjacent,
        objects,
        object_details: ObjectBody::by_label(seats, Vec::new()),
    }))
}

async fn place(door: &Door, asked: &Asked, placing: Placing) -> Result<Seated, Failure> {
    let command = match placing {
        Placing { seating, areas } if areas.is_empty() => Command::Seat(Box::new(seating)),
        placing => Command::Place(Box::new(placing)),
    };
    match door.submit::<Ticketing>(asked, &command).await?.outcome {
        Outcome::Seated(seated) => Ok(seated),
        _ => unreachable!("seats were changed"),
    }
}

fn no_cover(what: &str) -> Failure {
    Failure(Problem::new(501, "not_covered", format!("only {what} covered")))
}

/// A change as the machine knows it. The label of a seat has three parts; that of an area is its category.
async fn placing(door: &Door, asked: &Asked, event: String, change: Change) -> Result<Placing, Failure> {
    let conditions = [&change.allowed_previous_statuses, &change.rejected_previous_statuses, &change.resale_listing_id];
    if conditions.into_iter().any(Option::is_some) {
        return Err(no_cover("changes without conditions are"));
    }
    let to = match (change.r#type.as_deref(), change.status.as_deref()) {
        (Some("RELEASE"), _) | (_, Some("free")) => SeatStatus::Free,
        (_, Some("reservedByToken")) => SeatStatus::Held,
        (_, Some("booked")) => SeatStatus::Booked,
        _ => return Err(no_cover("the statuses free, reservedByToken and booked are")),
    };
    let until = match &change.hold_token {
        Some(text) => Some(good_until(door, asked, text).await?),
        None => None,
    };
    let note = |extra_data: Option<_>, ticket_type: Option<_>| {
        let is_said = extra_data.is_some() || ticket_type.is_some();
        let note = Note { extra_data, ticket_type };
        is_said.then(|| serde_json::to_string(&note).expect("a note is plain data"))
    };
    let mut seats = Vec::with_capacity(change.objects.len());
    let (mut areas, mut notes) = (Vec::new(), Vec::new());
    for Object { object_id, extra_data, ticket_type, quantity } in change.objects {
        notes.extend(note(extra_data, ticket_type).map(|note| (object_id.clone(), note)));
        if object_id.contains('-') {
            seats.push(object_id);
        } else {
            areas.push(Area { category: object_id, quantity: quantity.unwrap_or(1) });
        }
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
    let seating = Seating {
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
    };
    Ok(Placing { seating, areas })
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
        Answer::Seen(seats, areas) if seats.len() + areas.len() < which.label.len() => {
            let is_known = |label: &String| {
                seats.iter().any(|view| view.seat == *label) || areas.iter().any(|view| view.category == *label)
            };
            let unknown = which.label.into_iter().filter(|label| !is_known(label)).collect();
            Err(refused(&Rejection::UnknownSeats(unknown)))
        }
        Answer::Seen(seats, areas) => Ok(Json(ObjectBody::by_label(seats, areas))),
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
    let limit = page(&which)?;
    let before = which.start_after_id.and_then(|id| u32::try_from(id / CHANGES_OF_HOLD).ok());
    let query = Query::SeatHistory { event, seat: seat.clone(), limit, before, reader: asked.caller.clone() };
    let Answer::SeatHistory(SeatHistory { owners, next }) = door.ask::<Ticketing>(&asked, &query).await?.answer else {
        unreachable!("a history was asked for")
    };
    let items = owners.iter().flat_map(|owner| changes(&seat, owner)).collect();
    let next_page_starts_after = next.map(|hold| u64::from(hold) * CHANGES_OF_HOLD);
    Ok(Json(StatusChanges { items, next_page_starts_after }))
}

/// Lists the changes of the status of an event's objects, the newest first: those of the own paths too. Events that were
/// made here have it, and others with `keep_changes`.
#[utoipa::path(get, path = "/events/{key}/status-changes", tag = "seatsio",
    params(("key" = String, Path, description = "The event"),
        ("limit" = Option<u32>, Query, description = "About so many: 20 unless said"),
        ("start_after_id" = Option<u64>, Query, description = "The id that the part before ended with")), responses(
    (status = 200, description = "The changes", body = StatusChanges),
    (status = 400, description = "An error", body = ErrorBody)))]
async fn event_changes(
    State(door): State<Door>,
    Office(asked): Office,
    Segments(event): Segments<String>,
    Queried(which): Queried<WhichPage>,
) -> Result<Json<StatusChanges>, Failure> {
    let limit = page(&which)?;
    let before = which.start_after_id.map(|id| id / PLACES_OF_CHANGE);
    let query = Query::Changes { event, limit, before, reader: asked.caller.clone() };
    let Answer::Changes(found, next) = door.ask::<Ticketing>(&asked, &query).await?.answer else {
        unreachable!("changes were asked for")
    };
    let items = found.into_iter().flat_map(of_change).collect();
    Ok(Json(StatusChanges { items, next_page_starts_after: next.map(|number| number * PLACES_OF_CHANGE) }))
}
