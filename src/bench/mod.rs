//! `millrace bench`: what this machine can do at most, and what Millrace does on it, side by side.

mod append;
mod apply;
mod figures;

use crate::cli::{ApplyLoad, BenchCommand};
use crate::settings::Settings;

/// Carries out a benchmark in a scratch folder below the data folder, which is removed afterwards.
///
/// # Errors
/// A sentence for the operator.
pub fn run(command: &BenchCommand, settings: Settings) -> Result<(), String> {
    let folder = settings.data.join("bench");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let scratch = Settings { data: folder.clone(), ..settings };
    let result = match command {
        BenchCommand::Append(load) => append::run(load, &scratch),
        BenchCommand::Apply(load) => apply::run(load, &scratch),
    };
    if matches!(command, BenchCommand::Apply(ApplyLoad { keep: true, .. })) {
        println!("kept in {}: `millrace serve --data` serves it", folder.display());
        return result;
    }
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    result
}
