//! Streams of this node: queries that are asked again when their partitions have moved, each once for all who follow
//! it. Nothing is queued for a subscriber: it takes the next event when its connection has room for it, and one that
//! has missed too much gets the whole answer instead.

pub mod feed;

use crate::node::Node;
use crate::queries::Queries;
use bytes::Bytes;
use feed::{Feed, Holds, Kept, Next, covers};
use futures_util::stream;
use millrace_processors::runtime::door::{Ask, Gather, Subscription};
use millrace_processors::runtime::peer::Freshness;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::streams::{Events, Show};
use millrace_topics::position::Positions;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How often partitions of other nodes are asked, and how long to wait after a problem.
const ASK_OTHERS_EVERY: Duration = Duration::from_millis(500);

/// No stream is looked after more often than this when nothing happens.
const LEAST_LINGER: Duration = Duration::from_millis(100);

/// The share of the memory that the kept changes of all streams may have: one part of so many.
const MEMORY_SHARE: u64 = 32;

/// What every stream may keep, however many there are, in bytes.
const LEAST_KEPT: usize = 4 << 10;

/// What a stream begins with: after how many milliseconds a client that was cut off comes back.
const HELLO: &[u8] = b": millrace\nretry: 1000\n\n";

/// The streams of a node.
pub struct Streams {
    node: Arc<Node>,
    queries: Arc<Queries>,
    feeds: Mutex<BTreeMap<Key, Arc<Shared>>>,
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

/// Machine, what is shown, and the query.
type Key = (&'static str, &'static str, Vec<u8>);

/// A stream that some follow.
struct Shared {
    key: Key,
    ask: Ask,
    show: Show,
    gather: Option<Gather>,
    /// `None` until the first answer is there. Whoever asks holds the lock, so that answers come in order.
    asking: tokio::sync::Mutex<()>,
    feed: Mutex<Option<Feed>>,
    /// Rises with each change.
    changed: watch::Sender<u64>,
    users: Mutex<Users>,
}

/// Who follows.
struct Users {
    count: usize,
    /// When the last one left.
    left: Instant,
}

impl Streams {
    /// The streams of this node, of which there are none yet.
    #[must_use]
    pub fn new(node: Arc<Node>, queries: Arc<Queries>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(node.settings.streams as usize));
        Arc::new(Self { node, queries, feeds: Mutex::default(), places, closing: watch::Sender::new(false) })
    }

