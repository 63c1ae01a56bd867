//! Check-in: a ticket lets somebody in once. Of scans that scanners without a connection bring later, the first in the
//! log counts, whatever their clocks say; each that comes behind it is a conflict that is kept.

pub mod code;
pub mod routes;

use crate::tickets::parts;
use crate::tickets::tables::{CONFLICTS, ORDERS, OrderRow, Stage};
use crate::tickets::transition::{Cx, check_is_server, hall};
use millrace_topics::tickets::{
    Conflict, Event, ItemState, Outcome, Rejection, Scan, ScanResult, ScanView, Scanning, ticket_id,
};

/// The longest name of a scanner and of a scan, in bytes.
pub const SCAN_LIMIT: usize = 64;

/// The most conflicts of a ticket that are kept.
pub const CONFLICT_LIMIT: usize = 100;

/// Lets somebody in, or says why not.
///
/// # Errors
/// The refusal, before anything was written.
pub fn check_in(cx: &mut Cx<'_>, scanning: Scanning) -> Result<Outcome, Rejection> {
    let Scanning { on, ticket, issue, scan } = scanning;
    check_is_server(cx.caller())?;
    hall(cx, &on.event)?;
    for name in [&scan.scanner, &scan.nonce] {
        if name.is_empty() || name.len() > SCAN_LIMIT {
            return Err(Rejection::BadRequest(format!("`scanner` and `nonce` have 1 to {SCAN_LIMIT} bytes")));
        }
    }
    // The line: nothing below can be refused.
    let key = (on.event, on.order);
    let view = match cx.get(ORDERS, &key) {
        Some(row) => judge(cx, &key, row, ticket, issue, scan),
        None => nothing(&key, ticket),
    };
    cx.say(&Event::TicketScanned(view.clone()));
    Ok(Outcome::Scanned(view))
}

fn nothing(key: &(String, u32), ticket: u32) -> ScanView {
    let ticket = ticket_id(&key.0, key.1, ticket);
    ScanView { ticket, result: ScanResult::Invalid, seat: None, holder: None, first: None, redeemed_at: None }
}

fn judge(
    cx: &mut Cx<'_>,
    key: &(String, u32),
    mut row: OrderRow,
    ticket: u32,
    issue: Option<u32>,
    scan: Scan,
) -> ScanView {
    let none = nothing(key, ticket);
    let is_returning = parts::is_returning(cx, &key.0, row.hold);
    let was_paid = matches!(row.stage, Stage::Paid(_) | Stage::Cancelled(_));
    let item = ticket.checked_sub(1).and_then(|at| row.items.get_mut(at as usize)).filter(|_| was_paid);
    let Some(item) = item else { return none };
    if is_returning || item.state != ItemState::Valid || issue.is_some_and(|issue| issue != item.issue) {
        return ScanView { result: ScanResult::Revoked, ..none };
    }
    let now = cx.now();
    let (first, at) = item.scan.get_or_insert_with(|| (scan.clone(), now)).clone();
    let is_same = (&first.scanner, &first.nonce) == (&scan.scanner, &scan.nonce);
    let result = if is_same { ScanResult::Ok } else { ScanResult::AlreadyRedeemed };
    let (spot, holder, known) = (item.spot, item.holder.clone(), item.conflicts.clone());
    let hall = cx.engine.of(&key.0);
    let number = hall.conflicts + 1;
    let view = ScanView {
        result,
        seat: spot.map(|spot| hall.name(spot)),
        holder,
        first: Some(first.clone()),
        redeemed_at: Some(at),
        ..none
    };
    if !is_same && (known.len() >= CONFLICT_LIMIT || is_known(cx, &key.0, &known, &scan)) {
        return view;
    }
    if !is_same {
        item.conflicts.push(number);
        cx.engine.of(&key.0).conflicts = number;
        let conflict = Conflict { number, ticket: view.ticket.clone(), first, later: scan, at: now };
        cx.put(CONFLICTS, &(key.0.clone(), number), &conflict);
    }
    cx.put(ORDERS, key, &row);
    view
}

/// True if one of these conflicts is of this scan.
fn is_known(cx: &Cx<'_>, event: &str, numbers: &[u32], scan: &Scan) -> bool {
    numbers.iter().any(|number| {
        let known = cx.get(CONFLICTS, &(event.to_owned(), *number)).expect("a conflict stays");
        (&known.later.scanner, &known.later.nonce) == (&scan.scanner, &scan.nonce)
    })
}
