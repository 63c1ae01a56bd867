//! The lines of a script for the harness: time, caller, key, machine and command.

use crate::runtime::system::{MachineDef, ParsedCommand};
use millrace_topics::codec;
use millrace_topics::contract::Contract;
use millrace_topics::record::{Caller, Header, Idempotency, Payload, Record, Role, Stamp};

/// The words that say a command which only machines and routes may say: `parse_line` reads them. The JSON behind them
/// is for people.
#[must_use]
pub fn said<C: Contract>(command: &C::Command) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let key = hex(C::key(command).unwrap_or_default());
    let json = serde_json::to_string(command).expect("a command is plain data");
    format!("{SAID}{}.{key}.{} {json}", C::SCHEMA, hex(&codec::encode(command)))
}

/// How the word begins that has a command as machines say it: schema, routing key and body.
const SAID: &str = "said=";

fn parse_said(word: &str) -> Option<ParsedCommand> {
    let bytes = |hex: &str| {
        let pairs = (0..hex.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect::<Option<Vec<u8>>>()
    };
    let (schema, rest) = word.split_once('.')?;
    let (key, body) = rest.split_once('.')?;
    Some(ParsedCommand { schema: schema.parse().ok()?, key: Some(bytes(key)?), body: bytes(body)? })
}

/// A line of a script.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The line as it stands in the script.
    pub(super) text: String,
    /// How much time passes before it, in milliseconds.
    pub(super) wait_ms: u64,
    /// True if the next line need not wait for it.
    pub(super) racing: bool,
    /// The machine's index, the routing key and the record. Without a key it goes to every partition.
    pub(super) command: Option<(usize, Option<Vec<u8>>, Record)>,
}

/// Reads a script.
pub(super) fn parse(machines: &[MachineDef], script: &str) -> Vec<Line> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parsed = lines.enumerate().map(|(index, line)| {
        parse_line(machines, index, line).unwrap_or_else(|error| panic!("script line `{line}`: {error}"))
    });
    parsed.collect()
}

fn parse_line(machines: &[MachineDef], index: usize, text: &str) -> Result<Line, String> {
    let (words, json) = text.find('{').map_or((text, ""), |at| text.split_at(at));
    let mut caller = Caller { id: "operator".to_owned(), role: Role::Operator };
    let (mut machine, mut wait_ms, mut key, mut racing, mut said) = (0, 0, None, false, None);
    for word in words.split_whitespace() {
        if word == "|" {
            racing = true;
        } else if let Some(span) = word.strip_prefix('+') {
            wait_ms = millis(span)?;
        } else if let Some(name) = word.strip_prefix('@') {
            machine = machines.iter().position(|def| def.name == name).ok_or(format!("no machine {name}"))?;
        } else if let Some(text) = word.strip_prefix("key=") {
            key = Some(text.to_owned());
        } else if let Some(text) = word.strip_prefix(SAID) {
            said = Some(parse_said(text).ok_or(format!("`{text}` is no command"))?);
        } else {
            caller = parse_caller(word)?;
        }
    }
    if json.is_empty() {
        return Ok(Line { text: text.to_owned(), wait_ms, racing, command: None });
    }
    let is_shown = |word: &&str| !word.starts_with(SAID);
    let shown = words.split_inclusive(' ').filter(is_shown).chain([json]).collect::<String>();
    let parsed = said.map_or_else(|| (machines[machine].parse)(json), Ok)?;
    let body_hash = xxhash_rust::xxh3::xxh3_128(&parsed.body).to_be_bytes();
    let header = Header {
        schema: parsed.schema,
        stamp: Stamp { micros: index as u64 + 1, node: 1 },
        caller,
        idempotency: key.map(|key| Idempotency { key, body_hash }),
        ..Header::default()
    };
    let record = Record { header, payload: Payload::Command(parsed.body) };
    Ok(Line { text: shown, wait_ms, racing, command: Some((machine, parsed.key, record)) })
}

fn parse_caller(word: &str) -> Result<Caller, String> {
    let (role, id) =
        word.split_once(':').ok_or(format!("`{word}` is no caller: user:ada, server:shop, operator:ops"))?;
    let role = match role {
        "user" => Role::User,
        "server" => Role::Server,
        "operator" => Role::Operator,
        _ => return Err(format!("no role {role}")),
    };
    Ok(Caller { id: id.to_owned(), role })
}

fn millis(span: &str) -> Result<u64, String> {
    let digits = span.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &span[digits.len()..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => return Err(format!("`{other}` is no unit of time: ms, s, m, h, d")),
    };
    digits.parse::<u64>().map(|number| number * unit).map_err(|error| format!("`{span}`: {error}"))
}
