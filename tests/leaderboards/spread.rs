//! Leaderboards over HTTP: a board of eight shards answers what one of one shard does, also after kill -9.

use crate::support::{Server, eventually};
use crate::walk::{Row, check, operation};
use serde_json::{Value, json};

/// What concerns the spread board alone.
const WALK: &[Row] = &[
    ["POST /v1/leaderboards", "", r#"{"id":"big","shards":65}"#, "422", r#"{"code":"bad_definition"}"#],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"big","shards":8,"tie":"dense","windows":["all","daily"],"top":3}"#,
        "201; location: /v1/leaderboards/big; millrace-position:",
        r#"{"id":"big","shards":8,"members":0,"epoch":0}"#,
    ],
    [
        "POST /v1/leaderboards/big/scores",
        "idempotency-key: k1",
        r#"{"owner":"zed","score":-50}"#,
        "200; millrace-position:",
        r#"{"board":"big","owner":"zed","rank":1,"prev_rank":null,"windows":{"daily":{"rank":1}}}"#,
    ],
    [
        "POST /v1/leaderboards/big/scores",
        "idempotency-key: k1",
        r#"{"owner":"zed","score":-50}"#,
        "200; idempotent-replayed: true; millrace-position: $position",
        r#"{"rank":1}"#,
    ],
    [
        "POST /v1/leaderboards",
        "",
        r#"{"id":"big","shards":8,"tie":"dense","windows":["all","daily"],"top":3}"#,
        "200",
        r#"{"members":1}"#,
    ],
    ["POST /v1/leaderboards", "", r#"{"id":"big"}"#, "409", r#"{"code":"board_exists"}"#],
    [
        "DELETE /v1/leaderboards/big/owners/zed",
        "",
        "",
        "200",
        r#"{"board":"big","owner":"zed","rank":null,"score":-50}"#,
    ],
    ["DELETE /v1/leaderboards/big/owners/zed", "", "", "404", r#"{"code":"unknown_owner"}"#],
    ["GET /v1/leaderboards/big%233/entries", "", "", "404", r#"{"code":"unknown_board"}"#],
    ["POST /v1/leaderboards/big%233/scores", "", r#"{"owner":"zed","score":1}"#, "404", r#"{"code":"unknown_board"}"#],
];

/// What is asked of both boards.
const READS: &[&str] = &[
    "entries?limit=7",
    "entries?limit=7&tie=unique",
    "entries?from_rank=12&limit=7",
    "entries?from_rank=12&limit=7&tie=competition",
    "entries?min_score=2&max_score=5",
    "entries?top_percent=20&window=daily",
    "entries?owner_ids=o3&owner_ids=o4&owner_ids=o30&owner_ids=none",
    "entries?epoch=1",
    "owners/o17",
    "owners/o44?window=daily",
    "owners/none",
    "owners/o17/around?limit=9",
    "ranks/1",
    "ranks/33",
    "ranks/400",
    "stats?ranks=5&bars=3",
    "entries?epoch=7",
];

fn reads(server: &Server, board: &str) -> Vec<(u16, Value)> {
    let read = |path: &&str| {
        let answer = server.get(&format!("/v1/leaderboards/{board}/{path}"));
        let mut body = answer.body;
        // When something happened, and where a list goes on, is another matter on each board.
        for name in ["cursor", "prev_cursor"] {
            if let Some(cursor) = body.get_mut(name) {
                *cursor = json!(cursor.is_string());
            }
        }
        let entries = body.get_mut("entries").and_then(Value::as_array_mut).into_iter().flatten();
        entries.for_each(|entry| drop(entry.as_object_mut().unwrap().remove("updated_at")));
        body.as_object_mut().unwrap().remove("updated_at");
        (answer.status, body)
    };
    READS.iter().map(read).collect()
}

/// Walks all pages down, and gives the owners.
fn walk(server: &Server, board: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut path = format!("/v1/leaderboards/{board}/entries?limit=9");
    loop {
        let page = server.get(&path).body;
        let entries = page["entries"].as_array().unwrap();
        let named = |entry: &Value| (entry["rank"].as_u64().unwrap(), entry["owner"].as_str().unwrap().to_owned());
        found.extend(entries.iter().map(named));
        let Some(cursor) = page["cursor"].as_str() else { return found };
        path = format!("/v1/leaderboards/{board}/entries?limit=9&cursor={cursor}");
    }
}

/// Hands in scores, one by one and many at once, voids one and ends an epoch: what that brought.
fn fill(post: &dyn Fn(&str, Value) -> Value, server: &Server, board: &str) -> Vec<Value> {
    let path = |rest: &str| format!("/v1/leaderboards/{board}/{rest}");
    let scores: Vec<Value> = (0..20).map(|n| json!({"owner": format!("o{n}"), "score": n % 6})).collect();
    let batch = post(&path("scores:batch"), json!({ "scores": scores }));
    let mut brought: Vec<Value> =
        batch["results"].as_array().unwrap().iter().map(|item| item["result"]["owner"].clone()).collect();
    let closed = post(&path("epochs:close"), json!({}));
    assert_eq!(closed["board"], board);
    brought.push(json!([closed["top"], closed["members"], closed["epoch"]]));
    for n in 0..45 {
        let submitted = post(&path("scores"), json!({"owner": format!("o{n}"), "score": n * 7 % 9}));
        brought.push(json!([submitted["rank"], submitted["prev_rank"], submitted["windows"]]));
        if n == 11 {
            let name = submitted["submission"].as_str().unwrap();
            let voided = server.send("POST", &path(&format!("submissions/{name}:void")), &[], Vec::new()).unwrap();
            assert_eq!((voided.status, &voided.body["board"]), (200, &json!(board)));
        }
    }
    let again = post(&path("scores"), json!({"owner": "o8", "score": 100, "operator": "set"}));
    brought.push(json!([again["rank"], again["prev_rank"], again["windows"]]));
    let epochs = server.get(&path("epochs")).body;
    assert_eq!(epochs["epochs"][1]["hash"], closed["hash"], "{epochs}");
    brought.push(json!([epochs["epochs"][0]["members"], epochs["epochs"][1]["members"]]));
    brought
}

#[test]
fn a_board_of_eight_shards_answers_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    check(&server, WALK);
    let document = server.get("/openapi.json").body;
    let missing: Vec<_> = WALK.iter().map(|row| row[0]).filter(|ask| operation(&document, ask).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());

    let post = |path: &str, body: Value| {
        let answer = server.post(path, &body);
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
        answer.body
    };
    post("/v1/leaderboards", json!({"id": "one", "tie": "dense", "windows": ["all", "daily"], "top": 3}));
    let one = fill(&post, &server, "one");
    assert_eq!(fill(&post, &server, "big"), one);
    let before = reads(&server, "one");
    // Which scores there are goes from shard to shard.
    eventually("shards hear of scores", || (reads(&server, "big") == before).then_some(()));
    assert_eq!(reads(&server, "big"), before);
    assert_eq!(walk(&server, "big"), walk(&server, "one"));
    server.kill();

    let server = Server::start(&data, &[]);
    assert_eq!(reads(&server, "big"), before, "after kill -9");
    super::lines(&server.cli(&["verify"]));
}
