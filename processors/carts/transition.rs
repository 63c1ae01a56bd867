//! What a command does to carts: checks by precedence, the line, then only writes.

use crate::carts::stock::shipping;
use crate::carts::tables::{ACTIVE, CARTS, Cart, HISTORY, Past, Stage, Undoing};
use crate::carts::{Carting, checkout, claim, codes, holds, lines, news, payments, share};
use crate::runtime::ids;
use millrace_topics::carts::{
    Carts, CartsPromo, CartsStock, Change, Command, Entry, On, Opening, Outcome, Quoting, Rejection, Timer, numbered,
    order_of,
};
use millrace_topics::contract::Contract as _;
use millrace_topics::money::{AMOUNT_LIMIT, Currency};
use millrace_topics::record::{Caller, Role};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

pub(super) type Cx<'a> = crate::runtime::cx::Cx<'a, Carting>;

/// The longest id of a cart, in bytes.
pub const CART_ID_LIMIT: usize = 300;

/// The longest metadata, in bytes.
pub const METADATA_LIMIT: usize = 4096;

/// The longest name of a device, in bytes.
pub const DEVICE_LIMIT: usize = 64;

/// The longest label of a quote, in bytes.
pub const LABEL_LIMIT: usize = 128;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, mut command: Command) -> Result<Outcome, Rejection> {
    name_newest(cx, &mut command);
    match command {
        Command::Open(opening) => open(cx, opening),
        Command::AddLine(add) => lines::add(cx, *add, None),
        Command::AddHeld(held) => lines::add(cx, held.add, Some(held.seconds)),
        Command::SetLine(set) => lines::set(cx, &set, None, None),
        Command::SetHinted(hinted) => lines::set(cx, &hinted.set, hinted.available, hinted.seconds),
        Command::Quote(quoting) => quote(cx, quoting),
        Command::Describe(describe) => {
            check_metadata(describe.metadata.as_deref())?;
            let mut cart = load_open(cx, &describe.on)?;
            // The line: nothing below can be refused.
            cart.metadata = describe.metadata;
            note(cx, &describe.on.cart, &mut cart, describe.on.device, Change::Described, None);
            Ok(keep(cx, &describe.on.cart, &cart, Vec::new()))
        }
        Command::Undo(on) => lines::undo(cx, on),
        Command::Checkout(asked) => checkout::begin(cx, asked, false),
        Command::CheckoutInLine(asked) => checkout::begin(cx, asked, true),
        Command::Extend(asked) => checkout::extend(cx, asked),
        Command::Cancel(on) => checkout::cancel(cx, on),
        Command::Complete(on) => checkout::complete(cx, on),
        Command::Pay(paying) => payments::pay(cx, paying),
        Command::StockSaid(said) => Ok(checkout::hear(cx, said)),
        Command::OpenFor(opening) => claim::open_for(cx, opening),
        Command::Claim(asked) => claim::begin(cx, asked),
        Command::HoldSaid(said) => Ok(holds::hear(cx, said)),
        Command::StockSeen(said) => Ok(checkout::see(cx, said)),
        Command::Merge(merging) => Ok(claim::take(cx, *merging, Vec::new())),
        Command::MergeHeld(held) => Ok(claim::take(cx, held.merging, held.holds)),
        Command::MergeSaid(said) => Ok(claim::hear(cx, said)),
        Command::SaveLine(on) => lines::save(cx, on),
        Command::RestoreLine(on) => lines::restore(cx, on),
        Command::ForgetLine(on) => lines::forget(cx, on),
        Command::ApplyCode(apply) => codes::apply(cx, *apply),
        Command::RemoveCode(on) => codes::remove(cx, on),
        Command::Share(asked) => share::share(cx, asked),
        Command::PromoSaid(said) => Ok(checkout::hear_promo(cx, said)),
        Command::JoinCodes(join) => Ok(codes::join(cx, join)),
        Command::Ship(ship) => shipping::choose(cx, *ship),
        Command::Reorder(reorder) => lines::reorder(cx, *reorder),
        Command::Restore(on) => restore(cx, on),
        Command::DescribeCustomer(profile) => claim::describe(cx, profile),
        Command::Notice(notice) => Ok(news::hear(cx, notice)),
    }
}

