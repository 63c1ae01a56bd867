//! Medusa's paths: a request becomes the commands and queries of the own paths.

use super::given::{CartUpdate, Codes, ItemUpdate, NewCart, NewItem, NewPaymentSession, NewShippingMethod, WhichCart};
use super::refusal::ErrorBody;
use super::secret::{Kind, Secret};
use super::shown::{
    Cart, CartBody, Completed, OptionBody, Options, OrderBody, PROVIDER, PaymentCollectionBody, Provider, Providers,
    RegionBody, Regions, Removed, currency, line_of, region,
};
use super::steps::Shopper;
use super::{customers, products, token};
use crate::carts::stock;
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Facade, Gate, ReadingNow, Segments, facade_error, facade_json, facade_query, facade_routes, not_covered, text,
};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestPartsExt as _};
use millrace_topics::carts::CartView;
use millrace_topics::money::Currency;
use millrace_topics::record::{Caller, Role};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The façade. Nobody needs a key: what can be asked can be asked by everybody, for whoever knows the cart's id.
pub const FACADE: Facade =
    Facade { name: "medusa", gate: Gate::Everybody, routes, problem: |problem| Failure(problem).into_response() };

/// The calls that are covered, as a client that makes another one is told.
pub const COVERED: [&str; 26] = [
    "POST /store/carts",
    "GET /store/carts/{id}",
    "POST /store/carts/{id}",
    "POST /store/carts/{id}/line-items",
    "POST /store/carts/{id}/line-items/{line}",
    "DELETE /store/carts/{id}/line-items/{line}",
    "POST /store/carts/{id}/promotions",
    "DELETE /store/carts/{id}/promotions",
    "POST /store/carts/{id}/shipping-methods",
    "POST /store/carts/{id}/customer",
    "POST /store/carts/{id}/complete",
    "GET /store/products",
    "GET /store/products/{id}",
    "POST /store/customers",
    "GET|POST /store/customers/me",
    "POST /auth/customer/emailpass",
    "POST /auth/customer/emailpass/register",
    "POST /auth/token/refresh",
    "GET /store/orders/{id}",
    "POST /store/payment-collections",
    "POST /store/payment-collections/{id}/payment-sessions",
    "GET /store/payment-providers",
    "GET /store/regions",
    "GET /store/regions/{id}",
    "GET /store/shipping-options",
    "POST /store/shipping-options/{id}/calculate",
];

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    let covered = OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(retrieve, update))
        .routes(routes!(add_item))
        .routes(routes!(update_item, remove_item))
        .routes(routes!(add_promotions, remove_promotions))
        .routes(routes!(add_shipping_method))
        .routes(routes!(complete))
        .routes(routes!(order))
        .routes(routes!(payment_collection))
        .routes(routes!(payment_session))
        .routes(routes!(payment_providers))
        .routes(routes!(regions))
        .routes(routes!(one_region))
        .routes(routes!(shipping_options))
        .routes(routes!(calculate))
        .merge(customers::routes::routes())
        .merge(products::routes::routes());
    facade_routes(covered, &["/store/{*rest}", "/auth/{*rest}"], uncovered)
}

async fn uncovered() -> Failure {
    Failure(not_covered(&COVERED))
}

/// A problem in Medusa's dialect.
pub(super) struct Failure(pub(super) Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Problem { status, code, detail, retry_after, .. } = self.0;
        let (status, body) = ErrorBody::of(status, &code, detail);
        facade_error(status, body, retry_after)
    }
}

pub(super) fn invalid(detail: impl Into<String>) -> Failure {
    Failure(Problem::bad_request("invalid_request_error", detail))
}

/// JSON whatever the content type says; unknown fields are ignored, and no body is an empty one.
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Door> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Failure> {
        facade_json(request, door).await.map(Self).map_err(invalid)
    }
}

/// Parameters of the query string; unknown ones are ignored.
pub(super) struct Queried<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Door> for Queried<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Failure> {
        facade_query(parts).map(Self).map_err(invalid)
    }
}

/// Whoever asks: an API key makes nobody more than that here, only the id of a cart counts, and the token of a customer.
pub(super) struct Anybody(pub(super) Asked);

