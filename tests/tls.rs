//! TLS before the program: what is shown to whom, what is cut off, and what a bad file says at the start.

use crate::support::{DEADLINE, Server, eventually, signal, stderr, text};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// An authority for tests, which signs certificates for this machine.
pub struct Authority {
    folder: PathBuf,
}

/// A certificate with its key, as files in PEM.
pub struct Pair {
    pub cert: String,
    pub key: String,
}

impl Pair {
    pub fn flags(&self) -> [&str; 4] {
        ["--tls-cert", &self.cert, "--tls-key", &self.key]
    }
}

impl Authority {
    pub fn new(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        let authority = Self { folder };
        let subject = format!("/CN={name}");
        let made = [&["req", "-x509", "-days", "2", "-subj", &subject], NEW_KEY].concat();
        authority.openssl(&[&made[..], &["-keyout", "ca.key", "-out", "ca.pem"]].concat());
        authority
    }

    /// The file with its own certificate.
    pub fn file(&self) -> String {
        self.path("ca.pem")
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Signs a certificate for these names, as `IP:127.0.0.1`.
    pub fn sign(&self, name: &str, names: &str) -> Pair {
        let [key, asked, cert, more] = ["key", "csr", "crt", "ext"].map(|kind| format!("{name}.{kind}"));
        let subject = format!("/CN={name}");
        let made = [&["req", "-subj", &subject], NEW_KEY, &["-keyout", &key, "-out", &asked]].concat();
        self.openssl(&made);
        std::fs::write(self.folder.join(&more), format!("subjectAltName={names}\n")).unwrap();
        let signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", &more];
        self.openssl(&[&["x509", "-req", "-days", "2", "-in", &asked, "-out", &cert], &signer[..]].concat());
        Pair { cert: self.path(&cert), key: self.path(&key) }
    }

    fn openssl(&self, args: &[&str]) {
        let made = Command::new("openssl").args(args).current_dir(&self.folder).output();
        let made = made.expect("openssl is missing; on Debian: sudo apt-get install openssl");
        assert!(made.status.success(), "{}", text(&made.stderr));
    }
}

const NEW_KEY: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// Both names of this machine.
const HERE: &str = "IP:127.0.0.1,DNS:localhost";

/// A client that others have made, and that takes nothing for granted.
fn curl(url: &str, args: &[&str]) -> Output {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--max-time", "20", "--noproxy", "*"]).args(args).arg(url);
    curl.output().expect("curl is missing; on Debian: sudo apt-get install curl")
}

fn takes(authority: &Authority, server: &Server) -> bool {
    curl(&format!("{}/health/ready", server.url), &["--cacert", &authority.file()]).status.success()
}

fn port(server: &Server) -> u16 {
    server.url.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Sends these bytes as they are; what comes back until the server closes the connection.
fn raw(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port(server))).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!("it is not closed: {error}"),
        _ => answer,
    }
}

