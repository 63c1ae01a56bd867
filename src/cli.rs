//! The command line: the commands of `millrace` and what each takes beside the settings.

use crate::settings::{self, Settings};
use clap::error::ErrorKind;
use clap::{Args, FromArgMatches, Subcommand};
use millrace_topics::position::Position;
use std::ffi::OsString;
use std::path::PathBuf;

const ABOUT: &str = "Fifteen event-sourced backends on one log";

const AFTER_HELP: &str = "Each setting is a flag, a variable of the environment (MILLRACE_…) or a key of the file that \
    --config names; the first of these that is given counts. Where the data folder belongs to a running server, the \
    other commands ask that server.";

/// What to do.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Serve everything over HTTP, on the embedded log or on Kafka.
    Serve,
    /// Show systems, positions, lag, dead letters and stuck senders.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at the nodes of a cluster.
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Rebuild aside from the log and prove that the views are equal to it. One line a partition; exit 1 if one
    /// differs, with the first offset, table and key.
    Verify {
        /// Only this system. Default: all.
        system: Option<String>,
    },
    /// Rebuild views from the log, with progress. The old views are served meanwhile, then swapped.
    Replay {
        /// Only this system. Default: all.
        system: Option<String>,
    },
    /// Copy the embedded log, the views and the keys into a folder, while the server runs. What was acknowledged
    /// before the command began is in it.
    Backup {
        /// The folder, which must be empty or not be there.
        folder: PathBuf,
    },
    /// Put a backup into the empty data folder that --data names, after every file was checked.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Fill a running server with something to look at.
    #[command(subcommand)]
    Load(LoadCommand),
    /// Look at the log, copy it, or drop its beginning.
    #[command(subcommand)]
    Log(LogCommand),
    /// Look at records that could not be read or applied, and decide about them.
    Dead {
        /// What to do with them.
        #[command(subcommand)]
        command: DeadCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Measure this machine and Millrace on it. Works in a scratch folder below --data, and removes it.
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// What to see of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ClusterCommand {
    /// Show which nodes there are, which of them answers for which shard, and who has a copy. Exit 1 if a shard has no
    /// node that answers for it.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum BenchCommand {
    /// How fast the embedded log takes records of 100 bytes, beside one plain file with the same group commit.
    Append(AppendLoad),
    /// How fast records become views, and whether the views are right: leaderboards out of a filled log, with public
    /// events, digests and flushes on.
    Apply(ApplyLoad),
    /// How fast carts' commands become views: lines, and reservations of one SKU with their answers, out of a filled log.
    Carts(CartsLoad),
    /// How fast clicks become a bill: redirects' records out of a filled log, through all three machines of clicks.
    Clicks(ClicksLoad),
    /// How fast holds of the best seats become views: in many halls and in one of 60,000 seats, out of a filled log.
    Tickets(TicketsLoad),
    /// How fast posts become a view, and homes are read of it, out of a filled log.
    Feeds(FeedsLoad),
}

/// What `bench append` appends.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct AppendLoad {
    /// How many clients append at the same time, one record each.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub clients: u32,
    /// How many records they append.
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub records: u64,
}

/// What `bench apply` fills the log with.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ApplyLoad {
    /// How many members there are.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub members: u64,
    /// On how many boards they are.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub boards: u64,
    /// How many more submissions of random members there are.
    #[arg(long, value_name = "N", default_value_t = 4_000_000)]
    pub records: u64,
    /// How many submissions of each member are kept, which can be voided: what a board keeps unless it says otherwise.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub submissions: u32,
    /// Chooses members and scores.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave the data folder, to be served.
    #[arg(long)]
    pub keep: bool,
}

/// What `bench carts` fills the log with.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CartsLoad {
    /// How many carts there are.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub carts: u64,
    /// How many more commands change lines: once of carts at random, and once of a few hot ones.
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub commands: u64,
    /// How often the one SKU is reserved: once asked of the stock, and once by carts that check out.
    #[arg(long, value_name = "N", default_value_t = 500_000)]
    pub reservations: u64,
    /// Chooses carts and lines.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave the data folder, to be served.
    #[arg(long)]
    pub keep: bool,
}

