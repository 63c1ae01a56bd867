//! The same operations on a board of one shard and on one of eight: whoever asks cannot tell them apart.

use super::check;
use crate::leaderboards::{Boards, spread};
use crate::runtime::door::{
    Answering, Ask, Asked, Backend, Door, Submission as Letter, Submitted as Fate, Subscription, To, Undone,
};
use crate::runtime::problem::Problem;
use crate::runtime::reply::{Output, Reply};
use crate::runtime::runner::{Limits, Partition, Place as Where, Processor, Step};
use crate::runtime::streams::Events;
use crate::runtime::system::Partitions;
use expect_test::expect;
use millrace_state::store::Store;
use millrace_topics::codec;
use millrace_topics::contract::Contract;
use millrace_topics::leaderboards::{
    Answer, Batch, Bounds, Closing, Command, Definition, Deletion, Entry, Joining, Leaderboards, NewEntry, Operator,
    Outcome, Owner, Page, Query, Ranking, Seek, Sort, Submission, Tie, Voiding, Window, Windows,
};
use millrace_topics::log::LogRecord;
use millrace_topics::partition::partition_of;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::{Caller, Header, Payload, Record, Role, Stamp};
use millrace_topics::time::Time;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const PARTITIONS: u32 = 5;
const DAY: u64 = 86_400_000;
const BEGIN: Time = Time(1_704_067_200_000);

/// Partitions in memory behind a door; links deliver before an answer is given.
struct House {
    inner: Mutex<Inner>,
}

struct Inner {
    parts: Vec<Partition<Boards>>,
    now: Time,
    stamp: u64,
    closed: Vec<String>,
}

impl Inner {
    fn append(&mut self, partition: u32, key: Vec<u8>, value: Vec<u8>) -> (u64, Vec<Reply>) {
        let part = &mut self.parts[partition as usize];
        let offset = part.core().meta.next;
        let record = LogRecord { offset, time: self.now, key, value, headers: Vec::new() };
        let mut out = Output::default();
        while part.step(&record, &mut out) == Step::TimersLeft {}
        assert_eq!(part.core().stopped().map(ToString::to_string), None);
        assert!(out.dead.is_empty(), "{:?}", out.dead);
        let closed = out.said.iter().filter(|said| said.kind == "EpochClosed");
        self.closed.extend(closed.map(|said| said.data.clone()));
        (offset, out.replies)
    }

    fn settle(&mut self) {
        loop {
            let mut busy = false;
            for from in 0..self.parts.len() {
                let core = self.parts[from].core_mut();
                for ship in core.sender.ship(&core.store) {
                    busy = true;
                    for record in ship.records {
                        self.append(ship.partition, record.key, record.value);
                    }
                    self.parts[from].core_mut().sender.done(&ship.machine, ship.partition, ship.last, true);
                }
            }
            if !busy {
                return;
            }
        }
    }

    fn submit(&mut self, letter: Letter) -> Fate {
        let (partition, key) = match letter.to {
            To::Key(key) => (partition_of(&key, PARTITIONS), key),
            To::Partition(partition) => (partition, Vec::new()),
        };
        let stamp = letter.header.stamp;
        let record = Record { header: letter.header, payload: Payload::Command(letter.command) };
        let (_, replies) = self.append(partition, key, record.encode());
        let reply = replies.into_iter().find(|reply| reply.stamp == stamp).unwrap();
        self.settle();
        Fate::Done(reply)
    }
}

impl Backend for House {
    fn stamps(&self, count: u32) -> Stamp {
        let mut inner = self.inner.lock().unwrap();
        let micros = inner.stamp;
        inner.stamp += u64::from(count);
        Stamp { micros, node: 1 }
    }

    fn submit(&self, letter: Letter) -> Answering<'_, Fate> {
        let fate = self.inner.lock().unwrap().submit(letter);
        Box::pin(std::future::ready(Ok(fate)))
    }

    fn ask(&self, ask: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        let Partitions::One(key) = &ask.partitions else { panic!("a shard lies in one partition") };
        let partition = partition_of(key, PARTITIONS);
        let inner = self.inner.lock().unwrap();
        let part = &inner.parts[partition as usize];
        let answer = part.query(&ask.query).unwrap();
        let positions = part.core().meta.next.checked_sub(1).map_or_else(Positions::default, |offset| {
            Positions::one(Position { machine: "leaderboards".to_owned(), partition, offset })
        });
        Box::pin(std::future::ready(Ok((vec![answer], positions))))
    }

    fn subscribe(&self, _: Subscription) -> Answering<'_, Events> {
        unreachable!("nothing is followed here")
    }

    fn partitions(&self) -> u32 {
        PARTITIONS
    }

    fn record(&self, _: &Position) -> Answering<'_, Option<LogRecord>> {
        unreachable!("no record is asked for here")
    }

    fn secret(&self) -> &[u8] {
        b"secret"
    }
}

