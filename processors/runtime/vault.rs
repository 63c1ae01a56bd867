//! Keys that can be destroyed: what is personal stands in the log as hashes and ciphertext, and what makes and opens
//! these lies outside of it. Log, tables and digests stay as they are when a key goes; no transition ever needs one.
//!
//! A day has a key for hashes, so that equal things of a day are equal in the log, and one for ciphertext of which the key
//! of each subject follows. A day ends as a whole. A subject is erased by puncturing the second key: the tree of keys
//! from which each subject's is a leaf is kept without the way to this leaf (Goldreich, Goldwasser and Micali 1986; Boneh
//! and Waters 2013), so that no key is stored for a subject before it is erased.

use hmac::{Hmac, KeyInit, Mac};
use millrace_topics::codec::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// So many children a node of the tree has: 1 << `BITS`.
const BITS: u32 = 4;

/// How deep a leaf is.
const DEPTH: u32 = u32::BITS / BITS;

/// How many nodes a day keeps at most, after some thousand subjects: then it forgets the rest too.
pub const NODES_LIMIT: usize = 100_000;

/// A key of the tree.
type Node = [u8; 16];

/// The keys of one day. They are not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct DayKeys {
    /// Counted from the epoch.
    day: u64,
    hashing: [u8; 32],
    /// (depth, the first bits of the subjects below) → the key from which theirs follow.
    sealing: BTreeMap<(u32, u32), Node>,
}

impl DayKeys {
    /// The keys of a day, of 48 bytes that nobody can guess.
    #[must_use]
    pub fn new(day: u64, hashing: [u8; 32], sealing: [u8; 16]) -> Self {
        Self { day, hashing, sealing: BTreeMap::from([((0, 0), sealing)]) }
    }

    /// The day, counted from the epoch.
    #[must_use]
    pub fn day(&self) -> u64 {
        self.day
    }

    /// A hash that only this day's key makes.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.hashing, parts)
    }

    /// Encrypts 16 bytes of a subject, or decrypts them: both are the same. `nonce` must be another one for each text of
    /// a subject. None if the subject is erased.
    #[must_use]
    pub fn turn(&self, subject: u32, nonce: &[&[u8]], mut text: [u8; 16]) -> Option<[u8; 16]> {
        let stream = mac(&self.leaf(subject)?, nonce);
        text.iter_mut().zip(stream).for_each(|(byte, other)| *byte ^= other);
        Some(text)
    }

    /// Destroys what opens a subject's texts of this day; false if it was gone already.
    pub fn erase(&mut self, subject: u32) -> bool {
        let Some((depth, mut node)) = self.above(subject) else { return false };
        self.sealing.remove(&(depth, path(subject, depth)));
        for depth in depth..DEPTH {
            let way = path(subject, depth + 1);
            for sibling in way & !mask()..=way | mask() {
                if sibling != way {
                    self.sealing.insert((depth + 1, sibling), child(&node, sibling));
                }
            }
            node = child(&node, way);
        }
        if self.sealing.len() > NODES_LIMIT {
            self.sealing.clear();
        }
        true
    }

    /// The lowest node that is left above a subject.
    fn above(&self, subject: u32) -> Option<(u32, Node)> {
        (0..=DEPTH).find_map(|depth| Some((depth, *self.sealing.get(&(depth, path(subject, depth)))?)))
    }

    fn leaf(&self, subject: u32) -> Option<Node> {
        let (above, node) = self.above(subject)?;
        Some((above..DEPTH).fold(node, |node, depth| child(&node, path(subject, depth + 1))))
    }
}

impl fmt::Debug for DayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DayKeys({}, …)", self.day)
    }
}

fn mask() -> u32 {
    (1 << BITS) - 1
}

/// The first bits of a subject, as far as a node of this depth tells them.
fn path(subject: u32, depth: u32) -> u32 {
    subject.checked_shr(u32::BITS - BITS * depth).unwrap_or_default()
}

fn child(node: &Node, path: u32) -> Node {
    let mut hash = Sha256::new_with_prefix(node);
    hash.update([u8::try_from(path & mask()).expect("it has four bits")]);
    *hash.finalize().first_chunk().expect("a hash has 32 bytes")
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do for an HMAC");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::codec;
    use proptest::prelude::*;

    fn keys() -> DayKeys {
        DayKeys::new(7, [1; 32], [2; 16])
    }

    proptest! {
        #[test]
        fn who_is_erased_is_closed_for_good_and_nobody_else(
            erased in proptest::collection::vec(any::<u32>(), 1..20), near in any::<u32>(), bit in 0u32..32
        ) {
            let (before, mut after) = (keys(), keys());
            for subject in &erased {
                after.erase(*subject);
            }
            let after: DayKeys = codec::decode(&codec::encode(&after)).unwrap();
            let others = erased.iter().map(|subject| subject ^ (1 << bit)).chain([near]);
            for subject in others.filter(|subject| !erased.contains(subject)) {
                prop_assert_eq!(before.turn(subject, &[b"n"], [3; 16]), after.turn(subject, &[b"n"], [3; 16]));
            }
            for subject in &erased {
                prop_assert_eq!(after.turn(*subject, &[b"n"], [3; 16]), None);
                // No node that is kept leads there.
                prop_assert!((0..=DEPTH).all(|depth| !after.sealing.contains_key(&(depth, path(*subject, depth)))));
                prop_assert!(!after.clone().erase(*subject));
            }
        }
    }

    #[test]
    fn texts_of_other_days_subjects_and_nonces_are_others() {
        let sealed = |keys: &DayKeys, subject, nonce: &[u8]| keys.turn(subject, &[nonce], [3; 16]).unwrap();
        let first = sealed(&keys(), 1, b"n");
        assert_eq!(keys().turn(1, &[b"n"], first), Some([3; 16]));
        for other in [
            sealed(&DayKeys::new(7, [1; 32], [9; 16]), 1, b"n"),
            sealed(&keys(), 2, b"n"),
            sealed(&keys(), 1 << 31, b"n"),
            sealed(&keys(), 1, b"o"),
        ] {
            assert_ne!(first, other);
        }
        assert_ne!(keys().hash(&[b"a"]), DayKeys::new(7, [9; 32], [2; 16]).hash(&[b"a"]));
        assert_eq!(format!("{:?}", keys()), "DayKeys(7, …)");
    }

    #[test]
    fn a_day_of_too_many_erased_subjects_is_erased_whole() {
        let mut keys = keys();
        let mut erased: u32 = 0;
        while !keys.sealing.is_empty() {
            assert!(keys.sealing.len() <= NODES_LIMIT);
            keys.erase(erased.wrapping_mul(0x9e37_79b9));
            erased += 1;
        }
        assert!(erased > 1000, "{erased}");
        assert_eq!(keys.turn(u32::MAX, &[], [0; 16]), None);
    }
}
