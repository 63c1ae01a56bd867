//! What a partition has said and the log does not have yet: events and dead letters, in order.

use millrace_processors::runtime::reply::{DeadLetter, Output, Said};
use millrace_processors::runtime::system::MachineDef;
use millrace_topics::log::{Log, LogError, LogRecord, NewRecord};
use millrace_topics::position::Position;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many records go into one append.
const BATCH: usize = 2048;

/// Among how many of the newest events the last own one is looked for.
const NEWEST: u64 = 4096;

/// The records that one partition owes to its system's `.events` and its machine's `.dead` topic. They go out in order,
/// one append at a time; a flush waits for those that were said below its offset.
///
/// A few wait for more: an append of its own for each costs the log a write and a sync, which those who wait for an
/// answer need.
pub struct Owed {
    machine: &'static str,
    partition: u32,
    events: String,
    letters: String,
    waiting: VecDeque<Waiting>,
    /// How long a record may wait for others.
    linger: Duration,
    /// Since when the first one does.
    since: Option<Instant>,
    /// The last event that the log has, as offset and ordinal: what is said again up to there is not published again.
    last_event: Option<(u64, u32)>,
    added: u64,
    published: u64,
    publishing: bool,
}

/// What waits: an event becomes a record when it goes, and again if it did not arrive.
enum Waiting {
    Event(Said),
    /// With the offset of the record that is dead.
    Letter(u64, NewRecord),
}

impl Waiting {
    fn is_event(&self) -> bool {
        matches!(self, Self::Event(_))
    }
}

impl Owed {
    /// Nothing owed yet.
    #[must_use]
    pub fn new(def: &MachineDef, partition: u32, linger: Duration) -> Self {
        let (events, letters) = (format!("{}.events", def.system), format!("{}.dead", def.name));
        Self {
            machine: def.name,
            partition,
            events,
            letters,
            waiting: VecDeque::new(),
            linger,
            since: None,
            last_event: None,
            added: 0,
            published: 0,
            publishing: false,
        }
    }

    /// Looks up how far the events are published. They were appended in order and without a gap, so the last one
    /// stands for all before it. Where it is not found, what is said again is published again, under the same ids.
    pub fn find_last_event(&mut self, log: &Log) -> Option<(u64, u32)> {
        self.last_event = match last_event(log, &self.events, self.machine, self.partition) {
            Ok(found) => self.last_event.max(found),
            Err(error) => {
                tracing::warn!("events of {}/{} may be published twice: {error}", self.machine, self.partition);
                self.last_event
            }
        };
        self.last_event
    }

    /// Takes what a turn has said.
    pub fn add(&mut self, out: &mut Output) {
        let last = self.last_event;
        out.said.retain(|said| Some((said.offset, said.ordinal)) > last);
        self.added += (out.said.len() + out.dead.len()) as u64;
        self.waiting.extend(out.said.drain(..).map(Waiting::Event));
        let (machine, partition) = (self.machine, self.partition);
        let letters = out.dead.drain(..).map(|letter| (letter.record.offset, dead_letter(letter, machine, partition)));
        self.waiting.extend(letters.map(|(offset, letter)| Waiting::Letter(offset, letter)));
        if !self.waiting.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// When the next append is due; `None` if nothing waits, or others are on their way.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let since = self.since.filter(|_| !self.waiting.is_empty() && !self.publishing)?;
        Some(if self.waiting.len() < BATCH { since + self.linger } else { since })
    }

    /// The records to append next, to one topic; `None` before they are due. They come back through [`Owed::done`].
    pub fn next_batch(&mut self) -> Option<(String, Vec<NewRecord>)> {
        self.due().filter(|due| *due <= Instant::now())?;
        let is_event = self.waiting.front()?.is_event();
        let topic = if is_event { &self.events } else { &self.letters };
        let same = self.waiting.iter().take(BATCH).take_while(|other| other.is_event() == is_event);
        let records = same.map(|waiting| match waiting {
            Waiting::Event(said) => event(said, self.machine, self.partition),
            Waiting::Letter(_, letter) => letter.clone(),
        });
        let records = records.collect();
        self.publishing = true;
        Some((topic.clone(), records))
    }

    /// An append of so many records came back.
    pub fn done(&mut self, count: usize, arrived: bool) {
        self.publishing = false;
        if arrived {
            self.waiting.drain(..count);
            self.published += count as u64;
            // Those that are left came while these were on their way.
            self.since = self.since.map(|_| Instant::now());
        }
    }

