//! What a node knows of waiting rooms, so that who asks whether it is their turn costs no partition anything: a copy of a
//! room that is a second old at most, and the drawn order, which never changes. Where a room waits for its seed, the node
//! that finds it so says the seed: it follows from the cluster's secret.

use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use crate::tickets::queue::draw::{hex, rank};
use crate::tickets::queue::{Queue, rooms};
use millrace_topics::position::Positions;
use millrace_topics::tickets::{
    Drawn, QueueAnswer, QueueCommand, QueuePlace, QueueQuery, Rejection, Revealing, RoomMode, RoomStage, RoomView,
};
use millrace_topics::time::Time;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How old a copy may be before it is asked for again, in milliseconds.
pub const FRESH: u64 = 1000;

/// How many rooms are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

/// What a node knows of a waiting room.
pub struct Known {
    /// The room.
    pub room: RoomView,
    /// Where that was read.
    pub positions: Positions,
    /// The drawn order; empty before it is whole.
    order: Arc<Vec<Drawn>>,
    /// When it was asked for last, or is being asked for.
    asked_at: AtomicU64,
}

/// What a node knows of all waiting rooms that it was asked about.
#[derive(Default)]
pub struct Copies(RwLock<BTreeMap<String, Arc<Known>>>);

impl Copies {
    /// What is known of a waiting room, asked for if it is not known or too old.
    ///
    /// # Errors
    /// 404 `unknown_room`, or what went wrong on the way to a room that is not known.
    pub async fn of(&self, door: &Door, event: &str) -> Result<Arc<Known>, Problem> {
        let now = door.now();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(event).cloned();
        let Some(known) = known else { return self.ask(door, event, now, None).await };
        let asked_at = known.asked_at.load(Ordering::Relaxed);
        if now.0.saturating_sub(asked_at) < FRESH {
            return Ok(known);
        }
        // One request asks; the others go on with what is known.
        let is_mine = known.asked_at.compare_exchange(asked_at, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !is_mine {
            return Ok(known);
        }
        Ok(self.ask(door, event, now, Some(&known)).await.unwrap_or(known))
    }

    async fn ask(&self, door: &Door, event: &str, now: Time, old: Option<&Arc<Known>>) -> Result<Arc<Known>, Problem> {
        let (room, positions) = read(door, event).await?;
        if room.stage == RoomStage::AwaitsSeed {
            let revealing = Revealing { event: event.to_owned(), seed: seed(door, event) };
            // Another node may have said it; what went wrong otherwise shows in the room, which goes on waiting.
            let _ = door.submit::<Queue>(&Asked::default(), &QueueCommand::Reveal(revealing)).await;
        }
        let order = match old.filter(|old| old.order.len() == room.drawn as usize) {
            Some(old) => old.order.clone(),
            None if room.stage == RoomStage::Open => Arc::new(read_order(door, event).await?),
            None => Arc::default(),
        };
        let known = Arc::new(Known { room, positions, order, asked_at: AtomicU64::new(now.0) });
        let mut rooms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= REMEMBERED {
            rooms.clear();
        }
        rooms.insert(event.to_owned(), known.clone());
        Ok(known)
    }
}

async fn read(door: &Door, event: &str) -> Result<(RoomView, Positions), Problem> {
    let query = QueueQuery::Room { event: event.to_owned() };
    let Read { answer, positions } = door.ask::<Queue>(&Asked::default(), &query).await?;
    let QueueAnswer::Room(room) = answer else { unreachable!("a room was asked for") };
    let room = room.ok_or_else(|| Problem::refusal(&Rejection::UnknownRoom))?;
    Ok((*room, positions))
}

async fn read_order(door: &Door, event: &str) -> Result<Vec<Drawn>, Problem> {
    let mut order = Vec::new();
    loop {
        let skip = u32::try_from(order.len()).expect("numbers of places are as short");
        let query = QueueQuery::Drawn { event: event.to_owned(), skip };
        match door.ask::<Queue>(&Asked::default(), &query).await?.answer {
            QueueAnswer::Drawn(more) if more.is_empty() => return Ok(order),
            QueueAnswer::Drawn(more) => order.extend(more),
            _ => unreachable!("the drawn order was asked for"),
        }
    }
}

/// The seed of an event's draw, in hex digits.
#[must_use]
pub fn seed(door: &Door, event: &str) -> String {
    hex(&door.sign(&[b"draw of places", event.as_bytes()]))
}

impl Known {
    /// Where a place is in the order, if that is known yet.
    #[must_use]
    pub fn position(&self, place: &QueuePlace) -> Option<u32> {
        let room = &self.room;
        let is_drawn = place.number <= room.drawn;
        match (room.mode, room.stage, &room.seed) {
            (_, RoomStage::Open, Some(seed)) if is_drawn => {
                rooms::position(&self.order, (rank(seed, &place.event, &place.buyer), place.number))
            }
            (RoomMode::Random, stage, _) if stage != RoomStage::Open => None,
            _ => Some(place.number),
        }
    }

    /// How long a place is likely to wait, in seconds: by the rate, or by how fast the line has moved if that is slower.
    #[must_use]
    pub fn wait(&self, ahead: u32, now: Time) -> u64 {
        let (room, ahead) = (&self.room, u64::from(ahead));
        let by_rate = (ahead * 60).div_ceil(u64::from(room.admit_per_minute));
        let Some(opened) = room.opened_at.filter(|_| room.admitted_up_to > 0) else { return by_rate };
        by_rate.max(ahead * (now.since(opened) / 1000) / u64::from(room.admitted_up_to))
    }
}
