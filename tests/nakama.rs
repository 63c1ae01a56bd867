//! The façade for Nakama's clients: their own client for JavaScript, unmodified, plays on the boards of the running program.

use crate::support::{Answer, Server, fetch, text};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::process::{Command, Stdio};

/// The client, from npm.
const CLIENT: (&str, &str) = ("@heroiclabs/nakama-js", "2.8.0");

/// Runs a script beside this file with the client, and fails with what it says.
fn play(script: &str, server: &Server, args: &[&str]) {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let mut node = Command::new("node");
    node.arg(format!("{root}/tests/nakama/{script}")).args([&server.url, &fetch("npm", CLIENT.0, CLIENT.1)]).args(args);
    let played = node.stdin(Stdio::null()).output().expect("node is there");
    let said = format!("{}{}", text(&played.stderr), text(&played.stdout));
    assert!(played.status.success() && said.ends_with("played\n"), "{script}: {said}");
}

fn key(id: &str, role: &str) -> String {
    let hash = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{id}:{role}:{hash}")
}

#[test]
fn the_client_plays_where_there_are_keys() {
    let data = tempfile::tempdir().unwrap();
    let keys = [key("shop", "server"), key("ada", "user")];
    let args = ["--auth-keys", &keys[0], "--auth-keys", &keys[1], "--nakama-server-key", "mine"];
    let server = Server::start(&data.path().join("data"), &args);
    play("walk.mjs", &server, &["mine", "shop"]);
    // The same users and records after a kill.
    let folder = server.data().to_owned();
    server.kill();
    let server = Server::start(&folder, &args);
    play("again.mjs", &server, &["mine"]);
}

#[test]
fn the_clients_own_key_is_for_this_machine_alone() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&data.path().join("data"), &[]);
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "cup", "columns": ["desc"] })).status, 201);
    play("hello.mjs", &server, &[]);
    let folder = server.data().to_owned();
    server.kill();
    // `defaultkey:` in base64.
    let device = |server: &Server, host: &str| -> Answer {
        let headers = [("authorization", "Basic ZGVmYXVsdGtleTo="), ("host", host)];
        let body = br#"{"id":"a-device-of-ada"}"#.to_vec();
        server.send("POST", "/v2/account/authenticate/device", &headers, body).unwrap()
    };
    let keyed = Server::start(&folder, &["--auth-keys", &key("shop", "server")]);
    let off = device(&keyed, "localhost");
    assert_eq!((off.status, &off.body["code"]), (501, &json!(12)), "{off:?}");
    assert!(off.body["message"].as_str().unwrap().contains("--nakama-server-key"), "{off:?}");
    keyed.kill();
    let local = Server::start(&folder, &[]);
    assert_eq!(device(&local, "localhost").status, 200);
    // A page that a browser was led to this machine with.
    let foreign = device(&local, "evil.example");
    assert_eq!((foreign.status, &foreign.body["code"]), (403, &json!(7)), "{foreign:?}");
}