    /// Forgets what another node has said: the events up to one, and the letters up to one. Those on their way stay.
    pub fn forget(&mut self, event: Option<(u64, u32)>, letter: Option<u64>) {
        if self.publishing {
            return;
        }
        self.last_event = self.last_event.max(event);
        let before = self.waiting.len();
        self.waiting.retain(|waiting| match waiting {
            Waiting::Event(said) => Some((said.offset, said.ordinal)) > event,
            Waiting::Letter(offset, _) => Some(*offset) > letter,
        });
        self.published += (before - self.waiting.len()) as u64;
        self.since = self.since.filter(|_| !self.waiting.is_empty());
    }

    /// How many records were ever owed.
    #[must_use]
    pub fn added(&self) -> u64 {
        self.added
    }

    /// How many of them the log has.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.published
    }

    /// True if the log has everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The last event and the last dead letter of a partition that the log has, as far as they are among the newest.
///
/// # Errors
/// The log's.
pub fn last_said(log: &Log, def: &MachineDef, partition: u32) -> Result<(Option<(u64, u32)>, Option<u64>), LogError> {
    let event = last_event(log, &format!("{}.events", def.system), def.name, partition)?;
    let place = |record: &LogRecord| letter_place(record, def.name, partition);
    Ok((event, last_of(log, &format!("{}.dead", def.name), partition, place)?))
}

fn last_event(log: &Log, topic: &str, machine: &str, partition: u32) -> Result<Option<(u64, u32)>, LogError> {
    last_of(log, topic, partition, |record| event_place(&record.value, machine, partition))
}

/// The largest place among the newest records of a topic.
fn last_of<T: Ord>(
    log: &Log,
    topic: &str,
    partition: u32,
    place: impl Fn(&LogRecord) -> Option<T>,
) -> Result<Option<T>, LogError> {
    let (start, end) = (log.start(topic, partition)?, log.end(topic, partition)?);
    let mut from = end.saturating_sub(NEWEST).max(start);
    let mut last = None;
    while from < end {
        let chunk = log.read(topic, partition, from, BATCH)?;
        last = last.max(chunk.records.iter().filter_map(&place).max());
        if chunk.at_end {
            break;
        }
        from = chunk.next;
    }
    Ok(last)
}

/// The offset of the record that a dead letter is about, if it is one of this partition's.
fn letter_place(record: &LogRecord, machine: &str, partition: u32) -> Option<u64> {
    let (_, value) = record.headers.iter().rev().find(|(name, _)| name == "millrace-position")?;
    let position: Position = std::str::from_utf8(value).ok()?.parse().ok()?;
    (position.machine == machine && position.partition == partition).then_some(position.offset)
}

/// Offset and ordinal out of an event's id, `carts/3@17#0`, if it is one of this partition's.
fn event_place(value: &[u8], machine: &str, partition: u32) -> Option<(u64, u32)> {
    let event: serde_json::Value = serde_json::from_slice(value).ok()?;
    let (position, ordinal) = event["id"].as_str()?.split_once('#')?;
    let position: Position = position.parse().ok()?;
    let own = position.machine == machine && position.partition == partition;
    own.then_some((position.offset, ordinal.parse().ok()?))
}

fn event(said: &Said, machine: &str, partition: u32) -> NewRecord {
    let headers = vec![("content-type".to_owned(), b"application/cloudevents+json".to_vec())];
    NewRecord { value: said.cloud_event(machine, partition), headers, ..NewRecord::default() }
}

