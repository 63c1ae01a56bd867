//! The ends of hours. Once an hour is complete here, each ad is looked at, some at a time: is the hour worth an alert,
//! and which hours are closed by now, so that their sums are said once and never edited again.
//!
//! An hour is said when every click that could count in it has been received: the partitions of `clicks` have said that a
//! later hour is over which ends behind its lateness. An invoice, or other terms, may have closed it before.

use crate::clicks::ads::Ads;
use crate::clicks::ads::tables::{ALERTS, AdRow, COMPLETE, POLICIES, PolicyRow, ROLLUP, TOLD};
use crate::clicks::transition::{GRACE, PAST_LIMIT};
use millrace_topics::clicks::{
    AdEvent, AdsOutcome, AdsTimer, Alert, AlertKind, ClosedHour, Counts, Grain, MILLION, Policy, PolicyChange,
    ad_number,
};
use millrace_topics::time::Time;
use std::ops::Bound;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// How many ads are looked at before others get their turn.
const STEP: usize = 100;

/// How many hours before an hour say what is usual.
const USUAL: u32 = 24;

/// An hour is complete: its ads are looked at.
pub fn begin(cx: &mut Cx<'_>, end: Time) {
    let hour = Grain::Hour.bucket(end).saturating_sub(1);
    cx.set_timer(cx.now(), &AdsTimer::Hours { hour, after: None });
}

/// Looks at some ads, and goes on later.
pub fn walk(cx: &mut Cx<'_>, hour: u32, after: Option<u64>) {
    cx.derive();
    let complete = cx.get(COMPLETE, &()).unwrap_or_default();
    let first = after.map_or(Bound::Unbounded, Bound::Excluded);
    let some = cx.engine.ads.range((first, Bound::Unbounded)).take(STEP);
    let some: Vec<(u64, Arc<AdRow>)> = some.map(|(number, ad)| (*number, ad.clone())).collect();
    for (number, ad) in &some {
        look(cx, *number, ad, hour);
        close(cx, *number, ad, complete);
    }
    if let Some((last, _)) = some.get(STEP - 1) {
        cx.set_timer(cx.now().plus(1), &AdsTimer::Hours { hour, after: Some(*last) });
    }
}

/// True if an ad's hour was closed for good: its sums have been said.
#[must_use]
pub fn is_told(cx: &Cx<'_>, number: u64, time: Time) -> bool {
    let end = Grain::Hour.begin(Grain::Hour.bucket(time) + 1);
    cx.get(TOLD, &number).is_some_and(|told| end <= told)
}

fn close(cx: &mut Cx<'_>, number: u64, ad: &AdRow, complete: Time) {
    // What had arrived by then is here: each partition's word came behind it.
    let arrived = complete.plus(GRACE);
    let lateness = u64::from(ad.terms.rules.lateness_seconds) * 1000;
    let until = Grain::Hour.bucket(Time(arrived.0.saturating_sub(lateness)));
    let before = Grain::Hour.bucket(Time(ad.created_at.0.saturating_sub(PAST_LIMIT)));
    let from = cx.get(TOLD, &number).map_or(before, |told| Grain::Hour.bucket(told));
    if until <= from {
        return;
    }
    for hour in from..until {
        let counts = sum(cx, number, hour);
        if counts != Counts::default() {
            let (ad, key, campaign) = (ad.ad.clone(), ad.key.clone(), ad.campaign.clone());
            let closed = ClosedHour::new(ad, key, campaign, Grain::Hour.begin(hour), &counts);
            cx.say(&AdEvent::HourClosed(Box::new(closed)));
        }
    }
    cx.put(TOLD, &number, &Grain::Hour.begin(until));
}

/// What an hour's rows add up to, without what came after it had been closed.
fn sum(cx: &Cx<'_>, number: u64, hour: u32) -> Counts {
    let mut sum = Counts::default();
    cx.scan(ROLLUP, &ROLLUP.under(&(Grain::Hour as u8, hour, number))).for_each(|(_, counts)| sum.add(&counts));
    sum
}

fn look(cx: &mut Cx<'_>, number: u64, ad: &AdRow, hour: u32) {
    let limits = policy(cx, number, ad).alerts;
    let counts = sum(cx, number, hour);
    if counts.gross < i64::from(limits.min_clicks).max(1) {
        return;
    }
    let ctr = counts.valid.saturating_mul(MILLION.into()) / counts.impressions.max(1);
    if counts.impressions > 0 && ctr > i64::from(limits.ctr_millionths) {
        raise(cx, number, ad, hour, &counts, AlertKind::Ctr, (ctr, limits.ctr_millionths.into()));
    }
    let (share, rise) = (invalid_share(&counts), i64::from(limits.invalid_rise_millionths));
    if share <= rise {
        return;
    }
    let mut usual = Counts::default();
    (hour.saturating_sub(USUAL)..hour).for_each(|hour| usual.add(&sum(cx, number, hour)));
    let limit = invalid_share(&usual) + rise;
    if share > limit {
        raise(cx, number, ad, hour, &counts, AlertKind::InvalidShare, (share, limit));
    }
}

fn invalid_share(counts: &Counts) -> i64 {
    counts.invalid_sum().saturating_mul(MILLION.into()) / counts.gross.max(1)
}

fn raise(cx: &mut Cx<'_>, number: u64, ad: &AdRow, hour: u32, counts: &Counts, kind: AlertKind, found: (i64, i64)) {
    let alert = Alert {
        kind,
        ad: ad.ad.clone(),
        key: ad.key.clone(),
        campaign: ad.campaign.clone(),
        hour: Grain::Hour.begin(hour),
        found_millionths: found.0,
        limit_millionths: found.1,
        gross: counts.gross,
        valid: counts.valid,
        impressions: counts.impressions,
    };
    cx.put(ALERTS, &(hour, number, kind as u8), &alert);
    cx.say(&AdEvent::Alerted(Box::new(alert)));
}

/// What the campaign of an ad says beside its terms.
#[must_use]
pub fn policy(cx: &Cx<'_>, number: u64, ad: &AdRow) -> Policy {
    let known = cx.engine.policies.get(&number).filter(|row| row.campaign == ad.campaign);
    known.map(|row| row.policy).unwrap_or_default()
}

/// The campaign says something else beside its terms.
pub fn agree(cx: &mut Cx<'_>, change: PolicyChange) -> AdsOutcome {
    let PolicyChange { key, campaign, version, policy } = change;
    let number = ad_number(&key);
    // An ad of this id may be another campaign's.
    let is_foreign = cx.engine.ads.get(&number).is_some_and(|ad| ad.campaign != campaign);
    let is_old = |row: &PolicyRow| row.campaign == campaign && row.version >= version;
    if is_foreign || cx.engine.policies.get(&number).is_some_and(is_old) {
        return AdsOutcome::Agreed;
    }
    let row = PolicyRow { campaign, version, policy };
    cx.put(POLICIES, &number, &row);
    cx.engine.policies.insert(number, row);
    AdsOutcome::Agreed
}
