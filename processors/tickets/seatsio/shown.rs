//! What clients of seats.io are shown.

use millrace_topics::tickets::{
    AreaView, Cause, HoldState, ListedEvent, OrderState, Ownership, PlaceChange, SeatStatus, SeatView, Seated,
};
use millrace_topics::time::Time;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A hold token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::HoldToken)]
pub(super) struct HoldToken {
    pub(super) hold_token: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Time,
    pub(super) expires_in_seconds: u64,
    /// There is one workspace.
    pub(super) workspace_key: &'static str,
}

/// An event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::Event)]
pub(super) struct EventBody {
    /// When it was published, in milliseconds.
    id: u64,
    key: String,
    name: String,
    /// Its plan is its own.
    chart_key: String,
    table_booking_config: Tables,
    supports_best_available: bool,
    categories: Vec<CategoryBody>,
    #[schema(value_type = String, format = DateTime)]
    created_on: Time,
    is_season: bool,
    is_in_the_past: bool,
}

/// How tables are sold: there are none.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::TableBookingConfig)]
struct Tables {
    mode: &'static str,
}

/// A category.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Category)]
struct CategoryBody {
    key: String,
    label: String,
    color: &'static str,
    accessible: bool,
}

impl EventBody {
    pub(super) fn of(event: ListedEvent) -> Self {
        let category = |id: String| CategoryBody { key: id.clone(), label: id, color: "#808080", accessible: false };
        Self {
            id: event.published_at.0,
            chart_key: event.id.clone(),
            key: event.id,
            name: event.title,
            table_booking_config: Tables { mode: "INHERIT" },
            supports_best_available: event.has_seats,
            categories: event.categories.into_iter().map(category).collect(),
            created_on: event.published_at,
            is_season: false,
            is_in_the_past: false,
        }
    }
}

/// What is noted of an object.
#[derive(Default, serde::Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ticket_type: Option<String>,
}

/// The parts of a label.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Labels)]
struct Labels {
    own: Label,
    parent: Option<Label>,
    section: Option<String>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Label)]
struct Label {
    label: String,
    r#type: &'static str,
}

/// The parts of an id.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Ids)]
struct Ids {
    own: String,
    parent: Option<String>,
    section: Option<String>,
}

/// An object.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::EventObjectInfo)]
pub(super) struct ObjectBody {
    label: String,
    status: &'static str,
    labels: Labels,
    ids: Ids,
    category_key: String,
    category_label: String,
    section: Option<String>,
    object_type: &'static str,
    ticket_type: Option<String>,
    order_id: Option<String>,
    extra_data: Option<Value>,
    for_sale: bool,
    is_available: bool,
    channel: Option<String>,
    is_accessible: bool,
    is_companion_seat: bool,
    has_restricted_view: bool,
    /// How many places of an area are booked.
    num_booked: Option<u32>,
    /// How many are free.
    num_free: Option<u32>,
    /// How many are held.
    num_held: Option<u32>,
    /// How many there are.
    capacity: Option<u32>,
}

/// What seats.io calls a status.
pub(super) fn status(status: SeatStatus) -> &'static str {
    match status {
        SeatStatus::Free => "free",
        SeatStatus::Held => "reservedByToken",
        SeatStatus::Booked => "booked",
    }
}

impl ObjectBody {
    pub(super) fn of(view: SeatView) -> Self {
        let note: Note = view.note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
        let [section, row, seat] = view.parts;
        let label = |label: &str, r#type| Label { label: label.to_owned(), r#type };
        Self {
            label: view.seat,
            status: status(view.status),
            labels: Labels {
                own: label(&seat, "seat"),
                parent: Some(label(&row, "row")),
                section: Some(section.clone()),
            },
            ids: Ids { own: seat, parent: Some(row), section: Some(section.clone()) },
            category_key: view.category.clone(),
            category_label: view.category,
            section: Some(section),
            object_type: "seat",
            ticket_type: note.ticket_type,
            order_id: view.reference,
            extra_data: note.extra_data,
            for_sale: !view.blocked,
            is_available: view.status == SeatStatus::Free && !view.blocked,
            channel: view.channel,
            is_accessible: view.accessible,
            is_companion_seat: view.companion,
            has_restricted_view: view.restricted_view,
            num_booked: None,
            num_free: None,
            num_held: None,
            capacity: None,
        }
    }

    fn of_area(view: AreaView) -> Self {
        let label = |label: &str, r#type| Label { label: label.to_owned(), r#type };
        let id = view.category;
        Self {
            status: self::status(if view.free == Some(0) { SeatStatus::Booked } else { SeatStatus::Free }),
            labels: Labels { own: label(&id, "generalAdmission"), parent: None, section: None },
            ids: Ids { own: id.clone(), parent: None, section: None },
            category_key: id.clone(),
            category_label: id.clone(),
            section: None,
            object_type: "generalAdmission",
            ticket_type: None,
            order_id: None,
            extra_data: None,
            for_sale: true,
            is_available: view.free != Some(0),
            channel: None,
            is_accessible: false,
            is_companion_seat: false,
            has_restricted_view: false,
            num_booked: Some(view.booked),
            num_free: view.free,
            num_held: Some(view.held),
            capacity: view.capacity,
            label: id,
        }
    }

