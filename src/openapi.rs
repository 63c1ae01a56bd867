//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.

use axum::http::StatusCode;
use millrace_processors::runtime::routes::ProblemBody;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

const DESCRIPTION: &str = "Every request is an event in a partitioned log. A write answers when it is applied, with \
    its `Millrace-Position`; a read that passes a position back sees it, on any node. A write with an \
    `Idempotency-Key` may be repeated: it takes effect once and is answered alike. Whatever is refused is \
    `application/problem+json` with a stable `code`. Unknown fields are refused by name; absent and null mean the \
    same; times are RFC 3339 in UTC.";

/// What the program itself has below `/v1`: it is read as it is now.
const OWN: [&str; 6] = ["cluster", "dead", "log", "outcomes", "replay", "verify"];

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document before any routes.
#[must_use]
pub fn base() -> OpenApi {
    let info = InfoBuilder::new().title("Millrace").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION));
    let components = ComponentsBuilder::new().schema_from::<ProblemBody>().build();
    OpenApiBuilder::new().info(info.build()).components(Some(components)).build()
}

/// The document as it is served: that of the routes, with the headers, parameters and answers that all of them have.
///
/// # Panics
/// If the document is no plain data, which its type rules out.
#[must_use]
pub fn document(routes: &OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).expect("a document is plain data");
    add_components(&mut document["components"]);
    document["security"] = json!([{ "api_key": [] }, {}]);
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                describe(path, method, operation);
            }
        }
    }
    document
}

fn add_components(components: &mut Value) {
    let text = json!({ "type": "string" });
    let parameter =
        |name: &str, place: &str, what: &str| json!({ "name": name, "in": place, "description": what, "schema": text });
    components["parameters"] = json!({
        "IdempotencyKey": parameter("Idempotency-Key", "header",
            "1 to 255 bytes of the client's choice. The same request under the same key takes effect once; another one is refused with 422."),
        "Prefer": parameter("Prefer", "header",
            "`respond-async`: answer 202 as soon as the request is durable. `wait=SECONDS`: wait so long for the outcome, at most 60 s."),
        "MinPosition": parameter("Millrace-Min-Position", "header",
            "The read waits until its view has seen these positions, as leaderboards/3@17, separated by commas."),
        "MinPositionParameter": parameter("min_position", "query", "The same as the header Millrace-Min-Position."),
        "Read": parameter("Millrace-Read", "header",
            "`latest`: the answer has seen everything that the log had when it was asked."),
        "MaxStaleness": parameter("Millrace-Max-Staleness", "header",
            "The answer may be so many seconds old; any node that has a copy may give it. Not together with Millrace-Read."),
        "At": parameter("at", "query",
            "Answer as of the state right after these positions, as leaderboards/3@17; not together with `as_of`."),
        "AsOf": parameter("as_of", "query",
            "Answer as of the end of this millisecond, an RFC 3339 time; not together with `at`."),
        "Subject": parameter("Millrace-Subject", "header",
            "The user that an operator or a server acts for, percent-encoded UTF-8 of at most 256 bytes."),
    });
    components["headers"] = json!({
        "Position": { "description": "Where the request took effect, or what the answer was read at: positions as machine/partition@offset, separated by commas.", "schema": text },
        "Replayed": { "description": "`true` if this is the kept outcome of an earlier request under the same Idempotency-Key.", "schema": text },
    });
    components["responses"] = json!({
        "Problem": {
            "description": "A problem as RFC 9457 describes it, with a stable `code`; some have further members.",
            "headers": { "Retry-After": { "description": "With 429 and 503: seconds after which it is worth trying again.", "schema": { "type": "integer" } } },
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        },
        "Rebuilding": {
            "description": "With `at` or `as_of`: that state is still being rebuilt. The same request will be answered later.",
            "headers": {
                "Location": { "description": "The request itself.", "schema": text },
                "Retry-After": { "description": "Seconds after which it is worth trying again.", "schema": { "type": "integer" } },
            },
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["pending", "detail"],
                "properties": {
                    "pending": { "type": "boolean" }, "detail": text,
                    "replayed": { "type": "integer", "description": "So many records have been replayed." },
                    "records": { "type": "integer", "description": "Of so many." },
                    "step": { "type": "integer", "description": "What is replayed now, where there is more than one thing." },
                    "steps": { "type": "integer", "description": "How many there are." },
                },
            } } },
        },
        "Accepted": {
            "description": "Durable, and not applied yet: the outcome will be at `Location`.",
            "headers": {
                "Location": { "description": "Where the outcome will be.", "schema": text },
                "Millrace-Position": { "$ref": "#/components/headers/Position" },
            },
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["position", "outcome"],
                "properties": { "position": text, "outcome": text },
            } } },
        },
    });
    components["securitySchemes"] = json!({
        "api_key": { "type": "http", "scheme": "bearer" },
        "nakama_server_key": { "type": "http", "scheme": "basic" },
        "nakama_session": { "type": "http", "scheme": "bearer" },
    });
}

