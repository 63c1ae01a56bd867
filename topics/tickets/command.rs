//! What may be asked of an event.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::tickets::objects::{Placing, Retiming, Seating, TokenTime};
use crate::tickets::package::{PartHolding, PartTurn, Pricing};
use crate::tickets::plan::EventPlan;
use crate::tickets::queue::{Admitting, Ending, RoomTerms};
use crate::tickets::resale::{OnTicket, Relisting, Transferring};
use crate::tickets::rules::{HoldingWith, Ruled, Verifying};
use crate::tickets::waitlist::{OnWaiter, WaitlistTerms};
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Puts an event on sale.
    Publish(Box<EventPlan>),
    /// Holds places for a while: all that are asked for, or none.
    Hold(Box<Holding>),
    /// Gives a hold its time once more, from now on.
    Extend(OnHold),
    /// Gives what is held back.
    Release(OnHold),
    /// Makes an order of a hold.
    Order(Buying),
    /// What a payment provider says.
    Pay(Paying),
    /// Takes an order back, with everything that it counted for.
    Cancel(OnOrder),
    /// The same as `Hold`, with a presale code, or out of channels.
    HoldBy(Box<HoldingBy>),
    /// Gives seats to a channel, to nobody or to everybody; who has them keeps them.
    Assign(Box<Assigning>),
    /// A presale code as it is to be.
    SetCode(CodeTerms),
    /// Takes some tickets of an order back.
    Refund(OnTickets),
    /// Gives some tickets of an order back for the places of a hold.
    Exchange(Exchanging),
    /// Puts a name on a ticket: the code that it had is good no more.
    Rename(Renaming),
    /// Changes the plan of an event.
    Change(Box<EventPlan>),
    /// A ticket is shown at the door.
    CheckIn(Box<Scanning>),
    /// Puts a waiting room in front of an event, or gives it other terms.
    SetRoom(RoomTerms),
    /// Buyers are let in: sent by `tickets.queue`.
    #[serde(skip_deserializing)]
    Admit(Admitting),
    /// The time of buyers is over: sent by `tickets.queue`.
    #[serde(skip_deserializing)]
    EndSessions(Ending),
    /// Puts somebody on the waitlist: what is held as soon as it is there.
    Wait(Box<Holding>),
    /// Takes somebody off it.
    LeaveWaitlist(OnWaiter),
    /// Says how long offers of the waitlist last.
    SetWaitlist(WaitlistTerms),
    /// Makes seats held, booked or free, each for itself.
    Seat(Box<Seating>),
    /// The same as `Publish`, with rules.
    PublishBy(Box<Ruled>),
    /// The same as `Change`, with rules: those that are left out hold no more.
    ChangeBy(Box<Ruled>),
    /// The same as `HoldBy`, with what the event's rules want; or of tickets that are sold on.
    HoldWith(Box<HoldingWith>),
    /// Gives a ticket to somebody else.
    Transfer(Transferring),
    /// Offers a ticket to others, or for another price.
    Relist(Relisting),
    /// Offers it no more.
    Unlist(OnTicket),
    /// Says who is verified.
    Verify(Box<Verifying>),
    /// Holds places for a package: sent by `tickets.packages`.
    #[serde(skip_deserializing)]
    HoldPart(Box<PartHolding>),
    /// What becomes of places that a package has: sent by `tickets.packages`.
    #[serde(skip_deserializing)]
    TurnPart(PartTurn),
    /// The same as `Seat`, of places without seats too.
    Place(Box<Placing>),
    /// Gives a token of a box office another time.
    SetToken(TokenTime),
    /// Gives what is held under a token another time.
    Retime(Retiming),
    /// The same as `SetCode`, of a code that has a price or an end.
    SetVoucher(Voucher),
}

/// Places that are to be held, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HoldingBy {
    /// The places.
    #[serde(flatten)]
    pub holding: Holding,
    /// A presale code.
    pub code: Option<String>,
    /// Channels out of which seats may be taken, too.
    #[serde(default, deserialize_with = "or_default")]
    pub channels: Vec<String>,
}

/// Seats that are to be kept for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Assigning {
    /// The event.
    pub event: String,
    /// The seats, by name; the name of a row or of a section means all of it.
    pub seats: Vec<String>,
    /// Whose they are; everybody's if none.
    pub channel: Option<String>,
    /// True if they are to be nobody's.
    #[serde(default, deserialize_with = "or_default")]
    pub blocked: bool,
}

