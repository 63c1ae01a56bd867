//! Holds every request and answer of the tests against what the server says of itself in `/openapi.json`.
//!
//! A request is held against it unless it was refused with 4xx: tests send wrong ones on purpose. An answer always is:
//! its status, its content type and its body. Beyond what the schemas say themselves, an answer has no field that is
//! not described, except in problems, which may have further members. `openapi/` has the standard's own schema of such
//! documents (Apache-2.0, from spec.openapis.org).

use crate::support::{Answer, Server};
use crate::walk::operation;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the document itself leaves out: the document, the page that shows it, what nodes ask each other, and foreign
/// dialects that are described by those who made them.
const LEFT_OUT: [&str; 4] = ["/openapi.json", "/docs", "/internal/", "/v2/"];

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A request as it was sent.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// A document, and the validators of its schemas by their JSON pointers.
pub struct Described {
    document: Value,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Described {
    pub fn new(mut document: Value) -> Self {
        close_answers(&mut document);
        Self { document, compiled: Mutex::default() }
    }

    /// # Panics
    /// If the request or the answer is not as described.
    pub fn check(&self, asked: &Asked, answer: &Answer) {
        if let Err(fault) = self.hold(asked, answer) {
            let Asked { method, path, query, body, .. } = asked;
            let (sent, status) = (String::from_utf8_lossy(body), answer.status);
            panic!(
                "not as /openapi.json says: {method} {path}?{query} {sent}\nanswered {status} {}: {fault}",
                answer.body
            );
        }
    }

    fn hold(&self, asked: &Asked, answer: &Answer) -> Result<(), String> {
        if LEFT_OUT.iter().any(|left| asked.path.starts_with(left)) {
            return Ok(());
        }
        let refused = (400..500).contains(&answer.status);
        let method = if asked.method == "HEAD" { "GET" } else { &asked.method };
        let Some(name) = operation(&self.document, &format!("{method} {}", asked.path)) else {
            // Who asks for what is not there is told so.
            return if refused { self.problem(answer) } else { Err("there is no such operation".to_owned()) };
        };
        let (method, template) = name.split_once(' ').expect("it was made so");
        let place = format!("/paths/{}/{method}", escaped(template));
        if !refused {
            self.hold_parameters(&place, template, asked)?;
            self.hold_body(&place, asked)?;
        }
        self.hold_answer(&place, asked, answer)
    }

    fn hold_parameters(&self, place: &str, template: &str, asked: &Asked) -> Result<(), String> {
        let mut given: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        for pair in asked.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            given.entry(("query", decoded(name))).or_default().push(decoded(value));
        }
        for (name, value) in template.split('/').zip(asked.path.split('/')) {
            if let Some(name) = name.strip_prefix('{') {
                given.insert(("path", name.trim_end_matches('}').to_owned()), vec![decoded(value)]);
            }
        }
        let count = self.at(&format!("{place}/parameters")).as_array().map_or(0, Vec::len);
        for index in 0..count {
            let one = self.resolved(format!("{place}/parameters/{index}"));
            let parameter = self.at(&one);
            let key = (parameter["in"].as_str().unwrap_or_default(), parameter["name"].as_str().unwrap_or_default());
            match given.remove(&(key.0, key.1.to_owned())) {
                Some(values) => {
                    let schema = format!("{one}/schema");
                    let value = self.typed(&schema, &values);
                    self.validate(&schema, &value).map_err(|fault| format!("the parameter {}: {fault}", key.1))?;
                }
                None if parameter["required"] == true => return Err(format!("the parameter {} is missing", key.1)),
                None => {}
            }
        }
        match given.keys().next() {
            Some((_, name)) => Err(format!("the parameter {name} is not described")),
            None => Ok(()),
        }
    }

    /// What the texts of a parameter mean by its schema.
    fn typed(&self, schema: &str, values: &[String]) -> Value {
        let one = |kind: &str, text: &String| match kind {
            "integer" | "number" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        };
        match self.kind(schema) {
            "array" => {
                let of = self.kind(&format!("{schema}/items"));
                values.iter().map(|text| one(of, text)).collect()
            }
            kind => one(kind, values.last().expect("a parameter that is given has a value")),
        }
    }

