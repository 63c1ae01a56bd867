//! `millrace load`: fills a running server with something to look at, at a rate that can be watched.

use crate::client::{Client, ClientError};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// The most requests under way at once: a server that is slower than the rate is not flooded.
const UNDER_WAY: usize = 64;

/// After so many failed requests in a row the server is taken for gone.
const GIVE_UP: u64 = 100;

/// How often the figures are shown anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

const FIRST: [&str; 20] = [
    "amber", "brave", "calm", "clever", "dusty", "eager", "frosty", "gentle", "happy", "jolly", "keen", "lucky",
    "merry", "nimble", "proud", "quiet", "rusty", "swift", "tidy", "wild",
];
const SECOND: [&str; 10] = ["badger", "crane", "falcon", "fox", "heron", "lynx", "marten", "otter", "raven", "wolf"];

/// How many play a match.
const MATCH: usize = 4;

/// Plays matches of named players on a few boards for so many seconds, at so many requests a second; false if some
/// request went wrong.
///
/// # Errors
/// A sentence for the operator: the boards cannot be made, or the server is gone.
pub async fn demo(client: Client, seconds: u64, rate: u32) -> Result<bool, String> {
    let client = Arc::new(client);
    let mut players = Players::new()?;
    for board in boards() {
        let made = client.ask(Method::POST, "/v1/leaderboards", Some(&board)).await;
        made.map_err(|error| format!("the board {} cannot be made: {error}", board["id"]))?;
    }
    println!("{} players on {}; Ctrl-C ends it", players.skill.len(), client.server().address);
    let figures = run(&client, seconds, rate, || players.next()).await?;
    figures.print();
    show_boards(&client).await?;
    Ok(figures.errors() == 0)
}

/// A request of a scenario; `kind` is the row of the table that it counts in.
struct Request {
    kind: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
}

/// Makes requests at a rate until the time is over, the server is gone or somebody types Ctrl-C.
async fn run(
    client: &Arc<Client>,
    seconds: u64,
    rate: u32,
    mut next: impl FnMut() -> Request,
) -> Result<Figures, String> {
    let bar = ProgressBar::new(seconds);
    let style = ProgressStyle::with_template("{elapsed_precise} {bar:30} {msg}").expect("the template is right");
    bar.set_style(style);
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut due = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
    // What the server was too slow for is not made up for later.
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = tokio::time::interval(SHOWN_EVERY);
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let end = tokio::time::sleep(Duration::from_secs(seconds));
    let mut end = std::pin::pin!(end);
    let (mut figures, mut tasks) = (Figures::new(), JoinSet::new());
    loop {
        tokio::select! {
            biased;
            _ = &mut stop => break,
            () = &mut end => break,
            Some(done) = tasks.join_next() => figures.count(done.map_err(|error| error.to_string())?)?,
            _ = shown.tick() => {
                bar.set_position(figures.began.elapsed().as_secs());
                bar.set_message(figures.line());
            }
            _ = due.tick() => {
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let (client, request) = (Arc::clone(client), next());
                    tasks.spawn(async move {
                        let done = send(&client, request).await;
                        drop(place);
                        done
                    });
                }
            }
        }
    }
    figures.took = figures.began.elapsed();
    while let Some(done) = tasks.join_next().await {
        figures.count(done.map_err(|error| error.to_string())?)?;
    }
    bar.finish_and_clear();
    Ok(figures)
}

/// What became of a request.
struct Done {
    kind: &'static str,
    took: Duration,
    result: Result<Value, ClientError>,
}

async fn send(client: &Client, request: Request) -> Done {
    let Request { kind, method, path, body } = request;
    let began = Instant::now();
    let result = client.ask(method, &path, body.as_ref()).await;
    Done { kind, took: began.elapsed(), result }
}

/// How the requests of one kind went.
#[derive(Default)]
struct Row {
    done: u64,
    errors: u64,
    /// How many took so many µs, rounded down to five binary digits.
    times: BTreeMap<u64, u64>,
}

impl Row {
    fn count(&mut self, took: Duration, is_error: bool) {
        self.done += 1;
        self.errors += u64::from(is_error);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let cut = (u64::BITS - micros.leading_zeros()).saturating_sub(5);
        *self.times.entry(micros >> cut << cut).or_default() += 1;
    }

