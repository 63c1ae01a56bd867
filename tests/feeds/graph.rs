//! A graph as people make it: few have many followers, most have few, one has very many. It is loaded through the log with
//! posts, answers, reposts, likes, deletes, blocks and mutes; the server is killed as soon as it answers, and then samples
//! of it are held against an oracle that looks through everything.
//!
//! `ACCOUNTS` (300) follow 12 others each on average, or `FOLLOWS`; `FOLLOWERS` (20,000) more follow the first one. `SEED`
//! makes another graph.

use super::{As, id};
use crate::support::{Server, eventually, number_of, text};
use millrace_topics::codec;
use millrace_topics::contract::Contract as _;
use millrace_topics::embedded::{EmbeddedLog, EmbeddedOptions};
use millrace_topics::feeds::{
    Command, Edge, Feeds, NewPost, OnPost, PostId, PostRef, Profile, Reacting, Reaction, Reposting, Said, Visibility,
};
use millrace_topics::log::{Log, NewRecord};
use millrace_topics::partition::partition_of;
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

/// How many partitions there are.
const PARTITIONS: u32 = 4;

/// How many homes are looked at.
const SAMPLES: usize = 25;

/// How far down.
const DEEP: usize = 200;

/// Of a post and its reposts one is shown among so many.
const APART: usize = 40;

struct Post {
    id: PostId,
    author: usize,
    reply_to: Option<usize>,
    repost_of: Option<usize>,
    likes: BTreeSet<usize>,
    deleted: bool,
}

/// What is in the log, as sets.
struct Graph {
    chance: u64,
    stamped: u64,
    records: BTreeMap<u32, Vec<NewRecord>>,
    /// As long as it is filled.
    log: Option<Log>,
    follows: Vec<BTreeSet<usize>>,
    blocks: BTreeSet<(usize, usize)>,
    mutes: BTreeSet<(usize, usize)>,
    posts: Vec<Post>,
}

fn name(number: usize) -> String {
    format!("user-{number}")
}

