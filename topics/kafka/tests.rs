//! What is particular to the log on Kafka, on a real broker.

use super::*;
use crate::conformance;
use crate::copy::{CopyError, copy};
use crate::log::{Log, LogRecord};
use crate::memory::MemoryLog;
use parking_lot::{Mutex, MutexGuard};
use rdkafka::config::{ClientConfig, FromClientConfig};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A small Java: two brokers share the machine with the tests.
const JAVA: &str = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";
/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker of this process. The script ends it, however the process ends.
struct Broker {
    dir: PathBuf,
    address: String,
}

/// The broker of all tests that take nothing away from it.
fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(|| Broker::start("kafka"))
}

/// Another one, which is killed and stopped beside the first. One test at a time has it.
fn frail() -> Frail {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock();
    Frail { broker: BROKER.get_or_init(|| Broker::start("frail")), _turn: turn }
}

impl Broker {
    fn start(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("millrace-{name}-{}", std::process::id()));
        let parent = std::process::id().to_string();
        let address = script("start", &dir, &["--parent", &parent]);
        Self { dir, address }
    }

    fn act(&self, action: &str) {
        script(action, &self.dir, &[]);
    }

    fn options(&self) -> KafkaOptions {
        KafkaOptions::new(&self.address)
    }

    fn connect(&self) -> (Arc<KafkaLog>, Log) {
        self.connect_with(self.options())
    }

    fn connect_with(&self, options: KafkaOptions) -> (Arc<KafkaLog>, Log) {
        let kafka = KafkaLog::connect(options).unwrap();
        (kafka.clone(), Log::Kafka(kafka))
    }

    /// A log that soon gives up.
    fn impatient(&self) -> (Arc<KafkaLog>, Log) {
        let soon = Duration::from_secs(2);
        let options = self.options();
        self.connect_with(KafkaOptions { append_timeout: soon, admin_timeout: soon, request_timeout: soon, ..options })
    }
}

/// The frail broker, of which nobody else expects anything. A test that fails leaves it running for the others.
struct Frail {
    broker: &'static Broker,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Frail {
    type Target = Broker;

    fn deref(&self) -> &Broker {
        self.broker
    }
}

impl Drop for Frail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.broker.act("restart");
        }
    }
}

