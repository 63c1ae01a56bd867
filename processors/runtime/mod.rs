//! The runtime: what all systems stand on. Deterministic, without a thread, a clock or a socket of its own.

pub mod addresses;
pub mod alone;
pub mod check;
pub mod core;
pub mod cx;
pub mod derived;
pub mod digest;
pub mod door;
pub mod history;
pub mod idempotency;
pub mod ids;
pub mod keys;
pub mod outbox;
pub mod peer;
pub mod problem;
pub mod reply;
pub mod routes;
pub mod runner;
pub mod saga;
mod script;
pub mod streams;
pub mod system;
pub mod tables;
pub mod timers;
pub mod tokens;
pub mod vault;
pub mod view;

#[cfg(test)]
mod pingpong;