impl Graph {
    fn random(&mut self, below: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance >> 11).unwrap() % below
    }

    /// Somebody: the first ones much more often than the others.
    fn popular(&mut self) -> usize {
        let all = self.follows.len();
        let most = self.random(all) + 1;
        let fewer = self.random(most) + 1;
        self.random(fewer)
    }

    fn write(&mut self, command: &Command) -> Stamp {
        self.stamped += 1;
        let stamp = Stamp { micros: 1_790_000_000_000_000 + self.stamped, node: 7 };
        let caller = Caller { id: "graph".to_owned(), role: Role::Server };
        let header = Header { schema: Feeds::SCHEMA, stamp, caller, ..Header::default() };
        let key = Feeds::key(command).expect("each has a key").to_vec();
        let partition = partition_of(&key, PARTITIONS);
        let value = Record { header, payload: Payload::Command(codec::encode(command)) }.encode();
        let waiting = self.records.entry(partition).or_default();
        waiting.push(NewRecord { key, value, ..NewRecord::default() });
        if waiting.len() == 1000 {
            let records = std::mem::take(waiting);
            self.append(partition, records);
        }
        stamp
    }

    fn say(&mut self, author: usize, reply_to: Option<usize>) {
        let of = reply_to.map(|index| self.reference(index));
        let said = Said { text: format!("post {}", self.posts.len()), tags: Vec::new(), mentions: Vec::new() };
        let new = NewPost { author: name(author), said, reply_to: of, quote_of: None, visibility: Visibility::Public };
        let stamp = self.write(&Command::Post(Box::new(new)));
        self.push(stamp, author, reply_to, None);
    }

    fn push(&mut self, stamp: Stamp, author: usize, reply_to: Option<usize>, repost_of: Option<usize>) {
        let id = PostId::new(stamp, &name(author));
        self.posts.push(Post { id, author, reply_to, repost_of, likes: BTreeSet::new(), deleted: false });
    }

    fn reference(&self, index: usize) -> PostRef {
        PostRef { id: self.posts[index].id, author: name(self.posts[index].author) }
    }

    /// One of the last posts that is no repost.
    fn lately(&mut self) -> Option<usize> {
        let from = self.posts.len().saturating_sub(500);
        let index = from + self.random(self.posts.len() - from);
        (self.posts[index].repost_of.is_none() && !self.posts[index].deleted).then_some(index)
    }

    fn people(&mut self, mean: usize, followers: usize) {
        let all = self.follows.len();
        for user in 0..all {
            let profile = Profile { user: name(user), name: name(user), about: String::new(), private: false };
            self.write(&Command::SetUser(profile));
        }
        for user in 0..all {
            for _ in 0..self.random(2 * mean) + 1 {
                let target = self.popular();
                if target != user && self.follows[user].insert(target) {
                    self.write(&Command::Follow(Edge { user: name(user), target: name(target) }));
                }
            }
        }
        for fan in 0..followers {
            self.write(&Command::Follow(Edge { user: format!("fan-{fan}"), target: name(0) }));
        }
    }

    fn life(&mut self, acts: usize) {
        self.say(0, None);
        for _ in 0..acts {
            let (kind, user, somebody) = (self.random(20), self.random(self.follows.len()), self.popular());
            let lately = self.lately();
            match (kind, lately) {
                (0..=7, _) => self.say(somebody, None),
                (8..=10, Some(index)) => self.say(user, Some(index)),
                (11..=13, Some(of))
                    if !self
                        .posts
                        .iter()
                        .rev()
                        .take(2000)
                        .any(|post| post.author == user && post.repost_of == Some(of)) =>
                {
                    let reposting = Reposting { author: name(user), of: self.reference(of) };
                    let stamp = self.write(&Command::Repost(reposting));
                    self.push(stamp, user, None, Some(of));
                }
                (14..=18, Some(post)) => {
                    let PostRef { id, author } = self.reference(post);
                    let reacting = Reacting { author, post: id, user: name(user), kind: Reaction::Like };
                    self.write(&Command::React(reacting));
                    self.posts[post].likes.insert(user);
                }
                (19, Some(post)) => {
                    let PostRef { id, author } = self.reference(post);
                    self.write(&Command::Delete(OnPost { author, post: id }));
                    self.posts[post].deleted = true;
                }
                _ => {}
            }
        }
        for _ in 0..self.follows.len() / 5 {
            let (user, target) = (self.random(self.follows.len()), self.popular());
            let edge = Edge { user: name(user), target: name(target) };
            if user == target {
                continue;
            }
            match self.random(2) {
                0 => {
                    self.write(&Command::Block(edge));
                    self.blocks.insert((user, target));
                    self.follows[user].remove(&target);
                    self.follows[target].remove(&user);
                }
                _ => {
                    self.write(&Command::Mute(edge));
                    self.mutes.insert((user, target));
                }
            }
        }
    }

    fn append(&self, partition: u32, records: Vec<NewRecord>) {
        self.log.as_ref().expect("it is being filled").append_wait("feeds", partition, records).unwrap();
    }

    fn finish(&mut self) {
        for (partition, records) in std::mem::take(&mut self.records) {
            self.append(partition, records);
        }
    }

    /// A home as somebody slow finds it.
    fn home(&self, viewer: usize) -> Vec<String> {
        let muted = |author: usize| self.mutes.contains(&(viewer, author));
        let apart = |author: usize| self.blocks.contains(&(viewer, author)) || self.blocks.contains(&(author, viewer));
        let follows = |author: usize| self.follows[viewer].contains(&author) && !muted(author);
        let (mut shown, mut recent) = (Vec::new(), VecDeque::new());
        for post in self.posts.iter().rev().filter(|post| follows(post.author) && !post.deleted) {
            let answered = post.reply_to.map(|index| self.posts[index].author);
            let fits = answered.is_none_or(|author| author == viewer || author == post.author || follows(author));
            let original = post.repost_of.map(|index| &self.posts[index]);
            let is_there = original.is_none_or(|original| {
                !original.deleted && (original.author == viewer || !muted(original.author) && !apart(original.author))
            });
            let shows = original.map_or(post.id, |original| original.id);
            if !fits || !is_there || recent.contains(&shows) {
                continue;
            }
            recent.push_front(shows);
            recent.truncate(APART);
            shown.push(post.id.to_string());
        }
        shown
    }

    fn followers(&self, of: usize) -> usize {
        self.follows.iter().filter(|follows| follows.contains(&of)).count()
    }
}

fn fill(data: &Path, accounts: usize, followers: usize) -> Graph {
    let log = Log::Embedded(EmbeddedLog::open(data.join("log"), EmbeddedOptions::default()).unwrap());
    let seed = number_of("SEED").unwrap_or(1);
    let mut graph = Graph {
        chance: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        stamped: 0,
        records: BTreeMap::new(),
        log: Some(log),
        follows: vec![BTreeSet::new(); accounts],
        blocks: BTreeSet::new(),
        mutes: BTreeSet::new(),
        posts: Vec::new(),
    };
    let mean = number_of("FOLLOWS").unwrap_or(12);
    graph.people(usize::try_from(mean).unwrap(), followers);
    graph.life(accounts * 10);
    graph.finish();
    if let Some(Log::Embedded(log)) = graph.log.take() {
        log.close();
    }
    graph
}

