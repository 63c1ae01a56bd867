//! What is behind the door: commands go to the log and wait for their outcome, queries go to the partitions.

use crate::cluster::Cluster;
use crate::cluster::directory::Holder;
use crate::metrics::Counted;
use crate::node::Node;
use crate::queries::Queries;
use crate::slot::Slot;
use crate::streams::Streams;
use crate::traces;
use crate::vault::Vault;
use millrace_processors::runtime::door::{Answering, Ask, Backend, Submission, Submitted, Subscription, To};
use millrace_processors::runtime::peer::Freshness;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::reply::Reply;
use millrace_processors::runtime::runner::QueryFailure;
use millrace_processors::runtime::streams::Events;
use millrace_processors::runtime::vault::DayKeys;
use millrace_topics::log::{AppendError, Log, LogError, LogRecord, NewRecord};
use millrace_topics::partition::partition_of;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::{Payload, Record, Stamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Whoever waits for what a saga comes to asks again after so long at first, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_micros(500);

/// So often it becomes twice as long.
const PAUSES: u32 = 10;

/// Until it is this.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The longest that it waits for a partition to go on.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The backend of a node.
pub struct NodeBackend {
    node: Arc<Node>,
    cluster: Arc<Cluster>,
    queries: Arc<Queries>,
    streams: Arc<Streams>,
    secret: [u8; 32],
    vault: Arc<Vault>,
    last_micros: AtomicU64,
}

impl NodeBackend {
    /// The backend of this node.
    #[must_use]
    pub fn new(
        node: Arc<Node>,
        cluster: Arc<Cluster>,
        queries: Arc<Queries>,
        streams: Arc<Streams>,
        secret: [u8; 32],
        vault: Arc<Vault>,
    ) -> Self {
        Self { node, cluster, queries, streams, secret, vault, last_micros: AtomicU64::new(0) }
    }

    /// Appends a record. What becomes of it is for whoever takes the receiver; a waiter ends at once where it fails.
    fn append(
        &self,
        topic: &'static str,
        partition: u32,
        record: Record,
        key: Vec<u8>,
        waiter: Option<(Arc<Slot>, Stamp)>,
    ) -> oneshot::Receiver<Result<u64, AppendError>> {
        let (sender, receiver) = oneshot::channel();
        let mut span = traces::append(topic, partition, record.header.trace_parent);
        let record = NewRecord { key, value: record.encode(), ..NewRecord::default() };
        let (began, metrics) = (Instant::now(), self.node.metrics.clone());
        let done = move |result: Result<u64, AppendError>| {
            match &result {
                Ok(offset) => {
                    metrics.appended.inc();
                    metrics.append_seconds.observe(began.elapsed().as_secs_f64());
                    span.iter_mut().for_each(|span| span.appended(*offset));
                }
                Err(AppendError::Refused(_)) => metrics.append_failures.with_label_values(&["refused"]).inc(),
                Err(AppendError::Unknown(_)) => metrics.append_failures.with_label_values(&["unknown"]).inc(),
            }
            let failed = result.is_err();
            // Whoever asked may have hung up: then nobody hears the offset.
            drop(sender.send(result));
            if let (true, Some((slot, stamp))) = (failed, waiter) {
                slot.give_up(stamp);
            }
        };
        self.node.log.append(topic, partition, vec![record], Box::new(done));
        receiver
    }

    async fn submit(&self, submission: Submission) -> Result<Submitted, Problem> {
        let Submission { machine, to, header, command, wait } = submission;
        self.node.around.disk.check()?;
        if !self.node.around.clock.is_known() {
            let detail = "this node has not heard yet what time it is on the log";
            return Err(Problem::unavailable("recovering", detail, 1));
        }
        let (partition, key) = match to {
            To::Key(key) => (partition_of(&key, self.node.fixed.partitions), key),
            To::Partition(partition) => (partition, Vec::new()),
        };
        let slot = self.node.slot(machine, partition);
        if let Some(slot) = &slot
            && self.cluster.is_here(partition)
            && let Some(reason) = slot.stopped()
        {
            return Err(Problem::unavailable("stopped", reason, 30));
        }
        let stamp = header.stamp;
        let record = Record { header, payload: Payload::Command(command) };
        // Any copy comes to the same outcome: one that is here and up to date has it first.
        let slot = slot.filter(|slot| slot.is_active() || slot.was_there());
        let waiter = slot.clone().map(|slot| Waiter::new(slot, stamp));
        let until = Instant::now() + wait;
        let appended = self.append(machine, partition, record, key, slot.map(|slot| (slot, stamp)));
        let _waiting = Counted::new(&self.node.metrics.waiting);
        // A reply says that the record is durable too: whoever waits for both is woken once.
        if let Some(waiter) = waiter
            && let Some(reply) = waiter.wait(wait).await
        {
            return Ok(Submitted::Done(reply));
        }
        let appended = appended.await.unwrap_or_else(|_| Err(AppendError::Unknown("the log was closed".to_owned())));
        let offset = appended.map_err(|error| match error {
            AppendError::Refused(reason) => Problem::unavailable("unavailable", reason, 1),
            AppendError::Unknown(reason) => Problem::outcome_unknown(reason),
        })?;
        let position = Position { machine: machine.to_owned(), partition, offset };
        let mut reply = None;
        // Without a copy here, or where it was closed meanwhile.
        while reply.is_none() && self.node.is_one_of_many() && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, outcome_anywhere(&self.node, &self.cluster, &position, left)).await {
                Ok(Ok(found)) => reply = found,
                Ok(Err(problem)) => {
                    tracing::debug!(code = problem.code, "no outcome yet from another node");
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
                Err(_) => {}
            }
        }
        Ok(reply.map_or_else(|| Submitted::Accepted(Positions::one(position)), Submitted::Done))
    }
}

