//! Settings: each is defined once, here, and set by a flag, else `MILLRACE_*`, else a TOML file, else its default.
//!
//! The name of a setting is the field's: `idempotency_window` is `--idempotency-window`,
//! `MILLRACE_IDEMPOTENCY_WINDOW` and, in the file, `idempotency-window` or `[idempotency] window`. The values of the
//! file become the defaults of the flags, so that one parser reads them all.

mod memory;

use crate::auth::ApiKey;
use crate::cors::Origin;
use clap::builder::NonEmptyStringValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, ValueEnum};
use memory::available_memory;
use millrace_processors::ALL;
use millrace_processors::runtime::addresses::AddressRange;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Help headings, in the order of the help. What stands under `SERVING` concerns `serve` alone.
const DATA: &str = "Data and log";
const SERVING: &str = "Serving (only `serve` reads these)";

/// All settings. The doc comments are the help.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// A TOML file with settings under the names of their flags. `idempotency-window = "24h"` and `window = "24h"`
    /// under `[idempotency]` say the same. A key that is no setting is refused.
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub config: Option<PathBuf>,

    /// The data folder: log, views, checkpoints and keys. It belongs to one running server.
    #[arg(long, value_name = "DIR", default_value = "./data", help_heading = DATA)]
    pub data: PathBuf,

    /// Kafka brokers to ask first, separated by commas. Without any, the log is the embedded one in the data folder.
    #[arg(long, value_name = "HOST:PORT", value_parser = NonEmptyStringValueParser::new(), help_heading = DATA)]
    pub kafka: Option<String>,

    /// A setting of librdkafka by its own name, as security.protocol=SASL_SSL; may be given often. In the
    /// environment they are separated by `;`, in the file they are a table: `[kafka-set]`.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair, value_delimiter = ';', help_heading = DATA)]
    pub kafka_set: Vec<(String, String)>,

    /// Copies of the topics that are created in Kafka, on as many brokers; with three or more, what is acknowledged is on
    /// two of them. Default: as many as there are brokers then, at most 3.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32), help_heading = DATA)]
    pub kafka_copies: Option<u32>,

    /// What the names of this cluster's topics in Kafka begin with. Positions do not show it.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, help_heading = DATA)]
    pub topic_prefix: String,

    /// Partitions of every topic. Fixed for the life of the data: a start with another number is refused.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u32).range(1..=1024),
          help_heading = DATA)]
    pub partitions: u32,

    /// Bytes of memory for caches, unwritten changes and queues together, as 512M or 2G. Default: a quarter of what
    /// this machine or its control group has.
    #[arg(long, value_name = "SIZE", value_parser = parse_memory, help_heading = DATA)]
    pub memory: Option<u64>,

    /// The file with the secrets that sign cursors and tokens and derive ids. Default: `keys` in the data folder, made
    /// at the first start. Nodes of one cluster share one file, so it must be given where there is more than one.
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub keys: Option<PathBuf>,

    /// So many days behind its own a day's keys of addresses are kept, in `addresses` of the data folder and in no backup.
    /// Then they are destroyed: nothing tells any more from which addresses the clicks of that day came. Not on Kafka.
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=3650),
          help_heading = SERVING)]
    pub address_days: u32,

    /// Percent of the data folder's disk below which little free space is warned of, in the log and as a figure. 0
    /// warns never.
    #[arg(long, value_name = "PERCENT", default_value = "15", value_parser = clap::value_parser!(u32).range(0..=100),
          help_heading = DATA)]
    pub disk_warn: u32,

    /// Percent of free space below which writes are refused with 507 `disk_full` and nothing is written; reads go on,
    /// and writes too once there is more again. 0 refuses never.
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = clap::value_parser!(u32).range(0..=100),
          help_heading = DATA)]
    pub disk_refuse: u32,

    /// A collector that takes OpenTelemetry traces over OTLP/HTTP, as http://127.0.0.1:4318: a span for each request, its
    /// append and its apply. Default: what OTEL_EXPORTER_OTLP_ENDPOINT names, else none.
    #[arg(long, value_name = "URL", value_parser = parse_collector, help_heading = SERVING)]
    pub otlp: Option<String>,

    /// Percent of the requests that are traced. A request that comes with a `traceparent` says itself whether it is.
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = clap::value_parser!(u32).range(0..=100),
          help_heading = SERVING)]
    pub otlp_percent: u32,

    /// How log lines are written to standard error.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = DATA)]
    pub log_format: LogFormat,

    /// Which log lines are written: error, warn, info, debug or trace, or one for each part of the program:
    /// info,millrace::gateway=debug.
    #[arg(long, value_name = "FILTER", default_value = "info", help_heading = DATA)]
    pub log_filter: String,

    /// Where to listen. Port 0 takes a free one, which the ready line names. Anything but a loopback address needs
    /// --auth-keys or --insecure.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", help_heading = SERVING)]
    pub listen: String,

    /// The certificate that the server shows, in PEM, and after it those that lead to its authority: with it, only TLS (1.2
    /// or 1.3) is spoken. Read again on SIGHUP. Default: plain HTTP.
    #[arg(long, value_name = "FILE", help_heading = SERVING)]
    pub tls_cert: Option<PathBuf>,

    /// The key of that certificate, in PEM.
    #[arg(long, value_name = "FILE", help_heading = SERVING)]
    pub tls_key: Option<PathBuf>,

    /// The authorities in PEM by whose certificates this node knows the others of its cluster, where those speak TLS. A
    /// node's certificate is for the host of its --advertise.
    #[arg(long, value_name = "FILE", help_heading = SERVING)]
    pub tls_ca: Option<PathBuf>,

    /// Who may ask: an API key as its id, its role (user, server or operator) and the SHA-256 of its secret in hex;
    /// may be given often, separated by commas in the environment. In the file: `[[auth.keys]]` with `id`, `role`
    /// and `sha256`. `openssl rand -hex 32` makes a secret, and `printf %s SECRET | sha256sum` its hash. Clients
    /// send `Authorization: Bearer SECRET`. Without any, every caller is operator.
    #[arg(long, value_name = "ID:ROLE:SHA256", value_delimiter = ',', help_heading = SERVING)]
    pub auth_keys: Vec<ApiKey>,

    /// Serve other machines without API keys: whoever reaches the port is operator.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", action = ArgAction::Set, help_heading = SERVING)]
    pub insecure: bool,

    /// Whom to believe when they say in `X-Forwarded-For` for whom they ask: address ranges of proxies, separated by
    /// commas. Only what is for everybody asks where a request comes from, as the links of ads do.
    #[arg(long, value_name = "RANGES", value_delimiter = ',', default_value = "127.0.0.0/8,::1", help_heading = SERVING)]
    pub trusted_proxies: Vec<AddressRange>,

    /// Pages of which other origins may ask from a browser, as `https://shop.example`, separated by commas. Default: none.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', help_heading = SERVING)]
    pub cors_origins: Vec<Origin>,

    /// The server key that clients of Nakama must know to be given a session, as theirs is configured. Default: the
    /// one that they have built in, `defaultkey`, on a loopback address without --auth-keys; else they are not served.
    #[arg(long, value_name = "TEXT", value_parser = parse_server_key, help_heading = SERVING)]
    pub nakama_server_key: Option<String>,

    /// Where the other nodes of a cluster reach this one, as HOST:PORT; also its name among them, which stays the same
    /// over restarts. Nodes that are given the same --kafka, --topic-prefix and --keys are a cluster: any of them takes
    /// any request, and when one is gone, others take over what it answered for. Default: there are no others.
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_host_and_port, help_heading = SERVING)]
    pub advertise: Option<String>,

    /// A node of whom nothing was heard for so long is gone. The brokers' settings bound it: 6s is the least by default.
    #[arg(long, value_name = "TIME", default_value = "6s", value_parser = parse_duration, help_heading = SERVING)]
    pub session_timeout: Duration,

    /// How many further nodes keep a copy of each partition up to date, to take over at once.
    #[arg(long, value_name = "N", default_value = "0", help_heading = SERVING)]
    pub standbys: u32,

    /// How long a request waits for a node that takes over before it is refused with 503.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, help_heading = SERVING)]
    pub takeover_wait: Duration,

    /// A node of several that has not reached the log for so long refuses reads with 503 `stale`.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = SERVING)]
    pub staleness_max: Duration,

    /// The largest body of a request, in bytes. Kafka takes messages of about 1 MB.
    #[arg(long, value_name = "SIZE", default_value = "900000", value_parser = parse_size, help_heading = SERVING)]
    pub body_limit: u64,

    /// How long the body of a request may take to arrive.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = SERVING)]
    pub body_timeout: Duration,

    /// The most bytes of a request's headers together, and of its path and query.
    #[arg(long, value_name = "SIZE", default_value = "16K", value_parser = parse_size, help_heading = SERVING)]
    pub header_limit: u64,

    /// The most headers of a request.
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=10_000),
          help_heading = SERVING)]
    pub header_count: u32,

    /// How long the head of a request may take to arrive, and so how long an idle connection is kept.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = SERVING)]
    pub header_timeout: Duration,

    /// The most open connections; further ones wait to be accepted.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub connections: u32,

    /// The most requests at the same time; some more wait a quarter of a second, and what is beyond is refused with 503
    /// `overloaded`.
    #[arg(long, value_name = "N", default_value = "4096", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub in_flight: u32,

    /// The most records that wait for the log; one more is refused with 503 `overloaded`.
    #[arg(long, value_name = "N", default_value = "65536", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub append_queue: u32,

    /// How long a request waits for its outcome before it is answered 202. `Prefer: wait=SECONDS` asks for another.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, help_heading = SERVING)]
    pub wait: Duration,

    /// How long a read waits for the position that it asks for before it is answered 503 `not_yet`.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = SERVING)]
    pub min_position_wait: Duration,

    /// For how long, in the log's time, the outcome of an Idempotency-Key is kept. Decides outcomes, so it must be
    /// the same on all nodes and for the life of the data.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_duration, help_heading = DATA)]
    pub idempotency_window: Duration,

    /// How many outcomes of Idempotency-Keys a partition keeps. Decides outcomes, as the window does.
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..),
          help_heading = DATA)]
    pub idempotency_max_keys: u64,

    /// For how many offsets of a partition an outcome can be asked for by its position.
    #[arg(long, value_name = "N", default_value = "65536", value_parser = clap::value_parser!(u64).range(1..),
          help_heading = DATA)]
    pub outcomes_kept: u64,

    /// Changes of a view are written to disk when they are this old. A crash replays at most what was not written.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = SERVING)]
    pub flush_age: Duration,

    /// Changes of a view are written to disk when they have this many bytes. Default: a share of --memory.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = SERVING)]
    pub flush_bytes: Option<u64>,

    /// How long an event may wait for others, to be published with them.
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = parse_duration, help_heading = SERVING)]
    pub events_linger: Duration,

    /// Systems whose public events are not published: what they said meanwhile is not made up for later. All nodes must
    /// have the same. Default: none.
    #[arg(long, value_name = "SYSTEMS", value_delimiter = ',', help_heading = SERVING)]
    pub without_events: Vec<String>,

    /// How often a checkpoint of every view is made.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration, help_heading = SERVING)]
    pub checkpoint_interval: Duration,

    /// How many hourly checkpoints are kept.
    #[arg(long, value_name = "N", default_value = "24", help_heading = SERVING)]
    pub checkpoints_hourly: u32,

    /// How many daily checkpoints are kept.
    #[arg(long, value_name = "N", default_value = "30", help_heading = SERVING)]
    pub checkpoints_daily: u32,

    /// How long a write to a connection may wait for its client to read before the connection is cut off.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = SERVING)]
    pub write_timeout: Duration,

    /// How many bytes the kernel keeps for a connection whose client does not read; it takes twice as much for its own
    /// needs.
    #[arg(long, value_name = "SIZE", default_value = "128K", value_parser = parse_size, help_heading = SERVING)]
    pub send_buffer: u64,

    /// The most clients that follow streams at the same time; one more is refused with 503 `too_many_streams`.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub streams: u32,

    /// Feeds: after how many posts without a read an inbox goes, which is kept in memory for who reads his home; with 0 there are
    /// none. See ARCHITECTURE, "Push".
    #[arg(long, value_name = "N", default_value_t = millrace_processors::feeds::inboxes::PUSHES, help_heading = SERVING)]
    pub feeds_pushes: u32,

    /// How long a stream rests after a change before it tells of the next: what happens meanwhile is one change.
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = parse_duration, help_heading = SERVING)]
    pub stream_interval: Duration,

    /// How often all streams together ask their queries, in questions a second: many different streams rest longer.
    #[arg(long, value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub stream_asks: u32,

    /// How many changes of a stream are kept for clients that come back or read slowly; who has missed more gets the
    /// whole answer.
    #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub stream_kept: u32,

    /// How long a stream that nobody follows any more is kept for those who come back.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = SERVING)]
    pub stream_linger: Duration,

    /// A client of a stream that has heard nothing for so long is told that nothing has changed.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration, help_heading = SERVING)]
    pub stream_heartbeat: Duration,

    /// How long a read of a past state (`at`, `as_of`) waits until it is rebuilt before it is answered 202.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration, help_heading = SERVING)]
    pub asof_max_wait: Duration,

    /// How many past states of partitions are kept open or being rebuilt at the same time, at least as many as there are
    /// partitions. Where all are being rebuilt, one more is refused with 503 `overloaded`. Default: three for each
    /// partition, which trying a rule set of clicks needs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = SERVING)]
    pub asof_views: Option<u32>,

    /// How long a past state is kept open after the last read of it.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration, help_heading = SERVING)]
    pub asof_idle: Duration,

    /// How many past states are rebuilt at the same time; further ones wait for their turn.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..),
          help_heading = SERVING)]
    pub asof_builds: u32,

    /// After SIGTERM or SIGINT, how long running requests may take to end.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, help_heading = SERVING)]
    pub shutdown_grace: Duration,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// Bytes of memory to use: `--memory`, else a quarter of the machine or control group.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(|| available_memory() / 4)
    }

    /// The collector of traces: `--otlp`, else the standard's own variable.
    #[must_use]
    pub fn collector(&self) -> Option<String> {
        let standard = || std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|url| !url.is_empty());
        self.otlp.clone().or_else(standard)
    }

    /// The file with the secrets.
    #[must_use]
    pub fn keys_file(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// What `--listen` names; the first is the one to bind.
    ///
    /// # Errors
    /// A sentence that names the setting and its value.
    pub fn listen_addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let bad = |why: String| format!("--listen {}: {why}; it is HOST:PORT, as 127.0.0.1:8080", self.listen);
        let addresses: Vec<_> = self.listen.to_socket_addrs().map_err(|error| bad(error.to_string()))?.collect();
        if addresses.is_empty() { Err(bad("the name has no address".to_owned())) } else { Ok(addresses) }
    }

    /// Checks what no single setting can say.
    ///
    /// # Errors
    /// A sentence that names the settings.
    pub fn check(&self) -> Result<(), String> {
        if self.advertise.is_some() && self.kafka.is_none() {
            return Err("--advertise needs --kafka: the embedded log belongs to one node".to_owned());
        }
        if self.advertise.is_some() && self.keys.is_none() {
            return Err(
                "--advertise needs --keys FILE, the same on each node: what one signs, the others must be able \
                        to check"
                    .to_owned(),
            );
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err("--tls-cert FILE and --tls-key FILE belong together".to_owned());
        }
        if self.advertise.is_some() && self.tls_cert.is_some() && self.tls_ca.is_none() {
            return Err("--advertise with --tls-cert needs --tls-ca FILE: how nodes know each other".to_owned());
        }
        if self.disk_warn < self.disk_refuse {
            let (warn, refuse) = (self.disk_warn, self.disk_refuse);
            return Err(format!("--disk-warn {warn} is below --disk-refuse {refuse}: the warning would come too late"));
        }
        if self.kafka.is_none() && !self.kafka_set.is_empty() {
            return Err("--kafka-set without --kafka has no effect".to_owned());
        }
        if self.kafka.is_none() && self.kafka_copies.is_some() {
            return Err("--kafka-copies without --kafka has no effect".to_owned());
        }
        let unknown = self.without_events.iter().find(|name| ALL.iter().all(|system| system.name != name.as_str()));
        if let Some(name) = unknown {
            let systems: Vec<_> = ALL.iter().map(|system| system.name).collect();
            return Err(format!("--without-events {name}: the systems are {}", systems.join(", ")));
        }
        Ok(())
    }
}

