//! The crash test: loads the real program from several clients, kills it with -9 at random points, starts it again, and
//! compares every answer that it ever gave with its log and its views.
//!
//! `KILLS` says how often (50), `SEED` repeats a run. What the scheduler and the disk do is not in the seed, so a run
//! is repeated in what is asked and when it is killed, not to the microsecond.

mod clicks;
mod model;

use crate::support::{Answer, Server, millrace, number_of, text};
use model::{Effect, Model};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many clients send at the same time.
const CLIENTS: u64 = 6;

/// Boards with what their operator does; together they lie in several partitions.
const BOARDS: &[(&str, &str)] =
    &[("sum-0", "incr"), ("sum-1", "incr"), ("sum-2", "incr"), ("best-0", "best"), ("best-1", "best"), ("last", "set")];

/// After so many kills everything is rebuilt aside and compared, and at the end.
const VERIFY_EVERY: u64 = 10;

/// A small generator of numbers (splitmix64), so that a seed gives the same ones on every machine.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// A submission. Its marker stands in its metadata, so that it is found in the log.
#[derive(Clone, Debug)]
struct Command {
    marker: String,
    board: &'static str,
    owner: String,
    score: i64,
    keyed: bool,
    /// `Prefer: respond-async`.
    asynchronous: bool,
    /// An earlier attempt may be in the log.
    uncertain: bool,
}

/// What the client knows of a command in the end.
#[derive(Debug)]
enum Fate {
    /// 200: it took effect at this position with this answer.
    Applied { position: String, body: Value },
    /// 202: it is in the log at this position.
    Durable { position: String },
    /// 503 or 429: it is surely not in the log.
    Refused,
    /// The connection broke, or 504: it may be in the log, but at most once.
    Unknown,
}

struct Client {
    chance: Chance,
    number: u64,
    sent: u64,
    /// A keyed command without an answer: it goes again, under its key.
    pending: Option<Command>,
    fates: Vec<(Command, Fate)>,
}

impl Client {
    fn new(seed: u64, number: u64) -> Self {
        Self { chance: Chance(seed ^ (number + 1) << 32), number, sent: 0, pending: None, fates: Vec::new() }
    }

    fn invent(&mut self) -> Command {
        self.sent += 1;
        let (board, _) = BOARDS[usize::try_from(self.chance.below(BOARDS.len() as u64)).unwrap()];
        Command {
            marker: format!("{}-{}", self.number, self.sent),
            board,
            owner: format!("o{}", self.chance.below(12)),
            // Never 0, which leaves a sum and its attempts as they are.
            score: i64::try_from(self.chance.below(1000)).unwrap() * 2 - 601,
            keyed: self.chance.one_in(2),
            asynchronous: self.chance.one_in(8),
            uncertain: false,
        }
    }

    /// Sends until the server is gone.
    fn load(&mut self, server: &Server, killed: &AtomicBool) {
        loop {
            let command = self.pending.take().unwrap_or_else(|| self.invent());
            let answer = send(server, &command);
            let gone = answer.is_err();
            if let Err(error) = &answer {
                assert!(killed.load(Ordering::Acquire), "the server was alive, but: {error} for {command:?}");
            }
            self.note(command.clone(), answer);
            if gone {
                return;
            }
            if command.keyed && self.chance.one_in(10) {
                self.repeat(server, &command);
            }
        }
    }

    fn note(&mut self, mut command: Command, answer: Result<Answer, String>) {
        let fate = match answer.as_ref().map(|answer| (answer.status, answer)) {
            Ok((200, answer)) => Fate::Applied { position: position(answer), body: answer.body.clone() },
            Ok((202, answer)) => Fate::Durable { position: position(answer) },
            Ok((503 | 429, _)) if !command.uncertain => Fate::Refused,
            Ok((503 | 429 | 504, _)) | Err(_) if command.keyed => {
                command.uncertain |= !matches!(answer, Ok(Answer { status: 503 | 429, .. }));
                self.pending = Some(command);
                return;
            }
            Ok((504, _)) | Err(_) => Fate::Unknown,
            Ok((_, answer)) => panic!("{command:?} is answered with {answer:?}"),
        };
        self.fates.push((command, fate));
    }

