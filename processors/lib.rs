//! Behaviour: the runtime that turns a log into state, and the systems that run on it.

pub mod carts;
pub mod clicks;
pub mod feeds;
pub mod leaderboards;
pub mod runtime;
pub mod tickets;

use runtime::system::System;

/// The systems, by name.
pub const ALL: &[System] = &[carts::SYSTEM, clicks::SYSTEM, feeds::SYSTEM, leaderboards::SYSTEM, tickets::SYSTEM];