    /// Ends all streams: their clients come back to another node, or to the next run.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Follows a query.
    ///
    /// # Errors
    /// 503 `too_many_streams`, or why there is no first answer.
    pub async fn subscribe(self: &Arc<Self>, subscription: Subscription) -> Result<Events, Problem> {
        let Subscription { ask, last_seen, show, gather } = subscription;
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            let detail = format!("at most {} streams are followed at the same time", self.node.settings.streams);
            Problem::unavailable("too_many_streams", detail, 1)
        })?;
        let seat = self.seat(ask, show, gather, place);
        let shared = &seat.shared;
        let mut needed = shared.ask.min_position.clone();
        needed.merge(&seat.min_position);
        self.refresh(shared, &needed).await?;
        let mut known = true;
        if let Some(last_seen) = &last_seen {
            match self.refresh(shared, last_seen).await {
                Ok(()) => {}
                // The log that it saw is another one.
                Err(problem) if problem.code == "unknown_position" => known = false,
                Err(problem) => return Err(problem),
            }
        }
        let (positions, holds) = {
            let feed = shared.feed.lock();
            let feed = feed.as_ref().expect("it was asked for just now");
            let holds = last_seen.map_or(Holds::Nothing, |seen| if known { feed.holds(&seen) } else { Holds::Stale });
            (feed.seen().clone(), holds)
        };
        let changed = shared.changed.subscribe();
        let subscriber = Subscriber { hub: self.clone(), seat, holds, changed, closing: self.closing.subscribe() };
        let rest = stream::unfold(subscriber, Subscriber::next);
        let hello = stream::iter([Bytes::from_static(HELLO)]);
        Ok(Events { positions, body: Box::pin(stream::StreamExt::chain(hello, rest)) })
    }

    /// A seat in the stream that asks this, which begins with the first one.
    fn seat(self: &Arc<Self>, mut ask: Ask, show: Show, gather: Option<Gather>, place: OwnedSemaphorePermit) -> Seat {
        let min_position = std::mem::take(&mut ask.min_position);
        ask.fresh = Freshness::Usual;
        let key: Key = (ask.machine, show.event, ask.query.clone());
        let mut feeds = self.feeds.lock();
        let shared = feeds.entry(key.clone()).or_insert_with(|| {
            Arc::new(Shared {
                key,
                ask,
                show,
                gather,
                asking: tokio::sync::Mutex::default(),
                feed: Mutex::default(),
                changed: watch::Sender::new(0),
                users: Mutex::new(Users { count: 0, left: Instant::now() }),
            })
        });
        shared.users.lock().count += 1;
        self.node.metrics.stream_subscribers.inc();
        let shared = shared.clone();
        self.count(&feeds);
        Seat { hub: self.clone(), shared, min_position, _place: place }
    }

    fn count(&self, feeds: &BTreeMap<Key, Arc<Shared>>) {
        self.node.metrics.stream_feeds.set(i64::try_from(feeds.len()).unwrap_or(i64::MAX));
    }

    /// Makes sure that a stream has an answer that has seen these positions.
    async fn refresh(self: &Arc<Self>, shared: &Arc<Shared>, needed: &Positions) -> Result<(), Problem> {
        let has_seen = || shared.feed.lock().as_ref().is_some_and(|feed| covers(feed.seen(), needed));
        if has_seen() {
            return Ok(());
        }
        let _asking = shared.asking.lock().await;
        // Somebody else may have asked meanwhile.
        if has_seen() {
            return Ok(());
        }
        if self.ask(shared, needed).await? {
            tokio::spawn(self.clone().keep_asking(shared.clone()));
        }
        Ok(())
    }

    /// Asks a stream's query, and tells of what changed. True if it was the first time.
    async fn ask(&self, shared: &Shared, needed: &Positions) -> Result<bool, Problem> {
        let (answers, seen) = match &shared.gather {
            Some(gather) => gather(needed.clone()).await.map(|(answer, seen)| (vec![answer], seen))?,
            None => self.queries.ask(&Ask { min_position: needed.clone(), ..shared.ask.clone() }).await?,
        };
        // Before the lock: who ends a stream takes the two the other way round.
        let kept = self.kept();
        let mut feed = shared.feed.lock();
        let Some(feed) = feed.as_mut() else {
            *feed = Some(Feed::new(shared.show, shared.ask.query.clone(), answers, seen)?);
            return Ok(true);
        };
        if feed.take(answers, seen, kept) {
            shared.changed.send_modify(|number| *number += 1);
        }
        Ok(false)
    }

    fn kept(&self) -> Kept {
        let feeds = self.feeds.lock().len().max(1);
        let memory = usize::try_from(self.node.settings.memory() / MEMORY_SHARE).unwrap_or(usize::MAX);
        Kept { changes: self.node.settings.stream_kept as usize, bytes: (memory / feeds).max(LEAST_KEPT) }
    }

    /// Asks a stream's query again whenever its partitions have moved, as long as somebody follows it.
    async fn keep_asking(self: Arc<Self>, shared: Arc<Shared>) {
        let mut closing = self.closing.subscribe();
        tokio::select! {
            () = self.ask_again(&shared) => {}
            () = closed(&mut closing) => {}
        }
    }

    async fn ask_again(self: &Arc<Self>, shared: &Arc<Shared>) {
        let mut moved = self.partitions(shared);
        while !self.retire(shared) {
            tokio::time::sleep(self.pause()).await;
            let linger = self.node.settings.stream_linger.max(LEAST_LINGER);
            if tokio::time::timeout(linger, moved.wait()).await.is_err() {
                continue;
            }
            // Partitions come and go. From here on, before they are asked, their changes count.
            moved = Moved { again: false, ..self.partitions(shared) };
            let asking = shared.asking.lock().await;
            let asked = self.ask(shared, &Positions::default()).await;
            drop(asking);
            if let Err(problem) = asked {
                tracing::debug!(code = problem.code, "a stream has no new answer: {}", problem.detail);
                moved.again = true;
                tokio::time::sleep(ASK_OTHERS_EVERY).await;
            }
        }
    }

    /// How long a stream rests between two questions, so that all together do not ask more often than they may.
    fn pause(&self) -> Duration {
        let feeds = u64::try_from(self.feeds.lock().len()).unwrap_or(u64::MAX);
        let share = feeds.saturating_mul(1_000_000) / u64::from(self.node.settings.stream_asks);
        self.node.settings.stream_interval.max(Duration::from_micros(share))
    }

    /// Ends a stream that nobody has followed for a while, or that has nothing to tell any more.
    fn retire(&self, shared: &Arc<Shared>) -> bool {
        let mut feeds = self.feeds.lock();
        let ended = shared.feed.lock().as_ref().is_none_or(Feed::is_ended);
        let users = shared.users.lock();
        let idle = users.count == 0 && users.left.elapsed() >= self.node.settings.stream_linger;
        drop(users);
        if ended || idle {
            self.forget(&mut feeds, shared);
        }
        ended || idle
    }

    fn forget(&self, feeds: &mut BTreeMap<Key, Arc<Shared>>, shared: &Arc<Shared>) {
        if feeds.get(&shared.key).is_some_and(|found| Arc::ptr_eq(found, shared)) {
            feeds.remove(&shared.key);
            self.count(feeds);
        }
    }

    fn partitions(&self, shared: &Shared) -> Moved {
        let machine = shared.ask.machine;
        let all = self.queries.partitions(&shared.ask.partitions);
        let here = all.iter().filter(|partition| self.queries.is_here(**partition));
        let here: Vec<_> = here.filter_map(|partition| self.node.slot(machine, *partition)).collect();
        let others = here.len() < all.len();
        Moved { here: here.into_iter().map(|slot| slot.applied()).collect(), others, again: true }
    }
}

