//! As-of reads: what was answered once is answered again for its position and its time, from checkpoints and the tail.

use crate::support::{Answer, Server, eventually};
use serde_json::{Value, json};
use std::path::Path;

const ENTRIES: &str = "/v1/leaderboards/b/entries?limit=3";

/// A moment that was looked at while it was the present.
struct Moment {
    position: String,
    /// A time at which the log stood there.
    time: String,
    entries: Value,
    owner: Value,
}

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seconds = since.as_secs();
    let text =
        std::process::Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%FT%T"]).output().unwrap();
    format!("{}.{:03}Z", String::from_utf8(text.stdout).unwrap().trim(), since.subsec_millis())
}

fn submit(server: &Server, owner: &str, score: i64) -> String {
    let answer = server.post("/v1/leaderboards/b/scores", &json!({"owner": owner, "score": score}));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("millrace-position").unwrap().to_owned()
}

/// Changes the board so many times, and keeps what was answered after some of the changes.
fn live(server: &Server, round: i64) -> Vec<Moment> {
    let mut moments = Vec::new();
    for step in 0..30 {
        let position = submit(server, &format!("o{}", step % 7), round * 1000 + step * 37 % 101);
        if step % 10 == 4 {
            // The next record lies in a later millisecond than `time`.
            let time = now();
            eventually("time passes", || (now() > time).then_some(()));
            let entries = server.get(ENTRIES).body;
            let owner = server.get("/v1/leaderboards/b/owners/o2").body;
            moments.push(Moment { position, time, entries, owner });
        }
    }
    moments
}

/// A read of the past, asked until it is there.
fn past(server: &Server, path: &str) -> Answer {
    eventually("the state is rebuilt", || Some(server.get(path)).filter(|answer| answer.status != 202))
}

/// The pages of a list at one moment, from the top.
fn walk(server: &Server, at: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut path = format!("{ENTRIES}&at={at}");
    loop {
        let page = past(server, &path);
        assert_eq!((page.status, page.header("millrace-position")), (200, Some(at)), "{page:?}");
        entries.extend(page.body["entries"].as_array().unwrap().clone());
        let Some(cursor) = page.body["cursor"].as_str() else { return entries };
        path = format!("{ENTRIES}&at={at}&cursor={cursor}");
    }
}

fn same_entries(one: &Value, other: &Value, what: &str) {
    assert_eq!(one["entries"], other["entries"], "{what}");
}

fn check_moments(server: &Server, moments: &[Moment]) {
    for Moment { position, time, entries, owner } in moments {
        for (moment, name) in [(format!("at={position}"), position), (format!("as_of={time}"), time)] {
            let answer = past(server, &format!("{ENTRIES}&{moment}"));
            assert_eq!((answer.status, answer.header("millrace-position")), (200, Some(position.as_str())), "{name}");
            same_entries(&answer.body, entries, name);
            let answer = past(server, &format!("/v1/leaderboards/b/owners/o2?{moment}"));
            assert_eq!(&answer.body, owner, "{name}");
        }
        let pages = walk(server, position);
        let ranks: Vec<_> = pages.iter().map(|entry| entry["rank"].as_u64().unwrap()).collect();
        assert_eq!(ranks, (1..=u64::try_from(pages.len()).unwrap()).collect::<Vec<_>>());
        assert_eq!(pages[..3], entries["entries"].as_array().unwrap()[..]);
    }
}

/// How many records have been replayed for past views.
fn replayed(server: &Server) -> u64 {
    server.metric("millrace_asof_replayed_records_total")
}

fn checkpoints(data: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(data.join("checkpoints/leaderboards/0")).into_iter().flatten();
    entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect()
}

#[test]
fn what_was_answered_is_answered_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let flags = ["--partitions", "1", "--asof-max-wait", "20s", "--asof-views", "2", "--checkpoint-interval", "1h"];
    let server = Server::start(&data, &flags);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    let mut moments = live(&server, 1);
    check_moments(&server, &moments);
    assert!(server.metric("millrace_asof_views") <= 2, "no more views are kept than may be");
    server.kill();

    // With checkpoints in between: one a second.
    let often = [&flags[..flags.len() - 1], &["1s"]].concat();
    let server = Server::start(&data, &often);
    moments.extend(live(&server, 2));
    eventually("a checkpoint is made", || (!checkpoints(&data).is_empty()).then_some(()));
    moments.extend(live(&server, 3));
    check_moments(&server, &moments);
    assert_eq!(server.stop(), Some(0));

    // After a restart, and only the tail behind the checkpoint is replayed.
    std::fs::create_dir_all(data.join("asof/old")).unwrap();
    let server = Server::start(&data, &flags);
    assert!(!data.join("asof/old").exists(), "what an earlier run has left is removed");
    check_moments(&server, &moments);
    let kept = *checkpoints(&data).iter().max().unwrap();
    let position = submit(&server, "o1", 5);
    let (_, offset) = position.rsplit_once('@').unwrap();
    let before = replayed(&server);
    assert_eq!(past(&server, &format!("{ENTRIES}&at={position}")).status, 200);
    let tail = offset.parse::<u64>().unwrap() + 1 - kept;
    assert_eq!(replayed(&server) - before, tail, "only the tail behind {kept} is replayed");
    assert_eq!(past(&server, &format!("{ENTRIES}&at={position}&limit=2")).status, 400, "a parameter given twice");
    assert_eq!(past(&server, &format!("/v1/leaderboards/b/ranks/1?at={position}")).status, 200);
    assert_eq!(replayed(&server) - before, tail, "the same view answers again");
    let links = std::fs::read_dir(data.join("asof")).unwrap().count();
    assert!((1..=3).contains(&links), "{links} folders of past views");
}

