//! What a command does to campaigns: checks by precedence, the line, then only writes.

use crate::clicks::bots;
use crate::clicks::campaigns::tables::{CAMPAIGNS, MEMBERS, RULE_SETS};
use crate::clicks::campaigns::{Campaigns, adopt, invoices, orders, purse};
use crate::runtime::ids;
use crate::runtime::keys::key_of;
use millrace_topics::clicks::{
    AdsCommand, Campaign, CampaignDefinition, CampaignEvent, CampaignsCommand, CampaignsOutcome, Clicks, ClicksAds,
    Command, NewRules, Opening, Pacing, Policy, PolicyChange, Registered, Registration, Rejection, RuleSet, Rules,
    TermsChange, shard_key,
};
use millrace_topics::record::Role;

type Cx<'a> = crate::runtime::cx::Cx<'a, Campaigns>;

/// The most ads of a campaign, counted with their shards: each change of its terms goes to all of them at once.
pub const ADS_LIMIT: u32 = 4096;

/// The longest window between clicks, in seconds.
pub const WINDOW_LIMIT: u32 = 86_400;

/// The longest time for which a click counts in its own hour, in seconds.
pub const LATENESS_LIMIT: u32 = 86_400;

/// The longest time between a click and its conversion, in seconds: 90 days.
pub const LOOK_BACK_LIMIT: u32 = 90 * 86_400;

/// The highest price of a click, in millionths.
pub const PRICE_LIMIT: u64 = 1_000_000_000_000;

/// The highest budget of a campaign, in millionths.
pub const BUDGET_LIMIT: u64 = 1_000_000_000_000_000_000;

/// The most address ranges of a rule set.
pub const RANGES_LIMIT: usize = 1000;

/// The longest name of a rule set, in bytes.
const NAME_LIMIT: usize = 256;

/// Applies a command.
///
/// # Errors
/// The refusal, before anything was written.
pub fn apply(cx: &mut Cx<'_>, command: CampaignsCommand) -> Result<CampaignsOutcome, Rejection> {
    check(&command)?;
    if cx.caller().role == Role::User {
        return Err(Rejection::RoleRequired);
    }
    match command {
        CampaignsCommand::Define(definition) => Ok(define(cx, *definition, Policy::default())),
        CampaignsCommand::Plan(plan) => Ok(define(cx, plan.definition, plan.policy)),
        CampaignsCommand::Register(registration) => register(cx, registration),
        CampaignsCommand::Publish(new) => Ok(publish(cx, *new)),
        CampaignsCommand::Want(want) => {
            purse::want(cx, want);
            Ok(CampaignsOutcome::Shared)
        }
        CampaignsCommand::Return(back) => {
            purse::take_back(cx, &back);
            Ok(CampaignsOutcome::Shared)
        }
        CampaignsCommand::CloseInvoice(closing) => invoices::begin(cx, &closing),
        CampaignsCommand::Convert(conversion) => orders::take(cx, *conversion),
        CampaignsCommand::Adopt(adoption) => adopt::begin(cx, *adoption),
        CampaignsCommand::Attributed(attributed) => Ok(orders::note(cx, attributed)),
        CampaignsCommand::Billed(billed) => Ok(invoices::add(cx, &billed)),
    }
}

/// What is wrong with a command whatever the state is. The routes ask it too.
///
/// # Errors
/// The refusal.
pub fn check(command: &CampaignsCommand) -> Result<(), Rejection> {
    let fault = match command {
        CampaignsCommand::Define(definition) => {
            check_id(&definition.id)?;
            fault_of_campaign(definition)
        }
        CampaignsCommand::Plan(plan) => {
            check_id(&plan.definition.id)?;
            fault_of_campaign(&plan.definition).or_else(|| fault_of_policy(&plan.definition, &plan.policy))
        }
        CampaignsCommand::Register(registration) => {
            check_id(&registration.ad)?;
            (registration.shards == 0).then(|| "an ad has at least one shard".to_owned())
        }
        CampaignsCommand::Convert(conversion) => orders::fault(conversion),
        CampaignsCommand::Adopt(adoption) => fault_of_rules(&adoption.rules),
        CampaignsCommand::Publish(new) => fault_of_rules(&new.rules).or_else(|| fault_of_rule_set(new)),
        CampaignsCommand::Want(_)
        | CampaignsCommand::Return(_)
        | CampaignsCommand::CloseInvoice(_)
        | CampaignsCommand::Billed(_)
        | CampaignsCommand::Attributed(_) => None,
    };
    fault.map_or(Ok(()), |fault| Err(Rejection::BadDefinition(fault)))
}

