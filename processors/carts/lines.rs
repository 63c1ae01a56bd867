//! Lines: what changes them, and what takes such a change back.

pub mod routes;

use crate::carts::stock::transition as stock;
use crate::carts::tables::{Cart, HISTORY, Undo, Undoing, line_name, line_named};
use crate::carts::transition::{Cx, check_total, load_open, note};
use crate::carts::{holds, news};
use millrace_topics::carts::{
    AddLine, Again, Change, Line, Offer, On, OnLine, Outcome, Rejection, Reorder, SetLine, Warning,
};
use millrace_topics::money::AMOUNT_LIMIT;

/// The most lines of a cart.
pub const LINES_LIMIT: u32 = 100;

/// The most of a SKU in one line.
pub const QUANTITY_LIMIT: u32 = 10_000;

/// The most options of a line.
pub const OPTIONS_LIMIT: usize = 16;

/// The longest name or value of an option, in bytes.
pub const OPTION_LIMIT: usize = 64;

/// The id of a line: the same for the same SKU with the same options, which are sorted by name.
#[must_use]
pub fn line_id(sku: &str, options: &[(String, String)]) -> u64 {
    let mut said = Vec::with_capacity(64);
    for text in std::iter::once(sku).chain(options.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()])) {
        said.extend_from_slice(text.as_bytes());
        said.push(0xff);
    }
    xxhash_rust::xxh3::xxh3_64(&said)
}

/// Puts some of a SKU into a cart, where they may be held for so many seconds at once.
///
/// # Errors
/// The refusal, before anything was written.
pub fn add(cx: &mut Cx<'_>, add: AddLine, seconds: Option<u32>) -> Result<Outcome, Rejection> {
    let AddLine { on, mut offer, quantity, mut options } = add;
    check_seconds(seconds)?;
    if !(1..=QUANTITY_LIMIT).contains(&quantity) {
        return Err(Rejection::BadQuantity(QUANTITY_LIMIT));
    }
    options.sort_unstable();
    check_options(&options)?;
    if offer.price.amount > AMOUNT_LIMIT {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    stock::check_parts(&offer.parts)?;
    let mut cart = load_open(cx, &on)?;
    if holds::holds_some(&cart, &offer.sku, &offer) {
        offer.available = None;
    }
    let put = put_in(&mut cart, &offer, quantity, options)?;
    check_total(&cart)?;
    // The line: nothing below can be refused.
    let Put { id, was, quantity, warnings, before, is_news } = put;
    if !is_news {
        return Ok(Outcome::Cart(Box::new(cart.show(&on.cart, warnings))));
    }
    let (line, sku) = (line_name(id), offer.sku);
    let change = if was == 0 {
        news::watch(cx, &on.cart, &sku);
        Change::LineAdded { line, sku, quantity }
    } else {
        Change::LineChanged { line, sku, was, quantity }
    };
    changed(cx, &on, &mut cart, change, before);
    if let Some(seconds) = seconds {
        holds::begin(cx, &on.cart, &mut cart, id, seconds);
    }
    Ok(holds::keep_and_follow(cx, &on, cart, Some((id, was)), warnings))
}

fn check_seconds(seconds: Option<u32>) -> Result<(), Rejection> {
    let fault = || Rejection::BadRequest(format!("`seconds` is 1 to {}", stock::HOLD_SECONDS_LIMIT));
    seconds.is_none_or(|seconds| (1..=stock::HOLD_SECONDS_LIMIT).contains(&seconds)).then_some(()).ok_or_else(fault)
}

/// What became of the wish for some of a SKU.
struct Put {
    /// The line.
    id: u64,
    /// How many it had.
    was: u32,
    /// How many it has.
    quantity: u32,
    /// What was left out.
    warnings: Vec<Warning>,
    /// How it is taken back.
    before: Undo,
    /// False if all is as it was.
    is_news: bool,
}

/// Puts some of a SKU among lines, where it adds up with what is there.
fn put_in(cart: &mut Cart, offer: &Offer, quantity: u32, options: Vec<(String, String)>) -> Result<Put, Rejection> {
    if offer.price.currency != cart.currency {
        let (cart, price) = (cart.currency.code().to_owned(), offer.price.currency.code().to_owned());
        return Err(Rejection::CurrencyMismatch { cart, price });
    }
    if offer.available == Some(0) {
        return Err(Rejection::InsufficientStock { sku: offer.sku.clone(), asked: quantity, available: 0 });
    }
    let id = line_id(&offer.sku, &options);
    let at = cart.lines.iter().position(|line| line.id == id);
    if at.is_none() && cart.lines.len() >= LINES_LIMIT as usize {
        return Err(Rejection::TooManyLines(LINES_LIMIT));
    }
    let was = at.map_or(0, |at| cart.lines[at].quantity);
    let asked = was.saturating_add(quantity);
    let (quantity, warnings) = reduced(&offer.sku, offer.max_per_line, offer.available, asked, was);
    let before = match at {
        Some(at) => {
            cart.lines[at].quantity = quantity;
            Undo::Quantity(id, was)
        }
        None => {
            cart.lines.push(new_line(id, offer, options, quantity));
            Undo::Line(id, None)
        }
    };
    let mut is_news = quantity != was;
    for line in cart.lines.iter_mut().filter(|line| line.sku == offer.sku) {
        is_news |= follow(line, offer);
    }
    Ok(Put { id, was, quantity, warnings, before, is_news })
}

/// Puts what an order has into a cart again, as far as it is still sold.
///
/// # Errors
/// The refusal, before anything was written.
pub fn reorder(cx: &mut Cx<'_>, asked: Reorder) -> Result<Outcome, Rejection> {
    let Reorder { on, order, lines } = asked;
    let mut cart = load_open(cx, &on)?;
    let before = Undo::All(cart.lines.clone(), cart.saved.clone());
    let (mut warnings, mut is_news) = (Vec::new(), false);
    for Again { sku, offer, quantity, options } in lines {
        match offer.map(|offer| put_in(&mut cart, &offer, quantity, options)) {
            Some(Ok(put)) => {
                is_news |= put.is_news;
                warnings.extend(put.warnings);
            }
            None | Some(Err(Rejection::InsufficientStock { .. })) => {
                warnings.push(Warning { code: "not_available".to_owned(), sku, asked: quantity, quantity: 0 });
            }
            Some(Err(refusal)) => return Err(refusal),
        }
    }
    check_total(&cart)?;
    // The line: nothing below can be refused.
    if !is_news {
        return Ok(Outcome::Cart(Box::new(cart.show(&on.cart, warnings))));
    }
    news::watch_all(cx, &on.cart, &cart);
    changed(cx, &on, &mut cart, Change::Reordered { order }, before);
    Ok(holds::keep_and_follow(cx, &on, cart, None, warnings))
}

fn check_options(options: &[(String, String)]) -> Result<(), Rejection> {
    if options.len() > OPTIONS_LIMIT {
        return Err(Rejection::BadRequest(format!("a line has at most {OPTIONS_LIMIT} options")));
    }
    let fits = |text: &String| (1..=OPTION_LIMIT).contains(&text.len());
    if !options.iter().all(|(name, value)| fits(name) && fits(value)) {
        return Err(Rejection::BadRequest(format!("names and values of options have 1 to {OPTION_LIMIT} bytes")));
    }
    if options.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Rejection::BadRequest("an option is said once".to_owned()));
    }
    Ok(())
}

