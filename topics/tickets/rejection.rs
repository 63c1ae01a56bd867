//! Why a command or a query about tickets is refused.

use crate::codec::{Decode, Encode};
use crate::contract::{Refusal, RefusalKind};
use crate::time::Time;
use serde_json::{Value, json};

/// Why a command or a query is refused. Variants are only appended: kept outcomes hold them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Rejection {
    /// No such event.
    #[error("there is no event of this id")]
    UnknownEvent,
    /// The id of an event.
    #[error("an id must match [a-z0-9][a-z0-9._-]{{0,63}} and is no word of the paths")]
    BadId,
    /// Another event has the id.
    #[error("there is an event of this id with another plan")]
    EventExists,
    /// A plan that cannot be.
    #[error("{0}")]
    BadPlan(String),
    /// Only for servers and operators.
    #[error("this needs the role `server` or `operator`")]
    RoleRequired,
    /// Users act for themselves.
    #[error("a user may hold, order and look for nobody else")]
    NotYourself,
    /// Something else about what is asked.
    #[error("{0}")]
    BadRequest(String),
    /// A number of places.
    #[error("a hold has 1 to {0} places")]
    BadNumber(u32),
    /// Too early.
    #[error("the sale is not open before {0}")]
    SaleNotOpen(Time),
    /// Too late.
    #[error("the sale has ended at {0}")]
    SaleClosed(Time),
    /// Names of no seats of the event.
    #[error("the event has no such seats")]
    UnknownSeats(Vec<String>),
    /// No such category.
    #[error("the event has no such category")]
    UnknownCategory(String),
    /// No such section.
    #[error("the event has no such section")]
    UnknownSection(String),
    /// Somebody else has them, or nobody may.
    #[error("some of the seats are not free")]
    SeatTaken(Vec<String>),
    /// Enough are free, but not as they are wanted.
    #[error("{free} are free, but not beside one another as they are wanted")]
    NotAdjacent {
        /// How many that would suit one by one.
        free: u32,
    },
    /// Some may come back.
    #[error("all that are left are held: some may come back at {next_expiry} or later")]
    AllHeld {
        /// How many are free.
        free: u32,
        /// How many are held.
        held: u32,
        /// When the first hold or unpaid order ends by itself.
        next_expiry: Time,
    },
    /// Fewer are left than are wanted, with those that are held.
    #[error("only {free} are free and {held} are held")]
    TooFewLeft {
        /// How many are free.
        free: u32,
        /// How many are held.
        held: u32,
    },
    /// None is left, nor will one come back by itself.
    #[error("sold out")]
    SoldOut,
    /// The buyer has enough.
    #[error("a buyer has at most {limit} places: this one has {has}")]
    LimitExceeded {
        /// The most.
        limit: u32,
        /// How many the buyer has, with those that are held.
        has: u32,
    },
    /// Too few for an order.
    #[error("an order has {0} places at least")]
    TooFew(u32),
    /// No such hold, or not for this token: nobody learns which.
    #[error("there is no hold of this token")]
    UnknownHold,
    /// Its time is over.
    #[error("the hold ended at {0}")]
    HoldExpired(Time),
    /// It was given back.
    #[error("the hold was released")]
    HoldReleased,
    /// It is an order.
    #[error("the hold has become an order")]
    HoldOrdered {
        /// The order.
        order: String,
    },
    /// It is somebody else's.
    #[error("the hold is another buyer's")]
    WrongBuyer,
    /// It has had its time often enough.
    #[error("a hold is extended at most {0} times")]
    ExtendedTooOften(u8),
    /// No such order.
    #[error("there is no order of this id")]
    UnknownOrder,
    /// It has ended before.
    #[error("the order is {0}")]
    OrderEnded(String),
    /// A sum beyond what is counted.
    #[error("the total would be over {0} minor units")]
    TotalTooLarge(u64),
    /// No such presale code.
    #[error("the event has no such code")]
    UnknownCode(String),
    /// A presale code that has its uses.
    #[error("the code was used {0} times")]
    CodeUsed(u32),
    /// No such channel.
    #[error("the event has no such channel")]
    UnknownChannel(String),
    /// Tickets that are not there, or not good.
    #[error("some of the tickets are not good")]
    BadTickets(Vec<String>),
    /// Somebody has come in with them.
    #[error("somebody has come in with some of the tickets")]
    Redeemed(Vec<String>),
    /// More is to be paid for the others.
    #[error("the other places cost {0} more: buy them, and have the tickets refunded")]
    CostsMore(u64),
    /// A change of plan that would touch what somebody has or had.
    #[error("the plan would change what somebody has or had")]
    Owned(Vec<String>),
    /// An order that is not paid.
    #[error("the order is not paid")]
    NotPaid,
    /// The event has a waiting room, and has not let the buyer in.
    #[error("the event has a waiting room, which has not let this buyer in, or not any more")]
    NotAdmitted,
    /// No waiting room.
    #[error("the event has no waiting room")]
    UnknownRoom,
    /// Its order is fixed.
    #[error("a waiting room that has opened keeps its order and its opening time")]
    RoomOpened,
    /// Terms of a waiting room that cannot be.
    #[error("{0}")]
    BadRoom(String),
    /// Another seed than the one whose hash was said.
    #[error("this is not the seed whose hash was said")]
    WrongSeed,
    /// No such place in line, or not any more.
    #[error("there is no such place in line, or not any more")]
    UnknownPlace,
    /// What somebody wants to wait for is there.
    #[error("what is wanted is there: it can be held")]
    NotSoldOut,
    /// Once is enough.
    #[error("the buyer is on the waitlist already")]
    AlreadyWaiting,
    /// Too many wait.
    #[error("no more can be put on the waitlist")]
    WaitlistFull,
    /// Nobody of this token on the waitlist: nobody learns which.
    #[error("there is nobody of this token on the waitlist")]
    UnknownWaiter,
    /// Somebody who had an offer, or has left.
    #[error("whoever it was does not wait any more")]
    NotWaiting,
    /// Seats that are not what they would have to be, or not for this token.
    #[error("some of the seats are not what they would have to be, or not for this token")]
    WrongStatus(Vec<String>),
    /// Rules that cannot be.
    #[error("{0}")]
    BadRules(String),
    /// The event has no resale.
    #[error("tickets of this event are not sold on")]
    NoResale,
    /// Dearer than tickets are sold on for.
    #[error("the ticket is sold on for {0} minor units at most")]
    PriceTooHigh(u64),
    /// Somebody holds tickets that are offered.
    #[error("somebody holds some of the tickets, which are offered to others")]
    BeingResold(Vec<String>),
    /// The event wants to know for which household a hold is.
    #[error("the event wants a household")]
    HouseholdRequired,
    /// The household has enough.
    #[error("a household has at most {limit} places: this one has {has}")]
    HouseholdLimit {
        /// The most.
        limit: u32,
        /// How many the household has, with those that are held.
        has: u32,
    },
    /// Nobody has said that the buyer is verified.
    #[error("the event is for verified buyers")]
    NotVerified,
    /// Not the way from one stop of the event to a later one.
    #[error("the event does not go from `{0}` to `{1}`")]
    UnknownLegs(String, String),
    /// Too near to other parties.
    #[error("some of the seats are too near to those of others")]
    TooNear(Vec<String>),
    /// No proof, or not any more.
    #[error("the event wants a proof that is good now")]
    ProofRequired,
    /// No such package.
    #[error("there is no package of this id")]
    UnknownPackage,
    /// Another package has the id.
    #[error("there is a package of this id with other terms")]
    PackageExists,
    /// Terms of a package that cannot be.
    #[error("{0}")]
    BadPackage(String),
    /// An event of a package has refused its part.
    #[error("event `{event}`: {why}")]
    InPackage {
        /// The event.
        event: String,
        /// Why.
        why: Box<Rejection>,
    },
    /// Events of a package are being asked, or have not answered in time.
    #[error("not all events of the package have answered")]
    NotAnswered,
    /// Places that a package has are its own.
    #[error("package `{0}` has these places: it gives them back in all its events, or in none")]
    PartOfPackage(String),
    /// The events of a season are not alike.
    #[error("the events of a season have the same sections, rows and seats")]
    OtherPlan,
    /// A season has no such seats.
    #[error("no seats that would suit are free in every event of the season")]
    NoCommonSeats,
    /// What becomes of its places is not listed.
    #[error("what becomes of the event's places is listed only with `keep_changes`")]
    ChangesNotKept,
    /// A code whose time is over.
    #[error("the code could be used until {0}")]
    CodeEnded(Time),
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownEvent => "unknown_event",
            Self::BadId => "bad_id",
            Self::EventExists => "event_exists",
            Self::BadPlan(_) => "bad_plan",
            Self::RoleRequired => "role_required",
            Self::NotYourself => "not_yourself",
            Self::BadRequest(_) => "bad_request",
            Self::BadNumber(_) => "bad_number",
            Self::SaleNotOpen(_) => "sale_not_open",
            Self::SaleClosed(_) => "sale_closed",
            Self::UnknownSeats(_) => "unknown_seats",
            Self::UnknownCategory(_) => "unknown_category",
            Self::UnknownSection(_) => "unknown_section",
            Self::SeatTaken(_) => "seat_taken",
            Self::NotAdjacent { .. } => "not_adjacent",
            Self::AllHeld { .. } => "all_held",
            Self::TooFewLeft { .. } => "too_few_left",
            Self::SoldOut => "sold_out",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::TooFew(_) => "too_few",
            Self::UnknownHold => "unknown_hold",
            Self::HoldExpired(_) => "hold_expired",
            Self::HoldReleased => "hold_released",
            Self::HoldOrdered { .. } => "hold_ordered",
            Self::WrongBuyer => "wrong_buyer",
            Self::ExtendedTooOften(_) => "extended_too_often",
            Self::UnknownOrder => "unknown_order",
            Self::OrderEnded(_) => "order_ended",
            Self::TotalTooLarge(_) => "total_too_large",
            Self::UnknownCode(_) => "unknown_code",
            Self::CodeUsed(_) => "code_used",
            Self::UnknownChannel(_) => "unknown_channel",
            Self::BadTickets(_) => "bad_tickets",
            Self::Redeemed(_) => "already_redeemed",
            Self::CostsMore(_) => "costs_more",
            Self::Owned(_) => "seats_owned",
            Self::NotPaid => "not_paid",
            Self::NotAdmitted => "not_admitted",
            Self::UnknownRoom => "unknown_room",
            Self::RoomOpened => "room_opened",
            Self::BadRoom(_) => "bad_room",
            Self::WrongSeed => "wrong_seed",
            Self::UnknownPlace => "unknown_place",
            Self::NotSoldOut => "not_sold_out",
            Self::AlreadyWaiting => "already_waiting",
            Self::WaitlistFull => "waitlist_full",
            Self::UnknownWaiter => "unknown_waiter",
            Self::NotWaiting => "not_waiting",
            Self::WrongStatus(_) => "wrong_status",
            Self::BadRules(_) => "bad_rules",
            Self::NoResale => "no_resale",
            Self::TooNear(_) => "too_near",
            Self::UnknownLegs(..) => "unknown_legs",
            Self::PriceTooHigh(_) => "price_too_high",
            Self::BeingResold(_) => "being_resold",
            Self::HouseholdRequired => "household_required",
            Self::HouseholdLimit { .. } => "household_limit",
            Self::NotVerified => "not_verified",
            Self::ProofRequired => "proof_required",
            Self::UnknownPackage => "unknown_package",
            Self::PackageExists => "package_exists",
            Self::BadPackage(_) => "bad_package",
            Self::InPackage { why, .. } => why.code(),
            Self::NotAnswered => "not_answered",
            Self::PartOfPackage(_) => "part_of_package",
            Self::OtherPlan => "other_plan",
            Self::NoCommonSeats => "no_common_seats",
            Self::ChangesNotKept => "changes_not_kept",
            Self::CodeEnded(_) => "code_ended",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::InPackage { why, .. } => why.kind(),
            Self::RoleRequired
            | Self::NotYourself
            | Self::WrongBuyer
            | Self::NotAdmitted
            | Self::NotVerified
            | Self::ProofRequired => RefusalKind::Forbidden,
            Self::UnknownEvent
            | Self::UnknownHold
            | Self::UnknownOrder
            | Self::UnknownRoom
            | Self::UnknownPlace
            | Self::UnknownWaiter
            | Self::UnknownPackage
            | Self::ChangesNotKept
            | Self::UnknownCode(_) => RefusalKind::NotFound,
            Self::SaleNotOpen(_) => RefusalKind::TooEarly,
            Self::EventExists
            | Self::PackageExists
            | Self::NotAnswered
            | Self::NoCommonSeats
            | Self::PartOfPackage(_)
            | Self::RoomOpened
            | Self::NotSoldOut
            | Self::AlreadyWaiting
            | Self::WaitlistFull
            | Self::NotWaiting
            | Self::WrongStatus(_)
            | Self::BeingResold(_)
            | Self::TooNear(_)
            | Self::SeatTaken(_)
            | Self::AllHeld { .. }
            | Self::TooFewLeft { .. }
            | Self::SoldOut
            | Self::CodeUsed(_)
            | Self::Redeemed(_)
            | Self::Owned(_)
            | Self::NotPaid
            | Self::OrderEnded(_) => RefusalKind::Conflict,
            Self::SaleClosed(_)
            | Self::CodeEnded(_)
            | Self::HoldExpired(_)
            | Self::HoldReleased
            | Self::HoldOrdered { .. } => RefusalKind::Gone,
            Self::BadId
            | Self::BadPlan(_)
            | Self::BadRequest(_)
            | Self::BadNumber(_)
            | Self::UnknownSeats(_)
            | Self::UnknownCategory(_)
            | Self::UnknownSection(_)
            | Self::NotAdjacent { .. }
            | Self::LimitExceeded { .. }
            | Self::TooFew(_)
            | Self::ExtendedTooOften(_)
            | Self::UnknownChannel(_)
            | Self::BadTickets(_)
            | Self::CostsMore(_)
            | Self::BadRoom(_)
            | Self::WrongSeed
            | Self::BadRules(_)
            | Self::BadPackage(_)
            | Self::OtherPlan
            | Self::NoResale
            | Self::UnknownLegs(..)
            | Self::PriceTooHigh(_)
            | Self::HouseholdRequired
            | Self::HouseholdLimit { .. }
            | Self::TotalTooLarge(_) => RefusalKind::Unprocessable,
        }
    }

    fn members(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::SaleNotOpen(at) => vec![("opens_at", json!(at))],
            Self::SaleClosed(at) => vec![("closed_at", json!(at))],
            Self::UnknownSeats(seats) => vec![("seats", json!(seats))],
            Self::SeatTaken(seats) => vec![("taken", json!(seats))],
            Self::UnknownCategory(id) => vec![("category", json!(id))],
            Self::UnknownSection(id) => vec![("section", json!(id))],
            Self::NotAdjacent { free } => vec![("free", json!(free))],
            Self::AllHeld { free, held, next_expiry } => {
                vec![("free", json!(free)), ("held", json!(held)), ("next_expiry", json!(next_expiry))]
            }
            Self::TooFewLeft { free, held } => vec![("free", json!(free)), ("held", json!(held))],
            Self::UnknownLegs(from, to) => vec![("from", json!(from)), ("to", json!(to))],
            Self::PriceTooHigh(most) => vec![("most", json!(most))],
            Self::LimitExceeded { limit, has } | Self::HouseholdLimit { limit, has } => {
                vec![("limit", json!(limit)), ("has", json!(has))]
            }
            Self::UnknownCode(code) => vec![("code_given", json!(code))],
            Self::UnknownChannel(channel) => vec![("channel", json!(channel))],
            Self::BadTickets(tickets) | Self::Redeemed(tickets) | Self::BeingResold(tickets) => {
                vec![("tickets", json!(tickets))]
            }
            Self::CostsMore(more) => vec![("more", json!(more))],
            Self::Owned(seats) | Self::WrongStatus(seats) | Self::TooNear(seats) => vec![("seats", json!(seats))],
            Self::HoldExpired(at) => vec![("expired_at", json!(at))],
            Self::InPackage { event, why } => {
                let mut members = why.members();
                members.push(("event", json!(event)));
                members
            }
            Self::PartOfPackage(package) => vec![("package", json!(package))],
            Self::HoldOrdered { order } => vec![("order", json!(order)), ("successor", json!(order))],
            _ => Vec::new(),
        }
    }
}
