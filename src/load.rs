//! `millrace load`: fills a running server with something to look at, at a rate that can be watched.

mod carts;
mod clicks;
mod feeds;
mod leaderboards;
mod scenario;
mod tickets;

use crate::client::{Client, ClientError};
use carts::Buyers;
use clicks::Visitors;
use feeds::Writers;
use indicatif::{ProgressBar, ProgressStyle};
use leaderboards::Players;
use reqwest::Method;
use scenario::{Dice, Look, Request, Scenario, Then};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tickets::Guests;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// The most requests under way at once: a server that is slower than the rate is not flooded.
const UNDER_WAY: usize = 64;

/// After so many failed requests in a row the server is taken for gone.
const GIVE_UP: u64 = 100;

/// How often the figures are shown anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Which of these systems to fill; all of them if none is named.
///
/// # Errors
/// A sentence that names those that there are.
pub fn choose(systems: &[String]) -> Result<Vec<Box<dyn Scenario>>, String> {
    let all: [Box<dyn Scenario>; 5] = [
        Box::new(Buyers::new(Dice::new()?)),
        Box::new(Visitors::new(Dice::new()?)),
        Box::new(Writers::new(Dice::new()?)),
        Box::new(Players::new(Dice::new()?)),
        Box::new(Guests::new(Dice::new()?)),
    ];
    if let Some(unknown) = systems.iter().find(|name| all.iter().all(|one| one.system() != name.as_str())) {
        let names: Vec<_> = all.iter().map(|one| one.system()).collect();
        return Err(format!("--systems {unknown}: there is something for {}", names.join(", ")));
    }
    let chosen = |system: &str| systems.is_empty() || systems.iter().any(|name| name == system);
    Ok(all.into_iter().filter(|one| chosen(one.system())).collect())
}

/// Fills systems for so many seconds, at so many requests a second; false if some request went wrong.
///
/// # Errors
/// A sentence for the operator: what is needed first cannot be made, or the server is gone.
pub async fn demo(
    client: Client,
    mut scenarios: Vec<Box<dyn Scenario>>,
    seconds: u64,
    rate: u32,
) -> Result<bool, String> {
    let client = Arc::new(client);
    for scenario in &mut scenarios {
        for request in scenario.prepare() {
            let (kind, path) = (request.kind, request.path.clone());
            let done = send(&client, request).await;
            done.result.map_err(|error| format!("{kind} at {path} cannot be made: {error}"))?;
        }
    }
    let systems: Vec<_> = scenarios.iter().map(|one| one.system()).collect();
    println!("{} on {}; Ctrl-C ends it", systems.join(", "), client.server().address);
    let figures = run(&client, seconds, rate, &mut scenarios).await?;
    figures.print();
    show(&client, &scenarios).await?;
    Ok(figures.errors() == 0)
}

/// Makes requests at a rate until the time is over, the server is gone or somebody types Ctrl-C.
async fn run(
    client: &Arc<Client>,
    seconds: u64,
    rate: u32,
    scenarios: &mut [Box<dyn Scenario>],
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
    // What follows from answers goes before anything new.
    let (mut follows, mut turn) = (VecDeque::new(), 0);
    loop {
        tokio::select! {
            biased;
            _ = &mut stop => break,
            () = &mut end => break,
            Some(done) = tasks.join_next() => follows.extend(figures.count(done.map_err(|error| error.to_string())?)?),
            _ = shown.tick() => {
                bar.set_position(figures.began.elapsed().as_secs());
                bar.set_message(figures.line());
            }
            _ = due.tick() => {
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let request = follows.pop_front().unwrap_or_else(|| {
                        turn += 1;
                        scenarios[turn % scenarios.len()].next()
                    });
                    let client = Arc::clone(client);
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
        drop(figures.count(done.map_err(|error| error.to_string())?)?);
    }
    bar.finish_and_clear();
    Ok(figures)
}

/// What became of a request.
struct Done {
    kind: &'static str,
    took: Duration,
    may_be_refused: bool,
    then: Option<Then>,
    result: Result<Value, ClientError>,
}

async fn send(client: &Client, request: Request) -> Done {
    let Request { kind, method, path, body, subject, may_be_refused, then } = request;
    let began = Instant::now();
    let result = client.ask_as(subject.as_deref(), method, &path, body.as_ref()).await;
    Done { kind, took: began.elapsed(), may_be_refused, then, result }
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

    /// Counts an answer, and returns what follows from it.
    fn count(&mut self, done: Done) -> Result<Vec<Request>, String> {
        let error = match &done.result {
            Ok(answer) => refused_part(answer),
            Err(ClientError::Refused { status, .. }) if done.may_be_refused && *status < 500 => None,
            Err(error) => Some(error.to_string()),
        };
        self.failed_in_a_row = if error.is_some() { self.failed_in_a_row + 1 } else { 0 };
        if let (true, Some(error)) = (self.failed_in_a_row >= GIVE_UP, &error) {
            return Err(format!("{GIVE_UP} requests in a row failed, the last one because: {error}"));
        }
        self.all.count(done.took, error.is_some());
        self.kinds.entry(done.kind).or_default().count(done.took, error.is_some());
        let follows = match (done.result, done.then) {
            (Ok(answer), Some(then)) if error.is_none() => then(&answer),
            _ => Vec::new(),
        };
        self.first_error = self.first_error.take().or(error);
        Ok(follows)
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

async fn show(client: &Client, scenarios: &[Box<dyn Scenario>]) -> Result<(), String> {
    for Look { title, path, lines } in scenarios.iter().flat_map(|one| one.looks()) {
        let answer = client.ask(Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        println!("\n{title}   curl -s '{}{path}'", client.server().address);
        lines(&answer).iter().for_each(|line| println!("  {line}"));
    }
    println!("\nLook further: {}/docs", client.server().address);
    Ok(())
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
    fn what_follows_from_an_answer_comes_back_and_a_refusal_may_be_one() {
        let mut figures = Figures::new();
        let done = |result, may_be_refused| {
            let then: Then = Box::new(|answer| vec![Request::get("a look", format!("/{}", answer["id"]))]);
            Done { kind: "one", took: Duration::ZERO, may_be_refused, then: Some(then), result }
        };
        let refused = |status| ClientError::Refused { status, code: "sold_out".into(), detail: "all".into() };
        let follows = figures.count(done(Ok(serde_json::json!({ "id": 7 })), false)).unwrap();
        assert_eq!(follows.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/7"]);
        for (status, may_be_refused, errors) in [(409, true, 0), (409, false, 1), (503, true, 2)] {
            assert!(figures.count(done(Err(refused(status)), may_be_refused)).unwrap().is_empty());
            assert_eq!(figures.errors(), errors, "{status}");
        }
    }
}
