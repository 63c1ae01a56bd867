//! Keys of addresses on Kafka: a topic of one partition that all nodes read, and that has nothing but what the keys are
//! now. Whoever changes them appends all of them anew, behind those that it has read, and drops what stands before. Where
//! two nodes do so at once the second one in the topic counts for nothing, and is done again.

use super::Days;
use millrace_processors::runtime::vault::DayKeys;
use millrace_topics::codec;
use millrace_topics::log::{Log, LogError, NewRecord};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The topic's name.
pub const TOPIC: &str = "millrace.addresses";

/// The format that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Bytes of keys in a record. Kafka takes records of 1 MB.
const PART: usize = 512 * 1024;

/// Records that are read at a time.
const CHUNK: usize = 16;

/// For how long a change is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands in a record: its format, and the fields of a [`Part`].
type Stored = (u32, Option<u64>, u32, Vec<u8>);

/// A part of what the keys were. All parts are appended together.
struct Part {
    /// Where those stand that they have come from.
    after: Option<u64>,
    /// How many parts come behind it.
    left: u32,
    bytes: Vec<u8>,
}

/// What the topic says.
#[derive(Default)]
struct Found {
    start: u64,
    end: u64,
    days: Days,
    /// Where those that counted stand, the present ones last.
    counted: Vec<u64>,
    /// True if some behind them count for nothing.
    has_others: bool,
}

/// The topic.
pub(super) struct Topic {
    log: Log,
}

impl Topic {
    /// The topic in this log, which has it already.
    pub(super) fn new(log: Log) -> Self {
        Self { log }
    }

    /// Changes the keys, unless `edit` says that there is nothing to change, and returns what they are then.
    pub(super) fn change(&self, edit: &dyn Fn(&mut Days) -> bool) -> io::Result<Days> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let found = self.read()?;
            let (mut days, latest) = (found.days, found.counted.last().copied());
            let is_other = edit(&mut days);
            if !is_other && !found.has_others {
                // Who wrote them may have been stopped before the rest was dropped.
                self.drop_before(latest.unwrap_or(found.start))?;
                return Ok(days);
            }
            let at = self.append(latest, &days)?;
            let found = self.read_up_to(at, deadline)?;
            if found.counted.contains(&at) {
                self.drop_before(at)?;
                return Ok(days);
            }
            if found.start > at {
                return Err(io::Error::other("another node changes them; it is not known whether this change counted"));
            }
        }
        Err(io::Error::other("other nodes change them all the time"))
    }

    fn append(&self, after: Option<u64>, days: &Days) -> io::Result<u64> {
        let all: Vec<DayKeys> = days.values().map(|keys| DayKeys::clone(keys)).collect();
        let bytes = codec::encode(&all);
        let parts = bytes.chunks(PART).rev().zip(0..).map(|(bytes, left)| {
            let stored: Stored = (FORMAT, after, left, bytes.to_vec());
            NewRecord { value: codec::encode(&stored), ..NewRecord::default() }
        });
        let mut records: Vec<_> = parts.collect();
        records.reverse();
        self.log.append_wait(TOPIC, 0, records).map_err(io::Error::other)
    }

    fn read(&self) -> io::Result<Found> {
        let start = self.log.start(TOPIC, 0).map_err(io::Error::other)?;
        let mut found = Found { start, end: start, ..Found::default() };
        let mut parts: Vec<(u64, Part)> = Vec::new();
        loop {
            let chunk = match self.log.read(TOPIC, 0, found.end, CHUNK) {
                // Another node has dropped it meanwhile.
                Err(LogError::OutOfRange { start, .. }) if start > found.start => return self.read(),
                chunk => chunk.map_err(io::Error::other)?,
            };
            for record in chunk.records {
                let part = part(&record.value).map_err(|why| bad(record.offset, &why))?;
                let is_last = part.left == 0;
                parts.push((record.offset, part));
                if is_last {
                    found.take(std::mem::take(&mut parts))?;
                }
            }
            found.end = chunk.next;
            if chunk.at_end {
                return Ok(found);
            }
        }
    }

    /// Reads until what was appended there is seen.
    fn read_up_to(&self, at: u64, deadline: Instant) -> io::Result<Found> {
        loop {
            let found = self.read()?;
            if found.end > at {
                return Ok(found);
            }
            if Instant::now() >= deadline {
                return Err(io::Error::other(format!("{TOPIC} does not show what was appended to it")));
            }
        }
    }

    fn drop_before(&self, before: u64) -> io::Result<()> {
        self.log.trim(TOPIC, 0, before).map_err(io::Error::other)
    }
}