/// Puts the id of a user's newest cart where a command names the user's carts.
fn name_newest(cx: &Cx<'_>, command: &mut Command) {
    let cart = match command {
        Command::AddLine(add) => &mut add.on.cart,
        Command::AddHeld(held) => &mut held.add.on.cart,
        Command::SetLine(set) => &mut set.on.cart,
        Command::SetHinted(hinted) => &mut hinted.set.on.cart,
        Command::Quote(quoting) => &mut quoting.on.cart,
        Command::Describe(describe) => &mut describe.on.cart,
        Command::Checkout(checkout) | Command::CheckoutInLine(checkout) | Command::Extend(checkout) => {
            &mut checkout.on.cart
        }
        Command::Undo(on) | Command::Cancel(on) | Command::Complete(on) | Command::Restore(on) => &mut on.cart,
        Command::Pay(paying) => &mut paying.cart,
        Command::Claim(claim) => &mut claim.on.cart,
        Command::SaveLine(on) | Command::RestoreLine(on) | Command::ForgetLine(on) => &mut on.on.cart,
        Command::ApplyCode(apply) => &mut apply.on.cart,
        Command::RemoveCode(on) => &mut on.on.cart,
        Command::Share(asked) => &mut asked.on.cart,
        Command::Ship(ship) => &mut ship.on.cart,
        Command::Reorder(reorder) => &mut reorder.on.cart,
        Command::Open(_)
        | Command::PromoSaid(_)
        | Command::JoinCodes(_)
        | Command::OpenFor(_)
        | Command::StockSaid(_)
        | Command::StockSeen(_)
        | Command::HoldSaid(_)
        | Command::DescribeCustomer(_)
        | Command::MergeHeld(_)
        | Command::Notice(_)
        | Command::Merge(_)
        | Command::MergeSaid(_) => {
            return;
        }
    };
    if cart.starts_with("user:")
        && let Some(number) = cx.get(ACTIVE, cart)
    {
        *cart = numbered(cart, number);
    }
}

