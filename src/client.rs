//! How the command line finds the server that a data folder belongs to, and asks it.

use crate::auth::SUBJECT;
use crate::keys::{Keys, KeysError};
use crate::settings::Settings;
use crate::tls;
use reqwest::{Method, Response};
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a running server may take to take a connection, and to say that it lives.
const PATIENCE: Duration = Duration::from_secs(3);

/// What `<data>/server.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// Where the server listens: `http://127.0.0.1:8080`, or the same with `https`.
    pub address: String,
    /// Its process id.
    pub pid: i32,
    /// The SHA-256 of the certificate that it shows, in hex, where it speaks TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// The file of a running server, which goes away with this value.
pub struct Announcement {
    data: PathBuf,
    listening: SocketAddr,
}

impl Announcement {
    /// Writes the file of this process, with the hash of its certificate where it speaks TLS.
    ///
    /// # Errors
    /// If the data folder cannot be written.
    pub fn new(data: &Path, listening: SocketAddr, certificate: Option<String>) -> io::Result<Self> {
        let announcement = Self { data: data.to_owned(), listening };
        announcement.write(certificate)?;
        Ok(announcement)
    }

    /// Writes it again: the server shows another certificate.
    ///
    /// # Errors
    /// If the data folder cannot be written.
    pub fn write(&self, certificate: Option<String>) -> io::Result<()> {
        let pid = i32::try_from(std::process::id()).map_err(io::Error::other)?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let said = ServerFile { address: format!("{scheme}://{}", reachable(self.listening)), pid, certificate };
        let aside = self.data.join(format!(".server.json.{pid}"));
        std::fs::write(&aside, serde_json::to_vec(&said)?)?;
        std::fs::rename(&aside, server_file(&self.data))
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // A file that stays names a process that is gone, which is found out.
        let _ = std::fs::remove_file(server_file(&self.data));
    }
}

/// The address at which this machine reaches a listener: the loopback where it listens on every address.
#[must_use]
pub fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

fn server_file(data: &Path) -> PathBuf {
    data.join("server.json")
}

/// Why a running server could not be asked, or what it refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of the server cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, String),
    /// The keys that prove who asks.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// No answer.
    #[error("the server does not answer: {}", why(.0))]
    Http(#[from] reqwest::Error),
    /// This program cannot speak TLS as it must.
    #[error("{0}")]
    Tls(String),
    /// The server's refusal.
    #[error("{detail} ({status} {code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The problem's detail.
        detail: String,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    server: ServerFile,
    token: String,
}

impl Client {
    /// The server that the data folder belongs to, if one is running.
    ///
    /// # Errors
    /// [`ClientError`]: there is one, but it does not answer, or its keys cannot be read.
    pub async fn find(settings: &Settings) -> Result<Option<Self>, ClientError> {
        let Some(server) = running(&settings.data)? else { return Ok(None) };
        let trust = server.certificate.clone().map_or_else(|| tls::trusting(None), tls::pinned);
        let http = reqwest::Client::builder().connect_timeout(PATIENCE).no_proxy();
        let http = http.tls_backend_preconfigured(trust.map_err(ClientError::Tls)?).build()?;
        let alive = http.get(format!("{}/health/live", server.address)).timeout(PATIENCE).send().await;
        match alive {
            // The process id was given to another process since.
            Err(error) if nobody_listens(&error) => return Ok(None),
            other => other?.error_for_status()?,
        };
        let token = Keys::read(&settings.keys_file())?.node_token();
        Ok(Some(Self { http, server, token }))
    }

    /// Who it is.
    #[must_use]
    pub fn server(&self) -> &ServerFile {
        &self.server
    }

    /// Sends a request, as operator; the answer is read by the caller, which may come in pieces.
    ///
    /// # Errors
    /// [`ClientError::Http`], [`ClientError::Refused`].
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response, ClientError> {
        self.send_as(None, method, path, body).await
    }

    async fn send_as(
        &self,
        user: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, ClientError> {
        let request = self.http.request(method, format!("{}{path}", self.server.address)).bearer_auth(&self.token);
        let request = match user {
            Some(user) => request.header(SUBJECT, user),
            None => request,
        };
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }

    /// Sends a request and reads its answer as JSON.
    ///
    /// # Errors
    /// [`ClientError::Http`], [`ClientError::Refused`].
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        self.ask_as(None, method, path, body).await
    }

