//! What packages are as JSON.

use super::TicketBody;
use millrace_topics::money::Money;
use millrace_topics::tickets::{
    Area, Best, Line, PackageHoldView, PackageState, PackageTerms, Part, PartView, PartWish, PaymentKind, PaymentView,
    Pricing,
};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a hold of a package lasts unless it says otherwise, in seconds.
const HOLD_SECONDS: u32 = 900;

/// How long an order of a package waits for its payment unless it says otherwise, in seconds.
const ORDER_SECONDS: u32 = 900;

/// How long is waited for the answers of events unless the package says otherwise, in seconds.
const ANSWER_SECONDS: u32 = 10;

/// How often a hold of a package may be extended unless it says otherwise.
const EXTENSIONS: u8 = 1;

/// A package as it is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Package)]
pub(in crate::tickets) struct PackageBody {
    /// Its id.
    pub(in crate::tickets) id: String,
    /// What people call it.
    title: Option<String>,
    /// True if the events have the same sections, rows and seats, and the same seats are taken in each.
    season: Option<bool>,
    /// Its events: 2 to 100.
    events: Vec<PartBody>,
    /// How long a hold lasts, in seconds: 900 unless said.
    hold_seconds: Option<u32>,
    /// How long an order waits for its payment, in seconds: 900 unless said.
    order_seconds: Option<u32>,
    /// How long is waited for the answers of the events, in seconds: 10 unless said, 300 at most.
    answer_seconds: Option<u32>,
    /// How often a hold may be extended: once unless said.
    extensions: Option<u8>,
}

/// An event of a package. Its places cost as much as alone, unless a discount or a price is said.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::PackageEvent)]
pub(in crate::tickets) struct PartBody {
    /// The event.
    event: String,
    /// So much less each place costs, in percent, rounded down to a minor unit. Fees are added as ever.
    discount_percent: Option<u8>,
    /// So much each place costs, in minor units, whatever its category.
    price: Option<u64>,
    /// Channels out of which seats are taken, too.
    channels: Option<Vec<String>>,
}

impl PackageBody {
    /// The package, unless an event has both a discount and a price.
    pub(in crate::tickets) fn terms(self) -> Option<PackageTerms> {
        let part = |part: PartBody| {
            let price = match (part.discount_percent, part.price) {
                (None, None) => Pricing::Regular,
                (Some(percent), None) => Pricing::Discount { percent },
                (None, Some(price)) => Pricing::Fixed { price },
                (Some(_), Some(_)) => return None,
            };
            Some(Part { event: part.event, price, channels: part.channels.unwrap_or_default() })
        };
        Some(PackageTerms {
            package: self.id,
            title: self.title.unwrap_or_default(),
            season: self.season.unwrap_or_default(),
            events: self.events.into_iter().map(part).collect::<Option<_>>()?,
            hold_seconds: self.hold_seconds.unwrap_or(HOLD_SECONDS),
            order_seconds: self.order_seconds.unwrap_or(ORDER_SECONDS),
            answer_seconds: self.answer_seconds.unwrap_or(ANSWER_SECONDS),
            extensions: self.extensions.unwrap_or(EXTENSIONS),
        })
    }

    pub(in crate::tickets) fn of(terms: PackageTerms) -> Self {
        let part = |part: Part| {
            let (discount_percent, price) = match part.price {
                Pricing::Regular => (None, None),
                Pricing::Discount { percent } => (Some(percent), None),
                Pricing::Fixed { price } => (None, Some(price)),
            };
            PartBody { event: part.event, discount_percent, price, channels: Some(part.channels) }
        };
        Self {
            id: terms.package,
            title: Some(terms.title),
            season: Some(terms.season),
            events: terms.events.into_iter().map(part).collect(),
            hold_seconds: Some(terms.hold_seconds),
            order_seconds: Some(terms.order_seconds),
            answer_seconds: Some(terms.answer_seconds),
            extensions: Some(terms.extensions),
        }
    }
}

/// Places that are to be held in every event of a package: what is wanted of all, or of those that are named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPackageHold)]
pub(in crate::tickets) struct NewPackageHold {
    /// Who they are for: 1 to 256 bytes. Users hold for themselves alone.
    pub(in crate::tickets) buyer: String,
    /// These seats, by name, in each event for which nothing else is said.
    seats: Option<Vec<String>>,
    /// The best that there are; in a season the best that are free in all of its events.
    best: Option<Best>,
    /// Places of categories without seats.
    areas: Option<Vec<Area>>,
    /// What is wanted of single events.
    events: Option<Vec<EventWish>>,
}

