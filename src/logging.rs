//! Log lines: to standard error, as text or JSON, filtered by `--log-filter`.

use crate::settings::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;

/// Starts writing log lines. Standard output stays free for the ready line and for what commands print.
///
/// # Errors
/// A sentence that names the setting, or that lines are written already.
pub fn start(settings: &Settings) -> Result<(), String> {
    let filter = filter(&settings.log_filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // It would say on standard error that standard error cannot be written, and panic: as where the disk is full.
    let lines = lines.log_internal_errors(false);
    let started = match settings.log_format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => {
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
            lines.json().flatten_event(true).try_init()
        }
    };
    started.map_err(|error| error.to_string())
}

fn filter(text: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(text).map_err(|error| format!("--log-filter {text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked() {
        assert!(filter("info,millrace::gateway=debug").is_ok());
        assert!(filter("millrace=loud").unwrap_err().contains("--log-filter millrace=loud"));
    }
}
