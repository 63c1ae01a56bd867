//! Reports over one partition: segments of the coarsest rows that fit, walked in parts.
//!
//! A span of minutes is cut into minutes at its edges and whole hours and days between them, as far as the grain of the
//! report allows it.

use crate::clicks::ads::Ads;
use crate::clicks::ads::queries::complete_until;
use crate::clicks::ads::tables::{
    ADJUSTMENTS, ADS, AdRow, CAMPAIGN_SUMS, CampaignKey, REASONS, ROLLUP, RollupKey, VISITORS,
};
use crate::clicks::sketch;
use crate::runtime::view::SCAN_LIMIT;
use millrace_state::table::{Range, Table};
use millrace_topics::clicks::{
    ByReason, Country, Counts, Device, Dimension, Grain, Group, GroupKey, InvalidPage, Live, Rejection, ReportAsk,
    ReportPage, Version, ad_number,
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
    let next = if is_of_campaigns(ask) { walk.campaigns() } else { walk.go() };
    let groups = walk.groups.into_iter().map(|(key, (counts, visitors))| Group { key, counts, visitors });
    ReportPage { groups: groups.collect(), next, complete_until: complete_until(view) }
}

/// True if the sums of campaigns answer a report.
fn is_of_campaigns(ask: &ReportAsk) -> bool {
    let by_campaign = ask.by.iter().all(|dimension| *dimension == Dimension::Campaign);
    let is_whole = ask.from.is_multiple_of(60) && ask.to.is_multiple_of(60) && ask.grain != Grain::Minute;
    by_campaign && is_whole && ask.ad.is_none() && !ask.uniques && ask.version == Version::Known
}

/// Answers a part of the sums of clicks that do not count, by every reason.
#[must_use]
pub fn invalid(view: &View<'_>, ask: &ReportAsk) -> InvalidPage {
    let range =
        Range { from: REASONS.raw_prefix(&(ask.from / 60,)), to: REASONS.raw_prefix(&(ask.to / 60,)), reverse: false };
    let range = ask.after.as_ref().map_or(range.clone(), |(_, after)| range.beyond(after));
    let mut groups: BTreeMap<GroupKey, ByReason> = BTreeMap::new();
    let mut next = None;
    for (walked, (key, counts)) in (1..).zip(view.scan(REASONS, &range)) {
        let ad = view.engine.ads.get(&key.1).expect("what is counted has its ad");
        if is_meant(ask, ad) {
            let group = group(&ask.by, 0, ad, Country::default(), Device::default());
            groups.entry(group).or_default().0.iter_mut().zip(counts.0).for_each(|(sum, more)| *sum += more);
        }
        if walked == ROWS {
            next = Some(REASONS.raw_key(&key));
            break;
        }
    }
    InvalidPage { groups: groups.into_iter().collect(), next }
}

/// What the present hour adds up to.
///
/// # Errors
/// That an ad's hour has more rows than one question may walk.
pub fn live(view: &View<'_>, campaign: Option<&str>, ad: Option<&str>) -> Result<Live, Rejection> {
    let hour = Grain::Hour.bucket(view.now());
    if let Some(campaign) = campaign {
        let number = ad_number(campaign);
        let sum = |grain: Grain| {
            let rows = CAMPAIGN_SUMS.under(&(grain as u8, grain.bucket(view.now()), number));
            let mut sum = Counts::default();
            view.scan(CAMPAIGN_SUMS, &rows).for_each(|(_, counts)| sum.add(&counts));
            sum
        };
        return Ok(Live { hour, of_hour: sum(Grain::Hour), of_day: Some(sum(Grain::Day)) });
    }
    let mut of_hour = Counts::default();
    let mut left = ROWS;
    for (number, _) in view.engine.ads.iter().filter(|(_, row)| Some(row.ad.as_str()) == ad) {
        let rows = ROLLUP.under(&(Grain::Hour as u8, hour, *number));
        for (_, counts) in view.scan(ROLLUP, &rows) {
            left = left.checked_sub(1).ok_or(Rejection::TooManyRows)?;
            of_hour.add(&counts);
        }
    }
    Ok(Live { hour, of_hour, of_day: None })
}

/// The same over two partitions. Where one has not seen the hour begin, it has nothing in it.
#[must_use]
pub fn both_live(one: Live, other: Live) -> Live {
    let (mut late, early) = if one.hour >= other.hour { (one, other) } else { (other, one) };
    if late.hour == early.hour {
        late.of_hour.add(&early.of_hour);
    }
    let day = |live: &Live| Grain::Day.bucket(Grain::Hour.begin(live.hour));
    if day(&late) == day(&early)
        && let (Some(sum), Some(more)) = (&mut late.of_day, &early.of_day)
    {
        sum.add(more);
    }
    late
}

fn is_meant(ask: &ReportAsk, ad: &AdRow) -> bool {
    let of = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    of(&ask.ad, &ad.ad) && of(&ask.campaign, &ad.campaign)
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

    /// The same over the sums of campaigns.
    fn campaigns(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, mut after) = self.ask.after.clone().map_or((0, None), |(first, key)| (first, Some(key)));
        let cut = segments(self.ask.from, self.ask.to, self.ask.grain);
        for (index, Segment { grain, from, to }) in (0u8..).zip(cut).skip(first.into()) {
            let range = Range {
                from: CAMPAIGN_SUMS.raw_prefix(&(grain as u8, from)),
                to: CAMPAIGN_SUMS.raw_prefix(&(grain as u8, to)),
                reverse: false,
            };
            let range = after.take().map_or(range.clone(), |after| range.beyond(&after));
            for (key, counts) in self.view.scan(CAMPAIGN_SUMS, &range) {
                self.left -= 1;
                self.add_campaign(grain, key, &counts);
                if self.left == 0 {
                    return Some((index, CAMPAIGN_SUMS.raw_key(&key)));
                }
            }
        }
        None
    }

    fn add_campaign(&mut self, grain: Grain, key: CampaignKey, counts: &Counts) {
        let campaign = self.view.engine.campaigns.get(&key.2).expect("what is counted has its campaign");
        if self.ask.campaign.as_ref().is_some_and(|wanted| wanted != campaign) {
            return;
        }
        let bucket = self.ask.grain.bucket(grain.begin(key.1));
        let campaign = (!self.ask.by.is_empty()).then(|| campaign.clone());
        let group = GroupKey { bucket, campaign, ..GroupKey::default() };
        self.groups.entry(group).or_default().0.add(counts);
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
        if !is_meant(self.ask, ad) {
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