fn dead_letter(letter: DeadLetter, machine: &str, partition: u32) -> NewRecord {
    let LogRecord { key, value, mut headers, time, offset } = letter.record;
    let about = [
        ("millrace-position", format!("{machine}/{partition}@{offset}")),
        ("millrace-reason", letter.reason),
        ("millrace-time", time.to_string()),
    ];
    headers.extend(about.map(|(name, text)| (name.to_owned(), text.into_bytes())));
    NewRecord { key, value, headers, time: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::machines;
    use millrace_topics::time::Time;

    fn letter(offset: u64) -> DeadLetter {
        let record = LogRecord { offset, time: Time(0), key: Vec::new(), value: Vec::new(), headers: Vec::new() };
        DeadLetter { record, reason: "because".to_owned() }
    }

    fn said(offset: u64) -> Said {
        Said { offset, ordinal: 0, kind: "Said", time: Time(0), data: "null".to_owned() }
    }

    #[test]
    fn what_the_log_has_is_not_published_again() {
        let log = Log::Memory(std::sync::Arc::new(millrace_topics::memory::MemoryLog::new()));
        let def = machines()[0];
        log.create(&format!("{}.events", def.system), 1).expect("a new log takes any topic");
        let mut owed = Owed::new(def, 0, Duration::ZERO);
        owed.find_last_event(&log);
        owed.add(&mut Output { said: vec![said(1), said(2)], ..Output::default() });
        let (topic, records) = owed.next_batch().expect("there is something");
        log.append_wait(&topic, 0, records).expect("it takes everything");
        log.append_wait(&topic, 0, vec![NewRecord { value: b"rubbish".to_vec(), ..NewRecord::default() }])
            .expect("this too");
        let mut restarted = Owed::new(def, 0, Duration::ZERO);
        restarted.find_last_event(&log);
        restarted.add(&mut Output { said: vec![said(1), said(2), said(3)], ..Output::default() });
        let (_, records) = restarted.next_batch().expect("one is new");
        assert_eq!(records, [event(&said(3), def.name, 0)]);
    }

    #[test]
    fn what_did_not_arrive_goes_again_before_anything_else() {
        let mut owed = Owed::new(machines()[0], 0, Duration::ZERO);
        owed.add(&mut Output { said: vec![said(1), said(2)], dead: vec![letter(3)], ..Output::default() });
        let (topic, records) = owed.next_batch().expect("there is something");
        assert!(topic.ends_with(".events") && records.len() == 2);
        assert_eq!(owed.next_batch(), None, "only one append is on its way");
        owed.done(2, false);
        assert_eq!(owed.next_batch(), Some((topic, records)));
        owed.done(2, true);
        let (topic, records) = owed.next_batch().expect("the letter is left");
        assert!(topic.ends_with(".dead") && records.len() == 1);
        owed.done(1, true);
        assert_eq!((owed.is_empty(), owed.added(), owed.published()), (true, 3, 3));
    }

    #[test]
    fn what_another_node_has_said_is_forgotten() {
        let log = Log::Memory(std::sync::Arc::new(millrace_topics::memory::MemoryLog::new()));
        let def = machines()[0];
        for topic in [format!("{}.events", def.system), format!("{}.dead", def.name)] {
            log.create(&topic, 1).expect("a new log takes any topic");
        }
        let all = || Output { said: vec![said(1), said(2), said(4)], dead: vec![letter(3)], ..Output::default() };
        let mut other = Owed::new(def, 0, Duration::ZERO);
        let mut own = Owed::new(def, 0, Duration::ZERO);
        other.add(&mut all());
        own.add(&mut all());
        let mut forget = |expected: &[u64]| {
            let (event, letter) = last_said(&log, def, 0).expect("it is read");
            own.forget(event, letter);
            let offset = |waiting: &Waiting| match waiting {
                Waiting::Event(said) => said.offset,
                Waiting::Letter(offset, _) => *offset,
            };
            assert_eq!(own.waiting.iter().map(offset).collect::<Vec<_>>(), expected);
            assert_eq!(own.published() + expected.len() as u64, own.added());
        };
        // Three events and a letter.
        let places = [1, 2, 4, 3];
        forget(&places);
        let (topic, records) = other.next_batch().expect("there is something");
        log.append_wait(&topic, 0, records[..2].to_vec()).expect("it takes everything");
        forget(&places[2..]);
        log.append_wait(&topic, 0, records[2..].to_vec()).expect("it takes everything");
        other.done(3, true);
        let (topic, records) = other.next_batch().expect("the letter is left");
        log.append_wait(&topic, 0, records).expect("it takes everything");
        forget(&[]);
    }

    #[test]
    fn a_few_wait_for_others_and_a_batch_does_not() {
        let mut owed = Owed::new(machines()[0], 0, Duration::from_secs(3600));
        assert_eq!(owed.due(), None);
        owed.add(&mut Output { said: vec![said(1)], ..Output::default() });
        let due = owed.due().expect("one waits");
        assert!(due > Instant::now() && owed.next_batch().is_none(), "it waits for others");
        owed.add(&mut Output { said: (2..=BATCH as u64).map(said).collect(), ..Output::default() });
        let (_, records) = owed.next_batch().expect("there is a whole batch");
        assert_eq!((records.len(), owed.due()), (BATCH, None));
    }
}
