//! What the façade gives as JSON, as Medusa writes it: amounts are decimal numbers of the currency's unit.

use super::extras::Extras;
use super::secret::{Kind, Secret};
use millrace_topics::carts::{CartView, LineView, Order, QuoteKind, ShippingOption, State};
use millrace_topics::money::Currency;
use millrace_topics::time::Time;
use serde::Serialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

/// The only way of paying that there is: whoever pays tells the own API of it.
pub(super) const PROVIDER: &str = "pp_millrace";

/// A line.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Item)]
pub(super) struct Item {
    /// Its id.
    id: String,
    /// The cart.
    cart_id: String,
    /// The variant: a SKU.
    variant_id: String,
    /// The same.
    variant_sku: String,
    /// What people call it.
    title: String,
    /// What people call the product.
    product_title: String,
    /// How many.
    quantity: u32,
    /// What one costs.
    #[schema(value_type = f64)]
    unit_price: Number,
    /// What all cost.
    #[schema(value_type = f64)]
    subtotal: Number,
    /// What codes take off.
    #[schema(value_type = f64)]
    discount_total: Number,
    /// What is left to pay.
    #[schema(value_type = f64)]
    total: Number,
    /// What codes take off: of several, all together.
    adjustments: Vec<Adjustment>,
    /// As which variant.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

/// What codes take off a line.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Adjustment)]
struct Adjustment {
    /// The code, where it is one.
    code: Option<String>,
    /// How much.
    #[schema(value_type = f64)]
    amount: Number,
}

/// A way of sending that was chosen.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::ShippingMethod)]
pub(super) struct ShippingMethod {
    /// Its id.
    id: String,
    /// The option that was chosen.
    shipping_option_id: Option<String>,
    /// What people call it.
    name: String,
    /// What it costs.
    #[schema(value_type = f64)]
    amount: Number,
}

/// A code of a cart.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Promotion)]
pub(super) struct Promotion {
    /// The code.
    id: String,
    /// The code.
    code: String,
    /// Never: every code was given by somebody.
    is_automatic: bool,
}

/// What is to be paid.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::PaymentCollection)]
pub(super) struct PaymentCollection {
    /// Its id.
    id: String,
    /// `not_paid`, `awaiting` or `completed`.
    status: &'static str,
    /// The currency, in small letters.
    currency_code: String,
    /// How much.
    #[schema(value_type = f64)]
    amount: Number,
    /// The session, if one was started.
    payment_sessions: Vec<PaymentSession>,
}

/// A payment session.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::PaymentSession)]
struct PaymentSession {
    /// Its id.
    id: String,
    /// The provider.
    provider_id: String,
    /// `pending`, or `authorized` once there is an order.
    status: &'static str,
    /// The currency, in small letters.
    currency_code: String,
    /// How much.
    #[schema(value_type = f64)]
    amount: Number,
    /// What the provider must say when it tells of the payment.
    data: SessionData,
}

/// What the provider must say when it tells of the payment.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::SessionData)]
struct SessionData {
    /// The cart, as the own API knows it.
    cart: String,
    /// How much, in minor units.
    amount: u64,
}

/// What everything adds up to.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Totals)]
pub(super) struct Totals {
    /// All lines.
    #[schema(value_type = f64)]
    item_subtotal: Number,
    /// All lines without what codes take off.
    #[schema(value_type = f64)]
    item_total: Number,
    /// Sending it.
    #[schema(value_type = f64)]
    shipping_subtotal: Number,
    /// The same.
    #[schema(value_type = f64)]
    shipping_total: Number,
    /// Lines and sending.
    #[schema(value_type = f64)]
    subtotal: Number,
    /// Taxes that come on top.
    #[schema(value_type = f64)]
    tax_total: Number,
    /// What codes take off.
    #[schema(value_type = f64)]
    discount_total: Number,
    /// What would be to pay without codes.
    #[schema(value_type = f64)]
    original_total: Number,
    /// What is to be paid.
    #[schema(value_type = f64)]
    total: Number,
}

/// A cart.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Cart)]
pub(super) struct Cart {
    /// Its id: whoever knows it may do everything with the cart.
    pub(super) id: String,
    /// What it has in common with an order.
    #[serde(flatten)]
    basket: Basket,
    /// What is to be paid, once a payment session was started.
    pub(super) payment_collection: Option<PaymentCollection>,
    /// When it has become an order.
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Time>,
}

/// What carts and orders have in common.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Basket)]
pub(super) struct Basket {
    /// The region: `reg_` and the currency.
    region_id: String,
    /// The currency, in small letters.
    currency_code: String,
    /// The customer whose cart it is.
    customer_id: Option<String>,
    /// The buyer's address for mail.
    email: Option<String>,
    /// Where it is sent to.
    #[schema(value_type = Option<Object>)]
    shipping_address: Option<Value>,
    /// Whose bill it is.
    #[schema(value_type = Option<Object>)]
    billing_address: Option<Value>,
    /// The lines.
    items: Vec<Item>,
    /// The way of sending, if one was chosen.
    shipping_methods: Vec<ShippingMethod>,
    /// The codes.
    promotions: Vec<Promotion>,
    /// What everything adds up to.
    #[serde(flatten)]
    totals: Totals,
    /// Something of the client's.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// When it was opened, or placed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// An order.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Order)]
pub(super) struct ShownOrder {
    /// Its id: whoever knows it may see the order.
    id: String,
    /// Always `pending`: what becomes of an order is not told here.
    status: &'static str,
    /// `authorized` if there is a payment, else `not_paid`.
    payment_status: &'static str,
    /// Always `not_fulfilled`, for the same reason.
    fulfillment_status: &'static str,
    /// What it has in common with a cart.
    #[serde(flatten)]
    basket: Basket,
}

/// What `complete` answers: the order, or the cart and why it is not one yet.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Completed)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Completed {
    /// There is an order.
    Order {
        /// The order.
        order: Box<ShownOrder>,
    },
    /// There is none yet.
    Cart {
        /// The cart.
        cart: Box<Cart>,
        /// Why not.
        error: CompletionError,
    },
}

/// Why a cart is no order yet.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::CompletionError)]
pub(super) struct CompletionError {
    /// For people.
    pub(super) message: &'static str,
    /// Always `Error`.
    pub(super) name: &'static str,
    /// `payment_authorization_error`.
    pub(super) r#type: &'static str,
}

/// An answer with a cart.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::CartBody)]
pub(super) struct CartBody {
    /// The cart.
    pub(super) cart: Cart,
}

/// An answer with an order.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::OrderBody)]
pub(super) struct OrderBody {
    /// The order.
    pub(super) order: ShownOrder,
}

/// A line that was removed.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Removed)]
pub(super) struct Removed {
    /// The line.
    pub(super) id: String,
    /// Always `line-item`.
    pub(super) object: &'static str,
    /// Always true.
    pub(super) deleted: bool,
    /// The cart.
    pub(super) parent: Cart,
}

/// An answer with what is to be paid.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::PaymentCollectionBody)]
pub(super) struct PaymentCollectionBody {
    /// What is to be paid.
    pub(super) payment_collection: PaymentCollection,
}

/// A way of sending.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::ShippingOption)]
pub(super) struct Way {
    /// Its id.
    pub(super) id: String,
    /// What people call it.
    name: String,
    /// Always `flat`.
    price_type: &'static str,
    /// What it costs in the cart's currency.
    #[schema(value_type = f64)]
    amount: Number,
    /// Never: sending needs no stock.
    insufficient_inventory: bool,
}

/// The ways of sending that a cart can have.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::ShippingOptions)]
pub(super) struct Options {
    /// The ways.
    pub(super) shipping_options: Vec<Way>,
}

/// An answer with a way of sending.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::ShippingOptionBody)]
pub(super) struct OptionBody {
    /// The way.
    pub(super) shipping_option: Way,
}

/// A payment provider.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::PaymentProvider)]
pub(super) struct Provider {
    /// Its id.
    pub(super) id: &'static str,
    /// Always true.
    pub(super) is_enabled: bool,
}

/// Who can be paid.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::PaymentProviders)]
pub(super) struct Providers {
    /// The providers.
    pub(super) payment_providers: Vec<Provider>,
    /// How many there are.
    pub(super) count: usize,
    /// Always 0.
    pub(super) offset: usize,
    /// How many are shown at most.
    pub(super) limit: usize,
}

/// A region: a currency.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Region)]
pub(super) struct Region {
    /// `reg_` and the currency, in small letters.
    id: String,
    /// The currency.
    name: String,
    /// The currency, in small letters.
    currency_code: String,
}

/// An answer with a region.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::RegionBody)]
pub(super) struct RegionBody {
    /// The region.
    pub(super) region: Region,
}

/// The regions that something is sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Regions)]
pub(super) struct Regions {
    /// The regions.
    pub(super) regions: Vec<Region>,
    /// How many there are.
    pub(super) count: usize,
    /// Always 0.
    pub(super) offset: usize,
    /// How many are shown at most.
    pub(super) limit: usize,
}

/// The prefix of a line's id.
const LINE: &str = "cali_";

/// The line that an id of Medusa means.
pub(super) fn line_of(id: &str) -> &str {
    id.strip_prefix(LINE).unwrap_or(id)
}

/// The region of a currency.
pub(super) fn region(currency: Currency) -> Region {
    let code = currency.code().to_ascii_lowercase();
    Region { id: format!("reg_{code}"), name: currency.code().to_owned(), currency_code: code }
}

/// The currency of a region, or of a code.
pub(super) fn currency(text: &str) -> Option<Currency> {
    Currency::parse(&text.strip_prefix("reg_").unwrap_or(text).to_ascii_uppercase())
}

/// Minor units as a decimal number of units: 1999 cents are 19.99.
pub(super) fn major(minor: u64, decimals: u8) -> Number {
    let scale = 10u64.pow(u32::from(decimals));
    if minor.is_multiple_of(scale) {
        return Number::from(minor / scale);
    }
    let text = format!("{}.{:0width$}", minor / scale, minor % scale, width = usize::from(decimals));
    text.parse().expect("digits with a point among them are a number")
}

/// What a cart is shown with.
pub(super) struct Showing<'a> {
    /// The cart.
    pub(super) cart: &'a CartView,
    /// Its secret.
    pub(super) secret: &'a Secret,
}

