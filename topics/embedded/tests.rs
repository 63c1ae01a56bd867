//! The embedded log against the conformance suite, kills, torn tails, damage, full disks and second openers.

use super::store::*;
use super::*;
use crate::conformance;
use crate::log::Log;
use crate::memory::MemoryLog;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

unsafe extern "C" {
    fn dup2(from: i32, to: i32) -> i32;
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

fn open(path: impl AsRef<Path>) -> Log {
    Log::Embedded(EmbeddedLog::open(path, EmbeddedOptions::default()).expect("the log opens"))
}

fn open_error(path: impl AsRef<Path>) -> LogError {
    EmbeddedLog::open(path, EmbeddedOptions::default()).err().expect("the log does not open")
}

/// Limits so small that every path beside memory is taken.
fn small() -> EmbeddedOptions {
    EmbeddedOptions {
        write_buffer_bytes: 64 << 10,
        block_cache_bytes: 64 << 10,
        max_commit_bytes: 4 << 10,
        batch_bytes: 400,
        tail_bytes: 1_000,
        max_read_bytes: 2_000,
        ..EmbeddedOptions::default()
    }
}

fn embedded(log: &Log) -> &Arc<EmbeddedLog> {
    let Log::Embedded(log) = log else { panic!("it is an embedded log") };
    log
}

fn record(value: &str) -> NewRecord {
    NewRecord { key: b"k".to_vec(), value: value.as_bytes().to_vec(), ..NewRecord::default() }
}

/// A value that no compression makes shorter than it is.
fn long(seed: u32) -> NewRecord {
    let value = (0..2_000u32).flat_map(|i| crc32c::crc32c(&(seed * 10_000 + i).to_le_bytes()).to_le_bytes());
    NewRecord { value: value.collect(), ..NewRecord::default() }
}

fn append(log: &Log, topic: &str, partition: u32, value: &str) -> u64 {
    log.append_wait(topic, partition, vec![record(value)]).expect("appended")
}

fn values(log: &Log, topic: &str, partition: u32) -> Vec<String> {
    let start = log.start(topic, partition).expect("start");
    let chunk = log.read(topic, partition, start, usize::MAX).expect("read");
    assert!(chunk.at_end, "all of it fits into one read");
    chunk.records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

/// The folder as a kill would leave it.
fn copy(from: &Path) -> TempDir {
    let to = folder();
    // What the manifest names must be copied behind it: RocksDB goes on in the background.
    for manifest in [true, false] {
        for entry in fs::read_dir(from).expect("the log's folder") {
            let name = entry.expect("an entry").file_name();
            let text = name.to_string_lossy();
            if manifest == (text.starts_with("MANIFEST") || text == "CURRENT") {
                // A file that goes meanwhile is one that nothing needs; else the copy could not be opened.
                let copied = fs::copy(from.join(&name), to.path().join(&name));
                assert!(copied.is_ok() || !from.join(&name).exists(), "{copied:?}");
            }
        }
    }
    to
}

fn files(path: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(path).expect("the log's folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|it| it == ending)).collect();
    found.sort();
    found
}

/// The write-ahead log that holds the most.
fn write_ahead(path: &Path) -> PathBuf {
    let all = files(path, "log");
    all.into_iter().max_by_key(|path| path.metadata().expect("metadata").len()).expect("a write-ahead log")
}

fn flip(path: &Path, at: u64) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).expect("the file");
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).expect("seek");
    file.read_exact(&mut byte).expect("read");
    file.seek(SeekFrom::Start(at)).expect("seek");
    file.write_all(&[byte[0] ^ 0xff]).expect("write");
}

/// Changes a closed log behind its back.
fn tamper(path: &Path, change: impl FnOnce(&Shared)) {
    let (shared, _) = Shared::open(path, EmbeddedOptions::default()).expect("the log opens");
    change(&shared);
    // As if it had been lost before the log was looked at.
    shared.db.delete(CHECKED_KEY).expect("deleted");
}

fn entry_of(shared: &Shared, topic: &str, partition: u32, offset: u64) -> (Arc<Partition>, Entry) {
    let partition = shared.partition(topic, partition).expect("the partition");
    let mut entries = shared.entries(&partition);
    entries.seek(offset);
    let entry = entries.next().expect("readable").expect("an entry");
    drop(entries);
    (partition, entry)
}

