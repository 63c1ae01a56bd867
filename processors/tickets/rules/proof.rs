//! Proofs: that somebody has been looked at, for one event and one buyer, until a time, signed by the cluster. Nobody need
//! remember them; who makes one is the operator's to decide.

use crate::runtime::door::Door;
use crate::runtime::tokens::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::time::Time;

/// A proof for a buyer of an event, that is good until then.
#[must_use]
pub fn make(door: &Door, event: &str, buyer: &str, until: Time) -> String {
    let signature = door.sign(&[b"proof of a buyer", event.as_bytes(), buyer.as_bytes(), &until.0.to_be_bytes()]);
    format!("{}.{}", until.0, URL_SAFE_NO_PAD.encode(&signature[..16]))
}

/// Until when a proof is good, if it is one for this buyer of this event.
#[must_use]
pub fn until(door: &Door, event: &str, buyer: &str, proof: &str) -> Option<Time> {
    let until = Time(proof.split_once('.')?.0.parse().ok()?);
    // Hashes, because comparing secrets byte by byte tells how many were right.
    hash(&make(door, event, buyer, until)).is(&hash(proof)).then_some(until)
}
