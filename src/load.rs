//! `millrace load`: makes requests to a running server: to fill it with something to look at, or to measure it.

mod carts;
mod clicks;
mod feeds;
mod figures;
mod leaderboards;
mod scenario;
mod tickets;

use crate::client::{Client, ClientError};
use carts::Buyers;
use clicks::Visitors;
use feeds::Writers;
use figures::Figures;
use indicatif::{ProgressBar, ProgressStyle};
use leaderboards::Players;
use reqwest::Method;
use scenario::{Dice, Look, Request, Scenario, Then};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tickets::Guests;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

/// How many play, buy, click, write and come in a demo.
pub const DEMO_PEOPLE: usize = 200;

/// How often the figures are shown anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Which of these systems to ask; all of them if none is named. So many people do it in each.
///
/// # Errors
/// A sentence that names those that there are.
pub fn choose(systems: &[String], people: usize) -> Result<Vec<Box<dyn Scenario>>, String> {
    let all: [Box<dyn Scenario>; 5] = [
        Box::new(Buyers::new(people, Dice::new()?)),
        Box::new(Visitors::new(people, Dice::new()?)),
        Box::new(Writers::new(people, Dice::new()?)),
        Box::new(Players::new(people, Dice::new()?)),
        Box::new(Guests::new(people, Dice::new()?)),
    ];
    if let Some(unknown) = systems.iter().find(|name| all.iter().all(|one| one.system() != name.as_str())) {
        let names: Vec<_> = all.iter().map(|one| one.system()).collect();
        return Err(format!("--systems {unknown}: there is something for {}", names.join(", ")));
    }
    let chosen = |system: &str| systems.is_empty() || systems.iter().any(|name| name == system);
    Ok(all.into_iter().filter(|one| chosen(one.system())).collect())
}

/// When requests are made.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Requests a second.
    pub rate: u32,
    /// For so long.
    pub seconds: u64,
    /// So many of a hundred are plain reads; the others are what people do, reads among them.
    pub reads: i64,
    /// The most requests under way at once. Which is due when so many are is not made.
    pub under_way: usize,
    /// True if what was not made in time counts as an error. Else a server that is too slow is spared.
    pub is_open: bool,
}

impl Pace {
    /// Something to look at: a server that is slower than the rate is not flooded.
    #[must_use]
    pub fn demo(rate: u32, seconds: u64) -> Self {
        Self { rate, seconds, reads: 0, under_way: 64, is_open: false }
    }

    /// An open loop: requests are due at their times whatever becomes of those before, as if each came from somebody
    /// else, and are measured from there on. Who waits for an answer before the next request asks the less the slower the
    /// answers are, and so leaves out of the figures what a slow server costs.
    #[must_use]
    pub fn open(rate: u32, seconds: u64, reads: i64) -> Self {
        Self { rate, seconds, reads, under_way: 10_000, is_open: true }
    }

    /// After so many failed requests in a row the server is taken for gone.
    fn give_up(self) -> u64 {
        if self.is_open { u64::MAX } else { 100 }
    }
}

/// Makes requests at this pace, and shows how they went; false if some request went wrong.
///
/// # Errors
/// A sentence for the operator: what is needed first cannot be made, or the server is gone.
pub async fn load(client: Client, mut scenarios: Vec<Box<dyn Scenario>>, pace: Pace) -> Result<bool, String> {
    let client = Arc::new(client);
    for scenario in &mut scenarios {
        for request in scenario.prepare() {
            let (kind, path) = (request.kind, request.path.clone());
            let done = send(&client, request, Instant::now()).await;
            done.result.map_err(|error| format!("{kind} at {path} cannot be made: {error}"))?;
        }
    }
    let systems: Vec<_> = scenarios.iter().map(|one| one.system()).collect();
    println!("{} on {}; Ctrl-C ends it", systems.join(", "), client.server().address);
    let figures = run(&client, pace, &mut scenarios).await?;
    figures.print();
    show(&client, &scenarios).await?;
    Ok(figures.errors() == 0)
}