fn script(action: &str, dir: &PathBuf, more: &[&str]) -> String {
    let path = format!("{}/../scripts/kafka", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let mut command = Command::new(path);
    command.arg(action).arg(dir).args(more).env("MILLRACE_KAFKA_JAVA_OPTS", JAVA);
    let output = command.output().unwrap();
    assert!(output.status.success(), "scripts/kafka {action}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A topic name that no other test has.
fn unique(name: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn no_wake() -> Wake {
    Arc::new(|| {})
}

fn says(text: &str) -> NewRecord {
    NewRecord { value: text.as_bytes().to_vec(), ..NewRecord::default() }
}

fn texts(records: &[LogRecord]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.value.clone()).unwrap()).collect()
}

/// Everything up to the end.
fn drain(follower: &mut KafkaFollower) -> Vec<LogRecord> {
    let mut all = Vec::new();
    wait_for("the end of the partition", || {
        let chunk = follower.poll(1000).unwrap();
        all.extend(chunk.records);
        chunk.at_end.then_some(())
    });
    all
}

fn read_all(log: &Log, topic: &str, partition: u32) -> Vec<LogRecord> {
    read_on(log, topic, partition, log.start(topic, partition).unwrap(), 777)
}

fn read_on(log: &Log, topic: &str, partition: u32, mut from: u64, max: usize) -> Vec<LogRecord> {
    let mut all = Vec::new();
    loop {
        let chunk = log.read(topic, partition, from, max).unwrap();
        all.extend(chunk.records);
        from = chunk.next;
        if chunk.at_end {
            return all;
        }
    }
}

#[test]
fn what_is_appended_is_read_and_followed() {
    let (kafka, log) = broker().connect();
    let topic = unique("roundtrip");
    let info = log.create(&topic, 3).unwrap();
    assert_eq!((info.name.as_str(), info.partitions), (topic.as_str(), 3));
    assert_eq!(log.create(&topic, 3).unwrap(), info);

    let woken = Arc::new(AtomicUsize::new(0));
    let wake = woken.clone();
    let mut follower = kafka.follow(&topic, 1, 0, Arc::new(move || _ = wake.fetch_add(1, Ordering::SeqCst))).unwrap();
    assert!(woken.load(Ordering::SeqCst) > 0);
    assert_eq!(follower.poll(10).unwrap(), Chunk { records: vec![], at_end: true, next: 0 });

    let before = Time::now();
    let full = NewRecord {
        key: b"k".to_vec(),
        value: vec![0, 255],
        headers: vec![("a".to_owned(), vec![1]), ("b".to_owned(), vec![]), ("a".to_owned(), vec![2])],
        time: Some(Time(5)),
    };
    let before_append = woken.load(Ordering::SeqCst);
    assert_eq!(log.append_wait(&topic, 1, vec![full.clone(), NewRecord::default()]), Ok(0));
    wait_for("a wake", || (woken.load(Ordering::SeqCst) > before_append).then_some(()));
    assert_eq!(log.append_wait(&topic, 1, vec![says("last")]), Ok(2));
    // Acknowledged is behind the follower's end at once, whether or not a fetch has seen it.
    let records = drain(&mut follower);
    assert_eq!(records.len(), 3);
    assert_eq!((&records[0].key, &records[0].value, &records[0].headers), (&full.key, &full.value, &full.headers));
    assert_eq!((&records[1].key, &records[1].value), (&vec![], &vec![]));
    assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2]);
    // The broker's time, not the producer's.
    assert!(records.iter().all(|record| record.time.plus(1000) >= before && record.time <= Time::now().plus(1000)));

    assert_eq!(read_all(&log, &topic, 1), records);
    assert_eq!(log.read(&topic, 1, 1, 1).unwrap(), Chunk { records: vec![records[1].clone()], at_end: false, next: 2 });
    assert_eq!(log.read(&topic, 1, 2, 1).unwrap(), Chunk { records: vec![records[2].clone()], at_end: true, next: 3 });
    assert_eq!(log.read(&topic, 1, 3, 1).unwrap(), Chunk { records: vec![], at_end: true, next: 3 });
    assert_eq!((log.start(&topic, 1).unwrap(), log.end(&topic, 1).unwrap()), (0, 3));
    assert_eq!(log.offset_at(&topic, 1, Time(0)).unwrap(), Some(0));
    assert_eq!(log.offset_at(&topic, 1, records[2].time.plus(1)).unwrap(), None);
    assert!(matches!(log.read(&topic, 1, 4, 1), Err(LogError::OutOfRange { asked: 4, start: 0, end: 3, .. })));
    assert_eq!(log.read(&topic, 3, 0, 1), Err(LogError::Unknown(topic.clone(), 3)));
    assert_eq!(log.end("nowhere", 0), Err(LogError::Unknown("nowhere".to_owned(), 0)));
    assert!(matches!(log.append_wait("nowhere", 0, vec![says("x")]), Err(AppendError::Refused(_))));
    assert!(matches!(log.append_wait(&topic, 3, vec![says("x")]), Err(AppendError::Refused(_))));
}

#[test]
fn the_prefix_is_not_shown() {
    let topic = unique("hidden");
    let options = KafkaOptions { prefix: format!("{topic}."), ..broker().options() };
    let log = Log::Kafka(KafkaLog::connect(options).unwrap());
    let info = log.create("carts", 1).unwrap();
    log.create("tasks", 2).unwrap();
    assert_eq!(
        log.topics().unwrap().iter().map(|info| (info.name.as_str(), info.partitions)).collect::<Vec<_>>(),
        [("carts", 1), ("tasks", 2)]
    );
    let (_, bare) = broker().connect();
    let same = bare.topics().unwrap().into_iter().find(|info| info.name == format!("{topic}.carts")).unwrap();
    assert_eq!(same.id, info.id);
}

#[test]
fn settings_that_lose_or_misdate_records_are_refused_by_name() {
    let (kafka, log) = broker().connect();
    let refused = |setting: &str, value: &str| {
        let topic = unique("settings");
        log.create(&topic, 1).unwrap();
        kafka.admin.set(&topic, setting, value);
        let reason = wait_for("the setting", || match log.create(&topic, 1) {
            Err(LogError::Settings { topic: named, reason }) if named == topic => Some(reason),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        });
        assert!(reason.starts_with(&format!("{setting} is {value}, it must be ")), "{reason}");
    };
    refused("retention.ms", "86400000");
    refused("retention.bytes", "1000000000");
    refused("cleanup.policy", "compact");
    refused("cleanup.policy", "compact,delete");
    refused("message.timestamp.type", "CreateTime");
    refused("unclean.leader.election.enable", "true");
    let topic = unique("settings");
    log.create(&topic, 2).unwrap();
    let error = log.create(&topic, 8).unwrap_err().to_string();
    assert!(error.contains(&topic) && error.contains("it has 2 partitions, 8 are asked for"), "{error}");
}

