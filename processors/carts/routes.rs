//! The HTTP paths of carts: a request becomes a command or a query, and nothing else happens here.

use crate::carts::Carting;
use crate::carts::bodies::{
    HistoryBody, MoreTime, NewCart, NewCheckout, NewClaim, NewLine, NewMetadata, NewPaymentEvent, NewQuantity,
    NewQuote, OpenedCart, WhichCart, WhichClaim, WhichHistory,
};
use crate::carts::{codes, lines, promo, share, stock, stream};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, MaybeBody, Params, ProblemBody, Reading, Segments, Visitor, Writing, answer, created, if_match, limit,
    respond, text, with_etag,
};
use crate::runtime::tokens::hash;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::carts::{
    Answer, CartView, Checkout, Claim, Command, Completed, Describe, On, Opening, OpeningFor, Order, Outcome, Paying,
    Payment, Query, Quoting, Reader, Rejection, SetLine, cart_of_order, cart_of_user,
};
use millrace_topics::position::Positions;
use millrace_topics::record::Role;
use millrace_topics::token::TokenHash;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes that need an API key: stock, and what payment providers say.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    stock::routes::routes()
        .merge(stock::shipping::routes::routes())
        .merge(promo::routes::routes())
        .routes(routes!(pay))
        .routes(routes!(payment))
}

/// The routes for buyers, who have a token at most.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    stock::routes::public()
        .routes(routes!(open))
        .routes(routes!(cart, describe))
        .routes(routes!(add_line))
        .routes(routes!(set_line, remove_line))
        .routes(routes!(quote))
        .routes(routes!(undo))
        .routes(routes!(restore))
        .routes(routes!(check_out))
        .routes(routes!(extend))
        .routes(routes!(cancel))
        .routes(routes!(complete))
        .routes(routes!(history))
        .routes(routes!(order))
        .routes(routes!(claim))
        .merge(stock::shipping::routes::public())
        .merge(codes::routes::routes())
        .merge(lines::routes::routes())
        .merge(share::routes::routes())
        .merge(stream::routes::routes())
}

/// How many entries of a history are given unless it is asked for another number.
const LISTED: u32 = 100;

/// A key under which somebody without an API key opens a cart has so many bytes at least: whoever guesses it gets the
/// token.
const OPENING_KEY: usize = 32;

/// Where a token may be shown beside `Authorization`, which may be needed for an API key.
const TOKEN_HEADER: &str = "millrace-cart-token";

/// How a device calls itself.
const DEVICE_HEADER: &str = "millrace-device";

/// By what right a buyer asks.
pub(super) struct Buyer {
    visitor: Visitor,
    token: Option<TokenHash>,
    device: Option<String>,
    if_match: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for Buyer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let bearer = text(parts, "authorization")?.and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer") && !visitor.by_key);
        let shown = text(parts, TOKEN_HEADER)?.or(bearer.map(|(_, token)| token.trim()));
        let device = text(parts, DEVICE_HEADER)?.map(str::to_owned);
        Ok(Self { token: shown.map(hash), device, if_match: if_match(parts)?, visitor })
    }
}

impl Buyer {
    /// The request as this buyer's. A kept outcome is given again only to who shows the same token.
    pub(super) fn asking(&self, asked: Asked) -> Asked {
        let mut idempotency = asked.idempotency;
        if let (Some(idempotency), Some(token)) = (&mut idempotency, &self.token) {
            idempotency.key = format!("{}\0{}", idempotency.key, token.hex());
        }
        Asked { caller: self.visitor.caller.clone(), idempotency, ..asked }
    }

    /// The cart that a path names: `me` are the caller's own.
    pub(super) fn cart(&self, named: String) -> String {
        if named == "me" { cart_of_user(&self.visitor.caller.id) } else { named }
    }

    pub(super) fn on(&self, named: String, version: Option<u32>) -> On {
        let cart = self.cart(named);
        On { cart, token: self.token, device: self.device.clone(), if_match: self.if_match, version }
    }

    /// Submits a change of a cart, and shows it.
    pub(super) async fn change(&self, door: &Door, asked: &Asked, command: Command) -> Result<Response, Undone> {
        let Done { outcome, positions, replayed } = submit(door, asked, self.reader(), &command).await?;
        Ok(changed(*outcome, positions, replayed))
    }

    pub(super) fn reader(&self) -> Reader {
        Reader { token: self.token, caller: self.visitor.caller.clone() }
    }
}

