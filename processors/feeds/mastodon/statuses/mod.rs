//! Statuses, and what is done to them.

pub mod routes;
