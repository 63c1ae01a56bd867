//! Payments: what a provider says of them, in whatever order and however often, and what a cart makes of it.
//!
//! A payment whose money was taken pays an order, or it is to be given back, and that is said. One that comes when the
//! time of the checkout is over tries the checkout again, if the cart still is what was to be paid.

use crate::carts::checkout::{self, CHECKOUT_SECONDS};
use crate::carts::tables::{CARTS, Cart, PAYMENTS, PaymentRow, Stage};
use crate::carts::transition::{Cx, note};
use millrace_topics::carts::{Change, Outcome, Paying, Payment, PaymentKind, PaymentState, Rejection, order_of};
use millrace_topics::money::AMOUNT_LIMIT;
use millrace_topics::record::Role;

/// The longest id of a payment, in bytes.
pub const PAYMENT_ID_LIMIT: usize = 128;

/// Takes what a provider says.
///
/// # Errors
/// The refusal, before anything was written.
pub fn pay(cx: &mut Cx<'_>, paying: Paying) -> Result<Outcome, Rejection> {
    let Paying { cart: id, payment, kind, amount } = paying;
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    if payment.is_empty() || payment.len() > PAYMENT_ID_LIMIT {
        return Err(Rejection::BadRequest(format!("the id of a payment has 1 to {PAYMENT_ID_LIMIT} bytes")));
    }
    if amount > AMOUNT_LIMIT {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    let mut cart = cx.get(CARTS, &id).ok_or(Rejection::UnknownCart)?;
    let key = (id, payment);
    let known = cx.get(PAYMENTS, &key);
    if let Some(row) = &known
        && !is_news(row.state, kind)
    {
        return Ok(Outcome::Payment(Box::new(show(&key, row, &cart))));
    }
    // The line: nothing below can be refused. What came to nothing says no other amount.
    let amount = known.filter(|_| kind >= PaymentKind::Failed).map_or(amount, |row| row.amount);
    put(cx, &key, kind.into(), amount);
    let (id, payment) = (&key.0, key.1.clone());
    let change = match kind {
        PaymentKind::Authorized => Change::PaymentAuthorized { payment },
        PaymentKind::Captured => Change::PaymentCaptured { payment },
        PaymentKind::Failed => Change::PaymentFailed { payment },
        PaymentKind::Refunded => Change::PaymentRefunded { payment },
    };
    note(cx, id, &mut cart, None, change, None);
    match kind {
        PaymentKind::Authorized => accept(cx, &key, &mut cart, amount, false),
        PaymentKind::Captured => accept(cx, &key, &mut cart, amount, true),
        PaymentKind::Failed | PaymentKind::Refunded => withdraw(cx, &key, &mut cart),
    }
    cx.put(CARTS, id, &cart);
    let row = cx.get(PAYMENTS, &key).expect("it was put just now");
    Ok(Outcome::Payment(Box::new(show(&key, &row, &cart))))
}

/// True if what a provider says is not known already, or overtaken.
fn is_news(known: PaymentState, said: PaymentKind) -> bool {
    match known {
        PaymentState::Authorized => said != PaymentKind::Authorized,
        PaymentState::Failed => matches!(said, PaymentKind::Authorized | PaymentKind::Captured),
        PaymentState::VoidDue => said != PaymentKind::Authorized,
        PaymentState::Captured | PaymentState::RefundDue => said == PaymentKind::Refunded,
        PaymentState::Refunded => false,
    }
}

/// There is money: it pays what is being checked out, tries again what was, or is too much.
fn accept(cx: &mut Cx<'_>, key: &(String, String), cart: &mut Cart, amount: u64, captured: bool) {
    let (id, payment) = key;
    let again = cart
        .lapsed
        .as_ref()
        .is_some_and(|lapsed| (captured || lapsed.ready) && lapsed.total == amount && lapsed.content == cart.content);
    match &mut cart.stage {
        Stage::Ordered(Some(own), _) if own == payment => return,
        Stage::Trial(trial) if pays(&trial.payment, payment) && trial.total == amount => {
            trial.payment = Some((payment.clone(), captured));
            checkout::place_if_paid(cx, id, cart);
            return;
        }
        Stage::Trial(trial) if trial.payment.as_ref().is_some_and(|(own, _)| own == payment) => trial.payment = None,
        Stage::Active if again => {
            let deadline = cx.now().plus(u64::from(CHECKOUT_SECONDS) * 1000);
            checkout::ask(cx, id, cart, None, deadline, Some((payment.clone(), captured)), false);
            return;
        }
        _ => {}
    }
    give_back(cx, id, cart, payment);
}

/// True if a payment may pay a checkout that has this one, or none.
fn pays(own: &Option<(String, bool)>, payment: &str) -> bool {
    own.as_ref().is_none_or(|(own, _)| own == payment)
}

/// There is no money after all. A buyer who was ready has nothing to wait for: the checkout ends.
fn withdraw(cx: &mut Cx<'_>, key: &(String, String), cart: &mut Cart) {
    let (id, payment) = key;
    let Stage::Trial(trial) = &mut cart.stage else { return };
    if !pays(&trial.payment, payment) {
        return;
    }
    trial.payment = None;
    if trial.ready {
        checkout::give_up(cx, id, cart);
    }
}

/// Says that a payment's money is to be given back, or set free.
pub fn give_back(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, payment: &str) {
    let key = (id.to_owned(), payment.to_owned());
    let row = cx.get(PAYMENTS, &key).expect("a payment that a cart knows is there");
    let (amount, payment) = (row.amount, payment.to_owned());
    let (state, change) = match row.state {
        PaymentState::Captured => (PaymentState::RefundDue, Change::RefundDue { payment, amount }),
        PaymentState::Authorized => (PaymentState::VoidDue, Change::VoidDue { payment, amount }),
        other => unreachable!("a payment that is {other:?} has no money"),
    };
    put(cx, &key, state, amount);
    note(cx, id, cart, None, change, None);
}

fn put(cx: &mut Cx<'_>, key: &(String, String), state: PaymentState, amount: u64) {
    let changed_at = cx.now();
    cx.put(PAYMENTS, key, &PaymentRow { state, amount, changed_at });
}

/// A payment as people see it.
#[must_use]
pub fn show(key: &(String, String), row: &PaymentRow, cart: &Cart) -> Payment {
    let (id, payment) = key;
    let pays = matches!(&cart.stage, Stage::Ordered(Some(own), _) if own == payment);
    Payment {
        payment: payment.clone(),
        cart: id.clone(),
        state: row.state,
        amount: row.amount,
        order: pays.then(|| order_of(id)),
        changed_at: row.changed_at,
    }
}
