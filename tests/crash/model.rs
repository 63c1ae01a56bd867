//! What the boards must hold, computed from the log's records alone by other code than the program's.

use crate::support::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many partitions a new data folder has.
const PARTITIONS: u32 = 8;

/// What a submission brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The record that it took effect at.
    pub position: String,
    /// The part of the answer that the model knows.
    pub reply: Value,
}

#[derive(Clone, Debug)]
struct Member {
    score: i64,
    attempts: u64,
    marker: String,
}

/// The boards as the log says.
pub struct Model {
    /// Records read so far.
    pub records: u64,
    operators: BTreeMap<&'static str, &'static str>,
    next: [u64; PARTITIONS as usize],
    /// Board and owner → what stands there.
    members: BTreeMap<(String, String), Member>,
    /// Marker → where it took effect first, and what it brought.
    effects: BTreeMap<String, Effect>,
    /// Position → marker of the submission there.
    markers: BTreeMap<String, String>,
}

/// The part of an answer to a submission that the model knows.
pub fn shown(body: &Value) -> Value {
    let mut part = json!({});
    for name in ["board", "owner", "score", "prev_score", "attempts"] {
        part[name] = body[name].clone();
    }
    part
}

impl Model {
    pub fn new(boards: &[(&'static str, &'static str)]) -> Self {
        Self {
            records: 0,
            operators: boards.iter().copied().collect(),
            next: [0; PARTITIONS as usize],
            members: BTreeMap::new(),
            effects: BTreeMap::new(),
            markers: BTreeMap::new(),
        }
    }

    pub fn effect(&self, marker: &str) -> Option<&Effect> {
        self.effects.get(marker)
    }

    pub fn marker_at(&self, position: &str) -> Option<&str> {
        self.markers.get(position).map(String::as_str)
    }

    /// Reads what the log has since the last time.
    pub fn read(&mut self, server: &Server) {
        for partition in 0..PARTITIONS {
            loop {
                let next = self.next[partition as usize];
                let answer = server.get(&format!("/v1/log/leaderboards/{partition}?from={next}&count=1000"));
                assert_eq!(answer.status, 200, "an end that was seen is behind the log's: {answer:?}");
                let records = answer.body.as_array().unwrap();
                if records.is_empty() {
                    break;
                }
                for (offset, record) in (next..).zip(records) {
                    assert_eq!(record["position"], format!("leaderboards/{partition}@{offset}"));
                    self.take(record);
                }
                self.next[partition as usize] = next + records.len() as u64;
            }
        }
    }

    fn take(&mut self, record: &Value) {
        self.records += 1;
        let says = &record["says"];
        if says["type"] != "submit_score" {
            assert_eq!(says["type"], "define", "{record}");
            return;
        }
        let (board, owner) = (says["board"].as_str().unwrap(), says["owner"].as_str().unwrap());
        let (score, marker) = (says["score"].as_i64().unwrap(), says["metadata"]["m"].as_str().unwrap());
        let position = record["position"].as_str().unwrap().to_owned();
        self.markers.insert(position.clone(), marker.to_owned());
        // Further ones are retries under the same key, or a command that was doubled: then the answers and the view
        // do not agree with the model.
        if self.effects.contains_key(marker) {
            return;
        }
        let key = (board.to_owned(), owner.to_owned());
        let before = self.members.get(&key).cloned();
        let after = match (self.operators[board], before.as_ref().map(|member| member.score)) {
            ("incr", before) => before.unwrap_or(0) + score,
            ("best", Some(before)) => before.max(score),
            _ => score,
        };
        // A score that is not better leaves what came with the better one.
        let kept = before.as_ref().filter(|member| self.operators[board] == "best" && score <= member.score);
        let metadata = kept.map_or_else(|| marker.to_owned(), |member| member.marker.clone());
        let attempts = before.as_ref().map_or(0, |member| member.attempts) + 1;
        self.members.insert(key, Member { score: after, attempts, marker: metadata });
        let reply = json!({
            "board": board, "owner": owner, "score": after,
            "prev_score": before.map(|member| member.score), "attempts": attempts,
        });
        self.effects.insert(marker.to_owned(), Effect { position, reply });
    }

    /// Compares every board with what it must be.
    pub fn compare(&self, server: &Server) {
        for board in self.operators.keys() {
            let answer = server.get(&format!("/v1/leaderboards/{board}/entries?limit=1000"));
            assert_eq!(answer.status, 200, "{answer:?}");
            let entries = answer.body["entries"].as_array().unwrap();
            let members = self.members.iter().filter(|((name, _), _)| name == board);
            let expected: BTreeMap<_, _> = members
                .map(|((_, owner), member)| (owner.as_str(), (member.score, member.attempts, member.marker.as_str())))
                .collect();
            let found: BTreeMap<_, _> = entries
                .iter()
                .map(|entry| {
                    let (score, attempts) = (entry["score"].as_i64().unwrap(), entry["attempts"].as_u64().unwrap());
                    let marker = entry["metadata"]["m"].as_str().unwrap_or_default();
                    (entry["owner"].as_str().unwrap(), (score, attempts, marker))
                })
                .collect();
            assert_eq!(found, expected, "the view of {board}");
            let ranks: Vec<_> = entries.iter().map(|entry| entry["rank"].as_u64().unwrap()).collect();
            assert_eq!(ranks, (1..=entries.len() as u64).collect::<Vec<_>>(), "the ranks of {board}");
            assert!(entries.is_sorted_by_key(|entry| -entry["score"].as_i64().unwrap()), "the order of {board}");
        }
    }
}