fn new_line(id: u64, offer: &Offer, options: Vec<(String, String)>, quantity: u32) -> Line {
    Line {
        id,
        sku: offer.sku.clone(),
        title: offer.title.clone(),
        options,
        quantity,
        price: offer.price.amount,
        added_price: offer.price.amount,
        max_per_line: offer.max_per_line,
        parts: offer.parts.clone(),
    }
}

/// Gives a line what its SKU is sold as now. True if that is something else.
fn follow(line: &mut Line, offer: &Offer) -> bool {
    let Offer { title, price, max_per_line, parts, .. } = offer;
    if (&line.title, line.price, line.max_per_line, &line.parts) == (title, price.amount, *max_per_line, parts) {
        return false;
    }
    line.price = offer.price.amount;
    line.max_per_line = offer.max_per_line;
    line.title.clone_from(&offer.title);
    line.parts.clone_from(&offer.parts);
    true
}

/// How many a line may have of those that are asked for: not more than there are, nor than its SKU allows; but never
/// fewer than it has.
fn reduced(sku: &str, max_per_line: Option<u32>, available: Option<u32>, asked: u32, has: u32) -> (u32, Vec<Warning>) {
    let mut quantity = asked;
    let mut warnings = Vec::new();
    for (limit, code) in [
        (max_per_line.unwrap_or(QUANTITY_LIMIT).min(QUANTITY_LIMIT), "reduced_to_max_per_line"),
        (available.unwrap_or(u32::MAX), "reduced_to_stock"),
    ] {
        if quantity > limit.max(has) {
            let reduced = limit.max(has);
            warnings.push(Warning { code: code.to_owned(), sku: sku.to_owned(), asked: quantity, quantity: reduced });
            quantity = reduced;
        }
    }
    (quantity, warnings)
}

