//! The façade for the clients of [Nakama](https://heroiclabs.com/docs/nakama): they play on the boards unchanged.
//!
//! **What it is.** Nakama's paths, JSON and errors for what its clients do with leaderboards, translated to the same
//! commands and queries as the own paths. Boards are made by the own API, since clients of Nakama cannot make any.
//!
//! **Users.** There are no accounts: who knows an id (of a device, or a custom one) is the user whose id is a keyed hash
//! of it, the same each time. Its name is what it says, so names are not unique; a record carries the name in its
//! metadata under `$username`, where also other writers may put one. A session is a token with an end, which no server
//! remembers.
//!
//! **It never** lets a user write or delete for another, or opens a session to who does not know the server key.

mod bodies;
pub mod routes;
mod session;

#[cfg(test)]
mod tests;
