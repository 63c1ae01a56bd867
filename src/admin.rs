//! The program's own routes: outcomes by position, status, verify, replay, the log and dead letters.

use crate::backend::{log_problem, outcome_anywhere};
use crate::backup;
use crate::checkpoints;
use crate::cluster::{Cluster, show};
use crate::letters;
use crate::look;
use crate::node::{Node, machines};
use crate::replay;
use crate::slot::Slot;
use crate::verify;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use millrace_processors::runtime::door::{Asked, Door};
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::reply::{Reply, Verdict};
use millrace_processors::runtime::routes::{Body, Params, ReadingNow, Segments, Writing, action, unknown_action};
use millrace_processors::runtime::tables;
use millrace_state::checkpoint;
use millrace_state::store::Store;
use millrace_topics::log::{Log, LogError};
use millrace_topics::position::Position;
use millrace_topics::record::{Record, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes work on.
#[derive(Clone)]
pub struct Admin {
    /// This node.
    pub node: Arc<Node>,
    /// The others.
    pub cluster: Arc<Cluster>,
}

/// The program's own routes.
pub fn router(admin: Admin) -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(outcome))
        .routes(routes!(status))
        .routes(routes!(nodes))
        .routes(routes!(verify_all))
        .routes(routes!(replay_all))
        .routes(routes!(backup_all))
        .routes(routes!(topics))
        .routes(routes!(records, trim))
        .routes(routes!(dead))
        .routes(routes!(dead_letter, dead_action))
        .with_state(admin)
}

/// Which system a command is about.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SystemParams {
    /// Default: all.
    system: Option<String>,
}

/// Which records to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordParams {
    /// The first offset. Default: the last `count` ones.
    from: Option<u64>,
    /// How many. Default: 10.
    count: Option<u64>,
}

/// Whose dead letters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeadParams {
    /// Default: those of all machines.
    machine: Option<String>,
}

/// One partition's line of the status.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PartitionStatus {
    /// The machine.
    pub machine: String,
    /// The partition.
    pub partition: u32,
    /// The node, by the address that others reach it at; empty where there is only one.
    pub node: String,
    /// True if this node answers for it; false for a standby, and while it catches up.
    pub holds: bool,
    /// The next offset to apply.
    pub next: u64,
    /// The end of the log: everything below is durable.
    pub end: u64,
    /// How many offsets are not applied yet; 0 where nothing is left but holes.
    pub lag: u64,
    /// The next offset of what the view has on disk: a crash applies the records from there on again.
    pub flushed: u64,
    /// The newest checkpoint: `log trim` up to there needs no new one.
    pub trimmable: u64,
    /// How old that checkpoint is, in seconds.
    pub checkpoint_age: Option<u64>,
    /// Records to other partitions that these have not surely received.
    pub unsent: u64,
    /// The digest after the last applied record.
    pub digest: String,
    /// Commands accepted and refused, repeats answered from kept outcomes, records dropped as received before,
    /// records that wait for earlier ones, forwarded, dead-lettered, timers fired.
    pub counters: Value,
    /// How many outcomes of idempotency keys are kept.
    pub keyed_outcomes: u64,
    /// Why the partition has stopped, if it has.
    pub stopped: Option<String>,
}

/// There is no outcome yet.
#[derive(Serialize, ToSchema)]
struct Pending {
    /// Always true.
    pending: bool,
}

/// What a trim did.
#[derive(Serialize, ToSchema)]
struct Trimmed {
    /// The first record that is left.
    start: String,
}

/// What was decided about a dead letter or a stopped partition: one of both.
#[derive(Serialize, ToSchema)]
struct Decided {
    /// Where the record stands now that was appended again.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// The record that is passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
}

fn operator(asked: &Asked) -> Result<(), Problem> {
    if asked.caller.role == Role::Operator {
        return Ok(());
    }
    Err(Problem::new(403, "operators_only", "only an operator may do this"))
}

/// Runs what may block on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::new(500, "internal", error.to_string()))
}

fn position(machine: &str, place: &str) -> Result<Position, Problem> {
    format!("{machine}/{place}").parse().map_err(|error| Problem::bad_request("bad_position", format!("{error}")))
}

