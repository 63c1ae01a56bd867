//! Who has how many places: buyers and households, where that is limited.

use super::Hall;
use millrace_topics::token::TokenHash;
use std::collections::BTreeMap;

/// How many places buyers and households have.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// By a hash of the buyer's id.
    buyers: BTreeMap<u128, u32>,
    households: BTreeMap<u128, u32>,
    /// For which household a hold is, or the order that it has become.
    of_hold: BTreeMap<u32, u128>,
}

fn key(buyer: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(buyer.as_bytes())
}

fn number(household: TokenHash) -> u128 {
    u128::from_be_bytes(household.0)
}

fn less(counts: &mut BTreeMap<u128, u32>, key: u128, many: u32) {
    let has = counts.get_mut(&key).expect("whoever gives places back has them");
    *has = has.checked_sub(many).expect("whoever gives places back has them");
    if *has == 0 {
        counts.remove(&key);
    }
}

impl Hall {
    /// How many places a buyer has, if that is limited.
    #[must_use]
    pub fn has(&self, buyer: &str) -> u32 {
        self.owners.buyers.get(&key(buyer)).copied().unwrap_or(0)
    }

    /// How many places a household has.
    #[must_use]
    pub fn household_has(&self, household: TokenHash) -> u32 {
        self.owners.households.get(&number(household)).copied().unwrap_or(0)
    }

    /// For which household a hold is.
    #[must_use]
    pub fn household(&self, hold: u32) -> Option<TokenHash> {
        self.owners.of_hold.get(&hold).map(|number| TokenHash(number.to_be_bytes()))
    }

    /// Notes for which household a hold is, before it is given places.
    pub fn set_household(&mut self, hold: u32, household: TokenHash) {
        self.owners.of_hold.insert(hold, number(household));
    }

    /// Gives a buyer so many places more, by this hold.
    pub fn give(&mut self, buyer: &str, hold: u32, many: u32) {
        if many == 0 {
            return;
        }
        if self.plan.max_per_buyer.is_some() {
            *self.owners.buyers.entry(key(buyer)).or_default() += many;
        }
        if let Some(household) = self.owners.of_hold.get(&hold) {
            *self.owners.households.entry(*household).or_default() += many;
        }
    }

    /// Takes so many places away from a buyer, who had them by this hold.
    ///
    /// # Panics
    /// If the buyer, or the household, has fewer.
    pub fn take(&mut self, buyer: &str, hold: u32, many: u32) {
        if many == 0 {
            return;
        }
        if self.plan.max_per_buyer.is_some() {
            less(&mut self.owners.buyers, key(buyer), many);
        }
        if let Some(household) = self.owners.of_hold.get(&hold).copied() {
            less(&mut self.owners.households, household, many);
        }
    }
}
