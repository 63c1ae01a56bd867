//! The contract of tickets: two machines whose key is the event, and one whose key is a package of several. Whoever wants a seat of an event is in one order with
//! everybody else who does: that is `tickets`. Whoever waits to be let in is in the line of `tickets.queue`, so that a
//! crowd in front of the door keeps nobody inside waiting.
//!
//! Outcomes, events and answers are untagged as JSON, as those of the other systems are.

mod command;
mod objects;
mod outcome;
mod package;
mod plan;
mod query;
mod queue;
mod rejection;
mod resale;
mod rules;
mod waitlist;

pub use command::{
    Area, Assigning, Best, Buying, CodeTerms, Command, Exchanging, Holding, HoldingBy, OnHold, OnOrder, OnTickets,
    Paying, PaymentKind, Renaming, Scan, Scanning, Timer, Voucher,
};
pub use objects::{
    AreaView, Cause, ListedEvent, PlaceChange, Placing, Retiming, SeatStatus, SeatView, Seated, Seating, TokenTime,
};
pub use outcome::{
    Assigned, CodeView, Conflict, Event, HoldState, HoldView, ItemState, ItemView, Line, OrderNote, OrderState,
    OrderView, Outcome, PaymentNote, PaymentState, PaymentView, Published, ScanResult, ScanView, SeatsNote, TicketNote,
};
pub use package::{
    OnPackageHold, OnPackageOrder, PackageAnswer, PackageBuying, PackageCommand, PackageEvent, PackageHoldView,
    PackageHolding, PackageNote, PackageOutcome, PackagePaying, PackagePaymentNote, PackageQuery, PackageState,
    PackageTerms, PackageTimer, Part, PartAnswer, PartHolding, PartNote, PartOf, PartSaid, PartStep, PartTurn,
    PartView, PartWish, Pricing, SeatMap,
};
pub use plan::{Category, EventPlan, Point, Row, Section, Tier, UNLIMITED};
pub use query::{
    Answer, Availability, CategoryAvailability, CategorySales, Ownership, Query, QuotaAvailability, RowView, Sales,
    SeatHistory,
};
pub use queue::{
    Admitting, Drawn, Ending, Entry, Joining, PlaceView, QueueAnswer, QueueCommand, QueueEvent, QueueOutcome,
    QueuePlace, QueueQuery, QueueTimer, Revealing, RoomMode, RoomStage, RoomTerms, RoomView,
};
pub use rejection::Rejection;
pub use resale::{Listing, Moved, OnTicket, Relisting, Transferring};
pub use rules::{Drawing, HoldingWith, Journey, Quota, Rule, Ruled, Term, Verifying};
pub use waitlist::{OnWaiter, WaiterNote, WaiterState, WaiterView, WaitlistTerms};

use crate::contract::Contract;

/// The machine `tickets`. Its key is the event.
pub enum Tickets {}

/// The machine `tickets.queue`. Its key is the event.
pub enum TicketsQueue {}

/// The machine `tickets.packages`. Its key is the package.
pub enum TicketsPackages {}

impl Contract for Tickets {
    const MACHINE: &'static str = "tickets";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Outcome = Outcome;
    type Rejection = Rejection;
    type Event = Event;
    type Query = Query;
    type Answer = Answer;
    type Timer = Timer;

    fn key(command: &Command) -> Option<&[u8]> {
        Some(command.event().as_bytes())
    }

    fn event_type(event: &Event) -> &'static str {
        match event {
            Event::EventPublished(_) => "EventPublished",
            Event::SeatsHeld(_) => "SeatsHeld",
            Event::HoldExtended(_) => "HoldExtended",
            Event::HoldReleased(_) => "HoldReleased",
            Event::HoldExpired(_) => "HoldExpired",
            Event::OrderPlaced(_) => "OrderPlaced",
            Event::OrderPaid(_) => "OrderPaid",
            Event::OrderExpired(_) => "OrderExpired",
            Event::OrderCancelled(_) => "OrderCancelled",
            Event::PaymentReported(_) => "PaymentReported",
            Event::RefundDue(_) => "RefundDue",
            Event::PlanChanged(_) => "PlanChanged",
            Event::ChannelChanged(_) => "ChannelChanged",
            Event::CodeChanged(_) => "CodeChanged",
            Event::TicketsRefunded(_) => "TicketsRefunded",
            Event::TicketsExchanged(_) => "TicketsExchanged",
            Event::TicketRenamed(_) => "TicketRenamed",
            Event::TicketScanned(_) => "TicketScanned",
            Event::WaitlistJoined(_) => "WaitlistJoined",
            Event::WaitlistLeft(_) => "WaitlistLeft",
            Event::WaitlistOffered(_) => "WaitlistOffered",
            Event::RulesChanged { .. } => "RulesChanged",
            Event::TicketTransferred(_) => "TicketTransferred",
            Event::TicketRelisted(_) => "TicketRelisted",
            Event::TicketUnlisted(_) => "TicketUnlisted",
            Event::TicketResold(_) => "TicketResold",
        }
    }
}