fn corrupt(error: Option<LogError>, naming: &str) {
    let Some(LogError::Corrupt(text)) = error else { panic!("{error:?} is not damage") };
    assert!(text.contains(naming), "`{text}` does not name {naming}");
}

#[test]
fn memory_conforms() {
    let fresh = || Log::Memory(Arc::new(MemoryLog::new()));
    conformance::check(&fresh);
}

#[test]
fn embedded_conforms() {
    let folder = folder();
    let log = open(folder.path());
    conformance::check(&|| log.clone());
    conformance::check_copied_times(&|| log.clone());
}

#[test]
fn embedded_conforms_with_small_limits() {
    let folder = folder();
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), small()).expect("the log opens"));
    conformance::check(&|| log.clone());
    conformance::check_copied_times(&|| log.clone());
    drop(log);
    open(folder.path());
}

#[test]
fn embedded_reopens() {
    let (plain, tiny) = (folder(), folder());
    conformance::check_reopen(&|| open(plain.path()));
    conformance::check_reopen(&|| Log::Embedded(EmbeddedLog::open(tiny.path(), small()).expect("the log opens")));
}

#[test]
fn a_copy_of_an_open_log_holds_what_was_acknowledged() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 2).expect("created");
    for round in 0..20 {
        append(&log, "t", round % 2, &round.to_string());
        let killed = copy(folder.path());
        let other = open(killed.path());
        for partition in 0..2 {
            assert_eq!(values(&other, "t", partition), values(&log, "t", partition), "round {round}");
        }
    }
}

#[test]
fn a_torn_tail_is_dropped() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    for number in 0..10 {
        append(&log, "t", 0, &number.to_string());
    }
    let whole = write_ahead(folder.path()).metadata().expect("metadata").len();
    append(&log, "t", 0, "torn");
    let torn = write_ahead(folder.path()).metadata().expect("metadata").len();
    for length in [whole + 1, whole + 7, whole + 20, torn - 1] {
        let killed = copy(folder.path());
        let file = OpenOptions::new().write(true).open(write_ahead(killed.path())).expect("the file");
        file.set_len(length).expect("cut");
        let other = open(killed.path());
        assert_eq!(values(&other, "t", 0), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "cut at {length}");
        assert_eq!(append(&other, "t", 0, "next"), 10);
        drop(other);
        assert_eq!(values(&open(killed.path()), "t", 0).len(), 11, "cut at {length}");
    }
}

#[test]
fn damage_before_the_tail_is_refused() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    for seed in 0..20 {
        log.append_wait("t", 0, vec![long(seed)]).expect("appended");
    }
    for number in 0..20 {
        append(&log, "t", 0, &number.to_string());
    }
    let length = write_ahead(folder.path()).metadata().expect("metadata").len();
    let parts = (1..9).map(|part| length * part / 10);
    // Also where a record's length would stand: that looks like a record which the end of the file cuts off.
    for at in parts.chain(length - 400..length - 380) {
        let killed = copy(folder.path());
        flip(&write_ahead(killed.path()), at);
        corrupt(Some(open_error(killed.path())), "");
    }
}

#[test]
fn damage_in_a_file_is_named_and_not_served() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    for seed in 0..20 {
        log.append_wait("t", 0, vec![long(seed)]).expect("appended");
    }
    // The first open writes what it recovers into files.
    drop(log);
    drop(open(folder.path()));
    let largest = files(folder.path(), "sst").into_iter().max_by_key(|path| path.metadata().expect("metadata").len());
    let largest = largest.expect("a file of batches");
    flip(&largest, largest.metadata().expect("metadata").len() / 2);
    let log = open(folder.path());
    let chunk = log.read("t", 0, 0, usize::MAX).expect("what stands before the damage");
    assert!(!chunk.at_end && (1..20).contains(&chunk.next), "goes on from {}", chunk.next);
    for (seed, found) in (0..).zip(&chunk.records) {
        assert!(found.value == long(seed).value, "another value at {seed}");
    }
    corrupt(log.read("t", 0, chunk.next, 1).err(), &format!("t/0@{}", chunk.next));
    assert!(log.read("t", 0, 19, 1).is_ok(), "what stands behind the damage");
}

