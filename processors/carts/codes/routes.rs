//! The HTTP paths of a cart's codes.

use crate::carts::bodies::NewCode;
use crate::carts::promo;
use crate::carts::routes::Buyer;
use crate::runtime::door::{Door, Undone};
use crate::runtime::routes::{Body, ProblemBody, Segments, Writing};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::carts::{ApplyCode, CartView, Command, OnCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(apply_code)).routes(routes!(remove_code))
}

/// Gives a cart the code of a promotion. A use of it is reserved at the checkout.
#[utoipa::path(post, path = "/v1/carts/{cart}/promotions", tag = "carts", request_body = NewCode,
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn apply_code(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Body(asked, new): Body<NewCode>,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let terms = promo::routes::terms(&door, &asked, &new.code).await?;
    let apply = ApplyCode { on: buyer.on(cart, new.version), terms };
    buyer.change(&door, &asked, Command::ApplyCode(Box::new(apply))).await
}

/// Takes a code away again.
#[utoipa::path(delete, path = "/v1/carts/{cart}/promotions/{code}", tag = "carts",
    params(("cart" = String, Path, description = "The cart"), ("code" = String, Path, description = "The code")),
    responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn remove_code(
    State(door): State<Door>,
    buyer: Buyer,
    Segments((cart, code)): Segments<(String, String)>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let on = OnCode { on: buyer.on(cart, None), code: code.to_ascii_lowercase() };
    buyer.change(&door, &buyer.asking(asked), Command::RemoveCode(on)).await
}