/// A cart that nothing has happened to.
#[must_use]
pub fn fresh(now: Time) -> Cart {
    Cart {
        token: None,
        link: None,
        owner: None,
        currency: Currency::default(),
        version: 0,
        content: 0,
        entries: 0,
        undo: None,
        idle: None,
        abandoned: false,
        attempts: 0,
        refused: None,
        lapsed: None,
        holds: Vec::new(),
        short: None,
        stage: Stage::Active,
        lines: Vec::new(),
        saved: Vec::new(),
        codes: Vec::new(),
        quotes: Vec::new(),
        metadata: None,
        created_at: now,
        changed_at: now,
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, timer: Timer) {
    match timer {
        Timer::Deadline { cart, attempt } => checkout::expire(cx, &cart, attempt),
        Timer::Idle { cart } => look_after(cx, &cart),
        Timer::HoldEnds { cart, sku } => holds::expire(cx, &cart, &sku),
        Timer::News { sku, news, after } => news::tell(cx, sku, news, after),
    }
}

/// A cart is left alone if nobody has touched it for so long, in milliseconds.
pub const IDLE: u64 = 86_400_000;

/// A cart without an account is closed if nobody comes back for so long after it was left alone, in milliseconds.
pub const EXPIRY: u64 = 30 * IDLE;

/// Says of a cart with something in it that it was left alone, once, and closes it if nobody comes back. A customer's cart
/// stays, as there is no other.
fn look_after(cx: &mut Cx<'_>, id: &String) {
    let Some(mut cart) = cx.get(CARTS, id) else { return };
    cart.idle = None;
    let quiet_since = cart.changed_at.plus(IDLE);
    match cart.stage {
        Stage::Active if quiet_since <= cx.now() => {
            let end = cart.changed_at.plus(EXPIRY);
            if cart.abandoned && cart.owner.is_none() && end > cx.now() {
                look_later(cx, id, &mut cart, end);
            } else if cart.abandoned && cart.owner.is_none() {
                cart.stage = Stage::Expired;
                note(cx, id, &mut cart, None, Change::CartExpired, None);
            } else if !cart.lines.is_empty() && !cart.abandoned {
                note(cx, id, &mut cart, None, Change::CartAbandoned, None);
                cart.abandoned = true;
            }
        }
        Stage::Ordered(..) | Stage::Merged(..) | Stage::Expired => {}
        Stage::Active | Stage::Trial(_) | Stage::Merging(_) => look_later(cx, id, &mut cart, quiet_since),
    }
    cx.put(CARTS, id, &cart);
}

/// Gives a cart back to its buyer that was left alone, or closed for that. One that was not is as it was.
fn restore(cx: &mut Cx<'_>, on: On) -> Result<Outcome, Rejection> {
    let mut cart = load(cx, &on)?;
    if cart.stage != Stage::Expired {
        check_there(&cart, &on.cart)?;
    }
    check_version(&cart, &on)?;
    if cart.stage != Stage::Expired && !cart.abandoned {
        return Ok(Outcome::Cart(Box::new(cart.show(&on.cart, Vec::new()))));
    }
    // The line: nothing below can be refused.
    if cart.stage == Stage::Expired {
        cart.stage = Stage::Active;
        news::watch_all(cx, &on.cart, &cart);
    }
    note(cx, &on.cart, &mut cart, on.device, Change::CartRestored, None);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// Sets the one timer of a cart that finds out whether somebody still uses it.
fn look_later(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, quiet_since: Time) {
    let due = if quiet_since > cx.now() { quiet_since } else { cx.now().plus(IDLE) };
    cart.idle = Some(due);
    cx.set_timer(due, &Timer::Idle { cart: id.to_owned() });
}

fn open(cx: &mut Cx<'_>, opening: Opening) -> Result<Outcome, Rejection> {
    let Opening { cart: id, token, currency, metadata } = opening;
    check_metadata(metadata.as_deref())?;
    if id.is_empty() || id.len() > CART_ID_LIMIT || id.starts_with("user:") {
        let fault = format!("the id of a cart has 1 to {CART_ID_LIMIT} bytes and does not begin with `user:`");
        return Err(Rejection::BadRequest(fault));
    }
    if cx.get(CARTS, &id).is_some() {
        return Err(Rejection::CartExists);
    }
    // The line: nothing below can be refused.
    let mut cart = Cart { token, currency, metadata, ..fresh(cx.now()) };
    note(cx, &id, &mut cart, None, Change::CartOpened, None);
    cx.put(CARTS, &id, &cart);
    Ok(Outcome::Opened(Box::new(cart.show(&id, Vec::new()))))
}

fn quote(cx: &mut Cx<'_>, quoting: Quoting) -> Result<Outcome, Rejection> {
    let Quoting { on, kind, amount, label } = quoting;
    if label.len() > LABEL_LIMIT {
        return Err(Rejection::BadRequest(format!("`label` has at most {LABEL_LIMIT} bytes")));
    }
    if amount > AMOUNT_LIMIT {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    let mut cart = load_open(cx, &on)?;
    // A buyer could make the own cart cheaper by a quote of 0.
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    if amount > 0 {
        cart.quote(kind, amount, label);
    } else {
        cart.quotes.retain(|quote| quote.kind != kind);
    }
    check_total(&cart)?;
    // The line: nothing below can be refused.
    cart.content += 1;
    note(cx, &on.cart, &mut cart, on.device, Change::QuoteRecorded { kind, amount }, None);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}

/// That metadata is not too long.
///
/// # Errors
/// The refusal.
pub fn check_metadata(metadata: Option<&str>) -> Result<(), Rejection> {
    let size = metadata.map_or(0, str::len);
    if size > METADATA_LIMIT {
        return Err(Rejection::BadRequest(format!("`metadata` has at most {METADATA_LIMIT} bytes, not {size}")));
    }
    Ok(())
}

/// That a cart adds up to what can be paid.
///
/// # Errors
/// The refusal.
pub fn check_total(cart: &Cart) -> Result<(), Rejection> {
    if cart.sum() > u128::from(AMOUNT_LIMIT) {
        return Err(Rejection::TotalTooLarge(AMOUNT_LIMIT));
    }
    Ok(())
}

/// True for whoever shows the cart's token, for its owner, and for servers. A token that is shown must be the right
/// one, whoever shows it.
#[must_use]
pub fn may_see(cart: &Cart, token: Option<TokenHash>, caller: &Caller) -> bool {
    match (token, cart.token) {
        (Some(shown), Some(own)) => shown.is(&own),
        (Some(_), None) => false,
        (None, _) => {
            caller.role != Role::User || (ids::is_subject(&caller.id) && cart.owner.as_ref() == Some(&caller.id))
        }
    }
}

/// The cart that is meant, whatever its stage and version.
///
/// # Errors
/// That there is none for who asks.
pub fn load(cx: &Cx<'_>, on: &On) -> Result<Cart, Rejection> {
    if on.device.as_ref().is_some_and(|device| device.len() > DEVICE_LIMIT) {
        return Err(Rejection::BadRequest(format!("the name of a device has at most {DEVICE_LIMIT} bytes")));
    }
    let cart = cx.get(CARTS, &on.cart).ok_or(Rejection::UnknownCart)?;
    may_see(&cart, on.token, cx.caller()).then_some(cart).ok_or(Rejection::UnknownCart)
}

/// The same, in the version that is meant, and neither ordered nor merged.
///
/// # Errors
/// The first thing that is not so.
pub fn load_current(cx: &Cx<'_>, on: &On) -> Result<Cart, Rejection> {
    let cart = load(cx, on)?;
    check_there(&cart, &on.cart)?;
    check_version(&cart, on)?;
    Ok(cart)
}

/// Refuses a cart in another version than the one that is meant.
fn check_version(cart: &Cart, on: &On) -> Result<(), Rejection> {
    let current = cart.version;
    if on.if_match.is_some_and(|version| version != current) {
        return Err(Rejection::StaleVersion { current });
    }
    if on.version.is_some_and(|version| version != current) {
        return Err(Rejection::VersionConflict { current });
    }
    Ok(())
}

/// The same, with lines that can be changed.
///
/// # Errors
/// The first thing that is not so.
pub fn load_open(cx: &Cx<'_>, on: &On) -> Result<Cart, Rejection> {
    let cart = load_current(cx, on)?;
    check_open(&cart, &on.cart)?;
    Ok(cart)
}

/// Refuses a cart that is an order, or another cart by now.
fn check_there(cart: &Cart, id: &str) -> Result<(), Rejection> {
    match &cart.stage {
        Stage::Ordered(..) => Err(Rejection::Ordered { order: order_of(id) }),
        Stage::Merged(successor, _) => Err(Rejection::Merged { successor: successor.clone() }),
        Stage::Expired => Err(Rejection::Expired),
        Stage::Active | Stage::Trial(_) | Stage::Merging(_) => Ok(()),
    }
}

/// Refuses a cart whose lines cannot be changed.
///
/// # Errors
/// The first reason.
pub fn check_open(cart: &Cart, id: &str) -> Result<(), Rejection> {
    check_there(cart, id)?;
    matches!(cart.stage, Stage::Active).then_some(()).ok_or(Rejection::CheckingOut)
}

/// Who asked for a change. Of several parts of a checkout chance says which answers last: what comes of it is the cart's
/// own doing.
fn asker(caller: &Caller) -> String {
    match caller.id.as_str() {
        CartsStock::MACHINE | CartsPromo::MACHINE => Carts::MACHINE.to_owned(),
        id => id.to_owned(),
    }
}

/// Notes a change of a cart in its history, says it, and makes it a version of its own.
pub fn note(cx: &mut Cx<'_>, id: &str, cart: &mut Cart, device: Option<String>, change: Change, undo: Option<Undoing>) {
    cart.version += 1;
    cart.entries += 1;
    cart.changed_at = cx.now();
    cart.abandoned = false;
    // Of one that was left alone it is looked for much later whether it is to be closed.
    let is_late = cart.idle.is_some_and(|due| due > cx.now().plus(IDLE));
    if let Some(due) = cart.idle.filter(|_| is_late) {
        cx.cancel_timer(due, &Timer::Idle { cart: id.to_owned() });
    }
    if cart.idle.is_none() || is_late {
        look_later(cx, id, cart, cx.now());
    }
    if undo.is_some() {
        cart.undo = Some(cart.entries);
    }
    let key = (id.to_owned(), cart.entries);
    let past = Past { version: cart.version, time: cx.now(), by: asker(cx.caller()), device, change, undo };
    cx.put(HISTORY, &key, &past);
    let Past { version, time, by, device, change, undo: _ } = past;
    cx.say(&Entry { cart: key.0, version, time, by, device, change });
}

/// Writes a cart, and shows it.
pub fn keep(cx: &mut Cx<'_>, id: &str, cart: &Cart, warnings: Vec<millrace_topics::carts::Warning>) -> Outcome {
    cx.put(CARTS, &id.to_owned(), cart);
    Outcome::Cart(Box::new(cart.show(id, warnings)))
}
