//! What payment providers say of orders of packages, and what an order makes of it. Money that comes too late gets the same
//! places if every event still has them, else it is to be given back.

use crate::tickets::packages::asking::{self, tell, terms};
use crate::tickets::packages::tables::{HOLDS, HoldRow, PAYMENTS, Stage};
use crate::tickets::packages::transition::{Cx, Key, load_order, note, set_due, show};
use crate::tickets::payments::{check, is_news, owed, reported, view};
use crate::tickets::tables::PaymentRow;
use millrace_topics::record::Role;
use millrace_topics::tickets::{
    PackageEvent, PackageOutcome, PackagePaying, PackagePaymentNote, PartStep, PaymentKind, Rejection,
};

/// Takes what a provider says.
///
/// # Errors
/// The refusal, before anything was written.
pub fn pay(cx: &mut Cx<'_>, paying: PackagePaying) -> Result<PackageOutcome, Rejection> {
    let PackagePaying { on, payment, kind, amount } = paying;
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    check(&payment, amount)?;
    let (key, mut row) = load_order(cx, on)?;
    let known = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone()));
    if let Some(known) = known.as_ref().filter(|known| !is_news(known, kind, amount)) {
        return Ok(PackageOutcome::Paid(Box::new(show(&key, &row)), view(payment, known)));
    }
    // The line: nothing below can be refused.
    let reported = reported(known, kind, amount, cx.now());
    put(cx, &key, &row, payment.clone(), reported, amount, PackageEvent::PackagePaymentReported);
    if kind == PaymentKind::Captured && !accept(cx, &key, &mut row, &payment, amount) {
        give_back(cx, &key, &row, payment.clone(), amount);
    }
    cx.put(HOLDS, &key, &row);
    let paid = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone())).expect("it was put just now");
    Ok(PackageOutcome::Paid(Box::new(show(&key, &row)), view(payment, &paid)))
}

/// There is money: it pays the order, or may still; false if it is too much, too little or too late.
fn accept(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, payment: &str, amount: u64) -> bool {
    if amount != row.total() {
        return false;
    }
    match row.stage {
        Stage::Pending => become_paid(cx, key, row, Some(payment.to_owned())),
        Stage::Expired(_) => {
            let deadline = cx.now().plus(u64::from(terms(cx, &key.0).answer_seconds) * 1000);
            row.expires = deadline;
            asking::begin(cx, key, row, deadline, |saga| Stage::Retaking(saga, payment.to_owned()));
            set_due(cx, key, row, Some(deadline));
        }
        _ => return false,
    }
    true
}

/// Every event sells its part.
pub fn become_paid(cx: &mut Cx<'_>, key: &Key, row: &mut HoldRow, payment: Option<String>) {
    let now = cx.now();
    let events: Vec<String> = row.parts.iter().map(|part| part.event.clone()).collect();
    events.iter().for_each(|event| tell(cx, key, row, event, PartStep::Pay));
    row.stage = Stage::Paid(now);
    row.paid = Some(now);
    row.payment = payment;
    set_due(cx, key, row, None);
    note(cx, key, row, PackageEvent::PackagePaid);
}

/// Notes that so much more of a payment is to be given back, and says how much that is by now, if it was not already.
///
/// # Panics
/// If there is no such payment.
pub fn give_back(cx: &mut Cx<'_>, key: &Key, row: &HoldRow, payment: String, back: u64) {
    let known = cx.get(PAYMENTS, &(key.0.clone(), key.1, payment.clone())).expect("what is given back was paid");
    if back == 0 {
        return;
    }
    let paid = owed(PaymentRow { refund: known.refund + back, ..known });
    let due = paid.refund.saturating_sub(paid.refunded);
    let event = if due > 0 { PackageEvent::PackageRefundDue } else { PackageEvent::PackagePaymentReported };
    put(cx, key, row, payment, paid, due, event);
}

fn put(
    cx: &mut Cx<'_>,
    key: &Key,
    row: &HoldRow,
    payment: String,
    paid: PaymentRow,
    amount: u64,
    event: fn(PackagePaymentNote) -> PackageEvent,
) {
    let paid = PaymentRow { changed_at: cx.now(), ..paid };
    let currency = row.parts[0].view.as_ref().expect("an order has its parts").total.currency;
    let (package, number) = key.clone();
    let note = PackagePaymentNote { package, number, payment: payment.clone(), state: paid.state, amount, currency };
    cx.put(PAYMENTS, &(key.0.clone(), key.1, payment), &paid);
    cx.say(&event(note));
}
