//! Streams: what a client folds is what the queries answer, whatever is written meanwhile, whoever comes back, whatever
//! dies, and however many follow.
//!
//! `STREAMS` says how many follow at the same time in the last test (1,000).

use crate::support::{DEADLINE, Server, eventually, signal};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const BOARD: &str = "/v1/leaderboards/b";

/// Options that make streams quick to tell and connections small.
const QUICK: &[&str] = &["--partitions", "2", "--stream-interval", "5ms", "--stream-heartbeat", "200ms"];

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

/// A client that folds what it is told.
pub struct Client {
    reader: BufReader<TcpStream>,
    id: String,
    pub entries: Vec<Value>,
    names: Vec<String>,
}

impl Client {
    /// Follows a path from where `last` was, if it was anywhere. HTTP/1.0, so that the body is not in chunks.
    pub fn follow(server: &str, path: &str, last: Option<&Client>) -> Result<Self, String> {
        Self::follow_as(server, path, None, last)
    }

    /// The same as somebody.
    pub fn follow_as(server: &str, path: &str, subject: Option<&str>, last: Option<&Client>) -> Result<Self, String> {
        let address = server.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        // Small, so that a client that does not read is soon noticed.
        rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 4096).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let id = last.map(|last| format!("last-event-id: {}\r\n", last.id)).unwrap_or_default();
        let subject = subject.map(|subject| format!("millrace-subject: {subject}\r\n")).unwrap_or_default();
        let said = write!(stream, "GET {path} HTTP/1.0\r\nhost: localhost\r\n{subject}{id}\r\n");
        said.map_err(|error| error.to_string())?;
        let mut client = Self {
            reader: BufReader::new(stream),
            id: last.map(|last| last.id.clone()).unwrap_or_default(),
            entries: last.map(|last| last.entries.clone()).unwrap_or_default(),
            names: Vec::new(),
        };
        let head = client.block().ok_or("no head")?;
        match head.first().is_some_and(|status| status.contains(" 200 ")) {
            true => Ok(client),
            false => Err(head.join("\n")),
        }
    }

    /// The lines up to an empty one; `None` when the connection ends.
    fn block(&mut self) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match self.reader.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) if line.trim().is_empty() => return Some(lines),
                Ok(_) => lines.push(line.trim_end().to_owned()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing was said within {DEADLINE:?}"),
                Err(_) => return None,
            }
        }
    }

    /// The next event, folded; of a block without data only the id is taken. `None` when the connection ends.
    fn next(&mut self) -> Option<Option<Event>> {
        let lines = self.block()?;
        let field = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if let Some(id) = field("id") {
            self.id = id.to_owned();
        }
        let Some(name) = field("event") else { return Some(None) };
        let data = serde_json::from_str(field("data").unwrap()).unwrap();
        let event = Event { name: name.to_owned(), id: self.id.clone(), data };
        self.fold(&event);
        self.names.push(event.name.clone());
        Some(Some(event))
    }

    /// The next event that is more than a sign of life.
    pub fn event(&mut self) -> Event {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if let Some(event) = self.next().expect("the stream goes on") {
                return event;
            }
        }
        panic!("nothing but signs of life within {DEADLINE:?}");
    }

    /// What the description of the API says of these events.
    fn fold(&mut self, event: &Event) {
        let list = |name: &str| event.data[name].as_array().cloned().unwrap_or_default();
        match event.name.as_str() {
            "reset" => self.entries.clear(),
            "snapshot" if event.data.get("entries").is_some() => self.entries = list("entries"),
            "snapshot" | "rank" => self.entries = vec![event.data["entry"].clone()],
            "change" => {
                let placed = list("entries");
                let gone = list("left");
                let out =
                    |owner: &Value| gone.contains(owner) || placed.iter().any(|one| one["entry"]["owner"] == *owner);
                self.entries.retain(|entry| !out(&entry["owner"]));
                for one in &placed {
                    let place = usize::try_from(one["place"].as_u64().unwrap()).unwrap();
                    self.entries.insert(place - 1, one["entry"].clone());
                }
                for (index, entry) in self.entries.iter_mut().enumerate() {
                    entry["rank"] = event.data["ranks"].get(index).cloned().unwrap_or(json!(index + 1));
                }
            }
            // The whole of it, each time.
            "cart" => self.entries = vec![event.data.clone()],
            // Nothing of what was told is taken back.
            "end" => {}
            other => panic!("an event `{other}`"),
        }
    }

    /// Reads on until what was folded is what is expected.
    pub fn until(&mut self, expected: &Value) {
        let until = Instant::now() + DEADLINE;
        while json!(self.entries) != *expected {
            assert!(Instant::now() < until, "{:?} does not become {expected}", self.entries);
            self.next().expect("the stream goes on");
        }
    }
}

