//! A real Redis as the oracle: the same random scores in both, and the same ranks, ranges and counts out of both.

use crate::support::{DEADLINE, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A running `redis-server` that keeps nothing, killed when it is dropped.
struct Redis {
    child: Child,
    stream: BufReader<TcpStream>,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("`scripts/setup test` installs it");
        let stream = eventually("redis-server listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { child, stream: BufReader::new(stream) }
    }

    /// One command in the protocol's own form, and its reply: a text, a number or a list as JSON.
    fn ask(&mut self, words: &[&str]) -> Value {
        let mut request = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| request += &format!("${}\r\n{word}\r\n", word.len()));
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.reply()
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            ":" => json!(rest.parse::<i64>().unwrap()),
            "+" => json!(rest),
            "$" if rest == "-1" => Value::Null,
            "$" => {
                let mut text = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.stream.read_exact(&mut text).unwrap();
                text.truncate(text.len() - 2);
                json!(String::from_utf8(text).unwrap())
            }
            "*" => (0..rest.parse::<usize>().unwrap()).map(|_| self.reply()).collect(),
            _ => panic!("redis says {line}"),
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small seeded generator (xorshift64*): a failing run must be the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

const BOARD: &str = "/v1/leaderboards/oracle";
const OWNERS: u64 = 400;
const ROUNDS: usize = 12;

/// The next scores: of many owners, and none that anyone has, because Redis breaks ties by name.
fn batch(random: &mut Random, used: &mut BTreeSet<i64>) -> Vec<(String, i64)> {
    let mut owners = BTreeSet::new();
    let mut batch = Vec::new();
    while batch.len() < 150 {
        let owner = format!("o{}", random.below(OWNERS));
        let score = i64::try_from(random.below(1_000_000)).unwrap() - 500_000;
        if owners.insert(owner.clone()) && used.insert(score) {
            batch.push((owner, score));
        }
    }
    batch
}

#[test]
fn leaderboards_rank_as_redis_does() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let mut redis = Redis::start();
    let (mut random, mut used) = (Random(7), BTreeSet::new());
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "oracle", "operator": "set" })).status, 201);
    for round in 0..ROUNDS {
        let batch = batch(&mut random, &mut used);
        let best = round % 3 == 2;
        let operator = if best { "best" } else { "set" };
        let scores: Vec<Value> = batch
            .iter()
            .map(|(owner, score)| json!({ "owner": owner, "score": score, "operator": operator }))
            .collect();
        let answer = server.post(&format!("{BOARD}/scores:batch"), &json!({ "scores": scores }));
        assert_eq!(answer.status, 200, "{answer:?}");
        for ((owner, score), item) in batch.iter().zip(answer.body["results"].as_array().unwrap()) {
            let score = score.to_string();
            let mut words = vec!["ZADD", "b"];
            words.extend(best.then_some("GT"));
            redis.ask(&[&words[..], &[&score, owner]].concat());
            let rank = redis.ask(&["ZREVRANK", "b", owner]).as_i64().unwrap() + 1;
            assert_eq!(item["result"]["rank"], rank, "{item}");
        }
        for _ in 0..20 {
            let owner = format!("o{}", random.below(OWNERS));
            if redis.ask(&["ZREM", "b", &owner]) == 1 {
                let gone = server.send("DELETE", &format!("{BOARD}/owners/{owner}"), &[], Vec::new()).unwrap();
                assert_eq!(gone.status, 200, "{gone:?}");
            }
        }
        compare(&server, &mut redis, &mut random);
    }
}

fn compare(server: &Server, redis: &mut Redis, random: &mut Random) {
    let owners = |path: &str| -> Vec<Value> {
        let entries = server.get(&format!("{BOARD}/{path}")).body["entries"].clone();
        entries.as_array().unwrap().iter().map(|entry| entry["owner"].clone()).collect()
    };
    let members = redis.ask(&["ZCARD", "b"]).as_i64().unwrap();
    assert_eq!(server.get(BOARD).body["members"], members);
    assert_eq!(json!(owners("entries?limit=1000")), redis.ask(&["ZREVRANGE", "b", "0", "-1"]));
    for _ in 0..10 {
        let from = random.below(u64::try_from(members).unwrap());
        let range = redis.ask(&["ZREVRANGE", "b", &from.to_string(), &(from + 6).to_string()]);
        assert_eq!(json!(owners(&format!("entries?from_rank={}&limit=7", from + 1))), range);
        let min = i64::try_from(random.below(900_000)).unwrap() - 500_000;
        let max = min + 50_000;
        let inside = redis.ask(&["ZREVRANGEBYSCORE", "b", &max.to_string(), &min.to_string()]);
        assert_eq!(json!(owners(&format!("entries?min_score={min}&max_score={max}&limit=1000"))), inside);
        let owner = format!("o{}", random.below(OWNERS));
        let entry = server.get(&format!("{BOARD}/owners/{owner}"));
        let rank = redis.ask(&["ZREVRANK", "b", &owner]).as_i64().map(|rank| rank + 1);
        assert_eq!(entry.body["rank"].as_i64(), rank, "{entry:?}");
    }
}
