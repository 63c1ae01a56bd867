//! What the paths of tickets take and give as JSON, beside what the contract shows itself.

pub(super) mod packages;
mod plan;
pub(super) mod pretix;
pub(super) mod queue;
mod rules;
pub(super) mod waitlist;

pub(super) use plan::{EventBody, ImportedEvent, NewEvent};
pub(super) use rules::{
    ListingsBody, NewOwner, NewPrice, NewProof, NewVerified, ProofBody, TicketAction, TicketAnswer, VerifiedBody,
};

use millrace_topics::money::Money;
use millrace_topics::tickets::{
    Area, Best, Conflict, HoldState, HoldView, ItemState, Journey, Line, ListedEvent, OrderState, Ownership,
    PaymentKind, PaymentView, PlaceChange, RowView, ScanView,
};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Places that are to be held: `seats` or `best`, `areas`, or both kinds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewHold)]
pub(super) struct NewHold {
    /// Who they are for: 1 to 256 bytes. Users hold for themselves alone.
    pub(super) buyer: String,
    /// An open hold of the buyer that they are added to: its time stays as it is.
    pub(super) hold: Option<String>,
    /// These seats, by name: section, row and seat with `-` between them.
    pub(super) seats: Option<Vec<String>>,
    /// The best that there are.
    pub(super) best: Option<Best>,
    /// Places of categories without seats.
    pub(super) areas: Option<Vec<Area>>,
    /// A presale code: one of its uses is the hold's, and the order's that comes of it.
    pub(super) code: Option<String>,
    /// Channels out of which seats may be taken, too: only servers name them.
    pub(super) channels: Option<Vec<String>>,
    /// Tickets that are offered to others, by their ids: then nothing else is held.
    pub(super) resale: Option<Vec<String>>,
    /// For which household it is, in whatever words: only their hash is kept.
    pub(super) household: Option<String>,
    /// A proof that the buyer was looked at.
    pub(super) proof: Option<String>,
    /// From this stop, where the event has some: from the first to the last unless both are said.
    pub(super) from: Option<String>,
    /// To this stop.
    pub(super) to: Option<String>,
}

/// A hold.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Hold)]
pub(super) struct HoldBody {
    /// Whoever knows this may extend, release and buy what is held.
    hold: String,
    event: String,
    /// Its number: what a seat's history and public events call it.
    number: u32,
    buyer: String,
    state: HoldState,
    /// Its seats, by name.
    seats: Vec<String>,
    /// Its places without seats.
    areas: Vec<Area>,
    /// True if its seats are beside one another in one row.
    adjacent: bool,
    /// The step on which the best were found: 1 in one row, with no single seat left beside them; 2 in one row; 3 halves
    /// one behind the other; 4 by twos in one section; 5 anywhere.
    step: Option<u8>,
    /// How good they are: in permille, how many rows are no nearer than theirs, less 100 for each step after the first.
    quality: Option<u32>,
    /// What the places cost, as noted when they were held.
    lines: Vec<Line>,
    total: Money,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// The order that it has become.
    order: Option<String>,
    /// From where to where, if the event has stops.
    journey: Option<Journey>,
}

impl HoldBody {
    pub(super) fn of(view: HoldView, token: String) -> Self {
        let order = view.order.map(|order| millrace_topics::tickets::order_id(&view.event, order));
        Self {
            hold: token,
            event: view.event,
            number: view.number,
            buyer: view.buyer,
            state: view.state,
            seats: view.seats,
            areas: view.areas,
            adjacent: view.adjacent,
            step: view.step,
            quality: view.quality,
            lines: view.lines,
            total: view.total,
            expires_at: view.expires_at,
            order,
            journey: view.journey,
        }
    }
}

/// A hold that is to become an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewOrder)]
pub(super) struct NewOrder {
    /// The event.
    pub(super) event: String,
    /// The hold.
    pub(super) hold: String,
    /// Who buys: whoever it is held for.
    pub(super) buyer: String,
}

/// An order.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Order)]
pub(super) struct OrderBody {
    /// Its id.
    pub(super) order: String,
    pub(super) event: String,
    pub(super) buyer: String,
    pub(super) state: OrderState,
    pub(super) total: Money,
    /// Its places.
    pub(super) tickets: Vec<TicketBody>,
    #[schema(value_type = String, format = DateTime)]
    pub(super) placed_at: Time,
    /// When it ends by itself, while it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) paid_at: Option<Time>,
    /// The payment that paid it.
    pub(super) payment: Option<String>,
    /// From where to where, if the event has stops.
    pub(super) journey: Option<Journey>,
}

/// A place of an order, and its ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Ticket)]
pub(super) struct TicketBody {
    /// The ticket's id.
    pub(super) id: String,
    pub(super) state: ItemState,
    /// The seat, by name; none for a place without one.
    pub(super) seat: Option<String>,
    pub(super) category: String,
    /// What it costs, in minor units.
    pub(super) price: u64,
    /// What is added to that, in minor units.
    pub(super) fee: u64,
    /// What is shown at the door, while the ticket is good.
    pub(super) code: Option<String>,
    /// Whose name is on it.
    pub(super) holder: Option<String>,
    /// When somebody came in with it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) redeemed_at: Option<Time>,
}

/// A presale code as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewCode)]
pub(super) struct NewCode {
    /// The most holds and orders with it at a time: 1 unless said.
    pub(super) max_uses: Option<u32>,
    /// A channel out of which it lets take seats.
    pub(super) channel: Option<String>,
    /// True if it counts before the sale is open.
    pub(super) early: Option<bool>,
    /// How much less a place costs with it, in percent: 0 to 100.
    pub(super) discount_percent: Option<u8>,
    /// What a place costs with it, in minor units. Fees are added as ever.
    pub(super) price: Option<u64>,
    /// It can be used until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) until: Option<Time>,
}