/// Runs what never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// One board and what is asked of it.
struct Side {
    house: Arc<House>,
    door: Door,
    asked: Asked,
}

impl Side {
    fn new(definition: &Definition, shards: u32) -> Self {
        let part = |partition| {
            let place = Where {
                machine: Leaderboards::MACHINE,
                partition,
                partitions: PARTITIONS,
                topic_id: "t".to_owned(),
                limits: Limits::default(),
                skips: Arc::default(),
            };
            Partition::open(Store::memory(Arc::default()), place).unwrap()
        };
        let parts = (0..PARTITIONS).map(part).collect();
        let inner = Inner { parts, now: BEGIN, stamp: 1, closed: Vec::new() };
        let house = Arc::new(House { inner: Mutex::new(inner) });
        let door = Door::new(house.clone(), Duration::from_secs(1));
        let caller = Caller { id: "shop".to_owned(), role: Role::Server };
        let side = Self { house, door, asked: Asked { caller, ..Asked::default() } };
        let definition = Definition { shards, ..definition.clone() };
        side.tell(Command::Define(Box::new(definition))).unwrap();
        side
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.house.inner.lock().unwrap()
    }

    fn tell(&self, command: Command) -> Result<Outcome, String> {
        match now(spread::write::submit(&self.door, &self.asked, command)) {
            Ok(done) => Ok(done.outcome),
            Err(Undone::Problem(problem)) => Err(problem.code),
            Err(Undone::Accepted(at)) => panic!("accepted at {at}"),
        }
    }

    fn ask(&self, query: Query) -> Result<Answer, String> {
        now(spread::ask(&self.door, &self.asked, query))
            .map(|read| read.answer)
            .map_err(|problem: Problem| problem.detail)
    }

    fn page(&self, query: Query) -> Page {
        match self.ask(query) {
            Ok(Answer::Page(page)) => page,
            other => panic!("{other:?}"),
        }
    }

    /// Does one thing at a moment. What it answers is shown without what a spread board leaves open.
    fn act(&self, at: usize, act: &Act) -> String {
        self.inner().stamp = 1_000_000 + 10_000 * at as u64;
        let board = || "b".to_owned();
        let name = |owner: &u8| format!("o{owner}");
        let new = |(owner, score, operator): &(u8, i64, Operator)| NewEntry {
            owner: name(owner),
            score: *score,
            subscores: vec![*score % 2],
            operator: Some(*operator),
            metadata: None,
        };
        let outcome = match act {
            Act::Submit(entry) => self.tell(Command::SubmitScore(Submission { board: board(), entry: new(entry) })),
            Act::Foreign(entry) => {
                let command = Command::SubmitScore(Submission { board: board(), entry: new(entry) });
                let header = Header {
                    schema: 2,
                    stamp: self.house.stamps(1),
                    caller: self.asked.caller.clone(),
                    ..Header::default()
                };
                let value = Record { header, payload: Payload::Command(codec::encode(&command)) }.encode();
                let mut inner = self.inner();
                inner.append(partition_of(b"b", PARTITIONS), b"b".to_vec(), value);
                inner.settle();
                return String::new();
            }
            Act::Batch(entries) => {
                let entries: Vec<NewEntry> = entries.iter().map(new).collect();
                let shards = now(spread::shards_of(&self.door, &self.asked, "b")).unwrap();
                if shards == 1 {
                    let batch = Batch { board: board(), entries, stamps: Vec::new() };
                    self.tell(Command::SubmitScores(batch)).unwrap();
                } else {
                    let (commands, _) = spread::write::split(&self.door, "b", entries, shards);
                    now(self.door.submit_all::<Boards>(&self.asked, &commands)).into_iter().for_each(|done| {
                        done.unwrap();
                    });
                }
                return String::new();
            }
            Act::Void(owner, back) => {
                let stamp = Stamp { micros: 1_000_000 + 10_000 * at.saturating_sub(*back) as u64, node: 1 };
                let voided = self.tell(Command::VoidSubmission(Voiding { board: board(), owner: name(owner), stamp }));
                return format!("{:?}", voided.map(|_| ()));
            }
            Act::Delete(owner) => {
                let deleted = self.tell(Command::DeleteOwner(Deletion { board: board(), owner: name(owner) }));
                return format!("{:?}", deleted.map(|_| ()));
            }
            Act::Join(owner) => self.tell(Command::Join(Joining { board: board(), owner: name(owner) })),
            Act::Hide(owner, hidden) => {
                let owner = Owner { owner: name(owner) };
                let command = if *hidden { Command::HideOwner(owner) } else { Command::ShowOwner(owner) };
                now(self.door.submit_everywhere::<Boards>(&self.asked, &command));
                return String::new();
            }
            Act::Close(window) => self.tell(Command::CloseEpoch(Closing { board: board(), window: *window })),
            Act::Wait(ms) => {
                let mut inner = self.inner();
                inner.now = inner.now.plus(*ms);
                let tick = Record { header: Header::default(), payload: Payload::Tick }.encode();
                for partition in 0..PARTITIONS {
                    inner.append(partition, Vec::new(), tick.clone());
                }
                inner.settle();
                return String::new();
            }
        };
        format!("{outcome:?}")
    }

