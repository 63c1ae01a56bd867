//! Whom readers follow, as a node remembers it from one page to the next: names and what stands for them are sorted by partition
//! once. Whether it is still so the reader's partition says at each read, so a follow holds at once.

use crate::feeds::accounts::handle;
use crate::feeds::newest::AUTHORS_LIMIT;
use crate::feeds::queries::sum_of;
use millrace_topics::feeds::MutedWord;
use millrace_topics::partition::partition_of;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many names a node remembers, of all readers together. The longest known reader goes for a new one.
pub const NAMES_KEPT: usize = 1_000_000;

/// Authors of one partition, no more than one question may name.
#[derive(Clone, Debug)]
pub struct Group {
    /// The partition.
    pub partition: u32,
    /// The authors.
    pub authors: Vec<Arc<str>>,
    /// What stands for their names.
    pub handles: Vec<u128>,
}

impl Group {
    fn add(&mut self, author: Arc<str>) {
        self.handles.push(handle(&author));
        self.authors.push(author);
    }
}

/// These authors by partition.
#[must_use]
pub fn groups(authors: impl IntoIterator<Item = Arc<str>>, partitions: u32) -> Vec<Arc<Group>> {
    let mut open: BTreeMap<u32, Group> = BTreeMap::new();
    let mut full = Vec::new();
    for author in authors {
        let partition = partition_of(author.as_bytes(), partitions);
        let new = || Group { partition, authors: Vec::new(), handles: Vec::new() };
        let group = open.entry(partition).or_insert_with(new);
        group.add(author);
        if group.authors.len() == AUTHORS_LIMIT {
            full.extend(open.remove(&partition).map(Arc::new));
        }
    }
    full.extend(open.into_values().map(Arc::new));
    full
}

/// Whom a reader follows and has not muted, and the words that he has muted.
#[derive(Debug)]
pub struct Sources {
    /// The names, in their order.
    pub names: Vec<Arc<str>>,
    /// The words.
    pub words: Vec<MutedWord>,
    /// What stands for all of that.
    pub sum: u128,
    groups: Vec<Arc<Group>>,
}

impl Sources {
    /// What a reader follows over so many partitions.
    #[must_use]
    pub fn of(names: Vec<String>, words: Vec<MutedWord>, partitions: u32) -> Self {
        let sum = sum_of(&names, &words);
        let mut names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
        names.sort_unstable();
        let groups = groups(names.iter().cloned(), partitions);
        Self { names, words, sum, groups }
    }

    /// True if he follows this one.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| (**known).cmp(name)).is_ok()
    }

    /// Whom he follows by partition, and perhaps one more.
    #[must_use]
    pub fn groups(&self, more: Option<&str>, partitions: u32) -> Vec<Arc<Group>> {
        let mut all = self.groups.clone();
        let Some(more) = more else { return all };
        let partition = partition_of(more.as_bytes(), partitions);
        let has_room = |group: &&mut Arc<Group>| group.partition == partition && group.authors.len() < AUTHORS_LIMIT;
        match all.iter_mut().find(has_room) {
            Some(group) => Arc::make_mut(group).add(more.into()),
            None => all.extend(groups([more.into()], partitions)),
        }
        all
    }
}

/// What a node remembers.
#[derive(Default)]
pub struct Remembered {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_reader: BTreeMap<String, Arc<Sources>>,
    /// The longest known first.
    order: VecDeque<String>,
    names: usize,
}

impl Remembered {
    /// What was known of a reader.
    #[must_use]
    pub fn find(&self, reader: &str) -> Option<Arc<Sources>> {
        self.kept.lock().by_reader.get(reader).cloned()
    }

    /// Remembers a reader.
    pub fn keep(&self, reader: &str, sources: Arc<Sources>) {
        let mut kept = self.kept.lock();
        kept.names += sources.names.len() + 1;
        match kept.by_reader.insert(reader.to_owned(), sources) {
            Some(before) => kept.names -= before.names.len() + 1,
            None => kept.order.push_back(reader.to_owned()),
        }
        while kept.names > NAMES_KEPT {
            let Some(oldest) = kept.order.pop_front() else { return };
            let gone = kept.by_reader.remove(&oldest).expect("it is in order");
            kept.names -= gone.names.len() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(count: usize) -> Arc<Sources> {
        Arc::new(Sources::of((0..count).map(|number| format!("user-{number}")).collect(), Vec::new(), 8))
    }

    #[test]
    fn every_author_is_in_a_group_of_its_partition_once() {
        let sources = sources(2000);
        for more in [None, Some("zoe")] {
            let mut found = Vec::new();
            for group in sources.groups(more, 8) {
                assert!(group.authors.len() <= AUTHORS_LIMIT);
                for (author, handed) in group.authors.iter().zip(&group.handles) {
                    assert_eq!((partition_of(author.as_bytes(), 8), handle(author)), (group.partition, *handed));
                    found.push(author.clone());
                }
            }
            found.sort_unstable();
            let expected: Vec<Arc<str>> = sources.names.iter().cloned().chain(more.map(Arc::from)).collect();
            assert_eq!(found, expected);
        }
        assert!(sources.contains("user-7") && !sources.contains("zoe"));
    }

    #[test]
    fn the_longest_known_readers_go_when_there_are_too_many_names() {
        let (remembered, large) = (Remembered::default(), sources(NAMES_KEPT / 2 - 1));
        for reader in ["ada", "bob", "ada", "cyd"] {
            remembered.keep(reader, large.clone());
        }
        let known = ["ada", "bob", "cyd"].map(|reader| remembered.find(reader).is_some());
        assert_eq!((known, remembered.kept.lock().names), ([false, true, true], NAMES_KEPT));
    }
}
