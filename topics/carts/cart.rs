//! What may be asked of a cart, and of its payments.

use crate::carts::hold::{AddHeld, HoldSaid, MergeHeld, SetHinted};
use crate::carts::promo::PromoTerms;
use crate::carts::shipping::{Notice, Reorder, Ship};
use crate::carts::stock::BundlePart;
use crate::carts::view::Warning;
use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::money::{Currency, Money};
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Opens a cart.
    Open(Opening),
    /// Puts some of a SKU into a cart.
    AddLine(Box<AddLine>),
    /// Changes how many a line has; 0 removes it.
    SetLine(SetLine),
    /// Notes what tax or shipping costs, as somebody else has worked it out.
    Quote(Quoting),
    /// Keeps something of the client's with a cart.
    Describe(Describe),
    /// Takes the last change of lines back.
    Undo(On),
    /// Locks the lines and asks for their stock.
    Checkout(Checkout),
    /// Gives a checkout more time.
    Extend(Checkout),
    /// Ends a checkout: what is reserved is given back.
    Cancel(On),
    /// Makes an order of a cart that is reserved and paid; says that the buyer is ready where it is not paid yet.
    Complete(On),
    /// What a payment provider says.
    Pay(Paying),
    /// The answer of a stock item: sent by `carts.stock`.
    #[serde(skip_deserializing)]
    StockSaid(StockSaid),
    /// Opens the next cart of a user, unless there is one that is not an order yet.
    OpenFor(OpeningFor),
    /// Gives a cart without an account to a user: its lines go to the user's cart.
    Claim(Claim),
    /// The lines of a cart that a user has claimed: sent by the cart.
    #[serde(skip_deserializing)]
    Merge(Box<Merging>),
    /// What became of them: sent by the user's cart.
    #[serde(skip_deserializing)]
    MergeSaid(MergeSaid),
    /// Puts a line aside for later.
    SaveLine(OnLine),
    /// Puts a line that is aside among the others again.
    RestoreLine(OnLine),
    /// Forgets a line that is aside.
    ForgetLine(OnLine),
    /// Gives a cart a promotion's code.
    ApplyCode(Box<ApplyCode>),
    /// Takes a code away again.
    RemoveCode(OnCode),
    /// The answer of a promotion: sent by `carts.promo`.
    #[serde(skip_deserializing)]
    PromoSaid(PromoSaid),
    /// The codes of a cart that a user has claimed: sent by the cart, once its lines are taken.
    #[serde(skip_deserializing)]
    JoinCodes(JoinCodes),
    /// Makes a link with which a cart can be seen, or takes it away.
    Share(Share),
    /// The same as `Checkout`, but what is not there is waited for, in line.
    CheckoutInLine(Checkout),
    /// Chooses a way of sending, as the route has found it.
    #[serde(skip_deserializing)]
    Ship(Box<Ship>),
    /// Puts what an order has into a cart again, as the route has found it.
    Reorder(Box<Reorder>),
    /// Gives a cart back to its buyer that was left alone.
    Restore(On),
    /// Something has happened to a SKU that carts of the partition may have: sent by `carts.stock`.
    #[serde(skip_deserializing)]
    Notice(Notice),
    /// The same as `AddLine` for a SKU that is reserved at once.
    AddHeld(Box<AddHeld>),
    /// The same as `SetLine`, knowing how many there are.
    SetHinted(Box<SetHinted>),
    /// How many a stock item holds for a cart that is not checked out: sent by `carts.stock`.
    #[serde(skip_deserializing)]
    HoldSaid(HoldSaid),
    /// There are enough of a stock item, which is reserved only for an order: sent by `carts.stock`.
    #[serde(skip_deserializing)]
    StockSeen(StockSaid),
    /// The same as `Merge` for a cart that holds stock: sent by the claimed cart.
    #[serde(skip_deserializing)]
    MergeHeld(Box<MergeHeld>),
    /// Keeps what a customer says of themselves.
    DescribeCustomer(Profile),
}

/// What a customer says of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Profile {
    /// The routing key of the customer's carts.
    pub cart: String,
    /// The customer.
    pub customer: String,
    /// JSON; none forgets it.
    pub profile: Option<String>,
}

/// A link to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Share {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The hash of the token that the cart can be seen with; none takes the link away.
    pub link: Option<TokenHash>,
}

/// A code for a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ApplyCode {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// What it takes off, found out by the route: the promotion itself has the last word at the checkout.
    pub terms: PromoTerms,
}