    /// Everything that can be asked of a ranking, and the closed epochs.
    fn all(&self, limit: u32, owners: u8, tie: Tie) -> String {
        let mut shown = vec![format!("{:?}", self.inner().closed.iter().collect::<BTreeSet<_>>())];
        let mut answer = |query: Query| shown.push(format!("{query:?}: {:?}", self.ask(query.clone())));
        let all: Vec<Ranking> =
            [(Window::All, None), (Window::Daily, None), (Window::All, Some(0)), (Window::Daily, Some(0))]
                .into_iter()
                .flat_map(|(window, epoch)| {
                    [None, Some(tie)].map(|tie| Ranking { window, epoch, tie, ..Ranking::of("b") })
                })
                .collect();
        for of in &all {
            for owner in (0..owners).map(|owner| format!("o{owner}")) {
                answer(Query::Owner { of: of.clone(), owner: owner.clone() });
                answer(Query::Around { of: of.clone(), owner, limit });
            }
            for rank in 0..=u64::from(owners) + 1 {
                answer(Query::Rank { of: of.clone(), rank });
            }
            let friends = (0..owners).step_by(2).map(|owner| format!("o{owner}")).collect();
            answer(Query::Among { of: of.clone(), owners: friends });
            answer(Query::Stats { of: Ranking { tie: None, ..of.clone() }, ranks: vec![1, 3, 1000], bars: 4 });
            answer(Query::Epochs { of: of.clone(), below: None, limit: 100 });
            let some = Bounds { min: Some(-1), max: Some(2) };
            let none = Bounds { min: Some(2), max: Some(-1) };
            for (scores, top_percent) in
                [(Bounds::default(), None), (some, None), (none, None), (Bounds::default(), Some(30))]
            {
                answer(Query::Entries { of: of.clone(), seek: Seek::Rank(3), limit, scores, top_percent });
            }
        }
        for of in all {
            for (scores, top_percent) in [
                (Bounds::default(), None),
                (Bounds { min: Some(-1), max: Some(2) }, None),
                (Bounds::default(), Some(30)),
            ] {
                shown.push(self.walk(&of, limit, scores, top_percent));
            }
        }
        shown.join("\n")
    }

    /// All pages, down and up again.
    fn walk(&self, of: &Ranking, limit: u32, scores: Bounds, top_percent: Option<u32>) -> String {
        let page = |seek| self.ask(Query::Entries { of: of.clone(), seek, limit, scores, top_percent });
        let mut pages = Vec::new();
        let mut seek = Some(Seek::Top);
        let mut last = None;
        while let Some(at) = seek.take() {
            let Ok(Answer::Page(page)) = page(at) else { return "no such list".to_owned() };
            seek = page.next.clone().map(Seek::After);
            last.clone_from(&page.prev);
            pages.push(page);
        }
        seek = last.map(Seek::Before);
        while let Some(at) = seek.take() {
            let Ok(Answer::Page(page)) = page(at) else { return "no such list".to_owned() };
            seek = page.prev.clone().map(Seek::Before);
            pages.push(page);
        }
        format!("{pages:?}")
    }
}