/// What is wrong with an id that an operator chose.
///
/// # Errors
/// The refusal.
pub fn check_id(id: &str) -> Result<(), Rejection> {
    if !ids::is_id(id) {
        return Err(Rejection::BadId);
    }
    if ids::is_reserved(id) {
        return Err(Rejection::ReservedId(id.to_owned()));
    }
    Ok(())
}

fn fault_of_campaign(definition: &CampaignDefinition) -> Option<String> {
    let currency = definition.currency.as_bytes();
    if currency.len() != 3 || !currency.iter().all(u8::is_ascii_uppercase) {
        return Some("`currency` has three capital letters, as EUR".to_owned());
    }
    if definition.price_micros > PRICE_LIMIT {
        return Some(format!("`price_micros` is at most {PRICE_LIMIT}"));
    }
    if definition.budget_micros.is_some_and(|budget| budget > BUDGET_LIMIT) {
        return Some(format!("`budget_micros` is at most {BUDGET_LIMIT}"));
    }
    if let (Some(starts), Some(ends)) = (definition.starts_at, definition.ends_at)
        && starts >= ends
    {
        return Some("a campaign starts before it ends".to_owned());
    }
    fault_of_rules(&definition.terms(0).rules)
}

fn fault_of_policy(definition: &CampaignDefinition, policy: &Policy) -> Option<String> {
    if policy.attribution.look_back_seconds > LOOK_BACK_LIMIT {
        return Some(format!("`look_back_seconds` is at most {LOOK_BACK_LIMIT}"));
    }
    let is_bounded = definition.starts_at.is_some() && definition.ends_at.is_some();
    let is_even = policy.pacing == Pacing::Even;
    (is_even && !is_bounded).then(|| "even pacing is between `starts_at` and `ends_at`".to_owned())
}

fn fault_of_rules(rules: &Rules) -> Option<String> {
    if rules.bots > bots::NEWEST {
        return Some(format!("the newest version of the crawlers' patterns is {}", bots::NEWEST));
    }
    if rules.dedupe_seconds > WINDOW_LIMIT || rules.double_click_ms > WINDOW_LIMIT * 1000 {
        return Some(format!("a window has at most {WINDOW_LIMIT} seconds"));
    }
    let late = rules.lateness_seconds;
    (late > LATENESS_LIMIT).then(|| format!("`lateness_seconds` is at most {LATENESS_LIMIT}, not {late}"))
}

fn fault_of_rule_set(new: &NewRules) -> Option<String> {
    if new.name.is_empty() || new.name.len() > NAME_LIMIT {
        return Some(format!("the name of a rule set has 1 to {NAME_LIMIT} bytes"));
    }
    let many = new.datacenters.len();
    (many > RANGES_LIMIT).then(|| format!("`datacenters` has at most {RANGES_LIMIT} ranges, not {many}"))
}

fn define(cx: &mut Cx<'_>, definition: CampaignDefinition, policy: Policy) -> CampaignsOutcome {
    let (now, known) = (cx.now(), cx.get(CAMPAIGNS, &definition.id));
    match known {
        None => {
            if cx.scan(CAMPAIGNS, &CAMPAIGNS.all()).next().is_none() {
                open_hours(cx);
            }
            let campaign = Campaign { definition, policy, version: 1, ads: 0, created_at: now, changed_at: now };
            keep(cx, &campaign);
            CampaignsOutcome::Created(Box::new(campaign))
        }
        Some(known) => CampaignsOutcome::Changed(Box::new(change(cx, known, definition, policy))),
    }
}

