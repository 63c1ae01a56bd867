//! What many write about: how many posts of each hour have a tag, and of the last day together. It is kept in memory, and made
//! again of the rows: the id of a post says its hour.

use crate::feeds::tags::tables::{NEWEST_HOUR, TAGGED};
use crate::runtime::system::Engine;
use millrace_state::key::Desc;
use millrace_state::store::Store;
use millrace_topics::feeds::{PostId, Trend};
use millrace_topics::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// How many hours count, the present one included.
pub const HOURS: u64 = 24;

const HOUR_MICROS: u64 = 3_600_000_000;

/// The tags of the last day of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trends {
    by_hour: BTreeMap<u64, BTreeMap<String, u64>>,
    /// The newest hour of any post, also of one that has the tag no more.
    newest: u64,
    sums: BTreeMap<String, u64>,
    ranked: BTreeSet<(u64, String)>,
}

impl Trends {
    /// A post has the tag.
    pub fn add(&mut self, tag: &str, post: PostId) {
        let hour = post.micros() / HOUR_MICROS;
        if hour + HOURS <= self.newest {
            return;
        }
        *self.by_hour.entry(hour).or_default().entry(tag.to_owned()).or_default() += 1;
        self.change(tag, |sum| sum + 1);
        self.newest = self.newest.max(hour);
        let newest = self.newest;
        while let Some(oldest) = self.by_hour.first_entry().filter(|oldest| oldest.key() + HOURS <= newest) {
            for (tag, count) in oldest.remove() {
                self.change(&tag, |sum| sum - count);
            }
        }
    }

    /// And has it no more.
    pub fn remove(&mut self, tag: &str, post: PostId) {
        let hour = post.micros() / HOUR_MICROS;
        let Some(tags) = self.by_hour.get_mut(&hour) else { return };
        let Some(count) = tags.get_mut(tag) else { return };
        *count -= 1;
        if *count == 0 {
            tags.remove(tag);
        }
        self.change(tag, |sum| sum - 1);
    }

    fn change(&mut self, tag: &str, change: impl FnOnce(u64) -> u64) {
        let before = self.sums.remove(tag).unwrap_or_default();
        self.ranked.remove(&(before, tag.to_owned()));
        let after = change(before);
        if after > 0 {
            self.sums.insert(tag.to_owned(), after);
            self.ranked.insert((after, tag.to_owned()));
        }
    }

    /// The newest hour of any post.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The tags that most posts have, unless the last one is of another day.
    #[must_use]
    pub fn top(&self, now: Time, limit: usize) -> Vec<Trend> {
        if self.newest + HOURS <= now.0 * 1000 / HOUR_MICROS {
            return Vec::new();
        }
        let trend = |(posts, tag): &(u64, String)| Trend { tag: tag.clone(), posts: *posts };
        self.ranked.iter().rev().take(limit).map(trend).collect()
    }
}

impl Engine for Trends {
    fn rebuild(store: &Store) -> Self {
        let newest = store.range(&NEWEST_HOUR.all()).next().map(|(_, value)| NEWEST_HOUR.value_of(&value));
        let mut trends = Self { newest: newest.unwrap_or_default(), ..Self::default() };
        for (key, _) in store.range(&TAGGED.all()) {
            let (tag, Desc(post)) = TAGGED.key_of(&key);
            trends.add(&tag, PostId(post));
        }
        trends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::record::Stamp;
    use proptest::prelude::*;

    fn post(hour: u64, number: u64) -> PostId {
        PostId::new(Stamp { micros: hour * HOUR_MICROS + number, node: 1 }, "ada")
    }

    proptest! {
        #[test]
        fn sums_are_what_the_last_day_adds_up_to(acts in prop::collection::vec((0u64..60, 0usize..4, any::<bool>()), 1..80)) {
            let (mut trends, mut all) = (Trends::default(), BTreeSet::new());
            let mut newest = 0;
            for (number, (hour, tag, has)) in (0..).zip(acts) {
                let tag = ["a", "b", "c", "d"][tag];
                if has {
                    newest = newest.max(hour);
                    all.insert((tag, hour, number));
                    trends.add(tag, post(hour, number));
                } else if let Some((tag, hour, number)) = all.iter().next().copied() {
                    all.remove(&(tag, hour, number));
                    trends.remove(tag, post(hour, number));
                }
                let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
                for (tag, _, _) in all.iter().filter(|(_, hour, _)| hour + HOURS > newest) {
                    *expected.entry(*tag).or_default() += 1;
                }
                let mut expected: Vec<(u64, &str)> = expected.into_iter().map(|(tag, count)| (count, tag)).collect();
                expected.sort_unstable_by(|one, other| other.cmp(one));
                let now = Time(newest * 3_600_000);
                let found = trends.top(now, 10);
                let found: Vec<(u64, &str)> = found.iter().map(|trend| (trend.posts, trend.tag.as_str())).collect();
                prop_assert_eq!(found, expected);
                prop_assert!(trends.top(Time((newest + HOURS) * 3_600_000), 10).is_empty());
            }
        }
    }
}
