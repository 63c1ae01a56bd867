//! Customers of Medusa's shops. Millrace knows no passwords: who somebody is the shop's own server says, by its API key, and
//! gets a token for them. What customers say of themselves is kept; a cart that is transferred to one is claimed.

use crate::carts::Carting;
use crate::carts::medusa::refusal::ErrorBody;
use crate::carts::medusa::routes::{Anybody, Failure, Given, body, invalid, named};
use crate::carts::medusa::secret::Kind;
use crate::carts::medusa::shown::CartBody;
use crate::carts::medusa::token;
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Segments, Visitor};
use axum::Json;
use axum::extract::State;
use millrace_topics::carts::{Answer, Command, Profile, Query, cart_of_user};
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
pub(in crate::carts::medusa) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(log_in))
        .routes(routes!(register))
        .routes(routes!(refresh))
        .routes(routes!(create))
        .routes(routes!(me, update))
        .routes(routes!(transfer))
}

/// Who logs in. A password means nothing here.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::Credentials)]
struct Credentials {
    /// The customer.
    email: String,
}

/// A customer's token.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Token)]
struct Token {
    /// The token: good for a day.
    token: String,
}

/// What a customer says of themselves.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = medusa::CustomerData)]
struct Data {
    /// The address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    /// The telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Something of the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

impl Data {
    /// What is said takes the place of what was; the rest stays.
    fn over(self, known: Self) -> Self {
        Self {
            email: self.email.or(known.email),
            first_name: self.first_name.or(known.first_name),
            last_name: self.last_name.or(known.last_name),
            company_name: self.company_name.or(known.company_name),
            phone: self.phone.or(known.phone),
            metadata: self.metadata.or(known.metadata),
        }
    }
}

/// A customer.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Customer)]
struct Customer {
    /// The id: what the customer logs in with.
    id: String,
    /// What the customer says.
    #[serde(flatten)]
    data: Data,
    /// Always true.
    has_account: bool,
    /// None: addresses belong to carts here.
    addresses: Vec<String>,
    /// When that was said last.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// An answer with a customer.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::CustomerBody)]
struct CustomerBody {
    /// The customer.
    customer: Customer,
}

fn unauthorized(detail: &str) -> Failure {
    Failure(Problem::new(401, "unauthorized", detail))
}

impl Anybody {
    /// The customer who asks.
    fn customer(&self) -> Result<String, Failure> {
        let customer = Some(self.0.caller.id.clone()).filter(|customer| !customer.is_empty());
        customer.ok_or_else(|| unauthorized("Unauthorized"))
    }

    /// A token for a customer, for who may speak for them: a server or an operator by its API key, or the customer.
    fn token_for(&self, visitor: &Visitor, door: &Door, customer: &str) -> Result<Json<Token>, Failure> {
        if customer.is_empty() {
            return Err(invalid("`email` is missing"));
        }
        if visitor.caller.role == Role::User && self.0.caller.id != customer {
            return Err(unauthorized(
                "there are no passwords here: the shop's server asks for a token, with its API key",
            ));
        }
        Ok(Json(Token { token: token::token(door, customer, door.now()) }))
    }
}

/// What is kept of a customer.
async fn known(door: &Door, asked: &Asked, customer: &str) -> Result<Option<(Data, Time)>, Failure> {
    let query = Query::Customer { customer: customer.to_owned() };
    match door.ask::<Carting>(asked, &query).await?.answer {
        Answer::Customer(found) => {
            Ok(found.map(|(text, time)| (serde_json::from_str(&text).unwrap_or_default(), time)))
        }
        _ => unreachable!("a customer was asked for"),
    }
}

async fn keep(door: &Door, asked: &Asked, customer: String, data: Data) -> Result<Json<CustomerBody>, Failure> {
    let profile = Some(serde_json::to_string(&data).expect("it is plain data"));
    let describe = Profile { cart: cart_of_user(&customer), customer: customer.clone(), profile };
    let done = door.submit::<Carting>(asked, &Command::DescribeCustomer(describe)).await;
    let done = done.map_err(|undone| match undone {
        Undone::Problem(problem) => Failure(*problem),
        Undone::Accepted(_) => Failure(Problem::new(409, "under_way", "it is still under way: try again")),
    })?;
    let asked = Asked { min_position: done.positions, ..asked.clone() };
    let (data, updated_at) = known(door, &asked, &customer).await?.ok_or_else(|| unauthorized("Unauthorized"))?;
    Ok(Json(show(customer, data, updated_at)))
}

fn show(id: String, data: Data, updated_at: Time) -> CustomerBody {
    CustomerBody { customer: Customer { id, data, has_account: true, addresses: Vec::new(), updated_at } }
}

/// Gives a token for a customer who is there.
#[utoipa::path(post, path = "/auth/customer/emailpass", operation_id = "medusa.log_in", tag = "medusa", security(()),
    request_body = Credentials, responses(
    (status = 200, description = "The token", body = Token), (status = "default", description = "An error", body = ErrorBody),
))]
async fn log_in(
    visitor: Visitor,
    asked: Anybody,
    State(door): State<Door>,
    Given(who): Given<Credentials>,
) -> Result<Json<Token>, Failure> {
    let token = asked.token_for(&visitor, &door, &who.email)?;
    let found = known(&door, &asked.0, &who.email).await?;
    found.map(|_| token).ok_or_else(|| unauthorized("Invalid email or password"))
}