#[test]
fn a_batch_with_a_wrong_checksum_is_named_and_not_served() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    for number in 0..5 {
        append(&log, "t", 0, &number.to_string());
    }
    drop(log);
    tamper(folder.path(), |shared| {
        let (_, entry) = entry_of(shared, "t", 0, 3);
        let key = entry.row.sequence.to_be_bytes();
        let mut value = shared.db.get_cf(shared.family(BATCHES), key).expect("read").expect("it is there");
        // The record's value, so that the batch could still be decoded.
        let at = value.len() - 2;
        assert_eq!(value[at], b'3');
        value[at] = b'4';
        shared.db.put_cf(shared.family(BATCHES), key, value).expect("written");
    });
    let log = open(folder.path());
    assert_eq!(log.read("t", 0, 0, 10).expect("read").records.len(), 3);
    corrupt(log.read("t", 0, 3, 10).err(), "t/0@3");
    let mut follower = log.follow("t", 0, 0, Arc::new(|| ())).expect("follow");
    assert_eq!(follower.poll(10).expect("poll").next, 3);
    corrupt(follower.poll(10).err(), "t/0@3");
}

#[test]
fn batches_that_changed_places_are_not_served() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 2).expect("created");
    append(&log, "t", 0, "zero");
    append(&log, "t", 1, "one");
    append(&log, "t", 0, "last");
    append(&log, "t", 1, "last");
    drop(log);
    tamper(folder.path(), |shared| {
        let (_, zero) = entry_of(shared, "t", 0, 0);
        let (_, one) = entry_of(shared, "t", 1, 0);
        let value = shared.db.get_cf(shared.family(BATCHES), zero.row.sequence.to_be_bytes()).expect("read");
        let value = value.expect("it is there");
        shared.db.put_cf(shared.family(BATCHES), one.row.sequence.to_be_bytes(), value).expect("written");
    });
    let log = open(folder.path());
    corrupt(log.read("t", 1, 0, 10).err(), "t/1@0");
    assert_eq!(values(&log, "t", 0), ["zero", "last"]);
}

/// A log of two partitions in which something is missing.
fn with_loss(partition: u32, offset: u64, lose: impl FnOnce(&Shared, &Partition, &Entry)) -> LogError {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 2).expect("created");
    for number in 0..5 {
        append(&log, "t", 0, &number.to_string());
    }
    for number in 0..5 {
        append(&log, "t", 1, &number.to_string());
    }
    drop(log);
    tamper(folder.path(), |shared| {
        let (partition, entry) = entry_of(shared, "t", partition, offset);
        lose(shared, &partition, &entry);
    });
    open_error(folder.path())
}

fn lose_index(shared: &Shared, partition: &Partition, entry: &Entry) {
    shared.db.delete_cf(shared.family(INDEX), partition.index_key(entry.base)).expect("deleted");
}

fn lose_batch(shared: &Shared, _: &Partition, entry: &Entry) {
    shared.db.delete_cf(shared.family(BATCHES), entry.row.sequence.to_be_bytes()).expect("deleted");
}

fn lose_both(shared: &Shared, partition: &Partition, entry: &Entry) {
    lose_index(shared, partition, entry);
    lose_batch(shared, partition, entry);
}

#[test]
fn what_is_missing_is_named_at_open() {
    corrupt(Some(with_loss(0, 2, lose_both)), "t/0@2 is missing");
    corrupt(Some(with_loss(0, 0, lose_both)), "t/0@0 is missing");
    // Nothing in partition 0 itself tells that it had an offset 4.
    corrupt(Some(with_loss(0, 4, lose_both)), "right behind t/0@3");
    corrupt(Some(with_loss(0, 4, lose_index)), "t/0@4 is missing");
    corrupt(Some(with_loss(1, 4, lose_index)), "t/1@4 is missing");
    corrupt(Some(with_loss(1, 4, lose_batch)), "t/1@4");
}

/// Set in a process that a test starts of itself: the log's folder.
const OTHER_PROCESS: &str = "MILLRACE_TEST_OTHER_PROCESS";

