//! Waiting rooms as JSON.

use millrace_topics::tickets::{Entry, RoomMode, RoomTerms};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many a waiting room lets in a minute, and has in at a time, unless it says otherwise.
const MANY: u32 = 1000;

/// How long somebody may stay in unless a waiting room says otherwise, in seconds.
const SESSION_SECONDS: u32 = 600;

/// A waiting room as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewRoom)]
pub(in crate::tickets) struct NewRoom {
    /// In which order it lets people in.
    mode: RoomMode,
    /// It lets nobody in before; it is open at once unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    opens_at: Option<Time>,
    /// How many it lets in a minute at most: 1000 unless said.
    admit_per_minute: Option<u32>,
    /// How many may be in at a time: 1000 unless said.
    max_active: Option<u32>,
    /// How long somebody may stay in, in seconds: 600 unless said. An order ends a session.
    session_seconds: Option<u32>,
}

impl NewRoom {
    pub(in crate::tickets) fn terms(self, event: String, seed_hash: String) -> RoomTerms {
        RoomTerms {
            event,
            mode: self.mode,
            opens_at: self.opens_at,
            admit_per_minute: self.admit_per_minute.unwrap_or(MANY),
            max_active: self.max_active.unwrap_or(MANY),
            session_seconds: self.session_seconds.unwrap_or(SESSION_SECONDS),
            seed_hash,
            revision: 0,
        }
    }
}

/// Somebody who gets in line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewPlace)]
pub(in crate::tickets) struct NewPlace {
    /// Who: 1 to 256 bytes. Users stand in line for themselves alone.
    pub(in crate::tickets) buyer: String,
}

/// How far somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = tickets::PlaceState)]
#[serde(rename_all = "snake_case")]
pub(in crate::tickets) enum PlaceState {
    /// The room is not open.
    Prequeue,
    /// It is not this one's turn.
    Waiting,
    /// It is: places may be held.
    Admitted,
    /// The session is over, by time, by leaving or by an order.
    Ended,
}

/// Somebody's place in line.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Place)]
pub(in crate::tickets) struct PlaceBody {
    /// Whoever knows this may ask about the place and give it up.
    pub(in crate::tickets) place: String,
    pub(in crate::tickets) event: String,
    pub(in crate::tickets) buyer: String,
    pub(in crate::tickets) state: PlaceState,
    /// Where in the order, from 1; null before a draw.
    pub(in crate::tickets) position: Option<u32>,
    /// How many are to be let in until it is this one's turn, this one included: at most, since some may leave.
    pub(in crate::tickets) ahead: Option<u32>,
    pub(in crate::tickets) estimated_wait_seconds: Option<u64>,
    /// When it is worth asking again.
    pub(in crate::tickets) poll_after_seconds: Option<u64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::tickets) opens_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::tickets) session_ends_at: Option<Time>,
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::tickets) struct WhichEntries {
    /// At most so many: 1 to 1000, 100 unless said.
    pub(in crate::tickets) limit: Option<u32>,
    /// Where an earlier answer goes on.
    pub(in crate::tickets) cursor: Option<String>,
}

/// Who has come, and what the draw was made with.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::QueueEntries)]
pub(in crate::tickets) struct EntriesBody {
    /// The SHA-256 of the seed's hex digits, before the draw and after it.
    pub(in crate::tickets) seed_hash: String,
    /// The seed, once places were drawn with it.
    pub(in crate::tickets) seed: Option<String>,
    /// How many of those who came first were drawn.
    pub(in crate::tickets) drawn: u32,
    pub(in crate::tickets) entries: Vec<Entry>,
    /// Where the list goes on, if it does.
    pub(in crate::tickets) cursor: Option<String>,
}