/// Changes how many a line has, of which there are so many beside what the cart holds, and which may be held for so many
/// seconds at once.
///
/// # Errors
/// The refusal, before anything was written.
pub fn set(cx: &mut Cx<'_>, set: &SetLine, available: Option<u32>, seconds: Option<u32>) -> Result<Outcome, Rejection> {
    check_seconds(seconds)?;
    if set.quantity > QUANTITY_LIMIT || set.base.is_some_and(|base| base > QUANTITY_LIMIT) {
        return Err(Rejection::BadQuantity(QUANTITY_LIMIT));
    }
    let mut cart = load_open(cx, &set.on)?;
    let at = find(&cart.lines, &set.line).ok_or(Rejection::UnknownLine)?;
    let is_hinted = !cart.lines[at]
        .parts
        .iter()
        .map(|part| &part.sku)
        .chain([&cart.lines[at].sku])
        .any(|sku| holds::is_held(&cart, sku));
    let known = &mut cart.lines[at];
    let was = known.quantity;
    // What two devices have changed since they saw the same quantity adds up.
    let wanted = match set.base {
        Some(base) => (was + set.quantity).saturating_sub(base),
        None => set.quantity,
    };
    let (quantity, warnings) = reduced(&known.sku, known.max_per_line, available.filter(|_| is_hinted), wanted, was);
    let (line, sku) = (set.line.clone(), known.sku.clone());
    known.quantity = quantity;
    let (change, before) = if quantity == 0 {
        let mut gone = cart.lines.remove(at);
        gone.quantity = was;
        (Change::LineRemoved { line, sku, was }, Undo::Line(gone.id, Some(gone)))
    } else {
        (Change::LineChanged { line, sku, was, quantity }, Undo::Quantity(known.id, was))
    };
    check_total(&cart)?;
    // The line: nothing below can be refused.
    changed(cx, &set.on, &mut cart, change, before);
    let id = line_named(&set.line).expect("the line was found by its name");
    if let Some(seconds) = seconds.filter(|_| quantity > was) {
        holds::begin(cx, &set.on.cart, &mut cart, id, seconds);
    }
    Ok(holds::keep_and_follow(cx, &set.on, cart, Some((id, was.min(quantity))), warnings))
}

/// Where a line stands that people mean.
fn find(lines: &[Line], name: &str) -> Option<usize> {
    let id = line_named(name)?;
    lines.iter().position(|line| line.id == id)
}

/// Notes a change of lines.
fn changed(cx: &mut Cx<'_>, on: &On, cart: &mut Cart, change: Change, what: Undo) {
    cart.content += 1;
    let undo = Undoing { what, previous: cart.undo };
    note(cx, &on.cart, cart, on.device.clone(), change, Some(undo));
}

/// Takes the last change of a line back; said again, the one before it.
///
/// # Errors
/// The refusal, before anything was written.
pub fn undo(cx: &mut Cx<'_>, on: On) -> Result<Outcome, Rejection> {
    let mut cart = load_open(cx, &on)?;
    let entry = cart.undo.ok_or(Rejection::NothingToUndo)?;
    let past = cx.get(HISTORY, &(on.cart.clone(), entry)).and_then(|past| past.undo);
    let Undoing { what, previous } = past.ok_or(Rejection::NothingToUndo)?;
    let line = match what {
        Undo::Line(id, before) => {
            take_back(&mut cart, id, before)?;
            Some(line_name(id))
        }
        Undo::Quantity(id, quantity) => {
            let line = cart.lines.iter_mut().find(|line| line.id == id).ok_or(Rejection::NothingToUndo)?;
            line.quantity = quantity;
            Some(line_name(id))
        }
        Undo::All(lines, saved) => {
            (cart.lines, cart.saved) = (lines, saved);
            None
        }
    };
    agree_on_prices(&mut cart.lines);
    check_total(&cart)?;
    // The line: nothing below can be refused.
    cart.content += 1;
    cart.undo = previous;
    news::watch_all(cx, &on.cart, &cart);
    note(cx, &on.cart, &mut cart, on.device.clone(), Change::Undone { line }, None);
    Ok(holds::keep_and_follow(cx, &on, cart, None, Vec::new()))
}

