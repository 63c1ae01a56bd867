//! The HTTP paths of a cart's link.

use crate::carts::Carting;
use crate::carts::bodies::SharedCart;
use crate::carts::routes::{Buyer, cart_in};
use crate::runtime::door::{Door, Undone};
use crate::runtime::routes::{ProblemBody, Segments, Writing, respond};
use crate::runtime::tokens::hash;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::carts::{CartView, Command, Share};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(share, unshare))
}

/// Makes a token with which a cart can be seen, and nothing else: for a link. An older one is not good any more.
#[utoipa::path(post, path = "/v1/carts/{cart}/share", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The token", body = SharedCart),
    ProblemBody,
))]
async fn share(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let asked = buyer.asking(asked);
    let token = URL_SAFE_NO_PAD.encode(door.draw(&asked, "cart-link"));
    let share = Share { on: buyer.on(cart, None), link: Some(hash(&token)) };
    let done = door.submit::<Carting>(&asked, &Command::Share(share)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| SharedCart { cart: *cart_in(outcome), token }))
}

/// Makes the token of a cart's link good for nothing.
#[utoipa::path(delete, path = "/v1/carts/{cart}/share", tag = "carts",
    params(("cart" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartView),
    ProblemBody,
))]
async fn unshare(
    State(door): State<Door>,
    buyer: Buyer,
    Segments(cart): Segments<String>,
    Writing(asked): Writing,
) -> Result<Response, Undone> {
    let share = Share { on: buyer.on(cart, None), link: None };
    buyer.change(&door, &buyer.asking(asked), Command::Share(share)).await
}
