//! Budgets: what a campaign may spend is lent to its ads, so that each spends what it has without asking. What was lent
//! and what is left never add up to more than the budget, so no click is paid that it does not cover.
//!
//! A budget that is spread evenly grows with the time of its campaign, so that only what it has come to is lent.
//!
//! An ad asks when half of its last loan is spent. When nothing is left to lend, every other ad gives back half of what it
//! has not spent, or all where that is less than two clicks; if that is too little for a click, the budget is spent.

use crate::clicks::campaigns::Campaigns;
use crate::clicks::campaigns::tables::{CAMPAIGNS, LEASES, Lease, MEMBERS, PURSES, Purse};
use crate::clicks::campaigns::transition::keys_of;
use millrace_topics::clicks::{AdsCommand, Campaign, ClicksAds, Grant, Pacing, Recall, Return, Want};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Campaigns>;

/// Even pacing is ahead of the time by so many milliseconds: a tenth of an hour.
const AHEAD: u64 = 360_000;

/// A loan is for at least so many clicks, as far as the budget has them.
const CLICKS: u64 = 100;

/// An ad has too little left.
pub fn want(cx: &mut Cx<'_>, want: Want) {
    let Some(campaign) = cx.get(CAMPAIGNS, &want.campaign) else { return };
    let mut purse = cx.get(PURSES, &want.campaign).unwrap_or_default();
    ask(cx, &campaign, &mut purse, want.key);
    cx.put(PURSES, &want.campaign, &purse);
}

/// Lends to an ad that is new.
pub fn welcome(cx: &mut Cx<'_>, campaign: &Campaign, ad: &str, shards: u16) {
    let mut purse = cx.get(PURSES, &campaign.definition.id).unwrap_or_default();
    for key in spending(ad, shards) {
        ask(cx, campaign, &mut purse, key);
    }
    cx.put(PURSES, &campaign.definition.id, &purse);
}

/// The budget is another one: everything is given back, and lent anew.
pub fn begin_anew(cx: &mut Cx<'_>, campaign: &Campaign) {
    let id = &campaign.definition.id;
    let mut purse = cx.get(PURSES, id).unwrap_or_default();
    let members: Vec<((String, String), u16)> = cx.scan(MEMBERS, &MEMBERS.under(&(id.clone(),))).collect();
    for key in members.iter().flat_map(|((_, ad), shards)| spending(ad, *shards)) {
        purse.recalls += 1;
        if !purse.waiting.contains(&key) {
            purse.waiting.push(key.clone());
        }
        cx.send::<ClicksAds>(&AdsCommand::Recall(Recall { key, campaign: id.clone(), all: true }));
    }
    cx.put(PURSES, id, &purse);
}

/// An ad gives back what it has not spent; less than nothing if it had spent more while there was no budget.
pub fn take_back(cx: &mut Cx<'_>, back: &Return) {
    let Some(campaign) = cx.get(CAMPAIGNS, &back.campaign) else { return };
    let mut purse = cx.get(PURSES, &back.campaign).unwrap_or_default();
    let place = (back.campaign.clone(), back.key.clone());
    let mut lease = cx.get(LEASES, &place).unwrap_or_default();
    lease.lent -= back.amount_micros;
    purse.lent -= back.amount_micros;
    purse.recalls -= u32::from(back.recalled);
    cx.put(LEASES, &place, &lease);
    if purse.recalls == 0 {
        let waiting = std::mem::take(&mut purse.waiting);
        for (key, among) in waiting.iter().zip((1..=waiting.len() as u64).rev()) {
            if !lend(cx, &campaign, &mut purse, key, among) {
                refuse(cx, &campaign, key.clone());
            }
        }
    }
    cx.put(PURSES, &back.campaign, &purse);
}

/// The routing keys under which an ad's clicks are judged.
fn spending(ad: &str, shards: u16) -> Vec<String> {
    let mut keys = keys_of(ad, shards);
    if shards > 1 {
        keys.remove(0);
    }
    keys
}

fn ask(cx: &mut Cx<'_>, campaign: &Campaign, purse: &mut Purse, key: String) {
    if campaign.definition.budget_micros.is_none() || lend(cx, campaign, purse, &key, 1) {
        return;
    }
    if purse.recalls == 0 {
        recall(cx, campaign, purse, &key);
    }
    if purse.recalls == 0 {
        refuse(cx, campaign, key);
    } else if !purse.waiting.contains(&key) {
        purse.waiting.push(key);
    }
}

/// Lends half of an equal share of what is left, or what the clicks of a least loan cost, as far as there is enough for
/// all `among` whom it is to be shared; false if nothing is left that a click costs.
fn lend(cx: &mut Cx<'_>, campaign: &Campaign, purse: &mut Purse, key: &str, among: u64) -> bool {
    let Some(budget) = campaign.definition.budget_micros else { return true };
    let budget = come_to(campaign, budget, cx.now());
    let price = campaign.definition.price_micros.max(1);
    let left = i128::from(budget) - i128::from(purse.lent);
    let Some(left) = u64::try_from(left).ok().filter(|left| *left >= price) else { return false };
    let share = left / (2 * u64::from(campaign.ads.max(1)));
    let most = (left / among).max(price);
    let amount_micros = share.max(price.saturating_mul(CLICKS)).min(most);
    let place = (campaign.definition.id.clone(), key.to_owned());
    let mut lease = cx.get(LEASES, &place).unwrap_or_default();
    lease.lent += amount_micros.cast_signed();
    purse.lent += amount_micros.cast_signed();
    cx.put(LEASES, &place, &lease);
    let (key, campaign) = (key.to_owned(), campaign.definition.id.clone());
    cx.send::<ClicksAds>(&AdsCommand::Grant(Grant { key, campaign, amount_micros, exhausted: false }));
    true
}

/// What a budget has come to: all of it, or evenly as much as of its campaign's time is over, and a little ahead.
fn come_to(campaign: &Campaign, budget: u64, now: Time) -> u64 {
    let (Pacing::Even, Some(starts), Some(ends)) =
        (campaign.policy.pacing, campaign.definition.starts_at, campaign.definition.ends_at)
    else {
        return budget;
    };
    let whole = u128::from(ends.since(starts).max(1));
    let over = u128::from(now.plus(AHEAD).since(starts)).min(whole);
    u64::try_from(u128::from(budget) * over / whole).expect("it is a part of the budget")
}

fn recall(cx: &mut Cx<'_>, campaign: &Campaign, purse: &mut Purse, asker: &str) {
    let id = &campaign.definition.id;
    let leases: Vec<((String, String), Lease)> = cx.scan(LEASES, &LEASES.under(&(id.clone(),))).collect();
    for ((_, key), _) in leases.into_iter().filter(|((_, key), lease)| key != asker && lease.lent > 0) {
        purse.recalls += 1;
        cx.send::<ClicksAds>(&AdsCommand::Recall(Recall { key, campaign: id.clone(), all: false }));
    }
}

fn refuse(cx: &mut Cx<'_>, campaign: &Campaign, key: String) {
    let campaign = campaign.definition.id.clone();
    cx.send::<ClicksAds>(&AdsCommand::Grant(Grant { key, campaign, amount_micros: 0, exhausted: true }));
}
