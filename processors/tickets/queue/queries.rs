//! What can be asked of a line.

use crate::runtime::system::Partitions;
use crate::tickets::queue::Queue;
use crate::tickets::queue::draw::buyer_hash;
use crate::tickets::queue::rooms::Room;
use crate::tickets::queue::tables::{ENTRIES, EntryRow, PLACES, ROOMS};
use crate::tickets::queue::transition::position;
use millrace_topics::tickets::{Entry, PlaceView, QueueAnswer, QueuePlace, QueueQuery, Rejection};

type View<'a> = crate::runtime::view::View<'a, Queue>;

/// How many drawn places an answer has at most: 12 bytes each.
pub const DRAWN_LIMIT: usize = 50_000;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &QueueQuery) -> Partitions {
    let (QueueQuery::Room { event }
    | QueueQuery::Place(QueuePlace { event, .. })
    | QueueQuery::Entries { event, .. }
    | QueueQuery::Drawn { event, .. }) = query;
    Partitions::One(event.as_bytes().to_vec())
}

/// Answers a query.
///
/// # Errors
/// That the event has no waiting room.
pub fn answer(view: &View<'_>, query: QueueQuery) -> Result<QueueAnswer, Rejection> {
    match query {
        QueueQuery::Room { event } => Ok(QueueAnswer::Room(view.get(ROOMS, &event).map(|row| Box::new(row.show())))),
        QueueQuery::Place(place) => Ok(QueueAnswer::Place(show(view, place))),
        QueueQuery::Entries { event, after, limit } => {
            let room = view.get(ROOMS, &event).ok_or(Rejection::UnknownRoom)?;
            let rows = ENTRIES.under(&(event.clone(),)).beyond(&ENTRIES.raw_key(&(event.clone(), after)));
            let rows = view.scan(ENTRIES, &rows).take(limit as usize);
            let show = |((_, number), EntryRow { buyer, left })| Entry {
                number,
                buyer_hash: buyer_hash(&event, &buyer),
                left,
            };
            Ok(QueueAnswer::Entries(Box::new(room.show()), rows.map(show).collect()))
        }
        QueueQuery::Drawn { event, skip } => {
            let drawn = view.engine.get(&event).map_or(&[][..], |room| &room.drawn);
            let rest = drawn.get(skip as usize..).unwrap_or_default();
            Ok(QueueAnswer::Drawn(rest[..rest.len().min(DRAWN_LIMIT)].to_vec()))
        }
    }
}

fn show(view: &View<'_>, place: QueuePlace) -> Option<PlaceView> {
    let row = view.get(PLACES, &(place.event.clone(), place.buyer.clone()));
    let row = row.filter(|row| row.number == place.number)?;
    let room = view.get(ROOMS, &place.event).expect("a place is one of a room");
    let none = Room::default();
    let memory = view.engine.get(&place.event).unwrap_or(&none);
    Some(PlaceView { position: position(&room, memory, row), place, until: row.until })
}
