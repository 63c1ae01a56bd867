//! Other nodes: asking the one that answers for a shard for an outcome or an answer, and answering them. A shard is
//! partition i of every machine; where it is, the nodes tell one another ([`membership`]).

pub mod copies;
pub mod directory;
pub mod membership;
pub mod seed;
pub mod show;
pub mod table;

use crate::asof::AsOfReads;
use crate::auth::same_secret;
use crate::backend::{local_outcome, local_query};
use crate::client::why;
use crate::node::Node;
use crate::tls;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use directory::{Directory, Holder};
use millrace_processors::runtime::peer::{Freshness, Moment, Question, Said};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::reply::Reply;
use millrace_topics::codec;
use millrace_topics::position::{Position, Positions};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long another node may take to answer, beside the wait that it was asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before a node is asked again that could not answer, where nothing is heard of another one.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// How long a node waits until it reaches itself where others are told to.
const REACH: Duration = Duration::from_secs(10);

/// What passes by itself, once a shard is answered for by another node, or by the same one again.
const PASSING: [&str; 5] = ["node_unreachable", "unknown_partition", "recovering", "no_holder", "stale"];

/// The other nodes.
pub struct Cluster {
    /// `None` for a node that is alone.
    directory: Option<Arc<Directory>>,
    partitions: u32,
    takeover_wait: Duration,
    /// What this node is called, and whether it speaks TLS.
    name: String,
    tls: bool,
    token: String,
    http: reqwest::Client,
    /// The same for large answers, of which each piece must come soon.
    large: reqwest::Client,
}

impl Cluster {
    /// The nodes of a directory, which know one another by this token.
    ///
    /// # Errors
    /// If the HTTP client cannot be made: `--tls-ca` names no authorities.
    pub fn new(node: &Node, directory: Option<Arc<Directory>>, token: String) -> Result<Self, String> {
        let trust = tls::trusting(node.settings.tls_ca.as_deref())?;
        let client = || {
            let client = reqwest::Client::builder().connect_timeout(PATIENCE).no_proxy().tcp_nodelay(true);
            client.tls_backend_preconfigured(trust.clone())
        };
        let failed = |error: reqwest::Error| format!("no HTTP client: {error}");
        let (http, large) =
            (client().build().map_err(failed)?, client().read_timeout(PATIENCE).build().map_err(failed)?);
        let (partitions, takeover_wait) = (node.fixed.partitions, node.settings.takeover_wait);
        let (name, tls) = (node.name.clone(), node.settings.tls_cert.is_some());
        Ok(Self { directory, partitions, takeover_wait, name, tls, token, http, large })
    }

    /// What is known of the nodes; `None` for a node that is alone.
    #[must_use]
    pub fn directory(&self) -> Option<&Directory> {
        self.directory.as_deref()
    }

    /// True if this node answers for a shard.
    #[must_use]
    pub fn is_here(&self, shard: u32) -> bool {
        self.directory.as_ref().is_none_or(|directory| directory.holder(shard) == Holder::Here)
    }

    /// Asks whoever answers for a shard; while another node takes it over, it is waited for and asked again. What is asked
    /// can be asked often.
    ///
    /// # Errors
    /// What was answered last. 404 `unknown_partition` where there is no such shard.
    pub async fn at_holder<T, F: Future<Output = Result<T, Problem>>>(
        &self,
        shard: u32,
        ask: impl Fn(Holder) -> F,
    ) -> Result<T, Problem> {
        let Some(directory) = &self.directory else { return ask(Holder::Here).await };
        if shard >= self.partitions {
            return Err(Problem::new(404, "unknown_partition", format!("there is no partition {shard}")));
        }
        let until = Instant::now() + self.takeover_wait;
        let mut changes = directory.changes();
        loop {
            changes.mark_unchanged();
            let holder = directory.holder(shard);
            let nobody =
                async || Err(Problem::unavailable("no_holder", format!("no node has shard {shard} up to date"), 1));
            let asking = async {
                match holder.clone() {
                    Holder::Nobody => nobody().await,
                    known => ask(known).await,
                }
            };
            // A node that hangs does not say so: whoever takes over from it is asked instead.
            let answer = tokio::select! {
                answer = asking => answer,
                () = elsewhere(directory, shard, &holder) => continue,
            };
            match answer {
                Err(problem) if PASSING.contains(&problem.code.as_str()) && Instant::now() < until => {
                    let _ = tokio::time::timeout(ASK_AGAIN, changes.changed()).await;
                }
                answer => return answer,
            }
        }
    }

