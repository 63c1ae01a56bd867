//! Packages: places in several events, which somebody gets in all of them or in none. What may be asked of the machine
//! `tickets.packages`, and what it and `tickets` say to each other.

use crate::codec::{Decode, Encode};
use crate::contract::{Refusal as _, or_default};
use crate::money::{Currency, Money};
use crate::record::Caller;
use crate::tickets::command::{Area, Best, PaymentKind};
use crate::tickets::outcome::{Line, PaymentState, PaymentView};
use crate::tickets::rejection::Rejection;
use crate::time::Time;
use crate::token::TokenHash;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PackageCommand {
    /// Puts a package on sale.
    Define(Box<PackageTerms>),
    /// Holds places in every event of a package, or in none.
    Hold(Box<PackageHolding>),
    /// Gives a hold its time once more, from now on.
    Extend(OnPackageHold),
    /// Gives what is held back, in every event.
    Release(OnPackageHold),
    /// Makes an order of a hold.
    Order(PackageBuying),
    /// What a payment provider says.
    Pay(PackagePaying),
    /// Takes an order back, in every event.
    Cancel(OnPackageOrder),
    /// An event has answered: sent by `tickets`.
    #[serde(skip_deserializing)]
    Said(PartSaid),
}

impl PackageCommand {
    /// The package that it is about.
    #[must_use]
    pub fn package(&self) -> &str {
        match self {
            Self::Define(terms) => &terms.package,
            Self::Hold(holding) => &holding.package,
            Self::Extend(on) | Self::Release(on) => &on.package,
            Self::Order(buying) => &buying.on.package,
            Self::Pay(paying) => &paying.on.package,
            Self::Cancel(on) => &on.package,
            Self::Said(said) => &said.part.package,
        }
    }
}

/// A package as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PackageTerms {
    /// Its id.
    pub package: String,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// True if the events have the same plan, and the same seats are taken in each.
    #[serde(default, deserialize_with = "or_default")]
    pub season: bool,
    /// Its events.
    pub events: Vec<Part>,
    /// How long a hold lasts, in seconds.
    pub hold_seconds: u32,
    /// How long an order waits for its payment, in seconds.
    pub order_seconds: u32,
    /// How long is waited for the answers of the events, in seconds.
    pub answer_seconds: u32,
    /// How often a hold may be extended.
    pub extensions: u8,
}

/// An event of a package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Part {
    /// The event.
    pub event: String,
    /// What its places cost in the package.
    pub price: Pricing,
    /// Channels out of which seats are taken, too.
    #[serde(default, deserialize_with = "or_default")]
    pub channels: Vec<String>,
}

/// What a place of an event costs in a package; fees are added as ever. Variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Pricing {
    /// As much as alone.
    Regular,
    /// Less, in percent, rounded down to a minor unit.
    Discount {
        /// So much less.
        percent: u8,
    },
    /// So much, whatever its category.
    Fixed {
        /// In minor units.
        price: u64,
    },
}

/// Places that are to be held in every event of a package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PackageHolding {
    /// The package.
    pub package: String,
    /// Who they are for.
    pub buyer: String,
    /// The hash of the token that the hold can be used with.
    pub token: TokenHash,
    /// What is wanted: of events that are named, and of all others.
    pub wishes: Vec<PartWish>,
}

/// What is wanted of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PartWish {
    /// The event; all for which nothing else is said if none.
    pub event: Option<String>,
    /// These seats, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub seats: Vec<String>,
    /// The best that there are.
    pub best: Option<Best>,
    /// Places without seats.
    #[serde(default, deserialize_with = "or_default")]
    pub areas: Vec<Area>,
}

/// Which hold is meant, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnPackageHold {
    /// The package.
    pub package: String,
    /// The hold's number.
    pub hold: u32,
    /// The hash of the token that is shown.
    pub token: TokenHash,
}