fn start(folder: &std::path::Path, more: &[&str]) -> Server {
    let server = Server::start(&folder.join("data"), &[QUICK, more].concat());
    if server.get(BOARD).status == 404 {
        assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    }
    server
}

fn submit(server: &Server, owner: &str, score: i64) {
    let answer = server.post(&format!("{BOARD}/scores"), &json!({"owner": owner, "score": score}));
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn top(server: &Server, limit: u32) -> Value {
    server.get(&format!("{BOARD}/entries?limit={limit}")).body["entries"].clone()
}

fn metric(server: &Server, name: &str) -> u64 {
    let text = server.get("/metrics").body;
    let line = text.as_str().unwrap().lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} is a figure")).parse().unwrap()
}

/// Submits and deletes, so that entries enter, move and leave.
fn write(server: &Server, writer: i64) {
    for step in 0..150 {
        submit(server, &format!("o{}", (step * 7 + writer * 3) % 160), (step * 97 + writer * 31) % 1009);
        if step % 10 == 9 {
            let gone = format!("{BOARD}/owners/o{}", (step * 11) % 160);
            server.send("DELETE", &gone, &[], Vec::new()).expect("it is answered");
        }
    }
}

#[test]
fn what_is_folded_is_what_is_answered_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &["--asof-max-wait", "20s"]);
    let mut wide = Client::follow(&server.url, &format!("{BOARD}/stream"), None).unwrap();
    let mut narrow = Client::follow(&server.url, &format!("{BOARD}/stream?top=5"), None).unwrap();
    let mut own = Client::follow(&server.url, &format!("{BOARD}/stream?owner=o7"), None).unwrap();
    assert_eq!(own.event().data, json!({"entry": null}), "who is not there yet can be followed");
    let mut held = Vec::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn({
                    let server = &server;
                    move || write(server, writer)
                })
            })
            .collect();
        // While they write, what is folded at each event is what was answered at its position.
        while writers.iter().any(|writer| !writer.is_finished()) {
            if let Some(event) = narrow.next().expect("the stream goes on") {
                held.push((event.id, narrow.entries.clone()));
            }
        }
    });
    assert!(held.len() > 8, "{} events while four wrote", held.len());
    wide.until(&top(&server, 100));
    narrow.until(&top(&server, 5));
    submit(&server, "o7", 2000);
    let mut entry = server.get(&format!("{BOARD}/owners/o7")).body;
    for of_the_board in ["members", "percentile"] {
        entry.as_object_mut().unwrap().remove(of_the_board).unwrap();
    }
    own.until(&json!([entry]));
    assert!(wide.names.iter().skip(1).all(|name| name == "change"), "{:?}", wide.names);
    for (position, entries) in held.iter().step_by(held.len() / 5) {
        let then = server.get(&format!("{BOARD}/entries?limit=5&at={position}"));
        assert_eq!(then.body["entries"], json!(entries), "at {position}");
    }
}