/// This test again, in a process of its own.
fn other_process(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().expect("the test's own program"));
    command.args(["--exact", "--nocapture", &format!("embedded::tests::{test}")]).env(OTHER_PROCESS, folder);
    command.stdout(Stdio::piped());
    command
}

#[test]
fn a_second_opener_is_refused() {
    let refused = |path: &Path| {
        let LogError::Open(text) = open_error(path) else { panic!("another error") };
        assert!(text.contains("already open"), "{text}");
    };
    if let Some(path) = env::var_os(OTHER_PROCESS) {
        return refused(Path::new(&path));
    }
    let folder = folder();
    let log = open(folder.path());
    refused(folder.path());
    let other = other_process("a_second_opener_is_refused", folder.path()).output().expect("it runs");
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    drop(log);
    open(folder.path());
}

/// Says of each append on stdout when it is acknowledged.
fn append_until_killed(path: &Path) {
    let log = open(path);
    log.create("t", 2).expect("created");
    let (sender, results) = mpsc::channel();
    for number in 0u32.. {
        let sender = sender.clone();
        let partition = number % 2;
        let done = move |result: Result<u64, AppendError>| {
            println!("acknowledged {partition}/{}", result.expect("appended"));
            sender.send(()).expect("the test goes on");
        };
        log.append("t", partition, vec![record(&(number / 2).to_string())], Box::new(done));
        if number >= 64 {
            results.recv_timeout(PATIENCE).expect("an append is done");
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(path) = env::var_os(OTHER_PROCESS) {
        return append_until_killed(Path::new(&path));
    }
    for after in [1, 70, 333, 1000] {
        let folder = folder();
        let mut other = other_process("what_was_acknowledged_survives_a_kill", folder.path()).spawn().expect("it runs");
        let lines = BufReader::new(other.stdout.take().expect("its output")).lines().map(|line| line.expect("a line"));
        let mut said = lines.filter_map(|line| Some(line.split_once("acknowledged ")?.1.to_owned()));
        let mut acknowledged: Vec<String> = said.by_ref().take(after).collect();
        other.kill().expect("killed");
        other.wait().expect("ended");
        // A line is written at once, so what came before the kill is whole.
        acknowledged.extend(said);
        let log = open(folder.path());
        let found = [values(&log, "t", 0), values(&log, "t", 1)];
        for place in acknowledged {
            let (partition, offset) = place.split_once('/').expect("a place");
            let (partition, offset): (usize, usize) = (partition.parse().expect("one"), offset.parse().expect("one"));
            assert_eq!(found[partition].get(offset), Some(&offset.to_string()), "{place} of {after}");
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").expect("written");
    for path in [file.join("log"), file] {
        let LogError::Open(text) = open_error(&path) else { panic!("another error") };
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
    // An existing log whose lock cannot be opened for writing, whoever asks.
    let log = folder.path().join("log");
    drop(open(&log));
    fs::remove_file(log.join("LOCK")).expect("removed");
    fs::create_dir(log.join("LOCK")).expect("created");
    let LogError::Open(text) = open_error(&log) else { panic!("another error") };
    assert!(text.contains("cannot be opened"), "{text}");
}

#[test]
fn a_newer_format_is_refused() {
    let (format, family) = (folder(), folder());
    drop(open(format.path()));
    tamper(format.path(), |shared| {
        shared.db.put(FORMAT_KEY, codec::encode(&(FORMAT + 1))).expect("written");
    });
    drop(open(family.path()));
    let mut raw = open_database(family.path(), &EmbeddedOptions::default()).expect("opened");
    raw.create_cf("later", &rocksdb::Options::default()).expect("created");
    drop(raw);
    for path in [format.path(), family.path()] {
        let LogError::Open(text) = open_error(path) else { panic!("another error") };
        assert!(text.contains("newer build"), "{text}");
    }
}

#[test]
fn a_topic_made_again_has_another_id() {
    let ids: Vec<String> = (0..3).map(|_| open(folder().path()).create("t", 1).expect("created").id).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
}

#[test]
fn a_trim_that_was_cut_short_is_finished() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 2).expect("created");
    for number in 0..10 {
        append(&log, "t", number % 2, &number.to_string());
    }
    drop(log);
    tamper(folder.path(), |shared| {
        let partition = shared.partition("t", 0).expect("the partition");
        let row = StartRow { start: 3, highest: Time(0) };
        shared.db.put(partition.start_key(), codec::encode(&row)).expect("written");
    });
    for _ in 0..2 {
        let log = open(folder.path());
        assert_eq!(log.start("t", 0), Ok(3));
        assert_eq!(values(&log, "t", 0), ["6", "8"]);
        let partition = embedded(&log).shared.partition("t", 0).expect("the partition");
        let mut entries = embedded(&log).shared.entries(&partition);
        entries.seek(0);
        assert_eq!(entries.next().expect("readable").map(|entry| entry.base), Some(3));
    }
}

#[test]
fn trimming_gives_space_back() {
    let folder = folder();
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), small()).expect("the log opens"));
    log.create("t", 2).expect("created");
    for seed in 0..200 {
        log.append_wait("t", seed % 2, vec![long(seed)]).expect("appended");
    }
    let shared = &embedded(&log).shared;
    shared.db.flush_cf(shared.family(BATCHES)).expect("flushed");
    shared.db.compact_range_cf(shared.family(BATCHES), None::<&[u8]>, None::<&[u8]>);
    let size = || -> u64 {
        let live = shared.db.live_files().expect("live files");
        live.iter().filter(|file| file.column_family_name == BATCHES).map(|file| file.size as u64).sum()
    };
    let full = size();
    log.trim("t", 0, 90).expect("trimmed");
    assert!(size() > full * 9 / 10, "partition 1 still needs it");
    log.trim("t", 1, 90).expect("trimmed");
    assert!(size() < full / 4, "{} of {full} bytes are left", size());
    assert_eq!(log.read("t", 1, 90, 100).expect("read").records.len(), 1, "by the limit of a read");
    drop(log);
    assert_eq!(open(folder.path()).start("t", 1), Ok(90));
}

