//! What a click does at the first machine: checks by precedence, the line, then only writes.

use crate::clicks::Taking;
use crate::clicks::forget::{self, SWEEP_ROWS, below, front};
use crate::clicks::rings::{Pace, Ring};
use crate::clicks::tables::{Counted, HOURS, IDS, KEEPING, RAW, RINGS, SLICES, SWEPT};
use crate::runtime::ids;
use crate::runtime::keys::key_of;
use millrace_state::table::Range;
use millrace_topics::clicks::{
    AdsCommand, CLICK_ID_LIMIT, Click, ClicksAds, Command, Evidence, Grain, Identity, Keeping, Outcome, Rejection,
    Sealed, SealedSeen, Seen, Taken, Timer, Watermark, ad_number, click_number, shard_key,
};
use millrace_topics::partition::partition_of;
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use std::collections::BTreeMap;

type Cx<'a> = crate::runtime::cx::Cx<'a, Taking>;

/// A time before the log's by more than this, in milliseconds, is not believed.
pub const PAST_LIMIT: u64 = 24 * 3_600_000;

/// A time behind the log's by more than this, in milliseconds, is not believed.
pub const FUTURE_LIMIT: u64 = 2 * 60_000;

/// An id that a client made is known for so many milliseconds of the log.
pub const ID_MEMORY: u64 = 48 * 3_600_000;

/// So many milliseconds behind an hour's end it is complete: what comes later is late.
pub const GRACE: u64 = 10 * 60_000;

/// A ring is kept for so many milliseconds: an hour behind the oldest time that is believed.
const RING_MEMORY: u64 = PAST_LIMIT + 3_600_000;

/// How many clicks one record to the ads holds at most.
const SENT_TOGETHER: usize = 256;

/// Words of the paths, which are no ids of clicks.
const WORDS: [&str; 11] = [
    "ads",
    "campaigns",
    "cases",
    "conversions",
    "impressions",
    "invalid",
    "invoices",
    "live",
    "reconcile",
    "rulesets",
    "reports",
];

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: Command) -> Result<Outcome, Rejection> {
    match command {
        Command::Click(click) => take(cx, vec![*click], &[]),
        Command::Clicks(batch) => take(cx, batch.clicks, &[]),
        Command::Sealed(batch) => take(cx, batch.clicks, &batch.sealed),
        Command::Open(_) => Ok(open(cx)),
        Command::Keep(keeping) => keep(cx, keeping),
    }
}

/// Does what a timer was set for.
pub fn on_timer(cx: &mut Cx<'_>, timer: Timer) {
    match timer {
        Timer::Hour { end } => close_hour(cx, end),
        Timer::Sweep { table, from } => sweep(cx, table, from),
    }
}

/// What is wrong with a click whatever the state is. The routes ask it too.
///
/// # Errors
/// The refusal.
pub fn check(click: &Click) -> Result<(), Rejection> {
    let id = click.click_id.as_str();
    if id.is_empty() || id.len() > CLICK_ID_LIMIT || WORDS.contains(&id) {
        return Err(Rejection::BadClickId);
    }
    if !ids::is_id(&click.ad) || click.shards == 0 {
        return Err(Rejection::UnknownAd);
    }
    Ok(())
}

/// Takes clicks; `sealed` has the address of each that has one.
fn take(cx: &mut Cx<'_>, clicks: Vec<Click>, sealed: &[Option<Sealed>]) -> Result<Outcome, Rejection> {
    clicks.iter().try_for_each(check)?;
    // What a redirect records is its own: everybody may click.
    if cx.caller().role == Role::User && clicks.iter().any(|click| !click.marks.own_id) {
        return Err(Rejection::RoleRequired);
    }
    // The line: nothing below can be refused.
    let mut way = Way::default();
    let sealed = sealed.iter().copied().chain(std::iter::repeat(None));
    let results = clicks.into_iter().zip(sealed).map(|(click, sealed)| take_one(cx, click, sealed, &mut way)).collect();
    way.go(cx);
    Ok(Outcome::Taken { results })
}

fn take_one(cx: &mut Cx<'_>, click: Click, sealed: Option<Sealed>, way: &mut Way) -> Taken {
    if !click.marks.own_id {
        let id = (click.prefix.number(), click_number(&click.click_id));
        if cx.get(IDS, &id).is_some_and(|taken| cx.now().since(taken) < ID_MEMORY) {
            return Taken::Duplicate;
        }
        let now = cx.now();
        cx.put(IDS, &id, &now);
        way.keeps_ids = true;
    }
    let (key, evidence) = gather(cx, click);
    way.add(cx.moment.partitions, key, evidence, sealed);
    Taken::Accepted
}

