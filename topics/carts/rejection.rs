//! Why a command or a query about carts, stock or promotions is refused.

use crate::carts::cart::QuoteKind;
use crate::codec::{Decode, Encode};
use crate::contract::{Refusal, RefusalKind};
use serde_json::{Value, json};

/// Why a command or a query is refused. Variants are only appended: kept outcomes hold them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Rejection {
    /// No such cart, or not for who asks: nobody learns which.
    #[error("there is no cart of this id for this token")]
    UnknownCart,
    /// The cart's id is taken.
    #[error("there is a cart of this id")]
    CartExists,
    /// The cart has become an order.
    #[error("the cart has become an order")]
    Ordered {
        /// The order.
        order: String,
    },
    /// The cart's lines are in another cart now.
    #[error("the cart was merged into another one")]
    Merged {
        /// The cart that has its lines.
        successor: String,
    },
    /// `If-Match` names another version.
    #[error("the cart has version {current}")]
    StaleVersion {
        /// The cart's version.
        current: u32,
    },
    /// The version in the body is another one.
    #[error("the cart has version {current}")]
    VersionConflict {
        /// The cart's version.
        current: u32,
    },
    /// Lines are locked while a cart is checked out.
    #[error("the cart is being checked out: cancel the checkout first")]
    CheckingOut,
    /// Nothing to cancel, extend or complete.
    #[error("the cart is not being checked out")]
    NotCheckingOut,
    /// Nothing to buy.
    #[error("the cart has no lines")]
    EmptyCart,
    /// A quantity.
    #[error("a quantity is 1 to {0}")]
    BadQuantity(u32),
    /// Something else about what is asked.
    #[error("{0}")]
    BadRequest(String),
    /// No such line.
    #[error("the cart has no such line")]
    UnknownLine,
    /// No room for another line.
    #[error("a cart has at most {0} lines")]
    TooManyLines(u32),
    /// A sum beyond what is counted.
    #[error("the total would be over {0} minor units")]
    TotalTooLarge(u64),
    /// A price in another currency.
    #[error("the cart has another currency")]
    CurrencyMismatch {
        /// The cart's.
        cart: String,
        /// The price's.
        price: String,
    },
    /// No such SKU to be put into a cart.
    #[error("there is no SKU `{0}`")]
    UnsoldSku(String),
    /// No such SKU.
    #[error("there is no SKU of this id")]
    UnknownSku,
    /// Fewer are there than are wanted.
    #[error("there are not enough of `{sku}`")]
    InsufficientStock {
        /// The stock item.
        sku: String,
        /// How many were asked for.
        asked: u32,
        /// How many there are.
        available: u32,
    },
    /// A price is another one now: the cart has it, and may be checked out again.
    #[error("the price of `{sku}` has changed: look at the cart and check out again")]
    PriceChanged {
        /// The SKU.
        sku: String,
        /// What the cart had, in minor units.
        was: u64,
        /// What it costs now.
        now: u64,
    },
    /// The machines of the stock did not answer in time: nothing is reserved.
    #[error("the checkout ran out of time before everything was reserved")]
    CheckoutExpired,
    /// A checkout has been extended often enough.
    #[error("a checkout is extended at most {0} times")]
    ExtendedTooOften(u8),
    /// Only for servers and operators.
    #[error("this needs the role `server` or `operator`")]
    RoleRequired,
    /// Less stock than carts and orders hold.
    #[error("carts and orders hold {held}: there cannot be fewer")]
    StockHeld {
        /// Reserved and committed together.
        held: u32,
    },
    /// The id of something new.
    #[error("an id must match [a-z0-9][a-z0-9._-]{{0,63}} and is no word of the paths")]
    BadId,
    /// There is nothing to take back.
    #[error("there is no change that could be taken back")]
    NothingToUndo,
    /// No such order.
    #[error("there is no order of this id")]
    UnknownOrder,
    /// No such payment.
    #[error("there is no payment of this id for this cart")]
    UnknownPayment,
    /// The cart has an owner already.
    #[error("the cart belongs to a user already")]
    CartOwned,
    /// The user's cart that is to take the lines.
    #[error("the user's cart is being checked out, or claimed itself")]
    CustomerCheckingOut,
    /// No such promotion.
    #[error("there is no promotion with this code")]
    UnknownPromotion,
    /// No such code for a cart.
    #[error("there is no promotion with the code `{0}`")]
    UnknownCode(String),
    /// A promotion that does not count now.
    #[error("the code `{0}` does not count now")]
    PromoExpired(String),
    /// A promotion that was used often enough.
    #[error("the code `{0}` was used often enough")]
    PromoExhausted(String),
    /// A promotion that counts the uses of customers.
    #[error("the code `{0}` is for customers: the cart has none")]
    PromoNeedsCustomer(String),
    /// A promotion takes something else off: the cart has it, and may be checked out again.
    #[error("what the code `{0}` takes off has changed: look at the cart and check out again")]
    PromoChanged(String),
    /// A promotion that stands alone.
    #[error("the codes cannot be used together")]
    NotStackable,
    /// No room for another code.
    #[error("a cart has at most {0} codes")]
    TooManyCodes(u32),
    /// No such way of sending.
    #[error("there is no way of sending `{0}`")]
    UnknownShipping(String),
    /// No room for another way of sending.
    #[error("there are at most {0} ways of sending")]
    TooManyShippings(u32),
    /// The cart was left alone for so long that it is closed.
    #[error("the cart was left alone for too long: restore it first")]
    Expired,
    /// A quote was made for other lines, or for other prices.
    #[error("what {0} costs was quoted for other lines or prices: it must be quoted or chosen again")]
    QuoteStale(QuoteKind),
    /// Fewer are in the cart than it must have.
    #[error("a cart has {least} of `{sku}` at least")]
    BelowMinimum {
        /// The SKU.
        sku: String,
        /// How many the cart has.
        asked: u32,
        /// How many it must have.
        least: u32,
    },
    /// The customer would have more than one may have.
    #[error("a customer may have {left} more of `{sku}`")]
    OverCustomerLimit {
        /// The SKU.
        sku: String,
        /// How many the cart has.
        asked: u32,
        /// How many the customer may still have.
        left: u32,
    },
    /// A SKU of which each customer may have so many.
    #[error("`{0}` is for customers: the cart has none")]
    SkuNeedsCustomer(String),
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownCart => "unknown_cart",
            Self::CartExists => "cart_exists",
            Self::Ordered { .. } => "cart_ordered",
            Self::Merged { .. } => "cart_merged",
            Self::StaleVersion { .. } => "stale_version",
            Self::VersionConflict { .. } => "version_conflict",
            Self::CheckingOut => "checking_out",
            Self::NotCheckingOut => "not_checking_out",
            Self::EmptyCart => "empty_cart",
            Self::BadQuantity(_) => "bad_quantity",
            Self::BadRequest(_) => "bad_request",
            Self::UnknownLine => "unknown_line",
            Self::TooManyLines(_) => "too_many_lines",
            Self::TotalTooLarge(_) => "total_too_large",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::UnsoldSku(_) | Self::UnknownSku => "unknown_sku",
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::PriceChanged { .. } => "price_changed",
            Self::CheckoutExpired => "checkout_expired",
            Self::ExtendedTooOften(_) => "extended_too_often",
            Self::RoleRequired => "role_required",
            Self::StockHeld { .. } => "stock_held",
            Self::BadId => "bad_id",
            Self::NothingToUndo => "nothing_to_undo",
            Self::UnknownOrder => "unknown_order",
            Self::UnknownPayment => "unknown_payment",
            Self::CartOwned => "cart_owned",
            Self::CustomerCheckingOut => "customer_checking_out",
            Self::UnknownPromotion => "unknown_promotion",
            Self::UnknownCode(_) => "unknown_code",
            Self::PromoExpired(_) => "promo_expired",
            Self::PromoExhausted(_) => "promo_exhausted",
            Self::PromoNeedsCustomer(_) => "promo_needs_customer",
            Self::PromoChanged(_) => "promo_changed",
            Self::NotStackable => "not_stackable",
            Self::TooManyCodes(_) => "too_many_codes",
            Self::UnknownShipping(_) => "unknown_shipping_option",
            Self::TooManyShippings(_) => "too_many_shipping_options",
            Self::Expired => "cart_expired",
            Self::QuoteStale(_) => "quote_stale",
            Self::BelowMinimum { .. } => "below_min_per_cart",
            Self::OverCustomerLimit { .. } => "over_max_per_customer",
            Self::SkuNeedsCustomer(_) => "sku_needs_customer",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::RoleRequired => RefusalKind::Forbidden,
            Self::UnknownCart
            | Self::UnknownPromotion
            | Self::UnknownLine
            | Self::UnknownSku
            | Self::UnknownOrder
            | Self::UnknownPayment => RefusalKind::NotFound,
            Self::CartExists
            | Self::VersionConflict { .. }
            | Self::CheckingOut
            | Self::NotCheckingOut
            | Self::CheckoutExpired
            | Self::CartOwned
            | Self::CustomerCheckingOut
            | Self::QuoteStale(_)
            | Self::NothingToUndo => RefusalKind::Conflict,
            Self::Ordered { .. } | Self::Merged { .. } | Self::Expired => RefusalKind::Gone,
            Self::StaleVersion { .. } => RefusalKind::Stale,
            Self::EmptyCart
            | Self::BadQuantity(_)
            | Self::BadRequest(_)
            | Self::TooManyLines(_)
            | Self::TotalTooLarge(_)
            | Self::CurrencyMismatch { .. }
            | Self::UnsoldSku(_)
            | Self::InsufficientStock { .. }
            | Self::PriceChanged { .. }
            | Self::ExtendedTooOften(_)
            | Self::StockHeld { .. }
            | Self::UnknownCode(_)
            | Self::PromoExpired(_)
            | Self::PromoExhausted(_)
            | Self::PromoNeedsCustomer(_)
            | Self::PromoChanged(_)
            | Self::NotStackable
            | Self::TooManyCodes(_)
            | Self::UnknownShipping(_)
            | Self::TooManyShippings(_)
            | Self::BelowMinimum { .. }
            | Self::OverCustomerLimit { .. }
            | Self::SkuNeedsCustomer(_)
            | Self::BadId => RefusalKind::Unprocessable,
        }
    }

    fn members(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Ordered { order } => vec![("order", json!(order)), ("successor", json!(order))],
            Self::Merged { successor } => vec![("successor", json!(successor))],
            Self::StaleVersion { current } | Self::VersionConflict { current } => vec![("version", json!(current))],
            Self::CurrencyMismatch { cart, price } => vec![("cart", json!(cart)), ("price", json!(price))],
            Self::UnsoldSku(sku) | Self::SkuNeedsCustomer(sku) => vec![("sku", json!(sku))],
            Self::InsufficientStock { sku, asked, available } => {
                vec![("sku", json!(sku)), ("asked", json!(asked)), ("available", json!(available))]
            }
            Self::PriceChanged { sku, was, now } => {
                vec![("sku", json!(sku)), ("was", json!(was)), ("now", json!(now))]
            }
            Self::PromoExpired(code)
            | Self::PromoExhausted(code)
            | Self::PromoNeedsCustomer(code)
            | Self::PromoChanged(code)
            | Self::UnknownCode(code) => vec![("promotion", json!(code))],
            Self::QuoteStale(kind) => vec![("quote", json!(kind))],
            Self::BelowMinimum { sku, asked, least } => {
                vec![("sku", json!(sku)), ("asked", json!(asked)), ("least", json!(least))]
            }
            Self::OverCustomerLimit { sku, asked, left } => {
                vec![("sku", json!(sku)), ("asked", json!(asked)), ("left", json!(left))]
            }
            Self::StockHeld { held } => vec![("held", json!(held))],
            _ => Vec::new(),
        }
    }
}
