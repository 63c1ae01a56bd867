//! What is fuzzed: each target takes any bytes and says, in few words, what became of them.

use millrace_processors::leaderboards::transition;
use millrace_processors::runtime::door::{Answering, Ask, Backend, Door, Submission, Submitted, Subscription};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::streams::Events;
use millrace_topics::codec;
use millrace_topics::contract::{self, Contract as _};
use millrace_topics::leaderboards::{Command, Leaderboards, Place};
use millrace_topics::log::LogRecord;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::{Payload, Record, Stamp, Unreadable};
use millrace_topics::time::Time;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// A decoder with its invariant.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]) -> String,
}

pub const TARGETS: &[Target] = &[
    Target { name: "records", run: record },
    Target { name: "commands", run: command },
    Target { name: "cursors", run: cursor },
    Target { name: "positions", run: position },
];

fn raw(value: &[u8]) -> LogRecord {
    LogRecord { offset: 17, time: Time(1_700_000_000_123), key: b"k".to_vec(), value: value.to_vec(), headers: vec![] }
}

/// A value of a machine's topic, whoever wrote it.
fn record(input: &[u8]) -> String {
    let raw_record = raw(input);
    let provenance = Record::provenance_of(&raw_record);
    let record = match Record::read(&raw_record, 3) {
        Ok(record) => record,
        Err(error) => return refused(&error),
    };
    if input.first() == Some(&1) {
        assert_eq!(provenance, record.header.provenance, "a record that is read says where it comes from");
        let written = record.encode();
        let again = Record::read(&raw(&written), 3).expect("what is written can be read");
        assert_eq!(again, record);
        assert_eq!(again.encode(), written, "equal records have equal bytes");
    }
    let kind = match &record.payload {
        Payload::Command(_) => "command",
        Payload::Json(_) => "json",
        Payload::Tick => return "tick".to_owned(),
        Payload::Sent { .. } => return "sent".to_owned(),
        Payload::Switch(_) => return "switch".to_owned(),
    };
    match contract::command::<Leaderboards>(&record) {
        Ok(command) => format!("{kind} {}", applied(&command)),
        Err(error) => refused(&error),
    }
}

/// A foreign producer's JSON: the same command is read from what is written of it.
fn command(input: &[u8]) -> String {
    if input.first() != Some(&b'{') {
        return "no JSON object".to_owned();
    }
    let read =
        |value: &[u8]| Record::read(&raw(value), 3).and_then(|record| contract::command::<Leaderboards>(&record));
    let command = match read(input) {
        Ok(command) => command,
        Err(error) => return refused(&error),
    };
    let text = serde_json::to_vec(&command).expect("a command that was JSON can be JSON again");
    assert_eq!(read(&text), Ok(command.clone()), "{}", String::from_utf8_lossy(&text));
    applied(&command)
}

/// What is done to every command before a transition sees it.
fn applied(command: &Command) -> String {
    same(command);
    let _key = Leaderboards::key(command);
    assert!((1..=1 << 16).contains(&Leaderboards::stamps(command)));
    assert!(Leaderboards::foreign_since(command) >= 1);
    let kind = format!("{command:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
    match transition::check(command) {
        Ok(()) => kind,
        Err(refusal) => format!("{kind} {}", contract::Refusal::code(&refusal)),
    }
}

/// The value is read from its own bytes, which are the same for it ever after.
fn same<T: codec::Body>(value: &T) {
    let bytes = codec::encode(value);
    let again: T = codec::decode(&bytes).expect("what is encoded can be decoded");
    assert_eq!(&again, value);
    assert_eq!(codec::encode(&again), bytes);
}

/// The class of a refusal: its words without what stood in the input.
fn refused(error: &Unreadable) -> String {
    let text: String = error.to_string().chars().filter(|c| !c.is_ascii_digit()).collect();
    text.split(['`', '"']).step_by(2).collect::<String>().chars().take(60).collect()
}

/// What a client gives back as a cursor: as it is, and as what a list itself would have signed.
fn cursor(input: &[u8]) -> String {
    let forged = std::str::from_utf8(input).map_or_else(
        |_| "no text".to_owned(),
        |text| {
            let opened = DOOR.open_cursor::<PlaceCursor>(SCOPE, text);
            if let Ok(value) = &opened {
                assert_eq!(DOOR.seal_cursor(SCOPE, value), text, "a cursor has one text");
            }
            outcome(opened)
        },
    );
    let sealed = [signed::<PlaceCursor>(input), signed::<(u32, Positions)>(input)];
    format!("{forged}, {}, {}", sealed[0], sealed[1])
}

/// What cursors of entries hold.
type PlaceCursor = (Place, bool, Positions);

const SCOPE: &str = "leaderboards/entries weekly";

fn signed<T: codec::Body>(input: &[u8]) -> String {
    use base64::Engine as _;
    let mut bytes = input.to_vec();
    bytes.extend_from_slice(&DOOR.sign(&[b"cursor", SCOPE.as_bytes(), input])[..16]);
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let opened = DOOR.open_cursor::<T>(SCOPE, &text);
    if let Ok(value) = &opened {
        same(value);
        assert_eq!(DOOR.open_cursor::<T>(SCOPE, &DOOR.seal_cursor(SCOPE, value)).as_ref(), Ok(value));
        assert!(DOOR.open_cursor::<T>("another list", &text).is_err(), "a cursor belongs to its list");
    }
    outcome(opened)
}

fn outcome<T>(opened: Result<T, Problem>) -> String {
    match opened {
        Ok(_) => "opened".to_owned(),
        Err(problem) => {
            assert_eq!((problem.status, problem.code.as_str()), (400, "bad_cursor"));
            problem.code
        }
    }
}

static DOOR: LazyLock<Door> = LazyLock::new(|| Door::new(Arc::new(Nobody), Duration::ZERO));

/// A backend of which only the secret is asked.
struct Nobody;

impl Backend for Nobody {
    fn stamps(&self, _: u32) -> Stamp {
        Stamp::default()
    }
    fn submit(&self, _: Submission) -> Answering<'_, Submitted> {
        Box::pin(std::future::pending())
    }
    fn ask(&self, _: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        Box::pin(std::future::pending())
    }
    fn subscribe(&self, _: Subscription) -> Answering<'_, Events> {
        Box::pin(std::future::pending())
    }
    fn record(&self, _: &Position) -> Answering<'_, Option<LogRecord>> {
        Box::pin(std::future::pending())
    }
    fn partitions(&self) -> u32 {
        1
    }
    fn secret(&self) -> &[u8] {
        b"a secret of the fuzz targets"
    }
}

/// A position, and a set of them, as clients write them.
fn position(input: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(input) else { return "no text".to_owned() };
    format!("{} {}", reads_back::<Position>(text), reads_back::<Positions>(text))
}

fn reads_back<T: std::str::FromStr + ToString + Debug + PartialEq + codec::Body>(text: &str) -> String
where
    T::Err: Debug + PartialEq,
{
    let Ok(value) = text.parse::<T>() else { return "none".to_owned() };
    same(&value);
    let written = value.to_string();
    assert_eq!(written.parse::<T>(), Ok(value));
    format!("{}{}", written.matches('@').count().min(9), if written == text { " as written" } else { "" })
}
