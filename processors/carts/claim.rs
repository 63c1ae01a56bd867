//! Claiming: a cart without an account is given to a user, whose cart takes its lines.
//!
//! A saga of one part: the claimed cart freezes and sends its lines; the user's cart takes them once, or says why not,
//! and then the claimed cart is active again. There is no deadline, because lines that were taken cannot be given back:
//! until the answer is there, the claimed cart stays frozen.

use crate::carts::lines::{LINES_LIMIT, QUANTITY_LIMIT, agree_on_prices};
use crate::carts::tables::{ACTIVE, CARTS, Cart, PROFILES, Stage, Undo, Undoing};
use crate::carts::transition::{Cx, check_metadata, fresh, keep, load, load_open, note};
use crate::carts::{holds, news};
use crate::runtime::ids;
use millrace_topics::carts::{
    Begun, Carts, Change, Claim, Command, GoingHold, Hint, JoinCodes, Line, MergeHeld, MergeRefusal, MergeSaid,
    Merging, Mode, OpeningFor, Outcome, Profile, Rejection, Warning, cart_of_user, numbered,
};
use millrace_topics::money::{AMOUNT_LIMIT, Currency};
use millrace_topics::record::{Caller, Role};
use millrace_topics::time::Time;

/// True for who may act for a user.
fn may_act_for(caller: &Caller, user: &str) -> bool {
    caller.role != Role::User || caller.id == user
}

/// Opens the next cart of a user, unless there is one that is not an order yet.
///
/// # Errors
/// The refusal, before anything was written.
pub fn open_for(cx: &mut Cx<'_>, opening: OpeningFor) -> Result<Outcome, Rejection> {
    let OpeningFor { cart: user_cart, user, currency, metadata } = opening;
    check_metadata(metadata.as_deref())?;
    check_user(&user)?;
    if !may_act_for(cx.caller(), &user) {
        return Err(Rejection::RoleRequired);
    }
    check_key(&user_cart, &user)?;
    if let Some((id, cart)) = newest(cx, &user_cart)
        && !matches!(cart.stage, Stage::Ordered(..))
    {
        return Ok(Outcome::Cart(Box::new(cart.show(&id, Vec::new()))));
    }
    // The line: nothing below can be refused.
    let (id, mut cart) = next_of(cx, &user_cart, user);
    (cart.currency, cart.metadata) = (currency, metadata);
    note(cx, &id, &mut cart, None, Change::CartOpened, None);
    cx.put(CARTS, &id, &cart);
    Ok(Outcome::Opened(Box::new(cart.show(&id, Vec::new()))))
}

fn check_key(user_cart: &str, user: &str) -> Result<(), Rejection> {
    let own = cart_of_user(user);
    let fault = || Rejection::BadRequest(format!("the carts of this user are `{own}`"));
    (user_cart == own).then_some(()).ok_or_else(fault)
}

/// Keeps what a customer says of themselves.
///
/// # Errors
/// The refusal, before anything was written.
pub fn describe(cx: &mut Cx<'_>, said: Profile) -> Result<Outcome, Rejection> {
    let Profile { cart: user_cart, customer, profile } = said;
    check_metadata(profile.as_deref())?;
    check_user(&customer)?;
    if !may_act_for(cx.caller(), &customer) {
        return Err(Rejection::RoleRequired);
    }
    check_key(&user_cart, &customer)?;
    // The line: nothing below can be refused.
    match profile {
        Some(profile) => {
            let now = cx.now();
            cx.put(PROFILES, &user_cart, &(profile, now));
        }
        None => cx.delete(PROFILES, &user_cart),
    }
    Ok(Outcome::Noted)
}

fn check_user(user: &str) -> Result<(), Rejection> {
    let fault = || Rejection::BadRequest("the id of a customer has 1 to 256 bytes".to_owned());
    ids::is_subject(user).then_some(()).ok_or_else(fault)
}

/// A user's newest cart.
fn newest(cx: &Cx<'_>, user_cart: &String) -> Option<(String, Cart)> {
    let id = numbered(user_cart, cx.get(ACTIVE, user_cart)?);
    let cart = cx.get(CARTS, &id).expect("a user's newest cart is there");
    Some((id, cart))
}

/// A user's next cart, which is the newest from now on.
fn next_of(cx: &mut Cx<'_>, user_cart: &String, user: String) -> (String, Cart) {
    let number = cx.get(ACTIVE, user_cart).unwrap_or_default() + 1;
    cx.put(ACTIVE, user_cart, &number);
    let cart = Cart { owner: Some(user), ..fresh(cx.now()) };
    (numbered(user_cart, number), cart)
}

