//! Ping and pong: two machines that exist to try the runtime. A game is a ball that goes over the link and comes back
//! after a timer, so it uses links in both directions, sequence checks, timers, events and every way to fail.

use crate::runtime::check;
use crate::runtime::cx::Cx;
use crate::runtime::reply::Output;
use crate::runtime::runner::{Limits, Partition, Place, Processor, Step, StopReason};
use crate::runtime::system::{Machine, MachineDef, Partitions};
use crate::runtime::tables::{LINKS, OUTBOX, RECEIVED};
use crate::runtime::view::View;
use expect_test::expect;
use millrace_state::store::Store;
use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{self, Decode, Encode};
use millrace_topics::contract::{Contract, NoTimer, Refusal, RefusalKind};
use millrace_topics::log::LogRecord;
use millrace_topics::record::{Header, Payload, Provenance, Record, Stamp};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

struct PingContract;
struct PongContract;

#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PingCommand {
    Serve { game: String, rounds: u32, every_ms: u64 },
    Back { game: String, round: u32 },
    RefuseAfterWrite { game: String },
    Fail { game: String },
    Smash { game: String },
}

#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PongCommand {
    Hit { game: String, round: u32 },
}

#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
struct Played {
    round: u32,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode, thiserror::Error)]
enum No {
    #[error("game {0} has been served")]
    Served(String),
}

impl Refusal for No {
    fn code(&self) -> &'static str {
        "served"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
struct Over {
    game: String,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct Again {
    game: String,
    round: u32,
}

#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct Ask {
    game: String,
}

impl Contract for PingContract {
    const MACHINE: &'static str = "ping";
    const SCHEMA: u16 = 1;
    type Command = PingCommand;
    type Outcome = Played;
    type Rejection = No;
    type Event = Over;
    type Query = Ask;
    type Answer = u32;
    type Timer = Again;

    fn key(command: &PingCommand) -> Option<&[u8]> {
        match command {
            PingCommand::Serve { game, .. }
            | PingCommand::Back { game, .. }
            | PingCommand::RefuseAfterWrite { game }
            | PingCommand::Fail { game }
            | PingCommand::Smash { game } => Some(game.as_bytes()),
        }
    }

    fn foreign_since(command: &PingCommand) -> u32 {
        if matches!(command, PingCommand::Smash { .. }) { 2 } else { 1 }
    }

    fn event_type(_: &Over) -> &'static str {
        "Over"
    }
}

impl Contract for PongContract {
    const MACHINE: &'static str = "ping.pong";
    const SCHEMA: u16 = 1;
    type Command = PongCommand;
    type Outcome = Played;
    type Rejection = No;
    type Event = Over;
    type Query = Ask;
    type Answer = u32;
    type Timer = NoTimer;

    fn key(command: &PongCommand) -> Option<&[u8]> {
        // Another key than ping's, so that the ball crosses partitions.
        let PongCommand::Hit { game, .. } = command;
        Some(&game.as_bytes()[..1])
    }

    fn event_type(_: &Over) -> &'static str {
        "Over"
    }
}

/// game → (rounds left, milliseconds between them).
const GAMES: Table<String, (u32, u64)> = Table::primary(16, "games");
/// game → hits.
const HITS: Table<String, u32> = Table::primary(16, "hits");

struct Ping;
struct Pong;

impl Machine for Ping {
    type Contract = PingContract;
    type Engine = ();
    const RULES: u32 = 2;

    fn tables() -> Vec<TableDef> {
        vec![GAMES.def()]
    }

