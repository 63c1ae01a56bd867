//! What can be asked of campaigns and rule sets.

use crate::clicks::campaigns::Campaigns;
use crate::clicks::campaigns::tables::{CAMPAIGNS, INVOICES, ORDERS, RULE_SETS};
use crate::runtime::system::Partitions;
use millrace_topics::clicks::{CampaignsAnswer, CampaignsQuery, RULE_SETS as RULE_SETS_KEY, Rejection, RuleSet, Rules};
use millrace_topics::time::Time;

type View<'a> = crate::runtime::view::View<'a, Campaigns>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &CampaignsQuery) -> Partitions {
    let key = match query {
        CampaignsQuery::Campaign { id } | CampaignsQuery::Invoice { campaign: id, .. } => id.as_str(),
        CampaignsQuery::Order { campaign, .. } => campaign.as_str(),
        CampaignsQuery::RuleSet { .. } | CampaignsQuery::RuleSets { .. } => RULE_SETS_KEY,
    };
    Partitions::One(key.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &CampaignsQuery, answers: Vec<CampaignsAnswer>) -> CampaignsAnswer {
    answers.into_iter().next().expect("one partition was asked")
}

/// Answers a query.
///
/// # Errors
/// That there is no such thing.
pub fn answer(view: &View<'_>, query: CampaignsQuery) -> Result<CampaignsAnswer, Rejection> {
    match query {
        CampaignsQuery::Campaign { id } => {
            let campaign = view.get(CAMPAIGNS, &id).ok_or(Rejection::UnknownCampaign)?;
            Ok(CampaignsAnswer::Campaign(Box::new(campaign)))
        }
        CampaignsQuery::RuleSet { number } => {
            let found = if number == 1 { Some(built_in()) } else { view.get(RULE_SETS, &number) };
            Ok(CampaignsAnswer::RuleSet(Box::new(found.ok_or(Rejection::UnknownRuleSet(number))?)))
        }
        CampaignsQuery::Invoice { campaign, number } => {
            let key = (campaign, number);
            let row = view.get(INVOICES, &key).ok_or(Rejection::UnknownInvoice)?;
            let campaign = view.get(CAMPAIGNS, &key.0).expect("an invoice has its campaign");
            Ok(CampaignsAnswer::Invoice(Box::new(row.show(&key.0, &campaign.definition.currency))))
        }
        CampaignsQuery::Order { campaign, order_id } => {
            let place = (campaign, order_id);
            let row = view.get(ORDERS, &place).ok_or(Rejection::UnknownOrder)?;
            Ok(CampaignsAnswer::Order(Box::new(row.show(&place))))
        }
        CampaignsQuery::RuleSets { limit, below } => Ok(CampaignsAnswer::RuleSets(rule_sets(view, limit, below))),
    }
}

/// Rule set 1: what holds unless something else was published and named.
fn built_in() -> RuleSet {
    RuleSet {
        ruleset: 1,
        name: "built in".to_owned(),
        rules: Rules::default(),
        datacenters: Vec::new(),
        published_at: Time(0),
    }
}

fn rule_sets(view: &View<'_>, limit: u32, below: Option<u32>) -> Vec<RuleSet> {
    let mut rows = RULE_SETS.all().reversed();
    if let Some(below) = below {
        rows = rows.beyond(&RULE_SETS.raw_key(&below));
    }
    let published = view.scan(RULE_SETS, &rows).map(|(_, set)| set);
    let first = [built_in()].into_iter().filter(|_| below.is_none_or(|below| below > 1));
    published.chain(first).take(limit as usize).collect()
}
