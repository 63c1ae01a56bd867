//! The façade for shops on Medusa: its own SDK for JavaScript, unmodified, sells out of the running program.

use crate::support::{Server, fetch, text};
use std::process::{Command, Stdio};

/// The SDK, from npm.
const CLIENT: (&str, &str) = ("@medusajs/js-sdk", "2.21.2");

#[test]
fn the_sdk_of_medusa_sells() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // The SHA-256 of `secret`: buyers need no key, the shop's own server has one.
    let key = "shop:server:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let server = Server::start(&data, &["--auth-keys", key, "--cors-origins", "https://shop.example"]);
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let mut node = Command::new("node");
    node.arg(format!("{root}/tests/carts/medusa.mjs"));
    node.args([&server.url, &fetch("npm", CLIENT.0, CLIENT.1), "secret"]);
    let sold = node.stdin(Stdio::null()).output().expect("node is there");
    let said = format!("{}{}", text(&sold.stderr), text(&sold.stdout));
    assert!(sold.status.success() && said.ends_with("sold\n"), "{said}");
    let verified = server.cli(&["verify", "carts"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
