//! API keys that are changed while the server runs.

use super::check_words;
use crate::support::{Server, eventually, signal, stderr};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// SHA-256 of `one` and of `two`.
const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
const TWO: &str = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";

fn write(config: &Path, text: &str) {
    let aside = config.with_extension("new");
    fs::write(&aside, text).unwrap();
    fs::rename(&aside, config).unwrap();
}

fn entry(hash: &str) -> String {
    format!("[[auth.keys]]\nid = \"ops\"\nrole = \"operator\"\nsha256 = \"{hash}\"\n")
}

fn status(server: &Server, secret: &str) -> u16 {
    let bearer = format!("Bearer {secret}");
    server.send("GET", "/v1/cluster", &[("authorization", &bearer)], Vec::new()).unwrap().status
}

#[test]
fn keys_are_read_again_on_a_signal_and_a_broken_file_keeps_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("millrace.toml"));
    write(&config, &entry(ONE));
    let server = Server::start(&data, &["--config", config.to_str().unwrap()]);
    let log = || fs::read_to_string(stderr(&data)).unwrap();
    let hang_up = |said: &str| {
        let before = log().matches(said).count();
        signal(server.pid(), "HUP");
        eventually(said, || (log().matches(said).count() > before).then_some(()));
    };
    assert_eq!((status(&server, "one"), status(&server, "two")), (200, 401));

    // Under way while the keys change, and answered.
    let done = AtomicBool::new(false);
    let running = std::thread::scope(|scope| {
        let (server, done) = (&server, &done);
        let asking = scope.spawn(move || {
            let mut asked = 0;
            while !done.load(Ordering::Acquire) {
                assert!(matches!(status(server, "one"), 200 | 401), "an answer, whatever the keys");
                asked += 1;
            }
            asked
        });
        write(&config, &entry(TWO));
        hang_up("the API keys were read again");
        done.store(true, Ordering::Release);
        asking.join().unwrap()
    });
    assert!(running > 0);
    assert_eq!((status(&server, "one"), status(&server, "two")), (401, 200));

    for broken in
        [entry(ONE).replace("operator", "root"), "[[auth.keys".to_owned(), "wait = \"soon\"".to_owned(), String::new()]
    {
        write(&config, &broken);
        hang_up("the API keys stay as they were");
        assert_eq!((status(&server, "one"), status(&server, "two")), (401, 200), "{broken}");
    }
    check_words(&log(), &["`root` is no role", "open the server to everyone"]);
    assert!(!log().contains(&ONE[..32]), "no hash is written: {}", log());
    assert!(server.cli(&["status"]).status.success(), "the command line has the node's own token");
}
