//! Health: whether the process lives, and whether its views have caught up with the log, with progress until then.

use crate::disk::Room;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use millrace_processors::runtime::problem::Problem;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// How far this node is. The workers write it, `/health/ready` reads it.
#[derive(Default)]
pub struct Readiness {
    state: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    ready: bool,
    disk: Room,
    partitions: BTreeMap<(String, u32), (u64, u64)>,
}

/// What `/health/ready` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// True if requests are served.
    pub ready: bool,
    /// Offsets applied, summed over the partitions.
    pub applied: u64,
    /// Offsets that the log has, summed over the partitions.
    pub end: u64,
    /// How much room the disk of the data folder has; with `none` writes are refused, and reads go on.
    pub disk: Room,
    /// Each partition.
    pub partitions: Vec<PartitionProgress>,
}

/// How far one partition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartitionProgress {
    /// The machine.
    pub machine: String,
    /// The partition.
    pub partition: u32,
    /// The next offset that the view applies.
    pub applied: u64,
    /// The end of the log, as last seen.
    pub end: u64,
}

impl Readiness {
    /// Notes how far a partition is: the next offset to apply, and the log's end as last seen.
    pub fn progress(&self, machine: &str, partition: u32, applied: u64, end: u64) {
        self.state.lock().partitions.insert((machine.to_owned(), partition), (applied, end));
    }

    /// A partition is not on this node any more.
    pub fn forget(&self, machine: &str, partition: u32) {
        self.state.lock().partitions.remove(&(machine.to_owned(), partition));
    }

    /// Says whether requests are served: true once every partition was told that it is at the end of its log, false
    /// again when the server stops. It is said, not computed: offsets have holes.
    pub fn set_ready(&self, ready: bool) {
        self.state.lock().ready = ready;
    }

    /// Notes how much room the disk has.
    pub fn set_disk(&self, room: Room) {
        self.state.lock().disk = room;
    }

    /// What was noted.
    #[must_use]
    pub fn show(&self) -> Progress {
        let state = self.state.lock();
        let partitions: Vec<_> = state
            .partitions
            .iter()
            .map(|((machine, partition), &(applied, end))| PartitionProgress {
                machine: machine.clone(),
                partition: *partition,
                applied,
                end,
            })
            .collect();
        let sum = |of: fn(&PartitionProgress) -> u64| partitions.iter().map(of).sum();
        let (applied, end) = (sum(|one| one.applied), sum(|one| one.end));
        Progress { ready: state.ready, applied, end, disk: state.disk, partitions }
    }
}

/// The process lives.
#[utoipa::path(get, path = "/health/live", tag = "health", responses(
    (status = 200, description = "The process lives", body = String)
))]
pub async fn live() -> &'static str {
    "live\n"
}

/// The views have caught up and requests are served; else 503 with the progress.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "Requests are served", body = Progress),
    (status = 503, description = "Not yet: `not_ready`, with the progress")
))]
pub async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let progress = readiness.show();
    if progress.ready {
        return axum::Json(progress).into_response();
    }
    let detail = format!("{} of {} records are applied", progress.applied, progress.end);
    let partitions = serde_json::to_value(&progress.partitions).expect("numbers and names are plain data");
    Problem::unavailable("not_ready", detail, 1)
        .with("ready", false)
        .with("applied", progress.applied)
        .with("end", progress.end)
        .with("partitions", partitions)
        .into_response()
}
