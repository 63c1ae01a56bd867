//! What may be asked and what is said, and the log that carries it. No behaviour lives here.

pub mod carts;
pub mod clicks;
pub mod codec;
pub mod conformance;
pub mod contract;
pub mod copy;
pub mod embedded;
pub mod feeds;
#[cfg(test)]
mod fixtures;
pub mod kafka;
pub mod leaderboards;
pub mod log;
pub mod memory;
pub mod money;
pub mod partition;
pub mod position;
pub mod record;
pub mod tickets;
pub mod time;
pub mod token;
