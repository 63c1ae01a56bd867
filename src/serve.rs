//! `millrace serve`: opens log and views, listens, and stops gracefully.

use crate::admin::{self, Admin};
use crate::asof::AsOfReads;
use crate::auth::Auth;
use crate::backend::NodeBackend;
use crate::checkpoints;
use crate::client::Announcement;
use crate::cluster::directory::Directory;
use crate::cluster::membership::Membership;
use crate::cluster::seed::Peers;
use crate::cluster::{self, Cluster};
use crate::disk;
use crate::gateway::connections::listen;
use crate::gateway::{self, Gate};
use crate::health::Readiness;
use crate::keys::{self, Keys};
use crate::metrics::Metrics;
use crate::node::Node;
use crate::queries::Queries;
use crate::reload::{self, Certificate};
use crate::replay;
use crate::settings::Settings;
use crate::streams::Streams;
use crate::tls::Shown;
use crate::traces;
use crate::vault::{self, Vault};
use crate::workers::Workers;
use millrace_processors::ALL;
use millrace_processors::runtime::door::Door;
use millrace_topics::log::Log;
use parking_lot::Mutex;
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

/// How often it is looked whether the node is ready.
const READY_POLL: Duration = Duration::from_millis(20);

/// How often `/metrics` and `/health/ready` learn how far the views are.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Serves until the process is asked to stop.
///
/// # Errors
/// A sentence for the operator.
pub fn run(settings: Settings) -> Result<(), String> {
    traces::start(&settings)?;
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(serve(settings))
}

/// Each connection is an open file. What the shell gives at first is often less than the process may have.
fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("the number of open files stays as it is: {error}");
    }
}

async fn serve(settings: Settings) -> Result<(), String> {
    std::fs::create_dir_all(&settings.data)
        .map_err(|error| format!("the data folder {}: {error}", settings.data.display()))?;
    let keys = Keys::open(&settings).map_err(|error| error.to_string())?;
    let shown = Shown::open(&settings)?;
    let acceptor = shown.as_ref().map(Shown::acceptor).transpose()?;
    let listener = bind(&settings).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let auth = Auth::new(&settings, &keys, address)?;
    let hangups = reload::signals().map_err(|error| format!("signals cannot be listened to: {error}"))?;
    let (metrics, readiness) = (Arc::new(Metrics::new()), Arc::new(Readiness::default()));
    let (node, workers) = open(&settings, &metrics, &readiness).await?;
    let node = Arc::new(node);
    tokio::spawn(disk::watch(node.clone()));
    let session = u64::try_from(settings.session_timeout.as_millis()).unwrap_or(u64::MAX);
    let directory = node.is_one_of_many().then(|| Arc::new(Directory::new(node.name.clone(), session)));
    let cluster = Arc::new(Cluster::new(&node, directory.clone(), keys.node_token())?);
    let vault = open_vault(&settings, &node).await?;
    let past = AsOfReads::new(node.clone());
    tokio::spawn(past.clone().sweep());
    let queries = Arc::new(Queries::new(node.clone(), cluster.clone(), past.clone()));
    let streams = Streams::new(node.clone(), queries.clone());
    let backend = NodeBackend::new(node.clone(), cluster.clone(), queries, streams.clone(), *keys.secret(), vault);
    let door = Door::new(Arc::new(backend), settings.wait);
    let gate = Gate::new(&settings, auth.clone(), metrics.clone(), readiness.clone());
    let own = admin::router(Admin { node: node.clone(), cluster: cluster.clone() });
    let run = keys::draw_hex().map_err(|error| format!("no random bytes: {error}"))?;
    let internal = cluster::routes(node.clone(), past.clone(), keys.node_token(), run.clone());
    let router = gateway::router(door, gate, ALL, own).merge(internal);
    let announcement = Announcement::new(&settings.data, address, shown.as_ref().map(|shown| shown.fingerprint()))
        .map_err(|error| format!("the data folder {}: {error}", settings.data.display()))?;
    let announcement = Arc::new(announcement);
    let scheme = if shown.is_some() { "https" } else { "http" };
    let shown = shown.map(|shown| Certificate { shown, announcement: Arc::downgrade(&announcement) });
    tokio::spawn(reload::on_signals(hangups, auth, shown));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %address, "opened");
    // Before anyone is told that it is ready, so that whoever was told can stop it gracefully.
    let stopped = gateway::stop_signal().map_err(|error| format!("signals cannot be listened to: {error}"))?;
    let membership: Arc<Mutex<Option<Membership>>> = Arc::default();
    if let Some(directory) = &directory {
        let joining = Joining { node: node.clone(), directory: directory.clone(), run, secret: keys.fingerprint() };
        tokio::spawn(become_member(cluster, joining, membership.clone()));
    }
    tokio::spawn(ready(node.clone(), directory, format!("{scheme}://{address}")));
    let stopped = async move {
        stopped.await;
        let membership = membership.lock().take();
        drop(tokio::task::spawn_blocking(|| membership.map(Membership::leave)).await);
        streams.close();
        past.close();
    };
    listen(listener, router, &settings, &metrics, acceptor, stopped).await;
    readiness.set_ready(false);
    drop(announcement);
    stop(node, workers).await
}