/// Makes requests until the time is over, the server is gone or somebody types Ctrl-C.
async fn run(client: &Arc<Client>, pace: Pace, scenarios: &mut [Box<dyn Scenario>]) -> Result<Figures, String> {
    let bar = ProgressBar::new(pace.seconds);
    let style = ProgressStyle::with_template("{elapsed_precise} {bar:30} {msg}").expect("the template is right");
    bar.set_style(style);
    let mut shown = tokio::time::interval(SHOWN_EVERY);
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let (mut figures, mut tasks) = (Figures::new(pace.give_up()), JoinSet::new());
    let (mut due, mut turns, mut dice) = (due(pace), Turns::new(scenarios), Dice::new()?);
    loop {
        tokio::select! {
            biased;
            _ = &mut stop => break,
            Some(done) = tasks.join_next() => {
                turns.follows.extend(figures.count(done.map_err(|error| error.to_string())?)?);
            }
            _ = shown.tick() => {
                bar.set_position(figures.began.elapsed().as_secs());
                bar.set_message(figures.line());
            }
            due = due.recv() => {
                let Some(due) = due else { break };
                if tasks.len() >= pace.under_way {
                    figures.unsent += u64::from(pace.is_open);
                    continue;
                }
                let request = turns.next(dice.percent(pace.reads));
                let client = Arc::clone(client);
                let began = if pace.is_open { due } else { Instant::now() };
                tasks.spawn(async move { send(&client, request, began).await });
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

/// The moments at which requests are due, each when it has come. A thread of its own keeps them: the runtime's timers
/// have a grain of a millisecond.
fn due(pace: Pace) -> UnboundedReceiver<Instant> {
    let (sender, due) = mpsc::unbounded_channel();
    let keep = move || {
        let began = Instant::now();
        for number in 0..u64::from(pace.rate) * pace.seconds {
            let moment = began + Duration::from_nanos(number * 1_000_000_000 / u64::from(pace.rate));
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            if sender.send(moment).is_err() {
                return;
            }
        }
        std::thread::sleep((began + Duration::from_secs(pace.seconds)).saturating_duration_since(Instant::now()));
    };
    std::thread::Builder::new().name("clock".to_owned()).spawn(keep).expect("the machine gives threads");
    due
}

/// Whose request is next: one scenario after the other.
struct Turns<'a> {
    scenarios: &'a mut [Box<dyn Scenario>],
    turn: usize,
    /// What follows from answers goes before anything new.
    follows: VecDeque<Request>,
}

impl<'a> Turns<'a> {
    fn new(scenarios: &'a mut [Box<dyn Scenario>]) -> Self {
        Self { scenarios, turn: 0, follows: VecDeque::new() }
    }

    fn next(&mut self, is_read: bool) -> Request {
        if !is_read && let Some(request) = self.follows.pop_front() {
            return request;
        }
        self.turn += 1;
        let at = self.turn % self.scenarios.len();
        if is_read { self.scenarios[at].read() } else { self.scenarios[at].next() }
    }
}

/// What became of a request.
struct Done {
    kind: &'static str,
    took: Duration,
    may_be_refused: bool,
    then: Option<Then>,
    result: Result<Value, ClientError>,
}

/// Makes a request that is measured from `began` on.
async fn send(client: &Client, request: Request, began: Instant) -> Done {
    let Request { kind, method, path, body, subject, may_be_refused, then } = request;
    let result = client.ask_as(subject.as_deref(), method, &path, body.as_ref()).await;
    Done { kind, took: began.elapsed(), may_be_refused, then, result }
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

    #[tokio::test]
    async fn requests_are_due_at_their_times() {
        let began = Instant::now();
        let mut due = due(Pace::open(1000, 1, 0));
        let mut moments = Vec::new();
        while let Some(moment) = due.recv().await {
            assert!(moment <= Instant::now(), "none comes before its time");
            moments.push(moment);
        }
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert_eq!(moments.len(), 1000);
        assert_eq!(moments[999] - moments[0], Duration::from_millis(999));
    }
}