/// The outcome of the command at a position.
#[utoipa::path(get, path = "/v1/outcomes/{machine}/{place}", tag = "program", params(
    ("machine" = String, Path, description = "The machine"),
    ("place" = String, Path, description = "partition@offset")
), responses(
    (status = 200, description = "The outcome; a refusal has its own status", body = Object),
    (status = 202, description = "Not applied yet", body = Pending),
    (status = 410, description = "`outcome_expired`")
))]
async fn outcome(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
    Segments((machine, place)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let position = position(&machine, &place)?;
    let def = machines().into_iter().find(|def| def.name == machine);
    let def = def.ok_or_else(|| Problem::new(404, "unknown_machine", format!("there is no machine {machine}")))?;
    if asked.caller.role == Role::User {
        own_command(&admin, &asked, &position).await?;
    }
    let wait = asked.wait.unwrap_or(Duration::ZERO);
    let reply = outcome_anywhere(&admin.node, &admin.cluster, &position, wait).await?;
    let Some(Reply { verdict, position, replayed, .. }) = reply else {
        return Ok(
            (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], Json(Pending { pending: true })).into_response()
        );
    };
    let body = match verdict {
        Verdict::Outcome(outcome) => (def.show_outcome)(&outcome)?,
        Verdict::KeyReused => return Err(Problem::key_reused()),
        Verdict::Dead => return Err(Problem::dead_letter(&position.to_string())),
    };
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert("millrace-position", position.to_string().parse().expect("a position is plain text"));
    if replayed {
        headers.insert("idempotent-replayed", header::HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A user may ask only for the outcomes of what it asked for itself; to all others there is nothing at the position.
async fn own_command(admin: &Admin, asked: &Asked, position: &Position) -> Result<(), Problem> {
    let Position { machine, partition, offset } = position.clone();
    let chunk = of_log(admin.clone(), move |log| log.read(&machine, partition, offset, 1)).await?;
    let read = chunk.records.first().and_then(|record| Record::read(record, partition).ok());
    if read.is_some_and(|record| record.header.caller == asked.caller) {
        return Ok(());
    }
    Err(Problem::new(404, "unknown_outcome", format!("there is no outcome of yours at {position}")))
}

/// Every partition that this node holds: positions, lag, digest, counters.
#[utoipa::path(get, path = "/v1/cluster", tag = "program", responses((status = 200, body = Vec<PartitionStatus>)))]
async fn status(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
) -> Result<Json<Vec<PartitionStatus>>, Problem> {
    operator(&asked)?;
    blocking(move || status_of(&admin.node)).await?.map(Json)
}

/// The nodes of the cluster and the shards: who answers for which, who has a copy, who is gone.
#[utoipa::path(get, path = "/v1/cluster/nodes", tag = "program", responses((status = 200, body = show::ClusterStatus)))]
async fn nodes(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
) -> Result<Json<show::ClusterStatus>, Problem> {
    operator(&asked)?;
    Ok(Json(show::status(&admin.node, admin.cluster.directory())))
}

/// The status of what a node holds.
///
/// # Errors
/// The log's, as a problem.
pub fn status_of(node: &Node) -> Result<Vec<PartitionStatus>, Problem> {
    node.slots.all().iter().map(|slot| partition_status(node, slot)).collect()
}

fn partition_status(node: &Node, slot: &Slot) -> Result<PartitionStatus, Problem> {
    let end = node.log.end(slot.def.name, slot.partition);
    let seen = slot.look(|live| {
        let part = live.part.as_ref().ok().map(|part| (part.core().meta, unsent(&part.core().store)));
        (part.unwrap_or_default(), live.flushed(), live.is_at_end(), live.stopped().map(ToString::to_string))
    });
    let ((meta, unsent), flushed, at_end, stopped) = seen;
    // A topic that is gone must not hide what all others are at.
    let (end, unread) = match end {
        Err(LogError::Unknown(..)) => (meta.next, Some("its topic is gone".to_owned())),
        end => (end.map_err(log_problem)?, None),
    };
    let lag =
        if unread.is_some() || at_end && is_hole(node, slot, meta.next)? { 0 } else { end.saturating_sub(meta.next) };
    let kept = checkpoints::folder(&node.settings.data, slot.def.name, slot.partition);
    let newest = checkpoint::list(&kept).pop();
    let counters = meta.counters;
    Ok(PartitionStatus {
        machine: slot.def.name.to_owned(),
        partition: slot.partition,
        node: node.name.clone(),
        holds: slot.is_active(),
        next: meta.next,
        end,
        lag,
        flushed,
        trimmable: newest.as_ref().map_or(0, |(next, _)| *next),
        checkpoint_age: newest
            .and_then(|(_, folder)| Some(folder.metadata().ok()?.modified().ok()?.elapsed().ok()?.as_secs())),
        unsent,
        digest: format!("{:032x}", meta.digest),
        counters: json!({
            "accepted": counters.accepted, "refused": counters.refused, "repeated": counters.repeated,
            "dropped": counters.dropped, "gaps": counters.gaps, "misrouted": counters.misrouted,
            "dead": counters.dead, "timers": counters.timers,
        }),
        keyed_outcomes: meta.keyed,
        stopped: stopped.or(unread),
    })
}

/// How many messages to other partitions are not yet acknowledged by the log.
pub fn unsent(store: &Store) -> u64 {
    let links = store.range(&tables::LINKS.all()).map(|(_, raw)| tables::LINKS.value_of(&raw));
    links.map(|link| link.sent - link.gone).sum()
}

/// True if no record stands at `from` or behind: arithmetic on offsets cannot tell.
fn is_hole(node: &Node, slot: &Slot, from: u64) -> Result<bool, Problem> {
    let chunk = node.log.read(slot.def.name, slot.partition, from, 1).map_err(log_problem)?;
    Ok(chunk.records.is_empty() && chunk.at_end)
}

/// Answers with a JSON object a line, as they come from a thread of their own.
fn lines<T: Serialize + Send + 'static>(work: impl FnOnce(&mut dyn FnMut(T)) + Send + 'static) -> Response {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, Infallible>>(64);
    tokio::task::spawn_blocking(move || {
        work(&mut |line: T| {
            let mut bytes = serde_json::to_vec(&line).expect("a line is plain data");
            bytes.push(b'\n');
            // Whoever asked may be gone; the work goes on to its end.
            drop(sender.blocking_send(Ok(bytes.into())));
        });
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], axum::body::Body::from_stream(ReceiverStream::new(receiver)))
        .into_response()
}

fn known_system(system: Option<&str>) -> Result<(), Problem> {
    match system {
        Some(name) if !millrace_processors::ALL.iter().any(|system| system.name == name) => {
            Err(Problem::new(404, "unknown_system", format!("there is no system {name}")))
        }
        _ => Ok(()),
    }
}

/// Works on each partition of the systems that are meant, one after the other; each may say lines.
fn on_slots<T: Serialize + Send + 'static>(
    admin: Admin,
    asked: &Asked,
    params: SystemParams,
    work: impl Fn(&Node, &Slot, &mut dyn FnMut(T)) + Send + 'static,
) -> Result<Response, Problem> {
    operator(asked)?;
    known_system(params.system.as_deref())?;
    admin.node.around.disk.check()?;
    Ok(lines(move |say| {
        for slot in admin.node.slots_of(params.system.as_deref()).into_iter().filter(|slot| !slot.is_closed()) {
            work(&admin.node, &slot, say);
        }
    }))
}

/// Rebuilds every partition aside and compares: a line a partition as it is done.
#[utoipa::path(post, path = "/v1/verify", tag = "program", params(SystemParams),
    responses((status = 200, description = "A JSON object a line", body = String, content_type = "application/x-ndjson")))]
