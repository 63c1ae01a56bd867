//! Golden records: every shape that was ever published still says what it said, and what was dead is still dead.
//!
//! A file of `fixtures/` has one JSON object a line: `{"command":{…},"hex":"01…"}` for what Millrace writes,
//! `{"command":{…},"text":"{…}"}` for what a foreign producer writes, `{"sent":{…},"hex":"01…"}` for what only machines
//! say to each other, and `{"dead":"reason",…}` or
//! `{"too_new":"reason",…}`, with the start of the reason, for what is not applied. Lines are only appended. For a new shape, write its command with
//! an empty `hex`: the test fails and says the bytes.

use crate::codec::{self, CodecError};
use crate::contract::{self, Contract};
use crate::log::LogRecord;
use crate::record::{Caller, Header, Idempotency, Part, Payload, Provenance, Record, Role, Stamp, Unreadable};
use crate::time::Time;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

#[test]
fn leaderboards() {
    check::<crate::leaderboards::Leaderboards>("leaderboards");
}

#[test]
fn carts() {
    check::<crate::carts::Carts>("carts");
    check::<crate::carts::CartsStock>("carts.stock");
    check::<crate::carts::CartsPromo>("carts.promo");
}

#[test]
fn clicks() {
    check::<crate::clicks::Clicks>("clicks");
    check::<crate::clicks::ClicksAds>("clicks.ads");
    check::<crate::clicks::ClicksCampaigns>("clicks.campaigns");
}

#[test]
fn feeds() {
    check::<crate::feeds::Feeds>("feeds");
    check::<crate::feeds::FeedsTags>("feeds.tags");
}

#[test]
fn tickets() {
    check::<crate::tickets::Tickets>("tickets");
    check::<crate::tickets::TicketsQueue>("tickets.queue");
    check::<crate::tickets::TicketsPackages>("tickets.packages");
}

/// The header of every golden record: no field has its default.
fn header(schema: u16) -> Header {
    Header {
        schema,
        stamp: Stamp { micros: 1_700_000_000_123_456, node: 7 },
        caller: Caller { id: "ada".to_owned(), role: Role::Operator },
        idempotency: Some(Idempotency { key: "k1".to_owned(), body_hash: *b"0123456789abcdef" }),
        part: Some(Part { index: 1, of: 2 }),
        provenance: Some(Provenance { machine: "other".to_owned(), partition: 3, n: 300 }),
        trace_parent: Some([9; 26]),
        extensions: vec![(70_000, b"later".to_vec())],
    }
}

/// Checks the records of every schema, one file each.
fn check<C: Contract>(name: &str) {
    let mut shown = BTreeSet::new();
    for schema in 1..=C::SCHEMA {
        shown.append(&mut check_file::<C>(&format!("{name}.v{schema}"), schema));
    }
    assert_eq!(shown, variants::<C>(), "{name}: left are the variants with a golden record, right all of them");
}

fn check_file<C: Contract>(name: &str, schema: u16) -> BTreeSet<u8> {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let path = format!("{root}/fixtures/{name}.jsonl");
    let mut shown = BTreeSet::new();
    for (index, line) in std::fs::read_to_string(&path).expect(&path).lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("a fixture is JSON");
        let place = format!("{name}, line {}", index + 1);
        match (line.get("command"), line.get("sent")) {
            (Some(command), _) => shown.extend(check_good::<C>(&place, &line, command, schema)),
            (None, Some(sent)) => shown.extend(check_sent::<C>(&place, &line, sent)),
            (None, None) => check_bad::<C>(&place, &line),
        }
    }
    shown
}

/// Checks a record that can be read, and returns the tag of its command, if it is not JSON.
fn check_good<C: Contract>(place: &str, line: &Value, said: &Value, schema: u16) -> Option<u8> {
    let raw = raw(line);
    let golden: C::Command = serde_json::from_value(said.clone()).expect(place);
    let body = codec::encode(&golden);
    // What an older schema wrote is read as what is meant by it today; only the newest is still written.
    let is_newest = schema == C::SCHEMA;
    if is_newest {
        assert_eq!(&serde_json::to_value(&golden).unwrap(), said, "{place}: `command` must show every field");
    }
    if is_newest && line.get("text").is_none() {
        let written = Record { header: header(schema), payload: Payload::Command(body.clone()) };
        assert_eq!(hex(&raw.value), hex(&written.encode()), "{place}: left stands in the file, right is written now");
        assert_eq!(Record::read(&raw, 0), Ok(written), "{place}");
    }
    let record = Record::read(&raw, 0).expect(place);
    assert_eq!(contract::command::<C>(&record), Ok(golden), "{place}");
    match record.payload {
        Payload::Command(body) => body.first().copied(),
        _ => None,
    }
}

/// Checks a record of which nobody may say the command as JSON, and returns the tag of its command.
fn check_sent<C: Contract>(place: &str, line: &Value, sent: &Value) -> Option<u8> {
    let raw = raw(line);
    let record = Record::read(&raw, 0).expect(place);
    let command = contract::command::<C>(&record).expect(place);
    assert_eq!(&serde_json::to_value(&command).unwrap(), sent, "{place}");
    assert!(serde_json::from_value::<C::Command>(sent.clone()).is_err(), "{place}: a foreign producer may not say it");
    let body = codec::encode(&command);
    let written = Record { header: record.header, payload: Payload::Command(body.clone()) };
    assert_eq!(hex(&raw.value), hex(&written.encode()), "{place}");
    body.first().copied()
}

fn check_bad<C: Contract>(place: &str, line: &Value) {
    let read = Record::read(&raw(line), 0).and_then(|record| contract::command::<C>(&record));
    let (kind, reason) = match read.expect_err(place) {
        Unreadable::Bad(reason) => ("dead", reason),
        too_new @ Unreadable::TooNew { .. } => ("too_new", too_new.to_string()),
    };
    let said = line.get(kind).and_then(Value::as_str).unwrap_or_else(|| panic!("{place}: it is {kind}"));
    assert!(!said.is_empty() && reason.starts_with(said), "{place}: it is {kind} because {reason}");
}

/// The tags that the command's decoder knows: for any other it says so at once.
fn variants<C: Contract>() -> BTreeSet<u8> {
    let known = |tag: &u8| match codec::decode::<C::Command>(&[*tag]) {
        Err(CodecError::Malformed(reason)) => !reason.starts_with("UnexpectedVariant"),
        _ => true,
    };
    (0..=250).take_while(known).collect()
}

fn raw(line: &Value) -> LogRecord {
    let text = line.get("text").and_then(Value::as_str).map(|text| text.as_bytes().to_vec());
    let value = text.unwrap_or_else(|| unhex(line["hex"].as_str().expect("a fixture has `hex` or `text`")));
    LogRecord { offset: 17, time: Time(1_700_000_000_123), key: b"k".to_vec(), value, headers: Vec::new() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing into memory does not fail");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).expect("hex has pairs of digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex has digits")).collect()
}