/// A registered wait, which ends with this value also where the request is dropped.
struct Waiter {
    slot: Arc<Slot>,
    stamp: Stamp,
    reply: oneshot::Receiver<Reply>,
}

impl Waiter {
    fn new(slot: Arc<Slot>, stamp: Stamp) -> Self {
        let reply = slot.wait_for(stamp);
        Self { slot, stamp, reply }
    }

    async fn wait(mut self, wait: Duration) -> Option<Reply> {
        if wait.is_zero() {
            return None;
        }
        tokio::time::timeout(wait, &mut self.reply).await.ok()?.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.slot.give_up(self.stamp);
    }
}

/// Answers an encoded query from a partition that this node has open, once it has seen the offset `min`, and as fresh as is
/// asked for.
///
/// # Errors
/// 400 `unknown_position`, 503 `not_yet`, 503 `stale`, 503 `recovering`, 503 `stopped`.
pub async fn local_query(
    node: &Node,
    machine: &str,
    partition: u32,
    query: &[u8],
    min: Option<u64>,
    fresh: Freshness,
) -> Result<(Vec<u8>, Positions), Problem> {
    let slot = node.slot(machine, partition).ok_or_else(|| not_here(machine, partition))?;
    if let Some(min) = min {
        wait_until(node, &slot, min, node.settings.min_position_wait).await?;
    }
    freshen(node, &slot, fresh).await?;
    node.metrics.queries.with_label_values(&[machine]).inc();
    let (answer, next, caught_up) = slot.look(|live| match &mut live.part {
        Ok(part) => {
            part.derive();
            (part.query(query), part.core().meta.next, live.is_caught_up())
        }
        Err(reason) => (Err(QueryFailure::Stopped(reason.clone())), 0, false),
    });
    if slot.is_closed() {
        return Err(not_here(machine, partition));
    }
    let answer = answer.map_err(query_problem)?;
    if !caught_up {
        // After a restart a view must not answer with what it said long before.
        return Err(Problem::unavailable(
            "recovering",
            format!("{machine}/{partition} is catching up with its log"),
            1,
        ));
    }
    let position = |offset| Position { machine: machine.to_owned(), partition, offset };
    // A partition without a record has no position to name.
    Ok((answer, next.checked_sub(1).map(|offset| Positions::one(position(offset))).unwrap_or_default()))
}

