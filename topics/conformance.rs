//! The conformance suite: what every log must do, as small named checks that run on any of them.
//!
//! Each check makes topics under names that no other run uses, so the suite runs on a shared broker too. It assumes
//! nothing about offsets but that they rise: a log may have holes, so a reader goes on from
//! [`Chunk::next`](crate::log::Chunk::next).

use crate::log::{AppendError, Follower, Log, LogError, LogRecord, NewRecord, TopicInfo, Wake};
use crate::time::Time;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a check waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a follower rests on its wake before it looks by itself: a wake may be lost between two looks.
const GLANCE: Duration = Duration::from_millis(50);

type Check = (&'static str, fn(&Topics));

/// What any log must pass.
const CHECKS: &[Check] = &[
    ("a created topic is listed", created_is_listed),
    ("creating again with the same count changes nothing", created_twice),
    ("creating again with another count is refused", created_with_another_count),
    ("what is not there is unknown", unknown_topics),
    ("an empty partition starts where it ends", empty_partition),
    ("an append returns the offset of its first record", append_returns_base),
    ("appends are read in order", appends_in_order),
    ("appends are done in the order of the calls", done_in_order),
    ("an empty append adds nothing", empty_append),
    ("keys, values and headers are kept", everything_is_kept),
    ("times do not go backwards", times_rise),
    ("partitions are apart", partitions_are_apart),
    ("records of one append stand together", batches_are_contiguous),
    ("appenders at the same time keep their order", concurrent_appenders),
    ("reading starts at any offset", read_from_any_offset),
    ("reading nothing stays where it is", read_nothing),
    ("reading out of range names the range", out_of_range),
    ("records near 1 MB are kept", big_records),
    ("a follower is woken and reaches the end", follow_to_the_end),
    ("a follower starts in the middle", follow_from_the_middle),
    ("followers do not disturb each other", two_followers),
    ("times are found", times_are_found),
    ("trimming moves the start", trim_moves_the_start),
    ("trimming everything goes on at the end", trim_everything),
    ("a follower that was trimmed past is told", trim_past_a_follower),
];

/// What a log must pass that keeps the times which records bring along.
const COPY_CHECKS: &[Check] = &[
    ("copied times are kept", copied_times_are_kept),
    ("a stamp is not before a copied time", stamps_follow_copied_times),
    ("times that go backwards are found", uneven_times_are_found),
];

/// Runs every check that any log must pass; `fresh` gives a log, which may be the same one each time.
///
/// # Panics
/// With the name of the check that fails, and why.
pub fn check(fresh: &dyn Fn() -> Log) {
    run(CHECKS, fresh);
}

/// Runs the checks for a log that keeps a time which a record brings along ([`NewRecord::time`]).
///
/// # Panics
/// With the name of the check that fails, and why.
pub fn check_copied_times(fresh: &dyn Fn() -> Log) {
    run(COPY_CHECKS, fresh);
}

/// Checks that what was acknowledged is there after the log was dropped and opened again. Each call of `open` opens
/// the same log; the one before is dropped by then.
///
/// # Panics
/// With the name of the check that fails, and why.
pub fn check_reopen(open: &dyn Fn() -> Log) {
    const NAME: &str = "everything is there after opening again";
    named(NAME, || reopen(open));
}

fn run(checks: &[Check], fresh: &dyn Fn() -> Log) {
    for (name, check) in checks {
        named(name, || check(&Topics { log: fresh() }));
    }
}

/// Puts the check's name before what it says when it fails.
fn named(name: &str, check: impl FnOnce()) {
    let Err(cause) = catch_unwind(AssertUnwindSafe(check)) else { return };
    let text = cause.downcast_ref::<String>().cloned();
    let Some(text) = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned())) else {
        resume_unwind(cause);
    };
    panic!("conformance: {name}: {text}");
}

/// A log, and names of topics that are not used yet.
struct Topics {
    log: Log,
}

