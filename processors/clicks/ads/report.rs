//! Reports over one partition: segments of the coarsest rows that fit, walked in parts.
//!
//! A span of minutes is cut into minutes at its edges and whole hours and days between them, as far as the grain of the
//! report allows it.

use crate::clicks::ads::Ads;
use crate::clicks::ads::queries::complete_until;
use crate::clicks::ads::tables::{ADJUSTMENTS, ADS, AdRow, ROLLUP, RollupKey, VISITORS};
use crate::clicks::sketch;
use crate::runtime::view::SCAN_LIMIT;
use millrace_state::table::{Range, Table};
use millrace_topics::clicks::{
    Country, Counts, Device, Dimension, Grain, Group, GroupKey, ReportAsk, ReportPage, Version,
};
use std::collections::BTreeMap;

type View<'a> = crate::runtime::view::View<'a, Ads>;

/// How many rows one part of a report walks: a walk reads one row beyond each range that it leaves.
const ROWS: usize = SCAN_LIMIT - 100;

/// Buckets of one grain, from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whose rows.
    pub grain: Grain,
    /// The first bucket.
    pub from: u32,
    /// The bucket behind the last one.
    pub to: u32,
}

/// Cuts a span of minutes into segments of which none is coarser than `grain`, in the order of time.
#[must_use]
pub fn segments(from: u32, to: u32, grain: Grain) -> Vec<Segment> {
    let minutes = |grain: Grain| u32::try_from(grain.millis() / 60_000).expect("a day has few minutes");
    let finer = match grain {
        Grain::Minute => return vec![Segment { grain, from, to }],
        Grain::Hour => Grain::Minute,
        Grain::Day => Grain::Hour,
    };
    let (first, last) = (from.div_ceil(minutes(grain)), to / minutes(grain));
    if first >= last {
        return segments(from, to, finer);
    }
    let mut all = segments(from, first * minutes(grain), finer);
    all.push(Segment { grain, from: first, to: last });
    all.extend(segments(last * minutes(grain), to, finer));
    all.retain(|segment| segment.from < segment.to);
    all
}

/// Answers a part of a report.
#[must_use]
pub fn page(view: &View<'_>, ask: &ReportAsk) -> ReportPage {
    let mut walk = Walk { view, ask, groups: BTreeMap::new(), left: ROWS };
    let next = walk.go();
    let groups = walk.groups.into_iter().map(|(key, (counts, visitors))| Group { key, counts, visitors });
    ReportPage { groups: groups.collect(), next, complete_until: complete_until(view) }
}

struct Walk<'a> {
    view: &'a View<'a>,
    ask: &'a ReportAsk,
    groups: BTreeMap<GroupKey, (Counts, Vec<u8>)>,
    left: usize,
}

impl Walk<'_> {
    /// Walks on as far as one part goes; where it stopped, if it is not at its end.
    fn go(&mut self) -> Option<(u8, Vec<u8>)> {
        let cut = segments(self.ask.from, self.ask.to, self.ask.grain).into_iter();
        let tables = match self.ask.version {
            Version::Known => [Some(ROLLUP), Some(ADJUSTMENTS)],
            Version::Billed => [Some(ROLLUP), None],
        };
        let walked = cut.flat_map(|segment| tables.into_iter().flatten().map(move |table| (segment, table)));
        let (first, mut after) = self.ask.after.clone().map_or((0, None), |(first, key)| (first, Some(key)));
        for (index, (segment, table)) in (0u8..).zip(walked) {
            if index < first {
                continue;
            }
            if let Some(stopped) = self.segment(segment, table, after.take()) {
                return Some((index, stopped));
            }
        }
        None
    }

    fn segment(
        &mut self,
        segment: Segment,
        table: Table<RollupKey, Counts>,
        after: Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let Segment { grain, from, to } = segment;
        let range = Range {
            from: table.raw_prefix(&(grain as u8, from)),
            to: table.raw_prefix(&(grain as u8, to)),
            reverse: false,
        };
        let range = after.map_or(range.clone(), |after| range.beyond(&after));
        for (key, counts) in self.view.scan(table, &range) {
            self.left -= 1;
            self.add(grain, key, &counts);
            if self.left == 0 {
                return Some(table.raw_key(&key));
            }
        }
        None
    }

    fn add(&mut self, grain: Grain, key: RollupKey, counts: &Counts) {
        let (_, bucket, number, country, device) = key;
        let Some(ad) = self.view.engine.ads.get(&number) else {
            unreachable!("table {}: a click was counted for an ad that is not there", ADS.def().name)
        };
        let of = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        if !of(&self.ask.ad, &ad.ad) || !of(&self.ask.campaign, &ad.campaign) {
            return;
        }
        let bucket = self.ask.grain.bucket(grain.begin(bucket));
        let group = group(&self.ask.by, bucket, ad, Country(country.to_be_bytes()), Device::of(device));
        let sum = self.groups.entry(group).or_default();
        sum.0.add(counts);
        if self.ask.uniques
            && let Some(visitors) = self.view.get(VISITORS, &key)
        {
            sketch::merge(&mut sum.1, &visitors);
        }
    }
}

fn group(by: &[Dimension], bucket: u32, ad: &AdRow, country: Country, device: Device) -> GroupKey {
    let mut key = GroupKey { bucket, ..GroupKey::default() };
    for dimension in by {
        match dimension {
            Dimension::Campaign => key.campaign = Some(ad.campaign.clone()),
            Dimension::Ad => key.ad = Some(ad.ad.clone()),
            Dimension::Placement => key.placement = Some(ad.placement.clone()),
            Dimension::Country => key.country = Some(country),
            Dimension::Device => key.device = Some(device),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every minute of the span is in exactly one segment, in order, and no segment leaves its bucket's grain.
        #[test]
        fn segments_cover_a_span_once(from in 0u32..6000, length in 0u32..6000, grain in 0usize..3) {
            let grain = Grain::ALL[grain];
            let minutes = segments(from, from + length, grain).into_iter().flat_map(|segment| {
                prop_assert!(segment.grain <= grain);
                let each = u32::try_from(segment.grain.millis() / 60_000).unwrap();
                Ok::<_, TestCaseError>(segment.from * each..segment.to * each)
            });
            let covered: Vec<u32> = minutes.flatten().collect();
            prop_assert_eq!(covered, (from..from + length).collect::<Vec<_>>());
        }
    }
}
