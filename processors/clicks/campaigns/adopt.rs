//! Rule sets that campaigns adopt: at once, or when a time has come; one campaign, or all of a partition, some at a time.

use crate::clicks::campaigns::Campaigns;
use crate::clicks::campaigns::tables::CAMPAIGNS;
use crate::clicks::campaigns::transition::change;
use millrace_state::table::Range;
use millrace_topics::clicks::{
    Adoption, Campaign, CampaignDefinition, CampaignsOutcome, CampaignsTimer, Rejection, Rules,
};

type Cx<'a> = crate::runtime::cx::Cx<'a, Campaigns>;

/// How many campaigns adopt a rule set before others get their turn: each tells all its ads.
const STEP: usize = 10;

/// Begins an adoption, or waits for its time.
///
/// # Errors
/// That there is no such campaign, or that its time is over.
pub fn begin(cx: &mut Cx<'_>, adoption: Adoption) -> Result<CampaignsOutcome, Rejection> {
    if adoption.campaign.as_ref().is_some_and(|id| cx.get(CAMPAIGNS, id).is_none()) {
        return Err(Rejection::UnknownCampaign);
    }
    let from = adoption.from.unwrap_or(cx.now());
    if from < cx.now() {
        return Err(Rejection::BadDefinition("`from` is over: without it a rule set is adopted at once".to_owned()));
    }
    // The line: nothing below can be refused.
    let Adoption { campaign, ruleset, rules, .. } = adoption;
    if from > cx.now() {
        cx.set_timer(from, &CampaignsTimer::Adopt { campaign, ruleset, rules, after: None });
    } else {
        go_on(cx, campaign, ruleset, rules, None);
    }
    Ok(CampaignsOutcome::Adopted { ruleset, from })
}

/// Lets the campaign, or some of all, adopt a rule set, and goes on later.
pub fn go_on(cx: &mut Cx<'_>, campaign: Option<String>, ruleset: u32, rules: Rules, after: Option<String>) {
    let all = CAMPAIGNS.all();
    let rows: Range = after.map_or(all.clone(), |after| all.beyond(&CAMPAIGNS.raw_key(&after)));
    let some: Vec<Campaign> = match &campaign {
        Some(id) => cx.get(CAMPAIGNS, id).into_iter().collect(),
        None => cx.scan(CAMPAIGNS, &rows).map(|(_, campaign)| campaign).take(STEP).collect(),
    };
    let last = some.get(STEP - 1).map(|campaign| campaign.definition.id.clone());
    for known in some {
        let definition = CampaignDefinition { ruleset, rules, ..known.definition.clone() };
        let policy = known.policy;
        change(cx, known, definition, policy);
    }
    if let Some(after) = last {
        let timer = CampaignsTimer::Adopt { campaign, ruleset, rules, after: Some(after) };
        // At the same time, so that it does not depend on how many campaigns a partition has.
        cx.set_timer(cx.now(), &timer);
    }
}
