//! What can be asked of the machine `clicks`: how much of an ad's hour it took, and what of that is still under way.

use crate::clicks::Taking;
use crate::clicks::tables::{RAW, SLICES};
use crate::runtime::system::Partitions;
use crate::runtime::tables::{LINKS, OUTBOX};
use millrace_topics::clicks::{AdsCommand, Answer, ClicksAds, Grain, Query, Raw, RawHour, Rejection};
use millrace_topics::contract::{self, Contract as _};
use millrace_topics::log::LogRecord;
use millrace_topics::record::Record;

type View<'a> = crate::runtime::view::View<'a, Taking>;

/// The most records under way that are looked into: beyond them the answer says so.
const UNDER_WAY: u64 = 1000;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &Query) -> Partitions {
    let Query::Raw(raw) = query;
    Partitions::One(raw.key.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &Query, answers: Vec<Answer>) -> Answer {
    answers.into_iter().next().expect("one partition was asked")
}

/// Answers a query.
///
/// # Errors
/// None so far.
pub fn answer(view: &View<'_>, query: Query) -> Result<Answer, Rejection> {
    let Query::Raw(raw) = query;
    Ok(Answer::Raw(raw_hour(view, &raw)))
}

fn raw_hour(view: &View<'_>, asked: &Raw) -> RawHour {
    let rows = asked.ads.iter().flat_map(|ad| (0..SLICES).map(move |slice| (asked.hour, *ad, slice)));
    let taken = rows.map(|row| view.get(RAW, &row).unwrap_or_default());
    let mut found = RawHour { raw: taken.sum(), ..RawHour::default() };
    for (partition, received) in &asked.received {
        let to = (ClicksAds::MACHINE.to_owned(), *partition);
        let link = view.get(LINKS, &to).unwrap_or_default();
        // Rows go once the receiver's log has them, which may be before it has taken them.
        if link.gone > *received || link.sent - received > UNDER_WAY {
            found.moved_on = true;
            continue;
        }
        let rows = OUTBOX.under(&to).beyond(&OUTBOX.raw_key(&(to.0.clone(), *partition, *received)));
        let waiting = view.scan(OUTBOX, &rows).map(|(_, (_, value))| clicks_in(&value, asked));
        found.in_flight += waiting.sum::<u64>();
    }
    found
}

/// How many clicks of the ad's hour a record under way holds.
fn clicks_in(value: &[u8], asked: &Raw) -> u64 {
    let raw = LogRecord { value: value.to_vec(), ..LogRecord::default() };
    let command = Record::read(&raw, 0).and_then(|record| contract::command::<ClicksAds>(&record));
    let clicks = match command {
        Ok(AdsCommand::Seen(seen)) => seen.clicks,
        Ok(AdsCommand::Sealed(seen)) => seen.clicks,
        _ => return 0,
    };
    let is_of = |click: &&millrace_topics::clicks::Evidence| {
        asked.ads.contains(&click.ad) && Grain::Hour.bucket(click.time) == asked.hour
    };
    clicks.iter().filter(is_of).count() as u64
}