/// A code of a cart that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnCode {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The code.
    pub code: String,
}

/// What a promotion answers a cart that is checked out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PromoSaid {
    /// The cart.
    pub cart: String,
    /// Which of its checkouts is meant.
    pub attempt: u32,
    /// The code.
    pub code: String,
    /// Why there is no use of it; none if there is.
    pub refusal: Option<PromoRefusal>,
}

/// Why a promotion gives no use.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromoRefusal {
    /// There is no such code.
    Unknown,
    /// It does not count now.
    Expired,
    /// Its uses, those of the customer, or its budget are at an end.
    Exhausted,
    /// It is for customers, of whom it counts the uses.
    NoCustomer,
    /// It takes something else off.
    Changed(Box<PromoTerms>),
}

/// The codes of a claimed cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct JoinCodes {
    /// The user's cart.
    pub cart: String,
    /// The codes with what they take off.
    pub codes: Vec<PromoTerms>,
}

/// The id of the order that a cart becomes.
#[must_use]
pub fn order_of(cart: &str) -> String {
    format!("o_{cart}")
}

/// The cart that an order was.
#[must_use]
pub fn cart_of_order(order: &str) -> Option<&str> {
    order.strip_prefix("o_")
}

/// The routing key of a user's carts, which is also the id of the newest of them.
#[must_use]
pub fn cart_of_user(user: &str) -> String {
    format!("user:{}", user.replace('%', "%25").replace('~', "%7E"))
}

/// The id of one of a user's carts.
#[must_use]
pub fn numbered(user_cart: &str, number: u32) -> String {
    format!("{user_cart}~{number}")
}

/// The routing key of a cart: all carts of a user have the same.
#[must_use]
pub fn routing_key(cart: &str) -> &str {
    match cart.rsplit_once('~') {
        Some((user_cart, _)) if cart.starts_with("user:") => user_cart,
        _ => cart,
    }
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Line {
    /// A hash of SKU and options.
    pub id: u64,
    /// The SKU.
    pub sku: String,
    /// What people call it.
    pub title: String,
    /// As which variant, sorted by name.
    pub options: Vec<(String, String)>,
    /// How many; never 0.
    pub quantity: u32,
    /// What one costs; all lines of a SKU say the same.
    pub price: u64,
    /// What one cost when it was added.
    pub added_price: u64,
    /// The most of it in one line.
    pub max_per_line: Option<u32>,
    /// What a bundle consists of.
    pub parts: Vec<BundlePart>,
}

/// A user's cart that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OpeningFor {
    /// The routing key of the user's carts.
    pub cart: String,
    /// The user.
    pub user: String,
    /// What it is counted in.
    pub currency: Currency,
    /// Something of the client's, as JSON.
    pub metadata: Option<String>,
}

/// Which quantities hold where two carts become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::Mode)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All lines of both, each with the larger quantity.
    Max,
    /// All lines of both, with both quantities together.
    Sum,
    /// The lines of the claimed cart alone.
    Replace,
    /// The lines of the user's cart alone.
    Keep,
}

/// How many there are of a SKU: only a hint.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Hint {
    /// The SKU.
    pub sku: String,
    /// How many there are.
    pub available: u32,
}

/// A cart that a user claims.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Claim {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The user.
    pub customer: String,
    /// Which quantities hold.
    pub mode: Mode,
    /// How many there are of what is in both carts.
    #[serde(default, deserialize_with = "or_default")]
    pub hints: Vec<Hint>,
}

/// The lines of a claimed cart on their way to the user's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Merging {
    /// The routing key of the user's carts.
    pub cart: String,
    /// The user.
    pub user: String,
    /// The claimed cart.
    pub from: String,
    /// Which of its attempts it is.
    pub attempt: u32,
    /// What it is counted in.
    pub currency: Currency,
    /// Which quantities hold.
    pub mode: Mode,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Those that are aside.
    pub saved: Vec<Line>,
    /// How many there are of what is in both carts.
    pub hints: Vec<Hint>,
    /// The device that claims it.
    pub device: Option<String>,
}

/// What became of the lines of a claimed cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct MergeSaid {
    /// The claimed cart.
    pub cart: String,
    /// Which of its attempts is meant.
    pub attempt: u32,
    /// The cart that has the lines, or why none has.
    pub successor: Result<String, MergeRefusal>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// Why a user's cart takes no lines.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeRefusal {
    /// It is being checked out, or is claimed itself.
    CheckingOut,
    /// It has another currency.
    Currency(Currency),
    /// It would have too many lines.
    TooManyLines,
    /// It would be worth too much.
    TooLarge,
}