impl FromRequestParts<Door> for Anybody {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let ReadingNow(asked) = parts.extract().await?;
        let bearer = text(parts, "authorization")?.and_then(|value| value.strip_prefix("Bearer "));
        let customer = bearer.and_then(|bearer| token::read(door, bearer, door.now()));
        let caller = customer.map_or_else(Caller::default, |id| Caller { id, role: Role::User });
        Ok(Self(Asked { caller, wait: None, ..asked }))
    }
}

impl Anybody {
    /// The buyer of a cart that an id of this kind names.
    pub(super) async fn with(self, door: Door, kind: Kind, id: &str) -> Result<Shopper, Failure> {
        let mut shopper = Shopper::new(door, self.0, Secret::of(kind, id)?);
        shopper.follow().await?;
        Ok(shopper)
    }
}

fn shown(shopper: &Shopper, cart: &CartView) -> Cart {
    shopper.showing(cart).cart()
}

pub(super) fn body(shopper: &Shopper, cart: &CartView) -> Json<CartBody> {
    Json(CartBody { cart: shown(shopper, cart) })
}

/// What is unknown is called by the id that the client knows.
pub(super) fn named(kind: Kind, id: &str) -> impl Fn(Problem) -> Failure {
    move |problem| match problem.code.as_str() {
        "unknown_cart" | "unknown_order" => Failure(kind.unknown(id)),
        "cart_ordered" => invalid(format!("Cart {id} is already completed.")),
        _ => Failure(problem),
    }
}

/// Opens a cart.
#[utoipa::path(post, path = "/store/carts", operation_id = "medusa.create_cart", tag = "medusa", security(()),
    request_body = NewCart, responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn create(
    Anybody(asked): Anybody,
    State(door): State<Door>,
    Given(new): Given<NewCart>,
) -> Result<Json<CartBody>, Failure> {
    let said = new.region_id.as_deref().or(new.currency_code.as_deref());
    let currency =
        said.and_then(currency).ok_or_else(|| invalid("No regions found: `region_id` is `reg_eur`, for example"))?;
    let (mut shopper, mut cart) = Shopper::open(door, asked, currency, &new.about).await?;
    for item in new.items.unwrap_or_default() {
        cart = shopper.add(item).await?;
    }
    if let Some(codes) = new.promo_codes.filter(|codes| !codes.is_empty()) {
        cart = shopper.add_codes(&codes).await?;
    }
    Ok(body(&shopper, &cart))
}

