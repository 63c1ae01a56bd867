//! What the paths of carts take and give as JSON, beside what the contract shows itself.

use crate::carts::stock::transition::HOLD_SECONDS;
use millrace_topics::carts::{
    BundlePart, CartView, Entry, Mode, PaymentKind, PromoDefinition, PromoKind, PromoTerms, QuoteKind, Rejection,
    ReserveAt, ShippingDefinition, ShippingOption, SkuDefinition, SkuPolicy, SkuTerms,
};
use millrace_topics::money::{Currency, Money};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A SKU as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewSku)]
pub(super) struct NewSku {
    /// How many there are, with those that are reserved and committed: as many as before unless said, 0 at first.
    on_hand: Option<u32>,
    /// What one costs.
    price: Money,
    /// What people call it: at most 256 bytes.
    title: Option<String>,
    /// The most of it in one line of a cart.
    max_per_line: Option<u32>,
    /// What a bundle consists of: such a SKU has no stock of its own.
    parts: Option<Vec<BundlePart>>,
    /// What one costs in other currencies, in each at most once: a cart takes the price of its own.
    prices: Option<Vec<Money>>,
    /// The fewest of it in a cart that is checked out, all its lines together.
    min_per_cart: Option<u32>,
    /// The most of it that one customer reserves and buys: carts without one cannot have it.
    max_per_customer: Option<u32>,
    /// When it is reserved: at the checkout unless said.
    reserve: Option<NewReserve>,
}

/// When a SKU is reserved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewReserve)]
pub(super) struct NewReserve {
    /// When.
    at: ReserveKind,
    /// With `add`: for how many seconds, 1 to 86,400; 900 unless said.
    seconds: Option<u32>,
}

/// When a SKU is reserved.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = carts::ReserveKind)]
pub(super) enum ReserveKind {
    /// When the cart is checked out.
    Checkout,
    /// When it is put into the cart.
    Add,
    /// Not before the order is placed; the checkout only sees whether there are enough.
    Order,
}

impl NewReserve {
    fn policy(&self) -> Result<ReserveAt, Rejection> {
        match (self.at, self.seconds) {
            (ReserveKind::Add, seconds) => Ok(ReserveAt::Add { seconds: seconds.unwrap_or(HOLD_SECONDS) }),
            (_, Some(_)) => Err(Rejection::BadRequest("`reserve.seconds` belongs to `add`".to_owned())),
            (ReserveKind::Checkout, None) => Ok(ReserveAt::Checkout),
            (ReserveKind::Order, None) => Ok(ReserveAt::Order),
        }
    }
}

impl NewSku {
    pub(super) fn policy(self, sku: String) -> Result<SkuPolicy, Rejection> {
        let Self { on_hand, price, title, max_per_line, parts, prices, min_per_cart, max_per_customer, reserve } = self;
        let (title, parts) = (title.unwrap_or_default(), parts.unwrap_or_default());
        let definition = SkuDefinition { sku, on_hand, price, title, max_per_line, parts };
        let terms = SkuTerms { definition, prices: prices.unwrap_or_default(), min_per_cart, max_per_customer };
        Ok(SkuPolicy { terms, reserve: reserve.map_or(Ok(ReserveAt::Checkout), |reserve| reserve.policy())? })
    }
}

/// A change of how many there are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewAdjustment)]
pub(super) struct NewAdjustment {
    /// So many more are there; below 0: fewer.
    pub(super) delta: Option<i64>,
    /// So many of the committed have left the house.
    pub(super) shipped: Option<u32>,
}

/// What there is of a SKU. A bundle has only `available`: as many as its parts make.
#[derive(Serialize, ToSchema)]
#[schema(as = carts::AvailabilityOfSku)]
pub(super) struct AvailabilityBody {
    /// How many are in the house: the other three together.
    pub(super) on_hand: Option<u32>,
    /// How many can be reserved.
    pub(super) available: u32,
    /// How many are held by carts.
    pub(super) reserved: Option<u32>,
    /// How many are sold and still in the house.
    pub(super) committed: Option<u32>,
    /// How many carts stand in line for some; left out where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<u32>,
}

/// A way of sending as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewShippingOption)]
pub(super) struct NewShippingOption {
    /// What people call it: 1 to 128 bytes.
    label: String,
    /// What it costs, in each currency at most once; without any it is not offered any more.
    prices: Vec<Money>,
}

impl NewShippingOption {
    pub(super) fn definition(self, option: String) -> ShippingDefinition {
        ShippingDefinition { option, label: self.label, prices: self.prices }
    }
}

/// The ways of sending.
#[derive(Serialize, ToSchema)]
#[schema(as = carts::ShippingOptions)]
pub(super) struct ShippingOptions {
    /// The ways, by id.
    pub(super) shipping_options: Vec<ShippingOption>,
}