#[test]
fn a_spread_board_is_followed_as_one_of_one_shard() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    let boards = [("one", 1), ("eight", 8)];
    for (id, shards) in boards {
        let new = json!({"id": id, "operator": "set", "shards": shards, "tie": "competition"});
        assert_eq!(server.post("/v1/leaderboards", &new).status, 201);
    }
    let follow = |id: &str, what: &str| {
        Client::follow(&server.url, &format!("/v1/leaderboards/{id}/stream?{what}"), None).unwrap()
    };
    let mut tops = boards.map(|(id, _)| follow(id, "top=7"));
    let mut owns = boards.map(|(id, _)| follow(id, "owner=o7"));
    for own in &mut owns {
        assert_eq!(own.event().data, json!({"entry": null}), "who is not there yet can be followed");
    }
    for step in 0..60 {
        for (id, _) in boards {
            let body = json!({"owner": format!("o{}", step * 7 % 20), "score": step * 13 % 29});
            assert_eq!(server.post(&format!("/v1/leaderboards/{id}/scores"), &body).status, 200);
            if step % 10 == 9 {
                let gone = format!("/v1/leaderboards/{id}/owners/o{}", step * 7 % 20);
                assert_eq!(server.send("DELETE", &gone, &[], Vec::new()).unwrap().status, 200);
            }
        }
    }
    let without = |mut entry: Value, fields: &[&str]| {
        fields.iter().for_each(|field| drop(entry.as_object_mut().unwrap().remove(*field).unwrap()));
        entry
    };
    let mut told = Vec::new();
    for (at, (id, _)) in boards.into_iter().enumerate() {
        tops[at].until(&server.get(&format!("/v1/leaderboards/{id}/entries?limit=7")).body["entries"]);
        let own = server.get(&format!("/v1/leaderboards/{id}/owners/o7")).body;
        owns[at].until(&json!([without(own, &["members", "percentile"])]));
        let entries = tops[at].entries.iter().chain(&owns[at].entries);
        told.push(entries.map(|entry| without(entry.clone(), &["updated_at"])).collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1]);
    // Who comes back goes on from where it was.
    let path = "/v1/leaderboards/eight/stream?top=7";
    let mut back = Client::follow(&server.url, path, Some(&tops[1])).unwrap();
    let best = json!({"owner": "o7", "score": 1000});
    assert_eq!(server.post("/v1/leaderboards/eight/scores", &best).status, 200);
    back.until(&server.get("/v1/leaderboards/eight/entries?limit=7").body["entries"]);
    assert!(back.names.iter().all(|name| name == "change"), "{:?}", back.names);
}

#[test]
fn who_comes_back_gets_what_it_missed_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &["--stream-kept", "6"]);
    let path = format!("{BOARD}/stream?top=50");
    let mut first = Client::follow(&server.url, &path, None).unwrap();
    assert_eq!(first.event().name, "snapshot");
    let told = |client: &mut Client, owner: &str, score: i64| {
        submit(&server, owner, score);
        assert_eq!(client.event().name, "change");
    };
    (0..5).for_each(|score| told(&mut first, "ada", score));
    // Another one is told the changes that the first one misses, each by itself.
    let mut other = Client::follow(&server.url, &path, None).unwrap();
    other.event();
    first.reader.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    (0..4).for_each(|score| told(&mut other, &format!("o{score}"), score));
    let mut back = Client::follow(&server.url, &path, Some(&first)).unwrap();
    let missed: Vec<_> = (0..4).map(|_| back.event()).collect();
    assert!(missed.iter().all(|event| event.name == "change"), "{missed:?}");
    let owners: Vec<_> = missed.iter().map(|event| event.data["entries"][0]["entry"]["owner"].clone()).collect();
    assert_eq!(json!(owners), json!(["o0", "o1", "o2", "o3"]));
    assert_eq!((json!(back.entries), &back.id), (top(&server, 50), &other.id));

    // Six are kept, and who has missed more begins again.
    (0..4).for_each(|score| told(&mut other, &format!("p{score}"), score));
    let mut late = Client::follow(&server.url, &path, Some(&first)).unwrap();
    assert_eq!([late.event().name, late.event().name], ["reset", "snapshot"]);
    assert_eq!(json!(late.entries), top(&server, 50));
    assert!(metric(&server, "millrace_stream_resets_total") == 1);
    // An id that this log has never had is one of another log.
    late.id = "leaderboards/0@99999,leaderboards/1@99999".to_owned();
    let mut stranger = Client::follow(&server.url, &path, Some(&late)).unwrap();
    assert_eq!([stranger.event().name, stranger.event().name], ["reset", "snapshot"]);
}

