//! The tables of tickets. Who has which seat stands in holds and orders alone: the hall itself is kept in memory, and made
//! again of them.

use crate::tickets::hall::quotas::Draw;
use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::tickets::{
    Cause, CodeTerms, Conflict, EventPlan, Holding, ItemState, PaymentState, Pricing, RoomTerms, Rule, Scan,
};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

/// The token of a hold that no token is shown for: nothing is known whose hash it is.
pub const NO_TOKEN: TokenHash = TokenHash([0; 16]);

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventRow {
    /// What it is.
    pub plan: EventPlan,
    /// Since when.
    pub published_at: Time,
}

/// A seat of the hall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Spot {
    /// The row, counted through the whole plan.
    pub row: u16,
    /// The place in the row, with aisles.
    pub place: u16,
}

/// A seat that a hold took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Taken {
    /// The seat.
    pub spot: Spot,
    /// The hold that had it before; 0 if none had.
    pub before: u32,
    /// How many have had it, this one included.
    pub turn: u32,
}

/// Places of one category and price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Priced {
    /// The category, by its number in the plan.
    pub category: u16,
    /// How many.
    pub quantity: u32,
    /// What one costs.
    pub price: u64,
    /// What is added to one.
    pub fee: u64,
    /// The tier whose price it is, from 1; 0 if none counted.
    pub tier: u8,
    /// The channels that the hold named, a bit each.
    pub channels: u64,
}

impl Priced {
    /// What one of them is to quotas.
    #[must_use]
    pub fn draw(&self) -> Draw {
        Draw { category: self.category, tier: self.tier, channels: self.channels }
    }
}

/// What became of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Fate {
    /// It is open.
    Open,
    /// It is this order, since then.
    Ordered(u32, Time),
    /// It was given back.
    Released(Time),
    /// Its time was over.
    Expired(Time),
}

/// A hold. It stays when it has ended: the seats' history is made of holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldRow {
    /// Who it is for.
    pub buyer: String,
    /// The hash of its token.
    pub token: TokenHash,
    /// When it was made.
    pub at: Time,
    /// When it ends by itself.
    pub expires: Time,
    /// How often it was extended.
    pub extended: u8,
    /// The step on which the best were found; 0 if none were asked for.
    pub step: u8,
    /// How good they are.
    pub quality: u32,
    /// The presale code that it was made with.
    pub code: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// What it holds, and at what prices; those with seats in the order of `seats`.
    pub lines: Vec<Priced>,
    /// Its seats.
    pub seats: Vec<Taken>,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// It waits for its payment.
    Pending,
    /// It is paid, since then.
    Paid(Time),
    /// It was not paid in time.
    Expired(Time),
    /// It was taken back.
    Cancelled(Time),
}

/// A place of an order, and its ticket.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    /// The category, by its number in the plan.
    pub category: u16,
    /// What it costs.
    pub price: u64,
    /// What is added to that.
    pub fee: u64,
    /// The tier whose price it was first, from 1; 0 if none counted.
    pub tier: u8,
    /// The channels that its hold named first, a bit each.
    pub channels: u64,
    /// The seat, if it has one.
    pub spot: Option<Spot>,
    /// How far it is.
    pub state: ItemState,
    /// Which of its codes is good, from 1.
    pub issue: u32,
    /// Whose name is on it.
    pub holder: Option<String>,
    /// The scan with which somebody came in, and when the log had it.
    pub scan: Option<(Scan, Time)>,
    /// The numbers of its conflicts.
    pub conflicts: Vec<u32>,
}

