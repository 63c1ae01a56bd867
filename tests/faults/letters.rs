//! Records that cannot be read or applied: dead letters, and records from a newer build.

use super::{BOARD, PARTITIONS, append, board, check_stopped, check_words, filled, open_log, partition, record};
use crate::support::{Server, cli, text};
use millrace_topics::log::NewRecord;
use millrace_topics::record::{Header, Payload, Record};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// Values that no build can read, each with a word of the reason.
const GARBAGE: &[(&[u8], &str)] = &[
    (b"", "an empty record"),
    (b"\xff\xfe garbage", "0xff"),
    (b"\x01\x01", "cannot be decoded"),
    (b"{\"type\":", "not JSON"),
    (b"{\xff}", "not UTF-8"),
    (br#"{"type":"win"}"#, "win"),
    (br#"{"type":"submit_score","board":"weekly","owner":"eve"}"#, "score"),
    (br#"{"type":"submit_score","board":"weekly","owner":"eve","score":"7"}"#, "invalid type"),
    (br#"{"type":"submit_score","board":"weekly","owner":"eve","score":7,"provenance":{}}"#, "provenance"),
];

const GOOD: &[u8] = br#"{"type":"submit_score","board":"weekly","owner":"eve","score":7,"unknown":"is ignored"}"#;

/// The lines of a command that must have gone well.
fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn dead(data: &Path, args: &[&str]) -> Output {
    cli(data, &[&["dead"], args].concat())
}

/// The lines of `/v1/cluster` that are about leaderboards, by partition.
fn status(server: &Server) -> Vec<Value> {
    let lines = server.get("/v1/cluster").body;
    let lines = lines.as_array().unwrap().iter().filter(|line| line["machine"] == "leaderboards");
    lines.cloned().collect()
}

#[test]
fn garbage_on_the_topic_is_dead_lettered_and_can_be_decided_about() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 2);
    let log = open_log(&data);
    let values = GARBAGE.iter().flat_map(|(value, _)| [record(*value), record(GOOD)]);
    let first = append(&log, BOARD, values.collect());
    drop(log);
    let place = |index: u64| format!("leaderboards/{}@{}", partition(BOARD), first + 2 * index);

    let server = Server::start(&data, &[]);
    let eve = server.get("/v1/leaderboards/weekly/owners/eve").body;
    assert_eq!((eve["score"].as_i64(), eve["attempts"].as_u64()), (Some(7), Some(GARBAGE.len() as u64)));
    let listed = crate::support::eventually("all letters are published", || {
        let lines = lines(&dead(&data, &["list", "--json"]));
        (lines.len() == GARBAGE.len()).then_some(lines)
    });
    let mut letters: Vec<Value> = listed.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    letters
        .sort_by_key(|letter| letter["position"].as_str().unwrap().rsplit('@').next().unwrap().parse::<u64>().unwrap());
    for ((index, letter), (value, word)) in (0..).zip(&letters).zip(GARBAGE) {
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&letter["position"], &letter["value_hex"]), (&place(index).into(), &hex.into()), "{letter}");
        check_words(letter["reason"].as_str().unwrap(), &[word]);
        let shown: Value = serde_json::from_str(&lines(&dead(&data, &["show", &place(index), "--json"]))[0]).unwrap();
        assert_eq!(shown, *letter);
    }
    let people = lines(&dead(&data, &["list", "leaderboards"]));
    assert_eq!(people.len(), GARBAGE.len());
    check_words(&people.join("\n"), &[&place(0), "an empty record"]);

    // Appended again it dies again, as a letter of its own; what is applied cannot be skipped any more.
    let redriven = lines(&dead(&data, &["redrive", &place(1)]));
    let again = redriven[0].strip_prefix("appended again at ").unwrap().to_owned();
    assert_ne!(again, place(1));
    crate::support::eventually("the letter of the second death", || {
        lines(&dead(&data, &["list"])).iter().any(|line| line.starts_with(&again)).then_some(())
    });
    for (args, word) in [
        (["skip", &place(1)], "applied already"),
        (["skip", "leaderboards/0@999"], "beyond the end"),
        (["skip", "nothing/0@0"], "no machine nothing"),
        (["show", "leaderboards/0@999"], "no dead letter"),
        (["redrive", "leaderboards/0@999"], "leaderboards/0"),
    ] {
        let output = dead(&data, &args);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        check_words(&text(&output.stderr), &["error: ", word]);
    }
    let status = status(&server);
    assert_eq!(status[partition(BOARD) as usize]["counters"]["dead"], GARBAGE.len() + 1, "{status:?}");
    assert!(server.cli(&["verify"]).status.success());
    server.kill();

    // The letters are not said a second time by the start that applies their records again.
    let server = Server::start(&data, &[]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(lines(&dead(&data, &["list"])).len(), GARBAGE.len() + 1);
    lines(&dead(&data, &["redrive", &place(1)]));
    assert_eq!(lines(&dead(&data, &["show", &place(1)]))[0], "{");
}

#[test]
fn a_foreign_record_in_the_wrong_partition_reaches_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let data = filled(folder.path(), 2);
    let wrong = (partition(BOARD) + 1) % PARTITIONS;
    let log = open_log(&data);
    let headers = vec![("idempotency-key".to_owned(), b"f1".to_vec())];
    let keyed = NewRecord { headers, ..record(GOOD) };
    log.append_wait("leaderboards", wrong, vec![keyed.clone(), keyed]).unwrap();
    drop(log);
    let server = Server::start(&data, &[]);
    crate::support::eventually("the record is forwarded", || {
        let eve = server.get("/v1/leaderboards/weekly/owners/eve");
        (eve.status == 200).then(|| assert_eq!(eve.body["score"], 7))
    });
    crate::support::eventually("both are counted, and take effect once", || {
        let status = status(&server);
        let eve = server.get("/v1/leaderboards/weekly/owners/eve").body;
        let repeated = &status[partition(BOARD) as usize]["counters"]["repeated"];
        (status[wrong as usize]["counters"]["misrouted"] == 2 && *repeated == 1 && eve["attempts"] == 1).then_some(())
    });
    assert!(server.cli(&["verify"]).status.success());
}

