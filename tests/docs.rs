//! The page at `/docs`: it shows every operation and schema of the document, and loads nothing from elsewhere.

use crate::support::Server;
use serde_json::Value;

/// The values of an attribute in HTML.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let document = server.get("/openapi.json").body;
    let answer = server.get("/docs");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("http"), "{policy}");
    let Value::String(html) = answer.body else { panic!("the page is text") };

    let (links, ids) = (values(&html, "href"), values(&html, "id"));
    let paths = document["paths"].as_object().unwrap().values();
    let operations: Vec<_> = paths.flat_map(|item| item.as_object().unwrap()).collect();
    assert!(operations.len() > 20, "{} operations", operations.len());
    for (method, operation) in &operations {
        let id = operation["operationId"].as_str().unwrap();
        assert_eq!(ids.iter().filter(|one| **one == id).count(), 1, "{method} {id}");
        assert_eq!(links.iter().filter(|one| **one == format!("#{id}")).count(), 1, "{method} {id}");
    }
    assert_eq!(html.matches("<li>").count(), operations.len());
    let is_read =
        |operation: &serde_json::Value| operation["responses"]["200"]["content"]["text/event-stream"].is_null();
    let reads = operations.iter().filter(|(method, operation)| *method == "get" && is_read(operation)).count();
    assert_eq!(values(&html, "data-path").len(), reads, "a form for each read that is no stream");
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(ids.contains(&format!("schema-{name}").as_str()), "{name}");
    }

    // What leads within the page leads somewhere, and all else is this server's own.
    for link in links.iter().chain(&values(&html, "src")).filter(|link| **link != "data:,") {
        match link.strip_prefix('#') {
            Some(id) => assert!(ids.contains(&id), "{link}"),
            None => {
                assert!(link.starts_with('/') && !link.starts_with("//"), "{link}");
                let Answered(status, text) = Answered::of(&server, link);
                assert_eq!(status, 200, "{link}");
                assert!(!["url(", "@import", "import ", "://"].iter().any(|word| text.contains(word)), "{link}");
            }
        }
    }
}

/// The status of an answer, and its text where that is no JSON.
struct Answered(u16, String);

impl Answered {
    fn of(server: &Server, path: &str) -> Self {
        let answer = server.get(path);
        Self(answer.status, answer.body.as_str().unwrap_or_default().to_owned())
    }
}
