//! What an accepted command answers, and what is said about it.

use crate::codec::{Decode, Encode};
use crate::money::{Currency, Money};
use crate::tickets::command::{Area, Scan};
use crate::tickets::objects::Seated;
use crate::tickets::plan::EventPlan;
use crate::tickets::queue::RoomTerms;
use crate::tickets::resale::{Listing, Moved};
use crate::tickets::rules::{Journey, Rule};
use crate::tickets::waitlist::{WaiterNote, WaiterView, WaitlistTerms};
use crate::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What an accepted command answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The event is on sale.
    Published(Box<Published>),
    /// It was, with the same plan.
    WasPublished(Box<Published>),
    /// Places are held.
    Held(Box<HoldView>),
    /// What became of a hold.
    Hold(Box<HoldView>),
    /// There is an order.
    Ordered(Box<OrderView>),
    /// What became of an order.
    Order(Box<OrderView>),
    /// What became of a payment, and of its order.
    Paid(Box<OrderView>, PaymentView),
    /// Seats are somebody else's.
    Assigned(Assigned),
    /// The code is there.
    CodeSet(CodeView),
    /// What became of a ticket that was shown.
    Scanned(ScanView),
    /// The event has a waiting room with these terms.
    RoomSet(RoomTerms),
    /// There is nothing to tell.
    Noted,
    /// Somebody waits.
    Waiter(Box<WaiterView>),
    /// Offers last so long.
    WaitlistSet(WaitlistTerms),
    /// Seats have become something else.
    Seated(Seated),
    /// The event is on sale, with these rules.
    PublishedBy(Box<Published>, Vec<Rule>),
    /// It was, with the same plan and rules, or has these from now on.
    WasPublishedBy(Box<Published>, Vec<Rule>),
    /// Somebody else has a ticket now.
    Moved(Moved),
    /// A ticket is offered, or was.
    Listed(Listing),
    /// So many buyers more, or fewer, are verified.
    Verified(u32),
    /// A token is good until then.
    TokenSet(Time),
    /// So many holds last until another time.
    Retimed(u32),
}

/// Seats that were given to a channel, to nobody or to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Assigned)]
pub struct Assigned {
    /// The event.
    pub event: String,
    /// Whose they are; everybody's or nobody's if none.
    pub channel: Option<String>,
    /// True if they are nobody's.
    pub blocked: bool,
    /// How many they are.
    pub seats: u32,
    /// How many of them somebody has, who keeps them.
    pub owned: u32,
}

/// A presale code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Code)]
pub struct CodeView {
    /// The event.
    pub event: String,
    /// The code.
    pub code: String,
    /// The most holds and orders with it at a time.
    pub max_uses: u32,
    /// How many there are.
    pub uses: u32,
    /// A channel out of which it lets take seats.
    pub channel: Option<String>,
    /// True if it counts before the sale is open.
    pub early: bool,
    /// How much less a place costs with it, in percent.
    pub discount_percent: Option<u8>,
    /// What a place costs with it, in minor units.
    pub price: Option<u64>,
    /// It can be used until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
}

/// What becomes of a ticket at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::ScanResult)]
#[serde(rename_all = "snake_case")]
pub enum ScanResult {
    /// It is good: come in.
    Ok,
    /// Somebody came in with it before.
    AlreadyRedeemed,
    /// It was given back, or has another code by now.
    Revoked,
    /// There is no such ticket, or it is not paid.
    Invalid,
}

/// What became of a ticket that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Scanned)]
pub struct ScanView {
    /// The ticket.
    pub ticket: String,
    /// What becomes of it.
    pub result: ScanResult,
    /// The seat, by name, of a ticket that is good or was.
    pub seat: Option<String>,
    /// Whose name is on it.
    pub holder: Option<String>,
    /// The scan with which somebody came in.
    pub first: Option<Scan>,
    /// When the log has it from.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub redeemed_at: Option<Time>,
}

