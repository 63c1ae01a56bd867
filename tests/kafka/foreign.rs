//! Foreign producers and consumers: kcat writes commands and reads what is said about them, and writes rubbish.

use super::{await_ranking, counter, entries, fill, ranking, status, submit, verify};
use crate::broker::{self, Cluster, Seen};
use crate::support::{Server, eventually};
use millrace_topics::contract::Contract as _;
use millrace_topics::leaderboards::Leaderboards;
use millrace_topics::record::{Header, Payload, Record, Stamp};
use serde_json::{Value, json};

/// How kcat hashes keys unless it is told otherwise.
fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !data.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn command(owner: &str, board: &str, score: i64) -> Vec<u8> {
    json!({ "type": "submit_score", "board": board, "owner": owner, "score": score }).to_string().into_bytes()
}

/// The events of a type.
fn events(cluster: &Cluster<'_>, kind: &str) -> Vec<Seen> {
    let all = cluster.read("leaderboards.events");
    all.into_iter().filter(|seen| seen.value["type"] == kind).collect()
}

#[test]
fn a_foreign_command_is_in_the_view_wherever_it_landed() {
    let cluster = broker::shared().cluster("foreign");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    for board in ["weekly", "daily"] {
        fill(&server, board, &[("ada", 5)]);
    }
    let eve = br#"{"type":"submit_score","board":"weekly","owner":"eve","score":7}"#;
    cluster.put("leaderboards", "weekly", eve, &[]);
    await_ranking(&server, "weekly", &[("eve", 7), ("ada", 5)]);
    assert_eq!(counter(&server, "misrouted"), 0);

    // Partition 1 is daily's, kcat thinks of another one.
    assert_eq!(crc32(b"daily") % 8, 2);
    cluster.put("leaderboards", "daily", &command("eve", "daily", 8), &[]);
    await_ranking(&server, "daily", &[("eve", 8), ("ada", 5)]);
    assert_eq!(status(&server, 2)["counters"]["misrouted"], 1);
    assert_eq!(counter(&server, "misrouted"), 1);
    // Its own partition took it once.
    assert_eq!(status(&server, 1)["counters"]["accepted"], 3);
    let said = eventually("its event", || {
        let said = events(&cluster, "ScoreSubmitted");
        (said.len() == 4).then_some(said)
    });
    let one = said.iter().filter(|seen| seen.value["data"]["board"] == "daily" && seen.value["data"]["owner"] == "eve");
    assert_eq!(one.map(|seen| seen.partition).collect::<Vec<_>>(), [1]);
    verify(&cluster, &server);

    // A restart sends nothing a second time.
    let folder = server.data().to_owned();
    server.kill();
    let server = cluster.serve(&folder);
    submit(&server, "daily", "bob", 1);
    assert_eq!(ranking(&entries(&server, "daily")).len(), 3);
    assert_eq!(counter(&server, "accepted"), 7);
    verify(&cluster, &server);
}

#[test]
fn a_foreign_key_makes_a_command_idempotent_and_a_refusal_is_said() {
    let cluster = broker::shared().cluster("keyed");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    let sum = server.post("/v1/leaderboards", &json!({ "id": "weekly", "operator": "incr" }));
    assert_eq!(sum.status, 201);
    for _ in 0..2 {
        cluster.put("leaderboards", "weekly", &command("eve", "weekly", 7), &["-H", "idempotency-key=k1"]);
        let event = ["-H", "ce_id=e1", "-H", "ce_source=/shop"];
        cluster.put("leaderboards", "weekly", &command("bob", "weekly", 5), &event);
    }
    cluster.put("leaderboards", "weekly", &command("eve", "nowhere", 7), &["-p", "4"]);
    eventually("all of them", || (counter(&server, "refused") == 1).then_some(()));
    await_ranking(&server, "weekly", &[("eve", 7), ("bob", 5)]);
    assert_eq!(counter(&server, "repeated"), 2);

    // Forwarded to its own partition, it is refused there, and said there.
    let refused = eventually("the refusal", || events(&cluster, "CommandRefused").pop());
    let seen = refused.value["data"].clone();
    assert_eq!(seen["code"], "unknown_board", "{refused:?}");
    assert_eq!(refused.value["source"], "/leaderboards");
    // A refusal of our own clients is their answer, and nobody else's.
    assert_eq!(submit(&server, "nowhere", "eve", 1).status, 404);
    submit(&server, "weekly", "ada", 1);
    eventually("its event", || (events(&cluster, "ScoreSubmitted").len() == 3).then_some(()));
    assert_eq!(events(&cluster, "CommandRefused").len(), 1);
}

