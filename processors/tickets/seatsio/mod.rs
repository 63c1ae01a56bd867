//! The façade for the clients of [seats.io](https://docs.seats.io/docs/api/): a box office that was built for it sells
//! seats of the running program unchanged.
//!
//! **What it is.** Hold tokens, changes of the status of objects, of several events too, best available, areas, lists of
//! events, objects and status changes, at their own paths and in their own JSON, translated to the same commands and queries as the own paths
//! ([`crate::tickets::seats`]). An object is a seat, and its label the seat's name. An event is made of a chart: the chart's
//! key is the id of an event whose plan it takes, made by the own API.
//!
//! **Who asks.** The secret key is an API key of the role `server` or `operator`.
//!
//! **What differs.** A hold token says itself until when it is good ([`token`]); only another time is kept
//! ([`crate::tickets::tokens`]). Tokens reach no log, so objects do not show theirs. A change of several events is made in
//! one after the other, in each as a whole or not at all. An area is a category without seats, and its label the category's
//! id; each of its places is a hold of its own. Tables, seasons, for-sale settings and statuses of one's own are not covered.

mod given;
mod refusal;
pub mod routes;
mod shown;
mod token;
