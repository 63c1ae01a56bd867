//! The HTTP paths of waiting rooms.

use crate::runtime::door::{Asked, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, Params, ProblemBody, Reading, ReadingNow, Segments, Writing, answer, created, limit, respond,
};
use crate::runtime::tokens::hash;
use crate::tickets::Ticketing;
use crate::tickets::bodies::queue::{EntriesBody, NewPlace, NewRoom, PlaceBody, PlaceState, WhichEntries};
use crate::tickets::queue::known::{Copies, FRESH, Known, seed};
use crate::tickets::queue::{Queue, draw};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::position::Positions;
use millrace_topics::tickets::{
    Answer, Command, Joining, Outcome, PlaceView, Query, QueueAnswer, QueueCommand, QueueOutcome, QueuePlace,
    QueueQuery, Rejection, RoomMode, RoomStage, RoomTerms, RoomView,
};
use millrace_topics::time::Time;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Those for who is known to the gate.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(set_room, room, join))
}

/// Those for everybody: what a place is called is its secret, and anybody may check a draw.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(place, give_up)).routes(routes!(entries))
}

/// How many entries are given unless another number is asked for.
const LISTED: u32 = 100;

/// Puts a waiting room in front of an event, or gives it other terms: from then on only who was let in holds places of it.
/// Once it is open, its mode (but for `passthrough`) and its opening time stay.
#[utoipa::path(put, path = "/v1/tickets/events/{event}/queue", tag = "tickets", request_body = NewRoom,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "The waiting room", body = RoomView),
    ProblemBody,
))]
async fn set_room(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewRoom>,
) -> Result<Response, Undone> {
    let seed_hash = draw::seed_hash(&seed(&door, &event));
    let done = door.submit::<Ticketing>(&asked, &Command::SetRoom(new.terms(event.clone(), seed_hash))).await?;
    let Outcome::RoomSet(RoomTerms { revision, .. }) = done.outcome else { unreachable!("a room was set") };
    let is_there = |answer: &QueueAnswer| matches!(answer, QueueAnswer::Room(Some(room)) if room.revision >= revision);
    match door.ask_until::<Queue>(&asked, &QueueQuery::Room { event }, is_there).await? {
        Some(Read { answer: found, mut positions }) => {
            positions.merge(&done.positions);
            Ok(answer(Read { answer: found, positions }, |found| room_in(found).expect("it was waited for")))
        }
        None => Err(Undone::Accepted(done.positions)),
    }
}

fn room_in(answer: QueueAnswer) -> Option<RoomView> {
    match answer {
        QueueAnswer::Room(room) => room.map(|room| *room),
        _ => unreachable!("a room was asked for"),
    }
}

/// Shows a waiting room.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/queue", tag = "tickets",
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "The waiting room", body = RoomView),
    ProblemBody,
))]
async fn room(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
) -> Result<Response, Problem> {
    let Read { answer: found, positions } = door.ask::<Queue>(&asked, &QueueQuery::Room { event }).await?;
    let found = room_in(found).ok_or_else(|| Problem::refusal(&Rejection::UnknownRoom))?;
    Ok(answer(Read { answer: found, positions }, |room| room))
}

/// Gets in line: each buyer once, however often it is asked.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/queue", tag = "tickets", request_body = NewPlace,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 201, description = "The place", body = PlaceBody),
    ProblemBody,
))]
async fn join(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewPlace>,
) -> Result<Response, Undone> {
    let joining = Joining { event, buyer: new.buyer };
    let done = door.submit::<Queue>(&asked, &QueueCommand::Join(joining)).await?;
    let QueueOutcome::Placed(view) = done.outcome.clone() else { unreachable!("somebody got in line") };
    let known = door.beside::<Copies>().of(&door, &view.place.event).await?;
    let state = match view.until {
        Some(_) => admitted(&door, &asked, &view).await?,
        None => waiting(&known),
    };
    let body = show(&door, &known, view, state);
    Ok(created(&format!("/v1/tickets/queue/{}", body.place), StatusCode::CREATED, done, |_| body))
}

/// Says whether it is somebody's turn. Of who waits it asks no partition: what it says of the line is a second old at most.
#[utoipa::path(get, path = "/v1/tickets/queue/{place}", tag = "tickets",
    params(("place" = String, Path, description = "The place")), responses(
    (status = 200, description = "The place", body = PlaceBody),
    ProblemBody,
))]
async fn place(
    State(door): State<Door>,
    ReadingNow(asked): ReadingNow,
    Segments(text): Segments<String>,
) -> Result<Response, Problem> {
    let place = read_place(&door, &text)?;
    let known = door.beside::<Copies>().of(&door, &place.event).await?;
    let position = known.position(&place);
    let is_passed = known.room.mode == RoomMode::Passthrough
        || position.is_some_and(|position| position <= known.room.admitted_up_to);
    let mut view = PlaceView { place, position, until: None };
    let mut positions = known.positions.clone();
    let state = if is_passed { passed(&door, &asked, &mut view, &mut positions).await? } else { waiting(&known) };
    Ok(answer(Read { answer: view, positions }, |view| show(&door, &known, view, state)))
}

fn waiting(known: &Known) -> PlaceState {
    if known.room.stage == RoomStage::Open { PlaceState::Waiting } else { PlaceState::Prequeue }
}

