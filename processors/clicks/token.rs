//! Tokens of impressions: signed, so that a click can show that its ad was shown to its visitor, and good for the day on
//! which they were made and the next one. The key changes with the day.

use crate::runtime::door::{Asked, Door};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::clicks::Hashed;
use millrace_topics::time::Time;

/// One day, in milliseconds.
pub const DAY: u64 = 86_400_000;

/// How many bytes of a token are its signature.
const SIGNATURE: usize = 16;

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The impression, whose first byte is its day's last one.
    pub impression: Hashed,
    /// Who saw it.
    pub visitor: Hashed,
}

/// An impression that nobody can guess, the same for a repeat of a keyed request.
#[must_use]
pub fn draw(door: &Door, asked: &Asked, purpose: &str, now: Time) -> Hashed {
    let [.., day] = (now.0 / DAY).to_be_bytes();
    let drawn = door.draw(asked, purpose);
    let mut impression = [0; 8];
    impression[0] = day;
    impression[1..].copy_from_slice(&drawn[..7]);
    Hashed(impression)
}

/// The token of an impression of an ad.
#[must_use]
pub fn seal(door: &Door, ad: &str, shown: Shown, now: Time) -> String {
    let mut bytes = Vec::with_capacity(16 + SIGNATURE);
    bytes.extend_from_slice(&shown.impression.0);
    bytes.extend_from_slice(&shown.visitor.0);
    let signature = sign(door, ad, &bytes, now.0 / DAY);
    bytes.extend_from_slice(&signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a token of an ad says, if it is a good one at this time.
#[must_use]
pub fn open(door: &Door, ad: &str, text: &str, now: Time) -> Option<Shown> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (said, signature) = bytes.split_last_chunk::<SIGNATURE>()?;
    let (impression, visitor) = said.split_first_chunk::<8>()?;
    let visitor = visitor.try_into().ok()?;
    let today = now.0 / DAY;
    let made_on = |day: u64| day.to_be_bytes()[7] == impression[0];
    let day = [today, today.saturating_sub(1)].into_iter().find(|day| made_on(*day))?;
    (sign(door, ad, said, day) == *signature)
        .then_some(Shown { impression: Hashed(*impression), visitor: Hashed(visitor) })
}

fn sign(door: &Door, ad: &str, said: &[u8], day: u64) -> [u8; SIGNATURE] {
    let signature = door.sign(&[b"clicks", b"token", &day.to_le_bytes(), ad.as_bytes(), said]);
    *signature.first_chunk().expect("a signature has 32 bytes")
}
