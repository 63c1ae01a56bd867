//! The commands beside `serve`. Where the data folder belongs to a running server they ask it, else they open log and
//! views themselves; both ways print the same lines.

use crate::admin::{PartitionStatus, status_of};
use crate::backup;
use crate::checkpoints;
use crate::cli::{ClusterCommand, Command, DeadCommand, LoadCommand, LogCommand};
use crate::client::Client;
use crate::cluster::show::{self, ClusterStatus};
use crate::health::Readiness;
use crate::letters::{self, Letter};
use crate::load::{self, Pace};
use crate::look::{self, TopicLine};
use crate::metrics::Metrics;
use crate::node::{self, Node};
use crate::replay;
use crate::settings::Settings;
use crate::verify::{self, Found};
use indicatif::{ProgressBar, ProgressStyle};
use millrace_topics::copy;
use millrace_topics::log::Log;
use millrace_topics::position::Position;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often `log tail --follow` looks for more.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// Carries out a command; false if what it looked at is not as it should be.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: Settings) -> Result<bool, String> {
    match command {
        Command::Serve | Command::Bench(_) => unreachable!("they have threads of their own"),
        Command::Log(LogCommand::Copy) => copy_log(&settings).await.map(|()| true),
        Command::Restore { folder } => restore(folder, settings).await.map(|()| true),
        Command::Load(command) => load(command, &settings).await,
        other => {
            let server = Client::find(&settings).await.map_err(|error| error.to_string())?;
            let target = match server {
                Some(client) => Target::Server(client),
                None => Target::Here(Box::new(settings)),
            };
            dispatch(other, target).await
        }
    }
}

async fn load(command: LoadCommand, settings: &Settings) -> Result<bool, String> {
    let (systems, people, pace) = match command {
        LoadCommand::Demo { systems, seconds, rate } => (systems, load::DEMO_PEOPLE, Pace::demo(rate, seconds)),
        LoadCommand::Open { systems, people, reads, seconds, rate } => {
            let people = usize::try_from(people).expect("the limit fits");
            (systems, people, Pace::open(rate, seconds, reads))
        }
    };
    let scenarios = load::choose(&systems, people)?;
    let client = Client::find(settings).await.map_err(|error| error.to_string())?;
    let folder = settings.data.display();
    let missing = || format!("no server is running on the data folder {folder}; `millrace serve` starts one");
    load::load(client.ok_or_else(missing)?, scenarios, pace).await
}

/// Who does the work.
enum Target {
    Server(Client),
    Here(Box<Settings>),
}

async fn dispatch(command: Command, target: Target) -> Result<bool, String> {
    match command {
        Command::Status { json } => status(&target, json).await.map(|()| true),
        Command::Cluster(ClusterCommand::Status { json }) => cluster_status(&target, json).await,
        Command::Verify { system } => verify_all(&target, system).await,
        Command::Replay { system } => replay_all(&target, system).await,
        Command::Log(LogCommand::Topics { json }) => topics(&target, json).await.map(|()| true),
        Command::Log(LogCommand::Tail { topic, partition, from, count, follow, json }) => {
            let tail = Tail { topic, partition, from, count, json };
            tail.show(&target, follow).await.map(|()| true)
        }
        Command::Log(LogCommand::Trim { position }) => trim(&target, position).await.map(|()| true),
        Command::Dead { command, json } => dead(&target, command, json).await.map(|()| true),
        Command::Backup { folder } => backup_to(&target, &folder).await.map(|()| true),
        Command::Serve
        | Command::Bench(_)
        | Command::Restore { .. }
        | Command::Load(_)
        | Command::Log(LogCommand::Copy) => {
            unreachable!("dispatched before")
        }
    }
}

impl Target {
    /// Work on a node opened for it alone, with its views caught up.
    async fn on_node<T: Send + 'static>(
        settings: &Settings,
        work: impl FnOnce(&Node) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        // Nobody else has this data folder: it has all of its views open, and others are not told of it.
        let settings = Settings { advertise: None, ..settings.clone() };
        let open = move || Node::open(settings, Arc::new(Metrics::new()), Arc::new(Readiness::default()));
        let (node, workers) = blocking(open).await??;
        node.catch_up().await;
        blocking(move || {
            let result = work(&node);
            node.flush_all(node.settings.shutdown_grace);
            workers.stop();
            result
        })
        .await?
    }

    async fn on_log<T: Send + 'static>(
        settings: &Settings,
        work: impl FnOnce(&Log) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let settings = settings.clone();
        blocking(move || work(&node::open_log(&settings).map_err(|error| error.to_string())?)).await?
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T, String> {
    let value = client.ask(Method::GET, path, None).await.map_err(|error| error.to_string())?;
    serde_json::from_value(value).map_err(|error| format!("the server answers something else: {error}"))
}

