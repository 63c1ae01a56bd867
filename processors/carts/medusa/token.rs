//! Tokens of customers: who is logged in, and until when, signed with the cluster's secret.

use crate::runtime::door::Door;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::time::Time;

/// How long a token is good, in seconds.
const TOKEN_SECONDS: u64 = 24 * 60 * 60;

fn signature(door: &Door, said: &str) -> [u8; 32] {
    door.sign(&[b"medusa token", said.as_bytes()])
}

/// A token for a customer.
pub(super) fn token(door: &Door, customer: &str, now: Time) -> String {
    let said = format!("{}.{}", now.0 / 1000 + TOKEN_SECONDS, URL_SAFE_NO_PAD.encode(customer));
    let signature = signature(door, &said);
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The customer that a token is for, if it is good.
pub(super) fn read(door: &Door, token: &str, now: Time) -> Option<String> {
    let (said, signed) = token.rsplit_once('.')?;
    let (until, customer) = said.split_once('.')?;
    let signed = URL_SAFE_NO_PAD.decode(signed).ok()?;
    // Signatures of both are compared, so that the time says nothing about how near a guess is.
    let sign = |part: &[u8]| door.sign(&[b"medusa compare", part]);
    if sign(&signed) != sign(&signature(door, said)) {
        return None;
    }
    let until: u64 = until.parse().ok()?;
    let customer = String::from_utf8(URL_SAFE_NO_PAD.decode(customer).ok()?).ok()?;
    (until > now.0 / 1000).then_some(customer)
}