impl Item {
    /// What it is to quotas.
    #[must_use]
    pub fn draw(&self) -> Draw {
        Draw { category: self.category, tier: self.tier, channels: self.channels }
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderRow {
    /// The hold that it was made of.
    pub hold: u32,
    /// Who bought.
    pub buyer: String,
    /// The presale code that its hold was made with.
    pub code: Option<String>,
    /// When it was placed.
    pub placed: Time,
    /// When it ends by itself, while it is pending.
    pub deadline: Time,
    /// What it costs.
    pub total: u64,
    /// How far it is.
    pub stage: Stage,
    /// When it was paid.
    pub paid: Option<Time>,
    /// The payment that paid it.
    pub payment: Option<String>,
    /// Its places.
    pub items: Vec<Item>,
}

/// A payment of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentRow {
    /// How far it is.
    pub state: PaymentState,
    /// How much.
    pub amount: u64,
    /// How much of that is to be given back, or was.
    pub refund: u64,
    /// How much of that was given back.
    pub refunded: u64,
    /// When it was changed last.
    pub changed_at: Time,
}

/// A presale code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CodeRow {
    /// What it lets do.
    pub terms: CodeTerms,
    /// What a place costs with it.
    pub price: Pricing,
    /// It can be used until then.
    pub until: Option<Time>,
    /// How many open holds and orders there are with it.
    pub uses: u32,
}

/// A buyer whom the waiting room has let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Session {
    /// The number of the buyer's place in line.
    pub number: u32,
    /// Until when.
    pub until: Time,
}

/// A waitlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WaitlistRow {
    /// How long an offer lasts, in seconds.
    pub offer_seconds: u32,
    /// The number of the last who came.
    pub last: u32,
    /// While those who wait are asked whether something suits them: since when, and up to whom.
    pub offering: Option<(Time, u32)>,
}

/// How far a waiter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Wanting {
    /// Nothing that suits has come back.
    Waits,
    /// This hold was made.
    Offered(u32),
    /// Nobody waits any more.
    Left,
}

/// Somebody who waits, or has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WaiterRow {
    /// What is to be held.
    pub wish: Holding,
    /// Since when.
    pub joined: Time,
    /// How far.
    pub state: Wanting,
}

/// What a box office notes of a seat.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NoteRow {
    /// While this hold has it, or the order that it has become.
    pub hold: u32,
    /// What the box office calls the order.
    pub reference: Option<String>,
    /// What else, as JSON.
    pub note: Option<String>,
}

/// A ticket that somebody buys of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ware {
    /// The order that it is of.
    pub order: u32,
    /// Its number there, from 1.
    pub ticket: u32,
    /// What is paid for it.
    pub price: u64,
}

/// What a hold is of, if not of places that nobody had. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Kind {
    /// Tickets that are sold on, in the order of the hold's lines.
    Resale(Vec<Ware>),
    /// A ticket that was given away.
    Gift {
        /// The order that it was of.
        order: u32,
        /// Its number there, from 1.
        ticket: u32,
        /// What is given back for it.
        worth: u64,
    },
    /// Places on some legs.
    Legs {
        /// The stop where they begin, counted from 0.
        from: u8,
        /// The stop where they end.
        to: u8,
    },
    /// Places that a package has.
    Package {
        /// The package.
        package: String,
        /// The number of its hold.
        number: u32,
    },
}

/// What a package has of an event. It goes when that is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartRow {
    /// The package's attempt.
    pub attempt: u32,
    /// The hold.
    pub hold: u32,
    /// The order that it has become.
    pub order: Option<u32>,
    /// True while it may be taken back: its tickets are good no more.
    pub returning: bool,
}

/// A ticket that is offered to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ListingRow {
    /// What it costs.
    pub price: u64,
    /// Since when.
    pub at: Time,
    /// The hold that has it, or that of the order that has.
    pub hold: Option<u32>,
}

/// Places that have become something else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangeRow {
    /// When.
    pub at: Time,
    /// The offset of the record that did it.
    pub offset: u64,
    /// Why.
    pub cause: Cause,
    /// The hold.
    pub hold: u32,
    /// The seats.
    pub spots: Vec<Spot>,
    /// The categories without seats, by number, and how many places of each.
    pub areas: Vec<(u16, u32)>,
}

