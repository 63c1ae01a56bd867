//! What can be asked of carts: as they are, what happened to them, their orders and payments.

use crate::carts::Carting;
use crate::carts::claim::{self, Joined};
use crate::carts::payments;
use crate::carts::tables::{ACTIVE, CARTS, Cart, HISTORY, PAYMENTS, PROFILES, Past, Stage};
use crate::carts::transition::{self, may_see};
use crate::runtime::system::Partitions;
use millrace_topics::carts::{Answer, Entry, Query, Reader, Rejection, cart_of_user, numbered, routing_key};
use millrace_topics::record::Role;

type View<'a> = crate::runtime::view::View<'a, Carting>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    if let Query::Customer { customer } = query {
        return Partitions::One(cart_of_user(customer).into_bytes());
    }
    let (Query::Cart { cart, .. }
    | Query::Attempt { cart, .. }
    | Query::History { cart, .. }
    | Query::Order { cart, .. }
    | Query::Payment { cart, .. }
    | Query::Lines { cart, .. }
    | Query::Preview { cart, .. }) = query
    else {
        unreachable!("it is none of a cart")
    };
    Partitions::One(routing_key(cart).as_bytes().to_vec())
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
            let (id, cart) =
                load_own(view, id.clone(), &reader).or_else(|refusal| shared(view, id, &reader, refusal))?;
            Ok(Answer::Cart(Box::new(cart.show(&id, Vec::new()))))
        }
        Query::Attempt { cart: id, attempt, reader } => {
            let (id, cart) = load(view, id, &reader)?;
            how_it_went(&cart, &id, attempt)
        }
        Query::History { cart: id, limit, before, reader } => {
            let (id, _) = load_own(view, id, &reader)?;
            Ok(history(view, &id, limit as usize, before))
        }
        Query::Order { cart: id, reader } => {
            let (id, cart) = load(view, id, &reader).map_err(|_| Rejection::UnknownOrder)?;
            Ok(Answer::Order(Box::new(cart.order(&id).ok_or(Rejection::UnknownOrder)?)))
        }
        Query::Payment { cart: id, payment } => {
            let id = newest(view, id);
            let cart = view.get(CARTS, &id).ok_or(Rejection::UnknownPayment)?;
            let key = (id, payment);
            let row = view.get(PAYMENTS, &key).ok_or(Rejection::UnknownPayment)?;
            Ok(Answer::Payment(Box::new(payments::show(&key, &row, &cart))))
        }
        Query::Lines { cart: id, reader } => {
            let (id, cart) = load_own(view, id, &reader)?;
            // A preview shows what a claim would do, and so what it would not.
            claim::check_free(&cart)?;
            transition::check_open(&cart, &id)?;
            Ok(Answer::Lines(cart.currency, cart.lines, cart.saved))
        }
        Query::Customer { customer } => Ok(Answer::Customer(view.get(PROFILES, &cart_of_user(&customer)))),
        query @ Query::Preview { .. } => preview(view, query),
    }
}

/// The id of a user's newest cart where the user's carts are named.
fn newest(view: &View<'_>, id: String) -> String {
    let number = if id.starts_with("user:") { view.get(ACTIVE, &id) } else { None };
    number.map_or(id.clone(), |number| numbered(&id, number))
}

fn load(view: &View<'_>, id: String, reader: &Reader) -> Result<(String, Cart), Rejection> {
    let id = newest(view, id);
    let cart = view.get(CARTS, &id).ok_or(Rejection::UnknownCart)?;
    may_see(&cart, reader.token, &reader.caller).then_some((id, cart)).ok_or(Rejection::UnknownCart)
}

/// The same for what a token shows no more once the cart was claimed.
fn load_own(view: &View<'_>, id: String, reader: &Reader) -> Result<(String, Cart), Rejection> {
    let (id, cart) = load(view, id, reader)?;
    match &cart.stage {
        Stage::Merged(successor, _) if reader.token.is_some() => {
            Err(Rejection::Merged { successor: successor.clone() })
        }
        _ => Ok((id, cart)),
    }
}

/// The cart whose link was followed.
fn shared(view: &View<'_>, id: String, reader: &Reader, refusal: Rejection) -> Result<(String, Cart), Rejection> {
    let id = newest(view, id);
    let cart = view.get(CARTS, &id).ok_or(Rejection::UnknownCart)?;
    let is_link = reader.token.zip(cart.link).is_some_and(|(shown, link)| shown.is(&link));
    if is_link { Ok((id, cart)) } else { Err(refusal) }
}

/// What a user's cart would be with other lines: worked out as the merge itself does it.
fn preview(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    let Query::Preview { cart: user_cart, reader, currency, mode, lines, saved, hints } = query else {
        unreachable!("a preview was asked for")
    };
    let own = match load(view, user_cart.clone(), &reader) {
        Ok((id, cart)) if !matches!(cart.stage, Stage::Ordered(..)) => Some((id, cart)),
        _ if reader.caller.role != Role::User || user_cart == cart_of_user(&reader.caller.id) => None,
        _ => return Err(Rejection::RoleRequired),
    };
    let joined = claim::join(own.as_ref().map(|(_, cart)| cart), currency, mode, lines, saved, &hints);
    let Joined { lines, saved, warnings } = joined.map_err(|refusal| claim::reason(refusal, currency))?;
    let (id, mut cart) = own.unwrap_or_else(|| (user_cart, transition::fresh(view.now())));
    if cart.currency != currency {
        cart.quotes.clear();
    }
    Ok(Answer::Cart(Box::new(Cart { currency, lines, saved, ..cart }.show(&id, warnings))))
}

fn how_it_went(cart: &Cart, id: &str, attempt: u32) -> Result<Answer, Rejection> {
    match &cart.stage {
        Stage::Merging(merging) if *merging == attempt => return Ok(Answer::Attempt(None)),
        Stage::Merged(_, warnings) => {
            return Ok(Answer::Attempt(Some(Box::new(cart.show(id, warnings.clone())))));
        }
        Stage::Trial(trial) if trial.saga.attempt == attempt && !trial.saga.is_agreed() => {
            return Ok(Answer::Attempt(None));
        }
        _ => {}
    }
    if cart.holds.iter().any(|hold| hold.asked.is_some_and(|(first, last)| (first..=last).contains(&attempt))) {
        return Ok(Answer::Attempt(None));
    }
    if let Some(short) = cart.short.as_ref().filter(|short| (short.attempts.0..=short.attempts.1).contains(&attempt)) {
        let shown = || Answer::Attempt(Some(Box::new(cart.show(id, short.warnings.clone()))));
        return short.refusal.clone().map_or_else(|| Ok(shown()), Err);
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