async fn bind(settings: &Settings) -> Result<TcpListener, String> {
    let addresses = settings.listen_addresses()?;
    let failed = |error: std::io::Error| format!("--listen {}: {error}", settings.listen);
    let listener = TcpListener::bind(addresses.as_slice()).await.map_err(failed)?;
    // What is accepted inherits it. Without it the kernel lets what a client does not read grow to megabytes.
    let buffer = usize::try_from(settings.send_buffer).unwrap_or(usize::MAX);
    set_socket_send_buffer_size(&listener, buffer).map_err(|error| failed(error.into()))?;
    Ok(listener)
}

/// The keys of addresses: on Kafka all nodes share them.
async fn open_vault(settings: &Settings, node: &Node) -> Result<Arc<Vault>, String> {
    let (folder, kept) = (settings.data.join(vault::FOLDER), u64::from(settings.address_days));
    let (log, clock) = (node.log.clone(), node.around.clock.clone());
    let open = move || match &log {
        Log::Kafka(kafka) => {
            kafka.create_untrimmed(vault::TOPIC).map_err(io::Error::other)?;
            Vault::in_topic(log, kept, clock)
        }
        Log::Embedded(_) | Log::Memory(_) => Vault::in_folder(folder, kept, clock),
    };
    let opened = tokio::task::spawn_blocking(open).await.map_err(io::Error::other).flatten();
    let vault = opened.map(Arc::new).map_err(|error| format!("the keys of addresses: {error}"))?;
    tokio::spawn(vault::keep(vault.clone()));
    Ok(vault)
}

async fn open(
    settings: &Settings,
    metrics: &Arc<Metrics>,
    readiness: &Arc<Readiness>,
) -> Result<(Node, Workers), String> {
    let (settings, metrics, readiness) = (settings.clone(), metrics.clone(), readiness.clone());
    let opened = tokio::task::spawn_blocking(move || Node::open(settings, metrics, readiness)).await;
    opened.map_err(|error| error.to_string())?
}

/// What it takes to be one of several nodes.
struct Joining {
    node: Arc<Node>,
    directory: Arc<Directory>,
    run: String,
    secret: String,
}

/// Makes this node one of its cluster, or ends the process where it cannot be: that is better known now than at the first
/// request that needs another node.
async fn become_member(cluster: Arc<Cluster>, joining: Joining, membership: Arc<Mutex<Option<Membership>>>) {
    let Joining { node, directory, run, secret } = joining;
    let reached = cluster.reach_itself(&node.name, &run).await;
    let peers = Peers { cluster, runtime: Handle::current() };
    let joined = match reached {
        Ok(()) => tokio::task::spawn_blocking(move || Membership::start(node, directory, peers, run, secret)).await,
        Err(reason) => Ok(Err(reason)),
    };
    match joined.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(member) => *membership.lock() = Some(member),
        Err(reason) => {
            tracing::error!("{reason}");
            drop(writeln!(std::io::stderr(), "error: {reason}"));
            std::process::exit(2);
        }
    }
}

/// Says that the views have caught up, goes on with interrupted replays, and keeps the figures fresh.
async fn ready(node: Arc<Node>, directory: Option<Arc<Directory>>, address: String) {
    while directory.as_ref().is_some_and(|directory| !directory.is_ready()) {
        node.note_progress();
        tokio::time::sleep(READY_POLL).await;
    }
    node.catch_up().await;
    node.readiness.set_ready(true);
    // The line that scripts wait for; a closed standard output is no reason not to serve.
    let mut out = std::io::stdout();
    drop(writeln!(out, "millrace ready {address}").and_then(|()| out.flush()));
    let resumed = node.clone();
    tokio::task::spawn_blocking(move || replay::resume_all(&resumed));
    tokio::spawn(checkpoints::make_at_times(node.clone()));
    loop {
        tokio::time::sleep(PROGRESS_EVERY).await;
        node.note_progress();
    }
}

async fn stop(node: Arc<Node>, workers: Workers) -> Result<(), String> {
    let grace = node.settings.shutdown_grace;
    let stopped = tokio::task::spawn_blocking(move || {
        node.flush_all(grace);
        workers.stop();
        if let millrace_topics::log::Log::Embedded(log) = &node.log {
            log.close();
        }
        traces::stop();
    });
    stopped.await.map_err(|error| error.to_string())
}