async fn verify_all(
    State(admin): State<Admin>,
    Writing(asked): Writing,
    Params(params): Params<SystemParams>,
) -> Result<Response, Problem> {
    on_slots(admin, &asked, params, |node, slot, say| {
        let found = verify::verify_slot(node, slot);
        // Where the partition went to another node meanwhile, nothing was compared.
        if !slot.is_closed() {
            say(found);
        }
    })
}

/// Rebuilds views beside the live ones and swaps them: lines of progress, and one a partition at its end.
#[utoipa::path(post, path = "/v1/replay", tag = "program", params(SystemParams),
    responses((status = 200, description = "A JSON object a line", body = String, content_type = "application/x-ndjson")))]
async fn replay_all(
    State(admin): State<Admin>,
    Writing(asked): Writing,
    Params(params): Params<SystemParams>,
) -> Result<Response, Problem> {
    on_slots(admin, &asked, params, replay::replay_slot)
}

/// Where a backup goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BackupBody {
    /// A folder of the server's machine by its absolute path, empty or not there.
    folder: String,
}

/// Copies the embedded log, the views and the keys into a folder while everything goes on: lines of progress.
#[utoipa::path(post, path = "/v1/backup", tag = "program", request_body = BackupBody,
    responses((status = 200, description = "A JSON object a line", body = String, content_type = "application/x-ndjson")))]
async fn backup_all(State(admin): State<Admin>, Body(asked, body): Body<BackupBody>) -> Result<Response, Problem> {
    operator(&asked)?;
    Ok(lines(move |say| backup::make(&admin.node, Path::new(&body.folder), say)))
}

async fn of_log<T: Send + 'static>(
    admin: Admin,
    look: impl FnOnce(&Log) -> Result<T, LogError> + Send + 'static,
) -> Result<T, Problem> {
    blocking(move || look(&admin.node.log)).await?.map_err(log_problem)
}