/// Takes what a payment provider says of a payment, in whatever order and however often.
#[utoipa::path(post, path = "/v1/carts/payments/{payment}/events", tag = "carts", request_body = NewPaymentEvent,
    params(("payment" = String, Path, description = "The payment, by the provider's id: 1 to 128 bytes")), responses(
    (status = 200, description = "The payment", body = Payment),
    ProblemBody,
))]
async fn pay(
    State(door): State<Door>,
    Segments(payment): Segments<String>,
    Body(asked, new): Body<NewPaymentEvent>,
) -> Result<Response, Undone> {
    let paying = Paying { cart: new.cart, payment, kind: new.r#type, amount: new.amount };
    let done = door.submit::<Carting>(&asked, &Command::Pay(paying)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Shows a payment.
#[utoipa::path(get, path = "/v1/carts/payments/{payment}", tag = "carts",
    params(("payment" = String, Path, description = "The payment, by the provider's id"), WhichCart), responses(
    (status = 200, description = "The payment", body = Payment),
    ProblemBody,
))]
async fn payment(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(payment): Segments<String>,
    Params(which): Params<WhichCart>,
) -> Result<Response, Problem> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired));
    }
    let read = door.ask::<Carting>(&asked, &Query::Payment { cart: which.cart, payment }).await?;
    Ok(answer(read, |found| match found {
        Answer::Payment(payment) => payment,
        _ => unreachable!("a payment was asked for"),
    }))
}

/// Opens a cart. Whoever has its token may do everything with it; nobody needs an account. A cart for a customer has no
/// token: it is the customer's, on all devices, and there is one at a time that is not an order yet.
#[utoipa::path(post, path = "/v1/carts", tag = "carts", request_body = NewCart, responses(
    (status = 201, description = "Opened", body = OpenedCart),
    (status = 200, description = "The customer has one", body = OpenedCart),
    ProblemBody,
))]
async fn open(State(door): State<Door>, buyer: Buyer, Body(asked, new): Body<NewCart>) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    if let Some(user) = new.customer {
        let metadata = new.metadata.as_ref().map(Value::to_string);
        let opening = OpeningFor { cart: cart_of_user(&user), user, currency: new.currency, metadata };
        return open_for(&door, &asked, opening).await;
    }
    let is_short = |asked: &Asked| asked.idempotency.as_ref().is_some_and(|given| given.key.len() < OPENING_KEY);
    if asked.caller.id.is_empty() && is_short(&asked) {
        let detail = format!("without an API key, an Idempotency-Key has {OPENING_KEY} bytes of chance at least here");
        return Err(Problem::bad_request("bad_idempotency_key", detail).into());
    }
    let id = URL_SAFE_NO_PAD.encode(&door.draw(&asked, "cart")[..16]);
    let token = URL_SAFE_NO_PAD.encode(door.draw(&asked, "cart-token"));
    let opening = Opening {
        cart: id.clone(),
        token: Some(hash(&token)),
        currency: new.currency,
        metadata: new.metadata.as_ref().map(Value::to_string),
    };
    let done = door.submit::<Carting>(&asked, &Command::Open(opening)).await?;
    let place = format!("/v1/carts/{id}");
    Ok(created(&place, StatusCode::CREATED, done, |outcome| OpenedCart { cart: *cart_in(outcome), token: Some(token) }))
}

