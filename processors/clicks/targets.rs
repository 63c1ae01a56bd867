//! Targets: what a node must know of ads without asking their partitions for every click. A copy that every node holds
//! of what it was asked for, renewed when it is a second old; what it does not have it asks the ad's owner for.

use crate::clicks::ads::Ads;
use crate::clicks::campaigns::Campaigns;
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
pub struct Ranges(Vec<(IpAddr, u8)>);

impl Ranges {
    /// The ranges of a rule set.
    ///
    /// # Errors
    /// The first text that is no range.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        texts.iter().map(|text| parse_range(text).ok_or_else(|| text.clone())).collect::<Result<_, _>>().map(Self)
    }

    /// True if one of them has this address.
    #[must_use]
    pub fn have(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| is_within(address, *range))
    }
}

fn parse_range(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let (address, length): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (length <= most).then_some((address, length))
}

/// True if the first bits of both are the same.
#[must_use]
pub fn is_within(address: IpAddr, (network, length): (IpAddr, u8)) -> bool {
    let differing = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (address.to_bits() ^ network.to_bits()).leading_zeros(),
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits() ^ network.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= length.into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_what_shares_their_first_bits() {
        let texts = ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"].map(str::to_owned);
        let ranges = Ranges::parse(&texts).unwrap();
        for (address, expected) in [
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("2001:db8:1::1", true),
            ("2001:db9::", false),
            ("198.51.100.7", true),
            ("198.51.100.6", false),
        ] {
            assert_eq!(ranges.have(address.parse().unwrap()), expected, "{address}");
        }
        for bad in ["203.0.113.0", "203.0.113.0/33", "x/8", "::/129"] {
            assert!(Ranges::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
