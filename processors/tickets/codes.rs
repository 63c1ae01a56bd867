//! Presale codes: each has so many uses, which open holds and orders have, and give back.

pub mod routes;

use crate::runtime::ids;
use crate::tickets::hall::build::PRICE_LIMIT;
use crate::tickets::tables::{CODES, CodeRow, Priced};
use crate::tickets::transition::{Cx, check_is_server, hall};
use millrace_topics::tickets::{CodeTerms, CodeView, Event, Outcome, Pricing, Rejection, Voucher};

/// The longest code, in bytes.
pub const CODE_LIMIT: usize = 64;

/// Makes a code, or changes what it lets do: its uses stay.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set(cx: &mut Cx<'_>, voucher: Voucher) -> Result<Outcome, Rejection> {
    let Voucher { terms, price, until } = voucher;
    check_is_server(cx.caller())?;
    let hall = hall(cx, &terms.event)?;
    if terms.code.is_empty() || terms.code.len() > CODE_LIMIT || terms.code.contains(char::is_whitespace) {
        return Err(Rejection::BadRequest(format!("a code has 1 to {CODE_LIMIT} bytes without spaces")));
    }
    check_price(price)?;
    if terms.channel.as_ref().is_some_and(|channel| !ids::is_id(channel)) {
        return Err(Rejection::BadId);
    }
    if let Some(channel) = terms.channel.as_ref().filter(|channel| hall.channel(channel).is_none()) {
        return Err(Rejection::UnknownChannel(channel.clone()));
    }
    let key = (terms.event.clone(), terms.code.clone());
    let known = cx.get(CODES, &key);
    let row = CodeRow { terms, price, until, uses: known.as_ref().map_or(0, |known| known.uses) };
    let view = show(&row);
    if known.as_ref() == Some(&row) {
        return Ok(Outcome::CodeSet(view));
    }
    // The line: nothing below can be refused.
    cx.put(CODES, &key, &row);
    cx.say(&Event::CodeChanged(view.clone()));
    Ok(Outcome::CodeSet(view))
}

/// Refuses what no place can cost.
fn check_price(price: Pricing) -> Result<(), Rejection> {
    let is_fine = match price {
        Pricing::Regular => true,
        Pricing::Discount { percent } => percent <= 100,
        Pricing::Fixed { price } => price <= PRICE_LIMIT,
    };
    let fault = || Rejection::BadRequest(format!("a code takes 0 to 100 percent off, or costs at most {PRICE_LIMIT}"));
    if is_fine { Ok(()) } else { Err(fault()) }
}

/// What places cost in a package or with a code; fees are added as ever.
#[must_use]
pub fn reduce(mut lines: Vec<Priced>, price: Pricing) -> Vec<Priced> {
    for line in &mut lines {
        line.price = match price {
            Pricing::Regular => line.price,
            Pricing::Discount { percent } => line.price * u64::from(100 - percent.min(100)) / 100,
            Pricing::Fixed { price } => price,
        };
    }
    lines
}

/// A code that can be used once more.
///
/// # Errors
/// That there is none, that its time is over, or that it has its uses.
pub fn usable(cx: &Cx<'_>, event: &str, code: String, is_known_hold: bool) -> Result<CodeRow, Rejection> {
    if is_known_hold {
        return Err(Rejection::BadRequest("a code is given when a hold is made".to_owned()));
    }
    let key = (event.to_owned(), code);
    let row = cx.get(CODES, &key).ok_or(Rejection::UnknownCode(key.1))?;
    if let Some(until) = row.until.filter(|until| *until <= cx.now()) {
        return Err(Rejection::CodeEnded(until));
    }
    if row.uses >= row.terms.max_uses { Err(Rejection::CodeUsed(row.uses)) } else { Ok(row) }
}

/// True if the code of something that has ended can be used for it once more.
#[must_use]
pub fn can_use_again(cx: &Cx<'_>, event: &str, code: Option<&String>) -> bool {
    code.is_none_or(|code| usable(cx, event, code.clone(), false).is_ok())
}

/// Uses a code, and says which.
pub fn use_once(cx: &mut Cx<'_>, row: CodeRow) -> String {
    let row = CodeRow { uses: row.uses + 1, ..row };
    cx.put(CODES, &(row.terms.event.clone(), row.terms.code.clone()), &row);
    row.terms.code
}

/// The same of a code that is known to be usable.
pub fn use_again(cx: &mut Cx<'_>, event: &str, code: Option<&String>) {
    if let Some(code) = code {
        let row = cx.get(CODES, &(event.to_owned(), code.clone())).expect("a code stays");
        use_once(cx, row);
    }
}

/// Gives a use back.
pub fn give_back(cx: &mut Cx<'_>, event: &str, code: Option<&String>) {
    if let Some(code) = code {
        let key = (event.to_owned(), code.clone());
        let row = cx.get(CODES, &key).expect("a code stays");
        let uses = row.uses.checked_sub(1).expect("a use is given back once");
        cx.put(CODES, &key, &CodeRow { uses, ..row });
    }
}

/// A code as people see it.
#[must_use]
pub fn show(row: &CodeRow) -> CodeView {
    let CodeTerms { event, code, max_uses, channel, early } = row.terms.clone();
    let (discount_percent, price) = match row.price {
        Pricing::Regular => (None, None),
        Pricing::Discount { percent } => (Some(percent), None),
        Pricing::Fixed { price } => (None, Some(price)),
    };
    CodeView { event, code, max_uses, uses: row.uses, channel, early, discount_percent, price, until: row.until }
}
