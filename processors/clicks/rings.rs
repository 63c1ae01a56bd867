//! Rings: how many clicks came from somewhere within the last minute and the last hour, by the time at which they
//! happened, and whether they came at a fixed pace.
//!
//! A ring has 60 one-second and 60 one-minute counters, as far as there is something in them. It ends with the latest
//! click. A click that is older than its seconds is counted by its minute.

use millrace_topics::codec::{Decode, Encode};
use millrace_topics::time::Time;

/// How many counters of each length a ring has.
const SPAN: u32 = 60;

/// Two pauses between clicks are the same pace if they differ by at most so many milliseconds.
pub const PACE_MS: u64 = 50;

/// The counters of one address, prefix or visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Ring {
    /// The latest click.
    pub last: Time,
    /// The pause before it, in milliseconds.
    pace: u64,
    /// So many clicks, up to it, came at this pace.
    run: u32,
    /// (second, clicks in it), in order.
    seconds: Vec<(u32, u32)>,
    /// (minute, clicks in it), in order.
    minutes: Vec<(u32, u32)>,
}

/// What a ring says of the click that was just added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Clicks in the minute and in the hour up to it, itself among them.
    pub rate: (u32, u32),
    /// So many clicks, up to it, came at the same pace.
    pub run: u32,
}

impl Ring {
    /// Adds a click.
    pub fn add(&mut self, time: Time) -> Pace {
        let second = u32::try_from(time.0 / 1000).unwrap_or(u32::MAX);
        self.keep_pace(time);
        self.last = self.last.max(time);
        let head = u32::try_from(self.last.0 / 1000).unwrap_or(u32::MAX);
        let in_minute = count(&mut self.seconds, second, head);
        let in_hour = count(&mut self.minutes, second / 60, head / 60).unwrap_or(1);
        let of_its_minute = || self.minutes.iter().find(|(minute, _)| *minute == second / 60).map_or(1, |(_, n)| *n);
        Pace { rate: (in_minute.unwrap_or_else(of_its_minute), in_hour), run: self.run }
    }

    fn keep_pace(&mut self, time: Time) {
        if self.last == Time(0) || time <= self.last {
            self.run = 1;
            return;
        }
        let pause = time.since(self.last);
        let same = self.run >= 2 && pause.abs_diff(self.pace) <= PACE_MS;
        self.run = if same { self.run.saturating_add(1) } else { 2 };
        self.pace = pause;
    }
}

/// Counts one click more at `at`, forgets what has left the ring that ends with `head`, and answers how many there are
/// in the span up to `at`; none if that has left it.
fn count(counters: &mut Vec<(u32, u32)>, at: u32, head: u32) -> Option<u32> {
    let oldest = head.saturating_sub(SPAN - 1);
    counters.retain(|(place, _)| *place >= oldest);
    if at < oldest {
        return None;
    }
    match counters.binary_search_by_key(&at, |(place, _)| *place) {
        Ok(index) => counters[index].1 = counters[index].1.saturating_add(1),
        Err(index) => counters.insert(index, (at, 1)),
    }
    let first = at.saturating_sub(SPAN - 1);
    let within = counters.iter().filter(|(place, _)| (first..=at).contains(place));
    Some(within.fold(0, |sum: u32, (_, clicks)| sum.saturating_add(*clicks)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn add_all(times: &[u64]) -> Vec<Pace> {
        let mut ring = Ring::default();
        times.iter().map(|millis| ring.add(Time(*millis))).collect()
    }

    proptest! {
        /// What the ring is for, counted the long way.
        #[test]
        fn in_order_it_counts_the_seconds_of_the_minute_and_the_minutes_of_the_hour(
            pauses in proptest::collection::vec(prop_oneof![0u64..3000, 0u64..200_000, 0u64..4_000_000], 1..60)
        ) {
            let mut times: Vec<u64> = Vec::new();
            let mut now = 1_700_000_000_000;
            for pause in pauses {
                now += pause;
                times.push(now);
            }
            for (index, pace) in add_all(&times).into_iter().enumerate() {
                let within = |unit: u64| {
                    let at = times[index] / unit;
                    times[..=index].iter().filter(|time| **time / unit > at - 60).count()
                };
                let expected = (u32::try_from(within(1000)).unwrap(), u32::try_from(within(60_000)).unwrap());
                prop_assert_eq!(pace.rate, expected);
            }
        }
    }

    #[test]
    fn a_click_that_is_older_than_the_seconds_counts_by_its_minute_and_one_older_than_the_hour_alone() {
        let paces = add_all(&[36_000_000, 36_001_000, 35_930_000, 35_931_000, 30_000_000]);
        let rates: Vec<_> = paces.into_iter().map(|pace| pace.rate).collect();
        assert_eq!(rates, [(1, 1), (2, 2), (1, 1), (2, 2), (1, 1)]);
    }

    #[test]
    fn a_fixed_pace_is_seen_and_another_breaks_it() {
        let runs: Vec<_> =
            add_all(&[1000, 2000, 3010, 4000, 9000, 14_000, 13_000]).iter().map(|pace| pace.run).collect();
        assert_eq!(runs, [1, 2, 3, 4, 2, 3, 1]);
    }
}
