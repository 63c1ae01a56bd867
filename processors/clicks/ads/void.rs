//! Clicks that are found invalid afterwards. A case walks the clicks of its partition, in steps if they are many, and
//! makes those that count invalid. Rows of closed hours stay as they are: adjustments say what became of them.

use crate::clicks::ads::rollup::{Spot, Sums};
use crate::clicks::ads::spend::Spends;
use crate::clicks::ads::tables::{CASES, CLICKS, CREDITS, CaseRow, ClickKey, ClickRow};
use crate::clicks::ads::{Ads, convert, hours};
use crate::runtime::ids;
use millrace_state::table::Range;
use millrace_topics::clicks::{
    AdEvent, AdsOutcome, AdsTimer, DayHashes, Filter, Grain, Invalidated, Reason, Reasons, Rejection, VerdictChange,
    Voiding,
};
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// How many clicks a case looks at before others get their turn.
pub const STEP: usize = 5000;

/// The most ids of a case.
pub const IDS_LIMIT: usize = 1000;

/// What is wrong with a case whatever the state is.
///
/// # Errors
/// The refusal.
pub fn check(voiding: &Voiding) -> Result<(), Rejection> {
    if !ids::is_subject(&voiding.case_id) || !ids::is_subject(&voiding.reason) {
        return Err(Rejection::BadDefinition("`case_id` and `reason` have 1 to 256 bytes".to_owned()));
    }
    if voiding.filter.click_ids.len() > IDS_LIMIT {
        return Err(Rejection::BadDefinition(format!("a case names at most {IDS_LIMIT} clicks")));
    }
    Ok(())
}

/// Begins a case; one that was begun before changes nothing.
///
/// # Errors
/// That the caller may not, or that the case is another one.
pub fn begin(cx: &mut Cx<'_>, voiding: Voiding, days: Option<Vec<DayHashes>>) -> Result<AdsOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    if let Some(known) = cx.get(CASES, &voiding.case_id) {
        return if known.voiding == voiding && is_same_address(known.days.as_deref(), days.as_deref()) {
            Ok(AdsOutcome::Begun)
        } else {
            Err(Rejection::CaseExists(voiding.case_id))
        };
    }
    // The line: nothing below can be refused.
    step(cx, CaseRow { voiding, days, complete: false, begun: cx.now() }, None);
    Ok(AdsOutcome::Begun)
}

/// True if two cases mean the same address, or both none. Its hash is another one each day, so that is known of days alone
/// that both have.
fn is_same_address(one: Option<&[DayHashes]>, other: Option<&[DayHashes]>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one == other };
    let mut both =
        one.iter().filter_map(|day| Some((day, other.iter().find(|other| other.day == day.day)?))).peekable();
    (both.peek().is_some() || one == other) && both.all(|(one, other)| one == other)
}

/// Goes on with a case.
pub fn go_on(cx: &mut Cx<'_>, case_id: &String, from: Vec<u8>) {
    let case = cx.get(CASES, case_id).expect("a case that goes on is there");
    step(cx, case, Some(&from));
}

/// Ad → clicks that a step made invalid, and what they had cost.
type Credits = BTreeMap<u64, (u64, u64)>;

fn step(cx: &mut Cx<'_>, mut case: CaseRow, from: Option<&[u8]>) {
    let range = range(&case.voiding.filter);
    let range = from.map_or(range.clone(), |from| range.beyond(from));
    let rows: Vec<(ClickKey, ClickRow)> = cx.scan(CLICKS, &range).take(STEP).collect();
    let last = rows.get(STEP - 1).map(|(key, _)| CLICKS.raw_key(key));
    let (mut sums, mut credits) = (Sums::default(), Credits::new());
    for (key, row) in rows {
        void(cx, &case, key, row, &mut sums, &mut credits);
    }
    sums.write(cx);
    let mut spends = Spends::default();
    credits.iter().for_each(|(ad, (_, micros))| spends.refund(cx, *ad, *micros));
    spends.write(cx);
    give(cx, &case.voiding.case_id, credits);
    case.complete = last.is_none();
    cx.put(CASES, &case.voiding.case_id, &case);
    if let Some(from) = last {
        let due = cx.now().plus(1);
        cx.set_timer(due, &AdsTimer::Void { case_id: case.voiding.case_id, from });
    }
}

