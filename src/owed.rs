//! What a partition has said and the log does not have yet: events and dead letters, in order.

use millrace_processors::runtime::reply::{DeadLetter, Output, Said};
use millrace_processors::runtime::system::MachineDef;
use millrace_topics::log::{LogRecord, NewRecord};
use std::collections::VecDeque;

/// How many records go into one append.
const BATCH: usize = 512;

/// The records that one partition owes to its system's `.events` and its machine's `.dead` topic. They go out in order,
/// one append at a time; a flush waits for those that were said below its offset.
pub struct Owed {
    machine: &'static str,
    partition: u32,
    events: String,
    letters: String,
    waiting: VecDeque<(bool, NewRecord)>,
    added: u64,
    published: u64,
    publishing: bool,
}

impl Owed {
    /// Nothing owed yet.
    #[must_use]
    pub fn new(def: &MachineDef, partition: u32) -> Self {
        let (events, letters) = (format!("{}.events", def.system), format!("{}.dead", def.name));
        let waiting = VecDeque::new();
        Self { machine: def.name, partition, events, letters, waiting, added: 0, published: 0, publishing: false }
    }

    /// Takes what a turn has said.
    pub fn add(&mut self, out: &mut Output) {
        self.added += (out.said.len() + out.dead.len()) as u64;
        for said in out.said.drain(..) {
            self.waiting.push_back((true, event(&said, self.machine, self.partition)));
        }
        for letter in out.dead.drain(..) {
            self.waiting.push_back((false, dead_letter(letter, self.machine, self.partition)));
        }
    }

    /// The records to append next, to one topic; `None` while others are on their way. They come back through
    /// [`Owed::done`].
    pub fn next_batch(&mut self) -> Option<(String, Vec<NewRecord>)> {
        let (is_event, _) = self.waiting.front().filter(|_| !self.publishing)?;
        let topic = if *is_event { &self.events } else { &self.letters };
        let same = self.waiting.iter().take(BATCH).take_while(|(other, _)| other == is_event);
        let records = same.map(|(_, record)| record.clone()).collect();
        self.publishing = true;
        Some((topic.clone(), records))
    }

    /// An append of so many records came back.
    pub fn done(&mut self, count: usize, arrived: bool) {
        self.publishing = false;
        if arrived {
            self.waiting.drain(..count);
            self.published += count as u64;
        }
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
        Said { offset, ordinal: 0, kind: "Said", time: Time(0), data: serde_json::Value::Null }
    }

    #[test]
    fn what_did_not_arrive_goes_again_before_anything_else() {
        let mut owed = Owed::new(machines()[0], 0);
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
}
