//! The machine `clicks.campaigns`: the terms of campaigns, and rule sets under their numbers.
//!
//! A campaign knows its ads and sends each of them every change of its terms. Rule sets all have one key, so their
//! numbers have no gaps; number 1 is built in.

pub mod adopt;
pub mod invoices;
pub mod orders;
pub mod purse;
pub mod queries;
pub mod tables;
pub mod transition;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::clicks::{
    CampaignsAnswer, CampaignsCommand, CampaignsOutcome, CampaignsQuery, CampaignsTimer, ClicksCampaigns, Rejection,
};

/// The machine `clicks.campaigns`.
pub struct Campaigns;

impl Machine for Campaigns {
    type Contract = ClicksCampaigns;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: CampaignsCommand) -> Result<CampaignsOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: CampaignsTimer) {
        let CampaignsTimer::Adopt { campaign, ruleset, rules, after } = timer;
        adopt::go_on(cx, campaign, ruleset, rules, after);
    }

    fn partitions(query: &CampaignsQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: CampaignsQuery) -> Result<CampaignsAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(query: &CampaignsQuery, answers: Vec<CampaignsAnswer>) -> CampaignsAnswer {
        queries::merge(query, answers)
    }
}