/// The flags of all settings, each with its variable of the environment, for the command line to parse.
pub(crate) fn augment(command: clap::Command) -> clap::Command {
    let command = Settings::augment_args(command);
    command.mut_args(|arg| {
        let variable = format!("MILLRACE_{}", arg.get_id().as_str().to_uppercase());
        arg.env(variable).hide_env_values(true).global(true)
    })
}

/// The flags that only `serve` reads.
pub(crate) fn serving_args(command: &clap::Command) -> Vec<Arg> {
    command.get_arguments().filter(|arg| arg.get_help_heading() == Some(SERVING)).cloned().collect()
}

/// Makes the values of a configuration file the defaults of their flags.
///
/// # Errors
/// A sentence that names the file and what is wrong in it.
pub(crate) fn with_file(mut command: clap::Command, file: &Path) -> Result<clap::Command, String> {
    let place = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{place} cannot be read: {error}"))?;
    let known: BTreeSet<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let values = file_values(&text, &known).map_err(|error| format!("{place}: {error}"))?;
    for (id, values) in values {
        command = command.mut_arg(id, |arg| arg.default_values(values));
    }
    Ok(command)
}

/// Reads the settings out of what was parsed.
///
/// # Errors
/// What the parser refuses.
pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Settings, clap::Error> {
    Settings::from_arg_matches(matches)
}