/// A presale code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CodeTerms {
    /// The event.
    pub event: String,
    /// The code.
    pub code: String,
    /// The most holds and orders with it at a time.
    pub max_uses: u32,
    /// A channel out of which it lets take seats.
    pub channel: Option<String>,
    /// True if it counts before the sale is open.
    #[serde(default, deserialize_with = "or_default")]
    pub early: bool,
}

/// A presale code that has a price or an end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Voucher {
    /// What it lets do.
    #[serde(flatten)]
    pub terms: CodeTerms,
    /// What a place costs with it.
    pub price: Pricing,
    /// It can be used until then.
    pub until: Option<Time>,
}

/// Which tickets of an order are meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnTickets {
    /// The order.
    #[serde(flatten)]
    pub on: OnOrder,
    /// Their numbers in the order, from 1.
    pub tickets: Vec<u32>,
}

/// Tickets that are given back for other places.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Exchanging {
    /// The tickets.
    #[serde(flatten)]
    pub on: OnTickets,
    /// The hold of the other places.
    pub hold: u32,
    /// The hash of its token.
    pub token: TokenHash,
}

/// A ticket that gets a name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Renaming {
    /// The order.
    #[serde(flatten)]
    pub on: OnOrder,
    /// The ticket's number in the order, from 1.
    pub ticket: u32,
    /// The name.
    pub holder: String,
}

/// A ticket that is shown at the door.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Scanning {
    /// The order.
    #[serde(flatten)]
    pub on: OnOrder,
    /// The ticket's number in the order, from 1.
    pub ticket: u32,
    /// Which of its codes was shown; that which is good if none.
    pub issue: Option<u32>,
    /// What was seen, and where.
    pub scan: Scan,
}

/// What a scanner says of a scan. Its clock may be wrong: only the order of the log counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Scan)]
pub struct Scan {
    /// The scanner.
    pub scanner: String,
    /// What it calls this scan: the same scan said again is one.
    pub nonce: String,
    /// When, by its clock.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
}

/// Places that are to be held.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Holding {
    /// The event.
    pub event: String,
    /// Who they are for.
    pub buyer: String,
    /// The hash of the token that the hold can be used with.
    pub token: TokenHash,
    /// The hold of this token that they are added to; a new one if none.
    pub into: Option<u32>,
    /// These seats, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub seats: Vec<String>,
    /// The best that there are.
    pub best: Option<Best>,
    /// Places without seats.
    #[serde(default, deserialize_with = "or_default")]
    pub areas: Vec<Area>,
}

/// What "the best" means to a buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Best)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// How many seats.
    pub number: u32,
    /// Only of this category.
    pub category: Option<String>,
    /// Only in this section.
    pub section: Option<String>,
    /// How many of them are for wheelchairs. Such seats, and those beside them for companions, are given to nobody else.
    #[serde(default, deserialize_with = "or_default")]
    pub accessible: u32,
    /// True if seats will do from which not all can be seen.
    #[serde(default, deserialize_with = "or_default")]
    pub restricted_view: bool,
    /// True if they must be beside one another in one row: steps 1 and 2 alone.
    #[serde(default, deserialize_with = "or_default")]
    pub together: bool,
    /// True if they may be anywhere: step 5 too.
    #[serde(default, deserialize_with = "or_default")]
    pub allow_scattered: bool,
}

/// Places of a category without seats.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::Area)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The category.
    pub category: String,
    /// How many.
    pub quantity: u32,
}

/// Which hold is meant, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnHold {
    /// The event.
    pub event: String,
    /// Its number.
    pub hold: u32,
    /// The hash of the token that is shown.
    pub token: TokenHash,
}

/// A hold that becomes an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Buying {
    /// The hold.
    #[serde(flatten)]
    pub on: OnHold,
    /// Who buys: whoever it is held for.
    pub buyer: String,
}

/// Which order is meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnOrder {
    /// The event.
    pub event: String,
    /// Its number.
    pub order: u32,
}

/// What a payment provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Paying {
    /// The order that was to be paid.
    #[serde(flatten)]
    pub on: OnOrder,
    /// The payment, by the provider's id.
    pub payment: String,
    /// What became of it.
    pub kind: PaymentKind,
    /// How much, in minor units; of money that was given back, how much of it until now.
    pub amount: u64,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::PaymentKind)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// The money was taken.
    Captured,
    /// There is no money.
    Failed,
    /// The money was given back.
    Refunded,
}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// A hold or an order of the event is out of time. There is one timer an event at most.
    Due {
        /// The event.
        event: String,
    },
    /// A token is good no more, whatever it says itself.
    Token {
        /// Its hash.
        token: TokenHash,
    },
}
