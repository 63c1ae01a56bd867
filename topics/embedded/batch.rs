//! The stored form of a record batch.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | CRC-32C of all that follows, little-endian |
//! | 1 | the format's number |
//! | some | the header, encoded by [`crate::codec`] |
//! | rest | the records, LZ4 if that makes them shorter |
//!
//! The header says where the batch belongs, so one that stands in another's place is found too.

use crate::codec::{self, Decode, Encode};
use crate::log::LogRecord;
use crate::time::Time;

/// The format that this build writes, and the newest that it reads.
const FORMAT: u8 = 1;

/// Where a batch belongs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Place {
    /// The topic's id.
    pub topic: [u8; 16],
    /// The partition.
    pub partition: u32,
    /// The offset of its first record.
    pub base: u64,
    /// How many records it has.
    pub count: u32,
}

#[derive(Encode, Decode)]
struct Header {
    place: Place,
    /// The length of the records before compression; as long as they stand there if that did not help.
    plain: u64,
}

/// A record as it stands in a batch; its offset follows from its place.
type StoredRecord = (Time, Vec<u8>, Vec<u8>, Vec<(String, Vec<u8>)>);

/// The stored form of these records.
pub(super) fn encode(place: Place, records: &[LogRecord]) -> Vec<u8> {
    let mut plain = Vec::new();
    for record in records {
        codec::encode_into(&(record.time, &record.key, &record.value, &record.headers), &mut plain);
    }
    let header = Header { place, plain: plain.len() as u64 };
    let packed = lz4_flex::block::compress(&plain);
    let body = if packed.len() < plain.len() { packed } else { plain };
    let mut stored = vec![0; 4];
    stored.push(FORMAT);
    codec::encode_into(&header, &mut stored);
    stored.extend_from_slice(&body);
    let sum = crc32c::crc32c(&stored[4..]).to_le_bytes();
    stored[..4].copy_from_slice(&sum);
    stored
}

/// Where a stored batch belongs, by its own word.
///
/// # Errors
/// What is wrong with the batch.
pub(super) fn place(stored: &[u8]) -> Result<Place, String> {
    open(stored).map(|(header, _)| header.place)
}

/// The records of the batch that belongs at `place`.
///
/// # Errors
/// What is wrong with the batch.
pub(super) fn decode(place: &Place, stored: &[u8]) -> Result<Vec<LogRecord>, String> {
    let (header, body) = open(stored)?;
    if header.place != *place {
        let Place { partition, base, count, .. } = header.place;
        return Err(format!("another batch stands there: {count} records of a partition {partition} from {base} on"));
    }
    if header.plain == body.len() as u64 {
        return decode_records(place, body);
    }
    let plain = usize::try_from(header.plain).ok().filter(|bytes| *bytes <= codec::DECODE_LIMIT);
    let plain = plain.ok_or_else(|| format!("the batch claims to have {} bytes", header.plain))?;
    let plain = lz4_flex::block::decompress(body, plain).map_err(|error| error.to_string())?;
    decode_records(place, &plain)
}

fn open(stored: &[u8]) -> Result<(Header, &[u8]), String> {
    let (sum, rest) = stored.split_first_chunk::<4>().ok_or("the batch is cut off")?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*sum) {
        return Err("the batch's checksum is wrong".to_owned());
    }
    let (format, rest) = rest.split_first().ok_or("the batch is cut off")?;
    if *format != FORMAT {
        return Err(format!("the batch has format {format}, this build reads {FORMAT}"));
    }
    codec::decode_prefix(rest).map_err(|error| format!("the batch's header {error}"))
}

fn decode_records(place: &Place, mut plain: &[u8]) -> Result<Vec<LogRecord>, String> {
    let mut records = Vec::new();
    for offset in (place.base..).take(place.count as usize) {
        let (record, rest) = codec::decode_prefix::<StoredRecord>(plain).map_err(|error| error.to_string())?;
        let (time, key, value, headers) = record;
        records.push(LogRecord { offset, time, key, value, headers });
        plain = rest;
    }
    if !plain.is_empty() {
        return Err("there is more in the batch than its header says".to_owned());
    }
    Ok(records)
}
