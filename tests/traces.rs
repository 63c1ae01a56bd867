//! Traces as a collector gets them, and a server whose collector is not there.

use crate::support::{Answer, Server, eventually};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a client says of its own span: sampled, and not.
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PASSED_OVER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// A collector: takes OTLP over HTTP and keeps the spans.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let kept = spans.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = kept.clone();
                std::thread::spawn(move || take(stream.unwrap(), &kept));
            }
        });
        Self { url, spans }
    }

    /// The span of this name in the trace of a `traceparent`.
    fn span(&self, name: &str, parent: &str) -> Option<Span> {
        let of_trace = |span: &&Span| hex(&span.trace_id) == parent[3..35] && span.name == name;
        self.spans.lock().unwrap().iter().find(of_trace).cloned()
    }
}

/// Answers the messages of one connection.
fn take(stream: TcpStream, kept: &Mutex<Vec<Span>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("post /v1/traces "), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let message = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let scopes = message.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        kept.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn submit(server: &Server, parent: &str, owner: &str) -> Answer {
    let body = json!({ "owner": owner, "score": 1 }).to_string().into_bytes();
    server.send("POST", "/v1/leaderboards/weekly/scores", &[("traceparent", parent)], body).unwrap()
}

#[test]
fn an_apply_has_its_request_as_ancestor() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let server = Server::start(&folder.path().join("data"), &["--otlp", &collector.url, "--otlp-percent", "0"]);
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "weekly" })).status, 201);
    assert_eq!(submit(&server, PASSED_OVER, "eve").status, 200);
    let answer = submit(&server, SAMPLED, "ada");
    assert_eq!(answer.status, 200, "{answer:?}");

    let apply = eventually("the span of the apply", || collector.span("apply leaderboards", SAMPLED));
    let request =
        eventually("the span of the request", || collector.span("POST /v1/leaderboards/{board}/scores", SAMPLED));
    let append = eventually("the span of the append", || collector.span("append leaderboards", SAMPLED));
    assert_eq!(hex(&request.parent_span_id), SAMPLED[36..52], "{request:?}");
    assert_eq!((&append.parent_span_id, &apply.parent_span_id), (&request.span_id, &request.span_id));
    assert!(apply.start_time_unix_nano >= request.start_time_unix_nano);
    let shown = format!("{apply:?}");
    let offset = answer.header("millrace-position").unwrap().rsplit_once('@').unwrap().1.to_owned();
    assert!(shown.contains(&format!("IntValue({offset})")), "{shown}");
    assert_eq!(server.stop(), Some(0));
    let all = collector.spans.lock().unwrap();
    assert!(all.iter().all(|span| hex(&span.trace_id) == SAMPLED[3..35]), "only what was sampled is sent: {all:?}");
}

#[test]
fn a_collector_that_is_gone_or_silent_holds_nothing_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), gone] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&folder.path().join("data"), &["--otlp", &format!("http://{address}")]);
        assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "weekly" })).status, 201);
        // Three spans each: more than may wait.
        for number in 0..4000 {
            assert_eq!(submit(&server, SAMPLED, &format!("o{}", number % 100)).status, 200);
        }
        let memory = server.memory();
        assert!(memory < 400 << 20, "{memory} bytes");
        assert_eq!(server.stop(), Some(0), "it ends all the same");
    }
}
