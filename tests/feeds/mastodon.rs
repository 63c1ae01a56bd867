//! The façade for clients of Mastodon: the package for Python and the one for JavaScript, unmodified, live in the running program.

use crate::support::{Server, fetch, text};
use serde_json::json;
use std::process::{Command, Stdio};

/// The client for Python and what it imports, from PyPI.
const PYTHON: [(&str, &str); 9] = [
    ("Mastodon.py", "2.3.3"),
    ("requests", "2.34.2"),
    ("urllib3", "2.7.0"),
    ("idna", "3.13"),
    ("certifi", "2026.5.20"),
    ("charset-normalizer", "3.4.7"),
    ("python-dateutil", "2.9.0.post0"),
    ("six", "1.17.0"),
    ("decorator", "5.2.1"),
];

/// The client for JavaScript, from npm.
const JAVASCRIPT: (&str, &str) = ("masto", "7.11.1");

/// The SHA-256 of `secret`, as a key of a server, and of `key of eve`, as one of the user eve.
const KEYS: &str = "shop:server:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn accounts(server: &Server, headers: &[(&str, &str)]) {
    for user in ["ada", "bob", "eve"] {
        let name = json!({"name":user.to_uppercase()}).to_string().into_bytes();
        let made = server.send("PUT", &format!("/v1/feeds/users/{user}"), headers, name).expect("the server answers");
        assert_eq!(made.status, 200, "{made:?}");
    }
}

fn run(mut client: Command) {
    let lived = client.stdin(Stdio::null()).output().expect("the interpreter is there");
    let said = format!("{}{}", text(&lived.stderr), text(&lived.stdout));
    assert!(lived.status.success() && said.ends_with("lived\n"), "{said}");
}

fn file(name: &str) -> String {
    format!("{}/tests/feeds/{name}", std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
}

#[test]
fn the_client_for_python_lives() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--stream-interval", "5ms"]);
    accounts(&server, &[]);
    let packages: Vec<String> = PYTHON.iter().map(|(name, version)| fetch("pip", name, version)).collect();
    let mut python = Command::new("python3");
    python.args([&file("walk.py"), &server.url]).env("PYTHONPATH", packages.join(":"));
    run(python);
    let verified = server.cli(&["verify", "feeds"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn the_client_for_javascript_lives() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    accounts(&server, &[]);
    let mut node = Command::new("node");
    node.args([&file("walk.mjs"), &server.url, &fetch("npm", JAVASCRIPT.0, JAVASCRIPT.1)]);
    run(node);
}

#[test]
fn tokens_are_given_to_servers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--auth-keys", KEYS]);
    let by_key = [("authorization", "Bearer secret")];
    accounts(&server, &by_key);
    let grant = |headers: &[(&str, &str)], user: &str| {
        let body = json!({"grant_type":"password","username":user}).to_string().into_bytes();
        server.send("POST", "/oauth/token", headers, body).expect("the server answers")
    };
    let refused = grant(&[], "ada");
    assert_eq!((refused.status, refused.body["error"].is_string()), (401, true), "{refused:?}");
    assert_eq!(grant(&by_key, "nobody").status, 400);
    let granted = grant(&by_key, "ada");
    let token = granted.body["access_token"].as_str().unwrap_or_else(|| panic!("{granted:?}"));
    let get = |path: &str, token: &str| {
        let token = format!("Bearer {token}");
        server.send("GET", path, &[("authorization", &token)], Vec::new()).expect("the server answers")
    };
    let shown = get("/api/v1/accounts/verify_credentials", token);
    assert_eq!((shown.status, &shown.body["username"]), (200, &json!("ada")), "{shown:?}");
    for bad in ["", "x", "1.2.3", &token[..token.len() - 1]] {
        assert_eq!(get("/api/v1/timelines/home", bad).status, 401, "{bad}");
    }
}