/// A line of a cart that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnLine {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The line.
    pub line: String,
}

/// Which cart is meant, by what right, and in which of its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct On {
    /// The cart.
    pub cart: String,
    /// The hash of the token that was shown. Without one the caller's role or name must do.
    #[serde(default)]
    pub token: Option<TokenHash>,
    /// The device that asks, as it calls itself.
    #[serde(default)]
    pub device: Option<String>,
    /// The version of `If-Match`: another one is stale.
    #[serde(default)]
    pub if_match: Option<u32>,
    /// The version in the body: another one is a conflict.
    #[serde(default)]
    pub version: Option<u32>,
}

/// A cart that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Opening {
    /// Its id, drawn by the gateway.
    pub cart: String,
    /// The hash of its token.
    pub token: Option<TokenHash>,
    /// What it is counted in.
    pub currency: Currency,
    /// Something of the client's, as JSON.
    pub metadata: Option<String>,
}

/// What a SKU is sold as, found out by the route: the stock item itself has the last word at the checkout.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Offer {
    /// The SKU.
    pub sku: String,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// What one costs.
    pub price: Money,
    /// The most of it in one line.
    #[serde(default)]
    pub max_per_line: Option<u32>,
    /// How many there are: only a hint, nothing is reserved.
    #[serde(default)]
    pub available: Option<u32>,
    /// What a bundle consists of.
    #[serde(default, deserialize_with = "or_default")]
    pub parts: Vec<BundlePart>,
}

/// Some of a SKU for a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AddLine {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// What is sold.
    pub offer: Offer,
    /// How many more.
    pub quantity: u32,
    /// As which variant, by name: other options are another line.
    #[serde(default, deserialize_with = "or_default")]
    pub options: Vec<(String, String)>,
}

/// Another quantity for a line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SetLine {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// The line.
    pub line: String,
    /// How many there shall be.
    pub quantity: u32,
    /// How many the client has seen: then only the difference counts, whatever happened meanwhile.
    pub base: Option<u32>,
}

/// What a quote is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::QuoteKind)]
#[serde(rename_all = "snake_case")]
pub enum QuoteKind {
    /// Taxes that come on top.
    Tax,
    /// Sending it.
    Shipping,
}

impl std::fmt::Display for QuoteKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Tax => "tax",
            Self::Shipping => "shipping",
        })
    }
}

/// A quote for a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Quoting {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// What for.
    pub kind: QuoteKind,
    /// How much, in minor units of the cart's currency; 0 takes the quote away.
    pub amount: u64,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
}

/// Something of the client's for a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Describe {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// JSON; none takes it away.
    pub metadata: Option<String>,
}

/// A checkout that is to begin, or to have more time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Checkout {
    /// The cart.
    #[serde(flatten)]
    pub on: On,
    /// For how many seconds from now it is reserved; the usual time unless said.
    pub seconds: Option<u32>,
}

/// How far a payment is, as its provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = carts::PaymentKind)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// The money is set aside.
    Authorized,
    /// The money was taken.
    Captured,
    /// There is no money.
    Failed,
    /// The money was given back.
    Refunded,
}

/// What a payment provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Paying {
    /// The cart.
    pub cart: String,
    /// The payment, by the provider's id.
    pub payment: String,
    /// How far it is.
    pub kind: PaymentKind,
    /// How much, in minor units of the cart's currency.
    pub amount: u64,
}

/// What a stock item answers a cart that is checked out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct StockSaid {
    /// The cart.
    pub cart: String,
    /// Which of its checkouts is meant.
    pub attempt: u32,
    /// The stock item.
    pub sku: String,
    /// Why nothing is reserved; none if it is.
    pub refusal: Option<StockRefusal>,
}

/// Why a stock item reserves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StockRefusal {
    /// There are fewer.
    Insufficient {
        /// How many were asked for.
        asked: u32,
        /// How many there are.
        available: u32,
    },
    /// It costs something else.
    Price {
        /// What it costs now.
        now: Money,
    },
    /// There is no such SKU.
    Unknown,
    /// Fewer are asked for than a cart must have.
    TooFew {
        /// How many were asked for.
        asked: u32,
        /// How many there must be.
        least: u32,
    },
    /// The customer would have more than one may have.
    TooMany {
        /// How many were asked for.
        asked: u32,
        /// How many the customer may still have.
        left: u32,
    },
    /// It is for customers, of whom each may have so many.
    NoCustomer,
}