/// What became of somebody whom the line has passed: the only ones of whom partitions are asked.
async fn passed(
    door: &Door,
    asked: &Asked,
    view: &mut PlaceView,
    positions: &mut Positions,
) -> Result<PlaceState, Problem> {
    let read = door.ask::<Queue>(asked, &QueueQuery::Place(view.place.clone())).await?;
    positions.merge(&read.positions);
    let QueueAnswer::Place(found) = read.answer else { unreachable!("a place was asked for") };
    let Some(found) = found else { return Ok(PlaceState::Ended) };
    view.until = found.until;
    if found.until.is_none() {
        return Ok(PlaceState::Waiting);
    }
    let query = Query::Admission { event: view.place.event.clone(), buyer: view.place.buyer.clone() };
    let read = door.ask::<Ticketing>(asked, &query).await?;
    positions.merge(&read.positions);
    // The waiting room has let them in, and the event is about to hear of it.
    Ok(if is_in(&read.answer) { PlaceState::Admitted } else { PlaceState::Waiting })
}

fn is_in(answer: &Answer) -> bool {
    matches!(answer, Answer::Admission(Some(_)))
}

/// Waits until the event knows that somebody was let in.
async fn admitted(door: &Door, asked: &Asked, view: &PlaceView) -> Result<PlaceState, Problem> {
    let query = Query::Admission { event: view.place.event.clone(), buyer: view.place.buyer.clone() };
    let read = door.ask_until::<Ticketing>(asked, &query, is_in).await?;
    Ok(if read.is_some() { PlaceState::Admitted } else { PlaceState::Waiting })
}

fn show(door: &Door, known: &Known, view: PlaceView, state: PlaceState) -> PlaceBody {
    let PlaceView { place, position, until } = view;
    let waits = state == PlaceState::Waiting;
    let ahead = position.filter(|_| waits).map(|position| position.saturating_sub(known.room.admitted_up_to));
    PlaceBody {
        place: name(door, &place),
        event: place.event,
        buyer: place.buyer,
        state,
        position,
        ahead,
        estimated_wait_seconds: ahead.map(|ahead| known.wait(ahead, door.now())),
        poll_after_seconds: waits_for_turn(state).then(|| poll_after(known, ahead, door.now())),
        opens_at: known.room.opens_at,
        session_ends_at: until.filter(|_| state == PlaceState::Admitted),
    }
}

fn waits_for_turn(state: PlaceState) -> bool {
    matches!(state, PlaceState::Prequeue | PlaceState::Waiting)
}

/// When it is worth asking again, in seconds: often near the front, seldom far behind.
fn poll_after(known: &Known, ahead: Option<u32>, now: Time) -> u64 {
    let wait = ahead.map_or(0, |ahead| known.wait(ahead, now));
    (wait / 10).clamp(FRESH / 1000, 60)
}

/// Leaves: the line, or the room inside.
#[utoipa::path(delete, path = "/v1/tickets/queue/{place}", tag = "tickets",
    params(("place" = String, Path, description = "The place")), responses(
    (status = 200, description = "The place, which is over", body = PlaceBody),
    ProblemBody,
))]
async fn give_up(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(text): Segments<String>,
) -> Result<Response, Undone> {
    let place = read_place(&door, &text)?;
    let known = door.beside::<Copies>().of(&door, &place.event).await?;
    let done = door.submit::<Queue>(&asked, &QueueCommand::Leave(place.clone())).await?;
    let view = PlaceView { position: None, place, until: None };
    Ok(respond(StatusCode::OK, done, |_| show(&door, &known, view, PlaceState::Ended)))
}

/// What somebody's place is called: what it is, and a signature of that.
fn name(door: &Door, place: &QueuePlace) -> String {
    let buyer = URL_SAFE_NO_PAD.encode(&place.buyer);
    let number = place.number.to_string();
    let signature = door.sign(&[b"place", place.event.as_bytes(), number.as_bytes(), buyer.as_bytes()]);
    format!("{}~{number}~{buyer}~{}", place.event, URL_SAFE_NO_PAD.encode(&signature[..16]))
}

fn read_place(door: &Door, text: &str) -> Result<QueuePlace, Problem> {
    let read = || {
        let mut parts = text.split('~');
        let event = parts.next()?.to_owned();
        let number = parts.next()?.parse().ok()?;
        let buyer = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        Some(QueuePlace { event, buyer, number })
    };
    // Hashes, because comparing secrets byte by byte tells how many were right.
    let place = read().filter(|place| hash(&name(door, place)).is(&hash(text)));
    place.ok_or_else(|| Problem::refusal(&Rejection::UnknownPlace))
}

/// Lists who has come, without names: with the seed anybody can compute the draw of it.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/queue/entries", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichEntries), responses(
    (status = 200, description = "Who has come, in this order", body = EntriesBody),
    ProblemBody,
))]
async fn entries(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
    Params(which): Params<WhichEntries>,
) -> Result<Response, Problem> {
    let scope = format!("tickets.queue/{event}");
    let after = which.cursor.map_or(Ok(0), |cursor| door.open_cursor::<u32>(&scope, &cursor))?;
    let limit = limit(which.limit, LISTED)?;
    let read = door.ask::<Queue>(&asked, &QueueQuery::Entries { event, after, limit: limit + 1 }).await?;
    Ok(answer(read, |found| {
        let QueueAnswer::Entries(room, mut entries) = found else { unreachable!("entries were asked for") };
        let goes_on = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let last = entries.last().filter(|_| goes_on).map(|entry| entry.number);
        let RoomView { seed_hash, seed, drawn, .. } = *room;
        EntriesBody { seed_hash, seed, drawn, entries, cursor: last.map(|last| door.seal_cursor(&scope, &last)) }
    }))
}