#[test]
fn moments_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let flags = ["--partitions", "2", "--asof-max-wait", "20s"];
    let server = Server::start(&data, &flags);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    let before = now();
    eventually("time passes", || (now() > before).then_some(()));
    let first = submit(&server, "ada", 1);
    let (place, _) = first.rsplit_once('@').unwrap();
    let other = if place == "leaderboards/0" { "leaderboards/1" } else { "leaderboards/0" };
    for (parameters, status, code) in [
        (format!("at={first}&as_of=2026-01-01T00:00:00Z"), 400, "bad_parameter"),
        (format!("at={first}&at={first}"), 400, "bad_parameter"),
        ("at=weekly".to_owned(), 400, "bad_position"),
        ("at=".to_owned(), 400, "bad_position"),
        (format!("at={other}@0"), 400, "bad_position"),
        (format!("at={place}@0&min_position={first}"), 400, "bad_position"),
        (format!("at={place}@99"), 400, "unknown_position"),
        (format!("at={place}@{}", u64::MAX), 400, "unknown_position"),
        ("as_of=yesterday".to_owned(), 400, "bad_time"),
        ("as_of=2026-01-01T00:00:00+02:00".to_owned(), 400, "bad_time"),
        ("as_of=9999-01-01T00:00:00Z".to_owned(), 400, "unknown_position"),
        // Before there was anything there was no board.
        ("as_of=2020-01-01T00:00:00%2B02:00".to_owned(), 404, "unknown_board"),
    ] {
        let answer = server.get(&format!("{ENTRIES}&{parameters}"));
        assert_eq!((answer.status, answer.code()), (status, code), "{parameters}: {answer:?}");
    }
    let answer = server.get(&format!("{ENTRIES}&as_of={before}"));
    assert_eq!((answer.status, &answer.body["entries"]), (200, &json!([])), "{answer:?}");
    let answer = server.get("/v1/log/leaderboards/0?at=leaderboards/0@0");
    assert_eq!((answer.status, answer.code()), (400, "bad_parameter"));

    // Behind a trimmed start only what a checkpoint leads to is there.
    for score in 2..20 {
        submit(&server, "ada", score);
    }
    let last = submit(&server, "ada", 20);
    let trimmed = server.cli(&["log", "trim", &format!("{place}@10")]);
    assert!(trimmed.status.success(), "{trimmed:?}");
    for moment in [format!("at={first}"), format!("as_of={before}")] {
        let answer = past(&server, &format!("{ENTRIES}&{moment}"));
        assert_eq!((answer.status, answer.code()), (410, "trimmed"), "{moment}: {answer:?}");
        assert_eq!(answer.body["oldest"], last, "{moment}");
    }
    assert_eq!(past(&server, &format!("{ENTRIES}&at={last}")).body["entries"][0]["score"], 20);
}

#[test]
fn a_long_rebuild_is_answered_202_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--partitions", "1", "--asof-max-wait", "0ms"]);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    let positions: Vec<_> = (1..=200).map(|score| submit(&server, "ada", score)).collect();
    let mut asked = positions.iter().rev().cycle();
    let (path, first) = eventually("a rebuild takes a while", || {
        let path = format!("{ENTRIES}&at={}", asked.next()?);
        Some((path.clone(), server.get(&path))).filter(|(_, answer)| answer.status == 202)
    });
    assert_eq!((first.header("location"), first.header("retry-after")), (Some(path.as_str()), Some("1")), "{first:?}");
    assert_eq!(first.body["pending"], true);
    let answer = past(&server, first.header("location").unwrap());
    let score: usize = path.rsplit_once('@').unwrap().1.parse().unwrap();
    assert_eq!((answer.status, &answer.body["entries"][0]["score"]), (200, &json!(score)));
}

#[test]
fn past_views_are_bounded_and_go_when_nobody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let flags = ["--partitions", "1", "--asof-views", "1", "--asof-idle", "1s", "--asof-max-wait", "20s"];
    let server = Server::start(&data, &flags);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    let positions: Vec<_> = (1..=8).map(|score| submit(&server, "ada", score)).collect();
    // All at once: one is built, the others are refused until there is room, and each is answered in the end.
    std::thread::scope(|scope| {
        for (score, position) in (1..).zip(&positions) {
            let server = &server;
            scope.spawn(move || {
                let answer = eventually("there is room", || {
                    let answer = server.get(&format!("{ENTRIES}&at={position}"));
                    assert!([200, 202, 503].contains(&answer.status), "{answer:?}");
                    (answer.status == 200).then_some(answer)
                });
                assert_eq!(answer.body["entries"][0]["score"], score);
            });
        }
    });
    assert!(server.metric("millrace_asof_views") <= 1);
    eventually("nothing is left", || {
        let folders = std::fs::read_dir(data.join("asof")).map_or(0, Iterator::count);
        (server.metric("millrace_asof_views") == 0 && folders == 0).then_some(())
    });
}