/// Refuses a cart that a user has already.
///
/// # Errors
/// That it is so.
pub fn check_free(cart: &Cart) -> Result<(), Rejection> {
    if cart.owner.is_some() { Err(Rejection::CartOwned) } else { Ok(()) }
}

/// A user claims a cart: it freezes, and sends its lines.
///
/// # Errors
/// The refusal, before anything was written.
pub fn begin(cx: &mut Cx<'_>, claim: Claim) -> Result<Outcome, Rejection> {
    let Claim { on, customer, mode, hints } = claim;
    let cart = load(cx, &on)?;
    check_user(&customer)?;
    if !may_act_for(cx.caller(), &customer) {
        return Err(Rejection::RoleRequired);
    }
    check_free(&cart)?;
    let mut cart = load_open(cx, &on)?;
    let attempt = cart.attempts + 1;
    let merging = Merging {
        cart: cart_of_user(&customer),
        user: customer.clone(),
        from: on.cart.clone(),
        attempt,
        currency: cart.currency,
        mode,
        lines: cart.lines.clone(),
        saved: cart.saved.clone(),
        hints,
        device: on.device.clone(),
    };
    let merging = match holds::going(&cart) {
        holds if holds.is_empty() => Command::Merge(Box::new(merging)),
        holds => Command::MergeHeld(Box::new(MergeHeld { merging, holds })),
    };
    if !cx.can_send::<Carts>(&merging) {
        return Err(Rejection::BadRequest("the cart is too large to be merged".to_owned()));
    }
    // The line: nothing below can be refused.
    cart.attempts = attempt;
    cart.refused = None;
    cart.stage = Stage::Merging(attempt);
    cx.send::<Carts>(&merging);
    note(cx, &on.cart, &mut cart, on.device, Change::CartClaimed { customer, mode }, None);
    let Outcome::Cart(view) = keep(cx, &on.cart, &cart, Vec::new()) else { unreachable!("a cart was kept") };
    Ok(Outcome::Begun(Begun { attempt, cart: view }))
}

/// The user's cart takes the lines of a claimed one with what it holds, or says why not.
pub fn take(cx: &mut Cx<'_>, merging: Merging, going: Vec<GoingHold>) -> Outcome {
    let Merging { cart: user_cart, user, from, attempt, currency, mode, lines, saved, hints, device } = merging;
    let known = newest(cx, &user_cart).filter(|(_, cart)| !matches!(cart.stage, Stage::Ordered(..)));
    let before = known.as_ref().map(|(_, cart)| cart);
    let joined = join(before, currency, mode, lines, saved, &hints);
    let (successor, warnings) = match joined {
        Err(refusal) => (Err(refusal), Vec::new()),
        Ok(Joined { lines, saved, warnings }) => {
            let (id, mut cart) = known.unwrap_or_else(|| next_of(cx, &user_cart, user));
            let what = Undo::All(std::mem::replace(&mut cart.lines, lines), std::mem::replace(&mut cart.saved, saved));
            let undo = Undoing { what, previous: cart.undo };
            if cart.currency != currency {
                cart.currency = currency;
                cart.quotes.clear();
            }
            cart.content += 1;
            news::watch_all(cx, &id, &cart);
            note(cx, &id, &mut cart, device, Change::LinesMerged { from: from.clone(), mode }, Some(undo));
            holds::inherit(cx, &id, &mut cart, &from, going);
            cx.put(CARTS, &id, &cart);
            (Ok(id), warnings)
        }
    };
    cx.send::<Carts>(&Command::MergeSaid(MergeSaid { cart: from, attempt, successor, warnings }));
    Outcome::Noted
}

/// The user's cart has answered: the claimed one is closed, or as it was.
///
/// # Panics
/// If there is no such cart: it asked.
pub fn hear(cx: &mut Cx<'_>, said: MergeSaid) -> Outcome {
    let MergeSaid { cart: id, attempt, successor, warnings } = said;
    let mut cart = cx.get(CARTS, &id).expect("a cart that was claimed is there");
    if cart.stage != Stage::Merging(attempt) {
        return Outcome::Noted;
    }
    let change = match successor {
        Ok(successor) => {
            if !cart.codes.is_empty() {
                let join = JoinCodes { cart: successor.clone(), codes: cart.codes.clone() };
                cx.send::<Carts>(&Command::JoinCodes(join));
            }
            holds::give_back(cx, &id, &mut cart);
            cart.stage = Stage::Merged(successor.clone(), warnings);
            Change::CartMerged { successor }
        }
        Err(refusal) => {
            cart.stage = Stage::Active;
            cart.refused = Some((attempt, reason(refusal, cart.currency)));
            holds::resume(cx, &id, &mut cart);
            Change::MergeRefused
        }
    };
    note(cx, &id, &mut cart, None, change, None);
    cx.put(CARTS, &id, &cart);
    Outcome::Noted
}