/// The configuration file that the command line or the environment names.
pub(crate) fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    let given = matches.value_source("config").is_some_and(|source| source != ValueSource::DefaultValue);
    given.then(|| matches.get_one::<PathBuf>("config").cloned()).flatten()
}

fn file_values(text: &str, known: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<String>>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    let mut values = BTreeMap::new();
    flatten("", &table, known, &mut values)?;
    Ok(values)
}

fn flatten(
    above: &str,
    table: &toml::Table,
    known: &BTreeSet<String>,
    values: &mut BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        let id = path.replace(['.', '-'], "_");
        if id == "config" {
            return Err("`config` cannot stand in a configuration file".to_owned());
        } else if known.contains(&id) {
            let texts = texts(&path, value)?;
            if values.insert(id, texts).is_some() {
                return Err(format!("`{path}` is set twice under different spellings"));
            }
        } else if let toml::Value::Table(below) = value {
            flatten(&path, below, known, values)?;
        } else {
            return Err(format!("`{path}` is not a setting; `millrace serve --help` lists them"));
        }
    }
    Ok(())
}

/// The values of one setting as they would stand on the command line.
fn texts(path: &str, value: &toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::Array(items) => items.iter().map(|item| text(path, item)).collect(),
        toml::Value::Table(pairs) => {
            pairs.iter().map(|(key, value)| Ok(format!("{key}={}", text(path, value)?))).collect()
        }
        one => Ok(vec![text(path, one)?]),
    }
}