    fn apply(cx: &mut Cx<'_, Self>, command: PingCommand) -> Result<Played, No> {
        match command {
            PingCommand::Serve { game, rounds, every_ms } => {
                if cx.get(GAMES, &game).is_some() {
                    return Err(No::Served(game));
                }
                cx.put(GAMES, &game, &(rounds, every_ms));
                cx.send::<PongContract>(&PongCommand::Hit { game, round: 1 });
                Ok(Played { round: 1 })
            }
            PingCommand::Back { game, round } => {
                let (rounds, every_ms) = cx.get(GAMES, &game).expect("what comes back was served");
                if round == rounds {
                    cx.say(&Over { game });
                    return Ok(Played { round });
                }
                cx.set_timer(cx.now().plus(every_ms), &Again { game, round: round + 1 });
                Ok(Played { round })
            }
            PingCommand::RefuseAfterWrite { game } => {
                cx.put(GAMES, &game, &(0, 0));
                Err(No::Served(game))
            }
            PingCommand::Smash { .. } => Ok(Played { round: 0 }),
            PingCommand::Fail { game } => {
                cx.put(GAMES, &game, &(0, 0));
                panic!("the ball is flat");
            }
        }
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: Again) {
        cx.send::<PongContract>(&PongCommand::Hit { game: timer.game, round: timer.round });
    }

    fn partitions(_: &Ask) -> Partitions {
        Partitions::All
    }

    fn answer(view: &View<'_, Self>, query: Ask) -> Result<u32, No> {
        Ok(view.get(GAMES, &query.game).map_or(0, |(rounds, _)| rounds))
    }

    fn merge(_: &Ask, answers: Vec<u32>) -> u32 {
        answers.into_iter().sum()
    }
}

impl Machine for Pong {
    type Contract = PongContract;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        vec![HITS.def()]
    }

    fn apply(cx: &mut Cx<'_, Self>, PongCommand::Hit { game, round }: PongCommand) -> Result<Played, No> {
        let hits = cx.get(HITS, &game).unwrap_or(0) + 1;
        cx.put(HITS, &game, &hits);
        cx.send::<PingContract>(&PingCommand::Back { game, round });
        Ok(Played { round })
    }

    fn on_timer(_: &mut Cx<'_, Self>, timer: NoTimer) {
        match timer {}
    }

    fn partitions(_: &Ask) -> Partitions {
        Partitions::All
    }

    fn answer(view: &View<'_, Self>, query: Ask) -> Result<u32, No> {
        Ok(view.get(HITS, &query.game).unwrap_or(0))
    }

    fn merge(_: &Ask, answers: Vec<u32>) -> u32 {
        answers.into_iter().sum()
    }
}

const BOTH: &[MachineDef] = &[MachineDef::of::<Ping>("ping"), MachineDef::of::<Pong>("ping")];

