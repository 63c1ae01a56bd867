//! Other nodes: asking the one that holds a partition for an outcome or an answer, and answering them.

use crate::asof::AsOfReads;
use crate::backend::{local_outcome, local_query};
use crate::node::Node;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use millrace_processors::runtime::peer::{Moment, Question, Said};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::reply::Reply;
use millrace_topics::codec;
use millrace_topics::position::{Position, Positions};
use std::sync::Arc;
use std::time::Duration;

/// How long another node may take to answer, beside the wait that it was asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The other nodes.
pub struct Cluster {
    nodes: Vec<String>,
    token: String,
    http: reqwest::Client,
}

impl Cluster {
    /// The nodes at these addresses, which know one another by this token.
    ///
    /// # Errors
    /// If the HTTP client cannot be made.
    pub fn new(nodes: Vec<String>, token: String) -> Result<Self, String> {
        let client = reqwest::Client::builder().connect_timeout(PATIENCE).no_proxy().tcp_nodelay(true).build();
        let http = client.map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { nodes, token, http })
    }

    /// The outcome of the command at a position; `None` if it does not come in time, or the node cannot be reached:
    /// the command is in the log all the same.
    pub async fn outcome(&self, node: u32, position: &Position, wait: Duration) -> Option<Reply> {
        self.outcome_or_problem(node, position, wait).await.unwrap_or_else(|problem| {
            tracing::debug!(node, code = problem.code, "no outcome from another node");
            None
        })
    }

    /// The same, where whoever asks wants to know why there is none.
    ///
    /// # Errors
    /// What the other node says.
    pub async fn outcome_or_problem(
        &self,
        node: u32,
        position: &Position,
        wait: Duration,
    ) -> Result<Option<Reply>, Problem> {
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
        node: u32,
        machine: &str,
        partition: u32,
        query: &[u8],
        min: Option<u64>,
    ) -> Result<(Vec<u8>, Positions), Problem> {
        let question = Question::Query { machine: machine.to_owned(), partition, query: query.to_vec(), min };
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
        node: u32,
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

    async fn ask(&self, node: u32, question: &Question, wait: Duration) -> Result<Said, Problem> {
        let down = |error: String| Problem::unavailable("node_unreachable", format!("node {node}: {error}"), 1);
        let address = self.nodes.get(node as usize).ok_or_else(|| down("it has no address".to_owned()))?;
        let request = self.http.post(format!("http://{address}/internal/ask")).bearer_auth(&self.token);
        let response = request.timeout(wait + PATIENCE).body(codec::encode(question)).send().await;
        let response =
            response.and_then(reqwest::Response::error_for_status).map_err(|error| down(error.to_string()))?;
        let bytes = response.bytes().await.map_err(|error| down(error.to_string()))?;
        match codec::decode(&bytes).map_err(|error| down(format!("its answer {error}")))? {
            Said::Problem { status, code, detail, retry_after } => {
                Err(Problem { retry_after, ..Problem::new(status, &code, detail) })
            }
            said => Ok(said),
        }
    }
}

fn confused() -> Problem {
    Problem::new(500, "internal", "a node answered another question than it was asked")
}

/// The route that other nodes use. It is no part of the API: its messages are encoded by this build's codec.
pub fn routes(node: Arc<Node>, past: Arc<AsOfReads>, token: String) -> Router {
    Router::new().route("/internal/ask", post(answer)).with_state((node, past, Arc::from(token)))
}

async fn answer(
    State((node, past, token)): State<(Arc<Node>, Arc<AsOfReads>, Arc<str>)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Vec<u8>, Problem> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {token}")) {
        return Err(Problem::new(403, "forbidden", "only for nodes of this cluster"));
    }
    let question =
        codec::decode(&body).map_err(|error| Problem::bad_request("bad_body", format!("the question {error}")))?;
    let said = match question {
        Question::Outcome { position, wait_ms } => {
            local_outcome(&node, &position, Duration::from_millis(wait_ms)).await.map(Said::Outcome)
        }
        Question::Query { machine, partition, query, min } => {
            local_query(&node, &machine, partition, &query, min).await.map(|(answer, at)| Said::Answer(answer, at))
        }
        Question::Past { machine, partition, query, moment, wait_ms } => {
            let read = past.read(&machine, partition, &query, moment, Duration::from_millis(wait_ms)).await;
            read.map(|(answer, at)| Said::Answer(answer, at))
        }
    };
    Ok(codec::encode(&said.unwrap_or_else(|problem| {
        let Problem { status, code, detail, retry_after, .. } = problem;
        Said::Problem { status, code, detail, retry_after }
    })))
}
