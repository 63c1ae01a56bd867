//! Reports: what clicks add up to, by time and dimension.

use super::click::{Country, Device};
use super::reason::{REASONS, Reason};
use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long the buckets of a report are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Grain)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours, from midnight UTC.
    Day,
}

impl Grain {
    /// Every grain, from the finest.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// How many milliseconds a bucket has.
    #[must_use]
    pub fn millis(self) -> u64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The bucket of a time, counted from the epoch.
    #[must_use]
    pub fn bucket(self, time: Time) -> u32 {
        u32::try_from(time.0 / self.millis()).unwrap_or(u32::MAX)
    }

    /// When a bucket begins.
    #[must_use]
    pub fn begin(self, bucket: u32) -> Time {
        Time(u64::from(bucket) * self.millis())
    }
}

/// What a report may be grouped by, beside time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Dimension)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The campaign.
    Campaign,
    /// The ad.
    Ad,
    /// Where the ad is shown.
    Placement,
    /// Where a click came from.
    Country,
    /// What was clicked on.
    Device,
}

/// Which truth is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Version)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// With what was found after an hour had been closed.
    #[default]
    Known,
    /// Without it.
    Billed,
}

/// What clicks add up to. Adjustments may be below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    /// All clicks.
    pub gross: i64,
    /// Those that count.
    pub valid: i64,
    /// What they cost, in millionths of the currency.
    pub micros: i64,
    /// Those that do not count, by primary reason.
    pub invalid: [i64; REASONS],
    /// How often the ad was shown.
    pub impressions: i64,
    /// Orders that clicks led to.
    pub conversions: i64,
    /// What these are worth, in millionths of the currency.
    pub conversion_micros: i64,
}

impl Counts {
    /// One click more.
    pub fn add_click(&mut self, primary: Option<Reason>, price_micros: u64) {
        self.gross += 1;
        self.micros += i64::try_from(price_micros).unwrap_or(i64::MAX);
        match primary {
            None => self.valid += 1,
            Some(reason) => self.invalid[reason as usize] += 1,
        }
    }

    /// A click that counted does not any more.
    pub fn void_click(&mut self, price_micros: u64) {
        self.valid -= 1;
        self.micros -= i64::try_from(price_micros).unwrap_or(i64::MAX);
        self.invalid[Reason::Voided as usize] += 1;
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        self.gross += other.gross;
        self.valid += other.valid;
        self.micros += other.micros;
        self.impressions += other.impressions;
        self.conversions += other.conversions;
        self.conversion_micros += other.conversion_micros;
        for (own, more) in self.invalid.iter_mut().zip(other.invalid) {
            *own += more;
        }
    }

    /// All that do not count.
    #[must_use]
    pub fn invalid_sum(&self) -> i64 {
        self.invalid.iter().sum()
    }
}

/// What the present hour adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Live {
    /// The hour, in hours since the epoch.
    pub hour: u32,
    /// What it adds up to so far.
    pub of_hour: Counts,
    /// The same of its day; none for an ad.
    pub of_day: Option<Counts>,
}

/// A question for a part of a report, to one partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReportAsk {
    /// A key of the partition that is meant.
    pub key: String,
    /// From this minute on, counted from the epoch.
    pub from: u32,
    /// Before this minute.
    pub to: u32,
    /// How long the buckets are.
    pub grain: Grain,
    /// What else is told apart.
    pub by: Vec<Dimension>,
    /// Only this ad.
    pub ad: Option<String>,
    /// Only this campaign.
    pub campaign: Option<String>,
    /// True if visitors are counted.
    pub uniques: bool,
    /// With or without what came later.
    pub version: Version,
    /// Where the walk goes on: a segment of it and a key as it stands in the store.
    pub after: Option<(u8, Vec<u8>)>,
}

/// What a report tells apart. What is not asked for is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct GroupKey {
    /// The bucket, counted from the epoch.
    pub bucket: u32,
    /// The campaign.
    pub campaign: Option<String>,
    /// The ad.
    pub ad: Option<String>,
    /// Where the ad is shown.
    pub placement: Option<String>,
    /// Where the clicks came from.
    pub country: Option<Country>,
    /// What was clicked on.
    pub device: Option<Device>,
}

/// A group and what it adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    /// Which one.
    pub key: GroupKey,
    /// What it adds up to.
    pub counts: Counts,
    /// Its visitors, as a sketch; empty if they are not counted.
    pub visitors: Vec<u8>,
}

/// A part of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ReportPage {
    /// Groups, by key; the same group may come again in the next part.
    pub groups: Vec<Group>,
    /// Where the walk goes on, if it does.
    pub next: Option<(u8, Vec<u8>)>,
    /// Up to here nothing is missing that was not late; none before the first hour is over.
    pub complete_until: Option<Time>,
}
