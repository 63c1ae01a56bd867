//! Checkpoints: at times the state of each partition is kept as hard links, in a folder named by its next offset.
//! A rebuild starts from one where the log was trimmed.

use crate::node::Node;
use crate::slot::Slot;
use millrace_state::checkpoint;
use millrace_topics::log::LogError;
use millrace_topics::position::Position;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long a checkpoint waits for a moment in which the state can be written.
const PATIENCE: Duration = Duration::from_secs(10);

/// The folder of a partition's checkpoints.
#[must_use]
pub fn folder(data: &Path, machine: &str, partition: u32) -> PathBuf {
    data.join("checkpoints").join(machine).join(partition.to_string())
}

/// Makes checkpoints at the interval of the settings, for as long as the program runs.
pub async fn make_at_times(node: Arc<Node>) {
    loop {
        tokio::time::sleep(node.settings.checkpoint_interval).await;
        let node = node.clone();
        let made =
            tokio::task::spawn_blocking(move || node.slots.all().iter().for_each(|slot| make_and_thin(&node, slot)));
        if made.await.is_err() {
            tracing::error!("making checkpoints failed");
        }
    }
}

fn make_and_thin(node: &Node, slot: &Slot) {
    let place = format!("{}/{}", slot.def.name, slot.partition);
    match make(node, slot) {
        Ok(made) => tracing::debug!("checkpoint of {place}: {made:?}"),
        Err(error) => tracing::warn!("no checkpoint of {place}: {error}"),
    }
    let folder = folder(&node.settings.data, slot.def.name, slot.partition);
    if let Err(error) = thin(&folder, node.settings.checkpoints_hourly, node.settings.checkpoints_daily) {
        tracing::warn!("old checkpoints of {place} cannot be removed: {error}");
    }
}

/// Keeps the state of a partition as it is now; returns its next offset, `None` if it has never had a record.
///
/// # Errors
/// A sentence.
pub fn make(node: &Node, slot: &Slot) -> Result<Option<u64>, String> {
    let parent = folder(&node.settings.data, slot.def.name, slot.partition);
    slot.look_flushed(PATIENCE, |part| {
        let next = part.core().meta.next;
        let folder = parent.join(next.to_string());
        if next == 0 || folder.exists() {
            return Ok((next > 0).then_some(next));
        }
        checkpoint::create(&part.core().store, &folder).map_err(|error| error.to_string())?;
        Ok(Some(next))
    })?
}

/// Removes what is neither the newest of one of the last hours nor of one of the last days. The newest of all stays.
fn thin(folder: &Path, hourly: u32, daily: u32) -> io::Result<()> {
    let mut made = Vec::new();
    for (_, path) in checkpoint::list(folder) {
        let age = SystemTime::now().duration_since(path.metadata()?.modified()?).unwrap_or_default();
        made.push((age.as_secs(), path));
    }
    made.sort_unstable();
    let ages: Vec<_> = made.iter().map(|(age, _)| *age).collect();
    for index in surplus(&ages, hourly, daily) {
        std::fs::remove_dir_all(&made[index].1)?;
    }
    Ok(())
}

/// Which of these ages in seconds, from the youngest on, are not kept.
fn surplus(ages: &[u64], hourly: u32, daily: u32) -> Vec<usize> {
    let (mut hours, mut days) = (BTreeSet::new(), BTreeSet::new());
    let mut gone = Vec::new();
    for (index, age) in ages.iter().enumerate() {
        let hour = age / HOUR < u64::from(hourly) && hours.insert(age / HOUR);
        let day = age / DAY < u64::from(daily) && days.insert(age / DAY);
        if !hour && !day && index > 0 {
            gone.push(index);
        }
    }
    gone
}

/// Fills an empty folder with the checkpoint from which a log that starts at `start` can be replayed: the oldest one
/// that has everything below. False if there is none.
///
/// # Errors
/// Where the disk cannot be read or written.
pub fn seed(data: &Path, machine: &str, partition: u32, start: u64, into: &Path) -> io::Result<bool> {
    let kept = checkpoint::list(&folder(data, machine, partition)).into_iter();
    let Some((_, from)) = kept.filter(|(next, _)| *next >= start).min() else { return Ok(false) };
    std::fs::create_dir_all(into)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), into.join(entry.file_name()))?;
    }
    Ok(true)
}

/// Drops the records before a position from the log. A checkpoint at it or behind it is made first: from now on
/// verify and replay start there.
///
/// # Errors
/// A sentence.
pub fn trim(node: &Node, position: &Position) -> Result<(), String> {
    let slot = node.slot(&position.machine, position.partition);
    let slot = slot.ok_or_else(|| format!("this node does not hold {}/{}", position.machine, position.partition))?;
    let next = make(node, &slot)?.unwrap_or(0);
    if next < position.offset {
        return Err(format!("{position} is not applied yet: the view stands before {next}"));
    }
    let trimmed = node.log.trim(slot.def.name, slot.partition, position.offset);
    trimmed.map_err(|error: LogError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_hour_and_day_is_kept() {
        let ages = [5, 60, HOUR + 1, HOUR + 9, 3 * HOUR, DAY + 1, DAY + 9, 3 * DAY];
        for (hourly, daily, gone) in [
            (24, 30, &[1, 3, 6][..]),
            (2, 2, &[1, 3, 4, 6, 7]),
            (0, 1, &[1, 2, 3, 4, 5, 6, 7]),
            (0, 0, &[1, 2, 3, 4, 5, 6, 7]),
        ] {
            assert_eq!(surplus(&ages, hourly, daily), gone, "{hourly} hourly, {daily} daily");
        }
    }
}