    /// A command that was answered is answered alike when it is sent again under its key.
    fn repeat(&self, server: &Server, command: &Command) {
        let Some((_, Fate::Applied { position: first, body })) = self.fates.last() else { return };
        let again = send(server, &Command { asynchronous: false, ..command.clone() });
        if let Some(again) = again.ok().filter(|answer| answer.status == 200) {
            assert_eq!((&position(&again), &again.body), (first, body), "{command:?} is repeated");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{command:?} is repeated");
        }
    }
}

fn send(server: &Server, command: &Command) -> Result<Answer, String> {
    let Command { marker, board, owner, score, keyed, asynchronous, .. } = command;
    let mut headers = Vec::new();
    if *keyed {
        headers.push(("idempotency-key", marker.as_str()));
    }
    if *asynchronous {
        headers.push(("prefer", "respond-async"));
    }
    let body = json!({ "owner": owner, "score": score, "metadata": { "m": marker } });
    server.send("POST", &format!("/v1/leaderboards/{board}/scores"), &headers, body.to_string().into_bytes())
}

fn position(answer: &Answer) -> String {
    answer.header("millrace-position").expect("an answer to a write says where it took effect").to_owned()
}

/// Figures of a run.
#[derive(Debug, Default)]
struct Totals {
    kills: u64,
    early: u64,
    applied: u64,
    durable: u64,
    refused: u64,
    unknown: u64,
    retried: u64,
    verified: u64,
}

impl Totals {
    /// Holds what the clients were told since the last time against what the log says.
    fn settle(&mut self, server: &Server, model: &Model, clients: &mut [Client]) {
        let mut outcomes = 0;
        for (command, fate) in clients.iter_mut().flat_map(|client| client.fates.drain(..)) {
            let effect = model.effect(&command.marker);
            self.retried += u64::from(command.uncertain);
            match &fate {
                Fate::Applied { position, body } => {
                    let Effect { position: at, reply } = effect.unwrap_or_else(|| panic!("lost: {command:?} {fate:?}"));
                    assert_eq!((position, model::shown(body)), (at, reply.clone()), "{command:?}");
                    self.applied += 1;
                }
                Fate::Durable { position } => {
                    let found = model.marker_at(position);
                    assert_eq!(found, Some(command.marker.as_str()), "lost: {command:?} {fate:?}");
                    self.durable += 1;
                    outcomes += 1;
                    if outcomes <= 5 {
                        check_outcome(server, position, effect.expect("it is in the log"));
                    }
                }
                Fate::Refused => {
                    assert!(effect.is_none(), "503, and it took effect: {command:?} {effect:?}");
                    self.refused += 1;
                }
                Fate::Unknown => self.unknown += 1,
            }
        }
    }
}

