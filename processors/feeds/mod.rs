//! Feeds: who writes what, who follows whom, and what each sees of it, newest first.
//!
//! **Promise.** A feed is the merge of what those write whom somebody follows, without a repeat, as far back as they wrote. A
//! delete, a block and a change of privacy hold in every answer that has their position, whatever was delivered before. Who
//! comes back after a year sees a full feed at once, and has cost nothing meanwhile. Counts are the sizes of sets.
//!
//! **Key.** The account: its partition has what it writes ([`posts`], [`reactions`] to it) and what it sees ([`edges`],
//! [`notices`]). Accounts of different partitions meet only by news over links ([`hearing`]). Tags have a machine of their
//! own ([`tags`]). The id of a post names its partition, so nobody keeps a table of where posts are.
//!
//! **The life of a post.** It lies with its author, and nothing is delivered: whoever reads asks the authors ([`home`]). So a
//! post of somebody whom a million follow is visible at once and delays nobody. Rings of the newest posts in memory
//! ([`accounts`], [`newest`]) answer that; below them the table does. A deleted post stays as its id.
//!
//! Who reads often has an inbox beside those rings ([`inboxes`]): a cache that is never behind and decides nothing.
//!
//! **Who decides.** The author's partition says at each read who may see ([`sight`]): it has the blocks of the author, and
//! who may follow. The reader's partition says whom he follows, blocks and mutes. Both are asked, so both hold at once.
//!
//! **It never** answers an empty page while something is left, and never tells who is hidden from whom: that is 404.

pub mod accounts;
mod bodies;
pub mod edges;
pub mod erasure;
pub mod hearing;
pub mod home;
pub mod inboxes;
pub mod mastodon;
pub mod newest;
pub mod notices;
pub mod polls;
pub mod posts;
pub mod queries;
pub mod reactions;
pub mod routes;
pub mod schedule;
pub mod shelves;
pub mod sight;
pub mod stream;
pub mod tables;
pub mod tags;
pub mod taste;
pub mod text;
pub mod transition;
pub mod words;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::feeds::{Answer, Command, Feeds, Outcome, Query, Rejection, Timer};

/// The entry in the registry.
pub const SYSTEM: System = System {
    name: "feeds",
    machines: &[MachineDef::of::<Feeding>("feeds"), MachineDef::of::<tags::Tags>("feeds")],
    routes: routes::routes,
    public: None,
    facades: &[mastodon::routes::FACADE],
};

/// The machine `feeds`.
pub struct Feeding;

impl Machine for Feeding {
    type Contract = Feeds;
    type Engine = accounts::Accounts;

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