/// The topics of the log.
#[utoipa::path(get, path = "/v1/log", tag = "program", responses(
    (status = 200, description = "A line a partition", body = Vec<look::TopicLine>)
))]
async fn topics(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
) -> Result<Json<Vec<look::TopicLine>>, Problem> {
    operator(&asked)?;
    of_log(admin, look::topics).await.map(Json)
}

/// Records of one partition.
#[utoipa::path(get, path = "/v1/log/{topic}/{partition}", tag = "program", params(
    ("topic" = String, Path, description = "The topic"),
    ("partition" = u32, Path, description = "The partition"),
    RecordParams
), responses((status = 200, description = "The records", body = Vec<Object>)))]
async fn records(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
    Segments((topic, partition)): Segments<(String, u32)>,
    Params(params): Params<RecordParams>,
) -> Result<Json<Vec<Value>>, Problem> {
    operator(&asked)?;
    let count = params.count.unwrap_or(10).min(1000);
    of_log(admin, move |log| look::records(log, &topic, partition, params.from, count)).await.map(Json)
}

/// `…:trim` drops the records before a position from the log, after a checkpoint was made behind it.
#[utoipa::path(post, path = "/v1/log/{topic}/{partition}", tag = "program", params(
    ("topic" = String, Path, description = "The machine"),
    ("partition" = String, Path, description = "partition@offset:trim")
), responses((status = 200, description = "Done", body = Trimmed), (status = 409, description = "`not_possible`")))]
async fn trim(
    State(admin): State<Admin>,
    Writing(asked): Writing,
    Segments((machine, place)): Segments<(String, String)>,
) -> Result<Json<Trimmed>, Problem> {
    operator(&asked)?;
    let unknown = || Problem::new(404, "unknown_action", "what can be done is `:trim`");
    let position = position(&machine, place.strip_suffix(":trim").ok_or_else(unknown)?)?;
    let done = Trimmed { start: position.to_string() };
    let trimmed = blocking(move || checkpoints::trim(&admin.node, &position)).await?;
    trimmed.map(|()| Json(done)).map_err(|reason| Problem::new(409, "not_possible", reason))
}

/// Dead letters with their reasons.
#[utoipa::path(get, path = "/v1/dead", tag = "program", params(DeadParams),
    responses((status = 200, description = "The letters", body = Vec<letters::Letter>)))]
async fn dead(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
    Params(params): Params<DeadParams>,
) -> Result<Json<Vec<letters::Letter>>, Problem> {
    operator(&asked)?;
    of_log(admin, move |log| letters::list(log, params.machine.as_deref())).await.map(Json)
}

/// One dead letter.
#[utoipa::path(get, path = "/v1/dead/{machine}/{place}", tag = "program", params(
    ("machine" = String, Path, description = "The machine"),
    ("place" = String, Path, description = "partition@offset")
), responses((status = 200, description = "The letter", body = letters::Letter), (status = 404, description = "`no_dead_letter`")))]
async fn dead_letter(
    State(admin): State<Admin>,
    ReadingNow(asked): ReadingNow,
    Segments((machine, place)): Segments<(String, String)>,
) -> Result<Json<letters::Letter>, Problem> {
    operator(&asked)?;
    let position = position(&machine, &place)?;
    let missing = format!("there is no dead letter at {position}");
    let letter = of_log(admin, move |log| letters::show(log, &position)).await?;
    letter.map(Json).ok_or_else(|| Problem::new(404, "no_dead_letter", missing))
}

/// `…:redrive` appends a dead letter's record again; `…:skip` passes a record over that stops its partition.
#[utoipa::path(post, path = "/v1/dead/{machine}/{place}", tag = "program", params(
    ("machine" = String, Path, description = "The machine"),
    ("place" = String, Path, description = "partition@offset:redrive or partition@offset:skip")
), responses((status = 200, description = "Done", body = Decided), (status = 409, description = "`not_possible`")))]
async fn dead_action(
    State(admin): State<Admin>,
    Writing(asked): Writing,
    Segments((machine, place)): Segments<(String, String)>,
) -> Result<Json<Decided>, Problem> {
    operator(&asked)?;
    admin.node.around.disk.check()?;
    let (place, verb) = action(&place)?;
    let position = position(&machine, place)?;
    let result = match verb {
        "redrive" => {
            blocking(move || {
                letters::redrive(&admin.node.log, &position)
                    .map(|new| Decided { position: Some(new.to_string()), skipped: None })
            })
            .await?
        }
        "skip" => {
            blocking(move || {
                letters::skip(&admin.node, &position)
                    .map(|()| Decided { position: None, skipped: Some(position.to_string()) })
            })
            .await?
        }
        other => return Err(unknown_action(other)),
    };
    result.map(Json).map_err(|reason| Problem::new(409, "not_possible", reason))
}