#[test]
fn records_of_transactions_leave_holes_that_do_no_harm() {
    let cluster = broker::shared().cluster("holes");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    fill(&server, "weekly", &[("ada", 5)]);
    let transaction = ["-X", "transactional.id=holes", "-p", "4"];
    for score in 6..9 {
        cluster.put("leaderboards", "weekly", &command("eve", "weekly", score), &transaction);
    }
    await_ranking(&server, "weekly", &[("eve", 8), ("ada", 5)]);
    // Each transaction's marker has an offset: two records of ours and three times two.
    let line = status(&server, 4);
    assert_eq!((&line["next"], &line["end"]), (&json!(7), &json!(8)));
    let folder = server.data().to_owned();
    server.kill();
    // Ready although no record stands at the end.
    let server = cluster.serve(&folder);
    await_ranking(&server, "weekly", &[("eve", 8), ("ada", 5)]);
    verify(&cluster, &server);
    let replayed = cluster.cli(&server, &["replay", "leaderboards"]);
    assert!(replayed.status.success(), "{replayed:?}");
    let next = submit(&server, "weekly", "bob", 1);
    assert_eq!(next.header("millrace-position"), Some("leaderboards/4@8"));
    await_ranking(&server, "weekly", &[("eve", 8), ("ada", 5), ("bob", 1)]);
}

#[test]
fn events_are_cloudevents_with_the_place_as_their_id() {
    let cluster = broker::shared().cluster("events");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    fill(&server, "weekly", &[("ada", 5), ("bob", 6)]);
    let folder = server.data().to_owned();
    eventually("three events", || (cluster.read("leaderboards.events").len() >= 3).then_some(()));
    server.kill();
    drop(cluster.serve(&folder));
    // What was said again after the kill has the same id.
    let mut ids: Vec<_> = cluster.read("leaderboards.events").iter().map(check_event).collect();
    ids.sort();
    ids.dedup();
    let expected = |offset: u64| format!("leaderboards/4@{offset}#0");
    assert_eq!(ids, [expected(0), expected(1), expected(2)]);
}

fn check_event(seen: &Seen) -> String {
    let event = &seen.value;
    assert_eq!((&event["specversion"], &event["datacontenttype"]), (&json!("1.0"), &json!("application/json")));
    assert_eq!(seen.headers, ["content-type", "application/cloudevents+json"]);
    assert!(["BoardDefined", "ScoreSubmitted"].contains(&event["type"].as_str().unwrap()), "{event}");
    assert!(event["time"].as_str().unwrap().ends_with('Z') && event["data"].is_object(), "{event}");
    event["id"].as_str().unwrap().to_owned()
}

/// Position and reason of each dead letter, as kcat reads them.
fn dead(cluster: &Cluster<'_>) -> Vec<(String, String)> {
    let header = |seen: &Seen, name: &str| {
        let at = seen.headers.iter().position(|text| text == name)?;
        seen.headers.get(at + 1).cloned()
    };
    let all = cluster.read("leaderboards.dead");
    all.iter().filter_map(|seen| Some((header(seen, "millrace-position")?, header(seen, "millrace-reason")?))).collect()
}

