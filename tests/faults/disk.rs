//! Disks that run full: writes are refused in time, reads go on, and nothing acknowledged is lost.

use super::{BOARD, OTHER, board, check_words, submit};
use crate::support::{Answer, Server, eventually, stderr, text};
use serde_json::json;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many clients submit while the disk runs full.
const CLIENTS: usize = 4;

/// A small file system of its own, gone when this is dropped.
struct Small {
    folder: PathBuf,
}

impl Small {
    fn new(folder: &Path, size: &str) -> Self {
        let folder = folder.join("disk");
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        let output = mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(&folder).output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success(), "this test mounts a tmpfs, so it needs root or CAP_SYS_ADMIN: {said}");
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Fills the disk up to where so many bytes are left.
    fn leave(&self, bytes: u64) {
        let output = Command::new("df").args(["--output=avail", "-B1"]).arg(&self.folder).output().unwrap();
        let free: u64 = text(&output.stdout).lines().nth(1).unwrap().trim().parse().unwrap();
        let mut ballast = fs::File::options().create(true).append(true).open(self.ballast()).unwrap();
        let chunk = vec![1; 1 << 16];
        let mut left = free.saturating_sub(bytes);
        while left > 0 {
            let now = usize::try_from(left).unwrap().min(chunk.len());
            match ballast.write(&chunk[..now]) {
                Ok(written) => left -= written as u64,
                // The server may have been quicker.
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    /// Makes the disk larger: a rebuild needs room for a second state.
    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.folder).status().unwrap().success());
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a server that is still there must not keep it.
        drop(Command::new("umount").arg("-l").arg(&self.folder).status());
    }
}

fn define(server: &Server) {
    for board in [BOARD, OTHER] {
        assert_eq!(server.post("/v1/leaderboards", &json!({ "id": board })).status, 201);
    }
}

fn room(server: &Server) -> String {
    let ready = server.get("/health/ready");
    assert_eq!(ready.status, 200, "reads are served whatever the disk: {ready:?}");
    ready.body["disk"].as_str().unwrap().to_owned()
}

#[test]
fn below_the_marks_it_is_said_and_writes_are_refused_until_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Small::new(folder.path(), "256m");
    let server = Server::start(&disk.data(), &[]);
    define(&server);
    assert_eq!((submit(&server, BOARD, "first", 1).status, room(&server).as_str()), (200, "enough"));

    disk.leave(26 << 20);
    eventually("the warning", || (room(&server) == "little").then_some(()));
    assert_eq!(submit(&server, BOARD, "second", 2).status, 200, "10 % are left");
    let figures = server.get("/metrics").body;
    check_words(figures.as_str().unwrap(), &["millrace_disk_room 1", "millrace_disk_free_bytes "]);

    disk.leave(8 << 20);
    eventually("the refusal", || (room(&server) == "none").then_some(()));
    let before = ends(&server);
    for refused in [
        submit(&server, BOARD, "third", 3),
        server.post("/v1/leaderboards", &json!({ "id": "another" })),
        server.send("POST", "/v1/verify", &[], Vec::new()).unwrap(),
        server
            .send("POST", &format!("/v1/dead/leaderboards/{}@0:redrive", super::partition(BOARD)), &[], Vec::new())
            .unwrap(),
    ] {
        assert_eq!((refused.status, refused.code()), (507, "disk_full"), "{refused:?}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
    }
    let (status, entries) = board(&server, BOARD);
    assert_eq!((status, entries["entries"].as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!(ends(&server), before, "what is refused is not in the log");

    disk.free();
    let answer = eventually("writes again", || Some(submit(&server, BOARD, "third", 3)).filter(|it| it.status != 507));
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually("enough room", || (room(&server) == "enough").then_some(()));
    assert!(server.cli(&["verify"]).status.success());
    let log = fs::read_to_string(stderr(server.data())).unwrap();
    check_words(&log, &["less than 15 % free", "less than 5 % free: writes are refused", "enough space again"]);
}

fn ends(server: &Server) -> Vec<String> {
    text(&server.cli(&["log", "topics"]).stdout).lines().map(str::to_owned).collect()
}

/// Submits until the disk is full and the server refuses or is gone; what it has acknowledged.
fn fill(server: &Server, disk: &Small, left: u64) -> Vec<(String, String)> {
    let acknowledged = Mutex::new(Vec::new());
    let stopped = AtomicBool::new(false);
    let ballast = "x".repeat(1000);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (acknowledged, stopped, ballast) = (&acknowledged, &stopped, &ballast);
            scope.spawn(move || {
                for number in 0.. {
                    let board = if number % 2 == 0 { BOARD } else { OTHER };
                    let owner = format!("c{client}-{number}");
                    let body = json!({ "owner": owner, "score": number, "metadata": { "note": ballast } });
                    match send(server, board, &body) {
                        Ok(Answer { status: 200 | 202, .. }) => {
                            acknowledged.lock().unwrap().push((board.to_owned(), owner));
                        }
                        Ok(answer) => {
                            assert!(matches!(answer.status, 503 | 504 | 507), "{answer:?}");
                            stopped.store(true, Ordering::Release);
                        }
                        Err(_) => stopped.store(true, Ordering::Release),
                    }
                    if stopped.load(Ordering::Acquire) {
                        return;
                    }
                }
            });
        }
        eventually("some load", || (acknowledged.lock().unwrap().len() > 50).then_some(()));
        disk.leave(left);
    });
    acknowledged.into_inner().unwrap()
}