/// Finds out what speaks against a click, and counts it in its rings.
fn gather(cx: &mut Cx<'_>, click: Click) -> (String, Evidence) {
    let arrived = cx.now();
    let time = believed(click.time, arrived);
    let of_visitor = click.visitor.number() ^ click.prefix.number().rotate_left(32);
    let address = pace(cx, Counted::Address, click.address.number(), time);
    let prefix = pace(cx, Counted::Prefix, click.prefix.number(), time);
    // A visitor who is known by prefix and browser only is no other than these.
    let visitor = match click.identity {
        Identity::Derived => address,
        _ => pace(cx, Counted::Visitor, of_visitor, time),
    };
    let shard = if click.shards > 1 { click.visitor.number() % u64::from(click.shards) } else { 0 };
    let key = shard_key(&click.ad, click.shards, u16::try_from(shard).expect("it is below a u16"));
    let evidence = Evidence {
        ad: ad_number(&key),
        skewed: click.time.is_some_and(|said| said != time),
        bots: cx.engine.bots.mask(&click.user_agent),
        address_rate: address.rate,
        prefix_rate: prefix.rate,
        visitor_rate: visitor.rate,
        cadence: visitor.run,
        click_id: click.click_id,
        time,
        arrived,
        visitor: click.visitor,
        identity: click.identity,
        prefix: click.prefix,
        address: click.address,
        country: click.country,
        device: click.device,
        marks: click.marks,
        impression: click.impression,
        datacenter_of: click.datacenter_of,
    };
    (key, evidence)
}

/// The time that is said, if that can be; else the log's.
#[must_use]
pub fn believed(said: Option<Time>, now: Time) -> Time {
    let can_be = |time: &Time| time.plus(PAST_LIMIT) >= now && *time <= now.plus(FUTURE_LIMIT);
    said.filter(can_be).unwrap_or(now)
}

fn pace(cx: &mut Cx<'_>, what: Counted, whose: u64, time: Time) -> Pace {
    let key = (what as u8, whose);
    let mut ring: Ring = cx.get(RINGS, &key).unwrap_or_default();
    let pace = ring.add(time);
    cx.put(RINGS, &key, &ring);
    pace
}

/// Clicks of one record on their way to the ads.
#[derive(Default)]
struct Way {
    /// Partition of the ads → a key that belongs to it, its clicks, and their addresses.
    to: BTreeMap<u32, (String, Vec<Evidence>, Vec<Option<Sealed>>)>,
    raw: BTreeMap<(u32, u64, u8), u64>,
    keeps_ids: bool,
}

impl Way {
    fn add(&mut self, partitions: u32, key: String, evidence: Evidence, sealed: Option<Sealed>) {
        let slice = partition_of(&evidence.prefix.0, SLICES.into());
        let slice = u8::try_from(slice).expect("there are few slices");
        *self.raw.entry((Grain::Hour.bucket(evidence.time), evidence.ad, slice)).or_default() += 1;
        let partition = partition_of(key.as_bytes(), partitions);
        let (_, clicks, addresses) = self.to.entry(partition).or_insert_with(|| (key, Vec::new(), Vec::new()));
        clicks.push(evidence);
        addresses.push(sealed);
    }

    fn go(self, cx: &mut Cx<'_>) {
        for (key, more) in self.raw {
            let before = cx.get(RAW, &key).unwrap_or_default();
            cx.put(RAW, &key, &(before + more));
        }
        let sends = !self.to.is_empty();
        for (key, mut clicks, mut sealed) in self.to.into_values() {
            while !clicks.is_empty() {
                let together = clicks.len().min(SENT_TOGETHER);
                let (rest, others) = (clicks.split_off(together), sealed.split_off(together));
                cx.send::<ClicksAds>(&sent(key.clone(), clicks, sealed));
                (clicks, sealed) = (rest, others);
            }
        }
        if self.keeps_ids {
            sweep_later(cx, IDS.def().id);
        }
        if sends {
            sweep_later(cx, RINGS.def().id);
            sweep_later(cx, RAW.def().id);
        }
    }
}

/// What the ads are sent of clicks and their addresses.
pub(in crate::clicks) fn sent(key: String, clicks: Vec<Evidence>, sealed: Vec<Option<Sealed>>) -> AdsCommand {
    if sealed.iter().all(Option::is_none) {
        return AdsCommand::Seen(Seen { key, clicks });
    }
    AdsCommand::Sealed(SealedSeen { key, clicks, sealed })
}

/// Begins to close hours, unless it has begun.
fn open(cx: &mut Cx<'_>) -> Outcome {
    if cx.get(HOURS, &()).is_none() {
        let end = Grain::Hour.begin(Grain::Hour.bucket(cx.now()) + 1);
        wait_for(cx, end);
    }
    Outcome::Opened
}