async fn open_for(door: &Door, asked: &Asked, opening: OpeningFor) -> Result<Response, Undone> {
    let done = door.submit::<Carting>(asked, &Command::OpenFor(opening)).await?;
    let Done { outcome, positions, replayed } = done;
    let status = if matches!(outcome, Outcome::Opened(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let cart = *cart_in(outcome);
    let place = format!("/v1/carts/{}", cart.id);
    let done = Done { outcome: cart, positions, replayed };
    Ok(created(&place, status, done, |cart| OpenedCart { cart, token: None }))
}

pub(super) fn cart_in(outcome: Outcome) -> Box<CartView> {
    match outcome {
        Outcome::Cart(cart) | Outcome::Opened(cart) => cart,
        _ => unreachable!("a cart was changed"),
    }
}

/// Submits a change of a cart, waits for the stock that it asks for, and answers with the cart.
pub(super) async fn submit(
    door: &Door,
    asked: &Asked,
    reader: Reader,
    command: &Command,
) -> Result<Done<Box<CartView>>, Undone> {
    let Done { outcome, positions, replayed } = door.submit::<Carting>(asked, command).await?;
    let (id, warnings) = match &outcome {
        Outcome::Begun(begun) => (begun.cart.id.clone(), begun.cart.warnings.clone()),
        _ => return Ok(Done { outcome: cart_in(outcome), positions, replayed }),
    };
    let done = Done { outcome, positions, replayed };
    let Read { answer: mut cart, positions } = decided(door, asked, id, reader, done).await?;
    cart.warnings.splice(..0, warnings);
    Ok(Done { outcome: cart, positions, replayed })
}

/// A cart that was changed, with its version as ETag.
fn changed(cart: CartView, positions: Positions, replayed: bool) -> Response {
    let version = cart.version;
    with_etag(respond(StatusCode::OK, Done { outcome: cart, positions, replayed }, |cart| cart), version)
}

/// Shows a cart. The ETag is its version.
#[utoipa::path(get, path = "/v1/carts/{cart}", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn cart(
    State(door): State<Door>,
    buyer: Buyer,
    Reading(asked): Reading,
    Segments(cart): Segments<String>,
) -> Result<Response, Problem> {
    let read = door
        .ask::<Carting>(&buyer.asking(asked), &Query::Cart { cart: buyer.cart(cart), reader: buyer.reader() })
        .await?;
    let Answer::Cart(cart) = read.answer else { unreachable!("a cart was asked for") };
    let version = cart.version;
    Ok(with_etag(answer(Read { answer: cart, positions: read.positions }, |cart| cart), version))
}

/// Keeps something of the client's with a cart.
#[utoipa::path(post, path = "/v1/carts/{cart}", tag = "carts", request_body = NewMetadata,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn describe(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewMetadata>,
) -> Result<Response, Undone> {
    let on = buyer.on(cart, new.version);
    let describe = Describe { on, metadata: new.metadata.as_ref().map(Value::to_string) };
    buyer.change(&door, &buyer.asking(asked), Command::Describe(describe)).await
}

/// Puts some of a SKU into a cart; adds up with what is there. What is over the limit of a line, or over what there
/// is, is left out with a warning. A SKU that is reserved when it is added is so when this answers, until the `expires_at`
/// in `holds`.
#[utoipa::path(post, path = "/v1/carts/{cart}/line-items", tag = "carts", request_body = NewLine,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn add_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewLine>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let on = buyer.on(cart, new.version);
    let found = stock::routes::offer(&door, &asked, new.sku, &on.cart, buyer.reader()).await?;
    let options = new.options.unwrap_or_default().into_iter().collect();
    let command = lines::routes::add(on, found, new.quantity, options);
    buyer.change(&door, &asked, command).await
}

/// Changes how many a line has. With `base` only the difference counts, so that what several devices do adds up. What is over
/// the limit of a line, or over what there is, is left out with a warning.
#[utoipa::path(post, path = "/v1/carts/{cart}/line-items/{line}", tag = "carts", request_body = NewQuantity,
    params(("cart" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn set_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, line)): Segments<(String, String)>,
    Body(asked, new): Body<NewQuantity>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let set = SetLine { on: buyer.on(cart, new.version), line, quantity: new.quantity, base: new.base };
    let command = lines::routes::set(&door, &asked, buyer.reader(), set).await?;
    buyer.change(&door, &asked, command).await
}

/// Removes a line.
#[utoipa::path(delete, path = "/v1/carts/{cart}/line-items/{line}", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn remove_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, line)): Segments<(String, String)>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let set = SetLine { on: buyer.on(cart, None), line, quantity: 0, base: None };
    buyer.change(&door, &buyer.asking(asked), Command::SetLine(set)).await
}

/// Records what tax or shipping costs, as a server has worked it out for what the cart has now. A change of lines, prices
/// or discounts makes it stale: it counts nothing, and stops the checkout.
#[utoipa::path(post, path = "/v1/carts/{cart}/quotes", tag = "carts", request_body = NewQuote,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn quote(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewQuote>,
) -> Result<Response, Undone> {
    let (kind, amount, label) = (new.kind, new.amount, new.label.unwrap_or_default());
    let quoting = Quoting { on: buyer.on(cart, new.version), kind, amount, label };
    buyer.change(&door, &buyer.asking(asked), Command::Quote(quoting)).await
}

/// Takes the last change of a line back; said again, the one before it.
#[utoipa::path(post, path = "/v1/carts/{cart}/undo", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn undo(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    buyer.change(&door, &buyer.asking(asked), Command::Undo(buyer.on(cart, None))).await
}

