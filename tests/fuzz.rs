//! Fuzzing: what decodes bytes from outside never panics, and what it has read it writes and reads again as the same.
//!
//! Each target has a corpus in `fuzz/corpus/<target>/`, a file an input. All of it is tried by every run, and then
//! changed at random for a fixed number of inputs, or for `FUZZ_SECONDS` in all; `SEED` repeats a run (1). What a target
//! says of an input guides the search: an input that makes it say something new is changed further. One that fails is
//! written into the corpus, where every later run tries it.

mod targets;

use crate::crash::Chance;
use crate::support::number_of;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// How many inputs each target gets where no time is given.
const INPUTS: u64 = 20_000;

/// The most inputs that are kept to be changed further.
const POOL: usize = 10_000;

/// The longest input, in bytes.
const LONGEST: usize = 4096;

/// Pieces that mean something to one of the decoders.
const WORDS: &[&[u8]] = &[
    b"@",
    b"/",
    b",",
    b".",
    b"-",
    b":",
    b"0",
    b"1",
    b"4294967295",
    b"4294967296",
    b"18446744073709551615",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"leaderboards/3@17",
    b"leaderboards",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"1e400",
    b"0.1",
    b"1.7976931348623157e308",
    b"{\"a\":",
    b"[[[[",
    b"\"type\":",
    b"\"define\"",
    b"\"submit_score\"",
    b"\"submit_scores\"",
    b"\"delete_owner\"",
    b"\"close_epoch\"",
    b"\"owner\":",
    b"\"score\":",
    b"\"board\":",
    b"\"id\":",
    b"\"subscores\":",
    b"\"operator\":",
    b"\"metadata\":{",
    b"\"windows\":[\"all\",\"daily\"]",
    b"\"tz\":\"Europe/Berlin\"",
    b"\"reset_cron\":\"0 4 1 * *\"",
    b"\"provenance\":",
    b"\xfb",
    b"\xfc",
    b"\xfd",
    b"\xff\xff",
    b"\xfc\xff\xff\xff\xff",
    b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x01",
    "\u{feff}".as_bytes(),
    "é".as_bytes(),
    "\u{202e}".as_bytes(),
];

#[test]
fn the_corpus_holds() {
    for target in TARGETS {
        let corpus = corpus(target);
        assert!(corpus.len() >= 5, "{}: a corpus of {}", target.name, corpus.len());
        let said: BTreeSet<_> = corpus.iter().map(|(path, input)| tried(target, input, path)).collect();
        assert!(said.len() > 1, "{}: the corpus makes it say only {said:?}", target.name);
    }
}

#[test]
fn fuzzing_finds_nothing() {
    let (seconds, seed) = (number_of("FUZZ_SECONDS"), number_of("SEED").unwrap_or(1));
    for target in TARGETS {
        let until =
            seconds.map(|all| Instant::now() + Duration::from_secs(all) / u32::try_from(TARGETS.len()).unwrap());
        let (inputs, said) = search(target, seed, until);
        println!("fuzzing {}: SEED={seed} {inputs} inputs, {said} different answers", target.name);
    }
}

#[test]
fn fuzzing_finds_what_is_wrong() {
    fn wrong(input: &[u8]) -> String {
        assert!(!input.windows(2).any(|pair| pair == b"@@"), "two of them");
        String::new()
    }
    let target = Target { name: "positions", run: wrong };
    let mut search = Search::new(&target, 1);
    let found = (0..INPUTS).map(|_| search.next()).find(|input| outcome(&target, input).is_err());
    assert!(found.is_some_and(|input| input.windows(2).any(|pair| pair == b"@@")));
}

fn folder(target: &Target) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target.name)
}

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// What the target says of an input, or why it failed.
fn outcome(target: &Target, input: &[u8]) -> Result<String, String> {
    let text = |panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    };
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(text)
}

fn tried(target: &Target, input: &[u8], path: &std::path::Path) -> String {
    outcome(target, input).unwrap_or_else(|why| panic!("{} fails on {}: {why}", target.name, path.display()))
}

/// Tries inputs; how many, and how many different things were said of them.
fn search(target: &Target, seed: u64, until: Option<Instant>) -> (u64, usize) {
    let mut search = Search::new(target, seed);
    let mut inputs = 0;
    while until.map_or(inputs < INPUTS, |until| Instant::now() < until) {
        let input = search.next();
        inputs += 1;
        match outcome(target, &input) {
            Ok(said) => search.note(said, input),
            Err(why) => {
                let path = folder(target).join(format!("found-{:016x}", xxhash_rust::xxh3::xxh3_64(&input)));
                std::fs::write(&path, &input).expect("the corpus can be written");
                panic!("{} fails with SEED={seed} on {}: {why}", target.name, path.display());
            }
        }
    }
    (inputs, search.said.len())
}

/// The inputs that are changed, and what was said so far.
struct Search {
    pool: Vec<Vec<u8>>,
    said: BTreeSet<String>,
    chance: Chance,
}

impl Search {
    fn new(target: &Target, seed: u64) -> Self {
        let pool = corpus(target).into_iter().map(|(_, input)| input).collect();
        Self { pool, said: BTreeSet::new(), chance: Chance(seed) }
    }

    fn note(&mut self, said: String, input: Vec<u8>) {
        if self.pool.len() < POOL && self.said.insert(said) {
            self.pool.push(input);
        }
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a length fits");
        usize::try_from(self.chance.next() % end).expect("it is below a length")
    }

    fn next(&mut self) -> Vec<u8> {
        let index = self.below(self.pool.len());
        let mut input = self.pool[index].clone();
        for _ in 0..=self.below(6) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (at, to) = (self.below(input.len() + 1), self.below(input.len() + 1));
        let (start, end) = (at.min(to), at.max(to));
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.chance.next().to_le_bytes()[0],
            2 => drop(input.drain(start..end.min(start + 16))),
            3 => {
                let piece = input[start..end.min(start + 64)].to_vec();
                input.splice(at..at, piece);
            }
            4 => input.truncate(end),
            5 => {
                let other = self.below(self.pool.len());
                let from = self.below(self.pool[other].len() + 1);
                let tail = self.pool[other][from..].to_vec();
                input.splice(at.., tail);
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
        }
    }
}
