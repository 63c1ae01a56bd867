//! Hold tokens: drawn, with the time until which they are good, and signed. So nobody need remember them.

use crate::runtime::door::{Asked, Door};
use crate::runtime::tokens::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::time::Time;

/// A fresh one, that is good until then.
pub fn make(door: &Door, asked: &Asked, until: Time) -> String {
    sign(door, &URL_SAFE_NO_PAD.encode(&door.draw(asked, "hold token")[..16]), until)
}

fn sign(door: &Door, drawn: &str, until: Time) -> String {
    let signature = door.sign(&[b"hold token", drawn.as_bytes(), &until.0.to_be_bytes()]);
    format!("{drawn}.{}.{}", until.0, URL_SAFE_NO_PAD.encode(&signature[..16]))
}

/// Until when a token is good, if it is one.
pub fn until(door: &Door, token: &str) -> Option<Time> {
    let mut parts = token.split('.');
    let (drawn, until) = (parts.next()?, Time(parts.next()?.parse().ok()?));
    // Hashes, because comparing secrets byte by byte tells how many were right.
    hash(&sign(door, drawn, until)).is(&hash(token)).then_some(until)
}