/// Gives a cart back to its buyer that was left alone, or closed for that. One that was not is as it was.
#[utoipa::path(post, path = "/v1/carts/{cart}/restore", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn restore(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    buyer.change(&door, &buyer.asking(asked), Command::Restore(buyer.on(cart, None))).await
}

/// Locks the lines and reserves their stock, all or nothing. Answers when that is decided; in line that may take until
/// `seconds` are over, so whoever does not wait gets 202 and asks for the cart.
#[utoipa::path(post, path = "/v1/carts/{cart}/checkout", tag = "carts", request_body = Option<NewCheckout>,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "Everything is reserved until `expires_at`", body = CartView),
    ProblemBody,
))]
async fn check_out(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    MaybeBody(asked, new): MaybeBody<NewCheckout>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let cart = buyer.cart(cart);
    let checkout = Checkout { on: buyer.on(cart.clone(), new.version), seconds: new.seconds };
    let command = if new.queue.unwrap_or_default() { Command::CheckoutInLine } else { Command::Checkout };
    let done = door.submit::<Carting>(&asked, &command(checkout)).await?;
    let replayed = done.replayed;
    let Read { answer: cart, positions } = decided(&door, &asked, cart, buyer.reader(), done).await?;
    Ok(changed(*cart, positions, replayed))
}

/// The cart when it is decided how an attempt of it went; 202 where that takes too long.
pub(super) async fn decided(
    door: &Door,
    asked: &Asked,
    cart: String,
    reader: Reader,
    done: Done<Outcome>,
) -> Result<Read<Box<CartView>>, Undone> {
    let Outcome::Begun(begun) = done.outcome else { unreachable!("an attempt was begun") };
    let asked = Asked { min_position: done.positions.clone(), ..asked.clone() };
    let query = Query::Attempt { cart, attempt: begun.attempt, reader };
    let is_decided = |answer: &Answer| !matches!(answer, Answer::Attempt(None));
    match door.ask_until::<Carting>(&asked, &query, is_decided).await? {
        Some(Read { answer: Answer::Attempt(Some(answer)), positions }) => Ok(Read { answer, positions }),
        _ => Err(Undone::Accepted(done.positions)),
    }
}

/// Gives a checkout more time, or before it what the cart holds, each at most as long as it is held at once: three times at
/// most.
#[utoipa::path(post, path = "/v1/carts/{cart}/extend", tag = "carts", request_body = Option<MoreTime>,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn extend(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    MaybeBody(asked, new): MaybeBody<MoreTime>,
) -> Result<Response, Undone> {
    let checkout = Checkout { on: buyer.on(cart, new.version), seconds: new.seconds };
    buyer.change(&door, &buyer.asking(asked), Command::Extend(checkout)).await
}

/// Ends a checkout: what is reserved is given back, and the lines can be changed again.
#[utoipa::path(post, path = "/v1/carts/{cart}/cancel", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn cancel(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    buyer.change(&door, &buyer.asking(asked), Command::Cancel(buyer.on(cart, None))).await
}

/// Makes an order of a cart that is reserved and paid. Said again it answers the same. Where the payment is not there
/// yet, the order is placed when it comes.
#[utoipa::path(post, path = "/v1/carts/{cart}/complete", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The order, or what is missing", body = Completed),
    ProblemBody,
))]
async fn complete(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let done = completed(&door, &asked, buyer.reader(), &Command::Complete(buyer.on(cart, None))).await?;
    Ok(respond(StatusCode::OK, done, |completed| completed))
}

/// Submits that a cart is to be an order, waits for the stock that is reserved only then, and answers what came of it.
pub(super) async fn completed(
    door: &Door,
    asked: &Asked,
    reader: Reader,
    command: &Command,
) -> Result<Done<Completed>, Undone> {
    let done = door.submit::<Carting>(asked, command).await?;
    let (positions, replayed) = (done.positions.clone(), done.replayed);
    let id = match done.outcome {
        Outcome::Completed(completed) => return Ok(Done { outcome: *completed, positions, replayed }),
        Outcome::Begun(ref begun) => begun.cart.id.clone(),
        _ => unreachable!("a cart was completed"),
    };
    decided(door, asked, id.clone(), reader.clone(), done).await?;
    let asked = Asked { min_position: positions, ..asked.clone() };
    let read = door.ask::<Carting>(&asked, &Query::Order { cart: id, reader }).await?;
    let Answer::Order(order) = read.answer else { unreachable!("an order was asked for") };
    Ok(Done { outcome: Completed::Order { order: *order }, positions: read.positions, replayed })
}

