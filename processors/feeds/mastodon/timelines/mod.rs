//! Timelines, notifications and lists.

pub mod routes;