/// Makes sure that a partition is as fresh as is asked for.
async fn freshen(node: &Node, slot: &Slot, fresh: Freshness) -> Result<(), Problem> {
    match fresh {
        Freshness::Usual => node.contact.check(node.settings.staleness_max),
        Freshness::Within(ms) => {
            let longest = Duration::from_millis(ms);
            node.contact.check(longest)?;
            let behind = slot.behind();
            if behind <= longest {
                return Ok(());
            }
            let detail = format!("{}/{} is {:.1} s behind", slot.def.name, slot.partition, behind.as_secs_f64());
            Err(Problem::unavailable("stale", detail, 1))
        }
        Freshness::Latest => {
            let (log, machine, partition, next) = (node.log.clone(), slot.def.name, slot.partition, slot.next());
            let missing = tokio::task::spawn_blocking(move || last_missing(&log, machine, partition, next)).await;
            let missing = missing.map_err(|error| Problem::new(500, "internal", error.to_string()))?;
            match missing.map_err(log_problem)? {
                Some(last) => wait_until(node, slot, last, node.settings.min_position_wait).await,
                None => Ok(()),
            }
        }
    }
}

/// The last offset that a view lacks which stands before `next`; `None` if the log has no record there.
fn last_missing(log: &Log, machine: &str, partition: u32, next: u64) -> Result<Option<u64>, LogError> {
    let end = log.end(machine, partition)?;
    // What is left below the end may be holes: only looking tells.
    if next >= end || log.read(machine, partition, next, 1)?.records.is_empty() {
        return Ok(None);
    }
    Ok(Some(end - 1))
}

/// Waits until a partition has applied `offset`.
///
/// # Errors
/// 400 `unknown_position` beyond the log's end, 503 `not_yet` when the wait ends before.
pub async fn wait_until(node: &Node, slot: &Slot, offset: u64, wait: Duration) -> Result<(), Problem> {
    let mut applied = slot.applied();
    if *applied.borrow_and_update() > offset {
        return Ok(());
    }
    let (log, machine, partition) = (node.log.clone(), slot.def.name, slot.partition);
    let end = tokio::task::spawn_blocking(move || log.end(machine, partition)).await;
    let end = end.map_err(|error| Problem::new(500, "internal", error.to_string()))?.map_err(log_problem)?;
    if offset >= end {
        let detail = format!("{machine}/{partition}@{offset} is beyond the end of the log");
        return Err(Problem::bad_request("unknown_position", detail));
    }
    let seen = tokio::time::timeout(wait, applied.wait_for(|next| *next > offset)).await;
    match seen {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Problem::unavailable("not_yet", format!("{machine}/{partition}@{offset} is not applied yet"), 1)),
    }
}

/// The outcome of the command at a position that this node holds, once it is applied. `None` if it is not applied
/// within the wait.
///
/// # Errors
/// 400 `unknown_position`, 410 `outcome_expired`, 503 `stopped`.
pub async fn local_outcome(node: &Node, position: &Position, wait: Duration) -> Result<Option<Reply>, Problem> {
    let slot = node
        .slot(&position.machine, position.partition)
        .ok_or_else(|| not_here(&position.machine, position.partition))?;
    match wait_until(node, &slot, position.offset, wait).await {
        Err(problem) if problem.code == "not_yet" => return Ok(None),
        other => other?,
    }
    if slot.is_closed() {
        return Err(not_here(&position.machine, position.partition));
    }
    let found = slot.look(|live| match &live.part {
        Ok(part) => Ok(part.core().outcome_at(position.offset)),
        Err(reason) => Err(Problem::unavailable("stopped", reason.to_string(), 30)),
    })?;
    let gone =
        || Problem::new(410, "outcome_expired", format!("the outcome of {position} is not kept, or it is no command"));
    found.map(Some).ok_or_else(gone)
}

/// The same, wherever the position is held.
///
/// # Errors
/// The same, and 503 where whoever holds it cannot be reached.
pub async fn outcome_anywhere(
    node: &Node,
    cluster: &Cluster,
    position: &Position,
    wait: Duration,
) -> Result<Option<Reply>, Problem> {
    let ask = |holder| async move {
        match holder {
            Holder::At(other) => cluster.outcome(&other, position, wait).await,
            _ => local_outcome(node, position, wait).await,
        }
    };
    cluster.at_holder(position.partition, ask).await
}

/// What a client is told when a query has no answer at all.
#[must_use]
pub fn query_problem(failure: QueryFailure) -> Problem {
    match failure {
        QueryFailure::Stopped(reason) => Problem::unavailable("stopped", reason.to_string(), 30),
        QueryFailure::Failed(reason) => Problem::new(500, "internal", reason),
    }
}

