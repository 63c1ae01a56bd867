//! How a package asks its events for their parts: one after the other in the order of their ids. The first no, the deadline
//! or a change of mind lets all of them go.

use crate::runtime::saga::{Answered, Saga};
use crate::tickets::packages::money;
use crate::tickets::packages::tables::{HoldRow, PACKAGES, Stage};
use crate::tickets::packages::transition::{Cx, Key, note, set_due};
use millrace_topics::tickets::{
    Command, PackageEvent, PackageTerms, PartHolding, PartOf, PartStep, PartTurn, PartView, PartWish, Rejection,
    SeatMap, Tickets,
};
use millrace_topics::time::Time;

/// How often other seats are looked for at most, where an event of a season does not have those of the first.
pub const TRIES: u8 = 20;

/// The terms of a package.
///
/// # Panics
/// If there is no such package: it has holds.
#[must_use]
pub fn terms(cx: &Cx<'_>, package: &String) -> PackageTerms {
    cx.get(PACKAGES, package).expect("a package that has holds is there").terms
}

/// Asks the first event of a new attempt; the stage says what for.
pub fn begin(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, deadline: Time, stage: impl FnOnce(Saga<String>) -> Stage) {
    row.attempt += 1;
    row.stage = stage(Saga::begin(row.attempt, deadline, Vec::new()));
    ask_next(cx, key, row);
}

fn saga(stage: &mut Stage) -> Option<&mut Saga<String>> {
    match stage {
        Stage::Asking(saga) | Stage::Retaking(saga, _) => Some(saga),
        _ => None,
    }
}

/// Asks the event whose turn it is.
fn ask_next(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow) {
    let terms = terms(cx, &key.0);
    let is_again = matches!(row.stage, Stage::Retaking(..));
    let saga = saga(&mut row.stage).expect("events are asked while an attempt is under way");
    let turn = saga.parts.len();
    let event = row.parts[turn].event.clone();
    saga.ask(event.clone());
    let of = terms.events.iter().find(|part| part.event == event).expect("the events of a package stay");
    let known = row.parts[turn].view.as_ref().filter(|_| is_again);
    let first = row.parts[0].view.as_ref().filter(|_| terms.season && turn > 0);
    let holding = PartHolding {
        part: part(key, row, &event),
        buyer: row.buyer.clone(),
        wish: known.map_or_else(|| wish(row, &event, first), again),
        price: of.price,
        lines: known.map_or_else(Vec::new, |view| view.lines.clone()),
        channels: of.channels.clone(),
        until: row.expires,
        map: terms.season && !is_again,
        besides: row.besides.clone().filter(|_| turn == 0 && !is_again),
    };
    cx.send::<Tickets>(&Command::HoldPart(Box::new(holding)));
}

/// What is wanted of an event; in a season the seats that the first has found.
fn wish(row: &HoldRow, event: &str, first: Option<&PartView>) -> PartWish {
    let named = row.wishes.iter().find(|wish| wish.event.as_deref() == Some(event));
    let wish = named.or_else(|| row.wishes.iter().find(|wish| wish.event.is_none()));
    let wish = wish.expect("something is wanted of each event").clone();
    match first.filter(|_| wish.best.is_some()) {
        Some(first) => PartWish { seats: first.seats.clone(), best: None, ..wish },
        None => wish,
    }
}

/// What was held before.
fn again(view: &PartView) -> PartWish {
    PartWish { event: None, seats: view.seats.clone(), best: None, areas: view.areas.clone() }
}

fn part(key: &Key, row: &HoldRow, event: &str) -> PartOf {
    PartOf { event: event.to_owned(), package: key.0.clone(), number: key.1, attempt: row.attempt }
}

/// Tells an event what becomes of its part.
pub fn tell(cx: &mut Cx<'_>, key: &Key, row: &HoldRow, event: &str, to: PartStep) {
    cx.send::<Tickets>(&Command::TurnPart(PartTurn { part: part(key, row, event), to }));
}

