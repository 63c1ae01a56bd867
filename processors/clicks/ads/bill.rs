//! What an ad's clicks of whole hours cost: summed once for each invoice, and closed with it.

use crate::clicks::ads::Ads;
use crate::clicks::ads::tables::{ADJUSTMENTS, ADS, AdRow, BILLED, BilledRow, ROLLUP, RollupKey};
use crate::clicks::transition::PAST_LIMIT;
use millrace_state::table::Table;
use millrace_topics::clicks::{
    AdsOutcome, Bill, Billed, Billing, CampaignsCommand, ClicksCampaigns, Counts, Grain, ad_number,
};
use millrace_topics::time::Time;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// Sums the hours that no invoice has, with what came for those that one has, and closes them.
pub fn bill(cx: &mut Cx<'_>, billing: &Billing) -> AdsOutcome {
    cx.derive();
    let Billing { key, campaign, number, until } = billing;
    let ad = ad_number(key);
    let mut bill = Bill::default();
    // An ad of this id may be another campaign's: then there is nothing to bill.
    let row = cx.engine.ads.get(&ad).cloned().filter(|row| row.campaign == *campaign);
    if let Some(row) = row {
        let before = cx.get(BILLED, &ad).unwrap_or_default();
        let first = before.until.max(Time(row.created_at.0.saturating_sub(PAST_LIMIT)));
        for hour in Grain::Hour.bucket(first)..Grain::Hour.bucket(*until) {
            add(cx, &mut bill, ROLLUP, hour, ad);
            add(cx, &mut bill, ADJUSTMENTS, hour, ad);
        }
        (bill.credit_clicks, bill.credit_micros) = (before.credit_clicks, before.credit_micros);
        cx.put(BILLED, &ad, &BilledRow { until: *until, ..BilledRow::default() });
        close(cx, ad, &row, *until);
    }
    let billed = Billed { campaign: campaign.clone(), number: *number, key: key.clone(), bill };
    cx.send::<ClicksCampaigns>(&CampaignsCommand::Billed(billed));
    AdsOutcome::Agreed
}

fn add(cx: &Cx<'_>, bill: &mut Bill, table: Table<RollupKey, Counts>, hour: u32, ad: u64) {
    let rows = table.under(&(Grain::Hour as u8, hour, ad));
    for (_, counts) in cx.scan(table, &rows) {
        bill.clicks += counts.valid;
        bill.micros += counts.micros;
    }
}

/// What comes for these hours from now on is an adjustment.
fn close(cx: &mut Cx<'_>, ad: u64, row: &AdRow, until: Time) {
    let row = AdRow { closed: row.closed.max(until), ..row.clone() };
    cx.put(ADS, &ad, &row);
    cx.engine.ads.insert(ad, Arc::new(row));
}

/// Notes what came for an hour that an invoice has.
pub fn note(cx: &mut Cx<'_>, ad: u64, hour: u32, counts: &Counts) {
    let Some(mut billed) = cx.get(BILLED, &ad) else { return };
    if Grain::Hour.begin(hour + 1) <= billed.until && (counts.valid, counts.micros) != (0, 0) {
        billed.credit_clicks += counts.valid;
        billed.credit_micros += counts.micros;
        cx.put(BILLED, &ad, &billed);
    }
}
