//! Addresses: only hashes of them are kept, and no line of the program's log holds one.

use super::{BROWSER, at, one, prepare, put};
use crate::support::{Server, eventually, stderr};
use serde_json::json;
use std::fs;

#[test]
fn no_address_stands_in_a_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let args = ["--log-format", "json", "--log-filter", "trace", "--trusted-proxies", "127.0.0.0/8"];
    let server = Server::start(&data, &args);
    prepare(&server);
    let bad = [
        one("p1", "banner1", "v1", "203.0.113.77", 5),
        one("p2", "banner1", "v1", "203.0.113.78.", 5),
        one("p3", "none", "v1", "2001:db8::77", 5),
    ];
    assert_eq!(server.post("/v1/clicks:batch", &json!({ "clicks": bad })).status, 202);
    let unreadable = json!({"clicks":[{"click_id":1,"ip":"203.0.113.79"}]});
    assert_eq!(server.post("/v1/clicks:batch", &unreadable).status, 400);
    let headers = [("user-agent", BROWSER), ("x-forwarded-for", "203.0.113.80")];
    assert_eq!(server.send("GET", "/c/banner1", &headers, Vec::new()).unwrap().status, 302);
    let case = |filter| json!({"case_id":"f1","reason":"r","filter":filter});
    assert_eq!(server.post("/v1/clicks:invalidate", &case(json!({"ip":"203.0.113.77"}))).status, 200);
    assert_eq!(server.post("/v1/clicks:invalidate", &case(json!({"ip_prefix":"203.0.113.0/16"}))).status, 422);
    let shown = json!({"impressions":[{"ad":"banner1","ip":"203.0.113.81","time":at(5)}]});
    assert_eq!(server.post("/v1/clicks/impressions:batch", &shown).status, 202);
    let set = json!({"currency":"EUR","price_micros":1});
    assert_eq!(put(&server, "/v1/clicks/campaigns/other", &set).status, 201);
    let found = eventually("the click is judged", || {
        let answer = server.get("/v1/clicks/p1");
        (answer.status == 200).then_some(answer.body)
    });
    assert!(!found.to_string().contains("203.0.113"), "{found}");
    assert_eq!(server.stop(), Some(0));
    let log = fs::read_to_string(stderr(&data)).unwrap();
    assert!(log.contains("answered"), "nothing was logged");
    for hidden in ["203.0.113.", "2001:db8:"] {
        assert!(!log.contains(hidden), "{hidden} stands in the log");
    }
}