/// What `bench tickets` fills the log with.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct TicketsLoad {
    /// How many halls of 3,000 seats there are.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub halls: u64,
    /// How many holds there are: once in all halls, once in large ones that fill up one after the other, and once in one large one. More than 800 a hall do not fit.
    #[arg(long, value_name = "N", default_value_t = 800_000)]
    pub holds: u64,
    /// Chooses how large groups are.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave the data folder, to be served.
    #[arg(long)]
    pub keep: bool,
}

/// What `bench feeds` fills the log with.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct FeedsLoad {
    /// How many accounts there are, all of which write.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub accounts: u64,
    /// How many of them read.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    pub readers: u64,
    /// How many others each reader follows.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub follows: u64,
    /// How many more follow the first account.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub famous: u64,
    /// How many posts there are.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub posts: u64,
    /// How many pages are read.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub reads: u64,
    /// Chooses who writes, and whom one follows.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave the data folder, to be served.
    #[arg(long)]
    pub keep: bool,
}

/// What `bench clicks` fills the log with.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ClicksLoad {
    /// How many visitors there are.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub visitors: u64,
    /// On how many ads they click.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub ads: u64,
    /// How many more clicks of random visitors there are.
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub clicks: u64,
    /// How many clicks a record has: one, as redirects write them, or more, as batches do.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=5000))]
    pub together: u64,
    /// Chooses visitors and ads.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave the data folder, to be served.
    #[arg(long)]
    pub keep: bool,
}

/// What to fill a server with.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum LoadCommand {
    /// Play matches, click on ads, fill carts, hold seats and write posts, show live figures and end with a table. Ctrl-C
    /// ends it early.
    Demo {
        /// Which systems to fill. Default: all.
        #[arg(long, value_name = "SYSTEMS", value_delimiter = ',')]
        systems: Vec<String>,
        /// How many seconds to play.
        #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        seconds: u64,
        /// How many requests to make each second.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        rate: u32,
    },
    /// Measure it: ask at a fixed rate however slow the answers are, and show how long each took from the moment at
    /// which it was due.
    Open {
        /// Which systems to ask, one after the other. Default: all.
        #[arg(long, value_name = "SYSTEMS", value_delimiter = ',')]
        systems: Vec<String>,
        /// How many people play, buy, click and write.
        #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(5..=10_000_000))]
        people: u64,
        /// How many of a hundred requests are plain reads; the others are what people do, reads among them.
        #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(i64).range(0..=100))]
        reads: i64,
        /// How many seconds to ask.
        #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        seconds: u64,
        /// How many requests are due each second.
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        rate: u32,
    },
}

/// What to do with the log.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum LogCommand {
    /// List topics with their partitions, first and last offsets.
    Topics {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show records of a topic.
    Tail {
        /// The topic, as `leaderboards` or `leaderboards.events`.
        topic: String,
        /// Only this partition. Default: all.
        #[arg(long, value_name = "N")]
        partition: Option<u32>,
        /// Start at this offset instead of near the end.
        #[arg(long, value_name = "OFFSET")]
        from: Option<u64>,
        /// How many records of each partition to show.
        #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
        count: u64,
        /// Go on with new records as they come.
        #[arg(long, short)]
        follow: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Copy the embedded log of --data into --kafka, which must have no topics of this cluster yet. Offsets, times and
    /// headers stay.
    Copy,
    /// Drop what stands before a position, after a checkpoint was made behind it: from then on verify and replay start
    /// there.
    Trim {
        /// The first record to keep, as leaderboards/3@17.
        position: Position,
    },
}

/// What to do with dead letters.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum DeadCommand {
    /// List them, with the reason of each.
    List {
        /// Only those of this machine. Default: all.
        machine: Option<String>,
    },
    /// Show one with all its bytes.
    Show {
        /// Where the record stands, as leaderboards/3@17.
        position: Position,
    },
    /// Append one to its topic again, to be read by this build.
    Redrive {
        /// Where the record stands, as leaderboards/3@17.
        position: Position,
    },
    /// Pass over a record whose transition fails, on every node and in every replay.
    Skip {
        /// Where the record stands, as leaderboards/3@17.
        position: Position,
    },
}