/// Reads the lines of an answer as they come.
async fn each_line<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: Option<&Value>,
    take: &mut dyn FnMut(T),
) -> Result<(), String> {
    let mut response = client.send(Method::POST, path, body).await.map_err(|error| error.to_string())?;
    let mut rest = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| error.to_string())? {
        rest.extend_from_slice(&bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            take(serde_json::from_slice(&line).map_err(|error| format!("the server answers something else: {error}"))?);
        }
    }
    Ok(())
}

fn of_system(path: &str, system: Option<&str>) -> String {
    system.map_or_else(|| path.to_owned(), |system| format!("{path}?system={system}"))
}

fn known_system(system: Option<&str>) -> Result<(), String> {
    match system {
        Some(name) if !millrace_processors::ALL.iter().any(|known| known.name == name) => {
            let names: Vec<_> = millrace_processors::ALL.iter().map(|known| known.name).collect();
            Err(format!("there is no system {name}; there are: {}", names.join(", ")))
        }
        _ => Ok(()),
    }
}

async fn status(target: &Target, json: bool) -> Result<(), String> {
    let lines: Vec<PartitionStatus> = match target {
        Target::Server(client) => get(client, "/v1/cluster").await?,
        Target::Here(settings) => Target::on_node(settings, |node| status_of(node).map_err(|p| p.detail)).await?,
    };
    if json {
        for line in lines {
            println!("{}", serde_json::to_string(&line).expect("a line is plain data"));
        }
        return Ok(());
    }
    for system in millrace_processors::ALL {
        let own = |line: &&PartitionStatus| system.machines.iter().any(|def| def.name == line.machine);
        let own: Vec<_> = lines.iter().filter(own).collect();
        let sum = |of: fn(&PartitionStatus) -> u64| own.iter().map(|line| of(line)).sum::<u64>();
        println!(
            "{}: {} partitions here, {} applied, lag {}, dead {}, unsent {}, stuck {}",
            system.name,
            own.len(),
            sum(|line| line.next),
            sum(|line| line.lag),
            sum(|line| counter(line, "dead")),
            sum(|line| line.unsent),
            sum(|line| counter(line, "gaps")),
        );
        own.into_iter().for_each(show_partition);
    }
    Ok(())
}

async fn cluster_status(target: &Target, json: bool) -> Result<bool, String> {
    let status: ClusterStatus = match target {
        Target::Server(client) => get(client, "/v1/cluster/nodes").await?,
        Target::Here(_) => return Err("no node is running on this data folder: ask one that is".to_owned()),
    };
    if json {
        println!("{}", serde_json::to_string(&status).expect("a status is plain data"));
    } else {
        show::lines(&status).iter().for_each(|line| println!("{line}"));
    }
    Ok(status.is_whole())
}

fn counter(line: &PartitionStatus, name: &str) -> u64 {
    line.counters[name].as_u64().unwrap_or(0)
}

fn show_partition(line: &PartitionStatus) {
    let PartitionStatus { machine, partition, next, lag, end, flushed, trimmable, digest, .. } = line;
    let (place, dead) = (format!("{machine}/{partition}"), counter(line, "dead"));
    let stopped = line.stopped.as_ref().map(|reason| format!("  STOPPED: {reason}")).unwrap_or_default();
    println!(
        "  {place:<22} next {next:<10} lag {lag:<8} durable {end:<10} flushed {flushed:<10} trimmable {trimmable:<10} \
         dead {dead:<6} digest {digest}{stopped}"
    );
}

async fn verify_all(target: &Target, system: Option<String>) -> Result<bool, String> {
    known_system(system.as_deref())?;
    let mut equal = true;
    let mut show = |found: Found| {
        println!("{}", found.line());
        equal &= found.difference.is_none();
    };
    match target {
        Target::Server(client) => {
            each_line(client, &of_system("/v1/verify", system.as_deref()), None, &mut show).await?;
        }
        Target::Here(settings) => {
            let all = Target::on_node(settings, move |node| {
                let slots = node.slots_of(system.as_deref());
                Ok(slots.iter().map(|slot| verify::verify_slot(node, slot)).collect::<Vec<_>>())
            });
            all.await?.into_iter().for_each(show);
        }
    }
    Ok(equal)
}

async fn replay_all(target: &Target, system: Option<String>) -> Result<bool, String> {
    known_system(system.as_deref())?;
    let mut bars = Bars::default();
    match target {
        Target::Server(client) => {
            each_line(client, &of_system("/v1/replay", system.as_deref()), None, &mut |line| bars.show(&line)).await?;
            Ok(bars.failed == 0)
        }
        Target::Here(settings) => {
            Target::on_node(settings, move |node| {
                for slot in node.slots_of(system.as_deref()) {
                    replay::replay_slot(node, &slot, &mut |line| bars.show(&line));
                }
                Ok(bars.failed == 0)
            })
            .await
        }
    }
}

