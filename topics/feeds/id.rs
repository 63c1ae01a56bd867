//! Ids of posts: when, by which gateway, and in which partition, in one number.

use crate::codec::{Decode, Encode};
use crate::partition::murmur2;
use crate::record::Stamp;
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// How many bits of an id are the hash of the author.
const HASH_BITS: u32 = 31;

/// How many bits of an id are the node's number.
const NODE_BITS: u32 = 32;

/// The id of a post: the stamp of the command that made it, and the hash that names the partition of its author. As text
/// it is a decimal number, of 35 digits from 2017 on, so that texts sort as the numbers do: by time.
///
/// Nobody has to be asked where a post is: the hash modulo the number of partitions is where its author's key lies, however
/// many there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PostId(pub u128);

impl PostId {
    /// The id of what the command with this stamp makes of this author.
    #[must_use]
    pub fn new(stamp: Stamp, author: &str) -> Self {
        let hash = murmur2(author.as_bytes()) & 0x7fff_ffff;
        let stamped = u128::from(stamp.micros) << NODE_BITS | u128::from(stamp.node);
        Self(stamped << HASH_BITS | u128::from(hash))
    }

    /// The first id that a post of this moment could have.
    #[must_use]
    pub fn first_at(time: Time) -> Self {
        Self(u128::from(time.0.saturating_mul(1000)) << (NODE_BITS + HASH_BITS))
    }

    /// The partition of its author.
    #[must_use]
    pub fn partition(self, partitions: u32) -> u32 {
        let hash = self.0 & 0x7fff_ffff;
        u32::try_from(hash % u128::from(partitions)).expect("it is below a number of partitions")
    }

    /// When it was stamped, in microseconds since 1970.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0 >> (NODE_BITS + HASH_BITS)).unwrap_or(u64::MAX)
    }

    /// Reads an id: digits without zeros before them.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let number: u128 = text.parse().ok()?;
        (number.to_string() == text).then_some(Self(number))
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for PostId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PostId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("an id of a post is a text of digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::partition_of;

    #[test]
    fn an_id_says_when_and_where() {
        let stamp = Stamp { micros: 1_790_000_000_123_456, node: (1 << 30) - 1 };
        for author in ["ada", "bob", "", "é"] {
            let id = PostId::new(stamp, author);
            for partitions in [1, 2, 7, 8, 240] {
                assert_eq!(id.partition(partitions), partition_of(author.as_bytes(), partitions), "{author}");
            }
            assert_eq!((id.micros(), id.to_string().len()), (stamp.micros, 35));
            assert_eq!(PostId::read(&id.to_string()), Some(id));
            assert!(PostId::first_at(Time(1_790_000_000_123)) <= id);
            assert!(id < PostId::first_at(Time(1_790_000_000_124)));
        }
        for bad in ["", "-1", "+1", "01", "x", "1 "] {
            assert_eq!(PostId::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_rise_with_time() {
        let at = |micros, node| PostId::new(Stamp { micros, node }, "zoe");
        assert!(at(1, u32::MAX) < at(2, 0) && at(2, 0) < at(2, 1));
    }
}
