//! Clients that mean no good: heads without end, and connections that drip.

use super::{BOARD, submit};
use crate::support::{DEADLINE, Server};
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many connections drip.
const DRIPPING: usize = 500;

/// By how much memory may grow under what is refused, in bytes.
const FLAT: u64 = 48 << 20;
/// And for each request that is served meanwhile.
const SERVED: u64 = 4 << 10;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[test]
fn a_request_with_100_000_headers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": BOARD })).status, 201);
    let headers: String = (0..100_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let request = format!("GET /v1/leaderboards/{BOARD} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    let before = server.memory();
    for _ in 0..50 {
        let mut stream = connect(&server);
        // It may hang up before everything is written.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < FLAT, "{grown} bytes more");
    assert_eq!(submit(&server, BOARD, "ada", 1).status, 200);
}

/// A connection that sends a byte now and then.
struct Drip {
    stream: TcpStream,
    answer: Vec<u8>,
    cut: bool,
}

impl Drip {
    fn new(server: &Server, head: &str) -> Self {
        let mut stream = connect(server);
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { stream, answer: Vec::new(), cut: false }
    }

    fn drip(&mut self) {
        if self.cut {
            return;
        }
        let mut chunk = [0; 1024];
        self.cut = match self.stream.read(&mut chunk) {
            Ok(0) => true,
            Ok(read) => {
                self.answer.extend_from_slice(&chunk[..read]);
                false
            }
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        if !self.cut && self.answer.is_empty() {
            self.cut = self.stream.write_all(b"x").is_err();
        }
    }
}

#[test]
fn connections_that_drip_are_cut_off_while_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["--header-timeout", "2s", "--body-timeout", "2s"];
    let server = Server::start(&folder.path().join("data"), &limits);
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": BOARD })).status, 201);
    let before = server.memory();
    let path = format!("/v1/leaderboards/{BOARD}/scores");
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nx-long: ");
    let body = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n"
    );
    let done = AtomicBool::new(false);
    let began = Instant::now();
    let (drips, mut latencies) = std::thread::scope(|scope| {
        let normal = scope.spawn(|| {
            let mut latencies = Vec::new();
            while !done.load(Ordering::Acquire) {
                let asked = Instant::now();
                assert_eq!(submit(&server, BOARD, &format!("o{}", latencies.len()), 1).status, 200);
                latencies.push(asked.elapsed());
            }
            latencies
        });
        let mut drips: Vec<_> =
            (0..DRIPPING).map(|number| Drip::new(&server, if number % 2 == 0 { &head } else { &body })).collect();
        while drips.iter().any(|drip| !drip.cut) && began.elapsed() < DEADLINE {
            drips.iter_mut().for_each(Drip::drip);
            // The pace of the drip.
            std::thread::sleep(Duration::from_millis(50));
        }
        done.store(true, Ordering::Release);
        (drips, normal.join().unwrap())
    });
    let open = drips.iter().filter(|drip| !drip.cut).count();
    assert_eq!(open, 0, "after {:?} some are still open", began.elapsed());
    for drip in drips.iter().skip(1).step_by(2) {
        let answer = String::from_utf8_lossy(&drip.answer);
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body_timeout"), "{answer}");
    }
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    println!(
        "{DRIPPING} dripping, all cut off after {:?}; {} others served, p50 {:?}, p99 {:?}, max {:?}",
        began.elapsed(),
        latencies.len(),
        at(50),
        at(99),
        at(100)
    );
    assert!(latencies.len() > 100 && at(99) < Duration::from_secs(1), "the others had to wait: {:?}", at(99));
    // Each of the others leaves a record, an event and a row in memory; what drips must leave nothing.
    let served = latencies.len() as u64 * SERVED;
    let grown = server.memory().saturating_sub(before);
    assert!(grown < FLAT + served, "{grown} bytes more");
}
