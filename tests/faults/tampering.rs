//! Tampering: rows and records changed behind the program's back, and state beside a log that it is not of.

use super::{
    BOARD, OTHER, PARTITIONS, board, check_stopped, check_words, filled, open_log, partition, read_all, state,
};
use crate::support::{Server, cli, text};
use millrace_processors::leaderboards::tables::{BOARDS, BoardRow, MEMBERS};
use millrace_processors::runtime::tables::{ORIGIN, OUTCOMES, Origin, STATE_FORMAT};
use millrace_state::env::Env;
use millrace_state::store::Store;
use millrace_topics::codec;
use millrace_topics::leaderboards::Command;
use millrace_topics::log::{LogRecord, NewRecord};
use millrace_topics::record::{Payload, Record};
use std::fs;
use std::path::Path;

fn with_store(folder: &Path, change: &dyn Fn(&mut Store)) {
    let mut store = Store::open(&Env::new(16 << 20), folder).unwrap();
    change(&mut store);
    store.flush().unwrap();
}

fn set_score(store: &mut Store, owner: &str, score: i64) {
    let key = MEMBERS.raw_key(&(owner.to_owned(), BOARD.to_owned(), 0));
    let mut row = MEMBERS.value_of(&store.get(&key).unwrap());
    row.standing.as_mut().unwrap().score = score;
    store.set(key, Some(codec::encode(&row)));
}

fn board_row(store: &Store) -> (Vec<u8>, BoardRow) {
    let key = BOARDS.raw_key(&BOARD.to_owned());
    let row = BOARDS.value_of(&store.get(&key).unwrap());
    (key, row)
}

/// Verify by the command itself and by a server: exit 1 with these words, and the other partitions are equal.
fn check_differs(data: &Path, words: &[&str]) {
    let ask = |output: std::process::Output| {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = text(&output.stdout);
        let line = said.lines().find(|line| line.starts_with("DIFFERS ")).unwrap_or_default();
        check_words(line, &[&[format!("leaderboards/{}", partition(BOARD)).as_str()], words].concat());
        assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 7, "{said}");
    };
    ask(cli(data, &["verify", "leaderboards"]));
    ask(Server::start(data, &[]).cli(&["verify", "leaderboards"]));
}