fn send(server: &Server, board: &str, body: &serde_json::Value) -> Result<Answer, String> {
    let path = format!("/v1/leaderboards/{board}/scores");
    server.send("POST", &path, &[], body.to_string().into_bytes())
}

/// The disk runs full under load, whatever is left of the server; then there is space again.
fn check_full(args: &[&str], left: u64) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Small::new(folder.path(), "64m");
    let data = disk.data();
    let mut server = Server::start(&data, args);
    define(&server);
    let acknowledged = fill(&server, &disk, left);
    disk.free();
    let back = [BOARD, OTHER].iter().all(|board| {
        eventually("writes again, or the end of the process", || {
            match send(&server, board, &json!({ "owner": "late", "score": 1 })) {
                Ok(answer) => (answer.status == 200).then_some(true),
                Err(_) => Some(false),
            }
        })
    });
    println!(
        "{args:?}: {} acknowledged, the process has {}",
        acknowledged.len(),
        if back { "gone on" } else { "ended" }
    );
    if !back {
        let log = fs::read_to_string(stderr(&data)).unwrap();
        check_words(&log, &["the log has failed", "No space left on device"]);
        drop(server);
        server = Server::start(&data, args);
    }
    std::thread::scope(|scope| {
        for part in acknowledged.chunks(acknowledged.len().div_ceil(CLIENTS)) {
            let server = &server;
            scope.spawn(move || {
                for (board, owner) in part {
                    let answer = server.get(&format!("/v1/leaderboards/{board}/owners/{owner}"));
                    assert_eq!(answer.status, 200, "{owner} was acknowledged: {answer:?}");
                }
            });
        }
    });
    disk.grow("512m");
    let output = server.cli(&["verify"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(submit(&server, OTHER, "last", 1).status, 200);
}

#[test]
fn a_disk_that_is_full_at_once_loses_nothing_acknowledged() {
    check_full(&["--flush-age", "50ms"], 0);
}

#[test]
fn a_view_that_fills_the_disk_to_the_last_byte_is_opened_again() {
    check_full(&["--disk-warn", "0", "--disk-refuse", "0", "--flush-age", "50ms"], 1 << 20);
}

#[test]
fn a_log_that_fills_the_disk_to_the_last_byte_loses_nothing_acknowledged() {
    check_full(&["--disk-warn", "0", "--disk-refuse", "0", "--flush-age", "1h"], 0);
}

#[test]
fn a_backup_that_does_not_fit_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = super::filled(folder.path(), 20);
    let disk = Small::new(folder.path(), "4m");
    disk.leave(16 << 10);
    let target = disk.folder.join("backup");
    let server = Server::start(&data, &[]);
    let output = server.cli(&["backup", target.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    check_words(&text(&output.stderr), &["disk/backup has room for", "the backup has"]);
    assert!(!target.exists());
    disk.free();
    assert!(server.cli(&["backup", target.to_str().unwrap()]).status.success());
}
