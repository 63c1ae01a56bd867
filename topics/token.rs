//! Tokens: who shows one may act for what it was given for. Only hashes of them are in the log.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// The hash of a token: half of its SHA-256. The token itself reaches no log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct TokenHash(pub [u8; 16]);

impl TokenHash {
    /// True for the same hash; takes as long for any other.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |difference, (a, b)| difference | (a ^ b));
        std::hint::black_box(difference) == 0
    }

    /// Its digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(32), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a text takes everything");
            text
        })
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for TokenHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom("the hash of a token has 32 hex digits");
        // Longer ones would not fit; shorter ones mean the same as with zeros before them.
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        u128::from_str_radix(&text, 16).map(|bits| Self(bits.to_be_bytes())).map_err(|_| bad())
    }
}
