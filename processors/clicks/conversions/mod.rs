//! Conversions over HTTP: each is read, finds the click that it belongs to by its campaign's rule, and goes to the
//! campaign, which takes each order once.

mod bodies;
pub(super) mod routes;

use crate::clicks::ads::Ads;
use crate::clicks::campaigns::{Campaigns, orders};
use crate::clicks::targets::Targets;
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use bodies::NewConversion;
use millrace_topics::clicks::{
    AdsAnswer, AdsQuery, Campaign, CampaignsAnswer, CampaignsQuery, ClickView, Conversion, Model, Rejection, shard_key,
};
use millrace_topics::time::Time;
use std::collections::BTreeMap;

/// The campaigns that the conversions of a request belong to.
type Known = BTreeMap<String, Campaign>;

/// A conversion that was read, and the click that it belongs to.
struct Found {
    /// What goes to the campaign.
    conversion: Conversion,
    /// The click that was named.
    click: ClickView,
}

/// Finds the click that a conversion belongs to.
///
/// # Errors
/// 404 `unknown_click`, 422 `other_currency` or `bad_definition`, or what went wrong on the way.
async fn find(door: &Door, asked: &Asked, known: &mut Known, new: NewConversion) -> Result<Found, Problem> {
    let query = AdsQuery::Click { click_id: new.click_id.clone() };
    let AdsAnswer::Click(Some(click)) = door.ask::<Ads>(asked, &query).await?.answer else {
        return Err(Problem::refusal(&Rejection::UnknownClick));
    };
    if !known.contains_key(&click.campaign) {
        let query = CampaignsQuery::Campaign { id: click.campaign.clone() };
        let CampaignsAnswer::Campaign(found) = door.ask::<Campaigns>(asked, &query).await?.answer else {
            unreachable!("a campaign was asked for")
        };
        known.insert(click.campaign.clone(), *found);
    }
    let campaign = &known[&click.campaign];
    if new.currency.as_ref().is_some_and(|currency| *currency != campaign.definition.currency) {
        let detail = format!("the campaign's currency is {}", campaign.definition.currency);
        return Err(Problem::new(422, "other_currency", detail));
    }
    let time = new.time.unwrap_or_else(|| door.now());
    let (click_id, key) = attributed(door, asked, campaign, &click, time).await?;
    let conversion = Conversion {
        campaign: click.campaign.clone(),
        order_id: new.order_id,
        named: new.click_id,
        click_id,
        key,
        value_micros: new.value_micros,
        time: new.time,
    };
    match orders::fault(&conversion) {
        Some(fault) => Err(Problem::refusal(&Rejection::BadDefinition(fault))),
        None => Ok(Found { conversion, click: *click }),
    }
}

/// The click that a conversion belongs to, and the routing key of its ad's shard.
async fn attributed(
    door: &Door,
    asked: &Asked,
    campaign: &Campaign,
    click: &ClickView,
    time: Time,
) -> Result<(String, String), Problem> {
    let attribution = campaign.policy.attribution;
    let first = match attribution.model {
        Model::Click => None,
        Model::FirstClick => Some(true),
        Model::LastClick => Some(false),
    };
    if let Some(first) = first {
        let from = Time(time.0.saturating_sub(u64::from(attribution.look_back_seconds) * 1000));
        let (campaign, visitor) = (click.campaign.clone(), click.visitor.number());
        let query = AdsQuery::Visit { campaign, visitor, from, to: time, first };
        if let AdsAnswer::Visit(Some(visit)) = door.ask::<Ads>(asked, &query).await?.answer {
            return Ok((visit.click_id, visit.key));
        }
    }
    let shards = door.beside::<Targets>().of(door, &click.ad).await?.ad.shards;
    let shard = u16::try_from(click.visitor.number() % u64::from(shards)).expect("it is below a u16");
    Ok((click.click_id.clone(), shard_key(&click.ad, shards, shard)))
}