/// The first items of a home, page by page.
fn home(who: &As<'_>) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    while found.len() < DEEP {
        let page = who.get(&format!("/v1/feeds?limit=40{cursor}"));
        assert_eq!(page.status, 200, "{page:?}");
        found.extend(page.body["items"].as_array().expect("a list").iter().map(id));
        match page.body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found
}

#[test]
fn a_graph_of_many_and_one_whom_very_many_follow() {
    let count = |name: &str, default: u64| usize::try_from(number_of(name).unwrap_or(default)).unwrap();
    let (accounts, followers) = (count("ACCOUNTS", 300), count("FOLLOWERS", 20_000));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let args = ["--partitions", "4"];
    Server::start(&data, &args).stop();
    let mut graph = fill(&data, accounts, followers);

    // As soon as it answers: where there is much to apply, in the middle of it.
    Server::start(&data, &args).kill();
    let server = Server::start(&data, &args);
    let of_first = |server: &Server| As(server, "user-0").get("/v1/feeds/users/user-0").body["followers"].as_u64();
    let first_look = of_first(&server);
    let all = (graph.followers(0) + followers) as u64;
    let mut last = (0, Instant::now());
    while of_first(&server) != Some(all) {
        // It may be long, but it goes on.
        let now = of_first(&server).unwrap_or_default();
        if now != last.0 {
            last = (now, Instant::now());
        }
        assert!(last.1.elapsed() < Duration::from_secs(60), "{now} of {all} followers, and no more");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("{first_look:?} of {all} followers of the first were there at the first look");

    let mut samples = vec![0, 1, accounts - 1];
    samples.extend((0..SAMPLES).map(|_| graph.random(accounts)));
    for viewer in &samples {
        let reader = name(*viewer);
        let expected = graph.home(*viewer);
        eventually("the home of a sample is as the oracle finds it", || {
            let found = home(&As(&server, &reader));
            let far = found.len().max(DEEP).min(expected.len());
            (found == expected[..far]).then_some(())
        });
    }
    check_counts(&graph, &server);
    check_the_famous(&graph, &server);
    let verified = server.cli(&["verify", "feeds"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

fn check_counts(graph: &Graph, server: &Server) {
    for index in (0..graph.posts.len()).step_by(graph.posts.len().div_ceil(100)) {
        let post = &graph.posts[index];
        // Of a repost there are no counts, and nothing to see where what it shows is gone.
        if post.repost_of.is_some() {
            continue;
        }
        let author = name(post.author);
        let about = |which: fn(&Post) -> Option<usize>| {
            graph.posts.iter().filter(|other| !other.deleted && which(other) == Some(index)).count()
        };
        let (replies, reposts) = (about(|post| post.reply_to), about(|post| post.repost_of));
        let expected = json!({"likes":post.likes.len(),"replies":replies,"reposts":reposts,"quotes":0,"shares":0});
        eventually("counts are the sizes of sets", || {
            let shown = As(server, &author).get(&format!("/v1/feeds/posts/{}", post.id));
            let is_so = if post.deleted { shown.code() == "post_deleted" } else { shown.body["counts"] == expected };
            is_so.then_some(())
        });
    }
    for user in [1, 2, graph.follows.len() / 2] {
        eventually("followers are who follows", || {
            let shown = As(server, &name(user)).get(&format!("/v1/feeds/users/{}", name(user)));
            (shown.body["followers"] == graph.followers(user)).then_some(())
        });
    }
}

/// A post of whom very many follow is in every home at the first look, and costs the others nothing.
fn check_the_famous(graph: &Graph, server: &Server) {
    let fans: Vec<usize> = (0..graph.follows.len())
        .filter(|user| graph.follows[*user].contains(&0) && !graph.mutes.contains(&(*user, 0)))
        .take(SAMPLES)
        .collect();
    assert!(!fans.is_empty());
    let write = |author: &str| {
        let start = Instant::now();
        let post = As(server, author).says("now");
        (post, start.elapsed())
    };
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() - 1])
    };
    let (mut famous, mut others) = (Vec::new(), Vec::new());
    for fan in &fans {
        let (post, spent) = write("user-0");
        famous.push(spent);
        others.push(write(&name(graph.follows.len() - 1)).1);
        let seen = As(server, &name(*fan)).get("/v1/feeds?limit=2");
        let first = seen.body["items"].as_array().expect("a list").iter().any(|item| id(item) == post);
        assert!(first, "{fan} sees it at the first look: {seen:?}");
    }
    println!(
        "a post of whom very many follow took {:?} (median, most), one right behind it {:?}",
        median(famous),
        median(others)
    );
}
