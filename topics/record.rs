//! The record: what one message on a machine's topic says, and the rules by which it may evolve.
//!
//! A value starts with a byte that names its format:
//!
//! | first byte | what follows |
//! |---|---|
//! | `0x01` | a [`Header`] and a [`Payload`], encoded by [`crate::codec`]: what Millrace itself writes |
//! | `{` | JSON of a command, `{"type":"submit_score",…}`: what a foreign producer writes |
//! | `0x02`–`0x1f` | a later format: too new for this build |
//! | anything else | nothing that any build reads: it is dead-lettered |
//!
//! **Evolution.** Variants are only appended, a published struct never changes, and a new shape is a new variant
//! with its conversion beside it. What this page cannot foresee goes into [`Header::extensions`], which a build that
//! does not know the tag passes over. `topics/fixtures` holds golden records of every published shape.

use crate::codec::{self, Decode, Encode};
use crate::log::LogRecord;
use std::fmt;

/// The format that this build writes, and the newest that it reads.
pub const FORMAT: u8 = 1;

/// A command's id and tie-breaker: the gateway's time in µs, which rises with each command of a process, and a
/// number of the node. Never the offset: 1 and 8 partitions must break ties alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Stamp {
    /// Microseconds since the epoch.
    pub micros: u64,
    /// Gateways are below 2^30; bit 30 marks a stamp made for a foreign record, bit 31 one that a transition made.
    pub node: u32,
}

impl Stamp {
    /// The stamp of a foreign record, from its place in the log where it first arrived. Unique while fewer than
    /// 65,536 records of one partition share a millisecond.
    #[must_use]
    pub fn foreign(record: &LogRecord, partition: u32) -> Self {
        let low = u32::try_from(record.offset & 0xffff).expect("16 bits fit");
        Self { micros: record.time.0.saturating_mul(1000), node: 1 << 30 | (partition & 0x3fff) << 16 | low }
    }

    /// The stamp of the `ordinal`th thing that a transition under this stamp sends. Depends on nothing else, so
    /// that it is the same over any number of partitions.
    #[must_use]
    pub fn derived(self, ordinal: u32) -> Self {
        let mut seed = [0; 8];
        seed[..4].copy_from_slice(&self.node.to_le_bytes());
        seed[4..].copy_from_slice(&ordinal.to_le_bytes());
        let hash = xxhash_rust::xxh3::xxh3_64(&seed);
        Self { micros: self.micros, node: 1 << 31 | u32::try_from(hash >> 33).expect("31 bits fit") }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.micros, self.node)
    }
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Role {
    /// An end user, who may act for the subject of the same name.
    #[default]
    User,
    /// A trusted backend, which may act for any subject.
    Server,
    /// The people who run the cluster.
    Operator,
}

/// Who asked for a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Caller {
    /// The id behind the API key or session; a machine's name for what a machine sent.
    pub id: String,
    /// What that id may do.
    pub role: Role,
}

impl Caller {
    /// The caller of a record that a foreign producer wrote: whoever may write to the topic is trusted as a server.
    #[must_use]
    pub fn foreign(source: &str) -> Self {
        Self { id: format!("topic:{source}"), role: Role::Server }
    }

    /// True for the caller of a foreign record: nobody waits for its outcome.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.id.starts_with("topic:")
    }
}

/// A client's promise that two requests are one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Idempotency {
    /// The client's `Idempotency-Key`.
    pub key: String,
    /// XXH3-128 of what the client asked for: a repeat with another one is refused.
    pub body_hash: [u8; 16],
}

/// Which part of a request over many partitions a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// From 0.
    pub index: u32,
    /// How many parts the request has.
    pub of: u32,
}

/// Where a record between machines comes from: the `n`th that this sending partition sent to this receiving one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Provenance {
    /// The sending machine.
    pub machine: String,
    /// Its partition.
    pub partition: u32,
    /// 1, 2, 3, … without a gap for each pair of partitions.
    pub n: u64,
}

/// All that is said about a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// The version of the machine's contract that the body is written in.
    pub schema: u16,
    /// Id and tie-breaker.
    pub stamp: Stamp,
    /// Who asked.
    pub caller: Caller,
    /// The client's key, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// Set on the records of a request over many partitions.
    pub part: Option<Part>,
    /// Set on records between machines.
    pub provenance: Option<Provenance>,
    /// W3C trace parent: version, trace id, span id and flags in 25 + 1 bytes, as they stand in the HTTP header.
    pub trace_parent: Option<[u8; 26]>,
    /// Room for what comes later, sealed fields among it: (tag, bytes); an unknown tag is passed over.
    pub extensions: Vec<(u32, Vec<u8>)>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Payload {
    /// A command of the machine's contract, encoded by [`crate::codec`].
    Command(Vec<u8>),
    /// Nothing but the time: a timer is due and no other record came.
    Tick,
    /// The log holds everything up to the `up_to`th record that this partition sent to that one.
    Sent {
        /// The receiving machine.
        machine: String,
        /// Its partition.
        partition: u32,
        /// The last record that is surely in the receiver's log.
        up_to: u64,
    },
    /// From here on the machine follows this version of its rules.
    Switch(u32),
    /// A command as JSON text, from a foreign producer.
    Json(Vec<u8>),
}

/// One message on a machine's topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is said about it.
    pub header: Header,
    /// What it says.
    pub payload: Payload,
}

/// Why a record is not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Written by a newer build: the partition stops here and goes on where a newer build holds it.
    #[error("too new: {what} {found}, this build reads up to {known}")]
    TooNew {
        /// Which number is too high.
        what: &'static str,
        /// What stands in the record.
        found: u32,
        /// What this build knows.
        known: u32,
    },
    /// Invalid under everything that this build knows: it is dead-lettered.
    #[error("{0}")]
    Bad(String),
}

