//! The tables of `tickets.packages`.

use crate::runtime::saga::Saga;
use crate::tickets::tables::PaymentRow;
use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::tickets::{PackageTerms, PartView, PartWish, Rejection, SeatMap};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PackageRow {
    /// What it is.
    pub terms: PackageTerms,
    /// The number of its last hold.
    pub last: u32,
}

/// How far a hold is, and the order that it has become.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// Events are being asked to hold their parts.
    Asking(Saga<String>),
    /// All hold theirs.
    Held,
    /// One has refused, or has not answered in time.
    Refused(Time),
    /// It was given back.
    Released(Time),
    /// Its time was over before it was ordered.
    Lapsed(Time),
    /// It is ordered, and waits for its payment.
    Pending,
    /// It was not paid in time.
    Expired(Time),
    /// It is paid by this payment, but too late: events are being asked to hold the same again.
    Retaking(Saga<String>, String),
    /// It is paid, since then.
    Paid(Time),
    /// Events are being asked whether it may be taken back.
    Returning(Saga<String>),
    /// It was taken back.
    Cancelled(Time),
}

/// One event's part of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartRow {
    /// The event.
    pub event: String,
    /// What it holds or held, if it has said so.
    pub view: Option<PartView>,
    /// Which seats its plan has: a hash.
    pub layout: u64,
}

/// A hold of a package, and the order that it has become.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldRow {
    /// Who it is for.
    pub buyer: String,
    /// The hash of its token.
    pub token: TokenHash,
    /// What is wanted.
    pub wishes: Vec<PartWish>,
    /// When it was made.
    pub at: Time,
    /// When it ends by itself.
    pub expires: Time,
    /// How often it was extended.
    pub extended: u8,
    /// The number of the last attempt.
    pub attempt: u32,
    /// How often other seats were looked for.
    pub tries: u8,
    /// Seats that an event of the season does not have.
    pub besides: Option<SeatMap>,
    /// How far it is.
    pub stage: Stage,
    /// Its parts, in the order of their events' ids.
    pub parts: Vec<PartRow>,
    /// The last attempt that came to nothing, and why.
    pub refused: Option<(u32, Box<Rejection>)>,
    /// What its timer is set for.
    pub due: Option<Time>,
    /// When it was ordered.
    pub ordered: Option<Time>,
    /// When it was paid.
    pub paid: Option<Time>,
    /// The payment that paid it.
    pub payment: Option<String>,
}

impl HoldRow {
    /// What it costs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.view.as_ref()).map(|view| view.total.amount).sum()
    }
}

/// Package → what it is.
pub const PACKAGES: Table<String, PackageRow> = Table::primary(16, "packages");
/// (package, number from 1) → a hold, and the order that it has become.
pub const HOLDS: Table<(String, u32), HoldRow> = Table::primary(17, "holds");
/// (package, number, the provider's id) → a payment.
pub const PAYMENTS: Table<(String, u32, String), PaymentRow> = Table::primary(18, "payments");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![PACKAGES.def(), HOLDS.def(), PAYMENTS.def()]
}