async fn backup_to(target: &Target, folder: &Path) -> Result<(), String> {
    // The server has another working directory.
    let folder = std::path::absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut last = backup::Line::default();
    let bar = ProgressBar::new(0);
    let mut show = |line: backup::Line| {
        bar.set_length(line.bytes);
        bar.set_position(line.copied);
        last = line;
    };
    match target {
        Target::Server(client) => {
            each_line(client, "/v1/backup", Some(&json!({ "folder": folder })), &mut show).await?;
        }
        Target::Here(settings) => {
            let into = folder.clone();
            let work = move |node: &Node| {
                let mut lines = Vec::new();
                backup::make(node, &into, &mut |line| lines.push(line));
                Ok(lines)
            };
            Target::on_node(settings, work).await?.into_iter().for_each(&mut show);
        }
    }
    bar.finish_and_clear();
    for reason in &last.behind {
        println!("older  {reason}");
    }
    match last {
        backup::Line { failed: Some(reason), .. } => Err(reason),
        backup::Line { done: true, copied, .. } => {
            println!("backed up {copied} bytes to {}", folder.display());
            Ok(())
        }
        _ => Err(format!("the server broke off: {} is no whole backup", folder.display())),
    }
}

async fn restore(folder: PathBuf, settings: Settings) -> Result<(), String> {
    let place = settings.data.display().to_string();
    let (files, bytes) = blocking(move || backup::restore(&folder, &settings.data)).await??;
    println!("restored {files} files, {bytes} bytes, to {place}");
    Ok(())
}

/// The progress of a replay: a bar for the partition at hand, a line for each that is done.
#[derive(Default)]
struct Bars {
    bar: Option<ProgressBar>,
    failed: usize,
}

impl Bars {
    fn show(&mut self, line: &replay::Line) {
        let place = format!("{}/{}", line.machine, line.partition);
        let bar = self.bar.get_or_insert_with(|| bar(line.end));
        bar.set_message(place.clone());
        bar.set_length(line.end);
        bar.set_position(line.applied);
        if line.swapped || line.failed.is_some() {
            bar.finish_and_clear();
            self.bar = None;
        }
        match &line.failed {
            Some(reason) => {
                self.failed += 1;
                println!("FAILED {place}: {reason}");
            }
            None if line.swapped => println!("ok     {place}  {} records", line.end),
            None => {}
        }
    }
}

fn bar(end: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {per_sec} ETA {eta}");
    ProgressBar::new(end).with_style(style.expect("the template is valid"))
}

async fn topics(target: &Target, json: bool) -> Result<(), String> {
    let lines: Vec<TopicLine> = match target {
        Target::Server(client) => get(client, "/v1/log").await?,
        Target::Here(settings) => Target::on_log(settings, |log| look::topics(log).map_err(|e| e.to_string())).await?,
    };
    for line in lines {
        if json {
            println!("{}", serde_json::to_string(&line).expect("a line is plain data"));
        } else {
            println!("{:<32} {}..{}", format!("{}/{}", line.topic, line.partition), line.start, line.end);
        }
    }
    Ok(())
}

/// Which records `log tail` shows.
#[derive(Clone)]
struct Tail {
    topic: String,
    partition: Option<u32>,
    from: Option<u64>,
    count: u64,
    json: bool,
}

