//! The one test binary: a second one would link RocksDB and librdkafka again.
#![allow(clippy::unwrap_used, reason = "a test may panic; helpers outside `#[test]` count as other code")]

mod asof;
mod broker;
mod carts;
mod clicks;
mod crash;
mod deploy;
mod described;
mod docs;
mod events;
mod faults;
mod feeds;
mod fuzz;
mod kafka;
mod leaderboards;
mod load;
mod logs;
mod nakama;
mod overload;
mod streams;
mod support;
mod tickets;
mod tidy;
mod tls;
mod traces;
mod trim;
mod walk;