/// Why a claimed cart of this currency keeps its lines.
#[must_use]
pub fn reason(refusal: MergeRefusal, currency: Currency) -> Rejection {
    match refusal {
        MergeRefusal::CheckingOut => Rejection::CustomerCheckingOut,
        MergeRefusal::TooManyLines => Rejection::TooManyLines(LINES_LIMIT),
        MergeRefusal::TooLarge => Rejection::TotalTooLarge(AMOUNT_LIMIT),
        MergeRefusal::Currency(own) => {
            Rejection::CurrencyMismatch { cart: currency.code().to_owned(), price: own.code().to_owned() }
        }
    }
}

/// What two carts become.
pub struct Joined {
    /// The lines.
    pub lines: Vec<Line>,
    /// Those that are aside.
    pub saved: Vec<Line>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// What a user's cart becomes with the lines of a claimed one.
///
/// # Errors
/// Why it cannot take them.
pub fn join(
    own: Option<&Cart>,
    currency: Currency,
    mode: Mode,
    lines: Vec<Line>,
    saved: Vec<Line>,
    hints: &[Hint],
) -> Result<Joined, MergeRefusal> {
    let empty = fresh(Time(0));
    let own = own.unwrap_or(&empty);
    if own.stage != Stage::Active {
        return Err(MergeRefusal::CheckingOut);
    }
    if own.currency != currency && !(own.lines.is_empty() && own.saved.is_empty()) {
        return Err(MergeRefusal::Currency(own.currency));
    }
    let (mut lines, warnings) = join_lines(&own.lines, lines, mode, hints);
    agree_on_prices(&mut lines);
    let mut aside = own.saved.clone();
    aside.extend(saved.into_iter().filter(|line| own.saved.iter().all(|known| known.id != line.id)));
    if lines.len().max(aside.len()) > LINES_LIMIT as usize {
        return Err(MergeRefusal::TooManyLines);
    }
    let sum: u128 = lines.iter().map(|line| u128::from(line.price) * u128::from(line.quantity)).sum();
    if sum > u128::from(AMOUNT_LIMIT) {
        return Err(MergeRefusal::TooLarge);
    }
    Ok(Joined { lines, saved: aside, warnings })
}

/// The lines of both, each with the quantity that the mode says, within what its SKU allows and what there is. The same
/// SKU with other options is another line.
fn join_lines(own: &[Line], claimed: Vec<Line>, mode: Mode, hints: &[Hint]) -> (Vec<Line>, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mut lines = match mode {
        Mode::Keep => return (own.to_vec(), warnings),
        Mode::Replace => Vec::new(),
        Mode::Max | Mode::Sum => own.to_vec(),
    };
    for mut line in claimed {
        let at = lines.iter().position(|known| known.id == line.id);
        let has = at.map_or(0, |at| lines[at].quantity);
        let wanted = if mode == Mode::Sum { has + line.quantity } else { has.max(line.quantity) };
        line.quantity = cut(&line, wanted, hints, &mut warnings);
        match at {
            Some(at) => lines[at].quantity = line.quantity,
            None => lines.push(line),
        }
    }
    (lines, warnings)
}

/// How many a line may have of those that are wanted: one at least, so that a hint makes no line vanish.
fn cut(line: &Line, wanted: u32, hints: &[Hint], warnings: &mut Vec<Warning>) -> u32 {
    let mut quantity = wanted;
    let hint = hints.iter().find(|hint| hint.sku == line.sku).map_or(u32::MAX, |hint| hint.available);
    let most = line.max_per_line.unwrap_or(QUANTITY_LIMIT).min(QUANTITY_LIMIT);
    for (limit, code) in [(most, "reduced_to_max_per_line"), (hint, "reduced_to_stock")] {
        let limit = limit.max(1);
        if quantity > limit {
            let (code, sku) = (code.to_owned(), line.sku.clone());
            warnings.push(Warning { code, sku, asked: quantity, quantity: limit });
            quantity = limit;
        }
    }
    quantity
}
