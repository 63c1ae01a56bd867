//! The door: the one way from a route to the log and to the views. The program implements what is behind it.

use crate::runtime::peer::Freshness;
use crate::runtime::problem::Problem;
use crate::runtime::reply::{Reply, Verdict};
use crate::runtime::streams::{Events, Show, Shown};
use crate::runtime::system::{Answer, Command, Machine, Outcome, Partitions, Query, Rejection};
use crate::runtime::vault::DayKeys;
use hmac::{Hmac, KeyInit, Mac};
use millrace_topics::codec;
use millrace_topics::contract::Contract;
use millrace_topics::log::LogRecord;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::{Caller, Header, Idempotency, Part, Stamp};
use millrace_topics::time::Time;
use sha2::Sha256;
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// What a future of the door is.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// A command on its way to the log.
pub struct Submission {
    /// The machine's name.
    pub machine: &'static str,
    /// Where it goes.
    pub to: To,
    /// What stands around the command.
    pub header: Header,
    /// The encoded command.
    pub command: Vec<u8>,
    /// How long to wait for the outcome. When that is over it is told that the command is durable, once it is.
    pub wait: Duration,
}

/// Where a command goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// To the partition of this routing key.
    Key(Vec<u8>),
    /// To this partition.
    Partition(u32),
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It was applied.
    Done(Reply),
    /// It is in the log at this position, and its outcome was not waited for, or did not come in time.
    Accepted(Positions),
}

/// A query on its way to one or more partitions.
#[derive(Clone)]
pub struct Ask {
    /// The machine's name.
    pub machine: &'static str,
    /// Which partitions.
    pub partitions: Partitions,
    /// The encoded query.
    pub query: Vec<u8>,
    /// Positions that the answer must have seen.
    pub min_position: Positions,
    /// How fresh the answer must be.
    pub fresh: Freshness,
    /// The state that is asked.
    pub as_of: AsOf,
}

/// Which of the states that the log has led to is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The present one.
    #[default]
    Now,
    /// The one right after these positions: every asked partition must be among them.
    Position(Positions),
    /// The one at the end of this millisecond: with every record up to it, and every timer that was due by then.
    Time(Time),
    /// The one at the end of `to`, if from the end of `from` on something else had held: what that is, the machine knows.
    Supposed {
        /// Up to here everything is as it was.
        from: Time,
        /// The moment that is asked about.
        to: Time,
        /// What holds from then on.
        what: Vec<u8>,
    },
}

/// A query that is to be asked again and again.
pub struct Subscription {
    /// What is asked.
    pub ask: Ask,
    /// The position up to which the client has folded what it was told, if it was here before.
    pub last_seen: Option<Positions>,
    /// What it is told.
    pub show: Show,
    /// How the answer is put together, where it is not what one question of the partitions brings.
    pub gather: Option<Gather>,
}

/// Puts together one encoded answer that has seen these positions.
pub type Gather = Arc<dyn Fn(Positions) -> Answering<'static, (Vec<u8>, Positions)> + Send + Sync>;

