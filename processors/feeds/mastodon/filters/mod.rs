//! Filters in the dialect of Mastodon: words that an account has muted.

pub mod routes;
