//! Backups under load, what a restore gives, and what both refuse.

use super::{BOARD, OTHER, board, check_words, filled, submit};
use crate::support::{Server, cli, text};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many clients submit while the backup is made.
const CLIENTS: u64 = 4;

/// What each client had acknowledged when the backup began.
fn backed_up_under_load(server: &Server, backup: &Path) -> Vec<u64> {
    let counts: Vec<_> = (0..CLIENTS).map(|_| AtomicU64::new(0)).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (client, count) in counts.iter().enumerate() {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Acquire) {
                    let number = count.load(Ordering::Acquire);
                    let board = if number.is_multiple_of(2) { BOARD } else { OTHER };
                    assert_eq!(submit(server, board, &format!("c{client}-{number}"), 1).status, 200);
                    count.store(number + 1, Ordering::Release);
                }
            });
        }
        crate::support::eventually("some load", || {
            counts.iter().all(|count| count.load(Ordering::Acquire) > 20).then_some(())
        });
        let before: Vec<_> = counts.iter().map(|count| count.load(Ordering::Acquire)).collect();
        let output = server.cli(&["backup", backup.to_str().unwrap()]);
        done.store(true, Ordering::Release);
        assert!(output.status.success(), "{output:?}");
        assert!(text(&output.stdout).contains("backed up"), "{output:?}");
        before
    })
}

