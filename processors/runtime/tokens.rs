//! Tokens at the gateway: what of them may go further.

use millrace_topics::token::TokenHash;
use sha2::{Digest as _, Sha256};

/// The hash of a token, as it stands in the log.
#[must_use]
pub fn hash(token: &str) -> TokenHash {
    let digest = Sha256::digest(token);
    TokenHash(*digest.first_chunk().expect("a digest is longer"))
}