fn describe(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        if response.get("description").is_none() && response.get("$ref").is_none() {
            response["description"] = json!(in_words(status));
        }
        let is_problem = status.starts_with(['4', '5']);
        if is_problem && response.get("content").is_none() && response.get("$ref").is_none() {
            response["content"] =
                json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        }
    }
    if responses.get("default").is_none() {
        responses["default"] = json!({ "$ref": "#/components/responses/Problem" });
    }
    let Some(rest) = path.strip_prefix("/v1/") else { return };
    let reads = ["get", "head"].contains(&method);
    let has_past = reads && !OWN.contains(&rest.split('/').next().unwrap_or_default()) && !is_stream(responses);
    describe_answers(responses, reads);
    if has_past {
        responses["202"] = json!({ "$ref": "#/components/responses/Rebuilding" });
    }
    let names: &[&str] = match method {
        _ if has_past => &["MinPosition", "MinPositionParameter", "Read", "MaxStaleness", "At", "AsOf", "Subject"],
        _ if reads => &["MinPosition", "MinPositionParameter", "Read", "MaxStaleness", "Subject"],
        _ => &["IdempotencyKey", "Prefer", "Subject"],
    };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.extend(names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    }
    // Functions of several systems have the same names, and an id must be unique in the document.
    let system = rest.split(['/', ':']).next().unwrap_or_default();
    if let Some(Value::String(id)) = operation.get_mut("operationId") {
        *id = format!("{system}.{id}");
    }
}

/// True for an operation that answers with a stream of events.
fn is_stream(responses: &Value) -> bool {
    responses["200"]["content"].get("text/event-stream").is_some()
}

/// The specification wants a description of every answer, and a status alone says enough of most.
fn in_words(status: &str) -> &'static str {
    let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
    status.and_then(|status| status.canonical_reason()).unwrap_or("An answer")
}

fn describe_answers(responses: &mut Value, reads: bool) {
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        if !status.starts_with('2') || response.get("$ref").is_some() {
            continue;
        }
        response["headers"]["Millrace-Position"] = json!({ "$ref": "#/components/headers/Position" });
        if !reads {
            response["headers"]["Idempotent-Replayed"] = json!({ "$ref": "#/components/headers/Replayed" });
        }
    }
    if !reads {
        responses.entry("202").or_insert_with(|| json!({ "$ref": "#/components/responses/Accepted" }));
    }
}

/// What is wrong with an OpenAPI 3.1 document, as far as its own rules can be checked without its schema: references
/// that lead nowhere, parameters of a path that are not declared, ids given twice, answers without a description.
#[must_use]
pub fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")) {
        faults.push(format!("the version is {}", document["openapi"]));
    }
    check_references(document, document, &mut faults);
    let (mut ids, mut shapes) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        if !shapes.insert(shape(path)) {
            faults.push(format!("{path}: another path differs from it only in the names of its parameters"));
        }
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let name = format!("{method} {path}");
            if !operation["operationId"].as_str().is_some_and(|id| ids.insert(id.to_owned())) {
                faults.push(format!("{name}: the operationId {} is missing or not unique", operation["operationId"]));
            }
            check_path(document, path, operation, &name, &mut faults);
            check_answers(operation, &name, &mut faults);
        }
    }
    faults
}

/// A path without the names of its parameters: two that are the same then collide.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn check_references(document: &Value, value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                if found.is_none() {
                    faults.push(format!("{reference} leads nowhere"));
                }
            }
            fields.values().for_each(|field| check_references(document, field, faults));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item, faults)),
        _ => {}
    }
}

fn check_path(document: &Value, path: &str, operation: &Value, name: &str, faults: &mut Vec<String>) {
    let in_template: Vec<&str> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    let resolved = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let pointer = parameter["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(parameter)
    });
    let declared: Vec<&str> = resolved
        .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    for missing in in_template.iter().filter(|one| !declared.contains(one)) {
        faults.push(format!("{name}: the path's `{missing}` is not declared"));
    }
    for extra in declared.iter().filter(|one| !in_template.contains(one)) {
        faults.push(format!("{name}: the declared `{extra}` is not in the path"));
    }
}

fn check_answers(operation: &Value, name: &str, faults: &mut Vec<String>) {
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let described = response["description"].is_string() || response["$ref"].is_string();
        let known = status == "default" || status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status));
        if !described || !known {
            faults.push(format!("{name}: the answer {status} has no description or is no status"));
        }
    }
}