/// An event holds its part.
pub fn held(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, said: &PartOf, view: PartView, layout: u64) {
    let Some(saga) = saga(&mut row.stage) else { return };
    if saga.agree(said.attempt, &said.event) == Answered::Stale {
        return;
    }
    let turn = saga.parts.len() - 1;
    row.parts[turn].view = Some(view);
    row.parts[turn].layout = layout;
    if let Some(why) = unlike(row, turn) {
        return fail(cx, key, row, None, Rejection::InPackage { event: said.event.clone(), why: Box::new(why) });
    }
    if turn + 1 < row.parts.len() {
        return ask_next(cx, key, row);
    }
    match std::mem::replace(&mut row.stage, Stage::Held) {
        Stage::Retaking(_, payment) => money::become_paid(cx, key, row, Some(payment)),
        _ => {
            set_due(cx, key, row, Some(row.expires));
            note(cx, key, row, PackageEvent::PackageHeld);
        }
    }
}

/// Why an event cannot be in one package with the first.
fn unlike(row: &HoldRow, turn: usize) -> Option<Rejection> {
    let currency = |at: usize| row.parts[at].view.as_ref().map(|view| view.total.currency);
    if currency(turn) != currency(0) {
        return Some(Rejection::BadPackage("the events of a package have one currency".to_owned()));
    }
    (row.parts[turn].layout != row.parts[0].layout).then_some(Rejection::OtherPlan)
}

/// An event has refused its part.
pub fn refused(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, said: &PartOf, why: Rejection, map: Option<SeatMap>) {
    let Some(saga) = saga(&mut row.stage) else { return };
    if !saga.waits_for(said.attempt, &said.event) {
        return;
    }
    let is_first = saga.parts.len() == 1;
    let wants_best = row.wishes.iter().any(|wish| wish.best.is_some());
    match map {
        Some(map) if wants_best && !is_first && row.tries < TRIES => look_again(cx, key, row, &said.event, map),
        _ => {
            let why = Rejection::InPackage { event: said.event.clone(), why: Box::new(why) };
            fail(cx, key, row, Some(&said.event), why);
        }
    }
}

/// Has the first event look for other seats than those that another does not have.
fn look_again(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, refuser: &String, map: SeatMap) {
    let deadline = saga(&mut row.stage).expect("an attempt is under way").deadline;
    let_go(cx, key, row, Some(refuser));
    row.tries += 1;
    row.besides = Some(match row.besides.take() {
        Some(known) => both(known, map),
        None => map,
    });
    begin(cx, key, row, deadline, Stage::Asking);
}

/// The seats of both maps; of two layouts those of the later one.
fn both(known: SeatMap, map: SeatMap) -> SeatMap {
    if known.layout != map.layout {
        return map;
    }
    let mut rows: std::collections::BTreeMap<u16, [u64; 4]> = known.rows.into_iter().collect();
    for (row, words) in map.rows {
        let all = rows.entry(row).or_default();
        all.iter_mut().zip(words).for_each(|(all, word)| *all |= word);
    }
    SeatMap { layout: map.layout, rows: rows.into_iter().collect() }
}

/// Tells all who may hold something to let go.
fn let_go(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, refuser: Option<&String>) {
    let saga = saga(&mut row.stage).expect("an attempt is under way");
    let asked: Vec<String> = saga.held_without(refuser).cloned().collect();
    asked.iter().for_each(|event| tell(cx, key, row, event, PartStep::Release));
}

/// Ends an attempt that has come to nothing. Money that came late is to be given back.
pub fn fail(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, refuser: Option<&String>, why: Rejection) {
    let_go(cx, key, row, refuser);
    set_due(cx, key, row, None);
    row.refused = Some((row.attempt, Box::new(why)));
    let now = cx.now();
    match std::mem::replace(&mut row.stage, Stage::Refused(now)) {
        Stage::Retaking(_, payment) => {
            row.stage = Stage::Expired(now);
            money::give_back(cx, key, row, payment, row.total());
        }
        _ => row.parts.iter_mut().for_each(|part| part.view = None),
    }
}
