//! The program: settings, command line, gateway, and what stands behind it.

pub mod auth;
pub mod cli;
pub mod client;
pub mod gateway;
pub mod health;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod settings;

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
