//! A click as it stands in the log, and what the machine `clicks` is asked and answers.

use crate::codec::{Decode, Encode};
use crate::contract::or_default;
use crate::time::Time;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The longest id of a click, in bytes.
pub const CLICK_ID_LIMIT: usize = 128;

/// The longest User-Agent that is kept, in bytes: what is longer is cut.
pub const USER_AGENT_LIMIT: usize = 512;

/// What may be asked of the machine. Variants are only appended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// One click.
    Click(Box<Click>),
    /// Clicks whose prefixes all belong to one partition: only routes write them.
    #[serde(skip_deserializing)]
    Clicks(Batch),
    /// Hours are to be closed from now on: sent to every partition when the first campaign is created.
    #[serde(skip_deserializing)]
    Open(Opening),
    /// Changes how long clicks are kept in the partition where the record stands.
    Keep(Keeping),
    /// Clicks whose prefixes all belong to one partition, with their addresses: only routes write them.
    #[serde(skip_deserializing)]
    Sealed(SealedBatch),
}

/// How long clicks are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Keeping)]
#[serde(deny_unknown_fields)]
pub struct Keeping {
    /// So many days a click can be looked up, listed, voided and compared with the log; what it adds up to stays.
    pub click_days: u16,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { click_days: 90 }
    }
}

impl Keeping {
    /// The fewest days: a click is believed, and may be late, for one, and a day is over everywhere after another.
    pub const LEAST: u16 = 3;

    /// The most days.
    pub const MOST: u16 = 3650;

    /// Hours below this one are gone at a time of the log.
    #[must_use]
    pub fn first_hour(self, now: Time) -> u32 {
        let hour = u32::try_from(now.0 / 3_600_000).unwrap_or(u32::MAX);
        hour.saturating_sub(u32::from(self.click_days) * 24)
    }
}

/// Clicks of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Batch {
    /// In the order in which they came; never none.
    pub clicks: Vec<Click>,
}

/// Clicks of one partition with their addresses, which only keys outside of the log open.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SealedBatch {
    /// In the order in which they came; never none.
    pub clicks: Vec<Click>,
    /// The address of each; none of a click without one, or of whom they are not kept.
    pub sealed: Vec<Option<Sealed>>,
}

/// An IPv6 address, or an IPv4 address as one, encrypted under the key that its day has for its visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sealed(pub [u8; 16]);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(self.0)))
    }
}

/// The beginning of a partition's hours.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Opening {
    /// A key that belongs to the partition.
    pub key: String,
}

/// A click. Visitors stand in it as hashes that only the cluster's secret makes, addresses as hashes that only a key of
/// their day makes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Click {
    /// Names the click for good: the same id again is the same click. 1 to [`CLICK_ID_LIMIT`] bytes.
    pub click_id: String,
    /// The ad.
    pub ad: String,
    /// Over how many shards the ad is spread.
    #[serde(default = "one")]
    pub shards: u16,
    /// When it happened, if who reports it says so.
    pub time: Option<Time>,
    /// The /24 or /64 that it came from.
    pub prefix: Hashed,
    /// The address that it came from.
    pub address: Hashed,
    /// Who clicked.
    pub visitor: Hashed,
    /// How the visitor is known.
    #[serde(default, deserialize_with = "or_default")]
    pub identity: Identity,
    /// The User-Agent, cut to [`USER_AGENT_LIMIT`] bytes.
    #[serde(default, deserialize_with = "or_default")]
    pub user_agent: String,
    /// Where from.
    #[serde(default, deserialize_with = "or_default")]
    pub country: Country,
    /// On what.
    #[serde(default, deserialize_with = "or_default")]
    pub device: Device,
    /// What is said about it.
    #[serde(default, deserialize_with = "or_default")]
    pub marks: Marks,
    /// The impression that its token names.
    pub impression: Option<Hashed>,
    /// The rule sets whose data centers its address belongs to.
    #[serde(default, deserialize_with = "or_default")]
    pub datacenter_of: Vec<u32>,
}

fn one() -> u16 {
    1
}

/// 64 bits of a hash that only a secret makes, as hexadecimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Hashed(pub [u8; 8]);

impl Hashed {
    /// The same as a number.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl Serialize for Hashed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.number()))
    }
}

impl<'de> Deserialize<'de> for Hashed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| text.len() <= 16);
        let bad = || D::Error::custom(format!("`{text}` is no hash of 1 to 16 hexadecimal digits"));
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(bad)
    }
}

/// How a visitor is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Identity)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// By an id that signed in.
    SignedIn,
    /// By a first-party cookie.
    Cookie,
    /// From prefix, User-Agent and day.
    #[default]
    Derived,
}

/// What was clicked on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema,
)]
#[schema(as = clicks::Device)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Nobody knows.
    #[default]
    Other,
    /// A desktop or laptop computer.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
}

impl Device {
    /// The device of this number.
    #[must_use]
    pub fn of(number: u8) -> Self {
        match number {
            1 => Self::Desktop,
            2 => Self::Mobile,
            3 => Self::Tablet,
            _ => Self::Other,
        }
    }
}

/// A country by its two letters; `ZZ` is none that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Country(pub [u8; 2]);

impl Default for Country {
    fn default() -> Self {
        Self(*b"ZZ")
    }
}

impl Country {
    /// The country of two letters, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no country: two letters are")))
    }
}

/// What who reports a click says about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// A test of a link, by whoever runs it.
    pub test: bool,
    /// Fetched ahead by a browser, and perhaps never seen.
    pub prefetch: bool,
    /// Its impression token is malformed, forged, or of another ad or visitor.
    pub bad_token: bool,
    /// Millrace made its id, so nobody can say it twice.
    pub own_id: bool,
}

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// What became of each click, in their order.
    Taken {
        /// One for each.
        results: Vec<Taken>,
    },
    /// The partition's hours close from now on.
    Opened,
    /// Clicks are kept so long from now on.
    Kept(Keeping),
}

/// What became of a click at the first machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It is on its way to be judged.
    Accepted,
    /// Its id was taken before: it is the same click.
    Duplicate,
}

/// What the machine says: nothing, its ads say what became of clicks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub enum Event {}

/// What the machine sets a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Timer {
    /// The hour that ends here, and the grace behind it, are over.
    Hour {
        /// Its end.
        end: Time,
    },
    /// Rows that nobody needs any more go.
    Sweep {
        /// The table that is walked.
        table: u8,
        /// Where the walk goes on, as the key stands in the store.
        from: Vec<u8>,
    },
}

/// What may be asked of the machine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
    /// How many clicks of an ad's hour one partition has taken.
    Raw(Raw),
}

/// A question for what one partition has taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Raw {
    /// A key of the partition that is meant.
    pub key: String,
    /// The numbers of the ad's shards.
    pub ads: Vec<u64>,
    /// The hour, in hours since the epoch.
    pub hour: u32,
    /// (partition of `clicks.ads`, how many records of the asked one it has received).
    pub received: Vec<(u32, u64)>,
}

/// What one partition has taken of an ad's hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct RawHour {
    /// Clicks that it has taken, without repeats.
    pub raw: u64,
    /// Those of them that wait for their way to the ad.
    pub in_flight: u64,
    /// True if more was sent meanwhile than is still known: to be asked again.
    pub moved_on: bool,
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// What one partition has taken.
    Raw(RawHour),
}
