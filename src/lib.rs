//! The program: settings, command line, gateway, and what stands behind it.

pub mod admin;
pub mod auth;
pub mod backend;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod control;
pub mod gateway;
pub mod health;
pub mod keys;
pub mod letters;
pub mod logging;
pub mod look;
pub mod metrics;
pub mod node;
pub mod openapi;
pub mod rebuild;
pub mod replay;
pub mod serve;
pub mod settings;
pub mod slot;
pub mod state_folder;
pub mod verify;
pub mod workers;

use std::process::ExitCode;

/// Reads the command line and starts writing log lines.
#[must_use]
pub fn run() -> ExitCode {
    let (_command, settings) = cli::parse();
    match logging::start(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
