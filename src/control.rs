//! The control topic: what every node and every replay reads first. One partition, JSON records.

use millrace_processors::runtime::idempotency::KeyLimits;
use millrace_processors::runtime::runner::Limits;
use millrace_topics::log::{Log, LogError, NewRecord};
use millrace_topics::position::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The topic's name.
pub const TOPIC: &str = "millrace.control";

/// One record of the control topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Control {
    /// The first record: what is fixed for the life of the data.
    Fixed(Fixed),
    /// A record that an operator passes over.
    Skip { position: String },
}

/// What is fixed for the life of the data, because outcomes depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// Partitions of every machine's topic.
    pub partitions: u32,
    /// Milliseconds of log time for which a keyed outcome is kept.
    pub idempotency_window_ms: u64,
    /// How many keyed outcomes a partition keeps.
    pub idempotency_max_keys: u64,
    /// For how many offsets outcomes are kept.
    pub outcomes_kept: u64,
}

impl Fixed {
    /// The limits as the runner takes them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let keys = KeyLimits { window_ms: self.idempotency_window_ms, max_keys: self.idempotency_max_keys };
        Limits { keys, outcomes_kept: self.outcomes_kept }
    }

    fn differences(&self, asked: &Self) -> Vec<String> {
        let pairs = [
            ("partitions", u64::from(self.partitions), u64::from(asked.partitions)),
            ("idempotency-window (ms)", self.idempotency_window_ms, asked.idempotency_window_ms),
            ("idempotency-max-keys", self.idempotency_max_keys, asked.idempotency_max_keys),
            ("outcomes-kept", self.outcomes_kept, asked.outcomes_kept),
        ];
        let differing = pairs.into_iter().filter(|(_, fixed, asked)| fixed != asked);
        differing.map(|(name, fixed, asked)| format!("{name} is {fixed}, not {asked}")).collect()
    }
}

/// Reads the control topic and, on new data, writes what is fixed.
///
/// # Errors
/// The log's, and [`LogError::Settings`] where the data was made with other limits.
pub fn open(log: &Log, asked: Fixed) -> Result<(), LogError> {
    log.create(TOPIC, 1)?;
    let refused = |reason: String| LogError::Settings { topic: TOPIC.to_owned(), reason };
    let fixed = read(log)?.into_iter().find_map(|control| match control {
        Control::Fixed(fixed) => Some(fixed),
        Control::Skip { .. } => None,
    });
    let Some(fixed) = fixed else {
        return append(log, &Control::Fixed(asked));
    };
    let differences = fixed.differences(&asked);
    if differences.is_empty() {
        return Ok(());
    }
    Err(refused(format!("this data was made with other limits, which are fixed: {}", differences.join(", "))))
}

/// What the data was made with; `None` on new data.
///
/// # Errors
/// The log's.
pub fn fixed(log: &Log) -> Result<Option<Fixed>, LogError> {
    if !log.topics()?.iter().any(|topic| topic.name == TOPIC) {
        return Ok(None);
    }
    Ok(read(log)?.into_iter().find_map(|control| match control {
        Control::Fixed(fixed) => Some(fixed),
        Control::Skip { .. } => None,
    }))
}

/// The offsets that an operator passed over in a partition.
///
/// # Errors
/// The log's.
pub fn skips(log: &Log, machine: &str, partition: u32) -> Result<Arc<BTreeSet<u64>>, LogError> {
    let positions = read(log)?.into_iter().filter_map(|control| match control {
        Control::Skip { position } => position.parse::<Position>().ok(),
        Control::Fixed(_) => None,
    });
    let own = positions.filter(|position| position.machine == machine && position.partition == partition);
    Ok(Arc::new(own.map(|position| position.offset).collect()))
}

/// Passes a record over, on every node and in every replay from now on.
///
/// # Errors
/// The log's.
pub fn skip(log: &Log, position: &Position) -> Result<(), LogError> {
    append(log, &Control::Skip { position: position.to_string() })
}

fn append(log: &Log, control: &Control) -> Result<(), LogError> {
    let value = serde_json::to_vec(control).expect("a control record is plain data");
    let record = NewRecord { value, ..NewRecord::default() };
    log.append_wait(TOPIC, 0, vec![record]).map_err(|error| LogError::Unavailable(error.to_string()))?;
    Ok(())
}

fn read(log: &Log) -> Result<Vec<Control>, LogError> {
    let mut all = Vec::new();
    let mut from = log.start(TOPIC, 0)?;
    loop {
        let chunk = log.read(TOPIC, 0, from, 1024)?;
        for record in &chunk.records {
            let control = serde_json::from_slice(&record.value).map_err(|error| {
                LogError::Corrupt(format!("{TOPIC}/0@{} is no control record: {error}", record.offset))
            })?;
            all.push(control);
        }
        if chunk.at_end {
            return Ok(all);
        }
        from = chunk.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::memory::MemoryLog;

    const FIXED: Fixed =
        Fixed { partitions: 8, idempotency_window_ms: 1000, idempotency_max_keys: 9, outcomes_kept: 10 };

    #[test]
    fn what_is_fixed_cannot_be_changed_later() {
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        assert_eq!(fixed(&log), Ok(None));
        assert_eq!(open(&log, FIXED), Ok(()));
        assert_eq!(open(&log, FIXED), Ok(()));
        assert_eq!(fixed(&log), Ok(Some(FIXED)));
        let error = open(&log, Fixed { idempotency_max_keys: 8, ..FIXED }).expect_err("it is fixed").to_string();
        assert!(error.contains("idempotency-max-keys is 9, not 8"), "{error}");
    }

    #[test]
    fn skips_are_read_back() {
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        open(&log, FIXED).expect("it opens");
        skip(&log, &"carts/1@7".parse().expect("a position")).expect("it is appended");
        assert_eq!(*skips(&log, "carts", 1).expect("it is read"), [7].into());
        assert!(skips(&log, "carts", 2).expect("it is read").is_empty());
    }
}
