//! The stream of a home for clients of Mastodon.

pub mod routes;