impl Topics {
    fn name() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        format!("conformance-{}-{}-{next}", std::process::id(), Time::now().0)
    }

    fn create(&self, partitions: u32) -> String {
        let name = Self::name();
        good(self.log.create(&name, partitions), "create");
        name
    }

    fn append(&self, topic: &str, partition: u32, records: Vec<NewRecord>) -> u64 {
        good(self.log.append_wait(topic, partition, records), "append")
    }

    /// Appends records with these values, one append each.
    fn fill(&self, topic: &str, values: std::ops::Range<u32>) {
        for value in values {
            self.append(topic, 0, vec![record(value)]);
        }
    }

    fn start(&self, topic: &str) -> u64 {
        good(self.log.start(topic, 0), "start")
    }

    fn end(&self, topic: &str) -> u64 {
        good(self.log.end(topic, 0), "end")
    }

    fn all(&self, topic: &str, partition: u32) -> Vec<LogRecord> {
        let start = good(self.log.start(topic, partition), "start");
        self.rest(topic, partition, start, 100)
    }

    /// Everything from an offset on, by reads of at most `max`.
    fn rest(&self, topic: &str, partition: u32, from: u64, max: usize) -> Vec<LogRecord> {
        let deadline = Deadline::new("the end of the partition");
        let mut records = Vec::new();
        let mut next = from;
        loop {
            let chunk = good(self.log.read(topic, partition, next, max), "read");
            assert!(chunk.records.len() <= max, "{} records for a read of {max}", chunk.records.len());
            assert!(chunk.next >= next, "a read from {next} goes on from {}", chunk.next);
            let rising = chunk.records.iter().map(|record| record.offset).chain([chunk.next]);
            assert!(rising.clone().is_sorted_by(|one, other| one < other), "{:?}", rising.collect::<Vec<_>>());
            assert!(chunk.records.first().is_none_or(|record| record.offset >= next), "a record before {next}");
            next = chunk.next;
            records.extend(chunk.records);
            if chunk.at_end {
                return records;
            }
            deadline.check();
        }
    }
}

fn good<T, E: std::fmt::Display>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

struct Deadline {
    at: Instant,
    awaited: String,
}

impl Deadline {
    fn new(awaited: &str) -> Self {
        Self { at: Instant::now() + PATIENCE, awaited: awaited.to_owned() }
    }

    fn check(&self) {
        assert!(Instant::now() < self.at, "{PATIENCE:?} have passed without {}", self.awaited);
    }
}

fn record(value: u32) -> NewRecord {
    NewRecord { key: b"k".to_vec(), value: value.to_string().into_bytes(), ..NewRecord::default() }
}

fn copied(value: u32, time: u64) -> NewRecord {
    NewRecord { time: Some(Time(time)), ..record(value) }
}

fn value(record: &LogRecord) -> u32 {
    let text = String::from_utf8_lossy(&record.value);
    text.parse().unwrap_or_else(|_| panic!("the value at {} is {text:?}, which was not appended", record.offset))
}

fn values(records: &[LogRecord]) -> Vec<u32> {
    records.iter().map(value).collect()
}

/// A follower and its wakes.
struct Following {
    follower: Follower,
    wakes: Receiver<()>,
}

impl Following {
    fn new(topics: &Topics, topic: &str, from: u64) -> Self {
        let (sender, wakes) = mpsc::channel();
        // A follower that is gone needs no wake.
        let wake: Wake = Arc::new(move || _ = sender.send(()));
        let follower = good(topics.log.follow(topic, 0, from, wake), "follow");
        Self { follower, wakes }
    }

    fn await_wake(&self, when: &str) {
        let woken = self.wakes.recv_timeout(PATIENCE);
        assert!(woken.is_ok(), "no wake {when}");
    }

    /// Polls until the end is reached with `count` records or more.
    fn drain(&mut self, count: usize, max: usize) -> Vec<LogRecord> {
        let deadline = Deadline::new("the end of what is followed");
        let mut records = Vec::new();
        loop {
            let chunk = good(self.follower.poll(max), "poll");
            assert!(chunk.records.len() <= max, "{} records for a poll of {max}", chunk.records.len());
            let nothing = chunk.records.is_empty();
            records.extend(chunk.records);
            if chunk.at_end && records.len() >= count {
                return records;
            }
            deadline.check();
            if nothing {
                self.rest();
            }
        }
    }

