//! Looking at the log: its topics and its records, as people read them.

use crate::letters::hex;
use crate::node::machines;
use millrace_topics::log::{Log, LogError, LogRecord};
use millrace_topics::record::{Payload, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// One partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopicLine {
    /// The topic.
    pub topic: String,
    /// The id that the log gave it.
    pub id: String,
    /// The partition.
    pub partition: u32,
    /// The first offset that is kept.
    pub start: u64,
    /// The offset that the next record gets.
    pub end: u64,
}

/// Every partition of every topic.
///
/// # Errors
/// The log's.
pub fn topics(log: &Log) -> Result<Vec<TopicLine>, LogError> {
    let mut lines = Vec::new();
    for info in log.topics()? {
        for partition in 0..info.partitions {
            let (start, end) = (log.start(&info.name, partition)?, log.end(&info.name, partition)?);
            lines.push(TopicLine { topic: info.name.clone(), id: info.id.clone(), partition, start, end });
        }
    }
    Ok(lines)
}

/// Records of one partition as JSON, from an offset on, or the last ones.
///
/// # Errors
/// The log's.
pub fn records(log: &Log, topic: &str, partition: u32, from: Option<u64>, count: u64) -> Result<Vec<Value>, LogError> {
    let (start, end) = (log.start(topic, partition)?, log.end(topic, partition)?);
    let from = from.unwrap_or_else(|| end.saturating_sub(count).max(start));
    let max = usize::try_from(count).unwrap_or(usize::MAX);
    let chunk = log.read(topic, partition, from, max)?;
    Ok(chunk.records.iter().map(|record| show(topic, partition, record)).collect())
}

/// A record as JSON: what it says, or why it cannot be read.
#[must_use]
pub fn show(topic: &str, partition: u32, record: &LogRecord) -> Value {
    let says = match machines().into_iter().find(|def| def.name == topic) {
        // Who looks at the log is not shown what opens it.
        None if topic == crate::vault::TOPIC => json!({ "bytes": record.value.len() }),
        None => serde_json::from_slice(&record.value).unwrap_or_else(|_| json!({ "hex": hex(&record.value) })),
        Some(def) => match Record::read(record, partition) {
            Err(error) => json!({ "unreadable": error.to_string(), "hex": hex(&record.value) }),
            Ok(read) => match &read.payload {
                Payload::Command(_) | Payload::Json(_) => (def.show_command)(&read)
                    .unwrap_or_else(|error| json!({ "unreadable": error.to_string(), "hex": hex(&record.value) })),
                Payload::Tick => json!({ "type": "tick" }),
                Payload::Switch(rules) => json!({ "type": "switch", "rules": rules }),
                Payload::Sent { machine, partition, up_to } => {
                    json!({ "type": "sent", "to": format!("{machine}/{partition}"), "up_to": up_to })
                }
            },
        },
    };
    json!({
        "position": format!("{topic}/{partition}@{}", record.offset),
        "time": record.time,
        "key": String::from_utf8_lossy(&record.key),
        "says": says,
    })
}