/// What the program does behind the door.
pub trait Backend: Send + Sync {
    /// The first of so many fresh stamps, each a microsecond after the one before.
    fn stamps(&self, count: u32) -> Stamp;
    /// Appends a command, and waits for its outcome as long as it says.
    fn submit(&self, submission: Submission) -> Answering<'_, Submitted>;
    /// Asks partitions; their encoded answers in order, with the position of each.
    fn ask(&self, ask: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)>;
    /// Follows a query: its answer, and what changes in it.
    fn subscribe(&self, subscription: Subscription) -> Answering<'_, Events>;
    /// How many partitions every machine has.
    fn partitions(&self) -> u32;
    /// How many past states of all partitions together may be open at the same time.
    fn past_states(&self) -> u32 {
        u32::MAX
    }
    /// The record at a position of a machine's topic; none if there is none any more, or not yet.
    fn record(&self, position: &Position) -> Answering<'_, Option<LogRecord>>;
    /// Waits until a partition of these may have gone on, and the longer the more often it was waited for.
    fn pause(&self, _seen: &Positions, _times: u32) -> Answering<'_, ()> {
        Box::pin(async { Ok(()) })
    }
    /// Counts something for the operators that leaves no trace in the log.
    fn count(&self, _what: &'static str) {}
    /// The cluster's secret that cursors, ids and tokens are made with.
    fn secret(&self) -> &[u8];
    /// The keys of a day, drawn when they are first asked for; none where days have none.
    ///
    /// # Errors
    /// 503 where they cannot be drawn and kept.
    fn day_keys(&self, _day: u64) -> Result<Option<Arc<DayKeys>>, Problem> {
        Ok(None)
    }
    /// The keys of every day that still has some.
    fn all_day_keys(&self) -> Vec<Arc<DayKeys>> {
        Vec::new()
    }
    /// Destroys what opens what is sealed of a subject, and answers of how many days; none where days have no keys.
    fn erase(&self, _subject: u32) -> Answering<'_, Option<u32>> {
        Box::pin(async { Ok(None) })
    }
}

/// What a request says beside its path and body.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Who asks.
    pub caller: Caller,
    /// The method and the path: what an idempotency key stands for, with the body.
    pub route: String,
    /// The client's `Idempotency-Key`, with the hash of method, path and canonical body.
    pub idempotency: Option<Idempotency>,
    /// The path with its parameters, as it was asked.
    pub target: String,
    /// `?at=` or `?as_of=`; only reads have it.
    pub as_of: AsOf,
    /// `Millrace-Min-Position` or `?min_position=`.
    pub min_position: Positions,
    /// `Millrace-Read: latest` or `Millrace-Max-Staleness`.
    pub fresh: Freshness,
    /// `Last-Event-ID`; only those who follow a stream have it.
    pub last_seen: Option<Positions>,
    /// How long to wait for an outcome: `Prefer: wait=n`, zero for `respond-async`, else the default.
    pub wait: Option<Duration>,
    /// The W3C trace parent.
    pub trace_parent: Option<[u8; 26]>,
}

/// An outcome with what a client is told about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Done<T> {
    /// The outcome.
    pub outcome: T,
    /// Where it took effect.
    pub positions: Positions,
    /// True if it is the kept outcome of an earlier request.
    pub replayed: bool,
}

/// An answer with the positions that it was read at.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The answer.
    pub answer: T,
    /// The position of every partition that was read.
    pub positions: Positions,
}

impl<T> Done<T> {
    /// The same with what was read after it in the place of the outcome, at the positions of both.
    #[must_use]
    pub fn showing<U>(self, read: Read<U>) -> Done<U> {
        let mut positions = self.positions;
        positions.merge(&read.positions);
        Done { outcome: read.answer, positions, replayed: self.replayed }
    }
}

/// An answer, or the refusal that stands for it.
pub type Gathered<M> = Result<Answer<M>, Rejection<M>>;

/// Why a command has no outcome to show: it was refused, or is not applied yet.
#[derive(Clone, Debug)]
pub enum Undone {
    /// A refusal or a failure.
    Problem(Box<Problem>),
    /// 202: durable, to be asked for at this position.
    Accepted(Positions),
}

impl From<Problem> for Undone {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Handed to every route.
#[derive(Clone)]
pub struct Door {
    backend: Arc<dyn Backend>,
    default_wait: Duration,
    facts: Arc<RwLock<BTreeMap<String, u32>>>,
    kept: Arc<RwLock<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>>,
}

/// How many facts a door remembers before it forgets them all.
const FACTS: usize = 100_000;

impl Door {
    /// A door to this backend; `default_wait` is how long a request waits for its outcome.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, default_wait: Duration) -> Self {
        Self { backend, default_wait, facts: Arc::default(), kept: Arc::default() }
    }