    fn rest(&self) {
        if self.wakes.recv_timeout(GLANCE) == Err(RecvTimeoutError::Disconnected) {
            panic!("the log has let go of the wake");
        }
    }
}

fn created_is_listed(topics: &Topics) {
    let name = Topics::name();
    let created = good(topics.log.create(&name, 3), "create");
    assert_eq!((created.name.as_str(), created.partitions), (name.as_str(), 3));
    assert!(!created.id.is_empty(), "the topic has no id");
    let other = topics.create(1);
    let listed = good(topics.log.topics(), "topics");
    let found: Vec<&TopicInfo> = listed.iter().filter(|topic| topic.name == name).collect();
    assert_eq!(found, [&created]);
    assert!(listed.iter().any(|topic| topic.name == other && topic.id != created.id), "{listed:?}");
    assert!(listed.is_sorted_by(|one, other| one.name < other.name), "not listed by name: {listed:?}");
}

fn created_twice(topics: &Topics) {
    let name = Topics::name();
    let first = good(topics.log.create(&name, 2), "create");
    topics.append(&name, 0, vec![record(1)]);
    let second = good(topics.log.create(&name, 2), "create again");
    assert_eq!(first, second);
    assert_eq!(values(&topics.all(&name, 0)), [1]);
}

fn created_with_another_count(topics: &Topics) {
    let name = topics.create(2);
    for count in [1, 3] {
        let refused = topics.log.create(&name, count);
        assert!(matches!(&refused, Err(LogError::Settings { topic, .. }) if *topic == name), "{count}: {refused:?}");
    }
}

fn unknown_topics(topics: &Topics) {
    let name = topics.create(2);
    for (topic, partition) in [(Topics::name(), 0), (name, 2)] {
        let unknown = LogError::Unknown(topic.clone(), partition);
        let log = &topics.log;
        assert_eq!(log.read(&topic, partition, 0, 1).err(), Some(unknown.clone()), "read");
        assert_eq!(log.start(&topic, partition).err(), Some(unknown.clone()), "start");
        assert_eq!(log.end(&topic, partition).err(), Some(unknown.clone()), "end");
        assert_eq!(log.offset_at(&topic, partition, Time(0)).err(), Some(unknown.clone()), "offset_at");
        assert_eq!(log.trim(&topic, partition, 0).err(), Some(unknown.clone()), "trim");
        assert_eq!(log.follow(&topic, partition, 0, Arc::new(|| ())).err(), Some(unknown), "follow");
        let refused = log.append_wait(&topic, partition, vec![record(1)]);
        assert!(matches!(refused, Err(AppendError::Refused(_))), "append: {refused:?}");
    }
}

fn empty_partition(topics: &Topics) {
    let topic = topics.create(1);
    assert_eq!((topics.start(&topic), topics.end(&topic)), (0, 0));
    let chunk = good(topics.log.read(&topic, 0, 0, 10), "read");
    assert!(chunk.records.is_empty() && chunk.at_end && chunk.next == 0, "{chunk:?}");
    assert_eq!(topics.log.offset_at(&topic, 0, Time(0)), Ok(None));
}

fn append_returns_base(topics: &Topics) {
    let topic = topics.create(1);
    let mut bases = Vec::new();
    for first in [0, 3, 6] {
        bases.push((first, topics.append(&topic, 0, (first..first + 3).map(record).collect())));
    }
    let records = topics.all(&topic, 0);
    for (first, base) in bases {
        let found = records.iter().find(|record| record.offset == base);
        assert_eq!(found.map(value), Some(first), "at {base}");
        assert!(base < topics.end(&topic), "the end is not above {base}");
    }
    assert_eq!(values(&records), (0..9).collect::<Vec<_>>());
}

