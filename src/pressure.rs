//! How long a refused client should wait: long enough that those who were refused before it are served by then.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How long is counted before the answer is thought over.
const WINDOW: Duration = Duration::from_secs(1);

/// The longest wait that is asked for, in seconds.
const LONGEST: u64 = 60;

/// Those who come back should be no more than a half of what is served meanwhile.
const SLACK: u64 = 2;

/// Counts what is served and refused, and derives from it when a refused client should come back.
pub struct Pressure {
    counted: Mutex<Counted>,
}

struct Counted {
    since: Instant,
    served: u64,
    refused: u64,
    /// What refused clients are told at the least, in seconds.
    wait: u64,
}

impl Counted {
    /// Thinks the wait over: whoever was refused comes back after it, so that many wait at a time.
    fn roll(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed < WINDOW {
            return;
        }
        let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let waiting = self.refused.saturating_mul(self.wait).saturating_mul(1000) / millis;
        let served = (self.served.saturating_mul(1000) / millis).max(1);
        self.wait = (SLACK * waiting).div_ceil(served).clamp(1, LONGEST);
        (self.since, self.served, self.refused) = (now, 0, 0);
    }
}

impl Pressure {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self { counted: Mutex::new(Counted { since: Instant::now(), served: 0, refused: 0, wait: 1 }) }
    }

    /// A request was served to its end.
    pub fn served(&self) {
        self.served_at(Instant::now());
    }

    fn served_at(&self, now: Instant) {
        let mut counted = self.counted.lock();
        counted.roll(now);
        counted.served += 1;
    }

    /// A request is refused: the seconds after which it is worth trying again. They are spread over twice the time
    /// that is needed, so that those who were refused together do not come back together.
    pub fn refused(&self) -> u64 {
        self.refused_at(Instant::now())
    }

    fn refused_at(&self, now: Instant) -> u64 {
        let mut counted = self.counted.lock();
        counted.roll(now);
        counted.refused += 1;
        counted.wait + counted.refused % (counted.wait + 1)
    }
}

impl Default for Pressure {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told at the end of windows in each of which so many were served and refused.
    fn told(windows: &[(u64, u64)]) -> u64 {
        let pressure = Pressure::new();
        let start = pressure.counted.lock().since;
        let mut now = start;
        for (served, refused) in windows {
            for _ in 0..*served {
                pressure.served_at(now);
            }
            for _ in 0..*refused {
                pressure.refused_at(now);
            }
            now += WINDOW;
        }
        pressure.refused_at(now);
        pressure.counted.into_inner().wait
    }

    #[test]
    fn the_wait_follows_what_is_served() {
        for (windows, wait) in [
            (&[][..], 1),
            (&[(1000, 10)], 1),
            (&[(100, 500)], 10),
            // 500 wait ten seconds each, so 50 come a second: the wait is right.
            (&[(100, 500), (100, 50)], 10),
            (&[(100, 500), (100, 50), (100, 1)], 1),
            (&[(0, 500)], LONGEST),
        ] {
            assert_eq!(told(windows), wait, "{windows:?}");
        }
    }

    #[test]
    fn those_who_are_refused_together_come_back_apart() {
        let pressure = Pressure::new();
        let told: std::collections::BTreeSet<_> = (0..10).map(|_| pressure.refused()).collect();
        assert_eq!(told, [1, 2].into());
    }
}
