//! What goes when its time has come: visitors' clicks that no window reaches any more, impressions whose tokens are not
//! good any more, and clicks that have been kept as long as was said. What they add up to stays.
//!
//! An invoice is what hours add up to, so none needs a click; a case finds only clicks that are still kept.

use crate::clicks::ads::tables::{ALERTS, CLICKS, COUNTED, KEEPING, PLACES, SWEPT, UNCOUNTED, USED};
use crate::clicks::ads::{Ads, convert};
use crate::clicks::forget::{self, SWEEP_ROWS, below, front};
use crate::clicks::token::DAY;
use millrace_state::key::Key;
use millrace_state::table::Table;
use millrace_topics::clicks::{AdsOutcome, AdsTimer, Grain, Keeping, Rejection};
use millrace_topics::codec::Body;
use millrace_topics::record::Role;
use std::fmt::Debug;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// So many hours back a click may count, and so long is a window at most: rows of older hours are not looked at.
const COUNTED_HOURS: u32 = 50;

/// Below these keys everything has gone.
#[derive(Default)]
pub struct Fronts {
    counted: Vec<u8>,
    clicks: Vec<u8>,
    uncounted: Vec<u8>,
    alerts: Vec<u8>,
    used: Vec<u8>,
}

/// Changes how long clicks are kept here.
///
/// # Errors
/// The refusal.
pub fn keep(cx: &mut Cx<'_>, keeping: Keeping) -> Result<AdsOutcome, Rejection> {
    forget::check(keeping)?;
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    // The line: nothing below can be refused.
    let kept = cx.get(KEEPING, &()).unwrap_or_default().with(keeping, cx.now());
    cx.put(KEEPING, &(), &kept);
    Ok(AdsOutcome::Kept(keeping))
}

/// Sees to it that rows go when their end has come: looked for at the beginning of each hour.
pub fn later(cx: &mut Cx<'_>) {
    if cx.get(SWEPT, &()).is_none() {
        cx.put(SWEPT, &(), &());
        let due = Grain::Hour.begin(Grain::Hour.bucket(cx.now()) + 1);
        cx.set_timer(due, &AdsTimer::Sweep);
    }
}

/// Deletes some rows of each table, and goes on later.
pub fn sweep(cx: &mut Cx<'_>) {
    let mut fronts = std::mem::take(&mut cx.engine.fronts);
    let is_more = step(cx, &mut fronts);
    cx.engine.fronts = fronts;
    if is_more {
        // A millisecond later: what waits for the partition gets its turn between two steps.
        cx.set_timer(cx.now().plus(1), &AdsTimer::Sweep);
        return;
    }
    cx.delete(SWEPT, &());
    if is_there(cx, CLICKS) || is_there(cx, COUNTED) || is_there(cx, USED) || is_there(cx, UNCOUNTED) {
        later(cx);
    }
}

fn step(cx: &mut Cx<'_>, fronts: &mut Fronts) -> bool {
    let hour = Grain::Hour.bucket(cx.now());
    let kept_from = cx.get(KEEPING, &()).unwrap_or_default().first_hour(cx.now());
    let counted = front(cx, COUNTED, below(COUNTED, &hour.saturating_sub(COUNTED_HOURS)), &mut fronts.counted);
    counted.iter().for_each(|(key, _)| cx.delete(COUNTED, key));
    let clicks = front(cx, CLICKS, below(CLICKS, &kept_from), &mut fronts.clicks);
    for (key, row) in &clicks {
        let time = Grain::Hour.begin(key.0).plus(key.2.into());
        convert::forget(cx, key.1, row, time, key.3);
        cx.delete(CLICKS, key);
        cx.delete(PLACES, &key.3);
    }
    let uncounted = front(cx, UNCOUNTED, below(UNCOUNTED, &kept_from), &mut fronts.uncounted);
    uncounted.iter().for_each(|(key, _)| cx.delete(UNCOUNTED, key));
    let alerts = front(cx, ALERTS, below(ALERTS, &kept_from), &mut fronts.alerts);
    alerts.iter().for_each(|(key, _)| cx.delete(ALERTS, key));
    // The first byte of an impression is its day's last one; tokens are good for two days.
    let [.., day] = (cx.now().0 / DAY).saturating_sub(2).to_be_bytes();
    let used = front(cx, USED, USED.under(&(day,)), &mut fronts.used);
    used.iter().for_each(|(key, _)| cx.delete(USED, key));
    [counted.len(), clicks.len(), uncounted.len(), alerts.len(), used.len()].contains(&SWEEP_ROWS)
}

/// True if the table has rows; what has gone is at its front, so it is looked at from behind.
fn is_there<K: Key + Debug, V: Body>(cx: &Cx<'_>, table: Table<K, V>) -> bool {
    cx.scan(table, &table.all().reversed()).next().is_some()
}
