//! How an order that is paid is taken back in all of its events, or in none: somebody may have come in with a ticket. All
//! events are asked at once, and those that say yes take no ticket of it at the door until it is decided.

use crate::runtime::saga::{Answered, Saga};
use crate::tickets::packages::asking::{tell, terms};
use crate::tickets::packages::money;
use crate::tickets::packages::tables::{HoldRow, Stage};
use crate::tickets::packages::transition::{Cx, Key, note, set_due};
use millrace_topics::tickets::{PackageEvent, PartOf, PartStep, Rejection};

/// Asks all events whether what they have sold may be taken back.
pub fn begin(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow) {
    row.attempt += 1;
    let deadline = cx.now().plus(u64::from(terms(cx, &key.0).answer_seconds) * 1000);
    let events: Vec<String> = row.parts.iter().map(|part| part.event.clone()).collect();
    events.iter().for_each(|event| tell(cx, key, row, event, PartStep::AskBack));
    row.stage = Stage::Returning(Saga::begin(row.attempt, deadline, events));
    set_due(cx, key, row, Some(deadline));
}

/// An event says that its part may be taken back.
pub fn may_go(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, said: &PartOf) {
    let Stage::Returning(saga) = &mut row.stage else { return };
    if saga.agree(said.attempt, &said.event) != Answered::Agreed {
        return;
    }
    let events = saga.parts.clone();
    events.iter().for_each(|event| tell(cx, key, row, event, PartStep::TakeBack));
    row.stage = Stage::Cancelled(cx.now());
    set_due(cx, key, row, None);
    note(cx, key, row, PackageEvent::PackageCancelled);
    if let Some(payment) = row.payment.clone() {
        money::give_back(cx, key, row, payment, row.total());
    }
}

/// An event says that it may not, or has not answered in time: the order stays as it was.
pub fn keep(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, refuser: Option<&PartOf>, why: Rejection) {
    let Stage::Returning(saga) = &row.stage else { return };
    if refuser.is_some_and(|said| !saga.waits_for(said.attempt, &said.event)) {
        return;
    }
    let others: Vec<String> = saga.held_without(refuser.map(|said| &said.event)).cloned().collect();
    others.iter().for_each(|event| tell(cx, key, row, event, PartStep::Keep));
    row.stage = Stage::Paid(row.paid.expect("what is taken back was paid"));
    row.refused = Some((row.attempt, Box::new(why)));
    set_due(cx, key, row, None);
}
