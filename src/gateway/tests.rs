//! The gateway from outside: every fault of a request, and what a connection may do.

use super::connections::listen;
use super::*;
use crate::cli::parse_from;
use crate::keys::{Keys, to_hex};
use axum::http::{HeaderName, HeaderValue};
use millrace_processors::runtime::door::{Answering, Ask, Backend, Submission, Submitted, Subscription};
use millrace_processors::runtime::routes::{Body as JsonBody, Params, Reading, Segments, Writing};
use millrace_processors::runtime::streams::Events;
use millrace_topics::log::LogRecord;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::Stamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use utoipa::{IntoParams, ToSchema};

/// Nothing stands behind this door: the routes of these tests end before it.
struct Nothing;

impl Backend for Nothing {
    fn stamps(&self, _: u32) -> Stamp {
        Stamp::default()
    }

    fn submit(&self, _: Submission) -> Answering<'_, Submitted> {
        Box::pin(async { Err(Problem::outcome_unknown("the log did not answer")) })
    }

    fn ask(&self, _: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        Box::pin(async { Err(Problem::unavailable("unavailable", "no view", 2)) })
    }

    fn subscribe(&self, _: Subscription) -> Answering<'_, Events> {
        Box::pin(async { Err(Problem::unavailable("unavailable", "no view", 2)) })
    }

    fn partitions(&self) -> u32 {
        1
    }

    fn record(&self, _: &Position) -> Answering<'_, Option<LogRecord>> {
        Box::pin(async { Ok(None) })
    }

    fn secret(&self) -> &[u8] {
        b"secret"
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    text: String,
    small: Option<u8>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// How many.
    limit: Option<u32>,
}

#[utoipa::path(post, path = "/v1/echo/{id}", params(("id" = String, Path)), request_body = Echo,
               responses((status = 200, body = Echo)))]
async fn echo(Segments(_): Segments<String>, JsonBody(_, body): JsonBody<Echo>) -> axum::Json<Echo> {
    axum::Json(body)
}

#[utoipa::path(get, path = "/v1/echo/{id}", params(("id" = String, Path), Page), responses((status = 200, body = String)))]
async fn who(Segments(_): Segments<String>, Params(page): Params<Page>, Reading(asked): Reading) -> String {
    format!("{} {:?} {}", asked.caller.id, asked.caller.role, page.limit.unwrap_or_default())
}

async fn fail() -> String {
    panic!("a route's mistake")
}

#[utoipa::path(post, path = "/v1/echo/backend", responses((status = 200)))]
async fn backend(State(door): State<Door>, Writing(asked): Writing) -> String {
    to_hex(&door.draw(&asked, "test"))
}

/// A route that answers in plain text, as extractors of libraries do.
async fn plain() -> (StatusCode, [(HeaderName, HeaderValue); 1], &'static str) {
    let header = (HeaderName::from_static("x-kept"), HeaderValue::from_static("yes"));
    (StatusCode::UNPROCESSABLE_ENTITY, [header], "a library's own words")
}

/// A façade's error in its client's dialect.
async fn dialect() -> (StatusCode, axum::Json<Value>) {
    (StatusCode::BAD_REQUEST, axum::Json(serde_json::json!({ "error": "theirs" })))
}

fn echo_routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(echo, who))
        .routes(routes!(backend))
        .route("/v1/echo/fail", axum::routing::post(fail))
        .route("/v1/echo/plain", get(plain))
        .route("/v1/echo/dialect", get(dialect))
}

const ECHO: System = System { name: "echo", machines: &[], routes: echo_routes, public: None, facades: &[] };

fn settings(args: &[&str]) -> Settings {
    let args = ["millrace", "serve", "--body-limit", "64", "--header-limit", "2K"].iter().chain(args).copied();
    parse_from(args).unwrap().1
}

struct Made {
    router: Router,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
}

fn made(settings: &Settings, own: OpenApiRouter<Door>) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let data = ["millrace", "serve", "--data", folder.path().to_str().unwrap()];
    let keys = Keys::open(&parse_from(data).unwrap().1).unwrap();
    let auth = Auth::new(settings, &keys, "127.0.0.1:1".parse().unwrap()).unwrap();
    let (metrics, readiness) = (Arc::new(Metrics::new()), Arc::new(Readiness::default()));
    let gate = Gate::new(settings, auth, Arc::clone(&metrics), Arc::clone(&readiness));
    let door = Door::new(Arc::new(Nothing), Duration::from_secs(1));
    Made { router: router(door, gate, &[ECHO], own), metrics, readiness }
}

