//! Channels: seats that are sold to some only. Whose a seat is says nothing about who has it: what is held or sold stays so,
//! and belongs to the channel when it comes back.

pub mod routes;

use crate::runtime::ids;
use crate::tickets::hall::{CHANNEL_LIMIT, Hall, NOBODY};
use crate::tickets::tables::{CHANNELS, CodeRow, MARKS, Spot};
use crate::tickets::transition::{Cx, check_is_server, hall};
use millrace_topics::record::Role;
use millrace_topics::tickets::{Assigned, Assigning, Event, Outcome, Rejection};

/// The most names of seats, rows and sections at once.
pub const NAMES_LIMIT: usize = 10_000;

/// Every channel, a bit each: what was sold out of one once may be so again.
pub const ANY_CHANNEL: u64 = u64::MAX;

/// Gives seats to a channel, to nobody or to everybody.
///
/// # Errors
/// The refusal, before anything was written.
pub fn assign(cx: &mut Cx<'_>, assigning: Assigning) -> Result<Outcome, Rejection> {
    let Assigning { event, seats, channel, blocked } = assigning;
    check_is_server(cx.caller())?;
    let hall = hall(cx, &event)?;
    if seats.is_empty() || seats.len() > NAMES_LIMIT {
        return Err(Rejection::BadRequest(format!("1 to {NAMES_LIMIT} seats, rows or sections are named")));
    }
    if blocked && channel.is_some() {
        return Err(Rejection::BadRequest("seats are a channel's or nobody's".to_owned()));
    }
    if channel.as_ref().is_some_and(|channel| !ids::is_id(channel)) {
        return Err(Rejection::BadId);
    }
    let is_new = channel.as_ref().is_some_and(|channel| hall.channel(channel).is_none());
    if is_new && hall.channels.len() == CHANNEL_LIMIT {
        return Err(Rejection::BadRequest(format!("an event has at most {CHANNEL_LIMIT} channels")));
    }
    let found: Vec<(String, Vec<Spot>)> = seats.into_iter().map(|name| (name.clone(), hall.find_all(&name))).collect();
    let unknown: Vec<String> =
        found.iter().filter(|(_, spots)| spots.is_empty()).map(|(name, _)| name.clone()).collect();
    if !unknown.is_empty() {
        return Err(Rejection::UnknownSeats(unknown));
    }
    let mut spots: Vec<Spot> = found.into_iter().flat_map(|(_, spots)| spots).collect();
    spots.sort_unstable();
    spots.dedup();
    // The line: nothing below can be refused.
    let hall = cx.engine.of(&event);
    if let Some(channel) = channel.as_ref().filter(|_| is_new) {
        hall.channels.push(channel.clone());
    }
    let mark = match &channel {
        Some(channel) => hall.channel(channel).expect("it was added where it was new"),
        None if blocked => NOBODY,
        None => 0,
    };
    let (rows, owned) = hall.mark(&spots, mark);
    let channels = hall.channels.clone();
    let marks: Vec<(u16, Vec<u8>)> = rows.into_iter().map(|row| (row, hall.marks(row))).collect();
    if is_new {
        cx.put(CHANNELS, &event, &channels);
    }
    marks.into_iter().for_each(|(row, marks)| cx.put(MARKS, &(event.clone(), row), &marks));
    let seats = u32::try_from(spots.len()).expect("a hall has few seats");
    let assigned = Assigned { event, channel, blocked, seats, owned };
    cx.say(&Event::ChannelChanged(assigned.clone()));
    Ok(Outcome::Assigned(assigned))
}

/// The channels out of which somebody may take seats, a bit each: those that a server names, and that of a code.
///
/// # Errors
/// The refusal.
pub fn of(cx: &Cx<'_>, hall: &Hall, named: &[String], code: Option<&CodeRow>) -> Result<u64, Rejection> {
    if !named.is_empty() && cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    let of_code = code.and_then(|code| code.terms.channel.as_ref());
    let mut all = 0;
    for channel in named.iter().chain(of_code) {
        let number = hall.channel(channel).ok_or_else(|| Rejection::UnknownChannel(channel.clone()))?;
        all |= 1 << (number - 1);
    }
    Ok(all)
}
