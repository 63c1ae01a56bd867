//! What time it is. A node of several goes by the log's clock, as far as it hears of it, and not by its own: else one whose
//! clock is wrong would fire timers late, answer for moments that are not over, and draw ids from another hour.

use millrace_topics::time::Time;
use parking_lot::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// For how long what was heard counts at least: this machine counts seconds a little faster or slower than the log's.
const WINDOW: Duration = Duration::from_mins(10);

/// The clock of a node.
pub struct Clock {
    /// `None` where this machine's clock is the log's, or none is known that would be better.
    heard: Option<Mutex<Heard>>,
    origin: Instant,
}

/// How far the log's clock is ahead of the time since `origin`, in milliseconds, as far as what was heard shows: a record
/// is heard after its time, so the greatest is the nearest.
#[derive(Default)]
struct Heard {
    /// True once something was heard that is not old.
    known: bool,
    since: Duration,
    lately: Option<i64>,
    before: Option<i64>,
}

impl Clock {
    /// This machine's clock.
    #[must_use]
    pub fn own() -> Self {
        Self { heard: None, origin: Instant::now() }
    }

    /// The log's clock; this machine's until [`Clock::trust`] is called.
    #[must_use]
    pub fn of_the_log() -> Self {
        Self { heard: Some(Mutex::default()), origin: Instant::now() }
    }

    /// Takes note of the time that the log has given to a record.
    pub fn hear(&self, time: Time) {
        self.hear_at(time, self.origin.elapsed());
    }

    fn hear_at(&self, time: Time, at: Duration) {
        let Some(heard) = &self.heard else { return };
        let mut heard = heard.lock();
        if at.saturating_sub(heard.since) >= WINDOW {
            heard.before = heard.lately.take();
            heard.since = at;
        }
        heard.lately = heard.lately.max(Some(signed(u128::from(time.0)) - signed(at.as_millis())));
    }

    /// From now on what was heard counts: the last of it was written just now.
    pub fn trust(&self) {
        if let Some(heard) = &self.heard {
            heard.lock().known = true;
        }
    }

    /// False while nobody has said what time it is on the log.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.heard.as_ref().is_none_or(|heard| heard.lock().known)
    }

    /// The time: the log's is this or a little later.
    #[must_use]
    pub fn now(&self) -> Time {
        self.at(self.origin.elapsed()).unwrap_or_else(Time::now)
    }

    /// The same in microseconds, as far as this machine's clock counts them.
    #[must_use]
    pub fn micros(&self) -> u64 {
        let own = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
            u64::try_from(now).unwrap_or(u64::MAX)
        };
        self.at(self.origin.elapsed()).map_or_else(own, |time| time.0 * 1000)
    }

    fn at(&self, at: Duration) -> Option<Time> {
        let heard = self.heard.as_ref()?.lock();
        let ahead = heard.lately.max(heard.before).filter(|_| heard.known)?;
        u64::try_from(ahead.saturating_add(signed(at.as_millis()))).ok().map(Time)
    }
}

fn signed(millis: u128) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_logs_clock_counts_once_something_new_was_heard() {
        let clock = Clock::of_the_log();
        clock.hear_at(Time(1_000_000), after(0));
        assert!(!clock.is_known() && clock.at(after(0)).is_none(), "it may be an hour old");
        clock.hear_at(Time(5_000_000), after(1));
        clock.trust();
        assert!(clock.is_known());
        assert_eq!(clock.at(after(1)), Some(Time(5_000_000)));
        assert_eq!(clock.at(after(4)), Some(Time(5_003_000)), "it goes on by itself");
        // What took longer on its way says less.
        clock.hear_at(Time(5_003_000), after(5));
        assert_eq!(clock.at(after(5)), Some(Time(5_004_000)));
        clock.hear_at(Time(5_006_500), after(6));
        assert_eq!(clock.at(after(6)), Some(Time(5_006_500)));
    }

    #[test]
    fn what_was_heard_long_ago_counts_no_more() {
        let clock = Clock::of_the_log();
        clock.trust();
        // This machine's seconds are short: the log's clock falls behind.
        for n in 0..10 {
            clock.hear_at(Time(1_000_000 + 299_000 * n), after(300 * n));
            let behind = clock.at(after(300 * n)).unwrap().0 - (1_000_000 + 299_000 * n);
            assert!(behind <= 4000, "{n}: {behind} ms ahead of what was heard last");
        }
    }

    #[test]
    fn a_node_that_is_alone_has_its_own_clock() {
        let clock = Clock::own();
        clock.hear(Time(1));
        let (before, now) = (Time::now(), clock.now());
        assert!(clock.is_known() && now >= before && now <= Time::now());
    }
}
