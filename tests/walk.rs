//! A walk over HTTP as a table: each row a request and what it must be answered with.
//!
//! `$position`, `$location`, `$cursor` and `$submission` in a request stand for what an earlier answer of the walk gave,
//! `$item` for the last submission of a batch, `$beyond` for a place far behind that position.

use crate::support::{Answer, Server};
use serde_json::Value;

/// Method and path, headers as `name: value; name: value`, body, status with headers (an empty value: it is there),
/// and JSON that the body must contain.
pub type Row = [&'static str; 5];

/// Makes the requests one after the other and compares the answers; returns them.
pub fn check(server: &Server, rows: &[Row]) -> Vec<Answer> {
    let mut seen = Seen::default();
    rows.iter().map(|row| check_row(server, row, &mut seen)).collect()
}

/// The same as [`check`] where the row needs no other answer.
pub fn check_one(server: &Server, row: Row) -> Answer {
    check_row(server, &row, &mut Seen::default())
}

/// What the answers so far gave.
#[derive(Default)]
struct Seen {
    position: String,
    location: String,
    cursor: String,
    submission: String,
    item: String,
}

impl Seen {
    fn fill(&self, text: &str) -> String {
        let filled = text.replace("$position", &self.position).replace("$location", &self.location);
        let beyond = self.position.rsplit_once('@').map_or(String::new(), |(place, _)| format!("{place}@1000000"));
        let filled = filled.replace("$submission", &self.submission).replace("$item", &self.item);
        filled.replace("$cursor", &self.cursor).replace("$beyond", &beyond)
    }

    fn note(&mut self, answer: &Answer) {
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let cursor = answer.body["cursor"].as_str().map(str::to_owned);
        let submission = answer.body["submission"].as_str().map(str::to_owned);
        let results = answer.body["results"].as_array();
        let item = results.and_then(|results| results.last()?["submission"].as_str()).map(str::to_owned);
        for (slot, found) in [
            (&mut self.position, header("millrace-position")),
            (&mut self.location, header("location")),
            (&mut self.cursor, cursor),
            (&mut self.submission, submission),
            (&mut self.item, item),
        ] {
            if let Some(found) = found {
                *slot = found;
            }
        }
    }
}

fn check_row(server: &Server, row: &Row, seen: &mut Seen) -> Answer {
    let [ask, headers, body, expected, shows] = row.map(|text| seen.fill(text));
    let (method, path) = ask.split_once(' ').expect("a method and a path");
    let headers: Vec<_> = headers.split("; ").filter_map(|header| header.split_once(": ")).collect();
    let answer = server.send(method, path, &headers, body.clone().into_bytes()).expect("the server answers");
    let place = format!("{ask} {headers:?} {body}\n{answer:?}");
    let mut parts = expected.split("; ");
    assert_eq!(Some(answer.status.to_string().as_str()), parts.next(), "the status of {place}");
    for (name, value) in parts.map(|part| part.split_once(':').expect("a header is `name: value`")) {
        let found = answer.header(name).unwrap_or_else(|| panic!("no {name} in {place}"));
        assert!(value.trim().is_empty() || found == value.trim(), "{name} in {place}");
    }
    if !shows.is_empty() {
        let shows: Value = serde_json::from_str(&shows).expect("the table holds JSON");
        assert!(contains(&answer.body, &shows), "{shows} is not in {place}");
    }
    if answer.status >= 400 {
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{place}");
        assert!(answer.body["detail"].is_string() && answer.body["title"].is_string(), "{place}");
        assert_eq!(answer.body["status"], answer.status, "{place}");
    }
    seen.note(&answer);
    answer
}

/// True if `value` has all that `part` says: of objects these fields, of lists each element.
pub fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(value), Value::Object(part)) => {
            part.iter().all(|(name, part)| contains(value.get(name).unwrap_or(&Value::Null), part))
        }
        (Value::Array(value), Value::Array(part)) => {
            value.len() == part.len() && value.iter().zip(part).all(|(value, part)| contains(value, part))
        }
        _ => value == part,
    }
}

/// The operation of the document that a request is one of, as `get /v1/x/{id}`. Where several paths fit, that counts
/// which has words where the others have parameters, from the left, as in the router.
pub fn operation(document: &Value, ask: &str) -> Option<String> {
    let (method, path) = ask.split_once(' ')?;
    let path = path.split('?').next()?;
    let method = method.to_ascii_lowercase();
    let is_parameter = |part: &str| part.starts_with('{');
    let fits = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template
                .split('/')
                .zip(path.split('/'))
                .all(|(one, other)| if is_parameter(one) { !other.is_empty() } else { one == other })
    };
    let fitting = document["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    let (template, item) =
        fitting.min_by_key(|(template, _)| template.split('/').map(is_parameter).collect::<Vec<_>>())?;
    item.get(&method).map(|_| format!("{method} {template}"))
}
