//! The façade for the clients of [seats.io](https://docs.seats.io/docs/api/): a box office that was built for it sells
//! seats of the running program unchanged.
//!
//! **What it is.** Hold tokens, changes of the status of objects, best available, objects and their status changes, at
//! their own paths and in their own JSON, translated to the same commands and queries as the own paths
//! ([`crate::tickets::seats`]). An object is a seat, and its label the seat's name. An event is made of a chart: the chart's
//! key is the id of an event whose plan it takes, made by the own API.
//!
//! **Who asks.** The secret key is an API key of the role `server` or `operator`.
//!
//! **What differs.** A hold token says itself until when it is good ([`token`]), so its time cannot be changed. Tokens
//! reach no log, so objects do not show theirs. A change concerns one event, and seats alone: tables, areas, seasons and
//! statuses of one's own are not covered.

mod given;
mod refusal;
pub mod routes;
mod shown;
mod token;
