//! Orders of a campaign: each counts once, for the click that its ad says.

use crate::clicks::campaigns::Campaigns;
use crate::clicks::campaigns::tables::{CAMPAIGNS, ORDERS, OrderRow};
use crate::clicks::transition::FUTURE_LIMIT;
use crate::runtime::ids;
use millrace_topics::clicks::{
    AdsCommand, Attributed, Attributing, CampaignEvent, CampaignsOutcome, ClicksAds, Conversion, OrderStatus, Rejection,
};

type Cx<'a> = crate::runtime::cx::Cx<'a, Campaigns>;

/// The highest value of an order, in millionths.
pub const VALUE_LIMIT: u64 = 1_000_000_000_000_000;

/// What is wrong with a conversion whatever the state is.
#[must_use]
pub fn fault(conversion: &Conversion) -> Option<String> {
    if !ids::is_subject(&conversion.order_id) {
        return Some("`order_id` has 1 to 256 bytes".to_owned());
    }
    (conversion.value_micros > VALUE_LIMIT).then(|| format!("`value_micros` is at most {VALUE_LIMIT}"))
}

/// Takes an order; one that is known changes nothing.
///
/// # Errors
/// That there is no such campaign.
pub fn take(cx: &mut Cx<'_>, conversion: Conversion) -> Result<CampaignsOutcome, Rejection> {
    let Conversion { campaign: id, order_id, named, click_id, key, value_micros, time } = conversion;
    let campaign = cx.get(CAMPAIGNS, &id).ok_or(Rejection::UnknownCampaign)?;
    let place = (id, order_id);
    if let Some(known) = cx.get(ORDERS, &place) {
        return Ok(CampaignsOutcome::KnownOrder(Box::new(known.show(&place))));
    }
    // The line: nothing below can be refused.
    let now = cx.now();
    let time = time.filter(|time| *time <= now.plus(FUTURE_LIMIT)).unwrap_or(now);
    let attributing = Attributing {
        key,
        campaign: place.0.clone(),
        order_id: place.1.clone(),
        click_id: click_id.clone(),
        value_micros,
        time,
        look_back_seconds: campaign.policy.attribution.look_back_seconds,
    };
    let row = OrderRow { named, click_id, value_micros, time, status: OrderStatus::Pending };
    cx.put(ORDERS, &place, &row);
    cx.send::<ClicksAds>(&AdsCommand::Attribute(Box::new(attributing)));
    Ok(CampaignsOutcome::Order(Box::new(row.show(&place))))
}

/// The ad of an order's click says what became of it.
pub fn note(cx: &mut Cx<'_>, attributed: Attributed) -> CampaignsOutcome {
    let Attributed { campaign, order_id, status } = attributed;
    let place = (campaign, order_id);
    let row = cx.get(ORDERS, &place).expect("an ad speaks of orders that it was told of");
    let row = OrderRow { status, ..row };
    cx.put(ORDERS, &place, &row);
    cx.say(&CampaignEvent::Converted(Box::new(row.show(&place))));
    CampaignsOutcome::Shared
}