fn wait_for(cx: &mut Cx<'_>, end: Time) {
    cx.put(HOURS, &(), &end);
    cx.set_timer(end.plus(GRACE), &Timer::Hour { end });
}

/// Tells every partition of the ads that an hour is over here.
fn close_hour(cx: &mut Cx<'_>, end: Time) {
    let partitions = cx.moment.partitions;
    for partition in 0..partitions {
        let key = key_of(partition, partitions);
        cx.send::<ClicksAds>(&AdsCommand::Watermark(Watermark { key, end }));
    }
    wait_for(cx, end.plus(Grain::Hour.millis()));
}

fn keep(cx: &mut Cx<'_>, keeping: Keeping) -> Result<Outcome, Rejection> {
    forget::check(keeping)?;
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    // The line: nothing below can be refused.
    let kept = cx.get(KEEPING, &()).unwrap_or_default().with(keeping, cx.now());
    cx.put(KEEPING, &(), &kept);
    Ok(Outcome::Kept(keeping))
}

/// Sees to it that a table's rows go when their end has come: looked for at the beginning of each hour.
fn sweep_later(cx: &mut Cx<'_>, table: u8) {
    if cx.get(SWEPT, &table).is_none() {
        cx.put(SWEPT, &table, &());
        let due = Grain::Hour.begin(Grain::Hour.bucket(cx.now()) + 1);
        cx.set_timer(due, &Timer::Sweep { table, from: Vec::new() });
    }
}

/// Looks at some rows of a table, deletes those whose end has come, and goes on later.
fn sweep(cx: &mut Cx<'_>, table: u8, from: Vec<u8>) {
    if table == RAW.def().id {
        sweep_raw(cx);
        return;
    }
    let is_ids = table == IDS.def().id;
    let range = if is_ids { IDS.all() } else { RINGS.all() };
    let range = if from.is_empty() { range } else { range.beyond(&from) };
    let last = if is_ids { sweep_ids(cx, &range) } else { sweep_rings(cx, &range) };
    match last {
        Some(from) => {
            // A millisecond later: what waits for the partition gets its turn between two walks.
            let due = cx.now().plus(1);
            cx.set_timer(due, &Timer::Sweep { table, from });
        }
        None => {
            cx.delete(SWEPT, &table);
            let all = if is_ids { IDS.all() } else { RINGS.all() };
            let left = if is_ids { cx.scan(IDS, &all).next().is_some() } else { cx.scan(RINGS, &all).next().is_some() };
            if left {
                sweep_later(cx, table);
            }
        }
    }
}

/// The last key that was looked at, if there may be more behind it.
fn sweep_ids(cx: &mut Cx<'_>, range: &Range) -> Option<Vec<u8>> {
    let rows: Vec<((u64, u128), Time)> = cx.scan(IDS, range).take(SWEEP_ROWS).collect();
    for (key, taken) in &rows {
        if cx.now().since(*taken) >= ID_MEMORY {
            cx.delete(IDS, key);
        }
    }
    rows.get(SWEEP_ROWS - 1).map(|(key, _)| IDS.raw_key(key))
}

/// Forgets how much was taken in hours whose clicks are not kept any more.
fn sweep_raw(cx: &mut Cx<'_>) {
    let (table, now) = (RAW.def().id, cx.now());
    let first = cx.get(KEEPING, &()).unwrap_or_default().first_hour(now);
    let mut low = std::mem::take(&mut cx.engine.raw_low);
    let old = front(cx, RAW, below(RAW, &first), &mut low);
    cx.engine.raw_low = low;
    old.iter().for_each(|(key, _)| cx.delete(RAW, key));
    if old.len() == SWEEP_ROWS {
        cx.set_timer(now.plus(1), &Timer::Sweep { table, from: Vec::new() });
        return;
    }
    cx.delete(SWEPT, &table);
    let rest = RAW.all().starting(&RAW.raw_prefix(&first));
    if cx.scan(RAW, &rest).next().is_some() {
        sweep_later(cx, table);
    }
}

fn sweep_rings(cx: &mut Cx<'_>, range: &Range) -> Option<Vec<u8>> {
    let rows: Vec<((u8, u64), Ring)> = cx.scan(RINGS, range).take(SWEEP_ROWS).collect();
    for (key, ring) in &rows {
        if cx.now().since(ring.last) >= RING_MEMORY {
            cx.delete(RINGS, key);
        }
    }
    rows.get(SWEEP_ROWS - 1).map(|(key, _)| RINGS.raw_key(key))
}