/// A hold that becomes an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PackageBuying {
    /// The hold.
    #[serde(flatten)]
    pub on: OnPackageHold,
    /// Who buys: whoever it is held for.
    pub buyer: String,
}

/// Which order is meant: it has the number of the hold that it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OnPackageOrder {
    /// The package.
    pub package: String,
    /// The order's number.
    pub order: u32,
}

/// What a payment provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PackagePaying {
    /// The order that was to be paid.
    #[serde(flatten)]
    pub on: OnPackageOrder,
    /// The payment, by the provider's id.
    pub payment: String,
    /// What became of it.
    pub kind: PaymentKind,
    /// How much, in minor units; of money that was given back, how much of it until now.
    pub amount: u64,
}

/// One event's part of a hold or an order of a package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PartOf {
    /// The event.
    pub event: String,
    /// The package.
    pub package: String,
    /// The number of the hold and order.
    pub number: u32,
    /// Which attempt it is: answers say it again.
    pub attempt: u32,
}

/// What an event is asked to hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PartHolding {
    /// For which part.
    pub part: PartOf,
    /// Who it is for.
    pub buyer: String,
    /// What is wanted.
    pub wish: PartWish,
    /// What a place costs.
    pub price: Pricing,
    /// What the places cost when they were held before: then they cost that again.
    pub lines: Vec<Line>,
    /// Channels out of which seats are taken, too.
    pub channels: Vec<String>,
    /// When the hold ends at the earliest: the package says when it does.
    pub until: Time,
    /// True if it is to say which seats cannot be taken if those that are named cannot.
    pub map: bool,
    /// Seats that will not do, because another event of the season does not have them.
    pub besides: Option<SeatMap>,
}

/// Seats of a plan as bits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SeatMap {
    /// A hash of the sections, rows and seats: bits mean the same only where it is the same.
    pub layout: u64,
    /// The rows of which any are meant, by number: a bit for each place.
    pub rows: Vec<(u16, [u64; 4])>,
}

/// What becomes of a part that an event holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PartTurn {
    /// Which part.
    pub part: PartOf,
    /// What becomes of it.
    pub to: PartStep,
}

/// What becomes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartStep {
    /// It is given back.
    Release,
    /// It is paid: there are tickets.
    Pay,
    /// Whether it may be taken back is asked. If so its tickets are good no more.
    AskBack,
    /// It is taken back.
    TakeBack,
    /// It is not: its tickets are good again.
    Keep,
}

/// What an event says of its part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PartSaid {
    /// Which part.
    pub part: PartOf,
    /// What it says.
    pub said: PartAnswer,
}

/// What an event says of its part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartAnswer {
    /// The places are held.
    Held(Box<PartView>, u64),
    /// They are not, why, and which seats cannot be taken.
    Refused(#[serde(serialize_with = "as_code")] Box<Rejection>, Option<SeatMap>),
    /// It is paid, by this order.
    Ordered(u32),
    /// It may be taken back.
    MayGo,
    /// It may not.
    MayNotGo(#[serde(serialize_with = "as_code")] Box<Rejection>),
}

fn as_code<S: Serializer>(refusal: &Rejection, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(refusal.code())
}

/// What an event holds for a package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::PackagePart)]
pub struct PartView {
    /// The event.
    pub event: String,
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
    /// The order of the event, once it is paid.
    pub order: Option<u32>,
}

/// How far a hold or an order of a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::PackageState)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// Events are being asked.
    Asking,
    /// Places are held in every event.
    Held,
    /// An event has refused: nothing is held.
    Refused,
    /// It was given back.
    Released,
    /// Its time was over before it was ordered.
    Lapsed,
    /// It is ordered, and waits for its payment.
    Pending,
    /// Its time was over before it was paid.
    Expired,
    /// The money came late: events are asked for the same places again.
    Retaking,
    /// It is paid: there are tickets.
    Paid,
    /// Events are being asked whether it may be taken back.
    Returning,
    /// It was taken back.
    Cancelled,
}

