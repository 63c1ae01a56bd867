//! Leaderboards over HTTP: windows and epochs, columns, batches, ties and statistics, and what is refused of them.

use crate::support::Server;
use crate::walk::{Row, check, operation};
use serde_json::{Value, json};

const WALK: &[Row] = &[
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"cup","windows":["all","daily","weekly"],"tz":"Europe/Berlin","reset_cron":"0 4 1 * *","tie":"dense","prizes":[{"to_rank":1,"prize":"gold"}]}"#,
        "201",
        r#"{"windows":["all","daily","weekly"],"tz":"Europe/Berlin","open":[{"window":"all","epoch":0},{"window":"daily"},{"window":"weekly"}]}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"cup","windows":["weekly","daily","all"],"tz":"europe/berlin","reset_cron":"0 4 1 * *","tie":"dense","prizes":[{"to_rank":1,"prize":"gold"}]}"#,
        "200",
        r#"{"id":"cup"}"#,
    ],
    ["POST /v1/leaderboards", "", r#"{"id":"cup","tie":"dense"}"#, "409", r#"{"code":"board_exists"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"x","tz":"Mars/Olympus"}"#, "422", r#"{"code":"bad_definition"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"x","reset_cron":"@daily"}"#, "422", r#"{"code":"bad_definition"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"x","windows":["daily"]}"#, "422", r#"{"code":"bad_definition"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"x","windows":["hourly"]}"#, "400", r#"{"code":"bad_body"}"#],
    ["POST /v1/leaderboards", "", r#"{"id":"x","tournament":{"size":1}}"#, "400", r#"{"code":"bad_body"}"#],
    ["GET /v1/leaderboards/x", "", "", "404", r#"{"code":"unknown_board"}"#],
    [
        "POST /v1/leaderboards/cup/scores",
        "",
        r#"{"owner":"ada","score":7}"#,
        "200",
        r#"{"rank":1,"new_best":{"all":true,"daily":true,"weekly":true},"windows":{"daily":{"rank":1,"score":7},"weekly":{"rank":1}}}"#,
    ],
    [
        "POST /v1/leaderboards/cup/scores:batch",
        "idempotency-key: b1",
        r#"{"scores":[{"owner":"bob","score":7},{"owner":"eve","score":9},{"owner":"","score":1}]}"#,
        "200; millrace-position:",
        r#"{"results":[{"status":200,"result":{"owner":"bob","rank":2}},{"status":200,"result":{"owner":"eve","rank":1}},{"status":422,"submission":null,"problem":{"code":"bad_owner"}}]}"#,
    ],
    [
        "POST /v1/leaderboards/cup/scores:batch",
        "idempotency-key: b1",
        r#"{"scores":[{"owner":"bob","score":7},{"owner":"eve","score":9},{"owner":"","score":1}]}"#,
        "200; idempotent-replayed: true; millrace-position: $position",
        r#"{"results":[{"status":200},{"status":200},{"status":422}]}"#,
    ],
    ["POST /v1/leaderboards/cup/scores:batch", "", r#"{"scores":[]}"#, "422", r#"{"code":"bad_batch"}"#],
    [
        "POST /v1/leaderboards/none/scores:batch",
        "",
        r#"{"scores":[{"owner":"a","score":1}]}"#,
        "404",
        r#"{"code":"unknown_board"}"#,
    ],
    [
        "GET /v1/leaderboards/cup/entries?window=daily",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1,"owner":"eve"},{"rank":2,"owner":"ada"},{"rank":2,"owner":"bob"}]}"#,
    ],
    [
        "GET /v1/leaderboards/cup/entries?tie=unique",
        "",
        "",
        "200",
        r#"{"entries":[{"rank":1},{"rank":2,"owner":"ada"},{"rank":3,"owner":"bob"}]}"#,
    ],
    [
        "GET /v1/leaderboards/cup/owners/bob?tie=competition&window=weekly",
        "",
        "",
        "200",
        r#"{"rank":2,"members":3,"percentile":0}"#,
    ],
    ["GET /v1/leaderboards/cup/owners/eve", "", "", "200", r#"{"rank":1,"percentile":100}"#],
    [
        "GET /v1/leaderboards/cup/owners/eve/around?limit=2&window=daily",
        "",
        "",
        "200",
        r#"{"entries":[{"owner":"eve"},{"owner":"ada"}]}"#,
    ],
    ["GET /v1/leaderboards/cup/ranks/3?tie=dense", "", "", "200", r#"{"owner":"bob","rank":2}"#],
    [
        "GET /v1/leaderboards/cup/stats?ranks=2&ranks=9&bars=2",
        "",
        "",
        "200",
        r#"{"members":3,"best":9,"worst":7,"ranks":[{"rank":2,"score":7}],"histogram":[{"from":7,"to":8,"members":2},{"from":9,"to":9,"members":1}]}"#,
    ],
    ["GET /v1/leaderboards/cup/stats?bars=11", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/cup/stats?ranks=0", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/cup/entries?window=hourly", "", "", "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/cup/entries?epoch=4", "", "", "404", r#"{"code":"unknown_epoch"}"#],
    // The end of an epoch, and what can be read of it.
    [
        "POST /v1/leaderboards/cup/epochs:close",
        "idempotency-key: c1",
        "{}",
        "200",
        r#"{"window":"all","epoch":0,"members":3,"top":[{"rank":1,"owner":"eve"},{"owner":"ada"},{"owner":"bob"}],"prizes":[{"rank":1,"owner":"eve","prize":"gold"}]}"#,
    ],
    [
        "POST /v1/leaderboards/cup/epochs:close",
        "idempotency-key: c1",
        "{}",
        "200; idempotent-replayed: true",
        r#"{"epoch":0}"#,
    ],
    ["POST /v1/leaderboards/cup/epochs:close", "millrace-subject: eve", "{}", "403", r#"{"code":"role_required"}"#],
    ["POST /v1/leaderboards/cup/epochs:close", "", r#"{"window":"monthly"}"#, "400", r#"{"code":"bad_body"}"#],
    ["GET /v1/leaderboards/cup/entries", "", "", "200", r#"{"entries":[]}"#],
    ["GET /v1/leaderboards/cup/entries?window=weekly&limit=1", "", "", "200", r#"{"entries":[{"owner":"eve"}]}"#],
    ["GET /v1/leaderboards/cup/owners/ada?epoch=0", "", "", "200", r#"{"rank":2,"score":7}"#],
    [
        "GET /v1/leaderboards/cup/epochs?limit=1",
        "",
        "",
        "200",
        r#"{"epochs":[{"epoch":1,"closed_at":null,"members":0}]}"#,
    ],
    [
        "GET /v1/leaderboards/cup/epochs?limit=1&cursor=$cursor",
        "",
        "",
        "200",
        r#"{"epochs":[{"epoch":0,"members":3}],"cursor":null}"#,
    ],
    ["GET /v1/leaderboards/cup/epochs?cursor=x", "", "", "400", r#"{"code":"bad_cursor"}"#],
    [
        "POST /v1/leaderboards/cup/scores",
        "",
        r#"{"owner":"ada","score":1}"#,
        "200",
        r#"{"epoch":1,"rank":1,"new_best":{"all":true,"daily":false}}"#,
    ],
    // Columns, and boards that have no such thing.
    ["POST /v1/leaderboards", "", r#"{"id":"duel","columns":["asc"]}"#, "201", r#"{"columns":["asc"],"shards":1}"#],
    [
        "POST /v1/leaderboards/duel/scores",
        "",
        r#"{"owner":"ada","score":7,"subscores":[2]}"#,
        "200",
        r#"{"subscores":[2]}"#,
    ],
    ["POST /v1/leaderboards/duel/scores", "", r#"{"owner":"bob","score":7,"subscores":[1]}"#, "200", r#"{"rank":1}"#],
    ["POST /v1/leaderboards/duel/scores", "", r#"{"owner":"bob","score":7}"#, "422", r#"{"code":"bad_subscores"}"#],
    ["GET /v1/leaderboards/duel/entries?tie=dense", "", "", "422", r#"{"code":"not_dense"}"#],
    ["GET /v1/leaderboards/duel/entries?window=daily", "", "", "404", r#"{"code":"unknown_window"}"#],
    // One owner, many boards.
    [
        "PUT /v1/leaderboards/owners/zoe/scores",
        "idempotency-key: p1",
        r#"{"scores":[{"board":"cup","score":3},{"board":"duel","score":8,"subscores":[0]},{"board":"none","score":1},{"board":"cup","score":4}]}"#,
        "200; millrace-position:",
        r#"{"results":[{"status":200,"result":{"board":"cup","owner":"zoe"}},{"status":200,"result":{"rank":1}},{"status":404,"problem":{"code":"unknown_board"}},{"status":200,"result":{"score":4}}]}"#,
    ],
    [
        "PUT /v1/leaderboards/owners/zoe/scores",
        "idempotency-key: p1",
        r#"{"scores":[{"board":"cup","score":3},{"board":"duel","score":8,"subscores":[0]},{"board":"none","score":1},{"board":"cup","score":4}]}"#,
        "200",
        r#"{"results":[{"status":200,"result":{"attempts":1}},{"status":200},{"status":404},{"status":200,"result":{"attempts":2}}]}"#,
    ],
    ["PUT /v1/leaderboards/owners/zoe/scores", "", r#"{"scores":[]}"#, "400", r#"{"code":"bad_parameter"}"#],
    ["GET /v1/leaderboards/cup/owners/zoe", "", "", "200", r#"{"score":4,"attempts":2}"#],
];

/// What must be answered alike after a crash and a rebuild.
const READS: &[&str] = &[
    "/v1/leaderboards/cup",
    "/v1/leaderboards/cup/entries",
    "/v1/leaderboards/cup/entries?epoch=0&tie=competition",
    "/v1/leaderboards/cup/entries?window=weekly",
    "/v1/leaderboards/cup/stats?epoch=0",
    "/v1/leaderboards/cup/epochs",
    "/v1/leaderboards/duel/entries",
];

#[test]
fn leaderboards_have_windows_batches_and_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let answers = check(&server, WALK);
    let batch = answers.iter().find(|answer| answer.body["results"][0]["submission"].is_string()).unwrap();
    let position = batch.header("millrace-position").unwrap().strip_prefix("leaderboards/").unwrap();
    assert_eq!(batch.body["results"][1]["submission"], format!("{position}.1"));

    let document = server.get("/openapi.json").body;
    assert_eq!(millrace::openapi::faults(&document), Vec::<String>::new());
    let missing: Vec<_> = WALK.iter().map(|row| row[0]).filter(|ask| operation(&document, ask).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());

    let reads = |server: &Server| {
        READS
            .iter()
            .map(|path| server.get(path))
            .map(|answer| (answer.status, answer.body))
            .collect::<Vec<(u16, Value)>>()
    };
    let before = reads(&server);
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    server.kill();
    let server = Server::start(&data, &[]);
    assert_eq!(reads(&server), before, "after kill -9");
    super::lines(&server.cli(&["verify"]));
    super::lines(&server.cli(&["replay", "leaderboards"]));
    assert_eq!(reads(&server), before, "after the replay");
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "scores" })).status, 201);
}
