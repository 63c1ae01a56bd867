//! The digest: a 128-bit hash chained over what each record did, so that a replay can prove itself.

use millrace_topics::codec;
use xxhash_rust::xxh3::xxh3_128;

/// What one record did, in the order in which it did it.
#[derive(Default)]
pub struct Trace {
    bytes: Vec<u8>,
}

/// What an effect is; the first byte of its entry, so that no two kinds can be mistaken for each other.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Mark {
    /// A row of a primary table was written.
    Write = 1,
    /// A row of a primary table was deleted.
    Delete = 2,
    /// A timer was set.
    TimerSet = 3,
    /// A timer was cancelled, or fired.
    TimerGone = 4,
    /// A record was sent to another machine.
    Sent = 5,
    /// An event was said.
    Said = 6,
    /// What the command answered.
    Outcome = 7,
    /// The record could not be applied.
    Dead = 8,
    /// The rules were switched.
    Switched = 9,
}

impl Trace {
    /// Adds an effect of two parts, each with its length before it.
    pub fn add(&mut self, mark: Mark, first: &[u8], second: &[u8]) {
        self.bytes.push(mark as u8);
        for part in [first, second] {
            self.bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            self.bytes.extend_from_slice(part);
        }
    }

    /// Adds an effect of one value, as [`Trace::add`] does with its bytes and nothing.
    pub fn add_value<T: codec::Encode>(&mut self, mark: Mark, value: &T) {
        self.bytes.push(mark as u8);
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 8]);
        codec::encode_into(value, &mut self.bytes);
        let length = (self.bytes.len() - length_at - 8) as u64;
        self.bytes[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 8]);
    }

    /// The head of the chain after this record or timer; the trace is empty afterwards.
    pub fn chain(&mut self, head: u128, offset: u64) -> u128 {
        let mut seed = [0; 24];
        seed[..16].copy_from_slice(&head.to_le_bytes());
        seed[16..].copy_from_slice(&offset.to_le_bytes());
        self.bytes.extend_from_slice(&seed);
        let next = xxh3_128(&self.bytes);
        self.bytes.clear();
        next
    }

    /// Forgets what was added.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// True if nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_trace_and_the_place_in_the_chain_matter() {
        let one = |mark, first: &[u8], second: &[u8], head, offset| {
            let mut trace = Trace::default();
            trace.add(mark, first, second);
            trace.chain(head, offset)
        };
        let base = one(Mark::Write, b"ab", b"c", 1, 2);
        assert_eq!(base, one(Mark::Write, b"ab", b"c", 1, 2));
        for other in [
            one(Mark::Delete, b"ab", b"c", 1, 2),
            one(Mark::Write, b"a", b"bc", 1, 2),
            one(Mark::Write, b"ab", b"c", 2, 2),
            one(Mark::Write, b"ab", b"c", 1, 3),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_value_counts_as_its_bytes() {
        let value = ("ada".to_owned(), 120i64);
        let (mut trace, mut other) = (Trace::default(), Trace::default());
        trace.add_value(Mark::Said, &value);
        other.add(Mark::Said, &codec::encode(&value), &[]);
        assert_eq!(trace.bytes, other.bytes);
    }
}