/// A way of sending for a cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewShippingMethod)]
pub(super) struct NewShippingMethod {
    /// The way.
    pub(super) option: String,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// A promotion as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewPromotion)]
pub(super) struct NewPromotion {
    /// What it takes off.
    discount: PromoKind,
    /// The SKUs that it is for, at most 100; all unless said.
    skus: Option<Vec<String>>,
    /// Of several, the lower one counts first, each on what those before have left: 0 unless said.
    priority: Option<u32>,
    /// True if a cart may have others that are so too.
    stackable: Option<bool>,
    /// The most orders with it.
    max_uses: Option<u32>,
    /// The most orders with it of one customer: carts without one cannot use it.
    max_uses_per_customer: Option<u32>,
    /// The most that it takes off all orders together, in minor units.
    budget: Option<u64>,
    /// It counts from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Time>,
    /// It does not count any more from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Time>,
}

impl NewPromotion {
    pub(super) fn definition(self, code: String) -> PromoDefinition {
        let terms = PromoTerms {
            code,
            version: 0,
            discount: self.discount,
            skus: self.skus.unwrap_or_default(),
            priority: self.priority.unwrap_or_default(),
            stackable: self.stackable.unwrap_or_default(),
        };
        PromoDefinition {
            terms,
            max_uses: self.max_uses,
            max_uses_per_customer: self.max_uses_per_customer,
            budget: self.budget,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
}

/// A code for a cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewCode)]
pub(super) struct NewCode {
    /// The code; capitals mean the same.
    pub(super) code: String,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// A cart as it is to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewCart)]
pub(super) struct NewCart {
    /// What it is counted in: ISO 4217, three capital letters.
    #[schema(value_type = String)]
    pub(super) currency: Currency,
    /// The customer whose it is to be: 1 to 256 bytes. Nobody's unless said: then it has a token.
    pub(super) customer: Option<String>,
    /// Something of the client's: any JSON of at most 4,096 bytes.
    pub(super) metadata: Option<Value>,
}

/// A cart that was opened.
#[derive(Serialize, ToSchema)]
#[schema(as = carts::OpenedCart)]
pub(super) struct OpenedCart {
    /// The cart.
    #[serde(flatten)]
    pub(super) cart: CartView,
    /// Whoever shows it may do everything with the cart. It is shown this once; null for a customer's cart.
    pub(super) token: Option<String>,
}

/// A cart that can be seen by whoever shows a token.
#[derive(Serialize, ToSchema)]
#[schema(as = carts::SharedCart)]
pub(super) struct SharedCart {
    /// The cart.
    pub(super) cart: CartView,
    /// Whoever shows it sees the cart. It is shown this once.
    pub(super) token: String,
}

/// Who claims a cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewClaim)]
pub(super) struct NewClaim {
    /// The customer: 1 to 256 bytes.
    pub(super) customer: String,
    /// Which quantities hold.
    pub(super) mode: Mode,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// How a cart is claimed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichClaim {
    /// True to see what the customer's cart would be, and change nothing.
    pub(super) preview: Option<bool>,
}

/// Some of a SKU for a cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewLine)]
pub(super) struct NewLine {
    /// The SKU.
    pub(super) sku: String,
    /// How many more: 1 to 10,000.
    pub(super) quantity: u32,
    /// As which variant, by name: other options are another line.
    pub(super) options: Option<BTreeMap<String, String>>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// An order that is bought again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewReorder)]
pub(super) struct NewReorder {
    /// The order.
    pub(super) order: String,
    /// The token of the cart that it was: not needed by the customer whose it is, and by servers.
    pub(super) token: Option<String>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// Another quantity for a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewQuantity)]
pub(super) struct NewQuantity {
    /// How many there shall be: 0 removes the line.
    pub(super) quantity: u32,
    /// How many the client has seen: then only the difference counts, whatever happened meanwhile.
    pub(super) base: Option<u32>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// A quote for tax or shipping.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewQuote)]
pub(super) struct NewQuote {
    /// What for.
    pub(super) kind: QuoteKind,
    /// How much, in minor units of the cart's currency; 0 takes the quote away.
    pub(super) amount: u64,
    /// What people call it: at most 128 bytes.
    pub(super) label: Option<String>,
    /// The version that it was worked out for: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// Something of the client's for a cart.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewMetadata)]
pub(super) struct NewMetadata {
    /// Any JSON of at most 4,096 bytes; null takes it away.
    pub(super) metadata: Option<Value>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// More time for a checkout.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::MoreTime)]
pub(super) struct MoreTime {
    /// For how many seconds from now everything is reserved: 1 to 86,400, 900 unless said.
    pub(super) seconds: Option<u32>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// A checkout.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewCheckout)]
pub(super) struct NewCheckout {
    /// True to stand in line for what others have reserved, in the order in which they came: until `seconds` are over,
    /// or all is sold.
    pub(super) queue: Option<bool>,
    /// For how many seconds from now everything is reserved: 1 to 86,400, 900 unless said.
    pub(super) seconds: Option<u32>,
    /// The version that the client has seen: another one is a conflict.
    pub(super) version: Option<u32>,
}

/// What a payment provider says of a payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = carts::NewPaymentEvent)]
pub(super) struct NewPaymentEvent {
    /// The cart.
    pub(super) cart: String,
    /// How far the payment is.
    pub(super) r#type: PaymentKind,
    /// How much, in minor units of the cart's currency.
    pub(super) amount: u64,
}

/// What happened to a cart, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = carts::History)]
pub(super) struct HistoryBody {
    /// The changes.
    pub(super) entries: Vec<Entry>,
    /// Where the list goes on; null at its end.
    pub(super) cursor: Option<String>,
}

/// Which part of a history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichHistory {
    /// Where an earlier page ended.
    pub(super) cursor: Option<String>,
    /// How many entries at most: 1 to 1,000, 100 unless said.
    pub(super) limit: Option<u32>,
}

/// Which cart a payment belongs to.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichCart {
    /// The cart.
    pub(super) cart: String,
}