fn cli_letters(cluster: &Cluster<'_>, server: &Server) -> Vec<Value> {
    let output = cluster.cli(server, &["dead", "list", "--json"]);
    super::out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rubbish_on_every_topic_stops_nothing_and_is_kept_with_its_reason() {
    let cluster = broker::shared().cluster("rubbish");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    fill(&server, "weekly", &[("ada", 5)]);
    let rubbish: [(&[u8], &str); 6] = [
        (b"\xff\xfe\x00rubbish", "does not start with byte 0xff"),
        (b"\x01\x01", "cannot be decoded"),
        (b"{\"type\":", "not JSON"),
        (b"{\"type\":\"submit_score\",\"board\":\"\xff\"}", "not UTF-8"),
        (br#"{"type":"submit_score","board":"weekly","owner":"eve","score":7,"provenance":{"machine":"leaderboards","partition":0,"n":1}}"#, "cannot claim a provenance"),
        (br#"{"type":"launch_rocket"}"#, "not a command"),
    ];
    for (value, _) in rubbish {
        cluster.put("leaderboards", "weekly", value, &[]);
    }
    for (topic, partition) in [("leaderboards.events", "4"), ("leaderboards.dead", "3"), ("leaderboards", "6")] {
        cluster.put(topic, "k", rubbish[0].0, &["-p", partition]);
    }
    let found = eventually("seven letters", || {
        let all = cli_letters(&cluster, &server);
        (all.iter().filter(|letter| letter["position"] != "").count() == 7).then_some(all)
    });
    for (n, (value, reason)) in rubbish.iter().enumerate() {
        let position = format!("leaderboards/4@{}", n + 2);
        let letter = found.iter().find(|letter| letter["position"] == position.as_str()).unwrap();
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{letter}");
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(letter["value_hex"], hex.as_str());
        let kcat_sees = dead(&cluster).into_iter().any(|(at, why)| at == position && why.contains(reason));
        assert!(kcat_sees, "{position}: {reason}");
    }

    // The partitions go on, also after a restart, and nothing that was acknowledged is lost.
    submit(&server, "weekly", "bob", 4);
    await_ranking(&server, "weekly", &[("ada", 5), ("bob", 4)]);
    assert_eq!(counter(&server, "dead"), 7);
    verify(&cluster, &server);
    let folder = server.data().to_owned();
    server.kill();
    let server = cluster.serve(&folder);
    await_ranking(&server, "weekly", &[("ada", 5), ("bob", 4)]);
    assert_eq!(submit(&server, "weekly", "eve", 3).status, 200);
}

/// What a build would write whose contract is one version further.
fn of_a_later_contract() -> Vec<u8> {
    let schema = Leaderboards::SCHEMA + 1;
    let header = Header { schema, stamp: Stamp { micros: 1, node: 0 }, ..Header::default() };
    Record { header, payload: Payload::Command(b"new".to_vec()) }.encode()
}

#[test]
fn a_newer_schema_stops_its_partition_and_no_other() {
    let cluster = broker::shared().cluster("newer");
    let data = tempfile::tempdir().unwrap();
    let server = cluster.serve(&data.path().join("data"));
    for board in ["weekly", "daily", "monthly"] {
        fill(&server, board, &[("ada", 5)]);
    }
    cluster.put("leaderboards", "weekly", b"\x02from a later format", &[]);
    cluster.put("leaderboards", "weekly", &command("eve", "weekly", 9), &[]);
    cluster.put("leaderboards", "monthly", &of_a_later_contract(), &["-p", "7"]);
    let stopped = |server: &Server, board: &str, reason: &str| {
        let answer = eventually("the stop", || {
            let answer = entries(server, board);
            (answer.status != 200).then_some(answer)
        });
        assert_eq!((answer.status, answer.code()), (503, "stopped"), "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains(reason), "{answer:?}");
        let refused = submit(server, board, "ada", 99);
        assert_eq!((refused.status, refused.code()), (503, "stopped"), "{refused:?}");
    };
    let check = |server: &Server| {
        stopped(server, "weekly", "leaderboards/4@2: too new: record format 2");
        stopped(server, "monthly", "leaderboards/7@2: too new: contract schema 3");
        assert_eq!(submit(server, "daily", "ada", 7).status, 200);
        await_ranking(server, "daily", &[("ada", 7)]);
    };
    check(&server);
    let folder = server.data().to_owned();
    server.kill();
    let server = cluster.serve(&folder);
    check(&server);
    assert!(cluster.read("leaderboards.dead").is_empty());
    let end = status(&server, 4);
    assert_eq!((&end["next"], &end["end"]), (&json!(2), &json!(4)), "what was refused is not in the log");
}
