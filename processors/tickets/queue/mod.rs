//! The machine `tickets.queue`: the line in front of an event.
//!
//! **Promise.** Each buyer has one place. They are let in as they came, or those who came before the room opened in an
//! order that was drawn and that anybody can compute again ([`draw`]). No more are in at a time than may be, and no more
//! come in a minute ([`pace`]). Who is let in may hold places of the event until the session is over, the buyer leaves, or
//! has ordered ([`crate::tickets::admission`] is the door itself).
//!
//! **It costs nothing to wait.** A place is a signed text that says its number, and a node knows up to which position the
//! line has come ([`known`]): to ask whether it is one's turn concerns no partition.

pub mod draw;
pub mod known;
pub mod pace;
pub mod queries;
pub mod rooms;
pub mod routes;
pub mod tables;
pub mod transition;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::tickets::{
    QueueAnswer, QueueCommand, QueueOutcome, QueueQuery, QueueTimer, Rejection, TicketsQueue,
};

/// The machine `tickets.queue`.
pub struct Queue;

impl Machine for Queue {
    type Contract = TicketsQueue;
    type Engine = rooms::Rooms;

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: QueueCommand) -> Result<QueueOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: QueueTimer) {
        let QueueTimer::Due { event } = timer;
        transition::on_timer(cx, event);
    }

    fn partitions(query: &QueueQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: QueueQuery) -> Result<QueueAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(_: &QueueQuery, answers: Vec<QueueAnswer>) -> QueueAnswer {
        answers.into_iter().next().expect("one partition was asked")
    }
}