/// Lists what happened to a cart, the newest first: when, who, with which device.
#[utoipa::path(get, path = "/v1/carts/{cart}/history", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), WhichHistory), responses(
    (status = 200, description = "The changes", body = HistoryBody),
    ProblemBody,
))]
async fn history(
    State(door): State<Door>,
    buyer: Buyer,
    Reading(asked): Reading,
    Segments(cart): Segments<String>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let cart = buyer.cart(cart);
    let scope = format!("history {cart}");
    let before = which.cursor.map(|cursor| door.open_cursor::<u32>(&scope, &cursor)).transpose()?;
    let query = Query::History { cart, limit: limit(which.limit, LISTED)?, before, reader: buyer.reader() };
    let read = door.ask::<Carting>(&buyer.asking(asked), &query).await?;
    Ok(answer(read, |found| match found {
        Answer::History(entries, last) => {
            HistoryBody { entries, cursor: last.map(|last| door.seal_cursor(&scope, &last)) }
        }
        _ => unreachable!("a history was asked for"),
    }))
}

/// Shows an order, to whoever may see the cart that it was.
#[utoipa::path(get, path = "/v1/carts/orders/{order}", tag = "carts",
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = Order),
    ProblemBody,
))]
async fn order(
    State(door): State<Door>,
    buyer: Buyer,
    Reading(asked): Reading,
    Segments(order): Segments<String>,
) -> Result<Response, Problem> {
    let cart = cart_of_order(&order).ok_or_else(|| Problem::refusal(&Rejection::UnknownOrder))?.to_owned();
    let read = door.ask::<Carting>(&buyer.asking(asked), &Query::Order { cart, reader: buyer.reader() }).await?;
    Ok(answer(read, |found| match found {
        Answer::Order(order) => order,
        _ => unreachable!("an order was asked for"),
    }))
}

/// Gives a cart without an account to a customer, whose cart takes its lines. The claimed cart is closed, and its token
/// is good for nothing any more. With `preview` nothing is changed. `undo` of the customer's cart takes the lines out
/// again.
#[utoipa::path(post, path = "/v1/carts/{cart}/customer", tag = "carts", request_body = NewClaim,
    params(("cart" = String, Path, description = "The cart"), WhichClaim), responses(
    (status = 200, description = "The customer's cart, with a warning for each line that was cut", body = CartView),
    ProblemBody,
))]
async fn claim(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Params(which): Params<WhichClaim>,
    Body(asked, new): Body<NewClaim>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let cart = buyer.cart(cart);
    let lines = Query::Lines { cart: cart.clone(), reader: buyer.reader() };
    let read = door.ask::<Carting>(&asked, &lines).await;
    let hints = match &read {
        Ok(Read { answer: Answer::Lines(_, lines, _), .. }) => stock::routes::hints(&door, &asked, lines).await,
        _ => Vec::new(),
    };
    let reader = Reader { token: None, caller: asked.caller.clone() };
    let (user, mode) = (new.customer, new.mode);
    if which.preview.unwrap_or_default() {
        let Answer::Lines(currency, lines, saved) = read?.answer else { unreachable!("lines were asked for") };
        let query = Query::Preview { cart: cart_of_user(&user), reader, currency, mode, lines, saved, hints };
        let read = door.ask::<Carting>(&asked, &query).await?;
        return Ok(answer(read, |found| match found {
            Answer::Cart(cart) => cart,
            _ => unreachable!("a cart was asked for"),
        }));
    }
    let claim = Claim { on: buyer.on(cart.clone(), new.version), customer: user, mode, hints };
    let done = door.submit::<Carting>(&asked, &Command::Claim(claim)).await?;
    let replayed = done.replayed;
    let claimed = decided(&door, &asked, cart, buyer.reader(), done).await?;
    let CartView { successor, warnings, .. } = *claimed.answer;
    let successor = successor.unwrap_or_else(|| unreachable!("a cart that was merged has a successor"));
    let read = door.ask::<Carting>(&asked, &Query::Cart { cart: successor, reader }).await?;
    let Answer::Cart(cart) = read.answer else { unreachable!("a cart was asked for") };
    let mut positions = claimed.positions;
    positions.merge(&read.positions);
    Ok(changed(CartView { warnings, ..*cart }, positions, replayed))
}
