//! The door of an event with a waiting room: who was let in, and until when. The line itself is `tickets.queue`.

use crate::tickets::queue::tables::COUNT_LIMIT;
use crate::tickets::tables::{ADMITTED, ROOMS, Session};
use crate::tickets::transition::{Cx, check_is_server, hall};
use millrace_topics::tickets::{
    Admitting, Ending, Outcome, QueueCommand, QueuePlace, Rejection, RoomMode, RoomTerms, TicketsQueue,
};
use millrace_topics::time::Time;

/// Puts a waiting room in front of an event, or gives it other terms. From this record on nobody holds anything without
/// having been let in.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set_room(cx: &mut Cx<'_>, terms: RoomTerms) -> Result<Outcome, Rejection> {
    check_is_server(cx.caller())?;
    hall(cx, &terms.event)?;
    check_terms(&terms)?;
    let known = cx.get(ROOMS, &terms.event);
    if let Some(known) = &known {
        let terms = RoomTerms { revision: known.revision, ..terms.clone() };
        if *known == terms {
            return Ok(Outcome::RoomSet(terms));
        }
        check_order(known, &terms, cx.now())?;
    }
    // The line: nothing below can be refused.
    let terms = RoomTerms { revision: known.map_or(1, |known| known.revision + 1), ..terms };
    cx.engine.of(&terms.event).is_gated = is_gated(&terms);
    cx.put(ROOMS, &terms.event, &terms);
    cx.send::<TicketsQueue>(&QueueCommand::Set(terms.clone()));
    Ok(Outcome::RoomSet(terms))
}

/// True if nobody gets in without having been let in.
#[must_use]
pub fn is_gated(terms: &RoomTerms) -> bool {
    terms.mode != RoomMode::Passthrough
}

fn check_terms(terms: &RoomTerms) -> Result<(), Rejection> {
    let numbers = [terms.admit_per_minute, terms.max_active, terms.session_seconds];
    if numbers.iter().any(|number| !(1..=COUNT_LIMIT).contains(number)) {
        return Err(Rejection::BadRoom(format!("each number of a waiting room is 1 to {COUNT_LIMIT}")));
    }
    let is_hash = terms.seed_hash.len() == 64 && terms.seed_hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { Ok(()) } else { Err(Rejection::BadRoom("the hash of a seed has 64 hex digits".to_owned())) }
}

/// Once it has opened, only how many it lets in may change, and whether it lets in everybody.
fn check_order(known: &RoomTerms, terms: &RoomTerms, now: Time) -> Result<(), Rejection> {
    let is_open = known.opens_at.is_none_or(|opens| opens <= now);
    let is_same = known.opens_at == terms.opens_at && known.seed_hash == terms.seed_hash;
    let keeps_order = known.mode == terms.mode || [known.mode, terms.mode].contains(&RoomMode::Passthrough);
    if is_open && !(is_same && keeps_order) { Err(Rejection::RoomOpened) } else { Ok(()) }
}

/// Lets buyers in.
pub fn admit(cx: &mut Cx<'_>, admitting: Admitting) -> Outcome {
    let Admitting { event, buyers, until } = admitting;
    for (buyer, number) in buyers {
        cx.put(ADMITTED, &(event.clone(), buyer), &Session { number, until });
    }
    Outcome::Noted
}

/// Lets buyers in no more.
pub fn end(cx: &mut Cx<'_>, ending: Ending) -> Outcome {
    let Ending { event, buyers } = ending;
    for (buyer, number) in buyers {
        let key = (event.clone(), buyer);
        if cx.get(ADMITTED, &key).is_some_and(|session| session.number == number) {
            cx.delete(ADMITTED, &key);
        }
    }
    Outcome::Noted
}

/// Refuses whoever must be let in and is not.
///
/// # Errors
/// The refusal.
pub fn check(cx: &Cx<'_>, event: &str, buyer: &str) -> Result<(), Rejection> {
    if !hall(cx, event)?.is_gated {
        return Ok(());
    }
    let session = cx.get(ADMITTED, &(event.to_owned(), buyer.to_owned()));
    let is_in = session.is_some_and(|session| cx.now() < session.until);
    if is_in { Ok(()) } else { Err(Rejection::NotAdmitted) }
}

/// Makes room for the next: whoever has ordered needs no place inside any more.
pub fn leave(cx: &mut Cx<'_>, event: &str, buyer: &str) {
    let key = (event.to_owned(), buyer.to_owned());
    let Some(session) = cx.get(ADMITTED, &key) else { return };
    cx.delete(ADMITTED, &key);
    let (event, buyer) = key;
    cx.send::<TicketsQueue>(&QueueCommand::Done(QueuePlace { event, buyer, number: session.number }));
}
