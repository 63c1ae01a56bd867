//! Targets: what a node must know of ads without asking their partitions for every click. A copy that every node holds
//! of what it was asked for, renewed when it is a second old; what it does not have it asks the ad's owner for.

use crate::clicks::ads::Ads;
use crate::clicks::campaigns::Campaigns;
use crate::runtime::addresses::AddressRange;
use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{Ad, AdsAnswer, AdsQuery, CampaignsAnswer, CampaignsQuery, RuleSet};
use millrace_topics::time::Time;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How old what is known of an ad may be before it is asked for again, in milliseconds.
pub const FRESH: u64 = 1000;

/// How many ads are remembered before all are forgotten.
const REMEMBERED: usize = 1_000_000;

/// What a node knows of an ad.
pub struct Target {
    /// The ad.
    pub ad: Ad,
    /// The address ranges of data centers, by the rule set of its campaign.
    pub datacenters: Arc<Ranges>,
    /// When it was asked for last, or is being asked for.
    asked_at: AtomicU64,
}

/// Address ranges.
#[derive(Default)]
pub struct Ranges(Vec<AddressRange>);

impl Ranges {
    /// The ranges of a rule set.
    ///
    /// # Errors
    /// What is wrong with the first text that is no range.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map(Self)
    }

    /// True if one of them has this address.
    #[must_use]
    pub fn have(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.has(address))
    }
}

/// What a node knows of ads and rule sets.
#[derive(Default)]
pub struct Targets {
    ads: RwLock<BTreeMap<String, Arc<Target>>>,
    ranges: RwLock<BTreeMap<u32, Arc<Ranges>>>,
}

impl Targets {
    /// What is known of an ad, asked for if it is not known or too old. Where its owner does not answer, what is known
    /// will do.
    ///
    /// # Errors
    /// 404 `unknown_ad`, or what went wrong on the way to an ad that is not known.
    pub async fn of(&self, door: &Door, ad: &str) -> Result<Arc<Target>, Problem> {
        let now = door.now();
        let known = self.ads.read().unwrap_or_else(PoisonError::into_inner).get(ad).cloned();
        let Some(known) = known else { return self.ask(door, ad, now).await };
        let asked_at = known.asked_at.load(Ordering::Relaxed);
        if now.0.saturating_sub(asked_at) < FRESH {
            return Ok(known);
        }
        // One request asks; the others go on with what is known.
        let mine = known.asked_at.compare_exchange(asked_at, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !mine {
            return Ok(known);
        }
        Ok(self.ask(door, ad, now).await.unwrap_or(known))
    }

    async fn ask(&self, door: &Door, ad: &str, now: Time) -> Result<Arc<Target>, Problem> {
        let read = door.ask::<Ads>(&Asked::default(), &AdsQuery::Ad { id: ad.to_owned() }).await?;
        let AdsAnswer::Ad(found) = read.answer else { unreachable!("an ad was asked for") };
        let datacenters = self.ranges(door, found.ruleset).await?;
        let target = Arc::new(Target { ad: *found, datacenters, asked_at: AtomicU64::new(now.0) });
        let mut ads = self.ads.write().unwrap_or_else(PoisonError::into_inner);
        if ads.len() >= REMEMBERED {
            ads.clear();
        }
        ads.insert(ad.to_owned(), target.clone());
        Ok(target)
    }

    async fn ranges(&self, door: &Door, ruleset: u32) -> Result<Arc<Ranges>, Problem> {
        let known = self.ranges.read().unwrap_or_else(PoisonError::into_inner).get(&ruleset).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let set = rule_set(door, &Asked::default(), ruleset).await?;
        let ranges = Arc::new(Ranges::parse(&set.datacenters).unwrap_or_default());
        self.ranges.write().unwrap_or_else(PoisonError::into_inner).insert(ruleset, ranges.clone());
        Ok(ranges)
    }
}

/// Asks for a rule set.
///
/// # Errors
/// 422 `unknown_rule_set`, or what went wrong on the way.
pub async fn rule_set(door: &Door, asked: &Asked, number: u32) -> Result<RuleSet, Problem> {
    let read = door.ask::<Campaigns>(asked, &CampaignsQuery::RuleSet { number }).await?;
    let CampaignsAnswer::RuleSet(set) = read.answer else { unreachable!("a rule set was asked for") };
    Ok(*set)
}
