//! How often an account may follow somebody: a node counts for itself, outside of the log.

use crate::runtime::problem::Problem;
use millrace_topics::time::Time;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// How often an account may follow somebody in a minute, on one node.
pub const FOLLOWS_PER_MINUTE: u32 = 1000;

const MINUTE: u64 = 60_000;

/// How often each account has followed somebody in the present minute.
#[derive(Debug, Default)]
pub struct Pace {
    counts: Mutex<(u64, BTreeMap<String, u32>)>,
}

impl Pace {
    /// Counts one more.
    ///
    /// # Errors
    /// 429 `too_many_follows`.
    pub fn take(&self, user: &str, now: Time) -> Result<(), Problem> {
        let (minute, left) = (now.0 / MINUTE, (MINUTE - now.0 % MINUTE).div_ceil(1000));
        let mut counts = self.counts.lock();
        if counts.0 != minute {
            *counts = (minute, BTreeMap::new());
        }
        let count = counts.1.entry(user.to_owned()).or_default();
        if *count >= FOLLOWS_PER_MINUTE {
            let detail = format!("an account follows at most {FOLLOWS_PER_MINUTE} others a minute");
            return Err(Problem { retry_after: Some(left), ..Problem::new(429, "too_many_follows", detail) });
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_too_often_waits_for_the_next_minute() {
        let pace = Pace::default();
        for _ in 0..FOLLOWS_PER_MINUTE {
            assert!(pace.take("ada", Time(61_000)).is_ok());
        }
        let problem = pace.take("ada", Time(119_001)).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str(), problem.retry_after), (429, "too_many_follows", Some(1)));
        assert!(pace.take("bob", Time(119_001)).is_ok() && pace.take("ada", Time(120_000)).is_ok());
    }
}
