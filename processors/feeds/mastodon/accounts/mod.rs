//! Accounts, and how they stand to each other.

pub mod routes;