    /// A number that was remembered under this name.
    #[must_use]
    pub fn recall(&self, name: &str) -> Option<u32> {
        self.facts.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Remembers a number that never changes, so that it need not be asked for again.
    pub fn remember(&self, name: String, number: u32) {
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        if facts.len() >= FACTS {
            facts.clear();
        }
        facts.insert(name, number);
    }

    /// Counts something for the operators that leaves no trace in the log.
    pub fn count(&self, what: &'static str) {
        self.backend.count(what);
    }

    /// How many partitions every machine has.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.backend.partitions()
    }

    /// How many past states of a whole machine may be open at the same time.
    #[must_use]
    pub fn past_states(&self) -> u32 {
        self.backend.past_states() / self.partitions()
    }

    /// What a system keeps beside its routes, the same for every request: made when it is first asked for.
    ///
    /// # Panics
    /// Never: what is kept under a type is of this type.
    #[must_use]
    pub fn beside<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
        let made = || {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone()
        };
        known.unwrap_or_else(made).downcast().expect("it is kept under its type")
    }

    /// The first of so many fresh stamps, each a microsecond after the one before.
    #[must_use]
    pub fn stamps(&self, count: u32) -> Stamp {
        self.backend.stamps(count)
    }

    /// Submits a command and waits for its outcome.
    ///
    /// # Errors
    /// [`Undone`]: the machine's refusal as a problem, what went wrong on the way, or that it is still under way.
    pub async fn submit<M: Machine>(&self, asked: &Asked, command: &Command<M>) -> Result<Done<Outcome<M>>, Undone> {
        self.submit_part::<M>(asked, None, command, to::<M>(command)).await
    }

    /// Submits the parts of a request, each a record of its own, and waits for all outcomes. They are not one: each
    /// is applied, refused or lost for itself, and repeated for itself under the request's key.
    pub async fn submit_all<M: Machine>(
        &self,
        asked: &Asked,
        commands: &[Command<M>],
    ) -> Vec<Result<Done<Outcome<M>>, Undone>> {
        let of = u32::try_from(commands.len()).expect("a request has few parts");
        let parts = (0..).zip(commands).map(|(index, command)| {
            let part = Some(Part { index, of });
            self.submit_part::<M>(asked, part, command, to::<M>(command))
        });
        futures_util::future::join_all(parts).await
    }

    /// Submits a command without a routing key to every partition, as the parts of one request.
    pub async fn submit_everywhere<M: Machine>(
        &self,
        asked: &Asked,
        command: &Command<M>,
    ) -> Vec<Result<Done<Outcome<M>>, Undone>> {
        let of = self.backend.partitions();
        let parts = (0..of).map(|index| {
            let part = Some(Part { index, of });
            self.submit_part::<M>(asked, part, command, To::Partition(index))
        });
        futures_util::future::join_all(parts).await
    }

    /// The record at a position of a machine's topic; none if there is none any more, or not yet.
    ///
    /// # Errors
    /// What went wrong on the way.
    pub async fn record(&self, position: &Position) -> Result<Option<LogRecord>, Problem> {
        self.backend.record(position).await
    }

    async fn submit_part<M: Machine>(
        &self,
        asked: &Asked,
        part: Option<Part>,
        command: &Command<M>,
        to: To,
    ) -> Result<Done<Outcome<M>>, Undone> {
        let mut idempotency = asked.idempotency.clone();
        if let (Some(Idempotency { key, .. }), Some(part)) = (&mut idempotency, part) {
            // No client can write a key with this byte, so no part is taken for another request.
            *key = format!("{key}\0{}", part.index);
        }
        let header = Header {
            schema: M::Contract::SCHEMA,
            stamp: self.backend.stamps(M::Contract::stamps(command)),
            caller: asked.caller.clone(),
            idempotency,
            part,
            trace_parent: asked.trace_parent,
            ..Header::default()
        };
        let submission = Submission {
            machine: M::Contract::MACHINE,
            to,
            header,
            command: codec::encode(command),
            wait: asked.wait.unwrap_or(self.default_wait),
        };
        match self.backend.submit(submission).await? {
            Submitted::Accepted(positions) => Err(Undone::Accepted(positions)),
            Submitted::Done(reply) => read_reply::<M>(reply),
        }
    }

    /// Asks a query of all partitions that it concerns, and merges their answers.
    ///
    /// # Errors
    /// The machine's refusal as a problem, or what went wrong on the way.
    pub async fn ask<M: Machine>(&self, asked: &Asked, query: &Query<M>) -> Result<Read<Answer<M>>, Problem> {
        let ask = Ask { as_of: asked.as_of.clone(), ..question::<M>(asked, query) };
        let (raw, positions) = self.backend.ask(ask).await.map_err(|problem| match problem.status {
            202 => problem.with_header("location", asked.target.clone()),
            _ => problem,
        })?;
        let mut answers = Vec::with_capacity(raw.len());
        for bytes in raw {
            let answer: Result<Answer<M>, Rejection<M>> = codec::decode(&bytes).map_err(undecodable)?;
            answers.push(answer.map_err(|refusal| {
                Problem::refusal(&refusal).with_header("millrace-position", positions.to_string())
            })?);
        }
        Ok(Read { answer: M::merge(query, answers), positions })
    }

    /// Asks a query again and again until `is_final` holds of its answer: how a request hears how a saga went that it
    /// began. `None` if the time that the request waits for an outcome is over before.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn ask_until<M: Machine>(
        &self,
        asked: &Asked,
        query: &Query<M>,
        is_final: impl Fn(&Answer<M>) -> bool,
    ) -> Result<Option<Read<Answer<M>>>, Problem> {
        let asking = async {
            for times in 0.. {
                let read = self.ask::<M>(asked, query).await?;
                if is_final(&read.answer) {
                    return Ok(read);
                }
                self.backend.pause(&read.positions, times).await?;
            }
            unreachable!("nobody waits for so long")
        };
        let found = tokio::time::timeout(asked.wait.unwrap_or(self.default_wait), asking).await;
        found.map_or(Ok(None), |read| read.map(Some))
    }

    /// Follows a query: what `S` shows of its answer, and then of each change.
    ///
    /// # Errors
    /// The machine's refusal as a problem, 503 `overloaded` where too many follow, or what went wrong on the way.
    pub async fn subscribe<S: Shown>(&self, asked: &Asked, query: &Query<S::Machine>) -> Result<Events, Problem> {
        let (ask, last_seen) = (question::<S::Machine>(asked, query), asked.last_seen.clone());
        self.backend.subscribe(Subscription { ask, last_seen, show: Show::of::<S>(), gather: None }).await
    }

    /// The same of an answer that is put together of several questions: it is gathered again when a partition of
    /// `partitions` has moved.
    ///
    /// # Errors
    /// As [`Door::subscribe`].
    pub async fn subscribe_gathered<S: Shown, F>(
        &self,
        asked: &Asked,
        query: &Query<S::Machine>,
        partitions: Partitions,
        gather: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Result<Events, Problem>
    where
        F: Future<Output = Result<Read<Gathered<S::Machine>>, Problem>> + Send + 'static,
    {
        let ask = Ask { partitions, ..question::<S::Machine>(asked, query) };
        let caller = asked.caller.clone();
        let gather = move |min_position| -> Answering<'static, _> {
            let read = gather(Asked { min_position, caller: caller.clone(), ..Asked::default() });
            Box::pin(async move { read.await.map(|read| (codec::encode(&read.answer), read.positions)) })
        };
        let (last_seen, gather) = (asked.last_seen.clone(), Some(Arc::new(gather) as Gather));
        self.backend.subscribe(Subscription { ask, last_seen, show: Show::of::<S>(), gather }).await
    }

    /// 32 bytes that nobody can guess and that are the same for a repeat of a keyed request: what ids, tokens and
    /// seeds are made of. `purpose` tells several draws of one request apart.
    #[must_use]
    pub fn draw(&self, asked: &Asked, purpose: &str) -> [u8; 32] {
        let stamp = self.backend.stamps(1).to_string();
        let key = asked.idempotency.as_ref().map_or(stamp.as_str(), |idempotency| idempotency.key.as_str());
        self.sign(&["draw", purpose, &asked.caller.id, &asked.route, key].map(str::as_bytes))
    }

    /// The time by the clock of this node, in milliseconds: for what ends by itself outside of the log, as sessions do.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(self.backend.stamps(1).micros / 1000)
    }

    /// The keys of a day, counted from the epoch; none where the program has none, as in a test.
    ///
    /// # Errors
    /// 503 where they cannot be drawn and kept.
    pub fn day_keys(&self, day: u64) -> Result<Option<Arc<DayKeys>>, Problem> {
        self.backend.day_keys(day)
    }

    /// The keys of every day that still has some.
    #[must_use]
    pub fn all_day_keys(&self) -> Vec<Arc<DayKeys>> {
        self.backend.all_day_keys()
    }

    /// Destroys what opens what is sealed of a subject, and answers of how many days; none where days have no keys.
    ///
    /// # Errors
    /// 503 where it cannot be written.
    pub async fn erase(&self, subject: u32) -> Result<Option<u32>, Problem> {
        self.backend.erase(subject).await
    }

    /// A signature of these parts with the cluster's secret.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.backend.secret()).expect("a key of any length will do for an HMAC");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A cursor that a client gives back: opaque and signed. `scope` names the list that it belongs to.
    #[must_use]
    pub fn seal_cursor<T: codec::Body>(&self, scope: &str, value: &T) -> String {
        use base64::Engine as _;
        let mut bytes = codec::encode(value);
        let signature = self.sign(&[b"cursor", scope.as_bytes(), &bytes]);
        bytes.extend_from_slice(&signature[..16]);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that [`Door::seal_cursor`] made for the same list.
    ///
    /// # Errors
    /// 400 `bad_cursor`.
    pub fn open_cursor<T: codec::Body>(&self, scope: &str, text: &str) -> Result<T, Problem> {
        use base64::Engine as _;
        let bad = || Problem::bad_request("bad_cursor", "the cursor is not one that this list gave out");
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (value, signature) = bytes.split_last_chunk::<16>().ok_or_else(bad)?;
        if self.sign(&[b"cursor", scope.as_bytes(), value])[..16] != signature[..] {
            return Err(bad());
        }
        codec::decode(value).map_err(|_| bad())
    }
}

