//! The HTTP paths of lines that are put aside for later.

use crate::carts::routes::{Buyer, change};
use crate::runtime::door::{Door, Undone};
use crate::runtime::routes::{ProblemBody, Segments, Writing};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::carts::{CartView, Command, OnLine};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(save_line)).routes(routes!(restore_line)).routes(routes!(forget_line))
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
    change(&door, &buyer.asking(asked), Command::SaveLine(on)).await
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
    change(&door, &buyer.asking(asked), Command::RestoreLine(on)).await
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
    change(&door, &buyer.asking(asked), Command::ForgetLine(on)).await
}
