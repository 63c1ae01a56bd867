//! The waiting room of an event: who stands in line, who is let in, and for how long.

use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum QueueCommand {
    /// A waiting room is so from now on: sent by `tickets`.
    #[serde(skip_deserializing)]
    Set(RoomTerms),
    /// Somebody gets in line.
    Join(Joining),
    /// Somebody leaves, from the line or from among those who were let in.
    Leave(QueuePlace),
    /// The seed of a draw: whose hash was said before.
    Reveal(Revealing),
    /// Who was let in has ordered: sent by `tickets`.
    #[serde(skip_deserializing)]
    Done(QueuePlace),
}

/// In which order a waiting room lets people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = tickets::RoomMode)]
#[serde(rename_all = "snake_case")]
pub enum RoomMode {
    /// In the order in which they came.
    Fifo,
    /// Those who came before it opened in an order that was drawn, then the others as they came.
    Random,
    /// Everybody at once, and nobody needs to be let in.
    Passthrough,
}

/// A waiting room as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RoomTerms {
    /// The event.
    pub event: String,
    /// In which order it lets people in.
    pub mode: RoomMode,
    /// It lets nobody in before.
    pub opens_at: Option<Time>,
    /// How many it lets in a minute at most.
    pub admit_per_minute: u32,
    /// How many may be in at a time.
    pub max_active: u32,
    /// How long somebody may stay in, in seconds.
    pub session_seconds: u32,
    /// The SHA-256 of the draw's seed, in hex digits.
    pub seed_hash: String,
    /// How often the terms have changed: counted by the machine.
    #[serde(skip_deserializing)]
    pub revision: u32,
}

/// Somebody who gets in line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Joining {
    /// The event.
    pub event: String,
    /// Who. Each stands in line once.
    pub buyer: String,
}

/// Somebody's place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct QueuePlace {
    /// The event.
    pub event: String,
    /// Whose it is.
    pub buyer: String,
    /// Its number: how many had come before, and one.
    pub number: u32,
}

/// The seed of a draw.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Revealing {
    /// The event.
    pub event: String,
    /// The seed, in hex digits.
    pub seed: String,
}

/// Buyers who are let in: what the waiting room says to `tickets`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Admitting {
    /// The event.
    pub event: String,
    /// Each buyer, with the number of the place.
    pub buyers: Vec<(String, u32)>,
    /// Until when.
    pub until: Time,
}

/// Buyers whose time is over: what the waiting room says to `tickets`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Ending {
    /// The event.
    pub event: String,
    /// Each buyer, with the number of the place.
    pub buyers: Vec<(String, u32)>,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum QueueOutcome {
    /// Somebody stands in line, or is in: now, or since an earlier command.
    Placed(PlaceView),
    /// There is nothing to tell.
    Noted,
}

/// What the machine says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum QueueEvent {
    /// A waiting room is there, or is otherwise now.
    RoomChanged(RoomTerms),
    /// Somebody stands in line.
    QueueJoined(QueuePlace),
    /// Somebody has left.
    QueueLeft(QueuePlace),
    /// The room is open; the seed of its draw, if there was one.
    QueueOpened {
        /// The event.
        event: String,
        /// The seed.
        seed: Option<String>,
        /// How many were drawn.
        drawn: u32,
    },
    /// Some were let in.
    Admitted(Admitting),
    /// The time of some is over.
    SessionsEnded(Ending),
}

/// A timer that the machine sets for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum QueueTimer {
    /// Something of the event's waiting room is due. There is one timer an event at most.
    Due {
        /// The event.
        event: String,
    },
}

/// How far a waiting room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::RoomStage)]
#[serde(rename_all = "snake_case")]
pub enum RoomStage {
    /// It is not open.
    Prequeue,
    /// It is time: the seed is to be said.
    AwaitsSeed,
    /// Places are being drawn.
    Drawing,
    /// It lets people in.
    Open,
}

/// A waiting room as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::Room)]
pub struct RoomView {
    /// The event.
    pub event: String,
    /// In which order it lets people in.
    pub mode: RoomMode,
    /// How far it is.
    pub stage: RoomStage,
    /// It lets nobody in before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opens_at: Option<Time>,
    /// Since when it lets people in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opened_at: Option<Time>,
    /// How many it lets in a minute at most.
    pub admit_per_minute: u32,
    /// How many may be in at a time.
    pub max_active: u32,
    /// How long somebody may stay in, in seconds.
    pub session_seconds: u32,
    /// How many have come.
    pub joined: u32,
    /// How many stand in line.
    pub waiting: u32,
    /// Up to which position everybody was let in or had left.
    pub admitted_up_to: u32,
    /// How many are in.
    pub active: u32,
    /// How many of those who came first were drawn.
    pub drawn: u32,
    /// The SHA-256 of the seed's hex digits, before the draw and after it.
    pub seed_hash: String,
    /// The seed, once it was drawn with.
    pub seed: Option<String>,
    /// How often the terms have changed.
    pub revision: u32,
}

/// Somebody's place as the machine sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PlaceView {
    /// The place.
    #[serde(flatten)]
    pub place: QueuePlace,
    /// Where in the order; not known before a draw.
    pub position: Option<u32>,
    /// Until when somebody is in.
    pub until: Option<Time>,
}

/// Somebody who has come, without a name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, ToSchema)]
#[schema(as = tickets::QueueEntry)]
pub struct Entry {
    /// The number of the place.
    pub number: u32,
    /// The SHA-256 of event, `/` and buyer, in hex digits.
    pub buyer_hash: String,
    /// True if whoever it was has left before being let in.
    pub left: bool,
}

/// A drawn place: its rank and its number. The smaller comes first.
pub type Drawn = (u64, u32);

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum QueueQuery {
    /// A waiting room.
    Room {
        /// The event.
        event: String,
    },
    /// Somebody's place.
    Place(QueuePlace),
    /// Who has come, in this order.
    Entries {
        /// The event.
        event: String,
        /// Only those behind this number.
        after: u32,
        /// At most so many.
        limit: u32,
    },
    /// Drawn places in their order, a part of them.
    Drawn {
        /// The event.
        event: String,
        /// How many are left out.
        skip: u32,
    },
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum QueueAnswer {
    /// A waiting room, if there is one.
    Room(Option<Box<RoomView>>),
    /// Somebody's place, if there is one.
    Place(Option<PlaceView>),
    /// Who has come, and the room.
    Entries(Box<RoomView>, Vec<Entry>),
    /// Drawn places.
    Drawn(Vec<Drawn>),
}
