//! Bad requests: each is refused with its reason, and none reaches the log.

use crate::support::Server;
use crate::walk::{Row, check};
use serde_json::{Value, json};

const SCORES: &str = "POST /v1/leaderboards/weekly/scores";

const BAD: &[Row] = &[
    ["POST /v1/leaderboards", "", "", "400", r#"{"code":"bad_json"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"#, "400", r#"{"code":"bad_json"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a"} x"#, "400", r#"{"code":"bad_json"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"\ud800"}"#, "400", r#"{"code":"bad_json"}"#],
    ["POST /v1/leaderboards", "", "[]", "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", "{}", "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a","id":"b"}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":5}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a","colour":1}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a","sort":"up"}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a","bounds":{"mid":1}}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"A b"}"#, "422", r#"{"code":"bad_id"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"a","bounds":{"min":2,"max":1}}"#, "422", r#"{"code":"bad_bounds"}"#],
    [SCORES, "", r#"{"owner":"a","score":"1"}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":1.5}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":1e3}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":9223372036854775808}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":-9223372036854775809}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":null}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"a","score":1,"metadata":[1]}"#, "400", r#"{"code":"bad_body"}"#],
    [SCORES, "", r#"{"owner":"","score":1}"#, "422", r#"{"code":"bad_owner"}"#],
    [SCORES, "content-type: text/plain", "{}", "415", r#"{"code":"unsupported_media_type"}"#],
    [SCORES, "idempotency-key: ", r#"{"owner":"a","score":1}"#, "400", r#"{"code":"bad_idempotency_key"}"#],
    ["GET /v1/leaderboards/weekly/ranks/0", "", "", "404", r#"{"code":"unknown_rank"}"#],
    ["GET /v1/leaderboards/weekly/ranks/-1", "", "", "400", r#"{"code":"bad_path"}"#],
    ["GET /v1/leaderboards/weekly/ranks/18446744073709551616", "", "", "400", r#"{"code":"bad_path"}"#],
    ["GET /v1/leaderboards/weekly/owners/%FF", "", "", "400", r#"{"code":"bad_path"}"#],
    ["GET /v1/leaderboards/weekly/entries?owner_ids=%FF", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/weekly/entries?from_rank=0", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/weekly/entries?min_score=9223372036854775808", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/weekly/entries?min_position=x", "", "", "400", r#"{"code":"bad_position"}"#],
    ["GET /v1/leaderboards/weekly/entries", "millrace-read: first", "", "400", r#"{"code":"bad_header"}"#],
    ["GET /v1/leaderboards/weekly/entries", "millrace-max-staleness: 1.5", "", "400", r#"{"code":"bad_header"}"#],
    ["GET /v1/leaderboards/weekly/entries", "millrace-subject: %FF", "", "400", r#"{"code":"bad_subject"}"#],
    ["POST /v1/verify?system=nothing", "", "", "404", r#"{"code":"unknown_system"}"#],
    ["POST /v1/dead/leaderboards/0@0:forget", "", "", "404", r#"{"code":"unknown_action"}"#],
    ["POST /v1/dead/leaderboards/0@0:skip", "", "", "409", r#"{"code":"not_possible"}"#],
];

#[test]
fn bad_requests_are_refused_and_leave_nothing_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--body-limit", "100000"]);
    server.post("/v1/leaderboards", &json!({ "id": "weekly" }));
    let before = ends(&server);
    check(&server, BAD);

    let long = "x".repeat(256);
    let score = |owner: &str, metadata: &str| format!(r#"{{"owner":"{owner}","score":1,"metadata":{metadata}}}"#);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    let key = [("idempotency-key", long.as_str())];
    for (headers, body, status, code, word) in [
        (&[][..], b"{\"owner\":\"\xff\",\"score\":1}".to_vec(), 400, "bad_json", "unicode"),
        (&[], b"\xff\xfe".to_vec(), 400, "bad_json", "line 1"),
        (&[], vec![b' '; 100_001], 413, "body_too_large", "100000"),
        (&[], score("a", &deep).into_bytes(), 400, "bad_json", "recursion"),
        (&[], score(&"ä".repeat(129), "{}").into_bytes(), 422, "bad_owner", "256"),
        (
            &[],
            score("a", &format!(r#"{{"a":"{}"}}"#, "x".repeat(4096))).into_bytes(),
            422,
            "metadata_too_large",
            "4104",
        ),
        (&[], br#"{"owner":"a","score":1,"colour":2}"#.to_vec(), 400, "bad_body", "`colour`"),
        (&[], b"{\"owner\":\"a\",\n\"score\":}".to_vec(), 400, "bad_json", "line 2"),
        (&key, score("a", "{}").into_bytes(), 400, "bad_idempotency_key", "255"),
    ] {
        let answer = server.send("POST", "/v1/leaderboards/weekly/scores", headers, body).unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains(word), "{word}: {answer:?}");
    }
    assert_eq!(ends(&server), before, "something reached the log");
}

/// Where the topic of the commands ends. What is said about a command comes a moment later, on a topic of its own.
fn ends(server: &Server) -> Vec<Value> {
    let lines = server.get("/v1/log").body;
    let own = lines.as_array().unwrap().iter().filter(|line| line["topic"] == "leaderboards");
    own.map(|line| line["end"].clone()).collect()
}

/// What looks bad and is not.
#[test]
fn odd_requests_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let max = r#"{"owner":"max","score":9223372036854775807}"#;
    let over = r#"{"owner":"max","score":1,"operator":"incr"}"#;
    check(
        &server,
        &[
            ["POST /v1/leaderboards", "", r#"{"id":"weekly","sort":null}"#, "201", r#"{"sort":"desc"}"#],
            [SCORES, "", r#"{"owner":"a\u0000b","score":1}"#, "200", ""],
            ["GET /v1/leaderboards/weekly/owners/a%00b", "", "", "200", r#"{"score":1}"#],
            [SCORES, "", r#"{"owner":"min","score":-9223372036854775808}"#, "200", ""],
            [SCORES, "", max, "200", r#"{"rank":1}"#],
            [SCORES, "", over, "422", r#"{"code":"score_overflow"}"#],
            ["GET /v1/leaderboards/weekly/owners/min", "", "", "200", r#"{"rank":3,"score":-9223372036854775808}"#],
            [SCORES, "content-type: application/vnd.x+json; charset=utf-8", max, "200", ""],
            [SCORES, "idempotency-key: k", r#"{"owner":"k","score":1,"metadata":null}"#, "200", ""],
            [SCORES, "idempotency-key: k", r#"{"score":1,"owner":"k"}"#, "200; idempotent-replayed: true", ""],
        ],
    );
}