/// A hold of a package, and the order that it has become.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PackageHoldView {
    /// The package.
    pub package: String,
    /// Its number.
    pub number: u32,
    /// The number of the last attempt.
    pub attempt: u32,
    /// Who it is for.
    pub buyer: String,
    /// How far it is.
    pub state: PackageState,
    /// What it has in each event, in the order of their ids.
    pub parts: Vec<PartView>,
    /// What it costs, if all events have said so.
    pub total: Option<Money>,
    /// When it ends by itself.
    pub expires_at: Time,
    /// True if it has become an order.
    pub ordered: bool,
    /// When it was paid.
    pub paid_at: Option<Time>,
    /// The payment that paid it.
    pub payment: Option<String>,
    /// The last attempt that came to nothing, and why.
    #[serde(skip)]
    pub refused: Option<(u32, Box<Rejection>)>,
}

/// What an accepted command answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum PackageOutcome {
    /// The package is on sale.
    Defined(Box<PackageTerms>),
    /// It was, with the same terms.
    WasDefined(Box<PackageTerms>),
    /// Events are being asked: how that went is to be looked for.
    Begun(Box<PackageHoldView>),
    /// What became of a hold or an order.
    Changed(Box<PackageHoldView>),
    /// What became of a payment, and of its order.
    Paid(Box<PackageHoldView>, PaymentView),
    /// There is nothing to tell.
    Noted,
}

/// What is said. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum PackageEvent {
    /// A package is on sale.
    PackageDefined(Box<PackageTerms>),
    /// Places are held in every event.
    PackageHeld(PackageNote),
    /// A hold has its time once more.
    PackageExtended(PackageNote),
    /// A hold was given back.
    PackageReleased(PackageNote),
    /// A hold or an order was out of time.
    PackageExpired(PackageNote),
    /// There is an order.
    PackageOrdered(PackageNote),
    /// An order is paid.
    PackagePaid(PackageNote),
    /// An order was taken back.
    PackageCancelled(PackageNote),
    /// A provider has said something new of a payment.
    PackagePaymentReported(PackagePaymentNote),
    /// A payment's money is to be given back.
    PackageRefundDue(PackagePaymentNote),
}

/// What is said of a hold or an order of a package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PackageNote {
    /// The package.
    pub package: String,
    /// Its number.
    pub number: u32,
    /// Who it is for.
    pub buyer: String,
    /// Its events, with what it has there.
    pub events: Vec<PartNote>,
    /// What it costs.
    pub total: Money,
    /// When it ends by itself, or ended.
    pub expires_at: Time,
}

/// What a package has in an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PartNote {
    /// The event.
    pub event: String,
    /// Its seats, by name.
    pub seats: Vec<String>,
    /// Its places without seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

/// What is said of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PackagePaymentNote {
    /// The package.
    pub package: String,
    /// The order's number.
    pub number: u32,
    /// The payment, by the provider's id.
    pub payment: String,
    /// How far it is.
    pub state: PaymentState,
    /// How much, in minor units: of money that is to be given back, how much still is; of money that was, how much until now.
    pub amount: u64,
    /// What it is counted in.
    pub currency: Currency,
}

/// A timer that the machine sets for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PackageTimer {
    /// A hold or an order, or an attempt of it, is out of time. Each has one timer at most.
    Due {
        /// The package.
        package: String,
        /// Its number.
        number: u32,
    },
}

/// What may be asked of the machine's tables. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PackageQuery {
    /// A package.
    Package {
        /// Its id.
        package: String,
    },
    /// A hold.
    Hold(OnPackageHold),
    /// An order.
    Order {
        /// The package.
        package: String,
        /// The order's number.
        order: u32,
        /// Who asks.
        reader: Caller,
    },
}

/// What a query answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PackageAnswer {
    /// A package.
    Package(Box<PackageTerms>),
    /// A hold or an order.
    Hold(Box<PackageHoldView>),
}
