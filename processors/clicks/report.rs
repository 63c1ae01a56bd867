//! Reports and reconciliation over all partitions: parts are asked of each until it has no more, and added up.

use crate::clicks::Taking;
use crate::clicks::ads::Ads;
use crate::clicks::campaigns::transition::keys_of;
use crate::clicks::sketch;
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::keys::key_of;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{
    AdsAnswer, AdsQuery, Answer, Counts, GroupKey, Query, REASONS, Raw, RawHour, ReportAsk, Rolled, ad_number,
};
use millrace_topics::partition::partition_of;
use millrace_topics::position::Positions;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// The most groups of a report, over all its pages.
pub const GROUPS_LIMIT: usize = 500_000;

/// Clicks that do not count, added up.
#[derive(Default)]
pub struct Invalid {
    /// By first reason, and by every reason.
    pub groups: BTreeMap<GroupKey, ([i64; REASONS], [i64; REASONS])>,
    /// Up to here nothing is missing that was not late.
    pub complete_until: Option<Time>,
}

/// How often reconciliation asks again where records were on their way between two answers.
const TRIES: u32 = 20;

/// What a report adds up to.
#[derive(Default)]
pub struct Report {
    /// What each group adds up to, and its visitors as a sketch.
    pub groups: BTreeMap<GroupKey, (Counts, Vec<u8>)>,
    /// Up to here nothing is missing that was not late.
    pub complete_until: Option<Time>,
}

/// Asks every partition for its part of a report.
///
/// # Errors
/// 422 `too_many_groups`, or what went wrong on the way.
pub async fn read(door: &Door, asked: &Asked, ask: &ReportAsk) -> Result<Read<Report>, Problem> {
    let mut report = Report::default();
    let mut positions = Positions::default();
    let partitions = door.partitions();
    for partition in 0..partitions {
        let mut ask = ReportAsk { key: key_of(partition, partitions), ..ask.clone() };
        loop {
            let read = door.ask::<Ads>(asked, &AdsQuery::Report(Box::new(ask.clone()))).await?;
            positions.merge(&read.positions);
            let AdsAnswer::Report(page) = read.answer else { unreachable!("a report was asked for") };
            for group in page.groups {
                let sum = report.groups.entry(group.key).or_default();
                sum.0.add(&group.counts);
                sketch::merge(&mut sum.1, &group.visitors);
            }
            if report.groups.len() > GROUPS_LIMIT {
                let detail = format!("the report has more than {GROUPS_LIMIT} groups: ask for less at once");
                return Err(Problem::new(422, "too_many_groups", detail));
            }
            let complete = page.complete_until;
            if page.next.is_none() {
                let first = partition == 0;
                report.complete_until = if first { complete } else { report.complete_until.min(complete) };
                break;
            }
            ask.after = page.next;
        }
    }
    Ok(Read { answer: report, positions })
}

/// Reads a report from its beginning on until it has more than `limit` groups behind `after`, or to its end: a page of a
/// long report does not cost all of it.
///
/// # Errors
/// As [`read`].
pub async fn read_page(
    door: &Door,
    asked: &Asked,
    ask: &ReportAsk,
    after: Option<&GroupKey>,
    limit: usize,
) -> Result<Read<Report>, Problem> {
    let minutes = u32::try_from(ask.grain.millis() / 60_000).expect("a day has few minutes");
    // One may have as many groups as a page has room for, or none: what is asked for next is twice as long.
    let mut buckets: u32 = 1;
    let mut whole = Read { answer: Report::default(), positions: Positions::default() };
    let mut from = ask.from;
    loop {
        let to = (from / minutes).saturating_add(buckets).saturating_mul(minutes).min(ask.to);
        let part = read(door, asked, &ReportAsk { from, to, ..ask.clone() }).await?;
        whole.positions.merge(&part.positions);
        whole.answer.complete_until = part.answer.complete_until;
        whole.answer.groups.extend(part.answer.groups);
        let behind = whole.answer.groups.keys().filter(|key| after.is_none_or(|after| *key > after));
        if to >= ask.to || behind.count() > limit {
            return Ok(whole);
        }
        (from, buckets) = (to, buckets.saturating_mul(2));
    }
}

