//! The HTTP paths of stock, and what the paths of carts find out there.

use crate::carts::Carting;
use crate::carts::bodies::{AvailabilityBody, NewAdjustment, NewSku};
use crate::carts::stock::{Stock, transition};
use crate::runtime::door::{Asked, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::carts::{
    Adjustment, Answer, Hint, Line, Offer, Query, Reader, Rejection, ReserveAt, Sku, StockAnswer, StockCommand,
    StockOutcome, StockQuery,
};
use millrace_topics::money::Currency;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes that need an API key.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(define_sku, sku)).routes(routes!(adjust))
}

/// The routes for everybody.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(availability))
}

/// Creates a SKU, or gives it another price, title or stock.
#[utoipa::path(put, path = "/v1/carts/skus/{sku}", tag = "carts", request_body = NewSku,
    params(("sku" = String, Path, description = "The SKU: `[a-z0-9][a-z0-9._-]{0,63}`")), responses(
    (status = 201, description = "Created", body = Sku),
    (status = 200, description = "It was there, and is so now", body = Sku),
    ProblemBody,
))]
async fn define_sku(
    State(door): State<Door>,
    Segments(sku): Segments<String>,
    Body(asked, new): Body<NewSku>,
) -> Result<Response, Undone> {
    let policy = new.policy(sku).and_then(|policy| transition::check(&policy).map(|()| policy));
    let policy = policy.map_err(|refusal| Problem::refusal(&refusal))?;
    let done = door.submit::<Stock>(&asked, &StockCommand::DefineSku(Box::new(policy))).await?;
    let status = if matches!(done.outcome, StockOutcome::Created(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok(respond(status, done, |outcome| outcome))
}

/// Shows a SKU.
#[utoipa::path(get, path = "/v1/carts/skus/{sku}", tag = "carts",
    params(("sku" = String, Path, description = "The SKU")), responses(
    (status = 200, description = "The SKU", body = Sku),
    ProblemBody,
))]
async fn sku(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(sku): Segments<String>,
) -> Result<Response, Problem> {
    Ok(answer(sku_of(&door, &asked, sku).await?, |sku| sku))
}

pub(in crate::carts) async fn sku_of(door: &Door, asked: &Asked, sku: String) -> Result<Read<Sku>, Problem> {
    let read = door.ask::<Stock>(asked, &StockQuery::Sku { sku }).await?;
    let StockAnswer::Sku(sku) = read.answer else { unreachable!("a SKU was asked for") };
    Ok(Read { answer: *sku, positions: read.positions })
}

/// Changes how many there are by a difference, or says how many of the sold have left the house.
#[utoipa::path(post, path = "/v1/carts/skus/{sku}/adjust", tag = "carts", request_body = NewAdjustment,
    params(("sku" = String, Path, description = "The SKU")), responses(
    (status = 200, description = "The SKU", body = Sku),
    ProblemBody,
))]
async fn adjust(
    State(door): State<Door>,
    Segments(sku): Segments<String>,
    Body(asked, new): Body<NewAdjustment>,
) -> Result<Response, Undone> {
    let adjustment = Adjustment { sku, delta: new.delta.unwrap_or_default(), shipped: new.shipped.unwrap_or_default() };
    let done = door.submit::<Stock>(&asked, &StockCommand::Adjust(adjustment)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Shows how many there are of a SKU. For everybody.
#[utoipa::path(get, path = "/v1/carts/skus/{sku}/availability", tag = "carts",
    params(("sku" = String, Path, description = "The SKU")), responses(
    (status = 200, description = "How many there are", body = AvailabilityBody),
    ProblemBody,
))]
async fn availability(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(sku): Segments<String>,
) -> Result<Response, Problem> {
    let Read { answer: found, mut positions } = sku_of(&door, &asked, sku).await?;
    let body = match &found.stock {
        Some(stock) => AvailabilityBody {
            on_hand: Some(stock.on_hand),
            available: stock.available,
            reserved: Some(stock.reserved),
            committed: Some(stock.committed),
            waiting: Some(stock.waiting).filter(|waiting| *waiting > 0),
        },
        None => {
            let read = bundles(&door, &asked, &found).await?;
            positions.merge(&read.positions);
            AvailabilityBody { on_hand: None, available: read.answer, reserved: None, committed: None, waiting: None }
        }
    };
    Ok(answer(Read { answer: body, positions }, |body| body))
}

