//! What a cart answers: the cart itself, its order, its payments, and what happened to it.

use crate::carts::cart::{Hint, Line, Mode, PaymentKind, QuoteKind};
use crate::carts::change::Entry;
use crate::carts::shipping::News;
use crate::codec::{Decode, Encode};
use crate::money::{Currency, Money};
use crate::record::Caller;
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How far a cart is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::State)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its lines can be changed.
    #[default]
    Active,
    /// Its lines are locked, and stock is being asked for.
    Reserving,
    /// Everything is reserved, for a while.
    CheckingOut,
    /// The buyer is ready; only the payment is missing.
    Paying,
    /// It has become an order.
    Ordered,
    /// Its lines are in another cart.
    Merged,
    /// A user has claimed it: its lines are on their way.
    Merging,
    /// It was left alone for so long that it is closed; it can be restored.
    Expired,
}

/// A line as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Line)]
pub struct LineView {
    /// Its id: the same for the same SKU with the same options.
    pub id: String,
    /// The SKU.
    pub sku: String,
    /// What people call it.
    pub title: String,
    /// As which variant, by name.
    pub options: BTreeMap<String, String>,
    /// How many.
    pub quantity: u32,
    /// What one costs.
    pub price: Money,
    /// What one cost when it was added, in minor units.
    pub added_price: u64,
    /// True if that is not what it costs now.
    pub price_changed: bool,
    /// What the line costs, before discounts.
    pub total: Money,
    /// What codes take off it, in minor units.
    pub discount: u64,
}

/// A code that a cart has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::AppliedCode)]
pub struct AppliedCode {
    /// The code.
    pub code: String,
    /// What it takes off, in minor units.
    pub amount: u64,
}

/// Something that a buyer should see: what was asked for was done only in part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Warning)]
pub struct Warning {
    /// `reduced_to_stock`, `reduced_to_max_per_line`, `reduced_to_max_per_customer` or `not_available`.
    pub code: String,
    /// The SKU.
    pub sku: String,
    /// How many there were to be.
    pub asked: u32,
    /// How many there are.
    pub quantity: u32,
}

/// What tax or shipping costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Quote)]
pub struct Quote {
    /// What for.
    pub kind: QuoteKind,
    /// How much, in minor units.
    pub amount: u64,
    /// What people call it.
    pub label: String,
    /// True if it was made for other lines, prices or discounts than those of now: then it counts nothing, and nothing is
    /// checked out until it is made again, chosen again or taken away.
    pub stale: bool,
}

/// What everything adds up to: `total` is `subtotal` without `discount`, with tax and shipping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Totals)]
pub struct Totals {
    /// All lines.
    pub subtotal: Money,
    /// What codes take off: the sum of what they take off each line.
    pub discount: Money,
    /// Taxes that come on top.
    pub tax: Money,
    /// Sending it.
    pub shipping: Money,
    /// What is to be paid.
    pub total: Money,
}

/// What a cart holds of a stock item before it is checked out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::ItemHold)]
pub struct ItemHold {
    /// The stock item.
    pub sku: String,
    /// How many: fewer than the lines need where there were not enough.
    pub quantity: u32,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
}

/// A cart as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Cart)]
pub struct CartView {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Rises with each change; it is the ETag.
    pub version: u32,
    /// What it is counted in: ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// How many decimals that has.
    pub decimals: u8,
    /// The lines, in the order in which they were added.
    pub lines: Vec<LineView>,
    /// Lines that are put aside for later: nobody pays for them.
    pub saved: Vec<LineView>,
    /// The codes, in the order in which they count.
    pub promotions: Vec<AppliedCode>,
    /// Quotes for tax and shipping. A change of what they were made for makes them stale.
    pub quotes: Vec<Quote>,
    /// What everything adds up to.
    #[serde(flatten)]
    pub totals: Totals,
    /// Until when everything is reserved.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// What is reserved before the checkout, by stock item.
    pub holds: Vec<ItemHold>,
    /// What was done only in part, by the command that this answers.
    pub warnings: Vec<Warning>,
    /// The order that it has become.
    pub order: Option<String>,
    /// True while nobody has touched it for a day, and there is something in it: any change makes it false again.
    pub abandoned: bool,
    /// The user whose it is; null for a cart that whoever has the token may use.
    pub customer: Option<String>,
    /// The cart that has its lines.
    pub successor: Option<String>,
    /// Something of the client's.
    #[serde(serialize_with = "as_json")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<String>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

/// Shows a text that is JSON as what it says.
fn as_json<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let value: Option<Value> = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    value.serialize(serializer)
}

/// An order as people see it. It never changes: how its payment goes on is the payment's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Order)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The cart that it was.
    pub cart: String,
    /// The lines as they were frozen.
    pub lines: Vec<LineView>,
    /// The codes, in the order in which they counted.
    pub promotions: Vec<AppliedCode>,
    /// Quotes for tax and shipping.
    pub quotes: Vec<Quote>,
    /// What everything adds up to.
    #[serde(flatten)]
    pub totals: Totals,
    /// The payment; null where there was nothing to pay.
    pub payment: Option<String>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Time,
}

