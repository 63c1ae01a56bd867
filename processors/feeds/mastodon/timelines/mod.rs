//! Timelines, notifications, lists and the stream of a home.

pub mod routes;