#[test]
fn options_that_undo_promises_are_refused_by_name() {
    let refused = |name: &str, value: &str| {
        let mut options = KafkaOptions::new("127.0.0.1:1");
        options.settings.insert(name.to_owned(), value.to_owned());
        let Err(LogError::Open(reason)) = KafkaLog::connect(options).map(drop) else { panic!("{name} was taken") };
        assert!(reason.contains(&format!("`{name}`")), "{reason}");
    };
    refused("acks", "1");
    refused("enable.idempotence", "false");
    refused("auto.offset.reset", "earliest");
    refused("compression.type", "shrink");
    refused("no.such.setting", "1");
    let error =
        KafkaLog::connect(KafkaOptions { readers: 0, ..KafkaOptions::new("127.0.0.1:1") }).map(drop).unwrap_err();
    assert!(error.to_string().contains("kafka.readers"), "{error}");
    let short = KafkaOptions { request_timeout: Duration::from_millis(200), ..KafkaOptions::new("127.0.0.1:1") };
    assert!(matches!(KafkaLog::connect(short), Err(LogError::Unavailable(_))));
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let kafka =
        KafkaLog::connect(KafkaOptions { queue_records: 5, queue_bytes: 3_000_000, ..broker().options() }).unwrap();
    let log = Log::Kafka(kafka);
    let topic = unique("limits");
    log.create(&topic, 1).unwrap();
    let refused = |records: Vec<NewRecord>, why: &str| match log.append_wait(&topic, 0, records) {
        Err(AppendError::Refused(reason)) => assert!(reason.contains(why), "{reason}"),
        other => panic!("{other:?}"),
    };
    let large = |bytes: usize| NewRecord { value: vec![1; bytes], ..NewRecord::default() };
    refused(vec![], "needs a record");
    refused(vec![says("fits"), large(1_000_001)], "message.max.bytes is 1000000");
    refused(vec![says("x"); 6], "kafka.queue_records is 5");
    refused(vec![large(900_000); 4], "kafka.queue_bytes is 3000000");
    refused(vec![NewRecord { time: Some(Time(0)), ..says("x") }], "time");
    refused(vec![NewRecord { headers: vec![("a\0b".to_owned(), vec![])], ..says("x") }], "NUL");
    assert_eq!(log.append_wait(&topic, 0, vec![large(900_000); 3]), Ok(0));
    assert_eq!(log.append_wait(&topic, 0, vec![says("x"); 5]), Ok(3));
}

#[test]
fn fifty_thousand_appends_in_flight_complete_in_order() {
    let (kafka, log) = broker().connect();
    let topic = unique("flight");
    log.create(&topic, 4).unwrap();
    let offsets: Arc<[Mutex<Vec<u64>>; 4]> = Arc::default();
    let started = Instant::now();
    for n in 0..50_000_u32 {
        let offsets = offsets.clone();
        let partition = n % 4;
        let done = move |result: Result<u64, AppendError>| offsets[partition as usize].lock().push(result.unwrap());
        log.append(&topic, partition, vec![says(&format!("{n:0100}"))], Box::new(done));
    }
    let called = started.elapsed();
    wait_for("50,000 appends", || (offsets.iter().map(|all| all.lock().len()).sum::<usize>() == 50_000).then_some(()));
    println!("50,000 appends of 100 bytes: called in {called:?}, durable after {:?}", started.elapsed());
    for partition in 0..4 {
        let expected: Vec<_> = (0..12_500).collect();
        assert_eq!(*offsets[partition as usize].lock(), expected);
        let mut follower = kafka.follow(&topic, partition, 0, no_wake()).unwrap();
        let values = texts(&drain(&mut follower));
        let in_order: Vec<_> = (0..12_500).map(|n| format!("{:0100}", n * 4 + partition)).collect();
        assert_eq!(values, in_order);
    }
}

