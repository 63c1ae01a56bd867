//! Tells a write-ahead log that was torn by a crash from one that was damaged, which RocksDB alone does not.
//!
//! RocksDB takes any record that seems to end behind the file for one that a crash has cut off. A flipped bit in a
//! record's length looks the same, and all that was acknowledged behind it would be dropped without a word. But each
//! commit is synced before the next one is written, so a crash can tear the last commit only: where another commit
//! begins behind the torn place, the file is damaged.
//!
//! The form of the file: <https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format>.

use crate::log::LogError;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a block; no record crosses its end, and one begins at its start.
const BLOCK: usize = 32 << 10;

/// Bytes before a record's payload: checksum, length, kind.
const HEADER: usize = 7;

/// The kinds of a record that begins a commit: all of it, or its first part.
const BEGINS: [u8; 2] = [1, 2];

/// Refuses a folder in which a write-ahead log is damaged where a crash cannot have torn it.
pub(super) fn check(folder: &Path) -> Result<(), LogError> {
    let unreadable = |error: io::Error| LogError::Open(format!("the log in {}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let file = File::open(&path).map_err(unreadable)?;
        if let Some(at) = damage(file).map_err(unreadable)? {
            return Err(LogError::Corrupt(format!("{}: the write-ahead log is damaged at byte {at}", path.display())));
        }
    }
    Ok(())
}

/// At which byte a write-ahead log is damaged; nothing if it is whole, or torn at its end.
fn damage(mut file: impl Read) -> io::Result<Option<u64>> {
    let mut block = Vec::with_capacity(BLOCK);
    let (mut start, mut hole) = (0, None);
    loop {
        block.clear();
        if file.by_ref().take(BLOCK as u64).read_to_end(&mut block)? == 0 {
            return Ok(None);
        }
        let whole = if hole.is_some() { 0 } else { whole_until(&block) };
        if whole < block.len() {
            hole = hole.or(Some(start + whole as u64));
        }
        // Behind a hole the next record may stand anywhere.
        let begins = |at: usize| record(&block[at..]).is_some_and(|(kind, _)| BEGINS.contains(&kind));
        if (whole..block.len()).any(begins) {
            return Ok(hole);
        }
        start += block.len() as u64;
    }
}

/// How many bytes of a block are whole records, and the padding behind the last one.
fn whole_until(block: &[u8]) -> usize {
    let mut at = 0;
    while let Some((_, length)) = record(&block[at..]) {
        at += length;
    }
    let padding = &block[at..];
    if padding.len() < HEADER && padding.iter().all(|byte| *byte == 0) { block.len() } else { at }
}

/// The kind and the length of the record that these bytes begin with, if one does.
fn record(bytes: &[u8]) -> Option<(u8, usize)> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let sum = u32::from_le_bytes(header[..4].try_into().ok()?);
    let length = usize::from(u16::from_le_bytes(header[4..6].try_into().ok()?));
    let kind = header[6];
    let payload = rest.get(..length)?;
    // A file's unwritten space reads as empty records of kind 0.
    if kind == 0 {
        return None;
    }
    let found = crc32c::crc32c_append(crc32c::crc32c(&[kind]), payload);
    (masked(found) == sum).then_some((kind, HEADER + length))
}

/// RocksDB stores checksums so that one of bytes which hold checksums is none of them.
fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a write-ahead log with commits of these many bytes, and where each one begins.
    fn written(commits: &[usize]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut begins) = (Vec::new(), Vec::new());
        for commit in commits {
            let (mut left, mut first) = (*commit, true);
            while first || left > 0 {
                let mut room = BLOCK - bytes.len() % BLOCK;
                if room < HEADER {
                    bytes.resize(bytes.len() + room, 0);
                    room = BLOCK;
                }
                if first {
                    begins.push(bytes.len());
                }
                let part = left.min(room - HEADER);
                left -= part;
                let kind = match (first, left == 0) {
                    (true, true) => 1,
                    (true, false) => 2,
                    (false, false) => 3,
                    (false, true) => 4,
                };
                let payload: Vec<u8> = (0..=250).cycle().take(part).collect();
                let sum = masked(crc32c::crc32c_append(crc32c::crc32c(&[kind]), &payload));
                bytes.extend(sum.to_le_bytes());
                bytes.extend(u16::try_from(part).expect("less than a block").to_le_bytes());
                bytes.push(kind);
                bytes.extend(payload);
                first = false;
            }
        }
        (bytes, begins)
    }

    #[test]
    fn a_torn_end_is_no_damage() {
        let (bytes, _) = written(&[20, 100_000, 3, 0, 40_000, 70_000]);
        for end in (0..bytes.len()).step_by(997).chain(bytes.len() - 100..=bytes.len()) {
            assert_eq!(damage(&bytes[..end]).expect("read"), None, "cut at {end}");
        }
    }

    #[test]
    fn damage_is_found_at_every_byte_before_the_last_commit() {
        let (bytes, begins) = written(&[20, 33_000, 3, 0, 900, 300, 300]);
        let last = begins[begins.len() - 1];
        for at in (0..last).filter(|at| at % 89 == 0 || *at > 33_000) {
            for bits in [0x01, 0x5a, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= bits;
                let found = damage(bytes.as_slice()).expect("read").unwrap_or_else(|| panic!("byte {at} ^ {bits}"));
                assert!(found <= at as u64, "byte {at}, named {found}");
            }
        }
        // The last commit may be torn in any way.
        for at in last..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x5a;
            assert_eq!(damage(bytes.as_slice()).expect("read"), None, "byte {at}");
        }
    }
}