impl Found {
    fn take(&mut self, parts: Vec<(u64, Part)>) -> io::Result<()> {
        let (at, after) = parts.first().map(|(at, part)| (*at, part.after)).expect("the last part is one");
        let latest = self.counted.last().copied();
        // Before the first one stands nothing, or it was dropped by whoever wrote the first.
        if latest.is_some() && latest != after {
            self.has_others = true;
            return Ok(());
        }
        let bytes: Vec<u8> = parts.into_iter().flat_map(|(_, part)| part.bytes).collect();
        let all: Vec<DayKeys> = codec::decode(&bytes).map_err(|error| bad(at, &error.to_string()))?;
        self.days = all.into_iter().map(|keys| (keys.day(), Arc::new(keys))).collect();
        self.counted.push(at);
        self.has_others = false;
        Ok(())
    }
}

fn part(value: &[u8]) -> Result<Part, String> {
    let (format, after, left, bytes): Stored = codec::decode(value).map_err(|error| error.to_string())?;
    if format == FORMAT {
        return Ok(Part { after, left, bytes });
    }
    Err(format!("format {format}, this build reads {FORMAT}"))
}

fn bad(offset: u64, why: &str) -> io::Error {
    io::Error::other(format!("{TOPIC}/0@{offset}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::memory::MemoryLog;
    use std::cell::Cell;

    fn log() -> Log {
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        log.create(TOPIC, 1).unwrap();
        log
    }

    /// Puts in a day's keys.
    fn put(day: u64, filled_with: u8) -> impl Fn(&mut Days) -> bool {
        move |days| {
            let keys = Arc::new(DayKeys::new(day, [filled_with; 32], [filled_with; 16]));
            days.insert(day, keys.clone()) != Some(keys)
        }
    }

    #[test]
    fn a_change_leaves_nothing_of_what_was_before() {
        let log = log();
        let (one, other) = (Topic::new(log.clone()), Topic::new(log.clone()));
        assert!(one.change(&|_| false).unwrap().is_empty());
        one.change(&put(7, 1)).unwrap();
        let both = other.change(&put(8, 2)).unwrap();
        assert_eq!(both.keys().copied().collect::<Vec<_>>(), [7, 8]);
        assert_eq!(one.change(&|_| false).unwrap(), both);
        assert_eq!((log.start(TOPIC, 0).unwrap(), log.end(TOPIC, 0).unwrap()), (1, 2));
        one.change(&|days| days.remove(&7).is_some()).unwrap();
        assert_eq!(other.change(&|_| false).unwrap().len(), 1);
        assert_eq!((log.start(TOPIC, 0).unwrap(), log.end(TOPIC, 0).unwrap()), (2, 3));
    }

    #[test]
    fn of_two_changes_at_once_the_second_is_done_again() {
        let log = log();
        let (one, other) = (Topic::new(log.clone()), Topic::new(log.clone()));
        one.change(&put(7, 1)).unwrap();
        let tries = Cell::new(0);
        let both = one.change(&|days| {
            // Between the read and the append.
            if tries.replace(tries.get() + 1) == 0 {
                other.change(&put(8, 2)).unwrap();
            }
            put(9, 3)(days)
        });
        assert_eq!(tries.get(), 2);
        assert_eq!(both.unwrap().keys().copied().collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(other.change(&|_| false).unwrap().len(), 3);
        assert_eq!(log.end(TOPIC, 0).unwrap() - log.start(TOPIC, 0).unwrap(), 1, "neither the one that lost is left");
    }

    #[test]
    fn what_a_node_that_died_has_left_is_dropped() {
        let log = log();
        let topic = Topic::new(log.clone());
        topic.change(&put(7, 1)).unwrap();
        // It had appended and not dropped; then one that had read what was there before.
        topic.append(Some(0), &Days::new()).unwrap();
        topic.append(Some(0), &topic.read().unwrap().days).unwrap();
        assert!(topic.change(&|_| false).unwrap().is_empty());
        assert_eq!(log.end(TOPIC, 0).unwrap() - log.start(TOPIC, 0).unwrap(), 1);
    }

    #[test]
    fn many_keys_are_many_records_and_what_is_none_is_refused() {
        let log = log();
        let topic = Topic::new(log.clone());
        let many = |days: &mut Days| (0..20_000).all(|day| put(day, 1)(days));
        let days = topic.change(&many).unwrap();
        assert!(log.end(TOPIC, 0).unwrap() > 2);
        assert!(topic.read().unwrap().days == days);
        let record = NewRecord { value: b"keys".to_vec(), ..NewRecord::default() };
        log.append_wait(TOPIC, 0, vec![record]).unwrap();
        let error = topic.change(&|_| false).unwrap_err().to_string();
        assert!(error.starts_with("millrace.addresses/0@"), "{error}");
    }
}
