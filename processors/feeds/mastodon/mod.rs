//! The façade for clients of [Mastodon](https://docs.joinmastodon.org/api/): what they call for accounts, statuses, timelines,
//! notifications, lists and the stream of a home (events, or a WebSocket), translated to the same commands and queries as the
//! own paths.
//!
//! **Who asks.** A token is the API key of a user, or one that `/oauth/token` gave ([`token`]): to anybody where everybody is
//! operator, that is on a loopback address without API keys, else only to whom an API key makes a server or an operator, for the
//! account that it names. There is no password to be known.
//!
//! **What differs.** Accounts are made by the own API. An account's id here is made of its own id, digit by digit ([`ids`]), and
//! back. What is deleted is 404, as Mastodon says it. Content is the text, as HTML. Statuses have no media or cards, and
//! `bookmarked` and `pinned` only where that is known. A home has one's own statuses, as Mastodon's has.

pub mod accounts;
pub mod filters;
mod given;
mod ids;
pub mod routes;
mod shown;
pub mod statuses;
pub mod streaming;
pub mod timelines;
mod token;

#[cfg(test)]
mod tests;