/// A ticket that was shown by two.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Conflict)]
pub struct Conflict {
    /// From 1.
    pub number: u32,
    /// The ticket.
    pub ticket: String,
    /// The scan with which somebody came in.
    pub first: Scan,
    /// The one that came later in the log.
    pub later: Scan,
    /// When the log has the later one from.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// An event that is on sale.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Published {
    /// What it is.
    pub plan: EventPlan,
    /// How many places it has.
    pub capacity: u32,
    /// Since when.
    pub published_at: Time,
}

/// How far a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::HoldState)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Its places are held.
    Open,
    /// They belong to an order.
    Ordered,
    /// They were given back.
    Released,
    /// Its time was over.
    Expired,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldView {
    /// The event.
    pub event: String,
    /// The hold's number.
    pub number: u32,
    /// Who it is for.
    pub buyer: String,
    /// How far it is.
    pub state: HoldState,
    /// Its seats, by name.
    pub seats: Vec<String>,
    /// Its places without seats.
    pub areas: Vec<Area>,
    /// True if its seats are beside one another in one row.
    pub adjacent: bool,
    /// The step of the ladder on which the best were found.
    pub step: Option<u8>,
    /// How good they are, from 1000 downwards.
    pub quality: Option<u32>,
    /// What the places cost, as noted when they were held.
    pub lines: Vec<Line>,
    /// All of it.
    pub total: Money,
    /// When it ends by itself.
    pub expires_at: Time,
    /// The order that it has become.
    pub order: Option<u32>,
    /// From where to where, if the event has legs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<Journey>,
}

/// Places of one category and price.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Line)]
pub struct Line {
    /// The category.
    pub category: String,
    /// How many.
    pub quantity: u32,
    /// What one costs, in minor units.
    pub price: u64,
    /// What is added to one, in minor units.
    pub fee: u64,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::OrderState)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// It waits for its payment, and has its places until then.
    Pending,
    /// It is paid: there are tickets.
    Paid,
    /// Its time was over before it was paid.
    Expired,
    /// It was taken back.
    Cancelled,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OrderView {
    /// Its id.
    pub order: String,
    /// The event.
    pub event: String,
    /// Who bought.
    pub buyer: String,
    /// How far it is.
    pub state: OrderState,
    /// What it costs.
    pub total: Money,
    /// Its places.
    pub items: Vec<ItemView>,
    /// When it was placed.
    pub placed_at: Time,
    /// When it ends by itself, while it is pending.
    pub expires_at: Option<Time>,
    /// When it was paid.
    pub paid_at: Option<Time>,
    /// The payment that paid it.
    pub payment: Option<String>,
    /// From where to where, if the event has legs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<Journey>,
}

/// How far a place of an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::ItemState)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It waits for the payment.
    Waiting,
    /// Its ticket is good.
    Valid,
    /// It was given back: its ticket is good no more.
    Revoked,
    /// It is offered to others: no code of its ticket is good meanwhile.
    Listed,
    /// It was given to somebody else: its ticket is good no more.
    Transferred,
    /// It was sold on: its ticket is good no more.
    Resold,
}

impl ItemState {
    /// True while the order has the place.
    #[must_use]
    pub fn is_kept(self) -> bool {
        match self {
            Self::Waiting | Self::Valid | Self::Listed => true,
            Self::Revoked | Self::Transferred | Self::Resold => false,
        }
    }

    /// True if another order has the place.
    #[must_use]
    pub fn has_moved(self) -> bool {
        matches!(self, Self::Transferred | Self::Resold)
    }
}

/// A place of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ItemView {
    /// The id of its ticket.
    pub ticket: String,
    /// How far it is.
    pub state: ItemState,
    /// The seat, by name; none for a place without one.
    pub seat: Option<String>,
    /// Its category.
    pub category: String,
    /// What it costs, in minor units.
    pub price: u64,
    /// What is added to that, in minor units.
    pub fee: u64,
    /// Which of the codes that its ticket has had is good, from 1.
    pub issue: u32,
    /// Whose name is on it.
    pub holder: Option<String>,
    /// When somebody came in with it.
    pub redeemed_at: Option<Time>,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::PaymentState)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Its money was taken and pays the order.
    Captured,
    /// There is no money.
    Failed,
    /// Its money was taken and pays nothing: it is to be given back.
    RefundDue,
    /// What was to be given back of its money was.
    Refunded,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Payment)]
