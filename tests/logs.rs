//! Log lines as programs read them.

use crate::support::{Server, eventually, signal, stderr};
use serde_json::{Value, json};
use std::fs;

/// A secret and its SHA-256.
const SECRET: &str = "two";
const HASH: &str = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";

#[test]
fn every_line_is_json_and_none_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let secret = SECRET.repeat(20);
    let hash = sha256(&secret);
    let keys = [format!("ops:operator:{hash}"), format!("other:user:{HASH}")];
    let config = folder.path().join("millrace.toml");
    let write = |keys: &[String]| fs::write(&config, format!("auth-keys = {keys:?}")).unwrap();
    write(&keys);
    let args = ["--log-format", "json", "--log-filter", "trace", "--config", config.to_str().unwrap()];
    let server = Server::start(&data, &args);
    let bearer = format!("Bearer {secret}");
    let wrong = format!("Bearer {}", "wrong".repeat(20));
    for (authorization, path, status) in [
        (&bearer, "/v1/leaderboards", 201),
        (&bearer, "/v1/leaderboards", 200),
        (&wrong, "/v1/leaderboards", 401),
        (&bearer, "/v1/nothing", 404),
    ] {
        let body = json!({ "id": "weekly" }).to_string().into_bytes();
        let answer = server.send("POST", path, &[("authorization", authorization)], body).unwrap();
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert!(server.cli(&["status"]).status.success());
    // A message that quotes what it cannot read, and one that counts what it can.
    for (keys, said) in [(&[keys[0].replace("operator", "root")][..], "stay as they were"), (&keys, "were read again")]
    {
        write(keys);
        signal(server.pid(), "HUP");
        eventually(said, || fs::read_to_string(stderr(&data)).unwrap().contains(said).then_some(()));
    }
    let token = fs::read_to_string(data.join("keys")).unwrap();
    let token =
        token.lines().find_map(|line| line.strip_prefix("secret = \"")).unwrap().trim_end_matches('"').to_owned();
    assert_eq!(server.stop(), Some(0));

    let log = fs::read_to_string(stderr(&data)).unwrap();
    for said in ["opened", "answered", "`root` is no role"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for line in log.lines() {
        let said: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for name in ["timestamp", "level", "message"] {
            assert!(said[name].is_string(), "{name}: {line}");
        }
    }
    for hidden in [secret.as_str(), &hash, HASH, &"wrong".repeat(20), &token] {
        assert!(!log.contains(hidden), "{hidden} stands in the log");
    }
}

fn sha256(text: &str) -> String {
    let output = std::process::Command::new("sh").args(["-c", "printf %s \"$0\" | sha256sum", text]).output().unwrap();
    crate::support::text(&output.stdout)[..64].to_owned()
}