#[derive(Clone, Debug)]
enum Act {
    Submit((u8, i64, Operator)),
    Foreign((u8, i64, Operator)),
    Batch(Vec<(u8, i64, Operator)>),
    Void(u8, usize),
    Delete(u8),
    Join(u8),
    Hide(u8, bool),
    Close(Window),
    Wait(u64),
}

fn entry() -> impl Strategy<Value = (u8, i64, Operator)> {
    let operator = prop_oneof![Just(Operator::Best), Just(Operator::Set), Just(Operator::Incr)];
    (0u8..24, -3i64..4, operator)
}

fn act() -> impl Strategy<Value = Act> {
    let window = prop_oneof![Just(Window::All), Just(Window::Daily)];
    prop_oneof![
        12 => entry().prop_map(Act::Submit),
        2 => entry().prop_map(Act::Foreign),
        3 => proptest::collection::vec(entry(), 1..12).prop_map(Act::Batch),
        2 => (0u8..24, 1usize..9).prop_map(|(owner, back)| Act::Void(owner, back)),
        1 => (0u8..24).prop_map(Act::Delete),
        1 => (0u8..24).prop_map(Act::Join),
        2 => (0u8..24, any::<bool>()).prop_map(|(owner, hidden)| Act::Hide(owner, hidden)),
        1 => window.prop_map(Act::Close),
        2 => prop_oneof![Just(1), Just(DAY / 2), Just(DAY * 2)].prop_map(Act::Wait),
    ]
}

fn definition(sort: Sort, tie: Tie) -> Definition {
    let tournament = Some(millrace_topics::leaderboards::Tournament::default());
    let windows = Windows::of(&[Window::All, Window::Daily]);
    let reset_cron = Some("0 6 2 * *".to_owned());
    let prizes = vec![millrace_topics::leaderboards::Prize { to_rank: 3, prize: "gold".to_owned() }];
    Definition {
        sort,
        tie,
        columns: vec![Sort::Asc],
        windows,
        reset_cron,
        prizes,
        tournament,
        top: 4,
        ..Definition::new("b".to_owned())
    }
}

/// A way to share ranks that is asked for beside that of the board.
fn other(tie: Tie) -> Tie {
    if tie == Tie::Dense { Tie::Unique } else { Tie::Competition }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn eight_shards_answer_as_one(
        sort in prop_oneof![Just(Sort::Desc), Just(Sort::Asc)],
        tie in prop_oneof![Just(Tie::Unique), Just(Tie::Dense)],
        acts in proptest::collection::vec(act(), 1..60),
        limit in 1u32..9,
    ) {
        let (one, eight) = (Side::new(&definition(sort, tie), 1), Side::new(&definition(sort, tie), 8));
        for (at, act) in acts.iter().enumerate() {
            assert_eq!(one.act(at, act), eight.act(at, act), "{act:?}, the {at}th");
        }
        let (one, eight) = (one.all(limit, 24, other(tie)), eight.all(limit, 24, other(tie)));
        for (one, eight) in one.lines().zip(eight.lines()) {
            assert_eq!(one, eight);
        }
        assert_eq!(one.lines().count(), eight.lines().count());
    }
}

