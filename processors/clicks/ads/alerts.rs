//! The alerts of a partition, the latest hour first, and those of all partitions as one list.

use crate::clicks::ads::Ads;
use crate::clicks::ads::tables::ALERTS;
use millrace_topics::clicks::{AlertPlace, AlertsAsk, AlertsPage};
use std::cmp::Reverse;

type View<'a> = crate::runtime::view::View<'a, Ads>;

/// How many alerts a list looks at before it answers what it has found.
const LOOKED_AT: usize = 1500;

/// Lists alerts of one partition.
#[must_use]
pub fn list(view: &View<'_>, ask: &AlertsAsk) -> AlertsPage {
    let mut rows = ALERTS.all();
    rows.from = ALERTS.raw_prefix(&(ask.from,));
    rows.to = rows.to.min(ALERTS.raw_prefix(&(ask.to,)));
    rows = rows.reversed();
    if let Some(after) = &ask.after {
        rows = rows.beyond(&ALERTS.raw_key(after));
    }
    let of = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let mut page = AlertsPage::default();
    for (looked_at, (place, alert)) in (1..).zip(view.scan(ALERTS, &rows)) {
        if of(&ask.ad, &alert.ad) && of(&ask.campaign, &alert.campaign) {
            page.alerts.push((place, alert));
        }
        if page.alerts.len() == ask.limit as usize || looked_at == LOOKED_AT {
            page.next = Some(place);
            break;
        }
    }
    page
}

/// One list of those of two partitions.
#[must_use]
pub fn merge(limit: u32, one: AlertsPage, other: AlertsPage) -> AlertsPage {
    // Behind the first partition that stopped, it may have what it has not shown.
    let mut next: Option<AlertPlace> = [one.next, other.next].into_iter().flatten().max();
    let mut alerts = one.alerts;
    alerts.extend(other.alerts);
    alerts.sort_by_key(|(place, _)| Reverse(*place));
    if let Some(next) = next {
        alerts.retain(|(place, _)| *place >= next);
    }
    if alerts.len() > limit as usize {
        alerts.truncate(limit as usize);
        next = alerts.last().map(|(place, _)| *place);
    }
    AlertsPage { alerts, next }
}
