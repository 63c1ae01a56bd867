//! Tickets: places of an event, of which each is sold once and none is left over.
//!
//! **Promise.** A seat has one owner at most. A hold of several places gets all of them or none. `sold_out` is said only
//! if nothing that would suit is free or can come back by itself. Who cancels gives everything back.
//!
//! **Key.** The event: everybody who wants a seat of it is in one order, so there is no lock and no oversell.
//!
//! **The life of a place.** It is held under a token of which only the hash is kept ([`holds`]), until it is given back,
//! its time is over, or it becomes part of an order. An order has it until it is paid, or out of time; a paid order has
//! tickets ([`orders`]). Money that comes too late takes the same places if all are still free, else it is to be given
//! back ([`payments`]). Tickets are taken back one by one, exchanged and renamed
//! ([`changes`]), and let somebody in once ([`scans`]). Time is the log's: a command with the time of an expiry or a later one finds the place free.
//!
//! **The waiting room.** Where an event has one, nobody holds anything without having been let in: the line is a machine of
//! its own, `tickets.queue` ([`queue`]), so that a crowd in front keeps nobody inside waiting.
//!
//! **Where things are.** Holds and orders are rows, and say who has what. [`hall`] keeps in memory what follows from them:
//! seats as bits, rows in a tree, counts of each category, what each buyer has, and what ends next. A hold writes one row
//! and no seat. Holds stay when they have ended: each knows who had its seats before, so that a seat has a history.
//!
//! **Several events.** A package takes places in each of its events, or in none: a saga of the machine `tickets.packages`
//! ([`packages`]), of which an event knows its own part ([`parts`]).
//!
//! **It never** looks for a seat twice: who finds it, has it. It takes no price from a buyer, and keeps no money silently.

pub mod admission;
pub mod areas;
mod bodies;
pub mod changes;
pub mod channels;
pub mod codes;
pub mod finding;
pub mod hall;
pub mod halls;
pub mod holds;
pub mod lists;
pub mod orders;
pub mod packages;
pub mod parts;
pub mod payments;
pub mod queries;
pub mod queue;
pub mod resale;
pub mod routes;
pub mod rules;
pub mod scans;
pub mod seats;
pub mod seatsio;
pub mod stream;
pub mod tables;
pub mod tokens;
pub mod transition;
pub mod waitlist;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::tickets::{Answer, Command, Outcome, Query, Rejection, Tickets, Timer};

/// The entry in the registry.
pub const SYSTEM: System = System {
    name: "tickets",
    machines: &[
        MachineDef::of::<Ticketing>("tickets"),
        MachineDef::of::<queue::Queue>("tickets"),
        MachineDef::of::<packages::Packages>("tickets"),
    ],
    routes: routes::routes,
    public: Some(routes::public),
    facades: &[seatsio::routes::FACADE],
};

/// The machine `tickets`.
pub struct Ticketing;

impl Machine for Ticketing {
    type Contract = Tickets;
    type Engine = halls::Halls;

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