/// Adds what a step did to what its case did before, and says it.
fn give(cx: &mut Cx<'_>, case_id: &str, credits: Credits) {
    for (ad, (voided, credit_micros)) in credits {
        let key = (case_id.to_owned(), ad);
        let (before, credit_before) = cx.get(CREDITS, &key).unwrap_or_default();
        cx.put(CREDITS, &key, &(before + voided, credit_before + credit_micros));
        let row = cx.engine.ads.get(&ad).expect("its clicks were just found").clone();
        let (case_id, ad, campaign) = (case_id.to_owned(), row.ad.clone(), row.campaign.clone());
        cx.say(&AdEvent::Invalidated(Invalidated { case_id, ad, campaign, voided, credit_micros }));
    }
}

/// The clicks of the hours that a filter means.
fn range(filter: &Filter) -> Range {
    let mut range = CLICKS.all();
    if let Some(from) = filter.from {
        range.from = CLICKS.raw_prefix(&(Grain::Hour.bucket(from),));
    }
    if let Some(to) = filter.to {
        range.to = range.to.min(CLICKS.raw_prefix(&(Grain::Hour.bucket(to).saturating_add(1),)));
    }
    range
}

fn void(cx: &mut Cx<'_>, case: &CaseRow, key: ClickKey, mut row: ClickRow, sums: &mut Sums, credits: &mut Credits) {
    let (hour, number, millis, click) = key;
    let time = Grain::Hour.begin(hour).plus(millis.into());
    let (before, price_micros) = row.now();
    let Some(ad) = cx.engine.ads.get(&number).cloned() else { return };
    let filter = &case.voiding.filter;
    let of = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let meant = of(&filter.ad, &ad.ad) && of(&filter.campaign, &ad.campaign) && is_meant(case, &row, time);
    // Only what counts can stop counting, and what came behind the case is none of its business.
    if !meant || before != Reasons::default() || row.judged > case.begun {
        return;
    }
    let mut reasons = before;
    reasons.add(Reason::Voided, true);
    let case_id = Some(case.voiding.case_id.clone());
    row.changes.push(VerdictChange { at: cx.now(), reasons, price_micros: 0, case_id });
    let closed = ad.is_closed(time, cx.now()) || hours::is_told(cx, number, time);
    let spot = Spot { ad: number, time, country: row.country, device: row.device, closed };
    sums.void(cx, spot, price_micros);
    convert::take_back(cx, &ad, spot, click, &row, sums);
    cx.put(CLICKS, &key, &row);
    let credit = credits.entry(number).or_default();
    *credit = (credit.0 + 1, credit.1 + price_micros);
}

fn is_meant(case: &CaseRow, row: &ClickRow, time: Time) -> bool {
    let filter = &case.voiding.filter;
    let of_day = |day: &DayHashes| {
        day.prefix.is_none_or(|prefix| prefix == row.prefix) && day.address.is_none_or(|address| address == row.address)
    };
    filter.prefix.is_none_or(|prefix| prefix == row.prefix)
        && filter.address.is_none_or(|address| address == row.address)
        && filter.visitor.is_none_or(|visitor| visitor == row.visitor)
        && filter.from.is_none_or(|from| time >= from)
        && filter.to.is_none_or(|to| time < to)
        && case.days.as_ref().is_none_or(|days| days.iter().any(of_day))
        && (filter.click_ids.is_empty() || filter.click_ids.contains(&row.click_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::clicks::Hashed;

    #[test]
    fn a_case_is_the_same_where_its_address_is_on_every_day_that_both_know() {
        let on = |day: u64, address: u8| DayHashes { day, prefix: None, address: Some(Hashed([address; 8])) };
        for (one, other, same) in [
            (None, None, true),
            (None, Some(vec![]), false),
            (Some(vec![]), Some(vec![]), true),
            (Some(vec![on(1, 1), on(2, 2)]), Some(vec![on(2, 2), on(3, 3)]), true),
            (Some(vec![on(1, 1), on(2, 2)]), Some(vec![on(2, 9), on(3, 3)]), false),
            (Some(vec![on(1, 1), on(2, 2)]), Some(vec![on(1, 1), on(2, 9)]), false),
            // All keys of then are destroyed: nobody can tell.
            (Some(vec![on(1, 1)]), Some(vec![on(2, 2)]), false),
        ] {
            assert_eq!(is_same_address(one.as_deref(), other.as_deref()), same, "{one:?} {other:?}");
        }
    }
}