fn with(args: &[&str]) -> Made {
    made(&settings(args), OpenApiRouter::new())
}

fn request(line: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    let (method, path) = line.split_once(' ').unwrap();
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    builder.body(body.into()).unwrap()
}

/// Status, code of the problem, and the whole answer.
async fn ask(router: &Router, request: Request) -> (u16, String, Response<()>, Value) {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let status = parts.status.as_u16();
    let value: Value = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap_or_default();
    if status >= 400 {
        assert_eq!(parts.headers["content-type"], "application/problem+json", "{status} {value}");
        for member in ["type", "title", "status", "code", "detail"] {
            assert!(value.get(member).is_some(), "{value}");
        }
        assert_eq!(value["status"], status);
        assert_ne!(value["title"], "Error", "{status} has no title");
    }
    let code = value["code"].as_str().unwrap_or_default().to_owned();
    (status, code, Response::from_parts(parts, ()), value)
}

type Response<T> = axum::http::Response<T>;

const JSON: (&str, &str) = ("content-type", "application/json");

/// A request by its line, headers and body, with the status and code that answer it.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);

#[tokio::test]
async fn every_fault_of_a_request_is_a_problem() {
    let made = with(&[]);
    let long_value = "x".repeat(3000);
    let long_path = format!("GET /v1/echo/{}", "x".repeat(3000));
    let long_body = format!("{{\"text\":\"{}\"}}", "x".repeat(64));
    let json = &[JSON][..];
    let cases: &[Case<'_>] = &[
        ("POST /v1/echo/a", json, b"{\"text\":\"x\"}", 200, ""),
        ("POST /v1/echo/a", &[("content-type", "application/merge-patch+json")], b"{\"text\":\"x\"}", 200, ""),
        // The body.
        ("POST /v1/echo/a", json, b"{\"text\":", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\"} more", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"{\"text\":\"\xff\"}", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"\xff\xfe", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"more\":1}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{\"text\":7}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"[]", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"small\":256}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"small\":-1}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"small\":1.5}", 400, "bad_body"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"small\":1e999}", 400, "bad_json"),
        ("POST /v1/echo/a", json, b"{\"text\":\"x\",\"text\":\"y\"}", 400, "bad_body"),
        ("POST /v1/echo/a", json, long_body.as_bytes(), 413, "body_too_large"),
        ("POST /v1/echo/a", &[("content-type", "text/plain")], b"{}", 415, "unsupported_media_type"),
        ("POST /v1/echo/a", &[], b"{}", 415, "unsupported_media_type"),
        // The path and its parameters.
        ("GET /v1/echo/a%C3%A9", &[], b"", 200, ""),
        ("GET /v1/echo/%ff", &[], b"", 400, "bad_path"),
        ("GET /nothing/%ff", &[], b"", 400, "bad_path"),
        ("GET /v1/echo/a?limit=%ff", &[], b"", 400, "bad_parameter"),
        ("GET /v1/echo/a?limit=x", &[], b"", 400, "bad_parameter"),
        ("GET /v1/echo/a?limit=4294967296", &[], b"", 400, "bad_parameter"),
        ("GET /v1/echo/a?offset=1", &[], b"", 400, "bad_parameter"),
        ("GET /", &[], b"", 404, "unknown_path"),
        ("GET /v1/nothing", &[], b"", 404, "unknown_path"),
        ("POST /v1/echo/a/b", json, b"{}", 404, "unknown_path"),
        ("PATCH /v1/echo/a", json, b"{}", 405, "method_not_allowed"),
        ("OPTIONS /v1/echo/a", &[], b"", 405, "method_not_allowed"),
        ("POST /health/live", &[], b"", 405, "method_not_allowed"),
        (&long_path, &[], b"", 414, "uri_too_long"),
        // Headers.
        ("GET /v1/echo/a", &[("x-long", &long_value)], b"", 431, "headers_too_large"),
        ("GET /v1/echo/a", &[("millrace-min-position", "nowhere")], b"", 400, "bad_position"),
        ("GET /v1/echo/a?min_position=nowhere", &[], b"", 400, "bad_position"),
        ("GET /v1/echo/a?limit=1&min_position=echo/0@1", &[], b"", 200, ""),
        ("GET /v1/echo/a", &[("millrace-min-position", "é")], b"", 400, "bad_header"),
        ("POST /v1/echo/backend", &[("idempotency-key", "")], b"", 400, "bad_idempotency_key"),
        ("GET /v1/echo/a", &[("millrace-subject", "%ff")], b"", 400, "bad_subject"),
        ("GET /v1/echo/a", &[("host", "evil.example")], b"", 403, "foreign_origin"),
        ("GET /v1/echo/a", &[("authorization", "Bearer guess")], b"", 401, "bad_api_key"),
        // The server's own.
        ("POST /v1/echo/fail", &[], b"", 500, "internal"),
        ("GET /v1/echo/plain", &[], b"", 422, "unprocessable"),
        ("GET /health/ready", &[], b"", 503, "not_ready"),
    ];
    for &(line, headers, body, status, code) in cases {
        let (got, said, _, value) = ask(&made.router, request(line, headers, body.to_vec())).await;
        let line = &line[..line.len().min(60)];
        assert_eq!((got, said.as_str()), (status, code), "{line} {headers:?} {}: {value}", body.escape_ascii());
    }
}