    /// The same as a user, where one is named.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn ask_as(
        &self,
        user: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let response = self.send_as(user, method, path, body).await?;
        if response.content_length() == Some(0) { Ok(Value::Null) } else { Ok(response.json().await?) }
    }
}

/// True if there is no server at all, rather than one that does not speak as it should.
fn nobody_listens(error: &reqwest::Error) -> bool {
    let refused = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    causes(error).any(refused)
}

fn causes(error: &dyn Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

/// An error with its causes: what went wrong on a connection stands in the last of them.
#[must_use]
pub fn why(error: &reqwest::Error) -> String {
    std::iter::once(error.to_string()).chain(causes(error).map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

async fn refused(response: Response) -> ClientError {
    let status = response.status();
    let problem: Value = response.json().await.unwrap_or_default();
    let text = |name: &str, other: &str| problem[name].as_str().unwrap_or(other).to_owned();
    let reason = status.canonical_reason().unwrap_or("refused");
    ClientError::Refused { status: status.as_u16(), code: text("code", "unknown"), detail: text("detail", reason) }
}

/// What the data folder says of its server, if that process is there.
fn running(data: &Path) -> Result<Option<ServerFile>, ClientError> {
    let file = server_file(data);
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ClientError::File(file, error.to_string())),
    };
    let server: ServerFile =
        serde_json::from_slice(&bytes).map_err(|error| ClientError::File(file, error.to_string()))?;
    let there = Pid::from_raw(server.pid).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
    Ok(there.then_some(server))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Json;
    use axum::http::HeaderMap;
    use axum::routing::{get, post};
    use millrace_processors::runtime::problem::Problem;

    fn settings(data: &Path) -> Settings {
        crate::cli::parse_from(["millrace", "status", "--data", data.to_str().unwrap()]).unwrap().1
    }

    async fn serve(settings: &Settings) -> SocketAddr {
        let token = Keys::open(settings).unwrap().node_token();
        let router = axum::Router::new().route("/health/live", get(async || "live\n")).route(
            "/echo",
            post(async move |headers: HeaderMap, Json(body): Json<Value>| {
                let sent = headers["authorization"].to_str().unwrap() == format!("Bearer {token}");
                if sent { Ok(Json(body)) } else { Err(Problem::new(403, "forbidden", "no")) }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    #[tokio::test]
    async fn a_running_server_is_found_and_asked_as_operator() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let address = serve(&settings).await;
        assert!(Client::find(&settings).await.unwrap().is_none());
        let announcement = Announcement::new(folder.path(), address, None).unwrap();
        let client = Client::find(&settings).await.unwrap().unwrap();
        let body = serde_json::json!({ "a": 1 });
        assert_eq!(client.ask(Method::POST, "/echo", Some(&body)).await.unwrap(), body);
        let error = client.ask(Method::GET, "/nothing", None).await.unwrap_err();
        assert_eq!(error.to_string(), "Not Found (404 unknown)");
        drop(announcement);
        assert!(Client::find(&settings).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let announcement = Announcement::new(folder.path(), listener.local_addr().unwrap(), None).unwrap();
        drop(listener);
        assert!(Client::find(&settings).await.unwrap().is_none(), "nobody listens there");
        let address = format!("http://{}", serve(&settings).await);
        let gone = ServerFile { address, pid: i32::MAX, certificate: None };
        std::fs::write(server_file(folder.path()), serde_json::to_vec(&gone).unwrap()).unwrap();
        assert!(Client::find(&settings).await.unwrap().is_none(), "there is no such process");
        std::fs::write(server_file(folder.path()), "{").unwrap();
        assert!(Client::find(&settings).await.unwrap_err().to_string().contains("server.json cannot be read"));
        drop(announcement);
    }

    #[test]
    fn every_address_is_reached_over_the_loopback() {
        for (listening, at) in [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("10.0.0.1:1", "10.0.0.1:1")] {
            assert_eq!(reachable(listening.parse().unwrap()).to_string(), at);
        }
    }
}