/// Seats that are to be kept for somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewAssignment)]
pub(super) struct NewAssignment {
    /// Names of seats (`A-1-9`), rows (`A-1`) and sections (`A`): 1 to 10,000.
    pub(super) seats: Vec<String>,
    /// Whose they are to be; everybody's unless said.
    pub(super) channel: Option<String>,
    /// True if they are to be nobody's.
    pub(super) blocked: Option<bool>,
}

/// Tickets of an order that are to be taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewRefund)]
pub(super) struct NewRefund {
    /// Their ids.
    pub(super) tickets: Vec<String>,
}

/// Tickets of an order that are to be given back for the places of a hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewExchange)]
pub(super) struct NewExchange {
    /// Their ids.
    pub(super) tickets: Vec<String>,
    /// An open hold of the same buyer.
    pub(super) hold: String,
}

/// A name for a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewHolder)]
pub(super) struct NewHolder {
    /// The ticket.
    pub(super) ticket: String,
    /// The name: 1 to 256 bytes.
    pub(super) holder: String,
}

/// A ticket that is shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewScan)]
pub(super) struct NewScan {
    /// The scanner: 1 to 64 bytes.
    pub(super) scanner: String,
    /// What it calls this scan: 1 to 64 bytes.
    pub(super) nonce: String,
    /// When, by its clock, which decides nothing.
    #[schema(value_type = String, format = DateTime)]
    pub(super) time: Time,
    /// The code that was shown; left out, the ticket is let in by its id.
    pub(super) code: Option<String>,
}

/// Scans that a scanner brings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewScans)]
pub(super) struct NewScans {
    /// The scanner: 1 to 64 bytes.
    pub(super) scanner: String,
    /// What it has seen: 1 to 1000.
    pub(super) scans: Vec<LaterScan>,
}

/// A scan that was made before it was brought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::LaterScan)]
pub(super) struct LaterScan {
    /// The code that was shown.
    pub(super) code: String,
    /// What the scanner calls this scan: 1 to 64 bytes.
    pub(super) nonce: String,
    /// When, by its clock, which decides nothing.
    #[schema(value_type = String, format = DateTime)]
    pub(super) time: Time,
}

/// What becomes of scans, in the order in which they were brought.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Scans)]
pub(super) struct ScansBody {
    pub(super) results: Vec<ScannedOne>,
}

/// What becomes of one scan.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::ScannedOne)]
pub(super) struct ScannedOne {
    /// What becomes of the ticket.
    pub(super) scanned: Option<ScanView>,
    /// The code of the problem, where there is no result: worth bringing again.
    pub(super) problem: Option<String>,
}

/// Tickets that were shown by two.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Conflicts)]
pub(super) struct ConflictsBody {
    pub(super) conflicts: Vec<Conflict>,
    /// Where it goes on, if it does.
    pub(super) cursor: Option<String>,
}

/// What a payment provider says of a payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPaymentEvent)]
pub(super) struct NewPaymentEvent {
    /// What became of it.
    pub(super) r#type: PaymentKind,
    /// The payment, by the provider's id: 1 to 128 bytes.
    pub(super) payment: String,
    /// How much, in minor units; of money that was given back, how much of it until now.
    pub(super) amount: u64,
}

/// An order, and the payment of which something was said.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::PaidOrder)]
pub(super) struct PaidBody {
    #[serde(flatten)]
    pub(super) order: OrderBody,
    /// The payment.
    pub(super) reported: PaymentView,
}

/// Seats, row by row.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Seats)]
pub(super) struct SeatsBody {
    pub(super) rows: Vec<RowView>,
}

/// Which seats.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichSeats {
    /// Only those of this section.
    pub(super) section: Option<String>,
    /// As they are from this stop on, where the event has some.
    pub(super) from: Option<String>,
    /// To this stop.
    pub(super) to: Option<String>,
}

/// On which way.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichWay {
    /// From this stop, where the event has some.
    pub(super) from: Option<String>,
    /// To this stop.
    pub(super) to: Option<String>,
}

/// Which part of a history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichHistory {
    /// At most so many: 1 to 1000, 100 unless said.
    pub(super) limit: Option<u32>,
    /// Where to go on.
    pub(super) cursor: Option<String>,
}

/// Who has had a seat.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::SeatHistoryPage)]
pub(super) struct HistoryBody {
    /// The newest first.
    pub(super) owners: Vec<Ownership>,
    /// Where it goes on, if it does.
    pub(super) cursor: Option<String>,
}

/// Events, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Events)]
pub(super) struct EventsBody {
    pub(super) events: Vec<ListedEvent>,
    /// Where it goes on, if it does.
    pub(super) cursor: Option<String>,
}

/// What became of places, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Changes)]
pub(super) struct ChangesBody {
    pub(super) changes: Vec<PlaceChange>,
    /// Where it goes on, if it does.
    pub(super) cursor: Option<String>,
}

/// Keys with which codes of tickets can be checked.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Keys)]
pub(super) struct KeysBody {
    pub(super) keys: Vec<KeyBody>,
}

/// A JSON Web Key (RFC 8037).
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Key)]
pub(super) struct KeyBody {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    /// The public key, base64url.
    x: String,
}

impl KeyBody {
    pub(super) fn ed25519(x: String) -> Self {
        Self { kty: "OKP", crv: "Ed25519", alg: "EdDSA", r#use: "sig", x }
    }
}