#[test]
fn a_game_goes_back_and_forth_and_ends_once() {
    let shown = check::run(
        BOTH,
        r#"
                {"type":"serve","game":"a1","rounds":3,"every_ms":500}
        key=k   {"type":"serve","game":"b1","rounds":2,"every_ms":100}
        key=k   {"type":"serve","game":"b1","rounds":2,"every_ms":100}
        key=k   {"type":"serve","game":"b1","rounds":9,"every_ms":100}
                {"type":"serve","game":"b1","rounds":2,"every_ms":100}
        +100ms
        +1s
        +2s
        "#,
    );
    expect![[r#"
        {"type":"serve","game":"a1","rounds":3,"every_ms":500}
          → {"round":1}
        key=k   {"type":"serve","game":"b1","rounds":2,"every_ms":100}
          → {"round":1}
        key=k   {"type":"serve","game":"b1","rounds":2,"every_ms":100}
          → {"round":1} (replayed)
        key=k   {"type":"serve","game":"b1","rounds":9,"every_ms":100}
          → key reused
        {"type":"serve","game":"b1","rounds":2,"every_ms":100}
          → 409 served: game b1 has been served
        +100ms
          said ping Over {"game":"b1"}
        +1s
        +2s
          said ping Over {"game":"a1"}
        ping games "a1" → (3, 500)
        ping games "b1" → (2, 100)
        ping.pong hits "a1" → 3
        ping.pong hits "b1" → 2
    "#]]
    .assert_eq(&shown);
}

#[test]
fn balls_that_race_are_all_counted() {
    let serve = |game: u32| format!("| {{\"type\":\"serve\",\"game\":\"g{game}\",\"rounds\":3,\"every_ms\":0}}\n");
    let script: String = (0..9).map(serve).collect::<String>() + "+1s\n+1s\n+1s\n";
    check::race(BOTH, &script, 20, &|shown| {
        let hits = shown.rows.iter().filter(|row| row.contains("hits") && row.ends_with("→ 3")).count();
        assert_eq!(hits, 9, "{:#?}", shown.rows);
        assert_eq!(shown.lines.iter().map(|line| line.2.len()).sum::<usize>(), 9);
    });
}

fn place(partitions: u32) -> Place {
    Place {
        machine: "ping",
        partition: 0,
        partitions,
        topic_id: "t".into(),
        limits: Limits::default(),
        skips: Arc::default(),
    }
}

fn ping(place: Place) -> Partition<Ping> {
    Partition::open(Store::memory(Arc::default()), place).unwrap()
}

fn raw(offset: u64, time: u64, value: Vec<u8>) -> LogRecord {
    LogRecord { offset, time: Time(time), key: Vec::new(), value, headers: Vec::new() }
}

fn command(command: &PingCommand, provenance: Option<u64>) -> Record {
    let provenance = provenance.map(|n| Provenance { machine: "ping.pong".into(), partition: 0, n });
    let header = Header { schema: 1, provenance, stamp: Stamp { micros: 1, node: 1 }, ..Header::default() };
    Record { header, payload: Payload::Command(codec::encode(command)) }
}

fn serve(game: &str) -> PingCommand {
    PingCommand::Serve { game: game.into(), rounds: 1, every_ms: 1 }
}

/// Feeds values at offsets 0, 1, 2, … and answers with what came out and the last step.
fn feed(part: &mut dyn Processor, values: Vec<Vec<u8>>) -> (Output, Step) {
    let mut out = Output::default();
    let mut last = Step::Applied;
    let first = part.core().meta.next;
    for (offset, value) in (first..).zip(values) {
        last = part.step(&raw(offset, offset, value), &mut out);
    }
    (out, last)
}

#[test]
fn records_between_machines_are_taken_in_turn_and_once() {
    let mut part = ping(place(1));
    let numbered = |n| command(&serve(&format!("g{n}")), Some(n)).encode();
    let (out, _) = feed(&mut part, vec![numbered(1), numbered(3), numbered(1), numbered(2), numbered(3)]);
    let counters = part.core().meta.counters;
    assert_eq!((counters.accepted, counters.dropped, counters.gaps), (3, 1, 1));
    assert_eq!(out.alarms.len(), 1);
    assert!(out.alarms[0].contains("record 3 from ping.pong/0, but has only 1"), "{}", out.alarms[0]);
}

#[test]
fn a_dead_letter_with_a_provenance_counts_as_received() {
    let mut part = ping(place(1));
    let mut broken = command(&serve("a"), Some(1));
    broken.payload = Payload::Command(vec![99]);
    let (out, _) = feed(&mut part, vec![broken.encode(), broken.encode(), command(&serve("b"), Some(2)).encode()]);
    assert_eq!(out.dead.len(), 1);
    assert_eq!(part.core().meta.counters.accepted, 1);
    let received = RECEIVED.raw_key(&("ping.pong".into(), 0));
    assert_eq!(part.core().store.get(&received), Some(codec::encode(&2u64)));
}

#[test]
fn what_no_build_can_read_is_buried_and_the_partition_goes_on() {
    let mut part = ping(place(1));
    let garbage = [
        &b""[..],
        b"\xff\xfe",
        b"{",
        b"{}",
        b"{\"type\":\"dance\"}",
        b"{\"type\":\"serve\",\"provenance\":1}",
        b"\x01",
    ];
    let mut values: Vec<_> = garbage.iter().map(|value| value.to_vec()).collect();
    values.push(command(&serve("a"), None).encode());
    let (out, step) = feed(&mut part, values);
    assert_eq!((out.dead.len(), step), (garbage.len(), Step::Applied));
    assert_eq!(part.core().meta.counters.accepted, 1);
    assert!(out.dead.iter().all(|letter| !letter.reason.is_empty()));
}

/// What stops a partition leaves it as it was, and says where and why.
#[test]
fn what_must_not_happen_stops_the_partition_where_it_was() {
    let newer = Record { header: Header { schema: 2, ..Header::default() }, ..command(&serve("x"), None) };
    let switch = Record { header: Header::default(), payload: Payload::Switch(3) };
    for (value, reason) in [
        (newer.encode(), "contract schema 2, this build reads up to 1"),
        (vec![2], "record format 2"),
        (switch.encode(), "rules version 3, this build knows up to 2"),
        (command(&PingCommand::Fail { game: "x".into() }, None).encode(), "the ball is flat"),
        (command(&PingCommand::RefuseAfterWrite { game: "x".into() }, None).encode(), "refused after a write"),
    ] {
        let mut part = ping(place(1));
        feed(&mut part, vec![command(&serve("a"), None).encode()]);
        let before = part.core().meta;
        let (_, step) = feed(&mut part, vec![value, command(&serve("b"), None).encode()]);
        assert_eq!(step, Step::Stopped);
        assert_eq!(part.core().meta, before);
        assert_eq!(part.core().store.get(&GAMES.raw_key(&"x".into())), None);
        let stopped = part.core().stopped().unwrap().to_string();
        assert!(stopped.contains("ping/0@1") && stopped.contains(reason), "{stopped}");
        assert!(part.query(&codec::encode(&Ask { game: "a".into() })).is_err());
        // What a transition that was broken off has left in memory must not land.
        assert_eq!(part.freeze().is_some(), !stopped.contains("the transition failed"), "{stopped}");
    }
}

#[test]
fn a_skipped_record_is_buried() {
    let mut part = ping(Place { skips: Arc::new([0].into()), ..place(1) });
    let (out, _) = feed(&mut part, vec![command(&PingCommand::Fail { game: "x".into() }, None).encode()]);
    assert_eq!(out.dead[0].reason, "skipped by an operator");
    assert_eq!(part.core().stopped(), None);
}

#[test]
fn rules_switch_where_the_log_says() {
    let mut part = ping(place(1));
    feed(&mut part, vec![Record { header: Header::default(), payload: Payload::Switch(2) }.encode()]);
    assert_eq!(part.core().meta.rules, 2);
}

/// A build that does not know the type buries it, so one that does must too, as long as the log has not switched.
#[test]
fn a_new_type_of_foreign_command_is_buried_until_the_log_switches_it_on() {
    let mut part = ping(place(1));
    let smash = br#"{"type":"smash","game":"a"}"#.to_vec();
    let switch = Record { header: Header::default(), payload: Payload::Switch(2) }.encode();
    let (out, _) = feed(&mut part, vec![smash.clone(), switch, smash]);
    assert_eq!(out.dead.len(), 1);
    assert_eq!(part.core().meta.counters.accepted, 1);
}

#[test]
fn a_foreign_record_in_the_wrong_partition_is_forwarded_once() {
    // murmur2("g2") mod 2 is 1, so partition 0 is not its own.
    let mut part = ping(place(2));
    let json = |game: &str| format!(r#"{{"type":"serve","game":"{game}","rounds":1,"every_ms":1}}"#).into_bytes();
    let wrong =
        (0..9).map(|n| format!("g{n}")).find(|game| millrace_topics::partition::partition_of(game.as_bytes(), 2) == 1);
    feed(&mut part, vec![json(&wrong.unwrap())]);
    assert_eq!(part.core().meta.counters.misrouted, 1);
    let to = ("ping".to_owned(), 1);
    let link = part.core().store.get(&LINKS.raw_key(&to)).map(|row| LINKS.value_of(&row)).unwrap();
    assert_eq!(link.sent, 1);
    let row = part.core().store.get(&OUTBOX.raw_key(&("ping".into(), 1, 1))).unwrap();
    let (_, value) = OUTBOX.value_of(&row);
    let forwarded = Record::read(&raw(0, 0, value), 1).unwrap();
    assert_eq!(forwarded.header.provenance, Some(Provenance { machine: "ping".into(), partition: 0, n: 1 }));
    assert_eq!(forwarded.header.stamp, Stamp::foreign(&raw(0, 0, Vec::new()), 0), "its id stays");
}

#[test]
fn a_refused_foreign_command_says_so() {
    let mut part = ping(place(1));
    let json = br#"{"type":"serve","game":"a","rounds":1,"every_ms":1,"unknown":"ignored"}"#.to_vec();
    let (out, _) = feed(&mut part, vec![json.clone(), json]);
    let said: Vec<_> = out.said.iter().map(|said| (said.kind, said.data.clone())).collect();
    assert_eq!(said, [("CommandRefused", r#"{"code":"served","detail":"game a has been served"}"#.to_owned())]);
}

#[test]
fn a_thousand_timers_fire_a_go_and_the_rest_follows() {
    let mut part = ping(place(1));
    let games: Vec<_> = (0..1500).map(|n| format!("g{n}")).collect();
    let back = |game: &String| command(&PingCommand::Back { game: game.clone(), round: 1 }, None).encode();
    let served = |game: &String| {
        command(&PingCommand::Serve { game: game.clone(), rounds: 9, every_ms: 100_000 }, None).encode()
    };
    feed(&mut part, games.iter().map(served).collect());
    feed(&mut part, games.iter().map(back).collect());
    let tick =
        raw(part.core().meta.next, 1_000_000, Record { header: Header::default(), payload: Payload::Tick }.encode());
    let mut out = Output::default();
    assert_eq!(part.step(&tick, &mut out), Step::TimersLeft);
    assert_eq!((part.core().meta.counters.timers, part.core().meta.timers_left), (1000, true));
    assert_eq!(part.step(&tick, &mut out), Step::Applied);
    assert_eq!((part.core().meta.counters.timers, part.core().meta.timers_left), (1500, false));
    assert_eq!(part.core_mut().next_due(), None);
}

/// A past state of an idle partition is asked for a time that no record has brought it to.
#[test]
fn time_passes_without_a_record_and_fires_what_is_due() {
    let mut part = ping(place(1));
    let games: Vec<_> = (0..1500).map(|n| format!("g{n}")).collect();
    let served = |game: &String| {
        command(&PingCommand::Serve { game: game.clone(), rounds: 9, every_ms: 100_000 }, None).encode()
    };
    let back = |game: &String| command(&PingCommand::Back { game: game.clone(), round: 1 }, None).encode();
    feed(&mut part, games.iter().map(served).collect());
    feed(&mut part, games.iter().map(back).collect());
    let (next, last) = (part.core().meta.next, part.core().meta.clock);
    part.advance(Time(101_499));
    assert_eq!((part.core().meta.counters.timers, part.core().meta.clock), (0, Time(101_499)));
    part.advance(last);
    assert_eq!(part.core().meta.clock, Time(101_499), "a clock does not go back");
    part.advance(last.plus(100_000));
    assert_eq!((part.core().meta.counters.timers, part.core().meta.next), (1500, next));
    assert_eq!(part.core_mut().next_due(), None);
}

#[test]
fn a_state_of_another_log_is_refused_with_both_values() {
    let mut part = ping(place(1));
    feed(&mut part, vec![command(&serve("a"), None).encode()]);
    let landed = part.freeze().unwrap().write().unwrap();
    let core = part.core_mut();
    drop(core.store.land(landed));
    let rows = core.store.memory_rows().unwrap();
    let open = |place: Place| Partition::<Ping>::open(Store::memory(rows.clone()), place).map(|_| ());
    assert_eq!(open(place(1)), Ok(()));
    for other in [Place { topic_id: "u".into(), ..place(1) }, place(2)] {
        assert!(matches!(open(other), Err(StopReason::Foreign(_))));
    }
}
