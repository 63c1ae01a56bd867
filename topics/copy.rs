//! Copying a log into another one, record for record: offsets, times, keys, values, headers.

use crate::log::{AppendError, Log, LogError, LogRecord, NewRecord, TopicInfo};

/// Records that are read at a time.
const READ: usize = 500;
/// Bytes that are appended at a time, more for a record that is larger.
const APPEND_BYTES: usize = 1 << 20;

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The topic that is being copied.
    pub topic: &'a str,
    /// The partition.
    pub partition: u32,
    /// The offset up to which the partition is copied.
    pub copied: u64,
    /// The offset up to which there is something to copy.
    pub end: u64,
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Topics, including those that had no record.
    pub topics: usize,
    /// Records that this call copied; those of an interrupted one before are not counted.
    pub records: u64,
}

/// Why a log was not copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// These two logs cannot be copied so that offsets stay; nothing was written to this topic.
    #[error("topic {topic}, partition {partition}, cannot be copied: {reason}")]
    Refused {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// What is in the way.
        reason: String,
    },
    /// The source or the target failed. The same copy can be started again and goes on.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The target did not take a record. The same copy can be started again and goes on.
    #[error("{topic}/{partition}: {error}")]
    Append {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// What the target said.
        error: AppendError,
    },
}

/// One partition of the source.
#[derive(Clone)]
struct Part<'a> {
    topic: &'a str,
    partition: u32,
}

impl Part<'_> {
    fn refuse(&self, reason: impl Into<String>) -> CopyError {
        CopyError::Refused { topic: self.topic.to_owned(), partition: self.partition, reason: reason.into() }
    }
}

