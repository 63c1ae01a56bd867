//! What clicks add up to. Rows of open hours follow from the clicks, so they wait in memory, minute by minute, until
//! somebody looks; then they are written in every grain at once. What comes for a closed hour is an adjustment, and is
//! written with its record.

use crate::clicks::ads::tables::{
    ADJUSTMENTS, AdRow, CAMPAIGN_SUMS, CampaignKey, REASONS, ROLLUP, RollupKey, VISITORS,
};
use crate::clicks::ads::{Ads, Known, bill};
use crate::clicks::sketch;
use crate::clicks::tables::SLICES;
use crate::runtime::derived::Derived;
use millrace_topics::clicks::{ByReason, Country, Counts, Device, Grain, Reason, Reasons, ad_number};
use millrace_topics::partition::partition_of;
use millrace_topics::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// So many minutes of ads wait at most: a query that finds them writes them first.
const WAITING: usize = 4096;

/// What a minute gets more.
#[derive(Default)]
struct More {
    counts: Counts,
    /// Those whose clicks count.
    visitors: Vec<u64>,
}

/// (minute, number of the ad's shard, country, device).
type MinuteKey = (u32, u64, u16, u8);

/// What no row says yet.
#[derive(Default)]
pub struct Gathered {
    minutes: BTreeMap<MinuteKey, More>,
    /// Of closed hours: their own rows are written, those of the campaigns are not.
    late: BTreeMap<CampaignKey, Counts>,
    reasons: BTreeMap<(u32, u64), ByReason>,
}

/// What a record changes in closed hours, until it is written.
#[derive(Default)]
pub struct Sums(BTreeMap<RollupKey, Counts>);

/// Where a click is counted.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// The number of the ad's shard.
    pub ad: u64,
    /// When the click happened.
    pub time: Time,
    /// Where from.
    pub country: Country,
    /// On what.
    pub device: Device,
    /// True if its hour is closed.
    pub closed: bool,
}

impl Spot {
    fn minute(self) -> MinuteKey {
        (Grain::Minute.bucket(self.time), self.ad, u16::from_be_bytes(self.country.0), self.device as u8)
    }
}

/// The rows of a minute: its own, its hour's and its day's.
fn rows_of(minute: MinuteKey) -> impl Iterator<Item = RollupKey> {
    let (bucket, ad, country, device) = minute;
    let time = Grain::Minute.begin(bucket);
    Grain::ALL.into_iter().map(move |grain| (grain as u8, grain.bucket(time), ad, country, device))
}

impl Sums {
    /// Counts a click; one that counts is its visitor's.
    pub fn add(&mut self, cx: &mut Cx<'_>, spot: Spot, visitor: u64, reasons: Reasons, price_micros: u64) {
        let primary = reasons.primary();
        reasons.iter().for_each(|reason| speak_against(cx, spot, reason));
        self.change(cx, spot, |counts| counts.add_click(primary, price_micros));
        if primary.is_none() {
            debug_assert!(!spot.closed, "what comes for a closed hour is late");
            cx.engine.gathered.minute(spot).visitors.push(visitor);
        }
    }

    /// Counts an impression.
    pub fn show(&mut self, cx: &mut Cx<'_>, spot: Spot) {
        self.change(cx, spot, |counts| counts.impressions += 1);
    }

    /// A click led to so many orders more, or less.
    pub fn convert(&mut self, cx: &mut Cx<'_>, spot: Spot, conversions: i64, value_micros: i64) {
        self.change(cx, spot, |counts| {
            counts.conversions += conversions;
            counts.conversion_micros += value_micros;
        });
    }

    /// A click that counted does not any more. Its visitor stays in the sketches, which cannot forget.
    pub fn void(&mut self, cx: &mut Cx<'_>, spot: Spot, price_micros: u64) {
        speak_against(cx, spot, Reason::Voided);
        self.change(cx, spot, |counts| counts.void_click(price_micros));
    }

    fn change(&mut self, cx: &mut Cx<'_>, spot: Spot, change: impl Fn(&mut Counts)) {
        if spot.closed {
            rows_of(spot.minute()).for_each(|key| change(self.0.entry(key).or_default()));
        } else {
            change(&mut cx.engine.gathered.minute(spot).counts);
        }
    }

    /// Writes what came for closed hours.
    pub fn write(self, cx: &mut Cx<'_>) {
        for (key, more) in self.0 {
            if key.0 == Grain::Hour as u8 {
                bill::note(cx, key.2, key.1, &more);
            }
            let mut counts = cx.get(ADJUSTMENTS, &key).unwrap_or_default();
            counts.add(&more);
            cx.put(ADJUSTMENTS, &key, &counts);
            let Known { ads, gathered, .. } = &mut *cx.engine;
            campaign_of(ads, key).into_iter().for_each(|key| gathered.late.entry(key).or_default().add(&more));
        }
        if cx.engine.gathered.minutes.len() > WAITING {
            cx.derive();
        }
    }
}

fn speak_against(cx: &mut Cx<'_>, spot: Spot, reason: Reason) {
    let row = cx.engine.gathered.reasons.entry((Grain::Hour.bucket(spot.time), spot.ad)).or_default();
    row.0[reason as usize] += 1;
}

/// A campaign's hours and days have rows of their own: a report by campaign need not walk all its ads.
fn campaign_of(ads: &BTreeMap<u64, Arc<AdRow>>, (grain, bucket, ad, ..): RollupKey) -> Option<CampaignKey> {
    if grain == Grain::Minute as u8 {
        return None;
    }
    let ad = ads.get(&ad).expect("what is counted has its ad");
    let slice = u8::try_from(partition_of(ad.key.as_bytes(), SLICES.into())).expect("there are few slices");
    Some((grain, bucket, ad_number(&ad.campaign), slice))
}

impl Gathered {
    fn minute(&mut self, spot: Spot) -> &mut More {
        self.minutes.entry(spot.minute()).or_default()
    }

    /// Writes it into the rows that it belongs to.
    pub fn write(&mut self, ads: &BTreeMap<u64, Arc<AdRow>>, rows: &mut Derived<'_>) {
        let Self { minutes, late: mut campaigns, reasons } = std::mem::take(self);
        let mut rollup: BTreeMap<RollupKey, More> = BTreeMap::new();
        for (minute, more) in minutes {
            for key in rows_of(minute) {
                let sum = rollup.entry(key).or_default();
                sum.counts.add(&more.counts);
                sum.visitors.extend_from_slice(&more.visitors);
            }
        }
        for (key, more) in rollup {
            campaign_of(ads, key).into_iter().for_each(|key| campaigns.entry(key).or_default().add(&more.counts));
            rows.change(ROLLUP, &key, |counts| counts.add(&more.counts));
            if !more.visitors.is_empty() {
                rows.change(VISITORS, &key, |known| sketch::add(known, &more.visitors));
            }
        }
        campaigns.iter().for_each(|(key, more)| rows.change(CAMPAIGN_SUMS, key, |counts| counts.add(more)));
        reasons.iter().for_each(|(key, more)| {
            rows.change(REASONS, key, |sums| sums.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more));
        });
    }
}