fn text(path: &str, value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        toml::Value::Table(fields) => key_fields(path, fields),
        other => Err(format!("`{path}` must be a text, a whole number, true or false, not a {}", other.type_str())),
    }
}

/// An entry of `[[auth.keys]]` as `--auth-keys` takes it.
fn key_fields(path: &str, fields: &toml::Table) -> Result<String, String> {
    const NAMES: [&str; 3] = ["id", "role", "sha256"];
    if let Some(name) = fields.keys().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("`{path}.{name}` is not a setting; an entry has `id`, `role` and `sha256`"));
    }
    let field = |name: &str| match fields.get(name) {
        Some(toml::Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("`{path}.{name}` must be a text")),
        None => Err(format!("an entry of `{path}` has no `{name}`")),
    };
    let parts: Result<Vec<_>, _> = NAMES.into_iter().map(field).collect();
    Ok(parts?.join(":"))
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is KEY=VALUE, as security.protocol=SSL".to_owned()),
    }
}

/// A time as settings write it: a whole number and `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// A sentence for people.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = number_and_unit(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a time is a whole number and ms, s, m, h or d, as 200ms or 24h".to_owned()),
    };
    let millis = number.checked_mul(millis).ok_or("that is longer than can be counted")?;
    Ok(Duration::from_millis(millis))
}

