//! What a command does to ads and clicks: checks by precedence, the line, then only writes.

use crate::clicks::ads::judge::judge;
use crate::clicks::ads::rollup::{Spot, Sums};
use crate::clicks::ads::spend::Spends;
use crate::clicks::ads::suppose::judged_by;
use crate::clicks::ads::tables::{ADS, AdRow, CLICKS, COMPLETE, ClickRow, PLACES, UNCOUNTED, WAITING};
use crate::clicks::ads::{Ads, bill, convert, forget, hours, spend, void};
use crate::clicks::campaigns::transition::check_id;
use crate::clicks::transition::{believed, sent};
use crate::runtime::ids;
use millrace_topics::clicks::{
    AdDefinition, AdEvent, AdsCommand, AdsOutcome, AdsTimer, Changed, ClicksAds, Evidence, Grain, Impression, Judged,
    JudgedClick, Reason, Reasons, Rejection, Sealed, Showing, Terms, TermsChange, Watermark, ad_number, click_number,
    shard_key,
};
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// The most shards of an ad.
pub const SHARDS_LIMIT: u16 = 64;

/// The longest target, in bytes.
pub const TARGET_LIMIT: usize = 2048;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: AdsCommand) -> Result<AdsOutcome, Rejection> {
    check(&command)?;
    match command {
        AdsCommand::Define(definition) => define(cx, *definition),
        AdsCommand::Seen(seen) => Ok(take(cx, seen.clicks, &[])),
        AdsCommand::Sealed(seen) => Ok(take(cx, seen.clicks, &seen.sealed)),
        AdsCommand::Terms(change) => Ok(agree(cx, &change)),
        AdsCommand::Watermark(mark) => Ok(note_hour(cx, &mark)),
        AdsCommand::Void(voiding) => void::begin(cx, voiding, None),
        AdsCommand::VoidByDays(by) => void::begin(cx, by.voiding, Some(by.days)),
        AdsCommand::Show(showing) => show(cx, &showing),
        AdsCommand::Grant(grant) => Ok(spend::receive(cx, &grant)),
        AdsCommand::Recall(recall) => Ok(spend::return_unspent(cx, &recall)),
        AdsCommand::Bill(billing) => Ok(bill::bill(cx, &billing)),
        AdsCommand::Keep(keeping) => forget::keep(cx, keeping),
        AdsCommand::Policy(change) => Ok(hours::agree(cx, change)),
        AdsCommand::Attribute(asked) => Ok(convert::attribute(cx, &asked)),
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, timer: AdsTimer) {
    match timer {
        AdsTimer::Void { case_id, from } => void::go_on(cx, &case_id, from),
        AdsTimer::Sweep => forget::sweep(cx),
        AdsTimer::Hours { hour, after } => hours::walk(cx, hour, after),
    }
}

/// What is wrong with a command whatever the state is. The routes ask it too.
///
/// # Errors
/// The refusal.
pub fn check(command: &AdsCommand) -> Result<(), Rejection> {
    match command {
        AdsCommand::Define(definition) => check_definition(definition),
        AdsCommand::Void(voiding) => void::check(voiding),
        AdsCommand::VoidByDays(by) => void::check(&by.voiding),
        AdsCommand::Seen(_)
        | AdsCommand::Sealed(_)
        | AdsCommand::Terms(_)
        | AdsCommand::Watermark(_)
        | AdsCommand::Show(_)
        | AdsCommand::Grant(_)
        | AdsCommand::Recall(_)
        | AdsCommand::Bill(_)
        | AdsCommand::Keep(_)
        | AdsCommand::Policy(_)
        | AdsCommand::Attribute(_) => Ok(()),
    }
}

fn check_definition(definition: &AdDefinition) -> Result<(), Rejection> {
    check_id(&definition.ad)?;
    let fault = fault(definition);
    fault.map_or(Ok(()), |fault| Err(Rejection::BadDefinition(fault)))
}

fn fault(definition: &AdDefinition) -> Option<String> {
    let AdDefinition { key, ad, shards, placement, target, .. } = definition;
    if !(1..=SHARDS_LIMIT).contains(shards) {
        return Some(format!("`shards` is 1 to {SHARDS_LIMIT}, not {shards}"));
    }
    if key != ad && !(0..*shards).any(|shard| *key == shard_key(ad, *shards, shard)) {
        return Some(format!("`{key}` is no shard of `{ad}`"));
    }
    if !ids::is_subject(placement) {
        return Some("`placement` has 1 to 256 bytes".to_owned());
    }
    fault_of_target(target)
}

/// What is wrong with where a click leads.
fn fault_of_target(target: &str) -> Option<String> {
    let rest = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://"));
    if rest.is_none_or(str::is_empty) || target.len() > TARGET_LIMIT {
        return Some(format!("`target` is an http or https address of at most {TARGET_LIMIT} bytes"));
    }
    // It becomes a header.
    let plain = target.bytes().all(|byte| byte.is_ascii_graphic());
    (!plain).then(|| "`target` is percent-encoded: it has printable ASCII without spaces only".to_owned())
}

fn define(cx: &mut Cx<'_>, definition: AdDefinition) -> Result<AdsOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    let AdDefinition { key, ad, campaign, placement, target, shards, terms } = definition;
    let number = ad_number(&key);
    let known = cx.engine.ads.get(&number).cloned();
    let is_other =
        |row: &AdRow| (&row.ad, &row.campaign, &row.placement, row.shards) != (&ad, &campaign, &placement, shards);
    if known.as_deref().is_some_and(is_other) {
        return Err(Rejection::AdExists);
    }
    // The line: nothing below can be refused.
    let Some(known) = known else {
        let (closed, created_at) = (Time(0), cx.now());
        let row = AdRow { key, ad, campaign, placement, target, shards, terms, closed, created_at };
        cx.engine.latest.insert(number, 0);
        return Ok(AdsOutcome::Created(Box::new(keep(cx, number, row))));
    };
    let newest = if terms.version > known.terms.version { terms } else { known.terms };
    if known.target == target && known.terms == newest {
        return Ok(AdsOutcome::Changed(Box::new(known.show())));
    }
    let row = AdRow { target, ..with_terms(cx, &known, newest) };
    Ok(AdsOutcome::Changed(Box::new(keep(cx, number, row))))
}

/// Writes an ad and says it.
fn keep(cx: &mut Cx<'_>, number: u64, row: AdRow) -> millrace_topics::clicks::Ad {
    let ad = row.show();
    cx.put(ADS, &number, &row);
    cx.say(&AdEvent::Defined(Box::new(Changed { ad: ad.clone(), key: row.key.clone() })));
    let row = judged_by(cx, number, row);
    cx.engine.learn(number, row);
    ad
}

/// The ad with other terms. What was closed under the old ones stays closed.
fn with_terms(cx: &Cx<'_>, row: &AdRow, terms: Terms) -> AdRow {
    let lateness = u64::from(row.terms.rules.lateness_seconds) * 1000;
    let closed = row.closed.max(Time(cx.now().0.saturating_sub(lateness)));
    AdRow { terms, closed, ..row.clone() }
}

fn agree(cx: &mut Cx<'_>, change: &TermsChange) -> AdsOutcome {
    let number = ad_number(&change.key);
    let known = cx.engine.ads.get(&number).cloned();
    // An ad that is not there yet is given the newest terms when it is defined.
    let known = known.filter(|row| row.campaign == change.campaign && row.terms.version < change.terms.version);
    if let Some(row) = known {
        let row = with_terms(cx, &row, change.terms);
        cx.put(ADS, &number, &row);
        let row = judged_by(cx, number, row);
        cx.engine.ads.insert(number, row);
    }
    AdsOutcome::Agreed
}

/// Judges clicks and counts them; `sealed` has the address of each that has one.
fn take(cx: &mut Cx<'_>, clicks: Vec<Evidence>, sealed: &[Option<Sealed>]) -> AdsOutcome {
    let (mut sums, mut spends) = (Sums::default(), Spends::default());
    let mut elsewhere = Elsewhere::new();
    let mut judged = Vec::with_capacity(clicks.len());
    let sealed = sealed.iter().copied().chain(std::iter::repeat(None));
    for (click, sealed) in clicks.into_iter().zip(sealed) {
        let Some(ad) = cx.engine.ads.get(&click.ad).cloned() else {
            not_counted(cx, &click, |(_, unknown)| *unknown += 1);
            continue;
        };
        if ad.shards > 1 && ad.key == ad.ad {
            send_on(&ad, click, sealed, &mut elsewhere);
            continue;
        }
        judged.extend(take_one(cx, &ad, click, sealed, &mut sums, &mut spends));
    }
    sums.write(cx);
    spends.write(cx);
    for (key, (clicks, sealed)) in elsewhere {
        cx.send::<ClicksAds>(&sent(key, clicks, sealed));
    }
    if !judged.is_empty() {
        cx.say(&AdEvent::Judged(Judged { clicks: judged }));
    }
    forget::later(cx);
    AdsOutcome::Judged
}

/// The routing key of a shard → clicks of it, and their addresses.
type Elsewhere = BTreeMap<String, (Vec<Evidence>, Vec<Option<Sealed>>)>;

/// A click of a spread ad came home, from one who does not know that it is spread.
fn send_on(ad: &AdRow, click: Evidence, sealed: Option<Sealed>, elsewhere: &mut Elsewhere) {
    let shard = u16::try_from(click.visitor.number() % u64::from(ad.shards)).expect("it is below a u16");
    let key = shard_key(&ad.ad, ad.shards, shard);
    let click = Evidence { ad: ad_number(&key), ..click };
    let (clicks, addresses) = elsewhere.entry(key).or_default();
    clicks.push(click);
    addresses.push(sealed);
}

fn not_counted(cx: &mut Cx<'_>, click: &Evidence, note: impl Fn(&mut (u64, u64))) {
    let key = (Grain::Hour.bucket(click.time), click.ad);
    let mut row = cx.get(UNCOUNTED, &key).unwrap_or_default();
    note(&mut row);
    cx.put(UNCOUNTED, &key, &row);
}

/// Judges a click; none if its id is another one's.
fn take_one(
    cx: &mut Cx<'_>,
    ad: &AdRow,
    click: Evidence,
    sealed: Option<Sealed>,
    sums: &mut Sums,
    spends: &mut Spends,
) -> Option<JudgedClick> {
    let number = click_number(&click.click_id);
    // An id of its own nobody can say twice: there is nothing to be looked for.
    if !click.marks.own_id && cx.get(PLACES, &number).is_some() {
        not_counted(cx, &click, |(repeats, _)| *repeats += 1);
        return None;
    }
    let mut reasons = judge(cx, ad, &click, sealed);
    // The budget is asked last: what does not count anyway costs nothing.
    if reasons == Reasons::default() {
        let covered = spends.pay(cx, click.ad, ad);
        reasons.add(Reason::Budget, !covered);
    }
    let price_micros = if reasons == Reasons::default() { ad.terms.price_micros } else { 0 };
    let spot = Spot {
        ad: click.ad,
        time: click.time,
        country: click.country,
        device: click.device,
        closed: ad.is_closed(click.time, click.arrived),
    };
    sums.add(cx, spot, click.visitor.number(), reasons, price_micros);
    let judged = JudgedClick { click_id: click.click_id.clone(), reasons, price_micros };
    write_click(cx, ad, number, click, reasons, price_micros);
    Some(judged)
}

fn write_click(cx: &mut Cx<'_>, ad: &AdRow, number: u128, click: Evidence, reasons: Reasons, price_micros: u64) {
    let hour = Grain::Hour.bucket(click.time);
    let millis = u32::try_from(click.time.since(Grain::Hour.begin(hour))).expect("an hour has fewer milliseconds");
    let row = ClickRow {
        click_id: click.click_id,
        arrived: click.arrived,
        skewed: click.skewed,
        visitor: click.visitor,
        identity: click.identity,
        prefix: click.prefix,
        address: click.address,
        country: click.country,
        device: click.device,
        judged: cx.now(),
        reasons,
        price_micros,
        ruleset: ad.terms.ruleset,
        changes: Vec::new(),
    };
    cx.put(CLICKS, &(hour, click.ad, millis, number), &row);
    convert::remember(cx, ad, click.ad, &row, click.time, number);
    cx.put(PLACES, &number, &(hour, click.ad, millis));
}

/// Counts impressions. Those of an hour that is closed are adjustments, as clicks are.
fn show(cx: &mut Cx<'_>, showing: &Showing) -> Result<AdsOutcome, Rejection> {
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    let number = ad_number(&showing.key);
    let ad = cx.engine.ads.get(&number).cloned().ok_or(Rejection::UnknownAd)?;
    // The line: nothing below can be refused.
    let (mut sums, now) = (Sums::default(), cx.now());
    for Impression { time, country, device } in showing.impressions.iter().copied() {
        let time = believed(time, now);
        let closed = ad.is_closed(time, now) || hours::is_told(cx, number, time);
        sums.show(cx, Spot { ad: number, time, country, device, closed });
    }
    sums.write(cx);
    Ok(AdsOutcome::Shown)
}

/// A partition of `clicks` has sent everything of an hour. The hour is complete once all have.
fn note_hour(cx: &mut Cx<'_>, mark: &Watermark) -> AdsOutcome {
    let complete = cx.get(COMPLETE, &()).unwrap_or_default();
    if mark.end <= complete {
        return AdsOutcome::Noted;
    }
    let waiting = cx.get(WAITING, &mark.end).unwrap_or(cx.moment.partitions) - 1;
    if waiting > 0 {
        cx.put(WAITING, &mark.end, &waiting);
        return AdsOutcome::Noted;
    }
    // Where hours did not begin together, an earlier one may wait for a partition that never had it.
    let over: Vec<Time> = cx.scan(WAITING, &WAITING.all()).map(|(end, _)| end).filter(|end| *end <= mark.end).collect();
    for end in over {
        cx.delete(WAITING, &end);
    }
    cx.put(COMPLETE, &(), &mark.end);
    hours::begin(cx, mark.end);
    AdsOutcome::Noted
}