    /// Objects by label.
    pub(super) fn by_label(seats: Vec<SeatView>, areas: Vec<AreaView>) -> BTreeMap<String, Self> {
        let seats = seats.into_iter().map(Self::of);
        seats.chain(areas.into_iter().map(Self::of_area)).map(|object| (object.label.clone(), object)).collect()
    }
}

/// Objects that have changed.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::ChangeObjectStatusResult)]
pub(super) struct Changed {
    /// As they are in the last of the events.
    pub(super) objects: BTreeMap<String, ObjectBody>,
}

impl Changed {
    pub(super) fn of(seated: Seated) -> Self {
        Self { objects: ObjectBody::by_label(seated.seats, seated.areas) }
    }
}

/// What became of several changes.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::ChangeObjectStatusResults)]
pub(super) struct ChangedAll {
    /// One each.
    pub(super) results: Vec<Changed>,
}

/// A part of the list of events, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Events)]
pub(super) struct EventsBody {
    pub(super) items: Vec<EventBody>,
    pub(super) next_page_starts_after: Option<u64>,
}

/// The best objects, which have changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::BestAvailableResult)]
pub(super) struct BestBody {
    pub(super) next_to_each_other: bool,
    pub(super) objects: Vec<String>,
    pub(super) object_details: BTreeMap<String, ObjectBody>,
}

/// A change of an object's status.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::StatusChange)]
pub(super) struct StatusChange {
    pub(super) id: u64,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    date: Time,
    object_label: String,
    /// How many places, of an area.
    quantity: Option<u32>,
    origin: Origin,
    is_present_on_chart: bool,
}

/// Where a change came from.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Origin)]
struct Origin {
    r#type: &'static str,
}

/// A part of a list of changes, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::StatusChanges)]
pub(super) struct StatusChanges {
    pub(super) items: Vec<StatusChange>,
    pub(super) next_page_starts_after: Option<u64>,
}

/// The ids of two changes of an event are at least so far apart: each is of fewer places.
pub(super) const PLACES_OF_CHANGE: u64 = 1024;

/// What became of the places of an event, object by object.
pub(super) fn of_change(change: PlaceChange) -> impl Iterator<Item = StatusChange> {
    let status = match change.cause {
        Cause::Held => SeatStatus::Held,
        Cause::Paid | Cause::Exchanged => SeatStatus::Booked,
        Cause::Released | Cause::Expired | Cause::OrderExpired | Cause::Revoked => SeatStatus::Free,
    };
    let PlaceChange { number, at, seats, areas, .. } = change;
    let labels = seats.into_iter().map(|seat| (seat, None));
    let labels = labels.chain(areas.into_iter().map(|area| (area.category, Some(area.quantity))));
    let of = move |(nth, (object_label, quantity)): (u64, (String, Option<u32>))| StatusChange {
        id: number * PLACES_OF_CHANGE + nth,
        status: self::status(status),
        date: at,
        object_label,
        quantity,
        origin: Origin { r#type: "API_CALL" },
        is_present_on_chart: true,
    };
    let mut all: Vec<StatusChange> = (0..).zip(labels).map(of).collect();
    all.reverse();
    all.into_iter()
}

/// So many changes a hold of a seat has at most: held, booked, free.
pub(super) const CHANGES_OF_HOLD: u64 = 4;

/// What happened to a seat while somebody had it, the newest first.
pub(super) fn changes(seat: &str, owner: &Ownership) -> Vec<StatusChange> {
    let change = |nth: u64, status: SeatStatus, date: Time| StatusChange {
        id: u64::from(owner.hold) * CHANGES_OF_HOLD + nth,
        status: self::status(status),
        date,
        object_label: seat.to_owned(),
        quantity: None,
        origin: Origin { r#type: "API_CALL" },
        is_present_on_chart: true,
    };
    let ended = owner.ended_at;
    let booked = ended.filter(|_| matches!(owner.order_state, Some(OrderState::Paid | OrderState::Cancelled)));
    let free = match (owner.state, owner.order_state) {
        (HoldState::Released | HoldState::Expired, _) => ended,
        (HoldState::Ordered, Some(OrderState::Cancelled | OrderState::Expired)) => owner.order_changed_at,
        _ => None,
    };
    // What was booked without being held was never held.
    let held = Some(owner.held_at).filter(|at| booked != Some(*at));
    let all = [(2, SeatStatus::Free, free), (1, SeatStatus::Booked, booked), (0, SeatStatus::Held, held)];
    all.into_iter().filter_map(|(nth, status, date)| date.map(|date| change(nth, status, date))).collect()
}