fn question<M: Machine>(asked: &Asked, query: &Query<M>) -> Ask {
    Ask {
        machine: M::Contract::MACHINE,
        partitions: M::partitions(query),
        query: codec::encode(query),
        min_position: asked.min_position.clone(),
        fresh: asked.fresh,
        as_of: AsOf::Now,
    }
}

fn to<M: Machine>(command: &Command<M>) -> To {
    To::Key(M::Contract::key(command).expect("a command for one partition has a key").to_vec())
}

fn undecodable(error: codec::CodecError) -> Problem {
    Problem::new(500, "undecodable", format!("an answer {error}"))
}

/// Reads a reply as its machine's outcome.
///
/// # Errors
/// The refusal as a problem.
pub fn read_reply<M: Machine>(reply: Reply) -> Result<Done<Outcome<M>>, Undone> {
    let positions = Positions::one(reply.position);
    let problem = match reply.verdict {
        Verdict::Outcome(bytes) => {
            let result: Result<Outcome<M>, Rejection<M>> = codec::decode(&bytes).map_err(undecodable)?;
            match result {
                Ok(outcome) => return Ok(Done { outcome, positions, replayed: reply.replayed }),
                Err(refusal) => Problem::refusal(&refusal),
            }
        }
        Verdict::KeyReused => Problem::key_reused(),
        Verdict::Dead => Problem::dead_letter(&positions.to_string()),
    };
    let problem = problem.with_header("millrace-position", positions.to_string());
    Err(if reply.replayed { problem.with_header("idempotent-replayed", "true") } else { problem }.into())
}