    /// The time within which so many of a hundred requests were answered, in ms.
    fn percentile(&self, part: u64) -> String {
        let wanted = (self.done * part).div_ceil(100);
        let mut seen = 0;
        let found = self.times.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        let micros = found.map_or(0, |(micros, _)| *micros);
        format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
    }
}

/// How all requests went.
struct Figures {
    began: Instant,
    took: Duration,
    all: Row,
    kinds: BTreeMap<&'static str, Row>,
    failed_in_a_row: u64,
    first_error: Option<String>,
}

impl Figures {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            took: Duration::ZERO,
            all: Row::default(),
            kinds: BTreeMap::new(),
            failed_in_a_row: 0,
            first_error: None,
        }
    }

    fn errors(&self) -> u64 {
        self.all.errors
    }

    fn count(&mut self, done: Done) -> Result<(), String> {
        let error = match &done.result {
            Ok(answer) => refused_part(answer),
            Err(error) => Some(error.to_string()),
        };
        self.failed_in_a_row = if error.is_some() { self.failed_in_a_row + 1 } else { 0 };
        if let (true, Some(error)) = (self.failed_in_a_row >= GIVE_UP, &error) {
            return Err(format!("{GIVE_UP} requests in a row failed, the last one because: {error}"));
        }
        self.all.count(done.took, error.is_some());
        self.kinds.entry(done.kind).or_default().count(done.took, error.is_some());
        self.first_error = self.first_error.take().or(error);
        Ok(())
    }

    fn per_second(&self, over: Duration) -> u64 {
        let millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
        self.all.done * 1000 / millis
    }

    fn line(&self) -> String {
        let (all, rate) = (&self.all, self.per_second(self.began.elapsed()));
        let (p50, p99) = (all.percentile(50), all.percentile(99));
        format!("{} requests, {rate}/s, p50 {p50}, p99 {p99}, {} errors", all.done, all.errors)
    }

    fn print(&self) {
        println!("\n{:<24} {:>9} {:>9} {:>10} {:>10}", "requests", "done", "errors", "p50", "p99");
        let total = format!("all, {}/s", self.per_second(self.took));
        for (kind, row) in self.kinds.iter().map(|(kind, row)| (*kind, row)).chain([(total.as_str(), &self.all)]) {
            let (p50, p99) = (row.percentile(50), row.percentile(99));
            println!("{kind:<24} {:>9} {:>9} {p50:>10} {p99:>10}", row.done, row.errors);
        }
        if let Some(error) = &self.first_error {
            println!("the first error: {error}");
        }
    }
}

/// Why one of many scores of a request does not count.
fn refused_part(answer: &Value) -> Option<String> {
    let parts = answer["results"].as_array()?;
    let refused = parts.iter().find(|part| part["status"].as_u64().is_some_and(|status| status >= 400))?;
    Some(refused["problem"]["detail"].as_str().unwrap_or("a score was refused").to_owned())
}

/// The boards of the demo: the same request again changes nothing.
fn boards() -> [Value; 4] {
    [
        json!({ "id": "demo-arcade", "operator": "best", "windows": ["all", "daily", "weekly"],
            "prizes": [{ "to_rank": 1, "prize": "gold" }, { "to_rank": 3, "prize": "silver" }] }),
        json!({ "id": "demo-ladder", "operator": "set" }),
        json!({ "id": "demo-sprint", "sort": "asc", "operator": "best" }),
        json!({ "id": "demo-wins", "operator": "incr" }),
    ]
}