fn restored(backup: &Path, data: &Path) {
    let output = cli(data, &["restore", backup.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

fn status(data: &Path) -> Vec<Value> {
    let output = cli(data, &["status", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let lines = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    lines.into_iter().filter(|line| line["machine"] == "leaderboards").collect()
}

#[test]
fn a_backup_under_load_has_everything_that_was_acknowledged_before() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, again) = (folder.path().join("backup"), folder.path().join("again"));
    let data = filled(folder.path(), 50);
    let server = Server::start(&data, &["--flush-age", "20ms"]);
    let acknowledged = backed_up_under_load(&server, &backup);
    let mode = |file: PathBuf| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(backup.clone()), mode(backup.join("keys"))), (0o700, 0o600));
    assert!(!data.join("backup").exists(), "what was linked aside is gone");
    drop(server);

    restored(&backup, &again);
    assert_eq!(mode(again.join("keys")), 0o600);
    // A view that started from nothing would have had to apply everything again.
    let lines = status(&again);
    for board in [BOARD, OTHER] {
        let line = &lines[usize::try_from(super::partition(board)).unwrap()];
        assert!(line["trimmable"].as_u64().unwrap() > 50 && line["lag"] == 0, "{line}");
    }
    let server = Server::start(&again, &[]);
    for (client, count) in acknowledged.iter().enumerate() {
        for number in 0..*count {
            let board = if number.is_multiple_of(2) { BOARD } else { OTHER };
            let answer = server.get(&format!("/v1/leaderboards/{board}/owners/c{client}-{number}"));
            assert_eq!(answer.status, 200, "c{client}-{number} was acknowledged before the backup began: {answer:?}");
        }
    }
    assert!(server.cli(&["verify"]).status.success());
    let before = [board(&server, BOARD), board(&server, OTHER)];
    let output = server.cli(&["replay"]);
    assert!(output.status.success(), "{output:?}");
    let shown = |(status, mut body): (u16, Value)| {
        // A cursor is sealed with a nonce of its own.
        ["cursor", "prev_cursor"].iter().for_each(|name| body[name] = Value::Null);
        (status, body)
    };
    assert_eq!([board(&server, BOARD), board(&server, OTHER)].map(shown), before.map(shown));
    assert_eq!(submit(&server, BOARD, "new", 7).status, 200);
}

#[test]
fn a_backup_of_data_that_nobody_serves() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    let (backup, again) = (folder.path().join("backup"), folder.path().join("again"));
    let output = cli(&data, &["backup", backup.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    restored(&backup, &again);
    let lines = |data: &Path| {
        let lines = status(data).into_iter();
        lines.map(|line| (line["next"].clone(), line["digest"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(lines(&again), lines(&data));
}

#[test]
fn a_backup_goes_only_where_it_can_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    let (used, file) = (folder.path().join("used"), folder.path().join("file"));
    fs::create_dir(&used).unwrap();
    fs::write(used.join("mine"), "x").unwrap();
    fs::write(&file, "x").unwrap();
    let server = Server::start(&data, &[]);
    let refused = |target: &Path, words: &[&str]| {
        let output = server.cli(&["backup", target.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        check_words(&text(&output.stderr), words);
    };
    refused(&used, &["used is not empty"]);
    refused(&data.join("kept/here"), &["is in the data folder"]);
    refused(&data, &["is in the data folder"]);
    refused(&file.join("below"), &["file/below"]);
    assert_eq!(fs::read_dir(&used).unwrap().count(), 1);
    assert!(!data.join("kept").exists());
    let relative = server.post("/v1/backup", &json!({ "folder": "here" }));
    assert!(relative.body["failed"].as_str().is_some_and(|why| why.contains("absolute")), "{relative:?}");
}

/// Changes one thing about a copy of a good backup.
type Harm = fn(&Path);

#[test]
fn a_broken_backup_is_refused_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    let backup = folder.path().join("backup");
    assert!(cli(&data, &["backup", backup.to_str().unwrap()]).status.success());
    let manifest: Value = serde_json::from_slice(&fs::read(backup.join("manifest.json")).unwrap()).unwrap();
    let table = manifest["files"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap());
    let table = table.filter(|path| path.starts_with("log/")).find(|path| path.ends_with(".sst")).unwrap();
    fs::write(folder.path().join("table"), table).unwrap();

    const HARMS: &[(&str, Harm, &[&str])] = &[
        ("no manifest", |copy| fs::remove_file(copy.join("manifest.json")).unwrap(), &["manifest.json is not there"]),
        ("half a manifest", |copy| cut(&copy.join("manifest.json")), &["manifest.json is damaged"]),
        ("a newer manifest", |copy| replace(copy, "\"format\": 1", "\"format\": 9"), &["newer build", "format 9"]),
        ("a newer log", |copy| replace(copy, "\"log_format\": 1", "\"log_format\": 9"), &["its log has format 9"]),
        (
            "a path outside",
            |copy| replace(copy, "\"path\": \"keys\"", "\"path\": \"../keys\""),
            &["../keys is no path"],
        ),
        ("no keys", |copy| fs::remove_file(copy.join("keys")).unwrap(), &["is broken", "/keys"]),
        ("a cut table", |copy| cut(&table_of(copy)), &["is broken", ".sst", "bytes"]),
        ("another byte", |copy| flip(&table_of(copy)), &["is broken", ".sst", "its bytes are not those"]),
    ];
    for (number, (what, harm, words)) in HARMS.iter().enumerate() {
        let copy = folder.path().join(format!("copy{number}"));
        assert!(std::process::Command::new("cp").arg("-a").args([&backup, &copy]).status().unwrap().success());
        harm(&copy);
        let again = folder.path().join(format!("again{number}"));
        let output = cli(&again, &["restore", copy.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{what}: {output:?}");
        check_words(&text(&output.stderr), words);
        assert!(!again.exists(), "{what}: nothing is left that looks like data");
    }
    let output = cli(&data, &["restore", backup.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    check_words(&text(&output.stderr), &["is not empty"]);
    // As a killed restore leaves it.
    let again = folder.path().join("again");
    restored(&backup, &again);
    fs::write(again.join("restoring"), "").unwrap();
    let refused = Server::try_start(&again, &[]).err().expect("it refuses");
    check_words(&refused, &["was not finished"]);
}

fn table_of(copy: &Path) -> PathBuf {
    copy.join(fs::read_to_string(copy.with_file_name("table")).unwrap())
}

fn cut(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn replace(copy: &Path, from: &str, to: &str) {
    let file = copy.join("manifest.json");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}
