//! The contract of carts: three machines between a shelf and an order.
//!
//! `carts` has the cart as its key: its lines, its checkout, its payments and its order. `carts.stock` has the stock
//! item as its key: how many there are, which carts hold some, and what is sold. `carts.promo` has the code of a promotion: what it takes
//! off, and how often it may. They meet only on the log.
//!
//! Outcomes, events and answers are untagged as JSON, as those of leaderboards are.

mod cart;
mod change;
mod hold;
mod promo;
mod rejection;
mod shipping;
mod stock;
mod view;

pub use cart::{
    AddLine, ApplyCode, Checkout, Claim, Command, Describe, Hint, JoinCodes, Line, MergeRefusal, MergeSaid, Merging,
    Mode, Offer, On, OnCode, OnLine, Opening, OpeningFor, Paying, PaymentKind, Profile, PromoRefusal, PromoSaid,
    QuoteKind, Quoting, SetLine, Share, StockRefusal, StockSaid, cart_of_order, cart_of_user, numbered, order_of,
    routing_key,
};
pub use change::{Change, Entry};
pub use hold::{AddHeld, GoingHold, HoldSaid, MergeHeld, SetHinted};
pub use promo::{
    CodeHold, PromoAnswer, PromoCommand, PromoDefinition, PromoEvent, PromoKind, PromoOutcome, PromoQuery, PromoTerms,
    Promotion, Use,
};
pub use rejection::Rejection;
pub use shipping::{Again, News, Notice, Reorder, SHIPPING_KEY, Ship, ShippingDefinition, ShippingOption};
pub use stock::{
    Adjustment, Availability, BundlePart, Held, Hold, HoldUpTo, Reserve, ReserveAt, Sku, SkuDefinition, SkuPolicy,
    SkuTerms, StockAnswer, StockCommand, StockEvent, StockOutcome, StockQuery, StockTimer,
};
pub use view::{
    Answer, AppliedCode, Begun, CartView, Completed, ItemHold, LineView, Order, Outcome, Payment, PaymentState, Query,
    Quote, Reader, State, Timer, Totals, Warning,
};

use crate::contract::{Contract, NoTimer};

/// The machine `carts`. Its key is the cart; all carts of a user have one.
pub enum Carts {}

/// The machine `carts.stock`. Its key is the stock item.
pub enum CartsStock {}

/// The machine `carts.promo`. Its key is the code.
pub enum CartsPromo {}

impl Contract for Carts {
    const MACHINE: &'static str = "carts";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Entry;
    type Query = Query;
    type Answer = Answer;
    type Timer = Timer;

    fn key(command: &Command) -> Option<&[u8]> {
        let cart = match command {
            Command::Open(opening) => &opening.cart,
            Command::AddLine(add) => &add.on.cart,
            Command::SetLine(set) => &set.on.cart,
            Command::Quote(quoting) => &quoting.on.cart,
            Command::Describe(describe) => &describe.on.cart,
            Command::Checkout(checkout) | Command::Extend(checkout) | Command::CheckoutInLine(checkout) => {
                &checkout.on.cart
            }
            Command::Undo(on) | Command::Cancel(on) | Command::Complete(on) => &on.cart,
            Command::Pay(paying) => &paying.cart,
            Command::StockSaid(said) | Command::StockSeen(said) => &said.cart,
            Command::OpenFor(opening) => &opening.cart,
            Command::Claim(claim) => &claim.on.cart,
            Command::Merge(merging) => &merging.cart,
            Command::MergeSaid(said) => &said.cart,
            Command::ApplyCode(apply) => &apply.on.cart,
            Command::RemoveCode(on) => &on.on.cart,
            Command::Share(share) => &share.on.cart,
            Command::PromoSaid(said) => &said.cart,
            Command::JoinCodes(join) => &join.cart,
            Command::SaveLine(on) | Command::RestoreLine(on) | Command::ForgetLine(on) => &on.on.cart,
            Command::Ship(ship) => &ship.on.cart,
            Command::Reorder(reorder) => &reorder.on.cart,
            Command::Restore(on) => &on.cart,
            Command::Notice(notice) => &notice.key,
            Command::AddHeld(held) => &held.add.on.cart,
            Command::SetHinted(hinted) => &hinted.set.on.cart,
            Command::HoldSaid(said) => &said.cart,
            Command::MergeHeld(held) => &held.merging.cart,
            Command::DescribeCustomer(profile) => &profile.cart,
        };
        Some(routing_key(cart).as_bytes())
    }

