//! The last submissions of a member, packed: a submission adds its bytes to the row and looks at none but the oldest.
//!
//! Every submission writes all of them again, so their bytes are most of what a board costs on disk and in memory.
//! Here a plain entry takes 24 bytes; encoded field by field it takes 41.

use crate::leaderboards::fold::{At, Entry};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::leaderboards::{Metadata, Operator};
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;
use std::fmt;

/// The last submissions of a member, the oldest first.
#[derive(Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Kept {
    count: u32,
    bytes: Vec<u8>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Kept {
    /// Those of these entries.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut kept = Self::default();
        entries.iter().for_each(|entry| kept.push(entry));
        kept
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Adds the newest.
    pub fn push(&mut self, entry: &Entry) {
        pack(entry, &mut self.bytes);
        self.count += 1;
    }

    /// Takes the oldest.
    ///
    /// # Panics
    /// If the bytes are not what [`Kept::push`] wrote: the store is damaged.
    pub fn pop(&mut self) -> Option<Entry> {
        self.count = self.count.checked_sub(1)?;
        let mut rest = self.bytes.as_slice();
        let entry = unpack(&mut rest).expect("what was packed can be unpacked");
        let read = self.bytes.len() - rest.len();
        self.bytes.drain(..read);
        Some(entry)
    }

    /// All of them, the oldest first.
    ///
    /// # Panics
    /// As [`Kept::pop`] does.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut rest = self.bytes.as_slice();
        let entries = (0..self.count).map(|_| unpack(&mut rest).expect("what was packed can be unpacked"));
        entries.collect()
    }
}

/// The operators, by the number that stands in an entry's first byte.
const OPERATORS: [Operator; 4] = [Operator::Best, Operator::Set, Operator::Incr, Operator::Decr];

/// The bits of an entry's first byte above the operator's two.
const VOIDED: u8 = 1 << 2;
const IN_BATCH: u8 = 1 << 3;
const RANKED: u8 = 1 << 4;
const WITH_METADATA: u8 = 1 << 5;

fn pack(entry: &Entry, out: &mut Vec<u8>) {
    let Entry { at, stamp, time, operator, score, subscores, metadata, rank, voided } = entry;
    let operator = OPERATORS.iter().position(|known| known == operator).expect("every operator has a number");
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(
        u8::try_from(operator).expect("there are four")
            | flag(*voided, VOIDED)
            | flag(at.item.is_some(), IN_BATCH)
            | flag(rank.is_some(), RANKED)
            | flag(metadata.is_some(), WITH_METADATA),
    );
    write(at.partition.into(), out);
    write(at.offset, out);
    write(time.0, out);
    // A stamp is given shortly before the record's time.
    write(zigzag(stamp.micros.wrapping_sub(micros_of(*time)).cast_signed()), out);
    write(stamp.node.into(), out);
    write(zigzag(*score), out);
    write(subscores.len() as u64, out);
    subscores.iter().for_each(|score| write(zigzag(*score), out));
    at.item.iter().for_each(|item| write((*item).into(), out));
    rank.iter().for_each(|rank| write(*rank, out));
    if let Some(Metadata(text)) = metadata {
        write(text.len() as u64, out);
        out.extend_from_slice(text.as_bytes());
    }
}

fn unpack(input: &mut &[u8]) -> Option<Entry> {
    let (flags, rest) = input.split_first()?;
    *input = rest;
    let is = |bit: u8| flags & bit != 0;
    let partition = read_small(input)?;
    let offset = read(input)?;
    let time = Time(read(input)?);
    let micros = micros_of(time).wrapping_add(unzigzag(read(input)?).cast_unsigned());
    let stamp = Stamp { micros, node: read_small(input)? };
    let score = unzigzag(read(input)?);
    let columns = read(input)?;
    let subscores: Option<Vec<i64>> = (0..columns).map(|_| read(input).map(unzigzag)).collect();
    let item = if is(IN_BATCH) { Some(read_small(input)?) } else { None };
    let rank = if is(RANKED) { Some(read(input)?) } else { None };
    let metadata = if is(WITH_METADATA) { Some(read_text(input)?) } else { None };
    Some(Entry {
        at: At { partition, offset, item },
        stamp,
        time,
        operator: OPERATORS[usize::from(flags & 3)],
        score,
        subscores: subscores?,
        metadata,
        rank,
        voided: is(VOIDED),
    })
}

fn micros_of(time: Time) -> u64 {
    time.0.wrapping_mul(1000)
}

/// Small numbers of either sign become small numbers.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn write(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).expect("seven bits fit") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits fit"));
}

fn read(input: &mut &[u8]) -> Option<u64> {
    let length = input.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (bytes, rest) = input.split_at(length);
    *input = rest;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)))
}

fn read_small(input: &mut &[u8]) -> Option<u32> {
    read(input).and_then(|value| u32::try_from(value).ok())
}

fn read_text(input: &mut &[u8]) -> Option<Metadata> {
    let length = usize::try_from(read(input)?).ok()?;
    let (text, rest) = input.split_at_checked(length)?;
    *input = rest;
    String::from_utf8(text.to_vec()).ok().map(Metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::codec;
    use proptest::prelude::*;

    fn entry() -> impl Strategy<Value = Entry> {
        let number = || prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0u64..300];
        let small = || prop_oneof![Just(0), Just(u32::MAX), 0u32..300];
        let score = || prop_oneof![Just(i64::MIN), Just(i64::MAX), -70i64..70, any::<i64>()];
        let at = (small(), number(), proptest::option::of(small()));
        let scores = (score(), proptest::collection::vec(score(), 0..4));
        let rest = (0usize..4, proptest::option::of(".{0,9}"), proptest::option::of(number()), any::<bool>());
        (at, (number(), small()), number(), scores, rest).prop_map(|(at, stamp, time, scores, rest)| Entry {
            at: At { partition: at.0, offset: at.1, item: at.2 },
            stamp: Stamp { micros: stamp.0, node: stamp.1 },
            time: Time(time),
            operator: OPERATORS[rest.0],
            score: scores.0,
            subscores: scores.1,
            metadata: rest.1.map(Metadata),
            rank: rest.2,
            voided: rest.3,
        })
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back(entries in proptest::collection::vec(entry(), 0..9)) {
            let mut kept = Kept::of(&entries);
            prop_assert_eq!(kept.entries(), entries.clone());
            for (left, entry) in (0..entries.len()).rev().zip(entries) {
                prop_assert_eq!(kept.pop(), Some(entry));
                prop_assert_eq!(kept.count() as usize, left);
            }
            prop_assert_eq!((kept.pop(), kept.bytes.len()), (None, 0));
        }
    }

    #[test]
    fn an_entry_takes_few_bytes() {
        let (time, stamp) = (Time(1_795_000_000_000), Stamp { micros: 1_795_000_000_000_000 - 900, node: 3 });
        let entry = Entry {
            at: At { partition: 5, offset: 3_000_000, item: None },
            stamp,
            time,
            operator: Operator::Best,
            score: 999_999_999,
            subscores: Vec::new(),
            metadata: None,
            rank: Some(765_432),
            voided: false,
        };
        let (packed, plain) = (Kept::of(std::slice::from_ref(&entry)).bytes.len(), codec::encode(&entry).len());
        assert_eq!((packed, plain), (24, 41));
    }
}
