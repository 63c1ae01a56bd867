//! What can be asked of carts: as they are, what happened to them, their orders and payments.

use crate::carts::Carting;
use crate::carts::payments;
use crate::carts::tables::{CARTS, Cart, HISTORY, PAYMENTS, Past, Stage};
use crate::carts::transition::may_see;
use crate::runtime::system::Partitions;
use millrace_topics::carts::{Answer, Entry, Query, Reader, Rejection};

type View<'a> = crate::runtime::view::View<'a, Carting>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let (Query::Cart { cart, .. }
    | Query::Attempt { cart, .. }
    | Query::History { cart, .. }
    | Query::Order { cart, .. }
    | Query::Payment { cart, .. }) = query;
    Partitions::One(cart.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &Query, answers: Vec<Answer>) -> Answer {
    answers.into_iter().next().expect("one partition was asked")
}

/// Answers a query.
///
/// # Errors
/// That there is no such cart for who asks, or why a checkout came to nothing.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    match query {
        Query::Cart { cart: id, reader } => {
            let cart = load(view, &id, &reader)?;
            Ok(Answer::Cart(Box::new(cart.show(&id, Vec::new()))))
        }
        Query::Attempt { cart: id, attempt, reader } => how_it_went(&load(view, &id, &reader)?, &id, attempt),
        Query::History { cart: id, limit, before, reader } => {
            load(view, &id, &reader)?;
            Ok(history(view, &id, limit as usize, before))
        }
        Query::Order { cart: id, reader } => {
            let cart = load(view, &id, &reader).map_err(|_| Rejection::UnknownOrder)?;
            Ok(Answer::Order(Box::new(cart.order(&id).ok_or(Rejection::UnknownOrder)?)))
        }
        Query::Payment { cart: id, payment } => {
            let cart = view.get(CARTS, &id).ok_or(Rejection::UnknownPayment)?;
            let key = (id, payment);
            let row = view.get(PAYMENTS, &key).ok_or(Rejection::UnknownPayment)?;
            Ok(Answer::Payment(Box::new(payments::show(&key, &row, &cart))))
        }
    }
}

fn load(view: &View<'_>, id: &String, reader: &Reader) -> Result<Cart, Rejection> {
    let cart = view.get(CARTS, id).ok_or(Rejection::UnknownCart)?;
    may_see(&cart, reader.token, &reader.caller).then_some(cart).ok_or(Rejection::UnknownCart)
}

fn how_it_went(cart: &Cart, id: &str, attempt: u32) -> Result<Answer, Rejection> {
    match &cart.stage {
        Stage::Trial(trial) if trial.saga.attempt == attempt && !trial.saga.is_agreed() => {
            return Ok(Answer::Attempt(None));
        }
        _ => {}
    }
    match &cart.refused {
        Some((refused, reason)) if *refused == attempt => Err(reason.clone()),
        _ => Ok(Answer::Attempt(Some(Box::new(cart.show(id, Vec::new()))))),
    }
}

fn history(view: &View<'_>, id: &str, limit: usize, before: Option<u32>) -> Answer {
    let mut rows = HISTORY.under(&(id.to_owned(),)).reversed();
    if let Some(before) = before {
        rows = rows.beyond(&HISTORY.raw_key(&(id.to_owned(), before)));
    }
    let mut found: Vec<((String, u32), Past)> = view.scan(HISTORY, &rows).take(limit + 1).collect();
    let goes_on = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| goes_on).map(|((_, number), _)| *number);
    Answer::History(found.into_iter().map(|((cart, _), past)| entry(cart, past)).collect(), last)
}

fn entry(cart: String, past: Past) -> Entry {
    let Past { version, time, by, device, change, undo: _ } = past;
    Entry { cart, version, time, by, device, change }
}
