//! Leaderboards: members ranked by score, exactly, while the scores come in.
//!
//! **Promise.** A rank is exact at the position that the answer names, for the first member and the ten-millionth
//! alike. Of equal scores the one that was reached first stands higher. The answer to a submission says the rank and
//! the score before and after it. An epoch ends exactly once, with one event that says how it ended.
//!
//! **Key.** The board's id: all that ever happened to a board is in one order. A board that one core cannot carry is
//! spread over shards, each with a key of its own ([`shard`]); [`spread`] makes one exact answer of theirs.
//!
//! **The life of a board.** An operator defines it, once and for good: which end is the top, how a submission
//! becomes a score, which scores it takes, who may submit, over which windows it ranks. Submissions then bring
//! members onto it and move them; a deletion takes a member off, as if it had never been there. Each window has
//! *epochs*: at its boundary, or by hand, the open one ends and the next begins, empty, whatever its size was. A
//! submission can be voided while it is kept: what is left is folded again. An owner can be hidden on every board, or
//! erased.
//!
//! **Leagues.** The window `all` of a board can be a league. An owner's first submission in an epoch gives it a seat in
//! the open bucket of its tier; ranks count within the bucket. The order is one all the same: keys begin with the number
//! of the bucket, so that a bucket is a span of it. When the epoch has ended, a timer takes one bucket after the other,
//! at most a thousand members in one go: the first go up a tier, the last go down, and each that does is said once.
//! Whoever submits before its bucket's turn is settled at that moment, so that it plays in its new tier at once. Rows of
//! an epoch go only after that. `daily` and `weekly` of such a board stay rankings of all; shards, dense ranks, prizes
//! and a `top` in the event of a closed epoch are refused with a league.
//!
//! **Where things are.** `members` is the truth: what counts of a member, and the last submissions that made it
//! ([`fold`]). `order` holds the same members in the order of the board ([`ladder`]), and is derived from it.
//! [`standings`] keeps that order in memory too ([`ranks`]), so that a rank is two sums and three short searches, and a
//! sum over each ranking, so that it has a hash at once. [`order`] is the one place where members enter and leave. [`calendar`] knows when epochs end.
//!
//! **It never** ranks by a float, breaks a tie by name or by offset, moves a member whose score stays the same, or
//! walks a board from the top to find someone.

mod bodies;
pub mod calendar;
pub mod fold;
pub mod kept;
pub mod ladder;
pub mod moderation;
pub mod nakama;
pub mod order;
pub mod ordered;
pub mod queries;
pub mod routes;
pub mod shard;
pub mod spread;
pub mod standings;
pub mod stream;
pub mod tables;
pub mod transition;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::leaderboards::{Answer, Command, Leaderboards, Outcome, Query, Rejection, Timer};

/// The entry in the registry.
pub const SYSTEM: System = System {
    name: "leaderboards",
    machines: &[MachineDef::of::<Boards>("leaderboards")],
    routes: routes::routes,
    public: None,
    facades: &[nakama::routes::FACADE],
};

/// The machine `leaderboards`.
pub struct Boards;

impl Machine for Boards {
    type Contract = Leaderboards;
    type Engine = standings::Standings;

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
