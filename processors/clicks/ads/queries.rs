//! What can be asked of ads and their clicks: plain functions on one partition's view.

use crate::clicks::ads::tables::{
    ADJUSTMENTS, AdRow, CASES, CLICKS, COMPLETE, CREDITS, KEEPING, PLACES, ROLLUP, RollupKey, UNCOUNTED,
};
use crate::clicks::ads::{Ads, alerts, convert, report};
use crate::runtime::system::Partitions;
use crate::runtime::tables::RECEIVED;
use millrace_state::table::Table;
use millrace_topics::clicks::{
    AdsAnswer, AdsQuery, ClickView, Clicks, Counts, Grain, Listing, Match, Rejection, Rolled, Voided, ad_number,
    click_number,
};
use millrace_topics::contract::Contract as _;
use millrace_topics::time::Time;
use std::sync::Arc;

type View<'a> = crate::runtime::view::View<'a, Ads>;

/// How many clicks a list looks at before it answers what it has found.
const LOOKED_AT: usize = 1500;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &AdsQuery) -> Partitions {
    let key = match query {
        AdsQuery::Ad { id } => id,
        AdsQuery::Unopened { key } | AdsQuery::Keeping { key } => key,
        AdsQuery::Clicks(Listing { key, .. }) | AdsQuery::Rolled { key, .. } => key,
        AdsQuery::Report(ask) | AdsQuery::Invalid(ask) => &ask.key,
        AdsQuery::Click { .. }
        | AdsQuery::Case { .. }
        | AdsQuery::Alerts(_)
        | AdsQuery::Live { .. }
        | AdsQuery::Visit { .. } => return Partitions::All,
    };
    Partitions::One(key.as_bytes().to_vec())
}

/// One answer of those of all asked partitions.
///
/// # Panics
/// If none was asked.
#[must_use]
pub fn merge(query: &AdsQuery, answers: Vec<AdsAnswer>) -> AdsAnswer {
    let both = |one, other| match (one, other) {
        (AdsAnswer::Click(one), AdsAnswer::Click(other)) => AdsAnswer::Click(earlier(one, other)),
        (AdsAnswer::Case(Some(mut one)), AdsAnswer::Case(Some(other))) => {
            one.voided += other.voided;
            one.credit_micros += other.credit_micros;
            one.complete &= other.complete;
            AdsAnswer::Case(Some(one))
        }
        (AdsAnswer::Case(None), other) => other,
        (AdsAnswer::Alerts(one), AdsAnswer::Alerts(other)) => {
            let limit = if let AdsQuery::Alerts(ask) = query { ask.limit } else { 0 };
            AdsAnswer::Alerts(alerts::merge(limit, one, other))
        }
        (AdsAnswer::Visit(one), AdsAnswer::Visit(other)) => {
            let first = matches!(query, AdsQuery::Visit { first: true, .. });
            let both = one.into_iter().chain(other);
            AdsAnswer::Visit(if first { both.min() } else { both.max() })
        }
        (AdsAnswer::Live(one), AdsAnswer::Live(other)) => AdsAnswer::Live(Box::new(report::both_live(*one, *other))),
        (one, _) => one,
    };
    answers.into_iter().reduce(both).expect("one partition was asked")
}

/// Shards cannot know each other's ids: of two clicks with one id the one that the log got first is meant.
fn earlier(one: Option<Box<ClickView>>, other: Option<Box<ClickView>>) -> Option<Box<ClickView>> {
    one.into_iter().chain(other).min_by_key(|click| (click.received_at, click.ad.clone()))
}

/// Answers a query.
///
/// # Errors
/// That there is no such ad, or that the clicks of an hour are not kept any more.
pub fn answer(view: &View<'_>, query: AdsQuery) -> Result<AdsAnswer, Rejection> {
    match query {
        AdsQuery::Ad { id } => Ok(AdsAnswer::Ad(Box::new(find(view, &id)?.show()))),
        AdsQuery::Click { click_id } => Ok(AdsAnswer::Click(click(view, &click_id).map(Box::new))),
        AdsQuery::Clicks(listing) => list(view, &listing).map(AdsAnswer::Clicks),
        AdsQuery::Report(ask) => Ok(AdsAnswer::Report(Box::new(report::page(view, &ask)))),
        AdsQuery::Rolled { key, hour, partitions } => {
            check_kept(view, hour)?;
            Ok(AdsAnswer::Rolled(rolled(view, &key, hour, partitions)))
        }
        AdsQuery::Unopened { .. } => Ok(AdsAnswer::Unopened(view.engine.unopened)),
        AdsQuery::Invalid(ask) => Ok(AdsAnswer::Invalid(Box::new(report::invalid(view, &ask)))),
        AdsQuery::Visit { campaign, visitor, from, to, first } => {
            Ok(AdsAnswer::Visit(convert::find(view, &campaign, visitor, (from, to), first)))
        }
        AdsQuery::Alerts(ask) => Ok(AdsAnswer::Alerts(alerts::list(view, &ask))),
        AdsQuery::Live { campaign, ad } => {
            report::live(view, campaign.as_deref(), ad.as_deref()).map(|live| AdsAnswer::Live(Box::new(live)))
        }
        AdsQuery::Keeping { .. } => Ok(AdsAnswer::Keeping(view.get(KEEPING, &()).unwrap_or_default().keeping)),
        AdsQuery::Case { case_id } => Ok(AdsAnswer::Case(case(view, case_id))),
    }
}