#[tokio::test]
async fn a_problem_keeps_what_belongs_to_it() {
    let made = with(&[]);
    let (_, _, response, _) = ask(&made.router, request("PATCH /v1/echo/a", &[], "")).await;
    let mut allowed: Vec<_> = response.headers()["allow"].to_str().unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let (_, _, response, value) = ask(&made.router, request("GET /v1/echo/plain", &[], "")).await;
    assert_eq!(
        (value["detail"].as_str(), &response.headers()["x-kept"]),
        (Some("a library's own words"), &HeaderValue::from_static("yes"))
    );
    let (_, _, _, value) =
        ask(&made.router, request("POST /v1/echo/a", &[JSON], "{\"text\":\"x\",\n\"more\":1}")).await;
    let detail = value["detail"].as_str().unwrap();
    assert!(detail.contains("unknown field `more`") && detail.contains("line 2"), "{detail}");
    let response = made.router.oneshot(request("GET /v1/echo/dialect", &[], "")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json", "a façade's own body is its own");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let made = with(&["--header-count", "4"]);
    let five: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| (*name, "1")).collect();
    assert_eq!(ask(&made.router, request("GET /v1/echo/a", &five[..4], "")).await.0, 200);
    let (status, code, ..) = ask(&made.router, request("GET /v1/echo/a", &five, "")).await;
    assert_eq!((status, code.as_str()), (431, "headers_too_large"));
}

