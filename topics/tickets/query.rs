//! What can be asked about events, and what that is answered with.

use crate::codec::{Decode, Encode};
use crate::money::Currency;
use crate::record::Caller;
use crate::tickets::objects::{AreaView, ListedEvent, PlaceChange, SeatView};
use crate::tickets::outcome::{CodeView, Conflict, HoldState, HoldView, OrderState, OrderView, Published};
use crate::tickets::resale::Listing;
use crate::tickets::rules::Rule;
use crate::tickets::waitlist::{OnWaiter, WaiterView};
use crate::time::Time;
use crate::token::TokenHash;
use serde::Serialize;
use utoipa::ToSchema;

/// What may be asked of the tables. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// An event.
    Event {
        /// Its id.
        event: String,
    },
    /// What there is of each category.
    Availability {
        /// The event.
        event: String,
    },
    /// The seats of an event, row by row.
    Seats {
        /// The event.
        event: String,
        /// Only those of this section.
        section: Option<String>,
    },
    /// A hold.
    Hold {
        /// The event.
        event: String,
        /// Its number.
        hold: u32,
        /// The hash of the token that is shown.
        token: TokenHash,
    },
    /// An order.
    Order {
        /// The event.
        event: String,
        /// Its number.
        order: u32,
        /// Who asks.
        reader: Caller,
    },
    /// Who has had a seat.
    SeatHistory {
        /// The event.
        event: String,
        /// The seat, by name.
        seat: String,
        /// At most so many, the newest first.
        limit: u32,
        /// Only holds before this one.
        before: Option<u32>,
        /// Who asks.
        reader: Caller,
    },
    /// A presale code.
    Code {
        /// The event.
        event: String,
        /// The code.
        code: String,
    },
    /// Tickets that were shown by two.
    Conflicts {
        /// The event.
        event: String,
        /// At most so many.
        limit: u32,
        /// Only those behind this one.
        after: u32,
    },
    /// What was sold.
    Sales {
        /// The event.
        event: String,
        /// Who asks.
        reader: Caller,
    },
    /// Whether the waiting room has let a buyer in.
    Admission {
        /// The event.
        event: String,
        /// Who.
        buyer: String,
    },
    /// Somebody who waits, or has.
    Waiter(OnWaiter),
    /// These seats and categories without seats, as far as there are such.
    Seen {
        /// The event.
        event: String,
        /// Their names.
        seats: Vec<String>,
    },
    /// The tickets that are offered to others.
    Listings {
        /// The event.
        event: String,
        /// At most so many.
        limit: u32,
        /// Only those behind this one: its order, and its number there.
        after: (u32, u32),
    },
    /// What there is of each category from one stop to another.
    AvailabilityOn {
        /// The event.
        event: String,
        /// The first stop.
        from: String,
        /// The last.
        to: String,
    },
    /// The seats of an event from one stop to another, row by row.
    SeatsOn {
        /// The event.
        event: String,
        /// Only those of this section.
        section: Option<String>,
        /// The first stop.
        from: String,
        /// The last.
        to: String,
    },
    /// Events, the newest first.
    Events {
        /// At most so many, and those that were published at the same moment as the last.
        limit: u32,
        /// Only those published before, or at the same moment with an id that sorts before this one.
        before: Option<(Time, String)>,
    },
    /// Until when a token of a box office is good, if not as long as it says itself.
    Token {
        /// Its hash.
        token: TokenHash,
    },
    /// The events of which something is held under a token of a box office.
    HeldUnder {
        /// Its hash.
        token: TokenHash,
    },
    /// What became of places of an event, the newest first.
    Changes {
        /// The event.
        event: String,
        /// At most so many.
        limit: u32,
        /// Only those before this one.
        before: Option<u64>,
        /// Who asks.
        reader: Caller,
    },
}

