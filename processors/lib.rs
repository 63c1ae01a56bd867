//! Behaviour: the runtime that turns a log into state, and the systems that run on it.

pub mod leaderboards;
pub mod runtime;

use runtime::system::System;

/// The systems, by name.
pub const ALL: &[System] = &[leaderboards::SYSTEM];
