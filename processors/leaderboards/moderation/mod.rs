//! Setting boards right: submissions that are voided, owners who are hidden, shown or erased, and who join.

pub mod routes;

use serde::Serialize;
use utoipa::ToSchema;

/// What became of an owner everywhere. Each partition does it for itself.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::OwnerAnswer)]
pub(super) struct OwnerAnswer {
    /// One for each partition.
    partitions: Vec<PartAnswer>,
}

/// What became of an owner in one partition.
#[derive(Serialize, ToSchema)]
#[schema(as = leaderboards::PartAnswer)]
pub(super) struct PartAnswer {
    /// The partition.
    partition: u32,
    /// 200: it is done; 202: it will be; else it is not, and the same request with the same key tries again.
    status: u16,
    /// Why it is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Where it took effect: `partition@offset`.
    position: Option<String>,
}
