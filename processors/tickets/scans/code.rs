//! The codes of tickets: a ticket's id, which issue of it, and a signature (Ed25519) by a key that follows from the cluster's
//! secret. So the same ticket has the same code wherever and whenever it is shown, and whoever has the public key can tell a
//! code that is none, without a connection: not yet whether it is still good, which the log alone knows.

use crate::runtime::door::Door;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use std::sync::OnceLock;

/// What a signature is of, before the ticket: so that it is one of nothing else.
const PURPOSE: &str = "millrace ticket ";

/// The key of a node: the same on all.
#[derive(Default)]
struct Key(OnceLock<SigningKey>);

fn with_key<T>(door: &Door, use_it: impl FnOnce(&SigningKey) -> T) -> T {
    let key = door.beside::<Key>();
    use_it(key.0.get_or_init(|| SigningKey::from_bytes(&door.sign(&[b"key of tickets"]))))
}

/// The public key, as in a JSON Web Key (RFC 8037).
#[must_use]
pub fn public_key(door: &Door) -> String {
    with_key(door, |key| URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()))
}

/// A ticket's code.
#[must_use]
pub fn make(door: &Door, ticket: &str, issue: u32) -> String {
    let named = format!("{ticket}.{issue}");
    let signature = with_key(door, |key| key.sign(format!("{PURPOSE}{named}").as_bytes()));
    format!("{named}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// The ticket and the issue of a code, if the cluster has signed it.
#[must_use]
pub fn read<'a>(door: &Door, text: &'a str) -> Option<(&'a str, u32)> {
    let (named, signature) = text.rsplit_once('.')?;
    let (ticket, issue) = named.rsplit_once('.')?;
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let message = format!("{PURPOSE}{named}");
    let is_ours = with_key(door, |key| key.verifying_key().verify_strict(message.as_bytes(), &signature).is_ok());
    is_ours.then(|| issue.parse().ok().map(|issue| (ticket, issue)))?
}