/// Gives a campaign other terms, and tells its ads; what is as it was changes nothing.
pub fn change(cx: &mut Cx<'_>, known: Campaign, definition: CampaignDefinition, policy: Policy) -> Campaign {
    if known.definition == definition && known.policy == policy {
        return known;
    }
    let (budget, before) = (known.definition.budget_micros, known.policy);
    let campaign = Campaign { definition, policy, version: known.version + 1, changed_at: cx.now(), ..known };
    keep(cx, &campaign);
    tell_ads(cx, &campaign, policy != before);
    if campaign.definition.budget_micros != budget || policy.pacing != before.pacing {
        purse::begin_anew(cx, &campaign);
    }
    campaign
}

fn keep(cx: &mut Cx<'_>, campaign: &Campaign) {
    cx.put(CAMPAIGNS, &campaign.definition.id, campaign);
    cx.say(&CampaignEvent::Changed(Box::new(campaign.clone())));
}

/// Lets every partition of `clicks` close its hours from now on.
fn open_hours(cx: &mut Cx<'_>) {
    let partitions = cx.moment.partitions;
    for partition in 0..partitions {
        cx.send::<Clicks>(&Command::Open(Opening { key: key_of(partition, partitions) }));
    }
}

fn tell_ads(cx: &mut Cx<'_>, campaign: &Campaign, with_policy: bool) {
    let id = &campaign.definition.id;
    let terms = campaign.definition.terms(campaign.version);
    let members: Vec<((String, String), u16)> = cx.scan(MEMBERS, &MEMBERS.under(&(id.clone(),))).collect();
    for ((_, ad), shards) in members {
        for key in keys_of(&ad, shards) {
            let change = TermsChange { key: key.clone(), campaign: id.clone(), terms };
            cx.send::<ClicksAds>(&AdsCommand::Terms(Box::new(change)));
            if with_policy {
                tell_policy(cx, campaign, key);
            }
        }
    }
}

fn tell_policy(cx: &mut Cx<'_>, campaign: &Campaign, key: String) {
    let Campaign { version, policy, .. } = *campaign;
    let change = PolicyChange { key, campaign: campaign.definition.id.clone(), version, policy };
    cx.send::<ClicksAds>(&AdsCommand::Policy(change));
}

/// The routing keys of an ad: its own, and those of its shards where there are several.
#[must_use]
pub fn keys_of(ad: &str, shards: u16) -> Vec<String> {
    let own = [ad.to_owned()].into_iter();
    let spread = (0..shards).filter(|_| shards > 1).map(|shard| shard_key(ad, shards, shard));
    own.chain(spread).collect()
}

fn register(cx: &mut Cx<'_>, registration: Registration) -> Result<CampaignsOutcome, Rejection> {
    let Registration { campaign: id, ad, shards } = registration;
    let mut campaign = cx.get(CAMPAIGNS, &id).ok_or(Rejection::UnknownCampaign)?;
    let key = (id.clone(), ad.clone());
    let before = cx.get(MEMBERS, &key);
    let room = |shards: u16| if shards > 1 { u32::from(shards) + 1 } else { 1 };
    let members = campaign.ads + room(shards) - before.map_or(0, room);
    if members > ADS_LIMIT {
        return Err(Rejection::TooManyAds(ADS_LIMIT));
    }
    // The line: nothing below can be refused.
    if before != Some(shards) {
        cx.put(MEMBERS, &key, &shards);
        campaign.ads = members;
        cx.put(CAMPAIGNS, &id, &campaign);
        if campaign.policy != Policy::default() {
            keys_of(&ad, shards).into_iter().for_each(|key| tell_policy(cx, &campaign, key));
        }
        if campaign.definition.budget_micros.is_some() {
            purse::welcome(cx, &campaign, &ad, shards);
        }
    }
    let terms = campaign.definition.terms(campaign.version);
    Ok(CampaignsOutcome::Registered(Box::new(Registered { campaign: id, ad, terms })))
}

fn publish(cx: &mut Cx<'_>, new: NewRules) -> CampaignsOutcome {
    let last = cx.scan(RULE_SETS, &RULE_SETS.all().reversed()).next().map_or(1, |(number, _)| number);
    let NewRules { name, rules, datacenters } = new;
    let set = RuleSet { ruleset: last + 1, name, rules, datacenters, published_at: cx.now() };
    cx.put(RULE_SETS, &set.ruleset, &set);
    cx.say(&CampaignEvent::Published(Box::new(set.clone())));
    CampaignsOutcome::Published(Box::new(set))
}