/// The partitions of a stream, and whether they have moved since they were asked.
struct Moved {
    here: Vec<watch::Receiver<u64>>,
    /// True if other nodes hold some, which are asked at times.
    others: bool,
    /// True if the next wait is to end at once: something may have happened that was not seen.
    again: bool,
}

impl Moved {
    /// Waits until one has moved.
    async fn wait(&mut self) {
        if std::mem::take(&mut self.again) {
            return;
        }
        let (none_here, others) = (self.here.is_empty(), self.others);
        let at_times = async {
            match others {
                true => tokio::time::sleep(ASK_OTHERS_EVERY).await,
                false => std::future::pending().await,
            }
        };
        if none_here {
            return at_times.await;
        }
        let here = self.here.iter_mut().map(|applied| Box::pin(applied.changed()));
        tokio::select! {
            _ = futures_util::future::select_all(here) => {}
            () = at_times => {}
        }
        for applied in &mut self.here {
            applied.mark_unchanged();
        }
    }
}

/// A subscriber's part in a stream, given up when it is dropped.
struct Seat {
    hub: Arc<Streams>,
    shared: Arc<Shared>,
    /// What the first answer must have seen.
    min_position: Positions,
    _place: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.node.metrics.stream_subscribers.dec();
        let mut feeds = self.hub.feeds.lock();
        let begun = self.shared.feed.lock().is_some();
        let mut users = self.shared.users.lock();
        users.count -= 1;
        users.left = Instant::now();
        if users.count == 0 && !begun {
            self.hub.forget(&mut feeds, &self.shared);
        }
    }
}

/// Waits until the streams are ended.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, and with it the streams.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// One who follows.
struct Subscriber {
    hub: Arc<Streams>,
    seat: Seat,
    holds: Holds,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
}

impl Subscriber {
    /// The next bytes for the connection, once it has room for them.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let heartbeat = self.hub.node.settings.stream_heartbeat;
        loop {
            // Before the look, so that what comes after it is not missed.
            self.changed.mark_unchanged();
            if let Some(bytes) = self.take()? {
                return Some((bytes, self));
            }
            tokio::select! {
                () = closed(&mut self.closing) => return None,
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(heartbeat) => {
                    let beat = self.seat.shared.feed.lock().as_ref().map(Feed::heartbeat)?;
                    return Some((beat, self));
                }
            }
        }
    }

    /// What there is now, `None` at the end.
    fn take(&mut self) -> Option<Option<Bytes>> {
        let metrics = &self.hub.node.metrics;
        let (next, holds) = self.seat.shared.feed.lock().as_mut()?.next(self.holds);
        self.holds = holds;
        match next {
            Next::Send(bytes) => {
                metrics.stream_events.inc();
                Some(Some(bytes))
            }
            Next::Reset(bytes) => {
                metrics.stream_events.inc();
                metrics.stream_resets.inc();
                Some(Some(bytes))
            }
            Next::Wait => Some(None),
            Next::Over => None,
        }
    }
}