#[test]
fn a_follower_at_the_tail_reads_from_memory() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    let mut follower = log.follow("t", 0, 0, Arc::new(|| ())).expect("follow");
    append(&log, "t", 0, "zero");
    append(&log, "t", 0, "one");
    // With its batches gone from RocksDB, only memory can answer.
    let shared = &embedded(&log).shared;
    for sequence in 0u64..2 {
        shared.db.delete_cf(shared.family(BATCHES), sequence.to_be_bytes()).expect("deleted");
    }
    assert_eq!(follower.poll(1).expect("poll").next, 1);
    assert_eq!(follower.poll(1).expect("poll").records[0].value, b"one");
    drop(follower);
    let partition = shared.partition("t", 0).expect("the partition");
    assert!(partition.state.lock().wakes.is_empty(), "a follower that is gone is still woken");
}

#[test]
fn memory_keeps_only_its_limit() {
    let folder = folder();
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), small()).expect("the log opens"));
    log.create("t", 3).expect("created");
    for number in 0..300 {
        append(&log, "t", number % 3, &number.to_string());
    }
    // A second append tells that the first one's commit has ended.
    append(&log, "t", 0, "last");
    let shared = &embedded(&log).shared;
    let kept = |partition| shared.partition("t", partition).expect("there").state.lock().tail.len();
    assert!((1..10).contains(&(kept(0) + kept(1) + kept(2))), "{} {} {}", kept(0), kept(1), kept(2));
    assert_eq!(log.read("t", 1, 0, 1).expect("read").records[0].value, b"1");
}

