//! What clients of seats.io send. Fields that are not named here are ignored.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A hold token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::NewHoldToken)]
pub(super) struct NewHoldToken {
    /// How long it is good: 15 minutes unless said.
    pub(super) expires_in_minutes: Option<u64>,
}

/// An event that is to be made of a chart.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::NewEvent)]
pub(super) struct NewEvent {
    /// The id of an event whose plan it takes.
    pub(super) chart_key: String,
    /// Its id.
    pub(super) event_key: String,
    /// What people call it.
    pub(super) name: Option<String>,
}

/// An object that is to be changed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::ObjectProperties)]
pub(super) struct Object {
    /// Its label.
    pub(super) object_id: String,
    /// What is noted of it.
    pub(super) extra_data: Option<Value>,
    /// What kind of ticket it is.
    pub(super) ticket_type: Option<String>,
    /// How many, of an area: one unless said.
    pub(super) quantity: Option<u32>,
}

/// Which objects are the best.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::BestAvailable)]
pub(super) struct BestAvailable {
    /// How many.
    pub(super) number: u32,
    /// Of this category: one at most.
    #[serde(default)]
    pub(super) categories: Vec<String>,
    /// In this section: one at most.
    #[serde(default)]
    pub(super) sections: Vec<String>,
    /// Not covered.
    pub(super) zone: Option<String>,
    /// How many of them are for wheelchairs.
    pub(super) accessible_seats: Option<u32>,
    /// What is noted of each.
    #[serde(default)]
    pub(super) extra_data: Vec<Value>,
    /// What kind of ticket each is.
    #[serde(default)]
    pub(super) ticket_types: Vec<String>,
}

/// A change of the status of objects.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::StatusChangeRequest)]
pub(super) struct Change {
    /// `RELEASE` or `CHANGE_STATUS_TO`, which is meant unless said.
    pub(super) r#type: Option<String>,
    /// `free`, `reservedByToken` or `booked`.
    pub(super) status: Option<String>,
    /// The events.
    #[serde(default)]
    pub(super) events: Vec<String>,
    /// The event, of one change of several.
    pub(super) event: Option<String>,
    /// The objects.
    #[serde(default)]
    pub(super) objects: Vec<Object>,
    /// Or the best that there are.
    pub(super) best_available: Option<BestAvailable>,
    pub(super) hold_token: Option<String>,
    pub(super) order_id: Option<String>,
    /// True if what is noted of an object stays.
    pub(super) keep_extra_data: Option<bool>,
    /// True if whose seats are does not matter.
    pub(super) ignore_channels: Option<bool>,
    /// Channels out of which seats may be taken, too.
    pub(super) channel_keys: Option<Vec<String>>,
    /// Not covered.
    pub(super) allowed_previous_statuses: Option<Value>,
    /// Not covered.
    pub(super) rejected_previous_statuses: Option<Value>,
    /// Not covered.
    pub(super) resale_listing_id: Option<Value>,
}

/// Changes that are made one after the other.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::StatusChangeRequests)]
pub(super) struct Changes {
    /// The changes.
    pub(super) status_changes: Vec<Change>,
}

/// Which objects.
#[derive(Deserialize)]
pub(super) struct WhichObjects {
    /// Their labels.
    #[serde(default)]
    pub(super) label: Vec<String>,
}

/// Which part of a list.
#[derive(Deserialize)]
pub(super) struct WhichPage {
    pub(super) limit: Option<u32>,
    /// The id that the part before ended with.
    pub(super) start_after_id: Option<u64>,
    /// Not covered.
    pub(super) end_before_id: Option<u64>,
    /// Not covered.
    pub(super) filter: Option<String>,
    /// Not covered, but for `date:desc`.
    pub(super) sort: Option<String>,
}