/// Copies every topic of `from` into `to`, where each must be missing, empty, or left by an interrupted copy of the
/// same log. Nobody else may write to either log meanwhile. On Kafka the copied topics are usable only when all of
/// them are complete.
///
/// `progress` is called after every batch.
///
/// # Errors
/// [`CopyError::Refused`] names the topic and partition where offsets or times could not stay: one whose beginning was
/// trimmed, one with holes, a target with other records or another partition count. All topics are checked before the
/// first record is written. After any other error the same call goes on where it stopped.
pub fn copy(from: &Log, to: &Log, progress: &mut dyn FnMut(&Progress<'_>)) -> Result<Copied, CopyError> {
    let topics = from.topics()?;
    let mut work = Vec::new();
    for info in &topics {
        check_start(from, info)?;
    }
    for info in &topics {
        let open = prepare(to, info)?;
        for partition in 0..info.partitions {
            let part = Part { topic: &info.name, partition };
            let (at, end) = resume(from, to, &part, open)?;
            work.push((part, at, end));
        }
    }
    let mut copied = Copied { topics: topics.len(), records: 0 };
    for (part, at, end) in &work {
        copied.records += copy_part(from, to, part, *at, *end, progress)?;
    }
    if let Log::Kafka(kafka) = to {
        topics.iter().try_for_each(|info| kafka.finish_copy(&info.name))?;
    }
    Ok(copied)
}

/// No log can be made to begin above 0: its offsets would all be lower in the copy.
fn check_start(from: &Log, info: &TopicInfo) -> Result<(), CopyError> {
    for partition in 0..info.partitions {
        let start = from.start(&info.name, partition)?;
        if start > 0 {
            let part = Part { topic: &info.name, partition };
            return Err(part.refuse(format!("it was trimmed and starts at {start}; in a copy it would start at 0")));
        }
    }
    Ok(())
}

/// Makes the topic in the target. False if it stamps records with times of its own.
fn prepare(to: &Log, info: &TopicInfo) -> Result<bool, CopyError> {
    if let Log::Kafka(kafka) = to {
        return Ok(kafka.create_for_copy(&info.name, info.partitions)?);
    }
    to.create(&info.name, info.partitions)?;
    Ok(true)
}

/// Where to go on in a partition, and where it ends.
fn resume(from: &Log, to: &Log, part: &Part<'_>, open: bool) -> Result<(u64, u64), CopyError> {
    let Part { topic, partition } = *part;
    let (end, at) = (from.end(topic, partition)?, to.end(topic, partition)?);
    if to.start(topic, partition)? > 0 {
        return Err(part.refuse("the target was trimmed"));
    }
    if at > end {
        return Err(part.refuse(format!("the target has {at} records, more than the {end} of the source")));
    }
    if at > 0 && record_at(from, part, at - 1)? != record_at(to, part, at - 1)? {
        return Err(part.refuse(format!("the target is not empty, and its record {} is another one", at - 1)));
    }
    if at < end && !open {
        return Err(part.refuse(format!("the target is in use: it has {at} of {end} records and sets times itself")));
    }
    Ok((at, end))
}

fn record_at(log: &Log, part: &Part<'_>, offset: u64) -> Result<Option<LogRecord>, CopyError> {
    let found = log.read(part.topic, part.partition, offset, 1)?.records.pop();
    Ok(found.filter(|record| record.offset == offset))
}

/// Copies a partition and returns the number of records.
fn copy_part(
    from: &Log,
    to: &Log,
    part: &Part<'_>,
    start: u64,
    end: u64,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<u64, CopyError> {
    let Part { topic, partition } = *part;
    let mut at = start;
    while at < end {
        let chunk = from.read(topic, partition, at, READ)?;
        if chunk.records.is_empty() {
            return Err(part.refuse(format!("the source has no record from {at} up to its end {end}")));
        }
        for batch in batches(chunk.records) {
            let first = at;
            at = check_dense(part, at, &batch)?;
            append(to, part, first, batch)?;
            progress(&Progress { topic, partition, copied: at, end });
        }
    }
    Ok(at - start)
}

/// The offset behind the batch, if it has every offset from `at` on.
fn check_dense(part: &Part<'_>, at: u64, batch: &[LogRecord]) -> Result<u64, CopyError> {
    let mut next = at;
    for record in batch {
        if record.offset != next {
            let reason = format!("the source has a hole before offset {}; a copy would close it", record.offset);
            return Err(part.refuse(reason));
        }
        next += 1;
    }
    Ok(next)
}

fn batches(records: Vec<LogRecord>) -> Vec<Vec<LogRecord>> {
    let mut all: Vec<Vec<LogRecord>> = Vec::new();
    let mut room = 0;
    for record in records {
        let size = record.key.len() + record.value.len();
        if size > room || all.is_empty() {
            all.push(Vec::new());
            room = APPEND_BYTES;
        }
        room = room.saturating_sub(size);
        all.last_mut().expect("one was pushed").push(record);
    }
    all
}

fn append(to: &Log, part: &Part<'_>, first: u64, batch: Vec<LogRecord>) -> Result<(), CopyError> {
    let renew = |LogRecord { time, key, value, headers, .. }| NewRecord { key, value, headers, time: Some(time) };
    let records = batch.into_iter().map(renew).collect();
    let appended = to.append_wait(part.topic, part.partition, records);
    let at = appended.map_err(|error| CopyError::Append {
        topic: part.topic.to_owned(),
        partition: part.partition,
        error,
    })?;
    if at == first {
        return Ok(());
    }
    Err(part.refuse(format!("somebody else writes to the target: offset {at} was given instead of {first}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryLog;
    use crate::time::Time;
    use std::sync::Arc;

    fn filled(records: u64) -> Log {
        let memory = Arc::new(MemoryLog::new());
        let log = Log::Memory(memory.clone());
        log.create("orders", 2).unwrap();
        log.create("empty", 1).unwrap();
        for n in 0..records {
            memory.set_clock(Time(1000 + n));
            let record = NewRecord {
                key: format!("k{n}").into_bytes(),
                value: vec![7; 100],
                headers: vec![("n".to_owned(), n.to_string().into_bytes())],
                time: None,
            };
            log.append_wait("orders", 1, vec![record]).unwrap();
        }
        log
    }

    fn all(log: &Log) -> Vec<LogRecord> {
        log.read("orders", 1, 0, usize::MAX).unwrap().records
    }

    fn copy_quietly(from: &Log, to: &Log) -> Result<Copied, CopyError> {
        copy(from, to, &mut |_| {})
    }

    fn refusal(from: &Log, to: &Log) -> String {
        copy_quietly(from, to).unwrap_err().to_string()
    }

    #[test]
    fn a_copy_is_equal_and_reports_how_far_it_is() {
        let (from, to) = (filled(1234), filled(0));
        let mut seen = Vec::new();
        let copied = copy(&from, &to, &mut |progress| seen.push((progress.copied, progress.end))).unwrap();
        assert_eq!(copied, Copied { topics: 2, records: 1234 });
        assert_eq!(all(&from), all(&to));
        assert_eq!(seen.last(), Some(&(1234, 1234)));
        assert!(seen.is_sorted());
    }

    #[test]
    fn an_interrupted_copy_goes_on() {
        let (from, to) = (filled(1234), filled(700));
        assert_eq!(copy_quietly(&from, &to).unwrap().records, 534);
        assert_eq!(all(&from), all(&to));
        assert_eq!(copy_quietly(&from, &to).unwrap().records, 0);
    }

    #[test]
    fn what_cannot_be_equal_is_refused_by_name_and_before_the_first_record() {
        let from = filled(10);
        assert!(refusal(&from, &filled(11)).contains("topic orders, partition 1"));

        let other = filled(9);
        other.append_wait("orders", 1, vec![NewRecord::default()]).unwrap();
        assert!(refusal(&from, &other).contains("its record 9 is another one"));

        let narrow = Log::Memory(Arc::new(MemoryLog::new()));
        narrow.create("orders", 1).unwrap();
        assert!(refusal(&from, &narrow).contains("it has 1 partitions, 2 are asked for"));

        let target = filled(0);
        from.trim("orders", 1, 4).unwrap();
        assert!(refusal(&from, &target).contains("it was trimmed and starts at 4"));
        assert_eq!(all(&target), []);
    }
}