pub struct PaymentView {
    /// Its id, by the provider.
    pub payment: String,
    /// How far it is.
    pub state: PaymentState,
    /// How much, in minor units.
    pub amount: u64,
    /// How much of it is to be given back, or was, in minor units.
    pub refund: u64,
    /// How much of it was given back, in minor units.
    pub refunded: u64,
}

/// What is said. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// An event is on sale.
    EventPublished(Box<Published>),
    /// Places are held.
    SeatsHeld(SeatsNote),
    /// A hold has its time once more.
    HoldExtended(SeatsNote),
    /// A hold was given back.
    HoldReleased(SeatsNote),
    /// A hold was out of time.
    HoldExpired(SeatsNote),
    /// There is an order.
    OrderPlaced(OrderNote),
    /// An order is paid.
    OrderPaid(OrderNote),
    /// An order was not paid in time.
    OrderExpired(OrderNote),
    /// An order was taken back.
    OrderCancelled(OrderNote),
    /// A provider has said something new of a payment.
    PaymentReported(PaymentNote),
    /// A payment's money is to be given back.
    RefundDue(PaymentNote),
    /// An event has another plan.
    PlanChanged(Box<Published>),
    /// Seats are somebody else's.
    ChannelChanged(Assigned),
    /// A presale code is there, or says something else.
    CodeChanged(CodeView),
    /// Tickets of an order were taken back.
    TicketsRefunded(TicketNote),
    /// Tickets of an order were given back for others.
    TicketsExchanged(TicketNote),
    /// A ticket has another name.
    TicketRenamed(TicketNote),
    /// A ticket was shown at the door.
    TicketScanned(ScanView),
    /// Somebody waits.
    WaitlistJoined(WaiterNote),
    /// Somebody waits no more.
    WaitlistLeft(WaiterNote),
    /// What suits somebody who waits is held.
    WaitlistOffered(WaiterNote),
    /// An event has other rules than before.
    RulesChanged {
        /// The event.
        event: String,
        /// Its rules.
        rules: Vec<Rule>,
    },
    /// A ticket was given to somebody else.
    TicketTransferred(Moved),
    /// A ticket is offered to others.
    TicketRelisted(Listing),
    /// It is offered no more.
    TicketUnlisted(Listing),
    /// A ticket was sold on.
    TicketResold(Moved),
}

/// What is said of some tickets of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TicketNote {
    /// The event.
    pub event: String,
    /// The order's id.
    pub order: String,
    /// Who bought.
    pub buyer: String,
    /// The tickets' ids.
    pub tickets: Vec<String>,
    /// Those that came in their place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// What is said of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SeatsNote {
    /// The event.
    pub event: String,
    /// The hold's number.
    pub hold: u32,
    /// Who it is for.
    pub buyer: String,
    /// Its seats, by name.
    pub seats: Vec<String>,
    /// Its places without seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// When it ends, or ended.
    pub expires_at: Time,
    /// From where to where, if the event has legs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<Journey>,
}

/// What is said of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OrderNote {
    /// The event.
    pub event: String,
    /// The order's id.
    pub order: String,
    /// Who bought.
    pub buyer: String,
    /// Its seats, by name.
    pub seats: Vec<String>,
    /// Its places without seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// What it costs.
    pub total: Money,
    /// From where to where, if the event has legs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<Journey>,
}

/// What is said of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PaymentNote {
    /// The event.
    pub event: String,
    /// The order's id.
    pub order: String,
    /// The payment, by the provider's id.
    pub payment: String,
    /// How far it is.
    pub state: PaymentState,
    /// How much, in minor units: of money that is to be given back, how much still is; of money that was, how much until now.
    pub amount: u64,
    /// What it is counted in.
    pub currency: Currency,
}