#[test]
fn records_of_one_append_have_no_others_between_them() {
    let (_, log) = broker().connect();
    let topic = unique("together");
    log.create(&topic, 1).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (log, topic) = (&log, &topic);
            scope.spawn(move || {
                for n in 0..50 {
                    let text = format!("{thread}.{n}");
                    let first = log.append_wait(topic, 0, vec![says(&text); 10]).unwrap();
                    let there = log.read(topic, 0, first, 10).unwrap();
                    assert_eq!(texts(&there.records), vec![text; 10]);
                }
            });
        }
    });
    assert_eq!(log.end(&topic, 0).unwrap(), 2000);
}

#[test]
fn followers_do_not_disturb_each_other_and_free_their_place() {
    let (kafka, log) = broker().connect();
    let topic = unique("followers");
    log.create(&topic, 1).unwrap();
    for n in 0..100 {
        log.append_wait(&topic, 0, vec![says(&n.to_string())]).unwrap();
    }
    let mut first = kafka.follow(&topic, 0, 0, no_wake()).unwrap();
    let mut second = kafka.follow(&topic, 0, 90, no_wake()).unwrap();
    assert_eq!(drain(&mut first).len(), 100);
    assert_eq!(drain(&mut second)[0].offset, 90);
    assert_eq!(kafka.hubs.count(), 2);
    drop(first);
    // The same place again, below and above where the one before had read ahead to: never a record of that one.
    for from in [50, 10, 99, 0, 70] {
        let mut again = kafka.follow(&topic, 0, from, no_wake()).unwrap();
        let one = wait_for("a record", || again.poll(1).unwrap().records.pop());
        assert_eq!(one.offset, from);
    }
    assert_eq!(kafka.hubs.count(), 2);
    log.append_wait(&topic, 0, vec![says("100")]).unwrap();
    assert_eq!(texts(&drain(&mut second)), ["100"]);
}

#[test]
fn a_follower_that_was_trimmed_past_says_so_and_stays_so() {
    let (kafka, log) = broker().connect();
    let topic = unique("trimmed");
    log.create(&topic, 1).unwrap();
    log.append_wait(&topic, 0, (0..100).map(|n| says(&n.to_string())).collect()).unwrap();
    log.trim(&topic, 0, 40).unwrap();
    log.trim(&topic, 0, 30).unwrap();
    assert_eq!((log.start(&topic, 0).unwrap(), log.end(&topic, 0).unwrap()), (40, 100));
    assert_eq!(log.read(&topic, 0, 40, 1).unwrap().records[0].offset, 40);
    let below = LogError::OutOfRange { topic: topic.clone(), partition: 0, asked: 39, start: 40, end: 100 };
    assert_eq!(log.read(&topic, 0, 39, 1), Err(below.clone()));
    assert_eq!(kafka.follow(&topic, 0, 39, no_wake()).map(drop), Err(below));
    assert!(matches!(log.trim(&topic, 0, 101), Err(LogError::OutOfRange { asked: 101, .. })));

    // Too much to be read ahead, so that the follower must still ask for what is then gone.
    let block = NewRecord { value: vec![3; 500_000], ..NewRecord::default() };
    for _ in 0..40 {
        log.append_wait(&topic, 0, vec![block.clone()]).unwrap();
    }
    let mut follower = kafka.follow(&topic, 0, 40, no_wake()).unwrap();
    wait_for("a record", || follower.poll(1).unwrap().records.pop());
    log.trim(&topic, 0, 139).unwrap();
    let error = wait_for("the gap", || follower.poll(1).err());
    assert!(matches!(error, LogError::OutOfRange { start: 139, end: 140, .. }), "{error}");
    assert_eq!(follower.poll(1), Err(error));
}

/// A producer whose transactions take offsets that are no records.
fn transactional(id: &str) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &broker().address).set("transactional.id", id);
    let producer = BaseProducer::from_config(&config).unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

