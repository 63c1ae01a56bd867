//! The machine `tickets.packages`: places in several events, which somebody gets in all of them or in none.
//!
//! **Promise.** When nothing is under way any more, either every event has its part of a package's hold or order, or none
//! has. There is one token, one expiry, one order and one payment. Who cancels gives everything back in every event.
//!
//! **Key.** The package, and not the first of its events: a crowd that wants a package costs a hall nothing but its holds,
//! and an event that is in many packages decides for none of them.
//!
//! **It is a saga** ([`crate::runtime::saga`]). Events are asked one after the other in the order of their ids
//! ([`asking`]): of two who want the same last places in several events, the one who got the first of them gets the others,
//! so that they do not refuse one another both. Nobody waits for a place, so nothing can lock. In a season the first event
//! says which seats are the best, and the others hold the same; one that cannot says which it does not have, and the first
//! looks again without those.
//!
//! **Taking back** what is paid asks all events first, since somebody may have come in with a ticket ([`returning`]).

pub mod asking;
pub mod money;
pub mod queries;
pub mod returning;
pub mod routes;
pub mod tables;
pub mod transition;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::tickets::{
    PackageAnswer, PackageCommand, PackageOutcome, PackageQuery, PackageTimer, Rejection, TicketsPackages,
};

/// The machine `tickets.packages`.
pub struct Packages;

impl Machine for Packages {
    type Contract = TicketsPackages;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: PackageCommand) -> Result<PackageOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: PackageTimer) {
        let PackageTimer::Due { package, number } = timer;
        transition::on_timer(cx, package, number);
    }

    fn partitions(query: &PackageQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: PackageQuery) -> Result<PackageAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(_: &PackageQuery, answers: Vec<PackageAnswer>) -> PackageAnswer {
        answers.into_iter().next().expect("one partition was asked")
    }
}