/// What is wanted of an event of a package.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::PackageWish)]
pub(in crate::tickets) struct EventWish {
    /// The event.
    event: String,
    /// These seats, by name.
    seats: Option<Vec<String>>,
    /// The best that there are.
    best: Option<Best>,
    /// Places of categories without seats.
    areas: Option<Vec<Area>>,
}

impl NewPackageHold {
    pub(in crate::tickets) fn wishes(self) -> Vec<PartWish> {
        let wish = |event, seats: Option<Vec<String>>, best, areas: Option<Vec<Area>>| PartWish {
            event,
            seats: seats.unwrap_or_default(),
            best,
            areas: areas.unwrap_or_default(),
        };
        let has_rest = self.seats.is_some() || self.best.is_some() || self.areas.is_some();
        let rest = has_rest.then(|| wish(None, self.seats, self.best, self.areas));
        let named = self.events.unwrap_or_default().into_iter();
        rest.into_iter().chain(named.map(|of| wish(Some(of.event), of.seats, of.best, of.areas))).collect()
    }
}

/// A hold of a package, or an order.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::PackageHold)]
pub(in crate::tickets) struct PackageHoldBody {
    package: String,
    /// Whoever knows this may extend, release and buy what is held.
    hold: Option<String>,
    /// The id of the order that it has become.
    order: Option<String>,
    buyer: String,
    state: PackageState,
    /// What it has in each event.
    events: Vec<PartHoldBody>,
    /// What it costs.
    total: Option<Money>,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_at: Option<Time>,
    /// The payment that paid it.
    payment: Option<String>,
}

/// What a package has in an event.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::PackageHoldPart)]
pub(in crate::tickets) struct PartHoldBody {
    event: String,
    /// Its seats, by name.
    seats: Vec<String>,
    /// Its places without seats.
    areas: Vec<Area>,
    /// True if its seats are beside one another in one row.
    adjacent: bool,
    /// The step on which the best were found.
    step: Option<u8>,
    /// How good they are.
    quality: Option<u32>,
    /// What the places cost, as noted when they were held.
    lines: Vec<Line>,
    total: Money,
    /// The order of the event, once the package is paid.
    order: Option<String>,
    /// Its tickets.
    tickets: Vec<TicketBody>,
}

impl PackageHoldBody {
    /// `tickets` are those of the parts that are paid, in the order of the parts.
    pub(in crate::tickets) fn of(view: PackageHoldView, hold: Option<String>, tickets: Vec<Vec<TicketBody>>) -> Self {
        let mut tickets = tickets.into_iter();
        let part = |part: PartView| PartHoldBody {
            order: part.order.map(|order| millrace_topics::tickets::order_id(&part.event, order)),
            event: part.event,
            seats: part.seats,
            areas: part.areas,
            adjacent: part.adjacent,
            step: part.step,
            quality: part.quality,
            lines: part.lines,
            total: part.total,
            tickets: tickets.next().unwrap_or_default(),
        };
        Self {
            package: view.package,
            hold,
            order: view.ordered.then(|| view.number.to_string()),
            buyer: view.buyer,
            state: view.state,
            events: view.parts.into_iter().map(part).collect(),
            total: view.total,
            expires_at: view.expires_at,
            paid_at: view.paid_at,
            payment: view.payment,
        }
    }
}

impl PackageHoldBody {
    /// Where the order is.
    pub(in crate::tickets) fn place(&self) -> String {
        format!("/v1/tickets/packages/{}/orders/{}", self.package, self.order.as_deref().unwrap_or_default())
    }
}

/// A hold of a package that is to become an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPackageOrder)]
pub(in crate::tickets) struct NewPackageOrder {
    /// The hold.
    pub(in crate::tickets) hold: String,
    /// Who buys: whoever it is held for.
    pub(in crate::tickets) buyer: String,
}

/// What a payment provider says of a payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPackagePayment)]
pub(in crate::tickets) struct NewPackagePayment {
    /// What became of it.
    pub(in crate::tickets) r#type: PaymentKind,
    /// The payment, by the provider's id: 1 to 128 bytes.
    pub(in crate::tickets) payment: String,
    /// How much, in minor units; of money that was given back, how much of it until now.
    pub(in crate::tickets) amount: u64,
}

/// An order of a package, and the payment of which something was said.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::PaidPackage)]
pub(in crate::tickets) struct PaidPackageBody {
    #[serde(flatten)]
    pub(in crate::tickets) order: PackageHoldBody,
    /// The payment.
    pub(in crate::tickets) reported: PaymentView,
}