impl Showing<'_> {
    fn major(&self, minor: u64) -> Number {
        major(minor, self.cart.decimals)
    }

    /// The cart as Medusa shows it.
    pub(super) fn cart(&self) -> Cart {
        let extras = Extras::of(self.cart);
        let is_paid_for = !matches!(self.cart.state, State::Active);
        let collection =
            extras.provider.clone().filter(|_| is_paid_for).map(|provider| self.collection(Some(provider)));
        Cart {
            id: self.secret.id(Kind::Cart),
            basket: self.basket(extras),
            payment_collection: collection,
            completed_at: self.cart.order.as_ref().map(|_| self.cart.changed_at),
        }
    }

    /// What is to be paid.
    pub(super) fn collection(&self, provider: Option<String>) -> PaymentCollection {
        let (total, is_ordered) = (self.cart.totals.total.amount, self.cart.order.is_some());
        let currency_code = self.cart.currency.code().to_ascii_lowercase();
        let session = provider.map(|provider_id| PaymentSession {
            id: format!("payses_{}", self.secret.cart()),
            provider_id,
            status: if is_ordered { "authorized" } else { "pending" },
            currency_code: currency_code.clone(),
            amount: self.major(total),
            data: SessionData { cart: self.cart.id.clone(), amount: total },
        });
        PaymentCollection {
            id: self.secret.id(Kind::PaymentCollection),
            status: match (&session, is_ordered) {
                (_, true) => "completed",
                (Some(_), false) => "awaiting",
                (None, false) => "not_paid",
            },
            currency_code,
            amount: self.major(total),
            payment_sessions: session.into_iter().collect(),
        }
    }

    fn basket(&self, extras: Extras) -> Basket {
        let cart = self.cart;
        let quotes = cart.quotes.iter().filter(|quote| quote.kind == QuoteKind::Shipping && !quote.stale);
        let methods = quotes.map(|quote| ShippingMethod {
            id: format!("casm_{}", self.secret.cart()),
            shipping_option_id: extras.shipping_option.clone(),
            name: quote.label.clone(),
            amount: self.major(quote.amount),
        });
        let codes = cart.promotions.iter().map(|promotion| Promotion {
            id: promotion.code.clone(),
            code: promotion.code.clone(),
            is_automatic: false,
        });
        let Region { id: region_id, currency_code, .. } = region(cart.currency);
        Basket {
            region_id,
            currency_code,
            customer_id: cart.customer.clone(),
            items: cart.lines.iter().map(|line| self.item(line)).collect(),
            shipping_methods: methods.collect(),
            promotions: codes.collect(),
            totals: self.totals(),
            email: extras.email,
            shipping_address: extras.shipping_address,
            billing_address: extras.billing_address,
            metadata: extras.metadata,
            created_at: cart.created_at,
            updated_at: cart.changed_at,
        }
    }

    fn item(&self, line: &LineView) -> Item {
        let code = match self.cart.promotions.as_slice() {
            [only] => Some(only.code.clone()),
            _ => None,
        };
        let adjustment = Adjustment { code, amount: self.major(line.discount) };
        let named = line.options.iter().map(|(name, value)| (name.clone(), Value::from(value.clone())));
        Item {
            id: format!("{LINE}{}", line.id),
            cart_id: self.secret.id(Kind::Cart),
            variant_id: line.sku.clone(),
            variant_sku: line.sku.clone(),
            title: line.title.clone(),
            product_title: line.title.clone(),
            quantity: line.quantity,
            unit_price: self.major(line.price.amount),
            subtotal: self.major(line.total.amount),
            discount_total: self.major(line.discount),
            total: self.major(line.total.amount - line.discount),
            adjustments: Some(adjustment).filter(|_| line.discount > 0).into_iter().collect(),
            metadata: named.collect(),
        }
    }

    fn totals(&self) -> Totals {
        let totals = &self.cart.totals;
        let (items, shipping, tax) = (totals.subtotal.amount, totals.shipping.amount, totals.tax.amount);
        let discount = totals.discount.amount;
        Totals {
            item_subtotal: self.major(items),
            item_total: self.major(items - discount),
            shipping_subtotal: self.major(shipping),
            shipping_total: self.major(shipping),
            subtotal: self.major(items + shipping),
            tax_total: self.major(tax),
            discount_total: self.major(discount),
            original_total: self.major(items + shipping + tax),
            total: self.major(totals.total.amount),
        }
    }

    /// The order that the cart has become.
    pub(super) fn order(&self, order: &Order) -> ShownOrder {
        let basket = self.basket(Extras::of(self.cart));
        ShownOrder {
            id: self.secret.id(Kind::Order),
            status: "pending",
            payment_status: if order.payment.is_some() { "authorized" } else { "not_paid" },
            fulfillment_status: "not_fulfilled",
            basket: Basket { created_at: order.placed_at, ..basket },
        }
    }

    /// A way of sending, if it has a price in the cart's currency.
    pub(super) fn option(&self, option: &ShippingOption) -> Option<Way> {
        let price = option.price_in(self.cart.currency)?;
        Some(Way {
            id: option.option.clone(),
            name: option.label.clone(),
            price_type: "flat",
            amount: self.major(price),
            insufficient_inventory: false,
        })
    }
}
