//! Codes: the promotions of a cart, as they were when it got them. The promotion itself has the last word at the checkout.

pub mod routes;

use crate::carts::promo::transition::check_terms;
use crate::carts::tables::{CARTS, Cart, Stage};
use crate::carts::transition::{Cx, keep, load_open, note};
use millrace_topics::carts::{
    ApplyCode, Change, JoinCodes, OnCode, Outcome, PromoKind, PromoRefusal, PromoTerms, Rejection,
};

/// The most codes of a cart.
pub const CODES_LIMIT: u32 = 10;

/// That a cart can have a code beside those that it has.
fn check_beside(cart: &Cart, terms: &PromoTerms) -> Result<(), Rejection> {
    if let PromoKind::Fixed { currency, .. } = terms.discount
        && currency != cart.currency
    {
        let (cart, price) = (cart.currency.code().to_owned(), currency.code().to_owned());
        return Err(Rejection::CurrencyMismatch { cart, price });
    }
    let mut others = cart.codes.iter().filter(|known| known.code != terms.code).peekable();
    if others.peek().is_some() && !(terms.stackable && others.all(|known| known.stackable)) {
        return Err(Rejection::NotStackable);
    }
    if cart.codes.len() >= CODES_LIMIT as usize {
        return Err(Rejection::TooManyCodes(CODES_LIMIT));
    }
    Ok(())
}

/// Gives a cart a code. One that it has already counts once, by the newest terms.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, apply: ApplyCode) -> Result<Outcome, Rejection> {
    let ApplyCode { on, terms } = apply;
    check_terms(&terms)?;
    let mut cart = load_open(cx, &on)?;
    if cart.codes.contains(&terms) {
        return Ok(Outcome::Cart(Box::new(cart.show(&on.cart, Vec::new()))));
    }
    cart.codes.retain(|known| known.code != terms.code);
    check_beside(&cart, &terms)?;
    // The line: nothing below can be refused.
    let code = terms.code.clone();
    cart.codes.push(terms);
    changed(cx, &on.cart, &mut cart, on.device, Change::PromoApplied { code });
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// Takes a code away again.
///
/// # Errors
/// The refusal, before anything was written.
pub fn remove(cx: &mut Cx<'_>, asked: OnCode) -> Result<Outcome, Rejection> {
    let OnCode { on, code } = asked;
    let mut cart = load_open(cx, &on)?;
    let before = cart.codes.len();
    cart.codes.retain(|known| known.code != code);
    if cart.codes.len() == before {
        return Err(Rejection::UnknownCode(code));
    }
    // The line: nothing below can be refused.
    changed(cx, &on.cart, &mut cart, on.device, Change::PromoRemoved { code });
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// Notes a change of codes.
fn changed(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, device: Option<String>, change: Change) {
    cart.content += 1;
    note(cx, id, cart, device, change, None);
}

/// A cart takes the codes of one that its user has claimed, as far as they go with its own.
pub fn join(cx: &mut Cx<'_>, join: JoinCodes) -> Outcome {
    let Some(mut cart) = cx.get(CARTS, &join.cart).filter(|cart| cart.stage == Stage::Active) else {
        return Outcome::Noted;
    };
    for terms in join.codes {
        let is_new = cart.codes.iter().all(|known| known.code != terms.code);
        if is_new && check_beside(&cart, &terms).is_ok() {
            let code = terms.code.clone();
            cart.codes.push(terms);
            changed(cx, &join.cart, &mut cart, None, Change::PromoApplied { code });
        }
    }
    cx.put(CARTS, &join.cart, &cart);
    Outcome::Noted
}

/// Why a promotion gives no use. What it says of its terms is believed.
pub fn reason(cart: &mut Cart, code: String, refusal: PromoRefusal) -> Rejection {
    match refusal {
        PromoRefusal::Unknown => Rejection::UnknownCode(code),
        PromoRefusal::Expired => Rejection::PromoExpired(code),
        PromoRefusal::Exhausted => Rejection::PromoExhausted(code),
        PromoRefusal::NoCustomer => Rejection::PromoNeedsCustomer(code),
        PromoRefusal::Changed(terms) => {
            cart.codes.retain(|known| known.code != code);
            if check_beside(cart, &terms).is_ok() {
                cart.codes.push(*terms);
            }
            cart.content += 1;
            Rejection::PromoChanged(code)
        }
    }
}