/// Reads the command line, the environment and the configuration file. Says what is wrong, or the help that was asked
/// for, and ends the process where there is no command to carry out.
#[must_use]
pub fn parse() -> (Command, Settings) {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// The same from given arguments, of which the first is the program's name.
///
/// # Errors
/// The help, or what is wrong, to be shown.
pub fn parse_from<I, T>(args: I) -> Result<(Command, Settings), clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let mut matches = command(settings::augment(root())).try_get_matches_from(&args)?;
    if let Some(file) = settings::config_file(&matches) {
        // The flags alone were fine, so what the second pass refuses stands in the file.
        let fed = settings::with_file(settings::augment(root()), &file).map_err(refuse)?;
        matches = command(fed)
            .try_get_matches_from(&args)
            .map_err(|error| refuse(format!("{}: {}", file.display(), plain(&error))))?;
    }
    let settings = settings::from_matches(&matches)?;
    settings.check().map_err(refuse)?;
    Ok((Command::from_arg_matches(&matches)?, settings))
}

fn root() -> clap::Command {
    clap::Command::new("millrace").about(ABOUT).after_help(AFTER_HELP).version(env!("CARGO_PKG_VERSION"))
}

/// The root with its commands. All of them take all settings, so that one environment and one file fit each; the
/// help of a command other than `serve` shows those that concern it.
fn command(root: clap::Command) -> clap::Command {
    let hidden: Vec<_> = settings::serving_args(&root).into_iter().map(|arg| arg.hide(true)).collect();
    let root = Command::augment_subcommands(root).subcommand_required(true).arg_required_else_help(true);
    root.mut_subcommands(|command| if command.get_name() == "serve" { command } else { command.args(&hidden) })
}

fn refuse(message: String) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n"))
}

/// A parser's error without its prefix and hints.
fn plain(error: &clap::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("error: ").unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Command, Settings), clap::Error> {
        parse_from(std::iter::once("millrace").chain(line.split_whitespace()))
    }

    #[test]
    fn commands_are_read() {
        let position: Position = "leaderboards/3@17".parse().unwrap();
        let dead = |command, json| Command::Dead { command, json };
        for (line, expected) in [
            ("serve", Command::Serve),
            ("status --json", Command::Status { json: true }),
            ("verify", Command::Verify { system: None }),
            ("replay leaderboards", Command::Replay { system: Some("leaderboards".into()) }),
            ("backup /b", Command::Backup { folder: "/b".into() }),
            ("restore /b", Command::Restore { folder: "/b".into() }),
            ("load demo --seconds 5", Command::Load(LoadCommand::Demo { systems: Vec::new(), seconds: 5, rate: 100 })),
            ("log topics", Command::Log(LogCommand::Topics { json: false })),
            ("log copy", Command::Log(LogCommand::Copy)),
            ("log trim leaderboards/3@17", Command::Log(LogCommand::Trim { position: position.clone() })),
            ("dead list --json", dead(DeadCommand::List { machine: None }, true)),
            ("dead --json skip leaderboards/3@17", dead(DeadCommand::Skip { position: position.clone() }, true)),
        ] {
            assert_eq!(parsed(line).unwrap().0, expected, "{line}");
        }
        for line in ["", "serv", "log", "dead show", "dead show leaderboards", "verify --jsn", "backup"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_command_takes_the_same_data_and_kafka() {
        for line in ["serve", "status", "verify", "replay", "log copy", "log topics", "dead list"] {
            let (_, settings) = parsed(&format!("{line} --data /d --kafka k:1 --listen 127.0.0.1:0")).unwrap();
            assert_eq!(settings.data, PathBuf::from("/d"), "{line}");
            assert_eq!((settings.kafka.as_deref(), settings.listen.as_str()), (Some("k:1"), "127.0.0.1:0"), "{line}");
        }
        assert_eq!(parsed("--data /d status").unwrap().1.data, PathBuf::from("/d"));
    }

    #[test]
    fn help_explains_every_setting_where_it_belongs() {
        let help = |line: &str| parsed(line).unwrap_err().to_string();
        let serve = help("serve --help");
        for arg in settings::augment(root()).get_arguments() {
            assert!(serve.contains(&format!("--{}", arg.get_long().unwrap())), "{arg}");
        }
        let verify = help("verify --help");
        assert!(verify.contains("--data") && !verify.contains("--listen"), "{verify}");
        assert!(!help("log topics --help").contains("--listen"));
    }
}
