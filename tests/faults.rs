//! Faults, each with what it must look like from outside: a clear error, and nothing lost that was acknowledged.

mod backups;
mod damage;
mod disk;
mod folders;
mod hard;
mod keys;
mod letters;
mod replays;
mod requests;
mod tampering;

use crate::support::{Answer, Server};
use millrace::state_folder::StateFolder;
use millrace_topics::embedded::{EmbeddedLog, EmbeddedOptions};
use millrace_topics::log::{Log, LogRecord, NewRecord};
use millrace_topics::partition::partition_of;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How many partitions a new data folder has.
const PARTITIONS: u32 = 8;

/// A board, and another one that lies in another partition.
const BOARD: &str = "weekly";
const OTHER: &str = "daily";

/// The partition of a board.
fn partition(board: &str) -> u32 {
    partition_of(board.as_bytes(), PARTITIONS)
}

/// The state of a board's partition.
fn state(data: &Path, board: &str) -> PathBuf {
    StateFolder::new(data, "leaderboards", partition(board)).live()
}

/// The log of a data folder that no server has open.
fn open_log(data: &Path) -> Log {
    Log::Embedded(EmbeddedLog::open(data.join("log"), EmbeddedOptions::default()).unwrap())
}

/// All records of a partition.
fn read_all(log: &Log, topic: &str, partition: u32) -> Vec<LogRecord> {
    let mut all = Vec::new();
    loop {
        let chunk = log.read(topic, partition, all.len() as u64, 1000).unwrap();
        all.extend(chunk.records);
        if chunk.at_end {
            return all;
        }
    }
}

/// Appends records to a board's partition; the offset of the first.
fn append(log: &Log, board: &str, records: Vec<NewRecord>) -> u64 {
    log.append_wait("leaderboards", partition(board), records).unwrap()
}

fn record(value: impl Into<Vec<u8>>) -> NewRecord {
    NewRecord { key: BOARD.into(), value: value.into(), ..NewRecord::default() }
}

fn submit(server: &Server, board: &str, owner: &str, score: i64) -> Answer {
    server.post(&format!("/v1/leaderboards/{board}/scores"), &json!({ "owner": owner, "score": score }))
}

/// A stopped server's data folder: two boards in two partitions, `members` submissions on each.
fn filled(folder: &Path, members: i64) -> PathBuf {
    assert_ne!(partition(BOARD), partition(OTHER));
    let data = folder.join("data");
    let server = Server::start(&data, &[]);
    for board in [BOARD, OTHER] {
        assert_eq!(server.post("/v1/leaderboards", &json!({ "id": board })).status, 201);
        for member in 0..members {
            assert_eq!(submit(&server, board, &format!("o{member}"), member).status, 200);
        }
    }
    assert_eq!(server.stop(), Some(0));
    data
}

/// What a board answers, whatever has its data: status and body.
fn board(server: &Server, board: &str) -> (u16, Value) {
    let answer = server.get(&format!("/v1/leaderboards/{board}/entries?limit=1000"));
    (answer.status, answer.body)
}

/// The board's partition is not served, with these words; the other one is.
fn check_stopped(server: &Server, words: &[&str]) {
    for answer in [
        server.get(&format!("/v1/leaderboards/{BOARD}/entries")),
        server.get(&format!("/v1/leaderboards/{BOARD}")),
        submit(server, BOARD, "late", 1),
    ] {
        assert_eq!((answer.status, answer.code()), (503, "stopped"), "{answer:?}");
        check_words(answer.body["detail"].as_str().unwrap(), words);
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    assert_eq!(server.get(&format!("/v1/leaderboards/{OTHER}/entries")).status, 200);
    assert_eq!(submit(server, OTHER, "still", 1).status, 200);
    let status = server.get("/v1/cluster").body;
    let stopped: Vec<_> = status.as_array().unwrap().iter().filter(|line| !line["stopped"].is_null()).collect();
    assert_eq!(stopped.len(), 1, "{status}");
    assert_eq!(stopped[0]["partition"], partition(BOARD), "{status}");
    assert_eq!(server.get("/health/ready").status, 200, "the others are served");
}

fn check_words(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}
