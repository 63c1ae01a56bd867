//! The HTTP paths of ways of sending.

use crate::carts::bodies::{NewShippingMethod, NewShippingOption, ShippingOptions};
use crate::carts::routes::Buyer;
use crate::carts::stock::Stock;
use crate::runtime::door::{Asked, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::carts::{
    CartView, Command, Rejection, Ship, ShippingOption, StockAnswer, StockCommand, StockOutcome, StockQuery,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes that need an API key.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(define_shipping_option))
}

/// The routes for everybody.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(shipping_options)).routes(routes!(choose_shipping))
}

/// Creates a way of sending, or gives it other prices. Without prices it is not offered any more.
#[utoipa::path(put, path = "/v1/carts/shipping-options/{option}", tag = "carts", request_body = NewShippingOption,
    params(("option" = String, Path, description = "The way: `[a-z0-9][a-z0-9._-]{0,63}`")), responses(
    (status = 201, description = "Created", body = ShippingOption),
    (status = 200, description = "It was there, and is so now", body = ShippingOption),
    ProblemBody,
))]
async fn define_shipping_option(
    State(door): State<Door>,
    Segments(option): Segments<String>,
    Body(asked, new): Body<NewShippingOption>,
) -> Result<Response, Undone> {
    let command = StockCommand::DefineShipping(new.definition(option));
    let done = door.submit::<Stock>(&asked, &command).await?;
    let is_new = matches!(done.outcome, StockOutcome::ShippingCreated(_));
    Ok(respond(if is_new { StatusCode::CREATED } else { StatusCode::OK }, done, |outcome| outcome))
}

/// Lists the ways of sending. For everybody.
#[utoipa::path(get, path = "/v1/carts/shipping-options", tag = "carts", responses(
    (status = 200, description = "The ways", body = ShippingOptions),
    ProblemBody,
))]
async fn shipping_options(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    let found = options(&door, &asked).await?;
    Ok(answer(found, |shipping_options| ShippingOptions { shipping_options }))
}

/// All ways of sending.
pub(in crate::carts) async fn options(door: &Door, asked: &Asked) -> Result<Read<Vec<ShippingOption>>, Problem> {
    let read = door.ask::<Stock>(asked, &StockQuery::Shipping).await?;
    let StockAnswer::Shipping(found) = read.answer else { unreachable!("ways of sending were asked for") };
    Ok(Read { answer: found, positions: read.positions })
}

/// Chooses a way of sending for a cart: its price becomes the quote for shipping. After a change of lines, prices or
/// discounts it is chosen again.
#[utoipa::path(post, path = "/v1/carts/{cart}/shipping-methods", tag = "carts", request_body = NewShippingMethod,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn choose_shipping(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewShippingMethod>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let found = options(&door, &asked).await?.answer.into_iter().find(|known| known.option == new.option);
    let option = found.ok_or_else(|| Problem::refusal(&Rejection::UnknownShipping(new.option)))?;
    let ship = Ship { on: buyer.on(cart, new.version), option };
    buyer.change(&door, &asked, Command::Ship(Box::new(ship))).await
}
