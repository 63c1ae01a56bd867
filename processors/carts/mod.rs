//! Carts: what somebody means to buy, and the way from there to exactly one order.
//!
//! **Promise.** Two buyers never get the last one. What a cart has reserved is its own until it is bought, given up or
//! out of time; a payment whose money was taken leads to an order or is to be given back, and either is said.
//!
//! **Three machines.** `carts` has the cart as its key: lines, checkout, payments and order. `carts.stock` ([`stock`])
//! has the stock item: how many there are, who holds some, and how many are sold. `carts.promo` ([`promo`]) has the code of
//! a promotion: what it takes off, and how many uses are left.
//!
//! **The life of a cart.** It is opened under a token of which only the hash is kept. Lines change while it is active.
//! A checkout locks them and asks every stock item once, whatever number of lines and bundles needs it: a saga
//! ([`crate::runtime::saga`]) whose state is the cart's row ([`checkout`]). Stock has no clock: the cart's partition
//! alone decides whether a reservation ends in an order, by its deadline, or by the buyer, so it ends once. Payments
//! ([`payments`]) come from outside, in any order and as often as they like.
//!
//! **It never** takes a price from a buyer, changes an order, or keeps money silently.

mod bodies;
pub mod checkout;
pub mod claim;
pub mod codes;
pub mod discounts;
pub mod holds;
pub mod lines;
pub mod medusa;
pub mod news;
pub mod payments;
pub mod promo;
pub mod queries;
pub mod routes;
pub mod share;
pub mod stock;
pub mod stream;
pub mod tables;
pub mod transition;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::carts::{Answer, Carts, Command, Outcome, Query, Rejection, Timer};

/// The entry in the registry.
pub const SYSTEM: System = System {
    name: "carts",
    machines: &[
        MachineDef::of::<Carting>("carts"),
        MachineDef::of::<stock::Stock>("carts"),
        MachineDef::of::<promo::Promo>("carts"),
    ],
    routes: routes::routes,
    public: Some(routes::public),
    facades: &[medusa::routes::FACADE],
};

/// The machine `carts`.
pub struct Carting;

impl Machine for Carting {
    type Contract = Carts;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: Command) -> Result<Outcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: Timer) {
        transition::on_timer(cx, timer);
    }

    fn partitions(query: &Query) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: Query) -> Result<Answer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(query: &Query, answers: Vec<Answer>) -> Answer {
        queries::merge(query, answers)
    }
}