fn take_back(cart: &mut Cart, id: u64, before: Option<Line>) -> Result<(), Rejection> {
    let at = cart.lines.iter().position(|line| line.id == id);
    match (at, before) {
        (Some(at), Some(before)) => cart.lines[at].quantity = before.quantity,
        (Some(at), None) => drop(cart.lines.remove(at)),
        (None, Some(before)) if cart.lines.len() < LINES_LIMIT as usize => cart.lines.push(before),
        // A line of which there was nothing to hold is gone already.
        (None, None) => {}
        (None, _) => return Err(Rejection::NothingToUndo),
    }
    Ok(())
}

/// Moves a line from one list to another, where it adds up with what is there.
fn move_line(from: &mut Vec<Line>, to: &mut Vec<Line>, name: &str) -> Result<Line, Rejection> {
    let at = find(from, name).ok_or(Rejection::UnknownLine)?;
    let line = from.remove(at);
    match to.iter().position(|known| known.id == line.id) {
        Some(at) => to[at].quantity = (to[at].quantity + line.quantity).min(QUANTITY_LIMIT),
        None if to.len() < LINES_LIMIT as usize => to.push(line.clone()),
        None => return Err(Rejection::TooManyLines(LINES_LIMIT)),
    }
    Ok(line)
}

/// Puts a line aside for later: nobody pays for it.
///
/// # Errors
/// The refusal, before anything was written.
pub fn save(cx: &mut Cx<'_>, asked: OnLine) -> Result<Outcome, Rejection> {
    let mut cart = load_open(cx, &asked.on)?;
    let before = Undo::All(cart.lines.clone(), cart.saved.clone());
    let moved = move_line(&mut cart.lines, &mut cart.saved, &asked.line)?;
    // The line: nothing below can be refused.
    changed(cx, &asked.on, &mut cart, Change::LineSaved { line: asked.line, sku: moved.sku }, before);
    Ok(holds::keep_and_follow(cx, &asked.on, cart, None, Vec::new()))
}

/// Puts a line that is aside among the others again.
///
/// # Errors
/// The refusal, before anything was written.
pub fn restore(cx: &mut Cx<'_>, asked: OnLine) -> Result<Outcome, Rejection> {
    let mut cart = load_open(cx, &asked.on)?;
    let before = Undo::All(cart.lines.clone(), cart.saved.clone());
    let moved = move_line(&mut cart.saved, &mut cart.lines, &asked.line)?;
    // What lay aside has an old price where another line of its SKU has followed a newer one.
    let price = cart.lines.iter().find(|line| line.sku == moved.sku).map_or(moved.price, |line| line.price);
    cart.lines.iter_mut().filter(|line| line.sku == moved.sku).for_each(|line| line.price = price);
    check_total(&cart)?;
    // The line: nothing below can be refused.
    changed(cx, &asked.on, &mut cart, Change::LineRestored { line: asked.line, sku: moved.sku }, before);
    Ok(holds::keep_and_follow(cx, &asked.on, cart, None, Vec::new()))
}

/// Forgets a line that is aside.
///
/// # Errors
/// The refusal, before anything was written.
pub fn forget(cx: &mut Cx<'_>, asked: OnLine) -> Result<Outcome, Rejection> {
    let mut cart = load_open(cx, &asked.on)?;
    let before = Undo::All(cart.lines.clone(), cart.saved.clone());
    let at = find(&cart.saved, &asked.line).ok_or(Rejection::UnknownLine)?;
    // The line: nothing below can be refused.
    let gone = cart.saved.remove(at);
    changed(cx, &asked.on, &mut cart, Change::SavedForgotten { line: asked.line, sku: gone.sku }, before);
    Ok(holds::keep_and_follow(cx, &asked.on, cart, None, Vec::new()))
}

/// Gives all lines of a SKU the price of the first of them, where some come from another time: the checkout finds out
/// whether it still holds.
pub fn agree_on_prices(lines: &mut [Line]) {
    for at in 0..lines.len() {
        let first = lines.iter().find(|line| line.sku == lines[at].sku).map(|line| line.price);
        lines[at].price = first.unwrap_or(lines[at].price);
    }
}

/// Gives all lines of a SKU the price that holds; what the first of them had.
pub fn reprice(cart: &mut Cart, sku: &str, price: u64) -> u64 {
    let was = cart.lines.iter().find(|line| line.sku == sku).map_or(price, |line| line.price);
    cart.lines.iter_mut().filter(|line| line.sku == sku).for_each(|line| line.price = price);
    cart.content += 1;
    was
}
