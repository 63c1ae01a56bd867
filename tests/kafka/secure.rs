//! Kafka over TLS with SASL, as settings of librdkafka say; what is wrong in them is said.

use super::{await_ranking, fill, submit};
use crate::broker::Broker;
use crate::support::Server;
use std::path::Path;
use std::process::Command;

#[test]
fn tls_and_sasl_are_a_matter_of_settings() {
    let broker = Broker::start_secure("secure");
    let folder = tempfile::tempdir().unwrap();
    let try_with = |authority: &str, protocol: &str, password: &str| {
        let pairs = [
            ("security.protocol", protocol),
            ("ssl.ca.location", authority),
            ("sasl.mechanisms", "PLAIN"),
            ("sasl.username", "millrace"),
            ("sasl.password", password),
        ];
        let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
        let mut flags = vec!["--kafka", &broker.address];
        pairs.iter().for_each(|pair| flags.extend(["--kafka-set", pair]));
        Server::try_start(&folder.path().join("data"), &flags)
    };
    let authority = broker.authority();
    let server = try_with(&authority, "SASL_SSL", "secret").unwrap_or_else(|said| panic!("{said}"));
    fill(&server, "weekly", &[("ada", 5)]);
    assert_eq!(submit(&server, "weekly", "bob", 9).status, 200);
    await_ranking(&server, "weekly", &[("bob", 9), ("ada", 5)]);
    assert_eq!(server.stop(), Some(0));

    let stranger = folder.path().join("stranger.pem");
    make_stranger(&stranger);
    for (authority, protocol, password, reason) in [
        (authority.as_str(), "SASL_SSL", "wrong", "Invalid username or password"),
        (stranger.to_str().unwrap(), "SASL_SSL", "secret", "certificate verify failed"),
        (authority.as_str(), "PLAINTEXT", "secret", "BrokerTransportFailure"),
    ] {
        let Err(said) = try_with(authority, protocol, password) else {
            panic!("it started with {protocol} {password}")
        };
        // A connection of librdkafka may say behind it that it is gone.
        let error = said.lines().rfind(|line| line.starts_with("error: ")).unwrap_or_default();
        assert!(error.starts_with("error: the log cannot be reached") && error.contains(reason), "{reason}: {said}");
        assert!(!said.contains("wrong"), "the password is in the log: {said}");
    }
}

/// The certificate of an authority that has signed nothing here.
fn make_stranger(file: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=stranger",
        "-keyout",
        "/dev/null",
        "-out",
    ]);
    let made = openssl.arg(file).output().expect("openssl is missing; on Debian: sudo apt-get install openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