#[test]
fn a_tampered_row_is_found_with_offset_table_and_key() {
    // The board is defined at offset 0, so member N's record is at N + 1.
    for (change, words) in [
        (
            &(|store: &mut Store| set_score(store, "o2", 1000)) as &dyn Fn(&mut Store),
            &["first at offset 3", "table members", r#"("o2", "weekly", 0)"#, "score: 1000", "score: 2"][..],
        ),
        (
            &|store| store.set(MEMBERS.raw_key(&("o1".to_owned(), BOARD.to_owned(), 0)), None),
            &["first at offset 2", "table members", r#"("o1", "weekly", 0)"#, "the view has no row"],
        ),
        (
            &|store| {
                set_score(store, "o0", 5);
                let key = MEMBERS.raw_key(&("o0".to_owned(), BOARD.to_owned(), 0));
                let row = store.get(&key);
                store.set(MEMBERS.raw_key(&("stranger".to_owned(), BOARD.to_owned(), 0)), row);
                set_score(store, "o0", 0);
            },
            &["table members", r#"("stranger", "weekly", 0)"#, "the log gives no row"],
        ),
        (
            &|store| {
                let (key, mut row) = board_row(store);
                row.keep = 7;
                store.set(key, Some(codec::encode(&row)));
            },
            &["first at offset 0", "table boards", r#""weekly""#, "keep: 7", "keep: 8"],
        ),
        (&|store| store.set(OUTCOMES.raw_key(&0), None), &["table outcomes", "0", "the view has no row"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data = filled(folder.path(), 4);
        with_store(&state(&data, BOARD), change);
        check_differs(&data, words);
    }
}

/// Writes a log anew, with some records of the board's partition changed, and makes the state believe that it is its
/// own. This stands for whoever can write to the log's files and mend its checksums.
fn forge(data: &Path, change: &dyn Fn(&mut Vec<LogRecord>)) {
    let (log, forged) = (open_log(data), data.join("forged"));
    fs::create_dir(&forged).unwrap();
    let other = open_log(&forged);
    for topic in log.topics().unwrap() {
        let id = other.create(&topic.name, topic.partitions).unwrap().id;
        for number in 0..topic.partitions {
            let mut records = read_all(&log, &topic.name, number);
            if topic.name == "leaderboards" && number == partition(BOARD) {
                change(&mut records);
            }
            let records = records.into_iter().map(|LogRecord { time, key, value, headers, .. }| NewRecord {
                key,
                value,
                headers,
                time: Some(time),
            });
            let records: Vec<_> = records.collect();
            if !records.is_empty() {
                other.append_wait(&topic.name, number, records).unwrap();
            }
        }
        if topic.name == "leaderboards" {
            for name in [BOARD, OTHER] {
                let origin = Origin { format: STATE_FORMAT, topic_id: id.clone(), partitions: PARTITIONS };
                with_store(&state(data, name), &|store| {
                    store.set(ORIGIN.raw_key(&()), Some(codec::encode(&origin)));
                });
            }
        }
    }
    drop((log, other));
    fs::remove_dir_all(data.join("log")).unwrap();
    fs::rename(forged.join("log"), data.join("log")).unwrap();
}

/// The record with another score.
fn with_score(raw: &LogRecord, score: i64) -> LogRecord {
    let mut record = Record::read(raw, partition(BOARD)).unwrap();
    let Payload::Command(body) = &record.payload else { panic!("{record:?}") };
    let Command::SubmitScore(mut submission) = codec::decode(body).unwrap() else { panic!("{record:?}") };
    submission.entry.score = score;
    record.payload = Payload::Command(codec::encode(&Command::SubmitScore(submission)));
    LogRecord { value: record.encode(), ..raw.clone() }
}

#[test]
fn a_forged_log_that_says_the_same_is_equal() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 5);
    forge(&data, &|_| ());
    let output = cli(&data, &["verify"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_tampered_record_is_found_with_its_offset() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 5);
    forge(&data, &|records| records[3] = with_score(&records[3], 77));
    check_differs(&data, &["first at offset 3", "table members", r#"("o2", "weekly", 0)"#, "score: 2", "score: 77"]);
}

#[test]
fn a_state_is_not_served_beside_a_log_that_it_is_not_of() {
    let id =
        |data: &Path| open_log(data).topics().unwrap().iter().find(|t| t.name == "leaderboards").unwrap().id.clone();
    // The last record is another one; the log is shorter than the state; the whole log is another.
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    forge(&data, &|records| records[3] = with_score(&records[3], 77));
    check_stopped(
        &Server::start(&data, &[]),
        &["holds a record with hash", "at offset 3, but the log has", "another log"],
    );
    check_differs(&data, &["holds a record with hash"]);

    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    forge(&data, &|records| drop(records.pop()));
    check_stopped(&Server::start(&data, &[]), &["holds offset 3, but the log ends before 3"]);

    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [old, new] = folders.each_ref().map(|folder| filled(folder.path(), 3));
    let place = format!("state/leaderboards/{}", partition(BOARD));
    fs::remove_dir_all(new.join(&place)).unwrap();
    fs::rename(old.join(&place), new.join(&place)).unwrap();
    let ids = [id(&old), id(&new)];
    let server = Server::start(&new, &[]);
    check_stopped(&server, &[&ids[0], &ids[1]]);
    // The log decides: a replay makes a state that is of it.
    assert!(server.cli(&["replay"]).status.success());
    assert_eq!(board(&server, BOARD).1["entries"].as_array().map(Vec::len), Some(3));
    assert!(server.cli(&["verify"]).status.success());
}
