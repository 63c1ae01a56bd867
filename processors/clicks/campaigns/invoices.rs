//! Invoices: what the clicks of whole hours cost, asked of every ad, and never changed once it is closed. What comes for
//! hours that were billed, as a case of fraud does, is a credit of the next invoice.

use crate::clicks::campaigns::Campaigns;
use crate::clicks::campaigns::tables::{CAMPAIGNS, INVOICES, InvoiceRow, MEMBERS};
use crate::clicks::campaigns::transition::keys_of;
use crate::clicks::transition::GRACE;
use millrace_topics::clicks::{
    AdsCommand, Bill, Billed, Billing, CampaignEvent, CampaignsOutcome, ClicksAds, Closing, Grain, Rejection,
};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Campaigns>;

/// Begins an invoice up to the end of an hour; one that was begun before is answered as it is.
///
/// # Errors
/// That there is no such campaign, that the hour is not over, or that it was billed before.
pub fn begin(cx: &mut Cx<'_>, closing: &Closing) -> Result<CampaignsOutcome, Rejection> {
    let Closing { campaign: id, until } = closing;
    let campaign = cx.get(CAMPAIGNS, id).ok_or(Rejection::UnknownCampaign)?;
    let rows = INVOICES.under(&(id.clone(),)).reversed();
    let last = cx.scan(INVOICES, &rows).next();
    if let Some((_, row)) = last.as_ref().filter(|(_, row)| row.until == *until) {
        return Ok(CampaignsOutcome::Invoice(Box::new(row.show(id, &campaign.definition.currency))));
    }
    if *until != Grain::Hour.begin(Grain::Hour.bucket(*until)) || until.plus(GRACE) > cx.now() {
        return Err(Rejection::OpenHour);
    }
    if last.as_ref().is_some_and(|(_, row)| *until < row.until || row.closed_at.is_none()) {
        return Err(Rejection::ClosedHour);
    }
    // The line: nothing below can be refused.
    let (number, from) = last.map_or((1, Time(0)), |((_, number), row)| (number + 1, row.until));
    let members: Vec<((String, String), u16)> = cx.scan(MEMBERS, &MEMBERS.under(&(id.clone(),))).collect();
    let keys: Vec<String> = members.iter().flat_map(|((_, ad), shards)| keys_of(ad, *shards)).collect();
    for key in &keys {
        let billing = Billing { key: key.clone(), campaign: id.clone(), number, until: *until };
        cx.send::<ClicksAds>(&AdsCommand::Bill(billing));
    }
    let waiting = u32::try_from(keys.len()).expect("a campaign has few ads");
    let mut row = InvoiceRow { number, from, until: *until, waiting, bill: Bill::default(), closed_at: None };
    close_if_done(cx, id, &mut row);
    cx.put(INVOICES, &(id.clone(), number), &row);
    Ok(CampaignsOutcome::Invoice(Box::new(row.show(id, &campaign.definition.currency))))
}

/// An ad says what its clicks cost.
pub fn add(cx: &mut Cx<'_>, billed: &Billed) -> CampaignsOutcome {
    let key = (billed.campaign.clone(), billed.number);
    let mut row = cx.get(INVOICES, &key).expect("an ad bills what it was asked to");
    row.waiting -= 1;
    row.bill.clicks += billed.bill.clicks;
    row.bill.micros += billed.bill.micros;
    row.bill.credit_clicks += billed.bill.credit_clicks;
    row.bill.credit_micros += billed.bill.credit_micros;
    close_if_done(cx, &billed.campaign, &mut row);
    cx.put(INVOICES, &key, &row);
    CampaignsOutcome::Shared
}

fn close_if_done(cx: &mut Cx<'_>, id: &str, row: &mut InvoiceRow) {
    if row.waiting > 0 {
        return;
    }
    row.closed_at = Some(cx.now());
    let campaign = cx.get(CAMPAIGNS, &id.to_owned()).expect("an invoice has its campaign");
    cx.say(&CampaignEvent::Invoiced(Box::new(row.show(id, &campaign.definition.currency))));
}
