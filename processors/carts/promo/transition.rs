//! What a command does to promotions: checks by precedence, the line, then only writes.

use crate::carts::promo::Promo;
use crate::carts::promo::tables::{CUSTOMERS, HELD, HeldUse, PROMOTIONS, USES, Uses, show};
use crate::runtime::ids;
use millrace_topics::carts::{
    Carts, CodeHold, Command, PromoCommand, PromoDefinition, PromoEvent, PromoKind, PromoOutcome, PromoRefusal,
    PromoSaid, PromoTerms, Rejection, Use,
};
use millrace_topics::money::AMOUNT_LIMIT;
use millrace_topics::record::Role;

type Cx<'a> = crate::runtime::cx::Cx<'a, Promo>;

/// The most SKUs that a promotion names.
pub const SKUS_LIMIT: usize = 100;

/// The most units that are paid, or free, in one round of `buy_get`.
pub const ROUND_LIMIT: u32 = 1000;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: PromoCommand) -> Result<PromoOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    match command {
        PromoCommand::Define(definition) => define(cx, *definition),
        PromoCommand::Reserve(wanted) => {
            reserve_or_refuse(cx, wanted);
            Ok(PromoOutcome::Noted)
        }
        PromoCommand::Release(hold) => {
            release(cx, hold);
            Ok(PromoOutcome::Noted)
        }
        PromoCommand::Commit(hold) => {
            commit(cx, hold);
            Ok(PromoOutcome::Noted)
        }
    }
}

/// What is wrong with terms whatever the state is.
///
/// # Errors
/// The refusal.
pub fn check_terms(terms: &PromoTerms) -> Result<(), Rejection> {
    let bad = |what: String| Err(Rejection::BadRequest(what));
    if !ids::is_id(&terms.code) {
        return Err(Rejection::BadId);
    }
    if terms.skus.len() > SKUS_LIMIT {
        return bad(format!("`skus` has at most {SKUS_LIMIT}"));
    }
    match terms.discount {
        PromoKind::Percent { basis_points } if !(1..=10_000).contains(&basis_points) => {
            bad("`basis_points` is 1 to 10000".to_owned())
        }
        PromoKind::Fixed { amount, .. } if !(1..=AMOUNT_LIMIT).contains(&amount) => {
            bad(format!("`amount` is 1 to {AMOUNT_LIMIT}"))
        }
        PromoKind::BuyGet { buy, get } if ![buy, get].iter().all(|units| (1..=ROUND_LIMIT).contains(units)) => {
            bad(format!("`buy` and `get` are 1 to {ROUND_LIMIT}"))
        }
        _ => Ok(()),
    }
}

fn define(cx: &mut Cx<'_>, mut definition: PromoDefinition) -> Result<PromoOutcome, Rejection> {
    check_terms(&definition.terms)?;
    if let (Some(starts), Some(ends)) = (definition.starts_at, definition.ends_at)
        && starts >= ends
    {
        return Err(Rejection::BadRequest("a promotion starts before it ends".to_owned()));
    }
    let code = definition.terms.code.clone();
    let known = cx.get(PROMOTIONS, &code);
    let uses = cx.get(USES, &code).unwrap_or_default();
    let version = known.as_ref().map_or(0, |known| known.terms.version);
    definition.terms.version = version;
    if known.as_ref() == Some(&definition) {
        return Ok(PromoOutcome::Changed(Box::new(show(&definition, uses))));
    }
    // The line: nothing below can be refused. Limits may fall below what is used: then nobody else gets a use.
    definition.terms.version = version + 1;
    cx.put(PROMOTIONS, &code, &definition);
    let shown = Box::new(show(&definition, uses));
    cx.say(&PromoEvent::Changed(shown.clone()));
    Ok(if known.is_none() { PromoOutcome::Created(shown) } else { PromoOutcome::Changed(shown) })
}

/// Why a cart gets no use of a promotion.
fn refusal(cx: &Cx<'_>, wanted: &Use, uses: Uses) -> Option<PromoRefusal> {
    let Some(row) = cx.get(PROMOTIONS, &wanted.code) else { return Some(PromoRefusal::Unknown) };
    let now = cx.now();
    if row.starts_at.is_some_and(|starts| now < starts) || row.ends_at.is_some_and(|ends| now >= ends) {
        return Some(PromoRefusal::Expired);
    }
    if row.terms.version != wanted.version {
        return Some(PromoRefusal::Changed(Box::new(row.terms)));
    }
    if row.max_uses.is_some_and(|most| uses.reserved + uses.used >= most)
        || row.budget.is_some_and(|budget| uses.spent.saturating_add(wanted.amount) > budget)
    {
        return Some(PromoRefusal::Exhausted);
    }
    let most = row.max_uses_per_customer?;
    let Some(customer) = &wanted.customer else { return Some(PromoRefusal::NoCustomer) };
    let has = cx.get(CUSTOMERS, &(wanted.code.clone(), customer.clone())).unwrap_or_default();
    (has >= most).then_some(PromoRefusal::Exhausted)
}

/// Holds a use for a cart, or says why not.
fn reserve_or_refuse(cx: &mut Cx<'_>, wanted: Use) {
    let mut uses = cx.get(USES, &wanted.code).unwrap_or_default();
    let refusal = refusal(cx, &wanted, uses);
    let is_refused = refusal.is_some();
    let Use { code, cart, attempt, customer, version: _, amount } = wanted;
    let said = PromoSaid { cart: cart.clone(), attempt, code: code.clone(), refusal };
    cx.send::<Carts>(&Command::PromoSaid(said));
    if is_refused {
        return;
    }
    uses.reserved += 1;
    uses.spent += amount;
    cx.put(USES, &code, &uses);
    count_customer(cx, &code, customer.as_deref(), true);
    cx.put(HELD, &(code, cart), &HeldUse { attempt, customer, amount });
}

/// Counts a use of a customer, or one less.
fn count_customer(cx: &mut Cx<'_>, code: &str, customer: Option<&str>, more: bool) {
    let Some(customer) = customer else { return };
    let key = (code.to_owned(), customer.to_owned());
    let has = cx.get(CUSTOMERS, &key).unwrap_or_default();
    match if more { has + 1 } else { has - 1 } {
        0 => cx.delete(CUSTOMERS, &key),
        has => cx.put(CUSTOMERS, &key, &has),
    }
}

/// Gives back a use that a cart holds. A cart says it to whom it has asked, whether it was refused or not.
fn release(cx: &mut Cx<'_>, hold: CodeHold) {
    let key = (hold.code, hold.cart);
    let Some(held) = cx.get(HELD, &key).filter(|held| held.attempt == hold.attempt) else { return };
    let mut uses = cx.get(USES, &key.0).expect("what is held is counted");
    uses.reserved -= 1;
    uses.spent -= held.amount;
    cx.put(USES, &key.0, &uses);
    count_customer(cx, &key.0, held.customer.as_deref(), false);
    cx.delete(HELD, &key);
}

/// An order has the use that its cart held.
fn commit(cx: &mut Cx<'_>, hold: CodeHold) {
    let key = (hold.code.clone(), hold.cart.clone());
    let held = cx.get(HELD, &key).expect("a cart that orders holds what it orders");
    assert_eq!(held.attempt, hold.attempt, "a cart orders what it holds");
    let mut uses = cx.get(USES, &key.0).expect("what is held is counted");
    uses.reserved -= 1;
    uses.used += 1;
    cx.put(USES, &key.0, &uses);
    cx.delete(HELD, &key);
    cx.say(&PromoEvent::Used(hold));
}