/// What `complete` answers: the order, or the cart and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Completed)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Completed {
    /// There is an order.
    Order {
        /// The order.
        order: Order,
    },
    /// There is none yet.
    Cart {
        /// The cart.
        cart: CartView,
        /// What it lacks: `payment_pending` or `reservation_pending`.
        missing: String,
    },
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::PaymentState)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// The money is set aside.
    Authorized,
    /// The money was taken, for an order, or for one that is being tried again.
    Captured,
    /// There is no money.
    Failed,
    /// The money is set aside for nothing: whoever listens gives it free.
    VoidDue,
    /// The money was taken for nothing: whoever listens gives it back.
    RefundDue,
    /// The money was given back.
    Refunded,
}

/// A payment as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Payment)]
pub struct Payment {
    /// The provider's id.
    pub payment: String,
    /// The cart.
    pub cart: String,
    /// How far it is.
    pub state: PaymentState,
    /// How much, in minor units.
    pub amount: u64,
    /// The order that it pays.
    pub order: Option<String>,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
}

/// A checkout that has begun: its outcome is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Begun {
    /// Which of the cart's checkouts it is.
    pub attempt: u32,
    /// The cart while its stock is being asked for.
    pub cart: Box<CartView>,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The cart as it is now.
    Cart(Box<CartView>),
    /// Stock is being asked for.
    Begun(Begun),
    /// The order, or what it lacks.
    Completed(Box<Completed>),
    /// The payment as it is now.
    Payment(Box<Payment>),
    /// A machine's answer was taken.
    Noted,
    /// The cart was opened.
    Opened(Box<CartView>),
}

/// Who reads, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reader {
    /// The hash of the token that was shown.
    pub token: Option<TokenHash>,
    /// Who asks.
    pub caller: Caller,
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// A cart.
    Cart {
        /// Its id.
        cart: String,
        /// Who reads.
        reader: Reader,
    },
    /// How a checkout went.
    Attempt {
        /// The cart.
        cart: String,
        /// Which of its checkouts.
        attempt: u32,
        /// Who reads.
        reader: Reader,
    },
    /// What happened to a cart, the newest first.
    History {
        /// The cart.
        cart: String,
        /// How many at most.
        limit: u32,
        /// Only what came before this entry.
        before: Option<u32>,
        /// Who reads.
        reader: Reader,
    },
    /// The order that a cart has become.
    Order {
        /// The cart.
        cart: String,
        /// Who reads.
        reader: Reader,
    },
    /// A payment of a cart.
    Payment {
        /// The cart.
        cart: String,
        /// The payment.
        payment: String,
    },
    /// The lines of a cart, as another one may take them.
    Lines {
        /// The cart.
        cart: String,
        /// Who reads.
        reader: Reader,
    },
    /// What a customer says of themselves.
    Customer {
        /// The customer.
        customer: String,
    },
    /// What a user's cart would be with the lines of another one.
    Preview {
        /// The routing key of the user's carts.
        cart: String,
        /// Who reads.
        reader: Reader,
        /// What the other one is counted in.
        currency: Currency,
        /// Which quantities would hold.
        mode: Mode,
        /// The other one's lines.
        lines: Vec<Line>,
        /// Those that are aside.
        saved: Vec<Line>,
        /// How many there are of what is in both.
        hints: Vec<Hint>,
    },
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// A cart.
    Cart(Box<CartView>),
    /// The cart whose checkout went well, or none while it is under way.
    Attempt(Option<Box<CartView>>),
    /// What happened, and the number of the last entry that is shown if there are more.
    History(Vec<Entry>, Option<u32>),
    /// An order.
    Order(Box<Order>),
    /// A payment.
    Payment(Box<Payment>),
    /// A cart's currency, lines, and lines that are aside.
    Lines(Currency, Vec<Line>, Vec<Line>),
    /// What a customer says of themselves, as JSON, and when they said it last.
    Customer(Option<(String, Time)>),
}

/// A timer that the machine sets for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// A checkout's time is over.
    Deadline {
        /// The cart.
        cart: String,
        /// Which of its checkouts.
        attempt: u32,
    },
    /// A cart may have been left alone for long.
    Idle {
        /// The cart.
        cart: String,
    },
    /// Others have had their turn: more carts hear the news of a SKU.
    News {
        /// The SKU.
        sku: String,
        /// What has happened to it.
        news: News,
        /// The last cart that has heard it.
        after: Option<String>,
    },
    /// The time is over for which a cart holds an item.
    HoldEnds {
        /// The cart.
        cart: String,
        /// The stock item.
        sku: String,
    },
}

/// How far a payment is by what its provider says.
impl From<PaymentKind> for PaymentState {
    fn from(kind: PaymentKind) -> Self {
        match kind {
            PaymentKind::Authorized => Self::Authorized,
            PaymentKind::Captured => Self::Captured,
            PaymentKind::Failed => Self::Failed,
            PaymentKind::Refunded => Self::Refunded,
        }
    }
}
