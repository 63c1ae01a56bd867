//! What happens to carts: what stands in their history, and what is said of them.

use crate::carts::cart::{Mode, QuoteKind};
use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What happened to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Change)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// It was opened.
    CartOpened,
    /// A line is new.
    LineAdded {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
        /// How many.
        quantity: u32,
    },
    /// A line has another quantity.
    LineChanged {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
        /// How many it had.
        was: u32,
        /// How many it has.
        quantity: u32,
    },
    /// A line is gone.
    LineRemoved {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
        /// How many it had.
        was: u32,
    },
    /// Tax or shipping was quoted.
    QuoteRecorded {
        /// What for.
        kind: QuoteKind,
        /// How much, in minor units.
        amount: u64,
    },
    /// The client keeps something else with it.
    Described,
    /// The last change of lines was taken back.
    Undone {
        /// The line, if it was one.
        line: Option<String>,
    },
    /// Nobody has touched it for long, and there is something in it.
    CartAbandoned,
    /// It can be seen with a link from now on.
    CartShared,
    /// It cannot be seen with a link any more.
    CartUnshared,
    /// A code counts from now on.
    PromoApplied {
        /// The code.
        code: String,
    },
    /// A code does not count any more.
    PromoRemoved {
        /// The code.
        code: String,
    },
    /// A line was put aside for later.
    LineSaved {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
    },
    /// A line that was aside is among the others again.
    LineRestored {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
    },
    /// A line that was aside is forgotten.
    SavedForgotten {
        /// The line.
        line: String,
        /// The SKU.
        sku: String,
    },
    /// A user has claimed it: its lines are on their way to the user's cart.
    CartClaimed {
        /// The user.
        customer: String,
        /// Which quantities hold.
        mode: Mode,
    },
    /// The user's cart has its lines.
    CartMerged {
        /// The user's cart.
        successor: String,
    },
    /// The user's cart did not take its lines.
    MergeRefused,
    /// It has the lines of a cart that its user has claimed.
    LinesMerged {
        /// The claimed cart.
        from: String,
        /// Which quantities held.
        mode: Mode,
    },
    /// Its lines are locked and its stock is asked for.
    CheckoutStarted {
        /// Which of its checkouts it is.
        attempt: u32,
        /// What is to be paid, in minor units.
        total: u64,
        /// Until when it is reserved.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Time,
    },
    /// Everything is reserved.
    StockReserved {
        /// For which checkout.
        attempt: u32,
    },
    /// Something is not there, or costs something else.
    StockRefused {
        /// For which checkout.
        attempt: u32,
        /// Which stock item, or which code.
        part: String,
    },
    /// The checkout has more time.
    CheckoutExtended {
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Time,
    },
    /// The buyer ended the checkout.
    CheckoutCancelled,
    /// Its time was over.
    CheckoutExpired,
    /// The buyer is ready; only the payment is missing.
    PaymentAwaited,
    /// A payment's money is set aside.
    PaymentAuthorized {
        /// The payment.
        payment: String,
    },
    /// A payment's money was taken.
    PaymentCaptured {
        /// The payment.
        payment: String,
    },
    /// A payment came to nothing.
    PaymentFailed {
        /// The payment.
        payment: String,
    },
    /// A payment's money is set aside for nothing.
    VoidDue {
        /// The payment.
        payment: String,
        /// How much, in minor units.
        amount: u64,
    },
    /// A payment's money was taken for nothing.
    RefundDue {
        /// The payment.
        payment: String,
        /// How much, in minor units.
        amount: u64,
    },
    /// A payment's money was given back.
    PaymentRefunded {
        /// The payment.
        payment: String,
    },
    /// It has become an order.
    OrderPlaced {
        /// The order.
        order: String,
        /// What it costs, in minor units.
        total: u64,
    },
    /// It has what an order has.
    Reordered {
        /// The order.
        order: String,
    },
    /// It was left alone for so long that it is closed.
    CartExpired,
    /// It was left alone, and its buyer is back.
    CartRestored,
    /// Something in it costs less.
    PriceDropped {
        /// The SKU.
        sku: String,
        /// What it cost, in minor units.
        was: u64,
        /// What it costs.
        now: u64,
    },
    /// Something in it had run out, and is there again.
    BackInStock {
        /// The SKU.
        sku: String,
        /// How many there are.
        available: u32,
    },
    /// It holds so many of a stock item from now on.
    ItemHeld {
        /// The stock item.
        sku: String,
        /// How many.
        quantity: u32,
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Time,
    },
    /// The time is over for which it held a stock item.
    HoldExpired {
        /// The stock item.
        sku: String,
        /// How many it held.
        quantity: u32,
    },
    /// What it holds has more time.
    HoldsExtended,
}

/// A change of a cart: what stands in its history, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = carts::Entry)]
pub struct Entry {
    /// The cart.
    pub cart: String,
    /// The cart's version after it.
    pub version: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// Who asked for it; empty for whoever has the token.
    pub by: String,
    /// The device, as it calls itself.
    pub device: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub change: Change,
}
