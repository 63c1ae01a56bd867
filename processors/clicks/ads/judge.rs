//! Whether a click counts: every reason that speaks against it, of which the first by precedence is the primary one.

use crate::clicks::ads::Ads;
use crate::clicks::ads::suppose::is_in_datacenter;
use crate::clicks::ads::tables::{AdRow, COUNTED, USED};
use millrace_topics::clicks::{Evidence, Grain, Reason, Reasons, Sealed, click_number};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// Reasons that do not keep a click from being the one that a visitor's next click is too near to.
const AFTER_WINDOWS: [Reason; 3] = [Reason::Ended, Reason::Budget, Reason::Late];

/// Judges a click, and remembers it if a further click of its visitor can be too near to it.
pub fn judge(cx: &mut Cx<'_>, ad: &AdRow, click: &Evidence, sealed: Option<Sealed>) -> Reasons {
    let (rules, mut reasons) = (&ad.terms.rules, Reasons::default());
    let no_token = rules.require_token && click.impression.is_none();
    reasons.add(Reason::Test, click.marks.test);
    reasons.add(Reason::BadToken, click.marks.bad_token || no_token || is_used(cx, click));
    reasons.add(Reason::Prefetch, click.marks.prefetch);
    reasons.add(Reason::Bot, rules.bots > 0 && click.bots >> (rules.bots - 1) & 1 == 1);
    reasons.add(Reason::Datacenter, is_in_datacenter(cx, ad, click, sealed));
    reasons.add(Reason::Velocity, is_fast(ad, click));
    near(cx, ad, click, &mut reasons);
    let stands = reasons.primary().is_none();
    reasons.add(Reason::Ended, has_ended(ad, click.time));
    reasons.add(Reason::Late, ad.is_closed(click.time, click.arrived));
    debug_assert!(stands || reasons.iter().any(|reason| !AFTER_WINDOWS.contains(&reason)), "one of them came before");
    if stands {
        remember(cx, click);
    }
    reasons
}

/// A token is good for one click. It names its visitor, so both clicks meet in one shard.
fn is_used(cx: &mut Cx<'_>, click: &Evidence) -> bool {
    let Some(impression) = click.impression else { return false };
    let used = cx.get(USED, &impression.number()).is_some();
    if !used {
        cx.put(USED, &impression.number(), &click_number(&click.click_id));
    }
    used
}

fn is_fast(ad: &AdRow, click: &Evidence) -> bool {
    let rules = &ad.terms.rules;
    let over = |count: u32, limit: u32| limit > 0 && count > limit;
    let rates = [
        (click.address_rate, rules.address_per_minute, rules.address_per_hour),
        (click.prefix_rate, rules.prefix_per_minute, rules.prefix_per_hour),
        (click.visitor_rate, rules.visitor_per_minute, rules.visitor_per_hour),
    ];
    let too_many =
        rates.iter().any(|((minute, hour), per_minute, per_hour)| over(*minute, *per_minute) || over(*hour, *per_hour));
    too_many || (rules.cadence > 0 && click.cadence >= rules.cadence)
}

fn has_ended(ad: &AdRow, time: Time) -> bool {
    let terms = &ad.terms;
    terms.paused
        || terms.starts_at.is_some_and(|starts| time < starts)
        || terms.ends_at.is_some_and(|ends| time >= ends)
}

/// Looks for a click of the visitor that counts and is too near, before or behind this one.
fn near(cx: &Cx<'_>, ad: &AdRow, click: &Evidence, reasons: &mut Reasons) {
    let rules = &ad.terms.rules;
    let (dedupe, double) = (u64::from(rules.dedupe_seconds) * 1000, u64::from(rules.double_click_ms));
    let window = dedupe.max(double);
    if window == 0 {
        return;
    }
    // A click exactly one window away is far enough.
    let first = Grain::Hour.bucket(Time(click.time.0.saturating_sub(window - 1)));
    let latest = cx.engine.latest.get(&click.ad).copied().unwrap_or(u32::MAX);
    let last = Grain::Hour.bucket(click.time.plus(window - 1)).min(latest);
    for hour in first..=last {
        let Some(times) = cx.get(COUNTED, &(hour, click.ad, click.visitor.number())) else { continue };
        for millis in times {
            let apart = Grain::Hour.begin(hour).plus(millis.into()).0.abs_diff(click.time.0);
            reasons.add(Reason::DoubleClick, apart < double);
            reasons.add(Reason::Dedupe, apart < dedupe);
        }
    }
}

fn remember(cx: &mut Cx<'_>, click: &Evidence) {
    let hour = Grain::Hour.bucket(click.time);
    let millis = u32::try_from(click.time.since(Grain::Hour.begin(hour))).expect("an hour has fewer milliseconds");
    let key = (hour, click.ad, click.visitor.number());
    let mut times = cx.get(COUNTED, &key).unwrap_or_default();
    times.push(millis);
    cx.put(COUNTED, &key, &times);
    // Only an ad that has been followed since its first click has a latest hour that is sure.
    if let Some(latest) = cx.engine.latest.get_mut(&click.ad) {
        *latest = (*latest).max(hour);
    }
}