    /// Reaches this node where others are told to, and finds out that it is this run of it.
    ///
    /// # Errors
    /// A sentence.
    pub async fn reach_itself(&self, name: &str, run: &str) -> Result<(), String> {
        let until = Instant::now() + REACH;
        loop {
            let said = match self.ask(name, &Question::Who, Duration::ZERO).await {
                Ok(Said::Run(found)) if found == run => return Ok(()),
                Ok(_) => "another process answers there".to_owned(),
                Err(problem) => problem.detail,
            };
            if Instant::now() > until {
                return Err(format!("--advertise {name}: this node cannot be reached there: {said}"));
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// The outcome of the command at a position from the node at this address; `None` if it does not come in time.
    ///
    /// # Errors
    /// What the other node says, or 503 if it cannot be reached.
    pub async fn outcome(&self, node: &str, position: &Position, wait: Duration) -> Result<Option<Reply>, Problem> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        match self.ask(node, &Question::Outcome { position: position.clone(), wait_ms }, wait).await? {
            Said::Outcome(reply) => Ok(reply),
            _ => Err(confused()),
        }
    }

    /// An encoded answer from a partition that another node holds.
    ///
    /// # Errors
    /// What the other node says, or 503 if it cannot be reached.
    pub async fn query(
        &self,
        node: &str,
        machine: &str,
        partition: u32,
        query: &[u8],
        min: Option<u64>,
        fresh: Freshness,
    ) -> Result<(Vec<u8>, Positions), Problem> {
        let question = Question::Query { machine: machine.to_owned(), partition, query: query.to_vec(), min, fresh };
        match self.ask(node, &question, PATIENCE).await? {
            Said::Answer(answer, positions) => Ok((answer, positions)),
            _ => Err(confused()),
        }
    }

    /// An encoded answer of a past moment from a partition that another node holds.
    ///
    /// # Errors
    /// What the other node says, or 503 if it cannot be reached.
    pub async fn past(
        &self,
        node: &str,
        machine: &str,
        partition: u32,
        query: &[u8],
        moment: Moment,
        wait: Duration,
    ) -> Result<(Vec<u8>, Positions), Problem> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let (machine, query) = (machine.to_owned(), query.to_vec());
        match self.ask(node, &Question::Past { machine, partition, query, moment, wait_ms }, wait).await? {
            Said::Answer(answer, positions) => Ok((answer, positions)),
            _ => Err(confused()),
        }
    }

    /// The state of a partition from the node at this address, as [`seed::send`] writes it.
    ///
    /// # Errors
    /// 503 if it cannot be reached or does not give it.
    pub async fn state(&self, node: &str, machine: &str, partition: u32) -> Result<reqwest::Response, Problem> {
        let down = |error: reqwest::Error| unreachable(node, &why(&error));
        let request = self.large.post(self.url(node, &format!("/internal/state/{machine}/{partition}")));
        let response = request.bearer_auth(&self.token).send().await.map_err(down)?;
        response.error_for_status().map_err(down)
    }

    /// Where a node answers: what it speaks it says itself, so that nodes can change over one after the other.
    fn url(&self, node: &str, path: &str) -> String {
        let said = || self.directory.as_ref().is_some_and(|all| all.look(|table| table.speaks_tls(node)));
        let tls = if node == self.name { self.tls } else { said() };
        format!("{}://{node}{path}", if tls { "https" } else { "http" })
    }

    async fn ask(&self, node: &str, question: &Question, wait: Duration) -> Result<Said, Problem> {
        let down = |error: &str| unreachable(node, error);
        let request = self.http.post(self.url(node, "/internal/ask")).bearer_auth(&self.token);
        let response = request.timeout(wait + PATIENCE).body(codec::encode(question)).send().await;
        let response = response.and_then(reqwest::Response::error_for_status).map_err(|error| down(&why(&error)))?;
        let bytes = response.bytes().await.map_err(|error| down(&why(&error)))?;
        match codec::decode(&bytes).map_err(|error| down(&format!("its answer {error}")))? {
            Said::Problem { status, code, detail, retry_after } => {
                Err(Problem { retry_after, ..Problem::new(status, &code, detail) })
            }
            said => Ok(said),
        }
    }
}

fn unreachable(node: &str, why: &str) -> Problem {
    Problem::unavailable("node_unreachable", format!("node {node}: {why}"), 1)
}

/// Waits until another node answers for a shard.
async fn elsewhere(directory: &Directory, shard: u32, holder: &Holder) {
    let mut changes = directory.changes();
    while directory.holder(shard) == *holder {
        if changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn confused() -> Problem {
    Problem::new(500, "internal", "a node answered another question than it was asked")
}

/// The route that other nodes use. It is no part of the API: its messages are encoded by this build's codec.
pub fn routes(node: Arc<Node>, past: Arc<AsOfReads>, token: String, run: String) -> Router {
    let (token, run) = (token.into(), run.into());
    let routes =
        Router::new().route("/internal/ask", post(answer)).route("/internal/state/{machine}/{partition}", post(state));
    routes.with_state(Asked { node, past, token, run })
}

/// What the answers are made of.
#[derive(Clone)]
struct Asked {
    node: Arc<Node>,
    past: Arc<AsOfReads>,
    token: Arc<str>,
    run: Arc<str>,
}

fn check(headers: &HeaderMap, token: &str) -> Result<(), Problem> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|given| given.strip_prefix("Bearer ")) {
        Some(given) if same_secret(given, token) => Ok(()),
        _ => Err(Problem::new(403, "forbidden", "only for nodes of this cluster")),
    }
}

async fn state(
    State(Asked { node, token, .. }): State<Asked>,
    headers: HeaderMap,
    Path((machine, partition)): Path<(String, u32)>,
) -> Result<Body, Problem> {
    check(&headers, &token)?;
    let sent = tokio::task::spawn_blocking(move || seed::send(&node, &machine, partition)).await;
    sent.map_err(|error| Problem::new(500, "internal", error.to_string()))?
}

async fn answer(
    State(Asked { node, past, token, run }): State<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Vec<u8>, Problem> {
    check(&headers, &token)?;
    let question =
        codec::decode(&body).map_err(|error| Problem::bad_request("bad_body", format!("the question {error}")))?;
    let said = match question {
        Question::Outcome { position, wait_ms } => {
            local_outcome(&node, &position, Duration::from_millis(wait_ms)).await.map(Said::Outcome)
        }
        Question::Query { machine, partition, query, min, fresh } => {
            let answered = local_query(&node, &machine, partition, &query, min, fresh).await;
            answered.map(|(answer, at)| Said::Answer(answer, at))
        }
        Question::Past { machine, partition, query, moment, wait_ms } => {
            let read = past.read(&machine, partition, &query, moment, Duration::from_millis(wait_ms)).await;
            read.map(|(answer, at)| Said::Answer(answer, at))
        }
        Question::Who => Ok(Said::Run(run.to_string())),
    };
    Ok(codec::encode(&said.unwrap_or_else(|problem| {
        let Problem { status, code, detail, retry_after, .. } = problem;
        Said::Problem { status, code, detail, retry_after }
    })))
}
