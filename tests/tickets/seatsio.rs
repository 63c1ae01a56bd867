//! The façade for box offices on seats.io: its own client for Python, unmodified, sells seats of the running program.

use super::gig;
use crate::support::{Server, fetch, text};
use serde_json::json;
use std::process::{Command, Stdio};

/// The client, and what it needs, from PyPI.
const CLIENT: [(&str, &str); 9] = [
    ("seatsio", "83.21.0"),
    ("requests", "2.32.5"),
    ("urllib3", "2.5.0"),
    ("idna", "3.10"),
    ("certifi", "2025.8.3"),
    ("charset-normalizer", "3.4.3"),
    ("munch", "4.0.0"),
    ("jsonpickle", "4.1.1"),
    ("future", "1.0.0"),
];

#[test]
fn the_client_of_seatsio_sells() {
    let folder = tempfile::tempdir().unwrap();
    // The SHA-256 of `secret`.
    let key = "office:server:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let server = Server::start(&folder.path().join("data"), &["--auth-keys", key]);
    let bearer = [("authorization", "Bearer secret")];
    let published = server.send("POST", "/v1/tickets/events", &bearer, gig().to_string().into_bytes()).unwrap();
    assert_eq!(published.status, 201, "{published:?}");
    let mut field = gig();
    field["id"] = json!("field");
    let price = field["categories"][0]["price"].clone();
    field["categories"].as_array_mut().unwrap().push(json!({"id":"standing","capacity":10,"price":price}));
    let published = server.send("POST", "/v1/tickets/events", &bearer, field.to_string().into_bytes()).unwrap();
    assert_eq!(published.status, 201, "{published:?}");
    let path = CLIENT.map(|(name, version)| fetch("pip", name, version)).join(":");
    let mut python = Command::new("python3");
    python.arg(format!("{}/tests/tickets/box_office.py", std::env::var("CARGO_MANIFEST_DIR").unwrap()));
    python.args([&server.url, "secret"]).env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    let sold = python.stdin(Stdio::null()).output().expect("python3 is there");
    let said = format!("{}{}", text(&sold.stderr), text(&sold.stdout));
    assert!(sold.status.success() && said.ends_with("sold\n"), "{said}");
    // What the box office did is what everybody sees.
    let sales = server.send("GET", "/v1/tickets/events/night/sales", &bearer, Vec::new()).unwrap();
    assert_eq!(sales.body["categories"][0]["sold"], json!(4), "{sales:?}");
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
