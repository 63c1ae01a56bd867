//! Who a client of Nakama is: user ids, names, and the signed tokens (JWT, HS256) that say so.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::runtime::door::Door;

/// How long a session lasts, in seconds. Clients renew it by themselves five minutes before.
pub(super) const SESSION_SECONDS: u64 = 60 * 60;
/// How long it can be renewed, in seconds.
pub(super) const REFRESH_SECONDS: u64 = 7 * 24 * 60 * 60;

/// The head of every token. A token with another one is none of ours, whatever algorithm it asks for.
const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token is good for. Each has a key of its own, so that none passes for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To ask.
    Session,
    /// To be given a new session.
    Refresh,
}

impl Use {
    /// The key that signs such tokens.
    pub(super) fn key(self, door: &Door) -> [u8; 32] {
        let purpose: &[u8] = match self {
            Self::Session => b"session",
            Self::Refresh => b"refresh",
        };
        door.sign(&[b"nakama", purpose])
    }
}

/// What a token says, under the names that the clients read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// When it ends, in seconds since 1970.
    pub(super) exp: u64,
    /// The user's id.
    pub(super) uid: String,
    /// The user's name.
    pub(super) usn: String,
}

/// A token that says this.
pub(super) fn token(key: &[u8], claims: &Claims) -> String {
    let claims = serde_json::to_string(claims).expect("claims are plain data");
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEAD), URL_SAFE_NO_PAD.encode(plain(&claims)));
    let signature = URL_SAFE_NO_PAD.encode(mac(key, &said).finalize().into_bytes());
    format!("{said}.{signature}")
}

/// What a token says, if it was signed with this key and has not ended.
pub(super) fn read(key: &[u8], token: &str, now_seconds: u64) -> Option<Claims> {
    let (said, signature) = token.rsplit_once('.')?;
    let (head, claims) = said.split_once('.')?;
    mac(key, said).verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    if URL_SAFE_NO_PAD.decode(head).ok()? != HEAD.as_bytes() {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    (claims.exp > now_seconds).then_some(claims)
}

fn mac(key: &[u8], said: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do for an HMAC");
    mac.update(said.as_bytes());
    mac
}

/// JSON whose base64 has neither `-` nor `_`: Nakama's client for JavaScript drops these before it reads a token. They
/// come from what is not ASCII and from these few, which all stand inside of texts.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !['>', '?', '~', '\x7f'].contains(&c) {
            plain.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            plain.push_str(&format!("\\u{unit:04x}"));
        }
    }
    plain
}

/// The id of the user who knows this id of a kind: shaped as Nakama's own, a UUID, and not to be guessed from it.
pub(super) fn user_id(door: &Door, kind: &str, id: &str) -> String {
    let hash = door.sign(&[b"nakama user", kind.as_bytes(), id.as_bytes()]);
    let mut bytes = *hash.first_chunk::<16>().expect("a hash has 32 bytes");
    // Version 4 and the standard's variant, as a UUID of Nakama has them.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The name of a user who says none: ten letters, always the same.
pub(super) fn default_name(door: &Door, user: &str) -> String {
    let hash = door.sign(&[b"nakama name", user.as_bytes()]);
    hash[..10].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// True if the value of `Authorization` is HTTP's basic one with this server key as the user.
pub(super) fn knows(door: &Door, key: &str, authorization: &str) -> bool {
    let given = || {
        let (scheme, text) = authorization.split_once(' ')?;
        let text = STANDARD.decode(text.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        text.split(|byte| *byte == b':').next().map(<[u8]>::to_vec)
    };
    // Signatures are compared, so that the time says nothing about how near a guess is.
    let sign = |key: &[u8]| door.sign(&[b"nakama server key", key]);
    given().is_some_and(|given| sign(&given) == sign(key.as_bytes()))
}