/// Asks every partition for its part of the sums of clicks that do not count. The question's buckets are not told apart.
///
/// # Errors
/// 422 `too_many_groups`, or what went wrong on the way.
pub async fn read_invalid(door: &Door, asked: &Asked, ask: &ReportAsk) -> Result<Read<Invalid>, Problem> {
    let Read { answer: report, mut positions } = read(door, asked, ask).await?;
    let mut found = Invalid { complete_until: report.complete_until, ..Invalid::default() };
    let add =
        |sum: &mut [i64; REASONS], more: &[i64; REASONS]| sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    for (key, (counts, _)) in report.groups {
        let sums = found.groups.entry(GroupKey { bucket: 0, ..key }).or_default();
        add(&mut sums.0, &counts.invalid);
    }
    let partitions = door.partitions();
    for partition in 0..partitions {
        let mut ask = ReportAsk { key: key_of(partition, partitions), ..ask.clone() };
        loop {
            let read = door.ask::<Ads>(asked, &AdsQuery::Invalid(Box::new(ask.clone()))).await?;
            positions.merge(&read.positions);
            let AdsAnswer::Invalid(page) = read.answer else { unreachable!("sums were asked for") };
            for (key, any) in page.groups {
                add(&mut found.groups.entry(key).or_default().1, &any.0);
            }
            let Some(next) = page.next else { break };
            ask.after = Some((0, next));
        }
    }
    Ok(Read { answer: found, positions })
}

/// What the log, the rollups and what is between them say of an ad's hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Clicks that were taken from the log, without repeats.
    pub raw: u64,
    /// Clicks in the rollups.
    pub rolled_up: i64,
    /// Clicks on their way from the one to the other.
    pub in_flight: u64,
    /// Clicks of an ad that was not known.
    pub dead: u64,
    /// Clicks whose id another visitor's click had.
    pub duplicates: u64,
}

impl Reconciled {
    /// What is missing: always 0.
    #[must_use]
    pub fn difference(&self) -> i64 {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        signed(self.raw) - self.rolled_up - signed(self.in_flight) - signed(self.dead) - signed(self.duplicates)
    }
}

/// Compares what the partitions of `clicks` took with what the ad counted, each at a place in the log that the other
/// one's answer names: what was sent behind the number that the ad had received is in flight.
///
/// # Errors
/// 503 `not_yet` where records do not stop to be on their way, or what went wrong otherwise.
pub async fn reconcile(
    door: &Door,
    asked: &Asked,
    ad: &str,
    shards: u16,
    hour: u32,
) -> Result<Read<Reconciled>, Problem> {
    for _ in 0..TRIES {
        if let Some(read) = try_reconcile(door, asked, ad, shards, hour).await? {
            return Ok(read);
        }
    }
    Err(Problem::unavailable("not_yet", "records of the ad are on their way: ask again", 1))
}

async fn try_reconcile(
    door: &Door,
    asked: &Asked,
    ad: &str,
    shards: u16,
    hour: u32,
) -> Result<Option<Read<Reconciled>>, Problem> {
    let (partitions, keys) = (door.partitions(), keys_of(ad, shards));
    let mut found = Reconciled::default();
    let mut positions = Positions::default();
    // Partition of the ads → how many records of each partition of `clicks` it has received.
    let mut received: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for key in &keys {
        let query = AdsQuery::Rolled { key: key.clone(), hour, partitions };
        let read = door.ask::<Ads>(asked, &query).await?;
        positions.merge(&read.positions);
        let AdsAnswer::Rolled(Rolled { rolled_up, duplicates, dead, received: links }) = read.answer else {
            unreachable!("an hour was asked for")
        };
        found.rolled_up += rolled_up;
        found.duplicates += duplicates;
        found.dead += dead;
        let place = partition_of(key.as_bytes(), partitions);
        // Two shards in one partition must have been asked at one place of its log.
        if received.insert(place, links.clone()).is_some_and(|before| before != links) {
            return Ok(None);
        }
    }
    let ads: Vec<u64> = keys.iter().map(|key| ad_number(key)).collect();
    for partition in 0..partitions {
        let of_this = |(place, links): (&u32, &Vec<u64>)| (*place, links[partition as usize]);
        let raw = Raw {
            key: key_of(partition, partitions),
            ads: ads.clone(),
            hour,
            received: received.iter().map(of_this).collect(),
        };
        let read = door.ask::<Taking>(asked, &Query::Raw(raw)).await?;
        positions.merge(&read.positions);
        let Answer::Raw(RawHour { raw, in_flight, moved_on }) = read.answer;
        if moved_on {
            return Ok(None);
        }
        found.raw += raw;
        found.in_flight += in_flight;
    }
    Ok(Some(Read { answer: found, positions }))
}
