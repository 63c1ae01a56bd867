//! Leaderboards over HTTP: submissions that are voided, owners who are hidden, shown and erased, and who join.

use crate::support::Server;
use crate::walk::{Row, check, operation};
use serde_json::Value;

const WALK: &[Row] = &[
    ["POST /v1/leaderboards", "", r#"{"id":"run","operator":"incr"}"#, "201", ""],
    ["POST /v1/leaderboards", "", r#"{"id":"jump"}"#, "201", ""],
    ["POST /v1/leaderboards/jump/scores", "", r#"{"owner":"ada","score":3}"#, "200", r#"{"rank":1}"#],
    ["POST /v1/leaderboards/run/scores", "", r#"{"owner":"bob","score":6}"#, "200", r#"{"rank":1}"#],
    ["POST /v1/leaderboards/run/scores", "", r#"{"owner":"ada","score":5}"#, "200", r#"{"rank":2}"#],
    ["POST /v1/leaderboards/run/scores", "", r#"{"owner":"ada","score":100}"#, "200", r#"{"rank":1,"score":105}"#],
    [
        "GET /v1/leaderboards/run/owners/ada/history",
        "",
        "",
        "200",
        r#"{"submissions":[{"score":100,"rank":1,"voided":false,"operator":"incr"},{"score":5,"rank":2}]}"#,
    ],
    ["GET /v1/leaderboards/run/owners/eve/history", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/run/owners/ada/history?window=daily", "", "", "404", r#"{"code":"unknown_window"}"#],
    [
        "POST /v1/leaderboards/run/submissions/$submission:void",
        "millrace-subject: ada",
        "",
        "403",
        r#"{"code":"role_required"}"#,
    ],
    [
        "POST /v1/leaderboards/run/submissions/$submission:void",
        "idempotency-key: v1",
        "",
        "200",
        r#"{"owner":"ada","windows":[{"window":"all","rank":2,"prev_rank":1,"score":5,"prev_score":105}],"not_kept":[]}"#,
    ],
    [
        "POST /v1/leaderboards/run/submissions/$submission:void",
        "idempotency-key: v1",
        "",
        "200; idempotent-replayed: true",
        "",
    ],
    ["POST /v1/leaderboards/run/submissions/$submission:void", "", "", "200", r#"{"windows":[]}"#],
    ["POST /v1/leaderboards/jump/submissions/$submission:void", "", "", "404", r#"{"code":"unknown_submission"}"#],
    ["POST /v1/leaderboards/run/submissions/$submission.0:void", "", "", "404", r#"{"code":"unknown_submission"}"#],
    ["POST /v1/leaderboards/run/submissions/$submission:praise", "", "", "404", r#"{"code":"unknown_action"}"#],
    ["POST /v1/leaderboards/run/submissions/$submission", "", "", "404", r#"{"code":"unknown_action"}"#],
    ["POST /v1/leaderboards/run/submissions/0@999999:void", "", "", "404", r#"{"code":"unknown_submission"}"#],
    ["POST /v1/leaderboards/run/submissions/99@0:void", "", "", "404", r#"{"code":"unknown_submission"}"#],
    ["POST /v1/leaderboards/run/submissions/x:void", "", "", "404", r#"{"code":"unknown_submission"}"#],
    [
        "GET /v1/leaderboards/run/owners/ada/history",
        "",
        "",
        "200",
        r#"{"submissions":[{"score":100,"voided":true},{"score":5,"voided":false}]}"#,
    ],
    // An entry of a batch.
    [
        "POST /v1/leaderboards/jump/scores:batch",
        "",
        r#"{"scores":[{"owner":"eve","score":9},{"owner":"ada","score":8}]}"#,
        "200",
        r#"{"results":[{"result":{"rank":1}},{"result":{"rank":2,"prev_score":3}}]}"#,
    ],
    [
        "POST /v1/leaderboards/jump/submissions/$item:void",
        "",
        "",
        "200",
        r#"{"owner":"ada","windows":[{"score":3,"prev_score":8}]}"#,
    ],
    // An owner everywhere.
    ["POST /v1/leaderboards/owners/ada:hide", "millrace-subject: ada", "", "403", r#"{"code":"role_required"}"#],
    [
        "POST /v1/leaderboards/owners/ada:hide",
        "idempotency-key: h1",
        "",
        "200; millrace-position:",
        r#"{"partitions":[{"partition":0,"status":200},{"status":200},{"status":200},{"status":200},{"status":200},{"status":200},{"status":200},{"partition":7,"status":200}]}"#,
    ],
    ["POST /v1/leaderboards/owners/ada:hide", "idempotency-key: h1", "", "200; idempotent-replayed: true", ""],
    ["POST /v1/leaderboards/owners/ada:bow", "", "", "404", r#"{"code":"unknown_action"}"#],
    ["GET /v1/leaderboards/run/owners/ada", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/jump/entries", "", "", "200", r#"{"entries":[{"owner":"eve","rank":1}]}"#],
    ["POST /v1/leaderboards/run/scores", "", r#"{"owner":"ada","score":9}"#, "200", r#"{"rank":null,"score":14}"#],
    ["POST /v1/leaderboards/owners/ada:show", "", "", "200", ""],
    ["GET /v1/leaderboards/run/owners/ada", "", "", "200", r#"{"rank":1,"score":14}"#],
    ["GET /v1/leaderboards/jump/owners/ada", "", "", "200", r#"{"rank":2,"score":3}"#],
    ["POST /v1/leaderboards/run/epochs:close", "", "{}", "200", r#"{"top":[{"owner":"ada"},{"owner":"bob"}]}"#],
    ["POST /v1/leaderboards/run/scores", "", r#"{"owner":"ada","score":1}"#, "200", r#"{"rank":1,"epoch":1}"#],
    ["DELETE /v1/leaderboards/owners/ada", "millrace-subject: ada", "", "403", r#"{"code":"role_required"}"#],
    ["DELETE /v1/leaderboards/owners/ada", "", "", "200", r#"{}"#],
    ["POST /v1/leaderboards/owners/ada:erase", "", "", "200", r#"{}"#],
    ["GET /v1/leaderboards/run/owners/ada", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/run/owners/ada?epoch=0", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/run/owners/bob?epoch=0", "", "", "200", r#"{"rank":2,"members":2}"#],
    ["GET /v1/leaderboards/jump/owners/ada", "", "", "404", r#"{"code":"unknown_owner"}"#],
    // A tournament that one must join.
    ["POST /v1/leaderboards", "", r#"{"id":"cup","tournament":{"join_required":true,"max_attempts":1}}"#, "201", ""],
    ["POST /v1/leaderboards/cup/scores", "", r#"{"owner":"eve","score":1}"#, "409", r#"{"code":"not_joined"}"#],
    ["POST /v1/leaderboards/cup/owners/eve:join", "millrace-subject: bob", "", "403", r#"{"code":"not_yourself"}"#],
    ["POST /v1/leaderboards/cup/owners/eve:join", "millrace-subject: eve", "", "200", r#"{"owner":"eve","epoch":0}"#],
    ["POST /v1/leaderboards/cup/owners/eve:leave", "", "", "404", r#"{"code":"unknown_action"}"#],
    ["POST /v1/leaderboards/run/owners/eve:join", "", "", "422", r#"{"code":"no_tournament"}"#],
    ["POST /v1/leaderboards/cup/scores", "", r#"{"owner":"eve","score":1}"#, "200", r#"{"rank":1}"#],
    ["POST /v1/leaderboards/cup/scores", "", r#"{"owner":"eve","score":2}"#, "409", r#"{"code":"attempts_used"}"#],
];

const READS: &[&str] = &[
    "/v1/leaderboards/run/entries",
    "/v1/leaderboards/run/entries?epoch=0",
    "/v1/leaderboards/jump/entries",
    "/v1/leaderboards/jump/owners/eve/history",
    "/v1/leaderboards/cup/entries",
];

#[test]
fn leaderboards_can_be_set_right() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    check(&server, WALK);
    let entries = server.get("/v1/leaderboards/run/entries?epoch=0").body;
    let pseudonym = entries["entries"][0]["owner"].as_str().unwrap().to_owned();
    assert!(pseudonym.starts_with("erased-") && entries["entries"][0]["rank"] == 1, "{entries}");

    let document = server.get("/openapi.json").body;
    assert_eq!(millrace::openapi::faults(&document), Vec::<String>::new());
    let missing: Vec<_> = WALK.iter().map(|row| row[0]).filter(|ask| operation(&document, ask).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());

    let reads = |server: &Server| -> Vec<(u16, Value)> {
        READS.iter().map(|path| server.get(path)).map(|answer| (answer.status, answer.body)).collect()
    };
    let before = reads(&server);
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    server.kill();
    let server = Server::start(&data, &[]);
    assert_eq!(reads(&server), before, "after kill -9");
    super::lines(&server.cli(&["verify"]));
}