fn appends_in_order(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..100);
    assert_eq!(values(&topics.all(&topic, 0)), (0..100).collect::<Vec<_>>());
    assert!(topics.all(&topic, 0).iter().all(|record| record.offset < topics.end(&topic)));
}

fn done_in_order(topics: &Topics) {
    let topic = topics.create(1);
    let (sender, results) = mpsc::channel();
    for number in 0..500 {
        let sender = sender.clone();
        let done = Box::new(move |result| drop(sender.send((number, result))));
        topics.log.append(&topic, 0, vec![record(number)], done);
    }
    let mut offsets = Vec::new();
    for expected in 0..500 {
        let (number, result) = good(results.recv_timeout(PATIENCE), "an append was never done");
        assert_eq!(number, expected, "done out of order");
        offsets.push(good(result, "append"));
    }
    let records = topics.all(&topic, 0);
    assert_eq!(values(&records), (0..500).collect::<Vec<_>>());
    assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), offsets);
}

fn empty_append(topics: &Topics) {
    let topic = topics.create(1);
    topics.append(&topic, 0, vec![record(1)]);
    // Done or refused: a log may have no offset to give to nothing.
    drop(topics.log.append_wait(&topic, 0, Vec::new()));
    topics.append(&topic, 0, vec![record(2)]);
    assert_eq!(values(&topics.all(&topic, 0)), [1, 2]);
}

fn everything_is_kept(topics: &Topics) {
    let topic = topics.create(1);
    let every_byte: Vec<u8> = (0..=255).collect();
    let header = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let records = vec![
        NewRecord::default(),
        NewRecord { key: every_byte.clone(), ..NewRecord::default() },
        NewRecord { value: every_byte.clone(), ..NewRecord::default() },
        NewRecord {
            key: "schlüssel".into(),
            value: vec![0; 10_000],
            headers: vec![header("b", b"1"), header("a", &every_byte), header("b", b""), header("ü", b"2")],
            time: None,
        },
    ];
    topics.append(&topic, 0, records.clone());
    let found = topics.all(&topic, 0);
    assert_eq!(found.len(), records.len());
    for (number, (found, record)) in found.into_iter().zip(records).enumerate() {
        assert_eq!(found.key, record.key, "key of record {number}");
        assert_eq!(found.value, record.value, "value of record {number}");
        assert_eq!(found.headers, record.headers, "headers of record {number}");
    }
}

fn times_rise(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..50);
    let times: Vec<Time> = topics.all(&topic, 0).iter().map(|record| record.time).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times.iter().all(|time| time.0 > 0), "{times:?}");
}

fn partitions_are_apart(topics: &Topics) {
    let topic = topics.create(3);
    let other = topics.create(3);
    for number in 0..30 {
        topics.append(&topic, number % 3, vec![record(number)]);
        topics.append(&other, number % 3, vec![record(number + 100)]);
    }
    for partition in 0..3 {
        let expected: Vec<u32> = (0..30).filter(|number| number % 3 == partition).collect();
        assert_eq!(values(&topics.all(&topic, partition)), expected, "partition {partition}");
        let expected: Vec<u32> = expected.iter().map(|number| number + 100).collect();
        assert_eq!(values(&topics.all(&other, partition)), expected, "partition {partition} of the other topic");
    }
}

/// Appends from several threads at once and returns how many records each partition has. A value says who appended
/// it, in which append, and where in it.
fn append_from_threads(topics: &Topics, topic: &str, threads: u32, appends: u32, size: u32) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let (sender, results) = mpsc::channel();
                for append in 0..appends {
                    let first = (thread * appends + append) * size;
                    let records = (first..first + size).map(record).collect();
                    let sender = sender.clone();
                    topics.log.append(topic, append % 2, records, Box::new(move |result| drop(sender.send(result))));
                }
                for _ in 0..appends {
                    good(good(results.recv_timeout(PATIENCE), "an append was never done"), "append");
                }
            });
        }
    });
}

