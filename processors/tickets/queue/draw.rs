//! The draw: those who came before the room opened stand in line by their rank, which nobody can know before the seed is
//! said, and anybody can compute from then on. The seed's hash is said when the room is made, so nobody can choose the
//! seed when it is known who has come; the numbers and hashes of all who have come can be read before the seed is.

use hmac::{Hmac, KeyInit as _, Mac as _};
use millrace_topics::tickets::RoomTerms;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What stands in the public list for a buyer.
#[must_use]
pub fn buyer_hash(event: &str, buyer: &str) -> String {
    hex(&Sha256::digest(format!("{event}/{buyer}")))
}

/// A buyer's rank: the first 8 bytes of the HMAC-SHA256, under the seed's digits, of the digits of the buyer's hash. Of
/// two with the same rank the smaller number comes first.
///
/// # Panics
/// Never: a key of any length will do.
#[must_use]
pub fn rank(seed: &str, event: &str, buyer: &str) -> u64 {
    let mut mac = Hmac::<Sha256>::new_from_slice(seed.as_bytes()).expect("a key of any length will do for an HMAC");
    mac.update(buyer_hash(event, buyer).as_bytes());
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    u64::from_be_bytes(*digest.first_chunk().expect("a digest is longer"))
}

/// The hash of a seed, as it is said before the draw.
#[must_use]
pub fn seed_hash(seed: &str) -> String {
    hex(&Sha256::digest(seed))
}

/// True for the seed whose hash was said.
#[must_use]
pub fn is_seed(terms: &RoomTerms, seed: &str) -> bool {
    seed_hash(seed).eq_ignore_ascii_case(&terms.seed_hash)
}

/// Bytes as hex digits.
///
/// # Panics
/// Never: a text takes everything.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib and hmac: what `scripts/verify-draw` does.
    #[test]
    fn ranks_are_what_anybody_computes() {
        assert_eq!(buyer_hash("gig", "ada"), "8406a6b42c32fa4d3cbb3ec2efa1bafa95cb7e29ebafe0bf95402b66724e01b2");
        assert_eq!(seed_hash("5eed"), "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53");
        assert_eq!(rank("5eed", "gig", "ada"), 3_556_822_519_930_215_608);
    }
}
