//! Tokens of box offices. A token says itself until when it is good; only where that was changed there is a row, in the
//! partition of the token, and what events hold under it gets the other time from them.

use crate::runtime::view::View;
use crate::tickets::Ticketing;
use crate::tickets::hall::Deadline;
use crate::tickets::holds::{say, show};
use crate::tickets::tables::{HOLDS, TOKENS, TokenRow};
use crate::tickets::transition::{Cx, arm, check_is_server, hall};
use millrace_topics::tickets::{Event, Outcome, Rejection, Retiming, Timer, TokenTime};
use millrace_topics::token::TokenHash;

/// The key that the time of a token is kept under: no event has such an id.
#[must_use]
pub fn key(token: TokenHash) -> String {
    format!("~{}", token.hex())
}

/// Gives a token another time.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set(cx: &mut Cx<'_>, time: TokenTime) -> Result<Outcome, Rejection> {
    let TokenTime { token, key, until, says } = time;
    check_is_server(cx.caller())?;
    if key != self::key(token) {
        return Err(Rejection::BadRequest("a token is kept under its own key".to_owned()));
    }
    let known = cx.get(TOKENS, &key);
    // The line: nothing below can be refused.
    if let Some(known) = known {
        cx.cancel_timer(known.forget, &Timer::Token { token });
    }
    let forget = until.max(says);
    cx.put(TOKENS, &key, &TokenRow { until, forget });
    cx.set_timer(forget, &Timer::Token { token });
    Ok(Outcome::TokenSet(until))
}

/// Forgets a token that is good no more, whatever it says itself.
pub fn forget(cx: &mut Cx<'_>, token: TokenHash) {
    cx.delete(TOKENS, &key(token));
}

/// Gives what an event holds under a token another time.
///
/// # Errors
/// The refusal, before anything was written.
pub fn retime(cx: &mut Cx<'_>, retiming: Retiming) -> Result<Outcome, Rejection> {
    let Retiming { event, token, until } = retiming;
    check_is_server(cx.caller())?;
    let holds: Vec<u32> = hall(cx, &event)?.held_under(token).collect();
    // The line: nothing below can be refused.
    for number in &holds {
        let key = (event.clone(), *number);
        let mut row = cx.get(HOLDS, &key).expect("what is held is there");
        let hall = cx.engine.of(&event);
        hall.deadlines.remove(&(row.expires, Deadline::Hold(*number)));
        row.expires = until;
        hall.deadlines.insert((until, Deadline::Hold(*number)));
        let view = show(hall, &event, *number, &row);
        cx.put(HOLDS, &key, &row);
        say(cx, view, Event::HoldExtended);
    }
    arm(cx, &event);
    Ok(Outcome::Retimed(u32::try_from(holds.len()).expect("a hall has few places")))
}

/// The events of a partition of which something is held under a token.
#[must_use]
pub fn events(view: &View<'_, Ticketing>, token: TokenHash) -> Vec<String> {
    let halls = view.engine.all().filter(|hall| hall.held_under(token).next().is_some());
    halls.map(|hall| hall.plan.event.clone()).collect()
}
