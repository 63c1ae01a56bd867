//! Feeds through the harness: every rule as a script, with crashes, repeats and other numbers of partitions behind it.

mod aside;
mod erasure;
pub(in crate::feeds) mod house;
mod model;
mod polls;
mod ranked;
mod rules;
mod words;

use crate::feeds::SYSTEM;
use crate::runtime::check;
use expect_test::Expect;
use millrace_topics::feeds::PostId;
use millrace_topics::record::Stamp;
use serde_json::{Value, json};

/// The tables whose rows are shown.
const SHOWN: [&str; 19] = [
    "erased",
    "endings",
    "muted_words",
    "polls",
    "votes",
    "own_votes",
    "scheduled",
    "tallies",
    "counts",
    "followers",
    "follows",
    "notices",
    "mentions",
    "affinities",
    "seen",
    "weights",
    "lists",
    "bookmarks",
    "pins",
];

#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check(script: &[String], expected: Expect) {
    let shown = check::run(SYSTEM.machines, &script.join("\n"));
    expected.assert_eq(&shown.lines().filter_map(brief).map(|line| format!("{}\n", named(&line))).collect::<String>());
}

/// A line of what a run shows, as short as it can be.
fn brief(line: &str) -> Option<String> {
    if let Some(reply) = line.strip_prefix("  → ") {
        return Some(format!("  → {}", serde_json::from_str(reply).map_or(reply.to_owned(), |value| brief_of(&value))));
    }
    if let Some(said) = line.strip_prefix("  said feeds ") {
        return Some(format!("  said {}", said.split(' ').next().expect("an event has a kind")));
    }
    let Some(row) = line.strip_prefix("feeds ") else { return Some(line.to_owned()) };
    SHOWN.iter().any(|table| row.starts_with(table)).then(|| row.to_owned())
}

fn brief_of(value: &Value) -> String {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    match value {
        Value::Object(fields) if fields.contains_key("visibility") => {
            format!(
                "post {} of {}: {} {} {}",
                text("id"),
                text("author"),
                value["text"],
                value["tags"],
                value["mentions"]
            )
        }
        Value::Object(fields) if fields.contains_key("likes") => {
            format!("likes {} shares {}", value["likes"], value["shares"])
        }
        Value::Object(fields) if fields.contains_key("private") => {
            format!("account {} {}", text("id"), value["private"])
        }
        other => other.to_string(),
    }
}

/// Ids of posts by the line of the script that made them.
fn named(line: &str) -> String {
    let ids = (1..60).flat_map(|number| ["ada", "bob", "eve"].map(|author| (number, author)));
    ids.fold(line.to_owned(), |line, (number, author)| line.replace(&id(number, author), &format!("{author}~{number}")))
}

/// The id of the post that a line of a script made, counted from 1.
fn id(line: u64, author: &str) -> String {
    PostId::new(Stamp { micros: line, node: 1 }, author).to_string()
}

fn user(user: &str) -> String {
    json!({"type":"set_user","user":user,"name":user}).to_string()
}

fn private(user: &str) -> String {
    json!({"type":"set_user","user":user,"name":user,"private":true}).to_string()
}

/// The line that writes a post, with what else is said of it.
fn post(author: &str, text: &str, more: &Value) -> String {
    let mut new = json!({"type":"post","author":author,"text":text});
    let fields = new.as_object_mut().expect("it was made as one");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    new.to_string()
}

/// The line of a command for two accounts.
fn edge(kind: &str, user: &str, target: &str) -> String {
    json!({"type":kind,"user":user,"target":target}).to_string()
}

fn decide(user: &str, follower: &str, accept: bool) -> String {
    json!({"type":"decide","user":user,"follower":follower,"accept":accept}).to_string()
}

fn of(line: u64, author: &str) -> Value {
    json!({"id":id(line, author),"author":author})
}

fn repost(author: &str, of: &Value) -> String {
    json!({"type":"repost","author":author,"of":of}).to_string()
}

fn delete(line: u64, author: &str) -> String {
    json!({"type":"delete","author":author,"post":id(line, author)}).to_string()
}

fn edit(line: u64, author: &str, text: &str, more: &Value) -> String {
    let mut change = json!({"type":"edit","author":author,"post":id(line, author),"text":text});
    change.as_object_mut().expect("it was made as one").extend(more.as_object().cloned().unwrap_or_default());
    change.to_string()
}

fn react(kind: &str, (line, author): (u64, &str), user: &str, how: &str) -> String {
    json!({"type":kind,"author":author,"post":id(line, author),"user":user,"kind":how}).to_string()
}

/// The same line after so much time.
fn after(span: &str, line: &str) -> String {
    format!("+{span} {line}")
}