/// Ranks far down are found in rounds.
#[test]
fn a_long_board_is_counted_together() {
    let definition = Definition { columns: vec![Sort::Desc], ..Definition::new("b".to_owned()) };
    let (one, eight) = (Side::new(&definition, 1), Side::new(&definition, 8));
    for at in 0..6usize {
        let entry = |number: usize| {
            let score = i64::try_from(number * 7919 % 700).unwrap();
            let owner = format!("o{}", number + 1000 * at);
            NewEntry { owner, score, subscores: vec![0], operator: None, metadata: None }
        };
        for side in [&one, &eight] {
            side.inner().stamp = 1_000_000 + 10_000 * at as u64;
            let entries: Vec<NewEntry> = (0..1000).map(entry).collect();
            let shards = now(spread::shards_of(&side.door, &side.asked, "b")).unwrap();
            if shards == 1 {
                side.tell(Command::SubmitScores(Batch { board: "b".to_owned(), entries, stamps: Vec::new() })).unwrap();
            } else {
                let (commands, _) = spread::write::split(&side.door, "b", entries, shards);
                now(side.door.submit_all::<Boards>(&side.asked, &commands)).into_iter().for_each(|done| {
                    done.unwrap();
                });
            }
        }
    }
    let of = || Ranking::of("b");
    for rank in (1..=6001).step_by(97).chain([6000]) {
        assert_eq!(one.ask(Query::Rank { of: of(), rank }), eight.ask(Query::Rank { of: of(), rank }), "{rank}");
        let page = Query::Entries {
            of: of(),
            seek: Seek::Rank(rank),
            limit: 1000,
            scores: Bounds::default(),
            top_percent: None,
        };
        let (one, eight): (Vec<Entry>, Vec<Entry>) = (one.page(page.clone()).entries, eight.page(page).entries);
        assert!(one == eight, "from {rank}");
    }
    let stats = || Query::Stats { of: of(), ranks: vec![5000], bars: 10 };
    let (Ok(Answer::Stats(one)), Ok(Answer::Stats(eight))) = (one.ask(stats()), eight.ask(stats())) else { panic!() };
    assert_eq!(one, eight);
}

