//! The page at `/docs`: the API's description for people, made once from the document, with nothing from elsewhere.
//!
//! All text is there without the script; that only sends the forms of reads.

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Nothing but this server's own: no other site is asked for anything, and none may show the page in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");

/// How deep an example goes into schemas that name each other.
const EXAMPLE_DEPTH: u32 = 6;

/// The page of a document, its script and its style.
pub fn routes(document: &Value) -> Router {
    let page = page(document);
    Router::new()
        .route("/docs", file("text/html; charset=utf-8", page))
        .route("/docs/page.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/docs/page.css", file("text/css; charset=utf-8", STYLE))
}

fn file(kind: &'static str, text: impl Into<Bytes>) -> axum::routing::MethodRouter {
    let text = text.into();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    get(async move || (headers, text))
}

/// One operation of the document.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    said: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.said["operationId"].as_str().unwrap_or(self.path)
    }
}

/// The page as HTML.
#[must_use]
pub fn page(document: &Value) -> String {
    let tags = by_tag(document);
    let info = |name: &str| document["info"][name].as_str().unwrap_or_default();
    let (title, version) = (escape(info("title")), escape(info("version")));
    let mut index = String::new();
    let mut main = String::new();
    for (tag, operations) in &tags {
        let name = escape(tag);
        put(&mut index, format_args!("<h2 id=\"of-{name}\">{name}</h2><ul aria-labelledby=\"of-{name}\">"));
        put(&mut main, format_args!("<section><h2>{name}</h2>"));
        for operation in operations {
            put(
                &mut index,
                format_args!("<li><a href=\"#{}\">{}</a></li>", escape(operation.id()), name_of(operation)),
            );
            show_operation(document, operation, &mut main);
        }
        index.push_str("</ul>");
        main.push_str("</section>");
    }
    index.push_str("<h2><a href=\"#schemas\">Schemas</a></h2>");
    show_schemas(document, &mut main);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: the API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/page.css\"><link rel=\"icon\" href=\"data:,\">\
         <script src=\"/docs/page.js\" defer></script></head>\
         <body><a class=\"skip\" href=\"#main\">Skip to the operations</a><header><h1>{title} <small>{version}</small></h1>{}\
         <p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a>. \
         The examples find the server at <code>$MILLRACE</code>, as <code>MILLRACE=http://127.0.0.1:8080</code>.</p>\
         <form id=\"who\" aria-label=\"Who asks\"><label>API key <input name=\"key\" type=\"password\" autocomplete=\"off\"></label>\
         <label>Acting for <input name=\"subject\" autocomplete=\"off\"></label></form></header>\
         <nav aria-label=\"Operations\">{index}</nav><main id=\"main\" tabindex=\"-1\">{main}</main></body></html>",
        prose(info("description")),
    )
}

fn by_tag(document: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, said) in item.as_object().into_iter().flatten() {
            if said["responses"].is_object() {
                let tag = said["tags"][0].as_str().unwrap_or("other");
                tags.entry(tag).or_default().push(Operation { method, path, said });
            }
        }
    }
    tags
}

fn name_of(operation: &Operation<'_>) -> String {
    let Operation { method, path, .. } = operation;
    format!("<b class=\"{method}\">{}</b> <code>{}</code>", method.to_uppercase(), escape(path))
}

fn show_operation(document: &Value, operation: &Operation<'_>, out: &mut String) {
    let text = |name: &str| operation.said[name].as_str().unwrap_or_default();
    let (id, name) = (escape(operation.id()), name_of(operation));
    put(
        out,
        format_args!("<article id=\"{id}\"><h3>{name}</h3>{}{}", prose(text("summary")), prose(text("description"))),
    );
    let parameters: Vec<_> =
        operation.said["parameters"].as_array().into_iter().flatten().map(|one| resolve(document, one)).collect();
    show_parameters(document, &parameters, out);
    let body = &operation.said["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        put(out, format_args!("<h4>Body</h4><p>{}</p>", type_of(body)));
    }
    show_answers(document, operation.said, out);
    put(
        out,
        format_args!("<h4>Example</h4><pre><code>{}</code></pre>", escape(&curl(document, operation, &parameters))),
    );
    let is_stream = !operation.said["responses"]["200"]["content"]["text/event-stream"].is_null();
    if operation.method == "get" && !is_stream {
        show_form(operation, &parameters, out);
    }
    out.push_str("</article>");
}

fn show_parameters(document: &Value, parameters: &[&Value], out: &mut String) {
    if parameters.is_empty() {
        return;
    }
    out.push_str("<h4>Parameters</h4>");
    let rows = parameters.iter().map(|parameter| {
        let text = |name: &str| parameter[name].as_str().unwrap_or_default();
        let needed = if parameter["required"] == true { ", required" } else { "" };
        let place = format!("{}{needed}", escape(text("in")));
        [code(text("name")), place, values_of(document, &parameter["schema"]), inline(text("description"))]
    });
    table(["Name", "In", "Type", "Meaning"], rows, out);
}

fn show_answers(document: &Value, said: &Value, out: &mut String) {
    out.push_str("<h4>Answers</h4>");
    let rows = said["responses"].as_object().into_iter().flatten().map(|(status, response)| {
        let response = resolve(document, response);
        let content = response["content"].as_object().and_then(|content| content.iter().next());
        let (kind, body) = match content {
            Some((kind, content)) => (code(kind), type_of(&content["schema"])),
            None => (String::new(), String::new()),
        };
        let meaning = inline(response["description"].as_str().unwrap_or_default());
        [escape(status), kind, body, meaning]
    });
    table(["Status", "Content", "Body", "Meaning"], rows, out);
}