/// Kafka header with a foreign producer's idempotency key.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

impl Record {
    /// The record's value as it stands in the log.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        codec::encode_into(&self.header, &mut out);
        codec::encode_into(&self.payload, &mut out);
        out
    }

    /// Reads a record of the log; `partition` is where it stands.
    ///
    /// # Errors
    /// [`Unreadable`], which says whether the record is dead or this build is too old.
    pub fn read(raw: &LogRecord, partition: u32) -> Result<Self, Unreadable> {
        match raw.value.first() {
            Some(b'{') => foreign(raw, partition),
            Some(&FORMAT) => {
                let (header, rest) = codec::decode_prefix(&raw.value[1..]).map_err(bad)?;
                let payload = codec::decode(rest).map_err(bad)?;
                Ok(Self { header, payload })
            }
            Some(&format @ 2..=0x1f) => {
                Err(Unreadable::TooNew { what: "record format", found: format.into(), known: FORMAT.into() })
            }
            Some(first) => Err(Unreadable::Bad(format!("a record does not start with byte 0x{first:02x}"))),
            None => Err(Unreadable::Bad("an empty record".to_owned())),
        }
    }

    /// The provenance of a record whose payload no decoder can read, if its header can be: a dead letter with a
    /// provenance still counts as received, else its sender's link would stand still for ever.
    #[must_use]
    pub fn provenance_of(raw: &LogRecord) -> Option<Provenance> {
        let rest = raw.value.strip_prefix(&[FORMAT])?;
        let (header, _) = codec::decode_prefix::<Header>(rest).ok()?;
        header.provenance
    }
}

fn bad(error: codec::CodecError) -> Unreadable {
    Unreadable::Bad(format!("the record {error}"))
}

/// The text of a header of a log record, if it is there and is UTF-8.
fn header<'a>(raw: &'a LogRecord, name: &str) -> Option<&'a str> {
    let (_, value) = raw.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(value).ok()
}

fn foreign(raw: &LogRecord, partition: u32) -> Result<Record, Unreadable> {
    let text = std::str::from_utf8(&raw.value).map_err(|error| Unreadable::Bad(format!("not UTF-8: {error}")))?;
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| Unreadable::Bad(format!("not JSON: {error}")))?;
    if fields.contains_key("provenance") {
        return Err(Unreadable::Bad("a JSON record cannot claim a provenance: that is for machines".to_owned()));
    }
    let source = header(raw, "ce_source");
    let key = match (header(raw, IDEMPOTENCY_HEADER), header(raw, "ce_id"), source) {
        (Some(key), _, _) => Some(key),
        (None, Some(id), Some(_)) => Some(id),
        _ => None,
    };
    let idempotency = key.map(|key| Idempotency {
        key: key.to_owned(),
        body_hash: xxhash_rust::xxh3::xxh3_128(&raw.value).to_be_bytes(),
    });
    let caller = Caller::foreign(source.unwrap_or_default());
    let header = Header { stamp: Stamp::foreign(raw, partition), caller, idempotency, ..Header::default() };
    Ok(Record { header, payload: Payload::Json(raw.value.clone()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn raw(value: &[u8], headers: &[(&str, &str)]) -> LogRecord {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        LogRecord { offset: 70_000, time: Time(5), key: b"k".to_vec(), value: value.to_vec(), headers }
    }

    #[test]
    fn a_record_reads_back() {
        let header = Header {
            schema: 1,
            stamp: Stamp { micros: 9, node: 2 },
            provenance: Some(Provenance { machine: "ping".into(), partition: 1, n: 3 }),
            extensions: vec![(7, b"sealed".to_vec())],
            ..Header::default()
        };
        let record = Record { header, payload: Payload::Command(vec![1, 2]) };
        let value = record.encode();
        assert_eq!(Record::read(&raw(&value, &[]), 0), Ok(record));
        assert_eq!(Record::provenance_of(&raw(&value[..value.len() - 1], &[])).unwrap().n, 3);
    }

    #[test]
    fn foreign_records_get_their_key_and_stamp_from_the_log() {
        let record = Record::read(&raw(b"{}", &[("ce_id", "7"), ("ce_source", "shop")]), 3).unwrap();
        assert_eq!(record.header.idempotency.unwrap().key, "7");
        assert_eq!(record.header.caller.id, "topic:shop");
        assert_eq!(record.header.stamp, Stamp { micros: 5000, node: 1 << 30 | 3 << 16 | 4464 });
        let record = Record::read(&raw(b"{}", &[("ce_id", "7")]), 3).unwrap();
        assert_eq!(record.header.idempotency, None, "an id without its source is not unique");
        let record = Record::read(&raw(b"{}", &[("Idempotency-Key", "x")]), 3).unwrap();
        assert_eq!(record.header.idempotency.unwrap().key, "x");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (value, reason) in [
            (&b""[..], "an empty record"),
            (b"\xff", "does not start with byte 0xff"),
            (b"\x07", "too new: record format 7, this build reads up to 1"),
            (b"\x01\x01", "cannot be decoded"),
            (b"{\"type\":", "not JSON"),
            (b"{\xff}", "not UTF-8"),
            (b"{\"provenance\":{}}", "cannot claim a provenance"),
        ] {
            let error = Record::read(&raw(value, &[]), 0).unwrap_err().to_string();
            assert!(error.contains(reason), "{value:?}: {error}");
        }
    }
}