fn batches_are_contiguous(topics: &Topics) {
    let topic = topics.create(2);
    append_from_threads(topics, &topic, 4, 50, 7);
    for partition in 0..2 {
        let values = values(&topics.all(&topic, partition));
        assert_eq!(values.len(), 4 * 25 * 7, "partition {partition}");
        for append in values.chunks(7) {
            let expected: Vec<u32> = (append[0]..append[0] + 7).collect();
            assert_eq!((append, append[0] % 7), (expected.as_slice(), 0), "partition {partition}");
        }
    }
}

fn concurrent_appenders(topics: &Topics) {
    let topic = topics.create(2);
    append_from_threads(topics, &topic, 8, 100, 1);
    for partition in 0..2 {
        let mut by_thread: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for value in values(&topics.all(&topic, partition)) {
            by_thread.entry(value / 100).or_default().push(value);
        }
        for thread in 0..8 {
            let expected: Vec<u32> =
                (thread * 100..(thread + 1) * 100).filter(|value| value % 2 == partition).collect();
            assert_eq!(by_thread.get(&thread), Some(&expected), "thread {thread}, partition {partition}");
        }
    }
}

fn read_from_any_offset(topics: &Topics) {
    let topic = topics.create(1);
    for size in 1..8 {
        topics.append(&topic, 0, (0..size).map(record).collect());
    }
    let all = topics.all(&topic, 0);
    assert_eq!(all.len(), 28);
    for (skipped, record) in all.iter().enumerate() {
        for max in [1, 3, 100] {
            let rest = topics.rest(&topic, 0, record.offset, max);
            assert!(rest == all[skipped..], "from {} by {max}: {:?}", record.offset, values(&rest));
        }
    }
    assert!(topics.rest(&topic, 0, topics.end(&topic), 5).is_empty(), "there is something behind the end");
}

fn read_nothing(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..3);
    let end = topics.end(&topic);
    for (from, at_end) in [(0, false), (end, true)] {
        let chunk = good(topics.log.read(&topic, 0, from, 0), "read");
        assert!(chunk.records.is_empty() && chunk.next == from, "from {from}: {chunk:?}");
        assert_eq!(chunk.at_end, at_end, "from {from}");
    }
}

fn assert_out_of_range<T>(result: Result<T, LogError>, asked: u64, expected: (u64, u64), what: &str) {
    match result {
        Err(LogError::OutOfRange { asked: found, start, end, .. }) => {
            assert_eq!((found, start, end), (asked, expected.0, expected.1), "{what}");
        }
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what}: offset {asked} is accepted"),
    }
}

fn out_of_range(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..5);
    let range = (topics.start(&topic), topics.end(&topic));
    for asked in [range.1 + 1, u64::MAX >> 1] {
        assert_out_of_range(topics.log.read(&topic, 0, asked, 10), asked, range, "read");
        assert_out_of_range(topics.log.follow(&topic, 0, asked, Arc::new(|| ())), asked, range, "follow");
        assert_out_of_range(topics.log.trim(&topic, 0, asked), asked, range, "trim");
    }
    assert_eq!(values(&topics.all(&topic, 0)), [0, 1, 2, 3, 4]);
}

/// Bytes that no compression makes smaller.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn big_records(topics: &Topics) {
    let topic = topics.create(1);
    let big = |seed| NewRecord { key: vec![7; 100], value: noise(seed, 990_000), ..NewRecord::default() };
    topics.append(&topic, 0, vec![record(1)]);
    for seed in 1..=5 {
        topics.append(&topic, 0, vec![big(seed)]);
    }
    topics.append(&topic, 0, vec![record(2)]);
    let found = topics.all(&topic, 0);
    assert_eq!(found.len(), 7);
    for (seed, record) in (1..=5).zip(&found[1..]) {
        assert!(record.value == big(seed).value, "the big record at {} is another one", record.offset);
    }
    assert_eq!((value(&found[0]), value(&found[6])), (1, 2));
}

fn follow_to_the_end(topics: &Topics) {
    let topic = topics.create(1);
    let mut following = Following::new(topics, &topic, 0);
    following.await_wake("at first");
    assert!(following.drain(0, 10).is_empty(), "something is read from an empty partition");
    for round in 0..20 {
        while following.wakes.try_recv().is_ok() {}
        topics.append(&topic, 0, vec![record(round), record(round + 100)]);
        following.await_wake("for an append");
        assert_eq!(values(&following.drain(2, 10)), [round, round + 100]);
    }
}

