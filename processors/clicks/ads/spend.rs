//! What an ad may spend: loans of its campaign, and what of them is spent.

use crate::clicks::ads::Ads;
use crate::clicks::ads::tables::{AdRow, SPENDS, Spend};
use millrace_topics::clicks::{AdsOutcome, CampaignsCommand, ClicksCampaigns, Grant, Recall, Return, Want, ad_number};
use std::collections::BTreeMap;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// An ad that was told that nothing is left asks again after so many milliseconds: others may have what they never spend.
const ASK_AGAIN: u64 = 60_000;

/// What the ads of one record spend: read once and written once.
#[derive(Default)]
pub struct Spends(BTreeMap<u64, Spend>);

impl Spends {
    /// Pays for a click; false if that is not covered. Without a budget everything is.
    pub fn pay(&mut self, cx: &Cx<'_>, number: u64, ad: &AdRow) -> bool {
        let spend = self.of(cx, number);
        let price = ad.terms.price_micros.cast_signed();
        if ad.terms.budget_micros.is_some() && spend.lent - spend.spent < price {
            spend.short = true;
            return false;
        }
        spend.spent += price;
        true
    }

    /// A click that was paid is not any more: what it cost can be spent again.
    pub fn refund(&mut self, cx: &Cx<'_>, number: u64, price_micros: u64) {
        let spend = self.of(cx, number);
        spend.spent -= price_micros.cast_signed();
    }

    fn of(&mut self, cx: &Cx<'_>, number: u64) -> &mut Spend {
        self.0.entry(number).or_insert_with(|| cx.get(SPENDS, &number).unwrap_or_default())
    }

    /// Writes what was spent, and asks for more where little is left.
    pub fn write(self, cx: &mut Cx<'_>) {
        for (number, mut spend) in self.0 {
            let little = spend.short || spend.lent - spend.spent < spend.low;
            spend.short = false;
            let ad = cx.engine.ads.get(&number).cloned();
            if let Some(ad) = ad.filter(|ad| ad.terms.budget_micros.is_some())
                && little
                && !spend.asked
                && spend.exhausted_since.is_none_or(|since| cx.now().since(since) >= ASK_AGAIN)
            {
                spend.asked = true;
                let (campaign, key) = (ad.campaign.clone(), ad.key.clone());
                cx.send::<ClicksCampaigns>(&CampaignsCommand::Want(Want { campaign, key }));
            }
            cx.put(SPENDS, &number, &spend);
        }
    }
}

/// The campaign lends more, or says that nothing is left.
pub fn receive(cx: &mut Cx<'_>, grant: &Grant) -> AdsOutcome {
    let number = ad_number(&grant.key);
    if is_foreign(cx, number, &grant.campaign) {
        let amount_micros = grant.amount_micros.cast_signed();
        give_back(cx, &grant.campaign, &grant.key, amount_micros, false);
        return AdsOutcome::Agreed;
    }
    let mut spend = cx.get(SPENDS, &number).unwrap_or_default();
    spend.lent += grant.amount_micros.cast_signed();
    spend.low = grant.amount_micros.cast_signed() / 2;
    spend.asked = false;
    spend.exhausted_since = grant.exhausted.then(|| cx.now());
    cx.put(SPENDS, &number, &spend);
    AdsOutcome::Agreed
}

/// The campaign wants back what is not spent: half of it, or all where that is less than two clicks.
pub fn return_unspent(cx: &mut Cx<'_>, recall: &Recall) -> AdsOutcome {
    let number = ad_number(&recall.key);
    let mut spend = cx.get(SPENDS, &number).unwrap_or_default();
    let price = cx.engine.ads.get(&number).map_or(1, |ad| ad.terms.price_micros.cast_signed().max(1));
    let left = if is_foreign(cx, number, &recall.campaign) { 0 } else { spend.lent - spend.spent };
    let amount_micros = if recall.all || left < 2 * price { left } else { left / 2 };
    spend.lent -= amount_micros;
    cx.put(SPENDS, &number, &spend);
    give_back(cx, &recall.campaign, &recall.key, amount_micros, true);
    AdsOutcome::Agreed
}

/// True if the ad is another campaign's.
fn is_foreign(cx: &Cx<'_>, number: u64, campaign: &str) -> bool {
    cx.engine.ads.get(&number).is_some_and(|ad| ad.campaign != campaign)
}

fn give_back(cx: &mut Cx<'_>, campaign: &str, key: &str, amount_micros: i64, recalled: bool) {
    let (campaign, key) = (campaign.to_owned(), key.to_owned());
    cx.send::<ClicksCampaigns>(&CampaignsCommand::Return(Return { campaign, key, amount_micros, recalled }));
}
