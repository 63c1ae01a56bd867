//! `millrace bench`: what this machine can do at most, and what Millrace does on it, side by side.

mod append;
mod apply;
mod carts;
mod clicks;
mod drive;
mod feeds;
mod figures;
mod tickets;

use crate::cli::{ApplyLoad, BenchCommand, CartsLoad, ClicksLoad, FeedsLoad, TicketsLoad};
use crate::keys::Keys;
use crate::settings::Settings;
use std::path::Path;

/// Carries out a benchmark in a scratch folder below the data folder, which is removed afterwards.
///
/// # Errors
/// A sentence for the operator.
pub fn run(command: &BenchCommand, settings: Settings) -> Result<(), String> {
    let folder = settings.data.join("bench");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let scratch = Settings { data: folder.clone(), ..settings };
    // Before anything is in the folder: one that is in use and has no keys is not served.
    Keys::open(&scratch).map_err(|error| error.to_string())?;
    let result = match command {
        BenchCommand::Append(load) => append::run(load, &scratch),
        BenchCommand::Apply(load) => apply::run(load, &scratch),
        BenchCommand::Carts(load) => carts::run(load, &scratch),
        BenchCommand::Clicks(load) => clicks::run(load, &scratch),
        BenchCommand::Feeds(load) => feeds::run(load, &scratch),
        BenchCommand::Tickets(load) => tickets::run(load, &scratch),
    };
    let keep = match command {
        BenchCommand::Append(_) => false,
        BenchCommand::Apply(ApplyLoad { keep, .. })
        | BenchCommand::Carts(CartsLoad { keep, .. })
        | BenchCommand::Clicks(ClicksLoad { keep, .. })
        | BenchCommand::Feeds(FeedsLoad { keep, .. })
        | BenchCommand::Tickets(TicketsLoad { keep, .. }) => *keep,
    };
    if keep {
        println!("kept in {}: `millrace serve --data` serves it", folder.display());
        return result;
    }
    remove(&folder, result)
}

fn remove(folder: &Path, result: Result<(), String>) -> Result<(), String> {
    std::fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    result
}