/// Scripts, with crashes, repeats and over 1 and 8 partitions: a foreign producer does not know of shards.
#[test]
fn a_home_and_its_shards_tell_each_other() {
    check(
        r#"
                        {"type":"define","id":"b","shards":2,"windows":["all","daily"],"top":2,"keep_epochs":1}
        +1s             {"type":"submit_score","board":"b","owner":"ada","score":7}
                        {"type":"submit_score","board":"b","owner":"bob","score":7}
        user:eve        {"type":"submit_score","board":"b","owner":"eve","score":9}
        user:eve        {"type":"submit_score","board":"b","owner":"bob","score":9}
                        {"type":"submit_scores","board":"b","entries":[{"owner":"bob","score":9}]}
                        {"type":"submit_score","board":"b#0","owner":"ada","score":8}
                        {"type":"submit_score","board":"b#1","owner":"ada","score":8}
        +1s             {"type":"close_epoch","board":"b"}
                        {"type":"delete_owner","board":"b","owner":"bob"}
        +24h
                        {"type":"close_epoch","board":"b","window":"weekly"}
        "#,
        &expect![[r#"
            {"type":"define","id":"b","shards":2,"windows":["all","daily"],"top":2,"keep_epochs":1}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":1,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"},{"closed_at":null,"closes_at":"2024-01-02T00:00:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"daily"}],"operator":"best","prizes":[],"reset_cron":null,"shards":2,"sort":"desc","tie":"unique","top":2,"tournament":null,"tz":"UTC","windows":["all","daily"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"b","keep_epochs":1,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":2,"sort":"desc","tie":"unique","top":2,"tournament":null,"tz":"UTC","windows":["all","daily"]}
            +1s             {"type":"submit_score","board":"b","owner":"ada","score":7}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":null,"score":7,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":null,"score":7}}}
            {"type":"submit_score","board":"b","owner":"bob","score":7}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":null,"score":7,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":null,"score":7}}}
            user:eve        {"type":"submit_score","board":"b","owner":"eve","score":9}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":null,"score":9,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":null,"score":9}}}
            user:eve        {"type":"submit_score","board":"b","owner":"bob","score":9}
              → 403 not_yourself: a user may submit scores of its own only
            {"type":"submit_scores","board":"b","entries":[{"owner":"bob","score":9}]}
              → 422 spread: the board is spread over 2 shards: this does not work there
            {"type":"submit_score","board":"b#0","owner":"ada","score":8}
              → 404 unknown_board: there is no board of this id
            {"type":"submit_score","board":"b#1","owner":"ada","score":8}
              → {"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":7,"rank":null,"score":8,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":7,"rank":null,"score":8}}}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":7,"rank":null,"score":8,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":7,"rank":null,"score":8}}}
            +1s             {"type":"close_epoch","board":"b"}
              → {"at":"2024-01-01T00:00:02Z","nth":1,"window":"all"}
              said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-01T00:00:02Z","epoch":0,"hash":"df8bf77eb3fb5f93cbf0257d1533630b","members":3,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"eve","rank":1,"score":9},{"owner":"ada","rank":2,"score":8}],"window":"all"}
            {"type":"delete_owner","board":"b","owner":"bob"}
              → null
            +24h
              said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-02T00:00:00Z","epoch":0,"hash":"df8bf77eb3fb5f93cbf0257d1533630b","members":3,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"eve","rank":1,"score":9},{"owner":"ada","rank":2,"score":8}],"window":"daily"}
            {"type":"close_epoch","board":"b","window":"weekly"}
              → 404 unknown_window: the board has no window `weekly`
            leaderboards timers (Time(1704240000000), [0, 3, 98, 35, 48, 1]) → ()
            leaderboards timers (Time(1704240000000), [0, 3, 98, 35, 49, 1]) → ()
            leaderboards definitions "b" → (Definition { id: "b", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 1, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "b#0" → (Definition { id: "b#0", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 1, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "b#1" → (Definition { id: "b#1", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 1, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "b" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, keep: 8, tournament: None, league: None, open: [1, 1, 0] }
            leaderboards boards "b#0" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, keep: 8, tournament: None, league: None, open: [1, 1, 0] }
            leaderboards boards "b#1" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(3), tie: Unique, shards: 2, keep: 8, tournament: None, league: None, open: [1, 1, 0] }
            leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704067202000), members: 3, hash: 297144592116994867947742542669337027339 }) }
            leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704067202000), closes: None, closed: None }
            leaderboards epochs ("b", 1, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704153600000)), closed: Some(Closed { at: Time(1704153600000), members: 3, hash: 297144592116994867947742542669337027339 }) }
            leaderboards epochs ("b", 1, 1) → EpochRow { opened: Time(1704153600000), closes: Some(Time(1704240000000)), closed: None }
            leaderboards epochs ("b#0", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704067202000), members: 2, hash: 195382327270016936895851953915059205813 }) }
            leaderboards epochs ("b#0", 0, 1) → EpochRow { opened: Time(1704067202000), closes: None, closed: None }
            leaderboards epochs ("b#0", 1, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704153600000)), closed: Some(Closed { at: Time(1704153600000), members: 2, hash: 195382327270016936895851953915059205813 }) }
            leaderboards epochs ("b#0", 1, 1) → EpochRow { opened: Time(1704153600000), closes: Some(Time(1704240000000)), closed: None }
            leaderboards epochs ("b#1", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704067202000), members: 1, hash: 101762264846977931051890588754277821526 }) }
            leaderboards epochs ("b#1", 0, 1) → EpochRow { opened: Time(1704067202000), closes: None, closed: None }
            leaderboards epochs ("b#1", 1, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704153600000)), closed: Some(Closed { at: Time(1704153600000), members: 1, hash: 101762264846977931051890588754277821526 }) }
            leaderboards epochs ("b#1", 1, 1) → EpochRow { opened: Time(1704153600000), closes: Some(Time(1704240000000)), closed: None }
            leaderboards closings ("b", 0) → (1, 0)
            leaderboards closings ("b#0", 0) → (1, 0)
            leaderboards closings ("b#1", 0) → (1, 0)
            leaderboards members ("ada", "b#1", 0) → MemberRow { standing: Some(Standing { score: 8, subscores: [], reached: Stamp { micros: 8, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@5.0, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067201000), operator: Best, score: 7, subscores: [], metadata: None, rank: None, voided: false }, Entry { at: at/0@14, stamp: Stamp { micros: 8, node: 1 }, time: Time(1704067201000), operator: Best, score: 8, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("ada", "b#1", 1) → MemberRow { standing: Some(Standing { score: 8, subscores: [], reached: Stamp { micros: 8, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@5.0, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067201000), operator: Best, score: 7, subscores: [], metadata: None, rank: None, voided: false }, Entry { at: at/0@14, stamp: Stamp { micros: 8, node: 1 }, time: Time(1704067201000), operator: Best, score: 8, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("bob", "b#0", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@8.0, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067201000), operator: Best, score: 7, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("bob", "b#0", 1) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@8.0, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067201000), operator: Best, score: 7, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("eve", "b#0", 0) → MemberRow { standing: Some(Standing { score: 9, subscores: [], reached: Stamp { micros: 4, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@10.0, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067201000), operator: Best, score: 9, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("eve", "b#0", 1) → MemberRow { standing: Some(Standing { score: 9, subscores: [], reached: Stamp { micros: 4, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@10.0, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067201000), operator: Best, score: 9, subscores: [], metadata: None, rank: None, voided: false }] }
        "#]],
    );
}
