//! Data folders that a server must refuse, or can write no more.

use super::{BOARD, board, check_words, filled, state, submit};
use crate::support::{SERVE, Server, cli, eventually, millrace, text};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

/// A server that permission bits hold back, also where root runs the tests.
fn without_privileges(data: &Path, args: &[&str]) -> Result<Server, String> {
    let plain = millrace(data, SERVE);
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = if root { Command::new("setpriv") } else { Command::new(plain.get_program()) };
    if root {
        command.args(["--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"]);
        command.arg(plain.get_program());
    }
    command.args(plain.get_args()).args(args);
    Server::launch(command, data)
}

/// Takes the right to write from a folder and all in it, or gives it back.
fn set_writable(path: &Path, writable: bool) {
    let folder = path.is_dir();
    let mode = 0o400 | if folder { 0o100 } else { 0 } | if writable { 0o200 } else { 0 };
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    if folder {
        fs::read_dir(path).unwrap().for_each(|entry| set_writable(&entry.unwrap().path(), writable));
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let output = cli(&file.join("data"), SERVE);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    check_words(&text(&output.stderr), &["error: the data folder", "file/data"]);

    let data = filled(folder.path(), 3);
    set_writable(&data, false);
    let refused = without_privileges(&data, &[]).err().expect("it refuses");
    check_words(&refused, &["exit 2", "error:", "data/log", "ermission denied"]);
    set_writable(&data, true);
    let server = Server::start(&data, &[]);
    assert_eq!(board(&server, BOARD).1["entries"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_state_that_cannot_be_written_any_more_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 3);
    let server = without_privileges(&data, &["--flush-age", "20ms"]).unwrap();
    set_writable(&state(&data, BOARD), false);
    let mut acknowledged = 0;
    let refused = eventually("the partition stops", || {
        let answer = submit(&server, BOARD, &format!("late{acknowledged}"), 1);
        // 202: it was in the log when the partition stopped, and is applied after the next start.
        if answer.status == 200 || answer.status == 202 {
            acknowledged += 1;
            return None;
        }
        Some(answer)
    });
    assert_eq!((refused.status, refused.code()), (503, "stopped"), "{refused:?}");
    check_words(refused.body["detail"].as_str().unwrap(), &["cannot be written", "ermission denied"]);
    assert!(acknowledged > 0);
    server.kill();
    set_writable(&state(&data, BOARD), true);
    let server = Server::start(&data, &[]);
    let entries = board(&server, BOARD).1["entries"].as_array().map(Vec::len);
    assert_eq!(entries, Some(3 + acknowledged), "what was acknowledged, and nothing that was refused");
    assert!(server.cli(&["verify"]).status.success());
}

#[test]
fn a_second_process_on_the_same_data_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let data = server.data();
    let announced = fs::read(data.join("server.json")).unwrap();
    let refused = Server::try_start(data, &[]).err().expect("it refuses");
    check_words(&refused, &["exit 2", "data/log is already open: one process at a time"]);
    assert_eq!(fs::read(data.join("server.json")).unwrap(), announced, "the first one is still the one to ask");
    assert!(server.cli(&["verify"]).status.success(), "by asking the server");
    fs::remove_file(data.join("server.json")).unwrap();
    let output = server.cli(&["verify"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    check_words(&text(&output.stderr), &["already open"]);
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn what_is_fixed_for_the_life_of_the_data_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 2);
    for (args, words) in [
        (["--partitions", "4"], "partitions is 8, not 4"),
        (["--idempotency-window", "1h"], "idempotency-window (ms) is 86400000, not 3600000"),
        (["--idempotency-max-keys", "5"], "idempotency-max-keys is 1000000, not 5"),
        (["--outcomes-kept", "7"], "outcomes-kept is 65536, not 7"),
    ] {
        let refused = Server::try_start(&data, &args).err().expect("it refuses");
        check_words(&refused, &["exit 2", words]);
        let output = cli(&data, &[&["verify"], &args[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        check_words(&text(&output.stderr), &[words]);
    }
    let server = Server::start(&data, &["--partitions", "8"]);
    assert_eq!(board(&server, BOARD).1["entries"].as_array().map(Vec::len), Some(2));
}
