//! Damaged files: of the state, which the log repairs, and of the log, which nothing must hide.

use super::{BOARD, OTHER, board, check_stopped, check_words, filled, partition, state};
use crate::support::{Answer, Server, cli, text};
use std::fs;
use std::path::{Path, PathBuf};

/// Enough members that a table file has many blocks.
const MEMBERS: i64 = 400;

/// The largest file of a folder whose name ends so.
fn largest(folder: &Path, end: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.to_str().unwrap().ends_with(end));
    files.max_by_key(|path| fs::metadata(path).unwrap().len()).expect("there is such a file")
}

/// Turns some bits of a file at a place between 0 and 100 % of it.
fn corrupt(file: &Path, percent: usize) {
    let mut bytes = fs::read(file).unwrap();
    let at = ((bytes.len() - 1) * percent / 100).saturating_sub(8);
    bytes[at..].iter_mut().take(16).for_each(|byte| *byte ^= 0x5a);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_state_is_named_not_served_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), MEMBERS);
    let server = Server::start(&data, &[]);
    let before = board(&server, BOARD);
    assert_eq!(server.stop(), Some(0));
    let place = |damage: &str| format!("state of {damage}");
    for (name, damage) in [
        ("a first block", &(|file: &Path| corrupt(file, 1)) as &dyn Fn(&Path)),
        ("a block in the middle", &|file| corrupt(file, 50)),
        ("the footer", &|file| corrupt(file, 100)),
        ("a file that is cut off", &|file| fs::write(file, &fs::read(file).unwrap()[..100]).unwrap()),
        ("a file that is gone", &|file| fs::remove_file(file).unwrap()),
    ] {
        damage(&largest(&state(&data, BOARD), ".sst"));
        let server = Server::start(&data, &[]);
        let folder = format!("leaderboards/{}", partition(BOARD));
        check_stopped(&server, &[&folder, "`millrace replay` rebuilds it"]);
        let verified = server.cli(&["verify"]);
        assert_eq!(verified.status.code(), Some(1), "{}: {verified:?}", place(name));
        check_words(&text(&verified.stdout), &[&format!("DIFFERS leaderboards/{}", partition(BOARD)), &folder]);
        let replayed = server.cli(&["replay"]);
        assert!(replayed.status.success(), "{}: {replayed:?}", place(name));
        assert_eq!(board(&server, BOARD), before, "{}", place(name));
        assert!(server.cli(&["verify"]).status.success(), "{}", place(name));
        // It is served from the rebuilt state after a restart too.
        server.kill();
        let server = Server::start(&data, &[]);
        assert_eq!(board(&server, BOARD), before, "{}", place(name));
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn a_damaged_batch_of_the_log_is_named_where_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), MEMBERS);
    // What was in the write-ahead log is in a file after the next start.
    assert_eq!(Server::start(&data, &[]).stop(), Some(0));
    corrupt(&largest(&data.join("log"), ".sst"), 20);

    // The views hold what the batch said: they are served, and every read of the batch fails by name.
    let server = Server::start(&data, &[]);
    assert_eq!(board(&server, BOARD).1["entries"].as_array().map(Vec::len), Some(400));
    let read = until_damaged(&server);
    let named = format!("the log is damaged: leaderboards/{}@", partition(BOARD));
    assert_eq!((read.status, read.code()), (503, "unavailable"), "{read:?}");
    check_words(read.body["detail"].as_str().unwrap(), &[&named]);
    for command in ["verify", "replay"] {
        let output = server.cli(&[command, "leaderboards"]);
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
        check_words(&text(&output.stdout), &[&named]);
        assert_eq!(text(&output.stdout).lines().filter(|line| line.starts_with("ok ")).count(), 7, "{output:?}");
    }
    assert_eq!(board(&server, BOARD).0, 200, "a replay that fails leaves the view");
    server.kill();

    // A view that would need the batch is not served; others are.
    fs::remove_dir_all(state(&data, BOARD)).unwrap();
    let server = Server::start(&data, &[]);
    check_stopped(&server, &[&named]);
    assert_eq!(board(&server, OTHER).0, 200);
}

/// Reads the board's partition up to where it cannot be read: what is before the damage is given.
fn until_damaged(server: &Server) -> Answer {
    let mut next = 0;
    loop {
        let answer = server.get(&format!("/v1/log/leaderboards/{}?from={next}&count=1000", partition(BOARD)));
        match answer.body.as_array() {
            Some(records) => next += records.len(),
            None => return answer,
        }
        assert!(next <= 400, "nothing is damaged");
    }
}

#[test]
fn a_damaged_write_ahead_log_is_not_cut_off_silently() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let define = |server: &Server, number: u32| {
        let body = serde_json::json!({ "id": format!("b{number}") });
        server.post_keyed("/v1/leaderboards", &format!("k{number}"), &body)
    };
    for number in 0..50 {
        assert_eq!(define(&server, number).status, 201);
    }
    server.kill();
    let file = largest(&data.join("log"), ".log");
    let whole = fs::read(&file).unwrap();
    corrupt(&file, 50);
    let refused = Server::try_start(&data, &[]).err().expect("it refuses");
    check_words(&refused, &["exit 2", "the log is damaged", "data/log"]);
    let output = cli(&data, &["verify"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    check_words(&text(&output.stderr), &["the log is damaged"]);
    // Nothing was changed by looking at it: repaired, it has everything.
    fs::write(&file, whole).unwrap();
    let server = Server::start(&data, &[]);
    for number in 0..50 {
        assert_eq!(define(&server, number).header("idempotent-replayed"), Some("true"));
    }
}