#[test]
fn what_is_too_much_is_refused() {
    let folder = folder();
    let options = EmbeddedOptions {
        max_waiting_bytes: 20_000,
        max_waiting_appends: 3,
        max_record_bytes: 5_000,
        ..EmbeddedOptions::default()
    };
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), options).expect("the log opens"));
    log.create("t", 1).expect("created");
    let sized = |bytes| NewRecord { value: vec![1; bytes], ..NewRecord::default() };
    let refused = |records| matches!(log.append_wait("t", 0, records), Err(AppendError::Refused(_)));
    assert!(refused(vec![sized(5_001)]), "a record above the limit");
    assert!(!refused(vec![sized(5_000)]), "a record at the limit");
    assert!(refused(vec![sized(5_000); 4]), "more bytes than may wait");
    // The committer stands still in the first append, so what comes then waits.
    let (hold, held) = mpsc::channel::<()>();
    let (entered, entering) = mpsc::channel();
    let wait = move |_| {
        entered.send(()).expect("the test waits");
        held.recv().expect("the test lets go");
    };
    log.append("t", 0, vec![sized(1)], Box::new(wait));
    entering.recv_timeout(PATIENCE).expect("the committer came");
    let (sender, results) = mpsc::channel();
    for number in 0..5 {
        let sender = sender.clone();
        log.append("t", 0, vec![sized(1)], Box::new(move |result| drop(sender.send((number, result)))));
    }
    for expected in [3, 4] {
        let (number, result) = results.recv_timeout(PATIENCE).expect("refused at once");
        assert!(number == expected && matches!(result, Err(AppendError::Refused(_))), "{number}: {result:?}");
    }
    hold.send(()).expect("the committer waits");
    for expected in 0..3u64 {
        assert_eq!(results.recv_timeout(PATIENCE), Ok((expected, Ok(expected + 2))));
    }
    assert!(!refused(vec![sized(1)]), "there is room again");
}

#[test]
fn closing_writes_what_waits_and_takes_nothing_more() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    let (sender, results) = mpsc::channel();
    for _ in 0..100 {
        let sender = sender.clone();
        log.append("t", 0, vec![record("v")], Box::new(move |result| drop(sender.send(result))));
    }
    embedded(&log).close();
    assert_eq!(results.try_iter().filter(Result::is_ok).count(), 100);
    assert!(matches!(log.append_wait("t", 0, vec![record("v")]), Err(AppendError::Refused(_))));
    drop(log);
    assert_eq!(values(&open(folder.path()), "t", 0).len(), 100);
}

#[test]
fn a_log_may_be_dropped_by_what_it_calls() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    let (sender, dropped) = mpsc::channel();
    let mine = log.clone();
    let (hold, held) = mpsc::channel::<()>();
    let last = move |_| {
        held.recv().expect("the test lets go");
        drop(mine);
        sender.send(()).expect("the test waits");
    };
    log.append("t", 0, vec![record("v")], Box::new(last));
    drop(log);
    hold.send(()).expect("the committer waits");
    dropped.recv_timeout(PATIENCE).expect("the log is dropped");
}

#[test]
fn a_panic_behind_an_append_stops_nobody_else() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 1).expect("created");
    log.append("t", 0, vec![record("v")], Box::new(|_| panic!("on purpose")));
    assert_eq!(append(&log, "t", 0, "w"), 1);
}

/// Puts a full disk under the write-ahead log of this folder.
fn fill_disk(folder: &Path) {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("the full device");
    let wanted = write_ahead(folder).canonicalize().expect("a path");
    for entry in fs::read_dir("/proc/self/fd").expect("open files").flatten() {
        if fs::read_link(entry.path()).is_ok_and(|target| target == wanted) {
            let name = entry.file_name();
            let number: i32 = name.to_str().expect("a number").parse().expect("a number");
            // SAFETY: both are open files of this process; RocksDB goes on to own the second one.
            assert!(unsafe { dup2(full.as_raw_fd(), number) } == number, "not exchanged");
        }
    }
}

#[test]
fn a_failed_write_is_unknown_and_ends_the_log() {
    let folder = folder();
    let (sender, fatal) = mpsc::channel();
    let hook: OnFatal = Arc::new(move |reason: &str| drop(sender.send(reason.to_owned())));
    let options = EmbeddedOptions { on_fatal: Some(hook), ..EmbeddedOptions::default() };
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), options).expect("the log opens"));
    log.create("t", 1).expect("created");
    append(&log, "t", 0, "kept");
    fill_disk(folder.path());
    let (sender, results) = mpsc::channel();
    for _ in 0..10 {
        let sender = sender.clone();
        log.append("t", 0, vec![record("lost")], Box::new(move |result| drop(sender.send(result))));
    }
    fatal.recv_timeout(PATIENCE).expect("the hook is called");
    let all: Vec<_> = (0..10).map(|_| results.recv_timeout(PATIENCE).expect("every append is done")).collect();
    assert!(matches!(all[0], Err(AppendError::Unknown(_))), "{all:?}");
    assert!(all.iter().all(Result::is_err), "{all:?}");
    assert!(matches!(log.append_wait("t", 0, vec![record("v")]), Err(AppendError::Refused(_))));
    assert_eq!(values(&log, "t", 0), ["kept"], "readers never see what was not durable");
    assert_eq!(fatal.try_iter().count(), 0, "the hook is called once");
    drop(log);
    assert_eq!(values(&open(folder.path()), "t", 0), ["kept"]);
}