/// A token of a box office whose time was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TokenRow {
    /// Until when it is good.
    pub until: Time,
    /// From when on it is not, whatever it says itself.
    pub forget: Time,
}

/// Event → what it is.
pub const EVENTS: Table<String, EventRow> = Table::primary(16, "events");
/// (event, number from 1) → a hold.
pub const HOLDS: Table<(String, u32), HoldRow> = Table::primary(17, "holds");
/// (event, number from 1) → an order.
pub const ORDERS: Table<(String, u32), OrderRow> = Table::primary(18, "orders");
/// (event, order, the provider's id) → a payment.
pub const PAYMENTS: Table<(String, u32, String), PaymentRow> = Table::primary(19, "payments");

/// (event, code) → a presale code.
pub const CODES: Table<(String, String), CodeRow> = Table::primary(20, "codes");
/// Event → its channels, in the order in which they were named first.
pub const CHANNELS: Table<String, Vec<String>> = Table::primary(21, "channels");
/// (event, row) → for each place of the row whose it is: 0 everybody's, 255 nobody's, else the channel's number.
pub const MARKS: Table<(String, u16), Vec<u8>> = Table::primary(22, "marks");
/// (event, number from 1) → a ticket that was shown by two.
pub const CONFLICTS: Table<(String, u32), Conflict> = Table::primary(23, "conflicts");

/// Event → its waiting room, if it has one.
pub const ROOMS: Table<String, RoomTerms> = Table::primary(24, "rooms");
/// (event, buyer) → since the waiting room has let the buyer in.
pub const ADMITTED: Table<(String, String), Session> = Table::primary(25, "admitted");

/// Event → its waitlist, if somebody has waited.
pub const WAITLISTS: Table<String, WaitlistRow> = Table::primary(26, "waitlists");
/// (event, number from 1) → somebody who waits, or has.
pub const WAITERS: Table<(String, u32), WaiterRow> = Table::primary(27, "waiters");

/// (event, seat, or category and hold of a place without) → what a box office notes of it.
pub const NOTES: Table<(String, String), NoteRow> = Table::primary(28, "notes");

/// Event → its rules, if it has some.
pub const RULES: Table<String, Vec<Rule>> = Table::primary(29, "rules");
/// (event, hold) → what it is of, if not of places that nobody had.
pub const KINDS: Table<(String, u32), Kind> = Table::primary(30, "kinds");
/// (event, order, ticket) → a ticket that is offered to others.
pub const LISTINGS: Table<(String, u32, u32), ListingRow> = Table::primary(31, "listings");
/// (event, hold) → for which household it is, where that is limited.
pub const HOUSEHOLDS: Table<(String, u32), TokenHash> = Table::primary(32, "households");
/// (event, buyer) → since when the buyer is verified.
pub const VERIFIED: Table<(String, String), Time> = Table::primary(33, "verified");
/// (event, package, number) → what the package has of the event.
pub const PARTS: Table<(String, String, u32), PartRow> = Table::primary(34, "parts");

/// (event, number from 1) → what became of places, where that is listed.
pub const CHANGES: Table<(String, u64), ChangeRow> = Table::primary(35, "changes");
/// `~` and the hash of a token → until when it is good, where that was changed.
pub const TOKENS: Table<String, TokenRow> = Table::primary(36, "tokens");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![
        EVENTS.def(),
        HOLDS.def(),
        ORDERS.def(),
        PAYMENTS.def(),
        CODES.def(),
        CHANNELS.def(),
        MARKS.def(),
        CONFLICTS.def(),
        ROOMS.def(),
        ADMITTED.def(),
        WAITLISTS.def(),
        WAITERS.def(),
        NOTES.def(),
        RULES.def(),
        KINDS.def(),
        LISTINGS.def(),
        HOUSEHOLDS.def(),
        VERIFIED.def(),
        PARTS.def(),
        CHANGES.def(),
        TOKENS.def(),
    ]
}
