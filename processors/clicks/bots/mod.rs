//! Crawlers by their User-Agent. The patterns are data with a version, which a rule set names: `patterns.v1.txt` has
//! those of the npm package `crawler-user-agents` 1.60.0 (MIT, its licence beside it), one regular expression a line.

use regex::bytes::{RegexSet, RegexSetBuilder};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The patterns of each version, from 1. Once published a version never changes: verdicts depend on it.
const VERSIONS: [&str; 1] = [include_str!("patterns.v1.txt")];

/// The newest version.
pub const NEWEST: u32 = 1;

/// The most memory of one version's automaton, in bytes.
const SIZE_LIMIT: usize = 64 << 20;

/// How many User-Agents are remembered before all are forgotten.
const REMEMBERED: usize = 20_000;

static SETS: LazyLock<Vec<RegexSet>> = LazyLock::new(|| VERSIONS.iter().map(|text| compile(text)).collect());

fn compile(text: &str) -> RegexSet {
    let patterns = text.lines().filter(|line| !line.is_empty());
    let built = RegexSetBuilder::new(patterns).unicode(false).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).build();
    built.expect("a test compiles the patterns")
}

/// Bit n is set if version n + 1 has this User-Agent. One that is empty or only spaces is no browser's.
#[must_use]
pub fn mask(user_agent: &str) -> u32 {
    let blank = user_agent.trim().is_empty();
    let bits = (0..).zip(SETS.iter()).map(|(bit, set)| u32::from(blank || set.is_match(user_agent.as_bytes())) << bit);
    bits.fold(0, |all, bit: u32| all | bit)
}

/// Remembers what the patterns said: there are far fewer User-Agents than clicks.
#[derive(Default)]
pub struct Memory(BTreeMap<u64, u32>);

impl Memory {
    /// The same as [`mask`].
    pub fn mask(&mut self, user_agent: &str) -> u32 {
        let name = xxhash_rust::xxh3::xxh3_64(user_agent.as_bytes());
        if let Some(known) = self.0.get(&name) {
            return *known;
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let found = mask(user_agent);
        self.0.insert(name, found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_are_known_and_browsers_are_left_alone() {
        let browsers = [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        ];
        let crawlers =
            ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "", " "];
        let mut memory = Memory::default();
        for _ in 0..2 {
            assert!(browsers.iter().all(|text| memory.mask(text) == 0 && mask(text) == 0));
            for text in crawlers {
                assert_eq!((memory.mask(text), mask(text)), (1, 1), "{text}");
            }
        }
    }
}
