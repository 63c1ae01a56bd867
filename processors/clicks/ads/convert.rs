//! Conversions at the ad of their click: each counts where its click counts, as long as that does.

use crate::clicks::ads::rollup::{Spot, Sums};
use crate::clicks::ads::tables::{AdRow, CLICKS, CONVERSIONS, ClickRow, PLACES, VISITS};
use crate::clicks::ads::{Ads, hours};
use millrace_topics::clicks::{
    AdsOutcome, Attributed, Attributing, CampaignsCommand, ClicksCampaigns, Grain, Model, OrderStatus, Reasons, Visit,
    ad_number, click_number,
};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;
type View<'a> = crate::runtime::view::View<'a, Ads>;

/// Finds out whether an order counts for its click, and counts it.
pub fn attribute(cx: &mut Cx<'_>, asked: &Attributing) -> AdsOutcome {
    let status = count(cx, asked);
    tell(cx, &asked.campaign, &asked.order_id, status);
    AdsOutcome::Agreed
}

fn count(cx: &mut Cx<'_>, asked: &Attributing) -> OrderStatus {
    let (number, ad_number) = (click_number(&asked.click_id), ad_number(&asked.key));
    let ad = cx.engine.ads.get(&ad_number).cloned().filter(|ad| ad.campaign == asked.campaign);
    let place = cx.get(PLACES, &number).filter(|(_, ad, _)| *ad == ad_number);
    let (Some(ad), Some((hour, _, millis))) = (ad, place) else { return OrderStatus::UnknownClick };
    let row = cx.get(CLICKS, &(hour, ad_number, millis, number)).expect("a click that has a place is there");
    if row.now().0 != Reasons::default() {
        return OrderStatus::InvalidClick;
    }
    let time = Grain::Hour.begin(hour).plus(millis.into());
    let last = time.plus(u64::from(asked.look_back_seconds) * 1000);
    if asked.time < time || asked.time > last {
        return OrderStatus::OutsideLookBack;
    }
    let mut sums = Sums::default();
    let spot = spot(cx, &ad, ad_number, &row, time);
    sums.convert(cx, spot, 1, asked.value_micros.cast_signed());
    sums.write(cx);
    cx.put(CONVERSIONS, &(number, asked.order_id.clone()), &asked.value_micros);
    OrderStatus::Attributed
}

fn spot(cx: &Cx<'_>, ad: &AdRow, number: u64, row: &ClickRow, time: Time) -> Spot {
    let closed = ad.is_closed(time, cx.now()) || hours::is_told(cx, number, time);
    Spot { ad: number, time, country: row.country, device: row.device, closed }
}

fn tell(cx: &mut Cx<'_>, campaign: &str, order_id: &str, status: OrderStatus) {
    let (campaign, order_id) = (campaign.to_owned(), order_id.to_owned());
    cx.send::<ClicksCampaigns>(&CampaignsCommand::Attributed(Attributed { campaign, order_id, status }));
}

/// A click does not count any more: nor does what it led to.
pub fn take_back(cx: &mut Cx<'_>, ad: &AdRow, spot: Spot, number: u128, row: &ClickRow, sums: &mut Sums) {
    let visit = visit(ad, row, spot.time, number);
    if cx.get(VISITS, &visit).is_some() {
        cx.delete(VISITS, &visit);
    }
    let rows = CONVERSIONS.under(&(number,));
    let orders: Vec<((u128, String), u64)> = cx.scan(CONVERSIONS, &rows).collect();
    for (key, value_micros) in orders {
        sums.convert(cx, spot, -1, -value_micros.cast_signed());
        cx.delete(CONVERSIONS, &key);
        tell(cx, &ad.campaign, &key.1, OrderStatus::InvalidClick);
    }
}

/// Remembers a click that counts where the campaign asks for a visitor's first or last one.
pub fn remember(cx: &mut Cx<'_>, ad: &AdRow, number: u64, row: &ClickRow, time: Time, click: u128) {
    let is_wanted = hours::policy(cx, number, ad).attribution.model != Model::Click;
    if is_wanted && row.reasons == Reasons::default() {
        cx.put(VISITS, &visit(ad, row, time, click), &number);
    }
}

/// A click that is not kept any more is no reason for a conversion.
pub fn forget(cx: &mut Cx<'_>, number: u64, row: &ClickRow, time: Time, click: u128) {
    let Some(ad) = cx.engine.ads.get(&number).cloned() else { return };
    let visit = visit(&ad, row, time, click);
    if cx.get(VISITS, &visit).is_some() {
        cx.delete(VISITS, &visit);
    }
    let rows = CONVERSIONS.under(&(click,));
    let orders: Vec<(u128, String)> = cx.scan(CONVERSIONS, &rows).map(|(key, _)| key).collect();
    orders.iter().for_each(|key| cx.delete(CONVERSIONS, key));
}

fn visit(ad: &AdRow, row: &ClickRow, time: Time, click: u128) -> (u64, u64, Time, u128) {
    (ad_number(&ad.campaign), row.visitor.number(), time, click)
}

/// The first or the last click of a visitor of a campaign within a time, that counts here.
#[must_use]
pub fn find(view: &View<'_>, campaign: &str, visitor: u64, span: (Time, Time), first: bool) -> Option<Visit> {
    let campaign = ad_number(campaign);
    let mut rows = VISITS.under(&(campaign, visitor));
    rows.from = VISITS.raw_prefix(&(campaign, visitor, span.0));
    rows.to = rows.to.min(VISITS.raw_prefix(&(campaign, visitor, span.1.plus(1))));
    rows.reverse = !first;
    let ((_, _, time, click), ad) = view.scan(VISITS, &rows).next()?;
    let hour = Grain::Hour.bucket(time);
    let millis = u32::try_from(time.since(Grain::Hour.begin(hour))).expect("an hour has fewer milliseconds");
    let row = view.get(CLICKS, &(hour, ad, millis, click)).expect("a click that is remembered is there");
    let key = view.engine.ads.get(&ad).expect("a click that is there has its ad").key.clone();
    Some(Visit { time, click_id: row.click_id, key })
}
