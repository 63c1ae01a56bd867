//! Leaderboards: members ranked by score, exactly, while the scores come in.
//!
//! **Promise.** A rank is exact at the position that the answer names, for the first member and the ten-millionth
//! alike. Of equal scores the one that was reached first stands higher. The answer to a submission says the rank and
//! the score before and after it.
//!
//! **Key.** The board's id: a board lies in one partition, and all that ever happened to it is in one order.
//!
//! **The life of a board.** An operator defines it, once and for good: which end is the top, how a submission
//! becomes a score, which scores it takes, who may submit. Submissions then bring members onto it and move them;
//! a deletion takes a member off, as if it had never been there. A board has a run, its *epoch*, whose number stands
//! in every key; the first is 0.
//!
//! **Where things are.** `members` is the truth. `order` holds the same members in the order of the board, and is
//! derived from it. [`ranks`] keeps in memory how many rows of `order` lie in each stretch of it, so that a rank is
//! a sum and a short walk.
//!
//! **It never** ranks by a float, breaks a tie by name or by offset, moves a member whose score stays the same, or
//! walks a board from the top to find someone.

pub mod queries;
pub mod ranks;
pub mod routes;
pub mod stream;
pub mod tables;
pub mod transition;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::contract::NoTimer;
use millrace_topics::leaderboards::{Answer, Command, Leaderboards, Outcome, Query, Rejection};

/// The entry in the registry.
pub const SYSTEM: System =
    System { name: "leaderboards", machines: &[MachineDef::of::<Boards>("leaderboards")], routes: routes::routes };

/// The machine `leaderboards`.
pub struct Boards;

impl Machine for Boards {
    type Contract = Leaderboards;
    type Engine = ranks::Ranks;

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: Command) -> Result<Outcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(_: &mut Cx<'_, Self>, timer: NoTimer) {
        match timer {}
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
