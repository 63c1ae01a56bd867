//! Dead letters: reading them back from the `.dead` topics, and what an operator may do about them.

use crate::control;
use crate::node::{Node, machines};
use millrace_topics::log::{Log, LogError, LogRecord, NewRecord};
use millrace_topics::position::Position;
use millrace_topics::record::Record;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many records are read at once.
const READ: usize = 1024;

/// A record that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Letter {
    /// Where the record stands on its own topic.
    pub position: String,
    /// Why it could not be applied.
    pub reason: String,
    /// When it was appended.
    pub time: String,
    /// Its routing key, as text.
    pub key: String,
    /// Its value, as text where it is text.
    pub value: String,
    /// Its value in hex.
    pub value_hex: String,
}

/// The dead letters of one machine or of all, each position once.
///
/// # Errors
/// The log's.
pub fn list(log: &Log, machine: Option<&str>) -> Result<Vec<Letter>, LogError> {
    let mut letters: Vec<Letter> = Vec::new();
    for def in machines().into_iter().filter(|def| machine.is_none_or(|name| name == def.name)) {
        let topic = format!("{}.dead", def.name);
        let partitions = log.topics()?.iter().find(|info| info.name == topic).map_or(0, |info| info.partitions);
        for partition in 0..partitions {
            // A letter that was published again after a crash has the same position.
            letters.extend(read_all(log, &topic, partition)?.iter().map(letter));
        }
    }
    letters.sort_by(|a, b| a.position.cmp(&b.position));
    letters.dedup_by(|a, b| a.position == b.position);
    Ok(letters)
}

/// The dead letter of a position.
///
/// # Errors
/// The log's.
pub fn show(log: &Log, position: &Position) -> Result<Option<Letter>, LogError> {
    let place = position.to_string();
    Ok(list(log, Some(&position.machine))?.into_iter().find(|letter| letter.position == place))
}

/// Appends a dead letter's record to its topic again; returns where it stands now.
///
/// # Errors
/// A sentence.
pub fn redrive(log: &Log, position: &Position) -> Result<Position, String> {
    let chunk =
        log.read(&position.machine, position.partition, position.offset, 1).map_err(|error| error.to_string())?;
    let record = chunk.records.into_iter().next().filter(|record| record.offset == position.offset);
    let record = record.ok_or_else(|| format!("the log has no record at {position}"))?;
    let value = without_provenance(&record, position.partition);
    let LogRecord { key, headers, .. } = record;
    let new = NewRecord { key, value, headers, time: None };
    let offset =
        log.append_wait(&position.machine, position.partition, vec![new]).map_err(|error| error.to_string())?;
    Ok(Position { offset, ..position.clone() })
}

/// A record between machines counted as received when it died: under its old number it would be dropped.
fn without_provenance(record: &LogRecord, partition: u32) -> Vec<u8> {
    match Record::read(record, partition) {
        Ok(mut read) if read.header.provenance.is_some() => {
            read.header.provenance = None;
            read.encode()
        }
        _ => record.value.clone(),
    }
}

/// Passes a record over on every node and in every replay, and lets this node's partition go on.
///
/// # Errors
/// A sentence.
pub fn skip(node: &Node, position: &Position) -> Result<(), String> {
    let text = |error: LogError| error.to_string();
    let def = machines().into_iter().find(|def| def.name == position.machine);
    let def = def.ok_or_else(|| format!("there is no machine {}", position.machine))?;
    let end = node.log.end(def.name, position.partition).map_err(text)?;
    if position.offset >= end {
        return Err(format!("{position} is beyond the end of the log"));
    }
    if let Some(slot) = node.slot(def.name, position.partition)
        && slot.look(|live| live.part.as_ref().is_ok_and(|part| part.core().meta.next > position.offset))
    {
        return Err(format!("{position} is applied already: what it did cannot be skipped any more"));
    }
    control::skip(&node.log, position).map_err(text)?;
    if let Some(slot) = node.slot(def.name, position.partition) {
        slot.reopen(node.place(def, position.partition).map_err(text)?);
    }
    Ok(())
}

fn read_all(log: &Log, topic: &str, partition: u32) -> Result<Vec<LogRecord>, LogError> {
    let mut all = Vec::new();
    let mut from = log.start(topic, partition)?;
    loop {
        let chunk = log.read(topic, partition, from, READ)?;
        all.extend(chunk.records);
        if chunk.at_end {
            return Ok(all);
        }
        from = chunk.next;
    }
}

fn letter(record: &LogRecord) -> Letter {
    let header = |name: &str| {
        let found = record.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    Letter {
        position: header("millrace-position"),
        reason: header("millrace-reason"),
        time: header("millrace-time"),
        key: String::from_utf8_lossy(&record.key).into_owned(),
        value: String::from_utf8_lossy(&record.value).into_owned(),
        value_hex: hex(&record.value),
    }
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