#[test]
fn a_hole_at_the_end_is_an_end() {
    let (kafka, log) = broker().connect();
    let topic = unique("hole");
    log.create(&topic, 1).unwrap();
    // A transaction's marker takes an offset and is no record; what was aborted is none either.
    let producer = transactional(&topic);
    for commit in [true, false] {
        producer.begin_transaction().unwrap();
        let value = if commit { "stays" } else { "goes" };
        producer.send(BaseRecord::<(), str>::to(&topic).payload(value).partition(0)).unwrap();
        producer.flush(PATIENCE).unwrap();
        if commit { producer.commit_transaction(PATIENCE) } else { producer.abort_transaction(PATIENCE) }.unwrap();
    }
    wait_for("both markers", || (log.end(&topic, 0).unwrap() == 4).then_some(()));
    for max in [1, 2] {
        let chunk = log.read(&topic, 0, 0, max).unwrap();
        assert_eq!((texts(&chunk.records), chunk.at_end), (vec!["stays".to_owned()], true));
    }
    assert_eq!(log.read(&topic, 0, 1, 9).unwrap(), Chunk { records: vec![], at_end: true, next: 4 });
    let mut follower = kafka.follow(&topic, 0, 0, no_wake()).unwrap();
    assert_eq!(texts(&drain(&mut follower)), ["stays"]);
    assert_eq!(log.append_wait(&topic, 0, vec![says("next")]), Ok(4));
    assert_eq!(texts(&drain(&mut follower)), ["next"]);
}

#[test]
fn holes_between_records_are_passed_from_wherever_one_reads() {
    let (kafka, log) = broker().connect();
    let topic = unique("holes");
    log.create(&topic, 1).unwrap();
    let producer = transactional(&topic);
    // Each third transaction is given up; markers stand behind all of them.
    for n in 0..30 {
        producer.begin_transaction().unwrap();
        producer.send(BaseRecord::<(), str>::to(&topic).payload(&n.to_string()).partition(0)).unwrap();
        producer.flush(PATIENCE).unwrap();
        let given_up = n % 3 == 2;
        if given_up { producer.abort_transaction(PATIENCE) } else { producer.commit_transaction(PATIENCE) }.unwrap();
    }
    wait_for("every marker", || (log.end(&topic, 0).unwrap() == 60).then_some(()));
    for from in 0..=60 {
        let expected: Vec<_> = (0..30).filter(|n| n * 2 >= from && n % 3 != 2).map(|n| n.to_string()).collect();
        let mut follower = kafka.follow(&topic, 0, from, no_wake()).unwrap();
        let max = usize::try_from(from % 4).unwrap() + 1;
        assert_eq!(texts(&read_on(&log, &topic, 0, from, max)), expected, "from {from}, {max} at a time");
        if from % 7 == 0 || from == 59 {
            assert_eq!(texts(&drain(&mut follower)), expected, "followed from {from}");
        }
    }
}

#[test]
fn foreign_records_are_taken_as_they_are() {
    let (_, log) = broker().connect();
    let topic = unique("foreign");
    log.create(&topic, 1).unwrap();
    let header = OsStr::from_bytes(b"\xff\xfe=v");
    let mut kcat = Command::new("kcat");
    kcat.args(["-P", "-b", &broker().address, "-t", &topic, "-p", "0", "-Z", "-K:", "-H"]).arg(header);
    let mut kcat = kcat.stdin(Stdio::piped()).spawn().expect("kcat is missing; on Debian: sudo apt-get install kcat");
    std::io::Write::write_all(kcat.stdin.as_mut().unwrap(), b"k:{}\n:\n").unwrap();
    assert!(kcat.wait().unwrap().success());
    let records = read_all(&log, &topic, 0);
    assert_eq!(texts(&records), ["{}", ""]);
    assert_eq!(records[0].headers, [("\u{fffd}\u{fffd}".to_owned(), b"v".to_vec())]);
    assert_eq!((records[0].key.as_slice(), records[1].key.as_slice()), (b"k".as_slice(), b"".as_slice()));
}

#[test]
fn a_recreated_topic_has_another_id() {
    let (kafka, log) = broker().connect();
    let topic = unique("recreated");
    let first = log.create(&topic, 1).unwrap();
    assert!(!first.id.is_empty());
    log.append_wait(&topic, 0, vec![says("gone"), says("gone")]).unwrap();
    kafka.admin.delete_topic(&topic);
    wait_for("the topic to go", || log.topics().unwrap().iter().all(|info| info.name != topic).then_some(()));
    let second = log.create(&topic, 1).unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(log.topics().unwrap().into_iter().find(|info| info.name == topic), Some(second));
    assert_eq!(log.append_wait(&topic, 0, vec![says("new")]), Ok(0));
    assert_eq!(texts(&read_all(&log, &topic, 0)), ["new"]);
    assert_eq!(texts(&drain(&mut kafka.follow(&topic, 0, 0, no_wake()).unwrap())), ["new"]);
}