/// The outcome of what was answered with 202 is where it was promised.
fn check_outcome(server: &Server, position: &str, effect: &Effect) {
    let answer = server.get(&format!("/v1/outcomes/{position}"));
    assert_eq!(answer.status, 200, "{position}: {answer:?}");
    assert_eq!(
        (answer.header("millrace-position"), model::shown(&answer.body)),
        (Some(effect.position.as_str()), effect.reply.clone())
    );
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_in_a_crash() {
    let kills = number_of("KILLS").unwrap_or(50);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number_of("SEED").unwrap_or(u64::from(since.subsec_nanos()));
    println!("crash test: KILLS={kills} SEED={seed}");
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut chance = Chance(seed);
    let mut clients: Vec<_> = (0..CLIENTS).map(|number| Client::new(seed, number)).collect();
    let mut model = Model::new(BOARDS);
    let mut totals = Totals::default();
    define_boards(&start(&data, &mut chance));
    while totals.kills < kills {
        if chance.one_in(5) {
            kill_while_it_starts(&data, chance.millis(1, 60));
            totals.early += 1;
        } else {
            let server = start(&data, &mut chance);
            model.read(&server);
            totals.settle(&server, &model, &mut clients);
            model.compare(&server);
            load_and_kill(server, &mut clients, Client::load, &mut chance);
        }
        totals.kills += 1;
        if totals.kills.is_multiple_of(VERIFY_EVERY) {
            verify(&data, "leaderboards", &mut chance);
            totals.verified += 1;
        }
    }
    let server = start(&data, &mut chance);
    finish_pending(&server, &mut clients);
    model.read(&server);
    totals.settle(&server, &model, &mut clients);
    model.compare(&server);
    drop(server);
    verify(&data, "leaderboards", &mut chance);
    totals.verified += 1;
    assert!(totals.applied > 10 * kills, "too little was asked to show anything: {totals:?}");
    println!("crash test: SEED={seed} {totals:?}, {} records, {:.1} s", model.records, began.elapsed().as_secs_f64());
}

/// A server with limits that bring flushes and refusals about.
fn start(data: &Path, chance: &mut Chance) -> Server {
    start_with(data, ["2", "65536"], chance)
}

/// The same with one of two limits of what may wait to be appended.
fn start_with(data: &Path, queues: [&str; 2], chance: &mut Chance) -> Server {
    let age = ["20ms", "150ms", "5s"][usize::try_from(chance.below(3)).unwrap()];
    let queue = queues[usize::try_from(chance.below(2)).unwrap()];
    Server::start(data, &["--flush-age", age, "--append-queue", queue, "--log-filter", "warn"])
}

fn define_boards(server: &Server) {
    for (board, operator) in BOARDS {
        let answer = crate::support::eventually("a board is defined", || {
            let answer = server.post("/v1/leaderboards", &json!({ "id": board, "operator": operator }));
            (answer.status != 503).then_some(answer)
        });
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

/// Lets the clients send for a random while, now and then with a replay under way, and kills.
fn load_and_kill<C: Send>(
    server: Server,
    clients: &mut [C],
    load: fn(&mut C, &Server, &AtomicBool),
    chance: &mut Chance,
) {
    let killed = AtomicBool::new(false);
    let (replays, wait) = (chance.one_in(4), chance.millis(10, 350));
    std::thread::scope(|scope| {
        let (server, killed) = (&server, &killed);
        for client in clients {
            scope.spawn(move || load(client, server, killed));
        }
        if replays {
            // It ends with the server.
            scope.spawn(move || drop(server.send("POST", "/v1/replay", &[], Vec::new())));
        }
        // Not to wait for anything: this is the random point.
        std::thread::sleep(wait);
        killed.store(true, Ordering::Release);
        crate::support::signal(server.pid(), "KILL");
    });
}

/// Kills before the server has said that it is ready.
fn kill_while_it_starts(data: &Path, after: Duration) {
    let mut command = millrace(data, &["serve", "--listen", "127.0.0.1:0", "--flush-age", "20ms"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Sends what is still without an answer until it has one.
fn finish_pending(server: &Server, clients: &mut [Client]) {
    for client in clients {
        while let Some(command) = client.pending.take() {
            let answer = send(server, &command);
            assert!(answer.is_ok(), "the server was alive, but: {answer:?}");
            client.note(command, answer);
        }
    }
}

/// Every partition of a system is equal to its rebuild.
fn verify(data: &Path, system: &str, chance: &mut Chance) {
    let server = start(data, chance);
    let output = server.cli(&["verify", system]);
    let lines = text(&output.stdout);
    assert!(output.status.success(), "{lines}{}", text(&output.stderr));
    assert!(lines.lines().filter(|line| line.starts_with("ok ")).count() >= 8, "{lines}");
}