/// Up to where hours are complete in this partition.
#[must_use]
pub fn complete_until(view: &View<'_>) -> Option<Time> {
    view.get(COMPLETE, &())
}

/// The clicks of the hour are kept.
fn check_kept(view: &View<'_>, hour: u32) -> Result<(), Rejection> {
    let first = view.get(KEEPING, &()).unwrap_or_default().first_hour(view.now());
    if hour < first { Err(Rejection::ClicksGone) } else { Ok(()) }
}

fn find(view: &View<'_>, key: &str) -> Result<Arc<AdRow>, Rejection> {
    view.engine.ads.get(&ad_number(key)).cloned().ok_or(Rejection::UnknownAd)
}

fn click(view: &View<'_>, click_id: &str) -> Option<ClickView> {
    let number = click_number(click_id);
    let (hour, ad, millis) = view.get(PLACES, &number)?;
    let row = view.get(CLICKS, &(hour, ad, millis, number)).expect("a click that has a place is there");
    let ad = view.engine.ads.get(&ad).expect("a click that is there has its ad");
    Some(row.show(ad, Grain::Hour.begin(hour).plus(millis.into())))
}

fn case(view: &View<'_>, case_id: String) -> Option<Voided> {
    let complete = view.get(CASES, &case_id)?.complete;
    let rows = CREDITS.under(&(case_id.clone(),));
    let sum = |(clicks, micros), (_, (more, credit))| (clicks + more, micros + credit);
    let (voided, credit_micros) = view.scan(CREDITS, &rows).take(LOOKED_AT).fold((0, 0), sum);
    Some(Voided { case_id, voided, credit_micros, complete })
}

fn list(view: &View<'_>, listing: &Listing) -> Result<Match, Rejection> {
    let (ad, number) = (find(view, &listing.key)?, ad_number(&listing.key));
    check_kept(view, listing.hour)?;
    let mut rows = CLICKS.under(&(listing.hour, number));
    if let Some((millis, click)) = listing.after {
        rows = rows.beyond(&CLICKS.raw_key(&(listing.hour, number, millis, click)));
    }
    let mut found = Match::default();
    for (looked_at, ((hour, _, millis, click), row)) in (1..).zip(view.scan(CLICKS, &rows)) {
        let shown = row.show(&ad, Grain::Hour.begin(hour).plus(millis.into()));
        let place = (millis, click);
        let is_meant = listing.valid.is_none_or(|valid| valid == shown.primary.is_none())
            && listing.reason.is_none_or(|reason| shown.reasons.has(reason));
        if is_meant {
            found.clicks.push((place, shown));
        }
        if found.clicks.len() == listing.limit as usize || looked_at == LOOKED_AT {
            found.next = Some(place);
            break;
        }
    }
    Ok(found)
}

fn rolled(view: &View<'_>, key: &str, hour: u32, partitions: u32) -> Rolled {
    let number = ad_number(key);
    let prefix = (Grain::Hour as u8, hour, number);
    let gross = |table: Table<RollupKey, Counts>| -> i64 {
        view.scan(table, &table.under(&prefix)).map(|(_, counts)| counts.gross).sum()
    };
    let rolled_up = gross(ROLLUP) + gross(ADJUSTMENTS);
    let (duplicates, dead) = view.get(UNCOUNTED, &(hour, number)).unwrap_or_default();
    let from = |partition| view.get(RECEIVED, &(Clicks::MACHINE.to_owned(), partition)).unwrap_or_default();
    Rolled { rolled_up, duplicates, dead, received: (0..partitions).map(from).collect() }
}