fn show_form(operation: &Operation<'_>, parameters: &[&Value], out: &mut String) {
    put(out, format_args!("<details><summary>Try it</summary><form data-path=\"{}\">", escape(operation.path)));
    for parameter in parameters.iter().filter(|parameter| parameter["in"] != "header") {
        let text = |name: &str| escape(parameter[name].as_str().unwrap_or_default());
        let (name, place) = (text("name"), text("in"));
        let needed = if parameter["required"] == true { " required" } else { "" };
        put(
            out,
            format_args!(
                "<label>{name} <input name=\"{name}\" data-in=\"{place}\" autocomplete=\"off\"{needed}></label>"
            ),
        );
    }
    out.push_str("<button>Send</button><pre><output aria-live=\"polite\"></output></pre></form></details>");
}

fn show_schemas(document: &Value, out: &mut String) {
    out.push_str("<section id=\"schemas\"><h2>Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let said = prose(schema["description"].as_str().unwrap_or_default());
        let label = escape(name);
        put(out, format_args!("<article id=\"schema-{label}\"><h3><code>{label}</code></h3>{said}"));
        let fields = fields_of(schema);
        if fields.is_empty() {
            put(out, format_args!("<p>{}</p>", values_of(document, schema)));
        } else {
            let rows = fields.into_iter().map(|(name, field, needed)| {
                let needed = if needed { "yes" } else { "" };
                let meaning = inline(field["description"].as_str().unwrap_or_default());
                [code(name), type_of(field), needed.to_owned(), meaning]
            });
            table(["Field", "Type", "Required", "Meaning"], rows, out);
        }
        for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
            if part["$ref"].is_string() {
                put(out, format_args!("<p>{}</p>", type_of(part)));
            }
        }
        out.push_str("</article>");
    }
    out.push_str("</section>");
}

/// The fields of an object: name, schema, and whether it must be there. Those of parts that stand in it are its own.
fn fields_of(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let own = std::iter::once(schema).chain(parts).flat_map(|part| {
        let needed = move |name: &str| part["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        part["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(move |(name, field)| (name.as_str(), field, needed(name)))
    });
    own.collect()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// The type that a schema says, as HTML: one that has a name is a link to it.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\"><code>{name}</code></a>");
    }
    let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema[*word].as_array());
    if let Some(choices) = choices {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    if !schema["items"].is_null() {
        return format!("list of {}", type_of(&schema["items"]));
    }
    match &schema["type"] {
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => escape(&kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")),
        _ => "anything".to_owned(),
    }
}

/// The same with the values that it may have, where these are few.
fn values_of(document: &Value, schema: &Value) -> String {
    match resolve(document, schema)["enum"].as_array() {
        Some(values) => {
            values.iter().map(|value| code(value.as_str().unwrap_or_default())).collect::<Vec<_>>().join(" ")
        }
        None => type_of(schema),
    }
}

fn curl(document: &Value, operation: &Operation<'_>, parameters: &[&Value]) -> String {
    let mut path = operation.path.to_owned();
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = match example(document, &parameter["schema"], 0) {
            Value::String(_) => name.to_uppercase(),
            other => other.to_string(),
        };
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    let method = if ["get", "post"].contains(&operation.method) {
        String::new()
    } else {
        format!(" -X {}", operation.method.to_uppercase())
    };
    let body = &operation.said["requestBody"]["content"]["application/json"]["schema"];
    match (body.is_null(), operation.method) {
        (false, _) => {
            let body = example(document, body, 0);
            format!("curl -i{method} $MILLRACE{path} -H 'content-type: application/json' -d '{body}'")
        }
        (true, "post") => format!("curl -i -X POST $MILLRACE{path}"),
        (true, _) => format!("curl -i{method} $MILLRACE{path}"),
    }
}

/// A value of a schema, with what must be there and no more.
fn example(document: &Value, schema: &Value, depth: u32) -> Value {
    let schema = resolve(document, schema);
    if let Some(value) = schema["enum"].as_array().and_then(|values| values.first()) {
        return value.clone();
    }
    if depth < EXAMPLE_DEPTH && (schema["properties"].is_object() || schema["allOf"].is_array()) {
        let needed = fields_of(schema).into_iter().filter(|(_, _, needed)| *needed);
        let fields: Map<_, _> =
            needed.map(|(name, field, _)| (name.to_owned(), example(document, field, depth + 1))).collect();
        return Value::Object(fields);
    }
    match schema["type"].as_str() {
        Some("integer") => json!(1),
        Some("number") => json!(0.5),
        Some("boolean") => json!(true),
        Some("array") if depth < EXAMPLE_DEPTH => json!([example(document, &schema["items"], depth + 1)]),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("text"),
    }
}

fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>, out: &mut String) {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let cells = |row: [String; N]| row.map(|cell| format!("<td>{cell}</td>")).concat();
    let rows: String = rows.map(|row| format!("<tr>{}</tr>", cells(row))).collect();
    put(out, format_args!("<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"));
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into memory does not fail");
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Text with a paragraph where a line is empty.
fn prose(text: &str) -> String {
    let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
    parts.map(|part| format!("<p>{}</p>", inline(part))).collect()
}

/// Text in which what stands between backticks is code.
fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { code(part) } else { escape(part) }).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