#[test]
fn clients_and_commands_speak_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let pair = authority.sign("server", HERE);
    let server = Server::start(&folder.path().join("data"), &pair.flags());
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let ca = authority.file();
    for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let answer = curl(&format!("{url}/health/ready"), &["--cacert", &ca]);
        assert!(answer.status.success(), "{answer:?}");
    }
    for (args, works) in [
        (&["--tlsv1.3"][..], true),
        (&["--tls-max", "1.2"], true),
        (&["--http2"], true),
        (&["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"], false),
    ] {
        let answer = curl(&format!("{}/health/ready", server.url), &[args, &["--cacert", &ca]].concat());
        assert_eq!(answer.status.success(), works, "{args:?}: {answer:?}");
    }
    let stranger = Authority::new(folder.path(), "stranger");
    assert!(!takes(&stranger, &server), "only those who trust our authority take its certificate");

    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "weekly" })).status, 201);
    let score = json!({ "owner": "ada", "score": 5 });
    assert_eq!(server.post("/v1/leaderboards/weekly/scores", &score).status, 200);
    let status = server.cli(&["status"]);
    assert!(status.status.success() && text(&status.stdout).contains("leaderboards/4"), "{status:?}");

    let plain = raw(&server, b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(!plain.windows(4).any(|bytes| bytes == b"HTTP"), "{}", plain.escape_ascii());

    // A certificate that is not the one of the file: whoever else listens there is told nothing.
    let file = folder.path().join("data/server.json");
    let said = std::fs::read_to_string(&file).unwrap();
    let hash = serde_json::from_str::<serde_json::Value>(&said).unwrap()["certificate"].as_str().unwrap().to_owned();
    std::fs::write(&file, said.replace(&hash, &"0".repeat(64))).unwrap();
    let status = server.cli(&["status"]);
    assert!(!status.status.success() && text(&status.stderr).contains("another certificate"), "{status:?}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_new_certificate_is_shown_after_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| Authority::new(folder.path(), name));
    let [first, second] = [&old, &new].map(|authority| authority.sign("server", HERE));
    let server = Server::start(&folder.path().join("data"), &first.flags());
    std::fs::copy(&second.cert, &first.cert).unwrap();
    std::fs::copy(&second.key, &first.key).unwrap();
    assert!(takes(&old, &server) && !takes(&new, &server), "nobody has said that it is to be read again");
    signal(server.pid(), "HUP");
    eventually("the new one is shown", || takes(&new, &server).then_some(()));
    assert!(!takes(&old, &server));
    let known = |server: &Server| server.cli(&["status"]).status.success().then_some(());
    eventually("commands know it", || known(&server));

    std::fs::write(&first.key, "no key").unwrap();
    signal(server.pid(), "HUP");
    let log = stderr(server.data());
    eventually("it says that it cannot read them", || {
        let said = std::fs::read_to_string(&log).unwrap();
        (said.contains("the certificate stays as it was") && said.contains(&first.key)).then_some(())
    });
    assert!(takes(&new, &server));
    assert!(known(&server).is_some());
}

#[test]
fn whoever_speaks_no_tls_in_time_is_cut_off_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let pair = authority.sign("server", HERE);
    let flags = [&pair.flags()[..], &["--header-timeout", "1s"]].concat();
    let server = Server::start(&folder.path().join("data"), &flags);
    let files = || std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    // The first connection of the client that asks for figures stays open.
    let open = || server.metric("millrace_http_connections");
    assert_eq!(open(), 1);
    let before = files();
    let hello: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03half of a hello";
    let began = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..60 {
            let server = &server;
            let bytes = [&b""[..], hello, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff"][n % 4];
            scope.spawn(move || raw(server, bytes));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(10), "60 at once took {:?}", began.elapsed());
    eventually("no connection is left", || (open() == 1).then_some(()));
    eventually("no open file is left", || (files() <= before + 10).then_some(()));
    assert!(takes(&authority, &server), "it serves those who do");
}

#[test]
fn a_stop_does_not_wait_for_handshakes() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Authority::new(folder.path(), "ours").sign("server", HERE);
    let flags = [&pair.flags()[..], &["--header-timeout", "60s", "--shutdown-grace", "60s"]].concat();
    let server = Server::start(&folder.path().join("data"), &flags);
    let _silent = TcpStream::connect(("127.0.0.1", port(&server))).unwrap();
    eventually("it is accepted", || (server.metric("millrace_http_connections") == 2).then_some(()));
    let began = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "the stop took {:?}", began.elapsed());
}

#[test]
fn a_bad_file_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let [pair, other] = ["server", "other"].map(|name| authority.sign(name, HERE));
    let empty = folder.path().join("empty.pem").to_str().unwrap().to_owned();
    std::fs::write(&empty, "").unwrap();
    for (cert, key, reason) in [
        ("/nowhere.pem", pair.key.as_str(), "--tls-cert /nowhere.pem: no certificates in PEM can be read from it"),
        (&empty, &pair.key, "empty.pem: it has no certificate in PEM"),
        (&pair.cert, "/nowhere.pem", "--tls-key /nowhere.pem: no private key in PEM"),
        (&pair.cert, &pair.cert, "no private key in PEM"),
        (&pair.cert, &other.key, "it is no key of the certificate in "),
    ] {
        let flags = ["--tls-cert", cert, "--tls-key", key];
        let Err(said) = Server::try_start(&folder.path().join("data"), &flags) else { panic!("{flags:?} works") };
        assert!(said.contains("exit 2") && said.contains(reason), "{reason}: {said}");
    }
}