/// A size as settings write it: a whole number of bytes, or one and `K`, `M`, `G` or `T`, which count in 1024s.
///
/// # Errors
/// A sentence for people.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = number_and_unit(text)?;
    let shift = match unit {
        "" | "B" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => return Err("a size is a number of bytes, or one with K, M, G or T, as 512M".to_owned()),
    };
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than can be counted".to_owned())
}

fn parse_collector(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").filter(|host| !host.is_empty());
    host.map(|_| text.to_owned())
        .ok_or_else(|| "it is http://HOST:PORT; TLS is for a collector nearby to add".to_owned())
}

fn parse_host_and_port(text: &str) -> Result<String, String> {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match text.rsplit_once(':') {
        Some((host, number)) if !host.is_empty() && port(number) => Ok(text.to_owned()),
        _ => Err("it is HOST:PORT, as 10.0.0.1:8080".to_owned()),
    }
}

fn parse_server_key(text: &str) -> Result<String, String> {
    // It is sent as the user of HTTP's basic authentication, which ends at the first colon.
    if text.is_empty() || text.contains(':') {
        return Err("it is not empty and has no colon".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_memory(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 64 << 20;
    let size = parse_size(text)?;
    if size < LEAST { Err("at least 64M are needed".to_owned()) } else { Ok(size) }
}

fn number_and_unit(text: &str) -> Result<(u64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.replace('_', "").parse().map_err(|_| "it must start with a whole number".to_owned())?;
    Ok((number, unit.trim_start()))
}

#[cfg(test)]
mod tests;