#[test]
fn few_files_are_open() {
    let folder = folder();
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), small()).expect("the log opens"));
    log.create("t", 1).expect("created");
    for seed in 0..1_500 {
        log.append_wait("t", 0, vec![long(seed)]).expect("appended");
    }
    assert_eq!(log.read("t", 0, 700, 1).expect("read").records[0].offset, 700);
    let path = folder.path().canonicalize().expect("a path");
    let fds = fs::read_dir("/proc/self/fd").expect("open files").flatten();
    let ours = fds.filter(|fd| fs::read_link(fd.path()).is_ok_and(|target| target.starts_with(&path))).count();
    assert!(ours < 90, "{ours} files are open");
    assert!(File::open(folder.path().join("LOCK")).is_ok());
}

#[test]
fn open_looks_at_what_is_new() {
    let folder = folder();
    let log = Log::Embedded(EmbeddedLog::open(folder.path(), small()).expect("the log opens"));
    log.create("t", 2).expect("created");
    let sequence = || embedded(&log).shared.row::<CheckedRow>(CHECKED_KEY).expect("read").map(|row| row.next_sequence);
    assert_eq!(sequence(), Some(0));
    let mut noted = Vec::new();
    for seed in 0..300u32 {
        log.append_wait("t", seed % 2, vec![long(seed)]).expect("appended");
        noted.extend(sequence());
        if seed % 50 == 0 {
            let db = &embedded(&log).shared.db;
            db.disable_file_deletions().expect("disabled");
            let killed = copy(folder.path());
            db.enable_file_deletions().expect("enabled");
            let other = open(killed.path());
            assert_eq!((other.end("t", 0), other.end("t", 1)), (log.end("t", 0), log.end("t", 1)), "{seed}");
        }
    }
    noted.dedup();
    assert!(noted.len() >= 3 && noted.is_sorted() && noted.last() < Some(&250), "{noted:?}");
    log.create("later", 1).expect("created");
    append(&log, "later", 0, "first");
    log.trim("t", 0, 150).expect("trimmed");
    assert_eq!(sequence(), None, "a trim makes the next open look at everything");
    let row = || embedded(&log).shared.standing(0).ends;
    let ends = row();
    drop(log);
    for _ in 0..2 {
        let log = open(folder.path());
        assert_eq!(embedded(&log).shared.standing(0).ends, ends);
        assert_eq!(log.start("t", 0), Ok(150));
        let row = embedded(&log).shared.row::<CheckedRow>(CHECKED_KEY).expect("read").expect("it is there");
        assert_eq!((row.next_sequence, row.ends), (301, ends.clone()));
    }
}

#[test]
fn a_cut_in_an_older_write_ahead_log_is_refused() {
    let folder = folder();
    let log = open(folder.path());
    log.create("t", 2).expect("created");
    append(&log, "t", 0, "zero");
    append(&log, "t", 0, "one");
    let older = write_ahead(folder.path());
    let length = older.metadata().expect("metadata").len();
    let shared = &embedded(&log).shared;
    // One family in a file starts the next write-ahead log; the other families still need this one.
    shared.db.flush_cf(shared.family(DEFAULT)).expect("flushed");
    append(&log, "t", 1, "behind");
    assert_eq!(files(folder.path(), "log").len(), 2, "two write-ahead logs");
    for cut in [1, 40, length / 2] {
        let killed = copy(folder.path());
        let path = killed.path().join(older.file_name().expect("a name"));
        OpenOptions::new().write(true).open(path).expect("the file").set_len(length - cut).expect("cut");
        corrupt(Some(open_error(killed.path())), "");
    }
    let killed = copy(folder.path());
    fs::remove_file(killed.path().join(older.file_name().expect("a name"))).expect("removed");
    corrupt(Some(open_error(killed.path())), "");
}