#[test]
fn a_producer_that_failed_is_replaced() {
    let (kafka, log) = broker().connect();
    let topic = unique("failed");
    log.create(&topic, 1).unwrap();
    let mut acked = Vec::new();
    for round in 0..3 {
        for n in 0..20 {
            let text = format!("{round}.{n}");
            wait_for("an append", || match log.append_wait(&topic, 0, vec![says(&text)]) {
                Ok(_) => Some(()),
                Err(AppendError::Refused(_)) => None,
                Err(unknown) => panic!("{unknown}"),
            });
            acked.push(text);
        }
        kafka.appender.fail_producer();
    }
    assert_eq!(texts(&read_all(&log, &topic, 0)), acked);
}

/// What became of the appends of a [`Feed`], by number.
type Outcomes = BTreeMap<usize, Result<u64, AppendError>>;

/// Appends numbers, one after the other without waiting, until stopped.
struct Feed {
    stop: Arc<AtomicBool>,
    outcomes: Arc<Mutex<Outcomes>>,
    thread: std::thread::JoinHandle<usize>,
}

impl Feed {
    fn start(log: &Log, topic: &str) -> Self {
        let (stop, outcomes) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Outcomes::new())));
        let (log, topic) = (log.clone(), topic.to_owned());
        let (stopped, reported) = (stop.clone(), outcomes.clone());
        let thread = std::thread::spawn(move || {
            let mut n = 0;
            while !stopped.load(Ordering::SeqCst) {
                let reported = reported.clone();
                let done = move |result| assert_eq!(reported.lock().insert(n, result), None, "{n} was done twice");
                let called = Instant::now();
                log.append(&topic, 0, vec![says(&n.to_string())], Box::new(done));
                assert!(called.elapsed() < Duration::from_millis(500), "an append blocked for {:?}", called.elapsed());
                n += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            n
        });
        Self { stop, outcomes, thread }
    }

    fn count(&self, of: impl Fn(&Result<u64, AppendError>) -> bool) -> usize {
        self.outcomes.lock().values().filter(|outcome| of(outcome)).count()
    }

    /// Waits until `more` appends than now have such an outcome.
    fn wait(&self, more: usize, of: impl Fn(&Result<u64, AppendError>) -> bool) {
        let before = self.count(&of);
        wait_for("outcomes", || (self.count(&of) >= before + more).then_some(()));
    }

    fn stop(self) -> Outcomes {
        self.stop.store(true, Ordering::SeqCst);
        let fed = self.thread.join().unwrap();
        wait_for("every outcome", || (self.outcomes.lock().len() == fed).then_some(()));
        Arc::into_inner(self.outcomes).map_or_else(Outcomes::new, Mutex::into_inner)
    }
}

/// Acknowledged is there, at its offset; refused is not; nothing is there twice.
fn check_outcomes(outcomes: &Outcomes, records: &[LogRecord]) {
    let mut there = BTreeMap::new();
    for record in records {
        let n: usize = texts(std::slice::from_ref(record))[0].parse().unwrap();
        assert_eq!(there.insert(n, record.offset), None, "{n} is there twice");
    }
    for (n, outcome) in outcomes {
        match outcome {
            Ok(offset) => assert_eq!(there.get(n), Some(offset), "{n} was acknowledged"),
            Err(AppendError::Refused(reason)) => assert_eq!(there.get(n), None, "{n} was refused: {reason}"),
            Err(AppendError::Unknown(_)) => {}
        }
    }
    let count = |of: fn(&Result<u64, AppendError>) -> bool| outcomes.values().filter(|outcome| of(outcome)).count();
    let refused = count(|outcome| matches!(outcome, Err(AppendError::Refused(_))));
    let unknown = count(|outcome| matches!(outcome, Err(AppendError::Unknown(_))));
    println!("{} acknowledged, {refused} refused, {unknown} unknown", count(Result::is_ok));
}

