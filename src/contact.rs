//! When a node has last heard of the log. One of several that has not for a while may be behind without knowing it.

use millrace_processors::runtime::problem::Problem;
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// What a node knows about how fresh its views can be. A node that is alone is never asked: nobody else is ahead of it.
pub struct Contact {
    longest: Duration,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy)]
enum Seen {
    /// There are no others.
    Alone,
    /// The log was reached at this moment, and everything that it had before is applied.
    At(Instant),
    /// It was out of reach for too long; what it had when it was reached again is not all applied.
    Behind,
}

impl Contact {
    /// Of a node that is alone, until [`Contact::lose`] is called.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { longest, seen: Mutex::new(Seen::Alone) }
    }

    /// Nothing is known any more about how fresh the views are.
    pub fn lose(&self) {
        *self.seen.lock() = Seen::Behind;
    }

    /// Everything is applied that the log had at this moment.
    pub fn regain(&self, at: Instant) {
        *self.seen.lock() = Seen::At(at);
    }

    /// The log was reached at this moment. False if it was out of reach for so long that the views may be behind: then
    /// nothing has changed.
    pub fn note(&self, at: Instant) -> bool {
        let mut seen = self.seen.lock();
        match *seen {
            Seen::At(last) if at.saturating_duration_since(last) <= self.longest => {
                *seen = Seen::At(at.max(last));
                true
            }
            _ => false,
        }
    }

    /// How old an answer may be at most; `None` if nobody knows.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        match *self.seen.lock() {
            Seen::Alone => Some(Duration::ZERO),
            Seen::At(last) => Some(last.elapsed()),
            Seen::Behind => None,
        }
    }

    /// Refuses a read whose answer might be older than is allowed.
    ///
    /// # Errors
    /// 503 `stale`.
    pub fn check(&self, allowed: Duration) -> Result<(), Problem> {
        match self.age() {
            Some(age) if age <= allowed => Ok(()),
            age => {
                let age = age.map_or_else(|| "a while".to_owned(), |age| format!("{:.1} s", age.as_secs_f64()));
                Err(Problem::unavailable("stale", format!("this node has not reached the log for {age}"), 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(5);

    #[test]
    fn who_was_away_for_long_must_catch_up_first() {
        let contact = Contact::new(LONGEST);
        assert_eq!(contact.check(LONGEST), Ok(()));
        contact.lose();
        let start = Instant::now();
        assert!(!contact.note(start), "nobody knows what happened before");
        assert_eq!(contact.check(LONGEST).map_err(|problem| problem.code), Err("stale".to_owned()));
        contact.regain(start);
        assert!(contact.note(start + LONGEST));
        assert!(contact.note(start + LONGEST), "twice at once");
        assert!(!contact.note(start + LONGEST * 2 + Duration::from_millis(1)), "that was too long");
    }

    #[test]
    fn a_client_may_allow_more_or_less() {
        let contact = Contact::new(LONGEST);
        let Some(past) = Instant::now().checked_sub(LONGEST * 2) else { return };
        contact.regain(past);
        assert!(contact.check(LONGEST).is_err());
        assert_eq!(contact.check(LONGEST * 3), Ok(()));
    }
}