async fn show_boards(client: &Client) -> Result<(), String> {
    for board in boards() {
        let id = board["id"].as_str().unwrap_or_default();
        let path = format!("/v1/leaderboards/{id}/entries?limit=3");
        let page = client.ask(Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        println!("\n{id}");
        for entry in page["entries"].as_array().into_iter().flatten() {
            let (rank, score) = (entry["rank"].to_string(), entry["score"].to_string());
            println!("{rank:>4} {:<20} {score:>9}", entry["owner"].as_str().unwrap_or_default());
        }
    }
    let address = &client.server().address;
    println!("\nLook further:\n  curl -s '{address}/v1/leaderboards/demo-arcade/entries?window=daily&limit=10'");
    println!("  curl -N '{address}/v1/leaderboards/demo-arcade/stream?top=10'\n  {address}/docs");
    Ok(())
}

/// Players whose skill drifts, and the matches that they play.
struct Players {
    names: Vec<String>,
    skill: Vec<i64>,
    seed: u64,
    drawn: u64,
    waiting: Vec<Request>,
}

impl Players {
    fn new() -> Result<Self, String> {
        let seed = getrandom::u64().map_err(|error| format!("no random numbers: {error}"))?;
        let names = FIRST.iter().flat_map(|first| SECOND.iter().map(move |second| format!("{first}-{second}")));
        let names: Vec<_> = names.collect();
        let mut players = Self { skill: Vec::new(), names, seed, drawn: 0, waiting: Vec::new() };
        players.skill = (0..players.names.len()).map(|_| players.between(800, 1600)).collect();
        Ok(players)
    }

    /// A number from `low` up to and without `high`.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        self.drawn += 1;
        let drawn = xxhash_rust::xxh3::xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed);
        let span = u64::try_from(high - low).expect("low is below high");
        low + i64::try_from(drawn % span).expect("it is below a difference of two numbers")
    }

    fn next(&mut self) -> Request {
        if self.waiting.is_empty() {
            self.play();
        }
        self.waiting.pop().expect("a match is several requests")
    }

    /// One match: what each player reached, the ladder for all of them at once, and somebody looks.
    fn play(&mut self) {
        let count = i64::try_from(self.names.len()).expect("there are few players");
        let mut seats: Vec<usize> = Vec::new();
        while seats.len() < MATCH {
            let seat = usize::try_from(self.between(0, count)).expect("it is a place in a list");
            if !seats.contains(&seat) {
                seats.push(seat);
            }
        }
        let reached: Vec<i64> = seats.iter().map(|seat| self.skill[*seat] + self.between(-150, 151)).collect();
        let best = reached.iter().max().copied().unwrap_or_default();
        for (seat, points) in seats.iter().zip(&reached) {
            let won = i64::from(*points == best);
            self.skill[*seat] = (self.skill[*seat] + self.between(-12, 13) + won).clamp(100, 3000);
            let millis = 90_000 - points * 20 + self.between(0, 500);
            let scores = json!({ "scores": [
                { "board": "demo-arcade", "score": points * 10, "metadata": { "match": self.drawn } },
                { "board": "demo-sprint", "score": millis },
                { "board": "demo-wins", "score": won },
            ] });
            let path = format!("/v1/leaderboards/owners/{}/scores", self.names[*seat]);
            self.waiting.push(Request { kind: "three boards at once", method: Method::PUT, path, body: Some(scores) });
        }
        let ladder: Vec<_> =
            seats.iter().map(|seat| json!({ "owner": self.names[*seat], "score": self.skill[*seat] })).collect();
        let path = "/v1/leaderboards/demo-ladder/scores:batch".to_owned();
        let body = Some(json!({ "scores": ladder }));
        self.waiting.push(Request { kind: "a batch of players", method: Method::POST, path, body });
        let path = "/v1/leaderboards/demo-arcade/entries?window=daily&limit=10".to_owned();
        self.waiting.push(Request { kind: "the ten best today", method: Method::GET, path, body: None });
        // The first that is waiting is taken last: players look when their scores are in.
        self.waiting.rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_by_their_size() {
        let mut row = Row::default();
        for millis in 1..=100 {
            row.count(Duration::from_millis(millis), millis > 98);
        }
        assert_eq!((row.done, row.errors), (100, 2));
        assert_eq!((row.percentile(50).as_str(), row.percentile(99).as_str()), ("49.1 ms", "98.3 ms"));
        assert_eq!(Row::default().percentile(99), "0.0 ms");
    }

    #[test]
    fn a_match_is_scores_a_batch_and_a_look() {
        let mut players = Players::new().unwrap();
        assert_eq!(players.names.len(), 200);
        let kinds: Vec<_> = (0..6).map(|_| players.next().kind).collect();
        let scores = "three boards at once";
        assert_eq!(kinds, ["a batch of players", scores, scores, scores, scores, "the ten best today"]);
    }
}
