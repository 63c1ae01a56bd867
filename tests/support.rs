//! What the tests of the running program share: starting it, asking it, killing it, and its command line.

use crate::described::{Asked, Described};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long anything may take that should happen.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What starts a server on a free port.
pub const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("the machine gives threads"));

static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let client = plain().pool_max_idle_per_host(64).timeout(DEADLINE);
    // A redirect is an answer to look at.
    let client = client.redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client without TLS needs nothing")
});

/// A client for one server, of which it does not matter who has signed its certificate.
fn plain() -> reqwest::ClientBuilder {
    millrace::tls::install();
    reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true)
}

/// What the program says of itself: that is the same for every server, so the first that is asked tells it.
static DESCRIBED: tokio::sync::OnceCell<Described> = tokio::sync::OnceCell::const_new();

/// A running `millrace serve`, killed when it is dropped.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    data: PathBuf,
}

/// What a request was answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Server {
    /// Starts the program on a free port, unless the flags name one, and waits until it is ready.
    pub fn start(data: &Path, args: &[&str]) -> Self {
        Self::try_start(data, args).unwrap_or_else(|output| panic!("the server did not start: {output}"))
    }

    /// The same, where it may refuse: what it wrote to standard error.
    pub fn try_start(data: &Path, args: &[&str]) -> Result<Self, String> {
        std::fs::create_dir_all(data).expect("the data folder can be made");
        let mut command = millrace(data, &["serve"]);
        // A node of several is told where to listen, because the others must know it before it starts.
        if !args.contains(&"--listen") {
            command.args(&SERVE[1..]);
        }
        command.args(args);
        Self::launch(command, data)
    }

    /// Runs a command that becomes the server of `data`, and waits until it is ready.
    pub fn launch(mut command: Command, data: &Path) -> Result<Self, String> {
        let log = std::fs::File::options().create(true).append(true).open(stderr(data));
        let log = log.expect("the log file can be made");
        let before = log.metadata().expect("it is there").len();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        guarded(child.id(), || out.read_line(&mut line)).expect("standard output is read");
        match line.trim().strip_prefix("millrace ready ") {
            Some(url) => Ok(Self { child, url: url.to_owned(), data: data.to_owned() }),
            None => {
                let code = child.wait().expect("it has ended").code();
                let said = std::fs::read(stderr(data)).unwrap_or_default();
                let said = text(&said[usize::try_from(before).expect("it fits")..]);
                Err(format!("exit {}: {said}", code.unwrap_or(-1)))
            }
        }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, waited for.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
    }

    /// SIGTERM, waited for; the exit code.
    pub fn stop(mut self) -> Option<i32> {
        signal(self.child.id(), "TERM");
        self.child.wait().expect("it has ended").code()
    }

    /// Bytes of memory that the process has.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(HTTP.get(format!("{}{path}", self.url))).expect("the server answers")
    }

    /// A figure of `/metrics`, by its name and labels.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").body;
        let line = text.as_str().unwrap().lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is a figure")).parse().unwrap()
    }

    /// What a list has, page by page; the path has a query.
    pub fn pages(&self, path: &str, list: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("{path}{cursor}"));
            assert_eq!(answer.status, 200, "{answer:?}");
            found.extend(answer.body[list].as_array().expect("a list").iter().cloned());
            match answer.body["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body.to_string().into_bytes()).expect("the server answers")
    }

    pub fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", key)];
        self.send("POST", path, &headers, body.to_string().into_bytes()).expect("the server answers")
    }

    /// Any request; an error where no whole answer came. The body is JSON unless a header says otherwise.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, String> {
        send(&format!("{}{path}", self.url), method, headers, body)
    }

    /// Runs another command of the program on the same data folder.
    pub fn cli(&self, args: &[&str]) -> Output {
        cli(&self.data, args)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Many clients of one server, for tasks.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub fn new(server: &Server) -> Self {
        let http = plain().timeout(DEADLINE).build();
        Self { http: http.expect("a client without TLS needs nothing"), url: server.url.clone() }
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        read(self.http.post(format!("{}{path}", self.url)).json(body)).await
    }
}

