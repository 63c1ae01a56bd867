//! The disk of the data folder: below a first mark of free space it is warned of, below a second one no more is written
//! until there is space again.

use crate::metrics::Metrics;
use crate::node::Node;
use crate::settings::Settings;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::runner::StopReason;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;
use utoipa::ToSchema;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How much room there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Room {
    /// Enough.
    #[default]
    Enough,
    /// Less than `--disk-warn`.
    Little,
    /// Less than `--disk-refuse`: nothing is written.
    None,
}

/// What a file system has, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What this process may still write.
    pub free: u64,
    /// What is used and free together, without what is reserved for root.
    pub total: u64,
}

impl Space {
    /// What the file system of a folder has.
    ///
    /// # Errors
    /// Where it does not say.
    pub fn of(folder: &Path) -> std::io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        let used = found.f_blocks.saturating_sub(found.f_bfree);
        Ok(Self { free: bytes(found.f_bavail), total: bytes(used.saturating_add(found.f_bavail)) })
    }

    fn is_below(self, percent: u32) -> bool {
        u128::from(self.free) * 100 < u128::from(self.total) * u128::from(percent)
    }
}

/// The disk of a data folder, with its marks.
pub struct Disk {
    folder: PathBuf,
    warn: u32,
    refuse: u32,
    room: AtomicU8,
    /// Something may have failed for want of space since that was last mended.
    failed: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Disk {
    /// The disk of the data folder of these settings, looked at once.
    #[must_use]
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Self {
        let (warn, refuse) = (settings.disk_warn, settings.disk_refuse);
        let disk = Self {
            folder: settings.data.clone(),
            warn,
            refuse,
            room: AtomicU8::new(0),
            failed: AtomicBool::new(false),
            metrics,
        };
        disk.look();
        disk
    }

    /// Looks how much room there is now. A file system that does not say leaves it as it was.
    pub fn look(&self) -> Room {
        let Ok(space) = Space::of(&self.folder) else { return self.room() };
        let room = self.judge(space);
        if room == Room::None {
            self.failed.store(true, Ordering::Release);
        }
        let before = self.room.swap(room as u8, Ordering::AcqRel);
        self.metrics.disk_free.set(i64::try_from(space.free).unwrap_or(i64::MAX));
        self.metrics.disk_room.set(room as i64);
        if before != room as u8 {
            self.say(room, space);
        }
        room
    }

    /// Hears that something could not be written, and why.
    pub fn note_failure(&self, reason: &str) {
        if reason.contains("No space left") {
            self.failed.store(true, Ordering::Release);
        }
        self.look();
    }

    /// How much room there was at the last look.
    #[must_use]
    pub fn room(&self) -> Room {
        match self.room.load(Ordering::Acquire) {
            0 => Room::Enough,
            1 => Room::Little,
            _ => Room::None,
        }
    }

    /// True while nothing must be written.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.room() == Room::None
    }

    /// Lets a write pass, before it comes near the log.
    ///
    /// # Errors
    /// 507 `disk_full`.
    pub fn check(&self) -> Result<(), Problem> {
        if !self.is_full() {
            return Ok(());
        }
        let detail = format!(
            "the disk of the data folder has less than {} % free: nothing is written until there is space again",
            self.refuse
        );
        Err(Problem { retry_after: Some(LOOK_EVERY.as_secs()), ..Problem::new(507, "disk_full", detail) })
    }

    fn judge(&self, space: Space) -> Room {
        match space {
            _ if space.is_below(self.refuse) => Room::None,
            _ if space.is_below(self.warn) => Room::Little,
            _ => Room::Enough,
        }
    }

    fn say(&self, room: Room, space: Space) {
        let Space { free, total } = space;
        match room {
            Room::Enough => tracing::info!(free, total, "the disk of the data folder has enough space again"),
            Room::Little => {
                tracing::warn!(free, total, "the disk of the data folder has less than {} % free", self.warn);
            }
            Room::None => tracing::error!(
                free,
                total,
                "the disk of the data folder has less than {} % free: writes are refused",
                self.refuse
            ),
        }
    }
}

/// Looks at the disk for as long as the program runs.
pub async fn watch(node: Arc<Node>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let disk = &node.around.disk;
        if disk.look() < Room::None && disk.failed.swap(false, Ordering::AcqRel) {
            let node = node.clone();
            let mended = tokio::task::spawn_blocking(move || mend(&node)).await;
            if mended.is_err() {
                tracing::error!("opening what had stopped on a full disk failed");
            }
        }
    }
}

/// Opens the partitions again that a full disk has stopped: what their views lack is in the log.
fn mend(node: &Node) {
    for slot in node.slots.all() {
        if !slot.look(|live| matches!(live.stopped(), Some(StopReason::Unwritable(_)))) {
            continue;
        }
        match node.place(slot.def, slot.partition) {
            Ok(place) => {
                tracing::info!("{}/{} is opened again", slot.def.name, slot.partition);
                slot.reopen(place);
            }
            Err(error) => tracing::error!("{}/{} is not opened again: {error}", slot.def.name, slot.partition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(args: &[&str]) -> Disk {
        let args = ["millrace", "serve", "--data", "/"].iter().chain(args).copied();
        let settings = crate::cli::parse_from(args).unwrap().1;
        Disk::new(&settings, Arc::new(Metrics::new()))
    }

    #[test]
    fn the_marks_are_shares_of_what_can_be_used() {
        for (args, free, room) in [
            (&[][..], 150, Room::Enough),
            (&[], 149, Room::Little),
            (&[], 50, Room::Little),
            (&[], 49, Room::None),
            (&["--disk-warn", "60", "--disk-refuse", "50"], 599, Room::Little),
            (&["--disk-warn", "60", "--disk-refuse", "50"], 499, Room::None),
            (&["--disk-warn", "0", "--disk-refuse", "0"], 0, Room::Enough),
        ] {
            assert_eq!(disk(args).judge(Space { free, total: 1000 }), room, "{args:?} {free}");
        }
    }

    #[test]
    fn a_write_is_refused_only_on_a_full_disk() {
        let full = disk(&["--disk-warn", "100", "--disk-refuse", "100"]);
        let problem = full.check().unwrap_err();
        assert_eq!((problem.status, problem.code.as_str(), problem.retry_after), (507, "disk_full", Some(1)));
        assert_eq!(disk(&["--disk-refuse", "0"]).check(), Ok(()));
    }
}
