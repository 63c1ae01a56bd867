//! Clicks: every click on an ad, once, judged by rules that can be read, and a bill that equals the raw log.
//!
//! **Promise.** A click that was acknowledged counts exactly once, or does not count for reasons that are kept with it.
//! Of several reasons the first by precedence is the primary one, so that gross is valid plus the sum of invalid by
//! primary reason, in every bucket and over every dimension. A report says up to when it is complete.
//!
//! **Three machines, three keys.** `clicks` has the prefix of the address as its key: it drops ids that it knows, puts
//! times right that cannot be, and gathers what speaks against a click: rates of address, prefix and visitor
//! ([`rings`]), crawlers ([`bots`]). `clicks.ads` ([`ads`]) has the ad, or one of its shards: it judges each click by
//! the campaign's terms, prices it, and counts it in every grain at once. `clicks.campaigns` ([`campaigns`]) has the
//! campaign: it knows the terms and tells every ad of it when they change.
//!
//! **The life of a click.** A route turns visitors into hashes that only the cluster's secret makes, and addresses into
//! hashes and ciphertext whose keys end with their day ([`visitor`]); no address reaches the log. The click lands under its prefix, is sent to its ad, and is judged there in the order of
//! that ad's log: of two clicks of a visitor that are too near to each other, the one that the ad saw first counts,
//! whatever times they say. A later case may make it invalid; its verdicts stay with it.
//!
//! **Hours.** When an hour and the grace behind it are over, every partition of `clicks` says so to every one of
//! `clicks.ads`; an hour is complete once all have. A click of an hour that is closed, because the campaign's lateness
//! is over, goes to the adjustments, as a case's changes do: rows of closed hours are never edited.
//!
//! **It never** stores an address, decides by a float or by a hash map's order, counts a prefetch as a click that
//! costs, or answers a total without its parts.

pub mod ads;
mod bodies;
pub mod bots;
pub mod campaigns;
mod conversions;
mod erasure;
mod forget;
mod intake;
pub mod queries;
pub mod redirect;
pub mod report;
pub mod rings;
pub mod routes;
pub mod sketch;
pub mod tables;
pub mod targets;
pub mod token;
pub mod transition;
pub mod visitor;
pub mod watch;
pub mod what_if;

#[cfg(test)]
mod tests;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Engine, Machine, MachineDef, Partitions, System};
use crate::runtime::view::View;
use millrace_state::store::Store;
use millrace_state::table::TableDef;
use millrace_topics::clicks::{Answer, Clicks, Command, Outcome, Query, Rejection, Timer};

/// The entry in the registry.
pub const SYSTEM: System = System {
    name: "clicks",
    machines: &[
        MachineDef::of::<Taking>("clicks"),
        MachineDef::of::<ads::Ads>("clicks"),
        MachineDef::of::<campaigns::Campaigns>("clicks"),
    ],
    routes: routes::routes,
    public: Some(redirect::routes::routes),
    facades: &[],
};

/// The machine `clicks`.
pub struct Taking;

/// What it keeps in memory: what the crawlers' patterns said of User-Agents.
#[derive(Default)]
pub struct Seen {
    /// Far fewer than clicks.
    pub bots: bots::Memory,
    /// Below this key the counts of what was taken are gone.
    pub raw_low: Vec<u8>,
}

impl Engine for Seen {
    fn rebuild(_: &Store) -> Self {
        Self::default()
    }
}

impl Machine for Taking {
    type Contract = Clicks;
    type Engine = Seen;

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
