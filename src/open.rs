//! Opening a partition's state from disk, and checking that it was made from this log.

use crate::slot::Around;
use millrace_processors::runtime::runner::{Place, Processor, StopReason, record_hash};
use millrace_processors::runtime::system::MachineDef;
use millrace_state::store::Store;
use millrace_topics::log::{Log, LogError};
use std::path::Path;

/// Opens the state in a folder and checks that it belongs to this log.
///
/// # Errors
/// Why it cannot be used.
pub fn open_part(
    def: &MachineDef,
    around: &Around,
    folder: &Path,
    place: Place,
) -> Result<Box<dyn Processor>, StopReason> {
    let store = Store::open(&around.env, folder).map_err(|error| StopReason::Damaged(error.to_string()))?;
    let partition = place.partition;
    let part = (def.open)(store, place)?;
    check_tail(&around.log, def.name, partition, part.core().meta.last)?;
    Ok(part)
}

/// The record that the state ends with must be the one that the log has there.
fn check_tail(log: &Log, topic: &str, partition: u32, last: Option<(u64, u64)>) -> Result<(), StopReason> {
    let Some((offset, hash)) = last else { return Ok(()) };
    let foreign = |why: String| StopReason::Foreign(format!("the state of {topic}/{partition} {why}"));
    let unread = |error: LogError| foreign(format!("cannot be checked against its log: {error}"));
    if log.start(topic, partition).map_err(unread)? > offset {
        return Ok(());
    }
    let end = log.end(topic, partition).map_err(unread)?;
    if end <= offset {
        return Err(foreign(format!(
            "holds offset {offset}, but the log ends before {end}: it lost records, or is another"
        )));
    }
    let chunk = log.read(topic, partition, offset, 1).map_err(unread)?;
    match chunk.records.first() {
        Some(record) if record.offset == offset && record_hash(record) == hash => Ok(()),
        Some(record) => Err(foreign(format!(
            "holds a record with hash {hash:016x} at offset {offset}, but the log has {:016x} at {}: it is another log",
            record_hash(record),
            record.offset
        ))),
        None => Err(foreign(format!("holds offset {offset}, which the log does not have"))),
    }
}
