//! What clicks add up to: gathered over a record, then written in every grain at once.

use crate::clicks::ads::tables::{ADJUSTMENTS, CAMPAIGN_SUMS, CampaignKey, REASONS, ROLLUP, RollupKey, VISITORS};
use crate::clicks::ads::{Ads, bill};
use crate::clicks::sketch;
use crate::clicks::tables::SLICES;
use millrace_state::table::Table;
use millrace_topics::clicks::{ByReason, Country, Counts, Device, Grain, Reason, Reasons, ad_number};
use millrace_topics::partition::partition_of;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// What one row gets more.
#[derive(Default)]
struct More {
    counts: Counts,
    visitors: Vec<u64>,
}

/// What the clicks of a record add up to.
#[derive(Default)]
pub struct Sums {
    open: BTreeMap<RollupKey, More>,
    closed: BTreeMap<RollupKey, More>,
    reasons: BTreeMap<(u32, u64), ByReason>,
}

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
    fn keys(self) -> impl Iterator<Item = RollupKey> {
        let country = u16::from_be_bytes(self.country.0);
        Grain::ALL
            .into_iter()
            .map(move |grain| (grain as u8, grain.bucket(self.time), self.ad, country, self.device as u8))
    }
}

impl Sums {
    /// Counts a click; one that counts is its visitor's.
    pub fn add(&mut self, spot: Spot, visitor: u64, reasons: Reasons, price_micros: u64) {
        let primary = reasons.primary();
        reasons.iter().for_each(|reason| self.speak_against(spot, reason));
        self.change(spot, |more| {
            more.counts.add_click(primary, price_micros);
            if primary.is_none() {
                more.visitors.push(visitor);
            }
        });
    }

    /// Counts an impression.
    pub fn show(&mut self, spot: Spot) {
        self.change(spot, |more| more.counts.impressions += 1);
    }

    /// A click led to so many orders more, or less.
    pub fn convert(&mut self, spot: Spot, conversions: i64, value_micros: i64) {
        self.change(spot, |more| {
            more.counts.conversions += conversions;
            more.counts.conversion_micros += value_micros;
        });
    }

    /// A click that counted does not any more. Its visitor stays in the sketches, which cannot forget.
    pub fn void(&mut self, spot: Spot, price_micros: u64) {
        self.speak_against(spot, Reason::Voided);
        self.change(spot, |more| more.counts.void_click(price_micros));
    }

    fn speak_against(&mut self, spot: Spot, reason: Reason) {
        let row = self.reasons.entry((Grain::Hour.bucket(spot.time), spot.ad)).or_default();
        row.0[reason as usize] += 1;
    }

    fn change(&mut self, spot: Spot, change: impl Fn(&mut More)) {
        let rows = if spot.closed { &mut self.closed } else { &mut self.open };
        for key in spot.keys() {
            change(rows.entry(key).or_default());
        }
    }

    /// Writes what was gathered.
    pub fn write(self, cx: &mut Cx<'_>) {
        self.write_campaigns(cx);
        for (key, more) in self.reasons {
            let mut sums = cx.get(REASONS, &key).unwrap_or_default();
            sums.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more);
            cx.put(REASONS, &key, &sums);
        }
        write(cx, ROLLUP, self.open);
        for (key, more) in &self.closed {
            if key.0 == Grain::Hour as u8 {
                bill::note(cx, key.2, key.1, &more.counts);
            }
        }
        write(cx, ADJUSTMENTS, self.closed);
    }

    /// A campaign's hours and days have rows of their own: a report by campaign need not walk all its ads.
    fn write_campaigns(&self, cx: &mut Cx<'_>) {
        let mut sums: BTreeMap<CampaignKey, Counts> = BTreeMap::new();
        for (key, more) in self.open.iter().chain(&self.closed).filter(|(key, _)| key.0 != Grain::Minute as u8) {
            let ad = cx.engine.ads.get(&key.2).expect("what is counted has its ad");
            let slice = partition_of(ad.key.as_bytes(), SLICES.into());
            let slice = u8::try_from(slice).expect("there are few slices");
            sums.entry((key.0, key.1, ad_number(&ad.campaign), slice)).or_default().add(&more.counts);
        }
        for (key, more) in sums {
            let mut sum = cx.get(CAMPAIGN_SUMS, &key).unwrap_or_default();
            sum.add(&more);
            cx.put(CAMPAIGN_SUMS, &key, &sum);
        }
    }
}

fn write(cx: &mut Cx<'_>, table: Table<RollupKey, Counts>, rows: BTreeMap<RollupKey, More>) {
    for (key, more) in rows {
        let mut counts = cx.get(table, &key).unwrap_or_default();
        counts.add(&more.counts);
        cx.put(table, &key, &counts);
        if more.visitors.is_empty() {
            continue;
        }
        let mut visitors = cx.get(VISITORS, &key).unwrap_or_default();
        if sketch::add(&mut visitors, &more.visitors) {
            cx.put(VISITORS, &key, &visitors);
        }
    }
}