#[tokio::test]
async fn callers_reach_the_route_and_keys_guard_all_but_health() {
    let entry = |id: &str, role: &str| format!("{id}:{role}:{}", to_hex(&Sha256::digest(id)));
    let made = with(&["--auth-keys", &entry("shop", "server"), "--auth-keys", &entry("ada", "user")]);
    let answer = async |line: &str, headers: &[(&str, &str)]| {
        let response = made.router.clone().oneshot(request(line, headers, "")).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let shop = ("authorization", "Bearer shop");
    assert_eq!(answer("GET /v1/echo/a?limit=2", &[shop]).await, (200, "shop Server 2".to_owned()));
    assert_eq!(answer("GET /v1/echo/a", &[shop, ("millrace-subject", "eve")]).await, (200, "eve User 0".to_owned()));
    for (line, headers, status, code) in [
        ("GET /v1/echo/a", &[][..], 401, "missing_api_key"),
        ("PATCH /v1/echo/a", &[], 401, "missing_api_key"),
        ("GET /v1/echo/a", &[("authorization", "Bearer no")], 401, "bad_api_key"),
        ("GET /metrics", &[], 401, "missing_api_key"),
        ("GET /metrics", &[("authorization", "Bearer ada")], 403, "operators_only"),
        ("GET /metrics", &[shop], 200, "millrace_http_requests_total"),
        ("GET /health/live", &[], 200, "live"),
        ("GET /openapi.json", &[], 200, "\"openapi\":\"3.1"),
    ] {
        let (got, body) = answer(line, headers).await;
        assert!(got == status && body.contains(code), "{line} {headers:?}: {got} {body}");
    }
}

#[tokio::test]
async fn ready_tells_the_progress_until_it_is() {
    let made = with(&[]);
    made.readiness.progress("echo", 0, 5, 9);
    made.readiness.progress("echo", 1, 1, 1);
    let (status, _, response, value) = ask(&made.router, request("GET /health/ready", &[], "")).await;
    assert_eq!((status, &response.headers()["retry-after"]), (503, &HeaderValue::from_static("1")));
    assert_eq!((&value["applied"], &value["end"], &value["partitions"][0]["end"]), (&6.into(), &10.into(), &9.into()));
    made.readiness.set_ready(true);
    let (status, _, _, value) = ask(&made.router, request("GET /health/ready", &[], "")).await;
    assert_eq!((status, &value["ready"], &value["end"]), (200, &true.into(), &10.into()));
}

#[tokio::test]
async fn requests_are_counted_by_template_and_status() {
    let made = with(&[]);
    for line in ["GET /v1/echo/a", "GET /v1/echo/b", "GET /v1/nothing", "BREW /v1/echo/a"] {
        ask(&made.router, request(line, &[], "")).await;
    }
    let text = made.metrics.text();
    for line in [
        "{method=\"GET\",route=\"/v1/echo/{id}\",status=\"200\"} 2",
        "{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "{method=\"other\",route=\"/v1/echo/{id}\",status=\"405\"} 1",
        "millrace_http_request_seconds_count{route=\"/v1/echo/{id}\"} 3",
        "millrace_http_requests_in_flight 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn the_description_is_valid_and_says_what_holds_for_all() {
    let made = with(&[]);
    let (_, _, _, document) = ask(&made.router, request("GET /openapi.json", &[], "")).await;
    assert_eq!(openapi::faults(&document), Vec::<String>::new());
    let post = &document["paths"]["/v1/echo/{id}"]["post"];
    assert_eq!(post["operationId"], "echo.echo");
    assert_eq!(post["responses"]["default"]["$ref"], "#/components/responses/Problem");
    assert_eq!(post["responses"]["202"]["$ref"], "#/components/responses/Accepted");
    assert!(post["responses"]["200"]["headers"]["Millrace-Position"].is_object());
    assert!(post["parameters"].to_string().contains("IdempotencyKey"));
    assert_eq!(document["components"]["schemas"]["Problem"]["properties"]["code"]["type"], "string");
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
}

#[test]
fn faults_of_a_description_are_found() {
    let document = serde_json::json!({ "openapi": "3.0.3", "paths": { "/a/{x}": { "get": {
        "parameters": [{ "name": "y", "in": "path", "required": true }],
        "responses": { "200": {}, "default": { "$ref": "#/components/responses/None" } },
    } }, "/a/{z}": {} } });
    let faults = openapi::faults(&document).join("\n");
    for part in [
        "version",
        "leads nowhere",
        "`x` is not declared",
        "`y` is not in the path",
        "operationId",
        "answer 200",
        "differs from it only in the names",
    ] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
}

#[test]
#[should_panic = "Overlapping method route"]
fn colliding_routes_are_found() {
    made(&settings(&[]), OpenApiRouter::new().routes(routes!(who)));
}

/// Waits until something holds, which must be soon.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to hold");
}

/// A route that waits until the test lets it go on.
fn gated(gate: &Arc<Notify>) -> OpenApiRouter<Door> {
    let gate = Arc::clone(gate);
    let wait = move |_: axum::body::Bytes| async move {
        gate.notified().await;
        "done"
    };
    OpenApiRouter::new().route("/v1/wait", axum::routing::post(wait))
}

#[tokio::test]
async fn beyond_the_places_requests_are_refused_but_health_is_not() {
    let gate = Arc::new(Notify::new());
    let made = made(&settings(&["--in-flight", "1"]), gated(&gate));
    let first = tokio::spawn(made.router.clone().oneshot(request("POST /v1/wait", &[], "")));
    until(|| made.metrics.in_flight.get() > 0).await;
    let (status, code, response, _) = ask(&made.router, request("GET /v1/echo/a", &[], "")).await;
    assert_eq!((status, code.as_str()), (503, "overloaded"));
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}: nothing has been refused before");
    assert_eq!(ask(&made.router, request("GET /health/live", &[], "")).await.0, 200);
    gate.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(ask(&made.router, request("GET /v1/echo/a", &[], "")).await.0, 200);
}

#[tokio::test]
async fn bodies_under_way_share_their_memory() {
    let gate = Arc::new(Notify::new());
    // An eighth of 64 MiB holds one body of 6 MiB, not two.
    let args = ["millrace", "serve", "--memory", "64M", "--body-limit", "6M"];
    let made = made(&parse_from(args).unwrap().1, gated(&gate));
    let large = || request("POST /v1/wait", &[], vec![0; 6 << 20]);
    let first = tokio::spawn(made.router.clone().oneshot(large()));
    until(|| made.metrics.in_flight.get() > 0).await;
    let second = tokio::time::timeout(Duration::from_secs(5), ask(&made.router, large())).await;
    let (status, code, ..) = second.expect("it is refused at once");
    assert_eq!((status, code.as_str()), (503, "overloaded"));
    gate.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
}

struct Running {
    address: std::net::SocketAddr,
    stop: Arc<Notify>,
    drained: JoinHandle<bool>,
    made: Made,
}

impl Running {
    async fn start(args: &[&str], own: OpenApiRouter<Door>) -> Self {
        let settings = settings(args);
        let made = made(&settings, own);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, router, metrics) = (Arc::new(Notify::new()), made.router.clone(), Arc::clone(&made.metrics));
        let stopped = Arc::clone(&stop);
        let drained = tokio::spawn(async move {
            listen(listener, router, &settings, &metrics, None, async move { stopped.notified().await }).await
        });
        Self { address, stop, drained, made }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back for these bytes until the server closes the connection.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        rest(stream).await
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn raw_requests_get_problems_or_a_bare_refusal() {
    let running = Running::start(&[], OpenApiRouter::new()).await;
    let headers: String = (0..120).map(|n| format!("x-{n}: 1\r\n")).collect();
    let very_many: String = (0..400).map(|n| format!("x-{n}: 1\r\n")).collect();
    let json = "host: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let post = |rest: &str| format!("POST /v1/echo/a HTTP/1.1\r\n{json}{rest}").into_bytes();
    let chunk = format!("50\r\n{}\r\n0\r\n\r\n", "x".repeat(0x50));
    for (bytes, status, code) in [
        (post("content-length: 12\r\n\r\n{\"text\":\"x\"}"), "200", ""),
        (post("content-length: 65\r\n\r\n"), "413", "body_too_large"),
        (post("content-length: 99999999999999\r\n\r\n"), "413", "body_too_large"),
        (post(&format!("transfer-encoding: chunked\r\n\r\n{chunk}")), "413", "body_too_large"),
        (post("transfer-encoding: chunked\r\n\r\nzz\r\n"), "400", "unreadable_body"),
        (format!("GET / HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").into_bytes(), "431", "headers_too_large"),
        (b"GET /v1/echo/\xff HTTP/1.1\r\nconnection: close\r\n\r\n".to_vec(), "400", ""),
        (format!("GET / HTTP/1.1\r\n{very_many}\r\n").into_bytes(), "431", ""),
        (b"nonsense\r\n\r\n".to_vec(), "400", ""),
    ] {
        let said = running.raw(&bytes).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {said}", bytes[..30].escape_ascii());
        let body = said.split_once("\r\n\r\n").unwrap().1;
        assert!(body.contains(code) && !said.contains("text/plain"), "{said}");
    }
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let args = ["--header-timeout", "200ms", "--body-timeout", "200ms", "--connections", "1"];
    let started = Instant::now();
    let running = Running::start(&args, OpenApiRouter::new()).await;
    let head = running.raw(b"GET / HTTP/1.1\r\nhost: loc").await;
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    let body = running
        .raw(b"POST /v1/echo/a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{")
        .await;
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("body_timeout"), "{body}");
    // The one place is taken by a silent connection, and free again when that was cut off.
    let silent = running.connect().await;
    let answer = running.raw(b"GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(rest(silent).await, "");
    assert!(started.elapsed() < Duration::from_secs(5), "three waits of 200 ms took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_stop_lets_requests_end_and_cuts_off_those_beyond_the_grace() {
    for (grace, ends) in [("10s", true), ("200ms", false)] {
        let gate = Arc::new(Notify::new());
        let running = Running::start(&["--shutdown-grace", grace], gated(&gate)).await;
        let (mut busy, idle) = (running.connect().await, running.connect().await);
        busy.write_all(b"POST /v1/wait HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let metrics = &running.made.metrics;
        until(|| metrics.in_flight.get() > 0 && metrics.connections.get() == 2).await;
        running.stop.notify_one();
        assert_eq!(rest(idle).await, "", "an idle connection is closed at once");
        assert!(TcpStream::connect(running.address).await.is_err(), "nothing is accepted any more");
        if ends {
            gate.notify_one();
        }
        assert_eq!(running.drained.await.unwrap(), ends, "{grace}");
        assert_eq!(rest(busy).await.ends_with("done"), ends, "{grace}");
        assert_eq!(running.made.metrics.connections.get(), 0);
    }
}
