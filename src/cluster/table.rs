//! What the nodes have announced, and what follows from it: who answers for a shard, and who keeps a copy of it.
//!
//! Everything here is a function of the announcements in the order of their topic, times included: two nodes that have
//! read the same of it agree.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// What a node says of itself: the value of a record of `millrace.nodes`, under the node's name as its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Where others reach it, as HOST:PORT: its name.
    pub name: String,
    /// Drawn at its start: tells its runs apart.
    pub run: String,
    /// Its build.
    pub build: String,
    /// What it has of the cluster's secret, so that one with another is found out. No secret follows from it.
    pub secret: String,
    /// True if it is spoken to over TLS.
    #[serde(default)]
    pub tls: bool,
    /// True when it stops: what it has is not counted on any more.
    #[serde(default)]
    pub leaving: bool,
    /// The shards that it has open, by number.
    pub shards: BTreeMap<u32, Copy>,
}

impl Announcement {
    /// True if another one differs from this at most in how far the copies are.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let still = |said: &Self| {
            let shards = said.shards.iter().map(|(shard, copy)| (*shard, Copy { next: 0, ..*copy })).collect();
            Self { shards, ..said.clone() }
        };
        still(self) == still(other)
    }
}

/// A node's copy of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// True if it has come to the end of the log.
    pub live: bool,
    /// The next offsets, summed over the machines.
    pub next: u64,
    /// How many machines' partitions have stopped here.
    pub stopped: u32,
    /// Not 0 while the group has given the shard to this node; then greater than any claim to it that the node knew.
    pub claim: u64,
}

/// A node as the others know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it said last.
    pub said: Announcement,
    /// When, by the log's clock, in milliseconds.
    pub at: u64,
}

/// All nodes that have announced themselves.
#[derive(Clone, Debug)]
pub struct Table {
    session_ms: u64,
    now: u64,
    nodes: BTreeMap<String, Known>,
    /// Those that were there when the holders were chosen last.
    there: BTreeSet<String>,
    holders: BTreeMap<u32, String>,
}

impl Table {
    /// No nodes. One that has said nothing for `session_ms` is taken for gone.
    #[must_use]
    pub fn new(session_ms: u64) -> Self {
        Self { session_ms, now: 0, nodes: BTreeMap::new(), there: BTreeSet::new(), holders: BTreeMap::new() }
    }

    /// Takes the next announcement, with the time that the log gave it. True if anything but positions has changed.
    pub fn take(&mut self, said: Announcement, at: u64) -> bool {
        // Another broker's clock may be behind.
        self.now = self.now.max(at);
        let name = said.name.clone();
        let same = self.nodes.get(&name).is_some_and(|known| known.said.is_like(&said));
        self.nodes.insert(name, Known { said, at: self.now });
        let there: BTreeSet<_> =
            self.nodes().filter(|(_, there)| *there).map(|(known, _)| known.said.name.clone()).collect();
        if same && there == self.there {
            return false;
        }
        self.there = there;
        let shards: BTreeSet<u32> = self.nodes.values().flat_map(|known| known.said.shards.keys().copied()).collect();
        let chosen = shards.into_iter().filter_map(|shard| Some((shard, self.choose(shard)?.to_owned())));
        self.holders = chosen.collect();
        true
    }

    /// All nodes, by name, and whether each is there.
    pub fn nodes(&self) -> impl Iterator<Item = (&Known, bool)> {
        self.nodes.values().map(|known| (known, self.is_there(known)))
    }

    /// How long ago, by the log's clock, a node was heard of, in milliseconds.
    #[must_use]
    pub fn silence(&self, known: &Known) -> u64 {
        self.now - known.at
    }

    fn is_there(&self, known: &Known) -> bool {
        !known.said.leaving && self.silence(known) <= self.session_ms
    }

    /// Who answers for a shard; `None` where nobody has a live copy.
    ///
    /// A live copy is at the end of the log, so of those that are there, and of which least has stopped, the one is taken
    /// whose node the group gave the shard last. Where it gave it to none of them, whoever answered goes on, else the
    /// furthest one is taken. So whoever answered goes on until the next one has caught up.
    #[must_use]
    pub fn holder(&self, shard: u32) -> Option<&str> {
        self.holders.get(&shard).map(String::as_str)
    }

