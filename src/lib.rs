//! The program: settings, command line, gateway, and what stands behind it.

pub mod admin;
pub mod asof;
pub mod auth;
pub mod backend;
pub mod backup;
pub mod bench;
pub mod checkpoints;
pub mod cli;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod commands;
pub mod contact;
pub mod control;
pub mod cors;
pub mod disk;
pub mod docs;
pub mod gateway;
pub mod health;
pub mod impatient;
pub mod keys;
pub mod letters;
pub mod load;
pub mod logging;
pub mod look;
pub mod metrics;
pub mod node;
pub mod open;
pub mod openapi;
pub mod owed;
pub mod peer;
pub mod pressure;
pub mod queries;
pub mod rebuild;
pub mod reload;
pub mod replay;
pub mod serve;
pub mod settings;
pub mod slot;
pub mod slots;
pub mod state_folder;
pub mod streams;
pub mod tls;
pub mod traces;
pub mod vault;
pub mod verify;
pub mod workers;

use std::io::Write as _;
use std::process::ExitCode;

/// Reads the command line and carries it out. Exit code 1: something is not as it should be, 2: it could not be done.
#[must_use]
pub fn run() -> ExitCode {
    tls::install();
    let (command, settings) = cli::parse();
    let result = logging::start(&settings).and_then(|()| settings.check()).and_then(|()| carry_out(command, settings));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Not `eprintln!`, which panics where this cannot be written.
            drop(writeln!(std::io::stderr(), "error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn carry_out(command: cli::Command, settings: settings::Settings) -> Result<bool, String> {
    if command == cli::Command::Serve {
        return serve::run(settings).map(|()| true);
    }
    if let cli::Command::Bench(command) = &command {
        return bench::run(command, settings).map(|()| true);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(commands::run(command, settings))
}