#[test]
fn a_killed_broker_loses_nothing_and_everything_goes_on_by_itself() {
    let broker = frail();
    let (kafka, log) = broker.impatient();
    let topic = unique("killed");
    log.create(&topic, 1).unwrap();
    let mut follower = kafka.follow(&topic, 0, 0, no_wake()).unwrap();
    let mut followed = Vec::new();
    let feed = Feed::start(&log, &topic);
    feed.wait(100, Result::is_ok);
    for _ in 0..2 {
        broker.act("kill");
        feed.wait(100, Result::is_err);
        // At the same time, because each waits as long as it may.
        let asks: [&(dyn Fn() -> Option<LogError> + Sync); 3] =
            [&|| log.read(&topic, 0, 0, 1).err(), &|| log.end(&topic, 0).err(), &|| log.create("while-down", 1).err()];
        std::thread::scope(|scope| {
            let asked = asks.map(|ask| scope.spawn(ask));
            let errors = asked.map(|thread| thread.join().unwrap());
            assert!(errors.iter().all(|error| matches!(error, Some(LogError::Unavailable(_)))), "{errors:?}");
        });
        wait_for("the follower to notice", || match follower.poll(1000) {
            Ok(chunk) => {
                followed.extend(chunk.records);
                None
            }
            Err(LogError::Unavailable(_)) => Some(()),
            Err(other) => panic!("{other}"),
        });
        broker.act("restart");
        feed.wait(100, Result::is_ok);
        wait_for("reads to go on", || log.read(&topic, 0, 0, 1).ok());
    }
    let outcomes = feed.stop();
    wait_for("the follower to catch up", || match follower.poll(1000) {
        Ok(chunk) => {
            followed.extend(chunk.records);
            chunk.at_end.then_some(())
        }
        Err(LogError::Unavailable(_)) => None,
        Err(other) => panic!("{other}"),
    });
    assert_eq!(followed, read_all(&log, &topic, 0));
    check_outcomes(&outcomes, &followed);
}

#[test]
fn a_stopped_broker_makes_appends_end_in_time_and_goes_on() {
    let broker = frail();
    let (_, log) = broker.impatient();
    let topic = unique("stopped");
    log.create(&topic, 1).unwrap();
    let feed = Feed::start(&log, &topic);
    feed.wait(100, Result::is_ok);
    broker.act("pause");
    let paused = Instant::now();
    // What was on its way cannot be known, what was never sent is refused, and each within its time.
    feed.wait(1, |outcome| matches!(outcome, Err(AppendError::Unknown(_))));
    feed.wait(500, |outcome| matches!(outcome, Err(AppendError::Refused(_))));
    assert!(matches!(log.end(&topic, 0), Err(LogError::Unavailable(_))));
    assert!(paused.elapsed() < Duration::from_secs(15), "it took {:?}", paused.elapsed());
    broker.act("resume");
    feed.wait(100, Result::is_ok);
    let outcomes = feed.stop();
    check_outcomes(&outcomes, &read_all(&log, &topic, 0));
}

#[test]
fn a_closed_log_leaves_no_append_open() {
    let broker = frail();
    let (kafka, log) = broker.impatient();
    let topic = unique("closed");
    log.create(&topic, 1).unwrap();
    log.append_wait(&topic, 0, vec![says("0")]).unwrap();
    broker.act("pause");
    let done = Arc::new(Mutex::new(Vec::new()));
    for n in 1..=1000 {
        let done = done.clone();
        log.append(&topic, 0, vec![says(&n.to_string())], Box::new(move |result| done.lock().push(result)));
    }
    drop((kafka, log));
    broker.act("resume");
    let done = done.lock();
    assert_eq!(done.len(), 1000);
    assert!(done.iter().all(Result::is_err), "{done:?}");
}

#[test]
fn a_damaged_batch_is_named_and_nothing_of_it_is_served() {
    let broker = frail();
    let topic = unique("damaged");
    let text = "a text that is found in the broker's file";
    {
        let (_, log) = broker.connect();
        log.create(&topic, 1).unwrap();
        log.append_wait(&topic, 0, vec![says("good")]).unwrap();
        log.append_wait(&topic, 0, vec![says(text)]).unwrap();
    }
    broker.act("stop");
    let file = broker.dir.join(format!("data/{topic}-0/00000000000000000000.log"));
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    broker.act("start");
    let (kafka, log) = broker.connect();
    let place = format!("{topic}/0");
    let damaged = |error: &LogError| matches!(error, LogError::Corrupt(what) if what.contains(&place));
    let error = log.read(&topic, 0, 1, 1).unwrap_err();
    assert!(damaged(&error), "{error}");
    let mut follower = kafka.follow(&topic, 0, 0, no_wake()).unwrap();
    let mut served = Vec::new();
    let error = wait_for("the damage", || match follower.poll(10) {
        Ok(chunk) => {
            served.extend(chunk.records);
            None
        }
        Err(error) => Some(error),
    });
    assert!(damaged(&error), "{error}");
    assert_eq!(texts(&served), ["good"]);
    // What comes behind is not served either.
    log.append_wait(&topic, 0, vec![says("behind")]).unwrap();
    assert_eq!(follower.poll(10), Err(error));
}

