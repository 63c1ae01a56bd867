//! The HTTP paths of lines that are put aside for later, or come from an old order.

use crate::carts::Carting;
use crate::carts::bodies::NewReorder;
use crate::carts::routes::Buyer;
use crate::carts::stock;
use crate::carts::stock::routes::Found;
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Segments, Writing};
use crate::runtime::tokens::hash;
use axum::extract::State;
use axum::response::Response;
use millrace_topics::carts::{
    AddHeld, AddLine, Again, Answer, CartView, Command, LineView, On, OnLine, Query, Reader, Rejection, Reorder,
    SetHinted, SetLine, cart_of_order,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(save_line))
        .routes(routes!(restore_line))
        .routes(routes!(forget_line))
        .routes(routes!(reorder))
}

/// The command that puts some of what was found into a cart.
pub(in crate::carts) fn add(on: On, found: Found, quantity: u32, options: Vec<(String, String)>) -> Command {
    let add = AddLine { on, offer: found.offer, quantity, options };
    match found.seconds {
        Some(seconds) => Command::AddHeld(Box::new(AddHeld { add, seconds })),
        None => Command::AddLine(Box::new(add)),
    }
}

/// The command that changes how many a line has, with what there is of its SKU.
pub(in crate::carts) async fn set(
    door: &Door,
    asked: &Asked,
    reader: Reader,
    set: SetLine,
) -> Result<Command, Problem> {
    if set.quantity == 0 {
        return Ok(Command::SetLine(set));
    }
    let cart = set.on.cart.clone();
    let read = door.ask::<Carting>(asked, &Query::Cart { cart: cart.clone(), reader: reader.clone() }).await;
    // What is wrong with the cart or its line is the cart's to say.
    let lines = match read.map(|read| read.answer) {
        Ok(Answer::Cart(found)) => found.lines,
        _ => Vec::new(),
    };
    let Some(line) = lines.into_iter().find(|line| line.id == set.line) else { return Ok(Command::SetLine(set)) };
    let Found { offer, seconds } = stock::routes::offer(door, asked, line.sku, &cart, reader).await?;
    Ok(Command::SetHinted(Box::new(SetHinted { set, available: offer.available, seconds })))
}

/// Puts a line aside for later: nobody pays for it.
#[utoipa::path(post, path = "/v1/carts/{cart}/line-items/{line}/save", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn save_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, line)): Segments<(String, String)>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let on = OnLine { on: buyer.on(cart, None), line };
    buyer.change(&door, &buyer.asking(asked), Command::SaveLine(on)).await
}

/// Puts a line that is aside among the others again.
#[utoipa::path(post, path = "/v1/carts/{cart}/saved/{line}/restore", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn restore_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, line)): Segments<(String, String)>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let on = OnLine { on: buyer.on(cart, None), line };
    buyer.change(&door, &buyer.asking(asked), Command::RestoreLine(on)).await
}

/// Forgets a line that is aside.
#[utoipa::path(delete, path = "/v1/carts/{cart}/saved/{line}", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn forget_line(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, line)): Segments<(String, String)>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let on = OnLine { on: buyer.on(cart, None), line };
    buyer.change(&door, &buyer.asking(asked), Command::ForgetLine(on)).await
}

/// Puts what an order has into a cart again, at the prices of now. What is not sold or not there any more is left out with a
/// warning; `undo` takes all of it out again.
#[utoipa::path(post, path = "/v1/carts/{cart}/reorder", tag = "carts", request_body = NewReorder,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn reorder(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewReorder>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let unknown = || Problem::refusal(&Rejection::UnknownOrder);
    let ordered = cart_of_order(&new.order).ok_or_else(unknown)?.to_owned();
    let reader = Reader { token: new.token.as_deref().map(hash), caller: asked.caller.clone() };
    let read = door.ask::<Carting>(&asked, &Query::Order { cart: ordered, reader }).await?;
    let Answer::Order(order) = read.answer else { unreachable!("an order was asked for") };
    let on = buyer.on(cart, new.version);
    let lines = order.lines.into_iter().map(|line| again(&door, &asked, line, &on.cart, buyer.reader()));
    let lines = futures_util::future::try_join_all(lines).await?;
    let reorder = Reorder { on, order: new.order, lines };
    buyer.change(&door, &asked, Command::Reorder(Box::new(reorder))).await
}

/// A line of an order as it would be bought now.
async fn again(door: &Door, asked: &Asked, line: LineView, cart: &str, reader: Reader) -> Result<Again, Problem> {
    let LineView { sku, quantity, options, .. } = line;
    let offer = match stock::routes::offer(door, asked, sku.clone(), cart, reader).await {
        Ok(found) => Some(found.offer),
        Err(problem) if problem.code == "unknown_sku" => None,
        Err(problem) => return Err(problem),
    };
    Ok(Again { sku, offer, quantity, options: options.into_iter().collect() })
}