/// 404: another node holds this partition.
#[must_use]
pub fn not_here(machine: &str, partition: u32) -> Problem {
    Problem::new(404, "unknown_partition", format!("this node does not hold {machine}/{partition}"))
}

/// What a client is told when the log cannot be read.
#[must_use]
pub fn log_problem(error: LogError) -> Problem {
    match error {
        LogError::Unknown(..) => Problem::new(404, "unknown_topic", error.to_string()),
        LogError::OutOfRange { .. } => Problem::bad_request("unknown_position", error.to_string()),
        _ => Problem::unavailable("unavailable", error.to_string(), 1),
    }
}

fn vault_problem(error: &std::io::Error) -> Problem {
    Problem::unavailable("unavailable", format!("the keys of addresses: {error}"), 1)
}

impl Backend for NodeBackend {
    fn stamps(&self, count: u32) -> Stamp {
        let clock = &self.node.around.clock;
        let now = clock.micros();
        // What is asked for now is not submitted, and must not raise what comes later.
        if !clock.is_known() {
            return Stamp { micros: now, node: self.node.number };
        }
        let rise = |last: u64| Some(now.max(last + 1) + u64::from(count.saturating_sub(1)));
        let last = self.last_micros.fetch_update(Ordering::AcqRel, Ordering::Acquire, rise).unwrap_or(now);
        Stamp { micros: now.max(last + 1), node: self.node.number }
    }

    fn submit(&self, submission: Submission) -> Answering<'_, Submitted> {
        Box::pin(self.submit(submission))
    }

    fn ask(&self, ask: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        Box::pin(async move { self.queries.ask(&ask).await })
    }

    fn subscribe(&self, subscription: Subscription) -> Answering<'_, Events> {
        Box::pin(self.streams.subscribe(subscription))
    }

    fn partitions(&self) -> u32 {
        self.node.fixed.partitions
    }

    fn past_states(&self) -> u32 {
        crate::asof::views_limit(&self.node)
    }

    fn record(&self, position: &Position) -> Answering<'_, Option<LogRecord>> {
        let (log, Position { machine, partition, offset }) = (self.node.log.clone(), position.clone());
        if partition >= self.node.fixed.partitions {
            return Box::pin(async { Ok(None) });
        }
        let read = tokio::task::spawn_blocking(move || log.read(&machine, partition, offset, 1));
        Box::pin(async move {
            let read = read.await.map_err(|error| Problem::new(500, "internal", error.to_string()))?;
            match read {
                Ok(chunk) => Ok(chunk.records.into_iter().next().filter(|record| record.offset == offset)),
                Err(LogError::OutOfRange { .. }) => Ok(None),
                Err(error) => Err(log_problem(error)),
            }
        })
    }

    fn pause(&self, seen: &Positions, times: u32) -> Answering<'_, ()> {
        let place = seen.iter().next();
        Box::pin(async move {
            // Many may wait for one partition: they must not all ask at each of its records.
            tokio::time::sleep(FIRST_PAUSE.saturating_mul(1 << times.min(PAUSES)).min(LONGEST_PAUSE)).await;
            let slot = place.as_ref().and_then(|place| self.node.slot(&place.machine, place.partition));
            if let (Some(slot), Some(place)) = (slot, &place) {
                let mut applied = slot.applied();
                let moved = applied.wait_for(|next| *next > place.offset + 1);
                // Whoever waits for ever asks again at times all the same.
                let _ = tokio::time::timeout(ASK_AGAIN, moved).await;
            }
            Ok(())
        })
    }

    fn count(&self, what: &'static str) {
        self.node.metrics.noted.with_label_values(&[what]).inc();
    }

    fn secret(&self) -> &[u8] {
        &self.secret
    }

    fn day_keys(&self, day: u64) -> Result<Option<Arc<DayKeys>>, Problem> {
        self.vault.of_day(day).map(Some).map_err(|error| vault_problem(&error))
    }

    fn all_day_keys(&self) -> Vec<Arc<DayKeys>> {
        self.vault.all()
    }

    fn erase(&self, subject: u32) -> Answering<'_, Option<u32>> {
        let vault = self.vault.clone();
        Box::pin(async move {
            let erased = tokio::task::spawn_blocking(move || vault.erase(subject)).await;
            let erased = erased.map_err(|error| Problem::new(500, "internal", error.to_string()))?;
            erased.map(Some).map_err(|error| vault_problem(&error))
        })
    }
}