fn follow_from_the_middle(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..10);
    let middle = topics.all(&topic, 0)[6].offset;
    let mut following = Following::new(topics, &topic, middle);
    following.await_wake("at first");
    assert_eq!(values(&following.drain(4, 3)), [6, 7, 8, 9]);
    topics.fill(&topic, 10..12);
    assert_eq!(values(&following.drain(2, 1)), [10, 11]);
}

fn two_followers(topics: &Topics) {
    let topic = topics.create(1);
    let mut early = Following::new(topics, &topic, 0);
    topics.fill(&topic, 0..10);
    let mut late = Following::new(topics, &topic, 0);
    assert_eq!(values(&early.drain(10, 4)), (0..10).collect::<Vec<_>>());
    drop(early);
    topics.fill(&topic, 10..20);
    assert_eq!(values(&late.drain(20, 7)), (0..20).collect::<Vec<_>>());
}

/// Compares what a log says for each interesting time with what its records say.
fn check_times(topics: &Topics, topic: &str) {
    let records = topics.all(topic, 0);
    let around = records.iter().flat_map(|record| [record.time.0 - 1, record.time.0, record.time.0 + 1]);
    for time in around.chain([0]).map(Time) {
        let expected = records.iter().find(|record| record.time >= time).map(|record| record.offset);
        let found = good(topics.log.offset_at(topic, 0, time), "offset_at");
        assert_eq!(found, expected, "for {}", time.0);
    }
}

fn times_are_found(topics: &Topics) {
    let topic = topics.create(1);
    let deadline = Deadline::new("records of five different times");
    let mut number = 0;
    let mut times = Vec::new();
    while times.len() < 5 {
        let base = topics.append(&topic, 0, vec![record(number), record(number + 1)]);
        number += 2;
        times.extend(topics.rest(&topic, 0, base, 10).iter().map(|record| record.time));
        times.dedup();
        deadline.check();
    }
    check_times(topics, &topic);
    let middle = topics.all(&topic, 0)[3].offset;
    good(topics.log.trim(&topic, 0, middle), "trim");
    check_times(topics, &topic);
}

fn trim_moves_the_start(topics: &Topics) {
    let topic = topics.create(2);
    topics.append(&topic, 0, (0..5).map(record).collect());
    topics.append(&topic, 0, (5..10).map(record).collect());
    topics.append(&topic, 1, (0..3).map(record).collect());
    let offsets: Vec<u64> = topics.all(&topic, 0).iter().map(|record| record.offset).collect();
    let end = topics.end(&topic);
    for (first, before) in [(2, offsets[2]), (5, offsets[5]), (8, offsets[8])] {
        good(topics.log.trim(&topic, 0, before), "trim");
        assert_eq!((topics.start(&topic), topics.end(&topic)), (before, end));
        assert_eq!(values(&topics.all(&topic, 0)), (first..10).collect::<Vec<_>>());
        let below = offsets[first as usize - 1];
        assert_out_of_range(topics.log.read(&topic, 0, below, 1), below, (before, end), "read");
        assert_out_of_range(topics.log.follow(&topic, 0, below, Arc::new(|| ())), below, (before, end), "follow");
    }
    good(topics.log.trim(&topic, 0, offsets[3]), "trim below the start");
    assert_eq!(topics.start(&topic), offsets[8]);
    assert_eq!(values(&topics.all(&topic, 1)), [0, 1, 2], "the other partition");
}

fn trim_everything(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..10);
    let end = topics.end(&topic);
    good(topics.log.trim(&topic, 0, end), "trim");
    assert_eq!((topics.start(&topic), topics.end(&topic)), (end, end));
    assert!(topics.all(&topic, 0).is_empty(), "something is left");
    let base = topics.append(&topic, 0, vec![record(10)]);
    assert!(base >= end, "an append at {base}, below the trimmed {end}");
    assert_eq!(values(&topics.all(&topic, 0)), [10]);
}

