//! Times: what the log stamps, in milliseconds, and how they are written for people (RFC 3339, UTC).

use crate::codec::{Decode, Encode};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z: the resolution of Kafka's record times, so that a copied log replays
/// to the same digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Time(pub u64);

impl Time {
    /// This time and `millis` more; stays at the last representable time instead of overflowing.
    #[must_use]
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The milliseconds since `earlier`, 0 if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The machine's clock. Only what stamps records or measures waiting may ask it; a transition never does.
    #[must_use]
    pub fn now() -> Self {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(elapsed.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339_micros(self.0.saturating_mul(1000)))
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

/// Microseconds since the epoch as RFC 3339 in UTC, with as many digits as they need.
#[must_use]
pub fn rfc3339_micros(micros: u64) -> String {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| format!("+{micros}us"), |time| time.to_string())
}

/// An RFC 3339 time as milliseconds; digits below are cut off.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse_rfc3339(text: &str) -> Result<Time, String> {
    let time: jiff::Timestamp = text.parse().map_err(|error| format!("not an RFC 3339 time: {error}"))?;
    u64::try_from(time.as_millisecond()).map(Time).map_err(|_| "times before 1970 are not accepted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_as_rfc3339() {
        for (millis, text) in [(0, "1970-01-01T00:00:00Z"), (1_700_000_000_123, "2023-11-14T22:13:20.123Z")] {
            assert_eq!(Time(millis).to_string(), text);
            assert_eq!(parse_rfc3339(text), Ok(Time(millis)));
        }
        assert_eq!(parse_rfc3339("2023-11-14T23:13:20.123+01:00"), Ok(Time(1_700_000_000_123)));
        assert!(parse_rfc3339("yesterday").is_err());
        assert!(parse_rfc3339("1969-12-31T23:59:59Z").is_err());
    }
}