/// Runs tasks at the same time, each on its own, and waits for all of them.
pub fn run_all(tasks: impl Iterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let running: Vec<_> = tasks.map(|task| RUNTIME.spawn(task)).collect();
    for task in running {
        RUNTIME.block_on(task).expect("a task that fails fails its test");
    }
}

/// A request to whoever serves `url` at the moment, which may be nobody.
pub fn send(url: &str, method: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, String> {
    send_within(DEADLINE, url, method, headers, body)
}

/// The same, given up after a while.
pub fn send_within(
    patience: Duration,
    url: &str,
    method: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Answer, String> {
    let mut request = HTTP.request(method.parse().expect("a method"), url);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(request.timeout(patience).body(body))
}

fn ask(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    RUNTIME.block_on(read(request))
}

/// Sends a request, and holds it and its answer against what the server says of itself.
async fn read(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| format!("{error:?}"))?;
    let (asked, origin) = (asked(&request), request.url().origin().ascii_serialization());
    let answer = exchange(&client, request).await?;
    let described = DESCRIBED.get_or_try_init(async || {
        let request = client.get(format!("{origin}/openapi.json")).build().map_err(|error| format!("{error:?}"))?;
        exchange(&client, request).await.map(|answer| Described::new(answer.body))
    });
    // A server that was killed meanwhile cannot say it; the next one will.
    if let Ok(described) = described.await {
        described.check(&asked, &answer);
    }
    Ok(answer)
}

fn asked(request: &reqwest::Request) -> Asked {
    let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok());
    Asked {
        method: request.method().to_string(),
        path: request.url().path().to_owned(),
        query: request.url().query().unwrap_or_default().to_owned(),
        content_type: kind.unwrap_or_default().to_owned(),
        body: request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec(),
    }
}

async fn exchange(client: &reqwest::Client, request: reqwest::Request) -> Result<Answer, String> {
    let response = client.execute(request).await.map_err(|error| format!("{error:?}"))?;
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let bytes = response.bytes().await.map_err(|error| format!("{error:?}"))?;
    let body =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Answer { status, headers, body })
}

/// The program with a data folder and a clean environment.
pub fn millrace(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millrace"));
    command.args(args).arg("--data").arg(data).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MILLRACE_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command of the program to its end.
pub fn cli(data: &Path, args: &[&str]) -> Output {
    let child = millrace(data, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    guarded(child.id(), || child.wait_with_output()).expect("the program runs")
}

/// Waits for a process, which is killed at the deadline: a test fails, and does not stand still.
fn guarded<T>(pid: u32, wait: impl FnOnce() -> T) -> T {
    let (done, waited) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if waited.recv_timeout(DEADLINE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            signal(pid, "KILL");
        }
    });
    let result = wait();
    drop(done);
    guard.join().expect("the guard does not fail");
    result
}

/// The folder of a package of npm or PyPI, which is fetched once.
pub fn fetch(registry: &str, name: &str, version: &str) -> String {
    let script = format!("{}/scripts/fetch", std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    let fetched = Command::new(script).args([registry, name, version]).output().expect("bash is there");
    assert!(fetched.status.success(), "{}", text(&fetched.stderr));
    text(&fetched.stdout).trim().to_owned()
}

/// Where the servers of a data folder write their standard error.
pub fn stderr(data: &Path) -> PathBuf {
    data.with_extension("stderr")
}

/// What a program wrote, as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a signal by its name to a process that a test has started.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(status.expect("kill is there").success(), "process {pid} takes signal {name}");
}

/// Polls until `found` has something; panics with `what` at the deadline.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < until, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A number that whoever runs the tests gives one of them, by the name of a variable.
pub fn number_of(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text}")))
}
