//! Leaderboards under test.