/// Shows a cart.
#[utoipa::path(get, path = "/store/carts/{id}", operation_id = "medusa.retrieve_cart", tag = "medusa", security(()),
    params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn retrieve(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
) -> Result<Json<CartBody>, Failure> {
    let shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.cart().await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Changes what belongs to a cart.
#[utoipa::path(post, path = "/store/carts/{id}", operation_id = "medusa.update_cart", tag = "medusa", security(()),
    request_body = CartUpdate, params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn update(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(update): Given<CartUpdate>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let mut cart = shopper.cart().await.map_err(named(Kind::Cart, &id))?;
    if update.region_id.as_deref().is_some_and(|region| currency(region) != Some(cart.currency)) {
        return Err(invalid("the currency of a cart does not change: open another one"));
    }
    if !update.about.is_empty() {
        cart = shopper.describe(&update.about).await.map_err(named(Kind::Cart, &id))?;
    }
    if let Some(codes) = update.promo_codes {
        cart = shopper.set_codes(&codes).await.map_err(named(Kind::Cart, &id))?;
    }
    Ok(body(&shopper, &cart))
}

/// Puts some of a variant into a cart.
#[utoipa::path(post, path = "/store/carts/{id}/line-items", operation_id = "medusa.add_item", tag = "medusa", security(()),
    request_body = NewItem, params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn add_item(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(item): Given<NewItem>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.add(item).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Changes how many a line has.
#[utoipa::path(post, path = "/store/carts/{id}/line-items/{line}", operation_id = "medusa.update_item", tag = "medusa",
    security(()), request_body = ItemUpdate,
    params(("id" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn update_item(
    asked: Anybody,
    State(door): State<Door>,
    Segments((id, line)): Segments<(String, String)>,
    Given(update): Given<ItemUpdate>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.set(line_of(&line), update.quantity).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Removes a line.
#[utoipa::path(delete, path = "/store/carts/{id}/line-items/{line}", operation_id = "medusa.remove_item", tag = "medusa",
    security(()),
    params(("id" = String, Path, description = "The cart"), ("line" = String, Path, description = "The line")), responses(
    (status = 200, description = "The cart", body = Removed), (status = "default", description = "An error", body = ErrorBody),
))]
async fn remove_item(
    asked: Anybody,
    State(door): State<Door>,
    Segments((id, line)): Segments<(String, String)>,
) -> Result<Json<Removed>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.set(line_of(&line), 0).await.map_err(named(Kind::Cart, &id))?;
    Ok(Json(Removed { id: line, object: "line-item", deleted: true, parent: shown(&shopper, &cart) }))
}

/// Gives a cart codes.
#[utoipa::path(post, path = "/store/carts/{id}/promotions", operation_id = "medusa.add_promotions", tag = "medusa",
    security(()), request_body = Codes, params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn add_promotions(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(codes): Given<Codes>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.add_codes(&codes.promo_codes).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Takes codes away from a cart.
#[utoipa::path(delete, path = "/store/carts/{id}/promotions", operation_id = "medusa.remove_promotions", tag = "medusa",
    security(()), request_body = Codes, params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn remove_promotions(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(codes): Given<Codes>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.remove_codes(&codes.promo_codes).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Chooses a way of sending.
#[utoipa::path(post, path = "/store/carts/{id}/shipping-methods", operation_id = "medusa.add_shipping_method",
    tag = "medusa", security(()), request_body = NewShippingMethod,
    params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn add_shipping_method(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(method): Given<NewShippingMethod>,
) -> Result<Json<CartBody>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.ship(&method.option_id).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}

/// Makes an order of a cart.
#[utoipa::path(post, path = "/store/carts/{id}/complete", operation_id = "medusa.complete_cart", tag = "medusa",
    security(()), params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The order, or the cart and what it lacks", body = Completed),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn complete(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
) -> Result<Json<Completed>, Failure> {
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    Ok(Json(shopper.complete().await.map_err(named(Kind::Cart, &id))?))
}

/// Shows an order.
#[utoipa::path(get, path = "/store/orders/{id}", operation_id = "medusa.retrieve_order", tag = "medusa", security(()),
    params(("id" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = OrderBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn order(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
) -> Result<Json<OrderBody>, Failure> {
    let shopper = asked.with(door, Kind::Order, &id).await?;
    let order = shopper.order().await.map_err(named(Kind::Order, &id))?;
    let cart = shopper.cart().await.map_err(named(Kind::Order, &id))?;
    Ok(Json(OrderBody { order: shopper.showing(&cart).order(&order) }))
}

/// Says what is to be paid for a cart.
#[utoipa::path(post, path = "/store/payment-collections", operation_id = "medusa.payment_collection", tag = "medusa",
    security(()), request_body = WhichCart, responses(
    (status = 200, description = "What is to be paid", body = PaymentCollectionBody),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn payment_collection(
    asked: Anybody,
    State(door): State<Door>,
    Given(which): Given<WhichCart>,
) -> Result<Json<PaymentCollectionBody>, Failure> {
    let shopper = asked.with(door, Kind::Cart, &which.cart_id).await?;
    let cart = shopper.cart().await.map_err(named(Kind::Cart, &which.cart_id))?;
    let known = shown(&shopper, &cart).payment_collection;
    let payment_collection = known.unwrap_or_else(|| shopper.showing(&cart).collection(None));
    Ok(Json(PaymentCollectionBody { payment_collection }))
}

/// Starts a payment session: everything is reserved from then on.
#[utoipa::path(post, path = "/store/payment-collections/{id}/payment-sessions", operation_id = "medusa.payment_session",
    tag = "medusa", security(()), request_body = NewPaymentSession,
    params(("id" = String, Path, description = "What is to be paid")), responses(
    (status = 200, description = "What is to be paid, with its session", body = PaymentCollectionBody),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn payment_session(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(new): Given<NewPaymentSession>,
) -> Result<Json<PaymentCollectionBody>, Failure> {
    let mut shopper = asked.with(door, Kind::PaymentCollection, &id).await?;
    let cart = shopper.pay_with(&new.provider_id).await.map_err(named(Kind::PaymentCollection, &id))?;
    let payment_collection = shopper.showing(&cart).collection(Some(new.provider_id));
    Ok(Json(PaymentCollectionBody { payment_collection }))
}

/// Lists who can be paid.
#[utoipa::path(get, path = "/store/payment-providers", operation_id = "medusa.payment_providers", tag = "medusa",
    security(()), responses(
    (status = 200, description = "The providers", body = Providers), (status = "default", description = "An error", body = ErrorBody),
))]
async fn payment_providers() -> Json<Providers> {
    let payment_providers = vec![Provider { id: PROVIDER, is_enabled: true }];
    Json(Providers { payment_providers, count: 1, offset: 0, limit: 20 })
}

/// Lists the regions that something is sent to: the currencies that ways of sending have prices in.
#[utoipa::path(get, path = "/store/regions", operation_id = "medusa.regions", tag = "medusa", security(()), responses(
    (status = 200, description = "The regions", body = Regions), (status = "default", description = "An error", body = ErrorBody),
))]
async fn regions(Anybody(asked): Anybody, State(door): State<Door>) -> Result<Json<Regions>, Failure> {
    let options = stock::shipping::routes::options(&door, &asked).await?.answer;
    let currencies: BTreeSet<Currency> =
        options.iter().flat_map(|option| option.prices.iter().map(|price| price.currency)).collect();
    let regions: Vec<_> = currencies.into_iter().map(region).collect();
    Ok(Json(Regions { count: regions.len(), offset: 0, limit: 100, regions }))
}

/// Shows a region: any currency is one.
#[utoipa::path(get, path = "/store/regions/{id}", operation_id = "medusa.retrieve_region", tag = "medusa", security(()),
    params(("id" = String, Path, description = "The region")), responses(
    (status = 200, description = "The region", body = RegionBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn one_region(Segments(id): Segments<String>) -> Result<Json<RegionBody>, Failure> {
    let unknown = || Failure(Problem::new(404, "not_found", format!("Region with id: {id} was not found")));
    let found = if id.starts_with("reg_") { currency(&id) } else { None };
    Ok(Json(RegionBody { region: region(found.ok_or_else(unknown)?) }))
}

/// Lists the ways of sending that a cart can have.
#[utoipa::path(get, path = "/store/shipping-options", operation_id = "medusa.shipping_options", tag = "medusa",
    security(()), params(WhichCart), responses(
    (status = 200, description = "The ways", body = Options), (status = "default", description = "An error", body = ErrorBody),
))]
async fn shipping_options(
    asked: Anybody,
    State(door): State<Door>,
    Queried(which): Queried<WhichCart>,
) -> Result<Json<Options>, Failure> {
    ways(asked, door, &which.cart_id).await.map(Json)
}

async fn ways(asked: Anybody, door: Door, cart_id: &str) -> Result<Options, Failure> {
    let options = stock::shipping::routes::options(&door, &asked.0).await?.answer;
    let shopper = asked.with(door, Kind::Cart, cart_id).await?;
    let cart = shopper.cart().await.map_err(named(Kind::Cart, cart_id))?;
    let showing = shopper.showing(&cart);
    Ok(Options { shipping_options: options.iter().filter_map(|option| showing.option(option)).collect() })
}

/// Works out what a way of sending costs a cart.
#[utoipa::path(post, path = "/store/shipping-options/{id}/calculate", operation_id = "medusa.calculate_shipping",
    tag = "medusa", security(()), request_body = WhichCart,
    params(("id" = String, Path, description = "The shipping option")), responses(
    (status = 200, description = "The way", body = OptionBody),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn calculate(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Given(which): Given<WhichCart>,
) -> Result<Json<OptionBody>, Failure> {
    let found = ways(asked, door, &which.cart_id).await?.shipping_options.into_iter().find(|way| way.id == id);
    let unknown = || Failure(Problem::new(404, "not_found", format!("ShippingOption with id: {id} was not found")));
    Ok(Json(OptionBody { shipping_option: found.ok_or_else(unknown)? }))
}