/// What a query answers. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// An event.
    Event(Box<Published>),
    /// What there is.
    Availability(Availability),
    /// Seats, row by row.
    Seats(Vec<RowView>),
    /// A hold.
    Hold(Box<HoldView>),
    /// An order.
    Order(Box<OrderView>),
    /// Who has had a seat.
    SeatHistory(SeatHistory),
    /// A presale code.
    Code(CodeView),
    /// Tickets that were shown by two, and where it goes on, if it does.
    Conflicts(Vec<Conflict>, Option<u32>),
    /// What was sold.
    Sales(Sales),
    /// Until when a buyer is in.
    Admission(Option<Time>),
    /// Somebody who waits, or has.
    Waiter(Box<WaiterView>),
    /// Seats, and categories without.
    Seen(Vec<SeatView>, Vec<AreaView>),
    /// An event with rules.
    EventBy(Box<Published>, Vec<Rule>),
    /// Tickets that are offered to others, and behind which they go on, if they do.
    Listings(Vec<Listing>, Option<(u32, u32)>),
    /// Events, and true if there are more.
    Events(Vec<ListedEvent>, bool),
    /// Until when a token is good.
    Token(Option<Time>),
    /// Events.
    HeldUnder(Vec<String>),
    /// What became of places, and before which they go on, if they do.
    Changes(Vec<PlaceChange>, Option<u64>),
}

/// What was sold of an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Sales)]
pub struct Sales {
    /// What everything is counted in.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Category by category, in the order of the plan.
    pub categories: Vec<CategorySales>,
}

/// What was sold of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::CategorySales)]
pub struct CategorySales {
    /// The category.
    pub id: String,
    /// How many places are paid and not given back.
    pub sold: u32,
    /// What they cost without fees, in minor units.
    pub revenue: u64,
    /// What was added to that, in minor units.
    pub fees: u64,
    /// How many paid places were given back.
    pub refunded: u32,
    /// What those cost with fees, in minor units.
    pub refunds: u64,
}

/// What there is of an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Availability)]
pub struct Availability {
    /// Category by category, in the order of the plan.
    pub categories: Vec<CategoryAvailability>,
    /// Its quotas, as they were named.
    pub quotas: Vec<QuotaAvailability>,
    /// When the first hold or unpaid order ends by itself, if there is one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_expiry: Option<Time>,
}

/// What there is of a category: capacity is the sum of what is free, held, sold and blocked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::CategoryAvailability)]
pub struct CategoryAvailability {
    /// The category.
    pub id: String,
    /// How many places it has; none if as many as anybody wants.
    pub capacity: Option<u32>,
    /// How many nobody has; none if as many as anybody wants.
    pub free: Option<u32>,
    /// How many can be held: the least of what is free and what the quotas leave; none if as many as anybody wants.
    pub available: Option<u32>,
    /// How many are held, or belong to an order that is not paid.
    pub held: u32,
    /// How many are sold.
    pub sold: u32,
    /// How many are kept from sale.
    pub blocked: u32,
    /// How many of the seats that anybody may have are beside one another at most.
    pub longest_run: u32,
    /// What a place costs now, in minor units.
    pub price: u64,
}

/// What there is of a quota.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::QuotaAvailability)]
pub struct QuotaAvailability {
    /// The quota.
    pub id: String,
    /// How many places may be held or sold of it at a time; none if it is unlimited.
    pub size: Option<u32>,
    /// How many are held, or belong to an order that is not paid.
    pub held: u32,
    /// How many are sold.
    pub sold: u32,
    /// How many are left; none if it is unlimited.
    pub left: Option<u32>,
}

/// A row of seats as it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::RowOfSeats)]
pub struct RowView {
    /// The section.
    pub section: String,
    /// The row.
    pub row: String,
    /// The category.
    pub category: String,
    /// The names of its seats: a row's are numbers that count on from this one, unless they are listed.
    pub first: u32,
    /// All names, where they are no such numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A letter a seat: `f` free, `h` held, `s` sold, `b` blocked; `_` is an aisle.
    pub seats: String,
}

/// Who has had a seat.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::SeatHistory)]
pub struct SeatHistory {
    /// The newest first.
    pub owners: Vec<Ownership>,
    /// Where it goes on: the number of the last hold, if there are more.
    #[serde(skip)]
    pub next: Option<u32>,
}

/// Somebody who has had a seat, and how that ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Ownership)]
pub struct Ownership {
    /// The number of the hold that took it.
    pub hold: u32,
    /// Who it was for.
    pub buyer: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub held_at: Time,
    /// What became of the hold.
    pub state: HoldState,
    /// When it ended, if it has.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
    /// The order that it became.
    pub order: Option<String>,
    /// What became of the order.
    pub order_state: Option<OrderState>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub order_changed_at: Option<Time>,
}
