//! Products of Medusa's shops: each SKU is a product of one variant, with the price of the region's currency.

use crate::carts::medusa::refusal::ErrorBody;
use crate::carts::medusa::routes::{Anybody, Failure, Queried};
use crate::carts::medusa::shown::{currency, major};
use crate::carts::stock::{Stock, routes as stock};
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::routes::Segments;
use axum::Json;
use axum::extract::State;
use millrace_topics::carts::{Sku, StockAnswer, StockQuery};
use millrace_topics::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most SKUs that are looked through, the first ones by id.
pub const PRODUCTS_LIMIT: usize = 1000;

/// How many of them are asked for at once.
const ASKED: u32 = 500;

/// How many products are shown unless it is asked for another number.
const LISTED: usize = 50;

/// The routes and their description.
pub(in crate::carts::medusa) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retrieve))
}

/// Which products are meant.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The region whose prices are shown.
    region_id: Option<String>,
    /// The currency, where no region is said.
    currency_code: Option<String>,
    /// Only products with this in their title or id; capitals mean the same.
    q: Option<String>,
    /// Only the product of this name.
    handle: Option<String>,
    /// How many are shown at most: 50 unless said.
    limit: Option<usize>,
    /// How many are passed over.
    offset: Option<usize>,
}

impl Which {
    fn currency(&self) -> Option<Currency> {
        self.region_id.as_deref().or(self.currency_code.as_deref()).and_then(currency)
    }

    fn is_meant(&self, sku: &Sku) -> bool {
        let has = |wish: &String| {
            let wish = wish.to_lowercase();
            sku.title.to_lowercase().contains(&wish) || sku.sku.contains(&wish)
        };
        self.q.as_ref().is_none_or(has) && self.handle.as_ref().is_none_or(|handle| *handle == sku.sku)
    }
}

/// What a variant costs in a currency.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::CalculatedPrice)]
struct Price {
    /// What it costs.
    #[schema(value_type = f64)]
    calculated_amount: Number,
    /// The same: there are no other prices.
    #[schema(value_type = f64)]
    original_amount: Number,
    /// The currency, in small letters.
    currency_code: String,
}

/// A variant: a SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Variant)]
struct Variant {
    /// The SKU.
    id: String,
    /// The same.
    sku: String,
    /// What people call it.
    title: String,
    /// The product.
    product_id: String,
    /// Always true.
    manage_inventory: bool,
    /// Never.
    allow_backorder: bool,
    /// How many there are.
    inventory_quantity: u32,
    /// What it costs; null where no region is said, or there is no price in its currency.
    calculated_price: Option<Price>,
}

/// A product: a SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Product)]
struct Product {
    /// The SKU.
    id: String,
    /// What people call it.
    title: String,
    /// The SKU.
    handle: String,
    /// Always `published`.
    status: &'static str,
    /// The one variant.
    variants: Vec<Variant>,
}

/// An answer with a product.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::ProductBody)]
struct ProductBody {
    /// The product.
    product: Product,
}

/// Products.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Products)]
struct Products {
    /// The products, by id.
    products: Vec<Product>,
    /// How many there are, among the first 1,000 SKUs.
    count: usize,
    /// How many were passed over.
    offset: usize,
    /// How many are shown at most.
    limit: usize,
}

async fn show(door: &Door, asked: &Asked, sku: Sku, currency: Option<Currency>) -> Result<Product, Problem> {
    let inventory_quantity = stock::available(door, asked, &sku).await?;
    let price = currency.and_then(|currency| sku.price_in(currency)).map(|price| {
        let amount = major(price.amount, price.currency.decimals());
        let currency_code = price.currency.code().to_ascii_lowercase();
        Price { calculated_amount: amount.clone(), original_amount: amount, currency_code }
    });
    let Sku { sku: id, title, .. } = sku;
    let variant = Variant {
        id: id.clone(),
        sku: id.clone(),
        title: title.clone(),
        product_id: id.clone(),
        manage_inventory: true,
        allow_backorder: false,
        inventory_quantity,
        calculated_price: price,
    };
    Ok(Product { id: id.clone(), title, handle: id, status: "published", variants: vec![variant] })
}

/// The first SKUs by id.
async fn skus(door: &Door, asked: &Asked) -> Result<Vec<Sku>, Problem> {
    let mut all: Vec<Sku> = Vec::new();
    while all.len() < PRODUCTS_LIMIT {
        let after = all.last().map(|sku| sku.sku.clone());
        let read = door.ask::<Stock>(asked, &StockQuery::Skus { after, limit: ASKED }).await?;
        let StockAnswer::Skus(found) = read.answer else { unreachable!("SKUs were asked for") };
        let is_last = found.len() < ASKED as usize;
        all.extend(found);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Lists products.
#[utoipa::path(get, path = "/store/products", operation_id = "medusa.products", tag = "medusa", security(()),
    params(Which), responses(
    (status = 200, description = "The products", body = Products), (status = "default", description = "An error", body = ErrorBody),
))]
async fn list(
    Anybody(asked): Anybody,
    State(door): State<Door>,
    Queried(which): Queried<Which>,
) -> Result<Json<Products>, Failure> {
    let meant: Vec<Sku> = skus(&door, &asked).await?.into_iter().filter(|sku| which.is_meant(sku)).collect();
    let (count, offset) = (meant.len(), which.offset.unwrap_or_default());
    let limit = which.limit.unwrap_or(LISTED).min(PRODUCTS_LIMIT);
    let shown = meant.into_iter().skip(offset).take(limit);
    let products = shown.map(|sku| show(&door, &asked, sku, which.currency()));
    let products = futures_util::future::try_join_all(products).await?;
    Ok(Json(Products { products, count, offset, limit }))
}

/// Shows a product.
#[utoipa::path(get, path = "/store/products/{id}", operation_id = "medusa.product", tag = "medusa", security(()),
    params(("id" = String, Path, description = "The product: a SKU"), Which), responses(
    (status = 200, description = "The product", body = ProductBody), (status = "default", description = "An error", body = ErrorBody),
))]
async fn retrieve(
    Anybody(asked): Anybody,
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Queried(which): Queried<Which>,
) -> Result<Json<ProductBody>, Failure> {
    let unknown = |problem: Problem| match problem.code.as_str() {
        "unknown_sku" => Problem::new(404, "not_found", format!("Product with id: {id} was not found")),
        _ => problem,
    };
    let sku = stock::sku_of(&door, &asked, id.clone()).await.map_err(unknown)?.answer;
    Ok(Json(ProductBody { product: show(&door, &asked, sku, which.currency()).await? }))
}
