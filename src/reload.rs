//! What a running server reads again on SIGHUP: who may ask, and its certificate. All other settings hold until the next
//! start.

use crate::auth::Auth;
use crate::cli;
use crate::client::Announcement;
use crate::tls::Shown;
use std::sync::{Arc, Weak};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// So many hex digits in a row may be the hash of a secret, and are not written to the log.
const SECRET_DIGITS: usize = 32;

/// From the call on SIGHUP no longer ends the process.
///
/// # Errors
/// If the signal cannot be listened to.
pub fn signals() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// The certificate that the server shows, and where it is said which one that is.
pub struct Certificate {
    /// What is read again.
    pub shown: Arc<Shown>,
    /// For the command line; gone when the server has ended.
    pub announcement: Weak<Announcement>,
}

impl Certificate {
    fn read_again(&self) {
        if let Err(error) = self.shown.reload() {
            return tracing::error!("the certificate stays as it was, it cannot be read again: {error}");
        }
        let fingerprint = self.shown.fingerprint();
        tracing::info!(fingerprint, "the certificate was read again");
        let Some(announcement) = self.announcement.upgrade() else { return };
        if let Err(error) = announcement.write(Some(fingerprint)) {
            tracing::error!("commands on this machine do not know the new certificate: {error}");
        }
    }
}

/// Reads the API keys and the certificate again whenever a signal comes, for as long as the program runs: the keys from
/// the same arguments, environment and configuration file as at the start, the certificate from the same files. What
/// cannot be read stays as it is.
pub async fn on_signals(mut signals: Signal, auth: Auth, certificate: Option<Certificate>) {
    while signals.recv().await.is_some() {
        if let Some(certificate) = &certificate {
            certificate.read_again();
        }
        let read = tokio::task::spawn_blocking(|| cli::parse_from(std::env::args_os())).await;
        let read = read.map_err(|error| error.to_string());
        let read = read.and_then(|parsed| parsed.map_err(|error| error.to_string()));
        match read.and_then(|(_, settings)| auth.replace(settings.auth_keys)) {
            Ok(count) => tracing::info!(count, "the API keys were read again"),
            Err(error) => {
                let error = without_secrets(error.trim());
                tracing::error!("the API keys stay as they were, they cannot be read again: {error}");
            }
        }
    }
}

/// The text without what may be the hash of a secret.
fn without_secrets(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_hexdigit() {
            digits.push(letter);
            continue;
        }
        shown.push_str(if digits.len() < SECRET_DIGITS { &digits } else { "…" });
        digits.clear();
        shown.push(letter);
    }
    shown.pop();
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_not_shown() {
        let hash = "0aF3".repeat(16);
        let said = without_secrets(&format!("key a:root:{hash} is bad, and 12ab is not one"));
        assert_eq!(said, "key a:root:… is bad, and 12ab is not one");
        assert_eq!(without_secrets(&hash), "…");
    }
}
