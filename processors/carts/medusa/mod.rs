//! The façade for [Medusa](https://docs.medusajs.com)'s `@medusajs/js-sdk`: a shop that was built for it sells unchanged.
//!
//! **What it is.** Medusa's store paths, JSON and errors from the first cart to the order, translated to the same commands
//! and queries as the own paths. What is sold, what it costs, codes and ways of sending are made by the own API; a
//! variant's id is its SKU, and a region is a currency (`reg_eur`).
//!
//! **Who asks.** The SDK sends no token of a cart: its id is the secret ([`secret`]), from which the own id and the hash
//! of the token are made. Nothing in the log is as good as the id. Customers have tokens ([`token`]) that the shop's own
//! server gets for them ([`customers`]). A cart that was transferred to one is the customer's: its id means the customer's
//! cart then, and only to who shows that token.
//!
//! **What differs.** To start a payment session checks the cart out, so the lines are reserved from there on; a change
//! ends that, as it ends Medusa's payment sessions. The provider's word comes over `/v1/carts/payments/…/events`, with the
//! cart and the amount that the session's `data` name. E-mail, addresses and what else belongs to this dialect alone lie
//! in the cart's metadata ([`extras`]).

mod customers;
mod extras;
mod given;
mod products;
mod refusal;
pub mod routes;
mod secret;
mod shown;
mod steps;
mod token;

#[cfg(test)]
mod tests;