#[test]
fn a_restart_in_the_middle_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let port = crate::broker::free_port();
    let flags = ["--listen", &format!("127.0.0.1:{port}")];
    let server = start(folder.path(), &flags);
    let path = format!("{BOARD}/stream");
    let mut client = Client::follow(&server.url, &path, None).unwrap();
    (0..30).for_each(|step| submit(&server, &format!("o{step}"), step));
    client.until(&top(&server, 100));
    server.kill();
    assert!(std::iter::from_fn(|| client.next()).flatten().next().is_none(), "a killed server says nothing more");

    // Nothing was written meanwhile, so nothing is told.
    let server = start(folder.path(), &flags);
    let folded = client.entries.clone();
    let mut client = Client::follow(&server.url, &path, Some(&client)).unwrap();
    let id = client.id.clone();
    (0..3).for_each(|_| assert_eq!(client.next(), Some(None), "only signs of life"));
    assert_eq!((&client.id, client.entries == folded), (&id, true));
    submit(&server, "o3", 500);
    assert_eq!(client.event().name, "change");
    assert_eq!(json!(client.entries), top(&server, 100));

    // A graceful stop does not wait for those who follow; who comes back later begins again where it must.
    let began = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "streams end by themselves, not by the grace");
    assert!(std::iter::from_fn(|| client.next()).flatten().next().is_none());
    let server = start(folder.path(), &flags);
    (0..9).for_each(|step| submit(&server, &format!("q{step}"), 100 + step));
    let mut client = Client::follow(&server.url, &path, Some(&client)).unwrap();
    client.until(&top(&server, 100));
    assert_eq!(client.names, ["reset", "snapshot"]);
}

#[test]
fn who_does_not_read_is_cut_off_and_can_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &["--write-timeout", "1s", "--send-buffer", "4K", "--stream-kept", "10"]);
    let path = format!("{BOARD}/stream");
    let stalled = Client::follow(&server.url, &path, None).unwrap();
    let mut quick = Client::follow(&server.url, &path, None).unwrap();
    let metadata = json!({"m": "m".repeat(4000)});
    let mut step = 0;
    eventually("the stalled one is cut off", || {
        step += 1;
        let body = json!({"owner": format!("o{}", step % 40), "score": step, "metadata": metadata});
        assert_eq!(server.post(&format!("{BOARD}/scores"), &body).status, 200);
        while quick.event().name != "change" {}
        (metric(&server, "millrace_stream_subscribers") == 1).then_some(())
    });
    quick.until(&top(&server, 100));
    let mut back = Client::follow(&server.url, &path, Some(&stalled)).unwrap();
    back.until(&top(&server, 100));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &["--streams", "2"]);
    for (path, headers, status, code) in [
        ("/v1/leaderboards/nowhere/stream", [("accept", "text/event-stream")], 404, "unknown_board"),
        ("/v1/leaderboards/nowhere/stream?owner=ada", [("accept", "text/event-stream")], 404, "unknown_board"),
        ("/v1/leaderboards/b/stream?top=0", [("accept", "*/*")], 400, "bad_limit"),
        ("/v1/leaderboards/b/stream?top=5&owner=ada", [("accept", "*/*")], 400, "bad_parameter"),
        ("/v1/leaderboards/b/stream?at=leaderboards/0@0", [("accept", "*/*")], 400, "bad_parameter"),
        ("/v1/leaderboards/b/stream", [("last-event-id", "seven")], 400, "bad_position"),
        (
            "/v1/leaderboards/b/stream?min_position=leaderboards/0@99,leaderboards/1@99",
            [("accept", "*/*")],
            400,
            "unknown_position",
        ),
    ] {
        let answer = server.send("GET", path, &headers, Vec::new()).unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {answer:?}");
    }
    let path = format!("{BOARD}/stream");
    let _two = [(); 2].map(|()| Client::follow(&server.url, &path, None).unwrap());
    let third = server.get(&path);
    assert_eq!((third.status, third.code(), third.header("retry-after")), (503, "too_many_streams", Some("1")));
    assert_eq!(server.get(BOARD).status, 200, "who follows holds no place of a request");
}

