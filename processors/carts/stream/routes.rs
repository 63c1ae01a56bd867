//! The HTTP path of a cart's stream.

use crate::carts::routes::Buyer;
use crate::carts::stream::Followed;
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, ProblemBody, Segments, follow};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::carts::{CartView, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route and its description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Follows a cart as server-sent events: `snapshot`, then `cart` with the whole cart after each change, whichever device
/// made it. `end` carries a problem where there is nothing left to follow, as when the cart was claimed.
#[utoipa::path(get, path = "/v1/carts/{cart}/stream", tag = "carts",
    params(("cart" = String, Path, description = "The cart"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses(
    (status = 200, description = "Events", body = CartView, content_type = "text/event-stream"),
    ProblemBody,
))]
async fn stream(
    State(door): State<Door>,
    buyer: Buyer,
    Following(asked): Following,
    Segments(cart): Segments<String>,
) -> Result<Response, Problem> {
    let query = Query::Cart { cart: buyer.cart(cart), reader: buyer.reader() };
    Ok(follow(door.subscribe::<Followed>(&buyer.asking(asked), &query).await?))
}