fn trim_past_a_follower(topics: &Topics) {
    let topic = topics.create(1);
    topics.fill(&topic, 0..10);
    let offsets: Vec<u64> = topics.all(&topic, 0).iter().map(|record| record.offset).collect();
    let mut follower = good(topics.log.follow(&topic, 0, 0, Arc::new(|| ())), "follow");
    good(topics.log.trim(&topic, 0, offsets[5]), "trim");
    // A log that fetches ahead may still give what it had; it must never give the rest as if nothing was between.
    let deadline = Deadline::new("an error for what was trimmed");
    let mut seen = Vec::new();
    let error = loop {
        match follower.poll(1) {
            Ok(chunk) => seen.extend(values(&chunk.records)),
            Err(error) => break Some(error),
        }
        if seen.len() == 10 {
            break None;
        }
        deadline.check();
    };
    assert_eq!(seen, (0..u32::try_from(seen.len()).unwrap_or(0)).collect::<Vec<_>>(), "records are passed over");
    assert!(error.is_none() || matches!(error, Some(LogError::OutOfRange { .. })), "{error:?}");
}

fn copied_times_are_kept(topics: &Topics) {
    let topic = topics.create(1);
    topics.append(&topic, 0, vec![copied(0, 1_000), copied(1, 1_000)]);
    topics.append(&topic, 0, vec![copied(2, 5_000)]);
    let found: Vec<u64> = topics.all(&topic, 0).iter().map(|record| record.time.0).collect();
    assert_eq!(found, [1_000, 1_000, 5_000]);
    check_times(topics, &topic);
}

fn stamps_follow_copied_times(topics: &Topics) {
    let topic = topics.create(1);
    let future = Time::now().plus(3_600_000);
    topics.append(&topic, 0, vec![copied(0, future.0)]);
    topics.append(&topic, 0, vec![record(1), copied(2, 7), record(3)]);
    let found: Vec<Time> = topics.all(&topic, 0).iter().map(|record| record.time).collect();
    assert_eq!(found, [future, future, Time(7), future]);
}

fn uneven_times_are_found(topics: &Topics) {
    let topic = topics.create(1);
    for (number, time) in (0..).zip([10, 30, 20, 20, 50, 40, 60]) {
        topics.append(&topic, 0, vec![copied(number, time)]);
    }
    check_times(topics, &topic);
    let all = topics.all(&topic, 0);
    for record in &all[1..] {
        good(topics.log.trim(&topic, 0, record.offset), "trim");
        check_times(topics, &topic);
    }
}

fn reopen(open: &dyn Fn() -> Log) {
    let topic = Topics::name();
    let topics = Topics { log: open() };
    let created = good(topics.log.create(&topic, 2), "create");
    drop(topics);
    let mut before = Vec::new();
    for round in 0..4 {
        let topics = Topics { log: open() };
        assert_eq!(topics.log.create(&topic, 2), Ok(created.clone()), "round {round}");
        assert!(topics.all(&topic, 0) == before, "round {round}: {:?}", values(&topics.all(&topic, 0)));
        topics.append(&topic, 0, (0..10).map(record).collect());
        topics.append(&topic, 0, vec![NewRecord { headers: vec![("h".to_owned(), vec![1])], ..record(10) }]);
        let cut = topics.all(&topic, 0)[4].offset;
        good(topics.log.trim(&topic, 0, cut), "trim");
        before = topics.all(&topic, 0);
        assert_eq!(topics.start(&topic), cut);
    }
    let topics = Topics { log: open() };
    let end = topics.end(&topic);
    good(topics.log.trim(&topic, 0, end), "trim");
    drop(topics);
    let topics = Topics { log: open() };
    assert_eq!((topics.start(&topic), topics.end(&topic)), (end, end), "after everything was trimmed");
    let base = topics.append(&topic, 0, vec![record(1)]);
    assert!(base >= end, "an append at {base}, below the trimmed {end}");
}