    fn kind(&self, schema: &str) -> &str {
        let schema = self.at(&self.resolved(schema.to_owned()));
        match &schema["type"] {
            Value::String(kind) => kind,
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string")
            }
            _ => "string",
        }
    }

    fn hold_body(&self, place: &str, asked: &Asked) -> Result<(), String> {
        let body = self.resolved(format!("{place}/requestBody"));
        if asked.body.is_empty() {
            let needed = self.at(&body)["required"] == true;
            return if needed { Err("the body is missing".to_owned()) } else { Ok(()) };
        }
        if self.at(&body).is_null() {
            return Err("a body is not described".to_owned());
        }
        // Every dialect of JSON is taken as JSON, which a description cannot say in general.
        let kind = essence(&asked.content_type);
        let kind = if kind.ends_with("+json") { "application/json" } else { kind };
        let schema = format!("{body}/content/{}/schema", escaped(kind));
        if self.at(&schema).is_null() {
            return Err(format!("a body of type {kind} is not described"));
        }
        let value = serde_json::from_slice(&asked.body).map_err(|error| format!("the body is no JSON: {error}"))?;
        self.validate(&schema, &value).map_err(|fault| format!("the body: {fault}"))
    }

    fn hold_answer(&self, place: &str, asked: &Asked, answer: &Answer) -> Result<(), String> {
        let of = |status: &str| format!("{place}/responses/{status}");
        let own = of(&answer.status.to_string());
        let response = if self.at(&own).is_null() { of("default") } else { own };
        let response = self.resolved(response);
        // A client that is told to go on later, or a success, is an answer of its own; all else is a problem.
        if answer.status < 400 && response.ends_with("/responses/Problem") {
            return Err("the status is not described".to_owned());
        }
        if asked.method == "HEAD" {
            return Ok(());
        }
        self.hold_content(&response, answer)
    }

    fn hold_content(&self, response: &str, answer: &Answer) -> Result<(), String> {
        if self.at(response).is_null() {
            return Err("the status is not described".to_owned());
        }
        let content = self.at(&format!("{response}/content"));
        if content.is_null() {
            let empty = answer.body == json!("");
            return if empty { Ok(()) } else { Err("the answer has a body, and none is described".to_owned()) };
        }
        let kind = essence(answer.header("content-type").unwrap_or_default());
        if content.get(kind).is_none() {
            return Err(format!("the content type is `{kind}`; {response} knows others"));
        }
        if kind != "application/json" && !kind.ends_with("+json") {
            return Ok(());
        }
        let schema = format!("{response}/content/{}/schema", escaped(kind));
        self.validate(&schema, &answer.body).map_err(|fault| format!("the answer: {fault}"))
    }

    fn problem(&self, answer: &Answer) -> Result<(), String> {
        // A server that was asked by HEAD has no body to show.
        if answer.body == json!("") { Ok(()) } else { self.hold_content("/components/responses/Problem", answer) }
    }

    fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Where a pointer leads in the end.
    fn resolved(&self, pointer: String) -> String {
        match self.at(&pointer)["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(next) => self.resolved(next.to_owned()),
            None => pointer,
        }
    }

    fn validate(&self, schema: &str, value: &Value) -> Result<(), String> {
        let validator = Arc::clone(
            self.compiled
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .entry(schema.to_owned())
                .or_insert_with(|| Arc::new(self.compile(schema))),
        );
        match validator.iter_errors(value).next() {
            Some(error) => {
                Err(format!("at `{}`: {error} (schema {schema} at {})", error.instance_path(), error.schema_path()))
            }
            None => Ok(()),
        }
    }

    fn compile(&self, pointer: &str) -> Validator {
        let mut schema = self.at(pointer).clone();
        let root = schema.as_object_mut().unwrap_or_else(|| panic!("{pointer} is no schema"));
        root.insert("$schema".to_owned(), json!(DIALECT));
        root.insert("components".to_owned(), self.document["components"].clone());
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        options.build(&schema).unwrap_or_else(|error| panic!("{pointer} is no schema: {error}"))
    }
}

/// Makes a field that is not described a fault, wherever a schema is used.
fn close_answers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut().filter(|(name, _)| *name != "application/problem+json") {
                match (name.as_str(), &mut *field) {
                    ("properties", Value::Object(properties)) => properties.values_mut().for_each(close),
                    ("schema" | "items" | "additionalProperties", schema) => close(schema),
                    _ => {}
                }
                close_answers(field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close_answers),
        _ => {}
    }
}

fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if ["$ref", "oneOf", "anyOf", "allOf"].iter().any(|word| fields.contains_key(*word)) {
        fields.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

#[test]
fn the_description_is_an_openapi_document() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let document = server.get("/openapi.json").body;
    assert_eq!(millrace::openapi::faults(&document), Vec::<String>::new());
    let standard: Value = serde_json::from_str(include_str!("openapi/openapi-3.1.schema.json")).unwrap();
    let standard = jsonschema::options().with_draft(Draft::Draft202012).build(&standard).unwrap();
    let faults = |document: &Value| -> Vec<String> {
        standard.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    assert_eq!(faults(&document), Vec::<String>::new());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let mut broken = document;
    broken["paths"]["/v1/leaderboards"]["post"]["responses"] = json!([]);
    assert_eq!(faults(&broken).len(), 1);
}

/// A document with one operation, for what the check must find.
fn small() -> Described {
    let score = json!({ "type": "integer", "format": "int64" });
    Described::new(json!({
        "paths": {
            "/boards/{board}": { "post": {
                "parameters": [
                    { "name": "board", "in": "path", "required": true, "schema": { "type": "string" } },
                    { "name": "limit", "in": "query", "schema": { "type": ["integer", "null"], "minimum": 1 } },
                ],
                "requestBody": { "required": true, "content": { "application/json": { "schema": {
                    "type": "object", "required": ["score"], "properties": { "score": score } } } } },
                "responses": {
                    "200": { "description": "", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Entry" } } } },
                    "default": { "$ref": "#/components/responses/Problem" },
                },
            } },
            "/boards/all": { "post": { "responses": { "204": { "description": "" } } } },
        },
        "components": {
            "schemas": {
                "Entry": { "type": "object", "required": ["rank"], "properties": { "rank": { "$ref": "#/components/schemas/Rank" } } },
                "Rank": { "type": "object", "properties": { "of": { "type": "integer" } } },
            },
            "responses": { "Problem": { "description": "", "content": { "application/problem+json": { "schema": {
                "type": "object", "required": ["code"], "properties": { "code": { "type": "string" } } } } } } },
        },
    }))
}

#[test]
fn what_is_not_as_described_is_found() {
    let good = r#"{"score":1}"#;
    let ranked = r#"{"rank":{"of":3}}"#;
    for (line, body, status, kind, said, fault) in [
        ("POST /boards/a?limit=2", good, 200, "application/json", ranked, ""),
        ("POST /boards/a?limit=0", good, 200, "application/json", ranked, "the parameter limit: at ``: 0 is less than"),
        ("POST /boards/a?limit=x", good, 200, "application/json", ranked, "the parameter limit"),
        ("POST /boards/a?top=1", good, 200, "application/json", ranked, "the parameter top is not described"),
        ("POST /boards/a", "", 200, "application/json", ranked, "the body is missing"),
        ("POST /boards/a", r#"{"score":"1"}"#, 200, "application/json", ranked, "the body: at `/score`"),
        ("POST /boards/a", good, 200, "application/json", r#"{"rank":{"of":"x"}}"#, "the answer: at `/rank/of`"),
        ("POST /boards/a", good, 200, "application/json", r#"{"rank":{"off":1}}"#, "the answer: at `/rank`"),
        ("POST /boards/a", good, 200, "application/json", r#"{"rank":{},"more":1}"#, "the answer: at ``"),
        ("POST /boards/a", good, 200, "text/plain", "x", "the content type is `text/plain`"),
        ("POST /boards/a", good, 201, "application/json", ranked, "the status is not described"),
        ("POST /boards/a", r#"{"score":"1"}"#, 400, "application/problem+json", r#"{"code":"bad","more":1}"#, ""),
        ("POST /boards/a", "", 400, "application/problem+json", "{}", "the answer: at ``: \"code\" is a required"),
        ("POST /boards/a", "", 400, "application/json", r#"{"code":"bad"}"#, "the content type"),
        ("POST /boards/all", "", 204, "", "", ""),
        ("POST /boards/all", "", 204, "application/json", "{}", "none is described"),
        ("POST /boards/all", good, 204, "", "", "a body is not described"),
        ("GET /boards/a", "", 200, "application/json", ranked, "there is no such operation"),
        ("GET /elsewhere", "", 404, "application/problem+json", r#"{"code":"unknown_path"}"#, ""),
        ("GET /elsewhere", "", 404, "text/plain", "no", "the content type"),
    ] {
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked = Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
        };
        let said = serde_json::from_str(said).unwrap_or_else(|_| json!(said));
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        let found = small().hold(&asked, &Answer { status, headers, body: said });
        let found = found.err().unwrap_or_default();
        assert!(found.starts_with(fault) || (!fault.is_empty() && found.contains(fault)), "{line} {status}: {found}");
        assert_eq!(found.is_empty(), fault.is_empty(), "{line} {status}: {found}");
    }
}