/// Gives a token for somebody who is to become a customer.
#[utoipa::path(post, path = "/auth/customer/emailpass/register", operation_id = "medusa.register", tag = "medusa",
    security(()), request_body = Credentials, responses(
    (status = 200, description = "The token", body = Token), (status = "default", description = "An error", body = ErrorBody),
))]
async fn register(
    visitor: Visitor,
    asked: Anybody,
    State(door): State<Door>,
    Given(who): Given<Credentials>,
) -> Result<Json<Token>, Failure> {
    let token = asked.token_for(&visitor, &door, &who.email)?;
    match known(&door, &asked.0, &who.email).await? {
        Some(_) => Err(unauthorized("Identity with email already exists")),
        None => Ok(token),
    }
}

/// Gives a customer a token that is good for longer.
#[utoipa::path(post, path = "/auth/token/refresh", operation_id = "medusa.refresh", tag = "medusa", security(()),
    responses(
    (status = 200, description = "The token", body = Token), (status = "default", description = "An error", body = ErrorBody),
))]
async fn refresh(asked: Anybody, State(door): State<Door>) -> Result<Json<Token>, Failure> {
    let customer = asked.customer()?;
    Ok(Json(Token { token: token::token(&door, &customer, door.now()) }))
}

/// Makes whoever has registered a customer.
#[utoipa::path(post, path = "/store/customers", operation_id = "medusa.create_customer", tag = "medusa", security(()),
    request_body = Data, responses(
    (status = 200, description = "The customer", body = CustomerBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn create(
    asked: Anybody,
    State(door): State<Door>,
    Given(data): Given<Data>,
) -> Result<Json<CustomerBody>, Failure> {
    let customer = asked.customer()?;
    if known(&door, &asked.0, &customer).await?.is_some() {
        return Err(invalid("Request already authenticated as a customer."));
    }
    let email = Some(customer.clone());
    keep(&door, &asked.0, customer, data.over(Data { email, ..Data::default() })).await
}

/// Shows the customer who asks.
#[utoipa::path(get, path = "/store/customers/me", operation_id = "medusa.customer", tag = "medusa", security(()),
    responses(
    (status = 200, description = "The customer", body = CustomerBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn me(asked: Anybody, State(door): State<Door>) -> Result<Json<CustomerBody>, Failure> {
    let customer = asked.customer()?;
    let found = known(&door, &asked.0, &customer).await?;
    let (data, updated_at) = found.ok_or_else(|| unauthorized("Unauthorized"))?;
    Ok(Json(show(customer, data, updated_at)))
}

/// Changes what the customer who asks says of themselves.
#[utoipa::path(post, path = "/store/customers/me", operation_id = "medusa.update_customer", tag = "medusa",
    security(()), request_body = Data, responses(
    (status = 200, description = "The customer", body = CustomerBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn update(
    asked: Anybody,
    State(door): State<Door>,
    Given(data): Given<Data>,
) -> Result<Json<CustomerBody>, Failure> {
    let customer = asked.customer()?;
    let found = known(&door, &asked.0, &customer).await?;
    let (before, _) = found.ok_or_else(|| unauthorized("Unauthorized"))?;
    keep(&door, &asked.0, customer, data.over(before)).await
}

/// Gives a cart to the customer who asks: it joins what lies in the customer's own, each line with the larger quantity. Its id
/// goes on to mean it, for the customer alone.
#[utoipa::path(post, path = "/store/carts/{id}/customer", operation_id = "medusa.transfer_cart", tag = "medusa",
    security(()), params(("id" = String, Path, description = "The cart")), responses(
    (status = 200, description = "The cart", body = CartBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn transfer(
    asked: Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
) -> Result<Json<CartBody>, Failure> {
    let customer = asked.customer()?;
    let mut shopper = asked.with(door, Kind::Cart, &id).await?;
    let cart = shopper.transfer(customer).await.map_err(named(Kind::Cart, &id))?;
    Ok(body(&shopper, &cart))
}