/// How many bytes a process has in memory.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Many follow one board, one of them without ever reading: memory stays what it is, and the others are told
/// everything.
#[test]
fn many_follow_and_one_of_them_stalls() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let many: usize = std::env::var("STREAMS").map_or(1000, |text| text.parse().expect("STREAMS is a number"));
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (connections, streams) = ((many + 100).to_string(), (many + 1).to_string());
    let flags =
        ["--connections", &connections, "--streams", &streams, "--stream-interval", "100ms", "--memory", "256M"];
    let server = Server::start(&folder.path().join("data"), &flags);
    assert_eq!(server.post("/v1/leaderboards", &json!({"id": "b", "operator": "set"})).status, 201);
    (0..100).for_each(|step| submit(&server, &format!("o{step}"), step));
    let alone = resident(server.pid());
    let path = format!("{BOARD}/stream");
    let stalled = Client::follow(&server.url, &path, None).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let counts = std::sync::Arc::new((0..many - 1).map(|_| std::sync::atomic::AtomicU64::new(0)).collect::<Vec<_>>());
    let began = Instant::now();
    for index in 0..many - 1 {
        runtime.spawn(count_events(server.url.clone(), path.clone(), counts.clone(), index));
    }
    let told =
        |least: u64| counts.iter().filter(|count| count.load(std::sync::atomic::Ordering::Relaxed) >= least).count();
    eventually("all follow", || (told(1) == many - 1).then_some(()));
    let connected = began.elapsed();
    let following = resident(server.pid());
    // Each change is large, so that what is held for one who does not read would be seen.
    let metadata = json!({"m": "m".repeat(4000)});
    let rounds = 60;
    let began = Instant::now();
    for round in 0..rounds {
        let body = json!({"owner": format!("o{}", round % 100), "score": 1000 + round, "metadata": metadata});
        assert_eq!(server.post(&format!("{BOARD}/scores"), &body).status, 200);
        eventually("all are told", || (told(2 + round) == many - 1).then_some(()));
    }
    let took = began.elapsed();
    let after = resident(server.pid());
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "{many} streams, one stalled: {} MiB alone, {} MiB with all ({} KiB each, connected in {connected:?}), {} MiB \
         after {rounds} changes of 4 KB to each in {took:?}; events {}, resets {}",
        mib(alone),
        mib(following),
        following.saturating_sub(alone) / many as u64 / 1024,
        mib(after),
        metric(&server, "millrace_stream_events_total"),
        metric(&server, "millrace_stream_resets_total"),
    );
    assert_eq!(metric(&server, "millrace_stream_feeds"), 1);
    // What a start needs for a moment is given back, and taken again.
    let grown = after.saturating_sub(following.max(alone));
    assert!(grown < (24 << 20) + many as u64 * 4096, "{} MiB more after {rounds} changes", mib(grown));
    drop(stalled);
    signal(server.pid(), "TERM");
}

/// Follows, and counts the events; one in a hundred reads slowly.
async fn count_events(
    url: String,
    path: String,
    counts: std::sync::Arc<Vec<std::sync::atomic::AtomicU64>>,
    index: usize,
) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    let mut reader = tokio::io::BufReader::with_capacity(1024, stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
        if line.starts_with(b"event: ") {
            assert!(!line.starts_with(b"event: reset"), "one who reads misses nothing");
            counts[index].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        line.clear();
    }
}
