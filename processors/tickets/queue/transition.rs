//! What a command does to a line: checks by precedence, the line of no return, then only writes.

use crate::runtime::ids;
use crate::tickets::queue::Queue;
use crate::tickets::queue::draw::{is_seed, rank};
use crate::tickets::queue::pace::{self, STEP};
use crate::tickets::queue::rooms::Room;
use crate::tickets::queue::tables::{ENTRIES, EntryRow, LATER, LINE, PLACES, PlaceRow, ROOMS, RoomRow};
use crate::tickets::transition::check_acts_for;
use millrace_topics::tickets::{
    Admitting, Command, Ending, Joining, PlaceView, QueueCommand, QueueEvent, QueueOutcome, QueuePlace, QueueTimer,
    Rejection, Revealing, RoomMode, RoomStage, RoomTerms, Tickets,
};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Queue>;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: QueueCommand) -> Result<QueueOutcome, Rejection> {
    match command {
        QueueCommand::Set(terms) => Ok(set(cx, terms)),
        QueueCommand::Join(joining) => join(cx, joining),
        QueueCommand::Leave(place) => leave(cx, place),
        QueueCommand::Reveal(revealing) => reveal(cx, revealing),
        QueueCommand::Done(place) => Ok(done(cx, &place)),
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, event: String) {
    let mut row = cx.get(ROOMS, &event).expect("a room with a timer is there");
    row.armed = None;
    go_on(cx, row);
}

fn set(cx: &mut Cx<'_>, terms: RoomTerms) -> QueueOutcome {
    let now = cx.now();
    let row = match cx.get(ROOMS, &terms.event) {
        Some(row) => RoomRow { terms: terms.clone(), ..row },
        None => RoomRow {
            terms: terms.clone(),
            stage: RoomStage::Prequeue,
            opened: None,
            seed: None,
            joined: 0,
            in_draw: 0,
            drawn: 0,
            waiting: 0,
            active: 0,
            passed: 0,
            head: ((false, 0), 0),
            allowance: pace::ONE,
            counted: now,
            armed: None,
        },
    };
    cx.say(&QueueEvent::RoomChanged(terms));
    go_on(cx, row);
    QueueOutcome::Noted
}

fn join(cx: &mut Cx<'_>, joining: Joining) -> Result<QueueOutcome, Rejection> {
    let Joining { event, buyer } = joining;
    let mut room = cx.get(ROOMS, &event).ok_or(Rejection::UnknownRoom)?;
    check_acts_for(cx.caller(), &buyer)?;
    if !ids::is_subject(&buyer) {
        return Err(Rejection::BadRequest(format!("a buyer has 1 to {} bytes", ids::SUBJECT_LIMIT)));
    }
    if cx.get(PLACES, &(event.clone(), buyer.clone())).is_some() {
        return Ok(placed(cx, event, buyer));
    }
    // The line: nothing below can be refused.
    room.joined += 1;
    room.waiting += 1;
    let number = room.joined;
    cx.put(ENTRIES, &(event.clone(), number), &EntryRow { buyer: buyer.clone(), left: false });
    cx.put(PLACES, &(event.clone(), buyer.clone()), &PlaceRow { number, lot: LATER, until: None });
    cx.put(LINE, &(event.clone(), LATER.0, LATER.1, number), &Some(buyer.clone()));
    cx.say(&QueueEvent::QueueJoined(QueuePlace { event: event.clone(), buyer: buyer.clone(), number }));
    go_on(cx, room);
    Ok(placed(cx, event, buyer))
}

fn placed(cx: &mut Cx<'_>, event: String, buyer: String) -> QueueOutcome {
    let row = cx.get(PLACES, &(event.clone(), buyer.clone())).expect("the buyer has a place");
    let room = cx.get(ROOMS, &event).expect("a place is one of a room");
    let position = position(&room, cx.engine.of(&event), row);
    let place = QueuePlace { event, buyer, number: row.number };
    QueueOutcome::Placed(PlaceView { place, position, until: row.until })
}

/// Where a place is in the order, if that is known yet: the drawn ones where the draw put them, the others by number.
#[must_use]
pub fn position(room: &RoomRow, memory: &Room, row: PlaceRow) -> Option<u32> {
    let is_open = room.stage == RoomStage::Open;
    match room.terms.mode {
        RoomMode::Random if !is_open && (room.stage == RoomStage::Prequeue || row.number <= room.in_draw) => None,
        _ if row.lot == LATER => Some(row.number),
        _ => memory.position((row.lot.1, row.number)),
    }
}

fn leave(cx: &mut Cx<'_>, place: QueuePlace) -> Result<QueueOutcome, Rejection> {
    // Who knows what a place is called may give it up: the route has seen to that.
    let mut room = cx.get(ROOMS, &place.event).ok_or(Rejection::UnknownRoom)?;
    let key = (place.event.clone(), place.buyer.clone());
    let row = cx.get(PLACES, &key).filter(|row| row.number == place.number).ok_or(Rejection::UnknownPlace)?;
    // The line: nothing below can be refused.
    cx.delete(PLACES, &key);
    cx.say(&QueueEvent::QueueLeft(place.clone()));
    let QueuePlace { event, buyer, number } = place;
    if let Some(until) = row.until {
        room.active -= 1;
        cx.engine.of(&event).ends.remove(&(until, number));
        cx.send::<Tickets>(&Command::EndSessions(Ending { event, buyers: vec![(buyer, number)] }));
    } else {
        room.waiting -= 1;
        cx.put(ENTRIES, &(event.clone(), number), &EntryRow { buyer, left: true });
        cx.put(LINE, &(event, row.lot.0, row.lot.1, number), &None);
    }
    go_on(cx, room);
    Ok(QueueOutcome::Noted)
}

fn reveal(cx: &mut Cx<'_>, revealing: Revealing) -> Result<QueueOutcome, Rejection> {
    let mut room = cx.get(ROOMS, &revealing.event).ok_or(Rejection::UnknownRoom)?;
    if room.stage != RoomStage::AwaitsSeed {
        return Ok(QueueOutcome::Noted);
    }
    if !is_seed(&room.terms, &revealing.seed) {
        return Err(Rejection::WrongSeed);
    }
    // The line: nothing below can be refused.
    room.seed = Some(revealing.seed);
    room.stage = RoomStage::Drawing;
    go_on(cx, room);
    Ok(QueueOutcome::Noted)
}

fn done(cx: &mut Cx<'_>, place: &QueuePlace) -> QueueOutcome {
    let key = (place.event.clone(), place.buyer.clone());
    let row = cx.get(PLACES, &key).filter(|row| row.number == place.number);
    if let Some(PlaceRow { until: Some(until), number, .. }) = row {
        let mut room = cx.get(ROOMS, &place.event).expect("who was let in was let in by a room");
        room.active -= 1;
        cx.delete(PLACES, &key);
        cx.engine.of(&place.event).ends.remove(&(until, number));
        go_on(cx, room);
    }
    QueueOutcome::Noted
}

/// Does what is due, as much of it as one step may, sets the timer for what is due next, and writes the room.
fn go_on(cx: &mut Cx<'_>, mut room: RoomRow) {
    let now = cx.now();
    open(cx, &mut room, now);
    draw(cx, &mut room, now);
    end_sessions(cx, &mut room, now);
    admit(cx, &mut room, now);
    arm(cx, &mut room, now);
    cx.put(ROOMS, &room.terms.event.clone(), &room);
}

fn open(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    let is_through = room.terms.mode == RoomMode::Passthrough;
    let is_time = is_through || room.terms.opens_at.is_none_or(|opens| opens <= now);
    if room.stage != RoomStage::Prequeue || !is_time {
        return;
    }
    if room.terms.mode == RoomMode::Random && room.joined > 0 {
        room.stage = RoomStage::AwaitsSeed;
        room.in_draw = room.joined;
    } else {
        begin(cx, room, now);
    }
}

fn begin(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    room.stage = RoomStage::Open;
    room.opened = Some(now);
    room.allowance = pace::full(room);
    room.counted = now;
    let event = room.terms.event.clone();
    cx.say(&QueueEvent::QueueOpened { event, seed: room.seed.clone(), drawn: room.drawn });
}

/// Gives some of those who came before the room opened their lots.
fn draw(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    if room.stage != RoomStage::Drawing {
        return;
    }
    let event = room.terms.event.clone();
    let seed = room.seed.clone().expect("a draw has a seed");
    let last = room.in_draw.min(room.drawn + STEP);
    for number in room.drawn + 1..=last {
        let EntryRow { buyer, left } = cx.get(ENTRIES, &(event.clone(), number)).expect("whoever came is noted");
        let lot = (false, rank(&seed, &event, &buyer));
        cx.delete(LINE, &(event.clone(), LATER.0, LATER.1, number));
        cx.put(LINE, &(event.clone(), lot.0, lot.1, number), &(!left).then(|| buyer.clone()));
        if !left {
            cx.put(PLACES, &(event.clone(), buyer), &PlaceRow { number, lot, until: None });
        }
        cx.engine.of(&event).drawn.push((lot.1, number));
    }
    room.drawn = last;
    if room.drawn == room.in_draw {
        cx.engine.of(&event).drawn.sort_unstable();
        begin(cx, room, now);
    }
}

fn end_sessions(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    let event = room.terms.event.clone();
    let ends = &mut cx.engine.of(&event).ends;
    let over: Vec<(Time, u32)> =
        ends.iter().take_while(|(until, _)| *until <= now).take(STEP as usize).copied().collect();
    over.iter().for_each(|end| {
        ends.remove(end);
    });
    let mut buyers = Vec::with_capacity(over.len());
    for (_, number) in over {
        let buyer = cx.get(ENTRIES, &(event.clone(), number)).expect("whoever came is noted").buyer;
        cx.delete(PLACES, &(event.clone(), buyer.clone()));
        room.active -= 1;
        buyers.push((buyer, number));
    }
    if !buyers.is_empty() {
        let ending = Ending { event, buyers };
        cx.say(&QueueEvent::SessionsEnded(ending.clone()));
        cx.send::<Tickets>(&Command::EndSessions(ending));
    }
}

fn admit(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    if room.stage != RoomStage::Open || room.waiting == 0 {
        return;
    }
    let allowed = pace::allowed(room, now);
    let event = room.terms.event.clone();
    let until = now.plus(u64::from(room.terms.session_seconds) * 1000);
    let (lot, number) = room.head;
    let behind = LINE.under(&(event.clone(),)).beyond(&LINE.raw_key(&(event.clone(), lot.0, lot.1, number)));
    let next: Vec<_> = cx.scan(LINE, &behind).take(STEP as usize).collect();
    let mut buyers = Vec::new();
    for (key, buyer) in next {
        if buyers.len() >= allowed as usize {
            break;
        }
        let (_, drawn, rank, number) = key;
        room.head = ((drawn, rank), number);
        room.passed += 1;
        cx.delete(LINE, &key);
        if let Some(buyer) = buyer {
            room.waiting -= 1;
            pace::count(room);
            let row = PlaceRow { number, lot: (drawn, rank), until: Some(until) };
            cx.put(PLACES, &(event.clone(), buyer.clone()), &row);
            cx.engine.of(&event).ends.insert((until, number));
            buyers.push((buyer, number));
        }
    }
    if !buyers.is_empty() {
        let admitting = Admitting { event, buyers, until };
        cx.say(&QueueEvent::Admitted(admitting.clone()));
        cx.send::<Tickets>(&Command::Admit(admitting));
    }
}

/// Sets the room's one timer for what is due next.
fn arm(cx: &mut Cx<'_>, room: &mut RoomRow, now: Time) {
    let event = room.terms.event.clone();
    let ends = cx.engine.of(&event).ends.first().map(|(until, _)| *until);
    let opens = match room.stage {
        RoomStage::Prequeue => room.terms.opens_at,
        RoomStage::AwaitsSeed => None,
        RoomStage::Drawing => Some(now),
        RoomStage::Open => pace::next(room, now),
    };
    let due = [ends, opens].into_iter().flatten().min();
    if room.armed == due {
        return;
    }
    let timer = QueueTimer::Due { event };
    if let Some(armed) = room.armed {
        cx.cancel_timer(armed, &timer);
    }
    if let Some(due) = due {
        cx.set_timer(due, &timer);
    }
    room.armed = due;
}