impl Tail {
    async fn show(&self, target: &Target, follow: bool) -> Result<(), String> {
        let mut places = self.places(target).await?;
        loop {
            for (partition, from) in &mut places {
                let records = self.records(target, *partition, *from).await?;
                for record in &records {
                    println!("{}", if self.json { record.to_string() } else { line(record) });
                }
                let last = records.last().and_then(|record| record["position"].as_str()?.parse::<Position>().ok());
                *from = last.map(|position| position.offset + 1).or(*from);
            }
            if !follow {
                return Ok(());
            }
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    async fn places(&self, target: &Target) -> Result<Vec<(u32, Option<u64>)>, String> {
        if let Some(partition) = self.partition {
            return Ok(vec![(partition, self.from)]);
        }
        let all: Vec<TopicLine> = match target {
            Target::Server(client) => get(client, "/v1/log").await?,
            Target::Here(settings) => {
                Target::on_log(settings, |log| look::topics(log).map_err(|e| e.to_string())).await?
            }
        };
        let own: Vec<_> = all.into_iter().filter(|line| line.topic == self.topic).collect();
        if own.is_empty() {
            return Err(format!("there is no topic {}; `millrace log topics` lists them", self.topic));
        }
        Ok(own.into_iter().map(|line| (line.partition, self.from)).collect())
    }

    async fn records(&self, target: &Target, partition: u32, from: Option<u64>) -> Result<Vec<Value>, String> {
        match target {
            Target::Server(client) => {
                let from = from.map(|from| format!("&from={from}")).unwrap_or_default();
                get(client, &format!("/v1/log/{}/{partition}?count={}{from}", self.topic, self.count)).await
            }
            Target::Here(settings) => {
                let (topic, count) = (self.topic.clone(), self.count);
                let work = move |log: &Log| look::records(log, &topic, partition, from, count);
                Target::on_log(settings, move |log| work(log).map_err(|error| error.to_string())).await
            }
        }
    }
}

fn line(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    format!("{:<24} {:<28} {}", text("position"), text("time"), record["says"])
}

async fn dead(target: &Target, command: DeadCommand, json: bool) -> Result<(), String> {
    match command {
        DeadCommand::List { machine } => {
            let letters: Vec<Letter> = match target {
                Target::Server(client) => {
                    let of = machine.map(|name| format!("?machine={name}")).unwrap_or_default();
                    get(client, &format!("/v1/dead{of}")).await?
                }
                Target::Here(settings) => {
                    let list = move |log: &Log| letters::list(log, machine.as_deref()).map_err(|e| e.to_string());
                    Target::on_log(settings, list).await?
                }
            };
            for letter in letters {
                if json {
                    println!("{}", serde_json::to_string(&letter).expect("a letter is plain data"));
                } else {
                    println!("{:<24} {:<28} {}", letter.position, letter.time, letter.reason);
                }
            }
            Ok(())
        }
        DeadCommand::Show { position } => {
            let letter: Letter = match target {
                Target::Server(client) => get(client, &format!("/v1/dead/{position}")).await?,
                Target::Here(settings) => {
                    let show = move |log: &Log| {
                        let letter = letters::show(log, &position).map_err(|error| error.to_string())?;
                        letter.ok_or_else(|| format!("there is no dead letter at {position}"))
                    };
                    Target::on_log(settings, show).await?
                }
            };
            let shown = if json { serde_json::to_string(&letter) } else { serde_json::to_string_pretty(&letter) };
            println!("{}", shown.expect("a letter is plain data"));
            Ok(())
        }
        DeadCommand::Redrive { position } => {
            let now = match target {
                Target::Server(client) => act(client, &position, "redrive").await?["position"].to_string(),
                Target::Here(settings) => {
                    Target::on_log(settings, move |log| letters::redrive(log, &position)).await?.to_string()
                }
            };
            println!("appended again at {}", now.trim_matches('"'));
            Ok(())
        }
        DeadCommand::Skip { position } => {
            let place = position.to_string();
            match target {
                Target::Server(client) => drop(act(client, &position, "skip").await?),
                Target::Here(settings) => {
                    Target::on_node(settings, move |node| letters::skip(node, &position)).await?;
                }
            }
            println!("{place} is passed over from now on");
            Ok(())
        }
    }
}

async fn act(client: &Client, position: &Position, verb: &str) -> Result<Value, String> {
    let path = format!("/v1/dead/{position}:{verb}");
    client.ask(Method::POST, &path, None).await.map_err(|error| error.to_string())
}

async fn trim(target: &Target, position: Position) -> Result<(), String> {
    let place = position.to_string();
    match target {
        Target::Server(client) => {
            let path = format!("/v1/log/{}/{}@{}:trim", position.machine, position.partition, position.offset);
            client.ask(Method::POST, &path, None).await.map_err(|error| error.to_string())?;
        }
        Target::Here(settings) => {
            Target::on_node(settings, move |node| checkpoints::trim(node, &position)).await?;
        }
    }
    println!("the log starts at {place} now");
    Ok(())
}

/// Copies the embedded log of the data folder into Kafka.
async fn copy_log(settings: &Settings) -> Result<(), String> {
    if settings.kafka.is_none() {
        return Err("log copy needs --kafka: where to copy to".to_owned());
    }
    if Client::find(settings).await.map_err(|error| error.to_string())?.is_some() {
        return Err("the data folder belongs to a running server: stop it first, so that nothing is missed".to_owned());
    }
    let settings = settings.clone();
    let copied = blocking(move || {
        let from = node::open_embedded(&settings).map_err(|error| error.to_string())?;
        let to = node::open_log(&settings).map_err(|error| error.to_string())?;
        copy::copy(&from, &to, &mut |_| ()).map_err(|error| error.to_string())
    });
    let copied = copied.await??;
    println!("copied {} records in {} topics", copied.records, copied.topics);
    Ok(())
}
