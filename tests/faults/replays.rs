//! Replays: queries are answered as before while one runs, and one that is killed goes on.

use super::{append, open_log, partition};
use crate::support::{Answer, Server, cli, eventually, millrace, stderr, text};
use millrace::state_folder::StateFolder;
use millrace_topics::codec;
use millrace_topics::leaderboards::{Command, Definition, NewEntry, Operator, Submission};
use millrace_topics::log::NewRecord;
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const BOARD: &str = "large";

/// How many records the board has.
const RECORDS: u64 = 50_000;

/// A flush every so many bytes, so that a rebuild that is killed has something to go on from.
const FLUSH: &[&str] = &["--flush-bytes", "1M", "--memory", "256M"];

/// A data folder whose log has many records of one board.
fn large(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    assert_eq!(Server::start(&data, FLUSH).stop(), Some(0));
    let log = open_log(&data);
    let define = Definition { operator: Operator::Incr, ..Definition::new(BOARD.to_owned()) };
    let submit = |number: u64| {
        let score = i64::try_from(number * 7919 % 1000).unwrap() + 1;
        let (board, owner) = (BOARD.to_owned(), format!("o{}", number * 31 % 5000));
        let entry = NewEntry { owner, score, subscores: Vec::new(), operator: None, metadata: None };
        Command::SubmitScore(Submission { board, entry })
    };
    let commands = std::iter::once(Command::Define(Box::new(define))).chain((1..RECORDS).map(submit));
    let records: Vec<_> = (1..)
        .zip(commands)
        .map(|(number, command)| {
            let caller = Caller { id: "operator".into(), role: Role::Operator };
            let header = Header { schema: 1, stamp: Stamp { micros: number, node: 0 }, caller, ..Header::default() };
            let record = Record { header, payload: Payload::Command(codec::encode(&command)) };
            NewRecord { key: BOARD.into(), value: record.encode(), ..NewRecord::default() }
        })
        .collect();
    for chunk in records.chunks(5000) {
        append(&log, BOARD, chunk.to_vec());
    }
    drop(log);
    data
}

/// Answers of several queries, with the position that they were read at.
fn answers(server: &Server) -> Vec<Answer> {
    let paths = ["entries?limit=20", "owners/o31", "owners/o31/around", "ranks/2500", "entries?from_rank=4000&limit=3"];
    let paths = paths.map(|path| format!("/v1/leaderboards/{BOARD}/{path}"));
    let mut answers: Vec<_> = paths.iter().map(|path| server.get(path)).collect();
    for answer in &mut answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.headers.retain(|(name, _)| name != "date");
        // A cursor is sealed with a nonce of its own.
        ["cursor", "prev_cursor"].iter().for_each(|name| answer.body[name] = serde_json::Value::Null);
    }
    answers
}

#[test]
fn queries_during_a_replay_answer_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let data = large(folder.path());
    let server = Server::start(&data, FLUSH);
    let before = answers(&server);
    let live = state(&data);
    let (output, compared) = std::thread::scope(|scope| {
        let replay = scope.spawn(|| server.cli(&["replay", "leaderboards"]));
        let mut compared = 0;
        while !replay.is_finished() {
            assert_eq!(answers(&server), before, "during the replay");
            compared += 1;
        }
        (replay.join().unwrap(), compared)
    });
    let said = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains(&format!("leaderboards/{}  {RECORDS} records", partition(BOARD))), "{said}");
    assert!(compared > 10, "only {compared} comparisons: the replay was too short to show anything");
    assert_ne!(state(&data), live, "the rebuilt view has taken over");
    assert_eq!(answers(&server), before, "after the replay");
    assert!(server.cli(&["verify"]).status.success());
}

fn state(data: &Path) -> PathBuf {
    StateFolder::new(data, "leaderboards", partition(BOARD)).live()
}

/// The rebuild that is under way, once some of it is on disk.
fn begun(data: &Path) -> Option<PathBuf> {
    let rebuild = StateFolder::new(data, "leaderboards", partition(BOARD)).unfinished()?;
    rebuild.join("CURRENT").exists().then_some(rebuild)
}

/// Waits until a rebuild has something on disk, or has `ended` unseen.
fn until_begun(data: &Path, mut ended: impl FnMut() -> bool) {
    eventually("the replay has written something", || (begun(data).is_some() || ended()).then_some(()));
}

/// The rebuild that a kill has left midway. On a busy machine a replay can be at its end before the kill comes:
/// then it begins anew.
fn midway(data: &Path, mut killed: impl FnMut()) -> PathBuf {
    let mut tries = std::iter::repeat_with(|| {
        killed();
        begun(data)
    });
    tries.by_ref().take(20).flatten().next().expect("no kill of 20 came midway")
}

#[test]
fn a_killed_replay_goes_on_and_ends_with_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let data = large(folder.path());
    let server = Server::start(&data, FLUSH);
    let before = answers(&server);

    // Of a running server: killed with it, resumed by the next one on its own.
    let mut server = Some(server);
    let rebuild = midway(&data, || {
        let server = server.take().unwrap_or_else(|| Server::start(&data, FLUSH));
        std::thread::scope(|scope| {
            let replay = scope.spawn(|| server.cli(&["replay"]));
            until_begun(&data, || replay.is_finished());
            crate::support::signal(server.pid(), "KILL");
        });
        server.kill();
    });
    let server = Server::start(&data, FLUSH);
    assert_eq!(answers(&server), before, "before the resumed replay has ended");
    eventually("the replay ends", || (state(&data) == rebuild).then_some(()));
    assert_eq!(answers(&server), before, "after the resumed replay");
    let log = std::fs::read_to_string(stderr(&data)).unwrap();
    assert!(log.contains(&format!("the replay of leaderboards/{} goes on", partition(BOARD))), "{log}");
    assert!(server.cli(&["verify"]).status.success());
    assert_eq!(server.stop(), Some(0));

    // Of a stopped server's data: the command is killed, and the same command goes on.
    let rebuild = midway(&data, || {
        let mut replay = millrace(&data, &["replay"]);
        let mut replay = replay.args(FLUSH).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until_begun(&data, || replay.try_wait().unwrap().is_some());
        let _ = replay.kill();
        replay.wait().unwrap();
    });
    assert!(cli(&data, &[&["replay"], FLUSH].concat()).status.success());
    assert_eq!(state(&data), rebuild);
    assert_eq!(answers(&Server::start(&data, FLUSH)), before);
}