/// How many there are of a SKU.
pub(in crate::carts) async fn available(door: &Door, asked: &Asked, sku: &Sku) -> Result<u32, Problem> {
    match &sku.stock {
        Some(stock) => Ok(stock.available),
        None => Ok(bundles(door, asked, sku).await?.answer),
    }
}

/// How many bundles its parts make.
async fn bundles(door: &Door, asked: &Asked, bundle: &Sku) -> Result<Read<u32>, Problem> {
    let skus = bundle.parts.iter().map(|part| part.sku.clone()).collect();
    let read = door.ask::<Stock>(asked, &StockQuery::Available { skus }).await?;
    let StockAnswer::Available(found) = read.answer else { unreachable!("counts were asked for") };
    let of = |sku: &str| found.iter().find(|(found, _)| found == sku).map_or(0, |(_, available)| *available);
    let fewest = bundle.parts.iter().map(|part| of(&part.sku) / part.quantity).min();
    Ok(Read { answer: fewest.unwrap_or_default(), positions: read.positions })
}

/// What a SKU is sold as now.
pub(in crate::carts) struct Found {
    /// What goes into a cart.
    pub offer: Offer,
    /// For how many seconds it is held, where it is reserved at once.
    pub seconds: Option<u32>,
}

/// What a SKU is sold as now: at the price of the cart's currency, where it has one.
pub(in crate::carts) async fn offer(
    door: &Door,
    asked: &Asked,
    sku: String,
    cart: &str,
    reader: Reader,
) -> Result<Found, Problem> {
    let found = sku_of(door, asked, sku.clone()).await.map_err(|problem| match problem.status {
        404 => Problem::refusal(&Rejection::UnsoldSku(sku)),
        _ => problem,
    })?;
    let available = available(door, asked, &found.answer).await?;
    // Who asks for a cart that is not there is told so by the cart itself.
    let own = if found.answer.prices.is_empty() { None } else { currency(door, asked, cart, reader).await };
    let price = own.and_then(|currency| found.answer.price_in(currency)).unwrap_or(found.answer.price);
    let Sku { sku, title, max_per_line, parts, reserve, .. } = found.answer;
    let seconds = match reserve {
        ReserveAt::Add { seconds } => Some(seconds),
        ReserveAt::Checkout | ReserveAt::Order => None,
    };
    Ok(Found { offer: Offer { sku, title, price, max_per_line, available: Some(available), parts }, seconds })
}

/// What a cart is counted in.
async fn currency(door: &Door, asked: &Asked, cart: &str, reader: Reader) -> Option<Currency> {
    match door.ask::<Carting>(asked, &Query::Cart { cart: cart.to_owned(), reader }).await {
        Ok(Read { answer: Answer::Cart(cart), .. }) => Some(cart.currency),
        _ => None,
    }
}

/// How many there are of what these lines are of: only a hint, so what cannot be found out is left out.
pub(in crate::carts) async fn hints(door: &Door, asked: &Asked, lines: &[Line]) -> Vec<Hint> {
    let skus: Vec<String> = lines.iter().filter(|line| line.parts.is_empty()).map(|line| line.sku.clone()).collect();
    if skus.is_empty() {
        return Vec::new();
    }
    match door.ask::<Stock>(asked, &StockQuery::Available { skus }).await {
        Ok(Read { answer: StockAnswer::Available(found), .. }) => {
            found.into_iter().map(|(sku, available)| Hint { sku, available }).collect()
        }
        _ => Vec::new(),
    }
}
