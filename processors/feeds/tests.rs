//! Feeds through the harness.