impl Command {
    /// The event that it is about; of a token the key that it is kept under.
    #[must_use]
    pub fn event(&self) -> &str {
        match self {
            Self::Publish(plan) | Self::Change(plan) => &plan.event,
            Self::Hold(holding) => &holding.event,
            Self::Extend(on) | Self::Release(on) => &on.event,
            Self::Order(buying) => &buying.on.event,
            Self::Pay(paying) => &paying.on.event,
            Self::Cancel(on) => &on.event,
            Self::HoldBy(by) => &by.holding.event,
            Self::Assign(assigning) => &assigning.event,
            Self::SetCode(terms) => &terms.event,
            Self::SetVoucher(voucher) => &voucher.terms.event,
            Self::Refund(on) => &on.on.event,
            Self::Exchange(exchanging) => &exchanging.on.on.event,
            Self::Rename(renaming) => &renaming.on.event,
            Self::CheckIn(scanning) => &scanning.on.event,
            Self::SetRoom(terms) => &terms.event,
            Self::Admit(admitting) => &admitting.event,
            Self::EndSessions(ending) => &ending.event,
            Self::Wait(wish) => &wish.event,
            Self::LeaveWaitlist(on) => &on.event,
            Self::SetWaitlist(terms) => &terms.event,
            Self::Seat(seating) => &seating.event,
            Self::PublishBy(ruled) | Self::ChangeBy(ruled) => &ruled.plan.event,
            Self::HoldWith(with) => &with.by.holding.event,
            Self::Transfer(transferring) => &transferring.ticket.on.event,
            Self::Relist(relisting) => &relisting.ticket.on.event,
            Self::Unlist(ticket) => &ticket.on.event,
            Self::Verify(verifying) => &verifying.event,
            Self::HoldPart(holding) => &holding.part.event,
            Self::TurnPart(turn) => &turn.part.event,
            Self::Place(placing) => &placing.seating.event,
            Self::SetToken(time) => &time.key,
            Self::Retime(retiming) => &retiming.event,
        }
    }
}

impl Contract for TicketsQueue {
    const MACHINE: &'static str = "tickets.queue";
    const SCHEMA: u16 = 1;
    type Command = QueueCommand;
    type Outcome = QueueOutcome;
    type Rejection = Rejection;
    type Event = QueueEvent;
    type Query = QueueQuery;
    type Answer = QueueAnswer;
    type Timer = QueueTimer;

    fn key(command: &QueueCommand) -> Option<&[u8]> {
        let event = match command {
            QueueCommand::Set(terms) => &terms.event,
            QueueCommand::Join(joining) => &joining.event,
            QueueCommand::Leave(place) | QueueCommand::Done(place) => &place.event,
            QueueCommand::Reveal(revealing) => &revealing.event,
        };
        Some(event.as_bytes())
    }

    fn event_type(event: &QueueEvent) -> &'static str {
        match event {
            QueueEvent::RoomChanged(_) => "RoomChanged",
            QueueEvent::QueueJoined(_) => "QueueJoined",
            QueueEvent::QueueLeft(_) => "QueueLeft",
            QueueEvent::QueueOpened { .. } => "QueueOpened",
            QueueEvent::Admitted(_) => "Admitted",
            QueueEvent::SessionsEnded(_) => "SessionsEnded",
        }
    }
}

impl Contract for TicketsPackages {
    const MACHINE: &'static str = "tickets.packages";
    const SCHEMA: u16 = 1;
    type Command = PackageCommand;
    type Outcome = PackageOutcome;
    type Rejection = Rejection;
    type Event = PackageEvent;
    type Query = PackageQuery;
    type Answer = PackageAnswer;
    type Timer = PackageTimer;

    fn key(command: &PackageCommand) -> Option<&[u8]> {
        Some(command.package().as_bytes())
    }

    fn event_type(event: &PackageEvent) -> &'static str {
        match event {
            PackageEvent::PackageDefined(_) => "PackageDefined",
            PackageEvent::PackageHeld(_) => "PackageHeld",
            PackageEvent::PackageExtended(_) => "PackageExtended",
            PackageEvent::PackageReleased(_) => "PackageReleased",
            PackageEvent::PackageExpired(_) => "PackageExpired",
            PackageEvent::PackageOrdered(_) => "PackageOrdered",
            PackageEvent::PackagePaid(_) => "PackagePaid",
            PackageEvent::PackageCancelled(_) => "PackageCancelled",
            PackageEvent::PackagePaymentReported(_) => "PackagePaymentReported",
            PackageEvent::PackageRefundDue(_) => "PackageRefundDue",
        }
    }
}

/// The id of an order of an event, as people see it.
#[must_use]
pub fn order_id(event: &str, order: u32) -> String {
    format!("{event}~{order}")
}

/// The event and the number of an order.
#[must_use]
pub fn read_order_id(id: &str) -> Option<(&str, u32)> {
    let (event, number) = id.rsplit_once('~')?;
    Some((event, digits(number)?))
}

/// The id of a ticket: the `item`th of an order, from 1.
#[must_use]
pub fn ticket_id(event: &str, order: u32, item: u32) -> String {
    format!("{event}~{order}.{item}")
}

/// The event, the order and the item of a ticket.
#[must_use]
pub fn read_ticket_id(id: &str) -> Option<(&str, u32, u32)> {
    let (event, numbers) = id.rsplit_once('~')?;
    let (order, item) = numbers.split_once('.')?;
    Some((event, digits(order)?, digits(item)?))
}

/// A number without a sign and without zeros before it: one number has one id.
fn digits(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_orders_and_tickets_read_back_and_no_other_text_does() {
        assert_eq!(read_order_id(&order_id("gig", 7)), Some(("gig", 7)));
        assert_eq!(read_ticket_id(&ticket_id("gig.x", 7, 2)), Some(("gig.x", 7, 2)));
        for id in ["gig", "gig~", "gig~07", "gig~+7", "gig~7.", "gig~7.1.2", "gig~4294967296"] {
            assert_eq!((read_order_id(id), read_ticket_id(id)), (None, None), "{id}");
        }
    }
}