    fn event_type(event: &Entry) -> &'static str {
        match event.change {
            Change::CartOpened => "CartOpened",
            Change::LineAdded { .. } => "LineAdded",
            Change::LineChanged { .. } => "LineChanged",
            Change::LineRemoved { .. } => "LineRemoved",
            Change::QuoteRecorded { .. } => "QuoteRecorded",
            Change::Described => "CartDescribed",
            Change::Undone { .. } => "Undone",
            Change::CartAbandoned => "CartAbandoned",
            Change::CartShared => "CartShared",
            Change::CartUnshared => "CartUnshared",
            Change::PromoApplied { .. } => "PromoApplied",
            Change::PromoRemoved { .. } => "PromoRemoved",
            Change::LineSaved { .. } => "LineSaved",
            Change::LineRestored { .. } => "LineRestored",
            Change::SavedForgotten { .. } => "SavedForgotten",
            Change::CartClaimed { .. } => "CartClaimed",
            Change::CartMerged { .. } => "CartMerged",
            Change::MergeRefused => "MergeRefused",
            Change::LinesMerged { .. } => "LinesMerged",
            Change::CheckoutStarted { .. } => "CheckoutStarted",
            Change::StockReserved { .. } => "StockReserved",
            Change::StockRefused { .. } => "StockRefused",
            Change::CheckoutExtended { .. } => "CheckoutExtended",
            Change::CheckoutCancelled => "CheckoutCancelled",
            Change::CheckoutExpired => "CheckoutExpired",
            Change::PaymentAwaited => "PaymentAwaited",
            Change::PaymentAuthorized { .. } => "PaymentAuthorized",
            Change::PaymentCaptured { .. } => "PaymentCaptured",
            Change::PaymentFailed { .. } => "PaymentFailed",
            Change::VoidDue { .. } => "VoidDue",
            Change::RefundDue { .. } => "RefundDue",
            Change::PaymentRefunded { .. } => "PaymentRefunded",
            Change::OrderPlaced { .. } => "OrderPlaced",
            Change::Reordered { .. } => "Reordered",
            Change::CartExpired => "CartExpired",
            Change::CartRestored => "CartRestored",
            Change::PriceDropped { .. } => "PriceDropped",
            Change::BackInStock { .. } => "BackInStock",
            Change::ItemHeld { .. } => "ItemHeld",
            Change::HoldExpired { .. } => "HoldExpired",
            Change::HoldsExtended => "HoldsExtended",
        }
    }
}

impl Contract for CartsStock {
    const MACHINE: &'static str = "carts.stock";
    const SCHEMA: u16 = 1;
    type Command = StockCommand;
    type Outcome = StockOutcome;
    type Rejection = Rejection;
    type Event = StockEvent;
    type Query = StockQuery;
    type Answer = StockAnswer;
    type Timer = StockTimer;

    fn key(command: &StockCommand) -> Option<&[u8]> {
        let sku = match command {
            StockCommand::Define(definition) => &definition.sku,
            StockCommand::Adjust(adjustment) => &adjustment.sku,
            StockCommand::Reserve(reserve) | StockCommand::Queue(reserve) | StockCommand::Take(reserve) => &reserve.sku,
            StockCommand::Release(hold) | StockCommand::Commit(hold) => &hold.sku,
            StockCommand::DefineShipping(_) => SHIPPING_KEY,
            StockCommand::DefineTerms(terms) => &terms.definition.sku,
            StockCommand::DefineSku(policy) => &policy.terms.definition.sku,
            StockCommand::HoldUpTo(wish) => &wish.sku,
        };
        Some(sku.as_bytes())
    }

    fn event_type(event: &StockEvent) -> &'static str {
        match event {
            StockEvent::Changed(_) => "SkuChanged",
            StockEvent::Reserved(_) => "ItemReserved",
            StockEvent::Refused(_) => "ItemRefused",
            StockEvent::Released(_) => "ItemReleased",
            StockEvent::Committed(_) => "ItemCommitted",
            StockEvent::Queued(_) => "ItemQueued",
            StockEvent::ShippingChanged(_) => "ShippingOptionChanged",
        }
    }
}

impl Contract for CartsPromo {
    const MACHINE: &'static str = "carts.promo";
    const SCHEMA: u16 = 1;
    type Command = PromoCommand;
    type Outcome = PromoOutcome;
    type Rejection = Rejection;
    type Event = PromoEvent;
    type Query = PromoQuery;
    type Answer = PromoAnswer;
    type Timer = NoTimer;

    fn key(command: &PromoCommand) -> Option<&[u8]> {
        let code = match command {
            PromoCommand::Define(definition) => &definition.terms.code,
            PromoCommand::Reserve(wanted) => &wanted.code,
            PromoCommand::Release(hold) | PromoCommand::Commit(hold) => &hold.code,
        };
        Some(code.as_bytes())
    }

    fn event_type(event: &PromoEvent) -> &'static str {
        match event {
            PromoEvent::Changed(_) => "PromotionChanged",
            PromoEvent::Used(_) => "PromotionUsed",
        }
    }
}
