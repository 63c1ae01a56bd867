//! Leaderboards over HTTP, as a newcomer meets them: the walk, through kill -9, verify and replay.

mod league;
mod moderation;
mod oracle;
mod spread;
mod windows;

use crate::support::{Server, cli, text};
use crate::walk::{Row, check, check_one, operation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The way through the API. The first rows are the transcript of the README.
const WALK: &[Row] = &[
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"weekly","sort":"desc","operator":"best"}"#,
        "201; location: /v1/leaderboards/weekly; millrace-position:",
        r#"{"id":"weekly","sort":"desc","operator":"best","members":0}"#,
    ],
    [
        "POST /v1/leaderboards/weekly/scores",
        "idempotency-key: k1",
        r#"{"owner":"ada","score":120}"#,
        "200; millrace-position:",
        r#"{"owner":"ada","rank":1,"prev_rank":null,"score":120,"prev_score":null,"improved":true,"attempts":1}"#,
    ],
    [
        "POST /v1/leaderboards/weekly/scores",
        "idempotency-key: k1",
        r#"{"owner":"ada","score":120}"#,
        "200; idempotent-replayed: true; millrace-position: $position",
        r#"{"owner":"ada","rank":1,"prev_rank":null,"score":120,"prev_score":null,"improved":true,"attempts":1}"#,
    ],
    [
        "POST /v1/leaderboards/weekly/scores",
        "idempotency-key: k1",
        r#"{"owner":"ada","score":121}"#,
        "422",
        r#"{"code":"idempotency_key_reused"}"#,
    ],
    [
        "GET /v1/leaderboards/weekly/entries?limit=10",
        "",
        "",
        "200; millrace-position:",
        r#"{"entries":[{"rank":1,"owner":"ada","score":120}],"cursor":null}"#,
    ],
    ["GET /v1/leaderboards/weekly/owners/ada", "", "", "200", r#"{"rank":1,"owner":"ada","score":120}"#],
    [
        "GET /v1/leaderboards/weekly/owners/ada/around?limit=5",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1,"owner":"ada","score":120}]}"#,
    ],
    ["GET /v1/leaderboards/weekly/ranks/1", "", "", "200", r#"{"rank":1,"owner":"ada","score":120}"#],
    // What is there is not made again; what differs is a conflict.
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"weekly","sort":"desc","operator":"best"}"#,
        "200",
        r#"{"id":"weekly","members":1}"#,
    ],
    ["POST /v1/leaderboards", "", r#"{"id":"weekly","sort":"asc"}"#, "409", r#"{"code":"board_exists"}"#],
    ["GET /v1/leaderboards/weekly", "", "", "200", r#"{"id":"weekly","members":1,"epoch":0}"#],
    // A refusal is an outcome too, and is kept under its key.
    [
        "POST /v1/leaderboards/nowhere/scores",
        "idempotency-key: k2",
        r#"{"owner":"ada","score":1}"#,
        "404",
        r#"{"code":"unknown_board"}"#,
    ],
    [
        "POST /v1/leaderboards/nowhere/scores",
        "idempotency-key: k2",
        r#"{"owner":"ada","score":1}"#,
        "404; idempotent-replayed: true",
        r#"{"code":"unknown_board"}"#,
    ],
    // Durable now, applied a moment later: the outcome is at its position, and a read can wait for it.
    [
        "POST /v1/leaderboards/weekly/scores",
        "prefer: respond-async",
        r#"{"owner":"grace","score":130,"metadata":{"level":7}}"#,
        "202; location: ; millrace-position:",
        r#"{}"#,
    ],
    [
        "GET /v1/leaderboards/weekly/owners/grace",
        "millrace-min-position: $position",
        "",
        "200",
        r#"{"rank":1,"owner":"grace","score":130,"metadata":{"level":7}}"#,
    ],
    ["GET /v1/leaderboards/weekly/owners/ada?min_position=$position", "", "", "200", r#"{"rank":2}"#],
    ["GET $location", "prefer: wait=10", "", "200", r#"{"owner":"grace","rank":1,"prev_rank":null,"score":130}"#],
    [
        "GET /v1/leaderboards/weekly/owners/ada",
        "millrace-min-position: $beyond",
        "",
        "400",
        r#"{"code":"unknown_position"}"#,
    ],
    ["GET /v1/leaderboards/weekly/owners/ada?min_position=$beyond", "", "", "400", r#"{"code":"unknown_position"}"#],
    ["GET /v1/leaderboards/weekly", "millrace-min-position: weekly@1", "", "400", r#"{"code":"bad_position"}"#],
    ["GET /v1/outcomes/leaderboards/0@999999", "", "", "400", r#"{"code":"unknown_position"}"#],
    // Every operator, an owner of many bytes, and the way back.
    ["POST /v1/leaderboards", "", r#"{"id":"laps","sort":"asc","operator":"incr"}"#, "201", r#"{"sort":"asc"}"#],
    ["POST /v1/leaderboards/laps/scores", "", r#"{"owner":"a b/é","score":5}"#, "200", r#"{"score":5}"#],
    [
        "POST /v1/leaderboards/laps/scores",
        "",
        r#"{"owner":"a b/é","score":5}"#,
        "200",
        r#"{"score":10,"prev_score":5}"#,
    ],
    [
        "POST /v1/leaderboards/laps/scores",
        "",
        r#"{"owner":"a b/é","score":3,"operator":"decr"}"#,
        "200",
        r#"{"score":7,"attempts":3}"#,
    ],
    ["POST /v1/leaderboards/laps/scores", "", r#"{"owner":"x","score":7,"operator":"set"}"#, "200", r#"{"rank":2}"#],
    ["GET /v1/leaderboards/laps/owners/a%20b%2F%C3%A9", "", "", "200", r#"{"rank":1,"owner":"a b/é","score":7}"#],
    ["DELETE /v1/leaderboards/laps/owners/x", "idempotency-key: d1", "", "200", r#"{"owner":"x","rank":2,"score":7}"#],
    [
        "DELETE /v1/leaderboards/laps/owners/x",
        "idempotency-key: d1",
        "",
        "200; idempotent-replayed: true",
        r#"{"owner":"x","rank":2,"score":7}"#,
    ],
    ["DELETE /v1/leaderboards/laps/owners/x", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/laps/owners/x", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/laps/ranks/2", "", "", "404", r#"{"code":"unknown_rank"}"#],
    // Who acts: the operator of this machine, or a user that it names.
    [
        "POST /v1/leaderboards/weekly/scores",
        "millrace-subject: eve",
        r#"{"owner":"eve","score":1}"#,
        "200",
        r#"{"owner":"eve","rank":3}"#,
    ],
    [
        "POST /v1/leaderboards/weekly/scores",
        "millrace-subject: eve",
        r#"{"owner":"ada","score":999}"#,
        "403",
        r#"{"code":"not_yourself"}"#,
    ],
    ["POST /v1/leaderboards", "millrace-subject: eve", r#"{"id":"mine"}"#, "403", r#"{"code":"role_required"}"#],
    ["GET /v1/cluster", "millrace-subject: eve", "", "403", r#"{"code":"operators_only"}"#],
    ["GET /metrics", "millrace-subject: eve", "", "403", r#"{"code":"operators_only"}"#],
    // The program's own.
    ["GET /health/live", "", "", "200", ""],
    ["GET /health/ready", "", "", "200", r#"{"ready":true}"#],
    ["GET /v1/cluster", "", "", "200", ""],
    ["GET /v1/log", "", "", "200", ""],
    ["GET /v1/log/leaderboards/0?from=0&count=5", "", "", "200", ""],
    ["GET /v1/dead", "", "", "200", "[]"],
    ["GET /v1/dead/leaderboards/0@0", "", "", "404", r#"{"code":"no_dead_letter"}"#],
];

/// Reads that must answer alike after whatever happens to the process or the views.
const READS: &[&str] = &[
    "/v1/leaderboards/weekly",
    "/v1/leaderboards/weekly/entries?limit=10",
    "/v1/leaderboards/weekly/owners/ada",
    "/v1/leaderboards/weekly/owners/ada/around?limit=5",
    "/v1/leaderboards/weekly/ranks/1",
    "/v1/leaderboards/laps/entries",
    "/v1/leaderboards/laps/owners/x",
];

/// Repeats under keys that were used in the walk: answered as then.
const REPEATS: &[Row] = &[
    [
        "POST /v1/leaderboards/weekly/scores",
        "idempotency-key: k1",
        r#"{"owner":"ada","score":120}"#,
        "200; idempotent-replayed: true",
        r#"{"owner":"ada","rank":1,"prev_rank":null,"score":120,"attempts":1}"#,
    ],
    [
        "POST /v1/leaderboards/weekly/scores",
        "idempotency-key: k1",
        r#"{"owner":"ada","score":7}"#,
        "422",
        r#"{"code":"idempotency_key_reused"}"#,
    ],
    [
        "POST /v1/leaderboards/nowhere/scores",
        "idempotency-key: k2",
        r#"{"owner":"ada","score":1}"#,
        "404; idempotent-replayed: true",
        r#"{"code":"unknown_board"}"#,
    ],
];

/// The answers to [`READS`] without the position, which other records of the partition move.
fn reads(server: &Server) -> Vec<(u16, Value)> {
    READS.iter().map(|path| server.get(path)).map(|answer| (answer.status, answer.body)).collect()
}

/// The lines of a command's output that are about leaderboards: one for each of eight partitions. All must have gone
/// well.
fn lines(output: &std::process::Output) -> Vec<String> {
    let all: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    let all_well = all.iter().all(|line| line.starts_with("ok "));
    let lines: Vec<String> = all.into_iter().filter(|line| line.contains(" leaderboards/")).collect();
    let in_order = lines.iter().enumerate().all(|(index, line)| line.contains(&format!(" leaderboards/{index} ")));
    assert!(output.status.success() && lines.len() == 8 && all_well && in_order, "{output:?}");
    lines
}

#[test]
fn leaderboards_walk_goes_through_kill_verify_and_replay() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    check(&server, WALK);
    let before = reads(&server);
    server.kill();

    let server = Server::start(&data, &[]);
    assert_eq!(reads(&server), before, "after kill -9");
    check(&server, REPEATS);
    let verified = lines(&server.cli(&["verify"]));
    lines(&server.cli(&["replay", "leaderboards"]));
    assert_eq!(reads(&server), before, "after the replay");
    check(&server, REPEATS);
    lines(&server.cli(&["verify", "leaderboards"]));
    let status = text(&server.cli(&["status"]).stdout);
    assert_eq!(
        status.lines().filter(|line| line.contains(" leaderboards/") && line.contains("lag 0 ")).count(),
        8,
        "{status}"
    );

    // The same of a stopped server's data, by the commands themselves.
    assert_eq!(server.stop(), Some(0), "SIGTERM is a graceful stop");
    let again = lines(&cli(&data, &["verify"]));
    let same = |line: &String| again.iter().any(|other| other.starts_with(line.split("  ").next().unwrap()));
    assert!(verified.iter().all(same), "{verified:?} {again:?}");
    lines(&cli(&data, &["replay"]));
    assert_eq!(reads(&Server::start(&data, &[])), before, "after the replay of a stopped server's data");
}

#[test]
fn leaderboards_are_read_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.post("/v1/leaderboards", &json!({ "id": "big" }));
    for number in 0..25 {
        let answer = server
            .post("/v1/leaderboards/big/scores", &json!({ "owner": format!("o{number:02}"), "score": number / 2 }));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let all = server.get("/v1/leaderboards/big/entries?limit=1000").body["entries"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(25));
    for limit in [1, 4, 25, 26] {
        let (pages, back) = pages(&server, "big", limit);
        assert_eq!(Value::from(pages), all, "limit {limit}");
        assert_eq!(back, (25_usize).div_ceil(limit) - 1, "pages back with limit {limit}");
    }
    // A page goes on where it was, whatever moves: who did not move is neither repeated nor left out.
    let first = server.get("/v1/leaderboards/big/entries?limit=5").body;
    server.post("/v1/leaderboards/big/scores", &json!({ "owner": "o00", "score": 1000 }));
    let cursor = first["cursor"].as_str().unwrap();
    let second = server.get(&format!("/v1/leaderboards/big/entries?limit=5&cursor={cursor}")).body;
    let owners = |page: &[Value]| page.iter().map(|entry| entry["owner"].clone()).collect::<Vec<_>>();
    assert_eq!(owners(second["entries"].as_array().unwrap()), owners(&all.as_array().unwrap()[5..10]));
    for (query, code) in [
        ("limit=0", "bad_limit"),
        ("limit=1001", "bad_limit"),
        ("limit=x", "bad_parameter"),
        ("page=2", "bad_parameter"),
        ("cursor=nonsense", "bad_cursor"),
        (&format!("min_score=1&cursor={cursor}"), "bad_cursor"),
    ] {
        let answer = server.get(&format!("/v1/leaderboards/big/entries?{query}"));
        assert_eq!((answer.status, answer.code()), (400, code), "{query}: {answer:?}");
    }
}

/// All entries by pages of this many, and how many pages lead back from the last one to the top.
fn pages(server: &Server, board: &str, limit: usize) -> (Vec<Value>, usize) {
    let path = format!("/v1/leaderboards/{board}/entries?limit={limit}");
    let mut all = Vec::new();
    let mut page = server.get(&path).body;
    loop {
        all.extend(page["entries"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["cursor"].as_str() else { break };
        page = server.get(&format!("{path}&cursor={cursor}")).body;
    }
    let mut back = 0;
    while let Some(cursor) = page["prev_cursor"].as_str() {
        page = server.get(&format!("{path}&cursor={cursor}")).body;
        back += 1;
    }
    (all, back)
}

#[test]
fn leaderboards_take_api_keys() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |id: &str, role: &str| {
        let hash: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{id}:{role}:{hash}")
    };
    let keys = [entry("boss", "operator"), entry("shop", "server"), entry("ada", "user")].join(",");
    let server = Server::start(&folder.path().join("data"), &["--auth-keys", &keys]);
    let board = r#"{"id":"b","authoritative":true}"#;
    let open = r#"{"id":"open"}"#;
    let score = r#"{"owner":"ada","score":1}"#;
    check(
        &server,
        &[
            ["POST /v1/leaderboards", "", board, "401; www-authenticate: Bearer", r#"{"code":"missing_api_key"}"#],
            ["GET /v1/leaderboards/b", "", "", "401", r#"{"code":"missing_api_key"}"#],
            ["POST /v1/leaderboards", "authorization: Bearer guess", board, "401", r#"{"code":"bad_api_key"}"#],
            ["POST /v1/leaderboards", "authorization: Basic eDp5", board, "401", r#"{"code":"bad_api_key"}"#],
            ["POST /v1/leaderboards", "authorization: Bearer ada", board, "403", r#"{"code":"role_required"}"#],
            ["POST /v1/leaderboards", "authorization: Bearer shop", board, "201", ""],
            ["POST /v1/leaderboards", "authorization: Bearer boss", open, "201", ""],
            [
                "POST /v1/leaderboards/b/scores",
                "authorization: Bearer ada",
                score,
                "403",
                r#"{"code":"authoritative"}"#,
            ],
            ["POST /v1/leaderboards/b/scores", "authorization: Bearer shop", score, "200", ""],
            ["POST /v1/leaderboards/open/scores", "authorization: Bearer ada", score, "200", ""],
            [
                "POST /v1/leaderboards/open/scores",
                "authorization: Bearer ada",
                r#"{"owner":"eve","score":1}"#,
                "403",
                r#"{"code":"not_yourself"}"#,
            ],
            [
                "POST /v1/leaderboards/open/scores",
                "authorization: Bearer ada; millrace-subject: eve",
                score,
                "403",
                r#"{"code":"subject_not_allowed"}"#,
            ],
            ["GET /v1/log", "authorization: Bearer shop", "", "403", r#"{"code":"operators_only"}"#],
            ["GET /v1/log", "authorization: Bearer boss", "", "200", ""],
            ["GET /metrics", "authorization: Bearer shop", "", "200", ""],
            ["GET /health/ready", "", "", "200", r#"{"ready":true}"#],
        ],
    );
    // The command line proves who it is by the data folder's keys.
    lines(&server.cli(&["verify"]));
}

#[test]
fn leaderboards_are_described_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let document = server.get("/openapi.json").body;
    assert_eq!(millrace::openapi::faults(&document), Vec::<String>::new());
    let own = ["GET /v1/outcomes/leaderboards/0@1", "POST /v1/verify", "POST /v1/replay", "GET /metrics"];
    let asks = WALK.iter().map(|row| row[0]).filter(|ask| !ask.contains('$')).chain(own);
    let missing: Vec<_> = asks.filter(|ask| operation(&document, ask).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());
    check_one(&server, ["GET /v1/nowhere", "", "", "404", r#"{"code":"unknown_path"}"#]);
    check_one(&server, ["PUT /v1/leaderboards", "", "{}", "405", r#"{"code":"method_not_allowed"}"#]);

    server.post("/v1/leaderboards", &json!({ "id": "m" }));
    let Value::String(figures) = server.get("/metrics").body else { panic!("figures are text") };
    for line in [
        "millrace_log_appended_records_total 1",
        "millrace_applied_records_total{machine=\"leaderboards\"} 1",
        "millrace_http_requests_total{method=\"POST\",route=\"/v1/leaderboards\",status=\"201\"} 1",
        "millrace_partitions_stopped 0",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line}\n{figures}");
    }
}
