//! Leagues over HTTP: buckets, tiers, what is asked of a bucket, and the end of an epoch.

use crate::streams::Client;
use crate::support::Server;
use crate::walk::{Row, check, operation};
use serde_json::Value;

const WALK: &[Row] = &[
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"arena","windows":["all","daily"],"league":{"bucket_size":2,"tiers":["bronze","silver","gold"],"promote":1,"relegate":1}}"#,
        "201; location: /v1/leaderboards/arena",
        r#"{"id":"arena","top":0,"league":{"bucket_size":2,"tiers":["bronze","silver","gold"],"promote":1,"relegate":1}}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"arena","windows":["all","daily"],"league":{"bucket_size":2,"tiers":["bronze","silver","gold"],"promote":1,"relegate":1}}"#,
        "200",
        r#"{"id":"arena"}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"arena","windows":["all","daily"],"league":{"bucket_size":3,"tiers":["bronze","silver","gold"],"promote":1,"relegate":1}}"#,
        "409",
        r#"{"code":"board_exists"}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"x","league":{"bucket_size":2,"tiers":["a"],"promote":2,"relegate":1}}"#,
        "422",
        r#"{"code":"bad_definition"}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"x","top":1,"league":{"bucket_size":2,"tiers":["a"]}}"#,
        "422",
        r#"{"code":"bad_definition"}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"x","league":{"bucket_size":2,"tiers":["a"],"size":1}}"#,
        "400",
        r#"{"code":"bad_body"}"#,
    ],
    ["POST /v1/leaderboards", "", r#"{"id":"plain"}"#, "201", ""],
    ["GET /v1/leaderboards/arena", "", "", "200", r#"{"league":{"bucket_size":2}}"#],
    // The third finds the first bucket full.
    [
        "POST /v1/leaderboards/arena/scores",
        "",
        r#"{"owner":"ada","score":5}"#,
        "200",
        r#"{"rank":1,"league":{"tier":"bronze","bucket":0},"windows":{"daily":{"rank":1}}}"#,
    ],
    [
        "POST /v1/leaderboards/arena/scores:batch",
        "",
        r#"{"scores":[{"owner":"bob","score":7},{"owner":"eve","score":6}]}"#,
        "200",
        r#"{"results":[{"result":{"rank":1,"league":{"tier":"bronze","bucket":0}}},{"result":{"rank":1,"league":{"tier":"bronze","bucket":1},"windows":{"daily":{"rank":2}}}}]}"#,
    ],
    // What is asked of a bucket.
    [
        "GET /v1/leaderboards/arena/owners/ada",
        "",
        "",
        "200",
        r#"{"rank":2,"members":2,"percentile":0,"league":{"tier":"bronze","bucket":0}}"#,
    ],
    ["GET /v1/leaderboards/arena/owners/eve", "", "", "200", r#"{"rank":1,"members":1,"league":{"bucket":1}}"#],
    ["GET /v1/leaderboards/arena/owners/eve?window=daily", "", "", "200", r#"{"rank":2,"members":3}"#],
    ["GET /v1/leaderboards/arena/owners/kim", "", "", "404", r#"{"code":"unknown_owner"}"#],
    [
        "GET /v1/leaderboards/arena/owners/bob/around?limit=1",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1,"owner":"bob"}],"league":{"bucket":0}}"#,
    ],
    [
        "GET /v1/leaderboards/arena/entries?bucket=0&cursor=$cursor",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":2,"owner":"ada"}],"cursor":null}"#,
    ],
    ["GET /v1/leaderboards/arena/entries?bucket=1&cursor=$cursor", "", "", "400", r#"{"code":"bad_cursor"}"#],
    [
        "GET /v1/leaderboards/arena/entries?bucket=0",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1,"owner":"bob"},{"rank":2,"owner":"ada"}],"league":{"tier":"bronze","bucket":0}}"#,
    ],
    ["GET /v1/leaderboards/arena/entries?bucket=0&min_score=6", "", "", "200", r#"{"entries":[{"owner":"bob"}]}"#],
    ["GET /v1/leaderboards/arena/entries", "", "", "422", r#"{"code":"bucket_required"}"#],
    ["GET /v1/leaderboards/arena/entries?bucket=2", "", "", "404", r#"{"code":"unknown_bucket"}"#],
    ["GET /v1/leaderboards/arena/entries?bucket=-1", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/arena/entries?window=daily", "", "", "200", r#"{"entries":[{},{"owner":"eve"},{}]}"#],
    ["GET /v1/leaderboards/arena/entries?window=daily&bucket=0", "", "", "422", r#"{"code":"no_league"}"#],
    ["GET /v1/leaderboards/plain/entries?bucket=0", "", "", "422", r#"{"code":"no_league"}"#],
    [
        "GET /v1/leaderboards/arena/entries?owner_ids=ada&owner_ids=eve",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1,"owner":"eve"},{"rank":2,"owner":"ada"}]}"#,
    ],
    ["GET /v1/leaderboards/arena/entries?owner_ids=ada&bucket=0", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/arena/ranks/1?bucket=1", "", "", "200", r#"{"owner":"eve","league":{"bucket":1}}"#],
    ["GET /v1/leaderboards/arena/ranks/2?bucket=1", "", "", "404", r#"{"code":"unknown_rank"}"#],
    ["GET /v1/leaderboards/arena/ranks/1", "", "", "422", r#"{"code":"bucket_required"}"#],
    ["GET /v1/leaderboards/arena/stats?bucket=0", "", "", "200", r#"{"members":2,"best":7,"worst":5}"#],
    ["GET /v1/leaderboards/arena/stats", "", "", "422", r#"{"code":"bucket_required"}"#],
    ["GET /v1/leaderboards/arena/owners/ada/history", "", "", "200", r#"{"submissions":[{"score":5,"rank":1}]}"#],
    ["GET /v1/leaderboards/arena/stream?bucket=0&owner=ada", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/arena/stream", "", "", "422", r#"{"code":"bucket_required"}"#],
    // The end of an epoch: the first of a bucket goes up, and what has ended stays.
    ["POST /v1/leaderboards/arena/epochs:close", "", "{}", "200", r#"{"epoch":0,"members":3,"top":[],"prizes":[]}"#],
    [
        "POST /v1/leaderboards/arena/scores",
        "",
        r#"{"owner":"bob","score":1}"#,
        "200",
        r#"{"epoch":1,"rank":1,"league":{"tier":"silver","bucket":0}}"#,
    ],
    [
        "POST /v1/leaderboards/arena/scores",
        "",
        r#"{"owner":"ada","score":1}"#,
        "200",
        r#"{"epoch":1,"rank":1,"league":{"tier":"bronze","bucket":1}}"#,
    ],
    [
        "GET /v1/leaderboards/arena/owners/bob?epoch=0",
        "",
        "",
        "200",
        r#"{"rank":1,"members":2,"league":{"tier":"bronze","bucket":0}}"#,
    ],
    ["DELETE /v1/leaderboards/arena/owners/bob", "", "", "200", r#"{"rank":1,"score":1}"#],
    [
        "POST /v1/leaderboards/arena/scores",
        "",
        r#"{"owner":"bob","score":1}"#,
        "200",
        r#"{"rank":2,"league":{"tier":"bronze","bucket":1}}"#,
    ],
];

const READS: &[&str] = &[
    "/v1/leaderboards/arena",
    "/v1/leaderboards/arena/entries?bucket=1",
    "/v1/leaderboards/arena/entries?epoch=0&bucket=0",
    "/v1/leaderboards/arena/entries?epoch=0&bucket=1",
    "/v1/leaderboards/arena/entries?bucket=2",
    "/v1/leaderboards/arena/owners/bob",
];

#[test]
fn leagues_are_played_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    check(&server, WALK);

    let document = server.get("/openapi.json").body;
    assert_eq!(millrace::openapi::faults(&document), Vec::<String>::new());
    let missing: Vec<_> = WALK.iter().map(|row| row[0]).filter(|ask| operation(&document, ask).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());

    // A bucket can be followed before it opens.
    let mut client = Client::follow(&server.url, "/v1/leaderboards/arena/stream?bucket=2", None).unwrap();
    assert_eq!((client.event().name.as_str(), client.entries.len()), ("snapshot", 0));
    let kim = ["POST /v1/leaderboards/arena/scores", "", r#"{"owner":"kim","score":3}"#, "200", ""];
    check(&server, &[kim]);
    client.until(&server.get("/v1/leaderboards/arena/entries?bucket=2").body["entries"]);
    drop(client);

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