#[test]
fn a_record_of_a_newer_build_stops_its_partition_until_it_is_passed_over() {
    let newer = Record { header: Header { schema: 60_000, ..Header::default() }, payload: Payload::Command(vec![1]) };
    for (value, words) in [
        (newer.encode(), &["contract schema 60000", "this build reads up to 2", "a newer build"][..]),
        (b"\x02whatever".to_vec(), &["record format 2", "this build reads up to 1"]),
        (
            Record { header: Header::default(), payload: Payload::Switch(9) }.encode(),
            &["rules version 9", "this build knows up to 1"],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data = filled(folder.path(), 2);
        let log = open_log(&data);
        let offset = append(&log, BOARD, vec![record(value), record(GOOD)]);
        drop(log);
        let place = format!("leaderboards/{}@{offset}", partition(BOARD));
        let server = Server::start(&data, &[]);
        check_stopped(&server, &[&[place.as_str()], words].concat());
        let output = server.cli(&["verify"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        check_words(&text(&output.stdout), &[&place]);
        check_words(&text(&server.cli(&["status"]).stdout), &["STOPPED", &place]);
        let Value::String(figures) = server.get("/metrics").body else { panic!("figures are text") };
        check_words(&figures, &["millrace_partitions_stopped 1"]);
        server.kill();

        // The same after a restart, and no dead letter: a newer build will read it.
        let server = Server::start(&data, &[]);
        check_stopped(&server, words);
        assert_eq!(lines(&dead(&data, &["list"])), Vec::<String>::new());
        lines(&dead(&data, &["skip", &place]));
        crate::support::eventually("the partition goes on", || {
            (server.get("/v1/leaderboards/weekly/owners/eve").status == 200).then_some(())
        });
        let before = board(&server, BOARD);
        assert!(server.cli(&["verify"]).status.success(), "the replay passes it over too");
        server.kill();
        let server = Server::start(&data, &[]);
        assert_eq!(board(&server, BOARD), before);
    }
}
