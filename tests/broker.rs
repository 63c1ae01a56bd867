//! A real Kafka broker for the tests, started by `scripts/kafka`; kcat and a few raw requests speak to it, no code of ours.

use crate::support::Server;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A small Java: two of these share a small machine with everything else.
const JAVA: &str = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/// Settings of a topic that Millrace takes.
pub const GOOD: &[(&str, &str)] =
    &[("retention.ms", "-1"), ("retention.bytes", "-1"), ("message.timestamp.type", "LogAppendTime")];

/// A broker. The script ends it with this process, however that ends.
pub struct Broker {
    dir: PathBuf,
    pub address: String,
}

/// The broker of all tests that take nothing away from it.
pub fn shared() -> &'static Broker {
    static SHARED: OnceLock<Broker> = OnceLock::new();
    SHARED.get_or_init(|| Broker::start("shared"))
}

impl Broker {
    /// A broker of its own for a test that kills or pauses it.
    pub fn start(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("millrace-broker-{name}-{}", std::process::id()));
        let address = script("start", &dir, &["--parent", &std::process::id().to_string()]);
        Self { dir, address }
    }

    /// One that speaks TLS and asks for user `millrace` with password `secret`. kcat and raw requests do not reach it.
    pub fn start_secure(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("millrace-broker-{name}-{}", std::process::id()));
        let address = script("start", &dir, &["--secure", "--parent", &std::process::id().to_string()]);
        Self { dir, address }
    }

    /// The file with the certificate of the authority that it is signed by.
    pub fn authority(&self) -> String {
        self.dir.join("ca.pem").to_str().expect("plain text").to_owned()
    }

    /// `kill`, `restart`, `pause`, `resume`, `stop` or `start`.
    pub fn act(&self, action: &str) {
        script(action, &self.dir, &[]);
    }

    /// The topics of one Millrace on this broker. Each test has a prefix of its own.
    pub fn cluster(&self, name: &str) -> Cluster<'_> {
        Cluster { broker: self, prefix: format!("{name}.") }
    }

    /// One request as Kafka's protocol writes it, to a broker that answers with what follows the correlation id.
    fn request(&self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        message.extend(api.to_be_bytes());
        message.extend(version.to_be_bytes());
        message.extend(1_i32.to_be_bytes());
        put_text(&mut message, "test");
        message.extend(body);
        let mut stream = TcpStream::connect(&self.address).expect("the broker listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
        stream.write_all(&length(message.len())).and_then(|()| stream.write_all(&message)).expect("it takes it");
        let mut size = [0; 4];
        stream.read_exact(&mut size).expect("it answers");
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        stream.read_exact(&mut answer).expect("it answers whole");
        answer.split_off(4)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A paused one takes SIGKILL too; one that is dead already is what is wanted.
        drop(run_script("kill", &self.dir, &[]));
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

fn run_script(action: &str, dir: &Path, more: &[&str]) -> Output {
    let path = format!("{}/scripts/kafka", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let mut command = Command::new(path);
    command.arg(action).arg(dir).args(more).env("MILLRACE_KAFKA_JAVA_OPTS", JAVA);
    command.output().expect("the script runs")
}

fn script(action: &str, dir: &Path, more: &[&str]) -> String {
    let output = run_script(action, dir, more);
    assert!(output.status.success(), "scripts/kafka {action}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("an address").trim().to_owned()
}

/// The topics of one Millrace.
#[derive(Clone)]
pub struct Cluster<'a> {
    pub broker: &'a Broker,
    prefix: String,
}

/// A record as kcat shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub partition: u64,
    pub offset: u64,
    pub value: Value,
    /// Names and values in turn.
    pub headers: Vec<String>,
}

impl Cluster<'_> {
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The flags that every command of the program needs here.
    pub fn flags(&self) -> [&str; 4] {
        ["--kafka", &self.broker.address, "--topic-prefix", &self.prefix]
    }

    /// These flags and more.
    pub fn with<'f>(&'f self, more: &[&'f str]) -> Vec<&'f str> {
        self.flags().into_iter().chain(more.iter().copied()).collect()
    }

    pub fn serve(&self, data: &Path) -> Server {
        Server::start(data, &self.flags())
    }

    /// Runs a command of the program on its data folder and these topics.
    pub fn cli(&self, server: &Server, args: &[&str]) -> Output {
        server.cli(&self.with(args))
    }

    /// Lets kcat append one record, with whatever partitioner it has unless `more` says otherwise.
    pub fn put(&self, topic: &str, key: &str, value: &[u8], more: &[&str]) {
        let mut kcat = Command::new("kcat");
        kcat.args(["-P", "-b", &self.broker.address, "-t", &self.topic(topic), "-k", key]).args(more);
        // From a file: the value is taken whole, newlines and all.
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), value).expect("it can be written");
        let output = kcat.arg(file.path()).output().expect("kcat is missing; on Debian: sudo apt-get install kcat");
        assert!(output.status.success(), "kcat: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Everything on a topic, as kcat reads it. The values must be JSON; others are null.
    pub fn read(&self, topic: &str) -> Vec<Seen> {
        let mut kcat = Command::new("kcat");
        kcat.args(["-C", "-q", "-e", "-J", "-o", "beginning", "-b", &self.broker.address, "-t", &self.topic(topic)]);
        let output = kcat.stdin(Stdio::null()).output().expect("kcat runs");
        assert!(output.status.success(), "kcat: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut all: Vec<_> = text.lines().map(seen).collect();
        all.sort_by_key(|seen| (seen.partition, seen.offset));
        all
    }

    /// Makes a topic as somebody else would.
    pub fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let mut body = length(1).to_vec();
        put_text(&mut body, &self.topic(topic));
        body.extend(partitions.to_be_bytes());
        body.extend(1_i16.to_be_bytes());
        body.extend(length(0));
        body.extend(length(settings.len()));
        for (name, value) in settings {
            put_text(&mut body, name);
            put_text(&mut body, value);
        }
        body.extend(30_000_i32.to_be_bytes());
        body.push(0);
        let answer = self.broker.request(19, 2, &body);
        check(&answer, 8 + 2 + self.topic(topic).len(), "CreateTopics");
    }

    pub fn delete(&self, topic: &str) {
        let mut body = length(1).to_vec();
        put_text(&mut body, &self.topic(topic));
        body.extend(30_000_i32.to_be_bytes());
        let answer = self.broker.request(20, 1, &body);
        check(&answer, 8 + 2 + self.topic(topic).len(), "DeleteTopics");
    }

    /// Changes one setting of a topic.
    pub fn set(&self, topic: &str, name: &str, value: &str) {
        let mut body = length(1).to_vec();
        body.push(2);
        put_text(&mut body, &self.topic(topic));
        body.extend(length(1));
        put_text(&mut body, name);
        body.push(0);
        put_text(&mut body, value);
        body.push(0);
        let answer = self.broker.request(44, 0, &body);
        check(&answer, 8, "IncrementalAlterConfigs");
    }
}

/// The error code of an answer about one topic.
fn check(answer: &[u8], at: usize, what: &str) {
    let code = i16::from_be_bytes([answer[at], answer[at + 1]]);
    assert_eq!(code, 0, "{what} is answered with error {code}");
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("it is short").to_be_bytes()
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(u16::try_from(text.len()).expect("it is short").to_be_bytes());
    out.extend(text.as_bytes());
}

fn seen(line: &str) -> Seen {
    let record: Value = serde_json::from_str(line).unwrap_or(Value::Null);
    let number = |name: &str| record[name].as_u64().unwrap_or(u64::MAX);
    let headers = record["headers"].as_array().cloned().unwrap_or_default();
    Seen {
        partition: number("partition"),
        offset: number("offset"),
        value: serde_json::from_str(record["payload"].as_str().unwrap_or_default()).unwrap_or(Value::Null),
        headers: headers.iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect(),
    }
}

/// A port that nothing listens on, below those that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let seed = u16::try_from(std::process::id() % 10_000).expect("below 10,000");
        let port = 20_000 + (seed + NEXT.fetch_add(37, Ordering::Relaxed)) % 12_000;
        if TcpStream::connect(("127.0.0.1", port)).is_err() {
            return port;
        }
    }
}