    fn choose(&self, shard: u32) -> Option<&str> {
        let copies = self.nodes.values().filter_map(|known| Some((known, known.said.shards.get(&shard)?)));
        let live = copies.filter(|(_, copy)| copy.live);
        let before = self.holder(shard);
        let best = live.max_by_key(|(known, copy)| {
            let name = known.said.name.as_str();
            (self.is_there(known), Reverse(copy.stopped), copy.claim, before == Some(name), copy.next, Reverse(name))
        });
        best.map(|(known, _)| known.said.name.as_str())
    }

    /// True if a node is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.nodes.get(name).is_some_and(|known| self.is_there(known))
    }

    /// True if a node is spoken to over TLS.
    #[must_use]
    pub fn speaks_tls(&self, name: &str) -> bool {
        self.nodes.get(name).is_some_and(|known| known.said.tls)
    }

    /// The greatest claim to a shard that anybody has made.
    #[must_use]
    pub fn last_claim(&self, shard: u32) -> u64 {
        self.claims(shard).map(|(claim, _)| claim).max().unwrap_or(0)
    }

    fn claims(&self, shard: u32) -> impl Iterator<Item = (u64, &Known)> {
        self.nodes.values().filter_map(move |known| Some((known.said.shards.get(&shard)?.claim, known)))
    }

    /// The `count` nodes that keep a copy of a shard besides the one that the group gave it to: the first that are there,
    /// in an order that each shard has for itself.
    #[must_use]
    pub fn standbys(&self, shard: u32, count: usize) -> BTreeSet<&str> {
        let owner =
            self.claims(shard).filter(|(claim, known)| *claim > 0 && self.is_there(known)).max_by_key(|one| one.0);
        let owner = owner.map(|(_, known)| known.said.name.as_str());
        let there = self.nodes().filter(|(_, there)| *there).map(|(known, _)| known.said.name.as_str());
        let mut others: Vec<_> = there.filter(|name| Some(*name) != owner).collect();
        others.sort_by_key(|name| (xxh3_64(format!("{shard} {name}").as_bytes()), *name));
        others.into_iter().take(count).collect()
    }

    /// What forbids a node with this announcement to be one of the cluster.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self, own: &Announcement, number_of: impl Fn(&str) -> u32) -> Result<(), String> {
        for (known, _) in self.nodes().filter(|(known, there)| *there && known.said.name != own.name) {
            let Announcement { name, secret, .. } = &known.said;
            if *secret != own.secret {
                return Err(format!("the node at {name} has other --keys than this one: all must have the same file"));
            }
            if number_of(name) == number_of(&own.name) {
                return Err(format!("--advertise {} has the same number in stamps as {name}: take another", own.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: u64 = 6000;

    fn live(claim: u64, next: u64) -> Copy {
        Copy { live: true, next, stopped: 0, claim }
    }

    fn said(name: &str, shards: &[(u32, Copy)]) -> Announcement {
        Announcement { name: name.to_owned(), shards: shards.iter().copied().collect(), ..Announcement::default() }
    }

    /// What each of the nodes has of shard 0, when it said so, and who answers then.
    #[test]
    fn the_one_with_the_last_claim_answers_once_it_is_live() {
        let warm = Copy { live: false, ..live(2, 5) };
        let halted = Copy { stopped: 1, ..live(9, 9) };
        for (what, all, holder) in [
            ("nobody", vec![], None),
            ("only one", vec![("a", live(0, 5), 0)], Some("a")),
            ("it goes on while another warms", vec![("a", live(1, 9), 0), ("b", warm, 0)], Some("a")),
            ("until that is live", vec![("a", live(1, 9), 0), ("b", live(2, 8), 0)], Some("b")),
            ("one whose shard was taken goes on", vec![("a", live(0, 9), 0), ("b", warm, 0)], Some("a")),
            ("who answered goes on", vec![("b", live(0, 5), 0), ("a", live(0, 6), 0)], Some("b")),
            (
                "of standbys the furthest takes over",
                vec![
                    ("c", live(1, 9), 0),
                    ("a", live(0, 5), SESSION),
                    ("b", live(0, 6), SESSION),
                    ("d", warm, SESSION + 1),
                ],
                Some("b"),
            ),
            (
                "of equals the first",
                vec![
                    ("c", live(1, 9), 0),
                    ("b", live(0, 5), SESSION),
                    ("a", live(0, 5), SESSION),
                    ("d", warm, SESSION + 1),
                ],
                Some("a"),
            ),
            ("who is silent is gone", vec![("a", live(3, 9), 0), ("b", live(0, 8), SESSION + 1)], Some("b")),
            ("but not before", vec![("a", live(3, 9), 0), ("b", live(0, 8), SESSION)], Some("a")),
            ("where all are silent, the last", vec![("a", live(3, 9), 0), ("c", warm, SESSION + 1)], Some("a")),
            ("what has stopped answers last", vec![("a", halted, 0), ("b", live(0, 8), 0)], Some("b")),
            ("but it answers", vec![("a", halted, 0)], Some("a")),
            ("only warming", vec![("a", warm, 0)], None),
        ] {
            let mut table = Table::new(SESSION);
            for (name, copy, at) in all {
                table.take(said(name, &[(0, copy)]), at);
            }
            assert_eq!(table.holder(0), holder, "{what}");
            assert_eq!(table.holder(1), None, "{what}");
        }
    }

    #[test]
    fn positions_alone_change_nothing() {
        let mut table = Table::new(SESSION);
        assert!(table.take(said("a", &[(0, live(1, 9))]), 0));
        assert!(!table.take(said("a", &[(0, live(1, 10))]), 1));
        assert!(table.take(said("a", &[(0, live(2, 10))]), 2));
        assert!(table.take(said("b", &[]), 3));
        assert!(table.take(said("b", &[]), 3 + SESSION), "a is gone");
        assert!(!table.take(said("b", &[]), 3 + SESSION));
    }

    #[test]
    fn who_leaves_is_not_counted_on() {
        let mut table = Table::new(SESSION);
        table.take(said("a", &[(0, live(1, 9))]), 0);
        table.take(said("b", &[(0, live(0, 9))]), 0);
        table.take(Announcement { leaving: true, ..said("a", &[(0, live(1, 9))]) }, 1);
        assert_eq!(table.holder(0), Some("b"));
        assert!(!table.has("a") && table.has("b"));
    }

    #[test]
    fn time_does_not_go_back() {
        let mut table = Table::new(SESSION);
        table.take(said("a", &[]), 10_000);
        table.take(said("b", &[]), 1000);
        assert!(table.has("a") && table.has("b"), "another broker's clock is behind");
        table.take(said("a", &[]), 10_000 + SESSION + 1);
        assert!(!table.has("b"));
    }

    #[test]
    fn standbys_are_others_than_the_owner_and_spread() {
        let mut table = Table::new(SESSION);
        for name in ["a", "b", "c", "d"] {
            let shards: Vec<_> = (0..64).filter(|_| name == "a").map(|shard| (shard, live(1, 0))).collect();
            table.take(said(name, &shards), 0);
        }
        let mut counts = BTreeMap::new();
        for shard in 0..64 {
            assert!(table.standbys(shard, 0).is_empty());
            let two = table.standbys(shard, 2);
            assert!(two.len() == 2 && !two.contains("a"), "{two:?}");
            assert!(two.is_superset(&table.standbys(shard, 1)), "more keep what fewer did");
            two.into_iter().for_each(|name| *counts.entry(name).or_insert(0) += 1);
            assert_eq!(table.standbys(shard, 9).len(), 3);
        }
        assert!(counts.values().all(|count| (28..=58).contains(count)), "{counts:?}");
    }

    #[test]
    fn another_secret_and_another_node_of_the_same_number_are_refused() {
        let mut table = Table::new(SESSION);
        table.take(Announcement { secret: "s".to_owned(), ..said("a", &[]) }, 0);
        let own = |name: &str, secret: &str| Announcement { secret: secret.to_owned(), ..said(name, &[]) };
        let number = |name: &str| u32::from(name.as_bytes()[0] % 8);
        assert_eq!(table.check(&own("b", "s"), number), Ok(()));
        assert_eq!(table.check(&own("a", "s"), number), Ok(()), "itself, before it was started again");
        assert!(table.check(&own("b", "t"), number).unwrap_err().contains("has other --keys"));
        assert!(table.check(&own("i", "s"), number).unwrap_err().contains("same number in stamps as a"));
        table.take(own("c", "s"), SESSION + 1);
        assert!(table.check(&own("b", "t"), number).unwrap_err().contains("at c"), "a is gone");
    }
}