/// A log in memory whose records have times of their own.
fn filled(topic: &str, records: u64) -> Log {
    let memory = Arc::new(MemoryLog::new());
    let log = Log::Memory(memory.clone());
    log.create(topic, 2).unwrap();
    for n in 0..records {
        // Past and far future alike.
        memory.set_clock(Time(1_000_000_000_000 + n * 2_000_000_000));
        let record = NewRecord {
            key: n.to_string().into_bytes(),
            value: vec![9; 300],
            headers: vec![("n".to_owned(), n.to_string().into_bytes())],
            time: None,
        };
        log.append_wait(topic, u32::from(n % 3 == 0), vec![record]).unwrap();
    }
    log
}

#[test]
fn a_copy_into_kafka_is_equal_record_for_record() {
    let topic = unique("copied");
    let options = KafkaOptions { prefix: format!("{topic}."), ..broker().options() };
    let target = Log::Kafka(KafkaLog::connect(options).unwrap());
    let source = filled("orders", 2500);

    // Interrupted in the middle: the topic cannot be used, but the copy goes on.
    let half = filled("orders", 1000);
    let Log::Kafka(kafka) = &target else { unreachable!() };
    kafka.create_for_copy("orders", 2).unwrap();
    for partition in 0..2 {
        let part = half.read("orders", partition, 0, 250).unwrap().records;
        let renew = |record: LogRecord| NewRecord {
            key: record.key,
            value: record.value,
            headers: record.headers,
            time: Some(record.time),
        };
        target.append_wait("orders", partition, part.into_iter().map(renew).collect()).unwrap();
    }
    let refused = target.create("orders", 2).unwrap_err().to_string();
    assert!(refused.contains("message.timestamp.type is CreateTime"), "{refused}");

    let copied = copy(&source, &target, &mut |_| {}).unwrap();
    assert_eq!((copied.topics, copied.records), (1, 2000));
    for partition in 0..2 {
        assert_eq!(read_all(&target, "orders", partition), read_all(&source, "orders", partition));
    }
    // From now on Kafka stamps, and what was copied keeps its times.
    wait_for("the switch", || target.create("orders", 2).ok());
    let (end, now) = (target.end("orders", 0).unwrap(), Time::now());
    wait_for("a record with Kafka's time", || {
        let offset = target.append_wait("orders", 0, vec![NewRecord { time: Some(Time(5)), ..says("new") }]).unwrap();
        let record = target.read("orders", 0, offset, 1).unwrap().records.remove(0);
        (record.time.plus(1000) >= now).then_some(())
    });
    assert_eq!(target.read("orders", 0, 0, 1).unwrap(), source.read("orders", 0, 0, 1).unwrap());

    let refused = copy(&source, &target, &mut |_| {}).unwrap_err();
    assert!(matches!(&refused, CopyError::Refused { topic, .. } if topic == "orders"), "{refused}");
    assert!(target.end("orders", 0).unwrap() > end);
}

#[test]
fn a_copy_into_topics_that_exist_and_are_empty_keeps_times_and_is_idempotent() {
    let topic = unique("empty");
    let options = KafkaOptions { prefix: format!("{topic}."), ..broker().options() };
    let target = Log::Kafka(KafkaLog::connect(options).unwrap());
    target.create("orders", 2).unwrap();
    let source = filled("orders", 300);
    for expected in [300, 0] {
        assert_eq!(copy(&source, &target, &mut |_| {}).unwrap().records, expected);
        for partition in 0..2 {
            assert_eq!(read_all(&target, "orders", partition), read_all(&source, "orders", partition));
        }
    }
    let wide = filled("orders", 300);
    wide.create("more", 1).unwrap();
    target.create("more", 3).unwrap();
    let refused = copy(&wide, &target, &mut |_| {}).unwrap_err().to_string();
    assert!(refused.contains("topic more") && refused.contains("it has 3 partitions, 1 are asked for"), "{refused}");
}

#[test]
fn conforms() {
    let (_, log) = broker().connect();
    conformance::check(&|| log.clone());
    conformance::check_reopen(&|| broker().connect().1);
}
